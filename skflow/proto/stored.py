"""Messages that lie in files, none of which may take far more memory than it has bytes."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TypeVar

from skflow.proto._pool import registry

if TYPE_CHECKING:
    from skflow.proto import Message

    M = TypeVar("M", bound=Message)

# A message takes up to 190 bytes for the two of an empty one: 64 times what it is stored in only
# for `TensorProto`. So many of them take less than 32 MiB; nobody writes one, for it has no type.
_MOST_EMPTY: Final = 1 << 17
_TENSOR: Final = "tensorflow.TensorProto"
# An empty one in `AttrValue.ListValue.tensor` and in `VariantTensorDataProto.tensors`.
_SHORTEST: Final = (b"\x42\x00", b"\x1a\x00")
_DEEPEST: Final = 100  # protobuf's own limit
_LENGTHS: Final = {1: 8, 5: 4}
_LONGEST: Final = 70  # bits in a number


def parse_stored(data: bytes, class_: type[M]) -> M:
    """Read a message from what a file holds.

    Parameters
    ----------
    data : bytes
        The message.
    class_ : type
        Its class.

    Returns
    -------
    Message
        A new message of that class.

    Raises
    ------
    DecodeError
        If the bytes are no such message, or hold more empty tensors than anyone would save.

    Notes
    -----
    Only messages in which the bytes of an empty tensor come often are looked through before.
    """
    if sum(map(data.count, _SHORTEST)) > _MOST_EMPTY:
        _Count(data).go_through(0, len(data), class_.DESCRIPTOR.full_name, 0)
    return class_.FromString(data)


class _Count:
    """The empty tensors in a message, counted in the order in which protobuf meets with them."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = _MOST_EMPTY

    def go_through(self, start: int, end: int, name: str, depth: int) -> None:
        """Count within one message, which is of the type `name`."""
        within = _tensor_holders().get(name, {})
        while start < end:
            tag, start = self._varint(start, end)
            kind, inner = tag & 7, None
            if kind == 0:
                _, start = self._varint(start, end)
                continue
            if kind == 2:
                length, start = self._varint(start, end)
                inner = within.get(tag >> 3)
            else:
                length = _LENGTHS.get(kind, end)
            if start + length > end:
                raise _refusal("A message is cut short, or has a part of an unknown kind")
            if inner is not None:
                self._count(start, start + length, inner, depth + 1)
            start += length

    def _count(self, start: int, end: int, name: str, depth: int) -> None:
        if depth > _DEEPEST:
            raise _refusal(f"Messages lie in each other more than {_DEEPEST} deep")
        if start < end:
            self.go_through(start, end, name, depth)
        elif name == _TENSOR:
            self._left -= 1
            if self._left < 0:
                raise _refusal(f"More than {_MOST_EMPTY} tensors have neither type nor content")

    def _varint(self, start: int, end: int) -> tuple[int, int]:
        """A number, and where it ends."""
        number = shift = 0
        while start < end and shift < _LONGEST:
            byte = self._data[start]
            start += 1
            number |= (byte & 127) << shift
            if byte < 128:
                return number, start
            shift += 7
        raise _refusal("A number has no end")


def _refusal(what: str) -> Exception:
    error: Exception = registry().names["DecodeError"](what)
    return error


@functools.cache
def _tensor_holders() -> Mapping[str, Mapping[int, str]]:
    """The messages in which tensors can lie, and in which of their fields, of what types."""
    parts = {}
    for name, class_ in registry().messages.items():
        fields = [f for f in class_.DESCRIPTOR.fields if f.message_type is not None]
        parts[name] = {field.number: field.message_type.full_name for field in fields}
    holders = {_TENSOR}
    while more := {n for n, types in parts.items() if holders & set(types.values())} - holders:
        holders |= more
    return {
        name: {number: type for number, type in parts[name].items() if type in holders}
        for name in holders
    }
