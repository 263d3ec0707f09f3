"""Anything becomes a tensor, by the functions that were registered for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.graph import conversion
from tests.golden import core_snippets


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


@pytest.mark.parametrize("source", core_snippets.recorded("conversion"))
def test_answers_are_tensorflows(source: str) -> None:
    core_snippets.check(tf, "conversion", source)


@pytest.fixture
def _table() -> Any:
    """The table of conversion functions as it was, afterwards."""
    table, plain = list(conversion._CONVERSIONS), set(conversion._PLAIN)
    yield
    conversion._CONVERSIONS[:] = table
    conversion._PLAIN.update(plain)


@pytest.mark.usefixtures("_table")
@pytest.mark.parametrize(
    ("kind", "priority", "asked"),
    [
        (float, 100, True),
        (float, 199, True),
        (list, 99, True),
        (list, 98, True),
        (list, 100, False),
        (np.ndarray, 99, True),
        (np.ndarray, 100, False),
        (object, 200, False),
        (str, 150, True),
    ],
)
def test_priority_over_what_is_built_in(kind: Any, priority: int, asked: bool) -> None:
    seen: list[Any] = []

    def convert(value: Any, dtype: Any = None, name: Any = None, as_ref: bool = False) -> Any:
        seen.append((value, dtype, name, as_ref))
        return NotImplemented

    tf.register_tensor_conversion_function(kind, convert, priority)
    values = {float: 1.5, list: [1.5], np.ndarray: np.ones(2), object: 1.5, str: "a"}
    value = values[kind]
    tf.convert_to_tensor(value, name="n")
    assert bool(seen) is asked
    assert all(s[0] is value and s[1:] == (None, "n", False) for s in seen)


@pytest.mark.usefixtures("_table")
def test_a_function_for_numbers_serves_operators_too() -> None:
    class Celsius(float):
        pass

    def convert(value: Any, dtype: Any = None, name: Any = None, as_ref: bool = False) -> Any:
        assert not as_ref
        return tf.constant(float(value) + 273, dtype, name=name or "kelvin")

    tf.register_tensor_conversion_function(Celsius, convert)
    total = tf.constant(1.0) + Celsius(10)
    with tf.Session():
        assert total.eval() == 284
        assert (1.0 + tf.constant(Celsius(10))).eval() == 11
