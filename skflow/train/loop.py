"""The training loop: epochs over batches until the loss or a score stops improving."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from skflow.train.batches import Batches

Step = Callable[..., Sequence[Any]]
Score = Callable[[], float]
Snapshot = Callable[[], list[Any]]
Report = Callable[[str], None]


class NanLossDuringTrainingError(ValueError, RuntimeError):
    """The loss became infinite or not a number.

    It is the `RuntimeError` that TensorFlow's users expect and the `ValueError` that
    scikit-learn's do.
    """


@dataclass(frozen=True)
class Patience:
    """When to stop.

    Attributes
    ----------
    max_iter : int
        The most epochs.
    tol : float
        By how much an epoch must beat the best one before it to count as progress.
    n_iter_no_change : float
        How many epochs without progress are borne.
    """

    max_iter: int
    tol: float
    n_iter_no_change: float


@dataclass
class History:
    """What happened.

    Attributes
    ----------
    losses : list of float
        The mean training loss of each epoch, taken while the weights moved.
    scores : list of float
        The validation score after each epoch; empty if there was nothing to validate on.
    best_iter : int
        The epoch, counted from 1, with the best score, or the lowest loss without scores.
    best : list of ndarray, optional
        What `snapshot` gave after that epoch.
    converged : bool
        Whether training stopped for lack of progress, not for lack of epochs.
    """

    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    best_iter: int = 0
    best: list[Any] | None = None
    converged: bool = False

    @property
    def n_iter(self) -> int:
        """How many epochs there were."""
        return len(self.losses)

    @property
    def merit(self) -> float:
        """What the last epoch is judged by: its score, or minus its loss."""
        return self.scores[-1] if self.scores else -self.losses[-1]


def train(
    step: Step,
    batches: Batches,
    patience: Patience,
    *,
    score: Score | None = None,
    snapshot: Snapshot | None = None,
    report: Report | None = None,
) -> History:
    """Train until progress ends.

    Parameters
    ----------
    step : callable
        Given the arrays of a batch, makes one step and returns a sequence that starts with the
        batch's mean loss before it.
    batches : Batches
        The training rows.
    patience : Patience
        When to stop.
    score : callable, optional
        Gives the validation score now; with it the score decides, without it the loss.
    snapshot : callable, optional
        Copies the weights; the best epoch's are kept.
    report : callable, optional
        Takes a line about each epoch.

    Returns
    -------
    History

    Raises
    ------
    NanLossDuringTrainingError
        At the first step whose loss is not finite.
    """
    history = History()
    best, stale = -math.inf, 0
    for _ in range(patience.max_iter):
        history.losses.append(run_epoch(step, batches, history.n_iter))
        if score is not None:
            history.scores.append(score())
        if report is not None:
            report(_line(history))
        merit = history.merit
        stale = 0 if merit >= best + patience.tol else stale + 1
        if merit > best:
            best, history.best_iter = merit, history.n_iter
            history.best = None if snapshot is None else snapshot()
        if stale > patience.n_iter_no_change:
            history.converged = True
            break
    return history


def run_epoch(step: Step, batches: Batches, epoch: int = 0) -> float:
    """Make one step on each batch.

    Parameters
    ----------
    step : callable
        As in `train`.
    batches : Batches
        The training rows.
    epoch : int
        How many epochs came before, for the message.

    Returns
    -------
    float
        The mean loss of a row.

    Raises
    ------
    NanLossDuringTrainingError
        If a loss is not finite.
    """
    total = 0.0
    for number, batch in enumerate(batches, 1):
        loss = float(step(*batch)[0])
        if not math.isfinite(loss):
            raise not_finite(loss, epoch * len(batches) + number, f" (epoch {epoch + 1})")
        total += loss * len(batch[0])
    return total / batches.rows


def not_finite(loss: float, step: int, where: str = "") -> NanLossDuringTrainingError:
    """The error to raise when a loss is infinite or not a number.

    Parameters
    ----------
    loss : float
        The loss.
    step : int
        The step, counted from 1.
    where : str
        What else is known of the place.

    Returns
    -------
    NanLossDuringTrainingError
    """
    return NanLossDuringTrainingError(
        f"The loss is {loss} at step {step}{where}. The input data may contain large values and "
        "need to be preprocessed, or the learning rate may be too high."
    )


def _line(history: History) -> str:
    line = f"Iteration {history.n_iter}, loss = {history.losses[-1]:.8f}"
    return f"{line}, validation score = {history.scores[-1]:.6f}" if history.scores else line
