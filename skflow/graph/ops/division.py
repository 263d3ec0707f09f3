"""Quotients and remainders: true, floored and truncated."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.graph.dtypes import Array, float32, float64, int16, int32, int64, uint8, uint16
from skflow.graph.nodes import Operation
from skflow.graph.ops._elementwise import (
    INEXACT_NUMBERS,
    WIDE_NUMBERS,
    WIDE_REALS,
    Listed,
    conj,
    invalid,
)
from skflow.graph.registry import NOT_DIFFERENTIABLE, define, raw

_REMAINDERS = Listed((int32, int64, float32, float64))
_TRUNCATED = Listed((uint8, uint16, int16, int32, int64))


def _no_zeros(x: Array, y: Array) -> None:
    if x.size and not np.all(y):
        raise invalid("Integer division by zero")


def _truncated_quotient(x: Array, y: Array) -> Any:
    """Round towards zero, as C does."""
    _no_zeros(x, y)
    floored = np.floor_divide(x, y)
    if x.dtype.kind == "u":
        return floored
    one_more = ((x < 0) != (y < 0)) & (np.multiply(floored, y) != x)
    return np.add(floored, one_more, dtype=x.dtype)


def _div(x: Array, y: Array) -> Any:
    return _truncated_quotient(x, y) if x.dtype.kind in "iu" else np.divide(x, y)


def _floor_div(x: Array, y: Array) -> Any:
    if x.dtype.kind in "iu":
        _no_zeros(x, y)
        return np.floor_divide(x, y)
    # Not floor_divide: NumPy corrects the quotient by the remainder, TensorFlow does not.
    return np.floor(np.divide(x, y))


def _truncated_remainder(x: Array, y: Array) -> Any:
    if x.dtype.kind in "iu":
        _no_zeros(x, y)
    return np.fmod(x, y)


def _floor_mod(x: Array, y: Array) -> Any:
    if x.dtype.kind in "iu":
        _no_zeros(x, y)
        return np.remainder(x, y)
    truncated = np.fmod(x, y)
    return np.where((x < 0) == (y < 0), truncated, np.fmod(truncated + y, y))


def _quotient_grad(op: Operation, dy: Any) -> list[Any]:
    x, y = map(conj, op.inputs)
    return [raw.RealDiv(dy, y), dy * raw.RealDiv(raw.RealDiv(raw.Neg(x), y), y)]


def _floor_mod_grad(op: Operation, dy: Any) -> list[Any]:
    x, y = op.inputs
    return [dy, raw.Neg(dy * raw.FloorDiv(x, y))]


# TensorFlow lists integers too but has no kernel for them: `truediv` casts them first.
define(
    "RealDiv",
    "x: T, y: T -> z: T",
    kernel=np.divide,
    grad=_quotient_grad,
    types={"T": INEXACT_NUMBERS},
    broadcast=True,
)
define(
    "Div",
    "x: T, y: T -> z: T",
    kernel=_div,
    grad=_quotient_grad,
    types={"T": WIDE_NUMBERS},
    broadcast=True,
)
define(
    "TruncateDiv",
    "x: T, y: T -> z: T",
    kernel=_truncated_quotient,
    grad=NOT_DIFFERENTIABLE,
    types={"T": _TRUNCATED},
    broadcast=True,
)
define(
    "FloorDiv",
    "x: T, y: T -> z: T",
    kernel=_floor_div,
    grad=NOT_DIFFERENTIABLE,
    types={"T": WIDE_REALS},
    broadcast=True,
)
define(
    "FloorMod",
    "x: T, y: T -> z: T",
    kernel=_floor_mod,
    grad=_floor_mod_grad,
    types={"T": _REMAINDERS},
    broadcast=True,
)
for _name in ("Mod", "TruncateMod"):
    define(
        _name,
        "x: T, y: T -> z: T",
        kernel=_truncated_remainder,
        types={"T": _REMAINDERS},
        broadcast=True,
    )
