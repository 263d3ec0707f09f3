"""What histograms tell of numbers: counts by bucket, extremes and sums."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from skflow.graph.dtypes import Array
from skflow.summary.buckets import codes_of, searched

# Up to so many values are added one by one, as TensorFlow adds them. Of more the sums are nearer
# the truth: of each BLOCK, LANES sums stand side by side, as processors like to add.
ONE_BY_ONE: Final = 1 << 14
LANES: Final = 256
BLOCK: Final = 1 << 15
# Fewer values are sooner searched for than counted by code.
_FEW: Final = 1500


class NotFiniteError(ValueError):
    """Some values are infinite, or no numbers: they have no histogram."""


class Tally(NamedTuple):
    """What is known of some values.

    Attributes
    ----------
    number : ndarray of int64, shape (1551,)
        How many each bucket has.
    least, greatest : float
        The least value and the greatest.
    sums : ndarray of float64, shape (blocks, 2)
        Sums of values and of their squares.
    """

    number: Array
    least: float
    greatest: float
    sums: Array


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
        lanes = lanes_for(values.size)
        add = _one_by_one if values.size <= ONE_BY_ONE else _in_lanes
        for block, start in zip(lanes, range(0, values.size, BLOCK), strict=True):
            wide = values[start : start + BLOCK].astype(np.float64)
            add(wide, block[0])
            wide *= wide
            add(wide, block[1])
        return Tally(number, *extremes, np.add.reduce(lanes, axis=2))


def lanes_for(size: int) -> Array:
    """Zeros for the lanes of so many values and of their squares, block by block."""
    return np.zeros((-(-size // BLOCK), 2, LANES))


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
