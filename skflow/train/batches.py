"""Rows in batches: in a new random order each epoch, gathered into memory that is used again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skflow.runtime.threads import pool

Array = NDArray[Any]
Gather = Callable[[Array], tuple[Array, ...]]

_WORTH_SHARING: Final = 1 << 18  # bytes of a batch: less is gathered in the time of asking for it


class Column(Protocol):
    """Rows that are not one array but several, such as those of a sparse matrix."""

    def __len__(self) -> int:
        """The number of rows."""

    def take(self, rows: Array) -> list[Array]:
        """The rows of these numbers, in this order.

        Parameters
        ----------
        rows : ndarray of int, shape (k,)
            The numbers.

        Returns
        -------
        list of ndarray
            As many arrays each time.
        """

    def part(self, rows: slice) -> list[Array]:
        """Rows that lie side by side.

        Parameters
        ----------
        rows : slice
            Which ones; its step is one.

        Returns
        -------
        list of ndarray
            The arrays that `take` gives for these rows.
        """


class Chosen:
    """Some rows of an array, which stay where they are until a batch is gathered.

    Parameters
    ----------
    array : ndarray
        Any rows, for instance those of a file.
    rows : ndarray of int, shape (k,)
        Which of them.
    """

    __slots__ = ("_array", "_rows")

    def __init__(self, array: Array, rows: Array) -> None:
        self._array = array
        self._rows = rows

    def __len__(self) -> int:
        """How many they are."""
        return len(self._rows)

    @property
    def nbytes(self) -> int:
        """Bytes that a copy of them would take."""
        return int(self._array.nbytes // max(1, len(self._array)) * len(self._rows))

    def take(self, rows: Array) -> list[Array]:
        """Some of them, as in `Column`."""
        return [self._array[self._rows[rows]]]

    def part(self, rows: slice) -> list[Array]:
        """Those that lie side by side, as in `Column`."""
        return [self._array[self._rows[rows]]]

    def gatherer(self, size: int) -> Callable[[Array], list[Array]]:
        """A function that gathers at most so many of them into memory that is used again."""
        gather = _gatherer(self._array, size)
        return lambda rows: gather(self._rows[rows])


class Batches:
    """Arrays of equal length, a batch of rows at a time; each iteration is one epoch.

    Parameters
    ----------
    columns : sequence of array-like or Column
        What belongs together row by row, such as features, labels and weights.
    size : int
        Rows in a batch; the last batch of an epoch has what is left.
    rng : numpy.random.RandomState, optional
        Where the order of the rows comes from; without it they come as they lie. A single
        batch of all rows is never shuffled.

    Raises
    ------
    ValueError
        If the columns differ in length.

    Notes
    -----
    A batch is a tuple of arrays: one for each array, and for each `Column` those that it gives.
    A shuffled batch of an array is a view of memory that the next ones overwrite. Batches in
    order are views of the arrays themselves. Large batches are gathered by another thread while
    the one before is worked on.

    Examples
    --------
    >>> X, y = np.arange(6).reshape(3, 2), np.arange(3)
    >>> [labels.tolist() for features, labels in Batches([X, y], 2)]
    [[0, 1], [2]]
    """

    def __init__(
        self,
        columns: Sequence[ArrayLike | Column],
        size: int,
        rng: np.random.RandomState | None = None,
    ) -> None:
        # NumPy would copy an array that has gaps at each gathering.
        self.columns: list[Any] = [
            c if hasattr(c, "part") else np.ascontiguousarray(c) for c in columns
        ]
        lengths = [len(c) for c in self.columns]
        if len(set(lengths)) > 1:
            raise ValueError(f"The columns of a batch must be equally long, got {lengths}.")
        self.rows = lengths[0]
        self.size = min(size, self.rows)
        self._rng = rng if self.size < self.rows else None
        self._starts = range(0, self.rows, self.size)

    def __len__(self) -> int:
        """How many batches an epoch has."""
        return len(self._starts)

    def _slice(self, start: int) -> slice:
        return slice(start, min(start + self.size, self.rows))

    def __iter__(self) -> Iterator[tuple[Array, ...]]:
        return self._ordered() if self._rng is None else self._shuffled(self._rng)

    def _ordered(self) -> Iterator[tuple[Array, ...]]:
        parts = [_viewer(c) if isinstance(c, np.ndarray) else c.part for c in self.columns]
        for start in self._starts:
            rows = self._slice(start)
            yield tuple([array for part in parts for array in part(rows)])

    def _shuffled(self, rng: np.random.RandomState) -> Iterator[tuple[Array, ...]]:
        order = rng.permutation(self.rows)
        gather = self._gatherer()
        arrays = all(isinstance(c, (np.ndarray, Chosen)) for c in self.columns)
        if arrays and sum(c.nbytes for c in self.columns) * self.size >= _WORTH_SHARING * self.rows:
            gathers = [gather, self._gatherer()]
            yield from _ahead(gathers, lambda n: order[self._slice(self._starts[n])], len(self))
            return
        for start in self._starts:
            yield gather(order[self._slice(start)])

    def _gatherer(self) -> Gather:
        """A function that gathers a batch into memory of its own, which it uses again."""
        takes = [_taker(c, self.size) for c in self.columns]
        return lambda rows: tuple([array for take in takes for array in take(rows)])


def _ahead(
    gathers: Sequence[Gather], rows: Callable[[int], Array], count: int
) -> Iterator[tuple[Array, ...]]:
    """Batches, the next of which is gathered while one is worked on, by each function in turn."""
    found: dict[int, tuple[Array, ...]] = {}

    def work(number: int) -> None:
        found[number] = gathers[number % len(gathers)](rows(number))

    task = pool.begin(work, 0)
    try:
        for number in range(count):
            task.finish()
            if number + 1 < count:
                task = pool.begin(work, number + 1)
            yield found.pop(number)
    finally:
        task.cancel()


def _taker(column: Any, size: int) -> Callable[[Array], list[Array]]:
    """A function that gathers rows of a column, into memory that is used again if possible."""
    if isinstance(column, np.ndarray):
        return _gatherer(column, size)
    if isinstance(column, Chosen):
        return column.gatherer(size)
    return column.take  # type: ignore[no-any-return]


def _viewer(array: Array) -> Callable[[slice], list[Array]]:
    return lambda rows: [array[rows]]


def _gatherer(array: Array, size: int) -> Callable[[Array], list[Array]]:
    """A function that gathers rows, at most so many, into memory that is used again."""
    memory = np.empty((size, *array.shape[1:]), array.dtype)

    def gather(rows: Array) -> list[Array]:
        found = memory[: len(rows)]
        # The indices are sound; checking them would make NumPy buffer the output.
        array.take(rows, axis=0, out=found, mode="clip")
        return [found]

    return gather
