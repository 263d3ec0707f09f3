"""The most memory that training a net with Adam takes, in sizes of its parameters.

Called with "session", "loss first" or the options of a `DNNRegressor` as JSON; writes the number.
"""

from __future__ import annotations

import gc
import json
import re
import sys
import warnings
from pathlib import Path

import numpy as np

import skflow as tf
from skflow.estimators import DNNRegressor

UNITS = 2000
X = np.random.RandomState(0).rand(20, 2).astype("f")


def status(field: str) -> int:
    """A line of this process's status, in bytes."""
    found = re.search(rf"{field}:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def train(units: int, loss_first: bool) -> None:
    """Train in a session."""
    with tf.Graph().as_default(), tf.Session() as session:
        rows = h = tf.placeholder(tf.float32, (None, 2))
        for size in (units, units, 1):
            shape = (int(h.get_shape()[1]), size)
            weights = tf.Variable(tf.truncated_normal(shape, stddev=0.02))
            h = tf.nn.tanh(tf.matmul(h, weights) + tf.Variable(tf.zeros([size])))
        loss = tf.reduce_mean(tf.square(h))
        step = tf.train.AdamOptimizer().minimize(loss)
        session.run(tf.global_variables_initializer())
        if loss_first:  # compiled for where the variables lie before the first step
            session.run(loss, {rows: X})
        for _ in range(3):
            session.run([loss, step], {rows: X})


def fit(units: int, options: str) -> None:
    """Train an estimator."""
    model = DNNRegressor((units, units), max_iter=2, batch_size=5, **json.loads(options))
    model.fit(X, X[:, 0])


def main(kind: str) -> None:
    """Train a small net, then a large one, and write down what the large one took."""
    warnings.simplefilter("ignore")
    for units in (10, UNITS):
        gc.collect()
        before = status("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
        if kind in ("session", "loss first"):
            train(units, kind == "loss first")
        else:
            fit(units, kind)
    sys.stdout.write(str((status("VmHWM") - before) / (4 * (UNITS**2 + 5 * UNITS))))


if __name__ == "__main__":
    main(sys.argv[1])
