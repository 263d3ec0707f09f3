"""What of a graph is seen: operations and folded name scopes, and the edges between them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from skflow.graph.core import Graph
from skflow.graph.nodes import Operation

Kind = Literal["operation", "scope", "several", "outside"]

# So many nodes fit on a screen; if there are more, like ones are drawn as one.
MOST_NODES: Final = 60
_MOST_OUTSIDE: Final = 20
_LIKE_ONES: Final = 3

_NUMBERED: Final = re.compile(r"_\d+$")


@dataclass(frozen=True)
class Node:
    """Something that is drawn as one.

    Attributes
    ----------
    name : str
        The full name of an operation or a scope; of several, that of the first.
    kind : {"operation", "scope", "several", "outside"}
        Several are like operations or scopes that are drawn as one; what is outside belongs to
        other scopes than the one that is drawn.
    label : str
        What it is called here.
    detail : str
        An operation's type, or how many operations there are.
    operations : tuple of Operation
        Those that it stands for; for one outside those that the others are joined to.
    """

    name: str
    kind: Kind
    label: str
    detail: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Edge:
    """All that flows from one node to another.

    Attributes
    ----------
    source, target : int
        Places in the view's nodes.
    control : bool
        Whether the target only waits for the source.
    count : int
        How many inputs there are, or operations waited for.
    """

    source: int
    target: int
    control: bool
    count: int


@dataclass(frozen=True)
class View:
    """What is drawn of a graph.

    Attributes
    ----------
    scope : str
        The name scope whose inside is drawn; empty for the whole graph.
    nodes : tuple of Node
        In the order in which the graph made their first operations.
    edges : tuple of Edge
        At most two from one node to another, one of them for control.
    """

    scope: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class Outline:
    """The name scopes of a graph.

    Parameters
    ----------
    graph : Graph
        The graph; what is added to it later is not seen.

    Attributes
    ----------
    operations : list of Operation
        All of them.
    sizes : dict of str to int
        How many operations each scope holds, those of inner scopes included. An operation called
        like a scope, as a variable is, belongs to it.
    """

    def __init__(self, graph: Graph) -> None:
        self.operations = graph.get_operations()
        inner = {scope for op in self.operations for scope in above(op.name)}
        self._chains = {
            op: [*above(op.name), *([op.name] if op.name in inner else [])]
            for op in self.operations
        }
        self.sizes = Counter(scope for chain in self._chains.values() for scope in chain)

    def holds(self, scope: str, op: Operation) -> bool:
        """Whether an operation is in a scope, directly or not."""
        return not scope or scope in self._chains[op]

    def shown_as(self, op: Operation, scope: str, opened: Iterable[str] | bool) -> str:
        """The scope that an operation is folded into, or its own name.

        Parameters
        ----------
        op : Operation
            The operation.
        scope : str
            The scope whose inside is seen.
        opened : bool or container of str
            Which scopes within are open.
        """
        depth = scope.count("/") + 1 if scope else 0
        if not self.holds(scope, op):
            return self._folded_outside(op, scope)
        for outer in self._chains[op][depth:]:
            if opened is False or (opened is not True and outer not in opened):
                return outer
        return op.name

    def _folded_outside(self, op: Operation, scope: str) -> str:
        """The outermost scope of an operation that does not hold the scope that is seen."""
        mine = {*above(scope), scope}
        return next((outer for outer in self._chains[op] if outer not in mine), op.name)

    def check_scopes(self, names: Iterable[str]) -> None:
        """Raise ValueError unless there are such scopes."""
        for name in names:
            if name not in self.sizes:
                known = ", ".join(repr(s) for s in list(self.sizes)[:10]) or "none"
                raise ValueError(f"The graph has no name scope {name!r}. It has: {known}.")


def above(name: str) -> list[str]:
    """The scopes that a name is in, from the outermost."""
    return [name[: match.start()] for match in re.finditer("/", name)]


def view(
    graph: Graph | Outline,
    scope: str = "",
    expand: bool | str | Iterable[str] = False,
    most: int | None = MOST_NODES,
) -> View:
    """What is to be drawn of a graph.

    Parameters
    ----------
    graph : Graph or Outline
        The graph.
    scope : str
        The name scope whose inside is drawn, with what it is joined to; by default the graph.
    expand : bool, str or iterable of str
        The scopes that are open: all, none, or those named.
    most : int, optional
        With more nodes than this, like ones become one. Not if all scopes are open.

    Returns
    -------
    View

    Raises
    ------
    ValueError
        If there is no such scope.
    """
    outline = graph if isinstance(graph, Outline) else Outline(graph)
    scope = scope.rstrip("/")
    opened = expand if isinstance(expand, bool) else _with_outer(expand)
    outline.check_scopes([scope] if scope else [])
    if not isinstance(opened, bool):
        outline.check_scopes(opened)
    places = {op: outline.shown_as(op, scope, opened) for op in outline.operations}
    members = _members(outline, scope, places)
    nodes = [_node(outline, scope, name, ops) for name, ops in members.items()]
    if opened is not True and most is not None:
        nodes = _bounded(nodes, most)
    return View(scope, tuple(nodes), tuple(_edges(nodes)))


def _with_outer(names: str | Iterable[str]) -> set[str]:
    """The scopes named, and those that they are in."""
    given = [names] if isinstance(names, str) else list(names)
    return {scope for name in given for scope in above(name.rstrip("/") + "/")}


def _members(
    outline: Outline, scope: str, places: dict[Operation, str]
) -> dict[str, list[Operation]]:
    """The operations of each node, without those outside that nothing inside is joined to."""
    joined = set(outline.operations) if not scope else _joined(outline, scope)
    members: dict[str, list[Operation]] = {}
    for op in outline.operations:
        if op in joined:
            members.setdefault(places[op], []).append(op)
    return members


def _joined(outline: Outline, scope: str) -> set[Operation]:
    """The operations of a scope, and those on the other end of its edges."""
    inside = {op for op in outline.operations if outline.holds(scope, op)}
    joined = set(inside)
    for op in outline.operations:
        before = list(_sources(op))
        if op in inside:
            joined.update(source for source, _ in before)
        elif any(source in inside for source, _ in before):
            joined.add(op)
    return joined


def _sources(op: Operation) -> Iterator[tuple[Operation, bool]]:
    """What an operation takes from or waits for, and whether it only waits."""
    for tensor in op.inputs:
        yield tensor.op, False
    for other in op.control_inputs:
        yield other, True


def _node(outline: Outline, scope: str, name: str, ops: Sequence[Operation]) -> Node:
    single = len(ops) == 1 and ops[0].name == name
    if not outline.holds(scope, ops[0]):
        detail = ops[0].type if single else _counted(outline.sizes[name])
        return Node(name, "outside", name, detail, tuple(ops))
    label = name.removeprefix(f"{scope}/") if scope else name
    if single and name == scope:
        label = name.rpartition("/")[2]
    if single:
        return Node(name, "operation", label, ops[0].type, tuple(ops))
    return Node(name, "scope", label, _counted(len(ops)), tuple(ops))


def _counted(operations: int) -> str:
    return "1 operation" if operations == 1 else f"{operations} operations"


def _bounded(nodes: list[Node], most: int) -> list[Node]:
    """Nodes of which there are not many more than `most`: like ones become one."""
    outside = [n for n in nodes if n.kind == "outside"]
    inside = [n for n in nodes if n.kind != "outside"]
    if len(outside) > _MOST_OUTSIDE:
        outside = [*outside[:_MOST_OUTSIDE], _rest(outside[_MOST_OUTSIDE:], "outside")]
    if len(inside) > most:
        inside = _like_ones_joined(inside)
    if len(inside) > most:
        inside = [*inside[:most], _rest(inside[most:], "several")]
    return [*inside, *outside]


def _like_ones_joined(nodes: list[Node]) -> list[Node]:
    """Let nodes whose names differ in a number at the end become one."""
    groups: dict[tuple[str, str, str], list[Node]] = {}
    for node in nodes:
        kind = node.detail if node.kind == "operation" else ""
        groups.setdefault((_NUMBERED.sub("", node.name), node.kind, kind), []).append(node)
    found: list[Node] = []
    for group in groups.values():
        if len(group) < _LIKE_ONES:
            found += group
        else:
            label = f"{group[0].label} … {group[-1].label}"
            found.append(_several(group, "several", label, f"{len(group)} alike"))
    return found


def _rest(group: list[Node], kind: Kind) -> Node:
    return _several(group, kind, "others", f"{len(group)} more")


def _several(group: list[Node], kind: Kind, label: str, detail: str) -> Node:
    ops = tuple(op for node in group for op in node.operations)
    return Node(group[0].name, kind, label, detail, ops)


def _edges(nodes: list[Node]) -> Iterator[Edge]:
    """What flows between nodes, but not from one outside to another."""
    places: dict[Operation, int] = {}
    for place, node in enumerate(nodes):
        places.update(dict.fromkeys(node.operations, place))
    counts: Counter[tuple[int, int, bool]] = Counter()
    for op, target in places.items():
        for source, control in _sources(op):
            origin = places.get(source, target)
            if origin != target:
                counts[origin, target, control] += 1
    for (origin, target, control), count in counts.items():
        if nodes[origin].kind != "outside" or nodes[target].kind != "outside":
            yield Edge(origin, target, control, count)
