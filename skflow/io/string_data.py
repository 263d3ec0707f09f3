"""How a bundle stores strings: all lengths, the lengths' checksum, then all bytes.

The checksums are over the lengths as integers of four bytes (eight where four do not suffice), not
over the varints that are stored (core/util/tensor_bundle/tensor_bundle.cc).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from skflow.io import crc
from skflow.io.coding import fixed32, fixed64, read_fixed32, read_varint, varint


def _summed(length: int) -> bytes:
    return fixed32(length) if length >> 32 == 0 else fixed64(length)


def encode_lengths(strings: Sequence[bytes]) -> tuple[bytes, int]:
    """Return what is stored before the strings' own bytes, and the checksum up to there."""
    lengths = [len(string) for string in strings]
    total = crc.value(b"".join(map(_summed, lengths)))
    stored = fixed32(crc.mask(total))
    return b"".join(map(varint, lengths)) + stored, crc.extend(total, stored)


def decode(data: bytes, count: int, out: Any) -> int:
    """Take strings out of what is stored.

    Parameters
    ----------
    data : bytes
        All that is stored.
    count : int
        The number of strings.
    out : ndarray, shape (count,)
        Where they go.

    Returns
    -------
    int
        The checksum, not masked.

    Raises
    ------
    ValueError
        If the data are not so many strings.
    """
    if count == 0 and not data:
        return 0
    lengths, position = _lengths(data, count)
    total = crc.value(b"".join(map(_summed, lengths)))
    expected = crc.unmask(read_fixed32(data, position))
    if expected != total:
        raise ValueError(
            f"The length checksum does not match: expected {expected:08d} but actual is {total:08d}"
        )
    total = crc.extend(total, data[position : position + 4])
    position += 4
    if position + sum(lengths) != len(data):
        raise ValueError("String lengths do not add up to the stored size")
    for number, string in enumerate(_strings(data, lengths, position)):
        out[number] = string
    return crc.extend(total, memoryview(data)[position:])


def _lengths(data: bytes, count: int) -> tuple[list[int], int]:
    position, lengths = 0, []
    for _ in range(count):
        length, position = read_varint(data, position, len(data) - 4)
        lengths.append(length)
    return lengths, position


def _strings(data: bytes, lengths: list[int], position: int) -> Iterator[bytes]:
    for length in lengths:
        yield data[position : position + length]
        position += length


def as_bytes(value: Any) -> list[bytes]:
    """Return the elements of an array of strings, text as UTF-8.

    Raises
    ------
    TypeError
        If an element is no string.
    """
    return [_element(item) for item in np.asarray(value).reshape(-1).tolist()]


def _element(item: object) -> bytes:
    if isinstance(item, str):
        return item.encode()
    if isinstance(item, bytes | bytearray):
        return bytes(item)
    raise TypeError(f"an element is no string but {type(item).__name__}")
