"""Parts of graphs, frozen variables, and graphs without what training alone needs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.proto.text import parse_text
from tests.golden.import_programs import FLOAT, const, node


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def graph(*nodes: str) -> Any:
    return parse_text(" ".join(nodes), tf.GraphDef)


def names(message: Any) -> list[str]:
    return [n.name for n in message.node]


def inputs(message: Any) -> dict[str, list[str]]:
    return {n.name: list(n.input) for n in message.node}


# ---- parts ------------------------------------------------------------------------------------


def test_extract_sub_graph() -> None:
    """In order, with what is waited for; no versions, which TensorFlow 1.1.0 drops too."""
    a = tf.constant(1.0, name="a")
    tf.constant(2.0, name="b")
    with tf.control_dependencies([tf.no_op(name="wait")]):
        c = tf.negative(a, name="c")
    tf.split(tf.ones([4], name="ones"), 2, name="d")
    tf.identity(tf.get_default_graph().get_tensor_by_name("d:1"), name="e")
    tf.exp(c, name="f")
    message = tf.get_default_graph().as_graph_def()
    found = tf.graph_util.extract_sub_graph(message, ["c", "a"])
    assert names(found) == ["a", "wait", "c"]
    assert found.node[2] == message.node[3]
    assert not found.HasField("versions")
    assert names(tf.graph_util.extract_sub_graph(message, ["e"])) == [
        "ones",
        "d/split_dim",
        "d",
        "e",
    ]


def test_functions_go_with_what_uses_them() -> None:
    x = tf.placeholder(tf.float32, [], name="x")
    for i in range(2):
        y = tf.cond(x > 0.0, lambda: tf.cond(x > 1.0, lambda: x, lambda: -x), lambda: x * x)
        tf.identity(y, name=f"y{i}")
    message = tf.get_default_graph().as_graph_def()
    assert len(message.library.function) == 8
    found = tf.graph_util.extract_sub_graph(message, ["y1"])
    assert len(found.library.function) == 4
    assert found.versions == message.versions
    with tf.Graph().as_default():
        tf.import_graph_def(found, name="")
        with tf.Session() as session:
            assert [session.run("y1:0", {"x:0": v}) for v in (2.0, 0.5, -3.0)] == [2.0, -0.5, 9.0]


def test_mistakes() -> None:
    with pytest.raises(TypeError, match="graph_def must be a graph_pb2.GraphDef proto"):
        tf.graph_util.extract_sub_graph({}, ["a"])
    with pytest.raises(AssertionError, match="q is not in graph"):
        tf.graph_util.extract_sub_graph(graph(const("a")), ["q"])
    with pytest.raises(ValueError, match="a is not in graph, but a node takes something from it"):
        tf.graph_util.extract_sub_graph(graph(node("b", "Neg", "a")), ["b"])


# ---- variables --------------------------------------------------------------------------------


@pytest.fixture
def model(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level(logging.INFO, logger="tensorflow")
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.Variable(np.arange(6, dtype=np.float32).reshape(2, 3), name="w")
    b = tf.Variable([0.5, 1.0, 1.5], name="b")
    tf.Variable(b"a\x00", name="text")
    tf.add(tf.matmul(x, w), b, name="y")
    tf.identity(tf.get_default_graph().get_tensor_by_name("text/read:0"), name="t")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        yield session


def test_variables_become_constants(model: Any, caplog: pytest.LogCaptureFixture) -> None:
    message = model.graph.as_graph_def()
    found = tf.graph_util.convert_variables_to_constants(model, message, ["y", "t"])
    assert [n.op for n in found.node if n.name in ("w", "b", "text")] == ["Const"] * 3
    assert not {"VariableV2", "Assign"} & {n.op for n in found.node}
    assert "Froze 3 variables." in caplog.text
    assert "Converted 3 variables to const ops." in caplog.text
    feeds = {"x:0": [[1.0, 2.0]]}
    with tf.Graph().as_default():
        tf.import_graph_def(found, name="")
        with tf.Session() as session:
            np.testing.assert_array_equal(session.run("y:0", feeds), model.run("y:0", feeds))
            assert session.run("t:0") == b"a\x00"


def test_some_variables_become_constants(model: Any) -> None:
    message = model.graph.as_graph_def()
    convert = tf.graph_util.convert_variables_to_constants
    kinds = {
        "white": convert(model, message, ["y"], variable_names_whitelist=["w"]),
        "black": convert(model, message, ["y"], variable_names_blacklist=["b"]),
    }
    for found in kinds.values():
        assert {n.name: n.op for n in found.node if n.name in "wb"} == {
            "w": "Const",
            "b": "VariableV2",
        }
    assert names(convert(model, message, ["x"])) == ["x"]


def test_variables_inside_branches_become_constants() -> None:
    """A branch that reads a reference finds the variable by name."""
    p = tf.placeholder(tf.bool, [], name="p")
    v = tf.Variable(2.0, name="v")
    r = tf.cond(p, lambda: tf.identity(v._variable) * 4.0, lambda: tf.constant(1.0))
    tf.identity(r, name="r")
    message = tf.get_default_graph().as_graph_def()
    with tf.Session() as session:
        session.run(v.initializer)
        assert "v" not in names(tf.graph_util.extract_sub_graph(message, ["r"]))
        found = tf.graph_util.convert_variables_to_constants(session, message, ["r"])
    then = next(f for f in found.library.function if "then_branch" in f.signature.name)
    assert {n.op for n in then.node_def} == {"Const", "Identity", "Mul"}
    reading = next(n for n in then.node_def if n.op == "Identity")
    assert list(reading.input) == ["v:output:0"]
    with tf.Graph().as_default():
        tf.import_graph_def(found, name="")
        with tf.Session() as session:
            assert [session.run("r:0", {"p:0": choice}) for choice in (True, False)] == [8.0, 1.0]


def test_a_variable_without_a_value() -> None:
    v = tf.Variable(1.0, name="v")
    message = v.graph.as_graph_def()
    with tf.Session() as session, pytest.raises(tf.errors.FailedPreconditionError):
        tf.graph_util.convert_variables_to_constants(session, message, ["v/read"])


# ---- training ---------------------------------------------------------------------------------


def test_checks_and_copies_are_left_out() -> None:
    """The example of TensorFlow's own documentation: checks that copies wait for go too."""
    message = graph(
        const("a"),
        const("b"),
        node("a_check", "CheckNumerics", "a"),
        node("a_copy", "Identity", "a", "^a_check"),
        node("b_copy", "Identity", "b"),
        node("mul", "Mul", "a_copy", "b_copy"),
        node("waiting", "Identity", "mul", "^b"),
        node("out", "Identity", "waiting"),
        node("end", "Neg", "out", "^out"),
    )
    found = tf.graph_util.remove_training_nodes(message)
    assert inputs(found) == {
        "a": [],
        "b": [],
        "mul": ["a", "b"],
        "waiting": ["mul", "^b"],
        "end": ["waiting", "^waiting"],
    }
    assert names(message)[2] == "a_check"


def test_a_checked_value_is_passed_on() -> None:
    message = graph(
        const("a"),
        node("check", "CheckNumerics", "a"),
        node("again", "CheckNumerics", "check"),
        node("copy", "Identity", "again:0"),
        node("out", "Neg", "copy"),
    )
    assert inputs(tf.graph_util.remove_training_nodes(message)) == {"a": [], "out": ["a"]}


def test_copies_in_a_circle_come_to_an_end() -> None:
    message = graph(node("a", "Identity", "b"), node("b", "Identity", "a"), node("c", "Neg", "a"))
    assert names(tf.graph_util.remove_training_nodes(message)) == ["c"]


# ---- devices and shapes -----------------------------------------------------------------------


def test_must_run_on_cpu() -> None:
    must = tf.graph_util.must_run_on_cpu
    assert must(tf.constant(3).op)
    assert must(tf.constant("a").op.node_def)
    assert not must(tf.constant(3.0).op)
    assert must(tf.cast(tf.constant(3), tf.float32).op)
    assert not must(tf.cast(tf.constant(3.0), tf.int32).op)
    assert must(tf.dynamic_stitch([[0], [1]], [[1], [2]]).op)
    v = tf.Variable(1.0)
    assert not must(v.op)
    assert must(v.op, pin_variables_on_cpu=True)
    assert must(v.initializer, pin_variables_on_cpu=True)
    assert not must(tf.constant(3.0).op, pin_variables_on_cpu=True)


def test_shape_of_an_input() -> None:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    tf.split(x, 2, axis=1, name="parts")
    shape = tf.graph_util.tensor_shape_from_node_def_name
    assert shape(x.graph, "x").as_list() == [None, 4]
    assert shape(x.graph, "parts:1").as_list() == [None, 2]
    with pytest.raises(KeyError, match="does not exist"):
        shape(x.graph, "q")


def test_chains_through_imports() -> None:
    """What is left is still a graph."""
    text = graph(const("a"), node("b", "Identity", "a", extra=FLOAT), node("c", "Neg", "b"))
    tf.import_graph_def(tf.graph_util.remove_training_nodes(text), name="")
    with tf.Session() as session:
        assert session.run("c:0") == -1.0
