"""Programs: which plan serves which shapes, what is kept, and errors that name their operation."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import skflow as tf
from skflow.runtime.program import Program, fits, opened


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def program_of(session: Any) -> Program:
    (found,) = session._programs.values()
    return found  # type: ignore[no-any-return]


# ---- plans --------------------------------------------------------------------------------


def test_patterns() -> None:
    known = [((2, 3), (2,)), ((4, 3), (4,))]
    assert opened([*known, ((5, 3), (5,))]) == ((-1, 3), (-1,))
    assert opened([*known, ((5, 3), (6,))]) == ((-1, 3), (-2,))
    assert opened([*known, ((1, 3), (6,))]) == ((1, 3), (-1,))
    assert opened([*known, ((5, 3), (5, 5))]) == ((-1, 3), None)
    assert fits(((-1, 3), (-1,)), ((7, 3), (7,)))
    assert not fits(((-1, 3), (-1,)), ((7, 3), (8,)))
    assert not fits(((-1, 3), (-1,)), ((7, 4), (7,)))
    assert not fits(((-1, 3), (-1,)), ((1, 3), (1,)))
    assert fits(((-1, 3), None), ((7, 3), (1, 2)))


SHAPES = st.tuples(
    st.lists(st.integers(0, 3), max_size=3).map(tuple),
    st.lists(st.integers(0, 3), max_size=3).map(tuple),
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.lists(SHAPES, min_size=1, max_size=5))
def test_a_pattern_fits_what_it_was_made_for(known: Any) -> None:
    assert fits(opened(known), known[-1])


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


# ---- errors -------------------------------------------------------------------------------


def test_an_error_in_the_middle_of_a_run() -> None:
    """It names its operation; frames and variables serve the next run as if nothing had been."""
    x = tf.placeholder(tf.float32, [None])
    v = tf.Variable([1.0, 1.0])
    first = tf.exp(x)
    checked = tf.check_numerics(tf.log(first - 1.0), "not a number", name="checked")
    with tf.control_dependencies([checked]):
        update = tf.assign_add(v, checked)
    with tf.Session() as session:
        session.run(v.initializer)
        for _ in range(3):
            with pytest.raises(tf.errors.InvalidArgumentError, match="not a number") as caught:
                session.run(update, {x: [-1.0, 1.0]})
            assert caught.value.op is checked.op
        assert session.run(v).tolist() == [1.0, 1.0]
        found = session.run(update, {x: [np.log(3.0), np.log(2.0)]})
        np.testing.assert_allclose(found, [1.0 + np.log(2.0), 1.0], rtol=1e-6)


def test_errors_inside_bodies() -> None:
    which = tf.placeholder(tf.bool)
    a, b = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [None])
    chosen = tf.cond(which, lambda: tf.add(a, b, name="inner"), lambda: a)
    looped = tf.while_loop(
        lambda i, _: i < 2, lambda i, c: (i + 1, tf.multiply(c, b, name="deep")), [0, a]
    )[1]
    feed = {which: True, a: [1.0, 2.0], b: [1.0, 2.0, 3.0]}
    with tf.Session() as session:
        for fetch, name in [(chosen, "cond/inner"), (looped, "while/deep")]:
            with pytest.raises(tf.errors.InvalidArgumentError) as caught:
                session.run(fetch, feed)
            error = caught.value
            assert error.op.name == name
            assert error.message.startswith("Incompatible shapes: [2] vs. [3]")
            assert error.message.count("[[Node:") == 1
        assert session.run(chosen, {**feed, b: [1.0, 2.0]}).tolist() == [2.0, 4.0]
        assert session.run(chosen, {**feed, which: False}).tolist() == [1.0, 2.0]
        with pytest.raises(tf.errors.InvalidArgumentError, match="must be a scalar"):
            session.run(chosen, {**feed, which: [True]})


def test_causes_are_no_circles() -> None:
    def fail(_: Any) -> Any:
        raise ZeroDivisionError("inside")

    bad = tf.constant(np.nan) + tf.constant(1.0)
    inside = tf.cond(tf.constant(True), lambda: tf.check_numerics(bad, "why"), lambda: bad)
    for fetch in (tf.py_func(fail, [bad], tf.float32), inside):
        with tf.Session() as session:
            with pytest.raises(tf.errors.OpError) as caught:
                session.run(fetch)
        seen: set[int] = set()
        error: BaseException | None = caught.value
        while error is not None:
            assert id(error) not in seen
            seen.add(id(error))
            error = error.__cause__


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
