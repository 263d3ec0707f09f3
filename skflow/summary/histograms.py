"""Histograms of values as TensorFlow's messages."""

from __future__ import annotations

import struct
from typing import Any, Final

import numpy as np

from skflow import proto
from skflow.graph.dtypes import Array
from skflow.io.coding import varint
from skflow.summary.buckets import limits
from skflow.summary.compiled import tallying
from skflow.summary.tallies import Tally, tally

_LARGEST: Final = float(np.finfo(np.float64).max)
# The keys of a histogram's fields, which are single numbers of eight bytes or rows of such.
_NUMBERS: Final = [bytes([number << 3 | 1]) for number in range(1, 6)]
_LIMITS, _COUNTS = b"\x32", b"\x3a"
_NUMBER: Final = struct.Struct("<d")


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

    Raises
    ------
    NotFiniteError
        If a value is infinite or no number.

    Source: the behaviour of TensorFlow 1.1.0.
    """
    return proto.HistogramProto.FromString(serialized_histogram(values))


def serialized_histogram(values: Array) -> bytes:
    """The same as bytes, which are put together here: filling a message would take longer.

    Parameters
    ----------
    values : ndarray of a real type, any shape
        Finite numbers.

    Returns
    -------
    bytes
        A serialized `HistogramProto`.

    Raises
    ------
    NotFiniteError
        If a value is infinite or no number.
    """
    flat = np.ascontiguousarray(values).reshape(-1)
    if flat.dtype == np.float16 or flat.dtype.kind != "f":
        flat = flat.astype(np.float64)
    number, least, greatest, sums = _tally(flat)
    with np.errstate(over="ignore"):
        total, squares = np.add.reduce(sums, axis=0).tolist()
    facts = (least, greatest, float(flat.size), total + 0.0, squares)
    # Zeros are not written: it is what a field is that is not there.
    fields = [k + _NUMBER.pack(x) for k, x in zip(_NUMBERS, facts, strict=True) if x != 0.0]
    # Of a run of empty buckets only the last is kept.
    kept = number > 0
    kept[:-1] |= kept[1:]
    kept[-1] = True
    fields += [*_row(_LIMITS, limits()[kept]), *_row(_COUNTS, number[kept])]
    return b"".join(fields)


def _row(key: bytes, values: Array) -> tuple[bytes, ...]:
    data = values.astype("<f8").tobytes()
    return key, varint(len(data)), data


def _tally(values: Array) -> Tally:
    if not values.size:
        return Tally(np.zeros(limits().size, np.int64), _LARGEST, -_LARGEST, np.zeros((1, 2)))
    return tallying()(values) if values.dtype == np.float32 else tally(values)
