"""A table of every engine's times on the workloads of `workloads.py`.

    python benchmarks/peers.py skflow numpy               those that are installed, one process each
    python benchmarks/peers.py skflow skflow1             also the first tier alone, without Numba
    python benchmarks/peers.py --rounds 3 skflow numpy    alternate the engines, keep the medians
    python benchmarks/peers.py --busy 2 skflow numpy      beside two busy processes
    python benchmarks/peers.py skflow tensorflow=PYTHON   that engine under another interpreter

A machine's speed drifts: compare engines only inside one call. "products" is the time of the
matrix products alone. An engine that compiles in the background is waited for, except in
build_first.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import engine_graph
import engine_numpy
import engine_others

ENGINES: dict[str, Callable[[], dict[str, float]]] = {
    "skflow": engine_graph.skflow,
    "skflow1": engine_graph.skflow,
    "tensorflow": engine_graph.tensorflow,
    "numpy": engine_numpy.numpy,
    "products": engine_numpy.products,
    "torch": engine_others.torch,
    "jax": engine_others.jax,
    "sklearn": engine_others.sklearn,
}
# What the environment of an engine's process says beside the user's own.
SETTINGS = {"skflow1": {"SKFLOW_JIT": "off"}}
Table = dict[str, dict[str, list[float]]]


def run_engine(name: str, python: str) -> dict[str, float]:
    """One engine's figures, from a process of its own; empty if it does not run there."""
    command = [python, str(Path(__file__).resolve()), "--one", name]
    settings = {**os.environ, **SETTINGS.get(name, {})}
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        print(f"{name}: did not run: {reason}", file=sys.stderr)
        return {}
    return json.loads(lines[0].removeprefix("RESULT "))


def measure(engines: list[str], rounds: int) -> Table:
    """All figures of all rounds: workload, engine, values."""
    table: Table = {}
    for _ in range(rounds):
        for engine in engines:
            name, _, python = engine.partition("=")
            for workload, value in run_engine(name, python or sys.executable).items():
                table.setdefault(workload, {}).setdefault(name, []).append(value)
    return table


def show(table: Table, names: list[str]) -> None:
    """Print medians, a line for each workload."""
    print(" " * 16 + "".join(f"{name:>12s}" for name in names))
    for workload, row in table.items():
        cells = [f"{statistics.median(row[n]):12.2f}" if n in row else f"{'-':>12s}" for n in names]
        print(f"{workload:16s}{''.join(cells)}")


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engines", nargs="*", default=["skflow", "numpy"])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--busy", type=int, default=0, help="processes that only burn time")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print("RESULT " + json.dumps(ENGINES[options.one]()))
        return
    burners = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(options.busy)
    ]
    try:
        engines = [*options.engines, "products"]
        show(measure(engines, options.rounds), [e.partition("=")[0] for e in engines])
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


if __name__ == "__main__":
    main()
