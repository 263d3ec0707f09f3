"""What sessions make of a `ConfigProto`, and what a run does with the threads it may use."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.runtime import threads
from skflow.runtime.options import Options, read_options
from skflow.runtime.state import State

ROOT = Path(__file__).parents[2]
SIZE = 300


@pytest.fixture(autouse=True)
def _fresh_graph(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if there were four cores."""
    monkeypatch.setattr(threads.pool, "workers", 3)
    with tf.Graph().as_default():
        yield


def jit(level: int) -> Any:
    options = tf.OptimizerOptions(global_jit_level=level)
    return tf.ConfigProto(graph_options=tf.GraphOptions(optimizer_options=options))


@pytest.mark.parametrize(("given", "found"), [(0, 4), (1, 1), (2, 2), (4, 4), (100, 4)])
def test_numbers_of_threads(given: int, found: int) -> None:
    intra = read_options(tf.ConfigProto(intra_op_parallelism_threads=given))
    inter = read_options(tf.ConfigProto(inter_op_parallelism_threads=given))
    assert intra == Options(threads=found, branches=4, jit=0)
    assert inter == Options(threads=4, branches=found, jit=0)


def test_without_a_configuration() -> None:
    assert read_options(None) == read_options(tf.ConfigProto()) == Options(4, 4, 0)
    state = State()
    assert (state.threads, state.branches, state.jit) == (4, 4, 0)


def test_levels_of_compilation() -> None:
    options = tf.OptimizerOptions
    levels = [options.DEFAULT, options.OFF, options.ON_1, options.ON_2]
    assert [read_options(jit(n)).jit for n in levels] == [0, -1, 1, 2]


@pytest.mark.parametrize("name", ["intra_op_parallelism_threads", "inter_op_parallelism_threads"])
@pytest.mark.parametrize("session", [tf.Session, tf.InteractiveSession])
def test_negative_numbers_are_refused(name: str, session: Any) -> None:
    message = rf"{name}: num_threads >= 1 \(-2 vs. 1\)"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        session(config=tf.ConfigProto(**{name: -2}))
    assert tf.get_default_session() is None


@pytest.mark.parametrize("wrong", ["config", 2, {"intra_op_parallelism_threads": 1}])
def test_what_is_no_configuration(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"config must be a tf.ConfigProto, but got <class"):
        tf.Session(config=wrong)
    with pytest.raises(TypeError, match=r"config must be a tf.ConfigProto"):
        tf.Session(config=tf.RunOptions())


def test_a_configuration_is_read_once() -> None:
    config = tf.ConfigProto(intra_op_parallelism_threads=1)
    session = tf.Session(config=config)
    config.intra_op_parallelism_threads = 4
    assert session._state.threads == 1
    assert tf.Session(config=config)._state.threads == 4
    assert tf.Session()._state.threads == 4


def test_a_session_without_one_needs_no_messages() -> None:
    code = (
        "import sys, skflow as tf\n"
        "tf.Session().run(tf.constant(1.0) + 1.0)\n"
        "assert 'google.protobuf' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=120)


# ---- what comes of it ---------------------------------------------------------------------


def workload() -> tuple[list[Any], Any]:
    """Products and an update that cores would share."""
    x = tf.placeholder(tf.float32, [SIZE, SIZE])
    v = tf.Variable(np.ones((SIZE, 2 * SIZE), np.float32))
    product = tf.matmul(x, v)
    loss = tf.reduce_mean(tf.square(product - 1.0))
    train = tf.train.MomentumOptimizer(0.001, 0.9).minimize(loss)
    with tf.control_dependencies([train]):
        after = v.read_value() * 1.0
    return [tf.matmul(product, product, transpose_a=True), after, train], x


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The calls that workers are given."""
    found: list[Any] = []

    def noted(name: str) -> None:
        method = getattr(threads.pool, name)

        def note(function: Any, *arguments: Any) -> Any:
            found.append(function)
            return method(function, *arguments)

        monkeypatch.setattr(threads.pool, name, note)

    noted("begin")
    noted("share")
    return found


def train(session: Any, fetches: list[Any], x: Any) -> list[Any]:
    rng = np.random.default_rng(0)
    session.run(tf.global_variables_initializer())
    found = []
    for _ in range(3):
        given = rng.standard_normal((SIZE, SIZE)).astype(np.float32)
        found = session.run(fetches, {x: given})
    return found[:2]


def test_one_thread_is_the_callers(begun: list[Any]) -> None:
    fetches, x = workload()
    one = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    with tf.Session(config=one) as session:
        alone = train(session, fetches, x)
    assert not begun
    for number in (0, 2):
        with tf.Session(config=tf.ConfigProto(intra_op_parallelism_threads=number)) as session:
            shared = train(session, fetches, x)
        assert begun
        begun.clear()
        for a, b in zip(alone, shared, strict=True):
            # Sums of SIZE products in another order, SIZE times the size of one rounding at most.
            bound = 3 * SIZE * np.finfo(np.float32).eps * np.abs(a).max()
            np.testing.assert_allclose(b, a, rtol=0, atol=bound)


def test_sessions_of_other_threads_numbers_side_by_side() -> None:
    """The options of one session are not those of another one that runs the same graph."""
    fetches, x = workload()
    one = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    with tf.Session(config=one) as reference:
        expected = train(reference, fetches, x)
    failures: list[BaseException] = []

    def work(config: Any) -> None:
        try:
            with graph.as_default(), tf.Session(config=config) as session:
                found = [train(session, fetches, x) for _ in range(2)]
            for a, b, c in zip(*found, expected, strict=True):
                assert a.tobytes() == b.tobytes()
                if config is one:
                    assert a.tobytes() == c.tobytes()
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    graph = tf.get_default_graph()
    workers = [threading.Thread(target=work, args=(c,)) for c in (one, None, one, None)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures, failures[0]


@pytest.mark.parametrize("rows", [64, 300])
def test_results_do_not_hang_on_the_number_of_threads(rows: int) -> None:
    """Large products are cut in the same places, known shapes or not."""
    x = tf.placeholder(tf.float32, [None, 784])
    hidden = tf.nn.relu(tf.matmul(x, tf.Variable(tf.random_normal([784, 300], seed=1))))
    loss = tf.reduce_mean(tf.square(tf.matmul(hidden, tf.Variable(tf.ones([300, 100])))))
    step = tf.train.AdamOptimizer(0.01).minimize(loss)
    batch = np.random.default_rng(0).normal(size=(rows, 784)).astype(np.float32)
    found = []
    for number, before in [(1, []), (2, []), (4, []), (4, [7, 9])]:
        options = tf.OptimizerOptions(global_jit_level=tf.OptimizerOptions.OFF)
        config = tf.ConfigProto(
            intra_op_parallelism_threads=number,
            graph_options=tf.GraphOptions(optimizer_options=options),
        )
        with tf.Session(config=config) as session:
            session.run(tf.global_variables_initializer())
            for other in before:  # after other batch sizes, one is served by a plan of open shapes
                session.run(loss, {x: batch[:other]})
            values = [session.run([loss, step], {x: batch})[0] for _ in range(3)]
            found.append((values, session.run(tf.trainable_variables())))
    for values, weights in found[1:]:
        assert values == found[0][0]
        for one, other in zip(weights, found[0][1], strict=True):
            np.testing.assert_array_equal(one, other)
