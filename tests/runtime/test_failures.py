"""Errors name the operation at which they happened, and do no harm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skflow as tf


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def test_an_error_in_the_middle_of_a_run() -> None:
    """It names its operation; frames and variables serve the next run as if nothing had been."""
    x = tf.placeholder(tf.float32, [None])
    v = tf.Variable([1.0, 1.0])
    first = tf.exp(x)
    checked = tf.check_numerics(tf.log(first - 1.0), "not a number", name="checked")
    with tf.control_dependencies([checked]):
        update = tf.assign_add(v, checked)
    with tf.Session() as session:
        session.run(v.initializer)
        for _ in range(3):
            with pytest.raises(tf.errors.InvalidArgumentError, match="not a number") as caught:
                session.run(update, {x: [-1.0, 1.0]})
            assert caught.value.op is checked.op
        assert session.run(v).tolist() == [1.0, 1.0]
        found = session.run(update, {x: [np.log(3.0), np.log(2.0)]})
        np.testing.assert_allclose(found, [1.0 + np.log(2.0), 1.0], rtol=1e-6)


def test_errors_inside_bodies() -> None:
    which = tf.placeholder(tf.bool)
    a, b = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [None])
    chosen = tf.cond(which, lambda: tf.add(a, b, name="inner"), lambda: a)
    looped = tf.while_loop(
        lambda i, _: i < 2, lambda i, c: (i + 1, tf.multiply(c, b, name="deep")), [0, a]
    )[1]
    feed = {which: True, a: [1.0, 2.0], b: [1.0, 2.0, 3.0]}
    with tf.Session() as session:
        for fetch, name in [(chosen, "cond/inner"), (looped, "while/deep")]:
            with pytest.raises(tf.errors.InvalidArgumentError) as caught:
                session.run(fetch, feed)
            error = caught.value
            assert error.op.name == name
            assert error.message.startswith("Incompatible shapes: [2] vs. [3]")
            assert error.message.count("[[Node:") == 1
        assert session.run(chosen, {**feed, b: [1.0, 2.0]}).tolist() == [2.0, 4.0]
        assert session.run(chosen, {**feed, which: False}).tolist() == [1.0, 2.0]
        with pytest.raises(tf.errors.InvalidArgumentError, match="must be a scalar"):
            session.run(chosen, {**feed, which: [True]})


def test_causes_are_no_circles() -> None:
    def fail(_: Any) -> Any:
        raise ZeroDivisionError("inside")

    bad = tf.constant(np.nan) + tf.constant(1.0)
    inside = tf.cond(tf.constant(True), lambda: tf.check_numerics(bad, "why"), lambda: bad)
    for fetch in (tf.py_func(fail, [bad], tf.float32), inside):
        with tf.Session() as session:
            with pytest.raises(tf.errors.OpError) as caught:
                session.run(fetch)
        seen: set[int] = set()
        error: BaseException | None = caught.value
        while error is not None:
            assert id(error) not in seen
            seen.add(id(error))
            error = error.__cause__
