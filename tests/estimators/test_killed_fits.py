"""Fits whose processes are killed at random moments lose nothing that was written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kills", [5, pytest.param(500, marks=pytest.mark.soak)])
def test_kills(tmp_path: Path, kills: int) -> None:
    """Each process goes on from the last checkpoint; the end is that of a fit left alone."""
    script = Path(__file__).with_name("kill_fit.py")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), str(tmp_path), str(kills), "1"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    said = json.loads(done.stdout)
    assert said["kills"] >= kills
    assert said["finished"] >= 3
    assert said["resumed"] >= max(1, kills // 5)
    if kills > 100:
        assert said["killed_while_writing"] > kills // 4
