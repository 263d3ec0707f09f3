"""Bodies of ``If`` and ``While`` as the functions of a graph's library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from skflow import proto
from skflow.graph.body import needed
from skflow.graph.core import Graph
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._replay import result_count
from skflow.graph.reads_first import add_waits, reads_before
from skflow.graph.shapes import Shape

CONDITIONALS: Final = ("If", "StatelessIf")
LOOPS: Final = ("While", "StatelessWhile")
_ARGUMENT: Final = "_Arg"  # the operation that stands for an argument inside a body


@dataclass(frozen=True)
class Function:
    """A body with the name and the outputs that it has as a function.

    Parameters
    ----------
    name : str
        Where it is first used, operation by operation from the root, and as which attribute, as
        ``loss/cond/then_branch``.
    body : Graph
        A graph with `inputs`.
    outputs : tuple of Tensor
        What the function returns.
    """

    name: str
    body: Any
    outputs: tuple[Tensor, ...]


@dataclass
class Library:
    """The bodies of a graph, and of its bodies in turn, as functions.

    Attributes
    ----------
    functions : dict
        From a body and its outputs to the function, in the order of first use.
    names : dict
        From an operation and its attribute to the name of the function.
    recorded : set of Operation
        The operations whose records are written, since something takes them.
    """

    functions: dict[tuple[Graph, tuple[Tensor, ...]], Function] = field(default_factory=dict)
    names: dict[tuple[Operation, str], str] = field(default_factory=dict)
    recorded: set[Operation] = field(default_factory=set)

    def visit(self, ops: Sequence[Operation], prefix: str, returned: Sequence[Tensor]) -> None:
        """Name the bodies of some operations of one graph, which returns some tensors."""
        taken = set(returned)
        for op, key, body in _bodies(ops):
            if any(t in taken or t._consumers for t in records(op)):
                self.recorded.add(op)
            outputs = tuple(self._outputs(op, key, body))
            found = self.functions.get((body, outputs))
            if found is None:
                found = Function(f"{prefix}{op.name}/{key}", body, outputs)
                self.functions[body, outputs] = found
                self.visit(needed(outputs), f"{found.name}/", outputs)
            self.names[op, key] = found.name

    def _outputs(self, op: Operation, key: str, body: Any) -> list[Tensor]:
        """What a body returns as a function: loops return all that they are given."""
        outputs: list[Tensor] = body.outputs
        recorded = op in self.recorded
        if op.type in CONDITIONALS:
            return outputs if recorded else outputs[: result_count(op)]
        if op.type not in LOOPS or key != "body":
            return outputs
        varying = op.attrs["_varying"]
        found: list[Tensor] = body.inputs[: loop_width(op)]
        for i, tensor in zip(varying, outputs, strict=False):
            found[i] = tensor
        return [*found, *outputs[len(varying) :]] if recorded else found


def _bodies(ops: Sequence[Operation]) -> Iterator[tuple[Operation, str, Graph]]:
    for op in ops:
        for key, value in op.attrs.items():
            if isinstance(value, Graph):
                yield op, key, value


def library_of(root: Graph) -> Library:
    """Name the bodies of a graph that is no body itself."""
    found = Library()
    found.visit(root._operations, "", ())
    return found


# ---- what operations with bodies look like ----------------------------------------------


def records(op: Operation) -> list[Tensor]:
    """The outputs of an operation with bodies that only its gradient needs."""
    return op.outputs[result_count(op) :] if op.type in (*CONDITIONALS, *LOOPS) else []


def loop_width(op: Operation) -> int:
    """How many values a loop's body is given by the loop, its record aside."""
    return len(op.inputs) - bool(op.attrs.get("_replays"))


def output_shapes(op: Operation, library: Library) -> list[Shape]:
    """The shapes of an operation's outputs as its message has them.

    A loop returns what it is given, also what its body takes from outside and leaves as it is.
    """
    results, recorded = op.outputs, records(op)
    if recorded:
        results = op.outputs[: result_count(op)]
    if op.type in LOOPS:
        results = [*results, *op.inputs[len(results) :]]
    if op not in library.recorded:
        recorded = []
    return [t._spec.shape for t in (*results, *recorded)]


def has_bodies(op: Operation) -> bool:
    """Whether an operation has attributes that its message has in another form."""
    return op.type in (*CONDITIONALS, *LOOPS) or any(
        isinstance(v, Graph) for v in op.attrs.values()
    )


def written_attrs(op: Operation, library: Library) -> dict[str, Any]:
    """The attributes of an operation with bodies as its message has them.

    Those of a loop are TensorFlow's: what the body leaves as it is is not noted but seen in the
    function. Notes of our own that say what is usual are left out.
    """
    attrs = {k: library.names.get((op, k), v) for k, v in op.attrs.items()}
    recorded = op in library.recorded
    if op.type in CONDITIONALS:
        if not recorded:
            count = result_count(op)
            attrs |= {k: attrs[k][:count] for k in ("Tout", "output_shapes")}
            del attrs["_recorded"]
    elif op.type in LOOPS:
        del attrs["Tout"], attrs["_varying"]
        attrs["_loop_variables"] = result_count(op)
        attrs["output_shapes"] = output_shapes(op, library)[: len(op.inputs)]
        if op.type == "While":
            attrs["_keeps_record"] = recorded
        for key in ("_back_prop", "_keeps_record", "_replays"):
            if key in attrs and attrs[key] == op.definition.attrs[key].default:
                del attrs[key]
    return attrs


def place(tensor: Tensor) -> int:
    """The number of an operation's output as its message has it."""
    op = tensor.op
    if op.type == "While" and tensor.value_index == result_count(op):
        return len(op.inputs)
    return tensor.value_index


def input_name(tensor: Tensor) -> str:
    """How a node of a graph names a tensor that it takes."""
    number = place(tensor)
    return f"{tensor.op.name}:{number}" if number else tensor.op.name


# ---- functions --------------------------------------------------------------------------


def function_def(
    function: Function, node_def: Callable[[Operation], proto.NodeDef]
) -> proto.FunctionDef:
    """Convert a body to a message.

    Parameters
    ----------
    function : Function
        The body, with its name and outputs.
    node_def : callable
        Converts an operation of the body to a message.

    Returns
    -------
    FunctionDef
        It holds what the outputs need; inputs are read as ``argument`` or
        ``node:output_argument:index``.
    """
    message = proto.FunctionDef()
    signature = message.signature
    signature.name = function.name
    where: dict[Tensor, str] = {}
    for i, tensor in enumerate(function.body.inputs):
        where[tensor] = f"arg_{i}"
        kind = tensor.dtype.base_dtype.as_datatype_enum
        signature.input_arg.add(name=where[tensor], type=kind)
    ops = [op for op in needed(function.outputs) if op.type != _ARGUMENT]
    waits = reads_before(ops)
    for op in ops:
        signature.is_stateful |= op.definition.stateful
        node = _inner_node(op, node_def(op), where)
        add_waits(node, waits.get(op, ()))
        message.node_def.append(node)
    for i, tensor in enumerate(function.outputs):
        kind = tensor.dtype.base_dtype.as_datatype_enum
        signature.output_arg.add(name=f"ret_{i}", type=kind)
        message.ret[f"ret_{i}"] = where.get(tensor) or _inner_name(tensor)
    return message


def _inner_node(op: Operation, node: proto.NodeDef, where: dict[Tensor, str]) -> proto.NodeDef:
    del node.input[:]
    node.input.extend(where.get(t) or _inner_name(t) for t in op.inputs)
    node.input.extend(f"^{c.name}" for c in op._control_inputs if c.type != _ARGUMENT)
    return node


def _inner_name(tensor: Tensor) -> str:
    """Where a body finds a tensor: its operation, the output argument, the place in that."""
    op = tensor.op
    definition = op.definition
    index = place(tensor)
    if op.type in LOOPS:
        return f"{op.name}:{definition.outputs[0].name}:{index}"
    for arg, group in zip(
        definition.outputs, definition.group(op.outputs, definition.outputs, op.attrs), strict=True
    ):
        count = len(group) if arg.is_list else 1
        if index < count:
            return f"{op.name}:{arg.name}:{index}"
        index -= count
    raise ValueError(f"{op} has no output {tensor.value_index}")
