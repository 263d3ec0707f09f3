"""Where things lie: no two nodes overlap, edges begin and end at their nodes."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, strategies as st

from skflow.graph.drawing.layers import acyclic
from skflow.graph.drawing.layout import Layout, layered
from tests.graph.drawing.test_layers import Pair, drawn_graphs

WIDTHS = st.floats(1, 300)
HEIGHT = 30.0


def overlap(layout: Layout, widths: list[float], one: int, other: int) -> bool:
    a, b = layout.centers[one], layout.centers[other]
    apart = abs(a.x - b.x) >= (widths[one] + widths[other]) / 2 - 1e-6
    return not apart and abs(a.y - b.y) < HEIGHT - 1e-6


@given(graph=drawn_graphs(), data=st.data())
def test_layouts(graph: tuple[int, list[Pair]], data: st.DataObject) -> None:
    count, edges = graph
    widths = data.draw(st.lists(WIDTHS, min_size=count, max_size=count))
    layout = layered([(w, HEIGHT) for w in widths], edges)
    for one, other in combinations(range(count), 2):
        assert not overlap(layout, widths, one, other)
    for center, w in zip(layout.centers, widths, strict=True):
        assert center.x - w / 2 >= 0
        assert center.x + w / 2 <= layout.width
        assert HEIGHT / 2 <= center.y <= layout.height - HEIGHT / 2
    turned = [edge != down for edge, down in zip(edges, acyclic(count, edges), strict=True)]
    for (source, target), path, back in zip(edges, layout.paths, turned, strict=True):
        half = -HEIGHT / 2 if back else HEIGHT / 2
        start, end = layout.centers[source], layout.centers[target]
        assert path[0] == (start.x, start.y + half)
        assert path[-1] == (end.x, end.y - half)
        heights = [point.y for point in path]
        assert heights == sorted(heights, reverse=back)
        assert (start.y > end.y) == back


def test_a_long_edge_goes_round_what_lies_between() -> None:
    layout = layered([(100.0, HEIGHT)] * 3, [(0, 1), (1, 2), (0, 2)])
    middle, path = layout.centers[1], layout.paths[2]
    assert len(path) == 4
    beside = list(path[1:-1])
    assert all(abs(point.x - middle.x) > 50 for point in beside)
    assert [point.y for point in beside] == [middle.y - HEIGHT / 2, middle.y + HEIGHT / 2]


def test_very_many_edges_are_straight() -> None:
    few, many = [(0, 1), (1, 2), (0, 2)], [(0, 1), (1, 2), (0, 2)] * 200
    lengths = [len(layered([(9.0, HEIGHT)] * 3, edges).paths[2]) for edges in (few, many)]
    assert lengths == [4, 2]


def test_a_chain_is_a_straight_line() -> None:
    layout = layered([(60.0, HEIGHT), (200.0, HEIGHT), (30.0, HEIGHT)], [(0, 1), (1, 2)])
    assert len({round(center.x, 6) for center in layout.centers}) == 1
    assert layout.layers == [0, 1, 2]


def test_one_lies_in_the_middle_below_two() -> None:
    layout = layered([(60.0, HEIGHT)] * 3, [(0, 2), (1, 2)])
    left, right, below = layout.centers
    assert below.x == pytest.approx((left.x + right.x) / 2)


def test_nothing_takes_no_room_but_a_margin() -> None:
    layout = layered([], [])
    assert layout.centers == layout.paths == []
    assert layout.width > 0
    assert layout.height > 0
