"""What no file can hold is refused with a sentence that says what it is."""

from __future__ import annotations

import decimal
import functools
import operator
import zoneinfo
from collections import OrderedDict, defaultdict
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

import skflow as tf
from skflow.estimators.json_writer import JsonWriter


class Thing:
    def __call__(self, values: Any) -> Any:
        return values


class Mine(tf.train.GradientDescentOptimizer):  # type: ignore[misc]
    pass


def used() -> Any:
    with tf.Graph().as_default():
        optimizer = tf.train.AdamOptimizer(0.1)
        optimizer.minimize(tf.square(tf.Variable(1.0)))
    return optimizer


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (lambda x: x, "has no name. Give a function made by `def`"),
        (functools.partial(max, 1), "functools.partial has no name"),
        (Thing(), "Thing has no name"),
        (object(), "it is or holds an object of type builtins.object"),
        (b"bytes", "builtins.bytes"),
        ({1, 2}, "builtins.set"),
        (1j, "builtins.complex"),
        (decimal.Decimal("0.1"), "decimal.Decimal"),
        (defaultdict(int), "collections.defaultdict"),
        (np.random.default_rng(0), "numpy.random._generator.Generator"),
        (np.array([b"a"]), r"an array of type \|S1"),
        (np.zeros(2, "f8,f8"), "an array of type"),
        (np.dtype("f8,f8"), "the type"),
        (np.bytes_(b"a"), r"an array of type \|S1"),
        (np.complex128(1), "numpy.complex128"),
        (pd.DataFrame({"a": [1]}), "DataFrame"),
        (pd.Series([1]), "Series"),
        (pd.Timestamp("2020", tz="Europe/Berlin"), "Timestamp"),
        (datetime(2020, 1, 1, tzinfo=zoneinfo.ZoneInfo("UTC")), "a time in the zone"),
        (Mine(0.1), "Mine"),
        (used(), "AdamOptimizer"),
        (tf.train.AdamOptimizer(tf.nn), "AdamOptimizer"),
        (np.random.RandomState(np.random.PCG64(0)), "its bit generator is not MT19937"),
        ([[Thing]], None),
        (OrderedDict(a=1), None),
        (operator.neg, None),
    ],
)
def test_what_cannot_be_written_is_named(value: Any, complaint: str | None) -> None:
    if complaint is None:
        assert JsonWriter().write(value, "the parameter 'x'") is not None
        return
    with pytest.raises(TypeError, match=complaint) as e:
        JsonWriter().write([value], "the parameter 'x'")
    assert str(e.value).startswith("the parameter 'x' cannot be saved: ")


def test_two_functions_of_one_name_are_refused() -> None:
    def thing() -> None: ...

    first = thing

    def thing() -> None: ...  # type: ignore[no-redef]

    writer = JsonWriter()
    assert writer.write([first, first], "a") == [{"$custom": "thing"}] * 2
    with pytest.raises(TypeError, match="b cannot be saved: two different functions are called 't"):
        writer.write(thing, "b")
