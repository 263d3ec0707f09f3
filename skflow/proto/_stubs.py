"""Write the type stub of `skflow.proto` from descriptors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from google.protobuf import descriptor_pb2

_Field: Any = descriptor_pb2.FieldDescriptorProto
_PYTHON_TYPES: Final = {
    _Field.TYPE_DOUBLE: "float",
    _Field.TYPE_FLOAT: "float",
    _Field.TYPE_BOOL: "bool",
    _Field.TYPE_STRING: "str",
    _Field.TYPE_BYTES: "bytes",
}

_LINE_LENGTH: Final = 100
_HEADER: Final = """\
# The messages of `skflow.proto`. Written by `python -m skflow.proto.build`: do not edit.

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any as _Any, ClassVar, Generic, Self, TypeVar, overload

_K = TypeVar("_K")
_M = TypeVar("_M", bound=Message)

class DecodeError(Exception): ...

class Message:
    DESCRIPTOR: ClassVar[_Any]
    @classmethod
    def FromString(cls, s: bytes) -> Self: ...
    def ParseFromString(self, serialized: bytes) -> int: ...
    def MergeFromString(self, serialized: bytes) -> int: ...
    def SerializeToString(self, *, deterministic: bool = ...) -> bytes: ...
    def SerializePartialToString(self, *, deterministic: bool = ...) -> bytes: ...
    def ByteSize(self) -> int: ...
    def CopyFrom(self, other_msg: Self) -> None: ...
    def MergeFrom(self, msg: Self) -> None: ...
    def Clear(self) -> None: ...
    def ClearField(self, field_name: str) -> None: ...
    def HasField(self, field_name: str) -> bool: ...
    def WhichOneof(self, oneof_group: str) -> str | None: ...
    def ListFields(self) -> list[tuple[_Any, _Any]]: ...
    def DiscardUnknownFields(self) -> None: ...
    def SetInParent(self) -> None: ...

class EnumType:
    DESCRIPTOR: _Any
    def Name(self, number: int) -> str: ...
    def Value(self, name: str) -> int: ...
    def keys(self) -> list[str]: ...
    def values(self) -> list[int]: ...
    def items(self) -> list[tuple[str, int]]: ...

class RepeatedMessage(Sequence[_M], Generic[_M]):
    @overload
    def __getitem__(self, index: int) -> _M: ...
    @overload
    def __getitem__(self, index: slice) -> list[_M]: ...
    def __len__(self) -> int: ...
    def __delitem__(self, key: int | slice) -> None: ...
    def add(self, **kwargs: _Any) -> _M: ...
    def append(self, value: _M) -> None: ...
    def extend(self, elem_seq: Iterable[_M]) -> None: ...
    def insert(self, key: int, value: _M) -> None: ...
    def pop(self, key: int = ...) -> _M: ...
    def remove(self, elem: _M) -> None: ...

class MessageMap(Mapping[_K, _M], Generic[_K, _M]):
    def __getitem__(self, key: _K) -> _M: ...
    def __delitem__(self, key: _K) -> None: ...
    def __iter__(self) -> Iterator[_K]: ...
    def __len__(self) -> int: ...
    def clear(self) -> None: ...
    def get_or_create(self, key: _K) -> _M: ...

"""
_ANY_METHODS: Final = """\
    def Pack(self, msg: Message, type_url_prefix: str = ...) -> None: ...
    def Unpack(self, msg: Message) -> bool: ...
    def Is(self, descriptor: _Any) -> bool: ...
    def TypeName(self) -> str: ...
"""


def stub_text(files: Any) -> str:
    """Return the text of the stub for the types in a FileDescriptorSet.

    Parameters
    ----------
    files : FileDescriptorSet
        All files of the package.

    Returns
    -------
    str
        A module of typed classes, one for each message and enum.
    """
    lines = [
        line
        for file in files.file
        for node in (*file.enum_type, *file.message_type)
        for line in (*_declaration(node), "")
    ]
    return _HEADER + "\n".join(lines).rstrip() + "\n"


def _declaration(node: Any) -> Iterator[str]:
    if hasattr(node, "value"):
        yield from _enum(node, nested=False)
    else:
        yield from _message(node)


def _message(message: Any, depth: int = 0) -> Iterator[str]:
    entries = {node.name: node for node in message.nested_type if node.options.map_entry}
    yield f"class {message.name}(Message):"
    for enum in message.enum_type:
        yield from _indented(_enum(enum, nested=True))
        yield ""
    for nested in message.nested_type:
        if nested.name not in entries:
            yield from _indented(_message(nested, depth + 1))
            yield ""
    parameters = ["self", "*"]
    for field in message.field:
        attribute, argument = _field_types(field, entries)
        if attribute == argument:
            yield f"    {field.name}: {attribute}"
        else:
            yield "    @property"
            yield f"    def {field.name}(self) -> {attribute}: ..."
        parameters.append(f"{field.name}: {argument} = ...")
    yield from _indented(_constructor(parameters, depth + 1))
    if message.name == "Any":
        yield from _ANY_METHODS.splitlines()


def _constructor(parameters: list[str], depth: int) -> Iterator[str]:
    line = f"def __init__({', '.join(parameters)}) -> None: ..."
    if len(line) + 4 * depth <= _LINE_LENGTH:
        yield line
    else:
        yield "def __init__("
        yield from (f"    {parameter}," for parameter in parameters)
        yield ") -> None: ..."


def _field_types(field: Any, entries: dict[str, Any]) -> tuple[str, str]:
    """Return the type of a field's attribute, and of its argument in the constructor."""
    type_ = _type(field)
    is_message = field.type == _Field.TYPE_MESSAGE
    if entry := entries.get(type_.rpartition(".")[2]):
        key, value = map(_type, entry.field)
        mapping = "MessageMap" if entry.field[1].type == _Field.TYPE_MESSAGE else "MutableMapping"
        return f"{mapping}[{key}, {value}]", f"Mapping[{key}, {value}]"
    if field.label == _Field.LABEL_REPEATED:
        sequence = "RepeatedMessage" if is_message else "MutableSequence"
        return f"{sequence}[{type_}]", f"Iterable[{type_}]"
    return type_, f"{type_} | None" if is_message else type_


def _type(field: Any) -> str:
    if field.type == _Field.TYPE_MESSAGE:
        name: str = field.type_name
        return name.removeprefix(".google.protobuf.").removeprefix(".tensorflow.")
    return _PYTHON_TYPES.get(field.type, "int")


def _enum(enum: Any, *, nested: bool) -> Iterator[str]:
    yield f"class _{enum.name}(EnumType):"
    yield from (f"    {value.name}: int" for value in enum.value)
    yield ""
    if nested:
        yield f"{enum.name}: ClassVar[_{enum.name}]"
        yield from (f"{value.name}: ClassVar[int]" for value in enum.value)
    else:
        yield f"{enum.name}: _{enum.name}"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"    {line}".rstrip() for line in lines)
