"""Products of matrices with what is done to each of their elements."""

from __future__ import annotations

from skflow.runtime.jit.elements import Loop
from skflow.runtime.jit.products import Product
from skflow.runtime.jit.statements import Statement
from skflow.runtime.jit.table import Table


class ProductLoop(Statement):
    """A product that is made in parts, and a loop over each while it is in the core's cache.

    Parameters
    ----------
    product : Product
        A product of more than one part.
    loop : Loop
        A loop of the product's shape, which reads it.
    fetched : bool
        Whether the caller of the plan is given the product.
    """

    def __init__(self, product: Product, loop: Loop, fetched: bool) -> None:
        super().__init__([*product.nodes, *loop.nodes])
        self._product = product
        self._loop = loop
        (self._made,) = product.writes
        self.reads = [*product.reads, *[v for v in loop.reads if v is not self._made]]
        self.writes = loop.writes
        inside = not fetched and all(u in loop.nodes for u in self._made.uses)
        alike = [v for v in loop.writes if v.dtype is self._made.dtype and v.shape == loop.shape]
        # A product that nobody else needs is put where the loop's result will lie.
        self._place = alike[0] if inside and alike else self._made
        if self._place is self._made:
            self.writes = [self._made, *loop.writes]
        self.cost = product.cost + loop.cost
        self._ends = product.ends

    def lines(self, table: Table) -> list[str]:
        return [
            *self._product.lines_into(self._place, table),
            *self._loop.part(table, self._product.by_rows, {self._made: self._place}),
        ]
