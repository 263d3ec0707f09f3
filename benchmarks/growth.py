"""How time and memory grow with operations, rows and parameters; drawn with matplotlib.

    python benchmarks/growth.py                    all of it, into docs/images
    python benchmarks/growth.py operations rows    some of it
    python benchmarks/growth.py memory --quick     smaller, to see that it works

Each point is measured in a process of its own, the best of some. Rows are float32 in files that are
mapped into memory; anonymous memory is what a process has beside such files.
"""

from __future__ import annotations

import argparse
import gc
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

IMAGES: Final = Path(__file__).resolve().parent.parent / "docs" / "images"
COLUMNS: Final = 10
BATCH: Final = 1000
Figures = dict[str, float]


# ---- in a process of its own -------------------------------------------------------------------


def anonymous() -> float:
    """This process's anonymous memory in MB."""
    found = re.search(r"RssAnon:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024 / 1e6


@contextmanager
def watched() -> Iterator[Figures]:
    """Seconds of the processor's, and by how many MB anonymous memory grew at most, in a block."""
    gc.collect()
    before, found, ended = anonymous(), {"MB": 0.0}, threading.Event()

    def watch() -> None:
        while not ended.wait(0.002):
            found["MB"] = max(found["MB"], anonymous() - before)

    thread = threading.Thread(target=watch)
    thread.start()
    start = time.process_time()
    try:
        yield found
    finally:
        found["seconds"] = time.process_time() - start
        ended.set()
        thread.join()


def operations(name: str, count: int) -> Figures:
    """A graph of about so many operations, built and compiled."""
    from growth_graphs import measure

    measure(name, 100)
    return measure(name, count)


def made_rows(folder: Path, rows: int) -> tuple[Any, Any]:
    """Features and targets in files, mapped into memory."""
    rng = np.random.RandomState(0)
    X, y = (
        np.lib.format.open_memmap(folder / f"{name}.npy", "w+", "f4", shape)
        for name, shape in (("X", (rows, COLUMNS)), ("y", (rows,)))
    )
    for at in range(0, rows, 100_000):
        part = rng.rand(min(100_000, rows - at), COLUMNS).astype("f")
        X[at : at + len(part)], y[at : at + len(part)] = part, part.sum(1)
    X.flush()
    y.flush()
    return np.load(folder / "X.npy", mmap_mode="r"), np.load(folder / "y.npy", mmap_mode="r")


def rows(kind: str, count: int) -> Figures:
    """An epoch over rows of a file."""
    with tempfile.TemporaryDirectory() as folder:
        X, y = made_rows(Path(folder), count)
        epoch = {"loop": loop}.get(kind, estimator(kind))
        epoch(X[:BATCH], y[:BATCH])
        with watched() as found:
            epoch(X, y)
        return {"rows": count, **found}


def estimator(kind: str) -> Callable[[Any, Any], object]:
    """One epoch of an estimator."""
    from skflow.estimators import DNNRegressor

    options = {"early_stopping": True} if kind == "validated" else {}
    if kind == "predict":
        model = DNNRegressor((10,), max_iter=1, batch_size=BATCH)
        X = np.random.RandomState(0).rand(BATCH, COLUMNS).astype("f")
        model.fit(X, X[:, 0])
        return lambda X, _: model.predict(X)
    return lambda X, y: DNNRegressor((10,), max_iter=1, batch_size=BATCH, **options).fit(X, y)


def loop(X: Any, y: Any) -> None:
    """One epoch of a session's steps, in the order of the rows."""
    import skflow as tf

    with tf.Graph().as_default(), tf.Session() as session:
        rows, targets = (tf.placeholder(tf.float32, s) for s in ((None, COLUMNS), (None,)))
        hidden = tf.nn.relu(tf.matmul(rows, tf.Variable(tf.random_normal((COLUMNS, 10), seed=1))))
        outputs = tf.reduce_sum(hidden, 1)
        loss = tf.reduce_mean(tf.square(outputs - targets))
        step = tf.train.AdamOptimizer().minimize(loss)
        session.run(tf.global_variables_initializer())
        for at in range(0, len(X), BATCH):
            session.run(step, {rows: X[at : at + BATCH], targets: y[at : at + BATCH]})


def memory(kind: str, parameters: int) -> Figures:
    """The most memory that training with Adam takes, in sizes of the parameters."""
    from skflow.estimators import DNNRegressor

    units = int(parameters**0.5)
    X = np.random.RandomState(0).rand(100, 2).astype("f")

    def train(units: int) -> None:
        if kind == "session":
            train_net(units, X)
            return
        options = {"restore_best": kind == "best values kept"}
        DNNRegressor((units, units), max_iter=2, batch_size=40, **options).fit(X, X[:, 0])

    train(10)
    with watched() as found:
        train(units)
    size = 4 * (units**2 + 5 * units) / 1e6
    return {"parameters": parameters, "MB": found["MB"], "copies": found["MB"] / size}


def train_net(units: int, X: Any) -> None:
    """Some steps of Adam in a session."""
    import skflow as tf

    with tf.Graph().as_default(), tf.Session() as session:
        rows = h = tf.placeholder(tf.float32, (None, 2))
        for size in (units, units, 1):
            shape = (int(h.get_shape()[1]), size)
            weights = tf.Variable(tf.truncated_normal(shape, stddev=0.02))
            h = tf.nn.tanh(tf.matmul(h, weights) + tf.Variable(tf.zeros([size])))
        step = tf.train.AdamOptimizer().minimize(tf.reduce_mean(tf.square(h)))
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(step, {rows: X[:40]})


# ---- from outside ------------------------------------------------------------------------------

MEASURES: Final = {"operations": operations, "rows": rows, "memory": memory}
SIZES: Final = {
    "operations": (1000, 3000, 10_000, 30_000, 100_000),
    "rows": (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000),
    "memory": (1_000_000, 5_000_000, 20_000_000, 50_000_000),
}
KINDS: Final = {
    "rows": ("estimator", "validated", "predict", "loop"),
    "memory": ("session", "estimator", "best values kept"),
}


def measured(what: str, kind: str, size: int, rounds: int) -> Figures:
    """The figures with the least time of some processes, one after the other."""
    command = [sys.executable, str(Path(__file__).resolve()), "--inside", what, kind, str(size)]
    found = []
    for _ in range(rounds):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return {name: min(f[name] for f in found) for name in found[0]}


def table(what: str, sizes: Sequence[int], rounds: int) -> dict[str, list[Figures]]:
    """All figures of one subject, printed as they come."""
    if what == "operations":
        from growth_graphs import GRAPHS

        kinds: Sequence[str] = list(GRAPHS)
    else:
        kinds = KINDS[what]
    found: dict[str, list[Figures]] = {}
    for kind in kinds:
        for size in sizes:
            figures = measured(what, kind, size, rounds)
            found.setdefault(kind, []).append(figures)
            shown = "  ".join(f"{k} {v:,.2f}" for k, v in figures.items())
            print(f"{kind:18s} {shown}", flush=True)
    return found


def axes(width: int) -> tuple[Any, Any]:
    """A figure with some plots side by side."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    return plt.subplots(1, width, figsize=(5 * width, 3.8), layout="constrained", squeeze=False)


def draw(what: str, found: dict[str, list[Figures]], folder: Path) -> None:
    """Draw one subject's figures."""
    plots = {
        "operations": [("build", "µs an operation"), ("compile", "µs an operation")],
        "rows": [("seconds", "seconds an epoch"), ("MB", "MB of anonymous memory")],
        "memory": [("copies", "sizes of the parameters")],
    }[what]
    key = {"operations": "operations", "rows": "rows", "memory": "parameters"}[what]
    figure, grid = axes(len(plots))
    for ax, (name, label) in zip(grid[0], plots, strict=True):
        for kind, points in found.items():
            ax.plot([p[key] for p in points], [p[name] for p in points], "o-", ms=3, label=kind)
        logarithmic = "log" if name == "seconds" else "linear"
        ax.set(xscale="log", yscale=logarithmic, xlabel=key, ylabel=label, title=name)
        if logarithmic == "linear":
            ax.set_ylim(bottom=0)
    grid[0][-1].legend(fontsize=7)
    figure.savefig(folder / f"growth_{what}.png", dpi=100)


def main() -> None:
    """Read the command line, measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("subjects", nargs="*", default=list(MEASURES), help="operations, ...")
    parser.add_argument("--quick", action="store_true", help="leave out the largest sizes")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--images", type=Path, default=IMAGES, help="where the pictures go")
    parser.add_argument("--inside", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        what, kind, size = options.inside
        warnings.simplefilter("ignore")
        print(json.dumps(MEASURES[what](kind, int(size))))
        return
    for what in options.subjects:
        sizes = SIZES[what][:-2] if options.quick else SIZES[what]
        print(f"--- {what}")
        draw(what, table(what, sizes, options.rounds), options.images)


if __name__ == "__main__":
    main()
