"""Sums and means, added in NumPy's order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skflow.graph.summation import FEW_ROWS, blocks_of, summed_at_once
from skflow.runtime.jit.expressions import FLOATS, KINDS
from skflow.runtime.jit.products import times_vector
from skflow.runtime.jit.statements import Statement, name_of, size_of
from skflow.runtime.jit.table import Table
from skflow.runtime.steps import Node


def reduction_of(node: Node) -> type[Statement] | None:
    """The statement that sums what a node sums; ``None`` if there is none."""
    return None if _lengths(node) is None else Reduction


def _lengths(node: Node) -> tuple[int, int, int] | None:
    """How a reduction's input lies: `outer` x `reduced` x `inner`, if kernels can reduce it."""
    axes = _axes_of(node)
    if axes is None or name_of(node.inputs[0]) not in FLOATS:
        return None
    shape: tuple[int, ...] = node.inputs[0].shape  # type: ignore[assignment]
    if not axes or 0 in shape or axes != list(range(axes[0], axes[-1] + 1)):
        return None
    outer = math.prod(shape[: axes[0]])
    reduced = math.prod(shape[axes[0] : axes[-1] + 1])
    inner = math.prod(shape[axes[-1] + 1 :])
    if outer == inner == 1 and len(axes) < len(shape):
        return None  # a single sum that is not of all is made in a way of its own
    if inner > 1 and (outer > 1 or not _few_blocks(reduced, inner)):
        return None
    return outer, reduced, inner


def _axes_of(node: Node) -> list[int] | None:
    """The axes that a node sums over; ``None`` if it is no reduction, or they come with the run."""
    kind = node.definition.type
    shape: Any = node.inputs[0].shape
    if kind == "BiasAddGrad":
        return [0] if len(shape) == 2 and shape[1] > 1 else None
    if kind not in ("Sum", "Mean") or node.inputs[1].const is None:
        return None
    return sorted({int(a) % max(len(shape), 1) for a in np.ravel(node.inputs[1].const)})


def _few_blocks(rows: int, width: int) -> bool:
    """Whether the sums of blocks of rows need not be summed by blocks again."""
    if rows <= FEW_ROWS:
        return True
    side, depth, blocks = blocks_of(rows, width)
    return max(blocks * side, rows - blocks * depth * side) <= FEW_ROWS


class Reduction(Statement):
    """Sums or means along axes that lie together, as `skflow.graph.summation` has them."""

    def __init__(self, nodes: list[Node]) -> None:
        super().__init__(nodes)
        node = nodes[0]
        lengths = _lengths(node)
        assert lengths is not None
        self.reads = [node.inputs[0]]
        self._outer, self._reduced, self._inner = lengths
        self._all = self._outer == 1 and len(_axes_of(node) or ()) == len(self.reads[0].shape or ())
        self.cost = 0.2 + size_of(self.reads[0]) * 0.15 / 1000
        self._ends = [1]

    def lines(self, table: Table) -> list[str]:
        out = self.nodes[0].outputs[0]
        dtype = out.dtype.np_dtype
        kind = KINDS[dtype.name]
        found = [f"x = {table.address(self.reads[0])}", f"y = {table.address(out)}"]
        if self._inner > 1:
            found += self._columns(table, dtype)
        elif self._all or self._reduced > FEW_ROWS:
            found += self._rows(kind, dtype.itemsize)
        else:
            shape = self._outer, self._reduced
            found.append(times_vector(table, dtype, "x", shape, False, None, "y"))
        if self.nodes[0].definition.type == "Mean":
            found += [
                f"z = {kind}(y)",
                f"for i in range({self._outer * self._inner}):",
                f"    z[i] = z[i] / np.{dtype.name}({self._reduced})",
            ]
        return found

    def _rows(self, kind: str, width: int) -> list[str]:
        """The sums of numbers that lie in a row, of so many at once as NumPy adds."""
        most = summed_at_once() or self._reduced
        found = [
            f"z = {kind}(y)",
            f"for i in range({self._outer}):",
            f"    a = x + i * {self._reduced * width}",
            f"    z[i] = total_{kind}(a, {min(most, self._reduced)})",
        ]
        if most < self._reduced:
            found += [
                f"    for j in range({most}, {self._reduced}, {most}):",
                f"        z[i] += total_{kind}(a + j * {width}, min({most}, {self._reduced} - j))",
            ]
        return found

    def _columns(self, table: Table, dtype: np.dtype[Any]) -> list[str]:
        """The sums of blocks of rows as products with ones, then their sums, then the rest's."""

        def summed(x: str, rows: int, columns: int, y: str) -> str:
            return times_vector(table, dtype, x, (rows, columns), True, None, y)

        rows, width = self._reduced, self._inner
        if rows <= FEW_ROWS:
            return [summed("x", rows, width, "y")]
        side, depth, blocks = blocks_of(rows, width)
        whole, sums = blocks * depth * side, blocks * side
        row = width * dtype.itemsize
        kind = KINDS[dtype.name]
        found = [f"s = {table.scratch(self, (sums + 1) * row)}"]
        for b in range(blocks):
            x, y = f"x + {b * depth * side * row}", f"s + {b * side * row}"
            found.append(summed(x, depth, side * width, y))
        found += [
            f"p, q = {kind}(s), {kind}(y)",
            f"for j in range({width}):",
            "    q[j] = p[j]",
            f"for i in range(1, {sums}):",
            f"    for j in range({width}):",
            f"        q[j] += p[i * {width} + j]",
        ]
        if whole < rows:
            found += [
                summed(f"x + {whole * row}", rows - whole, width, f"s + {sums * row}"),
                f"for j in range({width}):",
                f"    q[j] += p[{sums * width} + j]",
            ]
        return found
