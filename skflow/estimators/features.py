"""Features, as values and as tensors: numbers, dense or sparse, and codes of categories."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

import skflow as tf
from skflow.train.batches import Chosen

Array = NDArray[Any]
_LARGE: Final = 1 << 26  # bytes of dense numbers that are not copied to set rows aside
Column = Any  # an ndarray, or anything else that `Batches` takes


@dataclass(frozen=True)
class FeatureSpec:
    """What features look like, whatever their values.

    Attributes
    ----------
    numeric : int
        How many columns hold numbers.
    categories : tuple of int
        How many categories each further column knows. They have the codes from zero on; the
        number itself is the code of anything unknown.
    sparse : bool
        Whether the numbers are fed as a sparse matrix.
    dtype : str
        The numbers' type.
    """

    numeric: int
    categories: tuple[int, ...] = ()
    sparse: bool = False
    dtype: str = "float64"

    @property
    def encoded_columns(self) -> int:
        """How many columns there are when each known category has one of its own."""
        return self.numeric + sum(self.categories)

    def encoded(self) -> FeatureSpec:
        """The look of `Features.encoded`."""
        if not self.categories:
            return self
        return FeatureSpec(self.encoded_columns, (), True, self.dtype)


class SparseRows:
    """The rows of a CSR matrix in the form in which a sparse tensor is fed.

    Parameters
    ----------
    matrix : csr_array of shape (n, d)
        The rows; their indices are sorted and none occurs twice.

    Notes
    -----
    Rows are returned as their entries' coordinates (int64, shape (entries, 2)), the entries'
    values, and the shape of the matrix that they form (int64).
    """

    __slots__ = ("_matrix",)

    def __init__(self, matrix: Any) -> None:
        self._matrix = matrix

    def __len__(self) -> int:
        """The number of rows."""
        return int(self._matrix.shape[0])

    def part(self, rows: slice) -> list[Array]:
        """Rows that lie side by side, whose values are a view.

        Parameters
        ----------
        rows : slice
            Which ones; the step must be one.
        """
        start, stop, _ = rows.indices(len(self))
        stop = max(start, stop)
        ends = self._matrix.indptr[start : stop + 1]
        entries = slice(ends[0], ends[-1])
        return self._fed(np.diff(ends), self._matrix.indices[entries], self._matrix.data[entries])

    def take(self, rows: Array) -> list[Array]:
        """Rows in any order.

        Parameters
        ----------
        rows : ndarray of int, shape (k,)
            Which ones.
        """
        chosen = self._matrix[rows]
        return self._fed(np.diff(chosen.indptr), chosen.indices, chosen.data)

    def _fed(self, lengths: Array, columns: Array, values: Array) -> list[Array]:
        coordinates = np.empty((len(columns), 2), np.int64)
        coordinates[:, 0] = np.repeat(np.arange(len(lengths)), lengths)
        coordinates[:, 1] = columns
        return [coordinates, values, np.array([len(lengths), self._matrix.shape[1]], np.int64)]


@dataclass(frozen=True, slots=True)
class Features:
    """The features of some rows.

    Attributes
    ----------
    numeric : ndarray in C order or csr_array, shape (n, d)
        The numbers. A sparse matrix has sorted indices, none of them twice.
    codes : ndarray of int64, shape (n, c), optional
        The codes of the categories.
    categories : tuple of c int
        As in `FeatureSpec`.
    chosen : ndarray of int, shape (k,), optional
        Which rows of `numeric` these are; by default all are. So rows are set aside from a large
        array, which may be a file's, without a copy of the others.
    """

    numeric: Any
    codes: Array | None = None
    categories: tuple[int, ...] = ()
    chosen: Array | None = None

    def __len__(self) -> int:
        """The number of rows."""
        return int(self.numeric.shape[0] if self.chosen is None else len(self.chosen))

    @property
    def sparse(self) -> bool:
        """Whether the numbers are a sparse matrix."""
        return not isinstance(self.numeric, np.ndarray)

    @property
    def spec(self) -> FeatureSpec:
        """What these features look like."""
        columns, dtype = self.numeric.shape[1], self.numeric.dtype.name
        return FeatureSpec(int(columns), self.categories, self.sparse, dtype)

    def take(self, rows: Array) -> Features:
        """Some rows; if they are few, or the numbers sparse, a copy.

        Parameters
        ----------
        rows : ndarray of int, shape (k,)
            Which ones, in any order.
        """
        codes = None if self.codes is None else self.codes[rows]
        chosen = rows if self.chosen is None else self.chosen[rows]
        columns = self.numeric.shape[1]
        if not self.sparse and len(chosen) * columns * self.numeric.itemsize >= _LARGE:
            return replace(self, codes=codes, chosen=chosen)
        return replace(self, numeric=self.numeric[chosen], codes=codes, chosen=None)

    def rows(self, chosen: slice) -> Features:
        """Rows that lie side by side; if the numbers are dense and all there, a view of them.

        Parameters
        ----------
        chosen : slice
            Which ones; the step must be one.
        """
        codes = None if self.codes is None else self.codes[chosen]
        places = chosen if self.chosen is None else self.chosen[chosen]
        return replace(self, numeric=self.numeric[places], codes=codes, chosen=None)

    def columns(self) -> list[Column]:
        """What `Batches` takes batches of."""
        numeric = SparseRows(self.numeric) if self.sparse else self.numeric
        if self.chosen is not None:
            numeric = Chosen(self.numeric, self.chosen)
        return [numeric] if self.codes is None else [numeric, self.codes]

    def arrays(self) -> list[Array]:
        """What to feed, in the order of `FeatureTensors.feeds`."""
        beside = [] if self.codes is None else [self.codes]
        if self.sparse:
            return [*SparseRows(self.numeric).part(slice(None)), *beside]
        return [self.rows(slice(None)).numeric, *beside]

    def in_form(self, sparse: bool) -> Features:
        """The same features with the numbers in a sparse matrix, or in a dense one.

        Parameters
        ----------
        sparse : bool
            Which of the two.
        """
        if self.sparse == sparse:
            return self
        if self.chosen is not None:
            return self.rows(slice(None)).in_form(sparse)
        return replace(self, numeric=csr_array(self.numeric) if sparse else self.numeric.toarray())

    def encoded(self) -> Features:
        """The same features as numbers alone: each known category has a column of its own.

        The columns of the categories follow those of the numbers, as `Columns.names` names them.
        A row has a one in the columns of its categories; one of unknown category has none.
        """
        if self.chosen is not None:
            return self.rows(slice(None)).encoded()
        if self.codes is None:
            return self
        counts = np.array(self.categories)
        known = self.codes < counts
        columns = (self.codes + (np.cumsum(counts) - counts))[known]
        ends = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
        ones = np.ones(len(columns), self.numeric.dtype)
        marks = csr_array((ones, columns, ends), shape=(len(self), counts.sum()))
        return Features(hstack([csr_array(self.numeric), marks], format="csr"))


@dataclass(frozen=True)
class FeatureTensors:
    """Features inside a graph.

    Attributes
    ----------
    spec : FeatureSpec
        What they look like.
    numeric : Tensor or SparseTensor of shape (n, d)
        The numbers.
    codes : Tensor of int64, shape (n, c), optional
        The codes of the categories.
    fed : tuple of Tensor
        The placeholders.
    """

    spec: FeatureSpec
    numeric: Any
    codes: tf.Tensor | None
    fed: tuple[tf.Tensor, ...]

    @classmethod
    def placeholders(cls, spec: FeatureSpec, name: str = "features") -> FeatureTensors:
        """Make placeholders for any number of rows.

        Parameters
        ----------
        spec : FeatureSpec
            What the features look like.
        name : str
            The name of a dense placeholder of the numbers; the others' names begin with it.

        Returns
        -------
        FeatureTensors
        """
        dtype = tf.as_dtype(spec.dtype)
        numeric: Any
        if spec.sparse:
            numeric, fed = _sparse_placeholder(dtype, spec.numeric, name)
        else:
            numeric = tf.placeholder(dtype, (None, spec.numeric), name)
            fed = (numeric,)
        if not spec.categories:
            return cls(spec, numeric, None, fed)
        codes = tf.placeholder(tf.int64, (None, len(spec.categories)), f"{name}/codes")
        return cls(spec, numeric, codes, (*fed, codes))

    def feeds(self) -> list[tf.Tensor]:
        """Where to feed `Features.arrays`."""
        return list(self.fed)


def _sparse_placeholder(
    dtype: Any, columns: int, name: str
) -> tuple[tf.SparseTensor, tuple[tf.Tensor, ...]]:
    """A sparse tensor whose number of columns the graph knows, and where it is fed."""
    fed = tf.sparse_placeholder(dtype, (None, columns), name)
    shape = tf.stack([fed.dense_shape[0], columns], name=f"{name}/dense_shape")
    found = tf.SparseTensor(fed.indices, fed.values, shape)
    return found, (fed.indices, fed.values, fed.dense_shape)
