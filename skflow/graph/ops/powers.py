"""Powers, roots and reciprocals, element by element, and the operations of their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.graph.dtypes import Array, float16
from skflow.graph.nodes import Operation
from skflow.graph.ops._elementwise import (
    INEXACT_NUMBERS,
    SIGNED_NUMBERS,
    conj,
    empty_like,
    invalid,
    single,
)
from skflow.graph.registry import Kernel, define, raw
from skflow.graph.shapes import num_elements
from skflow.graph.spec import Spec

# ---- any power ----------------------------------------------------------------------------


def _pow(x: Array, y: Array, *, out: Array | None = None) -> Any:
    if x.dtype.kind == "i" and np.any(np.less(y, 0)):
        raise invalid("Integers to negative integer powers are not allowed")
    return np.power(x, y, out=out)


def _square(x: Array, _: Array, *, out: Array | None = None) -> Any:
    return np.square(x, out=out)


def _cube(x: Array, _: Array, *, out: Array | None = None) -> Any:
    return np.multiply(np.square(x), x, out=out)


def _inverse(x: Array, _: Array, *, out: Array | None = None) -> Any:
    return np.reciprocal(x, out=out)


def _quicker_power(specs: list[Spec], attrs: dict[str, Any]) -> Kernel | None:
    """Powers that are a product or a quotient: many times quicker, and off by 1 ulp at most."""
    del attrs
    x, y = specs
    if y.value is None or num_elements(y.shape) != 1 or len(y.shape or ()) > len(x.shape or ()):
        return None
    if y.dtype is float16:  # a product of halves rounds too often
        return None
    known = {2: _square, 3: _cube} | ({-1: _inverse} if y.dtype.is_floating else {})
    return known.get(y.value.reshape(-1)[0])


def _pow_grad(op: Operation, dy: Any) -> list[Any]:
    x, y = map(conj, op.inputs)
    z = conj(op.outputs[0])
    # Where x <= 0 there is no real logarithm: the gradient by the exponent is taken for 0.
    defined = raw.NotEqual(x, 0) if x.dtype.is_complex else raw.Greater(x, 0)
    log_x = raw.Select(defined, raw.Log(x), raw.ZerosLike(x))
    return [dy * y * raw.Pow(x, y - 1), dy * z * log_x]


define(
    "Pow",
    "x: T, y: T -> z: T",
    kernel=_pow,
    grad=_pow_grad,
    types={"T": SIGNED_NUMBERS},
    broadcast=True,
    out=True,
    specialize=_quicker_power,
)

# ---- roots and reciprocals ----------------------------------------------------------------


def _rsqrt(x: Array, *, out: Array | None = None) -> Any:
    found = np.sqrt(x, out=empty_like(x, out))
    return np.reciprocal(found, out=found)


define(
    "Sqrt",
    "x: T -> y: T",
    kernel=np.sqrt,
    grad=lambda op, dy: [raw.SqrtGrad(op.outputs[0], dy)],
    types={"T": INEXACT_NUMBERS},
    elementwise=True,
)
define(
    "Rsqrt",
    "x: T -> y: T",
    kernel=single(_rsqrt),
    grad=lambda op, dy: [raw.RsqrtGrad(op.outputs[0], dy)],
    types={"T": INEXACT_NUMBERS},
    elementwise=True,
    out=True,
)
define(
    "Reciprocal",
    "x: T -> y: T",
    kernel=np.reciprocal,
    grad=lambda op, dy: [raw.ReciprocalGrad(op.outputs[0], dy)],
    types={"T": INEXACT_NUMBERS},
    elementwise=True,
)

# ---- their gradients: functions of the result y and of dy ---------------------------------


def _sqrt_grad(y: Array, dy: Array, *, out: Array | None = None) -> Any:
    found = np.multiply(dy, y.dtype.type(0.5))
    return np.divide(found, np.conjugate(y), out=out)


def _rsqrt_grad(y: Array, dy: Array, *, out: Array | None = None) -> Any:
    bar = np.conjugate(y)
    cube = np.multiply(np.square(bar), bar)
    return np.multiply(np.multiply(dy, y.dtype.type(-0.5)), cube, out=out)


def _reciprocal_grad(y: Array, dy: Array, *, out: Array | None = None) -> Any:
    return np.multiply(np.negative(dy), np.square(np.conjugate(y)), out=out)


def _sqrt_grad_grad(op: Operation, dz: Any) -> list[Any]:
    by_dy = raw.RealDiv(dz, op.inputs[0], name="truediv")
    return [-conj(by_dy) * op.outputs[0], 0.5 * by_dy]


def _rsqrt_grad_grad(op: Operation, dz: Any) -> list[Any]:
    y, dy = conj(op.inputs[0]), op.inputs[1]
    return [-1.5 * conj(dz) * dy * raw.Square(y), raw.RsqrtGrad(y, dz)]


def _reciprocal_grad_grad(op: Operation, dz: Any) -> list[Any]:
    y, dy = conj(op.inputs[0]), op.inputs[1]
    return [conj(dz) * -2.0 * dy * y, raw.ReciprocalGrad(y, dz)]


for _name, _kernel, _grad in (
    ("SqrtGrad", _sqrt_grad, _sqrt_grad_grad),
    ("RsqrtGrad", _rsqrt_grad, _rsqrt_grad_grad),
    ("ReciprocalGrad", _reciprocal_grad, _reciprocal_grad_grad),
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
