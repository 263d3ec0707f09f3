"""Operations that read, write or keep the diagonals of matrices."""

from __future__ import annotations

from math import prod

import numpy as np

from skflow.graph.dtypes import (
    INDEX,
    Array,
    complex64,
    complex128,
    float32,
    float64,
    int32,
    int64,
)
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid, zeros
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, equal_dims, is_full, merged, shape_brackets
from skflow.graph.spec import Spec

_DIAGONAL_TYPES = (float32, float64, int32, int64, complex64, complex128)

# ---- batches of matrices -----------------------------------------------------------------


def _require_matrix(x: Array, rank: int = 2) -> None:
    if x.ndim < rank:
        raise invalid(
            f"input must be at least {rank}-dim, received shape: {shape_brackets(x.shape)}"
        )


def _matrix_diag_kernel(diagonal: Array) -> Array:
    _require_matrix(diagonal, 1)
    size = diagonal.shape[-1]
    found = zeros((*diagonal.shape, size), diagonal.dtype)
    at = np.arange(size)
    found[..., at, at] = diagonal
    return found


def _matrix_diag_infer(diagonal: Spec) -> Shape:
    shape = diagonal.require_rank_at_least(1)
    return None if shape is None else (*shape, shape[-1])


define(
    "MatrixDiag",
    "diagonal: T -> output: T",
    kernel=_matrix_diag_kernel,
    infer=_matrix_diag_infer,
    grad=lambda op, dy: [raw.MatrixDiagPart(dy)],  # noqa: ARG005
)


def _matrix_diag_part_kernel(x: Array) -> Array:
    _require_matrix(x)
    return x.diagonal(axis1=-2, axis2=-1).copy()


def _smaller(shape: Shape) -> int | None:
    """The length of the diagonal of matrices of a shape."""
    if shape is None or None in shape[-2:]:
        return 0 if shape is not None and 0 in shape[-2:] else None
    return min(d for d in shape[-2:] if d is not None)


def _matrix_diag_part_infer(x: Spec) -> Shape:
    shape = x.require_rank_at_least(2)
    return None if shape is None else (*shape[:-2], _smaller(shape))


def _matrix_diag_part_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    (x,) = op.inputs
    shape = x.spec.shape
    if shape is not None and is_full(shape[-2:]) and shape[-2] == shape[-1]:
        return [raw.MatrixDiag(dy)]
    return [raw.MatrixSetDiag(raw.ZerosLike(x, name="zeros_like"), dy)]


define(
    "MatrixDiagPart",
    "input: T -> diagonal: T",
    kernel=_matrix_diag_part_kernel,
    infer=_matrix_diag_part_infer,
    grad=_matrix_diag_part_grad,
)


def _matrix_set_diag_kernel(x: Array, diagonal: Array) -> Array:
    _require_matrix(x)
    size = min(x.shape[-2:])
    if diagonal.shape != (*x.shape[:-2], size):
        raise invalid(
            "must have diagonal.shape == input.shape[:-2] + min(input.shape[-2:]), but "
            f"received input shape: {shape_brackets(x.shape)} and diagonal shape: "
            f"{shape_brackets(diagonal.shape)}"
        )
    found = x.copy()
    at = np.arange(size)
    found[..., at, at] = diagonal
    return found


def _matrix_set_diag_infer(x: Spec, diagonal: Spec) -> Shape:
    shape = x.require_rank_at_least(2)
    line = diagonal.require_rank_at_least(1)
    if shape is not None and line is not None:
        if len(line) != len(shape) - 1:
            raise ValueError(f"Shape must be rank {len(shape) - 1} but is rank {len(line)}")
        size = _smaller(shape)
        equal_dims(size, line[-1])
        return (merged(shape[:-2], line[:-1]) or ()) + shape[-2:]
    if line is not None:
        return (*line[:-1], None, None)
    return shape


def _matrix_set_diag_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    diagonal = raw.MatrixDiagPart(dy)
    return [raw.MatrixSetDiag(dy, raw.ZerosLike(op.inputs[1], name="zeros")), diagonal]


define(
    "MatrixSetDiag",
    "input: T, diagonal: T -> output: T",
    kernel=_matrix_set_diag_kernel,
    infer=_matrix_set_diag_infer,
    grad=_matrix_set_diag_grad,
)


def _matrix_band_part_kernel(x: Array, num_lower: Array, num_upper: Array) -> Array:
    _require_matrix(x)
    for name, given in (("num_lower", num_lower), ("num_upper", num_upper)):
        if given.ndim:
            raise invalid(f"{name} must be scalar, got shape {shape_brackets(given.shape)}")
    rows, columns = x.shape[-2:]
    below = np.arange(rows)[:, None] - np.arange(columns)
    kept = ((num_lower < 0) | (below <= num_lower)) & ((num_upper < 0) | (-below <= num_upper))
    return np.where(kept, x, zeros((), x.dtype))


define(
    "MatrixBandPart",
    "input: T, num_lower: Tindex, num_upper: Tindex -> band: T",
    attrs={"Tindex": int64},  # TensorFlow 1.1.0 has this type only
    types={"Tindex": INDEX},
    kernel=_matrix_band_part_kernel,
    infer=lambda x, _, __: x.shape,
    grad=lambda op, dy: [raw.MatrixBandPart(dy, *op.inputs[1:]), None, None],
)

# ---- the diagonal of a tensor with itself ------------------------------------------------


def _diag_kernel(diagonal: Array) -> Array:
    if not 1 <= diagonal.ndim <= 3:
        raise invalid(f"Expected 1 <= dims <= 3, got shape {shape_brackets(diagonal.shape)}")
    size = diagonal.size
    found = np.zeros((size, size), diagonal.dtype)
    np.fill_diagonal(found, diagonal.reshape(-1))
    return found.reshape(diagonal.shape * 2)


def _diag_infer(diagonal: Spec) -> Shape:
    if diagonal.rank is not None and diagonal.rank > 3:
        raise ValueError(f"Shape must be at most rank 3 but is rank {diagonal.rank}")
    return None if diagonal.shape is None else diagonal.shape * 2


define(
    "Diag",
    "diagonal: T -> output: T",
    types={"T": _DIAGONAL_TYPES},
    kernel=_diag_kernel,
    infer=_diag_infer,
    grad=lambda op, dy: [raw.DiagPart(dy)],  # noqa: ARG005
)


def _diag_part_kernel(x: Array) -> Array:
    half = x.ndim // 2
    if x.ndim not in (2, 4, 6):
        raise invalid(
            f"The rank of the tensor should be 2, 4, or 6, got shape {shape_brackets(x.shape)}"
        )
    for i in range(half):
        if x.shape[i] != x.shape[half + i]:
            raise invalid(
                f"Invalid shape {shape_brackets(x.shape)}: dimensions {i} and "
                f"{half + i} do not match."
            )
    size = prod(x.shape[:half])
    return x.reshape(size, size).diagonal().reshape(x.shape[:half]).copy()


def _diag_part_infer(x: Spec) -> Shape:
    shape = x.shape
    if shape is None:
        return None
    half = len(shape) // 2
    if len(shape) % 2 or half > 3:
        raise ValueError(f"Input must have even rank <= 6, input rank is {len(shape)}")
    return tuple(equal_dims(a, b) for a, b in zip(shape[:half], shape[half:], strict=True))


define(
    "DiagPart",
    "input: T -> diagonal: T",
    types={"T": _DIAGONAL_TYPES},
    kernel=_diag_part_kernel,
    infer=_diag_part_infer,
    grad=lambda op, dy: [raw.Diag(dy)],  # noqa: ARG005
)
