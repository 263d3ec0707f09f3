"""The lines that multiply matrices."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from skflow.graph.summation import ones_of
from skflow.runtime.emit_scalars import Scalars
from skflow.runtime.products import Cut, cut_product, is_outer, parts_of
from skflow.runtime.state import State
from skflow.runtime.steps import Node, Plan, Value
from skflow.runtime.threads import pool


class Parts(NamedTuple):
    """A product that an optimizer's step makes part by part, to go on with each at once."""

    node: Node
    matmul: str
    calls: list[str]  # the operands and the place of each part
    ends: list[int]  # of the parts, in elements of the product


class Products(Scalars):
    """Writes matrix products, of which two cores share the large ones.

    Parameters
    ----------
    plan : Plan
        A plan whose nodes are in order.
    state : State
        The session's memory.
    """

    def __init__(self, plan: Plan, state: State) -> None:
        super().__init__(plan, state)
        self._threads = min(state.threads, pool.workers + 1)
        self._awaited: dict[Node, Parts] = {}  # by the update that makes them
        self._next: dict[Node, Node] = {}

    def _matmul(self, node: Node) -> None:
        a = self._operand(node.inputs[0], node.attrs["transpose_a"])
        b = self._operand(node.inputs[1], node.attrs["transpose_b"])
        value = node.outputs[0]
        multiply: Any = np.multiply if is_outer(node) else np.matmul
        if not value.static and multiply is np.matmul:
            multiply = cut_product
        matmul = self._function(multiply)
        parts = parts_of(node) if value.static else None
        out = self._destination(node, value)
        if parts is not None:
            self._share(node, matmul, (a, b, out), parts)
        elif out is None:
            self._line(f"{self._local(value)} = {matmul}({a}, {b})", node)
        else:
            # The same products by the same library: it begins with them half a microsecond sooner.
            whole = self._function(np.dot if multiply is np.matmul else multiply)
            self._line(f"{whole}({a}, {b}, {out})", node)

    def _share(
        self,
        node: Node,
        matmul: str,
        names: tuple[str, str, str | None],
        parts: Cut,
    ) -> None:
        (a, b, out), (by_rows, ends, shared), value = names, parts, node.outputs[0]
        if out is None:
            out = self._local(value)
            empty, dtype = self._function(np.empty), self._constant("d", value.dtype.np_dtype)
            self._line(f"{out} = {empty}({value.shape}, {dtype})", node)
        calls = []
        for cut in [f"{start}:{end}" for start, end in pairwise([0, *ends])]:
            left, right = (self._cut(a, cut), b) if by_rows else (a, self._cut(b, f":, {cut}"))
            target = self._cut(out, cut if by_rows else f":, {cut}")
            calls.append(f"({left}, {right}, {target})")
        if not shared or self._threads == 1:
            for call in calls:
                self._line(f"{matmul}{call}", node)
            return
        update = self._update_after(node) if by_rows else None
        if update is not None:
            width = (value.shape or (0, 0))[1] or 0
            self._awaited[update] = Parts(node, matmul, calls, [end * width for end in ends])
            return
        share = self._function(pool.share)
        self._line(f"{share}({matmul}, ({', '.join(calls)}), {self._threads - 1})", node)

    def _update_after(self, node: Node) -> Node | None:
        """The optimizer's step that follows at once and wants the product, if that is safe.

        No part may depend on a variable that is updated while the others are made.
        """
        if not self._next:
            self._next = dict(pairwise(self._plan.nodes))
        update, following = self._arena_of.get(node.outputs[0], (None, 0))[0], self._next.get(node)
        if update is None or following is not update or update.kind != "update":
            return None
        return update if all(self._is_apart(v) for v in node.inputs) else None

    def _is_apart(self, value: Value) -> bool:
        """Whether a value lies in no variable's memory."""
        if value in self._slot_of or value.feed is not None or value.const is not None:
            return True
        return value.node is not None and value.node.kind == "op" and not value.node.definition.view

    def _column_sum(self, node: Node) -> None:
        matrix, value = node.inputs[0], node.outputs[0]
        ones = self._constant("c", ones_of(matrix.dtype.np_dtype, (matrix.shape or (0,))[0] or 0))
        call, out = f"({ones}, {self.name(matrix)}", self._destination(node, value)
        if out is None:
            self._line(f"{self._local(value)} = {self._function(np.matmul)}{call})", node)
        else:
            self._line(f"{self._function(np.dot)}{call}, {out})", node)

    def _operand(self, value: Value, transposed: bool) -> str:
        name = self.name(value)
        if not transposed:
            return name
        if value in self._static:
            return self._bound("t", lambda frame: frame.names[name].T, ("turned", name))
        return f"{name}.T"

    def _cut(self, name: str, where: str) -> str:
        """A part of an array, taken when the function is bound if the array lies still."""
        if name[0] in "vf":
            return f"{name}[{where}]"
        key = tuple(
            slice(*[int(p) if p.strip() else None for p in part.split(":")])
            for part in where.split(",")
        )
        return self._bound("p", lambda frame: frame.names[name][key], ("part", name, where))
