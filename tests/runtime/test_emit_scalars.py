"""Single numbers flow as NumPy scalars: bit by bit what kernels make of them, without a warning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import skflow as tf
from tests.interpreter import Interpreter

NUMBERS: Final = {
    tf.float32: [0.0, -0.0, 1.5, -2.0, 3e38, 1e-45, -1e-38, np.inf, -np.inf, np.nan],
    tf.float64: [0.0, -0.0, 1.5, -2.0, 1e308, 5e-324, -1e-308, np.inf, -np.inf, np.nan],
    tf.int32: [0, 1, -1, 7, 2**31 - 1, -(2**31)],
    tf.int64: [0, 1, -1, 7, 2**63 - 1, -(2**63)],
}
ANY: Final = [tf.add, tf.subtract, tf.multiply, tf.maximum, tf.minimum]
ONE: Final = [tf.negative, tf.square, tf.abs, tf.sign, tf.identity]
FLOATS: Final = [tf.sin, tf.exp, tf.sqrt, tf.log, tf.tanh, tf.sigmoid, tf.nn.relu, tf.reciprocal]
ORDER: Final = [tf.less, tf.less_equal, tf.greater, tf.greater_equal, tf.equal, tf.not_equal]


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def bits(value: Any) -> Any:
    """What a number is, to the last bit; one NaN is like another."""
    array = np.asarray(value)
    return array.dtype, array.shape, "nan" if array != array else array.tobytes()  # noqa: PLR0124


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_programs_of_numbers(data: Any) -> None:
    """Fed, constant and variable numbers, alone and beside arrays."""
    dtype = data.draw(st.sampled_from(list(NUMBERS)))
    some = st.sampled_from(NUMBERS[dtype])
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(dtype, [])
        v = tf.Variable(data.draw(some), dtype=dtype)
        initialize = tf.global_variables_initializer()
        values = [x, v.value(), tf.constant(data.draw(some), dtype)]
        if dtype.is_floating:
            values.append(tf.reduce_sum(tf.stack([x, x])))
        truths = []
        for _ in range(data.draw(st.integers(1, 8))):
            a, b = (data.draw(st.sampled_from(values)) for _ in range(2))
            kind = data.draw(st.integers(0, 4))
            if kind == 0:
                truths.append(data.draw(st.sampled_from(ORDER))(a, b))
            elif kind == 1:
                values.append(data.draw(st.sampled_from(ONE))(a))
            elif kind == 2 and dtype.is_floating:
                values.append(data.draw(st.sampled_from(FLOATS))(a))
            elif kind == 3 and dtype.is_floating:
                values.append(a / b)
            elif kind == 4 and truths:
                values.append(tf.where(data.draw(st.sampled_from(truths)), a, b))
            else:
                values.append(data.draw(st.sampled_from(ANY))(a, b))
        fetches = [*values[1:], *truths, values[-1]]
        update = tf.assign(v, values[-1]).op
        interpreter = Interpreter()
        interpreter.run([initialize])
        with tf.Session(graph=graph) as session:
            session.run(initialize)
            for _ in range(2):
                feeds = {x: np.asarray(data.draw(some), dtype.np_dtype)}
                found, wanted = session.run(fetches, feeds), interpreter.run(fetches, feeds)
                for one, other in zip(found, wanted, strict=True):
                    assert isinstance(one, np.generic)
                    assert bits(one) == bits(other)
                session.run(update, feeds)
                interpreter.run([update], feeds)
                assert bits(session.run(v)) == bits(interpreter.run([v.value()])[0])


def test_numbers_and_arrays() -> None:
    """A number is an array where a kernel, an update or a view wants one."""
    x = tf.placeholder(tf.float32, [])
    v = tf.Variable(2.0)
    number = tf.sin(x) * v
    whole = tf.reshape(number, [1, 1])
    loss = tf.square(number - 1.0)
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    fetches = [number, number + tf.ones([3]), whole, tf.fill([2], number), tf.stack([number, x])]
    with tf.Session() as session:
        session.run(v.initializer)
        expected = np.float32(2.0)
        for k in range(4):
            found = session.run([*fetches, train], {x: np.float32(k)})[:-1]
            sine = np.sin(np.float32(k))
            wanted = sine * expected
            for array, shape in zip(found, [(), (3,), (1, 1), (2,), (2,)], strict=True):
                assert np.shape(array) == shape
            np.testing.assert_allclose(found[1], wanted + 1.0, rtol=1e-6)
            np.testing.assert_allclose(found[2], [[wanted]], rtol=1e-6)
            np.testing.assert_allclose(found[3], [wanted] * 2, rtol=1e-6)
            np.testing.assert_allclose(found[4], [wanted, k], rtol=1e-6)
            expected = expected - 0.5 * 2.0 * (wanted - 1.0) * sine
            np.testing.assert_allclose(session.run(v), expected, rtol=1e-5)


# ---- variables ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", list(NUMBERS), ids=lambda d: d.name)
def test_a_counter(dtype: Any) -> None:
    v = tf.Variable(5, dtype=dtype)
    up, down = tf.assign_add(v, tf.constant(3, dtype)), tf.assign_sub(v, tf.constant(1, dtype))
    with tf.control_dependencies([up]):
        seen = v.read_value() * 2
    with tf.Session() as session:
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value"):
            session.run(up)
        session.run(v.initializer)
        for k in range(3):
            assert session.run(seen) == 2 * (8 + 2 * k)
            assert session.run(down) == 7 + 2 * k
        session.run(v.initializer)
        assert session.run([v, up])[1] == 8


def test_a_value_from_before_and_one_from_after() -> None:
    """What was read of a variable stays what it was, however late it is used."""
    v = tf.Variable(1.0)
    before = tf.sin(v.value())
    with tf.control_dependencies([before]):
        update = tf.assign(v, v * 3.0)
    with tf.control_dependencies([update]):
        both = [before + 0.0, before * v.read_value(), v.read_value()]
    with tf.Session() as session:
        session.run(v.initializer)
        for k in range(3):
            old = np.float32(3.0**k)
            found = session.run(both)
            np.testing.assert_allclose(found, [np.sin(old), np.sin(old) * 3 * old, 3 * old], 1e-6)


def test_assigning_initializes() -> None:
    v, w = tf.Variable(1.0), tf.Variable(2.0)
    with tf.control_dependencies([v.initializer]):
        then = tf.assign(w, v.read_value() + 4.0)
    with tf.Session() as session:
        assert session.run(then) == 5.0
        assert session.run([v, w]) == [1.0, 5.0]
        assert not session.run(tf.report_uninitialized_variables()).size


def test_a_number_that_becomes_an_array() -> None:
    """A variable whose shape may change is set by its kernel."""
    v = tf.Variable(1.0)
    x = tf.placeholder(tf.float32)
    reshape = tf.assign(v, x, validate_shape=False)
    back = tf.assign(v, tf.constant(7.0), validate_shape=False)
    with tf.Session() as session:
        session.run(v.initializer)
        for _ in range(2):
            assert session.run(reshape, {x: [1.0, 2.0]}).tolist() == [1.0, 2.0]
            assert session.run(back) == 7.0
            assert session.run(v) == 7.0
