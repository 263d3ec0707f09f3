"""Running sums and products along an axis."""

from __future__ import annotations

from typing import Final

import numpy as np

from skflow.graph.conversion import constant
from skflow.graph.dtypes import INDEX, Array, int32
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid
from skflow.graph.ops._types import ANY_NUMBERS
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, shape_brackets
from skflow.graph.spec import Spec

# Rounding errors pile up along the axis: short types are accumulated in longer ones.
_WIDER: Final = {
    np.dtype(kind): np.dtype(wide) for kind, wide in (("f2", "f4"), ("f4", "f8"), ("c8", "c16"))
}


def _scan(ufunc: np.ufunc, x: Array, axis: Array, exclusive: bool, reverse: bool) -> Array:
    if np.ndim(axis) != 0:
        raise invalid(f"ScanOp: axis must be a scalar, not {shape_brackets(axis.shape)}")
    at = int(axis) + (x.ndim if axis < 0 else 0)
    if not 0 <= at < x.ndim:
        raise invalid(
            f"ScanOp: Expected scan axis in the range [{-x.ndim}, {x.ndim}), but got {at}"
        )
    lines = np.moveaxis(x, at, -1)
    out = np.empty_like(x)
    into = np.moveaxis(out, at, -1)
    if reverse:
        lines, into = lines[..., ::-1], into[..., ::-1]
    if exclusive:
        into[..., :1] = ufunc.identity
        lines, into = lines[..., :-1], into[..., 1:]
    into[...] = ufunc.accumulate(lines, axis=-1, dtype=_WIDER.get(x.dtype, x.dtype))
    return out


def _cumsum(x: Array, axis: Array, *, exclusive: bool, reverse: bool) -> Array:
    return _scan(np.add, x, axis, exclusive, reverse)


def _cumprod(x: Array, axis: Array, *, exclusive: bool, reverse: bool) -> Array:
    return _scan(np.multiply, x, axis, exclusive, reverse)


def _infer(x: Spec, axis: Spec) -> Shape:  # noqa: ARG001  # checked when it runs
    return x.shape


def _cumsum_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    flags = op.attrs["exclusive"], not op.attrs["reverse"]
    return [raw.Cumsum(dy, op.inputs[1], exclusive=flags[0], reverse=flags[1], name="Cumsum"), None]


def _cumprod_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    """Divide by the entry what holds it as a factor; the first zero is taken out instead.

    An entry after a zero has no influence, and at the first zero the products are taken with a
    one in its place: the quotient's limit.
    """
    x, axis = op.inputs
    if x.dtype.is_complex:
        x = raw.Conj(x)
    exclusive, reverse = op.attrs["exclusive"], op.attrs["reverse"]
    zero, one = (constant(v, x.dtype.base_dtype) for v in (0, 1))
    is_zero = raw.Equal(x, zero)
    before = raw.Cumsum(raw.Cast(is_zero, DstT=int32), axis, exclusive=True, reverse=reverse)
    first = raw.LogicalAnd(is_zero, raw.Equal(before, constant(0, int32)))
    ones = raw.Fill(raw.Shape(x), one)
    safe = raw.Select(is_zero, ones, x)

    def flowing(factors: Tensor) -> Tensor:
        """What reaches each entry from all products that hold it, times the entry."""
        products = raw.Cumprod(factors, axis, exclusive=exclusive, reverse=reverse)
        return raw.Cumsum(  # type: ignore[no-any-return]
            raw.Mul(products, dy), axis, exclusive=exclusive, reverse=not reverse
        )

    replaced = flowing(raw.Select(first, ones, x))
    plain = raw.RealDiv(flowing(x), safe, name="quotient")
    return [raw.Select(first, replaced, plain, name="truediv"), None]


for _type, _kernel, _grad in (
    ("Cumsum", _cumsum, _cumsum_grad),
    ("Cumprod", _cumprod, _cumprod_grad),
):
    define(
        _type,
        "x: T, axis: Tidx -> out: T",
        attrs={"exclusive": False, "reverse": False, "Tidx": int32},
        types={"T": ANY_NUMBERS, "Tidx": INDEX},
        infer=_infer,
        kernel=_kernel,
        grad=_grad,
    )
