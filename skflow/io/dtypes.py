"""How a bundle stores the elements of each of TensorFlow's types."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

DT_STRING: Final = 7
DT_VARIANT: Final = 21

# Where NumPy has no such type, the integers that have its bits. A type of four or two bits takes
# a byte an element.
_STORED: Final[dict[int, str]] = {
    1: "<f4",  # DT_FLOAT
    2: "<f8",  # DT_DOUBLE
    3: "<i4",  # DT_INT32
    4: "<u1",  # DT_UINT8
    5: "<i2",  # DT_INT16
    6: "<i1",  # DT_INT8
    8: "<c8",  # DT_COMPLEX64
    9: "<i8",  # DT_INT64
    10: "?",  # DT_BOOL
    11: "<i1",  # DT_QINT8
    12: "<u1",  # DT_QUINT8
    13: "<i4",  # DT_QINT32
    14: "<u2",  # DT_BFLOAT16
    15: "<i2",  # DT_QINT16
    16: "<u2",  # DT_QUINT16
    17: "<u2",  # DT_UINT16
    18: "<c16",  # DT_COMPLEX128
    19: "<f2",  # DT_HALF
    22: "<u4",  # DT_UINT32
    23: "<u8",  # DT_UINT64
    24: "<u1",  # DT_FLOAT8_E5M2
    25: "<u1",  # DT_FLOAT8_E4M3FN
    26: "<u1",  # DT_FLOAT8_E4M3FNUZ
    27: "<u1",  # DT_FLOAT8_E4M3B11FNUZ
    28: "<u1",  # DT_FLOAT8_E5M2FNUZ
    29: "<i1",  # DT_INT4
    30: "<u1",  # DT_UINT4
    31: "<i1",  # DT_INT2
    32: "<u1",  # DT_UINT2
}
# The types whose elements NumPy has, by NumPy's type: what an array is saved as.
_NUMBERS: Final = {
    np.dtype(_STORED[number]): number for number in (1, 2, 3, 4, 5, 6, 8, 9, 10, 17, 18, 19, 22, 23)
}


def stored_dtype(number: int) -> np.dtype[Any] | None:
    """Return the NumPy type of stored elements.

    Parameters
    ----------
    number : int
        One of TensorFlow's numbers in its ``DataType`` enumeration.

    Returns
    -------
    dtype or None
        Little-endian; `object` for strings; None for types that cannot be stored as elements.
    """
    if number == DT_STRING:
        return np.dtype(object)
    name = _STORED.get(number)
    return None if name is None else np.dtype(name)


def number_of(dtype: Any) -> int | None:
    """Return TensorFlow's number for a NumPy type, None if it has none."""
    made = np.dtype(dtype)
    if made.kind in "OSU":
        return DT_STRING
    return _NUMBERS.get(made.newbyteorder("<"))
