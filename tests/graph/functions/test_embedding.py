"""Rows looked up in whole and in split tables, one by one and combined."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.errors import InvalidArgumentError
from skflow.graph.conversion import constant, convert
from skflow.graph.core import Graph
from skflow.graph.dtypes import int64
from skflow.graph.functions import array, embedding
from skflow.graph.gradients import gradients
from skflow.graph.nodes import Tensor
from skflow.graph.sparse_types import IndexedSlices, SparseTensor
from tests.interpreter import Interpreter

rng = np.random.default_rng(4)


@pytest.fixture(autouse=True)
def graph() -> Iterator[Graph]:
    """Every test builds a graph of its own."""
    with Graph().as_default() as fresh:
        yield fresh


def run(tensor: Any, feeds: dict[Tensor, Any] | None = None) -> Any:
    (found,) = Interpreter().run([convert(tensor)], feeds)
    return found


def split(table: np.ndarray, parts: int, strategy: str) -> list[np.ndarray]:
    """Rows dealt out in turn, or in runs of which the first are one longer."""
    if strategy == "mod":
        return [table[p::parts] for p in range(parts)]
    return np.array_split(table, parts)


@pytest.mark.parametrize("strategy", ["mod", "div"])
@pytest.mark.parametrize("parts", [1, 2, 3, 5])
@pytest.mark.parametrize("known", [True, False])
def test_parts_hold_every_row(strategy: str, parts: int, known: bool) -> None:
    table, ids = rng.normal(size=(13, 2)), rng.integers(0, 13, (4, 5))
    feeds: dict[Tensor, Any] = {}
    tables = []
    for part in split(table, parts, strategy):
        tables.append(array.placeholder(part.dtype, part.shape if known else [None, None]))
        feeds[tables[-1]] = part
    found = embedding.embedding_lookup(tables, ids, partition_strategy=strategy)
    assert found.get_shape().as_list() == [4, 5, 2 if known else None]
    np.testing.assert_array_equal(run(found, feeds), table[ids])


@pytest.mark.parametrize("strategy", ["mod", "div"])
def test_gradients_are_slices(strategy: str) -> None:
    table, ids = rng.normal(size=(7, 2)), np.array([3, 6, 3, 0])
    tables = [constant(part) for part in split(table, 3, strategy)]
    found = embedding.embedding_lookup(tables, ids, partition_strategy=strategy)
    slopes = gradients(found, tables, grad_ys=np.arange(8.0).reshape(4, 2))
    assert all(isinstance(s, IndexedSlices) for s in slopes)
    dense = np.zeros((7, 2))
    np.add.at(dense, ids, np.arange(8.0).reshape(4, 2))
    for slope, part in zip(slopes, split(dense, 3, strategy), strict=True):
        np.testing.assert_array_equal(run(slope), part)


def test_partitioned_variables_are_their_parts() -> None:
    """Their parts hold consecutive rows: the strategy is "div"."""
    table = rng.normal(size=(5, 2)).astype(np.float32)
    whole = tf.get_variable("table", [5, 2], partitioner=tf.fixed_size_partitioner(2))
    found = embedding.embedding_lookup(whole, [4, 0, 3], partition_strategy="div")
    machine = Interpreter()
    for variable, part in zip(whole, split(table, 2, "div"), strict=True):
        machine.run([tf.assign(variable, part)])
    np.testing.assert_array_equal(machine.run([found])[0], table[[4, 0, 3]])


def test_long_rows_are_scaled_down() -> None:
    table = constant([[3.0, 4.0], [0.3, 0.4]])
    found = embedding.embedding_lookup(table, [0, 1], max_norm=1.0)
    np.testing.assert_allclose(run(found), [[0.6, 0.8], [0.3, 0.4]], rtol=1e-6)


def test_lookups_complain() -> None:
    with pytest.raises(ValueError, match="^Need at least one param$"):
        embedding.embedding_lookup([], [1])
    with pytest.raises(ValueError, match="^Unrecognized partition strategy: x$"):
        embedding.embedding_lookup([[1.0], [2.0]], [1], partition_strategy="x")
    with pytest.raises(ValueError, match="a known rank"):
        embedding.embedding_lookup(array.placeholder("float32"), [1], max_norm=1.0)
    with pytest.raises(InvalidArgumentError, match="is not in"):
        run(embedding.embedding_lookup(constant([[1.0], [2.0]]), [2]))


# ---- combined -----------------------------------------------------------------------------

PLACES = np.array([[0, 0], [0, 2], [1, 0], [1, 1], [1, 2], [2, 1]])
IDS, SHAPE = np.array([1, 3, 1, 1, 0, 4]), np.array([3, 3])


def combined(table: np.ndarray, weights: np.ndarray, combiner: str) -> np.ndarray:
    """Example by example."""
    rows = []
    for example in range(3):
        mine = PLACES[:, 0] == example
        w = weights[mine]
        divisor = {"sum": 1.0, "mean": w.sum(), "sqrtn": np.sqrt((w**2).sum())}[combiner]
        rows.append((table[IDS[mine]] * w[:, None]).sum(axis=0) / divisor)
    return np.array(rows)


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
@pytest.mark.parametrize("weighted", [True, False])
def test_rows_are_combined(combiner: str, weighted: bool) -> None:
    table = rng.normal(size=(5, 2))
    weights = rng.random(6) + 0.5 if weighted else np.ones(6)
    ids = SparseTensor(PLACES, IDS, SHAPE)
    given = SparseTensor(PLACES, weights, SHAPE) if weighted else None
    x = constant(table)
    found = embedding.embedding_lookup_sparse(x, ids, given, combiner=combiner)
    np.testing.assert_allclose(run(found), combined(table, weights, combiner))
    (slope,) = gradients(found, x)
    step = np.zeros((5, 2))
    step[1] = 1e-6
    change = combined(table + step, weights, combiner) - combined(table - step, weights, combiner)
    np.testing.assert_allclose(run(slope)[1].sum(), change.sum() / 2e-6, rtol=1e-6)


def test_rows_of_a_split_table_with_fed_ids() -> None:
    table = rng.normal(size=(5, 2))
    ids = array.placeholder(int64, [None])
    sparse = SparseTensor(PLACES, ids, SHAPE)
    tables = [constant(part) for part in split(table, 2, "mod")]
    found = embedding.embedding_lookup_sparse(tables, sparse, None, combiner="sum")
    np.testing.assert_allclose(run(found, {ids: IDS}), combined(table, np.ones(6), "sum"))


def test_combining_complains() -> None:
    ids = SparseTensor([[0, 0]], [1], [1, 1])
    with pytest.raises(TypeError, match="^sp_ids must be SparseTensor$"):
        embedding.embedding_lookup_sparse([1.0], 3, None, combiner="sum")
    with pytest.raises(TypeError, match="^sp_weights must be either None or SparseTensor$"):
        embedding.embedding_lookup_sparse([1.0], ids, 3, combiner="sum")
    with pytest.raises(ValueError, match="^combiner must be one of 'mean', 'sqrtn' or 'sum'$"):
        embedding.embedding_lookup_sparse([1.0], ids, None, combiner="max")
