"""Writing sorted-string tables, byte for byte as TensorFlow 1.1.0 writes them."""

from __future__ import annotations

from typing import Protocol

from skflow.io import crc
from skflow.io.coding import fixed32, varint
from skflow.io.table_format import (
    BLOCK_SIZE,
    RESTART_INTERVAL,
    TRAILER_SIZE,
    UNCOMPRESSED,
    BlockHandle,
    footer,
)


class Sink(Protocol):
    """What a table is written to: a `skflow.io.files.Writer`, or memory."""

    def write(self, data: bytes, /) -> object:
        """Write all of the data."""


class TableWriter:
    """A table being written.

    Parameters
    ----------
    file : Sink
        An empty file, which the caller syncs and closes.

    Notes
    -----
    Memory holds one block and the index. The rules for where blocks end and how the keys in the
    index are shortened are those of TensorFlow's core/lib/io/table_builder.cc.
    """

    def __init__(self, file: Sink) -> None:
        self._file = file
        self._offset = 0
        self._block = _Block(RESTART_INTERVAL)
        self._index = _Block(1)
        self._last_key: bytes | None = None
        # The handle of a block whose entry in the index waits for the key that follows it.
        self._pending: BlockHandle | None = None

    def add(self, key: bytes, value: bytes) -> None:
        """Write an entry.

        Parameters
        ----------
        key : bytes
            Greater than the keys written before.
        value : bytes
            Anything.

        Raises
        ------
        ValueError
            If the key is not greater.
        OpError
            If the file cannot be written.
        """
        if self._last_key is not None:
            if key <= self._last_key:
                raise ValueError(f"the key {key!r} does not come after {self._last_key!r}")
            if len(key) + len(value) >= 2 * BLOCK_SIZE:
                self._end_block()
        if self._pending is not None and self._last_key is not None:
            self._index.add(_separator(self._last_key, key), self._pending.encoded())
            self._pending = None
        self._last_key = key
        self._block.add(key, value)
        if self._block.size >= BLOCK_SIZE:
            self._end_block()

    def finish(self) -> int:
        """Write what ends the table.

        Returns
        -------
        int
            The table's length in bytes.

        Raises
        ------
        OpError
            If the file cannot be written.
        """
        self._end_block()
        metaindex = self._write(_Block(RESTART_INTERVAL))
        if self._pending is not None and self._last_key is not None:
            self._index.add(_successor(self._last_key), self._pending.encoded())
            self._pending = None
        end = footer(metaindex, self._write(self._index))
        self._file.write(end)
        return self._offset + len(end)

    def _end_block(self) -> None:
        if not self._block.is_empty:
            self._pending = self._write(self._block)
            self._block = _Block(RESTART_INTERVAL)

    def _write(self, block: _Block) -> BlockHandle:
        contents = block.finished() + bytes([UNCOMPRESSED])
        self._file.write(contents + fixed32(crc.masked(contents)))
        handle = BlockHandle(self._offset, len(contents) - 1)
        self._offset += handle.size + TRAILER_SIZE
        return handle


class _Block:
    """Entries of which each leaves out what its key's beginning shares with the key before."""

    def __init__(self, restart_interval: int) -> None:
        self._interval = restart_interval
        self._data = bytearray()
        self._restarts = [0]
        self._since_restart = 0
        self._last_key = b""

    @property
    def is_empty(self) -> bool:
        return not self._data

    @property
    def size(self) -> int:
        return len(self._data) + 4 * len(self._restarts) + 4

    def add(self, key: bytes, value: bytes) -> None:
        shared = 0
        if self._since_restart < self._interval:
            shared = _shared_length(self._last_key, key)
        else:
            self._restarts.append(len(self._data))
            self._since_restart = 0
        self._data += varint(shared) + varint(len(key) - shared) + varint(len(value))
        self._data += key[shared:]
        self._data += value
        self._last_key = key
        self._since_restart += 1

    def finished(self) -> bytes:
        restarts = b"".join(map(fixed32, self._restarts))
        return bytes(self._data) + restarts + fixed32(len(self._restarts))


def _shared_length(first: bytes, second: bytes) -> int:
    longest = min(len(first), len(second))
    if first[:longest] == second[:longest]:
        return longest
    return next(place for place in range(longest) if first[place] != second[place])


def _separator(start: bytes, limit: bytes) -> bytes:
    """Return a short key from `start` up to, not including, `limit`."""
    shared = _shared_length(start, limit)
    if shared < min(len(start), len(limit)) and start[shared] + 1 < limit[shared]:
        return start[:shared] + bytes([start[shared] + 1])
    return start


def _successor(key: bytes) -> bytes:
    """Return a short key that is not below `key`."""
    rest = key.lstrip(b"\xff")
    if not rest:
        return key
    high = len(key) - len(rest)
    return key[:high] + bytes([rest[0] + 1])
