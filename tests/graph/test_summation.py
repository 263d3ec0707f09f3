"""Column sums keep their digits however many rows there are."""

from __future__ import annotations

import functools
import operator

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from skflow.graph.summation import column_sum, summed_at_once

# Up to 256 rows are added in a row: roundings of half a unit, 2**-24 in float32, whose sum has a
# standard deviation of 16 of them (1e-6), and blocks of them pairwise.
TOLERANCE = {"e": 2e-3, "f": 2e-6, "d": 1e-14, "F": 2e-6, "D": 1e-14}


def test_ones_are_counted() -> None:
    """NumPy's own float32 sum over the first axis stops at 2**24."""
    found = column_sum(np.ones((2**25, 2), np.float32))
    np.testing.assert_array_equal(found, [2.0**25, 2.0**25])


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 1500),
    st.integers(0, 140),
    st.sampled_from("efdFD"),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_any_shape(rows: int, columns: int, kind: str, fortran: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = (rng.random((rows, columns)) + 0.5).astype(kind)
    x = np.asfortranarray(x) if fortran else x
    exact = x.astype("D" if kind in "FD" else "d").sum(axis=0)
    found = column_sum(x)
    assert found.dtype == x.dtype
    np.testing.assert_allclose(found, exact, rtol=TOLERANCE[kind])
    buffer = np.full(columns, 7, dtype=kind)
    assert column_sum(x, out=buffer) is buffer
    np.testing.assert_array_equal(buffer, found)


@pytest.mark.parametrize("kind", ["i1", "i4", "u2", "i8"])
def test_integers_wrap_around(kind: str) -> None:
    x = np.arange(3000).reshape(1000, 3).astype(kind)
    found = column_sum(x)
    assert found.dtype == x.dtype
    np.testing.assert_array_equal(found, x.sum(axis=0, dtype=np.int64).astype(kind))


def test_strided_rows() -> None:
    x = np.arange(6000.0, dtype=np.float32).reshape(1000, 6)[:, ::2]
    np.testing.assert_array_equal(column_sum(x), x.astype(np.float64).sum(axis=0))


def test_what_is_not_finite_stays_in_its_column() -> None:
    x = np.ones((300, 3), np.float32)
    x[7, 0], x[8, 1] = np.inf, np.nan
    np.testing.assert_array_equal(column_sum(x), [np.inf, np.nan, 300])


@pytest.mark.parametrize("kind", "fd")
@pytest.mark.parametrize("count", [1000, 8200, 20_000, 100_003])
def test_so_many_are_summed_at_once(count: int, kind: str) -> None:
    """It is known how NumPy itself adds numbers that lie in a row."""
    rng = np.random.default_rng(count)
    for _ in range(8):
        x = rng.standard_normal(count).astype(kind)
        size = summed_at_once() or count
        parts = [np.add.reduce(x[i : i + size]) for i in range(0, count, size)]
        assert np.add.reduce(x) == functools.reduce(operator.add, parts)
        half = min(size, count) // 2 // 8 * 8
        first = x[: min(size, count)]
        assert parts[0] == np.add.reduce(first[:half]) + np.add.reduce(first[half:])
