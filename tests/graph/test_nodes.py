"""Tensors and operations: what they tell, what they refuse, how they are written."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import skflow as tf
from tests.golden import core_snippets


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


@pytest.mark.parametrize("source", core_snippets.recorded("nodes"))
def test_answers_are_tensorflows(source: str) -> None:
    core_snippets.check(tf, "nodes", source)


def test_traceback_ends_at_the_users_line() -> None:
    x = tf.constant(1.0)
    filename, line, function, text = x.op.traceback[-1]
    assert filename == __file__
    assert function == "test_traceback_ends_at_the_users_line"
    assert text == "x = tf.constant(1.0)"
    assert line > 1


def test_consumers_of_both_inputs_count_twice() -> None:
    x = tf.constant(1.0)
    y = x * x
    assert x.consumers() == [y.op, y.op]


def test_attributes_hold_python_values() -> None:
    """Shapes and tensors stay what they are; TensorFlow gives messages."""
    op = tf.placeholder(tf.float32, [3, 2]).op
    assert op.get_attr("shape") == (3, 2)
    assert tf.constant([1, 2]).op.get_attr("value").tolist() == [1, 2]
    assert op.get_attr("dtype") == 1


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int32, np.array])
def test_arrays_leave_operators_to_tensors(kind: Any) -> None:
    left = kind([2, 3]) if kind is np.array else kind(2)
    x = tf.constant([1, 2], getattr(left, "dtype", None))
    with tf.Session() as session:
        for operate in (operator.add, operator.sub, operator.mul, operator.lt, operator.mod):
            found = operate(left, x)
            assert isinstance(found, tf.Tensor)
            wanted = operate(np.asarray(left), np.array([1, 2], left.dtype))
            np.testing.assert_array_equal(session.run(found), wanted)
