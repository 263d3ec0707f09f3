"""Messages as text, against what TensorFlow 1.1.0 printed."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from google.protobuf import text_format

from skflow.proto import AttrValue, CheckpointState, GraphDef, NodeDef, TensorProto
from skflow.proto.text import parse_text, to_text

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "node_texts.json"
CASES = json.loads(GOLDEN.read_text(encoding="ascii"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"].split('"')[1])
def test_node_is_printed_as_tensorflow_prints_it(case: dict[str, str]) -> None:
    node = NodeDef.FromString(base64.b64decode(case["node_def"]))
    assert to_text(node) == case["text"]
    # Printed, not compared: a NaN differs from itself.
    assert to_text(parse_text(case["text"], NodeDef)) == case["text"]


def test_empty_message_is_the_empty_text() -> None:
    assert to_text(GraphDef()) == ""


def test_every_byte_survives() -> None:
    tensor = TensorProto(tensor_content=bytes(range(256)))
    text = to_text(tensor)
    assert text.isascii()
    assert parse_text(text, TensorProto) == tensor


def test_text_beyond_ascii_survives() -> None:
    state = CheckpointState(model_checkpoint_path="modèle/日本-\N{ROCKET}")
    text = to_text(state)
    assert text.startswith(r'model_checkpoint_path: "mod\303\250le/\346\227\245')
    assert parse_text(text, CheckpointState) == state


def test_maps_are_sorted_and_unknown_enum_values_are_numbers() -> None:
    node = NodeDef()
    for name in ("b", "B", "a"):
        node.attr[name].type = 999
    lines = [line.strip() for line in to_text(node).splitlines()]
    assert [line for line in lines if "key" in line] == ['key: "B"', 'key: "a"', 'key: "b"']
    assert lines.count("type: 999") == 3


def test_protobuf_and_we_read_each_other() -> None:
    graph = GraphDef(version=3)
    graph.node.add(name="x").attr["l"].list.i.extend([-1, 2**40])
    graph.node.add().attr["f"].f = 0.1
    assert parse_text(text_format.MessageToString(graph), GraphDef) == graph
    assert text_format.Parse(to_text(graph), GraphDef()) == graph


def test_wrong_text_is_an_error() -> None:
    with pytest.raises(text_format.ParseError):
        parse_text("nope: 1", AttrValue)


@pytest.mark.parametrize("text", [r's: "\~"', r's: "\777"'])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_escapes_that_do_not_exist_are_an_error(text: str) -> None:
    """Python's codec would only warn."""
    with pytest.raises(text_format.ParseError):
        parse_text(text, AttrValue)
