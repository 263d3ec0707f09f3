"""Batches hold every row once an epoch, in memory that does not grow."""

from __future__ import annotations

import itertools
import tracemalloc
from typing import Any

import numpy as np
import pytest

from skflow.train.batches import _WORTH_SHARING, Batches, Chosen

X = np.arange(22.0).reshape(11, 2)
Y = np.arange(11)


def epoch(batches: Batches) -> tuple[np.ndarray, list[int]]:
    parts = [(x.copy(), y.copy()) for x, y in batches]
    assert all((x[:, 0] == 2 * y).all() for x, y in parts), "rows were torn apart"
    return np.concatenate([y for _, y in parts]), [len(y) for _, y in parts]


@pytest.mark.parametrize(("size", "sizes"), [(4, [4, 4, 3]), (11, [11]), (50, [11]), (1, [1] * 11)])
def test_in_order(size: int, sizes: list[int]) -> None:
    batches = Batches([X, Y], size)
    rows, found = epoch(batches)
    assert rows.tolist() == Y.tolist()
    assert found == sizes
    assert len(batches) == len(sizes)


def test_batches_in_order_are_views() -> None:
    assert all(np.shares_memory(x, X) for x, _ in Batches([X, Y], 4))


def test_shuffled_epochs_differ_and_hold_every_row() -> None:
    batches = Batches([X, Y], 4, np.random.RandomState(0))
    first, sizes = epoch(batches)
    second, _ = epoch(batches)
    assert sizes == [4, 4, 3]
    assert sorted(first) == sorted(second) == Y.tolist()
    assert first.tolist() != second.tolist() != Y.tolist()


def test_the_order_follows_from_the_seed() -> None:
    found = [epoch(Batches([X, Y], 4, np.random.RandomState(7)))[0] for _ in range(2)]
    assert found[0].tolist() == found[1].tolist()


def test_shuffled_batches_use_the_same_memory() -> None:
    batches = list(Batches([X, Y], 4, np.random.RandomState(0)))
    assert np.shares_memory(batches[0][0], batches[1][0])
    assert not np.shares_memory(batches[0][0], X)


class Pairs:
    """Rows that are fed as two arrays."""

    def __init__(self, rows: np.ndarray) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows: np.ndarray) -> list[np.ndarray]:
        return [self.rows[rows], -self.rows[rows]]

    def part(self, rows: slice) -> list[np.ndarray]:
        return [self.rows[rows], -self.rows[rows]]


@pytest.mark.parametrize("seed", [None, 0])
def test_a_column_may_be_several_arrays(seed: int | None) -> None:
    rng = None if seed is None else np.random.RandomState(seed)
    batches = Batches([X, Pairs(Y), Y], 4, rng)
    seen = []
    for x, plus, minus, y in batches:
        assert plus.tolist() == y.tolist()
        assert minus.tolist() == (-y).tolist()
        assert x[:, 0].tolist() == (2 * y).tolist()
        seen += y.tolist()
    assert sorted(seen) == Y.tolist()
    assert (seen == Y.tolist()) == (seed is None)


def test_columns_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"must be equally long, got \[11, 10\]"):
        Batches([X, Y[1:]], 4)


def test_gaps_are_closed_once() -> None:
    """NumPy would copy the whole array at each gathering."""
    wide = np.arange(44).reshape(11, 4)
    batches = Batches([wide[:, ::2], wide[:, 0]], 4, np.random.RandomState(0))
    assert all(a.flags.c_contiguous for a in batches.columns)
    assert all((x[:, 0] == y).all() for x, y in batches)


def test_the_rows_may_be_read_only() -> None:
    locked = X.copy()
    locked.flags.writeable = False
    for rng in (None, np.random.RandomState(0)):
        epoch(Batches([locked, Y], 4, rng))


def test_two_epochs_at_once_have_memory_of_their_own() -> None:
    batches = Batches([X, Y], 4, np.random.RandomState(0))
    for (x, y), (other, number) in zip(batches, batches, strict=True):
        assert (x[:, 0] == 2 * y).all()
        assert (other[:, 0] == 2 * number).all()
        assert not np.shares_memory(x, other)


def test_one_batch_of_everything_is_not_shuffled() -> None:
    rng = np.random.RandomState(0)
    before = rng.get_state()[2]
    rows, _ = epoch(Batches([X, Y], 11, rng))
    assert rows.tolist() == Y.tolist()
    assert rng.get_state()[2] == before


@pytest.mark.parametrize("rows", [2000, 1937])
def test_large_batches_are_gathered_ahead(rows: int) -> None:
    """They come in the order of small ones, and each lasts until the next is asked for."""
    rng = np.random.default_rng(0)
    wide, number = rng.random((rows, 400)), np.arange(rows)
    batches = Batches([wide, number], 100, np.random.RandomState(1))
    narrow = Batches([number], 100, np.random.RandomState(1))
    assert wide[:100].nbytes >= _WORTH_SHARING
    for _ in range(2):
        for (x, y), (expected,) in zip(batches, narrow, strict=True):
            before = x.copy()
            assert y.tolist() == expected.tolist()
            np.testing.assert_array_equal(before, wide[y])
            np.testing.assert_array_equal(x, before)


def test_an_epoch_may_be_left_while_the_next_batch_is_gathered() -> None:
    wide = np.ones((600, 400))
    batches = Batches([wide], 100, np.random.RandomState(1))
    for _ in range(20):
        epoch = iter(batches)
        next(epoch)
        del epoch
    assert len(list(batches)) == 6


# ---- rows of an array that stay where they are ----------------------------------------------


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("width", [1, _WORTH_SHARING])
def test_chosen_rows_are_what_a_copy_of_them_is(shuffled: bool, width: int) -> None:
    array = np.repeat(np.arange(11.0)[:, None], width, axis=1)
    rows = np.array([7, 2, 10, 0, 5])

    def found(column: Any) -> list[list[float]]:
        rng = np.random.RandomState(3) if shuffled else None
        batches = Batches([column, rows], 2, rng)
        assert len(batches) == 3
        return [[*x[:, -1], *y] for _ in range(2) for x, y in batches]

    assert found(Chosen(array, rows)) == found(array[rows])
    assert Chosen(array, rows).nbytes == array[rows].nbytes


def test_there_is_no_list_of_all_batches() -> None:
    """With one row each it would take far more memory than the rows."""
    tracemalloc.start()
    try:
        for _ in itertools.islice(Batches([np.zeros(300_000, np.int8)], 1), 1000):
            pass
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()
