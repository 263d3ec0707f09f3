"""How matrix products are made: which BLAS does, how operands lie, how cores share them."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from skflow.graph.dtypes import Array
from skflow.graph.shapes import num_elements
from skflow.graph.summation import FEW_ROWS
from skflow.runtime.steps import Node, Value

# Multiply-adds of float32: of a product that is cut, of its smallest part, and from which, after
# about 0.1 ms on one core, another thread is woken for some of the parts.
_WORTH_CUTTING: Final = 1_400_000
_PART: Final = 700_000
_WORTH_SHARING: Final = 9_000_000
_SHARE: Final = 4  # a part is this fraction of what is left
_MOST_PARTS: Final = 16  # beyond which parts would be too narrow
_NARROW: Final = 32  # rows or columns of a matrix whose order matters to its products
_NARROW_FROM, _NARROW_TO = 1 << 12, 1 << 24  # elements
_BLAS_TYPES: Final = "fdFD"


def laid_out(value: Value) -> Array:
    """A constant in the order that its products read quickest: along its long side.

    The product of a narrow matrix and a vector takes a third of the time that way. One number
    that stands for many is only written out for operations that might depend on it.
    """
    array = value.const
    assert array is not None
    types = {u.definition.type for u in value.uses}
    if array.size > 1 and not any(array.strides) and types != {"Assign"}:
        array = np.ascontiguousarray(array)
    if array.ndim != 2 or not _NARROW_FROM <= array.size <= _NARROW_TO:
        return array
    rows, columns = array.shape
    if min(rows, columns) > _NARROW or types != {"MatMul"}:
        return array
    return np.asfortranarray(array) if rows > columns else np.ascontiguousarray(array)


def is_blas(node: Node) -> bool:
    """Whether a product is one of matrices, as far as is known, that NumPy gives to BLAS."""
    matrices = all(v.shape is not None and len(v.shape) == 2 for v in node.inputs)
    return matrices and node.inputs[0].dtype.np_dtype.char in _BLAS_TYPES


def is_outer(node: Node) -> bool:
    """Whether a product is one of a column and a row, which BLAS takes four times as long for."""
    a, b = (v.shape for v in node.inputs)
    assert a is not None
    assert b is not None
    return a[not node.attrs["transpose_a"]] == 1 and b[node.attrs["transpose_b"]] == 1


def is_column_sum(node: Node) -> bool:
    """Whether a step sums so few rows of a matrix that a product with ones does it."""
    if node.definition.type != "Sum" or node.attrs["keep_dims"]:
        return False
    matrix, axes = node.inputs
    if not matrix.static or len(matrix.shape or ()) != 2 or axes.const is None:
        return False
    rows, columns = matrix.shape  # type: ignore[misc]
    small = 0 < rows <= FEW_ROWS and columns > 1  # type: ignore[operator]
    return small and axes.const.tolist() in ([0], 0) and matrix.dtype.np_dtype.char in _BLAS_TYPES


class Cut(NamedTuple):
    """How a product is cut: by rows or by columns, and where each part ends."""

    by_rows: bool
    ends: list[int]
    shared: bool  # whether waking another thread for some of them takes less time than it saves


def parts_of(node: Node) -> Cut | None:
    """How a product is cut so that cores can share it; ``None`` if it is too small.

    It is always cut the same way, however many threads there are: where a product is cut, BLAS may
    add in another order, and results shall not hang on the number of cores. The parts become
    smaller, so that all cores end at about the same time, whenever they began.
    """
    a = node.inputs[0]
    shape, size = node.outputs[0].shape, num_elements(a.shape)
    assert shape is not None
    rows, columns = shape
    if size is None or rows is None or columns is None:
        return None
    weight = a.dtype.np_dtype.itemsize / np.dtype(np.float32).itemsize
    cost = size * columns * weight
    if cost < _WORTH_CUTTING or max(rows, columns) < 32:
        return None
    # Each part reads the other operand whole, which should be the smaller one. BLAS works on so
    # many rows or columns at a time.
    by_rows = rows >= columns
    length, unit = (rows, 8) if by_rows else (columns, 16)
    least = -(-length * max(_PART / cost, 1 / _MOST_PARTS) // unit) * unit
    ends = [0]
    while length - ends[-1] > 1.5 * least:
        step = (length - ends[-1]) / _SHARE // unit * unit
        ends.append(int(ends[-1] + max(least, step)))
    return Cut(by_rows, [*ends[1:], length], cost >= _WORTH_SHARING)
