"""One operation from its message, in a graph or in a body."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, Final

from skflow import proto
from skflow.graph.core import Graph
from skflow.graph.declaration import FIXED_TYPES, Arg
from skflow.graph.dtypes import DType, as_dtype
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._replay import result_count
from skflow.graph.reads_first import NOTE, note_reads
from skflow.graph.registry import OpDef
from skflow.graph.serialize.budget import Budget
from skflow.graph.serialize.functions import CONDITIONALS, LOOPS, records
from skflow.graph.serialize.node_attrs import invalid
from skflow.graph.shapes import Shape, compatible
from skflow.graph.spec import MOST_DIMENSIONS, Spec

_VARIABLES: Final = ("VariableV2", "Variable")
_LONGEST: Final = 1 << 20
_LEGACY_PLACEHOLDERS: Final = 21  # the last producer whose scalar placeholders may be anything
_LEGACY_ADADELTA: Final = 24  # the last whose Adadelta steps by what it has just accumulated
_ADADELTA: Final = ("ApplyAdadelta", "SparseApplyAdadelta")

Inputs = list[tuple[str, Tensor]]
Controls = list[tuple[str, Operation]]


class Maker:
    """Makes operations, checking what they take.

    Parameters
    ----------
    producer : int
        The version of the writer of the graph.
    budget : Budget
        What may be made of the file.
    frames : list
        Where the user's call stands.
    """

    def __init__(self, producer: int, budget: Budget, frames: list[tuple[Any, int]]) -> None:
        self.budget = budget
        self._producer = producer
        self._frames = frames
        self._variables: dict[str, tuple[DType, Shape]] = {}
        self._written: dict[Operation, list[Tensor]] = {}

    def outputs(self, op: Operation) -> list[Tensor]:
        """The outputs that the message of an operation has, as far as they are tensors here."""
        return self._written.get(op, op.outputs)

    def make(
        self,
        graph: Graph,
        node: proto.NodeDef,
        definition: OpDef,
        name: str,
        inputs: Inputs,
        attrs: dict[str, Any],
        controls: Controls,
        prepare: Callable[[dict[str, Any], list[Tensor]], None] | None = None,
    ) -> Operation:
        """Add an operation to a graph.

        Parameters
        ----------
        graph : Graph
            The graph or body.
        node : NodeDef
            The message.
        definition : OpDef
            The declaration of its type.
        name : str
            The name of the new operation.
        inputs : list of (str, Tensor)
            What it takes, and how the message names it.
        attrs : dict
            Its attributes.
        controls : list of (str, Operation)
            What it waits for, and how the message names it.
        prepare : callable, optional
            Makes bodies of the functions among the attributes, once the inputs are checked.

        Returns
        -------
        Operation

        Raises
        ------
        ValueError
            If inputs and attributes do not go together.
        """
        check_inputs(node, definition, inputs, attrs)
        if node.op in _ADADELTA and self._producer > _LEGACY_ADADELTA:
            attrs["_step_first"] = True
        tensors = [t for _, t in inputs]
        shapes = attrs.pop("_output_shapes", None)
        count = len(attrs["Tout"]) if node.op in CONDITIONALS else 0
        if prepare is not None:
            prepare(attrs, tensors)
        outputs = self._outputs(node, definition, name, tensors, attrs)
        reads = _needless(attrs.pop(NOTE, ()), controls)
        waits = graph._control_inputs_for(()) if graph._control_stack else []
        waits.extend(op for _, op in controls if op not in waits and op not in reads)
        with graph.device(node.device) if node.device else nullcontext():
            op = graph.add_operation(definition, name, tuple(tensors), attrs, outputs, self._frames)
        op._control_inputs = list(dict.fromkeys(waits))
        if reads:
            note_reads(op, reads)
        if op.type in CONDITIONALS:
            self._written[op] = op.outputs[:count]
        elif op.type in LOOPS:
            self._written[op] = _loop_outputs(op)
        if op.type in _VARIABLES:
            self._check_variable(node, op)
        if shapes is not None:
            self._add_shapes(node, op, shapes)
        elif self._is_scalar_placeholder(op):
            op.outputs[0].set_shape(())
        return op

    def _outputs(
        self,
        node: proto.NodeDef,
        definition: OpDef,
        name: str,
        tensors: list[Tensor],
        attrs: dict[str, Any],
    ) -> list[tuple[DType, Shape]]:
        for arg in definition.outputs:
            if arg.number is not None:
                self.budget.make(attrs[arg.number])
        try:
            outputs = definition.infer([_bounded(t._spec) for t in tensors], attrs, name)
        except ValueError:
            raise
        except Exception as error:  # a rule may take it that what it is given makes sense
            raise invalid(node, f"{type(error).__name__}: {error}") from error
        for _, shape in outputs:
            if shape is not None and len(shape) > MOST_DIMENSIONS:
                raise invalid(node, f"An output has {len(shape)} dimensions; the most are 254")
        return outputs

    def _check_variable(self, node: proto.NodeDef, op: Operation) -> None:
        """Two declarations of one variable must agree."""
        key = op.attrs["shared_name"] or op.name
        mine = (op.outputs[0].dtype.base_dtype, op.attrs["shape"])
        other = self._variables.setdefault(key, mine)
        if mine[0] is not other[0] or not compatible(mine[1], other[1]):
            raise invalid(
                node,
                f"Trying to share variable {key}, but specified dtype {mine[0].name} and shape "
                f"{mine[1]} and previously specified dtype {other[0].name} and shape {other[1]}",
            )

    def _is_scalar_placeholder(self, op: Operation) -> bool:
        later = self._producer > _LEGACY_PLACEHOLDERS
        return later and op.type == "Placeholder" and op.attrs["shape"] == ()

    def _add_shapes(self, node: proto.NodeDef, op: Operation, shapes: Sequence[Shape]) -> None:
        outputs = self.outputs(op)
        if len(shapes) < len(outputs):
            raise invalid(
                node,
                f"It has {len(outputs)} outputs but the _output_shapes attribute specifies "
                f"shapes for {len(shapes)}",
            )
        for tensor, shape in zip(outputs, shapes, strict=False):
            if tensor.op is op:
                tensor.set_shape(shape)


def _needless(noted: Sequence[bytes], controls: Controls) -> list[Operation]:
    """The control inputs that are there for other engines alone."""
    names = {name.decode(errors="replace") for name in noted}
    return [op for name, op in controls if name in names and not op.definition.stateful]


def _bounded(spec: Spec) -> Spec:
    """A spec by which no shape rule makes a list as long as a vector says that it is."""
    shape = spec.shape
    long = shape is not None and len(shape) == 1 and (shape[0] or 0) > _LONGEST
    if long and spec.dtype.is_integer and spec.value is None:
        return Spec(spec.dtype, (None,))
    return spec


def _loop_outputs(op: Operation) -> list[Tensor]:
    """The outputs of a loop's message, which also has what the body leaves as it is."""
    count = result_count(op)
    kept = records(op) if op.attrs.get("_keeps_record") else []
    return [*op.outputs[:count], *op.inputs[count:], *kept]


def check_inputs(
    node: proto.NodeDef, definition: OpDef, inputs: Inputs, attrs: dict[str, Any]
) -> None:
    """Check number and types of what a node takes.

    Raises
    ------
    ValueError
        With TensorFlow's sentences, if they are not what its attributes say.
    """
    at = 0
    for arg in definition.inputs:
        types = _types(arg, attrs, len(inputs) - at)
        for (name, tensor), wanted in zip(inputs[at:], types, strict=False):
            found = tensor.dtype
            if found.base_dtype is not wanted or (arg.ref and not found.is_ref_dtype):
                kind = wanted.as_ref if arg.ref else wanted
                raise invalid(
                    node,
                    f"Input tensor {name!r} Cannot convert a tensor of type {found.name} to an "
                    f"input of type {kind.name}",
                )
        at += len(types)
        if at > len(inputs):
            raise invalid(
                node,
                f"Input types mismatch (expected {_expected(definition, attrs)!r} but got "
                f"{', '.join(t.dtype.name for _, t in inputs)!r})",
            )
    if at < len(inputs):
        raise invalid(node, f"More inputs specified ({inputs[at][0]!r}) than the op expects.")


def _types(arg: Arg, attrs: dict[str, Any], left: int) -> list[DType]:
    """The types an argument stands for; a list that is too long is cut one after what is left."""
    if arg.many:
        return [as_dtype(d) for d in attrs[arg.type]]
    dtype = FIXED_TYPES.get(arg.type) or attrs[arg.type]
    return [dtype] * (1 if arg.number is None else min(attrs[arg.number], left + 1))


def _expected(definition: OpDef, attrs: dict[str, Any]) -> str:
    names = []
    for arg in definition.inputs:
        found = [(d.as_ref if arg.ref else d).name for d in _types(arg, attrs, 8)]
        names.extend(found)
    return ", ".join(names)
