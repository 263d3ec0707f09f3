"""Collections as messages, of every kind, and damaged ones."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow import proto
from skflow.graph.serialize import collection_defs, meta_graph
from skflow.graph.serialize.collection_defs import ProtoFunctions, register_proto_function


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


@pytest.fixture(autouse=True)
def _heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="tensorflow")


def exported() -> Any:
    return meta_graph.create_meta_graph_def()


def imported(message: Any, scope: str | None = None) -> dict[str, list[Any]]:
    with tf.Graph().as_default() as graph:
        meta_graph.import_scoped_meta_graph(message, import_scope=scope)
        return {k: graph.get_collection(k) for k in graph.get_all_collection_keys()}


def test_kinds() -> None:
    """What comes back is what went in; text becomes bytes, as in TensorFlow."""
    a = tf.constant(1.0, name="a")
    given = {
        "tensors": [a, a.op],
        "texts": ["x", b"y\xff"],
        "whole": [3, 1 << 40],
        "real": [0.5],
        "anything": [proto.Any(type_url="t", value=b"v")],
    }
    for key, items in given.items():
        for item in items:
            tf.add_to_collection(key, item)
    message = exported()
    found = imported(message)
    assert [x.name for x in found.pop("tensors")] == ["a:0", "a"]
    assert found.pop("texts") == [b"x", b"y\xff"]
    assert found == {k: v for k, v in given.items() if k not in ("tensors", "texts")}
    scoped = imported(message, "s")
    assert [x.name for x in scoped["tensors"]] == ["s/a:0", "s/a"]
    assert scoped["texts"] == ["s/x", "s/y\udcff"]


def test_what_no_message_holds(caplog: pytest.LogCaptureFixture) -> None:
    """It is left out with a warning, and so is a mixture."""
    tf.add_to_collection("functions", len)
    tf.add_to_collection("mixture", 3)
    tf.add_to_collection("mixture", "x")
    tf.add_to_collection("objects", object())
    tf.add_to_collection("fine", 3)
    assert set(exported().collection_def) == {"fine"}
    assert "Error encountered when serializing functions.\nType is unsupported" in caplog.text
    assert "Error encountered when serializing mixture." in caplog.text
    assert "Error encountered when serializing objects." in caplog.text


def test_keys_are_text(caplog: pytest.LogCaptureFixture) -> None:
    graph = tf.get_default_graph()
    graph.add_to_collection(("a", "tuple"), 3)
    message = proto.MetaGraphDef()
    collection_defs.add_collection_def(message, ("a", "tuple"), graph)
    assert "Only collections with string type keys will be serialized. This key has" in caplog.text
    assert not message.collection_def


def test_variables_by_name_or_by_message() -> None:
    """TensorFlow 1.1.0 writes local variables by name; later versions write messages."""
    v = tf.Variable(1.0, name="v", collections=["local_variables"])
    message = exported()
    assert list(message.collection_def["local_variables"].node_list.value) == ["v:0"]
    (found,) = imported(message)["local_variables"]
    assert found.name == "v:0"
    held = message.collection_def["local_variables"].bytes_list
    held.value.append(v.to_proto().SerializeToString())
    (variable,) = imported(message)["local_variables"]
    assert isinstance(variable, tf.Variable)
    assert variable.initializer.name == "v/Assign"


def test_slices_of_variables_come_back() -> None:
    with tf.variable_scope("m", partitioner=tf.fixed_size_partitioner(2)):
        tf.get_variable("w", [5, 2])
    found = imported(exported(), "s")["variables"]
    places = [v._get_save_slice_info() for v in found]
    assert [p.spec for p in places] == ["5 2 0,3:0,2", "5 2 3,2:0,2"]
    assert {p.full_name for p in places} == {"s/m/w"}


def test_other_classes_can_be_registered() -> None:
    functions = ProtoFunctions(
        "NodeDef",
        lambda item, export_scope: proto.NodeDef(name=item, op=export_scope or ""),
        lambda message, import_scope: (message.name, import_scope),
    )
    register_proto_function("test_notes", functions)
    register_proto_function("test_numbers", ProtoFunctions("NodeDef", lambda *_, **__: 3, print))
    try:
        tf.add_to_collection("test_notes", "a")
        tf.add_to_collection("test_numbers", "a")
        message = exported()
        assert set(message.collection_def) == {"test_notes"}
        assert imported(message, "s")["test_notes"] == [("a", "s")]
    finally:
        del collection_defs._FUNCTIONS["test_notes"], collection_defs._FUNCTIONS["test_numbers"]


# ---- damage -----------------------------------------------------------------------------------


def damaged(change: Any) -> Any:
    tf.Variable(np.zeros(2, np.float32), name="v")
    tf.constant(1.0, name="c")
    message = exported()
    change(message.collection_def["variables"])
    return message


def with_variable(**names: str) -> Any:
    usual = {"variable_name": "v:0", "initializer_name": "v/Assign", "snapshot_name": "v/read:0"}

    def change(held: Any) -> None:
        message = proto.VariableDef(**(usual | names))
        held.bytes_list.value[:] = [message.SerializeToString()]

    return change


def with_slice(held: Any) -> None:
    message = proto.VariableDef.FromString(held.bytes_list.value[0])
    message.save_slice_info_def.full_shape.extend([2, 3])
    held.bytes_list.value[:] = [message.SerializeToString()]


def of_a_resource(held: Any) -> None:
    message = proto.VariableDef.FromString(held.bytes_list.value[0])
    message.is_resource = True
    held.bytes_list.value[:] = [message.SerializeToString()]


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (with_variable(variable_name="q:0"), KeyError, "refers to a Tensor which does not exist"),
        (with_variable(initializer_name="q"), KeyError, "refers to an Operation not in the graph"),
        (with_variable(snapshot_name="v/read:5"), KeyError, "exists but only has 1 outputs"),
        (with_variable(variable_name="v:0:0"), ValueError, "is not a valid one"),
        (with_variable(variable_name="v"), ValueError, "as a variable, which is none"),
        (with_variable(variable_name="c:0"), ValueError, "as a variable, which is none"),
        (with_variable(initializer_name="v:0"), ValueError, "as an initializer, which is none"),
        (with_variable(initializer_name="c"), ValueError, "as an initializer, which is none"),
        (with_variable(snapshot_name="v/read"), ValueError, "as a value, which is none"),
        (with_slice, ValueError, "has axes that its shape has not"),
        (of_a_resource, ValueError, "'v:0' is a resource variable, which is not supported"),
        (
            lambda held: held.bytes_list.value.append(b"\xff"),
            ValueError,
            "Collection 'variables' holds bytes that are no VariableDef",
        ),
        (
            lambda held: held.int64_list.value.append(3),
            ValueError,
            "Collection 'variables' holds a int64_list where a bytes_list is expected",
        ),
    ],
    ids=range(13),
)
def test_damaged_collections(change: Any, error: type[Exception], match: str) -> None:
    message = damaged(change)
    with pytest.raises(error, match=match):
        imported(message)


def test_names_of_nothing() -> None:
    message = proto.MetaGraphDef()
    message.collection_def["mine"].node_list.value.append("q:0")
    with pytest.raises(KeyError, match="refers to a Tensor which does not exist"):
        imported(message)


def test_collections_of_no_kind(caplog: pytest.LogCaptureFixture) -> None:
    message = proto.MetaGraphDef()
    message.collection_def["mine"].SetInParent()
    assert imported(message) == {}
    assert "Cannot identify data type for collection mine. Skipping." in caplog.text
