"""A plain Snappy compressor, to make blocks for the tests."""

from __future__ import annotations

from skflow.io.coding import varint


def compress(data: bytes) -> bytes:
    """Return a block with a copy wherever four bytes have come before, in all three forms."""
    out = bytearray(varint(len(data)))
    seen: dict[bytes, int] = {}
    start = position = 0
    while position < len(data):
        before = seen.get(data[position : position + 4])
        seen[data[position : position + 4]] = position
        if before is None or len(data) - position < 4:
            position += 1
            continue
        length = 4
        while (
            length < 64
            and position + length < len(data)
            and data[before + length] == data[position + length]
        ):
            length += 1
        out += _literal(data[start:position]) + _copy(position - before, length)
        position += length
        start = position
    return bytes(out + _literal(data[start:]))


def _literal(data: bytes) -> bytes:
    if not data:
        return b""
    size = len(data) - 1
    if size < 60:
        return bytes([size << 2]) + data
    width = (size.bit_length() + 7) // 8
    return bytes([(59 + width) << 2]) + size.to_bytes(width, "little") + data


def _copy(offset: int, length: int) -> bytes:
    if 4 <= length < 12 and offset < 2048:
        return bytes([offset >> 8 << 5 | (length - 4) << 2 | 1, offset & 0xFF])
    width, tag = (2, 2) if offset < 65536 else (4, 3)
    return bytes([(length - 1) << 2 | tag]) + offset.to_bytes(width, "little")
