"""How many instructions two commits take for the same work: a busy machine does not disturb that.

    python benchmarks/instructions.py COMMIT           that commit against the working tree
    python benchmarks/instructions.py COMMIT COMMIT    the second against the first
    python benchmarks/instructions.py HEAD --only fit predict

Each commit is checked out into a temporary folder and runs the same workloads, those of this file,
under Valgrind's Callgrind, which counts within marked calls alone: imports and warm-ups do not
count. One core, one BLAS thread, no second tier. Callgrind's processor knows AVX2, not AVX-512, so
that counts are not those of the machine itself; ratios between commits are what to look at.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np

ROOT: Final = Path(__file__).resolve().parent.parent
# What the C library calls a function in, to compare two items. Others may sort, too, but only what
# is written down while a workload runs counts.
MARK: Final = "*qsort_r"
Work = Callable[[], object]


# ---- in a process of its own, under Callgrind ------------------------------------------------


def counted(work: Work) -> int:
    """Run some work so that Callgrind counts its instructions."""
    failed: list[BaseException] = []

    def call(*_: Any) -> int:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # it cannot pass through the C library
            failed.append(error)
        return 0

    known = set(Path(os.environ["SCRATCH"]).glob("counts.*"))
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(call)
    two, one = ctypes.c_size_t(2), ctypes.c_size_t(1)
    ctypes.CDLL(None).qsort(ctypes.create_string_buffer(2), two, one, compare)
    if failed:
        raise failed[0]
    return sum(map(total, set(Path(os.environ["SCRATCH"]).glob("counts.*")) - known))


def total(path: Path) -> int:
    """The instructions that a file of Callgrind's counts."""
    found = re.search(r"^totals: (\d+)", path.read_text(), re.MULTILINE)
    return 0 if found is None else int(found[1])


def steps() -> dict[str, Work]:
    """Steps of the rows of `workloads`."""
    import engine_graph
    import workloads

    import skflow as tf

    rng, X, y = workloads.linear_data()
    made: dict[str, Work] = {}

    def linear(full: bool) -> Work:
        tf.reset_default_graph()
        if full:
            op = engine_graph.descent(tf, tf.constant(X, tf.float32), tf.constant(y, tf.float32))
            feed: dict[Any, Any] = {}
        else:
            shapes = (None, X.shape[1]), (None, 1)
            feeds = [tf.placeholder(tf.float32, s) for s in shapes]
            op = engine_graph.descent(tf, *feeds)
            feed = dict(zip(feeds, (X[:100], y[:100]), strict=True))
        session = engine_graph.started(tf)
        return workloads.repeat(lambda: session.run(op, feed), 10)

    made["linear_full"], made["linear_batch"] = linear(True), linear(False)
    made["scalar_chain"] = scalar_chain(tf)
    for name, net in workloads.MLPS.items():
        made |= mlp_steps(tf, name, net, rng)
    return made


def scalar_chain(tf: Any) -> Work:
    """Gradients of a chain of scalars."""
    import engine_graph

    tf.reset_default_graph()
    gradients = chain(tf)
    session = engine_graph.started(tf)
    return lambda: session.run(gradients)


def chain(tf: Any) -> Any:
    """Build a chain of scalars and its gradients."""
    import workloads

    a, b, z = tf.Variable(0.2), tf.Variable(0.3), tf.constant(0.0)
    for i in range(workloads.CHAIN_ROUNDS):
        z = a * tf.cos(z + i) + z * tf.sin(b - i)
    return tf.gradients(z, [a, b])


def mlp_steps(tf: Any, name: str, net: Any, rng: Any) -> dict[str, Work]:
    """A training step of a net and, for one of them, a prediction."""
    import engine_graph
    import workloads

    tf.reset_default_graph()
    rows, labels, outputs, op = net_of(tf, net)
    session = engine_graph.started(tf)
    X, y = workloads.mlp_data(rng, net)
    feed = {rows: X[: net.batch], labels: y[: net.batch]}
    found: dict[str, Work] = {name: lambda: session.run(op, feed)}
    if name == workloads.PREDICTING:
        one = {rows: X[:1]}
        found["predict_one"] = workloads.repeat(lambda: session.run(outputs, one), 10)
    return found


def net_of(tf: Any, net: Any) -> tuple[Any, Any, Any, Any]:
    """Placeholders, outputs and training step of a net."""
    rows = h = tf.placeholder(tf.float32, (None, net.sizes[0]))
    labels = tf.placeholder(tf.int32, (None,))
    for i, (p, q) in enumerate(net.layers):
        h = tf.matmul(h, tf.Variable(tf.truncated_normal((p, q), stddev=0.05)))
        h = h + tf.Variable(tf.zeros([q]))
        h = tf.nn.relu(h) if i < len(net.layers) - 1 else h
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=h)
    adam = net.optimizer == "adam"
    optimizer = tf.train.AdamOptimizer(1e-3) if adam else tf.train.GradientDescentOptimizer(0.01)
    return rows, labels, h, optimizer.minimize(tf.reduce_mean(losses))


def graphs() -> dict[str, Work]:
    """Building and compiling a graph, saving and restoring variables."""
    import workloads

    import skflow as tf

    def build() -> None:
        with tf.Graph().as_default():
            net_of(tf, workloads.MLPS["mlp_8_b200"])
            chain(tf)

    graph = tf.Graph()
    with graph.as_default():
        net = workloads.MLPS["mlp_8_b200"]
        rows, labels, _, op = net_of(tf, net)
        initialize = tf.global_variables_initializer()
        saver = tf.train.Saver()
    X, y = workloads.mlp_data(np.random.RandomState(0), net)

    def first_run() -> None:
        with tf.Session(graph=graph) as session:
            session.run(initialize)
            session.run(op, {rows: X, labels: y})

    path = str(Path(tempfile.mkdtemp(dir=os.environ["SCRATCH"])) / "model")
    session = tf.Session(graph=graph)
    session.run(initialize)
    return {
        "build": build,
        "compile": first_run,
        "save": lambda: saver.save(session, path, write_meta_graph=False),
        "restore": lambda: saver.restore(session, path),
    }


def estimators() -> dict[str, Work]:
    """A fit of an estimator and its predictions."""
    from skflow.estimators import DNNClassifier

    rng = np.random.RandomState(0)
    X = rng.rand(2000, 20).astype("f")
    y = X.sum(1) > 10
    model = DNNClassifier((50,), steps=50, random_state=0).fit(X, y)
    return {"fit": lambda: model.fit(X, y), "predict": lambda: model.predict(X)}


GROUPS: Final[dict[Callable[[], dict[str, Work]], tuple[str, ...]]] = {
    steps: (
        *("linear_full", "linear_batch", "scalar_chain", "mlp_784_b50", "predict_one"),
        *("mlp_784_b200", "mlp_8_b200", "mlp_1024_b256"),
    ),
    graphs: ("build", "compile", "save", "restore"),
    estimators: ("fit", "predict"),
}


def inside(only: list[str]) -> None:
    """Run all workloads once to warm up and once to be counted; print their counts."""
    for group, names in GROUPS.items():
        wanted = [n for n in names if not only or n in only]
        works = group() if wanted else {}
        for name in wanted:
            works[name]()
            print(json.dumps([name, counted(works[name])]), flush=True)


# ---- from outside ------------------------------------------------------------------------------


def counts(folder: Path, only: list[str]) -> dict[str, int]:
    """The instructions of each workload, with the package that lies in a folder."""
    with tempfile.TemporaryDirectory() as scratch:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(folder), str(Path(__file__).parent)]),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "SCIPY_ARRAY_API": "1",
            "SKFLOW_JIT": "off",
            "SCRATCH": scratch,
        }
        command = [
            *("valgrind", "--tool=callgrind", f"--callgrind-out-file={scratch}/counts"),
            *(f"--toggle-collect={MARK}", f"--dump-after={MARK}", "--compress-strings=no"),
            *(sys.executable, str(Path(__file__).resolve()), "--inside", "--only", *only),
        ]
        done = subprocess.run(
            command, env=environment, cwd=scratch, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{folder}: the workloads failed.\n{done.stderr}")
        found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('["')]
        if not any(count for _, count in found):
            raise SystemExit("Callgrind counted nothing: it does not find the C library's sort.")
        return dict(found)


def checked_out(commit: str, stack: ExitStack) -> Path:
    """A temporary folder with the files of a commit."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "tree"
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--detach", str(folder), commit], check=True, capture_output=True)
    stack.callback(
        lambda: subprocess.run([*git, "remove", "--force", str(folder)], check=True)  # type: ignore[arg-type, return-value]
    )
    return folder


def main() -> None:
    """Read the command line, count, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commits", nargs="*", help="one or two commits; else the working tree")
    parser.add_argument("--only", nargs="*", default=[], help="some workloads")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        if hasattr(os, "sched_setaffinity"):  # one core: no threads of our own
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        inside(options.only)
        return
    if not 1 <= len(options.commits) <= 2:
        parser.error("give one commit, or two")
    if shutil.which("valgrind") is None:
        raise SystemExit("Valgrind is not installed: instructions cannot be counted here.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the folders are removed
    with ExitStack() as stack:
        folders = [checked_out(commit, stack) for commit in options.commits]
        tables = [counts(f, options.only) for f in [*folders, ROOT][:2]]
    named = [*options.commits, "working tree"][:2]
    print(f"{'thousands of instructions':26s}{named[0]:>14.12s}{named[1]:>14.12s}   ratio")
    for name in dict.fromkeys([*tables[0], *tables[1]]):
        before, after = (t.get(name) for t in tables)
        cells = [f"{'-' if c is None else format(c // 1000, ',')!s:>14s}" for c in (before, after)]
        ratio = f"{after / before:8.3f}" if before and after else f"{'-':>8s}"
        print(f"{name:26s}{''.join(cells)}{ratio}")


if __name__ == "__main__":
    main()
