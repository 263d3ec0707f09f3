"""Losses of rows against scikit-learn's own, their gradients against finite differences."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn._loss.loss import (
    AbsoluteError,
    HalfBinomialLoss,
    HalfGammaLoss,
    HalfMultinomialLoss,
    HalfPoissonLoss,
    HalfSquaredError,
    HuberLoss,
    PinballLoss,
)
from sklearn.metrics import hinge_loss, log_loss

import skflow as tf
from skflow.estimators import losses

RNG = np.random.RandomState(0)
ROWS = 60
ERRORS = np.concatenate([RNG.normal(size=ROWS - 4) * 3, [1.0, -1.0, 1e-9, 250.0]])
OUTPUTS = RNG.normal(size=ROWS)
TARGETS = OUTPUTS - ERRORS
POSITIVE = RNG.gamma(2.0, size=ROWS)
MARKS = RNG.randint(0, 2, ROWS).astype(float)
CODES = RNG.randint(0, 4, ROWS).astype(np.int32)
LOGITS = 3 * RNG.normal(size=(ROWS, 4))
QUANTILES = (0.05, 0.5, 0.9)

Loss = Callable[..., Any]


def evaluate(loss: Loss, labels: Any, outputs: Any) -> tuple[Any, Any]:
    """The losses of some rows, and the gradient of their sum."""
    with tf.Graph().as_default(), tf.Session() as session:
        fed = tf.placeholder(outputs.dtype, outputs.shape)
        found = loss(tf.constant(labels, dtype=labels.dtype), fed)
        gradient = tf.gradients(found, fed)[0]
        values, slopes = session.run([found, gradient], {fed: outputs})
    return values, slopes


def column(values: Any) -> Any:
    return np.reshape(values, (-1, 1))


REGRESSION: dict[str, tuple[Loss, Any, Any]] = {
    "squared": (losses.squared, TARGETS, HalfSquaredError()),
    "absolute": (losses.absolute, TARGETS, AbsoluteError()),
    "huber": (losses.huber, TARGETS, HuberLoss(delta=losses.HUBER_DELTA)),
    "poisson": (losses.poisson, POSITIVE, HalfPoissonLoss()),
    "gamma": (losses.gamma, POSITIVE, HalfGammaLoss()),
    "quantile": (partial(losses.pinball, quantiles=(0.8,)), TARGETS, PinballLoss(quantile=0.8)),
    "yes": (losses.log_of_yes, MARKS, HalfBinomialLoss()),
}


@pytest.mark.parametrize("name", REGRESSION)
def test_losses_of_one_output_are_scikit_learns(name: str) -> None:
    loss, labels, best = REGRESSION[name]
    values, slopes = evaluate(loss, column(labels), column(OUTPUTS))
    wanted, gradient = best.loss_gradient(labels, OUTPUTS)
    np.testing.assert_allclose(values, column(wanted), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(slopes, column(gradient), rtol=1e-12, atol=1e-14)


def test_the_log_loss_of_classes_is_scikit_learns() -> None:
    values, slopes = evaluate(losses.log_of_class, CODES, LOGITS)
    wanted, gradient = HalfMultinomialLoss(n_classes=4).loss_gradient(CODES.astype(float), LOGITS)
    np.testing.assert_allclose(values, wanted, rtol=1e-12)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-10, atol=1e-14)
    chances = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    assert values.mean() == pytest.approx(log_loss(CODES, chances), rel=1e-12)


def test_the_hinge_loss_is_scikit_learns() -> None:
    values, _ = evaluate(losses.hinge, column(MARKS), column(OUTPUTS))
    assert values.mean() == pytest.approx(hinge_loss(MARKS, OUTPUTS), rel=1e-12)


def test_quantiles_lie_side_by_side_for_each_target() -> None:
    targets = np.stack([TARGETS, 10 * TARGETS], axis=1)
    outputs = RNG.normal(size=(ROWS, 2 * len(QUANTILES)))
    values, slopes = evaluate(partial(losses.pinball, quantiles=QUANTILES), targets, outputs)
    for i, q in enumerate(QUANTILES * 2):
        wanted = PinballLoss(quantile=q).loss_gradient(
            targets[:, i // len(QUANTILES)].copy(), outputs[:, i].copy()
        )
        np.testing.assert_allclose(values[:, i], wanted[0], rtol=1e-12)
        np.testing.assert_allclose(slopes[:, i], wanted[1], rtol=1e-12)


def focal_of_yes(labels: Any, outputs: Any) -> Any:
    return losses.focal(losses.log_of_yes(labels, outputs))


def focal_of_class(labels: Any, outputs: Any) -> Any:
    return losses.focal(losses.log_of_class(labels, outputs))


def test_the_focal_loss_is_as_its_inventors_wrote_it() -> None:
    values, _ = evaluate(focal_of_yes, column(MARKS), column(OUTPUTS))
    chances = 1 / (1 + np.exp(-np.where(MARKS == 1, OUTPUTS, -OUTPUTS)))
    wanted = -((1 - chances) ** losses.FOCAL_GAMMA) * np.log(chances)
    np.testing.assert_allclose(values, column(wanted), rtol=1e-10)


EVERY: dict[str, tuple[Loss, Any, Any]] = {
    **{name: (loss, column(y), column(OUTPUTS)) for name, (loss, y, _) in REGRESSION.items()},
    "hinge": (losses.hinge, column(MARKS), column(OUTPUTS)),
    "classes": (losses.log_of_class, CODES, LOGITS),
    "focal": (focal_of_yes, column(MARKS), column(OUTPUTS)),
    "focal classes": (focal_of_class, CODES, LOGITS),
    "round absolute": (partial(losses.absolute, smoothing=0.7), column(TARGETS), column(OUTPUTS)),
    "round quantile": (
        partial(losses.pinball, quantiles=(0.2,), smoothing=0.7),
        column(TARGETS),
        column(OUTPUTS),
    ),
    "round hinge": (partial(losses.hinge, smoothing=0.7), column(MARKS), column(OUTPUTS)),
}


@pytest.mark.parametrize("name", EVERY)
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    loss, labels, outputs = EVERY[name]
    _, slopes = evaluate(loss, labels, outputs)
    step = 1e-6
    for j in range(outputs.shape[1]):
        moved = step * np.eye(outputs.shape[1])[j]
        above, _ = evaluate(loss, labels, outputs + moved)
        below, _ = evaluate(loss, labels, outputs - moved)
        found = (above - below).reshape(ROWS, -1).sum(axis=1) / (2 * step)
        kinked = name in ("absolute", "quantile")
        smooth = np.abs(ERRORS) > (step if kinked else 0)
        np.testing.assert_allclose(slopes[smooth, j], found[smooth], rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["yes", "focal", "hinge", "round hinge", "absolute", "huber"])
def test_extreme_outputs_give_finite_losses_and_gradients(name: str, dtype: Any) -> None:
    outputs = np.array([[1e4], [-1e4], [0.0], [60.0], [-60.0]] * 2, dtype)
    labels = np.repeat([[0.0], [1.0]], 5, axis=0).astype(dtype)
    values, slopes = evaluate(EVERY[name][0], labels, outputs)
    assert values.dtype == slopes.dtype == dtype
    assert np.isfinite(values).all()
    assert np.isfinite(slopes).all()
    assert values.min() >= 0
    assert np.abs(slopes).max() <= 1.5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["classes", "focal classes"])
def test_extreme_logits_of_classes_do_too(name: str, dtype: Any) -> None:
    outputs = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0], [1e4, 1e4, 1e4]], dtype)
    values, slopes = evaluate(EVERY[name][0], np.zeros(3, np.int32), outputs)
    assert np.isfinite(slopes).all()
    third = np.log(3) * (4 / 9 if "focal" in name else 1)
    np.testing.assert_allclose(values, [0.0, 2e4, third], rtol=1e-6)


def test_a_focal_loss_that_is_zero_has_no_slope() -> None:
    values, slopes = evaluate(focal_of_yes, np.ones((1, 1)), np.full((1, 1), 1e4))
    assert values.item() == slopes.item() == 0.0


with tf.Graph().as_default():
    FED, WIDTH = tf.placeholder(tf.float64, (1,)), tf.placeholder(tf.float64, ())
    SIZE = losses.size(FED, WIDTH)
    ROUNDED = tf.Session().make_callable([SIZE, tf.gradients(SIZE, FED)[0]], [FED, WIDTH])


@given(st.floats(-1e6, 1e6), st.floats(1e-9, 1e3))
def test_rounding_a_kink_off_adds_at_most_half_its_width(error: float, width: float) -> None:
    (value,), (slope,) = ROUNDED([error], width)
    slack = 1e-12 * (abs(error) + width)
    assert abs(error) - slack <= value <= abs(error) + width / 2 + slack
    assert slope == pytest.approx(np.clip(error / width, -1, 1), abs=1e-9)
    if abs(error) >= width:
        assert value == pytest.approx(abs(error), rel=1e-12)


def test_without_a_width_nothing_is_rounded() -> None:
    values, _ = evaluate(
        lambda _, outputs: losses.size(outputs), np.zeros(3), np.array([-2.0, 0, 3])
    )
    assert values.tolist() == [2.0, 0.0, 3.0]


@given(st.floats(-1e6, 1e6), st.floats(1e-9, 1e3))
def test_kinks_bend_where_they_are_rounded_off_and_less_far_away(
    error: float, width: float
) -> None:
    found = losses.kink_curvature(np.array([error, 2 * error]), width)
    if abs(error) <= width:
        assert found[0] == pytest.approx(1 / width)
    else:
        assert found[0] == pytest.approx(width / error**2)
        assert found[1] == pytest.approx(found[0] / 4)
