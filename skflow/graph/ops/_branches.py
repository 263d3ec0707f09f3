"""Building ``If`` from two bodies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skflow.graph.body import BodyGraph, share_captures
from skflow.graph.conversion import constant
from skflow.graph.core import get_default_graph
from skflow.graph.dtypes import string
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._replay import are_pure, record
from skflow.graph.registry import REGISTRY
from skflow.graph.shapes import Shape


def build_if(pred: Tensor, then: BodyGraph, other: BodyGraph, name: str) -> Operation:
    """Add the operation that runs one of two bodies.

    Parameters
    ----------
    pred : Tensor of bool, shape ()
        Which of them.
    then, other : BodyGraph
        Bodies with outputs of the same types.
    name : str
        The operation's name.

    Returns
    -------
    Operation
        ``StatelessIf``; or ``If``, whose outputs after those of the bodies are records.
    """
    pure = are_pure(then, other)
    shapes = [
        common_shape(a._spec.shape, b._spec.shape)
        for a, b in zip(then.outputs, other.outputs, strict=True)
    ]
    attrs: dict[str, Any] = {}
    if not pure:
        counts = record_both(then, other)
        shapes.extend([None] * sum(counts))
        attrs["_recorded"] = counts
    definition = REGISTRY["StatelessIf" if pure else "If"]
    captured = share_captures((then, other))
    then.close()
    other.close()
    attrs |= {
        "Tout": [t.dtype.base_dtype for t in then.outputs],
        "then_branch": then,
        "else_branch": other,
        "output_shapes": shapes,
    }
    with get_default_graph().control_dependencies([*then.waits, *other.waits]):
        return definition.build((pred, captured), attrs, name)


def record_both(then: BodyGraph, other: BodyGraph) -> list[int]:
    """Let both bodies return the records of both: a body returns zeros for the other's."""
    mine, theirs = record(then), record(other)
    then.outputs.extend([*mine, *_zeros(then, theirs)])
    other.outputs.extend([*_zeros(other, mine), *theirs])
    return [len(mine), len(theirs)]


def _zeros(body: BodyGraph, like: Sequence[Tensor]) -> list[Tensor]:
    with body.as_default(), body.uncounted(), body.name_scope("no_record"):
        return [_zero(t) for t in like]


def _zero(like: Tensor) -> Tensor:
    dtype = like.dtype.base_dtype
    return constant(b"" if dtype is string else np.zeros((), dtype.np_dtype), dtype)


def common_shape(a: Shape, b: Shape) -> Shape:
    """What is known of a tensor that has one shape or the other."""
    if a is None or b is None or len(a) != len(b):
        return None
    return tuple([p if p == q else None for p, q in zip(a, b, strict=True)])
