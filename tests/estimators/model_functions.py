"""Functions that build graphs, as users of `GraphRegressor` might write them."""

from __future__ import annotations

from typing import Any

import skflow as tf
from skflow.estimators import (
    EstimatorSpec,
    ModeKeys,
)

SHORT: dict[str, Any] = {"batch_size": 16, "max_iter": 4, "random_state": 0, "shuffle": False}
CLOSE = {"rtol": 1e-10, "atol": 1e-12}


def sums(features: Any, params: Any) -> Any:
    """Weighted sums that begin at zero, as a linear model's do."""
    zeros, count = tf.zeros_initializer(features.dtype), params["n_outputs"]
    kinds = [tf.GraphKeys.GLOBAL_VARIABLES, tf.GraphKeys.WEIGHTS]
    width = features.get_shape()[1].value
    weights = tf.get_variable("w", (width, count), features.dtype, zeros, collections=kinds)
    biases = tf.get_variable("b", (count,), features.dtype, zeros)
    if isinstance(features, tf.SparseTensor):
        return tf.sparse_tensor_dense_matmul(features, weights) + biases
    return tf.matmul(features, weights) + biases


def plain(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
    """Outputs and nothing else."""
    del labels
    return EstimatorSpec(mode, predictions=sums(features, params))


def squares(labels: Any, found: Any) -> Any:
    """The squared errors, of shape (n, k)."""
    return 0.5 * tf.square(labels - found)


def row_losses(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
    """With the losses of the rows, one for each target."""
    found = sums(features, params)
    loss = squares(labels, found) if mode == ModeKeys.TRAIN else None
    return EstimatorSpec(mode, predictions=found, loss=loss)


def summed_losses(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
    """With one loss for each row."""
    found = sums(features, params)
    loss = tf.reduce_sum(squares(labels, found), 1) if mode == ModeKeys.TRAIN else None
    return EstimatorSpec(mode, predictions=found, loss=loss)


def single_loss(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
    """With a loss that is one number."""
    found = sums(features, params)
    loss = None
    if mode == ModeKeys.TRAIN:
        loss = tf.reduce_mean(tf.reduce_sum(squares(labels, found), 1))
    return EstimatorSpec(mode, predictions=found, loss=loss)


def weighted_loss(
    features: Any, labels: Any, mode: str, params: Any, weights: Any = None
) -> EstimatorSpec:
    """With a loss that is one number and knows of weights."""
    found = sums(features, params)
    loss = None
    if mode == ModeKeys.TRAIN:
        losses = tf.reduce_sum(squares(labels, found), 1)
        loss = tf.reduce_mean(losses if weights is None else losses * weights)
    return EstimatorSpec(mode, predictions=found, loss=loss)


def own_step(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
    """With a step of training too."""
    spec = single_loss(features, labels, mode, params)
    if mode == ModeKeys.PREDICT:
        return spec
    optimizer = tf.train.AdamOptimizer(params["rate"])
    step = optimizer.minimize(spec.loss, global_step=tf.train.get_global_step())
    return EstimatorSpec(mode, spec.predictions, spec.loss, step)


def hidden(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
    """A hidden layer, with dropout in training if asked for."""
    del labels
    width = features.get_shape()[1].value
    first = tf.get_variable("first", (width, params.get("units", 5)), features.dtype)
    found = tf.tanh(tf.matmul(features, first))
    if mode == ModeKeys.TRAIN and params.get("dropout"):
        found = tf.nn.dropout(found, keep_prob=1.0 - params["dropout"])
    last = tf.get_variable("last", (params.get("units", 5), params["n_outputs"]), features.dtype)
    return EstimatorSpec(mode, predictions=tf.matmul(found, last))
