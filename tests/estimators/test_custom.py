"""Estimators whose graph a function of the user's builds."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import skflow as tf
from skflow.estimators import (
    EstimatorSpec,
    GraphClassifier,
    GraphRegressor,
    LinearClassifier,
    LinearRegressor,
    ModeKeys,
)
from skflow.estimators.training import _waiting, predictor
from tests.estimators.cases import (
    FRAME,
    LABELS,
    PAIR,
    SEVERAL,
    THREE,
    TWO,
    WEIGHT,
    X,
    Y,
    outputs,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SHORT: dict[str, Any] = {"batch_size": 16, "max_iter": 4, "random_state": 0, "shuffle": False}
CLOSE = {"rtol": 1e-10, "atol": 1e-12}

TARGETS: dict[str, Any] = {
    "two": TWO,
    "three": THREE,
    "labels": LABELS,
    "several": SEVERAL,
}


def values(model: Any) -> dict[str, bytes]:
    """All that was learnt, to the bit."""
    return {n: model.get_variable_value(n).tobytes() for n in model.get_variable_names()}


# ---- functions that users might write -----------------------------------------------------------


def sums(features: Any, params: Any) -> Any:
    """Weighted sums that begin at zero, as a linear model's do."""
    zeros, count = tf.zeros_initializer(features.dtype), params["n_outputs"]
    kinds = [tf.GraphKeys.GLOBAL_VARIABLES, tf.GraphKeys.WEIGHTS]
    width = features.get_shape()[1].value
    weights = tf.get_variable("w", (width, count), features.dtype, zeros, collections=kinds)
    biases = tf.get_variable("b", (count,), features.dtype, zeros)
    if isinstance(features, tf.SparseTensor):
        return tf.sparse_tensor_dense_matmul(features, weights) + biases
    return tf.matmul(features, weights) + biases


def plain(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
    """Outputs and nothing else."""
    del labels
    return EstimatorSpec(mode, predictions=sums(features, params))


def squares(labels: Any, found: Any) -> Any:
    """The squared errors, of shape (n, k)."""
    return 0.5 * tf.square(labels - found)


def row_losses(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
    """With the losses of the rows, one for each target."""
    found = sums(features, params)
    loss = squares(labels, found) if mode == ModeKeys.TRAIN else None
    return EstimatorSpec(mode, predictions=found, loss=loss)


def summed_losses(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
    """With one loss for each row."""
    found = sums(features, params)
    loss = tf.reduce_sum(squares(labels, found), 1) if mode == ModeKeys.TRAIN else None
    return EstimatorSpec(mode, predictions=found, loss=loss)


def single_loss(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
    """With a loss that is one number."""
    found = sums(features, params)
    loss = None
    if mode == ModeKeys.TRAIN:
        loss = tf.reduce_mean(tf.reduce_sum(squares(labels, found), 1))
    return EstimatorSpec(mode, predictions=found, loss=loss)


def weighted_loss(
    features: Any, labels: Any, mode: str, params: Any, weights: Any = None
) -> EstimatorSpec:
    """With a loss that is one number and knows of weights."""
    found = sums(features, params)
    loss = None
    if mode == ModeKeys.TRAIN:
        losses = tf.reduce_sum(squares(labels, found), 1)
        loss = tf.reduce_mean(losses if weights is None else losses * weights)
    return EstimatorSpec(mode, predictions=found, loss=loss)


def own_step(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
    """With a step of training too."""
    spec = single_loss(features, labels, mode, params)
    if mode == ModeKeys.PREDICT:
        return spec
    optimizer = tf.train.AdamOptimizer(params["rate"])
    step = optimizer.minimize(spec.loss, global_step=tf.train.get_global_step())
    return EstimatorSpec(mode, spec.predictions, spec.loss, step)


def hidden(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
    """A hidden layer, with dropout in training if asked for."""
    del labels
    width = features.get_shape()[1].value
    first = tf.get_variable("first", (width, params.get("units", 5)), features.dtype)
    found = tf.tanh(tf.matmul(features, first))
    if mode == ModeKeys.TRAIN and params.get("dropout"):
        found = tf.nn.dropout(found, keep_prob=1.0 - params["dropout"])
    last = tf.get_variable("last", (params.get("units", 5), params["n_outputs"]), features.dtype)
    return EstimatorSpec(mode, predictions=tf.matmul(found, last))


# ---- losses and steps ---------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
@pytest.mark.parametrize("y", [Y, PAIR], ids=["one", "two"])
@pytest.mark.parametrize("function", [plain, row_losses, summed_losses, weighted_loss])
def test_losses_of_all_forms_are_the_one_with_a_name(function: Any, y: Any, weight: Any) -> None:
    own = GraphRegressor(model_fn=function, **SHORT).fit(X, y, weight)
    named = GraphRegressor(model_fn=plain, loss="squared", **SHORT).fit(X, y, weight)
    assert own.get_variable_names() == ["w", "b"]
    np.testing.assert_allclose(own.predict(X), named.predict(X), **CLOSE)
    np.testing.assert_allclose(own.loss_curve_, named.loss_curve_, **CLOSE)
    assert own.predict(X).shape == y.shape


def test_one_number_may_be_the_loss() -> None:
    own = GraphRegressor(model_fn=single_loss, **SHORT).fit(X, PAIR)
    named = GraphRegressor(model_fn=plain, **SHORT).fit(X, PAIR)
    np.testing.assert_allclose(own.predict(X), named.predict(X), **CLOSE)
    with pytest.raises(ValueError, match="sample_weight has no effect on the single loss"):
        own.fit(X, PAIR, WEIGHT)
    np.testing.assert_allclose(own.predict(X), named.predict(X), **CLOSE)


def test_weights_are_given_to_those_who_ask() -> None:
    """They are one on average, so that losses times weights have the weighted mean."""
    modes: list[str] = []

    def asking(features: Any, labels: Any, mode: str, params: Any, weights: Any) -> Any:
        assert (weights is None) == (mode == ModeKeys.PREDICT)
        modes.append(mode)
        return weighted_loss(features, labels, mode, params, weights)

    model = GraphRegressor(model_fn=asking, random_state=0, steps=1).fit(X, Y, WEIGHT)
    assert model.loss_ == pytest.approx(np.average(Y**2 / 2, weights=WEIGHT))
    assert ModeKeys.TRAIN in modes


def test_without_a_function_it_is_a_linear_model() -> None:
    for graph, linear, y in [
        (GraphRegressor, LinearRegressor, Y),
        (GraphClassifier, LinearClassifier, THREE),
    ]:
        settings = {**SHORT, "optimizer": "Adam", "l2_regularization_strength": 1.0}
        expected = values(linear(**settings).fit(X, y))
        assert values(graph(**settings).fit(X, y)) == expected


def test_a_step_of_ones_own_is_made() -> None:
    own = GraphRegressor(model_fn=own_step, params={"rate": 0.05}, **SHORT).fit(X, Y)
    named = GraphRegressor(model_fn=plain, learning_rate=0.05, **SHORT).fit(X, Y)
    assert own.get_variable_names() == ["w", "b"]
    np.testing.assert_allclose(own.predict(X), named.predict(X), rtol=1e-6)
    np.testing.assert_allclose(own.loss_curve_, named.loss_curve_, rtol=1e-6)
    assert np.isnan(own.history_["learning_rate"]).all()
    for _ in range(2):
        own.partial_fit(X, Y)
        named.partial_fit(X, Y)
    np.testing.assert_allclose(own.predict(X), named.predict(X), rtol=1e-6)


INEFFECTIVE: list[dict[str, Any]] = [
    {"l2_regularization_strength": 1.0},
    {"l1_regularization_strength": 1.0},
    {"gradient_clip_norm": 1.0},
    {"optimizer": "L-BFGS"},
]


@pytest.mark.parametrize("setting", INEFFECTIVE)
def test_what_a_step_of_ones_own_would_not_do_is_refused(setting: Any) -> None:
    model = GraphRegressor(model_fn=own_step, params={"rate": 0.05}, **setting)
    with pytest.raises(ValueError, match="have no effect on the train_op that model_fn returned"):
        model.fit(X, Y)


def test_weights_that_a_step_of_ones_own_does_not_know_are_refused() -> None:

    def own_step_on_rows(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
        rows = row_losses(features, labels, mode, params)
        if mode == ModeKeys.PREDICT:
            return rows
        step = tf.train.GradientDescentOptimizer(0.01).minimize(tf.reduce_mean(rows.loss))
        return EstimatorSpec(mode, rows.predictions, rows.loss, step)

    model = GraphRegressor(model_fn=own_step_on_rows, **SHORT).fit(X, Y)
    with pytest.raises(ValueError, match="sample_weight has no effect on the train_op"):
        model.fit(X, Y, WEIGHT)


def test_all_rows_are_searched_at_once_if_asked_for() -> None:
    settings = {"optimizer": "L-BFGS", "l2_regularization_strength": 2.0, "tol": 1e-9}
    own = GraphRegressor(model_fn=plain, **settings).fit(X, Y, WEIGHT)
    best = LinearRegressor(l2_regularization_strength=2.0).fit(X, Y, WEIGHT)
    np.testing.assert_allclose(own.get_variable_value("w")[:, 0], best.coef_, rtol=1e-6, atol=1e-7)
    assert own.loss_ == pytest.approx(best.loss_, rel=1e-10)


@pytest.mark.parametrize("setting", INEFFECTIVE[:2])
def test_penalties_charge_for_what_is_in_the_collection(setting: Any) -> None:
    settings = {**setting, "optimizer": "Momentum", "random_state": 0}
    own = GraphRegressor(model_fn=plain, steps=4, **settings).fit(X, Y, WEIGHT)
    last = clone(own).set_params(steps=5).fit(X, Y, WEIGHT).loss_
    weights, (strength,) = own.get_variable_value("w"), setting.values()
    l1 = "l1_regularization_strength" in setting
    size = np.sum(np.abs(weights) if l1 else np.square(weights) / 2)
    errors = np.average(np.square(Y - own.predict(X)) / 2, weights=WEIGHT)
    assert last == pytest.approx(errors + strength * size / WEIGHT.sum(), rel=1e-10)
    with pytest.raises(ValueError, match="collection tf.GraphKeys.WEIGHTS, but there are none"):
        GraphRegressor(model_fn=hidden, **settings).fit(X, Y)


@pytest.mark.parametrize("loss", ["absolute", "huber", "poisson", "quantile"])
def test_named_losses_are_applied_to_its_outputs(loss: str) -> None:
    settings = {**SHORT, "loss": loss, "optimizer": "Adam"}
    if loss == "quantile":
        settings["quantile"] = [0.2, 0.5, 0.9]
    y = np.exp(PAIR / 4)
    own = GraphRegressor(model_fn=plain, **settings).fit(X, y)
    columns = 6 if loss == "quantile" else 2
    assert own.get_variable_value("w").shape == (4, columns)
    assert own.predict(X).shape == y.shape
    if loss == "poisson":
        logs = X @ own.get_variable_value("w") + own.get_variable_value("b")
        np.testing.assert_allclose(own.predict(X), np.exp(logs), **CLOSE)


# ---- predictions --------------------------------------------------------------------------------


def under(key: str, made: Callable[[Any], Any] = lambda found: found) -> Callable[..., Any]:
    """A function that gives its outputs under a key, beside others."""

    def keyed(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
        del labels
        found = sums(features, params)
        return EstimatorSpec(mode, predictions={"beside": features, key: made(found)})

    return keyed


@pytest.mark.parametrize("key", ["logits", "outputs", "predictions", "scores"])
def test_predictions_may_have_names(key: str) -> None:
    for kind, y in ((GraphRegressor, PAIR), (GraphClassifier, THREE)):
        expected = kind(model_fn=plain, **SHORT).fit(X, y)
        named = kind(model_fn=under(key), **SHORT).fit(X, y)
        assert values(named) == values(expected)
        assert (outputs(named, X) == outputs(expected, X)).all()


def both_classes(found: Any) -> Any:
    """The probabilities of two classes."""
    return tf.concat([tf.sigmoid(-found), tf.sigmoid(found)], 1)


def second_class(found: Any) -> Any:
    """The probability of the second class as a vector."""
    return tf.reshape(tf.sigmoid(found), [-1])


def by_target(found: Any) -> Any:
    """The probabilities of the classes of two targets."""
    return tf.concat([tf.nn.softmax(found[:, :3]), tf.nn.softmax(found[:, 3:])], 1)


PROBABILITIES: dict[str, tuple[Any, Any]] = {
    "both": (TWO, both_classes),
    "second": (TWO, second_class),
    "column": (TWO, tf.sigmoid),
    "three": (THREE, tf.nn.softmax),
    "labels": (LABELS, tf.sigmoid),
    "several": (SEVERAL, by_target),
}


@pytest.mark.parametrize(("y", "made"), PROBABILITIES.values(), ids=PROBABILITIES)
def test_probabilities_may_be_the_predictions(y: Any, made: Any) -> None:
    expected = GraphClassifier(model_fn=plain, **SHORT).fit(X, y)
    found = GraphClassifier(model_fn=under("probabilities", made), **SHORT).fit(X, y)
    np.testing.assert_allclose(found.loss_curve_, expected.loss_curve_, rtol=1e-8)
    likely, wanted = found.predict_proba(X), expected.predict_proba(X)
    pairs = zip(likely, wanted, strict=True) if isinstance(wanted, list) else [(likely, wanted)]
    for one, other in pairs:
        np.testing.assert_allclose(one, other, rtol=1e-7)
    assert (found.predict(X) == expected.predict(X)).all()


def test_regressors_have_no_probabilities() -> None:
    model = GraphRegressor(model_fn=under("probabilities"))
    with pytest.raises(ValueError, match="one of the keys logits, outputs, .* got beside, prob"):
        model.fit(X, Y)


LABEL_SHAPES: dict[str, tuple[list[int | None], Any, int]] = {
    "two": ([None, 1], tf.float64, 1),
    "three": ([None], tf.int32, 3),
    "labels": ([None, 2], tf.float64, 2),
    "several": ([None, 2], tf.int32, 5),
}


@pytest.mark.parametrize("name", TARGETS)
def test_classifiers_are_given_labels_as_documented(name: str) -> None:
    seen: list[Any] = []

    def looking(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
        if labels is not None:
            seen.append((labels.get_shape().as_list(), labels.dtype, params["n_outputs"]))
        assert (labels is None) == (mode == ModeKeys.PREDICT)
        assert mode in ("train", "infer")
        return plain(features, labels, mode, params)

    y = TARGETS[name]
    model = GraphClassifier(model_fn=looking, **SHORT).fit(X, y)
    assert seen == [LABEL_SHAPES[name]]
    assert model.predict(X).shape == y.shape
    assert model.predict(X).dtype == y.dtype
    assert 0 <= model.score(X, y) <= 1


@pytest.mark.parametrize("name", TARGETS)
def test_classifiers_learn(name: str) -> None:
    settings = {**SHORT, "max_iter": 60, "learning_rate": 0.1, "params": {"units": 20}}
    model = GraphClassifier(model_fn=hidden, **settings).fit(X, TARGETS[name])
    assert model.score(X, TARGETS[name]) > 0.9


# ---- features -----------------------------------------------------------------------------------


def test_sparse_features_are_sparse_tensors() -> None:
    rows = np.where(np.abs(X) > 0.7, X, 0.0)
    dense = GraphRegressor(model_fn=plain, **SHORT).fit(rows, Y)
    sparse = GraphRegressor(model_fn=plain, **SHORT).fit(csr_array(rows), Y)
    np.testing.assert_allclose(sparse.predict(csr_array(rows)), dense.predict(rows), **CLOSE)
    np.testing.assert_allclose(sparse.predict(rows), dense.predict(rows), **CLOSE)


def with_categories(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
    """A linear model with a weight for each category."""
    assert set(features) == {"numeric", "codes"}
    assert features["codes"].dtype == tf.int64
    assert features["codes"].get_shape().as_list() == [None, 2]
    dtype = features["numeric"].dtype
    spec = plain(features["numeric"], labels, mode, params)
    found = spec.predictions
    for j, count in enumerate(params["counts"]):
        shape = (count + 1, params["n_outputs"])
        table = tf.get_variable(f"table_{j}", shape, dtype, tf.zeros_initializer(dtype))
        found += tf.nn.embedding_lookup(table, features["codes"][:, j])
    return EstimatorSpec(mode, predictions=found)


def test_categories_come_as_numbers() -> None:
    settings = {**SHORT, "optimizer": "SGD", "learning_rate": 0.1}
    own = GraphRegressor(model_fn=with_categories, params={"counts": (3, 2)}, **settings)
    own.fit(FRAME, Y - Y.mean())
    linear = LinearRegressor(**settings).fit(FRAME, Y - Y.mean())
    np.testing.assert_allclose(own.predict(FRAME), linear.predict(FRAME), rtol=1e-8, atol=1e-10)
    strange = FRAME.assign(size="enormous", color=None)
    np.testing.assert_allclose(own.predict(strange), linear.predict(strange), rtol=1e-8)


def test_the_type_of_the_features_is_kept() -> None:
    model = GraphRegressor(model_fn=hidden, **SHORT).fit(X.astype(np.float32), Y)
    assert model.predict(X.astype(np.float32)).dtype == np.float32
    assert model.get_variable_value("first").dtype == np.float32


# ---- modes and variables ------------------------------------------------------------------------


def test_units_are_dropped_in_training_only() -> None:
    settings = {**SHORT, "model_fn": hidden}
    dropping = GraphRegressor(params={"dropout": 0.5}, **settings).fit(X, Y)
    without = GraphRegressor(params={}, **settings).fit(X, Y)
    assert values(dropping) != values(without)
    weights = [dropping.get_variable_value(name) for name in ("first", "last")]
    np.testing.assert_allclose(
        dropping.predict(X), (np.tanh(X @ weights[0]) @ weights[1])[:, 0], **CLOSE
    )
    again = GraphRegressor(params={"dropout": 0.5}, **settings).fit(X, Y)
    assert values(dropping) == values(again)


def normalised(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
    """The features less a moving average of the batches' means."""
    zeros = tf.zeros_initializer(features.dtype)
    mean = tf.get_variable("mean", (4,), features.dtype, zeros, trainable=False)
    unused = tf.get_variable("unused", (2,), features.dtype, zeros, trainable=False)
    if mode == ModeKeys.PREDICT:
        return plain(features - mean, labels, mode, params)
    del unused
    here = tf.reduce_mean(features, 0)
    with tf.control_dependencies([tf.assign_sub(mean, 0.25 * (mean - here))]):
        return plain(features - tf.identity(here), labels, mode, params)


def test_variables_that_training_only_updates_are_kept() -> None:
    model = GraphRegressor(model_fn=normalised, restore_best=False, **SHORT)
    model.fit(X, Y)
    assert model.get_variable_names() == ["mean", "unused", "w", "b"]
    expected = np.zeros(4)
    for _ in range(4):
        for start in range(0, 60, 16):
            expected -= 0.25 * (expected - X[start : start + 16].mean(axis=0))
    np.testing.assert_allclose(model.get_variable_value("mean"), expected, **CLOSE)
    weights, bias = model.get_variable_value("w"), model.get_variable_value("b")
    np.testing.assert_allclose(model.predict(X), ((X - expected) @ weights + bias)[:, 0], **CLOSE)
    again = clone(model).set_params(max_iter=1)
    for _ in range(4):
        again.partial_fit(X, Y)
    assert values(again) == values(model)


def test_what_only_training_needs_is_not_kept() -> None:
    def helped(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
        if mode == ModeKeys.TRAIN:
            scale = tf.get_variable("scale", (), features.dtype, tf.ones_initializer())
            loss = tf.square(labels - scale * sums(features, params)) + tf.square(scale)
            return EstimatorSpec(mode, predictions=features, loss=loss)
        return plain(features, labels, mode, params)

    model = GraphRegressor(model_fn=helped, **SHORT).fit(X, Y)
    assert model.get_variable_names() == ["w", "b"]
    first = model.partial_fit(X, Y).loss_
    assert model.partial_fit(X, Y).loss_ < first


def test_seeds_of_ones_own_are_kept() -> None:
    def seeded(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
        del labels
        draw = tf.random_normal_initializer(seed=params["seed"], dtype=features.dtype)
        weights = tf.get_variable("w", (4, 1), features.dtype, draw)
        return EstimatorSpec(mode, predictions=tf.matmul(features, weights))

    def first(seed: int | None, random_state: int) -> dict[str, bytes]:
        model = GraphRegressor(
            model_fn=seeded,
            params={"seed": seed},
            learning_rate=1e-300,
            steps=1,
            random_state=random_state,
        )
        return values(model.fit(X, Y))

    assert first(None, 0) == first(None, 0) != first(None, 1)
    assert first(3, 0) == first(3, 0)
    assert first(3, 0) != first(4, 0)


# ---- what functions return that they should not -------------------------------------------------


def returning(train: Any, predict: Any = None) -> Callable[..., Any]:
    """A function that returns what others make of its outputs."""

    def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
        del labels
        make = train if mode == ModeKeys.TRAIN or predict is None else predict
        return make(mode, sums(features, params))

    return model_fn


def extra_variable(mode: str, found: Any) -> EstimatorSpec:
    """With a variable more than elsewhere."""
    return EstimatorSpec(mode, predictions=found * tf.get_variable("extra", (), found.dtype))


def larger_variable(mode: str, found: Any) -> EstimatorSpec:
    """With the same variable in another shape."""
    extra = tf.get_variable("extra", (3,), found.dtype)
    return EstimatorSpec(mode, predictions=found * tf.reduce_sum(extra))


WRONG: dict[str, tuple[Any, type[Exception], str]] = {
    "nothing": (
        returning(lambda *_: None),
        TypeError,
        "model_fn must return an EstimatorSpec, got None",
    ),
    "a tensor": (
        returning(lambda *given: given[1]),
        TypeError,
        "model_fn must return an EstimatorSpec, got <tf.Tensor",
    ),
    "no predictions": (
        returning(lambda mode, _: EstimatorSpec(mode)),
        ValueError,
        "The EstimatorSpec that model_fn returned has no predictions",
    ),
    "other keys": (
        returning(lambda mode, found: EstimatorSpec(mode, {"classes": found})),
        ValueError,
        "predictions must have one of the keys logits, outputs, predictions, scores, got classes",
    ),
    "too wide": (
        returning(lambda mode, found: EstimatorSpec(mode, tf.concat([found, found], 1))),
        ValueError,
        r"predictions must have the shape \(n, 1\), got \(\?, 2\)",
    ),
    "a number": (
        returning(lambda mode, found: EstimatorSpec(mode, tf.reduce_sum(found))),
        ValueError,
        r"predictions must have the shape \(n, 1\), got \(\)",
    ),
    "another type": (
        returning(lambda mode, found: EstimatorSpec(mode, tf.cast(found, tf.float32))),
        TypeError,
        "predictions must be of the features' type float64, got float32",
    ),
    "a loss of many axes": (
        returning(lambda mode, found: EstimatorSpec(mode, found, tf.reshape(found, [-1, 1, 1]))),
        ValueError,
        r"loss that model_fn returned must be a number, or .* of float64 of shape \(\?, 1, 1\)",
    ),
    "a whole loss": (
        returning(lambda mode, found: EstimatorSpec(mode, found, tf.cast(found, tf.int32))),
        ValueError,
        "loss that model_fn returned must be a number, or .* of int32",
    ),
    "a variable too few": (
        returning(EstimatorSpec, extra_variable),
        ValueError,
        "model_fn makes the variable 'extra' in mode 'infer' but not in mode 'train'",
    ),
    "another shape": (
        returning(extra_variable, larger_variable),
        ValueError,
        r"variable 'extra' that model_fn makes is float64 \(\) in mode 'train' but float64 \(3,\)",
    ),
}


@pytest.mark.parametrize(("function", "kind", "message"), WRONG.values(), ids=WRONG)
def test_wrong_returns_are_told_of(function: Any, kind: Any, message: str) -> None:
    model = GraphRegressor(model_fn=plain, **SHORT).fit(X, Y)
    before = dict(vars(model))
    learnt = values(model)
    with pytest.raises(kind, match=message):
        model.set_params(model_fn=function).fit(X, Y)
    assert vars(model) == {**before, "model_fn": function}
    assert values(model) == learnt


def test_a_graph_without_variables_is_refused() -> None:
    def constant(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
        del labels, params
        return EstimatorSpec(mode, predictions=features[:, :1])

    with pytest.raises(ValueError, match="makes no trainable variables and returned no train_op"):
        GraphRegressor(model_fn=constant).fit(X, Y)


def test_errors_of_the_functions_own_come_through() -> None:
    def failing(*_: Any) -> EstimatorSpec:
        raise LookupError("own")

    model = GraphRegressor(model_fn=failing)
    with pytest.raises(LookupError, match="own"):
        model.fit(X, Y)
    assert not model.__sklearn_is_fitted__()
    with pytest.raises(ValueError, match="The 'model_fn' parameter of GraphRegressor must be a"):
        GraphRegressor(model_fn="plain").fit(X, Y)
    with pytest.raises(ValueError, match="The 'params' parameter of GraphRegressor must be an i"):
        GraphRegressor(model_fn=plain, params=[1]).fit(X, Y)


# ---- classes that come later --------------------------------------------------------------------


def test_new_classes_get_outputs_of_their_own() -> None:
    model = GraphClassifier(model_fn=hidden, learning_rate=0.05, batch_size=4, random_state=0)
    for _ in range(3):
        model.partial_fit(X[THREE < 2], THREE[THREE < 2])
    before = model.decision_function(X)
    model.set_params(learning_rate=1e-12).partial_fit(X, THREE)
    after = model.decision_function(X)
    np.testing.assert_allclose(after[:, 1] - after[:, 0], before, atol=1e-8)
    assert model.get_variable_value("last").shape == (5, 3)
    for _ in range(8):
        model.set_params(learning_rate=0.05).partial_fit(X, THREE)
    assert model.score(X, THREE) > 0.85


def test_variables_that_cannot_grow_are_told_of() -> None:
    def turned(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
        del labels
        weights = tf.get_variable("turned", (params["n_outputs"], 4), features.dtype)
        return EstimatorSpec(mode, predictions=tf.matmul(features, weights, transpose_b=True))

    model = GraphClassifier(model_fn=turned, random_state=0).partial_fit(X, TWO)
    learnt = values(model)
    with pytest.raises(ValueError, match=r"'turned' cannot take new classes: its shape was \(1, 4"):
        model.partial_fit(X, ["maybe"] * 60)
    assert values(model) == learnt
    assert model.classes_.tolist() == ["no", "yes"]


# ---- parameters, copies, caches -----------------------------------------------------------------


def test_parameters_are_passed_on_and_never_changed() -> None:
    def greedy(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
        assert params.pop("n_outputs") == 1
        params["list"].append(len(params["list"]))
        assert params["list"] == [7, 1]
        params["n_outputs"] = 1
        return plain(features, labels, mode, params)

    given = {"list": [7], "table": np.arange(3.0)}
    model = GraphRegressor(model_fn=greedy, params=given, **SHORT).fit(X, Y)
    given["list"].append(9)
    model.predict(X)
    assert clone(model).params["list"] == [7, 9]
    assert model.params is given


def test_parameters_are_tuned_by_a_search() -> None:
    model = GraphRegressor(model_fn=hidden, params={"units": 2}, **SHORT)
    choice = [{"units": 3}, {"units": 9}]
    search = GridSearchCV(model, {"params": choice}, cv=2).fit(X, Y)
    assert search.best_params_["params"] in choice
    assert search.best_estimator_.get_variable_value("first").shape[1] in (3, 9)


@pytest.mark.parametrize(
    "model",
    [
        GraphRegressor(model_fn=hidden, params={"units": 3, "table": np.ones(2)}, **SHORT),
        GraphRegressor(model_fn=partial(hidden), **SHORT),
        GraphClassifier(model_fn=hidden, params={"nested": {"deep": [1, 2]}}, **SHORT),
    ],
)
def test_copies_are_the_same(model: Any) -> None:
    y = TWO if isinstance(model, GraphClassifier) else Y
    model.fit(X, y)
    expected = outputs(model, X)
    text = pickle.dumps(model)
    for copied in (copy.deepcopy(model), pickle.loads(text), clone(model).fit(X, y)):
        assert (outputs(copied, X) == expected).all()
        assert values(copied.partial_fit(X, y)) == values(pickle.loads(text).partial_fit(X, y))


@dataclass
class Builder:
    """A function with a setting, which cannot be hashed."""

    power: int

    def __call__(self, features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
        return plain(tf.pow(features, self.power), labels, mode, params)


def test_objects_that_can_be_called_will_do() -> None:
    for power in (1, 3):
        model = GraphRegressor(model_fn=Builder(power), **SHORT).fit(X, Y)
        expected = GraphRegressor(model_fn=plain, **SHORT).fit(X**power, Y)
        np.testing.assert_allclose(model.predict(X), expected.predict(X**power), **CLOSE)


def times(number: float) -> Callable[..., EstimatorSpec]:
    """A function that is only told from others of its kind by a number that it remembers."""

    def model_fn(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
        factor = number * params.get("factor", 1.0) * np.sum(params.get("table", 1.0))
        return plain(features * factor, labels, mode, params)

    return model_fn


def test_functions_and_parameters_are_told_apart() -> None:
    """Of networks whose variables are alike none predicts for another."""
    function = times(1.0)
    kinds = [
        (function, {}),
        (times(2.0), {}),
        (function, {"factor": 3.0}),
        (function, {"factor": 3.0, "unused": 1}),
        (function, {"table": np.array([1.0, 3.0])}),
        (function, {"table": np.array([2.0, 3.0])}),
        (function, {"table": [np.array([2.0]), np.array([4.0])]}),
    ]
    factors = [1.0, 2.0, 3.0, 3.0, 4.0, 5.0, 6.0]
    models = [GraphRegressor(model_fn=f, params=p, **SHORT).fit(X, Y) for f, p in kinds]
    for model, factor in zip(models, factors, strict=True):
        weights = model.get_variable_value("w")[:, 0], model.get_variable_value("b")[0]
        np.testing.assert_allclose(model.predict(X), factor * X @ weights[0] + weights[1], **CLOSE)
    assert len({id(model.graph_) for model in models}) == len(models)


def test_equal_parameters_share_a_predictor() -> None:
    function = times(1.0)
    models = [
        GraphRegressor(model_fn=function, params={"table": np.ones(2), "a": [1]}, **SHORT)
        for _ in range(2)
    ]
    graphs = [model.fit(X, Y).graph_ for model in models]
    assert graphs[0] is graphs[1]
    built = predictor.cache_info().misses
    for model in models:
        model.predict(X)
    assert predictor.cache_info().misses == built


def test_graphs_of_functions_do_not_wait_for_another_fit() -> None:
    waiting = list(_waiting)
    GraphRegressor(model_fn=plain, **SHORT).fit(X, Y).partial_fit(X, Y)
    GraphRegressor(loss=squares, **SHORT).fit(X, Y).partial_fit(X, Y)
    assert list(_waiting) == waiting
    GraphRegressor(loss="absolute", **SHORT).fit(X, Y)
    assert list(_waiting) != waiting


def test_functions_may_build_something_else_later() -> None:
    factor = 1.0

    def changing(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
        return plain(features * factor, labels, mode, params)

    def check(model: Any, factor: float) -> None:
        weights, bias = model.get_variable_value("w"), model.get_variable_value("b")
        np.testing.assert_allclose(model.predict(X), (factor * X @ weights + bias)[:, 0], **CLOSE)

    first = GraphRegressor(model_fn=changing, **SHORT).fit(X, Y)
    check(first, 1.0)
    factor = 2.0
    second = clone(first).fit(X, Y)
    check(second, 2.0)
    check(first, 1.0)
    factor = 1.0
    assert clone(first).fit(X, Y).graph_ is first.graph_
    with pytest.raises(ValueError, match="With warm_start=True the network must stay the same"):
        second.set_params(warm_start=True).fit(X, Y)


def calling(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
    """A step of Python in the graph."""
    spec = plain(features, labels, mode, params)
    if mode == ModeKeys.TRAIN:
        return spec
    shown = tf.py_func(np.copy, [spec.predictions], features.dtype)
    return EstimatorSpec(mode, predictions=tf.reshape(shown, [-1, params["n_outputs"]]))


def test_a_step_of_python_in_the_graph_is_no_change() -> None:
    model = GraphRegressor(model_fn=calling, warm_start=True, **SHORT).fit(X, Y)
    graph = model.graph_
    assert (pickle.loads(pickle.dumps(model)).predict(X) == model.predict(X)).all()
    first = model.loss_
    assert model.fit(X, Y).loss_ < first
    assert model.graph_ is graph
