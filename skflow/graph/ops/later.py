"""Operations that later versions of TensorFlow write where 1.1.0 has others."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.graph.conversion import constant
from skflow.graph.declaration import Attr
from skflow.graph.dtypes import ALL, INDEX, INEXACT, NUMBERS, REAL, Array, int32
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import as_int, constant_int, invalid, shape_from, shape_of
from skflow.graph.ops._elementwise import conj
from skflow.graph.ops._rows import check_bounds
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, broadcast, shape_brackets
from skflow.graph.sparse_types import IndexedSlices
from skflow.graph.spec import Spec

# ---- AddV2: Add without texts -----------------------------------------------------------------


define(
    "AddV2",
    "x: T, y: T -> z: T",
    kernel=np.add,
    grad=lambda _, dy: [dy, dy],
    types={"T": NUMBERS},
    broadcast=True,
    commutative=True,
)


# ---- DivNoNan: a quotient that is 0 where the divisor is --------------------------------------


def _div_no_nan(x: Array, y: Array) -> Array:
    zero = y == 0
    found: Array = np.divide(x, np.where(zero, y.dtype.type(1), y))
    return np.where(zero, y.dtype.type(0), found)


def _div_no_nan_grad(op: Operation, dy: Any) -> list[Any]:
    x, y = [conj(t) for t in op.inputs]
    return [raw.DivNoNan(dy, y), dy * raw.DivNoNan(raw.DivNoNan(raw.Neg(x), y), y)]


define(
    "DivNoNan",
    "x: T, y: T -> z: T",
    kernel=_div_no_nan,
    grad=_div_no_nan_grad,
    types={"T": INEXACT},
    broadcast=True,
)


# ---- ClipByValue: Minimum and Maximum at once -------------------------------------------------


def _clip(t: Array, clip_value_min: Array, clip_value_max: Array) -> Array:
    if any(b.ndim and b.shape != t.shape for b in (clip_value_min, clip_value_max)):
        raise invalid(
            "clip_value_min and clip_value_max must be either of the same shape as input, or a "
            f"scalar. input shape: {shape_brackets(t.shape)} clip_value_min shape: "
            f"{shape_brackets(clip_value_min.shape)} clip_value_max shape: "
            f"{shape_brackets(clip_value_max.shape)}"
        )
    found: Array = np.maximum(np.minimum(t, clip_value_max), clip_value_min)
    return found


def _clip_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    t, least, most = op.inputs
    zeros = raw.ZerosLike(dy)
    below, above = raw.Less(t, least), raw.Greater(t, most)
    passed = raw.SelectV2(raw.LogicalOr(below, above), zeros, dy)
    parts = raw.SelectV2(below, dy, zeros), raw.SelectV2(above, dy, zeros)
    return [passed, *[_summed(p, b) for p, b in zip(parts, (least, most), strict=True)]]


define(
    "ClipByValue",
    "t: T, clip_value_min: T, clip_value_max: T -> output: T",
    kernel=_clip,
    infer=lambda t, clip_value_min, clip_value_max: t.shape,  # noqa: ARG005
    grad=_clip_grad,
    types={"T": REAL},
)


# ---- GatherV2: Gather along any axis ----------------------------------------------------------


def _gather_kernel(params: Array, indices: Array, axis: Array, *, batch_dims: int) -> Array:
    at = _checked_axis(as_int(axis), params.ndim, batch_dims)
    check_bounds(indices, params.shape[at])
    return np.take(params, indices, axis=at, mode="clip")


def _checked_axis(axis: int, rank: int, batch_dims: int) -> int:
    if batch_dims:
        raise invalid(f"Only batch_dims = 0 is supported, got {batch_dims}")
    if not -rank <= axis < rank:
        raise invalid(f"Expected axis in the range [{-rank}, {rank}), but got {axis}")
    return axis % rank


def _gather_infer(params: Spec, indices: Spec, axis: Spec, *, batch_dims: int) -> Shape:
    if batch_dims:
        raise ValueError(f"Only batch_dims = 0 is supported, got {batch_dims}")
    shape = params.require_rank_at_least(1)
    at = constant_int(axis)
    if shape is None or indices.shape is None or at is None:
        return None
    if not -len(shape) <= at < len(shape):
        raise ValueError(f"Shape must be at least rank {max(at + 1, -at)} but is rank {len(shape)}")
    at %= len(shape)
    return shape[:at] + indices.shape + shape[at + 1 :]


def _gather_grad(op: Operation, dy: Tensor) -> list[Any]:
    params, indices, axis = op.inputs
    shape = shape_of(params)
    if constant_int(axis.spec) == 0:
        size = raw.ExpandDims(raw.Size(indices), 0)
        rows = raw.ConcatV2([size, raw.StridedSlice(shape, [1], [0], [1], end_mask=1)], 0)
        flat = raw.Reshape(indices, size)
        return [IndexedSlices(raw.Reshape(dy, rows), flat, shape), None, None]
    return [_along_axis(dy, params, indices, raw.Cast(axis, DstT=int32)), None, None]


def _along_axis(dy: Tensor, params: Tensor, indices: Tensor, axis: Tensor) -> Tensor:
    """A gradient, picked along an axis, as sums in the shape of what it was picked from."""
    shape, one = shape_of(params), constant(1, int32)
    rank, depth = raw.Rank(params), raw.Rank(indices)
    at = raw.FloorMod(axis, rank)
    following, end = raw.Add(at, one), raw.Add(at, depth)
    before, after = raw.Range(0, at, one), raw.Range(end, raw.Sub(raw.Add(rank, depth), one), one)
    turned = raw.Transpose(dy, raw.ConcatV2([raw.Range(at, end, one), before, after], 0))
    dims = [raw.Gather(shape, before), raw.Gather(shape, raw.Range(following, rank, one))]
    rows = raw.ConcatV2([raw.ExpandDims(raw.Size(indices), 0), *dims], 0)
    flat = raw.Reshape(indices, constant([-1], int32))
    total = raw.UnsortedSegmentSum(raw.Reshape(turned, rows), flat, raw.Gather(shape, at))
    first = raw.Range(one, following, one)
    back = raw.ConcatV2([first, constant([0], int32), raw.Range(following, rank, one)], 0)
    return raw.Transpose(total, back)  # type: ignore[no-any-return]


define(
    "GatherV2",
    "params: Tparams, indices: Tindices, axis: Taxis -> output: Tparams",
    attrs={"batch_dims": Attr("int", 0)},
    types={"Tindices": INDEX, "Taxis": INDEX},
    kernel=_gather_kernel,
    infer=_gather_infer,
    grad=_gather_grad,
)


# ---- BroadcastTo: what arithmetic does by itself ----------------------------------------------


def _broadcast_kernel(value: Array, shape: Array) -> Array:
    try:
        return np.array(np.broadcast_to(value, tuple(shape.tolist())))
    except ValueError:
        raise invalid(
            f"Incompatible shapes: {shape_brackets(value.shape)} vs. "
            f"{shape_brackets(shape.tolist())}"
        ) from None


def _broadcast_infer(value: Spec, shape: Spec) -> Shape:
    found = shape_from(shape)
    broadcast(value.shape, found)
    return found


define(
    "BroadcastTo",
    "input: T, shape: Tidx -> output: T",
    attrs={"Tidx": int32},
    types={"T": ALL, "Tidx": INDEX},
    kernel=_broadcast_kernel,
    infer=_broadcast_infer,
    grad=lambda op, dy: [_summed(dy, op.inputs[0]), None],
)


# ---- SelectV2: Select whose arguments broadcast -----------------------------------------------


def _select_infer(condition: Spec, t: Spec, e: Spec) -> Shape:
    return broadcast(broadcast(condition.shape, t.shape), e.shape)


def _select_grad(op: Operation, dy: Tensor) -> list[Any]:
    condition, t, e = op.inputs
    zeros = raw.ZerosLike(dy)
    parts = raw.SelectV2(condition, dy, zeros), raw.SelectV2(condition, zeros, dy)
    return [None, *[_summed(part, like) for part, like in zip(parts, (t, e), strict=True)]]


def _summed(dy: Tensor, like: Tensor) -> Tensor:
    """A gradient in the shape of what was broadcast."""
    if like.spec.shape is not None and like.spec.shape == dy.spec.shape:
        return dy
    shape = shape_of(like)
    axes = raw.BroadcastGradientArgs(shape, raw.Shape(dy)).r0
    return raw.Reshape(raw.Sum(dy, axes), shape)  # type: ignore[no-any-return]


define(
    "SelectV2",
    "condition: bool, t: T, e: T -> output: T",
    kernel=np.where,
    types={"T": ALL},
    infer=_select_infer,
    grad=_select_grad,
)
