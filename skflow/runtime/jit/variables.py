"""What becomes of variables: optimizers' steps and assignments."""

from __future__ import annotations

from typing import Final

from skflow.graph.ops._updates import UPDATE_RULES
from skflow.runtime.jit.expressions import DIRECTIONS, FLOATS, KINDS, UPDATES, number
from skflow.runtime.jit.products import Product
from skflow.runtime.jit.statements import Statement, name_of, size_of
from skflow.runtime.jit.table import Table
from skflow.runtime.passes import roles
from skflow.runtime.steps import Node, Value

_ASSIGNMENTS: Final = {"Assign": "x[i]", "AssignAdd": "y[i] + x[i]", "AssignSub": "y[i] - x[i]"}


def step_of(update: Node) -> type[Statement] | None:
    """The statement that makes an optimizer's step; ``None`` if there is none."""
    member = update.members[0]
    _, scalars, gradient = roles(member)
    known = member.definition.type in UPDATES
    return FlatStep if known and all(name_of(v) in FLOATS for v in (gradient, *scalars)) else None


def assignment_of(node: Node) -> type[Statement] | None:
    """The statement that assigns to a variable; ``None`` if there is none."""
    if node.definition.type not in _ASSIGNMENTS:
        return None
    reference, value = node.inputs
    alike = reference.variable is not None and reference.shape == value.shape
    alike = alike and value.dtype is reference.dtype.base_dtype
    return Store if alike and name_of(value) in KINDS else None


class Copy(Statement):
    """A gradient brought to where its optimizer reads it."""

    def __init__(self, update: Node, gradient: Value, at: int) -> None:
        super().__init__([])
        self._update = update
        self.reads = self.writes = [gradient]  # whoever reads it waits for the copy
        self._at = at
        self.extent, self.unit = size_of(gradient), 16
        self.cost = self.extent * 0.15 / 1000

    def lines(self, table: Table) -> list[str]:
        value = self.reads[0]
        width = value.dtype.np_dtype.itemsize
        target = f"{table.gradients(self._update)} + {self._at * width}"
        kind = KINDS[name_of(value)]
        return [
            f"x = {table.pointer(value)}",
            f"y = {kind}({target})",
            "for i in range(lo, hi):",
            "    y[i] = x[i]",
        ]


class FlatStep(Statement):
    """A part of the joined updates of an optimizer's variables, which lie side by side.

    Parameters
    ----------
    update : Node
        The joined node.
    members : slice
        Which of its members.
    """

    def __init__(self, update: Node, members: slice) -> None:
        super().__init__([])
        self.update = update
        self.members = update.members[members]
        self.type = self.members[0].definition.type
        variables, self.scalars, _ = roles(self.members[0])
        self.slots = len(variables) - 1
        gradients = [roles(m)[2] for m in self.members]
        self.reads = [*self.scalars, *gradients]
        self.writes = [v for m in self.members for v in roles(m)[0]]
        sizes = [size_of(roles(m)[2]) for m in update.members]
        self.first = sum(sizes[: members.start])
        self.extent = sum(sizes[members])
        self.unit = 64
        self.dtype = gradients[0].dtype.np_dtype
        self.cost = self.extent * UPDATES[self.type].cost / 1000

    def lines(self, table: Table) -> list[str]:
        return self.prepared(table) + self.loop(f"{self.first} + lo", f"{self.first} + hi")

    def prepared(self, table: Table) -> list[str]:
        """Lines that work out what all elements share."""
        dtype, rule = self.dtype, UPDATES[self.type]
        kind, one = KINDS[dtype.name], number(self.dtype, 1)
        found = [
            f"{name} = np.{dtype.name}({table.pointer(value)}[0])"
            for name, value in zip(UPDATE_RULES[self.type].scalars, self.scalars, strict=True)
        ]
        found += [line.format(one=one) for line in rule.constants]
        names = ["v", *[f"v{i}" for i in range(self.slots)]]
        found += [f"{n} = {kind}({table.column(self.update, i)})" for i, n in enumerate(names)]
        return [*found, f"d = {kind}({table.gradients(self.update)})"]

    def loop(self, start: str, end: str) -> list[str]:
        """Lines that update the elements from one place to another."""
        rule = UPDATES[self.type]
        nesterov = bool(self.members[0].attrs.get("use_nesterov"))
        names = {"one": number(self.dtype, 1), "direction": DIRECTIONS.get((self.type, nesterov))}
        body = ["g = d[i]", "p = v[i]", *[f"s{i} = v{i}[i]" for i in range(self.slots)]]
        body += [line.format(**names) for line in rule.body]
        body += ["v[i] = p", *[f"v{i}[i] = s{i}" for i in range(self.slots)]]
        return [f"for i in range({start}, {end}):", *[f"    {line}" for line in body]]


class ProductStep(Statement):
    """A gradient that is a product, and the update by it, part by part while it is in the cache."""

    def __init__(self, product: Product, step: FlatStep) -> None:
        super().__init__(product.nodes)
        self._product = product
        self._step = step
        self.reads = [*product.reads, *step.scalars]
        self.writes = [*product.writes, *step.writes]
        self.cost = product.cost + step.cost
        self._ends = product.ends

    def lines(self, table: Table) -> list[str]:
        width = self._product.nodes[0].outputs[0].shape[1]  # type: ignore[index]
        first = self._step.first
        return [
            *self._product.lines(table),
            *self._step.prepared(table),
            *self._step.loop(f"{first} + lo * {width}", f"{first} + hi * {width}"),
        ]


class Store(Statement):
    """A variable that is given a value, or more, or less."""

    def __init__(self, nodes: list[Node]) -> None:
        super().__init__(nodes)
        self.reads = [nodes[0].inputs[1]]
        self.writes = [nodes[0].inputs[0]]
        self.extent, self.unit = max(size_of(self.reads[0]), 1), 16
        self.cost = self.extent * 0.2 / 1000

    def lines(self, table: Table) -> list[str]:
        return [
            f"y = {table.pointer(self.writes[0])}",
            f"x = {table.pointer(self.reads[0])}",
            "for i in range(lo, hi):",
            f"    y[i] = {_ASSIGNMENTS[self.nodes[0].definition.type]}",
        ]
