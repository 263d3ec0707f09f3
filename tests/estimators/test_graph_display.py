"""A graph as a plot."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

import skflow as tf
from skflow.estimators import GraphDisplay
from skflow.graph.drawing.outline import view
from tests.estimators.cases import CASES, Case


@pytest.fixture(autouse=True)
def figures() -> Iterator[None]:
    mpl.use("Agg")
    yield
    plt.close("all")


@pytest.fixture
def graph() -> tf.Graph:
    with tf.Graph().as_default() as made:
        x = tf.placeholder(tf.float32, (None, 3), name="x")
        with tf.name_scope("loss"), tf.control_dependencies([tf.no_op(name="wait")]):
            tf.reduce_mean(tf.square(x), name="mean")
    return made


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_estimators_graph_is_drawn(case: Case) -> None:
    model = case.fitted()
    display = GraphDisplay.from_estimator(model)
    nodes = view(model.graph_).nodes
    assert [t.get_text() for t in display.texts_[::2]] == [node.label for node in nodes]
    assert display.ax_.get_title() == type(model).__name__
    assert len(display.boxes_) == len(nodes)
    display.figure_.canvas.draw()


def test_scopes_open(graph: tf.Graph) -> None:
    folded = GraphDisplay.from_graph(graph)
    assert [t.get_text() for t in folded.texts_] == [
        *("x", "Placeholder"),
        *("loss", "4 operations"),
    ]
    opened = GraphDisplay.from_graph(graph, expand="loss")
    assert len(opened.boxes_) == len(graph.get_operations())
    inside = GraphDisplay.from_graph(graph, scope="loss")
    assert "mean" in [t.get_text() for t in inside.texts_]
    with pytest.raises(ValueError, match="no name scope 'nowhere'"):
        GraphDisplay.from_graph(graph, scope="nowhere")


def test_boxes_lie_in_the_axes_and_do_not_overlap(graph: tf.Graph) -> None:
    display = GraphDisplay.from_graph(graph, expand=True)
    display.figure_.canvas.draw()
    inside = display.ax_.get_window_extent().padded(1)
    extents = [box.get_window_extent() for box in display.boxes_]
    for number, extent in enumerate(extents):
        assert inside.x0 <= extent.x0 < extent.x1 <= inside.x1
        assert inside.y0 <= extent.y0 < extent.y1 <= inside.y1
        assert not any(extent.overlaps(other) for other in extents[:number])


def test_edges_look_as_one_likes(graph: tf.Graph) -> None:
    display = GraphDisplay.from_graph(graph, expand=True)
    styles = {arrow.get_linestyle() for arrow in display.edges_}
    assert styles == {"-", "--"}
    again = display.plot(edge_kw={"c": "r", "ls": ":"}, name="again")
    assert again is display
    assert {arrow.get_linestyle() for arrow in display.edges_} == {":"}
    assert {arrow.get_edgecolor()[:3] for arrow in display.edges_} == {(1.0, 0.0, 0.0)}
    assert display.ax_.get_title() == "again"


def test_it_draws_where_it_is_told(graph: tf.Graph) -> None:
    figure, ax = plt.subplots(figsize=(4, 3))
    display = GraphDisplay.from_graph(graph, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert tuple(figure.get_size_inches()) == (4, 3)


def test_only_graphs_are_drawn() -> None:
    with pytest.raises(TypeError, match="graph must be a Graph, got int"):
        GraphDisplay.from_graph(3)  # type: ignore[arg-type]


def test_an_empty_graph_is_drawn() -> None:
    display = GraphDisplay.from_graph(tf.Graph())
    assert display.boxes_ == display.edges_ == []
    display.figure_.canvas.draw()
