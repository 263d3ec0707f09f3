"""Graphs of any number of operations: chains, deep nets, many variables, wide fans, control."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np

import skflow as tf

Build = Callable[[int], tuple[Any, dict[Any, Any]]]


def chain(count: int) -> tuple[Any, dict[Any, Any]]:
    """Elementwise operations on a small array, one after the other."""
    x = y = tf.placeholder(tf.float32, (4,))
    for i in range(count):
        y = tf.sin(y) if i % 2 else tf.cos(y)
    return y, {x: np.ones(4, "f")}


def chain_gradients(count: int) -> tuple[Any, dict[Any, Any]]:
    """A chain of a third as many operations, and its gradient."""
    x = y = tf.placeholder(tf.float32, (4,))
    for i in range(count // 3):
        y = tf.sin(y) if i % 2 else tf.tanh(y)
    return tf.gradients(y, x), {x: np.ones(4, "f")}


def deep_net(count: int) -> tuple[Any, dict[Any, Any]]:
    """Layers of two units, trained by gradient descent."""
    x = h = tf.placeholder(tf.float32, (None, 2))
    for _ in range(count // 30):
        h = tf.nn.relu(tf.matmul(h, tf.Variable(tf.zeros((2, 2)))) + tf.Variable(tf.zeros((2,))))
    step = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(h))
    return step, {x: np.ones((3, 2), "f")}


def many_variables(count: int) -> tuple[Any, dict[Any, Any]]:
    """Small variables in one sum of squares, trained with Adam."""
    variables = [tf.Variable(tf.ones((2,))) for _ in range(count // 50)]
    loss = tf.add_n([tf.reduce_sum(tf.square(v)) for v in variables])
    return tf.train.AdamOptimizer(0.1).minimize(loss), {}


def initializers(count: int) -> tuple[Any, dict[Any, Any]]:
    """Variables and the operation that initializes all of them."""
    for _ in range(count // 4):
        tf.Variable(tf.ones((2,)))
    return tf.global_variables_initializer(), {}


def fan_out(count: int) -> tuple[Any, dict[Any, Any]]:
    """One fed array that half of all operations read, and the sum of what they make of it."""
    x = tf.placeholder(tf.float32, (None, 4))
    found = [tf.add(x, float(i)) for i in range(count // 2)]
    return tf.add_n(found), {x: np.ones((2, 4), "f")}


def fetches(count: int) -> tuple[Any, dict[Any, Any]]:
    """Every tenth operation of a chain is fetched."""
    x = y = tf.placeholder(tf.float32, (4,))
    found = []
    for i in range(count):
        y = tf.sin(y)
        if i % 10 == 0:
            found.append(y)
    return found, {x: np.ones(4, "f")}


def many_sizes(count: int) -> tuple[Any, dict[Any, Any]]:
    """Arrays of hundreds of different sizes, all alive until the end."""
    x = tf.placeholder(tf.float32, ())
    found = [tf.reduce_sum(tf.sin(tf.fill([1 + i % 997], float(i)) * x)) for i in range(count // 4)]
    return tf.add_n(found), {x: np.float32(1)}


def control_chain(count: int) -> tuple[Any, dict[Any, Any]]:
    """Each operation waits for the one before by a control dependency."""
    v = tf.Variable(0.0)
    last = v.initializer
    for _ in range(count // 2):
        with tf.control_dependencies([last]):
            last = tf.assign_add(v, 1.0).op
    return last, {}


def control_fan(count: int) -> tuple[Any, dict[Any, Any]]:
    """Half of the operations wait for a group of the other half."""
    x = tf.placeholder(tf.float32, (4,))
    half = count // 2
    first = tf.group(*[tf.add(x, float(i)) for i in range(half // 2)])
    with tf.control_dependencies([first]):
        found = [tf.multiply(x, float(i)) for i in range(half // 2)]
    return tf.group(*found), {x: np.ones(4, "f")}


def control_block(count: int) -> tuple[Any, dict[Any, Any]]:
    """A chain built in a block of control dependencies on some updates."""
    updates = [tf.assign_add(tf.Variable(0.0), 1.0) for _ in range(10)]
    x = y = tf.placeholder(tf.float32, (4,))
    with tf.control_dependencies(updates):
        y = tf.sin(y)
        for _ in range(count):
            y = tf.sin(y)
    return y, {x: np.ones(4, "f")}


def names(count: int) -> tuple[Any, dict[Any, Any]]:
    """Operations that all ask for one name, in scopes that all ask for one name."""
    x = y = tf.placeholder(tf.float32, (4,))
    for _ in range(count):
        with tf.name_scope("layer"):
            y = tf.sin(y, name="same")
    return y, {x: np.ones(4, "f")}


GRAPHS: Final[dict[str, Build]] = {
    "chain": chain,
    "chain and gradient": chain_gradients,
    "deep net": deep_net,
    "many variables": many_variables,
    "initializers": initializers,
    "fan out": fan_out,
    "many fetches": fetches,
    "many sizes": many_sizes,
    "control chain": control_chain,
    "control fan": control_fan,
    "control block": control_block,
    "one name": names,
}


def measure(name: str, count: int) -> dict[str, float]:
    """Operations of a graph, and microseconds of the processor's for each, to build and to run it.

    The first run is the one that compiles it.
    """
    tf.reset_default_graph()
    start = time.process_time()
    wanted, feed = GRAPHS[name](count)
    operations = len(tf.get_default_graph().get_operations())
    built = time.process_time()
    with tf.Session() as session:
        if tf.global_variables() and name != "initializers":
            session.run(tf.global_variables_initializer())
        begun = time.process_time()
        session.run(wanted, feed)
        done = time.process_time()
    each = 1e6 / operations
    return {
        "operations": operations,
        "build": (built - start) * each,
        "compile": (done - begun) * each,
    }
