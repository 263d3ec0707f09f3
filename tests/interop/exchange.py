"""Checkpoints with their graphs go from one program to another, which computes the same.

    python exchange.py MODULE write FOLDER [PROGRAM ...]
    python exchange.py MODULE read FOLDER [PROGRAM ...]

MODULE is skflow, tensorflow (1.x) or tensorflow.compat.v1. ``write`` builds each program, trains a
little, saves a checkpoint, and notes what the graph computes after it is restored in a new session
and trained on; ``read`` knows nothing but the files: it imports the meta graph, restores, computes
and trains on, and compares. The exit status is the number of programs that differ or fail.
"""

# ruff: noqa: B905, BLE001, T201  # it also runs under Python 3.6, and reports to whoever calls it

import importlib
import json
import pathlib
import sys
import traceback

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import programs

STEPS_BEFORE, STEPS_AFTER = 3, 4
PREFIX = "model"
RELATIVE, ABSOLUTE = 1e-5, 2e-6


def compute(session, plan):
    """Values of the fetches before and after some steps, one list of arrays."""
    found = []
    for step in range(STEPS_AFTER):
        found.extend(session.run(plan.fetches, plan.feeds))
        if plan.train is not None and step < STEPS_AFTER - 1:
            session.run(plan.train, plan.feeds)
    return [np.asarray(v) for v in found]


def write(tf, folder, names):
    for name in names:
        build(tf, name, pathlib.Path(folder, name))
        print("wrote", name)
    return 0


def build(tf, name, folder):
    folder.mkdir(parents=True, exist_ok=True)
    prefix = str(folder / PREFIX)
    with tf.Graph().as_default():
        tf.set_random_seed(42)
        plan = programs.PROGRAMS[name](tf)
        saver = tf.train.Saver()
        initialize = tf.global_variables_initializer()
        with tf.Session() as session:
            session.run(initialize)
            for _ in range(STEPS_BEFORE if plan.train is not None else 0):
                session.run(plan.train, plan.feeds)
            saver.save(session, prefix)
        with tf.Session() as session:
            saver.restore(session, prefix)
            found = compute(session, plan)
    noted = json.dumps({"fetches": plan.fetches, "train": plan.train})
    (folder / "plan.json").write_text(noted, encoding="utf-8")
    np.savez(str(folder / "feeds.npz"), **plan.feeds)
    np.savez(str(folder / "values.npz"), *found)


def stored_plan(folder):
    noted = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    with np.load(str(folder / "feeds.npz")) as held:
        feeds = {key: held[key] for key in held.files}
    return programs.Plan(noted["fetches"], noted["train"], feeds)


def stored_values(folder):
    with np.load(str(folder / "values.npz")) as held:
        return [held[f"arr_{i}"] for i in range(len(held.files))]


def read(tf, folder, names):
    failed = 0
    for name in names:
        try:
            wrong = differences(tf, pathlib.Path(folder, name))
        except Exception:
            wrong = [traceback.format_exc()]
        print("read" if not wrong else "FAILED", name)
        for text in wrong[:3]:
            print("    " + text.replace("\n", "\n    "))
        failed += bool(wrong)
    return failed


def differences(tf, folder):
    """What a graph from files computes otherwise than noted."""
    prefix = str(folder / PREFIX)
    plan = stored_plan(folder)
    with tf.Graph().as_default():
        saver = tf.train.import_meta_graph(prefix + ".meta")
        with tf.Session() as session:
            saver.restore(session, prefix)
            found = compute(session, plan)
    wanted = stored_values(folder)
    wrong = []
    for i, (a, b) in enumerate(zip(found, wanted)):
        step, fetch = divmod(i, len(plan.fetches))
        if not same(a, b):
            wrong.append(f"{plan.fetches[fetch]} in step {step} is {a!r}, not {b!r}")
    return wrong if len(found) == len(wanted) else [f"{len(found)} values", *wrong]


def same(a, b):
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind not in "fc":
        return bool(np.array_equal(a, b))
    loose = 100.0 if a.dtype == np.float16 else 1.0
    return bool(np.allclose(a, b, RELATIVE * loose, ABSOLUTE * loose, equal_nan=True))


def load(name):
    tf = importlib.import_module(name)
    if name == "tensorflow.compat.v1":
        tf.disable_v2_behavior()
        tf.enable_control_flow_v2()
    return tf


def main(arguments):
    module, action, folder = arguments[:3]
    names = arguments[3:]
    if not names:
        known = programs.PROGRAMS if module == "skflow" else programs.PLAIN
        names = sorted(known)
        if action == "read":
            names = [n for n in sorted(programs.PROGRAMS) if pathlib.Path(folder, n).is_dir()]
    return {"write": write, "read": read}[action](load(module), folder, names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
