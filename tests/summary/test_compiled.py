"""The kernel's tallies equal NumPy's bit by bit; it is asked for once it is worth it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from skflow.runtime.jit.hot import compiling
from skflow.summary import compiled
from skflow.summary.compiled import Tallying
from skflow.summary.tallies import BLOCK, LANES, ONE_BY_ONE, NotFiniteError, tally
from tests.io.examples import steady
from tests.summary.numbers import next_to_limits, spread


@pytest.fixture(scope="module")
def tallying() -> Any:
    """With a kernel where there is Numba; without, this compares NumPy with itself."""
    found = Tallying()
    compiling.request(found)
    assert compiling.wait(60.0)
    assert (found.kernel is not None) == compiling.available
    return found


def assert_equal(found: Any, wanted: Any) -> None:
    np.testing.assert_array_equal(found.number, wanted.number)
    assert (found.least, found.greatest) == (wanted.least, wanted.greatest)
    assert found.sums.tobytes() == wanted.sums.tobytes()


@steady
@given(values=spread())
def test_any_values(tallying: Any, values: Any) -> None:
    values = values.astype(np.float32) if np.abs(values).max() < 1e38 else np.float32([1.0])
    assert_equal(tallying(values), tally(values))


@pytest.mark.parametrize(
    "size",
    [1, 4095, 4097, ONE_BY_ONE, ONE_BY_ONE + 1, ONE_BY_ONE + LANES, BLOCK, BLOCK + 4097, 300_001],
)
def test_sizes(tallying: Any, size: int) -> None:
    values = np.random.default_rng(size).standard_normal(size + 1).astype(np.float32)
    for part in (values[:-1], values[1:]):
        assert_equal(tallying(part), tally(part))


def test_values_next_to_limits(tallying: Any) -> None:
    values = next_to_limits(np.float32)
    np.random.default_rng(0).shuffle(values)
    assert_equal(tallying(values), tally(values))
    for value in values[::11]:
        assert_equal(tallying(value.reshape(1)), tally(value.reshape(1)))


@pytest.mark.parametrize("wrong", ["nan", "-nan", "inf", "-inf"])
@pytest.mark.parametrize("place", [0, 4999, 9999])
def test_what_is_not_finite(tallying: Any, wrong: str, place: int) -> None:
    values = np.linspace(-1, 1, 10_000, dtype=np.float32)
    values[place] = float(wrong)
    with pytest.raises(NotFiniteError):
        tallying(values)


def test_a_kernel_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    noted, asked = [], []
    monkeypatch.setattr(compiling, "note", noted.append)
    monkeypatch.setattr(compiling, "request", asked.append)
    found = Tallying()
    for warm, hot, expected in [(1e9, 1e9, (0, 0)), (0, 1e9, (1, 0)), (0, 0, (1, 1))]:
        monkeypatch.setattr(compiled, "_WARM", warm)
        monkeypatch.setattr(compiled, "_HOT", hot)
        for _ in range(2):
            found(np.ones(3, np.float32))
        assert (len(noted), len(asked)) == expected
