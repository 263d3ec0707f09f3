"""Memory of one fit and of a thousand, each measured in a process of its own."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from estimator_data import data, network

# Name of a fit: kind of model, units, type of the data.
FITS: dict[str, tuple[str, tuple[int, ...], str]] = {
    f"{name} {'-'.join(map(str, units))} {dtype}": (kind, units, dtype)
    for name, kind, layers in (
        ("housing", "regressor", ((100,), (100, 100))),
        ("mnist", "classifier", ((100,), (300, 100))),
    )
    for units in layers
    for dtype in ("float32", "float64")
}

# What changes from one estimator to the next.
MANY: dict[str, Callable[[int], dict[str, Any]]] = {
    "the same architecture": lambda _: {"units": (32, 16)},
    "other architectures": lambda i: {"units": (i % 31 + 1, i // 31 + 1)},
    "other batches": lambda i: {"units": (32,), "batch_size": i % 150 + 10},
}


def peak(name: str, side: str, mnist: Path) -> dict[str, float]:
    """MiB that a process holds at most while it fits, and by how much that is more than before."""
    kind, units, dtype = FITS[name]
    X, y = data(kind, dtype, mnist)
    model = network(side, kind, units, max_iter=1)
    gc.collect()
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
    model.fit(X, y)
    highest = status("VmHWM")
    return {"peak": highest, "growth": highest - before}


def growth(what: str, count: int = 1000, warm_up: int = 20) -> float:
    """By how many MiB a process grows while it fits so many estimators, and predicts."""
    rng = np.random.RandomState(0)
    X = rng.rand(200, 20)
    y = X @ rng.rand(20)

    def fit(number: int) -> None:
        model = network("ours", "regressor", **MANY[what](number), max_iter=2, random_state=number)
        model.fit(X, y).predict(X[: 1 + number % 30])

    for number in range(warm_up):
        fit(number)
    gc.collect()
    before = status("VmRSS")
    for number in range(warm_up, warm_up + count):
        fit(number)
    gc.collect()
    return status("VmRSS") - before


def status(field: str) -> float:
    """A line of this process's status, in MiB."""
    found = re.search(rf"{field}:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024
