"""Writing tensor bundles, byte for byte as TensorFlow 1.1.0 writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from skflow import errors, proto
from skflow.io import crc, dtypes, string_data
from skflow.io.bundle_format import (
    HEADER_KEY,
    INDEX_ENDING,
    data_ending,
    header_message,
    is_data_ending,
    key_of,
    type_name,
)
from skflow.io.commit import Transaction, commit
from skflow.io.ordered_code import part_key
from skflow.io.slices import Shape, TensorSlice
from skflow.io.table_writer import TableWriter

# Elements of an array that does not lie in order are copied this many at a time.
_BUFFERED = 1 << 16
_WIDEST = 16  # bytes of an element
# The disk begins with so many bytes while the next are summed.
_EARLY = 1 << 23


class BundleWriter:
    """A bundle being written, of one data file.

    Parameters
    ----------
    transaction : Transaction
        Where the bundle's files belong: ``commit(prefix)`` yields one. Older data files of the
        prefix go with the old bundle.

    Raises
    ------
    OpError
        If the data file cannot be made.

    Notes
    -----
    A tensor's bytes are written and summed a piece at a time, never copied whole.

    A save looks like this::

        with commit("model.ckpt") as transaction:
            bundle = BundleWriter(transaction)
            bundle.add("weights", weights)
            bundle.finish()
    """

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        ending = data_ending(0, 1)
        self._data = transaction.create(ending)
        for old in transaction.existing:
            if is_data_ending(old) and old != ending:
                transaction.remove(old)
        self._offset = self._begun = 0
        self._buffer: npt.NDArray[np.uint8] = np.empty(_BUFFERED * _WIDEST, np.uint8)
        self._entries: dict[bytes, bytes] = {}
        self._in_parts: dict[bytes, proto.BundleEntryProto] = {}

    def add(self, name: str, value: npt.ArrayLike, dtype: int | None = None) -> None:
        """Write a tensor.

        Parameters
        ----------
        name : str
            Its name; not empty.
        value : array_like
            Its elements. Strings as bytes, or text to be stored as UTF-8.
        dtype : int, optional
            TensorFlow's number of its type, if that is none of NumPy's: `value` then holds
            integers with the elements' bits. Found from `value` if not given.

        Raises
        ------
        InvalidArgumentError
            If there is a tensor of that name already, or the type cannot be stored.
        OpError
            If the data cannot be written.
        """
        self._check_name(name)
        self._add(key_of(name), name, value, dtype)

    def add_part(
        self,
        name: str,
        shape: Shape,
        part: TensorSlice,
        value: npt.ArrayLike,
        dtype: int | None = None,
    ) -> None:
        """Write a part of a tensor.

        Parameters
        ----------
        name : str
            The whole tensor's name.
        shape : tuple of int
            The whole tensor's shape.
        part : TensorSlice
            Which part it is.
        value : array_like
            The part's elements.
        dtype : int, optional
            As for `add`.

        Raises
        ------
        InvalidArgumentError
            If the part is there already, has another shape than `part` says, or the parts of the
            tensor have different types or belong to different shapes.
        InternalError
            If the part does not lie in the tensor.
        OpError
            If the data cannot be written.
        """
        self._check_name(name)
        array = _as_array(value)
        if part.shape_in(shape) != array.shape:
            message = (
                f"Part {part} of {name}, of shape {list(shape)}, has shape "
                f"{list(part.shape_in(shape))}, not {list(array.shape)}"
            )
            raise errors.InvalidArgumentError(None, None, message)
        if array.shape == tuple(shape):
            self.add(name, array, dtype)
            return
        number = self._number(name, array, dtype)
        self._whole(name, shape, number, part)
        self._add(part_key(key_of(name), part.extents), f"{name}[{part}]", array, number)

    def finish(self) -> None:
        """Write the index; the transaction makes the files last.

        Raises
        ------
        OpError
            If it cannot be written.
        """
        for key, message in self._in_parts.items():
            self._entries[key] = message.SerializeToString(deterministic=True)
        table = TableWriter(self._transaction.create(INDEX_ENDING))
        table.add(HEADER_KEY, header_message(1).SerializeToString(deterministic=True))
        for key in sorted(self._entries):
            table.add(key, self._entries[key])
        table.finish()

    def _whole(self, name: str, shape: Shape, number: int, part: TensorSlice) -> None:
        """Note a part in the whole tensor's entry."""
        key = key_of(name)
        self._check_new(key in self._entries, name)
        message = self._in_parts.get(key)
        if message is None:
            message = self._in_parts[key] = _entry(number, shape)
        known = tuple(dim.size for dim in message.shape.dim)
        if message.dtype != number or known != tuple(shape):
            text = (
                f"Part {part} of {name} belongs to a {type_name(number)} of shape {list(shape)}, "
                f"earlier ones to a {type_name(message.dtype)} of shape {list(known)}"
            )
            raise errors.InvalidArgumentError(None, None, text)
        part.write_to(message.slices.add())

    def _add(self, key: bytes, name: str, value: npt.ArrayLike, dtype: int | None) -> None:
        self._check_new(key in self._entries or key in self._in_parts, name)
        array = _as_array(value)
        entry = _entry(self._number(name, array, dtype), array.shape)
        entry.offset = self._offset
        if entry.dtype == dtypes.DT_STRING:
            total = self._write_strings(name, array)
        else:
            total = self._write_numbers(array, dtypes.stored_dtype(entry.dtype))
        entry.size = self._offset - entry.offset
        entry.crc32c = crc.mask(total)
        self._entries[key] = entry.SerializeToString(deterministic=True)

    def _check_name(self, name: str) -> None:
        if name[:1] in {"", "\x00"}:
            text = f"A tensor's name may not be empty or begin with a zero byte: {name!r}"
            raise errors.InvalidArgumentError(None, None, text)

    def _check_new(self, known: bool, name: str) -> None:
        if known:
            raise errors.InvalidArgumentError(None, None, f"Adding duplicate key: {name}")

    def _number(self, name: str, array: Any, dtype: int | None) -> int:
        number = dtypes.number_of(array.dtype) if dtype is None else dtype
        stored = None if number is None else dtypes.stored_dtype(number)
        if number is None or stored is None or not _holds(stored, array.dtype):
            wanted = "" if dtype is None else f" as {type_name(dtype)}"
            text = f"{name}: elements of type {array.dtype} cannot be saved{wanted}"
            raise errors.InvalidArgumentError(None, None, text)
        return number

    def _write_strings(self, name: str, array: Any) -> int:
        try:
            strings = string_data.as_bytes(array)
        except TypeError as error:
            raise errors.InvalidArgumentError(None, None, f"{name}: {error}") from error
        lengths, total = string_data.encode_lengths(strings)
        self._write(lengths)
        for group in _grouped(strings):
            total = crc.extend(total, group)
            self._write(group)
        return total

    def _write_numbers(self, array: Any, stored: Any) -> int:
        total = 0
        for piece in _pieces(array, stored):
            # A copy, so that what is summed is what is written, whoever changes the array.
            data = self._buffer[: len(piece)]
            data[...] = piece
            total = crc.extend(total, data)
            self._write(data)
        return total

    def _write(self, data: Any) -> None:
        self._data.write(data)
        self._offset += len(data)
        if self._offset - self._begun >= _EARLY:
            self._data.start_sync(self._begun, self._offset - self._begun)
            self._begun = self._offset


def _as_array(value: npt.ArrayLike) -> npt.NDArray[Any]:
    array = np.asanyarray(value)
    if array.dtype.kind in "SU" and not isinstance(value, np.ndarray | np.generic):
        # NumPy's own strings would lose the zero bytes at their ends.
        return np.array(value, dtype=object)
    return array


def _entry(number: int, shape: Iterable[int]) -> proto.BundleEntryProto:
    message = proto.BundleEntryProto(dtype=number)
    message.shape.SetInParent()
    for dim in shape:
        message.shape.dim.add(size=dim)
    return message


def _holds(stored: np.dtype[Any], given: np.dtype[Any]) -> bool:
    """Whether an array of one type has elements that are stored as another."""
    if stored.kind == "O":
        return given.kind in "OSU"
    return given.newbyteorder("<") == stored


def _pieces(array: Any, stored: np.dtype[Any]) -> Iterator[memoryview]:
    """Yield an array's bytes in the order in which they are stored."""
    if array.size == 0:
        return
    if array.flags.c_contiguous and array.dtype == stored:
        view = memoryview(array.reshape(-1).view(np.uint8))
        for start in range(0, len(view), crc.CHUNK):
            yield view[start : start + crc.CHUNK]
        return
    iterator = np.nditer(
        array,
        flags=["external_loop", "buffered"],
        op_dtypes=[stored],
        casting="equiv",
        order="C",
        buffersize=_BUFFERED,
    )
    for chunk in iterator:
        flat: Any = np.ascontiguousarray(chunk).view(np.uint8)
        yield memoryview(flat)


def _grouped(strings: list[bytes]) -> Iterator[bytes]:
    """Yield the strings' bytes in pieces that are not too small."""
    group: list[bytes] = []
    length = 0
    for string in strings:
        group.append(string)
        length += len(string)
        if length >= crc.CHUNK:
            yield b"".join(group)
            group, length = [], 0
    yield b"".join(group)


def write_bundle(prefix: str, tensors: Iterable[tuple[str, npt.ArrayLike]]) -> None:
    """Write a bundle over the one that a prefix may have.

    Parameters
    ----------
    prefix : str
        What the files' names begin with.
    tensors : iterable of (str, array_like)
        Names and tensors, in the order in which the data are to lie.

    Raises
    ------
    InvalidArgumentError
        If two tensors have one name, or a type cannot be stored.
    OpError
        If the files cannot be written; the old bundle is as it was.
    """
    with commit(prefix) as transaction:
        bundle = BundleWriter(transaction)
        for name, value in tensors:
            bundle.add(name, value)
        bundle.finish()
