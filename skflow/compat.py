"""Conversions between bytes and text, and the types that count as numbers."""

from __future__ import annotations

import numbers
from typing import Final, TypeAlias

import numpy as np

__all__ = [
    "as_bytes",
    "as_str",
    "as_str_any",
    "as_text",
    "bytes_or_text_types",
    "complex_types",
    "integral_types",
    "real_types",
]

_Types: TypeAlias = tuple[type, ...]

# NumPy's scalars stand beside the abstract classes because not all are registered with them.
integral_types: Final[_Types] = (numbers.Integral, np.integer)
real_types: Final[_Types] = (numbers.Real, np.integer, np.floating)
complex_types: Final[_Types] = (numbers.Complex, np.number)
bytes_or_text_types: Final[_Types] = (bytes, str)


def as_bytes(bytes_or_text: bytes | str, encoding: str = "utf-8") -> bytes:
    """Encode text; return bytes as they are.

    Parameters
    ----------
    bytes_or_text : bytes or str
        What to convert.
    encoding : str
        How text is encoded.

    Returns
    -------
    bytes
        The encoded text.

    Raises
    ------
    TypeError
        If the value is neither bytes nor text.

    Examples
    --------
    >>> as_bytes("µ")
    b'\\xc2\\xb5'
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    _check_is_bytes(bytes_or_text)
    return bytes_or_text


def as_text(bytes_or_text: bytes | str, encoding: str = "utf-8") -> str:
    """Decode bytes; return text as it is.

    Parameters
    ----------
    bytes_or_text : bytes or str
        What to convert.
    encoding : str
        How bytes are decoded.

    Returns
    -------
    str
        The text.

    Raises
    ------
    TypeError
        If the value is neither bytes nor text.
    UnicodeDecodeError
        If the bytes are not text in that encoding.

    Examples
    --------
    >>> as_text(b"abc")
    'abc'
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    _check_is_bytes(bytes_or_text)
    return bytes_or_text.decode(encoding)


as_str = as_text


def as_str_any(value: object) -> str:
    """Convert anything to text: bytes by decoding them, the rest with `str`.

    Parameters
    ----------
    value : object
        What to convert.

    Returns
    -------
    str
        The text.

    Examples
    --------
    >>> as_str_any(b"abc"), as_str_any(1)
    ('abc', '1')
    """
    return as_text(value) if isinstance(value, bytes) else str(value)


def _check_is_bytes(value: object) -> None:
    if not isinstance(value, bytes):
        raise TypeError(f"Expected binary or unicode string, got {value!r}")
