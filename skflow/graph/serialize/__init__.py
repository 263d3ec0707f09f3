"""The graph as TensorFlow's messages, which files and other programs read, and back."""

from __future__ import annotations

from skflow import proto
from skflow.graph.nodes import LATE
from skflow.graph.serialize import graph_util as graph_util
from skflow.graph.serialize.attrs import attr_from_proto, attr_to_proto
from skflow.graph.serialize.import_graph_def import import_graph_def
from skflow.graph.serialize.nodes import (
    graph_def,
    node_def,
    node_text,
    operation_from_node_def,
)
from skflow.graph.serialize.tensors import array_from_proto, shape_to_proto, tensor_to_proto
from skflow.graph.shapes import _PROTO

__all__ = [
    "array_from_proto",
    "attr_from_proto",
    "attr_to_proto",
    "graph_def",
    "import_graph_def",
    "node_def",
    "node_text",
    "operation_from_node_def",
    "shape_to_proto",
    "tensor_to_proto",
]


def _message(name: str, **fields: object) -> object:
    """A message of the format's, by its name; fields that are None are left out."""
    given = {key: value for key, value in fields.items() if value is not None}
    return getattr(proto, name)(**given)


LATE["message"] = _message
LATE["node_def"] = node_def
LATE["graph_def"] = graph_def
LATE["node_text"] = node_text
LATE["operation_from_node_def"] = operation_from_node_def
LATE["attr_value"] = attr_from_proto
_PROTO["shape"] = shape_to_proto
