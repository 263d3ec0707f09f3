"""What running some operations takes and does, read off the graph: variables, and user's code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from skflow.graph.core import Graph
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.shapes import is_full

VARIABLES: Final = ("VariableV2", "Variable")
"""The operations that declare variables."""

PYTHON: Final = ("PyFunc", "PyFuncStateless")
"""The operations that call the user's functions."""

ONLY_LOOKS: Final = ("IsVariableInitialized",)
"""Operations that take a reference but do not change the variable."""


def needed_operations(targets: Sequence[Operation], fed: dict[Tensor, Any]) -> list[Operation]:
    """The operations behind `targets`, producers before consumers; fed tensors need none."""
    order: list[Operation] = []
    seen: set[Operation] = set()
    stack: list[Operation | None] = list(reversed(targets))
    path: list[Operation] = []
    while stack:
        op = stack.pop()
        if op is None:
            order.append(path.pop())
            continue
        if op in seen:
            continue
        seen.add(op)
        path.append(op)
        stack.append(None)
        stack.extend([c for c in op._control_inputs if c not in seen and not _is_fed(c, fed)])
        stack.extend([t._op for t in reversed(op.inputs) if t not in fed and t._op not in seen])
    return order


def _is_fed(op: Operation, fed: dict[Tensor, Any]) -> bool:
    """Whether an operation is a placeholder with nothing left to run: its value is given."""
    return op.type.startswith("Placeholder") and op.outputs[0] in fed


def written_variables(ops: Sequence[Operation]) -> list[Operation]:
    """The declarations of the variables that some operations, or their bodies, change."""
    found: list[Operation] = []
    for op in ops:
        found.extend(_written_by(op))
        for value in op.attrs.values():
            if isinstance(value, Graph):
                found.extend(written_variables(value._operations))
    return found


def _written_by(op: Operation) -> list[Operation]:
    if op.definition.simple or op.type in ONLY_LOOKS:
        return []
    args = op.definition.inputs
    return [_declaration(t) for a, t in zip(args, op.inputs, strict=False) if a.ref]


def has_type(op: Operation, types: tuple[str, ...]) -> bool:
    """Whether an operation, or one of its bodies, is of one of some types."""
    if op.type in types:
        return True
    bodies = [v for v in op.attrs.values() if isinstance(v, Graph)]
    return any(has_type(inner, types) for body in bodies for inner in body._operations)


def _declaration(reference: Tensor) -> Operation:
    """The variable behind a reference that updates may have passed on."""
    op = reference.op
    while op.type not in VARIABLES:
        op = op.inputs[0].op
    return op


def unsettled_variables(
    ops: Sequence[Operation], inside: bool = False
) -> Iterator[tuple[Operation, bool]]:
    """Declarations of variables that a run may move, and whether to another shape.

    An optimizer lays its variables side by side before the plan that it is part of runs: a body's
    plan may do so in the middle of a run. Assigning without checking the shape moves at once.
    """
    for op in ops:
        if op.type == "Assign" and not op.attrs["validate_shape"]:
            shapes = [t._spec.shape for t in op.inputs]
            if not is_full(shapes[0]) or shapes[0] != shapes[1]:
                yield _declaration(op.inputs[0]), True
        if inside:
            yield from ((declared, False) for declared in _written_by(op))
        for value in op.attrs.values():
            if isinstance(value, Graph):
                yield from unsettled_variables(value._operations, True)
