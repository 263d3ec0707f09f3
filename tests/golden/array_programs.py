"""Small programs of functions on arrays, whose graphs and results are TensorFlow 1.1.0's.

    python array_programs.py MODULE | gzip -9n > graphs_array.json.gz

MODULE is tensorflow (1.1.0). In the file ``graphs`` holds for each program a list of [id, name,
type, [input tensors], [control inputs]] in the order the operations were made; ``gradients`` the
names and values of gradients; ``expressions`` for each line of array_expressions.txt what it
builds and computes, or the class of what it raises and the sentence.
"""
import importlib
import json
import re
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SUFFIX = re.compile(r" for '[^']*' \(op: .*", re.DOTALL)


def floats(tf, *shape):
    return tf.placeholder(tf.float32, list(shape), name="x")


def ints(tf, *shape):
    return tf.placeholder(tf.int32, list(shape), name="i")


# ---- graphs -------------------------------------------------------------------------------


def shapes(tf):
    x, known = floats(tf, None, 3), floats(tf, 2, 3)
    for function in (tf.shape, tf.size, tf.rank):
        function(x), function(known), function([1.0, 2.0]), function(x, name="given")
        function(tf.placeholder(tf.float32), name="scope/inner")
    tf.shape(x, out_type=tf.int64)
    tf.size(x, "n", tf.int64)
    tf.shape_n([x, x]), tf.shape_n([x, known], tf.int64, "both")


def reshaping(tf):
    x = floats(tf, None, 3)
    tf.reshape(x, [-1]), tf.reshape(x, (3, -1), "flat"), tf.reshape(x, tf.shape(x))
    tf.reshape(x, [tf.shape(x)[0], 3]), tf.reshape([1.0], [])
    tf.reshape(x, tf.TensorShape([3, 2]))
    tf.squeeze(x), tf.squeeze(x, [0]), tf.squeeze(x, 0, "s"), tf.squeeze(x, squeeze_dims=0)
    tf.expand_dims(x, 0), tf.expand_dims(x, -1, "e"), tf.expand_dims([1.0], dim=0)
    tf.transpose(x), tf.transpose(x, [1, 0]), tf.transpose(x, name="t"), tf.transpose([[1.0]])
    tf.transpose(tf.placeholder(tf.float32)), tf.transpose(x, perm=[1, 0], name="p")
    tf.matrix_transpose(x), tf.matrix_transpose(tf.placeholder(tf.float32), "m")
    tf.invert_permutation([1, 0]), tf.invert_permutation(ints(tf, 3), name="i")
    tf.broadcast_dynamic_shape([1, 2], tf.shape(x))


def filling(tf):
    x, unknown = floats(tf, None, 3), tf.placeholder(tf.float32)
    for function in (tf.zeros, tf.ones):
        function([2, 3]), function(tf.shape(x)), function([]), function([2], tf.int32, "n")
        function([tf.shape(x)[0], 3]), function(x.get_shape()[1:]), function((2,), tf.bool)
    for function in (tf.zeros_like, tf.ones_like):
        function(x), function([1, 2]), function(x, tf.int32), function(x, name="n")
        function(floats(tf, 2), tf.float64), function(unknown, optimize=False)
    tf.zeros([2], tf.string), tf.zeros_like(floats(tf, 2), tf.int32, "z", False)
    tf.fill([2, 3], 1.0), tf.fill(tf.shape(x), 0, "f")
    tf.eye(2), tf.eye(2, 3), tf.eye(2, batch_shape=[3], name="batch"), tf.eye(tf.shape(x)[0])
    tf.eye(2, tf.shape(x)[1], [1, 2], tf.int32)


def sequences(tf):
    x = floats(tf, None, 3)
    tf.range(3), tf.range(1, 3), tf.range(1, 9, 2, name="r"), tf.range(0.0, 1.0, 0.25)
    tf.range(tf.shape(x)[0]), tf.range(3, dtype=tf.float32), tf.range(1, 2.5)
    tf.range(tf.constant(3, tf.int64)), tf.range(0, tf.constant(3.0), 1)
    tf.linspace(0.0, 1.0, 5), tf.lin_space(0.0, 1.0, 5, name="l")
    tf.meshgrid([1, 2], [3, 4]), tf.meshgrid([1.0], [2.0], [3.0], indexing="ij", name="g")
    tf.meshgrid([1, 2]), tf.meshgrid(ints(tf, None), [1, 2])
    tf.sequence_mask([1, 3]), tf.sequence_mask([1, 3], 4, tf.float32, "m")
    tf.sequence_mask(ints(tf, None)), tf.sequence_mask([1], dtype=tf.int32)
    tf.one_hot([1, 2], 3), tf.one_hot(ints(tf, None), 3, 5, 4, 0, name="h")
    tf.one_hot([1], 3, on_value=2.0), tf.one_hot([1], 3, off_value=2)
    tf.one_hot([1], 2, dtype=tf.int8)
    tf.one_hot(np.array([1]), tf.shape(x)[0])


def slicing(tf):
    x, i = floats(tf, None, 3, 4), ints(tf)
    x[0], x[:, 1], x[..., 2], x[1:2], x[::2, ::-1], x[None], x[:, tf.newaxis, 0]
    x[-1, ..., None, 1:], x[()], x[i], x[i:], x[:i, 1], x[0, i:i + 1], x[np.int64(1)]
    x[tf.constant(0)], tf.shape(x)[1:]
    with tf.name_scope("inside"):
        x[0], x[1]
    tf.slice(x, [0, 1, 2], [1, 1, -1]), tf.slice(x, tf.zeros([3], tf.int32), tf.shape(x), "s")
    tf.strided_slice(x, [0], [1]), tf.strided_slice(x, [0], [1], [1], name="t")
    tf.strided_slice(x, [0, 1], [2, 3], [1, 1], begin_mask=1, shrink_axis_mask=2)


def joining(tf):
    x, y = floats(tf, None, 3), floats(tf, 2, 3)
    tf.stack([x, y]), tf.stack([x, y], 1), tf.stack([[1, 2], [3, 4]]), tf.stack([x, y], name="s")
    tf.stack([1.0, y[0, 0]]), tf.stack([[1, 2], [3, 4]], axis=-1)
    tf.stack([[x[0, 0], 2.0], [3.0, 4.0]])
    tf.unstack(y), tf.unstack(y, axis=1, name="u"), tf.unstack(x, 2), tf.unstack([1, 2])
    tf.concat([x, y], 0), tf.concat([x, x], -1, "c"), tf.concat([x], 0), tf.concat(x, 0, name="one")
    tf.concat([[1], [2, 3]], 0), tf.concat([x, y, [[1.0, 2.0, 3.0]]], tf.constant(0))
    tf.split(y, 3, 1), tf.split(y, 2, name="s"), tf.split(y, [1, 2], 1)
    tf.split(y, tf.constant([1, 1]))
    tf.tile(x, [1, 2]), tf.tile(x, tf.shape(y), "t"), tf.tile([1, 2], [2])
    tf.pad(x, [[1, 0], [0, 2]]), tf.pad(x, [[1, 0], [0, 2]], "reflect")
    tf.pad(y, [[0, 0], [1, 1]], "SYMMETRIC", "p")
    tf.reverse(x, [1]), tf.reverse_v2(x, [0], "r"), tf.reverse(x, axis=[0, -1])
    tf.reverse_sequence(y, [1, 2], 1, 0)
    tf.reverse_sequence(y, [1, 2], seq_dim=1, batch_dim=0, name="q")


def looking_up(tf):
    x = floats(tf, None, 3)
    tf.gather(x, [0, 1]), tf.gather(x, 0, name="g"), tf.gather([1.0, 2.0], ints(tf, None), False)
    tf.gather_nd(x, [[0, 1]]), tf.gather_nd(x, ints(tf, None, 2), "n")
    tf.scatter_nd([[1]], [2.0], [3]), tf.scatter_nd(ints(tf, None, 1), x, tf.shape(x), "s")
    tf.where(x > 0.0), tf.where(x > 0.0, x, -x), tf.where([True], [1], [2], "w")
    tf.boolean_mask(x, [True, False]), tf.boolean_mask([1, 2], [True, False], "b")
    tf.boolean_mask(x, x > 0.0), tf.boolean_mask(floats(tf, 2, 3, 4), [[True] * 3] * 2)
    tf.dynamic_partition(x, ints(tf, None), 2), tf.dynamic_partition([1, 2], [0, 1], 2, "p")
    tf.dynamic_stitch([[0], [1]], [x, x]), tf.dynamic_stitch([0, [1]], [1.0, [2.0]], "t")
    tf.unique([1, 2, 1]), tf.unique(tf.reshape(x, [-1]), tf.int64, "u")
    tf.unique_with_counts([1, 2, 1]), tf.unique_with_counts([1, 2], name="c")


def diagonals(tf):
    x = floats(tf, 3, 3)
    tf.diag([1, 2]), tf.diag(x, "d"), tf.diag_part(x), tf.diag_part([[1.0]], name="p")
    tf.matrix_diag(x), tf.matrix_diag([1, 2], "m"), tf.matrix_diag_part(x, "n")
    tf.matrix_set_diag(x, [1.0, 2.0, 3.0]), tf.matrix_set_diag(x, x[0], name="s")
    tf.matrix_band_part(x, 1, -1), tf.matrix_band_part(x, 0, tf.constant(0, tf.int64), "b")


def passing_on(tf):
    x = tf.placeholder(tf.float32)
    tf.placeholder(tf.int32, (None, 2)), tf.placeholder("float", [2], "named")
    tf.placeholder(tf.string, [])
    tf.placeholder_with_default([1, 2], [None]), tf.placeholder_with_default(x, None, "d")
    tf.identity(x), tf.identity([1, 2], "i"), tf.identity(3)
    tf.identity(tf.identity(x, name="a/b"))
    tf.stop_gradient(x), tf.stop_gradient([1.0], name="s")
    with tf.control_dependencies([x]):
        tf.identity(2.0), tf.placeholder(tf.float32), tf.zeros([2]), x[0]


def converting(tf):
    x = floats(tf)
    tf.convert_to_tensor([x, 1.0]), tf.convert_to_tensor([[x, 1.0], [2.0, 3.0]], name="c")
    tf.convert_to_tensor((x, x)), tf.convert_to_tensor([[1, 2], [3, 4]])
    tf.convert_to_tensor([np.float64(1.0)])
    tf.convert_to_tensor(tf.TensorShape([2, 3]))
    tf.convert_to_tensor(tf.TensorShape([2]), tf.int64, "s"), tf.convert_to_tensor(tf.Dimension(3))
    tf.reshape(x, tf.TensorShape([1, 1])), tf.fill(tf.TensorShape([2]), x)
    tf.add(x, [1.0, 2.0]), tf.convert_to_tensor([tf.constant(1, tf.int64), 2])
    v = tf.Variable(1.0, name="v")
    tf.convert_to_tensor([v, 2.0]), tf.stack([v, x])


def variable_slices(tf):
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="v")
    v[0], v[:, 1], v[0].assign([5.0, 6.0]), v[1:, 0:1].assign([[7.0]])


PROGRAMS = (shapes, reshaping, filling, sequences, slicing, joining, looking_up, diagonals,
            passing_on, converting, variable_slices)


# ---- gradients ----------------------------------------------------------------------------


def data(tf, *shape):
    size = int(np.prod(shape))
    return tf.constant(np.arange(1, size + 1, dtype=np.float32).reshape(shape), name="x")


def weights(tf, y):
    shape = [d.value for d in y.get_shape()]
    size = int(np.prod(shape))
    return tf.constant(np.arange(size, dtype=np.float32).reshape(shape) + 0.5, name="w")


DIFFERENTIATED = {
    "reshape": lambda tf, x: tf.reshape(x, [3, 2]),
    "squeeze": lambda tf, x: tf.squeeze(x[None]),
    "expand_dims": lambda tf, x: tf.expand_dims(x, 1),
    "transpose": lambda tf, x: tf.transpose(x),
    "matrix_transpose": lambda tf, x: tf.matrix_transpose(x),
    "fill": lambda tf, x: tf.fill([2, 2], x[0, 1]),
    "getitem": lambda _, x: x[::-1, None, 1:],
    "slice": lambda tf, x: tf.slice(x, [0, 1], [-1, 2]),
    "stack": lambda tf, x: tf.stack([x, x], 1),
    "unstack": lambda tf, x: tf.unstack(x, axis=1)[1],
    "concat": lambda tf, x: tf.concat([x, x], 1),
    "concat_many": lambda tf, x: tf.concat([x] * 17, 0),
    "split": lambda tf, x: tf.split(x, 3, 1)[1],
    "split_sizes": lambda tf, x: tf.split(x, [1, 2], 1)[1],
    "tile": lambda tf, x: tf.tile(x, [2, 3]),
    "pad": lambda tf, x: tf.pad(x, [[1, 2], [0, 1]]),
    "reflect": lambda tf, x: tf.pad(x, [[0, 1], [2, 1]], "reflect"),
    "symmetric": lambda tf, x: tf.pad(x, [[2, 1], [2, 3]], "symmetric"),
    "reverse": lambda tf, x: tf.reverse(x, [1]),
    "reverse_sequence": lambda tf, x: tf.reverse_sequence(x, [3, 2], 1, 0),
    "gather": lambda tf, x: tf.gather(x, [1, 1, 0]),
    "gather_nested": lambda tf, x: tf.gather(tf.identity(x), [[1], [1]]),
    "gather_inner": lambda tf, x: tf.gather(tf.transpose(x), [0, 2, 0]),
    "gather_nd": lambda tf, x: tf.gather_nd(x, [[0, 1], [1, 2], [0, 1]]),
    "scatter_nd": lambda tf, x: tf.scatter_nd([[2], [0]], x, [4, 3]),
    "where": lambda tf, x: tf.where([True, False], x, 2.0 * x),
    "boolean_mask": lambda tf, x: tf.slice(tf.boolean_mask(x, [True, False]), [0, 0], [1, 3]),
    "dynamic_stitch": lambda tf, x: tf.slice(tf.dynamic_stitch([[2, 1]], [x]), [0, 0], [3, 3]),
    "matrix_diag": lambda tf, x: tf.matrix_diag(x),
    "matrix_diag_part": lambda tf, x: tf.matrix_diag_part(x),
    "matrix_set_diag": lambda tf, x: tf.matrix_set_diag(x, x[:, 0]),
    "matrix_band_part": lambda tf, x: tf.matrix_band_part(x, 0, 1),
    "diag": lambda tf, x: tf.diag(x[0]),
    "diag_part": lambda tf, x: tf.diag_part(x[:, 1:]),
    "stop_gradient": lambda tf, x: tf.stop_gradient(x) * x,
    "identity": lambda tf, x: tf.identity(x),
    "meshgrid": lambda tf, x: tf.meshgrid(x[0], x[:, 0])[0],
    "zeros_like": lambda tf, x: tf.zeros_like(x) + x,
}


def gradient(tf, name):
    """Names and values of a gradient: one tensor, or values and indices."""
    tf.reset_default_graph()
    x = data(tf, 2, 3)
    y = DIFFERENTIATED[name](tf, x)
    found = tf.gradients(y, x, weights(tf, y))[0]
    parts = [found] if isinstance(found, tf.Tensor) else [found.values, found.indices]
    with tf.Session() as session:
        return [[p.name for p in parts], [v.tolist() for v in session.run(parts)]]


# ---- expressions --------------------------------------------------------------------------


def expressions():
    lines = (HERE / "array_expressions.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def listed(value):
    array = np.asarray(value)
    if array.dtype.kind in "OSU":
        return [v.decode() for v in array.reshape(-1).tolist()]
    return [repr(v) for v in array.reshape(-1).tolist()]


def result(tf, raw, expression):
    """What an expression builds and computes, or what it raises."""
    tf.reset_default_graph()
    feeds = {}

    def feed(value, shape=None, dtype=None):
        tensor = tf.placeholder(tf.float32 if dtype is None else dtype, shape)
        feeds[tensor] = value
        return tensor

    names = {"tf": tf, "np": np, "raw": raw, "P": feed,
             "I": lambda value, shape=None: feed(value, shape, tf.int32)}
    try:
        found = eval(expression, names)
        found = list(found) if isinstance(found, (list, tuple)) else [found]
        if found and not isinstance(found[0], tf.Tensor):
            return {"value": str(found[0])}
    except Exception as error:  # noqa: BLE001  # whatever it is, is recorded
        return {"build": type(error).__name__, "sentence": SUFFIX.sub("", str(error))}
    operations = [[op.name, op.type] for op in tf.get_default_graph().get_operations()]
    try:
        with tf.Session() as session:
            values = session.run(found, feeds)
    except Exception as error:  # noqa: BLE001  # whatever it is, is recorded
        sentence = getattr(error, "message", str(error)).split("[[Node")[0].strip()
        return {"run": type(error).__name__, "sentence": sentence, "operations": operations}
    return {"values": [listed(v) for v in values], "operations": operations,
            "shapes": [list(np.shape(v)) for v in values]}


# ---- recording ----------------------------------------------------------------------------


def observe(tf, program):
    tf.reset_default_graph()
    program(tf)
    return [
        [op._id, op.name, op.type, [t.name for t in op.inputs], [c.name for c in op.control_inputs]]
        for op in tf.get_default_graph().get_operations()]


class Raw:
    """TensorFlow's bare operations by their types' names."""

    def __init__(self, module):
        self.ConcatOffset = module._concat_offset
        self.BroadcastArgs = module._broadcast_args
        self.PreventGradient = module.prevent_gradient
        self.Concat = module._concat


def main():
    tf = importlib.import_module(sys.argv[1])
    raw = Raw(importlib.import_module("tensorflow.python.ops.gen_array_ops"))
    stdout, sys.stdout = sys.stdout, sys.stderr  # SplitV's gradient prints
    found = {"graphs": {p.__name__: observe(tf, p) for p in PROGRAMS},
             "gradients": {name: gradient(tf, name) for name in DIFFERENTIATED},
             "expressions": {e: result(tf, raw, e) for e in expressions()}}
    json.dump(found, stdout, sort_keys=True, separators=(",", ":"))
    stdout.write("\n")


if __name__ == "__main__":
    main()
