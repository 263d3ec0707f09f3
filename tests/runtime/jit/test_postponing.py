"""Penalties of weights are computed in the pass that adds them, and need no memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.runtime.jit.hot import compiling
from tests.compiled import Beside

RNG = np.random.default_rng(0)
X = RNG.standard_normal((20, 30)).astype(np.float32)


def codes(session: Any) -> list[Any]:
    """The compiled plans of a session."""
    found = [plan._running for plan in session._state._plans]
    return [code for code in found if hasattr(code, "compiled")]


def passes(session: Any) -> list[list[str]]:
    """What is done in one pass, pass by pass: the types of operations."""
    found = [[n.op.type for n in s.nodes if n.op] for c in codes(session) for s in c._statements()]
    return [sorted(types) for types in found]


def together(session: Any, *types: str) -> bool:
    """Whether one pass does all of that; there are none without a compiler."""
    return not compiling.available or any(set(types) <= set(p) for p in passes(session))


def network(units: tuple[int, ...]) -> tuple[Any, Any]:
    """A placeholder, and a step of training with penalties of all weights."""
    x = tf.placeholder(tf.float32, [20, 30])
    layer, penalty = x, tf.constant(0.0)
    for i, size in enumerate(units):
        shape = [int(layer.shape[1]), size]
        start = RNG.standard_normal(shape).astype(np.float32)
        weights = tf.Variable(start, name=f"weights{i}")
        layer = tf.nn.relu(tf.matmul(layer, weights))
        penalty += tf.nn.l2_loss(weights)
    loss = tf.reduce_mean(tf.square(layer)) + 0.01 * penalty
    return x, tf.train.AdamOptimizer(0.01).minimize(loss)


SOME = pytest.mark.soak


@pytest.mark.parametrize(
    "units", [(30, 30, 30), pytest.param((7,), marks=SOME), pytest.param((300, 200), marks=SOME)]
)
def test_penalties(units: tuple[int, ...]) -> None:
    with tf.Graph().as_default() as graph:
        x, step = network(units)
    with Beside(graph) as beside:
        for i in range(5):
            beside.run([step], {x: X + i})
            if i == 0:
                beside.settle()
            beside.compare_variables(f"step {i}:")
        both = [p for p in passes(beside.compiled) if {"AddN", "Mul"} <= set(p)]
        if compiling.available:
            assert sum(p.count("AddN") for p in both) == len(units)
        for code in codes(beside.compiled):
            assert code.held < 1.1 * code.base.held


def check(build: Any, *types: str, joined: bool) -> None:
    """Compare both tiers, and whether operations are done in one pass."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [20, 30])
        w = tf.Variable(X * 0.5, name="w")
        fetches = build(x, w)
    with Beside(graph) as beside:
        beside.train(fetches, [{x: X + i} for i in range(3)])
        assert together(beside.compiled, *types) == (joined or not compiling.available)


def by_mean(x: Any) -> Any:
    """Numbers that come late, since a sum comes before them."""
    return tf.exp(x - tf.reduce_mean(x))


def test_what_is_there_anyway() -> None:
    check(lambda x, w: [by_mean(x) + tf.abs(w)], "Abs", "Add", joined=True)
    constant = X[::-1] - 0.5
    check(lambda x, w: [by_mean(x) + tf.maximum(w, constant)], "Add", "Maximum", joined=True)


def test_what_somebody_else_wants() -> None:
    def used_twice(x: Any, w: Any) -> list[Any]:
        size = tf.abs(w)
        return [by_mean(x) + size, tf.matmul(size, x, transpose_b=True)]

    def fetched(x: Any, w: Any) -> list[Any]:
        size = tf.abs(w)
        return [by_mean(x) + size, size]

    def used_by_one_twice(x: Any, w: Any) -> list[Any]:
        size = tf.abs(w)
        return [by_mean(x) + size + size]

    for build in (used_twice, fetched, used_by_one_twice):
        check(build, "Abs", "Add", joined=False)


def test_what_takes_memory() -> None:
    check(lambda x, w: [tf.abs(tf.exp(w)) + by_mean(x)], "Abs", "Add", joined=False)


@pytest.mark.parametrize("after", [False, True])
def test_changes_between(after: bool) -> None:
    """A variable is read before it is changed, or after, as the program says."""

    def build(x: Any, w: Any) -> list[Any]:
        if not after:
            size = tf.abs(w.read_value())
            with tf.control_dependencies([size]):
                changed = w.assign(w * 1.5)
        else:
            changed = w.assign(w * 1.5)
            with tf.control_dependencies([changed]):
                size = tf.abs(w.read_value())
        with tf.control_dependencies([changed]):
            late = tf.identity(by_mean(x))
        return [late + size, changed]

    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [20, 30])
        fetches = build(x, tf.Variable(X * 0.5, name="w"))
    with Beside(graph) as beside:
        beside.train(fetches, [{x: X + i} for i in range(3)])
