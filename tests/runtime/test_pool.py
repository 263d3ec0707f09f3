"""The pool of workers and the guard of the BLAS library's threads: errors, nesting, forks."""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

import joblib
import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

import skflow as tf
from skflow.runtime import threads
from skflow.runtime.threads import Pool, blas_guard

forking = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


# ---- the pool -----------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_both_calls_are_made(workers: int) -> None:
    pool = Pool(workers)
    for k in range(5):
        out = np.zeros(2)
        pool.share(np.add, [(k, 1, out[:1]), (k, 2, out[1:])])
        assert out.tolist() == [k + 1, k + 2]


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("bad", ["here", "there"])
def test_exceptions_reach_the_caller(workers: int, bad: str) -> None:
    pool = Pool(workers)
    done: list[str] = []

    def work(where: str) -> None:
        if where == bad:
            raise ZeroDivisionError(where)
        done.append(where)

    for _ in range(3):
        with pytest.raises(ZeroDivisionError, match=bad):
            pool.share(work, [("here",), ("there",)])
    pool.share(work, [("a",), ("b",)])
    assert sorted(done)[:2] == ["a", "b"]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_each_call_is_made_once(workers: int) -> None:
    pool = Pool(workers)
    for count in (1, 2, 3, 20):
        made: list[int] = []

        def work(number: int, made: list[int] = made) -> None:
            np.ones((60, 60)) @ np.ones((60, 60))
            made.append(number)

        pool.share(work, [(n,) for n in range(count)], workers)
        assert sorted(made) == list(range(count))


@pytest.mark.parametrize("workers", [1, 3])
def test_as_many_calls_are_made_at_once_as_there_are_threads(workers: int) -> None:
    """Each waits for all others, so that none could be made after another."""
    pool, together = Pool(workers), threading.Barrier(workers + 1)
    for _ in range(20):
        pool.share(together.wait, [(30.0,)] * (workers + 1), workers)


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_calls_without_a_signal_are_made_all_the_same(workers: int) -> None:
    """Who makes them gives the signal, or nobody does: a look ends by itself."""
    pool, made = Pool(workers), []
    for number in range(20):
        task = pool.begin(made.append, number, signal=False)
        pool.share(made.append, [(100 + number,), (200 + number,)], workers, signal=False)
        task.finish()
    assert sorted(made) == sorted(base + i for base in (0, 100, 200) for i in range(20))


def test_an_error_elsewhere_ends_the_work() -> None:
    """No call is begun after an error is known, and all that were begun have ended."""
    pool, caller = Pool(1), threading.get_ident()
    for bad in (False, True):  # of a worker, then of the caller
        begun, ended = [], []
        helped = threading.Event()

        def work(number: int, bad: bool = bad, helped: threading.Event = helped) -> None:
            begun.append(number)  # noqa: B023
            if threading.get_ident() != caller:
                helped.set()
            else:
                helped.wait(30)
            if (threading.get_ident() == caller) == bad:
                raise ZeroDivisionError(number)
            time.sleep(0.005)  # in which the other one can raise
            ended.append(number)  # noqa: B023

        with pytest.raises(ZeroDivisionError):
            pool.share(work, [(n,) for n in range(50)])
        assert len(begun) < 50
        assert len(ended) < len(begun)


def test_workers_ignore_floating_point_errors() -> None:
    out = np.zeros(2)
    with np.errstate(all="ignore"):
        Pool(1).share(np.divide, [(1.0, np.zeros(1), out[:1]), (1.0, np.zeros(1), out[1:])])
    assert np.isinf(out).all()


def test_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Any) -> None:
        raise RuntimeError("can't start new thread")

    pool, done = Pool(1), []
    monkeypatch.setattr(threading.Thread, "start", refuse)
    for _ in range(2):
        pool.share(done.append, [(1,), (2,)])
    assert done == [1, 2, 1, 2]


def test_many_callers_at_once() -> None:
    pool = Pool(1)
    found: list[bool] = []

    def work(number: int) -> None:
        for k in range(50):
            out = np.zeros(2)
            pool.share(np.add, [(number, k, out[:1]), (number, -k, out[1:])])
            found.append(out.tolist() == [number + k, number - k])

    callers = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert found == [True] * 400


@pytest.fixture
def busy() -> Iterator[tuple[Pool, Callable[[], None]]]:
    """A pool whose only worker has something else to do, and what lets it go on."""
    pool, begun, over = Pool(1), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        over.wait(60)

    task = pool.begin(work)
    assert begun.wait(60)

    def let_go() -> None:
        over.set()
        task.finish()

    yield pool, let_go
    over.set()


def test_nobody_waits_for_a_busy_worker(busy: tuple[Pool, Callable[[], None]]) -> None:
    pool, let_go = busy
    who: list[int] = []

    def work(_: str) -> None:
        who.append(threading.get_ident())

    pool.share(work, [("here",), ("there",)])
    assert who == [threading.get_ident()] * 2
    let_go()
    pool.begin(work, "behind all that lies there").finish()
    assert len(who) == 3  # what was done here meanwhile is not done again


def test_what_came_last_is_done_first(busy: tuple[Pool, Callable[[], None]]) -> None:
    pool, let_go = busy
    done: list[int] = []
    all_done = threading.Event()
    pool.begin(all_done.set)
    for number in range(4):
        pool.begin(done.append, number)
    let_go()
    assert all_done.wait(60)  # a task that is asked for might be done by who asks
    assert done == [3, 2, 1, 0]


def test_what_is_cancelled_is_not_done(busy: tuple[Pool, Callable[[], None]]) -> None:
    pool, let_go = busy
    done: list[int] = []
    task = pool.begin(done.append, 1)
    task.cancel()
    task.cancel()
    let_go()
    pool.begin(done.append, 2).finish()
    task.finish()
    assert done == [2]


@pytest.mark.parametrize("workers", [0, 1])
def test_tasks_raise_where_they_are_finished(workers: int) -> None:
    task = Pool(workers).begin(int, "one")
    task.cancel()
    task = Pool(workers).begin(int, "one")
    with pytest.raises(ValueError, match="one"):
        task.finish()
    task.cancel()


# ---- the guard ----------------------------------------------------------------------------


@pytest.fixture
def numbers() -> Iterator[Callable[[], set[int]]]:
    """Gives BLAS two threads and reads how many it has."""
    found = [lib for lib in ThreadpoolController().lib_controllers if lib.user_api == "blas"]
    if not found:
        pytest.skip("NumPy's BLAS library cannot be told how many threads to use")
    before = [lib.get_num_threads() for lib in found]
    for lib in found:
        lib.set_num_threads(2)
    yield lambda: {lib.get_num_threads() for lib in found}
    for lib, number in zip(found, before, strict=True):
        lib.set_num_threads(number)


def test_nested_runs_and_errors_restore(numbers: Callable[[], set[int]]) -> None:
    x = tf.placeholder(tf.float32, [100, 100])
    product = tf.matmul(x, x)
    seen: list[set[int]] = []
    session = tf.Session()

    def inner(a: Any) -> Any:
        seen.append(numbers())
        session.run(product, {x: a})
        seen.append(numbers())
        return a

    outer = tf.py_func(inner, [product], tf.float32)
    with session:
        session.run(outer, {x: np.ones((100, 100))})
        assert seen == [{1}, {1}]
        assert numbers() == {2}
        with pytest.raises(tf.errors.InvalidArgumentError):
            session.run(tf.check_numerics(product, "why"), {x: np.full((100, 100), np.nan)})
        assert numbers() == {2}


def test_concurrent_runs_restore(numbers: Callable[[], set[int]]) -> None:
    barrier = threading.Barrier(4)
    seen: list[set[int]] = []

    def work() -> None:
        for _ in range(20):
            with blas_guard:
                seen.append(numbers())
        barrier.wait()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert seen == [{1}] * 80
    assert numbers() == {2}


def test_the_first_to_enter_need_not_be_the_last_to_leave(numbers: Callable[[], set[int]]) -> None:
    entered, leave = threading.Event(), threading.Event()

    def work() -> None:
        with blas_guard:
            entered.set()
            leave.wait(10.0)

    with blas_guard:
        worker = threading.Thread(target=work)
        worker.start()
        entered.wait(10.0)
    assert numbers() == {1}
    leave.set()
    worker.join()
    assert numbers() == {2}


def test_a_child_of_a_parent_inside_a_run(numbers: Callable[[], set[int]]) -> None:
    """The guard's part of a fork alone: the child gives BLAS back the threads it had."""
    guard = type(blas_guard)()
    guard.__enter__()
    guard.forget()
    with guard:
        assert numbers() == {1}
    assert numbers() == {2}


# ---- forks --------------------------------------------------------------------------------


def in_child(work: Callable[[], None]) -> bool:
    """Whether `work` succeeds in a forked child, within ten seconds."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            watch = threading.Timer(10.0, os._exit, (1,))
            watch.daemon = True
            watch.start()
            work()
            code = 0
        except BaseException:  # noqa: BLE001
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


@forking
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fork_after_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child's pool starts workers of its own; its session goes on apart from the parent's."""
    if not threads.pool.workers:
        monkeypatch.setattr(threads.pool, "workers", 1)
    size = 300_000
    x = tf.placeholder(tf.float32, [500, 500])
    product = tf.matmul(x, x)
    v = tf.Variable(np.zeros(size, np.float32))
    train = tf.train.GradientDescentOptimizer(1.0).apply_gradients([(tf.ones([size]), v)])
    fed = np.ones((500, 500), np.float32)
    with tf.Session() as session:
        session.run(v.initializer)

        def step() -> None:
            session.run(train)
            assert (session.run(product, {x: fed}) == 500.0).all()

        step()
        assert threads.pool._started

        def child() -> None:
            assert not threads.pool._started
            step()
            assert threads.pool._started
            assert (session.run(v) == -2.0).all()

        assert in_child(child)
        assert (session.run(v) == -1.0).all()


@forking
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_forks_while_another_thread_tells_blas(numbers: Callable[[], set[int]]) -> None:
    """No child finds a lock of the library taken by a thread that it does not have."""
    over = threading.Event()
    a = np.ones((50, 50))

    def tell() -> None:
        while not over.is_set():
            with blas_guard:
                a @ a

    def child() -> None:
        signal.alarm(30)
        with blas_guard:
            assert numbers() == {1}
        assert numbers() == {2}

    teller = threading.Thread(target=tell)
    teller.start()
    try:
        assert all(in_child(child) for _ in range(20))
    finally:
        over.set()
        teller.join()
    assert numbers() == {2}


def test_processes_that_share_the_cores_have_no_more_threads_than_these() -> None:
    """joblib tells each of its workers its share."""
    count = threads.cores()
    parallel = joblib.Parallel(n_jobs=count)
    seen = parallel(joblib.delayed(attrgetter("pool.workers"))(threads) for _ in range(count))
    assert list(seen) == [0] * count
