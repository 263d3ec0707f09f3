"""Collections: what is put in, found by scope, cleared and kept."""

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


@pytest.mark.parametrize("source", core_snippets.recorded("collections"))
def test_answers_are_tensorflows(source: str) -> None:
    core_snippets.check(tf, "collections", source)


def test_any_hashable_may_name_a_collection() -> None:
    key = ("a", 1)
    tf.add_to_collection(key, "x")
    tf.get_collection_ref(key).append("y")
    assert tf.get_collection(key) == ["x", "y"]
    assert tf.get_default_graph().get_all_collection_keys() == []


def test_a_finalized_graph_keeps_its_collections() -> None:
    graph = tf.get_default_graph()
    tf.add_to_collection("k", 1)
    graph.finalize()
    for change in (lambda: graph.clear_collection("k"), lambda: tf.add_to_collection("k", 2)):
        with pytest.raises(RuntimeError, match="Graph is finalized and cannot be modified"):
            change()
    assert tf.get_collection("k") == [1]
