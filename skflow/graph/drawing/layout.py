"""Where the nodes and edges of a drawing lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from skflow.graph.drawing.layers import Pair, acyclic, layers_of, ordered

_GAP: Final = 24.0  # between neighbours in a layer
_THIN: Final = 10.0  # the room of an edge that passes a layer
_RISE: Final = 44.0  # between layers
_MARGIN: Final = 12.0
_PASSES: Final = 6

# An edge over more layers is drawn straight: bending it round all that lies between costs more
# than it shows. So are all where there are very many.
_FARTHEST: Final = 12
_MANY: Final = 500


class Point(NamedTuple):
    """A place; y grows downwards."""

    x: float
    y: float


@dataclass(frozen=True)
class Layout:
    """Where everything lies.

    Attributes
    ----------
    layers : list of int
        The layer of each node.
    centers : list of Point
        The centre of each node.
    paths : list of list of Point
        For each edge the points that it passes, from the border of its source to that of its
        target.
    width, height : float
        The room that all takes.
    """

    layers: list[int]
    centers: list[Point]
    paths: list[list[Point]]
    width: float
    height: float


def layered(sizes: Sequence[tuple[float, float]], edges: Sequence[Pair]) -> Layout:
    """Lay a graph out in layers, from top to bottom along its edges.

    Parameters
    ----------
    sizes : sequence of (float, float)
        Width and height of each node.
    edges : sequence of (int, int)
        From which node to which.

    Returns
    -------
    Layout
        No two nodes overlap. An edge leads down, but where edges go round in a circle one of
        them leads up.

    References
    ----------
    K. Sugiyama, S. Tagawa and M. Toda, Methods for visual understanding of hierarchical system
    structures, IEEE Transactions on Systems, Man, and Cybernetics 11 (1981), 109-125.
    """
    count = len(sizes)
    down = acyclic(count, edges)
    layers = layers_of(count, down)
    chains, all_layers = _with_bends(layers, down)
    pieces = [pair for chain in chains for pair in pairwise(chain)]
    rows = ordered(all_layers, pieces)
    widths = [w for w, _ in sizes] + [_THIN] * (len(all_layers) - count)
    xs = _columns(rows, widths, pieces, count)
    heights = [h for _, h in sizes]
    ys, tallest, height = _levels(rows, heights)
    heights += [tallest[layer] for layer in all_layers[count:]]
    points = [Point(x, ys[layer]) for x, layer in zip(xs, all_layers, strict=True)]
    paths = [_path(points, heights, chain) for chain in chains]
    for path, edge, turned in zip(paths, edges, down, strict=True):
        if edge != turned:
            path.reverse()
    width = max((x + w / 2 for x, w in zip(xs, widths, strict=True)), default=0.0) + _MARGIN
    return Layout(layers, points[:count], paths, width, height)


def _with_bends(layers: list[int], edges: list[Pair]) -> tuple[list[list[int]], list[int]]:
    """Each edge as a chain with a bend in every layer it passes, and all layers with the bends."""
    found, chains = list(layers), []
    farthest = _FARTHEST if len(edges) <= _MANY else 1
    for source, target in edges:
        chain = [source]
        if layers[target] - layers[source] <= farthest:
            for layer in range(layers[source] + 1, layers[target]):
                chain.append(len(found))
                found.append(layer)
        chains.append([*chain, target])
    return chains, found


def _path(points: list[Point], heights: list[float], chain: list[int]) -> list[Point]:
    """From the lower border of the first to the upper border of the last, straight past others."""
    borders = []
    for node in chain:
        center, half = points[node], heights[node] / 2
        borders += [Point(center.x, center.y - half), Point(center.x, center.y + half)]
    return borders[1:-1]


def _levels(rows: list[list[int]], heights: list[float]) -> tuple[list[float], list[float], float]:
    """The middle of each layer, its height, and the height of all."""
    tallest = [max((heights[n] for n in row if n < len(heights)), default=0.0) for row in rows]
    middles, top = [], _MARGIN
    for high in tallest:
        middles.append(top + high / 2)
        top += high + _RISE
    return middles, tallest, (top - _RISE if rows else top) + _MARGIN


def _columns(
    rows: list[list[int]], widths: list[float], edges: list[Pair], real: int
) -> list[float]:
    """The middle of each node: near those it is joined to, with room between neighbours."""
    joined: tuple[list[list[int]], list[list[int]]] = (
        [[] for _ in widths],
        [[] for _ in widths],
    )
    for source, target in edges:
        joined[0][target].append(source)
        joined[1][source].append(target)
    xs = [0.0] * len(widths)
    for row in rows:
        _place(row, [0.0] * len(row), widths, xs, real)
    for turn in range(_PASSES):
        others = joined[turn % 2]
        for row in rows if turn % 2 == 0 else reversed(rows):
            wanted = [
                sum(xs[o] for o in others[node]) / len(others[node]) if others[node] else xs[node]
                for node in row
            ]
            _place(row, wanted, widths, xs, real)
    left = min((x - w / 2 for x, w in zip(xs, widths, strict=True)), default=0.0)
    return [x - left + _MARGIN for x in xs]


def _place(
    row: list[int], wanted: list[float], widths: list[float], xs: list[float], real: int
) -> None:
    """Put a layer's nodes as near to where they are wanted as their order and widths allow.

    That is a regression on growing values, solved by joining neighbours that would overlap.

    References
    ----------
    M. Ayer, H. D. Brunk, G. M. Ewing, W. T. Reid and E. Silverman, An empirical distribution
    function for sampling with incomplete information, Annals of Mathematical Statistics 26
    (1955), 641-647.
    """
    offsets = [0.0]
    for left, right in pairwise(row):
        gap = _GAP if left < real and right < real else _THIN
        offsets.append(offsets[-1] + (widths[left] + widths[right]) / 2 + gap)
    blocks: list[tuple[float, int]] = []  # the sum of free places, and how many
    for want, offset in zip(wanted, offsets, strict=True):
        total, size = want - offset, 1
        while blocks and blocks[-1][0] * size > total * blocks[-1][1]:
            before, number = blocks.pop()
            total, size = total + before, size + number
        blocks.append((total, size))
    place = 0
    for total, size in blocks:
        for node, offset in zip(
            row[place : place + size], offsets[place : place + size], strict=True
        ):
            xs[node] = total / size + offset
        place += size
