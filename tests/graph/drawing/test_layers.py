"""Layers along the edges, with few crossings."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, strategies as st

from skflow.graph.drawing.layers import acyclic, layers_of, ordered

Pair = tuple[int, int]


@st.composite
def drawn_graphs(draw: st.DrawFn) -> tuple[int, list[Pair]]:
    """Some nodes, and edges between them that may go round in circles."""
    count = draw(st.integers(1, 12))
    nodes = st.integers(0, count - 1)
    pairs = draw(st.lists(st.tuples(nodes, nodes), max_size=30))
    return count, [(a, b) for a, b in pairs if a != b]


@given(graph=drawn_graphs())
def test_every_edge_leads_to_a_later_layer(graph: tuple[int, list[Pair]]) -> None:
    count, edges = graph
    down = acyclic(count, edges)
    assert [{*edge} for edge in down] == [{*edge} for edge in edges]
    layers = layers_of(count, down)
    assert all(layers[a] < layers[b] for a, b in down)
    assert min(layers) == 0
    # No layer is empty, and none lies further than it has to.
    assert {*layers} == {*range(max(layers) + 1)}
    for node in range(count):
        before = [layers[a] for a, b in down if b == node]
        after = [layers[b] for a, b in down if a == node]
        assert layers[node] == (max(before) + 1 if before else min(after, default=1) - 1)


@given(graph=drawn_graphs())
def test_edges_without_circles_stay_as_they_are(graph: tuple[int, list[Pair]]) -> None:
    count, edges = graph
    forward = [(min(edge), max(edge)) for edge in edges]
    assert acyclic(count, forward) == forward


@given(graph=drawn_graphs())
def test_orders_are_orders_and_no_worse(graph: tuple[int, list[Pair]]) -> None:
    count, edges = graph
    down = acyclic(count, edges)
    layers = layers_of(count, down)
    rows = ordered(layers, down)
    first = [[n for n in range(count) if layers[n] == layer] for layer in range(len(rows))]
    assert [sorted(row) for row in rows] == first
    assert crossings(rows, layers, down) <= crossings(first, layers, down)


def crossings(rows: list[list[int]], layers: list[int], edges: list[Pair]) -> int:
    """Pairs of edges that cross, one by one."""
    place = {node: number for row in rows for number, node in enumerate(row)}
    near = [(a, b) for a, b in edges if layers[b] == layers[a] + 1]
    return sum(
        layers[a] == layers[c] and (place[a] - place[c]) * (place[b] - place[d]) < 0
        for (a, b), (c, d) in combinations(near, 2)
    )


def test_what_need_not_cross_does_not() -> None:
    layers = [0, 0, 0, 1, 1, 1]
    edges = [(0, 5), (1, 4), (2, 3)]
    assert crossings([[0, 1, 2], [3, 4, 5]], layers, edges) == 3
    assert crossings(ordered(layers, edges), layers, edges) == 0


def test_nothing_has_no_layers() -> None:
    assert layers_of(0, []) == []
    assert ordered([], []) == []
