"""Small programs that save variables, for several engines.

    python checkpoint_programs.py MODULE > checkpoints.json      # MODULE: tensorflow, skflow, ...

checkpoints.json, which is kept packed, is what TensorFlow 1.1.0 printed. Each program runs in a
directory of its own and is listed with what it returned and the files it left:
their bytes in base 64, ``null`` for graphs.
"""

from __future__ import annotations

import base64
import importlib
import json
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np


def started(tf: Any) -> Any:
    """A session with all variables at their first values."""
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


def types(tf: Any) -> Any:
    rng = np.random.RandomState(0)
    for name in ("float32", "float64", "float16", "int8", "int16", "int32", "int64", "uint8",
                 "complex64", "complex128", "bool"):
        values = (rng.randn(3, 2) * 100).astype(name)
        tf.Variable(values, name="a/" + name)
        tf.Variable(values[:0], name="empty/" + name)
        tf.Variable(values[1, 1], name="scalar/" + name)
    tf.Variable([b"ab", b"", b"\xff\x00", b"x" * 300], name="text")
    tf.Variable(np.array([], dtype=object), dtype=tf.string, name="no_text")
    tf.Variable(b"one", name="one_text")
    tf.Variable(np.float32([np.nan, np.inf, -np.inf, -0.0, 1e-45]), name="special")
    return tf.train.Saver().save(started(tf), "m")


def many(tf: Any) -> Any:
    """More entries than a block of the index shares beginnings of."""
    for i in range(40):
        tf.Variable(np.full(i % 5, i, np.int32), name=f"layer_{i // 7}/weights/part{i}")
    return tf.train.Saver().save(started(tf), "m", global_step=12)


def renamed(tf: Any) -> Any:
    a, b = tf.Variable([1.0], name="a"), tf.Variable(0.5, name="b")
    return tf.train.Saver({"weights": b, "Bias/x": a}).save(started(tf), "m")


def trained(tf: Any) -> Any:
    w = tf.Variable([1.0, 2.0], name="w")
    step = tf.Variable(0, trainable=False, name="global_step")
    train = tf.train.MomentumOptimizer(0.5, 0.5).minimize(tf.reduce_sum(w * w), global_step=step)
    saver = tf.train.Saver()
    session = started(tf)
    said = []
    for _ in range(3):
        session.run(train)
        said.append(saver.save(session, "m", global_step=step))
    return [said, saver.last_checkpoints, tf.train.latest_checkpoint(".")]


def partitioned(tf: Any) -> Any:
    with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(3)):
        table = tf.get_variable("table", [7, 2], initializer=tf.ones_initializer())
    with tf.variable_scope("q", partitioner=tf.fixed_size_partitioner(2, axis=1)):
        wide = tf.get_variable("wide", [3, 5], initializer=tf.constant_initializer(2.5))
    tf.Variable(3, name="step")
    return tf.train.Saver({"table": list(table), "w/i": wide}).save(started(tf), "m")


def sharded(tf: Any) -> Any:
    with tf.device("/cpu:0"):
        tf.Variable([1.0, 2.0], name="b")
        tf.Variable([b"x"], name="text")
    tf.Variable([3.0], name="a")
    with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(2)):
        tf.get_variable("table", [4, 2], initializer=tf.ones_initializer())
    variables = {v.op.name: v for v in tf.global_variables()}
    parts = [variables.pop(f"p/table/part_{i}") for i in range(2)]
    saver = tf.train.Saver(dict(variables, table=parts), sharded=True)
    return [saver.save(started(tf), "m"), saver.last_checkpoints]


def older(tf: Any) -> Any:
    for name in ("float32", "float64", "float16", "int8", "int16", "int32", "int64", "uint8",
                 "complex64", "bool"):
        tf.Variable((np.arange(6).reshape(3, 2) - 2).astype(name), name=name)
    tf.Variable([b"ab", b"", b"\xff"], name="text")
    tf.Variable(7, name="scalar")
    tf.Variable(np.zeros((0, 4), np.float32), name="empty")
    saver = tf.train.Saver(write_version=tf.train.SaverDef.V1, max_to_keep=2)
    session = started(tf)
    return [[saver.save(session, "m", global_step=i) for i in range(3)], saver.last_checkpoints]


def older_sharded(tf: Any) -> Any:
    with tf.device("/cpu:0"):
        tf.Variable([1.0, 2.0], name="b")
    tf.Variable([3.0], name="a")
    v1 = tf.train.SaverDef.V1
    saver = tf.train.Saver(sharded=True, write_version=v1, max_to_keep=1)
    session = started(tf)
    said = [saver.save(session, "m", global_step=i) for i in range(2)]
    return [said, saver.last_checkpoints, tf.train.latest_checkpoint("."),
            [tf.train.checkpoint_exists(path) for path in said]]


# ---- what is kept -----------------------------------------------------------------------


def kept(tf: Any) -> Any:
    tf.Variable(1, name="v")
    session = started(tf)
    said = []
    for n in (1, 2, 0, None):
        saver = tf.train.Saver(max_to_keep=n)
        paths = [saver.save(session, f"keep_{n}", global_step=i) for i in (3, 1, 4, 1, 5)]
        said.append([paths, saver.last_checkpoints, state()])
    return said


def forever(tf: Any) -> Any:
    """Of checkpoints that are written in turn, one is kept now and then."""
    tf.Variable(1, name="v")
    session = started(tf)
    saver = tf.train.Saver(max_to_keep=2, keep_checkpoint_every_n_hours=1.0)
    start = saver._next_checkpoint_time
    said = []
    for i in range(8):
        saver.save(session, "m", global_step=i)
        times = [(path, start + 900.0 * (i - j) - 1800) for j, (path, _) in
                 enumerate(reversed(saver._last_checkpoints))]
        saver.set_last_checkpoints_with_time(times[::-1])
        said.append([saver.last_checkpoints, saver._next_checkpoint_time - start])
    return said


def options(tf: Any) -> Any:
    tf.Variable(1, name="v")
    session = started(tf)
    saver = tf.train.Saver(max_to_keep=2, pad_step_number=True)
    saver.save(session, "a", global_step=7, latest_filename="newest", meta_graph_suffix="graph")
    saver.save(session, "a", global_step=np.int64(123456789), write_meta_graph=False)
    saver.save(session, "b", write_state=False)
    saver.save(session, "c", global_step=tf.constant(8), write_meta_graph=False, write_state=False)
    said = [saver.last_checkpoints, state("newest"), state()]
    Path("d").mkdir()
    saver.save(session, "d/f")
    return [*said, saver.last_checkpoints, state("d/checkpoint")]


def recovered(tf: Any) -> Any:
    tf.Variable(1, name="v")
    session = started(tf)
    first = tf.train.Saver(max_to_keep=0)
    paths = [first.save(session, "m", global_step=i) for i in range(4)]
    second = tf.train.Saver(max_to_keep=3)
    second.recover_last_checkpoints(paths)
    said = [second.last_checkpoints]
    second.save(session, "m", global_step=9)
    third = tf.train.Saver(max_to_keep=2)
    third.set_last_checkpoints(second.last_checkpoints)
    said.append(second.last_checkpoints)
    third.save(session, "m", global_step=10)
    return [*said, third.last_checkpoints, state()]


def odd_names(tf: Any) -> Any:
    tf.Variable(1, name="v")
    session = started(tf)
    saver = tf.train.Saver(max_to_keep=1)
    names = ["with space", "\u00e9t\u00e9", "quote\"'", "a.b.c", "m-00000-of-00001", "-", "x=y,z;"]
    said = [saver.save(session, name) for name in names]
    return [said, saver.last_checkpoints, state()]


def empty(tf: Any) -> Any:
    tf.constant(1.0)
    saver = tf.train.Saver(allow_empty=True)
    said = [saver.save(tf.Session(), "m"), saver.restore(tf.Session(), "m")]
    return [*said, tf.train.latest_checkpoint(".")]


def state(name: str = "checkpoint") -> str:
    """The text that says what was saved last."""
    return Path(name).read_text(encoding="ascii")


PROGRAMS = {f.__name__: f for f in (
    types, many, renamed, trained, partitioned, sharded, older, older_sharded, kept, forever,
    options, recovered, odd_names, empty,
)}


def run(tf: Any, program: Any, directory: str) -> Any:
    """What a program returns, and the files it leaves in a directory."""
    tf.reset_default_graph()
    before = Path.cwd()
    os.chdir(directory)
    try:
        result = program(tf)
        return {"result": result, "files": files()}
    finally:
        os.chdir(str(before))


def files() -> Any:
    """The files where we are, and in the directories there."""
    found = {}
    for path in sorted(Path().rglob("*")):
        if path.suffix in (".meta", ".graph"):
            found[path.as_posix()] = None
        elif path.is_file():
            found[path.as_posix()] = base64.b64encode(path.read_bytes()).decode()
    return found


def main() -> None:
    """Print what the programs do with the module named on the command line."""
    logging.disable(logging.CRITICAL)
    tf = importlib.import_module(sys.argv[1])
    found = {}
    for name, program in PROGRAMS.items():
        with tempfile.TemporaryDirectory() as directory:
            found[name] = run(tf, program, directory)
    json.dump(found, sys.stdout, separators=(",", ":"))


if __name__ == "__main__":
    main()
