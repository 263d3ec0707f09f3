"""Graphviz text: every operation once, every edge, whatever the names."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, strategies as st

import skflow as tf
from tests.graph.drawing.graphs import FEW, edges_of, mixed_up, random_graph, renamed

QUOTED = r'"((?:[^"\\]|\\.)*)"'
NODE = re.compile(rf"^ +{QUOTED} \[label={QUOTED}, shape=(\w+), .*\];$")
EDGE = re.compile(rf"^ +{QUOTED} -> {QUOTED}(?: \[(.*)\])?;$")


def parsed(dot: str) -> tuple[list[str], dict[tuple[str, str, bool], int]]:
    """The names of the nodes, and how many tensors each edge stands for."""
    nodes, edges = [], {}
    for line in dot.split("\n"):
        if found := EDGE.match(line):
            source, target, style = (unquoted(part or "") for part in found.groups())
            count = re.search(r'label="(\d+)"', style)
            edges[source, target, "dashed" in style] = int(count[1]) if count else 1
        elif found := NODE.match(line):
            nodes.append(unquoted(found[1]))
    return nodes, edges


def unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


@FEW
@given(data=st.data())
def test_an_open_graph_is_the_graph(data: Any) -> None:
    graph = random_graph(data)
    dot = tf.graph_to_dot(graph, expand=True)
    nodes, edges = parsed(dot)
    assert sorted(nodes) == sorted(op.name for op in graph.get_operations())
    assert edges == edges_of(graph)
    outside = re.sub(QUOTED, "", dot)
    assert outside.count("{") == outside.count("}") == 1 + dot.count("subgraph ")


def test_open_scopes_are_boxes() -> None:
    dot = tf.graph_to_dot(mixed_up(), expand=["left", "w"])
    box = dot[dot.index('subgraph "cluster_left"') :].partition("}")[0]
    assert re.findall(r'^    "(.*?)"', box, re.MULTILINE) == ["left/a", "left/twice"]
    box = dot[dot.index('subgraph "cluster_w"') :].partition("}")[0]
    assert re.findall(r'^    "(.*?)" \[label="(.*?)\\n', box, re.MULTILINE) == [
        ("w", "w"),
        ("w/Assign", "Assign"),
        ("w/read", "read"),
    ]
    assert '"right" [label="right\\n1 operation", shape=box' in dot


def test_folded_scopes_are_counted() -> None:
    nodes, edges = parsed(tf.graph_to_dot(mixed_up()))
    assert nodes == ["x", "left", "right", "zeros", "w"]
    assert edges["right", "left", False] == 2
    assert "subgraph" not in tf.graph_to_dot(mixed_up())


def test_hostile_names_stay_names() -> None:
    hostile = 'a"]; evil [label="\\'
    nodes, edges = parsed(tf.graph_to_dot(renamed(mixed_up(), {"x": hostile})))
    assert hostile in nodes
    assert (hostile, "left", False) in edges


def test_line_ends_in_names_do_not_end_lines() -> None:
    dot = tf.graph_to_dot(renamed(mixed_up(), {"x": 'x\n  "evil" -> "left";\r'}))
    _, edges = parsed(dot)
    assert ("evil", "left", False) not in edges


def test_an_empty_graph() -> None:
    assert parsed(tf.graph_to_dot(tf.Graph())) == ([], {})
