"""Columns of very different sizes, brought to one scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse

Array = NDArray[Any]

# Numbers that are looked at together: few enough to stay in a processor's cache, and so that
# no more than these are ever copied to float64, or from a sparse matrix into a dense one.
_BLOCK: Final = 1 << 17


@dataclass(frozen=True)
class Scaling:
    """Where the columns of a matrix lie and how far they spread, in float64.

    Attributes
    ----------
    center : ndarray of shape (columns,)
        The weighted means.
    spread : ndarray of shape (columns,)
        The weighted standard deviations; infinite for columns that do not vary.
    """

    center: Array
    spread: Array

    @classmethod
    def of(cls, columns: Any, weight: Array | None) -> Scaling:
        """Measure columns.

        Parameters
        ----------
        columns : ndarray or csr_array, shape (n, columns)
            The values; a sparse matrix is not filled in.
        weight : ndarray of shape (n,), optional
            How many times each row counts.

        Returns
        -------
        Scaling

        References
        ----------
        T. F. Chan, G. H. Golub and R. J. LeVeque, Algorithms for computing the sample variance,
        The American Statistician 37 (1983), 242-247, for going through the rows twice.
        """
        share = shares(weight, columns.shape[0])
        center, variance = moments(columns, share)
        # Values within rounding of one another are the same value.
        same = variance <= (2 * np.finfo(columns.dtype).eps * center) ** 2
        return cls(center, np.sqrt(np.where(same, np.inf, variance)))

    def apply(self, columns: Any) -> Any:
        """Bring columns to one scale.

        Parameters
        ----------
        columns : ndarray or csr_array, shape (n, columns)
            The values.

        Returns
        -------
        ndarray or csr_array, shape (n, columns)
            A copy of the same type. The columns of an array are moved to zero and divided by
            their spread; those of a sparse matrix are only divided, so that zeros stay zeros.
        """
        if issparse(columns):
            values = (columns.data / self.spread[columns.indices]).astype(columns.dtype)
            return csr_array((values, columns.indices, columns.indptr), shape=columns.shape)
        scaled = np.empty(columns.shape, columns.dtype)
        for rows, block in centered_blocks(columns, self.center):
            np.divide(block, self.spread, out=block)
            scaled[rows] = block
        return scaled


def shares(weight: Array | None, rows: int) -> Array:
    """What part of the whole each row is.

    Parameters
    ----------
    weight : ndarray of shape (rows,), optional
        How many times each row counts.
    rows : int
        How many there are.

    Returns
    -------
    ndarray of float64, shape (rows,)
    """
    if weight is None:
        return np.full(rows, 1 / rows)
    return np.divide(weight, np.sum(weight, dtype=np.float64), dtype=np.float64)


def centered_blocks(columns: Any, center: Array) -> Iterator[tuple[slice, Array]]:
    """Some rows after the other, moved to the center.

    Parameters
    ----------
    columns : ndarray or csr_array, shape (n, columns)
        The values.
    center : ndarray of shape (columns,)
        What to subtract.

    Yields
    ------
    rows : slice
        Which rows.
    block : ndarray of float64, shape (rows, columns)
        Their values less the center; the caller may overwrite them.
    """
    n, d = columns.shape
    size = max(1, _BLOCK // max(1, d))
    sparse = issparse(columns)
    for start in range(0, n, size):
        rows = slice(start, min(start + size, n))
        block = columns[rows].toarray() if sparse else columns[rows]
        yield rows, np.subtract(block, center, dtype=np.float64)


def moments(columns: Any, share: Array) -> tuple[Array, Array]:
    """The means and variances of columns.

    Parameters
    ----------
    columns : ndarray or csr_array, shape (n, columns)
        The values.
    share : ndarray of shape (n,)
        What part of the whole each row is.

    Returns
    -------
    center, variance : ndarray of float64, shape (columns,)
    """
    return (_sparse_moments if issparse(columns) else _dense_moments)(columns, share)


def _dense_moments(columns: Array, share: Array) -> tuple[Array, Array]:
    """Means and variances of the columns of an array."""
    # The first row is close enough to take the rounding of large offsets away.
    first = columns[0].astype(np.float64)
    center, variance = np.zeros((2, columns.shape[1]))
    for rows, block in centered_blocks(columns, first):
        center += share[rows] @ block
    center += first
    for rows, block in centered_blocks(columns, center):
        variance += share[rows] @ np.square(block, out=block)
    return center, variance


def _sparse_moments(columns: Any, share: Array) -> tuple[Array, Array]:
    """Means and variances of the columns of a sparse matrix."""
    center, filled, moved, variance = np.zeros((4, columns.shape[1]))
    for indices, values, parts in _entries(columns, share):
        center += np.bincount(indices, parts * values, len(center))
        filled += np.bincount(indices, parts, len(center))
    empty = np.where(
        np.bincount(columns.indices, minlength=len(center)) < len(share), 1 - filled, 0
    )
    empty = np.maximum(empty, 0)
    for indices, values, parts in _entries(columns, share):
        errors = values - center[indices]
        moved += np.bincount(indices, parts * errors, len(center))
        variance += np.bincount(indices, parts * np.square(errors), len(center))
    # What the first mean lacks is rounding.
    moved -= empty * center
    variance += empty * center**2 - moved**2
    return center + moved, np.maximum(variance, 0)


def _entries(columns: Any, share: Array) -> Iterator[tuple[Array, Array, Array]]:
    """The columns, values and shares of the entries of some rows after the other."""
    n, d = columns.shape
    size = max(1, n * max(_BLOCK, d) // max(1, columns.nnz))
    for start in range(0, n, size):
        ends = columns.indptr[start : min(start + size, n) + 1]
        part = slice(ends[0], ends[-1])
        parts = np.repeat(share[start : start + size], np.diff(ends))
        yield columns.indices[part], columns.data[part].astype(np.float64), parts
