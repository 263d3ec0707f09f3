"""Complex numbers: putting them together and taking them apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.graph.conversion import constant
from skflow.graph.dtypes import Array, DType, complex64, complex128, float32, float64
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.registry import define, raw

_PARTS: dict[str, tuple[DType, ...]] = {"T": (complex64, complex128), "Tout": (float32, float64)}


def _complex(real: Array, imag: Array, *, Tout: DType) -> Array:
    # Not real + 1j * imag, which makes NaN of an infinite part.
    out = np.empty(np.broadcast(real, imag).shape, Tout.np_dtype)
    out.real = real
    out.imag = imag
    return out


def _wide(dtype: DType) -> DType:
    """The complex type with parts of a real type."""
    return complex64 if dtype.base_dtype is float32 else complex128


def _join(real: Tensor, imag: Tensor) -> Any:
    return raw.Complex(real, imag, Tout=_wide(real.dtype))


def _part(which: Any, dy: Tensor) -> Tensor:
    return which(dy, Tout=dy.dtype.real_dtype)  # type: ignore[no-any-return]


def _zero(like: Tensor) -> Tensor:
    return constant(0, like.dtype.base_dtype)


def _complex_abs_grad(op: Operation, dy: Tensor) -> list[Any]:
    return [_join(dy, raw.ZerosLike(dy)) * raw.Sign(op.inputs[0])]


define(
    "Complex",
    "real: T, imag: T -> out: Tout",
    kernel=_complex,
    grad=lambda _, dy: [_part(raw.Real, dy), _part(raw.Imag, dy)],
    attrs={"T": float32, "Tout": complex64},
    types={"T": (float32, float64), "Tout": (complex64, complex128)},
    broadcast=True,
)
define(
    "Real",
    "input: T -> output: Tout",
    kernel=lambda x: np.array(x.real),
    grad=lambda _, dy: [_join(dy, _zero(dy))],
    attrs={"T": complex64, "Tout": float32},
    types=_PARTS,
    elementwise=True,
)
define(
    "Imag",
    "input: T -> output: Tout",
    kernel=lambda x: np.array(x.imag),
    grad=lambda _, dy: [_join(_zero(dy), dy)],
    attrs={"T": complex64, "Tout": float32},
    types=_PARTS,
    elementwise=True,
)
define(
    "Conj",
    "input: T -> output: T",
    kernel=np.conjugate,
    grad=lambda _, dy: [raw.Conj(dy)],
    attrs={"T": complex64},
    types={"T": (complex64, complex128)},
    elementwise=True,
)
define(
    "ComplexAbs",
    "x: T -> y: Tout",
    kernel=np.absolute,
    grad=_complex_abs_grad,
    attrs={"T": complex64, "Tout": float32},
    types=_PARTS,
    elementwise=True,
)
