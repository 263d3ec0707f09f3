"""A fit that was broken off goes on as if nothing had happened."""

from __future__ import annotations

import copy
import errno
import functools
import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import skflow as tf
from skflow import errors
from skflow.estimators import (
    DNNClassifier,
    DNNLinearCombinedClassifier,
    DNNLinearCombinedRegressor,
    DNNRegressor,
    EstimatorSpec,
    GraphClassifier,
    GraphRegressor,
    LinearClassifier,
    LinearRegressor,
    ModeKeys,
    schedules,
)
from skflow.estimators.checkpoints import Checkpoints, Evaluations, set_state, state_of
from skflow.estimators.recipes import OPTIMIZERS
from skflow.estimators.runs import Run, read
from skflow.io import commit, files
from skflow.io.bundle_reader import BundleReader
from skflow.io.bundle_writer import BundleWriter
from skflow.train.loop import NanLossDuringTrainingError
from tests.estimators import model_functions
from tests.estimators.broken_off import broken_off, check_same, resumed
from tests.estimators.cases import (
    CASES,
    DEEP,
    FRAME,
    LABELS,
    PAIR,
    SEVERAL,
    SHORT,
    THREE,
    TWO,
    WEIGHT,
    Case,
    X,
    Y,
    quietly,
)
from tests.estimators.test_interrupted_fit import Presses, calls_of
from tests.estimators.unchanged import nothing_changes
from tests.io.memory_files import Fault, MemorySystem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Fit(NamedTuple):
    """A fit of some kind.

    Attributes
    ----------
    make : callable
        Makes the model; it takes further parameters.
    X, y : object
        The rows.
    more : dict
        What else `fit` takes.
    """

    make: Callable[..., Any]
    X: Any = X
    y: Any = Y
    more: dict[str, Any] = {}  # noqa: RUF012

    def __call__(self, **parameters: Any) -> Any:
        return quietly(self.make(**parameters).fit, self.X, self.y, **self.more)


REGRESSOR = partial(DNNRegressor, **DEEP)
DROPPING = partial(DNNRegressor, **DEEP, dropout=0.3)
CLASSIFIER = partial(DNNClassifier, **DEEP, dropout=0.2)
GRAPH = partial(GraphRegressor, **SHORT)
SEARCHING = {**DEEP, "optimizer": "L-BFGS", "max_iter": 30, "tol": 1e-6}
WIDE_AND_DEEP = partial(
    DNNLinearCombinedRegressor, (6,), max_iter=4, batch_size=16, random_state=0, dnn_dropout=0.1
)


def rate_by_step(step: Any) -> Any:
    return 0.01 / (1.0 + tf.cast(step, tf.float64))


def own_counter(features: Any, labels: Any, mode: Any, params: Any) -> Any:
    """A model with variables that no gradient changes, and noise."""
    spec = model_functions.single_loss(features, labels, mode, params)
    if mode == ModeKeys.PREDICT:
        return spec
    count = tf.get_variable("count", (), tf.int64, tf.zeros_initializer(), trainable=False)
    noise = tf.random_normal((), dtype=tf.float64)
    loss = spec.loss * (1.0 + 0.01 * noise)
    step = tf.train.MomentumOptimizer(0.05, 0.9).minimize(
        loss, global_step=tf.train.get_global_step()
    )
    with tf.control_dependencies([step]):
        return EstimatorSpec(mode, spec.predictions, loss, tf.assign_add(count, 1))


STEPS: dict[str, Fit] = {
    "plain": Fit(REGRESSOR),
    "in order": Fit(partial(REGRESSOR, shuffle=False)),
    "all rows at once": Fit(partial(REGRESSOR, batch_size=60, max_iter=20)),
    "last values": Fit(partial(DROPPING, restore_best=False)),
    "steps": Fit(partial(DROPPING, steps=17)),
    "few steps": Fit(partial(DROPPING, steps=16)),
    "converged": Fit(partial(DROPPING, max_iter=50, tol=0.5, n_iter_no_change=2)),
    "early stopping": Fit(partial(DROPPING, early_stopping=True, max_iter=8, n_iter_no_change=1)),
    "stratified": Fit(partial(CLASSIFIER, early_stopping=True, validation_fraction=0.3), y=TWO),
    "validated": Fit(DROPPING, more={"X_val": X[:20], "y_val": Y[:20]}),
    "validated, weighted": Fit(
        partial(DROPPING, early_stopping=True),
        more={
            "sample_weight": WEIGHT,
            "X_val": X[:20],
            "y_val": Y[:20],
            "sample_weight_val": WEIGHT[:20] + 1,
        },
    ),
    "clipped and charged": Fit(
        partial(DROPPING, gradient_clip_norm=0.5, l1_regularization_strength=0.1)
    ),
    "float32": Fit(DROPPING, X=X.astype("f")),
    "float32 asked for": Fit(partial(CLASSIFIER, dtype="float32"), y=THREE),
    "sparse": Fit(DROPPING, X=csr_array(X * (X > 0))),
    "frame": Fit(DROPPING, X=FRAME),
    "pair": Fit(DROPPING, y=PAIR),
    "quantiles": Fit(partial(DROPPING, loss="quantile", quantile=[0.2, 0.8])),
    "classes": Fit(partial(CLASSIFIER, class_weight="balanced"), y=THREE),
    "labels": Fit(CLASSIFIER, y=LABELS),
    "several targets": Fit(CLASSIFIER, y=SEVERAL),
    "hinge": Fit(partial(CLASSIFIER, loss="hinge"), y=TWO),
    "function of the step": Fit(partial(DROPPING, learning_rate=rate_by_step)),
    "decay": Fit(partial(DROPPING, learning_rate=schedules.ExponentialDecay(0.1, 3, 0.5))),
    "optimizer": Fit(partial(DROPPING, optimizer=tf.train.MomentumOptimizer(0.01, 0.8))),
    "nesterov adam": Fit(partial(DROPPING, optimizer=tf.train.NadamOptimizer)),
    "sparse momentum": Fit(partial(DROPPING, optimizer="Momentum"), X=FRAME),
    "linear": Fit(partial(LinearClassifier, **SHORT, optimizer="Ftrl", learning_rate=0.1), y=THREE),
    "wide and deep": Fit(WIDE_AND_DEEP, X=FRAME),
    "wide and deep, scheduled": Fit(
        partial(WIDE_AND_DEEP, dnn_learning_rate=rate_by_step, linear_optimizer="Adagrad")
    ),
    "wide and deep classes": Fit(
        partial(DNNLinearCombinedClassifier, (6,), max_iter=4, batch_size=16, random_state=0),
        y=THREE,
    ),
    "graph": Fit(partial(GRAPH, model_fn=model_functions.plain)),
    "graph with dropout": Fit(
        partial(GRAPH, model_fn=model_functions.hidden, params={"dropout": 0.3})
    ),
    "graph with a step": Fit(
        partial(GRAPH, model_fn=model_functions.own_step, params={"rate": 0.05})
    ),
    "graph with a counter": Fit(partial(GRAPH, model_fn=own_counter)),
    "graph of classes": Fit(
        partial(GraphClassifier, **SHORT, model_fn=model_functions.hidden, params={"dropout": 0.3}),
        y=THREE,
    ),
    **{
        f"optimizer {name}": Fit(partial(DROPPING, optimizer=name, batch_size=20))
        for name in OPTIMIZERS
    },
}

SEARCHES: dict[str, Fit] = {
    "least squares": Fit(LinearRegressor),
    "logistic": Fit(LinearClassifier, y=THREE),
    "poisson": Fit(partial(LinearRegressor, loss="poisson"), y=np.abs(Y)),
    "absolute": Fit(partial(LinearRegressor, loss="absolute"), X=X[:12], y=Y[:12]),
    "support vectors": Fit(partial(LinearClassifier, loss="hinge"), X=X[:20], y=TWO[:20]),
    "lasso": Fit(partial(LinearRegressor, l1_regularization_strength=3.0)),
    "lasso of classes": Fit(partial(LinearClassifier, l1_regularization_strength=1.0), y=THREE),
    "linear float32": Fit(partial(LinearClassifier), X=X.astype("f"), y=TWO),
    "linear sparse": Fit(LinearClassifier, X=csr_array(X), y=TWO, more={"sample_weight": WEIGHT}),
    "linear frame": Fit(LinearClassifier, X=FRAME, y=THREE),
    "deep": Fit(partial(DNNRegressor, **SEARCHING)),
    "deep float32": Fit(partial(DNNClassifier, **SEARCHING), X=X.astype("f"), y=TWO),
    "deep with dropout": Fit(partial(DNNRegressor, **SEARCHING, dropout=0.1)),
    "deep, few": Fit(partial(DNNRegressor, **{**SEARCHING, "steps": 7})),
    "graph, searched": Fit(
        partial(GraphRegressor, model_fn=model_functions.hidden, optimizer="L-BFGS", random_state=0)
    ),
    "both": Fit(
        partial(
            DNNLinearCombinedClassifier,
            (4,),
            max_iter=20,
            random_state=0,
            dnn_optimizer="L-BFGS",
            linear_optimizer="L-BFGS",
        ),
        y=THREE,
    ),
}


@pytest.mark.parametrize("fit", STEPS.values(), ids=STEPS)
def test_steps_go_on(fit: Fit, tmp_path: Path) -> None:
    found = resumed(partial(fit, model_dir=tmp_path, save_checkpoints_steps=3), 2, 1)
    check_same(found, fit(), fit.X)


@pytest.mark.parametrize("fit", SEARCHES.values(), ids=SEARCHES)
def test_searches_go_on(fit: Fit, tmp_path: Path) -> None:
    writes = [1] if fit.make is LinearRegressor else [1, 1]  # that is one iteration
    found = resumed(partial(fit, model_dir=tmp_path, save_checkpoints_steps=1), *writes)
    check_same(found, fit(), fit.X)


@pytest.mark.soak
@pytest.mark.parametrize("fit", [*STEPS.values(), *SEARCHES.values()], ids=[*STEPS, *SEARCHES])
@pytest.mark.parametrize("every", [1, 2, 5])
def test_it_goes_on_from_any_checkpoint(fit: Fit, every: int, tmp_path: Path) -> None:
    expected, done = fit(), False
    for number in range(1, 60):
        saving = partial(fit, model_dir=tmp_path / str(number), save_checkpoints_steps=every)
        try:
            broken_off(saving, number)
        except AssertionError:
            done = True
            break
        check_same(saving(), expected, fit.X)
    assert done or number == 59


@pytest.mark.parametrize("name", ["early stopping", "graph with a step"])
def test_it_goes_on_from_each_step(name: str, tmp_path: Path) -> None:
    """Within an epoch, at its end and at its beginning."""
    fit = STEPS[name]
    check_same(
        resumed(partial(fit, model_dir=tmp_path, save_checkpoints_steps=1), *[1] * 11), fit()
    )


def test_what_is_unlike_the_last_time_hardly_matters(tmp_path: Path) -> None:
    """Neither when checkpoints are due, nor what is printed, nor where the directory lies."""
    fit = STEPS["early stopping"]
    broken_off(partial(fit, model_dir=tmp_path / "a", save_checkpoints_steps=3), 2)
    (tmp_path / "a").rename(tmp_path / "b")
    saving = partial(
        fit, model_dir=str(tmp_path / "b"), save_checkpoints_secs=1e-9, keep_checkpoint_max=1
    )
    broken_off(saving, 2)
    assert len(list(tmp_path.glob("b/*/*.index"))) == 1
    check_same(fit(model_dir=tmp_path / "b", save_checkpoints_secs=None), fit())


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_checkpoints_change_nothing(case: Case, tmp_path: Path) -> None:
    check_same(case.fitted(model_dir=tmp_path, save_checkpoints_steps=2), case.fitted())


def test_warm_starts_go_on(tmp_path: Path) -> None:
    def both(**more: Any) -> Any:
        model = DROPPING(warm_start=True, **more)
        return quietly(quietly(model.fit, X, Y).fit, X, Y)

    saving = partial(both, model_dir=tmp_path, save_checkpoints_steps=3)
    assert broken_off(saving, 10) == [3, 6, 9, 12, 15, 18, 20, 3, 6, 9]
    check_same(saving(), both())
    assert len(list(tmp_path.iterdir())) == 3  # two of the first fit, which had come to its end


# ---- random numbers -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["early stopping", "few steps", "converged", "all rows at once"])
def test_a_random_state_ends_where_it_would_have_ended(name: str, tmp_path: Path) -> None:
    one, other = np.random.RandomState(3), np.random.RandomState(3)
    expected = STEPS[name](random_state=one)

    def go_on() -> Any:
        other.set_state(np.random.RandomState(3).get_state())
        return STEPS[name](random_state=other, model_dir=tmp_path, save_checkpoints_steps=2)

    check_same(resumed(go_on, 1, 2, 1), expected)
    assert state_of(one) == state_of(other)


def test_other_bit_generators(tmp_path: Path) -> None:
    for kind in (np.random.PCG64, np.random.Philox, np.random.SFC64):

        def fit(kind: Any = kind, **more: Any) -> Any:
            return STEPS["early stopping"](random_state=np.random.RandomState(kind(1)), **more)

        saving = partial(fit, model_dir=tmp_path, save_checkpoints_steps=2)
        check_same(resumed(saving, 2), fit())


@pytest.mark.parametrize(
    "fit", [STEPS["early stopping"], SEARCHES["deep"]], ids=["steps", "search"]
)
def test_without_a_random_state(fit: Fit, tmp_path: Path) -> None:
    """The first part's numbers decide, whatever is drawn today."""

    def saving(name: str, seed: int) -> Any:
        np.random.seed(seed)  # noqa: NPY002
        return fit(random_state=None, model_dir=tmp_path / name, save_checkpoints_steps=2)

    expected = saving("whole", 5)
    broken_off(lambda: saving("part", 5), 2)
    check_same(saving("part", 6), expected)
    assert saving("part", 6).loss_ != expected.loss_  # and that was all of it


def test_a_state_that_makes_no_sense_changes_nothing() -> None:
    for kind in (np.random.MT19937, np.random.Philox, np.random.PCG64):
        rng = np.random.RandomState(kind(1))
        rng.normal()
        before = state_of(rng)
        wrong = [{}, {**before, "bit_generator": "other"}]
        for name, values in {
            "pos": [625, -1, 10**9, "1", None],
            "key": [[1], [-1] * 624, ["a"] * 624, None],
            "state": [-1, "a", None],
            "counter": [[1], None],
        }.items():
            if name in before["state"]:
                wrong += [{**before, "state": {**before["state"], name: v}} for v in values]
        if "buffer_pos" in before:
            wrong += [{**before, "buffer_pos": place} for place in (5, -1, None)]
        for state in wrong:
            with pytest.raises((ValueError, TypeError, LookupError, ArithmeticError)):
                set_state(rng, state)
            assert state_of(rng) == before


# ---- which runs are the same --------------------------------------------------------------------


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_whatever_matters_has_a_directory_of_its_own(tmp_path: Path) -> None:
    one = {"hidden_units": (3,), "max_iter": 1, "random_state": 0}
    changed = X.copy()
    changed[7, 2] = np.nextafter(changed[7, 2], 2)
    fits: list[Callable[[], Any]] = [
        lambda: DNNRegressor(**one),
        lambda: DNNRegressor(**{**one, "hidden_units": (4,)}),
        lambda: DNNRegressor(**{**one, "max_iter": 2}),
        lambda: DNNRegressor(**{**one, "random_state": 1}),
        lambda: DNNRegressor(**{**one, "random_state": np.random.RandomState(0)}),
        lambda: DNNRegressor(**{**one, "random_state": np.random.RandomState(1)}),
        lambda: DNNRegressor(**one, l2_regularization_strength=0.1),
        lambda: DNNRegressor(**one, batch_size=7),
        lambda: DNNRegressor(**one, activation_fn=tf.tanh),
        lambda: DNNRegressor(**one, activation_fn=lambda x: 0.5 * x),
        lambda: DNNRegressor(**one, activation_fn=lambda x: 0.6 * x),
        lambda: DNNRegressor(**one, learning_rate=schedules.ExponentialDecay(0.1, 3, 0.5)),
        lambda: DNNRegressor(**one, learning_rate=schedules.ExponentialDecay(0.1, 3, 0.6)),
        lambda: DNNRegressor(**one, optimizer=partial(tf.train.MomentumOptimizer, momentum=0.5)),
        lambda: DNNRegressor(**one, optimizer=partial(tf.train.MomentumOptimizer, momentum=0.6)),
    ]
    rows: list[tuple[Any, ...]] = [
        (X, Y),
        (changed, Y),
        (X.astype("f"), Y),
        (csr_array(X), Y),
        (X, Y + 1.0),
        (X, Y, WEIGHT),
        (X, Y, WEIGHT + 1.0),
        (X, Y, None, X[:9], Y[:9]),
        (X, Y, None, X[:8], Y[:8]),
        (X, Y, None, X[:9], Y[:9], WEIGHT[:9] + 1.0),
        (FRAME, Y),
    ]
    for make in fits:
        quietly(make().set_params(model_dir=tmp_path).fit, X, Y)
    for given_rows in rows[1:]:
        quietly(fits[0]().set_params(model_dir=tmp_path).fit, *given_rows)
    quietly(DNNClassifier(**one, model_dir=tmp_path).fit, X, TWO)
    names = names_in(tmp_path)
    assert len(names) == len(fits) + len(rows)
    assert all(name.count("-") == 1 for name in names)
    quietly(clone(fits[0]()).set_params(model_dir=tmp_path, verbose=0).fit, X.tolist(), list(Y))
    assert len([name for name in names_in(tmp_path) if name.endswith("-2")]) == 1


def test_a_finished_fit_is_not_gone_on_with(tmp_path: Path) -> None:
    fit = partial(STEPS["plain"], model_dir=tmp_path, save_checkpoints_steps=3)
    for number in range(1, 4):
        check_same(fit(), STEPS["plain"]())
        assert len(names_in(tmp_path)) == number
    first = names_in(tmp_path)[0]
    assert names_in(tmp_path) == [first, f"{first}-2", f"{first}-3"]


def test_equal_fits_at_the_same_time(tmp_path: Path) -> None:
    together, found = threading.Barrier(3, timeout=60), []

    def fit() -> None:
        model = DROPPING(model_dir=tmp_path, save_checkpoints_steps=2)
        together.wait()
        found.append(quietly(model.fit, X, Y))

    threads = [threading.Thread(target=fit) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(names_in(tmp_path)) == 3
    for model in found:
        check_same(model, DROPPING().fit(X, Y))


@pytest.mark.parametrize("backend", ["threading", "loky", "multiprocessing"])
def test_a_search_with_one_directory(backend: str, tmp_path: Path) -> None:
    grid = {"learning_rate": [0.01, 0.1], "optimizer": ["Adam", "L-BFGS"]}
    model = DROPPING(max_iter=2)
    plain = GridSearchCV(model, grid, cv=2).fit(X, Y)
    saving = GridSearchCV(
        clone(model).set_params(model_dir=tmp_path, save_checkpoints_steps=2), grid, cv=2, n_jobs=2
    )
    with joblib.parallel_backend(backend):
        saving.fit(X, Y)
    scores = [search.cv_results_["mean_test_score"] for search in (plain, saving)]
    np.testing.assert_array_equal(*scores)
    check_same(saving.best_estimator_, plain.best_estimator_)
    assert len(names_in(tmp_path)) == 9


# ---- Ctrl-C -------------------------------------------------------------------------------------


@pytest.fixture
def handler() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


@pytest.mark.usefixtures("handler")
@pytest.mark.parametrize("name", ["early stopping", "deep", "poisson", "absolute"])
@pytest.mark.parametrize("stop", [1, 4, 6])
def test_after_an_interrupt_it_goes_on(
    name: str, stop: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = {**SEARCHES, **STEPS}[name]
    made: list[int] = []
    steps = name in STEPS
    kind, call = (Checkpoints, "after_step") if steps else (Evaluations, "after_iteration")
    real = getattr(kind, call)

    def after(self: Any, *args: Any) -> None:
        made.append(1)
        if len(made) == stop:
            signal.raise_signal(signal.SIGINT)
        real(self, *args)

    monkeypatch.setattr(kind, call, after)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        part = fit(model_dir=tmp_path)
    monkeypatch.undo()
    part.predict(X)
    assert part.n_iter_ == (-(-stop // 4) if steps else stop)
    written = list(tmp_path.glob("*/*.index"))
    assert len(written) == 1
    step = int(written[0].stem.rpartition("-")[2])
    assert (step == stop) if steps else (step > stop)
    check_same(resumed(partial(fit, model_dir=tmp_path)), fit())
    assert len(names_in(tmp_path)) == 1


@pytest.mark.usefixtures("handler")
@pytest.mark.parametrize("name", ["early stopping", "deep"])
def test_an_interrupt_that_comes_too_late_waits(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it was decided that no checkpoint is due, one step more is made, and then one is."""
    fit, asked = {**SEARCHES, **STEPS}[name], []

    def is_due(_: Run, step: int) -> bool:
        asked.append(step)
        if len(asked) == 3:
            signal.raise_signal(signal.SIGINT)
        return False

    monkeypatch.setattr(Run, "is_due", is_due)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        fit(model_dir=tmp_path)
    monkeypatch.undo()
    assert len(asked) == 3
    step = int(next(tmp_path.glob("*/*.index")).stem.rpartition("-")[2])
    assert step > asked[-1]
    check_same(resumed(partial(fit, model_dir=tmp_path)), fit())


@pytest.mark.usefixtures("handler")
@pytest.mark.parametrize(
    "name", ["early stopping", pytest.param("deep with dropout", marks=pytest.mark.soak)]
)
def test_interrupts_at_any_moment(name: str, tmp_path: Path) -> None:
    """While it scores, while it writes: what is on disk is where it can go on."""
    fit = {**SEARCHES, **STEPS}[name]
    saving = partial(fit, save_checkpoints_steps=4)
    numbers = iter(range(-9, 0))
    total = calls_of(lambda: saving(model_dir=tmp_path / str(next(numbers))))
    expected = fit()
    for number, moment in enumerate(np.linspace(1, 0.98 * total, 6).astype(int)):
        directory = tmp_path / str(number)
        with suppress(KeyboardInterrupt), pytest.warns(UserWarning, match="interrupted"):
            with Presses(int(moment)):
                saving(model_dir=directory)
        check_same(saving(model_dir=directory), expected)


# ---- errors -------------------------------------------------------------------------------------


def in_memory(fit: Fit, system: MemorySystem) -> Any:
    """Fit with checkpoints on a system in memory, which is called in the same order each time."""
    with files.using(files.Files(system)):
        return fit(model_dir="/runs", save_checkpoints_steps=5, summary_steps=None)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_spares_estimator_and_checkpoint(code: int) -> None:
    fit, system = STEPS["early stopping"], MemorySystem()
    expected = fit()
    in_memory(fit, system)
    told, model = 0, fit()
    model.set_params(model_dir="/runs", save_checkpoints_steps=5, summary_steps=None)
    for at in range(12, len(system.calls), 61):
        system = MemorySystem()
        system.fault = Fault(at, code, "all")
        with nothing_changes(model), files.using(files.Files(system)):
            with pytest.raises(errors.OpError, match="/runs"):
                model.fit(X, Y)
        after = system.after_kill()
        directory = "".join(after.names("/runs"))
        with files.using(files.Files(after)):
            latest = tf.train.latest_checkpoint(f"/runs/{directory}")
            ended = latest is not None and read(latest).finished
        told += latest is not None
        check_same(in_memory(fit, after), expected)
        # Only what the error came too late to stop is there twice.
        assert after.names("/runs") == [directory, f"{directory}-2"][: 1 + ended]
    assert told > 2


def rate_that_explodes(step: Any) -> Any:
    return tf.where(step < 11, tf.constant(0.01, tf.float64), tf.constant(1e300, tf.float64))


def test_a_loss_that_overflows_leaves_the_checkpoint_before(tmp_path: Path) -> None:
    model = REGRESSOR(model_dir=tmp_path, save_checkpoints_steps=5).fit(X, Y)
    model.set_params(learning_rate=rate_that_explodes, optimizer="SGD")
    for _ in range(2):
        with nothing_changes(model), pytest.raises(NanLossDuringTrainingError, match="step 13"):
            model.fit(X, Y)
        assert len(names_in(tmp_path)) == 2
        latest = [tf.train.latest_checkpoint(str(path)) or "" for path in tmp_path.iterdir()]
        assert sorted(Path(path).name for path in latest) == ["model.ckpt-10", "model.ckpt-20"]


# ---- damage -------------------------------------------------------------------------------------


def stored(fit: Fit) -> tuple[MemorySystem, str, dict[str, Any]]:
    """A system with a fit that was broken off, its last checkpoint, and what that holds."""
    system = MemorySystem()
    with files.using(files.Files(system)):
        broken_off(partial(fit, model_dir="/runs", save_checkpoints_steps=5), 2)
        prefix = tf.train.latest_checkpoint(f"/runs/{system.names('/runs')[0]}")
        assert prefix is not None
        with BundleReader(prefix) as bundle:
            return system.after_kill(), prefix, {n: bundle.read(n) for n in bundle.names()}


def check_damaged(fit: Fit, system: MemorySystem, prefix: str, arrays: dict[str, Any]) -> bool:
    """Fit where a checkpoint is another one; whether that is told of."""
    with files.using(files.Files(system)):
        with commit.commit(prefix) as transaction:
            bundle = BundleWriter(transaction)
            for name, value in arrays.items():
                bundle.add(name, value)
            bundle.finish()
        directory = str(Path(prefix).parent)
        paths = [f"{directory}/{name}" for name in system.names(directory)]
        before = {path: system.content(path) for path in paths}
        model = fit.make(model_dir="/runs", save_checkpoints_steps=5)
        try:
            quietly(model.fit, fit.X, fit.y)
        except errors.OpError as error:
            assert directory in str(error)  # noqa: PT017
            assert not model.__sklearn_is_fitted__()
            assert before == {path: system.content(path) for path in paths}
            return True
        except NanLossDuringTrainingError:
            return True
    return False


OTHERS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 30),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=3),
    st.just([]),
    st.just({}),
    st.lists(st.floats(), max_size=3),
)


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all that is in some facts, but only the beginnings of long lists."""
    if above:
        yield above
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*above, key))
    elif isinstance(value, list):
        for number in range(min(len(value), 2)):
            yield from places(value[number], (*above, number))


DAMAGED = {"early stopping": STEPS["early stopping"], "deep": SEARCHES["deep with dropout"]}


@functools.cache
def known(name: str) -> Any:
    return stored(DAMAGED[name])


@pytest.mark.parametrize("name", DAMAGED)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_other_facts(name: str, data: st.DataObject) -> None:
    check_other_facts(name, data)


@pytest.mark.soak
@pytest.mark.parametrize("name", DAMAGED)
@settings(max_examples=3000, deadline=None)
@given(data=st.data())
def test_many_other_facts(name: str, data: st.DataObject) -> None:
    check_other_facts(name, data)


def check_other_facts(name: str, data: st.DataObject) -> None:
    """Change one fact or two."""
    system, prefix, arrays = known(name)
    facts = json.loads(arrays["_fit/facts"].item())
    for _ in range(data.draw(st.integers(1, 2))):
        *above, last = data.draw(st.sampled_from(list(places(facts))))
        inner = functools.reduce(lambda part, key: part[key], above, facts)
        if data.draw(st.integers(0, 4)):
            inner[last] = data.draw(OTHERS)
        else:
            del inner[last]
        if not facts:
            break
    content = np.array(json.dumps(facts).encode(), dtype=object)
    check_damaged(DAMAGED[name], copy.deepcopy(system), prefix, {**arrays, "_fit/facts": content})


@pytest.mark.parametrize("name", DAMAGED)
def test_other_arrays(name: str) -> None:
    system, prefix, arrays = known(name)
    fit = DAMAGED[name]
    check_same(in_memory(fit, copy.deepcopy(system)), fit())
    for changed, value in arrays.items():
        if changed == "_fit/facts" or (name == "deep" and not changed.startswith("_fit")):
            continue  # where a search was is not what it goes on from
        others = {n: v for n, v in arrays.items() if n != changed}
        for wrong in (
            others,
            {**arrays, changed: np.zeros((*value.shape, 2), value.dtype)},
            {**arrays, changed: np.resize(value, (len(value) + 1, 2)) if value.shape else [value]},
            {**arrays, changed: value.astype("i2")},
            {**others, changed + "x": value},
        ):
            found = {n: np.asarray(v) for n, v in wrong.items()}
            assert check_damaged(fit, copy.deepcopy(system), prefix, found), changed


def test_a_checkpoint_of_another_kind() -> None:
    """One that a search has written, or another network."""
    (system, prefix, _), (_, _, other) = known("early stopping"), known("deep")
    assert check_damaged(STEPS["early stopping"], copy.deepcopy(system), prefix, other)
    wide = stored(Fit(partial(DROPPING, hidden_units=(7,), early_stopping=True)))[2]
    assert check_damaged(STEPS["early stopping"], copy.deepcopy(system), prefix, wide)


# ---- as TensorFlow has them ---------------------------------------------------------------------


@pytest.mark.parametrize("make", [LinearRegressor, DNNRegressor])
def test_those_of_searches_predict(tmp_path: Path, make: Any) -> None:
    model = make(optimizer="L-BFGS", model_dir=tmp_path).fit(X, Y)
    latest = tf.train.latest_checkpoint(str(next(tmp_path.iterdir())))
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.import_meta_graph(f"{latest}.meta").restore(session, latest)
        (features,), (outputs,) = tf.get_collection("features"), tf.get_collection("outputs")
        found = session.run(outputs, {features: X})
    np.testing.assert_array_equal(found[:, 0], model.predict(X))


def test_they_are_checkpoints_of_tensorflow(tmp_path: Path) -> None:
    fit = Fit(partial(DROPPING, optimizer="Momentum", l2_regularization_strength=0.5))
    broken_off(partial(fit, model_dir=tmp_path, save_checkpoints_steps=6), 2)
    latest = tf.train.latest_checkpoint(str(next(tmp_path.iterdir())))
    assert latest is not None
    shapes = dict(tf.train.list_variables(latest))
    assert shapes["dnn/hiddenlayer_0/weights"] == [4, 6]
    assert shapes["dnn/hiddenlayer_0/weights/Momentum"] == [4, 6]
    assert shapes["_fit/best/dnn/hiddenlayer_0/weights"] == [4, 6]
    assert shapes["_fit/streams/dnn/dropout/random_uniform/RandomUniform"] == [3]
    with tf.Graph().as_default() as graph, tf.Session() as session:
        saver = tf.train.import_meta_graph(latest + ".meta")
        saver.restore(session, latest)
        (train,) = tf.get_collection(tf.GraphKeys.TRAIN_OP)
        weights = [v for v in tf.trainable_variables() if "weights" in v.name]
        before = session.run(weights)
        assert all(np.abs(w).sum() > 0 for w in before)
        feeds = [op.outputs[0] for op in graph.get_operations() if op.type == "Placeholder"]
        rows = dict(zip(feeds, (X, Y[:, None]), strict=False))
        for _ in range(200):
            session.run(train, rows)
        after = session.run(weights)
    assert all((a != b).any() for a, b in zip(after, before, strict=True))


@pytest.mark.parametrize("fit", [STEPS["plain"], SEARCHES["deep"]], ids=["steps", "search"])
def test_the_users_graph_and_session_are_left_alone(fit: Fit, tmp_path: Path) -> None:
    with tf.Graph().as_default() as graph, tf.Session() as session:
        mine = tf.Variable(1.0, name="mine")
        session.run(mine.initializer)
        count = len(graph.get_operations())
        saving = partial(fit, model_dir=tmp_path, save_checkpoints_steps=2)
        resumed(saving, 2)
        assert len(graph.get_operations()) == count
        assert tf.get_default_graph() is graph
        assert tf.get_default_session() is session
        assert tf.global_variables() == [mine]
        assert session.run(mine) == 1.0


def test_at_most_so_many_stay(tmp_path: Path) -> None:
    for most in (1, 3):
        directory = tmp_path / str(most)
        STEPS["plain"](model_dir=directory, save_checkpoints_steps=2, keep_checkpoint_max=most)
        steps = [int(p.stem.rpartition("-")[2]) for p in directory.glob("*/*.index")]
        assert sorted(steps) == list(range(20, 0, -2))[:most][::-1]
        assert len(list(directory.glob("*/*.meta"))) == most
