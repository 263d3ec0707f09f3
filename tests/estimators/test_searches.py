"""Searches for parameters and curves over them, in processes and in threads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
    learning_curve,
    validation_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skflow.estimators import DNNClassifier, DNNRegressor, schedules
from tests.estimators.cases import (
    CASES,
    FRAME,
    LABELS,
    SEVERAL,
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

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SEARCHES: dict[str, Callable[..., Any]] = {
    "grid": GridSearchCV,
    "random": partial(RandomizedSearchCV, n_iter=3, random_state=0),
    "halving": partial(HalvingGridSearchCV, min_resources=30, random_state=0),
}
GRID = {
    "dnnclassifier__hidden_units": [(4,), (8, 4)],
    "dnnclassifier__learning_rate": [0.1, schedules.ExponentialDecay(0.1, 10, 0.5)],
}


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_a_search_finds_the_same_everywhere(name: str, backend: str) -> None:
    model = make_pipeline(StandardScaler(), DNNClassifier(max_iter=10, random_state=0))
    search = SEARCHES[name](model, GRID, cv=2, error_score="raise")
    alone = clone(search).fit(X, THREE)
    with joblib.parallel_backend(backend, n_jobs=2):
        together = search.fit(X, THREE)
    assert together.best_params_ == alone.best_params_
    assert_array_equal(
        together.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
    )
    best = clone(together.best_estimator_).fit(X, THREE)
    assert (together.predict_proba(X) == best.predict_proba(X)).all()


@every
def test_every_estimator_can_be_searched(case: Case) -> None:
    grid = {"l2_regularization_strength": [0.1, 10.0, 1000.0]}
    search = GridSearchCV(case.make(), grid, cv=2, error_score="raise", n_jobs=2)
    search.fit(FRAME, case.y, sample_weight=WEIGHT)
    best = case.make(**search.best_params_).fit(FRAME, case.y, WEIGHT)
    assert (outputs(search, FRAME) == outputs(best, FRAME)).all()


def test_what_was_a_command_line_once_is_a_parameter() -> None:
    """Steps, batches and all else can be searched for; TF.Learn's could not."""
    spread = {
        "steps": [5, 20],
        "batch_size": [10, "auto"],
        "learning_rate": loguniform(1e-3, 1e-1),
        "optimizer": ["Adam", "SGD", "Momentum"],
        "activation_fn": ["relu", "tanh"],
        "dropout": [0.0, 0.3],
        "gradient_clip_norm": [None, 1.0],
        "hidden_units": [(3,), (4, 4)],
    }
    model = DNNRegressor(random_state=0)
    search = RandomizedSearchCV(model, spread, n_iter=8, cv=2, random_state=0, error_score="raise")
    search.fit(X, Y)
    assert len(set(search.cv_results_["mean_test_score"])) == 8


def test_scores_of_any_kind() -> None:
    model = DNNClassifier((8,), max_iter=30, learning_rate=0.05, random_state=0)
    for y, scoring in [
        (TWO == "yes", "roc_auc"),
        (TWO == "yes", "average_precision"),
        (TWO, "accuracy"),
        (THREE, "roc_auc_ovr"),
        (THREE, "neg_log_loss"),
        (LABELS, "f1_macro"),
        (LABELS, "roc_auc"),
    ]:
        scores = cross_val_score(model, X, y, cv=3, scoring=scoring, error_score="raise")
        assert (scores > (-1.0 if scoring == "neg_log_loss" else 0.5)).all()


# ---- curves -------------------------------------------------------------------------------------


def test_learning_curves() -> None:
    model = DNNRegressor((8,), max_iter=100, learning_rate=0.03, random_state=0)
    _, train, test = learning_curve(model, X, Y, cv=3, train_sizes=[0.3, 1.0], n_jobs=2)
    assert (train.mean(axis=1) > 0.9).all()
    assert test.mean(axis=1)[1] > test.mean(axis=1)[0]


@pytest.mark.parametrize("case", STEPPERS.values(), ids=STEPPERS)
def test_learning_curves_of_models_that_learn_on(case: Case) -> None:
    curve = partial(learning_curve, cv=2, train_sizes=[0.4, 1.0], error_score="raise")
    model = case.make(batch_size="auto")
    _, train, test = curve(clone(model), X, case.y, exploit_incremental_learning=True)
    assert np.isfinite([train, test]).all()
    if not case.classifies:
        for part in (slice(30, 42), slice(42, 60)):
            model.partial_fit(X[part], case.y[part])
        assert train[1, 0] == model.score(X[30:], case.y[30:])


def test_validation_curves() -> None:
    model = DNNRegressor((8,), max_iter=30, random_state=0)
    rates = [1e-4, 1e-2, 1e-1]
    for n_jobs in (None, 2):
        train, _ = validation_curve(
            model, X, Y, param_name="learning_rate", param_range=rates, cv=2, n_jobs=n_jobs
        )
        assert (np.diff(train.mean(axis=1)) > 0).all()


# ---- predictions for rows left out --------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "shape"),
    [(TWO, (60, 2)), (THREE, (60, 3)), (LABELS, (60, 2)), (SEVERAL, None)],
    ids=["two", "three", "labels", "several"],
)
@pytest.mark.parametrize("method", ["predict_proba", "predict_log_proba", "decision_function"])
def test_predictions_for_rows_left_out(y: Any, shape: Any, method: str) -> None:
    model = DNNClassifier((8,), max_iter=10, random_state=0)
    found = cross_val_predict(model, X, y, cv=3, method=method, n_jobs=2)
    if shape is None:
        assert [part.shape for part in found] == [(60, 3), (60, 2)]
    else:
        assert found.shape == (
            (60,) if shape == (60, 2) and y is TWO and "dec" in method else shape
        )
