"""Loading a checkpoint runs nothing, imports nothing, and opens no other files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.train.audited_loading import MARK

ROOT = Path(__file__).parents[2]
NAMES = ("m", "old", "text", "checkpoint_m", "checkpoint_old")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("audited")
    script = Path(__file__).with_name("audited_loading.py")
    # In a process of its own: a hook stays to its end.
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), str(folder)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    found["prefix"] = str(folder / "second") + "/"
    return found


def test_the_hook_hears(said: Any) -> None:
    assert any(event.startswith("exec") for event in said["hook"]["others"])
    assert any(event.startswith("import ('colorsys'") for event in said["hook"]["others"])


@pytest.mark.parametrize("stage", ["looking", "restoring"])
def test_only_the_checkpoints_files_are_opened(said: Any, stage: str) -> None:
    opened = said[stage]["opened"]
    assert {path.removeprefix(said["prefix"]).split(".")[0] for path in opened} <= set(NAMES)
    assert {path.split(".")[-1] for path in opened} >= {"index", "data-00000-of-00001", "meta"}


def test_nothing_is_run_imported_or_unpickled(said: Any) -> None:
    """A reader, a graph: not even a plan is compiled."""
    assert said["looking"]["others"] == said["looking"]["plans"] == []


def test_only_plans_of_sessions_are_compiled(said: Any) -> None:
    """A session compiles what it runs; its text is the program's own, whatever the file says."""
    assert said["restoring"]["others"] == []
    plans = said["restoring"]["plans"]
    assert plans
    for text in plans:
        assert text.startswith("<plan>: ")
        assert MARK not in text
