"""Operations that make tensors all of whose elements are equal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from skflow.graph.dtypes import Array
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid, require_scalar, shape_from, zeros
from skflow.graph.registry import NOT_DIFFERENTIABLE, define, raw
from skflow.graph.shapes import Shape, shape_brackets
from skflow.graph.spec import Spec


def _fill_kernel(dims: Array, value: Array, *, out: Array | None = None) -> Array:
    if dims.ndim != 1:
        raise invalid(f"dims must be a vector of int32, got shape {shape_brackets(dims.shape)}")
    if value.ndim:
        raise invalid(f"value must be a scalar, got shape {shape_brackets(value.shape)}")
    shape = dims.tolist()
    for d in shape:
        if d < 0:
            raise invalid(f"Dimension {d} must be >= 0")
    return _filled(shape, value, out)


def _filled(shape: Sequence[int], value: Array, out: Array | None) -> Array:
    found = np.empty(shape, value.dtype) if out is None else out
    found[...] = value
    return found


def _fill_infer(dims: Spec, value: Spec) -> Shape:
    require_scalar(value)
    dims.require_rank(1)
    known = dims.value
    if known is not None and (known == -1).any():
        raise ValueError("Fill dimensions must be >= 0")
    return shape_from(dims)


def _fill_specialize(specs: Sequence[Spec], _: dict[str, Any]) -> Callable[..., Any] | None:
    dims, value = specs
    if dims.value is None or value.rank != 0 or (dims.value < 0).any():
        return None
    shape = tuple(dims.value.tolist())
    return lambda _, value, out=None: _filled(shape, value, out)


def _fill_grad(_: Operation, dy: Tensor) -> list[Tensor | None]:
    axes = raw.Range(0, raw.Rank(dy), 1, name="range")
    return [None, raw.Sum(dy, axes)]


define(
    "Fill",
    "dims: int32, value: T -> output: T",
    kernel=_fill_kernel,
    infer=_fill_infer,
    specialize=_fill_specialize,
    grad=_fill_grad,
    out=True,
)


def _zeros_like_kernel(x: Array, *, out: Array | None = None) -> Array:
    return zeros(x.shape, x.dtype, out)


define(
    "ZerosLike",
    "x: T -> y: T",
    kernel=_zeros_like_kernel,
    infer=lambda x: x.shape,
    grad=NOT_DIFFERENTIABLE,
    out=True,
)
