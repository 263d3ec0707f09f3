"""The course of one fit."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import train_test_split

import skflow as tf
from skflow.estimators import (
    DNNClassifier,
    DNNRegressor,
    GraphRegressor,
    LinearClassifier,
    LinearRegressor,
)
from tests.estimators.cases import DEEP, STEPPERS, THREE, TWO, WEIGHT, Case, X, Y, values

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

stepping = pytest.mark.parametrize("case", STEPPERS.values(), ids=STEPPERS)


def counting(step: Any) -> Any:
    """A learning rate that tells how many steps were made."""
    return 0.001 + 1e-9 * tf.cast(step, tf.float64)


def steps_of(model: Any) -> list[int]:
    """How many steps were made by the end of each epoch."""
    return [round((rate - 0.001) / 1e-9) for rate in model.history_["learning_rate"]]


# ---- how long it lasts --------------------------------------------------------------------------

LONG: dict[str, Any] = {"optimizer": "Adam", "learning_rate": counting, "tol": 0}


@pytest.mark.parametrize("kind", [LinearRegressor, partial(DNNRegressor, (3,))])
@pytest.mark.parametrize(
    ("batch_size", "steps", "expected"),
    [
        (16, 1, [1]),
        (16, 4, [4]),
        (16, 9, [4, 8, 9]),
        (60, 3, [1, 2, 3]),
        ("auto", 2, [1, 2]),
        (7, 20, [9, 18, 20]),
    ],
)
def test_so_many_steps_are_made(
    kind: Any, batch_size: Any, steps: int, expected: list[int]
) -> None:
    model = kind(**LONG, batch_size=batch_size, steps=steps, max_iter=1).fit(X, Y)
    assert steps_of(model) == expected
    assert model.n_iter_ == len(expected) == len(model.loss_curve_)


def test_so_many_epochs_are_made() -> None:
    model = LinearRegressor(**LONG, batch_size=25, max_iter=4).fit(X, Y)
    assert steps_of(model) == [3, 6, 9, 12]
    weighted = clone(model).fit(X, Y, WEIGHT)  # rows that do not count are in no batch
    rows = np.count_nonzero(WEIGHT)
    assert steps_of(weighted) == [-(-rows // 25) * k for k in range(1, 5)]


def test_large_sets_come_in_batches_of_200() -> None:
    for rows, steps in ((199, 1), (200, 1), (201, 2), (1000, 5)):
        model = LinearRegressor(**LONG, max_iter=1).fit(np.ones((rows, 1)), np.zeros(rows))
        assert steps_of(model) == [steps]


@pytest.mark.parametrize("call", ["fit", "partial_fit"])
def test_batches_larger_than_all_are_warned_of_where_it_is_called(call: str) -> None:
    model = DNNRegressor((3,), batch_size=61, max_iter=2)
    with pytest.warns(UserWarning, match="Got `batch_size` 61, larger than the sample") as caught:
        getattr(model, call)(X, Y)
    told = [w.filename for w in caught if "batch_size" in str(w.message)]
    assert [Path(name).name for name in told] == [Path(__file__).name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(model.set_params(batch_size=60, steps=2), call)(X, Y)


def test_an_early_end_is_warned_of_where_it_is_called() -> None:
    for optimizer in ("Adam", "L-BFGS"):
        model = DNNRegressor((3,), optimizer=optimizer, max_iter=2)
        with pytest.warns(match=r"Maximum iterations \(2\) reached") as caught:
            model.fit(X, Y)
        assert [Path(w.filename).name for w in caught] == [Path(__file__).name]


# ---- where it begins ----------------------------------------------------------------------------


def test_linear_models_begin_at_the_best_constant() -> None:
    settings: dict[str, Any] = {"optimizer": "SGD", "learning_rate": 1e-12, "steps": 1}
    for weight in (None, WEIGHT):
        first = LinearRegressor(**settings).fit(X, Y, weight)
        mean = np.average(Y, weights=weight)
        assert first.intercept_ == pytest.approx(mean)
        assert first.loss_ == pytest.approx(np.average((Y - mean) ** 2, weights=weight) / 2)
        assert np.abs(first.coef_).max() < 1e-10
        classes = LinearClassifier(**settings).fit(X, THREE, weight)
        np.testing.assert_allclose(classes.predict_proba(X), 1 / 3, rtol=1e-9)
        middle = LinearRegressor(**settings, loss="quantile", quantile=0.3).fit(X, Y, weight)
        below = np.average(middle.predict(X) + 1e-6 >= Y, weights=weight)
        assert 0.3 <= below < 0.36


@stepping
def test_a_warm_start_begins_where_the_last_fit_ended(case: Case) -> None:
    settings = {"shuffle": False, "restore_best": False, "batch_size": 60}
    model = case.make(**settings, warm_start=True).fit(X, case.y)
    end = values(model)
    rates = {name: 1e-300 for name in model.get_params() if name.endswith("learning_rate")}
    names = {name: "SGD" for name in model.get_params() if name.endswith("optimizer")}
    model.set_params(**names, **rates, steps=1).fit(X, case.y)
    assert values(model) == end
    assert model.n_iter_ == len(model.loss_curve_) == 1


# ---- rows set aside -----------------------------------------------------------------------------


def test_rows_of_all_classes_are_set_aside() -> None:
    settings: dict[str, Any] = {"early_stopping": True, "validation_fraction": 0.2}
    for y in (TWO, THREE):
        model = DNNClassifier(**DEEP, **settings, restore_best=False).fit(X, y)
        held = train_test_split(
            np.arange(60), test_size=0.2, random_state=np.random.RandomState(0), stratify=y
        )[1]
        expected = accuracy_score(y[held], model.predict(X[held]))
        assert model.validation_scores_[-1] == pytest.approx(expected)


def test_a_class_of_one_row_does_not_keep_rows_from_being_set_aside() -> None:
    y = np.array(["often"] * 30 + ["rare"] + ["sometimes"] * 29)
    model = DNNClassifier(**DEEP, early_stopping=True, validation_fraction=0.3).fit(X, y)
    assert len(model.validation_scores_) == model.n_iter_
    many = np.arange(60) % 20  # more classes than rows set aside
    assert DNNClassifier(**DEEP, early_stopping=True).fit(X, many).validation_scores_ is not None


def test_too_few_rows_to_set_aside_are_told_of() -> None:
    model = DNNRegressor(**{**DEEP, "batch_size": "auto"}, early_stopping=True)
    with pytest.raises(ValueError, match="The validation set is too small. Increase 'validation_"):
        model.fit(X[:5], Y[:5])


@stepping
@pytest.mark.parametrize("weighted", [False, True])
def test_rows_of_ones_own_are_scored(case: Case, weighted: bool) -> None:
    weight = WEIGHT[40:] + 0.5 if weighted else None
    model = case.make(restore_best=False)
    model.fit(X[:40], case.y[:40], None, X[40:], case.y[40:], weight)
    expected = model.score(X[40:], case.y[40:], weight)
    assert model.validation_scores_[-1] == pytest.approx(expected, rel=1e-12)
    assert model.history_["validation_score"] == model.validation_scores_
    best = case.make().fit(X[:40], case.y[:40], None, X[40:], case.y[40:], weight)
    assert best.best_iter_ == np.argmax(best.validation_scores_) + 1
    found = best.score(X[40:], case.y[40:], weight)
    assert found == pytest.approx(max(best.validation_scores_), rel=1e-12)


def test_rows_of_ones_own_stop_it_if_asked() -> None:
    """Without `early_stopping` the training loss goes on to decide."""
    settings: dict[str, Any] = {**DEEP, "max_iter": 60, "n_iter_no_change": 3, "tol": 0.0}
    worse = -Y[40:]  # learnt ever worse
    given = X[40:], worse
    stopped = DNNRegressor(**settings, early_stopping=True).fit(X[:40], Y[:40], None, *given)
    going = DNNRegressor(**settings).fit(X[:40], Y[:40], None, *given)
    assert stopped.n_iter_ < 20 < going.n_iter_
    assert stopped.validation_scores_ == going.validation_scores_[: stopped.n_iter_]
    assert going.best_iter_ == np.argmax(going.validation_scores_) + 1
    expected = r2_score(worse, stopped.predict(X[40:]))
    assert expected == pytest.approx(max(stopped.validation_scores_), rel=1e-9)


# ---- what ends it -------------------------------------------------------------------------------


def test_progress_is_judged_as_scikit_learn_does() -> None:
    model = DNNRegressor((10,), learning_rate=0.02, tol=0.05, n_iter_no_change=2, random_state=0)
    losses = model.fit(X, Y).loss_curve_
    assert 3 < len(losses) < 200
    stale, best, ends = 0, np.inf, []
    for loss in losses:
        stale = stale + 1 if loss > best - 0.05 else 0
        best = min(best, loss)
        ends.append(stale > 2)
    assert ends == [False] * (len(losses) - 1) + [True]


def test_patience_may_be_endless() -> None:
    model = LinearRegressor(optimizer="SGD", learning_rate=1e-300, max_iter=40)
    assert model.fit(X, Y).n_iter_ == 12
    assert model.set_params(n_iter_no_change=np.inf).fit(X, Y).n_iter_ == 40


def test_weights_that_are_not_finite_are_refused() -> None:
    """They may come of the last step, which no loss has seen."""
    model = GraphRegressor(optimizer="SGD", learning_rate=1e308, steps=1)
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="non-finite parameter weight"):
        model.fit(X * 1e3, Y * 1e3)
    assert not model.__sklearn_is_fitted__()


def test_time_ends_it_after_a_step() -> None:
    model = DNNRegressor(**{**DEEP, "learning_rate": counting}, max_time=1e-9, restore_best=False)
    with pytest.warns(match=r"Maximum time \(1e-09 s\) reached"):
        model.fit(X, Y)
    assert steps_of(model) == [1]
    whole = clone(model).set_params(max_time=None, steps=1).fit(X, Y)
    assert values(whole) == values(model)


# ---- what is told -------------------------------------------------------------------------------


def doubled(rate: Any) -> Any:
    """An optimizer twice as fast as it is told."""
    return tf.train.AdamOptimizer(2.0 * rate)


class Secret(tf.train.AdamOptimizer):
    """An optimizer that does not say how fast it is."""

    def __init__(self) -> None:
        super().__init__(0.01)
        self._secret = self.__dict__.pop("_lr")

    def _prepare(self) -> None:
        self._lr = self._secret
        super()._prepare()
        del self._lr


RATES: list[tuple[Any, Any, float]] = [
    ("Adam", 0.02, 0.02),
    (tf.train.AdamOptimizer, 0.02, 0.02),
    (tf.train.MomentumOptimizer(0.03, 0.9), 0.02, 0.03),
    (tf.train.AdadeltaOptimizer(np.float32(0.5)), 0.02, 0.5),
    (doubled, 0.02, 0.04),
    (Secret(), 0.02, np.nan),
]


@pytest.mark.parametrize(("optimizer", "rate", "expected"), RATES)
def test_the_learning_rate_told_is_the_one_gone_by(
    optimizer: Any, rate: Any, expected: float
) -> None:
    model = LinearRegressor(optimizer=optimizer, learning_rate=rate, max_iter=3).fit(X, Y)
    np.testing.assert_allclose(model.history_["learning_rate"], [expected] * 3, rtol=1e-6)
    assert np.isfinite(model.coef_).all()
