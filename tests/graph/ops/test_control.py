"""Conditionals run one of two bodies, once, and their gradients are conditionals again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow import errors
from skflow.graph.registry import raw
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


def test_a_no_op_runs_what_it_waits_for() -> None:
    v = tf.Variable(1.0)
    with tf.control_dependencies([tf.assign(v, 2.0)]):
        after = tf.no_op()
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run(after) is None
        assert session.run(v) == 2


def test_an_argument_has_no_value_of_its_own() -> None:
    with pytest.raises(errors.InvalidArgumentError, match="without one of its arguments"):
        run(raw._Arg(T=tf.float32, index=0, name="arg"))


def test_only_the_chosen_branch_runs() -> None:
    calls: list[int] = []

    def branch(number: int) -> Any:
        def call() -> Any:
            calls.append(number)
            return np.float32(number)

        return lambda: tf.py_func(call, [], tf.float32)

    p = tf.placeholder(tf.bool, [])
    r = tf.cond(p, branch(1), branch(2))
    assert run(r, {p: True}) == 1
    assert run(r, {p: False}) == 2
    assert calls == [1, 2]


def test_pure_conditionals_are_told_from_others() -> None:
    p, x = tf.placeholder(tf.bool, []), tf.constant(1.0)
    assert tf.cond(p, lambda: x * 2.0, lambda: x).op.type == "StatelessIf"
    assert tf.cond(p, lambda: x * tf.random_uniform([]), lambda: x).op.type == "If"
    inside = tf.cond(p, lambda: tf.cond(p, lambda: tf.Print(x, [x]), lambda: x), lambda: x)
    assert inside.op.type == "If"


def test_gradients_of_any_order() -> None:
    """Of x**5 and sin(x) up to the fourth, at points of either branch."""
    x = tf.placeholder(tf.float64, [])
    r = tf.cond(x > 0.0, lambda: x**5.0, lambda: tf.sin(x))
    orders = [r]
    for _ in range(4):
        orders += tf.gradients(orders[-1], x)
    np.testing.assert_allclose(run(orders, {x: 2.0}), [32, 80, 160, 240, 240])
    expected = [np.sin(-1), np.cos(-1), -np.sin(-1), -np.cos(-1), np.sin(-1)]
    np.testing.assert_allclose(run(orders, {x: -1.0}), expected)


def test_a_gradient_counts_what_goes_round_and_what_goes_through() -> None:
    x = tf.placeholder(tf.float64, [3])
    p = tf.placeholder(tf.bool, [])
    y = x * x
    r = tf.cond(p, lambda: x * y, lambda: y) + y
    g = tf.gradients(r, x)[0]
    values = np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(run(g, {x: values, p: True}), 3 * values**2 + 2 * values)
    np.testing.assert_allclose(run(g, {x: values, p: False}), 4 * values)


def test_a_branch_that_ignores_an_input_gives_zeros() -> None:
    x, p = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.bool, [])
    g = tf.gradients(tf.cond(p, lambda: tf.reduce_sum(x * x), lambda: 0.0 * 1.0), x)[0]
    np.testing.assert_array_equal(run(g, {x: [1, 2], p: False}), [0, 0])
    np.testing.assert_array_equal(run(g, {x: [1, 2], p: True}), [2, 4])


def test_no_gradient_where_no_branch_depends() -> None:
    x, y = tf.constant(1.0), tf.constant(2.0)
    p = tf.placeholder(tf.bool, [])
    r = tf.cond(p, lambda: x * 2.0, lambda: x)
    assert tf.gradients(r, y) == [None]
    s = tf.cond(p, lambda: (x, tf.stop_gradient(y)), lambda: (x, tf.zeros([])))
    assert tf.gradients(s, y) == [None]


def test_gradients_not_asked_for_are_not_computed() -> None:
    x, w = tf.zeros([2, 3], name="x"), tf.zeros([3, 4], name="w")
    p = tf.placeholder(tf.bool, [])
    r = tf.cond(p, lambda: tf.matmul(x, w), lambda: tf.matmul(x + 1.0, w))
    found = tf.gradients(r, w)[0]
    assert len(found.op.outputs) == 1
    assert [t.op.name for t in found.op.inputs[1:]] == ["x", "gradients/Fill"]


def test_slices_stay_slices_if_both_branches_give_them() -> None:
    table = tf.Variable(np.zeros((5, 2), np.float32))
    p = tf.placeholder(tf.bool, [])
    rows = tf.constant([3, 3], tf.int64)
    r = tf.cond(p, lambda: tf.gather(table, [0]), lambda: tf.gather(table, rows))
    g = tf.gradients(r, table)[0]
    assert isinstance(g, IndexedSlices)
    values, indices = run([g.values, g.indices], {p: False})
    np.testing.assert_array_equal(values, np.ones((2, 2)))
    np.testing.assert_array_equal(indices, [3, 3])
    _, indices = run([g.values, g.indices], {p: True})
    np.testing.assert_array_equal(indices, [0])


def test_a_gradient_sees_the_random_numbers_of_its_run() -> None:
    x, p = tf.ones([1000]), tf.placeholder(tf.bool, [])
    r = tf.cond(p, lambda: tf.nn.dropout(x, 0.5) * 3.0, lambda: x)
    g = tf.gradients(r, x)[0]
    with tf.Session() as session:
        for _ in range(3):
            values, gradient = session.run([r, g], {p: True})
            np.testing.assert_array_equal(values, gradient)
            assert 0 < np.count_nonzero(values) < 1000


def test_a_gradient_does_nothing_twice(capfd: pytest.CaptureFixture[str]) -> None:
    calls: list[int] = []

    def call(value: Any) -> Any:
        calls.append(1)
        return np.float32(2 * value)

    v, x = tf.Variable(3.0), tf.placeholder(tf.float32, [])

    def branch() -> Any:
        factor = tf.py_func(call, [x], tf.float32)
        factor.set_shape([])
        return tf.Print(x * factor * tf.assign_add(v, 1.0), [x], "seen ")

    g = tf.gradients(tf.cond(x > 0.0, branch, lambda: x), x)[0]
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run(g, {x: 5.0}) == 40
        assert session.run(v) == 4
    assert calls == [1]
    assert capfd.readouterr().err == "seen [5]\n"


def test_records_do_not_mix_branches() -> None:
    """Each branch draws; the other's record is never looked at."""
    tf.set_random_seed(3)
    x, p = tf.ones([3]), tf.placeholder(tf.bool, [])
    r = tf.cond(
        p,
        lambda: x * tf.random_uniform([3]),
        lambda: tf.reduce_sum(x * x) * tf.cast(tf.random_uniform([3]) > 0.5, tf.float32),
    )
    g = tf.gradients(r, x)[0]
    with tf.Session() as session:
        values, gradient = session.run([r, g], {p: True})
        np.testing.assert_array_equal(values, gradient)
        values, gradient = session.run([r, g], {p: False})
        np.testing.assert_allclose(gradient, np.full(3, 2 * values.sum() / 3))


def test_text_can_be_returned_and_recorded() -> None:
    p = tf.placeholder(tf.bool, [])
    r = tf.cond(p, lambda: tf.py_func(lambda: b"yes", [], tf.string), lambda: tf.constant("no"))
    assert run(r, {p: True}) == b"yes"
    assert run(r, {p: False}) == b"no"


def test_a_condition_must_be_scalar_in_the_run() -> None:
    p = tf.placeholder(tf.bool)
    r = tf.cond(p, lambda: tf.constant(1), lambda: tf.constant(2))
    with pytest.raises(
        errors.InvalidArgumentError, match=r"must be a scalar, but it has shape \[2\]"
    ):
        run(r, {p: [True, False]})


def test_an_error_inside_names_the_operation_inside() -> None:
    x = tf.placeholder(tf.int32, [])
    r = tf.cond(tf.constant(True), lambda: tf.floordiv(x, 0, name="bad"), lambda: x)
    with pytest.raises(errors.InvalidArgumentError) as caught:
        run(r, {x: 1})
    assert caught.value.op.name == "cond/bad"


def test_results_are_the_callers_own() -> None:
    x = tf.placeholder(tf.float32, [2])
    r = tf.cond(tf.constant(True), lambda: x, lambda: x)
    fed = np.ones(2, np.float32)
    found = run(r, {x: fed})
    found[:] = 7
    np.testing.assert_array_equal(fed, 1)


def test_a_conditional_is_saved_with_its_bodies() -> None:
    p = tf.placeholder(tf.bool, [])
    tf.cond(p, lambda: tf.constant(1.0) * 2.0, lambda: tf.constant(3.0))
    message = tf.get_default_graph().as_graph_def()
    node = message.node[-1]
    assert (node.name, node.op) == ("cond/Merge", "StatelessIf")
    names = {f.signature.name for f in message.library.function}
    assert {node.attr["then_branch"].func.name, node.attr["else_branch"].func.name} <= names
