"""Messages as text, printed as TensorFlow 1.1.0 prints them.

Protobuf's own printers changed over the years (how a float is rounded, whether UTF-8 is
escaped), and differ between its versions; a graph should print the same under each.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, TypeVar

from skflow.proto._pool import registry

if TYPE_CHECKING:
    from skflow.proto import Message

    M = TypeVar("M", bound=Message)

_NAMED_ESCAPES: Final = {
    ord("\n"): r"\n",
    ord("\r"): r"\r",
    ord("\t"): r"\t",
    ord('"'): r"\"",
    ord("'"): r"\'",
    ord("\\"): r"\\",
}
_FIRST_PRINTABLE: Final = 32
_LAST_PRINTABLE: Final = 126


def _escape(byte: int) -> str:
    if _FIRST_PRINTABLE <= byte <= _LAST_PRINTABLE:
        return chr(byte)
    return f"\\{byte:03o}"


_ESCAPES: Final = tuple(_NAMED_ESCAPES.get(byte, _escape(byte)) for byte in range(256))


def to_text(message: Message) -> str:
    """Print a message in protobuf's text format.

    Parameters
    ----------
    message : Message
        Any message of `skflow.proto`.

    Returns
    -------
    str
        One line a field, fields in the order of their numbers and maps in that of their keys,
        as ``str()`` gives in TensorFlow 1.1.0: floats with all their digits, bytes beyond ASCII
        as octal escapes. It ends with a newline unless it is empty.

    Examples
    --------
    >>> from skflow.proto import NodeDef
    >>> print(to_text(NodeDef(name="x", op="Identity", input=["y"])), end="")
    name: "x"
    op: "Identity"
    input: "y"
    """
    return "".join(f"{line}\n" for line in _lines(message))


def parse_text(text: str, class_: type[M]) -> M:
    """Read a message from protobuf's text format.

    Parameters
    ----------
    text : str
        What `to_text` or any version of protobuf printed.
    class_ : type
        The class of the message.

    Returns
    -------
    Message
        A new message of that class.

    Raises
    ------
    google.protobuf.text_format.ParseError
        If the text is not such a message.
    """
    from google.protobuf import text_format

    with warnings.catch_warnings():
        # Python warns of an escape that does not exist; TensorFlow's reader refuses it.
        warnings.filterwarnings("error", ".*invalid (octal )?escape sequence", DeprecationWarning)
        try:
            message: M = text_format.Parse(text, class_(), descriptor_pool=registry().pool)
        except DeprecationWarning as warning:
            raise text_format.ParseError(str(warning)) from None
    return message


def _lines(message: Message) -> Iterator[str]:
    for field, value in sorted(message.ListFields(), key=lambda item: item[0].number):
        # Asked of the value, not of the field: the names of a descriptor's own questions
        # (label, is_repeated) come and go with protobuf's versions.
        if isinstance(value, str | bytes | bool | int | float) or hasattr(value, "ListFields"):
            yield from _value_lines(field, value)
        elif hasattr(value, "items"):
            yield from _map_lines(field, value)
        else:
            for item in value:
                yield from _value_lines(field, item)


def _map_lines(field: Any, entries: Any) -> Iterator[str]:
    parts = field.message_type.fields_by_name
    for key in sorted(entries):
        yield f"{field.name} {{"
        for part, value in ((parts["key"], key), (parts["value"], entries[key])):
            yield from (f"  {line}" for line in _value_lines(part, value))
        yield "}"


def _value_lines(field: Any, value: Any) -> Iterator[str]:
    if field.message_type is None:
        yield f"{field.name}: {_scalar(field, value)}"
    else:
        yield f"{field.name} {{"
        yield from (f"  {line}" for line in _lines(value))
        yield "}"


def _scalar(field: Any, value: str | bytes | float) -> str:
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return '"' + "".join(_ESCAPES[byte] for byte in value) + '"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return str(value) if known is None else str(known.name)
    return repr(value)
