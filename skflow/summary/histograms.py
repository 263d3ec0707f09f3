"""Histograms of values as TensorFlow's messages."""

from __future__ import annotations

import struct
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from skflow import proto
from skflow.graph.dtypes import Array
from skflow.io.coding import varint
from skflow.summary.compiled import counting
from skflow.summary.tallies import FIELDS, NotFiniteError, Tally, nothing, tally

_KEYS: Final = [bytes([key]) for key in FIELDS]
# The keys of a summary's values, and of a value's tag and histogram.
_VALUE, _TAG, _HISTOGRAM = b"\x0a", b"\x0a", b"\x2a"
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


def serialized_histogram(values: Array, threads: int = 1) -> bytes:
    """The same as bytes, which are put together here: filling a message would take longer.

    Parameters
    ----------
    values : ndarray of a real type, any shape
        Finite numbers.
    threads : int
        How many threads may count them.

    Returns
    -------
    bytes
        A serialized `HistogramProto`.

    Raises
    ------
    NotFiniteError
        If a value is infinite or no number.
    """
    (found,) = _histograms([values], threads)
    if found is None:
        raise NotFiniteError
    return found


def serialized_summaries(values: Mapping[str, Array], threads: int = 1) -> dict[str, bytes | None]:
    """Summaries of one value each, which has a tag and a histogram.

    Parameters
    ----------
    values : dict of str to ndarray
        From tags to numbers of real types.
    threads : int
        How many threads may count them.

    Returns
    -------
    dict of str to bytes or None
        Serialized `Summary` messages by tag; ``None`` where a value is infinite or no number. Such
        bytes one after the other are a summary of all their values.
    """
    found = zip(values, _histograms(list(values.values()), threads), strict=True)
    return {tag: None if data is None else _summary(tag, data) for tag, data in found}


def _summary(tag: str, histogram: bytes) -> bytes:
    name = tag.encode()
    named = _TAG + varint(len(name)) + name if name else b""  # empty text is not written
    start = named + _HISTOGRAM + varint(len(histogram))
    return b"".join((_VALUE, varint(len(start) + len(histogram)), start, histogram))


def _histograms(values: Sequence[Array], threads: int) -> list[bytes | None]:
    flat = [v.ravel() for v in values]
    kernels = counting()
    takes = [kernels.takes(v) for v in flat]
    taken = [v for v, so in zip(flat, takes, strict=True) if so]
    counted = iter(kernels.histograms(taken, threads) if taken else ())
    return [next(counted) if so else _in_numpy(v) for v, so in zip(flat, takes, strict=True)]


def _in_numpy(values: Array) -> bytes | None:
    start = time.perf_counter()
    try:
        single = values.dtype in (np.float32, np.float64)
        found = tally(values if single else values.astype(np.float64)) if values.size else nothing()
        return _serialized(found, values.size)
    except NotFiniteError:
        return None
    finally:
        if values.dtype == np.float32:
            counting().note(time.perf_counter() - start)


def _serialized(found: Tally, size: int) -> bytes:
    facts = (found.least, found.greatest, float(size), found.total, found.squares)
    # Zeros are not written: it is what a field is that is not there.
    numbers = [k + _NUMBER.pack(x) for k, x in zip(_KEYS, facts, strict=False) if x != 0.0]
    rows = (*_row(_KEYS[5], found.limits), *_row(_KEYS[6], found.counts))
    return b"".join((*numbers, *rows))


def _row(key: bytes, values: Array) -> tuple[bytes, ...]:
    return key, varint(values.nbytes), values.astype("<f8", copy=False).tobytes()
