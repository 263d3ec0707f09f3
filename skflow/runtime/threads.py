"""The machine's cores: a counted guard around the BLAS library's threads, and a blocking pool."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from itertools import product
from queue import SimpleQueue
from typing import Any, Final

import numpy as np

from skflow.runtime.lookout import Signal


def cores() -> int:
    """The number of processor cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # no affinity on this system
        return os.cpu_count() or 1


_SHARES: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")


def spare_cores() -> int:
    """The number of cores that a run may use beside the caller's own.

    Returns
    -------
    int
        All of them but one; fewer in a worker process that joblib has told its share of them, by
        the variables that BLAS libraries read.
    """
    share = cores()
    # A worker has the module that started it.
    process = sys.modules.get("multiprocessing.process")
    if process is not None and process.parent_process() is not None:
        told = [os.environ.get(name, "") for name in _SHARES]
        share = min([share, *[max(int(t), 1) for t in told if t.isdecimal()]])
    return share - 1


Control = tuple[Callable[[], int], Callable[[int], Any]]
"""How many threads a library uses, and what tells it to use another number."""


def _control(library: Any) -> Control:
    """The control of a BLAS library that threadpoolctl has found.

    OpenBLAS's own functions take a tenth of the time that threadpoolctl's methods take. Recent
    versions of these listen to one thread alone, silently, until that thread gives up control;
    but the first run to enter and the last one to leave may be anybody's.
    """
    handle = ctypes.PyDLL(library.filepath) if library.internal_api == "openblas" else None
    for prefix, suffix in product(("scipy_", ""), ("64_", "", "_64")):
        names = [f"{prefix}openblas_{verb}_num_threads{suffix}" for verb in ("get", "set")]
        if all(hasattr(handle, name) for name in names):
            getter, setter = (getattr(handle, name) for name in names)
            setter.restype = None
            return getter, setter
    give_up = getattr(library, "clear_controlling_thread", None)

    def tell(number: int) -> None:
        if give_up is not None:
            give_up(force=True)
        library.set_num_threads(number)
        if give_up is not None:
            give_up(force=True)

    return library.get_num_threads, tell


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
        self._controls: list[Control] | None = None
        self._numbers: list[int] = []
        self._forking = threading.local()

    def _find(self) -> list[Control]:
        from threadpoolctl import ThreadpoolController  # scikit-learn's own dependency

        found = ThreadpoolController().lib_controllers
        return [_control(lib) for lib in found if lib.user_api == "blas"]

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                if self._controls is None:
                    self._controls = self._find()
                known = self._numbers  # in a child whose parent was inside
                for i, (number, tell) in enumerate(self._controls):
                    if i == len(known):
                        known.append(number())
                    if known[i] != 1:
                        tell(1)

    def __exit__(self, *exc: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._controls is not None:
                for i, (_, tell) in enumerate(self._controls):
                    if self._numbers[i] != 1:
                        tell(self._numbers[i])
                self._numbers.clear()

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


_ended: Final = Signal()  # that a worker has done what it could for somebody


def _wait_for(lock: threading.Lock) -> None:
    """Return when a lock is free, even if an interrupt strikes: what it guards is in use."""
    _ended.clear()
    if lock.acquire(blocking=False):
        return
    try:
        _ended.look()
        lock.acquire()
    except BaseException:
        lock.acquire()
        raise


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
        _ended.give()

    def finish(self) -> None:
        """Return when the call has been made, and raise what it raised.

        On a busy machine no worker may come for a while. If none has begun with it, the call is
        made here: nobody waits for a processor who has one.
        """
        self.work()
        _wait_for(self._done)
        self._done.release()
        if self._error is not None:
            raise self._error

    def drop(self) -> None:
        """Make sure that the call is not begun any more; it may still be at work."""
        if self._free.acquire(blocking=False):
            self._arguments = ()
            self._done.release()

    def cancel(self) -> None:
        """Return when the call has been made or never will be."""
        if self._free.acquire(blocking=False):
            self._done.release()
        with self._done:
            pass


class Shared:
    """Calls of one function, each of which is made once, by whoever comes next.

    Parameters
    ----------
    function : callable
        A function that releases the interpreter's lock while it works.
    calls : sequence of tuple
        Its arguments, call by call. No call may need what another one gives.
    """

    __slots__ = ("_calls", "_error", "_function", "_helpers")

    def __init__(self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> None:
        self._function = function
        self._calls = deque(calls)
        self._helpers: list[threading.Lock] = []
        self._error: BaseException | None = None

    def work(self) -> None:
        """Make calls until none is left."""
        mine = threading.Lock()
        mine.acquire()
        # Before the first call is taken: whoever finds none left waits for those that are known.
        self._helpers.append(mine)
        try:
            self._make()
        except BaseException as error:  # noqa: BLE001  # for whoever asks for the results
            self._error = error
            self._calls.clear()
        mine.release()
        _ended.give()

    def finish(self) -> None:
        """Make calls until none is left, and return when all have been made.

        Raises
        ------
        BaseException
            What one of the calls raised, after which no other is begun.
        """
        try:
            self._make()
        finally:
            self._calls.clear()  # the task may lie around for a while
            for helper in self._helpers:
                _wait_for(helper)
        if self._error is not None:
            raise self._error

    def _make(self) -> None:
        function, calls = self._function, self._calls
        while calls:
            try:
                arguments = calls.popleft()
            except IndexError:  # somebody else has just taken the last one
                return
            function(*arguments)


class Pool:
    """Worker threads that block while there is nothing to do.

    Parameters
    ----------
    workers : int
        How many calls may run beside the caller's own.

    Attributes
    ----------
    called : Signal
        Given while there may be something to do that no worker has begun with.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.called = Signal()
        self.forget()

    def forget(self) -> None:
        """Start afresh: in a forked child, where the parent's workers do not live."""
        # What came last is done first: what came before it was less urgent.
        self._tasks: deque[Task | Shared] = deque()
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
                self._clear()
                if self._calls.empty():
                    self.called.look()
                self._calls.get()
                self._clear()
                self._tasks.pop().work()

    def _clear(self) -> None:
        self.called.clear()
        if not self._calls.empty():
            self.called.give()

    def _call(self, task: Task | Shared, signal: bool = True) -> None:
        self._tasks.append(task)
        self._calls.put(None)
        if signal:
            self.called.give()

    def begin(self, function: Callable[..., Any], *arguments: Any, signal: bool = True) -> Task:
        """Have a worker make a call.

        Parameters
        ----------
        function : callable
            A function that releases the interpreter's lock while it works.
        *arguments : object
            Its arguments.
        signal : bool
            As of `share`.

        Returns
        -------
        Task
            To be finished or cancelled by the caller.
        """
        if self._started < self.workers:
            self._start()
        task = Task(function, arguments)
        if self._started:
            self._call(task, signal)
        return task

    def share(
        self,
        function: Callable[..., Any],
        calls: Sequence[tuple[Any, ...]],
        helpers: int = 1,
        signal: bool = True,
    ) -> None:
        """Call a function several times: here and, if they come in time, in workers.

        Parameters
        ----------
        function : callable
            A function that releases the interpreter's lock while it works.
        calls : sequence of tuple
            Its arguments, call by call, in the order in which they are taken.
        helpers : int
            How many workers are asked for help.
        signal : bool
            Whether to tell those that look out for calls. If not, it is done by the caller once he
            has let Python's lock go: a worker who came before would fall asleep over it.
        """
        if self._started < self.workers:
            self._start()
        shared = Shared(function, calls)
        for _ in range(min(helpers, self._started)):
            self._call(shared, signal)
        shared.finish()


pool: Final = Pool(spare_cores())


def _after_fork() -> None:
    blas_guard.forget()
    pool.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=blas_guard.hold, after_in_parent=blas_guard.let_go, after_in_child=_after_fork
    )
