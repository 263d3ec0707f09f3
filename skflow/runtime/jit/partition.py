"""Which steps of a plan are compiled together: its nodes in another order, gathered in regions."""

from __future__ import annotations

import heapq
from typing import Any, Final

from skflow.runtime import passes
from skflow.runtime.jit.choice import Choice
from skflow.runtime.jit.loader import Machine
from skflow.runtime.jit.regions import Region
from skflow.runtime.state import Variable
from skflow.runtime.steps import Node, Plan, Value

_LEAST: Final = 2  # nodes that make a region worth its call
_MOST: Final = 4000  # nodes of a region: compiling takes a millisecond for each


class Partition:
    """A plan's nodes in an order in which those that can be compiled stand together.

    Parameters
    ----------
    plan : Plan
        A plan that has been scheduled; the order and positions of its nodes are changed.
    machine : Machine
        What kernels can call.

    Attributes
    ----------
    items : list of Node or Region
        What is run, in order.
    spans : dict of Node to tuple of int
        For a region's nodes the positions at which their phase begins and ends.
    """

    def __init__(self, plan: Plan, machine: Machine) -> None:
        self._plan = plan
        self._choice = Choice(plan, machine)
        self._plan.nodes = self._reordered()
        self.items: list[Node | Region] = []
        self._gather()
        self._number()
        self.spans = self._spans()

    @property
    def regions(self) -> list[Region]:
        """The regions in order."""
        return [item for item in self.items if isinstance(item, Region)]

    def placeable(self, gradient: Value) -> bool:
        """Whether a gradient can be computed where its optimizer reads it."""
        return self._choice.placeable(gradient)

    def _reordered(self) -> list[Node]:
        """Schedule again: nodes of the kind that ran last go first, writes still come last.

        What is not compiled and gives nothing to what is would only split a region: it comes
        after all else if it can, or else, as what looks at variables before these are written,
        as soon as it can.
        """
        nodes = self._plan.nodes
        waiting: dict[Node, int] = {}
        followers: dict[Node, list[Node]] = {}
        for node in nodes:
            before = set(passes.predecessors(node))
            waiting[node] = len(before)
            for other in before:
                followers.setdefault(other, []).append(node)
        written = {v for node in nodes for v in node.writes}
        last: dict[Node, bool] = {}  # whether nothing that is compiled waits for it
        for node in reversed(nodes):
            alone = not self._choice.belongs(node) and not _reads_any(node, written)
            last[node] = alone and all(last[n] for n in followers.get(node, ()))
        queues: dict[Any, list[tuple[int, Node]]] = {}

        def ready(node: Node) -> None:
            belongs = self._choice.belongs(node)
            key: Any = (bool(node.writes), belongs)
            if belongs and node not in self._choice.kinds:  # reads, views and waiting
                key = "anywhere"
            elif last[node]:
                key = "last"
            heapq.heappush(queues.setdefault(key, []), (node.position, node))

        for node in nodes:
            if not waiting[node]:
                ready(node)
        order: list[Node] = []
        current = False
        while len(order) < len(nodes):
            turns = [(writes, turn) for writes in (False, True) for turn in (current, not current)]
            key = next(k for k in ["anywhere", *turns, "last"] if queues.get(k))
            if key in turns:
                current = key[1]
            _, node = heapq.heappop(queues[key])
            order.append(node)
            for other in followers.get(node, ()):
                waiting[other] -= 1
                if not waiting[other]:
                    ready(other)
        return order

    def _gather(self) -> None:
        """Join neighbours into regions; what a region of too little would be stays as it was."""
        pending: list[Node] = []
        written: set[Variable | None] = set()
        for node in self._plan.nodes:
            # Reads are put before their region, unless they are of what was just written.
            late = node.kind == "read" and node.inputs[0].variable in written
            written.update(node.writes)
            if self._choice.belongs(node) and not late:
                pending.append(node)
                continue
            self._close(pending)
            pending = []
            self.items.append(node)
        self._close(pending)

    def _close(self, nodes: list[Node]) -> None:
        count = sum(n in self._choice.kinds for n in nodes)
        if not _LEAST <= count <= _MOST:
            self.items.extend(nodes)
            return
        # Reads of variables in place do nothing but look whether there is a value.
        reads = [n for n in nodes if n.kind == "read"]
        region = Region([n for n in nodes if n.kind != "read"], self._choice)
        self.items += [*reads, region]

    def _number(self) -> None:
        """Give all nodes their positions."""
        order: list[Node] = []
        for item in self.items:
            order.extend(item.nodes if isinstance(item, Region) else [item])
        self._plan.nodes = order
        for i, node in enumerate(order):
            node.position = i

    def _spans(self) -> dict[Node, tuple[int, int]]:
        """The nodes of a phase share its first and last position: they run in any order."""
        found: dict[Node, tuple[int, int]] = {}
        for region in self.regions:
            for phase in region.phases:
                nodes = [n for s in phase for n in s.nodes]
                if nodes:
                    span = min(n.position for n in nodes), max(n.position for n in nodes)
                    found.update(dict.fromkeys(nodes, span))
            for node in region.nodes:
                if node.kind == "update":  # parts of it may come in later phases
                    found[node] = found[node][0], region.nodes[-1].position
        return found


def _reads_any(node: Node, variables: set[Variable]) -> bool:
    """Whether a node takes one of some variables, or its value, which had to be copied for it."""
    for value in node.inputs:
        before = value
        while before.node is not None and before.node.definition.view:
            before = before.node.inputs[0]
        if before.node is not None and before.node.kind == "read":
            before = before.node.inputs[0]
        if before.variable in variables:
            return True
    return False
