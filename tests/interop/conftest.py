"""Real TensorFlow 2.21, in the tests that `make interop` runs beside ours in one process."""

from __future__ import annotations

import os
import warnings
from typing import Any

import pytest

from tests.interop.script import exchange


@pytest.fixture(scope="session")
def theirs() -> Any:
    """``tensorflow.compat.v1``, as a program of TensorFlow 1.x has it."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return exchange.load("tensorflow.compat.v1")
