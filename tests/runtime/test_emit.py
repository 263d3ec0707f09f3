"""The generated function: memory shared in place, views, names and results of the caller's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.runtime import passes
from skflow.runtime.emit import Code
from skflow.runtime.plan import Lowering
from skflow.runtime.products import parts_of
from skflow.runtime.state import State
from tests import op_checks
from tests.interpreter import Interpreter

ROWS, _ = op_checks.tables()


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def code_of(fetches: Any, shapes: dict[Any, Any]) -> Code:
    state = State()
    plan = Lowering(state).lower(fetches, list(shapes), list(shapes.values()))
    passes.merge_updates(plan)
    passes.schedule(plan)
    return Code(plan, state, lambda op: op)


# ---- what the runtime takes for granted of kernels ----------------------------------------


@pytest.mark.parametrize(
    "row", [pytest.param(r, id=r.id) for r in ROWS if not r.definition.context]
)
def test_kernels_share_no_memory_and_may_run_in_place(row: Any) -> None:
    """Fresh outputs unless declared a view; elementwise ones may overwrite any input."""
    definition = row.definition
    for _, args in [*op_checks.choices(row)][:2]:
        with tf.Graph().as_default():
            built = op_checks.build(row, args, op_checks.fed, op_checks.fixed)
        arrays = list(built.arrays)
        outputs = definition.compute(arrays, built.op.attrs)
        if not definition.view and arrays:
            for out in outputs:
                assert out.flags.writeable
                assert not any(np.shares_memory(out, a) for a in arrays if out.size)
        if not (definition.out and definition.elementwise and definition.simple):
            continue
        kernel, (expected,) = definition.bind_kernel(built.op.attrs), outputs
        for i, array in enumerate(arrays):
            if array.shape == expected.shape and array.dtype == expected.dtype:
                copies = [a.copy() for a in arrays]
                with np.errstate(all="ignore"):
                    kernel(*copies, out=copies[i])
                np.testing.assert_array_equal(copies[i], expected)


# ---- memory -------------------------------------------------------------------------------


def test_a_chain_of_elementwise_steps_takes_one_piece() -> None:
    x = tf.placeholder(tf.float32, [100])
    y = tf.tanh(tf.exp(tf.square(x) + 1.0)) * 2.0
    code = code_of([tf.reduce_sum(y)], {x: (100,)})
    assert code.nbytes < 2 * 400


def test_views_and_steps_in_place() -> None:
    """A value, its views and its transpose, used together and fetched or not."""
    values = np.random.default_rng(0).standard_normal((4, 4))
    x = tf.placeholder(tf.float64, [4, 4])
    a = tf.exp(x)
    turned, flat, deep = tf.transpose(a), tf.reshape(a, [16]), tf.expand_dims(a, 0)
    e = np.exp(values)
    cases = [
        (a + turned, e + e.T),
        (tf.tanh(a) + turned * tf.reshape(flat, [4, 4]), np.tanh(e) + e.T * e),
        (tf.square(tf.reshape(turned, [16])), np.square(e.T.reshape(16))),
        (tf.negative(turned) - a, -e.T - e),
        (tf.matmul(turned, a) + turned, e.T @ e + e.T),
        (tf.reshape(tf.exp(turned), [2, 8]), np.exp(e.T).reshape(2, 8)),
        (tf.squeeze(deep) + turned, e + e.T),
        (tf.transpose(tf.tanh(tf.transpose(a) + 1.0)) + turned, np.tanh(e + 1) + e.T),
    ]
    with tf.Session() as session:
        for y, expected in cases:
            for more in ([], [a], [turned], [flat, deep]):
                found = session.run([y * 1.5, *more], {x: values})
                np.testing.assert_allclose(found[0], expected * 1.5, rtol=1e-12)
        for found, (_, expected) in zip(
            session.run([y for y, _ in cases], {x: values}), cases, strict=True
        ):
            np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_large_values_are_let_go() -> None:
    x = tf.placeholder(tf.float32)
    y = tf.reduce_sum(tf.exp(x))
    text = code_of([y], {x: (None,)}).text
    assert text.count(" = None") == 2  # what was fed, and its exponential


# ---- results ------------------------------------------------------------------------------


def test_results_that_only_pass_through() -> None:
    """Steps that wait for others do not vanish; what they give is a copy all the same."""
    x = tf.placeholder(tf.float32, [3])
    with tf.control_dependencies([tf.check_numerics(x + 1.0, "why")]):
        passed = [
            tf.identity(x),
            tf.cast(x, tf.float32),
            tf.add_n([x]),
            tf.reshape(x, [3]),
            tf.stop_gradient(x),
            tf.tile(x, [1]),
            tf.slice(x, [0], [3]),
            x[:],
            tf.pad(x, [[0, 0]]),
            tf.concat([x], 0),
            tf.transpose(x),
            tf.split(x, 1)[0],
            tf.check_numerics(x, "why"),
            tf.squeeze(x),
            tf.gather(x, [0, 1, 2]),
            tf.cond(tf.constant(True), lambda: x, lambda: x),
            tf.while_loop(lambda i, _: i < 0, lambda i, a: (i + 1, a), [0, x])[1],
        ]
    fed = np.ones(3, np.float32)
    with tf.Session() as session:
        for fetches in [list(dict.fromkeys(passed)), *[[p] for p in passed]]:
            for _ in range(2):
                for found in session.run(fetches, {x: fed}):
                    assert found.tolist() == [1.0, 1.0, 1.0]
                    found[...] = 5.0
    assert fed.tolist() == [1.0, 1.0, 1.0]


def test_loops_and_conditionals_do_not_give_variables_away() -> None:
    v = tf.Variable([1.0, 2.0])
    chosen = tf.cond(tf.constant(True), v.value, lambda: v * 2.0)
    looped = tf.while_loop(lambda i, _: i < 0, lambda i, a: (i + 1, a), [0, v.value()])[1]
    update = tf.assign_add(v, [1.0, 1.0])
    with tf.Session() as session:
        session.run(v.initializer)
        for k in (0.0, 1.0):
            for found in session.run([chosen, looped, update.op])[:2]:
                assert found.tolist() == [1.0 + k, 2.0 + k]
                found[...] = 9.0
        assert session.run(v).tolist() == [3.0, 4.0]


# ---- products -----------------------------------------------------------------------------


@pytest.mark.parametrize("turn_a", [False, True])
@pytest.mark.parametrize("turn_b", [False, True])
def test_products_that_do_not_fit(turn_a: bool, turn_b: bool) -> None:
    """The error tells the operands' own shapes, turned or not."""
    x, y = (tf.placeholder(tf.float32, [None, None]) for _ in range(2))
    product = tf.matmul(x, y, turn_a, turn_b)
    turned = tf.matmul(tf.exp(x), y, turn_a, turn_b)
    with tf.Session() as session:
        for fetch in (product, turned):
            with pytest.raises(
                tf.errors.InvalidArgumentError,
                match=r"Matrix size-incompatible: In\[0\]: \[2,3\], In\[1\]: \[4,5\]",
            ):
                session.run(fetch, {x: np.ones((2, 3)), y: np.ones((4, 5))})


def test_products_of_what_is_no_matrix() -> None:
    x = tf.placeholder(tf.float32)
    product = tf.get_default_graph().create_op(
        "MatMul", [x, x], [tf.float32], attrs={"transpose_a": False, "transpose_b": False}
    )
    with tf.Session() as session:
        assert session.run(product.outputs[0], {x: np.ones((2, 2))}).tolist() == [[2, 2], [2, 2]]
        for shape in [(3,), (2, 2, 2), ()]:
            with pytest.raises(tf.errors.InvalidArgumentError, match="not a matrix"):
                session.run(product.outputs[0], {x: np.ones(shape)})


@pytest.mark.parametrize("shape", [(400, 300, 400), (3, 4000, 3000), (4000, 3000, 3)], ids=str)
def test_large_products_are_whole(shape: tuple[int, int, int]) -> None:
    """Halves of a product lie where they belong, by rows or by columns, fetched or not."""
    n, k, m = shape
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((n, k)), rng.standard_normal((k, m))
    x, y = tf.placeholder(tf.float64, [n, k]), tf.placeholder(tf.float64, [k, m])
    product = tf.matmul(x, y)
    turned = tf.matmul(y, x, transpose_a=True, transpose_b=True)
    with tf.Session() as session:
        found = session.run([product, product + 0.0, turned], {x: a, y: b})
    for array, expected in zip(found, [a @ b, a @ b, (a @ b).T], strict=True):
        np.testing.assert_allclose(array, expected, rtol=1e-9, atol=1e-9)


def test_a_column_times_a_row() -> None:
    """Each element is one product: not a number nor infinite where it is one of such."""
    column, row = np.array([[1.0], [-2.0], [np.inf]]), np.array([[3.0, 0.0, -5.0, np.nan]])
    x, y = tf.placeholder(tf.float64, [None, 1]), tf.placeholder(tf.float64, [1, 4])
    turned = tf.matmul(y, x, transpose_a=True, transpose_b=True)
    with tf.Session() as session:
        for rows in (3, 2, 1):  # shapes known to the plan and open ones
            found = session.run([tf.matmul(x, y), turned], {x: column[:rows], y: row})
            with np.errstate(invalid="ignore"):
                np.testing.assert_array_equal(found[0], column[:rows] * row)
                np.testing.assert_array_equal(found[1], (column[:rows] * row).T)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64, tf.complex64])
def test_where_products_are_cut(dtype: Any) -> None:
    """The parts are whole rows or columns, none is empty, and all are of about the same size."""
    for n, k, m in [(40, 600, 900), (8, 5000, 1000), (500, 500, 500), (33, 10_000, 40)]:
        x, y = tf.placeholder(dtype, [n, k]), tf.placeholder(dtype, [k, m])
        plan = Lowering(State()).lower([tf.matmul(x, y)], [x, y], [(n, k), (k, m)])
        split = parts_of(plan.nodes[-1])
        assert split is not None
        by_rows, ends, _ = split
        assert ends[-1] == (n if by_rows else m) == max(n, m)
        sizes = np.diff([0, *ends])
        assert len(sizes) > 1
        assert sizes.min() > 0
        assert np.ptp(sizes) < 32  # they are rounded
        assert not (np.array(ends[:-1]) % (8 if by_rows else 16)).any()


def test_gradients_are_worked_out_where_the_update_reads_them() -> None:
    """Neither the penalty's part nor the loss's takes memory of its own, and both count."""
    x = tf.placeholder(tf.float64, [50, 300])
    w = tf.Variable(np.full((300, 40), 0.5))
    loss = tf.reduce_sum(tf.matmul(x, w)) + 3.0 * tf.nn.l2_loss(w)
    train = tf.train.GradientDescentOptimizer(0.25).minimize(loss)
    code = code_of([train], {x: (50, 300)})
    assert code.nbytes < 2 * 300 * 40 * 8
    fed = np.random.default_rng(0).standard_normal((50, 300))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train, {x: fed})
        expected = 0.5 - 0.25 * (fed.sum(axis=0)[:, None] + 3.0 * 0.5)
        np.testing.assert_allclose(session.run(w), np.repeat(expected, 40, axis=1), rtol=1e-12)


def test_sums_of_few_rows_are_worked_out_in_place() -> None:
    """As those of biases' gradients are: without a copy, and as exactly as by the kernel."""
    x = tf.placeholder(tf.float32, [50, 30])
    w, bias = tf.Variable(tf.ones([30, 20])), tf.Variable(tf.ones([20]))
    out = tf.tanh(tf.matmul(x, w) + bias)
    train = tf.train.GradientDescentOptimizer(0.5).minimize(tf.reduce_sum(tf.square(out)))
    code = code_of([train], {x: (50, 30)})
    (total,) = [n for n in code.plan.nodes if n.definition.type == "Sum"]
    assert code.place(total.outputs[0]) == "gradients"
    fed = np.random.default_rng(0).standard_normal((50, 30)).astype(np.float32)
    interpreter = Interpreter()
    with tf.Session() as session:
        for runner in (session, interpreter):
            runner.run([tf.global_variables_initializer()])
        for _ in range(3):
            session.run(train, {x: fed})
            interpreter.run([train], {x: fed})
        for found, wanted in zip(
            session.run([w, bias]), interpreter.run([w.value(), bias.value()]), strict=True
        ):
            np.testing.assert_array_equal(found, wanted)


def test_one_number_for_many() -> None:
    """A constant that is not written out is whole wherever that might matter."""
    zeros, twos = tf.zeros([300, 40]), tf.fill([40], 2.0) + tf.constant(0.0, shape=[40])
    v = tf.Variable(zeros)
    with tf.Session() as session:
        session.run(v.initializer)
        found = session.run([zeros, v, tf.matmul(zeros + 1.0, tf.constant(3.0, shape=[40, 2]))])
        assert session.run(twos).tolist() == [2.0] * 40
    assert [f.shape for f in found] == [(300, 40), (300, 40), (300, 2)]
    assert all(f.flags.writeable and f.flags.c_contiguous for f in found)
    assert not found[0].any()
    assert not found[1].any()
    assert (found[2] == 120.0).all()
