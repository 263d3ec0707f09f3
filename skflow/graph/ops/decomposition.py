"""Decompositions of (batches of) matrices: Cholesky, eigenvalues, singular values, QR."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.graph.conversion import constant
from skflow.graph.dtypes import Array, complex64, complex128, float32, float64, int32, int64
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid
from skflow.graph.ops._matrices import (
    batched,
    check_batches,
    check_square,
    conjugate_transpose,
    lower_half,
    matrix_of,
    product,
    regular,
    square_of,
    transposed,
)
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, merged
from skflow.graph.spec import Spec

_ANY = (float64, float32, complex64, complex128)


def _square_infer(x: Spec) -> Shape:
    batch, size = square_of(x)
    return batched(batch, size, size)


# ---- Cholesky ---------------------------------------------------------------------------


def _cholesky(x: Array) -> Any:
    check_square(x)
    failed = "LLT decomposition was not successful. The input might not be valid."
    return regular(np.linalg.cholesky, failed, np.tril(x))


def _cholesky_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    return [raw.CholeskyGrad(op.outputs[0], dy, name="CholeskyGrad")]


define(
    "Cholesky",
    "input: T -> output: T",
    types={"T": (float64, float32)},
    infer=_square_infer,
    kernel=_cholesky,
    grad=_cholesky_grad,
)


def _back_propagated(factor: Array, grad: Array) -> Any:
    """The symmetric gradient of what was factored; Murray (2016), section 3.1."""
    check_square(factor)
    check_batches(factor, grad)
    if factor.shape != grad.shape:
        raise invalid("Input matrix and gradient must have same shape.")
    lower = np.tril(factor).astype(np.float64)
    half = np.tril(lower.swapaxes(-1, -2) @ np.tril(grad))
    at = np.arange(half.shape[-1])
    half[..., at, at] /= 2

    def divided(upper: Array, right: Array) -> Array:
        once = np.linalg.solve(upper, right).swapaxes(-1, -2)
        return np.linalg.solve(upper, once).swapaxes(-1, -2)

    found = regular(divided, "Input matrix is not invertible.", lower.swapaxes(-1, -2), half)
    return ((found + found.swapaxes(-1, -2)) / 2).astype(factor.dtype)


def _back_propagated_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    """The differential of ``sym(L^-T F(L'G) L^-1)``, where F keeps the lower half.

    With ``C = sym(dy)`` and ``X = L^-1 C``: ``dG = L M`` and ``dL = G M' - 2 S X'``, where
    ``M = F(L^-1 X')`` and S is the output.
    """
    factor, grad = (_lower(t) for t in op.inputs)
    dtype = factor.dtype.base_dtype
    symmetric = raw.Mul(raw.Add(dy, transposed(dy)), constant(0.5, dtype))
    turned = transposed(raw.MatrixTriangularSolve(factor, symmetric))
    half = lower_half(raw.MatrixTriangularSolve(factor, turned))
    twice = raw.Mul(product(op.outputs[0], turned), constant(2, dtype))
    by_factor = raw.Sub(product(grad, half, adjoint_b=True), twice)
    return [_lower(by_factor), _lower(product(factor, half))]


def _lower(x: Tensor) -> Tensor:
    return raw.MatrixBandPart(  # type: ignore[no-any-return]
        x, constant(-1, int64), constant(0, int64)
    )


def _back_propagated_infer(factor: Spec, grad: Spec) -> Shape:
    batch, size = square_of(factor)
    return merged(batched(batch, size, size), grad.require_rank_at_least(2))


define(
    "CholeskyGrad",
    "l: T, grad: T -> output: T",
    types={"T": (float32, float64)},
    infer=_back_propagated_infer,
    kernel=_back_propagated,
    grad=_back_propagated_grad,
)

# ---- eigenvalues ------------------------------------------------------------------------


def _eigen(x: Array, *, compute_v: bool) -> tuple[Array, Array]:
    check_square(x)
    failed = "Self Adjoint Eigen decomposition was not successful. The input might not be valid."
    lower = np.tril(x)
    if compute_v:
        values, vectors = regular(np.linalg.eigh, failed, lower)
        return values, vectors
    return regular(np.linalg.eigvalsh, failed, lower), np.zeros(0, x.dtype)


def _eigen_infer(x: Spec, *, compute_v: bool) -> list[Shape]:
    batch, size = square_of(x)
    return [batched(batch, size), batched(batch, size, size) if compute_v else (0,)]


def _eigen_grad(op: Operation, de: Tensor | None, dv: Tensor | None) -> list[Tensor]:
    """Ionescu, Vantzos and Sminchisescu (2015), on the lower triangle, which alone is read."""
    e, v = op.outputs
    if not op.attrs["compute_v"]:
        e, v = raw.SelfAdjointEigV2(op.inputs[0], compute_v=True)
        dv = None
    inner = raw.MatrixDiag(raw.ZerosLike(e) if de is None else de)
    if dv is not None:
        spread = product(v, dv, adjoint_a=True, name="spread")
        inner = raw.Add(inner, raw.Mul(_inverse_gaps(e), spread, name="turning"))
    whole = product(v, product(inner, v, adjoint_b=True, name="inner"), name="whole")
    lower = _lower(raw.Add(whole, transposed(whole)))
    half = constant(0.5, e.dtype.base_dtype)
    diagonal = raw.Mul(raw.MatrixDiagPart(lower), half, name="diagonal")
    return [raw.MatrixSetDiag(lower, diagonal, name="MatrixSetDiag_1")]


def _inverse_gaps(e: Tensor) -> Tensor:
    """``1 / (e_j - e_i)``, and 0 on the diagonal; infinite for equal eigenvalues."""
    gaps = raw.Sub(raw.ExpandDims(e, constant(-2, int32)), raw.ExpandDims(e, constant(-1, int32)))
    ones = raw.Fill(raw.Shape(e), constant(1, e.dtype.base_dtype))
    gaps = raw.MatrixSetDiag(gaps, ones, name="gaps")
    return raw.MatrixSetDiag(  # type: ignore[no-any-return]
        raw.Reciprocal(gaps), raw.ZerosLike(e), name="inverse_gaps"
    )


define(
    "SelfAdjointEigV2",
    "input: T -> e: T, v: T",
    attrs={"compute_v": True},
    types={"T": (float64, float32)},
    infer=_eigen_infer,
    kernel=_eigen,
    grad=_eigen_grad,
)

# ---- singular values and QR -------------------------------------------------------------


def _svd(x: Array, *, compute_uv: bool, full_matrices: bool) -> tuple[Array, Array, Array]:
    check_batches(x)
    failed = "The singular value decomposition was not successful. The input might not be valid."
    if not compute_uv:
        values = regular(lambda m: np.linalg.svd(m, compute_uv=False), failed, x)
        return values.astype(x.dtype), np.zeros(0, x.dtype), np.zeros(0, x.dtype)
    u, s, v = regular(lambda m: np.linalg.svd(m, full_matrices=full_matrices), failed, x)
    return s.astype(x.dtype), u, conjugate_transpose(v).copy()


def _svd_infer(x: Spec, *, compute_uv: bool, full_matrices: bool) -> list[Shape]:
    batch, rows, columns = matrix_of(x)
    least = _least(rows, columns)
    left, right = (rows, columns) if full_matrices else (least, least)
    if not compute_uv:
        return [batched(batch, least), (0,), (0,)]
    return [batched(batch, least), batched(batch, rows, left), batched(batch, columns, right)]


def _least(rows: int | None, columns: int | None) -> int | None:
    return None if rows is None or columns is None else min(rows, columns)


define(
    "Svd",
    "input: T -> s: T, u: T, v: T",
    attrs={"compute_uv": True, "full_matrices": False},
    types={"T": _ANY},
    infer=_svd_infer,
    kernel=_svd,
)


def _qr(x: Array, *, full_matrices: bool) -> tuple[Array, Array]:
    check_batches(x)
    q, r = np.linalg.qr(x, mode="complete" if full_matrices else "reduced")
    return q, r


def _qr_infer(x: Spec, *, full_matrices: bool) -> list[Shape]:
    batch, rows, columns = matrix_of(x)
    inner = rows if full_matrices else _least(rows, columns)
    return [batched(batch, rows, inner), batched(batch, inner, columns)]


define(
    "Qr",
    "input: T -> q: T, r: T",
    attrs={"full_matrices": False},
    types={"T": _ANY},
    infer=_qr_infer,
    kernel=_qr,
)
