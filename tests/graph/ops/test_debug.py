"""Print and Assert write values as TensorFlow 1.1.0's kernels do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow import errors
from skflow.graph.ops.debug import summary

CUBE = np.arange(1, 25).reshape(2, 3, 4)

# What TensorFlow 1.1.0 printed.
OBSERVED: list[tuple[Any, int, str]] = [
    (1, 3, "[1]"),
    (np.float32(1.5), 3, "[1.5]"),
    (np.float32(1e10), 3, "[1e+10]"),
    (np.float32(1234567), 3, "[1234567]"),
    (np.float32(123456789), 3, "[1.2345679e+08]"),
    (np.float32(1 / 3), 3, "[0.33333334]"),
    (1 / 3, 3, "[0.33333333333333331]"),
    (1e300, 3, "[1e+300]"),
    (np.float16(0.1), 3, "[0.099975586]"),
    (np.float16(65504), 3, "[65504]"),
    (np.float32(np.inf), 3, "[inf]"),
    (np.float32(-np.inf), 3, "[-inf]"),
    (np.float32(np.nan), 3, "[nan]"),
    (np.float32(-0.0), 3, "[-0]"),
    (np.float32(1e6), 3, "[1e+06]"),
    (np.float32(999999.5), 3, "[999999.5]"),
    (np.float32(1e-5), 3, "[1e-05]"),
    (np.float32(123456.5), 3, "[123456.5]"),
    (True, 3, "[1]"),
    (np.int8(-3), 3, "[-3]"),
    (np.uint8(200), 3, "[200]"),
    (2**40, 3, "[1099511627776]"),
    ([1, 2, 3], 2, "[1 2...]"),
    ([1, 2], 0, "[...]"),
    ([], 3, "[]"),
    (np.zeros((2, 0)), 3, "[]"),
    ([[1, 2], [3, 4]], 3, "[[1 2][3]...]"),
    ([[1, 2], [3, 4]], 1, "[[1]...]"),
    ([[1, 2], [3, 4]], 4, "[[1 2][3 4]]"),
    (CUBE, 3, "[[[1 2 3]]...]"),
    (CUBE, 5, "[[[1 2 3 4][5]]...]"),
    (np.zeros((1, 1, 1)), 3, "[[[0]]]"),
    ([[True, False], [False, True]], 3, "[[1 0][0]...]"),
]


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


@pytest.mark.parametrize(("value", "most", "text"), OBSERVED, ids=range(len(OBSERVED)))
def test_summary(value: Any, most: int, text: str) -> None:
    assert summary(np.asarray(value), most) == text


def test_text_is_escaped() -> None:
    value = np.array([b"abc", b"\xff\x00", b"a\nb'\"\\"], dtype=object)
    assert summary(value, 9) == r"""[abc \377\000 a\nb\'\"\\]"""


def test_complex_numbers_are_shown() -> None:
    """TensorFlow 1.1.0 prints a question mark."""
    assert summary(np.complex64(1 - 2j), 3) == "[(1,-2)]"


def test_print(capfd: pytest.CaptureFixture[str]) -> None:
    x = tf.placeholder(tf.float32, [2])
    y = tf.Print(x * 2.0, [x, 2.5, "x", [1, 2, 3, 4]], "m")
    with tf.Session() as session:
        found = session.run(y, {x: [1, 2]})
    np.testing.assert_array_equal(found, [2, 4])
    assert capfd.readouterr().err == "m[1 2][2.5][x][1 2 3...]\n"


def test_print_the_first_runs_of_a_session(capfd: pytest.CaptureFixture[str]) -> None:
    y = tf.Print(tf.constant(1), [tf.constant(7)], "first:", first_n=2)
    never = tf.Print(tf.constant(1), [tf.constant(7)], "never:", first_n=0)
    for runs in (4, 1):
        with tf.Session() as session:
            for _ in range(runs):
                session.run([y, never])
    assert capfd.readouterr().err == "first:[7]\n" * 3


def test_gradients_flow_through_print(capfd: pytest.CaptureFixture[str]) -> None:
    x = tf.constant(3.0)
    data = x * 2.0
    y = tf.Print(x * x, [data])
    assert tf.gradients(y, data) == [None]
    with tf.Session() as session:
        assert session.run(tf.gradients(y, x)) == [6]
    assert capfd.readouterr().err == ""


def test_assert() -> None:
    x = tf.placeholder(tf.float32, [None])
    check = tf.Assert(tf.reduce_all(x > 0.0), ["x is", x], summarize=2)
    with tf.Session() as session:
        assert session.run(check, {x: [1]}) is None
        with pytest.raises(errors.InvalidArgumentError) as caught:
            session.run(check, {x: [1, -1, 2]})
    sentence = caught.value.message.split("\n")[0]
    assert sentence == "assertion failed: [x is] [1 -1...]"
    assert caught.value.op.name == "Assert/AssertGuard/Assert"
    assert check.name == "Assert/AssertGuard/Merge"


def test_an_assertion_guards_what_waits_for_it() -> None:
    x = tf.placeholder(tf.float32, [])
    with tf.control_dependencies([tf.assert_positive(x)]):
        y = tf.sqrt(x)
    with tf.Session() as session:
        assert session.run(y, {x: 4.0}) == 2
        with pytest.raises(errors.InvalidArgumentError, match="Condition x > 0 did not hold"):
            session.run(y, {x: -4.0})
