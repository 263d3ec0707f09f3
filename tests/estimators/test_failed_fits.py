"""Whatever goes wrong on the way, a model is what it was, or wholly what it became."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy.sparse import csr_array
from sklearn.base import clone

import skflow as tf
from skflow.estimators import DNNClassifier, DNNRegressor, EstimatorSpec, GraphRegressor
from skflow.train.loop import NanLossDuringTrainingError
from tests.estimators.cases import (
    FRAME,
    PAIR,
    STEPPERS,
    THREE,
    TWO,
    WEIGHT,
    Case,
    X,
    Y,
    outputs,
    quietly,
)
from tests.estimators.unchanged import nothing_changes, picture

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

HOLE = X.copy()
HOLE[3, 1] = np.nan


@pytest.mark.parametrize("case", STEPPERS.values(), ids=STEPPERS)
def test_a_loss_that_overflows_names_the_step(case: Case) -> None:
    model = case.fitted()
    names = model.get_params()
    model.set_params(**{n: "SGD" for n in names if n.endswith("optimizer")})
    model.set_params(**{n: 1e300 for n in names if n.endswith("learning_rate")})
    with nothing_changes(model):
        for call in (model.fit, clone(model).partial_fit):
            with pytest.raises(NanLossDuringTrainingError, match=r"loss is (nan|inf) at step \d+"):
                call(1e20 * X[:, :3], case.y)


def test_weights_that_overflow_at_the_last_step() -> None:
    model = DNNRegressor((6,), max_iter=1, random_state=0).fit(X, Y)
    model.set_params(optimizer="SGD", learning_rate=1e308, restore_best=False)
    with nothing_changes(model):
        with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
            model.fit(1e3 * X, 1e3 * Y)
        with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
            model.partial_fit(1e3 * X, 1e3 * Y)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError, SystemExit, RuntimeError])
def test_whatever_is_raised_on_the_way(kind: type[BaseException]) -> None:
    made: list[int] = []

    def rate(_: Any) -> Any:
        made.append(1)
        if len(made) > 1:
            raise kind("on the way")
        return 0.01

    for model, y in ((DNNRegressor((6,), max_iter=3), Y), (DNNClassifier((6,), max_iter=3), TWO)):
        made.clear()
        model.set_params(learning_rate=rate, batch_size=16).fit(X, y)
        with nothing_changes(model):
            for call in (model.fit, model.partial_fit):
                with pytest.raises(kind, match="on the way"):
                    call(X, y)


def _bad_spec(features: Any, labels: Any, mode: Any, params: Any) -> Any:
    del labels, params
    return EstimatorSpec(mode, predictions=tf.reduce_sum(features))


def test_a_graph_of_ones_own_that_is_wrong() -> None:
    model = GraphRegressor(max_iter=3).fit(X, Y)
    model.set_params(model_fn=_bad_spec)
    with nothing_changes(model):
        with pytest.raises(ValueError, match=r"must have the shape \(n, 1\), got \(\)"):
            model.fit(X, Y)


# ---- any calls in any order ---------------------------------------------------------------------

Call = tuple[str, Callable[[Any, Any], Any]]

CALLS: list[Call] = [
    ("fit", lambda m, y: m.fit(X, y)),
    ("fit weighted", lambda m, y: m.fit(X, y, WEIGHT)),
    ("fit a frame", lambda m, y: m.fit(FRAME, y)),
    ("fit sparse", lambda m, y: m.fit(csr_array(X), y)),
    ("fit validated", lambda m, y: m.fit(X, y, X_val=X, y_val=y)),
    ("fit nan", lambda m, y: m.fit(HOLE, y)),
    ("fit too few", lambda m, y: m.fit(X, y[:-1])),
    ("fit other targets", lambda m, y: m.fit(X, TWO if y is not TWO else Y)),
    ("fit narrow", lambda m, y: m.fit(X[:, :2], y)),
    ("fit bad weights", lambda m, y: m.fit(X, y, -WEIGHT)),
    ("learn", lambda m, y: m.partial_fit(X, y)),
    ("learn a little", lambda m, y: m.partial_fit(X[:20], y[:20])),
    ("learn a frame", lambda m, y: m.partial_fit(FRAME, y)),
    ("learn nan", lambda m, y: m.partial_fit(HOLE, y)),
    ("learn narrow", lambda m, y: m.partial_fit(X[:, :2], y)),
    ("learn others", lambda m, y: m.partial_fit(X, PAIR if y is Y else THREE.astype(str))),
    ("predict nan", lambda m, _: m.predict(HOLE)),
    ("predict narrow", lambda m, _: m.predict(X[:, :2])),
    ("huge steps", lambda m, _: m.set_params(learning_rate=1e200, optimizer="SGD")),
    ("small steps", lambda m, _: m.set_params(learning_rate=0.01, optimizer="Adam")),
    ("search", lambda m, _: m.set_params(optimizer="L-BFGS")),
    ("bad optimizer", lambda m, _: m.set_params(optimizer="Newton")),
    ("warm", lambda m, _: m.set_params(warm_start=True)),
    ("cold", lambda m, _: m.set_params(warm_start=False)),
    ("wide", lambda m, _: m.set_params(hidden_units=(9,))),
    ("narrow", lambda m, _: m.set_params(hidden_units=(6,))),
    ("bad units", lambda m, _: m.set_params(hidden_units=(0,))),
]


def is_whole(model: Any) -> None:
    """Check that all that a model shows is of one fit."""
    rows = FRAME if hasattr(model, "feature_names_in_") else X[:, : model.n_features_in_]
    predicted = model.predict(rows)
    assert predicted.shape[0] == len(X)
    assert predicted.ndim == 1 if model.n_outputs_ == 1 else predicted.shape[1] == model.n_outputs_
    if max(np.abs(w).max() for w in model.coefs_) < 1e100:
        assert np.isfinite(outputs(model, rows)).all()
    assert len(model.coefs_) == len(model.intercepts_) > 0
    assert [w.shape[1] for w in model.coefs_] == [len(b) for b in model.intercepts_]
    assert len({len(column) for column in model.history_.values()}) == 1
    assert model.history_["loss"] == model.loss_curve_
    assert model.n_iter_ == len(model.loss_curve_) >= model.best_iter_ > 0
    assert pd.DataFrame(model.history_)["epoch"].tolist() == list(range(1, model.n_iter_ + 1))
    if hasattr(model, "classes_"):
        assert set(np.unique(predicted)) <= set(model.classes_)
        assert model.predict_proba(rows).shape == (len(X), len(model.classes_))


@pytest.mark.parametrize(
    ("kind", "y"), [(DNNRegressor, Y), (DNNClassifier, TWO)], ids=["regressor", "classifier"]
)
@settings(max_examples=40, deadline=None)
@given(calls=st.lists(st.sampled_from(CALLS), min_size=2, max_size=8))
def test_calls_in_any_order_never_leave_a_model_half_changed(
    kind: Any, y: Any, calls: list[Call]
) -> None:
    model = kind((6,), max_iter=2, batch_size=20, random_state=0)
    for name, call in calls:
        before = picture(model)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="X (does not have valid|has) feature")
                warnings.filterwarnings("ignore", message="np.find_common_type")  # old pandas
                quietly(call, model, y)
        except (ValueError, AttributeError):
            assert picture(model) == before, name
        except TypeError:
            assert name == "fit sparse"  # after a frame, whose categories are not sparse
            assert picture(model) == before
        if model.__sklearn_is_fitted__():
            is_whole(model)
        else:
            assert before == picture(model), name
