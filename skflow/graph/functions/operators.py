"""Python's operators on tensors: ``x + 1``, ``-x``, ``x < y`` and the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from skflow.graph.conversion import convert
from skflow.graph.functions.arithmetic import abs
from skflow.graph.lazy import LazyModule
from skflow.graph.nodes import LATE, Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope
from skflow.graph.sparse_types import SparseTensor

if TYPE_CHECKING:
    from skflow.graph.functions import comparison, division
else:
    comparison = LazyModule("skflow.graph.functions.comparison")
    division = LazyModule("skflow.graph.functions.division")

Build = Callable[..., Any]


def _override(operator: str, build: Build) -> None:
    """Let an operator and its reflection build an operation of that name.

    Whatever is not a tensor becomes a constant of the tensor's type.
    """

    def forward(x: Tensor, y: Any) -> Any:
        if type(y) is Tensor and y.dtype.base_dtype is x.dtype.base_dtype:
            return build(x, y, name=operator)
        with name_scope(None, operator, [x, y]) as scope:
            if not isinstance(y, SparseTensor):
                y = convert(y, x.dtype.base_dtype, "y")
            return build(x, y, name=scope)

    def reflected(y: Tensor, x: Any) -> Any:
        with name_scope(None, operator, [x, y]) as scope:
            return build(convert(x, y.dtype.base_dtype, "x"), y, name=scope)

    LATE[f"__{operator}__"] = forward
    LATE[f"__r{operator}__"] = reflected


def _building(kind: str) -> Build:
    """What builds an operation, which is looked up only then."""

    def build(*inputs: Any) -> Any:
        return getattr(raw, kind)(*inputs)

    return build


def _mul(x: Tensor, y: Any, name: str) -> Any:
    """Multiply; a sparse right side stays sparse."""
    if not isinstance(y, SparseTensor):
        return raw.Mul(x, y, name=name)
    values = raw.SparseDenseCwiseMul(y.indices, y.values, y.dense_shape, x, name=name)
    return SparseTensor(y.indices, values, y.dense_shape)


def _xor(x: Tensor, y: Any, name: str) -> Any:
    """Build the three operations inside the scope of the fourth."""
    with name_scope(name) as scope:
        return comparison.logical_xor(x, y, scope)


_override("add", lambda x, y, name: raw.Add(x, y, name=name))
_override("sub", lambda x, y, name: raw.Sub(x, y, name=name))
_override("mul", _mul)
_override("div", lambda x, y, name: division.div(x, y, name=name))
_override("truediv", lambda x, y, name: division.truediv(x, y, name=name))
_override("floordiv", lambda x, y, name: raw.FloorDiv(x, y, name=name))
_override("mod", lambda x, y, name: raw.FloorMod(x, y, name=name))
_override("pow", lambda x, y, name: raw.Pow(x, y, name=name))
_override("and", lambda x, y, name: raw.LogicalAnd(x, y, name=name))
_override("or", lambda x, y, name: raw.LogicalOr(x, y, name=name))
_override("xor", _xor)
LATE["__neg__"] = _building("Neg")
LATE["__abs__"] = abs
LATE["__invert__"] = _building("LogicalNot")
LATE["__lt__"] = _building("Less")
LATE["__le__"] = _building("LessEqual")
LATE["__gt__"] = _building("Greater")
LATE["__ge__"] = _building("GreaterEqual")
