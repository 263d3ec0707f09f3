"""What kernels are made of, run by Python: sums in NumPy's order, and parts taken by tickets."""

from __future__ import annotations

import itertools
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from tests.compiled import assert_bitwise

# Numba is an extra; without it nothing here can be compiled, nor could it ever pass.
support = pytest.importorskip("skflow.runtime.jit.support", exc_type=ImportError)


def plain(function: Any, **names: Any) -> Callable[..., Any]:
    """A function before it was compiled, with other things behind some of its names."""
    made = getattr(function, "py_func", function)
    code = made.__code__
    known = dict(zip(code.co_freevars, made.__closure__ or (), strict=True))
    cells = [types.CellType(names[n]) if n in names else known[n] for n in code.co_freevars]
    space = {**made.__globals__, **names}
    return types.FunctionType(code, space, made.__name__, made.__defaults__, tuple(cells))


def pairwise_sum(array: Any, width: int) -> Any:
    """What `total_f32` and `total_f64` compute."""
    total = support.total_f32 if width == 4 else support.total_f64
    names = total.py_func.__code__.co_freevars
    block = total.py_func.__closure__[names.index("block")].cell_contents
    found: Any = plain(
        total, block=plain(block, pointer=lambda at: array[at // width :]), total=None
    )
    found.__closure__[names.index("total")].cell_contents = found
    return found(0, array.size)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.integers(1, 3000), st.sampled_from([np.float32, np.float64]), st.integers(0, 99))
def test_sums_are_those_of_numpy(count: int, dtype: Any, seed: int) -> None:
    array = (np.random.default_rng(seed).standard_normal(count) * 3).astype(dtype)
    assert_bitwise(pairwise_sum(array, array.itemsize), np.add.reduce(array))


@pytest.mark.parametrize("count", [1, 7, 8, 127, 128, 129, 136, 255, 256, 1000, 8192])
def test_sums_at_the_edges_of_blocks(count: int) -> None:
    for dtype in (np.float32, np.float64):
        array = (np.random.default_rng(count).standard_normal(count) * 1e3).astype(dtype)
        assert_bitwise(pairwise_sum(array, array.itemsize), np.add.reduce(array))


class Ticket:
    """The number that threads take parts by, which others change whenever it is looked at.

    Parameters
    ----------
    value : int
        What it is at first.
    others : iterable of int
        By how much others raise it before each exchange.
    """

    def __init__(self, value: int, others: Any = ()) -> None:
        self.value = value
        self._others = iter(others)

    def load(self, _: int) -> int:
        return self.value

    def exchange(self, _: int, known: int, number: int) -> int:
        self.value += next(self._others, 0)
        found = self.value
        if found == known:
            self.value = number
        return found

    def take(self, phase: int, count: int) -> int:
        found = plain(support.take, load=self.load, exchange=self.exchange)(0, phase, count)
        return int(found)


def test_each_part_is_taken_once() -> None:
    ticket = Ticket(7 << 16)
    assert [ticket.take(7, 4) for _ in range(6)] == [0, 1, 2, 3, 4, 4]
    assert ticket.value == 7 << 16 | 4


def test_who_comes_late_takes_nothing() -> None:
    for phase in (6, 8):
        ticket = Ticket(7 << 16 | 1)
        assert ticket.take(phase, 4) == 4
        assert ticket.value == 7 << 16 | 1


def test_what_others_take_is_not_taken() -> None:
    ticket = Ticket(7 << 16, [1, 1, 0])
    assert ticket.take(7, 4) == 2
    ticket = Ticket(7 << 16, [3, 1])
    assert ticket.take(7, 4) == 4


def test_a_phase_that_ends_meanwhile() -> None:
    ticket = Ticket(7 << 16, [1 << 16])
    assert ticket.take(7, 4) == 4
    assert ticket.value == 8 << 16


def test_waiting_looks_before_it_sleeps() -> None:
    looks, sleeps = itertools.count(), []
    wait = plain(
        support.wait_for,
        load=lambda _: next(looks) - support._SPIN - 5,
        pause=lambda: None,
        sleep=lambda sleeper, nap: sleeps.append((sleeper, nap)),
    )
    wait(0, 0, 99)
    assert sleeps == [(99, support._NAP)] * 5
