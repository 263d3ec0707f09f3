"""Files that ask for far more memory than they have bytes are not given it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.train.measured_loading import BUNDLES, GRAPHS

ROOT = Path(__file__).parents[2]
# What a process takes whatever it does; `tests/io/test_bundle_damage.py` measures more closely.
COMES_AND_GOES = 8 << 20


def test_memory() -> None:
    script = Path(__file__).with_name("measured_loading.py")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    for name in GRAPHS:
        size, used, outcome = found.pop(name)
        assert used <= 64 * size + (16 << 20), f"{name}: {used} bytes for {size}, {outcome}"
    for name in BUNDLES:
        size, used, outcome = found.pop(name)
        assert used <= 2 * size + (1 << 20) + COMES_AND_GOES, f"{name}: {used}, {outcome}"
        assert outcome == ("read" if name == "many data files" else "DataLossError"), name
    assert not found
