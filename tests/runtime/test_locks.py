"""The lock of a session's variables: shared by readers, alone for a writer, open to its holder."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from skflow.runtime.locks import SharedLock

WAIT = 0.05
LONG = 10.0


def started(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


class Holder:
    """A thread that holds one side of a lock until it is told to let go."""

    def __init__(self, side: object) -> None:
        self._side = side
        self.entered = threading.Event()
        self.leave = threading.Event()
        self.thread = started(self._hold)

    def _hold(self) -> None:
        with self._side:  # type: ignore[attr-defined]
            self.entered.set()
            assert self.leave.wait(LONG)

    def release(self) -> None:
        self.leave.set()
        self.thread.join(LONG)
        assert not self.thread.is_alive()


def test_readers_share() -> None:
    lock = SharedLock()
    holders = [Holder(lock.reading) for _ in range(3)]
    assert all(h.entered.wait(LONG) for h in holders)
    for holder in holders:
        holder.release()


@pytest.mark.parametrize("first", ["reading", "writing"])
def test_a_writer_is_alone(first: str) -> None:
    lock = SharedLock()
    holder = Holder(getattr(lock, first))
    assert holder.entered.wait(LONG)
    others = [Holder(lock.writing)] + ([Holder(lock.reading)] if first == "writing" else [])
    assert not any(o.entered.wait(WAIT) for o in others)
    holder.release()
    for other in others:
        other.leave.set()
    for other in others:
        assert other.entered.wait(LONG)
        other.release()


def test_a_waiting_writer_goes_before_new_readers() -> None:
    """Readers that follow each other closely do not keep a writer out for ever."""
    lock = SharedLock()
    reader = Holder(lock.reading)
    assert reader.entered.wait(LONG)
    writer = Holder(lock.writing)
    while not lock._waiting:
        writer.thread.join(0.001)
    late = Holder(lock.reading)
    assert not late.entered.wait(WAIT)
    reader.release()
    assert writer.entered.wait(LONG)
    assert not late.entered.is_set()
    writer.release()
    assert late.entered.wait(LONG)
    late.release()


def test_a_thread_never_waits_for_itself() -> None:
    lock = SharedLock()

    def work() -> None:
        with lock.reading, lock.reading, lock.writing, lock.writing, lock.reading:
            pass
        with lock.writing, lock.reading, lock.writing:
            pass

    thread = started(work)
    thread.join(LONG)
    assert not thread.is_alive()
    with lock.writing:
        pass


def test_a_reader_goes_on_reading_while_a_writer_waits() -> None:
    lock = SharedLock()
    with lock.reading:
        writer = Holder(lock.writing)
        while not lock._waiting:
            writer.thread.join(0.001)
        with lock.reading:
            assert not writer.entered.is_set()
    assert writer.entered.wait(LONG)
    writer.release()


@pytest.mark.parametrize("side", ["reading", "writing"])
def test_exceptions_release(side: str) -> None:
    lock = SharedLock()
    with pytest.raises(KeyboardInterrupt), getattr(lock, side):
        raise KeyboardInterrupt
    other = Holder(lock.writing)
    assert other.entered.wait(LONG)
    other.release()


@pytest.mark.parametrize("side", ["reading", "writing"])
def test_what_an_interrupt_left_can_be_forgotten(side: str) -> None:
    lock = SharedLock()
    getattr(lock, side).__enter__()
    other = Holder(lock.writing)
    assert not other.entered.wait(WAIT)
    lock.forget()
    assert other.entered.wait(LONG)
    getattr(lock, side).__exit__(None, None, None)  # releases nothing of the other's
    third = Holder(lock.reading)
    assert not third.entered.wait(WAIT)
    other.release()
    assert third.entered.wait(LONG)
    third.release()


def test_readers_that_wait_go_before_the_next_writer() -> None:
    """Whoever writes in a loop lets them in between, also where another writer waits."""
    lock = SharedLock()
    first = Holder(lock.writing)
    assert first.entered.wait(LONG)
    second = Holder(lock.writing)
    readers = [Holder(lock.reading) for _ in range(2)]
    assert not any(h.entered.wait(WAIT) for h in (second, *readers))
    first.release()
    assert all(r.entered.wait(LONG) for r in readers)
    assert not second.entered.wait(WAIT)
    for reader in readers:
        reader.release()
    assert second.entered.wait(LONG)
    second.release()
