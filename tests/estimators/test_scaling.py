"""Columns brought to one scale, against NumPy in float64 and repeated rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.sparse import csr_array

from skflow.estimators import scaling
from skflow.estimators.scaling import Scaling, centered_blocks, moments, shares

RNG = np.random.RandomState(0)
ROWS = 70
TIMES = RNG.randint(1, 5, ROWS)
FORMS = pytest.mark.parametrize("form", [np.asarray, csr_array], ids=["dense", "sparse"])


def columns(seed: int = 0) -> Any:
    """Columns of all sizes and places, some of them mostly zeros or always the same."""
    rng = np.random.RandomState(seed)
    some = rng.normal(size=(ROWS, 9)) * 10.0 ** np.arange(-4, 5)
    some += 10.0 ** np.array([-3, 6, 0, 3, 6, -5, 2, 7, 0])
    few = np.where(rng.rand(ROWS, 3) < 0.1, rng.normal(size=(ROWS, 3)) * [1, 1e4, 1e-4], 0)
    same = np.tile([0.0, 0.1, 1e6, -3.3], (ROWS, 1))
    return np.concatenate([some, few, same], axis=1)


@FORMS
@pytest.mark.parametrize("weight", [None, TIMES / 3], ids=["plain", "weighted"])
def test_columns_are_measured_as_by_numpy(form: Any, weight: Any) -> None:
    x = columns()
    found = Scaling.of(form(x), weight)
    mean = np.average(x, axis=0, weights=weight)
    np.testing.assert_allclose(found.center, mean, rtol=1e-13, atol=1e-18)
    variance = np.average((x - mean) ** 2, axis=0, weights=weight)
    np.testing.assert_allclose(found.spread[:12] ** 2, variance[:12], rtol=1e-8)
    assert np.isinf(found.spread[12:]).all()


@FORMS
@given(seed=st.integers(0, 2**31))
def test_weights_equal_repeated_rows(form: Any, seed: int) -> None:
    x = columns(seed)
    weighted = Scaling.of(form(x), TIMES.astype(float))
    repeated = Scaling.of(form(x.repeat(TIMES, axis=0)), None)
    size = np.abs(x).max(axis=0) + 1e-300
    np.testing.assert_allclose(weighted.center / size, repeated.center / size, atol=1e-13)
    np.testing.assert_allclose(weighted.spread, repeated.spread, rtol=1e-7)


def test_scaled_columns_have_mean_zero_and_variance_one() -> None:
    x = columns()
    found = Scaling.of(x, TIMES.astype(float)).apply(x)
    mean = np.average(found, axis=0, weights=TIMES)
    np.testing.assert_allclose(mean, 0, atol=1e-5)
    np.testing.assert_allclose(np.average(found**2, axis=0, weights=TIMES)[:12], 1, rtol=1e-8)
    assert not found[:, 12:].any()
    assert found.flags.c_contiguous
    assert not np.shares_memory(found, x)


def test_sparse_columns_are_only_divided() -> None:
    x = csr_array(columns())
    before = x.copy()
    measured = Scaling.of(x, None)
    found = measured.apply(x)
    assert isinstance(found, csr_array)
    np.testing.assert_array_equal(found.indices, x.indices)
    np.testing.assert_allclose(found.toarray(), before.toarray() / measured.spread)
    np.testing.assert_array_equal(x.toarray(), before.toarray())


@FORMS
def test_single_precision_is_kept_but_measured_in_double(form: Any) -> None:
    x = (1e4 + RNG.randint(0, 64, (ROWS, 2)) / 64).astype(np.float32)
    measured = Scaling.of(form(x), None)
    assert measured.center.dtype == measured.spread.dtype == np.float64
    np.testing.assert_allclose(measured.spread, x.astype(float).std(axis=0), rtol=1e-10)
    assert measured.apply(form(x)).dtype == np.float32


@FORMS
def test_what_differs_by_rounding_alone_is_the_same(form: Any) -> None:
    x = np.where(np.arange(ROWS) % 3, 0.1, np.nextafter(0.1, 1))[:, np.newaxis]
    assert np.isinf(Scaling.of(form(x), None).spread).all()


@FORMS
@pytest.mark.parametrize("rows", [0, 1, 7])
def test_blocks_are_the_rows_in_order(
    form: Any, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = columns()
    monkeypatch.setattr(scaling, "_BLOCK", rows * x.shape[1])
    center = RNG.normal(size=x.shape[1])
    parts = list(centered_blocks(form(x), center))
    assert len(parts) == -(-ROWS // max(1, rows))
    assert np.concatenate([np.arange(ROWS)[part] for part, _ in parts]).tolist() == [*range(ROWS)]
    np.testing.assert_array_equal(np.concatenate([block for _, block in parts]), x - center)
    whole = moments(form(x), shares(None, ROWS))
    monkeypatch.undo()
    for found, wanted in zip(whole, moments(form(x), shares(None, ROWS)), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-15)


def test_blocks_may_be_overwritten() -> None:
    x = np.ones((4, 2))
    for _, block in centered_blocks(x, np.zeros(2)):
        block[:] = 5.0
    assert (x == 1).all()


def test_shares_sum_to_one() -> None:
    np.testing.assert_allclose(shares(None, 4), 0.25)
    found = shares(np.array([1, 3], np.float32), 2)
    assert found.tolist() == [0.25, 0.75]
    assert found.dtype == np.float64


def test_a_sparse_matrix_without_entries_is_measured() -> None:
    found = Scaling.of(csr_array((5, 3)), None)
    assert found.center.tolist() == [0, 0, 0]
    assert np.isinf(found.spread).all()
