"""What becomes of a graph before it runs: what vanishes, is shared or is left to the run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.runtime.effects import needed_operations
from skflow.runtime.plan import Lowering
from skflow.runtime.state import State
from skflow.runtime.steps import Plan


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def plan_of(fetches: Any, shapes: dict[Any, Any] | None = None, probes: Any = None) -> Plan:
    shapes = shapes or {}
    return Lowering(State()).lower(fetches, list(shapes), list(shapes.values()), probes)


def types(plan: Plan) -> list[str]:
    return [n.definition.type for n in plan.nodes if n.kind == "op"]


# ---- what needs no step -------------------------------------------------------------------


def test_constants_are_folded() -> None:
    plan = plan_of([tf.constant([1.0, 2.0]) * 3.0 + 1.0])
    assert plan.nodes == []
    assert plan.results[0].const.tolist() == [4.0, 7.0]


def test_large_constants_and_failures_are_left_to_the_run() -> None:
    large = tf.fill([2000, 2000], 1.0)
    bad = tf.gather(tf.constant([1.0]), tf.constant([3]))
    assert types(plan_of([large])) == ["Fill"]
    assert types(plan_of([bad])) == ["Gather"]


def test_equal_operations_are_one() -> None:
    x = tf.placeholder(tf.float32, [3])
    same = tf.exp(x) + tf.exp(x)
    other = tf.reduce_sum(tf.exp(x), keep_dims=True) * tf.reduce_sum(tf.exp(x))
    plan = plan_of([same, other], {x: (3,)})
    assert types(plan).count("Exp") == 1
    assert types(plan).count("Sum") == 2


def test_random_operations_are_never_one() -> None:
    plan = plan_of([tf.random_uniform([2], seed=1), tf.random_uniform([2], seed=1)])
    assert types(plan).count("RandomUniform") == 2


def test_what_does_nothing_vanishes() -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    y = tf.reshape(tf.identity(x), tf.shape(x)) * 1.0 / 1.0
    y = tf.transpose(tf.tile(tf.cast(y, tf.float32), [1, 1]), [0, 1])
    plan = plan_of([tf.stop_gradient(y), tf.size(x), tf.rank(x)], {x: (2, 3)})
    assert plan.nodes == []
    assert [v.const if v.const is None else int(v.const) for v in plan.results] == [None, 6, 2]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda x: tf.transpose(x, [0, 1]), id="transpose"),
        pytest.param(lambda x: tf.tile(x, [1]), id="tile"),
    ],
)
def test_what_would_fail_does_not_vanish(make: Any) -> None:
    """The right number of axes cannot be seen when the graph is built, nor in a first plan."""
    x = tf.placeholder(tf.float32)
    y = make(x)
    with tf.Session() as session:
        for shape in [(2, 3, 4), (2,) * 4, (3,) * 5, (4,) * 6]:
            with pytest.raises(tf.errors.InvalidArgumentError):
                session.run(y, {x: np.ones(shape)})


@pytest.mark.parametrize(
    ("c", "expected"),
    [
        ([2.0, 2.0, 2.0], [2.0, 4.0, 6.0]),
        ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]),
        ([[1.0], [1.0]], [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]),
        ([[[1.0]]], [[[1.0, 2.0, 3.0]]]),
        ([1.0, 2.0, 1.0], [1.0, 4.0, 3.0]),
        ([np.nan] * 3, [np.nan] * 3),
    ],
    ids=str,
)
def test_constants_of_equal_elements(c: Any, expected: Any) -> None:
    """A product with one keeps the shape that broadcasting gives."""
    x = tf.placeholder(tf.float32, [3])
    with tf.Session() as session:
        found = session.run([x * c, c * x], {x: [1, 2, 3]})
        np.testing.assert_array_equal(found, [expected, expected])
        inverse = session.run(x / c, {x: [1, 2, 3]})
    np.testing.assert_array_equal(inverse, np.array([1, 2, 3], np.float32) / np.float32(c))


def test_producers_come_before_consumers_and_fed_tensors_need_none() -> None:
    x = tf.placeholder(tf.float32)
    with tf.control_dependencies([tf.no_op(name="before")]):
        y = x * 2.0
    z = y + x
    ops = needed_operations([z.op], {x: None})
    assert [op.name for op in ops][-2:] == ["mul", "add"]
    assert x.op not in ops
    assert [op.name for op in needed_operations([z.op], {y: None})] == ["Placeholder", "add"]


# ---- open dimensions ----------------------------------------------------------------------


def run_all(fetches: Any, feeds: list[dict[Any, Any]]) -> None:
    """Run one session on many shapes; compare with a fresh plan for each."""
    with tf.Session() as session:
        for _ in range(2):
            for feed in feeds:
                with tf.Session() as fresh:
                    expected = fresh.run(fetches, feed)
                for a, b in zip(session.run(fetches, feed), expected, strict=True):
                    np.testing.assert_array_equal(a, b)
                    assert a.shape == b.shape


def test_primes_stand_for_open_dimensions() -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    y = tf.tanh(tf.reshape(tf.exp(x), tf.shape(x)))
    plan = plan_of([y], {x: (None, 3)}, [(1_000_003, 3)])
    assert types(plan) == ["Exp", "Tanh"]
    assert plan.results[0].shape == (None, 3)
    assert plan.results[0].probe.shape == (1_000_003, 3)


def test_primes_are_never_allocated() -> None:
    """Values that are worked out for primes are shapes, not what the shapes are of."""
    x = tf.placeholder(tf.float32, [None, 3])
    table = tf.zeros([tf.shape(x)[0], 100_000])
    plan = plan_of([table], {x: (None, 3)}, [(1_000_003, 3)])
    assert plan.results[0].probe.shape == (1_000_003, 100_000)
    assert plan.results[0].probe.value is None


def test_dimensions_that_coincide_only_at_times() -> None:
    x, y = tf.placeholder(tf.float64, [None]), tf.placeholder(tf.float64, [None])
    fetches = [x * y, *tf.gradients(tf.square(x * y), [x, y])]
    sizes = [(2, 2), (1, 3), (5, 5), (6, 6), (3, 1), (7, 7), (1, 1), (1, 9), (0, 0), (0, 1)]
    run_all(fetches, [{x: np.arange(n) + 1.0, y: np.arange(m) + 2.0} for n, m in sizes])


def test_a_failed_run_does_not_spoil_later_plans() -> None:
    x, y = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [None])
    grads = tf.gradients(x * y, [x, y])
    with tf.Session() as session:
        for n, m in [(2, 3), (4, 4), (5, 5), (6, 7), (8, 8)]:
            feed = {x: np.ones(n), y: np.ones(m)}
            if n == m:
                assert session.run(grads, feed)[0].shape == (n,)
            else:
                with pytest.raises(tf.errors.InvalidArgumentError, match="Incompatible shapes"):
                    session.run(grads, feed)


@pytest.mark.parametrize("rows", [[2, 3, 1, 4, 5, 1], [1, 2, 3, 4], [3, 4, 0, 5, 2]], ids=str)
def test_dimensions_of_one_and_none(rows: list[int]) -> None:
    x = tf.placeholder(tf.float64, [None, 3])
    squeezed = tf.squeeze(x)
    fetches = [
        tf.reshape(tf.reshape(squeezed, tf.shape(x)), tf.shape(squeezed)) * 2.0,
        tf.reduce_sum(x, 0) + tf.constant([1.0, 2.0, 3.0], tf.float64),
        tf.gradients(x * tf.constant([[1.0, 2.0, 3.0]], tf.float64), x)[0],
        tf.gradients(tf.square(tf.squeeze(x[1:])), x)[0],
    ]
    run_all(fetches, [{x: np.arange(3.0 * n).reshape(n, 3)} for n in rows])


def test_more_open_dimensions_than_primes() -> None:
    xs = [tf.placeholder(tf.float64, [None, None]) for _ in range(4)]
    y = tf.add_n([tf.reduce_sum(x * tf.reshape(x, tf.shape(x))) for x in xs])
    feeds = [
        {x: np.full((2 * i + k + 2, 3 * i + 2 * k + 3), 1.5) for i, x in enumerate(xs)}
        for k in range(6)
    ]
    run_all([y, *tf.gradients(y, xs)], feeds)


def test_ranks_that_vary() -> None:
    x = tf.placeholder(tf.float64)
    y = tf.reduce_sum(x * x) + tf.cast(tf.rank(x), tf.float64)
    shapes = [(2,), (2, 3), (), (4, 2, 1), (0,), (3, 3), (1,)]
    run_all([y, tf.gradients(y, x)[0]], [{x: np.full(s, 1.5)} for s in shapes])


# ---- variables ----------------------------------------------------------------------------


def test_a_new_shape_in_the_middle_of_a_run() -> None:
    v = tf.Variable([1.0, 2.0])
    longer = tf.assign(v, [1.0, 2.0, 3.0, 4.0], validate_shape=False)
    with tf.control_dependencies([longer]):
        after = v.read_value() * 2.0
    with tf.Session() as session:
        for fetch, expected in [(tf.reduce_sum(longer), 10.0), (after, [2.0, 4.0, 6.0, 8.0])]:
            session.run(tf.assign(v, [1.0, 2.0], validate_shape=False))
            for _ in range(2):
                np.testing.assert_array_equal(session.run(fetch), expected)


@pytest.mark.parametrize("outside", [False, True])
def test_optimizers_inside_a_body_move_their_variables(outside: bool) -> None:
    """The reads around the body see the new place, those before it the old values."""
    v, w = tf.Variable([1.0, 2.0]), tf.Variable([3.0, 4.0])
    optimizer = tf.train.GradientDescentOptimizer(1.0)

    def train() -> Any:
        grads = [(tf.ones([2]), v), (tf.ones([2]), w)]
        with tf.control_dependencies([optimizer.apply_gradients(grads)]):
            return tf.constant(1)

    which = tf.placeholder(tf.bool)
    trained = tf.cond(which, train, lambda: tf.constant(0))
    before = v + 0.0
    with tf.control_dependencies([trained]):
        after = v.read_value() + 0.0
        again = optimizer.apply_gradients([(tf.ones([2]), v)]) if outside else tf.no_op()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        steps = 2.0 if outside else 1.0
        for k in (0.0, steps):
            found = session.run([before, after, again], {which: True})
            assert found[0].tolist() == [1 - k, 2 - k]
            assert found[1].tolist() == [-k, 1 - k]
        assert session.run(v).tolist() == [1.0 - 2 * steps, 2.0 - 2 * steps]
        assert session.run(w).tolist() == [1.0, 2.0]


def test_functions_that_run_the_session() -> None:
    v = tf.Variable([1.0, 2.0])
    train = tf.train.GradientDescentOptimizer(1.0).apply_gradients([(tf.ones([2]), v)])
    session = tf.Session()
    inner = tf.py_func(lambda: np.float32(session.run(train) is None), [], tf.float32)
    with tf.control_dependencies([inner]):
        after = v.read_value() + 0.0
    with session:
        session.run(v.initializer)
        assert session.run(after).tolist() == [0.0, 1.0]
        assert session.run(after).tolist() == [-1.0, 0.0]


def test_bodies_read_and_update_variables() -> None:
    v = tf.Variable(1.0)
    before = v * 2.0

    def body(i: Any, _: Any) -> Any:
        with tf.control_dependencies([tf.assign_add(v, 1.0)]):
            return i + 1, v.read_value()

    last = tf.while_loop(lambda i, _: i < 3, body, [0, 0.0])[1]
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run([last, before]) == [4.0, 2.0]
        assert session.run([before, last]) == [8.0, 7.0]


def test_an_update_of_a_fed_variable() -> None:
    v = tf.Variable([1.0, 2.0])
    add = tf.assign_add(v, [1.0, 1.0])
    train = tf.train.GradientDescentOptimizer(0.1).apply_gradients([(tf.ones([2]), v)])
    fed = np.zeros(2, np.float32)
    with tf.Session() as session:
        session.run(v.initializer)
        for fetch in (add, train):
            with pytest.raises(
                tf.errors.InvalidArgumentError,
                match="was passed float from _recv_Variable_0:0 incompatible with expected float_r",
            ):
                session.run(fetch, {v: fed})
        assert session.run(v).tolist() == [1.0, 2.0]
    assert fed.tolist() == [0.0, 0.0]


def test_variables_of_the_old_kind() -> None:
    """Graph files may hold `Variable` operations, which `VariableV2` replaced."""
    graph = tf.get_default_graph()
    shape, dtype = (2,), tf.float32
    v = graph.create_op("Variable", [], [dtype], attrs={"shape": shape, "dtype": dtype}).outputs[0]
    with tf.Session() as session:
        assert session.run(tf.assign(v, [1.0, 2.0])).tolist() == [1.0, 2.0]
        assert session.run([v, v + 1.0])[1].tolist() == [2.0, 3.0]


def test_one_number_is_not_written_out_beside_an_array() -> None:
    """As the gradients of sums and means repeat it."""
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, (3, 4))
        scale = tf.placeholder(tf.float32, ())
        repeated = tf.tile(tf.reshape(scale, (1, 1)), (3, 4))
        partly = tf.tile(tf.reshape(scale, (1, 1)), (3, 1))
        feed = {x: np.arange(12.0).reshape(3, 4), scale: 2.5}
        for fetch in (x * repeated, repeated - x, x + repeated, repeated / (x + 1.0)):
            types = [n.definition.type for n in session.plan(fetch, feed)._code.plan.nodes]
            assert "Tile" not in types
            assert session.run(fetch, feed).shape == (3, 4)
        np.testing.assert_array_equal(session.run(x * repeated, feed), feed[x] * 2.5)
        np.testing.assert_array_equal(session.run(repeated * repeated, feed)[0], [6.25] * 4)
        np.testing.assert_array_equal(session.run(partly + 1.0, feed), [[3.5]] * 3)
        loss = tf.reduce_mean(tf.square(x))
        (gradient,) = tf.gradients(loss * scale, x)
        found = session.run(gradient, feed)
        np.testing.assert_allclose(found, 2.5 * 2 * feed[x] / 12, rtol=1e-6)
