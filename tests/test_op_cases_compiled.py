"""Compiled plans compute what the plain interpreter does, for every row of the op-case table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skflow.graph.conversion import constant, convert
from skflow.graph.core import Graph
from skflow.graph.dtypes import as_dtype
from skflow.graph.gradients import gradients
from skflow.graph.nodes import Tensor
from skflow.runtime.session import Session
from tests import op_checks
from tests.interpreter import Interpreter
from tests.op_checks import Arrays, Row, assert_close

ROWS, _ = op_checks.tables()
ROUNDING = {
    "float64": 1e-12,
    "complex128": 1e-12,
    "float32": 2e-6,
    "complex64": 2e-6,
    "float16": 2e-3,
}


def _assert_same(found: Arrays, expected: Arrays, label: str) -> None:
    for actual, wanted in zip(found, expected, strict=True):
        assert type(actual) in (np.ndarray, bytes) or isinstance(actual, np.generic)
        assert np.asarray(actual).dtype.kind in (np.asarray(wanted).dtype.kind, "S")
        tolerance = 0.0
        if wanted.dtype.kind in "fc":
            assert np.asarray(actual).dtype == wanted.dtype
            tolerance = ROUNDING[as_dtype(wanted.dtype).name]
        array = np.array(actual, dtype=object) if wanted.dtype.kind == "O" else actual
        assert_close(array, wanted, tolerance, label)


def _fetches(row: Row, args: list[Any], all_fed: bool) -> tuple[list[Tensor], dict[Tensor, Any]]:
    """The outputs and, where there are any, the gradients."""
    other = op_checks.fed if all_fed else op_checks.fixed
    built = op_checks.build(row, args, op_checks.fed, other)
    fetches = list(built.op.outputs)
    ys = [t for t in built.op.outputs if t.dtype.np_dtype.kind in "fc"]
    xs = [t for t, a in zip(built.inputs, built.arrays, strict=True) if op_checks.is_inexact(a)]
    if callable(row.definition.grad) and ys and xs and row.case.grad != ():
        values = op_checks.kernel_outputs(built.op, built.arrays)
        weights = [
            constant(np.cos(np.arange(np.size(v))).reshape(np.shape(v)), t.dtype)
            for t, v in zip(built.op.outputs, values, strict=True)
            if t in ys
        ]
        fetches += [convert(g) for g in gradients(ys, xs, grad_ys=weights) if g is not None]
    return fetches, built.feeds


@pytest.mark.parametrize("row", ROWS, ids=[r.id for r in ROWS])
def test_plan_agrees_with_interpreter(row: Row) -> None:
    """Small inputs built in and fed, in double and single precision, run and run again."""
    for label, args in [*op_checks.choices(row)][:2]:
        for all_fed in (False, True):
            with Graph().as_default() as graph:
                fetches, feeds = _fetches(row, args, all_fed)
            where = f"{label}, {'all' if all_fed else 'floats'} fed"
            arrays = list(feeds.values())
            before = op_checks.copies(arrays)
            expected = [np.array(v) for v in Interpreter().run(fetches, feeds)]
            with Session(graph=graph) as session:
                first = session.run(fetches, feeds)
                _assert_same(first, expected, where)
                kept = op_checks.copies(first)
                _assert_same(session.run(fetches, feeds), expected, f"{where}, again")
            for array, old in zip(first, kept, strict=True):
                np.testing.assert_array_equal(array, old, err_msg=f"{where}: results aliased")
            op_checks.assert_untouched(arrays, before, where)
