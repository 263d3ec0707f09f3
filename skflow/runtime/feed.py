"""What callers feed becomes arrays of the tensors' types and shapes, or a clear refusal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from skflow.graph.core import Graph
from skflow.graph.dtypes import Array
from skflow.graph.literals import string_array
from skflow.graph.nodes import Tensor
from skflow.graph.shapes import compatible
from skflow.graph.sparse_types import IndexedSlices, SparseTensor


class Feeder:
    """Checks and converts what is fed for one tensor.

    Parameters
    ----------
    tensor : Tensor
        The tensor that values are fed for.
    """

    __slots__ = ("_fitting", "_integral", "dtype", "tensor")

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self.dtype = tensor.dtype.base_dtype.np_dtype
        self._integral = self.dtype.kind in "iu"
        self._fitting: tuple[int, ...] | None = None  # the last shape that was found to fit

    def __call__(self, value: Any) -> Array:
        """The array to run with.

        Raises
        ------
        TypeError, ValueError
            With TensorFlow's sentence, if the value does not fit.
        """
        array = self.array(value)
        self.check(array)
        return array

    def array(self, value: Any) -> Array:
        """The value as an array of the tensor's type; TypeError if it is none."""
        dtype = self.dtype
        if type(value) is np.ndarray and value.dtype == dtype and dtype.kind != "O":
            return value
        return self._converted(value)

    def check(self, array: Array) -> None:
        """Raise ValueError if an array has no shape that the tensor may have."""
        if array.shape == self._fitting:
            return
        if not compatible(self.tensor._spec.shape, array.shape):
            raise ValueError(
                f"Cannot feed value of shape {array.shape!r} for Tensor "
                f"{self.tensor.name!r}, which has shape '{self.tensor.get_shape()}'"
            )
        self._fitting = array.shape

    def _converted(self, value: Any) -> Array:
        if isinstance(value, Tensor):
            raise TypeError(
                "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include "
                "Python scalars, strings, lists, numpy ndarrays, or TensorHandles."
            )
        if self.dtype.kind == "O":
            return string_array(np.asarray(value, dtype=object))
        if self._integral:
            return self._whole(value)
        return np.asarray(value, dtype=self.dtype)

    def _whole(self, value: Any) -> Array:
        """An integer array; unlike TensorFlow's, it never drops a fraction or wraps around."""
        given = np.asarray(value)
        kind = given.dtype.kind
        if kind in "fc":
            if not np.array_equal(given, np.trunc(given.real)):
                raise TypeError(
                    f"Type of feed value {_short(value)} is not compatible with Tensor type "
                    f"{self.dtype.type}: {self.tensor.name!r} holds integers, and this would "
                    "drop fractions. Convert the value yourself if that is what you mean."
                )
            given = given.real
        elif kind not in "iub":
            return np.asarray(value, dtype=self.dtype)
        with np.errstate(invalid="ignore"):
            array = given.astype(self.dtype)
        if given.dtype != self.dtype and kind != "b" and not np.array_equal(array, given):
            raise TypeError(
                f"Type of feed value {_short(value)} is not compatible with Tensor type "
                f"{self.dtype.type}. Try explicitly setting the type of the feed tensor to a "
                "larger type (e.g. int64)."
            )
        return array


class Feeders:
    """Checks and converts what is fed for all the tensors of a call.

    Parameters
    ----------
    tensors : list of Tensor
        The tensors, in the order in which their values come.
    """

    __slots__ = ("_dtypes", "_feeders")

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self._feeders = [Feeder(t) for t in tensors]
        # Text has no type of its own in NumPy: objects are always looked at.
        self._dtypes = [None if f.dtype.kind == "O" else f.dtype for f in self._feeders]

    def arrays(self, values: Collection[Any]) -> list[Array]:
        """The arrays to run with; their shapes are not checked."""
        if not values:
            return []
        # Arrays of the right type, which is all that comes in a busy loop, cost no call.
        return [
            v if type(v) is np.ndarray and v.dtype is dtype else feeder.array(v)
            for v, dtype, feeder in zip(values, self._dtypes, self._feeders, strict=True)
        ]

    def check(self, arrays: Sequence[Array]) -> None:
        """Raise ValueError if one of the arrays has no shape that its tensor may have."""
        for feeder, array in zip(self._feeders, arrays, strict=True):
            feeder.check(array)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def feed_items(graph: Graph, feed_dict: dict[Any, Any]) -> list[tuple[Tensor, Any]]:
    """Pairs of a tensor and what is fed for it; sparse tensors are fed by their parts.

    A tuple of tensors is fed by a tuple of values.

    Raises
    ------
    TypeError
        If a key names no tensor of the graph.
    ValueError
        If a tensor may not be fed.
    """
    items: list[tuple[Tensor, Any]] = []
    for key, value in _flat_items(feed_dict.items()):
        if isinstance(key, SparseTensor):
            items.extend(zip((key.indices, key.values, key.dense_shape), value, strict=True))
            continue
        if isinstance(key, IndexedSlices):
            parts = [t for t in (key.values, key.indices, key.dense_shape) if t is not None]
            items.extend(zip(parts, value, strict=False))
            continue
        try:
            tensor = graph.as_graph_element(key, allow_operation=False)
        except (TypeError, ValueError, KeyError) as error:
            raise TypeError(f"Cannot interpret feed_dict key as Tensor: {error.args[0]}") from None
        assert isinstance(tensor, Tensor)
        if not graph.is_feedable(tensor):
            raise ValueError(f"Tensor {tensor} may not be fed.")
        items.append((tensor, value))
    return items


def _flat_items(items: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    for key, value in items:
        if isinstance(key, tuple):
            if not isinstance(value, (list, tuple)) or len(value) != len(key):
                raise ValueError(
                    f"Could not flatten dictionary. Key had {len(key)} elements, but its value "
                    f"is {_short(value)}."
                )
            yield from _flat_items(zip(key, value, strict=True))
        else:
            yield key, value
