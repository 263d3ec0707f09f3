"""Rows for operations that later versions of TensorFlow write: diagonals, products, counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.op_cases.case import Case, Elsewhere, apart, booleans, complexes, integers, real

Array = np.ndarray
inf, nan = np.inf, np.nan


def at(*values: int) -> Array:
    """An integer, or a vector of several."""
    return np.array(values if len(values) > 1 else values[0])


# ---- diagonals ----------------------------------------------------------------------------


def in_band(rows: int, columns: int, k: Array, align: str) -> list[tuple[int, int, int, int]]:
    """For each entry of the band: row and column, and number and position of its diagonal."""
    lower, upper = int(k.flat[0]), int(k.flat[-1])
    width = max(sum(j - i == d for i in range(rows) for j in range(columns))
                for d in range(lower, upper + 1))  # fmt: skip
    found = []
    for d in range(lower, upper + 1):
        line = [(i, i + d) for i in range(rows) if 0 <= i + d < columns]
        short = width - len(line)
        side = align.split("_")[0 if d >= 0 else 1]
        right = side == "RIGHT" or (d == 0 and "RIGHT" in align)
        found += [(i, j, upper - d, n + (short if right else 0)) for n, (i, j) in enumerate(line)]
    return found


def part(x: Array, k: Array, padding: Array, align: str = "RIGHT_LEFT") -> Array:
    """Entry by entry."""
    places = in_band(*x.shape[-2:], k, align)
    size = max(m for *_, m, _ in places) + 1, max(n for *_, n in places) + 1
    found = np.full((*x.shape[:-2], *size), padding, x.dtype)
    for i, j, m, n in places:
        found[..., m, n] = x[..., i, j]
    return found if k.size == 2 and k.flat[0] != k.flat[-1] else found[..., 0, :]


def replaced(x: Array, lines: Array, k: Array, align: str = "RIGHT_LEFT") -> Array:
    """Entry by entry."""
    found = x.copy()
    several = k.size == 2 and k.flat[0] != k.flat[-1]
    for i, j, m, n in in_band(*x.shape[-2:], k, align):
        found[..., i, j] = lines[..., m, n] if several else lines[..., n]
    return found


def matrix(shape: tuple[int, int]) -> Callable[..., Array]:
    """A matrix of this shape with diagonals."""

    def reference(
        lines: Array, k: Array, _: Any, __: Any, padding: Array, align: str = "RIGHT_LEFT"
    ) -> Array:
        several = k.size == 2 and k.flat[0] != k.flat[-1]
        batch = lines.shape[: -2 if several else -1]
        return replaced(np.full((*batch, *shape), padding, lines.dtype), lines, k, align)

    return reference


ALIGNED = ("LEFT_RIGHT", "RIGHT_LEFT", "LEFT_LEFT", "RIGHT_RIGHT")
PADDING = np.array(2.5)
DIAGONALS: list[Case | Elsewhere] = [
    Case("MatrixDiagPartV3", [real(2, 3, 4), at(0), np.array(0.0)], part, grad=(0,)),
    Case("MatrixDiagPartV3", [real(4, 3), at(-2), PADDING], part, grad=(0,)),
    Case("MatrixDiagPartV3", [real(2, 3, 4), at(2), PADDING], part, grad=(0,)),
    Case(
        "MatrixDiagPartV3",
        [booleans(3, 4), at(1), np.array(True)],
        part,
        grad=(),
        why="booleans",
    ),
    *[
        Case(
            "MatrixDiagPartV3",
            [real(2, 3, 4), at(-2, 3), PADDING],
            part,
            {"align": align},
            grad=(0,),
        )
        for align in ALIGNED
    ],
    Case("MatrixSetDiagV3", [real(2, 4, 3), real(2, 3), at(0)], replaced),
    Case("MatrixSetDiagV3", [real(4, 3), real(3), at(-1)], replaced),
    *[
        Case("MatrixSetDiagV3", [real(2, 4, 3), real(2, 4, 3), at(-2, 1)], replaced, {"align": a})
        for a in ALIGNED
    ],
    Case("MatrixDiagV3", [real(2, 3), at(0), at(-1), at(-1), np.array(0.0)], matrix((3, 3)),
         grad=(0,)),
    Case("MatrixDiagV3", [real(3), at(-1), at(-1), at(-1), PADDING], matrix((4, 4)), grad=(0,)),
    Case("MatrixDiagV3", [real(3), at(2), at(-1), at(5), PADDING], matrix((3, 5)), grad=(0,)),
    *[
        Case(
            "MatrixDiagV3",
            [real(2, 3, 3), at(-1, 1), at(3), at(4), PADDING],
            matrix((3, 4)),
            {"align": align},
            grad=(0,),
        )
        for align in ALIGNED
    ],
]  # fmt: skip


# ---- products, quotients, limits ----------------------------------------------------------


def batches(x: Array, y: Array, adj_x: bool = False, adj_y: bool = False) -> Array:
    """Products over batches that broadcast."""
    left = x.conj().swapaxes(-1, -2) if adj_x else x
    right = y.conj().swapaxes(-1, -2) if adj_y else y
    return np.einsum("...ij,...jk->...ik", left, right)


def summed(inputs: Sequence[Array], equation: str) -> Array:
    """By explicit sums over all labels."""
    left, right = equation.split("->")
    subscripts = left.split(",")
    labels = sorted({c for s in subscripts for c in s})
    sizes = {c: n for s, x in zip(subscripts, inputs, strict=True)
             for c, n in zip(s, x.shape, strict=True)}  # fmt: skip
    found = np.zeros([sizes[c] for c in right], inputs[0].dtype)
    for place in np.ndindex(*[sizes[c] for c in labels]):
        at = dict(zip(labels, place, strict=True))
        factors = [x[tuple(at[c] for c in s)] for s, x in zip(subscripts, inputs, strict=True)]
        found[tuple(at[c] for c in right)] += np.prod(factors)
    return found


def dotted(inputs: Sequence[Array], equation: str) -> Array:
    """Rows times columns, in batches."""
    assert equation == "...ij,jk...->...ik"
    return inputs[0] @ inputs[1]


def quotient(x: Array, y: Array) -> Array:
    """Number by number."""
    x, y = np.broadcast_arrays(x, y)
    pairs = zip(x.reshape(-1), y.reshape(-1), strict=True)
    found = [p / q if q else p.dtype.type(0) for p, q in pairs]
    return np.array(found, x.dtype).reshape(x.shape)


def clipped(t: Array, least: Array, most: Array) -> Array:
    """The least wins where the two contradict each other."""
    return np.where(most < least, least, np.where(t < least, least, np.where(t > most, most, t)))


def turned(x: Array, perm: Array) -> Array:
    """Entry by entry."""
    found = np.zeros([x.shape[i] for i in perm], x.dtype)
    if x.dtype == object:
        return x.transpose(perm)
    for place in np.ndindex(*x.shape):
        found[tuple(place[i] for i in perm)] = np.conj(x[place])
    return found


ELLIPSIS = "gradients of an ellipsis or of a label that one input has twice are refused"
PRODUCTS: list[Case | Elsewhere] = [
    Case("BatchMatMulV2", [real(5, 2, 3), real(5, 3, 4)], batches, analytic=True),
    Case("BatchMatMulV2", [real(4, 1, 2, 3), real(5, 3, 2)], batches, analytic=True),
    Case("BatchMatMulV2", [real(2, 3, 2), real(3, 4)], batches, {"adj_x": True}),
    Case("BatchMatMulV2", [complexes(2, 3), complexes(3, 4, 3)], batches, {"adj_y": True}),
    Case(
        "BatchMatMulV2",
        [complexes(1, 3, 2), complexes(2, 4, 3)],
        batches,
        {"adj_x": True, "adj_y": True},
        special=[(np.zeros((0, 3, 2)), np.zeros((1, 4, 3)))],
    ),
    *[
        Case("Einsum", inputs, summed, {"equation": equation}, analytic=True)
        for equation, inputs in (
            ("ij,jk->ik", [[real(2, 3), real(3, 4)]]),
            ("bij,bjk->bki", [[real(2, 3, 4), real(2, 4, 2)]]),
            ("ij->ji", [[real(2, 3)]]),
            ("ijk->j", [[real(2, 3, 4)]]),
            ("i,j->ij", [[real(2), real(3)]]),
            ("ij,jk->", [[real(2, 3), real(3, 4)]]),
        )
    ],
    Case("Einsum", [[complexes(2, 3), complexes(4, 3)]], summed, {"equation": "ij,kj->k"}),
    Case("Einsum", [[real(3, 3)]], summed, {"equation": "ii->i"}, grad=(), why=ELLIPSIS),
    Case(
        "Einsum",
        [[real(5, 2, 3), real(3, 4)]],
        dotted,
        {"equation": "...ij,jk...->...ik"},
        grad=(),
        why=ELLIPSIS,
    ),
    Case(
        "DivNoNan",
        [real(4, 1, 3), apart(2, 1, gap=0.3)],
        quotient,
        analytic=True,
        special=[(np.array([1.0, nan, inf, 0.0, nan]), np.array([0.0, 0.0, 0.0, 0.0, 1.0]))],
    ),
    Case("ConjugateTranspose", [real(2, 3, 4), np.array([2, 0, 1])], turned),
    Case("ConjugateTranspose", [complexes(2, 3), np.array([1, 0])], turned),
    Case("DivNoNan", [complexes(2, 3), complexes(3)], quotient),
    Case(
        "ClipByValue",
        [apart(3, 4), np.array(-0.33), np.array(0.47)],
        clipped,
    ),
    Case(
        "ClipByValue",
        [apart(3, 4), apart(3, 4, gap=0.07) - 1.0, np.array(0.6)],
        clipped,
        special=[(np.array([nan, 7.0]), np.array(0.0), np.array([1.0, 2.0]))],
    ),
]


# ---- rows and counts ----------------------------------------------------------------------


def stitched(indices: Sequence[Array], data: Sequence[Array]) -> Array:
    """Row by row."""
    size = max(int(i.max()) for i in indices) + 1
    found = np.zeros((size, *data[0].shape[indices[0].ndim :]), data[0].dtype)
    for where, rows in zip(indices, data, strict=True):
        for place in np.ndindex(*where.shape):
            found[where[place]] = rows[place]
    return found


def spread(weight: Callable[[int], float]) -> Callable[..., tuple[Array, Array]]:
    """Each segment's gradient, weighted, summed in the rows that went into it."""

    def reference(grad: Array, indices: Array, segments: Array, _: Array) -> tuple[Array, Array]:
        places = np.unique(indices)
        found = np.zeros((places.size, *grad.shape[1:]), grad.dtype)
        for i, s in zip(indices, segments, strict=True):
            found[np.searchsorted(places, i)] += grad[s] * weight(int((segments == s).sum()))
        return found, places

    return reference


def among(predictions: Array, targets: Array, k: Array) -> Array:
    """Row by row; a target that is no column is not among the entries."""
    return np.array([
        0 <= t < row.size and bool(np.isfinite(row).all()) and sum(p > row[t] for p in row) < k
        for row, t in zip(predictions, targets, strict=True)
    ])  # fmt: skip


def counted(values: Array, size: Array, weights: Array, binary_output: bool = False) -> Array:
    """Bin by bin."""
    ones = np.ones(values.shape)
    given = ones if binary_output or not weights.size else weights
    bins = [np.sum(np.where(values == i, given, 0), axis=-1) for i in range(int(size))]
    found = np.stack(bins, axis=-1)
    return (found != 0 if binary_output else found).astype(weights.dtype)


ROWS, SEGMENTS = np.array([2, 0, 3, 2, 0]), np.array([0, 0, 1, 2, 2])
COUNTED = integers(0, 6, 3, 7)
GATHERED: list[Case | Elsewhere] = [
    Case(
        "ParallelDynamicStitch",
        [[np.array([4, 0]), np.array([[1, 3], [2, 5]])], [real(2, 3), real(2, 2, 3)]],
        stitched,
    ),
    *[
        Case(
            f"SparseSegment{name}GradV2",
            [real(3, 2), ROWS, SEGMENTS, np.array(4)],
            spread(weight),
            special=[(real(5, 2), ROWS[:0], SEGMENTS[:0], np.array(4))],
        )
        for name, weight in (
            ("Mean", lambda n: 1 / n),
            ("SqrtN", lambda n: n**-0.5),
            ("Sum", lambda _: 1.0),
        )
    ],
    Case(
        "SparseSegmentSumGrad",
        [real(3, 2), ROWS, SEGMENTS, np.array(4)],
        lambda grad, indices, segments, rows: np.stack(
            [grad[segments[indices == i]].sum(axis=0) for i in range(int(rows))]
        ),
        special=[(real(5, 2), ROWS, SEGMENTS, np.array(6))],
    ),
    Case(
        "InTopKV2",
        [real(6, 5), np.array([0, 4, -1, 5, 2, 1]), at(2)],
        among,
        special=[
            (
                np.array([[0.1, 0.9, 0.9], [1, 1, 1], [nan, 1, 2], [inf, 0, 0]]),
                np.array([2, 0, 1, 0]),
                at(2),
            )
        ],
    ),
    Case("DenseBincount", [COUNTED[0], at(5), real(7)], counted),
    Case("DenseBincount", [COUNTED, at(4), real(3, 7)], counted),
    Case("DenseBincount", [COUNTED, at(6), real(0)], counted),
    Case("DenseBincount", [COUNTED, at(6), real(0)], counted, {"binary_output": True}),
]

CASES: list[Case | Elsewhere] = [*DIAGONALS, *PRODUCTS, *GATHERED]
