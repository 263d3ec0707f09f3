"""Rows for shapes, slices, joins, look-ups, groups, diagonals and what passes tensors on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from tests.op_cases.case import Case, Elsewhere, booleans, real

Array = np.ndarray


def strings(*shape: int) -> Array:
    """Different short strings."""
    found = np.empty(int(np.prod(shape)), dtype=object)
    found[:] = [f"s{i}".encode() for i in range(found.size)]
    return found.reshape(shape)


def blank(shape: Any, like: Array) -> Array:
    """Zeros of the type of an array, or empty strings."""
    found = np.empty(shape, like.dtype)
    found[...] = b"" if like.dtype == object else 0
    return found


def ints(*values: Any) -> Array:
    """An array of integers."""
    return np.array(values, dtype=np.int64)


def at(value: int) -> Array:
    """An integer scalar."""
    return np.array(value)


# ---- shapes -------------------------------------------------------------------------------

SHAPES: list[Case | Elsewhere] = [
    Case("Shape", [real(2, 3)], lambda x: np.array(x.shape), special=[(real(),), (real(0, 2),)]),
    Case("Shape", [real(4)], lambda _, **__: np.array([4]), {"out_type": "int64"}),
    Case("ShapeN", [[real(2, 3), real(4)]], lambda xs: [np.array(x.shape) for x in xs]),
    Case("Size", [real(2, 3)], lambda _: np.array(6)),
    Case("Size", [real(0, 3)], lambda _, **__: np.array(0), {"out_type": "int64"}),
    Case("Rank", [real(2, 3, 1)], lambda _: np.array(3)),
    Case("Rank", [real()], lambda _: np.array(0)),
    Case("Reshape", [real(2, 3), ints(3, 2)], lambda x, _: np.reshape(x.tolist(), (3, 2))),
    Case("Reshape", [real(2, 3, 2), ints(4, -1)], lambda x, _: x.reshape(4, 3)),
    Case("Reshape", [real(1), np.zeros(0, np.int64)], lambda x, _: x[0]),
    Case("Reshape", [real(0, 3), ints(3, 0, 2)], lambda x, _: x.reshape(3, 0, 2)),
    Case("Squeeze", [real(1, 2, 1, 3)], lambda x: x[0, :, 0]),
    Case("Squeeze", [real(1, 2, 1)], lambda x, **__: x[..., 0], {"squeeze_dims": [-1]}),
    Case("ExpandDims", [real(2, 3), at(1)], lambda x, _: x[:, None]),
    Case("ExpandDims", [real(2, 3), at(-1)], lambda x, _: x[..., None]),
    Case("Transpose", [real(2, 3), ints(1, 0)], lambda x, _: np.array([x[:, i] for i in range(3)])),
    Case("Transpose", [real(2, 3, 4), ints(2, 0, 1)], lambda x, _: np.moveaxis(x, 2, 0)),
    Case("Transpose", [real(), np.zeros(0, np.int64)], lambda x, _: x),
    Case("InvertPermutation", [ints(2, 0, 3, 1)], np.argsort),
    Case(
        "ConcatOffset",
        [at(1), [ints(2, 2, 7), ints(2, 3, 7), ints(2, 5, 7)]],
        lambda *_: [[0, 0, 0], [0, 2, 0], [0, 5, 0]],
    ),
    Case("ConcatOffset", [at(-1), [ints(2, 4), ints(2, 1)]], lambda *_: [[0, 0], [0, 4]]),
    Case("BroadcastArgs", [ints(3, 1, 4), ints(2, 1)], lambda *_: np.array([3, 2, 4])),
    Case("BroadcastArgs", [ints(0, 1), ints(1, 0)], lambda *_: np.array([0, 0])),
    Case("Fill", [ints(2, 3), real()], lambda _, value: np.array([[value] * 3] * 2)),
    Case("Fill", [ints(2, 3), np.array(0.0)], lambda _, v: np.array([[v] * 3] * 2)),
    Case("Fill", [np.zeros(0, np.int64), real()], lambda _, value: value),
    Case("ZerosLike", [real(2, 3)], lambda x: blank((2, 3), x)),
]


# ---- slices -------------------------------------------------------------------------------


def picked(x: Array, *key: Any) -> Array:
    """Entries looked up one by one, by the meaning of an extended slice."""
    key = tuple(
        range(n)[k] if isinstance(k, slice) else [k] for n, k in zip(x.shape, key, strict=True)
    )
    shape = [len(k) for k in key]
    found = np.array([x[where] for where in product(*key)], dtype=x.dtype)
    return found.reshape(shape)


def slice_case(
    x: Array, begin: Any, end: Any, strides: Any, key: Sequence[Any], shape: Any, **masks: int
) -> Case:
    """A strided slice: `key` says axis by axis what is taken, `shape` how it comes out."""
    return Case(
        "StridedSlice",
        [x, ints(*begin), ints(*end), ints(*strides)],
        lambda x, *_, **__: picked(x, *key).reshape(shape),
        masks,
    )


def placed(shape: Array, key: Sequence[Any], dy: Array) -> Array:
    """Zeros with `dy` where a slice points."""
    found = blank(tuple(shape), dy)
    found[tuple(key)] = dy
    return found


ALL = slice(None)
SLICES: list[Case | Elsewhere] = [
    slice_case(real(4, 5), [1, 4], [3, 0], [1, -2], [slice(1, 3), slice(4, 0, -2)], (2, 2)),
    slice_case(
        real(4, 5), [0, -2], [0, 0], [1, 1], [ALL, slice(3, None)], (4, 2), begin_mask=1, end_mask=3
    ),
    slice_case(real(4, 5), [-1], [0], [1], [3, ALL], (5,), shrink_axis_mask=1),
    slice_case(real(2, 3), [1, 2], [2, 3], [1, 1], [1, 2], (), shrink_axis_mask=3),
    slice_case(
        real(2, 3, 4),
        [0, 0, 1, 0],
        [0, 0, 2, 0],
        [1, 1, 1, 1],
        [ALL, ALL, 1],
        (1, 2, 3, 1),
        ellipsis_mask=2,
        new_axis_mask=9,
        shrink_axis_mask=4,
    ),
    slice_case(real(2, 3), [], [], [], [ALL, ALL], (2, 3)),
    slice_case(real(3, 2), [-9], [9], [1], [ALL, ALL], (3, 2)),
    slice_case(real(3, 2), [5], [9], [1], [slice(0, 0), ALL], (0, 2)),
    Case(
        "StridedSliceGrad",
        [ints(4, 5), ints(1, 4), ints(3, 0), ints(1, -2), real(2, 2)],
        lambda s, _b, _e, _st, dy: placed(s, [slice(1, 3), slice(4, 0, -2)], dy),
    ),
    Case(
        "StridedSliceGrad",
        [ints(2, 3), ints(0, 0, -1), ints(0, 0, 0), ints(1, 1, 1), real(1, 2)],
        lambda s, _b, _e, _st, dy, **__: placed(s, [ALL, 2], dy[0]),
        {"begin_mask": 2, "end_mask": 2, "shrink_axis_mask": 4, "new_axis_mask": 1},
    ),
    Elsewhere(
        "StridedSliceAssign",
        "tests/graph/ops/test_slicing.py::test_assign_to_a_slice",
        "it writes to a variable",
    ),
    Case(
        "Slice",
        [real(4, 5), ints(1, 2), ints(2, -1)],
        lambda x, *_: picked(x, slice(1, 3), slice(2, 5)),
    ),
    Case("Slice", [real(4, 5), ints(4, 0), ints(0, 5)], lambda x, *_: x[4:]),
    Case("Slice", [real(), np.zeros(0, np.int64), np.zeros(0, np.int64)], lambda x, *_: x),
]


# ---- joins --------------------------------------------------------------------------------


def rows_of(x: Array, axis: int) -> list[Array]:
    """The slices along an axis."""
    return list(np.moveaxis(x, axis, 0))


def joined(values: Sequence[Array], axis: int) -> Array:
    """Slices put one after the other."""
    return np.stack([row for v in values for row in rows_of(v, int(axis))], axis=int(axis))


def listed(values: Sequence[Array]) -> Array:
    """Tensors on a new first axis."""
    return np.array([v.tolist() for v in values], values[0].dtype)


def mirrored(x: Array, paddings: Array, mode: str) -> Array:
    """A margin copied entry by entry from the mirror images of its coordinates."""
    shape = [d + a + b for d, (a, b) in zip(x.shape, paddings, strict=True)]
    found = np.empty(shape, x.dtype)
    for where in np.ndindex(*shape):
        found[where] = x[mirror_image(where, x.shape, paddings, mode)]
    return found


def mirror_image(where: Any, shape: Any, paddings: Array, mode: str) -> tuple[int, ...]:
    """Which entry of the tensor an entry of the padded one shows."""
    edge = int(mode == "SYMMETRIC")
    source = []
    for i, size, (before, _) in zip(where, shape, paddings, strict=True):
        k = i - before
        k = -k - edge if k < 0 else k
        source.append(int(2 * size - 2 - k + edge if k >= size else k))
    return tuple(source)


def mirror_sums(dy: Array, paddings: Array, mode: str) -> Array:
    """Every entry added to the one it shows."""
    found = np.zeros([d - a - b for d, (a, b) in zip(dy.shape, paddings, strict=True)], dy.dtype)
    for where in np.ndindex(*dy.shape):
        found[mirror_image(where, found.shape, paddings, mode)] += dy[where]
    return found


def padded(x: Array, paddings: Array) -> Array:
    """A box set into zeros."""
    found = blank([d + a + b for d, (a, b) in zip(x.shape, paddings, strict=True)], x)
    found[tuple(slice(a, a + d) for d, (a, _) in zip(x.shape, paddings, strict=True))] = x
    return found


def tile_sums(dy: Array, multiples: Array) -> Array:
    """The tiles added up."""
    size = [d // m for d, m in zip(dy.shape, multiples, strict=True)]
    tiles = product(*(range(m) for m in multiples))
    return sum(
        dy[tuple(slice(t * d, (t + 1) * d) for t, d in zip(tile, size, strict=True))]
        for tile in tiles
    )


def sequence_reversed(x: Array, lengths: Array, seq_dim: int, batch_dim: int = 0) -> Array:
    """Sequence by sequence."""
    found = np.moveaxis(x, (batch_dim, seq_dim), (0, 1)).copy()
    for row, n in zip(found, lengths, strict=True):
        row[:n] = row[:n][::-1].copy()
    return np.moveaxis(found, (0, 1), (batch_dim, seq_dim))


JOINS: list[Case | Elsewhere] = [
    Case("ConcatV2", [[real(2, 3), real(1, 3)], at(0)], joined),
    Case("ConcatV2", [[real(2, 3), real(2, 0), real(2, 1)], at(-1)], joined),
    Case("ConcatV2", [[real(1, 2) for _ in range(20)], at(0)], joined),
    Case("Concat", [at(1), [real(2, 3), real(2, 1)]], lambda axis, v: joined(v, axis)),
    Case("Concat", [at(0), [real(1, 2) for _ in range(18)]], lambda axis, v: joined(v, axis)),
    Case(
        "Split",
        [at(1), real(2, 6)],
        lambda _, x, **__: [x[:, :2], x[:, 2:4], x[:, 4:]],
        {"num_split": 3},
    ),
    Case("Split", [at(-1), real(2, 2)], lambda _, x, **__: [x[:, :1], x[:, 1:]], {"num_split": 2}),
    Case("Split", [at(0), real(2, 3)], lambda _, x, **__: [x], {"num_split": 1}),
    Case(
        "SplitV",
        [real(5, 2), ints(1, 3, 1), at(0)],
        lambda x, *_, **__: [x[:1], x[1:4], x[4:]],
        {"num_split": 3},
    ),
    Case(
        "SplitV",
        [real(2, 5), ints(2, -1), at(1)],
        lambda x, *_, **__: [x[:, :2], x[:, 2:]],
        {"num_split": 2},
    ),
    Case("Pack", [[real(2, 3), real(2, 3)]], listed),
    Case(
        "Pack",
        [[real(2, 3), real(2, 3), real(2, 3)]],
        lambda v, **__: np.moveaxis(listed(v), 0, 1),
        {"axis": -2},
    ),
    Case("Pack", [[real(), real(), real()]], listed),
    Case("Unpack", [real(2, 3)], lambda x, **__: [x[0], x[1]], {"num": 2}),
    Case(
        "Unpack", [real(2, 3)], lambda x, **__: [x[:, i] for i in range(3)], {"num": 3, "axis": -1}
    ),
    Case("Pad", [real(2, 3), ints([1, 0], [2, 1])], padded),
    Case("Pad", [real(2, 0), ints([0, 0], [2, 1])], padded),
    Case("MirrorPad", [real(3, 4), ints([1, 2], [3, 0])], mirrored, {"mode": "REFLECT"}),
    Case("MirrorPad", [real(2, 3), ints([2, 1], [0, 3])], mirrored, {"mode": "SYMMETRIC"}),
    Case("MirrorPadGrad", [real(6, 7), ints([1, 2], [3, 0])], mirror_sums, {"mode": "REFLECT"}),
    Case("MirrorPadGrad", [real(5, 6), ints([2, 1], [0, 3])], mirror_sums, {"mode": "SYMMETRIC"}),
    Case("Tile", [real(2, 3), ints(2, 3)], lambda x, _: joined([joined([x] * 3, 1)] * 2, 0)),
    Case("Tile", [real(2, 3), ints(0, 1)], lambda x, _: x[:0]),
    Case("Tile", [real(), np.zeros(0, np.int64)], lambda x, _: x),
    Case("TileGrad", [real(4, 9), ints(2, 3)], tile_sums),
    Case("Reverse", [real(2, 3, 2), np.array([True, False, True])], lambda x, _: x[::-1, :, ::-1]),
    Case("ReverseV2", [real(2, 3), ints(1)], lambda x, _: np.array([row[::-1] for row in x])),
    Case("ReverseV2", [real(2, 3), ints(-2, 1)], lambda x, _: x[::-1, ::-1]),
    Case("ReverseV2", [real(2, 3), np.zeros(0, np.int64)], lambda x, _: x),
    Case("ReverseSequence", [real(3, 4, 2), ints(0, 2, 4)], sequence_reversed, {"seq_dim": 1}),
    Case(
        "ReverseSequence",
        [real(2, 4, 3), ints(1, 2, 2)],
        sequence_reversed,
        {"seq_dim": 0, "batch_dim": 2},
    ),
]


# ---- look-ups -----------------------------------------------------------------------------


def looked_up(params: Array, indices: Array) -> Array:
    """Row by row."""
    rows = np.array([params[i] for i in indices.reshape(-1)], params.dtype)
    return rows.reshape(indices.shape + params.shape[1:])


def looked_up_nd(params: Array, indices: Array) -> Array:
    """Coordinates by coordinates."""
    depth = indices.shape[-1]
    rows = np.array([params[tuple(i)] for i in indices.reshape(-1, depth)], params.dtype)
    return rows.reshape(indices.shape[:-1] + params.shape[depth:])


def scattered(indices: Array, updates: Array, shape: Array) -> Array:
    """One addition after the other."""
    found = np.zeros(tuple(shape), updates.dtype)
    depth = indices.shape[-1]
    flat = updates.reshape(-1, *found.shape[depth:])
    for where, what in zip(indices.reshape(-1, depth), flat, strict=True):
        found[tuple(where)] += what
    return found


def hot(indices: Array, depth: Array, on: Array, off: Array, axis: int = -1) -> Array:
    """Entry by entry."""
    vectors = [
        [on.item() if i == k else off.item() for k in range(depth)]
        for i in indices.reshape(-1).tolist()
    ]
    found = np.array(vectors, on.dtype).reshape(*indices.shape, depth)
    return np.moveaxis(found, -1, axis)


def chosen(condition: Array, t: Array, e: Array) -> Array:
    """Rows, or entries, one by one."""
    if not condition.ndim:
        return t if condition else e
    return np.array([chosen(c, *pair) for c, *pair in zip(condition, t, e, strict=True)], t.dtype)


LOOKUPS: list[Case | Elsewhere] = [
    Case("Gather", [real(4, 3), ints(2, 0, 2)], looked_up),
    Case("Gather", [real(4, 3, 2), ints([1, 3], [1, 1])], looked_up),
    Case("Gather", [real(4), at(3)], lambda x, _: x[3]),
    Case("Gather", [real(4, 2), np.zeros((2, 0), np.int64)], lambda x, _: x[:0].reshape(2, 0, 2)),
    *[
        Case("GatherV2", [x, i, at(axis)], lambda x, i, axis: np.take(x, i, int(axis)), grad=(0,))
        for x, i, axis in (
            (real(4, 3), ints(2, 0, 2), 0),
            (real(2, 4, 3), ints([1, 3], [1, 1]), 1),
            (real(2, 4, 3), at(2), -1),
            (real(4, 2), np.zeros((2, 0), np.int64), 1),
        )
    ],
    Case("GatherNd", [real(2, 3, 4), ints([1, 2], [0, 0], [1, 2])], looked_up_nd),
    Case("GatherNd", [real(2, 3), ints([[1, 2]], [[0, 1]])], looked_up_nd),
    Case("GatherNd", [real(2, 3), np.zeros((2, 0), np.int64)], lambda x, _: np.stack([x, x])),
    Case("ScatterNd", [ints([1], [3], [1]), real(3, 2), ints(4, 2)], scattered),
    Case("ScatterNd", [ints([[1, 2]], [[0, 1]]), real(2, 1), ints(2, 3)], scattered),
    Case("ScatterNd", [np.zeros((0, 1), np.int64), real(0, 2), ints(3, 2)], scattered),
    Case("OneHot", [ints(0, 2, -1, 3), at(3), np.array(2.5), np.array(-1.0)], hot),
    Case(
        "OneHot",
        [ints([1, 0, 2], [2, 2, 5]), at(4), np.array(1.0), np.array(0.0)],
        hot,
        {"axis": 1},
    ),
    Case("OneHot", [ints(1, 0), at(3), np.array(1.0), np.array(0.0)], hot, {"axis": 0}),
    Case("OneHot", [at(1), at(2), np.array(True), np.array(False)], hot),
    Case(
        "OneHot", [ints(1, 0), at(3), strings(1)[0:1].reshape(()), strings(2)[1:].reshape(())], hot
    ),
    Case(
        "Where",
        [np.array([[True, False, True], [False, True, True]])],
        lambda _: np.array([[0, 0], [0, 2], [1, 1], [1, 2]]),
    ),
    Case("Where", [np.zeros((2, 3), bool)], lambda _: np.zeros((0, 2), np.int64)),
    Case("BroadcastTo", [real(3, 1), ints(2, 3, 4)], np.broadcast_to),
    Case("BroadcastTo", [real(2, 3), ints(2, 3)], np.broadcast_to),
    Case("SelectV2", [booleans(3, 1), real(4), real(2, 3, 1)], np.where),
    Case("SelectV2", [booleans(3, 4), real(3, 4), real(3, 4)], np.where),
    Case("Select", [booleans(3, 4), real(3, 4), real(3, 4)], chosen),
    Case("Select", [np.array([True, False, True]), real(3, 4), real(3, 4)], chosen),
    Case(
        "Select",
        [np.array(False), real(3, 4), real(3, 4)],
        chosen,
        special=[(np.array(True), np.array([np.nan, 1.0]), np.array([np.inf, 2.0]))],
    ),
]


# ---- groups -------------------------------------------------------------------------------


def grouped(data: Array, partitions: Array, num_partitions: int) -> list[Array]:
    """Group by group."""
    rows = data.reshape(partitions.size, *data.shape[partitions.ndim :])
    flat = partitions.reshape(-1)
    return [rows[[i for i in range(flat.size) if flat[i] == k]] for k in range(num_partitions)]


def stitched(indices: Sequence[Array], data: Sequence[Array]) -> Array:
    """Row by row, the last one stays."""
    inner = data[0].shape[indices[0].ndim :]
    found = blank((max(int(i.max()) for i in indices) + 1, *inner), data[0])
    for where, rows in zip(indices, data, strict=True):
        for i, row in zip(where.reshape(-1), rows.reshape(-1, *inner), strict=True):
            found[i] = row
    return found


def distinct(x: Array, **_: Any) -> tuple[Array, Array]:
    """By comparing with everything seen."""
    seen: list[Any] = []
    numbers = []
    for item in x.tolist():
        if item not in seen:
            seen.append(item)
        numbers.append(seen.index(item))
    values = np.empty(len(seen), x.dtype)
    values[:] = seen
    return values, np.array(numbers, np.int64)


def counted(x: Array) -> tuple[Array, Array, Array]:
    """The same, with how often each number occurs."""
    values, numbers = distinct(x)
    return values, numbers, np.array([np.sum(numbers == i) for i in range(len(values))], np.int64)


REPEATED = np.array([3.0, -1.0, 3.0, 2.0, -1.0, 3.0])
GROUPS: list[Case | Elsewhere] = [
    Case("DynamicPartition", [real(5, 2), ints(2, 0, 2, 0, 0)], grouped, {"num_partitions": 4}),
    Case(
        "DynamicPartition", [real(2, 3), ints([0, 1, 0], [1, 1, 0])], grouped, {"num_partitions": 2}
    ),
    Case(
        "DynamicPartition",
        [real(3), at(1)],
        lambda x, _, **__: [x[None][:0], x[None]],
        {"num_partitions": 2},
    ),
    Case(
        "DynamicStitch", [[ints(4, 0), ints([1, 3], [2, 5])], [real(2, 3), real(2, 2, 3)]], stitched
    ),
    Case(
        "DynamicStitch",
        [[at(1), ints(0, 1)], [real(2), real(2, 2)]],
        stitched,
        grad=(),
        why="of two rows that go to one place TensorFlow's gradient serves both",
    ),
    Case("Unique", [REPEATED], distinct),
    Case("Unique", [REPEATED], distinct, {"out_idx": "int64"}),
    Case("Unique", [np.array([b"b", b"a", b"b"], dtype=object)], distinct),
    Case("Unique", [np.zeros(0)], lambda x: (x, np.zeros(0, np.int64))),
    Case("UniqueWithCounts", [REPEATED], counted),
]


# ---- diagonals ----------------------------------------------------------------------------


def on_diagonal(diagonal: Array) -> Array:
    """A tensor with itself: zeros unless both halves of the coordinates agree."""
    found = blank(diagonal.shape * 2, diagonal)
    for where in np.ndindex(*diagonal.shape):
        found[where + where] = diagonal[where]
    return found


def off_diagonal(x: Array) -> Array:
    """The entries both halves of whose coordinates agree."""
    half = x.shape[: x.ndim // 2]
    return np.array([x[where + where] for where in np.ndindex(*half)], x.dtype).reshape(half)


def with_diagonal(x: Array, diagonal: Array) -> Array:
    """Entry by entry."""
    found = x.copy()
    for i in range(diagonal.shape[-1]):
        found[..., i, i] = diagonal[..., i]
    return found


def band(x: Array, lower: Array, upper: Array) -> Array:
    """Entry by entry."""
    found = blank(x.shape, x)
    for i, j in np.ndindex(*x.shape[-2:]):
        if (lower < 0 or i - j <= lower) and (upper < 0 or j - i <= upper):
            found[..., i, j] = x[..., i, j]
    return found


def matrices(diagonal: Array) -> Array:
    """Zeros with the diagonals set."""
    return with_diagonal(blank((*diagonal.shape, diagonal.shape[-1]), diagonal), diagonal)


DIAGONALS: list[Case | Elsewhere] = [
    Case("MatrixDiag", [real(2, 3)], matrices),
    Case("MatrixDiagPart", [real(2, 3, 4)], lambda x: np.stack([x[:, i, i] for i in range(3)], 1)),
    Case("MatrixDiagPart", [real(3, 3)], lambda x: np.array([x[i, i] for i in range(3)], x.dtype)),
    Case("MatrixSetDiag", [real(2, 4, 3), real(2, 3)], with_diagonal),
    Case("MatrixBandPart", [real(2, 3, 4), at(1), at(0)], band),
    Case("MatrixBandPart", [real(3, 4), at(-1), at(1)], band),
    Case("Diag", [real(3)], on_diagonal),
    Case("Diag", [real(2, 3)], on_diagonal),
    Case("DiagPart", [real(3, 3)], off_diagonal),
    Case("DiagPart", [real(2, 3, 2, 3)], off_diagonal),
]


# ---- sequences, and what passes tensors on ------------------------------------------------


def steps(start: Any, limit: Any, delta: Any) -> Array:
    """One step after the other."""
    found = []
    while start < limit if delta > 0 else start > limit:
        found.append(start)
        start = start + delta
    return np.array(found, np.asarray(limit).dtype)


UNFED = "tests/graph/ops/test_identity.py::test_a_placeholder_has_to_be_fed"
OTHERS: list[Case | Elsewhere] = [
    Case("Range", [at(2), at(17), at(3)], steps),
    Case("Range", [at(5), at(-2), at(-3)], steps),
    Case("Range", [at(1), at(1), at(2)], steps),
    Case(
        "LinSpace",
        [np.array(0.5), np.array(3.0), at(6)],
        lambda a, b, _: np.array([a + (b - a) * i / 5 for i in range(6)]),
    ),
    Case("LinSpace", [np.array(0.5), np.array(3.0), at(1)], lambda a, *_: np.array([a])),
    Case("Identity", [real(2, 3)], lambda x: x),
    Elsewhere(
        "RefIdentity",
        "tests/graph/ops/test_identity.py::test_a_reference_is_passed_on",
        "it takes a variable's reference",
    ),
    Case("StopGradient", [real(2, 3)], lambda x: x),
    Case(
        "PreventGradient",
        [real(2, 3)],
        lambda x: x,
        grad=(),
        why="asking for its gradient is an error: test_identity.py",
    ),
    Elsewhere("Placeholder", UNFED, "it has no value of its own"),
    Elsewhere("PlaceholderV2", UNFED, "it has no value of its own"),
    Elsewhere(
        "PlaceholderWithDefault",
        "tests/graph/ops/test_identity.py::test_a_default_is_replaced_by_a_feed",
        "its kernel takes a context",
    ),
]

CASES = [*SHAPES, *SLICES, *JOINS, *LOOKUPS, *GROUPS, *DIAGONALS, *OTHERS]
