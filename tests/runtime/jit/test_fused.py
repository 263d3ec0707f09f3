"""Plans with kernels in the place of steps do what the plans of steps do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.runtime.jit.hot import compiling
from tests.compiled import Beside, compiled_types

X = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32)


def session_pair(build: Any, **settings: Any) -> tuple[Beside, Any]:
    with tf.Graph().as_default() as graph:
        made = build()
    return Beside(graph, **settings), made


# ---- what is fed and given ------------------------------------------------------------------


def test_feeds_of_every_layout() -> None:
    def build() -> Any:
        x = tf.placeholder(tf.float32, [6, 4])
        s = tf.placeholder(tf.float32, [])
        y = tf.nn.relu(x * 2.0 + s)
        return x, s, [y, tf.matmul(y, x, transpose_b=True), x, tf.identity(x), y + x]

    beside, (x, s, fetches) = session_pair(build)
    raw = np.zeros(6 * 4 * 4 + 1, np.uint8)
    misaligned = raw[1:].view(np.float32).reshape(6, 4)
    misaligned[...] = X
    read_only = X.copy()
    read_only.flags.writeable = False
    layouts = [X, np.asfortranarray(X), np.repeat(X, 2, 0)[::2], X.astype(">f4"), read_only]
    layouts += [misaligned, X[::-1], np.broadcast_to(X[:1], (6, 4)), X.tolist(), X.astype(int)]
    with beside:
        beside.train(fetches, [{x: a, s: i * 0.5} for i, a in enumerate(layouts)])
        kept = beside.run(fetches, {x: X, s: 1.0})
        copies = [a.copy() for a in kept]
        for array in kept:
            array[...] = 0
        beside.run(fetches, {x: X * 3, s: 2.0})
        for array, old in zip(beside.run(fetches, {x: X, s: 1.0}), copies, strict=True):
            np.testing.assert_array_equal(array, old)


def test_constants_of_every_layout() -> None:
    def build() -> Any:
        x = tf.placeholder(tf.float32, [6, 4])
        turned = tf.transpose(tf.constant(X.T.copy()))  # folded: it lies column by column
        same = tf.constant(2.5, shape=[6, 4])
        w = tf.constant(np.asfortranarray(X))
        narrow = tf.constant(np.random.default_rng(1).standard_normal((3000, 4)), tf.float32)
        product = tf.matmul(narrow, x, transpose_b=True)
        return x, [x * turned, x + same - w, product, tf.matmul(x, turned, transpose_a=True)]

    beside, (x, fetches) = session_pair(build)
    with beside:
        beside.train(fetches, [{x: X * k} for k in (1, 2, 3)])


def test_a_matrix_and_its_own_transpose() -> None:
    def build() -> Any:
        a, b = (tf.placeholder(tf.float32, [40, 30]) for _ in range(2))
        v = tf.Variable(np.random.default_rng(3).standard_normal((20, 20)), dtype=tf.float32)
        y = a * 2.0
        z = tf.reshape(y, [40, 30]) + 0.0
        pairs = [(a, b), (y, y), (y, z), (a, a), (v + 0.0, v), (tf.identity(v), v.read_value())]
        found = [tf.matmul(p, q, transpose_a=True) for p, q in pairs]
        return (a, b), found + [tf.matmul(p, q, transpose_b=True) for p, q in pairs]

    beside, ((a, b), fetches) = session_pair(build)
    big = np.random.default_rng(0).standard_normal((40, 30)).astype(np.float32)
    with beside:
        beside.train(fetches, [{a: big, b: big}, {a: big, b: big.copy()}, {a: big, b: big}])


@pytest.mark.parametrize("in_body", [False, True])
def test_shapes_that_were_promised(in_body: bool) -> None:
    """Nothing is read or written beyond what is there."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [5])
        size = tf.placeholder(tf.int32, [])

        def promised() -> Any:
            y = tf.py_func(lambda a, n: np.resize(a, int(n)), [x, size], tf.float32)
            y.set_shape([1000])
            return y

        y = tf.cond(x[0] > 0, promised, lambda: tf.zeros([1000])) if in_body else promised()
        z = tf.nn.relu(y * 2.0) + 1.0
    with Beside(graph) as beside:
        for session in (beside.plain, beside.compiled):
            assert session.run(z, {x: np.ones(5), size: 1000}).sum() == 3000
        tf.wait_until_compiled()
        for session in (beside.plain, beside.compiled):
            for count in (3, 999, 1_000_000):
                with pytest.raises(tf.errors.InvalidArgumentError, match="Incompatible shapes"):
                    session.run(z, {x: np.ones(5), size: count})
            assert session.run(z, {x: np.ones(5), size: 1000}).sum() == 3000


# ---- variables ------------------------------------------------------------------------------


def test_reads_and_writes_in_order() -> None:
    def build() -> Any:
        x = tf.placeholder(tf.float32, [6, 4])
        v = tf.Variable(np.ones((6, 4), np.float32))
        w = tf.Variable(np.zeros((6, 4), np.float32))
        old = tf.identity(v)
        view = tf.reshape(v.read_value(), [4, 6])
        first = tf.assign(v, tf.nn.relu(old + x) * 0.5)
        with tf.control_dependencies([first]):
            late = view * 3.0 + 1.0
            second = tf.assign_add(w, tf.reshape(view, [6, 4]))
            after = v.read_value() * 2.0
        with tf.control_dependencies([second]):
            third = tf.assign_sub(v, w.read_value() * 0.1)
        return x, [late, old, after, third.op, w.read_value() - x]

    beside, (x, fetches) = session_pair(build)
    with beside:
        beside.train(fetches[:4], [{x: X * k} for k in range(1, 6)])
        beside.plain.run(beside.variables[0].assign(X))
        beside.compiled.run(beside.variables[0].assign(X))
        beside.train(fetches[:3], [{x: X * k} for k in range(1, 4)])


def test_swapped_and_counted() -> None:
    def build() -> Any:
        a, b = (tf.Variable(k + np.zeros((3, 3), np.float32)) for k in range(2))
        count = tf.Variable(0, trainable=False)
        flags = tf.Variable(np.array([True, False]))
        old_a, old_b = tf.identity(a), tf.identity(b)
        with tf.control_dependencies([old_a, old_b]):
            swap = [tf.assign(a, old_b * 1.5), tf.assign(b, old_a + 1.0)]
        whole = tf.assign_add(tf.Variable([2**31 - 2, 5]), [1, 1])
        turned = tf.assign(flags, tf.logical_not(flags.read_value()))
        return [*swap, tf.assign_add(count, 1), whole, turned, tf.cast(count, tf.float32) * 0.1]

    beside, fetches = session_pair(build)
    with beside:
        beside.train(list(fetches[:5]), [None] * 5)


def test_a_variable_of_another_shape() -> None:
    """Kernels are made for shapes; when a variable gets another one, they are not run."""

    def build() -> Any:
        v = tf.Variable(np.ones((3, 2), np.float32), validate_shape=False)
        value = tf.placeholder(tf.float32)
        return value, tf.assign(v, value, validate_shape=False), [tf.exp(v * 2.0) + 1.0]

    beside, (value, change, fetches) = session_pair(build)
    with beside:
        beside.run(fetches)
        tf.wait_until_compiled()
        for shape in ((3, 2), (70, 90), (3, 2), (1, 1)):
            beside.run([change.op], {value: np.full(shape, 0.5)})
            beside.run(fetches)


OPTIMIZERS = {
    "sgd": lambda: tf.train.GradientDescentOptimizer(0.1),
    "momentum": lambda: tf.train.MomentumOptimizer(0.1, 0.9),
    "nesterov": lambda: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "adagrad": lambda: tf.train.AdagradOptimizer(0.1),
    "rmsprop": lambda: tf.train.RMSPropOptimizer(0.01, momentum=0.5),
    "adam": lambda: tf.train.AdamOptimizer(0.01),
    "adadelta": lambda: tf.train.AdadeltaOptimizer(0.5),
    "ftrl": lambda: tf.train.FtrlOptimizer(0.1),
    "centered": lambda: tf.train.RMSPropOptimizer(0.01, centered=True),
}


@pytest.mark.parametrize(
    "dtype",
    [
        pytest.param(tf.float32, id="float32"),
        pytest.param(tf.float64, id="float64", marks=pytest.mark.soak),
    ],
)
def test_optimizers(dtype: Any) -> None:
    """All kinds in one graph, each with weights of its own and a rate that is computed."""

    def build() -> Any:
        x = tf.placeholder(dtype, [6, 4])
        steps = []
        for make in OPTIMIZERS.values():
            w = tf.Variable(tf.constant(np.linspace(-1, 1, 12).reshape(4, 3), dtype))
            b = tf.Variable(tf.zeros([3], dtype))
            loss = tf.reduce_mean(tf.square(tf.tanh(tf.matmul(x, w) + b) - 0.5))
            steps.append(make().minimize(loss))
        return x, steps

    beside, (x, steps) = session_pair(build)
    with beside:
        beside.train(steps, [{x: X * (1 + 0.1 * k)} for k in range(6)])
        if compiling.available:
            assert {"ApplyAdam", "ApplyMomentum"} <= set(compiled_types(beside.compiled))


def test_one_gradient_for_several_optimizers() -> None:
    def build() -> Any:
        x = tf.placeholder(tf.float32, [6, 4])
        a, b, c, d = (tf.Variable(np.full((4, 3), 0.1 * k, np.float32)) for k in range(4))
        loss = tf.reduce_sum(tf.square(tf.matmul(x, a)))
        (g,) = tf.gradients(loss, [a])
        rate = tf.exp(tf.reduce_mean(x)) * 0.01
        steps = [
            tf.train.GradientDescentOptimizer(rate).apply_gradients([(g, a), (g, b)]),
            tf.train.AdamOptimizer(0.1).apply_gradients([(g, c)]),
            tf.train.FtrlOptimizer(0.1).apply_gradients([(g * 2.0, d)]),
        ]
        return x, steps, g

    for fetch in (False, True):
        beside, (x, steps, g) = session_pair(build)
        with beside:
            fetches = [*steps, g] if fetch else steps
            beside.train(fetches, [{x: X * (1 + 0.1 * k)} for k in range(5)])


# ---- errors ---------------------------------------------------------------------------------


def test_labels_out_of_range() -> None:
    """The error is that of the first tier, and nothing has been changed."""

    def build() -> Any:
        x, labels = tf.placeholder(tf.float32, [6, 4]), tf.placeholder(tf.int32, [6])
        w = tf.Variable(X[:4, :4])
        hidden = tf.nn.relu(tf.matmul(x, w))
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=hidden)
        again = tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=labels + 1 - 1, logits=tf.matmul(hidden, w) * tf.reduce_mean(losses)
        )
        loss = tf.reduce_mean(losses + again)
        return x, labels, [loss, tf.train.AdamOptimizer(0.01).minimize(loss)]

    beside, (x, labels, fetches) = session_pair(build)
    good = np.array([0, 1, 2, 3, 0, 1])
    with beside:
        beside.train(fetches, [{x: X, labels: good}] * 3)
        for bad in (4, -1, 2**30):
            wrong = good.copy()
            wrong[2] = bad
            messages = []
            for session in (beside.plain, beside.compiled):
                with pytest.raises(tf.errors.InvalidArgumentError) as caught:
                    session.run(fetches, {x: X * np.nan, labels: wrong})
                messages.append(str(caught.value))
            assert messages[0] == messages[1]
            beside.compare_variables("after an error:")
            beside.run(fetches, {x: X, labels: good})


# ---- bodies ---------------------------------------------------------------------------------


def test_bodies() -> None:
    def build() -> Any:
        x = tf.placeholder(tf.float32, [6, 4])
        v = tf.Variable(np.ones((6, 4), np.float32))

        def body(i: Any, a: Any) -> Any:
            return i + 1, tf.nn.relu(a * 0.9 + x) - tf.exp(-a)

        _, y = tf.while_loop(lambda i, _: i < 40, body, [0, v + x])
        branch = tf.cond(tf.reduce_sum(x) > 0, lambda: y * 2.0 + 1.0, lambda: tf.tanh(y) - 1.0)
        return x, [branch + 1.0, y * 0.5]

    beside, (x, fetches) = session_pair(build)
    with beside:
        beside.train(fetches, [{x: X * k} for k in (1, -1, 2, -2)])


# ---- threads --------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [pytest.param(1, marks=pytest.mark.soak), 2])
def test_large_steps_are_shared(threads: int) -> None:
    def build() -> Any:
        rng = np.random.default_rng(1)
        x, labels = tf.placeholder(tf.float32, [200, 300]), tf.placeholder(tf.int64, [200])
        w = [
            tf.Variable(0.1 * rng.standard_normal(s), dtype=tf.float32)
            for s in ((300, 200), (200, 10))
        ]
        hidden = tf.nn.relu(tf.matmul(x, w[0]))
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=labels, logits=tf.matmul(hidden, w[1])
        )
        loss = tf.reduce_mean(losses)
        return x, labels, [loss, tf.train.AdamOptimizer(0.01).minimize(loss)]

    beside, (x, labels, fetches) = session_pair(build, intra_op_parallelism_threads=threads)
    rng = np.random.default_rng(2)
    with beside:
        beside.train(
            fetches,
            [
                {x: rng.standard_normal((200, 300)), labels: rng.integers(0, 10, 200)}
                for _ in range(20)
            ],
        )


def test_a_step_along_a_product_of_the_variable_itself() -> None:
    """The product is made whole before any part of the variable is changed."""

    def build() -> Any:
        rng = np.random.default_rng(1)
        x = tf.placeholder(tf.float32, [256, 256])
        v = [tf.Variable(rng.standard_normal((256, 256)), dtype=tf.float32) for _ in range(2)]
        gradients = [tf.matmul(v[0], x), tf.matmul(v[0], v[1])]
        optimizer = tf.train.MomentumOptimizer(0.001, 0.9)
        return x, [optimizer.apply_gradients(zip(gradients, v, strict=True))]

    beside, (x, fetches) = session_pair(build)
    rng = np.random.default_rng(2)
    with beside:
        beside.train(fetches, [{x: rng.standard_normal((256, 256))} for _ in range(5)])


# ---- memory that lies otherwise -------------------------------------------------------------


def test_feeds_that_numpy_adds_in_another_order() -> None:
    """Products and sums hang on how arrays lie: of such feeds they are left to NumPy."""

    def build() -> Any:
        x, y = (tf.placeholder(tf.float32, [40, 30]) for _ in range(2))
        v = tf.Variable(np.zeros((40, 1), np.float32))
        w = tf.constant(np.random.default_rng(1).standard_normal((30, 1)), tf.float32)
        first = tf.assign_add(v, tf.matmul(x, w) * 0.5)
        with tf.control_dependencies([first]):
            late = tf.py_func(lambda a: a, [tf.reduce_sum(y, 0) * 2.0], tf.float32)
            sums = [tf.reduce_sum(y, 1) * 2.0, tf.reduce_mean(y) + 1.0, tf.matmul(y, w) * 2.0]
        return (x, y), [first.op, late, tf.reduce_sum(x, 0) * 2.0, *sums]

    beside, ((x, y), fetches) = session_pair(build)
    a = np.random.default_rng(2).standard_normal((40, 30)).astype(np.float32)
    raw = np.zeros(a.nbytes + 1, np.uint8)
    misaligned = raw[1:].view(np.float32).reshape(a.shape)
    misaligned[...] = a
    others = [np.asfortranarray(a), a[::-1], np.repeat(a, 2, 1)[:, ::2], misaligned]
    with beside:
        beside.train(fetches, [{x: a, y: a}, *[{x: b, y: a} for b in others]])
        beside.train(fetches, [{x: a, y: a}, *[{x: a, y: b} for b in others], {x: a, y: a}])
        if compiling.available:
            assert compiled_types(beside.compiled)  # it goes on with what lies as usual


def test_values_that_a_transposition_has_turned() -> None:
    """NumPy hands the order of elements on, and multiplies by it."""

    def build() -> Any:
        x = tf.placeholder(tf.float64, [2, 30])
        turned = tf.nn.softplus(tf.transpose(x))  # lies column by column
        w = tf.constant(np.random.default_rng(1).standard_normal((2, 1)))
        doubled = turned * 2.0
        found = [tf.matmul(turned, w), tf.reduce_sum(turned, 1), turned, doubled]
        return x, [*found, tf.matmul(doubled, w), tf.matmul(x, turned), tf.exp(x) * 2.0 + 1.0]

    beside, (x, fetches) = session_pair(build)
    rng = np.random.default_rng(2)
    with beside:
        beside.train(fetches, [{x: rng.standard_normal((2, 30))} for _ in range(4)])


def test_a_gradient_that_is_a_view() -> None:
    """It is copied to where the step reads it before any part of the step is made."""

    def build() -> Any:
        w = tf.Variable(np.linspace(-1, 1, 90_000, dtype=np.float32).reshape(300, 300))
        x = tf.placeholder(tf.float32, [90_000])
        loss = tf.reduce_sum(tf.square(tf.reshape(w, [-1]) * x))
        return x, [tf.train.AdamOptimizer(0.01).minimize(loss)]

    beside, (x, fetches) = session_pair(build)
    rng = np.random.default_rng(0)
    with beside:
        beside.train(fetches, [{x: rng.standard_normal(90_000)} for _ in range(3)])


def test_numbers_that_regions_share_with_steps() -> None:
    """A number has one place in memory, whoever puts it there and whoever took it before."""

    def build() -> Any:
        x = tf.placeholder(tf.float64, [])
        inside = tf.tanh(x) * 2.0
        between = tf.floor(inside)  # a step in NumPy between two regions
        u, v = tf.Variable(np.float64(1.0)), tf.Variable(np.float64(2.0))
        with tf.control_dependencies([tf.assign_add(u, 0.75)]):  # nobody reads it: another one
            after = tf.tanh(v.read_value() + 0.5)
        with tf.control_dependencies([after]):
            return x, [tf.exp(between) * inside + 1.0, after, tf.assign(v, 0.75).op]

    beside, (x, fetches) = session_pair(build)
    with beside:
        beside.train(fetches, [{x: k + 0.5} for k in range(4)])
