"""A graph as a picture in SVG, laid out without any other program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from skflow.graph.core import Graph
from skflow.graph.drawing.layout import Point
from skflow.graph.drawing.outline import Edge, Node, View, view
from skflow.graph.drawing.style import (
    COLORS,
    DETAIL_SIZE,
    HEIGHT,
    LABEL_SIZE,
    arranged,
    escaped,
    shortened,
    width,
)
from skflow.graph.nodes import Tensor

_START: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}" '
    'font-family="sans-serif" font-size="{2}" text-anchor="middle">'
)
_ROUND: Final = {"operation": HEIGHT / 2, "scope": 4.0, "several": 4.0, "outside": 4.0}
_ARROW: Final = 6.0
_MANY_NAMES: Final = 12


def graph_to_svg(
    graph: Graph, *, scope: str = "", expand: bool | str | Iterable[str] = False
) -> str:
    """A graph as an SVG picture, with nothing else installed.

    Parameters
    ----------
    graph : Graph
        The graph.
    scope : str
        The name scope whose inside is drawn, with what it is joined to; by default the graph.
    expand : bool, str or iterable of str
        The name scopes that are open: all, none, or those named. Unless all are, like nodes
        are drawn as one where there would be very many.

    Returns
    -------
    str
        A picture that needs neither scripts nor fonts nor other files. Data flows from top to
        bottom; a dashed edge is one of control. Browsers show a node's names, types and shapes
        when the pointer rests on it.

    Raises
    ------
    ValueError
        If there is no such scope.

    Examples
    --------
    >>> import skflow as tf
    >>> with tf.Graph().as_default() as graph:
    ...     doubled = tf.placeholder(tf.float32, name="x") * 2.0
    >>> tf.graph_to_svg(graph)[:40]
    '<svg xmlns="http://www.w3.org/2000/svg" '
    """
    return drawn(view(graph, scope, expand))


def drawn(shown: View, *, titles: bool = True) -> str:
    """A view as an SVG picture.

    Parameters
    ----------
    shown : View
        What is drawn.
    titles : bool
        Whether it tells more of what the pointer rests on. Images in a page do not, anyway.

    Returns
    -------
    str
    """
    layout = arranged(shown)
    size = (round(layout.width), round(layout.height))
    edges = list(zip(shown.edges, layout.paths, strict=True))
    parts = [
        _START.format(*size, LABEL_SIZE),
        '<rect width="100%" height="100%" rx="6" fill="#ffffff"/>',
        f'<g fill="none" stroke="{COLORS["edge"]}">',
        *(_curve(edge, path, _flow(edge, shown) if titles else "") for edge, path in edges),
        f'</g><g fill="{COLORS["edge"]}">',
        *(_head(path) for _, path in edges),
        "</g>",
    ]
    for node, center in zip(shown.nodes, layout.centers, strict=True):
        parts += _node(node, center, titles)
    return "\n".join([*parts, "</svg>"])


def _short(*numbers: float) -> str:
    """Numbers to a tenth, with no more characters than that takes."""
    return ",".join(f"{number:.1f}".removesuffix(".0") for number in numbers)


def _node(node: Node, center: Point, titles: bool) -> Iterator[str]:
    w, h = width(node), HEIGHT
    left, top = center.x - w / 2, center.y - h / 2
    look = f'fill="{COLORS[node.kind]}" stroke="{COLORS["border"]}"'
    dashes = ' stroke-dasharray="4 3"' if node.kind == "outside" else ""
    yield f"<g><title>{escaped(_told(node))}</title>" if titles else "<g>"
    # What stands for several is drawn as a stack.
    for shift in (4, 2, 0) if node.kind == "several" else (0,):
        yield (
            f'<rect x="{_short(left + shift)}" y="{_short(top - shift)}" width="{_short(w)}" '
            f'height="{_short(h)}" rx="{_ROUND[node.kind]:g}" {look}{dashes}/>'
        )
    yield _text(node.label, center.x, center.y - 2, f'fill="{COLORS["text"]}"')
    small = f'font-size="{DETAIL_SIZE}" fill="{COLORS["faint"]}"'
    yield f"{_text(node.detail, center.x, center.y + 12, small)}</g>"


def _text(text: str, x: float, y: float, look: str) -> str:
    place = f'x="{_short(x)}" y="{_short(y)}"'
    return f"<text {place} {look}>{escaped(shortened(text))}</text>"


def _told(node: Node) -> str:
    """What a node is, at some length."""
    if node.kind == "operation" or (node.kind == "outside" and len(node.operations) == 1):
        op = node.operations[0]
        return "\n".join(
            [f"{op.name}: {op.type}", *(f"{t.name} {signature(t)}" for t in op.outputs)]
        )
    names = [op.name for op in node.operations[:_MANY_NAMES]]
    more = ["…"] if len(node.operations) > _MANY_NAMES else []
    return "\n".join([f"{node.label}: {node.detail}", *names, *more])


def signature(tensor: Tensor) -> str:
    """A tensor's type and shape, such as ``float32 (?, 3)``."""
    return f"{tensor.dtype.name} {tensor.get_shape()}"


def _flow(edge: Edge, shown: View) -> str:
    """What an edge is, at some length."""
    ends = (shown.nodes[place].name for place in (edge.source, edge.target))
    how = "control" if edge.control else "1 tensor" if edge.count == 1 else f"{edge.count} tensors"
    return f"{' → '.join(ends)} ({how})"


def _base(path: list[Point]) -> Point:
    """Where the head of an arrow begins, above or below its tip."""
    end = path[-1]
    return Point(end.x, end.y + (_ARROW if end.y < path[-2].y else -_ARROW))


def _curve(edge: Edge, path: list[Point], told: str) -> str:
    points = [*path[:-1], _base(path)]
    curve = f"M{_short(*points[0])}"
    for a, b in pairwise(points):
        middle = (a.y + b.y) / 2
        straight = abs(a.x - b.x) < 0.05
        curve += f"V{_short(b.y)}" if straight else f"C{_short(a.x, middle, b.x, middle, *b)}"
    dashes = ' stroke-dasharray="4 3"' if edge.control else ""
    thickness = ' stroke-width="1.8"' if edge.count > 1 else ""
    title = f"<title>{escaped(told)}</title>" if told else ""
    return f'<path d="{curve}"{thickness}{dashes}>{title}</path>'


def _head(path: list[Point]) -> str:
    tip, base = path[-1], _base(path)
    sides = _short(base.x - 3.5, base.y), _short(base.x + 3.5, base.y)
    return f'<path d="M{_short(*tip)}L{sides[0]}L{sides[1]}z"/>'
