"""A session's variables: assigning, moving and lying side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.runtime.state import State, Variable


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def declared(state: State, *shape: Any, dtype: Any = tf.float32) -> Variable:
    return state.variable(
        tf.Variable(tf.zeros([1]), validate_shape=False, dtype=dtype).op
        if None in shape
        else tf.Variable(tf.zeros(shape, dtype)).op
    )


def test_assigning_copies_and_checks() -> None:
    v = declared(State(), 2)
    with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value Variable"):
        v.read()
    given = np.array([1.0, 2.0], np.float32)
    v.assign(given)
    given[...] = 9.0
    assert v.read().tolist() == [1.0, 2.0]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"lhs shape= \[2\] rhs shape= \[3\]"):
        v.assign(np.ones(3))
    assert v.read().tolist() == [1.0, 2.0]
    v.assign(v.read()[::-1])
    assert v.read().tolist() == [2.0, 1.0]


def test_a_new_shape_is_a_new_place() -> None:
    state = State()
    v = declared(state, 2)
    v.assign(np.ones(2))
    before = state.layout
    v.assign(np.asfortranarray(np.ones((3, 4))), validate_shape=False)
    assert state.layout > before
    assert v.value.flags.c_contiguous  # updates go over it as flat memory
    assert v.value.dtype == np.float32


def test_names_are_shared_within_a_state_only() -> None:
    op = tf.Variable(1.0).op
    one, other = State(), State()
    assert one.variable(op) is one.variable(op)
    assert one.variable(op) is not other.variable(op)
    assert one.resource(op, list) is one.resource(op, list)
    assert one.resource(op, list) is not other.resource(op, list)
    one.clear()
    assert not one.variable(op).initialized


def test_side_by_side() -> None:
    state = State()
    variables = [declared(state, *s) for s in [(2, 2), (), (0,), (3,)]]
    for i, v in enumerate(variables):
        v.assign(np.full(v.value.shape, float(i)))
    flat = state.arrange(variables)
    assert flat is not None
    assert flat.tolist() == [0, 0, 0, 0, 1, 3, 3, 3]
    flat += 1
    assert variables[1].read() == 2.0
    assert variables[0].read().tolist() == [[1, 1], [1, 1]]
    layout = state.layout
    assert state.arrange(variables) is flat
    assert state.arrange(variables[::-1]) is None
    assert state.arrange(variables[:2]) is None
    assert state.arrange([declared(state, 2), variables[0]]) is None
    assert state.layout == layout


def test_a_variable_that_leaves_its_arrangement() -> None:
    state = State()
    a, b = declared(state, 2), declared(state, 2)
    flat = state.arrange([a, b])
    a.assign(np.ones(3), validate_shape=False)
    assert a.arena is None
    assert state.arrange([a, b]) is None
    assert b.arena is flat
