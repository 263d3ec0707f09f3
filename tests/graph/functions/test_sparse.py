"""Sparse tensors fed, multiplied, filled in and combined with dense ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from skflow.graph.conversion import constant, convert
from skflow.graph.core import Graph
from skflow.graph.dtypes import float32, float64
from skflow.graph.functions import sparse
from skflow.graph.gradients import gradients
from skflow.graph.nodes import Tensor
from skflow.graph.sparse_types import SparseTensor, SparseTensorValue
from tests.interpreter import Interpreter

VALUE = SparseTensorValue([[0, 1], [1, 0], [1, 2]], [1.0, 2.0, 3.0], [2, 3])
DENSE = np.array([[0, 1, 0], [2, 0, 3.0]])


@pytest.fixture(autouse=True)
def graph() -> Iterator[Graph]:
    """Every test builds a graph of its own."""
    with Graph().as_default() as fresh:
        yield fresh


def run(tensor: Any, feeds: dict[Tensor, Any] | None = None) -> Any:
    (found,) = Interpreter().run([convert(tensor)], feeds)
    return found


def fed(value: SparseTensorValue = VALUE) -> tuple[SparseTensor, dict[Tensor, Any]]:
    """A sparse placeholder and what its parts stand for."""
    x = sparse.sparse_placeholder(float32)
    return x, dict(zip((x.indices, x.values, x.dense_shape), value, strict=True))


def test_placeholders_know_what_they_are_told() -> None:
    assert sparse.sparse_placeholder(float32).get_shape().ndims is None
    assert sparse.sparse_placeholder(float32, [2, 3]).get_shape().as_list() == [2, 3]
    named = sparse.sparse_placeholder(float64, [None, 3], name="s")
    assert [t.name for t in (named.indices, named.values, named.dense_shape)] == [
        "s/indices:0",
        "s/values:0",
        "s/shape:0",
    ]
    assert named.dtype is float64


@pytest.mark.parametrize("adjoint_a", [True, False])
@pytest.mark.parametrize("adjoint_b", [True, False])
def test_products_and_their_gradients(adjoint_a: bool, adjoint_b: bool) -> None:
    s, feeds = fed()
    left = DENSE.T if adjoint_a else DENSE
    right = np.arange(2.0 * left.shape[1]).reshape(left.shape[1], 2)
    b = constant(right.T if adjoint_b else right, float32)
    y = sparse.sparse_tensor_dense_matmul(s, b, adjoint_a=adjoint_a, adjoint_b=adjoint_b)
    np.testing.assert_allclose(run(y, feeds), left @ right)
    dy = np.arange(2.0 * left.shape[0]).reshape(-1, 2)
    by_values, by_b = gradients(y, [s.values, b], grad_ys=constant(dy, float32))
    da = dy @ right.T
    da = da.T if adjoint_a else da
    np.testing.assert_allclose(run(by_values, feeds), [da[0, 1], da[1, 0], da[1, 2]])
    db = left.T @ dy
    np.testing.assert_allclose(run(by_b, feeds), db.T if adjoint_b else db)


def test_values_are_taken_for_tensors() -> None:
    found = sparse.sparse_tensor_dense_matmul(VALUE, np.eye(3, dtype=np.float32))
    np.testing.assert_array_equal(run(found), DENSE)
    np.testing.assert_array_equal(
        run(sparse.sparse_tensor_to_dense(VALUE, -1.0)), np.where(DENSE == 0, -1, DENSE)
    )


def test_filling_in() -> None:
    lone = run(sparse.sparse_to_dense([1, 3], [5], 2.5))
    np.testing.assert_array_equal(lone, [0, 2.5, 0, 2.5, 0])
    words = run(sparse.sparse_to_dense([1], [3], ["a"], "b"))
    assert words.tolist() == [b"b", b"a", b"b"]
    s, feeds = fed()
    dense = sparse.sparse_tensor_to_dense(s)
    (slope,) = gradients(dense, s.values, grad_ys=constant(DENSE, float32))
    np.testing.assert_array_equal(run(slope, feeds), VALUE.values)


def test_putting_in_order() -> None:
    mixed = SparseTensorValue([[1, 2], [0, 1], [1, 0]], [3.0, 1.0, 2.0], [2, 3])
    s, feeds = fed(mixed)
    ordered = sparse.sparse_reorder(s)
    np.testing.assert_array_equal(run(ordered.indices, feeds), VALUE.indices)
    np.testing.assert_array_equal(run(ordered.values, feeds), VALUE.values)
    (slope,) = gradients(ordered.values, s.values, grad_ys=constant([10.0, 20.0, 30.0]))
    np.testing.assert_array_equal(run(slope, feeds), [30, 10, 20])


@pytest.mark.parametrize("axis", [None, 0, 1, -1, [0, 1]])
@pytest.mark.parametrize("keep_dims", [True, False])
def test_sums(axis: Any, keep_dims: bool) -> None:
    s, feeds = fed()
    where = None if axis is None else tuple(np.reshape(axis, -1).tolist())
    expected = DENSE.sum(axis=where, keepdims=keep_dims)
    np.testing.assert_array_equal(
        run(sparse.sparse_reduce_sum(s, axis, keep_dims), feeds), expected
    )
    whole = SparseTensor.from_value(VALUE)
    np.testing.assert_array_equal(run(sparse.sparse_reduce_sum(whole, axis, keep_dims)), expected)


def test_sums_take_one_name_of_the_axes() -> None:
    with pytest.raises(ValueError, match="Can't specify both axis' and 'reduction_indices'."):
        sparse.sparse_reduce_sum(SparseTensor.from_value(VALUE), axis=0, reduction_axes=0)


def test_segments() -> None:
    data = np.arange(8.0).reshape(4, 2)
    arguments = (data, [0, 3, 1], [0, 0, 2])
    np.testing.assert_array_equal(
        run(sparse.sparse_segment_sum(*arguments)), [[6, 8], [0, 0], [2, 3]]
    )
    np.testing.assert_array_equal(
        run(sparse.sparse_segment_mean(*arguments)), [[3, 4], [0, 0], [2, 3]]
    )
    np.testing.assert_allclose(
        run(sparse.sparse_segment_sqrt_n(*arguments)), [[6 / 2**0.5, 8 / 2**0.5], [0, 0], [2, 3]]
    )


def test_operators() -> None:
    s = SparseTensor.from_value(VALUE)
    np.testing.assert_array_equal(run((s * [1.0, 10.0, 100.0]).values), [10, 2, 300])
    np.testing.assert_array_equal(run((s / constant([[2.0], [4.0]])).values), [0.5, 0.5, 0.75])
    np.testing.assert_array_equal(run((constant([1.0, 10.0, 100.0]) * s).values), [10, 2, 300])
    whole = SparseTensor([[0, 1]], [7], [1, 2])
    quotient = whole / 2
    assert quotient.dtype is float64
    np.testing.assert_array_equal(run(quotient.values), [3.5])
    np.testing.assert_array_equal(run(whole.__div__(2).values), [3])


def test_only_sparse_things_are_sparse() -> None:
    for function in (sparse.sparse_reorder, sparse.sparse_tensor_to_dense):
        with pytest.raises(TypeError, match="^Input must be a SparseTensor.$"):
            function([[1.0]])
    with pytest.raises(TypeError, match="^Input must be a SparseTensor.$"):
        sparse.sparse_tensor_dense_matmul([[1.0]], [[1.0]])


def test_products_of_matrices_with_many_zeros() -> None:
    a = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    found = sparse.sparse_matmul(a, a, transpose_b=True, a_is_sparse=True)
    np.testing.assert_array_equal(run(found), a @ a.T)
