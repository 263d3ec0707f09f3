"""Counting by codes equals searching, for every kind of number and next to every limit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from skflow.summary import buckets
from skflow.summary.buckets import counts, histogram, limits
from tests.io.examples import steady


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


def searched(values: Any) -> Any:
    place = np.searchsorted(limits(), values.astype(np.float64), side="right")
    return np.bincount(np.minimum(place, limits().size - 1), minlength=limits().size)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_next_to_limits(dtype: Any) -> None:
    with np.errstate(over="ignore"):
        at = limits().astype(dtype)
    at = at[np.isfinite(at)]
    with np.errstate(over="ignore"):
        near = [at, np.nextafter(at, dtype(np.inf)), np.nextafter(at, dtype(-np.inf))]
    values = np.concatenate([*near, np.zeros(9, dtype), -np.zeros(5, dtype)])
    values = np.concatenate([values[np.isfinite(values)]] * 3)
    assert values.size > 4096
    np.testing.assert_array_equal(counts(values), searched(values))


@steady
@given(
    seed=st.integers(0, 2**32 - 1),
    low=st.floats(-50, 30),
    spread=st.floats(0, 60),
    double=st.booleans(),
    zeros=st.floats(0, 1),
)
def test_any_values(seed: int, low: float, spread: float, double: bool, zeros: float) -> None:
    rng = np.random.default_rng(seed)
    values = 10.0 ** rng.uniform(low, low + spread, 5000) * rng.choice([-1, 1], 5000)
    values[rng.random(5000) < zeros] = 0.0
    if not double:
        with np.errstate(over="ignore", under="ignore"):
            values = values.astype(np.float32)
        values = values[np.isfinite(values)]
    np.testing.assert_array_equal(counts(values), searched(values))


def test_values_that_double_precision_alone_can_tell_apart() -> None:
    rng = np.random.default_rng(1)
    at = limits()[np.abs(limits()) < 1e30]
    values = np.concatenate([at * (1 + rng.uniform(-1e-9, 1e-9, at.size)) for _ in range(5)])
    np.testing.assert_array_equal(counts(values), searched(values))


def test_every_code_is_right() -> None:
    """Each code's least and greatest value lie in its bucket, or in the next from its limit on."""
    known = buckets._codes()
    code = np.arange(1 << 16, dtype=np.uint32) << np.uint32(16)
    for lower in (0, 1, 0x7FFF, 0xFFFE, 0xFFFF):
        with np.errstate(invalid="ignore"):
            single = (code | np.uint32(lower)).view(np.float32)
            values = single.astype(np.float64)
        real = np.isfinite(values)
        wanted = np.searchsorted(limits(), values[real], side="right")
        found = known.bucket[real] + (values >= known.limit)[real]
        np.testing.assert_array_equal(found, wanted)
        found = known.bucket[real] + (single >= known.single)[real]
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(("count", "exact"), [(1, True), (16384, True), (16385, False)])
def test_sums(count: int, exact: bool) -> None:
    """Few are added one by one, as TensorFlow adds them; of many the sum is at least as near."""
    values = np.random.default_rng(3).standard_normal(count) * 1e3
    total = squares = 0.0
    for value in values.tolist():
        total += value
        squares += value * value
    found = histogram(values.reshape(1, -1))
    if exact:
        assert (found.sum, found.sum_squares) == (total, squares)
    assert found.sum == pytest.approx(math.fsum(values), rel=1e-11)
    assert found.sum_squares == pytest.approx(math.fsum(values * values), rel=1e-13)
    assert found.num == values.size
    assert (found.min, found.max) == (values.min(), values.max())


def test_no_values() -> None:
    found = histogram(np.zeros((0, 3), np.float32))
    assert list(found.bucket) == [0.0]
    assert found.bucket_limit[0] == found.min == -found.max == np.finfo(np.float64).max


def test_buckets_join_runs_of_nothing() -> None:
    found = histogram(np.array([-1.0, 1.0, 1.0]))
    assert list(found.bucket) == [0, 1, 0, 2, 0]
    assert list(found.bucket_limit) == sorted(found.bucket_limit)


def test_the_largest_number() -> None:
    """It has no bucket above it; TensorFlow 1.1.0 writes beyond its list."""
    found = histogram(np.array([np.finfo(np.float64).max]))
    assert list(found.bucket) == [0.0, 1.0]
