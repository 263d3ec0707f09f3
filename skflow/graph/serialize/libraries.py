"""The functions that the nodes of a stored graph need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from skflow import proto


def add_used_functions(graph_def: proto.GraphDef, library: proto.FunctionDefLibrary) -> None:
    """Add to a graph the functions of a library that its nodes need.

    Parameters
    ----------
    graph_def : GraphDef
        The graph.
    library : FunctionDefLibrary
        The functions to choose from.
    """
    functions = {f.signature.name: f for f in library.function}
    used: set[str] = set()
    names = list(_named(graph_def.node))
    while names:
        name = names.pop()
        if name in functions and name not in used:
            used.add(name)
            names.extend(_named(functions[name].node_def))
    graph_def.library.function.extend(f for f in library.function if f.signature.name in used)


def _named(nodes: Iterable[proto.NodeDef]) -> Iterator[str]:
    """The functions that nodes call or refer to."""
    for node in nodes:
        yield node.op
        for value in node.attr.values():
            if value.HasField("func"):
                yield value.func.name
            yield from (f.name for f in value.list.func)
