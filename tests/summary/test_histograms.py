"""Histograms are TensorFlow's messages, byte by byte as the message's own serialization."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from skflow import proto
from skflow.summary.buckets import limits, searched
from skflow.summary.histograms import histogram, serialized_histogram
from skflow.summary.tallies import NotFiniteError
from tests.io.examples import steady
from tests.summary.numbers import spread


@steady
@given(spread(200))
def test_the_bytes_are_those_of_the_message(values: Any) -> None:
    number = searched(values)
    kept = [i for i in range(1551) if number[i] or i == 1550 or number[i + 1]]
    with np.errstate(over="ignore"):
        wide = values.astype(np.float64)
        total, squares = (np.add.accumulate(x)[-1] for x in (wide, wide * wide))
    wanted = proto.HistogramProto(
        min=values.min() + 0.0,
        max=values.max() + 0.0,
        num=values.size,
        sum=total + 0.0,
        sum_squares=squares,
        bucket_limit=limits()[kept],
        bucket=number[kept],
    )
    assert serialized_histogram(values) == wanted.SerializeToString()
    assert histogram(values.reshape(1, -1, 1)) == wanted


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


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "i8", "f2"])
@pytest.mark.parametrize("count", [3, 20_000])
def test_other_types_count_as_doubles(dtype: str, count: int) -> None:
    values = np.random.default_rng(0).integers(0, 100, count).astype(dtype)
    assert histogram(values) == histogram(values.astype(np.float64))


def test_values_that_do_not_lie_in_a_row() -> None:
    values = np.random.default_rng(0).standard_normal((60, 400)).astype(np.float32)
    assert histogram(values.T[::3]) == histogram(values.T[::3].copy())
    assert histogram(np.frombuffer(b"x" + values.tobytes(), np.float32, offset=1)) == histogram(
        values
    )


def test_sums_beyond_the_largest_number() -> None:
    found = histogram(np.full(20_000, 1e308))
    assert found.sum == found.sum_squares == math.inf


def test_what_is_not_finite() -> None:
    with pytest.raises(NotFiniteError):
        histogram(np.array([1.0, np.nan]))


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
