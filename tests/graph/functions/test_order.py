"""Groups and joins where TensorFlow 1.1.0 is not the measure, or says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.graph.functions.order import with_dependencies


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def run(fetches: Any, feed_dict: Any = None) -> Any:
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feed_dict)


def test_a_group_runs_all() -> None:
    v, w = tf.Variable(1.0), tf.Variable(2.0)
    both = tf.group(tf.assign(v, 5.0), tf.assign_add(w, 1.0))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(both)
        assert session.run([v, w]) == [5, 3]


def test_a_tuple_gives_values_when_all_are_there() -> None:
    v = tf.Variable(1.0)
    x = tf.placeholder(tf.float32, [])
    found = tf.tuple([x, None, x * 2.0], control_inputs=[tf.assign(v, x)])
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run([found[0], found[2]], {x: 3.0}) == [3, 6]
        assert found[1] is None
        assert session.run(v) == 3


def test_with_dependencies_keeps_slices_and_references() -> None:
    v = tf.Variable([1.0, 2.0])
    slices = tf.IndexedSlices(tf.constant([1.0]), tf.constant([0]))
    found = with_dependencies([tf.assign(v, [3.0, 4.0])], slices)
    assert isinstance(found, tf.IndexedSlices)
    reference = with_dependencies([tf.assign(v, [5.0, 6.0])], v._ref())
    assert reference.dtype == tf.float32.as_ref
    np.testing.assert_array_equal(run(reference), [5, 6])
