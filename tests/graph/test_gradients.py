"""Gradients: their names and values, what stops them and what they refuse."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import skflow as tf
from tests.golden import core_snippets


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


@pytest.mark.parametrize("source", core_snippets.recorded("gradients"))
def test_answers_are_tensorflows(source: str) -> None:
    core_snippets.check(tf, "gradients", source)


def run(*fetches: Any) -> Any:
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(list(fetches))


def test_ys_that_depend_on_each_other_are_all_counted() -> None:
    """TensorFlow 1.1.0 forgets the path through exp where ``a`` is a y too."""
    x = tf.constant([1.0, 2.0], tf.float64)
    a = 2 * x
    b = a * x
    c = tf.exp(a) + b
    (found,) = run(tf.gradients([c, b, a, x], x)[0])
    v = np.array([1.0, 2.0])
    np.testing.assert_allclose(found, 2 * np.exp(2 * v) + 4 * v + 4 * v + 2 + 1)


def test_stop_gradients_cut_the_paths_through_a_tensor() -> None:
    x = tf.constant([1.0, 2.0])
    a = 3 * x
    y = a * x
    whole, part, both = (
        tf.gradients(y, x, **options)[0]
        for options in ({}, {"stop_gradients": a}, {"stop_gradients": [a, y]})
    )
    assert both is None
    found = run(whole, part, *tf.gradients(y, [x, a], stop_gradients=[x, a]))
    np.testing.assert_array_equal(found, [[6, 12], [3, 6], [3, 6], [1, 2]])


def test_rows_and_whole_gradients_add_up() -> None:
    """The sum is dense; TensorFlow makes rows of the dense part."""
    e = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    y = tf.reduce_sum(tf.gather(e, [0, 2, 0])) + tf.reduce_sum(3 * e)
    grad = tf.gradients(y, e)[0]
    assert isinstance(grad, tf.Tensor)
    (found,) = run(grad)
    np.testing.assert_array_equal(found, [[5, 5], [3, 3], [4, 4]])


def test_given_gradients_have_the_shape_and_type_of_their_y() -> None:
    x = tf.constant([1.0, 2.0])
    with pytest.raises(ValueError, match=r"Shapes \(\) and \(2,\) are incompatible"):
        tf.gradients(2 * x, x, [1.0])
    with pytest.raises(TypeError, match="Gradient type int32 generated for real"):
        tf.gradients(2 * x, x, [tf.constant([1, 2])])
    (found,) = run(tf.gradients(2 * x, x, [[1, 2]])[0])
    np.testing.assert_array_equal(found, [2, 4])


@pytest.mark.parametrize("method", [None, 0, 1, 2])
def test_sums_are_the_same_by_every_method(method: int | None) -> None:
    x = tf.placeholder_with_default([1.0, 2.0], [None])
    y = x * x + x * tf.stop_gradient(x) + tf.reduce_sum(x) + x
    (found,) = run(tf.gradients(y, x, aggregation_method=method)[0])
    np.testing.assert_array_equal(found, [6, 9])


def test_a_gradient_function_of_the_wrong_length() -> None:
    @tf.RegisterGradient("TwoForOne")
    def two(op: Any, grad: Any) -> Any:
        del op
        return [grad, grad]

    x = tf.constant(1.0)
    with tf.get_default_graph().gradient_override_map({"Neg": "TwoForOne"}):
        y = -x
    with pytest.raises(
        ValueError, match=r"Num gradients 2 generated for op [^!]*do not match num inputs 1"
    ):
        tf.gradients(y, x)


def test_operations_remember_whose_gradient_they_are() -> None:
    x = tf.constant([1.0, 2.0])
    y = tf.exp(x)
    grad = tf.gradients(y, x)[0]
    assert grad.op._original_op is y.op
    assert tf.constant(1.0).op._original_op is None


def test_hessians_of_what_a_y_does_not_bend() -> None:
    x, z = tf.constant([1.0, 2.0]), tf.constant([3.0])
    flat, _ = run(tf.hessians(tf.reduce_sum(3 * x), x)[0], x)
    np.testing.assert_array_equal(flat, np.zeros((2, 2)))
    with pytest.raises(ValueError, match="`ys` does not depend on element 1 of `xs`"):
        tf.hessians(tf.reduce_sum(x * x), [x, z])
    with pytest.raises(ValueError, match="length of element 0 of `xs` is not known"):
        p = tf.placeholder(tf.float32, [None])
        tf.hessians(p * p, p)


def test_threads_differentiate_at_the_same_time() -> None:
    found: dict[int, Any] = {}

    def work(i: int) -> None:
        with tf.Graph().as_default(), tf.Session() as session:
            x = tf.constant(float(i))
            for _ in range(30):
                y = tf.while_loop(lambda t: t < 100, lambda t: 2 * t, [x + 1])
                grad = tf.gradients(y, x)[0]
            found[i] = session.run(grad)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {0: 128, 1: 64, 2: 64, 3: 32}
