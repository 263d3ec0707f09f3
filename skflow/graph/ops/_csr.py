"""Sparse matrices: checked and ordered once, multiplied without being filled in."""

from __future__ import annotations

from typing import Any, Final, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from skflow.errors import InvalidArgumentError
from skflow.graph.dtypes import Array
from skflow.graph.lazy import LazyModule, sparse
from skflow.graph.ops._arrays import invalid
from skflow.graph.shapes import shape_brackets

_LONG: Final = 1024  # terms up to which a sum may be left to single precision
_MANY: Final = 4  # entries a row from which a search for the rows' ends is quicker than counting
# What SciPy's products call. These add to memory that is there: to allocate a large product, have
# it faulted in, copy it to its place and give it back takes longer than to compute it.
_kernels = LazyModule("scipy.sparse._sparsetools")

Shape = tuple[int, int]


class _Groups(NamedTuple):
    """Entries side by side that have the same row, or the same column: groups in their order."""

    order: Array | None
    """Where the entries stood before, if they stood otherwise."""
    starts: Array
    """Where each group begins, and where the last one ends."""
    others: Array
    """The column (or row) of each entry."""


class _Long(NamedTuple):
    """The sums of a product with too many terms for single precision."""

    sums: Array
    """Which rows of the product they are."""
    entries: Array
    """Where their terms are, in the order of the groups."""
    starts: Array
    """Where the terms of each begin, and where the last one's end."""
    others: Array
    """The row of the dense factor that each term takes."""


class Pattern:
    """Where the entries of a sparse matrix are, ready for products.

    What a product needs is found at the first one and kept for the next.

    Parameters
    ----------
    indices : numpy.ndarray of int64, shape (N, 2)
        Row and column of each entry, in any order; an entry may be given in parts.
    shape : (int, int)
        The matrix's shape.
    lasting : bool
        Whether many products are going to be taken: then the entries are put in the order of
        the longer side, else in that of the rows.

    Notes
    -----
    A product either gathers, row after row of it, or scatters, entry after entry. With entries
    in the order of the matrix's longer side the larger one of the two dense matrices is passed
    through once, from front to end, while the smaller one stays in the cache.
    """

    def __init__(self, indices: Array, shape: Shape, lasting: bool = False) -> None:
        self.indices = indices
        self.shape = shape
        self._axis = int(lasting and shape[1] > shape[0])  # what is grouped: rows (0), columns (1)
        self._groups: _Groups | None = None
        self._long: dict[bool, _Long | None] = {}
        self._held: tuple[Array, Array | None] | None = None

    def hold(self, values: Array) -> None:
        """Note entries that never change: they are put in order once."""
        if self._held is None or self._held[0] is not values:
            self._held = values, None

    def product(
        self, values: Array, dense: Array, adjoint: bool, out: Array | None = None
    ) -> Array:
        """The matrix (or its conjugate transpose) with the given entries, times a dense one.

        Parameters
        ----------
        values : numpy.ndarray, shape (N,)
            The entries.
        dense : numpy.ndarray, shape (k, n)
            The other factor, of the same type.
        adjoint : bool
            Whether to take the conjugate transpose.
        out : numpy.ndarray, shape (m, n), optional
            Where to put the product, of the same type.

        Returns
        -------
        numpy.ndarray, shape (m, n)

        Raises
        ------
        InvalidArgumentError
            If an index lies outside the matrix, or `out` is of another shape.
        """
        groups = self._grouped(adjoint)
        values = self._ordered(values, groups.order)
        if adjoint:
            values = values.conj()
        size = self.shape[int(adjoint)], dense.shape[1]
        if out is not None and out.shape != size:
            raise invalid(
                f"The product has shape {shape_brackets(size)}, but its place has shape "
                f"{shape_brackets(out.shape)}"
            )
        kind = values.dtype
        work = np.dtype(np.float32) if kind == np.float16 else kind
        found = _zeros(size, work, out)
        factors = values.astype(work, copy=False), dense.astype(work, copy=False)
        _add(groups, *factors, self._axis == adjoint, found)
        if work.char in "fF":
            self._mend(found, groups, values, dense, adjoint)
        if out is None or found is out:
            return found.astype(kind, copy=False)
        np.copyto(out, found)
        return out

    def _grouped(self, adjoint: bool) -> _Groups:
        if self._groups is None:
            groups = _by_row(self.indices, self.shape, adjoint)
            self._groups = _by_column(groups, self.shape) if self._axis else groups
        return self._groups

    def _ordered(self, values: Array, order: Array | None) -> Array:
        if order is None:
            return values
        held = self._held
        if held is None or held[0] is not values:
            return values[order]
        found = held[1]
        if found is None:
            found = values[order]
            self._held = values, found
        return found

    def _mend(
        self, found: Array, groups: _Groups, values: Array, dense: Array, adjoint: bool
    ) -> None:
        """Take sums of more than `_LONG` terms again: SciPy adds one term after the other."""
        count, most = self.shape[::-1] if adjoint else self.shape
        if most <= _LONG:
            return
        if adjoint not in self._long:
            self._long[adjoint] = _long_sums(groups, count, self._axis == adjoint)
        long = self._long[adjoint]
        if long is not None:
            wide = np.result_type(values.dtype, np.float64)
            terms, factor = values[long.entries].astype(wide), dense.astype(wide)
            part = np.zeros((len(long.sums), dense.shape[1]), wide)
            _add(_Groups(None, long.starts, long.others), terms, factor, True, part)
            found[long.sums] = part


_constants: Final[WeakValueDictionary[tuple[int, Shape], Pattern]] = WeakValueDictionary()


def constant_pattern(indices: Array, shape: Shape) -> Pattern:
    """The pattern of indices that never change: one for all the products with it.

    Parameters
    ----------
    indices : numpy.ndarray of int64, shape (N, 2)
        As in `Pattern`; told by its identity.
    shape : (int, int)
        The matrix's shape.
    """
    key = id(indices), shape  # the pattern keeps the array, and so the array its identity
    found = _constants.get(key)
    if found is None:
        found = _constants[key] = Pattern(indices, shape, lasting=True)
    return found


# ---- order ----------------------------------------------------------------------------------


def _by_row(indices: Array, shape: Shape, adjoint: bool) -> _Groups:
    """The entries in the order of rows; InvalidArgumentError if an index is outside."""
    # A copy: nobody can change what has been checked. SciPy's kernels do not look.
    rows, columns = indices.T.copy()
    in_order = not (rows[1:] < rows[:-1]).any()
    if rows.size > 0:
        extremes = rows[[0, -1]] if in_order else rows
        if not (_within(extremes, shape[0]) and _within(columns, shape[1])):
            raise _out_of_bounds(rows, columns, shape, adjoint)
    kind = np.int32 if max(*shape, rows.size) < 2**31 else np.int64
    if in_order:
        return _Groups(None, _starts(rows, shape[0]).astype(kind), columns.astype(kind))
    # One entry a row: SciPy's change of format counts where NumPy would compare.
    parts = np.ones(rows.size, np.int8), rows, np.arange(rows.size + 1)
    found = sparse.csr_matrix(parts, shape=(rows.size, shape[0])).tocsc()
    return _Groups(found.indices, found.indptr.astype(kind), columns[found.indices].astype(kind))


def _by_column(groups: _Groups, shape: Shape) -> _Groups:
    """Entries that are in the order of rows in that of columns."""
    order, starts, others = groups
    if order is None:
        order = np.arange(len(others), dtype=others.dtype)
    found = sparse.csr_matrix((order, others, starts), shape=shape).tocsc()
    kind = others.dtype
    return _Groups(found.data, found.indptr.astype(kind), found.indices.astype(kind))


def _starts(rows: Array, count: int) -> Array:
    """Where each row's entries begin, and where the last row's end; rows are in order."""
    if rows.size > _MANY * count:
        return np.searchsorted(rows, np.arange(count + 1))
    starts = np.zeros(count + 1, np.intp)
    np.cumsum(np.bincount(rows, minlength=count), out=starts[1:])
    return starts


def _within(index: Array, limit: int) -> bool:
    # Seen as unsigned, negative indices are too large as well.
    return bool(index.view(np.uint64).max() < np.uint64(limit))


def _out_of_bounds(
    rows: Array, columns: Array, shape: Shape, adjoint: bool
) -> InvalidArgumentError:
    """What to say of the first index that lies outside the matrix, inner ones before outer."""
    outer, inner = (columns, rows) if adjoint else (rows, columns)
    m, k = shape[::-1] if adjoint else shape
    index, limit, name = (outer, m, "m") if _within(inner, k) else (inner, k, "k")
    at = int(np.argmax(index.view(np.uint64) >= np.uint64(limit)))
    column = int((name == "k") != adjoint)
    return invalid(f"{name} ({index[at]}) from index[{at},{column}] out of bounds (>={limit})")


def _long_sums(groups: _Groups, count: int, gathers: bool) -> _Long | None:
    """The sums of more than `_LONG` terms among the `count` rows of a product, if there are any."""
    lengths = np.diff(groups.starts)
    terms = lengths if gathers else np.bincount(groups.others, minlength=count)
    is_long = terms > _LONG
    if not is_long.any():
        return None
    group = np.repeat(np.arange(len(lengths), dtype=groups.others.dtype), lengths)
    sums, others = (group, groups.others) if gathers else (groups.others, group)
    entries = np.flatnonzero(is_long[sums])
    if not gathers:
        entries = entries[np.argsort(sums[entries], kind="stable")]
    starts = np.append(0, np.cumsum(terms[is_long])).astype(others.dtype)
    return _Long(np.flatnonzero(is_long), entries, starts, others[entries])


# ---- products -------------------------------------------------------------------------------


def _zeros(size: Shape, kind: np.dtype[Any], place: Array | None) -> Array:
    """Zeros, in the place if it will do."""
    if place is None or place.dtype != kind or not place.flags.c_contiguous:
        return np.zeros(size, kind)
    place.fill(0)
    return place


def _add(groups: _Groups, values: Array, dense: Array, gathers: bool, found: Array) -> None:
    """Add a product to an array in C order: groups are its rows, or those of the dense factor."""
    rows, inner, width = len(found), *dense.shape
    parts = groups.starts, groups.others, values
    matrix = "csr" if gathers else "csc"
    try:
        kernel = getattr(_kernels, f"{matrix}_matvec" if width == 1 else f"{matrix}_matvecs")
    except (ImportError, AttributeError):  # they are SciPy's own affair; its matrices are public
        kind = getattr(sparse, f"{matrix}_matrix")
        found += kind((values, groups.others, groups.starts), shape=(rows, inner)) @ dense
        return
    sizes = (rows, inner) if width == 1 else (rows, inner, width)
    kernel(*sizes, *parts, dense.reshape(-1), found.reshape(-1))


def check_parts(indices: Array, values: Array, shape: Array, dense: Array, inner: Any) -> None:
    """Raise InvalidArgumentError unless a sparse matrix's parts fit one another and `dense`.

    Parameters
    ----------
    indices, values, shape : numpy.ndarray
        The sparse matrix's parts.
    dense : numpy.ndarray
        The other factor.
    inner : tuple of int
        The positions, in `shape` and in ``dense.shape``, of the sizes that must be equal.
    """
    if dense.ndim != 2:
        raise invalid("Tensor 'b' is not a matrix")
    if shape.ndim != 1:
        raise invalid("Tensor 'a_shape' is not a vector")
    if shape.size != 2:
        raise invalid("Tensor 'a_shape' must have 2 elements")
    if values.ndim != 1:
        raise invalid("Tensor 'a_values' is not a vector")
    if indices.ndim != 2:
        raise invalid("Tensor 'a_indices' is not a matrix")
    if len(indices) != len(values):
        raise invalid("Number of rows of a_indices does not match number of entries in a_values")
    if indices.shape[1] != 2:
        raise invalid("Number of columns of a_indices does not match number of entries in a_shape")
    if shape[inner[0]] != dense.shape[inner[1]]:
        raise invalid(
            "Cannot multiply A and B because inner dimension does not match: "
            f"{shape[inner[0]]} vs. {dense.shape[inner[1]]}.  Did you forget a transpose?  "
            f"Dimensions of A: [{shape[0]}, {shape[1]}).  Dimensions of B: "
            f"{shape_brackets(dense.shape)}"
        )
