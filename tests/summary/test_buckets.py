"""Counting by codes equals searching, for every kind of number and next to every limit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from skflow.summary.buckets import Codes, codes_of, limits, searched
from tests.io.examples import steady
from tests.summary.numbers import TYPES, next_to_limits, spread


def counted(values: Any) -> Any:
    return codes_of(values.dtype).counted(values)


def test_limits() -> None:
    """As many as TensorFlow has, each a tenth greater, symmetric."""
    found = limits()
    assert found.size == 1551
    np.testing.assert_array_equal(found, -found[::-1])
    assert found[775] == 0.0
    assert found[776] == 1e-12
    np.testing.assert_allclose(found[777:-1] / found[776:-2], 1.1)
    assert found[-1] == np.finfo(np.float64).max
    assert found[-2] / 1.1 < 1e20


@pytest.mark.parametrize("dtype", TYPES)
def test_searching_is_what_a_bucket_is(dtype: Any) -> None:
    """A value lies in the first bucket whose limit is greater; the largest number in the last."""
    for value in next_to_limits(dtype)[::41]:
        greater = np.flatnonzero(limits() > float(value))
        wanted = greater[0] if greater.size else limits().size - 1
        assert np.flatnonzero(searched(value.reshape(1))) == [wanted]


@pytest.mark.parametrize("dtype", TYPES)
def test_values_next_to_limits(dtype: Any) -> None:
    values = next_to_limits(dtype)
    np.testing.assert_array_equal(counted(values), searched(values))
    for value in values[::7]:
        one = value.reshape(1)
        np.testing.assert_array_equal(counted(one), searched(one))


@pytest.mark.parametrize("dtype", TYPES)
def test_every_code_is_right(dtype: Any) -> None:
    """The first and the last numbers of each code are counted where they lie."""
    word = np.dtype(f"u{np.dtype(dtype).itemsize}")
    width = word.itemsize * 8 - 16
    code = np.arange(1 << 16, dtype=word) << word.type(width)
    for lower in (0, 1, (1 << width) // 2, (1 << width) - 2, (1 << width) - 1):
        values = (code | word.type(lower)).view(dtype)
        values = values[np.isfinite(values)]
        np.testing.assert_array_equal(counted(values), searched(values))


@steady
@given(spread())
def test_any_values(values: Any) -> None:
    np.testing.assert_array_equal(counted(values), searched(values))


@steady
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=20))
def test_any_numbers(numbers: list[float]) -> None:
    values = np.array(numbers, np.float64)
    np.testing.assert_array_equal(counted(values), searched(values))


def test_values_that_double_precision_alone_can_tell_apart() -> None:
    rng = np.random.default_rng(1)
    at = limits()[np.abs(limits()) < 1e30]
    values = np.concatenate([at * (1 + rng.uniform(-1e-9, 1e-9, at.size)) for _ in range(5)])
    np.testing.assert_array_equal(counted(values), searched(values))


@pytest.mark.parametrize("dtype", TYPES)
def test_runs_cover_all_codes(dtype: Any) -> None:
    """In order, and each bucket that numbers can lie in has one; zero has two."""
    codes = Codes(np.dtype(dtype))
    assert codes.starts[0] == 0
    assert (np.diff(codes.starts) > 0).all()
    finite = codes.bucket[codes.bucket <= limits().size - 1]
    number = np.bincount(finite)
    assert number[np.searchsorted(limits(), 0.0, side="right")] == 2
    assert set(number[1:]) <= {1, 2}
