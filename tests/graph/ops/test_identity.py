"""Placeholders, and operations that pass on what they get."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skflow import errors
from skflow.graph.conversion import constant
from skflow.graph.core import Graph
from skflow.graph.dtypes import float32, int32
from skflow.graph.functions import array
from skflow.graph.gradients import gradients
from skflow.graph.registry import raw
from tests.interpreter import Interpreter


@pytest.fixture(autouse=True)
def graph() -> Any:
    with Graph().as_default() as graph:
        yield graph


@pytest.mark.parametrize("op", ["Placeholder", "PlaceholderV2"])
@pytest.mark.parametrize(("shape", "ending"), [((2, 3), " and shape [2,3]"), ((), ""), (None, "")])
def test_a_placeholder_has_to_be_fed(op: str, shape: Any, ending: str) -> None:
    x = getattr(raw, op)(dtype=float32, shape=shape, name="A")
    with pytest.raises(errors.InvalidArgumentError) as caught:
        Interpreter().run([raw.Identity(x)])
    sentence = "You must feed a value for placeholder tensor 'A' with dtype float"
    assert caught.value.message == sentence + ending
    value = np.ones(shape or (), np.float32)
    assert Interpreter().run([raw.Identity(x)], {x: value})[0].shape == value.shape


def test_a_scalars_shape_is_recorded_by_the_second_version_only() -> None:
    assert raw.Placeholder(dtype=int32, shape=()).spec.shape is None
    assert raw.PlaceholderV2(dtype=int32, shape=()).spec.shape == ()
    assert array.placeholder(int32, []).spec.shape == ()


def test_a_default_is_replaced_by_a_feed() -> None:
    x = array.placeholder_with_default([1.0, 2.0], [None])
    doubled = raw.AddN([x, x])
    assert Interpreter().run([doubled])[0].tolist() == [2, 4]
    assert Interpreter().run([doubled], {x: [3.0]})[0].tolist() == [6]
    assert x.spec.value is None
    (dx,) = gradients(doubled, [x])
    assert Interpreter().run([dx])[0].tolist() == [2, 2]


def test_a_reference_is_passed_on() -> None:
    ref = raw.VariableV2(shape=(2,), dtype=float32)
    start = raw.Assign(ref, constant([1.0, 2.0]))
    passed = raw.RefIdentity(start)
    assert passed.dtype is float32.as_ref
    assert passed.spec.shape == (2,)
    session = Interpreter()
    assert session.run([raw.AssignAdd(passed, [1.0, 1.0])])[0].tolist() == [2, 3]
    assert session.run([ref])[0].tolist() == [2, 3]
    with pytest.raises(TypeError, match="requires that input 'input' be a mutable tensor"):
        raw.RefIdentity(constant(1.0))


def test_the_value_of_a_shape_is_passed_on() -> None:
    dims = array.shape(array.placeholder(float32, [None, 3]))
    for passed in (array.identity(dims), array.stop_gradient(dims), raw.PreventGradient(dims)):
        assert passed.spec.partial == (None, 3)


def test_prevent_gradient_says_why() -> None:
    x = constant(1.0)
    with pytest.raises(LookupError) as caught:
        gradients(raw.PreventGradient(x, message="not twice"), [x])
    assert str(caught.value) == "Gradient explicitly disabled. Reason: not twice"


def test_no_gradient_gets_past_stop_gradient() -> None:
    x = constant(3.0)
    assert gradients(array.stop_gradient(x), [x]) == [None]
