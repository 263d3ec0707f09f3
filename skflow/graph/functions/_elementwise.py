"""How the element-by-element functions call their operations."""

from __future__ import annotations

from typing import Any

from skflow.graph.nodes import Tensor
from skflow.graph.registry import OpDef
from skflow.graph.scopes import name_scope
from skflow.graph.sparse_types import SparseTensor


def unary(op: OpDef, x: Any, name: str | None) -> Tensor:
    """Apply an operation of one input."""
    return op(x, name=name)  # type: ignore[no-any-return]


def binary(op: OpDef, x: Any, y: Any, name: str | None) -> Tensor:
    """Apply an operation of two inputs."""
    return op(x, y, name=name)  # type: ignore[no-any-return]


def on_values(op: OpDef, x: Any, name: str | None) -> Tensor:
    """Apply an operation of one input; of a sparse tensor, to its values."""
    if isinstance(x, SparseTensor):
        with name_scope(name, op.type, [x.values]) as scope:
            values = op(x.values, name=scope)
            return SparseTensor(x.indices, values, x.dense_shape)  # type: ignore[return-value]
    return op(x, name=name)  # type: ignore[no-any-return]
