"""What summaries cost a training.

    python benchmarks/summaries.py

First the time that `FileWriter.add_summary` takes the thread that trains, between matrix products
and at once behind each other. Then a 784-300-100-10 network with the histograms of all its weights
every 10 steps, as a ratio of the same training without, the two in turn: estimators with a
`model_dir` (whose other costs, a checkpoint and the graph, are measured apart), and a plain loop
that runs `tf.summary.merge_all` in its session, in turn every 400 steps: products take other times
from second to second where a machine is shared.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import skflow as tf
from skflow.estimators import DNNClassifier

ROUNDS = 7
ROWS = 20_000
EVERY = 10


def add_summary() -> None:
    """Print microseconds of a call."""
    product = np.ones((300, 300), np.float32)
    message = tf.Summary(value=[tf.Summary.Value(tag="loss", simple_value=1.0)])
    serialized = message.SerializeToString()
    with tempfile.TemporaryDirectory() as directory, tf.summary.FileWriter(directory) as writer:
        for label, between in (("in a row", False), ("between products", True)):
            times = []
            for step in range(3000):
                if between:
                    product @ product
                start = time.perf_counter()
                writer.add_summary(serialized, step)
                times.append(time.perf_counter() - start)
            median, mean = (f(times) * 1e6 for f in (statistics.median, statistics.mean))
            print(f"add_summary {label:17s} median {median:5.1f} us, mean {mean:5.1f} us")


def digits() -> tuple[Any, Any]:
    """Rows of the size of images of digits."""
    rng = np.random.RandomState(0)
    return rng.rand(ROWS, 784).astype(np.float32), rng.randint(0, 10, ROWS)


def fit(batch_size: int, epochs: int, summary_steps: int | None) -> None:
    """Train an estimator with checkpoints."""
    with tempfile.TemporaryDirectory() as directory, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        DNNClassifier(
            (300, 100),
            batch_size=batch_size,
            max_iter=epochs,
            tol=0.0,
            random_state=0,
            model_dir=directory,
            summary_steps=summary_steps,
        ).fit(*DATA)


class Loop:
    """A training written by hand."""

    def __init__(self, batch_size: int) -> None:
        self._size = batch_size
        with tf.Graph().as_default() as graph:
            tf.set_random_seed(0)
            self._X = tf.placeholder(tf.float32, (None, 784))
            self._y = tf.placeholder(tf.int64, (None,))
            layer = self._X
            for units, act in ((300, tf.nn.relu), (100, tf.nn.relu), (10, tf.identity)):
                width = layer.get_shape()[1].value
                weights = tf.Variable(tf.truncated_normal((width, units), stddev=0.05))
                biases = tf.Variable(tf.zeros(units))
                layer = act(tf.matmul(layer, weights) + biases)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=self._y, logits=layer)
            self._train = tf.train.AdamOptimizer(0.001).minimize(tf.reduce_mean(losses))
            for variable in tf.trainable_variables():
                tf.summary.histogram(variable.op.name, variable)
            self._merged = tf.summary.merge_all()
            self._session = tf.Session(graph=graph)
            self._session.run(tf.global_variables_initializer())

    def run(self, steps: int, writer: tf.summary.FileWriter | None) -> None:
        """Make steps."""
        X, y = DATA
        for step in range(steps):
            start = step * self._size % ROWS
            rows = slice(start, start + self._size)
            feed = {self._X: X[rows], self._y: y[rows]}
            if writer is not None and step % EVERY == 0:
                summary, _ = self._session.run([self._merged, self._train], feed)
                writer.add_summary(summary, step)
            else:
                self._session.run(self._train, feed)


def ratio(
    label: str, with_: Callable[[], None], without: Callable[[], None], rounds: int = ROUNDS
) -> None:
    """Print by how much one of two takes longer, working in turn."""
    for _ in range(2):  # both plans and the histograms have their kernels then
        with_(), without()
        tf.wait_until_compiled()
    times: dict[Callable[[], None], list[float]] = {with_: [], without: []}
    for i in range(rounds):
        for work in (with_, without) if i % 2 else (without, with_):
            start = time.perf_counter()
            work()
            times[work].append(time.perf_counter() - start)
    median = statistics.median(a / b for a, b in zip(times[with_], times[without], strict=True))
    best = min(times[with_]) / min(times[without])
    print(f"{label:28s} median {median:5.3f}, best {best:5.3f} ({min(times[without]):.2f} s)")


if __name__ == "__main__":
    DATA = digits()
    add_summary()
    for size in (50, 200):
        epochs = 5 + size // 10
        ratio(
            f"fit, batches of {size}",
            lambda size=size, epochs=epochs: fit(size, epochs, EVERY),
            lambda size=size, epochs=epochs: fit(size, epochs, None),
        )
        loop = Loop(size)
        with tempfile.TemporaryDirectory() as directory, tf.summary.FileWriter(directory) as writer:
            ratio(
                f"loop, batches of {size}",
                lambda loop=loop, writer=writer: loop.run(400, writer),
                lambda loop=loop: loop.run(400, None),
                rounds=10 * ROUNDS,
            )
