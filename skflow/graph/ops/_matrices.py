"""What the operations on (batches of) matrices share: shapes, checks, products in gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skflow.graph.conversion import constant
from skflow.graph.dtypes import Array, int32, int64
from skflow.graph.nodes import Tensor
from skflow.graph.ops._arrays import invalid
from skflow.graph.registry import raw
from skflow.graph.shapes import Shape, equal_dims
from skflow.graph.spec import Spec

Matrix = tuple[Shape, int | None, int | None]
"""A shape taken apart: the batch's shape, rows, columns."""


def matrix_of(x: Spec) -> Matrix:
    """The shape of (a batch of) matrices; ValueError if the rank is known and below 2."""
    shape = x.require_rank_at_least(2)
    return (None, None, None) if shape is None else (shape[:-2], shape[-2], shape[-1])


def square_of(x: Spec) -> tuple[Shape, int | None]:
    """The batch's shape and the size of square matrices; ValueError if they are not square."""
    batch, rows, columns = matrix_of(x)
    return batch, equal_dims(rows, columns)


def batched(batch: Shape, *dims: int | None) -> Shape:
    """The shape of a batch of what has `dims`."""
    return None if batch is None else (*batch, *dims)


def check_batches(*arrays: Array) -> None:
    """Raise InvalidArgumentError unless all are batches of matrices of one shape."""
    for i, x in enumerate(arrays):
        if x.ndim < 2:
            raise invalid(f"Input tensor {i} must have rank >= 2")
        if x.ndim != arrays[0].ndim:
            raise invalid("All input tensors must have the same rank.")
        if x.shape[:-2] != arrays[0].shape[:-2]:
            raise invalid("All input tensors must have the same outer dimensions.")


def check_square(x: Array, message: str = "Input matrix must be square.") -> None:
    """Raise InvalidArgumentError unless `x` is a batch of square matrices."""
    check_batches(x)
    if x.shape[-1] != x.shape[-2]:
        raise invalid(message)


def regular(function: Callable[..., Any], message: str, matrix: Array, *others: Array) -> Any:
    """``function(matrix, *others)``; InvalidArgumentError where LAPACK or a NaN stops it."""
    if np.isnan(matrix).any():
        raise invalid(message)
    try:
        return function(matrix, *others)
    except np.linalg.LinAlgError:
        raise invalid(message) from None


def conjugate_transpose(x: Array) -> Array:
    """The conjugate transposes of (a batch of) matrices."""
    swapped = x.swapaxes(-1, -2)
    return swapped.conj() if x.dtype.kind == "c" else swapped


# ---- in gradients -----------------------------------------------------------------------


def conj(x: Tensor) -> Tensor:
    """The conjugate of a tensor; itself if it is real."""
    return raw.Conj(x) if x.dtype.is_complex else x


def product(
    a: Tensor, b: Tensor, adjoint_a: bool = False, adjoint_b: bool = False, name: str = "MatMul"
) -> Tensor:
    """The product of (batches of) matrices, of any rank."""
    if all(t.spec.rank is None or t.spec.rank > 2 for t in (a, b)):
        return raw.BatchMatMul(  # type: ignore[no-any-return]
            a, b, adj_x=adjoint_a, adj_y=adjoint_b, name=name
        )
    return raw.MatMul(  # type: ignore[no-any-return]
        conj(a) if adjoint_a else a,
        conj(b) if adjoint_b else b,
        transpose_a=adjoint_a,
        transpose_b=adjoint_b,
        name=name,
    )


def transposed(x: Tensor) -> Tensor:
    """The transposes of (a batch of) matrices, of any rank."""
    rank = x.spec.rank
    if rank is not None:
        order: Any = constant([*range(rank - 2), rank - 1, rank - 2], int32)
    else:
        zero, one, two = (constant(v, int32) for v in range(3))
        last = raw.Rank(x)
        before = raw.Range(zero, raw.Sub(last, two), one)
        ends = raw.Pack([raw.Sub(last, one), raw.Sub(last, two)])
        order = raw.ConcatV2([before, ends], zero)
    return raw.Transpose(x, order)  # type: ignore[no-any-return]


def lower_half(x: Tensor) -> Tensor:
    """The lower triangles of (a batch of) matrices, with half of the diagonals."""
    lower = raw.MatrixBandPart(x, constant(-1, int64), constant(0, int64))
    half = constant(0.5, x.dtype.base_dtype)
    return raw.MatrixSetDiag(  # type: ignore[no-any-return]
        lower, raw.Mul(raw.MatrixDiagPart(x), half)
    )
