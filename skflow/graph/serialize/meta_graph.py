"""A graph with its collections as one message, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from skflow import proto
from skflow.graph.collections import GraphKeys
from skflow.graph.core import Graph, get_default_graph
from skflow.graph.serialize.budget import Budget
from skflow.graph.serialize.collection_defs import (
    UNBOUND_PREFIX,
    add_collection_def,
    in_scope,
    restore_collection,
)
from skflow.graph.serialize.import_graph_def import import_graph_def
from skflow.graph.serialize.libraries import add_used_functions
from skflow.graph.serialize.nodes import graph_def as whole_graph_def
from skflow.graph.serialize.op_defs import stripped_op_list
from skflow.graph.slice_info import strip_scope
from skflow.graph.variables import Variable
from skflow.versions import VERSION

_PREFIXES: Final = ("^", "loc:@")
_VARIABLES: Final = ("VariableV2", "Variable")
_WRITER: Final = "skflow"
_ANY: Final = "surrogateescape"  # bytes that are no text stay what they are


# ---- writing ----------------------------------------------------------------------------


def create_meta_graph_def(
    meta_info_def: Any = None,
    graph_def: Any = None,
    saver_def: Any = None,
    collection_list: Iterable[Any] | None = None,
    graph: Graph | None = None,
    export_scope: str | None = None,
) -> proto.MetaGraphDef:
    """Gather a graph, its collections and what else belongs to it in one message.

    Parameters
    ----------
    meta_info_def : MetaInfoDef, optional
        Version and tags to record; the versions of TensorFlow in it are replaced.
    graph_def : GraphDef, optional
        The graph's message; by default that of `graph`, with shapes.
    saver_def : SaverDef, optional
        The operations that save and restore.
    collection_list : list of str, optional
        The collections; by default all.
    graph : Graph, optional
        The graph, by default the default one.
    export_scope : str, optional
        Only the items of collections in this name scope are added, without the scope.

    Returns
    -------
    MetaGraphDef

    Raises
    ------
    TypeError
        If an argument is of another class.
    ValueError
        If the graph is too large, or has an operation that is not declared.
    """
    _check_class("graph", graph, Graph)
    _check_class("meta_info_def", meta_info_def, proto.MetaGraphDef.MetaInfoDef)
    _check_class("graph_def", graph_def, proto.GraphDef)
    _check_class("saver_def", saver_def, proto.SaverDef)
    graph = graph or get_default_graph()
    found = proto.MetaGraphDef()
    if meta_info_def is not None:
        found.meta_info_def.CopyFrom(meta_info_def)
    found.meta_info_def.tensorflow_version = VERSION
    found.meta_info_def.tensorflow_git_version = _WRITER
    if graph_def is None:
        graph_def = whole_graph_def(graph, add_shapes=True)
    found.graph_def.CopyFrom(graph_def)
    if not found.meta_info_def.stripped_op_list.op:
        found.meta_info_def.stripped_op_list.CopyFrom(stripped_op_list(graph_def))
    if saver_def is not None:
        found.saver_def.CopyFrom(saver_def)
    for key in collection_list or graph.get_all_collection_keys():
        add_collection_def(found, key, graph, export_scope)
    return found


def _check_class(name: str, value: Any, class_: type) -> None:
    if value is not None and not isinstance(value, class_):
        raise TypeError(f"{name} must be of type {class_.__name__}, not {type(value)}")


def export_scoped_meta_graph(
    graph_def: Any = None,
    graph: Graph | None = None,
    export_scope: str | None = None,
    unbound_inputs_col_name: str | None = "unbound_inputs",
    clear_devices: bool = False,
    **kwargs: Any,
) -> tuple[proto.MetaGraphDef, dict[str, Variable]]:
    """Gather a graph, or a name scope of it, in one message.

    Parameters
    ----------
    graph_def : GraphDef, optional
        The graph's message; by default that of `graph`.
    graph : Graph, optional
        The graph, by default the default one.
    export_scope : str, optional
        Only what is in this name scope is written, without the scope.
    unbound_inputs_col_name : str, optional
        The collection that names what nodes in the scope take from outside.
    clear_devices : bool
        Leave out the recorded devices.
    **kwargs : object
        `meta_info_def`, `saver_def` and `collection_list`, see `create_meta_graph_def`.

    Returns
    -------
    MetaGraphDef
        The message.
    dict of str to Variable
        The global variables in it, by the names they have there.

    Raises
    ------
    TypeError, ValueError
        See `create_meta_graph_def`.
    """
    _check_class("graph", graph, Graph)
    graph = graph or get_default_graph()
    unbound: list[str] = []
    if export_scope or clear_devices:
        whole = whole_graph_def(graph, add_shapes=True) if graph_def is None else graph_def
        _check_class("graph_def", whole, proto.GraphDef)
        graph_def = _scoped_graph_def(whole, export_scope, unbound, clear_devices)
    found = create_meta_graph_def(
        graph_def=graph_def, graph=graph, export_scope=export_scope, **kwargs
    )
    if unbound_inputs_col_name and unbound:
        names = [u.encode() for u in dict.fromkeys(unbound)]
        found.collection_def[unbound_inputs_col_name].bytes_list.value.extend(names)
    return found, _variables(graph, export_scope)


def _variables(graph: Graph, scope: str | None) -> dict[str, Variable]:
    """The global variables in a name scope, by their names without it."""
    found = graph.get_collection(GraphKeys.GLOBAL_VARIABLES)
    return {strip_scope(v.name, scope): v for v in found if in_scope(v, scope)}


def _scoped_graph_def(
    whole: proto.GraphDef, scope: str | None, unbound: list[str], clear_devices: bool
) -> proto.GraphDef:
    """The part of a graph in a name scope, whose inputs from outside are noted."""
    found = proto.GraphDef(versions=whole.versions)
    for node in whole.node:
        if in_scope(node.name, scope):
            found.node.append(_scoped_node(node, scope, unbound))
    add_used_functions(found, whole.library)
    for function in found.library.function:
        for node in function.node_def:
            if scope and node.op in _VARIABLES:
                name = node.attr["shared_name"].s.decode(errors=_ANY) or node.name
                node.attr["shared_name"].s = strip_scope(name, scope).encode(errors=_ANY)
    if clear_devices:
        without_devices(found)
    return found


def _scoped_node(node: proto.NodeDef, scope: str | None, unbound: list[str]) -> proto.NodeDef:
    found = proto.NodeDef()
    found.CopyFrom(node)
    found.name = strip_scope(node.name, scope)
    for i, name in enumerate(node.input):
        if scope and not name.lstrip("^").startswith(scope):
            mark = "^" if name.startswith("^") else ""
            found.input[i] = f"{mark}{UNBOUND_PREFIX}{name.removeprefix('^')}"
            unbound.append(found.input[i])
        else:
            found.input[i] = _stripped(name, scope)
    if scope and "_class" in node.attr:
        groups = [g.decode(errors=_ANY) for g in node.attr["_class"].list.s]
        kept = [_stripped(g, scope) for g in groups if g.partition("@")[2].startswith(scope)]
        found.attr["_class"].list.Clear()
        found.attr["_class"].list.s.extend(g.encode(errors=_ANY) for g in kept)
        found.attr["_class"].list.SetInParent()
    return found


def _stripped(name: str, scope: str | None) -> str:
    """The name of an input, control input or group without the scope it begins with."""
    for mark in _PREFIXES:
        if name.startswith(mark):
            return mark + strip_scope(name.removeprefix(mark), scope)
    return strip_scope(name, scope)


def without_devices(graph_def: proto.GraphDef) -> None:
    """Remove the recorded devices from a graph's message."""
    for node in graph_def.node:
        node.device = ""
    for function in graph_def.library.function:
        for node in function.node_def:
            node.device = ""


# ---- reading ----------------------------------------------------------------------------


def import_scoped_meta_graph(
    meta_graph_def: proto.MetaGraphDef,
    clear_devices: bool = False,
    graph: Graph | None = None,
    import_scope: str | None = None,
    input_map: Mapping[str, Any] | None = None,
    unbound_inputs_col_name: str | None = "unbound_inputs",
) -> dict[str, Variable]:
    """Add a stored graph and its collections to a graph.

    Parameters
    ----------
    meta_graph_def : MetaGraphDef
        The message; it is not changed.
    clear_devices : bool
        Forget the recorded devices.
    graph : Graph, optional
        The graph to add to, by default the default one.
    import_scope : str, optional
        The name scope of all that is added; by default none.
    input_map : dict of str to Tensor, optional
        What nodes take instead of stored tensors (see `import_graph_def`).
    unbound_inputs_col_name : str, optional
        The collection that names what was outside the exported scope.

    Returns
    -------
    dict of str to Variable
        The global variables in the scope, by their names without it.

    Raises
    ------
    TypeError, ValueError, KeyError
        If the stored graph or a collection is damaged or needs what is not here, or what was
        outside is not in `input_map`.
    """
    if not isinstance(meta_graph_def, proto.MetaGraphDef):
        raise TypeError(f"meta_graph_def must be a MetaGraphDef, not {type(meta_graph_def)}")
    collections = dict(sorted(meta_graph_def.collection_def.items()))
    if unbound_inputs_col_name:
        _check_bound(collections.pop(unbound_inputs_col_name, None), input_map)
    graph = graph or get_default_graph()
    with graph.as_default():
        import_graph_def(
            _graph_def_of(meta_graph_def, clear_devices),
            name=import_scope or "",
            input_map=input_map,
            producer_op_list=_op_list_of(meta_graph_def),
        )
        known: dict[bytes, Any] = {}
        budget = Budget(meta_graph_def.ByteSize())
        for key, collection in collections.items():
            restore_collection(graph, key, collection, import_scope, known, budget)
    return _variables(graph, import_scope)


def _check_bound(
    collection: proto.CollectionDef | None, input_map: Mapping[str, Any] | None
) -> None:
    """Check that all that was outside an exported scope is given."""
    if collection is None or collection.WhichOneof("kind") != "bytes_list":
        return
    names = [v.decode(errors="replace") for v in collection.bytes_list.value]
    missing = [n for n in names if n not in (input_map or {})]
    if missing:
        raise ValueError(
            f"Graph contains unbound inputs: {','.join(missing)}. Must provide these inputs "
            "through input_map."
        )


def _graph_def_of(meta_graph_def: proto.MetaGraphDef, clear_devices: bool) -> proto.GraphDef:
    if not clear_devices:
        return meta_graph_def.graph_def
    copied = proto.GraphDef()
    copied.CopyFrom(meta_graph_def.graph_def)
    without_devices(copied)
    return copied


def _op_list_of(meta_graph_def: proto.MetaGraphDef) -> proto.OpList | None:
    info = meta_graph_def.meta_info_def
    return info.stripped_op_list if info.HasField("stripped_op_list") else None
