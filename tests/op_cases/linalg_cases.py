"""Reductions, scans, segments, products and decompositions of matrices, Fourier transforms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.fft
import scipy.linalg

from tests.op_cases.case import (
    Case,
    Elsewhere,
    apart,
    booleans,
    complexes,
    integers,
    positive,
    real,
)

REAL = ("float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "uint16")
NO_COMPLEX_KERNEL = "TensorFlow claims complex types here but has no kernel for them either"
WHOLE_ORDER = "complex numbers are refused, as TensorFlow does: they have no order"
INF, NAN = math.inf, math.nan

# ---- reductions ---------------------------------------------------------------------------


def along(axes: Any) -> tuple[int, ...]:
    """The axes as NumPy takes them: each once."""
    return tuple(int(a) for a in np.unique(np.asarray(axes).reshape(-1)))


def mean(x: Any, axes: Any, keep_dims: bool = False) -> Any:
    total = np.sum(x, axis=along(axes), keepdims=keep_dims)
    count = math.prod(x.shape[a] for a in along(axes))
    return np.trunc(total / count).astype(np.int64) if x.dtype.kind in "iu" else total / count


def greatest(x: Any, axes: Any, keep_dims: bool = False) -> Any:
    if x.dtype.kind in "iu":
        return np.max(x, axis=along(axes), keepdims=keep_dims)
    x = np.where(np.isnan(x), -INF, x)
    return np.max(x, axis=along(axes), keepdims=keep_dims, initial=-INF)


def least(x: Any, axes: Any, keep_dims: bool = False) -> Any:
    if x.dtype.kind in "iu":
        return np.min(x, axis=along(axes), keepdims=keep_dims)
    x = np.where(np.isnan(x), INF, x)
    return np.min(x, axis=along(axes), keepdims=keep_dims, initial=INF)


def total(x: Any, axes: Any, keep_dims: bool = False) -> Any:
    return np.sum(x, axis=along(axes), keepdims=keep_dims)


def product(x: Any, axes: Any, keep_dims: bool = False) -> Any:
    return np.prod(x, axis=along(axes), keepdims=keep_dims)


def at(*axes: int, of: Any) -> Any:
    """A reference for axes that the row counts from the back."""
    return lambda x, _, **attrs: of(x, axes, **attrs)


FAR = np.array([[INF, 1.0, -INF], [2.0, NAN, 3.0]])
NOTHING = np.zeros((0, 3))

REDUCTIONS: list[Case | Elsewhere] = [
    Case(
        "Sum",
        [real(2, 3, 4), np.array([1])],
        total,
        analytic=True,
        special=[
            (FAR, np.array(0)),
            (FAR, np.array([0, 1])),
            (NOTHING, np.array([0])),
            (NOTHING, np.array([1])),
            (NOTHING, np.array([], np.int64)),
        ],
    ),
    Case(
        "Sum",
        [real(2, 3, 4), np.array([-1, 0])],
        at(0, 2, of=total),
        {"keep_dims": True},
        analytic=True,
    ),
    Case("Sum", [real(3, 4), np.array([], np.int64)], total, analytic=True),
    Case("Sum", [real(3, 4), np.array([0, 1, 0])], total, analytic=True),
    Case("Sum", [real(), np.array([], np.int64)], total, analytic=True),
    Case("Sum", [real(600, 3), np.array(0)], total, analytic=True),
    Case(
        "Sum",
        [real(300, 2, 3), np.array([0, 2])],
        total,
        analytic=True,
        tolerance={"float16": 2e-2},
    ),
    Case(
        "Mean",
        [real(2, 3, 4), np.array([0, 2])],
        mean,
        analytic=True,
        special=[(FAR, np.array(0)), (NOTHING, np.array([0])), (NOTHING, np.array([1]))],
    ),
    Case("Mean", [real(3, 4), np.array(-2)], at(0, of=mean), {"keep_dims": True}, analytic=True),
    Case(
        "Mean",
        [np.array([[-7, 2, 3], [-4, 5, 11]]), np.array([0])],
        mean,
        second=False,
        why="integers",
    ),
    Case(
        "Prod",
        [positive(2, 3, 4), np.array([1])],
        product,
        analytic=True,
        special=[(FAR, np.array(0)), (NOTHING, np.array([0])), (NOTHING, np.array([1]))],
    ),
    Case(
        "Prod", [positive(2, 3, 2), np.array([0, 2])], product, {"keep_dims": True}, analytic=True
    ),
    Case("Prod", [positive(2, 3), np.array([0, 1])], product, analytic=True),
    Case("Prod", [np.array([[0.0, 2.0, 3.0], [0.5, 1.5, -2.0]]), np.array([1])], product),
    Case("Prod", [np.array([[0.0, 2.0, 3.0], [0.5, 1.5, -2.0]]), np.array([1, 0])], product),
    Case("Prod", [positive(100, 3), np.array([1])], product, analytic=True),
    Case(
        "Max",
        [apart(2, 3, 4), np.array([1])],
        greatest,
        dtypes=REAL,
        why=WHOLE_ORDER,
        special=[
            (FAR, np.array(0)),
            (FAR, np.array([0, 1])),
            (NOTHING, np.array([0])),
            (np.array([[NAN, NAN], [1.0, 1.0]]), np.array([1])),
        ],
    ),
    Case(
        "Max",
        [apart(2, 3, 4), np.array([0, -1])],
        at(0, 2, of=greatest),
        {"keep_dims": True},
        dtypes=REAL,
        why=WHOLE_ORDER,
    ),
    Case("Max", [apart(100, 3), np.array([1])], greatest, dtypes=REAL, why=WHOLE_ORDER),
    Case(
        "Min",
        [apart(2, 3, 4), np.array([1])],
        least,
        dtypes=REAL,
        why=WHOLE_ORDER,
        special=[(FAR, np.array(0)), (FAR, np.array([0, 1])), (NOTHING, np.array([0]))],
    ),
    Case(
        "Min",
        [apart(100, 3), np.array([-1])],
        at(1, of=least),
        {"keep_dims": True},
        dtypes=REAL,
        why=WHOLE_ORDER,
    ),
    Case(
        "All",
        [booleans(2, 3, 4), np.array([0, 2])],
        lambda x, axes: np.all(x, axis=along(axes)),
        special=[(np.zeros((0, 3), bool), np.array([0]))],
    ),
    Case(
        "Any",
        [booleans(2, 3, 4), np.array([1])],
        lambda x, axes, keep_dims: np.any(x, axis=along(axes), keepdims=keep_dims),
        {"keep_dims": True},
        special=[(np.zeros((0, 3), bool), np.array([0]))],
    ),
    Case(
        "ArgMax",
        [apart(3, 4, 2), np.array(1)],
        lambda x, axis: np.argmax(x, axis=int(axis)),
        dtypes=REAL,
        why=WHOLE_ORDER,
        special=[(np.array([2.0, 1.0, 2.0]), np.array(0)), (np.array([-INF, -INF]), np.array(0))],
    ),
    Case(
        "ArgMin",
        [apart(3, 4, 2), np.array(-1)],
        lambda x, axis: np.argmin(x, axis=int(axis)),
        dtypes=REAL,
        why=WHOLE_ORDER,
        special=[(np.array([2.0, 1.0, 1.0]), np.array(0))],
    ),
]

# ---- scans --------------------------------------------------------------------------------


def scanned(accumulate: Any, first: float) -> Any:
    """A running sum or product in which each number is added one by one."""

    def reference(x: Any, axis: Any, exclusive: bool = False, reverse: bool = False) -> Any:
        x = np.moveaxis(x, int(axis), 0)
        x = x[::-1] if reverse else x
        found = np.empty_like(x)
        running = np.full(x.shape[1:], first, x.dtype)
        for i, row in enumerate(x):
            found[i] = running if exclusive else accumulate(running, row)
            running = accumulate(running, row)
        found = found[::-1] if reverse else found
        return np.moveaxis(found, 0, int(axis))

    return reference


SUMS, PRODUCTS = scanned(np.add, 0.0), scanned(np.multiply, 1.0)
BOTH = {"exclusive": True, "reverse": True}
SCANS = [
    Case(
        "Cumsum",
        [real(3, 4, 2), np.array(1)],
        SUMS,
        analytic=True,
        special=[(FAR, np.array(0)), (NOTHING, np.array(0)), (NOTHING, np.array(1))],
    ),
    Case(
        "Cumsum",
        [real(3, 4), np.array(-1)],
        SUMS,
        {"exclusive": True},
        analytic=True,
        special=[(NOTHING, np.array(0)), (NOTHING, np.array(1))],
    ),
    Case("Cumsum", [real(3, 4), np.array(0)], SUMS, {"reverse": True}, analytic=True),
    Case("Cumsum", [real(3, 4), np.array(1)], SUMS, BOTH, analytic=True),
    Case(
        "Cumprod",
        [positive(3, 4, 2), np.array(1)],
        PRODUCTS,
        analytic=True,
        special=[(FAR, np.array(0)), (NOTHING, np.array(0))],
    ),
    Case("Cumprod", [positive(3, 4), np.array(-1)], PRODUCTS, {"exclusive": True}, analytic=True),
    Case("Cumprod", [positive(3, 4), np.array(0)], PRODUCTS, {"reverse": True}, analytic=True),
    Case("Cumprod", [positive(3, 4), np.array(1)], PRODUCTS, BOTH, analytic=True),
    Case(
        "Cumprod", [np.array([[1.5, 0.5, 0.0, 3.0], [0.0, 2.0, 1.5, 0.5]]), np.array(1)], PRODUCTS
    ),
    Case(
        "Cumprod",
        [np.array([1.5, 0.0, 2.0, 0.0, 3.0]), np.array(0)],
        PRODUCTS,
        second=False,
        why="the second derivative by two entries that are both zero is left out",
    ),
    Case("Cumprod", [np.array([2.0, 0.0, 3.0]), np.array(0)], PRODUCTS, BOTH),
]

# ---- axes ---------------------------------------------------------------------------------


def list_diff(x: Any, y: Any) -> Any:
    kept = [i for i, entry in enumerate(x.tolist()) if entry not in y.tolist()]
    return x[kept], np.array(kept, np.int64)


AXES = [
    Case(
        "ListDiff",
        [np.array([3, 0, 2, 3, 1]), np.array([0, 1, 7])],
        list_diff,
        special=[(np.arange(4), np.zeros(0, np.int64)), (np.zeros(0, np.int64), np.arange(2))],
    ),
    Case("ListDiff", [apart(5), apart(2)], list_diff),
    Case("ListDiff", [np.array([b"b", b"a", b""], object), np.array([b"a"], object)], list_diff),
]

# ---- segments -----------------------------------------------------------------------------


def segmented(reduce: Any, gap: float, count: int | None = None) -> Any:
    """Reduce the slices of each id; those of ids without any are `gap`."""

    def reference(data: Any, ids: Any, num_segments: Any = None) -> Any:
        flat = ids.reshape(-1)
        rows = data.reshape(len(flat), *data.shape[ids.ndim :])
        size = (
            count
            if count is not None
            else int(
                num_segments if num_segments is not None else (flat[-1] + 1 if len(flat) else 0)
            )
        )
        found = np.full((size, *rows.shape[1:]), gap, data.dtype)
        for i in np.unique(flat):
            found[i] = reduce(rows[flat == i])
        return found

    return reference


def row_mean(rows: Any) -> Any:
    found = rows.sum(axis=0) / len(rows)
    return np.trunc(found) if rows.dtype.kind in "iu" else found


def unsorted_max(data: Any, ids: Any, num_segments: Any) -> Any:
    """As the driver widens types, the least number of each is left out of sight."""
    return segmented(lambda rows: rows.max(axis=0), 0.0)(data, ids, num_segments)


SORTED = np.array([0, 0, 2, 2, 2, 3])
ONE_EACH = np.array([3, 0, 1, 2, 1, 0])
NO_ROWS = (np.zeros((0, 2)), np.zeros(0, np.int64))
WITH_NAN = (np.array([NAN, 1.0, INF, -INF, NAN]), np.array([0, 0, 0, 2, 3]))
SEGMENTS: list[Case | Elsewhere] = [
    Case(
        "SegmentSum",
        [real(6, 2, 3), SORTED],
        segmented(lambda r: r.sum(axis=0), 0.0),
        analytic=True,
        special=[NO_ROWS],
    ),
    Case("SegmentSum", [real(6, 400), SORTED], segmented(lambda r: r.sum(axis=0), 0.0)),
    Case("SegmentMean", [real(6, 2, 3), SORTED], segmented(row_mean, 0.0), special=[NO_ROWS]),
    Case("SegmentMean", [real(6), SORTED], segmented(row_mean, 0.0)),
    Case(
        "SegmentMean",
        [np.array([[-3, 4], [-4, 5], [7, 8]]), np.array([0, 0, 1])],
        segmented(row_mean, 0.0),
        second=False,
        why="integers",
    ),
    Case(
        "SegmentProd",
        [positive(6, 2), SORTED],
        segmented(lambda r: r.prod(axis=0), 1.0),
        special=[NO_ROWS],
    ),
    Case(
        "SegmentMax",
        [apart(6, 2), SORTED],
        segmented(lambda r: greatest(r, 0), 0.0),
        special=[NO_ROWS, WITH_NAN],
    ),
    Case(
        "SegmentMin",
        [apart(6, 2), SORTED],
        segmented(lambda r: least(r, 0), 0.0),
        special=[NO_ROWS, WITH_NAN],
    ),
    Case(
        "UnsortedSegmentSum",
        [real(6, 2), ONE_EACH, np.array(5)],
        segmented(lambda r: r.sum(axis=0), 0.0),
        analytic=True,
        special=[(*NO_ROWS, np.array(2))],
    ),
    Case(
        "UnsortedSegmentSum",
        [real(2, 3, 4), np.array([[0, 1, 0], [2, 2, 0]]), np.array(3)],
        segmented(lambda r: r.sum(axis=0), 0.0),
        analytic=True,
    ),
    Case(
        "UnsortedSegmentSum",
        [real(700, 5), integers(0, 9, 700), np.array(9)],
        segmented(lambda r: r.sum(axis=0), 0.0),
        tolerance={"float16": 2e-2},
    ),
    Case(
        "UnsortedSegmentSum",
        [real(3000), integers(0, 9, 3000), np.array(9)],
        segmented(lambda r: r.sum(axis=0), 0.0),
        tolerance={"float16": 2e-2},
    ),
    Case(
        "UnsortedSegmentSum",
        [real(4, 2), np.array([7, 0, 2999, 7]), np.array(3000)],
        segmented(lambda r: r.sum(axis=0), 0.0),
        analytic=True,
    ),
    Case("UnsortedSegmentMax", [apart(6, 2), ONE_EACH, np.array(4)], unsorted_max),
    Case(
        "UnsortedSegmentMax",
        [apart(2, 3), np.array([[0, 1, 0], [2, 2, 0]]), np.array(3)],
        unsorted_max,
    ),
    Case(
        "Bincount",
        [np.array([3, 1, 1, 0, 5]), np.array(5), real(5)],
        lambda arr, size, weights: np.array([weights[arr == i].sum() for i in range(int(size))]),
    ),
    Case(
        "Bincount",
        [np.array([[3, 1, 1], [0, 5, 9]]), np.array(4), np.zeros(0)],
        lambda arr, size, weights: np.array(
            [(arr == i).sum() for i in range(int(size))], weights.dtype
        ),
    ),
]

# ---- products -----------------------------------------------------------------------------


def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False) -> Any:
    return np.einsum("ij,jk->ik", a.T if transpose_a else a, b.T if transpose_b else b)


def turned(x: Any) -> Any:
    return np.conj(np.swapaxes(x, -1, -2))


def batch_matmul(x: Any, y: Any, adj_x: bool = False, adj_y: bool = False) -> Any:
    return np.einsum("...ij,...jk->...ik", turned(x) if adj_x else x, turned(y) if adj_y else y)


PRODUCTS_OF_MATRICES: list[Case | Elsewhere] = [
    Case(
        "MatMul",
        [real(2, 3), real(3, 4)],
        matmul,
        analytic=True,
        special=[
            (np.zeros((2, 0)), np.zeros((0, 3))),
            (np.zeros((0, 2)), np.zeros((2, 3))),
            (np.array([[INF, 0.0]]), np.array([[1.0], [NAN]])),
        ],
    ),
    Case("MatMul", [real(3, 2), real(3, 4)], matmul, {"transpose_a": True}, analytic=True),
    Case("MatMul", [real(2, 3), real(4, 3)], matmul, {"transpose_b": True}, analytic=True),
    Case(
        "MatMul",
        [real(3, 2), real(4, 3)],
        matmul,
        {"transpose_a": True, "transpose_b": True},
        analytic=True,
    ),
    Case("MatMul", [complexes(2, 3), complexes(3, 4)], matmul),
    Case(
        "MatMul",
        [complexes(3, 2), complexes(4, 3)],
        matmul,
        {"transpose_a": True, "transpose_b": True},
    ),
    Case(
        "BatchMatMul",
        [real(5, 2, 3), real(5, 3, 4)],
        batch_matmul,
        analytic=True,
        special=[(np.zeros((0, 2, 3)), np.zeros((0, 3, 4)))],
    ),
    Case("BatchMatMul", [real(2, 2, 3, 2), real(2, 2, 3, 4)], batch_matmul, {"adj_x": True}),
    Case("BatchMatMul", [complexes(2, 2, 3), complexes(2, 4, 3)], batch_matmul, {"adj_y": True}),
    Case(
        "BatchMatMul",
        [complexes(2, 3, 2), complexes(2, 4, 3)],
        batch_matmul,
        {"adj_x": True, "adj_y": True},
    ),
    Case("BatchMatMul", [real(3, 2), real(2, 4)], batch_matmul, analytic=True),
    Case("BatchMatMul", [complexes(3, 2), complexes(3, 4)], batch_matmul, {"adj_x": True}),
]

# ---- systems ------------------------------------------------------------------------------


def well(*shape: int) -> np.ndarray:
    """Square matrices that are far from singular and from symmetric."""
    return real(*shape, scale=0.3) + 2 * np.eye(shape[-1])


def well_complex(*shape: int) -> np.ndarray:
    return 0.3 * complexes(*shape) + 2 * np.eye(shape[-1])


def definite(*shape: int) -> np.ndarray:
    """Symmetric positive definite matrices."""
    x = real(*shape)
    return x @ np.swapaxes(x, -1, -2) + shape[-1] * np.eye(shape[-1])


def each(function: Any) -> Any:
    """A function of matrices, applied one by one to batches."""

    def reference(*args: Any, **attrs: Any) -> Any:
        batch = args[0].shape[:-2]
        found = [function(*(a[at] for a in args), **attrs) for at in np.ndindex(batch)]
        return np.array(found).reshape((*batch, *np.shape(found[0])))

    return reference


def inverse(x: Any, adjoint: bool = False) -> Any:
    return scipy.linalg.inv(turned(x) if adjoint else x)


def solve(a: Any, b: Any, adjoint: bool = False) -> Any:
    return scipy.linalg.inv(turned(a) if adjoint else a) @ b


def triangular_solve(a: Any, b: Any, lower: bool = True, adjoint: bool = False) -> Any:
    half = np.tril(a) if lower else np.triu(a)
    return solve(half, b, adjoint)


def least_squares(a: Any, b: Any, l2_regularizer: Any, fast: bool = True) -> Any:
    """Least squares of the system with sqrt(l) I below it."""
    weight = float(l2_regularizer) if fast else 0.0
    columns = a.shape[1]
    tall = np.vstack([a, math.sqrt(weight) * np.eye(columns)])
    return scipy.linalg.pinv(tall) @ np.vstack([b, np.zeros((columns, b.shape[1]))])


def least_squares_of_batch(a: Any, b: Any, l2_regularizer: Any, fast: bool = True) -> Any:
    return each(lambda p, q: least_squares(p, q, l2_regularizer, fast))(a, b)


TRIANGLE = 0.3 * real(4, 4) + 2 * np.eye(4)
SYSTEMS: list[Case | Elsewhere] = [
    Case("MatrixInverse", [well(3, 3)], each(inverse)),
    Case("MatrixInverse", [well(2, 3, 3)], each(inverse), {"adjoint": True}),
    Case("MatrixInverse", [well(3, 3)], each(inverse), {"adjoint": True}),
    Case("MatrixInverse", [definite(2, 3, 3)], each(inverse)),
    Case("MatrixInverse", [np.diag([2.0, -1.0, 3.0])[:, [1, 0, 2]]], each(inverse)),
    Case("MatrixInverse", [np.array([[1.0, 2.0], [2.0, 1.0]])], each(inverse)),
    Case("MatrixDeterminant", [well(3, 3)], each(scipy.linalg.det)),
    Case("MatrixDeterminant", [well(2, 2, 3, 3)], each(scipy.linalg.det)),
    Case("MatrixSolve", [well(3, 3), real(3, 2)], each(solve)),
    Case("MatrixSolve", [well(2, 3, 3), real(2, 3, 4)], each(solve), {"adjoint": True}),
    Case("MatrixSolve", [well_complex(3, 3), complexes(3, 2)], each(solve)),
    Case(
        "MatrixSolve", [well_complex(2, 3, 3), complexes(2, 3, 2)], each(solve), {"adjoint": True}
    ),
    Case("MatrixTriangularSolve", [TRIANGLE, real(4, 2)], each(triangular_solve)),
    Case("MatrixTriangularSolve", [TRIANGLE, real(4, 2)], each(triangular_solve), {"lower": False}),
    Case(
        "MatrixTriangularSolve",
        [well(2, 3, 3), real(2, 3, 2)],
        each(triangular_solve),
        {"adjoint": True},
    ),
    Case(
        "MatrixTriangularSolve",
        [well(2, 3, 3), real(2, 3, 2)],
        each(triangular_solve),
        {"lower": False, "adjoint": True},
    ),
    Case(
        "MatrixSolveLs",
        [real(5, 3), real(5, 2), np.array(0.0)],
        least_squares,
        grad=(0, 1),
        tolerance={"float32": 1e-4},
    ),
    Case("MatrixSolveLs", [real(5, 3), real(5, 2), np.array(0.5)], least_squares, grad=(0, 1)),
    Case(
        "MatrixSolveLs",
        [real(3, 5), real(3, 2), np.array(0.0)],
        least_squares,
        grad=(0, 1),
        tolerance={"float32": 1e-4},
    ),
    Case(
        "MatrixSolveLs",
        [real(2, 3, 4), real(2, 3, 2), np.array(0.5)],
        least_squares_of_batch,
        grad=(0, 1),
    ),
    Case(
        "MatrixSolveLs",
        [real(5, 3), real(5, 2), np.array(0.0)],
        least_squares,
        {"fast": False},
        grad=(),
        tolerance={"float32": 1e-4},
        why="TensorFlow defines no gradient for fast=False",
    ),
    Case(
        "MatrixSolveLs",
        [real(5, 2) @ real(2, 3), real(5, 2), np.array(0.0)],
        least_squares,
        {"fast": False},
        grad=(),
        tolerance={"float32": 1e-4},
        dtypes=("float64",),
        why="no gradient for fast=False; rounding to float32 changes the rank",
    ),
]

# ---- decompositions -----------------------------------------------------------------------


def cholesky_grad(l: Any, grad: Any) -> Any:  # noqa: E741  # TensorFlow's name
    """By differences in the space of symmetric matrices, one entry of the lower triangle a time."""
    factor, cotangent = np.tril(l), np.tril(grad)
    x = factor @ factor.T
    n, step = len(x), 1e-5
    found = np.zeros_like(x)
    for i in range(n):
        for j in range(i + 1):
            move = np.zeros_like(x)
            move[i, j] = move[j, i] = step
            after, before = (
                scipy.linalg.cholesky(x + move, lower=True),
                scipy.linalg.cholesky(x - move, lower=True),
            )
            rate = np.sum(cotangent * (after - before)) / (2 * step)
            found[i, j] = found[j, i] = rate if i == j else rate / 2
    return found


def eigenvalues(x: Any, compute_v: bool) -> Any:
    del compute_v
    found = scipy.linalg.eigvals(np.tril(x) + np.tril(x, -1).T)
    return np.sort(found.real), np.zeros(0)


def singular_values(x: Any, compute_uv: bool) -> Any:
    del compute_uv
    squares = scipy.linalg.eigvals(turned(x) @ x if x.shape[0] >= x.shape[1] else x @ turned(x))
    return np.sqrt(np.sort(squares.real)[::-1]).astype(x.dtype), np.zeros(0), np.zeros(0)


def qr(x: Any, full_matrices: bool = False) -> Any:
    q, r = scipy.linalg.qr(x, mode="full" if full_matrices else "economic")
    return q, r


SIGNS = "vectors are defined up to their signs (or phases)"
SYMMETRIC = (
    "the gradient is TensorFlow's: symmetric, though the lower triangle alone is read; "
    "held in tests/graph/ops/test_decomposition.py"
)
SVD_GRAD = "TensorFlow 1.1.0 defines no gradient"
HERE = "tests/graph/ops/test_decomposition.py"
DECOMPOSITIONS: list[Case | Elsewhere] = [
    Case(
        "Cholesky",
        [definite(3, 3)],
        each(lambda x: scipy.linalg.cholesky(x, lower=True)),
        grad=(),
        why=SYMMETRIC,
    ),
    Case(
        "Cholesky",
        [definite(2, 3, 3)],
        each(lambda x: scipy.linalg.cholesky(x, lower=True)),
        grad=(),
        why=SYMMETRIC,
    ),
    Case(
        "CholeskyGrad",
        [np.tril(well(3, 3)), np.tril(real(3, 3))],
        cholesky_grad,
        tolerance={"float64": 1e-8, "float32": 1e-4},
    ),
    Case(
        "CholeskyGrad",
        [well(3, 3), real(3, 3)],
        cholesky_grad,
        tolerance={"float64": 1e-8, "float32": 1e-4},
    ),
    Case("SelfAdjointEigV2", [real(4, 4)], eigenvalues, {"compute_v": False}),
    Elsewhere("SelfAdjointEigV2", f"{HERE}::test_eigenvectors", SIGNS),
    Case(
        "Svd",
        [real(3, 5)],
        singular_values,
        {"compute_uv": False},
        tolerance={"float32": 1e-4, "complex64": 1e-4},
    ),
    Elsewhere("Svd", f"{HERE}::test_singular_vectors", SIGNS),
    Case("Qr", [real(3, 5)], qr),
    Case("Qr", [real(5, 3)], qr),
    Case("Qr", [real(5, 3)], qr, {"full_matrices": True}),
]

# ---- Fourier transforms -------------------------------------------------------------------


def transform(rank: int, inverse: bool) -> Any:
    function = scipy.fft.ifftn if inverse else scipy.fft.fftn
    return lambda x: function(x, axes=tuple(range(-rank, 0))) if x.size else x


TRANSFORMS = [
    Case(
        f"{'I' if inverse else ''}FFT{suffix}",
        [complexes(2, 3, 4)],
        transform(rank, inverse),
        special=[(np.zeros((2, 0, 3), complex),)],
    )
    for rank, suffix in ((1, ""), (2, "2D"), (3, "3D"))
    for inverse in (False, True)
]

CASES: list[Case | Elsewhere] = [
    *REDUCTIONS,
    *AXES,
    *SCANS,
    *SEGMENTS,
    *PRODUCTS_OF_MATRICES,
    *SYSTEMS,
    *DECOMPOSITIONS,
    *TRANSFORMS,
]
