"""Histograms of single-precision numbers from kernels, for a process that makes many."""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, Final

import numpy as np

from skflow.graph.dtypes import Array
from skflow.runtime.jit.addresses import address_of
from skflow.runtime.jit.hot import compiling
from skflow.runtime.lookout import GIVEN
from skflow.runtime.threads import pool
from skflow.summary.buckets import CODES, codes_of, limits
from skflow.summary.tallies import BLOCK, FIELDS, LANES

_WARM: Final = 0.001  # seconds of work in NumPy after which it may be worth compiling
_HOT: Final = 0.1  # and seconds after which it is
_COLD, _NOTED, _ASKED = range(3)
_MOST: Final = (1 << 31) - 1  # what a counter of 32 bits can count
# Numbers that stay in a core's nearest memory while they are looked at three times.
_PIECE: Final = 4096
# Counters that stand side by side. A number's counter is another one than that of the number
# before, which is not waited for then.
_SIDES: Final = 4
_MOST_ARRAYS: Final = 8  # of one call
_MANY: Final = 1 << 16  # values that are worth more than one thread
_MOST_THREADS: Final = 8
_FEW: Final = 1 << 14  # what is counted before another thread could have Python's lock

# An array's row in the table: the first of its blocks' numbers, its address and size, where its
# sums go, whether lanes are added; then how many bytes its histogram has, negative if a value is
# not finite. The row after the last one has the number of all blocks.
_ROW: Final = 6

# The keys of the largest finite numbers of either sign.
_GREATEST: Final = 0x7F7FFFFF
_LEAST: Final = -1 - _GREATEST
# Seven fields, two of which are rows of a number for each bucket.
_MOST_BYTES: Final = 16 * limits().size + 64

# Where the halves of a number's bits lie.
_LOW, _HIGH = (0, 1) if sys.byteorder == "little" else (1, 0)

# Takes block after block, as other threads do, an array's last first: what has just been written
# begins to end is still near there. Counts the values by run of codes (see
# `skflow.summary.buckets.Codes`), finds their extremes, and adds them. The high half of
# `step[code]` is the code's run, and its low half so large that those beyond a limit get the next.
# Extremes are found among bits turned into integers of the same order, of which infinities and
# what is no number come first or last.
_COUNT: Final = f"""
@inline
def count(counters, step, halves, i):
    code, lower = halves[2 * i + {_HIGH}], halves[2 * i + {_LOW}]
    counters[(step[code] + np.uint32(lower)) >> 16] += np.int32(1)


@inline
def add_four(lanes, x):  # so that each lane is loaded and stored once for four values
    a, b, c, d = f32(x), f32(x + {4 * LANES}), f32(x + {8 * LANES}), f32(x + {12 * LANES})
    sums, squares = f64(lanes), f64(lanes + {8 * LANES})
    for i in range({LANES}):
        u, v, w, z = np.float64(a[i]), np.float64(b[i]), np.float64(c[i]), np.float64(d[i])
        sums[i] = sums[i] + u + v + w + z
    for i in range({LANES}):
        u, v, w, z = np.float64(a[i]), np.float64(b[i]), np.float64(c[i]), np.float64(d[i])
        squares[i] = squares[i] + u * u + v * v + w * w + z * z


def run(address, shared):
    t = i64(address)
    rows, arrays, step, runs = i64(t[0]), t[1], u32(t[2]), t[3]
    lanes, extremes = f64(t[5]), i64(t[6])
    if shared:
        store(shared, {GIVEN})
    for i in range(arrays):
        extremes[2 * i], extremes[2 * i + 1] = 0x7FFFFFFF, -0x80000000
    taken, array = fetch_add(t[7], 1), 0
    while True:
        while array < arrays and taken >= rows[{_ROW} * (array + 1)]:
            array += 1
        if array == arrays:
            return 0
        row = {_ROW} * array
        block, size, width = rows[row + {_ROW}] - 1 - taken, rows[row + 2], rows[row + 4]
        x, bits, halves = f32(rows[row + 1]), u32(rows[row + 1]), u16(rows[row + 1])
        sums = f64(rows[row + 3])
        counters = t[4] + array * {4 * _SIDES} * runs
        side0, side1 = i32(counters), i32(counters + 4 * runs)
        side2, side3 = i32(counters + 8 * runs), i32(counters + 12 * runs)
        least, greatest = np.int32(extremes[2 * array]), np.int32(extremes[2 * array + 1])
        end = min(size, (block + 1) * {BLOCK})
        at = 0
        for start in range(block * {BLOCK}, end, {_PIECE}):
            stop = min(end, start + {_PIECE})
            i = start
            while i + {_SIDES} <= stop:
                count(side0, step, halves, i)
                count(side1, step, halves, i + 1)
                count(side2, step, halves, i + 2)
                count(side3, step, halves, i + 3)
                i += {_SIDES}
            while i < stop:
                count(side0, step, halves, i)
                i += 1
            for i in range(start, stop):
                key = np.int32(bits[i])
                key ^= (key >> np.int32(31)) & np.int32(0x7FFFFFFF)
                least, greatest = min(least, key), max(greatest, key)
            i = start
            if width:
                while i + {4 * LANES} <= stop:
                    add_four(t[5], rows[row + 1] + 4 * i)
                    i += {4 * LANES}
                while i + {LANES} <= stop:
                    for j in range({LANES}):
                        v = np.float64(x[i + j])
                        lanes[j] += v
                        lanes[{LANES} + j] += v * v
                    i += {LANES}
            while i < stop:
                v = np.float64(x[i])
                lanes[at] += v
                lanes[{LANES} + at] += v * v
                at += width
                i += 1
        extremes[2 * array], extremes[2 * array + 1] = least, greatest
        sums[2 * block] = total_f64(t[5], {LANES})
        sums[2 * block + 1] = total_f64(t[5] + {8 * LANES}, {LANES})
        for i in range({2 * LANES}):
            lanes[i] = 0.0
        taken = fetch_add(t[7], 1)
"""

# Adds what threads have counted, sets their counters to zero, and writes the histograms as
# messages (see summary.proto), array by array.
_WRITE: Final = f"""
@inline
def put(to, key, value, place):
    if value == 0.0:  # it is what a field is that is not there
        return to
    f64(place)[0] = value
    u8(to)[0] = np.uint8(key)
    for i in range(8):
        u8(to + 1)[i] = u8(place)[i]
    return to + 9


@inline
def put_row(to, key, source, count):
    u8(to)[0] = np.uint8(key)
    to += 1
    left = 8 * count
    while left > 127:
        u8(to)[0] = np.uint8(left & 127 | 128)
        left >>= 7
        to += 1
    u8(to)[0] = np.uint8(left)
    to += 1
    for i in range(8 * count):
        u8(to)[i] = u8(source)[i]
    return to + 8 * count


@inline
def gather(number, bucket, counters, runs, start, stop):
    for side in range({_SIDES}):
        found = i32(counters + 4 * side * runs)
        for i in range(start, stop):
            number[bucket[i]] += found[i]
            found[i] = np.int32(0)


@inline
def run_of(key, step):  # of the number whose bits were turned into an integer of the same order
    bits = np.uint32(key ^ ((key >> np.int32(31)) & np.int32(0x7FFFFFFF)))
    return np.int64((step[bits >> 16] + (bits & 0xFFFF)) >> 16)


def run(address, shared):
    t = i64(address)
    rows, count, threads, runs, bucket, limit = i64(t[0]), t[1], t[2], t[3], i64(t[4]), f64(t[5])
    step = u32(t[13])
    negative = np.int64(step[0x8000] >> 16)  # the first run of negative numbers
    number, limits, counts = i64(t[9]), f64(t[10]), f64(t[11])
    for array in range(count):
        row = {_ROW} * array
        least, greatest = np.int32(0x7FFFFFFF), np.int32(-0x80000000)
        for thread in range(threads):
            extremes = i64(t[7] + 16 * (thread * {_MOST_ARRAYS} + array))
            least = min(least, np.int32(extremes[0]))
            greatest = max(greatest, np.int32(extremes[1]))
        finite = {_LEAST} <= least and greatest <= {_GREATEST}
        above, below = runs, negative
        if finite:  # nothing was counted beyond the extremes
            above = run_of(greatest, step) + 1 if greatest >= 0 else 0
            below = run_of(least, step) + 1 if least < 0 else negative
            low, high = bucket[run_of(least, step)], bucket[run_of(greatest, step)]
            for i in range(low - 1, high + 2):
                number[i] = 0
        for thread in range(threads):
            extremes = i64(t[7] + 16 * (thread * {_MOST_ARRAYS} + array))
            if extremes[0] <= extremes[1]:
                counters = t[6] + (thread * {_MOST_ARRAYS} + array) * {4 * _SIDES} * runs
                gather(number, bucket, counters, runs, 0, above)
                gather(number, bucket, counters, runs, negative, below)
        if not finite:
            rows[row + 5] = -1
            continue
        kept = 0
        for i in range(low - 1, high + 1):
            if number[i] != 0 or number[i + 1] != 0:
                limits[kept] = limit[i]
                counts[kept] = np.float64(number[i])
                kept += 1
        if high < {limits().size - 1}:
            limits[kept] = limit[{limits().size - 1}]
            counts[kept] = 0.0
            kept += 1
        sums = f64(rows[row + 3])
        for i in range(1, rows[row + {_ROW}] - rows[row]):
            sums[0] += sums[2 * i]
            sums[1] += sums[2 * i + 1]
        place = t[12]
        i32(place)[0] = least ^ ((least >> np.int32(31)) & np.int32(0x7FFFFFFF))
        i32(place)[1] = greatest ^ ((greatest >> np.int32(31)) & np.int32(0x7FFFFFFF))
        first = t[8] + array * {_MOST_BYTES}
        to = put(first, {FIELDS[0]}, np.float64(f32(place)[0]), place + 8)
        to = put(to, {FIELDS[1]}, np.float64(f32(place)[1]), place + 8)
        to = put(to, {FIELDS[2]}, np.float64(rows[row + 2]), place + 8)
        to = put(to, {FIELDS[3]}, sums[0], place + 8)
        to = put(to, {FIELDS[4]}, sums[1], place + 8)
        to = put_row(to, {FIELDS[5]}, t[10], kept)
        to = put_row(to, {FIELDS[6]}, t[11], kept)
        rows[row + 5] = to - first
    return 0
"""


class _Tables:
    """What the kernels look up.

    Attributes
    ----------
    step : ndarray of uint32, shape (65536,)
        By code, what its numbers' lower bits are added to.
    bucket : ndarray of int64, shape (runs,)
        What each run's bucket is.
    limits : ndarray of float64, shape (1551,)
        The buckets' limits.
    """

    def __init__(self) -> None:
        codes = codes_of(np.dtype(np.float32))
        run = np.repeat(np.arange(codes.starts.size), np.diff(codes.starts, append=CODES))
        self.step = ((run << 16) + codes.raised).astype(np.uint32)
        self.bucket = codes.bucket.astype(np.int64)
        self.limits = limits()


class _Workspace:
    """Memory that the kernels need, whose counters are zero before and after.

    Parameters
    ----------
    tables : _Tables
        What the kernels look up.
    """

    def __init__(self, tables: _Tables) -> None:
        runs, most = tables.bucket.size, limits().size
        counters = np.zeros((_MOST_THREADS, _MOST_ARRAYS, _SIDES, runs), np.int32)
        lanes = np.zeros((_MOST_THREADS, 2, LANES))
        extremes = np.zeros((_MOST_THREADS, _MOST_ARRAYS, 2), np.int64)
        scratch = [np.zeros(n, np.int64) for n in (most + 1, most, most, 2)]
        self._written = np.zeros((_MOST_ARRAYS, _MOST_BYTES), np.uint8)
        self._rows = (ctypes.c_int64 * (_ROW * (_MOST_ARRAYS + 1)))()
        self._ticket = ctypes.c_int64()
        # What the kernels read and write by address.
        self._kept = tables, counters, lanes, extremes, scratch
        rows, ticket = ctypes.addressof(self._rows), ctypes.addressof(self._ticket)
        step, bucket, limit = map(address_of, (tables.step, tables.bucket, tables.limits))
        places = [
            list(map(address_of, mine)) for mine in zip(counters, lanes, extremes, strict=True)
        ]
        self._tables = [_table(rows, 0, step, runs, *mine, ticket) for mine in places]
        self._calls = [(ctypes.addressof(table), 0) for table in self._tables]
        found = places[0][0], places[0][2], address_of(self._written)
        more = map(address_of, scratch)
        self._whole = _table(rows, 0, 0, runs, bucket, limit, *found, *more, step)

    def histograms(
        self, arrays: Sequence[Array], kernels: Sequence[Any], threads: int
    ) -> list[bytes | None]:
        """Serialized histograms of some arrays."""
        count, write = kernels
        size, blocks = 0, 0
        sums = np.empty((sum([-(-a.size // BLOCK) for a in arrays]), 2))
        results = address_of(sums)
        told: list[int] = []
        for array in arrays:
            own = -(-array.size // BLOCK)
            told += blocks, address_of(array), array.size, results + 16 * blocks, own > 1, 0
            size += array.size
            blocks += own
        self._rows[: len(told) + 1] = [*told, blocks]
        helpers = min(threads, _MOST_THREADS, pool.workers + 1) - 1 if size >= _MANY else 0
        self._ticket.value = 0
        for table in self._tables[: helpers + 1]:
            table[1] = len(arrays)
        if helpers:
            signal = pool.called.address
            calls = [(address, signal) for address, _ in self._calls[: helpers + 1]]
            pool.share(count.run, calls, helpers, signal=False)
        else:
            (count.quick if size <= _FEW else count.run)(*self._calls[0])
        self._whole[1:3] = [len(arrays), helpers + 1]
        write.quick(ctypes.addressof(self._whole), 0)
        sizes = self._rows[5 : len(told) : _ROW]
        rows = zip(self._written, sizes, strict=False)
        return [row[:n].tobytes() if n >= 0 else None for row, n in rows]


def _table(*fields: int) -> Any:
    """A table in cache lines of its own: other threads read others at the same time."""
    return (ctypes.c_int64 * 24)(*fields)


class Counting:
    """Makes histograms of single-precision numbers by kernels, once it is worth compiling them.

    They equal those that NumPy makes bit by bit.

    Attributes
    ----------
    kernels : sequence of skflow.runtime.jit.loader.Kernel
        The kernels, or nothing.
    """

    def __init__(self) -> None:
        self._tables = _Tables()
        self._spare: list[_Workspace] = []
        self._seconds = 0.0
        self._state = _COLD
        self.kernels: Sequence[Any] = ()

    def sources(self) -> Any:
        """What is to be compiled (see `skflow.runtime.jit.hot.Plan`)."""
        return SimpleNamespace(sources=[(_COUNT, 0), (_WRITE, 0)], kernels=[])

    def adopt(self, code: Any) -> None:
        """Use the kernels from now on."""
        self.kernels = code.kernels

    def takes(self, values: Array) -> bool:
        """Whether some values, lying one after the other, can be counted by the kernels now."""
        single = values.dtype == np.float32 and 0 < values.size <= _MOST
        return bool(self.kernels) and single and values.flags.aligned

    def histograms(self, arrays: Sequence[Array], threads: int) -> list[bytes | None]:
        """Make histograms of arrays that `takes` allows.

        Parameters
        ----------
        arrays : sequence of ndarray of float32, shape (n,)
            The values.
        threads : int
            How many threads may count.

        Returns
        -------
        list of bytes or None
            Serialized `HistogramProto` messages; ``None`` where a value is not finite.
        """
        found = []
        work = self._spare.pop() if self._spare else _Workspace(self._tables)
        for i in range(0, len(arrays), _MOST_ARRAYS):
            found += work.histograms(arrays[i : i + _MOST_ARRAYS], self.kernels, threads)
        self._spare.append(work)  # not after an error, which may leave anything in it
        return found

    def note(self, seconds: float) -> None:
        """Take note of work in NumPy that kernels could have done."""
        self._seconds += seconds
        if self._state == _COLD and self._seconds >= _WARM:
            self._state = _NOTED
            compiling.note(self)
        if self._state == _NOTED and self._seconds >= _HOT:
            self._state = _ASKED
            compiling.request(self)


@functools.cache
def counting() -> Counting:
    """What makes histograms of single-precision numbers in this process."""
    return Counting()
