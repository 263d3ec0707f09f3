"""Rows picked by an index: repeated ones, and sums of them."""

from __future__ import annotations

import numpy as np
import pytest

from skflow.errors import InvalidArgumentError
from skflow.graph.ops._rows import are_distinct, check_bounds, gathered, rounds


def test_rounds_hold_each_number_once_in_order() -> None:
    indices = np.array([3, 1, 3, 3, 2, 1])
    found = [indices[turn].tolist() for turn in rounds(indices)]
    assert found == [[1, 2, 3], [1, 3], [3]]
    positions = np.concatenate(rounds(indices))
    assert sorted(positions.tolist()) == list(range(6))
    assert rounds(np.array([5, 2, 4])) == [slice(None)]


def test_distinct() -> None:
    assert are_distinct(np.array([], int))
    assert are_distinct(np.array([4, 1, 9]))
    assert not are_distinct(np.array([4, 1, 4]))


def test_gathered_sums_by_place() -> None:
    places, sums = gathered(np.array([2, 0, 2]), np.array([[1.0], [2.0], [4.0]]), np.add)
    assert places.tolist() == [0, 2]
    assert sums.tolist() == [[2.0], [5.0]]


def test_many_small_numbers_add_up() -> None:
    ones = np.ones((2**12, 1), np.float16)  # one by one, half precision stops at 2048
    _, sums = gathered(np.zeros(len(ones), np.int32), ones, np.add)
    assert sums.dtype == np.float16
    assert sums[0, 0] == 2**12


def test_integers_stay_integers() -> None:
    _, sums = gathered(np.array([0, 0]), np.array([[2**62], [1]]), np.add)
    assert sums.tolist() == [[2**62 + 1]]


def test_bounds() -> None:
    check_bounds(np.zeros(0, np.int32), 0)
    check_bounds(np.array([[0], [2]]), 3)
    with pytest.raises(InvalidArgumentError, match=r"^indices\[1,0\] = 3 is not in \[0, 3\)$"):
        check_bounds(np.array([[0], [3]]), 3)
