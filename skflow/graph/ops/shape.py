"""Operations that ask for a tensor's shape or give the same elements another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from skflow.graph.declaration import Attr
from skflow.graph.dtypes import INDEX, Array, DType, int32
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import (
    as_int,
    entries,
    if_valid,
    invalid,
    like_input,
    shape_from,
)
from skflow.graph.registry import NOT_DIFFERENTIABLE, define, raw
from skflow.graph.shapes import Shape, broadcast, is_full, num_elements, shape_brackets
from skflow.graph.spec import Spec

# ---- what shape a tensor has -------------------------------------------------------------


def _shape_kernel(x: Array, *, out_type: DType) -> Array:
    return np.array(x.shape, dtype=out_type.np_dtype)


def _shape_infer(x: Spec) -> Shape:
    return (x.rank,)


define(
    "Shape",
    "input: T -> output: out_type",
    attrs={"out_type": int32},
    types={"out_type": INDEX},
    kernel=_shape_kernel,
    infer=_shape_infer,
    partial=lambda op: op.inputs[0].spec.shape,
    grad=NOT_DIFFERENTIABLE,
)


def _shape_n_kernel(xs: Sequence[Array], *, out_type: DType) -> list[Array]:
    return [np.array(x.shape, dtype=out_type.np_dtype) for x in xs]


define(
    "ShapeN",
    "input: N * T -> output: N * out_type",
    attrs={"out_type": int32},
    types={"out_type": INDEX},
    kernel=_shape_n_kernel,
    infer=lambda xs: [(x.rank,) for x in xs],
    grad=NOT_DIFFERENTIABLE,
)


def _size_partial(op: Operation) -> Shape:
    size = num_elements(op.inputs[0].spec.shape)
    return None if size is None else (size,)


define(
    "Size",
    "input: T -> output: out_type",
    attrs={"out_type": int32},
    types={"out_type": INDEX},
    kernel=lambda x, *, out_type: np.array(x.size, dtype=out_type.np_dtype),
    infer=lambda _: (),
    partial=_size_partial,
    grad=NOT_DIFFERENTIABLE,
)


def _rank_partial(op: Operation) -> Shape:
    rank = op.inputs[0].spec.rank
    return None if rank is None else (rank,)


define(
    "Rank",
    "input: T -> output: int32",
    kernel=lambda x: np.array(x.ndim, dtype=np.int32),
    infer=lambda _: (),
    partial=_rank_partial,
    grad=NOT_DIFFERENTIABLE,
)


# ---- the same elements in another shape --------------------------------------------------


def _target_shape(size: int, shape: Sequence[int]) -> tuple[int, ...]:
    """The full shape that `size` elements take, with the -1 in `shape` worked out."""
    unknown = -1
    for i, d in enumerate(shape):
        if d == -1:
            if unknown >= 0:
                raise invalid(f"only one input size may be -1, not both {unknown} and {i}")
            unknown = i
        elif d < 0:
            raise invalid(f"size {i} must be non-negative, not {d}")
    known = prod(d for d in shape if d >= 0)
    if unknown < 0:
        if known != size:
            raise invalid(
                f"Input to reshape is a tensor with {size} values, but the requested "
                f"shape has {known}"
            )
        return tuple(shape)
    if known == 0:
        raise invalid(
            "Reshape cannot infer the missing input size for an empty tensor unless "
            "all specified input sizes are non-zero"
        )
    if size % known:
        raise invalid(
            f"Input to reshape is a tensor with {size} values, but the requested shape "
            f"requires a multiple of {known}"
        )
    return tuple(size // known if d == -1 else d for d in shape)


def _reshape_kernel(x: Array, shape: Array) -> Array:
    if shape.ndim != 1:
        raise invalid(f"sizes input must be 1-D, not shape {shape_brackets(shape.shape)}")
    return x.reshape(_target_shape(x.size, shape.tolist()))


def _reshape_infer(x: Spec, shape: Spec) -> Shape:
    wanted = shape_from(shape)
    size = num_elements(x.shape)
    if wanted is None or size is None:
        return wanted
    known = prod(d for d in wanted if d is not None)
    unknown = wanted.count(None)
    if unknown == 0 and known != size:
        raise ValueError(
            f"Cannot reshape a tensor with {size} elements to shape "
            f"{shape_brackets(wanted)} ({known} elements)"
        )
    if unknown != 1 or known == 0:
        return wanted
    if size % known:
        raise ValueError(f"Dimension size must be evenly divisible by {known} but is {size}")
    return tuple(size // known if d is None else d for d in wanted)


@if_valid
def _reshape_specialize(specs: Sequence[Spec], _: dict[str, Any]) -> Callable[..., Any] | None:
    x, shape = specs
    size = num_elements(x.shape)
    if size is None or shape.value is None:
        return None
    target = _target_shape(size, shape.value.tolist())
    return lambda x, _: x.reshape(target)


define(
    "Reshape",
    "tensor: T, shape: Tshape -> output: T",
    attrs={"Tshape": int32},
    types={"Tshape": INDEX},
    kernel=_reshape_kernel,
    infer=_reshape_infer,
    specialize=_reshape_specialize,
    grad=lambda op, dy: [like_input(op, dy), None],
    view=True,
)


def _squeezed_axes(shape: Sequence[int], dims: Sequence[int]) -> tuple[int, ...]:
    rank = len(shape)
    if not dims:
        return tuple(i for i, d in enumerate(shape) if d == 1)
    axes = set()
    for axis in dims:
        if not -rank <= axis < rank:
            raise invalid(f"Tried to squeeze dim index {axis} for tensor with {rank} dimensions.")
        if shape[axis] != 1:
            raise invalid(
                f"Tried to explicitly squeeze dimension {axis % rank} but dimension was "
                f"not 1: {shape[axis]}"
            )
        axes.add(axis % rank)
    return tuple(axes)


def _squeeze_kernel(x: Array, *, squeeze_dims: list[int]) -> Array:
    axes = _squeezed_axes(x.shape, squeeze_dims)
    return x.reshape([d for i, d in enumerate(x.shape) if i not in axes])


def _squeeze_infer(x: Spec, *, squeeze_dims: list[int]) -> Shape:
    if x.shape is None or (not squeeze_dims and None in x.shape):
        return None
    rank = len(x.shape)
    axes = {i for i, d in enumerate(x.shape) if d == 1} if not squeeze_dims else set()
    for i, axis in enumerate(squeeze_dims):
        if not -rank <= axis < rank:
            raise ValueError(f"squeeze_dims[{i}] not in [{-rank},{rank}).")
        if x.shape[axis] not in (1, None):
            raise ValueError(
                f"Can not squeeze dim[{axis % rank}], expected a dimension of 1, "
                f"got {x.shape[axis]}"
            )
        axes.add(axis % rank)
    return tuple(d for i, d in enumerate(x.shape) if i not in axes)


define(
    "Squeeze",
    "input: T -> output: T",
    attrs={"squeeze_dims": Attr("list(int)", [])},
    kernel=_squeeze_kernel,
    infer=_squeeze_infer,
    grad=lambda op, dy: [like_input(op, dy)],
    view=True,
)


def _expand_dims_kernel(x: Array, dim: Array) -> Array:
    axis = as_int(dim)
    if not -x.ndim - 1 <= axis <= x.ndim:
        raise invalid(f"Tried to expand dim index {axis} for tensor with {x.ndim} dimensions.")
    axis %= x.ndim + 1
    return x.reshape((*x.shape[:axis], 1, *x.shape[axis:]))


def _expand_dims_infer(x: Spec, dim: Spec) -> Shape:
    value = dim.value
    if value is None or x.shape is None:
        return None
    if value.size != 1:
        raise ValueError("'dim' input must be a tensor with a single value")
    axis, rank = as_int(value), len(x.shape)
    if not -rank - 1 <= axis <= rank:
        raise ValueError(f"dim {axis} not in the interval [{-rank - 1}, {rank}].")
    axis %= rank + 1
    return (*x.shape[:axis], 1, *x.shape[axis:])


@if_valid
def _expand_dims_specialize(specs: Sequence[Spec], _: dict[str, Any]) -> Callable[..., Any] | None:
    target = _expand_dims_infer(*specs)
    if not is_full(target):
        return None
    return lambda x, _: x.reshape(target)


define(
    "ExpandDims",
    "input: T, dim: Tdim -> output: T",
    attrs={"Tdim": int32},
    types={"Tdim": INDEX},
    kernel=_expand_dims_kernel,
    infer=_expand_dims_infer,
    specialize=_expand_dims_specialize,
    grad=lambda op, dy: [like_input(op, dy), None],
    view=True,
)


# ---- axes in another order ---------------------------------------------------------------


def _check_permutation(perm: Array, rank: int) -> tuple[int, ...]:
    if perm.ndim != 1 or perm.size != rank:
        raise invalid(
            f"transpose expects a vector of size {rank}. But input(1) is a vector of "
            f"size {perm.size}"
        )
    axes = perm.tolist()
    for axis in axes:
        if not 0 <= axis < rank:
            raise invalid(f"{axis} is out of range [0 .. {rank})")
    for axis in range(rank):
        if axis not in axes:
            raise invalid(f"{axis} is missing from {{{','.join(map(str, axes))}}}.")
    return tuple(axes)


def _transpose_kernel(x: Array, perm: Array) -> Array:
    return x.transpose(_check_permutation(perm, x.ndim))


def _transpose_infer(x: Spec, perm: Spec) -> Shape:
    (count,) = perm.require_rank(1) or (None,)
    rank = x.rank if count is None else count
    if rank is None:
        return None
    if x.rank is not None and x.rank != rank:
        raise ValueError(f"Dimension must be {x.rank} but is {rank}")
    value = perm.value
    if value is None:
        return (None,) * rank
    for axis in value.tolist():
        if not -rank <= axis < rank:
            raise ValueError(f"perm dim {axis} is out of range of input rank {rank}")
    return (None,) * rank if x.shape is None else tuple(x.shape[i] for i in value.tolist())


@if_valid
def _transpose_specialize(specs: Sequence[Spec], _: dict[str, Any]) -> Callable[..., Any] | None:
    x, perm = specs
    if perm.value is None or x.rank is None:
        return None
    axes = _check_permutation(perm.value, x.rank)
    return lambda x, _: x.transpose(axes)


def _transpose_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [raw.Transpose(dy, raw.InvertPermutation(op.inputs[1]), name="transpose"), None]


define(
    "Transpose",
    "x: T, perm: Tperm -> y: T",
    attrs={"Tperm": int32},
    types={"Tperm": INDEX},
    kernel=_transpose_kernel,
    infer=_transpose_infer,
    specialize=_transpose_specialize,
    grad=_transpose_grad,
    view=True,
)


def _conjugate_transpose_kernel(x: Array, perm: Array) -> Array:
    turned = _transpose_kernel(x, perm)
    return np.conj(turned) if x.dtype.kind == "c" else turned.copy()


def _conjugate_transpose_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [raw.ConjugateTranspose(dy, raw.InvertPermutation(op.inputs[1])), None]


# What later versions write for `transpose(conjugate=True)` and in gradients of complex matrices.
define(
    "ConjugateTranspose",
    "x: T, perm: Tperm -> y: T",
    attrs={"Tperm": int32},
    types={"Tperm": INDEX},
    kernel=_conjugate_transpose_kernel,
    infer=_transpose_infer,
    grad=_conjugate_transpose_grad,
)


def _invert_permutation_kernel(x: Array) -> Array:
    if x.ndim != 1:
        raise invalid("invert_permutation expects a 1D vector.")
    n = x.size
    outside = np.flatnonzero((x < 0) | (x >= n))
    if outside.size:
        raise invalid(f"{x[outside[0]]} is not between 0 and {n}")
    found = np.full(n, -1, dtype=x.dtype)
    found[x] = np.arange(n, dtype=x.dtype)
    repeated = np.flatnonzero(found[x] != np.arange(n))
    if repeated.size:
        raise invalid(f"{x[repeated[0]]} is duplicated in the input.")
    return found


define(
    "InvertPermutation",
    "x: T -> y: T",
    attrs={"T": int32},
    types={"T": INDEX},
    kernel=_invert_permutation_kernel,
    infer=lambda x: x.require_rank(1),
    grad=NOT_DIFFERENTIABLE,
)


# ---- arithmetic of shapes ----------------------------------------------------------------


def _concat_offset_kernel(concat_dim: Array, shapes: Sequence[Array]) -> list[Array]:
    if concat_dim.ndim:
        raise invalid(
            "Concat dim tensor should be a scalar integer, but got shape "
            f"{shape_brackets(concat_dim.shape)}"
        )
    first = shapes[0]
    rank = first.size
    given = int(concat_dim)
    if not -rank <= given < rank:
        raise invalid(f"Concat dim is out of range: {given} vs. {rank}")
    axis = given % rank
    for i, shape in enumerate(shapes):
        _check_joinable(i, shape, first, axis)
    sizes = [0, *(int(s[axis]) for s in shapes[:-1])]
    starts = np.cumsum(sizes)
    found = []
    for start in starts.tolist():
        offset = np.zeros(rank, dtype=np.int32)
        offset[axis] = start
        found.append(offset)
    return found


def _check_joinable(i: int, shape: Array, first: Array, axis: int) -> None:
    if shape.ndim != 1:
        raise invalid(
            f"input {i + 1} should be a vector, but got shape {shape_brackets(shape.shape)}"
        )
    if shape.size != first.size:
        raise invalid(f"input {i} should contain {first.size} elements, but got {shape.size}")
    differs = shape != first
    differs[axis] = False
    if differs.any():
        mine, theirs = (" ".join(map(str, s.tolist())) for s in (shape, first))
        raise invalid(
            f"All dimensions except {axis} must match. Input {i} has shape [{mine}] and "
            f"doesn't match input 0 with shape [{theirs}]."
        )


define(
    "ConcatOffset",
    "concat_dim: int32, shape: N * int32 -> offset: N * int32",
    kernel=_concat_offset_kernel,
    infer=lambda _, shapes: [s.shape for s in shapes],
    grad=NOT_DIFFERENTIABLE,
)


def _broadcast_args_kernel(s0: Array, s1: Array) -> Array:
    try:
        found = broadcast(tuple(s0.tolist()), tuple(s1.tolist()))
    except ValueError:
        raise invalid(
            f"Incompatible shapes: {shape_brackets(s0.tolist())} vs. {shape_brackets(s1.tolist())}"
        ) from None
    return np.array(found, dtype=s0.dtype)


def _broadcast_args_infer(s0: Spec, s1: Spec) -> Shape:
    n, m = (s.require_rank(1) or (None,) for s in (s0, s1))
    if n[0] is None or m[0] is None:
        return (None,)
    return (max(n[0], m[0]),)


def _broadcast_args_partial(op: Operation) -> Shape:
    try:
        return broadcast(*(entries(t.spec) for t in op.inputs))
    except ValueError:  # the run reports it, at the operation
        return None


define(
    "BroadcastArgs",
    "s0: T, s1: T -> r0: T",
    attrs={"T": int32},
    types={"T": INDEX},
    kernel=_broadcast_args_kernel,
    infer=_broadcast_args_infer,
    partial=_broadcast_args_partial,
)
