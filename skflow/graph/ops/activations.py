"""Activation functions, element by element, and their gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from skflow.graph.dtypes import FLOATS, Array, DType
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._types import REAL_NUMBERS
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, merged
from skflow.graph.spec import Spec

# Never written to: NumPy compares two arrays in a quarter of the time that it takes to compare an
# array with a number.
_ZEROS: Final = np.zeros(1 << 22, np.uint8)
_ZEROS.flags.writeable = False
_FEW: Final = 512  # elements up to which a number is as quick


def _same(a: Spec, b: Spec) -> Shape:
    return merged(a.shape, b.shape)


def _zeros(x: Tensor) -> Tensor:
    return raw.ZerosLike(x, name="zeros")  # type: ignore[no-any-return]


def _define(
    name: str, kernel: Any, grad: Any, types: tuple[DType, ...], specialize: Any = None
) -> None:
    define(
        name,
        "features: T -> activations: T",
        kernel=kernel,
        specialize=specialize,
        grad=grad,
        types={"T": types},
        elementwise=True,
        out=True,
    )


def _define_grad(name: str, second: str, kernel: Any, grad: Any, types: tuple[DType, ...]) -> None:
    define(
        name,
        f"gradients: T, {second}: T -> backprops: T",
        infer=_same,
        kernel=kernel,
        grad=grad,
        types={"T": types},
        elementwise=True,
        out=True,
    )


# ---- rectifiers ---------------------------------------------------------------------------


def _zeros_beside(shape: Sequence[int], dtype: np.dtype[Any]) -> Any:
    """Zeros to compare an array with: as many as it has, as one of its rows has, or one."""
    for part in (tuple(shape), tuple(shape[-1:])):
        nbytes = math.prod(part) * dtype.itemsize
        if nbytes <= _ZEROS.size:
            return _ZEROS[:nbytes].view(dtype).reshape(part)
    return dtype.type(0)


def _relu(x: Array, *, out: Array | None = None) -> Array:
    zeros = x.dtype.type(0) if x.size <= _FEW else _zeros_beside(x.shape, x.dtype)
    found: Array = np.maximum(x, zeros, out=out)
    return found


def _relu_of_known_shape(specs: Sequence[Spec], attrs: dict[str, Any]) -> Any:
    del attrs
    assert specs[0].shape is not None
    zeros = _zeros_beside([d or 0 for d in specs[0].shape], specs[0].dtype.np_dtype)
    return lambda x, out=None: np.maximum(x, zeros, out=out)


def _relu_grad(g: Array, x: Array, *, out: Array | None = None) -> Array:
    found: Array = np.multiply(g, np.greater(x, x.dtype.type(0)), out=out)
    return found


def _relu_grad_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    x = op.inputs[1]
    return [raw.ReluGrad(dy, x), _zeros(x)]


_define(
    "Relu",
    _relu,
    lambda op, dy: [raw.ReluGrad(dy, op.outputs[0])],
    REAL_NUMBERS,
    _relu_of_known_shape,
)
_define_grad("ReluGrad", "features", _relu_grad, _relu_grad_grad, REAL_NUMBERS)


def _relu6(x: Array, *, out: Array | None = None) -> Array:
    kind = x.dtype.type
    found: Array = np.minimum(np.maximum(x, kind(0), out=out), kind(6), out=out)
    return found


def _relu6_grad(g: Array, x: Array, *, out: Array | None = None) -> Array:
    inside = np.greater(x, x.dtype.type(0))
    inside &= np.less(x, x.dtype.type(6))
    found: Array = np.multiply(g, inside, out=out)
    return found


def _relu6_grad_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    x = op.inputs[1]
    return [raw.Relu6Grad(dy, x), _zeros(x)]


_define("Relu6", _relu6, lambda op, dy: [raw.Relu6Grad(dy, op.inputs[0])], REAL_NUMBERS)
_define_grad("Relu6Grad", "features", _relu6_grad, _relu6_grad_grad, REAL_NUMBERS)


# ---- exponential linear units -------------------------------------------------------------


def _elu(x: Array, *, out: Array | None = None) -> Array:
    zero = x.dtype.type(0)
    below = np.minimum(x, zero, out=np.empty_like(x))
    np.expm1(below, out=below)
    found: Array = np.add(np.maximum(x, zero, out=out), below, out=out)
    return found


def _elu_grad(g: Array, y: Array, *, out: Array | None = None) -> Array:
    kind = y.dtype.type
    found: Array = np.multiply(g, np.minimum(y, kind(0)) + kind(1), out=out)
    return found


def _elu_grad_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    g, y = op.inputs
    # The slope is y + 1 below zero and 1 above: its own derivative is one where -y is positive.
    return [raw.EluGrad(dy, y), raw.ReluGrad(raw.Mul(dy, g), raw.Neg(y), name="Select")]


_define("Elu", _elu, lambda op, dy: [raw.EluGrad(dy, op.outputs[0])], FLOATS)
_define_grad("EluGrad", "outputs", _elu_grad, _elu_grad_grad, FLOATS)


# ---- soft ones ----------------------------------------------------------------------------


def _softplus(x: Array, *, out: Array | None = None) -> Array:
    # max(x, 0) + log(1 + exp(-|x|)) neither overflows nor cancels.
    tail = np.abs(x, out=np.empty_like(x))
    np.exp(np.negative(tail, out=tail), out=tail)
    np.log1p(tail, out=tail)
    found: Array = np.add(np.maximum(x, x.dtype.type(0), out=out), tail, out=out)
    return found


def _softplus_grad(g: Array, x: Array, *, out: Array | None = None) -> Array:
    found: Array = np.divide(g, np.exp(-x) + x.dtype.type(1), out=out)
    return found


def _softplus_grad_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    g, x = op.inputs
    # The logistic function's derivative is its value at x times its value at -x.
    twice = raw.SoftplusGrad(raw.SoftplusGrad(raw.Mul(dy, g), x), raw.Neg(x))
    return [raw.SoftplusGrad(dy, x), twice]


_define("Softplus", _softplus, lambda op, dy: [raw.SoftplusGrad(dy, op.inputs[0])], FLOATS)
_define_grad("SoftplusGrad", "features", _softplus_grad, _softplus_grad_grad, FLOATS)


def _softsign(x: Array, *, out: Array | None = None) -> Array:
    found: Array = np.divide(x, np.abs(x) + x.dtype.type(1), out=out)
    return found


def _softsign_grad(g: Array, x: Array, *, out: Array | None = None) -> Array:
    found: Array = np.divide(g, np.square(np.abs(x) + x.dtype.type(1)), out=out)
    return found


def _softsign_grad_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    g, x = op.inputs
    # d/dx (1 + |x|)**-2 = -2 sign(x) (1 + |x|)**-3, and sign(x) / (1 + |x|) is their difference.
    slope = raw.Sub(raw.Softsign(x), raw.Sign(x))
    return [
        raw.SoftsignGrad(dy, x),
        raw.Mul(raw.SoftsignGrad(raw.Mul(dy, g), x), raw.Add(slope, slope)),
    ]


_define("Softsign", _softsign, lambda op, dy: [raw.SoftsignGrad(dy, op.inputs[0])], FLOATS)
_define_grad("SoftsignGrad", "features", _softsign_grad, _softsign_grad_grad, FLOATS)
