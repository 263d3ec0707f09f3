"""What nodes look like, whoever draws them."""

from __future__ import annotations

import re
from typing import Final

from skflow.graph.drawing.layout import Layout, layered
from skflow.graph.drawing.outline import Node, View

COLORS: Final = {
    "operation": "#fff7e0",
    "scope": "#dbe9f6",
    "several": "#e6f2e2",
    "outside": "#f2f2f2",
    "edge": "#8a94a0",
    "border": "#5b6570",
    "text": "#1c2128",
    "faint": "#57606a",
}

LABEL_SIZE, DETAIL_SIZE, HEIGHT = 12, 10, 38.0
_LABEL_STEP, _DETAIL_STEP, _PADDING = 7.0, 5.8, 20.0
_LONGEST: Final = 36

# What XML forbids in any form, and halves of a character.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

_ENTITIES: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
)


def shortened(text: str) -> str:
    """Text without its middle if it is long."""
    if len(text) <= _LONGEST:
        return text
    half = (_LONGEST - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def escaped(text: str) -> str:
    """Text as it stands in XML and HTML, between tags or in quotes."""
    text = _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
    return text.translate(_ENTITIES)


def arranged(shown: View) -> Layout:
    """Where a view's nodes and edges lie.

    Parameters
    ----------
    shown : View
        What is drawn.

    Returns
    -------
    Layout
        In units of about a pixel.
    """
    pairs = [(edge.source, edge.target) for edge in shown.edges]
    return layered([(width(node), HEIGHT) for node in shown.nodes], pairs)


def width(node: Node) -> float:
    """How much room a node's texts take."""
    label, detail = len(shortened(node.label)), len(shortened(node.detail))
    return max(label * _LABEL_STEP, detail * _DETAIL_STEP) + _PADDING
