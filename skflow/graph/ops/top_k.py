"""The largest entries of each row, and whether a class is among them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from skflow.graph.conversion import constant
from skflow.graph.declaration import Attr
from skflow.graph.dtypes import INDEX, Array, int32
from skflow.graph.nodes import Operation
from skflow.graph.ops._arrays import invalid
from skflow.graph.ops._types import REAL_NUMBERS
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, equal_dims, shape_brackets
from skflow.graph.spec import Spec

_SORTED_WHOLE: Final = 64  # rows no longer than this are sorted rather than searched


def _descending(x: Array) -> Array:
    """Positions from the largest entry of each row down; of equal ones the first comes first."""
    last = x.shape[-1] - 1
    found: Array = last - np.argsort(x[:, ::-1], axis=-1, kind="stable")
    return found[:, ::-1]


def _candidates(x: Array, k: int) -> Array | None:
    """Positions of the `k` largest entries of each row in order of position; not with NaN."""
    if x.dtype.kind == "f" and np.isnan(np.max(x)):
        return None
    bar = np.partition(x, x.shape[1] - k, axis=1)[:, x.shape[1] - k, None]
    above = x > bar
    ties = x == bar
    room = k - np.count_nonzero(above, axis=1, keepdims=True)
    above |= ties & (np.cumsum(ties, axis=1) <= room)
    return np.nonzero(above)[1].reshape(len(x), k)


def _check_top_k(x: Array, k: Array) -> None:
    if k.ndim:
        raise invalid(f"k must be scalar, got shape {shape_brackets(k.shape)}")
    if k < 0:
        raise invalid(f"Need k >= 0, got {k}")
    if not x.ndim:
        raise invalid(f"input must be >= 1-D, got shape {shape_brackets(x.shape)}")
    if x.shape[-1] < k:
        raise invalid("input must have at least k columns")


def _top_k(x: Array, k: Array) -> tuple[Array, Array]:
    _check_top_k(x, k)
    count, width = int(k), x.shape[-1]
    shape = (*x.shape[:-1], count)
    if not count or not x.size:
        return np.empty(shape, x.dtype), np.empty(shape, np.int32)
    rows = x.reshape(-1, width)
    among = _candidates(rows, count) if max(count, _SORTED_WHOLE) < width else None
    if among is None:
        where = _descending(rows)[:, :count]
    else:
        order = _descending(np.take_along_axis(rows, among, axis=1))
        where = np.take_along_axis(among, order, axis=1)
    values = np.take_along_axis(rows, where, axis=1)
    return values.reshape(shape), where.astype(np.int32).reshape(shape)


def _top_k_infer(x: Spec, k: Spec) -> list[Shape]:
    shape = x.require_rank_at_least(1)
    value = k.value
    if k.rank:
        raise ValueError(f"Input must be scalar but has rank {k.rank}")
    count = None if value is None else int(value)
    if count is not None and count < 0:
        raise ValueError(
            f"Dimension size, given by scalar input 1, must be non-negative but is {count}"
        )
    if shape is None:
        return [None, None]
    width = shape[-1]
    if count is not None and width is not None and width < count:
        raise ValueError(f"input must have last dimension >= k = {count} but is {width}")
    return [(*shape[:-1], count)] * 2


def _top_k_grad(op: Operation, dvalues: Any, _: Any) -> list[Any]:
    """Put each gradient where its entry came from."""
    x = op.inputs[0]
    if dvalues is None:
        return [None, None]
    shape = raw.Shape(x, name="Shape")
    width = raw.StridedSlice(shape, [-1], [0], [1], end_mask=1, shrink_axis_mask=1)
    rows = raw.Reshape(op.outputs[1], raw.Pack([constant(-1, int32), op.inputs[1]], axis=0))
    count = raw.StridedSlice(raw.Shape(rows), [0], [1], [1], shrink_axis_mask=1)
    starts = raw.Mul(raw.Range(constant(0, int32), count, constant(1, int32)), width)
    flat = raw.Reshape(raw.Add(rows, raw.ExpandDims(starts, constant(-1, int32))), [-1])
    size = raw.Prod(shape, constant([0], int32), keep_dims=True)
    dense = raw.SparseToDense(
        flat,
        size,
        raw.Reshape(dvalues, [-1]),
        constant(0, dvalues.dtype.base_dtype),
        validate_indices=False,
    )
    return [raw.Reshape(dense, shape, name="Reshape_4"), None]


define(
    "TopKV2",
    "input: T, k: int32 -> values: T, indices: int32",
    attrs={"sorted": True},
    types={"T": REAL_NUMBERS},
    infer=_top_k_infer,
    kernel=_top_k,
    grad=_top_k_grad,
)


def _check_rows(predictions: Array, targets: Array) -> None:
    if predictions.ndim != 2:
        raise invalid("predictions must be 2-dimensional")
    if targets.ndim != 1:
        raise invalid("targets must be 1-dimensional")
    if len(predictions) != len(targets):
        raise invalid(
            f"First dimension of predictions {len(predictions)} must match length of "
            f"targets {len(targets)}"
        )


def _outside(predictions: Array, targets: Array) -> Array:
    """Which targets are no column."""
    outside: Array = (targets < 0) | (targets >= predictions.shape[1])
    return outside


def _in_top_k(predictions: Array, targets: Array, *, k: int) -> Array:
    _check_rows(predictions, targets)
    outside = _outside(predictions, targets)
    if outside.any():
        raise invalid(f"targets[{int(np.argmax(outside))}] is out of range")
    return _are_among(predictions, targets, k)


def _are_among(predictions: Array, targets: Array, k: int) -> Array:
    mine = predictions[np.arange(len(targets)), targets]
    better = np.count_nonzero(predictions > mine[:, None], axis=1)
    found: Array = np.logical_and(better < k, np.isfinite(predictions).all(axis=1))
    return found


def _in_top_k_infer(predictions: Spec, targets: Spec) -> Shape:
    rows, _ = predictions.require_rank(2) or (None, None)
    (count,) = targets.require_rank(1) or (None,)
    return (equal_dims(rows, count),)


define(
    "InTopK",
    "predictions: float32, targets: T -> precision: bool",
    attrs={"k": Attr("int"), "T": int32},
    types={"T": INDEX},
    infer=_in_top_k_infer,
    kernel=_in_top_k,
)


def _in_top_k_v2(predictions: Array, targets: Array, k: Array) -> Array:
    """As `InTopK`, but a target that is no column is among no entries."""
    _check_rows(predictions, targets)
    if k.ndim:
        raise invalid(f"k must be 0-D, got shape {shape_brackets(k.shape)}")
    outside = _outside(predictions, targets)
    if not predictions.shape[1]:
        return np.zeros(len(targets), bool)
    return _are_among(predictions, np.where(outside, 0, targets), int(k)) & ~outside


def _in_top_k_v2_infer(predictions: Spec, targets: Spec, k: Spec) -> Shape:
    k.require_rank(0)
    return _in_top_k_infer(predictions, targets)


define(
    "InTopKV2",
    "predictions: float32, targets: T, k: T -> precision: bool",
    attrs={"T": int32},
    types={"T": INDEX},
    infer=_in_top_k_v2_infer,
    kernel=_in_top_k_v2,
)
