"""Assertions fail when they should, and only then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import skflow as tf

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "equal": np.equal,
    "none_equal": np.not_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
}
SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "negative": np.less,
    "positive": np.greater,
    "non_negative": np.greater_equal,
    "non_positive": np.less_equal,
}
VALUES = ([], [0.0], [1.0, 2.0], [-1.0, 0.0], [0.0, 1.0], [-2.0, -1.0], [np.nan])


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def passes(op: Any, feed_dict: Any) -> bool:
    with tf.Session() as session:
        try:
            session.run(op, feed_dict)
        except tf.errors.InvalidArgumentError as error:
            return "assertion failed: " not in error.message
    return True


@pytest.mark.parametrize("name", COMPARISONS)
def test_comparisons(name: str) -> None:
    x, y = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [])
    op = getattr(tf, f"assert_{name}")(x, y)
    for value in VALUES:
        for other in (0.0, 1.0):
            expected = bool(np.all(COMPARISONS[name](np.array(value), other)))
            assert passes(op, {x: value, y: other}) == expected


@pytest.mark.parametrize("name", SIGNS)
def test_signs(name: str) -> None:
    x = tf.placeholder(tf.float32, [None])
    op = getattr(tf, f"assert_{name}")(x)
    for value in VALUES:
        assert passes(op, {x: value}) == bool(np.all(SIGNS[name](np.array(value), 0)))


@pytest.mark.parametrize(
    ("name", "right"), [("assert_rank", {2}), ("assert_rank_at_least", {2, 3})]
)
def test_ranks_in_the_run(name: str, right: set[int]) -> None:
    x, rank = tf.placeholder(tf.float32), tf.placeholder(tf.int32)
    known, fed = getattr(tf, name)(x, 2), getattr(tf, name)(x, rank)
    for n in range(4):
        value = np.zeros((1,) * n)
        assert passes(known, {x: value}) == (n in right)
        assert passes(fed, {x: value, rank: 2}) == (n in right)
    assert not passes(fed, {x: np.zeros((1, 1)), rank: [2]})


def test_a_message_of_ones_own() -> None:
    x = tf.placeholder(tf.float32, [None], name="x")
    op = tf.assert_less(x, 1.0, message="too much", summarize=1)
    with (
        tf.Session() as session,
        pytest.raises(
            tf.errors.InvalidArgumentError,
            match=r"assertion failed: \[too much\] \[Condition x < y did not hold element-wise: "
            r"x = \] \[x:0\] \[1\.\.\.\] \[y = \] \[assert_less/y:0\] \[1\]",
        ),
    ):
        session.run(op, {x: [1, 2]})


def test_collections_are_iterables() -> None:
    for value in ([1], (), {"a": 1}, range(3)):
        tf.assert_proper_iterable(value)
    with pytest.raises(TypeError, match='to be a "proper" iterable'):
        tf.assert_proper_iterable(tf.constant([1]))
    with pytest.raises(TypeError, match='to be a "proper" iterable'):
        tf.assert_proper_iterable(tf.SparseTensor([[0]], [1], [1]))
