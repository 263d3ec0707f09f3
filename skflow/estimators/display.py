"""What the displays share: axes, styles, and what they ask of estimators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sklearn.utils.validation import check_is_fitted

from skflow.estimators.base import NetworkEstimator


def checked(estimator: Any) -> NetworkEstimator:
    """An estimator, if it is one of this package and fitted.

    Parameters
    ----------
    estimator : object
        What the user gave.

    Returns
    -------
    NetworkEstimator

    Raises
    ------
    TypeError
        If it is something else.
    NotFittedError
        If it is not fitted.
    """
    if not isinstance(estimator, (NetworkEstimator, type)):
        raise TypeError(
            "Expected 'estimator' to be an estimator of skflow. Got "
            f"{type(estimator).__name__} instead. Of a pipeline or a search give the fitted "
            "estimator within, such as pipeline[-1] or search.best_estimator_."
        )
    check_is_fitted(estimator)
    return cast("NetworkEstimator", estimator)


def course_of(estimator: Any) -> tuple[dict[str, list[float]], int]:
    """How an estimator was trained.

    Parameters
    ----------
    estimator : object
        A fitted estimator.

    Returns
    -------
    history : dict
        Its `history_`.
    best : int
        The epoch whose values it has.
    """
    fitted = checked(estimator)
    return fitted.history_, fitted.best_iter_


def axes_for(ax: Any) -> tuple[Any, Any]:
    """Axes to draw in, and their figure.

    Parameters
    ----------
    ax : matplotlib Axes, optional
        The user's; by default those of a new figure.

    Returns
    -------
    ax, figure
    """
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots()
    return ax, ax.figure


def style(usual: Mapping[str, Any], user: Mapping[str, Any] | None) -> dict[str, Any]:
    """Keywords of a line, where the user's go before the usual ones under any of their names.

    Parameters
    ----------
    usual : dict
        Keywords by their full names.
    user : dict, optional
        The user's, such as ``{"c": "k"}``.

    Returns
    -------
    dict

    Raises
    ------
    TypeError
        If the user gives one of them twice, under two names.
    """
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    return {**usual, **normalize_kwargs(dict(user or {}), Line2D)}
