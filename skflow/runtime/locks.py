"""A lock that many readers or one writer hold; a thread may enter it again."""

from __future__ import annotations

import threading


class SharedLock:
    """Runs that only read a session's variables go on together; one that writes goes alone."""

    def __init__(self) -> None:
        self._condition = threading.Condition(threading.Lock())
        self._readers = 0
        self._writer: int | None = None
        self._depth = 0
        self.reading = _Reading(self)
        self.writing = _Writing(self)


class _Reading:
    """The reader's side of a `SharedLock`."""

    __slots__ = ("_lock",)

    def __init__(self, lock: SharedLock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        lock = self._lock
        with lock._condition:
            while lock._writer is not None and lock._writer != threading.get_ident():
                lock._condition.wait()
            lock._readers += 1

    def __exit__(self, *exc: object) -> None:
        lock = self._lock
        with lock._condition:
            lock._readers -= 1
            if lock._readers == 0:
                lock._condition.notify_all()


class _Writing:
    """The writer's side of a `SharedLock`."""

    __slots__ = ("_lock",)

    def __init__(self, lock: SharedLock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        lock = self._lock
        me = threading.get_ident()
        with lock._condition:
            while lock._writer != me and (lock._writer is not None or lock._readers):
                lock._condition.wait()
            lock._writer = me
            lock._depth += 1

    def __exit__(self, *exc: object) -> None:
        lock = self._lock
        with lock._condition:
            lock._depth -= 1
            if lock._depth == 0:
                lock._writer = None
                lock._condition.notify_all()
