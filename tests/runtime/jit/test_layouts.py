"""How values lie in memory is known before they come, or another form of the plan runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.runtime.executable import Executable
from skflow.runtime.jit import choice
from skflow.runtime.jit.hot import compiling
from tests import op_checks
from tests.compiled import Beside, compiled_types
from tests.test_op_cases_compiled import _fetches

ROWS, _ = op_checks.tables()
X = np.random.default_rng(0).standard_normal((40, 30)).astype(np.float32)


def untidy_types(parts: slice) -> set[str]:
    """The types of operations that give arrays in another order than row by row."""
    fetches: list[Any] = []
    feeds: dict[Any, Any] = {}
    with tf.Graph().as_default() as graph:
        for row in ROWS[parts]:
            for _, args in list(op_checks.choices(row))[:3]:
                outputs, given = _fetches(row, args, True)
                fetches += [f for f in outputs if not isinstance(f, tf.Operation)]
                feeds.update({t: np.array(a, order="C") for t, a in given.items()})
        initialize = tf.global_variables_initializer()
    with tf.Session(graph=graph) as session:
        session.run(initialize)
        found = session.run(fetches, feeds)
    return {
        f.op.type
        for f, a in zip(fetches, found, strict=True)
        if isinstance(a, np.ndarray) and not a.flags.c_contiguous and not keeps(f.op.definition)
    }


def keeps(definition: Any) -> bool:
    """Whether results lie as what an operation is given, as `Choice` knows."""
    return bool(definition.view or definition.elementwise)


def test_operations_keep_numbers_row_by_row() -> None:
    """All but some, which are known, if what they are given lies so."""
    assert untidy_types(slice(None)) <= choice._UNTIDY


@pytest.fixture
def runs_of_steps(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was fed to runs that kernels were not used for."""
    found: list[Any] = []
    run = Executable._run_steps

    def noted(plan: Executable, arrays: Any) -> Any:
        found.append(arrays)
        return run(plan, arrays)

    monkeypatch.setattr(Executable, "_run_steps", noted)
    return found


def layouts() -> list[np.ndarray]:
    """Numbers as they may lie, but not row by row."""
    raw = np.zeros(X.nbytes + 1, np.uint8)
    misaligned = raw[1:].view(np.float32).reshape(X.shape)
    misaligned[...] = X
    wide = np.repeat(X, 2, axis=1)
    return [np.asfortranarray(X), wide[:, ::2], X[::-1], misaligned]


@pytest.mark.parametrize("late", [False, True])
def test_feeds_that_lie_otherwise_are_left_to_numpy(runs_of_steps: list[Any], late: bool) -> None:
    """Also those of a region that comes after something was done for good."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [40, 30])
        v = tf.Variable(np.zeros((40, 1), np.float32))
        w = tf.constant(X[0][:, None])
        count = tf.py_func(lambda: np.float32(1.0), [], tf.float32) if late else tf.constant(1.0)
        count.set_shape([])
        step = tf.assign_add(v, tf.tanh(tf.matmul(tf.identity(x), w)) * count)
        with tf.control_dependencies([step]):
            fetches = [step.op, tf.reduce_sum(x, 1) * 2.0, tf.matmul(x, w) * v.read_value()]
    with Beside(graph) as beside:
        beside.train(fetches, [{x: X}] * 2)
        assert runs_of_steps == []
        for a in layouts():
            beside.run(fetches, {x: a})
            beside.compare_variables("another layout:")
            beside.run(fetches, {x: X})
        if compiling.available:
            assert len(runs_of_steps) == len(layouts())
            assert {"MatMul", "Sum"} <= set(compiled_types(beside.compiled))


def test_a_feed_that_cannot_be_written_to_lies_as_usual(runs_of_steps: list[Any]) -> None:
    read_only = X.copy()
    read_only.flags.writeable = False
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [40, 30])
        fetch = tf.reduce_sum(tf.tanh(x * 2.0), 1)
    with Beside(graph) as beside:
        beside.train([fetch], [{x: X}, {x: read_only}, {x: X[:, :]}])
    assert runs_of_steps == []


def test_memory_of_such_runs_is_kept_and_let_go(runs_of_steps: list[Any]) -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [40, 30])
        fetch = tf.reduce_sum(tf.tanh(x * 2.0), 1)
    with Beside(graph) as beside:
        beside.train([fetch], [{x: X}] * 2)
        for _ in range(3):
            beside.run([fetch], {x: np.asfortranarray(X)})
        if compiling.available:
            assert len(runs_of_steps) == 3
            (plan,) = [p for p in beside.compiled._state._plans if p._spare]
            assert len(plan._spare) == 1
            plan.release(above=-1)
            assert plan._spare == []


def test_results_of_bodies_and_of_untidy_operations() -> None:
    """What is computed of them is what NumPy computes, however they lie."""

    def build() -> Any:
        x = tf.placeholder(tf.float32, [30, 30])
        turned = tf.cond(x[0, 0] > 5.0, lambda: x + 0.0, lambda: tf.transpose(tf.tanh(x)))
        _, looped = tf.while_loop(
            lambda i, _: i < 3, lambda i, a: (i + 1, tf.transpose(a)), [0, x * 1.0]
        )
        inverse = tf.matrix_inverse(x + 10.0 * tf.eye(30))
        found = []
        for y in (turned, looped, inverse, tf.reverse_sequence(x, [5] * 30, 0, 1)):
            found += [tf.matmul(y, x) * 2.0, tf.reduce_sum(y, 0) * 2.0, tf.sin(y), y + 1.0]
            found += [tf.matmul(y + 1.0, x[:, :1]), tf.reduce_sum(y, 1) + 1.0]
        return x, found

    with tf.Graph().as_default() as graph:
        x, fetches = build()
    rng = np.random.default_rng(0)
    with Beside(graph) as beside:
        feeds = [{x: rng.standard_normal((30, 30)).astype(np.float32)} for _ in range(4)]
        beside.train(fetches, feeds)
