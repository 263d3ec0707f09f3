"""Sparse matrices in rows: checked, ordered once, multiplied without being filled in."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from skflow.graph.dtypes import Array
from skflow.graph.lazy import sparse
from skflow.graph.ops._arrays import invalid
from skflow.graph.shapes import shape_brackets

_LONG: Final = 1024  # terms up to which a sum may be left to single precision


class Pattern:
    """Where the entries of a sparse matrix are, ready for products.

    Parameters
    ----------
    indices : numpy.ndarray of int64, shape (N, 2)
        Row and column of each entry, in any order; an entry may be given in parts.
    shape : (int, int)
        The matrix's shape.
    adjoint : bool
        Whether the product is to be taken with the conjugate transpose.

    Raises
    ------
    InvalidArgumentError
        If an index lies outside the matrix.
    """

    __slots__ = ("_adjoint", "_columns", "_order", "_shape", "_starts", "_wide")

    def __init__(self, indices: Array, shape: tuple[int, int], adjoint: bool) -> None:
        rows, columns = indices[:, 0], indices[:, 1]
        _check_bounds(rows, columns, shape, adjoint)
        self._adjoint = adjoint
        self._shape = shape
        self._order: Array | None = None
        if rows.size > 1 and (rows[1:] < rows[:-1]).any():
            self._order = np.argsort(rows, kind="stable")
            columns = columns[self._order]
        kind = np.int32 if max(*shape, rows.size) < 2**31 else np.int64
        self._columns = columns.astype(kind)
        counts = np.bincount(rows, minlength=shape[0])
        self._starts = np.zeros(shape[0] + 1, dtype=kind)
        np.cumsum(counts, out=self._starts[1:])
        self._wide = self._has_long_sums(counts)

    def _has_long_sums(self, counts: Array) -> bool:
        """Whether many terms may add up: SciPy adds one after the other."""
        most = self._shape[0 if self._adjoint else 1]
        if most <= _LONG or not counts.any():
            return False
        terms = np.bincount(self._columns) if self._adjoint else counts
        return bool(terms.max() > _LONG)

    def product(self, values: Array, dense: Array) -> Array:
        """The matrix (or its conjugate transpose) with the given entries, times `dense`."""
        kind = values.dtype
        if self._order is not None:
            values = values[self._order]
        work = self._working_type(kind)
        values = values.astype(work, copy=False)
        dense = np.ascontiguousarray(dense, dtype=work)
        if self._adjoint:
            # The rows of a matrix are the columns of its transpose.
            parts = (values.conj(), self._columns, self._starts)
            matrix = sparse.csc_matrix(parts, shape=self._shape[::-1])
        else:
            matrix = sparse.csr_matrix((values, self._columns, self._starts), shape=self._shape)
        found: Array = matrix @ dense
        return found.astype(kind, copy=False)

    def _working_type(self, kind: np.dtype[Any]) -> np.dtype[Any]:
        if self._wide and kind.kind in "fc":
            return np.result_type(kind, np.float64)
        return np.dtype(np.float32) if kind == np.float16 else kind


def _check_bounds(rows: Array, columns: Array, shape: tuple[int, int], adjoint: bool) -> None:
    if not rows.size:
        return
    # Seen as unsigned, negative indices are too large as well.
    outer, inner = (columns, rows) if adjoint else (rows, columns)
    m, k = shape[::-1] if adjoint else shape
    for index, limit, name in ((inner, k, "k"), (outer, m, "m")):
        outside = index.view(np.uint64) >= np.uint64(limit)
        if outside.any():
            at = int(np.argmax(outside))
            column = int((name == "k") != adjoint)
            raise invalid(
                f"{name} ({index[at]}) from index[{at},{column}] out of bounds (>={limit})"
            )


def check_parts(indices: Array, values: Array, shape: Array, dense: Array, inner: Any) -> None:
    """Raise InvalidArgumentError unless a sparse matrix's parts fit one another and `dense`.

    Parameters
    ----------
    indices, values, shape : numpy.ndarray
        The sparse matrix's parts.
    dense : numpy.ndarray
        The other factor.
    inner : tuple of int
        The positions, in `shape` and in ``dense.shape``, of the sizes that must be equal.
    """
    if dense.ndim != 2:
        raise invalid("Tensor 'b' is not a matrix")
    if shape.ndim != 1:
        raise invalid("Tensor 'a_shape' is not a vector")
    if shape.size != 2:
        raise invalid("Tensor 'a_shape' must have 2 elements")
    if values.ndim != 1:
        raise invalid("Tensor 'a_values' is not a vector")
    if indices.ndim != 2:
        raise invalid("Tensor 'a_indices' is not a matrix")
    if len(indices) != len(values):
        raise invalid("Number of rows of a_indices does not match number of entries in a_values")
    if indices.shape[1] != 2:
        raise invalid("Number of columns of a_indices does not match number of entries in a_shape")
    if shape[inner[0]] != dense.shape[inner[1]]:
        raise invalid(
            "Cannot multiply A and B because inner dimension does not match: "
            f"{shape[inner[0]]} vs. {dense.shape[inner[1]]}.  Did you forget a transpose?  "
            f"Dimensions of A: [{shape[0]}, {shape[1]}).  Dimensions of B: "
            f"{shape_brackets(dense.shape)}"
        )
