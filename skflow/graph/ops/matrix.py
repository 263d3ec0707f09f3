"""Inverses, determinants and linear systems of (batches of) matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.graph.conversion import constant
from skflow.graph.dtypes import Array, complex64, complex128, float32, float64, int32, int64
from skflow.graph.lazy import linalg
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid, require_scalar
from skflow.graph.ops._matrices import (
    batched,
    check_batches,
    check_square,
    conjugate_transpose,
    matrix_of,
    product,
    regular,
    square_of,
)
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, equal_dims, merged
from skflow.graph.spec import Spec

_SINGULAR = "Input matrix is not invertible."
_DEFICIENT = (
    "Input matrix was rank deficient or ill-conditioned. Try setting fast=False or "
    "provide a larger l2_regularizer > 0."
)

# ---- inverse and determinant ------------------------------------------------------------


def _inverted(x: Array) -> Any:
    """Inverses in the matrices' own precision, as TensorFlow's (NumPy's works in double)."""
    if x.dtype != np.float32:
        return np.linalg.inv(x)
    out = np.empty_like(x)
    for index in np.ndindex(x.shape[:-2]):
        out[index] = _inverted_single(x[index])
    return out


def _inverted_single(x: Array) -> Any:
    """By Cholesky's factors if the matrix is symmetric and positive, else by LU with pivots."""
    if not x.size:
        return x
    if np.array_equal(x, x.T):
        factor, failed = linalg.lapack.spotrf(x)
        if not failed:
            found, failed = linalg.lapack.spotri(factor)
            return np.triu(found) + np.triu(found, 1).T
    factor, pivots, failed = linalg.lapack.sgetrf(x)
    if not failed:
        found, failed = linalg.lapack.sgetri(factor, pivots)
    if failed:
        raise np.linalg.LinAlgError("Singular matrix")
    return found


def _inverse(x: Array, *, adjoint: bool) -> Any:
    check_square(x)
    found = regular(_inverted, "Input is not invertible.", x)
    return found.swapaxes(-1, -2).copy() if adjoint else found


def _inverse_infer(x: Spec) -> Shape:
    batch, size = square_of(x)
    return batched(batch, size, size)


def _inverse_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    """Giles (2008), section 2.2.3."""
    y = op.outputs[0]
    if op.attrs["adjoint"]:
        grad = product(y, product(dy, y, adjoint_a=True, name="inner"))
    else:
        grad = product(y, product(dy, y, adjoint_b=True, name="inner"), adjoint_a=True)
    return [raw.Neg(grad, name="Neg")]


define(
    "MatrixInverse",
    "input: T -> output: T",
    attrs={"adjoint": False},
    types={"T": (float64, float32)},
    infer=_inverse_infer,
    kernel=_inverse,
    grad=_inverse_grad,
)


def _determinant(x: Array) -> Any:
    check_square(x)
    found = np.linalg.det(x)
    if not np.isfinite(found).all():
        raise invalid("The determinant is not finite.")
    return found


def _determinant_infer(x: Spec) -> Shape:
    batch, rows, columns = matrix_of(x)
    equal_dims(columns, rows)
    return batch


def _determinant_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    """Jacobi's formula."""
    last = constant(-1, int32)
    factor = raw.Mul(dy, op.outputs[0], name="factor")
    factor = raw.ExpandDims(raw.ExpandDims(factor, last), last)
    return [raw.Mul(factor, raw.MatrixInverse(op.inputs[0], adjoint=True), name="mul_1")]


define(
    "MatrixDeterminant",
    "input: T -> output: T",
    types={"T": (float32, float64)},
    infer=_determinant_infer,
    kernel=_determinant,
    grad=_determinant_grad,
)

# ---- square systems ---------------------------------------------------------------------


def _check_system(matrix: Array, rhs: Array, square: bool = True) -> None:
    check_batches(matrix, rhs)
    if square and matrix.shape[-1] != matrix.shape[-2]:
        raise invalid("First input (lhs) must be a square matrix.")
    if matrix.shape[-2] != rhs.shape[-2]:
        raise invalid("Input matrix and rhs are incompatible.")


def _system_infer(matrix: Spec, rhs: Spec) -> Shape:
    batch, size = square_of(matrix)
    other, rows, columns = matrix_of(rhs)
    common = merged(batch, other)
    return batched(common, equal_dims(size, rows), columns)


def _solve(matrix: Array, rhs: Array, *, adjoint: bool) -> Any:
    _check_system(matrix, rhs)
    left = conjugate_transpose(matrix) if adjoint else matrix
    return regular(np.linalg.solve, _SINGULAR, left, rhs)


def _solve_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    turned = op.attrs["adjoint"]
    rhs = raw.MatrixSolve(op.inputs[0], dy, adjoint=not turned, name="MatrixSolve")
    return [raw.Neg(_outer(rhs, op.outputs[0], turned), name="Neg"), rhs]


def _outer(rhs: Tensor, x: Tensor, turned: bool) -> Tensor:
    """What the gradient of a right-hand side means for the matrix."""
    return product(x, rhs, adjoint_b=True) if turned else product(rhs, x, adjoint_b=True)


define(
    "MatrixSolve",
    "matrix: T, rhs: T -> output: T",
    attrs={"adjoint": False},
    types={"T": (float64, float32, complex64, complex128)},
    infer=_system_infer,
    kernel=_solve,
    grad=_solve_grad,
)


def _triangular_solve(matrix: Array, rhs: Array, *, lower: bool, adjoint: bool) -> Array:
    _check_system(matrix, rhs)
    pivots = np.abs(np.diagonal(matrix, axis1=-2, axis2=-1))
    if not (pivots > 0).all():  # NaN is no pivot either
        raise invalid(_SINGULAR)
    out = np.empty_like(rhs)
    if out.size:
        for at in np.ndindex(matrix.shape[:-2]):
            out[at] = linalg.solve_triangular(
                matrix[at],
                rhs[at],
                trans="T" if adjoint else "N",
                lower=lower,
                check_finite=False,
            )
    return out


def _triangular_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    lower, turned = op.attrs["lower"], op.attrs["adjoint"]
    rhs = raw.MatrixTriangularSolve(
        op.inputs[0], dy, lower=lower, adjoint=not turned, name="MatrixTriangularSolve"
    )
    below, above = (constant(v, int64) for v in ((-1, 0) if lower else (0, -1)))
    whole = raw.Neg(_outer(rhs, op.outputs[0], turned))
    return [raw.MatrixBandPart(whole, below, above, name="MatrixBandPart"), rhs]


define(
    "MatrixTriangularSolve",
    "matrix: T, rhs: T -> output: T",
    attrs={"lower": True, "adjoint": False},
    types={"T": (float64, float32)},
    infer=_system_infer,
    kernel=_triangular_solve,
    grad=_triangular_grad,
)

# ---- least squares ----------------------------------------------------------------------


def _least_squares(matrix: Array, rhs: Array, l2_regularizer: Array, *, fast: bool) -> Any:
    _check_system(matrix, rhs, square=False)
    if np.ndim(l2_regularizer) != 0:
        raise invalid("l2_regularizer must be a scalar.")
    weight = float(l2_regularizer)
    if not weight >= 0:
        raise invalid("l2_regularizer must be >= 0.")
    rows, columns = matrix.shape[-2:]
    if not (rows and columns and rhs.size):
        return np.zeros((*matrix.shape[:-2], columns, rhs.shape[-1]), rhs.dtype)
    a, b = matrix.astype(np.float64), rhs.astype(np.float64)
    if not fast:
        return _minimum_norm(a, b, np.finfo(matrix.dtype).eps).astype(rhs.dtype)
    if rows >= columns:
        found = _gram_solve(conjugate_transpose(a) @ a, conjugate_transpose(a) @ b, weight)
    else:
        found = conjugate_transpose(a) @ _gram_solve(a @ conjugate_transpose(a), b, weight)
    return found.astype(rhs.dtype)


def _gram_solve(gram: Array, rhs: Array, weight: float) -> Array:
    """The normal equations; InvalidArgumentError if a pivot all but vanishes."""
    size = gram.shape[-1]
    gram = gram + weight * np.eye(size)
    factor = regular(np.linalg.cholesky, _DEFICIENT, gram)
    pivots = np.diagonal(factor, axis1=-2, axis2=-1).min(axis=-1) ** 2
    largest = np.diagonal(gram, axis1=-2, axis2=-1).max(axis=-1)
    if (pivots <= size * np.finfo(np.float64).eps * largest).any():
        raise invalid(_DEFICIENT)
    return np.linalg.solve(gram, rhs)


def _minimum_norm(a: Array, b: Array, precision: float) -> Array:
    """Of all least-squares solutions the shortest, by singular values."""
    out = np.empty((*a.shape[:-2], a.shape[-1], b.shape[-1]))
    cut = precision * max(a.shape[-2:])
    for at in np.ndindex(a.shape[:-2]):
        out[at] = np.linalg.lstsq(a[at], b[at], rcond=cut)[0]
    return out


def _least_squares_infer(matrix: Spec, rhs: Spec, l2_regularizer: Spec) -> Shape:
    require_scalar(l2_regularizer)
    batch, rows, columns = matrix_of(matrix)
    other, height, width = matrix_of(rhs)
    common = merged(batch, other)
    equal_dims(rows, height)
    return batched(common, columns, width)


def _least_squares_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    """The derivatives of the normal equations, of the first kind or the second.

    With ``y = A z``: ``dB = y`` and ``dA = (B - A x) z' - y x'`` for tall matrices, where
    ``(A'A + lI) z = dy``; ``dA = t (dy - A'y)' - y x'`` for wide ones, where ``(AA' + lI) t = B``
    and ``(AA' + lI) y = A dy``.
    """
    if not op.attrs["fast"]:
        raise ValueError("Gradient not defined for fast=False")
    shape = op.inputs[0].spec.shape
    if shape is None or None in shape[-2:]:
        return _least_squares_grad_of_any(op, dy)
    tall = (shape[-2] or 0) >= (shape[-1] or 0)
    a, b, _ = op.inputs
    x = op.outputs[0]
    weight = raw.Cast(op.inputs[2], DstT=a.dtype.base_dtype)
    if tall:
        z = raw.MatrixSolve(_gram(a, weight, tall=True), dy)
        y = product(a, z, name="MatMul_4")
        whole = raw.Sub(
            _tall_part(a, b, x, z), product(y, x, adjoint_b=True, name="outer"), name="add_2"
        )
        return [whole, y, None]
    gram = _gram(a, weight, tall=False)
    y = raw.MatrixSolve(
        gram, product(a, dy, name="seen"), name="cholesky_solve/MatrixTriangularSolve_1"
    )
    wide = _wide_part(a, dy, y, raw.MatrixSolve(gram, b))
    return [raw.Sub(wide, product(y, x, adjoint_b=True, name="outer"), name="add_1"), y, None]


def _tall_part(a: Tensor, b: Tensor, x: Tensor, z: Tensor) -> Tensor:
    residual = raw.Sub(b, product(a, x, name="fitted"), name="residual")
    return product(residual, z, adjoint_b=True, name="tall")


def _wide_part(a: Tensor, dy: Tensor, y: Tensor, t: Tensor) -> Tensor:
    unseen = raw.Sub(dy, product(a, y, adjoint_a=True, name="explained"), name="unseen")
    return product(t, unseen, adjoint_b=True, name="wide")


def _gram(a: Tensor, weight: Tensor, tall: bool) -> Tensor:
    """``A'A`` or ``AA'`` with a weight added to the diagonal."""
    gram = product(a, a, adjoint_a=tall, adjoint_b=not tall, name="gram")
    return raw.MatrixSetDiag(  # type: ignore[no-any-return]
        gram, raw.Add(raw.MatrixDiagPart(gram), weight)
    )


def _least_squares_grad_of_any(op: Operation, dy: Tensor) -> list[Tensor | None]:
    """The gradient where only the run knows which side is longer: both parts, one of them times 0.

    A one on the diagonal keeps the Gram matrix of the other part from being singular.
    """
    a, b, _ = op.inputs
    x, dtype = op.outputs[0], a.dtype.base_dtype
    sizes = raw.Shape(a)
    two, one, last = (constant([v], int32) for v in (-2, -1, 2**31 - 1))
    step = constant([1], int32)
    rows = raw.StridedSlice(sizes, two, one, step, shrink_axis_mask=1)
    columns = raw.StridedSlice(sizes, one, last, step, shrink_axis_mask=1)
    tall = raw.Cast(raw.GreaterEqual(rows, columns), DstT=dtype)
    wide = raw.Sub(constant(1, dtype), tall)
    weight = raw.Cast(op.inputs[2], DstT=dtype)
    z = raw.MatrixSolve(_gram(a, raw.Add(weight, wide), tall=True), dy)
    gram = _gram(a, raw.Add(weight, tall), tall=False)
    t = raw.MatrixSolve(gram, b)
    y = raw.Add(raw.Mul(tall, product(a, z)), raw.Mul(wide, raw.MatrixSolve(gram, product(a, dy))))
    parts = raw.Add(raw.Mul(tall, _tall_part(a, b, x, z)), raw.Mul(wide, _wide_part(a, dy, y, t)))
    return [raw.Sub(parts, product(y, x, adjoint_b=True)), y, None]


define(
    "MatrixSolveLs",
    "matrix: T, rhs: T, l2_regularizer: float64 -> output: T",
    attrs={"fast": True},
    types={"T": (float64, float32)},
    infer=_least_squares_infer,
    kernel=_least_squares,
    grad=_least_squares_grad,
)
