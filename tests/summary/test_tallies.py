"""Sums of few are TensorFlow's, sums of many as near to the truth; extremes tell what is finite."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from skflow.summary.buckets import limits, searched
from skflow.summary.tallies import BLOCK, LANES, NotFiniteError, nothing, tally
from tests.io.examples import steady
from tests.summary.numbers import TYPES, spread


def assert_counted(found: Any, values: Any) -> None:
    """Every bucket with values is told of, and of empty ones in a row the last alone."""
    number = searched(values)
    known = dict(zip(limits().tolist(), number.tolist(), strict=True))
    assert [known.pop(x) for x in found.limits.tolist()] == found.counts.tolist()
    assert not any(known.values())
    assert found.limits[-1] == limits()[-1]
    empty = found.counts == 0
    assert not (empty[1:] & empty[:-1]).any()
    before = np.searchsorted(limits(), found.limits[:-1][empty[:-1]])
    assert (number[before + 1] > 0).all()


@steady
@given(spread())
def test_one_by_one(values: Any) -> None:
    total = squares = 0.0
    for value in values.tolist():
        total += value
        squares += value * value
    found = tally(values)
    assert (found.total, found.squares) == (total, squares)
    assert (found.least, found.greatest) == (values.min(), values.max())
    assert_counted(found, values)


@pytest.mark.parametrize("size", [BLOCK + 1, BLOCK + LANES, 2 * BLOCK, 2 * BLOCK + 1, 100_001])
@pytest.mark.parametrize("dtype", TYPES)
def test_in_lanes(size: int, dtype: Any) -> None:
    values = (np.random.default_rng(3).standard_normal(size) * 1e3).astype(dtype)
    found = tally(values)
    wide = values.astype(np.float64)
    assert found.total == pytest.approx(math.fsum(wide), rel=1e-11, abs=1e-9)
    assert found.squares == pytest.approx(math.fsum(wide * wide), rel=1e-13)
    assert_counted(found, values)


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


def test_nothing() -> None:
    found = nothing()
    assert (found.least, found.greatest) == (limits()[-1], limits()[0])
    assert (found.limits.tolist(), found.counts.tolist()) == ([limits()[-1]], [0.0])
