"""Sums of few are TensorFlow's, sums of many as near to the truth; extremes tell what is finite."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from skflow.summary.buckets import searched
from skflow.summary.tallies import BLOCK, LANES, ONE_BY_ONE, NotFiniteError, tally
from tests.io.examples import steady
from tests.summary.numbers import TYPES, spread


@steady
@given(spread())
def test_one_by_one(values: Any) -> None:
    total = squares = 0.0
    for value in values.tolist():
        total += value
        squares += value * value
    found = tally(values)
    assert found.sums.tolist() == [[total, squares]]
    assert (found.least, found.greatest) == (values.min(), values.max())
    np.testing.assert_array_equal(found.number, searched(values))


@pytest.mark.parametrize("size", [ONE_BY_ONE + 1, ONE_BY_ONE + LANES, BLOCK, BLOCK + 1, 100_001])
@pytest.mark.parametrize("dtype", TYPES)
def test_in_lanes(size: int, dtype: Any) -> None:
    values = (np.random.default_rng(3).standard_normal(size) * 1e3).astype(dtype)
    found = tally(values)
    assert found.sums.shape == (-(-size // BLOCK), 2)
    wide = values.astype(np.float64)
    total, squares = found.sums.sum(axis=0)
    assert total == pytest.approx(math.fsum(wide), rel=1e-11, abs=1e-9)
    assert squares == pytest.approx(math.fsum(wide * wide), rel=1e-13)
    np.testing.assert_array_equal(found.number, searched(values))


@pytest.mark.parametrize("wrong", ["nan", "-nan", "inf", "-inf"])
@pytest.mark.parametrize("place", [0, 5000, 9999])
@pytest.mark.parametrize("dtype", TYPES)
def test_what_is_not_finite(wrong: str, place: int, dtype: Any) -> None:
    values = np.ones(10_000, dtype)
    values[place] = float(wrong)
    with pytest.raises(NotFiniteError):
        tally(values)


def test_zeros_have_no_sign() -> None:
    found = tally(np.array([-0.0, -0.0], np.float32))
    assert math.copysign(1, found.least) == math.copysign(1, found.greatest) == 1
