"""Bodies of ``If`` and ``While`` as the functions of a graph's library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from skflow import proto
from skflow.graph.core import Graph
from skflow.graph.nodes import Operation, Tensor

Names = dict[Graph, str]
_ARGUMENT: Final = "_Arg"  # the operation that stands for an argument inside a body


def body_names(root: Graph) -> Names:
    """Name the bodies of a graph and, in turn, their own.

    Parameters
    ----------
    root : Graph
        A graph that is no body itself.

    Returns
    -------
    dict of Graph to str
        For each body the name of its function: where it is first used, operation by operation
        from the root, and as which attribute, as ``loss/cond/then_branch``.
    """
    names: Names = {}
    _name_bodies(root, "", names)
    return names


def _name_bodies(graph: Graph, prefix: str, names: Names) -> None:
    for op, key, body in _bodies(graph):
        if body not in names:
            names[body] = f"{prefix}{op.name}/{key}"
            _name_bodies(body, f"{names[body]}/", names)


def _bodies(graph: Graph) -> Iterator[tuple[Operation, str, Graph]]:
    for op in graph.get_operations():
        for key, value in op.attrs.items():
            if isinstance(value, Graph):
                yield op, key, value


def function_def(
    name: str, body: Any, node_def: Callable[[Operation], proto.NodeDef]
) -> proto.FunctionDef:
    """Convert a body to a message.

    Parameters
    ----------
    name : str
        The function's name.
    body : Graph
        A graph with `inputs` and `outputs`.
    node_def : callable
        Converts an operation of the body to a message.

    Returns
    -------
    FunctionDef
        Inputs are read as ``argument`` or ``node:output_argument:index``.
    """
    message = proto.FunctionDef()
    message.signature.name = name
    where: dict[Tensor, str] = {}
    for i, tensor in enumerate(body.inputs):
        where[tensor] = f"arg_{i}"
        kind = tensor.dtype.base_dtype.as_datatype_enum
        message.signature.input_arg.add(name=where[tensor], type=kind)
    for op in body.get_operations():
        if op.type != _ARGUMENT:
            message.node_def.append(_inner_node(op, node_def(op), where))
    for i, tensor in enumerate(body.outputs):
        kind = tensor.dtype.base_dtype.as_datatype_enum
        message.signature.output_arg.add(name=f"ret_{i}", type=kind)
        message.ret[f"ret_{i}"] = where.get(tensor) or _place(tensor)
    message.signature.is_stateful = any(op.definition.stateful for op in body.get_operations())
    return message


def _inner_node(op: Operation, node: proto.NodeDef, where: dict[Tensor, str]) -> proto.NodeDef:
    del node.input[:]
    node.input.extend(where.get(t) or _place(t) for t in op.inputs)
    node.input.extend(f"^{c.name}" for c in op._control_inputs if c.type != _ARGUMENT)
    return node


def _place(tensor: Tensor) -> str:
    """Where a body finds a tensor: its operation, the output argument, the place in that."""
    op = tensor.op
    definition = op.definition
    index = tensor.value_index
    for arg, group in zip(
        definition.outputs, definition.group(op.outputs, definition.outputs, op.attrs), strict=True
    ):
        count = len(group) if arg.is_list else 1
        if index < count:
            return f"{op.name}:{arg.name}:{index}"
        index -= count
    raise ValueError(f"{op} has no output {tensor.value_index}")
