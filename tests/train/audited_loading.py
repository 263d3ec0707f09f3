"""Load checkpoints under the eyes of Python's audit hooks, and say what was done.

    python audited_loading.py DIRECTORY

Every kind of file is loaded once before, so that what is imported lazily is there. Prints what was
heard of while other files of those kinds were looked into, loaded and restored, as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import skflow as tf
from skflow import proto

# What a plan must not hold, because a file has it.
MARK = "mark_of_the_file"
# Looking at an object or a frame is nothing that a file could make a program do, and a second
# thread helps to read what is large.
HARMLESS = (
    *("object.__getattr__", "object.__setattr__", "object.__delattr__"),
    *("builtins.id", "sys._getframe"),
    *("_thread.start_new_thread", "_thread.start_joinable_thread"),
)
OPENED = ("open", "os.listdir", "os.scandir")
_heard: list[tuple[str, Any]] = []
_listening = [False]


def save(directory: Path) -> None:
    """Checkpoints of both formats, whole and in parts, graphs as bytes and as text."""
    directory.mkdir()
    with tf.Graph().as_default(), tf.Session() as session:
        with tf.variable_scope(MARK, partitioner=tf.fixed_size_partitioner(2)):
            tf.get_variable("parts", initializer=tf.constant(np.arange(6.0)))
        tf.Variable(tf.ones([1 << 20], tf.float64), name=f"{MARK}_large")
        tf.Variable(["text", MARK], name=f"{MARK}_text")
        tf.add_to_collection(MARK, f"__import__('{MARK}')")
        session.run(tf.global_variables_initializer())
        for version, name in ((2, "m"), (1, "old")):
            saver = tf.train.Saver(write_version=version)
            saver.save(session, str(directory / name), latest_filename=f"checkpoint_{name}")
        tf.train.export_meta_graph(str(directory / "text.meta"), as_text=True)
        tf.train.write_graph(session.graph, str(directory), "graph.pb", as_text=False)
        data = session.graph.as_graph_def().SerializeToString()
    (directory / "graph").write_bytes(data)


def look(directory: Path, data: bytes) -> None:
    """Everything that reads a file without a session."""
    for name in ("m", "old"):
        found = tf.train.latest_checkpoint(str(directory), f"checkpoint_{name}")
        assert found == str(directory / name)
        reader = tf.train.NewCheckpointReader(found)
        for variable in reader.get_variable_to_shape_map():
            reader.get_tensor(variable)
        reader.debug_string()
        reader.close()
    for name in ("m", "old", "text"):
        with tf.Graph().as_default():
            tf.train.import_meta_graph(str(directory / f"{name}.meta"))
    with tf.Graph().as_default():
        tf.import_graph_def(proto.GraphDef.FromString(data))


def restore(directory: Path) -> None:
    """Give variables of a session the values in the files, twice."""
    for name in ("m", "old"):
        with tf.Graph().as_default(), tf.Session() as session:
            saver = tf.train.import_meta_graph(str(directory / f"{name}.meta"))
            for _ in range(2):
                saver.restore(session, str(directory / name))


def hear(event: str, args: Any) -> None:
    if _listening[0] and event not in HARMLESS:
        _heard.append((event, args))


def heard(work: Callable[[], None]) -> dict[str, list[str]]:
    """What is opened and compiled meanwhile, and everything else that a hook hears of."""
    _heard.clear()
    _listening[0] = True
    try:
        work()
    finally:
        _listening[0] = False
    found: dict[str, list[str]] = {"opened": [], "plans": [], "others": []}
    for event, args in _heard:
        if event in OPENED:
            found["opened"].append(str(args[0]))
        elif event == "compile":
            found["plans"].append(f"{args[1]}: {args[0]!r}")
        elif event != "exec" or args[0].co_filename != "<plan>":
            found["others"].append(f"{event} {args!r}"[:300])
    return found


def main() -> None:
    first, second = Path(sys.argv[1]) / "first", Path(sys.argv[1]) / "second"
    for directory in (first, second):
        save(directory)
    data = [(directory / "graph").read_bytes() for directory in (first, second)]
    look(first, data[0])
    restore(first)
    sys.addaudithook(hear)
    said = {
        "looking": heard(lambda: look(second, data[1])),
        "restoring": heard(lambda: restore(second)),
        "hook": heard(lambda: exec("import colorsys", {})),
    }
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main()
