"""Updates are joined, and writes ordered after reads, without changing what a run computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.runtime import passes
from skflow.runtime.plan import Lowering
from skflow.runtime.state import State
from skflow.runtime.steps import Plan


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def scheduled(fetches: Any, shapes: dict[Any, Any] | None = None) -> Plan:
    shapes = shapes or {}
    plan = Lowering(State()).lower(fetches, list(shapes), list(shapes.values()))
    passes.merge_updates(plan)
    passes.schedule(plan)
    return plan


def joined(plan: Plan) -> list[int]:
    return sorted(len(n.members) for n in plan.nodes if n.kind == "update")


def variables(count: int, dtype: Any = tf.float32) -> list[Any]:
    return [tf.Variable(tf.fill([3], tf.cast(i, dtype))) for i in range(count)]


def descent(pairs: Any, rate: Any = 1.0) -> Any:
    return tf.train.GradientDescentOptimizer(rate).apply_gradients(pairs)


def ones(v: Any) -> Any:
    return tf.ones([3], v.dtype.base_dtype)


def test_one_optimizer_is_one_node() -> None:
    vs = variables(4)
    assert joined(scheduled([descent([(ones(v), v) for v in vs])])) == [4]


def test_types_and_rates_keep_updates_apart() -> None:
    a, b = variables(2)
    (c,) = variables(1, tf.float64)
    assert joined(scheduled([descent([(ones(v), v) for v in (a, b, c)])])) == [1, 2]
    assert joined(scheduled([descent([(ones(a), a)], 0.5), descent([(ones(b), b)], 2.0)])) == [1, 1]


def test_a_rate_that_is_no_number() -> None:
    """It is the operation that refuses it, with TensorFlow's sentence."""
    (v,) = variables(1)
    rate = tf.placeholder(tf.float32)
    train = descent([(ones(v), v)], rate)
    with tf.Session() as session:
        session.run(v.initializer)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"alpha is not a scalar: \[1\]"):
            session.run(train, {rate: [0.1]})
        session.run(train, {rate: 0.5})
        assert session.run(v).tolist() == [-0.5] * 3


def test_updates_that_depend_on_each_other_are_not_joined() -> None:
    a, b, c, d = variables(4)
    gd, momentum = tf.train.GradientDescentOptimizer(1.0), tf.train.MomentumOptimizer(1.0, 0.0)

    def apply(optimizer: Any, grad: Any, v: Any) -> Any:
        return optimizer.apply_gradients([(grad, v)], name=f"apply_{v.op.name}")

    first = apply(gd, ones(a), a)
    with tf.control_dependencies([first]):
        second = apply(momentum, a.read_value() + ones(a), b)
    third = apply(momentum, ones(c), c)
    with tf.control_dependencies([third]):
        fourth = apply(gd, c.read_value(), d)
    everything = [first, second, third, fourth]
    plan = scheduled(everything)
    done = [m for n in plan.nodes for m in (n.members or [n]) if m.definition.type[:5] == "Apply"]
    assert len(done) == 4  # none is lost in a circle
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(everything)
        assert [x[0] for x in session.run([a, b, c, d])] == [-1.0, 1.0, 1.0, 2.0]


def test_the_same_variable_twice() -> None:
    (v,) = variables(1)
    train = [descent([(ones(v), v)]), descent([(ones(v) * 2.0, v)])]
    assert joined(scheduled(train)) == []
    with tf.Session() as session:
        session.run(v.initializer)
        session.run(train)
        assert session.run(v).tolist() == [-3.0] * 3


def test_writes_come_last() -> None:
    v = tf.Variable([1.0, 2.0])
    x = tf.placeholder(tf.float32, [2])
    update = tf.assign(v, x)
    plan = scheduled([update.op, tf.exp(v) * x, tf.tanh(v) + x], {x: (2,)})
    assert plan.nodes[-1].definition.type == "Assign"
    assert [n.position for n in plan.nodes] == list(range(len(plan.nodes)))
    assert passes.protect_reads(plan) == set()


def test_values_needed_after_a_write_are_copied() -> None:
    v = tf.Variable([1.0, 2.0])
    update = tf.assign_add(v, [1.0, 1.0])
    for needed in (v.value(), tf.reshape(v, [1, 2]), tf.transpose(tf.reshape(v, [1, 2]))):
        assert len(passes.protect_reads(scheduled([needed, update.op]))) == 1
    assert passes.protect_reads(scheduled([tf.exp(v), update.op])) == set()
    with tf.control_dependencies([update]):
        late = tf.reshape(v.value(), [2, 1]) * tf.exp(tf.constant([[1.0, 2.0]]))
    with tf.Session() as session:
        session.run(v.initializer)
        old, flat, _ = session.run([v.value(), tf.reshape(v, [1, 2]), late])
        assert old.tolist() == flat[0].tolist() == [1.0, 2.0]


def test_products_are_counted() -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    y = tf.matmul(tf.matmul(x, tf.ones([3, 4])), tf.ones([4, 2]))
    assert passes.count_products(scheduled([y], {x: (10, 3)})) == 10 * 3 * 4
    assert passes.count_products(scheduled([y], {x: (0, 3)})) == 0
    assert passes.count_products(scheduled([y], {x: (None, 3)})) > 1 << 60
    assert passes.count_products(scheduled([tf.exp(x)], {x: (10, 3)})) == 0
    assert isinstance(np.asarray(passes.count_products(scheduled([y], {x: (1, 3)}))).item(), int)
