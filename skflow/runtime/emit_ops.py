"""The lines that call operations' kernels."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any, Final

import numpy as np

from skflow.graph.ops.losses import sparse_xent_backprop
from skflow.graph.ops.sparse_products import pattern_of
from skflow.graph.registry import OpDef
from skflow.graph.spec import Spec
from skflow.runtime.emit_products import Products
from skflow.runtime.emit_reads import Reads
from skflow.runtime.placement import takes_out
from skflow.runtime.products import is_blas, is_column_sum
from skflow.runtime.state import State
from skflow.runtime.steps import Node, Plan, Value, is_number

_KEYWORD_ONLY: Final = (np.maximum, np.minimum)  # NumPy wants their `out` by name
# By an operation's type: the function of some of its inputs whose result the kernel takes last.
_PREPARED: Final = {"SparseTensorDenseMatMul": (pattern_of, (0, 2))}

_MANY: Final = 256  # arguments
# By an operation's type: the function for its last output where nobody wants the others.
_LAST_ALONE: Final = {"SparseSoftmaxCrossEntropyWithLogits": sparse_xent_backprop}

ContextMaker = Callable[[Any], Any]
"""Gives the `OpContext` of an operation."""


class Operations(Products, Reads):
    """Writes the calls of kernels in the quickest form that fits.

    Parameters
    ----------
    plan : Plan
        A plan whose nodes are in order.
    state : State
        The session's memory.
    context : callable
        Gives the `OpContext` of an operation.
    """

    def __init__(self, plan: Plan, state: State, context: ContextMaker) -> None:
        super().__init__(plan, state)
        self._context = context
        self._results_of: dict[Node, str] = {}  # what a call for several nodes gives for one

    def emit_op(self, node: Node) -> None:
        """Emit the call of an operation's kernel in the quickest form that fits."""
        definition = node.definition
        if definition.type == "MatMul" and is_blas(node):
            self._matmul(node)
        elif definition.view:
            self._view(node)
        elif is_column_sum(node) and node.inputs[0] not in self._strided:
            self._column_sum(node)
        elif self._sets_number(node):
            self._set_number(node)
        elif self._calculates(node):
            self._calculate(node, _quickest(node))
        elif takes_out(definition) and len(node.outputs) == 1:
            self._into(node)
        elif definition.type in _LAST_ALONE and not self._wanted(node.outputs[:-1]):
            self._last_alone(node)
        else:
            self._call(node)

    def _wanted(self, values: list[Value]) -> bool:
        return any(v.uses or v in self._fetched for v in values)

    def _last_alone(self, node: Node) -> None:
        function, arguments = (
            self._function(_LAST_ALONE[node.definition.type]),
            self._arguments(node),
        )
        out = self._destination(node, node.outputs[-1])
        if out is None:
            self._line(f"{self._local(node.outputs[-1])} = {function}({arguments})", node)
        else:
            self._line(f"{function}({arguments}, out={out})", node)

    def _arguments(self, node: Node) -> str:
        names = [self.name(v) for v in node.inputs]
        if len(names) > _MANY and all(v in self._static for v in node.inputs):
            # One name for all of them: Python is slow on functions that find very many bound.
            taken = self._bound("i", lambda frame: [frame.names[n] for n in names])
            return f"*{taken}"
        return ", ".join(names)

    def _kernel(self, node: Node) -> tuple[Any, str]:
        """The kernel and what it is given."""
        arguments, special = self._arguments(node), _special(node)
        if special is not None:
            return special, arguments
        if node.definition.type in _PREPARED:
            arguments = f"{arguments}, {self._prepared(node)}"
        return node.definition.bind_kernel(node.attrs), arguments

    def _calculates(self, node: Node) -> bool:
        """Whether the step makes one number of others, by a ufunc."""
        if not node.outputs or not is_number(node.outputs[0]):
            return False
        if node.definition.context or not all(is_number(v) for v in node.inputs):
            return False
        kernel = _quickest(node)
        return isinstance(kernel, np.ufunc) and kernel.nin == len(node.inputs) and kernel.nout == 1

    def _prepared(self, node: Node) -> str:
        """What steps that prepare the same inputs in the same way share within a run."""
        prepare, places = _PREPARED[node.definition.type]
        inputs = [node.inputs[i] for i in places]
        key = ("prepared", prepare, *inputs)
        if key not in self._shared:
            arguments = ", ".join([self.name(v) for v in inputs])
            name = self._shared[key] = f"s{len(self._lines)}"
            self._line(f"{name} = {self._function(prepare)}({arguments})", node)
        return self._shared[key]

    def _into(self, node: Node) -> None:
        """A kernel that can be told where to write."""
        kernel, arguments = self._kernel(node)
        function = self._function(kernel)
        out = self._destination(node, node.outputs[0])
        if out is None:
            self._line(f"{self._local(node.outputs[0])} = {function}({arguments})", node)
        elif isinstance(kernel, np.ufunc) and kernel not in _KEYWORD_ONLY:
            self._line(f"{function}({arguments}, {out})", node)
        else:
            self._line(f"{function}({arguments}, out={out})", node)

    def call_together(self, nodes: list[Node]) -> None:
        """Emit a call for several nodes, each of which is asked by itself if that gives nothing."""
        name = f"j{len(self._lines)}"
        calls = ", ".join([f"({self._call_arguments(node)[1]})" for node in nodes])
        self._line(f"{name} = {self._function(nodes[0].definition.together)}({calls})", nodes[0])
        self._results_of.update({node: f"{name}[{i}]" for i, node in enumerate(nodes)})

    def _call_arguments(self, node: Node) -> tuple[Any, str]:
        kernel, arguments = self._kernel(node)
        if node.definition.context:
            context = self._constant("x", self._context(node.op))
            arguments = f"{context}, {arguments}" if arguments else context
        return kernel, arguments

    def _call(self, node: Node) -> None:
        definition = node.definition
        kernel, arguments = self._call_arguments(node)
        call = f"{self._function(kernel)}({arguments})"
        if node in self._results_of:
            known = self._results_of[node]
            call = f"{known} if {known.partition('[')[0]} is not None else {call}"
        outputs = [v for v in node.outputs if v.variable is None]
        if not node.outputs or not outputs:
            self._line(call, node)
            return
        if len(definition.outputs) > 1 and any(a.is_list for a in definition.outputs):
            call = f"{self._function(_flattener(definition, node.attrs))}({call})"
        targets = ", ".join([self._local(v) for v in node.outputs])
        single = len(node.outputs) == 1 and not definition.outputs[0].is_list
        self._line(f"{targets} = {call}" if single else f"{targets}, = {call}", node)

    def _view(self, node: Node) -> None:
        """A view of static memory is taken once, when the function is bound."""
        base, value = node.inputs[0], node.outputs[0]
        self.name(base)
        fixed = all(v.const is not None for v in node.inputs[1:])
        turns = node.definition.type == "Transpose"
        lasting = base in self._static and fixed and value.static and len(node.outputs) == 1
        if not lasting or (base in self._strided and not turns):
            self._call(node)
            return
        kernel, rest = self._kernel(node)[0], [v.const for v in node.inputs[1:]]
        source = self._names[base]
        self._names[value] = self._bound("a", lambda frame: kernel(frame.names[source], *rest))
        self._static.add(value)
        if turns or base in self._strided:
            self._strided.add(value)
        if base in self._slot_of:
            self._slot_of[value] = self._slot_of[base]


def neighbours(plan: Plan) -> list[list[Node]]:
    """Nodes of a plan that can be computed by one call, since they come one after the other."""
    found = []
    for together, nodes in groupby(plan.nodes, _together):
        group = list(nodes) if together is not None else []
        waited_for = {n for node in group for n in (*node.after, *[v.node for v in node.inputs])}
        if len(group) > 1 and waited_for.isdisjoint(group):
            found.append(group)
    return found


def _together(node: Node) -> Any:
    return node.definition.together if node.kind == "op" else None


def _special(node: Node) -> Any:
    """A kernel made for what is known of the inputs, or ``None``."""
    definition = node.definition
    if definition.specialize is None or not all(v.static for v in node.inputs):
        return None
    specs = [Spec(v.dtype, v.shape, v.const) for v in node.inputs]
    return definition.specialize(specs, node.attrs)


def _quickest(node: Node) -> Any:
    return _special(node) or node.definition.bind_kernel(node.attrs)


def _flattener(definition: OpDef, attrs: dict[str, Any]) -> Callable[[Any], list[Any]]:
    return lambda found: definition.as_outputs(found, attrs)
