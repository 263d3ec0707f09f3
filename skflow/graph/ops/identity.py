"""Operations that pass a tensor on or do nothing, and placeholders for what is fed."""

from __future__ import annotations

from typing import Any, Final

from skflow.graph.context import OpContext
from skflow.graph.declaration import Attr
from skflow.graph.dtypes import DType
from skflow.graph.nodes import Operation
from skflow.graph.ops._arrays import entries, invalid
from skflow.graph.registry import NOT_DIFFERENTIABLE, define
from skflow.graph.shapes import Shape, is_full, merged, shape_brackets
from skflow.graph.spec import Spec

_KERNEL_NAMES: Final = {"float16": "half", "float32": "float", "float64": "double"}


def _nothing() -> None:
    return None


define("NoOp", "->", kernel=_nothing, grad=NOT_DIFFERENTIABLE)


def _same(x: Any) -> Any:
    return x


def _shape_of(x: Spec) -> Shape:
    return x.shape


def _passed_on(op: Operation) -> Shape:
    return entries(op.inputs[0].spec)


def _prevented(op: Operation, dy: Any) -> list[Any]:
    del dy
    raise LookupError(f"Gradient explicitly disabled. Reason: {op.attrs['message']}")


define(
    "Identity",
    "input: T -> output: T",
    kernel=_same,
    infer=_shape_of,
    partial=_passed_on,
    grad=lambda _, dy: [dy],
    view=True,
)
define(
    "RefIdentity",
    "input: Ref(T) -> output: Ref(T)",
    kernel=_same,
    infer=_shape_of,
    grad=lambda _, dy: [dy],
)
define(
    "StopGradient",
    "input: T -> output: T",
    kernel=_same,
    infer=_shape_of,
    partial=_passed_on,
    grad=NOT_DIFFERENTIABLE,
    view=True,
)
define(
    "PreventGradient",
    "input: T -> output: T",
    attrs={"message": ""},
    kernel=_same,
    infer=_shape_of,
    partial=_passed_on,
    grad=_prevented,
    view=True,
)


# ---- placeholders ------------------------------------------------------------------------


def _unfed(context: OpContext, *, dtype: DType, shape: Shape) -> Any:
    kind = _KERNEL_NAMES.get(dtype.name, dtype.name)
    text = f"You must feed a value for placeholder tensor '{context.op.name}' with dtype {kind}"
    if shape and is_full(shape):
        text += f" and shape {shape_brackets(shape)}"
    raise invalid(text)


def _placeholder_infer(*, shape: Shape) -> Shape:
    # TensorFlow cannot tell a scalar's shape from none given: both are recorded as [].
    return shape or None


define(
    "Placeholder",
    "-> output: dtype",
    attrs={"dtype": Attr("type"), "shape": Attr("shape", ())},
    kernel=_unfed,
    infer=_placeholder_infer,
    context=True,
)
define(
    "PlaceholderV2",
    "-> output: dtype",
    attrs={"dtype": Attr("type"), "shape": Attr("shape")},
    kernel=_unfed,
    infer=lambda *, shape: shape,
    context=True,
)


def _default_infer(value: Spec, *, shape: Shape) -> Shape:
    merged(value.shape, shape)
    return shape


define(
    "PlaceholderWithDefault",
    "input: dtype -> output: dtype",
    attrs={"shape": Attr("shape")},
    kernel=_same,
    infer=_default_infer,
    grad=lambda _, dy: [dy],
    view=True,
)
