"""Graphs to draw: random ones, and those that are hard."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings, strategies as st

import skflow as tf
from tests.random_graphs import Author

NAMES = ("a", "b", "layer", "gradients")
FEW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def random_graph(data: Any, steps: int = 8) -> tf.Graph:
    """A random program, parts of which are in name scopes and wait for one another."""
    with tf.Graph().as_default() as graph:
        author = Author(data)
        author.start()
        for _ in range(steps):
            depth = data.draw(st.integers(0, 2))
            scope = "/".join(data.draw(st.sampled_from(NAMES)) for _ in range(depth))
            waiting = graph.get_operations()[-1:] if data.draw(st.booleans()) else []
            with tf.name_scope(scope or None), tf.control_dependencies(waiting):
                author.step()
    return graph


def edges_of(graph: tf.Graph) -> dict[tuple[str, str, bool], int]:
    """How often each operation takes from another one, or waits for it (true)."""
    found: dict[tuple[str, str, bool], int] = {}
    for op in graph.get_operations():
        pairs = [(t.op.name, op.name, False) for t in op.inputs]
        pairs += [(other.name, op.name, True) for other in op.control_inputs]
        for pair in pairs:
            found[pair] = found.get(pair, 0) + 1
    return found


def renamed(graph: tf.Graph, names: dict[str, str]) -> tf.Graph:
    """The graph, with operations called as no graph would let them be called."""
    for op in graph.get_operations():
        op.name = names.get(op.name, op.name)
    return graph


def mixed_up() -> tf.Graph:
    """Two scopes each of which feeds the other, and a variable."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, (None, 2), name="x")
        with tf.name_scope("left"):
            a = tf.square(x, name="a")
        with tf.name_scope("right"):
            b = tf.negative(a, name="b")
        with tf.name_scope("left/"):
            tf.add(b, b, name="twice")
        tf.Variable(tf.zeros([2]), name="w")
    return graph
