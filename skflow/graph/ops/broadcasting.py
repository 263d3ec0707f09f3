"""Which axes broadcasting stretched, for the gradients of what broadcasts."""

from __future__ import annotations

import numpy as np

from skflow.graph.dtypes import INDEX, Array, int32
from skflow.graph.ops._elementwise import invalid
from skflow.graph.registry import NOT_DIFFERENTIABLE, define
from skflow.graph.shapes import Shape, shape_brackets
from skflow.graph.spec import Spec


def stretched_axes(a: list[int], b: list[int]) -> tuple[list[int], list[int]]:
    """The axes of the common shape to sum over to get back to each of two shapes.

    Parameters
    ----------
    a, b : list of int
        Two shapes that broadcast.

    Returns
    -------
    tuple of two lists of int
        Axes of size 1 on both sides are in both lists, unless the shapes are equal.

    Raises
    ------
    ValueError
        If the shapes do not broadcast.
    """
    if a == b:
        return [], []
    rank = max(len(a), len(b))
    left, right = [1] * (rank - len(a)) + a, [1] * (rank - len(b)) + b
    if any(p not in (1, q) and q != 1 for p, q in zip(left, right, strict=True)):
        raise ValueError("the shapes do not broadcast")
    return ([i for i in range(rank) if left[i] == 1], [i for i in range(rank) if right[i] == 1])


def _gradient_args(s0: Array, s1: Array) -> tuple[Array, Array]:
    a, b = s0.tolist(), s1.tolist()
    try:
        r0, r1 = stretched_axes(a, b)
    except ValueError:
        raise invalid(f"Incompatible shapes: {shape_brackets(a)} vs. {shape_brackets(b)}") from None
    return np.array(r0, s0.dtype), np.array(r1, s0.dtype)


def _gradient_args_shape(s0: Spec, s1: Spec) -> list[Shape]:
    s0.require_rank(1)
    s1.require_rank(1)
    return [(None,), (None,)]


define(
    "BroadcastGradientArgs",
    "s0: T, s1: T -> r0: T, r1: T",
    kernel=_gradient_args,
    infer=_gradient_args_shape,
    grad=NOT_DIFFERENTIABLE,
    attrs={"T": int32},
    types={"T": INDEX},
)
