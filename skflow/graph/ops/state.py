"""Variables as operations: declare, assign, count, and update some rows."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from skflow.errors import InvalidArgumentError, OutOfRangeError
from skflow.graph import dtypes
from skflow.graph.context import OpContext, Reference
from skflow.graph.declaration import Attr
from skflow.graph.dtypes import Array
from skflow.graph.ops._rows import check_bounds, gathered, rounds
from skflow.graph.registry import NOT_DIFFERENTIABLE, define
from skflow.graph.shapes import Shape, merged, shape_brackets
from skflow.graph.spec import Spec

# TensorFlow's order, which its messages show.
NUMBERS: Final = (
    dtypes.float32,
    dtypes.float64,
    dtypes.int64,
    dtypes.int32,
    dtypes.uint8,
    dtypes.uint16,
    dtypes.int16,
    dtypes.int8,
    dtypes.complex64,
    dtypes.complex128,
    dtypes.float16,
    dtypes.uint32,
    dtypes.uint64,
)


# ---- declaring --------------------------------------------------------------------------


def _variable(context: OpContext) -> Reference:
    return context.reference()


for _name in ("VariableV2", "Variable"):
    define(
        _name,
        "-> ref: Ref(dtype)",
        attrs={"shape": Attr("shape"), "dtype": Attr("type"), "container": "", "shared_name": ""},
        infer=lambda *, shape: shape,
        kernel=_variable,
        grad=NOT_DIFFERENTIABLE,
        stateful=True,
        context=True,
    )


def _no_dimensions(_: Spec) -> Shape:
    return ()


def _is_initialized(ref: Reference) -> Any:
    return np.bool_(ref.initialized)


define(
    "IsVariableInitialized",
    "ref: Ref(dtype) -> is_initialized: bool",
    infer=_no_dimensions,
    kernel=_is_initialized,
    grad=NOT_DIFFERENTIABLE,
    stateful=True,
)


# ---- assigning --------------------------------------------------------------------------


# ``use_locking`` is recorded only: a run that changes variables has them for itself.


def _assign_shape(ref: Spec, value: Spec, *, validate_shape: bool) -> Shape:
    return merged(ref.shape, value.shape) if validate_shape else value.shape


def _assign(ref: Reference, value: Array, *, validate_shape: bool) -> Reference:
    ref.assign(value, validate_shape)
    return ref


define(
    "Assign",
    "ref: Ref(T), value: T -> output_ref: Ref(T)",
    attrs={"validate_shape": True, "use_locking": True},
    infer=_assign_shape,
    kernel=_assign,
    grad=NOT_DIFFERENTIABLE,
    stateful=True,
)


def _define_in_place(name: str, ufunc: np.ufunc) -> None:
    def kernel(ref: Reference, value: Array) -> Reference:
        storage = ref.read()
        if storage.shape != value.shape:
            raise InvalidArgumentError(
                None,
                None,
                "Parameters and update must be the same size: "
                f"{shape_brackets(storage.shape)} vs. {shape_brackets(value.shape)}",
            )
        ufunc(storage, value, out=storage)
        return ref

    define(
        name,
        "ref: Ref(T), value: T -> output_ref: Ref(T)",
        attrs={"use_locking": False},
        types={"T": NUMBERS},
        infer=lambda ref, value: merged(ref.shape, value.shape),
        kernel=kernel,
        grad=NOT_DIFFERENTIABLE,
        stateful=True,
    )


_define_in_place("AssignAdd", np.add)
_define_in_place("AssignSub", np.subtract)


def _count_up_to(ref: Reference, *, limit: int) -> Array:
    storage = ref.read()
    now = storage.copy()
    if now >= limit:
        raise OutOfRangeError(None, None, f"Reached limit of {limit}")
    storage += 1
    return now


def _scalar(ref: Spec) -> Shape:
    return ref.require_rank(0)


define(
    "CountUpTo",
    "ref: Ref(T) -> output: T",
    attrs={"limit": Attr("int")},
    types={"T": dtypes.INDEX},
    infer=_scalar,
    kernel=_count_up_to,
    grad=NOT_DIFFERENTIABLE,
    stateful=True,
)


# ---- some rows --------------------------------------------------------------------------


def _scatter_shape(ref: Spec, indices: Spec, updates: Spec) -> Shape:
    if ref.shape is not None and indices.shape is not None:
        merged(updates.shape, indices.shape + ref.shape[1:])
    return ref.shape


def _update(storage: Any, at: Any, updates: Array) -> None:
    storage[at] = updates  # the last of several updates of one row stays


def _add(storage: Any, at: Array, updates: Array) -> None:
    at, updates = gathered(at, updates, np.add)
    storage[at] += updates


def _subtract(storage: Any, at: Array, updates: Array) -> None:
    at, updates = gathered(at, updates, np.add)
    storage[at] -= updates


def _multiply(storage: Any, at: Array, updates: Array) -> None:
    at, updates = gathered(at, updates, np.multiply)
    storage[at] *= updates


def _divide(storage: Any, at: Array, updates: Array) -> None:
    whole = storage.dtype.kind in "iu"
    if whole and not updates.all():
        raise InvalidArgumentError(None, None, "Integer division by zero")
    for turn in rounds(at):
        rows = storage[at[turn]]
        storage[at[turn]] = _truncated(rows, updates[turn]) if whole else rows / updates[turn]


def _truncated(x: Array, y: Array) -> Array:
    """Integer quotients rounded towards zero."""
    found = x // y
    return np.asarray(found + ((found < 0) & (found * y != x)), dtype=x.dtype)


def _check_rows(storage: Array, indices: Array, updates: Array) -> None:
    if not storage.ndim:
        raise InvalidArgumentError(None, None, "params must be at least 1-D, got shape []")
    if updates.shape != indices.shape + storage.shape[1:]:
        raise InvalidArgumentError(
            None,
            None,
            "Must have updates.shape = indices.shape + params.shape[1:], got updates.shape "
            f"{shape_brackets(updates.shape)}, indices.shape {shape_brackets(indices.shape)}, "
            f"params.shape {shape_brackets(storage.shape)}",
        )
    check_bounds(indices, storage.shape[0])


def _own(storage: Array, updates: Array) -> Array:
    """`updates`, copied if writing to the variable would change them."""
    return updates.copy() if np.may_share_memory(storage, updates) else updates


def _define_scatter(name: str, change: Any, types: dict[str, Any], use_locking: bool) -> None:
    def kernel(ref: Reference, indices: Array, updates: Array) -> Reference:
        storage = ref.read()
        _check_rows(storage, indices, updates)
        if indices.size:
            rows = _own(storage, updates).reshape(indices.size, *storage.shape[1:])
            change(storage, indices.reshape(-1), rows)
        return ref

    define(
        name,
        "ref: Ref(T), indices: Tindices, updates: T -> output_ref: Ref(T)",
        attrs={"use_locking": use_locking},
        types={**types, "Tindices": dtypes.INDEX},
        infer=_scatter_shape,
        kernel=kernel,
        grad=NOT_DIFFERENTIABLE,
        stateful=True,
    )


_define_scatter("ScatterUpdate", _update, {}, True)
_define_scatter("ScatterAdd", _add, {"T": NUMBERS}, False)
_define_scatter("ScatterSub", _subtract, {"T": NUMBERS}, False)
_define_scatter("ScatterMul", _multiply, {"T": NUMBERS}, False)
_define_scatter("ScatterDiv", _divide, {"T": NUMBERS}, False)


# ---- some slices ------------------------------------------------------------------------


def _scatter_nd_shape(ref: Spec, indices: Spec, updates: Spec) -> Shape:
    where, new = indices.require_rank_at_least(1), updates.shape
    if ref.shape is None or where is None or new is None or where[-1] is None:
        return ref.shape
    outer, depth = len(where) - 1, where[-1]
    _same_part("outer", "indices", where, where[:outer], new, new[:outer])
    _same_part("inner", "ref", ref.shape, ref.shape[depth:], new, new[outer:])
    return ref.shape


def _same_part(which: str, name: str, shape: Shape, part: Any, updates: Shape, other: Any) -> None:
    try:
        merged(part, other)
    except ValueError as error:
        raise ValueError(
            f"The {which} {len(part)} dimensions of {name}.shape={shape_brackets(shape)}must match "
            f"the {which} {len(other)} dimensions of updates.shape={shape_brackets(updates)}: "
            f"{error}"
        ) from None


def _check_slices(storage: Array, indices: Array, updates: Array) -> None:
    if (
        not indices.ndim
        or not updates.ndim
        or (indices.ndim > 1 and indices.shape[0] != updates.shape[0])
    ):
        raise InvalidArgumentError(
            None,
            None,
            "The outermost dimension of updates and indices must match. Got indices.shape "
            f"{shape_brackets(indices.shape)}, updates.shape {shape_brackets(updates.shape)}",
        )
    outer, depth = indices.ndim - 1, indices.shape[-1]
    wanted = indices.shape[:outer] + storage.shape[depth:]
    if depth > storage.ndim or updates.shape != wanted:
        raise InvalidArgumentError(
            None,
            None,
            "Must have updates.shape = indices.shape[:batch_dim] + params_shape[slice_dim:], got "
            f"updates.shape: {shape_brackets(updates.shape)}, "
            f"indices.shape: {shape_brackets(indices.shape)}, "
            f"params_shape: {shape_brackets(storage.shape)}, slice_dim: {depth}, "
            f"and batch_dim: {outer}",
        )


def _flat_places(storage: Array, indices: Array) -> Array:
    """The number of the slice that each index names, in row-major order."""
    depth = indices.shape[-1]
    table = indices.reshape(math.prod(indices.shape[:-1]), depth)
    limits = np.array(storage.shape[:depth], dtype=np.int64)
    wrong = ((table < 0) | (table >= limits)).any(axis=1)
    if wrong.any():
        bad = int(np.flatnonzero(wrong)[0])
        at = ",".join(str(int(i)) for i in np.unravel_index(bad, indices.shape))
        values = ", ".join(str(int(i)) for i in table[bad])
        raise InvalidArgumentError(
            None,
            None,
            f"Invalid indices: [{at}] = [{values}] is not in [0, {storage.shape[0]})",
        )
    steps = np.append(np.cumprod(limits[:0:-1])[::-1], 1) if depth else limits
    return np.asarray(table.astype(np.int64) @ steps.astype(np.int64))


def _define_scatter_nd(name: str, change: Any, types: dict[str, Any], use_locking: bool) -> None:
    def kernel(ref: Reference, indices: Array, updates: Array) -> Reference:
        storage = ref.read()
        _check_slices(storage, indices, updates)
        if updates.size:
            inner = storage.shape[indices.shape[-1] :]
            places = _flat_places(storage, indices)
            rows = _own(storage, updates).reshape(len(places), *inner)
            change(storage.reshape(-1, *inner), places, rows)
        return ref

    define(
        name,
        "ref: Ref(T), indices: Tindices, updates: T -> output_ref: Ref(T)",
        attrs={"use_locking": use_locking},
        types={**types, "Tindices": dtypes.INDEX},
        infer=_scatter_nd_shape,
        kernel=kernel,
        grad=NOT_DIFFERENTIABLE,
        stateful=True,
    )


_define_scatter_nd("ScatterNdUpdate", _update, {}, True)
_define_scatter_nd("ScatterNdAdd", _add, {"T": NUMBERS}, False)
_define_scatter_nd("ScatterNdSub", _subtract, {"T": NUMBERS}, False)
