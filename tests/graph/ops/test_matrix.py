"""Products and systems of matrices beyond the op-case table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.graph.dtypes import float16, float32
from skflow.graph.registry import REGISTRY
from skflow.graph.spec import Spec


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def evaluated(tensors: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(tensors, feeds)


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "int32", "complex64"])
@pytest.mark.parametrize("turned", [(False, False), (True, False), (False, True), (True, True)])
def test_products_into_given_memory(kind: str, turned: tuple[bool, bool]) -> None:
    """The bound kernel and the specialised one fill ``out`` and return it."""
    a = rng().integers(-3, 4, (3, 2) if turned[0] else (2, 3)).astype(kind)
    b = rng().integers(-3, 4, (4, 3) if turned[1] else (3, 4)).astype(kind)
    wide = complex if kind.startswith("complex") else float
    expected = (a.T if turned[0] else a).astype(wide) @ (b.T if turned[1] else b)
    attrs = {"transpose_a": turned[0], "transpose_b": turned[1]}
    definition = REGISTRY["MatMul"]
    dtype = tf.as_dtype(kind)
    special = definition.specialize([Spec(dtype, a.shape), Spec(dtype, b.shape)], attrs)
    assert (special is None) == (dtype is float16)
    for kernel in filter(None, (definition.bind_kernel(attrs), special)):
        out = np.full((2, 4), 7, kind)
        assert kernel(a, b, out=out) is out
        np.testing.assert_array_equal(out, expected.astype(kind))
        np.testing.assert_array_equal(kernel(a, b), out)


def test_float16_products_are_summed_in_float32() -> None:
    x = np.full((1, 4096), 0.1, np.float16)
    found = evaluated(tf.matmul(x, x, transpose_b=True))
    expected = np.sum(x.astype(np.float64) ** 2)
    assert abs(found[0, 0] / expected - 1) < 1e-3


def test_the_operator() -> None:
    a = tf.constant(rng().standard_normal((2, 3)))
    b = rng().standard_normal((3, 2))
    left, right = evaluated([a @ b, b @ a])
    np.testing.assert_allclose(left, evaluated(a) @ b)
    np.testing.assert_allclose(right, b @ evaluated(a))


def test_sparse_flags() -> None:
    a = rng().standard_normal((2, 3)).astype(np.float32)
    b = rng().standard_normal((3, 2)).astype(np.float32)
    sparse = tf.matmul(a, b, a_is_sparse=True)
    assert sparse.op.type == "SparseMatMul"
    np.testing.assert_allclose(evaluated(sparse), a @ b, rtol=1e-6)
    wide = tf.matmul(a.astype(np.float64), b.astype(np.float64), b_is_sparse=True)
    assert wide.op.type == "MatMul"


@pytest.mark.parametrize("shape", [(4, 2), (2, 4), (3, 3)])
@pytest.mark.parametrize("weight", [0.0, 0.3])
def test_least_squares_gradient_with_shapes_unknown(shape: tuple[int, int], weight: float) -> None:
    """The same as where the graph knows which side is longer."""
    a, b = rng().standard_normal(shape), rng().standard_normal((shape[0], 2))
    weights = tf.constant(rng().standard_normal((shape[1], 2)))
    found = []
    for known in (shape, (None, None), None):
        p, q = tf.placeholder(tf.float64, known), tf.placeholder(tf.float64)
        x = tf.matrix_solve_ls(p, q, l2_regularizer=weight)
        grads = tf.gradients(x, [p, q], grad_ys=weights)
        found.append(evaluated(grads, {p: a, q: b}))
    for grads in found[1:]:
        for grad, expected in zip(grads, found[0], strict=True):
            np.testing.assert_allclose(grad, expected, rtol=1e-8, atol=1e-10)


def test_empty_systems() -> None:
    values = evaluated(
        [
            tf.matrix_inverse(np.zeros((2, 0, 0))),
            tf.matrix_determinant(np.zeros((3, 0, 0))),
            tf.matrix_solve(np.zeros((0, 0)), np.zeros((0, 3))),
            tf.cholesky(np.zeros((2, 0, 0))),
            tf.matrix_triangular_solve(np.eye(2), np.zeros((2, 0))),
            tf.matrix_solve_ls(np.zeros((0, 2)), np.zeros((0, 1))),
            tf.matrix_solve_ls(np.zeros((2, 0)), np.zeros((2, 1))),
            tf.qr(np.zeros((0, 3)))[1],
            tf.qr(np.zeros((3, 0)), full_matrices=True)[0],
        ]
    )
    shapes = [v.shape for v in values]
    assert shapes == [(2, 0, 0), (3,), (0, 3), (2, 0, 0), (2, 0), (2, 1), (0, 1), (0, 3), (3, 3)]
    np.testing.assert_array_equal(values[1], np.ones(3))
    np.testing.assert_array_equal(values[5], np.zeros((2, 1)))


def test_least_squares_of_an_exact_system_in_float32() -> None:
    """The normal equations are solved in double precision."""
    a = np.vander(np.linspace(0, 1, 20), 6).astype(np.float32)
    x = np.arange(1, 7, dtype=np.float32).reshape(6, 1)
    b = (a.astype(np.float64) @ x).astype(np.float32)
    found = evaluated(tf.matrix_solve_ls(a, b))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, x, rtol=2e-2)


def test_singular_systems_among_regular_ones() -> None:
    batch = np.stack([np.eye(2), np.array([[1.0, 2.0], [2.0, 4.0]])])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Input is not invertible."):
        evaluated(tf.matrix_inverse(batch))
    with pytest.raises(tf.errors.InvalidArgumentError, match="rank deficient"):
        evaluated(tf.matrix_solve_ls(batch, np.ones((2, 2, 1))))


def test_specs_of_products_know_float32() -> None:
    """What is known of the product of two partly known shapes."""
    a, b = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [3, None])
    assert tf.matmul(a, b).get_shape().as_list() == [None, None]
    assert tf.matmul(a, a, transpose_a=True).get_shape().as_list() == [3, 3]
    assert tf.matmul(a, tf.placeholder(tf.float32)).get_shape().as_list() == [None, None]
    c = tf.placeholder(tf.float32, [5, None, None])
    d = tf.placeholder(tf.float32, [None, 3, 4])
    assert tf.matmul(d, c).get_shape().as_list() == [5, 3, None]
    assert tf.matmul(d, c).dtype is float32


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_transforms_undo_each_other(rank: int, inverse: bool) -> None:
    suffix = "" if rank == 1 else f"{rank}d"
    there, back = getattr(tf, f"fft{suffix}"), getattr(tf, f"ifft{suffix}")
    if inverse:
        there, back = back, there
    x = (rng().standard_normal((2, 3, 4)) + 1j * rng().random((2, 3, 4))).astype(np.complex64)
    found = evaluated(back(there(x)))
    assert found.dtype == np.complex64
    np.testing.assert_allclose(found, x, rtol=1e-5, atol=1e-6)
