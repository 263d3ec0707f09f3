"""Kernels give what the steps in NumPy give, for every row of the op-case table that has any."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from skflow.graph.core import Graph
from skflow.runtime import passes
from skflow.runtime.jit.choice import Choice
from skflow.runtime.jit.loader import machine
from skflow.runtime.plan import Lowering
from skflow.runtime.state import State
from tests import op_checks
from tests.compiled import Beside
from tests.op_checks import Row
from tests.test_op_cases_compiled import _fetches

ROWS, _ = op_checks.tables()
EXPECTED = (
    "Add Sub Mul RealDiv Neg Square Abs Maximum Minimum Exp Log Sqrt Tanh Sigmoid Relu ReluGrad "
    "TanhGrad SigmoidGrad Select Cast Greater LogicalAnd MatMul Sum Softmax LogSoftmax "
    "SparseSoftmaxCrossEntropyWithLogits BiasAdd AddN"
)


def compiled_kinds(fetches: Any, feeds: dict[Any, Any]) -> set[tuple[str, str]]:
    """The types of operations, and of their numbers, that kernels would compute."""
    tensors = list(feeds)
    lowering = Lowering(State())
    plan = lowering.lower(fetches, tensors, [np.shape(feeds[t]) for t in tensors])
    passes.schedule(plan)
    found = Choice(plan, machine()).kinds
    return {(n.definition.type, n.outputs[0].dtype.name) for n in found}


def examples() -> Iterator[tuple[Row, str, list[Any], set[tuple[str, str]]]]:
    """Rows, choices of types, arguments, and what is compiled of them."""
    for row in ROWS:
        for label, args in op_checks.choices(row):
            with Graph().as_default():
                kinds = compiled_kinds(*_fetches(row, args, True))
            if kinds:
                yield row, label, args, kinds


def compare(chosen: list[tuple[Row, str, list[Any]]]) -> None:
    """Run them all in one graph."""
    fetches: list[Any] = []
    feeds: dict[Any, Any] = {}
    with Graph().as_default() as graph:
        for row, _, args in chosen:
            outputs, given = _fetches(row, args, True)
            fetches += outputs
            feeds.update({t: np.asarray(a) for t, a in given.items()})
    shaken = dict(feeds)
    for tensor, array in feeds.items():
        if array.dtype.kind == "f":
            shaken[tensor] = array * array.dtype.type(0.75)
    with Beside(graph) as beside:
        beside.train(fetches, [feeds, feeds, shaken])


def test_each_kind_of_operation() -> None:
    seen: set[tuple[str, str]] = set()
    chosen = []
    for row, label, args, kinds in examples():
        new = {k for k in kinds if k[1] in ("float32", "int64", "bool")} - seen
        if new:
            seen |= new
            chosen.append((row, label, args))
    assert set(EXPECTED.split()) <= {kind for kind, _ in seen}
    compare(chosen)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(6))
def test_all_rows(part: int) -> None:
    chosen = [(row, label, args) for row, label, args, _ in examples()]
    compare(chosen[part::6])
