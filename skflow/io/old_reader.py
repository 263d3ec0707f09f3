"""Reading checkpoints of the format that came before bundles (``SaverDef.V1``).

Such a checkpoint is one table, or several that one name pattern stands for: the first entry of
each lists tensors and their parts, and every other entry holds a part's values
(core/util/tensor_slice_reader.cc).
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from typing import Any, Final, NoReturn, Self

import numpy as np

from skflow import errors, proto
from skflow.io import files
from skflow.io.bundle_format import HEADER_KEY, Entry, key_of, shape_of
from skflow.io.dtypes import DT_STRING
from skflow.io.ordered_code import part_key
from skflow.io.slices import TensorSlice, common, count, relative
from skflow.io.stored_tensor import allocate, overlapping
from skflow.io.table_reader import TableReader
from skflow.proto.stored import parse_stored

_VERSION: Final = 1
FIELDS: Final = {
    **dict.fromkeys((3, 4, 5, 6, 11, 12, 13, 15, 16, 17), "int_val"),
    1: "float_val",
    2: "double_val",
    DT_STRING: "string_val",
    8: "scomplex_val",
    9: "int64_val",
    10: "bool_val",
    18: "dcomplex_val",
    19: "half_val",
}
"""The field of a message that holds values of a type; small integers share one."""

ROW_TYPES: Final = {8: "<f4", 18: "<f8", 19: "<u2"}
"""Complex numbers lie there as pairs, half-precision ones as the integers of their bits."""

_Found = tuple[TensorSlice, TableReader, str]


class OldReader:
    """A checkpoint of the older format, open for reading, by many threads at once.

    Parameters
    ----------
    pattern : str
        The file's path, or a pattern whose last component stands for several.

    Raises
    ------
    NotFoundError
        If there is no such file.
    DataLossError
        If a file is damaged or no checkpoint.
    OpError
        If it cannot be read.

    Notes
    -----
    It is asked as a `BundleReader` is. A value takes a few times its size in memory while it is
    read.
    """

    def __init__(self, pattern: str) -> None:
        self.prefix = pattern
        self._entries: dict[str, Entry] = {}
        self._stored: dict[str, list[_Found]] = {}
        paths = [p for p in files.current().matching(pattern) if not _is_directory(p)]
        if not paths:
            message = (
                "Unsuccessful TensorSliceReader constructor: Failed to find any matching files "
                f"for {pattern}"
            )
            raise errors.NotFoundError(None, None, message)
        with contextlib.ExitStack() as stack:
            for path in paths:
                self._load(stack.enter_context(files.current().open(path)))
            self._files = stack.pop_all()

    def _load(self, file: files.Reader) -> None:
        try:
            table = TableReader(file)
        except errors.DataLossError as error:
            message = (
                f"Unable to open table file {file.path}: {error.message}: perhaps your file is in "
                "a different file format and you need to use a different restore operator?"
            )
            raise errors.DataLossError(None, None, message) from error
        for tensor in self._meta(table, file.path).tensor:
            shape = shape_of(tensor.shape, tensor.name, file.path)
            entry = Entry(tensor.name, tensor.type, shape, (), 0, 0, 0, 0)
            known = self._entries.setdefault(tensor.name, entry)
            if (known.dtype, known.shape) != (entry.dtype, entry.shape):
                _damaged(f"Tensor {tensor.name} is not the same in all files", file.path)
            for extents in tensor.slice:
                part = _part(extents, shape, tensor.name, file.path)
                self._stored.setdefault(tensor.name, []).append((part, table, file.path))

    def _meta(self, table: TableReader, path: str) -> proto.SavedTensorSliceMeta:
        value = table.get(HEADER_KEY)
        message = _parsed(b"" if value is None else value.tobytes())
        if message is None or not message.HasField("meta"):
            _damaged(
                "Failed to find the saved tensor slices at the beginning of the checkpoint file",
                path,
            )
        if message.meta.versions.min_consumer > _VERSION:
            text = f"Checkpoint min consumer version above current version {_VERSION}: {path}"
            raise errors.InvalidArgumentError(None, None, text)
        return message.meta

    def close(self) -> None:
        """Close the files."""
        with contextlib.suppress(errors.OpError):
            self._files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def entries(self) -> Iterator[Entry]:
        """Iterate over each tensor's name, type and shape, in the order of names."""
        for name in self.names():
            yield self._entries[name]

    def names(self) -> list[str]:
        """Return the tensors' names, sorted by their bytes."""
        return sorted(self._entries, key=key_of)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def entry(self, name: str) -> Entry:
        """Return a tensor's name, type and shape.

        Raises
        ------
        NotFoundError
            If there is no such tensor.
        """
        if name not in self._entries:
            message = f"Key {name} not found in checkpoint {self.prefix}"
            raise errors.NotFoundError(None, None, message)
        return self._entries[name]

    def read(self, name: str, out: Any | None = None, part: TensorSlice | None = None) -> Any:
        """Return a tensor or a part of it.

        Parameters
        ----------
        name : str
            The tensor's name.
        out : ndarray, optional
            Where its elements go, of the shape and type of what is read; else a new array.
        part : TensorSlice, optional
            Which part; the whole tensor if not given.

        Returns
        -------
        ndarray
            The elements, as `BundleReader.read` returns them.

        Raises
        ------
        NotFoundError
            If there is no such tensor.
        DataLossError
            If what is stored is damaged.
        InvalidArgumentError
            If the stored parts do not make up what is asked for.
        InternalError
            If `part` does not lie in the tensor.
        UnimplementedError
            If tensors of its type cannot be read.
        """
        entry = self.entry(name)
        wanted = (part or TensorSlice.full(len(entry.shape))).bounds(entry.shape)
        # All of it is at hand before memory of the size that is said is taken.
        values = list(self._values(entry, wanted))
        found = allocate(entry, wanted) if out is None else out
        for target, value in values:
            found[target] = value
        return found

    def _values(
        self, entry: Entry, wanted: Sequence[slice]
    ) -> Iterator[tuple[tuple[slice, ...], Any]]:
        """Yield the stored values that belong to a part, and where in it they go."""
        needed = [
            (stored, bound, ranges)
            for stored in self._stored.get(entry.name, ())
            if (ranges := common(bound := stored[0].bounds(entry.shape), wanted)) is not None
        ]
        shared = [ranges for _, _, ranges in needed]
        if sum(map(count, shared)) != count(wanted) or (shared and overlapping(shared)):
            message = f"Does not have sufficient slices for tensor {entry.name}: {self.prefix}"
            raise errors.InvalidArgumentError(None, None, message)
        for (part, table, path), bound, ranges in needed:
            value = _value(entry, part, table, path)
            yield relative(ranges, wanted), value[relative(ranges, bound)]


def _is_directory(path: str) -> bool:
    return files.current().is_directory(path)


def _damaged(what: str, path: str) -> NoReturn:
    raise errors.DataLossError(None, None, f"{what}: {path}")


def _parsed(data: bytes) -> proto.SavedTensorSlices | None:
    try:
        return parse_stored(data, proto.SavedTensorSlices)
    except proto.DecodeError:
        return None


def _part(
    message: proto.TensorSliceProto, shape: tuple[int, ...], name: str, path: str
) -> TensorSlice:
    try:
        part = TensorSlice.from_proto(message)
        part.bounds(shape)
    except errors.OpError as error:
        _damaged(f"Invalid slice of {name}: {error.message}", path)
    return part


def _value(entry: Entry, part: TensorSlice, table: TableReader, path: str) -> Any:
    shape = part.shape_in(entry.shape)
    found = table.get(part_key(key_of(entry.name), part.extents))
    if found is None:
        _damaged(f"{entry.name} has no values for its part {part}", path)
    message = _parsed(found.tobytes())
    if message is None:
        _damaged(f"The values of {entry.name} are not parseable", path)
    values = _array_of(entry, message.data.data)
    if values.size != math.prod(shape):
        _damaged(f"{entry.name} has {values.size} values for shape {list(shape)}", path)
    return values.reshape(shape)


def _array_of(entry: Entry, message: proto.TensorProto) -> Any:
    """The values in a message, in a row."""
    stored = entry.stored_dtype()
    if entry.dtype == DT_STRING:
        strings = np.empty(len(message.string_val), dtype=object)
        strings[:] = list(message.string_val)
        return strings
    field = FIELDS.get(entry.dtype)
    if field is None:
        text = f"Tensors of type {entry.type_name} cannot be read from this format: {entry.name}"
        raise errors.UnimplementedError(None, None, text)
    values = getattr(message, field)
    if entry.dtype in ROW_TYPES:
        # The integers of half-precision values may have any sign.
        kind = "<i4" if field == "half_val" else ROW_TYPES[entry.dtype]
        row = np.fromiter(values, kind, len(values)).astype(ROW_TYPES[entry.dtype])
        return row[: row.size // 2 * 2].view(stored) if stored.kind == "c" else row.view(stored)
    found = np.dtype("<i4") if field == "int_val" else stored
    return np.fromiter(values, found, len(values)).astype(stored, copy=False)
