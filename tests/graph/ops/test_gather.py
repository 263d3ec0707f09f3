"""Look-ups in tables that are large or lie strangely in memory, and choices by a condition."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from skflow.graph.core import Graph
from skflow.graph.dtypes import bool_, float32, int32
from skflow.graph.functions import array
from skflow.graph.registry import REGISTRY
from skflow.graph.spec import Spec
from tests.interpreter import Interpreter


@pytest.fixture(autouse=True)
def graph() -> Any:
    with Graph().as_default() as graph:
        yield graph


@pytest.mark.parametrize("turned", [False, True])
def test_a_look_up_allocates_its_rows_alone(turned: bool) -> None:
    table = np.zeros((8, 300_000) if turned else (300_000, 8), np.float32)
    table = table.T if turned else table
    indices = np.array([7, 299_999, 7], np.int32)
    kernel = REGISTRY["Gather"].kernel
    kernel(table, indices)
    tracemalloc.start()
    found = kernel(table, indices)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.shape == (3, 8)
    assert peak < 100_000


def test_rows_of_a_turned_table_are_its_columns() -> None:
    table = np.arange(12.0).reshape(3, 4)
    kernel = REGISTRY["Gather"].kernel
    indices = np.array([[3, 0]], np.int64)
    np.testing.assert_array_equal(kernel(table.T, indices), [[table[:, 3], table[:, 0]]])
    out = np.empty((1, 2, 3))
    assert kernel(table.T, indices, out=out) is out
    np.testing.assert_array_equal(out, [[table[:, 3], table[:, 0]]])


def test_scattered_sums_do_not_lose_small_terms() -> None:
    """One entry and ten thousand tiny ones at the same place, in single precision."""
    count = 10_001
    updates = np.full(count, 1e-8, np.float32)
    updates[0] = 1
    where = np.zeros((count, 1), np.int32)
    found = Interpreter().run([array.scatter_nd(where, updates, [1])])[0]
    np.testing.assert_allclose(found, [1 + 1e-4], rtol=1e-7)


def test_a_vector_chooses_rows_whose_shape_is_known_late() -> None:
    condition = array.placeholder(bool_, [None])
    t, e = array.placeholder(float32), array.placeholder(float32)
    chosen = array.where(condition, t, e)
    assert chosen.spec.shape is None
    feeds = {condition: [True, False], t: [[1, 2], [3, 4]], e: [[5, 6], [7, 8]]}
    assert Interpreter().run([chosen], feeds)[0].tolist() == [[1, 2], [7, 8]]


def test_a_matrix_of_conditions_says_what_is_chosen_from() -> None:
    condition = array.placeholder(bool_, [2, None])
    t, e = array.placeholder(float32), array.placeholder(float32)
    assert array.where(condition, t, e).spec.shape == (2, None)


def test_one_hot_makes_a_quick_kernel_for_constants() -> None:
    specialize = REGISTRY["OneHot"].specialize
    zero, one = np.array(0.0, np.float32), np.array(1.0, np.float32)
    specs = [
        Spec(int32, (4,)),
        Spec(int32, (), np.array(3)),
        Spec(float32, (), one),
        Spec(float32, (), zero),
    ]
    kernel = specialize(specs, {"axis": -1})
    found = kernel(np.array([0, 2, -1, 3]), np.array(3), one, zero)
    np.testing.assert_array_equal(found, [[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]])
    assert specialize([*specs[:1], Spec(int32, ()), *specs[2:]], {"axis": -1}) is None
    assert specialize(specs, {"axis": 4}) is None
