"""Texts of kernels do what the steps in NumPy do, in whichever order their parts are made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

import skflow as tf
from tests.plain_kernels import Memory, PlainKernel, Replayed
from tests.random_graphs import Author
from tests.random_nets import Designer

QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


# The same examples each time; the long campaign looks for new ones, and for small ones.
def quick(examples: int) -> Any:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=QUIET,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )


def check_network(data: Any) -> None:
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(3)
        designer = Designer(data)
        fetches = designer.design()
    with pytest.MonkeyPatch.context() as monkeypatch:
        Replayed(monkeypatch).compare(graph, fetches, [designer.feeds(6) for _ in range(3)])


def check_graph(data: Any, steps: int) -> None:
    with tf.Graph().as_default() as graph:
        author = Author(data)
        author.start()
        for _ in range(steps):
            author.step()
    program = author.program
    fetches = [*[i.tensor for i in program.items], *program.updates]
    rng = np.random.default_rng(0)
    feeds = [{t: rng.standard_normal(s) for t, s in program.feeds.items()} for _ in range(3)]
    with pytest.MonkeyPatch.context() as monkeypatch:
        Replayed(monkeypatch).compare(graph, fetches, feeds)


# ---- what a kernel must not do ------------------------------------------------------------

TEXT = """
@inline
def phase0(t, c):
    x = f32(t[8])
    {line}

def run(address, shared):
    t = i64(address)
    for c in range(2):
        phase0(t, c)
    return 0
"""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x[c] = x[c] + np.float32(1.0)", ""),
        ("x[4] = np.float32(1.0)", "beyond the end"),
        ("x[-1] = np.float32(1.0)", "beyond the end"),
        ("f32(t[8] + 16)[0] = np.float32(1.0)", "nobody has handed out"),
        ("x[0] = np.float32(c)", "two parts write"),
        ("x[c] = x[1 - c]", "what another one writes|what another one reads"),
    ],
)
def test_mistakes_are_seen(line: str, message: str) -> None:
    table, numbers = np.zeros(9, np.int64), np.zeros(4, np.float32)
    table[8] = numbers.ctypes.data
    memory = Memory()
    memory.known(table)
    memory.known(numbers)
    kernel = PlainKernel(TEXT.format(line=line), memory, np.random.default_rng(0)).kernel()
    if message:
        with pytest.raises(AssertionError, match=message):
            kernel.run(table.ctypes.data, 0)
    else:
        assert kernel.run(table.ctypes.data, 0) == 0
        assert numbers.tolist() == [1, 1, 0, 0]


# ---- random programs ------------------------------------------------------------------------


@quick(8)
@given(data=st.data())
def test_networks(data: Any) -> None:
    check_network(data)


@quick(15)
@given(data=st.data())
def test_graphs(data: Any) -> None:
    check_graph(data, 12)


def test_a_network_of_large_layers() -> None:
    """Products that are cut, steps along them, sums of many rows, a gradient that is a view."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [300, 12])
        w = tf.Variable(np.linspace(-1, 1, 480).reshape(12, 40).astype(np.float32))
        b = tf.Variable(np.zeros(40, np.float32))
        v = tf.Variable(np.linspace(-1, 1, 400).reshape(40, 10).astype(np.float32))
        logits = tf.matmul(tf.tanh(tf.matmul(x, w) + b), v)
        labels = tf.constant(np.arange(300) % 10, tf.int32)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        loss = tf.reduce_mean(losses) + tf.reduce_sum(tf.square(tf.reshape(w, [-1])))
        step = tf.train.AdamOptimizer(0.01).minimize(loss)
    rng = np.random.default_rng(0)
    with pytest.MonkeyPatch.context() as monkeypatch:
        replayed = Replayed(monkeypatch)
        replayed.compare(graph, [loss, step], [{x: rng.random((300, 12))} for _ in range(3)])
    assert replayed.phases > 5


@pytest.mark.soak
@settings(max_examples=1000, deadline=None, suppress_health_check=QUIET)
@given(data=st.data())
def test_networks_at_length(data: Any) -> None:
    check_network(data)


@pytest.mark.soak
@settings(max_examples=3000, deadline=None, suppress_health_check=QUIET)
@given(data=st.data())
def test_graphs_at_length(data: Any) -> None:
    check_graph(data, 30)
