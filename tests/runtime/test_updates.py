"""Optimizers over flat memory do to every variable what their operation does to it alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.graph.ops._updates import BLOCK
from skflow.runtime.threads import pool

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "descent": lambda: tf.train.GradientDescentOptimizer(0.5),
    "momentum": lambda: tf.train.MomentumOptimizer(0.1, 0.9),
    "nesterov": lambda: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "adam": lambda: tf.train.AdamOptimizer(0.1),
    "adagrad": lambda: tf.train.AdagradOptimizer(0.1),
    "adadelta": lambda: tf.train.AdadeltaOptimizer(0.5),
    "rmsprop": lambda: tf.train.RMSPropOptimizer(0.1, centered=True),
    "ftrl": lambda: tf.train.FtrlOptimizer(0.1),
}
every_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def one_by_one(session: Any, pairs: Any, make: Callable[[], Any], runs: int) -> list[Any]:
    """What the variables become if each has an optimizer, and a run, of its own."""
    gradients = session.run([g for g, _ in pairs])
    with tf.Graph().as_default(), tf.Session() as alone:
        found = []
        for g, (_, v) in zip(gradients, pairs, strict=True):
            mine = tf.Variable(session.run(v))
            train = make().apply_gradients([(tf.constant(g), mine)])
            alone.run(tf.global_variables_initializer())
            for _ in range(runs):
                alone.run(train)
            found.append(alone.run(mine))
        return found


@every_optimizer
def test_all_variables_at_once(name: str) -> None:
    rng = np.random.default_rng(0)
    shapes = [(3, 4), (), (0, 2), (5,), (BLOCK + 7,)]
    pairs = [(tf.constant(rng.standard_normal(s)), tf.Variable(rng.random(s))) for s in shapes]
    halves = [(tf.constant(np.float32(0.25)), tf.Variable(np.float32(i))) for i in range(2)]
    pairs += halves
    train = OPTIMIZERS[name]().apply_gradients(pairs)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        expected = one_by_one(session, pairs, OPTIMIZERS[name], 3)
        for _ in range(3):
            session.run(train)
        for found, wanted in zip(session.run([v for _, v in pairs]), expected, strict=True):
            assert found.dtype == wanted.dtype
            np.testing.assert_allclose(found, wanted, rtol=1e-6 if found.itemsize == 4 else 1e-12)


@every_optimizer
def test_gradients_of_every_kind(name: str) -> None:
    """Shared, constant, fed, a view, a variable: it is as if their values had been fed."""
    a, b = tf.Variable([[1.0, 2.0], [3.0, 4.0]]), tf.Variable([[5.0, 6.0], [7.0, 8.0]])
    x = tf.placeholder(tf.float32, [2, 2])
    shared = tf.tanh(x)
    choices = [
        [(shared, a), (shared, b)],
        [(tf.ones([2, 2]), a), (tf.transpose(x), b)],
        [(a.value(), b), (b.value(), a)],
        [(tf.transpose(shared), a), (shared, b)],
        [(x, a), (tf.reshape(tf.exp(x), [2, 2]), b)],
    ]
    value = np.array([[0.1, 0.2], [0.3, 0.4]], np.float32)
    given = value.copy()
    for pairs in choices:
        train = OPTIMIZERS[name]().apply_gradients(pairs)
        initialize = tf.global_variables_initializer()
        doubled = [g * 2.0 for g, _ in pairs]
        with tf.Session() as session, tf.Session() as fed:
            session.run(initialize)
            fed.run(initialize)
            for _ in range(3):
                gradients = fed.run([g for g, _ in pairs], {x: value})
                both = session.run([train, *doubled], {x: value})[1:]
                fed.run(
                    train, {g: w for (g, _), w in zip(pairs, gradients, strict=True)} | {x: value}
                )
                for two, one in zip(both, gradients, strict=True):
                    np.testing.assert_allclose(two, 2.0 * one, rtol=1e-6)
                for found, wanted in zip(session.run([a, b]), fed.run([a, b]), strict=True):
                    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    np.testing.assert_array_equal(value, given)


def test_a_variable_used_twice() -> None:
    v = tf.Variable([1.0, 2.0])
    loss = tf.reduce_sum(v * v) + tf.reduce_sum(v)
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run([loss, train])[0] == 8.0
        assert session.run(v).tolist() == [-0.5, -0.5]


def test_rows_and_whole_variables() -> None:
    table, bias = tf.Variable(np.ones((4, 2), np.float32)), tf.Variable([1.0, 1.0])
    loss = tf.reduce_sum(tf.gather(table, [1, 1, 3]) + bias)
    train = tf.train.GradientDescentOptimizer(1.0).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert session.run(table).tolist() == [[1, 1], [-1, -1], [1, 1], [0, 0]]
        assert session.run(bias).tolist() == [-2.0, -2.0]


def test_optimizers_over_overlapping_variables() -> None:
    """Each keeps finding the variables, whoever lays them side by side, in whatever order."""
    a, b, c, d = (tf.Variable(np.zeros(3)) for _ in range(4))
    one = tf.ones([3], tf.float64)
    descent = tf.train.GradientDescentOptimizer(1.0)
    momentum = tf.train.MomentumOptimizer(1.0, 0.0)

    def apply(optimizer: Any, *variables: Any) -> Any:
        return optimizer.apply_gradients([(one, v) for v in variables])

    first = apply(descent, a, b)
    runs = [
        [apply(descent, a, c), apply(momentum, c, d)],
        [apply(momentum, d, c, b, a)],
        [apply(descent, b, a), apply(momentum, a, d)],
        [first],
    ]
    steps = {a: [1, 1, 2, 1], b: [0, 1, 1, 1], c: [2, 1, 0, 0], d: [1, 1, 1, 0]}
    for order in ([3, 0, 1, 2], [0, 1, 2, 3], [2, 1, 0, 3], [1, 3, 2, 0]):
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            expected = dict.fromkeys(steps, 0)
            for which in order * 2:
                session.run(runs[which])
                expected = {v: n - steps[v][which] for v, n in expected.items()}
                found = session.run(list(steps))
                assert [f.tolist() for f in found] == [[n] * 3 for n in expected.values()]


def test_variables_that_change_their_shape_in_between() -> None:
    v, w = tf.Variable(np.zeros((2, 3))), tf.Variable(np.zeros((2, 3)))
    x = tf.placeholder(tf.float64)
    one = tf.ones([2, 3], tf.float64)
    train = tf.train.GradientDescentOptimizer(1.0).apply_gradients([(one, v), (one, w)])
    reshape = tf.assign(v, x, validate_shape=False)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        session.run(reshape, {x: np.zeros((4, 1))})
        with pytest.raises(tf.errors.InvalidArgumentError, match="do not have the same shape"):
            session.run(train)
        for order in ("C", "F"):
            session.run(reshape, {x: np.zeros((4, 1))})
            session.run(reshape, {x: np.zeros((2, 3), order=order)})
            session.run(train)
            assert session.run(v).tolist() == [[-1.0] * 3] * 2


def test_what_is_not_initialized() -> None:
    """A variable or slot without a value stops the run before anything is changed."""
    v, w = tf.Variable([1.0]), tf.Variable([2.0])
    pairs = [(tf.ones([1]), v), (tf.ones([1]), w)]
    train = tf.train.MomentumOptimizer(0.5, 0.9).apply_gradients(pairs)
    with tf.Session() as session:
        session.run(v.initializer)
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value Varia"):
            session.run(train)
        session.run(w.initializer)
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value Varia"):
            session.run(train)
        assert session.run([v, w]) == [1.0, 2.0]
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert session.run([v, w]) == [0.5, 1.5]


@pytest.mark.parametrize("size", [1, BLOCK, BLOCK + 1, 3 * BLOCK - 1, 5 * BLOCK + 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_are_alike_and_whole(size: int, dtype: Any) -> None:
    """Blocks of a variable differ by little."""
    v = tf.Variable(np.zeros(size, dtype))
    train = tf.train.AdamOptimizer(0.5).apply_gradients([(tf.ones([size], v.dtype.base_dtype), v)])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert np.unique(session.run(v)).size == 1
        (update,) = [
            u
            for program in session._programs.values()
            for plan in program._plans.values()
            for frame in plan._frames
            for u in frame.updates.values()
        ]
    sizes = [block[0].size for block in update.blocks]
    assert sum(sizes) == size
    assert max(sizes) <= BLOCK
    assert max(sizes) - min(sizes) <= len(sizes)


# ---- gradients made with the update --------------------------------------------------------


def large_step(name: str, own: bool) -> tuple[Any, Any, list[Any]]:
    """A step whose largest gradient comes last, as a product that cores share.

    If `own` is true, the products of the gradients take variables that the step updates.
    """
    x = tf.placeholder(tf.float64, [40, 800])
    w, bias = tf.Variable(np.full((800, 500), 0.01)), tf.Variable(np.zeros(500))
    variables = [w, bias]
    left = x
    if own:
        variables.append(tf.Variable(np.full((40, 800), 0.02)))
        left = variables[-1].value()
    out = tf.tanh(tf.matmul(left, w) + bias)
    loss = tf.reduce_sum(tf.square(out - tf.reduce_mean(x)))
    return OPTIMIZERS[name]().minimize(loss), x, [v.value() for v in variables]


@pytest.mark.parametrize("own", [False, True])
@every_optimizer
def test_updates_that_follow_a_product(name: str, own: bool) -> None:
    """Part by part, on one thread or more: as if the gradients had been there before."""
    train, x, variables = large_step(name, own)
    rng = np.random.default_rng(0)
    feeds = [rng.standard_normal((40, 800)) / 40 for _ in range(3)]
    found = []
    for threads in (1, 2):
        config = tf.ConfigProto(intra_op_parallelism_threads=threads)
        with tf.Session(config=config) as session:
            session.run(tf.global_variables_initializer())
            text = session.plan(train, {x: feeds[0]})._code.text
            assert (".after(" in text) == (threads > 1 and pool.workers > 0 and not own)
            for fed in feeds:
                session.run(train, {x: fed})
            found.append(session.run(variables))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-8)
