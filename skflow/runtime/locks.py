"""Locks that a forked child finds free, one of which many readers or one writer hold."""

from __future__ import annotations

import os
import threading
from typing import Any, Final
from weakref import WeakSet

_all: Final[WeakSet[Any]] = WeakSet()


class ReentrantLock:
    """A lock that the thread which holds it may enter again."""

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        self._lock: Any = threading.RLock()
        _all.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *exc: object) -> None:
        self._lock.release()

    def leave_behind(self) -> None:
        """Be free in a forked child, unless the thread that forked holds the lock."""
        if not self._lock._is_owned():
            self._lock = threading.RLock()


class SharedLock:
    """Runs that only read a session's variables go on together; one that writes goes alone.

    A writer that waits goes before readers that come later; readers that have waited for a writer
    go before the next one, so that whoever writes in a loop lets them in between. A thread never
    waits for itself: it may write while it reads, as when the collector runs a finalizer in the
    middle of a run.
    """

    def __init__(self) -> None:
        _all.add(self)
        self._mutex = threading.Lock()
        self._changed = threading.Condition(self._mutex)
        self._readers: dict[int, int] = {}  # how often each thread has entered
        self._writer: int | None = None
        self._depth = 0
        self._waiting = 0
        self._queued = 0  # readers that wait
        self._promised = 0  # those of them that go before the next writer
        self.reading = _Reading(self)
        self.writing = _Writing(self)

    @property
    def nested(self) -> bool:
        """Whether the thread that writes has entered more than once."""
        return self._depth > 1

    def forget(self) -> None:
        """Release whatever this thread holds: an interrupt may strike while it enters or leaves."""
        me = threading.get_ident()
        with self._mutex:
            self._readers.pop(me, None)
            if self._writer == me:
                self._writer = None
                self._depth = 0
                self._promised = self._queued
            self._changed.notify_all()

    def leave_behind(self) -> None:
        """Be free of the parent's other threads in a forked child; their runs never end there."""
        me = threading.get_ident()
        self._mutex = threading.Lock()
        self._changed = threading.Condition(self._mutex)
        self._readers = {me: self._readers[me]} if me in self._readers else {}
        if self._writer != me:
            self._writer, self._depth = None, 0
        self._waiting = self._queued = self._promised = 0

    def _may_read(self, me: int) -> bool:
        if self._writer is None:
            return not self._waiting or self._promised > 0 or me in self._readers
        return self._writer == me

    def _may_write(self, me: int) -> bool:
        if self._writer is None:
            alone = not self._readers or (len(self._readers) == 1 and me in self._readers)
            return alone and not self._promised
        return self._writer == me


class _Reading:
    """The reader's side of a `SharedLock`."""

    __slots__ = ("_lock",)

    def __init__(self, lock: SharedLock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        lock = self._lock
        me = threading.get_ident()
        with lock._mutex:
            if not lock._may_read(me):
                self._wait(me)
            lock._readers[me] = lock._readers.get(me, 0) + 1

    def _wait(self, me: int) -> None:
        lock = self._lock
        lock._queued += 1
        try:
            while not lock._may_read(me):
                lock._changed.wait()
        finally:
            lock._queued -= 1
            if lock._promised:
                lock._promised -= 1
                lock._changed.notify_all()

    def __exit__(self, *exc: object) -> None:
        lock = self._lock
        me = threading.get_ident()
        with lock._mutex:
            left = lock._readers.pop(me, 0) - 1
            if left > 0:
                lock._readers[me] = left
            elif lock._waiting:
                lock._changed.notify_all()


class _Writing:
    """The writer's side of a `SharedLock`."""

    __slots__ = ("_lock",)

    def __init__(self, lock: SharedLock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        lock = self._lock
        me = threading.get_ident()
        with lock._mutex:
            if not lock._may_write(me):
                self._wait(me)
            lock._writer = me
            lock._depth += 1

    def _wait(self, me: int) -> None:
        lock = self._lock
        lock._waiting += 1
        try:
            while not lock._may_write(me):
                lock._changed.wait()
        finally:
            lock._waiting -= 1
            lock._changed.notify_all()

    def __exit__(self, *exc: object) -> None:
        lock = self._lock
        with lock._mutex:
            if lock._writer != threading.get_ident():
                return  # it was forgotten
            lock._depth -= 1
            if lock._depth == 0:
                lock._writer = None
                lock._promised = lock._queued
                if lock._waiting or lock._queued:
                    lock._changed.notify_all()


def _after_fork() -> None:
    for lock in list(_all):
        lock.leave_behind()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
