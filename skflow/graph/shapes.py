"""Partial shapes: what is known of a tensor's dimensions before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np

from skflow.graph.dtypes import Array
from skflow.graph.lazy import LazyTable

Shape = tuple[int | None, ...] | None
"""A partial shape: ``None`` is an unknown rank, a ``None`` entry an unknown dimension."""


class Dimension:
    """One dimension of a shape; its value is ``None`` while it is unknown.

    Parameters
    ----------
    value : int, Dimension or None
        The size, which may be unknown.

    Raises
    ------
    ValueError
        If the size is negative.
    """

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value: int | None
        if value is None:
            self._value = None
        elif isinstance(value, Dimension):
            self._value = value._value
        else:
            self._value = int(value)
            if not isinstance(value, (str, bytes)) and self._value != value:
                raise ValueError(f"Ambiguous dimension: {value}")
            if self._value < 0:
                raise ValueError(f"Dimension {self._value} must be >= 0")

    @property
    def value(self) -> int | None:
        """The size, or ``None``."""
        return self._value

    def is_compatible_with(self, other: Any) -> bool:
        """Whether the two may be the same size."""
        theirs = as_dimension(other)._value
        return self._value is None or theirs is None or self._value == theirs

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raise ValueError unless the two may be the same size."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Dimensions {self} and {other} are not compatible")

    def merge_with(self, other: Any) -> Dimension:
        """Combine what both know; ValueError if they disagree."""
        other = as_dimension(other)
        self.assert_is_compatible_with(other)
        return Dimension(other._value if self._value is None else self._value)

    def _arith(self, other: Any, name: str) -> Dimension:
        theirs = as_dimension(other)._value
        if self._value is None or theirs is None:
            return Dimension(None)
        return Dimension(getattr(int, name)(self._value, theirs))

    def __add__(self, other: Any) -> Dimension:
        return self._arith(other, "__add__")

    def __sub__(self, other: Any) -> Dimension:
        return self._arith(other, "__sub__")

    def __mul__(self, other: Any) -> Dimension:
        return self._arith(other, "__mul__")

    def __floordiv__(self, other: Any) -> Dimension:
        return self._arith(other, "__floordiv__")

    __div__ = __floordiv__

    def __mod__(self, other: Any) -> Dimension:
        return self._arith(other, "__mod__")

    def __radd__(self, other: Any) -> Dimension:
        return self._arith(other, "__radd__")

    def __rmul__(self, other: Any) -> Dimension:
        return self._arith(other, "__rmul__")

    def _compare(self, other: Any, name: str) -> bool | None:
        theirs = as_dimension(other)._value
        if self._value is None or theirs is None:
            return None
        return bool(getattr(int, name)(self._value, theirs))

    def __eq__(self, other: object) -> bool | None:  # type: ignore[override]  # unknown is neither
        try:
            return self._compare(other, "__eq__")
        except (TypeError, ValueError):
            return NotImplemented

    def __ne__(self, other: object) -> bool | None:  # type: ignore[override]  # unknown is neither
        try:
            return self._compare(other, "__ne__")
        except (TypeError, ValueError):
            return NotImplemented

    def __lt__(self, other: Any) -> bool | None:
        return self._compare(other, "__lt__")

    def __le__(self, other: Any) -> bool | None:
        return self._compare(other, "__le__")

    def __gt__(self, other: Any) -> bool | None:
        return self._compare(other, "__gt__")

    def __ge__(self, other: Any) -> bool | None:
        return self._compare(other, "__ge__")

    def __hash__(self) -> int:
        return hash(self._value)

    def __int__(self) -> int | None:
        return self._value

    def __index__(self) -> int | None:
        return self._value

    def __str__(self) -> str:
        return "?" if self._value is None else str(self._value)

    def __repr__(self) -> str:
        return f"Dimension({self._value})"


def as_dimension(value: Any) -> Dimension:
    """Convert an int, ``None`` or `Dimension` to a `Dimension`."""
    return value if isinstance(value, Dimension) else Dimension(value)


class TensorShape:
    """The partially known shape of a tensor.

    Parameters
    ----------
    dims : iterable of int, Dimension or None; int; TensorShape; or None
        The dimensions; ``None`` is a shape of unknown rank, a lone number a vector's shape.
    """

    __slots__ = ("_dims",)

    def __init__(self, dims: Any) -> None:
        self._dims = to_shape(dims)

    @property
    def dims(self) -> list[Dimension] | None:
        """The dimensions, or ``None`` if the rank is unknown."""
        return None if self._dims is None else [Dimension(d) for d in self._dims]

    @property
    def ndims(self) -> int | None:
        """The rank, or ``None``."""
        return None if self._dims is None else len(self._dims)

    @property
    def rank(self) -> int | None:
        """The rank, or ``None``."""
        return self.ndims

    def num_elements(self) -> int | None:
        """The number of elements, or ``None`` unless the shape is fully known."""
        return num_elements(self._dims)

    def as_list(self) -> list[int | None]:
        """The dimensions as a list of int and ``None``; ValueError if the rank is unknown."""
        if self._dims is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self._dims)

    def as_proto(self) -> Any:
        """The shape as a ``TensorShapeProto`` message."""
        return _PROTO["shape"](self._dims)

    def is_fully_defined(self) -> bool:
        """Whether rank and every dimension are known."""
        return self._dims is not None and None not in self._dims

    def assert_is_fully_defined(self) -> None:
        """Raise ValueError unless the shape is fully known."""
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def is_compatible_with(self, other: Any) -> bool:
        """Whether some full shape agrees with both."""
        return compatible(self._dims, to_shape(other))

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raise ValueError unless some full shape agrees with both."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are incompatible")

    def merge_with(self, other: Any) -> TensorShape:
        """Combine what both know.

        Raises
        ------
        ValueError
            If they disagree.
        """
        merged = merge(self._dims, to_shape(other))
        if merged is False:
            raise ValueError(f"Shapes {self} and {as_shape(other)} are not compatible")
        return TensorShape(merged)

    def concatenate(self, other: Any) -> TensorShape:
        """This shape's dimensions, then the other's; unknown if either rank is."""
        theirs = to_shape(other)
        both = None if self._dims is None or theirs is None else self._dims + theirs
        return TensorShape(both)

    def assert_same_rank(self, other: Any) -> None:
        """Raise ValueError if both ranks are known and differ."""
        other = as_shape(other)
        if self.ndims is not None and other.ndims is not None and self.ndims != other.ndims:
            raise ValueError(f"Shapes {self} and {other} must have the same rank")

    def assert_has_rank(self, rank: int) -> None:
        """Raise ValueError if the rank is known and is not `rank`."""
        if self.ndims not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def with_rank(self, rank: int) -> TensorShape:
        """This shape with `rank` dimensions; ValueError if it has another rank."""
        try:
            return self.merge_with(unknown_shape(ndims=rank))
        except ValueError:
            raise ValueError(f"Shape {self} must have rank {rank}") from None

    def with_rank_at_least(self, rank: int) -> TensorShape:
        """This shape; ValueError if its rank is known and below `rank`."""
        if self.ndims is not None and self.ndims < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank: int) -> TensorShape:
        """This shape; ValueError if its rank is known and above `rank`."""
        if self.ndims is not None and self.ndims > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self

    def __len__(self) -> int:
        if self._dims is None:
            raise ValueError("Cannot take the length of Shape with unknown rank.")
        return len(self._dims)

    def __bool__(self) -> bool:
        return self._dims is not None

    def __iter__(self) -> Iterator[Dimension]:
        if self._dims is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return iter([Dimension(d) for d in self._dims])

    def __getitem__(self, key: Any) -> Any:
        if self._dims is not None:
            got = self._dims[key]
            return TensorShape(got) if isinstance(key, slice) else Dimension(got)
        if not isinstance(key, slice):
            return Dimension(None)
        start, stop = key.start or 0, key.stop
        if key.step is not None:
            raise ValueError("Steps are not yet handled")
        if stop is None or stop < 0 or start < 0:
            return unknown_shape()
        return unknown_shape(ndims=max(stop - start, 0))

    def __eq__(self, other: object) -> bool:
        try:
            return self._dims == to_shape(other)
        except TypeError:
            return NotImplemented

    def __ne__(self, other: object) -> bool:
        try:
            theirs = to_shape(other)
        except TypeError:
            return NotImplemented
        if self._dims is None or theirs is None:
            raise ValueError("The inequality of unknown TensorShapes is undefined.")
        return self._dims != theirs

    def __hash__(self) -> int:
        return hash(self._dims)

    def __str__(self) -> str:
        return shape_text(self._dims)

    def __repr__(self) -> str:
        if self._dims is None:
            return "TensorShape(None)"
        return f"TensorShape([{', '.join(f'Dimension({d})' for d in self._dims)}])"

    def __reduce__(self) -> tuple[Any, ...]:
        return TensorShape, (self._dims,)


# Filled by the serializer, which knows the messages; this module knows none.
_PROTO: Final[LazyTable[Any]] = LazyTable({"graph.serialize": "shape"})


def as_shape(shape: Any) -> TensorShape:
    """Convert anything that names a shape to a `TensorShape`."""
    return shape if isinstance(shape, TensorShape) else TensorShape(shape)


def unknown_shape(ndims: int | None = None) -> TensorShape:
    """A shape of unknown rank, or of `ndims` unknown dimensions."""
    return TensorShape(None if ndims is None else (None,) * ndims)


def to_shape(dims: Any) -> Shape:
    """Convert anything that names a shape to the plain tuple the engine works on."""
    if dims is None:
        return None
    if isinstance(dims, TensorShape):
        return dims._dims
    if isinstance(dims, (int, np.integer, Dimension)):
        return (as_dimension(dims).value,)
    if isinstance(dims, (str, bytes)):
        raise TypeError(
            "A string has ambiguous TensorShape, please wrap in a list or convert to an int: "
            f"{dims!s}"
        )
    if hasattr(dims, "unknown_rank"):  # a TensorShapeProto
        return (
            None
            if dims.unknown_rank
            else tuple(None if d.size < 0 else int(d.size) for d in dims.dim)
        )
    if type(dims) is tuple and all(d is None or (type(d) is int and d >= 0) for d in dims):
        return dims
    try:
        return tuple(as_dimension(d).value for d in dims)
    except TypeError:
        return (as_dimension(dims).value,)


def num_elements(shape: Shape) -> int | None:
    """The number of elements of a fully known shape, else ``None``."""
    if shape is None:
        return None
    count = 1
    for d in shape:
        if d is None:
            return None
        count *= d
    return count


def is_full(shape: Shape) -> bool:
    """Whether rank and every dimension are known."""
    return shape is not None and None not in shape


def compatible(a: Shape, b: Shape) -> bool:
    """Whether some full shape agrees with both partial ones."""
    if a is None or b is None:
        return True
    return len(a) == len(b) and all(
        p is None or q is None or p == q for p, q in zip(a, b, strict=True)
    )


def merge(a: Shape, b: Shape) -> Any:
    """What two partial shapes know together, or ``False`` if they disagree."""
    if a is None or b is None:
        return b if a is None else a
    if not compatible(a, b):
        return False
    return tuple(q if p is None else p for p, q in zip(a, b, strict=True))


def broadcast(a: Shape, b: Shape) -> Shape:
    """The shape two arrays broadcast to.

    Raises
    ------
    ValueError
        With TensorFlow's sentence, if the shapes do not broadcast.
    """
    if a is None or b is None:
        return None
    if a == b and None not in a:
        return a
    if len(a) < len(b):
        a = (1,) * (len(b) - len(a)) + a
    elif len(b) < len(a):
        b = (1,) * (len(a) - len(b)) + b
    return tuple([_broadcast_dim(p, q) for p, q in zip(a, b, strict=True)])


def _broadcast_dim(p: int | None, q: int | None) -> int | None:
    if p == 1:
        return q
    if q in {1, p}:
        return p
    if p is None:
        return q
    if q is None:
        return p
    raise ValueError(f"Dimensions must be equal, but are {p} and {q}")


def shape_text(shape: Shape) -> str:
    """The way Python users see a shape: ``(?, 3)``, ``<unknown>``."""
    if shape is None:
        return "<unknown>"
    inner = ", ".join("?" if d is None else str(d) for d in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def shape_brackets(shape: Shape | Iterable[int]) -> str:
    """The way TensorFlow's kernels write a shape: ``[?,3]``, ``<unknown>``."""
    if shape is None:
        return "<unknown>"
    return "[" + ",".join("?" if d is None else str(d) for d in shape) + "]"


def equal_dims(p: int | None, q: int | None) -> int | None:
    """The dimension both are; ValueError with TensorFlow's sentence if they differ."""
    if p is None or q is None or p == q:
        return q if p is None else p
    raise ValueError(f"Dimensions must be equal, but are {p} and {q}")


def merged(a: Shape, b: Shape) -> Shape:
    """The shape both are; ValueError with TensorFlow's sentences if they disagree."""
    if a is None or b is None:
        return b if a is None else a
    if len(a) != len(b):
        raise ValueError(f"Shapes must be equal rank, but are {len(a)} and {len(b)}")
    for i, (p, q) in enumerate(zip(a, b, strict=True)):
        if p is not None and q is not None and p != q:
            raise ValueError(f"Dimension {i} in both shapes must be equal, but are {p} and {q}")
    return tuple([q if p is None else p for p, q in zip(a, b, strict=True)])


def normalize_axes(axes: Sequence[int] | Array, rank: int) -> tuple[int, ...]:
    """Axes counted from the front, negative ones from the back; ValueError if out of range."""
    out = []
    for axis in np.asarray(axes).reshape(-1).tolist():
        if not -rank <= axis < rank:
            raise ValueError(f"Invalid reduction dimension {axis} for input with {rank} dimensions")
        out.append(axis % rank)
    return tuple(out)
