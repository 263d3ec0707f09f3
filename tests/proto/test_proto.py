"""Messages: TensorFlow's bytes go in and come out whole, beside any other protobuf user."""

from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pool
from google.protobuf.unknown_fields import UnknownFieldSet

from skflow import proto
from skflow.proto import _pool
from skflow.proto.text import parse_text, to_text

GOLDEN = Path(__file__).resolve().parent.parent / "golden"

# What reads the entries of each collection that TensorFlow 1.1.0 wrote as bytes.
COLLECTIONS = {
    "cond_context": proto.CondContextDef,
    "trainable_variables": proto.VariableDef,
    "variables": proto.VariableDef,
    "while_context": proto.WhileContextDef,
}


@pytest.fixture(scope="module")
def meta_bytes() -> bytes:
    """Return a `.meta` file that TensorFlow 1.1.0 wrote."""
    return (GOLDEN / "tf_checkpoint_net" / "model.ckpt-7.meta").read_bytes()


@pytest.fixture(scope="module")
def meta(meta_bytes: bytes) -> proto.MetaGraphDef:
    return proto.MetaGraphDef.FromString(meta_bytes)


def messages_in(message: Any) -> Iterator[Any]:
    """Yield a message and all those inside it."""
    yield message
    for _, value in message.ListFields():
        if hasattr(value, "ListFields"):
            inner = [value]
        elif hasattr(value, "items"):
            inner = [v for v in value.values() if hasattr(v, "ListFields")]
        elif isinstance(value, str | bytes | int | float):
            inner = []
        else:
            inner = [v for v in value if hasattr(v, "ListFields")]
        for item in inner:
            yield from messages_in(item)


def unknown_fields(message: Any) -> list[str]:
    return [
        f"{inner.DESCRIPTOR.full_name}: field {field.field_number}"
        for inner in messages_in(message)
        for field in UnknownFieldSet(inner)
    ]


def test_walk_finds_an_unknown_field_at_any_depth() -> None:
    graph = proto.GraphDef()
    graph.node.add().attr["a"].list.func.add().attr["b"].MergeFromString(b"\xf8\x07\x01")
    assert unknown_fields(graph) == ["tensorflow.AttrValue: field 127"]


def test_meta_graph_is_read_whole(meta: proto.MetaGraphDef) -> None:
    assert unknown_fields(meta) == []
    assert meta.meta_info_def.tensorflow_version == "1.1.0"
    assert len(meta.graph_def.node) > 100
    assert {node.op for node in meta.graph_def.node} == {
        op.name for op in meta.meta_info_def.stripped_op_list.op
    }


def test_collections_are_read_whole(meta: proto.MetaGraphDef) -> None:
    read = 0
    for name, collection in meta.collection_def.items():
        for item in collection.bytes_list.value:
            message = COLLECTIONS[name].FromString(item)
            assert unknown_fields(message) == []
            assert message.SerializeToString(deterministic=True) == item
            read += 1
    assert read > 5


def test_meta_graph_is_written_whole(meta: proto.MetaGraphDef, meta_bytes: bytes) -> None:
    written = meta.SerializeToString(deterministic=True)
    # Only the order of a map's entries is free.
    assert len(written) == len(meta_bytes)
    assert sorted(written) == sorted(meta_bytes)
    assert proto.MetaGraphDef.FromString(written) == meta
    assert meta.SerializeToString(deterministic=True) == written


def test_messages_without_maps_keep_their_bytes(
    meta: proto.MetaGraphDef, meta_bytes: bytes
) -> None:
    parts: list[proto.Message] = [
        meta.graph_def.versions,
        meta.saver_def,
        *meta.meta_info_def.stripped_op_list.op,
        *meta.collection_def.values(),
    ]
    for part in parts:
        assert part.SerializeToString() in meta_bytes


def test_unknown_fields_survive() -> None:
    data = proto.VersionDef(producer=21).SerializeToString() + b"\xf8\x07\x01"
    assert proto.VersionDef.FromString(data).SerializeToString() == data


def test_known_bytes() -> None:
    """The wire format itself, worked out by hand."""
    tensor = proto.TensorProto(dtype=proto.DataType.DT_FLOAT, float_val=[1.0])
    tensor.tensor_shape.dim.add(size=1)
    # field 1 = 1; field 2 of 4 bytes: its field 2 of 2 bytes: size = 1; field 5 packed: 1.0
    assert tensor.SerializeToString().hex() == "0801" + "1204" + "12020801" + "2a04" + "0000803f"
    entry = proto.BundleEntryProto(dtype=1, size=4, crc32c=0x01020304)
    assert entry.SerializeToString().hex() == "0801" + "2804" + "3504030201"


def test_default_pool_is_untouched() -> None:
    assert proto.GraphDef.DESCRIPTOR.full_name == "tensorflow.GraphDef"
    with pytest.raises(KeyError):
        descriptor_pool.Default().FindMessageTypeByName("tensorflow.GraphDef")


@pytest.mark.parametrize("ours_first", [True, False])
def test_lives_with_another_definition_of_the_same_messages(ours_first: bool) -> None:
    ours = "from skflow.proto import GraphDef; GraphDef(version=3)"
    # As TensorFlow does on import, under a file name of its own.
    theirs = """
from google.protobuf import descriptor_pb2, descriptor_pool
file = descriptor_pb2.FileDescriptorProto(name="tensorflow/graph.proto", package="tensorflow")
file.message_type.add(name="GraphDef")
descriptor_pool.Default().AddSerializedFile(file.SerializeToString())
assert not descriptor_pool.Default().FindMessageTypeByName("tensorflow.GraphDef").fields
"""
    program = "\n".join([ours, theirs] if ours_first else [theirs, ours])
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_protobuf_is_imported_on_first_use() -> None:
    program = """
import sys
import skflow.proto, skflow.proto.text
assert not hasattr(skflow.proto, "__wrapped__")
assert "google.protobuf" not in sys.modules
skflow.proto.VersionDef()
assert "google.protobuf" in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_first_use_from_many_threads_makes_one_pool() -> None:
    program = """
import sys, threading
sys.setswitchinterval(1e-6)
from skflow.proto import _pool
found, barrier = [], threading.Barrier(8)
def use():
    barrier.wait()
    found.append(_pool.registry())
threads = [threading.Thread(target=use) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(found) == 8 and len(set(map(id, found))) == 1
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match=r"module 'skflow.proto' has no attribute 'Nope'"):
        _ = proto.Nope


def test_names_are_listed() -> None:
    assert {"GraphDef", "DataType", "Message"} <= set(dir(proto))


def test_classes_say_where_they_come_from() -> None:
    for name, class_ in _pool.registry().names.items():
        if hasattr(class_, "DESCRIPTOR") and isinstance(class_, type) and name != "Message":
            assert f"{class_.__module__}.{class_.__qualname__}" == f"skflow.proto.{name}"
            assert str(inspect.signature(class_)) == "(**kwargs)"
    assert proto.AttrValue.ListValue.__qualname__ == "AttrValue.ListValue"


@pytest.mark.parametrize("copied", [pickle.loads, copy.copy, copy.deepcopy])
def test_messages_can_be_pickled_and_copied(copied: Any) -> None:
    node = proto.NodeDef(name="x", op="Const", input=["y"])
    node.attr["f"].list.f.extend([0.5, 2.0])
    for message in (node, node.attr["f"].list):
        arg = pickle.dumps(message) if copied is pickle.loads else message
        result = copied(arg)
        assert result == message
        assert result is not message
        assert type(result) is type(message)


def test_enums() -> None:
    assert proto.DataType.DT_FLOAT == 1
    assert proto.DataType.Name(119) == "DT_HALF_REF"
    assert proto.RunOptions.FULL_TRACE == proto.RunOptions.TraceLevel.Value("FULL_TRACE") == 3
    assert proto.OptimizerOptions.L0 == -1
    values = dict(proto.DataType.items())
    references = {name: value for name, value in values.items() if name.endswith("_REF")}
    assert len(references) == 33
    for name, value in references.items():
        assert value == values[name.removesuffix("_REF")] + 100


def test_damaged_bytes() -> None:
    with pytest.raises(proto.DecodeError):
        proto.GraphDef.FromString(b"\x0a\x7f")


def test_deep_nesting_is_refused_not_fatal() -> None:
    data = b""
    for _ in range(2000):
        data = b"\x7a" + varint(len(data)) + data  # a tensor's variant_val
        data = b"\x1a" + varint(len(data)) + data  # a variant's tensors
    # A RecursionError from protobuf's pure-Python implementation, where it is old.
    with pytest.raises((proto.DecodeError, RecursionError)):
        proto.VariantTensorDataProto.FromString(data)


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def test_any_is_packed_by_our_names() -> None:
    packed, node = proto.Any(), proto.NodeDef()
    packed.Pack(proto.NodeDef(name="x"))
    assert packed.type_url == "type.googleapis.com/tensorflow.NodeDef"
    assert packed.Unpack(node)
    assert node.name == "x"


def test_a_name_is_looked_up_once() -> None:
    assert proto.StepStats is vars(proto)["StepStats"]


def test_text_of_a_whole_meta_graph_reads_back(meta: proto.MetaGraphDef) -> None:
    assert parse_text(to_text(meta), proto.MetaGraphDef) == meta
