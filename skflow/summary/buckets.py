"""Histograms over TensorFlow's fixed buckets, counted without searching for most values."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from skflow import proto
from skflow.graph.dtypes import Array
from skflow.io.coding import varint

_CODES: Final = 1 << 16
# Fewer values are sooner searched for than looked up.
_FEW: Final = 4096
# More values are summed in pairs, not one by one.
_MANY: Final = 1 << 14
_BLOCK: Final = 1 << 15  # what the processor's nearer memory holds
# The keys of a histogram's repeated fields: their numbers and that a length follows.
_LIMITS: Final = b"\x32"
_NUMBERS: Final = b"\x3a"
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


@dataclass(frozen=True)
class _Codes:
    """What the upper half of a value's single precision says about its bucket.

    Attributes
    ----------
    bucket : ndarray of int64, shape (65536,)
        By code, the bucket of the least values. There is at most one limit among the values of a
        code: those from there on lie in the next bucket.
    limit : ndarray of float64, shape (65536,)
        By code, that limit; infinity if there is none.
    single : ndarray of float32, shape (65536,)
        The least number of single precision that is not below the limit.
    """

    bucket: Array
    limit: Array
    single: Array


def _code(values: Array) -> Array:
    """Sign, exponent and seven bits of the mantissa: the order of codes is that of magnitudes."""
    single = np.ascontiguousarray(values, dtype=np.float32)
    return single.view(np.uint16)[1 if sys.byteorder == "little" else 0 :: 2].astype(np.intp)


@functools.cache
def _codes() -> _Codes:
    code = np.arange(_CODES, dtype=np.uint32) << np.uint32(16)
    limit = np.full(_CODES, np.inf)
    with np.errstate(over="ignore", invalid="ignore"):
        values = code.view(np.float32).astype(np.float64)
        own = _code(limits())
        limit[own] = limits()
        limit[_CODES // 2] = 0.0  # numbers just below zero round to one that is not
        single = limit.astype(np.float32)
        single = np.where(single < limit, np.nextafter(single, np.float32(np.inf)), single)
    bucket = np.searchsorted(limits(), np.nan_to_num(values), side="right")
    bucket[own] = np.arange(limits().size)
    bucket[_CODES // 2] = limits().size // 2
    return _Codes(bucket, limit, single)


def counts(values: Array) -> Array:
    """How many values each bucket has.

    Parameters
    ----------
    values : ndarray of float32 or float64, shape (n,)
        Finite numbers.

    Returns
    -------
    ndarray of int64, shape (1551,)
    """
    if values.size < _FEW:
        found = np.searchsorted(limits(), values.astype(np.float64), side="right")
        number = np.bincount(found, minlength=limits().size + 1)
    else:
        number = np.zeros(limits().size + 1, np.int64)
        for start in range(0, values.size, _BLOCK):
            found = _looked_up(values[start : start + _BLOCK])
            number += np.bincount(found, minlength=number.size)
    # Nothing is greater than the largest number, which so has no bucket above it.
    number[-2] += number[-1]
    return number[:-1]


def _looked_up(values: Array) -> Array:
    known = _codes()
    with np.errstate(over="ignore"):
        code = _code(values)
    limit = known.single if values.dtype == np.float32 else known.limit
    found: Array = known.bucket.take(code)
    found += values >= limit.take(code)
    return found


def _sums(values: Array) -> tuple[float, float]:
    """The sums of values and of their squares; few are added one by one as TensorFlow does."""
    total = squares = 0.0
    for start in range(0, values.size, _BLOCK):
        block = values[start : start + _BLOCK].astype(np.float64)
        square = block * block
        if values.size <= _MANY:
            total = float(np.add.accumulate(block)[-1])
            squares = float(np.add.accumulate(square)[-1])
        else:
            total += float(block.sum())
            squares += float(square.sum())
    return total + 0.0, squares


def histogram(values: Array) -> Any:
    """Count values in TensorFlow's buckets.

    Parameters
    ----------
    values : ndarray of a real type, any shape
        Finite numbers.

    Returns
    -------
    HistogramProto
        Runs of empty buckets are one bucket each. Without values, `min` is the largest number
        and `max` the least.

    Source: the behaviour of TensorFlow 1.1.0.
    """
    flat = values.reshape(-1)
    if flat.dtype == np.float16 or flat.dtype.kind != "f":
        flat = flat.astype(np.float64)
    number = counts(flat)
    # Of a run of empty buckets only the last is kept.
    kept = number > 0
    kept[:-1] |= kept[1:]
    kept[-1] = True
    with np.errstate(over="ignore"):
        total, squares = _sums(flat)
    # Zeros of either sign are zero.
    least, greatest = (
        (float(flat.min()) + 0.0, float(flat.max()) + 0.0) if flat.size else (_LARGEST, -_LARGEST)
    )
    found = proto.HistogramProto(
        min=least, max=greatest, num=flat.size, sum=total, sum_squares=squares
    )
    # Element by element, filling the message would take longer than counting.
    found.MergeFromString(_doubles(_LIMITS, limits()[kept]) + _doubles(_NUMBERS, number[kept]))
    return found


def _doubles(field: bytes, values: Array) -> bytes:
    """A repeated field of a message."""
    data = values.astype("<f8").tobytes()
    return field + varint(len(data)) + data
