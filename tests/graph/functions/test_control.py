"""Conditionals and cases where TensorFlow 1.1.0 is not the measure, or says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

import skflow as tf


class Pair(NamedTuple):
    left: Any
    right: Any


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def run(fetches: Any, feed_dict: Any = None) -> Any:
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feed_dict)


def test_results_may_be_nested() -> None:
    p = tf.placeholder(tf.bool, [])
    a, b = tf.constant(1), tf.constant(2)
    found = tf.cond(p, lambda: [Pair(a, [b]), a], lambda: [Pair(b, [a]), b])
    assert isinstance(found[0], Pair)
    assert [t.name for t in (found[0].left, found[0].right[0], found[1])] == [
        "cond/Merge:0",
        "cond/Merge_1:0",
        "cond/Merge_2:0",
    ]
    assert run(found, {p: False}) == [Pair(2, [1]), 2]


def test_numbers_and_variables_are_results() -> None:
    p, v = tf.placeholder(tf.bool, []), tf.Variable(7.0)
    assert run(tf.cond(p, lambda: 3, lambda: 4), {p: False}) == 4
    assert run(tf.cond(p, lambda: v, lambda: 1.5), {p: True}) == 7


def test_results_of_different_kinds_are_refused() -> None:
    x = tf.zeros([1, 2])
    with pytest.raises(TypeError, match="Outputs of fn1 and fn2 must be of the same kind"):
        tf.cond(tf.constant(True), lambda: x, lambda: tf.IndexedSlices(x, tf.constant([0])))


def test_a_body_knows_its_graph() -> None:
    graphs = []

    def branch() -> tf.Tensor:
        graphs.append(tf.get_default_graph())
        return tf.constant(1)

    tf.cond(tf.constant(True), branch, branch)
    assert all(g.building_function for g in graphs)
    assert not tf.get_default_graph().building_function


def test_collections_are_the_outermost_graphs() -> None:
    def branch() -> tf.Tensor:
        tf.add_to_collection("seen", 1)
        return tf.constant(1)

    tf.cond(tf.constant(True), branch, branch)
    assert tf.get_collection("seen") == [1, 1]


def test_an_exception_in_a_branch_leaves_the_graph_in_order() -> None:
    def branch() -> tf.Tensor:
        raise ValueError("mine")

    graph = tf.get_default_graph()
    with pytest.raises(ValueError, match="mine"):
        tf.cond(tf.constant(True), branch, branch)
    assert tf.get_default_graph() is graph
    assert tf.constant(1).op.name == "Const_1"


def test_a_dict_of_cases_warns_unless_exclusive(caplog: pytest.LogCaptureFixture) -> None:
    cases = {tf.constant(True): lambda: tf.constant(1)}
    tf.case(cases, lambda: tf.constant(2), exclusive=True)
    assert not caplog.records
    tf.case(cases, lambda: tf.constant(2))
    assert "Order of conditional tests is not guaranteed" in caplog.text


def test_no_cases() -> None:
    assert run(tf.case([], lambda: tf.constant(3))) == 3


@pytest.mark.parametrize(
    ("first", "second", "expected"), [(True, False, 1), (False, True, 2), (False, False, 3)]
)
def test_exclusive_cases(first: bool, second: bool, expected: int) -> None:
    a, b = tf.placeholder(tf.bool, []), tf.placeholder(tf.bool, [])
    found = tf.case(
        [(a, lambda: tf.constant(1)), (b, lambda: tf.constant(2))],
        lambda: tf.constant(3),
        exclusive=True,
    )
    assert run(found, {a: first, b: second}) == expected


def test_two_true_cases_of_exclusive_ones() -> None:
    a, b = tf.placeholder(tf.bool, [], name="a"), tf.placeholder(tf.bool, [], name="b")
    found = tf.case(
        [(a, lambda: tf.constant(1)), (b, lambda: tf.constant(2))],
        lambda: tf.constant(3),
        exclusive=True,
    )
    message = (
        r"assertion failed: \[More than one condition evaluated as True but "
        r"exclusive=True.  Conditions: \(a:0, b:0\), Values:\] \[1 1\]"
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run(found, {a: True, b: True})
