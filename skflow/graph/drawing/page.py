"""A graph as HTML for notebooks: name scopes that open, each with a picture of its inside."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterator
from typing import Final

from skflow.graph.core import Graph
from skflow.graph.drawing.outline import Node, Outline, View, view
from skflow.graph.drawing.style import escaped, shortened
from skflow.graph.drawing.svg import drawn, signature

# What a notebook bears as one cell's output.
_MOST_CHARACTERS: Final = 400_000
_LARGEST_PICTURE: Final = 120_000
_MOST_SCOPES: Final = 200
_MOST_LISTED: Final = 100
_DEEPEST: Final = 12

_PICTURE: Final = "max-width: 100%; border: 1px solid #d0d7de; border-radius: 6px"
_INSIDE: Final = "margin: 4px 0 8px 16px"


def graph_to_html(graph: Graph) -> str:
    """A graph as a piece of HTML: the folded graph, and in it what opens.

    It has no scripts, no styles beside those of its own elements, no ids, and refers to nothing
    elsewhere. The pictures are images rather than elements of the page, and scopes are
    ``<details>``, so that notebooks show both even where they trust no output.

    Parameters
    ----------
    graph : Graph
        The graph.

    Returns
    -------
    str
        Its length is bounded: of very large graphs the inner scopes are only counted.
    """
    return _Page(Outline(graph)).text()


class _Page:
    """Writes the page, scope by scope; the outer ones come first where room is scarce."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._views: dict[str, View] = {}
        self._pictures: dict[str, str] = {}
        self._choose()

    def _choose(self) -> None:
        """Draw scopes, outer before inner ones, until there is enough."""
        room, level = _MOST_CHARACTERS, [""]
        for _ in range(_DEEPEST):
            inner = []
            for scope in level:
                if len(self._views) >= _MOST_SCOPES or room <= 0:
                    return
                shown = view(self._outline, scope)
                picture = _picture(shown)
                room -= len(picture) + 100 * min(len(shown.nodes), _MOST_LISTED)
                self._views[scope], self._pictures[scope] = shown, picture
                inner += [node.name for node in shown.nodes if node.kind == "scope"]
            level = inner

    def text(self) -> str:
        """All of it."""
        number = len(self._outline.operations)
        title = f"<strong>Graph</strong>: {number} operation{'s' * (number != 1)}"
        if not number:
            return f"<div>{title}</div>"
        lines = [
            f"<div><details open><summary>{title}</summary>",
            *self._inside(""),
            "</details></div>",
        ]
        return "\n".join(lines)

    def _inside(self, scope: str) -> Iterator[str]:
        nodes = [node for node in self._views[scope].nodes if node.kind != "outside"]
        yield f'<div style="{_INSIDE}">'
        yield self._pictures[scope]
        scopes = [node for node in nodes if node.kind == "scope"]
        for node in scopes:
            yield from self._scope(node)
        yield from _listed([node for node in nodes if node.kind != "scope"])
        yield "</div>"

    def _scope(self, node: Node) -> Iterator[str]:
        title = f"<code>{escaped(shortened(node.label))}</code> ({node.detail})"
        if node.name not in self._views:
            yield f"<div>{title}</div>"
            return
        yield f"<details><summary>{title}</summary>"
        yield from self._inside(node.name)
        yield "</details>"


def _picture(shown: View) -> str:
    """A view as an image that is in the page itself."""
    data = b2a_base64(drawn(shown, titles=False).encode(), newline=False).decode()
    inside = f"the scope {shown.scope}" if shown.scope else "the graph"
    alt = f"{len(shown.nodes)} nodes of {inside}, {len(shown.edges)} edges between them"
    source = f"data:image/svg+xml;base64,{data}"
    if len(source) > _LARGEST_PICTURE:
        return f"<div>Too large to be drawn here: {escaped(alt)}.</div>"
    return f'<img alt="{escaped(alt)}" style="{_PICTURE}" src="{source}">'


def _listed(nodes: list[Node]) -> Iterator[str]:
    """A table of what does not open."""
    if not nodes:
        return
    yield "<ul>"
    for node in nodes[:_MOST_LISTED]:
        outputs = ""
        if node.kind == "operation":
            outputs = ", ".join(signature(t) for t in node.operations[0].outputs[:3])
        parts = f"<code>{escaped(shortened(node.label))}</code> {escaped(node.detail)}"
        yield f"<li>{parts} {escaped(outputs)}</li>".replace(" </li>", "</li>")
    if len(nodes) > _MOST_LISTED:
        yield f"<li>… and {len(nodes) - _MOST_LISTED} more</li>"
    yield "</ul>"
