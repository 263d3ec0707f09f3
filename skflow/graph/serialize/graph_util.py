"""Functions on the messages of graphs: `tf.graph_util`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final

import numpy as np

from skflow import logging, proto
from skflow.graph.core import Graph
from skflow.graph.dtypes import as_dtype, int32, string
from skflow.graph.nodes import Operation
from skflow.graph.serialize.libraries import add_used_functions
from skflow.graph.serialize.tensors import tensor_to_proto
from skflow.graph.shapes import TensorShape

__all__ = [
    "convert_variables_to_constants",
    "extract_sub_graph",
    "must_run_on_cpu",
    "remove_training_nodes",
    "tensor_shape_from_node_def_name",
]

_DECLARATIONS: Final = ("Variable", "VariableV2")
_VARIABLE_OPS: Final = (
    *_DECLARATIONS,
    "Assign",
    "AssignAdd",
    "AssignSub",
    "Queue",
    "ScatterAdd",
    "ScatterSub",
    "ScatterUpdate",
    "TruncatedNormal",
)
_CHECKS: Final = ("CheckNumerics",)
_COPIES: Final = ("Identity",)


def must_run_on_cpu(node: Any, pin_variables_on_cpu: bool = False) -> bool:
    """Whether TensorFlow has no kernel for a node on a GPU.

    Parameters
    ----------
    node : Operation or NodeDef
        The node.
    pin_variables_on_cpu : bool
        Count whatever has to do with variables too.

    Returns
    -------
    bool
    """
    message = node.node_def if isinstance(node, Operation) else node
    if pin_variables_on_cpu and message.op in _VARIABLE_OPS:
        return True
    types = {
        "Const": ("dtype", (string, int32)),
        "DynamicStitch": ("T", (int32,)),
        "Cast": ("SrcT", (int32,)),
    }
    key, on_cpu = types.get(message.op, ("", ()))
    return bool(key) and message.attr[key].type in [d.as_datatype_enum for d in on_cpu]


def tensor_shape_from_node_def_name(graph: Graph, input_name: str) -> TensorShape:
    """Return the shape of what a node's message names as an input.

    Parameters
    ----------
    graph : Graph
        The graph.
    input_name : str
        ``"op:number"``, or ``"op"`` for the first output.

    Returns
    -------
    TensorShape

    Raises
    ------
    KeyError, ValueError
        If the graph has no such tensor.
    """
    name = input_name if ":" in input_name else f"{input_name}:0"
    return graph.get_tensor_by_name(name).get_shape()


# ---- parts of graphs --------------------------------------------------------------------


def _node_name(name: str) -> str:
    """The name of the node that an input or control input comes from."""
    return name.removeprefix("^").partition(":")[0]


def extract_sub_graph(graph_def: Any, dest_nodes: Sequence[str]) -> proto.GraphDef:
    """Keep what some nodes of a graph need.

    Parameters
    ----------
    graph_def : GraphDef
        The graph.
    dest_nodes : list of str
        The nodes' names.

    Returns
    -------
    GraphDef
        The nodes and all they depend on, in their order, and the functions that those use.

    Raises
    ------
    TypeError
        If `graph_def` is no GraphDef.
    AssertionError
        If the graph lacks one of the nodes.
    ValueError
        If it lacks a node that these need.
    """
    if not isinstance(graph_def, proto.GraphDef):
        raise TypeError("graph_def must be a graph_pb2.GraphDef proto.")
    nodes = {_node_name(n.name): n for n in graph_def.node}
    for name in dest_nodes:
        if name not in nodes:
            raise AssertionError(f"{name} is not in graph")
    kept: set[str] = set()
    stack = list(dest_nodes)
    while stack:
        name = stack.pop()
        if name not in nodes:
            raise ValueError(f"{name} is not in graph, but a node takes something from it")
        if name not in kept:
            kept.add(name)
            stack.extend(_node_name(i) for i in nodes[name].input)
    found = proto.GraphDef()
    found.node.extend(n for name, n in nodes.items() if name in kept)
    _add_functions(found, graph_def)
    return found


def _add_functions(found: proto.GraphDef, whole: proto.GraphDef) -> None:
    """Add the functions that nodes need; readers of old files know nothing of functions."""
    add_used_functions(found, whole.library)
    if found.library.function:
        found.versions.CopyFrom(whole.versions)


# ---- variables --------------------------------------------------------------------------


def convert_variables_to_constants(
    sess: Any,
    input_graph_def: proto.GraphDef,
    output_node_names: Sequence[str],
    variable_names_whitelist: Collection[str] | None = None,
    variable_names_blacklist: Collection[str] | None = None,
) -> proto.GraphDef:
    """Keep what some nodes need, with the present values of variables as constants.

    Parameters
    ----------
    sess : Session
        A session in which the variables have values.
    input_graph_def : GraphDef
        The graph.
    output_node_names : list of str
        The nodes' names.
    variable_names_whitelist : collection of str, optional
        The variables to convert, by default all.
    variable_names_blacklist : collection of str, optional
        Variables to leave as they are.

    Returns
    -------
    GraphDef

    Raises
    ------
    TypeError, AssertionError, ValueError
        See `extract_sub_graph`.
    FailedPreconditionError
        If a variable has no value.
    """
    kept = extract_sub_graph(input_graph_def, output_node_names)
    functions = kept.library.function
    declared = {_key(n): n.name for n in input_graph_def.node if n.op in _DECLARATIONS}
    nodes = [*kept.node, *(n for f in functions for n in f.node_def)]
    names = dict.fromkeys(declared.get(_key(n), "") for n in nodes if n.op in _DECLARATIONS)
    wanted = [
        name
        for name in names
        if name
        and (variable_names_whitelist is None or name in variable_names_whitelist)
        and (variable_names_blacklist is None or name not in variable_names_blacklist)
    ]
    values = sess.run([f"{name}:0" for name in wanted]) if wanted else []
    logging.info("Froze %d variables.", len(values))
    found = dict(zip(wanted, values, strict=True))
    constants = {key: found[name] for key, name in declared.items() if name in found}
    frozen = len(_freeze(kept.node, constants))
    for function in functions:
        inside = _freeze(function.node_def, constants)
        frozen += len(inside)
        for node in function.node_def:
            _rename(node.input, inside)
        for key, name in function.ret.items():
            function.ret[key] = _constant_output(name, inside)
    logging.info("Converted %d variables to const ops.", frozen)
    return kept


def _key(node: proto.NodeDef) -> str:
    """What a session finds a variable by: in functions the name of one of the graph's."""
    shared = node.attr["shared_name"].s if "shared_name" in node.attr else b""
    return shared.decode() or node.name


def _freeze(nodes: Iterable[proto.NodeDef], values: dict[str, Any]) -> set[str]:
    """Make constants of the variables that have values; returns the names of the nodes."""
    found = set()
    for node in nodes:
        if node.op not in _DECLARATIONS or _key(node) not in values:
            continue
        dtype = as_dtype(node.attr["dtype"].type)
        value = np.asarray(values[_key(node)], dtype.np_dtype)
        node.op = "Const"
        node.attr.clear()
        node.attr["dtype"].type = dtype.as_datatype_enum
        node.attr["value"].tensor.CopyFrom(tensor_to_proto(value))
        found.add(node.name)
    return found


def _rename(names: Any, constants: Collection[str]) -> None:
    for i, name in enumerate(names):
        names[i] = _constant_output(name, constants)


def _constant_output(name: str, constants: Collection[str]) -> str:
    """The output of what has become a constant, which is called otherwise in functions."""
    node, _, rest = name.partition(":")
    return f"{node}:output:0" if rest and node in constants else name


# ---- what training alone needs ----------------------------------------------------------


def remove_training_nodes(input_graph: proto.GraphDef) -> proto.GraphDef:
    """Leave out checks and copies.

    Parameters
    ----------
    input_graph : GraphDef
        The graph.

    Returns
    -------
    GraphDef
        Without `CheckNumerics`, and without `Identity` that waits for nothing but checks: what
        takes it takes its input instead.
    """
    passed = {n.name: n.input[0] for n in input_graph.node if n.op in _CHECKS and n.input}
    found = _without(input_graph.node, passed, _not_checked)
    copies = {
        n.name: n.input[0]
        for n in found.node
        if n.op in _COPIES and n.input and not any(i.startswith("^") for i in n.input)
    }
    found = _without(found.node, copies, _original)
    _add_functions(found, input_graph)
    return found


def _without(
    nodes: Iterable[proto.NodeDef],
    passed: dict[str, str],
    instead: Callable[[str, dict[str, str]], str],
) -> proto.GraphDef:
    """Leave out nodes; what takes one of them takes something instead, or nothing."""
    found = proto.GraphDef()
    for node in nodes:
        if node.name not in passed:
            kept = found.node.add()
            kept.CopyFrom(node)
            names = [instead(i, passed) for i in node.input]
            del kept.input[:]
            kept.input.extend(n for n in names if n)
    return found


def _not_checked(name: str, checks: dict[str, str]) -> str:
    """What a check checks; nothing waits for a check."""
    if name.startswith("^"):
        return "" if name[1:] in checks else name
    return _original(name, checks)


def _original(name: str, passed: dict[str, str]) -> str:
    """What is behind a chain of nodes that pass on their input."""
    mark = "^" if name.startswith("^") else ""
    found = name.removeprefix("^").removesuffix(":0")
    seen: set[str] = set()
    while found in passed and found not in seen:
        seen.add(found)
        found = passed[found].removesuffix(":0")
    return f"^{_node_name(found)}" if mark else found
