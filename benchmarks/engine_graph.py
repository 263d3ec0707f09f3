"""Any module with TensorFlow 1.x's names: TensorFlow itself, or skflow."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from workloads import (
    CHAIN_ROUNDS,
    COLUMNS,
    MLPS,
    PREDICTING,
    RATE,
    Mlp,
    best,
    import_seconds,
    linear_batches,
    linear_data,
    mlp_batches,
    mlp_data,
    repeat,
)


def tensorflow() -> dict[str, float]:
    """Time TensorFlow's own graphs and sessions."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    return {"import": import_seconds("tensorflow.compat.v1")} | measure(tf)


def skflow() -> dict[str, float]:
    """Time this project."""
    import skflow as tf

    return {"import": import_seconds("skflow")} | measure(tf)


def measure(tf: Any) -> dict[str, float]:
    """Time every workload; figures in the units of `workloads`."""
    rng, X, y = linear_data()
    found = {"linear_full": linear_full(tf, X, y), "linear_batch": linear_batch(tf, X, y)}
    found |= chain(tf)
    for name, net in MLPS.items():
        found |= mlp(tf, rng, name, net)
    return found


def warm(tf: Any, step: Callable[[], object]) -> None:
    """Run until a background compiler, where there is one, has done its work."""
    repeat(step, 50)()
    getattr(tf, "wait_until_compiled", lambda: None)()
    step()


def started(tf: Any) -> Any:
    """A session whose variables are initialized."""
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


def descent(tf: Any, X: Any, y: Any) -> Any:
    """One step of gradient descent on a linear model's mean squared error."""
    theta = tf.Variable(tf.random_uniform([COLUMNS + 1, 1], -1.0, 1.0, seed=42))
    loss = tf.reduce_mean(tf.square(tf.matmul(X, theta) - y))
    return tf.train.GradientDescentOptimizer(RATE).minimize(loss)


def linear_full(tf: Any, X: np.ndarray, y: np.ndarray) -> float:
    """Full-batch steps, in microseconds."""
    tf.reset_default_graph()
    op = descent(tf, tf.constant(X, dtype=tf.float32), tf.constant(y, dtype=tf.float32))
    session = started(tf)
    warm(tf, lambda: session.run(op))
    return best(repeat(lambda: session.run(op), 1000), 3) / 1000 * 1e6


def linear_batch(tf: Any, X: np.ndarray, y: np.ndarray) -> float:
    """Steps on fed batches, in microseconds."""
    tf.reset_default_graph()
    rows = tf.placeholder(tf.float32, (None, COLUMNS + 1))
    targets = tf.placeholder(tf.float32, (None, 1))
    op = descent(tf, rows, targets)
    session = started(tf)
    batches = linear_batches(X, y)
    warm(tf, lambda: session.run(op, feed_dict={rows: batches[0][0], targets: batches[0][1]}))

    def epoch() -> None:
        for a, b in batches:
            session.run(op, feed_dict={rows: a, targets: b})

    return best(epoch) / len(batches) * 1e6


def chain(tf: Any) -> dict[str, float]:
    """Build and first run of a long chain of scalars (ms), then later runs (us)."""
    tf.reset_default_graph()
    a, b, z = tf.Variable(0.2), tf.Variable(0.3), tf.constant(0.0)
    start = time.perf_counter()
    for i in range(CHAIN_ROUNDS):
        z = a * tf.cos(z + i) + z * tf.sin(b - i)
    gradients = tf.gradients(z, [a, b])
    session = started(tf)
    session.run(gradients)
    found = {"build_first": (time.perf_counter() - start) * 1e3}
    warm(tf, lambda: session.run(gradients))
    found["scalar_chain"] = best(repeat(lambda: session.run(gradients), 200)) / 200 * 1e6
    return found


def network(tf: Any, net: Mlp) -> tuple[Any, Any, Any, Any]:
    """Rows, labels, outputs and the training step of a net, in a graph of its own."""
    tf.reset_default_graph()
    rows = tf.placeholder(tf.float32, (None, net.sizes[0]))
    labels = tf.placeholder(tf.int32, (None,))
    h = rows
    for i, (p, q) in enumerate(net.layers):
        weights = tf.Variable(tf.truncated_normal((p, q), stddev=2 / np.sqrt(p + q)))
        h = tf.matmul(h, weights) + tf.Variable(tf.zeros([q]))
        if i < len(net.layers) - 1:
            h = tf.nn.relu(h)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=h)
    adam = net.optimizer == "adam"
    optimizer = tf.train.AdamOptimizer(1e-3) if adam else tf.train.GradientDescentOptimizer(0.01)
    return rows, labels, h, optimizer.minimize(tf.reduce_mean(losses))


def mlp(tf: Any, rng: np.random.RandomState, name: str, net: Mlp) -> dict[str, float]:
    """Training steps of a net and, for one of them, one-row predictions, in microseconds."""
    rows, labels, h, op = network(tf, net)
    session = started(tf)
    X, y = mlp_data(rng, net)
    batches = mlp_batches(X, y, net.batch)

    def epoch() -> None:
        for a, b in batches:
            session.run(op, {rows: a, labels: b})

    warm(tf, lambda: session.run(op, {rows: batches[0][0], labels: batches[0][1]}))
    epoch()
    found = {name: best(epoch, 8) / len(batches) * 1e6}
    if name == PREDICTING:
        warm(tf, lambda: session.run(h, {rows: X[:1]}))
        one = repeat(lambda: session.run(h, {rows: X[:1]}), 200)
        found["predict_one"] = best(one) / 200 * 1e6
    return found
