"""Conversions between types: of values, and of bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.errors import UnimplementedError
from skflow.graph.declaration import Attr
from skflow.graph.dtypes import INEXACT, Array, DType, as_dtype
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._elementwise import Listed, invalid
from skflow.graph.ops._types import ANY_NUMBERS
from skflow.graph.registry import NOT_DIFFERENTIABLE, define, raw
from skflow.graph.shapes import Shape, shape_brackets
from skflow.graph.spec import Spec

_NAMES = {"float32": "float", "float64": "double", "float16": "half"}


def _spoken(dtype: DType) -> str:
    """The name TensorFlow's kernels give a type."""
    return _NAMES.get(dtype.name, dtype.name)


def _cast(x: Array, *, DstT: DType, out: Array | None = None) -> Any:
    """Convert as C does: towards zero, wrapping around; of complex numbers the real part."""
    target = DstT.np_dtype
    if (x.dtype.kind == "O") != (target.kind == "O"):
        source = _spoken(as_dtype(x.dtype))
        raise UnimplementedError(None, None, f"Cast {source} to {_spoken(DstT)} is not supported")
    if x.dtype.kind == "c" and target.kind != "c":
        x = x.real
    if out is None:
        return x.astype(target)
    np.copyto(out, x, casting="unsafe")
    return out


def _cast_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    source = op.inputs[0].dtype.base_dtype
    if source in INEXACT and dy.dtype.base_dtype in INEXACT:
        return [raw.Cast(dy, DstT=source)]
    return [None]


define(
    "Cast",
    "x: SrcT -> y: DstT",
    kernel=_cast,
    grad=_cast_grad,
    attrs={"SrcT": Attr("type"), "DstT": Attr("type")},
    elementwise=True,
    out=True,
    partial=lambda op: op.inputs[0]._spec.partial,
)


def _bitcast(x: Array, *, type: DType) -> Array:
    target = type.np_dtype
    ratio = target.itemsize // x.dtype.itemsize
    if ratio > 1 and (not x.ndim or x.shape[-1] != ratio):
        raise invalid(
            f"Cannot bitcast from {_spoken(as_dtype(x.dtype))} to {_spoken(type)}: shape "
            f"{shape_brackets(x.shape)}"
        )
    shape = x.shape[:-1] if ratio > 1 else x.shape
    split = x.dtype.itemsize // target.itemsize
    flat = np.array(x, order="C").reshape(-1).view(target)
    return flat.reshape((*shape, split) if split > 1 else shape)


def _bitcast_shape(x: Spec, *, type: DType) -> Shape:
    ratio = type.np_dtype.itemsize // x.dtype.np_dtype.itemsize
    split = x.dtype.np_dtype.itemsize // type.np_dtype.itemsize
    if ratio > 1:
        shape = x.require_rank_at_least(1)
        if shape is not None and shape[-1] not in (None, ratio):
            raise ValueError(f"Cannot bitcast due to shape. {shape[-1]} does not match {ratio}")
        return shape if shape is None else shape[:-1]
    if split > 1 and x.shape is not None:
        return (*x.shape, split)
    return x.shape


define(
    "Bitcast",
    "input: T -> output: type",
    kernel=_bitcast,
    infer=_bitcast_shape,
    grad=NOT_DIFFERENTIABLE,
    attrs={"type": Attr("type")},
    types={"T": Listed(ANY_NUMBERS), "type": Listed(ANY_NUMBERS)},
)
