"""A second thread, for as long as one large tensor is read."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any, Self

# What is smaller than this is done before a second thread has begun.
WORTH_HELP = 1 << 22


class Helper:
    """Does one thing at a time beside the thread that has it, within a `with` block.

    Where the system has no thread to give, or the interpreter is about to end, things are done
    at once instead. At the end of the block nothing is being done any more, whatever ends it.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._pending: Future[Any] | None = None

    def start(self, function: Callable[..., object], *args: Any) -> None:
        """Wait for what was started before, then start something else.

        Parameters
        ----------
        function : callable
            What to do.
        *args : object
            What it is called with.

        Raises
        ------
        BaseException
            What was raised by what was started before.
        """
        self.wait()
        try:
            self._pending = self._pool.submit(function, *args)
        except RuntimeError:
            self._pending = None
        if self._pending is None:
            self._pending = Future()
            self._pending.set_result(function(*args))

    def wait(self) -> Any:
        """Return what was started last has returned, once, or raise what it has raised."""
        result = None if self._pending is None else self._pending.result()
        self._pending = None
        return result

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        interrupt: KeyboardInterrupt | None = None
        while True:
            try:
                # Python 3.11 takes a thread for ended when joining it has been interrupted.
                if self._pending is not None:
                    wait([self._pending])
                self._pool.shutdown()
                break
            except KeyboardInterrupt as found:
                # The caller may close the file next, which must not be in use then.
                interrupt = found
        # What was started knows its error, which knows this object.
        self._pending = None
        if interrupt is not None:
            raise interrupt
