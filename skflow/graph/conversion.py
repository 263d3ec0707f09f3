"""Anything becomes a tensor: constants, and the table of conversion functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from skflow.graph.core import get_default_graph
from skflow.graph.dtypes import DType, as_dtype
from skflow.graph.literals import constant_array
from skflow.graph.nodes import LATE, Tensor

_CONVERSIONS: Final[list[tuple[int, Any, Callable[..., Any]]]] = []


def register_tensor_conversion_function(
    base_type: Any, conversion_func: Callable[..., Any], priority: int = 100
) -> None:
    """Teach `convert_to_tensor` to convert objects of a type.

    Parameters
    ----------
    base_type : type or tuple of types
        What to convert.
    conversion_func : callable
        ``f(value, dtype=None, name=None, as_ref=False)`` returning a tensor, or
        ``NotImplemented`` to let the next function try.
    priority : int
        Functions with smaller numbers are asked first.

    Raises
    ------
    TypeError
        If the arguments are not what they should be.
    """
    kinds = base_type if isinstance(base_type, tuple) else (base_type,)
    if not all(isinstance(k, type) for k in kinds):
        raise TypeError("base_type must be a type or a tuple of types.")
    if not callable(conversion_func):
        raise TypeError("conversion_func must be callable.")
    _CONVERSIONS.append((priority, base_type, conversion_func))
    _CONVERSIONS.sort(key=lambda item: item[0])


def convert(
    value: Any,
    dtype: DType | None = None,
    name: str | None = None,
    as_ref: bool = False,
    preferred_dtype: DType | None = None,
) -> Tensor:
    """Convert anything to a tensor of the default graph; see `convert_to_tensor`."""
    if type(value) is Tensor:
        return _same_type(value, dtype)
    if type(value) in (int, float) and preferred_dtype is None:
        return constant(value, dtype, name=name or "Const")
    for _, base_type, function in _CONVERSIONS:
        if not isinstance(value, base_type):
            continue
        if dtype is None and preferred_dtype is not None:
            try:
                found = function(value, dtype=preferred_dtype, name=name, as_ref=as_ref)
            except (TypeError, ValueError):
                found = function(value, dtype=None, name=name, as_ref=as_ref)
        else:
            found = function(value, dtype=dtype, name=name, as_ref=as_ref)
        if found is NotImplemented:
            continue
        if not isinstance(found, Tensor):
            raise RuntimeError(  # noqa: TRY004  # TensorFlow's class
                f"Conversion function {function!r} for type {base_type} returned non-Tensor: "
                f"{found!r}"
            )
        return found
    array_like = isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "__array__")
    if array_like or isinstance(value, (int, float, complex, bool, str, bytes, list, tuple)):
        return _constant_converted(value, dtype, name, preferred_dtype)
    if value is None:
        raise ValueError("None values not supported.")
    raise TypeError(
        f"Failed to convert object of type {type(value)} to Tensor. Contents: {value}. Consider "
        "casting elements to a supported type."
    )


def _constant_converted(
    value: Any, dtype: DType | None, name: str | None, preferred: DType | None
) -> Tensor:
    if dtype is None and preferred is not None:
        try:
            return constant(value, preferred, name=name or "Const")
        except (TypeError, ValueError):
            pass
    return constant(value, dtype, name=name or "Const")


def _same_type(value: Tensor, dtype: DType | None) -> Tensor:
    if dtype is not None and not as_dtype(dtype).is_compatible_with(value.dtype.base_dtype):
        raise ValueError(
            f"Tensor conversion requested dtype {dtype.name} for Tensor with dtype "
            f"{value.dtype.name}: {str(value)!r}"
        )
    return value


def convert_to_tensor(
    value: Any, dtype: Any = None, name: str | None = None, preferred_dtype: Any = None
) -> Tensor:
    """Convert a value to a tensor.

    Parameters
    ----------
    value : object
        A tensor, a variable, an array, a number, a string, nested lists of them, or an object
        of a type given to `register_tensor_conversion_function`.
    dtype : DType, optional
        The type it must have.
    name : str, optional
        The name of the operation, if one is made.
    preferred_dtype : DType, optional
        The type to try first if `dtype` leaves the choice open.

    Returns
    -------
    Tensor

    Raises
    ------
    TypeError, ValueError
        If the value cannot be converted, or not to `dtype`.
    """
    wanted = None if dtype is None else as_dtype(dtype)
    preferred = None if preferred_dtype is None else as_dtype(preferred_dtype)
    return convert(value, wanted, name, preferred_dtype=preferred)


def constant(
    value: Any,
    dtype: Any = None,
    shape: Any = None,
    name: str = "Const",
    verify_shape: bool = False,
) -> Tensor:
    """Make a tensor of a value known now.

    Parameters
    ----------
    value : scalar, (nested) list or numpy.ndarray
        The value.
    dtype : DType, optional
        Its type; Python floats are float32 and integers int32 by default.
    shape : sequence of int, optional
        Its shape; the last element fills what is missing.
    name : str
        The operation's name.
    verify_shape : bool
        Raise TypeError if the value's own shape is not `shape`.

    Returns
    -------
    Tensor

    Raises
    ------
    TypeError, ValueError
        If the value does not fit the type or the shape, is ``None`` or is ragged.
    """
    wanted = None if dtype is None else as_dtype(dtype)
    array = constant_array(value, wanted, shape, verify_shape)
    array.flags.writeable = False
    found = as_dtype(array.dtype)
    attrs: dict[str, Any] = {"value": array, "dtype": found}
    if shape is not None and array.size > 1 and (given := np.size(value)) < array.size:
        attrs["given"] = given  # a note for files: what follows repeats the last element
    graph = get_default_graph()
    op = graph.add_operation(
        LATE["Const"], graph.operation_name(name), (), attrs, [(found, array.shape)]
    )
    return op.outputs[0]
