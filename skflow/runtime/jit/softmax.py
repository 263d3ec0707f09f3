"""Softmax, its logarithm, and the cross-entropy of its probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from skflow.runtime.jit.expressions import FLOATS, KINDS, number
from skflow.runtime.jit.statements import Statement, name_of, size_of
from skflow.runtime.jit.table import STATUS, Table
from skflow.runtime.steps import Node

if TYPE_CHECKING:
    import numpy as np

_TYPES: Final = ("Softmax", "LogSoftmax", "SparseSoftmaxCrossEntropyWithLogits")
_MOST_CLASSES: Final = 48  # with more, NumPy sums their exponentials in another order


def softmax_of(node: Node) -> type[Statement] | None:
    """The statement that computes a softmax; ``None`` if there is none."""
    if node.definition.type not in _TYPES:
        return None
    x = node.inputs[0]
    if x.shape is None or len(x.shape) != 2 or name_of(x) not in FLOATS:
        return None
    if not 0 < (x.shape[1] or 0) <= _MOST_CLASSES or x.shape[0] == 1:
        return None  # NumPy sums the classes of a single row by pairs
    if len(node.inputs) == 1:
        return Softmax
    fits = node.inputs[1].shape == x.shape[:1] and name_of(node.inputs[1]) in ("int32", "int64")
    return Softmax if fits else None


class Softmax(Statement):
    """Rows of probabilities, and the cross-entropies of them."""

    def __init__(self, nodes: list[Node]) -> None:
        super().__init__(nodes)
        rows, columns = nodes[0].inputs[0].shape  # type: ignore[misc]
        self._type = nodes[0].definition.type
        self._columns: int = columns  # type: ignore[assignment]
        self.extent = rows  # type: ignore[assignment]
        self.cost = 0.5 + size_of(nodes[0].inputs[0]) * 3 / 1000
        self.checks = self._type == "SparseSoftmaxCrossEntropyWithLogits"

    def lines(self, table: Table) -> list[str]:
        node = self.nodes[0]
        x = node.inputs[0]
        y = node.outputs[-1]
        found = [f"x = {table.pointer(x)}", f"y = {table.pointer(y)}"]
        if self.checks:
            found.append(f"k = {table.pointer(node.inputs[1])}")
            found.append(f"z = {table.pointer(node.outputs[0])}")
        dtype = x.dtype.np_dtype
        kind, c = KINDS[dtype.name], self._columns
        found += [
            "for i in range(lo, hi):",
            f"    q = i * {c}",
            "    m = x[q]",
            f"    for j in range(1, {c}):",
            "        v = x[q + j]",
            "        m = v if (v > m or v != v) else m",
            f"    for j in range({c}):",
            "        y[q + j] = x[q + j] - m",
        ]
        if self.checks:
            # Labels that no class has: the kernel in NumPy says so, after this one.
            found += [
                f"    if k[i] < 0 or k[i] >= {c}:",
                f"        t[{STATUS}] = 1",
                "        return",
                "    z[i] = y[q + k[i]]",
            ]
        if self._type == "LogSoftmax":
            return [*found, *self._log_softmax(table, dtype)]
        exp, log = table.loop("exp", dtype), table.loop("log", dtype)
        at = f"{table.address(y)} + lo * {c * dtype.itemsize}"
        found += [
            f"apply({exp}, {at}, {at}, (hi - lo) * {c}, {dtype.itemsize})",
            "for i in range(lo, hi):",
            f"    q = i * {c}",
            "    s = y[q]",
            f"    for j in range(1, {c}):",
            "        s += y[q + j]",
            f"    for j in range({c}):",
            "        y[q + j] /= s",
        ]
        if self.checks:
            found += [
                f"    z[i] = apply_{kind}({log}, s) - z[i]",
                f"    y[q + k[i]] -= {number(dtype, 1)}",
            ]
        return found

    def _log_softmax(self, table: Table, dtype: np.dtype[Any]) -> list[str]:
        kind, c = KINDS[dtype.name], self._columns
        exp, log = table.loop("exp", dtype), table.loop("log", dtype)
        return [
            f"    s = apply_{kind}({exp}, y[q])",
            f"    for j in range(1, {c}):",
            f"        s += apply_{kind}({exp}, y[q + j])",
            f"    s = apply_{kind}({log}, s)",
            f"    for j in range({c}):",
            "        y[q + j] -= s",
        ]
