"""Discrete Fourier transforms over the innermost one, two or three axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skflow.graph.conversion import constant
from skflow.graph.dtypes import Array, complex64, float32, int32
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape
from skflow.graph.spec import Spec


def _transform(op_type: str, rank: int, inverse: bool) -> Callable[[Array], Any]:
    def kernel(x: Array) -> Any:
        if x.ndim < rank:
            raise invalid(f"Input must have rank of at least {rank} but got: {list(x.shape)}")
        if not x.size:
            return x.copy()
        axes = tuple(range(-rank, 0))
        found = np.fft.ifftn(x, axes=axes) if inverse else np.fft.fftn(x, axes=axes)
        return found.astype(x.dtype, copy=False)

    kernel.__name__ = op_type.lower()
    return kernel


def _infer(rank: int) -> Callable[[Spec], Shape]:
    return lambda x: x.require_rank_at_least(rank)


def _grad(other: str, rank: int, inverse: bool) -> Callable[..., list[Tensor]]:
    """The transform is linear: the other one, scaled by the number of points."""

    def grad(op: Operation, dy: Tensor) -> list[Tensor]:
        points = raw.Cast(_points(op.inputs[0], rank), DstT=float32)
        if inverse:
            points = raw.Reciprocal(points)
        scale = raw.Cast(points, DstT=complex64)
        return [raw.Mul(getattr(raw, other)(dy), scale, name="mul")]

    return grad


def _points(x: Tensor, rank: int) -> Tensor:
    """The number of points of one transform."""
    begin, end, step = (constant([v], int32) for v in (-rank, 0, 1))
    sizes = raw.StridedSlice(raw.Shape(x), begin, end, step, end_mask=1)
    return raw.Prod(sizes, constant([0], int32))  # type: ignore[no-any-return]


for _rank, _suffix in ((1, ""), (2, "2D"), (3, "3D")):
    _names = f"FFT{_suffix}", f"IFFT{_suffix}"
    for _name, _other, _inverse in ((*_names, False), (*_names[::-1], True)):
        define(
            _name,
            "input: complex64 -> output: complex64",
            infer=_infer(_rank),
            kernel=_transform(_name, _rank, _inverse),
            grad=_grad(_other, _rank, _inverse),
        )
