"""The lines that read variables, and those that set variables of a single number."""

from __future__ import annotations

from typing import Final

from skflow.graph.shapes import Shape
from skflow.runtime import passes
from skflow.runtime.emit_scalars import Scalars
from skflow.runtime.state import State, Variable
from skflow.runtime.steps import Node, Plan, is_number

_SETTING: Final = {"Assign": "{1}", "AssignAdd": "{0}[()] + {1}", "AssignSub": "{0}[()] - {1}"}


class Reads(Scalars):
    """Writes what reads a variable, or makes sure that there is something to read.

    Parameters
    ----------
    plan : Plan
        A plan whose nodes are in order.
    state : State
        The session's memory.
    """

    def __init__(self, plan: Plan, state: State) -> None:
        super().__init__(plan, state)
        self._places: set[str] = set()  # the names of variables' storages
        self._copied = passes.protect_reads(plan)
        self._assumed: dict[Variable, Shape] = {}
        self._checked: set[Variable] = set()

    def emit_read(self, node: Node) -> None:
        """Read a variable: its storage itself, or a copy where a write follows too soon."""
        value, reference = node.outputs[0], node.inputs[0]
        variable = reference.variable
        assert variable is not None
        handle = self._handle(variable)
        copied = node in self._copied
        if value.static:
            self._assumed[variable] = value.shape
        if not value.static or variable in self._plan.moved:
            self._line(f"{self._local(value)} = {handle}.read(){'.copy()' if copied else ''}", node)
            return
        self._check(variable, node)
        place = self._place_of(variable)
        if copied:
            self._line(f"{self._local(value)} = {place}.copy()", node)
        else:
            self._names[value] = place
            self._places.add(place)
            self._static.add(value)

    def _place_of(self, variable: Variable) -> str:
        """The name of the storage of a variable that does not move."""
        return self._bound("w", lambda _: variable.value, ("place", variable))

    def _sets_number(self, node: Node) -> bool:
        """Whether the step does no more than set a variable of a single number."""
        if node.definition.type not in _SETTING:
            return False
        target, value = node.inputs
        single = target.shape == () and is_number(value) and target.dtype.base_dtype is value.dtype
        return single and target.variable is not None and target.variable not in self._plan.moved

    def _set_number(self, node: Node) -> None:
        variable = node.inputs[0].variable
        assert variable is not None
        self._assumed[variable] = ()
        if node.definition.type != "Assign":
            self._check(variable, node)
        place, number = self._place_of(variable), self.number(node.inputs[1])
        text = _SETTING[node.definition.type].format(place, number)
        self._line(f"{place}[()] = {text}", node)
        if variable not in self._checked:
            self._checked.add(variable)
            self._line(f"{self._handle(variable)}.initialized = True", node)

    def _check(self, variable: Variable, node: Node) -> None:
        """Raise TensorFlow's error if a variable holds no value."""
        if variable not in self._checked:
            self._checked.add(variable)
            handle = self._handle(variable)
            self._line(f"if not {handle}.initialized: {handle}.read()", node)
