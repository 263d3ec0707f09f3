"""Sums along any axes whose rounding errors do not pile up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from skflow.graph.dtypes import Array
from skflow.graph.summation import column_sum

_DEPTH: Final = 256  # numbers added one after the other before partial sums are taken
_ONES: Final = {
    kind: np.ones(_DEPTH, dtype=kind) for kind in map(np.dtype, ("f4", "f8", "c8", "c16"))
}


def reduced_shape(shape: Sequence[Any], axes: Sequence[int], keep_dims: bool) -> tuple[Any, ...]:
    """The shape that is left after a reduction along some axes."""
    if keep_dims:
        return tuple(1 if i in axes else d for i, d in enumerate(shape))
    return tuple(d for i, d in enumerate(shape) if i not in axes)


def reduce(
    ufunc: Any, x: Array, axes: tuple[int, ...] | None, keep_dims: bool, **options: Any
) -> Any:
    """``ufunc.reduce`` along axes."""
    return ufunc.reduce(x, axis=axes, keepdims=keep_dims, **options)


class SumPlan:
    """A sum along some axes of arrays of one shape, worked out once.

    NumPy adds pairwise along the innermost axis only: in float32 its sum of 2**25 ones along an
    outer axis stops at 2**24. Here the error grows with the logarithm of the number of terms.
    Short rows are summed as products with ones, which are quicker.

    Parameters
    ----------
    shape : tuple of int
        The arrays' shape.
    axes : tuple of int
        Distinct axes, counted from the front.
    keep_dims : bool
        Keep the summed axes, with size 1.
    """

    __slots__ = ("axes", "keep_dims", "shape", "steps")

    def __init__(self, shape: Sequence[int], axes: Sequence[int], keep_dims: bool = False) -> None:
        self.axes = tuple(axes)
        self.keep_dims = keep_dims
        self.shape = reduced_shape(shape, axes, keep_dims)
        self.steps = _steps(shape, axes)

    def __call__(self, x: Array) -> Any:
        """Sum `x`; float16 is summed in float32, integers wrap around."""
        kind = x.dtype
        if kind not in _ONES:
            if kind.kind == "f":
                return self(x.astype(np.float32)).astype(kind)
            return reduce(np.add, x, self.axes, self.keep_dims, dtype=kind)
        if not x.flags.c_contiguous:
            if x.flags.f_contiguous:
                mirrored = [x.ndim - 1 - a for a in self.axes]
                return SumPlan(x.shape[::-1], mirrored, self.keep_dims)(x.T).T
            x = np.ascontiguousarray(x)
        if len(self.axes) == x.ndim:
            return reduce(np.add, x, None, self.keep_dims)
        found = x if self.steps else x.copy()
        for step in self.steps:
            found = _middle_sum(found.reshape(step))
        return found.reshape(self.shape)


def _steps(shape: Sequence[int], axes: Sequence[int]) -> list[tuple[int, int, int]]:
    """The sizes before, along and after each run of adjacent axes, the last run first."""
    steps: list[tuple[int, int, int]] = []
    after = 1
    for axis in range(len(shape) - 1, -1, -1):
        if axis not in axes:
            after *= shape[axis]
            continue
        size = shape[axis] * (steps.pop()[1] if axis + 1 in axes else 1)
        steps.append((math.prod(shape[:axis]), size, after))
    return steps


def _middle_sum(x: Array) -> Any:
    """The sum of an array of three axes along the middle one."""
    before, size, after = x.shape
    ones = _ONES[x.dtype]
    if after == 1:
        rows = x.reshape(before, size)
        return np.matmul(rows, ones[:size]) if size <= _DEPTH else np.add.reduce(rows, axis=1)
    if before == 1:
        return column_sum(x[0])
    if size <= _DEPTH:
        return np.matmul(ones[:size], x)
    blocks = size // _DEPTH
    whole = blocks * _DEPTH
    total = _middle_sum(np.matmul(ones, x[:, :whole].reshape(before, blocks, _DEPTH, after)))
    return total if whole == size else total + np.matmul(ones[: size - whole], x[:, whole:])
