"""What the element-by-element operations share: type lists, float16 in float32, conjugates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from skflow.errors import InvalidArgumentError
from skflow.graph.dtypes import (
    FLOATS,
    INEXACT,
    INTEGERS,
    Array,
    DType,
    complex64,
    complex128,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
)
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw


class Listed(tuple[DType, ...]):
    """Types as TensorFlow 1.1.0's messages list them; integers that it lacked are taken too."""

    __slots__ = ()

    def __contains__(self, dtype: object) -> bool:
        return tuple.__contains__(self, dtype) or dtype in INTEGERS


# In the order in which TensorFlow's messages give them. Types it lists without having a kernel
# for them are left out where no kernel of ours makes sense of them either.
SIGNED_NUMBERS: Final = Listed((*FLOATS, int32, int64, complex64, complex128))
SIGNED_REALS: Final = Listed((*FLOATS, int32, int64))
WIDE_REALS: Final = Listed((*FLOATS, uint8, int8, uint16, int16, int32, int64))
WIDE_NUMBERS: Final = Listed((*WIDE_REALS, complex64, complex128))
INEXACT_NUMBERS: Final = INEXACT


def invalid(message: str) -> InvalidArgumentError:
    """The error of a kernel that was given values it cannot work with."""
    return InvalidArgumentError(None, None, message)


def conj(x: Tensor) -> Any:
    """The conjugate of a complex tensor; a real one is its own."""
    return raw.Conj(x) if x.dtype.is_complex else x


def into(found: Any, out: Array | None, kind: np.dtype[Any] | None = None) -> Any:
    """`found` itself, as another type, or copied to where it is wanted."""
    if out is None:
        return found if kind is None else np.asarray(found).astype(kind)
    out[...] = found
    return out


def empty_like(x: Any, out: Array | None) -> Array:
    """Memory for a result like `x`: what is given, or fresh (an array even for a scalar)."""
    return np.empty(x.shape, x.dtype) if out is None else out


def single(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel of several arrays that takes float16 in float32: half has too little room."""

    def wrapped(*arrays: Any, out: Array | None = None) -> Any:
        kind = arrays[0].dtype
        if kind != np.float16:
            return kernel(*arrays, out=out)
        return into(kernel(*[a.astype(np.float32) for a in arrays]), out, kind)

    return wrapped
