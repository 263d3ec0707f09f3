"""What a function may return, what it is given, and what is made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

import skflow as tf
from skflow.estimators import (
    EstimatorSpec,
    GraphClassifier,
    GraphRegressor,
    LinearRegressor,
    ModeKeys,
)
from tests.estimators.cases import (
    LABELS,
    PAIR,
    SEVERAL,
    THREE,
    TWO,
    WEIGHT,
    X,
    Y,
    outputs,
    values,
)
from tests.estimators.model_functions import (
    CLOSE,
    SHORT,
    hidden,
    own_step,
    plain,
    row_losses,
    single_loss,
    summed_losses,
    sums,
    weighted_loss,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

TARGETS: dict[str, Any] = {
    "two": TWO,
    "three": THREE,
    "labels": LABELS,
    "several": SEVERAL,
}


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
