"""Which steps of a plan are compiled together: regions, their statements, and phases of these."""

from __future__ import annotations

import heapq
from typing import Final

import numpy as np

from skflow.graph.dtypes import Array
from skflow.runtime import passes
from skflow.runtime.jit.expressions import EXPRESSIONS
from skflow.runtime.jit.loader import Machine
from skflow.runtime.jit.statements import (
    Copy,
    FlatStep,
    Loop,
    Mapped,
    Product,
    ProductStep,
    Reduction,
    Scalar,
    Softmax,
    Statement,
    Store,
    statement_of,
)
from skflow.runtime.products import laid_out
from skflow.runtime.state import Variable
from skflow.runtime.steps import Node, Plan, Value, spec_of

_LEAST: Final = 2  # statements that make a region worth its call
_MOST_POINTERS: Final = 12  # operands of a loop: with more, compilers stop making vectors of it
_MOST_SCALARS: Final = 4000  # single numbers of a region: compiling takes a millisecond for each
_VIEWS: Final = ("Reshape", "ExpandDims", "Squeeze", "Identity")

Resource = Value | Variable


class Region:
    """Nodes that run as one call.

    Attributes
    ----------
    nodes : list of Node
        All of them, views of memory and reads of variables aside, in order.
    phases : list of list of Statement
        Statements of one phase do not wait for each other.
    """

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.phases: list[list[Statement]] = []

    @property
    def statements(self) -> list[Statement]:
        """The statements in order."""
        return [s for phase in self.phases for s in phase]

    @property
    def cost(self) -> float:
        """Microseconds on one core, roughly."""
        return sum([s.cost for s in self.statements])


class Partition:
    """A plan's nodes in an order in which those that can be compiled stand together.

    Parameters
    ----------
    plan : Plan
        A plan that has been scheduled; the order and positions of its nodes are changed.
    machine : Machine
        What kernels can call.
    """

    def __init__(self, plan: Plan, machine: Machine) -> None:
        self._plan = plan
        self._machine = machine
        self._fetched = {v for v in plan.results if v is not None}
        self._lasting: dict[Value, bool] = {}
        self._read = {n.inputs[0].variable for n in plan.nodes if n.kind == "read"}
        self._kinds: dict[Node, type[Statement]] = {}
        self._promised: set[Value] = set()
        for node in plan.nodes:
            if self._is_promise(node):
                self._promised.update(node.outputs)
                continue
            kind = self._kind(node)
            if kind is not None and self._callable(node, kind):
                self._kinds[node] = kind
        self._reorder()
        self.items: list[Node | Region] = []
        self._gather()
        self._number()

    # ---- what can be compiled ---------------------------------------------------------

    def _kind(self, node: Node) -> type[Statement] | None:
        kind = statement_of(node)
        if kind is None or any(self._awkward(v, kind is Product) for v in node.inputs):
            return None
        if kind is Product and self._may_be_square(node):
            return None
        if kind is Store and node.inputs[0].variable not in self._read:
            return None  # it may hold no value yet
        variables = [*node.writes, *[v.variable for v in node.inputs if v.variable is not None]]
        return None if any(v in self._plan.moved for v in variables) else kind

    def _is_promise(self, node: Node) -> bool:
        """Whether somebody has only said which shapes a node gives, or those that it takes."""
        if any(v in self._promised for v in node.inputs):
            return True
        outputs = [v for v in node.outputs if v.variable is None]
        if node.kind != "op" or not any(v.static for v in outputs):
            return False
        if statement_of(node) is not None:
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
        """Whether a value may not lie row by row: what a transposition gives.

        Constants may also lie column by column for those that can make use of them `turned`.
        """
        node = value.node
        if node is None:
            return value.const is not None and not _regular(laid_out(value), turned)
        view = node.kind == "op" and node.definition.view
        return view and (node.definition.type not in _VIEWS or self._awkward(node.inputs[0]))

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
        apart = any(self._still(v) for v in (a, b))
        return self.resource(a) is self.resource(b) or not apart

    def _alias(self, node: Node) -> bool:
        """Whether a node only gives memory that lies still another shape."""
        if node.kind != "op" or node.definition.type not in _VIEWS or not node.definition.view:
            return False
        fixed = all(v.const is not None for v in node.inputs[1:])
        return fixed and node.outputs[0].static and self._still(node.inputs[0])

    def _still(self, value: Value) -> bool:
        """Whether the memory of a value will be the same at every run."""
        found = self._lasting.get(value)
        if found is None:
            node = value.node
            if node is None:
                found = value.const is not None
            elif node.kind == "read":
                found = value.static and node.inputs[0].variable not in self._plan.moved
            elif node in self._kinds:
                found = True
            else:
                found = self._alias(node)
            self._lasting[value] = found
        return found

    # ---- the order --------------------------------------------------------------------

    def _reorder(self) -> None:
        """Schedule again: nodes of the kind that ran last go first, writes still come last."""
        nodes = self._plan.nodes
        waiting: dict[Node, int] = {}
        followers: dict[Node, list[Node]] = {}
        for node in nodes:
            before = set(passes._before(node))
            waiting[node] = len(before)
            for other in before:
                followers.setdefault(other, []).append(node)
        queues: dict[tuple[bool, bool], list[tuple[int, Node]]] = {}

        def ready(node: Node) -> None:
            key = (bool(node.writes), self._compiled(node))
            heapq.heappush(queues.setdefault(key, []), (node.position, node))

        for node in nodes:
            if not waiting[node]:
                ready(node)
        order: list[Node] = []
        current = False
        while len(order) < len(nodes):
            keys = [(writes, turn) for writes in (False, True) for turn in (current, not current)]
            key = next(k for k in keys if queues.get(k))
            current = key[1]
            _, node = heapq.heappop(queues[key])
            order.append(node)
            for other in followers.get(node, ()):
                waiting[other] -= 1
                if not waiting[other]:
                    ready(other)
        self._plan.nodes = order

    def _compiled(self, node: Node) -> bool:
        free = node.kind in ("read", "wait")
        return node in self._kinds or free or self._alias(node)

    def _gather(self) -> None:
        """Join neighbours into regions; what a region of too little would be stays as it was."""
        pending: list[Node] = []
        written: set[Variable | None] = set()
        for node in self._plan.nodes:
            # Reads are put before their region, unless they are of what was just written.
            late = node.kind == "read" and node.inputs[0].variable in written
            written.update(node.writes)
            if self._compiled(node) and not late:
                pending.append(node)
                continue
            self._close(pending)
            pending = []
            self.items.append(node)
        self._close(pending)

    def _close(self, nodes: list[Node]) -> None:
        count = sum(n in self._kinds for n in nodes)
        if count < _LEAST or count > _MOST_SCALARS:
            self.items.extend(nodes)
            return
        # Reads of variables in place do nothing but look whether there is a value.
        reads = [n for n in nodes if n.kind == "read"]
        region = Region([n for n in nodes if n.kind != "read"])
        self._statements(region)
        self.items.extend(reads)
        self.items.append(region)

    # ---- statements and phases --------------------------------------------------------

    def _statements(self, region: Region) -> None:
        found: list[Statement] = []
        maker: dict[Value, int] = {}
        loops: dict[tuple[int | None, ...] | None, tuple[Loop, int]] = {}
        for node in region.nodes:
            kind = self._kinds.get(node)
            if node.kind == "wait":
                continue
            if kind is None:  # a view
                for value in node.outputs:
                    maker[value] = maker.get(node.inputs[0], -1)
                continue
            if kind is Loop:
                shape = node.outputs[0].shape
                known = loops.get(shape)
                if known is not None and self._joins(node, *known, maker):
                    known[0].add(node)
                    maker[node.outputs[0]] = known[1]
                    continue
                loop = Loop([node])
                loops[shape] = (loop, len(found))
                maker[node.outputs[0]] = len(found)
                found.append(loop)
                continue
            if kind is FlatStep:
                found = self._steps(node, found)
                loops.clear()  # they stand elsewhere now
                continue
            for value in node.outputs:
                maker[value] = len(found)
            found.append(kind([node]))
        for statement in found:
            if isinstance(statement, Loop):
                statement.settle(self._fetched)
        self._phases(region, found)

    def _joins(self, node: Node, loop: Loop, at: int, maker: dict[Value, int]) -> bool:
        """Whether a node can be computed in the pass of a loop that is there already."""
        if len(loop.reads) + len(loop.writes) + len(node.inputs) > _MOST_POINTERS:
            return False
        if node.after:
            return False
        made = {v for n in loop.nodes for v in n.outputs}
        for value in node.inputs:
            if value in made:
                continue
            if maker.get(value, -1) >= at:
                return False
        return True

    def _steps(self, update: Node, found: list[Statement]) -> list[Statement]:
        """An optimizer's step in parts: by large products as these are made, and by the rest."""
        products = {
            s.nodes[0].outputs[0]: s
            for s in found
            if isinstance(s, Product) and s.by_rows and self._fits(s, update)
        }
        steps: list[Statement] = []
        start = 0
        for i, member in enumerate(update.members):
            gradient = passes.roles(member)[2]
            product = products.get(gradient)
            if product is None or not self.placeable(gradient):
                continue
            if start < i:
                steps.append(FlatStep(update, slice(start, i)))
            steps.append(ProductStep(product, FlatStep(update, slice(i, i + 1))))
            found.remove(product)
            start = i + 1
        if start < len(update.members):
            steps.append(FlatStep(update, slice(start, len(update.members))))
        steps[0].nodes = [*steps[0].nodes, update]
        return [*found, *self._copies(update), *steps]

    def _fits(self, product: Product, update: Node) -> bool:
        """Whether a step can update by parts of a product: none may read what it writes."""
        changed: set[Resource] = set(update.writes)
        apart = changed.isdisjoint([self.resource(v) for v in product.reads])
        return apart and product.nodes[0].outputs[0].uses == [update]

    def _copies(self, update: Node) -> list[Statement]:
        found: list[Statement] = []
        at = 0
        for member in update.members:
            gradient = passes.roles(member)[2]
            copied = Copy(update, gradient, at)
            if not self.placeable(gradient):
                found.append(copied)
            at += copied.extent
        return found

    def placeable(self, gradient: Value) -> bool:
        """Whether a gradient can be computed where its optimizer reads it."""
        node = gradient.node
        if node is None or node not in self._kinds or gradient in self._fetched:
            return False
        # The same gradient may be that of several variables, but lies in one place only.
        updates = {u for u in gradient.uses if u.kind == "update"}
        wanted = [m for u in updates for m in u.members if passes.roles(m)[2] is gradient]
        return len(wanted) == 1 and not isinstance(self._kinds[node], Softmax)

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

    def _phases(self, region: Region, statements: list[Statement]) -> None:
        reads: set[Resource] = set()
        writes: set[Resource] = set()
        inside: set[Node] = set()
        phase: list[Statement] = []
        for statement in statements:
            taken = {self.resource(v) for v in statement.reads}
            given = {self.resource(v) for v in statement.writes}
            if isinstance(statement, Copy):
                given = {statement.reads[0]}
                taken = {self.resource(statement.reads[0])}
            waits = any(a in inside for n in statement.nodes for a in _awaited(n))
            clash = taken & writes or given & (reads | writes)
            if phase and (clash or waits or _alone(statement) != _alone(phase[-1])):
                region.phases.append(phase)
                phase, reads, writes, inside = [], set(), set(), set()
            phase.append(statement)
            reads |= taken
            writes |= given
            inside |= set(statement.nodes)
            if _alone(statement):  # single numbers see each other as soon as they are there
                reads, writes, inside = set(), set(), set()
        if phase:
            region.phases.append(phase)
        region.nodes = self._ordered(region)

    def _ordered(self, region: Region) -> list[Node]:
        """A region's nodes in the order of its statements; views come after what they view."""
        views: dict[Value, list[Node]] = {}
        early = []
        mine = set(region.nodes)
        for node in region.nodes:
            if node.kind == "wait":
                continue
            if node not in self._kinds:
                base = node.inputs[0]
                if base.node in mine:
                    views.setdefault(base, []).append(node)
                else:
                    early.append(node)
        order: list[Node] = []

        def append(node: Node) -> None:
            order.append(node)
            for value in node.outputs:
                for view in views.get(value, ()):
                    append(view)

        for node in early:
            append(node)
        for statement in region.statements:
            for node in statement.nodes:
                append(node)
        return order

    def _number(self) -> None:
        """Give all nodes their positions; those of a phase share the phase's first and last."""
        order: list[Node] = []
        for item in self.items:
            order.extend(item.nodes if isinstance(item, Region) else [item])
        self._plan.nodes = order
        for i, node in enumerate(order):
            node.position = i
        self.spans: dict[Node, tuple[int, int]] = {}
        for item in self.items:
            if not isinstance(item, Region):
                continue
            for phase in item.phases:
                nodes = [n for s in phase for n in s.nodes]
                if nodes:
                    span = min(n.position for n in nodes), max(n.position for n in nodes)
                    self.spans.update(dict.fromkeys(nodes, span))
            for node in item.nodes:
                if node.kind == "update":  # parts of it may come in later phases
                    self.spans[node] = (self.spans[node][0], item.nodes[-1].position)


def _awaited(node: Node) -> set[Node]:
    """The nodes that a node waits for, though it takes nothing of them."""
    found: set[Node] = set()
    stack = list(node.after)
    while stack:
        other = stack.pop()
        if other not in found:
            found.add(other)
            if other.kind == "wait":
                stack.extend(other.after)
    return found


def _alone(statement: Statement) -> bool:
    return isinstance(statement, Scalar)


def _regular(array: Array, turned: bool) -> bool:
    """Whether a constant's elements lie row by row, or column by column if they may be `turned`."""
    order = array.flags.c_contiguous or (turned and array.flags.f_contiguous)
    return order and array.flags.aligned and array.dtype.kind in "fiub" and array.dtype.isnative
