"""Segments beyond the op-case table: accuracy, many segments, delicate values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import skflow as tf


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def evaluated(tensors: Any) -> Any:
    with tf.Session() as session:
        return session.run(tensors)


@pytest.mark.parametrize("width", [1, 3, 40])
def test_float32_sums_are_accurate(width: int) -> None:
    """Naive summation of so many tenths in float32 is off by 1e-5 and more."""
    x = np.full((40_000, width), 0.1, np.float32)
    ids = np.zeros(len(x), np.int32)
    expected = x.astype(np.float64).sum(axis=0)
    found = evaluated(
        [tf.segment_sum(x, ids), tf.unsorted_segment_sum(x, ids, 1), tf.segment_mean(x, ids)]
    )
    np.testing.assert_allclose(found[0][0], expected, rtol=1e-6)
    np.testing.assert_allclose(found[1][0], expected, rtol=1e-6)
    np.testing.assert_allclose(found[2][0], expected / len(x), rtol=1e-6)


@pytest.mark.parametrize("kind", ["float32", "float64", "int32", "int8", "complex64"])
@pytest.mark.parametrize("shape", [(50,), (50, 3), (1000, 7), (3000,), (20, 2, 150)])
@pytest.mark.parametrize("count", [4, 4000])
def test_sums_of_every_size(kind: str, shape: tuple[int, ...], count: int) -> None:
    """Few rows are added one by one, many by a sparse product, far apart ones after sorting."""
    rng = np.random.default_rng(6)
    x = rng.integers(-2, 3, shape).astype(kind)
    ids = rng.integers(0, count, shape[0])
    expected = np.zeros((count, *shape[1:]), kind)
    np.add.at(expected, ids, x)
    found = evaluated(tf.unsorted_segment_sum(x, ids, count))
    assert found.dtype == kind
    np.testing.assert_allclose(found, expected)
    ordered = np.sort(ids)
    expected = np.zeros((ordered[-1] + 1, *shape[1:]), kind)
    np.add.at(expected, ordered, x)
    np.testing.assert_allclose(evaluated(tf.segment_sum(x, ordered)), expected)


def test_segments_without_rows() -> None:
    x = np.array([-5.0, 3.0], np.float32)
    found = evaluated(
        [
            getattr(tf, f"segment_{name}")(x, [1, 3])
            for name in ("sum", "mean", "prod", "max", "min")
        ]
    )
    for value, gap in zip(found, (0, 0, 1, 0, 0), strict=True):
        np.testing.assert_array_equal(value, np.array([gap, -5, gap, 3], np.float32))
    for kind in (np.float16, np.float32, np.float64):
        lowest = evaluated(tf.unsorted_segment_max(np.ones(1, kind), [1], 2))
        np.testing.assert_array_equal(lowest, np.array([np.finfo(kind).min, 1], kind))
    for whole in (np.int8, np.int32, np.uint8):
        lowest = evaluated(tf.unsorted_segment_max(np.ones(1, whole), [1], 2))
        np.testing.assert_array_equal(lowest, np.array([np.iinfo(whole).min, 1], whole))


def test_extremes_pass_over_nan() -> None:
    x = np.array([math.nan, 1.0, math.nan, math.inf], np.float32)
    ids = [0, 0, 1, 2]
    highest, lowest, unsorted = evaluated(
        [tf.segment_max(x, ids), tf.segment_min(x, ids), tf.unsorted_segment_max(x, ids, 3)]
    )
    np.testing.assert_array_equal(highest, np.array([1, -math.inf, math.inf], np.float32))
    np.testing.assert_array_equal(lowest, np.array([1, math.inf, math.inf], np.float32))
    np.testing.assert_array_equal(unsorted, [1, np.finfo(np.float32).min, np.inf])


def test_integer_means_lose_their_fraction() -> None:
    found = evaluated(tf.segment_mean(np.array([-1, -2, 7, 8], np.int32), [0, 0, 1, 1]))
    np.testing.assert_array_equal(found, [-1, 7])


def test_ties_share_the_gradient() -> None:
    x = tf.constant([2.0, 2.0, 1.0, 5.0])
    for y in (tf.segment_max(x, [0, 0, 0, 1]), tf.unsorted_segment_max(x, [0, 0, 0, 1], 2)):
        grad = evaluated(tf.gradients(y, x)[0])
        np.testing.assert_array_equal(grad, np.array([0.5, 0.5, 0, 1], np.float32))


def test_the_number_of_segments_may_come_with_the_run() -> None:
    count = tf.placeholder(tf.int32, [])
    total = tf.unsorted_segment_sum([1.0, 2.0, 3.0], [0, 1, 0], count)
    assert total.get_shape().as_list() == [None]
    with tf.Session() as session:
        np.testing.assert_array_equal(session.run(total, {count: 2}), [4.0, 2.0])
        np.testing.assert_array_equal(session.run(total, {count: 3}), [4.0, 2.0, 0.0])
