"""Rows of a table picked by an index: bounds, repeated indices, and updates of a few rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.errors import InvalidArgumentError
from skflow.graph.dtypes import Array


def check_bounds(indices: Array, rows: int) -> None:
    """Raise InvalidArgumentError unless every index is a row's number.

    Parameters
    ----------
    indices : numpy.ndarray
        Integers of any shape.
    rows : int
        The number of rows.
    """
    if not indices.size or (indices.min() >= 0 and indices.max() < rows):
        return
    flat = indices.reshape(-1)
    bad = int(np.flatnonzero((flat < 0) | (flat >= rows))[0])
    at = ",".join(str(int(i)) for i in np.unravel_index(bad, indices.shape))
    where = f"[{at}]" if indices.ndim else ""
    raise InvalidArgumentError(None, None, f"indices{where} = {flat[bad]} is not in [0, {rows})")


def are_distinct(indices: Array) -> bool:
    """Whether no number stands twice in a vector."""
    if indices.size < 2 or bool((indices[1:] > indices[:-1]).all()):
        return True
    ordered = np.sort(indices)
    return bool((ordered[1:] != ordered[:-1]).all())


def rounds(indices: Array) -> list[Any]:
    """Positions in a vector, in batches without repetition: first occurrences, second ones, ...

    Parameters
    ----------
    indices : numpy.ndarray of shape (n,)
        Integers.

    Returns
    -------
    list
        Selectors of positions: one full slice if no number is repeated.
    """
    if are_distinct(indices):
        return [slice(None)]
    order = np.argsort(indices, kind="stable")
    first = _starts(indices[order])
    length = np.diff(np.append(first, indices.size))
    turn = np.arange(indices.size) - np.repeat(first, length)
    return [order[turn == k] for k in range(int(length.max()))]


def _starts(ordered: Array) -> Array:
    """Where each run of equal numbers begins in an ordered vector that is not empty."""
    return np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))


def gathered(indices: Array, values: Array, ufunc: np.ufunc) -> tuple[Array, Array]:
    """Reduce the rows that go to the same place to one.

    Parameters
    ----------
    indices : numpy.ndarray of shape (n,)
        Where each row goes.
    values : numpy.ndarray of shape (n, ...)
        The rows.
    ufunc : numpy.ufunc
        `numpy.add` or `numpy.multiply`; floats are accumulated in double precision.

    Returns
    -------
    indices : numpy.ndarray of shape (m,)
        The places, each once.
    values : numpy.ndarray of shape (m, ...)
        A row for each.
    """
    if are_distinct(indices):
        return indices, values
    order = np.argsort(indices, kind="stable")
    ordered = indices[order]
    first = _starts(ordered)
    wide = {"f": np.float64, "c": np.complex128}.get(values.dtype.kind, values.dtype)
    reduced = ufunc.reduceat(values[order], first, axis=0, dtype=wide)
    return ordered[first], reduced.astype(values.dtype, copy=False)
