"""Functions that run along an axis, and counts of the values of an array."""

from __future__ import annotations

from typing import Any

from skflow.graph.conversion import constant, convert
from skflow.graph.dtypes import as_dtype, int32
from skflow.graph.functions._common import cast_if_needed
from skflow.graph.functions.reduction import reduce_max, reduce_prod
from skflow.graph.functions.shapes import shape
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope


def cumsum(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """Compute the running sums along an axis.

    Parameters
    ----------
    x : Tensor of numbers
        What to add up.
    axis : int
        The axis, counted from the back if negative.
    exclusive : bool
        Leave each element out of its own sum.
    reverse : bool
        Run from the end of the axis.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        Of the same type and shape.

    Raises
    ------
    InvalidArgumentError
        At run time, if the axis is out of range.
    """
    with name_scope(name, "Cumsum", [x]) as scope:
        return raw.Cumsum(  # type: ignore[no-any-return]
            convert(x, name="x"), axis, exclusive=exclusive, reverse=reverse, name=scope
        )


def cumprod(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """Compute the running products along an axis.

    Parameters
    ----------
    x : Tensor of numbers
        What to multiply.
    axis : int
        The axis, counted from the back if negative.
    exclusive : bool
        Leave each element out of its own product.
    reverse : bool
        Run from the end of the axis.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        Of the same type and shape.

    Raises
    ------
    InvalidArgumentError
        At run time, if the axis is out of range.
    """
    with name_scope(name, "Cumprod", [x]) as scope:
        return raw.Cumprod(  # type: ignore[no-any-return]
            convert(x, name="x"), axis, exclusive=exclusive, reverse=reverse, name=scope
        )


def bincount(
    arr: Any, weights: Any = None, minlength: Any = None, maxlength: Any = None, dtype: Any = int32
) -> Tensor:
    """Count how often each natural number occurs.

    Parameters
    ----------
    arr : Tensor of int32
        The numbers, none of them negative.
    weights : Tensor of the shape of `arr`, optional
        What each occurrence counts; 1 by default.
    minlength : int, optional
        The least length of the result.
    maxlength : int, optional
        The greatest length of the result: greater numbers are not counted.
    dtype : DType
        The type of the counts, if there are no weights.

    Returns
    -------
    Tensor, shape (n,)
        The sum of the weights of each number, up to the greatest that occurs.

    Raises
    ------
    InvalidArgumentError
        At run time, if a number is negative or the shapes differ.
    """
    numbers = convert(arr, int32, "arr")
    occupied = raw.Greater(reduce_prod(shape(numbers)), 0, name="Greater")
    size = raw.Mul(
        cast_if_needed(occupied, int32), raw.Add(reduce_max(numbers), 1, name="add"), name="mul"
    )
    if minlength is not None:
        size = raw.Maximum(convert(minlength, int32, "minlength"), size)
    if maxlength is not None:
        size = raw.Minimum(convert(maxlength, int32, "maxlength"), size)
    given = constant([], as_dtype(dtype)) if weights is None else convert(weights, name="weights")
    return raw.Bincount(numbers, size, given)  # type: ignore[no-any-return]
