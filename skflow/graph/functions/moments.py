"""Functions that estimate means and variances, and the share of zeros."""

from __future__ import annotations

import math
from typing import Any

from skflow.graph.conversion import constant, convert
from skflow.graph.dtypes import float16, float32
from skflow.graph.functions._common import cast_if_needed
from skflow.graph.functions.filling import zeros_like
from skflow.graph.functions.placeholders import stop_gradient
from skflow.graph.functions.reduction import reduce_mean, reduce_prod, reduce_sum
from skflow.graph.functions.shapes import reshape, shape, squeeze
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import control_dependencies, name_scope
from skflow.graph.signature import later_keywords


def sufficient_statistics(
    x: Any, axes: Any, shift: Any = None, keep_dims: bool = False, name: str | None = None
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Compute what mean and variance follow from, in one pass.

    Parameters
    ----------
    x : Tensor of a floating type
        The data.
    axes : list of int
        The axes to average over.
    shift : Tensor, optional
        A number near the mean that is subtracted first, which keeps digits.
    keep_dims : bool
        Keep the axes, with size 1.
    name : str, optional
        The name of the scope around the operations.

    Returns
    -------
    count : Tensor, shape ()
        How many elements are averaged.
    mean_ss : Tensor
        The sum of the (shifted) elements.
    variance_ss : Tensor
        The sum of their squares.
    shift : Tensor or None
        The shift.

    References
    ----------
    Chan, Golub and LeVeque (1983). Algorithms for computing the sample variance. The American
    Statistician 37, 242-247.
    """
    distinct = list(set(axes))
    with name_scope(name, "sufficient_statistics", [x, shift]):
        tensor = convert(x, name="x")
        count = _count(tensor, distinct)
        if shift is None:
            first, second = tensor, raw.Square(tensor)
        else:
            shift = convert(shift, name="shift")
            first = raw.Sub(tensor, shift)
            second = raw.SquaredDifference(tensor, shift)
        first = reduce_sum(first, distinct, keep_dims=keep_dims, name="mean_ss")
        second = reduce_sum(second, distinct, keep_dims=keep_dims, name="var_ss")
    return count, first, second, shift


def _count(x: Tensor, axes: list[int]) -> Tensor:
    """How many elements lie along some axes, of the type of `x`."""
    sizes = [x.get_shape()[a].value for a in axes]
    known = [s for s in sizes if s is not None]
    if len(known) == len(sizes):
        return constant(math.prod(known), x.dtype.base_dtype)
    dims = cast_if_needed(shape(x), x.dtype.base_dtype)
    return reduce_prod(raw.Gather(dims, axes), name="count")


def normalize_moments(
    counts: Any, mean_ss: Any, variance_ss: Any, shift: Any, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Compute mean and variance from sufficient statistics.

    Parameters
    ----------
    counts : Tensor, shape ()
        How many elements are averaged.
    mean_ss : Tensor
        The sum of the (shifted) elements.
    variance_ss : Tensor
        The sum of their squares.
    shift : Tensor or None
        What was subtracted from the elements first.
    name : str, optional
        The name of the scope around the operations.

    Returns
    -------
    mean : Tensor
    variance : Tensor
        The mean square deviation: divided by the count.
    """
    with name_scope(name, "normalize", [counts, mean_ss, variance_ss, shift]):
        divisor = raw.Reciprocal(counts, name="divisor")
        if shift is None:
            centre = mean = raw.Mul(mean_ss, divisor, name="mean")
        else:
            centre = raw.Mul(mean_ss, divisor, name="shifted_mean")
            mean = raw.Add(centre, shift, name="mean")
        variance = raw.Sub(raw.Mul(variance_ss, divisor), raw.Square(centre), name="variance")
    return mean, variance


@later_keywords
def moments(
    x: Any,
    axes: Any,
    shift: Any = None,
    name: str | None = None,
    keep_dims: bool = False,
    *,
    keepdims: bool | None = None,
) -> tuple[Tensor, Tensor]:
    """Compute mean and variance along axes.

    Parameters
    ----------
    x : Tensor of a floating type
        The data; float16 is averaged in float32.
    axes : list of int
        The axes to average over.
    shift : Tensor, optional
        A number near the mean that is subtracted first; by default the mean.
    name : str, optional
        The name of the scope around the operations.
    keep_dims : bool
        Keep the axes, with size 1.
    keepdims : bool, optional
        The later name of `keep_dims`.

    Returns
    -------
    mean : Tensor
    variance : Tensor
        The mean square deviation: divided by the count.
    """
    keep = keep_dims if keepdims is None else keepdims
    with name_scope(name, "moments", [x, axes, shift]):
        short = x.dtype == float16
        wide = cast_if_needed(x, float32) if short else x
        if shift is None:
            shift = stop_gradient(reduce_mean(wide, axes, keep_dims=True))
        else:
            shift = cast_if_needed(shift, wide.dtype.base_dtype)
        count, first, second, shift = sufficient_statistics(
            wide, axes, shift=shift, keep_dims=keep, name=name
        )
        shift = reshape(shift, shape(first))
        shift.set_shape(first.get_shape())
        with control_dependencies([count, first, second]):
            mean, variance = normalize_moments(count, first, second, shift, name=name)
            if short:
                return cast_if_needed(mean, float16), cast_if_needed(variance, float16)
            return mean, variance


@later_keywords
def weighted_moments(
    x: Any,
    axes: Any,
    frequency_weights: Any,
    name: str | None = None,
    keep_dims: bool = False,
    *,
    keepdims: bool | None = None,
) -> tuple[Tensor, Tensor]:
    """Compute weighted mean and variance along axes, in two passes.

    Parameters
    ----------
    x : Tensor of a floating type
        The data; float16 is averaged in float32.
    axes : list of int
        The axes to average over.
    frequency_weights : Tensor
        How often each element counts; it broadcasts against `x`.
    name : str, optional
        The name of the scope around the operations.
    keep_dims : bool
        Keep the axes, with size 1.
    keepdims : bool, optional
        The later name of `keep_dims`.

    Returns
    -------
    mean : Tensor
    variance : Tensor
        The weighted mean square deviation.
    """
    keep = keep_dims if keepdims is None else keepdims
    with name_scope(name, "weighted_moments", [x, frequency_weights, axes]):
        tensor = convert(x, name="x")
        weights = convert(frequency_weights, name="frequency_weights")
        short = tensor.dtype == float16
        if short:
            tensor = cast_if_needed(tensor, float32)
        if weights.dtype.base_dtype is not tensor.dtype.base_dtype:
            weights = cast_if_needed(weights, tensor.dtype.base_dtype)
        mean, variance = _weighted(tensor, weights, axes)
        if not keep:
            mean, variance = squeeze(mean, axes), squeeze(variance, axes)
        if short:
            mean, variance = cast_if_needed(mean, float16), cast_if_needed(variance, float16)
        return mean, variance


def _weighted(x: Tensor, weights: Tensor, axes: Any) -> tuple[Tensor, Tensor]:
    """Weighted mean and variance, with the axes kept."""
    total = reduce_sum(
        raw.Mul(weights, x, name="mul"), axes, name="weighted_input_sum", keep_dims=True
    )
    everywhere = raw.Add(weights, zeros_like(x), name="add")
    mass = reduce_sum(everywhere, axes, name="sum_of_weights", keep_dims=True)
    divisor = raw.Reciprocal(mass, name="inv_weight_sum")
    mean = raw.Mul(total, divisor)
    squares = raw.Mul(weights, raw.SquaredDifference(x, mean), name="mul")
    spread = reduce_sum(squares, axes, name="weighted_distsq", keep_dims=True)
    return mean, raw.Mul(spread, divisor)


def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """Compute the share of a tensor's elements that are zero.

    Parameters
    ----------
    value : Tensor of numbers
        The tensor.
    name : str, optional
        The name of the scope around the operations.

    Returns
    -------
    Tensor of float32, shape ()
        NaN if the tensor is empty.
    """
    with name_scope(name, "zero_fraction", [value]):
        tensor = convert(value, name="value")
        zero = constant(0, tensor.dtype.base_dtype, name="zero")
        return reduce_mean(cast_if_needed(raw.Equal(tensor, zero), float32))
