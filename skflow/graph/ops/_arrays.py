"""What the array operations share: axes, shapes read from tensors, and their complaints."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from skflow.errors import InvalidArgumentError
from skflow.graph.conversion import constant
from skflow.graph.dtypes import Array, DType, int32
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.registry import raw
from skflow.graph.shapes import Shape, is_full
from skflow.graph.spec import Spec, unknown_entries

Specialize = Callable[[Sequence[Spec], dict[str, Any]], Callable[..., Any] | None]


def invalid(message: str) -> InvalidArgumentError:
    """The error of a kernel that was given values it cannot work with."""
    return InvalidArgumentError(None, None, message)


def if_valid(specialize: Specialize) -> Specialize:
    """A maker of quick kernels that leaves values it cannot use to the plain one.

    That one then raises in the run, where the message can name the operation.
    """

    @functools.wraps(specialize)
    def maker(specs: Sequence[Spec], attrs: dict[str, Any]) -> Callable[..., Any] | None:
        try:
            return specialize(specs, attrs)
        except (InvalidArgumentError, ValueError):
            return None

    return maker


def require_scalar(spec: Spec, name: str = "") -> None:
    """Raise ValueError with TensorFlow's sentence if the rank is known and is not 0."""
    if spec.rank:
        where = f"\n\t for '{name}'" if name else ""
        raise ValueError(f"Shape must be rank 0 but is rank {spec.rank}{where}")


def shape_from(spec: Spec) -> Shape:
    """The shape that a vector holds, as far as it is known.

    Raises
    ------
    ValueError
        With TensorFlow's sentence, if it is no vector or holds a negative size other than -1.
    """
    spec.require_rank(1)
    found = spec.as_shape()
    if found is not None and None in found and spec.value is not None:
        for size in spec.value.tolist():
            if size < -1:
                raise ValueError(f"Dimension {size} must be >= 0")
    return found


def entries(spec: Spec) -> Shape:
    """The known entries of an integer vector or scalar, for what is computed from it."""
    if not spec.dtype.is_integer or (spec.rank is not None and spec.rank > 1):
        return None
    value = spec.value
    if value is not None:
        return tuple([None if d < 0 else d for d in value.reshape(-1).tolist()])
    if spec.partial is None and spec.shape is not None:
        return unknown_entries(1 if not spec.shape else spec.shape[0])
    return spec.partial


def constant_int(spec: Spec) -> int | None:
    """The value of a tensor with one element, if it is known."""
    value = spec.value
    return None if value is None or value.size != 1 else int(value.reshape(()))


def as_int(value: Array) -> int:
    """The one element of an array as an int."""
    return int(value.reshape(-1)[0])


def zeros(shape: Sequence[int], dtype: np.dtype[Any], out: Array | None = None) -> Array:
    """An array of zeros, `out` if there is one; of strings, empty ones."""
    if out is None and dtype.kind != "O":
        return np.zeros(shape, dtype)
    found = np.empty(shape, dtype) if out is None else out
    found[...] = b"" if dtype.kind == "O" else 0
    return found


def zeros_for(op: Operation, dys: Sequence[Any]) -> list[Tensor]:
    """The gradients of all outputs, zeros where none flows."""
    return [
        raw.ZerosLike(t, name="zeros_like") if dy is None else dy
        for t, dy in zip(op.outputs, dys, strict=True)
    ]


def shape_of(tensor: Tensor, dtype: DType = int32) -> Tensor:
    """A tensor's shape; a constant, for which nothing need run, if it is fully known."""
    known = tensor.spec.shape
    if known is not None and is_full(known):
        return constant(list(known), dtype.base_dtype, name="Shape")
    return raw.Shape(tensor, out_type=dtype.base_dtype)  # type: ignore[no-any-return]


def like_input(op: Operation, dy: Any) -> Tensor:
    """`dy` in the shape of the operation's first input."""
    return raw.Reshape(dy, shape_of(op.inputs[0]))  # type: ignore[no-any-return]
