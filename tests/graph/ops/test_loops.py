"""Loops run a body, and their gradient goes through the iterations again and then backwards."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.graph.sparse_types import IndexedSlices


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def run(fetches: Any, feed_dict: Any = None) -> Any:
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feed_dict)


def times(count: Any, body: Any, *values: Any, **options: Any) -> Any:
    """The results of a loop that runs `body` on the loop variables after the first."""
    return tf.while_loop(
        lambda i, *_: i < count, lambda i, *rest: (i + 1, *body(i, *rest)), (0, *values), **options
    )


def derivative(function: Any, at: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Central differences of a function of an array to a number."""
    found = np.empty_like(at)
    for i in np.ndindex(at.shape):
        moved = at.copy()
        moved[i] += step
        high = function(moved)
        moved[i] -= 2 * step
        found[i] = (high - function(moved)) / (2 * step)
    return found


def test_pure_loops_are_told_from_others() -> None:
    assert times(3, lambda _, a: [a + 1.0], 0.0)[0].op.type == "StatelessWhile"
    assert times(3, lambda _, a: [a + tf.random_uniform([])], 0.0)[0].op.type == "While"
    assert (
        tf.while_loop(lambda _: tf.random_uniform([]) < 0.5, lambda i: i + 1, [0]).op.type
        == "While"
    )


@pytest.mark.parametrize("count", [0, 1, 4])
def test_gradients_equal_differences(count: int) -> None:
    rng = np.random.default_rng(1)
    given = {
        "x": rng.standard_normal((2, 3)),
        "w": rng.standard_normal((3, 3)) / 2,
        "b": rng.standard_normal(3),
    }
    feeds = {k: tf.placeholder(tf.float64, v.shape) for k, v in given.items()}

    def body(i: Any, a: Any, total: Any) -> Any:
        a = tf.cond(
            tf.equal(i % 2, 0),
            lambda: tf.tanh(tf.matmul(a, feeds["w"]) + feeds["b"]),
            lambda: a * tf.cast(i, tf.float64) + feeds["x"],
        )
        return a, total + tf.reduce_sum(a * a)

    _, last, total = times(count, body, feeds["x"], tf.constant(0.0, tf.float64))
    loss = total + tf.reduce_sum(last)
    names = list(given)
    gradients = tf.gradients(loss, [feeds[n] for n in names])
    with tf.Session() as session:

        def value(**moved: Any) -> Any:
            now = {**given, **moved}
            return session.run(loss, {feeds[n]: now[n] for n in names})

        found = session.run(gradients, {feeds[n]: given[n] for n in names})
        for name, gradient in zip(names, found, strict=True):
            expected = derivative(lambda moved, n=name: value(**{n: moved}), given[name])
            np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)


def test_complex_loop_variables() -> None:
    z = tf.placeholder(tf.complex128, [])
    last = times(3, lambda _, a: [a * z], z)[1]
    g = tf.gradients(tf.real(last), z)[0]
    at = 1.1 + 0.3j
    # The gradient is the conjugate of the derivative, as TensorFlow has it.
    np.testing.assert_allclose(run(g, {z: at}), np.conj(4 * at**3))


def test_there_is_no_second_order() -> None:
    x = tf.constant(2.0)
    g = tf.gradients(times(3, lambda _, a: [a * x], x)[1], x)
    with pytest.raises(TypeError, match="Second-order gradient for while loops not supported"):
        tf.gradients(g, x)


def test_no_gradient_without_back_prop() -> None:
    x = tf.constant(2.0)
    last = times(3, lambda _, a: [a * x], x, back_prop=False)[1]
    assert tf.gradients(last, x) == [None]
    assert run(tf.gradients(last + 5.0 * x, x)) == [5]


def test_memory_holds_the_loop_variables_alone() -> None:
    """200 iterations through 2 MB each: kept, they would take 400 MB."""
    w = tf.placeholder(tf.float64, [512, 512])
    last = times(
        200, lambda _, a: [tf.tanh(tf.reduce_sum(tf.sin(w) * a, 0))], tf.zeros([512], tf.float64)
    )[1]
    gradient = tf.gradients(last, w)[0]
    value = np.full((512, 512), 0.01)
    with tf.Session() as session:
        session.run(gradient, {w: value})
        tracemalloc.start()
        session.run(gradient, {w: value})
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 40e6


def test_a_large_table_is_gathered_from_by_slices() -> None:
    table = tf.Variable(np.zeros((100_000, 4), np.float32))
    last = times(3, lambda i, a: [a + tf.gather(table, [i, 7])], tf.zeros([2, 4]))[1]
    gradient = tf.gradients(last, table)[0]
    assert isinstance(gradient, IndexedSlices)
    values, indices = run([gradient.values, gradient.indices])
    np.testing.assert_array_equal(indices, [0, 7, 1, 7, 2, 7])
    np.testing.assert_array_equal(values, np.ones((6, 4)))


def test_slices_of_no_iteration_are_empty() -> None:
    table, n = tf.Variable(np.zeros((9, 4), np.float32)), tf.placeholder(tf.int32, [])
    last = times(n, lambda i, a: [a + tf.gather(table, [i])], tf.zeros([1, 4]))[1]
    gradient = tf.gradients(last, table)[0]
    values, indices = run([gradient.values, gradient.indices], {n: 0})
    assert values.shape == (0, 4)
    assert indices.shape == (0,)


def test_a_record_is_kept_for_a_gradient_only() -> None:
    x = tf.ones([3])
    _, last = times(4, lambda _, a: [a * tf.random_uniform([3])], x)
    op = last.op.inputs[0].op
    record = op.outputs[-1]
    with tf.Session() as session:
        assert session.run(record).shape == (0, 1)
        gradient = tf.gradients(last, x)[0]
        table, value, found = session.run([record, last, gradient])
    assert table.shape == (4, 1)
    np.testing.assert_allclose(value, found, rtol=1e-6)
    np.testing.assert_allclose(np.prod(np.stack(table[:, 0]), axis=0), value, rtol=1e-6)


def test_a_gradient_runs_no_side_effect_again() -> None:
    v, x = tf.Variable(1.0), tf.constant(2.0)
    last = times(3, lambda _, a: [a * x * tf.assign_add(v, 1.0)], x)[1]
    gradient = tf.gradients(last, x)[0]
    with tf.Session() as session:
        session.run(v.initializer)
        value, found = session.run([last, gradient])
        assert value == 2**4 * 2 * 3 * 4
        assert found == 4 * 2**3 * 2 * 3 * 4
        assert session.run(v) == 4


def test_results_are_the_callers_own() -> None:
    x = tf.placeholder(tf.float32, [2])
    n = tf.placeholder(tf.int32, [])
    results = times(n, lambda _, a, b: (a + 1.0, b), x, x)
    fed = np.zeros(2, np.float32)
    with tf.Session() as session:
        for count in (0, 2):
            for found in session.run(list(results[1:]), {x: fed, n: count}):
                found[:] = 9
    np.testing.assert_array_equal(fed, 0)


def test_a_loop_variable_may_change_its_shape() -> None:
    x = tf.placeholder(tf.float64, [None])
    last = tf.while_loop(
        lambda i, _: i < 3,
        lambda i, m: (i + 1, tf.concat([m, m * m], 0)),
        (0, x),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None])),
    )[1]
    assert last.shape.as_list() == [None]
    value, gradient = run([last, tf.gradients(last, x)[0]], {x: [1.0, 2.0]})
    assert value.shape == (16,)
    powers = [1, 2, 2, 4, 2, 4, 4, 8]
    np.testing.assert_allclose(gradient, [sum(p * b ** (p - 1) for p in powers) for b in (1, 2)])


def test_the_gradient_is_an_operation_tensorflow_knows() -> None:
    x = tf.constant(2.0)
    tf.gradients(times(3, lambda _, a: [a * x], x)[1], x)
    ops = tf.get_default_graph().get_operations()
    assert [op.attrs["f"].outputs[0].op.type for op in ops if op.type == "SymbolicGradient"] == [
        "StatelessWhile"
    ]
    assert tf.get_default_graph().as_graph_def().library.function


def test_sums_over_iterations_are_exact_in_float32() -> None:
    x = tf.constant(1.0)
    last = times(1000, lambda _, a: [a + x], tf.constant(0.0))[1]
    assert run(tf.gradients(last, x)) == [1000]
