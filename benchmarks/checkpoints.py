"""Saving and restoring 1 GB of variables against NumPy's plain files, in time and in memory.

python benchmarks/checkpoints.py [DIRECTORY]

Each measurement is a process of its own. Plain files are written by `numpy.tofile` and synced, and
read by `numpy.fromfile`; the best of each is what is compared, run in turn. Memory is the most
that the process had while it saved or restored, over what it had before and, for a session that
held no values yet, over the variables themselves (Linux only).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import skflow as tf

BYTES = 1 << 30
SHAPES = {"one variable": 1, "64 variables": 64}
ROUNDS = 3
TURNS = 4
MEGABYTE = 1 << 20


def memory(field: str) -> int:
    """A number of bytes from /proc: ``VmRSS`` now, ``VmHWM`` at most."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field):
            return int(line.split()[1]) << 10
    raise LookupError(field)


def measured(work: Callable[[], Any]) -> tuple[float, int]:
    """Seconds, and the most memory over what there was before."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before, start = memory("VmRSS"), time.perf_counter()
    work()
    return time.perf_counter() - start, memory("VmHWM") - before


def model(count: int) -> Any:
    """Variables of 1 GB together, and their saver."""
    rows = BYTES // count // 4 // 1024
    for i in range(count):
        tf.Variable(tf.fill([rows, 1024], float(i)), name=f"v{i}")
    return tf.train.Saver()


def save(directory: str, count: int) -> Any:
    """Save a session, each time under another name; the last stays."""
    saver, found = model(count), []
    with tf.Session() as session:
        for variable in tf.global_variables():
            session.run(variable.initializer)
        for _ in range(ROUNDS):
            remove(directory, "model*")
            found.append(measured(lambda: saver.save(session, f"{directory}/model")))
    return found


def remove(directory: str, pattern: str) -> None:
    """Make room, and let the disk come to rest."""
    for path in Path(directory).glob(pattern):
        path.unlink()
    os.sync()


def restore(directory: str, count: int) -> Any:
    """Restore into sessions that hold nothing, and then again into the same session."""
    saver, path, found = model(count), str(Path(directory) / "model"), []
    for _ in range(ROUNDS):
        with tf.Session() as session:
            seconds, peak = measured(lambda: saver.restore(session, path))
            found.append((seconds, peak - BYTES))
    return found


def restore_over(directory: str, count: int) -> Any:
    """Restore into a session that holds values, which stay if the files prove to be damaged."""
    saver, path = model(count), str(Path(directory) / "model")
    with tf.Session() as session:
        saver.restore(session, path)
        return [measured(lambda: saver.restore(session, path)) for _ in range(ROUNDS)]


def arrays(count: int) -> list[Any]:
    return [np.full((BYTES // count // 4 // 1024, 1024), i, "f") for i in range(count)]


def write_plain(directory: str, count: int) -> Any:
    """`numpy.tofile` of the same arrays into one file, and a sync."""
    data, found = arrays(count), []

    def work() -> None:
        with Path(directory, "plain").open("wb") as file:
            for array in data:
                array.tofile(file)
            file.flush()
            os.fsync(file.fileno())

    for _ in range(ROUNDS):
        remove(directory, "plain")
        found.append(measured(work))
    return found


def read_plain(directory: str, count: int) -> Any:
    """`numpy.fromfile` of the same arrays."""

    def work() -> list[Any]:
        with (Path(directory) / "plain").open("rb") as file:
            return [np.fromfile(file, "f", BYTES // count // 4) for _ in range(count)]

    return [measured(work) for _ in range(ROUNDS)]


WORK = {f.__name__: f for f in (save, restore, restore_over, write_plain, read_plain)}


def in_process(name: str, directory: str, count: int) -> list[tuple[float, int]]:
    """What one of the functions above returns in a process of its own."""
    command = [sys.executable, __file__, name, directory, str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: list[tuple[float, int]] = json.loads(done.stdout)
    return found


def compare(plain: str, ours: str, directory: str, count: int) -> tuple[float, float, float]:
    """Seconds of both, the best of several processes in turn, and our memory in MiB."""
    runs = [[in_process(name, directory, count) for name in (plain, ours)] for _ in range(TURNS)]
    base, best = (min(s for run in runs for s, _ in run[i]) for i in (0, 1))
    return base, best, max(peak for run in runs for _, peak in run[1]) / MEGABYTE


def main() -> None:
    """Print the ratios."""
    parent = sys.argv[1] if len(sys.argv) > 1 else None
    turns = [("write_plain", "save"), ("read_plain", "restore"), ("read_plain", "restore_over")]
    for label, count in SHAPES.items():
        total = np.zeros(2)
        with tempfile.TemporaryDirectory(dir=parent) as directory:
            for plain, ours in turns:
                base, best, peak = compare(plain, ours, directory, count)
                total += (base, best) if ours != "restore_over" else 0
                print(
                    f"{label:14s} {ours:13s} {best:6.2f} s, NumPy {base:6.2f} s: "
                    f"{best / base:5.2f} times, {peak:6.1f} MiB"
                )
        print(f"{label:14s} save, restore {total[1]:6.2f} s: {total[1] / total[0]:5.2f} times")


if __name__ == "__main__":
    if len(sys.argv) == 4:
        found = WORK[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
        print(json.dumps(found))
    else:
        main()
