"""Rows in batches: in a new random order each epoch, gathered into memory that is used again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Batches:
    """Arrays of equal length, a batch of rows at a time; each iteration is one epoch.

    Parameters
    ----------
    arrays : sequence of ndarray
        What belongs together row by row, such as features, labels and weights.
    size : int
        Rows in a batch; the last batch of an epoch has what is left.
    rng : numpy.random.RandomState, optional
        Where the order of the rows comes from; without it they come as they lie. A single
        batch of all rows is never shuffled.

    Notes
    -----
    A shuffled batch is a view of memory that the next one overwrites. Batches in order are
    views of the arrays themselves.

    Examples
    --------
    >>> X, y = np.arange(6).reshape(3, 2), np.arange(3)
    >>> [labels.tolist() for features, labels in Batches([X, y], 2)]
    [[0, 1], [2]]
    """

    def __init__(
        self, arrays: Sequence[Array], size: int, rng: np.random.RandomState | None = None
    ) -> None:
        self.arrays = [np.asarray(a) for a in arrays]
        self.rows = len(self.arrays[0])
        self.size = min(size, self.rows)
        self._rng = rng if self.size < self.rows else None
        self._slices = [
            slice(start, min(start + self.size, self.rows))
            for start in range(0, self.rows, self.size)
        ]

    def __len__(self) -> int:
        """How many batches an epoch has."""
        return len(self._slices)

    def __iter__(self) -> Iterator[tuple[Array, ...]]:
        return self._ordered() if self._rng is None else self._shuffled(self._rng)

    def _ordered(self) -> Iterator[tuple[Array, ...]]:
        for rows in self._slices:
            yield tuple([a[rows] for a in self.arrays])

    def _shuffled(self, rng: np.random.RandomState) -> Iterator[tuple[Array, ...]]:
        order = rng.permutation(self.rows)
        memory = [np.empty((self.size, *a.shape[1:]), a.dtype) for a in self.arrays]
        for rows in self._slices:
            chosen = order[rows]
            batch = tuple([m[: len(chosen)] for m in memory])
            for array, out in zip(self.arrays, batch, strict=True):
                # The indices are sound; checking them would make NumPy buffer the output.
                array.take(chosen, axis=0, out=out, mode="clip")
            yield batch
