"""Programs: which plan serves which shapes, and what is kept."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.runtime.program import Program


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def program_of(session: Any) -> Program:
    (found,) = session._programs.values()
    return found  # type: ignore[no-any-return]


def test_few_plans_for_many_shapes() -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    y = x * 2.0
    with tf.Session() as session:
        for n in (2, 3, 4, 1, 1, 5, 6, 1, 0):
            assert session.run(y, {x: np.ones((n, 3))}).shape == (n, 3)
        program = program_of(session)
        assert len(program._open) <= 2


def test_the_number_of_plans_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skflow.runtime.program._MOST_PLANS", 20)
    x = tf.placeholder(tf.float32, [None])
    y = tf.tanh(x) + 1.0
    with tf.Session() as session:
        for _ in range(4):
            for n in range(50):
                assert session.run(y, {x: np.zeros(n)}).tolist() == [1.0] * n
        program = program_of(session)
        assert len(program._plans) == 20
        assert len(program._open) <= 4


def test_the_memory_of_plans_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skflow.runtime.program._MOST_MEMORY", 10_000)
    x = tf.placeholder(tf.float32, [None])
    y = tf.reduce_sum(tf.tanh(x))
    with tf.Session() as session:
        for _ in range(4):
            for n in range(500, 520):
                session.run(y, {x: np.zeros(n)})
        plans = program_of(session)._plans.values()
        assert sum(p.nbytes for p in plans) <= 10_000
        assert len(plans) >= 2


def test_plans_keep_no_arrays_alive() -> None:
    x = tf.placeholder(tf.float32, [None, 4])
    y = tf.nn.relu(x) * 2.0 + tf.reduce_sum(x)
    with tf.Session() as session:
        bad = tf.check_numerics(y, "why")
        for n in (3, 4, 5, 5000):
            fed = np.ones((n, 4), np.float32)
            result = session.run(y, {x: fed})
            alive = [weakref.ref(fed), weakref.ref(result)]
            del fed, result
            assert [a() for a in alive] == [None, None]
        fed = np.full((3, 4), np.nan, np.float32)
        with pytest.raises(tf.errors.InvalidArgumentError):
            session.run(bad, {x: fed})
        again = weakref.ref(fed)
        del fed
        gc.collect()
        assert again() is None


def small_training(close: bool) -> list[weakref.ref[Any]]:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 4])
        v = tf.Variable(np.ones((4, 4), np.float32))
        loss = tf.reduce_mean(tf.matmul(x, v))
        train = tf.train.AdamOptimizer().minimize(loss)
        session = tf.Session()
        session.run(tf.global_variables_initializer())
        for n in (1, 2, 3, 4):
            session.run([train, loss], {x: np.ones((n, 4))})
        with pytest.raises(tf.errors.InvalidArgumentError):
            session.run(loss)
        if close:
            session.close()
        return [weakref.ref(session), weakref.ref(graph)]


@pytest.mark.parametrize("count", [15, pytest.param(1000, marks=pytest.mark.soak)])
def test_sessions_and_graphs_are_collected(count: int) -> None:
    small_training(True)
    gc.collect()
    before = len(gc.get_objects())
    refs = [r for k in range(count) for r in small_training(k % 2 == 0)]
    gc.collect()
    assert [r() for r in refs] == [None] * (2 * count)
    del refs
    assert len(gc.get_objects()) < before + 200


def working(session: Any) -> list[Any]:
    """The pieces of memory that a session keeps to work in."""
    plans = [p for program in session._programs.values() for p in program._plans.values()]
    return [m for plan in plans for frame in plan._frames for m in frame.memory]


def test_memory_to_work_in_is_given_back() -> None:
    x = tf.placeholder(tf.float64, [None, 10])
    y = tf.reduce_sum(tf.tanh(x), 1)
    with tf.Session() as session:
        fed = {n: np.random.default_rng(n).random((n, 10)) for n in (2, 100)}
        for _ in range(4):
            for rows in fed.values():
                session.run(y, {x: rows})
        session._release(1000, 10)
        assert working(session)
        assert sum(m.nbytes for m in working(session)) < 1000
        session._release(0, 10)
        assert not working(session)
        for rows in fed.values():
            np.testing.assert_allclose(session.run(y, {x: rows}), np.tanh(rows).sum(axis=1))
        session._release(0, 1)
        (shapes,) = program_of(session)._plans
        assert shapes == ((100, 10),)  # the newest
        np.testing.assert_allclose(session.run(y, {x: fed[2]}), np.tanh(fed[2]).sum(axis=1))


def test_closing_frees_memory_at_once() -> None:
    """Not when the next circles are looked for, which may be many sessions later."""
    x = tf.placeholder(tf.float64, [None, 50])
    v = tf.Variable(np.ones((50, 50)))
    loss = tf.reduce_sum(tf.tanh(tf.matmul(x, v)))
    train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    gc.collect()
    gc.disable()
    try:
        session = tf.Session()
        session.run(tf.global_variables_initializer())
        session.run(train, {x: np.ones((30, 50))})
        values = [u.value.base for u in session._state._variables.values()]
        held = [weakref.ref(a) for a in [*values, *working(session)]]
        del values
        assert len(held) >= 3
        session.close()
        assert not [a for a in held if a() is not None]
    finally:
        gc.enable()
