"""Rows of a table, which may be split into parts, looked up by number and combined."""

from __future__ import annotations

from typing import Any

from skflow import logging
from skflow.graph.conversion import constant, convert
from skflow.graph.dtypes import int32
from skflow.graph.functions import array, clip, math, sparse
from skflow.graph.nodes import Tensor
from skflow.graph.scopes import colocate_with, name_scope
from skflow.graph.shapes import TensorShape
from skflow.graph.sparse_types import SparseTensor, convert_n_to_tensor_or_indexed_slices


def _as_list(params: Any) -> list[Any]:
    """The parts of the table: a list, a partitioned variable's parts, or a single one."""
    if isinstance(params, list):
        return params
    if hasattr(params, "_get_variable_list"):
        return list(params)
    return [params]


def _clipped(rows: Tensor, max_norm: float | None) -> Tensor:
    if max_norm is None:
        return rows
    rank = rows.spec.rank
    if rank is None:
        raise ValueError("max_norm needs rows of a known rank")
    return clip.clip_by_norm(rows, max_norm, axes=list(range(1, rank)))


def embedding_lookup(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: float | None = None,
) -> Tensor:
    """Look rows up in a table.

    Parameters
    ----------
    params : Tensor, Variable or list of them, shape (n_rows, ...)
        The table, or its parts.
    ids : Tensor of int32 or int64
        The rows' numbers.
    partition_strategy : {"mod", "div"}
        How rows are dealt out to several parts: in turn, or in consecutive runs. If they do not
        divide evenly, the first parts have one row more.
    name : str, optional
        The operation's name.
    validate_indices : bool
        Recorded: numbers outside the table raise InvalidArgumentError at the run.
    max_norm : float, optional
        Scale rows down to this Euclidean norm if theirs is larger.

    Returns
    -------
    Tensor, shape ``ids.shape + params.shape[1:]``

    Raises
    ------
    ValueError
        If there is no table, or the strategy is another one.
    """
    if params is None or (isinstance(params, list) and not params):
        raise ValueError("Need at least one param")
    parts = _as_list(params)
    with name_scope(name, "embedding_lookup", [*parts, ids]) as scope:
        tables = convert_n_to_tensor_or_indexed_slices(parts, name="params")
        if len(tables) == 1:
            with colocate_with(tables[0]):
                rows = array.gather(tables[0], ids, validate_indices=validate_indices, name=scope)
                return _clipped(rows, max_norm)
        ids = convert(ids, name="ids")
        rows = _partitioned(tables, ids, partition_strategy, validate_indices, scope)
        return _clipped(rows, max_norm)


def _partitioned(
    tables: list[Tensor], ids: Tensor, strategy: str, validate: bool, name: str
) -> Tensor:
    count = len(tables)
    flat = array.reshape(ids, [-1])
    order = array.range(array.size(flat))
    if strategy == "mod":
        part, row = flat % count, flat // count
    elif strategy == "div":
        part, row = _in_runs(tables, flat)
    else:
        raise ValueError("Unrecognized partition strategy: " + strategy)
    part = math.cast(part, int32)
    row_lists = array.dynamic_partition(row, part, count)
    order_lists = array.dynamic_partition(order, part, count)
    found = []
    for table, rows in zip(tables, row_lists, strict=True):
        with colocate_with(table):
            found.append(array.gather(table, rows, validate_indices=validate))
    together = array.dynamic_stitch(order_lists, found, name=name)
    return _unflattened(together, tables, ids)


def _total_rows(tables: list[Tensor], flat: Tensor) -> Tensor:
    sizes = [t.get_shape()[0].value for t in tables]
    if None not in sizes and sum(sizes):
        return constant(sum(sizes), flat.dtype.base_dtype)
    known = [_rows(t) if size is None else size for t, size in zip(tables, sizes, strict=True)]
    return math.reduce_sum(math.cast(array.stack(known), flat.dtype))


def _rows(table: Tensor) -> Tensor:
    with colocate_with(table):
        return array.shape(table)[0]


def _in_runs(tables: list[Tensor], flat: Tensor) -> tuple[Any, Any]:
    """The part and the row in it, where parts hold consecutive rows and the first have one more."""
    total = _total_rows(tables, flat)
    each = total // len(tables)
    extra = total % len(tables)
    part = math.maximum(flat // (each + 1), (flat - extra) // each)
    in_longer = math.cast(part < extra, flat.dtype)
    row = in_longer * (flat % (each + 1)) + (1 - in_longer) * ((flat - extra) % each)
    return part, row


def _unflattened(rows: Tensor, tables: list[Tensor], ids: Tensor) -> Tensor:
    element: TensorShape = tables[0].get_shape()[1:]
    for table in tables[1:]:
        element = element.merge_with(table.get_shape()[1:])
    if element.is_fully_defined():
        dims = array.concat([array.shape(ids), element], 0)
    else:
        with colocate_with(tables[0]):
            whole = array.shape(tables[0])
        dims = array.concat([array.shape(ids), array.slice(whole, [1], [-1])], 0)
    found = array.reshape(rows, dims)
    found.set_shape(ids.get_shape().concatenate(element))
    return found


def embedding_lookup_sparse(
    params: Any,
    sp_ids: Any,
    sp_weights: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    combiner: str | None = None,
    max_norm: float | None = None,
) -> Tensor:
    """Look several rows up for each example and combine them.

    Parameters
    ----------
    params : Tensor, Variable or list of them, shape (n_rows, ...)
        The table, or its parts.
    sp_ids : SparseTensor of int32 or int64, shape (n_examples, any)
        The rows' numbers, in row-major order; at least one for each example.
    sp_weights : SparseTensor of a floating point type, or None
        A weight for each of `sp_ids`, at the same places; ``None`` stands for ones.
    partition_strategy : {"mod", "div"}
        See `embedding_lookup`.
    name : str, optional
        The name scope.
    combiner : {"mean", "sqrtn", "sum"}, optional
        The weighted sum divided by the sum of the weights, by the root of the sum of their
        squares, or by nothing. Without one it is "mean", with a warning.
    max_norm : float, optional
        Scale rows down to this Euclidean norm before they are combined.

    Returns
    -------
    Tensor, shape (n_examples, ...)

    Raises
    ------
    TypeError
        If `sp_ids` or `sp_weights` is not sparse.
    ValueError
        If the combiner is another one.
    """
    if combiner is None:
        logging.warn(
            'The default value of combiner will change from "mean" to "sqrtn" after 2016/11/01.'
        )
        combiner = "mean"
    if combiner not in ("mean", "sqrtn", "sum"):
        raise ValueError("combiner must be one of 'mean', 'sqrtn' or 'sum'")
    parts = _as_list(params)
    _check_sparse(sp_ids, sp_weights)
    with name_scope(name, "embedding_lookup_sparse", [*parts, sp_ids]) as scope:
        segments = math.cast(sp_ids.indices[:, 0], int32)
        ids = sp_ids.values
        places = None
        if sp_weights is None:
            ids, places = array.unique(ids)
        rows = embedding_lookup(
            parts, ids, partition_strategy=partition_strategy, max_norm=max_norm
        )
        if sp_weights is None:
            reduce = {
                "sum": sparse.sparse_segment_sum,
                "mean": sparse.sparse_segment_mean,
                "sqrtn": sparse.sparse_segment_sqrt_n,
            }[combiner]
            return reduce(rows, places, segments, name=scope)
        return _weighted(rows, sp_weights.values, segments, combiner, scope)


def _check_sparse(sp_ids: Any, sp_weights: Any) -> None:
    if not isinstance(sp_ids, SparseTensor):
        raise TypeError("sp_ids must be SparseTensor")
    if sp_weights is None:
        return
    if not isinstance(sp_weights, SparseTensor):
        raise TypeError("sp_weights must be either None or SparseTensor")
    for part in ("values", "indices", "dense_shape"):
        shapes = [getattr(s, part).get_shape() for s in (sp_ids, sp_weights)]
        shapes[0].assert_is_compatible_with(shapes[1])


def _weighted(rows: Tensor, weights: Tensor, segments: Tensor, combiner: str, name: str) -> Tensor:
    weights = math.cast(weights, rows.dtype)
    ones = array.fill(array.expand_dims(array.rank(rows) - 1, 0), 1)
    dims = array.concat([array.shape(weights), ones], 0)
    shape = weights.get_shape()
    weights = array.reshape(weights, dims)
    if rows.spec.rank is not None:
        weights.set_shape(shape.concatenate([1] * (rows.spec.rank - 1)))
    rows = rows * weights
    if combiner == "sum":
        return math.segment_sum(rows, segments, name=name)
    total = math.segment_sum(rows, segments)
    if combiner == "mean":
        return math.div(total, math.segment_sum(weights, segments), name=name)
    squares = math.segment_sum(math.pow(weights, 2), segments)
    return math.div(total, math.sqrt(squares), name=name)
