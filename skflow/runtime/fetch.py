"""Fetches of any nesting become a flat list, and values the same nesting again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from skflow.graph.core import Graph
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.sparse_types import IndexedSlices, SparseTensor, SparseTensorValue

Rebuild = Callable[[Sequence[Any]], Any]


class IndexedSlicesValue(NamedTuple):
    """What fetching `IndexedSlices` gives: its parts as arrays."""

    values: Any
    indices: Any
    dense_shape: Any


class FetchList:
    """The distinct tensors and operations behind some fetches.

    Parameters
    ----------
    graph : Graph
        The session's graph.
    fetches : object
        A tensor, operation, variable, name, sparse tensor, or any nesting of them in lists,
        tuples, named tuples and dicts.

    Raises
    ------
    TypeError, ValueError
        With TensorFlow's sentence, if something cannot be fetched.
    """

    def __init__(self, graph: Graph, fetches: Any) -> None:
        self._graph = graph
        self._index: dict[Tensor | Operation, int] = {}
        self.rebuild = self._mapper(fetches)
        self.items = list(self._index)

    def _mapper(self, fetch: Any) -> Rebuild:
        if fetch is None:
            raise TypeError(f"Fetch argument {fetch!r} has invalid type {type(fetch)}")
        if isinstance(fetch, (list, tuple)):
            return self._sequence(fetch)
        if isinstance(fetch, dict):
            keys, parts = list(fetch), [self._mapper(v) for v in fetch.values()]
            kind = type(fetch)
            return lambda values: _filled(kind(), keys, [p(values) for p in parts])
        if isinstance(fetch, (SparseTensor, IndexedSlices)):
            return self._composite(fetch)
        index = self._place(fetch)
        return lambda values: values[index]

    def _sequence(self, fetch: Any) -> Rebuild:
        parts = [self._mapper(v) for v in fetch]
        if isinstance(fetch, list):
            return lambda values: [p(values) for p in parts]
        if hasattr(fetch, "_fields"):
            kind = type(fetch)
            return lambda values: kind(*[p(values) for p in parts])
        return lambda values: tuple([p(values) for p in parts])

    def _composite(self, fetch: Any) -> Rebuild:
        if isinstance(fetch, SparseTensor):
            parts = [self._mapper(t) for t in (fetch.indices, fetch.values, fetch.dense_shape)]
            return lambda values: SparseTensorValue(*[p(values) for p in parts])
        given = [fetch.values, fetch.indices, fetch.dense_shape]
        parts = [_nothing if t is None else self._mapper(t) for t in given]
        return lambda values: IndexedSlicesValue(*[p(values) for p in parts])

    def _place(self, fetch: Any) -> int:
        try:
            found = self._graph.as_graph_element(fetch)
        except TypeError as error:
            raise TypeError(
                f"Fetch argument {fetch!r} has invalid type {type(fetch)}, must be a string or "
                f"Tensor. ({error})"
            ) from None
        except (ValueError, KeyError) as error:
            raise ValueError(
                f"Fetch argument {fetch!r} cannot be interpreted as a Tensor. ({error})"
            ) from None
        if not self._graph.is_fetchable(found):
            raise ValueError(
                f"Operation {(found.op if isinstance(found, Tensor) else found).name!r} has been "
                "marked as not fetchable."
            )
        return self._index.setdefault(found, len(self._index))


def _filled(mapping: Any, keys: list[Any], values: list[Any]) -> Any:
    for key, value in zip(keys, values, strict=True):
        mapping[key] = value
    return mapping


def _nothing(_: Sequence[Any]) -> None:
    return None
