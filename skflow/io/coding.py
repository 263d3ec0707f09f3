"""Numbers as bytes: varints, and little-endian integers of a fixed width."""

from __future__ import annotations

from typing import Final, TypeAlias

Bytes: TypeAlias = bytes | bytearray | memoryview

_LONGEST_VARINT: Final = 10


def varint(number: int) -> bytes:
    """Return a number in groups of seven bits, the lowest first.

    Parameters
    ----------
    number : int
        Not negative.

    Returns
    -------
    bytes
        One byte per group; all but the last have the highest bit set.

    Examples
    --------
    >>> varint(300).hex()
    'ac02'
    """
    groups = bytearray()
    while number >= 0x80:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def read_varint(data: Bytes, start: int, end: int) -> tuple[int, int]:
    """Return the varint that begins at a position, and where it ends.

    Parameters
    ----------
    data : bytes-like object
        What to read from.
    start, end : int
        The position, and the one that the varint may not reach beyond.

    Returns
    -------
    number, next : int
        The number, below 2**64, and the position after it.

    Raises
    ------
    ValueError
        If there is no whole varint of at most 64 bits.
    """
    number = shift = 0
    for position in range(start, min(end, start + _LONGEST_VARINT)):
        byte = data[position]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            if number >> 64:
                break
            return number, position + 1
        shift += 7
    raise ValueError("the varint is cut short or too long")


def fixed32(number: int) -> bytes:
    """Return the four bytes of a number below 2**32."""
    return number.to_bytes(4, "little")


def read_fixed32(data: Bytes, start: int) -> int:
    """Return the number in the four bytes from a position on."""
    return int.from_bytes(data[start : start + 4], "little")


def fixed64(number: int) -> bytes:
    """Return the eight bytes of a number below 2**64."""
    return number.to_bytes(8, "little")


def read_fixed64(data: Bytes, start: int) -> int:
    """Return the number in the eight bytes from a position on."""
    return int.from_bytes(data[start : start + 8], "little")
