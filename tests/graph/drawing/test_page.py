"""HTML for notebooks: what opens, what is escaped, and how large it may become."""

from __future__ import annotations

import base64
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, strategies as st

import skflow as tf
from skflow.graph.drawing.outline import Outline
from tests.graph.drawing.graphs import FEW, mixed_up, random_graph, renamed
from tests.graph.drawing.test_svg import HOSTILE

# What notebooks keep of output that they do not trust; the pictures are data within an attribute.
KEPT = {"div", "details", "summary", "strong", "code", "ul", "li", "img"}
ATTRIBUTES = {"style", "alt", "src", "open"}
EMPTY = {"img"}


class Page(HTMLParser):
    """Reads a page; every element must be closed in its place."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.pictures: list[str] = []
        self.summaries: list[str] = []
        self.codes: list[str] = []
        self.items = 0
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.items += tag == "li"
        if tag == "summary":
            self.summaries.append("")
        if tag == "code":
            self.codes.append("")
        if tag == "img":
            kind, _, data = (dict(attrs)["src"] or "").partition(",")
            assert kind == "data:image/svg+xml;base64"
            self.pictures.append(base64.b64decode(data, validate=True).decode())
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "summary" in self.open:
            self.summaries[-1] += data
        if "code" in self.open:
            self.codes[-1] += data


@FEW
@given(data=st.data())
def test_pages_of_random_graphs(data: Any) -> None:
    graph = random_graph(data)
    page = Page(graph._repr_html_())
    assert page.tags <= KEPT
    assert page.attributes <= ATTRIBUTES
    sizes = Outline(graph).sizes
    assert len(page.pictures) == len(page.summaries) == len(sizes) + 1
    assert page.items == len(graph.get_operations())
    for picture in page.pictures:
        assert ET.fromstring(picture).tag.endswith("svg")


def test_scopes_open() -> None:
    page = Page(mixed_up()._repr_html_())
    assert page.summaries == [
        "Graph: 8 operations",
        "left (2 operations)",
        "right (1 operation)",
        "w (3 operations)",
    ]
    assert page.codes == [
        "left",
        "a",
        "twice",
        "right",
        "b",
        "w",
        "w",
        "Assign",
        "read",
        "x",
        "zeros",
    ]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    graph = renamed(mixed_up(), {"x": name, "right/b": f"right/{name}", "left/a": f"{name}/a"})
    page = Page(graph._repr_html_())
    assert page.tags <= KEPT
    assert page.attributes <= ATTRIBUTES
    for picture in page.pictures:
        ET.fromstring(picture)


def test_an_empty_graph() -> None:
    assert Page(tf.Graph()._repr_html_()).items == 0


def wide() -> None:
    for number in range(3000):
        tf.constant(1.0, name=f"c{number}x")


def deep() -> None:
    for number in range(200):
        with tf.name_scope("/".join(["s"] * (number + 1))):
            tf.constant(1.0)


def scoped() -> None:
    for number in range(400):
        with tf.name_scope(f"part{number}of"), tf.name_scope("inner"):
            for _ in range(8):
                tf.constant(1.0)


def tangled() -> None:
    made = [tf.constant(1.0)]
    for number in range(3000):
        with tf.name_scope(f"s{number % 37}x"):
            made.append(tf.add(made[number * 7919 % len(made)], made[number * 31 % len(made)]))


@pytest.mark.parametrize("build", [wide, deep, scoped, tangled])
def test_large_graphs_are_bounded(build: Any) -> None:
    with tf.Graph().as_default() as graph:
        build()
    text = graph._repr_html_()
    assert len(text) < 500_000
    page = Page(text)
    assert page.summaries[0] == f"Graph: {len(graph.get_operations())} operations"
    assert len(page.pictures) <= 200


def test_what_is_too_large_is_told_in_words() -> None:
    with tf.Graph().as_default() as graph:
        tangled()
    page = graph._repr_html_()
    assert "Too large to be drawn here: " in page


def test_it_is_what_a_notebook_asks_for() -> None:
    assert mixed_up()._repr_html_().startswith("<div><details open>")
