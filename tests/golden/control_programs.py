"""Small programs of random numbers, conditionals, loops and checks, as TensorFlow 1.1.0 runs them.

    python control_programs.py MODULE | gzip -9n > graphs_control.json.gz   # MODULE: tensorflow

In graphs_control.json.gz ``plain`` holds for each program without a conditional its operations:
[id, name, type, [input tensors], [control inputs], seeds] in the order they were made; ``bodies``
for each of the others the names and shapes of what it returns, the number of the last operation,
and all names; ``mistakes`` the class and the sentence of what is raised; ``runs`` the values of
fetches, run after run.
"""

# ruff: noqa: ARG005  # bodies take every loop variable, of use or not
import contextlib
import importlib
import json
import sys

import numpy as np

X = np.arange(6, dtype=np.float32).reshape(2, 3) / 3 - 0.5
TABLE = np.arange(10, dtype=np.float32).reshape(5, 2)


def xp(tf):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    return x, tf.placeholder(tf.bool, [], name="p")


def times(tf, count, body, *values):
    """The results of a loop that runs `body` on the loop variables after the first."""
    return tf.while_loop(
        lambda i, *rest: i < count,
        lambda i, *rest: (i + 1, *body(i, *rest)),
        (0, *values),
        parallel_iterations=1,
    )


# ---- graphs without bodies ----------------------------------------------------------------


def uniform(tf):
    tf.random_uniform([3]), tf.random_uniform((), dtype=tf.float64)
    tf.random_uniform([3], 1, 5, dtype=tf.int64, name="q")
    tf.random_uniform([2], -1.0, 1.0, seed=7)
    tf.random_uniform(np.array([2, 3]), dtype=tf.float16)
    p = tf.placeholder(tf.int32, [2])
    tf.random_uniform(p, minval=tf.constant([1.0, 2.0]), maxval=5.0)


def normal(tf):
    tf.random_normal([3], seed=1), tf.truncated_normal([2, 2], stddev=0.1)
    tf.random_normal([2, 3], mean=tf.constant(3.0), stddev=2, name="n")
    with tf.name_scope("a"):
        tf.random_normal([]), tf.truncated_normal([1], seed=9), tf.random_uniform([2])


def orders(tf):
    tf.random_shuffle([[1, 2], [3, 4]]), tf.random_shuffle(tf.constant([1, 2]), seed=3, name="sh")
    tf.multinomial([[1.0, 2.0]], 5)
    tf.multinomial(tf.constant([[1.0, 2.0]]), tf.constant(5), seed=2, name="m")
    tf.multinomial(tf.placeholder(tf.float32, [None, 3]), 4)


def unseeded(tf):
    tf.set_random_seed(None)
    tf.random_uniform([2]), tf.random_normal([2], seed=3), tf.random_shuffle([1, 2])


def ordering(tf):
    x, p = xp(tf)
    tf.no_op(), tf.no_op(name="q"), tf.group(), tf.group(x, p), tf.group(x, p.op, name="g")
    with tf.device("/cpu:0"):
        a = tf.constant(1)
    with tf.device("/gpu:0"):
        c = tf.constant(1)
    tf.group(a, tf.constant(2), c), tf.group(a)


def joining(tf):
    x, p = xp(tf)
    tf.tuple([x, p]), tf.tuple([x, None, x, p], name="t", control_inputs=[x, tf.no_op()])
    tf.tuple([tf.IndexedSlices(x, tf.constant([1]))])
    v = tf.Variable(1.0)
    tf.tuple([tf.assign(v, 2.0), v]), tf.group(v.initializer, tf.assign_add(v, 2.0))


def printing(tf):
    x, p = xp(tf)
    tf.Print(x, [x, p], "m", 3, 4), tf.Print([1, 2], ["a", 3.0])
    tf.Print(tf.Variable(1.0), [tf.Variable(2.0)], name="n")


def python_functions(tf):
    def same(x):
        return x

    tf.py_func(same, [1.0, "a"], tf.float32), tf.py_func(same, [], [])
    tf.py_func(same, [tf.constant(1.0)], [tf.float32, tf.int64], name="pp")
    tf.py_func(same, [tf.constant(1.0)], [tf.float32, tf.int64], stateful=False)


def plain_checks(tf):
    i = tf.placeholder(tf.int32, [None], name="i")
    s = tf.placeholder(tf.string, name="s")
    tf.assert_equal(i, i), tf.assert_less([1, 2], 3, message="m", name="n", summarize=5)
    tf.assert_equal(s, s), tf.assert_positive(i), tf.Assert(True, ["a", 1])
    tf.assert_rank(i, 1), tf.assert_rank_at_least(i, 0, name="r")
    tf.assert_rank(s, 2), tf.assert_rank(s, tf.placeholder(tf.int32)), tf.assert_integer(i)
    tf.assert_type([1.0], tf.float32, name="q")


PLAIN = (
    uniform,
    normal,
    orders,
    unseeded,
    ordering,
    joining,
    printing,
    python_functions,
    plain_checks,
)


# ---- graphs with bodies -------------------------------------------------------------------


def one_result(tf):
    x, p = xp(tf)
    return tf.cond(p, lambda: x * 2.0, lambda: x + 1.0)


def several_results(tf):
    x, p = xp(tf)
    return tf.cond(p, lambda: (x * 2.0, tf.constant(1)), lambda: [x + x, tf.constant(3)], name="c")


def a_list_of_one(tf):
    x, p = xp(tf)
    return tf.cond(p, lambda: [x * 2.0], lambda: x)


def operations(tf):
    x, p = xp(tf)
    return tf.cond(p, tf.no_op, lambda: tf.group(x)), tf.cond(p, lambda: x.op, tf.no_op)


def nested_conditionals(tf):
    x, p = xp(tf)
    y = tf.constant(3.0)
    return tf.cond(p, lambda: tf.cond(p, lambda: x * y, lambda: x), lambda: y * x * x)


def random_branches(tf):
    _, p = xp(tf)
    return tf.cond(p, lambda: tf.random_uniform([2]), lambda: tf.random_normal([2]))


def branch_shapes(tf):
    x, p = xp(tf)
    return (
        tf.cond(tf.reduce_sum(x) > 0.0, lambda: x, lambda: tf.zeros([2, 2])),
        tf.cond(p, lambda: tf.zeros([3]), lambda: tf.zeros([2, 2])),
    )


def assigning_branches(tf):
    _, p = xp(tf)
    v = tf.Variable(1.0, name="v")
    return (
        tf.cond(p, lambda: tf.assign(v, 2.0), lambda: tf.assign_add(v, v)),
        tf.cond(p, lambda: v, lambda: v + 1.0),
    )


def variables_in_branches(tf):
    _, p = xp(tf)
    return (
        tf.cond(p, lambda: tf.get_variable("w", [2]) * 2.0, lambda: tf.zeros([2])),
        tf.cond(p, lambda: tf.Variable(2.0, name="q") * 2.0, lambda: tf.zeros([])),
    )


def sparse_branches(tf):
    x, p = xp(tf)
    s = tf.SparseTensor([[0, 1]], [3.0], [2, 2])
    sparse = tf.cond(p, lambda: s, lambda: tf.SparseTensor([[0, 0]], [1.0], [2, 2]))
    slices = tf.cond(
        p,
        lambda: tf.IndexedSlices(x, tf.constant([1])),
        lambda: tf.IndexedSlices(x + 1.0, tf.constant([2])),
    )
    return sparse.indices, sparse.values, sparse.dense_shape, slices.values, slices.indices


def waiting(tf):
    x, p = xp(tf)

    def inside():
        with tf.control_dependencies([x]):
            return tf.constant(1.0)

    def outside():
        with tf.control_dependencies(None):
            c = tf.constant(1.0, name="outside")
        return c + 1.0

    with tf.control_dependencies([x]):
        first = tf.cond(p, inside, lambda: tf.constant(2.0))
    return first, tf.cond(p, outside, lambda: tf.constant(2.0))


def numpy_condition(tf):
    x, _ = xp(tf)
    return tf.cond(np.bool_(True), lambda: x, lambda: x)


def cases(tf):
    x, p = xp(tf)
    yes = tf.constant(True)
    return (
        tf.case([(p, lambda: x), (yes, lambda: x + 1.0)], default=lambda: x * x),
        tf.case([(p, lambda: x), (yes, lambda: x + 1.0)], lambda: x * x, exclusive=True),
        tf.case([(p, lambda: (x, x)), (yes, lambda: (x, x + 1.0))], lambda: (x * x, x)),
    )


def loops(tf):
    x, _ = xp(tf)
    first = tf.while_loop(lambda i: i < 10, lambda i: i + 1, [tf.constant(0)])
    second = tf.while_loop(lambda i, a: i < 10, lambda i, a: (i + 1, a * x), (0, x), name="lo")
    third = tf.while_loop(lambda i: i < 10, lambda i: [i + 1], [0])
    return (first, second, third)


def nested_variables(tf):
    return tf.while_loop(
        lambda i, s: i < 10, lambda i, s: (i + 1, [s[0] + s[1], s[0]]), (0, [1.0, 2.0])
    )


def invariants(tf):
    return tf.while_loop(
        lambda i, m: i < 10,
        lambda i, m: [i + 1, tf.concat([m, m], 0)],
        [0, tf.ones([2, 2])],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 2])],
    )


def sparse_loop(tf):
    x, _ = xp(tf)
    s = tf.SparseTensor([[0, 1]], [3.0], [2, 2])

    def body(i, s, t):
        return (
            i + 1,
            tf.SparseTensor(s.indices, s.values * 2.0, s.dense_shape),
            tf.IndexedSlices(t.values + 1.0, t.indices),
        )

    _, s, t = tf.while_loop(
        lambda i, s, t: i < 3, body, [0, s, tf.IndexedSlices(x, tf.constant([0, 1]))]
    )
    return s.indices, s.values, s.dense_shape, t.values, t.indices


def conditional_in_loop(tf):
    x, p = xp(tf)
    y = tf.constant(4.0)
    return tf.while_loop(
        lambda i, a: i < 10, lambda i, a: (i + 1, tf.cond(p, lambda: a * y, lambda: a + y)), (0, x)
    )


def loop_in_loop(tf):
    x, _ = xp(tf)
    y = tf.constant(4)

    def body(i, a):
        inner = tf.while_loop(lambda j, b: j < i, lambda j, b: [j + 1, b * x], [0, a])
        return i + y, inner[1]

    return tf.while_loop(lambda i, a: i < y, body, (0, x))


def guarded_checks(tf):
    x, p = xp(tf)
    y = tf.placeholder(tf.float32, None, name="y")
    v = tf.Variable(1.0)
    found = [tf.Assert(p, ["a", 1.0, x, x, y], summarize=2, name="z"), tf.Assert(p, [v, v, "x"])]
    for name in ("equal", "none_equal", "less", "less_equal", "greater", "greater_equal"):
        check = getattr(tf, "assert_" + name)
        found += [
            check(x, y),
            check(x, 1.0, message="m", name="n", summarize=5),
            check(x, y, data=["d", y, 2.5, y]),
        ]
    for name in ("negative", "positive", "non_negative", "non_positive"):
        check = getattr(tf, "assert_" + name)
        found += [check(x), check(x, data=["q"]), check([1.0], message="m", name="k")]
    found += [
        tf.assert_rank(x, 1 + 1, data=["aa", x]),
        tf.assert_rank(y, 2, data=["aa", x], name="r"),
    ]
    with tf.control_dependencies([tf.assert_equal(x, y)]):
        return [*found, tf.identity(x)]


def checks_in_branches(tf):
    x, p = xp(tf)

    def branch():
        with tf.control_dependencies([tf.Assert(tf.reduce_all(x > 0.0), [x])]):
            return x * 2.0

    return tf.cond(p, branch, lambda: x)


BODIES = (
    one_result,
    several_results,
    a_list_of_one,
    operations,
    nested_conditionals,
    random_branches,
    branch_shapes,
    assigning_branches,
    variables_in_branches,
    sparse_branches,
    waiting,
    numpy_condition,
    cases,
    loops,
    nested_variables,
    invariants,
    sparse_loop,
    conditional_in_loop,
    loop_in_loop,
    guarded_checks,
    checks_in_branches,
)


# ---- mistakes -----------------------------------------------------------------------------


def up(i):
    return i + 1


def below(i, *_):
    return i < 3


def fed(tf, shape, value, function):
    p = tf.placeholder(tf.int32, shape)
    with tf.Session() as session:
        session.run(function(p), {p: value})


def failing(tf, condition, data, **options):
    with tf.Session() as session:
        session.run(tf.Assert(condition, data, **options))


MISTAKES = {
    "complex uniform": lambda tf: tf.random_uniform([2], dtype=tf.complex64),
    "complex normal": lambda tf: tf.random_normal([2], dtype=tf.complex64),
    "integers without maxval": lambda tf: tf.random_uniform([2], dtype=tf.int32),
    "int8": lambda tf: tf.random_uniform([2], 0, 9, dtype=tf.int8),
    "int32 normal": lambda tf: tf.random_normal([2], dtype=tf.int32),
    "scalar shape": lambda tf: tf.random_uniform(3),
    "matrix shape": lambda tf: tf.random_uniform([[3]]),
    "float shape": lambda tf: tf.random_uniform([2.5]),
    "text mean": lambda tf: tf.random_normal([2], mean="a"),
    "vector logits": lambda tf: tf.multinomial([1.0, 2.0], 3),
    "vector of sample counts": lambda tf: tf.multinomial([[1.0, 2.0]], [3]),
    "text logits": lambda tf: tf.multinomial(["a"], 3),
    "float sample count": lambda tf: tf.multinomial([[1.0, 2.0]], 3.0),
    "scalar shape fed": lambda tf: fed(tf, None, 3, tf.random_uniform),
    "matrix shape fed": lambda tf: fed(tf, None, [[1]], tf.random_normal),
    "negative size fed": lambda tf: fed(tf, None, [-1], tf.truncated_normal),
    "empty range": lambda tf: fed(
        tf, None, 5, lambda p: tf.random_uniform([2], p, 5, dtype=tf.int32)
    ),
    "vector bound": lambda tf: fed(
        tf, None, [1], lambda p: tf.random_uniform([2], p, 5, dtype=tf.int32)
    ),
    "no samples": lambda tf: fed(tf, None, -3, lambda p: tf.multinomial([[1.0]], p)),
    "no classes": lambda tf: fed(
        tf, None, 3, lambda p: tf.multinomial(np.zeros((2, 0), np.float32), p)
    ),
    "python condition": lambda tf: tf.cond(True, tf.no_op, tf.no_op),
    "fn1": lambda tf: tf.cond(tf.constant(True), 1, tf.no_op),
    "fn2": lambda tf: tf.cond(tf.constant(True), tf.no_op, 1),
    "nothing": lambda tf: tf.cond(tf.constant(True), lambda: None, lambda: None),
    "empty": lambda tf: tf.cond(tf.constant(True), list, list),
    "one and two": lambda tf: tf.cond(
        tf.constant(True), tf.no_op, lambda: [tf.no_op(), tf.no_op()]
    ),
    "float and int": lambda tf: tf.cond(
        tf.constant(True), lambda: tf.constant(1.0), lambda: tf.constant(1)
    ),
    "float condition": lambda tf: tf.cond(tf.constant(1.0), tf.no_op, tf.no_op),
    "vector condition": lambda tf: tf.cond(tf.constant([True, False]), tf.no_op, tf.no_op),
    "no condition": lambda tf: tf.cond(None, tf.no_op, tf.no_op),
    "no loop variables": lambda tf: tf.while_loop(below, up, []),
    "loop condition": lambda tf: tf.while_loop(3, up, [0]),
    "loop body": lambda tf: tf.while_loop(below, 3, [0]),
    "parallel iterations": lambda tf: tf.while_loop(below, up, [0], parallel_iterations=0),
    "half iterations": lambda tf: tf.while_loop(below, up, [0], parallel_iterations=1.5),
    "two for one": lambda tf: tf.while_loop(below, lambda i: (i + 1, i), [0]),
    "int loop condition": lambda tf: tf.while_loop(lambda i: i, up, [0]),
    "vector loop condition": lambda tf: tf.while_loop(lambda i: tf.constant([True]), up, [0]),
    "no loop condition": lambda tf: tf.while_loop(lambda i: None, up, [0]),
    "no result": lambda tf: tf.while_loop(below, lambda i: None, [0]),
    "number for loop variables": lambda tf: tf.while_loop(below, up, 0),
    "tensor for loop variables": lambda tf: tf.while_loop(below, up, tf.constant(0)),
    "growing": lambda tf: tf.while_loop(
        below, lambda i, m: (i + 1, tf.concat([m, m], 0)), [0, tf.ones([2, 2])]
    ),
    "wrong invariant": lambda tf: tf.while_loop(
        below,
        lambda i, m: (i + 1, m),
        [0, tf.ones([2, 2])],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([3, None])],
    ),
    "an invariant short": lambda tf: tf.while_loop(
        below, lambda i, m: (i + 1, m), [0, tf.ones([2, 2])], shape_invariants=[tf.TensorShape([])]
    ),
    "invariants of another kind": lambda tf: tf.while_loop(
        below,
        lambda i, m: (i + 1, m),
        [0, tf.ones([2, 2])],
        shape_invariants=[tf.TensorShape([]), 3],
    ),
    "deeper": lambda tf: tf.while_loop(below, lambda i, m: (i + 1, [m]), [0, tf.ones([2, 2])]),
    "tuple for list": lambda tf: tf.while_loop(
        below, lambda i, m: (i + 1, (m[0], m[1])), [0, [1, 2]]
    ),
    "case of a number": lambda tf: tf.case(3, tf.no_op),
    "case of triples": lambda tf: tf.case([(tf.constant(True), tf.no_op, 3)], tf.no_op),
    "case of int": lambda tf: tf.case([(tf.constant(1), tf.no_op)], tf.no_op),
    "case without function": lambda tf: tf.case([(tf.constant(True), 3)], tf.no_op),
    "case without default": lambda tf: tf.case([(tf.constant(True), tf.no_op)], 3),
    "group of a number": lambda tf: tf.group(3),
    "group with a keyword": lambda tf: tf.group(tf.constant(1), foo=3),
    "tuple of nothing": lambda tf: tf.tuple([None]),
    "tuple waiting for a number": lambda tf: tf.tuple([tf.constant(1)], control_inputs=[3]),
    "assert a number": lambda tf: tf.Assert(1, [1]),
    "assert a number, guarded": lambda tf: tf.Assert(1, [1.0]),
    "assert without a list": lambda tf: tf.Assert(True, 3),
    "assert without data": lambda tf: tf.Assert(True, []),
    "assert a vector": lambda tf: tf.Assert([True, False], [1.0]),
    "print a number": lambda tf: tf.Print(1, 3),
    "print nothing": lambda tf: tf.Print(1, []),
    "failing": lambda tf: failing(tf, False, ["x"]),
    "failing with values": lambda tf: failing(tf, False, [1, 2.5, "x", np.array([1, 2, 3, 4])]),
    "failing with a matrix": lambda tf: failing(
        tf, False, [np.arange(6.0).reshape(2, 3)], summarize=5
    ),
    "failing with texts": lambda tf: failing(
        tf, False, ["a b", "", np.array(["q", "r"]), b"\xff\n'\""]
    ),
    "failing with numbers": lambda tf: failing(
        tf,
        False,
        [
            True,
            np.float64(1 / 3),
            np.float32(1 / 3),
            np.float16(0.1),
            np.int8(-3),
            1e10,
            123456789.0,
            1e-10,
            np.inf,
            np.nan,
            np.zeros((0, 2)),
            2**40,
        ],
    ),
    "failing with no element shown": lambda tf: failing(tf, False, ["s"], summarize=0),
    "failing of a vector": lambda tf: failing(tf, np.array([True, False]), ["s"]),
    "not less": lambda tf: fed(tf, [None], [1, 5], lambda p: tf.assert_less(p, 3)),
    "not positive": lambda tf: fed(
        tf, [None], [1, -5], lambda p: tf.assert_positive(tf.to_float(p), message="oh")
    ),
    "wrong rank": lambda tf: tf.assert_rank(xp(tf)[0], 3, message="m"),
    "low rank": lambda tf: tf.assert_rank_at_least(xp(tf)[0], 3),
    "wrong rank in the run": lambda tf: fed(tf, None, [1], lambda p: tf.assert_rank(p, 2)),
    "vector rank": lambda tf: tf.assert_rank(tf.placeholder(tf.float32), [2]),
    "float rank": lambda tf: tf.assert_rank(tf.placeholder(tf.float32), 2.0),
    "not integer": lambda tf: tf.assert_integer(xp(tf)[0], message="m"),
    "not the type": lambda tf: tf.assert_type(xp(tf)[0], tf.int32, message="m"),
    "no iterable": lambda tf: tf.assert_proper_iterable(3),
    "text for an iterable": lambda tf: tf.assert_proper_iterable("abc"),
    "array for an iterable": lambda tf: tf.assert_proper_iterable(np.zeros(3)),
    "py_func without a list": lambda tf: tf.py_func(up, 3.0, tf.float32),
}


# ---- runs ---------------------------------------------------------------------------------
# Each builds a graph and returns what to run first, then pairs of fetches and feeds.


def conditional(tf):
    x, p = xp(tf)
    r = tf.cond(p, lambda: x * x * 2.0, lambda: tf.exp(x))
    first = tf.gradients(r, x)
    return None, [([r, *first, *tf.gradients(first, x)], {x: X, p: b}) for b in (True, False)]


def conditional_of_two(tf):
    x, p = xp(tf)
    y, z = tf.constant(3.0) * 2.0, tf.reduce_sum(x)
    r = tf.cond(p, lambda: (x * y, z * z), lambda: (x + 1.0, y * y * y))
    return None, [(r + tf.gradients(r, [x, y, z]), {x: X, p: b}) for b in (True, False)]


def conditionals(tf):
    x, p = xp(tf)
    q = tf.placeholder(tf.bool, [], name="q")
    y = tf.constant(2.0) * 1.0
    r = tf.cond(
        p,
        lambda: tf.cond(q, lambda: x * y * x, lambda: tf.sin(x) * y),
        lambda: tf.cond(q, lambda: y * y * x, lambda: x),
    )
    first = tf.gradients(r, [x, y])
    fetches = [r, *first, *tf.gradients(first[0], [x])]
    return None, [(fetches, {x: X, p: a, q: b}) for a in (True, False) for b in (True, False)]


def loop(tf):
    x, _ = xp(tf)
    y, n = tf.constant(1.5) * 1.0, tf.placeholder(tf.int32, [], name="n")
    r = times(tf, n, lambda i, a: [a * y + tf.sin(a) * x], x)
    return None, [(list(r) + tf.gradients(r[1], [x, y]), {x: X, n: k}) for k in (0, 1, 2, 5)]


def loop_of_conditionals(tf):
    x, p = xp(tf)
    y = tf.constant(1.5) * 1.0

    def body(i, a):
        return [
            tf.cond(
                tf.equal(i % 2, 0),
                lambda: a * y,
                lambda: tf.cond(p, lambda: a + x * y, lambda: a * a),
            )
        ]

    r = times(tf, 4, body, x)
    return None, [(list(r) + tf.gradients(r[1], [x, y]), {x: X, p: b}) for b in (True, False)]


def conditional_of_loops(tf):
    x, p = xp(tf)
    y = tf.constant(1.5) * 1.0
    r = tf.cond(p, lambda: times(tf, 3, lambda i, a: [a * y * x], x)[1], lambda: x * y)
    return None, [([r, *tf.gradients(r, [x, y])], {x: X, p: b}) for b in (True, False)]


def loop_of_loops(tf):
    x, _ = xp(tf)
    y = tf.constant(1.1) * 1.0

    def body(i, a):
        return [times(tf, i + 1, lambda j, b: [b * y + x * tf.to_float(i)], a)[1]]

    r = times(tf, 3, body, x)
    return None, [(list(r) + tf.gradients(r[1], [x, y]), {x: X})]


def recurrent_net(tf):
    x, _ = xp(tf)
    w, b = tf.placeholder(tf.float32, [3, 3], name="w"), tf.zeros([3]) + 0.1
    r = times(tf, 4, lambda i, a: [tf.tanh(tf.matmul(a, w) + b)], x)
    fetches = list(r) + tf.gradients(tf.reduce_sum(r[1] * r[1]), [x, w, b])
    weights = np.eye(3) + 0.1 * np.arange(9).reshape(3, 3)
    return None, [(fetches, {x: X, w: weights})]


def growing_loop(tf):
    x, _ = xp(tf)
    r = tf.while_loop(
        lambda i, m: i < 3,
        lambda i, m: [i + 1, tf.concat([m, m * 2.0], 0)],
        [0, x],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 3])],
    )
    return None, [(r + tf.gradients(r[1], [x]), {x: X})]


def lookups(tf):
    t = tf.placeholder(tf.float32, [5, 2], name="t")
    _, p = xp(tf)
    a = times(tf, 3, lambda i, a: [a + tf.gather(t, [i, 4]) * a], tf.ones([2, 2]))[1]
    b = tf.cond(p, lambda: tf.gather(t, [0, 1, 1]) * 2.0, lambda: tf.gather(t, [4]))
    c = tf.cond(p, lambda: tf.gather(t, [0, 1, 1]) * 2.0, lambda: tf.zeros([1, 2]))
    d = tf.cond(p, lambda: tf.gather(t, [0, 1, 1]) * 2.0, lambda: t * t)
    fetches = [a, b, c, d]
    fetches += [tf.convert_to_tensor(tf.gradients(r, t)[0]) for r in (a, b, c, d)]
    return None, [(fetches, {t: TABLE, p: b}) for b in (True, False)]


def nested_loop_variables(tf):
    x, _ = xp(tf)
    r = tf.while_loop(
        lambda i, s: i < 5, lambda i, s: (i + 1, [s[0] + s[1], s[0]]), (0, [x, x * 2.0])
    )
    return None, [([r[0], r[1][0], r[1][1], *tf.gradients(r[1][0], x)], {x: X})]


def constant_loop_variables(tf):
    x, _ = xp(tf)
    y = tf.exp(x)
    r = times(tf, 3, lambda i, a, b, c: (b, a * c, c), x, y, x * 3.0)
    s = times(tf, 3, lambda i, a, c: (a * c, c), x, y)
    fetches = [*r, *s, *tf.gradients(list(r[1:3]), [x, y]), *tf.gradients(list(s[1:]), [x, y])]
    return None, [(fetches, {x: X})]


def sparse_loop_variables(tf):
    s = tf.SparseTensor([[0, 1], [1, 0]], [3.0, 4.0], [2, 2])

    def body(i, s):
        return i + 1, tf.SparseTensor(s.indices, s.values * 2.0, s.dense_shape)

    _, r = tf.while_loop(lambda i, s: i < 3, body, [0, s])
    return None, [([r.indices, r.values, r.dense_shape], {})]


def choosing_a_case(tf):
    x, _ = xp(tf)
    k = tf.placeholder(tf.int32, [], name="k")
    r = tf.case([(tf.equal(k, 1), lambda: x), (tf.less(k, 3), lambda: x * 2.0)], lambda: x * x)
    return None, [([r, *tf.gradients(r, x)], {x: X, k: i}) for i in (1, 2, 3)]


def branches_taken(tf):
    _, p = xp(tf)
    return None, [([tf.cond(p, tf.no_op, tf.no_op)], {p: b}) for b in (True, False)]


def assigning(tf):
    _, p = xp(tf)
    v = tf.Variable(1.0, name="v")
    r = tf.cond(p, lambda: tf.assign(v, 5.0), lambda: tf.assign_add(v, 2.0))
    return v.initializer, [([r], {p: True}), ([v], {}), ([r], {p: False}), ([v], {})]


def assigning_in_a_loop(tf):
    v = tf.Variable(0.0, name="v")
    w = tf.Variable([1.0, 2.0], name="w")

    def count(i, a):
        with tf.control_dependencies([tf.assign_add(v, tf.to_float(i))]):
            return [a * 2.0]

    r = times(tf, 5, count, 1.0)
    s = times(tf, 3, lambda i, a: [tf.assign(w, a * 3.0) + 1.0], tf.constant([1.0, 1.0]))
    fetches = [*r, *s]
    return tf.global_variables_initializer(), [(fetches, {}), ([v, w], {})] * 2


def variable_in_a_branch(tf):
    x, p = xp(tf)

    def branch():
        return x * tf.get_variable("w", [3], initializer=tf.constant_initializer(2.0))

    r = tf.cond(p, branch, lambda: x)
    fetches = [r, *tf.gradients(r, tf.global_variables())]
    return tf.global_variables_initializer(), [(fetches, {x: X, p: b}) for b in (True, False)]


def variable_in_a_loop(tf):
    x, _ = xp(tf)
    make = tf.random_uniform_initializer(seed=3)
    r = times(tf, 3, lambda i, a: [a * tf.get_variable("w", [3], initializer=make)], x)
    fetches = list(r) + tf.gradients(r[1], tf.global_variables())
    return tf.global_variables_initializer(), [(fetches, {x: X})]


def random_numbers_in_branches(tf):
    x, p = xp(tf)
    r = tf.cond(p, lambda: x * tf.random_uniform([3]), lambda: x * x * tf.random_normal([3]))
    fetches = [r, *tf.gradients(r, x)]
    return None, [(fetches, {x: X, p: b}) for b in (True, False, True)]


def random_numbers_in_a_loop(tf):
    x, _ = xp(tf)
    y = tf.constant(1.0) * 2.0
    r = times(tf, 4, lambda i, a: [a * y * tf.random_uniform([3]) + x], x)
    return None, [(list(r) + tf.gradients(r[1], [x, y]), {x: X})] * 2


def random_numbers_everywhere(tf):
    x, p = xp(tf)
    y = tf.constant(1.0) * 2.0

    def inner(i, a):
        return times(tf, i, lambda j, b: [b * tf.random_uniform([]) + a * y], a)[1]

    def body(i, a):
        return [
            tf.cond(tf.equal(i % 2, 0), lambda: a * tf.random_uniform([3]) * y, lambda: inner(i, a))
        ]

    r = times(tf, 4, body, x)
    s = tf.cond(
        p, lambda: times(tf, 3, lambda i, a: [a * y * tf.random_uniform([3])], x)[1], lambda: x * y
    )
    fetches = [*list(r), s, *tf.gradients(r[1], [x, y]), *tf.gradients(s, [x, y])]
    return None, [(fetches, {x: X, p: b}) for b in (True, False)]


def random_number_of_iterations(tf):
    x, _ = xp(tf)
    y = tf.constant(1.0) * 2.0
    r = tf.while_loop(lambda i, a: tf.random_uniform([]) < 0.8, lambda i, a: (i + 1, a * y), [0, x])
    return None, [(list(r) + tf.gradients(r[1], [x, y]), {x: X})] * 2


def random_numbers_after(tf):
    x, p = xp(tf)
    tf.cond(p, lambda: x, lambda: x + 1.0)
    times(tf, 3, lambda i, a: [a], x)
    tf.Assert(p, [x, "s", 1.5])
    return None, [([tf.random_uniform([3]), tf.random_shuffle(tf.range(5))], {})]


def assigning_under_a_gradient(tf):
    x, p = xp(tf)
    v, y = tf.Variable(2.0, name="v"), tf.constant(3.0) * 1.0
    r = tf.cond(p, lambda: x * tf.assign_add(v, 1.0) * y, lambda: x)
    fetches = [r, *tf.gradients(r, [x, y])]
    return v.initializer, [(fetches, {x: X, p: True}), ([v], {}), (fetches, {x: X, p: False})]


def counting_calls(tf):
    x, _ = xp(tf)
    y, calls = tf.constant(3.0) * 1.0, []

    def count(_):
        calls.append(1)
        return np.float32(len(calls))

    def body(i, a):
        number = tf.py_func(count, [i], tf.float32)
        number.set_shape([])
        return [a * y * number]

    r = times(tf, 3, body, x)
    return None, [(list(r) + tf.gradients(r[1], [x, y]), {x: X})] * 2


def first_values(tf):
    v = tf.Variable(tf.constant([1.0, 2.0]), name="v")
    w = tf.Variable(v.initialized_value() * 2.0, name="w")
    return tf.global_variables_initializer(), [([v, w], {})]


def waiting_inside(tf):
    _, p = xp(tf)
    v = tf.Variable(0.0, name="v")
    add = tf.assign_add(v, 1.0)

    def branch():
        with tf.control_dependencies([add]):
            return tf.constant(1.0)

    r = tf.cond(p, branch, lambda: tf.constant(2.0))
    return v.initializer, [([r], {p: True}), ([v], {})]


def training(tf):
    x, _ = xp(tf)
    w = tf.Variable([[0.1], [0.2], [0.3]], name="w")
    h = times(tf, 3, lambda i, a: [tf.tanh(a + tf.matmul(x, w))], tf.zeros([2, 1]))[1]
    loss = tf.reduce_sum(h * h)
    step = tf.assign_sub(w, 0.1 * tf.gradients(loss, w)[0])
    return w.initializer, [([loss], {x: X}), ([step], {x: X}), ([step], {x: X}), ([loss], {x: X})]


def training_in_a_branch(tf):
    x, p = xp(tf)
    w = tf.Variable([[1.0], [2.0], [3.0]], name="w")
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w)))
    r = tf.cond(p, lambda: tf.train.AdamOptimizer(0.1).minimize(loss), tf.no_op)
    runs = [([r], {x: X, p: b}) for b in (True, False, True)]
    return tf.global_variables_initializer(), [*runs, ([w], {}), ([loss], {x: X})]


def printed(tf):
    x, _ = xp(tf)
    y = tf.Print(x * 2.0, [x], "x=")
    return None, [([y, *tf.gradients(y, x)], {x: X})]


def called(tf):
    x, _ = xp(tf)

    def function(a, b):
        return np.float32(2) * a + b, np.int64(7)

    return None, [(tf.py_func(function, [x, x], [tf.float32, tf.int64]), {x: X})]


RUNS = (
    conditional,
    conditional_of_two,
    conditionals,
    loop,
    loop_of_conditionals,
    conditional_of_loops,
    loop_of_loops,
    recurrent_net,
    growing_loop,
    lookups,
    nested_loop_variables,
    constant_loop_variables,
    sparse_loop_variables,
    choosing_a_case,
    branches_taken,
    assigning,
    assigning_in_a_loop,
    variable_in_a_branch,
    variable_in_a_loop,
    random_numbers_in_branches,
    random_numbers_in_a_loop,
    random_numbers_everywhere,
    random_number_of_iterations,
    random_numbers_after,
    assigning_under_a_gradient,
    counting_calls,
    first_values,
    waiting_inside,
    training,
    training_in_a_branch,
    printed,
    called,
)


# ---- recording ----------------------------------------------------------------------------


def start(tf):
    tf.reset_default_graph()
    tf.set_random_seed(42)


def seeds(op):
    found = []
    for key in ("seed", "seed2"):
        with contextlib.suppress(ValueError):
            found.append(op.get_attr(key))
    return found


def plain(tf, program):
    """The operations that a program makes."""
    start(tf)
    program(tf)
    return [
        [
            op._id,
            op.name,
            op.type,
            [t.name for t in op.inputs],
            [c.name for c in op.control_inputs],
            seeds(op),
        ]
        for op in tf.get_default_graph().get_operations()
    ]


def flat(value):
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in flat(item)]
    return [value]


def bodies(tf, program):
    """What a program returns, the number of its last operation, and all names."""
    start(tf)
    found = flat(program(tf))
    graph = tf.get_default_graph()
    shapes = [[r.name, str(r.get_shape()) if isinstance(r, tf.Tensor) else ""] for r in found]
    return {
        "results": shapes,
        "last": graph._last_id,
        "names": [op.name for op in graph.get_operations()],
    }


def mistake(tf, title):
    """The class of what is raised, and the sentence."""
    start(tf)
    try:
        MISTAKES[title](tf)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is recorded
        sentence = str(getattr(error, "message", None) or error).split("[[Node")[0].strip()
        return [type(error).__name__, sentence]
    return None


def run(tf, program):
    """The values of a program's fetches, run after run."""
    start(tf)
    first, runs = program(tf)
    with tf.Session() as session:
        if first is not None:
            session.run(first)
        return [
            [np.asarray(v).tolist() for v in session.run(fetches, feeds)] for fetches, feeds in runs
        ]


def main():
    tf = importlib.import_module(sys.argv[1])
    json.dump(
        {
            "plain": {p.__name__: plain(tf, p) for p in PLAIN},
            "bodies": {p.__name__: bodies(tf, p) for p in BODIES},
            "mistakes": {title: mistake(tf, title) for title in MISTAKES},
            "runs": {p.__name__: run(tf, p) for p in RUNS},
        },
        sys.stdout,
        sort_keys=True,
        separators=(",", ":"),
    )
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
