"""Name scopes fold, and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

import skflow as tf
from skflow.graph.drawing.outline import MOST_NODES, Outline, view
from tests.graph.drawing.graphs import FEW, edges_of, mixed_up, random_graph


def named_edges(shown: Any) -> dict[tuple[str, str, bool], int]:
    names = [node.name for node in shown.nodes]
    return {(names[e.source], names[e.target], e.control): e.count for e in shown.edges}


@FEW
@given(data=st.data())
def test_an_open_graph_is_the_graph(data: Any) -> None:
    graph = random_graph(data)
    shown = view(graph, expand=True)
    assert [node.operations for node in shown.nodes] == [(op,) for op in graph.get_operations()]
    assert [node.name for node in shown.nodes] == [op.name for op in graph.get_operations()]
    assert named_edges(shown) == edges_of(graph)


@FEW
@given(data=st.data())
def test_folding_loses_nothing(data: Any) -> None:
    """Any choice of open scopes holds every operation once, and every edge between nodes."""
    graph = random_graph(data)
    scopes = sorted(Outline(graph).sizes)
    opened = data.draw(st.sets(st.sampled_from(scopes))) if scopes else set()
    shown = view(graph, expand=opened, most=None)
    owners = {op.name: node.name for node in shown.nodes for op in node.operations}
    assert sum(len(node.operations) for node in shown.nodes) == len(graph.get_operations())
    expected: dict[tuple[str, str, bool], int] = {}
    for (source, target, control), count in edges_of(graph).items():
        if owners[source] != owners[target]:
            key = (owners[source], owners[target], control)
            expected[key] = expected.get(key, 0) + count
    assert named_edges(shown) == expected
    for node in shown.nodes:
        assert (node.kind == "scope") == (
            node.name in scopes and node.detail != node.operations[0].type
        )
        if node.kind == "scope":
            assert node.name not in opened
            assert all(f"{op.name}/".startswith(f"{node.name}/") for op in node.operations)


@FEW
@given(data=st.data())
def test_a_scope_is_seen_with_its_neighbours(data: Any) -> None:
    graph = random_graph(data)
    for scope in Outline(graph).sizes:
        shown = view(graph, scope, expand=True)
        inside = {op.name for op in graph.get_operations() if f"{op.name}/".startswith(f"{scope}/")}
        assert {node.name for node in shown.nodes if node.kind != "outside"} == inside
        joined = {
            other
            for source, target, _ in edges_of(graph)
            for one, other in ((source, target), (target, source))
            if one in inside and other not in inside
        }
        outer = [node for node in shown.nodes if node.kind == "outside"]
        assert {op.name for node in outer for op in node.operations} == joined


def test_a_variable_is_one_node() -> None:
    shown = view(mixed_up())
    assert [(n.label, n.kind, n.detail) for n in shown.nodes] == [
        ("x", "operation", "Placeholder"),
        ("left", "scope", "2 operations"),
        ("right", "scope", "1 operation"),
        ("zeros", "operation", "Const"),
        ("w", "scope", "3 operations"),
    ]
    assert ("left", "right", False) in named_edges(shown)
    assert named_edges(shown)["right", "left", False] == 2
    inside = view(mixed_up(), "w")
    assert [n.label for n in inside.nodes if n.kind == "operation"] == ["w", "Assign", "read"]


def test_opening_a_scope_opens_those_round_it() -> None:
    with tf.Graph().as_default() as graph, tf.name_scope("outer"):
        with tf.name_scope("inner"):
            tf.constant(1.0, name="c")
        tf.constant(1.0, name="d")
    names = [node.name for node in view(graph, expand="outer/inner").nodes]
    assert names == ["outer/inner/c", "outer/d"]
    assert [node.name for node in view(graph, expand=["outer"]).nodes] == ["outer/inner", "outer/d"]
    assert [node.label for node in view(graph, "outer/").nodes] == ["inner", "d"]


@pytest.mark.parametrize("arguments", [{"scope": "nowhere"}, {"expand": ["left", "nowhere"]}])
def test_a_scope_that_is_not_there_is_an_error(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"no name scope 'nowhere'. It has: 'left', 'right', 'w'"):
        view(mixed_up(), **arguments)
    with pytest.raises(ValueError, match="It has: none"):
        view(tf.Graph(), "nowhere")


@pytest.mark.parametrize("kinds", [1, 2, 200])
def test_what_is_drawn_is_bounded(kinds: int) -> None:
    with tf.Graph().as_default() as graph:
        for number in range(600):
            tf.constant(float(number), name=f"kind{number % kinds}x")
    shown = view(graph)
    assert len(shown.nodes) <= MOST_NODES + 1
    assert sum(len(node.operations) for node in shown.nodes) == 600
    several = [node for node in shown.nodes if node.kind == "several"]
    assert several
    if kinds < 3:
        assert [node.detail for node in several] == [f"{600 // kinds} alike"] * kinds
    assert len(view(graph, expand=True).nodes) == 600


def test_many_neighbours_outside_are_one() -> None:
    with tf.Graph().as_default() as graph:
        parts = [tf.placeholder(tf.float32, name=f"in{number}x") for number in range(50)]
        with tf.name_scope("sum"):
            tf.add_n(parts, name="all")
    shown = view(graph, "sum")
    outside = [node for node in shown.nodes if node.kind == "outside"]
    assert len(outside) == 21
    assert sum(edge.count for edge in shown.edges) == 50
