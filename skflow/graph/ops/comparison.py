"""Comparisons and logical operations, element by element."""

from __future__ import annotations

import numpy as np

from skflow.graph.dtypes import (
    FLOATS,
    bool_,
    complex64,
    complex128,
    int8,
    int16,
    int32,
    int64,
    string,
    uint8,
)
from skflow.graph.ops._elementwise import Listed
from skflow.graph.ops._types import REAL_NUMBERS
from skflow.graph.registry import NOT_DIFFERENTIABLE, define

_COMPARABLE = Listed(
    (*FLOATS, uint8, int8, int16, int32, int64, complex64, string, bool_, complex128)
)

_ORDERS: dict[str, np.ufunc] = {
    "Less": np.less,
    "LessEqual": np.less_equal,
    "Greater": np.greater,
    "GreaterEqual": np.greater_equal,
}
_EQUALITIES: dict[str, np.ufunc] = {"Equal": np.equal, "NotEqual": np.not_equal}
_LOGIC: dict[str, np.ufunc] = {"LogicalAnd": np.logical_and, "LogicalOr": np.logical_or}

for _name, _ufunc in _ORDERS.items():
    define(
        _name,
        "x: T, y: T -> z: bool",
        kernel=_ufunc,
        grad=NOT_DIFFERENTIABLE,
        types={"T": Listed(REAL_NUMBERS)},
        broadcast=True,
    )
for _name, _ufunc in _EQUALITIES.items():
    define(
        _name,
        "x: T, y: T -> z: bool",
        kernel=_ufunc,
        grad=NOT_DIFFERENTIABLE,
        types={"T": _COMPARABLE},
        broadcast=True,
        commutative=True,
    )
for _name, _ufunc in _LOGIC.items():
    define(
        _name,
        "x: bool, y: bool -> z: bool",
        kernel=_ufunc,
        grad=NOT_DIFFERENTIABLE,
        broadcast=True,
        commutative=True,
    )
define(
    "LogicalNot",
    "x: bool -> y: bool",
    kernel=np.logical_not,
    grad=NOT_DIFFERENTIABLE,
    elementwise=True,
)
