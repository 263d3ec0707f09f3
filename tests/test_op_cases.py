"""Every operation does what its row of the op-case table says, in every type it claims."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skflow.graph.conversion import constant, convert
from skflow.graph.core import Graph
from skflow.graph.dtypes import as_dtype
from skflow.graph.gradients import gradients
from skflow.graph.nodes import Tensor
from skflow.graph.registry import OpDef
from skflow.graph.shapes import compatible, is_full
from skflow.graph.spec import Spec
from tests import op_checks
from tests.interpreter import Interpreter
from tests.op_checks import Arrays, Built, Row, assert_close

ROOT = Path(__file__).resolve().parent.parent
ROWS, ELSEWHERE = op_checks.tables()
WITH_GRADIENT = [r for r in ROWS if callable(r.definition.grad) and r.case.grad != ()]
COMPLEX_STEP = 1e-30

# The shapes of what these compute depend on values: a full shape cannot be asked of them.
DATA_DEPENDENT = {
    "BroadcastGradientArgs",
    "DynamicPartition",
    "ListDiff",
    "PyFunc",
    "PyFuncStateless",
    "SegmentMax",
    "SegmentMean",
    "SegmentMin",
    "SegmentProd",
    "SegmentSum",
    "SparseAdd",
    "SparseAddGrad",
    "SparseFillEmptyRows",
    "SparseSegmentMean",
    "SparseSegmentMeanGradV2",
    "SparseSegmentSqrtN",
    "SparseSegmentSqrtNGradV2",
    "SparseSegmentSum",
    "SparseSegmentSumGradV2",
    "StringSplit",
    "Unique",
    "UniqueWithCounts",
    "Where",
}


def ids(rows: Sequence[Row]) -> list[str]:
    return [r.id for r in rows]


each_row = pytest.mark.parametrize("row", ROWS, ids=ids(ROWS))
each_with_gradient = pytest.mark.parametrize("row", WITH_GRADIENT, ids=ids(WITH_GRADIENT))


# ---- the table is complete ------------------------------------------------------------------


def test_every_operation_has_a_row() -> None:
    """A fresh interpreter is asked: other tests declare operations of their own."""
    code = "import skflow; from skflow.graph.registry import REGISTRY; print(*sorted(REGISTRY))"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )
    registered = set(done.stdout.split())
    listed = {r.case.op for r in ROWS} | {e.op for e in ELSEWHERE}
    assert registered - listed == set(), "operations without a row in tests/op_cases"
    assert listed - registered == set(), "rows of operations that do not exist"


@pytest.mark.parametrize("item", ELSEWHERE, ids=[e.op for e in ELSEWHERE])
def test_rows_that_point_elsewhere_name_a_test(item: Any) -> None:
    path, _, name = item.test.partition("::")
    assert name, f"{item.test} names no test"
    assert item.why
    source = (ROOT / path).read_text(encoding="utf-8")
    for part in name.split("::"):
        bare = part.partition("[")[0]
        assert f"def {bare}(" in source or f"class {bare}" in source, f"{path} has no {bare}"


@each_row
def test_what_is_left_out_has_a_reason(row: Row) -> None:
    case = row.case
    if not case.second or case.dtypes is not None or case.grad == ():
        assert case.why


def test_rows_cover_every_type_an_operation_claims() -> None:
    """An operation's rows together sweep its leading type attribute, unless one says why not."""
    swept: dict[tuple[str, str], set[str]] = {}
    excused = {r.case.op for r in ROWS if r.case.why}
    for row in ROWS:
        for choice in op_checks.sweep(row):
            for attr, dtype in choice.items():
                swept.setdefault((row.case.op, attr), set()).add(dtype.name)
    for (op, attr), names in swept.items():
        if op not in excused:
            wanted = {d.name for d in op_checks.claimed(op_checks.REGISTRY[op], attr)}
            assert wanted <= names, f"{op} claims {attr} in {sorted(wanted - names)}: no row tries"


# ---- values -------------------------------------------------------------------------------


@each_row
def test_values_in_every_type(row: Row) -> None:
    """Kernels agree with the reference, honour their types and leave their inputs alone."""
    for label, args in op_checks.choices(row):
        with Graph().as_default():
            built = op_checks.build(row, args, op_checks.fixed)
        before = op_checks.copies(built.arrays)
        found = op_checks.kernel_outputs(built.op, built.arrays)
        op_checks.assert_untouched(built.arrays, before, label)
        expected = op_checks.reference(row, args)
        _check_values(row, built, found, expected, label)


def _check_values(row: Row, built: Built, found: Arrays, expected: Arrays, label: str) -> None:
    assert len(found) == len(expected) == len(built.op.outputs)
    for tensor, value, wanted in zip(built.op.outputs, found, expected, strict=True):
        array, declared = np.asarray(value), tensor.dtype.np_dtype
        assert array.dtype == declared, f"{label}: {array.dtype} instead of {declared}"
        loosest = max((op_checks.tolerance_of(row.case, a) for a in built.arrays), default=0.0)
        loosest = max(loosest, op_checks.tolerance_of(row.case, array))
        assert_close(array, wanted, loosest, label, each=row.definition.elementwise)
        if not row.definition.view:
            assert not any(
                np.may_share_memory(array, a) and np.shares_memory(array, a) for a in built.arrays
            ), f"{label}: the output shares memory"


@pytest.mark.parametrize(
    "row", [r for r in ROWS if r.case.special], ids=[r.id for r in ROWS if r.case.special]
)
def test_special_values(row: Row) -> None:
    """Infinities, ties, empty arrays and the like, in double and single precision."""
    for number, inputs in enumerate(row.case.special):
        for choice in op_checks.sweep(row)[:2]:
            label = f"special {number}, {[d.name for d in choice.values()]}"
            args = op_checks.arguments(row, inputs, choice)
            with Graph().as_default():
                built = op_checks.build(row, args, op_checks.fixed)
            found = op_checks.kernel_outputs(built.op, built.arrays)
            _check_values(row, built, found, op_checks.reference(row, args), label)


SMALL = [
    r
    for r in ROWS
    if r.definition.elementwise
    and len(r.case.inputs) == 1
    and np.asarray(r.case.inputs[0]).dtype.kind == "f"
]


@pytest.mark.parametrize("row", SMALL, ids=ids(SMALL))
def test_values_of_small_numbers(row: Row) -> None:
    """Functions of one number keep their digits near zero, where naive formulas lose them."""
    inputs = (1e-9 * np.asarray(row.case.inputs[0]),)
    for choice in op_checks.sweep(row)[:2]:
        args = op_checks.arguments(row, inputs, choice)
        with Graph().as_default():
            built = op_checks.build(row, args, op_checks.fixed)
        found = op_checks.kernel_outputs(built.op, built.arrays)
        label = f"{[d.name for d in choice.values()]}"
        _check_values(row, built, found, op_checks.reference(row, args), label)


OUT_ROWS = [r for r in ROWS if r.definition.out]


@pytest.mark.parametrize("row", OUT_ROWS, ids=ids(OUT_ROWS))
def test_results_written_in_place(row: Row) -> None:
    """`out=` takes the result; an elementwise operation may overwrite its first input."""
    for label, args in op_checks.choices(row):
        with Graph().as_default():
            built = op_checks.build(row, args, op_checks.fixed)
        kernel = row.definition.bind_kernel(built.op.attrs)
        expected = np.asarray(op_checks.kernel_outputs(built.op, built.arrays)[0])
        if expected.ndim == 0:
            continue
        buffer = np.zeros_like(expected)
        with np.errstate(all="ignore"):
            kernel(*built.arrays, out=buffer)
            np.testing.assert_array_equal(buffer, expected, err_msg=label)
            first = built.arrays[0]
            if row.definition.elementwise and (first.shape, first.dtype) == (
                expected.shape,
                expected.dtype,
            ):
                mine = first.copy()
                kernel(mine, *built.arrays[1:], out=mine)
                np.testing.assert_array_equal(mine, expected, err_msg=f"{label}, in place")


SPECIAL_ROWS = [r for r in ROWS if r.definition.specialize is not None]


@pytest.mark.parametrize("row", SPECIAL_ROWS, ids=ids(SPECIAL_ROWS))
def test_specialized_kernels_compute_the_same(row: Row) -> None:
    """A kernel made for known shapes and values is as good as the plain one."""
    for label, args in op_checks.choices(row):
        with Graph().as_default():
            built = op_checks.build(row, args, op_checks.fixed)
        specs = [
            Spec(t.dtype, a.shape, None if op_checks.is_inexact(a) else a)
            for t, a in zip(built.inputs, built.arrays, strict=True)
        ]
        kernel = row.definition.specialize(specs, built.op.attrs)
        if kernel is None:
            continue
        with np.errstate(all="ignore"):
            found = kernel(*built.arrays)
        outputs = row.definition.as_outputs(found, built.op.attrs)
        expected = op_checks.kernel_outputs(built.op, built.arrays)
        for actual, wanted in zip(outputs, expected, strict=True):
            assert_close(actual, wanted, op_checks.tolerance_of(row.case, wanted), label)


# ---- shapes -------------------------------------------------------------------------------


@each_row
def test_shapes_known_and_unknown(row: Row) -> None:
    """Inference never contradicts the run, and is complete if nothing depends on values."""
    _, args = next(op_checks.choices(row))
    with Graph().as_default():
        known = op_checks.build(row, args, op_checks.fixed)
        partly = op_checks.build(row, args, op_checks.fed, op_checks.fixed)
        vague = [
            op_checks.build(row, args, op_checks.fed),
            op_checks.build(row, args, op_checks.fed_with_rank, op_checks.fixed),
            op_checks.build(row, args, op_checks.fed_with_type, op_checks.fixed),
            op_checks.build(row, args, op_checks.fed_with_rank),
            op_checks.build(row, args, op_checks.fed_with_type),
        ]
    actual = [np.shape(v) for v in op_checks.kernel_outputs(known.op, known.arrays)]
    for built in (known, partly, *vague):
        shapes = [t.spec.shape for t in built.op.outputs]
        for shape, real in zip(shapes, actual, strict=True):
            assert compatible(shape, real), f"inferred {shape}, computed {real}"
            if built in (known, partly) and row.case.op not in DATA_DEPENDENT:
                assert is_full(shape), f"inferred {shape}, computed {real}"


# ---- gradients ----------------------------------------------------------------------------


class Differentiated:
    """A row's operation with its gradients for a random cotangent."""

    def __init__(self, row: Row, args: list[Any]) -> None:
        self.row = row
        self.built = built = op_checks.build(row, args, op_checks.fed, op_checks.fixed)
        rng = np.random.default_rng(len(row.id))
        self.at = [i for i in self._places(args) if op_checks.is_inexact(built.arrays[i])]
        self.xs = [built.inputs[i] for i in self.at]
        single = any(np.finfo(built.arrays[i].dtype).eps > 1e-10 for i in self.at)
        self.step, self.tolerance = (1e-2, 1e-2) if single else (1e-6, 1e-6)
        self.values = [np.asarray(v) for v in op_checks.kernel_outputs(built.op, built.arrays)]
        self.ys = [
            (t, v)
            for t, v in zip(built.op.outputs, self.values, strict=True)
            if v.dtype.kind in "fc"
        ]
        self.cotangents = [_normal(rng, v) for _, v in self.ys]
        self.directions = [[_normal(rng, built.arrays[i]) for i in self.at] for _ in range(3)]
        with np.errstate(all="ignore"):
            self.grads = self._gradients([t for t, _ in self.ys], self.cotangents)

    def _places(self, args: list[Any]) -> list[int]:
        """Where the tensors to differentiate by are in the flat list of inputs."""
        wanted = range(len(args)) if self.row.case.grad is None else self.row.case.grad
        places, at = [], 0
        for number, arg in enumerate(args):
            count = len(arg) if isinstance(arg, list) else 1
            if number in wanted:
                places += range(at, at + count)
            at += count
        return places

    def _gradients(self, ys: list[Tensor], cotangents: Arrays) -> list[Tensor | None]:
        found = gradients(ys, self.xs, grad_ys=[constant(c) for c in cotangents])
        return [None if g is None else convert(g) for g in found]

    def run(self, tensors: list[Tensor | None], arrays: Arrays) -> Arrays:
        """Values of gradients at other inputs; a missing gradient is zero."""
        feeds = dict(zip(self.built.inputs, arrays, strict=True))
        feeds = {t: a for t, a in feeds.items() if t.op.type == "Placeholder"}
        found = iter(Interpreter().run([t for t in tensors if t is not None], feeds))
        return [
            np.zeros_like(self.built.arrays[i]) if t is None else next(found)
            for t, i in zip(tensors, self.at, strict=True)
        ]

    def moved(self, direction: Arrays, step: Any) -> Arrays:
        """The inputs, gone a step in a direction."""
        arrays = list(self.built.arrays)
        for i, d in zip(self.at, direction, strict=True):
            arrays[i] = arrays[i] + step * d
        return arrays

    def loss(self, arrays: Arrays) -> float:
        """The scalar whose gradient is taken: the product of outputs and cotangents."""
        found = op_checks.kernel_outputs(self.built.op, arrays)
        values = [v for v in map(np.asarray, found) if v.dtype.kind in "fc"]
        return _inner(self.cotangents, values)


def _normal(rng: np.random.Generator, like: Any) -> Any:
    values = rng.standard_normal(like.shape)
    if like.dtype.kind == "c":
        values = values + 1j * rng.standard_normal(like.shape)
    return np.asarray(values).astype(like.dtype)


def _inner(a: Arrays, b: Arrays) -> float:
    """The real inner product, in which complex numbers are pairs."""
    return float(
        sum(np.sum((np.conj(p) * q).real, dtype=np.float64) for p, q in zip(a, b, strict=True))
    )


def _size(a: Arrays, b: Arrays) -> float:
    """How large the terms of an inner product are: what its error is relative to."""
    return float(sum(np.sum(np.abs(p) * np.abs(q)) for p, q in zip(a, b, strict=True)))


def _coordinates(arrays: Arrays, at: list[int], limit: int) -> list[Arrays]:
    """The unit directions of the inputs, real and imaginary, unless there are too many."""
    total = sum(arrays[i].size * (2 if arrays[i].dtype.kind == "c" else 1) for i in at)
    if total > limit:
        return []
    found: list[Arrays] = []
    for i in at:
        for unit in (1, 1j) if arrays[i].dtype.kind == "c" else (1,):
            for k in range(arrays[i].size):
                direction = [np.zeros_like(arrays[j]) for j in at]
                direction[at.index(i)].reshape(-1)[k] = unit
                found.append(direction)
    return found


@each_with_gradient
def test_first_gradient(row: Row) -> None:
    """Central differences of step 1e-6 in double precision, along axes and at random."""
    _, args = next(op_checks.choices(row))
    with Graph().as_default():
        d = Differentiated(row, args)
        found = d.run(d.grads, d.built.arrays)
        for grad, x, i in zip(d.grads, d.xs, d.at, strict=True):
            assert grad is None or compatible(grad.spec.shape, d.built.arrays[i].shape)
            assert grad is None or grad.dtype.base_dtype is x.dtype.base_dtype
    step, tolerance = d.step, row.case.tolerance.get("gradient", d.tolerance)
    for direction in [*d.directions, *_coordinates(d.built.arrays, d.at, 40)]:
        change = d.loss(d.moved(direction, step)) - d.loss(d.moved(direction, -step))
        expected, actual = change / (2 * step), _inner(found, direction)
        assert abs(actual - expected) <= tolerance * (1 + _size(found, direction)), (
            f"gradient {actual}, difference quotient {expected}"
        )


@each_with_gradient
def test_gradient_in_every_type(row: Row) -> None:
    """Wherever an operation takes floats its gradient has its input's shape and type."""
    wide: Arrays | None = None
    for label, args in op_checks.choices(row):
        if not any(op_checks.is_inexact(a) for a in op_checks.flat(args)):
            continue
        with Graph().as_default():
            d = Differentiated(row, args)
            found = d.run(d.grads, d.built.arrays)
        wide = found if wide is None else wide
        for i, grad, exact in zip(d.at, found, wide, strict=False):
            x = d.built.arrays[i]
            assert grad.dtype == x.dtype, f"{label}: {grad.dtype} for an input of {x.dtype}"
            assert grad.shape == x.shape, f"{label}: {grad.shape} for an input of {x.shape}"
            if x.dtype.kind == exact.dtype.kind:
                name = as_dtype(x.dtype).name
                loose = 10 * row.case.tolerance.get(name, op_checks.TOLERANCE[name])
                assert_close(grad, exact, loose, f"gradient, {label}")


ANALYTIC = [r for r in WITH_GRADIENT if r.case.analytic]


@pytest.mark.parametrize("row", ANALYTIC, ids=ids(ANALYTIC))
def test_complex_step(row: Row) -> None:
    """An analytic kernel's imaginary part at a tiny imaginary step is the exact derivative."""
    _, args = next(op_checks.choices(row))
    with Graph().as_default():
        d = Differentiated(row, args)
        found = d.run(d.grads, d.built.arrays)
    for direction in d.directions:
        moved = d.moved(direction, 1j * COMPLEX_STEP)
        outputs = op_checks.kernel_outputs(d.built.op, moved)
        rates = [
            np.asarray(v).imag / COMPLEX_STEP
            for v, w in zip(outputs, d.values, strict=True)
            if w.dtype.kind in "fc"
        ]
        expected, actual = _inner(d.cotangents, rates), _inner(found, direction)
        size = _size(found, direction) + _size(d.cotangents, rates)
        assert abs(actual - expected) <= 1e-12 * size, f"{actual} instead of {expected}"


SECOND = [r for r in WITH_GRADIENT if r.case.second]


@pytest.mark.parametrize("row", SECOND, ids=ids(SECOND))
def test_second_gradient(row: Row) -> None:
    """The gradient of the gradient, against differences of the gradient."""
    _, args = next(op_checks.choices(row))
    rng = np.random.default_rng(7)
    with Graph().as_default():
        d = Differentiated(row, args)
        weights = [_normal(rng, d.built.arrays[i]) for i in d.at]
        pairs = [(g, w) for g, w in zip(d.grads, weights, strict=True) if g is not None]
        assert pairs, "no gradient to differentiate"
        second = d._gradients([g for g, _ in pairs], [w for _, w in pairs])
        found = d.run(second, d.built.arrays)
        tolerance = row.case.tolerance.get("second", 10 * d.tolerance)
        for direction in d.directions[:2]:
            after = _inner(weights, d.run(d.grads, d.moved(direction, d.step)))
            before = _inner(weights, d.run(d.grads, d.moved(direction, -d.step)))
            expected, actual = (after - before) / (2 * d.step), _inner(found, direction)
            assert abs(actual - expected) <= tolerance * (1 + _size(found, direction)), (
                f"second gradient {actual}, difference quotient {expected}"
            )


# ---- the rows are worth having ------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS[:1], ids=ids(ROWS[:1]))
def test_the_driver_sees_wrong_values(row: Row) -> None:
    """The comparison fails on a value that is off by more than the tolerance."""
    with pytest.raises(AssertionError):
        assert_close(np.array([1.0, 2.0]), np.array([1.0, 2.001]), 1e-5, row.id)
    with pytest.raises(AssertionError):
        assert_close(np.array([1.0]), np.array([[1.0]]), 1e-5, row.id)
    assert isinstance(row.definition, OpDef)
