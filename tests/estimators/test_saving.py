"""A saved estimator comes back as it was, to the bit, and its files are whole or not there."""

from __future__ import annotations

import errno
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import skflow as tf
from skflow import errors
from skflow.estimators import (
    DNNClassifier,
    DNNRegressor,
    EstimatorSpec,
    GraphClassifier,
    GraphRegressor,
    LinearClassifier,
    LinearRegressor,
    load,
)
from skflow.estimators.schedules import ExponentialDecay, PiecewiseConstantDecay
from skflow.io.bundle_writer import write_bundle
from skflow.io.files import Files, using
from tests.estimators.cases import (
    CASES,
    DEEP,
    FRAME,
    LABELS,
    PAIR,
    SEVERAL,
    SHORT,
    STEPPERS,
    THREE,
    TWO,
    WEIGHT,
    Case,
    X,
    Y,
    outputs,
    quietly,
    values,
)
from tests.estimators.saved_parts import ENDINGS, contents
from tests.estimators.unchanged import picture
from tests.io.memory_files import Fault, MemorySystem, PowerLoss

ROWS: dict[str, Any] = {
    "array": X,
    "float32": X.astype(np.float32),
    "frame": FRAME,
    "sparse": csr_array(np.where(X > 0, X, 0.0)),
}

RegressorDeep = partial(DNNRegressor, **DEEP)
ClassifierDeep = partial(DNNClassifier, **DEEP)


def check_equal(model: Any, loaded: Any, rows: Any) -> None:
    """Nothing tells one model from another."""
    assert type(loaded) is type(model)
    assert picture(loaded) == picture(model)
    assert vars(loaded).keys() == vars(model).keys()
    assert outputs(loaded, rows).tobytes() == outputs(model, rows).tobytes()
    for method in ("predict", "predict_proba", "predict_quantiles"):
        if hasattr(model, method):
            ours, theirs = getattr(loaded, method)(rows), getattr(model, method)(rows)
            np.testing.assert_array_equal(ours, theirs, strict=True)


@pytest.fixture(autouse=True)
def memory() -> Iterator[MemorySystem]:
    """Files lie in memory, where syncing takes no time."""
    system = MemorySystem()
    with using(Files(system)):
        yield system


def again(model: Any, custom: Any = None) -> Any:
    """A model saved and loaded, and saved and loaded once more into equal files."""
    first = load(model.save("first"), custom)
    second = first.save("second")
    assert contents("first") == contents("second")
    return load(second, custom)


# ---- models of every kind ---------------------------------------------------------------


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_fitted_models_come_back(case: Case, rows: Any) -> None:
    model = quietly(case.make().fit, rows, case.y)
    loaded = again(model)
    assert loaded.get_params() == model.get_params()
    check_equal(model, loaded, rows)
    assert outputs(pickle.loads(pickle.dumps(loaded)), rows).tobytes() == (
        outputs(model, rows).tobytes()
    )
    assert repr(clone(loaded)) == repr(clone(model))


@pytest.mark.parametrize("rows", [FRAME, ROWS["sparse"]], ids=["frame", "sparse"])
@pytest.mark.parametrize("case", STEPPERS.values(), ids=STEPPERS)
def test_training_goes_on(case: Case, rows: Any) -> None:
    model = quietly(case.make().partial_fit, rows, case.y)
    for weight in (None, WEIGHT):
        loaded = again(model)
        check_equal(model, loaded, rows)
        for trained in (model, loaded):
            quietly(trained.partial_fit, rows, case.y, sample_weight=weight)
        loaded.history_["seconds"] = model.history_["seconds"]
        check_equal(model, loaded, rows)


TARGETS: dict[str, tuple[Any, Any]] = {
    "pair": (RegressorDeep(), PAIR),
    "quantiles": (RegressorDeep(loss="quantile", quantile=[0.9, 0.1]), PAIR),
    "column": (LinearRegressor(), Y.reshape(-1, 1)),
    "quantile": (LinearRegressor(loss="quantile", quantile=np.float64(0.3), max_iter=5), Y),
    "labels": (ClassifierDeep(), LABELS),
    "several": (ClassifierDeep(), SEVERAL),
    "words": (ClassifierDeep(), np.column_stack([TWO, np.where(X[:, 0] > 0, "left", "right")])),
    "objects": (ClassifierDeep(), TWO.astype(object)),
    "floats": (ClassifierDeep(), THREE.astype(np.float32)),
    "truths": (ClassifierDeep(), THREE == 1),
    "categories": (ClassifierDeep(), pd.Series(TWO, dtype="category")),
    "many": (ClassifierDeep(loss="focal"), np.arange(60) % 19 + 10**9),
    "long": (
        LinearClassifier(loss="hinge", max_iter=5),
        np.array([f"{'long' * 50} {i % 7}" for i in range(60)]),
    ),
}


@pytest.mark.parametrize(("model", "y"), TARGETS.values(), ids=TARGETS)
def test_targets_of_every_kind_come_back(model: Any, y: Any) -> None:
    quietly(model.fit, X, y)
    loaded = again(model)
    assert picture(loaded) == picture(model)
    found, wanted = loaded.predict(X), model.predict(X)
    np.testing.assert_array_equal(found, wanted, strict=True)
    assert loaded.score(X, y) == model.score(X, y)


def test_classes_that_come_later() -> None:
    model = quietly(ClassifierDeep().partial_fit, X[:30], TWO[:30])
    loaded = again(model)
    more = np.where(X[:, 1] > 1, "maybe", TWO)
    for trained in (model, loaded):
        quietly(trained.partial_fit, X, more)
    assert loaded.classes_.tolist() == ["maybe", "no", "yes"]
    assert values(loaded) == values(model)


def test_warm_starts_go_on() -> None:
    model = quietly(RegressorDeep(warm_start=True).fit, X, Y)
    loaded = again(model)
    for trained in (model, loaded):
        quietly(trained.fit, X, Y)
    assert values(loaded) == values(model)


def test_many_categories_lie_beside_nothing_else() -> None:
    names = [f"town {i}" for i in range(3000)]
    frame = pd.DataFrame({"town": names, "size": np.arange(3000.0)})
    model = quietly(LinearRegressor(max_iter=3).fit, frame, np.arange(3000.0))
    check_equal(model, again(model), frame)


# ---- parameters -------------------------------------------------------------------------

PARAMETERS: dict[str, Callable[[], Any]] = {
    "schedule": lambda: RegressorDeep(learning_rate=ExponentialDecay(0.1, 5, 0.9)),
    "pieces": lambda: RegressorDeep(learning_rate=PiecewiseConstantDecay([3], [0.1, 0.01])),
    "class": lambda: RegressorDeep(optimizer=tf.train.AdagradOptimizer),
    "random state": lambda: RegressorDeep(random_state=np.random.RandomState(5)),
    "activation": lambda: RegressorDeep(activation_fn=tf.nn.elu),
    "units": lambda: DNNRegressor(**{**DEEP, "hidden_units": np.array([5, 3])}),
    "NumPy": lambda: RegressorDeep(tol=np.float32(1e-3), max_iter=np.int64(4), shuffle=np.True_),
    "no limit": lambda: RegressorDeep(n_iter_no_change=np.inf),
    "dtype": lambda: RegressorDeep(dtype=np.float32),
    "named dtype": lambda: RegressorDeep(dtype=np.dtype("float32")),
    "mask": lambda: LinearRegressor(categorical_features=np.array([False, True, False, True])),
    "columns": lambda: LinearRegressor(categorical_features=[1, 3]),
}


@pytest.mark.parametrize("make", PARAMETERS.values(), ids=PARAMETERS)
def test_parameters_of_every_kind_come_back(make: Callable[[], Any]) -> None:
    rows = np.round(X)
    model = quietly(make().fit, rows, Y)
    loaded = again(model)
    for name, value in model.get_params().items():
        found = getattr(loaded, name)
        assert type(found) is type(value)
        if name != "random_state":  # which may be an object with an address
            assert repr(found) == repr(value)
    check_equal(model, loaded, rows)
    if model.optimizer != "L-BFGS":
        for trained in (model, loaded):
            quietly(trained.partial_fit, rows, Y)
    assert values(loaded) == values(model)


def test_optimizers_come_back() -> None:
    model = RegressorDeep(optimizer=tf.train.MomentumOptimizer(0.01, 0.9, use_nesterov=True))
    quietly(model.partial_fit, X, Y)
    loaded = again(model)
    assert vars(loaded.optimizer) == vars(model.optimizer)
    for trained in (model, loaded):
        quietly(trained.partial_fit, X, Y)
    assert values(loaded) == values(model)


@pytest.mark.parametrize("weights", [{0: 1.0, 1: np.float64(2.5), 2: 3}, "balanced"], ids=str)
def test_class_weights_come_back(weights: Any) -> None:
    model = quietly(LinearClassifier(class_weight=weights, max_iter=5).fit, X, THREE)
    assert again(model).class_weight == weights


def test_parameters_changed_after_the_fit_come_back_so() -> None:
    model = quietly(RegressorDeep().fit, X, Y).set_params(hidden_units=(9, 9), activation_fn="elu")
    loaded = again(model)
    assert loaded.hidden_units == (9, 9)
    check_equal(model, loaded, X)


def test_metadata_requests_come_back() -> None:
    with config_context(enable_metadata_routing=True):
        model = quietly(RegressorDeep().fit, X, Y)
        model.set_fit_request(sample_weight=True, X_val="others").set_score_request(
            sample_weight=False
        )
        loaded = again(model)
        assert repr(loaded.get_metadata_routing()) == repr(model.get_metadata_routing())


def test_callbacks_stay_behind() -> None:
    model = quietly(RegressorDeep().fit, X, Y)
    model._skl_callbacks = [print]
    assert not hasattr(load(model.save("m")), "_skl_callbacks")


# ---- functions and classes of the user's ------------------------------------------------


def cubes(labels: Any, outputs: Any) -> Any:
    return tf.abs(outputs - labels) ** 3.0


def falling(step: Any) -> Any:
    return 0.1 / (1.0 + tf.cast(step, tf.float64))


def slow(rate: Any) -> Any:
    return tf.train.GradientDescentOptimizer(0.01 * rate)


def two_layers(features: Any, labels: Any, mode: Any, params: Any) -> Any:
    del labels
    w = tf.get_variable("w", (4, params["width"]), features.dtype)
    v = tf.get_variable("v", (params["width"], params["n_outputs"]), features.dtype)
    steps = tf.get_variable("steps", (), tf.int32, tf.zeros_initializer(), trainable=False)
    predictions = params["activation"](tf.matmul(features, w)) @ v
    return EstimatorSpec(mode, predictions=predictions + 0.0 * tf.cast(steps, v.dtype))


class Scaled(LinearRegressor):
    """A class of the user's with an attribute of its own."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        super().fit(X, y, sample_weight)
        self.span_ = {"all": np.ptp(y), "by": ("row", None)}
        return self


OWN: dict[str, tuple[Any, dict[str, Any]]] = {
    "loss": (RegressorDeep(loss=cubes), {"cubes": cubes}),
    "rate": (RegressorDeep(learning_rate=falling), {"falling": falling}),
    "optimizer": (RegressorDeep(optimizer=slow, loss=cubes), {"slow": slow, "cubes": cubes}),
    "network": (
        GraphRegressor(
            model_fn=two_layers,
            params={"width": 3, "activation": tf.tanh, "table": np.arange(99.0)},
            **SHORT,
        ),
        {"two_layers": two_layers},
    ),
    "class": (Scaled(max_iter=5), {"Scaled": Scaled}),
}


@pytest.mark.parametrize(("model", "custom"), OWN.values(), ids=OWN)
def test_own_functions_and_classes_are_passed(model: Any, custom: dict[str, Any]) -> None:
    quietly(model.fit, X, Y)
    loaded = again(model, custom)
    check_equal(model, loaded, X)
    if model.optimizer != "L-BFGS":
        for trained in (model, loaded):
            quietly(trained.partial_fit, X, Y)
        assert values(loaded) == values(model)
    wanted = ", ".join(f"{name!r}: {name}" for name in sorted(custom))
    with pytest.raises(ValueError) as e:
        load("first")
    assert f"Pass them: load('first', custom_objects={{{wanted}}})." in str(e.value)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"loss": lambda labels, outputs: tf.square(labels - outputs)}, "loss"),
        ({"learning_rate": lambda step: 0.1}, "learning_rate"),  # noqa: ARG005
        ({"activation_fn": partial(tf.nn.relu)}, "activation_fn"),
        ({"optimizer": partial(tf.train.MomentumOptimizer, momentum=0.5)}, "optimizer"),
    ],
    ids=["loss", "rate", "activation", "optimizer"],
)
def test_functions_without_names_are_refused(
    settings: dict[str, Any], name: str, memory: MemorySystem
) -> None:
    model = quietly(RegressorDeep(**settings).fit, X, Y)
    with pytest.raises(TypeError, match=f"the parameter '{name}' cannot be saved: .* no name. Gi"):
        model.save("m")
    assert not memory.names("")


# ---- paths and files --------------------------------------------------------------------

FILES = sorted("m" + ending for ending in ENDINGS)


@pytest.fixture(scope="module")
def line() -> Any:
    return LinearRegressor().fit(X, Y)


def test_the_files(line: Any, tmp_path: Path) -> None:
    with using(Files()):
        assert line.save(tmp_path / "m") == str(tmp_path / "m")
        assert line.save(str(tmp_path / "m")) == str(tmp_path / "m")
        assert sorted(p.name for p in tmp_path.iterdir()) == FILES
        assert load(tmp_path / "m").predict(X).tobytes() == line.predict(X).tobytes()


def test_older_files_go(line: Any, memory: MemorySystem) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        with tf.device("/cpu:0"):
            tf.Variable(1.0)
        tf.Variable(2.0)
        session.run(tf.global_variables_initializer())
        tf.train.Saver(sharded=True).save(session, "m", write_state=False)
    assert "m.data-00001-of-00002" in memory.names("")
    line.save("m")
    assert memory.names("") == FILES


@pytest.mark.parametrize("model", [DNNRegressor(), GraphClassifier()])
def test_only_fitted_ones_are_saved(model: Any) -> None:
    with pytest.raises(NotFittedError):
        model.save("m")


def test_invalid_parameters_are_not_saved() -> None:
    model = LinearRegressor().fit(X, Y).set_params(tol=-1.0)
    with pytest.raises(ValueError, match="'tol' parameter of LinearRegressor"):
        model.save("m")


def test_the_directory_must_be_there(line: Any) -> None:
    with pytest.raises(ValueError, match="Parent directory of no/m doesn't exist, can't save"):
        line.save("no/m")
    with pytest.raises(ValueError, match="must end with a name for the files, got 'no/'"):
        line.save("no/")


def test_a_saver_over_the_same_path_is_noticed(line: Any) -> None:
    line.save("m")
    write_bundle("m", [("linear/weights", np.zeros(3))])
    with pytest.raises(errors.DataLossError, match="m has no tensor '_fit/json_crc32c'"):
        load("m")


def test_files_of_two_saves_do_not_mix(line: Any, memory: MemorySystem) -> None:
    line.save("m")
    LinearRegressor().fit(X, -Y).save("n")
    memory.put("m.json", memory.content("n.json"))
    with pytest.raises(errors.DataLossError, match=r"m\.json; it is damaged, or belongs to anot"):
        load("m")


def test_the_graph_predicts_alone() -> None:
    model = quietly(CASES["combined-classifier"].make().fit, FRAME, THREE)
    model.save("m")
    features = model._model.columns.transform(model, FRAME)
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.import_meta_graph("m.meta").restore(session, "m")
        feed = dict(zip(tf.get_collection("features"), features.arrays(), strict=True))
        (output,) = tf.get_collection("outputs")
        found = session.run(output, feed)
    assert found.tobytes() == outputs(model, FRAME).tobytes()


def test_other_graphs_are_left_alone(line: Any) -> None:
    before = len(line.graph_.get_operations())
    with tf.Graph().as_default() as graph:
        load(line.save("m"))
        assert not graph.get_operations()
    assert len(line.graph_.get_operations()) == before


# ---- what interrupts a save -------------------------------------------------------------


@dataclass
class Two:
    """An older and a newer model, to be saved over one path."""

    older: Any
    newer: Any

    def saved(self) -> MemorySystem:
        system = MemorySystem()
        with using(Files(system)):
            self.older.save("m")
        system.calls.clear()
        return system

    def calls(self) -> int:
        system = self.saved()
        with using(Files(system)):
            self.newer.save("m")
        return len(system.calls)

    def which(self) -> Any:
        """Which of the two is there."""
        found = load("m").coef_.tobytes()
        (model,) = (m for m in (self.older, self.newer) if m.coef_.tobytes() == found)
        return model


@pytest.fixture(scope="module")
def two() -> Two:
    return Two(LinearRegressor().fit(X, Y), LinearRegressor().fit(X, -Y))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EINTR, 0])
@pytest.mark.parametrize(
    ("lasting", "stride"),
    [
        ("once", 3),
        ("all", 3),
        *(pytest.param(k, 1, marks=pytest.mark.soak) for k in ("once", "all")),
    ],
)
def test_errors_leave_one_of_the_two(code: int, lasting: str, stride: int, two: Two) -> None:
    for at in range(0, two.calls(), stride):
        system = two.saved()
        system.fault = Fault(at, code, lasting)
        with using(Files(system)):
            try:
                two.newer.save("m")
                failed = None
            except errors.OpError as error:
                failed = error
            system.fault = None
            found = two.which()
            assert found is two.newer or failed is not None
            two.newer.save("m")
            assert two.which() is two.newer
            assert system.names("") == FILES
        assert system.open_paths == []


@pytest.mark.parametrize(
    ("stride", "variants"), [(5, 3), pytest.param(1, 16, marks=pytest.mark.soak)]
)
def test_power_loss_leaves_one_of_the_two(stride: int, variants: int, two: Two) -> None:
    for length in range(0, two.calls() + 1, stride):
        system = two.saved()
        system.power_until = length
        with using(Files(system)):
            try:
                two.newer.save("m")
                done = True
            except PowerLoss:
                done = False
        for seed in range(variants):
            with using(Files(system.after_power_loss(seed))):
                assert two.which() is two.newer or not done
