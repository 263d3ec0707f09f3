"""Sums, differences, products, signs and squares, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.errors import FailedPreconditionError
from skflow.graph.dtypes import (
    FLOATS,
    Array,
    complex64,
    complex128,
    int8,
    int16,
    int32,
    int64,
    string,
    uint8,
)
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._elementwise import (
    SIGNED_NUMBERS,
    SIGNED_REALS,
    WIDE_NUMBERS,
    Listed,
    conj,
    into,
    invalid,
)
from skflow.graph.ops._types import ANY_NUMBERS, REAL_NUMBERS
from skflow.graph.registry import Kernel, define, raw
from skflow.graph.shapes import Shape, merge, merged, shape_brackets
from skflow.graph.spec import Spec

# ---- two operands -------------------------------------------------------------------------


def _mul_grad(op: Operation, dy: Any) -> list[Any]:
    x, y = map(conj, op.inputs)
    return [raw.Mul(dy, y, name="mul"), raw.Mul(x, dy, name="mul_1")]


define(
    "Add",
    "x: T, y: T -> z: T",
    kernel=np.add,
    grad=lambda _, dy: [dy, dy],
    types={"T": Listed((*FLOATS, uint8, int8, int16, int32, int64, complex64, complex128, string))},
    broadcast=True,
)
define(
    "Sub",
    "x: T, y: T -> z: T",
    kernel=np.subtract,
    grad=lambda _, dy: [dy, raw.Neg(dy)],
    types={"T": SIGNED_NUMBERS},
    broadcast=True,
)
define(
    "Mul",
    "x: T, y: T -> z: T",
    kernel=np.multiply,
    grad=_mul_grad,
    types={"T": WIDE_NUMBERS},
    broadcast=True,
    commutative=True,
)


def _squared_difference(x: Array, y: Array, *, out: Array | None = None) -> Any:
    found: Any = np.subtract(x, y, out=out)
    return np.square(found, out=found if isinstance(found, np.ndarray) else None)


def _squared_difference_grad(op: Operation, dy: Any) -> list[Any]:
    x, y = op.inputs
    towards_x = (2.0 * dy) * conj(raw.Sub(x, y))
    return [towards_x, raw.Neg(towards_x, name="towards_y")]


define(
    "SquaredDifference",
    "x: T, y: T -> z: T",
    kernel=_squared_difference,
    grad=_squared_difference_grad,
    types={"T": SIGNED_NUMBERS},
    broadcast=True,
    out=True,
    commutative=True,
)


def _has_nan(x: Array) -> bool:
    """Whether there may be a NaN: a sum costs less than a look at every element."""
    return x.dtype.kind == "f" and bool(np.isnan(np.add.reduce(x, axis=None)))


def _maximum(x: Array, y: Array, *, out: Array | None = None) -> Any:
    """``y if x < y else x``: a NaN in `x` stays, one in `y` is passed over."""
    if _has_nan(y):
        return into(np.where(np.isnan(y), x, np.maximum(x, y)), out)
    return np.maximum(x, y, out=out)


def _minimum(x: Array, y: Array, *, out: Array | None = None) -> Any:
    """``y if y < x else x``: a NaN in `x` stays, one in `y` is passed over."""
    if _has_nan(y):
        return into(np.where(np.isnan(y), x, np.minimum(x, y)), out)
    return np.minimum(x, y, out=out)


def _plain_if_no_nan(ufunc: np.ufunc) -> Any:
    def specialize(specs: list[Spec], attrs: dict[str, Any]) -> Kernel | None:
        del attrs
        y = specs[1]
        exact = y.dtype.is_integer
        return ufunc if exact or (y.value is not None and not _has_nan(y.value)) else None

    return specialize


def _chosen(dy: Tensor, first: Tensor) -> list[Any]:
    """The gradient goes to the first operand where `first` holds, else to the second."""
    zeros = raw.ZerosLike(dy, name="zeros")
    return [raw.Select(first, dy, zeros), raw.Select(first, zeros, dy)]


define(
    "Maximum",
    "x: T, y: T -> z: T",
    kernel=_maximum,
    grad=lambda op, dy: _chosen(dy, raw.GreaterEqual(*op.inputs)),
    types={"T": SIGNED_REALS},
    broadcast=True,
    out=True,
    specialize=_plain_if_no_nan(np.maximum),
)
define(
    "Minimum",
    "x: T, y: T -> z: T",
    kernel=_minimum,
    grad=lambda op, dy: _chosen(dy, raw.LessEqual(*op.inputs)),
    types={"T": SIGNED_REALS},
    broadcast=True,
    out=True,
    specialize=_plain_if_no_nan(np.minimum),
)

# ---- one operand --------------------------------------------------------------------------

define(
    "Neg",
    "x: T -> y: T",
    kernel=np.negative,
    grad=lambda _, dy: [raw.Neg(dy)],
    types={"T": SIGNED_NUMBERS},
    elementwise=True,
)
define(
    "Abs",
    "x: T -> y: T",
    kernel=np.absolute,
    grad=lambda op, dy: [raw.Mul(dy, raw.Sign(op.inputs[0]), name="mul")],
    types={"T": SIGNED_REALS},
    elementwise=True,
)


def _sign(x: Array, *, out: Array | None = None) -> Any:
    """-1, 0 or 1, and 0 for NaN; of a complex number its direction, and 0 for 0."""
    zero = x.dtype.type(0)
    if x.dtype.kind != "c":
        return np.subtract(np.greater(x, zero), np.less(x, zero), out=out, dtype=x.dtype)
    size = np.absolute(x)
    return np.divide(x, np.where(size == 0, size.dtype.type(1), size), out=out)


def _sign_grad(op: Operation, dy: Any) -> list[Any]:
    """Zero; a complex number's direction turns with what is at right angles to it."""
    x, direction = op.inputs[0], op.outputs[0]
    zeros = raw.ZerosLike(x, name="zeros")
    if not x.dtype.is_complex:
        return [zeros]
    part, whole = x.dtype.real_dtype, x.dtype.base_dtype
    along = raw.Real(raw.Conj(direction) * dy, Tout=part)
    across = dy - direction * raw.Complex(along, 0, Tout=whole)
    turn = across / raw.Complex(raw.ComplexAbs(x, Tout=part), 0, Tout=whole)
    return [raw.Select(raw.Equal(x, 0), zeros, turn)]


define(
    "Sign",
    "x: T -> y: T",
    kernel=_sign,
    grad=_sign_grad,
    types={"T": SIGNED_NUMBERS},
    elementwise=True,
    out=True,
)
define(
    "Square",
    "x: T -> y: T",
    kernel=np.square,
    grad=lambda op, dy: [dy * (2.0 * conj(op.inputs[0]))],
    types={"T": SIGNED_NUMBERS},
    elementwise=True,
)

# ---- many operands ------------------------------------------------------------------------


def _add_n(inputs: list[Array], *, out: Array | None = None) -> Any:
    first = inputs[0]
    for i, other in enumerate(inputs):
        if other.shape != first.shape:
            raise invalid(
                "Inputs to operation of type AddN must have the same size and shape.  Input 0: "
                f"{shape_brackets(first.shape)} != input {i}: {shape_brackets(other.shape)}"
            )
    if len(inputs) == 1:
        return into(first.copy(), out)
    if first.dtype == np.float16 and len(inputs) > 2:
        return into(_add_n([x.astype(np.float32) for x in inputs]), out, first.dtype)
    total: Any = np.add(first, inputs[1], out=out)
    place = total if isinstance(total, np.ndarray) else None
    for other in inputs[2:]:
        total = np.add(total, other, out=place)
    return total


def _add_n_specialize(specs: list[Spec], _: dict[str, Any]) -> Kernel | None:
    same = len(specs) == 2 and specs[0].shape == specs[1].shape
    return np.add if same else None


def _add_n_shape(inputs: list[Spec]) -> Shape:
    shape = inputs[-1].shape
    for i in range(len(inputs) - 2, -1, -1):
        try:
            shape = merged(inputs[i].shape, shape)
        except ValueError as error:
            raise ValueError(f"{error}\n\tFrom merging shape {i} with other shapes.") from None
    return shape


define(
    "AddN",
    "inputs: N * T -> sum: T",
    kernel=_add_n,
    infer=_add_n_shape,
    specialize=_add_n_specialize,
    grad=lambda op, dy: [dy] * len(op.inputs),
    types={"T": Listed(ANY_NUMBERS)},
    out=True,
)

# ---- vectors of three ---------------------------------------------------------------------


def _cross(a: Array, b: Array) -> Array:
    if a.shape != b.shape:
        raise invalid(
            "Both inputs must be of same shape: "
            f"{shape_brackets(a.shape)} vs. {shape_brackets(b.shape)}"
        )
    if not a.ndim:
        raise invalid(f"Input must be at least 1D{shape_brackets(a.shape)}")
    if a.shape[-1] != 3:
        raise FailedPreconditionError(
            None, None, "Cross-products are only defined for 3-element vectors."
        )
    out = np.empty(a.shape, a.dtype)
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        out[..., i] = a[..., j] * b[..., k] - a[..., k] * b[..., j]
    return out


def _cross_shape(a: Spec, b: Spec) -> Shape:
    found = merge(a.shape, b.shape)
    return a.shape if found is False else found


define(
    "Cross",
    "a: T, b: T -> product: T",
    kernel=_cross,
    infer=_cross_shape,
    grad=lambda op, dy: [raw.Cross(op.inputs[1], dy), raw.Cross(dy, op.inputs[0])],
    types={"T": Listed(REAL_NUMBERS)},
)
