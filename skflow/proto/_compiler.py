"""Compile the `.proto` texts of this folder to descriptors, in pure Python.

Only the part of the proto3 language that the texts use is understood; anything else is an
error with its file and line. So a developer needs no protoc, and a test can compile the texts
again and compare them with the stored result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NoReturn

from google.protobuf import descriptor_pb2

_Field: Any = descriptor_pb2.FieldDescriptorProto

PACKAGE_PATH: Final = "skflow/proto"
_TOKEN = re.compile(r'(?:\s|//[^\n]*)*(?:(?P<token>"[^"\n]*"|-?\w[\w.]*|[{}<>=;,])|(?P<bad>.)|$)')
_INTEGERS: Final = frozenset({"int32", "int64", "uint32", "uint64", "fixed32", "fixed64"})
_SCALARS: Final = _INTEGERS | {"bool", "bytes", "double", "float", "string"}


class ProtoSyntaxError(ValueError):
    """A `.proto` text is wrong, or uses a part of the language that is not understood."""


class _Parser:
    """A recursive-descent parser of one file."""

    def __init__(self, name: str, text: str) -> None:
        self.file: Any = descriptor_pb2.FileDescriptorProto(name=name)
        self._text = text
        self._position = 0
        self._token: str | None = ""
        self._advance()

    def parse(self) -> Any:
        """Parse the whole text; type names are left as they were written."""
        while self._token is not None:
            keyword = self._next()
            if keyword == "syntax":
                self._expect("=")
                self._expect('"proto3"')
                self.file.syntax = "proto3"
                self._expect(";")
            elif keyword == "package":
                self.file.package = self._next()
                self._expect(";")
            elif keyword == "import":
                self.file.dependency.append(self._string())
                self._expect(";")
            elif keyword == "message":
                self._message(self.file.message_type.add())
            elif keyword == "enum":
                self._enum(self.file.enum_type.add())
            else:
                self._fail(f"unexpected {keyword!r}")
        return self.file

    def _message(self, message: Any) -> None:
        message.name = self._next()
        self._expect("{")
        while (keyword := self._next()) != "}":
            if keyword == "message":
                self._message(message.nested_type.add())
            elif keyword == "enum":
                self._enum(message.enum_type.add())
            elif keyword == "oneof":
                self._oneof(message)
            elif keyword == "map":
                self._map(message)
            elif keyword == "reserved":
                self._reserved(message)
            elif keyword == "repeated":
                self._field(message, self._next(), _Field.LABEL_REPEATED)
            else:
                self._field(message, keyword, _Field.LABEL_OPTIONAL)

    def _field(self, message: Any, type_name: str, label: int) -> Any:
        field = message.field.add(name=self._next(), label=label)
        _set_type(field, type_name)
        field.number = self._number()
        return field

    def _map(self, message: Any) -> None:
        self._expect("<")
        key_type = self._next()
        self._expect(",")
        value_type = self._next()
        self._expect(">")
        name = self._next()
        entry = message.nested_type.add(name=_entry_name(name))
        entry.options.map_entry = True
        for number, (part, type_name) in enumerate((("key", key_type), ("value", value_type)), 1):
            field = entry.field.add(name=part, number=number, label=_Field.LABEL_OPTIONAL)
            _set_type(field, type_name)
        field = message.field.add(name=name, label=_Field.LABEL_REPEATED, type_name=entry.name)
        field.number = self._number()

    def _oneof(self, message: Any) -> None:
        index = len(message.oneof_decl)
        message.oneof_decl.add(name=self._next())
        self._expect("{")
        while (type_name := self._next()) != "}":
            self._field(message, type_name, _Field.LABEL_OPTIONAL).oneof_index = index

    def _reserved(self, message: Any) -> None:
        token = self._next()
        if token.startswith('"'):
            message.reserved_name.append(token.strip('"'))
        else:
            number = self._integer(token)
            message.reserved_range.add(start=number, end=number + 1)
        self._expect(";")

    def _enum(self, enum: Any) -> None:
        enum.name = self._next()
        self._expect("{")
        while (name := self._next()) != "}":
            enum.value.add(name=name, number=self._number())

    def _number(self) -> int:
        self._expect("=")
        number = self._integer(self._next())
        self._expect(";")
        return number

    def _integer(self, token: str) -> int:
        try:
            return int(token)
        except ValueError:
            self._fail(f"expected a number, got {token!r}")

    def _string(self) -> str:
        token = self._next()
        if not token.startswith('"'):
            self._fail(f"expected a string, got {token!r}")
        return token.strip('"')

    def _expect(self, token: str) -> None:
        got = self._next()
        if got != token:
            self._fail(f"expected {token!r}, got {got!r}")

    def _next(self) -> str:
        token = self._token
        if token is None:
            self._fail("the text ends too early")
        self._advance()
        return token

    def _advance(self) -> None:
        match = _TOKEN.match(self._text, self._position)
        if match is None or match["bad"]:
            self._fail(f"unexpected character {self._text[self._position :].lstrip()[:1]!r}")
        self._position = match.end()
        self._token = match["token"]

    def _fail(self, reason: str) -> NoReturn:
        line = self._text.count("\n", 0, self._position) + 1
        raise ProtoSyntaxError(f"{self.file.name}:{line}: {reason}")


def _set_type(field: Any, type_name: str) -> None:
    if type_name in _SCALARS:
        field.type = getattr(_Field, f"TYPE_{type_name.upper()}")
    else:
        field.type_name = type_name


def _entry_name(field_name: str) -> str:
    """Return the name that protoc gives to the message behind a map field."""
    return "".join(part[:1].upper() + part[1:] for part in field_name.split("_")) + "Entry"


def _declared(prefix: str, node: Any) -> Iterator[tuple[str, int]]:
    """Yield each message and enum declared in `node`, by full name, with its field type."""
    for enum in node.enum_type:
        yield f"{prefix}.{enum.name}", _Field.TYPE_ENUM
    messages = node.message_type if hasattr(node, "message_type") else node.nested_type
    for message in messages:
        full_name = f"{prefix}.{message.name}"
        yield full_name, _Field.TYPE_MESSAGE
        yield from _declared(full_name, message)


def _resolve(scope: str, message: Any, visible: dict[str, int]) -> None:
    """Turn the type names in `message` into full ones, innermost scope first."""
    for field in message.field:
        if not field.type_name:
            continue
        outer = scope
        while f"{outer}.{field.type_name}".lstrip(".") not in visible:
            if not outer:
                raise ProtoSyntaxError(f"{scope}.{field.name}: unknown type {field.type_name}")
            outer = outer.rpartition(".")[0]
        full_name = f"{outer}.{field.type_name}".lstrip(".")
        field.type_name = f".{full_name}"
        field.type = visible[full_name]
    for nested in message.nested_type:
        _resolve(f"{scope}.{nested.name}", nested, visible)


def _ordered(files: dict[str, Any]) -> Iterator[Any]:
    """Yield the files, each after those that it imports."""
    done: set[str] = set()
    while len(done) < len(files):
        ready = [
            name
            for name, file in files.items()
            if name not in done and done.issuperset(file.dependency)
        ]
        if not ready:
            raise ProtoSyntaxError(f"imports missing or in a circle: {sorted(files.keys() - done)}")
        done.update(ready)
        yield from (files[name] for name in ready)


def compile_texts(texts: dict[str, str]) -> Any:
    """Compile `.proto` texts.

    Parameters
    ----------
    texts : dict of str to str
        The text of each file by its name as other files import it.

    Returns
    -------
    FileDescriptorSet
        What ``protoc --descriptor_set_out`` gives, but for the `json_name` it adds, which can
        always be derived; each file after those that it imports.

    Raises
    ------
    ProtoSyntaxError
        If a text is wrong or uses more of the language than is understood here.
    """
    files = {name: _Parser(name, text).parse() for name, text in sorted(texts.items())}
    ordered = list(_ordered(files))
    symbols = {name: dict(_declared(file.package, file)) for name, file in files.items()}
    for file in ordered:
        visible = symbols[file.name].copy()
        for name in file.dependency:
            visible |= symbols[name]
        for message in file.message_type:
            _resolve(f"{file.package}.{message.name}", message, visible)
    return descriptor_pb2.FileDescriptorSet(file=ordered)


def compile_folder(folder: Path) -> Any:
    """Compile every `.proto` file of a folder; see `compile_texts`."""
    paths = folder.glob("*.proto")
    return compile_texts(
        {f"{PACKAGE_PATH}/{path.name}": path.read_text(encoding="utf-8") for path in paths}
    )
