"""Operations that sort rows into groups, put groups together again, or find what is repeated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skflow.graph.declaration import Attr
from skflow.graph.dtypes import INDEX, Array, DType, int32
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid, like_input, shape_of, zeros, zeros_for
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, equal_dims, merged, shape_brackets
from skflow.graph.spec import Spec

# ---- DynamicPartition, DynamicStitch -----------------------------------------------------


def _dynamic_partition_kernel(
    data: Array, partitions: Array, *, num_partitions: int
) -> list[Array]:
    prefix = partitions.shape
    if data.shape[: partitions.ndim] != prefix:
        raise invalid(
            "data.shape must start with partitions.shape, got data.shape = "
            f"{shape_brackets(data.shape)}, partitions.shape = "
            f"{shape_brackets(prefix)}"
        )
    group = partitions.reshape(-1)
    outside = np.flatnonzero((group < 0) | (group >= num_partitions))
    if outside.size:
        at = ",".join(str(int(i)) for i in np.unravel_index(outside[0], prefix))
        where = f"[{at}]" if prefix else ""
        raise invalid(f"partitions{where} = {group[outside[0]]} is not in [0, {num_partitions})")
    rows = data.reshape(group.size, *data.shape[partitions.ndim :])
    order = np.argsort(group, kind="stable")
    ends = np.searchsorted(group[order], np.arange(1, num_partitions))
    return [rows[members] for members in np.split(order, ends)]


def _dynamic_partition_infer(data: Spec, partitions: Spec, *, num_partitions: int) -> list[Shape]:
    if data.shape is None or partitions.shape is None:
        return [None] * num_partitions
    count = len(partitions.shape)
    prefix = data.require_rank_at_least(count) or ()
    for mine, theirs in zip(prefix, partitions.shape, strict=False):
        equal_dims(mine, theirs)
    return [(None, *data.shape[count:])] * num_partitions


def _dynamic_partition_grad(op: Operation, *dys: Any) -> list[Tensor | None]:
    """Let the positions go the same way as the rows, and stitch the rows together by them."""
    _, partitions = op.inputs
    groups = op.attrs["num_partitions"]
    shape = shape_of(partitions)
    numbers = raw.Reshape(raw.Range(0, raw.Size(partitions), 1, name="range"), shape)
    positions = raw.DynamicPartition(numbers, partitions, num_partitions=groups)
    rows = raw.DynamicStitch(positions, zeros_for(op, dys))
    return [like_input(op, rows), None]


define(
    "DynamicPartition",
    "data: T, partitions: int32 -> outputs: num_partitions * T",
    attrs={"num_partitions": Attr("int")},
    kernel=_dynamic_partition_kernel,
    infer=_dynamic_partition_infer,
    grad=_dynamic_partition_grad,
)


def _dynamic_stitch_kernel(indices: Sequence[Array], data: Sequence[Array]) -> Array:
    inner = data[0].shape[indices[0].ndim :]
    for i, (at, rows) in enumerate(zip(indices, data, strict=True)):
        if rows.shape[: at.ndim] != at.shape:
            raise invalid(
                f"data[{i}].shape = {shape_brackets(rows.shape)} does not start with "
                f"indices[{i}].shape = {shape_brackets(at.shape)}"
            )
        if rows.shape[at.ndim :] != inner:
            raise invalid(
                f"Need data[0].shape[{indices[0].ndim}:] = data[{i}].shape[{at.ndim}:], got "
                f"data[0].shape = {shape_brackets(data[0].shape)}, data[{i}].shape = "
                f"{shape_brackets(rows.shape)}, indices[0].shape = "
                f"{shape_brackets(indices[0].shape)}, indices[{i}].shape = "
                f"{shape_brackets(at.shape)}"
            )
        if at.size and at.min() < 0:
            first = int(np.flatnonzero(at.reshape(-1) < 0)[0])
            raise invalid(f"indices[{first}] is out of range")
    size = 1 + max((int(at.max()) for at in indices if at.size), default=-1)
    # Rows that no index names are left undefined by TensorFlow; here they are zeros.
    found = zeros((size, *inner), data[0].dtype)
    for at, rows in zip(indices, data, strict=True):
        found[at.reshape(-1)] = rows.reshape(at.size, *inner)
    return found


def _dynamic_stitch_infer(indices: Sequence[Spec], data: Sequence[Spec]) -> Shape:
    inner: Shape = None
    for at, rows in zip(indices, data, strict=True):
        if at.shape is None or rows.shape is None:
            continue
        count = len(at.shape)
        for mine, theirs in zip(rows.require_rank_at_least(count) or (), at.shape, strict=False):
            equal_dims(mine, theirs)
        inner = merged(inner, rows.shape[count:])
    return None if inner is None else (_stitched_size(indices), *inner)


def _stitched_size(indices: Sequence[Spec]) -> int | None:
    largest = -1
    for spec in indices:
        value = spec.value
        if value is None:
            return None
        largest = max(largest, int(value.max(initial=-1)))
    return largest + 1


def _dynamic_stitch_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    count = op.attrs["N"]
    nothing: list[Tensor | None] = [None] * count
    return nothing + [raw.Gather(dy, at) for at in op.inputs[:count]]


# The second is how later versions write it where the order of equal indices is left open.
for _name in ("DynamicStitch", "ParallelDynamicStitch"):
    define(
        _name,
        "indices: N * int32, data: N * T -> merged: T",
        kernel=_dynamic_stitch_kernel,
        infer=_dynamic_stitch_infer,
        grad=_dynamic_stitch_grad,
    )


# ---- Unique ------------------------------------------------------------------------------


def _distinct(x: Array) -> tuple[Array, Array, Array]:
    """The distinct entries in the order of first occurrence, each entry's number, and counts."""
    if x.ndim != 1:
        raise invalid("unique expects a 1D vector.")
    # NaNs are not equal to one another, here as in TensorFlow.
    _, first, number, count = np.unique(
        x, return_index=True, return_inverse=True, return_counts=True, equal_nan=False
    )
    order = np.argsort(first, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    return x[first[order]], place[number.reshape(-1)], count[order]


def _unique_kernel(x: Array, *, out_idx: DType) -> tuple[Array, Array]:
    values, numbers, _ = _distinct(x)
    return values, numbers.astype(out_idx.np_dtype)


def _unique_with_counts_kernel(x: Array, *, out_idx: DType) -> tuple[Array, Array, Array]:
    values, numbers, counts = _distinct(x)
    return values, numbers.astype(out_idx.np_dtype), counts.astype(out_idx.np_dtype)


define(
    "Unique",
    "x: T -> y: T, idx: out_idx",
    attrs={"out_idx": int32},
    types={"out_idx": INDEX},
    kernel=_unique_kernel,
    infer=lambda x: [(None,), x.shape],
)
define(
    "UniqueWithCounts",
    "x: T -> y: T, idx: out_idx, count: out_idx",
    attrs={"out_idx": int32},
    types={"out_idx": INDEX},
    kernel=_unique_with_counts_kernel,
    infer=lambda x: [(None,), x.shape, (None,)],
)
