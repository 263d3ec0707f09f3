"""Passes of `partial_fit` in random order are the epochs of one fit, to the bit."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_array
from sklearn.base import clone

from skflow.estimators import DNNLinearCombinedClassifier, DNNRegressor
from skflow.estimators.recipes import OPTIMIZERS
from tests.estimators.cases import (
    PAIR,
    SEVERAL,
    STEPPERS,
    THREE,
    WEIGHT,
    Case,
    X,
    Y,
    outputs,
)

stepping = pytest.mark.parametrize("case", STEPPERS.values(), ids=STEPPERS)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# An epoch of `fit` ends early or is taken back under other settings.
EPOCHS: dict[str, Any] = {"restore_best": False, "n_iter_no_change": np.inf, "tol": 0.0}


def values(model: Any) -> dict[str, bytes]:
    """All that was learnt, to the bit."""
    return {n: model.get_variable_value(n).tobytes() for n in model.get_variable_names()}


def passes(model: Any, count: int, *args: Any, **kwargs: Any) -> Any:
    """A model after some calls on all rows, pickled after each."""
    for _ in range(count):
        model.partial_fit(*args, **kwargs)
        model = pickle.loads(pickle.dumps(model))
    return model


@stepping
@pytest.mark.parametrize("several", [False, True], ids=["one", "several"])
def test_so_many_passes_are_so_many_epochs(case: Case, several: bool) -> None:
    y = case.y if not several else SEVERAL if case.classifies else PAIR
    whole = case.make(**EPOCHS, max_iter=4).fit(X, y)
    parts = passes(clone(whole), 4, X, y)
    assert values(parts) == values(whole)
    assert parts.loss_curve_ == whole.loss_curve_
    assert parts.n_iter_ == whole.n_iter_ == 4
    assert parts.best_iter_ == whole.best_iter_
    assert parts.history_.keys() == whole.history_.keys()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_keeps_its_state(optimizer: str) -> None:
    settings: dict[str, Any] = {**EPOCHS, "batch_size": 16, "max_iter": 3, "random_state": 0}
    deep = DNNRegressor((6,), optimizer=optimizer, learning_rate=0.01, dropout=0.3, **settings)
    both = DNNLinearCombinedClassifier(
        (6,), dnn_optimizer=optimizer, linear_optimizer=optimizer, dnn_dropout=0.3, **settings
    )
    for model, y in ((deep, Y), (both, THREE)):
        for weight in (None, WEIGHT):
            whole = clone(model).fit(X, y, weight)
            parts = passes(clone(model), 3, X, y, sample_weight=weight)
            assert values(parts) == values(whole)


@stepping
def test_passes_over_sparse_rows_are_those_over_dense_ones(case: Case) -> None:
    rows = np.where(np.abs(X) > 0.5, X, 0.0)
    sparse, dense = (passes(case.make(), 2, kind, case.y) for kind in (csr_array(rows), rows))
    assert_allclose(outputs(sparse, rows), outputs(dense, rows), rtol=1e-6, atol=1e-12)
    mixed = case.make().partial_fit(rows, case.y).partial_fit(csr_array(rows), case.y)
    assert_allclose(outputs(mixed, rows), outputs(dense, rows), rtol=1e-6, atol=1e-12)


@stepping
def test_fit_forgets_what_was_learnt(case: Case) -> None:
    model = case.make().partial_fit(X, case.y).partial_fit(X, case.y)
    expected = case.make().fit(X, case.y)
    assert values(model.fit(X, case.y)) == values(expected)
    assert model.n_iter_ == expected.n_iter_
    assert model.history_.keys() == expected.history_.keys()


@stepping
def test_a_warm_start_goes_on_where_passes_ended(case: Case) -> None:
    parts = case.make(**EPOCHS, warm_start=True).partial_fit(X, case.y)
    steady = {n: 1e-12 for n in parts.get_params() if n.endswith("learning_rate")}
    warm = copy.deepcopy(parts).set_params(**steady, max_iter=1).fit(X, case.y)
    assert_allclose(outputs(warm, X), outputs(parts, X), rtol=1e-6, atol=1e-9)
    assert warm.n_iter_ == 1


def test_validation_is_no_part_of_a_pass() -> None:
    model = DNNRegressor((5,), early_stopping=True, max_iter=3, random_state=0).fit(X, Y)
    assert model.validation_scores_ is not None
    model.partial_fit(X, Y)
    frame = pd.DataFrame(model.history_)
    assert frame["validation_score"].isna().tolist() == [False] * 3 + [True]
    assert model.validation_scores_ is None


def test_streams_of_rows_are_learnt_from() -> None:
    rng = np.random.RandomState(0)
    model = DNNRegressor((20,), learning_rate=0.03, random_state=0)
    for _ in range(400):
        rows = rng.uniform(-1, 1, size=(50, 2))
        model.partial_fit(rows, np.sin(3 * rows[:, 0]) * rows[:, 1])
    rows = rng.uniform(-1, 1, size=(500, 2))
    assert model.score(rows, np.sin(3 * rows[:, 0]) * rows[:, 1]) > 0.95
    assert model.n_iter_ == 400
