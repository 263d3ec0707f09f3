"""scikit-learn's callbacks see a fit epoch by epoch; without them nothing is done at all."""

from __future__ import annotations

import importlib.util
import io
import pickle
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from skflow.estimators import callbacks
from skflow.estimators.callbacks import CallbackSupport, EpochCallbacks
from skflow.train.batches import Batches
from skflow.train.loop import History, Limits, train

SUPPORTED = importlib.util.find_spec("sklearn.callback") is not None

RNG = np.random.RandomState(0)
X = RNG.normal(size=(24, 2))
Y = X @ [1.0, -2.0]
WEIGHT = RNG.uniform(0.1, 3.0, size=24)


def where_supported(test: Callable[..., None]) -> Callable[..., None] | None:
    """Collect a test only where scikit-learn has callbacks."""
    return test if SUPPORTED else None


class LinearDescent(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Fits a linear model by full steps of gradient descent."""

    epochs: ClassVar[Any] = EpochCallbacks

    def __init__(self, max_iter: int = 4, fails_at: int = -1) -> None:
        self.max_iter = max_iter
        self.fails_at = fails_at

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LinearDescent:
        before = dict(vars(self))
        try:
            self._descend(X, y, sample_weight)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise
        return self

    def _descend(self, X: Any, y: Any, sample_weight: Any) -> None:
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        rows, targets = validate_data(self, X, y)
        coef = np.zeros(rows.shape[1])

        def step(batch: Any, labels: Any) -> list[float]:
            errors = batch @ coef - labels
            coef[:] -= 0.1 * batch.T @ errors / len(batch)
            return [float(np.mean(errors**2))]

        def state() -> dict[str, Any]:
            return {"coef_": coef.copy()}

        with self.epochs(self, self.max_iter, X, y, metadata) as told:
            told.begin()

            def after(history: History) -> bool:
                if history.n_iter == self.fails_at:
                    raise ArithmeticError("the fit's own")
                return bool(told.epoch_end(state))

            train(
                step,
                Batches([rows, targets], 6),
                Limits(self.max_iter),
                before_epoch=lambda: told.epoch_begin(state),
                after_epoch=after,
            )
            self.coef_ = coef
            told.end()

    def predict(self, X: Any) -> Any:
        check_is_fitted(self)
        return validate_data(self, X, reset=False) @ self.coef_


class Descent(CallbackSupport, LinearDescent):
    """The same with callbacks, where there are any."""


class Recorder:
    """Writes down what it is told."""

    def __init__(self, stop_at: int | None = None, fails_in: str = "") -> None:
        self.calls: list[tuple[str, str, int]] = []
        self.contexts: list[Any] = []
        self.seen: dict[tuple[str, str, int], dict[str, Any]] = {}
        self.stop_at = stop_at
        self.fails_in = fails_in

    def _note(self, hook: str, estimator: Any, context: Any, **given: Any) -> tuple[str, str, int]:
        assert type(estimator).__name__ == context.estimator_name
        call = (hook, context.task_name, context.task_id)
        self.calls.append(call)
        self.contexts.append(context)
        self.seen[call] = given
        if hook == self.fails_in:
            raise LookupError("the callback's own")
        return call

    def setup(self, estimator: Any, context: Any) -> None:
        self._note("setup", estimator, context)

    def teardown(self, estimator: Any, context: Any) -> None:
        assert estimator._callback_fit_ctx is context
        self._note("teardown", estimator, context)

    def on_fit_task_begin(
        self,
        estimator: Any,
        context: Any,
        *,
        X: Any,
        y: Any,
        metadata: Any,
        fitted_estimator: Any,
    ) -> None:
        self._note("begin", estimator, context, X=X, y=y, metadata=metadata, model=fitted_estimator)

    def on_fit_task_end(
        self,
        estimator: Any,
        context: Any,
        *,
        X: Any,
        y: Any,
        metadata: Any,
        fitted_estimator: Any,
    ) -> bool:
        _, name, number = self._note(
            "end", estimator, context, X=X, y=y, metadata=metadata, model=fitted_estimator
        )
        return name == "epoch" and number == self.stop_at


class Onlooker:
    """Does not ask for the model."""

    def __init__(self) -> None:
        self.ended = 0

    def setup(self, estimator: Any, context: Any) -> None:
        """Nothing to set up."""

    teardown = on_fit_task_begin = setup

    def on_fit_task_end(self, *_: Any) -> None:
        self.ended += 1


class Untouchable:
    """Must not be looked at."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked for")


def untouched() -> Any:
    raise AssertionError("the attributes were asked for")


def course(epochs: int) -> list[tuple[str, str, int]]:
    """The calls of a fit of so many epochs."""
    inner = [(hook, "epoch", n) for n in range(epochs) for hook in ("begin", "end")]
    fit = ("fit", 0)
    return [("setup", *fit), ("begin", *fit), *inner, ("end", *fit), ("teardown", *fit)]


# ---- without callbacks ---------------------------------------------------------------------


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module as it is where scikit-learn has no callbacks."""
    monkeypatch.setitem(sys.modules, "sklearn.callback", None)
    spec = importlib.util.spec_from_file_location("without_callbacks", callbacks.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def drive(told: EpochCallbacks) -> None:
    """All calls of a fit, each with attributes that must not be evaluated."""
    with told:
        told.begin()
        for _ in range(3):
            told.epoch_begin(untouched)
            assert told.epoch_end(untouched) is False
        told.end(untouched)


def test_without_callbacks_nothing_is_evaluated() -> None:
    model = Descent()
    before = dict(vars(model))
    told = EpochCallbacks(model, 3, Untouchable(), Untouchable(), Untouchable())
    drive(told)
    assert not told.active
    assert vars(model) == before


def test_where_scikit_learn_has_none(missing: ModuleType) -> None:
    class Plain(missing.CallbackSupport, LinearDescent):  # type: ignore[misc, name-defined]
        epochs = missing.EpochCallbacks

    drive(missing.EpochCallbacks(Plain(), 3, Untouchable(), Untouchable()))
    assert not hasattr(Plain(), "set_callbacks")
    assert Plain().get_params() == Descent().get_params()
    model = clone(Plain(max_iter=7)).fit(X, Y)
    assert (model.predict(X) == Descent(max_iter=7).fit(X, Y).predict(X)).all()
    with pytest.raises(ArithmeticError, match="the fit's own"):
        Plain(fails_at=2).fit(X, Y)


def test_errors_come_through_without_callbacks() -> None:
    with pytest.raises(ArithmeticError, match="the fit's own"):
        Descent(fails_at=2).fit(X, Y)


# ---- the course of a fit -------------------------------------------------------------------


@where_supported
def test_hooks_are_called_in_order() -> None:
    recorder = Recorder()
    model = Descent(max_iter=3).set_callbacks(recorder).fit(X, Y)
    assert recorder.calls == course(3)
    fit, epoch = recorder.contexts[0], recorder.contexts[2]
    assert (fit.max_subtasks, fit.estimator_name) == (3, "Descent")
    assert (epoch.max_subtasks, epoch.parent) == (0, fit)
    fitted = {"max_iter", "fails_at", "n_features_in_", "coef_", "_skl_callbacks"}
    assert set(vars(model)) == fitted
    model.fit(X, Y)
    assert recorder.calls == course(3) * 2


@where_supported
def test_callbacks_are_given_the_users_data_and_the_model_at_each_moment() -> None:
    recorder = Recorder()
    model = Descent(max_iter=3).set_callbacks(recorder).fit(X, Y, sample_weight=WEIGHT)
    for given in [given for (hook, *_), given in recorder.seen.items() if "X" in given]:
        assert given["X"] is X
        assert given["y"] is Y
        assert given["metadata"]["sample_weight"] is WEIGHT
    for epoch in range(3):
        found = recorder.seen["end", "epoch", epoch]["model"]
        alone = Descent(max_iter=epoch + 1).fit(X, Y)
        assert found is not model
        assert (found.predict(X) == alone.predict(X)).all()
        assert found.score(X, Y) == alone.score(X, Y)
        if epoch:
            begun = recorder.seen["begin", "epoch", epoch]["model"]
            assert (begun.coef_ == Descent(max_iter=epoch).fit(X, Y).coef_).all()
    assert (recorder.seen["end", "fit", 0]["model"].coef_ == model.coef_).all()


@where_supported
def test_the_model_is_only_made_for_those_who_ask() -> None:
    onlooker = Onlooker()
    model = Descent().set_callbacks(onlooker)
    drive(EpochCallbacks(model, 3, X, Y))
    assert onlooker.ended == 4
    model.set_callbacks(onlooker, Recorder())
    with pytest.raises(AssertionError, match="the attributes were asked for"):
        drive(EpochCallbacks(model, 3, X, Y))


@where_supported
@pytest.mark.parametrize("epoch", [0, 1, 3])
def test_a_callback_can_end_the_fit(epoch: int) -> None:
    first, second = Recorder(stop_at=epoch), Recorder()
    model = Descent(max_iter=9).set_callbacks(first, second).fit(X, Y)
    assert second.calls == course(epoch + 1)
    assert (model.coef_ == Descent(max_iter=epoch + 1).fit(X, Y).coef_).all()


@where_supported
@pytest.mark.parametrize("hook", ["setup", "begin", "end", "teardown"])
def test_an_error_in_a_callback_tears_down_and_changes_nothing(hook: str) -> None:
    recorder, onlooker = Recorder(fails_in=hook), Recorder()
    model = Descent().set_callbacks(recorder, onlooker)
    before = dict(vars(model))
    with pytest.raises(LookupError, match="the callback's own"):
        model.fit(X, Y)
    hooks = [call[0] for call in recorder.calls]
    assert hooks.count("teardown") == 1
    assert hooks[-1] == "teardown"
    # Only those that were set up are torn down.
    others = [call[0] for call in onlooker.calls]
    assert others.count("setup") == others.count("teardown") == int(hook != "setup")
    assert vars(model) == before


@where_supported
def test_an_error_in_the_fit_tears_down() -> None:
    recorder = Recorder()
    model = Descent(fails_at=2).set_callbacks(recorder)
    before = dict(vars(model))
    with pytest.raises(ArithmeticError, match="the fit's own"):
        model.fit(X, Y)
    assert recorder.calls == [*course(2)[:5], ("teardown", "fit", 0)]
    assert vars(model) == before


@where_supported
def test_an_iteration_that_found_nothing_is_closed() -> None:
    recorder = Recorder()
    told = EpochCallbacks(Descent().set_callbacks(recorder), 2, X, Y, task_name="iteration")
    with told:
        told.begin()
        told.epoch_begin(dict)
        told.epoch_end(dict)
        told.epoch_begin(dict)
        told.epoch_begin(dict)  # Another search; there is room for two iterations only.
        told.end()
    assert [call[:2] for call in recorder.calls[-6:]] == [
        ("begin", "iteration"),
        ("end", "iteration"),
        ("begin", "iteration"),
        ("end", "iteration"),
        ("end", "fit"),
        ("teardown", "fit"),
    ]
    assert recorder.seen["end", "iteration", 1]["model"] is None


# ---- scikit-learn's own callbacks and meta-estimators ----------------------------------------


def monitor(scoring: Any = "r2") -> Any:
    return importlib.import_module("sklearn.callback").ScoringMonitor(scoring=scoring)


@where_supported
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_the_scoring_monitor_scores_each_epoch(weight: Any) -> None:
    scores = monitor()
    Descent(max_iter=4).set_callbacks(scores).fit(X, Y, sample_weight=weight)
    log = scores.get_logs().data_as_pandas
    alone = [Descent(max_iter=n).fit(X, Y).score(X, Y, weight) for n in (1, 2, 3, 4)]
    epochs = log[log["task_name"] == "epoch"]
    assert epochs["r2"].tolist() == alone
    assert epochs["task_id"].tolist() == [0, 1, 2, 3]
    assert log[log["task_name"] == "fit"]["r2"].tolist() == alone[-1:]


@where_supported
def test_callbacks_survive_clones_and_pickles() -> None:
    scores = monitor()
    model = Descent().set_callbacks(scores)
    clone(model).fit(X, Y)
    assert len(scores.get_logs(select="all")) == 1
    model.fit(X, Y)
    again = pickle.loads(pickle.dumps(model))
    assert (again.predict(X) == model.predict(X)).all()
    again.fit(X, Y)
    assert len(again._skl_callbacks[0].get_logs(select="all")) == 3


@where_supported
def test_in_a_pipeline() -> None:
    recorder = Recorder()
    recorder.max_propagation_depth = None  # type: ignore[attr-defined]
    pipeline = make_pipeline(StandardScaler(), Descent(max_iter=2)).set_callbacks(recorder)
    pipeline.fit(X, Y)
    names = [(c.task_name, c.source_task_name, c.parent) for c in recorder.contexts]
    root = recorder.contexts[0]
    assert [name for name, *_ in names].count("epoch") == 4
    assert ("fit", "fit-final-estimator", root) in names
    assert not hasattr(pipeline[-1], "_skl_callbacks")
    assert not hasattr(pipeline[-1], "_parent_callback_ctx")
    own = monitor()
    make_pipeline(StandardScaler(), Descent(max_iter=2).set_callbacks(own)).fit(X, Y)
    assert [row["task_name"] for row in own.get_logs().data] == ["fit", "epoch", "epoch"]


@where_supported
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_in_a_grid_search(n_jobs: int) -> None:
    scores = monitor()
    model = Descent().set_callbacks(scores)
    search = GridSearchCV(model, {"max_iter": [2, 3]}, cv=2, error_score="raise", n_jobs=n_jobs)
    with importlib.import_module("joblib").parallel_backend("threading"):
        search.fit(X, Y)
    log = scores.get_logs().data_as_pandas
    epochs = log[log["task_name"] == "epoch"].groupby("parent_task_id_path").size()
    assert sorted(epochs) == [2, 2, 3, 3, 3]
    assert search.best_estimator_.max_iter == 3


@where_supported
@pytest.mark.parametrize("depth", [0, None])
def test_the_progress_bar_fills_up(depth: int | None) -> None:
    bar = importlib.import_module("sklearn.callback").ProgressBar
    models = {
        "Descent - fit": Descent(max_iter=3),
        "Pipeline - fit": make_pipeline(StandardScaler(), Descent(max_iter=3)),
        "GridSearchCV - fit": GridSearchCV(Descent(), {"max_iter": [2]}, cv=2),
    }
    for title, model in models.items():
        with redirect_stdout(io.StringIO()) as shown:
            model.set_callbacks(bar(max_propagation_depth=depth)).fit(X, Y)
        text = shown.getvalue()
        assert title in text
        assert ("| Descent - fit" in text) == (depth is None and "Descent" not in title)
        assert "100%" in text
        assert not re.search(r"\b\d{1,2}%", text)


@where_supported
def test_what_is_no_callback_is_refused() -> None:
    with pytest.raises(TypeError, match="callbacks must be instances following the FitCallback"):
        Descent().set_callbacks(object())
