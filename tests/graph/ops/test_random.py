"""Random operations draw TensorFlow's streams, one for each operation and session."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.graph import philox
from skflow.graph.philox import PhiloxStream

DRAWS: dict[str, Callable[..., Any]] = {
    "RandomUniform": lambda: tf.random_uniform([3], seed=1),
    "RandomUniformInt": lambda: tf.random_uniform([3], 0, 9, dtype=tf.int32, seed=1),
    "RandomStandardNormal": lambda: tf.random_normal([3], seed=1),
    "TruncatedNormal": lambda: tf.truncated_normal([3], seed=1),
    "RandomShuffle": lambda: tf.random_shuffle(tf.range(30), seed=1),
    "Multinomial": lambda: tf.multinomial(tf.zeros([2, 50]), 9, seed=1),
}
each_draw = pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


@each_draw
def test_a_session_goes_on_where_it_stopped_and_another_starts_anew(draw: Any) -> None:
    tensor = draw()
    with tf.Session() as one, tf.Session() as other:
        first, second = one.run(tensor), one.run(tensor)
        again = other.run(tensor)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, again)


@each_draw
def test_equal_operations_are_not_one(draw: Any) -> None:
    a, b = draw(), draw()
    with tf.Session() as session:
        values = session.run([a, b])
        np.testing.assert_array_equal(*values)
        later = session.run(a)
        np.testing.assert_array_equal(later, session.run(b))


def test_streams_are_those_of_their_seeds() -> None:
    tf.set_random_seed(5)
    with tf.Session() as session:
        x = session.run(tf.random_uniform([4, 2], seed=9, dtype=tf.float64))
    np.testing.assert_array_equal(x, philox.uniform(PhiloxStream(5, 9), (4, 2), np.float64))


def test_without_a_seed_sessions_differ() -> None:
    tensor = tf.random_uniform([4])
    with tf.Session() as one, tf.Session() as other:
        assert not np.array_equal(one.run(tensor), other.run(tensor))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_real_types(dtype: str) -> None:
    kind = getattr(tf, dtype)
    draws = [
        tf.random_uniform([500], dtype=kind, seed=1),
        tf.random_normal([500], dtype=kind, seed=2),
        tf.truncated_normal([500], dtype=kind, seed=3),
    ]
    with tf.Session() as session:
        uniform, normal, truncated = session.run(draws)
    assert {a.dtype for a in (uniform, normal, truncated)} == {np.dtype(dtype)}
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert abs(normal.mean()) < 0.2
    assert 0.85 < normal.std() < 1.15
    assert np.abs(truncated).max() <= 2


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_whole_types(dtype: str) -> None:
    tensor = tf.random_uniform([1000], -3, 4, dtype=getattr(tf, dtype), seed=1)
    with tf.Session() as session:
        found = session.run(tensor)
    assert found.dtype == dtype
    assert set(found.tolist()) == set(range(-3, 4))


def test_shuffling_moves_rows_whole_and_takes_any_type() -> None:
    rows = np.arange(12).reshape(6, 2)
    tensors = [
        tf.random_shuffle(rows, seed=4),
        tf.random_shuffle(["a", "b", "c"], seed=4),
        tf.random_shuffle(3.0),
        tf.random_shuffle(np.zeros((0, 2))),
    ]
    with tf.Session() as session:
        shuffled, texts, scalar, empty = session.run(tensors)
    assert sorted(shuffled.tolist()) == rows.tolist()
    assert shuffled.tolist() != rows.tolist()
    assert sorted(texts.tolist()) == [b"a", b"b", b"c"]
    assert scalar == 3
    assert empty.shape == (0, 2)


def test_classes_come_as_often_as_they_should() -> None:
    probabilities = np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]])
    with np.errstate(divide="ignore"):
        tensor = tf.multinomial(np.log(probabilities), 4000, seed=1)
    with tf.Session() as session:
        found = session.run(tensor)
    assert found.dtype == np.int64
    np.testing.assert_allclose(np.bincount(found[0]) / 4000, probabilities[0], atol=0.03)
    assert set(found[1]) == {1}


def test_static_shapes() -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    assert tf.random_uniform(tf.shape(x)).shape.as_list() == [None, 3]
    assert tf.random_normal(tf.placeholder(tf.int32, [2])).shape.as_list() == [None, None]
    assert tf.truncated_normal(tf.placeholder(tf.int32)).shape.ndims is None
    assert tf.multinomial(x, 4).shape.as_list() == [None, 4]
    assert tf.multinomial(x, tf.placeholder(tf.int32)).shape.as_list() == [None, None]
    assert tf.random_shuffle(x).shape.as_list() == [None, 3]


def test_gradients_pass_by_the_numbers() -> None:
    low, logits = tf.constant(0.5), tf.zeros([1, 3])
    drawn = tf.random_uniform([4], low, 2.0, seed=1)
    first = tf.gradients(drawn, low)[0]
    assert tf.gradients(tf.multinomial(logits, 2), logits) == [None]
    with tf.Session() as session:
        values, gradient = session.run([drawn, first])
    u = (values.astype(np.float64) - 0.5) / 1.5
    np.testing.assert_allclose(gradient, (1 - u).sum(), rtol=1e-5)


def test_shuffling_has_no_gradient() -> None:
    x = tf.zeros([3])
    with pytest.raises(LookupError, match=r"No gradient defined .*op type: RandomShuffle"):
        tf.gradients(tf.random_shuffle(x), x)


def test_negative_counts_are_refused_while_building() -> None:
    with pytest.raises(ValueError, match="must be non-negative but is -3 for 'multinomial/"):
        tf.multinomial([[1.0]], -3)
    with pytest.raises(ValueError, match="Dimension -2 must be >= 0"):
        tf.random_uniform([-2])


def test_runs_at_the_same_time_share_no_numbers() -> None:
    tensor = tf.random_uniform([100], seed=3, dtype=tf.float64)
    found: list[float] = []
    with tf.Session() as session:

        def draw() -> None:
            for _ in range(20):
                found.extend(session.run(tensor).tolist())

        threads = [threading.Thread(target=draw) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    stream = PhiloxStream(87654321, 3)
    expected = [philox.uniform(stream, (100,), np.float64) for _ in range(80)]
    assert sorted(found) == sorted(np.concatenate(expected).tolist())
