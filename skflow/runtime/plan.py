"""Fetches, feeds and concrete shapes become a flat list of nodes: pruned, folded and shared."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import numpy as np

from skflow import errors
from skflow.graph.core import Graph
from skflow.graph.dtypes import Array, DType, as_dtype
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.shapes import Shape, is_full, num_elements
from skflow.graph.spec import Spec
from skflow.runtime.effects import (
    ONLY_LOOKS,
    PYTHON,
    VARIABLES,
    has_type,
    needed_operations,
    unsettled_variables,
    written_variables,
)
from skflow.runtime.simplify import RULES
from skflow.runtime.state import State, Variable
from skflow.runtime.steps import Node, Plan, Value, probe_of, spec_of

_FOLD_LIMIT: Final = 1 << 20  # elements: a larger constant result is computed in the run
_SHARE_LIMIT: Final = 64  # elements: larger constants are not compared with each other
_MANY: Final = 8  # nodes that others wait for one by one


class Lowering:
    """Turns operations into nodes for one choice of fetches, feeds and shapes.

    Parameters
    ----------
    state : State
        The session's memory, which knows the variables.

    Notes
    -----
    Dimensions may be left open, so that one plan serves many batch sizes. To know which of them
    are equal, shapes are inferred a second time with a prime number in the place of each: equal
    open dimensions have equal primes, and no dimension of a real graph is one of them. The
    primes decide only whether shapes are equal; they never enter what the plan computes.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self._probing = False
        self.values: dict[Tensor, Value] = {}
        self.nodes: list[Node] = []
        self.barriers: dict[Operation, list[Node]] = {}
        self._shared: dict[Any, Node] = {}
        self._constants: dict[Any, Value] = {}
        self._reads: dict[Any, Value] = {}
        self._waits: dict[Operation, list[Node]] = {}
        self._owed: dict[Operation, list[Node]] = {}
        self._gathered: dict[tuple[Node, ...], Node] = {}
        self._moved: dict[Variable, bool] = {}

    def lower(
        self,
        fetches: Sequence[Tensor | Operation],
        feeds: Sequence[Tensor],
        shapes: Sequence[Shape],
        probes: Sequence[Shape] | None = None,
    ) -> Plan:
        """Build the plan of one run; `probes` are the shapes with primes for open dimensions."""
        fed: list[Value] = []
        self._probing = probes is not None
        for i, (tensor, shape) in enumerate(zip(feeds, shapes, strict=True)):
            value = Value(tensor.dtype.base_dtype, shape, feed=i)
            if probes is not None and probes[i] is not None:
                value.probe = Spec(value.dtype, probes[i])
            self.values[tensor] = value
            fed.append(value)
        targets = [f.op if isinstance(f, Tensor) else f for f in fetches if f not in self.values]
        ops = needed_operations(targets, self.values)
        for declared, reshaped in unsettled_variables(ops):
            variable = self.state.variable(declared)
            self._moved[variable] = reshaped or self._moved.get(variable, False)
        if any(has_type(op, PYTHON) for op in ops):  # which may run anything in between
            for op in ops:
                if op.type in VARIABLES:
                    self._moved.setdefault(self.state.variable(op), False)
        for op in ops:
            self._lower(op)
        results: list[Value | None] = []
        roots: list[Node] = []
        for fetch in fetches:
            if isinstance(fetch, Tensor):
                value = self.values[fetch]
                results.append(value)
                if value.node is not None:
                    roots.append(value.node)
                roots.extend(self.barriers.get(fetch.op, ()))
            else:
                results.append(None)
                roots.extend(self.barriers[fetch])
        return Plan(self._live(roots), results, fed, set(self._moved))

    def _live(self, roots: list[Node]) -> list[Node]:
        """The nodes that results or side effects need."""
        live: set[Node] = set()
        stack = roots + [n for n in self.nodes if n.kept]
        while stack:
            node = stack.pop()
            if node in live:
                continue
            live.add(node)
            stack.extend(node.after)
            stack.extend(v.node for v in node.inputs if v.node is not None)
        dead = [n for n in self.nodes if n not in live]
        for value in dict.fromkeys(v for n in dead for v in n.inputs):
            value.uses = [u for u in value.uses if u in live]
        return [n for n in self.nodes if n in live]

    # ---- one operation ----------------------------------------------------------------

    def _lower(self, op: Operation) -> None:
        definition = op.definition
        after: list[Node] = []
        for control in op._control_inputs:
            after.extend(self.barriers.get(control, ()))
        if op.type in VARIABLES:
            variable = self.state.variable(op)
            output = op.outputs[0]
            shape = output._spec.shape
            # It was, or is going to be, assigned without checking the shape.
            if variable.value.shape != shape or self._moved.get(variable):
                shape = None
            self._set(op, [Value(output.dtype, shape, variable=variable)])
            self.barriers[op] = after
            return
        inputs = [self.values[t] for t in op.inputs]
        waits = self._waits_of(op, after)
        if not definition.simple or any(v.variable is not None for v in inputs):
            inputs = self._dereferenced(op, inputs, waits)
        if waits:
            inputs = [
                self._read_again(op, t, v, waits) for t, v in zip(op.inputs, inputs, strict=True)
            ]
        owed = self._owed_by_inputs(op) if self._owed else []
        if op.type == "Const":
            self.barriers[op] = after
            self._owe(op, after)
            self._set(op, [self.constant(op.attrs["value"])])
            return
        if after or definition.stateful or definition.context:
            self._append(op, inputs, [*after, *owed])
            return
        outputs = self._simplified(op, inputs)
        if outputs is None:
            outputs = self._shared_node(op, inputs)
        else:
            # What waits for an operation that needs no step waits for what it takes.
            self.barriers[op] = [v.node for v in inputs if v.node is not None]
        if owed:
            self.barriers[op] = [*self.barriers[op], *owed]
            self._owe(op, owed)
        self._set(op, outputs)

    def _owe(self, op: Operation, nodes: list[Node]) -> None:
        """Note what an operation waits for although no step of its own can.

        An operation built in a block of control dependencies may have them only through a
        constant that was built there, too: ``tf.assign_add(v, 1.0)``.
        """
        if nodes:
            self._owed[op] = nodes

    def _owed_by_inputs(self, op: Operation) -> list[Node]:
        found = [self._owed[t._op] for t in op.inputs if t._op in self._owed]
        if len(found) < 2:
            return found[0] if found else []
        return self._gather(op, list(dict.fromkeys(n for nodes in found for n in nodes)))

    def _set(self, op: Operation, outputs: Sequence[Value]) -> None:
        for tensor, value in zip(op.outputs, outputs, strict=True):
            if tensor not in self.values:
                self.values[tensor] = value

    def _dereferenced(self, op: Operation, inputs: list[Value], after: list[Node]) -> list[Value]:
        """Inputs with references read, except where the operation wants the reference itself."""
        args = op.definition.inputs
        refs = [a.ref for a in args]
        by_argument = len(refs) == len(inputs) and not any(a.is_list for a in args)
        for i, v in enumerate(inputs):
            if by_argument and refs[i] and v.variable is None:
                raise _not_a_reference(op, i)
        return [
            self._read(op, v, after)
            if v.variable is not None and not (by_argument and refs[i])
            else v
            for i, v in enumerate(inputs)
        ]

    def _read(self, op: Operation, reference: Value, after: list[Node]) -> Value:
        key = (reference.variable, reference.node, *after)
        found = self._reads.get(key)
        if found is None:
            node = Node(op, [reference], "read")
            node.after = after
            variable = reference.variable
            assert variable is not None
            shape = reference.shape
            found = Value(variable.dtype, shape, node=node)
            node.outputs = [found]
            self.nodes.append(node)
            self._reads[key] = found
        return found

    def _waits_of(self, op: Operation, after: list[Node]) -> list[Node]:
        """What an operation waits for, itself or through its inputs.

        An operation built in a block of control dependencies waits through any input that was
        built there: it may have no control inputs of its own.
        """
        waits = after
        if self._waits:
            for tensor in op.inputs:
                more = self._waits.get(tensor._op)
                if more and more is not waits:
                    waits = list(dict.fromkeys([*waits, *more])) if waits else more
        if waits:
            waits = self._waits[op] = self._gather(op, waits)
        return waits

    def _gather(self, op: Operation, nodes: list[Node]) -> list[Node]:
        """Nodes to wait for; where there are many, one that waits for all of them.

        Else operations that wait for what many others wait for would take quadratic time.
        """
        if len(nodes) <= _MANY:
            return nodes
        key = tuple(nodes)
        found = self._gathered.get(key)
        if found is None:
            found = self._gathered[key] = Node(op, [], "wait")
            found.after = nodes
            self.nodes.append(found)
        return [found]

    def _read_again(self, op: Operation, tensor: Tensor, value: Value, after: list[Node]) -> Value:
        """A variable's value as it is after the operations that `op` waits for.

        The graph reads a variable by an operation of its own, made with the variable, which
        waits for nothing; the user who writes ``with tf.control_dependencies([update])`` means
        the value after the update. What was computed from the variable before keeps its value.
        """
        direct = tensor._op.inputs[:1] and tensor._op.inputs[0].dtype.is_ref_dtype
        if not direct or value.node is None or value.node.kind != "read":
            return value
        return self._read(op, value.node.inputs[0], after)

    def _append(self, op: Operation, inputs: list[Value], after: list[Node]) -> Node:
        if op.type == "NoOp":
            self.barriers[op] = self._gather(op, after)
            self._set(op, [])
            return None  # type: ignore[return-value]
        if op.type == "Identity" and inputs[0].node is not None and inputs[0].node.kind == "read":
            # Reading a variable after some other operation: the read itself waits.
            self.barriers[op] = [inputs[0].node]
            self._set(op, [inputs[0]])
            return inputs[0].node
        node = self._node(op, inputs)
        node.after = after
        self.barriers[op] = [node]
        self._set(op, node.outputs)
        return node

    def _shared_node(self, op: Operation, inputs: list[Value]) -> list[Value]:
        key = _key(op, inputs)
        found = None if key is None else self._shared.get(key)
        if found is None:
            found = self._node(op, inputs)
            if key is not None:
                self._shared[key] = found
        else:
            found.same = (*found.same, op)
        self.barriers[op] = [found]
        return found.outputs

    def _node(self, op: Operation, inputs: list[Value]) -> Node:
        node = Node(op, inputs)
        definition = op.definition
        node.writes = self._written(op, inputs)
        try:
            outputs = definition.infer([spec_of(v) for v in inputs], op.attrs, op.name)
        except ValueError:  # the shapes do not fit: the kernel says so in the run
            outputs = [(t.dtype, None) for t in op.outputs]
        reference = next((v for v in inputs if v.variable is not None), None)
        for i, (dtype, shape) in enumerate(outputs):
            if dtype.is_ref_dtype and reference is not None:
                value = Value(
                    dtype, reference.shape, node=node, index=i, variable=reference.variable
                )
            else:
                full = is_full(shape)
                known = shape if full else _sharper(shape, op.outputs[i]._spec.shape)
                value = Value(dtype, known, node=node, index=i)
            node.outputs.append(value)
        if self._probing:
            self._probe(node)
        self.nodes.append(node)
        return node

    def _probe(self, node: Node) -> None:
        """Infer the outputs' shapes, and small values, as if open dimensions were primes."""
        specs = [probe_of(v) for v in node.inputs]
        if any(s is None for s in specs) or node.writes or node.definition.stateful:
            return
        if node.definition.type == "Squeeze" and not node.attrs["squeeze_dims"]:
            return  # which dimensions are one is not known of open ones
        known = [s for s in specs if s is not None]
        try:
            outputs = node.definition.infer(known, node.attrs)
        except ValueError:
            return
        values: Sequence[Any] = [None] * len(outputs)
        if node.definition.type == "Shape":
            values = [np.array(known[0].shape, node.attrs["out_type"].np_dtype)]
        elif (
            node.definition.type in _POLYNOMIAL
            and all(_is_small(s.shape) and s.value is not None for s in known)
            and all(_is_small(shape) for _, shape in outputs)
        ):
            with suppress(Exception):
                values = node.definition.compute([s.value for s in known], node.attrs)
        for value, (dtype, shape), array in zip(node.outputs, outputs, values, strict=True):
            if is_full(shape):
                value.probe = Spec(dtype, shape, array)

    def _written(self, op: Operation, inputs: list[Value]) -> list[Variable]:
        """The variables whose values an operation changes, in its bodies too."""
        found = [v.variable for v in inputs if v.variable is not None]
        if op.type in ONLY_LOOKS:
            found = []
        for value in op.attrs.values():
            if isinstance(value, Graph):
                found.extend(self.state.variable(v) for v in written_variables(value._operations))
        return list(dict.fromkeys(found))

    # ---- what needs no step -----------------------------------------------------------

    def _simplified(self, op: Operation, inputs: list[Value]) -> list[Value] | None:
        """The outputs of an operation that is known now or does nothing, else ``None``."""
        rule = RULES.get(op.type)
        if rule is not None:
            found = rule(self.constant, op, inputs)
            if found is not None:
                return found if isinstance(found, list) else [found]
        for value in inputs:
            if value.const is None:
                return None
        return self._folded(op, inputs)

    def _folded(self, op: Operation, inputs: list[Value]) -> list[Value] | None:
        definition = op.definition
        if not op.inputs:
            return None
        if not definition.view:
            for tensor in op.outputs:
                size = num_elements(tensor._spec.shape)
                if size is not None and size > _FOLD_LIMIT:
                    return None
        try:
            arrays = definition.compute([v.const for v in inputs], op.attrs)
        except Exception:  # noqa: BLE001  # the run reports it, at the operation
            return None
        if any(a.size > _FOLD_LIMIT for a in arrays) and not definition.view:
            return None
        return [self.constant(a) for a in arrays]

    def constant(self, array: Array) -> Value:
        """A value known now; small equal ones are one."""
        dtype = _dtype_of(array)
        if array.size > _SHARE_LIMIT or array.dtype.kind == "O":
            return Value(dtype, array.shape, const=array)
        key = (array.dtype.char, array.shape, array.tobytes())
        found = self._constants.get(key)
        if found is None:
            found = self._constants[key] = Value(dtype, array.shape, const=array)
        return found


# Operations whose results are equal for all sizes if they are equal for large primes: a comparison
# or a remainder of a size is not one of them.
_POLYNOMIAL: Final = {
    *("Shape", "Size", "Fill", "Cast", "Identity", "Add", "Sub", "Mul", "Neg", "Sum", "Prod"),
    *("Pack", "Unpack", "ConcatV2", "Split", "Slice", "StridedSlice", "Gather", "GatherNd"),
    *("Reshape", "ExpandDims", "Squeeze", "Tile", "ReverseV2"),
}


def _is_small(shape: Shape) -> bool:
    size = num_elements(shape)
    return size is not None and size <= _SHARE_LIMIT


def _not_a_reference(op: Operation, index: int) -> errors.InvalidArgumentError:
    source = op.inputs[index]
    kind = {"float32": "float", "float64": "double"}.get(*[source.dtype.base_dtype.name] * 2)
    return errors.InvalidArgumentError(
        op.node_def,
        op,
        f"Input {index} of node {op.name} was passed {kind} from _recv_{source.op.name}_"
        f"{source.value_index}:0 incompatible with expected {kind}_ref.",
    )


def _sharper(shape: Shape, other: Shape) -> Shape:
    if shape is None or other is None or len(shape) != len(other):
        return other if shape is None else shape
    return tuple([q if p is None else p for p, q in zip(shape, other, strict=True)])


_DTYPES: Final[dict[Any, DType]] = {}


def _dtype_of(array: Array) -> DType:
    found = _DTYPES.get(array.dtype.char)
    if found is None:
        found = _DTYPES[array.dtype.char] = as_dtype(array.dtype)
    return found


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple([_frozen(v) for v in value])
    return value


def _key(op: Operation, inputs: list[Value]) -> Any:
    """What makes two operations compute the same, or ``None`` if that cannot be said."""
    parts: list[Any] = [op.type]
    parts.extend(inputs)
    for name, value in op.attrs.items():
        if name[0] == "_":
            continue
        parts.append(tuple([_frozen(v) for v in value]) if type(value) is list else value)
    key = tuple(parts)
    try:
        hash(key)
    except TypeError:
        return None
    return key
