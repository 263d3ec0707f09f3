"""Sparse tensors put in order, filled in, and summed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skflow.graph.conversion import constant
from skflow.graph.dtypes import ALL, INDEX, Array, int32, int64
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid
from skflow.graph.ops._types import ANY_NUMBERS
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, shape_brackets
from skflow.graph.spec import Spec


def _text(values: Any) -> str:
    return "[" + ",".join(str(int(v)) for v in values) + "]"


# ---- sparse to dense ----------------------------------------------------------------------


def _check_dense(indices: Array, shape: Array, values: Array, default: Array) -> Array:
    """The indices as a matrix, all parts checked."""
    if indices.ndim > 2:
        raise invalid(
            "sparse_indices should be a scalar, vector, or matrix, got shape "
            f"{shape_brackets(indices.shape)}"
        )
    matrix = indices.reshape(
        (len(indices) if indices.ndim else 1, -1)
        if indices.size
        else (0, indices.shape[-1] if indices.ndim == 2 else 1)
    )
    if shape.ndim != 1:
        raise invalid(f"output_shape should be a vector, got shape {shape_brackets(shape.shape)}")
    if shape.size != matrix.shape[1]:
        raise invalid(
            f"output_shape has incorrect number of elements: {shape.size} should be: "
            f"{matrix.shape[1]}"
        )
    if values.ndim > 1 or (values.ndim == 1 and len(values) != len(matrix)):
        raise invalid(
            f"sparse_values has incorrect shape {shape_brackets(values.shape)}, should "
            f"be [] or [{len(matrix)}]"
        )
    if default.ndim:
        raise invalid("default_value should be a scalar.")
    return matrix


def _check_order(matrix: Array, flat: Array) -> None:
    """Raise unless each index is greater than the one before."""
    steps = flat[1:] - flat[:-1]
    wrong = np.flatnonzero(steps <= 0)
    if wrong.size:
        at = int(wrong[0])
        what = "repeated" if steps[at] == 0 else "out of order"
        raise invalid(f"indices[{at + 1}] = {_text(matrix[at + 1])} is {what}")


def _flat_positions(matrix: Array, shape: Array, validate: bool) -> Array:
    """Positions in the flattened dense tensor."""
    outside = ((matrix < 0) | (matrix >= shape)).any(axis=1)
    if outside.any():
        at = int(np.argmax(outside))
        if not validate:
            raise invalid(f"Indices are not valid (out of bounds).  Shape: {_text(shape)}")
        raise invalid(
            f"indices[{at}] = {_text(matrix[at])} is out of bounds: need 0 <= index < "
            f"{_text(shape)}"
        )
    strides = np.ones(shape.size, dtype=np.int64)
    strides[:-1] = np.cumprod(shape[:0:-1])[::-1]
    flat: Array = matrix @ strides
    return flat


def _sparse_to_dense(
    indices: Array, shape: Array, values: Array, default: Array, *, validate_indices: bool
) -> Array:
    matrix = _check_dense(indices, shape, values, default)
    flat = _flat_positions(matrix, shape, validate_indices)
    if validate_indices:
        _check_order(matrix, flat)
    dense = np.full(math.prod(shape.tolist()), default[()], dtype=values.dtype)
    dense[flat] = values
    return dense.reshape(shape)


def _sparse_to_dense_infer(indices: Spec, shape: Spec, values: Spec, default: Spec) -> Shape:
    del indices, values, default
    return shape.as_shape()


def _sparse_to_dense_grad(op: Operation, dy: Tensor) -> list[Any]:
    """Gradients of the values and of the default, which TensorFlow 1.1.0 leaves out.

    Where an index is repeated the last value is kept, but every one gets the gradient.
    """
    indices, shape, values, _ = op.inputs
    rank = raw.Size(shape, out_type=shape.dtype.base_dtype)
    sizes = raw.Pack([constant(-1, shape.dtype.base_dtype), rank], axis=0)
    picked = raw.GatherNd(dy, raw.Reshape(indices, sizes))
    total = raw.Sum(picked, _all_axes(picked))
    mine = raw.Reshape(picked, raw.Shape(values)) if values.spec.rank != 0 else total
    rest = raw.Sub(raw.Sum(dy, _all_axes(dy)), total)
    return [None, None, mine, rest]


def _all_axes(x: Tensor) -> Tensor:
    return raw.Range(  # type: ignore[no-any-return]
        constant(0, int32), raw.Rank(x), constant(1, int32)
    )


define(
    "SparseToDense",
    "sparse_indices: Tindices, output_shape: Tindices, sparse_values: T, default_value: T "
    "-> dense: T",
    attrs={"validate_indices": True},
    types={"T": ALL, "Tindices": INDEX},
    infer=_sparse_to_dense_infer,
    kernel=_sparse_to_dense,
    grad=_sparse_to_dense_grad,
)


# ---- order --------------------------------------------------------------------------------


def _check_parts(indices: Array, values: Array, shape: Array) -> None:
    if indices.ndim != 2:
        raise invalid(
            f"Input indices should be a matrix but received shape {shape_brackets(indices.shape)}"
        )
    if values.ndim != 1:
        raise invalid(
            f"Input values should be a vector but received shape {shape_brackets(values.shape)}"
        )
    if shape.ndim != 1:
        raise invalid(
            f"Input shape should be a vector but received shape {shape_brackets(shape.shape)}"
        )
    if len(indices) != len(values):
        raise invalid(f"There are {len(indices)} indices but {len(values)} values")
    if indices.shape[1] != shape.size:
        raise invalid(
            f"The indices have {indices.shape[1]} columns but the shape has {shape.size} dimensions"
        )


def _sparse_reorder(indices: Array, values: Array, shape: Array) -> tuple[Array, Array]:
    _check_parts(indices, values, shape)
    if not shape.size:
        return indices.copy(), values.copy()
    order = np.lexsort(indices.T[::-1])
    return indices[order], values[order]


def _sparse_reorder_infer(indices: Spec, values: Spec, shape: Spec) -> list[Shape]:
    count, rank = indices.require_rank(2) or (None, None)
    (other,) = values.require_rank(1) or (None,)
    shape.require_rank(1)
    return [(count, rank), (other,)]


def _sparse_reorder_grad(op: Operation, _: Any, dvalues: Any) -> list[Any]:
    indices, _values, shape = op.inputs
    if dvalues is None:
        return [None, None, None]
    count = raw.StridedSlice(raw.Shape(indices), [0], [1], [1], shrink_axis_mask=1)
    numbers = raw.Range(constant(0, int32), count, constant(1, int32))
    order = raw.SparseReorder(indices, numbers, shape).output_values
    return [None, raw.Gather(dvalues, raw.InvertPermutation(order), name="Gather"), None]


define(
    "SparseReorder",
    "input_indices: int64, input_values: T, input_shape: int64 "
    "-> output_indices: int64, output_values: T",
    types={"T": ALL},
    infer=_sparse_reorder_infer,
    kernel=_sparse_reorder,
    grad=_sparse_reorder_grad,
)


# ---- sums ---------------------------------------------------------------------------------


def _reduced_axes(axes: Array, rank: int) -> list[int]:
    for axis in axes.reshape(-1).tolist():
        if not -rank <= axis < rank:
            raise invalid(f"Invalid reduction dimension {axis}, for input with {rank} dimensions.")
    return sorted({axis % rank for axis in axes.reshape(-1).tolist()})


def _sparse_reduce_sum(
    indices: Array, values: Array, shape: Array, axes: Array, *, keep_dims: bool
) -> Array:
    _check_parts(indices, values, shape)
    reduced = _reduced_axes(axes, shape.size)
    kept = [axis for axis in range(shape.size) if axis not in reduced]
    sizes = shape[kept]
    flat = _flat_positions(indices[:, kept], sizes, validate=True)
    total = np.zeros(math.prod(sizes.tolist()), dtype=_accumulator(values.dtype))
    np.add.at(total, flat, values.astype(total.dtype, copy=False))
    dims = [1 if axis in reduced else int(shape[axis]) for axis in range(shape.size)]
    out = total.astype(values.dtype, copy=False)
    return out.reshape(dims if keep_dims else tuple(int(s) for s in sizes))


def _accumulator(kind: np.dtype[Any]) -> Any:
    return {"f": np.float64, "c": np.complex128}.get(kind.kind, kind)


def _sparse_reduce_sum_infer(
    indices: Spec, values: Spec, shape: Spec, axes: Spec, *, keep_dims: bool
) -> Shape:
    del indices, values
    dims, chosen = shape.as_shape(), axes.value
    if dims is None or chosen is None:
        return None
    rank = len(dims)
    if any(not -rank <= axis < rank for axis in chosen.reshape(-1).tolist()):
        return None  # TensorFlow finds this out at the run
    gone = {axis % rank for axis in chosen.reshape(-1).tolist()}
    if keep_dims:
        return tuple(1 if axis in gone else d for axis, d in enumerate(dims))
    return tuple(d for axis, d in enumerate(dims) if axis not in gone)


def _sparse_reduce_sum_grad(op: Operation, dy: Tensor) -> list[Any]:
    """Each entry gets the gradient of the sum it went into."""
    indices, _, shape, axes = op.inputs
    ones = raw.Reshape(axes, [-1])
    rank = raw.Size(shape)
    positions = raw.FloorMod(raw.Add(rank, ones), rank)
    every = raw.Range(constant(0, int32), rank, constant(1, int32))
    fill = raw.Fill(raw.Shape(positions), constant(1, int32))
    sizes = raw.DynamicStitch([every, positions], [raw.Cast(shape, DstT=int32), fill])
    kept = raw.Reshape(dy, sizes, name="Reshape")
    scale = raw.Cast(raw.Sub(sizes, constant(1, int32)), DstT=int64)
    where = raw.Minimum(indices, scale)
    return [None, raw.GatherNd(kept, where, name="GatherNd"), None, None]


define(
    "SparseReduceSum",
    "input_indices: int64, input_values: T, input_shape: int64, reduction_axes: int32 -> output: T",
    attrs={"keep_dims": False},
    types={"T": ANY_NUMBERS},
    infer=_sparse_reduce_sum_infer,
    kernel=_sparse_reduce_sum,
    grad=_sparse_reduce_sum_grad,
)
