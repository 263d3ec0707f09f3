"""The buckets of TensorFlow's histograms, and how many numbers lie in each."""

from __future__ import annotations

import functools
from typing import Any, Final

import numpy as np

from skflow.graph.dtypes import Array

CODES: Final = 1 << 16
_HALF: Final = CODES // 2
_LARGEST: Final = float(np.finfo(np.float64).max)


@functools.cache
def limits() -> Array:
    """The upper limits of the buckets, ascending.

    Returns
    -------
    ndarray of float64, shape (1551,)
        Powers of 1.1 from 1e-12 up to 1e20 and the largest number, the same below zero, and zero.
        A value lies in the first bucket whose limit is greater.
    """
    above = []
    limit = 1e-12
    while limit < 1e20:
        above.append(limit)
        limit *= 1.1
    above.append(_LARGEST)
    return np.array([-x for x in reversed(above)] + [0.0] + above)


def searched(values: Array) -> Array:
    """How many values each bucket has, by searching for each of them.

    Parameters
    ----------
    values : ndarray of float32 or float64, shape (n,)
        Finite numbers.

    Returns
    -------
    ndarray of int64, shape (1551,)
    """
    found = np.searchsorted(limits(), values.astype(np.float64), side="right")
    return bounded(np.bincount(found, minlength=limits().size + 1))


def bounded(number: Array) -> Array:
    """Counts for the buckets from counts for what lies between limits and beyond them.

    Parameters
    ----------
    number : ndarray of int64, shape (1552,)
        It is changed.

    Returns
    -------
    ndarray of int64, shape (1551,)
    """
    number[-2] += number[-1]  # the largest number, above which nothing is
    return number[:-1]


class Codes:
    """Counts numbers of a type by sign, exponent and the mantissa's first bits: 16 bits in all.

    Such a code has fewer numbers than a bucket. Where a limit lies within one, so much is added
    to the bits of its numbers that those beyond the limit get the next code, whose numbers lie in
    the same bucket as they. So counts by code give counts by bucket, and nothing is searched for.

    Parameters
    ----------
    dtype : numpy.dtype
        float32 or float64.

    Attributes
    ----------
    raised : ndarray of uint32 or uint64, shape (65536,)
        By code, what is added to the bits of its numbers.
    starts : ndarray of int64, shape (runs,)
        The codes at which another bucket begins. Zeros of either sign have a run each.
    bucket : ndarray of int64, shape (runs,)
        What each run's bucket is.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        word: Any = np.uint32 if dtype.itemsize == 4 else np.uint64
        self._word: Any = word
        self._shift: Any = word(dtype.itemsize * 8 - 16)
        with np.errstate(over="ignore", invalid="ignore"):
            beyond = _beyond_limits(dtype).view(word)
            nearest = (np.arange(CODES, dtype=word) << self._shift).view(dtype).astype(np.float64)
        width = 1 << int(self._shift)
        within = beyond & word(width - 1)
        self.raised: Array = np.zeros(CODES, word)
        self.raised[beyond >> self._shift] = np.where(within > 0, word(width) - within, word(0))
        nearest = np.nan_to_num(nearest, nan=np.inf)
        bucket = np.searchsorted(limits(), nearest, side="right")
        self.starts = np.flatnonzero(np.diff(bucket, prepend=-1))
        self.bucket = bucket[self.starts]

    def counted(self, values: Array) -> Array:
        """How many values each bucket has.

        Parameters
        ----------
        values : ndarray, shape (n,)
            Finite numbers of the type.

        Returns
        -------
        ndarray of int64, shape (1551,)
        """
        counter = np.zeros(CODES, np.int64)
        for start in range(0, values.size, _HALF):  # what the processor's nearer memory holds
            bits: Array = values[start : start + _HALF].view(self._word)
            code = self.raised.take((bits >> self._shift).astype(np.intp), mode="wrap")
            code += bits
            code >>= self._shift
            np.add.at(counter, code.astype(np.intp), 1)
        return self.in_buckets(counter)

    def in_buckets(self, counter: Array) -> Array:
        """Counts by bucket that come of counts by code."""
        number = np.zeros(limits().size + 1, np.int64)
        np.add.at(number, self.bucket, np.add.reduceat(counter, self.starts))
        return bounded(number)


def _beyond_limits(dtype: np.dtype[Any]) -> Array:
    """By limit, the first number on its other side, seen from zero."""
    limit = limits()
    found = limit.astype(dtype)
    # A bucket has its lower limit, and not its upper one.
    short = np.where(limit > 0, found < limit, found >= limit)
    away = np.where(limit > 0, np.inf, -np.inf).astype(dtype)
    return np.where(short, np.nextafter(found, away), found)


@functools.cache
def codes_of(dtype: np.dtype[Any]) -> Codes:
    """What counts numbers of a type."""
    return Codes(dtype)
