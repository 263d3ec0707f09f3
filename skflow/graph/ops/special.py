"""Special functions: error functions, gamma functions and their relatives."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from skflow.graph.conversion import constant
from skflow.graph.dtypes import FLOATS, Array, float16, float32, float64
from skflow.graph.lazy import special
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._elementwise import invalid, single
from skflow.graph.registry import Kernel, define, raw
from skflow.graph.shapes import Shape, merged, shape_brackets
from skflow.graph.spec import Spec

_TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)


# ---- functions of one variable ------------------------------------------------------------


def _define(type: str, kernel: Kernel, derivative: Callable[[Tensor], Any]) -> None:
    """Declare a function of one variable by its derivative as a function of the input."""
    define(
        type,
        "x: T -> y: T",
        kernel=single(kernel),
        types={"T": FLOATS},
        elementwise=True,
        out=True,
        grad=lambda op, dy: [dy * derivative(op.inputs[0])],
    )


def _erf(x: Array, *, out: Array | None = None) -> Any:
    return special.erf(x, out=out)


def _erfc(x: Array, *, out: Array | None = None) -> Any:
    return special.erfc(x, out=out)


def _lgamma(x: Array, *, out: Array | None = None) -> Any:
    return special.gammaln(np.where(x == -np.inf, -x, x), out=out)


def _poles(x: Array) -> Any:
    return (x <= 0) & (x == np.floor(x))


def _digamma(x: Array, *, out: Array | None = None) -> Any:
    """At its poles it is taken to be infinite, as TensorFlow does."""
    return special.psi(np.where(_poles(x), x.dtype.type(np.inf), x), out=out)


def _bell(factor: float, op: Operation, dy: Any) -> list[Any]:
    """The slope of an error function."""
    x = op.inputs[0]
    scale = constant(factor, dy.dtype.base_dtype)
    return [dy * scale * raw.Exp(raw.Neg(raw.Square(x)))]


def _trigamma(x: Tensor) -> Any:
    if x.dtype.base_dtype is float16:  # Polygamma has no float16
        return raw.Cast(_trigamma(raw.Cast(x, DstT=float32)), DstT=float16)
    return raw.Polygamma(constant(1, x.dtype.base_dtype), x)


for _name, _kernel, _sign in (("Erf", _erf, 1.0), ("Erfc", _erfc, -1.0)):
    define(
        _name,
        "x: T -> y: T",
        kernel=single(_kernel),
        grad=lambda op, dy, factor=_sign * _TWO_OVER_ROOT_PI: _bell(factor, op, dy),
        types={"T": FLOATS},
        elementwise=True,
        out=True,
    )
_define("Digamma", _digamma, _trigamma)
_define("Lgamma", _lgamma, raw.Digamma)

# ---- functions of two ---------------------------------------------------------------------


def _zeta(x: Array, q: Array) -> Any:
    return special.zeta(x, q)


def _polygamma(n: Array, x: Array) -> Any:
    order, at = n.astype(np.float64), x.astype(np.float64)
    sign = np.where(order % 2 == 0, -1.0, 1.0)
    found = sign * special.gamma(order + 1) * special.zeta(order + 1, at)
    found = np.where(order == 0, _digamma(at), found)
    whole = (order >= 0) & (order == np.floor(order))
    return np.where(whole, found, np.nan).astype(x.dtype)


def _outside(a: Array, x: Array) -> Any:
    return (a <= 0) | (x < 0)


def _igamma(a: Array, x: Array) -> Any:
    found = np.where(_outside(a, x), x.dtype.type(np.nan), special.gammainc(a, x))
    return np.where(x == 0, x.dtype.type(0), found)


def _igammac(a: Array, x: Array) -> Any:
    return np.where(_outside(a, x), x.dtype.type(np.nan), special.gammaincc(a, x))


def _zeta_grad(op: Operation, dy: Any) -> list[Any]:
    x, q = op.inputs
    return [None, raw.Neg(x) * raw.Zeta(raw.Add(x, 1), q) * dy]


def _polygamma_grad(op: Operation, dy: Any) -> list[Any]:
    n, x = op.inputs
    return [None, raw.Polygamma(raw.Add(n, 1), x) * dy]


def _gamma_density(op: Operation, dy: Any) -> Any:
    """``dy`` times the density of the gamma distribution, in logarithms: its parts grow large."""
    a, x = op.inputs
    return raw.Exp(raw.Neg(x) + raw.Sub(a, 1) * raw.Log(x) - raw.Lgamma(a)) * dy


for _name, _arguments, _two, _grad in (
    ("Zeta", "x: T, q: T", _zeta, _zeta_grad),
    ("Polygamma", "a: T, x: T", _polygamma, _polygamma_grad),
    ("Igamma", "a: T, x: T", _igamma, lambda op, dy: [None, _gamma_density(op, dy)]),
    ("Igammac", "a: T, x: T", _igammac, lambda op, dy: [None, raw.Neg(_gamma_density(op, dy))]),
):
    define(
        _name,
        f"{_arguments} -> z: T",
        kernel=_two,
        grad=_grad,
        types={"T": (float32, float64)},
        broadcast=True,
    )

# ---- and of three -------------------------------------------------------------------------


def _betainc(a: Array, b: Array, x: Array) -> Any:
    for name, other in (("b", b), ("x", x)):
        if a.ndim and other.ndim and a.shape != other.shape:
            raise invalid(
                f"Shapes of a and {name} are inconsistent: {shape_brackets(a.shape)} vs. "
                f"{shape_brackets(other.shape)}"
            )
    if b.ndim and x.ndim and b.shape != x.shape:
        raise invalid(
            f"Shapes of b and x are inconsistent: {shape_brackets(b.shape)} vs. "
            f"{shape_brackets(x.shape)}"
        )
    inside = (a > 0) & (b > 0)
    return np.where(inside, special.betainc(a, b, x), x.dtype.type(np.nan))


def _betainc_shape(*specs: Spec) -> Shape:
    """The shape of those that are no scalars."""
    shape: Shape = None
    known: Sequence[Spec] = [s for s in specs if s.rank != 0]
    for spec in known:
        shape = merged(shape, spec.shape)
    if known and all(s.shape is None for s in known):
        return None
    return shape if known else ()


define(
    "Betainc",
    "a: T, b: T, x: T -> z: T",
    kernel=_betainc,
    infer=_betainc_shape,
    types={"T": (float32, float64)},
)
