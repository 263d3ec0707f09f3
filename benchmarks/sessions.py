"""What changing shapes cost: 200 batch sizes in turn against one size.

python benchmarks/sessions.py
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from engine_graph import descent, started
from workloads import COLUMNS, MLPS, mlp_data

import skflow as tf


def linear(sizes: Sequence[int]) -> tuple[float, float]:
    """Seconds of one pass over `sizes`, the first time and again, for a linear model."""
    tf.reset_default_graph()
    rows = tf.placeholder(tf.float32, (None, COLUMNS + 1))
    targets = tf.placeholder(tf.float32, (None, 1))
    op = descent(tf, rows, targets)
    session = started(tf)
    X, y = np.ones((max(sizes), COLUMNS + 1)), np.ones((max(sizes), 1))

    def run() -> float:
        start = time.perf_counter()
        for n in sizes:
            session.run(op, {rows: X[:n], targets: y[:n]})
        return time.perf_counter() - start

    return run(), min(run() for _ in range(5))


def net(sizes: Sequence[int]) -> tuple[float, float]:
    """The same for a step of a net with three layers."""
    tf.reset_default_graph()
    shape = MLPS["mlp_784_b200"]
    rows = tf.placeholder(tf.float32, (None, shape.sizes[0]))
    labels = tf.placeholder(tf.int32, (None,))
    h = rows
    for i, (p, q) in enumerate(shape.layers):
        h = tf.matmul(h, tf.Variable(tf.truncated_normal((p, q), stddev=0.05)))
        h = h + tf.Variable(tf.zeros([q]))
        h = tf.nn.relu(h) if i < len(shape.layers) - 1 else h
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=h)
    op = tf.train.AdamOptimizer(1e-3).minimize(tf.reduce_mean(losses))
    session = started(tf)
    X, y = mlp_data(np.random.RandomState(0), shape)

    def run() -> float:
        start = time.perf_counter()
        for n in sizes:
            session.run(op, {rows: X[:n], labels: y[:n]})
        return time.perf_counter() - start

    return run(), min(run() for _ in range(5))


def main() -> None:
    """Print the ratios."""
    for name, workload in {"linear": linear, "mlp_784": net}.items():
        one_first, one = workload([200] * 200)
        many_first, many = workload(list(range(101, 301)))
        print(
            f"{name:8s} 200 sizes / one size: first pass {many_first / one_first:.2f}, "
            f"later passes {many / one:.2f}   (one size: {one / 200 * 1e6:.0f} us/step)"
        )


if __name__ == "__main__":
    main()
