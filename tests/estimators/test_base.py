"""The course of a fit: how long it goes on, what it keeps, what it shows, where it goes on."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import train_test_split

import skflow as tf
from skflow.estimators import DNNClassifier, DNNRegressor, LinearRegressor, schedules
from skflow.estimators.passes import continued
from tests.estimators.cases import (
    CASES,
    SEARCHES,
    STEPPERS,
    THREE,
    TWO,
    WEIGHT,
    Case,
    X,
    Y,
    outputs,
)

every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
stepping = pytest.mark.parametrize("case", STEPPERS.values(), ids=STEPPERS)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# Nothing but the limits ends a fit, and nothing is taken back.
PLAIN: dict[str, Any] = {"n_iter_no_change": np.inf, "tol": 0.0, "restore_best": False}
TARGET = np.square(Y)


def deep(**settings: Any) -> DNNRegressor:
    settings = {"learning_rate": 0.01, "batch_size": 16, "random_state": 0, **settings}
    return DNNRegressor((10,), **settings)


# ---- what it shows ------------------------------------------------------------------------------


@every
def test_what_a_fit_shows(case: Case) -> None:
    model = case.make(max_iter=4).fit(X, case.y, X_val=X[:20], y_val=case.y[:20])
    assert model.n_iter_ == len(model.loss_curve_) == len(model.history_["epoch"]) <= 4
    assert model.loss_ == model.loss_curve_[-1]
    assert all(type(loss) is float for loss in model.loss_curve_)
    assert 1 <= model.best_iter_ <= model.n_iter_
    assert model.n_features_in_ == 4
    assert model.n_outputs_ == 1
    table = pd.DataFrame(model.history_)
    assert table["epoch"].tolist() == list(range(1, model.n_iter_ + 1))
    assert table["loss"].tolist() == model.loss_curve_
    assert (table["seconds"].diff().dropna() >= 0).all()
    if model._recipes():
        assert table["validation_score"].tolist() == model.validation_scores_
        assert len(set(table["learning_rate"])) == 1
    else:
        assert model.validation_scores_ is None
        assert set(table) == {"epoch", "loss", "seconds"}


@every
def test_the_loss_shown_last_is_that_of_the_model(case: Case) -> None:
    """Of a search; that of steps is taken while the weights move."""
    model = case.make(max_iter=50)
    for name in (n for n in model.get_params() if n.endswith("dropout")):
        model.set_params(**{name: 0.0})
    model.fit(X, case.y)
    if model._recipes():
        model.set_params(max_iter=1, **dict.fromkeys(_rates(model), 1e-12), warm_start=True)
        before = outputs(model, X)
        model.fit(X, case.y)
        assert_allclose(outputs(model, X), before, rtol=1e-6, atol=1e-9)
    expected = _objective(model, case)
    assert model.loss_ == pytest.approx(expected, rel=1e-6, abs=1e-9)


def _rates(model: Any) -> list[str]:
    return [name for name in model.get_params() if name.endswith("learning_rate")]


def _objective(model: Any, case: Case) -> float:
    """The mean loss of a row and the penalty, from what the model shows."""
    if case.classifies:
        chances = model.predict_log_proba(X)
        places = np.searchsorted(model.classes_, case.y)
        loss = -np.mean(chances[np.arange(len(X)), places])
    else:
        loss = 0.5 * np.mean((model.predict(X) - case.y) ** 2)
    names = [n for n in model.get_variable_names() if n.endswith("weights")]
    squares = sum(np.sum(model.get_variable_value(n) ** 2) for n in names)
    return float(loss + 0.5 * model.l2_regularization_strength * squares / len(X))


# ---- how long it goes on ------------------------------------------------------------------------


@stepping
def test_so_many_epochs(case: Case) -> None:
    for epochs in (1, 3):
        model = case.make(**PLAIN, max_iter=epochs).fit(X, case.y)
        assert model.n_iter_ == epochs


@stepping
def test_so_many_steps(case: Case) -> None:
    """Four steps are an epoch of 60 rows in batches of 16; the last one is broken off."""
    model = case.make(**PLAIN, max_iter=1)
    for steps in (1, 4, 7, 13):
        found = clone(model).set_params(steps=steps).fit(X, case.y)
        assert found.n_iter_ == -(-steps // 4)
        if steps == 4:
            whole = clone(model).fit(X, case.y)
            assert (outputs(found, X) == outputs(whole, X)).all()
    first = clone(model).set_params(steps=13).fit(X, case.y)
    assert (outputs(first, X) != outputs(clone(model).set_params(steps=12).fit(X, case.y), X)).any()


@pytest.mark.parametrize("case", SEARCHES.values(), ids=SEARCHES)
def test_so_many_steps_of_a_search(case: Case) -> None:
    rows = X * [1.0, 10.0, 1.0, 0.1] + 5
    target = case.y if case.classifies else np.exp(case.y / 3)
    for steps in (1, 2):
        found = case.make(steps=steps, tol=1e-12).fit(rows, target)
        whole = case.make(max_iter=steps, tol=1e-12).fit(rows, target)
        assert found.n_iter_ == whole.n_iter_ <= steps
        assert (outputs(found, rows) == outputs(whole, rows)).all()


@every
def test_so_much_time(case: Case) -> None:
    model = case.make(max_time=1e-9, max_iter=10**6, **PLAIN).fit(X, case.y)
    assert model.n_iter_ == 1


def test_time_ends_a_long_fit() -> None:
    start = time.monotonic()
    model = deep(max_time=0.2, max_iter=10**6, **PLAIN).fit(X, TARGET)
    assert time.monotonic() - start < 30
    assert 1 < model.n_iter_ < 10**6
    assert model.history_["seconds"][-1] > 0.2 > model.history_["seconds"][-2] - 1


def test_it_stops_when_the_loss_does() -> None:
    model = deep(tol=0.05, n_iter_no_change=3, max_iter=500).fit(X, TARGET)
    losses = model.loss_curve_
    assert model.n_iter_ == len(losses) < 500
    progress = [losses[i] <= min(losses[:i]) - 0.05 for i in range(1, len(losses))]
    assert not any(progress[-4:])
    assert progress[-5]
    assert model.loss_ == losses[-1]


def test_patience_without_end() -> None:
    assert deep(n_iter_no_change=np.inf, tol=1e9, max_iter=30).fit(X, Y).n_iter_ == 30


# ---- what it keeps ------------------------------------------------------------------------------


def test_without_validation_the_training_loss_decides() -> None:
    model = deep(learning_rate=0.1, max_iter=60).fit(X, TARGET)
    assert model.validation_scores_ is None
    assert model.best_iter_ == np.argmin(model.loss_curve_) + 1 < 60
    shorter = deep(learning_rate=0.1, max_iter=model.best_iter_).fit(X, TARGET)
    assert (model.predict(X) == shorter.predict(X)).all()
    last = deep(learning_rate=0.1, max_iter=60, restore_best=False).fit(X, TARGET)
    assert last.loss_curve_ == model.loss_curve_
    assert (last.predict(X) != model.predict(X)).any()


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
@pytest.mark.parametrize(("kind", "y"), [(DNNRegressor, Y), (DNNClassifier, THREE)])
def test_rows_set_aside_decide(kind: Any, y: Any, weight: Any) -> None:
    settings: dict[str, Any] = {"early_stopping": True, "validation_fraction": 0.4}
    model = kind((10,), learning_rate=0.05, batch_size=16, random_state=0, **settings)
    model.fit(X, y, weight)
    scores = model.validation_scores_
    assert len(scores) == model.n_iter_ < 200
    assert model.best_iter_ == np.argmax(scores) + 1
    present = np.arange(len(X)) if weight is None else np.flatnonzero(weight)
    _, held = train_test_split(
        present,
        test_size=0.4,
        random_state=np.random.RandomState(0),
        stratify=y[present] if kind is DNNClassifier else None,
    )
    held_weight = None if weight is None else weight[held]
    found = model.score(X[held], y[held], held_weight)
    assert found == pytest.approx(max(scores), rel=1e-12)
    metric = accuracy_score if kind is DNNClassifier else r2_score
    last = clone(model).set_params(restore_best=False).fit(X, y, weight)
    expected = metric(y[held], last.predict(X[held]), sample_weight=held_weight)
    assert scores[-1] == pytest.approx(expected, rel=1e-12)


@stepping
def test_rows_given_to_validate_on(case: Case) -> None:
    held: dict[str, Any] = {
        "X_val": X[40:],
        "y_val": case.y[40:],
        "sample_weight_val": WEIGHT[40:] + 1,
    }
    plain = case.make(**PLAIN, max_iter=3).fit(X[:40], case.y[:40])
    told = clone(plain).fit(X[:40], case.y[:40], **held)
    assert told.loss_curve_ == plain.loss_curve_
    assert (outputs(told, X) == outputs(plain, X)).all()
    assert len(told.validation_scores_) == 3
    score = told.score(X[40:], case.y[40:], WEIGHT[40:] + 1)
    assert told.validation_scores_[-1] == pytest.approx(score, rel=1e-9)
    best = case.make(max_iter=3).fit(X[:40], case.y[:40], **held)
    assert best.best_iter_ == np.argmax(best.validation_scores_) + 1
    score = best.score(X[40:], case.y[40:], WEIGHT[40:] + 1)
    assert max(best.validation_scores_) == pytest.approx(score, rel=1e-9)
    stopped = case.make(early_stopping=True, n_iter_no_change=1, tol=10.0, max_iter=9)
    assert stopped.fit(X[:40], case.y[:40], **held).n_iter_ == 3


def test_a_rare_class_may_be_missing_among_the_rows_set_aside() -> None:
    y = np.where(np.arange(len(X)) == 7, "rare", TWO)
    model = DNNClassifier((5,), early_stopping=True, max_iter=3, random_state=0).fit(X, y)
    assert model.classes_.tolist() == ["no", "rare", "yes"]
    assert len(model.validation_scores_) == 3


# ---- where it goes on ---------------------------------------------------------------------------


@every
def test_a_first_warm_start_is_a_cold_one(case: Case) -> None:
    cold, warm = case.make().fit(X, case.y), case.make(warm_start=True).fit(X, case.y)
    assert (outputs(warm, X) == outputs(cold, X)).all()


@stepping
def test_a_warm_start_goes_on(case: Case) -> None:
    model = case.make(**PLAIN, warm_start=True, max_iter=10).fit(X, case.y)
    first = model.loss_curve_
    model.fit(X, case.y)
    assert len(model.loss_curve_) == 10
    assert model.loss_curve_[0] < first[0]
    steady = dict.fromkeys(_rates(model), 1e-12)
    before = outputs(model, X)
    model.set_params(max_iter=1, **steady).fit(X, case.y)
    assert_allclose(outputs(model, X), before, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("case", SEARCHES.values(), ids=SEARCHES)
def test_a_warm_search_begins_where_the_last_one_ended(case: Case) -> None:
    model = case.make(max_iter=200, warm_start=True).fit(X, case.y)
    again = clone(model).set_params(warm_start=True, max_iter=200).fit(X, case.y)
    assert again.loss_ == model.loss_
    again.fit(X, case.y)
    # How long it goes on from there hangs on how BLAS rounds.
    assert again.loss_curve_[0] <= model.loss_ * (1 + 1e-9)
    assert again.loss_ <= model.loss_ * (1 + 1e-9)


def test_a_warm_start_may_not_change_the_network() -> None:
    model = deep(warm_start=True, max_iter=2).fit(X, Y)
    for changed in ({"hidden_units": (5,)}, {"activation_fn": "tanh"}, {"dropout": 0.5}):
        other = clone(model).fit(X, Y).set_params(**changed)
        with pytest.raises(ValueError, match="network must stay the same"):
            other.fit(X, Y)
        other.set_params(warm_start=False).fit(X, Y)
    model.set_params(warm_start=False).fit(X[:, :2], Y)
    assert model.coefs_[0].shape == (2, 10)


# ---- steps --------------------------------------------------------------------------------------


@pytest.mark.parametrize("clip", [0.01, 0.5, 1e6])
def test_gradients_are_cut_down_to_a_norm(clip: float) -> None:
    settings: dict[str, Any] = {"optimizer": "SGD", "learning_rate": 0.1, "batch_size": 60, **PLAIN}
    start, free, cut = (
        _flat(deep(**settings, max_iter=epochs, gradient_clip_norm=norm).fit(X, TARGET))
        for epochs, norm in ((1, 1e-300), (1, None), (1, clip))
    )
    step = free - start
    norm = np.linalg.norm(step) / 0.1
    expected = step * min(1.0, clip / norm)
    assert_allclose(cut - start, expected, rtol=1e-6, atol=1e-12)


def _flat(model: Any) -> Any:
    return np.concatenate([model.get_variable_value(n).ravel() for n in model.get_variable_names()])


@stepping
def test_the_rate_of_each_epoch_is_shown(case: Case) -> None:
    model = case.make(**PLAIN, max_iter=3)
    rate = schedules.ExponentialDecay(0.1, decay_steps=4, decay_rate=0.5)
    model.set_params(**dict.fromkeys(_rates(model), rate)).fit(X, case.y)
    assert_allclose(model.history_["learning_rate"], [0.05, 0.025, 0.0125])
    steps: list[str] = []

    def rate_of(step: Any) -> Any:
        steps.append(step.dtype.name)
        return 0.1 * tf.pow(tf.constant(0.5, tf.float64), tf.cast(step, tf.float64) / 4.0)

    again = clone(model).set_params(**dict.fromkeys(_rates(model), rate_of)).fit(X, case.y)
    assert_allclose(outputs(again, X), outputs(model, X), rtol=1e-6, atol=1e-9)
    assert set(steps) == {"int64"}


def test_a_batch_larger_than_the_sample_is_clipped() -> None:
    with pytest.warns(UserWarning, match=r"Got `batch_size` 100, larger than the sample size 60"):
        clipped = deep(batch_size=100, max_iter=3).fit(X, Y)
    assert (clipped.predict(X) == deep(batch_size=60, max_iter=3).fit(X, Y).predict(X)).all()
    auto = deep(batch_size="auto", max_iter=3).fit(X, Y)
    assert (auto.predict(X) == clipped.predict(X)).all()


def test_rows_come_in_order_unless_they_are_shuffled() -> None:
    order = np.random.RandomState(1).permutation(len(X))
    plain: dict[str, Any] = {"shuffle": False, "max_iter": 2}
    first, second = deep(**plain).fit(X, Y), deep(**plain).fit(X[order], Y[order])
    assert (first.predict(X) != second.predict(X)).any()
    whole = deep(**plain, batch_size=60).fit(X, Y)
    turned = deep(**plain, batch_size=60).fit(X[order], Y[order])
    assert_allclose(whole.predict(X), turned.predict(X), rtol=1e-9)


# ---- histories ----------------------------------------------------------------------------------


def test_one_history_behind_another() -> None:
    first = {"epoch": [1, 2], "loss": [3.0, 2.0], "validation_score": [0.1, 0.2], "seconds": [1, 2]}
    second = {"epoch": [1], "loss": [1.0], "learning_rate": [0.5], "seconds": [3]}
    joined = continued(first, second)
    assert joined["epoch"] == [1, 2, 3]
    assert joined["loss"] == [3.0, 2.0, 1.0]
    assert joined["seconds"] == [1, 2, 5]
    assert joined["validation_score"][:2] == [0.1, 0.2]
    assert math.isnan(joined["validation_score"][2])
    assert [math.isnan(rate) for rate in joined["learning_rate"]] == [True, True, False]
    assert continued({}, second) == second


def test_linear_models_have_a_history_too() -> None:
    model = LinearRegressor(loss="huber").fit(X, TARGET)
    losses = pd.DataFrame(model.history_)["loss"]
    assert len(losses) > 2
    assert (losses.diff().dropna() <= 1e-9).all()
