"""What histograms tell of numbers: counts by bucket, extremes and sums."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from skflow.graph.dtypes import Array
from skflow.summary.buckets import codes_of, limits, searched

# Values of a single block are added one by one, as TensorFlow adds them. Of more blocks the sums
# are nearer the truth: of each, LANES sums stand side by side, as processors like to add.
BLOCK: Final = 1 << 14
LANES: Final = 256
# The keys of a histogram's fields as bytes of its message: the least value, the greatest, how many
# there are, their sum and that of their squares, limits and counts.
FIELDS: Final = (0x09, 0x11, 0x19, 0x21, 0x29, 0x32, 0x3A)
# Fewer values are sooner searched for than counted by code.
_FEW: Final = 1500


class NotFiniteError(ValueError):
    """Some values are infinite, or no numbers: they have no histogram."""


class Tally(NamedTuple):
    """What is known of some values.

    Attributes
    ----------
    limits : ndarray of float64, shape (kept,)
        The upper limits of buckets. Of a run of empty ones only the last is there.
    counts : ndarray of float64, shape (kept,)
        How many values each of them has.
    least, greatest : float
        The least value and the greatest.
    total, squares : float
        The sums of the values and of their squares.
    """

    limits: Array
    counts: Array
    least: float
    greatest: float
    total: float
    squares: float


def tally(values: Array) -> Tally:
    """Count and sum values.

    Parameters
    ----------
    values : ndarray of float32 or float64, shape (n,)
        At least one number.

    Returns
    -------
    Tally

    Raises
    ------
    NotFiniteError
        If a value is not finite.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        extremes = finite(float(np.minimum.reduce(values)), float(np.maximum.reduce(values)))
        few = values.size <= _FEW
        number = searched(values) if few else codes_of(values.dtype).counted(values)
        lanes = np.zeros((-(-values.size // BLOCK), 2, LANES))
        add = _one_by_one if values.size <= BLOCK else _in_lanes
        for block, start in zip(lanes, range(0, values.size, BLOCK), strict=True):
            wide = values[start : start + BLOCK].astype(np.float64)
            add(wide, block[0])
            wide *= wide
            add(wide, block[1])
        total, squares = np.add.reduce(np.add.reduce(lanes, axis=2), axis=0).tolist()
        return Tally(*_kept(number), *extremes, total + 0.0, squares)


def nothing() -> Tally:
    """What is known of no values: the least is the largest number there is, and so on."""
    largest = float(np.finfo(np.float64).max)
    return Tally(*_kept(np.zeros(limits().size, np.int64)), largest, -largest, 0.0, 0.0)


def _kept(number: Array) -> tuple[Array, Array]:
    """The buckets to tell of: of a run of empty ones only the last, and the last of all."""
    kept = number > 0
    kept[:-1] |= kept[1:]
    kept[-1] = True
    return limits()[kept], number[kept].astype(np.float64)


def finite(least: float, greatest: float) -> tuple[float, float]:
    """Two extremes, if all that is between them is finite; zeros of either sign are zero."""
    if not (math.isfinite(least) and math.isfinite(greatest)):
        raise NotFiniteError
    return least + 0.0, greatest + 0.0


def _one_by_one(values: Array, lanes: Array) -> None:
    lanes[0] = np.add.accumulate(values)[-1]


def _in_lanes(values: Array, lanes: Array) -> None:
    whole = values.size - values.size % LANES
    np.add.reduce(values[:whole].reshape(-1, LANES), axis=0, out=lanes)
    lanes[: values.size - whole] += values[whole:]
