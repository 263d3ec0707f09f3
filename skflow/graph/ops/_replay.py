"""Computing a body's outputs again: what differs from run to run is recorded, the rest is rebuilt.

A gradient computes the forward pass of a body anew instead of keeping all its values. Random
numbers, values of variables and results of Python functions would then differ, and assignments
would be made twice; so the values of such operations are outputs of the forward operation, and
the body is rebuilt without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from skflow.graph.body import BodyGraph, needed
from skflow.graph.core import get_default_graph
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.registry import raw

_VARIABLES: Final = ("VariableV2", "Variable")
_SOURCES: Final = ("_Arg", *_VARIABLES)


def is_impure(op: Operation) -> bool:
    """Whether an operation may compute something else the next time, or changes something."""
    return op.type not in _SOURCES and (
        op.definition.stateful or any(t.dtype.is_ref_dtype for t in op.inputs)
    )


def are_pure(*bodies: BodyGraph) -> bool:
    """Whether no operation that the bodies' outputs need is impure."""
    return not any(is_impure(op) for body in bodies for op in needed(body.outputs))


def record(body: BodyGraph) -> list[Tensor]:
    """Note what a replay of a body cannot compute.

    Returns
    -------
    list of Tensor
        What has to be an output of the body: the values of its `recorded` tensors.
    """
    values: dict[Tensor, Tensor] = {}
    for op in needed(body.outputs, control=False):
        values |= {t: t for t in _unrepeatable(op)}
        for tensor in _read_references(op):
            if tensor not in values:
                with body.as_default(), body.uncounted():
                    values[tensor] = raw.Identity(tensor)
    body.recorded = list(values)
    return list(values.values())


def _unrepeatable(op: Operation) -> list[Tensor]:
    """The outputs of an operation that a replay must be given."""
    if op.type in ("If", "While"):
        return op.outputs[result_count(op) :]
    if op.type in _SOURCES or op.type == "Print":
        return []
    by_reference = any(a.ref for a in op.definition.inputs)
    reads = op.type == "Identity" and op.inputs[0].dtype.is_ref_dtype
    if op.definition.stateful or by_reference or reads:
        return [t for t in op.outputs if not t.dtype.is_ref_dtype]
    return []


def _read_references(op: Operation) -> list[Tensor]:
    """The references whose values an operation takes."""
    args = op.definition.inputs
    if op.type == "Identity" or any(a.ref for a in args):
        return []
    return [t for t in op.inputs if t.dtype.is_ref_dtype]


def result_count(op: Operation) -> int:
    """How many outputs of an ``If`` or ``While`` are results; the others are records."""
    if op.type == "If":
        recorded: list[int] = op.attrs["_recorded"]
        return len(op.outputs) - sum(recorded)
    return len(op.outputs) - (op.type == "While")


# ---- rebuilding -------------------------------------------------------------------------


def rebuild(targets: Sequence[Tensor], known: dict[Tensor, Tensor]) -> list[Tensor]:
    """Build again, in the body that is the default graph, what computes some tensors.

    Parameters
    ----------
    targets : list of Tensor
        Tensors of another body.
    known : dict of Tensor to Tensor
        From tensors of that body to what stands for them here; extended by all that is built.

    Returns
    -------
    list of Tensor
        What stands for the targets.
    """
    graph = get_default_graph()
    assert isinstance(graph, BodyGraph)
    for op in needed(targets, known, control=False):
        if op.type == "Print":
            known[op.outputs[0]] = known[op.inputs[0]]
        elif op.type == "If":
            found = _pure_if(op, [known[t] for t in (*op.inputs, *op.outputs[result_count(op) :])])
            known.update(zip(op.outputs, found, strict=False))
        elif op.type == "While":
            found = _pure_while(op, [known[t] for t in (*op.inputs, op.outputs[-1])])
            known.update(zip(op.outputs, found, strict=False))
        else:
            copied = graph.copy(op, [known[t] for t in op.inputs])
            known.update(zip(op.outputs, copied.outputs, strict=True))
    return [known[t] for t in targets]


def purified(body: BodyGraph, keys: Sequence[Tensor], count: int) -> BodyGraph:
    """A body that computes the same from its inputs and recorded values, and does nothing else.

    Parameters
    ----------
    body : BodyGraph
        The body.
    keys : list of Tensor
        What the recorded values are values of: they follow the inputs.
    count : int
        How many of the outputs to compute.
    """
    assert body.outer is not None
    found = BodyGraph(body.outer)
    known = {t: found.add_input(t) for t in (*body.inputs, *keys)}
    with found.as_default():
        found.outputs = rebuild(body.outputs[:count], known)
    return found


def pure_branches(op: Operation) -> tuple[BodyGraph, BodyGraph, list[Tensor]]:
    """The branches of an ``If`` as pure ones, and the inputs that these take."""
    then, other = op.attrs["then_branch"], op.attrs["else_branch"]
    inputs = list(op.inputs[1:])
    if op.type == "StatelessIf":
        return then, other, inputs
    _keep_records(op)
    count, keys = result_count(op), [*then.recorded, *other.recorded]
    if len(keys) != len(op.outputs) - count:
        raise LookupError(
            f"No gradient defined for operation '{op.name}': what it records is not known"
        )
    extras = op.outputs[count:]
    return purified(then, keys, count), purified(other, keys, count), [*inputs, *extras]


def _pure_if(op: Operation, values: Sequence[Tensor]) -> list[Tensor]:
    """``If`` on recorded values."""
    then, other, _ = pure_branches(op)
    count = result_count(op)
    return raw.StatelessIf(  # type: ignore[no-any-return]
        values[0],
        list(values[1:]),
        Tout=op.attrs["Tout"][:count],
        then_branch=then,
        else_branch=other,
        output_shapes=op.attrs["output_shapes"][:count],
    )


def pure_loop(op: Operation) -> dict[str, Any]:
    """The attributes of a ``StatelessWhile`` that replays a loop from its record."""
    if op.type == "StatelessWhile":
        return {k: op.attrs[k] for k in _LOOP_ATTRS}
    _keep_records(op)
    body = op.attrs["body"]
    count = len(op.outputs) - 1
    pure = purified(body, body.recorded, len(op.attrs["_varying"]))
    return {
        "cond": op.attrs["cond"],
        "body": pure,
        "Tout": op.attrs["Tout"][:count],
        "output_shapes": op.attrs["output_shapes"][:count],
        "_varying": op.attrs["_varying"],
        "_replays": True,
    }


_LOOP_ATTRS: Final = ("cond", "body", "Tout", "output_shapes", "_varying", "_replays")


def _keep_records(op: Operation) -> None:
    """Let the loops in an operation fill in their records in runs from now on."""
    if op.type == "While":
        op.attrs["_keeps_record"] = True
    for body in op.attrs.values():
        if isinstance(body, BodyGraph):
            for inner in body._operations:
                _keep_records(inner)


def _pure_while(op: Operation, values: Sequence[Tensor]) -> list[Tensor]:
    """``While`` on its record, the last of the values."""
    return raw.StatelessWhile(list(values), **pure_loop(op))  # type: ignore[no-any-return]
