"""The lines of a plan's function, and the names that stand in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from skflow.runtime.products import laid_out
from skflow.runtime.state import State, Variable
from skflow.runtime.steps import Node, Plan, Value

if TYPE_CHECKING:
    from skflow.runtime.frame import Frame

Binder = Callable[["Frame"], Any]
"""Gives what a name stands for, in the memory of one run."""


class Lines:
    """The text of a function while it is written.

    Parameters
    ----------
    plan : Plan
        A plan whose nodes are in order.
    state : State
        The session's memory.
    """

    def __init__(self, plan: Plan, state: State) -> None:
        self.state = state
        self._plan = plan
        self._lines: list[str] = []
        self._line_nodes: list[Node | None] = []
        self._bindings: list[tuple[str, Binder]] = []
        self._early: list[Binder] = []  # what is done before anything is bound
        self._names: dict[Value, str] = {}
        self._shared: dict[Any, str] = {}
        self._static: set[Value] = set()  # values whose memory lies still

    def _line(self, text: str, node: Node | None) -> None:
        self._lines.append(text)
        self._line_nodes.append(node)

    def _bound(self, prefix: str, binder: Binder, key: Any = None) -> str:
        """A name of the enclosing scope for what `binder` gives."""
        if key is not None and key in self._shared:
            return self._shared[key]
        name = f"{prefix}{len(self._bindings)}"
        self._bindings.append((name, binder))
        if key is not None:
            self._shared[key] = name
        return name

    def _constant(self, prefix: str, item: Any) -> str:
        return self._bound(prefix, lambda _: item, ("constant", prefix, id(item), _Keep(item)))

    def _function(self, function: Any) -> str:
        return self._constant("k", function)

    def _handle(self, variable: Variable) -> str:
        return self._bound("h", lambda _: variable, ("handle", variable))

    def name(self, value: Value) -> str:
        """The name that a value has in the function."""
        found = self._names.get(value)
        if found is None:
            if value.variable is not None:
                found = self._handle(value.variable)
            else:
                assert value.const is not None
                array = laid_out(value)
                found = self._bound("c", lambda _: array)
                self._static.add(value)
            self._names[value] = found
        return found

    def _local(self, value: Value) -> str:
        name = f"v{len(self._names)}"
        self._names[value] = name
        return name


class _Keep:
    """Keeps an object alive beside its id in a key."""

    __slots__ = ("item",)

    def __init__(self, item: Any) -> None:
        self.item = item

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keep) and other.item is self.item
