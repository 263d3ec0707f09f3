"""Networks, losses and categories against scikit-learn's estimators, which know the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
import quantiles
from housing_data import load_california_housing
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.base import is_classifier
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import (
    GammaRegressor,
    HuberRegressor,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
)
from sklearn.metrics import d2_tweedie_score, r2_score
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, scale
from sklearn.svm import SVC

import skflow as tf
from skflow.estimators import (
    DNNClassifier,
    DNNLinearCombinedClassifier,
    DNNLinearCombinedRegressor,
    DNNRegressor,
    GraphRegressor,
    LinearClassifier,
    LinearRegressor,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

Array = NDArray[Any]
Data = tuple[Array, Array]

# ---- networks against scikit-learn's ----------------------------------------------------------


def housing() -> Data:
    X, y, _ = load_california_housing()
    return X, y


DATA: Final[dict[str, Callable[[], Data]]] = {
    "housing": housing,
    "diabetes": lambda: load_diabetes(return_X_y=True),
    "digits": lambda: load_digits(return_X_y=True),
    "breast cancer": lambda: load_breast_cancer(return_X_y=True),
    "wine": lambda: load_wine(return_X_y=True),
}


def both(name: str, units: Sequence[int], seed: int) -> tuple[Any, Any]:
    """Our network and scikit-learn's for some data, with the same hidden layers."""
    if name in ("housing", "diabetes"):
        return (
            DNNRegressor(units, random_state=seed),
            MLPRegressor(hidden_layer_sizes=units, random_state=seed),
        )
    return (
        DNNClassifier(units, random_state=seed),
        MLPClassifier(hidden_layer_sizes=units, random_state=seed),
    )


def held_out_scores(name: str, units: Sequence[int], folds: int, seeds: int) -> Array:
    """The scores of both on each fold of each seed, of shape (folds * seeds, 2)."""
    X, y = DATA[name]()
    scores = []
    for seed in range(seeds):
        models = [make_pipeline(StandardScaler(), model) for model in both(name, units, seed)]
        kind = StratifiedKFold if is_classifier(models[0]) else KFold
        for rows, held in kind(folds, shuffle=True, random_state=seed).split(X, y):
            scores.append([m.fit(X[rows], y[rows]).score(X[held], y[held]) for m in models])
    return np.array(scores)


def standard_errors(scores: Array) -> Array:
    """Of the mean of each column."""
    return np.asarray(scores.std(axis=0, ddof=1) / np.sqrt(len(scores)))


@pytest.mark.parametrize("name", ["diabetes", "breast cancer", "wine"])
def test_networks_are_not_clearly_worse(name: str) -> None:
    scores = held_out_scores(name, (30,), folds=3, seeds=2)
    ours, theirs = scores.mean(axis=0)
    assert ours >= theirs - 2 * np.linalg.norm(standard_errors(scores))


@pytest.mark.soak
@pytest.mark.parametrize("units", [(100,), (50, 25)])
@pytest.mark.parametrize("name", DATA)
def test_networks_are_as_good_over_folds_and_seeds(name: str, units: tuple[int, ...]) -> None:
    scores = held_out_scores(name, units, folds=5, seeds=5)
    (ours, theirs), errors = scores.mean(axis=0), standard_errors(scores)
    print(  # noqa: T201
        f"{name:<14}{units!s:<9} skflow {ours:.4f} +- {errors[0]:.4f}   "
        f"scikit-learn {theirs:.4f} +- {errors[1]:.4f}"
    )
    # The standard error of a difference of two means.
    assert ours >= theirs - np.linalg.norm(errors)


def train_from_the_same_weights(ours: Any, theirs: Any, X: Array, y: Array) -> None:
    """Fit both for an epoch, then let scikit-learn's go on from our weights, and ours as well."""
    ours.set_params(max_iter=1, warm_start=True).fit(X, y).set_params(max_iter=60).fit(X, y)
    first = deepcopy(ours).set_params(max_iter=1, warm_start=False).fit(X, y)
    theirs.set_params(max_iter=1, warm_start=True).fit(X, y).set_params(max_iter=60)
    theirs.coefs_, theirs.intercepts_ = first.coefs_, first.intercepts_
    theirs.best_loss_, theirs._no_improvement_count, theirs.loss_curve_ = np.inf, 0, []
    theirs.n_iter_ = 0
    theirs.fit(X, y)


@pytest.mark.parametrize(("batch_size", "alpha"), [(None, 3.0), (50, 0.0)])
@pytest.mark.parametrize("name", ["diabetes", "breast cancer", "wine"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_epochs_are_those_of_scikit_learn(
    name: str, activation: str, batch_size: int | None, alpha: float
) -> None:
    # From equal weights both make the same steps and stop at the same epoch. Scikit-learn divides
    # the penalty by the rows of a batch: with all rows in one it is the same.
    X, y = DATA[name]()
    X = scale(X)
    rule = {"batch_size": batch_size or len(X), "shuffle": False, "n_iter_no_change": 3}
    ours, theirs = both(name, (8, 5), seed=0)
    ours.set_params(
        **rule,
        activation_fn=activation,
        l2_regularization_strength=alpha,
        restore_best=False,
        learning_rate=0.01,
        tol=3e-3,
    )
    theirs.set_params(**rule, activation=activation, alpha=alpha, learning_rate_init=0.01, tol=3e-3)
    train_from_the_same_weights(ours, theirs, X, scale(y) if name == "diabetes" else y)
    assert ours.n_iter_ == theirs.n_iter_
    # TensorFlow rounds Adam's constants to float32.
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-4)
    for found, wanted in zip(ours.coefs_, theirs.coefs_, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("rows", [10_000, 10_001])
def test_auto_stops_early_from_as_many_rows_as_gradient_boosting_does(rows: int) -> None:
    X, y = np.arange(2.0 * rows).reshape(rows, 2) / rows, np.arange(rows) % 2
    theirs = HistGradientBoostingClassifier(max_iter=1, early_stopping="auto").fit(X, y)
    ours = DNNLinearCombinedClassifier((2,), steps=1, random_state=0).fit(X, y)
    assert (ours.validation_scores_ is not None) == theirs.do_early_stopping_ == (rows > 10_000)
    held = ours.fit(X, y, X_val=X[:5], y_val=y[:5])
    assert held.validation_scores_ == [held.score(X[:5], y[:5])]


# ---- quantiles --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [DNNRegressor, DNNLinearCombinedRegressor, GraphRegressor])
def test_quantiles_never_cross_and_the_median_lies_between(kind: Callable[..., Any]) -> None:
    rng = np.random.RandomState(0)
    X, y = rng.normal(size=(200, 2)), rng.normal(size=200)
    levels = [0.7, 0.2, 0.6, 0.3]
    model = kind(loss="quantile", quantile=levels, random_state=0, max_iter=3).fit(X, y)
    far = 1e3 * rng.normal(size=(500, 2))
    found = model.predict_quantiles(far)
    assert (np.diff(found[:, np.argsort(levels)], axis=1) >= 0).all()
    # Between the quantiles 0.3 and 0.6 the median lies two thirds of the way up.
    between = found[:, 3] + (found[:, 2] - found[:, 3]) * 2 / 3
    np.testing.assert_allclose(model.predict(far), between, rtol=1e-9)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.8])
def test_linear_quantiles_are_scikit_learns(q: float) -> None:
    X, y = quantiles.deliveries(300, seed=3)
    ours = LinearRegressor(loss="quantile", quantile=q).fit(X, y)
    theirs = QuantileRegressor(quantile=q, alpha=0.0).fit(X, y)

    def pinball(model: Any) -> float:
        errors = y - model.predict(X)
        return float(np.maximum(q * errors, (q - 1) * errors).mean())

    assert pinball(ours) == pytest.approx(pinball(theirs), rel=1e-4)


# ---- losses -----------------------------------------------------------------------------------


def means_and_counts(loss: str) -> tuple[Array, Array, Array]:
    """Features, means that are not log-linear in them, and draws around these means."""
    rng = np.random.RandomState(0)
    X = rng.normal(size=(2000, 3))
    means = np.exp(0.3 + 0.4 * X[:, 0] + 0.5 * np.sin(2 * X[:, 1]))
    draws = rng.poisson(means) if loss == "poisson" else means * rng.gamma(3.0, 1 / 3.0, 2000)
    return X, means, np.asarray(draws, dtype=float)


@pytest.mark.parametrize(
    ("loss", "power", "kind"), [("poisson", 1, PoissonRegressor), ("gamma", 2, GammaRegressor)]
)
def test_deviances(loss: str, power: int, kind: Any) -> None:
    X, means, y = means_and_counts(loss)
    rows, held = slice(0, 1400), slice(1400, None)

    def d2(predictions: Array) -> float:
        return float(d2_tweedie_score(y[held], predictions[held], power=power))

    # Scikit-learn's objective is the mean deviance, ours the sum.
    ours = LinearRegressor(loss=loss, l2_regularization_strength=0.1 * 1400).fit(X[rows], y[rows])
    theirs = kind(alpha=0.1, tol=1e-9, max_iter=1000).fit(X[rows], y[rows])
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-4, atol=1e-6)
    assert d2(ours.predict(X)) == pytest.approx(theirs.score(X[held], y[held]), abs=1e-5)
    deep = DNNRegressor((30,), loss=loss, learning_rate=0.005, random_state=0, early_stopping=True)
    deep.fit(X[rows], y[rows])
    assert (deep.predict(X) > 0).all()
    assert d2(ours.predict(X)) + 0.03 < d2(deep.predict(X)) < d2(means) + 0.02
    assert d2(deep.predict(X)) > d2(means) - 0.05


def with_outliers() -> tuple[Array, Array, Array]:
    """Features, what a tenth of the rows far off were added to, and the sum."""
    rng = np.random.RandomState(0)
    X = rng.normal(size=(1500, 4))
    true = X[:, 0] - 2 * X[:, 1] + 0.1 * rng.normal(size=1500)
    return X, true, true + 50.0 * rng.standard_exponential(1500) * (rng.rand(1500) < 0.1)


@pytest.mark.parametrize("model", [LinearRegressor(), DNNRegressor((30,), random_state=0)])
def test_robust_losses_ignore_outliers(model: Any) -> None:
    X, true, y = with_outliers()
    rows, held = slice(0, 1000), slice(1000, None)

    def r2(fitted: Any) -> float:
        return float(r2_score(true[held], fitted.fit(X[rows], y[rows]).predict(X[held])))

    robust = {loss: r2(model.set_params(loss=loss)) for loss in ("huber", "absolute")}
    assert min(robust.values()) > 0.98
    assert r2(HuberRegressor()) > 0.98
    assert r2(model.set_params(loss="squared")) < 0.5


@pytest.mark.parametrize("cost", [0.1, 1.0])
def test_the_hinge_is_the_support_vector_machines(cost: float) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    X = scale(X)
    ours = LinearClassifier(loss="hinge", l2_regularization_strength=1 / cost).fit(X, y)
    theirs = SVC(kernel="linear", C=cost, tol=1e-6).fit(X, y)

    def objective(model: Any) -> float:
        short = np.maximum(0, 1 - (2 * y - 1) * model.decision_function(X))
        return float(0.5 * np.sum(model.coef_**2) + cost * short.sum())

    assert objective(ours) == pytest.approx(objective(theirs), rel=1e-5)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-3)


def focal_loss(model: Any, X: Array, y: Array, l2: float) -> float:
    """What a linear model of two classes with the focal loss minimises."""
    odds = (2 * y - 1) * model.decision_function(X)
    loss = expit(-odds) ** 2 * np.logaddexp(0, -odds)
    return float(loss.sum() + l2 / 2 * np.sum(model.coef_**2))


def test_the_focal_loss_is_minimised() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    X = scale(X)
    ours = LinearClassifier(loss="focal").fit(X, y)
    best = focal_loss(ours, X, y, 1.0)
    assert best < focal_loss(LogisticRegression().fit(X, y), X, y, 1.0)
    rng = np.random.RandomState(0)
    for _ in range(20):
        near = deepcopy(ours)
        moved = near._model.values  # noqa: PD011
        for name, values in list(moved.items()):
            moved[name] = values + 0.01 * rng.normal(size=values.shape)
        assert focal_loss(near, X, y, 1.0) > best


@pytest.mark.parametrize("loss", ["log", "hinge", "focal"])
@pytest.mark.parametrize("kind", [LinearClassifier, DNNClassifier, DNNLinearCombinedClassifier])
def test_all_losses_classify_well(kind: Callable[..., Any], loss: str) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    X, held_X, y, held_y = train_test_split(scale(X), y, random_state=0)
    wanted = LogisticRegression().fit(X, y).score(held_X, held_y)
    assert kind(loss=loss, random_state=0).fit(X, y).score(held_X, held_y) >= wanted - 0.03


def as_functions() -> dict[str, Any]:
    """The losses with names, written by a user."""

    def log(labels: Any, outputs: Any) -> Any:
        return tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=outputs)

    def poisson(labels: Any, outputs: Any) -> Any:
        return tf.exp(outputs) - labels * outputs

    return {
        "squared": lambda labels, outputs: 0.5 * tf.squared_difference(outputs, labels),
        "absolute": lambda labels, outputs: tf.abs(outputs - labels),
        "poisson": poisson,
        "log": log,
    }


@pytest.mark.parametrize("name", ["squared", "absolute", "poisson", "log"])
def test_functions_as_losses_are_the_ones_with_names(name: str) -> None:
    rng = np.random.RandomState(0)
    X = rng.normal(size=(150, 3))
    kind = DNNClassifier if name == "log" else DNNRegressor
    y = np.exp(X[:, 0]) > 1 if name == "log" else np.exp(X[:, 0])
    # Only losses with names know the best constant outputs to begin at.
    start = kind((6,), loss=name, random_state=0, max_iter=1, warm_start=True).fit(X, y)
    named = deepcopy(start).set_params(max_iter=5).fit(X, y)
    given = deepcopy(start).set_params(max_iter=5, loss=as_functions()[name]).fit(X, y)
    assert named.loss_curve_ == given.loss_curve_
    for variable in named.get_variable_names():
        found, wanted = given.get_variable_value(variable), named.get_variable_value(variable)
        assert (found == wanted).all()


# ---- categories -------------------------------------------------------------------------------


def frame(rows: int, seed: int) -> tuple[pd.DataFrame, Array]:
    """Numbers and two columns of categories; the class is an interaction of the two."""
    rng = np.random.RandomState(seed)
    towns, shops = rng.randint(0, 6, rows), rng.randint(0, 5, rows)
    X = pd.DataFrame(
        {
            "size": rng.normal(size=rows),
            "town": pd.Categorical.from_codes(towns, list("abcdef")),
            "shop": pd.Categorical.from_codes(shops, ["v", "w", "x", "y", "z"]),
        }
    )
    return X, np.where((towns + shops) % 2 == 0, "even", "odd")


def one_hot() -> Any:
    return make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["town", "shop"]),
        remainder="passthrough",
    )


@pytest.mark.parametrize("cost", [0.1, 1.0, 30.0])
def test_categories_of_a_linear_model_are_columns_of_zeros_and_ones(cost: float) -> None:
    X, _ = frame(500, seed=0)
    rng = np.random.RandomState(1)
    y = X["size"] + X["town"].cat.codes - X["shop"].cat.codes + rng.normal(size=500) > 0
    ours = LinearClassifier(l2_regularization_strength=1 / cost).fit(X, y)
    theirs = make_pipeline(one_hot(), LogisticRegression(C=cost, tol=1e-10, max_iter=1000)).fit(
        X, y
    )
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)
    weights = theirs[-1].coef_[0]
    # Ours come after those of the numbers, theirs before.
    np.testing.assert_allclose(ours.coef_[0], np.roll(weights, 1), atol=1e-4)


def test_networks_learn_what_two_categories_mean_together() -> None:
    X, y = frame(1500, seed=0)
    held_X, held_y = frame(500, seed=1)
    linear = make_pipeline(one_hot(), LogisticRegression()).fit(X, y)
    assert linear.score(held_X, held_y) < 0.6
    for model in (
        DNNClassifier((30,), learning_rate=0.01, max_iter=60, random_state=0),
        DNNLinearCombinedClassifier((30,), dnn_learning_rate=0.01, max_iter=60, random_state=0),
    ):
        assert model.fit(X, y).score(held_X, held_y) > 0.97


@pytest.mark.parametrize("kind", [LinearClassifier, DNNClassifier, DNNLinearCombinedClassifier])
def test_unseen_and_missing_categories_are_predicted(kind: Callable[..., Any]) -> None:
    X, y = frame(200, seed=0)
    model = kind(max_iter=20, random_state=0).fit(X, y)
    unseen = X.astype({"town": object, "shop": object}).head(6)
    unseen["town"] = ["nowhere", None, np.nan, "a", "b", "nowhere"]
    chances = model.predict_proba(unseen)
    assert np.isfinite(chances).all()
    np.testing.assert_allclose(chances.sum(axis=1), 1.0)
    # All that was not seen is the same.
    like = unseen.assign(town="elsewhere").iloc[[0, 1, 2, 5]]
    np.testing.assert_allclose(model.predict_proba(like), chances[[0, 1, 2, 5]], rtol=1e-12)


def test_an_unseen_category_adds_nothing_to_a_linear_model() -> None:
    X, y = frame(200, seed=0)
    ours = LinearClassifier().fit(X, y)
    theirs = make_pipeline(one_hot(), LogisticRegression(tol=1e-10)).fit(X, y)
    unseen = X.astype({"town": object}).assign(town="nowhere")
    np.testing.assert_allclose(ours.predict_proba(unseen), theirs.predict_proba(unseen), atol=1e-5)
