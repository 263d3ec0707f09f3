"""Bodies take what they need from the graphs around them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import skflow as tf
from skflow.graph.body import BodyGraph, needed, share_captures
from skflow.graph.core import Graph
from tests.interpreter import Interpreter


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def root() -> Graph:
    return tf.get_default_graph()


def test_a_tensor_from_outside_is_captured_once() -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    body = BodyGraph(root())
    with body.as_default():
        body.outputs = [x * x + x]
    assert len(body.inputs) == 1
    assert body.inputs[0].graph is body
    assert body.inputs[0].shape.as_list() == [None, 3]
    assert body.captured() == [x]
    assert root().get_operations() == [x.op]


def test_values_known_outside_are_known_inside() -> None:
    shape = tf.constant([2, 3])
    dynamic = tf.shape(tf.placeholder(tf.float32, [None, 4]))
    body = BodyGraph(root())
    with body.as_default():
        assert tf.zeros(shape).shape.as_list() == [2, 3]
        assert tf.zeros(dynamic).shape.as_list() == [None, 4]


def test_a_fed_constant_is_not_frozen() -> None:
    c = tf.constant(2.0)
    r = tf.cond(tf.constant(True), lambda: c * 3.0, lambda: c)
    with tf.Session() as session:
        assert session.run(r) == 6
        assert session.run(r, {c: 5.0}) == 15


def test_nested_bodies_capture_through_those_around() -> None:
    x = tf.constant(1.0)
    outer = BodyGraph(root())
    with outer.as_default():
        inner = BodyGraph(outer)
        with inner.as_default():
            inner.outputs = [x + 1.0]
    assert [t.graph for t in inner.captured()] == [outer]
    outer.outputs = inner.captured()
    assert outer.captured() == [x]


def test_what_the_outputs_do_not_need_is_not_passed() -> None:
    x = tf.placeholder(tf.float32, [])
    r = tf.cond(tf.constant(True), lambda: (x * 2.0, tf.constant(3))[1], lambda: tf.constant(4))
    with tf.Session() as session:
        assert session.run(r) == 3


def test_inputs_are_shared_in_one_order() -> None:
    a, b = tf.constant(1.0, name="a"), tf.constant(2.0, name="b")
    one, other = BodyGraph(root()), BodyGraph(root())
    with one.as_default():
        one.outputs = [a + 1.0]
    with other.as_default():
        other.outputs = [b + a]
    assert share_captures((one, other)) == [a, b]
    for body in (one, other):
        assert [t.op.name for t in body.inputs] == ["a", "b"]
        assert [t.op.attrs["index"] for t in body.inputs] == [0, 1]
    assert Interpreter().call(one, [np.float32(5), np.float32(7)]) == [6]
    assert Interpreter().call(other, [np.float32(5), np.float32(7)]) == [12]


def test_a_variable_is_declared_again_under_its_name() -> None:
    v = tf.Variable(1.0, name="v")
    body = BodyGraph(root())
    with body.as_default():
        body.outputs = [tf.assign(v, 2.0)]
    aliases = [op for op in body.get_operations() if op.type == "VariableV2"]
    assert [op.attrs["shared_name"] for op in aliases] == ["v"]
    assert body.inputs == []


def test_names_and_numbers_go_on_in_one_sequence() -> None:
    tf.constant(1.0, name="c")
    body = BodyGraph(root())
    with body.as_default():
        inside = tf.constant(1.0, name="c")
        assert root().version == inside.op._id
    outside = tf.constant(1.0, name="c")
    assert [inside.op.name, outside.op.name] == ["c_1", "c_2"]
    assert outside.op._id == inside.op._id + 1
    with body.as_default(), body.uncounted():
        tf.constant(1.0)
    assert root().version == outside.op._id


def test_the_seed_is_the_outermost_graphs() -> None:
    tf.set_random_seed(7)
    body = BodyGraph(root())
    with body.as_default():
        assert tf.get_seed(None) == (7, 0)
        tf.set_random_seed(8)
    assert root().seed == 8


def test_names_outside_are_found_inside() -> None:
    x = tf.constant(1.0, name="x")
    body = BodyGraph(root())
    with body.as_default():
        assert body.get_tensor_by_name("x:0") is x
        assert body.as_graph_element(x) is x
        with pytest.raises(KeyError, match="'y' refers to an Operation not in the graph"):
            body.get_operation_by_name("y")


def test_a_tensor_of_an_unrelated_graph_is_refused() -> None:
    with Graph().as_default():
        x = tf.constant(1.0)
    with pytest.raises(ValueError, match="must be from the same graph"):
        tf.cond(tf.constant(True), lambda: x + 1.0, lambda: tf.constant(1.0))


def test_a_tensor_of_a_finished_body_is_refused() -> None:
    kept = []

    def branch() -> tf.Tensor:
        kept.append(tf.constant(1.0) + 1.0)
        return kept[0]

    tf.cond(tf.constant(True), branch, lambda: tf.constant(1.0))
    with pytest.raises(ValueError, match="built inside a conditional or a loop"):
        kept[0] + 1.0
    with pytest.raises(ValueError, match="built inside a conditional or a loop"):
        tf.exp(kept[0])


def test_a_finalized_graph_has_finalized_bodies() -> None:
    root().finalize()
    body = BodyGraph(root())
    with body.as_default(), pytest.raises(RuntimeError, match="finalized"):
        tf.constant(1.0)


def test_capturing_does_not_hide_what_to_wait_for() -> None:
    """An argument of the body stands in no block of control dependencies."""
    x = tf.constant(1.0, name="x")
    body = BodyGraph(root())
    with body.as_default():
        first = tf.no_op()
        with tf.control_dependencies([first]):
            y = tf.identity(x)
    assert y.op.control_inputs == [first]
    assert needed([y]) == [first, body.inputs[0].op, y.op]
    assert needed([y], control=False) == [body.inputs[0].op, y.op]


def test_operations_outside_are_waited_for_by_the_operation() -> None:
    v = tf.Variable(0.0)
    add = tf.assign_add(v, 1.0)

    def outer() -> tf.Tensor:
        def inner() -> tf.Tensor:
            with tf.control_dependencies([add]):
                return tf.constant(1.0)

        return tf.cond(tf.constant(True), inner, lambda: tf.constant(2.0))

    r = tf.cond(tf.constant(True), outer, lambda: tf.constant(3.0))
    assert add.op in r.op.control_inputs


def test_devices_reach_into_bodies() -> None:
    with tf.device("/gpu:1"):
        body = BodyGraph(root())
        with body.as_default():
            assert tf.constant(1.0).device == "/device:GPU:1"
