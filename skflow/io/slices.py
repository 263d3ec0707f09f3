"""Parts of tensors, as the saving operations and checkpoint files name them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from skflow import errors, proto

Shape = tuple[int, ...]

# The length of an axis that a part has all of.
FULL: Final = -1
_INT64: Final = 1 << 63


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


@dataclass(frozen=True)
class TensorSlice:
    """A part of a tensor: a range of each axis.

    Attributes
    ----------
    extents : tuple of (int, int)
        Start and length along each axis; ``(0, -1)`` stands for the whole axis.
    """

    extents: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        for start, length in self.extents:
            if (start, length) == (0, FULL):
                continue
            if start < 0 or length <= 0:
                raise _invalid(
                    "Expected non-negative start and positive length but got "
                    f"start = {start}, length = {length}: string = {self}"
                )
            if start + length >= _INT64:
                raise _invalid(f"Extent end exceeds the maximum possible size: string = {self}")

    @classmethod
    def full(cls, rank: int) -> TensorSlice:
        """All of a tensor with `rank` axes."""
        return cls(((0, FULL),) * rank)

    @classmethod
    def parse(cls, text: str) -> TensorSlice:
        """Return the part that a text names.

        Parameters
        ----------
        text : str
            For each axis ``start,length`` or ``-``, with colons between: ``"0,10:-"``.

        Returns
        -------
        TensorSlice
            The part.

        Raises
        ------
        InvalidArgumentError
            If the text names none.

        Examples
        --------
        >>> TensorSlice.parse("-:0,10")
        TensorSlice(extents=((0, -1), (0, 10)))
        """
        items = [item for item in text.split(":") if item]
        return cls(tuple(_parse_extent(item, text) for item in items))

    @classmethod
    def from_proto(cls, message: proto.TensorSliceProto) -> TensorSlice:
        """Return the part that a message names.

        Raises
        ------
        InvalidArgumentError
            If a start is negative or a length not positive.
        """
        extents = (
            (extent.start, extent.length if extent.WhichOneof("has_length") else FULL)
            for extent in message.extent
        )
        return cls(tuple(extents))

    def write_to(self, message: Any) -> None:
        """Add the part's extents to an empty `TensorSliceProto`."""
        for start, length in self.extents:
            extent = message.extent.add()
            if length != FULL:
                extent.start, extent.length = start, length

    def __str__(self) -> str:
        return ":".join("-" if n == FULL else f"{start},{n}" for start, n in self.extents)

    @property
    def is_full(self) -> bool:
        """Whether the part has the whole of every axis, whatever the shape."""
        return all(length == FULL for _, length in self.extents)

    def bounds(self, shape: Sequence[int]) -> tuple[slice, ...]:
        """Return the part's range along each axis of a tensor.

        Parameters
        ----------
        shape : sequence of int
            The whole tensor's shape.

        Returns
        -------
        tuple of slice
            Steps of one, inside the shape.

        Raises
        ------
        InternalError
            If the part does not lie in the shape.
        """
        if len(shape) != len(self.extents):
            message = f"Mismatching ranks: shape = {list(shape)}, slice = {self}"
            raise errors.InternalError(None, None, message)
        ranges = []
        for axis, ((start, length), dim) in enumerate(zip(self.extents, shape, strict=True)):
            end = dim if length == FULL else start + length
            if end > dim:
                message = f"Extent in dimension {axis} out of bounds: shape = {list(shape)}, "
                raise errors.InternalError(None, None, message + f"slice = {self}")
            ranges.append(slice(start, end))
        return tuple(ranges)

    def shape_in(self, shape: Sequence[int]) -> Shape:
        """Return the part's own shape, for a tensor of a given shape.

        Raises
        ------
        InternalError
            If the part does not lie in the shape.
        """
        return tuple(bound.stop - bound.start for bound in self.bounds(shape))


def _parse_extent(item: str, text: str) -> tuple[int, int]:
    if item == "-":
        return 0, FULL
    found = re.fullmatch(r",*\s*([-+]?[0-9]{1,19})\s*,+\s*([-+]?[0-9]{1,19})\s*,*", item, re.ASCII)
    if found is None:
        raise _invalid(f"Expected a pair of numbers or '-' but got '{item}': string = {text}")
    start, length = int(found[1]), int(found[2])
    if start < 0 or length <= 0:
        raise _invalid(
            "Expected non-negative start and positive length but got "
            f"start = {start}, length = {length}: string = {text}"
        )
    return start, length


def parse_shape_and_slice(text: str) -> tuple[Shape, TensorSlice, Shape]:
    """Return what a ``shape_and_slice`` text says about a variable that is saved in parts.

    Parameters
    ----------
    text : str
        The whole variable's dimensions and the part: ``"10 20 0,5:-"``. Not empty.

    Returns
    -------
    shape : tuple of int
        The whole variable's shape.
    part : TensorSlice
        The part.
    part_shape : tuple of int
        The part's own shape.

    Raises
    ------
    InvalidArgumentError
        If the text does not say so.
    InternalError
        If the part does not lie in the shape.

    Examples
    --------
    >>> parse_shape_and_slice("10 20 0,5:-")
    ((10, 20), TensorSlice(extents=((0, 5), (0, -1))), (5, 20))
    """
    *dims, last = text.split(" ")
    if not dims:
        raise _invalid(f"Need least two elements in shape_and_slice specification: {text}")
    part = TensorSlice.parse(last)
    if not all(re.fullmatch(r"\s*[-+]?[0-9]{1,19}\s*", dim, re.ASCII) for dim in dims):
        raise _invalid(f"Non numerical dimension in shape_and_slice: {text}")
    shape = tuple(int(dim) for dim in dims)
    if any(dim < 0 for dim in shape):
        raise _invalid(f"Negative dimension in shape_and_slice: {text}")
    return shape, part, part.shape_in(shape)


def common(first: Sequence[slice], second: Sequence[slice]) -> tuple[slice, ...] | None:
    """Return the ranges that two parts of one tensor share, or None if they share no element."""
    ranges = tuple(
        slice(max(one.start, other.start), min(one.stop, other.stop))
        for one, other in zip(first, second, strict=True)
    )
    return ranges if all(shared.start < shared.stop for shared in ranges) else None


def relative(ranges: Sequence[slice], origin: Sequence[slice]) -> tuple[slice, ...]:
    """Return ranges of a tensor as ranges of one of its parts, which begins at `origin`."""
    return tuple(
        slice(bound.start - base.start, bound.stop - base.start)
        for bound, base in zip(ranges, origin, strict=True)
    )


def count(ranges: Sequence[slice]) -> int:
    """Return the number of elements in a part."""
    return math.prod(bound.stop - bound.start for bound in ranges)
