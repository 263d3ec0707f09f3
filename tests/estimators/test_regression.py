"""Regressors: targets of every kind, losses, quantiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.metrics import r2_score

import skflow as tf
from skflow.estimators import (
    DNNLinearCombinedRegressor,
    DNNRegressor,
    GraphRegressor,
    LinearRegressor,
)
from tests.estimators.cases import FRAME, PAIR, WEIGHT, X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

REGRESSORS: dict[str, Any] = {
    "linear": LinearRegressor(),
    "deep": DNNRegressor((20,), learning_rate=0.02, max_iter=400, random_state=0),
    "combined": DNNLinearCombinedRegressor(
        (20,), dnn_learning_rate=0.02, linear_learning_rate=0.3, max_iter=400, random_state=0
    ),
    "graph": GraphRegressor(learning_rate=0.1, max_iter=400, random_state=0),
}
every = pytest.mark.parametrize("model", REGRESSORS.values(), ids=REGRESSORS)

LEVEL = np.exp(0.3 * (Y - 3))  # positive


# ---- targets ------------------------------------------------------------------------------------


@every
def test_targets_of_every_kind(model: Any) -> None:
    quick = clone(model)
    if not isinstance(model, LinearRegressor):
        quick.set_params(max_iter=5)
    expected = quick.fit(X, Y).predict(X)
    for y in (Y.tolist(), pd.Series(Y), np.asfortranarray(Y), np.repeat(Y, 2)[::2]):
        assert (clone(quick).fit(X, y).predict(X) == expected).all()
    whole = np.round(Y).astype(int)
    found = clone(quick).fit(X, whole).predict(X)
    assert (found == clone(quick).fit(X, whole.astype(float)).predict(X)).all()
    frame = pd.DataFrame(PAIR, columns=["u", "v"])
    assert (clone(quick).fit(X, frame).predict(X) == clone(quick).fit(X, PAIR).predict(X)).all()
    single = clone(quick).fit(X.astype(np.float32), Y)
    assert single.predict(X.astype(np.float32)).dtype == np.float32


@every
def test_targets_keep_their_shape(model: Any) -> None:
    for y, shape in ((Y, (60,)), (Y[:, np.newaxis], (60, 1)), (PAIR, (60, 2))):
        fitted = clone(model).fit(X, y)
        assert fitted.predict(X).shape == shape
        assert fitted.n_outputs_ == (1 if y.ndim == 1 else shape[1])
        assert fitted.score(X, y) == pytest.approx(r2_score(y, fitted.predict(X)))
        assert fitted.score(X, y) > 0.85
    weighted = clone(model).fit(X, Y, WEIGHT)
    expected = r2_score(Y, weighted.predict(X), sample_weight=WEIGHT)
    assert weighted.score(X, Y, WEIGHT) == pytest.approx(expected)


def test_linear_weights_have_scikit_learns_shapes() -> None:
    for y, coef, intercept in (
        (Y, (4,), ()),
        (Y[:, np.newaxis], (1, 4), (1,)),
        (PAIR, (2, 4), (2,)),
    ):
        fitted = LinearRegressor().fit(X, y)
        assert np.shape(fitted.coef_) == coef
        assert np.shape(fitted.intercept_) == intercept
        found = X @ np.transpose(fitted.coef_) + fitted.intercept_
        assert_allclose(fitted.predict(X), found, rtol=1e-9)
    frame = LinearRegressor().fit(FRAME, Y)
    assert frame.coef_.shape == (9,)
    assert len(frame.coef_names_) == 9


# ---- losses -------------------------------------------------------------------------------------


def half_deviance(loss: str, y: Any, found: Any) -> Any:
    """Losses of rows, written by hand."""
    errors = np.abs(y - found)
    return {
        "squared": lambda: 0.5 * errors**2,
        "absolute": lambda: errors,
        "huber": lambda: np.where(errors < 1, 0.5 * errors**2, errors - 0.5),
        "poisson": lambda: found - y * np.log(found),
        "gamma": lambda: np.log(found) + y / found,
        "quantile": lambda: 0.5 * errors,
    }[loss]()


@every
@pytest.mark.parametrize("loss", ["squared", "absolute", "huber", "poisson", "gamma", "quantile"])
def test_losses(model: Any, loss: str) -> None:
    fitted = clone(model).set_params(loss=loss, l2_regularization_strength=0.0).fit(X, LEVEL)
    found = fitted.predict(X)
    if loss in ("poisson", "gamma"):
        assert (found > 0).all()
    constant = np.median(LEVEL) if loss in ("absolute", "quantile") else np.mean(LEVEL)
    before = half_deviance(loss, LEVEL, np.full(60, constant)).mean()
    after = half_deviance(loss, LEVEL, found).mean()
    perfect = half_deviance(loss, LEVEL, LEVEL).mean()
    assert after - perfect < 0.5 * (before - perfect)
    if isinstance(model, LinearRegressor):
        assert fitted.loss_ == pytest.approx(after, rel=1e-6)


@every
@pytest.mark.parametrize(
    ("loss", "best"),
    [
        ("squared", np.mean),
        ("absolute", np.median),
        ("poisson", np.mean),
        ("gamma", np.mean),
    ],
)
def test_training_begins_at_the_best_constant(model: Any, loss: str, best: Any) -> None:
    if isinstance(model, (LinearRegressor, GraphRegressor)):
        still = clone(model).set_params(optimizer="SGD", learning_rate=1e-12, max_iter=1)
        found = still.set_params(loss=loss).fit(X[:59], LEVEL[:59]).predict(X)
        assert_allclose(found, best(LEVEL[:59]), rtol=1e-6)
    else:
        rates = {n: 1e-12 for n in model.get_params() if n.endswith("learning_rate")}
        still = clone(model).set_params(**rates, max_iter=1, loss=loss).fit(X[:59], LEVEL[:59])
        zeros = np.zeros((1, 4))  # at which the dense layers give nothing but the biases
        assert_allclose(still.predict(zeros), best(LEVEL[:59]), rtol=1e-6)


@every
def test_a_loss_may_be_a_function(model: Any) -> None:
    def log_cosh(labels: Any, outputs: Any) -> Any:
        errors = tf.abs(outputs - labels)
        return errors + tf.nn.softplus(-2.0 * errors) - np.log(2.0)

    for y in (Y, PAIR):
        fitted = clone(model).set_params(loss=log_cosh).fit(X, y)
        assert fitted.score(X, y) > 0.85
        assert not hasattr(fitted, "predict_quantiles")


# ---- quantiles ----------------------------------------------------------------------------------


@every
@pytest.mark.parametrize("y", [Y, PAIR], ids=["one", "two"])
def test_quantiles(model: Any, y: Any) -> None:
    wanted = [0.9, 0.1, 0.5]
    fitted = clone(model).set_params(loss="quantile", quantile=wanted).fit(X, y)
    found = fitted.predict_quantiles(X)
    assert found.shape == (*y.shape, 3)
    assert (found[..., 1] <= found[..., 2]).all()
    assert (found[..., 2] <= found[..., 0]).all()
    assert_allclose(fitted.predict(X), found[..., 2], rtol=1e-12)
    below = (y[..., np.newaxis] <= found + 1e-6).reshape(-1, 3).mean(axis=0)
    assert_allclose(below, wanted, atol=0.25)
    assert fitted.n_outputs_ == (1 if y.ndim == 1 else 2)


@every
def test_one_quantile(model: Any) -> None:
    for quantile in (0.25, [0.25], np.array([0.25]), np.float32(0.25)):
        fitted = clone(model).set_params(loss="quantile", quantile=quantile, max_iter=20).fit(X, Y)
        assert fitted.predict_quantiles(X).shape == (60, 1)
        assert (fitted.predict_quantiles(X)[:, 0] == fitted.predict(X)).all()


@every
def test_quantiles_are_there_where_they_were_fitted(model: Any) -> None:
    quick = clone(model).set_params(max_iter=3)
    assert not hasattr(quick, "predict_quantiles")
    quick.fit(X, Y).set_params(loss="quantile")
    with pytest.raises(AttributeError, match="has no attribute 'predict_quantiles'") as caught:
        quick.predict_quantiles(X)
    assert "only available with loss='quantile', got loss='squared'" in str(caught.value.__cause__)
    quick.fit(X, Y).set_params(loss="squared")
    assert quick.predict_quantiles(X).shape == (60, 1)


def test_no_median_among_the_quantiles() -> None:
    fitted = LinearRegressor(loss="quantile", quantile=[0.2, 0.6]).fit(X, Y)
    low, high = fitted.predict_quantiles(X).T
    assert_allclose(fitted.predict(X), low + 0.75 * (high - low), rtol=1e-10)
    upper = LinearRegressor(loss="quantile", quantile=[0.9, 0.7]).fit(X, Y)
    assert_allclose(upper.predict(X), upper.predict_quantiles(X)[:, 1], rtol=1e-10)
