"""What `verbose` shows: bars on terminals, lines when asked for, nothing elsewhere."""

from __future__ import annotations

import fcntl
import io
import math
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import types
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from joblib import parallel_backend
from sklearn.model_selection import cross_val_score
from tqdm import tqdm

from skflow.estimators import DNNClassifier, DNNRegressor, LinearRegressor, progress
from skflow.estimators.progress import Progress
from skflow.train.loop import History, Limits, NanLossDuringTrainingError, Position

X = np.random.default_rng(0).standard_normal((60, 3))
Y = X @ [1.0, -2.0, 3.0]
ROOT = Path(__file__).resolve().parent.parent.parent


class Terminal(io.StringIO):
    """A stream that says it is a terminal, and does something at a write if it is told to."""

    def __init__(self, at_write: Callable[[str], object] | None = None) -> None:
        super().__init__()
        self._at_write = at_write

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._at_write is not None:
            self._at_write(text)
        return super().write(text)

    @property
    def shown(self) -> list[str]:
        """Everything that was on the screen at some time, one after another."""
        return [part for part in re.split(r"[\r\n]", self.getvalue()) if part.strip()]

    @property
    def screen(self) -> list[str]:
        return screen(self.getvalue())


def screen(text: str) -> list[str]:
    """What a terminal shows in the end."""
    lines: list[list[str]] = [[]]
    column = 0
    for character in text:
        if character == "\n":
            lines.append([])
            column = 0
        elif character == "\r":
            column = 0
        else:
            line = lines[-1]
            line[column : column + 1] = [character]
            column += 1
    found = ["".join(line).rstrip() for line in lines]
    return found[:-1] if not found[-1] else found


def test_the_screen_is_a_terminals() -> None:
    assert screen("abc\rx\r\nde\n") == ["xbc", "de"]
    assert screen("abc\r   \r") == []


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a bar move at every step."""
    monkeypatch.setattr(progress, "_PERIOD", 0.0)


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def net(**parameters: Any) -> DNNRegressor:
    return DNNRegressor((4,), random_state=0, **{"n_iter_no_change": math.inf, **parameters})


# ---- where it is shown --------------------------------------------------------------------------


def test_a_bar_on_a_terminal(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    model = fitted(net(max_iter=3, verbose=1), terminal)
    (line,) = terminal.screen
    assert re.fullmatch(rf"Epoch 3/3 \|█+\| \d\d:\d\d, loss {model.loss_:.4g}", line)
    assert capsys.readouterr().out == ""


def fitted(model: Any, terminal: Terminal | None = None) -> Any:
    """Fit, maybe in front of a terminal."""
    with warnings.catch_warnings(), redirect_stderr(terminal or sys.stderr):
        warnings.simplefilter("ignore")
        return model.fit(X, Y)


@pytest.mark.parametrize("verbose", [1, True])
@pytest.mark.parametrize("model", [net(max_iter=2), LinearRegressor()], ids=["net", "linear"])
def test_nothing_elsewhere(model: Any, verbose: bool, capsys: pytest.CaptureFixture[str]) -> None:
    fitted(model.set_params(verbose=verbose))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("stream", [None, io.StringIO()], ids=["none", "closed"])
def test_nothing_where_there_is_no_stream(
    stream: io.StringIO | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if stream is not None:
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    assert Progress(1, Limits(2)).mode == "quiet"


def test_lines_when_asked_for(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    model = fitted(net(max_iter=3, verbose=2, early_stopping=True), terminal)
    lines = capsys.readouterr().out.splitlines()
    pairs = zip(model.loss_curve_, model.validation_scores_, strict=True)
    assert lines == [
        f"Iteration {n}, loss = {loss:.8f}, validation score = {score:.6f}"
        for n, (loss, score) in enumerate(pairs, 1)
    ]
    assert not terminal.getvalue()


def test_lines_without_tqdm(
    monkeypatch: pytest.MonkeyPatch, terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "find_spec", lambda _: None)
    model = fitted(net(max_iter=3, verbose=1), terminal)
    assert len(capsys.readouterr().out.splitlines()) == model.n_iter_
    assert not terminal.getvalue()


def test_a_bar_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = types.SimpleNamespace(config={"IPKernelApp": {}})
    fake = types.SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", fake)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert Progress(1, Limits(2)).mode == "bar"
    shell.config = {"TerminalIPythonApp": {}}
    assert Progress(1, Limits(2)).mode == "quiet"


def test_threads_that_work_side_by_side_are_quiet(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    with parallel_backend("threading", n_jobs=2), redirect_stderr(terminal):
        cross_val_score(net(steps=3, verbose=1), X, Y, cv=3)
    assert capsys.readouterr() == ("", "")
    assert not terminal.getvalue()


# ---- what it says -------------------------------------------------------------------------------


def test_early_stopping_is_told(terminal: Terminal) -> None:
    model = net(max_iter=50, tol=10.0, n_iter_no_change=2, early_stopping=True, verbose=1)
    fitted(model, terminal)
    (line,) = terminal.screen
    assert model.n_iter_ < 50
    assert re.match(rf"Epoch {model.n_iter_}/50 \|█+\|", line)
    shown = f"loss {model.loss_:.4g}, validation {model.validation_scores_[-1]:.4g}, converged"
    assert line.endswith(shown)


def test_steps_are_counted(terminal: Terminal) -> None:
    fitted(net(steps=7, batch_size=20, verbose=1), terminal)
    assert re.match(r"Step 7/7 \|█+\|", terminal.screen[0])


def test_iterations_are_counted(terminal: Terminal) -> None:
    for model in (net(optimizer="L-BFGS", max_iter=30, verbose=1), LinearRegressor(verbose=1)):
        fitted(model, terminal)
        start = rf"Iteration {model.n_iter_}/{model.max_iter} \|█+\|"
        assert re.match(start, terminal.screen[-1])


def test_the_end_of_the_time_is_told(terminal: Terminal) -> None:
    fitted(net(max_iter=10**6, max_time=0.3, verbose=1), terminal)
    (line,) = terminal.screen
    assert line.endswith("time is up")
    # Much less is left than so many epochs take.
    assert all("<00:00" in part for part in terminal.shown[1:-1])


def test_warnings_come_before_the_bar(terminal: Terminal) -> None:
    with pytest.warns(UserWarning, match="larger than the sample size"):
        fit_saying(net(steps=2, batch_size=1000, verbose=1), terminal)
    assert terminal.getvalue().index("warned") < terminal.getvalue().index("Step")


def fit_saying(model: Any, terminal: Terminal) -> None:
    """Fit, with warnings that are written where the bar is."""
    show = warnings.showwarning

    def said(*args: Any, **kw: Any) -> None:
        terminal.write("warned\n")
        show(*args, **kw)

    warnings.showwarning = said
    try:
        with redirect_stderr(terminal):
            model.fit(X, Y)
    finally:
        warnings.showwarning = show


@pytest.mark.usefixtures("at_once")
def test_an_interrupt_is_told() -> None:
    terminal = Terminal(interrupting(1))
    with redirect_stderr(terminal), pytest.warns(UserWarning, match="Training interrupted by user"):
        model = net(max_iter=20, verbose=1).fit(X, Y)
    (line,) = terminal.screen
    assert line.startswith(f"Epoch {model.n_iter_}/20 |")
    assert line.endswith("interrupted")
    assert "██████████" not in line


def interrupting(times: int) -> Callable[[str], None]:
    """Press Ctrl-C so many times when the bar has moved for the second time."""
    writes: list[str] = []

    def at_write(text: str) -> None:
        writes.extend([text] if "loss" in text else [])
        if len(writes) == 2 and "loss" in text:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)

    return at_write


@pytest.mark.usefixtures("at_once")
def test_a_second_interrupt_leaves_nothing() -> None:
    terminal = Terminal(interrupting(2))
    with redirect_stderr(terminal), pytest.raises(KeyboardInterrupt):
        net(max_iter=20, verbose=1).fit(X, Y)
    assert terminal.shown
    assert terminal.screen == []
    assert others_may_draw()


def others_may_draw() -> bool:
    """Whether another thread can have the lock that all bars of the process share."""
    found: list[bool] = []

    def draw() -> None:
        with tqdm.get_lock():
            found.append(True)

    thread = threading.Thread(target=draw, daemon=True)
    thread.start()
    thread.join(5)
    return found == [True]


def test_an_error_leaves_nothing(terminal: Terminal) -> None:
    with redirect_stderr(terminal), pytest.raises(NanLossDuringTrainingError):
        net(optimizer="SGD", learning_rate=1e200, max_iter=100, verbose=1).fit(X, Y)
    assert terminal.shown
    assert terminal.screen == []


@pytest.mark.usefixtures("at_once")
def test_a_training_goes_on_where_it_was(tmp_path: Path) -> None:
    model = net(max_iter=30, verbose=1, model_dir=tmp_path / "runs")
    with redirect_stderr(Terminal(interrupting(1))), pytest.warns(UserWarning, match="interrupted"):
        model.fit(X, Y)
    reached = len(model.loss_curve_)
    second = Terminal()
    fitted(model, second)
    begun = int(second.shown[0].removeprefix("Epoch ").partition("/")[0])
    assert 0 < reached - 1 <= begun <= reached
    assert second.screen[0].startswith("Epoch 30/30 ")


# ---- partial_fit --------------------------------------------------------------------------------


def test_a_short_pass_shows_nothing(terminal: Terminal) -> None:
    model = net(verbose=1)
    with redirect_stderr(terminal):
        for _ in range(3):
            model.partial_fit(X, Y)
    assert not terminal.getvalue()


def test_a_long_pass_is_shown_while_it_lasts(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    monkeypatch.setattr(progress, "_PERIOD", 0.0)
    with redirect_stderr(terminal):
        DNNClassifier((4,), verbose=1, batch_size=10).partial_fit(X, Y > 0)
    assert len(terminal.shown) >= 6
    assert all(part.startswith("Epoch ") for part in terminal.shown)
    assert terminal.screen == []


# ---- any training -------------------------------------------------------------------------------


@st.composite
def courses(draw: st.DrawFn) -> tuple[Limits, int, list[float], str | None]:
    """Limits, the steps of an epoch, the losses of the epochs, and why it ended."""
    steps = draw(st.integers(1, 5))
    losses = draw(st.lists(st.floats(-1e30, 1e30), min_size=1, max_size=12))
    made = len(losses)
    reason = draw(st.sampled_from(["converged", "max_time", "interrupted", "callback", None]))
    more = 0 if reason is None else draw(st.integers(0, 20))
    by_steps = draw(st.booleans())
    limits = Limits(steps=(made + more) * steps) if by_steps else Limits(made + more)
    return limits, steps, losses, reason


@settings(max_examples=60, deadline=None)
@given(course=courses())
def test_any_course_is_shown(course: tuple[Limits, int, list[float], str | None]) -> None:
    limits, steps, losses, reason = course
    with redirect_stderr(Terminal()) as terminal, Progress(1, limits) as shown:
        history = run(shown, steps, losses)
        history.reason = reason  # type: ignore[assignment]
        shown.finish(history)
    counts = [int(part.split()[1].partition("/")[0]) for part in terminal.shown]
    done = len(losses) * steps if limits.steps else len(losses)
    assert counts == sorted(counts)
    assert counts[-1] == done
    (line,) = terminal.screen
    assert f"loss {losses[-1]:.4g}" in line
    assert ("█" * 10 in line) or (
        reason == "interrupted" and done < (limits.steps or limits.max_iter)
    )
    assert line.endswith(progress._ENDS[reason] if reason else f"loss {losses[-1]:.4g}")


def run(shown: Progress, steps: int, losses: list[float]) -> History:
    """Tell of a training as `train` does."""
    history = History()
    assert shown.within is not None
    assert shown.report is not None
    within = shown.within(steps)
    for loss in losses:
        for _ in range(steps):
            step = history.steps + 1 + _
            within(Position(history, step, loss, loss, seconds=step * 0.2))
        history.steps += steps
        history.losses.append(loss)
        shown.report(history)
    return history


# ---- a terminal ---------------------------------------------------------------------------------

SCRIPT = """
import sys
import numpy as np
from sklearn.model_selection import cross_val_score
from skflow.estimators import DNNRegressor
X = np.random.default_rng(0).standard_normal((60, 3))
y = X @ [1.0, -2.0, 3.0]
model = DNNRegressor((4,), steps=30, verbose=1, random_state=0)
if sys.argv[1] == "search":
    cross_val_score(model, X, y, cv=3, n_jobs=2)
print("searched")
model.fit(X, y)
"""


@pytest.fixture(scope="module", params=[60, 0], ids=["60 columns", "unknown width"])
def output(request: pytest.FixtureRequest) -> tuple[int, str]:
    """What a program writes on a terminal of some width, zero if the terminal does not know."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, request.param, 0, 0))
    done = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "search" if request.param else "do not"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    os.close(theirs)
    parts = []
    try:
        while part := os.read(ours, 65536):
            parts.append(part)
    except OSError:  # how the end of a terminal shows
        pass
    finally:
        os.close(ours)
        assert done.wait(60) == 0
    return request.param, b"".join(parts).decode().replace("\r\n", "\n")


def test_workers_are_quiet_and_a_bar_fits(output: tuple[int, str]) -> None:
    columns, text = output
    before, _, after = text.partition("searched\n")
    assert before == ""
    (line,) = screen(after)
    assert line.startswith("Step 30/30 |█")
    assert len(line) <= (columns or 80)
    assert len(line) >= (columns or 80) - 2
