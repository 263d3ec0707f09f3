"""The lines of an optimizer's step."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.graph.dtypes import Array
from skflow.graph.shapes import num_elements
from skflow.runtime import passes
from skflow.runtime.emit_products import Products
from skflow.runtime.emit_reads import Reads
from skflow.runtime.frame import Frame
from skflow.runtime.steps import Node, Value, is_number
from skflow.runtime.updates import FlatUpdate


class Updates(Products, Reads):
    """Writes the joined updates of one optimizer's variables."""

    def emit_update(self, node: Node) -> None:
        """Emit the joined update of an optimizer's variables."""
        sizes = [num_elements(m.inputs[0].shape) or 0 for m in node.members]
        dtype = node.members[0].inputs[0].dtype.np_dtype
        total = sum(sizes)

        def arrange(frame: Frame) -> None:
            gradients = frame.gradient_memory(node, total, dtype)
            known = [s.const for s in scalars]
            frame.updates[node] = FlatUpdate(node, frame.state, gradients, known, cuts)

        self._early.append(arrange)
        parts = self._awaited.get(node)
        cuts: list[int] = []
        if parts is not None:
            first = self._arena_of[parts.node.outputs[0]][1]
            cuts = [first + end for end in (0, *parts.ends)]
        at = 0
        scalars = passes.roles(node.members[0])[1]
        for member, size in zip(node.members, sizes, strict=True):
            variables, _, gradient = passes.roles(member)
            for value in variables:
                assert value.variable is not None
                self._assumed[value.variable] = value.shape
                self._check(value.variable, member)
            if self._arena_of.get(gradient) != (node, at):
                self._copy_gradient(node, gradient, at, size, member)
            at += size
        whole = parts is None

        def updating(frame: Frame) -> Any:
            return frame.updates[node].bound() if whole else frame.updates[node]

        update = self._bound("u", updating)
        known = all(s.const is not None for s in scalars)
        arguments = "" if known else ", ".join([self._scalar(s) for s in scalars])
        if parts is None:
            self._line(f"{update}({arguments})", node)
        else:
            calls = f"({', '.join(parts.calls)})"
            self._line(f"{update}.after({parts.matmul}, {calls}, {arguments})", node)
            node.same = (*node.same, parts.node.op)
            self._release(parts.node)

    def _scalar(self, value: Value) -> str:
        """A hyperparameter, as a number if it is of a type that has quick ones."""
        return self.number(value) if is_number(value) else self.name(value)

    def _copy_gradient(self, node: Node, gradient: Value, at: int, size: int, member: Node) -> None:
        shape = gradient.shape

        def binder(frame: Frame) -> Array:
            return frame.gradients[node][at : at + size].reshape(shape)  # type: ignore[arg-type]

        target = self._bound("g", binder)
        if is_number(gradient):
            self._line(f"{target}[()] = {self.number(gradient)}", member)
            return
        self._line(f"{self._function(np.copyto)}({target}, {self.name(gradient)})", member)


def gradient_bytes(node: Node) -> int:
    """The memory that the gradients of a joined update lie in."""
    values = [m.inputs[0] for m in node.members]
    return sum((num_elements(v.shape) or 0) * v.dtype.np_dtype.itemsize for v in values)
