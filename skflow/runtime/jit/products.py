"""Products of matrices: the BLAS library's own, and those of a column and a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from skflow.runtime.jit.expressions import FLOATS, number
from skflow.runtime.jit.statements import Statement, name_of, size_of
from skflow.runtime.jit.table import Table
from skflow.runtime.products import is_outer, laid_out, parts_of
from skflow.runtime.steps import Node, Value

if TYPE_CHECKING:
    import numpy as np

_RATES: Final = {"float32": 90.0, "float64": 45.0}  # multiply-adds in a nanosecond
_LETTERS: Final = {"float32": "s", "float64": "d"}
_ROW_MAJOR: Final = 101  # in the library's enumerations


def product_of(node: Node) -> type[Statement] | None:
    """The statement that computes a product of matrices; ``None`` if there is none.

    NumPy has columns and rows, and dots of two vectors, multiplied in ways of their own.
    """
    if node.definition.type != "MatMul" or name_of(node.inputs[0]) not in FLOATS:
        return None
    if not all(v.shape is not None and len(v.shape) == 2 and size_of(v) for v in node.inputs):
        return None
    if is_outer(node):
        return Outer
    shape = node.outputs[0].shape or ()
    cut = 1 in shape and parts_of(node) is not None
    return None if cut or shape == (1, 1) else Product


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
        self._of_vector = 1 in (self._m, self._n)
        rate = 5 if self._of_vector else _RATES[name_of(node.inputs[0])]
        self.cost = 1.0 + self._m * self._n * self._k / rate / 1000
        # It is cut as the plan's steps in NumPy cut it: results hang on where.
        cut = parts_of(node)
        self._cut_by_rows = cut is None or cut.by_rows
        self._ends = [1 if self._of_vector else self._m] if cut is None else cut.ends

    @property
    def by_rows(self) -> bool:
        """Whether it is cut into parts that lie one after the other."""
        return len(self.ends) > 1 and self._cut_by_rows

    def lines(self, table: Table) -> list[str]:
        return self.lines_into(self.nodes[0].outputs[0], table)

    def lines_into(self, c: Value, table: Table) -> list[str]:
        """The same for a product that is put where another value lies."""
        a, b = self.nodes[0].inputs
        found = [f"a = {table.address(a)}", f"b = {table.address(b)}", f"c = {table.address(c)}"]
        dtype = c.dtype.np_dtype
        if not self._of_vector:
            return [*found, *self._part(dtype.itemsize), self._call(table, dtype)]
        if self._n == 1:
            return [*found, times_vector(table, dtype, "a", self._a, self._ta, "b", "c")]
        return [*found, times_vector(table, dtype, "b", self._b, not self._tb, "a", "c")]

    def _part(self, width: int) -> list[str]:
        """Lines that go on to where the part's rows or columns begin."""
        if self._cut_by_rows:
            rows = width * (1 if self._ta else self._a[1])
            return [f"a += lo * {rows}", f"c += lo * {width * self._n}"]
        columns = width * (self._b[1] if self._tb else 1)
        return [f"b += lo * {columns}", f"c += lo * {width}"]

    def _call(self, table: Table, dtype: np.dtype[Any]) -> str:
        m, n = ("hi - lo", self._n) if self._cut_by_rows else (self._m, "hi - lo")
        function, at = table.blas(f"{_LETTERS[dtype.name]}gemm")
        return (
            f"{function}({at}, ({_ROW_MAJOR}, {_order(self._ta)}, {_order(self._tb)}, {m}, {n}, "
            f"{self._k}, {number(dtype, 1)}, a, {self._a[1]}, b, {self._b[1]}, "
            f"{number(dtype, 0)}, c, {self._n}))"
        )


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


def times_vector(
    table: Table,
    dtype: np.dtype[Any],
    matrix: str,
    shape: tuple[int, int],
    turned: bool,
    vector: str | None,
    out: str,
) -> str:
    """The call that multiplies a matrix, or its transpose, by a vector.

    Parameters
    ----------
    table : Table
        The table of addresses.
    dtype : numpy.dtype
        float32 or float64.
    matrix, vector, out : str
        Expressions of addresses; without a vector there are ones in its place.
    shape : tuple of int
        The rows and columns of the matrix as it lies in memory.
    turned : bool
        Whether it is to be transposed.
    """
    function, at = table.blas(f"{_LETTERS[dtype.name]}gemv")
    vector = table.ones(dtype) if vector is None else vector
    rows, columns = shape
    return (
        f"{function}({at}, ({_ROW_MAJOR}, {_order(turned)}, {rows}, {columns}, "
        f"{number(dtype, 1)}, {matrix}, {columns}, {vector}, 1, {number(dtype, 0)}, {out}, 1))"
    )


def _order(turned: bool) -> int:
    """The library's number for a matrix that is to be transposed, or not."""
    return 112 if turned else 111


def _stored_matrix(value: Value, turned: bool) -> tuple[tuple[int, int], bool]:
    """Rows and columns of a matrix as it lies in memory, and whether it is used transposed."""
    rows, columns = value.shape  # type: ignore[misc]
    if value.const is not None:
        array = laid_out(value)
        if array.flags.f_contiguous and not array.flags.c_contiguous:
            return (columns, rows), not turned  # type: ignore[return-value]
    return (rows, columns), turned  # type: ignore[return-value]
