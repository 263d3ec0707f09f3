"""The attributes of operations as messages, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from skflow import proto
from skflow.graph.core import Graph
from skflow.graph.dtypes import DType, as_dtype
from skflow.graph.serialize.tensors import array_from_proto, shape_to_proto, tensor_to_proto
from skflow.graph.shapes import TensorShape, to_shape

# From a kind to its field in AttrValue, and in the lists of AttrValue.
_FIELDS: Final = {
    "type": "type",
    "shape": "shape",
    "int": "i",
    "float": "f",
    "bool": "b",
    "string": "s",
    "tensor": "tensor",
    "func": "func",
}


def _type(value: Any) -> int:
    return as_dtype(value).as_datatype_enum


def _shape(value: Any) -> proto.TensorShapeProto:
    return shape_to_proto(to_shape(value))


def _string(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _tensor(value: Any) -> proto.TensorProto:
    # Constants are written elsewhere: other tensors are a declaration's, element by element.
    array = np.asarray(value)
    return tensor_to_proto(array, array.size)


def _func(name: Any) -> proto.NameAttrList:
    """A function by its name; one that was imported as it was."""
    return proto.NameAttrList(name=name) if isinstance(name, str) else name


_ENCODERS: Final[dict[str, Callable[[Any], Any]]] = {
    "type": _type,
    "shape": _shape,
    "int": int,
    "float": float,
    "bool": bool,
    "string": _string,
    "tensor": _tensor,
    "func": _func,
}
_MESSAGES: Final = ("shape", "tensor", "func")


def kind_of(value: Any) -> str:
    """Return the kind of an attribute that no declaration names, from its value.

    Parameters
    ----------
    value : object
        The attribute.

    Returns
    -------
    str
        One of the kinds of `skflow.graph.registry.Attr`; ``list()`` for an empty list.

    Raises
    ------
    TypeError
        If no kind of attribute has such values.
    """
    kinds = (
        (DType, "type"),
        (bool, "bool"),
        (int, "int"),
        (float, "float"),
        ((str, bytes), "string"),
        (np.ndarray, "tensor"),
        (Graph, "func"),
        ((TensorShape, tuple), "shape"),
    )
    if isinstance(value, list):
        return f"list({kind_of(value[0])})" if value else "list()"
    if value is None:
        return "shape"  # of unknown rank
    if isinstance(value, proto.NameAttrList):
        return "func"
    for classes, kind in kinds:
        if isinstance(value, classes):
            return kind
    raise TypeError(f"A value of type {type(value).__name__} cannot be an attribute: {value!r}")


def attr_to_proto(value: Any, kind: str | None = None) -> proto.AttrValue:
    """Convert an attribute to a message.

    Parameters
    ----------
    value : object
        The attribute; a function by its name.
    kind : str, optional
        Its kind, as `skflow.graph.registry.Attr` has it; by default what the value suggests.

    Returns
    -------
    AttrValue
    """
    message = proto.AttrValue()
    kind = kind_of(value) if kind is None else kind
    if kind.startswith("list("):
        message.list.SetInParent()
        inner = kind[5:-1]
        if inner:
            encode = _ENCODERS[inner]
            getattr(message.list, _FIELDS[inner]).extend([encode(v) for v in value])
    elif kind in _MESSAGES:
        getattr(message, _FIELDS[kind]).CopyFrom(_ENCODERS[kind](value))
    else:
        setattr(message, _FIELDS[kind], _ENCODERS[kind](value))
    return message


_DECODERS: Final[dict[str, Callable[[Any], Any]]] = {
    "type": as_dtype,
    "shape": to_shape,
    "tensor": array_from_proto,
}


def attr_from_proto(message: proto.AttrValue) -> Any:
    """Convert a message to the attribute it holds.

    Parameters
    ----------
    message : AttrValue
        The message.

    Returns
    -------
    object
        Strings are bytes, types `DType`, shapes tuples, tensors arrays; a function stays a
        ``NameAttrList`` message.

    Raises
    ------
    ValueError
        If it is empty or stands for the attribute of a caller.
    """
    field = message.WhichOneof("value")
    if field is None or field == "placeholder":
        raise ValueError("An attribute without a value of its own")
    if field != "list":
        return _decoded(field, getattr(message, field))
    for descriptor, values in message.list.ListFields():
        return [_decoded(descriptor.name, v) for v in values]
    return []


def _decoded(field: str, value: Any) -> Any:
    decode = _DECODERS.get(field)
    return value if decode is None else decode(value)
