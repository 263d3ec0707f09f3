"""Ctrl-C waits for the end of a step, is never lost, and leaves everything else as it was."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import joblib
import numpy as np
import pytest

from skflow.estimators.interrupts import deferred_interrupts
from skflow.train.batches import Batches
from skflow.train.loop import Limits, train


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    """Python's own handler, which a process started in the background does not have."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press() -> None:
    """Press Ctrl-C."""
    signal.raise_signal(signal.SIGINT)


def is_as_before() -> bool:
    return signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_first_signal_only_sets_the_flag() -> None:
    with deferred_interrupts() as interrupts:
        assert not interrupts.requested
        press()
        assert interrupts.requested
        assert not is_as_before()
    assert interrupts.requested
    assert is_as_before()


def test_without_a_signal_the_flag_stays_down() -> None:
    with deferred_interrupts() as interrupts:
        pass
    assert not interrupts.requested
    assert is_as_before()


def test_the_second_signal_raises_at_once() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt):
        with deferred_interrupts() as interrupts:
            press()
            reached.append("first")
            press()
            reached.append("second")
    assert reached == ["first"]
    assert interrupts.requested
    assert is_as_before()


def test_the_second_signal_does_not_need_the_blocks_end() -> None:
    with deferred_interrupts():
        press()
        with pytest.raises(KeyboardInterrupt):
            press()
        assert is_as_before()
        with pytest.raises(KeyboardInterrupt):
            press()


@pytest.mark.parametrize("kind", [ValueError, StopIteration, SystemExit])
def test_the_handler_is_put_back_after_errors(kind: type[BaseException]) -> None:
    with pytest.raises(kind, match="own"):
        with deferred_interrupts():
            raise kind("own")
    assert is_as_before()
    with pytest.raises(KeyboardInterrupt):
        press()


def test_handlers_of_an_application_are_left_alone() -> None:
    taken: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: taken.append(number))
    own = signal.getsignal(signal.SIGINT)
    with deferred_interrupts() as interrupts:
        assert signal.getsignal(signal.SIGINT) is own
        press()
        press()
    assert taken == [signal.SIGINT] * 2
    assert not interrupts.requested
    assert signal.getsignal(signal.SIGINT) is own


def test_an_ignored_signal_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with deferred_interrupts() as interrupts:
        press()
    assert not interrupts.requested
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_a_handler_installed_meanwhile_is_kept() -> None:
    def own(*_: Any) -> None:
        """Do nothing."""

    with deferred_interrupts():
        signal.signal(signal.SIGINT, own)
    assert signal.getsignal(signal.SIGINT) is own


def test_the_outer_of_two_blocks_has_the_flag() -> None:
    with deferred_interrupts() as outer:
        with deferred_interrupts() as inner:
            press()
        assert (outer.requested, inner.requested) == (True, False)
        assert not is_as_before()
        with pytest.raises(KeyboardInterrupt), deferred_interrupts():
            press()
    assert is_as_before()


def test_other_threads_do_nothing() -> None:
    inside, leave = threading.Event(), threading.Event()
    flags: list[bool] = []

    def work() -> None:
        with deferred_interrupts() as interrupts:
            inside.set()
            leave.wait(10)
        flags.append(interrupts.requested)

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(10)
    assert is_as_before()
    with pytest.raises(KeyboardInterrupt):
        press()
    with deferred_interrupts() as here:
        leave.set()
        thread.join(10)
        press()
        assert here.requested
    assert flags == [False]


def test_a_process_forked_off_within_raises_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    with deferred_interrupts() as interrupts:
        monkeypatch.setattr("skflow.estimators.interrupts.os", SimpleNamespace(getpid=lambda: -1))
        with pytest.raises(KeyboardInterrupt):
            press()
    assert not interrupts.requested


def test_training_ends_at_the_step_and_the_flag_outlives_the_block() -> None:
    made: list[float] = []

    def step(rows: Any) -> list[float]:
        made.append(float(rows[0, 0]))
        if len(made) == 3:
            press()
        made[-1] += 0.5
        return [1.0]

    batches = Batches([np.arange(4.0).reshape(4, 1)], 2)
    with deferred_interrupts() as interrupts:
        history = train(step, batches, Limits(9), interrupted=lambda: interrupts.requested)
    assert made == [0.5, 2.5, 0.5]
    assert (history.steps, history.reason, interrupts.requested) == (3, "interrupted", True)


def test_a_signal_after_the_last_step_is_not_lost() -> None:
    batches = Batches([np.zeros((2, 1))], 2)
    with deferred_interrupts() as interrupts:
        history = train(
            lambda _: [1.0], batches, Limits(2), interrupted=lambda: interrupts.requested
        )
        press()
    assert history.reason == "max_iter"
    assert interrupts.requested


def test_signals_at_random_moments_never_tear_a_step() -> None:
    """Two counters that a step moves one after the other stay together."""
    state = SimpleNamespace(first=0, second=0)
    pid, moments = os.getpid(), random.Random(0)

    def step(_: Any) -> list[float]:
        state.first += 1
        state.second += 1
        return [1.0]

    batches = Batches([np.zeros((2, 1))], 1)
    for _ in range(60):
        state.first = state.second = 0
        delay = moments.uniform(0, 0.003)

        def signals(delay: float = delay) -> None:
            time.sleep(delay)
            os.kill(pid, signal.SIGINT)

        thread = threading.Thread(target=signals)
        with deferred_interrupts() as interrupts:
            thread.start()
            history = train(
                step, batches, Limits(), interrupted=lambda flag=interrupts: flag.requested
            )
            thread.join()
        assert history.reason == "interrupted"
        assert state.first == state.second == history.steps > 0
        assert is_as_before()


def test_in_workers() -> None:
    def job() -> tuple[bool, bool]:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with deferred_interrupts() as interrupts:
            signal.raise_signal(signal.SIGINT)
        at_end = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        return interrupts.requested, at_end

    found = joblib.Parallel(n_jobs=2)(joblib.delayed(job)() for _ in range(3))
    assert found == [(True, True)] * 3
