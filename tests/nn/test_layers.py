"""The dense layer computes what its variables say."""

from __future__ import annotations

import numpy as np
import pytest

import skflow as tf
from skflow.nn.layers import dense

X = np.random.RandomState(0).normal(size=(5, 3))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_dense_layer(dtype: str) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(1)
        inputs = tf.placeholder(dtype, (None, 3))
        outputs = dense(inputs, 4, tf.nn.relu, name="layer")
        weights, biases = tf.trainable_variables()
        session.run(tf.global_variables_initializer())
        biases.load([0.5, -0.5, 1.0, 0.0], session)
        found, w, b = session.run([outputs, weights, biases], {inputs: X})
        assert [v.name for v in (weights, biases)] == ["layer/weights:0", "layer/biases:0"]
        assert tf.get_collection(tf.GraphKeys.WEIGHTS) == [weights]
        assert outputs.get_shape().as_list() == [None, 4]
    assert found.dtype == w.dtype == dtype
    assert (np.abs(w) <= np.sqrt(6 / 7)).all()
    np.testing.assert_allclose(found, np.maximum(X.astype(dtype) @ w + b, 0), rtol=1e-5)


def test_without_activation_and_with_an_initializer() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        outputs = dense(tf.constant(X), 2, name="a", initializer=tf.ones_initializer())
        session.run(tf.global_variables_initializer())
        found = session.run(outputs)
    np.testing.assert_allclose(found, X.sum(1, keepdims=True).repeat(2, 1), rtol=1e-12)


def test_a_layer_is_not_made_twice() -> None:
    with tf.Graph().as_default():
        dense(tf.constant(X), 2, name="a")
        with pytest.raises(ValueError, match="already exists"):
            dense(tf.constant(X), 2, name="a")
