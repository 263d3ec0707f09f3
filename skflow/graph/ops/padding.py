"""Operations that pad, repeat or reverse a tensor along its axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from skflow.graph.declaration import Attr
from skflow.graph.dtypes import (
    INDEX,
    NUMBERS,
    Array,
    bool_,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int32,
    int64,
    uint8,
)
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import entries, if_valid, invalid, shape_of, zeros
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, equal_dims, shape_brackets
from skflow.graph.spec import Spec

# ---- Pad, MirrorPad ----------------------------------------------------------------------


def _check_paddings(x: Array, paddings: Array, comma: str = "") -> list[list[int]]:
    """The paddings as pairs; InvalidArgumentError if they do not suit the tensor."""
    if paddings.ndim != 2 or paddings.shape[1] != 2:
        raise invalid(f"paddings must be a matrix with 2 columns: {shape_brackets(paddings.shape)}")
    if len(paddings) != x.ndim:
        raise invalid(
            "The first dimension of paddings must be the rank of inputs"
            f"{shape_brackets(paddings.shape)}{comma} {shape_brackets(x.shape)}"
        )
    pairs: list[list[int]] = paddings.tolist()
    for before, after in pairs:
        if before < 0 or after < 0:
            raise invalid(f"Paddings must be non-negative: {before} {after}")
    return pairs


def _padded(x: Array, pairs: Sequence[Sequence[int]], out: Array | None) -> Array:
    shape = [a + d + b for d, (a, b) in zip(x.shape, pairs, strict=True)]
    found = zeros(shape, x.dtype, out)
    found[tuple(slice(a, a + d) for d, (a, _) in zip(x.shape, pairs, strict=True))] = x
    return found


def _pad_kernel(x: Array, paddings: Array, *, out: Array | None = None) -> Array:
    return _padded(x, _check_paddings(x, paddings), out)


def _pad_infer(x: Spec, paddings: Spec) -> Shape:
    rows, columns = paddings.require_rank(2) or (None, None)
    if columns not in (2, None):
        raise ValueError(f"Dimension must be 2 but is {columns}")
    shape = x.shape
    if shape is None or rows is not None:
        shape = None if rows is None else x.require_rank(rows)
    value = paddings.value
    if value is None or shape is None:
        return None if shape is None else (None,) * len(shape)
    if (value < 0).any():
        raise ValueError("Paddings must be non-negative")
    return tuple(
        None if d is None else int(a) + d + int(b) for d, (a, b) in zip(shape, value, strict=True)
    )


def _pad_specialize(specs: Sequence[Spec], _: dict[str, Any]) -> Callable[..., Any] | None:
    x, paddings = specs
    if paddings.value is None or paddings.value.shape != (x.rank, 2) or (paddings.value < 0).any():
        return None
    pairs = paddings.value.tolist()
    return lambda x, _, out=None: _padded(x, pairs, out)


def _pad_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    x, paddings = op.inputs
    column = raw.Slice(paddings, [0, 0], [-1, 1])
    begin = raw.Reshape(column, [-1])
    return [raw.Slice(dy, begin, shape_of(x, begin.dtype)), None]


define(
    "Pad",
    "input: T, paddings: Tpaddings -> output: T",
    attrs={"Tpaddings": int32},
    types={"Tpaddings": INDEX},
    kernel=_pad_kernel,
    infer=_pad_infer,
    specialize=_pad_specialize,
    grad=_pad_grad,
    out=True,
)


def _mirror_pairs(x: Array, paddings: Array, mode: str) -> list[list[int]]:
    pairs = _check_paddings(x, paddings, ",")
    for size, (before, after) in zip(x.shape, pairs, strict=True):
        if mode == "REFLECT" and max(before, after) >= size and (before or after):
            raise invalid(
                "paddings must be less than the dimension size: "
                f"{before}, {after} not less than {size}"
            )
        if mode == "SYMMETRIC" and max(before, after) > size:
            raise invalid(
                "paddings must be no greater than the dimension size: "
                f"{before}, {after} greater than {size}"
            )
    return pairs


def _mirror_pad_kernel(x: Array, paddings: Array, *, mode: str) -> Array:
    pairs = _mirror_pairs(x, paddings, mode)
    skip = int(mode == "REFLECT")
    sources = []
    for size, (before, after) in zip(x.shape, pairs, strict=True):
        inner = np.arange(size)
        left = inner[skip : before + skip][::-1]
        right = inner[size - after - skip : size - skip][::-1]
        sources.append(np.concatenate([left, inner, right]))
    return x[np.ix_(*sources)] if sources else x.copy()


def _mirror_pad_grad_kernel(dy: Array, paddings: Array, *, mode: str) -> Array:
    """Add the mirrored margins onto what they are images of, axis by axis."""
    skip = int(mode == "REFLECT")
    found = dy
    for axis, (before, after) in enumerate(_check_paddings(dy, paddings, ",")):
        moved = np.moveaxis(found, axis, 0)
        size = len(moved) - before - after
        if size < max(before, after) + skip and (before or after):
            raise invalid(
                "paddings are too large for the gradient of a tensor of shape "
                f"{shape_brackets(dy.shape)}: {before}, {after}"
            )
        inner = moved[before : before + size].copy()
        inner[skip : before + skip] += moved[:before][::-1]
        inner[size - after - skip : size - skip] += moved[before + size :][::-1]
        found = np.moveaxis(inner, 0, axis)
    return found.copy() if found is dy else np.ascontiguousarray(found)


def _mirror_pad_grad_infer(dy: Spec, paddings: Spec, *, mode: str) -> Shape:
    del mode
    rows, _ = paddings.require_rank(2) or (None, None)
    shape = dy.shape if rows is None else dy.require_rank(rows)
    value = paddings.value
    if shape is None or value is None:
        return None if shape is None else (None,) * len(shape)
    return tuple(
        None if d is None else d - int(a) - int(b) for d, (a, b) in zip(shape, value, strict=True)
    )


define(
    "MirrorPad",
    "input: T, paddings: Tpaddings -> output: T",
    attrs={"Tpaddings": int32, "mode": Attr("string")},
    types={"Tpaddings": INDEX},
    kernel=_mirror_pad_kernel,
    infer=_pad_infer,
    grad=lambda op, dy: [raw.MirrorPadGrad(dy, op.inputs[1], mode=op.attrs["mode"]), None],
)
define(
    "MirrorPadGrad",
    "input: T, paddings: Tpaddings -> output: T",
    attrs={"Tpaddings": int32, "mode": Attr("string")},
    types={"T": NUMBERS, "Tpaddings": INDEX},
    kernel=_mirror_pad_grad_kernel,
    infer=_mirror_pad_grad_infer,
    grad=lambda op, dy: [raw.MirrorPad(dy, op.inputs[1], mode=op.attrs["mode"]), None],
)


# ---- Tile --------------------------------------------------------------------------------


def _check_multiples(x: Array, multiples: Array) -> list[int]:
    if multiples.ndim != 1:
        raise invalid(
            f"Expected multiples to be 1-D, but got shape {shape_brackets(multiples.shape)}"
        )
    if multiples.size != x.ndim:
        raise invalid(
            f"Expected multiples argument to be a vector of length {x.ndim} but got "
            f"length {multiples.size}"
        )
    counts: list[int] = multiples.tolist()
    for i, count in enumerate(counts):
        if count < 0:
            raise invalid(f"Expected multiples[{i}] >= 0, but got {count}")
    return counts


def _tiled(x: Array, counts: Sequence[int], out: Array | None) -> Array:
    """Repeat the whole of `x` along each axis: one copy out of a view that repeats."""
    apart: list[int] = []
    spread: list[int] = []
    for size, count in zip(x.shape, counts, strict=True):
        apart += [1, size]
        spread += [count, size]
    if out is None:
        found = np.empty([d * m for d, m in zip(x.shape, counts, strict=True)], x.dtype)
    else:
        found = out
    found.reshape(spread)[...] = x.reshape(apart)
    return found


def _tile_kernel(x: Array, multiples: Array, *, out: Array | None = None) -> Array:
    return _tiled(x, _check_multiples(x, multiples), out)


def _tile_infer(x: Spec, multiples: Spec) -> Shape:
    (count,) = multiples.require_rank(1) or (None,)
    rank = x.rank if count is None else count
    if rank is None:
        return None
    if x.rank not in (rank, None):
        raise ValueError(f"Shape must be rank {x.rank} but is rank {rank}")
    known = entries(multiples)
    if known is None or x.shape is None:
        return (None,) * rank
    return tuple(
        None if d is None or m is None else d * m for d, m in zip(x.shape, known, strict=True)
    )


def _tile_specialize(specs: Sequence[Spec], _: dict[str, Any]) -> Callable[..., Any] | None:
    x, multiples = specs
    if multiples.value is None or x.rank != multiples.value.size or (multiples.value < 0).any():
        return None
    counts = multiples.value.tolist()
    return lambda x, _, out=None: _tiled(x, counts, out)


def _tile_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    """Bring the copies apart on axes of their own, and sum over those."""
    x, multiples = op.inputs
    shape = shape_of(x, multiples.dtype)
    spread = raw.Reshape(raw.Pack([multiples, shape], axis=1), [-1])
    axes = raw.Range(0, raw.Size(spread), 2, name="range")
    return [raw.Sum(raw.Reshape(dy, spread), axes), None]


define(
    "Tile",
    "input: T, multiples: Tmultiples -> output: T",
    attrs={"Tmultiples": int32},
    types={"Tmultiples": INDEX},
    kernel=_tile_kernel,
    infer=_tile_infer,
    specialize=_tile_specialize,
    grad=_tile_grad,
    out=True,
)


def _tile_grad_kernel(dy: Array, multiples: Array) -> Array:
    counts = _check_multiples(dy, multiples)
    spread: list[int] = []
    for size, count in zip(dy.shape, counts, strict=True):
        if count == 0 or size % count:
            raise invalid(
                f"multiples {shape_brackets(counts)} do not divide the shape "
                f"{shape_brackets(dy.shape)}"
            )
        spread += [count, size // count]
    axes = tuple(range(0, 2 * dy.ndim, 2))
    found: Array = np.add.reduce(dy.reshape(spread), axis=axes, dtype=dy.dtype)
    return found


def _tile_grad_infer(dy: Spec, multiples: Spec) -> Shape:
    known = entries(multiples)
    if known is None:
        return dy.shape and (None,) * len(dy.shape)
    shape = dy.require_rank(len(known)) or ()
    return tuple(None if d is None or not m else d // m for d, m in zip(shape, known, strict=True))


define(
    "TileGrad",
    "input: T, multiples: int32 -> output: T",
    types={"T": NUMBERS},
    kernel=_tile_grad_kernel,
    infer=_tile_grad_infer,
    grad=lambda op, dy: [raw.Tile(dy, op.inputs[1]), None],
)


# ---- Reverse -----------------------------------------------------------------------------

_REVERSIBLE = (uint8, int8, int32, int64, bool_, float16, float32, float64, complex64, complex128)


def _flipped(x: Array, axes: Sequence[int]) -> Array:
    index = [slice(None)] * x.ndim
    for axis in axes:
        index[axis] = slice(None, None, -1)
    return x[tuple(index)].copy()


def _reverse_kernel(x: Array, dims: Array) -> Array:
    if dims.shape != (x.ndim,):
        raise invalid(
            f"'dims' must have the same number of values as 'tensor' has dimensions. "
            f"'tensor' has {x.ndim}'dims' has {dims.size} values"
        )
    return _flipped(x, np.flatnonzero(dims).tolist())


def _reverse_infer(x: Spec, dims: Spec) -> Shape:
    (count,) = dims.require_rank(1) or (None,)
    if x.rank is not None and x.rank > 8:
        raise ValueError("reverse does not work on tensors with more than 8 dimensions")
    return x.shape if count is None else x.require_rank(count)


define(
    "Reverse",
    "tensor: T, dims: bool -> output: T",
    types={"T": _REVERSIBLE},
    kernel=_reverse_kernel,
    infer=_reverse_infer,
    grad=lambda op, dy: [raw.Reverse(dy, op.inputs[1]), None],
)


def _reversed_axes(axes: Array, rank: int) -> list[int]:
    found: list[int] = []
    for i, given in enumerate(axes.tolist()):
        if not -rank <= given < rank:
            raise invalid(f"'axis'[{i}] = {given} is out of valid range [0, {rank - 1}")
        if given % rank in found:
            raise invalid(f"axis {given % rank} specified more than once.")
        found.append(given % rank)
    return found


def _reverse_v2_infer(x: Spec, axis: Spec) -> Shape:
    axis.require_rank(1)
    if x.rank is not None and x.rank > 8:
        raise ValueError("reverse does not work on tensors with more than 8 dimensions")
    return x.shape


@if_valid
def _reverse_v2_specialize(specs: Sequence[Spec], _: dict[str, Any]) -> Callable[..., Any] | None:
    x, axis = specs
    if axis.value is None or x.rank is None:
        return None
    axes = _reversed_axes(axis.value, x.rank)
    return lambda x, _: _flipped(x, axes)


define(
    "ReverseV2",
    "tensor: T, axis: Tidx -> output: T",
    attrs={"Tidx": int32},
    types={"T": _REVERSIBLE, "Tidx": INDEX},
    kernel=lambda x, axis: _flipped(x, _reversed_axes(axis, x.ndim)),
    infer=_reverse_v2_infer,
    specialize=_reverse_v2_specialize,
    grad=lambda op, dy: [raw.ReverseV2(dy, op.inputs[1]), None],
)


def _reverse_sequence_kernel(
    x: Array, seq_lengths: Array, *, seq_dim: int, batch_dim: int
) -> Array:
    if batch_dim == seq_dim:
        raise invalid(f"batch_dim == seq_dim == {seq_dim}")
    for name, axis in (("seq_dim", seq_dim), ("batch_dim", batch_dim)):
        if not 0 <= axis < x.ndim:
            raise invalid(f"{name} must be < input.dims()( {axis} vs. {x.ndim})")
    steps = x.shape[seq_dim]
    if seq_lengths.shape != (x.shape[batch_dim],):
        raise invalid(
            f"len(seq_lens) != input.dims({batch_dim}), ({seq_lengths.size} vs. "
            f"{x.shape[batch_dim]}"
        )
    for i, length in enumerate(seq_lengths.tolist()):
        if length < 0:
            raise invalid(f"seq_lens({i}) < 0")
        if length > steps:
            raise invalid(f"seq_lens({i}) > input.dims({seq_dim})")
    lengths = seq_lengths[:, None]
    at = np.arange(steps)[None, :]
    source = np.where(at < lengths, lengths - 1 - at, at)
    if batch_dim > seq_dim:
        source = source.T
    shape = [d if i in (seq_dim, batch_dim) else 1 for i, d in enumerate(x.shape)]
    return np.take_along_axis(x, source.reshape(shape), axis=seq_dim)


def _reverse_sequence_infer(x: Spec, seq_lengths: Spec, *, seq_dim: int, batch_dim: int) -> Shape:
    (count,) = seq_lengths.require_rank(1) or (None,)
    if x.shape is None:
        return None
    rank = len(x.shape)
    for name, axis in (("batch_dim", batch_dim), ("seq_dim", seq_dim)):
        if axis >= rank:
            raise ValueError(f"{name} must be < input rank: {axis} vs. {rank}")
    size = equal_dims(x.shape[batch_dim], count)
    return tuple(size if i == batch_dim else d for i, d in enumerate(x.shape))


def _reverse_sequence_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    axes = {k: op.attrs[k] for k in ("seq_dim", "batch_dim")}
    return [raw.ReverseSequence(dy, op.inputs[1], **axes), None]


define(
    "ReverseSequence",
    "input: T, seq_lengths: Tlen -> output: T",
    attrs={"seq_dim": Attr("int"), "batch_dim": 0, "Tlen": int64},
    types={"Tlen": INDEX},
    kernel=_reverse_sequence_kernel,
    infer=_reverse_sequence_infer,
    grad=_reverse_sequence_grad,
)
