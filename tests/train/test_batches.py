"""Batches hold every row once an epoch, in memory that does not grow."""

from __future__ import annotations

import numpy as np
import pytest

from skflow.train.batches import Batches

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


def test_one_batch_of_everything_is_not_shuffled() -> None:
    rng = np.random.RandomState(0)
    before = rng.get_state()[2]
    rows, _ = epoch(Batches([X, Y], 11, rng))
    assert rows.tolist() == Y.tolist()
    assert rng.get_state()[2] == before
