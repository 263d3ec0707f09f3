"""Operations on elements: loops over memory, NumPy's own loops, and single numbers."""

from __future__ import annotations

from skflow.graph.shapes import num_elements
from skflow.runtime.jit.expressions import (
    EXPRESSIONS,
    FLOATS,
    KINDS,
    Expression,
    loaded,
    stored,
    written,
)
from skflow.runtime.jit.statements import Statement, name_of, size_of
from skflow.runtime.jit.table import Table
from skflow.runtime.steps import Node, Value

_Axes = list[tuple[int, list[int]]]  # dimensions, and how far each operand's elements are apart


def elements_of(node: Node) -> type[Statement] | None:
    """The statement that computes a node element by element; ``None`` if there is none."""
    expression = expression_of(node) if len(node.outputs) == 1 else None
    if expression is None:
        return None
    if node.outputs[0].shape == ():
        return Scalar
    return Loop if expression.loop is None else Mapped


def expression_of(node: Node) -> Expression | None:
    """The expression of an elementwise node, if kernels have one for its types."""
    kind = node.definition.type
    names = [name_of(v) for v in node.inputs]
    if any(n not in KINDS for n in [*names, *[name_of(v) for v in node.outputs]]):
        return None
    if kind == "AddN":
        if any(n not in FLOATS for n in names):
            return None
        return Expression(" + ".join([f"{{{i}}}" for i in range(len(names))]))
    found = EXPRESSIONS.get(kind)
    if found is None or any(n not in found.types for n in names):
        return None
    if kind == "Select" and any(v.shape != node.outputs[0].shape for v in node.inputs):
        return None  # it chooses whole rows
    if kind == "Cast" and names[0][0] == "f" and name_of(node.outputs[0])[0] not in "fb":
        return None  # what does not fit is another number in each compiler
    if kind == "BiasAdd" and node.attrs.get("data_format", b"NHWC") not in (b"NHWC", "NHWC"):
        return None
    return found


def _known_expression(node: Node) -> Expression:
    found = expression_of(node)
    assert found is not None
    return found


class Loop(Statement):
    """Elementwise nodes of one shape, in one pass over memory.

    What only the loop itself uses never leaves the processor's registers.
    """

    def __init__(self, nodes: list[Node]) -> None:
        super().__init__([])
        self.shape: tuple[int, ...] = nodes[0].outputs[0].shape  # type: ignore[assignment]
        self._expressions: list[Expression] = []
        for node in nodes:
            self.add(node)

    def add(self, node: Node) -> None:
        """Take a node of the same shape in."""
        made = {v for n in self.nodes for v in n.outputs}
        self.nodes.append(node)
        self._expressions.append(_known_expression(node))
        for value in node.inputs:
            if value not in made and value not in self.reads:
                self.reads.append(value)
        self.writes.extend(node.outputs)

    def settle(self, fetched: set[Value]) -> None:
        """Decide what is stored, once the loop is complete."""
        inside = set(self.nodes)
        self.writes = [
            v
            for v in self.writes
            if v in fetched or any(u not in inside for u in v.uses) or not v.uses
        ]
        size = num_elements(self.shape) or 0
        traffic = sum([0.12 if size_of(v) == size else 0.02 for v in [*self.reads, *self.writes]])
        self.cost = size * (sum(e.cost for e in self._expressions) + traffic) / 1000
        axes = self._axes()
        self.extent = axes[0][0]
        self.unit = 16 if len(axes) == 1 else 1

    def _axes(self) -> _Axes:
        """Dimensions with each operand's stride; those that run on into each other are joined."""
        axes: _Axes = []
        for size, steps in self._dimensions():
            if size == 1:
                continue
            if axes:
                before, outer = axes[-1]
                if all(o == s * size for o, s in zip(outer, steps, strict=True)):
                    axes[-1] = (before * size, steps)
                    continue
            axes.append((size, steps))
        return axes or [(1, [0] * (len(self.reads) + len(self.writes)))]

    def _dimensions(self) -> _Axes:
        operands = [*self.reads, *self.writes]
        strides = [_strides(v.shape, self.shape) for v in operands]  # type: ignore[arg-type]
        return [(size, [s[d] for s in strides]) for d, size in enumerate(self.shape)]

    def lines(self, table: Table) -> list[str]:
        axes = self._axes()
        return self._passes(table, axes, ["lo, hi", *[str(size) for size, _ in axes[1:]]], {})

    def part(self, table: Table, by_rows: bool, instead: dict[Value, Value]) -> list[str]:
        """The same for some rows or columns of a matrix, from `lo` to `hi`.

        Parameters
        ----------
        table : Table
            The table of addresses.
        by_rows : bool
            Whether they are rows.
        instead : dict of Value to Value
            Values that lie in the memory of others.
        """
        axes = self._dimensions()
        ranges = [str(size) for size, _ in axes]
        ranges[not by_rows] = "lo, hi"
        return self._passes(table, axes, ranges, instead)

    def _passes(
        self, table: Table, axes: _Axes, ranges: list[str], instead: dict[Value, Value]
    ) -> list[str]:
        operands = [*self.reads, *self.writes]
        # Compilers see that two operands lie in the same memory if it has one name.
        lies = {v: operands.index(instead.get(v, v)) for v in operands}
        found = [f"p{i} = {table.pointer(v)}" for i, v in enumerate(operands) if lies[v] == i]
        texts: dict[Value, str] = {}
        for i, v in enumerate(self.reads):  # what is the same for all elements is read once
            if not any(steps[i] for _, steps in axes):
                texts[v] = f"c{i}"
                found.append(f"c{i} = {loaded(f'p{i}[0]', v.dtype.np_dtype)}")
        for d, limits in enumerate(ranges):
            found.append(f"{'    ' * d}for i{d} in range({limits}):")
        places = {v: f"p{lies[v]}[{_place(axes, i)}]" for i, v in enumerate(operands)}
        return found + ["    " * len(axes) + line for line in self._body(texts, places)]

    def _body(self, texts: dict[Value, str], places: dict[Value, str]) -> list[str]:
        """What is done with one element, whose operands lie in some places.

        `texts` has the names of values that are known already.
        """
        found = []
        for v in self.reads:
            if v not in texts:
                texts[v] = f"r{len(texts)}"
                found.append(f"{texts[v]} = {loaded(places[v], v.dtype.np_dtype)}")
        for node, expression in zip(self.nodes, self._expressions, strict=True):
            value = node.outputs[0]
            dtype = value.dtype.np_dtype
            inputs = [texts[v] for v in node.inputs]
            texts[value] = f"r{len(texts)}"
            found.append(f"{texts[value]} = {written(expression.text, inputs, dtype)}")
            if value in places:
                found.append(f"{places[value]} = {stored(texts[value], dtype)}")
        return found


def _strides(shape: tuple[int, ...], whole: tuple[int, ...]) -> list[int]:
    """How far an element is from the next one in each dimension of a shape it broadcasts to."""
    found = []
    step = 1
    padded = (1,) * (len(whole) - len(shape)) + shape
    for dim in reversed(padded):
        found.append(0 if dim == 1 else step)
        step *= dim
    return found[::-1]


def _place(axes: _Axes, operand: int) -> str:
    """The place of an operand's element, by the counters ``i0``, ``i1`` and so on."""
    steps = [(d, steps[operand]) for d, (_, steps) in enumerate(axes) if steps[operand]]
    return " + ".join([f"i{d}" if step == 1 else f"i{d} * {step}" for d, step in steps]) or "0"


class Mapped(Statement):
    """A function of NumPy's, applied to each element by NumPy's own loop."""

    def __init__(self, nodes: list[Node]) -> None:
        super().__init__(nodes)
        self._expression = _known_expression(nodes[0])
        self.extent, self.unit = size_of(nodes[0].outputs[0]), 64
        self.cost = self.extent * self._expression.cost / 1000

    def lines(self, table: Table) -> list[str]:
        x, y = self.nodes[0].inputs[0], self.nodes[0].outputs[0]
        dtype = y.dtype.np_dtype
        width, expression = dtype.itemsize, self._expression
        assert expression.loop is not None
        source, target = (f"{table.address(v)} + lo * {width}" for v in (x, y))
        found = [f"x = {table.pointer(x)}", f"y = {table.pointer(y)}"]
        if expression.before != "{0}":
            text = written(expression.before, ["x[i]"], dtype)
            found += ["for i in range(lo, hi):", f"    y[i] = {text}"]
            source = target
        loop = table.loop(expression.loop, dtype)
        found.append(f"apply({loop}, {source}, {target}, hi - lo, {width})")
        if expression.text != "{0}":
            text = written(expression.text, ["y[i]"], dtype)
            found += ["for i in range(lo, hi):", f"    y[i] = {text}"]
        return found


class Scalar(Statement):
    """A node of single numbers: a line of the region's own function."""

    def __init__(self, nodes: list[Node]) -> None:
        super().__init__(nodes)
        self._expression = _known_expression(nodes[0])
        self.cost = self._expression.cost / 1000

    def named(self, name: str, names: dict[Value, str], table: Table) -> list[str]:
        """Lines that give the node's value a name, of named inputs."""
        node, expression = self.nodes[0], self._expression
        dtype = node.outputs[0].dtype.np_dtype
        inputs = [names[v] for v in node.inputs]
        if expression.loop is None:
            return [f"{name} = {written(expression.text, inputs, dtype)}"]
        before = written(expression.before, inputs, dtype)
        loop = table.loop(expression.loop, dtype)
        return [
            f"{name} = apply_{KINDS[dtype.name]}({loop}, {before})",
            f"{name} = {written(expression.text, [name], dtype)}",
        ]

    def lines(self, table: Table) -> list[str]:
        raise NotImplementedError  # it has no function of its own
