"""Anything becomes a tensor: constants, and the table of conversion functions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import numpy as np

from skflow.graph.core import get_default_graph
from skflow.graph.dtypes import DType, as_dtype
from skflow.graph.literals import constant_array
from skflow.graph.nodes import LATE, Operation, Tensor

_CONVERSIONS: Final[list[tuple[int, Any, Callable[..., Any]]]] = []
_PLAIN: Final[set[type]] = {int, float}  # types that need no look into the table


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
    _PLAIN.difference_update([k for k in _PLAIN if issubclass(k, base_type) and priority < 200])


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
    if type(value) in _PLAIN and preferred_dtype is None:
        return constant(value, dtype, name=name or "Const")
    for _, base_type, function in _CONVERSIONS:
        if isinstance(value, base_type):
            found = _ask(function, value, dtype, name, as_ref, preferred_dtype)
            if found is not NotImplemented:
                _check_converted(found, dtype, name, function, base_type)
                return found  # type: ignore[no-any-return]
    prefix = "" if name is None else f"{name}: "
    raise TypeError(
        f"{prefix}Cannot convert {value!r} with type {type(value)} to Tensor: no conversion "
        "function registered."
    )


def _ask(
    function: Callable[..., Any],
    value: Any,
    dtype: DType | None,
    name: str | None,
    as_ref: bool,
    preferred: DType | None,
) -> Any:
    """What a conversion function makes of a value, of the preferred type if it can."""
    if dtype is None and preferred is not None:
        found = None
        with suppress(TypeError, ValueError):
            found = function(value, dtype=preferred, name=name, as_ref=as_ref)
        if found is not None:
            if found is not NotImplemented and found.dtype.base_dtype is not preferred.base_dtype:
                raise TypeError(
                    "convert_to_tensor did not convert to the preferred dtype: "
                    f"{found.dtype.base_dtype} vs {preferred.base_dtype} "
                )
            return found
    return function(value, dtype=dtype, name=name, as_ref=as_ref)


def _check_converted(
    found: Any, dtype: DType | None, name: str | None, function: Any, base_type: Any
) -> None:
    said = f"Conversion function {function!r} for type {base_type} returned"
    prefix = "" if name is None else f"{name}: "
    if not isinstance(found, Tensor):
        raise RuntimeError(f"{prefix}{said} non-Tensor: {found!r}")  # noqa: TRY004  # TensorFlow's
    if dtype is not None and not dtype.is_compatible_with(found.dtype):
        raise RuntimeError(
            f"{prefix}{said} incompatible dtype: requested = {dtype.name}, actual = "
            f"{found.dtype.name}"
        )


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
    name: str | None = "Const",
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
    full = graph.operation_name("Const" if name is None else name)
    op = graph.add_operation(LATE["Const"], full, (), attrs, [(found, array.shape)])
    return op.outputs[0]


def _from_constant(
    value: Any, dtype: DType | None = None, name: str | None = None, as_ref: bool = False
) -> Tensor:
    del as_ref
    return constant(value, dtype, name=name or "Const")


def _from_tensor(
    value: Tensor, dtype: DType | None = None, name: str | None = None, as_ref: bool = False
) -> Tensor:
    del name, as_ref
    return _same_type(value, dtype)


def _from_operation(
    value: Operation, dtype: DType | None = None, name: str | None = None, as_ref: bool = False
) -> Tensor:
    raise TypeError(
        f"Can't convert Operation '{value.name}' to Tensor (target dtype={dtype!r}, "
        f"name={name!r}, as_ref={as_ref!r})"
    )


register_tensor_conversion_function(Tensor, _from_tensor, 0)
register_tensor_conversion_function(Operation, _from_operation)
register_tensor_conversion_function((list, tuple, np.ndarray, np.generic), _from_constant)
register_tensor_conversion_function(object, _from_constant, 200)
LATE["convert"] = convert
