"""Small programs with variables, scopes, initializers and optimizers, for several engines.

    python variable_programs.py MODULE > graphs_variables.json      # MODULE: tensorflow, ...

graphs_variables.json, which is kept packed, is what TensorFlow 1.1.0 printed. ``graphs`` holds for
each program a list of [id, name, type, [input tensors], [control inputs], [operations to share a
device with]] in the order the operations were made; ``results`` what it returned.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

import numpy as np


def variables(tf: Any) -> Any:
    x = tf.Variable(3, name="x")
    y = tf.Variable([1.0, 2.0])
    z = tf.Variable(tf.ones([2]) * 2.0, trainable=False, collections=["mine"])
    late = tf.Variable(lambda: tf.zeros([2, 3]), dtype=tf.float32, name="late")
    loose = tf.Variable(tf.placeholder(tf.float32), validate_shape=False, name="loose")
    cached = tf.Variable(1.0, caching_device="/cpu:0", name="cached")
    with tf.device("/cpu:0"):
        placed = tf.Variable(lambda: 5.0, dtype=tf.float32, name="placed")
    with tf.control_dependencies([y.initializer]):
        tf.Variable(2.0, name="alone")
        y.read_value()
    x + 1, y * 2.0, -y, y[0]
    x.value(), z.read_value()
    x.assign(4), x.assign_add(1), x.assign_sub(2, use_locking=True)
    tf.assign(y, [3.0, 4.0]), tf.assign(y, y + 1.0, name="more")
    tf.assign(loose, [1.0], validate_shape=False), tf.assign_add(y, y), tf.assign_sub(y, y)
    x.count_up_to(9), tf.count_up_to(x, 8, name="up")
    return [repr(v) for v in (x, y, z, late, loose, cached, placed)] + [
        placed.device, cached.value().device, x.dtype.name, [v.name for v in tf.global_variables()],
        [v.name for v in tf.trainable_variables()], [v.name for v in tf.get_collection("mine")],
    ]


def scatter(tf: Any) -> Any:
    v = tf.Variable(np.zeros((4, 2), np.float32), name="v")
    rows = [[1.0, 2.0], [3.0, 4.0]]
    for name in ("update", "add", "sub", "mul", "div"):
        getattr(tf, f"scatter_{name}")(v, [0, 2], rows)
    for name in ("update", "add", "sub"):
        getattr(tf, f"scatter_nd_{name}")(v, [[0], [2]], rows, use_locking=True, name=f"nd_{name}")
    v.scatter_sub(tf.IndexedSlices(tf.constant(rows), tf.constant([0, 1])))
    return None


def initialization(tf: Any) -> Any:
    empty = tf.global_variables_initializer().name
    a = tf.Variable(1.0, name="a")
    tf.Variable(2.0, name="b", collections=[tf.GraphKeys.LOCAL_VARIABLES], trainable=False)
    tf.global_variables_initializer()
    tf.local_variables_initializer()
    tf.variables_initializer([a], name="some")
    tf.is_variable_initialized(a)
    tf.report_uninitialized_variables()
    tf.report_uninitialized_variables([a], name="report")
    return [empty]


def initializers(tf: Any) -> Any:
    def get(name: str, initializer: Any, shape: Any = (4, 3), **kw: Any) -> None:
        tf.get_variable(name, shape, initializer=initializer, **kw)

    get("zeros", tf.zeros_initializer())
    get("zeros_class", tf.zeros_initializer)
    get("zeros_bool", tf.zeros_initializer(), dtype=tf.bool)
    get("ones", tf.ones_initializer(dtype=tf.float64), dtype=tf.float64)
    get("constant", tf.constant_initializer(2))
    get("list", tf.constant_initializer([1, 2, 3]), dtype=tf.int32)
    get("uniform", tf.random_uniform_initializer(-1, 1))
    get("uniform_int", tf.random_uniform_initializer(0, 5), dtype=tf.int32)
    get("normal", tf.random_normal_initializer(stddev=0.1, seed=3))
    get("truncated", tf.truncated_normal_initializer(mean=1.0))
    get("unit", tf.uniform_unit_scaling_initializer(1.4))
    get("unit_vector", tf.uniform_unit_scaling_initializer(), (3,))
    get("orthogonal", tf.orthogonal_initializer())
    get("orthogonal_wide", tf.orthogonal_initializer(gain=2.0), (3, 2, 8))
    get("default", None)
    get("default_scalar", None, ())
    get("default_vector", None, (5,))
    get("default_cube", None, (2, 3, 4))
    get("default_int", None, dtype=tf.int64)
    get("default_bool", None, dtype=tf.bool)
    get("function", lambda shape, dtype, **_: tf.ones(shape, dtype) * 3)
    tf.get_variable("value", initializer=[1.0, 2.0])
    tf.get_variable("value_typed", initializer=2.0, dtype=tf.float32)
    tf.get_variable("tensor", initializer=tf.ones([2]))
    return [v.get_shape().as_list() for v in tf.global_variables()]


def scopes(tf: Any) -> Any:
    said = []
    with tf.variable_scope("a") as a:
        said += [a.name, a.original_name_scope, a.reuse]
        v = tf.get_variable("v", [2])
        with tf.variable_scope("b", reuse=True) as b:
            said += [b.name, b.reuse]
        with tf.variable_scope("b", initializer=tf.zeros_initializer(), dtype=tf.float64) as b:
            w = tf.get_variable("w", [2])
            said += [w.name, w.dtype.name]
        tf.constant(1)
        said += [x.name for x in a.trainable_variables()] + [x.name for x in a.global_variables()]
    with tf.variable_scope(a, reuse=True) as again:
        said += [tf.get_variable("v") is v, again.original_name_scope, again.name]
        tf.constant(2)
        with tf.variable_scope("c") as c:
            said += [c.reuse, c.name, c.original_name_scope]
    with tf.variable_scope("a/d"), tf.variable_scope(a) as inner:
        said += [inner.name, inner.original_name_scope]
        u = tf.get_variable("u", [1])
        tf.constant(3)
        said.append(u.name)
    for _ in range(2):
        with tf.variable_scope(None, "made") as made:
            said += [made.name, tf.get_variable("x", []).name, tf.constant(4).name]
    with tf.variable_scope("", default_name="nothing") as root:
        said += [root.name, root.original_name_scope, tf.get_variable("y", []).name]
        root.reuse_variables()
        said += [root.reuse, tf.get_variable("y", []).name, tf.constant(5).name]
    with tf.variable_scope("scoped", values=[v.value()]), tf.name_scope("inside"):
        said += [tf.get_variable("z", []).name, tf.Variable(1.0, name="z").name]
    said.append(tf.get_variable_scope().name)
    return said


def getters(tf: Any) -> Any:
    said = []

    def outer(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        said.append(["outer", name, sorted(kwargs)])
        return getter(name, *args, **kwargs)

    def inner(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        said.append(["inner", name])
        return getter(f"{name}_inner", *args, **kwargs) * 2.0

    with tf.variable_scope("s", custom_getter=outer):
        tf.get_variable("a", [])
        with tf.variable_scope("t", custom_getter=inner):
            said.append(tf.get_variable("b", []).name)
    tf.get_variable("c", [], custom_getter=inner)
    return said


def regularizers(tf: Any) -> Any:
    def penalty(v: Any) -> Any:
        return tf.reduce_sum(v * v, name="penalty")

    with tf.variable_scope("r", regularizer=penalty):
        tf.get_variable("a", [2])
        tf.get_variable("b", [2], regularizer=tf.no_regularizer)
        with tf.variable_scope("s"):
            tf.get_variable("c", [2])
        with tf.variable_scope("s", reuse=True):
            tf.get_variable("c", [2])
    return [loss.name for loss in tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)]


def partitions(tf: Any) -> Any:
    with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(3)):
        v = tf.get_variable("v", [7, 2])
        w = tf.get_variable("w", [4, 2], initializer=tf.ones_initializer())
        s = tf.get_variable("s", [])
        t = tf.get_variable("t", initializer=tf.constant([1.0, 2.0, 3.0, 4.0]))
    with tf.variable_scope("p", reuse=True):
        again = tf.get_variable("v") is v
    one = tf.get_variable("one", [4, 6], partitioner=tf.variable_axis_size_partitioner(48, axis=1))
    few = tf.get_variable("few", [8, 6], partitioner=tf.min_max_variable_partitioner(3, 0, 64))
    tf.add(v, 1.0), tf.convert_to_tensor(w), tf.reduce_sum(t)
    parts = [[[p.name, p._get_save_slice_info().spec] for p in x] for x in (v, w, t, one, few)]
    return [parts, s.name, again, len(list(v)), v.name, v.dtype.name, v.get_shape().as_list()]


def optimizer(make: Any) -> Any:
    def program(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        with tf.variable_scope("layer"):
            w = tf.get_variable("w", [3, 2])
            b = tf.Variable(tf.zeros([2]), name="b")
        loss = tf.reduce_mean(tf.square(tf.matmul(x, w) + b), name="loss")
        step = tf.Variable(0, trainable=False, name="global_step", dtype=tf.int64)
        made = make(tf, step)
        train = made.minimize(loss, global_step=step)
        again = made.minimize(loss, var_list=[w], name="again")
        init = tf.global_variables_initializer()
        slots = [[n, made.get_slot(w, n).name] for n in made.get_slot_names()]
        return [train.name, again.name, init.name, slots, made.get_name(),
                [v.name for v in tf.global_variables()], [v.name for v in tf.trainable_variables()],
                [op.name for op in tf.get_collection(tf.GraphKeys.TRAIN_OP)]]

    return program


OPTIMIZERS = {
    "GradientDescent": lambda tf, _: tf.train.GradientDescentOptimizer(0.1),
    "Momentum": lambda tf, _: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "Adagrad": lambda tf, _: tf.train.AdagradOptimizer(0.1),
    "AdagradDA": lambda tf, step: tf.train.AdagradDAOptimizer(0.1, step),
    "Adadelta": lambda tf, _: tf.train.AdadeltaOptimizer(),
    "RMSProp": lambda tf, _: tf.train.RMSPropOptimizer(0.1),
    "RMSPropCentered": lambda tf, _: tf.train.RMSPropOptimizer(0.1, centered=True, name="Own"),
    "Adam": lambda tf, _: tf.train.AdamOptimizer(use_locking=True),
    "Ftrl": lambda tf, _: tf.train.FtrlOptimizer(0.1),
    "ProximalGradientDescent": lambda tf, _: tf.train.ProximalGradientDescentOptimizer(0.1),
    "ProximalAdagrad": lambda tf, _: tf.train.ProximalAdagradOptimizer(0.1),
}


def two_optimizers(tf: Any) -> Any:
    v = tf.Variable([1.0, 2.0], name="v")
    loss = tf.reduce_sum(v * v)
    for _ in range(2):
        tf.train.AdamOptimizer().minimize(loss)
    with tf.name_scope("inner"):
        tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    with tf.variable_scope("outer"):
        tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    return [x.name for x in tf.global_variables()]


def schedules(tf: Any) -> Any:
    step = tf.Variable(0, trainable=False, name="step")
    tf.train.exponential_decay(0.1, step, 100, 0.96)
    tf.train.exponential_decay(0.1, step, 100, 0.96, staircase=True, name="stairs")
    tf.train.natural_exp_decay(0.1, step, 100, 0.96)
    tf.train.inverse_time_decay(0.1, step, 100, 0.96, staircase=True)
    tf.train.polynomial_decay(0.1, step, 100, name="poly")
    tf.train.polynomial_decay(0.1, step, 100, cycle=True, power=2.0)
    return tf.train.exponential_decay(0.1, step, 100, 0.96, name="last").name


def global_steps(tf: Any) -> Any:
    said = [tf.train.get_global_step()]
    step = tf.train.create_global_step()
    said += [repr(step), tf.train.get_global_step() is step]
    said += [tf.train.get_or_create_global_step() is step]
    return said


PROGRAMS = {f.__name__: f for f in (
    variables, scatter, initialization, initializers, scopes, getters, regularizers, partitions,
    two_optimizers, schedules, global_steps,
)}
PROGRAMS.update({name: optimizer(make) for name, make in OPTIMIZERS.items()})


def run(tf: Any, program: Any) -> Any:
    """The operations a program makes, and what it returns."""
    tf.reset_default_graph()
    tf.set_random_seed(42)
    result = program(tf)
    operations = tf.get_default_graph().get_operations()
    return [
        [op._id, op.name, op.type, [t.name for t in op.inputs],
         [c.name for c in op.control_inputs], groups(op)]
        for op in operations
    ], result


def groups(op: Any) -> Any:
    """The operations that one is to share a device with, itself left out."""
    found = [g.decode()[len("loc:@"):] for g in op.colocation_groups()]
    return [name for name in found if name != op.name]


def main() -> None:
    """Print the graphs that the module named on the command line builds."""
    tf = importlib.import_module(sys.argv[1])
    graphs, results = {}, {}
    for name, program in PROGRAMS.items():
        graphs[name], results[name] = run(tf, program)
    json.dump({"graphs": graphs, "results": results}, sys.stdout, separators=(",", ":"))


if __name__ == "__main__":
    main()
