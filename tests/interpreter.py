"""The plainest way to run a graph: every needed operation once, in order, by its kernel.

The oracle that compiled plans are held against.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skflow.graph.core import Graph
from skflow.graph.nodes import Operation, Tensor
from skflow.runtime.state import State


class Context:
    """What stateful kernels see of the interpreter."""

    def __init__(self, op: Operation, interpreter: Interpreter) -> None:
        self.op = op
        self.interpreter = interpreter

    def reference(self) -> Any:
        return self.interpreter.state.variable(self.op)

    def resource(self, make: Any) -> Any:
        return self.interpreter.state.resource(self.op, make)

    def stream(self) -> Any:
        return self.interpreter.state.streams.of(self.op)

    def call(self, body: Any, arguments: Sequence[Any]) -> list[Any]:
        return self.interpreter.call(body, arguments)


class Interpreter:
    """A session without plans."""

    def __init__(self) -> None:
        self.state = State()

    def run(
        self, fetches: Sequence[Tensor | Operation], feeds: dict[Tensor, Any] | None = None
    ) -> list[Any]:
        """Values of the fetched tensors (``None`` for operations)."""
        values: dict[Tensor, Any] = {
            t: np.asarray(v, dtype=t.dtype.base_dtype.np_dtype) for t, v in (feeds or {}).items()
        }
        return self._run(fetches, values)

    def call(self, body: Any, arguments: Sequence[Any]) -> list[Any]:
        """Values of a body graph's outputs."""
        return self._run(body.outputs, dict(zip(body.inputs, arguments, strict=True)))

    def _run(self, fetches: Sequence[Tensor | Operation], values: dict[Tensor, Any]) -> list[Any]:
        targets = [
            f.op if isinstance(f, Tensor) else f
            for f in fetches
            if not (isinstance(f, Tensor) and f in values)
        ]
        for op in needed(targets, values):
            self._step(op, values)
        return [self._value(values, f) if isinstance(f, Tensor) else None for f in fetches]

    def given(self, op: Operation, value: Any) -> Any:
        """What an operation is given for the value of one of its inputs."""
        del op
        return value

    def _value(self, values: dict[Tensor, Any], tensor: Tensor) -> Any:
        value = values[tensor]
        if tensor.dtype.is_ref_dtype and hasattr(value, "read"):
            return value.read().copy()
        return value

    def _step(self, op: Operation, values: dict[Tensor, Any]) -> None:
        definition = op.definition
        refs = [a.ref for a in definition.inputs for _ in range(1)]
        arrays = []
        for i, tensor in enumerate(op.inputs):
            value = values[tensor]
            is_ref = i < len(refs) and definition.simple is False and refs[i]
            if tensor.dtype.is_ref_dtype and not is_ref:
                value = value.read().copy()
            arrays.append(self.given(op, value))
        found = definition.compute(arrays, op.attrs, Context(op, self))
        for tensor, value in zip(op.outputs, found, strict=True):
            if tensor not in values:
                values[tensor] = value


def needed(targets: Sequence[Operation], fed: Any) -> list[Operation]:
    """The operations that must run, in an order that respects data and control inputs."""
    order: list[Operation] = []
    done: set[Operation] = set()
    stack: list[tuple[Operation, bool]] = [(t, False) for t in reversed(targets)]
    while stack:
        op, expanded = stack.pop()
        if expanded:
            order.append(op)
            continue
        if op in done:
            continue
        done.add(op)
        stack.append((op, True))
        before = [t.op for t in op.inputs if t not in fed]
        # A placeholder that is fed has nothing left to run.
        before += [c for c in op.control_inputs if not _is_fed(c, fed)]
        stack.extend((o, False) for o in reversed(before))
    # Operations run in the order they were made, so that reads come before later updates.
    return sorted(order, key=lambda o: o._id) if _by_id(order) else order


def _is_fed(op: Operation, fed: Any) -> bool:
    return op.type.startswith("Placeholder") and op.outputs[0] in fed


def _by_id(order: Sequence[Operation]) -> bool:
    graphs: set[Graph] = {o.graph for o in order}
    return len(graphs) == 1
