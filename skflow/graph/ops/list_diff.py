"""The operation that takes the entries of one vector out of another."""

from __future__ import annotations

import numpy as np

from skflow.graph.dtypes import INDEX, Array, DType, int32
from skflow.graph.ops._arrays import invalid
from skflow.graph.registry import define
from skflow.graph.shapes import Shape
from skflow.graph.spec import Spec


def _list_diff(x: Array, y: Array, *, out_idx: DType) -> tuple[Array, Array]:
    for name, vector in (("x", x), ("y", y)):
        if vector.ndim != 1:
            raise invalid(f"{name} should be a 1D vector.")
    kept = np.flatnonzero(~np.isin(x, y))
    return x[kept], kept.astype(out_idx.np_dtype)


def _list_diff_infer(x: Spec, y: Spec) -> list[Shape]:
    x.require_rank(1)
    y.require_rank(1)
    return [(None,), (None,)]


define(
    "ListDiff",
    "x: T, y: T -> out: T, idx: out_idx",
    attrs={"out_idx": int32},
    types={"out_idx": INDEX},
    infer=_list_diff_infer,
    kernel=_list_diff,
)
