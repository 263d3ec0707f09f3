"""The search for linear models against scikit-learn's solvers, a Newton method and linear programs."""

from __future__ import annotations

import itertools
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.special import expit, logsumexp
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.linear_model import (
    ElasticNet,
    GammaRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
)
from sklearn.preprocessing import scale
from sklearn.svm import SVC

import skflow as tf
from skflow.estimators.classification_heads import (
    BinaryHead,
    MulticlassHead,
    MultilabelHead,
    MultioutputHead,
)
from skflow.estimators.features import Features
from skflow.estimators.heads import Head
from skflow.estimators.inputs import Rows
from skflow.estimators.linear_search import LinearSearch
from skflow.estimators.objectives import Penalty
from skflow.estimators.regression_head import RegressionHead
from skflow.train.loop import History

RNG = np.random.RandomState(0)
X, Y = load_diabetes(return_X_y=True)
N = len(Y)
WEIGHT = RNG.randint(1, 4, N).astype(float)
COUNTS = RNG.poisson(np.exp(1 + (Y - 150) / 300)).astype(float)
# Columns of very different sizes, far from zero, and one that never changes.
UNSCALED = np.column_stack([X * 10.0 ** np.arange(-4, 6) + np.arange(10) * 1e5, np.full(N, 7.0)])
TUMOURS, MALIGNANT = load_breast_cancer(return_X_y=True)
WINES, CULTIVARS = load_wine(return_X_y=True)
TARGETS = {"squared": Y, "huber": Y, "gamma": Y, "poisson": COUNTS}

Found = tuple[Any, Any, History]


def fit(
    head: Head,
    x: Any,
    y: Any,
    *,
    l1: float = 0.0,
    l2: float = 0.0,
    weight: Any = None,
    start: Any = None,
    **options: Any,
) -> Found:
    """The weights and biases found, and the course of the search."""
    features = x if isinstance(x, Features) else Features(x)
    rows = Rows(features, y, weight)
    options = {"tol": 1e-9, "max_iter": 2000, **options}
    found = LinearSearch(features.spec, head, rows, Penalty(l1, l2)).run(start, **options)
    (weights, biases), history = found
    return weights, biases, history


def column(y: Any) -> Any:
    return np.array(y, np.float64).reshape(-1, 1)


def row_losses(loss: str, y: Any, outputs: Any, q: float = 0.5) -> Any:
    if loss == "squared":
        return 0.5 * (y - outputs) ** 2
    if loss == "huber":
        near = np.minimum(np.abs(y - outputs), 1)
        return near * (np.abs(y - outputs) - near / 2)
    if loss == "quantile":
        return np.maximum(q * (y - outputs), (q - 1) * (y - outputs))
    if loss == "hinge":
        return np.maximum(0, 1 - (2 * y - 1) * outputs)
    if loss == "softmax":
        return (logsumexp(outputs, axis=1) - outputs[np.arange(len(y)), y])[:, np.newaxis]
    return {
        "log": lambda: np.logaddexp(0, outputs) - y * outputs,
        "poisson": lambda: np.exp(outputs) - y * outputs,
        "gamma": lambda: outputs + y * np.exp(-outputs),
    }[loss]()


def objective(
    loss: str,
    x: Any,
    y: Any,
    weights: Any,
    biases: Any,
    *,
    l1: float = 0.0,
    l2: float = 0.0,
    weight: Any = None,
    q: float = 0.5,
) -> float:
    """What a linear model minimises, in NumPy."""
    weight = np.ones(len(y)) if weight is None else weight
    losses = row_losses(loss, y, x @ np.asarray(weights, float) + biases, q).sum(axis=1)
    penalty = l2 / 2 * np.sum(np.square(weights)) + l1 * np.abs(weights).sum()
    return float((weight @ losses + penalty) / weight.sum())


def of_scikit_learn(model: Any) -> tuple[Any, Any]:
    return np.atleast_2d(model.coef_).T, np.atleast_1d(model.intercept_)


def derivatives(loss: str, y: Any, o: Any) -> tuple[Any, Any]:
    """The first and second ones of `row_losses`, or what bounds the second."""
    return {
        "log": lambda: (expit(o) - y, expit(o) * expit(-o)),
        "squared": lambda: (o - y, np.ones_like(o)),
        "huber": lambda: (np.clip(o - y, -1, 1), 1 / np.maximum(np.abs(o - y), 1)),
        "poisson": lambda: (np.exp(o) - y, np.exp(o)),
        "gamma": lambda: (1 - y * np.exp(-o), y * np.exp(-o)),
    }[loss]()


def newton(loss: str, x: Any, y: Any, l2: float, weight: Any) -> float:
    """The least objective with one output, by Newton's method on scaled columns."""
    spread = np.where(x.std(axis=0) > 0, x.std(axis=0), np.inf)
    z = np.column_stack([(x - x.mean(axis=0)) / spread, np.ones(len(x))])
    ridge = np.append(l2 / spread**2, 0.0)
    place = np.zeros(z.shape[1])
    place[-1] = {"log": 0.0, "squared": y.mean(), "huber": np.median(y)}.get(loss, np.log(y.mean()))

    def value(at: Any) -> float:
        with np.errstate(over="ignore"):
            total = weight @ row_losses(loss, y, (z @ at)[:, np.newaxis]) + ridge @ at**2 / 2
        return float(total.item() / weight.sum())

    for _ in range(200):
        o = (z @ place)[:, np.newaxis]
        slope, bend = derivatives(loss, y, o)
        gradient = z.T @ (weight * slope[:, 0]) + ridge * place
        hessian = (z.T * (weight * bend[:, 0])) @ z + np.diag(ridge)
        step = np.linalg.lstsq(hessian, gradient, rcond=1e-13)[0]
        while value(place - step) > value(place) and np.abs(step).max() > 1e-14:
            step = step / 2
        place = place - step
    return value(place)


def forms(x: Any) -> list[Any]:
    return [x, csr_array(x)]


FORMS = pytest.mark.parametrize("form", [np.asarray, csr_array], ids=["dense", "sparse"])
DATA = pytest.mark.parametrize("x", [X, UNSCALED], ids=["scaled", "unscaled"])
WEIGHTS = pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])


# ---- squared losses ----------------------------------------------------------------------


@FORMS
@DATA
@WEIGHTS
def test_it_reaches_linear_regression(form: Any, x: Any, weight: Any) -> None:
    weights, biases, history = fit(RegressionHead("squared", 1), form(x), column(Y), weight=weight)
    # Scikit-learn's takes the smallest of the unscaled columns for constant ones.
    best = of_scikit_learn(LinearRegression().fit(X, Y, weight))
    wanted = objective("squared", X, column(Y), *best, weight=weight)
    found = objective("squared", x, column(Y), weights, biases, weight=weight)
    assert found == pytest.approx(wanted, rel=1e-6)
    assert history.losses[-1] == pytest.approx(found, rel=1e-6)
    assert history.converged


@FORMS
@DATA
@WEIGHTS
@pytest.mark.parametrize("alpha", [1e-3, 1.0, 1e4])
def test_it_reaches_ridge(form: Any, x: Any, weight: Any, alpha: float) -> None:
    setting = {"l2": alpha, "weight": weight}
    weights, biases, history = fit(RegressionHead("squared", 1), form(x), column(Y), **setting)
    best = of_scikit_learn(Ridge(alpha, solver="svd").fit(x, Y, weight))
    found = objective("squared", x, column(Y), weights, biases, **setting)
    assert found == pytest.approx(objective("squared", x, column(Y), *best, **setting), rel=1e-6)
    assert history.losses[-1] == pytest.approx(found, rel=1e-6)


@FORMS
@pytest.mark.parametrize("alpha", [0.01, 0.3])
@pytest.mark.parametrize("ratio", [1.0, 0.7])
def test_it_reaches_the_elastic_net(form: Any, alpha: float, ratio: float) -> None:
    total = WEIGHT.sum()
    setting = {"l1": alpha * ratio * total, "l2": alpha * (1 - ratio) * total, "weight": WEIGHT}
    weights, biases, history = fit(RegressionHead("squared", 1), form(X), column(Y), **setting)
    make = Lasso(alpha) if ratio == 1 else ElasticNet(alpha, l1_ratio=ratio)
    model = make.set_params(tol=1e-12, max_iter=100_000).fit(X, Y, WEIGHT)
    wanted = objective("squared", X, column(Y), *of_scikit_learn(model), **setting)
    found = objective("squared", X, column(Y), weights, biases, **setting)
    assert found == pytest.approx(wanted, rel=1e-6)
    assert history.losses[-1] == pytest.approx(found, rel=1e-6)
    np.testing.assert_array_equal(weights[:, 0] == 0, model.coef_ == 0)


def test_targets_of_very_different_sizes_are_fitted_as_if_alone() -> None:
    y = np.column_stack([Y, 1e-6 * X[:, 2] * Y + 1e3, np.full(N, 2.0)])
    weights, biases, _ = fit(RegressionHead("squared", 3), X, y)
    model = LinearRegression().fit(X, y)
    size = np.abs(model.coef_).max(axis=1) + 1e-12
    np.testing.assert_allclose(weights / size, model.coef_.T / size, atol=1e-4)
    np.testing.assert_allclose(biases, model.intercept_, rtol=1e-9)


def test_collinear_columns_share_their_weight() -> None:
    x = np.column_stack([X, X[:, 3]])
    weights, biases, history = fit(RegressionHead("squared", 1), x, column(Y))
    best = of_scikit_learn(LinearRegression().fit(X, Y))
    assert history.losses[-1] == pytest.approx(objective("squared", X, column(Y), *best), rel=1e-9)
    assert weights[3] == pytest.approx(weights[10], rel=1e-6)
    assert objective("squared", x, column(Y), weights, biases) == pytest.approx(history.losses[-1])


# ---- smooth losses -----------------------------------------------------------------------


@FORMS
@DATA
@pytest.mark.parametrize("loss", ["huber", "poisson", "gamma"])
@pytest.mark.parametrize("l2", [0.0, 1e-3, 10.0])
def test_it_reaches_newtons_minimum(form: Any, x: Any, loss: str, l2: float) -> None:
    y, setting = column(TARGETS[loss]), {"l2": l2, "weight": WEIGHT}
    weights, biases, history = fit(RegressionHead(loss, 1), form(x), y, **setting)
    found = objective(loss, x, y, weights, biases, **setting)
    wanted = newton(loss, x, y, l2, WEIGHT)
    assert found <= wanted + 1e-6 * abs(wanted)
    assert history.losses[-1] == pytest.approx(found, rel=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 1e-2, 1.0])
@pytest.mark.parametrize(
    ("loss", "kind"), [("poisson", PoissonRegressor), ("gamma", GammaRegressor)]
)
def test_it_reaches_scikit_learns_generalised_models(loss: str, kind: Any, alpha: float) -> None:
    y, setting = column(TARGETS[loss]), {"l2": alpha * WEIGHT.sum(), "weight": WEIGHT}
    weights, biases, _ = fit(RegressionHead(loss, 1), X, y, **setting)
    model = kind(alpha=alpha, solver="newton-cholesky", tol=1e-10, max_iter=1000)
    model.fit(X, y[:, 0], WEIGHT)
    np.testing.assert_allclose(weights[:, 0], model.coef_, rtol=1e-4, atol=1e-5)
    assert biases[0] == pytest.approx(model.intercept_, rel=1e-5)


BADLY = TUMOURS * 10.0 ** (np.arange(30) % 11 - 4) + 1e5 * (np.arange(30) % 3)


@FORMS
@pytest.mark.parametrize("x", [TUMOURS, BADLY], ids=["plain", "unscaled"])
@pytest.mark.parametrize("c", [1e-3, 1.0, 1e3])
def test_it_reaches_logistic_regression(form: Any, x: Any, c: float) -> None:
    weight = RNG.randint(1, 4, len(x)).astype(float)
    y, setting = column(MALIGNANT), {"l2": 1 / c, "weight": weight}
    weights, biases, history = fit(BinaryHead("log"), form(x), y, **setting)
    found = objective("log", x, y, weights, biases, **setting)
    assert history.losses[-1] == pytest.approx(found, rel=1e-5)
    assert found <= newton("log", x, y, 1 / c, weight) * (1 + 1e-6)
    if x is TUMOURS:
        model = LogisticRegression(C=c, solver="newton-cholesky", tol=1e-10, max_iter=1000)
        best = of_scikit_learn(model.fit(x, MALIGNANT, weight))
        assert found == pytest.approx(objective("log", x, y, *best, **setting), rel=1e-6)


# With some BLAS libraries scikit-learn's solver comes as near as rounding allows, and warns.
@pytest.mark.filterwarnings("ignore::scipy.optimize._linesearch.LineSearchWarning")
@pytest.mark.filterwarnings(
    "ignore:newton-cg failed to converge:sklearn.exceptions.ConvergenceWarning"
)
@pytest.mark.filterwarnings("ignore:Line Search failed")
@FORMS
@pytest.mark.parametrize("c", [1e-2, 1.0, 1e3])
def test_it_reaches_multinomial_regression(form: Any, c: float) -> None:
    codes = CULTIVARS.astype(np.int32)
    weights, biases, history = fit(MulticlassHead("log", 3), form(WINES), codes, l2=1 / c)
    model = LogisticRegression(C=c, solver="newton-cg", tol=1e-10, max_iter=10_000)
    best = of_scikit_learn(model.fit(WINES, CULTIVARS))
    found = objective("softmax", WINES, codes, weights, biases, l2=1 / c)
    assert found == pytest.approx(objective("softmax", WINES, codes, *best, l2=1 / c), rel=1e-6)
    assert history.losses[-1] == pytest.approx(found, rel=1e-6)


@pytest.mark.parametrize("c", [1.0, 100.0])
def test_an_l1_penalty_meets_the_conditions_of_a_minimum(c: float) -> None:
    x, y = scale(TUMOURS), column(MALIGNANT)
    weights, biases, _ = fit(BinaryHead("log"), x, y, l1=1 / c)
    slope = x.T @ (expit(x @ weights + biases) - y)
    present = weights != 0
    assert 0 < present.sum() < 30
    np.testing.assert_allclose(slope[present], -np.sign(weights[present]) / c, atol=1e-5)
    assert np.abs(slope[~present]).max() <= 1 / c + 1e-5


SINGLE = {
    "squared": (RegressionHead("squared", 1), X, column(Y), {"l2": 1.0}),
    "poisson": (RegressionHead("poisson", 1), X, column(COUNTS), {"l2": 0.1}),
    "log": (BinaryHead("log"), TUMOURS, column(MALIGNANT), {"l2": 1.0}),
    "softmax": (MulticlassHead("log", 3), WINES, CULTIVARS.astype(np.int32), {"l2": 1.0}),
    "quantile": (RegressionHead("quantile", 1, (0.3,)), X, column(Y), {"q": 0.3}),
    "hinge": (BinaryHead("hinge"), scale(TUMOURS), column(MALIGNANT), {"l2": 10.0}),
}


@FORMS
@pytest.mark.parametrize("loss", SINGLE)
def test_single_precision_comes_close(form: Any, loss: str) -> None:
    head, x, y, setting = SINGLE[loss]
    options = {k: v for k, v in setting.items() if k != "q"}
    exact = objective(loss, x, y, *fit(head, x, y, **options)[:2], **setting)
    labels = y if y.dtype == np.int32 else y.astype(np.float32)
    weights, biases, history = fit(head, form(x.astype(np.float32)), labels, **options)
    assert weights.dtype == biases.dtype == np.float32
    found = objective(loss, x, y, weights, biases.astype(float), **setting)
    assert found == pytest.approx(exact, rel=1e-4)
    assert history.losses[-1] == pytest.approx(found, rel=1e-4)


# ---- losses with kinks -------------------------------------------------------------------


@FORMS
@DATA
@pytest.mark.parametrize("q", [0.05, 0.5])
def test_it_reaches_quantile_regression(form: Any, x: Any, q: float) -> None:
    head, setting = RegressionHead("quantile", 1, (q,)), {"weight": WEIGHT, "q": q}
    weights, biases, history = fit(head, form(x), column(Y), weight=WEIGHT)
    model = QuantileRegressor(quantile=q, alpha=0, solver="highs").fit(X, Y, WEIGHT)
    wanted = objective("quantile", X, column(Y), *of_scikit_learn(model), **setting)
    found = objective("quantile", x, column(Y), weights, biases, **setting)
    assert found == pytest.approx(wanted, rel=1e-5)
    assert history.losses[-1] == pytest.approx(found, rel=1e-6)


def test_several_quantiles_and_targets_are_fitted_as_if_alone() -> None:
    quantiles, y = (0.1, 0.5, 0.9), np.column_stack([Y, 1e3 * X[:, 2] + 1e4])
    y[:, 1] += RNG.standard_cauchy(N)
    weights, biases, _ = fit(RegressionHead("quantile", 2, quantiles), X, y)
    for i, (target, q) in enumerate(itertools.product((0, 1), quantiles)):
        model = QuantileRegressor(quantile=q, alpha=0, solver="highs").fit(X, y[:, target])
        labels = y[:, [target]]
        wanted = objective("quantile", X, labels, *of_scikit_learn(model), q=q)
        found = objective("quantile", X, labels, weights[:, [i]], biases[i], q=q)
        assert found == pytest.approx(wanted, rel=1e-5)


def test_absolute_errors_are_twice_those_of_the_median() -> None:
    y = column(Y)
    y[:3] = 1e7
    _, _, history = fit(RegressionHead("absolute", 1), X, y)
    model = QuantileRegressor(quantile=0.5, alpha=0, solver="highs").fit(X, y[:, 0])
    wanted = 2 * objective("quantile", X, y, *of_scikit_learn(model))
    assert history.losses[-1] == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("alpha", [0.02, 0.1])
def test_an_l1_penalty_on_kinks_reaches_quantile_regression(alpha: float) -> None:
    head, setting = RegressionHead("quantile", 1, (0.5,)), {"l1": alpha * N}
    _, _, history = fit(head, X, column(Y), **setting)
    model = QuantileRegressor(quantile=0.5, alpha=alpha, solver="highs").fit(X, Y)
    wanted = objective("quantile", X, column(Y), *of_scikit_learn(model), **setting)
    assert history.losses[-1] == pytest.approx(wanted, rel=1e-4)


@FORMS
@pytest.mark.parametrize("c", [1e-2, 1.0])
def test_it_reaches_support_vector_machines(form: Any, c: float) -> None:
    x, y = scale(TUMOURS), column(MALIGNANT)
    weights, biases, history = fit(BinaryHead("hinge"), form(x), y, l2=1 / c)
    machine = SVC(kernel="linear", C=c, tol=1e-8).fit(x, MALIGNANT)
    wanted = objective("hinge", x, y, *of_scikit_learn(machine), l2=1 / c)
    assert history.losses[-1] == pytest.approx(wanted, rel=1e-5)
    found = objective("hinge", x, y, weights, biases, l2=1 / c)
    assert history.losses[-1] == pytest.approx(found, rel=1e-6)


def test_the_hinge_with_an_l1_penalty_reaches_a_linear_program() -> None:
    x, signs, l1 = scale(TUMOURS), 2.0 * MALIGNANT - 1, 20.0
    n, d = x.shape
    cost = np.concatenate([np.full(2 * d, l1 / n), [0, 0], np.full(n, 1 / n)])
    moved = signs[:, np.newaxis] * np.column_stack([x, -x, np.ones(n), -np.ones(n)])
    program = linprog(cost, A_ub=-np.column_stack([moved, np.eye(n)]), b_ub=-np.ones(n))
    _, _, history = fit(BinaryHead("hinge"), x, column(MALIGNANT), l1=l1)
    assert history.losses[-1] == pytest.approx(program.fun, rel=1e-4)


def test_a_line_through_all_targets_is_found() -> None:
    y = X @ RNG.normal(size=(10, 1)) + 3
    _, _, history = fit(RegressionHead("absolute", 1), X, y)
    assert history.losses[-1] < 1e-8 * y.std()


# ---- heads of many outputs ---------------------------------------------------------------


def test_labels_are_fitted_as_if_alone() -> None:
    labels = np.column_stack([MALIGNANT, TUMOURS[:, 0] > 14, RNG.rand(len(TUMOURS)) < 0.02])
    together = fit(MultilabelHead("log", 3), TUMOURS, labels.astype(float), l2=1.0)
    for i in range(3):
        weights, biases, _ = fit(BinaryHead("log"), TUMOURS, column(labels[:, i]), l2=1.0)
        np.testing.assert_allclose(together[0][:, [i]], weights, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(together[1][i], biases[0], rtol=1e-4)


def test_targets_of_classes_are_fitted_as_if_alone() -> None:
    codes = np.column_stack([CULTIVARS, WINES[:, 0] > 13]).astype(np.int32)
    weights, _, history = fit(MultioutputHead("log", (3, 2)), WINES, codes, l2=1.0)
    first = fit(MulticlassHead("log", 3), WINES, codes[:, 0], l2=1.0)
    second = fit(MulticlassHead("log", 2), WINES, codes[:, 1], l2=1.0)
    np.testing.assert_allclose(weights[:, :3], first[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(weights[:, 3:], second[0], rtol=1e-4, atol=1e-5)
    total = first[2].losses[-1] + second[2].losses[-1]
    assert history.losses[-1] == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize("loss", ["hinge", "focal"])
def test_several_classes_by_other_losses_are_told_apart(loss: str) -> None:
    head, codes = MulticlassHead(loss, 3), CULTIVARS.astype(np.int32)
    weights, biases, history = fit(head, WINES, codes, l2=1e-2)
    assert history.converged
    assert head.score(codes, WINES @ weights + biases, None) > 0.99


def test_the_focal_loss_ends_where_its_gradient_does() -> None:
    x, y = scale(TUMOURS), column(MALIGNANT)
    weights, biases, history = fit(BinaryHead("focal"), x, y, l2=5.0)
    for moved in 1e-3 * RNG.normal(size=(4, 31)):
        again = fit(
            BinaryHead("focal"),
            x,
            y,
            l2=5.0,
            start=[weights + moved[:30, np.newaxis], biases + moved[30:]],
        )[2].losses
        assert again[-1] == pytest.approx(history.losses[-1], rel=1e-9)


def test_a_function_may_be_the_loss() -> None:
    def log_cosh(labels: Any, outputs: Any) -> Any:
        errors = tf.abs(outputs - labels) / 50.0
        return errors + tf.log(1.0 + tf.exp(-2.0 * errors))

    head = RegressionHead(log_cosh, 1)
    weights, biases, history = fit(head, UNSCALED, column(Y), l2=1.0, max_iter=500)
    slope = np.tanh((UNSCALED @ weights + biases - column(Y)) / 50) / 50
    centered = UNSCALED[:, :10] - UNSCALED[:, :10].mean(axis=0)
    gradient = centered.T @ slope + weights[:10]
    unit = np.sqrt((centered**2).sum(axis=0) + 1.0)[:, np.newaxis]
    assert np.abs(gradient / unit).max() < 1e-5
    assert abs(slope.sum()) < 1e-4
    assert history.losses[-1] < history.losses[0]


@pytest.mark.parametrize("columns", [0, 1, 3])
def test_a_function_may_give_any_number_of_columns(columns: int) -> None:
    def squares(labels: Any, outputs: Any) -> Any:
        found = tf.reduce_sum(tf.squared_difference(labels, outputs), 1) / 2.0
        return found if not columns else tf.stack([found / float(columns)] * columns, axis=1)

    y = np.column_stack([Y, Y**2])
    weights, _, _ = fit(RegressionHead(squares, 2), X, y, l2=1.0)
    wanted, _, _ = fit(RegressionHead("squared", 2), X, y, l2=1.0)
    np.testing.assert_allclose(weights, wanted, rtol=1e-6, atol=1e-5)


# ---- features ----------------------------------------------------------------------------


def test_categories_have_weights_as_columns_of_ones_would() -> None:
    codes = np.stack([RNG.randint(0, 4, N), RNG.randint(0, 3, N)], axis=1)
    codes[::17, 0] = 4  # unknown
    features = Features(X, codes, (4, 3))
    marks = np.column_stack([codes[:, [0]] == np.arange(4), codes[:, [1]] == np.arange(3)])
    encoded = np.column_stack([X, marks.astype(float)])
    weights, biases, _ = fit(RegressionHead("squared", 1), features, column(Y), l2=1.0)
    model = Ridge(1.0, solver="svd").fit(encoded, Y)
    np.testing.assert_allclose(weights[:, 0], model.coef_, rtol=1e-6, atol=1e-8)
    assert biases[0] == pytest.approx(model.intercept_)


@FORMS
@pytest.mark.parametrize("loss", SINGLE)
def test_columns_that_never_change_have_no_weight(form: Any, loss: str) -> None:
    head, x, y, setting = SINGLE[loss]
    options = {k: v for k, v in setting.items() if k != "q"}
    n = len(x)
    wider = np.column_stack([np.full(n, 1e6), x, np.zeros(n), np.full(n, 0.1)])
    weights, biases, _ = fit(head, form(wider), y, **options)
    assert not weights[[0, -2, -1]].any()
    found = objective(loss, x, y, weights[1:-2], biases, **setting)
    plain = fit(head, x, y, **options)
    assert found == pytest.approx(objective(loss, x, y, *plain[:2], **setting), rel=1e-5)


@FORMS
def test_one_column_is_enough(form: Any) -> None:
    weights, biases, _ = fit(RegressionHead("squared", 1), form(X[:, [2]]), column(Y))
    model = LinearRegression().fit(X[:, [2]], Y)
    assert weights.item() == pytest.approx(model.coef_.item(), rel=1e-8)
    assert biases.item() == pytest.approx(model.intercept_, rel=1e-8)


@FORMS
def test_one_row_is_enough(form: Any) -> None:
    for head, y in [
        (RegressionHead("squared", 1), column([3.0])),
        (RegressionHead("poisson", 1), column([3.0])),
        (RegressionHead("quantile", 1, (0.5,)), column([3.0])),
        (BinaryHead("log"), column([1.0])),
    ]:
        weights, biases, history = fit(head, form(np.array([[1.0, 2.0]])), y, max_iter=100)
        assert not weights.any()
        assert np.isfinite(biases).all()
        assert history.steps < 100


def test_constant_targets_are_found_at_once() -> None:
    weights, biases, history = fit(RegressionHead("squared", 1), X, np.full((N, 1), 0.1))
    assert np.abs(weights).max() < 1e-12
    assert biases[0] == pytest.approx(0.1, rel=1e-14)
    assert history.n_iter == 1
    assert history.converged


@FORMS
def test_more_columns_than_rows_are_fitted_through(form: Any) -> None:
    x = RNG.normal(size=(40, 300))
    y = column(RNG.normal(size=40))
    weights, biases, history = fit(RegressionHead("squared", 1), form(x), y)
    assert history.losses[-1] < 1e-12
    np.testing.assert_allclose(x @ weights + biases, y, atol=1e-5)


def test_a_sparse_matrix_is_not_filled_in() -> None:
    n, d = 2000, 100_000
    places = (RNG.randint(0, n, 40_000), RNG.randint(0, d, 40_000))
    x = csr_array((RNG.rand(40_000), places), shape=(n, d))
    x.sum_duplicates()
    sums = np.asarray(x.sum(axis=1)).reshape(-1)
    y = column(sums > np.median(sums))
    fit(BinaryHead("log"), x[:20], y[:20], l2=1.0, max_iter=3)
    tracemalloc.start()
    try:
        _, _, history = fit(BinaryHead("log"), x, y, l2=1.0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert history.converged
    assert peak < n * d * 8 / 10


# ---- the course --------------------------------------------------------------------------


@pytest.mark.parametrize(("loss", "outputs"), [("log", 1), ("log", 3), ("hinge", 1)])
def test_classes_apart_do_not_end_in_nonsense(loss: str, outputs: int) -> None:
    x = np.concatenate([RNG.normal(size=(50, 4)) + 10 * i for i in range(outputs + (outputs < 2))])
    codes = np.repeat(np.arange(len(x) // 50), 50).astype(np.int32)
    head: Head = BinaryHead(loss) if outputs == 1 else MulticlassHead(loss, outputs)
    y = column(codes) if outputs == 1 else codes
    weights, biases, history = fit(head, x, y, max_iter=300)
    assert np.isfinite(weights).all()
    assert np.isfinite(biases).all()
    assert history.losses[-1] < 1e-6
    assert head.score(y, x @ weights + biases, None) == 1.0


@pytest.mark.parametrize("loss", SINGLE)
@FORMS
def test_weights_equal_repeated_rows(form: Any, loss: str) -> None:
    head, x, y, setting = SINGLE[loss]
    options = {k: v for k, v in setting.items() if k != "q"}
    times = np.random.RandomState(3).randint(1, 4, len(x))
    weighted = fit(head, form(x), y, weight=times.astype(float), **options)
    repeated = fit(head, form(x.repeat(times, axis=0)), y.repeat(times, axis=0), **options)
    smooth = loss not in ("quantile", "hinge")
    np.testing.assert_allclose(
        x @ weighted[0] + weighted[1],
        x @ repeated[0] + repeated[1],
        rtol=1e-6 if smooth else 1e-3,
        atol=1e-6 if smooth else 1e-3 * np.ptp(y),
    )
    assert weighted[2].losses[-1] == pytest.approx(repeated[2].losses[-1], rel=1e-6)


@pytest.mark.parametrize("loss", SINGLE)
@pytest.mark.parametrize("l1", [0.0, 0.5])
def test_a_search_that_begins_at_the_minimum_stays_there(loss: str, l1: float) -> None:
    head, x, y, setting = SINGLE[loss]
    options = {**{k: v for k, v in setting.items() if k != "q"}, "l1": l1}
    weights, biases, history = fit(head, x, y, **options)
    again = fit(head, x, y, start=[weights, biases], **options)
    if loss in ("quantile", "hinge"):
        assert again[2].losses[-1] == pytest.approx(history.losses[-1], rel=1e-4)
        return
    assert again[2].losses[-1] == pytest.approx(history.losses[-1], rel=1e-6)
    assert again[2].losses[0] == pytest.approx(history.losses[-1], rel=1e-6)
    assert again[2].n_iter <= max(1, history.n_iter // 2)
    np.testing.assert_allclose(again[0], weights, rtol=1e-4, atol=1e-5 * np.abs(weights).max())


@pytest.mark.parametrize("loss", ["squared", "poisson", "log", "softmax"])
def test_losses_of_smooth_objectives_only_fall(loss: str) -> None:
    head, x, y, setting = SINGLE[loss]
    _, _, history = fit(head, x, y, l1=0.1, **setting)
    assert (np.diff(history.losses) <= 1e-12 * np.abs(history.losses[0])).all()
    assert len(history.seconds) == history.n_iter == history.steps
    assert history.best_iter == history.n_iter


@pytest.mark.parametrize("loss", SINGLE)
def test_what_is_read_on_the_way_is_in_the_original_units(loss: str) -> None:
    head, x, y, setting = SINGLE[loss]
    options = {k: v for k, v in setting.items() if k != "q"}
    seen: list[float] = []

    def after(history: History, read: Any) -> bool:
        weights, biases = read()
        seen.append(objective(loss, x, y, weights, biases, **setting))
        assert history.losses[-1] == pytest.approx(seen[-1], rel=1e-9)
        return len(seen) == 3

    weights, biases, history = fit(head, x, y, after_iteration=after, **options)
    assert history.n_iter <= 3
    if history.n_iter == 3:
        assert history.reason == "callback"
    assert objective(loss, x, y, weights, biases, **setting) == pytest.approx(seen[-1], rel=1e-9)


@pytest.mark.parametrize("loss", ["softmax", "quantile"])
def test_limits_end_it(loss: str) -> None:
    head, x, y, setting = SINGLE[loss]
    options = {k: v for k, v in setting.items() if k != "q"}
    for limit in (1, 7, 30):
        *_, history = fit(head, x, y, max_iter=limit, **options)
        assert history.reason == "max_iter"
        assert history.steps == limit
    *_, history = fit(head, x, y, max_time=0.0, **options)
    assert history.reason == "max_time"
    assert history.steps == 1
    *_, history = fit(head, x, y, interrupted=lambda: True, **options)
    assert history.reason == "interrupted"
    assert history.steps == 1


@pytest.mark.parametrize("few", [0, 31**2], ids=["straight", "shared"])
@pytest.mark.parametrize("loss", ["hinge", "log"])
def test_coarser_coordinates_lead_to_the_same_minimum(
    loss: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with so many columns that finer ones would be too many numbers."""
    x = scale(TUMOURS)
    labels = np.column_stack([MALIGNANT, TUMOURS[:, 0] > 14]).astype(float)
    best = fit(MultilabelHead(loss, 2), x, labels, l2=10.0)[2]
    monkeypatch.setattr("skflow.estimators.linear_search._FEW_PAIRS", few)
    monkeypatch.setattr("skflow.estimators.linear_search._MOST_PAIRS", few)
    coarse = fit(MultilabelHead(loss, 2), x, labels, l2=10.0)[2]
    assert coarse.n_iter > best.n_iter
    rel = 1e-4 if loss == "hinge" else 1e-9
    assert coarse.losses[-1] == pytest.approx(best.losses[-1], rel=rel)


@pytest.mark.parametrize("columns", [150, 200])
def test_dear_coordinates_come_after_cheap_ones(columns: int) -> None:
    """Measuring along all pairs of columns has to pay."""
    rng = np.random.RandomState(0)
    x = rng.normal(size=(400, columns)) @ rng.normal(size=(columns, columns))
    y = column(rng.rand(400) < expit(x[:, 0] / 10))
    weights, biases, history = fit(BinaryHead("log"), x, y, l2=1.0)
    found = objective("log", x, y, weights, biases, l2=1.0)
    assert found <= newton("log", x, y, 1.0, np.ones(400)) * (1 + 1e-6)
    assert history.converged
    assert history.n_iter < 300


def test_it_tells_of_each_iteration() -> None:
    lines: list[str] = []
    begun: list[None] = []
    head, x, y, setting = SINGLE["softmax"]
    *_, history = fit(
        head,
        x,
        y,
        report=lambda history: lines.append(history.line()),
        before_iteration=lambda: begun.append(None),
        **setting,
    )
    assert len(lines) == history.n_iter > 20
    assert lines[-1].startswith(f"Iteration {history.n_iter}, loss = ")
    # One begun may not end.
    assert len(begun) in (history.n_iter, history.n_iter + 1)


def test_other_features_are_refused() -> None:
    rows = Rows(Features(X), column(Y))
    with pytest.raises(ValueError, match=r"numeric=10.*not like.*numeric=11"):
        LinearSearch(Features(UNSCALED).spec, RegressionHead("squared", 1), rows, Penalty())


@given(
    rows=st.integers(5, 60),
    columns=st.integers(1, 6),
    loss=st.sampled_from(["squared", "huber", "poisson", "gamma", "log"]),
    l2=st.sampled_from([1e-3, 1.0, 50.0]),
    exponents=st.lists(st.integers(-5, 5), min_size=6, max_size=6),
    seed=st.integers(0, 2**31),
    sparse=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_it_reaches_newtons_minimum_of_any_problem(
    rows: int, columns: int, loss: str, l2: float, exponents: list[int], seed: int, sparse: bool
) -> None:
    rng = np.random.RandomState(seed)
    x = rng.normal(size=(rows, columns)) * 10.0 ** np.array(exponents[:columns])
    x += rng.normal(size=columns) * 10.0 ** np.array(exponents[:columns]) * 10
    weight = rng.gamma(1.0, size=rows) + 0.01
    y = column(rng.gamma(2.0, size=rows) * (1 if loss in ("poisson", "gamma") else 3))
    if loss == "log":
        y = column(np.append(rng.rand(rows - 2) < 0.4, [0, 1]))
    head: Head = BinaryHead("log") if loss == "log" else RegressionHead(loss, 1)
    form = csr_array(x) if sparse else x
    weights, biases, history = fit(head, form, y, l2=l2, weight=weight)
    wanted = newton(loss, x, y, l2, weight)
    found = objective(loss, x, y, weights, biases, l2=l2, weight=weight)
    assert found <= wanted + 1e-6 * (abs(wanted) + 1e-3)
    assert history.losses[-1] == pytest.approx(found, rel=1e-5, abs=1e-8)


# ---- large problems ----------------------------------------------------------------------


@pytest.mark.soak
@pytest.mark.parametrize("c", [1.0, 100.0])
def test_it_reaches_logistic_regression_on_texts(c: float) -> None:
    rng = np.random.RandomState(0)
    n, d = 20_000, 130_000
    frequency = np.cumsum(1 / np.arange(1, d + 1))
    counts = rng.poisson(100, n) + 1
    words = np.searchsorted(frequency / frequency[-1], rng.rand(counts.sum()))
    x = csr_array((np.ones(len(words)), (np.repeat(np.arange(n), counts), words)), shape=(n, d))
    x.sum_duplicates()
    x.data = np.log1p(x.data)
    lengths = np.sqrt(np.add.reduceat(x.data**2, x.indptr[:-1]))
    x.data /= lengths.repeat(np.diff(x.indptr))
    y = column(x @ rng.normal(size=d) + 0.3 * rng.normal(size=n) > 0)
    weights, biases, history = fit(BinaryHead("log"), x, y, l2=1 / c)
    best = of_scikit_learn(LogisticRegression(C=c, tol=1e-9, max_iter=5000).fit(x, y[:, 0]))
    wanted = objective("log", x, y, *best, l2=1 / c)
    found = objective("log", x, y, weights, biases, l2=1 / c)
    assert found <= wanted * (1 + 1e-6)
    assert history.losses[-1] == pytest.approx(found, rel=1e-9)
    assert history.converged


@pytest.mark.soak
@pytest.mark.parametrize("c", [1.0, 1e4])
def test_it_reaches_multinomial_regression_on_digits(c: float) -> None:
    x, classes = load_digits(return_X_y=True)
    codes = classes.astype(np.int32)
    weights, biases, _ = fit(MulticlassHead("log", 10), x, codes, l2=1 / c)
    model = LogisticRegression(C=c, solver="newton-cg", tol=1e-10, max_iter=10_000)
    wanted = objective("softmax", x, codes, *of_scikit_learn(model.fit(x, classes)), l2=1 / c)
    found = objective("softmax", x, codes, weights, biases, l2=1 / c)
    assert found <= wanted * (1 + 1e-6)


@pytest.mark.soak
def test_it_reaches_support_vector_machines_on_digits() -> None:
    x, classes = load_digits(return_X_y=True)
    _, _, history = fit(MulticlassHead("hinge", 10), x, classes.astype(np.int32), l2=1.0)
    wanted = 0.0
    for i in range(10):
        machine = SVC(kernel="linear", C=1.0, tol=1e-8).fit(x, classes == i)
        wanted += objective("hinge", x, column(classes == i), *of_scikit_learn(machine), l2=1.0)
    assert history.losses[-1] == pytest.approx(wanted, rel=1e-5)
