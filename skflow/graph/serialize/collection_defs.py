"""Collections of a graph as messages, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from skflow import logging, proto
from skflow.graph.collections import GraphKeys
from skflow.graph.core import Graph
from skflow.graph.serialize.budget import Budget
from skflow.graph.slice_info import prepend_scope, strip_scope
from skflow.graph.variables import Variable

UNBOUND_PREFIX: Final = "$unbound_inputs_"
"""What the names of inputs from outside an exported scope begin with."""

# A variable or a saver takes more memory than an operation.
_ITEMS_PER_OBJECT: Final = 2


@dataclass(frozen=True)
class ProtoFunctions:
    """How the items of a collection become messages, and come back.

    Parameters
    ----------
    message : str
        The name of the messages' class in `skflow.proto`.
    to_proto : callable or None
        ``to_proto(item, export_scope=scope)`` gives a message, or ``None`` for an item outside
        that scope. Without it items are written by their names.
    from_proto : callable
        ``from_proto(message, import_scope=scope)`` gives the item.
    """

    message: str
    to_proto: Callable[..., Any] | None
    from_proto: Callable[..., Any]


_FUNCTIONS: Final[dict[str, ProtoFunctions]] = {}


def register_proto_function(collection_name: str, functions: ProtoFunctions) -> None:
    """Say how the items of a collection become messages.

    Parameters
    ----------
    collection_name : str
        The collection's name.
    functions : ProtoFunctions
        The functions.
    """
    _FUNCTIONS[collection_name] = functions


def _variable_to_proto(variable: Any, export_scope: str | None = None) -> Any:
    return variable.to_proto(export_scope)


def _variable_from_proto(message: Any, import_scope: str | None = None) -> Variable:
    if message.is_resource:
        raise ValueError(
            f"Variable {message.variable_name!r} is a resource variable, which is not supported: "
            "only those of VariableV2 are"
        )
    return Variable.from_proto(message, import_scope)


for _key in (
    GraphKeys.GLOBAL_VARIABLES,
    GraphKeys.TRAINABLE_VARIABLES,
    GraphKeys.MOVING_AVERAGE_VARIABLES,
):
    register_proto_function(
        _key, ProtoFunctions("VariableDef", _variable_to_proto, _variable_from_proto)
    )
for _key in (GraphKeys.LOCAL_VARIABLES, GraphKeys.MODEL_VARIABLES, GraphKeys.GLOBAL_STEP):
    # Later versions write messages here too; TensorFlow 1.1.0 writes names.
    register_proto_function(_key, ProtoFunctions("VariableDef", None, _variable_from_proto))


# ---- writing ----------------------------------------------------------------------------


def in_scope(item: Any, export_scope: str | None) -> bool:
    """Whether something is to be exported with a scope: by its name, or since it has none."""
    name = item if isinstance(item, str) else getattr(item, "name", None)
    if not isinstance(name, str) or not export_scope:
        return True
    return name.startswith((UNBOUND_PREFIX, export_scope))


def add_collection_def(
    meta_graph_def: proto.MetaGraphDef, key: Any, graph: Graph, export_scope: str | None = None
) -> None:
    """Add a collection of a graph to a message.

    Parameters
    ----------
    meta_graph_def : MetaGraphDef
        The message.
    key : str
        The collection's name.
    graph : Graph
        The graph.
    export_scope : str, optional
        Only what is in this name scope is added, without the scope.

    Notes
    -----
    What no message can hold is left out with a warning, as in TensorFlow.
    """
    if not isinstance(key, str | bytes):
        logging.warning(
            "Only collections with string type keys will be serialized. This key has %s", type(key)
        )
        return
    items = [i for i in graph.get_collection(key) if in_scope(i, export_scope)]
    if not items:
        return
    name = key.decode() if isinstance(key, bytes) else key
    try:
        found = _collection_def(name, items, export_scope)
    except Exception as error:  # noqa: BLE001  # items are anything, with functions of their own
        logging.warning(
            "Error encountered when serializing %s.\nType is unsupported, or the types of the "
            "items don't match field type in CollectionDef.\n%s",
            name,
            error,
        )
        return
    meta_graph_def.collection_def[name].CopyFrom(found)


def _collection_def(
    key: str, items: Sequence[Any], export_scope: str | None
) -> proto.CollectionDef:
    message = proto.CollectionDef()
    functions = _FUNCTIONS.get(key)
    if functions is not None and functions.to_proto is not None:
        message.bytes_list.SetInParent()
        for item in items:
            found = functions.to_proto(item, export_scope=export_scope)
            if found is not None:
                _check_class(found, functions.message)
                message.bytes_list.value.append(found.SerializeToString())
        return message
    first = items[0]
    if isinstance(first, str | bytes):
        message.bytes_list.value.extend(i.encode() if isinstance(i, str) else i for i in items)
    elif isinstance(first, int):
        message.int64_list.value.extend(items)
    elif isinstance(first, float):
        message.float_list.value.extend(items)
    elif isinstance(first, proto.Any):
        message.any_list.value.extend(items)
    else:
        message.node_list.value.extend(strip_scope(i.name, export_scope) for i in items)
    return message


def _check_class(found: Any, name: str) -> None:
    if not isinstance(found, getattr(proto, name)):
        raise TypeError(f"{found!r} is no {name}")


# ---- reading ----------------------------------------------------------------------------


def restore_collection(
    graph: Graph,
    key: str,
    message: proto.CollectionDef,
    import_scope: str | None = None,
    known: dict[bytes, Any] | None = None,
    budget: Budget | None = None,
) -> None:
    """Add what a message holds to a collection of a graph.

    Parameters
    ----------
    graph : Graph
        The graph, which must be the default one.
    key : str
        The collection's name.
    message : CollectionDef
        The items.
    import_scope : str, optional
        The name scope that the graph they belong to has been imported into.
    known : dict of bytes to object, optional
        Items by their messages, to which new ones are added: a variable that several
        collections hold is one object.
    budget : Budget, optional
        How much memory all collections may take; by default what this one's size allows.

    Raises
    ------
    ValueError
        If an item is damaged, or there are far too many for the bytes that they came in.
    KeyError
        If the graph has no operation or tensor of an item's name.
    """
    kind = message.WhichOneof("kind")
    if kind is None:
        logging.error("Cannot identify data type for collection %s. Skipping.", key)
        return
    functions = _FUNCTIONS.get(key)
    budget = budget or Budget(message.ByteSize())
    if functions is not None and (kind == "bytes_list" or functions.to_proto is not None):
        _check_kind(key, kind)
        known = {} if known is None else known
        items = _from_protos(key, message, functions, import_scope, known, budget)
    elif kind == "node_list":
        names = [prepend_scope(v, import_scope) for v in message.node_list.value]
        items = [graph.as_graph_element(n) for n in names]
    else:
        if kind == "any_list":
            budget.make(len(message.any_list.value))
        items = [_scoped(v, import_scope) for v in getattr(message, kind).value]
    for item in items:
        graph.add_to_collection(key, item)


def _check_kind(key: str, kind: str) -> None:
    if kind != "bytes_list":
        raise ValueError(f"Collection {key!r} holds a {kind} where a bytes_list is expected")


def _from_protos(
    key: str,
    message: proto.CollectionDef,
    functions: ProtoFunctions,
    import_scope: str | None,
    known: dict[bytes, Any],
    budget: Budget,
) -> list[Any]:
    class_ = getattr(proto, functions.message)
    found = []
    for value in message.bytes_list.value:
        mark = functions.message.encode() + b" " + value
        if mark not in known:
            budget.make(_ITEMS_PER_OBJECT)
            try:
                item = class_.FromString(value)
            except proto.DecodeError:
                raise ValueError(
                    f"Collection {key!r} holds bytes that are no {functions.message}"
                ) from None
            known[mark] = functions.from_proto(item, import_scope=import_scope)
        found.append(known[mark])
    return found


def _scoped(value: Any, import_scope: str | None) -> Any:
    """A text of a collection may be a name; TensorFlow takes it for one."""
    if not import_scope or not isinstance(value, bytes):
        return value
    return prepend_scope(value.decode(errors="surrogateescape"), import_scope)
