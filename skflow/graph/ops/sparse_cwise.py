"""Arithmetic of a sparse tensor's entries and the dense entries at the same places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skflow.graph.conversion import constant
from skflow.graph.dtypes import Array, int32, int64
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid
from skflow.graph.ops._types import ANY_NUMBERS
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, equal_dims, shape_brackets
from skflow.graph.spec import Spec


def _check(indices: Array, values: Array, shape: Array, dense: Array) -> None:
    if indices.ndim != 2:
        raise invalid(
            "Input sp_indices should be a matrix but received shape: "
            f"{shape_brackets(indices.shape)}"
        )
    if values.ndim != 1 or shape.ndim != 1:
        raise invalid(
            "Inputs sp_values and sp_shape should be vectors but received shapes: "
            f"{shape_brackets(values.shape)} and {shape_brackets(shape.shape)}"
        )
    if len(indices) != len(values) or indices.shape[1] != shape.size:
        raise invalid(
            f"Indices of shape {shape_brackets(indices.shape)} do not fit "
            f"{values.size} values in {shape.size} dimensions"
        )
    sizes = tuple(shape.tolist())
    tail = sizes[len(sizes) - dense.ndim :] if dense.ndim <= len(sizes) else ()
    if len(tail) != dense.ndim or any(
        d not in (1, s) for d, s in zip(dense.shape, tail, strict=True)
    ):
        raise invalid(
            "SparseDenseBinaryOpShared broadcasts dense to sparse only; got "
            f"incompatible shapes: {shape_brackets(sizes)} vs. "
            f"{shape_brackets(dense.shape)}"
        )


def _at_places(indices: Array, shape: Array, dense: Array) -> Array:
    """The dense entries, which are broadcast first, at the indices."""
    outside = ((indices < 0) | (indices >= shape)).any(axis=1)
    if outside.any():
        at = int(np.argmax(outside))
        raise invalid(f"Index {indices[at].tolist()} is out of bounds of {shape.tolist()}")
    places = indices[:, shape.size - dense.ndim :]
    columns = np.minimum(places, np.array(dense.shape, dtype=np.int64) - 1).T
    found: Array = dense[tuple(columns)]
    return found if dense.ndim else np.broadcast_to(dense, len(indices))


def _kernel(compute: Callable[..., Any]) -> Callable[..., Array]:
    def kernel(indices: Array, values: Array, shape: Array, dense: Array) -> Array:
        _check(indices, values, shape, dense)
        found: Array = compute(values, _at_places(indices, shape, dense))
        return found

    return kernel


def _divide(x: Array, y: Array) -> Array:
    """A quotient; of integers the one nearest to zero."""
    if x.dtype.kind in "fc":
        found: Array = np.divide(x, y)
        return found
    if not y.all():
        raise invalid("Integer division by zero")
    found = x - np.fmod(x, y)
    return found // y


def _infer(indices: Spec, values: Spec, shape: Spec, dense: Spec) -> Shape:
    del dense
    (rows, columns) = indices.require_rank(2) or (None, None)
    (count,) = values.require_rank(1) or (None,)
    (rank,) = shape.require_rank(1) or (None,)
    equal_dims(columns, rank)
    return (equal_dims(rows, count),)


def _dense_places(op: Operation) -> Tensor:
    """Where in the dense tensor, which may have been broadcast, each entry's partner is."""
    indices, _, shape, dense = op.inputs
    sizes = raw.Cast(raw.Shape(dense), DstT=int64)
    added = raw.Sub(raw.Size(shape), raw.Size(sizes))
    start = raw.Pack([constant(0, int32), added], axis=0)
    places = raw.Slice(indices, start, constant([-1, -1], int32))
    one = constant(1, int64)
    return raw.Minimum(places, raw.Sub(sizes, one))  # type: ignore[no-any-return]


def _partners(op: Operation, places: Tensor) -> Tensor:
    return raw.GatherNd(op.inputs[3], places, name="GatherNd")  # type: ignore[no-any-return]


def _scattered(op: Operation, places: Tensor, grads: Tensor) -> Tensor:
    return raw.ScatterNd(  # type: ignore[no-any-return]
        places, grads, raw.Cast(raw.Shape(op.inputs[3]), DstT=int64), name="SparseTensorDenseAdd"
    )


def _conj(x: Tensor) -> Tensor:
    return raw.Conj(x) if x.dtype.base_dtype.is_complex else x


def _mul_grad(op: Operation, dy: Tensor) -> list[Any]:
    places = _dense_places(op)
    dx = raw.Mul(dy, _conj(_partners(op, places)), name="mul")
    return [None, dx, None, _scattered(op, places, raw.Mul(dy, _conj(op.inputs[1])))]


def _div_grad(op: Operation, dy: Tensor) -> list[Any]:
    places = _dense_places(op)
    partners = _conj(_partners(op, places))
    dx = raw.RealDiv(dy, partners, name="truediv")
    slope = raw.RealDiv(raw.Neg(raw.Mul(dx, _conj(op.inputs[1]))), partners)
    return [None, dx, None, _scattered(op, places, slope)]


def _add_grad(op: Operation, dy: Tensor) -> list[Any]:
    """TensorFlow 1.1.0 has none."""
    return [None, dy, None, _scattered(op, _dense_places(op), dy)]


def _define(name: str, compute: Callable[..., Any], grad: Callable[..., Any]) -> None:
    define(
        name,
        "sp_indices: int64, sp_values: T, sp_shape: int64, dense: T -> output: T",
        types={"T": ANY_NUMBERS},
        infer=_infer,
        kernel=_kernel(compute),
        grad=grad,
    )


_define("SparseDenseCwiseMul", np.multiply, _mul_grad)
_define("SparseDenseCwiseDiv", _divide, _div_grad)
_define("SparseDenseCwiseAdd", np.add, _add_grad)
