"""The engine by itself: a graph that fits a line by gradient descent."""

from __future__ import annotations

import numpy as np

import skflow as tf


def fit_line(
    x: np.ndarray, y: np.ndarray, *, steps: int, learning_rate: float
) -> tuple[float, float, float]:
    """Return the slope, intercept and mean squared error after some steps."""
    with tf.Graph().as_default(), tf.Session() as session:
        points = tf.placeholder(tf.float32, shape=[None], name="points")
        values = tf.placeholder(tf.float32, shape=[None], name="values")
        slope = tf.Variable(0.0, name="slope")
        intercept = tf.Variable(0.0, name="intercept")
        mse = tf.reduce_mean(tf.square(slope * points + intercept - values), name="mse")
        step = tf.train.GradientDescentOptimizer(learning_rate).minimize(mse)

        session.run(tf.global_variables_initializer())
        for _ in range(steps):
            session.run(step, feed_dict={points: x, values: y})
        found = session.run([slope, intercept, mse], feed_dict={points: x, values: y})
    return float(found[0]), float(found[1]), float(found[2])


def main() -> None:
    """Fit noisy points of a known line."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 200)
    y = 3.0 * x - 2.0 + rng.normal(0, 0.1, 200)
    slope, intercept, mse = fit_line(x, y, steps=300, learning_rate=0.1)
    print(f"y = {slope:.3f} x + {intercept:.3f}, mean squared error {mse:.5f}")


if __name__ == "__main__":
    main()
