"""Graphs come back from their messages as they were, and compute the same."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

import skflow as tf
from skflow.proto.text import parse_text, to_text
from tests.golden import control_programs, graph_messages
from tests.random_graphs import Author

GOLDEN: dict[str, Any] = json.loads(
    gzip.decompress((Path(__file__).parents[2] / "golden" / "graphs_control.json.gz").read_bytes())
)
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
PYTHON = ("control/python_functions",)
PLAIN = {k: p for k, p in graph_messages.programs() if k not in PYTHON}
CALLING = ("called", "counting_calls")
RUNS = [p for p in control_programs.RUNS if p.__name__ not in CALLING]


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def stored(graph: Any) -> Any:
    """The graph's message as a file would bring it."""
    return tf.GraphDef.FromString(graph.as_graph_def(add_shapes=True).SerializeToString())


def without_shapes(message: Any) -> Any:
    """A shape that was learnt late is known in time when the graph is imported."""
    copy = tf.GraphDef()
    copy.CopyFrom(message)
    for node in copy.node:
        node.attr.pop("_output_shapes", None)
    return copy


def imported(message: Any, name: str = "") -> Any:
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(message, name=name)
    return graph


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", PLAIN)
def test_messages_come_back(name: str) -> None:
    """Node by node, in the same order; so does the text."""
    tf.set_random_seed(42)
    PLAIN[name](tf)
    message = stored(tf.get_default_graph())
    once = stored(imported(message))
    assert without_shapes(once) == without_shapes(message)
    assert stored(imported(once)) == once
    assert parse_text(to_text(message), tf.GraphDef) == message


def in_graph(graph: Any, item: Any, prefix: str = "") -> Any:
    """What stands in a graph for a tensor, operation or variable of another."""
    return graph.as_graph_element(prefix + getattr(item, "_variable", item).name)


@pytest.mark.parametrize("prefix", ["", "some/scope/"])
@pytest.mark.parametrize("program", RUNS, ids=lambda p: p.__name__)
def test_bodies_compute_what_they_did(program: Any, prefix: str) -> None:
    """Conditionals, loops and their gradients give TensorFlow's values after two round trips."""
    control_programs.start(tf)
    first, runs = program(tf)
    once = stored(imported(stored(tf.get_default_graph())))
    graph = imported(once, prefix[:-1])
    if not prefix:
        assert stored(graph) == once
    found = []
    with tf.Session(graph=graph) as session:
        if first is not None:
            session.run(in_graph(graph, first, prefix))
        for fetches, feeds in runs:
            values = {in_graph(graph, k, prefix): v for k, v in feeds.items()}
            found.append(session.run([in_graph(graph, f, prefix) for f in fetches], values))
    for values, wanted in zip(found, GOLDEN["runs"][program.__name__], strict=True):
        for value, other in zip(values, wanted, strict=True):
            np.testing.assert_allclose(value, other, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("program", control_programs.BODIES, ids=lambda p: p.__name__)
def test_bodies_come_back(program: Any) -> None:
    """What is inside them too: after the first round trip nothing changes any more."""
    control_programs.start(tf)
    program(tf)
    once = stored(imported(stored(tf.get_default_graph())))
    assert stored(imported(once)) == once
    names = [n.name for n in once.node]
    assert names == [op.name for op in tf.get_default_graph().get_operations()]


@pytest.mark.parametrize("name", CALLING)
def test_python_functions_are_refused(name: str) -> None:
    """No graph holds them, and another function may have the same token by now."""
    control_programs.start(tf)
    getattr(control_programs, name)(tf)
    message = stored(tf.get_default_graph())
    with pytest.raises(ValueError, match="calls the Python function 'pyfunc_.*does not hold"):
        imported(message)


def check(data: Any, steps: int) -> None:
    """Build a program; the imported graph computes the same, updates of variables included."""
    with tf.Graph().as_default() as graph:
        author = Author(data)
        author.start()
        for _ in range(data.draw(st.integers(1, steps), label="steps")):
            author.step()
        program = author.program
        initialize = tf.global_variables_initializer()
    copy = imported(stored(graph))
    assert stored(copy) == stored(graph)
    fetches = [i.tensor for i in program.items] + program.updates
    rng = np.random.default_rng(author.number(0, 1000))
    feeds = {t: rng.standard_normal(s) for t, s in program.feeds.items()}
    found = []
    for where in (graph, copy):
        with tf.Session(graph=where) as session:
            session.run(in_graph(where, initialize))
            given = {in_graph(where, k): v for k, v in feeds.items()}
            asked = [in_graph(where, f) for f in fetches]
            found.append([session.run(asked, given) for _ in range(2)])
    for before, after in zip(*found, strict=True):
        for a, b in zip(before, after, strict=True):
            np.testing.assert_array_equal(a, b)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=QUIET,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
)
@given(data=st.data())
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_random_graphs(data: Any) -> None:
    check(data, 10)


@pytest.mark.soak
@settings(max_examples=2000, deadline=None, suppress_health_check=QUIET)
@given(data=st.data())
def test_random_graphs_at_length(data: Any) -> None:
    check(data, 30)
