"""The kernels' histograms equal NumPy's byte by byte; they are asked for once it is worth it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from skflow.runtime.jit.hot import compiling
from skflow.summary import compiled, histograms
from skflow.summary.compiled import Counting
from skflow.summary.tallies import BLOCK, LANES
from tests.io.examples import steady
from tests.summary.numbers import next_to_limits, spread


class Made:
    """Histograms by kernels, where there are some, beside those by NumPy."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.counting = Counting()
        monkeypatch.setattr(histograms, "counting", lambda: self.counting)
        compiling.request(self.counting)
        assert compiling.wait(60.0)
        assert (len(self.counting.kernels) == 2) == compiling.available
        self.kernels = self.counting.kernels

    def by_kernels(self, arrays: Any, threads: int = 1) -> list[bytes | None]:
        self.counting.kernels = self.kernels
        assert all(self.counting.takes(a) for a in arrays) == bool(self.kernels) or not arrays
        return histograms._histograms(arrays, threads)

    def by_numpy(self, arrays: Any) -> list[bytes | None]:
        self.counting.kernels = ()
        return histograms._histograms(arrays, 1)

    def assert_equal(self, arrays: Any, threads: int = 1) -> None:
        assert self.by_kernels(arrays, threads) == self.by_numpy(arrays)


@pytest.fixture(scope="module")
def made() -> Any:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Made(monkeypatch)


@steady
@given(values=spread())
def test_any_values(made: Made, values: Any) -> None:
    values = values.astype(np.float32) if np.abs(values).max() < 1e38 else np.float32([1.0])
    made.assert_equal([values])


@pytest.mark.parametrize(
    "size",
    [1, 4095, 4097, BLOCK, BLOCK + 1, BLOCK + LANES, 2 * BLOCK + 4097, 8 * BLOCK + 1, 300_001],
)
@pytest.mark.parametrize("threads", [1, 2])
def test_sizes(made: Made, size: int, threads: int) -> None:
    values = np.random.default_rng(size).standard_normal(size + 1).astype(np.float32)
    for part in (values[:-1], values[1:]):
        made.assert_equal([part], threads)


def test_many_threads(made: Made) -> None:
    """Each call has memory of its own."""
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(size).astype(np.float32) for size in (10, 20_000, 200_000)] * 20
    wanted = made.by_numpy(values)
    with ThreadPoolExecutor(4) as threads:
        found = threads.map(lambda v: made.by_kernels([v], 2), values)
        assert [one for (one,) in found] == wanted


@pytest.mark.parametrize("threads", [1, 2, 100])
def test_many_arrays(made: Made, threads: int) -> None:
    """More than one call of the kernels takes, of all sizes."""
    rng = np.random.default_rng(1)
    sizes = [1, 100_000, 3, BLOCK, 5 * BLOCK, 17, 40_000, 2, 9, 30_000, 1, 70_000]
    made.assert_equal([rng.standard_normal(size).astype(np.float32) for size in sizes], threads)
    assert made.by_kernels([], threads) == []


def test_zeros(made: Made) -> None:
    """Fields that are zero are not written."""
    for values in ([0.0], [-0.0], [-0.0, 0.0], [1.0, -1.0], [0.0, 1.0], [-1.0, -0.0]):
        made.assert_equal([np.float32(values)])


def test_values_next_to_limits(made: Made) -> None:
    values = next_to_limits(np.float32)
    np.random.default_rng(0).shuffle(values)
    made.assert_equal([values, *values[::11].reshape(-1, 1)])


@pytest.mark.parametrize("wrong", ["nan", "-nan", "inf", "-inf"])
@pytest.mark.parametrize("place", [0, 4999, 9999])
def test_what_is_not_finite(made: Made, wrong: str, place: int) -> None:
    values = np.linspace(-1, 1, 10_000, dtype=np.float32)
    values[place] = float(wrong)
    fine = values[:place] if place else values[1:]
    found = made.by_kernels([fine, values, fine])
    assert found[1] is None
    assert [found[0], found[2]] == made.by_numpy([fine, fine])
    values[place] = 0.5
    made.assert_equal([values])


def test_what_the_kernels_leave_to_numpy(made: Made) -> None:
    made.counting.kernels = made.kernels
    unaligned = np.frombuffer(b"x" + np.ones(3, np.float32).tobytes(), np.float32, offset=1)
    for values in (np.ones(3), np.float32([]), np.arange(3), np.float16([1]), unaligned):
        assert not made.counting.takes(values)
    mixed = [np.ones(3), np.float32([1, 2]), np.float32([]), np.float32([3]), np.arange(4)]
    found = histograms._histograms(mixed, 1)
    assert found == made.by_numpy(mixed)
    assert None not in found


def test_a_kernel_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    noted, asked = [], []
    monkeypatch.setattr(compiling, "note", noted.append)
    monkeypatch.setattr(compiling, "request", asked.append)
    found = Counting()
    monkeypatch.setattr(histograms, "counting", lambda: found)
    for warm, hot, expected in [(1e9, 1e9, (0, 0)), (0, 1e9, (1, 0)), (0, 0, (1, 1))]:
        monkeypatch.setattr(compiled, "_WARM", warm)
        monkeypatch.setattr(compiled, "_HOT", hot)
        for _ in range(2):
            histograms.serialized_histogram(np.ones(3, np.float32))
            histograms.serialized_histogram(np.ones(3))  # which kernels do not make
        assert (len(noted), len(asked)) == expected
