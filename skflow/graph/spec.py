"""Specs: what is known of a tensor before anything runs."""

from __future__ import annotations

from typing import Final

from skflow.graph.dtypes import Array, DType
from skflow.graph.shapes import Shape, shape_brackets, shape_text

_LONGEST: Final = 4096


def unknown_entries(count: int | None) -> Shape:
    """What is known of a shape's entries if only their number is; nothing if they are too many."""
    return None if count is None or count > _LONGEST else (None,) * count


MOST_DIMENSIONS: Final = 254
"""The most that a tensor may have, as in TensorFlow."""


class Spec:
    """What is known of a tensor: dtype, partial shape and, where it is constant, its value.

    Parameters
    ----------
    dtype : DType
        The base type.
    shape : tuple or None
        The partial shape.
    value : numpy.ndarray, optional
        The value, if it is known before the run.
    partial : tuple, optional
        For a vector that describes a shape: its entries, ``None`` where unknown.
    """

    __slots__ = ("_partial", "_value", "dtype", "shape")

    def __init__(
        self, dtype: DType, shape: Shape, value: Array | None = None, partial: Shape = None
    ) -> None:
        self.dtype = dtype
        self.shape = shape
        self._value = value
        self._partial = partial

    @property
    def value(self) -> Array | None:
        """The value, if it is known before the run, else ``None``."""
        return self._value

    @property
    def rank(self) -> int | None:
        """The rank, or ``None``."""
        return None if self.shape is None else len(self.shape)

    def as_shape(self) -> Shape:
        """Read this tensor as one that holds a shape (-1 and unknown entries become ``None``)."""
        value = self.value
        if value is not None:
            if value.size > MOST_DIMENSIONS:
                raise ValueError(
                    f"A shape of {value.size} dimensions: there may be {MOST_DIMENSIONS}"
                )
            return tuple([None if d < 0 else int(d) for d in value.reshape(-1).tolist()])
        partial = self.partial
        if partial is None and self.shape is not None and len(self.shape) == 1:
            return unknown_entries(self.shape[0])
        return partial

    @property
    def partial(self) -> Shape:
        """The entries of a vector that describes a shape, ``None`` where unknown."""
        return self._partial

    def require_rank(self, rank: int) -> Shape:
        """The shape, with `rank` dimensions; ValueError with TensorFlow's sentence otherwise."""
        if self.shape is None:
            return (None,) * rank
        if len(self.shape) != rank:
            raise ValueError(f"Shape must be rank {rank} but is rank {len(self.shape)}")
        return self.shape

    def require_rank_at_least(self, rank: int) -> Shape:
        """The shape; ValueError with TensorFlow's sentence if its rank is below `rank`."""
        if self.shape is not None and len(self.shape) < rank:
            raise ValueError(f"Shape must be at least rank {rank} but is rank {len(self.shape)}")
        return self.shape

    def __repr__(self) -> str:
        return f"Spec({self.dtype.name}, {shape_text(self.shape)})"


class WatchedSpec(Spec):
    """A spec that takes note of what a shape rule asks it, for the rule's error message.

    Parameters
    ----------
    spec : Spec
        What is known of the tensor.
    """

    __slots__ = ("answer", "asked", "spec")

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec.dtype, spec.shape)
        self.spec = spec
        self.asked = ""
        self.answer = ""

    @property
    def value(self) -> Array | None:
        """The value, if it is known before the run."""
        value = self.spec.value
        if not self.asked and value is not None:
            self.asked, self.answer = "value", f"<{_summary(value)}>"
        return value

    def as_shape(self) -> Shape:
        """Read the tensor as one that holds a shape."""
        shape = self.spec.as_shape()
        self.asked, self.answer = "shape", "" if shape is None else shape_brackets(shape)
        return shape

    @property
    def partial(self) -> Shape:
        """The known entries of a vector that describes a shape."""
        return self.spec.partial


def _summary(value: Array) -> str:
    """An array's entries the way TensorFlow's messages list them."""
    if value.ndim > 1:
        return "".join(f"[{_summary(row)}]" for row in value)
    return " ".join(
        f"{item:g}" if isinstance(item, float) else str(item) for item in value.reshape(-1).tolist()
    )
