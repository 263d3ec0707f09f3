"""Draw the pictures of docs/seeing.md again: `python docs/images/draw.py`."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from sklearn.datasets import make_friedman1
from sklearn.preprocessing import StandardScaler

import skflow as tf
from skflow.estimators import DNNRegressor, LossCurveDisplay

HERE = Path(__file__).resolve().parent
mpl.use("Agg")


def training() -> tf.Graph:
    """The graph of the page's first example."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, (None, 3), name="x")
        y = tf.placeholder(tf.float32, (None, 1), name="y")
        with tf.name_scope("hidden"):
            weights = tf.Variable(tf.random_normal([3, 8], seed=0), name="weights")
            hidden = tf.nn.relu(tf.matmul(x, weights))
        with tf.name_scope("output"):
            weights = tf.Variable(tf.zeros([8, 1]), name="weights")
            output = tf.matmul(hidden, weights)
        with tf.name_scope("loss"):
            loss = tf.reduce_mean(tf.square(output - y))
        tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    return graph


def model() -> DNNRegressor:
    """The model of the page's second example."""
    X, y = make_friedman1(n_samples=2000, noise=1.0, random_state=0)
    return DNNRegressor((20,), learning_rate=0.01, early_stopping=True, random_state=0).fit(
        StandardScaler().fit_transform(X), y
    )


def main() -> None:
    """Write all pictures beside this file."""
    graph = training()
    for name, text in {
        "graph.svg": tf.graph_to_svg(graph),
        "scope.svg": tf.graph_to_svg(graph, scope="loss"),
    }.items():
        (HERE / name).write_text(text + "\n", encoding="utf-8")
    _, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
    display = LossCurveDisplay.from_estimator(model(), ax=ax, name="")
    display.figure_.savefig(HERE / "loss_curve.png", dpi=100, metadata={"Software": None})


if __name__ == "__main__":
    main()
