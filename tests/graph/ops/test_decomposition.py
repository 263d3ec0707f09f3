"""Decompositions whose factors have no one value: eigenvectors, singular vectors; gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skflow as tf

KINDS = ["float64", "float32"]
TOLERANCE = {"float64": 1e-12, "float32": 1e-5, "complex128": 1e-12, "complex64": 1e-5}


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def evaluated(tensors: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(tensors, feeds)


def rng() -> np.random.Generator:
    return np.random.default_rng(4)


def adjoint(x: Any) -> Any:
    return np.conj(np.swapaxes(x, -1, -2))


def difference_quotients(function: Any, x: Any, moves: Any, step: float = 1e-6) -> Any:
    return [(function(x + step * m) - function(x - step * m)) / (2 * step) for m in moves]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(4, 4), (2, 3, 3), (0, 3, 3), (1, 1)])
def test_eigenvectors(kind: str, shape: tuple[int, ...]) -> None:
    """They are orthonormal and rebuild the symmetric matrix of the lower triangle."""
    x = rng().standard_normal(shape).astype(kind)
    e, v = tf.self_adjoint_eig(x)
    assert (e.get_shape().as_list(), v.get_shape().as_list()) == ([*shape[:-1]], [*shape])
    e, v = evaluated([e, v])
    assert e.dtype == v.dtype == kind
    symmetric = np.tril(x) + np.swapaxes(np.tril(x, -1), -1, -2)
    tolerance = TOLERANCE[kind] * 10
    np.testing.assert_allclose(v * e[..., None, :] @ adjoint(v), symmetric, atol=tolerance)
    np.testing.assert_allclose(
        adjoint(v) @ v, np.broadcast_to(np.eye(shape[-1]), shape), atol=tolerance
    )
    assert np.all(np.diff(e, axis=-1) >= 0)
    np.testing.assert_allclose(evaluated(tf.self_adjoint_eigvals(x)), e, atol=tolerance)


@pytest.mark.parametrize("shape", [(4, 4), (2, 3, 3)])
def test_the_gradient_of_eigenvectors(shape: tuple[int, ...]) -> None:
    """Against differences, through a function that does not know the vectors' signs."""
    x = rng().standard_normal(shape)
    weights = rng().standard_normal(shape)
    p = tf.placeholder(tf.float64, shape)
    e, v = tf.self_adjoint_eig(p)
    loss = tf.reduce_sum(weights * v * v) + tf.reduce_sum(e * e * weights[..., 0])
    grad = tf.gradients(loss, p)[0]
    again = tf.gradients(grad, p, grad_ys=tf.constant(weights))[0]
    with tf.Session() as session:

        def value(tensor: Any, at: Any) -> Any:
            return session.run(tensor, {p: at})

        moves = rng().standard_normal((4, *shape))
        for tensor, rate in ((grad, loss), (again, tf.reduce_sum(grad * weights))):
            found = value(tensor, x)
            expected = difference_quotients(lambda at, t=rate: value(t, at), x, moves)
            actual = [np.sum(found * m) for m in moves]
            np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


def test_the_gradient_of_eigenvalues_alone() -> None:
    """TensorFlow 1.1.0 fails here: it multiplies by vectors it has not computed."""
    x = rng().standard_normal((3, 3))
    p = tf.placeholder(tf.float64, (3, 3))
    alone = tf.gradients(tf.reduce_sum(tf.self_adjoint_eigvals(p) ** 3), p)[0]
    both = tf.gradients(tf.reduce_sum(tf.self_adjoint_eig(p)[0] ** 3), p)[0]
    found = evaluated([alone, both], {p: x})
    np.testing.assert_allclose(found[0], found[1], rtol=1e-10)


@pytest.mark.parametrize("kind", ["float64", "float32", "complex128", "complex64"])
@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (2, 4, 3), (0, 2, 3)])
@pytest.mark.parametrize("full", [False, True])
def test_singular_vectors(kind: str, shape: tuple[int, ...], full: bool) -> None:
    """They are orthonormal and rebuild the matrix."""
    x = rng().standard_normal(shape) + (1j * rng().random(shape) if "complex" in kind else 0)
    x = x.astype(kind)
    tensors = tf.svd(tf.constant(x), full_matrices=full)
    values = evaluated(list(tensors))
    for tensor, value in zip(tensors, values, strict=True):
        assert tensor.get_shape().as_list() == list(value.shape)
    s, u, v = values
    rows, columns, least = *shape[-2:], min(shape[-2:])
    assert u.shape[-2:] == (rows, rows if full else least)
    assert v.shape[-2:] == (columns, columns if full else least)
    assert s.dtype == tf.as_dtype(kind).real_dtype.as_numpy_dtype
    tolerance = TOLERANCE[kind] * 10
    rebuilt = u[..., :least] * s[..., None, :] @ adjoint(v[..., :least])
    np.testing.assert_allclose(rebuilt, x, atol=tolerance)
    for factor in (u, v):
        identity = np.broadcast_to(np.eye(factor.shape[-1]), (*shape[:-2], *factor.shape[-1:] * 2))
        np.testing.assert_allclose(adjoint(factor) @ factor, identity, atol=tolerance)
    np.testing.assert_allclose(evaluated(tf.svd(x, compute_uv=False)), s, atol=tolerance)


@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3)])
def test_the_gradient_of_cholesky(shape: tuple[int, ...]) -> None:
    """It is symmetric, and right along symmetric moves, to second order."""
    factor = rng().standard_normal(shape)
    x = factor @ adjoint(factor) + 3 * np.eye(3)
    weights = rng().standard_normal(shape)
    p = tf.placeholder(tf.float64, shape)
    loss = tf.reduce_sum(tf.cholesky(p) * weights)
    grad = tf.gradients(loss, p)[0]
    directed = tf.reduce_sum(grad * (weights + adjoint(weights)))
    again = tf.gradients(directed, p)[0]
    with tf.Session() as session:

        def value(tensor: Any, at: Any) -> Any:
            return session.run(tensor, {p: at})

        moves = rng().standard_normal((4, *shape))
        moves = moves + adjoint(moves)
        for tensor, rate in ((grad, loss), (again, directed)):
            found = value(tensor, x)
            np.testing.assert_allclose(found, adjoint(found), atol=1e-10)
            expected = difference_quotients(lambda at, t=rate: value(t, at), x, moves)
            actual = [np.sum(found * m) for m in moves]
            np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-8)


def test_cholesky_reads_the_lower_triangle() -> None:
    x = np.array([[2.0, 99.0], [1.0, 3.0]])
    found = evaluated(tf.cholesky(x))
    np.testing.assert_allclose(found @ found.T, [[2.0, 1.0], [1.0, 3.0]])
    assert found[0, 1] == 0


def test_cholesky_solve() -> None:
    factor = rng().standard_normal((2, 3, 3))
    x = factor @ adjoint(factor) + np.eye(3)
    b = rng().standard_normal((2, 3, 4))
    np.testing.assert_allclose(
        evaluated(tf.cholesky_solve(tf.cholesky(x), b)), np.linalg.solve(x, b), rtol=1e-9
    )
