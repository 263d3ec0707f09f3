"""Small programs build TensorFlow 1.1.0's graphs, down to every operation's attributes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import skflow as tf
from skflow import proto
from skflow.proto.text import parse_text
from tests.golden import graph_programs, node_programs

GOLDEN = Path(__file__).parent / "golden"
OBSERVED: dict[str, list[Any]] = json.loads(
    (GOLDEN / "observed_graphs.json").read_text(encoding="utf-8")
)
NODE_DEFS: dict[str, list[str]] = json.loads(
    gzip.decompress((GOLDEN / "node_defs.json.gz").read_bytes())
)
GRAPHS = {p.__name__: p for p in graph_programs.PROGRAMS}
NODES = GRAPHS | {p.__name__: p for p in node_programs.PROGRAMS}


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def test_the_golden_files_hold_every_program() -> None:
    assert GRAPHS.keys() == OBSERVED.keys()
    assert NODES.keys() == NODE_DEFS.keys()


@pytest.mark.parametrize("name", OBSERVED)
def test_operations(name: str) -> None:
    """Ids, names, types, inputs and control inputs, in the order they were made."""
    assert graph_programs.observe(tf, GRAPHS[name]) == OBSERVED[name]


def fields(node: Any) -> dict[str, Any]:
    """A node's fields in a form whose differences read well."""
    attrs = {key: tf_text(value) for key, value in node.attr.items()}
    return {"op": node.op, "input": list(node.input), "device": node.device, "attr": attrs}


def tf_text(value: Any) -> str:
    return " ".join(str(value).split())


@pytest.mark.parametrize("name", NODE_DEFS)
def test_node_defs(name: str) -> None:
    """Every node of the graph's message, attributes and stored tensors included."""
    tf.set_random_seed(42)
    NODES[name](tf)
    found = {n.name: fields(n) for n in tf.get_default_graph().as_graph_def().node}
    wanted = {}
    for text in NODE_DEFS[name]:
        node = parse_text(text, proto.NodeDef)
        wanted[node.name] = fields(node)
    wrong = {n: (found.get(n), w) for n, w in wanted.items() if found.get(n) != w}
    assert not wrong, f"{len(wrong)} of {len(wanted)} nodes differ"
    assert list(found) == list(wanted)


def test_graph_def_frame() -> None:
    """Versions, and what the arguments of `as_graph_def` leave out or add."""
    graph = tf.get_default_graph()
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    version = graph.version
    tf.identity(x, name="y")
    message = graph.as_graph_def(add_shapes=True)
    assert message.versions.producer == 21
    assert [n.name for n in message.node] == ["x", "y"]
    (shape,) = message.node[1].attr["_output_shapes"].list.shape
    assert [d.size for d in shape.dim] == [-1, 3]
    assert [n.name for n in graph.as_graph_def(from_version=version).node] == ["y"]
    assert "_output_shapes" not in graph.get_operation_by_name("y").node_def.attr


def test_seeds_follow_the_number_of_operations() -> None:
    """Unseeded operations take the operation count, which unequal graphs would shift."""
    graph_programs.observe(tf, graph_programs.random_ops)
    seeds = [
        (op.name, op.node_def.attr["seed"].i, op.node_def.attr["seed2"].i)
        for op in tf.get_default_graph().get_operations()
        if "seed" in op.node_def.attr
    ]
    wanted = []
    for text in NODE_DEFS["random_ops"]:
        node = parse_text(text, proto.NodeDef)
        if "seed" in node.attr:
            wanted.append((node.name, node.attr["seed"].i, node.attr["seed2"].i))
    assert seeds == wanted
    assert len(seeds) == 5
