"""The lines that work with single numbers, which Python's operators do faster than kernels."""

from __future__ import annotations

from typing import Final

import numpy as np

from skflow.runtime.placement import Placement
from skflow.runtime.state import State
from skflow.runtime.steps import Node, Plan, Value

_FLOATS: Final = "fd"
_INTEGERS: Final = "ilq"

# On NumPy's scalars these give the ufuncs' results bit by bit, in a tenth of the time.
_OPERATORS: Final[dict[np.ufunc, str]] = {
    np.add: "{} + {}",
    np.subtract: "{} - {}",
    np.multiply: "{} * {}",
    np.negative: "-{}",
    np.square: "{0} * {0}",
    np.less: "{} < {}",
    np.less_equal: "{} <= {}",
    np.greater: "{} > {}",
    np.greater_equal: "{} >= {}",
}
_FLOAT_OPERATORS: Final[dict[np.ufunc, str]] = {**_OPERATORS, np.divide: "{} / {}"}


class Scalars(Placement):
    """Lets single numbers flow as NumPy scalars, which lie in no memory of the plan.

    Parameters
    ----------
    plan : Plan
        A plan whose nodes are in order.
    state : State
        The session's memory.
    """

    def __init__(self, plan: Plan, state: State) -> None:
        super().__init__(plan, state)
        self._numbers: dict[Value, str] = {}
        self._calculated: set[Value] = set()  # those that are arrays, if at all, afterwards
        self._node: Node | None = None  # the one whose lines are written

    def name(self, value: Value) -> str:
        """The name that a value has as an array."""
        if value in self._numbers and value not in self._names and value.const is None:
            number, name = self._numbers[value], self._local(value)
            self._line(f"{name} = {self._function(np.asarray)}({number})", self._node)
            return name
        return super().name(value)

    def number(self, value: Value) -> str:
        """The name that a value of shape () has as a NumPy scalar."""
        found = self._numbers.get(value)
        if found is None:
            if value.const is not None:
                item = value.const[()]
                found = self._bound("c", lambda _: item)
            else:
                array, found = self.name(value), f"n{len(self._numbers)}"
                self._line(f"{found} = {array}[()]", self._node)
            self._numbers[value] = found
        return found

    def _calculate(self, node: Node, kernel: np.ufunc) -> None:
        numbers = [self.number(v) for v in node.inputs]
        kinds = {v.dtype.np_dtype.char for v in node.inputs}
        text = None
        if kinds <= set(_FLOATS):
            text = _FLOAT_OPERATORS.get(kernel)
        elif kinds <= set(_INTEGERS):
            text = _OPERATORS.get(kernel)
        if text is None:
            text = f"{self._function(kernel)}({', '.join('{}' for _ in numbers)})"
        value = node.outputs[0]
        self._calculated.add(value)
        name = self._numbers[value] = f"n{len(self._numbers)}"
        self._line(f"{name} = {text.format(*numbers)}", node)
