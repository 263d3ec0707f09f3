"""A row of weight three counts like three rows, and class weights are weights of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.utils import compute_sample_weight

import skflow as tf
from skflow.estimators import (
    DNNClassifier,
    DNNLinearCombinedClassifier,
    DNNLinearCombinedRegressor,
    DNNRegressor,
    EstimatorSpec,
    GraphClassifier,
    GraphRegressor,
    LinearClassifier,
    LinearRegressor,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

Array = NDArray[Any]
Make = Callable[..., Any]

N: Final = 60
RNG = np.random.RandomState(0)
X = RNG.normal(size=(N, 4))
SIGNAL = X[:, 0] - X[:, 1] * X[:, 2]
Y = SIGNAL + RNG.normal(0, 0.3, N)
TIMES = RNG.randint(0, 5, N)
HELD_X, HELD_Y = RNG.normal(size=(20, 4)), RNG.normal(size=20)
HELD_TIMES = RNG.randint(0, 4, 20)

TARGETS: Final = {
    "quantity": Y,
    "quantities": np.column_stack([Y, 3 * Y + X[:, 3]]),
    "positive": np.exp(0.5 * Y),
    "two classes": np.where(Y > 0.3, "yes", "no"),
    "three classes": np.digitize(Y, [-1.0, 0.5]),
    "labels": (np.column_stack([Y, X[:, 0], -Y]) > 0.2).astype(int),
    "several targets": np.column_stack([np.digitize(Y, [-1.0, 0.5]), (X[:, 0] > 0).astype(int)]),
}


def log_cosh(labels: Any, outputs: Any) -> Any:
    errors = outputs - labels
    return errors + tf.nn.softplus(-2.0 * errors)


def exponential(labels: Any, outputs: Any) -> Any:
    return tf.exp((0.5 - labels) * outputs)


def two_layers(features: Any, labels: Any, mode: Any, params: Any) -> EstimatorSpec:
    del labels
    charged = [tf.GraphKeys.GLOBAL_VARIABLES, tf.GraphKeys.WEIGHTS]
    w = tf.get_variable("w", (4, 6), features.dtype, collections=charged)
    v = tf.get_variable("v", (6, params["n_outputs"]), features.dtype, collections=charged)
    return EstimatorSpec(mode, predictions=tf.matmul(tf.tanh(tf.matmul(features, w)), v))


REGRESSORS: Final[dict[str, Make]] = {
    "LinearRegressor": lambda **s: LinearRegressor(optimizer="Adam", **s),
    "DNNRegressor": lambda **s: DNNRegressor((6,), **s),
    "DNNLinearCombinedRegressor": lambda **s: DNNLinearCombinedRegressor(
        (6,), dnn_learning_rate=s.pop("learning_rate"), **s
    ),
    "GraphRegressor": lambda **s: GraphRegressor(model_fn=two_layers, **s),
}
CLASSIFIERS: Final[dict[str, Make]] = {
    "LinearClassifier": lambda **s: LinearClassifier(optimizer="Adam", **s),
    "DNNClassifier": lambda **s: DNNClassifier((6,), **s),
    "DNNLinearCombinedClassifier": lambda **s: DNNLinearCombinedClassifier(
        (6,), dnn_learning_rate=s.pop("learning_rate"), **s
    ),
    "GraphClassifier": lambda **s: GraphClassifier(model_fn=two_layers, **s),
}
LOSSES_OF_REGRESSORS: Final = [
    ("squared", "quantity"),
    ("squared", "quantities"),
    ("absolute", "quantities"),
    ("huber", "quantities"),
    ("poisson", "positive"),
    ("gamma", "positive"),
    ("quantile", "quantities"),
    (log_cosh, "quantities"),
]
LOSSES_OF_CLASSIFIERS: Final = [
    ("log", "two classes"),
    ("log", "three classes"),
    ("log", "labels"),
    ("log", "several targets"),
    ("hinge", "two classes"),
    ("hinge", "three classes"),
    ("hinge", "several targets"),
    ("focal", "three classes"),
    ("focal", "labels"),
    (exponential, "two classes"),
]


def settings(rows: int, **more: Any) -> dict[str, Any]:
    """A few full-batch epochs, penalties included."""
    return {
        "batch_size": rows,
        "learning_rate": 0.02,
        "l2_regularization_strength": 1.0,
        "l1_regularization_strength": 0.1,
        "max_iter": 12,
        "tol": 0.0,
        "n_iter_no_change": np.inf,
        "restore_best": False,
        "random_state": 0,
        **more,
    }


def outputs(model: Any) -> list[Array]:
    """All that a model says of rows."""
    names = ["predict_quantiles"] if getattr(model, "loss", "") == "quantile" else ["predict"]
    found = []
    for name in ["decision_function"] if hasattr(model, "decision_function") else names:
        said = getattr(model, name)(HELD_X)
        found += said if isinstance(said, list) else [said]
    return found


def assert_alike(a: Any, b: Any, rtol: float = 1e-7) -> None:
    """Two models learnt the same, and went the same way."""
    np.testing.assert_allclose(a.loss_curve_, b.loss_curve_, rtol=rtol)
    for name in a.get_variable_names():
        found, wanted = a.get_variable_value(name), b.get_variable_value(name)
        np.testing.assert_allclose(found, wanted, rtol=rtol, atol=rtol * np.abs(wanted).max())
    for found, wanted in zip(outputs(a), outputs(b), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=rtol, atol=rtol)


def weighted_and_repeated(make: Make, y: Array, **more: Any) -> tuple[Any, Any]:
    """A model of rows that count several times, and one of rows that stand there as often."""
    kept = int((TIMES > 0).sum())
    weighted = make(**settings(kept, **more)).fit(X, y, TIMES)
    total = int(TIMES.sum())
    repeated = make(**settings(total, **more)).fit(X.repeat(TIMES, axis=0), y.repeat(TIMES, axis=0))
    return weighted, repeated


@pytest.mark.parametrize(("loss", "target"), LOSSES_OF_REGRESSORS)
@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors(name: str, loss: Any, target: str) -> None:
    more = {"loss": loss, "quantile": [0.2, 0.5, 0.7]} if loss == "quantile" else {"loss": loss}
    assert_alike(*weighted_and_repeated(REGRESSORS[name], TARGETS[target], **more))


@pytest.mark.parametrize(("loss", "target"), LOSSES_OF_CLASSIFIERS)
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers(name: str, loss: Any, target: str) -> None:
    assert_alike(*weighted_and_repeated(CLASSIFIERS[name], TARGETS[target], loss=loss))


@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors_searching_over_all_rows(name: str) -> None:
    make = {
        "LinearRegressor": LinearRegressor,
        "DNNRegressor": lambda **s: DNNRegressor((6,), activation_fn="tanh", **s),
        "DNNLinearCombinedRegressor": combined_search(DNNLinearCombinedRegressor),
        "GraphRegressor": lambda **s: GraphRegressor(model_fn=two_layers, **s),
    }[name]
    assert_found_alike(make, Y)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers_searching_over_all_rows(name: str) -> None:
    make = {
        "LinearClassifier": LinearClassifier,
        "DNNClassifier": lambda **s: DNNClassifier((6,), activation_fn="tanh", **s),
        "DNNLinearCombinedClassifier": combined_search(DNNLinearCombinedClassifier),
        "GraphClassifier": lambda **s: GraphClassifier(model_fn=two_layers, **s),
    }[name]
    assert_found_alike(make, TARGETS["three classes"])


def combined_search(kind: Make) -> Make:
    """Wide and deep, by L-BFGS for both parts."""

    def make(optimizer: str, **more: Any) -> Any:
        return kind(
            (6,),
            dnn_activation_fn="tanh",
            dnn_optimizer=optimizer,
            linear_optimizer=optimizer,
            **more,
        )

    return make


def assert_found_alike(make: Make, y: Array) -> None:
    """Where the optimum is not the only one, a few iterations must lead to the same place."""
    fixed = {"optimizer": "L-BFGS", "l2_regularization_strength": 1.0, "random_state": 0}
    more = {} if make in (LinearRegressor, LinearClassifier) else {"max_iter": 12}
    weighted = make(**fixed, **more).fit(X, y, TIMES)
    repeated = make(**fixed, **more).fit(X.repeat(TIMES, axis=0), y.repeat(TIMES, axis=0))
    for found, wanted in zip(outputs(weighted), outputs(repeated), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", ["frame", "sparse"])
@pytest.mark.parametrize("name", list(REGRESSORS)[:3])
def test_other_features(name: str, kind: str) -> None:
    assert_alike_on(kind, REGRESSORS[name], 1e-7)


@pytest.mark.parametrize("kind", [LinearRegressor, DNNRegressor, GraphRegressor])
def test_float32(kind: Make) -> None:
    # Adam would make steps of full length from the rounding errors of a gradient of zero.
    assert_alike_on("float32", lambda **s: kind(optimizer="Momentum", **s), 1e-5)


def assert_alike_on(kind: str, make: Make, rtol: float) -> None:
    """Weights equal repeated rows on features of some kind."""

    def fit(rows: Array, batch: int, weight: Array | None) -> Any:
        return make(**settings(batch)).fit(features_of(kind, X[rows]), Y[rows], weight)

    weighted = fit(np.arange(N), int((TIMES > 0).sum()), TIMES)
    repeated = fit(np.arange(N).repeat(TIMES), int(TIMES.sum()), None)
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=rtol)
    held = features_of(kind, HELD_X)
    np.testing.assert_allclose(weighted.predict(held), repeated.predict(held), rtol=rtol, atol=rtol)


def features_of(kind: str, values: Array) -> Any:
    """The same numbers in float32, as a sparse matrix, or as a data frame with categories."""
    if kind == "sparse":
        return csr_array(values * (values > 0))
    if kind == "float32":
        return values.astype(np.float32)
    names = np.array(["few", "some", "many"])[np.digitize(values[:, 0], [-0.5, 0.5])]
    size = pd.Categorical(names, categories=["few", "some", "many"])
    return pd.DataFrame({"a": values[:, 1], "size": size, "b": values[:, 2]})


@pytest.mark.parametrize("loss", ["squared", "absolute", "quantile", "poisson", "gamma"])
def test_validation_rows_of_regressors(loss: str) -> None:
    more = {"loss": loss, "quantile": [0.3, 0.8]} if loss == "quantile" else {"loss": loss}
    positive = loss in ("poisson", "gamma")
    y, held = (np.exp(v / 2) if positive else v for v in (Y, HELD_Y))
    assert_judged_alike(DNNRegressor, y, held, more)


@pytest.mark.parametrize("loss", ["log", "hinge"])
@pytest.mark.parametrize("target", ["two classes", "labels", "several targets"])
def test_validation_rows_of_classifiers(loss: str, target: str) -> None:
    # The same rows judge, in another order and as often as the weights say.
    assert_judged_alike(DNNClassifier, TARGETS[target], TARGETS[target][:20], {"loss": loss})


def assert_judged_alike(kind: Make, y: Array, held: Array, more: dict[str, Any]) -> None:
    """Weighted validation rows give the scores of repeated ones, and stop at the same epoch."""
    shared = {**more, "early_stopping": True, "n_iter_no_change": 4, "random_state": 0}
    rest = {"learning_rate": 0.03, "batch_size": 16, "max_iter": 40}
    weighted = kind((6,), **shared, **rest)
    weighted.fit(X, y, X_val=HELD_X, y_val=held, sample_weight_val=HELD_TIMES)
    repeated = kind((6,), **shared, **rest).fit(
        X, y, X_val=HELD_X.repeat(HELD_TIMES, 0), y_val=held.repeat(HELD_TIMES, 0)
    )
    plain = kind((6,), **shared, **rest).fit(X, y, X_val=HELD_X, y_val=held)
    np.testing.assert_allclose(
        weighted.validation_scores_, repeated.validation_scores_, rtol=1e-9, atol=1e-12
    )
    assert weighted.best_iter_ == repeated.best_iter_
    assert weighted.validation_scores_ != plain.validation_scores_


def test_the_score_that_stops_is_the_weighted_public_one() -> None:
    model = DNNClassifier((6,), max_iter=7, random_state=0, restore_best=False)
    y = TARGETS["three classes"]
    model.fit(X, y, X_val=HELD_X, y_val=y[:20], sample_weight_val=HELD_TIMES)
    public = model.score(HELD_X, y[:20], HELD_TIMES)
    assert model.validation_scores_[-1] == pytest.approx(public, rel=1e-12)


def test_several_passes_of_partial_fit() -> None:
    weighted = DNNRegressor((6,), **settings(int((TIMES > 0).sum())))
    repeated = DNNRegressor((6,), **settings(int(TIMES.sum())))
    for _ in range(5):
        weighted.partial_fit(X, Y, TIMES)
        repeated.partial_fit(X.repeat(TIMES, axis=0), Y.repeat(TIMES))
    assert_alike(weighted, repeated)


@pytest.mark.parametrize("make", [REGRESSORS["DNNRegressor"], LinearRegressor])
def test_only_the_ratios_of_weights_count_without_penalties(make: Make) -> None:
    free = {"l1_regularization_strength": 0.0, "l2_regularization_strength": 0.0}
    rows = int((TIMES > 0).sum())
    once = make(**settings(rows, **free)).fit(X, Y, TIMES)
    # A power of two, with which nothing rounds otherwise: rounding may end a search a step later.
    often = make(**settings(rows, **free)).fit(X, Y, 1024.0 * TIMES)
    assert_alike(once, often)


# ---- class weights ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "weight"),
    [
        ("two classes", {"yes": 3.0, "no": 0.5}),
        ("two classes", {"yes": 3.0}),
        ("three classes", "balanced"),
        ("two classes", "balanced"),
        ("labels", [{0: 1.0, 1: 2.0}, {0: 0.5, 1: 3.0}, {0: 1.0, 1: 1.0}]),
        ("labels", "balanced"),
        ("several targets", [{0: 1.0, 1: 2.0, 2: 3.0}, {0: 0.5, 1: 3.0}]),
        ("several targets", "balanced"),
    ],
)
def test_class_weights_are_sample_weights(target: str, weight: Any) -> None:
    assert_row_weights("DNNClassifier", TARGETS[target], weight)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_all_families_have_class_weights(name: str) -> None:
    assert_row_weights(name, TARGETS["three classes"], {0: 0.25, 1: 1.0, 2: 4.0})


def assert_row_weights(name: str, y: Array, weight: Any) -> None:
    """Class weights are those weights of the rows, and not all alike."""
    rows = compute_sample_weight(weight, y)
    assert len(set(rows)) > 1
    by_class = CLASSIFIERS[name](**settings(N, class_weight=weight)).fit(X, y)
    by_row = CLASSIFIERS[name](**settings(N)).fit(X, y, rows)
    assert_alike(by_class, by_row, rtol=1e-12)


def test_class_weights_multiply_sample_weights() -> None:
    y, extra = TARGETS["three classes"], RNG.uniform(0.5, 2.0, N)
    weight = {0: 0.25, 1: 1.0, 2: 4.0}
    both = DNNClassifier((6,), **settings(N, class_weight=weight)).fit(X, y, extra)
    product = extra * compute_sample_weight(weight, y)
    assert_alike(both, DNNClassifier((6,), **settings(N)).fit(X, y, product), rtol=1e-12)


@pytest.mark.parametrize("kind", [LinearClassifier, DNNClassifier])
def test_balance_counts_repeated_rows_as_often_as_they_stand_there(kind: Make) -> None:
    def make(**more: Any) -> Any:
        return kind(optimizer="Adam", class_weight="balanced", **more)

    assert_alike(*weighted_and_repeated(make, TARGETS["three classes"]))


def test_balance_undoes_an_imbalance_of_the_sample() -> None:
    y = TARGETS["two classes"]
    copies = np.where(y == "yes", 5, 1)
    fixed = {"class_weight": "balanced", "l2_regularization_strength": 0.0}
    once = LinearClassifier(**fixed).fit(X, y)
    often = LinearClassifier(**fixed).fit(X.repeat(copies, axis=0), y.repeat(copies))
    np.testing.assert_allclose(once.coef_, often.coef_, rtol=1e-5)
    np.testing.assert_allclose(once.intercept_, often.intercept_, rtol=1e-5, atol=1e-6)
