"""Nodes are ordered by what they take, otherwise as they come."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings, strategies as st

from skflow.graph.serialize.ordering import in_order


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(data=st.data(), count=st.integers(0, 30))
def test_order(data: st.DataObject, count: int) -> None:
    """Of random graphs without cycles, each node numbered at random."""
    numbers = data.draw(st.permutations(range(count)))
    wanted: list[list[int]] = [[] for _ in range(count)]
    for place in range(count):
        if place:
            taken = data.draw(st.sets(st.integers(0, place - 1), max_size=3))
            wanted[numbers[place]] = [numbers[i] for i in taken]
    order, cycle = in_order(wanted)
    assert not cycle
    assert sorted(order) == list(range(count))
    places = {node: i for i, node in enumerate(order)}
    assert all(places[other] < places[node] for node in order for other in wanted[node])
    ready = [n for n in range(count) if not wanted[n]]
    assert [n for n in order if n in ready] == ready


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    wanted=st.integers(1, 12).flatmap(
        lambda n: st.lists(st.sets(st.integers(0, n - 1)).map(list), min_size=n, max_size=n)
    )
)
def test_cycles(wanted: list[list[int]]) -> None:
    """Every answer proves itself: an order of all nodes, or a cycle that is one."""
    order, cycle = in_order(wanted)
    if not cycle:
        assert sorted(order) == list(range(len(wanted)))
        return
    assert all(after in wanted[node] for node, after in pairwise(cycle))
    assert cycle[0] in wanted[cycle[-1]]
    assert len(set(cycle)) == len(cycle)


def test_an_order_that_is_one_is_kept() -> None:
    assert in_order([[], [0], [], [1, 2]]) == ([0, 1, 2, 3], [])
    assert in_order([]) == ([], [])
