"""The notebook that the package was made from runs, and prints what it printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import seed_cells

ROOT = Path(__file__).resolve().parent.parent
CELLS = ROOT / "tests" / "golden" / "seed_cells.json"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "examples")])
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "seed_cells.py"), str(CELLS)],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path_factory.mktemp("seed"),
        env={**os.environ, "PYTHONPATH": paths, "MPLBACKEND": "Agg"},
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_cells_run(results: list[dict[str, Any]]) -> None:
    assert len(results) == 102
    failed = {
        f"In [{r['tag']}], line {r['line']}: {r['error']}"
        for r in results
        if r["error"] is not None
    }
    assert not failed, "\n".join(sorted(failed))


def test_outputs_are_as_printed(results: list[dict[str, Any]]) -> None:
    compared = [r for r in results if r["compared"]]
    assert len(compared) == 42
    wrong = [
        f"In [{r['tag']}], line {r['line']}: {r['printed']!r} instead of {r['wanted']!r}"
        for r in compared
        if not r["matches"]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("got", "wanted", "equal"),
    [
        ("Epoch 0 MSE = 9.16154", "Epoch 0 MSE = 9.16154", True),
        ("Epoch 0 MSE = 9.16155", "Epoch 0 MSE = 9.16154", True),
        ("Epoch 0 MSE = 9.17", "Epoch 0 MSE = 9.16", True),
        ("Epoch 0 MSE = 9.26", "Epoch 0 MSE = 9.16", False),
        ("Epoch 1 MSE = 9.16", "Epoch 0 MSE = 9.16", False),
        ("x 'a:0'", "x 'b:0'", False),
        ("[ 1.,  2.]", "[1.,2.]", True),
        ("1e-05", "1.0e-05", True),
    ],
)
def test_the_comparison(got: str, wanted: str, equal: bool) -> None:
    assert seed_cells.same(got, wanted, 2e-5) is equal
