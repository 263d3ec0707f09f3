"""Quantities: the best constants, units, predictions and scores, against scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.optimize import minimize_scalar
from sklearn.metrics import (
    d2_absolute_error_score,
    d2_pinball_score,
    d2_tweedie_score,
    r2_score,
)

import skflow as tf
from skflow.estimators.regression_head import RegressionHead, weighted_quantile

RNG = np.random.RandomState(0)
ROWS = 80
QUANTILES = (0.9, 0.1, 0.5)
TIMES = RNG.randint(1, 5, ROWS)
TARGETS = np.stack([3 + 2 * RNG.standard_t(3, ROWS), 1e4 + RNG.normal(size=ROWS)], axis=1)
POSITIVE = np.stack([RNG.gamma(2.0, size=ROWS), 1e3 * RNG.gamma(1.0, size=ROWS)], axis=1)

HEADS = {
    loss: (RegressionHead(loss, 2, QUANTILES if loss == "quantile" else ()), labels)
    for loss, labels in [
        ("squared", TARGETS),
        ("absolute", TARGETS),
        ("huber", TARGETS),
        ("quantile", TARGETS),
        ("poisson", POSITIVE),
        ("gamma", POSITIVE),
    ]
}


def losses(head: RegressionHead, labels: Any, outputs: Any, smoothing: Any = None) -> Any:
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(head.losses(tf.constant(labels), tf.constant(outputs), smoothing))


def constant_loss(head: RegressionHead, labels: Any, constant: Any) -> Any:
    """The weighted mean loss of each column if all rows get the same outputs."""
    outputs = np.broadcast_to(constant, (ROWS, head.outputs)).copy()
    return np.average(losses(head, labels, outputs), axis=0, weights=TIMES)


@pytest.mark.parametrize("loss", HEADS)
def test_training_begins_at_the_best_constant(loss: str) -> None:
    head, labels = HEADS[loss]
    first = head.first_outputs(labels, TIMES.astype(float))
    assert first is not None
    assert first.shape == (head.outputs,)
    least = constant_loss(head, labels, first)
    for i in range(head.outputs):

        def moved(x: float, i: int = i) -> float:
            return float(constant_loss(head, labels, first + x * np.eye(head.outputs)[i])[i])

        best = minimize_scalar(moved, bracket=(-0.5, 0.5), tol=1e-6).fun
        assert least[i] <= best + 1e-9 * (1 + abs(best))


@pytest.mark.parametrize("loss", HEADS)
def test_weights_equal_repeated_rows(loss: str) -> None:
    head, labels = HEADS[loss]
    repeated = labels.repeat(TIMES, axis=0)
    np.testing.assert_allclose(
        head.first_outputs(labels, TIMES.astype(float)),
        head.first_outputs(repeated, None),
        rtol=1e-10,
    )
    weighted, plain = head.scales(labels, TIMES.astype(float)), head.scales(repeated, None)
    np.testing.assert_allclose(weighted.center, plain.center, rtol=1e-12)
    np.testing.assert_allclose(weighted.spread, plain.spread, rtol=1e-9)
    np.testing.assert_allclose(weighted.cost, plain.cost, rtol=1e-9)


@pytest.mark.parametrize("loss", HEADS)
def test_units_make_losses_alike(loss: str) -> None:
    head, labels = HEADS[loss]
    scales = head.scales(labels, None)
    start = head.first_outputs(labels, None)
    assert scales.spread.shape == scales.cost.shape == (head.outputs,)
    least = np.mean(losses(head, labels, np.tile(start, (ROWS, 1))), axis=0)
    moved = np.mean(losses(head, labels, np.tile(start + scales.spread, (ROWS, 1))), axis=0)
    grown = (moved - least) / scales.cost
    assert (grown > 0.02).all()
    assert (grown < 1.5).all()


@pytest.mark.parametrize("loss", HEADS)
def test_losses_in_units_are_the_losses_by_their_cost(loss: str) -> None:
    head, labels = HEADS[loss]
    scales = head.scales(labels, None)
    moved = head.in_units(labels, scales)
    if loss in ("huber", "poisson", "gamma"):
        assert moved is None
        return
    outputs = RNG.normal(size=(ROWS, head.outputs))
    found = losses(head, moved, outputs) * scales.cost
    wanted = losses(head, labels, scales.center + scales.spread * outputs)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-9)


def test_units_keep_single_precision_where_targets_lie_far_off() -> None:
    labels = (1e4 + RNG.randint(-8, 8, (ROWS, 1)) / 8).astype(np.float32)
    head = RegressionHead("squared", 1)
    moved = head.in_units(labels, head.scales(labels, None))
    assert moved.dtype == np.float32
    wanted = labels.astype(np.float64)
    np.testing.assert_allclose(moved, (wanted - wanted.mean()) / wanted.std(), atol=1e-6)


def test_equal_targets_have_units_too() -> None:
    labels = np.full((7, 1), 0.1)
    for loss in ("squared", "absolute", "huber"):
        assert RegressionHead(loss, 1).scales(labels, None).spread.tolist() == [1.0]
    zero = RegressionHead("poisson", 1).scales(np.zeros((5, 1)), None)
    assert np.isfinite(zero.center).all()
    assert (zero.cost > 0).all()


@pytest.mark.parametrize("loss", ["huber", "poisson", "gamma"])
def test_curvatures_are_second_differences_where_the_loss_is_smooth(loss: str) -> None:
    head, labels = HEADS[loss]
    first = head.first_outputs(labels, None)
    outputs = first + 0.4 * RNG.normal(size=(ROWS, 2))
    step = 1e-4
    parts = [losses(head, labels, outputs + x) for x in (-step, 0.0, step)]
    second = (parts[0] - 2 * parts[1] + parts[2]) / step**2
    found = head.curvature(labels, outputs, None)
    if loss == "huber":
        inside = np.abs(labels - outputs) < 1 - step
        np.testing.assert_allclose(found[inside], 1.0)
        assert (found[~inside] < 1.0).all()
        assert (found > 0).all()
    else:
        np.testing.assert_allclose(found, second, rtol=1e-3, atol=1e-3 * np.abs(labels).max())


@pytest.mark.parametrize("loss", ["absolute", "quantile"])
@pytest.mark.parametrize("smoothing", [0.1, 0.9])
def test_curvatures_of_kinks_are_second_differences_where_they_are_rounded_off(
    loss: str, smoothing: float
) -> None:
    head, labels = HEADS[loss]
    outputs = np.tile(head.first_outputs(labels, None), (ROWS, 1))
    outputs += smoothing * RNG.uniform(-0.9, 0.9, outputs.shape)
    step = 1e-4
    parts = [losses(head, labels, outputs + x, smoothing) for x in (-step, 0.0, step)]
    second = (parts[0] - 2 * parts[1] + parts[2]) / step**2
    errors = np.repeat(labels, head.outputs // 2, axis=1) - outputs
    inside = np.abs(errors) < smoothing - step
    assert inside.any(axis=0).all()
    found = head.curvature(labels, outputs, smoothing)
    np.testing.assert_allclose(found[inside], second[inside], rtol=1e-2)
    assert (found[~inside] <= found[inside].min() + 1e-9).all()


def test_other_losses_bend_alike_everywhere_or_nobody_knows() -> None:
    for loss in ("absolute", "quantile"):
        head, labels = HEADS[loss]
        assert head.curvature(labels, np.zeros((ROWS, head.outputs)), None) is None
    for loss in ("squared", lambda labels, outputs: labels - outputs):
        head = RegressionHead(loss, 2)
        assert head.curvature(TARGETS, TARGETS, 0.5) is None


# ---- predictions -------------------------------------------------------------------------


def test_outputs_are_quantities_or_their_logarithms() -> None:
    outputs = RNG.normal(size=(5, 2))
    assert RegressionHead("squared", 2).quantities(outputs) is outputs
    for loss in ("poisson", "gamma"):
        np.testing.assert_allclose(RegressionHead(loss, 2).quantities(outputs), np.exp(outputs))


@given(
    st.lists(st.floats(0.01, 0.99), min_size=1, max_size=5, unique=True),
    st.integers(1, 3),
    st.integers(0, 2**31),
)
def test_quantiles_do_not_cross_and_keep_their_places(
    quantiles: list[float], columns: int, seed: int
) -> None:
    head = RegressionHead("quantile", columns, tuple(quantiles))
    outputs = np.random.RandomState(seed).normal(size=(4, head.outputs))
    matrix = head.quantile_matrix(outputs)
    assert matrix.shape == (4, columns, len(quantiles))
    assert (np.diff(matrix[:, :, np.argsort(quantiles)], axis=2) >= 0).all()
    np.testing.assert_array_equal(
        np.sort(matrix, axis=2), np.sort(outputs.reshape(matrix.shape), axis=2)
    )
    if len(quantiles) == 1:
        np.testing.assert_array_equal(head.quantities(outputs), outputs)


@pytest.mark.parametrize(
    ("quantiles", "wanted"),
    [
        ((0.9, 0.5, 0.1), 2.0),
        ((0.25, 0.75), 1.5),
        ((0.4, 0.8), 1.25),
        ((0.6, 0.9), 1.0),
        ((0.1, 0.2), 2.0),
    ],
)
def test_the_prediction_is_the_median(quantiles: tuple[float, ...], wanted: float) -> None:
    outputs = np.arange(1.0, len(quantiles) + 1)[np.newaxis]
    found = RegressionHead("quantile", 1, quantiles).quantities(outputs)
    assert found.item() == pytest.approx(wanted)
    assert (
        RegressionHead("quantile", 1, quantiles).quantities(outputs.astype(np.float32)).dtype
        == np.float32
    )


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.floats(0.001, 0.999))
def test_weighted_quantiles_are_those_of_repeated_rows(times: list[int], q: float) -> None:
    values = np.random.RandomState(len(times)).normal(size=(len(times), 1))
    weighted = weighted_quantile(values, np.array(times, float), q)
    repeated = np.quantile(values.repeat(times), q, method="inverted_cdf")
    assert weighted.item() == repeated or np.isclose(q * sum(times) % 1, [0, 1]).any()


def test_quantiles_near_the_ends_are_the_extremes() -> None:
    values = np.array([[3.0], [1.0], [2.0]])
    assert weighted_quantile(values, np.full(3, 1 / 3), 1 - 2**-53).item() == 3.0
    assert weighted_quantile(values, np.full(3, 1 / 3), 1e-300).item() == 1.0


# ---- scores ------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [None, TIMES.astype(float)], ids=["plain", "weighted"])
@pytest.mark.parametrize("loss", HEADS)
def test_scores_are_scikit_learns(loss: str, weight: Any) -> None:
    head, labels = HEADS[loss]
    outputs = head.first_outputs(labels, None) + 0.3 * RNG.normal(size=(ROWS, head.outputs))
    found = head.score(labels, outputs, weight)
    metrics: dict[str, Any] = {
        "squared": r2_score,
        "huber": r2_score,
        "absolute": d2_absolute_error_score,
    }
    if loss in metrics:
        wanted = metrics[loss](labels, outputs, sample_weight=weight)
    elif loss == "quantile":
        matrix = np.sort(outputs.reshape(ROWS, 2, 3), axis=2)[:, :, [2, 0, 1]]
        wanted = np.mean(
            [
                d2_pinball_score(labels, matrix[:, :, i], sample_weight=weight, alpha=q)
                for i, q in enumerate(QUANTILES)
            ]
        )
    else:
        power = {"poisson": 1, "gamma": 2}[loss]
        wanted = np.mean(
            [
                d2_tweedie_score(y, np.exp(o), sample_weight=weight, power=power)
                for y, o in zip(labels.T, outputs.T, strict=True)
            ]
        )
    assert found == pytest.approx(wanted, rel=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_means_that_no_float_holds_have_a_score(loss: str, dtype: Any) -> None:
    labels = np.array([[1.0], [2.0], [3.0]], dtype)
    outputs = np.array([[-1e4], [0.0], [1.0]], dtype)
    assert RegressionHead(loss, 1).score(labels, outputs, None) < 0


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
@pytest.mark.parametrize("loss", HEADS)
def test_outputs_that_overflowed_have_none(loss: str, wrong: float) -> None:
    head, labels = HEADS[loss]
    assert np.isnan(head.score(labels, np.full((ROWS, head.outputs), wrong), None))
