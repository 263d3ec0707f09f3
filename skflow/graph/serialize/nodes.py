"""Operations and graphs as messages, and an operation from its message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from skflow import proto
from skflow.graph.core import Graph
from skflow.graph.nodes import Operation, Tensor, user_frames
from skflow.graph.reads_first import add_waits, reads_before
from skflow.graph.registry import REGISTRY, OpDef
from skflow.graph.serialize.attrs import attr_from_proto, attr_to_proto, kind_of
from skflow.graph.serialize.functions import (
    Library,
    function_def,
    has_bodies,
    input_name,
    library_of,
    output_shapes,
    written_attrs,
)
from skflow.graph.serialize.op_defs import is_later
from skflow.graph.serialize.tensors import shape_to_proto, tensor_to_proto
from skflow.proto.text import to_text
from skflow.versions import GRAPH_DEF_VERSION, GRAPH_DEF_VERSION_MIN_CONSUMER

_NAME: Final = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\-/]*$")
_FUNCTIONS_SINCE: Final = 12
_MOST_BYTES: Final = 1 << 31


def node_def(op: Operation, library: Library | None = None) -> proto.NodeDef:
    """Convert an operation to a message.

    Parameters
    ----------
    op : Operation
        The operation.
    library : Library, optional
        The bodies of its graph as functions, if they are known already.

    Returns
    -------
    NodeDef
        A new message, equal to the one TensorFlow has for the operation.
    """
    message = proto.NodeDef(name=op.name, op=op.type, device=op.device)
    message.input.extend(input_name(t) for t in op.inputs)
    message.input.extend(f"^{c.name}" for c in op._control_inputs)
    attrs = op.attrs
    if has_bodies(op):
        attrs = written_attrs(op, library or library_of(op.graph._root()))
    for key, kind in _attr_kinds(op.definition, attrs).items():
        value = attrs[key]
        if key == "value" and op.type == "Const":
            tensor = tensor_to_proto(value, attrs.get("given"))
            message.attr[key].tensor.CopyFrom(tensor)
        else:
            message.attr[key].CopyFrom(attr_to_proto(value, kind))
    return message


def _attr_kinds(definition: OpDef, attrs: dict[str, Any]) -> dict[str, str]:
    """The attributes that are written, and their kinds; notes of our own are not."""
    kinds = {}
    for key, value in attrs.items():
        declared = definition.attrs.get(key)
        if declared is not None:
            shown = value is not None or declared.kind == "shape"
            if shown and not (is_later(definition.type, key) and value == declared.default):
                kinds[key] = declared.kind
        elif key[0] == "_" or key in _inferred(definition):
            kinds[key] = kind_of(value)
    return kinds


def _inferred(definition: OpDef) -> set[str]:
    """The attributes that the inputs determine: types and lengths of lists."""
    args = (*definition.inputs, *definition.outputs)
    return {a.type for a in args} | {a.number for a in args if a.number is not None}


def graph_def(
    graph: Graph, from_version: int | None = None, add_shapes: bool = False
) -> proto.GraphDef:
    """Convert a graph to a message.

    Parameters
    ----------
    graph : Graph
        The graph.
    from_version : int, optional
        Leave out the operations made up to this version.
    add_shapes : bool
        Record the output shapes in the attribute ``_output_shapes``.

    Returns
    -------
    GraphDef
        The operations in the order they were made; bodies of ``If`` and ``While`` are functions
        of its library.

    Raises
    ------
    ValueError
        If the message would be larger than 2 GB.
    """
    message = proto.GraphDef()
    message.versions.producer = GRAPH_DEF_VERSION
    message.versions.min_consumer = GRAPH_DEF_VERSION_MIN_CONSUMER
    library = library_of(graph._root())
    size = 0
    waits = reads_before(graph._operations)
    for op in graph.get_operations():
        if from_version is not None and op._id <= from_version:
            continue
        node = node_def(op, library)
        add_waits(node, waits.get(op, ()))
        if add_shapes and op.outputs:
            shapes = [shape_to_proto(s) for s in output_shapes(op, library)]
            node.attr["_output_shapes"].list.shape.extend(shapes)
        size = _checked_size(size + node.ByteSize())
        message.node.append(node)
    for function in library.functions.values():
        message.versions.min_consumer = _FUNCTIONS_SINCE
        written = function_def(function, partial(node_def, library=library))
        size = _checked_size(size + written.ByteSize())
        message.library.function.append(written)
    return message


def _checked_size(size: int) -> int:
    if size >= _MOST_BYTES:
        raise ValueError("GraphDef cannot be larger than 2GB.")
    return size


def node_text(op: Operation) -> str:
    """Print an operation's message as TensorFlow 1.1.0 does.

    Parameters
    ----------
    op : Operation
        The operation.

    Returns
    -------
    str
        The message in protobuf's text format.
    """
    return to_text(node_def(op))


def operation_from_node_def(
    op: Operation,
    message: Any,
    graph: Graph,
    inputs: Sequence[Any],
    output_types: Sequence[Any] | None,
    control_inputs: Sequence[Any],
) -> None:
    """Make a bare `Operation` what a message says; it is not added to the graph's list.

    Parameters
    ----------
    op : Operation
        A new object without contents.
    message : NodeDef
        Name, type, device and attributes.
    graph : Graph
        The graph it belongs to.
    inputs : sequence of Tensor
        What it computes from.
    output_types : sequence of DType or None
        The types of what it computes, checked against what the declaration says.
    control_inputs : sequence of Operation or Tensor
        What must have run before.

    Raises
    ------
    TypeError
        If an argument is not what it should be, or the operation's type is unknown.
    ValueError
        If the name is not valid or the shapes do not fit.
    """
    if not isinstance(message, proto.NodeDef):
        raise TypeError(f"node_def needs to be a NodeDef: {message}")
    if not _NAME.match(message.name):
        raise ValueError(f"'{message.name}' is not a valid node name")
    for tensor in inputs:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"input needs to be a Tensor: {tensor}")
    definition = REGISTRY.get(message.op)
    if definition is None:
        raise TypeError(f"Op type not registered '{message.op}'")
    attrs = _attrs_of(definition, message, inputs)
    op.graph, op.definition, op.type, op.name = graph, definition, definition.type, message.name
    op.inputs, op.attrs, op._device = tuple(inputs), attrs, message.device
    op._control_inputs = [_control(c) for c in control_inputs]
    op._frames = user_frames()
    _add_outputs(op, output_types)
    for tensor in op.inputs:
        tensor._consumers.append(op)
    with graph._lock:
        graph._last_id += 1
        op._id = graph._last_id


def _attrs_of(
    definition: OpDef, message: proto.NodeDef, inputs: Sequence[Tensor]
) -> dict[str, Any]:
    """The attributes of a message, and those that the inputs determine."""
    attrs = {key: attr_from_proto(value) for key, value in message.attr.items()}
    at = 0
    for arg in definition.inputs:
        count = 1
        if arg.many:
            count = len(attrs.get(arg.type, ()))
        elif arg.number is not None:
            count = attrs.get(arg.number, 0)
        found = inputs[at : at + count]
        at += count
        if not arg.is_list and found:
            definition._check_type(arg, found[0], attrs)
    if at != len(inputs):
        raise TypeError(f"{definition.type} takes {at} inputs, got {len(inputs)}")
    definition.fill_attrs(attrs)
    return attrs


def _control(item: Any) -> Operation:
    found = getattr(item, "op", item)
    if not isinstance(found, Operation):
        raise TypeError(f"Control input must be an Operation, a Tensor, or IndexedSlices: {item}")
    return found


def _add_outputs(op: Operation, wanted: Sequence[Any] | None) -> None:
    definition: OpDef = op.definition
    found = definition.infer([t.spec for t in op.inputs], op.attrs, op.name)
    types = [dtype for dtype, _ in found]
    if wanted is not None and list(wanted) != types:
        raise TypeError(f"{op.type} computes {types}, not {list(wanted)}")
    op.outputs = [Tensor(op, i, dtype) for i, dtype in enumerate(types)]
    for tensor, (_, shape) in zip(op.outputs, found, strict=True):
        tensor.set_shape(shape)
