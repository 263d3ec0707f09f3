"""Classes: probabilities that sum to one and do not underflow, scores, units of log odds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import log_softmax
from sklearn.metrics import accuracy_score, hinge_loss, log_loss

import skflow as tf
from skflow.estimators.classification_heads import (
    BinaryHead,
    ClassificationHead,
    MulticlassHead,
    MultilabelHead,
    MultioutputHead,
)

RNG = np.random.RandomState(0)
ROWS = 90
TIMES = RNG.randint(1, 5, ROWS)
MARKS = (RNG.rand(ROWS, 1) < 0.2).astype(float)
CODES = RNG.choice(4, ROWS, p=[0.6, 0.2, 0.15, 0.05]).astype(np.int32)
LABELS = (RNG.rand(ROWS, 3) < [0.1, 0.5, 0.9]).astype(float)
PAIRS = np.stack([CODES, RNG.randint(0, 2, ROWS)], axis=1).astype(np.int32)

HEADS: dict[str, tuple[Any, Any]] = {
    "binary": (BinaryHead, MARKS),
    "multiclass": (lambda loss: MulticlassHead(loss, 4), CODES),
    "multilabel": (lambda loss: MultilabelHead(loss, 3), LABELS),
    "multioutput": (lambda loss: MultioutputHead(loss, (4, 2)), PAIRS),
}
KINDS = pytest.mark.parametrize("kind", HEADS)


def made(kind: str, loss: str = "log") -> tuple[ClassificationHead, Any, Any]:
    make, labels = HEADS[kind]
    head = make(loss)
    return head, labels, 2 * np.random.RandomState(1).normal(size=(ROWS, head.outputs))


def losses(head: ClassificationHead, labels: Any, outputs: Any, smoothing: Any = None) -> Any:
    """The losses of the rows, and their gradient by the outputs."""
    with tf.Graph().as_default(), tf.Session() as session:
        given, fed = tf.constant(outputs), head.placeholder(tf.float64)
        found = head.losses(fed, given, smoothing)
        return session.run([found, tf.gradients(found, given)[0]], {fed: labels})


def whole(probabilities: Any) -> list[Any]:
    """Matrices whose rows sum to one."""
    return probabilities if isinstance(probabilities, list) else [probabilities]


# ---- probabilities -----------------------------------------------------------------------

LOGITS = arrays(np.float64, (3, 6), elements=st.floats(-1e4, 1e4))


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multioutput"])
@given(outputs=LOGITS, dtype=st.sampled_from([np.float32, np.float64]))
def test_probabilities_sum_to_one(kind: str, outputs: Any, dtype: Any) -> None:
    head, _, _ = made(kind)
    for part in whole(head.probabilities(outputs[:, : head.outputs].astype(dtype))):
        assert part.dtype == dtype
        assert (part >= 0).all()
        np.testing.assert_allclose(part.sum(axis=1), 1, rtol=4 * np.finfo(dtype).eps)


@KINDS
@given(outputs=LOGITS)
def test_log_probabilities_do_not_underflow(kind: str, outputs: Any) -> None:
    head, _, _ = made(kind)
    outputs = outputs[:, : head.outputs]
    chances, logs = whole(head.probabilities(outputs)), whole(head.log_probabilities(outputs))
    for part, log in zip(chances, logs, strict=True):
        assert np.isfinite(log).all()
        assert (log <= 0).all()
        np.testing.assert_allclose(np.exp(log), part, rtol=1e-9, atol=1e-15)
    largest = np.abs(outputs).max()
    assert min(log.min() for log in logs) >= -2 * largest - 3


def test_two_classes_are_as_two_outputs_would_be() -> None:
    head, _, outputs = made("binary")
    pair = np.concatenate([np.zeros_like(outputs), outputs], axis=1)
    np.testing.assert_allclose(head.log_probabilities(outputs), log_softmax(pair, axis=1))
    np.testing.assert_allclose(head.probabilities(outputs)[:, 1:], head.chances(outputs))


@KINDS
def test_losses_are_those_of_the_probabilities(kind: str) -> None:
    head, labels, outputs = made(kind)
    found = losses(head, labels, outputs)[0].reshape(ROWS, -1).sum(axis=1).mean()
    chances = head.probabilities(outputs)
    if kind == "multilabel":
        wanted = sum(
            log_loss(labels[:, i], chances[:, i], labels=[0, 1]) for i in range(head.outputs)
        )
    else:
        columns = labels.reshape(ROWS, -1).T
        wanted = sum(
            log_loss(column, part, labels=np.arange(part.shape[1]))
            for column, part in zip(columns, whole(chances), strict=True)
        )
    assert found == pytest.approx(wanted, rel=1e-10)


def test_the_hinge_of_several_classes_is_that_of_each_against_the_rest() -> None:
    head, labels, outputs = made("multiclass", "hinge")
    found = losses(head, labels, outputs)[0]
    for i in range(head.outputs):
        assert found[:, i].mean() == pytest.approx(hinge_loss(labels == i, outputs[:, i]))


def test_losses_of_several_targets_are_sums() -> None:
    for loss in ("log", "hinge", "focal"):
        head, labels, outputs = made("multioutput", loss)
        parts = [
            losses(MulticlassHead(loss, k), labels[:, i], part)[0].reshape(ROWS, -1).sum(axis=1)
            for i, (k, part) in enumerate(zip((4, 2), head.decision(outputs), strict=True))
        ]
        np.testing.assert_allclose(losses(head, labels, outputs)[0], parts[0] + parts[1])


# ---- classes and scores ------------------------------------------------------------------


@KINDS
def test_the_class_is_the_likeliest(kind: str) -> None:
    head, labels, outputs = made(kind)
    codes = head.codes(outputs)
    assert codes.shape == (labels if kind != "binary" else labels[:, 0]).shape
    chances = head.probabilities(outputs)
    if kind == "multilabel":
        np.testing.assert_array_equal(codes, chances > 0.5)
    else:
        wanted = np.stack([part.argmax(axis=1) for part in whole(chances)], axis=1)
        np.testing.assert_array_equal(codes.reshape(ROWS, -1), wanted)


@pytest.mark.parametrize("weight", [None, TIMES.astype(float)], ids=["plain", "weighted"])
@KINDS
def test_the_score_is_the_accuracy(kind: str, weight: Any) -> None:
    head, labels, outputs = made(kind)
    codes = head.codes(outputs)
    if kind == "multioutput":
        wanted = np.average((codes == labels).all(axis=1), weights=weight)
    else:
        wanted = accuracy_score(labels, codes, sample_weight=weight)
    assert head.score(labels, outputs, weight) == pytest.approx(wanted)
    assert np.isnan(head.score(labels, outputs * np.inf, weight))


@KINDS
def test_decisions_have_scikit_learns_shape(kind: str) -> None:
    head, _, outputs = made(kind)
    found = head.decision(outputs)
    if kind == "binary":
        np.testing.assert_array_equal(found, outputs[:, 0])
    else:
        np.testing.assert_array_equal(np.concatenate(whole(found), axis=1), outputs)


# ---- units -------------------------------------------------------------------------------


@KINDS
@pytest.mark.parametrize("loss", ["log", "focal"])
def test_outputs_lie_where_a_constant_log_loss_is_least(kind: str, loss: str) -> None:
    head, labels, _ = made(kind, loss)
    weight = TIMES.astype(float)
    center = head.scales(labels, weight).center
    _, slopes = losses(made(kind)[0], labels, np.tile(center, (ROWS, 1)))
    np.testing.assert_allclose(weight @ slopes / weight.sum(), 0, atol=1e-12)


@KINDS
def test_one_unit_bends_the_loss_by_one(kind: str) -> None:
    head, labels, _ = made(kind)
    scales = head.scales(labels, None)
    constant = np.tile(scales.center, (ROWS, 1))
    second = head.curvature(labels, constant, None).mean(axis=0) * scales.spread**2 / scales.cost
    for part in np.split(second, 1 if kind != "multioutput" else [4]):
        np.testing.assert_allclose(part if head.separate else part.mean(), 1, rtol=1e-12)


@pytest.mark.parametrize("kind", ["multiclass", "multioutput"])
def test_outputs_that_matter_by_their_differences_are_searched_alike(kind: str) -> None:
    head, labels, _ = made(kind)
    scales = head.scales(labels, TIMES.astype(float))
    for i in range(len(whole(head.decision(scales.center[np.newaxis])))):
        center, spread = (
            whole(head.decision(a[np.newaxis]))[i] for a in (scales.center, scales.spread)
        )
        assert center.mean() == pytest.approx(0, abs=1e-12)
        assert np.ptp(spread) == 0


@KINDS
def test_weights_equal_repeated_rows(kind: str) -> None:
    head, labels, _ = made(kind)
    weighted = head.scales(labels, TIMES.astype(float))
    repeated = head.scales(labels.repeat(TIMES, axis=0), None)
    np.testing.assert_allclose(weighted.center, repeated.center, rtol=1e-12)
    np.testing.assert_allclose(weighted.spread, repeated.spread, rtol=1e-12)


@KINDS
def test_classes_without_rows_have_finite_units(kind: str) -> None:
    head, labels, _ = made(kind)
    for value in (0, 1):
        scales = head.scales(np.full_like(labels, value), None)
        assert np.isfinite(scales.center).all()
        assert np.isfinite(scales.spread).all()


@KINDS
def test_other_losses_have_units_of_one(kind: str) -> None:
    scales = made(kind, "hinge")[0].scales(made(kind)[1], None)
    assert not scales.center.any()
    assert (scales.spread == 1).all()
    assert (scales.cost == 1).all()


@KINDS
def test_curvatures_are_second_differences(kind: str) -> None:
    head, labels, outputs = made(kind)
    found = head.curvature(labels, outputs, None)
    step = 1e-5
    for i in range(head.outputs):
        moved = step * np.eye(head.outputs)[i]
        slopes = [losses(head, labels, outputs + x * moved)[1][:, i] for x in (-1, 1)]
        np.testing.assert_allclose(found[:, i], (slopes[1] - slopes[0]) / (2 * step), atol=1e-9)


@KINDS
def test_curvatures_of_the_hinge_are_second_differences_where_it_is_rounded_off(kind: str) -> None:
    head, labels, outputs = made(kind, "hinge")
    smoothing, step = 0.8, 1e-5
    found = head.curvature(labels, outputs, smoothing)
    assert head.curvature(labels, outputs, None) is None
    inside = np.abs(1 - (2 * head.marks(labels) - 1) * outputs) < smoothing - step
    for i in range(head.outputs):
        moved = step * np.eye(head.outputs)[i]
        slopes = [losses(head, labels, outputs + x * moved, smoothing)[1][:, i] for x in (-1, 1)]
        second = (slopes[1] - slopes[0]) / (2 * step)
        rows = inside[:, i]
        assert rows.any()
        np.testing.assert_allclose(found[rows, i], second[rows], rtol=1e-6)
        assert (found[~rows, i] <= found[rows, i].max()).all()


@KINDS
def test_which_losses_are_sums_of_terms_of_one_output(kind: str) -> None:
    apart = kind in ("binary", "multilabel")
    assert [made(kind, loss)[0].separate for loss in ("log", "focal", "hinge")] == [
        apart,
        apart,
        True,
    ]
    assert not HEADS[kind][0](losses).separate


@KINDS
def test_balanced_biases_predict_the_same(kind: str) -> None:
    head, _, outputs = made(kind)
    biases = RNG.normal(size=head.outputs) + 5
    balanced = head.balanced(biases)
    pairs = zip(
        whole(head.probabilities(outputs + biases)),
        whole(head.probabilities(outputs + balanced)),
        strict=True,
    )
    for before, after in pairs:
        np.testing.assert_allclose(after, before, atol=1e-12)
    if kind in ("multiclass", "multioutput"):
        for part in whole(head.decision(balanced[np.newaxis])):
            assert part.mean() == pytest.approx(0, abs=1e-12)
    else:
        np.testing.assert_array_equal(balanced, biases)
    np.testing.assert_array_equal(made(kind, "hinge")[0].balanced(biases), biases)
