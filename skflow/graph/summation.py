"""Sums over many rows whose rounding errors do not pile up."""

from __future__ import annotations

import functools
from typing import Any, Final

import numpy as np

from skflow.graph.dtypes import Array

FEW_ROWS: Final = 256
"""Rows added one after the other before partial sums are taken."""

_WIDTH: Final = 128  # narrower rows are laid side by side, so that whole vectors are added
_ONES: Final = {
    kind: np.ones(FEW_ROWS, dtype=kind) for kind in map(np.dtype, ("f4", "f8", "c8", "c16"))
}


def ones_of(dtype: np.dtype[Any], count: int) -> Array:
    """So many ones, up to `FEW_ROWS`: what rows are multiplied by to be summed."""
    return _ONES[dtype][:count]


@functools.cache
def summed_at_once() -> int:
    """How many numbers in a row NumPy adds pairwise before it goes on with the next; 0 for all.

    Older versions add what a buffer of theirs would hold, and then such sums one after the other,
    also where they need no buffer.
    """
    size = np.getbufsize()
    probe = np.zeros(3 * size, np.float32)
    # Of these three numbers, one in each part of such a size, the halves are 2**24 and 2.
    probe[[0, 2 * size - 1, 2 * size]] = 2.0**24, 1.0, 1.0
    return size if np.add.reduce(probe) == 2.0**24 else 0


def column_sum(x: Array, out: Array | None = None) -> Array:
    """Sum a matrix over its rows.

    NumPy adds the rows of a C-ordered matrix one after the other, so that in float32 the sum of
    2**25 ones stops at 2**24. Here blocks of rows are summed (as products with ones, which are
    quicker) and then their sums: the error grows with the logarithm of the number of rows.

    Parameters
    ----------
    x : numpy.ndarray, shape (n_rows, n_columns)
        The matrix. float16 is summed in float32.
    out : numpy.ndarray, shape (n_columns,), optional
        Where to put the result.

    Returns
    -------
    numpy.ndarray, shape (n_columns,)
        The sums, of the type of `x`.
    """
    kind = x.dtype
    if kind == np.float16:
        found = column_sum(x.astype(np.float32)).astype(kind)
    elif kind not in _ONES or x.shape[1] <= 1 or x.flags.f_contiguous:
        # Contiguous columns are summed pairwise by NumPy itself; integers have no rounding.
        return np.add.reduce(x, axis=0, dtype=kind, out=out)
    elif len(x) <= FEW_ROWS:
        return np.matmul(_ONES[kind][: len(x)], x, out=out)
    else:
        found = _blockwise(np.ascontiguousarray(x))
    if out is None:
        return found
    out[...] = found
    return out


def blocks_of(rows: int, width: int) -> tuple[int, int, int]:
    """How a tall matrix is cut: rows laid side by side, rows of these a block, and blocks.

    Parameters
    ----------
    rows, width : int
        The matrix's shape.

    Returns
    -------
    tuple of int
        `side`, `depth`, `blocks`; what is left over is summed by itself.
    """
    side = max(1, _WIDTH // width)
    depth = min(rows // side, FEW_ROWS)
    return side, depth, rows // side // depth


def _blockwise(x: Array) -> Array:
    """The column sums of a tall matrix."""
    n, width = x.shape
    side, depth, blocks = blocks_of(n, width)
    whole = blocks * depth * side
    sums = np.matmul(
        _ONES[x.dtype][:depth], x[:whole].reshape(blocks, depth, side * width)
    ).reshape(-1, width)
    total = np.add.reduce(sums, axis=0) if len(sums) <= FEW_ROWS else _blockwise(sums)
    return total if whole == n else total + column_sum(x[whole:])
