"""From what the user passes to arrays that can be fed: validation, weights, batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import (
    _check_sample_weight,
    check_array,
    check_non_negative,
    validate_data,
)

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

Array = NDArray[Any]

# Predictions go through the network in blocks whose widest layer has this many numbers.
_BLOCK: Final = 1 << 19


@dataclass(frozen=True)
class Rows:
    """Validated rows to learn from.

    Attributes
    ----------
    X : ndarray of shape (n, n_features)
        The features.
    y : ndarray of shape (n, n_outputs)
        The targets, in the type of `X`.
    weight : ndarray of shape (n,), optional
        How many times each row counts; all are positive.
    """

    X: Array
    y: Array
    weight: Array | None = None

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.X)

    @property
    def total(self) -> float:
        """How many rows there would be if each stood as often as it counts."""
        return float(len(self) if self.weight is None else self.weight.sum(dtype=np.float64))

    def arrays(self) -> list[Array]:
        """What to feed: features, targets and, if there are weights, weights of mean one.

        They have the shape (n, 1). With them the plain mean over any rows estimates the weighted
        mean over all, and no batch divides by a sum of zero.
        """
        if self.weight is None:
            return [self.X, self.y]
        scaled = self.weight * (len(self) / self.total)
        return [self.X, self.y, scaled.astype(self.X.dtype, copy=False).reshape(-1, 1)]

    def split(self, fraction: float, rng: np.random.RandomState) -> tuple[Rows, Rows]:
        """Set rows aside.

        Parameters
        ----------
        fraction : float
            The part to set aside.
        rng : numpy.random.RandomState
            Chooses them.

        Returns
        -------
        training, validation : Rows

        Raises
        ------
        ValueError
            If fewer than two rows would be set aside.
        """
        arrays = [self.X, self.y] if self.weight is None else [self.X, self.y, self.weight]
        parts = train_test_split(*arrays, test_size=fraction, random_state=rng)
        training, validation = Rows(*parts[::2]), Rows(*parts[1::2])
        if len(validation) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of "
                "your dataset."
            )
        return training, validation


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


def training_rows(
    estimator: BaseEstimator, X: Any, y: Any, sample_weight: Any, *, dtype: Any, reset: bool
) -> tuple[Rows, int]:
    """Check what `fit` was given, with scikit-learn's messages.

    Parameters
    ----------
    estimator : BaseEstimator
        Gets, or is compared by, the number and names of the features.
    X : array-like of shape (n, n_features)
        The features.
    y : array-like of shape (n,) or (n, n_outputs)
        The targets.
    sample_weight : array-like of shape (n,) or float, optional
        How many times each row counts. Rows of weight zero are left out.
    dtype : dtype, optional
        As in `accepted_dtypes`.
    reset : bool
        Whether the features may differ from those of the fit before.

    Returns
    -------
    rows : Rows
        The rows.
    ndim : int
        The dimensions of `y`, which predictions shall have too.

    Raises
    ------
    ValueError, TypeError
        If anything is not as it must be.
    """
    X, y = validate_data(
        estimator,
        X,
        y,
        reset=reset,
        dtype=accepted_dtypes(dtype),
        order="C",
        multi_output=True,
        y_numeric=True,
    )
    y = check_array(y, dtype=X.dtype, order="C", ensure_2d=False, input_name="y")
    rows = Rows(np.asarray(X), np.asarray(y.reshape(len(y), -1)))
    if sample_weight is None:
        return rows, y.ndim
    weight = _check_sample_weight(sample_weight, X, dtype=X.dtype)
    check_non_negative(weight, "`sample_weight`")
    present = weight > 0
    if not present.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    if present.all():
        return Rows(rows.X, rows.y, weight), y.ndim
    return Rows(rows.X[present], rows.y[present], weight[present]), y.ndim


def prediction_rows(estimator: BaseEstimator, X: Any, dtype: str) -> Array:
    """Check what `predict` was given.

    Parameters
    ----------
    estimator : BaseEstimator
        Knows the number and names of the features.
    X : array-like of shape (n, n_features)
        The features.
    dtype : str
        The type that the estimator was fitted in.

    Returns
    -------
    ndarray of shape (n, n_features)
    """
    return np.asarray(validate_data(estimator, X, reset=False, dtype=dtype, order="C"))


def in_blocks(function: Callable[[Array], Array], X: Array, width: int) -> Array:
    """Apply a function of rows to blocks of them, so that memory stays bounded.

    Parameters
    ----------
    function : callable
        Takes rows and returns an array with one row for each.
    X : ndarray of shape (n, n_features)
        All rows.
    width : int
        The most numbers that a row becomes on the way.

    Returns
    -------
    ndarray of shape (n, ...)
    """
    size = max(1, _BLOCK // width)
    if len(X) <= size:
        return function(X)
    return np.concatenate([function(block) for block in _blocks(X, size)])


def _blocks(X: Array, size: int) -> Iterator[Array]:
    for start in range(0, len(X), size):
        yield X[start : start + size]
