"""What an index says about a bundle and its tensors, checked as far as it can be without the data.

A bundle is a table, ``prefix.index``, whose first entry is a header and whose others say where
each tensor's bytes lie in the files ``prefix.data-?????-of-?????``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from skflow import errors, proto
from skflow.io import dtypes
from skflow.io.slices import Shape, TensorSlice

if TYPE_CHECKING:
    import numpy as np

INDEX_ENDING: Final = ".index"
HEADER_KEY: Final = b""
VERSION: Final = 1
_DATA_ENDING: Final = re.compile(r"\.data-[0-9]{5,}-of-[0-9]{5,}")
# TensorFlow's own bounds.
_MOST_AXES: Final = 254
_MOST_ELEMENTS: Final = 1 << 63


def data_ending(shard: int, count: int) -> str:
    """Return what follows the prefix in the name of one of a bundle's data files."""
    return f".data-{shard:05d}-of-{count:05d}"


def is_data_ending(ending: str) -> bool:
    """Whether a file with this ending holds a bundle's data."""
    return _DATA_ENDING.fullmatch(ending) is not None


def key_of(name: str) -> bytes:
    """Return a tensor's name as the index has it."""
    return name.encode("utf-8", "surrogateescape")


def name_of(key: bytes) -> str:
    """Return the name of the tensor with a key, whatever its bytes."""
    return key.decode("utf-8", "surrogateescape")


def is_part_key(key: bytes) -> bool:
    """Whether a key is that of a variable's part: no name begins like that."""
    return key[:1] == b"\x00"


@dataclass(frozen=True)
class Header:
    """What the first entry of an index says.

    Attributes
    ----------
    shards : int
        How many data files there are.
    is_big_endian : bool
        How the elements' bytes are ordered.
    """

    shards: int
    is_big_endian: bool


def header_message(shards: int) -> proto.BundleHeaderProto:
    """Return the first entry of an index."""
    message = proto.BundleHeaderProto(num_shards=shards)
    message.version.producer = VERSION
    return message


def parse_header(value: bytes, path: str) -> Header:
    """Return what the first entry of an index says.

    Raises
    ------
    DataLossError
        If it says nothing that makes sense.
    InvalidArgumentError
        If the bundle was written for readers of later versions only.
    """
    try:
        message = proto.BundleHeaderProto.FromString(value)
    except proto.DecodeError as error:
        raise _unreadable(path, "unable to parse header") from error
    if message.num_shards < 0 or message.endianness not in (0, 1):
        raise _unreadable(path, "the header makes no sense")
    _check_version(message.version, path)
    return Header(message.num_shards, message.endianness == 1)


def _unreadable(path: str, detail: str) -> errors.DataLossError:
    message = (
        f"Unable to read file ({path}). Perhaps the file is corrupt or was produced by a newer "
        f"version of TensorFlow with format changes ({detail})"
    )
    return errors.DataLossError(None, None, message)


def _check_version(version: Any, path: str) -> None:
    if version.min_consumer > VERSION:
        problem = f"min consumer version {version.min_consumer} above current version {VERSION}"
    elif VERSION in version.bad_consumers:
        problem = f"disallows consumer version {VERSION}"
    else:
        return
    message = f"Checkpoint {problem}: {path} needs a later release"
    raise errors.InvalidArgumentError(None, None, message)


@dataclass(frozen=True)
class Entry:
    """What an index says about a tensor.

    Attributes
    ----------
    name : str
        The tensor's name.
    dtype : int
        TensorFlow's number of its type.
    shape : tuple of int
        Its shape.
    parts : tuple of TensorSlice
        The parts it is stored in, each with an entry of its own; none if it is stored whole.
    shard, offset, size : int
        The data file, and where in it, in bytes, a tensor lies that is stored whole.
    crc : int
        The masked checksum of its bytes.
    """

    name: str
    dtype: int
    shape: Shape
    parts: tuple[TensorSlice, ...]
    shard: int
    offset: int
    size: int
    crc: int

    @property
    def count(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def type_name(self) -> str:
        """TensorFlow's name of the type, such as ``"DT_FLOAT"``."""
        return type_name(self.dtype)

    def check_target(self, out: Any, wanted: Sequence[slice]) -> None:
        """Compare an array with the part of the tensor that is to go into it.

        Raises
        ------
        ValueError
            If it has another shape or type.
        """
        shape = tuple(bound.stop - bound.start for bound in wanted)
        if out.shape != shape or out.dtype != self.stored_dtype().newbyteorder("="):
            raise ValueError(
                f"{self.name} has shape {shape} and type {self.type_name}, the array given for "
                f"it has {out.shape} and {out.dtype}"
            )

    def stored_dtype(self) -> np.dtype[Any]:
        """Return NumPy's type of the elements.

        Raises
        ------
        UnimplementedError
            If tensors of that type cannot be read.
        """
        found = dtypes.stored_dtype(self.dtype)
        if found is None:
            message = f"Tensors of type {self.type_name} cannot be read: {self.name}"
            raise errors.UnimplementedError(None, None, message)
        return found


def type_name(number: int) -> str:
    """Return TensorFlow's name of the type with a number."""
    values: dict[int, str] = proto.DataType.DESCRIPTOR.values_by_number
    return values[number].name if number in values else f"number {number}"  # type: ignore[attr-defined]


def parse_entry(name: str, value: bytes, path: str) -> Entry:
    """Return what an entry of an index says.

    Parameters
    ----------
    name : str
        The tensor's name.
    value : bytes
        The entry's value.
    path : str
        The index's, for messages.

    Returns
    -------
    Entry
        With a shape that a tensor can have, and parts that lie in it.

    Raises
    ------
    DataLossError
        If the value is not an entry's.
    """
    try:
        message = proto.BundleEntryProto.FromString(value)
    except proto.DecodeError as error:
        text = f"Entry for key {name} not parseable: {path}"
        raise errors.DataLossError(None, None, text) from error
    shape = shape_of(message.shape, name, path)
    if message.shard_id < 0 or message.offset < 0 or message.size < 0:
        text = f"Invalid place in bundle entry: key {name}: {path}"
        raise errors.DataLossError(None, None, text)
    place = message.shard_id, message.offset, message.size, message.crc32c
    return Entry(name, message.dtype, shape, _parts_of(message, shape, name, path), *place)


def shape_of(message: proto.TensorShapeProto, name: str, path: str) -> Shape:
    """Return the shape in a message.

    Raises
    ------
    DataLossError
        If no tensor can have it.
    """
    dims = tuple(dim.size for dim in message.dim)
    known = not message.unknown_rank and len(dims) <= _MOST_AXES and all(d >= 0 for d in dims)
    # An empty tensor's other lengths have to be possible too.
    if not known or math.prod(dim for dim in dims if dim) >= _MOST_ELEMENTS:
        text = f"Invalid tensor shape: {name} {list(dims)}: {path}"
        raise errors.DataLossError(None, None, text)
    return dims


def _parts_of(message: Any, shape: Shape, name: str, path: str) -> tuple[TensorSlice, ...]:
    try:
        parts = tuple(TensorSlice.from_proto(part) for part in message.slices)
        for part in parts:
            part.bounds(shape)
    except errors.OpError as error:
        text = f"Invalid slice in bundle entry: key {name}: {error.message}: {path}"
        raise errors.DataLossError(None, None, text) from error
    return parts
