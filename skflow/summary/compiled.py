"""The same tallies of single-precision numbers from a kernel, for a process that makes many."""

from __future__ import annotations

import functools
import time
from types import SimpleNamespace
from typing import Any, Final

import numpy as np

from skflow.graph.dtypes import Array
from skflow.runtime.jit.hot import compiling
from skflow.summary.buckets import CODES, bounded, codes_of, limits
from skflow.summary.tallies import BLOCK, LANES, ONE_BY_ONE, Tally, finite, lanes_for, tally

_WARM: Final = 0.001  # seconds of work in NumPy after which it may be worth compiling
_HOT: Final = 0.1  # and seconds after which it is
_COLD, _NOTED, _ASKED = range(3)
_MOST: Final = (1 << 31) - 1  # what a counter of 32 bits can count
# Numbers that stay in a core's nearest memory while they are looked at three times.
_PIECE: Final = 4096

# It finds extremes among the numbers' bits, turned into integers of the same order: among these,
# infinities and what is no number come first or last.
_TEXT: Final = f"""
def run(address, shared):
    t = i64(address)
    x, bits, size = f32(t[0]), u32(t[0]), t[1]
    raised, starts, bucket, runs = u16(t[2]), i64(t[3]), i64(t[4]), t[5]
    counter, number, lanes = i32(t[6]), i64(t[7]), f64(t[8])
    width = 0 if size <= {ONE_BY_ONE} else 1
    least, greatest = np.int32(0x7FFFFFFF), np.int32(-0x80000000)
    for start in range(0, size, {_PIECE}):
        stop = min(size, start + {_PIECE})
        for i in range(start, stop):
            u = bits[i]
            counter[(u + raised[u >> 16]) >> 16] += np.int32(1)
        for i in range(start, stop):
            key = np.int32(bits[i])
            key ^= (key >> np.int32(31)) & np.int32(0x7FFFFFFF)
            least, greatest = min(least, key), max(greatest, key)
        at = start // {BLOCK} * {2 * LANES}
        row = start
        if width:
            while row + {LANES} <= stop:
                for i in range({LANES}):
                    v = np.float64(x[row + i])
                    lanes[at + i] += v
                    lanes[at + {LANES} + i] += v * v
                row += {LANES}
        for i in range(row, stop):
            v = np.float64(x[i])
            lanes[at] += v
            lanes[at + {LANES}] += v * v
            at += width
    # Its own code, or the next, is the largest magnitude's.
    end = (max(np.int64(greatest), np.int64(~least)) >> 16) + 2
    for i in range(runs):
        if starts[i] & {CODES // 2 - 1} >= end:
            continue
        count = 0
        for code in range(starts[i], starts[i + 1]):
            count += counter[code]
        number[bucket[i]] += count
    t[0], t[1] = least, greatest
    return 0
"""


class Tallying:
    """Makes tallies of single-precision numbers: in NumPy until there is a kernel, then with that.

    Either way they are equal bit by bit.

    Attributes
    ----------
    kernel : callable, optional
        The kernel, which takes the address of a table, and works without the interpreter's lock.
    """

    def __init__(self) -> None:
        codes = codes_of(np.dtype(np.float32))
        raised, ends = codes.raised.astype(np.uint16), np.append(codes.starts, CODES)
        self._tables = raised, ends.astype(np.int64), codes.bucket.astype(np.int64)
        self._places = [table.ctypes.data for table in self._tables]
        self._seconds = 0.0
        self._state = _COLD
        self.kernel: Any = None

    def sources(self) -> Any:
        """What is to be compiled (see `skflow.runtime.jit.hot.Plan`)."""
        return SimpleNamespace(sources=[(_TEXT, 0)], kernels=[])

    def adopt(self, code: Any) -> None:
        """Use the kernel from now on."""
        self.kernel = code.kernels[0].run

    def __call__(self, values: Array) -> Tally:
        """Count and sum values; see `skflow.summary.tallies.tally`.

        Parameters
        ----------
        values : ndarray of float32, shape (n,)
            At least one number, lying one after the other.

        Returns
        -------
        Tally

        Raises
        ------
        NotFiniteError
            If a value is not finite.
        """
        if self.kernel is not None and values.size <= _MOST and values.flags.aligned:
            return self._compiled(values)
        start = time.perf_counter()
        found = tally(values)
        self._note(time.perf_counter() - start)
        return found

    def _note(self, seconds: float) -> None:
        self._seconds += seconds
        if self._state == _COLD and self._seconds >= _WARM:
            self._state = _NOTED
            compiling.note(self)
        if self._state == _NOTED and self._seconds >= _HOT:
            self._state = _ASKED
            compiling.request(self)

    def _compiled(self, values: Array) -> Tally:
        counter = np.zeros(CODES, np.int32)
        number = np.zeros(limits().size + 1, np.int64)
        lanes = lanes_for(values.size)
        facts = [values.ctypes.data, values.size, *self._places, self._tables[2].size]
        table = np.array([*facts, *[a.ctypes.data for a in (counter, number, lanes)]], np.int64)
        self.kernel(table.ctypes.data, 0)
        keys = table[:2].astype(np.int32)
        keys ^= (keys >> 31) & 0x7FFFFFFF
        extremes = finite(*keys.view(np.float32).tolist())
        with np.errstate(over="ignore"):
            return Tally(bounded(number), *extremes, np.add.reduce(lanes, axis=2))


@functools.cache
def tallying() -> Tallying:
    """What makes tallies of single-precision numbers in this process."""
    return Tallying()
