"""Meta graphs: graph, collections and all that belongs to them, as TensorFlow 1.1.0 has them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow import proto
from skflow.graph.serialize import meta_graph
from tests.interop import test_exchange

EXCHANGE = Path(__file__).parents[2] / "golden" / "exchange" / "tensorflow-1.1.0.zip"
PROGRAMS = test_exchange.exchange.programs.PROGRAMS
with zipfile.ZipFile(EXCHANGE) as _archive:
    NAMES = sorted({n.partition("/")[0] for n in _archive.namelist()})


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def theirs(name: str) -> Any:
    with zipfile.ZipFile(EXCHANGE) as archive:
        return proto.MetaGraphDef.FromString(archive.read(f"{name}/model.meta"))


def collections(message: Any) -> dict[str, Any]:
    return {k: str(v) for k, v in message.collection_def.items()}


# ---- against TensorFlow's ---------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_message_of_a_program(name: str) -> None:
    """All but the insides of gradients: versions, declarations, saver and collections."""
    tf.set_random_seed(42)
    PROGRAMS[name](tf)
    saver = tf.train.Saver()
    tf.global_variables_initializer()
    found, wanted = tf.train.export_meta_graph(saver_def=saver.saver_def), theirs(name)
    assert found.saver_def == wanted.saver_def
    assert collections(found) == collections(wanted)
    assert found.graph_def.versions == wanted.graph_def.versions
    assert found.meta_info_def.tensorflow_version == wanted.meta_info_def.tensorflow_version
    assert list(found.meta_info_def.tags) == list(wanted.meta_info_def.tags)
    used = {o.name for o in found.meta_info_def.stripped_op_list.op}
    assert used == {n.op for n in found.graph_def.node}
    outside = [n.name for n in wanted.graph_def.node if "gradients" not in n.name.split("/")[0]]
    assert [n for n in outside if n in {m.name for m in found.graph_def.node}] == outside


@pytest.mark.parametrize("name", NAMES)
def test_what_is_imported_is_exported(name: str) -> None:
    message = theirs(name)
    before = message.SerializeToString(deterministic=True)
    variables = meta_graph.import_scoped_meta_graph(message)
    assert message.SerializeToString(deterministic=True) == before
    assert set(variables) == {v.name for v in tf.global_variables()}
    found = meta_graph.create_meta_graph_def(saver_def=message.saver_def)
    assert collections(found) == collections(message)
    assert found.saver_def == message.saver_def
    nodes = [(n.name, n.op, list(n.input), n.device) for n in found.graph_def.node]
    assert nodes == [(n.name, n.op, list(n.input), n.device) for n in message.graph_def.node]


def test_collections_share_variables() -> None:
    meta_graph.import_scoped_meta_graph(theirs("classifier"))
    assert set(tf.trainable_variables()) <= set(tf.global_variables())
    assert [t.name for t in tf.get_collection("penalties")] == [
        "hidden/L2Loss:0",
        "logits/L2Loss:0",
    ]
    assert [op.name for op in tf.get_collection("train_op")] == ["train"]


def test_variables_work() -> None:
    """They are initialized, trained by another optimizer, and added to."""
    meta_graph.import_scoped_meta_graph(theirs("adam"))
    graph = tf.get_default_graph()
    loss = graph.get_tensor_by_name("loss/mse:0")
    step = tf.train.GradientDescentOptimizer(0.05).minimize(loss)
    feeds = {"X:0": np.eye(3, dtype=np.float32), "y:0": np.ones((3, 1), np.float32)}
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        before = session.run(loss, feeds)
        for _ in range(20):
            session.run(step, feeds)
        assert session.run(loss, feeds) < before / 4


# ---- scopes -----------------------------------------------------------------------------------


def layers() -> Any:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    with tf.control_dependencies([tf.no_op(name="wait")]):
        y = tf.multiply(x, 2.0, name="y")
    with tf.variable_scope("hidden"), tf.device("/cpu:0"):
        w = tf.get_variable("w", [2, 3], initializer=tf.constant_initializer(1.0))
        z = tf.add(tf.matmul(y, w), tf.reduce_sum(x), name="z")
        with tf.control_dependencies([y]):
            out = tf.cond(tf.reduce_sum(z) > 0.0, lambda: z + w[0], lambda: z * w[1])
        tf.identity(out, name="out")
    tf.add_to_collection("mine", z)
    tf.add_to_collection("mine", y)
    return x


def test_a_scope_is_exported_without_its_name() -> None:
    layers()
    message, variables = meta_graph.export_scoped_meta_graph(export_scope="hidden")
    names = [n.name for n in message.graph_def.node]
    assert {"w", "w/Assign", "w/read", "MatMul", "z", "out"} <= set(names)
    assert not any("hidden" in n for n in names)
    assert list(variables) == ["w:0"]
    inputs = {n.name: list(n.input) for n in message.graph_def.node}
    assert inputs["MatMul"] == ["$unbound_inputs_y", "w/read"]
    groups = {n.name: list(n.attr["_class"].list.s) for n in message.graph_def.node}
    assert groups["w/read"] == [b"loc:@w"]
    unbound = [v.decode() for v in message.collection_def["unbound_inputs"].bytes_list.value]
    assert unbound[:2] == ["$unbound_inputs_y", "$unbound_inputs_x"]
    assert len(set(unbound)) == len(unbound)
    assert list(message.collection_def["mine"].node_list.value) == ["z:0"]
    assert "unbound_inputs" not in tf.get_default_graph().get_all_collection_keys()


def test_a_scope_is_imported_into_another() -> None:
    layers()
    message, _ = meta_graph.export_scoped_meta_graph(export_scope="hidden")
    unbound = [v.decode() for v in message.collection_def["unbound_inputs"].bytes_list.value]
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        y = tf.multiply(x, 3.0)
        given: dict[str, Any] = {n: y if n.endswith("_y") else x for n in unbound}
        with pytest.raises(ValueError, match=r"unbound inputs: \$unbound_inputs_y,.*input_map"):
            meta_graph.import_scoped_meta_graph(message, import_scope="new/place")
        found = meta_graph.import_scoped_meta_graph(
            message, import_scope="new/place", input_map=given
        )
        assert list(found) == ["w:0"]
        assert found["w:0"].name == "new/place/w:0"
        assert [t.name for t in tf.get_collection("mine")] == ["new/place/z:0"]
        assert not tf.get_collection("unbound_inputs")
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            out = session.run("new/place/out:0", {x: [[1.0, 2.0]]})
        # 3 * (1 + 2), the sum of x, and the variable that the branch reads under its new name.
        np.testing.assert_allclose(out, np.full((1, 3), 9.0 + 3.0 + 1.0))


def test_branches_read_the_variables_of_their_scope() -> None:
    """A reference inside a branch too, which a session finds by name."""
    v = tf.Variable(2.0, name="v")
    p = tf.placeholder(tf.bool, [], name="p")
    tf.cond(p, lambda: tf.assign_add(v, 1.0) * 1.0, lambda: tf.constant(0.0))
    message, _ = meta_graph.export_scoped_meta_graph()
    for scope in ("a", "b/c"):
        meta_graph.import_scoped_meta_graph(message, import_scope=scope)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run("b/c/cond/Merge:0", {"b/c/p:0": True}) == 3.0
        assert session.run(["v:0", "a/v:0", "b/c/v:0"]) == [2.0, 2.0, 3.0]


def test_devices_can_be_left_out() -> None:
    layers()
    kept, _ = meta_graph.export_scoped_meta_graph()
    assert {n.device for n in kept.graph_def.node} == {"", "/device:CPU:0"}
    bare, _ = meta_graph.export_scoped_meta_graph(clear_devices=True)
    assert {n.device for n in bare.graph_def.node} == {""}
    inner = [n for f in bare.graph_def.library.function for n in f.node_def]
    assert inner
    assert {n.device for n in inner} == {""}
    with tf.Graph().as_default() as graph:
        meta_graph.import_scoped_meta_graph(kept, clear_devices=True)
        assert {op.device for op in graph.get_operations()} == {""}
    assert {n.device for n in kept.graph_def.node} == {"", "/device:CPU:0"}


def test_another_graph_and_its_message() -> None:
    with tf.Graph().as_default() as graph:
        tf.constant(1.0, name="a")
        tf.add_to_collection("numbers", 3)
    found = meta_graph.create_meta_graph_def(graph=graph, collection_list=["numbers", "nothing"])
    assert [n.name for n in found.graph_def.node] == ["a"]
    assert set(found.collection_def) == {"numbers"}
    part = graph.as_graph_def()
    tf.constant(2.0, name="b")
    found, _ = meta_graph.export_scoped_meta_graph(graph_def=part)
    assert [n.name for n in found.graph_def.node] == ["a"]
    assert "_output_shapes" not in found.graph_def.node[0].attr
    with tf.Graph().as_default():
        meta_graph.import_scoped_meta_graph(found, graph=graph, import_scope="again")
        assert not tf.get_default_graph().get_operations()
    assert [op.name for op in graph.get_operations()] == ["a", "again/a"]


def test_tags_are_kept_and_versions_replaced() -> None:
    given = proto.MetaGraphDef.MetaInfoDef(tags=["serve"], tensorflow_version="9")
    given.stripped_op_list.op.add(name="Mine")
    found = meta_graph.create_meta_graph_def(meta_info_def=given)
    assert list(found.meta_info_def.tags) == ["serve"]
    assert found.meta_info_def.tensorflow_version == tf.VERSION
    assert [o.name for o in found.meta_info_def.stripped_op_list.op] == ["Mine"]
    assert given.tensorflow_version == "9"


@pytest.mark.parametrize(
    ("key", "match"),
    [
        ("graph", "graph must be of type Graph, not <class 'int'>"),
        ("meta_info_def", "meta_info_def must be of type MetaInfoDef"),
        ("graph_def", "graph_def must be of type GraphDef"),
        ("saver_def", "saver_def must be of type SaverDef"),
    ],
)
def test_arguments_of_another_class(key: str, match: str) -> None:
    with pytest.raises(TypeError, match=match):
        meta_graph.export_scoped_meta_graph(**{key: 3})


def test_what_is_no_meta_graph() -> None:
    with pytest.raises(TypeError, match="must be a MetaGraphDef, not <class 'int'>"):
        meta_graph.import_scoped_meta_graph(3)  # type: ignore[arg-type]


def test_an_operation_that_is_not_declared() -> None:
    message = tf.GraphDef()
    message.node.add(name="a", op="Frobnicate")
    with pytest.raises(ValueError, match="Op Frobnicate is used by the graph"):
        meta_graph.create_meta_graph_def(graph_def=message)
