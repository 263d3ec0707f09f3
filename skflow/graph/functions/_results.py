"""What conditionals and loops share: the tensors that values consist of, and results' names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skflow.graph.body import BodyGraph
from skflow.graph.conversion import convert
from skflow.graph.core import Graph
from skflow.graph.dtypes import bool_
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.registry import own, raw
from skflow.graph.shapes import shape_brackets
from skflow.graph.sparse_types import IndexedSlices, SparseTensor

Parts = Tensor | IndexedSlices | SparseTensor


def components(value: Parts) -> list[Tensor]:
    """The tensors that a value consists of: its values first."""
    if isinstance(value, Tensor):
        return [value]
    parts = [value.values, value.indices, value.dense_shape]
    return [p for p in parts if p is not None]


def assembled(like: Parts, parts: Sequence[Tensor]) -> Any:
    """A value of the same form from its components."""
    if isinstance(like, Tensor):
        return parts[0]
    shape = parts[2] if len(parts) > 2 else None
    if isinstance(like, SparseTensor):
        return SparseTensor(parts[1], parts[0], shape)
    return IndexedSlices(parts[0], parts[1], shape)


def split(values: Sequence[Parts], parts: Sequence[Tensor]) -> list[Any]:
    """Values of the same forms from the components of all."""
    found, at = [], 0
    for value in values:
        count = len(components(value))
        found.append(assembled(value, parts[at : at + count]))
        at += count
    return found


def result_names(graph: Graph, values: Sequence[Parts], base: str) -> list[str]:
    """The names of the operations that give results, as TensorFlow has them.

    ``Merge`` names all components after the first one, ``Exit`` each on its own; there the
    name ``indices`` has been used three times for each value when the loop is done.
    """
    names: list[str] = []
    if base == "Exit":
        for _ in range(3 * sum(not isinstance(v, Tensor) for v in values)):
            graph.unique_name("indices")
    for value in values:
        first = graph.unique_name(base)
        names.append(first)
        if isinstance(value, Tensor):
            continue
        together = base == "Merge"
        names.append(f"{first}/indices" if together else graph.unique_name("indices"))
        if value.dense_shape is not None:
            names.append(f"{first}/dense_shape" if together else graph.unique_name(base))
    return names


def named_results(op: Operation, names: Sequence[str]) -> list[Tensor]:
    """The results of an operation that has the first name, each under its own name."""
    rest = [raw.Identity(t, name=f"{n}/") for t, n in zip(op.outputs[1:], names[1:], strict=False)]
    return [op.outputs[0], *rest]


def boolean(value: Any, scope: str, node: str, op_type: str, argument: str, count: int) -> Tensor:
    """A scalar of truth values, with TensorFlow's sentences if it is none."""
    tensor = convert(value)
    if tensor.dtype.base_dtype is not bool_:
        raise TypeError(
            f"Input '{argument}' of '{op_type}' Op has type {tensor.dtype.base_dtype.name} that "
            "does not match expected type of bool."
        )
    if tensor.spec.rank:
        shapes = ", ".join([shape_brackets(tensor.spec.shape)] * count)
        raise ValueError(
            f"Shape must be rank 0 but is rank {tensor.spec.rank} for '{scope}{node}' "
            f"(op: '{op_type}') with input shapes: {shapes}."
        )
    return tensor


def dereferenced(body: BodyGraph, tensor: Tensor) -> Tensor:
    """A component of a result, of the body itself and no reference."""
    inner = own(body, tensor)
    if not inner.dtype.is_ref_dtype:
        return inner
    with body.uncounted():
        return raw.Identity(inner)  # type: ignore[no-any-return]
