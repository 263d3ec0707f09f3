"""Tensors given by parts: slices of a larger array (`IndexedSlices`) and single entries of one."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from skflow.graph.conversion import convert, register_tensor_conversion_function
from skflow.graph.core import Graph
from skflow.graph.dtypes import DType, as_dtype, int64
from skflow.graph.nodes import LATE, Operation, Tensor, session_for
from skflow.graph.registry import raw
from skflow.graph.scopes import graph_of, name_scope
from skflow.graph.shapes import TensorShape

_LARGE: Final = 100_000_000  # elements of a dense copy that nobody should make unawares


class IndexedSlices:
    """Some rows of a larger tensor: the gradient of a lookup.

    ``dense[indices[i]] += values[i]`` over all ``i`` gives the tensor it stands for; rows whose
    index is missing are zero.

    Parameters
    ----------
    values : Tensor, shape (D0, D1, ..., Dn)
        The rows.
    indices : Tensor of integers, shape (D0,)
        Where each row belongs; an index may occur more than once.
    dense_shape : Tensor of integers, shape (n + 1,), optional
        The larger tensor's shape.

    Raises
    ------
    ValueError
        If the parts belong to different graphs.
    """

    __slots__ = ("_dense_shape", "_indices", "_values")

    def __init__(self, values: Tensor, indices: Tensor, dense_shape: Tensor | None = None) -> None:
        graph_of([values, indices, dense_shape])
        self._values = values
        self._indices = indices
        self._dense_shape = dense_shape

    @property
    def values(self) -> Tensor:
        """The rows."""
        return self._values

    @property
    def indices(self) -> Tensor:
        """The rows' indices in the larger tensor."""
        return self._indices

    @property
    def dense_shape(self) -> Tensor | None:
        """The larger tensor's shape, or ``None`` if it was not given."""
        return self._dense_shape

    @property
    def name(self) -> str:
        """The name of the rows' tensor."""
        return self._values.name

    @property
    def device(self) -> str:
        """The device recorded for the rows' operation."""
        return self._values.device

    @property
    def op(self) -> Operation:
        """The operation that computes the rows."""
        return self._values.op

    @property
    def dtype(self) -> DType:
        """The type of the rows' elements."""
        return self._values.dtype

    @property
    def graph(self) -> Graph:
        """The graph the parts belong to."""
        graph: Graph = self._values.graph
        return graph

    def __str__(self) -> str:
        shape = "" if self._dense_shape is None else f", dense_shape={self._dense_shape}"
        return f"IndexedSlices(indices={self._indices}, values={self._values}{shape})"

    def __neg__(self) -> IndexedSlices:
        return IndexedSlices(LATE["__neg__"](self._values), self._indices, self._dense_shape)


class IndexedSlicesValue(NamedTuple):
    """What a session returns for `IndexedSlices`, and accepts as a feed."""

    values: Any
    indices: Any
    dense_shape: Any


class SparseTensor:
    """A tensor most of whose entries are zero: the others, one by one.

    ``dense[tuple(indices[i])] = values[i]``; operations expect the indices in row-major order.

    Parameters
    ----------
    indices : array_like of int64, shape (N, ndims)
        Where each value belongs.
    values : array_like, shape (N,)
        The values.
    dense_shape : array_like of int64, shape (ndims,)
        The shape of the tensor it stands for.

    Raises
    ------
    ValueError
        If the three shapes do not fit one another.
    """

    __slots__ = ("_dense_shape", "_indices", "_values")

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        with name_scope(None, "SparseTensor", [indices, values, dense_shape]):
            self._indices = convert(indices, int64, "indices")
            self._values = convert(values, None, "values", as_ref=True)
            self._dense_shape = convert(dense_shape, int64, "dense_shape")
        where = self._indices.get_shape().with_rank(2)
        what = self._values.get_shape().with_rank(1)
        whole = self._dense_shape.get_shape().with_rank(1)
        where[0].merge_with(what[0])
        where[1].merge_with(whole[0])

    @classmethod
    def from_value(cls, sparse_tensor_value: Any) -> SparseTensor:
        """Make a sparse tensor of constants, or of another one's parts.

        Parameters
        ----------
        sparse_tensor_value : SparseTensor or SparseTensorValue
            The parts.

        Raises
        ------
        TypeError
            If it is neither.
        """
        given = sparse_tensor_value
        if not isinstance(given, (SparseTensor, SparseTensorValue)):
            raise TypeError(f"Neither a SparseTensor nor SparseTensorValue: {given}.")
        return SparseTensor(given.indices, given.values, given.dense_shape)

    @property
    def indices(self) -> Tensor:
        """Where each value belongs: int64, shape (N, ndims)."""
        return self._indices

    @property
    def values(self) -> Tensor:
        """The values, shape (N,)."""
        return self._values

    @property
    def dense_shape(self) -> Tensor:
        """The shape of the tensor it stands for: int64, shape (ndims,)."""
        return self._dense_shape

    @property
    def op(self) -> Operation:
        """The operation that computes the values."""
        return self._values.op

    @property
    def dtype(self) -> DType:
        """The type of the values."""
        return self._values.dtype

    @property
    def graph(self) -> Graph:
        """The graph the parts belong to."""
        graph: Graph = self._indices.graph
        return graph

    @property
    def shape(self) -> TensorShape:
        """The partially known shape of the tensor it stands for."""
        return self.get_shape()

    def get_shape(self) -> TensorShape:
        """Return the partially known shape of the tensor it stands for."""
        return TensorShape(self._dense_shape.spec.as_shape())

    def eval(self, feed_dict: Any = None, session: Any = None) -> SparseTensorValue:
        """Compute the parts in a session.

        Parameters
        ----------
        feed_dict : dict, optional
            Values for tensors, as in `Session.run`.
        session : Session, optional
            The session; by default the innermost one entered.

        Returns
        -------
        SparseTensorValue

        Raises
        ------
        ValueError
            If there is no session, or it runs another graph.
        """
        parts = [self._indices, self._values, self._dense_shape]
        chosen = session_for(self.graph, session, "evaluate tensor", "eval()", "tensor")
        return SparseTensorValue(*chosen.run(parts, feed_dict))

    def __mul__(self, other: Any) -> SparseTensor:
        return LATE["sparse__mul__"](self, other)  # type: ignore[no-any-return]

    def __div__(self, other: Any) -> SparseTensor:
        return LATE["sparse__div__"](self, other)  # type: ignore[no-any-return]

    def __truediv__(self, other: Any) -> SparseTensor:
        return LATE["sparse__truediv__"](self, other)  # type: ignore[no-any-return]

    def __str__(self) -> str:
        return (
            f"SparseTensor(indices={self._indices}, values={self._values}, "
            f"dense_shape={self._dense_shape})"
        )


class SparseTensorValue(NamedTuple):
    """What a session returns for a `SparseTensor`, and accepts as a feed.

    Parameters
    ----------
    indices : numpy.ndarray of int64, shape (N, ndims)
        Where each value belongs.
    values : numpy.ndarray, shape (N,)
        The values.
    dense_shape : numpy.ndarray of int64, shape (ndims,)
        The shape of the tensor it stands for.
    """

    indices: Any
    values: Any
    dense_shape: Any


def _densified(
    value: IndexedSlices, dtype: DType | None = None, name: str | None = None, as_ref: bool = False
) -> Tensor:
    """The dense tensor that slices stand for; warns where that may be large."""
    del as_ref
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        raise ValueError(
            f"Tensor conversion requested dtype {dtype.name} for IndexedSlices with dtype "
            f"{value.dtype.name}"
        )
    shape = value.dense_shape
    if shape is None:
        raise ValueError(
            f"Tensor conversion requested for IndexedSlices without dense_shape: {value}"
        )
    _warn_if_large(shape)
    return raw.UnsortedSegmentSum(  # type: ignore[no-any-return]
        value.values, value.indices, LATE["__getitem__"](shape, 0), name=name
    )


def _warn_if_large(dense_shape: Tensor) -> None:
    known = dense_shape.spec.value
    if known is None:
        size = "of unknown shape"
    else:
        count = math.prod(known.tolist())
        if count < _LARGE:
            return
        size = f"with {count} elements"
    warnings.warn(
        f"Converting sparse IndexedSlices to a dense Tensor {size}. "
        "This may consume a large amount of memory.",
        stacklevel=4,
    )


register_tensor_conversion_function(IndexedSlices, _densified)


def convert_to_tensor_or_indexed_slices(
    value: Any, dtype: Any = None, name: str | None = None
) -> Tensor | IndexedSlices | SparseTensor:
    """Convert a value to a tensor, unless it is given by parts already.

    Parameters
    ----------
    value : IndexedSlices, SparseTensor or anything convertible to a tensor
        What to convert.
    dtype : DType, optional
        The type it must have.
    name : str, optional
        The name of the operation, if one is made.

    Returns
    -------
    Tensor, IndexedSlices or SparseTensor

    Raises
    ------
    ValueError
        If the elements are of another type than `dtype`.
    """
    return tensor_or_parts(value, dtype, name)


def tensor_or_parts(
    value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False
) -> Tensor | IndexedSlices | SparseTensor:
    """Do as `convert_to_tensor_or_indexed_slices`, keeping a reference if `as_ref` is set."""
    wanted = None if dtype is None else as_dtype(dtype)
    if not isinstance(value, (IndexedSlices, SparseTensor)):
        return convert(value, wanted, name, as_ref=as_ref)
    if wanted is not None and not wanted.is_compatible_with(value.dtype):
        raise ValueError(
            f"Tensor conversion requested dtype {wanted.name} for Tensor with dtype "
            f"{value.dtype.name}: {str(value)!r}"
        )
    return value


def convert_n_to_tensor_or_indexed_slices(
    values: Sequence[Any], dtype: Any = None, name: str | None = None
) -> list[Any]:
    """Convert each of several values; see `convert_to_tensor_or_indexed_slices`.

    Parameters
    ----------
    values : sequence
        What to convert; ``None`` stays.
    dtype : DType, optional
        The type they must have.
    name : str, optional
        The prefix of the names of operations that are made.

    Returns
    -------
    list of Tensor, IndexedSlices, SparseTensor or None

    Raises
    ------
    TypeError
        If `values` is not a sequence.
    """
    if not isinstance(values, Sequence):
        raise TypeError("values must be a list.")
    return [
        None
        if v is None
        else convert_to_tensor_or_indexed_slices(v, dtype, None if name is None else f"{name}_{i}")
        for i, v in enumerate(values)
    ]


def convert_to_tensor_or_sparse_tensor(
    value: Any, dtype: Any = None, name: str | None = None
) -> Tensor | SparseTensor:
    """Convert a value to a tensor, or a sparse value to a sparse tensor.

    Parameters
    ----------
    value : SparseTensor, SparseTensorValue or anything convertible to a tensor
        What to convert.
    dtype : DType, optional
        The type it must have.
    name : str, optional
        The name of the operation, if one is made.

    Returns
    -------
    Tensor or SparseTensor

    Raises
    ------
    RuntimeError
        If a sparse value's elements are of another type than `dtype`.
    """
    wanted = None if dtype is None else as_dtype(dtype)
    if isinstance(value, SparseTensorValue):
        value = SparseTensor.from_value(value)
    if not isinstance(value, SparseTensor):
        return convert(value, wanted, name)
    if wanted is not None and not wanted.is_compatible_with(value.dtype):
        raise RuntimeError(f"Sparse dtype: requested = {wanted.name}, actual = {value.dtype.name}")
    return value


def sparse_or_error(value: Any) -> SparseTensor:
    """Return `value` as a sparse tensor, which it must be.

    Raises
    ------
    TypeError
        With TensorFlow's sentence, if it is not.
    """
    if isinstance(value, SparseTensorValue):
        return SparseTensor.from_value(value)
    if not isinstance(value, SparseTensor):
        raise TypeError("Input must be a SparseTensor.")
    return value
