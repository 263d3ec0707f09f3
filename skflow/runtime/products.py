"""How matrix products are made: which BLAS does, how operands lie, how cores share them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from skflow.graph.dtypes import Array
from skflow.graph.shapes import num_elements
from skflow.graph.summation import FEW_ROWS
from skflow.runtime.steps import Node, Value

# Multiply-adds of float32: of a product that is cut, and from which the first tier shares the
# parts, after about 0.05 ms on one core. In how many parts, by the product's size.
_WORTH_CUTTING: Final = 1_400_000
_WORTH_SHARING: Final = 4_000_000
_UNIT: Final = 16  # BLAS works on so many rows or columns at a time
_PARTS: Final = ((100_000_000, 2), (1_000_000_000, 4), (math.inf, 8))
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
    """How the product that a node makes is cut; ``None`` if it is too small, or not known yet."""
    a, value = node.inputs[0], node.outputs[0]
    size = num_elements(a.shape)
    assert value.shape is not None
    rows, columns = value.shape
    if size is None or rows is None or columns is None:
        return None
    return cut_of(rows, columns, size * columns, a.dtype.np_dtype.itemsize)


def cut_of(rows: int, columns: int, count: int, itemsize: int) -> Cut | None:
    """How a product is cut so that cores can share it; ``None`` if it is too small.

    It is always cut the same way, however many threads there are: where a product is cut, BLAS may
    add in another order, and results shall not hang on the number of cores. There are few parts,
    and all are of about the same size, since each packs the other operand again: one of 256 rows
    of 1024 takes 2 % longer in four parts than whole, and 8 % longer in eight.

    Parameters
    ----------
    rows, columns : int
        The product's shape.
    count : int
        Its multiplications.
    itemsize : int
        Bytes of an element.
    """
    cost = count * itemsize / np.dtype(np.float32).itemsize
    if cost < _WORTH_CUTTING or max(rows, columns) < 32:
        return None
    # Each part reads the other operand whole, which should be the smaller one.
    by_rows = rows >= columns
    length = rows if by_rows else columns
    parts = next(parts for most, parts in _PARTS if cost < most)
    ends = [length * i // parts // _UNIT * _UNIT for i in range(1, parts)]
    ends = sorted({e for e in ends if e})
    return Cut(by_rows, [*ends, length], cost >= _WORTH_SHARING)


def cut_product(a: Array, b: Array) -> Array:
    """The product of two matrices whose shapes were not known before, cut as if they had been."""
    rows, columns = len(a), b.shape[1]
    cut = cut_of(rows, columns, a.size * columns, a.itemsize)
    out: Array
    if cut is None or a.shape[1] != len(b):  # of which NumPy says what is wrong
        out = np.matmul(a, b)
        return out
    out = np.empty((rows, columns), a.dtype)
    for start, end in pairwise([0, *cut.ends]):
        if cut.by_rows:
            np.matmul(a[start:end], b, out[start:end])
        else:
            np.matmul(a, b[:, start:end], out[:, start:end])
    return out
