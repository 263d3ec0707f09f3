"""The machine's cores: a counted guard around the BLAS library's threads, and a blocking pool."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final

import numpy as np


def cores() -> int:
    """The number of processor cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # no affinity on this system
        return os.cpu_count() or 1


def _set_threads(library: Any, number: int) -> None:
    """Tell a BLAS library how many threads to use, whichever thread told it before.

    Recent versions of threadpoolctl listen to one thread alone, silently, until that thread
    gives up control; but the first run to enter and the last one to leave may be anybody's.
    """
    give_up = getattr(library, "clear_controlling_thread", None)
    if give_up is not None:
        give_up(force=True)
    library.set_num_threads(number)
    if give_up is not None:
        give_up(force=True)


class _BlasGuard:
    """Holds BLAS to one thread while any run is inside.

    OpenBLAS's threads spin while they wait: beside busy processes a step of half a millisecond
    was seen to take a hundred. The library's own setter is called directly, when the first run
    enters and when the last one leaves; a context manager for each run would be too slow and,
    with several threads, would restore the wrong number.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._libraries: list[Any] | None = None
        self._numbers: list[int] = []
        self._forking = threading.local()

    def _find(self) -> list[Any]:
        from threadpoolctl import ThreadpoolController  # scikit-learn's own dependency

        found = ThreadpoolController().lib_controllers
        return [lib for lib in found if lib.user_api == "blas"]

    def __enter__(self) -> None:
        with self._lock:
            if self._libraries is None:
                self._libraries = self._find()
            self._inside += 1
            if self._inside == 1:
                if not self._numbers:
                    self._numbers = [lib.get_num_threads() for lib in self._libraries]
                for library, number in zip(self._libraries, self._numbers, strict=True):
                    if number != 1:
                        _set_threads(library, 1)

    def __exit__(self, *exc: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._libraries is not None:
                for library, number in zip(self._libraries, self._numbers, strict=True):
                    if number != 1:
                        _set_threads(library, number)
                self._numbers = []

    def hold(self) -> None:
        """Let no thread tell the libraries anything until the process has forked.

        OpenBLAS has a lock of its own for that, which a child would find taken for ever.
        """
        # Not for ever: a signal's handler may fork in the middle of what it waits for.
        self._forking.held = self._lock.acquire(timeout=1.0)

    def let_go(self) -> None:
        """Go on after a fork, in the parent."""
        if self._forking.held:
            self._lock.release()

    def forget(self) -> None:
        """Start afresh in a forked child, whose parent's runs are not its own.

        If the parent was inside a run, the child's first run sets the libraries right again.
        """
        self._lock = threading.Lock()
        self._inside = 0


blas_guard: Final = _BlasGuard()


class Task:
    """A call that a worker makes, or whoever needs its result before a worker has come.

    Parameters
    ----------
    function : callable
        A function that releases the interpreter's lock while it works.
    arguments : tuple
        Its arguments.
    """

    __slots__ = ("_arguments", "_done", "_error", "_free", "_function")

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._function = function
        self._arguments = arguments
        self._error: BaseException | None = None
        self._free = threading.Lock()
        self._done = threading.Lock()
        self._done.acquire()

    def work(self) -> None:
        """Make the call, unless somebody else has begun with it."""
        if not self._free.acquire(blocking=False):
            return
        arguments, self._arguments = self._arguments, ()  # the task may lie around for a while
        try:
            self._function(*arguments)
        except BaseException as error:  # noqa: BLE001  # for whoever asks for the result
            self._error = error
        self._done.release()

    def finish(self) -> None:
        """Return when the call has been made, and raise what it raised.

        On a busy machine no worker may come for a while. If none has begun with it, the call is
        made here: nobody waits for a processor who has one.
        """
        self.work()
        with self._done:
            pass
        if self._error is not None:
            raise self._error

    def cancel(self) -> None:
        """Return when the call has been made or never will be."""
        if self._free.acquire(blocking=False):
            self._done.release()
        with self._done:
            pass


class Pool:
    """Worker threads that block while there is nothing to do.

    Parameters
    ----------
    workers : int
        How many calls may run beside the caller's own.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        # What came last is done first: what came before it was less urgent.
        self._tasks: deque[Task] = deque()
        self._calls: SimpleQueue[None] = SimpleQueue()
        self._lock = threading.Lock()
        self._started = 0

    def _start(self) -> None:
        with self._lock:
            while self._started < self.workers:
                name = f"skflow-{self._started}"
                try:
                    threading.Thread(target=self._work, name=name, daemon=True).start()
                except RuntimeError:  # no more threads: the machine's limit, or the end of Python
                    self.workers = self._started
                    return
                self._started += 1

    def _work(self) -> None:
        with np.errstate(all="ignore"):
            while True:
                self._calls.get()
                self._tasks.pop().work()

    def begin(self, function: Callable[..., Any], *arguments: Any) -> Task:
        """Have a worker make a call.

        Parameters
        ----------
        function : callable
            A function that releases the interpreter's lock while it works.
        *arguments : object
            Its arguments.

        Returns
        -------
        Task
            To be finished or cancelled by the caller.
        """
        if self._started < self.workers:
            self._start()
        task = Task(function, arguments)
        if self._started:
            self._tasks.append(task)
            self._calls.put(None)
        return task

    def both(
        self, function: Callable[..., Any], here: tuple[Any, ...], there: tuple[Any, ...]
    ) -> None:
        """Call a function twice, at once: here and, if one comes in time, in a worker.

        Parameters
        ----------
        function : callable
            A function that releases the interpreter's lock while it works.
        here, there : tuple
            The arguments of the two calls.
        """
        task = self.begin(function, *there)
        try:
            function(*here)
        except BaseException:
            task.cancel()
            raise
        task.finish()


pool: Final = Pool(max(cores() - 1, 0))


def _after_fork() -> None:
    """The parent's workers do not live in a forked child: new ones start at first use."""
    blas_guard.forget()
    pool.__init__(pool.workers)  # type: ignore[misc]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=blas_guard.hold, after_in_parent=blas_guard.let_go, after_in_child=_after_fork
    )
