"""What compiling in the background costs the steps that run meanwhile.

    python benchmarks/compiling.py

Trains networks of `workloads.py` with an empty directory of kernels: the median and the longest
step before a compiler is at work, while it is, and after it has been.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time

import numpy as np
from workloads import MLPS, Mlp, mlp_data


def train(name: str, net: Mlp) -> None:
    """Print a line for one network."""
    # Before the library is imported, which remembers where kernels are kept.
    import engine_graph

    import skflow as tf
    from skflow.runtime.jit.hot import compiling

    rows, labels, _, op = engine_graph.network(tf, net)
    X, y = mlp_data(np.random.RandomState(0), net)
    feed = {rows: X[: net.batch], labels: y[: net.batch]}
    session = engine_graph.started(tf)

    def steps(during: float) -> list[float]:
        times = []
        end = time.perf_counter() + during
        while not times or time.perf_counter() < end:
            start = time.perf_counter()
            session.run(op, feed)
            times.append((time.perf_counter() - start) * 1e6)
        return times

    before = [t for _ in range(40) for t in steps(0.0)][10:]
    while_compiling: list[float] = []
    start = time.perf_counter()
    while not compiling.wait(0):
        while_compiling += steps(0.02)
    seconds = time.perf_counter() - start
    after = steps(1.0)
    cells = [
        f"{statistics.median(times):9.0f} {max(times):9.0f}"
        for times in (before, while_compiling, after)
    ]
    print(f"{name:16s}{'   '.join(cells)}   {seconds:5.1f} s")


def main() -> None:
    """Print the table."""
    print(f"{'us a step':16s}{'before':>19s}   {'meanwhile':>19s}   {'after':>19s}   compiling")
    for name, net in MLPS.items():
        with tempfile.TemporaryDirectory() as directory:
            os.environ["SKFLOW_CACHE_DIR"] = directory
            train(name, net)


if __name__ == "__main__":
    main()
