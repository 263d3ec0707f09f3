"""The names of a variable's parts in an index: numbers and text that sort as bytes sort.

The encoding is TensorFlow's OrderedCode (core/lib/strings/ordered_code.h).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_SEPARATOR: Final = b"\x00\x01"
_ESCAPED: Final = {b"\x00": b"\x00\xff", b"\xff": b"\xff\x00"}


def encode_number(number: int) -> bytes:
    """Return a number that is not negative: its length in bytes, then its bytes."""
    length = (number.bit_length() + 7) // 8
    return bytes([length]) + number.to_bytes(length, "big")


def encode_text(text: bytes) -> bytes:
    """Return text with its end marked, and the two bytes that play a part in that escaped."""
    return re.sub(rb"[\x00\xff]", lambda found: _ESCAPED[found[0]], text) + _SEPARATOR


def encode_signed(number: int) -> bytes:
    """Return a signed number: as many leading bits as there are bytes, then the number.

    The leading bits are ones for a number that is not negative, zeros for one that is; the
    number follows in two's complement, of which n bytes leave 7n - 1 bits.
    """
    magnitude = ~number if number < 0 else number
    length = magnitude.bit_length() // 7 + 1
    # Ones in the highest `length` bits; where the number is negative they are cleared again.
    header = ((1 << length) - 1) << 7 * length
    value = header + number if number >= 0 else ~(header + magnitude) & ((1 << 8 * length) - 1)
    return value.to_bytes(length, "big")


def part_key(name: bytes, extents: Sequence[tuple[int, int]]) -> bytes:
    """Return the key of a part of a variable.

    Parameters
    ----------
    name : bytes
        The variable's name.
    extents : sequence of (int, int)
        Start and length along each axis; ``(0, -1)`` where the part has the whole axis.

    Returns
    -------
    bytes
        A key that begins with a zero byte, as no name does
        (core/util/saved_tensor_slice_util.cc).
    """
    numbers = b"".join(encode_signed(number) for extent in extents for number in extent)
    return encode_number(0) + encode_text(name) + encode_number(len(extents)) + numbers
