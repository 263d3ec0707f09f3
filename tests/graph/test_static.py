"""What the graph alone says of a tensor's value, which shape rules use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skflow as tf


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def test_constants_determine_what_is_computed_from_them() -> None:
    x = tf.constant([1, 2, 3])
    found = (tf.reduce_sum(x * 2) + tf.size(x)).spec.value
    assert (found, found.dtype) == (15, "int32")
    assert tf.split(x, 3)[1].spec.value.tolist() == [2]


def test_shapes_flow_through_arithmetic() -> None:
    x = tf.placeholder(tf.float32, [None, 6, 4])
    shape = tf.shape(x)
    assert shape.spec.value is None
    assert shape.spec.as_shape() == (None, 6, 4)
    assert shape[1].spec.value == 6
    assert tf.reshape(x, [shape[0], shape[1] * shape[2]]).shape.as_list() == [None, 24]
    assert tf.zeros(tf.stack([shape[0], 7])).shape.as_list() == [None, 7]
    assert tf.shape(tf.zeros([2, 3])).spec.value.tolist() == [2, 3]


def test_what_is_not_known_before_the_run() -> None:
    unknown = [
        tf.placeholder(tf.int32, []),
        tf.placeholder_with_default(3, []),
        tf.random_uniform([2]),
        tf.Variable(3).value(),
        tf.Variable(3)._variable,
        tf.shape(tf.placeholder(tf.float32)),
        tf.py_func(lambda: np.int64(1), [], tf.int64),
    ]
    assert [t.spec.value for t in unknown] == [None] * len(unknown)
    assert [(t + tf.cast(1, t.dtype.base_dtype)).spec.value for t in unknown] == [None] * 7


def test_large_values_and_failing_kernels_are_left_to_the_run() -> None:
    assert (tf.zeros([100, 100]) + 1).spec.value is None
    broken = tf.matrix_inverse(tf.constant([[0.0]]))
    assert broken.spec.value is None
    with tf.Session(), pytest.raises(tf.errors.InvalidArgumentError):
        broken.eval()


def test_a_value_is_worked_out_once() -> None:
    y = tf.constant([1.0]) * 2
    assert y.spec.value is y.spec.value


@pytest.mark.parametrize("start", ["constant", "shape", "placeholder"])
def test_long_chains(start: str) -> None:
    """Thousands of operations on each other: deeper than Python recurses."""
    x = tf.placeholder(tf.float32, [None, 3])
    n = {
        "constant": tf.constant(5),
        "shape": tf.shape(x)[1],
        "placeholder": tf.placeholder(tf.int32, []),
    }[start]
    for _ in range(3000):
        n = tf.negative(n)
    known = {"constant": 5, "shape": 3, "placeholder": None}[start]
    assert tf.zeros([n, 2]).shape.as_list() == [known, 2]
