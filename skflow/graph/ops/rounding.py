"""Rounding to integers, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.graph.dtypes import FLOATS, Array, float32, float64
from skflow.graph.ops._elementwise import SIGNED_NUMBERS, into
from skflow.graph.registry import NOT_DIFFERENTIABLE, define


def _round(x: Array, *, out: Array | None = None) -> Any:
    """Halves go to the even neighbour."""
    if x.dtype.kind in "iu":
        return into(x.copy(), out)
    return np.rint(x, out=out)


for _name, _ufunc, _types in (
    ("Floor", np.floor, FLOATS),
    ("Ceil", np.ceil, FLOATS),
    ("Rint", np.rint, (float32, float64)),
):
    define(
        _name,
        "x: T -> y: T",
        kernel=_ufunc,
        grad=NOT_DIFFERENTIABLE,
        types={"T": _types},
        elementwise=True,
    )
define(
    "Round",
    "x: T -> y: T",
    kernel=_round,
    grad=NOT_DIFFERENTIABLE,
    types={"T": SIGNED_NUMBERS},
    elementwise=True,
    out=True,
)
