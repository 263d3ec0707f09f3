"""Operations that look entries up by their indices, put them there, or choose between tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from skflow.graph.dtypes import INDEX, NUMBERS, Array, int32, int64, uint8
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import as_int, constant_int, invalid, shape_from, shape_of
from skflow.graph.ops._rows import check_bounds, gathered
from skflow.graph.registry import NOT_DIFFERENTIABLE, define, raw
from skflow.graph.shapes import Shape, is_full, merged, num_elements, shape_brackets
from skflow.graph.sparse_types import IndexedSlices
from skflow.graph.spec import Spec

# ---- rows: Gather ------------------------------------------------------------------------


def _gather_kernel(params: Array, indices: Array, *, out: Array | None = None) -> Array:
    if not params.ndim:
        raise invalid("params must be at least 1 dimensional")
    check_bounds(indices, len(params))
    if not indices.ndim or not indices.size or not params.flags.c_contiguous:
        # `take` would first copy a table that is not contiguous as a whole.
        found = params[int(indices), ...] if not indices.ndim else params[indices]
        if out is None:
            return np.array(found)
        np.copyto(out, found)
        return out
    # The bounds have been checked: clipping spares NumPy's own, slower, check.
    return params.take(indices, axis=0, mode="clip", out=out)


def _gather_infer(params: Spec, indices: Spec) -> Shape:
    shape = params.require_rank_at_least(1)
    if shape is None or indices.shape is None:
        return None
    return indices.shape + shape[1:]


def _gather_grad(op: Operation, dy: Tensor) -> list[Any]:
    """Rows and where they belong: a step on a large table costs what was looked up."""
    params, indices = op.inputs
    shape = shape_of(params)
    size = raw.ExpandDims(raw.Size(indices), 0)
    rows = raw.ConcatV2([size, raw.StridedSlice(shape, [1], [0], [1], end_mask=1)], 0)
    values = raw.Reshape(dy, rows)
    return [IndexedSlices(values, raw.Reshape(indices, size), shape), None]


define(
    "Gather",
    "params: Tparams, indices: Tindices -> output: Tparams",
    attrs={"validate_indices": True},
    types={"Tindices": INDEX},
    kernel=_gather_kernel,
    infer=_gather_infer,
    grad=_gather_grad,
    out=True,
)


# ---- entries: GatherNd, ScatterNd --------------------------------------------------------


def _flat_index(indices: Array, shape: Sequence[int]) -> tuple[Array, Array]:
    """Numbers of the entries that rows of `indices` point at, and which of them do not exist."""
    rows = indices.reshape(prod(indices.shape[:-1]), indices.shape[-1])
    outside = np.zeros(len(rows), dtype=bool)
    flat = np.zeros(len(rows), dtype=np.int64)
    for axis, size in enumerate(shape):
        at = rows[:, axis]
        outside |= (at < 0) | (at >= size)
        flat = flat * size + at
    return flat, outside


def _row_text(row: Array) -> str:
    return "[" + ", ".join(map(str, row.tolist())) + "]"


def _gather_nd_kernel(params: Array, indices: Array) -> Array:
    if not params.ndim:
        raise invalid("params must be at least a vector")
    if not indices.ndim:
        raise invalid("indices must be at least a vector")
    depth = indices.shape[-1]
    if depth > params.ndim:
        raise invalid(
            "index innermost dimension length must be <= params rank; saw: "
            f"{depth} vs. {params.ndim}"
        )
    outer, inner = params.shape[:depth], params.shape[depth:]
    full = indices.shape[:-1] + inner
    count = prod(indices.shape[:-1])
    if count and not params.size:
        raise invalid(
            "Requested more than 0 entries, but params is empty.  Params shape: "
            f"{shape_brackets(params.shape)}"
        )
    flat, outside = _flat_index(indices, outer)
    if outside.any():
        i = int(np.flatnonzero(outside)[0])
        raise invalid(
            f"flat indices[{i}, :] = {_row_text(indices.reshape(-1, depth)[i])} does "
            f"not index into param (shape: {shape_brackets(params.shape)})."
        )
    return params.reshape((prod(outer), *inner)).take(flat, axis=0).reshape(full)


def _gather_nd_infer(params: Spec, indices: Spec) -> Shape:
    where = indices.require_rank_at_least(1)
    if params.shape is None or where is None or where[-1] is None:
        return None
    if where[-1] > len(params.shape):
        raise ValueError(
            "indices.shape[-1] must be <= params.rank, but saw indices shape: "
            f"{shape_brackets(where)} and params shape: "
            f"{shape_brackets(params.shape)}"
        )
    return where[:-1] + params.shape[where[-1] :]


def _gather_nd_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    params, indices = op.inputs
    return [raw.ScatterNd(indices, dy, shape_of(params, indices.dtype)), None]


define(
    "GatherNd",
    "params: Tparams, indices: Tindices -> output: Tparams",
    types={"Tindices": INDEX},
    kernel=_gather_nd_kernel,
    infer=_gather_nd_infer,
    grad=_gather_nd_grad,
)


def _scatter_nd_kernel(indices: Array, updates: Array, shape: Array) -> Array:
    if shape.ndim != 1:
        raise invalid(f"Shape must be a vector: {shape_brackets(shape.shape)}")
    dims = shape.tolist()
    for d in dims:
        if d < 0:
            raise invalid(f"Dimension {d} must be >= 0")
    _check_scatter(indices, updates, dims)
    depth = indices.shape[-1]
    found = np.zeros(dims, updates.dtype)
    if not updates.size:
        return found
    flat, outside = _flat_index(indices, dims[:depth])
    if outside.any():
        i = int(np.flatnonzero(outside)[0])
        row = _row_text(indices.reshape(-1, depth)[i])
        raise invalid(
            f"Invalid indices: [{i},0] = {row} does not index into {shape_brackets(dims)}"
        )
    rows = found.reshape(prod(dims[:depth]), prod(dims[depth:]))
    where, what = gathered(flat, updates.reshape(len(flat), prod(dims[depth:])), np.add)
    rows[where] = what
    return found


def _check_scatter(indices: Array, updates: Array, dims: Sequence[int]) -> None:
    if not indices.ndim or not updates.ndim:
        raise invalid(
            "Indices and updates must be at least vectors: "
            f"{shape_brackets(indices.shape)}, {shape_brackets(updates.shape)}"
        )
    if indices.shape[0] != updates.shape[0]:
        raise invalid(
            "The outermost dimension of updates and indices must match. Got "
            f"indices.shape {shape_brackets(indices.shape)}, updates.shape "
            f"{shape_brackets(updates.shape)}"
        )
    if updates.size and not prod(dims):
        raise invalid("Indices and updates specified for empty output shape")
    depth, batch = indices.shape[-1], indices.ndim - 1
    if depth > len(dims) or updates.shape != indices.shape[:-1] + tuple(dims[depth:]):
        raise invalid(
            "Must have updates.shape = indices.shape[:batch_dim] + "
            "params_shape[slice_dim:], got updates.shape: "
            f"{shape_brackets(updates.shape)}, indices.shape: "
            f"{shape_brackets(indices.shape)}, params_shape: {shape_brackets(dims)}, "
            f"slice_dim: {depth}, and batch_dim: {batch}"
        )


def _scatter_nd_infer(indices: Spec, updates: Spec, shape: Spec) -> Shape:
    where = indices.require_rank_at_least(1)
    what = updates.require_rank_at_least(1)
    shape.require_rank(1)
    if where is None or what is None:
        return shape_from(shape)
    outer = len(where) - 1
    _same(
        where[:outer],
        what[:outer],
        f"The outer {outer} dimensions of indices.shape="
        f"{shape_brackets(where)} must match the outer {outer} dimensions of updates.shape="
        f"{shape_brackets(what)}",
    )
    depth = where[-1]
    whole = shape_from(shape)
    if whole is None or depth is None:
        return whole
    if num_elements(whole) == 0 and (num_elements(where) or num_elements(what)):
        raise ValueError("Indices and updates specified for empty output shape")
    inner = whole[depth:]
    _same(
        inner,
        what[outer:],
        f"The inner {len(inner)} dimensions of output.shape="
        f"{shape_brackets(whole)} must match the inner {len(what) - outer} dimensions of "
        f"updates.shape={shape_brackets(what)}",
    )
    return whole


def _same(a: Shape, b: Shape, what: str) -> None:
    try:
        merged(a, b)
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from None


define(
    "ScatterNd",
    "indices: Tindices, updates: T, shape: Tindices -> output: T",
    types={"T": NUMBERS, "Tindices": INDEX},
    kernel=_scatter_nd_kernel,
    infer=_scatter_nd_infer,
    grad=lambda op, dy: [None, raw.GatherNd(dy, op.inputs[0]), None],
)


# ---- OneHot ------------------------------------------------------------------------------


def _one_hot(
    indices: Array, depth: int, on: Any, off: Any, axis: int, kind: Any, out: Array | None = None
) -> Array:
    axis = indices.ndim if axis == -1 else axis
    shape = (*indices.shape[:axis], depth, *indices.shape[axis:])
    found = np.empty(shape, kind) if out is None else out
    found[...] = off
    before, after = prod(indices.shape[:axis]), prod(indices.shape[axis:])
    cells = found.reshape(before, depth, after)
    which = indices.reshape(before, after)
    first, last = np.nonzero((which >= 0) & (which < depth))
    cells[first, which[first, last], last] = on
    return found


def _one_hot_kernel(
    indices: Array,
    depth: Array,
    on_value: Array,
    off_value: Array,
    *,
    axis: int,
    out: Array | None = None,
) -> Array:
    if not -1 <= axis <= indices.ndim:
        raise invalid(
            f"Expected axis to be -1 or between [0, {indices.ndim + 1}).  But received: {axis}"
        )
    for name, value in (("depth", depth), ("on_value", on_value), ("off_value", off_value)):
        if value.ndim:
            raise invalid(f"{name} must be a scalar, but got: {shape_brackets(value.shape)}")
    if depth < 0:
        raise invalid(f"depth must be non-negative, got: {depth}")
    return _one_hot(indices, int(depth), on_value[()], off_value[()], axis, on_value.dtype, out)


def _one_hot_infer(
    indices: Spec, depth: Spec, on_value: Spec, off_value: Spec, *, axis: int
) -> Shape:
    del on_value, off_value
    if axis < -1:
        raise ValueError("axis must be >= -1")
    size = constant_int(depth)
    if depth.rank:
        raise ValueError(f"Input must be scalar but has rank {depth.rank}")
    if size is not None and size < 0:
        raise ValueError(
            f"Dimension size, given by scalar input 1, must be non-negative but is {size}"
        )
    shape = indices.shape
    if shape is None:
        return None
    at = len(shape) if axis == -1 else axis
    return (*shape[:at], size, *shape[at:])


def _one_hot_specialize(specs: Sequence[Spec], attrs: dict[str, Any]) -> Callable[..., Any] | None:
    indices, depth, on, off = specs
    if depth.value is None or on.value is None or off.value is None or indices.rank is None:
        return None
    axis, size, kind = attrs["axis"], as_int(depth.value), on.dtype.np_dtype
    if size < 0 or on.value.ndim or off.value.ndim or not -1 <= axis <= indices.rank:
        return None
    high, low = on.value[()], off.value[()]
    return lambda indices, *_, out=None: _one_hot(indices, size, high, low, axis, kind, out)


define(
    "OneHot",
    "indices: TI, depth: int32, on_value: T, off_value: T -> output: T",
    attrs={"axis": -1, "TI": int64},
    types={"TI": (uint8, int32, int64)},
    kernel=_one_hot_kernel,
    infer=_one_hot_infer,
    specialize=_one_hot_specialize,
    grad=NOT_DIFFERENTIABLE,
    out=True,
)


# ---- by a condition: Where, Select -------------------------------------------------------


def _where_kernel(x: Array) -> Array:
    if not x.ndim:
        raise invalid("WhereOp : Unhandled input dimensions: 0")
    return np.argwhere(x).astype(np.int64, copy=False)


define(
    "Where",
    "input: bool -> index: int64",
    kernel=_where_kernel,
    infer=lambda x: (None, x.rank),
)


def _stretched(condition: Array, t: Array, e: Array) -> Array:
    """The condition in a shape that broadcasts to its choices."""
    if t.shape != e.shape:
        raise invalid(_unequal(condition, e, 2))
    if condition.shape == t.shape or not condition.ndim:
        return condition
    if condition.ndim != 1 or t.ndim <= 1:
        raise invalid(_unequal(condition, t, 1))
    if len(condition) != len(t):
        raise invalid(
            "Number of batches of 'then' must match size of 'cond', but saw: "
            f"{len(t)} vs. {len(condition)}"
        )
    return condition.reshape(-1, *[1] * (t.ndim - 1))


def _unequal(condition: Array, other: Array, i: int) -> str:
    return (
        "Inputs to operation Select of type Select must have the same size and shape.  "
        f"Input 0: {shape_brackets(condition.shape)} != input {i}: "
        f"{shape_brackets(other.shape)}"
    )


def _choose(condition: Array, t: Array, e: Array, *, out: Array | None = None) -> Array:
    if out is None:
        return np.where(condition, t, e)
    np.copyto(out, e)
    np.copyto(out, t, where=condition)
    return out


def _select_kernel(condition: Array, t: Array, e: Array, *, out: Array | None = None) -> Array:
    return _choose(_stretched(condition, t, e), t, e, out=out)


def _select_infer(condition: Spec, t: Spec, e: Spec) -> Shape:
    shape = merged(t.shape, e.shape)
    cond = condition.shape
    if cond is None or shape is None or cond == ():
        # A vector that chooses rows says no more than the choices do.
        return shape if shape is not None or cond is None or len(cond) < 2 else cond
    if len(cond) != 1 or not shape:
        return merged(shape, cond)
    return (merged(cond, shape[:1]) or (None,)) + shape[1:]


def _select_specialize(specs: Sequence[Spec], _: dict[str, Any]) -> Callable[..., Any] | None:
    condition, t, e = specs
    same = is_full(condition.shape) and condition.shape == t.shape == e.shape
    return _choose if same else None


def _select_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    condition, t, _ = op.inputs
    zeros = raw.ZerosLike(t, name="zeros_like")
    return [None, raw.Select(condition, dy, zeros), raw.Select(condition, zeros, dy)]


define(
    "Select",
    "condition: bool, t: T, e: T -> output: T",
    kernel=_select_kernel,
    infer=_select_infer,
    specialize=_select_specialize,
    grad=_select_grad,
    out=True,
)
