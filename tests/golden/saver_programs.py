"""Small programs that build savers, for several engines.

    python saver_programs.py MODULE > graphs_saver.json      # MODULE: tensorflow, skflow, ...

graphs_saver.json, which is kept packed, is what TensorFlow 1.1.0 printed. ``graphs`` holds for
each program the text of every node in the order they were made, with the shapes of its outputs;
``results`` what the program returned.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
from typing import Any

import numpy as np

# The name of the directory that a sharded saver writes to first is drawn by lot.
DRAWN = re.compile(r"_temp_[0-9a-f]{32}/part")


FIELDS = ("filename_tensor_name", "save_tensor_name", "restore_op_name", "max_to_keep", "sharded",
          "keep_checkpoint_every_n_hours", "version")


def fields(message: Any) -> Any:
    """What a saver's message says."""
    return None if message is None else [getattr(message, name) for name in FIELDS]


def said(saver: Any) -> Any:
    """What a saver's own message says."""
    return fields(saver.as_saver_def())


def one(tf: Any) -> Any:
    tf.Variable(1.0, name="v")
    return said(tf.train.Saver())


def many(tf: Any) -> Any:
    tf.Variable([1.0, 2.0], name="b")
    tf.Variable(np.zeros((2, 3), np.int32), name="a")
    tf.Variable([b"x", b"yz"], name="text")
    with tf.name_scope("scope"):
        tf.Variable([True], name="c")
        tf.Variable(1j, name="A")
    tf.get_variable("got", [2, 2], dtype=tf.float64)
    tf.Variable(7, name="local", collections=[tf.GraphKeys.LOCAL_VARIABLES])
    return said(tf.train.Saver())


def optimizer(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, (None, 3), name="x")
    w = tf.Variable(np.ones((3, 1), np.float32), name="w")
    step = tf.Variable(0, trainable=False, name="step")
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w)))
    tf.train.AdamOptimizer().minimize(loss, global_step=step)
    return said(tf.train.Saver(max_to_keep=3, keep_checkpoint_every_n_hours=2.5))


def renamed(tf: Any) -> Any:
    theta = tf.Variable([1.0], name="theta")
    bias = tf.Variable(0.5, name="bias")
    return said(tf.train.Saver({"weights": theta, "a/b": bias}))


def chosen(tf: Any) -> Any:
    a, b = tf.Variable([1.0], name="a"), tf.Variable(0.5, name="b")
    tf.Variable(0.5, name="c")
    return [said(tf.train.Saver([b, a])), said(tf.train.Saver([b]))]


def references(tf: Any) -> Any:
    a = tf.Variable([1.0], name="a")
    return said(tf.train.Saver([a._ref()])), said(tf.train.Saver({"x": a._ref()}))


def two(tf: Any) -> Any:
    tf.Variable(1.0, name="v")
    first = tf.train.Saver()
    tf.Variable(2.0, name="w")
    return [said(first), said(tf.train.Saver(name="named")), said(tf.train.Saver(max_to_keep=None))]


def scoped(tf: Any) -> Any:
    v = tf.Variable(1.0, name="v")
    with tf.name_scope("outer"), tf.control_dependencies([v.initializer]):
        return said(tf.train.Saver())


def partitioned(tf: Any) -> Any:
    with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(3)):
        table = tf.get_variable("table", [7, 2])
    with tf.variable_scope("q", partitioner=tf.fixed_size_partitioner(2, axis=1)):
        wide = tf.get_variable("wide", [3, 5], dtype=tf.float64)
    tf.Variable(0, name="step")
    saved = [said(tf.train.Saver({"table": list(table), "wide": wide}))]
    return [*saved, said(tf.train.Saver([wide]))]


def sequential(tf: Any) -> Any:
    for name in "cab":
        tf.Variable(1.0, name=name)
    return said(tf.train.Saver(restore_sequentially=True))


def reshaping(tf: Any) -> Any:
    tf.Variable(np.ones((2, 3), np.float32), name="known")
    tf.Variable(tf.placeholder(tf.float32), validate_shape=False, name="unknown")
    tf.Variable(1.0, name="scalar")
    return said(tf.train.Saver(reshape=True)), said(tf.train.Saver())


def devices(tf: Any) -> Any:
    with tf.device("/cpu:1"):
        tf.Variable(1.0, name="b")
    with tf.device("/job:ps/task:1/gpu:0"):
        tf.Variable(2.0, name="a")
    tf.Variable(3.0, name="c")
    return said(tf.train.Saver())


def sharded(tf: Any) -> Any:
    with tf.device("/cpu:1"):
        tf.Variable(1.0, name="b")
        tf.Variable(1, name="d")
    with tf.device("/device:CPU:0"):
        tf.Variable(2.0, name="a")
    tf.Variable(3.0, name="c")
    return said(tf.train.Saver(sharded=True))


def sharded_alone(tf: Any) -> Any:
    tf.Variable(2.0, name="a")
    return said(tf.train.Saver(sharded=True, restore_sequentially=True))


def placed(tf: Any) -> Any:
    tf.Variable(2.0, name="a")
    with tf.device("/cpu:0"):
        return said(tf.train.Saver())


def older(tf: Any) -> Any:
    tf.Variable(2.0, name="a")
    with tf.device("/cpu:0"):
        tf.Variable([2, 3], name="b")
    v1 = tf.train.SaverDef.V1
    return [said(tf.train.Saver(write_version=v1)),
            said(tf.train.Saver(write_version=v1, sharded=True))]


def late(tf: Any) -> Any:
    saver = tf.train.Saver(defer_build=True, name="late", pad_step_number=True)
    before = saver.as_saver_def()
    tf.Variable(2.0, name="a")
    saver.build()
    saver.build()
    return [repr(before), said(saver)]


def from_messages(tf: Any) -> Any:
    tf.Variable(2.0, name="a")
    with tf.name_scope("in"):
        saver = tf.train.Saver()
    inner = saver.to_proto(export_scope="in")
    results = [fields(inner), fields(saver.to_proto(export_scope="other"))]
    made = tf.train.Saver.from_proto(inner, import_scope="in")
    same = tf.train.Saver(saver_def=saver.as_saver_def())
    return [*results, said(made), said(same), same.last_checkpoints,
            saver.to_proto() is saver.as_saver_def()]


def empty(tf: Any) -> Any:
    saver = tf.train.Saver(allow_empty=True)
    return repr(saver.as_saver_def())


def mistakes(tf: Any) -> Any:
    v, w = tf.Variable(1.0, name="v"), tf.Variable(2.0, name="w")
    with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(2)):
        parts = list(tf.get_variable("t", [4]))
    with tf.variable_scope("q", partitioner=tf.fixed_size_partitioner(2)):
        others = list(tf.get_variable("t", [4]))
    made = tf.train.SaverDef
    tried = [
        lambda: tf.train.Saver("v"), lambda: tf.train.Saver([v, v._ref()]),
        lambda: tf.train.Saver([v.value()]), lambda: tf.train.Saver({"a": v, "b": v}),
        lambda: tf.train.Saver({1: v}), lambda: tf.train.Saver({"a": w.value()}),
        lambda: tf.train.Saver({"a": [v]}), lambda: tf.train.Saver({"a": [parts[0], others[1]]}),
        lambda: tf.train.Saver({"a": [w.value()]}), lambda: tf.train.Saver({"a": w.initializer}),
        lambda: tf.train.Saver([v], defer_build=True), lambda: tf.train.Saver([]),
        lambda: tf.train.Saver({}), lambda: tf.train.Saver(saver_def="x"),
        lambda: tf.train.Saver(saver_def=made(filename_tensor_name="a")),
        lambda: tf.train.Saver(saver_def=made(save_tensor_name="a")),
        lambda: tf.train.Saver([w.op]),
        lambda: tf.train.Saver(defer_build=True).save(None, "x"),
        lambda: tf.train.Saver([v]).save(None, "x/y", latest_filename="a/b"),
        lambda: tf.train.Saver([v]).save(None, "checkpoint"),
        lambda: tf.train.Saver([v]).save(None, "no/such/x"),
        lambda: tf.train.Saver([v]).save("session", "/tmp/x"),
        lambda: tf.train.Saver([v]).set_last_checkpoints(("a",)),
    ]
    return [outcome(f) for f in tried]


def outcome(function: Any) -> str:
    """What a mistake raises."""
    try:
        return f"VALUE {function()!r}"
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"


PROGRAMS = {f.__name__: f for f in (
    one, many, optimizer, renamed, chosen, references, two, scoped, partitioned, sequential,
    reshaping, devices, sharded, sharded_alone, placed, older, late, from_messages, empty,
    mistakes,
)}


def run(tf: Any, program: Any) -> Any:
    """The nodes a program makes, and what it returns."""
    tf.reset_default_graph()
    tf.set_random_seed(42)
    result = program(tf)
    operations = tf.get_default_graph().get_operations()
    return [
        DRAWN.sub("_temp_0/part", str(op))
        + " ".join(str(t.get_shape()) for t in op.outputs)
        for op in operations
    ], result


def main() -> None:
    """Print the graphs that the module named on the command line builds."""
    tf = importlib.import_module(sys.argv[1])
    graphs, results = {}, {}
    for name, program in PROGRAMS.items():
        graphs[name], results[name] = run(tf, program)
    json.dump({"graphs": graphs, "results": results}, sys.stdout, separators=(",", ":"))


if __name__ == "__main__":
    main()
