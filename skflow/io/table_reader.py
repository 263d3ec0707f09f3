"""Reading sorted-string tables, trusting nothing that they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NoReturn

from skflow import errors
from skflow.io import crc, snappy
from skflow.io.coding import read_fixed32
from skflow.io.files import Reader
from skflow.io.table_block import Block
from skflow.io.table_format import (
    BLOCK_SIZE,
    FOOTER_SIZE,
    SNAPPY,
    TRAILER_SIZE,
    UNCOMPRESSED,
    BlockHandle,
    read_footer,
)

# A block ends when it has reached its size, so that one entry of less than twice that can exceed
# it; entries larger than that have blocks of their own, which are seldom compressed.
_LARGEST_UNPACKED: Final = 3 * BLOCK_SIZE


class TableReader:
    """A table open for reading, by many threads at once.

    Parameters
    ----------
    file : Reader
        The table's file, which the caller closes.

    Raises
    ------
    DataLossError
        If the file is no table or its index is damaged.
    OpError
        If the file cannot be read.

    Notes
    -----
    Memory holds the index and one block. Each block is checked whole when it is first read:
    its place against the file's length, checksum, lengths, restarts and the order of keys, also
    against the keys of the index around it.
    """

    def __init__(self, file: Reader) -> None:
        self._file = file
        self._size = file.size()
        if self._size < FOOTER_SIZE:
            self._damaged("file is too short to be an sstable", 0)
        try:
            handle = read_footer(file.pread(self._size - FOOTER_SIZE, FOOTER_SIZE))
        except ValueError as error:
            self._damaged(str(error), self._size - FOOTER_SIZE)
        self._index = self._read_block(handle)
        self._check(self._index, handle)
        # Blocks go by the key that the index has for them: two entries of a damaged index could
        # name the same place.
        self._checked: set[bytes] = set()
        self._latest: tuple[bytes, Block] | None = None

    def get(self, key: bytes) -> memoryview | None:
        """Return a key's value.

        Parameters
        ----------
        key : bytes
            The key.

        Returns
        -------
        memoryview or None
            The value, which keeps its block in memory; None if the table has no such key.

        Raises
        ------
        DataLossError
            If the block that would have the key is damaged.
        OpError
            If the file cannot be read.
        """
        for before, last, value in self._index.around(key):
            block = self._block(before, last, value)
            for _, found, content in block.around(key):
                return content if found == key else None
        return None

    def items(self, start: bytes = b"") -> Iterator[tuple[bytes, memoryview]]:
        """Iterate over the entries whose key is not below `start`, in order.

        Yields
        ------
        key : bytes
            The key.
        value : memoryview
            The value, which keeps its block in memory.

        Raises
        ------
        DataLossError
            At the first damaged block.
        OpError
            If the file cannot be read.
        """
        for before, last, value in self._index.around(start):
            block = self._block(before, last, value)
            for _, key, content in block.around(start):
                yield key, content

    def _block(self, before: bytes | None, last: bytes, value: memoryview) -> Block:
        """Return the block of an entry of the index, checked against it and the one before."""
        try:
            handle, _ = BlockHandle.decoded(value.tobytes())
        except ValueError:
            self._damaged("bad block handle", self._size)
        latest = self._latest
        if latest is not None and latest[0] == last:
            return latest[1]
        # The block that was kept makes room first.
        self._latest = latest = None
        block = self._read_block(handle)
        if last not in self._checked:
            first_key, last_key = self._check(block, handle)
            if last_key > last or (before is not None and first_key <= before):
                self._damaged("bad entry in block", handle.offset)
            self._checked.add(last)
        self._latest = last, block
        return block

    def _check(self, block: Block, handle: BlockHandle) -> tuple[bytes, bytes]:
        try:
            return block.check()
        except ValueError:
            self._damaged("bad entry in block", handle.offset)

    def _read_block(self, handle: BlockHandle) -> Block:
        if handle.offset + handle.size + TRAILER_SIZE > self._size - FOOTER_SIZE:
            self._damaged("truncated block read", handle.offset)
        data = bytearray(handle.size + TRAILER_SIZE)
        if self._file.read_into(data, handle.offset) != len(data):
            self._damaged("truncated block read", handle.offset)
        stored = crc.unmask(read_fixed32(data, handle.size + 1))
        if crc.value(memoryview(data)[: handle.size + 1]) != stored:
            self._damaged("block checksum mismatch", handle.offset)
        kind = data[handle.size]
        data = data[: handle.size]
        if kind == SNAPPY:
            data = self._unpack(data, handle)
        elif kind != UNCOMPRESSED:
            self._damaged("bad block type", handle.offset)
        try:
            return Block(data)
        except ValueError:
            self._damaged("bad block contents", handle.offset)

    def _unpack(self, data: bytearray, handle: BlockHandle) -> bytearray:
        try:
            return _unpacked(data, max(_LARGEST_UNPACKED, self._size))
        except ValueError as error:
            self._damaged(f"corrupted compressed block contents ({error})", handle.offset)

    def _damaged(self, what: str, offset: int) -> NoReturn:
        raise errors.DataLossError(None, None, f"{what}: {self._file.path}, at byte {offset}")


def _unpacked(data: bytearray, most: int) -> bytearray:
    length, _ = snappy.declared_length(data)
    if length > most:
        raise ValueError(f"no block of this table has {length} bytes")
    return snappy.decompress(data)
