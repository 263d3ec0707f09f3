"""Exponentials, logarithms, circular functions, tanh and the logistic function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skflow.graph.dtypes import Array
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._elementwise import INEXACT_NUMBERS, conj, empty_like, single
from skflow.graph.registry import Kernel, define, raw


def _define(type: str, kernel: Kernel, derivative: Callable[[Tensor], Any]) -> None:
    """Declare a function of one variable by its derivative as a function of the input."""

    def grad(op: Operation, dy: Any) -> list[Any]:
        return [dy * derivative(conj(op.inputs[0]))]

    define(
        type,
        "x: T -> y: T",
        kernel=kernel,
        grad=grad,
        types={"T": INEXACT_NUMBERS},
        elementwise=True,
    )


def _inverse(x: Tensor) -> Any:
    return raw.Reciprocal(x)


def _secant_squared(x: Tensor) -> Any:
    return raw.Square(raw.Reciprocal(raw.Cos(x)))


def _arc_slope(x: Tensor) -> Any:
    return raw.Reciprocal(raw.Sqrt(1 - raw.Square(x)))


def _acos_grad(op: Operation, dy: Any) -> list[Any]:
    return [-dy * _arc_slope(conj(op.inputs[0]))]


define(
    "Exp",
    "x: T -> y: T",
    kernel=np.exp,
    types={"T": INEXACT_NUMBERS},
    elementwise=True,
    grad=lambda op, dy: [dy * conj(op.outputs[0])],
)
_define("Expm1", np.expm1, raw.Exp)
_define("Log", np.log, _inverse)
_define("Log1p", np.log1p, lambda x: raw.Reciprocal(raw.Add(x, 1)))
define(
    "Cos",
    "x: T -> y: T",
    kernel=np.cos,
    types={"T": INEXACT_NUMBERS},
    elementwise=True,
    grad=lambda op, dy: [-dy * raw.Sin(conj(op.inputs[0]))],
)
_define("Sin", np.sin, raw.Cos)
_define("Tan", np.tan, _secant_squared)
_define("Asin", np.arcsin, _arc_slope)
define(
    "Acos",
    "x: T -> y: T",
    kernel=np.arccos,
    types={"T": INEXACT_NUMBERS},
    elementwise=True,
    grad=_acos_grad,
)
_define("Atan", np.arctan, lambda x: raw.Reciprocal(1 + raw.Square(x)))

# ---- functions whose derivative is a function of the result -------------------------------


def _sigmoid(x: Array, *, out: Array | None = None) -> Any:
    """``1 / (1 + exp(-x))``: where the exponential overflows, the quotient is 0 as it should be."""
    found = np.negative(x, out=empty_like(x, out))
    np.exp(found, out=found)
    np.add(found, x.dtype.type(1), out=found)
    return np.reciprocal(found, out=found)


def _tanh_grad(y: Array, dy: Array, *, out: Array | None = None) -> Any:
    slope = np.square(y, out=empty_like(y, None))
    np.subtract(y.dtype.type(1), slope, out=slope)
    return np.multiply(slope, dy, out=out)


def _sigmoid_grad(y: Array, dy: Array, *, out: Array | None = None) -> Any:
    slope = np.subtract(y.dtype.type(1), y, out=empty_like(y, None))
    np.multiply(slope, y, out=slope)
    return np.multiply(slope, dy, out=out)


def _tanh_grad_grad(op: Operation, dz: Any) -> list[Any]:
    y, dy = map(conj, op.inputs)
    return [dz * -2.0 * dy * y, raw.TanhGrad(y, dz)]


def _sigmoid_grad_grad(op: Operation, dz: Any) -> list[Any]:
    y, dy = map(conj, op.inputs)
    both = dz * dy
    return [both - 2.0 * both * y, raw.SigmoidGrad(y, dz)]


define(
    "Tanh",
    "x: T -> y: T",
    kernel=np.tanh,
    grad=lambda op, dy: [raw.TanhGrad(conj(op.outputs[0]), dy)],
    types={"T": INEXACT_NUMBERS},
    elementwise=True,
)
define(
    "Sigmoid",
    "x: T -> y: T",
    kernel=single(_sigmoid),
    grad=lambda op, dy: [raw.SigmoidGrad(conj(op.outputs[0]), dy)],
    types={"T": INEXACT_NUMBERS},
    elementwise=True,
    out=True,
)
for _name, _kernel, _grad in (
    ("TanhGrad", _tanh_grad, _tanh_grad_grad),
    ("SigmoidGrad", _sigmoid_grad, _sigmoid_grad_grad),
):
    define(
        _name,
        "x: T, y: T -> z: T",
        kernel=single(_kernel),
        grad=_grad,
        types={"T": INEXACT_NUMBERS},
        elementwise=True,
        out=True,
    )
