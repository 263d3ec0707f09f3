"""Data types: TensorFlow's names and numbers for what an array's elements are."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# (number in TensorFlow's DataType enum, TensorFlow's name, NumPy's type)
_TYPES: Final[tuple[tuple[int, str, Any], ...]] = (
    (1, "float32", np.float32),
    (2, "float64", np.float64),
    (3, "int32", np.int32),
    (4, "uint8", np.uint8),
    (5, "int16", np.int16),
    (6, "int8", np.int8),
    (7, "string", np.object_),
    (8, "complex64", np.complex64),
    (9, "int64", np.int64),
    (10, "bool", np.bool_),
    (17, "uint16", np.uint16),
    (18, "complex128", np.complex128),
    (19, "float16", np.float16),
    (22, "uint32", np.uint32),
    (23, "uint64", np.uint64),
)
_REF_OFFSET: Final = 100
_NAMES: Final = {number: name for number, name, _ in _TYPES}
_NUMPY: Final = {number: kind for number, _, kind in _TYPES}

_BY_NUMBER: Final[dict[int, DType]] = {}


class DType:
    """The type of a tensor's elements.

    Parameters
    ----------
    type_enum : int
        The type's number in TensorFlow's ``DataType`` enumeration; numbers over 100 are
        reference types (a variable's own tensor).

    Raises
    ------
    TypeError
        If the number names no type.
    """

    __slots__ = ("_number", "as_numpy_dtype", "base_dtype", "is_ref_dtype", "name", "np_dtype")

    _number: int
    as_numpy_dtype: Any
    base_dtype: DType
    is_ref_dtype: bool
    name: str
    np_dtype: np.dtype[Any]

    def __new__(cls, type_enum: int) -> DType:  # noqa: PYI034  # there is one of each number
        return _BY_NUMBER.get(int(type_enum)) or object.__new__(cls)

    def __init__(self, type_enum: int) -> None:
        number = int(type_enum)
        base = number - _REF_OFFSET if number > _REF_OFFSET else number
        if base not in _NAMES:
            raise TypeError(f"type_enum is not a valid types_pb2.DataType: {type_enum}")
        self._number = number
        self.is_ref_dtype = number != base
        self.name = _NAMES[base] + ("_ref" if self.is_ref_dtype else "")
        self.as_numpy_dtype = _NUMPY[base]
        self.np_dtype = np.dtype(_NUMPY[base])
        self.base_dtype = _BY_NUMBER[base] if self.is_ref_dtype else self

    @property
    def as_datatype_enum(self) -> int:
        """The type's number in TensorFlow's ``DataType`` enumeration."""
        return self._number

    @property
    def as_ref(self) -> DType:
        """The reference type over this type."""
        return self if self.is_ref_dtype else _BY_NUMBER[self._number + _REF_OFFSET]

    @property
    def real_dtype(self) -> DType:
        """The type of this type's real part."""
        return {complex64: float32, complex128: float64}.get(self.base_dtype, self)

    @property
    def is_integer(self) -> bool:
        """Whether this is a (signed or unsigned) integer type."""
        return self.np_dtype.kind in "iu"

    @property
    def is_floating(self) -> bool:
        """Whether this is a real floating point type."""
        return self.np_dtype.kind == "f"

    @property
    def is_complex(self) -> bool:
        """Whether this is a complex type."""
        return self.np_dtype.kind == "c"

    @property
    def is_bool(self) -> bool:
        """Whether this is the boolean type."""
        return self.np_dtype.kind == "b"

    @property
    def is_quantized(self) -> bool:
        """Whether this is a quantized type (none of them is supported)."""
        return False

    @property
    def is_unsigned(self) -> bool:
        """Whether this is an unsigned integer type."""
        return self.np_dtype.kind == "u"

    @property
    def is_numeric(self) -> bool:
        """Whether arithmetic is defined on this type."""
        return self.np_dtype.kind in "iufc"

    @property
    def min(self) -> Any:
        """The least finite value, as a NumPy scalar.

        Raises
        ------
        TypeError
            If the type has no order.
        """
        return self._limit("min", "minimum")

    @property
    def max(self) -> Any:
        """The greatest finite value, as a NumPy scalar.

        Raises
        ------
        TypeError
            If the type has no order.
        """
        return self._limit("max", "maximum")

    def _limit(self, which: str, word: str) -> Any:
        if self.np_dtype.kind == "f":
            return self.as_numpy_dtype(getattr(np.finfo(self.as_numpy_dtype), which))
        if self.np_dtype.kind in "iu":
            return self.as_numpy_dtype(getattr(np.iinfo(self.as_numpy_dtype), which))
        raise TypeError(f"Cannot find {word} value of {self}.")

    @property
    def limits(self) -> tuple[Any, Any]:
        """What intensities of images of this type lie between: 0 and 1, or the greatest integer.

        Raises
        ------
        TypeError
            If the type has no order.
        """
        greatest = self.max
        return 0, 1 if self.is_floating else int(greatest)

    @property
    def size(self) -> int:
        """Bytes an element takes; 1 for strings, as in TensorFlow."""
        return 1 if self.np_dtype.kind == "O" else self.np_dtype.itemsize

    def is_compatible_with(self, other: Any) -> bool:
        """Whether a tensor of type `other` may be used where this type is wanted.

        Parameters
        ----------
        other : DType, numpy.dtype, str or type
            Anything `as_dtype` accepts.
        """
        return self._number in (as_dtype(other)._number, as_dtype(other).base_dtype._number)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if other is None:
            return False
        try:
            return self is as_dtype(other)
        except TypeError:
            return False

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return self._number

    def __int__(self) -> int:
        return self._number

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return as_dtype, (self.name,)


for _number in _NAMES:
    _BY_NUMBER[_number] = DType(_number)
for _number in _NAMES:
    _BY_NUMBER[_number + _REF_OFFSET] = DType(_number + _REF_OFFSET)

float32: Final = _BY_NUMBER[1]
float64: Final = _BY_NUMBER[2]
int32: Final = _BY_NUMBER[3]
uint8: Final = _BY_NUMBER[4]
int16: Final = _BY_NUMBER[5]
int8: Final = _BY_NUMBER[6]
string: Final = _BY_NUMBER[7]
complex64: Final = _BY_NUMBER[8]
int64: Final = _BY_NUMBER[9]
bool_: Final = _BY_NUMBER[10]
uint16: Final = _BY_NUMBER[17]
complex128: Final = _BY_NUMBER[18]
float16: Final = _BY_NUMBER[19]
uint32: Final = _BY_NUMBER[22]
uint64: Final = _BY_NUMBER[23]
half: Final = float16
double: Final = float64

FLOATS: Final = (float16, float32, float64)
COMPLEX: Final = (complex64, complex128)
INEXACT: Final = (*FLOATS, *COMPLEX)
SIGNED: Final = (int8, int16, int32, int64)
UNSIGNED: Final = (uint8, uint16, uint32, uint64)
INTEGERS: Final = (*SIGNED, *UNSIGNED)
REAL: Final = (*FLOATS, *INTEGERS)
NUMBERS: Final = (*INEXACT, *INTEGERS)
INDEX: Final = (int32, int64)
ALL: Final = (*NUMBERS, bool_, string)

_LOOKUP: Final[dict[Any, DType]] = {}
for _dtype in tuple(_BY_NUMBER.values()):
    _LOOKUP[_dtype.name] = _LOOKUP[_dtype._number] = _dtype
    if not _dtype.is_ref_dtype:
        _LOOKUP[_dtype.as_numpy_dtype] = _LOOKUP[_dtype.np_dtype] = _dtype
_LOOKUP.update(
    {"half": float16, "float": float32, "double": float64, "half_ref": float16.as_ref}
    | {"float_ref": float32.as_ref, "double_ref": float64.as_ref}
    | {bool: bool_, int: int64, float: float64, complex: complex128, object: string}
)


def as_dtype(type_value: Any) -> DType:
    """Convert anything that names a type to its `DType`.

    Parameters
    ----------
    type_value : DType, numpy.dtype, type, str or int
        A type, NumPy's or Python's type, a name, or a number of the ``DataType`` enumeration.

    Returns
    -------
    DType

    Raises
    ------
    TypeError
        If nothing of that name is known.
    """
    if isinstance(type_value, DType):
        return type_value
    try:
        found = _LOOKUP.get(type_value)
        if found is not None:
            return found
        # NumPy would take None for float64.
        kind = np.dtype("V" if type_value is None else type_value)
    except TypeError:
        raise TypeError(f"Cannot convert value {type_value!r} to a TensorFlow DType.") from None
    if kind.kind in "SU":
        return string
    found = _LOOKUP.get(kind.newbyteorder("="))
    if found is None:
        raise TypeError(f"Cannot convert value {type_value!r} to a TensorFlow DType.")
    return found
