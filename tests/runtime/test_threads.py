"""One session in many threads at once: nobody sees anybody else's numbers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import skflow as tf

THREADS = 32
# Runs of each thread: enough to meet, and the promised number in the long campaign.
COUNTS = [20, pytest.param(2000, marks=pytest.mark.soak)]
counts = pytest.mark.parametrize("runs", COUNTS)


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def in_threads(work: Callable[[int], None]) -> None:
    """Call ``work(number)`` in every thread, all at once; the first failure is raised here."""
    start = threading.Barrier(THREADS)
    failures: list[BaseException] = []

    def body(number: int) -> None:
        try:
            start.wait()
            work(number)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=body, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def network(x: Any) -> Any:
    """A small network with its gradients: products, activations, reductions, shared parts."""
    rng = np.random.default_rng(0)
    w1 = tf.Variable(rng.standard_normal((5, 16)).astype(np.float32))
    w2 = tf.Variable(rng.standard_normal((16, 3)).astype(np.float32))
    hidden = tf.nn.relu(tf.matmul(x, w1) + 0.1)
    logits = tf.matmul(hidden, w2)
    loss = tf.reduce_mean(tf.square(tf.nn.softmax(logits) - tf.reduce_mean(logits)))
    return [logits, loss, *tf.gradients(loss, [w1, w2])]


def inputs(number: int, rows: int) -> Any:
    return np.random.default_rng(number).standard_normal((rows, 5)).astype(np.float32)


def assert_bitwise(found: list[Any], expected: list[Any]) -> None:
    for a, b in zip(found, expected, strict=True):
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()


@counts
def test_results_are_bitwise_those_of_one_thread(runs: int) -> None:
    x = tf.placeholder(tf.float32, [None, 5])
    fetches = network(x)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        batches = [inputs(n, 8) for n in range(THREADS)]
        expected = [session.run(fetches, {x: batch}) for batch in batches]

        def work(number: int) -> None:
            for k in range(runs):
                which = (number + k) % THREADS
                assert_bitwise(session.run(fetches, {x: batches[which]}), expected[which])

        in_threads(work)


@counts
def test_plans_are_made_while_others_run(runs: int) -> None:
    """Every thread brings batch sizes of its own, none of which was seen before."""
    x = tf.placeholder(tf.float32, [None, 5])
    fetches = network(x)
    with tf.Session() as reference, tf.Session() as session:
        for s in (reference, session):
            s.run(tf.global_variables_initializer())
        sizes = [1 + (n * 7 + k) % 40 for n in range(THREADS) for k in range(4)]
        expected = {rows: reference.run(fetches, {x: inputs(rows, rows)}) for rows in set(sizes)}

        def work(number: int) -> None:
            for k in range(min(runs, 40)):
                rows = 1 + (number * 7 + k % 4) % 40
                assert_bitwise(session.run(fetches, {x: inputs(rows, rows)}), expected[rows])

        in_threads(work)


@counts
def test_no_update_is_lost(runs: int) -> None:
    v = tf.Variable(np.zeros(3))
    step = tf.assign_add(v, np.ones(3))
    with tf.Session() as session:
        session.run(v.initializer)

        def work(number: int) -> None:
            for _ in range(runs):
                session.run(step.op if number % 2 else step)

        in_threads(work)
        assert session.run(v).tolist() == [THREADS * runs] * 3


@counts
def test_readers_never_see_half_an_update(runs: int) -> None:
    v = tf.Variable(np.zeros(1000))
    w = tf.Variable(np.zeros(1000))
    new = v + 1.0
    with tf.control_dependencies([new]):
        update = tf.group(tf.assign(v, new), tf.assign(w, new))
    both = [tf.identity(v), tf.identity(w)]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())

        def work(number: int) -> None:
            for _ in range(runs):
                if number % 4 == 0:
                    session.run(update)
                else:
                    a, b = session.run(both)
                    assert np.array_equal(a, b)
                    assert np.all(a == a[0])

        in_threads(work)
        assert session.run(v)[0] == runs * THREADS / 4


@counts
def test_errors_stay_in_their_thread(runs: int) -> None:
    x = tf.placeholder(tf.float32, [None])
    y = x + tf.constant([1.0, 2.0, 3.0])
    with tf.Session() as session:

        def work(number: int) -> None:
            for _ in range(runs):
                if number % 3 == 0:
                    with pytest.raises(tf.errors.InvalidArgumentError, match="Incompatible"):
                        session.run(y, {x: [1.0, 2.0]})
                else:
                    values = [float(number)] * 3
                    found = session.run(y, {x: values})
                    assert found.tolist() == [number + 1.0, number + 2.0, number + 3.0]

        in_threads(work)


def test_each_thread_builds_and_runs_its_own_graph() -> None:
    """Default graphs and sessions belong to the thread that entered them."""
    results: dict[int, float] = {}

    def work(number: int) -> None:
        with tf.Graph().as_default(), tf.Session() as session:
            v = tf.Variable(float(number), name="v")
            session.run(tf.global_variables_initializer())
            assert tf.get_default_session() is session
            assert v.name == "v:0"
            results[number] = float((v * 2.0).eval())

    in_threads(work)
    assert results == {n: 2.0 * n for n in range(THREADS)}
    assert tf.get_default_session() is None


def test_random_streams_hand_out_every_number_once() -> None:
    """Concurrent draws are those of one thread, in some order."""
    tf.set_random_seed(7)
    draw = tf.random_uniform([4])
    with tf.Session() as one:
        expected = {one.run(draw).tobytes() for _ in range(THREADS * 5)}
    found: list[bytes] = []
    with tf.Session() as session:

        def work(number: int) -> None:
            del number
            found.extend(session.run(draw).tobytes() for _ in range(5))

        in_threads(work)
    assert len(found) == len(expected)
    assert set(found) == expected
