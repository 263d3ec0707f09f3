"""The attributes of a node, checked against the declaration of its operation."""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import cache
from typing import Any, Final, TypeAlias

from skflow import proto
from skflow.graph.declaration import coerce
from skflow.graph.dtypes import DType, as_dtype
from skflow.graph.reads_first import NOTE
from skflow.graph.registry import OpDef
from skflow.graph.serialize.attrs import attr_from_proto
from skflow.graph.serialize.budget import Budget
from skflow.graph.serialize.functions import LOOPS
from skflow.graph.serialize.op_defs import CHOICES, MINIMA, attr_kinds, op_def, summary
from skflow.graph.serialize.tensors import array_from_proto, entries_given
from skflow.graph.shapes import Shape, to_shape
from skflow.graph.spec import MOST_DIMENSIONS
from skflow.proto.text import to_text

# The kinds of attributes and their fields in AttrValue, and in the lists of AttrValue.
_KINDS: Final = {
    "type": "type",
    "shape": "shape",
    "i": "int",
    "f": "float",
    "b": "bool",
    "s": "string",
    "tensor": "tensor",
    "func": "func",
}
# What TensorFlow notes in any node, beside what operations declare.
_NOTES: Final = {
    "_class": "list(string)",
    "_output_shapes": "list(shape)",
    "_gradient_op_type": "string",
    "_loop_variables": "int",
    NOTE: "list(string)",
}
# Where types that are unknown here come from.
_UNKNOWN_TYPES: Final = {
    "DT_RESOURCE": ", which resource variables have",
    "DT_VARIANT": ", in which TensorFlow 2 keeps what gradients of conditionals and loops need",
}
_BYTES: Final = ("_class", NOTE)

Defaults: TypeAlias = "Mapping[str, proto.AttrValue]"


def invalid(node: proto.NodeDef, message: str) -> ValueError:
    """The error about a node, with TensorFlow's opening."""
    return ValueError(f"graph_def is invalid at node {node.name!r}: {message}.")


@cache
def _declared(definition: OpDef) -> dict[str, str]:
    return attr_kinds(definition) | _NOTES


def read_attrs(
    node: proto.NodeDef,
    definition: OpDef,
    budget: Budget,
    defaults: Defaults,
    dropped: Container[str] = (),
) -> dict[str, Any]:
    """Read the attributes of a node.

    Parameters
    ----------
    node : NodeDef
        The node.
    definition : OpDef
        The declaration of its operation.
    budget : Budget
        What may be made of the file.
    defaults : mapping of str to AttrValue
        The values of attributes that the node lacks, before those of the declaration.
    dropped : container of str
        Attributes that make no difference.

    Returns
    -------
    dict of str to object
        The attributes as the registry has them; functions are messages still.

    Raises
    ------
    ValueError
        If one is missing, unknown, or not of its kind.
    """
    kinds = _declared(definition)
    attrs: dict[str, Any] = {}
    # A message's map has no order; bodies are to be named in that of the declaration.
    extra = sorted(k for k in node.attr if k not in kinds)
    for key in (*[k for k in kinds if k in node.attr], *extra):
        message = node.attr[key]
        if key in dropped or (message.WhichOneof("value") is None and key in kinds):
            continue
        if key not in kinds and not key.startswith("_"):
            raise invalid(
                node,
                f"NodeDef mentions attr {key!r} not in {summary(op_def(definition))}; perhaps a "
                "newer version of TensorFlow wrote the graph",
            )
        attrs[key] = _read(node, definition, key, message, kinds.get(key), budget)
    for key, message in defaults.items():
        if key not in attrs and key in kinds:
            attrs[key] = _read(node, definition, key, message, kinds[key], budget)
    _fill(node, definition, attrs)
    if definition.type == "Const":
        _check_constant(node, attrs)
    return attrs


def _fill(node: proto.NodeDef, definition: OpDef, attrs: dict[str, Any]) -> None:
    for key in _declared(definition):
        declared = definition.attrs.get(key)
        if key in attrs or key in _NOTES or (key == "Tout" and definition.type in LOOPS):
            continue
        if declared is not None and declared.default is not ...:
            attrs[key] = declared.default
        elif key[0] != "_":
            what = "No attr named" if declared is not None else "Expected one attr with name"
            raise ValueError(f"{what} {key!r} in {to_text(node)}.")


def _check_constant(node: proto.NodeDef, attrs: dict[str, Any]) -> None:
    stored = as_dtype(attrs["value"].dtype)
    if stored is not attrs["dtype"]:
        raise invalid(
            node,
            f"Inconsistent dtype: attr 'dtype' is {attrs['dtype'].name}, the value's type "
            f"{stored.name}",
        )
    attrs["given"] = entries_given(node.attr["value"].tensor)


# ---- one attribute ----------------------------------------------------------------------


def _read(
    node: proto.NodeDef,
    definition: OpDef,
    key: str,
    message: proto.AttrValue,
    kind: str | None,
    budget: Budget,
) -> Any:
    try:
        value = _value(message, _kind_of(message, kind), budget)
        if kind is not None and key not in _BYTES:
            value = coerce(kind, value)
        _check(definition, key, value)
    except (TypeError, ValueError, OverflowError) as error:
        raise invalid(node, f"{error} for attr {key!r}") from None
    return value


def _kind_of(message: proto.AttrValue, wanted: str | None) -> str:
    """The kind of the value that a message holds; ValueError if another one is wanted."""
    found = _kind_found(message)
    same = found == wanted or (found == "list()" and str(wanted).startswith("list"))
    if wanted is not None and not same:
        raise ValueError(f"AttrValue had value with type '{found}' when '{wanted}' expected")
    return found


def _kind_found(message: proto.AttrValue) -> str:
    field = message.WhichOneof("value")
    if field is None or field == "placeholder":
        raise ValueError("No value is given")
    if field != "list":
        return _KINDS[field]
    fields = [d.name for d, _ in message.list.ListFields()]
    if len(fields) > 1:
        raise ValueError("AttrValue had lists of several types")
    return f"list({_KINDS[fields[0]]})" if fields else "list()"


def _value(message: proto.AttrValue, kind: str, budget: Budget) -> Any:
    match kind:
        case "tensor":
            return array_from_proto(message.tensor, budget.allow)
        case "list(tensor)":
            return [array_from_proto(t, budget.allow) for t in message.list.tensor]
        case "shape":
            return _shape(message.shape)
        case "list(shape)":
            return [_shape(s) for s in message.list.shape]
        case "type":
            return _type(message.type)
        case "list(type)":
            return [_type(t) for t in message.list.type]
    return attr_from_proto(message)


def _type(number: int) -> DType:
    try:
        found = as_dtype(number)
    except TypeError:
        name = proto.DataType.DESCRIPTOR.values_by_number.get(number)
        known = number if name is None else name.name
        why = _UNKNOWN_TYPES.get(str(known), "")
        raise ValueError(f"There is no type {known} here{why}") from None
    if found.is_ref_dtype:
        raise ValueError(f"AttrValue must not have reference type value of {found.name}")
    return found


def _shape(message: proto.TensorShapeProto) -> Shape:
    if len(message.dim) > MOST_DIMENSIONS:
        raise ValueError(f"A shape of {len(message.dim)} dimensions: TensorFlow's most is 254")
    if message.unknown_rank and message.dim:
        raise ValueError("A shape of unknown rank has dimensions")
    if any(d.size < -1 for d in message.dim):
        raise ValueError("A dimension is less than -1")
    return to_shape(message)


def _check(definition: OpDef, key: str, value: Any) -> None:
    allowed = definition.types.get(key)
    if allowed is not None and isinstance(value, DType) and value not in allowed:
        raise ValueError(
            f"Value of {value.name} is not in the list of allowed values: "
            f"{', '.join(d.name for d in allowed)}"
        )
    choices = CHOICES.get((definition.type, key))
    if choices is not None and value not in choices:
        raise ValueError(
            f"Value of {value!r} is not in the list of allowed values: {', '.join(choices)}"
        )
    least = MINIMA.get((definition.type, key))
    if least is None and any(a.number == key for a in (*definition.inputs, *definition.outputs)):
        least = 0
    if least is not None:
        size = value if isinstance(value, int) else len(value)
        if size < least:
            raise ValueError(f"Value of {size} must be at least minimum {least}")
