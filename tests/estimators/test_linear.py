"""Linear models against scikit-learn's, which know the optimum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, Ridge

from skflow.estimators import LinearRegressor

X, Y = load_diabetes(return_X_y=True)
X = np.ascontiguousarray(X)
N = len(Y)
RNG = np.random.RandomState(0)
WEIGHT = RNG.randint(0, 4, N).astype(float)
# Columns of very different sizes, far from zero, and one that never changes.
UNSCALED = np.column_stack([X * 10.0 ** np.arange(-4, 6) + np.arange(10) * 1e3, np.full(N, 7.0)])


def objective(
    model: Any, x: Any, y: Any, *, l1: float = 0.0, l2: float = 0.0, weight: Any = None
) -> float:
    """What a linear model minimises."""
    weight = np.ones(len(y)) if weight is None else weight
    residual = y - x @ model.coef_ - model.intercept_
    penalty = l2 / 2 * np.sum(model.coef_**2) + l1 * np.abs(model.coef_).sum()
    return float((weight @ residual**2 / 2 + penalty) / weight.sum())


@pytest.mark.parametrize("x", [X, UNSCALED], ids=["scaled", "unscaled"])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_it_reaches_linear_regression(x: Any, weight: Any) -> None:
    model = LinearRegressor().fit(x, Y, weight)
    # Scikit-learn's takes the smallest of the unscaled columns for constant ones.
    best = LinearRegression().fit(X, Y, weight)
    assert model.score(x, Y, weight) == pytest.approx(best.score(X, Y, weight), abs=1e-6)
    np.testing.assert_allclose(model.predict(x), best.predict(X), rtol=1e-5)
    assert model.loss_ == pytest.approx(objective(best, X, Y, weight=weight), rel=1e-6)


@pytest.mark.parametrize("x", [X, UNSCALED], ids=["scaled", "unscaled"])
@pytest.mark.parametrize("alpha", [1e-3, 1.0, 1e4])
def test_it_reaches_ridge(x: Any, alpha: float) -> None:
    model = LinearRegressor(l2_regularization_strength=alpha).fit(x, Y)
    best = Ridge(alpha, solver="svd").fit(x, Y)
    found = objective(model, x, Y, l2=alpha)
    assert found == pytest.approx(objective(best, x, Y, l2=alpha), rel=1e-6)
    assert model.loss_ == pytest.approx(found, rel=1e-6)


@pytest.mark.parametrize("alpha", [0.01, 0.3])
def test_it_reaches_the_lasso(alpha: float) -> None:
    model = LinearRegressor(l1_regularization_strength=alpha * N).fit(X, Y)
    best = Lasso(alpha, tol=1e-10, max_iter=100_000).fit(X, Y)
    found = objective(model, X, Y, l1=alpha * N)
    assert found == pytest.approx(objective(best, X, Y, l1=alpha * N), rel=1e-6)
    assert ((model.coef_ == 0) == (best.coef_ == 0)).all()


def test_it_reaches_the_elastic_net() -> None:
    model = LinearRegressor(
        l1_regularization_strength=0.05 * N, l2_regularization_strength=0.01 * N
    ).fit(X, Y)
    best = ElasticNet(0.06, l1_ratio=5 / 6, tol=1e-10, max_iter=100_000).fit(X, Y)
    np.testing.assert_allclose(model.coef_, best.coef_, atol=1e-3)


def test_float32_comes_close() -> None:
    x, y = X.astype(np.float32), Y.astype(np.float32)
    model = LinearRegressor().fit(x, y)
    best = LinearRegression().fit(X, Y)
    assert objective(model, X, Y) == pytest.approx(objective(best, X, Y), rel=1e-4)
    assert model.coef_.dtype == np.float32


def test_weights_equal_repeated_rows() -> None:
    times = WEIGHT.astype(int)
    weighted = LinearRegressor(l2_regularization_strength=0.1).fit(X, Y, WEIGHT)
    repeated = LinearRegressor(l2_regularization_strength=0.1).fit(
        X.repeat(times, axis=0), Y.repeat(times)
    )
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-8)
    assert weighted.loss_ == pytest.approx(repeated.loss_, rel=1e-9)


def test_rows_of_weight_zero_are_as_if_absent() -> None:
    present = WEIGHT > 0
    settings = {"optimizer": "Adam", "max_iter": 3, "random_state": 0, "tol": 0.0}
    with pytest.warns(UserWarning, match="Maximum iterations"):
        weighted = LinearRegressor(**settings).fit(X, Y, present.astype(float))
        absent = LinearRegressor(**settings).fit(X[present], Y[present])
    np.testing.assert_allclose(weighted.coef_, absent.coef_, rtol=1e-12)


def test_several_outputs_are_fitted_as_if_alone() -> None:
    y = np.column_stack([Y, 1e-6 * X[:, 2] * Y, np.full(N, 2.0)])
    model = LinearRegressor().fit(X, y)
    best = LinearRegression().fit(X, y)
    assert model.coef_.shape == best.coef_.shape == (3, 10)
    assert model.intercept_.shape == (3,)
    scale = np.abs(best.coef_).max(axis=1, keepdims=True) + 1e-9
    np.testing.assert_allclose(model.coef_ / scale, best.coef_ / scale, atol=1e-5)


@pytest.mark.filterwarnings("ignore:Maximum iterations")
@pytest.mark.parametrize(
    ("optimizer", "rate"),
    [
        ("SGD", 0.1),
        ("Momentum", 0.1),
        ("Adagrad", 0.5),
        ("Adam", 0.05),
        ("RMSProp", 0.01),
        ("Ftrl", 0.5),
        ("Adadelta", 30.0),
    ],
)
def test_optimizers_by_name_come_close(optimizer: str, rate: float) -> None:
    x = (X - X.mean(0)) / X.std(0)
    y = (Y - Y.mean()) / Y.std()
    model = LinearRegressor(
        optimizer=optimizer, learning_rate=rate, random_state=0, max_iter=300, batch_size=N
    )
    assert model.fit(x, y).score(x, y) == pytest.approx(
        LinearRegression().fit(x, y).score(x, y), abs=3e-3
    )


@pytest.mark.parametrize("l1", [0.0, 3.0])
def test_warm_start_goes_on_from_the_optimum(l1: float) -> None:
    model = LinearRegressor(warm_start=True, l1_regularization_strength=l1).fit(X, Y)
    first, iterations = model.coef_.copy(), model.n_iter_
    model.fit(X, Y)
    assert model.n_iter_ <= max(1, iterations // 2)
    np.testing.assert_allclose(model.coef_, first, rtol=1e-4, atol=1e-3)


def test_one_row_and_constant_targets() -> None:
    assert LinearRegressor().fit([[1.0, 2.0]], [3.0]).predict([[5.0, 5.0]]) == pytest.approx(3.0)
    model = LinearRegressor().fit(X, np.full(N, 4.0))
    np.testing.assert_allclose(model.predict(X), 4.0, rtol=1e-12)
    assert model.n_iter_ == 1


def test_public_weights_are_what_predicts() -> None:
    model = LinearRegressor().fit(X, Y)
    model.coef_[:] = 0.0
    np.testing.assert_allclose(model.predict(X), model.intercept_)
