"""No plan skips what it must do in each run: draws, reads and updates in order, and errors."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import skflow as tf
from tests.interpreter import Interpreter
from tests.plan_cases import assert_same
from tests.tiers import TIERS, Tier


@pytest.fixture(params=TIERS, ids=str)
def tier(request: Any) -> Iterator[Tier]:
    with tf.Graph().as_default():
        yield request.param


# ---- random numbers -----------------------------------------------------------------------


def draws(x: Any) -> list[Any]:
    """Operations that draw: twice the same, seeded, folded into others, in a loop and a branch."""
    noise = tf.random_normal([3])
    looped = tf.while_loop(
        lambda i, _: i < 2, lambda i, t: (i + 1, t + tf.random_normal([2])), [0, tf.zeros([2])]
    )
    return [
        noise,
        noise * 2.0 + 1.0,
        tf.random_normal([3]),
        tf.random_uniform([2, 2], seed=3),
        tf.random_uniform([2, 2], seed=3),
        tf.random_uniform([4], maxval=1 << 20, dtype=tf.int32),
        tf.truncated_normal([2], dtype=tf.float64),
        tf.nn.dropout(tf.ones([64]) * x, 0.5),
        tf.random_shuffle(tf.range(50)),
        looped[1],
        tf.cond(x > 0.0, lambda: tf.random_uniform([2]), lambda: tf.random_normal([2])),
        tf.ones([2]) * 3.0 + tf.random_uniform([]),
    ]


def test_each_run_draws_anew(tier: Tier) -> None:
    """... the numbers that the interpreter draws: each operation once in a run, and no more."""
    tf.set_random_seed(5)
    x = tf.placeholder(tf.float32, [])
    fetches = draws(x)
    plain = Interpreter()
    with tier.session() as session:
        earlier: list[list[Any]] = []
        for k in range(12):
            found = session.run(fetches, {x: 1.0})
            if k == 1:
                tier.ready()
            for a, b, fetch in zip(found, plain.run(fetches, {x: 1.0}), fetches, strict=True):
                assert_same(a, b, fetch.name)
            for others in earlier:
                pairs = zip(found, others, strict=True)
                assert not any(np.array_equal(a, b) for a, b in pairs)
            assert np.array_equal(found[1], found[0] * 2 + 1)
            assert not np.array_equal(found[0], found[2])
            assert np.array_equal(found[3], found[4])  # of one seed, but two streams
            earlier.append(found)


def test_what_is_not_fetched_does_not_draw(tier: Tier) -> None:
    tf.set_random_seed(5)
    one, two = tf.random_normal([2]), tf.random_normal([2])
    plain = Interpreter()
    with tier.session() as session:
        for k in range(12):
            fetches = [[one], [two], [one, two]][k % 3]
            expected = plain.run(fetches)
            for a, b in zip(session.run(fetches), expected, strict=True):
                assert_same(a, b, f"run {k}")
            if k == 5:
                tier.ready()


def test_a_draw_that_is_fed_does_not_advance(tier: Tier) -> None:
    tf.set_random_seed(5)
    noise = tf.random_normal([2])
    double = noise * 2.0
    plain = Interpreter()
    with tier.session() as session:
        for k in range(9):
            feeds = {noise: np.full(2, k, np.float32)} if k % 2 else {}
            (expected,) = plain.run([double], feeds)
            assert_same(session.run(double, feeds), expected, f"run {k}")
            if k == 3:
                tier.ready()


# ---- reads and updates in one run -----------------------------------------------------------


def test_reads_around_updates(tier: Tier) -> None:
    x = tf.placeholder(tf.float32, [3])
    v = tf.Variable(np.zeros(3, np.float32))
    before = v * 1.0  # reads come before updates, unless control dependencies say otherwise
    first = tf.assign(v, x)
    also_before = tf.reduce_sum(v) + 0.0
    with tf.control_dependencies([first]):
        between = v.read_value() * 1.0
    with tf.control_dependencies([between]):
        second = tf.assign_add(v, x)
    with tf.control_dependencies([second]):
        after = v.read_value() * 1.0
        third = tf.assign_sub(v, 0.5 * v.read_value())
    with tf.control_dependencies([third]):
        last = tf.square(v.read_value())
    fetches = [before, also_before, between, after, last]
    old = np.zeros(3, np.float32)
    with tier.session() as session:
        session.run(v.initializer)
        for k in range(8):
            given = np.arange(3, dtype=np.float32) + k
            found = session.run(fetches, {x: given})
            for a, b in zip(found, [old, old.sum(), given, 2 * given, given**2], strict=True):
                assert_same(a, b, f"run {k}")
            old = given
            assert np.array_equal(session.run(v), old)
            if k == 2:
                tier.ready()


def test_a_value_from_before_is_kept_over_the_update(tier: Tier) -> None:
    """Values worked out before an update are used after it, views of the variable among them."""
    v = tf.Variable(np.arange(6, dtype=np.float32).reshape(2, 3))
    old = [v + 0.0, tf.transpose(v) * 1.0, tf.reshape(v * 1.0, [-1]), v[1] * 1.0]
    with tf.control_dependencies(old):
        change = tf.assign(v, -1.0 * old[0])
    with tf.control_dependencies([change]):
        new = v.read_value() * 1.0
        late = [tf.identity(old[0]) * 2.0, old[1] + 1.0, old[2] + tf.reshape(new, [-1])]
    with tier.session() as session:
        session.run(v.initializer)
        value = np.arange(6, dtype=np.float32).reshape(2, 3)
        for k in range(6):
            found = session.run([*old, new, *late])
            zero = np.zeros(6, np.float32)
            expected = [value, value.T, value.reshape(-1), value[1], -value]
            expected += [value * 2, value.T + 1, zero]
            for a, b in zip(found, expected, strict=True):
                assert_same(a, b, f"run {k}")
            value = -value
            if k == 2:
                tier.ready()


def test_updates_in_the_order_that_is_asked_for(tier: Tier) -> None:
    """A chain of updates that do not commute, and one that a fetched operation only waits for."""
    v = tf.Variable(1.0)
    w = tf.Variable([1.0, 1.0])
    twice = tf.assign(v, v.read_value() * 2.0)
    with tf.control_dependencies([twice]):
        more = tf.assign_add(v, 1.0)
    with tf.control_dependencies([more]):
        copied = tf.assign(w, tf.stack([v.read_value(), v.read_value() + 1.0]))
    with tf.control_dependencies([copied]):
        done = tf.no_op()
    value = 1.0
    with tier.session() as session:
        session.run(tf.global_variables_initializer())
        for k in range(8):
            assert session.run(done) is None
            value = value * 2 + 1
            assert session.run(w).tolist() == [value, value + 1]
            if k == 2:
                tier.ready()


def test_a_queue_of_updates(tier: Tier) -> None:
    """Twenty updates in a row, each of which reads what the one before has left."""
    x = tf.placeholder(tf.float32, [2])
    v, seen = tf.Variable([0.0, 0.0]), []
    last: Any = x
    for k in range(20):
        with tf.control_dependencies([last]):
            value = v.read_value() * 0.5 + (x if k % 3 else -x)
            last = (tf.assign if k % 2 else tf.assign_add)(v, value)
        with tf.control_dependencies([last]):
            last = v.read_value() * 1.0
            seen.append(last)
    state = np.zeros(2)
    with tier.session() as session:
        session.run(v.initializer)
        for run in range(6):
            given = np.array([run + 1.0, -run])
            expected = []
            for k in range(20):
                value = state * 0.5 + (given if k % 3 else -given)
                state = value if k % 2 else state + value
                expected.append(state)
            for a, b in zip(session.run(seen, {x: given}), expected, strict=True):
                assert_same(a, b.astype(np.float32), f"run {run}")
            if run == 2:
                tier.ready()


# ---- errors -------------------------------------------------------------------------------

ROWS = 6


class Careful:
    """A training step of which each run may be refused, for one of several reasons."""

    def __init__(self, tier: Tier) -> None:
        tf.set_random_seed(2)
        self.x = tf.placeholder(tf.float32, [ROWS, 3])
        self.labels = tf.placeholder(tf.int32, [ROWS])
        self.at = tf.placeholder(tf.int32, [2])
        self.limit = tf.placeholder(tf.float32, [])
        self.mode = tf.placeholder(tf.string, [])
        rng = np.random.default_rng(1)
        w1 = tf.Variable(rng.standard_normal((3, 5)).astype(np.float32))
        w2 = tf.Variable(rng.standard_normal((5, 4)).astype(np.float32))
        table = tf.Variable(rng.standard_normal((7, 3)).astype(np.float32))
        small = tf.Assert(tf.reduce_all(self.x < self.limit), [self.x], name="too_large")
        with tf.control_dependencies([small]):
            x = tf.identity(self.x) + tf.reduce_sum(tf.gather(table, self.at))
        x = tf.check_numerics(x, "no number")
        (passed,) = tf.py_func(self._function, [x, self.mode], [tf.float32])
        passed.set_shape(x.shape)
        hidden = tf.nn.relu(tf.matmul(x + 0.0 * passed, w1))
        loss = tf.losses.sparse_softmax_cross_entropy(self.labels, tf.matmul(hidden, w2))
        step = tf.Variable(0, trainable=False)
        self.loss = loss
        self.train = tf.train.AdamOptimizer(0.01).minimize(loss, step)
        self.variables = tf.global_variables()
        self.session = tier.session()
        self.session.run(tf.global_variables_initializer())

    @staticmethod
    def _function(x: Any, mode: Any) -> Any:
        if mode == b"raise":
            raise KeyError("why not")
        return x

    def feeds(self, rng: np.random.Generator) -> dict[Any, Any]:
        """What every run accepts."""
        return {
            self.x: rng.standard_normal((ROWS, 3)).astype(np.float32),
            self.labels: rng.integers(0, 4, ROWS).astype(np.int32),
            self.at: rng.integers(0, 7, 2).astype(np.int32),
            self.limit: 50.0,
            self.mode: b"go on",
        }

    def values(self) -> list[Any]:
        return [np.array(a) for a in self.session.run(self.variables)]


def wrong_label(c: Careful, feeds: dict[Any, Any]) -> Any:
    feeds[c.labels][3] = 4
    return tf.errors.InvalidArgumentError, "label value"


def negative_label(c: Careful, feeds: dict[Any, Any]) -> Any:
    feeds[c.labels][0] = -1
    return tf.errors.InvalidArgumentError, "label value"


def not_a_number(c: Careful, feeds: dict[Any, Any]) -> Any:
    feeds[c.x][2, 1] = np.nan
    feeds[c.limit] = np.float32(np.inf)
    return tf.errors.InvalidArgumentError, "no number|assertion failed"


def infinite(c: Careful, feeds: dict[Any, Any]) -> Any:
    feeds[c.x][2, 1] = -np.inf
    return tf.errors.InvalidArgumentError, "no number"


def above_the_limit(c: Careful, feeds: dict[Any, Any]) -> Any:
    feeds[c.x][0, 0] = 51.0
    return tf.errors.InvalidArgumentError, "assertion failed"


def outside_the_table(c: Careful, feeds: dict[Any, Any]) -> Any:
    feeds[c.at][1] = 7
    return tf.errors.InvalidArgumentError, r"7 is not in \[0, 7\)"


def raising(c: Careful, feeds: dict[Any, Any]) -> Any:
    feeds[c.mode] = b"raise"
    return tf.errors.OpError, "why not"


SPOILERS = [
    wrong_label,
    negative_label,
    not_a_number,
    infinite,
    above_the_limit,
    outside_the_table,
    raising,
]


def test_errors_in_each_run_in_which_they_are_due(tier: Tier) -> None:
    """At the first run, at the 50th and at the 100th; variables are those from before."""
    careful, plain = Careful(tier), Interpreter()
    plain.run([v.initializer for v in careful.variables])
    rng = np.random.default_rng(0)
    fetches = [careful.loss, careful.train]
    for run in range(1, 101):
        feeds = careful.feeds(rng)
        if run in (1, 2, 50, 100):
            tier.ready()
            before = careful.values()
            for spoil in SPOILERS:
                bad = {k: np.array(a) for k, a in feeds.items()}
                kind, sentence = spoil(careful, bad)
                for _ in range(2):
                    with pytest.raises(kind, match=sentence):
                        careful.session.run(fetches, bad)
                    for a, b in zip(careful.values(), before, strict=True):
                        assert np.array_equal(a, b), spoil.__name__
        found, _ = careful.session.run(fetches, feeds)
        expected, _ = plain.run(fetches, feeds)
        assert_same(found, expected, f"loss of run {run}")
    careful.session.close()


def test_errors_in_one_thread_of_several(tier: Tier) -> None:
    """What goes wrong in one thread's runs is raised there, and the others' runs are right."""
    careful = Careful(tier)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        rng = np.random.default_rng(number)
        try:
            for k in range(15):
                feeds = careful.feeds(rng)
                if (k + number) % 3:
                    assert np.isfinite(careful.session.run(careful.loss, feeds))
                    continue
                kind, sentence = SPOILERS[k % len(SPOILERS)](careful, feeds)
                with pytest.raises(kind, match=sentence):
                    careful.session.run([careful.loss, careful.train], feeds)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    careful.session.close()


def test_whole_numbers_are_not_divided_by_zero(tier: Tier) -> None:
    x = tf.placeholder(tf.int32, [3])
    found = tf.constant([6, 7, 8]) // x + x % 5
    with tier.session() as session:
        for k in range(6):
            assert session.run(found, {x: [1, 2, k + 1]}).tolist() == [
                7,
                5,
                8 // (k + 1) + (k + 1) % 5,
            ]
            with pytest.raises(tf.errors.InvalidArgumentError, match="division by zero"):
                session.run(found, {x: [1, 0, k]})
            if k == 1:
                tier.ready()
