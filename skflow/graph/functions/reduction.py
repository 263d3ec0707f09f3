"""Functions that reduce a tensor along axes: sums, means, extremes, counts and their positions."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.graph.conversion import constant, convert
from skflow.graph.dtypes import int32, int64
from skflow.graph.functions.casting import cast, to_int64
from skflow.graph.functions.filling import range as range_of
from skflow.graph.functions.placeholders import stop_gradient
from skflow.graph.functions.shapes import rank, squeeze
from skflow.graph.nodes import Tensor
from skflow.graph.registry import OpDef, raw
from skflow.graph.scopes import name_scope
from skflow.graph.signature import later_keywords


def _axes(x: Any, axis: Any, reduction_indices: Any) -> Any:
    """What to reduce: the axes given under either name, else all of them."""
    if reduction_indices is not None:
        if axis is not None:
            raise ValueError("Can't specify both axis' and 'reduction_indices'.")
        axis = reduction_indices
    if axis is not None:
        return axis
    if isinstance(x, Tensor) and x.spec.rank is not None:
        return constant(np.arange(x.spec.rank), int32)
    return range_of(0, rank(x))


def _kept(keep_dims: Any, keepdims: Any) -> Any:
    """The flag given under either name."""
    if keepdims is None:
        return keep_dims
    if keep_dims and not keepdims:
        raise ValueError("Cannot specify both 'keep_dims' and 'keepdims'")
    return keepdims


def _reduce(
    op: OpDef, x: Any, axis: Any, keep: Any, name: str | None, reduction_indices: Any
) -> Tensor:
    axes = _axes(x, axis, reduction_indices)
    return op(x, axes, keep_dims=bool(keep), name=name)  # type: ignore[no-any-return]


@later_keywords
def reduce_sum(
    input_tensor: Any,
    axis: Any = None,
    keep_dims: bool = False,
    name: str | None = None,
    reduction_indices: Any = None,
    *,
    keepdims: bool | None = None,
) -> Tensor:
    """Sum a tensor's elements along axes.

    Parameters
    ----------
    input_tensor : Tensor of numbers
        What to sum.
    axis : int or list of int, optional
        The axes, negative ones counted from the back; by default all of them.
    keep_dims : bool
        Keep the axes summed along, with size 1.
    name : str, optional
        The operation's name.
    reduction_indices : int or list of int, optional
        The old name of `axis`.
    keepdims : bool, optional
        The later name of `keep_dims`.

    Returns
    -------
    Tensor
        Of the same type. Floats are summed pairwise or in blocks, so that rounding errors do
        not pile up; integers wrap around.

    Raises
    ------
    ValueError
        If an axis is out of range, or given under both names.
    """
    keep = _kept(keep_dims, keepdims)
    return _reduce(raw.Sum, input_tensor, axis, keep, name, reduction_indices)


@later_keywords
def reduce_mean(
    input_tensor: Any,
    axis: Any = None,
    keep_dims: bool = False,
    name: str | None = None,
    reduction_indices: Any = None,
    *,
    keepdims: bool | None = None,
) -> Tensor:
    """Average a tensor's elements along axes.

    Parameters
    ----------
    input_tensor : Tensor of numbers
        What to average.
    axis : int or list of int, optional
        The axes, negative ones counted from the back; by default all of them.
    keep_dims : bool
        Keep the axes averaged along, with size 1.
    name : str, optional
        The operation's name.
    reduction_indices : int or list of int, optional
        The old name of `axis`.
    keepdims : bool, optional
        The later name of `keep_dims`.

    Returns
    -------
    Tensor
        Of the same type: the mean of integers loses its fraction. NaN where there is nothing
        to average.

    Raises
    ------
    ValueError
        If an axis is out of range, or given under both names.
    """
    keep = _kept(keep_dims, keepdims)
    return _reduce(raw.Mean, input_tensor, axis, keep, name, reduction_indices)


@later_keywords
def reduce_prod(
    input_tensor: Any,
    axis: Any = None,
    keep_dims: bool = False,
    name: str | None = None,
    reduction_indices: Any = None,
    *,
    keepdims: bool | None = None,
) -> Tensor:
    """Multiply a tensor's elements along axes.

    Parameters
    ----------
    input_tensor : Tensor of numbers
        What to multiply.
    axis : int or list of int, optional
        The axes, negative ones counted from the back; by default all of them.
    keep_dims : bool
        Keep the axes multiplied along, with size 1.
    name : str, optional
        The operation's name.
    reduction_indices : int or list of int, optional
        The old name of `axis`.
    keepdims : bool, optional
        The later name of `keep_dims`.

    Returns
    -------
    Tensor
        Of the same type; 1 where there is nothing to multiply.

    Raises
    ------
    ValueError
        If an axis is out of range, or given under both names.
    """
    keep = _kept(keep_dims, keepdims)
    return _reduce(raw.Prod, input_tensor, axis, keep, name, reduction_indices)


@later_keywords
def reduce_min(
    input_tensor: Any,
    axis: Any = None,
    keep_dims: bool = False,
    name: str | None = None,
    reduction_indices: Any = None,
    *,
    keepdims: bool | None = None,
) -> Tensor:
    """Find the least of a tensor's elements along axes.

    Parameters
    ----------
    input_tensor : Tensor of a real type
        Where to look.
    axis : int or list of int, optional
        The axes, negative ones counted from the back; by default all of them.
    keep_dims : bool
        Keep the axes, with size 1.
    name : str, optional
        The operation's name.
    reduction_indices : int or list of int, optional
        The old name of `axis`.
    keepdims : bool, optional
        The later name of `keep_dims`.

    Returns
    -------
    Tensor
        Of the same type. NaN is passed over; of nothing the minimum is the type's greatest
        number. Elements that tie share the gradient.

    Raises
    ------
    ValueError
        If an axis is out of range, or given under both names.
    """
    keep = _kept(keep_dims, keepdims)
    return _reduce(raw.Min, input_tensor, axis, keep, name, reduction_indices)


@later_keywords
def reduce_max(
    input_tensor: Any,
    axis: Any = None,
    keep_dims: bool = False,
    name: str | None = None,
    reduction_indices: Any = None,
    *,
    keepdims: bool | None = None,
) -> Tensor:
    """Find the greatest of a tensor's elements along axes.

    Parameters
    ----------
    input_tensor : Tensor of a real type
        Where to look.
    axis : int or list of int, optional
        The axes, negative ones counted from the back; by default all of them.
    keep_dims : bool
        Keep the axes, with size 1.
    name : str, optional
        The operation's name.
    reduction_indices : int or list of int, optional
        The old name of `axis`.
    keepdims : bool, optional
        The later name of `keep_dims`.

    Returns
    -------
    Tensor
        Of the same type. NaN is passed over; of nothing the maximum is the type's least number.
        Elements that tie share the gradient.

    Raises
    ------
    ValueError
        If an axis is out of range, or given under both names.
    """
    keep = _kept(keep_dims, keepdims)
    return _reduce(raw.Max, input_tensor, axis, keep, name, reduction_indices)


@later_keywords
def reduce_all(
    input_tensor: Any,
    axis: Any = None,
    keep_dims: bool = False,
    name: str | None = None,
    reduction_indices: Any = None,
    *,
    keepdims: bool | None = None,
) -> Tensor:
    """Tell whether all elements are true along axes.

    Parameters
    ----------
    input_tensor : Tensor of bool
        Where to look.
    axis : int or list of int, optional
        The axes, negative ones counted from the back; by default all of them.
    keep_dims : bool
        Keep the axes, with size 1.
    name : str, optional
        The operation's name.
    reduction_indices : int or list of int, optional
        The old name of `axis`.
    keepdims : bool, optional
        The later name of `keep_dims`.

    Returns
    -------
    Tensor of bool

    Raises
    ------
    ValueError
        If an axis is out of range, or given under both names.
    """
    keep = _kept(keep_dims, keepdims)
    return _reduce(raw.All, input_tensor, axis, keep, name, reduction_indices)


@later_keywords
def reduce_any(
    input_tensor: Any,
    axis: Any = None,
    keep_dims: bool = False,
    name: str | None = None,
    reduction_indices: Any = None,
    *,
    keepdims: bool | None = None,
) -> Tensor:
    """Tell whether any element is true along axes.

    Parameters
    ----------
    input_tensor : Tensor of bool
        Where to look.
    axis : int or list of int, optional
        The axes, negative ones counted from the back; by default all of them.
    keep_dims : bool
        Keep the axes, with size 1.
    name : str, optional
        The operation's name.
    reduction_indices : int or list of int, optional
        The old name of `axis`.
    keepdims : bool, optional
        The later name of `keep_dims`.

    Returns
    -------
    Tensor of bool

    Raises
    ------
    ValueError
        If an axis is out of range, or given under both names.
    """
    keep = _kept(keep_dims, keepdims)
    return _reduce(raw.Any, input_tensor, axis, keep, name, reduction_indices)


@later_keywords
def reduce_logsumexp(
    input_tensor: Any,
    axis: Any = None,
    keep_dims: bool = False,
    name: str | None = None,
    reduction_indices: Any = None,
    *,
    keepdims: bool | None = None,
) -> Tensor:
    """Compute ``log(sum(exp(x)))`` along axes, without overflow.

    Parameters
    ----------
    input_tensor : Tensor of a floating type
        The exponents.
    axis : int or list of int, optional
        The axes, negative ones counted from the back; by default all of them.
    keep_dims : bool
        Keep the axes, with size 1.
    name : str, optional
        The name of the scope around the operations.
    reduction_indices : int or list of int, optional
        The old name of `axis`.
    keepdims : bool, optional
        The later name of `keep_dims`.

    Returns
    -------
    Tensor
        Of the same type; the greatest exponent is taken out before the sum. NaN where all
        exponents are infinite.

    Raises
    ------
    ValueError
        If an axis is out of range, or given under both names.
    """
    keep = _kept(keep_dims, keepdims)
    with name_scope(name, "ReduceLogSumExp", [input_tensor]):
        highest = stop_gradient(
            reduce_max(input_tensor, axis, keep_dims=True, reduction_indices=reduction_indices)
        )
        scaled = raw.Exp(raw.Sub(input_tensor, highest, name="sub"))
        total = reduce_sum(scaled, axis, keep_dims=True, reduction_indices=reduction_indices)
        found = raw.Add(raw.Log(total), highest, name="add")
        if keep:
            return found  # type: ignore[no-any-return]
        given = reduction_indices if axis is None else axis
        return squeeze(found, None if given is None else np.reshape(given, -1).tolist())


@later_keywords
def count_nonzero(
    input_tensor: Any,
    axis: Any = None,
    keep_dims: bool = False,
    dtype: Any = int64,
    name: str | None = None,
    reduction_indices: Any = None,
    *,
    keepdims: bool | None = None,
) -> Tensor:
    """Count the elements that are not zero along axes.

    Parameters
    ----------
    input_tensor : Tensor of numbers or bool
        Where to count.
    axis : int or list of int, optional
        The axes, negative ones counted from the back; by default all of them.
    keep_dims : bool
        Keep the axes, with size 1.
    dtype : DType
        The type of the counts.
    name : str, optional
        The name of the scope around the operations.
    reduction_indices : int or list of int, optional
        The old name of `axis`.
    keepdims : bool, optional
        The later name of `keep_dims`.

    Returns
    -------
    Tensor of type `dtype`

    Raises
    ------
    ValueError
        If an axis is out of range, or given under both names.
    """
    keep = _kept(keep_dims, keepdims)
    with name_scope(name, "count_nonzero", [input_tensor]):
        tensor = convert(input_tensor, name="input_tensor")
        zero = tensor.dtype.as_numpy_dtype()
        flags = to_int64(raw.NotEqual(tensor, zero))
        total = reduce_sum(flags, axis, keep_dims=keep, reduction_indices=reduction_indices)
        return cast(total, dtype)


# ---- positions --------------------------------------------------------------------------


def _one_axis(axis: Any, dimension: Any) -> Any:
    if dimension is None:
        return 0 if axis is None else axis
    if axis is not None:
        raise ValueError("Cannot specify both 'axis' and 'dimension'")
    return dimension


def argmax(input: Any, axis: Any = None, name: str | None = None, dimension: Any = None) -> Tensor:
    """Find the position of the greatest element along an axis.

    Parameters
    ----------
    input : Tensor of a real type
        Where to look.
    axis : int, optional
        The axis, counted from the back if negative; by default the first.
    name : str, optional
        The operation's name.
    dimension : int, optional
        The old name of `axis`.

    Returns
    -------
    Tensor of int64
        Of the shape without the axis: the first position of the greatest element. NaN is
        passed over.

    Raises
    ------
    ValueError
        If the axis is out of range, or given under both names.
    """
    return raw.ArgMax(  # type: ignore[no-any-return]
        input, _one_axis(axis, dimension), name=name
    )


def argmin(input: Any, axis: Any = None, name: str | None = None, dimension: Any = None) -> Tensor:
    """Find the position of the least element along an axis.

    Parameters
    ----------
    input : Tensor of a real type
        Where to look.
    axis : int, optional
        The axis, counted from the back if negative; by default the first.
    name : str, optional
        The operation's name.
    dimension : int, optional
        The old name of `axis`.

    Returns
    -------
    Tensor of int64
        Of the shape without the axis: the first position of the least element. NaN is passed
        over.

    Raises
    ------
    ValueError
        If the axis is out of range, or given under both names.
    """
    return raw.ArgMin(  # type: ignore[no-any-return]
        input, _one_axis(axis, dimension), name=name
    )


def arg_max(input: Any, dimension: Any, name: str | None = None) -> Tensor:
    """Find the position of the greatest element along an axis; the old name of `argmax`.

    Parameters
    ----------
    input : Tensor of a real type
        Where to look.
    dimension : int
        The axis.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of int64
    """
    return raw.ArgMax(input, dimension, name=name)  # type: ignore[no-any-return]


def arg_min(input: Any, dimension: Any, name: str | None = None) -> Tensor:
    """Find the position of the least element along an axis; the old name of `argmin`.

    Parameters
    ----------
    input : Tensor of a real type
        Where to look.
    dimension : int
        The axis.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of int64
    """
    return raw.ArgMin(input, dimension, name=name)  # type: ignore[no-any-return]
