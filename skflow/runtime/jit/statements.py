"""Statements: what a compiled region does, one after the other or side by side."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from skflow.graph.shapes import num_elements
from skflow.runtime.jit.table import Table
from skflow.runtime.steps import Node, Value

_CHUNK: Final = 15.0  # microseconds of work that threads take at a time
_MOST_CHUNKS: Final = 8


class Statement(ABC):
    """Some of a region's nodes, computed together.

    Parameters
    ----------
    nodes : list of Node
        In their order.

    Attributes
    ----------
    reads, writes : list of Value
        What it takes from memory and what it leaves there; variables by their references.
    cost : float
        Microseconds on one core, roughly.
    extent, unit : int
        How many pieces it can be cut into, and of how many a part must be a multiple.
    """

    checks: bool = False  # whether it may find something wrong with what it is given
    _ends: list[int] | None = None

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.reads: list[Value] = [v for n in nodes for v in n.inputs]
        self.writes: list[Value] = [v for n in nodes for v in n.outputs]
        self.cost = 0.0
        self.extent = 1
        self.unit = 1

    @abstractmethod
    def lines(self, table: Table) -> list[str]:
        """The body of ``def statement(t, lo, hi)``: what is to be done from piece `lo` to `hi`.

        In it `t` is the table of addresses, which is told of all that the lines mention.
        """

    @property
    def ends(self) -> list[int]:
        """Where the parts end that threads take: always the same, so that results are the same."""
        if self._ends is None:
            count = max(1, min(int(self.cost / _CHUNK), _MOST_CHUNKS, self.extent // self.unit))
            step = -(-self.extent // count // self.unit) * self.unit
            self._ends = [*range(step, self.extent, step), self.extent]
        return self._ends


def name_of(value: Value) -> str:
    """The name of a value's type."""
    return value.dtype.np_dtype.name


def size_of(value: Value) -> int:
    """How many numbers a value has, as far as that is known."""
    return num_elements(value.shape) or 0
