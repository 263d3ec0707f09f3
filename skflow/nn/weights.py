"""Weights of examples, which may be given once for all, and stretched to fit values."""

from __future__ import annotations

from typing import Any, Final

from skflow.graph.conversion import convert
from skflow.graph.functions import array, control, debug, math, order
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.scopes import control_dependencies, name_scope

_PROBLEM: Final = "weights can not be broadcast to values."


def assert_broadcastable(weights: Any, values: Any) -> Operation:
    """Check that weights may be stretched to the shape of values.

    Parameters
    ----------
    weights : Tensor
        A scalar, or a tensor of the rank of `values` with each size 1 or that of `values`.
    values : Tensor
        The values.

    Returns
    -------
    Operation
        One that does nothing if the static shapes fit, else one that raises
        InvalidArgumentError at the run unless the shapes fit.

    Raises
    ------
    ValueError
        If the static shapes do not fit.
    """
    with name_scope(None, "assert_broadcastable", [weights, values]) as scope:
        with name_scope(None, "weights", [weights]) as inner:
            weights = convert(weights, name=inner)
            weights_shape = array.shape(weights, name="shape")
            weights_rank = array.rank(weights, name="rank")
        with name_scope(None, "values", [values]) as inner:
            values = convert(values, name=inner)
            values_shape = array.shape(values, name="shape")
            values_rank = array.rank(values, name="rank")
        known = _static_check(weights, values)
        if known is not None:
            return known
        is_scalar = math.equal(0, weights_rank, name="is_scalar")
        data = [
            _PROBLEM,
            "weights.shape=",
            weights.name,
            weights_shape,
            "values.shape=",
            values.name,
            values_shape,
            "is_scalar=",
            is_scalar,
        ]
        is_valid = control.cond(
            is_scalar,
            lambda: is_scalar,
            lambda: _same_rank_check(weights_rank, weights_shape, values_rank, values_shape),
            name="is_valid_shape",
        )
        return debug.Assert(is_valid, data, name=scope)


def _static_check(weights: Tensor, values: Tensor) -> Operation | None:
    """The operation that stands for a check done now, or ``None`` if it cannot be."""
    given, wanted = weights.spec.shape, values.spec.shape
    if given is None or wanted is None:
        return None
    if not given:
        return order.no_op(name="static_scalar_check_success")
    if len(given) != len(wanted):
        raise ValueError(f"{_PROBLEM} values.rank={len(wanted)}. weights.rank={len(given)}.")
    if None in given or None in wanted:
        return None
    for i, (g, w) in enumerate(zip(given, wanted, strict=True)):
        if g not in (1, w):
            raise ValueError(
                f"{_PROBLEM} Mismatch at dim {i}. values.shape={_sizes(wanted)} "
                f"weights.shape={_sizes(given)}."
            )
    return order.no_op(name="static_dims_check_success")


def _sizes(shape: Any) -> str:
    return "[" + " ".join(str(d) for d in shape) + "]"


def _same_rank_check(
    weights_rank: Tensor, weights_shape: Tensor, values_rank: Tensor, values_shape: Tensor
) -> Tensor:
    with name_scope(None, "has_valid_nonscalar_shape", [weights_rank, values_rank]) as scope:
        same = math.equal(values_rank, weights_rank, name="is_same_rank")
        fits: Tensor = control.cond(
            same, lambda: _dims_check(weights_shape, values_shape), lambda: same, name=scope
        )
        return fits


def _dims_check(weights_shape: Tensor, values_shape: Tensor) -> Tensor:
    fits = math.logical_or(math.equal(weights_shape, 1), math.equal(weights_shape, values_shape))
    return math.reduce_all(fits)


def broadcast_weights(weights: Any, values: Any) -> Tensor:
    """Stretch weights to the shape of values.

    Parameters
    ----------
    weights : Tensor
        See `assert_broadcastable`.
    values : Tensor
        The values.

    Returns
    -------
    Tensor
        Of the shape of `values` and the type of `weights`.
    """
    with name_scope(None, "broadcast_weights", [weights, values]) as scope:
        values = convert(values, name="values")
        given = convert(weights, values.dtype.base_dtype, "weights")
        shape = given.get_shape()
        if shape.is_fully_defined() and shape == values.get_shape():
            return given
        with control_dependencies([assert_broadcastable(given, values)]):
            return math.multiply(given, array.ones_like(values), name=scope)
