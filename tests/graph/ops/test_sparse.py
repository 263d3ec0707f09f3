"""What sparse operations say of wrong inputs, and that products never fill a matrix in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import skflow.graph.ops.sparse
import skflow.graph.ops.sparse_products
import skflow.graph.ops.sparse_segments  # noqa: F401  (declares the operations)
from skflow.errors import InvalidArgumentError
from skflow.graph.conversion import constant
from skflow.graph.core import Graph
from skflow.graph.dtypes import as_dtype
from skflow.graph.registry import REGISTRY, raw
from skflow.graph.spec import Spec


@pytest.fixture(autouse=True)
def graph() -> Iterator[Graph]:
    """Every test builds a graph of its own."""
    with Graph().as_default() as fresh:
        yield fresh


def i64(value: Any) -> np.ndarray:
    return np.array(value, dtype=np.int64)


def run(op: str, *arrays: Any, **attrs: Any) -> Any:
    """The kernel on its own."""
    return REGISTRY[op].kernel(*map(np.asarray, arrays), **attrs)


def product(
    indices: Any, values: Any, shape: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False
) -> Any:
    return run(
        "SparseTensorDenseMatMul",
        i64(indices),
        np.array(values, float),
        i64(shape),
        np.array(b, float),
        adjoint_a=adjoint_a,
        adjoint_b=adjoint_b,
    )


B = np.ones((3, 2))
PRODUCTS = [
    (([[0, 1], [1, 3]], [1, 2], [2, 3], B), "k (3) from index[1,1] out of bounds (>=3)"),
    (([[0, 1], [2, 0]], [1, 2], [2, 3], B), "m (2) from index[1,0] out of bounds (>=2)"),
    (([[0, -1]], [1], [2, 3], B), "k (-1) from index[0,1] out of bounds (>=3)"),
    (([[2, 0]], [1], [2, 3], np.ones((2, 2)), True), "k (2) from index[0,0] out of bounds (>=2)"),
    (
        ([[0, 1]], [1], [2, 3], np.ones((2, 3))),
        (
            "Cannot multiply A and B because inner dimension does not match: 3 vs. 2.  Did you forget a "
            "transpose?  Dimensions of A: [2, 3).  Dimensions of B: [2,3]"
        ),
    ),
    (
        ([[0, 1]], [1], [2, 3], np.ones((3, 2)), False, True),
        (
            "Cannot multiply A and B because inner dimension does not match: 3 vs. 2.  Did you forget a "
            "transpose?  Dimensions of A: [2, 3).  Dimensions of B: [3,2]"
        ),
    ),
    (([[0, 1]], [1], [2, 3], np.ones(6)), "Tensor 'b' is not a matrix"),
    (([[0, 1]], [1], [2, 3, 4], B), "Tensor 'a_shape' must have 2 elements"),
    (([[0, 1]], [1], [[2, 3]], B), "Tensor 'a_shape' is not a vector"),
    (([[0, 1]], [[1]], [2, 3], B), "Tensor 'a_values' is not a vector"),
    (
        ([[0, 1]], [1, 2], [2, 3], B),
        "Number of rows of a_indices does not match number of entries in a_values",
    ),
    (([0, 1], [1, 2], [2, 3], B), "Tensor 'a_indices' is not a matrix"),
    (
        ([[0, 1, 1]], [1], [2, 3], B),
        "Number of columns of a_indices does not match number of entries in a_shape",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), PRODUCTS)
def test_products_complain(arguments: Any, message: str) -> None:
    """TensorFlow's sentences (1.1.0 itself ends the process on an index out of bounds)."""
    with pytest.raises(InvalidArgumentError) as caught:
        product(*arguments)
    assert caught.value.message == message


def test_a_product_with_a_million_columns() -> None:
    """The dense matrix would take 8 terabytes."""
    rows, columns = 1_000_000, 1_000_000
    indices = [[0, 5], [999_999, 999_999]]
    b = np.zeros((columns, 1))
    b[5], b[-1] = 3, 4
    found = product(indices, [2, 10], [rows, columns], b)
    assert (found[0, 0], found[-1, 0], np.count_nonzero(found)) == (6, 40, 2)
    back = product(indices, [2, 10], [rows, columns], np.ones((rows, 1)), adjoint_a=True)
    assert (back[5, 0], back[-1, 0], np.count_nonzero(back)) == (2, 10, 2)


@pytest.mark.parametrize("adjoint", [True, False])
def test_long_sums_keep_their_digits(adjoint: bool) -> None:
    """Half a million equal terms: in single precision their sum is off by 5e-4."""
    n = 500_000
    long = np.arange(n)
    place = [long, np.zeros(n, int)] if adjoint else [np.zeros(n, int), long]
    shape = i64([n, 1] if adjoint else [1, n])
    found = run(
        "SparseTensorDenseMatMul",
        np.stack(place, axis=1),
        np.full(n, 0.1, np.float32),
        shape,
        np.ones((n, 1), np.float32),
        adjoint_a=adjoint,
        adjoint_b=False,
    )
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[n * float(np.float32(0.1))]], rtol=1e-7)


def test_a_constant_pattern_is_ordered_once() -> None:
    indices, shape = i64([[1, 0], [0, 2]]), i64([2, 3])
    specs = [
        Spec(as_dtype("int64"), (2, 2), indices),
        Spec(as_dtype("float64"), (2,)),
        Spec(as_dtype("int64"), (2,), shape),
        Spec(as_dtype("float64"), (3, 2)),
    ]
    definition = REGISTRY["SparseTensorDenseMatMul"]
    kernel = definition.specialize(specs, {"adjoint_a": False, "adjoint_b": False})
    for values in ([1.0, 2.0], [3.0, 4.0]):
        found = kernel(indices, np.array(values), shape, B)
        np.testing.assert_array_equal(found, [[values[1]] * 2, [values[0]] * 2])
    with pytest.raises(InvalidArgumentError, match="inner dimension does not match"):
        kernel(indices, np.ones(2), shape, np.ones((2, 2)))
    specs[0] = Spec(as_dtype("int64"), (2, 2))
    assert definition.specialize(specs, {"adjoint_a": False, "adjoint_b": False}) is None


def test_product_shapes() -> None:
    message = (
        "Dimensions must be equal, but are 3 and 5 for 'SparseTensorDenseMatMul' (op: "
        "'SparseTensorDenseMatMul') with input shapes: [1,2], [1], [2], [5,4] and with "
        "input tensors computed as partial shapes: input[2] = [2,3]."
    )
    parts = [constant(i64([[0, 1]])), constant([1.0]), constant(i64([2, 3]))]
    with pytest.raises(ValueError, match=re.escape(message)):
        raw.SparseTensorDenseMatMul(*parts, constant(np.ones((5, 4), np.float32)))
    parts[2] = constant(i64([2, 3, 4]))
    with pytest.raises(ValueError, match="Shape must be rank 2 but is rank 3"):
        raw.SparseTensorDenseMatMul(*parts, constant(np.ones((5, 4), np.float32)))


def test_dense_products_complain() -> None:
    flags = {"transpose_a": False, "transpose_b": False}
    with pytest.raises(InvalidArgumentError, match=re.escape("a: [2,3], b: [2,3]")):
        run("SparseMatMul", np.ones((2, 3)), np.ones((2, 3)), **flags)
    with pytest.raises(InvalidArgumentError, match="a is not a matrix"):
        run("SparseMatMul", np.ones(2), np.ones((2, 3)), **flags)


DENSE = [
    (([[0, 1], [0, 1]], [2, 3], [5, 6], 0), True, "indices[1] = [0,1] is repeated"),
    (([[1, 1], [0, 1]], [2, 3], [5, 6], 0), True, "indices[1] = [0,1] is out of order"),
    (
        ([[1, 1], [1, 3]], [2, 3], [5, 6], 0),
        True,
        "indices[1] = [1,3] is out of bounds: need 0 <= index < [2,3]",
    ),
    (
        ([[-1, 1], [1, 2]], [2, 3], [5, 6], 0),
        True,
        "indices[0] = [-1,1] is out of bounds: need 0 <= index < [2,3]",
    ),
    (
        ([[0, 1], [0, 7]], [2, 3], [5, 6], 0),
        False,
        "Indices are not valid (out of bounds).  Shape: [2,3]",
    ),
    (([1, 7], [5], [5, 6], 0), True, "indices[1] = [7] is out of bounds: need 0 <= index < [5]"),
    (
        ([1, 3], [5], [5, 6, 7], 0),
        True,
        "sparse_values has incorrect shape [3], should be [] or [2]",
    ),
    (
        ([[1, 3]], [5], [5], 0),
        True,
        "output_shape has incorrect number of elements: 1 should be: 2",
    ),
    (([1, 3], [[5]], [5, 1], 0), True, "output_shape should be a vector, got shape [1,1]"),
    (
        ([[[1]]], [5], [5], 0),
        True,
        "sparse_indices should be a scalar, vector, or matrix, got shape [1,1,1]",
    ),
    (([1], [5], [5], [1]), True, "default_value should be a scalar."),
]


@pytest.mark.parametrize(("arguments", "validate", "message"), DENSE)
def test_filling_in_complains(arguments: Any, validate: bool, message: str) -> None:
    """The sentences of TensorFlow 1.1.0."""
    with pytest.raises(InvalidArgumentError) as caught:
        run("SparseToDense", *arguments, validate_indices=validate)
    assert caught.value.message == message


def test_the_last_of_repeated_entries_stays() -> None:
    found = run("SparseToDense", [[0, 1], [0, 1]], [1, 2], [5.0, 6.0], -1.0, validate_indices=False)
    np.testing.assert_array_equal(found, [[-1, 6]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 0], [1, 2], [2, 3]), "Input indices should be a matrix but received shape [2]"),
        (([[1, 0]], [[1]], [2, 3]), "Input values should be a vector but received shape [1,1]"),
        (([[1, 0]], [1], [[2, 3]]), "Input shape should be a vector but received shape [1,2]"),
        (([[1, 0]], [1, 2], [2, 3]), "There are 1 indices but 2 values"),
        (([[1, 0]], [1], [2, 3, 4]), "The indices have 2 columns but the shape has 3 dimensions"),
    ],
)
def test_reordering_complains(arguments: Any, message: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        run("SparseReorder", *arguments)
    assert caught.value.message == message


def test_sums_complain() -> None:
    message = "Invalid reduction dimension 2, for input with 2 dimensions."
    with pytest.raises(InvalidArgumentError, match=re.escape(message)):
        run("SparseReduceSum", [[0, 1]], [1.0], [2, 3], [2], keep_dims=False)


SEGMENTS = [
    (([0, 3, 1, 0], [1, 1, 0, 2]), "segment ids are not increasing"),
    (
        ([0, 3, 1, 0], [-1, 1, 1, 2]),
        "Segment id -1 out of range [0, 3), possibly because 'segment_ids' input is not sorted.",
    ),
    (([0, 4, 1, 0], [0, 1, 1, 2]), "Bad: indices[1] == 4 out of range [0, 4)"),
    (([0, -1, 1, 0], [0, 1, 1, 2]), "Bad: indices[1] == -1 out of range [0, 4)"),
    (([0, 1, 0], [0, 1, 1, 2]), "segment_ids and indices should have same size."),
]


@pytest.mark.parametrize("op", ["SparseSegmentSum", "SparseSegmentMean", "SparseSegmentSqrtN"])
@pytest.mark.parametrize(("arguments", "message"), SEGMENTS)
def test_segments_complain(op: str, arguments: Any, message: str) -> None:
    """The sentences of TensorFlow 1.1.0."""
    with pytest.raises(InvalidArgumentError) as caught:
        run(op, np.arange(8.0).reshape(4, 2), *arguments)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 3, 1, 0], [0, 0, 1, 1], 3), "Index 3 out of range [0, 3)."),
        (([0, -3, 1, 0], [0, 0, 1, 1], 3), "Index -3 out of range [0, 3)."),
        (([0, 2, 1, 0], [0, 0, 1, 2], 3), "Invalid number of segments"),
        (([0, 2, 1], [0, 1, 1, 1], 3), "segment_ids and indices should have same size."),
    ],
)
def test_segment_gradients_complain(arguments: Any, message: str) -> None:
    """The sentences of TensorFlow 1.1.0."""
    with pytest.raises(InvalidArgumentError) as caught:
        run("SparseSegmentMeanGrad", np.arange(4.0).reshape(2, 2), *arguments)
    assert caught.value.message == message


def test_long_segments_keep_their_digits() -> None:
    data = np.full((1, 2), 0.1, np.float32)
    zeros = np.zeros(2**22, np.int32)
    found = run("SparseSegmentSum", data, zeros, zeros)
    np.testing.assert_allclose(found, [[2**22 * float(np.float32(0.1))] * 2], rtol=1e-7)
