"""Checksums of stored bytes: CRC-32C, masked as TensorFlow stores them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

_MASK_DELTA: Final = 0xA282EAD8
_ALL: Final = 0xFFFFFFFF
# A part this long stays in the processor's cache between two uses.
CHUNK: Final = 1 << 18


def extend(crc: int, data: Any) -> int:
    """Return the checksum of bytes seen earlier followed by more.

    Parameters
    ----------
    crc : int
        The checksum of the bytes so far; 0 for none.
    data : bytes-like object
        More bytes, contiguous.

    Returns
    -------
    int
        The CRC-32C of all, not masked.
    """
    # Here, because not every program that imports the package reads or writes files.
    import google_crc32c

    if google_crc32c.implementation == "c":
        # Of all that can be written to, the extension takes arrays alone.
        data = data if isinstance(data, bytes) else np.frombuffer(data, np.uint8)
        return int(google_crc32c.extend(crc, data))
    view = memoryview(data).cast("B")
    for start in range(0, len(view), CHUNK):
        crc = google_crc32c.extend(crc, bytes(view[start : start + CHUNK]))
    return crc


def value(data: Any) -> int:
    """Return the checksum of bytes, not masked."""
    return extend(0, data)


def mask(crc: int) -> int:
    """Return what is stored for a checksum.

    A checksum over bytes that hold checksums is weak; rotated and shifted, they do no harm
    (TensorFlow's core/lib/hash/crc32c.h).

    Parameters
    ----------
    crc : int
        A checksum.

    Returns
    -------
    int
        32 bits.
    """
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & _ALL


def unmask(masked: int) -> int:
    """Return the checksum that is stored as `masked`."""
    rotated = (masked - _MASK_DELTA) & _ALL
    return (rotated >> 17 | rotated << 15) & _ALL


def masked(data: Any) -> int:
    """Return the masked checksum of bytes."""
    return mask(value(data))
