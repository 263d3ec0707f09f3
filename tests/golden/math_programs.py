"""Small programs with the functions of mathematics, to be built by several engines.

    python math_programs.py MODULE > graphs_math.json      # MODULE: tensorflow (1.1.0), skflow, ...

graphs_math.json is what TensorFlow 1.1.0 printed. ``graphs`` holds for each program a list of
[id, name, type, [input tensors], [control inputs]] in the order the operations were made;
``gradients`` the names of the tensors that ``tf.gradients`` returned; ``building`` and ``running``
for each mistake the class and the sentence, up to the operation's definition.
"""

from __future__ import annotations

import importlib
import json
import operator
import sys
from typing import Any

import numpy as np

FLOATING = [
    "sqrt", "rsqrt", "reciprocal", "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "asin",
    "acos", "atan", "tanh", "sigmoid", "floor", "ceil", "rint", "round", "abs", "negative", "sign",
    "square", "lgamma", "digamma", "erf", "erfc", "is_nan", "is_inf", "is_finite",
]
PAIRS = [
    "add", "subtract", "multiply", "div", "divide", "truediv", "realdiv", "floordiv", "floor_div",
    "floormod", "mod", "truncatemod", "pow", "maximum", "minimum", "squared_difference", "less",
    "less_equal", "greater", "greater_equal", "equal", "not_equal", "igamma", "igammac", "zeta",
    "polygamma",
]
ARITHMETIC = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod,
    operator.pow,
]
ORDER = [operator.lt, operator.le, operator.gt, operator.ge]
LOGIC = [operator.and_, operator.or_, operator.xor]


def x_of(tf: Any, dtype: str = "float32", shape: Any = (2, 3)) -> Any:
    return tf.placeholder(tf.as_dtype(dtype), shape, name="p")


def one_operand(tf: Any) -> None:
    x = x_of(tf)
    for name in FLOATING:
        function = getattr(tf, name)
        function(x)
        function(x, name="given")
        function([1.0, 2.0])
        with tf.name_scope("scope"):
            function(0.5, name="inner")


def two_operands(tf: Any) -> None:
    x = x_of(tf)
    for name in PAIRS:
        function = getattr(tf, name)
        function(x, x)
        function(x, 2.0, name="given")
        function([1.0, 2.0], x[0, :2])
        function(2.0, 3.0, name="constants")


def integers(tf: Any) -> None:
    x, y = x_of(tf, "int32"), x_of(tf, "int8")
    tf.div(x, 2)
    tf.div(3, x, name="d")
    tf.truediv(x, 2)
    tf.truediv(y, y, name="t")
    tf.truncatediv(x, x)
    tf.floordiv(x, 2)
    tf.floormod(x, 2)
    tf.truncatemod(x, 2)
    tf.round(x)
    tf.round(1)
    tf.abs(x)
    tf.maximum(x, 1)
    tf.pow(x, 2)
    for function in ARITHMETIC:
        function(x, 2)
        function(2, x)
    abs(x)
    operator.neg(x)


def operators(tf: Any) -> None:
    x, y = x_of(tf), x_of(tf)
    for function in ARITHMETIC:
        function(x, y)
        function(x, 1.5)
        function(2, x)
    for function in ORDER:
        function(x, y)
        function(x, 1)
        function(1, x)
    abs(operator.neg(x))
    x.__div__(y)
    x.__div__(2)
    x.__rdiv__(2)
    with tf.name_scope("inside"):
        tf.sqrt((x + 1) * (x - y))
    b, c = x_of(tf, "bool"), x_of(tf, "bool")
    for function in LOGIC:
        function(b, c)
        function(b, True)
        function(True, b)
    operator.invert(b)


def logical(tf: Any) -> None:
    b, c = x_of(tf, "bool"), x_of(tf, "bool")
    tf.logical_and(b, c)
    tf.logical_and(b, True, name="n")
    tf.logical_or(b, c)
    tf.logical_or(False, c, name="m")
    tf.logical_not(b)
    tf.logical_not([True], name="o")
    tf.logical_xor(b, c)
    tf.logical_xor(b, True)
    tf.logical_xor(True, False, name="given")
    with tf.name_scope("s"):
        tf.logical_xor(b, c, name="k")


def strings(tf: Any) -> None:
    s = x_of(tf, "string")
    tf.add(s + "b", "b" + s)
    tf.equal(s, "a")
    tf.not_equal("a", s, name="n")


def casts(tf: Any) -> None:
    x, i = x_of(tf), x_of(tf, "int32")
    tf.cast(x, tf.int32)
    tf.cast(x, tf.float32)
    tf.cast(x, "float64")
    tf.cast(x, tf.float32, name="same")
    tf.cast(x, tf.int64, name="given")
    tf.cast(3, tf.float32)
    tf.cast([1.5], tf.float32)
    for function in (tf.to_float, tf.to_double, tf.to_int32, tf.to_int64):
        function(x)
        function(i)
        function([1.5])
    tf.to_double(x, name="d")
    tf.bitcast(x, tf.int32)
    tf.bitcast(x, tf.uint8, name="bits")
    tf.bitcast([1.0], tf.int32)


def saturating(tf: Any) -> None:
    x, i = x_of(tf), x_of(tf, "int32")
    tf.saturate_cast(x, tf.uint8)
    tf.saturate_cast(x, tf.float64, name="wide")
    tf.saturate_cast(i, tf.int8, name="narrow")
    tf.saturate_cast(x, tf.float32)
    tf.saturate_cast(x, tf.float16)
    tf.saturate_cast([1.0, 300.0], tf.uint8)


def complex_numbers(tf: Any) -> None:
    x, d, z = x_of(tf), x_of(tf, "float64"), x_of(tf, "complex64")
    tf.complex(x, x)
    tf.complex(d, d, name="wide")
    tf.complex(1.0, 2.0)
    for function in (tf.real, tf.imag, tf.conj, tf.abs):
        function(z)
        function(z, name="named")
        if function is not tf.imag:
            function(x)
        function(z)
    tf.conj([1.0, 2.0])
    tf.abs(x_of(tf, "complex128"))
    tf.sign(z)
    tf.square(z * z + 1)
    tf.pow(1j * z, z / 2)


def sums(tf: Any) -> None:
    x = x_of(tf)
    tf.add_n([x, x, x])
    tf.add_n([x])
    tf.add_n([x], name="one")
    tf.add_n([1.0, 2.0])
    tf.add_n([x, x], name="two")
    tf.scalar_mul(2.0, x)
    tf.scalar_mul(tf.constant(3.0), x)
    tf.scalar_mul(2.0, tf.IndexedSlices(x, tf.constant([0, 1])))
    tf.cross(tf.ones([4, 3]), tf.ones([4, 3]))
    tf.cross([1.0, 2.0, 3.0], [3.0, 2.0, 1.0], name="c")
    tf.accumulate_n([x])


def sparse(tf: Any) -> None:
    s = tf.SparseTensor([[0, 0], [1, 2]], [1.0, 2.0], [3, 4])
    for name in ("abs", "negative", "sign", "square", "sqrt", "erf", "tanh"):
        getattr(tf, name)(s)
        getattr(tf, name)(s, name="given")
    tf.cast(s, tf.int32)
    tf.cast(s, tf.float32)
    tf.to_double(s)
    tf.abs(tf.SparseTensor([[0]], [1j], [3]))


def special(tf: Any) -> None:
    x = x_of(tf)
    tf.betainc(x, x, x)
    tf.betainc(2.0, 3.0, x, name="b")
    tf.betainc([2.0, 1.0], [3.0, 1.0], [0.5, 0.2])
    tf.check_numerics(x, "message")
    tf.check_numerics([1.0], "message", name="c")
    tf.verify_tensor_all_finite(x, "message")
    tf.verify_tensor_all_finite([1.0, 2.0], "message", name="v")


def check_numerics_ops(tf: Any) -> None:
    x = x_of(tf)
    tf.cast(x * 2.0, tf.int32)
    tf.exp(tf.cast(x, tf.float64))
    tf.add_check_numerics_ops()
    tf.add_check_numerics_ops()


def clip_by_value(tf: Any) -> None:
    x = x_of(tf)
    tf.clip_by_value(x, -1.0, 1.0)
    tf.clip_by_value([1.0, 2.0], 0.0, 1.0, name="n")
    tf.clip_by_value(x, tf.zeros([2, 3]), tf.constant(1.0))


def clip_by_norm(tf: Any) -> None:
    x, u = x_of(tf), x_of(tf, shape=None)
    tf.clip_by_norm(x, 2.0)
    tf.clip_by_norm(u, 2.0, name="k")
    tf.clip_by_norm(x, 2.0, axes=[0])
    tf.clip_by_norm([1.0, 2.0], tf.constant(1.0))
    tf.clip_by_average_norm(x, 2.0)
    tf.clip_by_average_norm(u, 2.0, name="k")
    tf.clip_by_average_norm(x, tf.constant(2.0))


def clip_by_global_norm(tf: Any) -> None:
    x, y = x_of(tf), x_of(tf, shape=(None, 3))
    slices = tf.IndexedSlices(y, tf.constant([0, 1]))
    tf.global_norm([x, None, slices])
    tf.global_norm([x], name="norm")
    tf.global_norm([])
    tf.clip_by_global_norm([x, None, slices], 2.0)
    tf.clip_by_global_norm([x, [1.0, 2.0]], 2.0, use_norm=tf.constant(1.0), name="given")
    tf.clip_by_global_norm((x,), tf.constant(2.0), name="named")


PROGRAMS = (
    one_operand, two_operands, integers, operators, logical, strings, casts, saturating,
    complex_numbers, sums, sparse, special, check_numerics_ops, clip_by_value, clip_by_norm,
    clip_by_global_norm,
)

# ---- gradients ----------------------------------------------------------------------------


def of_one(tf: Any) -> Any:
    x = x_of(tf)
    found = []
    for name in FLOATING:
        if not name.startswith("is_"):
            y = getattr(tf, name)(x)
            dy, = tf.gradients(y, x)
            found.append(dy)
            if dy is not None and name not in ("negative", "sign"):
                found.append(tf.gradients(dy, y)[0])
    return found


def of_two(tf: Any) -> Any:
    x, y = x_of(tf), x_of(tf, shape=(3,))
    found = []
    for name in PAIRS[: PAIRS.index("less")]:
        if name not in ("floormod", "mod", "truncatemod", "squared_difference"):
            found += tf.gradients(getattr(tf, name)(x, y), [x, y])
    return found


def of_several(tf: Any) -> Any:
    x = x_of(tf)
    vector = x_of(tf, shape=(4, 3))
    found = tf.gradients(tf.add_n([x, x * 2]), x)
    found += tf.gradients(tf.cross(vector, vector + 1), vector)
    found += tf.gradients(tf.check_numerics(x, "m"), x)
    found += tf.gradients(tf.cast(x, tf.float64), x)
    found += tf.gradients(tf.cast(tf.cast(x, tf.int32), tf.float32), x)
    found += tf.gradients(tf.clip_by_value(x, 0.0, 1.0), x)
    found += tf.gradients(tf.real(tf.complex(x, x)), x)
    found += tf.gradients(tf.imag(tf.conj(tf.complex(x, 2 * x))), x)
    found += tf.gradients(tf.abs(tf.complex(x, x)), x)
    return found


GRADIENTS = (of_one, of_two, of_several)

# ---- mistakes -----------------------------------------------------------------------------

# `p` makes a placeholder of a shape, `q` one of a value whose shape is not known.
BUILDING = [
    "tf.add(True, True)",
    "tf.sqrt(1)",
    "tf.constant(1) + 1.5",
    "1.5 - tf.constant(1)",
    "tf.add(1, 2.5)",
    "tf.constant(1.0) + tf.constant(1)",
    "tf.truediv(1, 2.0)",
    "tf.truediv(True, True)",
    "tf.constant(True) / tf.constant(True)",
    "tf.div(1, 2.0)",
    "tf.div(tf.constant(1), tf.constant(2.0))",
    "tf.constant(1) < 1.5",
    "tf.constant(1.0) < None",
    "tf.constant(1.0) + None",
    "tf.complex(1.0, tf.constant(1.0, tf.float64))",
    "tf.complex(1, 2)",
    "tf.scalar_mul([1.0, 2.0], tf.constant([1.0]))",
    'tf.conj("a")',
    "tf.conj(True)",
    "tf.imag(tf.constant(1.0))",
    "~tf.constant(1.0)",
    "tf.constant(True) & 1",
    "tf.saturate_cast(tf.constant(1j), tf.uint8)",
    'abs(tf.constant("a"))',
    "tf.abs(True)",
    "-tf.constant(True)",
    "tf.global_norm(tf.constant(1.0))",
    "tf.clip_by_value(tf.constant(1), 1.5, 2)",
    "tf.maximum(tf.constant(1.0), tf.constant(1))",
    'tf.square("a")',
    "tf.add_n([])",
    "tf.add_n(tf.constant([1.0]))",
    'tf.add_n([p([2]), p([2], "int32")])',
    "tf.add_n([p([2, 3]), p([2, 4])])",
    "tf.add_n([p([2]), p([2, 1])])",
    "tf.add_n([p([2]), p([2]), p([3])])",
    "tf.accumulate_n([])",
    "tf.accumulate_n([tf.constant(1.0), tf.constant(1)])",
    "tf.accumulate_n([tf.constant(1.0), tf.constant([1.0])])",
    "tf.pow(2, 3.0)",
    "tf.constant(2) ** 0.5",
    "tf.constant(1) // 2.5",
    "tf.constant(1j) % 2",
    'tf.constant(1.0) * "a"',
    "p([2]) + p([3])",
    'tf.multiply(p([2, 3]), p([2, 4]), name="m")',
    "tf.maximum(p([2, 3]), p([2]))",
    "p([2, 3]) < p([2])",
    'tf.bitcast(p([2, 3], "uint8"), tf.float32)',
    'tf.bitcast(p([], "uint8"), tf.float32)',
    "tf.betainc(p([2]), p([3]), p([2]))",
    "tf.betainc(p([2]), p([2, 1]), p([]))",
    "tf.logical_and(True, 1)",
    "tf.logical_not(tf.constant(1.0))",
    "tf.equal(tf.constant(1.0), tf.constant(1))",
    'tf.greater("a", "b")',
    "tf.lgamma(1)",
    "tf.is_nan(1)",
    'tf.is_non_decreasing(tf.constant(["a"]))',
    'tf.check_numerics(1, "m")',
    "tf.floor(1)",
    "tf.igamma(1.0, tf.constant(1.0, tf.float64))",
    "tf.cast(None, tf.float32)",
    'tf.cross("a", "b")',
]
RUNNING = [
    "tf.constant(1) // tf.constant(0)",
    "tf.constant([1, 2]) % tf.constant([1, 0])",
    "tf.div(tf.constant(1), 0)",
    "q(np.ones(2)) + q(np.ones(3))",
    "tf.maximum(q(np.ones(2)), q(np.ones(3)))",
    "tf.squared_difference(q(np.ones([2, 3])), q(np.ones(2)))",
    "tf.less(q(np.ones([2, 3])), q(np.ones(2)))",
    "q(np.array([1, 2])) // q(np.array([1, 2, 3]))",
    "tf.complex(q(np.ones(2)), q(np.ones(3)))",
    "tf.igamma(q(np.ones(2)), q(np.ones(3)))",
    "tf.pow(q(np.ones(2)), q(np.ones(3)))",
    "tf.betainc(q(np.ones(2)), q(np.ones(3)), np.ones(2))",
    'tf.bitcast(q(np.array([1], "uint8")), tf.float32)',
    'tf.check_numerics(np.array([1, np.nan]), "msg")',
    'tf.check_numerics(np.array([1, -np.inf]), "msg")',
    'tf.check_numerics(np.array([np.nan, -np.inf]), "msg")',
    'tf.verify_tensor_all_finite(np.array([np.nan, -np.inf]), "msg")',
    'tf.cast(tf.constant("1"), tf.float32)',
    "tf.cast(tf.constant(1.0), tf.string)",
    "tf.cross(np.array([1.0, 2.0]), np.array([1.0, 2.0]))",
    "tf.cross(q(np.ones([2, 3])), q(np.ones(3)))",
    "tf.cross(q(1.0), q(1.0))",
]


def observe(tf: Any, program: Any) -> Any:
    """The graph that a program builds."""
    tf.reset_default_graph()
    program(tf)
    return [
        [op._id, op.name, op.type, [t.name for t in op.inputs], [c.name for c in op.control_inputs]]
        for op in tf.get_default_graph().get_operations()
    ]


def names(tf: Any, program: Any) -> Any:
    """The names of the gradients that a program returns."""
    tf.reset_default_graph()
    return [None if g is None else g.name for g in program(tf)]


def mistake(tf: Any, what: str, running: bool) -> Any:
    """The class and the sentence of a mistake."""
    tf.reset_default_graph()
    space = {
        "tf": tf, "np": np,
        "p": lambda shape, dtype="float32": tf.placeholder(tf.as_dtype(dtype), shape),
        "q": lambda value: tf.placeholder_with_default(np.asarray(value), None),
    }
    try:
        built = eval(what, space)
        if running:
            with tf.Session() as session:
                session.run(built)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is compared
        text = error.message if running else str(error)  # type: ignore[attr-defined]
        return [type(error).__name__, text.split("\n\t [[Node")[0]]
    return ["", "no error"]


def main() -> None:
    """Print what a module does."""
    tf = importlib.import_module(sys.argv[1])
    json.dump({"graphs": {p.__name__: observe(tf, p) for p in PROGRAMS},
               "gradients": {p.__name__: names(tf, p) for p in GRADIENTS},
               "building": {e: mistake(tf, e, False) for e in BUILDING},
               "running": {e: mistake(tf, e, True) for e in RUNNING}}, sys.stdout)


if __name__ == "__main__":
    main()
