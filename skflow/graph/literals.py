"""Python values become arrays by TensorFlow's rules: floats are float32, integers int32."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from skflow.graph.dtypes import Array, DType, as_dtype, float32, int32, string
from skflow.graph.shapes import as_shape, num_elements, to_shape

_LARGE: Final = 3e38  # what is not less may overflow float32


def _integral(value: Any) -> bool:
    return isinstance(value, (numbers.Integral, np.integer))


def _real(value: Any) -> bool:
    return isinstance(value, (numbers.Real, np.floating, np.integer))


def _complex(value: Any) -> bool:
    return isinstance(value, (numbers.Complex, np.number))


def _text(value: Any) -> bool:
    return isinstance(value, (str, bytes))


def _boolean(value: Any) -> bool:
    return isinstance(value, (bool, np.bool_))


_ACCEPTS: Final[dict[str, Callable[[Any], bool]]] = {
    "i": _integral,
    "u": _integral,
    "f": _real,
    "c": _complex,
    "O": _text,
    "b": _boolean,
}


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in _leaves(item)]
    if isinstance(value, np.ndarray):
        return value.reshape(-1).tolist()
    return [value]


def _check_leaves(value: Any, dtype: DType | None) -> None:
    leaves = _leaves(value)
    foreign = [v for v in leaves if not isinstance(v, (numbers.Number, np.generic, str, bytes))]
    if foreign and hasattr(foreign[0], "op"):
        raise TypeError("List of Tensors when single Tensor expected")
    if dtype is None:
        return
    accepts = _ACCEPTS[dtype.np_dtype.kind]
    for leaf in leaves:
        if not accepts(leaf):
            shown = leaf.item() if isinstance(leaf, np.generic) else leaf
            raise TypeError(
                f"Expected {dtype.name}, got {shown!r} of type '{type(leaf).__name__}' instead."
            )
    if dtype.is_integer and leaves and not dtype.min <= min(leaves) <= max(leaves) <= dtype.max:
        # NumPy before 2.0 would wrap them round.
        raise TypeError(f"Expected {dtype.name}, got {value!r}, which is out of range.")


def _dense_dims(value: Any) -> list[int]:
    if isinstance(value, (list, tuple)):
        return [len(value), *_dense_dims(value[0])] if value else [0]
    return list(np.shape(value))


def _to_numpy(value: Any, dtype: DType | None) -> Array:
    """An array of what a Python value holds, with NumPy's idea of its type."""
    wanted = None if dtype is None else dtype.np_dtype
    try:
        with np.errstate(over="ignore"):
            found = np.array(value, dtype=wanted)
    except OverflowError:
        raise TypeError(
            f"Expected {as_dtype(wanted).name}, got {value!r}, which is out of range."
        ) from None
    except ValueError:
        found = np.array(value, dtype=object)
        if dtype is not None and list(found.shape) == _dense_dims(value):
            raise ValueError("setting an array element with a sequence.") from None
    _check_dense(value, found.shape)
    return found


def _check_dense(value: Any, shape: tuple[int, ...]) -> None:
    """Raise ValueError if nested lists are ragged, so that NumPy found them of another shape."""
    dims = _dense_dims(value)
    if list(shape) != dims:
        seen = list(np.array(value, dtype=object).shape)
        raise ValueError(
            f"Argument must be a dense tensor: {value} - got shape {seen}, but wanted {dims}."
        )


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return bytes(value)  # NumPy has a subclass
    raise TypeError(f"Expected binary or unicode string, got {value!r}")


def string_array(value: Any, shape: tuple[int, ...] | None = None) -> Array:
    """An object array of bytes from (nested lists of) str and bytes.

    Raises
    ------
    TypeError
        If an element is neither.
    """
    leaves = [_as_bytes(leaf) for leaf in _leaves(value)]
    if shape is None:
        shape = np.array(value, dtype=object).shape
        _check_dense(value, shape)
    out = np.empty(len(leaves), dtype=object)
    out[:] = leaves
    return out.reshape(shape)


def to_array(value: Any, dtype: DType | None = None) -> Array:
    """Convert a Python or NumPy value to the array a constant of it holds.

    Parameters
    ----------
    value : scalar, (nested) list or numpy.ndarray
        The value.
    dtype : DType, optional
        The wanted type. Without it Python floats become float32 and integers int32 (int64 if
        they do not fit); NumPy's values keep their type.

    Returns
    -------
    numpy.ndarray
        Strings are object arrays of bytes.

    Raises
    ------
    TypeError
        If the value's type does not fit `dtype`.
    ValueError
        If the value is ``None`` or ragged.
    """
    kind = type(value)
    if kind is float and (dtype is None or dtype is float32) and abs(value) < _LARGE:
        return np.array(value, np.float32)
    if kind is int and (dtype is None or dtype is int32) and -(2**31) <= value < 2**31:
        return np.array(value, np.int32)
    if isinstance(value, (np.ndarray, np.generic)):
        return _from_numpy(np.asarray(value), dtype)
    if value is None:
        raise ValueError("None values not supported.")
    if hasattr(value, "__array__") and not isinstance(value, (list, tuple)):
        return _from_numpy(np.asarray(value), dtype)
    _check_leaves(value, dtype)
    if dtype is string:
        return string_array(value)
    found = _to_numpy(value, dtype)
    if found.dtype.kind in "SUO":
        return string_array(value)
    if dtype is None and found.dtype == np.float64 and not _has_numpy(value):
        with np.errstate(over="ignore"):
            return found.astype(np.float32)
    if dtype is None and found.dtype == np.int64 and not _has_numpy(value):
        small = found.astype(np.int32)
        return small if np.array_equal(small, found) else found
    as_dtype(found.dtype)
    return found


def _has_numpy(value: Any) -> bool:
    """Whether NumPy arrays among the elements fix the type; NumPy's scalars do not."""
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, np.ndarray) and value.ndim > 0


def _from_numpy(value: Array, dtype: DType | None) -> Array:
    if value.dtype.kind in "SU" or value.dtype.kind == "O":
        if dtype is not None and dtype is not string:
            return value.astype(dtype.np_dtype)
        return string_array(value, value.shape)
    wanted = as_dtype(value.dtype) if dtype is None else dtype
    if wanted is string:
        raise TypeError(f"Expected string, got {value!r} of type 'ndarray' instead.")
    with np.errstate(all="ignore"):
        return np.array(value, dtype=wanted.np_dtype, order="C")


def constant_array(value: Any, dtype: DType | None, shape: Any, verify_shape: bool) -> Array:
    """The array of ``tf.constant(value, dtype, shape)``: the last element fills what is missing.

    Raises
    ------
    ValueError
        If there are more elements than the shape has room for.
    TypeError
        If `verify_shape` is set and the shapes differ.
    """
    if shape is None:
        return to_array(value, dtype)
    wanted = as_shape(shape)
    dims = to_shape(wanted)
    size = num_elements(dims)
    if dims is None or size is None:
        raise ValueError(f"Cannot make a constant of the partially known shape {wanted}")
    full = tuple(d for d in dims if d is not None)
    if size == 0 and not isinstance(value, (np.ndarray, np.generic)):
        return np.empty(full, dtype=np.float32 if dtype is None else dtype.np_dtype)
    found = to_array(value, dtype)
    if verify_shape and found.shape != full:
        raise TypeError(f"Expected Tensor's shape: {full}, got {found.shape}.")
    if size < found.size:
        raise ValueError(
            f"Too many elements provided. Needed at most {size}, but received {found.size}"
        )
    if size == found.size:
        return found.reshape(full)
    if found.size == 1 and found.dtype != object:
        # All zeros of a large variable's shape, for instance: there is no need to store them.
        return np.broadcast_to(found.reshape(()), full)
    empty = b"" if found.dtype == object else 0
    out = np.full(full, found.reshape(-1)[-1] if found.size else empty, dtype=found.dtype)
    out.reshape(-1)[: found.size] = found.reshape(-1)
    return out
