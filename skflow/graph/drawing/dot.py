"""A graph in Graphviz's language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from skflow.graph.core import Graph
from skflow.graph.drawing.outline import Node, View, above, view
from skflow.graph.drawing.style import COLORS

_SHAPES: Final = {"operation": "ellipse", "scope": "box", "several": "box3d", "outside": "box"}

# Scopes as a tree: each has its nodes, and the scopes inside it.
Tree = dict[str, Any]


def graph_to_dot(
    graph: Graph, *, scope: str = "", expand: bool | str | Iterable[str] = False
) -> str:
    """A graph as Graphviz DOT text, for ``dot -Tsvg`` and the like.

    Parameters
    ----------
    graph : Graph
        The graph.
    scope : str
        The name scope whose inside is drawn, with what it is joined to; by default the graph.
    expand : bool, str or iterable of str
        The name scopes that are open, as boxes round what is in them: all, none, or those named.

    Returns
    -------
    str
        Nodes have the names of operations and scopes. A dashed edge is one of control.

    Raises
    ------
    ValueError
        If there is no such scope.

    Examples
    --------
    >>> import skflow as tf
    >>> with tf.Graph().as_default() as graph:
    ...     doubled = tf.multiply(tf.placeholder(tf.float32, name="x"), 2.0, name="doubled")
    >>> print(tf.graph_to_dot(graph))
    digraph {
      rankdir=TB;
      node [style=filled, fontname="sans-serif", fontsize=11];
      "x" [label="x\\nPlaceholder", shape=ellipse, fillcolor="#fff7e0"];
      "doubled" [label="doubled\\n2 operations", shape=box, fillcolor="#dbe9f6"];
      "x" -> "doubled";
    }
    """
    shown = view(graph, scope, expand)
    lines = [
        "digraph {",
        "  rankdir=TB;",
        '  node [style=filled, fontname="sans-serif", fontsize=11];',
        *_nested(shown),
        *_edge_lines(shown),
        "}",
    ]
    return "\n".join(lines)


def _nested(shown: View) -> Iterator[str]:
    """The lines of the nodes, in boxes for the open scopes."""
    open_scopes = {scope for node in shown.nodes for scope in above(node.name)}
    inside: dict[str, list[Node]] = {}
    boxes: Tree = {}
    for node in shown.nodes:
        scopes = [] if node.kind == "outside" else above(node.name)
        if node.kind == "operation" and node.name in open_scopes:
            scopes.append(node.name)
        inside.setdefault(scopes[-1] if scopes else "", []).append(node)
        at = boxes
        for scope in scopes:
            at = at.setdefault(scope, {})
    yield from _box(boxes, inside, "  ")
    for node in inside.get("", ()):
        yield f"  {_node_line(node)}"


def _box(boxes: Tree, inside: dict[str, list[Node]], indent: str) -> Iterator[str]:
    for scope, inner in boxes.items():
        yield f"{indent}subgraph {_quoted(f'cluster_{scope}')} {{"
        yield f"{indent}  label={_quoted(scope.rpartition('/')[2])};"
        yield f'{indent}  style=rounded; color="{COLORS["edge"]}";'
        for node in inside.get(scope, ()):
            yield f"{indent}  {_node_line(node)}"
        yield from _box(inner, inside, f"{indent}  ")
        yield f"{indent}}}"


def _node_line(node: Node) -> str:
    label = node.label.rpartition("/")[2] if node.kind == "operation" else node.label
    style = ', style="filled,dashed"' if node.kind == "outside" else ""
    return (
        f"{_quoted(node.name)} [label={_quoted(label, node.detail)}, "
        f'shape={_SHAPES[node.kind]}, fillcolor="{COLORS[node.kind]}"{style}];'
    )


def _edge_lines(shown: View) -> Iterator[str]:
    for edge in shown.edges:
        styles = ["style=dashed"] * edge.control
        if edge.count > 1:
            styles.append(f'label="{edge.count}"')
        ends = (_quoted(shown.nodes[place].name) for place in (edge.source, edge.target))
        attributes = f" [{', '.join(styles)}]" if styles else ""
        yield f"  {' -> '.join(ends)}{attributes};"


def _quoted(*lines: str) -> str:
    """Lines of text as one quoted string."""
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'
