"""Which classes targets have, and how they are numbered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils.multiclass import (
    check_classification_targets,
    type_of_target,
    unique_labels,
)
from sklearn.utils.validation import _check_y, column_or_1d

from skflow.estimators.classification_heads import (
    BinaryHead,
    ClassificationHead,
    MulticlassHead,
    MultilabelHead,
    MultioutputHead,
)

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Classes:
    """The classes of one target or of several.

    Attributes
    ----------
    known : list of ndarray
        The classes of each target in order; for labels that are there or not, a single array
        of the labels' numbers.
    multilabel : bool
        Whether each column of the targets says of one label whether it is there.
    single : bool
        Whether there is one target, given as a vector.
    """

    known: list[Array]
    multilabel: bool
    single: bool

    @classmethod
    def of(cls, y: Array) -> Classes:
        """Find the classes of targets.

        Parameters
        ----------
        y : ndarray of shape (n,) or (n, k)
            As `checked` gives.

        Returns
        -------
        Classes
        """
        if y.ndim == 1:
            return cls([np.unique(y)], multilabel=False, single=True)
        if _says_yes_or_no(y):
            return cls([np.arange(y.shape[1])], multilabel=True, single=False)
        return cls([np.unique(column) for column in y.T], multilabel=False, single=False)

    def attribute(self) -> Any:
        """What scikit-learn calls `classes_`: an array, or a list of them for several targets."""
        return self.known[0] if self.single or self.multilabel else self.known

    @property
    def targets(self) -> int:
        """How many targets a row has."""
        return len(self.known[0]) if self.multilabel else len(self.known)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many classes each target has."""
        return tuple(len(known) for known in self.known)

    def with_those_of(self, y: Any) -> Classes:
        """These classes and those of other targets.

        Parameters
        ----------
        y : ndarray
            Other targets of the same kind.

        Returns
        -------
        Classes

        Raises
        ------
        ValueError
            If they are not of the same kind, in scikit-learn's words.
        """
        self._check_columns(y)
        if self.multilabel:
            return self
        pairs = zip(self.known, [y] if self.single else y.T, strict=True)
        known = [_union(a, b) for a, b in pairs]
        return Classes(known, multilabel=False, single=self.single)

    def expecting(self, expected: Any) -> Classes:
        """These classes and others that are to come.

        Parameters
        ----------
        expected : array-like, or list of them for several targets
            The others, which may be these.

        Returns
        -------
        Classes

        Raises
        ------
        ValueError
            If they are for another number of targets, or not of the same kind.
        """
        if self.multilabel:
            return self
        given = [expected] if self.single else list(expected)
        if len(given) != len(self.known):
            raise ValueError(
                f"classes has {len(given)} entries, but y has {len(self.known)} targets."
            )
        pairs = zip(self.known, given, strict=True)
        known = [_union(k, column_or_1d(g)) for k, g in pairs]
        return Classes(known, multilabel=False, single=self.single)

    def head(self, loss: Any) -> ClassificationHead:
        """The head for these classes.

        Parameters
        ----------
        loss : str or callable
            The loss.

        Returns
        -------
        ClassificationHead

        Raises
        ------
        ValueError
            If there is only one class.
        """
        if self.multilabel:
            return MultilabelHead(loss, self.targets)
        if not self.single:
            return MultioutputHead(loss, self.sizes)
        if self.sizes[0] < 2:
            raise ValueError(
                "This solver needs samples of at least 2 classes in the data, but the data "
                f"contains only one class: {self.known[0][0]!r}"
            )
        return BinaryHead(loss) if self.sizes[0] == 2 else MulticlassHead(loss, self.sizes[0])

    def codes(self, y: Array, dtype: Any) -> Array:
        """Number targets for the head.

        Parameters
        ----------
        y : ndarray
            As `checked` gives.
        dtype : dtype
            The type of labels that are quantities.

        Returns
        -------
        ndarray of shape (n, *head.label_shape)

        Raises
        ------
        ValueError
            If there is a class that is not known, or another number of targets.
        """
        self._check_columns(y)
        if self.multilabel:
            return np.ascontiguousarray(y, dtype=dtype)
        pairs = zip(self.known, [y] if self.single else y.T, strict=True)
        columns = [_numbered(known, column) for known, column in pairs]
        if not self.single:
            return np.stack(columns, axis=1).astype(np.int32)
        if self.sizes[0] == 2:
            return columns[0].astype(dtype).reshape(-1, 1)
        return columns[0].astype(np.int32)

    def _check_columns(self, y: Array) -> None:
        """Raise unless there are as many targets as here, and zeros and ones if these are such."""
        if (y.ndim == 1) != self.single or (y.ndim == 2 and y.shape[1] != self.targets):
            raise ValueError(
                f"y has the shape {y.shape}, but the classifier was fitted with {self.targets} "
                "targets."
            )
        if self.multilabel and not _says_yes_or_no(y):
            others = np.setdiff1d(y, (0, 1)).tolist()
            raise ValueError(f"y contains previously unseen labels: {others}")

    def decoded(self, codes: Array) -> Array:
        """The classes with some numbers.

        Parameters
        ----------
        codes : ndarray of shape (n,) or (n, k)
            As the head gives.

        Returns
        -------
        ndarray of the same shape
        """
        if self.multilabel:
            return codes
        if self.single:
            return np.asarray(self.known[0][codes])
        return np.stack([known[c] for known, c in zip(self.known, codes.T, strict=True)], axis=1)

    def places(self, new: Classes) -> Array | None:
        """Which outputs of a head for more classes those of the head for these are.

        Parameters
        ----------
        new : Classes
            These and others.

        Returns
        -------
        ndarray of int, or None if there are no others
        """
        if self.multilabel or self.sizes == new.sizes:
            return None
        starts = np.cumsum((0, *new.sizes[:-1]))
        pairs = zip(new.known, self.known, starts, strict=True)
        return np.concatenate([np.searchsorted(n, k) + start for n, k, start in pairs])


def checked(estimator: Any, y: Any) -> Array:
    """Check the targets of a classification, with scikit-learn's messages.

    Parameters
    ----------
    estimator : BaseEstimator
        For the messages.
    y : array-like or sparse matrix of shape (n,) or (n, k)
        The targets.

    Returns
    -------
    ndarray of shape (n,), or (n, k) with k of at least two or labels that are there or not
    """
    y = _check_y(y, multi_output=True, y_numeric=False, estimator=estimator)
    if issparse(y):
        y = y.toarray()
    check_classification_targets(y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    return np.asarray(y)


def _says_yes_or_no(y: Array) -> bool:
    """Whether targets say of labels whether they are there.

    For scikit-learn any two whole numbers do; here others than 0 and 1 are classes.
    """
    return type_of_target(y) == "multilabel-indicator" and bool(np.isin(y, (0, 1)).all())


def _union(known: Array, others: Array) -> Array:
    unique_labels(known, others)  # raises if some are strings and some are numbers
    return np.union1d(known, others)


def _numbered(known: Array, values: Array) -> Array:
    """Where values are among the known ones, in the words of `LabelEncoder`, which cuts strings."""
    present, places = np.unique(values, return_inverse=True)
    unique_labels(known, present)
    unseen = np.setdiff1d(present, known).tolist()
    if unseen:
        raise ValueError(f"y contains previously unseen labels: {unseen}")
    return np.asarray(np.searchsorted(known, present)[places])
