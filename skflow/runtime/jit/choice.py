"""Which nodes of a plan kernels can compute, and by which statements."""

from __future__ import annotations

from typing import Final

import numpy as np

from skflow.graph.dtypes import Array
from skflow.runtime import passes
from skflow.runtime.jit.elements import Mapped, Scalar, elements_of
from skflow.runtime.jit.expressions import EXPRESSIONS
from skflow.runtime.jit.loader import Machine
from skflow.runtime.jit.products import Product, product_of
from skflow.runtime.jit.softmax import Softmax, softmax_of
from skflow.runtime.jit.statements import Statement, size_of
from skflow.runtime.jit.sums import Reduction, reduction_of
from skflow.runtime.jit.variables import Store, assignment_of, step_of
from skflow.runtime.placement import takes_out
from skflow.runtime.products import laid_out
from skflow.runtime.state import Variable
from skflow.runtime.steps import Node, Plan, Value, spec_of

_VIEWS: Final = ("Reshape", "ExpandDims", "Squeeze", "Identity")
# Operations whose results may lie in any order, whatever they are given.
_UNTIDY: Final = frozenset(
    (
        *("BroadcastTo", "ConjugateTranspose", "Einsum", "MatrixInverse", "ReverseSequence"),
        *("FFT2D", "FFT3D", "IFFT2D", "IFFT3D", "Where"),
        *("If", "StatelessIf", "While", "StatelessWhile"),
        *("PyFunc", "PyFuncStateless", "SymbolicGradient"),
    )
)
_OF_VALUES: Final = (product_of, softmax_of, reduction_of, elements_of)


def statement_of(node: Node) -> type[Statement] | None:
    """The kind of statement that computes a node, or ``None`` if kernels cannot."""
    if node.kind == "update":
        return step_of(node)
    if node.kind != "op" or not node.inputs:
        return None
    if not all(v.static and size_of(v) for v in node.outputs if v.variable is None):
        return None
    if not all(v.static or v.variable is not None for v in node.inputs):
        return None
    if any(v.variable is not None for v in [*node.inputs, *node.outputs]):
        return assignment_of(node)
    return next((found for find in _OF_VALUES if (found := find(node)) is not None), None)


Resource = Value | Variable


class Choice:
    """The nodes of a plan that kernels compute, each with the kind of statement that does.

    Parameters
    ----------
    plan : Plan
        A plan that has been scheduled.
    machine : Machine
        What kernels can call.

    Attributes
    ----------
    kinds : dict of Node to type of Statement
        Nodes that are not in it are left to NumPy, or nothing has to be done for them.
    fetched : set of Value
        What the caller of the plan is given.
    """

    def __init__(self, plan: Plan, machine: Machine) -> None:
        self.kinds: dict[Node, type[Statement]] = {}
        self.fetched = {v for v in plan.results if v is not None}
        self._machine = machine
        self._moved = plan.moved
        self._read = {n.inputs[0].variable for n in plan.nodes if n.kind == "read"}
        self._still: dict[Value, bool] = {}
        self._promised: set[Value] = set()
        self._turned: set[Value] = set()
        for node in plan.nodes:
            kind = self._kind(node)
            if kind is not None:
                self.kinds[node] = kind
            elif self._turns(node):
                self._turned.update(node.outputs)

    def belongs(self, node: Node) -> bool:
        """Whether a node may stand in a region: kernels compute it, or there is nothing to do."""
        return node in self.kinds or node.kind in ("read", "wait") or self._is_view(node)

    def placeable(self, gradient: Value) -> bool:
        """Whether a gradient can be computed where its optimizer reads it."""
        if gradient.node not in self.kinds or gradient in self.fetched:
            return False
        # The same gradient may be that of several variables, but lies in one place only.
        updates = {u for u in gradient.uses if u.kind == "update"}
        wanted = [m for u in updates for m in u.members if passes.roles(m)[2] is gradient]
        return len(wanted) == 1

    def resource(self, value: Value) -> Resource:
        """What is read or written with a value: a variable, or memory of its own."""
        if value.variable is not None:
            return value.variable
        node = value.node
        if node is not None and node.kind == "read" and node.inputs[0].variable is not None:
            return node.inputs[0].variable
        if node is not None and node.kind == "op" and node.definition.view:
            return self.resource(node.inputs[0])
        return value

    def _kind(self, node: Node) -> type[Statement] | None:
        kind = statement_of(node)
        if self._is_promise(node, kind):
            self._promised.update(node.outputs)
            return None
        if kind is None or not self._callable(node, kind):
            return None
        if any(self._awkward(v, kind is Product) for v in node.inputs):
            return None
        if kind is Product and self._may_be_square(node):
            return None
        if kind is Store and node.inputs[0].variable not in self._read:
            return None  # it may hold no value yet
        variables = [*node.writes, *[v.variable for v in node.inputs if v.variable is not None]]
        return None if any(v in self._moved for v in variables) else kind

    def _is_promise(self, node: Node, kind: type[Statement] | None) -> bool:
        """Whether somebody has only said which shapes a node gives, or those that it takes."""
        if any(v in self._promised for v in node.inputs):
            return True
        outputs = [v for v in node.outputs if v.variable is None]
        if kind is not None or node.kind != "op" or not any(v.static for v in outputs):
            return False
        try:
            specs = [spec_of(v) for v in node.inputs]
            found = node.definition.infer(specs, node.attrs, node.op.name)
        except ValueError:  # they do not fit
            return True
        return any(v.static and v.shape != s for v, (_, s) in zip(node.outputs, found, strict=True))

    def _callable(self, node: Node, kind: type[Statement]) -> bool:
        """Whether what a statement calls is there."""
        if kind in (Product, Reduction) and self._machine.blas is None:
            return False
        expression = EXPRESSIONS.get(node.definition.type)
        loops = ["exp", "log"] if kind is Softmax else []
        if kind in (Scalar, Mapped) and expression is not None and expression.loop is not None:
            loops.append(expression.loop)
        char = node.outputs[0].dtype.np_dtype.char if node.outputs else ""
        return all((name, char) in self._machine.loops for name in loops)

    def _awkward(self, value: Value, turned: bool = False) -> bool:
        """Whether a value may not lie row by row in the plan of steps.

        Constants may also lie column by column for those that can make use of them `turned`.
        """
        if value.const is not None:
            return not _regular(laid_out(value), turned)
        return value in self._turned

    def _turns(self, node: Node) -> bool:
        """Whether what a step in NumPy gives may not lie row by row.

        A transposition gives such values, and NumPy hands the order on where it makes arrays of
        its own. BLAS and sums round otherwise for it, so that kernels, for which all memory lies
        row by row, would not compute the same.
        """
        if node.kind != "op" or node.definition.type == "MatMul":
            return False
        if node.definition.type in _UNTIDY:
            return True
        if node.definition.view and node.definition.type not in _VIEWS:
            return True
        placed = takes_out(node.definition) and len(node.outputs) == 1
        if placed and node.outputs[0].static and node.outputs[0] not in self.fetched:
            return False
        return any(self._awkward(v) for v in node.inputs if v.variable is None)

    def _may_be_square(self, node: Node) -> bool:
        """Whether a product may be that of a matrix and its own transpose.

        NumPy has it made by another function of BLAS, with other rounding errors, if both
        operands lie in the same memory.
        """
        a, b = node.inputs
        if node.attrs["transpose_a"] == node.attrs["transpose_b"] or a.shape != b.shape:
            return False
        if a.const is not None and b.const is not None:
            return np.may_share_memory(a.const, b.const)
        apart = any(self._lies_still(v) for v in (a, b))
        return self.resource(a) is self.resource(b) or not apart

    def _is_view(self, node: Node) -> bool:
        """Whether a node only gives memory that lies still another shape."""
        if node.kind != "op" or node.definition.type not in _VIEWS or not node.definition.view:
            return False
        fixed = all(v.const is not None for v in node.inputs[1:])
        return fixed and node.outputs[0].static and self._lies_still(node.inputs[0])

    def _lies_still(self, value: Value) -> bool:
        """Whether the memory of a value will be the same at every run."""
        found = self._still.get(value)
        if found is None:
            node = value.node
            if node is None:
                found = value.const is not None
            elif node.kind == "read":
                found = value.static and node.inputs[0].variable not in self._moved
            elif node in self.kinds:
                found = True
            else:
                found = self._is_view(node)
            self._still[value] = found
        return found


def _regular(array: Array, turned: bool) -> bool:
    """Whether a constant's elements lie row by row, or column by column if they may be `turned`."""
    order = array.flags.c_contiguous or (turned and array.flags.f_contiguous)
    return order and array.flags.aligned and array.dtype.kind in "fiub" and array.dtype.isnative
