"""Each row of the op-case table: TensorFlow 2.21 writes it with its gradient, we compute the same."""

from __future__ import annotations

import inspect
from typing import Any, Final

import numpy as np
import pytest

import skflow as ours
from skflow import proto
from skflow.graph.dtypes import DType, int32, int64
from tests import op_checks
from tests.op_checks import Row

pytestmark = pytest.mark.interop

# Constants are in every graph as it is.
ROWS = [row for row in op_checks.tables()[0] if row.case.op != "Const"]

CANNOT: Final = {
    "GatherNd": "its gradient fails for indices of no columns",
    "Round": "it has no kernel for some types that it lists",
    "SparseDenseCwiseAdd": "it has no broadcasting of the dense side by two axes",
    "SparseDenseCwiseDiv": "it has no broadcasting of the dense side by two axes",
    "SparseDenseCwiseMul": "it has no broadcasting of the dense side by two axes",
    "Sum": "it takes each axis once",
    "TileGrad": "it has been removed",
}
"""Operations of which TensorFlow 2.21 itself refuses a row, in the run or before."""

RENAMED: Final = {"squeeze_dims": "axis"}
"""Attributes by what the functions of TensorFlow 2.21 call them."""

REFUSED: Final = {
    "Igamma": "IgammaGradA",
    "Igammac": "IgammaGradA",
    "SparseDenseCwiseDiv": "SparseTensorDenseAdd",
    "SparseDenseCwiseMul": "SparseTensorDenseAdd",
}
"""What stands in their gradients since, and is not here."""


FIRST_ONLY: Final = ("SelfAdjointEigV2", "Svd")
"""Operations whose rows ask for no vectors: what is left of them has another shape since."""


def is_changed(row: Row) -> bool:
    """TensorFlow's squared differences of complex numbers are squared magnitudes since."""
    complex_ones = any(np.iscomplexobj(v) for v in op_checks.flat(row.case.inputs))
    return row.case.op == "SquaredDifference" and complex_ones


@pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
def test_a_row(row: Row, theirs: Any) -> None:
    """Outputs and gradients from TensorFlow's graph, in the widest type."""
    try:
        graph_def, names, wanted = written(theirs, row)
    except (theirs.errors.OpError, NotImplementedError):
        assert row.case.op in CANNOT
        return
    if row.case.op in REFUSED:
        with pytest.raises(ValueError, match=f"No op named {REFUSED[row.case.op]} "):
            computed(graph_def, names)
        return
    found = computed(graph_def, names)
    if is_changed(row):
        assert not np.allclose(found[0], wanted[0])
        return
    if row.case.op in FIRST_ONLY:
        names, found, wanted = names[:1], found[:1], wanted[:1]
    for name, a, b in zip(names, found, wanted, strict=True):
        assert_same(name, np.asarray(a), np.asarray(b))


def written(tf: Any, row: Row) -> tuple[bytes, list[str], list[Any]]:
    """A graph of the row's operation and its gradients, their names, and their values."""
    arguments = op_checks.arguments(row, row.case.inputs, types(row))
    with tf.Graph().as_default(), tf.Session() as session:
        make = getattr(tf.raw_ops, row.case.op)
        tensors = [
            [place(tf, v) for v in a] if isinstance(a, list) else place(tf, a) for a in arguments
        ]
        # Some arguments have other names since; their order is what it was.
        keys = list(inspect.signature(make).parameters)[: len(tensors)]
        attrs = {RENAMED.get(key, key): value for key, value in row.case.attrs.items()}
        made = make(**dict(zip(keys, tensors, strict=True)), **attrs)
        outputs = list(made) if isinstance(made, (list, tuple)) else [made]
        outputs += gradients(tf, row, outputs, op_checks.flat(tensors))
        names = [t.name for t in outputs]
        graph_def = tf.get_default_graph().as_graph_def().SerializeToString()
        return graph_def, names, session.run(names)


def types(row: Row) -> dict[str, DType]:
    """The widest types, but int32 for indices: TensorFlow's gradients count on it."""
    widest = op_checks.sweep(row)[0]
    found = {}
    for i, (attr, dtype) in enumerate(widest.items()):
        narrow = i and dtype is int64 and int32 in op_checks.claimed(row.definition, attr)
        found[attr] = int32 if narrow else dtype
    return found


def place(tf: Any, array: Any) -> Any:
    """An input that is not folded into what takes it."""
    array = np.asarray(array)
    kind = tf.string if array.dtype == object else tf.as_dtype(array.dtype)
    value = tf.constant(array, kind, array.shape)
    return tf.placeholder_with_default(value, array.shape)


def gradients(tf: Any, row: Row, outputs: list[Any], inputs: list[Any]) -> list[Any]:
    """The gradients by all inputs that the row differentiates by, where TensorFlow has them."""
    case, given = row.case, row.definition.inputs
    if not callable(row.definition.grad) or case.grad == ():
        return []
    chosen = inputs
    if case.grad is not None and not any(a.is_list for a in given):
        chosen = [inputs[i] for i in case.grad]
    ys, xs = ([t for t in side if is_inexact(t)] for side in (outputs, chosen))
    if not ys or not xs:
        return []
    try:
        found = tf.gradients(ys, xs, [tf.ones_like(y) for y in ys])
    except LookupError:
        return []
    return [g for g in found if isinstance(g, tf.Tensor)]


def is_inexact(tensor: Any) -> bool:
    return tensor.dtype.is_floating or tensor.dtype.is_complex


def computed(graph_def: bytes, names: list[str]) -> list[Any]:
    with ours.Graph().as_default(), ours.Session() as session:
        ours.import_graph_def(proto.GraphDef.FromString(graph_def), name="")
        return session.run(names)


def assert_same(name: str, found: np.ndarray, wanted: np.ndarray) -> None:
    assert found.dtype == wanted.dtype, name
    assert found.shape == wanted.shape, name
    if found.dtype.kind not in "fc":
        np.testing.assert_array_equal(found, wanted, err_msg=name)
        return
    wide = found.dtype.itemsize > (4 if found.dtype.kind == "f" else 8)
    relative, absolute = (1e-6, 1e-9) if wide else (1e-3, 1e-3)
    np.testing.assert_allclose(found, wanted, relative, absolute, err_msg=name)
