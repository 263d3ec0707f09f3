"""The bytes of one stored tensor: checked against the file, gone through in small steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import numpy as np

from skflow import errors
from skflow.io import crc, string_data
from skflow.io.bundle_format import Entry
from skflow.io.files import Reader
from skflow.io.helper import WORTH_HELP, Helper

# What is read at once where a tensor cannot be read to its place directly.
_STEP: Final = 1 << 20
# What is read and then summed while it is in the processor's cache: longer than what is written
# at once, since two threads that read take turns to run Python between their pieces.
_PIECE: Final = 1 << 20
# What is summed without a look at what else there is to do, such as an interrupt.
_SUMMED: Final = 1 << 26

Ranges = tuple[slice, ...]


class StoredTensor:
    """Where a tensor lies in a data file.

    Parameters
    ----------
    entry : Entry
        What the index says of it.
    file : Reader
        The data file.
    is_big_endian : bool
        How the elements' bytes are ordered.

    Raises
    ------
    DataLossError
        If the tensor cannot lie there: the file is too short, or the size is not that of its
        elements.
    UnimplementedError
        If tensors of its type cannot be read.
    """

    def __init__(self, entry: Entry, file: Reader, is_big_endian: bool) -> None:
        self.entry = entry
        self._file = file
        native = entry.stored_dtype()
        self._stored = native.newbyteorder(">") if is_big_endian else native
        if native.hasobject:
            # Of a string at least its length is stored, and of all a checksum.
            expected, fits = entry.count + 4, entry.count + 4 <= entry.size
            fits = fits or entry.count == entry.size == 0
        else:
            expected = entry.count * native.itemsize
            fits = expected == entry.size
        if not fits:
            least = "at least " if native.hasobject else ""
            self._damaged(
                f"Invalid size in bundle entry: key {entry.name}; stored size {entry.size}; "
                f"expected size {least}{expected}"
            )
        if entry.offset + entry.size > file.size():
            self._damaged(
                f"Tensor {entry.name} ends at byte {entry.offset + entry.size}, "
                f"beyond the {file.size()} that there are"
            )

    def read(self, ranges: Ranges, out: Any, *, check: bool) -> None:
        """Read a part of the tensor.

        Parameters
        ----------
        ranges : tuple of slice
            Which part, along each axis.
        out : ndarray
            Where it goes, in the machine's byte order.
        check : bool
            Whether to go through all of the tensor and compare the checksum.

        Raises
        ------
        DataLossError
            If the bytes are damaged.
        OpError
            If they cannot be read.
        """
        if self._stored.hasobject:
            self._read_strings(ranges, out)
            return
        walk = _Walk(self._file, self.entry.offset, check)
        if out.size == self.entry.count and out.flags.c_contiguous and out.size:
            flat = out.reshape(-1).view(np.uint8)
            walk.read(flat)
            _settle(flat, out.reshape(-1), self._stored)
        elif out.size or check:
            self._scatter(walk, self.entry.shape, ranges, out)
        self._finish(walk)

    def verify(self) -> None:
        """Go through the bytes, keeping none, and compare the checksum.

        Raises
        ------
        DataLossError
            If the bytes are damaged.
        OpError
            If they cannot be read.
        """
        if self._stored.hasobject:
            self._strings()
            return
        walk = _Walk(self._file, self.entry.offset, sums=True)
        walk.pass_over(self.entry.size)
        self._finish(walk)

    def _read_strings(self, ranges: Ranges, out: Any) -> None:
        out[...] = self._strings()[ranges]

    def _strings(self) -> Any:
        entry = self.entry
        strings = np.empty(entry.count, dtype=object)
        data = self._file.pread(entry.offset, entry.size)
        try:
            total = string_data.decode(data, entry.count, strings)
        except ValueError as error:
            self._damaged(f"{error}: tensor {entry.name}")
        self._compare(total)
        return strings.reshape(entry.shape)

    def _scatter(self, walk: _Walk, shape: Sequence[int], ranges: Ranges, out: Any) -> None:
        """Go through a block of the tensor in order, and put the part of it in its place."""
        size = math.prod(shape) * self._stored.itemsize
        if size == 0 or (out.size == 0 and not walk.sums):
            walk.skip(size)
        elif size <= _STEP or out.size == 0:
            self._take(walk, shape, ranges, out)
        elif shape[0] == 1:
            self._scatter(walk, shape[1:], ranges[1:], out[0])
        else:
            rows = max(1, _STEP // (size // shape[0]))
            wanted = ranges[0]
            for start in range(0, shape[0], rows):
                stop = min(start + rows, shape[0])
                first = min(max(wanted.start, start), stop)
                last = max(min(wanted.stop, stop), first)
                target = out[max(first - wanted.start, 0) : max(last - wanted.start, 0)]
                inside = (slice(first - start, last - start), *ranges[1:])
                self._scatter(walk, (stop - start, *shape[1:]), inside, target)

    def _take(self, walk: _Walk, shape: Sequence[int], ranges: Ranges, out: Any) -> None:
        size = math.prod(shape) * self._stored.itemsize
        if out.size == 0:
            # Only the checksum needs these.
            walk.pass_over(size)
            return
        flat = np.empty(size, np.uint8)
        walk.read(flat)
        block = flat.view(self._stored)
        _settle(flat, None, self._stored)
        out[...] = block.reshape(shape)[ranges]

    def _finish(self, walk: _Walk) -> None:
        if walk.is_short:
            self._damaged(f"Read fewer bytes than requested for tensor {self.entry.name}")
        if walk.sums:
            self._compare(walk.total)

    def _compare(self, total: int) -> None:
        stored = crc.unmask(self.entry.crc)
        if stored != total:
            self._damaged(
                f"Checksum does not match: stored {stored:08d} vs. calculated on the restored "
                f"bytes {total}: tensor {self.entry.name}"
            )

    def _damaged(self, what: str) -> NoReturn:
        raise errors.DataLossError(None, None, f"{what}: {self._file.path}")


class _Walk:
    """A way through a file, which sums what it reads."""

    def __init__(self, file: Reader, offset: int, sums: bool) -> None:
        self._file, self._offset = file, offset
        self.sums = sums
        self.total = 0
        self.is_short = False
        self._is_over = False

    def read(self, flat: Any) -> None:
        """Fill an array of bytes with those that come next."""
        self._go(flat, len(flat))

    def pass_over(self, size: int) -> None:
        """Sum the bytes that come next, and keep none."""
        self._go(None, size)

    def skip(self, size: int) -> None:
        self._offset += size

    def _go(self, flat: Any | None, size: int) -> None:
        if size <= WORTH_HELP or (flat is None and not crc.is_parallel()):
            self.total = self._part(flat, 0, size, self.total, self.sums)
        else:
            self._in_halves(flat, size)
        self._offset += size

    def _in_halves(self, flat: Any | None, size: int) -> None:
        """Read and sum with two threads.

        One is slow at reading, above all to new memory. Where only one thread can sum, both read
        and one sums after that: else they would spend their time waiting for each other.
        """
        middle, at_once = size // 2, self.sums and crc.is_parallel()
        with Helper() as helper:
            helper.start(self._part, flat, middle, size, 0, at_once)
            try:
                first = self._part(flat, 0, middle, self.total, at_once)
                second = helper.wait()
            except BaseException:
                # The other thread ends with its piece, however long its half is.
                self._is_over = True
                raise
        if at_once:
            self.total = crc.joined(first, second, size - middle)
        elif self.sums and flat is not None:
            for start in range(0, size, _SUMMED):
                self.total = crc.extend(self.total, flat[start : start + _SUMMED])

    def _part(self, flat: Any | None, first: int, last: int, total: int, sums: bool) -> int:
        """Read some of what comes next, and sum each piece while it is in the processor's cache."""
        scratch = np.empty(min(_PIECE, last - first) if flat is None else 0, np.uint8)
        for start in range(first, last, _PIECE):
            stop = min(start + _PIECE, last)
            piece = scratch[: stop - start] if flat is None else flat[start:stop]
            self._fill(piece, start)
            if sums:
                total = crc.extend(total, piece)
            if self._is_over:
                break
        return total

    def _fill(self, piece: Any, start: int) -> None:
        """Read a part of what comes next."""
        if self._file.read_into(piece, self._offset + start) < len(piece):
            self.is_short = True
            piece[...] = 0


def _settle(flat: Any, elements: Any | None, stored: np.dtype[Any]) -> None:
    """Make bytes that were read the elements they stand for."""
    if stored.kind == "b":
        # A damaged byte must not be a boolean that is neither true nor false.
        np.minimum(flat, 1, out=flat)
    if elements is not None and not stored.isnative:
        elements.byteswap(inplace=True)


def allocate(entry: Entry, wanted: Sequence[slice]) -> Any:
    """Return a new array for a part of a tensor, which is known to be no larger than the files.

    Parameters
    ----------
    entry : Entry
        The tensor.
    wanted : sequence of slice
        The part.

    Returns
    -------
    ndarray
        In the machine's byte order, with any elements.

    Raises
    ------
    UnimplementedError
        If NumPy has no arrays of so many axes.
    """
    shape = tuple(bound.stop - bound.start for bound in wanted)
    try:
        return np.empty(shape, entry.stored_dtype().newbyteorder("="))
    except ValueError as error:
        message = f"{entry.name}: NumPy has no arrays of shape {list(shape)}: {error}"
        raise errors.UnimplementedError(None, None, message) from error


def overlapping(bounds: Sequence[Ranges]) -> bool:
    """Whether two of several parts of one tensor share an element."""
    starts = np.array([[bound.start for bound in part] for part in bounds], dtype=np.int64)
    stops = np.array([[bound.stop for bound in part] for part in bounds], dtype=np.int64)
    for number in range(len(bounds) - 1):
        later = slice(number + 1, None)
        shared = (starts[number] < stops[later]) & (starts[later] < stops[number])
        if shared.all(axis=1).any():
            return True
    return False
