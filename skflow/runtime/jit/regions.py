"""Regions: the nodes that run as one call, as statements in phases."""

from __future__ import annotations

from typing import Final

from skflow.graph.shapes import Shape
from skflow.runtime import passes
from skflow.runtime.jit.choice import Choice, Resource
from skflow.runtime.jit.elements import Loop, Scalar
from skflow.runtime.jit.postponing import postponed
from skflow.runtime.jit.product_loops import ProductLoop
from skflow.runtime.jit.products import Product
from skflow.runtime.jit.statements import Statement
from skflow.runtime.jit.variables import Copy, FlatStep, ProductStep
from skflow.runtime.steps import Node, Value

_MOST_POINTERS: Final = 12  # operands of a loop: with more, compilers stop making vectors of it


class Region:
    """Nodes that run as one call.

    Parameters
    ----------
    nodes : list of Node
        In a valid order: what kernels compute, views of memory, and waiting.
    choice : Choice
        The kinds of their statements.

    Attributes
    ----------
    nodes : list of Node
        All of them, waiting aside, in the order of their statements.
    phases : list of list of Statement
        Statements of one phase do not wait for each other.
    """

    def __init__(self, nodes: list[Node], choice: Choice) -> None:
        self._choice = choice
        self.phases = self._phases(self._statements(nodes))
        self.nodes = self._ordered(nodes)

    @property
    def statements(self) -> list[Statement]:
        """The statements in order."""
        return [s for phase in self.phases for s in phase]

    @property
    def cost(self) -> float:
        """Microseconds on one core, roughly."""
        return sum([s.cost for s in self.statements])

    # ---- statements -------------------------------------------------------------------

    def _statements(self, nodes: list[Node]) -> list[Statement]:
        """The statements that compute some nodes; those of one shape share a loop if they can."""
        found: list[Statement] = []
        maker: dict[Value, int] = {}  # the place of the statement that makes it
        loops: dict[Shape, tuple[Loop, int]] = {}
        nodes, users = postponed(nodes, self._choice)
        for node in nodes:
            kind = self._choice.kinds.get(node)
            if node.kind == "wait":
                continue
            if kind is FlatStep:
                found = self._with_step(found, node)
                loops.clear()  # they stand elsewhere now
                continue
            place = len(found)
            known = loops.get(node.outputs[0].shape) if kind is Loop else None
            if kind is None:  # a view
                place = maker.get(node.inputs[0], -1)
            elif known is not None and _joins(_with_user(node, users), *known, maker):
                known[0].add(node)
                place = known[1]
            else:
                statement = kind([node])
                found.append(statement)
                if isinstance(statement, Loop):
                    loops[node.outputs[0].shape] = statement, place
            maker.update(dict.fromkeys(node.outputs, place))
        for statement in found:
            if isinstance(statement, Loop):
                statement.settle(self._choice.fetched)
        return self._with_loops(found)

    def _with_loops(self, found: list[Statement]) -> list[Statement]:
        """Loops over products that are made in parts join these, part by part."""
        products = {
            s.nodes[0].outputs[0]: s for s in found if isinstance(s, Product) and len(s.ends) > 1
        }
        for loop in [s for s in found if isinstance(s, Loop)]:
            read = [v for v in products if v in loop.reads and v.shape == loop.shape]
            if not read or any(n.after for n in loop.nodes):
                continue
            made = read[-1]  # which comes last
            product = products[made]
            place = found.index(product)
            between = found[place + 1 : found.index(loop)]
            taken = {self._choice.resource(v) for v in loop.reads if v is not made}
            given = {self._choice.resource(v) for s in between for v in s.writes}
            if taken.isdisjoint(given):
                found[place] = ProductLoop(product, loop, made in self._choice.fetched)
                found.remove(loop)
                del products[made]
        return found

    def _with_step(self, found: list[Statement], update: Node) -> list[Statement]:
        """An optimizer's step after what was found: in parts, by large products as they are made.

        These products stand in the parts then; the rest of the step comes in one piece where it
        can.
        """
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
            if product is None or not self._choice.placeable(gradient):
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
        apart = changed.isdisjoint([self._choice.resource(v) for v in product.reads])
        return apart and product.nodes[0].outputs[0].uses == [update]

    def _copies(self, update: Node) -> list[Statement]:
        """What brings gradients that lie elsewhere to where the step reads them."""
        found: list[Statement] = []
        at = 0
        for member in update.members:
            gradient = passes.roles(member)[2]
            copied = Copy(update, gradient, at)
            if not self._choice.placeable(gradient):
                found.append(copied)
            at += copied.extent
        return found

    # ---- phases -----------------------------------------------------------------------

    def _phases(self, statements: list[Statement]) -> list[list[Statement]]:
        """Statements in order; each phase ends where one would wait for another one in it."""
        found: list[list[Statement]] = []
        reads: set[Resource] = set()
        writes: set[Resource] = set()
        inside: set[Node] = set()
        for statement in statements:
            taken = {self._choice.resource(v) for v in statement.reads}
            given = {self._choice.resource(v) for v in statement.writes}
            waits = any(a in inside for n in statement.nodes for a in _awaited(n))
            clash = taken & writes or given & (reads | writes)
            phase = found[-1] if found else []
            if not phase or clash or waits or _is_single(statement) != _is_single(phase[-1]):
                phase = []
                found.append(phase)
                reads, writes, inside = set(), set(), set()
            phase.append(statement)
            if not _is_single(statement):  # these see each other as soon as they are there
                reads |= taken
                writes |= given
                inside |= set(statement.nodes)
        return found

    def _ordered(self, nodes: list[Node]) -> list[Node]:
        """Some nodes in the order of the statements; views come after what they view."""
        inside = set(nodes)
        early: list[Node] = []
        views: dict[Value, list[Node]] = {}
        for node in nodes:
            if node.kind == "wait" or node in self._choice.kinds:
                continue
            base = node.inputs[0]
            if base.node in inside:
                views.setdefault(base, []).append(node)
            else:
                early.append(node)
        order: list[Node] = []

        def append(node: Node) -> None:
            order.append(node)
            for value in node.outputs:
                for view in views.get(value, ()):
                    append(view)

        for node in [*early, *[n for s in self.statements for n in s.nodes]]:
            append(node)
        return order


def _with_user(node: Node, users: dict[Node, Node]) -> list[Node]:
    """A node and the one it stands before, in whose loop it should be."""
    return [node, users[node]] if node in users else [node]


def _joins(nodes: list[Node], loop: Loop, place: int, maker: dict[Value, int]) -> bool:
    """Whether nodes can be computed in the pass of a loop that has its place already."""
    pointers = len(loop.reads) + len(loop.writes) + sum([len(n.inputs) for n in nodes])
    if pointers > _MOST_POINTERS or any(n.after for n in nodes):
        return False
    made = {v for n in [*loop.nodes, *nodes] for v in n.outputs}
    return all(v in made or maker.get(v, -1) < place for n in nodes for v in n.inputs)


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


def _is_single(statement: Statement) -> bool:
    """Whether a statement is of a single number: such ones are made by the caller, in order."""
    return isinstance(statement, Scalar)
