"""The language in which an operation's inputs, outputs and attributes are declared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from skflow.graph.dtypes import ALL, DType, as_dtype, float16, float32, float64
from skflow.graph.shapes import to_shape

FIXED_TYPES: Final = {d.name: d for d in ALL} | {
    "float": float32,
    "double": float64,
    "half": float16,
}
"""Types that a signature may name; every other name is a type attribute."""

_ARGUMENT: Final = re.compile(r"(\w+): (?:(Ref)\((\w+)\)|(?:(\w+) \* )?(\w+)(\.\.\.)?)$")


@dataclass(frozen=True, slots=True)
class Attr:
    """An attribute of an operation: its kind and, unless it is required, its default.

    The kinds are those of TensorFlow's ``AttrValue``: ``type``, ``shape``, ``int``, ``float``,
    ``bool``, ``string``, ``tensor``, ``func``, or ``list(...)`` of one of them.
    """

    kind: str
    default: Any = ...


@dataclass(frozen=True, slots=True)
class Arg:
    """An input or output: ``name: T``, ``name: N * T``, ``name: Ref(T)`` or ``name: Tin...``."""

    name: str
    type: str
    ref: bool = False
    number: str | None = None
    many: bool = False

    @property
    def is_list(self) -> bool:
        """Whether it stands for several tensors."""
        return self.many or self.number is not None


def parse_args(text: str) -> tuple[Arg, ...]:
    args = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        match = _ARGUMENT.match(part)
        if match is None:
            raise ValueError(f"Cannot read {part!r} as an argument of an operation")
        name, ref, ref_type, number, kind, many = match.groups()
        args.append(Arg(name, ref_type or kind, bool(ref), number, bool(many)))
    return tuple(args)


def keywords(function: Any) -> tuple[str, ...]:
    """The names of a function's keyword-only parameters: the attributes it wants."""
    code = getattr(function, "__code__", None)
    if code is None:
        return ()
    first = int(code.co_argcount)
    return tuple(n for n in code.co_varnames[first : first + code.co_kwonlyargcount] if n != "out")


def as_attr(value: Any) -> Attr:
    if isinstance(value, Attr):
        return value
    if isinstance(value, DType):
        return Attr("type", value)
    kinds = {bool: "bool", int: "int", float: "float", str: "string", bytes: "string"}
    return Attr(kinds[type(value)], value)


def coerce(kind: str, value: Any) -> Any:
    if kind.startswith("list("):
        return [coerce(kind[5:-1], v) for v in value]
    match kind:
        case "type":
            return as_dtype(value)
        case "shape":
            return to_shape(value)
        case "int":
            return int(value)
        case "float":
            return float(value)
        case "bool":
            return bool(value)
        case "string":
            return value.decode() if isinstance(value, bytes) else value
    return value
