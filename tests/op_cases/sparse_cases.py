"""Rows for sparse tensors and products, and for segments of rows that are looked up."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.op_cases.case import Case, Elsewhere, apart, complexes, integers, real

INDICES = np.array([[0, 1], [0, 4], [1, 0], [2, 2], [2, 3]])
SHAPE = np.array([3, 5])


def filled(indices: np.ndarray, values: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """The dense matrix; repeated entries add up."""
    dense = np.zeros(tuple(shape), dtype=np.result_type(values, np.float64))
    np.add.at(dense, tuple(indices.T), values)
    return dense


def product(
    indices: np.ndarray,
    values: np.ndarray,
    shape: np.ndarray,
    b: np.ndarray,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
) -> np.ndarray:
    """By the dense matrix."""
    a = filled(indices, values, shape)
    return (a.conj().T if adjoint_a else a) @ (b.conj().T if adjoint_b else b)


def matmul(
    a: np.ndarray, b: np.ndarray, transpose_a: bool = False, transpose_b: bool = False, **_: Any
) -> np.ndarray:
    """With transposes."""
    return (a.T if transpose_a else a) @ (b.T if transpose_b else b)


def to_dense(
    indices: np.ndarray, shape: np.ndarray, values: np.ndarray, default: np.ndarray, **_: Any
) -> np.ndarray:
    """Entry by entry."""
    dense = np.full(tuple(shape), default)
    rows = np.reshape(indices, (-1, len(shape)))
    for at, value in zip(rows, np.broadcast_to(values, len(rows)), strict=True):
        dense[tuple(at)] = value
    return dense


def reorder(indices: np.ndarray, values: np.ndarray, _: np.ndarray) -> tuple[Any, Any]:
    """Sorted as tuples."""
    order = sorted(range(len(values)), key=lambda i: tuple(indices[i]))
    return indices[order], values[order]


def reduce_sum(
    indices: np.ndarray,
    values: np.ndarray,
    shape: np.ndarray,
    axes: np.ndarray,
    keep_dims: bool = False,
) -> np.ndarray:
    """By the dense tensor."""
    chosen = tuple(int(a) for a in np.unique(np.reshape(axes, -1) % len(shape)))
    return filled(indices, values, shape).sum(axis=chosen, keepdims=keep_dims)


def by_segment(weight: Any) -> Any:
    """A reference that loops over the segments."""

    def reference(data: np.ndarray, indices: np.ndarray, segments: np.ndarray) -> np.ndarray:
        count = segments[-1] + 1 if len(segments) else 0
        out = np.zeros((count, *data.shape[1:]))
        for s in range(count):
            rows = data[indices[segments == s]]
            if len(rows):
                out[s] = rows.sum(axis=0) * weight(len(rows))
        return out

    return reference


def spread(weight: Any) -> Any:
    """A reference that loops over the rows."""

    def reference(
        grad: np.ndarray, indices: np.ndarray, segments: np.ndarray, rows: np.ndarray
    ) -> np.ndarray:
        out = np.zeros((int(rows), *grad.shape[1:]))
        for i, s in zip(indices, segments, strict=True):
            out[i] += grad[s] * weight((segments == s).sum())
        return out

    return reference


def beside(compute: Any) -> Any:
    """A reference that broadcasts the dense tensor."""

    def reference(
        indices: np.ndarray, values: np.ndarray, shape: np.ndarray, dense: np.ndarray
    ) -> np.ndarray:
        whole = np.broadcast_to(dense, tuple(shape))
        return compute(values, whole[tuple(indices.T)])

    return reference


def quotient(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Of integers the one nearest to zero."""
    return x / y if x.dtype.kind in "fc" else np.trunc(x / y).astype(x.dtype)


ROWS, SEGMENTS = np.array([0, 3, 1, 0, 2]), np.array([0, 0, 2, 2, 2])
NOTHING = np.zeros(0, int)

PRODUCTS: list[Case | Elsewhere] = [
    Case(
        "SparseTensorDenseMatMul",
        [INDICES, real(5), SHAPE, real(5, 4)],
        product,
        attrs={"adjoint_a": False, "adjoint_b": False},
        special=[
            (INDICES[::-1].copy(), real(5), SHAPE, real(5, 2)),
            (np.zeros((0, 2), int), np.zeros(0), SHAPE, real(5, 2)),
            (np.array([[0, 1], [0, 1]]), real(2), SHAPE, real(5, 2)),
        ],
    ),
    Case(
        "SparseTensorDenseMatMul",
        [INDICES, complexes(5), SHAPE, complexes(3, 4)],
        product,
        attrs={"adjoint_a": True, "adjoint_b": False},
    ),
    Case(
        "SparseTensorDenseMatMul",
        [INDICES, complexes(5), SHAPE, complexes(4, 5)],
        product,
        attrs={"adjoint_a": False, "adjoint_b": True},
    ),
    Case(
        "SparseTensorDenseMatMul",
        [INDICES, real(5), SHAPE, real(4, 3)],
        product,
        attrs={"adjoint_a": True, "adjoint_b": True},
    ),
    Case("SparseMatMul", [real(3, 5), real(5, 4)], matmul, attrs={"a_is_sparse": True}),
    Case(
        "SparseMatMul",
        [real(5, 3), real(5, 4)],
        matmul,
        attrs={"transpose_a": True, "b_is_sparse": True},
    ),
    Case(
        "SparseMatMul",
        [real(3, 5), real(4, 5)],
        matmul,
        attrs={"transpose_b": True, "a_is_sparse": True},
    ),
    Case(
        "SparseMatMul",
        [real(5, 3), real(4, 5)],
        matmul,
        attrs={"transpose_a": True, "transpose_b": True, "b_is_sparse": True},
    ),
]

CONVERSIONS: list[Case | Elsewhere] = [
    Case(
        "SparseToDense",
        [INDICES, SHAPE, real(5), real()],
        to_dense,
        special=[
            (np.array([1, 3]), np.array([5]), real(2), real()),
            (np.array(2), np.array([5]), real(), real()),
            (np.array([1, 3]), np.array([5]), real(), real()),
            (np.zeros((0, 2), int), SHAPE, real(0), real()),
        ],
    ),
    Case(
        "SparseToDense",
        [INDICES[::-1].copy(), SHAPE, real(5), real()],
        to_dense,
        attrs={"validate_indices": False},
    ),
    Case(
        "SparseReorder",
        [INDICES[[3, 0, 4, 2, 1]], real(5), SHAPE],
        reorder,
        special=[(np.zeros((0, 2), int), real(0), SHAPE)],
    ),
    Case(
        "SparseReduceSum",
        [INDICES, real(5), SHAPE, np.array([1])],
        reduce_sum,
        special=[
            (INDICES, real(5), SHAPE, np.array(-2)),
            (INDICES, real(5), SHAPE, NOTHING),
            (INDICES, real(5), SHAPE, np.array([0, 1])),
            (np.array([[1], [1], [0]]), real(3), np.array([2]), NOTHING),
        ],
    ),
    Case(
        "SparseReduceSum",
        [INDICES, real(5), SHAPE, np.array([0])],
        reduce_sum,
        attrs={"keep_dims": True},
    ),
]

BY_SEGMENT: list[Case | Elsewhere] = [
    case
    for name, weight in (("Mean", lambda n: 1 / n), ("SqrtN", lambda n: n**-0.5))
    for case in (
        Case(
            f"SparseSegment{name}",
            [real(4, 3), ROWS, SEGMENTS],
            by_segment(weight),
            special=[(real(4), ROWS, SEGMENTS), (real(4, 3), NOTHING, NOTHING)],
        ),
        Case(
            f"SparseSegment{name}Grad",
            [real(3, 2), ROWS, SEGMENTS, np.array(4)],
            spread(weight),
            special=[
                (real(3, 2), NOTHING, NOTHING, np.array(4)),
                (real(5, 2), ROWS, SEGMENTS, np.array(6)),
            ],
        ),
    )
]

BESIDE: list[Case | Elsewhere] = [
    case
    for name, compute in (("Mul", np.multiply), ("Div", quotient), ("Add", np.add))
    for case in (
        Case(
            f"SparseDenseCwise{name}",
            [INDICES, complexes(5), SHAPE, 3 + complexes(3, 5)],
            beside(compute),
            why="the types that are not complex are in the next row",
        ),
        Case(
            f"SparseDenseCwise{name}",
            [INDICES, apart(5), SHAPE, apart(3, 1)],
            beside(compute),
            special=[
                (INDICES, apart(5), SHAPE, apart(5)),
                (INDICES, apart(5), SHAPE, apart()),
                (np.zeros((0, 2), int), real(0), SHAPE, apart(3, 5)),
            ],
        ),
    )
]

CASES: list[Case | Elsewhere] = [
    *PRODUCTS,
    *CONVERSIONS,
    *BY_SEGMENT,
    *BESIDE,
    Case(
        "SparseSegmentSum",
        [real(4, 3), ROWS, SEGMENTS],
        by_segment(lambda _: 1),
        special=[
            (real(4), ROWS, SEGMENTS),
            (real(4, 3), NOTHING, NOTHING),
            (real(20, 2), integers(0, 20, 300), np.sort(integers(0, 5, 300))),
        ],
    ),
]
