"""What holds for all tests: kernels are kept apart, and only compiled where a test asks for it."""

from __future__ import annotations

import math
import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any

import pytest

from skflow.runtime import executable
from skflow.runtime.jit import cache
from skflow.summary import compiled

PREFIX = "skflow-kernels-"


def remove_left_over() -> None:
    """Remove the directories of sessions that were killed: their processes are no more."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        number = path.name.removeprefix(PREFIX).partition("-")[0]
        try:
            os.kill(int(number), 0)
        except ProcessLookupError:
            shutil.rmtree(path, ignore_errors=True)
        except (OSError, ValueError):  # somebody else's
            continue


if os.name == "posix":  # elsewhere that would end the process
    remove_left_over()
# Workers of pytest-xdist find the directory of the process that started them.
OWN = None
if not os.environ.get(cache.VARIABLE):
    OWN = os.environ[cache.VARIABLE] = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")

# What a shell runs in the background ignores Ctrl-C, which some tests press.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def compiled_at_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was told nothing of compiling stays as it is, however hot it runs."""
    monkeypatch.setitem(executable._HEATED, 0, math.inf)
    monkeypatch.setattr(compiled, "_HOT", math.inf)


def pytest_unconfigure(config: Any) -> None:
    """Remove the kernels, once nobody needs them any more."""
    if OWN is not None and not hasattr(config, "workerinput"):
        shutil.rmtree(OWN, ignore_errors=True)
