"""Rows to learn from and to predict for: labels, weights, rows set aside, blocks of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import _check_sample_weight, check_non_negative

from skflow.estimators.features import Column, Features
from skflow.graph.lazy import LazyModule

Array = NDArray[Any]

_model_selection = LazyModule("sklearn.model_selection")  # only to set rows aside with

# Predictions go through the network in blocks whose widest layer has this many numbers.
_BLOCK: Final = 1 << 17

_NO_WEIGHT: Final = "Sample weights must contain at least one non-zero number."


@dataclass(frozen=True)
class Rows:
    """Validated rows to learn from.

    Attributes
    ----------
    features : Features
        The features of n rows.
    labels : ndarray of shape (n,) or (n, k)
        The targets, as the loss takes them.
    weight : ndarray of shape (n,), optional
        How many times each row counts; all are positive.
    """

    features: Features
    labels: Array
    weight: Array | None = None

    @classmethod
    def of(cls, features: Features, labels: Array, weight: Array | None) -> Rows:
        """Rows without those of weight zero.

        Parameters
        ----------
        features, labels, weight
            As the attributes, but that weights may be zero.

        Returns
        -------
        Rows
            Of the arrays themselves if all rows count.

        Raises
        ------
        ValueError
            If no row counts.
        """
        rows = cls(features, labels, weight)
        if weight is None or (weight > 0).all():
            return rows
        present = np.flatnonzero(weight)
        if not present.size:
            raise ValueError(_NO_WEIGHT)
        return rows.take(present)

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.features)

    @property
    def total(self) -> float:
        """How many rows there would be if each stood as often as it counts."""
        return float(len(self) if self.weight is None else self.weight.sum(dtype=np.float64))

    def scaled_weight(self) -> Array | None:
        """The weights of mean one, of shape (n,), in the type of the features.

        With them the plain mean over any rows estimates the weighted mean over all, and no batch
        divides by a sum of zero.
        """
        if self.weight is None:
            return None
        scaled = self.weight * (len(self) / self.total)
        return scaled.astype(self.features.numeric.dtype, copy=False)

    def arrays(self) -> list[Array]:
        """What to feed of all rows: features, labels and, if there are any, scaled weights."""
        return [*self.features.arrays(), *self._beside_features()]

    def columns(self) -> list[Column]:
        """What `Batches` takes batches of: each batch is what `arrays` gives for its rows."""
        return [*self.features.columns(), *self._beside_features()]

    def _beside_features(self) -> list[Array]:
        weight = self.scaled_weight()
        return [self.labels] if weight is None else [self.labels, weight]

    def take(self, rows: Array) -> Rows:
        """A copy of some rows.

        Parameters
        ----------
        rows : ndarray of int, shape (k,)
            Which ones, in any order.
        """
        weight = None if self.weight is None else self.weight[rows]
        return Rows(self.features.take(rows), self.labels[rows], weight)

    def split(
        self, fraction: float, rng: np.random.RandomState, stratify: Array | None = None
    ) -> tuple[Rows, Rows]:
        """Set rows aside.

        Parameters
        ----------
        fraction : float
            The part to set aside.
        rng : numpy.random.RandomState
            Chooses them.
        stratify : ndarray of shape (n,), optional
            The classes that both parts shall have in equal shares.

        Returns
        -------
        training, validation : Rows

        Raises
        ------
        ValueError
            If fewer than two rows would be set aside, or a class has too few rows for both.
        """
        training, validation = _model_selection.train_test_split(
            np.arange(len(self)), test_size=fraction, random_state=rng, stratify=stratify
        )
        if len(validation) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of "
                "your dataset."
            )
        return self.take(training), self.take(validation)


def accepted_dtypes(dtype: Any) -> list[Any]:
    """The types that features may keep; anything else becomes the first.

    Parameters
    ----------
    dtype : dtype, optional
        The type to compute in; ``None`` keeps float32 and makes all else float64.

    Returns
    -------
    list of dtype

    Raises
    ------
    ValueError
        If it is neither float32 nor float64.
    """
    known = [np.dtype(np.float64), np.dtype(np.float32)]
    if dtype is None:
        return known
    wanted = np.dtype(dtype)
    if wanted not in known:
        raise ValueError(f"dtype must be None, float32 or float64, got {dtype!r}.")
    return [wanted]


def check_weights(sample_weight: Any, rows: int, dtype: Any) -> Array | None:
    """Check weights, with scikit-learn's messages.

    Parameters
    ----------
    sample_weight : array-like of shape (rows,) or float, optional
        How many times each row counts.
    rows : int
        How many there are.
    dtype : dtype
        The type that the weights get.

    Returns
    -------
    ndarray of shape (rows,), optional
        ``None`` if there are none. Some weights may be zero: see `Rows.of`.

    Raises
    ------
    ValueError, TypeError
        If they do not fit the rows, a weight is negative or not finite, or all are zero.
    """
    if sample_weight is None:
        return None
    weight = _check_sample_weight(sample_weight, np.empty((rows, 0)), dtype=dtype)
    check_non_negative(weight, "`sample_weight`")
    if not weight.any():
        raise ValueError(_NO_WEIGHT)
    return np.asarray(weight)


def check_validation_data(X_val: Any, y_val: Any, sample_weight_val: Any = None) -> bool:
    """Whether rows to validate on were given.

    Parameters
    ----------
    X_val, y_val, sample_weight_val : object, optional
        What `fit` was given.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        If only one part was given.
    """
    if X_val is None and y_val is None:
        if sample_weight_val is not None:
            raise ValueError("sample_weight_val is provided, but X_val was not provided.")
        return False
    if y_val is None:
        raise ValueError("X_val is provided, but y_val was not provided.")
    if X_val is None:
        raise ValueError("y_val is provided, but X_val was not provided.")
    return True


def in_blocks(
    function: Callable[[Features], Array], features: Features, width: int, *, sparse: bool = False
) -> Array:
    """Apply a function of rows to blocks of them, so that memory stays bounded.

    Parameters
    ----------
    function : callable
        Takes `Features` and returns an array with one row for each.
    features : Features
        All rows.
    width : int
        The most numbers that a row becomes on the way.
    sparse : bool
        Whether the function takes the numbers as a sparse matrix; each block is made one, or
        made dense, if `features` are not as it wants them.

    Returns
    -------
    ndarray of shape (n, ...)
    """
    if features.sparse != sparse:
        width = max(width, features.numeric.shape[1])
    size = max(1, _BLOCK // max(1, width))
    if len(features) <= size:
        return function(features.in_form(sparse))
    return np.concatenate(
        [
            function(features.rows(slice(start, start + size)).in_form(sparse))
            for start in range(0, len(features), size)
        ]
    )
