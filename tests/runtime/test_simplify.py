"""Multiplications that are one: exactly what they were, and only where that is sure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import skflow as tf
from skflow.runtime.plan import Lowering
from skflow.runtime.state import State

VALUES = np.array([0.0, -0.0, 1.0, -3.3, 1e-30, -7e25, np.inf, -np.inf, np.nan, 0.1])


def scaled(factors: list[float], first: bool, dtype: Any) -> tuple[Any, Any, list[Any]]:
    """Products of an array with numbers, one after the other."""
    x = tf.placeholder(dtype, [len(VALUES)])
    found = [x]
    for factor in factors:
        number = tf.constant(factor, dtype)
        found.append(number * found[-1] if first else found[-1] * number)
    return x, found[-1], found[1:]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.sampled_from([2.0, 0.5, -4.0, 2.0**-20, 3.0, -0.1, 0.0, 1.0, 1e38, 1e-38, 2.0**-126]),
        min_size=2,
        max_size=4,
    ),
    st.booleans(),
    st.sampled_from([tf.float32, tf.float64]),
    st.booleans(),
)
def test_factors(factors: list[float], first: bool, dtype: Any, all_wanted: bool) -> None:
    with tf.Graph().as_default(), tf.Session() as session, np.errstate(all="ignore"):
        x, last, steps = scaled(factors, first, dtype)
        fed = VALUES.astype(dtype.np_dtype)
        found = session.run(steps if all_wanted else [last], {x: fed})
        wanted, expected = fed, []
        for factor in factors:
            wanted = wanted * fed.dtype.type(factor)
            expected.append(wanted)
        for one, other in zip(found, expected if all_wanted else expected[-1:], strict=True):
            # What overflows on the way, or loses digits there, need not.
            sure = np.ones(len(fed), bool)
            for before in (fed, *expected):
                size = np.abs(before)
                sure &= ~((size > 0) & (size < 1e-30)) & ~(np.isinf(before) & np.isfinite(fed))
            np.testing.assert_array_equal(one[sure], other[sure])


@pytest.mark.parametrize(
    ("factors", "steps"), [([2.0, 0.3], 1), ([0.3, 2.0], 1), ([0.3, 0.7], 2), ([2.0, 0.0], 2)]
)
def test_how_many_are_left(factors: list[float], steps: int) -> None:
    with tf.Graph().as_default():
        x, last, _ = scaled(factors, True, tf.float32)
        plan = Lowering(State()).lower([last], [x], [(len(VALUES),)])
        assert len(plan.nodes) == steps
