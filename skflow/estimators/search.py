"""Full-batch training: L-BFGS over a graph's variables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

import skflow as tf
from skflow.train.loop import History, Report, not_finite

# Pairs of steps and gradient changes that are remembered: L-BFGS-B's own 10 make an
# ill-conditioned search about a third longer.
_MEMORY: Final = 20
_EVALUATIONS: Final = 20  # of the loss, for an iteration, at most


class _Course:
    """Follows a search: the loss of each evaluation, and of each iteration's end."""

    def __init__(self, report: Report | None) -> None:
        self.losses: list[float] = []
        self.last = math.inf
        self._evaluations = 0
        self._report = report

    def evaluated(self, loss: Any) -> None:
        """Take the loss at a point that the search tries."""
        self._evaluations += 1
        self.last = float(loss)
        if math.isnan(self.last):
            raise not_finite(self.last, self._evaluations)

    def moved(self, _: Any) -> None:
        """Take note that the search has moved to the point it tried last."""
        self.losses.append(self.last)
        if self._report is not None:
            self._report(f"Iteration {len(self.losses)}, loss = {self.last:.8f}")


def search(
    session: tf.Session,
    loss: tf.Tensor,
    feed: Mapping[tf.Tensor, Any],
    *,
    tol: float,
    max_iter: int,
    shown: tf.Tensor | None = None,
    bounds: Mapping[tf.Variable, tuple[float, float]] | None = None,
    report: Report | None = None,
) -> History:
    """Move a graph's variables to a minimum of a smooth loss.

    Parameters
    ----------
    session : Session
        Holds the variables, initialised.
    loss : Tensor of shape ()
        What to minimise.
    feed : dict
        All training rows.
    tol : float
        The search ends when no component of the gradient is larger. Below what the loss's type
        can resolve it ends as soon as the loss does not fall any more.
    max_iter : int
        The most iterations.
    shown : Tensor of shape (), optional
        What to record as the loss instead.
    bounds : dict, optional
        The range ``(low, high)`` that a variable's numbers must stay in.
    report : callable, optional
        Takes a line about each iteration.

    Returns
    -------
    History

    Raises
    ------
    NanLossDuringTrainingError
        If the loss is not a number.

    References
    ----------
    C. Zhu, R. H. Byrd, P. Lu and J. Nocedal, Algorithm 778: L-BFGS-B, ACM Transactions on
    Mathematical Software 23 (1997), 550-560.
    """
    course = _Course(report)
    shown = loss if shown is None else shown
    smallest = 10 * float(np.finfo(loss.dtype.as_numpy_dtype).eps)
    options = {
        "maxiter": max_iter,
        "maxfun": _EVALUATIONS * max_iter,
        "maxcor": _MEMORY,
        "gtol": tol if loss.dtype == tf.float64 else max(tol, smallest),
        "ftol": 0.0,
    }
    with session.graph.as_default():
        interface = tf.contrib.opt.ScipyOptimizerInterface(
            loss, method="L-BFGS-B", options=options, var_to_bounds=bounds
        )
    interface.minimize(
        session,
        feed_dict=dict(feed),
        fetches=[shown],
        loss_callback=course.evaluated,
        step_callback=course.moved,
    )
    losses = course.losses or [float(session.run(shown, feed_dict=dict(feed)))]
    return History(losses, best_iter=len(losses), converged=len(course.losses) < max_iter)
