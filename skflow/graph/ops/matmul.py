"""Products of matrices and of batches of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skflow.graph.dtypes import Array, complex64, complex128, float16, float32, float64, int32
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid
from skflow.graph.ops._matrices import batched, conj, conjugate_transpose, matrix_of, product
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, equal_dims, merged, shape_brackets
from skflow.graph.spec import Spec

# TensorFlow's order, which its messages show.
_PRODUCT_TYPES = (float16, float32, float64, int32, complex64, complex128)


def _multiplied(left: Array, right: Array, out: Array | None = None) -> Array:
    """A product; of float16 numbers, computed in float32."""
    found: Array
    if left.dtype.itemsize > 2:
        found = np.matmul(left, right, out=out)
        return found
    found = np.matmul(left.astype(np.float32), right.astype(np.float32)).astype(left.dtype)
    if out is None:
        return found
    out[...] = found
    return out


# ---- matrices ---------------------------------------------------------------------------


def _misfit(a: Array, b: Array) -> str:
    """What keeps two arrays from being multiplied."""
    for i, x in enumerate((a, b)):
        if x.ndim != 2:
            return f"In[{i}] is not a matrix"
    return (
        f"Matrix size-incompatible: In[0]: {shape_brackets(a.shape)}, "
        f"In[1]: {shape_brackets(b.shape)}"
    )


def _matmul(
    a: Array, b: Array, *, transpose_a: bool, transpose_b: bool, out: Array | None = None
) -> Array:
    left, right = a.T if transpose_a else a, b.T if transpose_b else b
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[0]:
        raise invalid(_misfit(a, b))
    return _multiplied(left, right, out)


def _first_turned(a: Array, b: Array, out: Array | None = None) -> Array:
    return np.matmul(a.T, b, out=out)


def _second_turned(a: Array, b: Array, out: Array | None = None) -> Array:
    return np.matmul(a, b.T, out=out)


def _both_turned(a: Array, b: Array, out: Array | None = None) -> Array:
    return np.matmul(a.T, b.T, out=out)


def _specialize_matmul(specs: Sequence[Spec], attrs: dict[str, Any]) -> Any:
    if specs[0].dtype is float16 or not specs[0].rank == specs[1].rank == 2:
        return None
    kernels = {
        (False, False): np.matmul,
        (True, False): _first_turned,
        (False, True): _second_turned,
        (True, True): _both_turned,
    }
    return kernels[attrs["transpose_a"], attrs["transpose_b"]]


def _matmul_infer(a: Spec, b: Spec, *, transpose_a: bool, transpose_b: bool) -> Shape:
    left, right = a.require_rank(2) or (), b.require_rank(2) or ()
    rows, inner = left[::-1] if transpose_a else left
    other, columns = right[::-1] if transpose_b else right
    equal_dims(inner, other)
    return (rows, columns)


def _matmul_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    a, b = conj(op.inputs[0]), conj(op.inputs[1])
    turned = op.attrs["transpose_a"], op.attrs["transpose_b"]
    if turned == (False, False):
        first, second = (dy, b, False, True), (a, dy, True, False)
    elif turned == (False, True):
        first, second = (dy, b, False, False), (dy, a, True, False)
    elif turned == (True, False):
        first, second = (b, dy, False, True), (a, dy, False, False)
    else:
        first, second = (b, dy, True, True), (dy, a, True, True)
    return [
        raw.MatMul(left, right, transpose_a=ta, transpose_b=tb, name=name)
        for (left, right, ta, tb), name in ((first, "MatMul"), (second, "MatMul_1"))
    ]


define(
    "MatMul",
    "a: T, b: T -> product: T",
    attrs={"transpose_a": False, "transpose_b": False},
    types={"T": _PRODUCT_TYPES},
    infer=_matmul_infer,
    kernel=_matmul,
    out=True,
    specialize=_specialize_matmul,
    explain=_misfit,
    grad=_matmul_grad,
)

# ---- batches of matrices ----------------------------------------------------------------


def _batch_matmul(
    x: Array, y: Array, *, adj_x: bool, adj_y: bool, out: Array | None = None
) -> Array:
    shapes = shape_brackets(x.shape), shape_brackets(y.shape)
    if x.ndim != y.ndim:
        raise invalid(f"In[0] and In[1] has different ndims: {shapes[0]} vs. {shapes[1]}")
    if x.ndim < 2:
        raise invalid(f"In[0] and In[1] ndims must be >= 2: {x.ndim}")
    for i, (p, q) in enumerate(zip(x.shape[:-2], y.shape[:-2], strict=True)):
        if p != q:
            raise invalid(
                f"In[0].dim({i}) and In[1].dim({i}) must be the same: {shapes[0]} vs {shapes[1]}"
            )
    left, right = conjugate_transpose(x) if adj_x else x, conjugate_transpose(y) if adj_y else y
    if left.shape[-1] != right.shape[-2]:
        raise invalid(
            f"In[0] mismatch In[1] shape: {left.shape[-1]} vs. {right.shape[-2]}: "
            f"{shapes[0]} {shapes[1]} {adj_x:d} {adj_y:d}"
        )
    return _multiplied(left, right, out)


def _batch_matmul_infer(x: Spec, y: Spec, *, adj_x: bool, adj_y: bool) -> Shape:
    batch, rows, inner = matrix_of(x)
    other_batch, other, columns = matrix_of(y)
    if adj_x:
        rows, inner = inner, rows
    if adj_y:
        other, columns = columns, other
    common = merged(batch, other_batch)
    equal_dims(inner, other)
    return batched(common, rows, columns)


def _batch_matmul_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    x, y = op.inputs
    turned = op.attrs["adj_x"], op.attrs["adj_y"]
    if turned == (False, False):
        first, second = (dy, y, False, True), (x, dy, True, False)
    elif turned == (False, True):
        first, second = (dy, y, False, False), (dy, x, True, False)
    elif turned == (True, False):
        first, second = (y, dy, False, True), (x, dy, False, False)
    else:
        first, second = (y, dy, True, True), (dy, x, True, True)
    return [product(*first, name="MatMul"), product(*second, name="MatMul_1")]


define(
    "BatchMatMul",
    "x: T, y: T -> output: T",
    attrs={"adj_x": False, "adj_y": False},
    types={"T": _PRODUCT_TYPES},
    infer=_batch_matmul_infer,
    kernel=_batch_matmul,
    out=True,
    grad=_batch_matmul_grad,
)
