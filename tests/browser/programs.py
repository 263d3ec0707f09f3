"""The programs whose logs are looked at: two trainings, and units of a network, named in turn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import housing_data
import numpy as np

import skflow as tf

# A loss for each step at which a summary was written.
Losses = dict[int, float]

RATES = {"rate-0.002": 0.002, "rate-0.01": 0.01}
SCOPES = "relu-scopes"
SERIES = "relu-series"


def write_logs(logdir: Path) -> dict[str, Losses]:
    """Write all runs below `logdir`; return the losses of those that train."""
    inputs, targets = housing()
    losses = {}
    for name, rate in RATES.items():
        with tf.Graph().as_default():
            losses[name] = train(logdir / name, inputs, targets, rate)
    for name, build in {SCOPES: units, SERIES: hinges}.items():
        with tf.Graph().as_default() as graph:
            build(6)
            tf.summary.FileWriter(str(logdir / name), graph).close()
    return losses


def housing() -> tuple[Any, Any]:
    """California's houses, scaled, with a column of ones."""
    X, y, _ = housing_data.load_california_housing()
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    return np.column_stack([np.ones(len(X)), scaled]), y.reshape(-1, 1)


def train(logdir: Path, inputs: Any, targets: Any, rate: float) -> Losses:
    """Fit a line; write the graph, and the loss at every tenth step."""
    tf.set_random_seed(42)
    X = tf.placeholder(tf.float32, shape=(None, inputs.shape[1]), name="X")
    y = tf.placeholder(tf.float32, shape=(None, 1), name="y")
    start = tf.random_uniform([inputs.shape[1], 1], -1.0, 1.0, seed=42)
    theta = tf.Variable(start, name="theta")
    y_pred = tf.matmul(X, theta, name="predictions")
    with tf.name_scope("loss"):
        error = y_pred - y
        mse = tf.reduce_mean(tf.square(error), name="mse")
    training_op = tf.train.GradientDescentOptimizer(learning_rate=rate).minimize(mse)
    mse_summary = tf.summary.scalar("MSE", mse)

    feed = {X: inputs, y: targets}
    losses = {}
    with tf.Session() as session:
        file_writer = tf.summary.FileWriter(str(logdir), tf.get_default_graph())
        session.run(tf.global_variables_initializer())
        for step in range(501):
            if step % 10 == 0:
                summary, loss = session.run([mse_summary, mse], feed_dict=feed)
                file_writer.add_summary(summary, step)
                losses[step] = float(loss)
            session.run(training_op, feed_dict=feed)
        file_writer.close()
    return losses


def units(count: int) -> None:
    """Units with operations in scopes: `relu`, `relu_1`, ..., `relu_<count - 1>`."""
    X = tf.placeholder(tf.float32, shape=(None, 3), name="X")
    tf.add_n([unit(X) for _ in range(count)], name="output")


def unit(X: Any) -> Any:
    """Rectify a linear function of the inputs."""
    with tf.name_scope("relu"):
        w_shape = (int(X.get_shape()[1]), 1)
        w = tf.Variable(tf.random_normal(w_shape), name="weights")
        b = tf.Variable(0.0, name="bias")
        z = tf.add(tf.matmul(X, w), b, name="z")
        return tf.maximum(z, 0.0, name="max")


def hinges(count: int) -> None:
    """A basis of functions, each with a bend: `relu`, `relu_1`, ..., `relu_<count - 1>`."""
    X = tf.placeholder(tf.float32, shape=(None, 1), name="X")
    relus = []
    for knot in range(count):
        shifted = tf.subtract(X, float(knot), name="shifted")
        relus.append(tf.maximum(shifted, 0.0, name="relu"))
    tf.concat(relus, axis=1, name="output")
