"""Choosing what to run: conditionals over two bodies, and their gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skflow.graph.body import BodyGraph
from skflow.graph.context import OpContext
from skflow.graph.conversion import convert
from skflow.graph.core import get_default_graph
from skflow.graph.declaration import Attr
from skflow.graph.dtypes import Array, DType, as_dtype
from skflow.graph.nodes import LATE, Operation, Tensor
from skflow.graph.ops._arrays import invalid
from skflow.graph.ops._branches import build_if
from skflow.graph.ops._replay import pure_branches, rebuild
from skflow.graph.registry import NOT_DIFFERENTIABLE, define, raw
from skflow.graph.shapes import Shape, shape_brackets
from skflow.graph.sparse_types import IndexedSlices
from skflow.graph.spec import Spec


def _no_argument() -> Any:
    raise invalid("A body was run without one of its arguments")


# What a body is called with; runs of it always bring the value.
define(
    "_Arg",
    "-> output: T",
    attrs={"T": Attr("type"), "index": Attr("int")},
    kernel=_no_argument,
    grad=NOT_DIFFERENTIABLE,
    stateful=True,
)


# ---- If ---------------------------------------------------------------------------------


def _declared_shapes(_cond: Spec, _input: list[Spec], *, output_shapes: list[Shape]) -> list[Shape]:
    return list(output_shapes)


def _if(
    context: OpContext,
    cond: Array,
    input: list[Array],
    *,
    then_branch: BodyGraph,
    else_branch: BodyGraph,
    Tout: list[DType],
) -> list[Array]:
    if np.ndim(cond):
        raise invalid(
            f"The second input must be a scalar, but it has shape {shape_brackets(cond.shape)}"
        )
    found = context.call(then_branch if cond else else_branch, input)
    return [np.asarray(v, d.np_dtype) for v, d in zip(found, Tout, strict=True)]


def _if_grad(op: Operation, *dys: Any) -> list[Any]:
    """A conditional over the gradients of the two bodies, each computed inside."""
    then, other, inputs = pure_branches(op)
    flows = [i for i, dy in enumerate(dys[: len(then.outputs)]) if dy is not None]
    if not flows:
        return [None] * len(op.inputs)
    wanted = [
        i
        for i, t in enumerate(op.inputs[1:])
        if t.dtype.base_dtype.np_dtype.kind in "fc" and LATE["gradient_reaches"](t)
    ]
    arriving = [convert(dys[i]) for i in flows]
    sides = [_Side(body, inputs, flows, arriving, wanted) for body in (then, other)]
    kinds = [_agree(*pair) for pair in zip(*[s.grads for s in sides], strict=True)]
    for side in sides:
        side.finish(kinds)
    grads: list[Any] = [None] * len(op.inputs)
    if any(kinds):
        found = iter(build_if(op.inputs[0], sides[0].body, sides[1].body, "If").outputs)
        for i, kind in zip(wanted, kinds, strict=True):
            grads[i + 1] = _unpack(kind, found, op.inputs[i + 1])
    return grads


class _Side:
    """The gradient of one branch, as a body.

    Parameters
    ----------
    branch : BodyGraph
        A pure branch.
    inputs : list of Tensor
        What it takes.
    flows : list of int
        The outputs that gradients flow into.
    arriving : list of Tensor
        Those gradients.
    wanted : list of int
        The inputs whose gradients are wanted.
    """

    def __init__(
        self,
        branch: BodyGraph,
        inputs: Sequence[Tensor],
        flows: Sequence[int],
        arriving: Sequence[Tensor],
        wanted: Sequence[int],
    ) -> None:
        self.body = BodyGraph(get_default_graph())
        self.args = [self.body.capture(t) for t in inputs]
        with self.body.as_default():
            dys = [self.body.capture(dy) for dy in arriving]
            outputs = rebuild(
                [branch.outputs[i] for i in flows], dict(zip(branch.inputs, self.args, strict=True))
            )
            self.args = [self.args[i] for i in wanted]
            self.grads = LATE["gradients"](outputs, self.args, dys)

    def finish(self, kinds: Sequence[str]) -> None:
        """Make the outputs, in the form that both branches can give."""
        with self.body.as_default():
            for kind, arg, grad in zip(kinds, self.args, self.grads, strict=True):
                self.body.outputs.extend(_pack(kind, arg, grad))


def _agree(one: Any, other: Any) -> str:
    """The form in which both branches can give a gradient: dense, or the type of indices."""
    if one is None and other is None:
        return ""
    if isinstance(one, Tensor) or isinstance(other, Tensor):
        return "dense"
    kinds: list[str] = [g.indices.dtype.base_dtype.name for g in (one, other) if g is not None]
    return max(kinds)


def _pack(kind: str, arg: Tensor, grad: Any) -> list[Tensor]:
    """A gradient as outputs of a branch."""
    if not kind:
        return []
    if kind == "dense":
        return [raw.ZerosLike(arg, name="zeros_like") if grad is None else convert(grad)]
    if grad is None:
        none = convert(np.zeros(0, kind))
        return [raw.Gather(arg, none), none]
    same = grad.indices.dtype.base_dtype.name == kind
    return [grad.values, grad.indices if same else raw.Cast(grad.indices, DstT=as_dtype(kind))]


def _unpack(kind: str, outputs: Any, like: Tensor) -> Any:
    """A gradient from the outputs of the conditional."""
    if kind == "dense":
        return next(outputs)
    if kind:
        return IndexedSlices(next(outputs), next(outputs), raw.Shape(like, name="Shape"))
    return None


for _type in ("If", "StatelessIf"):
    define(
        _type,
        "cond: Tcond, input: Tin... -> output: Tout...",
        attrs={
            "Tout": Attr("list(type)"),
            "then_branch": Attr("func"),
            "else_branch": Attr("func"),
            "output_shapes": Attr("list(shape)", []),
            "_recorded": Attr("list(int)", []),
        },
        infer=_declared_shapes,
        kernel=_if,
        grad=_if_grad,
        stateful=_type == "If",
        context=True,
    )
