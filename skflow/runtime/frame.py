"""The memory of one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skflow.graph.dtypes import Array
from skflow.runtime.memory import aligned
from skflow.runtime.state import State
from skflow.runtime.steps import Node
from skflow.runtime.updates import FlatUpdate

if TYPE_CHECKING:
    from skflow.runtime.emit import Code


class Unfit(Exception):  # it is no mistake of anybody's
    """A form of a plan cannot be used on variables, or arrays, as they lie; another one can."""


class Frame:
    """The memory of one run: runs at the same time have frames of their own."""

    def __init__(self, code: Code, sizes: Sequence[int], state: State) -> None:
        self.code = code
        self.state = state
        self.memory = [aligned(n) for n in sizes]
        self.layout = -1
        self.gradients: dict[Node, Array] = {}
        self.shares = False  # whether other frames have gradients in the same memory
        self.updates: dict[Node, FlatUpdate] = {}
        self.columns: dict[Node, list[Array]] = {}  # an optimizer's variables and slots, each flat
        self.names: dict[str, Any] = {}
        self.step: Any = None

    def gradient_memory(self, node: Node, size: int, dtype: np.dtype[Any]) -> Array:
        """Flat memory for all gradients of a joined update.

        Plans that run alone share it, such as those for full batches and for the last one. A run
        within another one of the same thread does not.
        """
        found = self.gradients.get(node)
        if found is None:
            if self.code.plan.alone and not self.state.lock.nested:
                found = self.state.gradient_memory(node.writes, size, dtype)
                self.shares = True
            if found is None or any(found is other for other in self.gradients.values()):
                found = np.empty(size, dtype)
            self.gradients[node] = found
        return found
