"""Loops where TensorFlow 1.1.0 is not the measure, or says nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import skflow as tf


class State(NamedTuple):
    total: Any
    step: Any


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def run(fetches: Any, feed_dict: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(fetches, feed_dict)


def test_a_changing_type_is_refused_at_once() -> None:
    """TensorFlow 1.1.0 builds the loop, and it fails in the run."""
    with pytest.raises(
        TypeError,
        match=r"The type of while/Merge:0 is not an invariant .* int32, "
        r"but has type float32 after one iteration",
    ):
        tf.while_loop(lambda i: i < 3, tf.to_float, [0])


def test_the_nesting_is_what_the_body_returns() -> None:
    found = tf.while_loop(
        lambda s: s.step < 4,
        lambda s: [State(s.total + s.step, s.step + 1)],
        [State(tf.constant(0), tf.constant(0))],
    )
    assert isinstance(found[0], State)
    assert run(found) == [State(6, 4)]


def test_variables_are_first_values() -> None:
    v = tf.Variable(2.0)
    last = tf.while_loop(lambda a: a < 100.0, lambda a: a * v, [v])
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run(last) == 128
        assert session.run(v) == 2


def test_a_condition_known_to_be_false() -> None:
    assert run(tf.while_loop(lambda _: False, lambda i: i + 1, [7])) == 7


def test_kinds_of_loop_variables_stay() -> None:
    x = tf.zeros([1, 2])
    slices = tf.IndexedSlices(x, tf.constant([0]))
    with pytest.raises(TypeError, match="must stay of one kind"):
        tf.while_loop(lambda *_: True, lambda i, s: (i, s.values), [0, slices])


@pytest.mark.parametrize(
    ("value", "shape", "kind"),
    [
        ("slices", [3, 2], "values tensor of this IndexedSlices"),
        ("sparse", [3], "shape tensor of this SparseTensor"),
    ],
)
def test_invariants_of_sparse_values(value: str, shape: Any, kind: str) -> None:
    given = {
        "slices": tf.IndexedSlices(tf.zeros([1, 2]), tf.constant([0]), tf.constant([4, 2])),
        "sparse": tf.SparseTensor([[0, 1]], [1.0], [2, 2]),
    }[value]
    with pytest.raises(ValueError, match=f"initial shape of the {kind}. It enters"):
        tf.while_loop(
            lambda *_: True,
            lambda i, s: (i, s),
            [0, given],
            shape_invariants=[tf.TensorShape([]), tf.TensorShape(shape)],
        )


def test_growing_slices_need_an_invariant() -> None:
    given = tf.IndexedSlices(tf.ones([1, 2]), tf.constant([0]), tf.constant([4, 2]))

    def body(i: Any, s: Any) -> Any:
        return i + 1, tf.IndexedSlices(
            tf.concat([s.values, s.values], 0),
            tf.concat([s.indices, s.indices + 1], 0),
            s.dense_shape,
        )

    with pytest.raises(ValueError, match="is not an invariant for the loop"):
        tf.while_loop(lambda i, _: i < 2, body, [0, given])
    _, found = tf.while_loop(
        lambda i, _: i < 2,
        body,
        [0, given],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 2])],
    )
    assert found.values.shape.as_list() == [None, 2]
    assert found.indices.shape.as_list() == [None]
    np.testing.assert_array_equal(run(found.indices), [0, 1, 1, 2])
    np.testing.assert_array_equal(run(found.values), np.ones((4, 2)))


def test_many_threads_run_one_loop() -> None:
    n = tf.placeholder(tf.int32, [])
    x = tf.constant(1.01)
    last = tf.while_loop(lambda i, _: i < n, lambda i, a: (i + 1, a * x), [0, 1.0])[1]
    fetches = [last, *tf.gradients(last, x)]
    with tf.Session() as session:
        expected = {k: session.run(fetches, {n: k}) for k in range(6)}
        wrong: list[int] = []

        def work(start: int) -> None:
            for j in range(30):
                k = (start + j) % 6
                if session.run(fetches, {n: k}) != expected[k]:
                    wrong.append(k)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong
