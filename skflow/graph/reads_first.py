"""Control inputs by which other engines read variables before an optimizer changes them.

Here reads come before updates in any case. TensorFlow keeps to what the graph says: it puts gates
between gradients, which our graphs do not have. So a written graph lets each update wait for what
reads its variable on the way to the gradients.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from skflow import proto
from skflow.graph.nodes import Operation, Tensor

NOTE: Final = "_reads_first"
"""The attribute that names those control inputs: here they are not needed."""

_GRADIENTS: Final = "gradients"
_READS: Final = "reads"
_VARIABLES: Final = ("VariableV2", "Variable")
_READERS: Final = ("Identity", "RefIdentity")  # which pass the memory itself on


def note_gradients(ops: Iterable[Operation], gradients: Sequence[Operation]) -> None:
    """Note that some operations belong to the step that takes some gradients.

    Parameters
    ----------
    ops : iterable of Operation
        Operations of the step: those that change a variable are noted.
    gradients : sequence of Operation
        What computes the gradients.
    """
    for op in ops:
        if any(a.ref for a in op.definition.inputs):
            op.attrs[_GRADIENTS] = gradients


def note_reads(op: Operation, reads: Sequence[Operation]) -> None:
    """Note what an imported update is to wait for when it is written again."""
    op.attrs[_READS] = list(reads)


def reads_before(ops: Sequence[Operation]) -> dict[Operation, list[Operation]]:
    """What updates have to wait for in other engines.

    Parameters
    ----------
    ops : sequence of Operation
        The operations that are written.

    Returns
    -------
    dict of Operation to list of Operation
        For updates, what reads their variables on the way to the gradients of the same step.
    """
    written = set(ops)
    ancestors: dict[int, set[Operation]] = {}
    found: dict[Operation, list[Operation]] = {}
    for op in ops:
        reads: list[Operation] = op.attrs.get(_READS) or []
        gradients: Any = op.attrs.get(_GRADIENTS)
        if gradients is not None:
            if id(gradients) not in ancestors:
                ancestors[id(gradients)] = _behind(gradients)
            reads = _readers(_declared(op), ancestors[id(gradients)])
        waits = set(op._control_inputs)
        kept = [r for r in reads if r in written and r not in waits]
        if kept:
            found[op] = kept
    return found


def add_waits(node: proto.NodeDef, reads: Sequence[Operation]) -> None:
    """Let a node wait for some operations, and note that it does so for other engines alone."""
    if reads:
        names = [op.name for op in reads]
        node.input.extend(f"^{name}" for name in names)
        node.attr[NOTE].list.s.extend(name.encode() for name in names)


def _behind(ops: Sequence[Operation]) -> set[Operation]:
    """Some operations and all that they depend on."""
    found: set[Operation] = set()
    stack = list(ops)
    while stack:
        op = stack.pop()
        if op not in found:
            found.add(op)
            stack.extend(t._op for t in op.inputs)
            stack.extend(op._control_inputs)
    return found


def _declared(op: Operation) -> Tensor:
    """The variable that an update changes."""
    while op.type not in _VARIABLES:
        at = next((i for i, a in enumerate(op.definition.inputs) if a.ref), 0)
        op = op.inputs[at].op
    return op.outputs[0]


def _readers(variable: Tensor, among: set[Operation]) -> list[Operation]:
    """The operations that take a variable's value, or a view of it, from its own memory."""
    found: dict[Operation, None] = {}
    stack = [variable]
    while stack:
        for op in stack.pop()._consumers:
            if op not in among or op in found:
                continue
            found[op] = None
            if op.definition.view or op.type in _READERS:
                stack.extend(op.outputs[:1])
    return [op for op in found if op.type not in _READERS]
