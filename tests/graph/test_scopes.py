"""Name scopes: how they nest, are entered again and number what is equal."""

from __future__ import annotations

from typing import Any

import pytest

import skflow as tf
from tests.golden import core_snippets


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


@pytest.mark.parametrize("source", core_snippets.recorded("scopes"))
def test_answers_are_tensorflows(source: str) -> None:
    core_snippets.check(tf, "scopes", source)


def test_a_scope_ends_whatever_happens() -> None:
    graph = tf.get_default_graph()
    blocks = [
        lambda: tf.name_scope("a"),
        lambda: tf.control_dependencies([x]),
        lambda: tf.device("/cpu:0"),
        lambda: graph.colocate_with(x),
        lambda: tf.container("c"),
        lambda: graph.gradient_override_map({"Add": "a"}),
        lambda: tf.name_scope("b", values=[x]),
    ]
    x = tf.constant(1.0)
    for block in blocks:
        with pytest.raises(KeyError), block():
            raise KeyError
    y = x + tf.constant(2.0)
    assert (y.name, y.device, y.op.control_inputs, sorted(y.op.attrs)) == ("add:0", "", [], ["T"])
    assert graph._container == ""


def test_a_scope_of_values_makes_their_graph_the_default_one() -> None:
    with tf.Graph().as_default() as other:
        x = tf.constant(1.0)
        v = tf.Variable(1.0)
    for value in (x, x.op, v):
        with tf.name_scope(None, "s", [3, None, value]):
            assert tf.get_default_graph() is other
    assert tf.get_default_graph() is not other
