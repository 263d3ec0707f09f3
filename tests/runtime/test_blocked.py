"""Large terms that come of variables are added block by block: equal results, no memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import skflow as tf
from skflow.runtime import blocked
from tests.interpreter import Interpreter

ROWS = 70  # with 1000 columns several blocks, the last of them shorter


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(blocked, "_LARGE", 1000)
    with tf.Graph().as_default():
        yield


def penalised(rows: int = ROWS) -> tuple[Any, Any]:
    """A variable, and the gradient of a loss with two penalties by it."""
    w = tf.Variable(tf.random_normal((rows, 1000), seed=1))
    x = tf.constant(np.random.RandomState(0).rand(3, rows).astype("f"))
    loss = tf.reduce_sum(tf.square(tf.matmul(x, w)))
    loss += 0.3 * tf.reduce_sum(tf.abs(w)) + 0.7 * tf.nn.l2_loss(w)
    return w, tf.gradients(loss, w)[0]


def kinds(session: Any, fetches: Any) -> list[str]:
    return [n.definition.type for n in session.plan(fetches)._code.plan.nodes]


def test_gradients_of_penalties_are_joined_with_their_sum() -> None:
    w, gradient = penalised()
    with tf.Session() as session:
        session.run(w.initializer)
        found = session.run(gradient)
        assert "Blocked" in kinds(session, gradient)
        assert "Sign" not in kinds(session, gradient)
        value = session.run(w)
    interpreter = Interpreter()
    interpreter.run([w.initializer])
    np.testing.assert_array_equal(interpreter.run([w.value()])[0], value)
    np.testing.assert_array_equal(found, interpreter.run([gradient])[0])


def test_small_ones_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocked, "_LARGE", ROWS * 1000 + 1)
    w, gradient = penalised()
    with tf.Session() as session:
        session.run(w.initializer)
        assert "Blocked" not in kinds(session, gradient)


def test_what_somebody_else_wants_is_left_alone() -> None:
    v = tf.Variable(tf.ones((2, 1000)))
    fed = tf.placeholder(tf.float32, (2, 1000))
    half = 0.5 * v
    total = half + tf.sin(fed)
    with tf.Session() as session:
        session.run(v.initializer)
        feed = {fed: np.ones((2, 1000))}
        found = session.run([total, half], feed)
        np.testing.assert_array_equal(found[1], np.full((2, 1000), 0.5, "f"))
        plan = session.plan([total, half], feed)._code.plan
        assert all(n.definition.type != "Blocked" for n in plan.nodes)


def test_a_term_after_an_update_has_the_value_after_it() -> None:
    v = tf.Variable(tf.ones((2, 1000)))
    update = tf.assign_add(v, tf.ones((2, 1000)))
    with tf.control_dependencies([update]):
        late = 2.0 * v.read_value()
    total = late + tf.sin(tf.zeros((2, 1000)))
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run(total)[0, 0] == 4.0
        assert session.run(total)[0, 0] == 6.0


def test_it_is_the_value_before_an_update_if_the_term_came_before() -> None:
    v = tf.Variable(tf.ones((2, 1000)))
    before = 3.0 * v
    fed = tf.placeholder(tf.float32, (2, 1000))
    total = before + tf.sin(fed)
    with tf.control_dependencies([total]):
        update = tf.assign_add(v, tf.ones((2, 1000)))
    with tf.Session() as session:
        session.run(v.initializer)
        for value in (1.0, 2.0, 3.0):
            found = session.run([total, update.op], {fed: np.zeros((2, 1000))})
            assert found[0][0, 0] == 3 * value


@given(st.data())
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
def test_random_trees(data: st.DataObject) -> None:
    """Sums, differences and products of variables, feeds and numbers, shared or not."""
    with tf.Graph().as_default(), tf.Session() as session:
        rng = np.random.RandomState(data.draw(st.integers(0, 1000)))
        fed = tf.placeholder(tf.float32, (34, 1000))
        variables = [tf.Variable(rng.randn(34, 1000).astype("f")) for _ in range(2)]
        number = tf.Variable(0.75)
        known: list[Any] = [*variables, fed, number, tf.constant(1.25)]
        for _ in range(data.draw(st.integers(1, 12))):
            a, b = (known[data.draw(st.integers(0, len(known) - 1))] for _ in range(2))
            kind = data.draw(st.integers(0, 6))
            makers = [tf.add, tf.subtract, tf.multiply]
            alone = [tf.negative, tf.abs, tf.sign, tf.square]
            known.append(makers[kind](a, b) if kind < 3 else alone[kind - 3](a))
        fetches = [tf.identity(known[-1]), tf.reduce_sum(known[-2])]
        initialize = tf.global_variables_initializer()
        session.run(initialize)
        feed = {fed: rng.randn(34, 1000).astype("f")}
        interpreter = Interpreter()
        interpreter.run([initialize])
        expected = interpreter.run(fetches, feed)
        for found, wanted in zip(session.run(fetches, feed), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-6)
        np.testing.assert_array_equal(session.run(fetches[0], feed), expected[0])


def test_no_memory_of_the_terms_size() -> None:
    w, gradient = penalised(4000)
    step = tf.train.GradientDescentOptimizer(0.1).apply_gradients([(gradient, w)])
    size = 4000 * 1000 * 4
    with tf.Session() as session:
        session.run(w.initializer)
        session.run(step)
        tracemalloc.start()
        try:
            session.run(step)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 1.1 * size  # the gradients alone
