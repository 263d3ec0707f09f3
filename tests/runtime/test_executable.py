"""Compiled plans: runs within runs, and the memory that runs share."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import skflow as tf


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


# ---- runs within runs ---------------------------------------------------------------------


def test_a_function_that_runs_what_it_is_part_of() -> None:
    x = tf.placeholder(tf.float32, [None])
    session = tf.Session()

    def count(a: Any) -> Any:
        return np.float32(session.run(total, {x: a - 1.0}) + 1.0 if a[0] > 0 else 0.0)

    total = tf.py_func(count, [x * 2.0 / 2.0], tf.float32)
    with session:
        assert session.run(total, {x: [5.0, 5.0]}) == 5.0
        assert session.run(total, {x: [3.0]}) == 3.0


def test_a_function_that_updates_while_its_run_updates() -> None:
    v = tf.Variable([0.0, 0.0])
    inner = tf.assign_add(v, [1.0, 1.0])
    session = tf.Session()
    called = tf.py_func(lambda: np.float32(session.run(inner)[0]), [], tf.float32)
    outer = tf.assign_add(v, tf.fill([2], called * 10.0))
    with session:
        session.run(v.initializer)
        assert session.run(outer).tolist() == [11.0, 11.0]
        assert session.run(outer).tolist() == [132.0, 132.0]


def test_runs_do_not_heed_how_numpy_is_told_to_treat_errors() -> None:
    """Nor do they change it: in bodies, after a variable has moved, and when one fails."""
    v = tf.Variable([1.0, 0.0], validate_shape=False)
    divided = 1.0 / v
    looped = tf.while_loop(lambda i, _: i < 2, lambda i, x: (i + 1, x / tf.zeros([2])), [0, v])[1]
    chosen = tf.cond(v[0] > 0, lambda: 1.0 / v, lambda: tf.log(v - 1.0))
    failing = tf.check_numerics(1.0 / v, "it is not finite")
    with tf.Session() as session, np.errstate(all="raise"):
        before = np.geterr()
        for start in ([1.0, 0.0], [2.0, 0.0], [0.0, 0.0]):
            session.run(tf.assign(v, start, validate_shape=False))
            assert np.isinf(session.run(divided)[1])
            assert not np.isfinite(session.run(looped)[1])
            assert not np.isfinite(session.run(chosen)[1])
            with pytest.raises(tf.errors.InvalidArgumentError, match="it is not finite"):
                session.run(failing)
            assert np.geterr() == before
            session._state.variable(v.op).move(np.zeros(2, np.float32))


# ---- the memory of gradients ----------------------------------------------------------------


def _training() -> tuple[Any, Any]:
    x = tf.placeholder(tf.float32, (None, 3))
    loss = tf.reduce_sum(tf.matmul(x, tf.Variable(tf.ones((3, 2)))))
    return x, tf.train.GradientDescentOptimizer(0.5).minimize(loss)


def _gradients(session: Any) -> list[Any]:
    plans = [p for program in session._programs.values() for p in program._plans.values()]
    return [a for plan in plans for frame in plan._frames for a in frame.gradients.values()]


def test_plans_for_two_batch_sizes_share_the_memory_of_gradients() -> None:
    x, step = _training()
    again = tf.group(step)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for fetch in (step, again):
            session.run(fetch, {x: np.ones((4, 3))})
        first, second = _gradients(session)
        assert first is second
        reference = weakref.ref(first)
        del first, second
        session._release(-1, 100)
        gc.collect()
        assert reference() is None


def test_a_run_within_a_run_has_memory_of_its_own() -> None:
    """As one has that a finalizer begins in the middle of another one of its thread."""
    x, step = _training()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(step, {x: np.ones((4, 3))})
        (shared,) = _gradients(session)
        shared[:] = 7.0
        with session._state.lock.writing:
            session.run(step, {x: np.ones((4, 3))})
        assert shared.tolist() == [7.0] * 6
        (v,) = tf.global_variables()
        np.testing.assert_array_equal(session.run(v), np.full((3, 2), 1.0 - 2 * 2.0))


def test_two_optimizers_of_the_same_variables_do_not_share_it() -> None:
    v = tf.Variable(tf.ones((3,)))
    first = tf.train.GradientDescentOptimizer(0.5).minimize(tf.reduce_sum(v))
    with tf.control_dependencies([first]):
        second = tf.train.GradientDescentOptimizer(0.25).minimize(tf.reduce_sum(tf.square(v)))
    with tf.Session() as session:
        session.run(v.initializer)
        session.run(second)
        found = _gradients(session)
        assert len({id(a) for a in found}) == len(found)
