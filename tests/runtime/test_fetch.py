"""Fetches of any nesting: each tensor is computed once and put back in its places."""

from __future__ import annotations

import collections
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings, strategies as st

import skflow as tf
from skflow.runtime.fetch import FetchList, IndexedSlicesValue


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


class Pair(NamedTuple):
    first: Any
    second: Any


def test_distinct_items_in_order() -> None:
    a, b = tf.constant(1, name="a"), tf.constant(2, name="b")
    fetches = FetchList(tf.get_default_graph(), [b, (a, b), {"k": "a:0", "op": a.op}])
    assert fetches.items == [b, a, a.op]
    assert fetches.rebuild([20, 10, None]) == [20, (10, 20), {"k": 10, "op": None}]


NESTINGS = st.recursive(
    st.integers(0, 3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.builds(Pair, inner, inner)
        | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)
    ),
    max_leaves=8,
)


def replaced(nesting: Any, leaf: Any) -> Any:
    if isinstance(nesting, Pair):
        return Pair(*[replaced(n, leaf) for n in nesting])
    if isinstance(nesting, (list, tuple)):
        return type(nesting)([replaced(n, leaf) for n in nesting])
    if isinstance(nesting, dict):
        return {k: replaced(n, leaf) for k, n in nesting.items()}
    return leaf(nesting)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(NESTINGS)
def test_values_take_the_nesting_of_the_fetches(nesting: Any) -> None:
    graph = tf.Graph()
    with graph.as_default():
        tensors = [tf.constant(i * 10) for i in range(4)]
    with tf.Session(graph=graph) as session:
        found = session.run(replaced(nesting, lambda i: tensors[i]))
    assert found == replaced(nesting, lambda i: i * 10)
    assert type(found) is type(nesting) or not isinstance(nesting, (list, tuple, dict))


@pytest.mark.parametrize("kind", [dict, collections.OrderedDict, collections.Counter])
def test_mappings_keep_their_type(kind: Any) -> None:
    a = tf.constant(7)
    with tf.Session() as session:
        found = session.run(kind({"a": a}))
    assert type(found) is kind
    assert found == {"a": 7}


def test_a_mapping_with_a_factory() -> None:
    fetches: Any = collections.defaultdict(list)
    fetches["a"] = tf.constant(7)
    with tf.Session() as session:
        assert session.run(fetches) == {"a": 7}


def test_named_tuples_made_for_one_call() -> None:
    """A fetch that is gone may leave its address to the next one, which is another."""
    a, b = tf.constant(1), tf.constant(2)
    with tf.Session() as session:
        for _ in range(20):
            assert session.run(Pair(a, b)) == Pair(1, 2)
            assert session.run(Pair(b, a)) == Pair(2, 1)


def test_slices_without_a_shape() -> None:
    slices = tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([0]))
    with tf.Session() as session:
        found = session.run({"slices": slices})["slices"]
    assert isinstance(found, IndexedSlicesValue)
    assert found.values.tolist() == [[1.0]]
    assert found.dense_shape is None


def test_what_is_of_another_graph() -> None:
    with tf.Graph().as_default():
        foreign = tf.constant(1, name="foreign")
    tf.constant(1)
    with tf.Session() as session:
        for fetch in (foreign, [foreign], "missing:0"):
            with pytest.raises(ValueError, match="cannot be interpreted as a Tensor"):
                session.run(fetch)
