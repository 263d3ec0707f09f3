"""Comparisons and logical functions, element by element."""

from __future__ import annotations

from typing import Any

from skflow.graph.functions._elementwise import binary, unary
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw


def less(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Tell where ``x < y``.

    Parameters
    ----------
    x : Tensor of a real number type
        The left sides.
    y : Tensor of the type of `x`
        The right sides. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of bool
        False where either side is NaN.
    """
    return binary(raw.Less, x, y, name)


def less_equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Tell where ``x <= y``.

    Parameters
    ----------
    x : Tensor of a real number type
        The left sides.
    y : Tensor of the type of `x`
        The right sides. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of bool
        False where either side is NaN.
    """
    return binary(raw.LessEqual, x, y, name)


def greater(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Tell where ``x > y``.

    Parameters
    ----------
    x : Tensor of a real number type
        The left sides.
    y : Tensor of the type of `x`
        The right sides. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of bool
        False where either side is NaN.
    """
    return binary(raw.Greater, x, y, name)


def greater_equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Tell where ``x >= y``.

    Parameters
    ----------
    x : Tensor of a real number type
        The left sides.
    y : Tensor of the type of `x`
        The right sides. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of bool
        False where either side is NaN.
    """
    return binary(raw.GreaterEqual, x, y, name)


def equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Tell where ``x == y``.

    Parameters
    ----------
    x : Tensor of numbers, bool or strings
        The left sides.
    y : Tensor of the type of `x`
        The right sides. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of bool
        A NaN equals nothing, not even itself.
    """
    return binary(raw.Equal, x, y, name)


def not_equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Tell where ``x != y``.

    Parameters
    ----------
    x : Tensor of numbers, bool or strings
        The left sides.
    y : Tensor of the type of `x`
        The right sides. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of bool
        A NaN differs from everything, even from itself.
    """
    return binary(raw.NotEqual, x, y, name)


def logical_and(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Tell where both are true.

    Parameters
    ----------
    x : Tensor of bool
        The left sides.
    y : Tensor of the type of `x`
        The right sides. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of bool
    """
    return binary(raw.LogicalAnd, x, y, name)


def logical_or(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Tell where at least one is true.

    Parameters
    ----------
    x : Tensor of bool
        The left sides.
    y : Tensor of the type of `x`
        The right sides. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of bool
    """
    return binary(raw.LogicalOr, x, y, name)


def logical_not(x: Any, name: str | None = None) -> Tensor:
    """Turn true to false and false to true.

    Parameters
    ----------
    x : Tensor of bool
        The truth values.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of bool, of the shape of `x`
    """
    return unary(raw.LogicalNot, x, name)


def logical_xor(x: Any, y: Any, name: str | None = "LogicalXor") -> Tensor:
    """Tell where exactly one is true.

    Parameters
    ----------
    x : Tensor of bool
        The left sides.
    y : Tensor of bool
        The right sides. The shapes broadcast.
    name : str, optional
        The name of the last operation: ``(x | y) & ~(x & y)`` is built.

    Returns
    -------
    Tensor of bool
    """
    either = raw.LogicalOr(x, y)
    both = raw.LogicalAnd(x, y)
    return binary(raw.LogicalAnd, either, raw.LogicalNot(both), name)
