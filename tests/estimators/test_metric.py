"""Coordinates in which a quadratic objective is round, dense and sparse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.sparse import csr_array

from skflow.estimators.metric import Metric

RNG = np.random.RandomState(0)
ROWS, COLUMNS, OUTPUTS = 50, 5, 3
X = RNG.normal(size=(ROWS, COLUMNS)) @ RNG.normal(size=(COLUMNS, COLUMNS)) + 2
MIDDLE = X.mean(axis=0)
WEIGHT = RNG.randint(1, 4, ROWS).astype(float)
CURVATURE = RNG.gamma(1.0, size=(ROWS, OUTPUTS)) * [1.0, 10.0, 1e-3]
RIDGE = RNG.gamma(1.0, size=(COLUMNS, OUTPUTS)) * [0.0, 1.0, 1e-2]

FORMS = pytest.mark.parametrize("form", [np.asarray, csr_array], ids=["dense", "sparse"])
KINDS = pytest.mark.parametrize("shared", [True, False], ids=["shared", "separate"])


def hessians(curvature: Any, ridge: Any, weight: Any = WEIGHT) -> tuple[Any, Any]:
    """By the weights of each output, with the best bias for each; and the columns' means."""
    found, centers = [], []
    for bend, penalty in zip(curvature.T, ridge.T, strict=True):
        part = weight * bend / weight.sum()
        center = part @ X / part.sum()
        moved = X - center
        found.append(moved.T @ (part[:, np.newaxis] * moved) + np.diag(penalty))
        centers.append(center)
    return np.array(found), np.array(centers).T


def of(form: Any = np.asarray, **kinds: bool) -> Metric:
    return Metric.of(form(X), MIDDLE, WEIGHT, CURVATURE, RIDGE, **kinds)


@FORMS
@KINDS
def test_turned_coordinates_make_the_objective_round(form: Any, shared: bool) -> None:
    metric = of(form, turned=True, shared=shared)
    curvature = CURVATURE.mean(axis=1, keepdims=True) if shared else CURVATURE
    ridge = RIDGE.mean(axis=1, keepdims=True) if shared else RIDGE
    wanted, centers = hessians(curvature, ridge)
    for forward, hessian in zip(metric.forward, wanted, strict=True):
        np.testing.assert_allclose(forward.T @ hessian @ forward, np.eye(COLUMNS), atol=1e-9)
    np.testing.assert_allclose(metric.center, centers)


@FORMS
@KINDS
def test_straight_coordinates_do_along_each_column(form: Any, shared: bool) -> None:
    metric = of(form, turned=False, shared=shared)
    curvature = CURVATURE.mean(axis=1, keepdims=True) if shared else CURVATURE
    ridge = RIDGE.mean(axis=1, keepdims=True) if shared else RIDGE
    wanted, centers = hessians(curvature, ridge)
    diagonal = np.diagonal(wanted, axis1=1, axis2=2).T
    np.testing.assert_allclose(metric.forward**2 * diagonal, 1, rtol=1e-9)
    np.testing.assert_allclose(metric.center, centers)
    for matrix, factors in zip(metric.matrices(), metric.forward.T, strict=True):
        np.testing.assert_array_equal(matrix, np.diag(factors))


@KINDS
@pytest.mark.parametrize("turned", [True, False])
@given(seed=st.integers(0, 2**31))
def test_there_and_back_is_where_it_began(shared: bool, turned: bool, seed: int) -> None:
    metric = of(turned=turned, shared=shared)
    weights = np.random.RandomState(seed).normal(size=(COLUMNS, OUTPUTS))
    np.testing.assert_allclose(metric.weights(metric.coordinates(weights)), weights, atol=1e-9)
    coordinates = metric.coordinates(weights)
    again = metric.coordinates(metric.weights(coordinates))
    np.testing.assert_allclose(again, coordinates, rtol=1e-7, atol=1e-9)


@KINDS
@pytest.mark.parametrize("turned", [True, False])
def test_biases_have_units_of_their_own(shared: bool, turned: bool) -> None:
    metric = of(turned=turned, shared=shared)
    strength = WEIGHT @ CURVATURE / WEIGHT.sum()
    np.testing.assert_allclose(metric.unit**2 * strength, 1)


@FORMS
@pytest.mark.parametrize("turned", [True, False])
def test_weights_equal_repeated_rows(form: Any, turned: bool) -> None:
    times = WEIGHT.astype(int)
    repeated = Metric.of(
        form(X.repeat(times, axis=0)),
        MIDDLE,
        None,
        CURVATURE.repeat(times, axis=0),
        RIDGE,
        turned=turned,
        shared=True,
    )
    weighted = of(form, turned=turned, shared=True)
    np.testing.assert_allclose(weighted.center, repeated.center, rtol=1e-10)
    # Principal axes have no sign.
    for a, b in ((weighted.forward, repeated.forward), (weighted.backward, repeated.backward)):
        np.testing.assert_allclose(np.abs(a), np.abs(b), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("turned", [True, False])
def test_directions_without_variance_are_not_stretched(turned: bool) -> None:
    x = np.column_stack([X, X[:, 0], np.zeros(ROWS)])
    metric = Metric.of(
        x,
        x.mean(axis=0),
        None,
        np.ones((ROWS, 1)),
        np.zeros((7, 1)),
        turned=turned,
        shared=True,
    )
    assert np.isfinite(metric.forward).all()
    assert np.abs(metric.forward).max() < 100
    still = np.array([1.0, 0, 0, 0, 0, -1.0, 0])[:, np.newaxis]
    assert np.abs(metric.coordinates(still)).max() < 100
    np.testing.assert_allclose(metric.weights(metric.coordinates(still)), still, atol=1e-9)


@pytest.mark.parametrize("turned", [True, False])
def test_a_loss_that_does_not_bend_has_finite_coordinates(turned: bool) -> None:
    metric = Metric.of(
        X, MIDDLE, None, np.zeros((ROWS, 1)), np.zeros((COLUMNS, 1)), turned=turned, shared=True
    )
    for values in (metric.forward, metric.backward, metric.center, metric.unit):
        assert np.isfinite(values).all()
