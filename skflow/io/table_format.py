"""The parts of a sorted-string table that writing and reading share.

The format is LevelDB's (core/lib/io/format.h and table_format.txt in TensorFlow): blocks of sorted
entries, an index block with the last key and the place of each, and a footer with the place of
the index.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from skflow.io.coding import fixed64, read_fixed64, read_varint, varint

MAGIC: Final = 0xDB4775248B80FB57
FOOTER_SIZE: Final = 48
# After each block: one byte for its type, four for the masked checksum of the block and that byte.
TRAILER_SIZE: Final = 5
UNCOMPRESSED: Final = 0
SNAPPY: Final = 1
# TensorFlow's settings: how long a block may grow, and how many entries share beginnings.
BLOCK_SIZE: Final = 256 << 10
RESTART_INTERVAL: Final = 16


@dataclass(frozen=True)
class BlockHandle:
    """Where a block lies.

    Attributes
    ----------
    offset, size : int
        Bytes, without the trailer.
    """

    offset: int
    size: int

    def encoded(self) -> bytes:
        """Return the handle as it is stored."""
        return varint(self.offset) + varint(self.size)

    @classmethod
    def decoded(cls, data: bytes, start: int = 0) -> tuple[BlockHandle, int]:
        """Return the handle stored at a position, and where it ends.

        Raises
        ------
        ValueError
            If there is none.
        """
        offset, start = read_varint(data, start, len(data))
        size, start = read_varint(data, start, len(data))
        return cls(offset, size), start


def footer(metaindex: BlockHandle, index: BlockHandle) -> bytes:
    """Return the end of a table."""
    handles = metaindex.encoded() + index.encoded()
    return handles.ljust(FOOTER_SIZE - 8, b"\x00") + fixed64(MAGIC)


def read_footer(data: bytes) -> BlockHandle:
    """Return the place of the index block that a table's end names.

    Parameters
    ----------
    data : bytes
        The last `FOOTER_SIZE` bytes of the table.

    Returns
    -------
    BlockHandle
        The index block's.

    Raises
    ------
    ValueError
        If this is not the end of a table.
    """
    if len(data) != FOOTER_SIZE or read_fixed64(data, FOOTER_SIZE - 8) != MAGIC:
        raise ValueError("not an sstable (bad magic number)")
    try:
        _, start = BlockHandle.decoded(data[:-8])
        return BlockHandle.decoded(data[:-8], start)[0]
    except ValueError as error:
        raise ValueError("bad block handle") from error
