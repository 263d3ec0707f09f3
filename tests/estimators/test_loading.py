"""Whatever the files of an estimator say, loading them gives an estimator or a documented error."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skflow import errors
from skflow.estimators import (
    DNNClassifier,
    EstimatorSpec,
    GraphRegressor,
    LinearRegressor,
    load,
)
from skflow.io.commit_record import RECORD_ENDING
from skflow.io.files import Files, using
from tests.estimators.cases import CASES, DEEP, FRAME, PAIR, SEVERAL, SHORT, X, Y, outputs, quietly
from tests.estimators.saved_parts import (
    Tensors,
    contents,
    damage,
    damage_tensors,
    put_together,
    taken_apart,
)
from tests.io.bundle_mutators import REPAIRING, blind
from tests.io.memory_files import MemorySystem

ROOT = Path(__file__).parents[2]
SECOND = 1.0
PER_BYTE, SLACK = 64, 16 << 20


@pytest.fixture(autouse=True)
def memory() -> Iterator[MemorySystem]:
    """Files lie in memory."""
    system = MemorySystem()
    with using(Files(system)):
        yield system


def weighted(features: Any, labels: Any, mode: Any, params: Any) -> Any:
    del labels
    import skflow as tf

    w = tf.get_variable("w", (4, params["n_outputs"]), features.dtype)
    return EstimatorSpec(mode, predictions=tf.matmul(features, w))


@cache
def saved() -> dict[str, tuple[Any, Any, Tensors]]:
    """Rows, document and tensors of models of many kinds."""
    found = {}
    models = {
        "linear": (LinearRegressor(), X, Y),
        "quantiles": (LinearRegressor(loss="quantile", quantile=[0.1, 0.5], max_iter=5), X, PAIR),
        "deep": (CASES["dnn-regressor"].make(), X, Y),
        "several": (DNNClassifier(**DEEP), X, SEVERAL),
        "combined": (CASES["combined-classifier"].make(), FRAME, CASES["combined-classifier"].y),
        "own": (GraphRegressor(model_fn=weighted, params={"a": [1, np.ones(99)]}, **SHORT), X, Y),
    }
    with using(Files(MemorySystem())):
        for name, (model, rows, y) in models.items():
            fit = model.fit if isinstance(model, LinearRegressor) else model.partial_fit
            quietly(fit, rows, y).save("m")
            found[name] = (rows, *taken_apart("m"))
    return found


def of(name: str) -> tuple[Any, Tensors]:
    """A document and tensors to change."""
    _, document, tensors = saved()[name]
    return copy.deepcopy(document), dict(tensors)


# ---- what a document may not say --------------------------------------------------------


def _set(*path: Any) -> Callable[[Any], None]:
    """A change: the value at the end of a path."""

    def change(document: Any) -> None:
        *way, last, value = path
        for step in way:
            document = document[step]
        document[last] = value

    return change


def _without(*path: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        del document[path[-1]]

    return change


RECORD = ("$record", 1)
SPEC = ("model", "network", *RECORD, "spec", *RECORD)
WRONG: list[tuple[str, Callable[[Any], None], str]] = [
    ("linear", _set("format", 2), "has the format 2, which a later version of skflow reads"),
    ("linear", _set("format", 0), "holds no number of its format"),
    ("linear", _set("format", "1"), "holds no number of its format"),
    ("linear", _without("format"), "holds no number of its format"),
    ("linear", _without("facts"), "something else where format, class, parameters"),
    ("linear", _set("more", 1), "something else where format, class, parameters"),
    ("linear", _set("class", "Popen"), "an estimator of the unknown class 'Popen'"),
    ("linear", _set("class", "NetworkEstimator"), "unknown class 'NetworkEstimator'"),
    ("linear", _set("class", None), "None as the estimator's class, which must be a Netw"),
    ("linear", _set("class", {"$custom": "weighted"}), "as the estimator's class, which must"),
    ("linear", _set("class", {"$type": "float"}), "as the estimator's class, which must"),
    ("linear", _set("class", "DNNRegressor"), "the network is of another family"),
    ("linear", _set("class", "LinearClassifier"), "unexpected keyword argument 'quantile'"),
    ("linear", _set("parameters", "fast", True), "unexpected keyword argument 'fast'"),
    ("linear", _set("parameters", "tol", "x"), "The 'tol' parameter of LinearRegressor must"),
    ("linear", _set("parameters", 3), "a list where names should be"),
    ("deep", _set("parameters", "activation_fn", "sine"), "The 'activation_fn' parameter"),
    ("linear", _set("facts", "predict", 1), "holds the attribute 'predict'"),
    ("linear", _set("facts", "predict_quantiles", 1), "the attribute 'predict_quantiles'"),
    ("linear", _set("facts", "tol", 1), "holds the attribute 'tol'"),
    ("linear", _set("facts", "coef_", 1), "holds the attribute 'coef_'"),
    ("linear", _set("facts", "_model", None), "holds the attribute '_model'"),
    ("linear", _set("facts", "_skl_callbacks", [1]), "holds the attribute '_skl_callbacks'"),
    ("linear", _set("facts", "__class__", 1), "holds the attribute '__class__'"),
    ("linear", _set("facts", "a b", 1), "holds the attribute 'a b'"),
    ("linear", _without("facts", "n_iter_"), "the attribute 'n_iter_' is missing"),
    ("linear", _set("facts", "n_iter_", 1.5), "'n_iter_' is missing or of another kind"),
    ("linear", _set("facts", "n_features_in_", 3), "there is another number of features"),
    ("linear", _set("facts", "n_outputs_", 2), "another number of targets"),
    ("linear", _set("facts", "_target_ndim", 3), "targets of other dimensions"),
    ("quantiles", _set("facts", "_target_ndim", 1), "targets in no vector"),
    ("linear", _set("facts", "history_", {"$dict": []}), "the history has other columns"),
    ("linear", _set("facts", "history_", "$dict", 0, 1, []), "the history is torn"),
    ("several", _without("facts", "_classes"), "'_classes' is missing"),
    ("several", _set("facts", "_classes", *RECORD, "multilabel", True), "too many targets"),
    ("several", _set("facts", "_classes", *RECORD, "known", []), "there are no classes"),
    ("several", _set("facts", "_classes", *RECORD, "single", 1), "single of Classes is 1"),
    ("linear", _set("requests", "predict", {"$dict": []}), "a request for 'predict'"),
    ("linear", _set("requests", "fit", {"$dict": [["speed", True]]}), "fit"),
    ("linear", _set("requests", "fit", 3), "must be a mapping, not int"),
    ("linear", _without("model", "head"), "something else where network, head"),
    ("linear", _set("model", "network", None), "the network is of another family"),
    ("linear", _set("model", "columns", None), "something else where columns should be"),
    ("linear", _set("model", "head", {"$record": ["BinaryHead", {"loss": "log"}]}), "quantities"),
    ("linear", _set("model", "head", *RECORD, "columns", 2), "other numbers of outputs"),
    ("linear", _set("model", "head", *RECORD, "columns", 10**12), "other numbers of outputs"),
    ("linear", _set("model", "head", *RECORD, "loss", "sums"), "there is no such loss"),
    ("quantiles", _set("model", "head", *RECORD, "quantiles", "$tuple", 0, 2.0), "between 0 and"),
    ("several", _set("model", "head", *RECORD, "loss", "squared"), "there is no such loss"),
    ("several", _set("model", "head", *RECORD, "sizes", "$tuple", [5]), "other classes"),
    ("linear", _set(*SPEC, "numeric", 5), "columns and network do not fit together"),
    ("linear", _set("model", "network", *RECORD, "outputs", 7), "other numbers of outputs"),
    ("deep", _set("model", "network", *RECORD, "hidden_units", "$tuple", [0]), "has no units"),
    ("deep", _set("model", "network", *RECORD, "hidden_units", "$tuple", [10**15]), "hiddenlayer"),
    (
        "deep",
        _set("model", "network", *RECORD, "hidden_units", "$tuple", [6, 6]),
        "other variables",
    ),
    ("deep", _set("model", "network", *RECORD, "hidden_units", "$tuple", [1] * 10**6), "other v"),
    ("deep", _set("model", "network", *RECORD, "dropout", 1.0), "not between 0 and 1"),
    ("deep", _set("model", "network", *RECORD, "activation", "sine"), "unknown activation"),
    (
        "deep",
        _set("model", "network", *RECORD, "activation", {"$public": "tf.nn.top_k"}),
        "activation_fn",
    ),
    ("combined", _set("model", "network", *RECORD, "wide_columns", {"$tuple": []}), "wide_colu"),
    ("combined", _set("model", "columns", "dtype", None), "type is missing"),
    ("combined", _set("model", "columns", "categories", None), "no categories"),
    ("combined", _set("model", "columns", "numeric", None), "have no places"),
    (
        "combined",
        _set("model", "columns", "numeric", "$array", 2, [0, 1, 2, 2]),
        "two columns have one place",
    ),
    (
        "combined",
        _set("model", "columns", "categories", 0, "$array", 2, ["a", "b", "a"]),
        "duplicate elements",
    ),
    (
        "combined",
        _set("model", "columns", "categories", 1, "$array", ["object", [1], ["a"]]),
        "the categories are not as many",
    ),
    ("combined", _set("model", "columns", "inputs", "$array", 2, [0] * 6), "no text"),
    ("linear", _set("model", "variables", ["linear/weights"]), "the network has the variables"),
    ("linear", _set("model", "variables", 3), "no list of names"),
    ("linear", _set("model", "variables", ["linear/weights"] * 2), "no list of names"),
    ("own", _set("model", "network", *RECORD, "model_fn", {"$public": "tf.nn.relu"}), "relu"),
    ("own", _set("model", "network", *RECORD, "model_fn", 3), "model_fn of GraphNetwork is 3"),
    ("deep", _set("training", "random_state", 3), "another random state than RandomState"),
    ("deep", _set("training", "state", 3), "something else where slots, streams, rates"),
    ("deep", _set("training", "state", "rates", ["x"]), "learning rates that are no numbers"),
    ("deep", _set("training", "state", "slots", [3]), "no list of names"),
]


@pytest.mark.parametrize(
    ("name", "change", "complaint"),
    WRONG,
    ids=[f"{number} {wrong[2][:30]}" for number, wrong in enumerate(WRONG)],
)
def test_what_makes_no_sense_is_refused(
    name: str, change: Callable[[Any], None], complaint: str
) -> None:
    document, tensors = of(name)
    change(document)
    put_together("m", document, tensors)
    with pytest.raises(ValueError) as e:
        load("m", {"weighted": weighted})
    assert complaint in str(e.value)
    assert str(e.value).startswith("m.json")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"", "holds no JSON of an estimator: Expecting value"),
        (b"[1]", "holds no number of its format"),
        (b'{"format": 1, "format": 1}', "a key stands twice in ['format', 'format']"),
        (b'{"format": NaN}', "NaN is no JSON"),
        (b'{"format": 1' + b"0" * 5000 + b"}", "holds no JSON of an estimator: Exceeds the limit"),
        (b"[" * 100_000, "holds no JSON of an estimator: "),
        (b'{"a":' * 100_000, "holds no JSON of an estimator: "),
        (b'{"format": "\xff"}', "holds no JSON of an estimator: 'utf-8' codec"),
        (b"\x80\x04K\x01.", "holds no JSON of an estimator: "),
    ],
    ids=lambda v: str(v)[:30],
)
def test_what_is_no_json_is_refused(text: bytes, complaint: str) -> None:
    _, tensors = of("linear")
    put_together("m", text, tensors)
    with pytest.raises(ValueError) as e:
        load("m")
    assert str(e.value).startswith("m.json ")
    assert complaint in str(e.value)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda t: t.pop("dnn/logits/biases"), "m has no tensor 'dnn/logits/biases'"),
        (lambda t: t.update({"dnn/logits/biases": np.ones(2)}), "of shape (1,), its value float64"),
        (lambda t: t.update({"dnn/logits/biases": np.ones(1, "f")}), "its value float32"),
        (lambda t: t.update({"dnn/logits/biases": [b"x"]}), "its value object"),
        (
            lambda t: t.update({n: np.ones(2, int) for n in t if n.startswith("_fit/streams")}),
            "a random stream that is not three whole numbers",
        ),
    ],
    ids=["missing", "shape", "type", "strings", "stream"],
)
def test_tensors_that_do_not_fit_are_refused(
    change: Callable[[Tensors], Any], complaint: str
) -> None:
    document, tensors = of("deep")
    change(tensors)
    put_together("m", document, tensors)
    with pytest.raises((ValueError, errors.DataLossError)) as e:
        load("m")
    assert complaint in str(e.value)


def test_missing_files_are_named(memory: MemorySystem) -> None:
    with pytest.raises(errors.NotFoundError, match="nothing"):
        load("nothing")
    for ending in (".json", ".data-00000-of-00001"):
        put_together("m", *of("linear"))
        with using(Files(memory)):
            Files(memory).remove("m" + ending)
            with pytest.raises(errors.NotFoundError, match="m" + ending):
                load("m")


def test_parameters_that_a_later_version_adds_have_their_defaults() -> None:
    document, tensors = of("linear")
    del document["parameters"]["tol"]
    put_together("m", document, tensors)
    assert load("m").tol == LinearRegressor().tol


# ---- at random --------------------------------------------------------------------------


def check(name: str) -> str:
    """Load what lies there; whatever is loaded works, or says why not."""
    size = sum(map(len, contents("m").values()))
    began = time.process_time()
    watched = tracemalloc.is_tracing()
    if watched:
        tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    try:
        loaded = load("m", {"weighted": weighted})
        outcome = "loaded"
    except (ValueError, errors.DataLossError, errors.NotFoundError) as error:
        outcome = type(error).__name__
    if watched:
        used = tracemalloc.get_traced_memory()[1] - before
        assert used < PER_BYTE * size + SLACK
    assert time.process_time() - began < SECOND
    if outcome == "loaded":
        repr(loaded)
        try:
            outputs(loaded, saved()[name][0])
        except ValueError as error:
            assert "feature names" in str(error)  # noqa: PT017
    return outcome


def campaign(numbers: range) -> set[str]:
    seen = set()
    for number in numbers:
        rng = random.Random(number)
        name = rng.choice(list(saved()))
        document, tensors = of(name)
        if rng.random() < 0.75:
            damage(document, rng)
        else:
            damage_tensors(tensors, rng)
        put_together("m", document, tensors)
        seen.add(check(name))
    return seen


def put(files: dict[str, bytes], memory: MemorySystem) -> None:
    for ending, content in files.items():
        memory.put("m" + ending, content)


def campaign_on_bytes(numbers: range, memory: MemorySystem) -> set[str]:
    seen = set()
    put_together("m", *of("deep"))
    whole = contents("m")
    bundle = {ending: whole[ending] for ending in (".index", ".data-00000-of-00001")}
    for number in numbers:
        rng = random.Random(number)
        changed = dict(whole)
        mutate = rng.choice((blind, *REPAIRING))
        changed.update(mutate(dict(bundle), rng))
        if rng.random() < 0.3:
            text = bytearray(changed[".json"])
            text[rng.randrange(len(text))] ^= 1 << rng.randrange(8)
            changed[".json"] = bytes(text)
        put(changed, memory)
        seen.add(check("deep"))
        put(whole, memory)
    return seen


def test_damaged_documents() -> None:
    assert campaign(range(200)) == {"loaded", "ValueError", "DataLossError"}


def test_damaged_documents_take_little_memory() -> None:
    saved()
    tracemalloc.start()
    try:
        campaign(range(1000, 1060))
    finally:
        tracemalloc.stop()


def test_damaged_bytes(memory: MemorySystem) -> None:
    assert campaign_on_bytes(range(150), memory) >= {"loaded", "DataLossError"}


@pytest.mark.soak
@pytest.mark.parametrize("thousand", range(20))
def test_many_damaged_documents(thousand: int, memory: MemorySystem) -> None:
    campaign(range(10_000 + 1000 * thousand, 11_000 + 1000 * thousand))
    campaign_on_bytes(range(1000 * thousand, 1000 * thousand + 500), memory)


def test_every_changed_byte_of_the_text_is_noticed(memory: MemorySystem) -> None:
    put_together("m", *of("linear"))
    text = memory.content("m.json")
    for place in range(0, len(text), 41):
        changed = bytearray(text)
        changed[place] ^= 1 << place % 8
        memory.put("m.json", bytes(changed))
        with pytest.raises(errors.DataLossError, match=r"m\.json; it is damaged, or belongs to"):
            load("m")


# ---- what loading does not do -----------------------------------------------------------

PROGRAM = """
import json, os, sys
import numpy as np
from skflow.estimators import load
path, again = sys.argv[1:]
load(again)  # what is imported at first use is imported now
told = []
def listen(event, arguments):
    if event in ("open", "exec", "compile", "import", "os.listdir", "pickle.find_class") or (
        event.startswith(("subprocess", "socket", "os.exec", "os.posix_spawn", "ctypes.dlopen"))
    ):
        told.append([event, str(arguments[0])])
sys.addaudithook(listen)
model = load(path)
heard = list(told)
print(json.dumps([heard, model.predict(np.ones((2, 4))).tolist()]))
"""


def test_nothing_else_is_opened_run_or_imported(tmp_path: Path) -> None:
    with using(Files()):
        model = quietly(CASES["dnn-regressor"].make().fit, X, Y)
        other = quietly(CASES["dnn-regressor"].make(hidden_units=(3,)).partial_fit, X, Y)
        paths = [model.save(tmp_path / "model"), other.save(tmp_path / "other")]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *paths],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    heard, predicted = json.loads(done.stdout)
    assert predicted == model.predict(np.ones((2, 4))).tolist()
    opened = {name for event, name in heard if event == "open"}
    read = (".index", ".data-00000-of-00001", ".json")
    assert opened - {paths[0] + RECORD_ENDING} == {paths[0] + ending for ending in read}
    # The plan of the network is compiled from a text that the engine makes.
    allowed = {"open", "compile", "exec"}
    assert {event for event, _ in heard} <= allowed
    assert not [name for event, name in heard if event == "compile" and str(tmp_path) in name]


def test_loading_while_others_save() -> None:
    first, second = LinearRegressor().fit(X, Y), LinearRegressor().fit(X, -Y)
    known = {first.coef_.tobytes(): Y, second.coef_.tobytes(): -Y}
    first.save("m")
    stopped = threading.Event()

    def save_on() -> None:
        while not stopped.is_set():
            second.save("m")
            first.save("m")

    saver = threading.Thread(target=save_on)
    saver.start()
    try:
        for _ in range(10):
            loaded = load("m")
            assert loaded.score(X, known[loaded.coef_.tobytes()]) > 0.9
    finally:
        stopped.set()
        saver.join()
