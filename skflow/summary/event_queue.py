"""Events on their way to a file, which a thread of its own writes."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import time
from typing import Final

from skflow import logging
from skflow.io.records import framed
from skflow.summary.event_file import EventFile

# How long a caller waits before it looks whether the thread is still there.
_LOOK: Final = 1.0
# For so many seconds the thread lets events come together, unless many do or somebody waits: to
# be woken takes a training more time than to write does.
_GATHER: Final = 0.05
# So often it looks by itself whether another event has come, before it has to be woken again.
_DOZES: Final = 20
# The interpreter does not wait longer than this for a disk when it exits.
_LAST_WAIT: Final = 60.0

_live: Final[set[EventQueue]] = set()


class EventQueue:
    """A bounded queue of serialized events, and the thread that writes them.

    The thread makes a file of the first event at once, so that a program sees it. Then it takes all
    that has come within a moment, or three quarters of what may wait, so that the disk sees few
    large writes. After an error it stops: what it could not write stays, and every call raises the
    error until the queue is opened again, which starts a new file.

    Parameters
    ----------
    directory : str
        Where event files are made, the first with the first event.
    most : int
        How many events may wait before `put` does; 0 or less for any number.
    sync_secs : float
        How often what was written is synced to the disk, in seconds.
    """

    def __init__(self, directory: str, most: int, sync_secs: float) -> None:
        self._directory = directory
        self._most = most if most > 0 else float("inf")
        self._sync_secs = sync_secs
        # Loads what checksums need: a fork must never come while the thread imports.
        framed(b"")
        self._begin_anew()

    def _begin_anew(self) -> None:
        # Collecting garbage may call `leave` in a thread that holds the lock.
        self._changed = threading.Condition(threading.RLock())
        self._file_lock = threading.Lock()
        self._waiting: list[bytes] = []
        self._writing: list[bytes] = []
        self._asleep = False
        self._wanted = 0  # by how many callers who wait for it to be written
        self._ending = False
        self._error: Exception | None = None
        self._thread: threading.Thread | None = None
        self._file: EventFile | None = None
        self._unsynced_since: float | None = None

    # ---- the callers' side ------------------------------------------------------------

    def put(self, event: bytes) -> None:
        """Add an event; wait while the queue is full.

        Parameters
        ----------
        event : bytes
            A serialized `Event`.

        Raises
        ------
        OpError
            If an event before it could not be written.
        """
        with self._changed:
            while len(self._waiting) >= self._most and self._error is None:
                self._wait()
            if self._error is not None:
                raise self._error
            self._waiting.append(event)
            if self._thread is None:
                self._start()
            elif self._asleep or self._enough():
                self._changed.notify_all()

    def flush(self) -> None:
        """Return when all events are with the operating system.

        Raises
        ------
        OpError
            If one could not be written.
        """
        with self._changed:
            while (self._waiting or self._writing) and self._error is None:
                self._wait()
            if self._error is not None:
                raise self._error

    def close(self) -> None:
        """Write what waits, sync it and close the file.

        Raises
        ------
        OpError
            If that fails. The queue is closed all the same; what is not written goes first into
            the file that the next event begins.
        """
        self.end()
        error, self._error = self._error, None
        if error is not None:
            raise error

    def end(self, seconds: float | None = None) -> None:
        """Write what waits and close the file, in so many seconds if that is given.

        Parameters
        ----------
        seconds : float, optional
            How long to wait for the disk; for ever if not given.
        """
        limit = None if seconds is None else time.monotonic() + seconds
        self.leave()
        with self._changed:
            while self._has_thread():
                if limit is not None and time.monotonic() > limit:
                    return
                self._changed.wait(_LOOK)
        self._drain()
        self._finish()

    def leave(self) -> None:
        """Have the thread write what waits and close the file, without waiting for it."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()

    def report(self) -> None:
        """Tell the log of an error that no caller will hear of."""
        if self._error is not None:
            logging.error("Events were not written: %s", self._error)

    def forget(self) -> None:
        """Begin anew in a forked process: the file and what waits are the parent's."""
        self._begin_anew()

    def _has_thread(self) -> bool:
        if self._thread is not None and not self._thread.is_alive():
            self._thread = None
        return self._thread is not None

    def _wait(self) -> None:
        """Wait for a change; write here if there is no thread to do so."""
        if self._has_thread():
            self._wanted += 1
            try:
                self._changed.notify_all()
                self._changed.wait(_LOOK)
            finally:
                self._wanted -= 1
            return
        self._changed.release()
        try:
            self._drain()
        finally:
            self._changed.acquire()

    def _start(self) -> None:
        self._ending = False
        thread = threading.Thread(target=self._run, name="skflow-events", daemon=True)
        _live.add(self)
        # When the interpreter is about to exit no thread starts: whoever waits writes.
        with contextlib.suppress(RuntimeError):
            thread.start()
            self._thread = thread

    # ---- the thread's side ------------------------------------------------------------

    def _run(self) -> None:
        while self._await_events() and self._error is None:
            self._drain()
        self._finish()

    def _await_events(self) -> bool:
        """Wait for events, the time to sync or the end; whether there is more to do."""
        with self._changed:
            dozes = _DOZES
            while not self._enough():
                pause = self._until_sync()
                if pause is not None and pause <= 0:
                    break
                if self._waiting or dozes:
                    self._changed.wait(_GATHER)
                    if self._waiting:
                        break
                    dozes -= 1
                else:
                    self._asleep = True
                    self._changed.wait(pause)
                    self._asleep = False
            return bool(self._waiting) or not self._ending

    def _enough(self) -> bool:
        """Whether to write at once what waits, or to end."""
        if self._ending or not self._waiting:
            return self._ending
        many = 4 * len(self._waiting) >= 3 * self._most
        return many or self._wanted > 0 or self._file is None

    def _until_sync(self) -> float | None:
        if self._unsynced_since is None:
            return None
        return self._unsynced_since + self._sync_secs - time.monotonic()

    def _drain(self) -> None:
        """Write all that waits, and sync if it is time."""
        with self._file_lock:
            with self._changed:
                if self._error is not None:
                    return
                self._writing, self._waiting = self._waiting, []
                self._changed.notify_all()
            try:
                self._write(self._writing)
            except Exception as error:  # noqa: BLE001  # the next caller raises it
                self._fail(error)
            with self._changed:
                self._writing = []
                self._changed.notify_all()

    def _write(self, events: list[bytes]) -> None:
        if events:
            if self._file is None:
                self._file = EventFile(self._directory)
            self._file.write(events)
            if self._unsynced_since is None:
                self._unsynced_since = time.monotonic()
        pause = self._until_sync()
        if pause is not None and pause <= 0:
            self._sync()

    def _sync(self) -> None:
        if self._file is not None and self._unsynced_since is not None:
            self._unsynced_since = None
            self._file.sync()

    def _fail(self, error: Exception) -> None:
        with self._changed:
            self._error = self._error or error
            self._waiting, self._writing = self._writing + self._waiting, []

    def _finish(self) -> None:
        """Sync and close the file, and tell those who wait for the end."""
        with self._file_lock:
            try:
                self._close_file()
            except Exception as error:  # noqa: BLE001  # the next caller raises it
                self._fail(error)
        with self._changed:
            self._thread = None
            _live.discard(self)
            self._changed.notify_all()

    def _close_file(self) -> None:
        file, since = self._file, self._unsynced_since
        self._file = self._unsynced_since = None
        if file is not None:
            try:
                if since is not None and self._error is None:
                    file.sync()
            finally:
                file.close()


def _at_exit() -> None:
    for queue in list(_live):
        queue.end(_LAST_WAIT)
        queue.report()


def _after_fork() -> None:
    for queue in list(_live):
        queue.forget()
    _live.clear()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
