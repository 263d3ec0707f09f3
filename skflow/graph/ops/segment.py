"""Reductions of the rows that carry the same number: segments, sorted or not, and counts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from skflow.graph.conversion import constant
from skflow.graph.dtypes import INDEX, Array, float32, float64, int32, int64
from skflow.graph.lazy import sparse
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid
from skflow.graph.ops._types import ANY_NUMBERS, REAL_NUMBERS
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, equal_dims, shape_brackets
from skflow.graph.spec import Spec

_FEW = 2048  # elements: fewer are added one by one

# ---- sums of rows -----------------------------------------------------------------------


def _row_sums(places: Array, rows: Array, count: int) -> Array:
    """Add each row to the one of `count` rows that its place names; floats in double precision.

    Parameters
    ----------
    places : numpy.ndarray of shape (n,)
        Integers from 0 up to `count`.
    rows : numpy.ndarray of shape (n, width)
        The rows.
    count : int
        How many sums there are; those of no rows are zero.
    """
    kind = rows.dtype.kind
    if kind not in "fc":
        exact = np.zeros((count, rows.shape[1]), rows.dtype)
        np.add.at(exact, places, rows)
        return exact
    if count > 2 * len(places) + _FEW:
        used, renumbered = np.unique(places, return_inverse=True)
        out = np.zeros((count, rows.shape[1]), rows.dtype)
        out[used] = _row_sums(renumbered.reshape(-1), rows, len(used))
        return out
    wide = np.dtype(np.complex128 if kind == "c" else np.float64)
    if rows.size <= _FEW:
        out = np.zeros((count, rows.shape[1]), wide)
        np.add.at(out, places, rows)
    elif rows.shape[1] == 1 and kind == "f":
        out = np.bincount(places, rows[:, 0], count).reshape(count, 1)
    else:
        # A product with a matrix that holds a single one in each column: ten times as quick.
        starts = np.arange(len(places) + 1)
        chosen = sparse.csc_array(
            (np.ones(len(places), wide), places, starts), shape=(count, len(places))
        )
        out = chosen @ rows.astype(wide)
    return out.astype(rows.dtype, copy=False)


def _as_rows(data: Array, leading: int = 1) -> Array:
    count = math.prod(data.shape[:leading])
    return data.reshape(count, math.prod(data.shape[leading:]))


# ---- sorted segments --------------------------------------------------------------------


def _runs(data: Array, ids: Array) -> tuple[Array, int]:
    """Where each run of equal ids starts, and how many rows the output has.

    Raises
    ------
    InvalidArgumentError
        If the ids are not a sorted vector of natural numbers, one for each row of `data`.
    """
    if ids.ndim != 1:
        raise invalid("segment_ids should be a vector.")
    if data.ndim == 0 or len(data) != len(ids):
        raise invalid("segment_ids should be the same size as dimension 0 of input.")
    if not len(ids):
        return np.zeros(0, np.intp), 0
    count = int(ids[-1]) + 1
    if count <= 0:
        raise invalid("segment ids must be >= 0")
    starts = np.flatnonzero(np.append(True, ids[1:] != ids[:-1]))
    first = ids[starts]
    falling = np.append(first[:-1] > first[1:], False)
    outside = (first < 0) | (first >= count)
    wrong = np.flatnonzero(falling | outside)
    if wrong.size:
        raise invalid(_disorder(first, int(wrong[0]), falling, count))
    return starts, count


def _disorder(first: Array, run: int, falling: Array, count: int) -> str:
    if falling[run]:
        return "segment ids are not increasing"
    return (
        f"Segment id {first[run]} out of range [0, {count}), possibly because 'segment_ids' "
        "input is not sorted."
    )


def _segment_sum(data: Array, ids: Array) -> Array:
    _, count = _runs(data, ids)
    return _row_sums(ids, _as_rows(data), count).reshape(count, *data.shape[1:])


def _segment_mean(data: Array, ids: Array) -> Array:
    _, count = _runs(data, ids)
    rows = _as_rows(data)
    sizes = np.maximum(np.bincount(ids, minlength=count)[:count], 1).reshape(count, 1)
    if data.dtype.kind == "f":
        rows = rows.astype(np.float64)
        mean = _row_sums(ids, rows, count) / sizes
    else:
        # TensorFlow's integer mean loses its fraction.
        mean = np.trunc(_row_sums(ids, rows, count) / sizes)
    return mean.astype(data.dtype).reshape(count, *data.shape[1:])


def _by_runs(ufunc: np.ufunc, data: Array, ids: Array, gap: int) -> Array:
    """Reduce each run of rows; the rows of ids that do not occur are filled with `gap`."""
    starts, count = _runs(data, ids)
    out = np.full((count, *data.shape[1:]), gap, data.dtype)
    if starts.size and data.size:
        out[ids[starts]] = ufunc.reduceat(data, starts, axis=0, dtype=data.dtype)
    return out


def _segment_prod(data: Array, ids: Array) -> Array:
    return _by_runs(np.multiply, data, ids, 1)


def _segment_max(data: Array, ids: Array) -> Array:
    return _by_runs(*_passing_nan(np.maximum, np.fmax, data, -math.inf), ids, 0)


def _segment_min(data: Array, ids: Array) -> Array:
    return _by_runs(*_passing_nan(np.minimum, np.fmin, data, math.inf), ids, 0)


def _passing_nan(exact: np.ufunc, inexact: np.ufunc, data: Array, worst: float) -> tuple[Any, Any]:
    """The function for the type; as in TensorFlow NaN is passed over."""
    if data.dtype.kind != "f":
        return exact, data
    return inexact, np.where(np.isnan(data), data.dtype.type(worst), data)


def _segment_infer(data: Spec, ids: Spec) -> Shape:
    data.require_rank_at_least(1)
    ids.require_rank(1)
    return None if data.shape is None else (None, *data.shape[1:])


def _segment_sum_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [raw.Gather(dy, op.inputs[1], name="Gather"), None]


def _segment_mean_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    data, ids = op.inputs
    sizes = raw.SegmentSum(_column_of_ones(data, ids, dy), ids)
    return [raw.Gather(raw.RealDiv(dy, sizes), ids, name="Gather"), None]


def _column_of_ones(data: Tensor, ids: Tensor, dy: Tensor) -> Tensor:
    """A one for each row of `data`, shaped to be multiplied with its rows."""
    one = constant(1, int32)
    if data.spec.rank is None:
        more = raw.Fill(raw.ExpandDims(raw.Sub(raw.Rank(data), one), constant(0, int32)), one)
    else:
        more = constant([1] * (data.spec.rank - 1), int32)
    shape = raw.ConcatV2([raw.Shape(ids), more], constant(0, int32))
    return raw.Fill(shape, constant(1, dy.dtype.base_dtype))  # type: ignore[no-any-return]


def _extreme_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    """Extremes of a segment that tie share the gradient evenly."""
    data, ids, *count = op.inputs
    chosen = raw.Equal(data, raw.Gather(op.outputs[0], ids, name="extremes"))
    ones = raw.Cast(chosen, DstT=dy.dtype.base_dtype)
    sizes = raw.UnsortedSegmentSum(ones, ids, *count) if count else raw.SegmentSum(ones, ids)
    shares = raw.Gather(raw.RealDiv(dy, sizes), ids)
    grad = raw.Select(chosen, shares, raw.ZerosLike(data), name="Select")
    return [grad, None, *[None for _ in count]]


def _define_sorted(
    op_type: str, kernel: Callable[..., Any], grad: Any, dtypes: tuple[Any, ...]
) -> None:
    define(
        op_type,
        "data: T, segment_ids: Tindices -> output: T",
        types={"T": dtypes, "Tindices": INDEX},
        infer=_segment_infer,
        kernel=kernel,
        grad=grad,
    )


_define_sorted("SegmentSum", _segment_sum, _segment_sum_grad, ANY_NUMBERS)
_define_sorted("SegmentMean", _segment_mean, _segment_mean_grad, REAL_NUMBERS)
_define_sorted("SegmentProd", _segment_prod, None, ANY_NUMBERS)
_define_sorted("SegmentMax", _segment_max, _extreme_grad, REAL_NUMBERS)
_define_sorted("SegmentMin", _segment_min, _extreme_grad, REAL_NUMBERS)

# ---- unsorted segments ------------------------------------------------------------------


def _places(data: Array, ids: Array, num_segments: Array) -> tuple[Array, Array, int]:
    """The ids as a vector, the rows that go with them, and the number of segments."""
    if np.ndim(num_segments) != 0:
        raise invalid(
            f"num_segments should be a scalar, not shape {shape_brackets(num_segments.shape)}"
        )
    if data.shape[: ids.ndim] != ids.shape:
        raise invalid(
            f"data.shape = {shape_brackets(data.shape)} does not start with segment_ids.shape = "
            f"{shape_brackets(ids.shape)}"
        )
    count = int(num_segments)
    flat = ids.reshape(-1)
    wrong = np.flatnonzero((flat < 0) | (flat >= count))
    if wrong.size:
        at = np.unravel_index(int(wrong[0]), ids.shape)
        raise invalid(
            f"segment_ids{shape_brackets([int(i) for i in at])} = {flat[wrong[0]]} is out of "
            f"range [0, {count})"
        )
    return flat, _as_rows(data, ids.ndim), count


def _unsorted_sum(data: Array, ids: Array, num_segments: Array) -> Array:
    flat, rows, count = _places(data, ids, num_segments)
    return _row_sums(flat, rows, count).reshape(count, *data.shape[ids.ndim :])


def _unsorted_max(data: Array, ids: Array, num_segments: Array) -> Array:
    flat, rows, count = _places(data, ids, num_segments)
    real = data.dtype.kind == "f"
    # TensorFlow starts from the least finite number, even where there is -inf alone.
    lowest = np.finfo(data.dtype).min if real else np.iinfo(data.dtype).min
    out = np.full((count, rows.shape[1]), lowest, data.dtype)
    if rows.size:
        order = np.argsort(flat, kind="stable")
        ordered = flat[order]
        starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
        best = (np.fmax if real else np.maximum).reduceat(rows[order], starts, axis=0)
        out[ordered[starts]] = np.fmax(best, lowest)
    return out.reshape(count, *data.shape[ids.ndim :])


def _unsorted_infer(data: Spec, ids: Spec, num_segments: Spec) -> Shape:
    num_segments.require_rank(0)
    if data.shape is None or ids.shape is None:
        return None
    data.require_rank_at_least(len(ids.shape))
    for mine, theirs in zip(data.shape, ids.shape, strict=False):
        equal_dims(mine, theirs)
    count = num_segments.value
    if count is not None and int(count) < 0:
        raise ValueError(
            f"Dimension size, given by scalar input 2, must be non-negative but is {int(count)}"
        )
    return (None if count is None else int(count), *data.shape[len(ids.shape) :])


def _unsorted_sum_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [raw.Gather(dy, op.inputs[1], name="Gather"), None, None]


for _type, _kernel, _grad, _dtypes in (
    ("UnsortedSegmentSum", _unsorted_sum, _unsorted_sum_grad, ANY_NUMBERS),
    ("UnsortedSegmentMax", _unsorted_max, _extreme_grad, REAL_NUMBERS),
):
    define(
        _type,
        "data: T, segment_ids: Tindices, num_segments: int32 -> output: T",
        types={"T": _dtypes, "Tindices": INDEX},
        infer=_unsorted_infer,
        kernel=_kernel,
        grad=_grad,
    )

# ---- counts -----------------------------------------------------------------------------


def _bincount(arr: Array, size: Array, weights: Array) -> Array:
    count = int(size)
    if count < 0:
        raise invalid(f"size ({count}) must be non-negative")
    if weights.size and weights.shape != arr.shape:
        raise invalid(
            f"If weights are passed, they must have the same shape "
            f"({shape_brackets(weights.shape)}) as arr ({shape_brackets(arr.shape)})",
        )
    values = arr.reshape(-1)
    if values.size and values.min() < 0:
        raise invalid("Input arr must be non-negative!")
    kept = values < count
    if not weights.size:
        return np.bincount(values[kept], minlength=count).astype(weights.dtype)
    chosen = weights.reshape(-1)[kept].reshape(-1, 1)
    return _row_sums(values[kept], chosen, count).reshape(count)


def _bincount_infer(arr: Spec, size: Spec, weights: Spec) -> Shape:  # noqa: ARG001
    size.require_rank(0)
    value = size.value
    return (None if value is None or value < 0 else int(value),)


define(
    "Bincount",
    "arr: int32, size: int32, weights: T -> bins: T",
    types={"T": (int32, int64, float32, float64)},
    infer=_bincount_infer,
    kernel=_bincount,
)


def _dense_bincount(input: Array, size: Array, weights: Array, *, binary_output: bool) -> Array:
    """Counts of a vector, or of each row of a matrix; whether they are not 0."""
    if input.ndim > 2:
        raise invalid(f"Shape must be at most rank 2 but is rank {input.ndim}")
    if size.ndim:
        raise invalid(f"Shape must be rank 0 but is rank {size.ndim}")
    if size < 0:
        raise invalid(f"size ({size}) must be non-negative")
    if binary_output:
        weights = np.empty(0, weights.dtype)
    if weights.size and weights.shape != input.shape:
        raise invalid(
            "`weights` must be the same shape as `arr` or a length-0 `Tensor`, in which case it "
            f"acts as all weights equal to 1. Received {shape_brackets(weights.shape)}"
        )
    rows = input if input.ndim == 2 else input.reshape(1, -1)
    weighted = weights.reshape(rows.shape) if weights.size else [weights] * len(rows)
    found = [_bincount(row, size, w) for row, w in zip(rows, weighted, strict=True)]
    counts = np.array(found, weights.dtype).reshape(*input.shape[:-1], int(size))
    return (counts != 0).astype(weights.dtype) if binary_output else counts


def _dense_bincount_infer(input: Spec, size: Spec, weights: Spec) -> Shape:
    (bins,) = _bincount_infer(input, size, weights) or (None,)
    if input.shape is None:
        return None
    if len(input.shape) > 2:
        raise ValueError(f"Shape must be at most rank 2 but is rank {len(input.shape)}")
    return (*input.shape[:-1], bins)


# How later versions write it, in place of Bincount.
define(
    "DenseBincount",
    "input: Tidx, size: Tidx, weights: T -> output: T",
    attrs={"binary_output": False},
    types={"Tidx": INDEX, "T": (int32, int64, float32, float64)},
    infer=_dense_bincount_infer,
    kernel=_dense_bincount,
)
