"""Conversions between types: of values, and of bits."""

from __future__ import annotations

from typing import Any

from skflow.graph.conversion import convert
from skflow.graph.dtypes import as_dtype, float32, float64, int32, int64
from skflow.graph.nodes import Tensor
from skflow.graph.registry import REGISTRY, raw
from skflow.graph.scopes import name_scope
from skflow.graph.sparse_types import SparseTensor


def cast(x: Any, dtype: Any, name: str | None = None) -> Tensor:
    """Convert values to another type.

    Parameters
    ----------
    x : Tensor or SparseTensor
        The values. Floating numbers are truncated to integers; of complex numbers the real part
        is kept.
    dtype : DType
        The type wanted.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor or SparseTensor of type `dtype`, of the shape of `x`
        `x` itself if it is of that type already.

    Raises
    ------
    TypeError
        If `dtype` is no type.
    UnimplementedError
        When run, if strings are converted to numbers or the reverse.
    """
    wanted = as_dtype(dtype).base_dtype
    sparse = isinstance(x, SparseTensor)
    with name_scope(name, "Cast", [x.values if sparse else x]) as scope:
        if sparse:
            values = cast(x.values, wanted, name=scope)
            return SparseTensor(x.indices, values, x.dense_shape)  # type: ignore[return-value]
        tensor = convert(x, name="x")
        if tensor.dtype.base_dtype is wanted:
            return tensor
        return raw.Cast(tensor, DstT=wanted, name=scope)  # type: ignore[no-any-return]


def to_float(x: Any, name: str | None = "ToFloat") -> Tensor:
    """Convert values to float32.

    Parameters
    ----------
    x : Tensor or SparseTensor
        The values.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor or SparseTensor of float32, of the shape of `x`
    """
    return cast(x, float32, name=name)


def to_double(x: Any, name: str | None = "ToDouble") -> Tensor:
    """Convert values to float64.

    Parameters
    ----------
    x : Tensor or SparseTensor
        The values.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor or SparseTensor of float64, of the shape of `x`
    """
    return cast(x, float64, name=name)


def to_int32(x: Any, name: str | None = "ToInt32") -> Tensor:
    """Convert values to int32.

    Parameters
    ----------
    x : Tensor or SparseTensor
        The values; fractions are cut off.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor or SparseTensor of int32, of the shape of `x`
    """
    return cast(x, int32, name=name)


def to_int64(x: Any, name: str | None = "ToInt64") -> Tensor:
    """Convert values to int64.

    Parameters
    ----------
    x : Tensor or SparseTensor
        The values; fractions are cut off.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor or SparseTensor of int64, of the shape of `x`
    """
    return cast(x, int64, name=name)


def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Tensor:
    """Convert values to another type; what does not fit becomes the nearest value that does.

    Parameters
    ----------
    value : Tensor of a real number type
        The values.
    dtype : DType
        The type wanted.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of type `dtype`, of the shape of `value`

    Raises
    ------
    TypeError
        If one of the types has no order.
    """
    with name_scope(name, "saturate_cast", [value]) as scope:
        tensor = convert(value, name="value")
        source, wanted = tensor.dtype.base_dtype, as_dtype(dtype).base_dtype
        if source.min < wanted.min:
            tensor = raw.Maximum(tensor, convert(wanted.min, source, "min"))
        if source.max > wanted.max:
            tensor = raw.Minimum(tensor, convert(wanted.max, source, "max"))
        return cast(tensor, wanted, name=scope)


def bitcast(input: Any, type: Any, name: str | None = None) -> Tensor:
    """Read the bits of values as values of another type.

    Parameters
    ----------
    input : Tensor of numbers
        The values.
    type : DType
        The number type to read the bits as.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of type `type`
        If that is narrower, the shape of `input` with one more axis at the end; if it is wider,
        the last axis, which has to hold one value's parts, is gone.

    Raises
    ------
    TypeError
        If one of the types is no number type.
    ValueError
        If the last axis does not hold one value's parts.
    """
    wanted = as_dtype(type).base_dtype
    allowed = REGISTRY["Bitcast"].types["type"]
    if wanted not in allowed:
        raise TypeError(
            f"Value passed to parameter 'type' has DataType {wanted.name} not in list of allowed "
            f"values: {', '.join(d.name for d in allowed)}"
        )
    return raw.Bitcast(input, type=wanted, name=name)  # type: ignore[no-any-return]
