"""Diagonals as later versions of TensorFlow write them: any of a matrix, or a band of several."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np

from skflow.errors import InvalidArgumentError
from skflow.graph.conversion import constant
from skflow.graph.dtypes import Array
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, merged, shape_brackets
from skflow.graph.spec import Spec

_Found = TypeVar("_Found")

# ---- which entries a band has -----------------------------------------------------------------

_TO_THE_RIGHT: Final = {
    "RIGHT_LEFT": (True, False),
    "LEFT_RIGHT": (False, True),
    "RIGHT_RIGHT": (True, True),
    "LEFT_LEFT": (False, False),
}
"""Whether short diagonals above the main one, and those below it, end at the right."""


class _Entries(NamedTuple):
    """One diagonal: its place in the band, where its entries lie there and in the matrix."""

    place: int
    at: Array
    rows: Array
    columns: Array


class _Band(NamedTuple):
    """The diagonals from `lower` to `upper` of a matrix of some shape; 0 is the main one."""

    lower: int
    upper: int
    rows: int
    columns: int

    @property
    def length(self) -> int:
        """The entries of the longest diagonal."""
        return min(self.rows + min(self.upper, 0), self.columns - max(self.lower, 0))

    @property
    def lines(self) -> tuple[int, int]:
        """The shape of the band: how many diagonals, of which length."""
        return self.upper - self.lower + 1, self.length

    @property
    def dims(self) -> tuple[int, ...]:
        """The same, but that a single diagonal is a vector."""
        count, length = self.lines
        return (length,) if count == 1 else (count, length)

    def entries(self, align: str) -> Iterator[_Entries]:
        """The diagonals, from the highest down."""
        above, below = _TO_THE_RIGHT[align]
        for place in range(self.lines[0]):
            number = self.upper - place
            down, across = max(-number, 0), max(number, 0)
            count = np.arange(min(self.rows - down, self.columns - across))
            right = (above and number >= 0) or (below and number <= 0)
            start = self.length - count.size if right else 0
            yield _Entries(place, count + start, count + down, count + across)

    def check(self) -> None:
        """Raise InvalidArgumentError unless the matrix has these diagonals."""
        for name, number in (("lower", self.lower), ("upper", self.upper)):
            if number and not -self.rows < number < self.columns:
                raise invalid(
                    f"{name}_diag_index is out of bound: {number}. It must be between "
                    f"{-self.rows} and {self.columns}"
                )


def _limits(k: Array) -> tuple[int, int]:
    """The lowest and the highest diagonal that `k` names."""
    if k.ndim > 1:
        raise invalid(
            f"diag_index must be a scalar or vector, received shape: {shape_brackets(k.shape)}"
        )
    if k.size not in {1, 2}:
        raise invalid(f"diag_index must have only one or two elements, received {k.size} elements.")
    lower, upper = int(k.flat[0]), int(k.flat[-1])
    if lower > upper:
        raise invalid(
            f"lower_diag_index must not be larger than upper_diag_index: {lower} > {upper}"
        )
    return lower, upper


def _band_of(x: Array, k: Array) -> _Band:
    if x.ndim < 2:
        raise invalid(f"input must be at least 2-dim, received shape: {shape_brackets(x.shape)}")
    band = _Band(*_limits(k), *x.shape[-2:])
    band.check()
    return band


def _scalar(value: Array, name: str) -> Array:
    if value.ndim:
        raise invalid(f"{name} must be scalar, received shape: {shape_brackets(value.shape)}")
    return value


def _known_limits(k: Spec) -> tuple[int, int] | None:
    if k.rank is not None and k.rank > 1:
        raise ValueError(f"Shape must be at most rank 1 but is rank {k.rank}")
    return None if k.value is None else _static(_limits, np.asarray(k.value))


def _static(function: Callable[..., _Found], *arguments: Any) -> _Found:
    """What a function gives; its complaints as ValueError, while the graph is built."""
    try:
        return function(*arguments)
    except InvalidArgumentError as error:
        raise ValueError(error.message) from None


# ---- MatrixDiagPartV3 -------------------------------------------------------------------------


def _part_kernel(x: Array, k: Array, padding_value: Array, *, align: str) -> Array:
    band = _band_of(x, k)
    padding = _scalar(padding_value, "padding_value")
    found = np.full((*x.shape[:-2], *band.dims), padding, x.dtype)
    lines = found.reshape(*x.shape[:-2], *band.lines)
    for e in band.entries(align):
        lines[..., e.place, e.at] = x[..., e.rows, e.columns]
    return found


def _part_infer(x: Spec, k: Spec, padding_value: Spec) -> Shape:
    shape = x.require_rank_at_least(2)
    padding_value.require_rank(0)
    limits = _known_limits(k)
    if shape is None or limits is None:
        return None
    rows, columns = shape[-2:]
    if rows is not None and columns is not None:
        band = _Band(*limits, rows, columns)
        _static(band.check)
        return (*shape[:-2], *band.dims)
    count = limits[1] - limits[0] + 1
    return (*shape[:-2], None) if count == 1 else (*shape[:-2], count, None)


def _part_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    x, k, _ = op.inputs
    return [raw.MatrixSetDiagV3(raw.ZerosLike(x), dy, k, align=op.attrs["align"]), None, None]


define(
    "MatrixDiagPartV3",
    "input: T, k: int32, padding_value: T -> diagonal: T",
    attrs={"align": "RIGHT_LEFT"},
    kernel=_part_kernel,
    infer=_part_infer,
    grad=_part_grad,
)


# ---- MatrixSetDiagV3 --------------------------------------------------------------------------


def _set_kernel(x: Array, diagonal: Array, k: Array, *, align: str) -> Array:
    band = _band_of(x, k)
    wanted = (*x.shape[:-2], *band.dims)
    if diagonal.shape != wanted:
        raise invalid(
            f"The diagonals {band.lower} to {band.upper} of an input of shape "
            f"{shape_brackets(x.shape)} have shape {shape_brackets(wanted)}, but diagonal has "
            f"{shape_brackets(diagonal.shape)}"
        )
    found = x.copy()
    lines = diagonal.reshape(*x.shape[:-2], *band.lines)
    for e in band.entries(align):
        found[..., e.rows, e.columns] = lines[..., e.place, e.at]
    return found


def _set_infer(x: Spec, diagonal: Spec, k: Spec) -> Shape:
    shape = x.require_rank_at_least(2)
    line = diagonal.require_rank_at_least(1)
    limits = _known_limits(k)
    if shape is None or line is None or limits is None:
        return shape
    last = 1 if limits[0] == limits[1] else 2
    if len(line) != len(shape) - 2 + last:
        raise ValueError(f"Shape must be rank {len(shape) - 2 + last} but is rank {len(line)}")
    return (merged(shape[:-2], line[:-last]) or ()) + shape[-2:]


def _set_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    _, diagonal, k = op.inputs
    align = op.attrs["align"]
    padding = constant(0, dy.dtype.base_dtype)
    return [
        raw.MatrixSetDiagV3(dy, raw.ZerosLike(diagonal), k, align=align),
        raw.MatrixDiagPartV3(dy, k, padding, align=align),
        None,
    ]


define(
    "MatrixSetDiagV3",
    "input: T, diagonal: T, k: int32 -> output: T",
    attrs={"align": "RIGHT_LEFT"},
    kernel=_set_kernel,
    infer=_set_infer,
    grad=_set_grad,
)


# ---- MatrixDiagV3 -----------------------------------------------------------------------------


def _sizes(limits: tuple[int, int], length: int, rows: int, columns: int) -> _Band:
    """The matrix that some diagonals make; -1 rows or columns are as few as there can be."""
    lower, upper = limits
    fewest = length - min(upper, 0), length + max(lower, 0)
    if rows == columns == -1:
        rows = columns = max(fewest)
    rows, columns = [a if b == -1 else b for a, b in zip(fewest, (rows, columns), strict=True)]
    for what, given, least in (("rows", rows, fewest[0]), ("columns", columns, fewest[1])):
        if given < least:
            raise invalid(f"The number of {what} is too small.")
    if rows != fewest[0] and columns != fewest[1]:
        raise invalid(
            "The number of rows or columns is not consistent with the specified d_lower, d_upper, "
            "and diagonal."
        )
    band = _Band(lower, upper, rows, columns)
    band.check()
    return band


def _diag_kernel(
    diagonal: Array,
    k: Array,
    num_rows: Array,
    num_cols: Array,
    padding_value: Array,
    *,
    align: str,
) -> Array:
    limits = _limits(k)
    last = 1 if limits[0] == limits[1] else 2
    if diagonal.ndim < last:
        raise invalid(
            f"diagonal must be at least {last}-dim, received shape: "
            f"{shape_brackets(diagonal.shape)}"
        )
    if last == 2 and diagonal.shape[-2] != limits[1] - limits[0] + 1:
        raise invalid(
            "The number of diagonals provided in the input does not match the lower_diag_index and "
            "upper_diag_index range."
        )
    rows, columns = int(_scalar(num_rows, "num_rows")), int(_scalar(num_cols, "num_cols"))
    band = _sizes(limits, diagonal.shape[-1], rows, columns)
    batch = diagonal.shape[:-last]
    padding = _scalar(padding_value, "padding_value")
    found = np.full((*batch, band.rows, band.columns), padding, diagonal.dtype)
    lines = diagonal.reshape(*batch, *band.lines)
    for e in band.entries(align):
        found[..., e.rows, e.columns] = lines[..., e.place, e.at]
    return found


def _diag_infer(
    diagonal: Spec, k: Spec, num_rows: Spec, num_cols: Spec, padding_value: Spec
) -> Shape:
    shape = diagonal.require_rank_at_least(1)
    for scalar in (num_rows, num_cols, padding_value):
        scalar.require_rank(0)
    limits = _known_limits(k)
    if shape is None or limits is None:
        return None
    last = 1 if limits[0] == limits[1] else 2
    if len(shape) < last:
        raise ValueError(f"Shape must be at least rank {last} but is rank {len(shape)}")
    rows, columns, length = num_rows.value, num_cols.value, shape[-1]
    if rows is None or columns is None or length is None:
        return (*shape[:-last], None, None)
    band = _static(_sizes, limits, length, int(rows), int(columns))
    return (*shape[:-last], band.rows, band.columns)


def _diag_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    padding = constant(0, dy.dtype.base_dtype)
    found = raw.MatrixDiagPartV3(dy, op.inputs[1], padding, align=op.attrs["align"])
    return [found, None, None, None, None]


define(
    "MatrixDiagV3",
    "diagonal: T, k: int32, num_rows: int32, num_cols: int32, padding_value: T -> output: T",
    attrs={"align": "RIGHT_LEFT"},
    kernel=_diag_kernel,
    infer=_diag_infer,
    grad=_diag_grad,
)
