"""Assertions about tensors: of values in a run, of ranks and types as soon as they are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from skflow.graph.conversion import convert
from skflow.graph.dtypes import int32
from skflow.graph.functions.comparison import (
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    not_equal,
)
from skflow.graph.functions.debug import Assert
from skflow.graph.functions.order import no_op, with_dependencies
from skflow.graph.functions.reduction import reduce_all
from skflow.graph.functions.shapes import rank as rank_of, shape as shape_of
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.scopes import name_scope
from skflow.graph.sparse_types import SparseTensor

_Comparison = Callable[[Any, Any], Tensor]


def assert_proper_iterable(values: Any) -> None:
    """Check that a value is a collection, and none of those that happen to be iterable.

    Parameters
    ----------
    values : object
        What to check.

    Raises
    ------
    TypeError
        If it is not iterable, or is a tensor, an array or text.
    """
    if isinstance(values, (Tensor, SparseTensor, np.ndarray, bytes, str)):
        raise TypeError(
            f'Expected argument "values" to be a "proper" iterable.  Found: {type(values)}'
        )
    if not hasattr(values, "__iter__"):
        raise TypeError(f'Expected argument "values" to be iterable.  Found: {type(values)}')


# ---- values -----------------------------------------------------------------------------


def _assert_pair(
    holds: _Comparison,
    sign: str,
    x: Any,
    y: Any,
    data: Sequence[Any] | None,
    summarize: int | None,
    message: str | None,
    name: str | None,
    default: str,
    how: str = "element-wise",
) -> Operation:
    """The assertion that a comparison is true of all pairs of elements."""
    with name_scope(name, default, [x, y, data]):
        x, y = convert(x, name="x"), convert(y, name="y")
        if data is None:
            data = [
                message or "",
                f"Condition x {sign} y did not hold {how}: x = ",
                x.name,
                x,
                "y = ",
                y.name,
                y,
            ]
        return Assert(reduce_all(holds(x, y)), data, summarize=summarize)


def _assert_sign(
    sign: str,
    x: Any,
    data: Sequence[Any] | None,
    summarize: int | None,
    message: str | None,
    name: str | None,
    default: str,
) -> Operation:
    """The assertion that all elements compare so with zero."""
    with name_scope(name, default, [x, data]):
        x = convert(x, name="x")
        if data is None:
            data = [
                message or "",
                f"Condition x {sign} 0 did not hold element-wise: x = ",
                x.name,
                x,
            ]
        zero = convert(0, x.dtype.base_dtype)
        low, high = (x, zero) if sign.startswith("<") else (zero, x)
        check = assert_less_equal if sign.endswith("=") else assert_less
        return check(low, high, data=data, summarize=summarize)


def assert_negative(
    x: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that fails unless all elements are below zero.

    Parameters
    ----------
    x : Tensor
        The elements.
    data : list of Tensor, optional
        What the error's message shows; by default the condition and `x`.
    summarize : int, optional
        How many elements of each tensor to show; 3 by default.
    message : str, optional
        What to put before the default message.
    name : str, optional
        The name scope of the operations.

    Returns
    -------
    Operation
        Running it raises InvalidArgumentError if the condition does not hold.
    """
    return _assert_sign("<", x, data, summarize, message, name, "assert_negative")


def assert_positive(
    x: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that fails unless all elements are above zero.

    Parameters
    ----------
    x, data, summarize, message, name : object
        See `assert_negative`.

    Returns
    -------
    Operation
        Running it raises InvalidArgumentError if the condition does not hold.
    """
    return _assert_sign(">", x, data, summarize, message, name, "assert_positive")


def assert_non_negative(
    x: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that fails if an element is below zero.

    Parameters
    ----------
    x, data, summarize, message, name : object
        See `assert_negative`.

    Returns
    -------
    Operation
        Running it raises InvalidArgumentError if the condition does not hold.
    """
    return _assert_sign(">=", x, data, summarize, message, name, "assert_non_negative")


def assert_non_positive(
    x: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that fails if an element is above zero.

    Parameters
    ----------
    x, data, summarize, message, name : object
        See `assert_negative`.

    Returns
    -------
    Operation
        Running it raises InvalidArgumentError if the condition does not hold.
    """
    return _assert_sign("<=", x, data, summarize, message, name, "assert_non_positive")


def assert_equal(
    x: Any,
    y: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that fails unless ``x == y`` for all pairs of elements.

    Parameters
    ----------
    x, y : Tensor
        Tensors of one type, broadcast against each other.
    data : list of Tensor, optional
        What the error's message shows; by default the condition, `x` and `y`.
    summarize : int, optional
        How many elements of each tensor to show; 3 by default.
    message : str, optional
        What to put before the default message.
    name : str, optional
        The name scope of the operations.

    Returns
    -------
    Operation
        Running it raises InvalidArgumentError if the condition does not hold.
    """
    return _assert_pair(equal, "==", x, y, data, summarize, message, name, "assert_equal")


def assert_none_equal(
    x: Any,
    y: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that fails unless ``x != y`` for all pairs of elements.

    Parameters
    ----------
    x, y, data, summarize, message, name : object
        See `assert_equal`.

    Returns
    -------
    Operation
        Running it raises InvalidArgumentError if the condition does not hold.
    """
    return _assert_pair(
        not_equal,
        "!=",
        x,
        y,
        data,
        summarize,
        message,
        name,
        "assert_none_equal",
        "for every single element",
    )


def assert_less(
    x: Any,
    y: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that fails unless ``x < y`` for all pairs of elements.

    Parameters
    ----------
    x, y, data, summarize, message, name : object
        See `assert_equal`.

    Returns
    -------
    Operation
        Running it raises InvalidArgumentError if the condition does not hold.
    """
    return _assert_pair(less, "<", x, y, data, summarize, message, name, "assert_less")


def assert_less_equal(
    x: Any,
    y: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that fails unless ``x <= y`` for all pairs of elements.

    Parameters
    ----------
    x, y, data, summarize, message, name : object
        See `assert_equal`.

    Returns
    -------
    Operation
        Running it raises InvalidArgumentError if the condition does not hold.
    """
    return _assert_pair(less_equal, "<=", x, y, data, summarize, message, name, "assert_less_equal")


def assert_greater(
    x: Any,
    y: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that fails unless ``x > y`` for all pairs of elements.

    Parameters
    ----------
    x, y, data, summarize, message, name : object
        See `assert_equal`.

    Returns
    -------
    Operation
        Running it raises InvalidArgumentError if the condition does not hold.
    """
    return _assert_pair(greater, ">", x, y, data, summarize, message, name, "assert_greater")


def assert_greater_equal(
    x: Any,
    y: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that fails unless ``x >= y`` for all pairs of elements.

    Parameters
    ----------
    x, y, data, summarize, message, name : object
        See `assert_equal`.

    Returns
    -------
    Operation
        Running it raises InvalidArgumentError if the condition does not hold.
    """
    return _assert_pair(
        greater_equal, ">=", x, y, data, summarize, message, name, "assert_greater_equal"
    )


# ---- ranks ------------------------------------------------------------------------------


class _WrongRankError(ValueError):
    """A rank that is known and not right: the one found, and the one wanted."""


def _assert_rank_condition(
    x: Tensor,
    rank: Tensor,
    right: Callable[[int, int], bool],
    holds: _Comparison,
    data: Sequence[Any],
    summarize: int | None,
) -> Operation:
    """The assertion that a rank is right: made now if all is known, else in the run."""
    assert_type(rank, int32)
    wanted = rank.spec.value
    if wanted is not None:
        if wanted.ndim:
            raise ValueError("Rank must be a scalar.")
        found = x.spec.rank
        if found is not None:
            if not right(found, int(wanted)):
                raise _WrongRankError(found, int(wanted))
            return no_op(name="static_checks_determined_all_ok")
    condition = holds(rank_of(x), rank)
    if wanted is None:
        said = ["Rank must be a scalar. Received rank: ", rank]
        condition = with_dependencies([assert_rank(rank, 0, data=said)], condition)
    return Assert(condition, data, summarize=summarize)


def _assert_rank(
    x: Any,
    rank: Any,
    right: Callable[[int, int], bool],
    holds: _Comparison,
    data: Sequence[Any] | None,
    summarize: int | None,
    message: str | None,
    name: str | None,
    words: str,
    default: str,
) -> Operation:
    with name_scope(name, default, [x, rank, *(data or ())]):
        x, rank = convert(x, name="x"), convert(rank, name="rank")
        message = message or ""
        if data is None:
            said = f"Tensor {x.name} must have {words}"
            data = [message, said, rank, "Received shape: ", shape_of(x)]
        try:
            return _assert_rank_condition(x, rank, right, holds, data, summarize)
        except _WrongRankError as error:
            found, wanted = error.args
            raise ValueError(
                f"{message}.  Tensor {x.name} must have {words} {wanted}.  Received rank "
                f"{found}, shape {x.get_shape()}"
            ) from None


def assert_rank(
    x: Any,
    rank: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Check that a tensor has a given rank.

    Parameters
    ----------
    x : Tensor
        The tensor.
    rank : int or Tensor of int32, shape ()
        The rank.
    data : list of Tensor, optional
        What the error's message shows; by default the ranks and the shape.
    summarize : int, optional
        How many elements of each tensor to show; 3 by default.
    message : str, optional
        What to put before the default message.
    name : str, optional
        The name scope of the operations.

    Returns
    -------
    Operation
        Running it raises InvalidArgumentError if the rank is wrong; it does nothing if the rank
        is known to be right.

    Raises
    ------
    ValueError
        If the rank is known to be wrong.
    """
    return _assert_rank(
        x,
        rank,
        lambda found, wanted: found == wanted,
        equal,
        data,
        summarize,
        message,
        name,
        "rank",
        "assert_rank",
    )


def assert_rank_at_least(
    x: Any,
    rank: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Check that a tensor has a given rank or a higher one.

    Parameters
    ----------
    x, rank, data, summarize, message, name : object
        See `assert_rank`.

    Returns
    -------
    Operation
        Running it raises InvalidArgumentError if the rank is wrong; it does nothing if the rank
        is known to be right.

    Raises
    ------
    ValueError
        If the rank is known to be wrong.
    """
    return _assert_rank(
        x,
        rank,
        lambda found, wanted: found >= wanted,
        greater_equal,
        data,
        summarize,
        message,
        name,
        "rank at least",
        "assert_rank_at_least",
    )


# ---- types ------------------------------------------------------------------------------


def assert_integer(x: Any, message: str | None = None, name: str | None = None) -> Operation:
    """Check that a tensor holds integers.

    Parameters
    ----------
    x : Tensor
        The tensor.
    message : str, optional
        What to put before the message.
    name : str, optional
        The name scope of the operation.

    Returns
    -------
    Operation
        One that does nothing.

    Raises
    ------
    TypeError
        If it holds anything else.
    """
    with name_scope(name, "assert_integer", [x]):
        x = convert(x, name="x")
        if not x.dtype.is_integer:
            raise TypeError(
                f'{message or ""}  Expected "x" to be integer type.  Found: {x.name} of dtype '
                f"{x.dtype}"
            )
        return no_op("statically_determined_was_integer")


def assert_type(
    tensor: Any, tf_type: Any, message: str | None = None, name: str | None = None
) -> Operation:
    """Check that a tensor is of a given type.

    Parameters
    ----------
    tensor : Tensor
        The tensor.
    tf_type : DType
        The type.
    message : str, optional
        What to put before the message.
    name : str, optional
        The name scope of the operation.

    Returns
    -------
    Operation
        One that does nothing.

    Raises
    ------
    TypeError
        If it is of another type.
    """
    with name_scope(name, "assert_type", [tensor]):
        tensor = convert(tensor, name="tensor")
        if tensor.dtype != tf_type:
            raise TypeError(f"{message or ''}  {tensor.op.name} must be of type {tf_type}")
        return no_op("statically_determined_correct_type")
