"""Products of matrices and of batches of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from skflow.graph.dtypes import Array, complex64, complex128, float16, float32, float64, int32
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid
from skflow.graph.ops._matrices import batched, conj, conjugate_transpose, matrix_of, product
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, broadcast, equal_dims, merged, shape_brackets
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


_Factors: TypeAlias = tuple[Tensor, Tensor, bool, bool]


def _batch_factors(op: Operation, dy: Tensor) -> tuple[_Factors, _Factors]:
    """The products that are the gradients: factors, and which of them are turned."""
    x, y = op.inputs
    turned = op.attrs["adj_x"], op.attrs["adj_y"]
    if turned == (False, False):
        return (dy, y, False, True), (x, dy, True, False)
    if turned == (False, True):
        return (dy, y, False, False), (dy, x, True, False)
    if turned == (True, False):
        return (y, dy, False, True), (x, dy, False, False)
    return (y, dy, True, True), (dy, x, True, True)


def _batch_matmul_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    first, second = _batch_factors(op, dy)
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


# ---- BatchMatMulV2: batches that broadcast, as later versions write them ------------------


def _broadcasting_matmul(
    x: Array, y: Array, *, adj_x: bool, adj_y: bool, out: Array | None = None
) -> Array:
    for i, factor in enumerate((x, y)):
        if factor.ndim < 2:
            raise invalid(f"In[{i}] ndims must be >= 2: {factor.ndim}")
    shapes = shape_brackets(x.shape), shape_brackets(y.shape)
    left, right = conjugate_transpose(x) if adj_x else x, conjugate_transpose(y) if adj_y else y
    if left.shape[-1] != right.shape[-2]:
        raise invalid(
            f"Matrix size-incompatible: In[0]: {shapes[0]}, In[1]: {shapes[1]} {adj_x:d} {adj_y:d}"
        )
    try:
        np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    except ValueError:
        raise invalid(
            f"In[0] and In[1] must have compatible batch dimensions: {shapes[0]} vs. {shapes[1]}"
        ) from None
    return _multiplied(left, right, out)


def _broadcasting_infer(x: Spec, y: Spec, *, adj_x: bool, adj_y: bool) -> Shape:
    batch, rows, inner = matrix_of(x)
    other_batch, other, columns = matrix_of(y)
    if adj_x:
        rows, inner = inner, rows
    if adj_y:
        other, columns = columns, other
    equal_dims(inner, other)
    return batched(broadcast(batch, other_batch), rows, columns)


def _broadcasting_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    return [
        _for_batch(raw.BatchMatMulV2(left, right, adj_x=adj_left, adj_y=adj_right), like)
        for (left, right, adj_left, adj_right), like in zip(
            _batch_factors(op, dy), op.inputs, strict=True
        )
    ]


def _for_batch(dy: Tensor, like: Tensor) -> Tensor:
    """A gradient, summed over the matrices of a batch that one has served."""
    if like.spec.shape is not None and like.spec.shape == dy.spec.shape:
        return dy
    shape = raw.Shape(like)
    axes = raw.BroadcastGradientArgs(shape, raw.Shape(dy)).r0
    return raw.Reshape(raw.Sum(dy, axes), shape)  # type: ignore[no-any-return]


define(
    "BatchMatMulV2",
    "x: T, y: T -> output: T",
    attrs={"adj_x": False, "adj_y": False},
    types={"T": _PRODUCT_TYPES},
    infer=_broadcasting_infer,
    kernel=_broadcasting_matmul,
    out=True,
    grad=_broadcasting_grad,
)
