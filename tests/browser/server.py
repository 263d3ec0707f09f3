"""The `tensorboard` command, run on a free port of this machine until a block ends."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

# Seconds; a busy machine takes ten to start TensorBoard.
PATIENCE = 90.0
COMMAND = Path(sys.executable).with_name("tensorboard")
# No proxy stands between this machine and itself.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextlib.contextmanager
def tensorboard(logdir: Path, runs: set[str], output: Path) -> Iterator[str]:
    """Give the address of a TensorBoard that serves `logdir`, when it has read all `runs`."""
    command = [str(COMMAND), "--logdir", str(logdir), "--host", "127.0.0.1", "--port", "0"]
    command += ["--load_fast=false", "--reload_interval=1"]
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        yield answering(process, runs, output)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answering(process: subprocess.Popen[bytes], runs: set[str], output: Path) -> str:
    """Wait for the address that TensorBoard prints, and until it has the graphs of all runs."""
    end = time.monotonic() + PATIENCE
    listed: set[str] = set()
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r" at (http://\S+?)/? ", output.read_text(encoding="utf-8"))
        if found:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                with DIRECT.open(f"{found[1]}/data/plugin/graphs/info", timeout=10) as answer:
                    listed = {run for run, has in json.load(answer).items() if has["run_graph"]}
            if listed == runs:
                return found[1]
        time.sleep(0.2)
    said = output.read_text(encoding="utf-8")
    raise RuntimeError(
        f"TensorBoard has graphs of {sorted(listed)}, not {sorted(runs)}. It said:\n{said}"
    )
