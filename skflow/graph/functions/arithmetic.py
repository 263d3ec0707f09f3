"""Sums, differences, products, signs and squares, element by element."""

from __future__ import annotations

from typing import Any

from skflow.graph.conversion import convert
from skflow.graph.dtypes import as_dtype
from skflow.graph.functions._elementwise import binary, on_values, unary
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope
from skflow.graph.shapes import as_shape
from skflow.graph.sparse_types import (
    IndexedSlices,
    SparseTensor,
    convert_n_to_tensor_or_indexed_slices,
)


def add(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Add, element by element; strings are joined.

    Parameters
    ----------
    x : Tensor of numbers or strings
        The first terms.
    y : Tensor of the type of `x`
        The second terms. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type of `x`
    """
    return binary(raw.Add, x, y, name)


def subtract(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Subtract, element by element.

    Parameters
    ----------
    x : Tensor of a signed number type
        What to subtract from.
    y : Tensor of the type of `x`
        What to subtract. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type of `x`
    """
    return binary(raw.Sub, x, y, name)


def multiply(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Multiply, element by element.

    Parameters
    ----------
    x : Tensor of numbers
        The first factors.
    y : Tensor of the type of `x`
        The second factors. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type of `x`
    """
    return binary(raw.Mul, x, y, name)


def squared_difference(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Compute ``(x - y) * (x - y)``, element by element.

    Parameters
    ----------
    x : Tensor of a signed number type
        What to subtract from.
    y : Tensor of the type of `x`
        What to subtract. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type of `x`
    """
    return binary(raw.SquaredDifference, x, y, name)


def maximum(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Take the larger of two, element by element.

    Parameters
    ----------
    x : Tensor of a signed real number type
        The first candidates; a NaN among them is kept.
    y : Tensor of the type of `x`
        The second candidates; a NaN among them is passed over. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type of `x`
    """
    return binary(raw.Maximum, x, y, name)


def minimum(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Take the smaller of two, element by element.

    Parameters
    ----------
    x : Tensor of a signed real number type
        The first candidates; a NaN among them is kept.
    y : Tensor of the type of `x`
        The second candidates; a NaN among them is passed over. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type of `x`
    """
    return binary(raw.Minimum, x, y, name)


def negative(x: Any, name: str | None = None) -> Tensor:
    """Change signs, element by element.

    Parameters
    ----------
    x : Tensor or SparseTensor of a signed number type
        The numbers.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor or SparseTensor of the type and shape of `x`
    """
    return on_values(raw.Neg, x, name)


def sign(x: Any, name: str | None = None) -> Tensor:
    """Tell signs: -1, 0 or 1, element by element.

    Parameters
    ----------
    x : Tensor or SparseTensor of a signed number type
        The numbers. NaN has the sign 0, a complex number its direction ``x / abs(x)``.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor or SparseTensor of the type and shape of `x`
    """
    return on_values(raw.Sign, x, name)


def square(x: Any, name: str | None = None) -> Tensor:
    """Square, element by element.

    Parameters
    ----------
    x : Tensor or SparseTensor of a signed number type
        The numbers.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor or SparseTensor of the type and shape of `x`
    """
    return on_values(raw.Square, x, name)


def abs(x: Any, name: str | None = None) -> Tensor:
    """Take absolute values, element by element.

    Parameters
    ----------
    x : Tensor or SparseTensor of a signed number type
        The numbers.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor or SparseTensor of the shape of `x`
        Of the type of `x`, or of its real part's if that is complex.
    """
    if isinstance(x, SparseTensor):
        with name_scope(name, "Abs", [x.values]) as scope:
            values = _absolute(x.values, scope)
            return SparseTensor(x.indices, values, x.dense_shape)  # type: ignore[return-value]
    with name_scope(name, "Abs", [x]) as scope:
        return _absolute(convert(x, name="x"), scope)


def _absolute(x: Tensor, scope: str) -> Tensor:
    if x.dtype.is_complex:
        return raw.ComplexAbs(x, Tout=x.dtype.real_dtype, name=scope)  # type: ignore[no-any-return]
    return raw.Abs(x, name=scope)  # type: ignore[no-any-return]


def scalar_mul(scalar: Any, x: Any) -> Any:
    """Multiply a tensor, or slices of one, by a number.

    Parameters
    ----------
    scalar : Tensor of the type of `x`, shape ()
        The number.
    x : Tensor or IndexedSlices
        What to multiply.

    Returns
    -------
    Tensor or IndexedSlices
        As `x` is.

    Raises
    ------
    ValueError
        If `scalar` is not a scalar.
    """
    factor: Any = convert(scalar, x.dtype.base_dtype, "scalar")
    if factor.get_shape().ndims != 0:
        raise ValueError(f"Only scalar multiply works, got shape {factor.get_shape()}")
    if isinstance(x, IndexedSlices):
        return IndexedSlices(factor * x.values, x.indices, x.dense_shape)
    return factor * x


_TERMS = "inputs must be a list of at least one Tensor with the same dtype and shape"


def _terms(inputs: Any) -> list[Tensor]:
    """The terms of a sum as tensors."""
    if not inputs or not isinstance(inputs, (list, tuple)):
        raise ValueError(_TERMS)
    terms = convert_n_to_tensor_or_indexed_slices(inputs)
    if not all(isinstance(t, Tensor) for t in terms):
        raise ValueError(_TERMS)
    return terms


def add_n(inputs: Any, name: str | None = None) -> Tensor:
    """Add up several tensors.

    Parameters
    ----------
    inputs : list of Tensor
        At least one; all of one type and shape.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of the inputs
        The one input itself, if there is one and `name` is not given.

    Raises
    ------
    ValueError
        If there is no input, or one is not a tensor, or the shapes differ.
    TypeError
        If the types differ.
    """
    terms = _terms(inputs)
    if len(terms) == 1:
        return unary(raw.Identity, terms[0], name) if name else terms[0]
    return unary(raw.AddN, terms, name)


def accumulate_n(
    inputs: Any, shape: Any = None, tensor_dtype: Any = None, name: str | None = None
) -> Tensor:
    """Add up several tensors, as `add_n` does, with a say in the shape and the type.

    Parameters
    ----------
    inputs : list of Tensor
        At least one; all of one type and shape.
    shape : TensorShape or sequence of int, optional
        What the caller knows of their shape.
    tensor_dtype : DType, optional
        Their type.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of the inputs
        It has a gradient, which TensorFlow's has not: one ``AddN`` stands for its temporary
        variable.

    Raises
    ------
    ValueError
        If there is no input, or one is not a tensor, or types or shapes differ.
    TypeError
        If the inputs are not of the type `tensor_dtype`.
    """
    terms = _terms(inputs)
    if any(t.dtype != terms[0].dtype for t in terms):
        raise ValueError(_TERMS)
    merged = as_shape(shape)
    for term in terms:
        merged = merged.merge_with(term.get_shape())
    if len(terms) == 1:
        return terms[0]
    if tensor_dtype is not None and as_dtype(tensor_dtype) != terms[0].dtype.base_dtype:
        raise TypeError(
            f"tensor_dtype is {as_dtype(tensor_dtype).name}, but the inputs are of type "
            f"{terms[0].dtype.base_dtype.name}"
        )
    found = unary(raw.AddN, terms, name or "AccumulateN")
    found.set_shape(merged)
    return found


def cross(a: Any, b: Any, name: str | None = None) -> Tensor:
    """Take cross products of vectors of three elements.

    Parameters
    ----------
    a, b : Tensor of a real number type, shape (..., 3)
        The vectors along the last axis. Both are of one type and shape.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `a`
    """
    return binary(raw.Cross, a, b, name)
