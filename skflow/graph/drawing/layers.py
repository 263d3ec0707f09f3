"""Nodes in layers along the edges: which layer, and in which order within it."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

Pair = tuple[int, int]

_SWEEPS: Final = 8


def acyclic(count: int, edges: Iterable[Pair]) -> list[Pair]:
    """Edges without circles: those that lead back to where a walk came from are turned round.

    Folding makes circles: of two scopes each may feed the other.

    Parameters
    ----------
    count : int
        How many nodes there are.
    edges : iterable of (int, int)
        From which to which.

    Returns
    -------
    list of (int, int)
        In the same order.
    """
    edges = list(edges)
    after = _neighbours(count, edges)
    state, rank = [0] * count, [0] * count
    ended = 0
    for root in range(count):
        stack = [(root, iter(after[root]))] if not state[root] else []
        state[root] = state[root] or 1
        while stack:
            node, others = stack[-1]
            unseen = next((other for other in others if not state[other]), None)
            if unseen is None:
                rank[node], state[node] = ended, 2
                ended += 1
                stack.pop()
            else:
                state[unseen] = 1
                stack.append((unseen, iter(after[unseen])))
    return [(a, b) if rank[a] > rank[b] else (b, a) for a, b in edges]


def _neighbours(count: int, edges: Iterable[Pair]) -> list[list[int]]:
    after: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        after[source].append(target)
    return after


def layers_of(count: int, edges: Sequence[Pair]) -> list[int]:
    """The layer of each node: one further than the furthest it takes from.

    What takes from nothing, such as a constant, lies just before what it goes to.

    Parameters
    ----------
    count : int
        How many nodes there are.
    edges : sequence of (int, int)
        From which to which, without circles.

    Returns
    -------
    list of int
        Each edge leads from a lower number to a higher one.
    """
    after = _neighbours(count, edges)
    waiting = [0] * count
    for _, target in edges:
        waiting[target] += 1
    sources = [node for node in range(count) if not waiting[node]]
    layers, ready = [0] * count, list(sources)
    while ready:
        node = ready.pop()
        for target in after[node]:
            layers[target] = max(layers[target], layers[node] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    for node in sources:
        layers[node] = min((layers[t] for t in after[node]), default=1) - 1
    return layers


def ordered(layers: Sequence[int], edges: Sequence[Pair]) -> list[list[int]]:
    """The nodes of each layer in an order in which few edges cross.

    Parameters
    ----------
    layers : sequence of int
        The layer of each node.
    edges : sequence of (int, int)
        Those between neighbouring layers matter, from the lower one to the higher one.

    Returns
    -------
    list of list of int
        The nodes of each layer.

    Notes
    -----
    Each node goes to the mean place of those that it is joined to, layer by layer, to and fro; the
    best order met is kept.

    References
    ----------
    K. Sugiyama, S. Tagawa and M. Toda, Methods for visual understanding of hierarchical system
    structures, IEEE Transactions on Systems, Man, and Cybernetics 11 (1981), 109-125.
    """
    rows: list[list[int]] = [[] for _ in range(max(layers, default=-1) + 1)]
    for node, layer in enumerate(layers):
        rows[layer].append(node)
    near = [(a, b) for a, b in edges if layers[b] == layers[a] + 1]
    before, after = (
        _neighbours(len(layers), ((b, a) for a, b in near)),
        _neighbours(len(layers), near),
    )
    best, fewest = rows, _crossings(rows, after)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        rows = _swept(rows, before if down else after, down=down)
        crossings = _crossings(rows, after)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def _swept(rows: list[list[int]], joined: list[list[int]], *, down: bool) -> list[list[int]]:
    """Each layer in the order of the mean places of its nodes in the layer before it."""
    found = list(rows)
    numbers = range(1, len(rows)) if down else range(len(rows) - 2, -1, -1)
    for number in numbers:
        fixed = {
            node: place for place, node in enumerate(found[number - 1 if down else number + 1])
        }
        means = {
            node: sum(fixed[other] for other in joined[node]) / len(joined[node])
            if joined[node]
            else float(place)
            for place, node in enumerate(found[number])
        }
        found[number] = sorted(found[number], key=means.__getitem__)
    return found


def _crossings(rows: list[list[int]], after: list[list[int]]) -> int:
    """How many pairs of edges between neighbouring layers cross."""
    total = 0
    for row, following in pairwise(rows):
        places = {node: place for place, node in enumerate(following)}
        seen: list[int] = []
        for node in row:
            ends = sorted(places[other] for other in after[node])
            total += sum(len(seen) - bisect_left(seen, end + 1) for end in ends)
            for end in ends:
                insort(seen, end)
    return total
