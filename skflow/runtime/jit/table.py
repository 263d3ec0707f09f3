"""The table of addresses that a kernel works on: which of its entries is what."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from skflow.runtime.jit.expressions import KINDS
from skflow.runtime.steps import Node, Value

if TYPE_CHECKING:
    import numpy as np

    from skflow.runtime.jit.statements import Statement

STATUS: Final = 0  # whether the last run found something wrong
CONTROL: Final = 1  # the address of the counters that threads share the work by
SLEEP: Final = 2  # the address of the C library's `usleep`
RUN: Final = 3  # how many runs there have been
PARTS: Final = 4  # and how many parts of phases, in those that were shared
CALLED: Final = 5  # the address of a number that is odd if helpers are wanted elsewhere
FIRST: Final = 8  # the first entry of a region's own


class Entry(NamedTuple):
    """What an entry holds the address of.

    `kind` is ``"value"``, ``"scratch"`` (of so many bytes), ``"gradients"`` or ``"column"`` (of an
    optimizer's node), ``"blas"`` (a function of the library), ``"loop"`` or ``"data"`` (a function
    of NumPy's and what it is given besides), or ``"ones"``.
    """

    kind: str
    item: Hashable
    number: int = 0


class Table:
    """Gives every piece of memory of a region a place in the table, at its first mention.

    Parameters
    ----------
    wide : bool
        Whether the BLAS library's sizes have 64 bits.
    """

    def __init__(self, wide: bool) -> None:
        self.entries: list[Entry] = []
        self._wide = wide
        self._known: dict[Entry, int] = {}

    def _at(self, entry: Entry) -> str:
        index = self._known.get(entry)
        if index is None:
            index = self._known[entry] = FIRST + len(self.entries)
            self.entries.append(entry)
        return f"t[{index}]"

    def address(self, value: Value) -> str:
        """Where a value lies."""
        return self._at(Entry("value", value))

    def pointer(self, value: Value) -> str:
        """The elements of a value."""
        return f"{KINDS[value.dtype.base_dtype.np_dtype.name]}({self.address(value)})"

    def scratch(self, owner: Statement, nbytes: int) -> str:
        """Where some bytes are that only one statement knows."""
        return self._at(Entry("scratch", owner, nbytes))

    def gradients(self, update: Node) -> str:
        """Where the gradients of an optimizer's variables lie, one after the other."""
        return self._at(Entry("gradients", update))

    def column(self, update: Node, role: int) -> str:
        """Where an optimizer's variables (role 0) or slots lie, one after the other."""
        return self._at(Entry("column", update, role))

    def blas(self, name: str) -> tuple[str, str]:
        """The caller of a function of the library, and where the function is."""
        return f"{name}{64 if self._wide else 32}", self._at(Entry("blas", name))

    def loop(self, name: str, dtype: np.dtype[Any]) -> str:
        """NumPy's loop of a function for numbers of a type, and what it is given besides."""
        item = (name, dtype.char)
        return f"{self._at(Entry('loop', item))}, {self._at(Entry('data', item))}"

    def ones(self, dtype: np.dtype[Any]) -> str:
        """Where there are some ones, by which rows are multiplied to be summed."""
        return self._at(Entry("ones", dtype.char))
