"""A plan becomes one straight-line Python function over local names, bound to memory of its own."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from skflow.runtime import passes
from skflow.runtime.emit_ops import ContextMaker, Operations, neighbours
from skflow.runtime.emit_updates import Updates, gradient_bytes
from skflow.runtime.frame import Frame
from skflow.runtime.state import State
from skflow.runtime.steps import Node, Plan, Value
from skflow.runtime.written import Written


class Step(NamedTuple):
    """The lines of the function that stand for a node, and the names of what they take and give.

    A name is ``None`` where the function has none for the value.
    """

    node: Node
    start: int
    end: int
    inputs: list[str | None]
    outputs: list[str | None]


class Code(Operations, Updates):
    """The compiled form of a plan.

    Parameters
    ----------
    plan : Plan
        A plan whose nodes are in order.
    state : State
        The session's memory.
    context : callable
        Gives the `OpContext` of an operation.
    """

    silent = False  # whether none of its steps could warn of what numbers do

    def __init__(self, plan: Plan, state: State, context: ContextMaker) -> None:
        super().__init__(plan, state, context)
        self._ranges: list[tuple[Node, int, int]] = []
        self.products = passes.count_products(plan)
        self.traced: Any = None  # the form that takes times, made at its first use
        self._emit()
        self.nbytes = sum(s.nbytes for s in self._allocator.slots)
        # With what optimizers read gradients from, which is no slot.
        self.held = self.nbytes + sum(gradient_bytes(n) for n in plan.nodes if n.kind == "update")
        self.nodes = self._line_nodes

    # ---- the whole --------------------------------------------------------------------

    def _emit(self) -> None:
        feeds = [f"f{i}" for i in range(len(self._plan.feeds))]
        for name, value in zip(feeds, self._plan.feeds, strict=True):
            self._names[value] = name
        self._place_gradients()
        teams = {nodes[0]: nodes for nodes in neighbours(self._plan)}
        for node in self._plan.nodes:
            start = len(self._lines)
            self._node = node
            if node in teams:
                self.call_together(teams[node])
            getattr(self, f"emit_{node.kind}")(node)
            self._ranges.append((node, start, len(self._lines)))
            if start < len(self._lines):  # else what it takes may be wanted by a later line
                self._release(node)
        self._results = Counter(self._plan.results)
        self._node = None
        self.results = [self._result(v) for v in self._plan.results]
        self._written = Written(self._lines, self.results, self.bound_names, feeds, self)
        self.text = self._written.text
        self._line(f"return ({''.join(r + ', ' for r in self.results)})", None)

    def emit_wait(self, node: Node) -> None:
        """What only stands for its control inputs has no lines."""

    def frame(self) -> Frame:
        """Memory for one run, with the function bound to it."""
        frame = Frame(self, [s.nbytes for s in self._allocator.slots], self.state)
        self.bind(frame)
        return frame

    @property
    def stale(self) -> bool:
        """Whether a variable has another shape now than the plan was made for."""
        return any(v.value.shape != shape for v, shape in self._assumed.items())

    def bind(self, frame: Frame) -> None:
        """Bind the function to a frame and to the places where the variables now lie."""
        layout = -1
        while layout != frame.state.layout:  # laying out one optimizer's may move another's
            layout = frame.state.layout
            for early in self._early:
                early(frame)
        found = frame.names = {}
        for name, binder in self._bindings:
            found[name] = binder(frame)
        frame.step = self._written.bind(list(found.values()))
        frame.layout = frame.state.layout

    def node_at(self, line: int) -> Node | None:
        """The node whose step stands at a line of the function."""
        index = self._written.index(line)
        return self._line_nodes[index] if 0 <= index < len(self._line_nodes) else None

    # ---- looked at from outside -------------------------------------------------------

    @property
    def plan(self) -> Plan:
        """The plan that was compiled."""
        return self._plan

    @property
    def bound_names(self) -> list[str]:
        """The names that the function finds bound."""
        return [name for name, _ in self._bindings]

    @property
    def lines(self) -> list[tuple[str, Node | None]]:
        """The function's lines, the last of which returns, with the node that each is part of."""
        return list(zip(self._lines, self._line_nodes, strict=True))

    def steps(self) -> list[Step]:
        """The nodes that have lines of their own, in the order they run.

        A view of memory that lies still has none, nor has a variable that is read where it lies:
        at most it is seen to have a value.
        """
        found = []
        for node, start, end in self._ranges:
            outputs = [self.known_name(v) for v in node.outputs]
            in_place = node.kind == "read" and outputs[0] in self._places
            if start < end and not in_place:
                inputs = [self.known_name(v) for v in node.inputs]
                found.append(Step(node, start, end, inputs, outputs))
        return found

    def known_name(self, value: Value) -> str | None:
        """The name that a value, or the variable it refers to, has in the function; or ``None``."""
        names = self._numbers if value in self._calculated else self._names
        found = names.get(value)
        if found is None and value.variable is not None:
            found = self._shared.get(("handle", value.variable))
        return found

    def place(self, value: Value) -> str:
        """Where a value lies, in words."""
        if value.variable is not None:
            return "variable"
        if value in self._arena_of:
            return "gradients"
        slot = self._slot_of.get(value)
        return "new" if slot is None else f"buffer {slot.index}"

    def _result(self, value: Value | None) -> str:
        """An array of the caller's own; scalars come as NumPy scalars."""
        if value is None:
            return "None"
        if value.variable is not None:
            return f"{self._function(_owned)}({self._handle(value.variable)}.read())"
        if value in self._numbers:
            return self._numbers[value]
        name = self.name(value)
        fresh = name[0] == "v" and value.node is not None and not value.node.definition.view
        once = self._results[value] == 1
        unviewed = not any(u.definition.view for u in value.uses)
        if fresh and once and unviewed and value.node.kind == "op":  # type: ignore[union-attr]
            return (
                name
                if value.shape is not None and value.shape
                else f"{self._function(_scalar)}({name})"
            )
        return f"{self._function(_owned)}({name})"


def _owned(array: Any) -> Any:
    return np.array(array)[()]


def _scalar(value: Any) -> Any:
    return value if np.ndim(value) else np.asarray(value)[()]
