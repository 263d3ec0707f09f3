"""Division as Python 2, Python 3 and C do it, element by element."""

from __future__ import annotations

from typing import Any, Final

from skflow.graph.conversion import convert
from skflow.graph.dtypes import (
    FLOATS,
    DType,
    complex64,
    complex128,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
)
from skflow.graph.functions._elementwise import binary
from skflow.graph.functions.casting import cast
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope

_QUOTIENT_TYPE: Final[dict[DType, DType]] = (
    dict.fromkeys((uint8, int8, uint16, int16), float32)
    | dict.fromkeys((int32, int64), float64)
    | {d: d for d in (*FLOATS, complex64, complex128)}
)
"""What `truediv` divides in."""


def _check_same(x: Tensor, y: Tensor) -> DType:
    kinds = x.dtype.base_dtype, y.dtype.base_dtype
    if kinds[0] is not kinds[1]:
        raise TypeError(f"x and y must have the same dtype, got {kinds[0]!r} != {kinds[1]!r}")
    return kinds[0]


def truediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Divide as Python 3 does: the quotient of integers is a fraction.

    Parameters
    ----------
    x : Tensor of numbers
        The numerators.
    y : Tensor of the type of `x`
        The denominators. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        Of the type of `x` if that is floating or complex, of float32 for integers of 8 and 16
        bits, of float64 for larger ones.

    Raises
    ------
    TypeError
        If the types differ, or are no number types.
    """
    with name_scope(name, "truediv", [x, y]) as scope:
        x, y = convert(x, name="x"), convert(y, name="y")
        kind = _check_same(x, y)
        if kind not in _QUOTIENT_TYPE:
            raise TypeError(f"Invalid dtype {kind!r} in __truediv__")
        wide = _QUOTIENT_TYPE[kind]
        if wide is not kind:
            x, y = cast(x, wide), cast(y, wide)
        return binary(raw.RealDiv, x, y, scope)


def div(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Divide as Python 2 does: the quotient of integers is rounded down.

    Parameters
    ----------
    x : Tensor of numbers
        The numerators.
    y : Tensor of the type of `x`
        The denominators. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type of `x`

    Raises
    ------
    InvalidArgumentError
        When run, if an integer is divided by 0.
    """
    with name_scope(name, "div", [x, y]) as scope:
        x = convert(x, name="x")
        y = convert(y, x.dtype.base_dtype, "y")
        kind = _check_same(x, y)
        whole = not (kind.is_floating or kind.is_complex)
        return binary(raw.FloorDiv if whole else raw.RealDiv, x, y, scope)


def divide(x: Any, y: Any, name: str | None = None) -> Any:
    """Divide as Python's ``/`` does.

    Parameters
    ----------
    x : Tensor of numbers
        The numerators.
    y : Tensor of the type of `x`
        The denominators. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        As `truediv`; two Python numbers without a `name` give a Python number.
    """
    return x / y if name is None else truediv(x, y, name)


def realdiv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Divide floating or complex numbers, element by element.

    Parameters
    ----------
    x : Tensor of a floating or complex type
        The numerators.
    y : Tensor of the type of `x`
        The denominators. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type of `x`
    """
    return binary(raw.RealDiv, x, y, name)


def floordiv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Divide and round down, element by element.

    Parameters
    ----------
    x : Tensor of real numbers
        The numerators.
    y : Tensor of the type of `x`
        The denominators. The shapes broadcast.
    name : str, optional
        The operation's name, ``floordiv`` by default.

    Returns
    -------
    Tensor of the type of `x`

    Raises
    ------
    InvalidArgumentError
        When run, if an integer is divided by 0.
    """
    return binary(raw.FloorDiv, x, y, name or "floordiv")


def floor_div(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Divide and round down, element by element: `floordiv` by another default name.

    Parameters
    ----------
    x : Tensor of real numbers
        The numerators.
    y : Tensor of the type of `x`
        The denominators. The shapes broadcast.
    name : str, optional
        The operation's name, ``FloorDiv`` by default.

    Returns
    -------
    Tensor of the type of `x`
    """
    return binary(raw.FloorDiv, x, y, name)


def floormod(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Take remainders of division rounded down: they have the sign of `y`.

    Parameters
    ----------
    x : Tensor of int32, int64, float32 or float64
        The numerators.
    y : Tensor of the type of `x`
        The denominators. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type of `x`

    Raises
    ------
    InvalidArgumentError
        When run, if an integer is divided by 0.
    """
    return binary(raw.FloorMod, x, y, name)


mod = floormod


def truncatediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Divide integers and round towards 0, as C does.

    Parameters
    ----------
    x : Tensor of integers
        The numerators.
    y : Tensor of the type of `x`
        The denominators. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type of `x`

    Raises
    ------
    InvalidArgumentError
        When run, if an integer is divided by 0.
    """
    return binary(raw.TruncateDiv, x, y, name)


def truncatemod(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Take remainders of division rounded towards 0: they have the sign of `x`.

    Parameters
    ----------
    x : Tensor of int32, int64, float32 or float64
        The numerators.
    y : Tensor of the type of `x`
        The denominators. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type of `x`

    Raises
    ------
    InvalidArgumentError
        When run, if an integer is divided by 0.
    """
    return binary(raw.TruncateMod, x, y, name)
