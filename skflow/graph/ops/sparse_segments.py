"""Sums and means over segments of rows that are looked up in a table on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from skflow.graph.dtypes import INDEX, Array, DType, float16, float32, float64, int32
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid
from skflow.graph.ops._rows import gathered
from skflow.graph.ops._types import REAL_NUMBERS
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, merged
from skflow.graph.spec import Spec


def _check_lengths(indices: Array, segments: Array) -> None:
    if indices.ndim != 1:
        raise invalid("indices should be a vector.")
    if segments.ndim != 1:
        raise invalid("segment_ids should be a vector.")
    if indices.size != segments.size:
        raise invalid("segment_ids and indices should have same size.")


def _check_segments(segments: Array) -> None:
    last = int(segments[-1]) + 1
    outside = (segments < 0) | (segments >= last)
    down = segments[1:] < segments[:-1]
    if down.any() or outside.any():
        first_down = int(np.argmax(down)) if down.any() else len(segments)
        first_out = int(np.argmax(outside)) if outside.any() else len(segments)
        if first_out <= first_down:
            raise invalid(
                f"Segment id {segments[first_out]} out of range [0, {last}), possibly "
                "because 'segment_ids' input is not sorted."
            )
        raise invalid("segment ids are not increasing")


def _check_rows(indices: Array, rows: int) -> None:
    outside = (indices < 0) | (indices >= rows)
    if outside.any():
        at = int(np.argmax(outside))
        raise invalid(f"Bad: indices[{at}] == {indices[at]} out of range [0, {rows})")


def _reduced(data: Array, indices: Array, segments: Array, weight: Any) -> Array:
    """The sums of rows by segment, times ``weight(rows in the segment)``; empty ones are zero."""
    if not data.ndim:
        raise invalid("Shape must be at least rank 1")
    _check_lengths(indices, segments)
    if not segments.size:
        return np.zeros((0, *data.shape[1:]), dtype=data.dtype)
    _check_segments(segments)
    _check_rows(indices, len(data))
    starts = np.flatnonzero(np.append(True, segments[1:] != segments[:-1]))
    wide = np.float64 if data.dtype.kind == "f" else data.dtype
    sums = np.add.reduceat(data[indices], starts, axis=0, dtype=wide)
    if weight is not None:
        counts = np.diff(np.append(starts, segments.size))
        sums *= _column(weight(counts), data.ndim)
    out = np.zeros((int(segments[-1]) + 1, *data.shape[1:]), dtype=data.dtype)
    out[segments[starts]] = sums
    return out


def _column(weights: Array, rank: int) -> Array:
    return weights.reshape(-1, *[1] * (rank - 1))


def _mean_weight(counts: Array) -> Array:
    return 1.0 / counts


def _sqrt_weight(counts: Array) -> Array:
    return 1.0 / np.sqrt(counts)


def _sum(data: Array, indices: Array, segment_ids: Array) -> Array:
    return _reduced(data, indices, segment_ids, None)


def _mean(data: Array, indices: Array, segment_ids: Array) -> Array:
    return _reduced(data, indices, segment_ids, _mean_weight)


def _sqrt_n(data: Array, indices: Array, segment_ids: Array) -> Array:
    return _reduced(data, indices, segment_ids, _sqrt_weight)


def _infer(data: Spec, indices: Spec, segments: Spec) -> Shape:
    shape = data.require_rank_at_least(1)
    merged(indices.require_rank(1), segments.require_rank(1))
    return None if shape is None else (None, *shape[1:])


def _rows_of(x: Tensor) -> Tensor:
    """The number of rows, as a tensor."""
    return raw.StridedSlice(  # type: ignore[no-any-return]
        raw.Shape(x), [0], [1], [1], shrink_axis_mask=1, name="strided_slice"
    )


def _sum_grad(op: Operation, dy: Tensor) -> list[Any]:
    data, indices, segments = op.inputs
    return [raw.UnsortedSegmentSum(raw.Gather(dy, segments), indices, _rows_of(data)), None, None]


def _grad_by(name: str) -> Callable[..., list[Any]]:
    def grad(op: Operation, dy: Tensor) -> list[Any]:
        data, indices, segments = op.inputs
        return [getattr(raw, name)(dy, indices, segments, _rows_of(data)), None, None]

    return grad


# TensorFlow 1.1.0 has int32 segment_ids only.
_INDEX_TYPES: Final = {"Tidx": int32, "Tsegmentids": int32}
_INDEXED: Final = {"Tidx": INDEX, "Tsegmentids": INDEX}
_SIGNATURE: Final = "data: T, indices: Tidx, segment_ids: Tsegmentids -> output: T"
define(
    "SparseSegmentSum",
    _SIGNATURE,
    attrs=_INDEX_TYPES,
    types={"T": REAL_NUMBERS, **_INDEXED},
    infer=_infer,
    kernel=_sum,
    grad=_sum_grad,
)
define(
    "SparseSegmentMean",
    _SIGNATURE,
    attrs=_INDEX_TYPES,
    types={"T": (float32, float64), **_INDEXED},
    infer=_infer,
    kernel=_mean,
    grad=_grad_by("SparseSegmentMeanGrad"),
)
define(
    "SparseSegmentSqrtN",
    _SIGNATURE,
    attrs=_INDEX_TYPES,
    types={"T": (float32, float64), **_INDEXED},
    infer=_infer,
    kernel=_sqrt_n,
    grad=_grad_by("SparseSegmentSqrtNGrad"),
)


# ---- their gradients ----------------------------------------------------------------------


def _spread(grad: Array, indices: Array, segments: Array, rows: Array, weight: Any) -> Array:
    """Each segment's gradient, weighted, on every row that went into it."""
    _check_lengths(indices, segments)
    count = int(rows)
    where, sums = _spread_rows(grad, indices, segments, count, weight)
    out = np.zeros((count, *grad.shape[1:]), dtype=grad.dtype)
    out[where] = sums
    return out


def _spread_rows(
    grad: Array, indices: Array, segments: Array, count: int, weight: Any
) -> tuple[Array, Array]:
    """The same without the rows that nothing comes from: their numbers, ascending, and they."""
    if not segments.size:
        return indices, np.zeros((0, *grad.shape[1:]), dtype=grad.dtype)
    if ((segments < 0) | (segments >= len(grad))).any():
        raise invalid("Invalid number of segments")
    outside = (indices < 0) | (indices >= count)
    if outside.any():
        raise invalid(f"Index {indices[np.argmax(outside)]} out of range [0, {count}).")
    rows = grad[segments]
    if weight is not None:
        weights = weight(np.bincount(segments, minlength=len(grad)))[segments].astype(grad.dtype)
        rows = rows * _column(weights, grad.ndim)
    return gathered(indices, rows, np.add)


def _mean_grad(grad: Array, indices: Array, segment_ids: Array, output_dim0: Array) -> Array:
    return _spread(grad, indices, segment_ids, output_dim0, _mean_weight)


def _sqrt_n_grad(grad: Array, indices: Array, segment_ids: Array, output_dim0: Array) -> Array:
    return _spread(grad, indices, segment_ids, output_dim0, _sqrt_weight)


def _sum_grad_kernel(grad: Array, indices: Array, segment_ids: Array, output_dim0: Array) -> Array:
    return _spread(grad, indices, segment_ids, output_dim0, None)


def _grad_infer(grad: Spec, indices: Spec, segments: Spec, rows: Spec) -> Shape:
    shape = grad.require_rank_at_least(1)
    merged(indices.require_rank(1), segments.require_rank(1))
    rows.require_rank(0)
    count = None if rows.value is None else int(rows.value)
    return None if shape is None else (count, *shape[1:])


def _forward_by(name: str) -> Callable[..., list[Any]]:
    def grad(op: Operation, dy: Tensor) -> list[Any]:
        # Segments after the last one in use are not in the forward result: pad them.
        given, indices, segments, _ = op.inputs
        found = getattr(raw, name)(dy, indices, segments)
        rows = raw.Range(0, _rows_of(found), 1)
        return [raw.UnsortedSegmentSum(found, rows, _rows_of(given)), None, None, None]

    return grad


def _define_grad(
    name: str, kernel: Callable[..., Array], types: tuple[DType, ...] = (float32, float64)
) -> None:
    define(
        f"{name}Grad",
        "grad: T, indices: Tidx, segment_ids: Tsegmentids, output_dim0: int32 -> output: T",
        attrs=_INDEX_TYPES,
        types={"T": types, **_INDEXED},
        infer=_grad_infer,
        kernel=kernel,
        grad=_forward_by(name),
    )


_define_grad("SparseSegmentMean", _mean_grad)
_define_grad("SparseSegmentSqrtN", _sqrt_n_grad)
# The gradient of sums is an operation of its own in later versions.
_define_grad("SparseSegmentSum", _sum_grad_kernel, (float16, float32, float64))


# ---- their gradients as later versions write them: only the rows that are not zero --------


def _rows_kernel(weight: Any) -> Callable[..., tuple[Array, Array]]:
    def kernel(
        grad: Array, indices: Array, segment_ids: Array, dense_output_dim0: Array
    ) -> tuple[Array, Array]:
        _check_lengths(indices, segment_ids)
        count = int(dense_output_dim0)
        where, sums = _spread_rows(grad, indices, segment_ids, count, weight)
        order = np.argsort(where, kind="stable")
        return sums[order], where[order].astype(indices.dtype)

    return kernel


def _rows_infer(grad: Spec, indices: Spec, segments: Spec, rows: Spec) -> list[Shape]:
    shape = _grad_infer(grad, indices, segments, rows)
    return [None if shape is None else (None, *shape[1:]), (None,)]


for _name, _weight in (("Mean", _mean_weight), ("SqrtN", _sqrt_weight), ("Sum", None)):
    define(
        f"SparseSegment{_name}GradV2",
        "grad: T, indices: Tidx, segment_ids: Tsegmentids, dense_output_dim0: int32 "
        "-> output: T, sorted_unique_indices: Tidx",
        attrs=_INDEX_TYPES,
        types={"T": (float16, float32, float64), **_INDEXED},
        infer=_rows_infer,
        kernel=_rows_kernel(_weight),
    )
