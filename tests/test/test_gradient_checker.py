"""Jacobians from the graph's gradients and from difference quotients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skflow as tf


@pytest.fixture(autouse=True)
def session() -> Any:
    with tf.Graph().as_default(), tf.Session() as entered:
        yield entered


def test_jacobian_of_a_product() -> None:
    x = tf.placeholder(tf.float64, [2, 3])
    w = np.array([[1.0, -2.0], [0.5, 3.0], [4.0, 0.0]])
    y = tf.matmul(x, tf.constant(w))
    theoretical, numerical = tf.test.compute_gradient(x, [2, 3], y, [2, 2])
    expected = np.kron(np.eye(2), w)
    np.testing.assert_allclose(theoretical, expected)
    np.testing.assert_allclose(numerical, expected, atol=1e-9)
    assert theoretical.dtype == np.float64
    assert tf.test.compute_gradient_error(x, [2, 3], y, [2, 2]) < 1e-9


@pytest.mark.parametrize(
    ("dtype", "error"), [(tf.float64, 1e-5), (tf.float32, 1e-2), (tf.complex128, 1e-5)]
)
def test_error_of_right_gradients(dtype: Any, error: float) -> None:
    x = tf.constant(np.ones((2, 2)), dtype)
    assert tf.test.compute_gradient_error(x, [2, 2], tf.exp(x) * x, [2, 2]) < error


def test_a_wrong_gradient_shows(session: Any) -> None:
    @tf.RegisterGradient("WrongSquareOfThisTest")
    def _(op: Any, dy: Any) -> Any:
        return dy * op.inputs[0]

    x = tf.placeholder(tf.float64, [3])
    with session.graph.gradient_override_map({"Square": "WrongSquareOfThisTest"}):
        y = tf.square(x)
    at = np.array([1.0, 2.0, 3.0])
    error = tf.test.compute_gradient_error(x, [3], y, [3], x_init_value=at)
    assert error == pytest.approx(3.0)


def test_complex_numbers_are_pairs() -> None:
    """The conjugate is not analytic: its Jacobian is diagonal, plus and minus one."""
    x = tf.placeholder(tf.complex128, [1])
    theoretical, numerical = tf.test.compute_gradient(x, [1], tf.conj(x), [1])
    np.testing.assert_allclose(theoretical, [[1, 0], [0, -1]])
    np.testing.assert_allclose(numerical, [[1, 0], [0, -1]], atol=1e-9)
    theoretical, _ = tf.test.compute_gradient(x, [1], tf.real(x), [1])
    assert theoretical.tolist() == [[1.0], [0.0]]


def test_several_inputs() -> None:
    x, y = tf.placeholder(tf.float64, [2]), tf.placeholder(tf.float64, [2])
    values = [np.array([1.0, 2.0]), np.array([3.0, 4.0])]
    feeds = dict(zip((x, y), values, strict=True))
    (first, _), (second, numerical) = tf.test.compute_gradient(
        [x, y], [[2], [2]], x * y, [2], x_init_value=values, extra_feed_dict=feeds
    )
    assert first.tolist() == [[3.0, 0.0], [0.0, 4.0]]
    assert second.tolist() == [[1.0, 0.0], [0.0, 2.0]]
    np.testing.assert_allclose(numerical, second, atol=1e-9)
    assert (
        tf.test.compute_gradient_error(
            [x, y], [[2], [2]], x * y, [2], x_init_value=values, extra_feed_dict=feeds
        )
        < 1e-9
    )


def test_slices_and_initializers() -> None:
    """The gradient of gather is sparse; repeated rows add up."""
    v = tf.Variable(np.arange(6.0).reshape(3, 2))
    rows = tf.gather(v, [2, 0, 2])
    theoretical, numerical = tf.test.compute_gradient(
        v.value(), [3, 2], rows, [3, 2], init_targets=[v.initializer]
    )
    assert theoretical.shape == (6, 6)
    assert theoretical.sum(axis=1).tolist() == [1, 1, 0, 0, 2, 2]
    np.testing.assert_allclose(numerical, theoretical, atol=1e-9)


def test_empty_outputs() -> None:
    x = tf.placeholder(tf.float64, [2])
    theoretical, numerical = tf.test.compute_gradient(x, [2], x[:0], [0])
    assert theoretical.shape == numerical.shape == (2, 0)
    assert tf.test.compute_gradient_error(x, [2], x[:0], [0]) == 0


def test_arguments_are_checked() -> None:
    x, n = tf.placeholder(tf.float32, [2]), tf.placeholder(tf.int32, [2])
    with pytest.raises(AssertionError, match="Don't support type int32 for y"):
        tf.test.compute_gradient(x, [2], tf.cast(x, tf.int32), [2])
    with pytest.raises(AssertionError, match="Don't support type int32 for x"):
        tf.test.compute_gradient(n, [2], tf.cast(n, tf.float32), [2])
    with pytest.raises(AssertionError, match="x_shape"):
        tf.test.compute_gradient(x, [2], x * x, [2], x_init_value=np.ones(3))
