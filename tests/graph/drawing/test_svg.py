"""SVG pictures: well-formed, self-contained, and with everything in them."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, strategies as st

import skflow as tf
from skflow.graph.drawing.outline import view
from skflow.graph.drawing.style import escaped, shortened
from tests.graph.drawing.graphs import FEW, mixed_up, random_graph, renamed

SVG = "{http://www.w3.org/2000/svg}"


def titles(svg: str) -> list[str]:
    """What each node says when it is pointed at."""
    return [found.text or "" for found in ET.fromstring(svg).iterfind(f"{SVG}g/{SVG}title")]


@FEW
@given(data=st.data())
def test_an_open_graph_is_the_graph(data: Any) -> None:
    graph = random_graph(data)
    svg = tf.graph_to_svg(graph, expand=True)
    expected = [f"{op.name}: {op.type}" for op in graph.get_operations()]
    assert [title.split("\n")[0] for title in titles(svg)] == expected
    root = ET.fromstring(svg)
    # Each edge is a line and the head of an arrow.
    lines, heads = [g for g in root.iterfind(f"{SVG}g") if g.find(f"{SVG}text") is None]
    assert len(lines) == len(heads) == len(view(graph, expand=True).edges)


@FEW
@given(data=st.data())
def test_everything_lies_in_the_picture(data: Any) -> None:
    root = ET.fromstring(tf.graph_to_svg(random_graph(data)))
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    for rect in root.iterfind(f"{SVG}g/{SVG}rect"):
        x, y, w, h = (float(rect.get(name, "")) for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert x + w <= width
        assert y >= 0
        assert y + h <= height


def test_it_tells_types_and_shapes() -> None:
    said = titles(tf.graph_to_svg(mixed_up(), expand=True))
    assert "x: Placeholder\nx:0 float32 (?, 2)" in said
    assert "left: 2 operations\nleft/a\nleft/twice" in titles(tf.graph_to_svg(mixed_up()))


def test_a_picture_needs_nothing_else() -> None:
    svg = tf.graph_to_svg(mixed_up(), expand=True)
    names = {element.tag.removeprefix(SVG) for element in ET.fromstring(svg).iter()}
    assert names == {"svg", "rect", "path", "g", "title", "text"}
    assert "href" not in svg
    assert " id=" not in svg
    assert svg.count("http") == 1  # the name of the language


HOSTILE = [
    "</title><script>alert(1)</script>",
    "\"><svg onload='alert(1)'>",
    "&amp;<&lt;",
    "]]>\x00\x08\x1b\ud800\uffff",
    "é漢\U0001f600",
    "$x_1$ \\frac",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    graph = renamed(mixed_up(), {"x": name, "right/b": f"right/{name}"})
    for expand in (False, True):
        root = ET.fromstring(tf.graph_to_svg(graph, expand=expand))
        assert {element.tag for element in root.iter()} <= {
            SVG + tag for tag in ("svg", "rect", "path", "g", "title", "text")
        }
        shown = "".join(text for element in root.iter() for text in element.itertext())
        assert ET.fromstring(f"<a>{escaped(name)}</a>").text in shown


def test_escapes_are_undone_by_a_reader() -> None:
    text = "<a b=\"c\" d='e'>&amp;</a>"
    assert ET.fromstring(f'<x y="{escaped(text)}">{escaped(text)}</x>').attrib["y"] == text
    assert ET.fromstring(f"<x y='{escaped(text)}'/>").attrib["y"] == text


def test_long_names_are_shortened() -> None:
    assert shortened("a" * 36) == "a" * 36
    assert len(shortened("a" * 20 + "b" * 80)) <= 36
    assert shortened("a" * 20 + "b" * 80).startswith("aaa")
    assert shortened("a" * 20 + "b" * 80).endswith("bbb")


def test_an_empty_graph() -> None:
    assert titles(tf.graph_to_svg(tf.Graph())) == []
