"""What waits for a check does so in each run, whatever becomes of it in the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import skflow as tf
from tests.tiers import TIERS, Tier


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


class Outside(NamedTuple):
    """A tensor and a variable."""

    x: Any
    v: Any


# What may be built in a block of control dependencies; what it is given is from outside.
WAITING: dict[str, Callable[[Outside], Any]] = {
    "a constant": lambda _: tf.constant(1.0),
    "a folded one": lambda _: tf.reduce_sum(tf.ones([3]) * 2.0) + 1.0,
    "a sum with a constant": lambda o: o.x + 1.0,
    "a sum with nothing": lambda o: o.x + 0.0,
    "a product with one": lambda o: 1.0 * o.x,
    "a repeated sum": lambda o: tf.square(o.x + 3.0),
    "what reads a variable": lambda o: o.v + 1.0,
    "a reading": lambda o: o.v.read_value(),
    "an identity": lambda o: tf.identity(o.x),
    "an update by a constant": lambda o: tf.assign_add(o.v, [1.0, 1.0]),
    "an update by a number": lambda o: tf.assign(o.v, tf.fill([2], 2.0) * 1.0),
    "an update": lambda o: tf.assign_sub(o.v, o.x),
    "an update of rows": lambda o: tf.scatter_update(o.v, [1], [3.0]),
    "a group": lambda o: tf.group(tf.assign_add(o.v, [1.0, 1.0])),
    "nothing": lambda _: tf.no_op(),
    "a tuple": lambda o: tf.tuple([o.x, tf.constant(1.0)])[1],
    "a draw": lambda _: tf.random_normal([2]),
    "a function": lambda o: tf.py_func(np.negative, [o.x], tf.float32),
    "a branch": lambda o: tf.cond(tf.constant(True), lambda: o.x * 1.0, lambda: o.x),
    "a constant branch": lambda o: tf.cond(o.x[0] < 9.0, lambda: 1.0, lambda: 2.0),
    "a loop": lambda _: tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0]),
    "a shape": lambda o: tf.shape(o.x),
    "a slope": lambda o: tf.gradients(tf.square(o.x), o.x)[0],
}


# Compiling a plan takes a while: most of these are left to the long campaign.
QUICK = ("a sum with a constant", "what reads a variable", "an update by a constant", "a slope")
CASES = [
    pytest.param(tier, name, marks=pytest.mark.soak)
    if tier is not TIERS[0] and name not in QUICK
    else (tier, name)
    for tier in TIERS
    for name in WAITING
]


@pytest.mark.parametrize(("tier", "waiting"), CASES, ids=str)
def test_what_waits_for_a_check_does_so_each_time(tier: Tier, waiting: str) -> None:
    """... whatever becomes of it in the plan; and what the check waits for is done."""
    x = tf.placeholder(tf.float32, [2])
    v, count = tf.Variable([0.0, 0.0]), tf.Variable(0)
    sum_before = x + 3.0
    with tf.control_dependencies([tf.assign_add(count, 1)]):
        check = tf.check_numerics(x, "no number")
    y = x * 1.0 + 0.0
    y.set_shape([2])
    with tf.control_dependencies([check]):
        late = WAITING[waiting](Outside(y, v))
    with tf.control_dependencies([late]):
        later = tf.constant(5.0) + 1.0
    with tier.session() as session:
        session.run(tf.global_variables_initializer())
        for k in range(4):
            for fetches in (late, later, [late, sum_before], [later, v]):
                session.run(fetches, {x: [1.0, 2.0]})
                before = session.run(v)
                with pytest.raises(tf.errors.InvalidArgumentError, match="no number"):
                    session.run(fetches, {x: [1.0, np.inf]})
                assert np.array_equal(session.run(v), before)
            assert session.run(count) == 8 * (k + 1)
            if k == 1:
                tier.ready()


@pytest.mark.parametrize("tier", TIERS, ids=str)
def test_an_error_before_an_update_that_waits_for_it(tier: Tier) -> None:
    """What comes before the failure in a chain of control dependencies is done; the rest is not."""
    x = tf.placeholder(tf.float32, [2])
    v, w = tf.Variable([0.0, 0.0]), tf.Variable([0.0, 0.0])
    first = tf.assign_add(v, [1.0, 1.0])
    with tf.control_dependencies([first]):
        check = tf.check_numerics(x, "no number")
    with tf.control_dependencies([check]):
        second = tf.assign_add(w, [1.0, 1.0])
    with tier.session() as session:
        session.run(tf.global_variables_initializer())
        for k in range(6):
            session.run(second.op, {x: [1.0, 2.0]})
            with pytest.raises(tf.errors.InvalidArgumentError, match="no number"):
                session.run(second.op, {x: [1.0, np.inf]})
            found = [a.tolist() for a in session.run([v, w])]
            assert found == [[2.0 * k + 2.0] * 2, [k + 1.0] * 2]
            if k == 1:
                tier.ready()
