"""What `verbose` shows of a training: a progress bar where somebody watches, or lines."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Final, Literal, Self

from skflow.train.loop import History, Limits, Position, Report

Mode = Literal["quiet", "bar", "lines"]
Within = Callable[[int], Callable[[Position], object]]

_FORMAT: Final = "{where} |{bar}| {elapsed}{left}{postfix}"
_PERIOD: Final = 0.1  # seconds between two looks at the bar

_USUAL_COLUMNS: Final = 80

# A call of `partial_fit` is mostly one of many, so only those that take long show anything.
_PATIENCE: Final = 1.0

_ENDS: Final = {
    "converged": "converged",
    "max_time": "time is up",
    "interrupted": "interrupted",
    "callback": "stopped by a callback",
}


class Progress:
    """Shows how far a training has come; a context manager, which leaves nothing on an error.

    Parameters
    ----------
    verbose : int
        With 1 there is a bar on a terminal and in a notebook and nothing elsewhere, with more a
        line for each epoch, as scikit-learn prints it. Without tqdm 1 means lines, too.
    limits : Limits
        When training ends.
    unit : str
        What is counted.
    passing : bool
        Whether nothing shall stay on the screen.

    Attributes
    ----------
    mode : {"quiet", "bar", "lines"}
        What is shown.
    """

    def __init__(
        self, verbose: int, limits: Limits, unit: str = "Epoch", *, passing: bool = False
    ) -> None:
        self.mode = _mode(verbose)
        self._limits, self._passing = limits, passing
        self._unit = "Step" if limits.steps else unit
        self._most = int(limits.steps or limits.max_iter or 1)
        self._begun, self._due = time.time(), 0.0
        self._bar: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        del kind, error, traceback
        if self._bar is not None:
            self._close(leave=False)

    @property
    def report(self) -> Report | None:
        """What is called after each epoch."""
        return {"quiet": None, "bar": self._epoch, "lines": _print}[self.mode]

    @property
    def within(self) -> Within | None:
        """Given the steps of an epoch, makes what is called after each step."""
        return self._steps if self.mode == "bar" else None

    def passed(self, history: History) -> None:
        """Print a line about a single pass, if lines are printed.

        Parameters
        ----------
        history : History
            The losses of all passes.
        """
        if self.mode == "lines":
            _print(history)

    def finish(self, history: History) -> None:
        """Show how training has ended, if there is a bar.

        Parameters
        ----------
        history : History
            Its course.
        """
        if self.mode != "bar":
            return
        bar = self._shown(self._at(history))
        bar.at, bar.finished = self._at(history), True
        bar.set_postfix_str(", ".join([_numbers(history), *_end(history)]), refresh=False)
        if history.reason != "interrupted":
            bar.n = bar.total  # there is nothing left to do
        self._close(leave=not self._passing and bar.pos == 0)

    def _close(self, *, leave: bool) -> None:
        bar, self._bar = self._bar, None
        bar.leave = leave
        if not leave:
            bar.total = bar.n  # else a notebook shows it as failed, whatever is asked of it
        bar.close()

    def _steps(self, steps: int) -> Callable[[Position], object]:
        def after_step(position: Position) -> None:
            if position.seconds < self._due:
                return
            self._due = position.seconds + _PERIOD
            made, history = position.step, position.history
            at: float = made
            if not self._limits.steps:
                at = history.n_iter + (made - history.steps) / steps
            bar = self._shown(self._at(history))
            if self._limits.max_time is not None:
                bar.end = time.time() + self._limits.max_time - position.seconds
            if not history.losses:
                bar.set_postfix_str(f"loss {position.loss:.4g}", refresh=False)
            self._move(at)

        return after_step

    def _epoch(self, history: History) -> None:
        at = self._at(history)
        self._shown(at - 1).set_postfix_str(_numbers(history), refresh=False)
        self._move(at)

    def _at(self, history: History) -> int:
        """How much of what is counted is done."""
        return history.steps if self._limits.steps else history.n_iter

    def _move(self, at: float) -> None:
        self._bar.at = int(at)
        self._bar.update(min(at, self._most) - self._bar.n)

    def _shown(self, first: int) -> Any:
        """The bar, begun with what was done before if it is not there yet.

        It begins late so that warnings about the data come before it.
        """
        if self._bar is None:
            bar = self._bar = _bar_class()(
                total=self._most,
                initial=min(max(first, 0), self._most),
                unit=self._unit,
                bar_format=_FORMAT,
                mininterval=_PERIOD,
                miniters=0,
                **_columns(),
                delay=_PATIENCE if self._passing else 0,
            )
            if self._limits.max_time is not None:
                bar.end = self._begun + self._limits.max_time
        return self._bar


def _mode(verbose: int) -> Mode:
    if not verbose:
        return "quiet"
    if verbose > 1 or find_spec("tqdm") is None:
        return "lines"
    return "bar" if _is_watched() else "quiet"


def _is_watched() -> bool:
    """Whether a bar would be seen, and would be the only one.

    Workers of joblib may share the terminal of who started them, and would write over each other.
    """
    if multiprocessing.parent_process() is not None:
        return False
    if threading.current_thread() is not threading.main_thread():
        return False
    stream = sys.stderr
    is_terminal = stream is not None and not stream.closed and stream.isatty()
    return is_terminal or _is_notebook()


def _columns() -> dict[str, Any]:
    """How wide the bar is: as the terminal, also later, if that knows its width."""
    try:
        unknown = not os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):  # a notebook has no such stream
        unknown = False
    return {"ncols": _USUAL_COLUMNS} if unknown else {"dynamic_ncols": True}


def _is_notebook() -> bool:
    """Whether this is the kernel of one."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return "IPKernelApp" in getattr(shell, "config", ())


@cache
def _bar_class() -> Any:
    """tqdm's bar for where we are, which tells of epochs and of the time left."""
    with warnings.catch_warnings():
        # In a notebook without widgets tqdm warns, and draws with characters. That does.
        warnings.simplefilter("ignore")
        from tqdm.auto import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        monitor_interval = 0  # no thread: something comes after each step
        at = 0
        end: float | None = None
        finished = False

        def refresh(self, nolock: bool = False, lock_args: Any = None) -> Any:
            """tqdm's own keeps the lock of all bars for ever if Ctrl-C is pressed as it draws."""
            if nolock or lock_args:
                return super().refresh(nolock, lock_args)
            with self.get_lock():
                return super().refresh(nolock=True)

        @property
        def format_dict(self) -> dict[str, Any]:
            found: dict[str, Any] = super().format_dict
            where = f"{self.unit} {max(self.at, self.initial)}/{self.total}"
            return {**found, "where": where, "left": self._left(found)}

        def _left(self, known: dict[str, Any]) -> str:
            """The time left, of which the bar's own progress and the clock tell."""
            made, elapsed = known["n"] - known["initial"], known["elapsed"]
            rate = known["rate"] or (made / elapsed if elapsed else 0.0)
            times = [(known["total"] - known["n"]) / rate] if rate else []
            if self.end is not None:
                times.append(max(self.end - time.time(), 0.0))
            if self.finished or not times:
                return ""
            return f"<{self.format_interval(min(times))}"

    return Bar


def _numbers(history: History) -> str:
    score = f", validation {history.scores[-1]:.4g}" if history.scores else ""
    return f"loss {history.losses[-1]:.4g}{score}"


def _end(history: History) -> list[str]:
    """Why training ended before its time, if it did."""
    return [_ENDS[history.reason]] if history.reason in _ENDS else []


def _print(history: History) -> None:
    print(history.line())  # noqa: T201
