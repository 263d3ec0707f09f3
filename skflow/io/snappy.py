"""Blocks compressed with Snappy, read only: some releases of TensorFlow wrote such tables.

The format: https://github.com/google/snappy/blob/main/format_description.txt
"""

from __future__ import annotations

from typing import Final

from skflow.io.coding import Bytes, read_varint

# A copy of at most 64 bytes takes at least three bytes; nothing expands more than that.
_MOST_EXPANSION: Final = 22


def declared_length(data: Bytes) -> tuple[int, int]:
    """Return how long the contents are said to be, and where the elements begin.

    Parameters
    ----------
    data : bytes-like object
        The compressed block.

    Returns
    -------
    length, start : int
        Bytes; the length is one that so short a block can have.

    Raises
    ------
    ValueError
        If the block does not begin with a length, or with one out of the question.
    """
    length, start = read_varint(data, 0, len(data))
    if length > (len(data) - start) * _MOST_EXPANSION:
        raise ValueError(f"{len(data)} compressed bytes cannot hold {length}")
    return length, start


def decompress(data: Bytes) -> bytearray:
    """Return the contents of a compressed block.

    Parameters
    ----------
    data : bytes-like object
        The compressed block. Memory is taken for its declared length, which is at most 22 times
        as long, and time in proportion.

    Returns
    -------
    bytearray
        The contents.

    Raises
    ------
    ValueError
        If the block is damaged.
    """
    length, position = declared_length(data)
    out = bytearray()
    end = len(data)
    while position < end:
        tag = data[position]
        if tag & 3:
            size, offset, position = _copy(data, tag, position + 1)
            if offset == 0 or offset > len(out):
                raise ValueError("a copy reaches back before the beginning")
            _repeat(out, size, offset)
        else:
            size, position = _literal(data, tag >> 2, position + 1)
            if position + size > end:
                raise ValueError("a literal is cut short")
            out += data[position : position + size]
            position += size
        if len(out) > length:
            break
    if len(out) != length:
        raise ValueError(f"the contents have another length than the declared {length}")
    return out


def _literal(data: Bytes, size: int, position: int) -> tuple[int, int]:
    """Return a literal's length and where its bytes begin."""
    if size < 60:
        return size + 1, position
    width = size - 59
    return int.from_bytes(data[position : position + width], "little") + 1, position + width


def _copy(data: Bytes, tag: int, position: int) -> tuple[int, int, int]:
    """Return a copy's length, how far back it begins, and where the next element begins."""
    width = (0, 1, 2, 4)[tag & 3]
    offset = int.from_bytes(data[position : position + width], "little")
    if position + width > len(data):
        raise ValueError("a copy is cut short")
    if width == 1:
        return (tag >> 2 & 7) + 4, (tag >> 5) << 8 | offset, position + 1
    return (tag >> 2) + 1, offset, position + width


def _repeat(out: bytearray, size: int, offset: int) -> None:
    """Append `size` bytes of what lies `offset` back, which may reach into what is appended."""
    start = len(out) - offset
    if size <= offset:
        out += out[start : start + size]
        return
    pattern = bytes(out[start:])
    out += (pattern * (size // offset + 1))[:size]
