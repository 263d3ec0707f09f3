"""What all heads share: losses by name or by function, and their mean over weighted rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.estimators.classification_heads import BinaryHead, MulticlassHead, MultioutputHead
from skflow.estimators.heads import KINKED, Head
from skflow.estimators.regression_head import RegressionHead

RNG = np.random.RandomState(0)
ROWS = 50
TIMES = RNG.randint(1, 4, ROWS)
TARGETS = RNG.normal(size=(ROWS, 2))
POSITIVE = RNG.gamma(2.0, size=(ROWS, 2))
MARKS = RNG.randint(0, 2, (ROWS, 1)).astype(float)
CODES = RNG.randint(0, 3, ROWS).astype(np.int32)
PAIRS = RNG.randint(0, 3, (ROWS, 2)).astype(np.int32)

HEADS: list[tuple[Head, Any]] = [
    (RegressionHead("squared", 2), TARGETS),
    (RegressionHead("absolute", 2), TARGETS),
    (RegressionHead("huber", 2), TARGETS),
    (RegressionHead("poisson", 2), POSITIVE),
    (RegressionHead("gamma", 2), POSITIVE),
    (RegressionHead("quantile", 2, (0.1, 0.5, 0.9)), TARGETS),
    *((BinaryHead(loss), MARKS) for loss in ("log", "hinge", "focal")),
    *((MulticlassHead(loss, 3), CODES) for loss in ("log", "hinge", "focal")),
    *((MultioutputHead(loss, (3, 3)), PAIRS) for loss in ("log", "hinge", "focal")),
]


def names(value: Any) -> str:
    return f"{type(value).__name__}-{value.loss}" if isinstance(value, Head) else ""


def evaluate(head: Head, labels: Any, outputs: Any, weight: Any = None) -> tuple[Any, Any]:
    """The losses of the rows and their mean."""
    with tf.Graph().as_default(), tf.Session() as session:
        fed, given = head.placeholder(tf.float64), tf.placeholder(tf.float64, outputs.shape)
        weights = None if weight is None else tf.constant(weight, dtype=tf.float64)
        found = [head.losses(fed, given), head.mean_loss(fed, given, weights)]
        values, mean = session.run(found, {fed: labels, given: outputs})
    return values, mean


def outputs_for(head: Head) -> Any:
    return np.random.RandomState(1).normal(size=(ROWS, head.outputs))


@pytest.mark.parametrize(("head", "labels"), HEADS, ids=names)
def test_the_mean_loss_is_that_of_rows_summed_over_columns(head: Head, labels: Any) -> None:
    values, mean = evaluate(head, labels, outputs_for(head))
    assert len(values) == ROWS
    assert mean == pytest.approx(values.reshape(ROWS, -1).sum(axis=1).mean(), rel=1e-12)


@pytest.mark.parametrize(("head", "labels"), HEADS, ids=names)
def test_weights_equal_repeated_rows(head: Head, labels: Any) -> None:
    outputs = outputs_for(head)
    _, weighted = evaluate(head, labels, outputs, TIMES / TIMES.mean())
    _, repeated = evaluate(head, labels.repeat(TIMES, axis=0), outputs.repeat(TIMES, axis=0))
    assert weighted == pytest.approx(repeated, rel=1e-12)


@pytest.mark.parametrize(("head", "labels"), HEADS, ids=names)
def test_equal_heads_are_one_key(head: Head, labels: Any) -> None:
    fields = {name: getattr(head, name) for name in head.__dataclass_fields__}
    assert {head: labels is None}[type(head)(**fields)] is False
    with tf.Graph().as_default():
        fed = head.placeholder(tf.float32)
    assert fed.dtype == (tf.int32 if head.whole_labels else tf.float32)
    assert tuple(labels.shape[1:]) == head.label_shape
    assert head.placeholder.__defaults__ == ("labels",)
    assert fed.name == "labels:0"


@pytest.mark.parametrize(("head", "labels"), HEADS, ids=names)
def test_smoothing_only_matters_to_losses_with_kinks(head: Head, labels: Any) -> None:
    outputs = outputs_for(head)
    with tf.Graph().as_default(), tf.Session() as session:
        fed = head.placeholder(tf.float64)
        found = [head.losses(fed, tf.constant(outputs), w) for w in (None, 0.9)]
        sharp, smooth = session.run(found, {fed: labels})
    assert np.array_equal(sharp, smooth) == (head.loss not in KINKED)
    assert (smooth >= sharp - 1e-12).all()


def fourth_power(labels: Any, outputs: Any) -> Any:
    return tf.square(tf.squared_difference(labels, outputs))


def test_a_function_may_be_the_loss() -> None:
    head = RegressionHead(fourth_power, 2)
    outputs = outputs_for(head)
    values, mean = evaluate(head, TARGETS, outputs, TIMES / TIMES.mean())
    np.testing.assert_allclose(values, (TARGETS - outputs) ** 4, rtol=1e-12)
    wanted = np.average(((TARGETS - outputs) ** 4).sum(axis=1), weights=TIMES)
    assert mean == pytest.approx(wanted, rel=1e-12)


def test_a_function_may_give_one_loss_a_row_or_columns_of_unknown_number() -> None:
    def summed(labels: Any, outputs: Any) -> Any:
        return tf.reduce_sum(fourth_power(labels, outputs), 1)

    def unknown(labels: Any, outputs: Any) -> Any:
        chosen = tf.placeholder_with_default([0, 1], (None,))
        return tf.transpose(tf.gather(tf.transpose(fourth_power(labels, outputs)), chosen))

    outputs = outputs_for(RegressionHead("squared", 2))
    means = [
        evaluate(RegressionHead(loss, 2), TARGETS, outputs, TIMES / TIMES.mean())[1]
        for loss in (fourth_power, summed, unknown)
    ]
    np.testing.assert_allclose(means, means[0], rtol=1e-12)


@pytest.mark.parametrize("wrong", [tf.reduce_mean, lambda x: tf.expand_dims(x, 0)])
def test_a_function_of_another_shape_is_refused(wrong: Any) -> None:
    head = BinaryHead(lambda labels, outputs: wrong(fourth_power(labels, outputs)))
    with pytest.raises(ValueError, match=r"the loss of each row, of shape \(n,\) or \(n, k\), got"):
        evaluate(head, MARKS, outputs_for(head))


def test_by_default_outputs_begin_at_zero_and_units_are_one() -> None:
    head = RegressionHead(fourth_power, 2)
    assert head.first_outputs(TARGETS, None) is None
    scales = head.scales(TARGETS, None)
    assert scales.center.tolist() == [0, 0]
    assert scales.spread.tolist() == scales.cost.tolist() == [1, 1]
    assert head.in_units(TARGETS, scales) is None
    assert head.curvature(TARGETS, TARGETS, None) is None
