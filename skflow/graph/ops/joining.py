"""Operations that join tensors along an axis, or take one apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any, Final

import numpy as np

from skflow.graph.declaration import Attr
from skflow.graph.dtypes import INDEX, Array, int32, int64
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import (
    as_int,
    constant_int,
    entries,
    invalid,
    shape_from,
    shape_of,
    zeros_for,
)
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, merged, shape_brackets
from skflow.graph.spec import Spec

_MANY: Final = 16  # from here on one split is quicker than as many slices


# ---- along an axis there is: Concat, Split -----------------------------------------------


def _concat_kernel(values: Sequence[Array], axis: Array) -> Array:
    return _joined(values, as_int(axis))


def _joined(values: Sequence[Array], axis: int) -> Array:
    try:
        return np.concatenate(values, axis)
    except ValueError:  # NumPy's AxisError is one too
        raise invalid(_why_not_joined([v.shape for v in values], axis)) from None


def _why_not_joined(shapes: Sequence[tuple[int, ...]], axis: int) -> str:
    first, rank = shapes[0], len(shapes[0])
    if not -rank <= axis < rank:
        return (
            f"ConcatOp : Expected concatenating dimensions in the range [{-rank}, {rank}), "
            f"but got {axis}"
        )
    i, other = next(
        (i, s)
        for i, s in enumerate(shapes)
        if len(s) != rank
        or any(p != q for k, (p, q) in enumerate(zip(s, first, strict=True)) if k != axis % rank)
    )
    what = "Dimensions of inputs" if len(other) == rank else "Ranks of all input tensors"
    return (
        f"ConcatOp : {what} should match: shape[0] = {shape_brackets(first)} vs. "
        f"shape[{i}] = {shape_brackets(other)}"
    )


def _concat_infer(values: Sequence[Spec], axis: Spec) -> Shape:
    axis.require_rank(0)
    unknown = _unknown_join(values)
    along = axis.value
    if along is None:
        return unknown
    at = int(along)
    least = -at if at < 0 else at + 1
    before: Shape = None
    after: Shape = None
    total: int | None = 0
    for spec in reversed(values):
        shape = spec.require_rank_at_least(least)
        if shape is None:
            total = None
            continue
        cut = at % len(shape)
        before = merged(shape[:cut], before)
        after = merged(shape[cut + 1 :], after)
        size = shape[cut]
        total = None if total is None or size is None else total + size
    if before is None or after is None:
        return None
    return (*before, total, *after)


def _unknown_join(values: Sequence[Spec]) -> Shape:
    """The shape along an unknown axis: only the rank is known."""
    rank = next((s.rank for s in values if s.rank is not None), None)
    if rank is None:
        return None
    if rank == 0:
        raise ValueError("Can't concatenate scalars (use tf.stack instead)")
    for spec in values:
        spec.require_rank(rank)
    return (None,) * rank


def _concat_specialize(specs: Sequence[Spec], _: dict[str, Any]) -> Callable[..., Any] | None:
    axis = constant_int(specs[-1])
    if axis is None:
        return None
    return lambda *arrays: _joined(arrays[:-1], axis)


def _concat_partial(op: Operation) -> Shape:
    """The entries of shapes put one after the other."""
    *values, axis = (t.spec for t in op.inputs)
    if axis.value is None or int(axis.value) not in (0, -1):
        return None
    found: list[int | None] = []
    for spec in values:
        known = entries(spec) if spec.rank in (1, None) else None
        if known is None:
            return None
        found.extend(known)
    return tuple(found)


def _slices_of(dy: Any, values: Sequence[Tensor], axis: Tensor) -> list[Tensor]:
    """What of `dy` belongs to each of the tensors that were joined."""
    if axis.dtype.base_dtype is not int32:
        axis = raw.Cast(axis, DstT=int32)
    along = raw.FloorMod(axis, raw.Rank(values[0]), name="mod")
    shapes = [shape_of(v) for v in values]
    if len(values) > _MANY:
        zero = raw.ExpandDims(along, 0)
        sizes = [raw.Slice(s, zero, [1]) for s in shapes]
        count = len(values)
        return raw.SplitV(  # type: ignore[no-any-return]
            dy, raw.ConcatV2(sizes, 0), along, num_split=count, name="split"
        )
    offsets = raw.ConcatOffset(along, shapes)
    return [raw.Slice(dy, begin, size) for begin, size in zip(offsets, shapes, strict=True)]


def _concat_v2_grad(op: Operation, dy: Any) -> list[Tensor | None]:
    values = op.inputs[:-1]
    if len(values) == 1:
        return [dy, None]
    return [*_slices_of(dy, values, op.inputs[-1]), None]


def _concat_grad(op: Operation, dy: Any) -> list[Tensor | None]:
    values = op.inputs[1:]
    if len(values) == 1:
        return [None, dy]
    return [None, *_slices_of(dy, values, op.inputs[0])]


define(
    "ConcatV2",
    "values: N * T, axis: Tidx -> output: T",
    attrs={"Tidx": int32},
    types={"Tidx": INDEX},
    kernel=_concat_kernel,
    infer=_concat_infer,
    specialize=_concat_specialize,
    partial=_concat_partial,
    grad=_concat_v2_grad,
)
define(
    "Concat",
    "concat_dim: int32, values: N * T -> output: T",
    kernel=lambda axis, values: _concat_kernel(values, axis),
    infer=lambda axis, values: _concat_infer(values, axis),
    grad=_concat_grad,
)


def _checked_axis(axis: int, rank: int) -> int:
    """`axis` counted from the front; InvalidArgumentError if there is none such."""
    if not -rank <= axis < rank:
        raise invalid(f"0 <= split_dim < number of input dimensions ({rank}), but got {axis}")
    return axis % rank


def _pieces(value: Array, sizes: Sequence[int], axis: int) -> list[Array]:
    ends = list(accumulate(sizes, initial=0))
    lead = (slice(None),) * axis
    return [value[(*lead, slice(a, b))].copy() for a, b in pairwise(ends)]


def _even_sizes(value: Array, axis: int, count: int) -> list[int]:
    size = value.shape[axis]
    if size % count:
        raise invalid(
            "Number of ways to split should evenly divide the split dimension, but got "
            f"split_dim {axis} (size = {size}) and num_split {count}"
        )
    return [size // count] * count


def _split_kernel(split_dim: Array, value: Array, *, num_split: int) -> list[Array]:
    axis = _checked_axis(as_int(split_dim), value.ndim)
    return _pieces(value, _even_sizes(value, axis, num_split), axis)


def _require_axis(spec: Spec) -> int | None:
    """The split axis, if it is known."""
    found = constant_int(spec)
    if spec.rank:
        raise ValueError(f"Input must be scalar but has rank {spec.rank}")
    return found


def _split_infer(split_dim: Spec, value: Spec, *, num_split: int) -> list[Shape]:
    axis = _require_axis(split_dim)
    if axis is None:
        return [None if value.rank is None else (None,) * value.rank] * num_split
    shape = value.require_rank_at_least(-axis if axis < 0 else axis + 1)
    if shape is None:
        return [None] * num_split
    size, axis = shape[axis], axis % len(shape)
    if size is not None and size % num_split:
        raise ValueError(
            f"Dimension size must be evenly divisible by {num_split} but is {size}\n"
            "\tNumber of ways to split should evenly divide the split dimension"
        )
    part = None if size is None else size // num_split
    return [(*shape[:axis], part, *shape[axis + 1 :])] * num_split


def _rejoined(dys: Sequence[Any], axis: Tensor) -> Tensor:
    if len(dys) == 1:
        return raw.Identity(dys[0], name="concat")  # type: ignore[no-any-return]
    return raw.ConcatV2(list(dys), axis, name="concat")  # type: ignore[no-any-return]


define(
    "Split",
    "split_dim: int32, value: T -> output: num_split * T",
    attrs={"num_split": Attr("int")},
    kernel=_split_kernel,
    infer=_split_infer,
    grad=lambda op, *dys: [None, _rejoined(zeros_for(op, dys), op.inputs[0])],
)


def _given_sizes(value: Array, sizes: Array, axis: int, count: int) -> list[int]:
    """The sizes of the pieces, with a -1 among them worked out."""
    if sizes.ndim != 1 or sizes.size != count:
        raise invalid(
            "size of the split_tensor must be 1-D and have the same elements as outputs "
            f"got {sizes.ndim} -D and {sizes.size} elements"
        )
    given = sizes.tolist()
    total = value.shape[axis]
    if given.count(-1) > 1:
        raise invalid("There can only be one -1 in the input.")
    known = sum(d for d in given if d != -1)
    if known > total or (known < total and -1 not in given):
        raise invalid(
            "Determined shape must either match input shape along split_dim exactly if "
            "fully specified, or be less than the size of the input along split_dim if "
            f"not fully specified.  Got: {known}"
        )
    for i, size in enumerate(given):
        if size < -1:
            raise invalid(f"Split size at index {i} must be >= 0. Got: {size}")
    return [total - known if d == -1 else d for d in given]


def _split_v_kernel(
    value: Array, size_splits: Array, split_dim: Array, *, num_split: int
) -> list[Array]:
    axis = _checked_axis(as_int(split_dim), value.ndim)
    return _pieces(value, _given_sizes(value, size_splits, axis, num_split), axis)


def _split_v_infer(
    value: Spec, size_splits: Spec, split_dim: Spec, *, num_split: int
) -> list[Shape]:
    axis = _require_axis(split_dim)
    rank = value.rank
    if axis is None:
        return [None if rank is None else (None,) * rank] * num_split
    shape = value.require_rank_at_least(-axis if axis < 0 else axis + 1)
    if shape is None:
        return [None] * num_split
    axis %= len(shape)
    sizes = shape_from(size_splits)
    if sizes is None or len(sizes) != num_split:
        sizes = (None,) * num_split
    unknown = [i for i, d in enumerate(sizes) if d is None]
    total = shape[axis]
    if len(unknown) == 1 and total is not None:
        rest = total - sum(d for d in sizes if d is not None)
        sizes = tuple(rest if d is None and rest >= 0 else d for d in sizes)
    return [(*shape[:axis], d, *shape[axis + 1 :]) for d in sizes]


define(
    "SplitV",
    "value: T, size_splits: Tlen, split_dim: int32 -> output: num_split * T",
    attrs={"num_split": Attr("int"), "Tlen": int64},
    types={"Tlen": INDEX},
    kernel=_split_v_kernel,
    infer=_split_v_infer,
    grad=lambda op, *dys: [_rejoined(zeros_for(op, dys), op.inputs[2]), None, None],
)


# ---- along an axis of their own: Pack, Unpack --------------------------------------------


def _pack_kernel(values: Sequence[Array], *, axis: int) -> Array:
    first = values[0]
    rank = first.ndim + 1
    for i, value in enumerate(values):
        if value.shape != first.shape:
            raise invalid(
                "Shapes of all inputs must match: values[0].shape = "
                f"{shape_brackets(first.shape)} != values[{i}].shape = "
                f"{shape_brackets(value.shape)}"
            )
    if not -rank <= axis < rank:
        raise invalid(f"axis = {axis} not in [{-rank}, {rank})")
    axis %= rank
    found = np.empty((*first.shape[:axis], len(values), *first.shape[axis:]), first.dtype)
    rows = np.moveaxis(found, axis, 0)
    for i, value in enumerate(values):
        rows[i, ...] = value
    return found


def _own_axis(axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise ValueError(f"Invalid axis: {axis}; must be in [{-rank},{rank})")
    return axis % rank


def _pack_infer(values: Sequence[Spec], *, axis: int) -> Shape:
    shape = values[-1].shape
    for i in range(len(values) - 2, -1, -1):
        try:
            shape = merged(values[i].shape, shape)
        except ValueError as error:
            raise ValueError(f"{error}\n\tFrom merging shape {i} with other shapes.") from None
    if shape is None:
        return None
    axis = _own_axis(axis, len(shape) + 1)
    return (*shape[:axis], len(values), *shape[axis:])


def _pack_specialize(specs: Sequence[Spec], _: dict[str, Any]) -> Callable[..., Any] | None:
    kind = specs[0].dtype.np_dtype
    if any(s.rank != 0 for s in specs) or kind.kind == "O":
        return None
    return lambda *arrays: np.array(arrays, dtype=kind)


def _pack_partial(op: Operation) -> Shape:
    """The entries of a shape built of single sizes."""
    if op.attrs["axis"] not in (0, -1) or not op.outputs[0].dtype.base_dtype.is_integer:
        return None
    found: list[int | None] = []
    for tensor in op.inputs:
        # What holds a shape is a vector: elements of unknown rank are taken for its entries.
        if tensor.spec.rank not in (0, None):
            return None
        found.extend((entries(tensor.spec) if tensor.spec.rank == 0 else None) or (None,))
    return tuple(found)


def _pack_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    return raw.Unpack(  # type: ignore[no-any-return]
        dy, num=op.attrs["N"], axis=op.attrs["axis"], name="unstack"
    )


define(
    "Pack",
    "values: N * T -> output: T",
    attrs={"axis": 0},
    kernel=_pack_kernel,
    infer=_pack_infer,
    specialize=_pack_specialize,
    partial=_pack_partial,
    grad=_pack_grad,
)


def _unpack_kernel(value: Array, *, num: int, axis: int) -> list[Array]:
    if not -value.ndim <= axis < value.ndim:
        raise invalid(f"axis = {axis} not in [{-value.ndim}, {value.ndim})")
    if value.shape[axis] != num:
        raise invalid(
            f"Input shape axis {axis} must equal {num}, got shape {shape_brackets(value.shape)}"
        )
    rows = np.moveaxis(value, axis, 0)
    return [rows[i, ...].copy() for i in range(num)]


def _unpack_infer(value: Spec, *, num: int, axis: int) -> list[Shape]:
    if value.shape is None:
        return [None] * num
    axis = _own_axis(axis, len(value.shape))
    if value.shape[axis] not in (num, None):
        raise ValueError(f"Dimension must be {num} but is {value.shape[axis]}")
    return [(*value.shape[:axis], *value.shape[axis + 1 :])] * num


define(
    "Unpack",
    "value: T -> output: num * T",
    attrs={"num": Attr("int"), "axis": 0},
    kernel=_unpack_kernel,
    infer=_unpack_infer,
    grad=lambda op, *dys: [raw.Pack(zeros_for(op, dys), axis=op.attrs["axis"], name="stack")],
)
