"""Times and memory of this project's estimators beside scikit-learn's, as ratios.

    python benchmarks/estimators.py                          all groups, one BLAS thread and two
    python benchmarks/estimators.py fit predict --threads 1  some of them
    python benchmarks/estimators.py --mnist PATH --rounds 9  where the images lie; more rounds

A ratio above one says how many times as fast ours is, or how many times as much memory theirs
takes. Both work in turn in one process for each row of the table; ratios are medians over the
rounds, and memory is that of a process for each side. Losses are those of the last epoch: they
differ by the random numbers that the two begin with. A row that misses its bound is marked.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

MEMORY = "memory"
GROUPS = ("fit", "predict", "small", "linear", "sparse", MEMORY)
Result = dict[str, Any]


# ---- in a process of its own ------------------------------------------------------------------


def measure(name: str, group: str, mnist: Path, rounds: int) -> Result:
    """Seconds a call of both, round by round, and the losses they reached."""
    import estimator_cases

    case = estimator_cases.GROUPS[group]()[name]
    works = dict(zip(("ours", "theirs"), case.make(mnist), strict=True))
    found: Result = {"least": case.least, "ours": [], "theirs": [], "loss": {}}
    for side, work in works.items():
        found["loss"][side] = work()
    for i in range(rounds):
        for side in sorted(works, reverse=bool(i % 2)):
            start = time.perf_counter()
            for _ in range(case.calls):
                works[side]()
            found[side].append((time.perf_counter() - start) / case.calls)
    return found


def peak(name: str, side: str, mnist: Path) -> Result:
    """MiB that a process holds at most while it fits, and by how much that is more than before."""
    import estimator_cases

    case = estimator_cases.fit_cases()[name]
    work = case.make(mnist)[side == "theirs"]
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
    work()
    return {"peak": status("VmHWM"), "growth": status("VmHWM") - before}


def status(field: str) -> float:
    """A line of this process's status, in MiB."""
    text = Path("/proc/self/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+)", text)[1]) / 1024


# ---- the table --------------------------------------------------------------------------------


def run(threads: int, *arguments: str) -> Any:
    """What a process of this script with so many BLAS threads finds."""
    command = [sys.executable, str(Path(__file__).resolve()), *arguments]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": str(threads)}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def time_row(name: str, group: str, threads: int, options: argparse.Namespace) -> str:
    """Compare times."""
    mnist, rounds = str(options.mnist), str(options.rounds)
    found = run(threads, "--one", name, "--group", group, "--mnist", mnist, "--rounds", rounds)
    ratio = statistics.median(t / o for o, t in zip(found["ours"], found["theirs"], strict=True))
    ours, theirs = (statistics.median(found[side]) * 1e3 for side in ("ours", "theirs"))
    line = f"{name:32s}{threads:3d} {ours:11.3f} {theirs:11.3f} {ratio:7.2f}"
    losses = list(found["loss"].values())
    if None not in losses:
        line += f"   loss {losses[0]:.4f} {losses[1]:.4f}"
    return line + ("   BELOW BOUND" if ratio < found["least"] else "")


def memory_row(name: str, threads: int, options: argparse.Namespace) -> str:
    """Compare peaks of memory."""
    found = {
        side: run(threads, "--one", name, "--side", side, "--mnist", str(options.mnist))
        for side in ("ours", "theirs")
    }
    line = f"{name:32s}{threads:3d}"
    for kind in ("peak", "growth"):
        ours, theirs = (found[side][kind] for side in ("ours", "theirs"))
        line += f" {ours:11.1f} {theirs:11.1f} {theirs / ours:7.2f}"
    return line


def table(group: str, options: argparse.Namespace) -> None:
    """Print the rows of a group."""
    if group == MEMORY:
        print("\nmemory of a fit: MiB at the peak, and by how much it is above the start")
        print(f"{'':32s}BLAS {'ours':>10s} {'theirs':>11s}   ratio {'ours':>11s} {'theirs':>11s}")
    else:
        print(f"\n{group}\n{'':32s}BLAS {'ours/ms':>10s} {'theirs/ms':>11s}   ratio")
    for name in run(1, "--list", "fit" if group == MEMORY else group):
        for threads in options.threads:
            if group == MEMORY:
                print(memory_row(name, threads, options), flush=True)
            else:
                print(time_row(name, group, threads, options), flush=True)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, []], default=[])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    shared = Path(__file__).resolve().parent.parent.parent / "shared"
    parser.add_argument("--mnist", type=Path, default=shared / "data" / "mnist.npz")
    for hidden in ("--one", "--group", "--side", "--list"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.list:
        import estimator_cases

        print(json.dumps(list(estimator_cases.GROUPS[options.list]())))
    elif options.side:
        print(json.dumps(peak(options.one, options.side, options.mnist)))
    elif options.one:
        print(json.dumps(measure(options.one, options.group, options.mnist, options.rounds)))
    else:
        for group in options.groups or GROUPS:
            table(group, options)


if __name__ == "__main__":
    main()
