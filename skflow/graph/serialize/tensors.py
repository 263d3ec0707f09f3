"""Arrays and partial shapes as messages, and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from skflow import proto
from skflow.graph.dtypes import Array, DType, as_dtype
from skflow.graph.shapes import Shape, is_full, shape_brackets, to_shape
from skflow.graph.spec import MOST_DIMENSIONS

_FIELDS: Final = {
    "float16": "half_val",
    "float32": "float_val",
    "float64": "double_val",
    "int8": "int_val",
    "int16": "int_val",
    "int32": "int_val",
    "int64": "int64_val",
    "uint8": "int_val",
    "uint16": "int_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    "bool": "bool_val",
    "complex64": "scomplex_val",
    "complex128": "dcomplex_val",
    "string": "string_val",
}
"""The field that holds the elements of a type one by one."""

_IN_FIELDS_ONLY: Final = ("float16", "uint16", "bool", "complex64", "complex128", "string")
_MOST_BYTES: Final = 1 << 31
_MOST_ELEMENTS: Final = 1 << 63
_COPIED_ELEMENTS: Final = 1 << 20  # a longer repetition of one element is kept as a view of it
_FREE_ELEMENTS: Final = 64  # nobody is asked about arrays of so few
_WIDE: Final[dict[str, type]] = {"uint32": np.uint64, "uint64": np.uint64}


def shape_to_proto(shape: Shape) -> proto.TensorShapeProto:
    """Convert a partial shape to a message.

    Parameters
    ----------
    shape : tuple of int or None, or None
        The shape; an unknown dimension is written as -1.

    Returns
    -------
    TensorShapeProto
    """
    message = proto.TensorShapeProto()
    if shape is None:
        message.unknown_rank = True
        return message
    for size in shape:
        message.dim.add(size=-1 if size is None else size)
    return message


def tensor_to_proto(array: Array, given: int | None = None) -> proto.TensorProto:
    """Convert an array to a message, laid out as TensorFlow 1.1.0 does.

    Parameters
    ----------
    array : numpy.ndarray
        The value; strings are object arrays of bytes.
    given : int, optional
        How many elements the user gave: all that follow repeat the last of them and are not
        stored.

    Returns
    -------
    TensorProto
        Bytes in `tensor_content` if there are several elements of a type that allows it, else
        one entry an element.

    Raises
    ------
    ValueError
        If the content would be larger than 2 GB.
    """
    dtype = as_dtype(array.dtype)
    message = proto.TensorProto(dtype=dtype.as_datatype_enum)
    message.tensor_shape.CopyFrom(shape_to_proto(array.shape))
    if array.size > 1 and given is None and dtype.name not in _IN_FIELDS_ONLY:
        if array.nbytes >= _MOST_BYTES:
            raise ValueError("Cannot create a tensor proto whose content is larger than 2GB.")
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        message.tensor_content = little.tobytes()
        return message
    elements = array.reshape(-1)[:given]
    getattr(message, _FIELDS[dtype.name]).extend(_entries(elements))
    return message


def _entries(elements: Array) -> list[object]:
    """Elements as their field takes them: a half by its bits, a complex number in two parts."""
    if elements.dtype == np.float16:
        elements = elements.view(np.uint16)
    elif elements.dtype.kind == "c":
        elements = np.ascontiguousarray(elements).view(elements.real.dtype)
    entries: list[object] = elements.tolist()
    return entries


def entries_given(message: proto.TensorProto) -> int | None:
    """How many elements a message holds one by one.

    Parameters
    ----------
    message : TensorProto
        A message that `array_from_proto` has read.

    Returns
    -------
    int or None
        The `given` with which `tensor_to_proto` writes the same message; ``None`` if it does so
        by itself.
    """
    if message.tensor_content:
        return None
    dtype = as_dtype(message.dtype)
    parts = 2 if dtype.is_complex else 1
    entries = len(getattr(message, _FIELDS[dtype.name])) // parts
    size = math.prod(d.size for d in message.tensor_shape.dim)
    usual = size <= 1 or dtype.name in _IN_FIELDS_ONLY
    return None if usual and entries == size else entries


def array_from_proto(
    message: proto.TensorProto, allow: Callable[[int], bool] | None = None
) -> Array:
    """Convert a message to the array it holds.

    Parameters
    ----------
    message : TensorProto
        A message of any layout: bytes, one entry an element, or fewer entries of which the
        last one is repeated.
    allow : callable, optional
        ``allow(size) -> bool``: whether an array may take so many bytes more than the message
        has. By default arrays up to 2 GB may.

    Returns
    -------
    numpy.ndarray
        A read-only array if it is one element repeated many times, else a fresh one.

    Raises
    ------
    TypeError
        If the type of the elements is unknown.
    ValueError
        If the shape is not full or not that of the elements, or the array may not be made.
    """
    dtype = as_dtype(message.dtype)
    if dtype.is_ref_dtype:
        raise ValueError(f"A stored tensor cannot have the type {dtype.name}")
    dims = _full_shape(message)
    count = math.prod(dims)
    if count >= _MOST_ELEMENTS:
        raise ValueError(f"Shape {shape_brackets(dims)} would have more than 2**63 - 1 elements")
    if message.tensor_content:
        return _from_bytes(message.tensor_content, dtype, dims, count)
    entries = getattr(message, _FIELDS[dtype.name])
    return _repeated(_elements(entries, dtype), dims, count, allow or _usual)


def _full_shape(message: proto.TensorProto) -> tuple[int, ...]:
    shape = to_shape(message.tensor_shape)
    if shape is None or not is_full(shape):
        raise ValueError("The shape of a stored tensor must be full")
    if len(shape) > MOST_DIMENSIONS:
        raise ValueError(f"A shape of {len(shape)} dimensions: there may be {MOST_DIMENSIONS}")
    return tuple([d for d in shape if d is not None])


def _usual(size: int) -> bool:
    return size < _MOST_BYTES


def _from_bytes(content: bytes, dtype: DType, dims: tuple[int, ...], count: int) -> Array:
    kind = dtype.np_dtype
    if kind.kind == "O" or len(content) != count * kind.itemsize:
        raise ValueError(
            f"A stored tensor of {count} elements of type {dtype.name} has {len(content)} bytes"
        )
    if kind.kind == "b":
        return np.frombuffer(content, np.uint8).reshape(dims).astype(kind)
    found = np.frombuffer(content, kind.newbyteorder("<"))
    return found.reshape(dims).astype(kind)


def _elements(entries: object, dtype: DType) -> Array:
    """The elements stored one by one, a lone zero if there are none."""
    kind = dtype.np_dtype
    values = list(entries)  # type: ignore[call-overload]
    if kind.kind == "O":
        found = np.empty(max(len(values), 1), dtype=object)
        found[:] = values or [b""]
        return found
    if kind == np.float16:
        return np.array(values or [0]).astype(np.uint16).view(np.float16)
    if kind.kind == "c":
        parts = np.array(values or [0, 0], np.float64)
        if parts.size % 2:
            raise ValueError("A stored complex tensor has half of a number")
        return parts.view(np.complex128).astype(kind)
    if kind.kind in "iu":
        # The entries fit into 64 bits; narrower types keep the low ones, as in C++.
        return np.array(values or [0], _WIDE.get(dtype.name, np.int64)).astype(kind)
    return np.array(values or [0], kind)


def _repeated(
    elements: Array, dims: tuple[int, ...], count: int, allow: Callable[[int], bool]
) -> Array:
    if count == elements.size:
        return elements.reshape(dims)
    if count == 0:
        return np.empty(dims, elements.dtype)
    if count < elements.size:
        raise ValueError(f"A stored tensor of shape {dims} has {elements.size} elements")
    alone = elements.size == 1
    if alone and count > _COPIED_ELEMENTS:
        return np.broadcast_to(elements.reshape(()), dims)
    # A small file must not be able to ask for any amount of memory.
    if count > _FREE_ELEMENTS and not allow(count * elements.itemsize):
        if alone:
            return np.broadcast_to(elements.reshape(()), dims)
        raise ValueError(
            f"A stored tensor of shape {dims} has {elements.size} elements, of which the last is "
            "repeated: that takes too much memory for what is stored"
        )
    found = np.full(count, elements[-1], elements.dtype)
    found[: elements.size] = elements
    return found.reshape(dims)
