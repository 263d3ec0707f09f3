"""Operations on strings: join them element by element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skflow.graph.dtypes import Array
from skflow.graph.ops._arrays import invalid
from skflow.graph.registry import NOT_DIFFERENTIABLE, define
from skflow.graph.shapes import Shape, merged, shape_brackets
from skflow.graph.spec import Spec


def _common_shape(inputs: Sequence[Spec]) -> Shape:
    """The shape that all but the scalars have."""
    found: Shape = ()
    for spec in inputs:
        if spec.shape:
            found = merged(found, spec.shape) if found else spec.shape
    return None if not found and any(s.shape is None for s in inputs) else found


def _join(inputs: Sequence[Array], *, separator: str) -> Any:
    shapes = [s for x in inputs if (s := np.shape(x))]
    other = next((s for s in shapes if s != shapes[0]), None)
    if other is not None:
        raise invalid(
            f"Input shapes do not match: {shape_brackets(shapes[0])} vs. {shape_brackets(other)}"
        )
    between = separator.encode()
    joined = np.empty(shapes[0] if shapes else (), dtype=object)
    columns = [np.broadcast_to(x, joined.shape).reshape(-1) for x in inputs]
    flat = joined.reshape(-1)
    for i, parts in enumerate(zip(*columns, strict=True)):
        flat[i] = between.join(parts)
    return joined


define(
    "StringJoin",
    "inputs: N * string -> output: string",
    attrs={"separator": ""},
    infer=_common_shape,
    kernel=_join,
    grad=NOT_DIFFERENTIABLE,
)
