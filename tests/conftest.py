"""What holds for all tests: kernels are kept apart, and only compiled where a test asks for it."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from typing import Any

import pytest

from skflow.runtime import program
from skflow.runtime.jit import cache

# Workers of pytest-xdist find the directory of the process that started them.
OWN = None if os.environ.get(cache.VARIABLE) else tempfile.mkdtemp(prefix="skflow-kernels-")
if OWN is not None:
    os.environ[cache.VARIABLE] = OWN


@pytest.fixture(autouse=True)
def compiled_at_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans of sessions that were told nothing stay as they are, however hot they run."""
    monkeypatch.setitem(program._HEATED, 0, math.inf)


def pytest_unconfigure(config: Any) -> None:
    """Remove the kernels, once nobody needs them any more."""
    if OWN is not None and not hasattr(config, "workerinput"):
        shutil.rmtree(OWN, ignore_errors=True)
