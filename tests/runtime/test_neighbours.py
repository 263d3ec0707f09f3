"""Sessions next to others: workers of joblib, many threads, forked children, and idle ones."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.runtime.locks import ReentrantLock, SharedLock
from tests.tiers import TIERS, Tier

ROOT = Path(__file__).parents[2]
SIZE = 400  # products and updates of such matrices are shared among cores
forking = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")


@pytest.fixture(params=TIERS, ids=str)
def tier(request: Any) -> Iterator[Tier]:
    with tf.Graph().as_default():
        yield request.param


class Training:
    """A step that cores share, and sessions that make it."""

    def __init__(self, tier: Tier) -> None:
        self.tier = tier
        self.x = tf.placeholder(tf.float32, [SIZE, SIZE])
        self.v = tf.Variable(np.ones((SIZE, SIZE), np.float32))
        product = tf.matmul(self.x, self.v)
        self.loss = tf.reduce_mean(tf.square(product - 1.0))
        self.train = tf.train.MomentumOptimizer(1e-4, 0.9).minimize(self.loss)
        self.initialize = tf.global_variables_initializer()
        self.graph = tf.get_default_graph()
        values = np.random.default_rng(0).standard_normal((SIZE, SIZE))
        self.values = values.astype(np.float32)

    def session(self) -> Any:
        found = self.tier.session(self.graph)
        found.run(self.initialize)
        return found

    def run(self, session: Any, steps: int = 3) -> bytes:
        """Train anew; the loss and the variable after some steps."""
        session.run(self.initialize)
        for _ in range(steps):
            session.run(self.train, {self.x: self.values})
        found = session.run([self.loss, self.v], {self.x: self.values})
        return b"".join(np.asarray(a).tobytes() for a in found)


def script(source: str, *arguments: str) -> str:
    """What a program prints; it may import this package and its tests."""
    path = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-c", source, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Call ``work(number)`` in every thread; the first failure is raised here."""
    failures: list[BaseException] = []

    def body(number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=body, args=(n,), daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), "the threads wait for one another"
    if failures:
        raise failures[0]


# ---- joblib -------------------------------------------------------------------------------

IN_WORKERS = """
import hashlib, sys
import joblib
import skflow as tf
from tests.runtime.test_neighbours import Training
from tests.tiers import TIERS

def train(name):
    tier = next(t for t in TIERS if t.name == name)
    with tf.Graph().as_default():
        training = Training(tier)
        with training.session() as session:
            training.run(session)
            tier.ready()
            return hashlib.sha256(training.run(session)).hexdigest()

if __name__ == "__main__":
    # What the second tier compiles here, workers find on disk.
    expected = {tier.name: train(tier.name) for tier in TIERS}
    for backend in ("loky", "threading", "multiprocessing"):
        jobs = [joblib.delayed(train)(name) for name in ("first", "second", "first", "second")]
        found = joblib.Parallel(n_jobs=2, backend=backend)(jobs)
        print(backend, found == 2 * [expected["first"], expected["second"]])
"""


def test_workers_train_bitwise_the_same(tmp_path: Path) -> None:
    """joblib needs a file: its processes import the functions of the main module by its path."""
    path = tmp_path / "in_workers.py"
    path.write_text(IN_WORKERS, encoding="utf-8")
    run = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')"
    lines = script(run, str(path)).splitlines()
    assert lines == ["loky True", "threading True", "multiprocessing True"]


# ---- threads ------------------------------------------------------------------------------


@pytest.mark.parametrize("sessions", [1, 4])
def test_sixteen_threads(tier: Tier, sessions: int) -> None:
    """They train and read one session or several, whose steps all want the same workers."""
    training = Training(tier)
    shared = [training.session() for _ in range(sessions)]
    expected = training.run(shared[0], 2)
    tier.ready()

    def work(number: int) -> None:
        session = shared[number % sessions]
        for _ in range(3):
            if number < sessions:
                session.run(training.train, {training.x: training.values})
            else:
                assert np.isfinite(session.run(training.loss, {training.x: training.values}))
        with training.graph.as_default(), training.session() as own:
            assert training.run(own, 2) == expected

    in_threads(16, work)
    assert all(training.run(session, 2) == expected for session in shared)
    for session in shared:
        session.close()


def test_threads_that_run_from_within_runs(tier: Tier) -> None:
    """Python functions in the graph run steps that want workers, while others do the same."""
    training = Training(tier)
    session = training.session()

    def inner(a: np.ndarray) -> np.ndarray:
        found = session.run(training.loss, {training.x: training.values})
        return a + np.float32(np.isfinite(found))

    outer = tf.py_func(inner, [tf.reduce_mean(tf.matmul(training.x, training.x))], tf.float32)
    expected = session.run(outer, {training.x: training.values})

    def work(number: int) -> None:
        for _ in range(3):
            if number % 2:
                session.run(training.train, {training.x: training.values})
            else:
                assert session.run(outer, {training.x: training.values}) == expected

    in_threads(8, work)
    session.close()


# ---- forks --------------------------------------------------------------------------------

FORKS = """
import os, sys, threading, time, warnings
import numpy as np
import skflow as tf
from tests.runtime.test_neighbours import Training
from tests.tiers import TIERS

warnings.simplefilter("ignore", DeprecationWarning)
tier = TIERS[int(sys.argv[1])]
graph = tf.Graph()
with graph.as_default():
    training = Training(tier)
session = training.session()
idle = training.session()
expected = training.run(session)
tier.ready()
training.run(session)
over = threading.Event()

def work(number):
    while not over.is_set():
        if number == 0:
            session.run(training.train, {training.x: training.values})
        elif number == 1:
            session.run(training.loss, {training.x: training.values})
        else:
            with graph.as_default(), training.session() as own:
                assert training.run(own) == expected

def child(number):
    watch = threading.Timer(60.0, os._exit, (3,))
    watch.daemon = True
    watch.start()
    with graph.as_default():
        if number % 3 == 0:  # a session that the child makes
            return training.run(training.session()) == expected
        # One that nobody used when it forked, or in which other threads were busy.
        return training.run(idle if number % 3 == 1 else session) == expected

threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for thread in threads:
    thread.start()
codes = []
for number in range(12):
    pid = os.fork()
    if pid == 0:
        code = 2
        try:
            code = 0 if child(number) else 1
        finally:
            os._exit(code)
    codes.append(os.waitpid(pid, 0)[1] >> 8)
    time.sleep(0.003)
over.set()
for thread in threads:
    thread.join()
assert training.run(session) == expected
print(codes)
"""


@forking
@pytest.mark.parametrize("which", range(len(TIERS)), ids=[str(t) for t in TIERS])
def test_forks_in_the_middle_of_runs(which: int) -> None:
    """Children run and train, in new sessions and in those that the parent's threads are busy in.

    A training that begins anew in a child does not show what was half done when it was forked.
    """
    assert script(FORKS, str(which)).strip() == str([0] * 12)


def test_locks_that_a_child_leaves_behind() -> None:
    """What other threads held is free in a child; what its own thread holds, it still holds."""
    shared, plain, own = SharedLock(), ReentrantLock(), SharedLock()
    held, over = threading.Event(), threading.Event()

    def hold() -> None:  # and never let go: in a child there is no such thread
        shared.writing.__enter__()
        plain.__enter__()
        held.set()
        over.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(60)
    with own.writing:
        for lock in (shared, plain, own):
            lock.leave_behind()  # as after a fork
        entered: list[str] = []
        with shared.writing, plain, shared.reading:
            entered.append("free")
        with own.reading:
            entered.append("own")
        waiter = threading.Thread(target=own.writing.__enter__)
        waiter.daemon = True
        waiter.start()
        waiter.join(0.05)
        assert waiter.is_alive()
    waiter.join(60)
    assert not waiter.is_alive()
    assert entered == ["free", "own"]
    over.set()
    holder.join()


# ---- idle ---------------------------------------------------------------------------------

IDLE = """
import sys, threading, time
import skflow as tf
from tests.runtime.test_neighbours import Training
from tests.tiers import TIERS

tier = TIERS[int(sys.argv[1])]
with tf.Graph().as_default():
    training = Training(tier)
with training.session() as session:
    training.run(session)
    tier.ready()
    training.run(session)
    # With more than one core some thread of ours waits for work now.
    begin, asleep = time.process_time(), time.perf_counter()
    while time.perf_counter() - asleep < 0.5:
        time.sleep(0.5)
    print(time.process_time() - begin)
"""


@pytest.mark.parametrize("which", range(len(TIERS)), ids=[str(t) for t in TIERS])
def test_nothing_spins(which: int) -> None:
    """Between runs the process takes no processor time: whoever waits is asleep."""
    assert float(script(IDLE, str(which))) < 0.1
