"""Scopes of the default graph: names, control dependencies, devices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from skflow.graph.core import Graph, get_default_graph
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.stacks import graphs


def graph_of(items: Sequence[Any]) -> Graph:
    """The graph that tensors among `items` are in, else the default graph.

    Raises
    ------
    ValueError
        If they are not all in one graph.
    """
    top: Graph = graphs.top()
    if top.outer is not None:
        return top
    first: Any = None
    for given in items:
        item = given
        if not isinstance(item, (Tensor, Operation)):
            convert = getattr(item, "_as_graph_element", None)
            if convert is None:
                continue
            item = convert()
        if first is None:
            first = item
        elif first.graph is not item.graph:
            raise ValueError(f"{item} must be from the same graph as {first}.")
    if first is not None:
        top = first.graph
    return top


@contextmanager
def name_scope(
    name: str | None, default_name: str | None = None, values: Sequence[Any] | None = None
) -> Iterator[str]:
    """Open a name scope in the graph of some values.

    Parameters
    ----------
    name : str or None
        The scope's name, made unique; ``"x/"`` re-enters ``x``.
    default_name : str, optional
        The name if `name` is ``None``.
    values : list, optional
        Tensors that must be of one graph, which becomes the default one.

    Yields
    ------
    str
        The full name with a slash at its end.

    Raises
    ------
    ValueError
        If the values are of several graphs, or the name is not valid.
    """
    chosen = default_name if name is None else name
    if name is None and default_name is None and values is not None:
        raise ValueError("At least one of name (None) and default_name (None) must be provided.")
    graph = graph_of(values or ())
    entered = nullcontext() if graph is graphs.top() else graph.as_default()
    with entered, graph.name_scope(chosen) as scope:
        yield scope


def control_dependencies(control_inputs: Any) -> AbstractContextManager[Any]:
    """Make what is built in the block, in the default graph, wait for `control_inputs`.

    Parameters
    ----------
    control_inputs : list of Operation or Tensor, or None
        What to wait for; ``None`` forgets the blocks around this one.
    """
    return get_default_graph().control_dependencies(control_inputs)


def device(device_name_or_function: Any) -> AbstractContextManager[None]:
    """Record a device for what is built in the block in the default graph.

    Parameters
    ----------
    device_name_or_function : str, DeviceSpec, callable or None
        See `Graph.device`. Devices are recorded only: everything runs on the CPU.
    """
    return get_default_graph().device(device_name_or_function)


def colocate_with(op: Any, ignore_existing: bool = False) -> AbstractContextManager[None]:
    """Record that what is built in the block shares a device with `op`."""
    return get_default_graph().colocate_with(op, ignore_existing)


def container(container_name: str) -> AbstractContextManager[str]:
    """Record a resource container for what is built in the block."""
    return get_default_graph().container(container_name)
