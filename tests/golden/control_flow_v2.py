"""Conditionals and loops as TensorFlow 2 writes them, and what they compute.

    python control_flow_v2.py FOLDER      # under TensorFlow 2.21

It leaves control_flow_v2.meta and control_flow_v2.json in FOLDER.
"""
import json
import pathlib
import sys

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
tf.enable_control_flow_v2()

FEEDS = [{"x:0": [[1.0, 2.0, 3.0]], "s:0": 2.0}, {"x:0": [[-1.0, 0.5, -2.0]], "s:0": 0.5}]


def build():
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    s = tf.placeholder(tf.float32, [], name="s")
    weights = tf.constant(np.eye(3, dtype=np.float32) * 1.5)
    branch = tf.cond(tf.reduce_sum(x) > 0.0, lambda: tf.tanh(x) * 2.0, lambda: tf.exp(-x) + s)
    loop = tf.while_loop(
        lambda i, _: i < 4, lambda i, a: (i + 1, tf.matmul(a, weights) - s), [0, x]
    )
    nested = tf.while_loop(
        lambda i, _: i < 3,
        lambda i, a: (i + 1, tf.cond(tf.equal(i, 1), lambda: a * s, lambda: a - s)),
        [0, x],
    )
    shaking = tf.cond(
        s > 1.0, lambda: x * tf.random_uniform([3], seed=7), lambda: x + tf.random_normal([], seed=8)
    )
    for name, tensor in (("y", branch), ("w", loop[1]), ("z", nested[1]), ("r", shaking)):
        tf.identity(tensor, name=name)
    return ["y:0", "w:0", "z:0", "r:0"]


def main():
    folder = pathlib.Path(sys.argv[1])
    fetches = build()
    with tf.Session() as session:
        values = [[v.tolist() for v in session.run(fetches, feeds)] for feeds in FEEDS]
    tf.train.export_meta_graph(str(folder / "control_flow_v2.meta"))
    held = {"fetches": fetches, "feeds": FEEDS, "values": values}
    (folder / "control_flow_v2.json").write_text(json.dumps(held, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
