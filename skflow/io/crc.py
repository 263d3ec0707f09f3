"""Checksums of stored bytes: CRC-32C, masked as TensorFlow stores them."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any, Final

import numpy as np

_MASK_DELTA: Final = 0xA282EAD8
_ALL: Final = 0xFFFFFFFF
_POLYNOMIAL: Final = 0x82F63B78  # its bits in the order of the checksum's
# A part this long stays in the processor's cache between two uses.
CHUNK: Final = 1 << 18
# From so many bytes on it pays to let other threads run meanwhile.
_LONG: Final = 1 << 16
_CHECK: Final = (b"123456789", 0xE3069283)  # from RFC 3720


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
        if len(data) >= _LONG and (function := _without_lock()) is not None:
            return function(crc, data if isinstance(data, bytes) else data.ctypes.data, len(data))
        return int(google_crc32c.extend(crc, data))
    view = memoryview(data).cast("B")
    for start in range(0, len(view), CHUNK):
        crc = google_crc32c.extend(crc, bytes(view[start : start + CHUNK]))
    return crc


def is_parallel() -> bool:
    """Whether other threads run Python while much is summed."""
    import google_crc32c

    return google_crc32c.implementation == "c" and _without_lock() is not None


@functools.cache
def _without_lock() -> Callable[[int, Any, int], int] | None:
    """The C function behind the extension, which holds Python's lock while it calls it.

    Returns
    -------
    callable or None
        Of a checksum, an address and a number of bytes, and without the lock. None where the
        library's functions cannot be found through the extension, as on Windows.
    """
    try:
        from google_crc32c import _crc32c

        function = ctypes.CDLL(_crc32c.__file__).crc32c_extend
    except (ImportError, OSError, AttributeError):
        return None
    function.argtypes = (ctypes.c_uint32, ctypes.c_void_p, ctypes.c_size_t)
    function.restype = ctypes.c_uint32
    known, expected = _CHECK
    return function if function(0, known, len(known)) == expected else None


def value(data: Any) -> int:
    """Return the checksum of bytes, not masked."""
    return extend(0, data)


def joined(first: int, second: int, length: int) -> int:
    """Return the checksum of bytes followed by others.

    Parameters
    ----------
    first, second : int
        The checksums of both.
    length : int
        The number of the others.

    Returns
    -------
    int
        The CRC-32C of all, not masked.

    Notes
    -----
    Checksums are remainders of polynomials over the field of two elements, so that what zeros
    after some bytes do to their checksum is linear, and zeros twice as many do it twice.
    """
    power = 0
    while length >> power:
        if length >> power & 1:
            first = _applied(_zeros(power), first)
        power += 1
    return first ^ second


@functools.cache
def _zeros(power: int) -> tuple[int, ...]:
    """What 2**power zero bytes do to each bit of a checksum."""
    if power == -3:  # one zero bit
        return (_POLYNOMIAL, *(1 << bit for bit in range(31)))
    half = _zeros(power - 1)
    return tuple(_applied(half, image) for image in half)


def _applied(images: tuple[int, ...], crc: int) -> int:
    """Apply a linear map, given by what it makes of each bit."""
    result = 0
    for image in images:
        if crc & 1:
            result ^= image
        crc >>= 1
    return result


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
