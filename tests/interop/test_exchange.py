"""Checkpoints with their graphs: what TensorFlow wrote computes the same here, as does our own.

The archives in tests/golden/exchange hold what ``exchange.py MODULE write FOLDER`` left in FOLDER
under the TensorFlow of their names, without the files named `checkpoint`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf
from tests.interop.script import exchange

HERE = Path(__file__).parent
ARCHIVES = HERE.parent / "golden" / "exchange"


def stored() -> list[Any]:
    found = []
    for path in sorted(ARCHIVES.glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            names = sorted({name.partition("/")[0] for name in archive.namelist()})
        found += [pytest.param(path, name, id=f"{path.stem}-{name}") for name in names]
    return found


@pytest.mark.parametrize(("path", "name"), stored())
def test_what_tensorflow_wrote(path: Path, name: str, tmp_path: Path) -> None:
    """Values before and after training goes on, and updates of every kind of variable."""
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            if member.startswith(f"{name}/"):
                archive.extract(member, tmp_path)
    assert exchange.differences(tf, tmp_path / name) == []


@pytest.mark.parametrize("name", exchange.programs.PROGRAMS)
def test_what_we_wrote(name: str, tmp_path: Path) -> None:
    """Bodies of conditionals and loops, and their gradients, included."""
    exchange.build(tf, name, tmp_path)
    assert exchange.differences(tf, tmp_path) == []


def test_a_difference_is_seen(tmp_path: Path) -> None:
    exchange.build(tf, "by_hand", tmp_path)
    feeds = exchange.stored_plan(tmp_path)
    assert feeds.train
    values = exchange.stored_values(tmp_path)
    values[-1] = values[-1] * 1.001
    np.savez(tmp_path / "values.npz", *values)
    (wrong,) = exchange.differences(tf, tmp_path)
    assert wrong.startswith("theta:0 in step 3 is array(")


def test_the_script_runs_alone(tmp_path: Path) -> None:
    command = [sys.executable, str(HERE / "exchange.py"), "skflow"]
    for action in ("write", "read"):
        done = subprocess.run(
            [*command, action, str(tmp_path), "by_hand"],
            cwd=HERE.parents[1],
            env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "by_hand" in done.stdout
