"""Written graphs let other engines read variables before optimizers change them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import skflow as tf


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def two_layers(sparse: bool = False) -> Any:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    ids = tf.placeholder(tf.int32, [None], name="ids")
    make = tf.truncated_normal_initializer(seed=1)
    w = tf.get_variable("w", [3, 4], initializer=make)
    v = tf.get_variable("v", [4, 1], initializer=make)
    h = tf.tanh(tf.matmul(x, w, name="first"))
    if sparse:
        table = tf.get_variable("table", [5, 4], initializer=make)
        h = h * tf.gather(table, ids, name="rows")
    out = tf.matmul(h, v, name="second")
    tf.reduce_mean(v, name="unrelated")
    return tf.reduce_sum(tf.square(out), name="loss")


def waits(message: Any) -> dict[str, list[str]]:
    """The control inputs of the updates."""
    updates = [n for n in message.node if n.op.startswith(("Apply", "SparseApply", "Scatter"))]
    return {n.input[0]: [i for i in n.input if i.startswith("^")] for n in updates}


def test_updates_wait_for_what_reads_their_variable() -> None:
    """Forwards and backwards, but not for what the step does not need."""
    tf.train.MomentumOptimizer(0.1, 0.9).minimize(two_layers(sparse=True))
    found = waits(tf.get_default_graph().as_graph_def())
    assert found["w"] == ["^first"]
    assert found["v"][0] == "^second"
    assert any("gradients/second_grad" in i for i in found["v"])
    assert not any("unrelated" in i for i in found["v"])
    assert found["table"] == ["^rows"]


def test_here_nothing_waits() -> None:
    """Neither before nor after a round trip, which writes the same again."""
    tf.train.AdamOptimizer(0.1).minimize(two_layers())
    graph = tf.get_default_graph()
    message = graph.as_graph_def(add_shapes=True)
    with tf.Graph().as_default() as copy:
        tf.import_graph_def(message, name="")
    for where in (graph, copy):
        update = where.get_operation_by_name("Adam/update_v/ApplyAdam")
        assert not update.control_inputs
        assert "_reads_first" not in update.node_def.attr
    assert copy.as_graph_def(add_shapes=True) == message
    with tf.Graph().as_default() as copy:
        tf.import_graph_def(message, name="s")
    assert waits(copy.as_graph_def())["s/w"] == ["^s/first"]


def test_what_else_an_update_waits_for_stays() -> None:
    message = None
    with tf.control_dependencies([tf.no_op(name="wait")]):
        tf.train.GradientDescentOptimizer(0.1).minimize(two_layers(), name="step")
    message = tf.get_default_graph().as_graph_def()
    found = waits(message)["w"]
    assert found[-1] == "^first"
    with tf.Graph().as_default() as copy:
        tf.import_graph_def(message, name="")
    name = "step/update_w/ApplyGradientDescent"
    mine = tf.get_default_graph().get_operation_by_name(name).control_inputs
    assert [op.name for op in copy.get_operation_by_name(name).control_inputs] == [
        op.name for op in mine
    ]


def test_a_note_does_not_undo_what_matters() -> None:
    """A file may claim that nothing need wait for an assertion."""
    v = tf.Variable([1.0, 2.0], name="v")
    new = tf.constant([3.0, 4.0])
    with tf.control_dependencies([tf.Assert(v[0] > 5.0, ["no"], name="check")]):
        tf.assign(v, new, name="step")
    message = tf.get_default_graph().as_graph_def()
    (node,) = [n for n in message.node if n.name == "step"]
    (wait,) = [i for i in node.input if i.startswith("^")]
    node.attr["_reads_first"].list.s.append(wait[1:].encode())
    with tf.Graph().as_default() as copy:
        tf.import_graph_def(message, name="")
        with tf.Session() as session:
            session.run("v/Assign")
            with pytest.raises(tf.errors.InvalidArgumentError, match="assertion failed"):
                session.run("step")
            np.testing.assert_array_equal(session.run("v:0"), [1.0, 2.0])
    assert copy.get_operation_by_name("step").control_inputs
