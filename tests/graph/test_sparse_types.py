"""Tensors given by parts: their properties, their words, and their conversions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import skflow.graph.functions.operators  # noqa: F401  (gives tensors their operators)
from skflow.graph import sparse_types as st
from skflow.graph.conversion import constant, convert_to_tensor
from skflow.graph.core import Graph
from skflow.graph.dtypes import float32, float64, int32, int64
from skflow.graph.functions.array import placeholder
from tests.interpreter import Interpreter


@pytest.fixture(autouse=True)
def graph() -> Iterator[Graph]:
    """Every test builds a graph of its own."""
    with Graph().as_default() as fresh:
        yield fresh


def slices(shape: Any = (4, 2)) -> st.IndexedSlices:
    dense = None if shape is None else constant(shape, name="shape")
    values = constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="values")
    return st.IndexedSlices(values, constant([3, 0, 3], name="where"), dense)


def sparse() -> st.SparseTensor:
    return st.SparseTensor(indices=[[0, 1], [2, 0]], values=[1.0, 2.0], dense_shape=[3, 4])


# ---- slices -------------------------------------------------------------------------------


def test_slices_know_their_parts(graph: Graph) -> None:
    s = slices()
    assert s.name == "values:0"
    assert s.op is s.values.op
    assert s.dtype is float32
    assert s.graph is graph
    assert s.device == ""
    assert s.dense_shape is not None


def test_slices_in_words() -> None:
    values = 'Tensor("values:0", shape=(3, 2), dtype=float32)'
    where = 'Tensor("where:0", shape=(3,), dtype=int32)'
    assert str(slices(None)) == f"IndexedSlices(indices={where}, values={values})"
    assert str(slices()).endswith(', dense_shape=Tensor("shape:0", shape=(2,), dtype=int32))')


def test_negative_slices() -> None:
    s = slices()
    negative = -s
    assert (negative.indices, negative.dense_shape) == (s.indices, s.dense_shape)
    (found,) = Interpreter().run([negative.values])
    np.testing.assert_array_equal(found, [[-1, -2], [-3, -4], [-5, -6]])


def test_slices_filled_in() -> None:
    dense = convert_to_tensor(slices())
    assert dense.op.type == "UnsortedSegmentSum"
    (found,) = Interpreter().run([dense])
    np.testing.assert_array_equal(found, [[3, 4], [0, 0], [0, 0], [6, 8]])


def test_filling_in_what_may_be_large_warns() -> None:
    with pytest.warns(UserWarning, match="a dense Tensor with 200000000 elements. This may"):
        convert_to_tensor(slices((100_000_000, 2)))
    unknown = st.IndexedSlices(slices().values, slices().indices, placeholder(int32, [2]))
    with pytest.warns(UserWarning, match="to a dense Tensor of unknown shape. This may consume"):
        convert_to_tensor(unknown)


def test_slices_that_cannot_be_converted() -> None:
    with pytest.raises(ValueError, match="IndexedSlices without dense_shape: IndexedSlices"):
        convert_to_tensor(slices(None))
    with pytest.raises(ValueError, match="dtype float64 for IndexedSlices with dtype float32"):
        convert_to_tensor(slices(), dtype=float64)


def test_parts_must_be_of_one_graph() -> None:
    with Graph().as_default():
        other = constant([0, 1, 2])
    with pytest.raises(ValueError, match="must be from the same graph as"):
        st.IndexedSlices(slices().values, other)


# ---- sparse tensors -----------------------------------------------------------------------


def test_sparse_tensors_know_their_parts(graph: Graph) -> None:
    s = sparse()
    names = [t.name for t in (s.indices, s.values, s.dense_shape)]
    assert names == [
        "SparseTensor/indices:0",
        "SparseTensor/values:0",
        "SparseTensor/dense_shape:0",
    ]
    assert [t.dtype for t in (s.indices, s.values, s.dense_shape)] == [int64, float32, int64]
    assert s.get_shape().as_list() == s.shape.as_list() == [3, 4]
    assert s.dtype is float32
    assert s.op is s.values.op
    assert s.graph is graph
    assert str(s).startswith('SparseTensor(indices=Tensor("SparseTensor/indices:0", shape=(2, 2)')


def test_sparse_tensors_of_unknown_shape() -> None:
    s = st.SparseTensor(
        placeholder(int64, [None, 2]), placeholder(float32, [None]), placeholder(int64, [2])
    )
    assert s.get_shape().as_list() == [None, None]


def test_parts_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="Dimensions 2 and 1 are not compatible"):
        st.SparseTensor([[0, 1], [2, 0]], [1.0], [3, 4])
    with pytest.raises(ValueError, match="Dimensions 2 and 3 are not compatible"):
        st.SparseTensor([[0, 1]], [1.0], [3, 4, 5])
    with pytest.raises(ValueError, match="must have rank 2"):
        st.SparseTensor([0, 1], [1.0, 2.0], [3])


def test_sparse_values() -> None:
    value = st.SparseTensorValue([[0, 1]], [1.0], [3, 4])
    assert st.SparseTensor.from_value(value).shape.as_list() == [3, 4]
    again = st.SparseTensor.from_value(sparse())
    assert again.shape.as_list() == [3, 4]
    with pytest.raises(TypeError, match="Neither a SparseTensor nor SparseTensorValue: 3."):
        st.SparseTensor.from_value(3)


def test_eval_needs_a_session() -> None:
    with pytest.raises(ValueError, match="Cannot evaluate tensor using `eval\\(\\)`: No default"):
        sparse().eval()


class OneAnswer:
    """A session that fetches by the interpreter."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def run(self, fetches: Any, feed_dict: Any = None) -> Any:
        return Interpreter().run(fetches, feed_dict)


def test_eval_returns_the_parts(graph: Graph) -> None:
    found = sparse().eval(session=OneAnswer(graph))
    assert isinstance(found, st.SparseTensorValue)
    np.testing.assert_array_equal(found.indices, [[0, 1], [2, 0]])
    np.testing.assert_array_equal(found.values, [1, 2])
    np.testing.assert_array_equal(found.dense_shape, [3, 4])


# ---- conversions --------------------------------------------------------------------------


def test_parts_are_left_alone() -> None:
    for value in (slices(), sparse()):
        assert st.convert_to_tensor_or_indexed_slices(value) is value
        assert st.convert_to_tensor_or_indexed_slices(value, dtype=float32) is value
        with pytest.raises(ValueError, match="Tensor conversion requested dtype float64 for"):
            st.convert_to_tensor_or_indexed_slices(value, dtype=float64)


def test_anything_else_becomes_a_tensor() -> None:
    found = st.convert_to_tensor_or_indexed_slices([1, 2], dtype=float32, name="c")
    assert (found.name, found.dtype) == ("c:0", float32)
    several = st.convert_n_to_tensor_or_indexed_slices([1.0, None, sparse()], name="p")
    assert [getattr(t, "name", None) for t in several] == ["p_0:0", None, None]
    with pytest.raises(TypeError, match="values must be a list."):
        st.convert_n_to_tensor_or_indexed_slices(3)  # type: ignore[arg-type]


def test_tensor_or_sparse_tensor() -> None:
    convert = st.convert_to_tensor_or_sparse_tensor
    s = sparse()
    assert convert(s) is s
    assert isinstance(convert(st.SparseTensorValue([[0]], [1.0], [2])), st.SparseTensor)
    assert convert(1.0, dtype=float64).dtype is float64
    with pytest.raises(RuntimeError, match="Sparse dtype: requested = int32, actual = float32"):
        convert(s, dtype=int32)
    with pytest.raises(TypeError, match="Input must be a SparseTensor."):
        st.sparse_or_error(3)
