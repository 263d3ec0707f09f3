"""Building and compiling a graph takes work in proportion to its operations: bytecodes, counted."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import skflow as tf

Run = tuple[Any, dict[Any, Any]]
Build = Callable[[int], Run]


def _fed() -> Any:
    return tf.placeholder(tf.float32, (4,))


def chain(count: int) -> Run:
    x = y = _fed()
    for _ in range(count):
        y = tf.sin(y)
    return y, {x: np.ones(4)}


def trained_chain(count: int) -> Run:
    y = tf.Variable(tf.ones(4))
    for _ in range(count // 4):
        y = tf.tanh(y)
    return tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(y)), {}


def views(count: int) -> Run:
    x = y = _fed()
    for i in range(count // 2):
        y = tf.reshape(y, (2, 2) if i % 2 else (4,))
        y = tf.transpose(y) if i % 2 else y
    return y, {x: np.ones(4)}


def variables(count: int) -> Run:
    found = [tf.Variable(tf.ones(2)) for _ in range(count // 20)]
    loss = tf.add_n([tf.reduce_sum(tf.square(v)) for v in found])
    return tf.train.AdamOptimizer(0.1).minimize(loss), {}


def optimizers(count: int) -> Run:
    steps = []
    for i in range(count // 20):
        v = tf.Variable(tf.ones(2))
        optimizer = tf.train.GradientDescentOptimizer(0.1 + i)
        steps.append(optimizer.minimize(tf.reduce_sum(tf.square(v)), var_list=[v]))
    return tf.group(*steps), {}


def initializers(count: int) -> Run:
    for _ in range(count // 4):
        tf.Variable(tf.ones(2))
    return tf.global_variables_initializer(), {}


def fan_out(count: int) -> Run:
    x = tf.placeholder(tf.float32, (None, 40))
    return tf.add_n([tf.add(x, float(i)) for i in range(count // 2)]), {x: np.ones((500, 40))}


def unused(count: int) -> Run:
    x = _fed()
    v = tf.Variable(0.0)
    branches = [tf.cond(v > 0, lambda: x, lambda: -x) for _ in range(2)]
    found = [tf.add(branches[0], float(i)) for i in range(count // 2)]
    return [found[0], *[tf.shape(f) for f in found]], {x: np.ones(4)}


def fetches(count: int) -> Run:
    x = y = _fed()
    found = []
    for _ in range(count // 2):
        y = tf.sin(y)
        found.append(y)
    return found, {x: np.ones(4)}


def sizes(count: int) -> Run:
    x = tf.placeholder(tf.float32, ())
    made = [tf.fill([1 + i], float(i)) * x for i in range(count // 4)]
    return [tf.reduce_sum(tf.sin(m)) for m in made], {x: 1.0}


def control_chain(count: int) -> Run:
    v = tf.Variable(0.0)
    last = v.initializer
    for _ in range(count // 2):
        with tf.control_dependencies([last]):
            last = tf.assign_add(v, 1.0).op
    return last, {}


def control_with_data(count: int) -> Run:
    v = tf.Variable(0.0)
    x = y = _fed()
    last = v.initializer
    for _ in range(count // 4):
        with tf.control_dependencies([last]):
            y = tf.sin(y) + v
            last = tf.assign_add(v, 1.0).op
    return y, {x: np.ones(4)}


def control_fan(count: int) -> Run:
    x = _fed()
    before = tf.group(*[tf.add(x, float(i)) for i in range(count // 4)])
    with tf.control_dependencies([before]):
        after = [tf.multiply(x, float(i)) for i in range(count // 4)]
    return tf.group(*after), {x: np.ones(4)}


def block(count: int) -> Run:
    updates = [tf.assign_add(tf.Variable(0.0), 1.0) for _ in range(count // 20)]
    x = y = _fed()
    with tf.control_dependencies(updates):
        for _ in range(count // 2):
            y = tf.sin(y)
    return y, {x: np.ones(4)}


def one_name(count: int) -> Run:
    x = y = _fed()
    for _ in range(count):
        with tf.name_scope("layer"):
            y = tf.sin(y, name="same")
    return y, {x: np.ones(4)}


GRAPHS: list[Build] = [
    chain,
    trained_chain,
    views,
    variables,
    optimizers,
    initializers,
    fan_out,
    unused,
    fetches,
    sizes,
    control_chain,
    control_with_data,
    control_fan,
    block,
    one_name,
]


def bytecodes(work: Callable[[], object]) -> int:
    """How many bytecodes a call runs."""
    count = 0

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_lines = False
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def first_run(build: Build, count: int) -> tuple[int, int]:
    """Operations of a graph, and bytecodes to build it and to run it once."""
    gc.collect()
    graph = tf.Graph()

    def work() -> None:
        with graph.as_default(), tf.Session() as session:
            fetched, fed = build(count)
            if build is not initializers and tf.global_variables():
                session.run(tf.global_variables_initializer())
            session.run(fetched, fed)

    found = bytecodes(work)
    return len(graph.get_operations()), found


@pytest.mark.parametrize("build", GRAPHS, ids=lambda b: b.__name__)
def test_work_grows_with_the_operations(build: Build) -> None:
    first_run(build, 20)  # what is imported or made once
    few, some = first_run(build, 100)
    many, more = first_run(build, 400)
    assert more / many < 1.06 * some / few


@pytest.mark.parametrize("build", [trained_chain, views], ids=lambda b: b.__name__)
def test_long_chains_need_no_deep_stack(build: Build) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        fetched, fed = build(5000)
        session.run(tf.global_variables_initializer())
        session.run(fetched, fed)
