"""How matrix products are made: which BLAS does, how operands lie, how cores share them."""

from __future__ import annotations

from typing import Final

import numpy as np

from skflow.graph.dtypes import Array
from skflow.graph.shapes import num_elements
from skflow.runtime.steps import Node, Value

# Multiply-adds of float32, about 0.1 ms on one core, and those that it does while a worker wakes.
_WORTH_SPLITTING: Final = 12_000_000
_WAKING: Final = 6_000_000
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


def parts_of(node: Node) -> tuple[bool, int] | None:
    """How to split a product on two cores: by rows or columns, and where; if it pays.

    The first part is made at once, the second one when a worker has woken: it is smaller.
    """
    a = node.inputs[0]
    shape, size = node.outputs[0].shape, num_elements(a.shape)
    assert shape is not None
    rows, columns = shape
    if size is None or rows is None or columns is None:
        return None
    cost = size * columns * a.dtype.np_dtype.itemsize / np.dtype(np.float32).itemsize
    if cost < _WORTH_SPLITTING or max(rows, columns) < 32:
        return None
    share = 0.5 + 0.5 * _WAKING / cost
    # BLAS works on so many rows or columns at a time.
    by_rows, unit = (True, 8) if rows >= 32 else (False, 16)
    return by_rows, int((rows if by_rows else columns) * share) // unit * unit
