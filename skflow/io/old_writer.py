"""Writing checkpoints of the format that came before bundles, as TensorFlow 1.1.0 writes them.

The format is that of core/util/tensor_slice_writer.cc: one table, whose first entry lists the
tensors and their parts, and whose others hold a part's values each, as a message.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from skflow import errors, proto
from skflow.io.bundle_format import HEADER_KEY, key_of
from skflow.io.commit import write_atomically
from skflow.io.dtypes import number_of
from skflow.io.old_reader import FIELDS, ROW_TYPES
from skflow.io.ordered_code import part_key
from skflow.io.slices import TensorSlice
from skflow.io.table_writer import TableWriter

Array = np.ndarray[Any, Any]

_VERSION: Final = 1


@dataclass(frozen=True)
class Part:
    """A tensor, or a part of one, to be saved.

    Attributes
    ----------
    name : str
        The whole tensor's name.
    shape : tuple of int
        The whole tensor's shape.
    extents : TensorSlice
        The part.
    values : ndarray
        The part's values.
    """

    name: str
    shape: tuple[int, ...]
    extents: TensorSlice
    values: Array


def write_old_checkpoint(path: str, parts: Iterable[Part]) -> None:
    """Write a checkpoint of the older format over the one that there may be.

    Parameters
    ----------
    path : str
        The file.
    parts : iterable of Part
        What to save.

    Raises
    ------
    UnimplementedError
        If the format has no place for a type.
    InvalidArgumentError
        If parts do not belong together.
    OpError
        If the file cannot be written; the old one is as it was.

    Notes
    -----
    All of it is in memory until it is written, a few times over: the format is one of messages.
    """
    table = proto.SavedTensorSlices()
    table.meta.versions.producer = _VERSION
    tensors: dict[str, Any] = {}
    entries: dict[bytes, Part] = {}
    for part in parts:
        number = _number_of(part)
        meta = tensors.get(part.name)
        if meta is None:
            meta = tensors[part.name] = table.meta.tensor.add(name=part.name, type=number)
            meta.shape.SetInParent()
            for dim in part.shape:
                meta.shape.dim.add(size=dim)
        elif meta.type != number or tuple(d.size for d in meta.shape.dim) != part.shape:
            raise errors.InvalidArgumentError(
                None, None, f"The parts of {part.name} differ in type or in the whole's shape"
            )
        part.extents.write_to(meta.slice.add())
        entries[part_key(key_of(part.name), part.extents.extents)] = part
    written = io.BytesIO()
    writer = TableWriter(written)
    writer.add(HEADER_KEY, table.SerializeToString(deterministic=True))
    for key in sorted(entries):
        writer.add(key, _message(entries[key]).SerializeToString(deterministic=True))
    writer.finish()
    write_atomically(path, written.getbuffer())


def _number_of(part: Part) -> int:
    number = number_of(part.values.dtype)
    if number not in FIELDS:
        raise errors.UnimplementedError(
            None,
            None,
            f"{part.name}: the first checkpoint format has no place for {part.values.dtype}",
        )
    return number


def _message(part: Part) -> proto.SavedTensorSlices:
    entry = proto.SavedTensorSlices()
    entry.data.name = part.name
    entry.data.slice.SetInParent()
    part.extents.write_to(entry.data.slice)
    entry.data.data.SetInParent()
    number = _number_of(part)
    flat = part.values.reshape(-1)
    if number in ROW_TYPES:
        flat = flat.view(ROW_TYPES[number])
    getattr(entry.data.data, FIELDS[number]).extend(flat.tolist())
    return entry
