"""Images of eight bits a channel in PNG files, filtered and packed as libpng does."""

from __future__ import annotations

import struct
import zlib
from typing import Final

import numpy as np

from skflow.graph.dtypes import Array

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
# Grey, grey and alpha, colours, colours and alpha.
_COLOR_TYPES: Final = {1: 0, 2: 4, 3: 2, 4: 6}
_CHUNK: Final = 8192
_SMALL: Final = 1 << 14


def encode(image: Array) -> bytes:
    """Pack an image.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, channels)
        One to four channels, none of the dimensions zero.

    Returns
    -------
    bytes
        The file's content. Pixels and filters are what libpng writes; how tightly they are packed
        is up to the installed zlib.

    Source: Portable Network Graphics (PNG) Specification, second edition, W3C 2003.
    """
    height, width, channels = image.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOR_TYPES[channels], 0, 0, 0)
    data = _packed(_filtered(image.reshape(height, -1), channels))
    parts = [data[i : i + _CHUNK] for i in range(0, len(data), _CHUNK)]
    chunks = [_chunk(b"IHDR", header), *(_chunk(b"IDAT", p) for p in parts), _chunk(b"IEND", b"")]
    return _SIGNATURE + b"".join(chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _filtered(rows: Array, step: int) -> bytes:
    """Each row by the filter that leaves the smallest differences, behind the filter's number."""
    up = np.zeros_like(rows)
    up[1:] = rows[:-1]
    left, corner = np.zeros_like(rows), np.zeros_like(rows)
    left[:, step:], corner[:, step:] = rows[:, :-step], up[:, :-step]
    mean = ((left.astype(np.uint16) + up) >> 1).astype(np.uint8)
    tried = [rows, rows - left, rows - up, rows - mean, rows - _paeth(left, up, corner)]
    sizes = [np.abs(t.view(np.int8).astype(np.int64)).sum(axis=1) for t in tried]
    best = np.argmin(sizes, axis=0)
    found = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    found[:, 0] = best
    for number, values in enumerate(tried):
        found[best == number, 1:] = values[best == number]
    return found.tobytes()


def _paeth(left: Array, up: Array, corner: Array) -> Array:
    """Whichever neighbour is nearest to left + up - corner."""
    a, b, c = (x.astype(np.int16) for x in (left, up, corner))
    to_left, to_up, to_corner = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    use_left = (to_left <= to_up) & (to_left <= to_corner)
    return np.where(use_left, left, np.where(to_up <= to_corner, up, corner))


def _packed(data: bytes) -> bytes:
    """Compress, and name no larger a window than a reader needs."""
    packer = zlib.compressobj(wbits=15, memLevel=8, strategy=zlib.Z_FILTERED)
    packed = bytearray(packer.compress(data) + packer.flush())
    window = 7
    if len(data) <= _SMALL:
        while window > 0 and len(data) <= 1 << (window + 7):
            window -= 1
    if window < 7:
        packed[0] = (packed[0] & 0x0F) | (window << 4)
        packed[1] &= 0xE0
        packed[1] += 31 - (packed[0] * 256 + packed[1]) % 31
    return bytes(packed)
