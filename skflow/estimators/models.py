"""What targets mean to an estimator, and what a fit leaves of it: a model, or all as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from skflow.estimators.columns import Columns
from skflow.estimators.heads import Head
from skflow.estimators.training import Values

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

Array = NDArray[Any]


@dataclass(frozen=True)
class Targets:
    """Validated targets.

    Attributes
    ----------
    head : Head
        What they mean to the network.
    labels : ndarray of shape (n, *head.label_shape)
        What is fed.
    facts : dict
        The attributes of the fitted estimator that follow from them, such as `classes_`.
    places : ndarray of int, optional
        Which outputs those of the model before have become, if new ones have come.
    """

    head: Head
    labels: Array
    facts: dict[str, Any]
    places: Array | None = None


@dataclass(frozen=True)
class Model:
    """All that predictions need: neither graph nor session.

    Attributes
    ----------
    network : Network
        Its architecture.
    head : Head
        What its outputs mean.
    columns : Columns
        How features are prepared for it.
    values : dict of str to ndarray
        Its variables by name, in the order in which it makes them.
    """

    network: Any
    head: Any
    columns: Columns
    values: Values


@contextmanager
def unchanged_on_error(estimator: BaseEstimator) -> Iterator[None]:
    """Let an estimator keep all its attributes if the block fails.

    Parameters
    ----------
    estimator : BaseEstimator
        The estimator.
    """
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
