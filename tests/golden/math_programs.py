"""Small programs whose graphs are compared operation by operation with TensorFlow 1.1.0's.

    python math_programs.py MODULE > graphs_math.json      # MODULE: tensorflow (1.1.0)

graphs_math.json is what TensorFlow 1.1.0 printed: for each program a list of
[id, name, type, [input tensors], [control inputs]] in the order the operations were made.
"""
import importlib
import json
import sys


def x_of(tf, dtype="float32", shape=(2, 3)):
    return tf.placeholder(tf.as_dtype(dtype), shape, name="p")


FLOATING = ("sqrt rsqrt reciprocal exp expm1 log log1p sin cos tan asin acos atan tanh sigmoid "
            "floor ceil rint round abs negative sign square lgamma digamma erf erfc is_nan is_inf "
            "is_finite").split()
PAIRS = ("add subtract multiply div divide truediv realdiv floordiv floor_div floormod mod "
         "truncatemod pow maximum minimum squared_difference less less_equal greater "
         "greater_equal equal not_equal igamma igammac zeta polygamma").split()


def one_operand(tf):
    x = x_of(tf)
    for name in FLOATING:
        function = getattr(tf, name)
        function(x)
        function(x, name="given")
        function([1.0, 2.0])
        with tf.name_scope("scope"):
            function(0.5, name="inner")


def two_operands(tf):
    x = x_of(tf)
    for name in PAIRS:
        function = getattr(tf, name)
        function(x, x)
        function(x, 2.0, name="given")
        function([1.0, 2.0], x[0, :2])
        function(2.0, 3.0, name="constants")


def integers(tf):
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
    x / 2, 2 / x, x // 2, 2 // x, x % 2, 2 % x, x ** 2, 2 ** x, abs(x), -x


def operators(tf):
    x, y = x_of(tf), x_of(tf)
    x + y, x + 1, 1 + x, x + 1.5, x - y, x - 1, 1 - x, x * y, x * 2, 2 * x
    x / y, x / 2, 2 / x, x // y, x // 2, 2 // x, x % y, x % 2, 2 % x, x ** y, x ** 2, 2 ** x
    x < y, x < 1, x <= y, x <= 1, x > y, 1 < x, x >= y, 1 <= x
    -x, abs(x), -(-x)
    x.__div__(y), x.__div__(2), x.__rdiv__(2)
    with tf.name_scope("inside"):
        x + y, x + 1, (x + 1) * (x - 1)
    b, c = x_of(tf, "bool"), x_of(tf, "bool")
    b & c, b & True, True & b, b | c, b | False, False | b, b ^ c, b ^ True, True ^ b, ~b


def logical(tf):
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


def strings(tf):
    s = x_of(tf, "string")
    s + "b", "b" + s
    tf.add(s, s)
    tf.equal(s, "a")
    tf.not_equal("a", s, name="n")


def casts(tf):
    x, i = x_of(tf), x_of(tf, "int32")
    tf.cast(x, tf.int32)
    tf.cast(x, tf.float32)
    tf.cast(x, "float64")
    tf.cast(x, tf.float32, name="same")
    tf.cast(x, tf.int64, name="given")
    tf.cast(3, tf.float32)
    tf.cast([1.5], tf.float32)
    tf.to_float(x), tf.to_float(i), tf.to_float(i), tf.to_double(x), tf.to_double(x, name="d")
    tf.to_int32(x), tf.to_int64(x), tf.to_int32([1.5])
    tf.bitcast(x, tf.int32)
    tf.bitcast(x, tf.uint8, name="bits")
    tf.bitcast([1.0], tf.int32)


def saturating(tf):
    x, i = x_of(tf), x_of(tf, "int32")
    tf.saturate_cast(x, tf.uint8)
    tf.saturate_cast(x, tf.float64, name="wide")
    tf.saturate_cast(i, tf.int8, name="narrow")
    tf.saturate_cast(x, tf.float32)
    tf.saturate_cast(x, tf.float16)
    tf.saturate_cast([1.0, 300.0], tf.uint8)


def complex_numbers(tf):
    x, d, z = x_of(tf), x_of(tf, "float64"), x_of(tf, "complex64")
    tf.complex(x, x)
    tf.complex(d, d, name="wide")
    tf.complex(1.0, 2.0)
    tf.real(z), tf.real(z, name="r"), tf.real(x), tf.real(x)
    tf.imag(z), tf.imag(z, name="i")
    tf.conj(z), tf.conj(z, name="c"), tf.conj(x), tf.conj([1.0, 2.0]), tf.conj(z)
    tf.abs(z), abs(z), tf.abs(z, name="a"), tf.abs(x_of(tf, "complex128"))
    tf.sign(z), tf.square(z), z * z, z + 1, 1j * z, z / 2
    tf.pow(z, z)


def sums(tf):
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


def sparse(tf):
    s = tf.SparseTensor([[0, 0], [1, 2]], [1.0, 2.0], [3, 4])
    for name in ("abs", "negative", "sign", "square", "sqrt", "erf", "tanh"):
        getattr(tf, name)(s)
        getattr(tf, name)(s, name="given")
    tf.cast(s, tf.int32)
    tf.cast(s, tf.float32)
    tf.to_double(s)
    tf.abs(tf.SparseTensor([[0]], [1j], [3]))


def special(tf):
    x = x_of(tf)
    tf.betainc(x, x, x)
    tf.betainc(2.0, 3.0, x, name="b")
    tf.betainc([2.0, 1.0], [3.0, 1.0], [0.5, 0.2])
    tf.check_numerics(x, "message")
    tf.check_numerics([1.0], "message", name="c")
    tf.verify_tensor_all_finite(x, "message")
    tf.verify_tensor_all_finite([1.0, 2.0], "message", name="v")


def check_numerics_ops(tf):
    x = x_of(tf)
    tf.cast(x * 2.0, tf.int32)
    tf.exp(tf.cast(x, tf.float64))
    tf.add_check_numerics_ops()
    tf.add_check_numerics_ops()


def clip_by_value(tf):
    x = x_of(tf)
    tf.clip_by_value(x, -1.0, 1.0)
    tf.clip_by_value([1.0, 2.0], 0.0, 1.0, name="n")
    tf.clip_by_value(x, tf.zeros([2, 3]), tf.constant(1.0))


def clip_by_norm(tf):
    x, u = x_of(tf), x_of(tf, shape=None)
    tf.clip_by_norm(x, 2.0)
    tf.clip_by_norm(u, 2.0, name="k")
    tf.clip_by_norm(x, 2.0, axes=[0])
    tf.clip_by_norm([1.0, 2.0], tf.constant(1.0))
    tf.clip_by_average_norm(x, 2.0)
    tf.clip_by_average_norm(u, 2.0, name="k")
    tf.clip_by_average_norm(x, tf.constant(2.0))


def clip_by_global_norm(tf):
    x, y = x_of(tf), x_of(tf, shape=(None, 3))
    slices = tf.IndexedSlices(y, tf.constant([0, 1]))
    tf.global_norm([x, None, slices])
    tf.global_norm([x], name="norm")
    tf.global_norm([])
    tf.clip_by_global_norm([x, None, slices], 2.0)
    tf.clip_by_global_norm([x, [1.0, 2.0]], 2.0, use_norm=tf.constant(1.0), name="given")
    tf.clip_by_global_norm((x,), tf.constant(2.0), name="named")


PROGRAMS = (one_operand, two_operands, integers, operators, logical, strings, casts, saturating,
            complex_numbers, sums, sparse, special, check_numerics_ops, clip_by_value,
            clip_by_norm, clip_by_global_norm)


def recorded(tf, program):
    tf.reset_default_graph()
    program(tf)
    return [
        [op._id, op.name, op.type, [t.name for t in op.inputs], [c.name for c in op.control_inputs]]
        for op in tf.get_default_graph().get_operations()]


def main():
    tf = importlib.import_module(sys.argv[1])
    for i, program in enumerate(PROGRAMS):
        lines = ",\n  ".join(json.dumps(line) for line in recorded(tf, program))
        sys.stdout.write('%s"%s": [\n  %s]' % (",\n" if i else "{", program.__name__, lines))
    sys.stdout.write("}\n")


if __name__ == "__main__":
    main()
