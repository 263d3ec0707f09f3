"""Functions of matrices and of batches of matrices: products, systems, decompositions."""

from __future__ import annotations

from typing import Any

from skflow.graph.conversion import convert
from skflow.graph.dtypes import float32
from skflow.graph.functions.reduction import reduce_sum
from skflow.graph.nodes import LATE, Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope

# ---- products ---------------------------------------------------------------------------


def _conj(x: Tensor) -> Tensor:
    with name_scope(None, "Conj", [x]) as scope:
        if not x.dtype.is_complex:
            return x
        return raw.Conj(x, name=scope)  # type: ignore[no-any-return]


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """Multiply two matrices, or two batches of matrices one by one.

    Parameters
    ----------
    a : Tensor, shape (..., n, k)
        The left factors: float16, float32, float64, int32, complex64 or complex128.
    b : Tensor, shape (..., k, m)
        The right factors, of the same type and batch shape.
    transpose_a, transpose_b : bool
        Transpose a factor first.
    adjoint_a, adjoint_b : bool
        Transpose a factor and conjugate it first.
    a_is_sparse, b_is_sparse : bool
        Say that a factor (a float32 matrix) is mostly zero.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (..., n, m)

    Raises
    ------
    ValueError
        If the shapes do not fit, or a factor is to be both transposed and adjoint.
    TypeError
        If the types differ or have no product.
    """
    with name_scope(name, "MatMul", [a, b]) as scope:
        if transpose_a and adjoint_a:
            raise ValueError("Only one of transpose_a and adjoint_a can be True.")
        if transpose_b and adjoint_b:
            raise ValueError("Only one of transpose_b and adjoint_b can be True.")
        left, right = convert(a, name="a"), convert(b, name="b")
        sparse = bool(a_is_sparse or b_is_sparse)
        if not sparse and all(t.spec.rank is None or t.spec.rank > 2 for t in (left, right)):
            left = _conj(left) if transpose_a else left
            right = _conj(right) if transpose_b else right
            return raw.BatchMatMul(  # type: ignore[no-any-return]
                left,
                right,
                adj_x=bool(adjoint_a or transpose_a),
                adj_y=bool(adjoint_b or transpose_b),
                name=scope,
            )
        left = _conj(left) if adjoint_a else left
        right = _conj(right) if adjoint_b else right
        turned = {
            "transpose_a": bool(transpose_a or adjoint_a),
            "transpose_b": bool(transpose_b or adjoint_b),
        }
        if sparse and left.dtype == float32 and right.dtype == float32:
            return raw.SparseMatMul(  # type: ignore[no-any-return]
                left,
                right,
                **turned,
                a_is_sparse=bool(a_is_sparse),
                b_is_sparse=bool(b_is_sparse),
                name=scope,
            )
        return raw.MatMul(left, right, **turned, name=scope)  # type: ignore[no-any-return]


def _matmul_operator(x: Tensor, y: Any) -> Tensor:
    with name_scope(None, "matmul", [x, y]) as scope:
        return matmul(x, convert(y, x.dtype.base_dtype, "y"), name=scope)


def _matmul_reflected(y: Tensor, x: Any) -> Tensor:
    with name_scope(None, "matmul", [x, y]) as scope:
        return matmul(convert(x, y.dtype.base_dtype, "x"), y, name=scope)


LATE["__matmul__"] = _matmul_operator
LATE["__rmatmul__"] = _matmul_reflected


def trace(x: Any, name: str | None = None) -> Tensor:
    """Sum the diagonals of (a batch of) matrices.

    Parameters
    ----------
    x : Tensor, shape (..., n, m)
        The matrices.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (...)
    """
    with name_scope(name, "Trace", [x]) as scope:
        diagonal = raw.MatrixDiagPart(convert(x, name="x"))
        return reduce_sum(diagonal, [-1], name=scope)


# ---- systems ----------------------------------------------------------------------------


def matrix_determinant(input: Any, name: str | None = None) -> Tensor:
    """Compute the determinants of (a batch of) square matrices.

    Parameters
    ----------
    input : Tensor of float32 or float64, shape (..., n, n)
        The matrices.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (...)

    Raises
    ------
    InvalidArgumentError
        At run time, if a determinant is not finite.
    """
    return raw.MatrixDeterminant(input, name=name)  # type: ignore[no-any-return]


def matrix_inverse(input: Any, adjoint: bool | None = None, name: str | None = None) -> Tensor:
    """Invert (a batch of) square matrices.

    Parameters
    ----------
    input : Tensor of float32 or float64, shape (..., n, n)
        The matrices.
    adjoint : bool, optional
        Invert the adjoint matrices instead.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (..., n, n)

    Raises
    ------
    InvalidArgumentError
        At run time, if a matrix is not invertible.
    """
    return raw.MatrixInverse(  # type: ignore[no-any-return]
        input, adjoint=bool(adjoint), name=name
    )


def matrix_solve(
    matrix: Any, rhs: Any, adjoint: bool | None = None, name: str | None = None
) -> Tensor:
    """Solve square systems of linear equations.

    Parameters
    ----------
    matrix : Tensor of a floating or complex type, shape (..., n, n)
        The coefficients.
    rhs : Tensor of the same type, shape (..., n, k)
        The right-hand sides, as columns.
    adjoint : bool, optional
        Solve with the adjoint matrices instead.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (..., n, k)

    Raises
    ------
    InvalidArgumentError
        At run time, if a matrix is not invertible.
    """
    return raw.MatrixSolve(  # type: ignore[no-any-return]
        matrix, rhs, adjoint=bool(adjoint), name=name
    )


def matrix_triangular_solve(
    matrix: Any,
    rhs: Any,
    lower: bool | None = None,
    adjoint: bool | None = None,
    name: str | None = None,
) -> Tensor:
    """Solve triangular systems of linear equations by substitution.

    Parameters
    ----------
    matrix : Tensor of float32 or float64, shape (..., n, n)
        The coefficients; one triangle is read.
    rhs : Tensor of the same type, shape (..., n, k)
        The right-hand sides, as columns.
    lower : bool, optional
        Read the lower triangle (the default) or the upper one.
    adjoint : bool, optional
        Solve with the adjoint matrices instead.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (..., n, k)

    Raises
    ------
    InvalidArgumentError
        At run time, if a diagonal holds a zero.
    """
    return raw.MatrixTriangularSolve(  # type: ignore[no-any-return]
        matrix, rhs, lower=True if lower is None else lower, adjoint=bool(adjoint), name=name
    )


def matrix_solve_ls(
    matrix: Any, rhs: Any, l2_regularizer: Any = 0.0, fast: bool = True, name: str | None = None
) -> Tensor:
    """Solve linear systems in the least-squares sense.

    Parameters
    ----------
    matrix : Tensor of float32 or float64, shape (..., m, n)
        The coefficients.
    rhs : Tensor of the same type, shape (..., m, k)
        The right-hand sides, as columns.
    l2_regularizer : float
        What is added to the diagonal of the normal equations; unused if not `fast`.
    fast : bool
        Solve the normal equations (the shortest solution's, if m < n). Otherwise find the
        shortest solution by singular values, also where the rank is deficient.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (..., n, k)

    Raises
    ------
    InvalidArgumentError
        At run time, if a matrix is rank deficient and `fast` is set.
    """
    return raw.MatrixSolveLs(  # type: ignore[no-any-return]
        matrix, rhs, l2_regularizer, fast=fast, name=name
    )


def cholesky(input: Any, name: str | None = None) -> Tensor:
    """Compute the Cholesky factors of (a batch of) symmetric positive definite matrices.

    Parameters
    ----------
    input : Tensor of float32 or float64, shape (..., n, n)
        The matrices; the lower triangle is read.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (..., n, n)
        Lower triangular matrices ``L`` with ``L L'`` the input. The gradient is symmetric.

    Raises
    ------
    InvalidArgumentError
        At run time, if a matrix is not positive definite.
    """
    return raw.Cholesky(input, name=name)  # type: ignore[no-any-return]


def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Tensor:
    """Solve systems of linear equations whose Cholesky factors are known.

    Parameters
    ----------
    chol : Tensor of float32 or float64, shape (..., n, n)
        The lower triangular factors, as of `cholesky`.
    rhs : Tensor of the same type, shape (..., n, k)
        The right-hand sides, as columns.
    name : str, optional
        The name of the scope around the operations.

    Returns
    -------
    Tensor, shape (..., n, k)
    """
    with name_scope(name, "cholesky_solve", [chol, rhs]):
        half = raw.MatrixTriangularSolve(chol, rhs, adjoint=False, lower=True)
        return raw.MatrixTriangularSolve(  # type: ignore[no-any-return]
            chol, half, adjoint=True, lower=True
        )


# ---- decompositions ---------------------------------------------------------------------


def qr(input: Any, full_matrices: bool | None = None, name: str | None = None) -> Any:
    """Decompose (a batch of) matrices into an orthogonal and an upper triangular factor.

    Parameters
    ----------
    input : Tensor of a floating or complex type, shape (..., m, n)
        The matrices.
    full_matrices : bool, optional
        Compute all m columns of the orthogonal factor, not only the first min(m, n).
    name : str, optional
        The operation's name.

    Returns
    -------
    q : Tensor, shape (..., m, p)
        Orthonormal columns; p is m if `full_matrices`, else min(m, n).
    r : Tensor, shape (..., p, n)
        Upper triangular.
    """
    return raw.Qr(input, full_matrices=bool(full_matrices), name=name)


def self_adjoint_eig(tensor: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Compute the eigenvalues and eigenvectors of (a batch of) symmetric matrices.

    Parameters
    ----------
    tensor : Tensor of float32 or float64, shape (..., n, n)
        The matrices; the lower triangle is read.
    name : str, optional
        The operation's name.

    Returns
    -------
    e : Tensor, shape (..., n)
        The eigenvalues, in increasing order.
    v : Tensor, shape (..., n, n)
        The eigenvectors, as columns.

    Raises
    ------
    InvalidArgumentError
        At run time, if the iteration does not converge.
    """
    e, v = raw.SelfAdjointEigV2(tensor, compute_v=True, name=name)
    return e, v


def self_adjoint_eigvals(tensor: Any, name: str | None = None) -> Tensor:
    """Compute the eigenvalues of (a batch of) symmetric matrices.

    Parameters
    ----------
    tensor : Tensor of float32 or float64, shape (..., n, n)
        The matrices; the lower triangle is read.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (..., n)
        The eigenvalues, in increasing order.

    Raises
    ------
    InvalidArgumentError
        At run time, if the iteration does not converge.
    """
    e, _ = raw.SelfAdjointEigV2(tensor, compute_v=False, name=name)
    return e  # type: ignore[no-any-return]


def svd(
    tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None
) -> Any:
    """Compute the singular value decomposition of (a batch of) matrices.

    Parameters
    ----------
    tensor : Tensor of a floating or complex type, shape (..., m, n)
        The matrices.
    full_matrices : bool
        Compute all singular vectors, not only the first p = min(m, n).
    compute_uv : bool
        Compute singular vectors at all.
    name : str, optional
        Ignored, as in TensorFlow 1.1.0.

    Returns
    -------
    s : Tensor, shape (..., p)
        The singular values, in decreasing order.
    u : Tensor, shape (..., m, p or m)
        The left singular vectors, as columns; only if `compute_uv`.
    v : Tensor, shape (..., n, p or n)
        The right singular vectors, as columns; only if `compute_uv`.
    """
    del name
    s, u, v = raw.Svd(tensor, compute_uv=compute_uv, full_matrices=full_matrices)
    with name_scope(None, "Real", [s]) as scope:
        if s.dtype.is_complex:
            s = raw.Real(s, Tout=s.dtype.real_dtype, name=scope)
    return (s, u, v) if compute_uv else s
