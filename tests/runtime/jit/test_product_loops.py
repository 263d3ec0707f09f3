"""Large products with the loops over their elements: bit by bit what NumPy computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.runtime.jit.product_loops import ProductLoop
from tests.compiled import Beside

SHAPES = {"by columns": (40, 200, 330), "by rows": (400, 150, 70), "in four": (200, 700, 800)}
WAYS = [w if w != "in four" else pytest.param(w, marks=pytest.mark.soak) for w in SHAPES]


def dense(x: Any, w: Any) -> Any:
    """A layer: of the product only the result is wanted."""
    return [tf.nn.relu(tf.matmul(x, w) + tf.ones(w.shape[1:]) * 0.5) * 2.0]


def also_fetched(x: Any, w: Any) -> Any:
    """The product is wanted, too."""
    y = tf.matmul(x, w)
    return [y, tf.nn.relu(y - 0.5)]


def also_used(x: Any, w: Any) -> Any:
    """The product is needed by something else, later."""
    y = tf.matmul(x, w)
    return [tf.nn.relu(y - 0.5), tf.reduce_sum(tf.exp(y * 0.01), 1)]


def of_two_products(x: Any, w: Any) -> Any:
    """A loop reads two products."""
    a, b = tf.matmul(x, w), tf.matmul(x * 0.5, w)
    return [a * b + a]


def of_a_sum(x: Any, w: Any) -> Any:
    """A loop reads what comes between it and the product."""
    y = tf.matmul(x, w)
    return [y - tf.reduce_max(tf.reduce_sum(y, 1)), y * tf.reduce_sum(x)]


def other_types(x: Any, w: Any) -> Any:
    """The result of a loop has another type than the product."""
    y = tf.matmul(x, w)
    return [y > 1.0, tf.cast(y > 2.0, y.dtype) * y]


JOINED = (dense, also_fetched, also_used, of_two_products, other_types)


@pytest.mark.parametrize("way", WAYS)
def test_loops_join_products(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    joined: list[ProductLoop] = []
    make = ProductLoop.__init__

    def noted(self: ProductLoop, *arguments: Any) -> None:
        joined.append(self)
        make(self, *arguments)

    monkeypatch.setattr(ProductLoop, "__init__", noted)
    rows, inner, columns = SHAPES[way]
    rng = np.random.default_rng(0)
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [rows, inner])
        fetches = []
        for build in (*JOINED, of_a_sum):
            w = tf.Variable(rng.standard_normal((inner, columns)) / 10, dtype=tf.float32)
            fetches += build(x, w)
    with Beside(graph, intra_op_parallelism_threads=2) as beside:
        feeds = [{x: rng.standard_normal((rows, inner)).astype(np.float32)} for _ in range(4)]
        beside.train(fetches, feeds)
    assert len(joined) == len(JOINED)


def test_a_variable_that_changes_between_product_and_loop() -> None:
    """The loop reads it as it is at its own place in the order."""
    rng = np.random.default_rng(1)
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [100, 300])
        w = tf.Variable(rng.standard_normal((300, 120)), dtype=tf.float32)
        bias = tf.Variable(tf.zeros([120]))
        y = tf.matmul(x, w)
        with tf.control_dependencies([y]):
            moved = tf.assign_add(bias, tf.ones([120]))
        with tf.control_dependencies([moved]):
            late = y + bias.read_value()
        early = y * 2.0
    with Beside(graph) as beside:
        feeds = [{x: rng.standard_normal((100, 300)).astype(np.float32)} for _ in range(4)]
        beside.train([late, early], feeds)
