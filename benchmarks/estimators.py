"""Times and memory of this project's estimators beside scikit-learn's, as ratios.

    python benchmarks/estimators.py                          all groups, one BLAS thread and two
    python benchmarks/estimators.py fit predict --threads 1  some of them
    python benchmarks/estimators.py --mnist PATH --rounds 9  where the images lie; more rounds

A ratio above one says how many times as fast ours is, or how many times as much memory theirs
takes. For each row of the table both work in turn in one process: the first ratio is the median
over the rounds, the second one that of the best times, which a busy machine disturbs less. Memory
is that of a process for each side, which loads only that side. Losses are those of the last epoch,
means over the rounds' seeds with their spread. A row that misses its bound is marked.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

SIDES = ("ours", "theirs")


# ---- in a process of its own ------------------------------------------------------------------


def measure(group: str, name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Seconds a call of both sides, round by round, and the losses they reached."""
    from estimator_cases import GROUPS

    case = GROUPS[group]()[name]
    works = dict(zip(SIDES, case.make(options.mnist), strict=True))
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    losses: dict[str, list[Any]] = {side: [works[side](0)] for side in SIDES}
    for i in range(options.rounds):
        for side in sorted(SIDES, reverse=bool(i % 2)):
            work = works[side]
            start = time.perf_counter()
            for _ in range(case.calls):
                loss = work(i + 1)
            seconds[side].append((time.perf_counter() - start) / case.calls)
            losses[side].append(loss)
    return {"least": case.least, "seconds": seconds, "losses": losses}


def inside(what: str, arguments: list[str], options: argparse.Namespace) -> Any:
    """What a process that was started for one figure is to find out."""
    if what == "time":
        return measure(arguments[0], arguments[1], options)
    if what == "names":
        from estimator_cases import GROUPS

        return list(GROUPS[arguments[0]]())
    from estimator_memory import FITS, MANY, growth, peak

    if what == "memory":
        return peak(arguments[0], arguments[1], options.mnist)
    return growth(arguments[0]) if what == "growth" else [list(FITS), list(MANY)]


# ---- the table --------------------------------------------------------------------------------


def ask(options: argparse.Namespace, threads: int, *question: str) -> Any:
    """What a process of this script with so many BLAS threads finds out."""
    command = [sys.executable, str(Path(__file__).resolve()), "--mnist", str(options.mnist)]
    command += ["--rounds", str(options.rounds), "--inside", *question]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": str(threads)}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def times(group: str, options: argparse.Namespace) -> None:
    """Compare the times of a group."""
    print(f"\n{group:34s}BLAS {'ours/ms':>10s} {'theirs/ms':>11s}   ratio    best")
    for name in ask(options, 1, "names", group):
        for threads in options.threads:
            found = ask(options, threads, "time", group, name)
            ours, theirs = (found["seconds"][side] for side in SIDES)
            ratio = statistics.median(t / o for o, t in zip(ours, theirs, strict=True))
            line = f"{name:34s}{threads:3d} {statistics.median(ours) * 1e3:11.3f} "
            line += f"{statistics.median(theirs) * 1e3:11.3f} {ratio:7.2f} "
            line += f"{min(theirs) / min(ours):7.2f}{spread(found['losses'])}"
            print(line + ("   BELOW BOUND" if ratio < found["least"] else ""), flush=True)


def spread(losses: dict[str, list[Any]]) -> str:
    """The mean losses of both sides and how far they spread."""
    if any(loss is None for found in losses.values() for loss in found):
        return ""
    shown = [
        f"{statistics.mean(losses[side]):.4f} ± {statistics.stdev(losses[side]):.4f}"
        for side in SIDES
    ]
    return f"   loss {shown[0]}, theirs {shown[1]}"


def memory(options: argparse.Namespace) -> None:
    """Compare the memory of fits, and count that of many."""
    fits, many = ask(options, 1, "lists")
    print(f"\n{'memory of a fit in MiB':34s}{'peak':>10s} {'theirs':>10s}   ratio", end="")
    print(f" {'growth':>10s} {'theirs':>10s}   ratio")
    for name in fits:
        found = [ask(options, 1, "memory", name, side) for side in SIDES]
        line = f"{name:34s}"
        for kind in ("peak", "growth"):
            ours, theirs = (f[kind] for f in found)
            line += f"{ours:10.1f} {theirs:10.1f} {theirs / ours:7.2f} "
        print(line, flush=True)
    print("\ngrowth in MiB while 1,000 estimators are fitted")
    for name in many:
        print(f"{name:34s}{ask(options, 1, 'growth', name):10.1f}", flush=True)


TABLES: dict[str, Callable[[argparse.Namespace], None]] = {
    **{
        group: lambda options, group=group: times(group, options)
        for group in ("fit", "predict", "small", "linear", "sparse", "search")
    },
    "memory": memory,
}


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("groups", nargs="*", help=f"of {', '.join(TABLES)}; by default all")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    shared = Path(__file__).resolve().parent.parent.parent / "shared"
    parser.add_argument("--mnist", type=Path, default=shared / "data" / "mnist.npz")
    parser.add_argument("--inside", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.inside:
        print(json.dumps(inside(options.inside[0], options.inside[1:], options)))
        return
    unknown = set(options.groups) - set(TABLES)
    if unknown:
        parser.error(f"there are no groups {', '.join(unknown)}")
    for group in options.groups or TABLES:
        TABLES[group](options)


if __name__ == "__main__":
    main()
