"""What a compiled region does, one statement after the other, and the text of each."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, Final

import numpy as np

from skflow.graph.ops._updates import UPDATE_RULES
from skflow.graph.shapes import num_elements
from skflow.graph.summation import FEW_ROWS, blocks_of
from skflow.runtime.jit.expressions import (
    DIRECTIONS,
    EXPRESSIONS,
    KINDS,
    UPDATES,
    Expression,
    number,
    written,
)
from skflow.runtime.jit.table import STATUS, Table
from skflow.runtime.passes import roles
from skflow.runtime.products import is_outer, laid_out, parts_of
from skflow.runtime.steps import Node, Value

_CHUNK: Final = 15.0  # microseconds of work that threads take at a time
_MOST_CHUNKS: Final = 8
_PRODUCTS: Final = {"float32": 90.0, "float64": 45.0}  # multiply-adds in a nanosecond
_SELECT: Final = Expression("({1} if {0} else {2})", frozenset(KINDS))
_REDUCTIONS: Final = ("Sum", "Mean")
_SOFTMAX: Final = ("Softmax", "LogSoftmax", "SparseSoftmaxCrossEntropyWithLogits")
_MOST_CLASSES: Final = 48  # with more, NumPy sums their exponentials in another order


class Statement(ABC):
    """Some of a region's nodes, computed together.

    Parameters
    ----------
    nodes : list of Node
        In their order.

    Attributes
    ----------
    reads, writes : list of Value
        What it takes from memory and what it leaves there; variables by their references.
    cost : float
        Microseconds on one core, roughly.
    extent, unit : int
        How many pieces it can be cut into, and of how many a part must be a multiple.
    """

    checks: bool = False  # whether it may find something wrong with what it is given
    _ends: list[int] | None = None

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.reads: list[Value] = [v for n in nodes for v in n.inputs]
        self.writes: list[Value] = [v for n in nodes for v in n.outputs]
        self.cost = 0.0
        self.extent = 1
        self.unit = 1

    @abstractmethod
    def lines(self, table: Table) -> list[str]:
        """The body of ``def statement(P, t, lo, hi)`` for the pieces from `lo` to `hi`."""

    @property
    def ends(self) -> list[int]:
        """Where the parts end that threads take: always the same, so that results are the same."""
        if self._ends is None:
            count = max(1, min(int(self.cost / _CHUNK), _MOST_CHUNKS, self.extent // self.unit))
            step = -(-self.extent // count // self.unit) * self.unit
            self._ends = [*range(step, self.extent, step), self.extent]
        return self._ends


def _name(value: Value) -> str:
    return value.dtype.np_dtype.name


def _size(value: Value) -> int:
    return num_elements(value.shape) or 0


def _strides(shape: tuple[int, ...], whole: tuple[int, ...]) -> list[int]:
    """How far an element is from the next one in each dimension of a shape it broadcasts to."""
    found = []
    step = 1
    padded = (1,) * (len(whole) - len(shape)) + shape
    for dim in reversed(padded):
        found.append(0 if dim == 1 else step)
        step *= dim
    return found[::-1]


# ---- elementwise loops ------------------------------------------------------------------------


def expression_of(node: Node) -> Expression | None:
    """The expression of an elementwise node, if kernels have one for its types."""
    kind = node.definition.type
    names = [_name(v) for v in node.inputs]
    if any(n not in KINDS for n in [*names, *[_name(v) for v in node.outputs]]):
        return None
    if kind == "Select":
        same = all(v.shape == node.outputs[0].shape for v in node.inputs)
        return _SELECT if same else None
    if kind == "AddN":
        if any(n not in ("float32", "float64") for n in names):
            return None
        return Expression(" + ".join([f"{{{i}}}" for i in range(len(names))]))
    found = EXPRESSIONS.get(kind)
    if found is None or any(n not in found.types for n in names):
        return None
    if kind == "Cast" and names[0][0] == "f" and _name(node.outputs[0])[0] not in "fb":
        return None  # what does not fit is another number in each compiler
    if kind == "BiasAdd" and node.attrs.get("data_format", b"NHWC") not in (b"NHWC", "NHWC"):
        return None
    return found


class Loop(Statement):
    """Elementwise nodes of one shape, in one pass over memory.

    What only the loop itself uses never leaves the processor's registers.
    """

    def __init__(self, nodes: list[Node]) -> None:
        super().__init__([])
        self.shape: tuple[int, ...] = nodes[0].outputs[0].shape  # type: ignore[assignment]
        self.expressions: list[Expression] = []
        self.kept: set[Value] = set()
        for node in nodes:
            self.add(node)

    def add(self, node: Node) -> None:
        """Take a node of the same shape in."""
        expression = expression_of(node)
        assert expression is not None
        made = {v for n in self.nodes for v in n.outputs}
        self.nodes.append(node)
        self.expressions.append(expression)
        self.reads.extend(v for v in node.inputs if v not in made and v not in self.reads)
        self.writes.extend(node.outputs)

    def settle(self, fetched: set[Value]) -> None:
        """Decide what is stored, once the loop is complete."""
        inside = set(self.nodes)
        self.kept = {
            v
            for v in self.writes
            if v in fetched or any(u not in inside for u in v.uses) or not v.uses
        }
        self.writes = [v for v in self.writes if v in self.kept]
        size = num_elements(self.shape) or 0
        traffic = sum([0.12 if _size(v) == size else 0.02 for v in [*self.reads, *self.writes]])
        self.cost = size * (sum(e.cost for e in self.expressions) + traffic) / 1000
        self.extent = self._axes()[0][0]
        self.unit = 16 if len(self._axes()) == 1 else 1

    def _axes(self) -> list[tuple[int, list[int]]]:
        """Dimensions with each operand's stride; those that run on into each other are joined."""
        operands = [*self.reads, *[v for v in self.writes if v in self.kept]]
        strides = [_strides(v.shape, self.shape) for v in operands]  # type: ignore[arg-type]
        axes: list[tuple[int, list[int]]] = []
        for d, size in enumerate(self.shape):
            steps = [s[d] for s in strides]
            if size == 1:
                continue
            if axes:
                before, outer = axes[-1]
                if all(o == s * size for o, s in zip(outer, steps, strict=True)):
                    axes[-1] = (before * size, steps)
                    continue
            axes.append((size, steps))
        return axes or [(1, [0] * len(operands))]

    def lines(self, table: Table) -> list[str]:
        axes = self._axes()
        operands = [*self.reads, *[v for v in self.writes if v in self.kept]]
        names = {v: f"p{i}" for i, v in enumerate(operands)}
        found = [f"{names[v]} = {table.pointer(v)}" for v in operands]
        fixed = {}
        for i, v in enumerate(operands):
            if not any(steps[i] for _, steps in axes) and v in self.reads:
                fixed[v] = f"c{i}"
                found.append(f"c{i} = {_loaded(v, f'p{i}[0]')}")
        indent = ""
        at: list[list[str]] = [[] for _ in operands]
        for d, (size, steps) in enumerate(axes):
            bounds = "lo, hi" if d == 0 else f"{size}"
            found.append(f"{indent}for i{d} in range({bounds}):")
            indent += "    "
            for i, step in enumerate(steps):
                if step:
                    at[i].append(f"i{d}" if step == 1 else f"i{d} * {step}")
        places = {v: " + ".join(at[i]) or "0" for i, v in enumerate(operands)}
        texts = dict(fixed)
        for v in self.reads:
            if v not in fixed:
                texts[v] = f"r{len(texts)}"
                found.append(f"{indent}{texts[v]} = {_loaded(v, f'{names[v]}[{places[v]}]')}")
        for node, expression in zip(self.nodes, self.expressions, strict=True):
            value = node.outputs[0]
            inputs = [texts[v] for v in node.inputs]
            texts[value] = f"r{len(texts)}"
            text = written(expression.text, inputs, value.dtype.np_dtype)
            found.append(f"{indent}{texts[value]} = {text}")
            if value in self.kept:
                found.append(f"{indent}{names[value]}[{places[value]}] = {_stored(value, texts)}")
        return found


def _loaded(value: Value, text: str) -> str:
    return f"{text} != 0" if _name(value) == "bool" else text


def _stored(value: Value, texts: dict[Value, str]) -> str:
    return f"np.uint8({texts[value]})" if _name(value) == "bool" else texts[value]


class Mapped(Statement):
    """A function of NumPy's, applied to each element by NumPy's own loop."""

    def __init__(self, nodes: list[Node]) -> None:
        super().__init__(nodes)
        found = expression_of(nodes[0])
        assert found is not None
        self._expression = found
        self.extent, self.unit = _size(nodes[0].outputs[0]), 64
        self.cost = self.extent * found.cost / 1000

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
        found = expression_of(nodes[0])
        assert found is not None
        self.expression = found
        self.cost = found.cost / 1000

    def named(self, name: str, names: dict[Value, str], table: Table) -> list[str]:
        """Lines that give the node's value a name, of named inputs."""
        node = self.nodes[0]
        dtype = node.outputs[0].dtype.np_dtype
        inputs = [names[v] for v in node.inputs]
        if self.expression.loop is None:
            return [f"{name} = {written(self.expression.text, inputs, dtype)}"]
        before = written(self.expression.before, inputs, dtype)
        loop = table.loop(self.expression.loop, dtype)
        return [
            f"{name} = apply_{KINDS[dtype.name]}({loop}, {before})",
            f"{name} = {written(self.expression.text, [name], dtype)}",
        ]

    def lines(self, table: Table) -> list[str]:
        raise NotImplementedError  # it has no function of its own


# ---- matrix products --------------------------------------------------------------------------


class Product(Statement):
    """A product of matrices: the BLAS library's, of rows or columns that threads share."""

    def __init__(self, nodes: list[Node]) -> None:
        super().__init__(nodes)
        node = nodes[0]
        self._a, self._ta = _stored_matrix(node.inputs[0], node.attrs["transpose_a"])
        self._b, self._tb = _stored_matrix(node.inputs[1], node.attrs["transpose_b"])
        shape: Any = node.outputs[0].shape
        self._m: int = shape[0]
        self._n: int = shape[1]
        self._k = self._a[0] if self._ta else self._a[1]
        rate = _PRODUCTS[_name(node.inputs[0])]
        count = self._m * self._n * self._k
        vector = 1 in (self._m, self._n)
        self.cost = 1.0 + (count / 5 if vector else count / rate) / 1000
        # It is cut as the plan's steps in NumPy cut it: results hang on where.
        cut = parts_of(self.nodes[0])
        self._by_rows = cut is None or cut.by_rows
        whole = 1 if 1 in (self._m, self._n) else self._m
        self._ends = [whole] if cut is None else cut.ends

    @property
    def by_rows(self) -> bool:
        """Whether it is cut into parts that lie one after the other."""
        return len(self.ends) > 1 and self._by_rows

    def lines(self, table: Table) -> list[str]:
        a, b = self.nodes[0].inputs
        c = self.nodes[0].outputs[0]
        name = _name(a)
        width = c.dtype.np_dtype.itemsize
        found = [f"a = {table.address(a)}", f"b = {table.address(b)}", f"c = {table.address(c)}"]
        letter = "s" if name == "float32" else "d"
        one, zero = number(c.dtype.np_dtype, 1), number(c.dtype.np_dtype, 0)
        if 1 in (self._m, self._n):
            x, (rows, columns), turned = ("b", self._a, self._ta)
            matrix = "a"
            if self._n != 1:
                x, matrix, (rows, columns), turned = "a", "b", self._b, not self._tb
            function, at = table.blas(f"{letter}gemv")
            order = 112 if turned else 111
            call = (
                f"(101, {order}, {rows}, {columns}, {one}, {matrix}, {columns}, {x}, 1, {zero}, "
                "c, 1)"
            )
            return [*found, f"{function}({at}, {call})"]
        m, n = str(self._m), str(self._n)
        if self._by_rows:
            found.append(f"a += lo * {width * (1 if self._ta else self._a[1])}")
            found.append(f"c += lo * {width * self._n}")
            m = "hi - lo"
        else:
            found.append(f"b += lo * {width * (self._b[1] if self._tb else 1)}")
            found.append(f"c += lo * {width}")
            n = "hi - lo"
        function, at = table.blas(f"{letter}gemm")
        orders = f"{112 if self._ta else 111}, {112 if self._tb else 111}"
        call = (
            f"(101, {orders}, {m}, {n}, {self._k}, {one}, a, {self._a[1]}, b, {self._b[1]}, "
            f"{zero}, c, {self._n})"
        )
        return [*found, f"{function}({at}, {call})"]


class Outer(Statement):
    """The product of a column and a row."""

    def __init__(self, nodes: list[Node]) -> None:
        super().__init__(nodes)
        shape: Any = nodes[0].outputs[0].shape
        self.extent, self._width = shape
        self.cost = self.extent * self._width * 0.15 / 1000

    def lines(self, table: Table) -> list[str]:
        a, b = self.nodes[0].inputs
        return [
            f"a = {table.pointer(a)}",
            f"b = {table.pointer(b)}",
            f"c = {table.pointer(self.nodes[0].outputs[0])}",
            "for i in range(lo, hi):",
            f"    for j in range({self._width}):",
            f"        c[i * {self._width} + j] = a[i] * b[j]",
        ]


def _stored_matrix(value: Value, turned: bool) -> tuple[tuple[int, int], bool]:
    """Rows and columns of a matrix as it lies in memory, and whether it is used transposed."""
    rows, columns = value.shape  # type: ignore[misc]
    if value.const is not None:
        array = laid_out(value)
        if array.flags.f_contiguous and not array.flags.c_contiguous:
            return (columns, rows), not turned  # type: ignore[return-value]
    return (rows, columns), turned  # type: ignore[return-value]


# ---- reductions -------------------------------------------------------------------------------


def reduction_of(node: Node) -> tuple[int, int, int] | None:
    """How a reduction's input lies: `outer` x `reduced` x `inner`, if kernels can reduce it."""
    kind = node.definition.type
    if kind not in (*_REDUCTIONS, "BiasAddGrad") or _name(node.inputs[0]) not in _PRODUCTS:
        return None
    shape: tuple[int, ...] = node.inputs[0].shape  # type: ignore[assignment]
    if kind == "BiasAddGrad":
        axes = list(range(len(shape) - 1)) if len(shape) == 2 and shape[1] > 1 else []
    else:
        given = node.inputs[1].const
        if given is None:
            return None
        axes = sorted({int(a) % max(len(shape), 1) for a in np.ravel(given)})
    if not axes or 0 in shape or axes != list(range(axes[0], axes[-1] + 1)):
        return None
    outer = math.prod(shape[: axes[0]])
    reduced = math.prod(shape[axes[0] : axes[-1] + 1])
    inner = math.prod(shape[axes[-1] + 1 :])
    if outer == inner == 1 and len(axes) < len(shape):
        return None  # a single sum that is not of all is made in a way of its own
    if inner > 1 and (outer > 1 or not _few_blocks(reduced, inner)):
        return None
    return outer, reduced, inner


def _few_blocks(rows: int, width: int) -> bool:
    """Whether the sums of blocks of rows need not be summed by blocks again."""
    if rows <= FEW_ROWS:
        return True
    side, depth, blocks = blocks_of(rows, width)
    return max(blocks * side, rows - blocks * depth * side) <= FEW_ROWS


class Reduction(Statement):
    """Sums or means along axes that lie together, as `skflow.graph.summation` has them."""

    def __init__(self, nodes: list[Node]) -> None:
        super().__init__(nodes)
        shape = reduction_of(nodes[0])
        assert shape is not None
        self.reads = [nodes[0].inputs[0]]
        self._outer, self._reduced, self._inner = shape
        self._whole = self._outer == 1 and len(nodes[0].inputs[0].shape or ()) == _axes_of(nodes[0])
        self.cost = 0.2 + _size(self.reads[0]) * 0.15 / 1000
        self._ends = [1]

    def lines(self, table: Table) -> list[str]:
        out = self.nodes[0].outputs[0]
        dtype = out.dtype.np_dtype
        found = [f"x = {table.address(self.reads[0])}", f"y = {table.address(out)}"]
        if self._inner > 1:
            found += self._columns(table, dtype)
        elif self._whole or self._reduced > FEW_ROWS:
            width = dtype.itemsize
            found += [
                f"z = {KINDS[dtype.name]}(y)",
                f"for i in range({self._outer}):",
                f"    a = x + i * {self._reduced * width}",
                f"    z[i] = total_{KINDS[dtype.name]}(a, {self._reduced})",
            ]
        else:
            found.append(self._product(table, dtype, "x", self._outer, self._reduced, 111, "y"))
        if self.nodes[0].definition.type == "Mean":
            count = self._outer * self._inner
            found += [
                f"z = {KINDS[dtype.name]}(y)",
                f"for i in range({count}):",
                f"    z[i] = z[i] / np.{dtype.name}({self._reduced})",
            ]
        return found

    def _product(
        self, table: Table, dtype: Any, x: str, rows: int, columns: int, order: int, y: str
    ) -> str:
        """A matrix, or with order 112 its transpose, times ones."""
        function, at = table.blas(f"{'s' if dtype.itemsize == 4 else 'd'}gemv")
        one, zero, ones = number(dtype, 1), number(dtype, 0), table.ones(dtype)
        return (
            f"{function}({at}, (101, {order}, {rows}, {columns}, {one}, {x}, {columns}, {ones}, 1, "
            f"{zero}, {y}, 1))"
        )

    def _columns(self, table: Table, dtype: Any) -> list[str]:
        """The sums of blocks of rows as products with ones, then their sums, then the rest's."""
        rows, width = self._reduced, self._inner
        if rows <= FEW_ROWS:
            return [self._product(table, dtype, "x", rows, width, 112, "y")]
        side, depth, blocks = blocks_of(rows, width)
        whole = blocks * depth * side
        bytes_of_row = width * dtype.itemsize
        kind = KINDS[dtype.name]
        found = [f"s = {table.scratch(self, (blocks * side + 1) * bytes_of_row)}"]
        for b in range(blocks):
            x, y = f"x + {b * depth * side * bytes_of_row}", f"s + {b * side * bytes_of_row}"
            found.append(self._product(table, dtype, x, depth, side * width, 112, y))
        found += [
            f"p, q = {kind}(s), {kind}(y)",
            f"for j in range({width}):",
            "    q[j] = p[j]",
            f"for i in range(1, {blocks * side}):",
            f"    for j in range({width}):",
            f"        q[j] += p[i * {width} + j]",
        ]
        if whole < rows:
            x, y = f"x + {whole * bytes_of_row}", f"s + {blocks * side * bytes_of_row}"
            found += [
                self._product(table, dtype, x, rows - whole, width, 112, y),
                f"for j in range({width}):",
                f"    q[j] += p[{blocks * side * width} + j]",
            ]
        return found


def _axes_of(node: Node) -> int:
    """How many axes a reduction sums over."""
    if len(node.inputs) != 2:
        return -1
    given: Any = node.inputs[1].const
    return len({int(a) for a in np.ravel(given)})


# ---- softmax ----------------------------------------------------------------------------------


class Softmax(Statement):
    """Rows of probabilities, and the cross-entropies of them."""

    def __init__(self, nodes: list[Node]) -> None:
        super().__init__(nodes)
        rows, columns = nodes[0].inputs[0].shape  # type: ignore[misc]
        self._type = nodes[0].definition.type
        self._columns: int = columns  # type: ignore[assignment]
        self.extent = rows  # type: ignore[assignment]
        self.cost = 0.5 + _size(nodes[0].inputs[0]) * 3 / 1000
        self.checks = self._type == "SparseSoftmaxCrossEntropyWithLogits"

    def lines(self, table: Table) -> list[str]:
        node = self.nodes[0]
        x = node.inputs[0]
        y = node.outputs[-1]
        found = [f"x = {table.pointer(x)}", f"y = {table.pointer(y)}"]
        if self.checks:
            found.append(f"k = {table.pointer(node.inputs[1])}")
            found.append(f"z = {table.pointer(node.outputs[0])}")
        dtype = x.dtype.np_dtype
        kind, c = KINDS[dtype.name], self._columns
        found += [
            "for i in range(lo, hi):",
            f"    q = i * {c}",
            "    m = x[q]",
            f"    for j in range(1, {c}):",
            "        v = x[q + j]",
            "        m = v if (v > m or v != v) else m",
            f"    for j in range({c}):",
            "        y[q + j] = x[q + j] - m",
        ]
        if self.checks:
            # Labels that no class has: the kernel in NumPy says so, after this one.
            found += [
                f"    if k[i] < 0 or k[i] >= {c}:",
                f"        t[{STATUS}] = 1",
                "        return",
                "    z[i] = y[q + k[i]]",
            ]
        if self._type == "LogSoftmax":
            return [*found, *self._log_softmax(table, dtype)]
        exp, log = table.loop("exp", dtype), table.loop("log", dtype)
        at = f"{table.address(y)} + lo * {c * dtype.itemsize}"
        found += [
            f"apply({exp}, {at}, {at}, (hi - lo) * {c}, {dtype.itemsize})",
            "for i in range(lo, hi):",
            f"    q = i * {c}",
            "    s = y[q]",
            f"    for j in range(1, {c}):",
            "        s += y[q + j]",
            f"    for j in range({c}):",
            "        y[q + j] /= s",
        ]
        if self.checks:
            found += [
                f"    z[i] = apply_{kind}({log}, s) - z[i]",
                f"    y[q + k[i]] -= {number(dtype, 1)}",
            ]
        return found

    def _log_softmax(self, table: Table, dtype: Any) -> list[str]:
        kind, c = KINDS[dtype.name], self._columns
        exp, log = table.loop("exp", dtype), table.loop("log", dtype)
        return [
            f"    s = apply_{kind}({exp}, y[q])",
            f"    for j in range(1, {c}):",
            f"        s += apply_{kind}({exp}, y[q + j])",
            f"    s = apply_{kind}({log}, s)",
            f"    for j in range({c}):",
            "        y[q + j] -= s",
        ]


# ---- variables --------------------------------------------------------------------------------


class Copy(Statement):
    """A gradient brought to where its optimizer reads it."""

    def __init__(self, update: Node, gradient: Value, at: int) -> None:
        super().__init__([])
        self.update = update
        self.reads = [gradient]
        self.at = at
        self.extent, self.unit = _size(gradient), 16
        self.cost = self.extent * 0.15 / 1000

    def lines(self, table: Table) -> list[str]:
        value = self.reads[0]
        width = value.dtype.np_dtype.itemsize
        target = f"{table.gradients(self.update)} + {self.at * width}"
        kind = KINDS[_name(value)]
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
        self.scalars = roles(self.members[0])[1]
        self.slots = len(roles(self.members[0])[0]) - 1
        gradients = [roles(m)[2] for m in self.members]
        self.reads = [*self.scalars, *gradients]
        self.writes = [v for m in self.members for v in roles(m)[0]]
        sizes = [_size(roles(m)[2]) for m in update.members]
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
            for name, value in zip(_scalar_names(self.members[0]), self.scalars, strict=True)
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


def _scalar_names(member: Node) -> list[str]:
    return list(UPDATE_RULES[member.definition.type].scalars)


_ASSIGNS: Final = {"Assign": "x[i]", "AssignAdd": "y[i] + x[i]", "AssignSub": "y[i] - x[i]"}


class Store(Statement):
    """A variable that is given a value, or more, or less."""

    def __init__(self, nodes: list[Node]) -> None:
        super().__init__(nodes)
        self.reads = [nodes[0].inputs[1]]
        self.writes = [nodes[0].inputs[0]]
        self.extent, self.unit = max(_size(self.reads[0]), 1), 16
        self.cost = self.extent * 0.2 / 1000

    def lines(self, table: Table) -> list[str]:
        return [
            f"y = {table.pointer(self.writes[0])}",
            f"x = {table.pointer(self.reads[0])}",
            "for i in range(lo, hi):",
            f"    y[i] = {_ASSIGNS[self.nodes[0].definition.type]}",
        ]


# ---- which nodes are compiled -----------------------------------------------------------------


def statement_of(node: Node) -> type[Statement] | None:
    """The kind of statement that computes a node, or ``None`` if kernels cannot."""
    if node.kind == "update":
        return FlatStep if _flat(node) else None
    if node.kind != "op" or not node.inputs:
        return None
    if not all(v.static and _size(v) for v in node.outputs if v.variable is None):
        return None
    if not all(v.static or v.variable is not None for v in node.inputs):
        return None
    kind = node.definition.type
    if kind in _ASSIGNS:
        return Store if _storable(node) else None
    if any(v.variable is not None for v in [*node.inputs, *node.outputs]):
        return None
    if kind == "MatMul":
        return _product_of(node)
    if kind in _SOFTMAX:
        return Softmax if _rows(node) else None
    if reduction_of(node) is not None:
        return Reduction
    expression = expression_of(node) if len(node.outputs) == 1 else None
    if expression is None:
        return None
    if node.outputs[0].shape == ():
        return Scalar
    return Loop if expression.loop is None else Mapped


def _product_of(node: Node) -> type[Statement] | None:
    """NumPy has columns and rows, and dots of two vectors, multiplied in ways of their own."""
    if _name(node.inputs[0]) not in _PRODUCTS or not _matrices(node):
        return None
    if is_outer(node):
        return Outer
    shape = node.outputs[0].shape or ()
    cut = 1 in shape and parts_of(node) is not None
    return None if cut or shape == (1, 1) else Product


def _matrices(node: Node) -> bool:
    return all(v.shape is not None and len(v.shape) == 2 and _size(v) for v in node.inputs)


def _rows(node: Node) -> bool:
    x = node.inputs[0]
    if x.shape is None or len(x.shape) != 2 or _name(x) not in _PRODUCTS:
        return False
    if not 0 < (x.shape[1] or 0) <= _MOST_CLASSES or x.shape[0] == 1:
        return False  # NumPy sums the classes of a single row by pairs
    if len(node.inputs) == 1:
        return True
    return node.inputs[1].shape == x.shape[:1] and _name(node.inputs[1]) in ("int32", "int64")


def _storable(node: Node) -> bool:
    reference, value = node.inputs
    alike = reference.variable is not None and reference.shape == value.shape
    return alike and _name(value) in KINDS and value.dtype is reference.dtype.base_dtype


def _flat(node: Node) -> bool:
    member = node.members[0]
    kind = member.definition.type
    gradient = roles(member)[2]
    if kind not in UPDATES or _name(gradient) not in ("float32", "float64"):
        return False
    return all(_name(s) in ("float32", "float64") for s in roles(member)[1])
