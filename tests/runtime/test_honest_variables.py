"""No plan remembers a variable's value or place: whoever changes it, the next run sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.graph.context import Stored
from tests.plan_cases import assert_same
from tests.tiers import TIERS, Tier

SHAPE = (6, 4)


class Readers:
    """A plan that reads a variable in many ways, compiled before the variable is changed.

    Parameters
    ----------
    tier : Tier
        How the session runs it.
    """

    def __init__(self, tier: Tier) -> None:
        self.rng = np.random.default_rng(0)
        with tf.Graph().as_default() as self.graph:
            tf.set_random_seed(1)
            self.v = v = tf.Variable(np.ones(SHAPE, np.float32), name="v")
            self.other = tf.Variable(np.ones(3, np.float32), name="other")
            self.new = tf.placeholder(tf.float32, SHAPE)
            self.rows = tf.placeholder(tf.float32, [2, *SHAPE[1:]])
            self.x = x = tf.placeholder(tf.float32, [5, SHAPE[0]])
            self.assign = tf.assign(v, self.new)
            self.add = tf.assign_add(v, self.new)
            self.scatter = tf.scatter_update(v, [1, 4], self.rows)
            self.saver = tf.train.Saver([v])
            loss = tf.reduce_sum(tf.square(v - self.new)) + tf.reduce_sum(tf.square(self.other))
            # Each lays the variables side by side with others: they move in memory.
            self.trains = [
                tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss),
                tf.train.AdamOptimizer(0.1).minimize(loss, var_list=[v]),
            ]
            self.fetches = {
                "itself": v,
                "elementwise": tf.tanh(v) * 2.0,
                "product": tf.matmul(x, v),
                "turned product": tf.matmul(v, v, transpose_a=True),
                "transposed": tf.transpose(v),
                "reshaped": tf.reshape(v, [-1]) + 0.0,
                "sliced": v[1:3] * 1.0,
                "sum": tf.reduce_sum(v, 0),
                "gathered": tf.gather(v, [4, 1]),
                "branch": tf.cond(x[0, 0] > 0.0, lambda: v * 1.0, lambda: v + 0.0),
                "loop": tf.while_loop(lambda a: a < 2.0, lambda a: a + tf.reduce_sum(v * v), [0.5]),
                "function": tf.py_func(lambda a: a * 3.0, [v], tf.float32),
                "constant": tf.constant(2.0) * tf.ones([2]),
                "slope": tf.gradients(tf.reduce_sum(tf.square(v)), [v])[0],
            }
            initialize = tf.global_variables_initializer()
        self.initialize = initialize
        self.session = tier.session(self.graph)
        self.session.run(initialize)
        for _ in range(3):
            self.check()
        tier.ready()
        self.check()

    def check(self, value: Any = None) -> np.ndarray:
        """Read in all ways; what comes back fits the variable's value, which is returned."""
        x = self.rng.standard_normal((5, SHAPE[0])).astype(np.float32)
        found = self.session.run(self.fetches, {self.x: x})
        v = found["itself"]
        if value is not None:
            assert_same(v, np.asarray(value, np.float32), "itself")
        total, square = np.float32(0.5), np.sum(v * v)
        while total < 2.0:
            total += square
        expected = {
            "elementwise": np.tanh(v) * 2,
            "product": x @ v,
            "turned product": v.T @ v,
            "transposed": v.T,
            "reshaped": v.reshape(-1),
            "sliced": v[1:3],
            "sum": v.sum(0),
            "gathered": v[[4, 1]],
            "branch": v,
            "loop": total,
            "function": v * 3,
            "constant": np.full(2, 2.0, np.float32),
            "slope": 2 * v,
        }
        for name, wanted in expected.items():
            assert_same(found[name], wanted, name)
        return np.asarray(v)

    def values(self, *shape: int) -> np.ndarray:
        """New numbers, not near zero as a whole."""
        return self.rng.uniform(0.5, 1.5, shape or SHAPE).astype(np.float32)


@pytest.fixture(scope="module", params=TIERS, ids=str)
def readers(request: Any) -> Iterator[Readers]:
    found = Readers(request.param)
    yield found
    found.session.close()


# ---- who changes it -----------------------------------------------------------------------


def by_assigning(r: Readers, new: np.ndarray) -> Any:
    r.session.run(r.assign, {r.new: new})
    return new


def by_adding(r: Readers, new: np.ndarray) -> Any:
    before = r.session.run(r.v)
    r.session.run(r.add.op, {r.new: new})
    return before + new


def by_rows(r: Readers, new: np.ndarray) -> Any:
    expected = r.session.run(r.v)
    r.session.run(r.scatter.op, {r.rows: new[:2]})
    expected[[1, 4]] = new[:2]
    return expected


def by_loading(r: Readers, new: np.ndarray) -> Any:
    r.v.load(new, r.session)
    return new


def by_its_initializer(r: Readers, new: np.ndarray) -> Any:
    del new
    r.session.run(r.v.initializer)
    return np.ones(SHAPE)


def by_another_thread(r: Readers, new: np.ndarray) -> Any:
    thread = threading.Thread(target=by_assigning, args=(r, new))
    thread.start()
    thread.join()
    return new


def by_feeding_what_was_fetched(r: Readers, new: np.ndarray) -> Any:
    """The array that is fed is one that the variable's value was fetched in."""
    del new
    fetched = r.session.run(r.v)
    r.session.run(r.add.op, {r.new: fetched})
    expected = fetched * 2.0
    r.session.run(r.assign.op, {r.new: fetched})
    r.session.run(r.add.op, {r.new: fetched})
    fetched[...] = -9.0
    return expected


def by_an_array_that_changes_later(r: Readers, new: np.ndarray) -> Any:
    given = new.copy()
    by_loading(r, given)
    given[...] = -9.0
    return new


def by_a_callable(r: Readers, new: np.ndarray) -> Any:
    change = r.session.make_callable(r.assign.op, [r.new])
    change(new)
    return new


CHANGES: list[Callable[[Readers, np.ndarray], Any]] = [
    by_assigning,
    by_adding,
    by_rows,
    by_loading,
    by_its_initializer,
    by_another_thread,
    by_feeding_what_was_fetched,
    by_an_array_that_changes_later,
    by_a_callable,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: c.__name__)
def test_a_changed_variable(readers: Readers, change: Any) -> None:
    for _ in range(2):
        readers.check(change(readers, readers.values()))


def test_a_restored_variable(readers: Readers, tmp_path: Path) -> None:
    kept = readers.check()
    path = readers.saver.save(readers.session, str(tmp_path / "model"))
    readers.check(by_assigning(readers, readers.values()))
    readers.saver.restore(readers.session, path)
    readers.check(kept)


@pytest.mark.parametrize("which", [0, 1])
def test_a_variable_that_an_optimizer_lays_out_anew(readers: Readers, which: int) -> None:
    """The plans that were compiled before read it at its new place."""
    readers.session.run(readers.initialize)
    goal = readers.values()
    before = readers.check(np.ones(SHAPE))
    for k in range(3):
        readers.session.run(readers.trains[which], {readers.new: goal})
        after = readers.check()
        assert k or np.all((after - before) * (goal - before) > 0)
        assert np.abs(after - before).max() > 0.001
        before = after
    readers.check(by_assigning(readers, readers.values()))


def test_changes_from_thread_to_thread(readers: Readers) -> None:
    """Each of several threads changes the variable in turn and reads it back in all ways."""
    failures: list[BaseException] = []
    turn = threading.Lock()

    def work(number: int) -> None:
        rng = np.random.default_rng(number)
        try:
            for _ in range(5):
                new = rng.uniform(0.5, 1.5, SHAPE).astype(np.float32)
                with turn:
                    readers.check(by_assigning(readers, new))
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]


class Failing(Stored):
    """A value in a file that can be read once, and then no more."""

    def verify(self) -> None:
        pass

    def read_into(self, target: np.ndarray) -> None:
        target[:2] = 7.0
        raise tf.errors.DataLossError(None, None, "the disk is gone")

    def read(self) -> np.ndarray:
        raise tf.errors.DataLossError(None, None, "the disk is gone")


def test_a_value_that_is_lost(readers: Readers) -> None:
    """A restoring that breaks off leaves no value, and no plan goes on with what was read."""
    readers.check()
    variable = readers.session._state.variable(readers.v.op)
    for _ in range(2):
        with pytest.raises(tf.errors.DataLossError):
            variable.assign(Failing(SHAPE))
        for fetches in (readers.fetches, readers.trains[0], readers.add):
            feeds = {readers.x: np.ones((5, SHAPE[0])), readers.new: readers.values()}
            with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized"):
                readers.session.run(fetches, feeds)
        readers.check(by_assigning(readers, readers.values()))


# ---- sessions and shapes ------------------------------------------------------------------


@pytest.mark.parametrize("tier", TIERS, ids=str)
def test_sessions_of_one_graph_keep_their_own(tier: Tier) -> None:
    with tf.Graph().as_default() as graph:
        v = tf.Variable([1.0, 2.0])
        double, more = v * 2.0, tf.assign_add(v, [1.0, 1.0])
        initialize = tf.global_variables_initializer()
    sessions = [tier.session(graph) for _ in range(3)]
    for k, session in enumerate(sessions):
        session.run(initialize)
        for _ in range(k):
            session.run(more)
    tier.ready()
    for k, session in [*enumerate(sessions), *enumerate(sessions)]:
        assert session.run(double).tolist() == [2.0 + 2 * k, 4.0 + 2 * k]
    sessions[0].run(more)
    found = [s.run(double).tolist() for s in sessions]
    assert found == [[4.0, 6.0], [4.0, 6.0], [6.0, 8.0]]
    for session in sessions:
        session.close()


@pytest.mark.parametrize("tier", TIERS, ids=str)
def test_a_variable_of_another_shape(tier: Tier) -> None:
    """A plan made for one shape is not used for the next one."""
    with tf.Graph().as_default() as graph:
        new = tf.placeholder(tf.float32)
        v = tf.Variable(new, validate_shape=False, name="v")
        assign = tf.assign(v, new, validate_shape=False)
        fetches = [v * 2.0, tf.reduce_sum(v), tf.shape(v)]
    with tier.session(graph) as session:
        for shape in [(2,), (3,), (3,), (2, 2), (), (2,), (0,), (3,)]:
            value = np.arange(1.0, 1.0 + np.prod(shape), dtype=np.float32).reshape(shape)
            session.run(assign.op, {new: value})
            for _ in range(3):
                double, total, found = session.run(fetches)
                tier.ready()
                assert_same(double, value + value, "double")
                assert total == value.sum()
                assert tuple(found) == shape


@pytest.mark.parametrize("tier", TIERS, ids=str)
def test_a_variable_without_a_value_is_seen_each_time(tier: Tier) -> None:
    """A compiled plan does not take it for granted that its variables hold values."""
    with tf.Graph().as_default() as graph:
        v = tf.Variable([1.0, 2.0], name="v")
        double = tf.tanh(v) * 2.0
    for _ in range(2):
        with tier.session(graph) as session:
            for _ in range(2):
                with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized .* v"):
                    session.run(double)
                tier.ready()
            session.run(v.initializer)
            assert session.run(double).tolist() == (np.tanh(np.float32([1, 2])) * 2).tolist()
