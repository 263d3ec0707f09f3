"""The training loop: epochs over batches until a limit is reached or progress ends."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, Protocol

Step = Callable[..., Sequence[Any]]
Score = Callable[[], float]
Snapshot = Callable[[], list[Any]]
Report = Callable[["History"], object]

Reason = Literal["converged", "max_iter", "steps", "max_time", "interrupted", "callback"]
Watch = Callable[[], Reason | None]

_TOO_LARGE: Final = (
    "The input data may contain large values and need to be preprocessed, or the learning rate "
    "may be too high."
)


class NanLossDuringTrainingError(ValueError, RuntimeError):
    """The loss became infinite or not a number.

    It is the `RuntimeError` that TensorFlow's users expect and the `ValueError` that
    scikit-learn's do.
    """


class Source(Protocol):
    """Where batches come from: each iteration is one epoch, as of `Batches`."""

    @property
    def rows(self) -> int:
        """How many rows an epoch has."""

    @property
    def size(self) -> int:
        """How many rows a batch has; the last one of an epoch has what is left."""

    def __iter__(self) -> Iterator[Sequence[Any]]:
        """Give the arrays of each batch."""


@dataclass(frozen=True)
class Limits:
    """When to stop.

    Attributes
    ----------
    max_iter : int, optional
        The most epochs.
    tol : float
        By how much an epoch must beat the best one before it to count as progress.
    n_iter_no_change : float
        How many epochs without progress are borne; `math.inf` bears all.
    steps : int, optional
        The most optimizer steps, in place of `max_iter`; the last one may be in the middle of
        an epoch.
    max_time : float, optional
        After how many seconds no further step is made; one is made in any case.
    stop_on_score : bool
        Whether the validation score tells what is progress, not the training loss.
    """

    max_iter: int | None = None
    tol: float = 0.0
    n_iter_no_change: float = math.inf
    steps: int | None = None
    max_time: float | None = None
    stop_on_score: bool = False

    def __post_init__(self) -> None:
        for name in ("max_iter", "steps"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}.")


@dataclass
class History:
    """What happened.

    Attributes
    ----------
    losses : list of float
        The mean training loss of each epoch, taken while the weights moved; of the steps made,
        if the last epoch was broken off.
    scores : list of float
        The validation score after each epoch; empty if there was nothing to validate on.
    rates : list of float
        The learning rate after each epoch; empty if nobody gave it.
    seconds : list of float
        The time since the beginning at the end of each epoch.
    steps : int
        How many steps were made.
    best_iter : int
        The epoch, counted from 1, with the best score, or the lowest loss without scores. One
        that was broken off counts only if there is no other.
    best : list of ndarray, optional
        What `snapshot` gave after that epoch.
    reason : str, optional
        Why training ended: ``"converged"`` for lack of progress, ``"max_iter"``, ``"steps"`` or
        ``"max_time"`` for the limit of that name, ``"interrupted"`` or ``"callback"`` if it was
        told to. ``None`` as long as it goes on.
    """

    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    steps: int = 0
    best_iter: int = 0
    best: list[Any] | None = None
    reason: Reason | None = None

    @property
    def n_iter(self) -> int:
        """How many epochs there were."""
        return len(self.losses)

    @property
    def converged(self) -> bool:
        """Whether training stopped for lack of progress, not at a limit."""
        return self.reason == "converged"

    def line(self) -> str:
        """What scikit-learn says of an epoch, about the last one."""
        line = f"Iteration {self.n_iter}, loss = {self.losses[-1]:.8f}"
        return f"{line}, validation score = {self.scores[-1]:.6f}" if self.scores else line

    def table(self) -> dict[str, list[Any]]:
        """The course of training as columns of equal length, which `pandas.DataFrame` reads.

        Returns
        -------
        dict of str to list
            ``"epoch"``, ``"loss"``, ``"validation_score"`` and ``"learning_rate"`` if there are
            any, and ``"seconds"``.
        """
        columns: dict[str, list[Any]] = {
            "epoch": list(range(1, self.n_iter + 1)),
            "loss": list(self.losses),
            "validation_score": list(self.scores),
            "learning_rate": list(self.rates),
            "seconds": list(self.seconds),
        }
        optional = ("validation_score", "learning_rate")
        return {name: c for name, c in columns.items() if c or name not in optional}


class Position(NamedTuple):
    """Where a training is after a step; it can go on from there.

    Attributes
    ----------
    history : History
        The epochs before the one under way.
    step : int
        How many steps were made.
    loss : float
        The mean loss of the last one's batch.
    total : float
        The sum of the losses of all rows that the epoch under way has seen.
    seconds : float
        The time since the beginning.
    """

    history: History
    step: int
    loss: float
    total: float
    seconds: float


AfterStep = Callable[[int, float, float], object]


class Epoch(NamedTuple):
    """One pass over the batches.

    Attributes
    ----------
    loss : float
        The mean loss of a row.
    steps : int
        How many steps were made.
    complete : bool
        Whether all rows were seen.
    reason : str, optional
        Why it was broken off, or training has to end with it.
    """

    loss: float
    steps: int
    complete: bool
    reason: Reason | None


class _Patience:
    """Judges by scikit-learn's rule whether there is still progress."""

    def __init__(self, limits: Limits, before: History) -> None:
        self._limits = limits
        self._best, self._stale = -math.inf, 0
        for epoch in range(before.n_iter):
            self.is_over(before, epoch)

    def is_over(self, history: History, epoch: int = -1) -> bool:
        """Take an epoch, the last one, into account."""
        by_score = self._limits.stop_on_score
        merit = history.scores[epoch] if by_score else -history.losses[epoch]
        self._stale = 0 if merit >= self._best + self._limits.tol else self._stale + 1
        self._best = max(self._best, merit)
        return self._stale > self._limits.n_iter_no_change


class _Best:
    """Keeps the best complete epoch in the history."""

    def __init__(self, snapshot: Snapshot | None, before: History) -> None:
        self._snapshot = snapshot
        best = before.best_iter
        self._merit = self._merit_of(before, best - 1) if best else -math.inf

    @staticmethod
    def _merit_of(history: History, epoch: int) -> float:
        return history.scores[epoch] if history.scores else -history.losses[epoch]

    def consider(self, history: History) -> None:
        """Keep the last epoch if no other was as good."""
        merit = self._merit_of(history, -1)
        if merit > self._merit:
            self._merit = merit
            self.keep(history)

    def keep(self, history: History) -> None:
        """Keep the last epoch."""
        history.best_iter = history.n_iter
        history.best = None  # it need not lie there beside the new one
        if self._snapshot is not None:
            history.best = self._snapshot()


def train(
    step: Step,
    batches: Source,
    limits: Limits,
    *,
    score: Score | None = None,
    snapshot: Snapshot | None = None,
    report: Report | None = None,
    rate: Callable[[], float] | None = None,
    before_epoch: Callable[[], object] | None = None,
    after_epoch: Callable[[History], bool | None] | None = None,
    interrupted: Callable[[], bool] | None = None,
    after_step: Callable[[Position], object] | None = None,
    position: Position | None = None,
) -> History:
    """Train until a limit is reached or progress ends.

    Parameters
    ----------
    step : callable
        Given the arrays of a batch, makes one step and returns a sequence that starts with the
        batch's mean loss before it.
    batches : Source
        The training rows.
    limits : Limits
        When to stop.
    score : callable, optional
        Gives the validation score now; with it the score tells the best epoch, without it the
        loss.
    snapshot : callable, optional
        Copies the weights; the best epoch's are kept.
    report : callable, optional
        Called with the history at the end of each epoch.
    rate : callable, optional
        Gives the learning rate now.
    before_epoch : callable, optional
        Called before each epoch.
    after_epoch : callable, optional
        Called with the history after each epoch, also after one that was broken off; training
        ends if it returns true.
    interrupted : callable, optional
        Asked after each step; training ends there if it returns true.
    after_step : callable, optional
        Called after each step with the position reached, before `interrupted` is asked.
    position : Position, optional
        What `after_step` was called with in a training that was broken off, to go on from there;
        `step` and `batches` must go on there as well. Its history is added to.

    Returns
    -------
    History

    Raises
    ------
    NanLossDuringTrainingError
        At the first step whose loss is not finite.
    ValueError
        If a score is to tell what is progress and there is none.
    """
    if limits.stop_on_score and score is None:
        raise ValueError("To stop on the validation score, training needs a `score`.")
    history = History() if position is None else position.history
    start = time.monotonic() - (0.0 if position is None else position.seconds)
    watch = _watch(start, limits.max_time, interrupted)
    patience, best = _Patience(limits, history), _Best(snapshot, history)
    tell = _teller(history, start, after_step)
    for _ in _numbers(limits, history.n_iter):
        if before_epoch is not None:
            before_epoch()
        epoch = run_epoch(
            step,
            batches,
            history,
            most=limits.steps,
            watch=watch,
            after_step=tell,
            position=position,
        )
        position = None
        _record(history, epoch, score, rate)
        history.seconds.append(time.monotonic() - start)
        if report is not None:
            report(history)
        if epoch.complete:
            best.consider(history)
        told = after_epoch is not None and after_epoch(history)
        history.reason = _reason(epoch, history, patience, watch, bool(told))
        if history.reason is not None:
            break
    else:
        history.reason = "max_iter"
    if not history.best_iter:
        best.keep(history)
    return history


def _numbers(limits: Limits, before: int) -> Iterator[int]:
    """Count the epochs, but those that there were before."""
    if limits.steps is not None or limits.max_iter is None:
        return itertools.count(before)
    return iter(range(before, limits.max_iter))


def _teller(
    history: History, start: float, after_step: Callable[[Position], object] | None
) -> AfterStep | None:
    """A function that tells of a step."""
    if after_step is None:
        return None
    monotonic = time.monotonic

    def tell(step: int, loss: float, total: float) -> None:
        after_step(Position(history, step, loss, total, monotonic() - start))

    return tell


def _watch(
    start: float, max_time: float | None, interrupted: Callable[[], bool] | None
) -> Watch | None:
    """A function that says whether something from outside ends training."""
    if max_time is None:
        if interrupted is None:
            return None
        return lambda: "interrupted" if interrupted() else None
    end, monotonic = start + max_time, time.monotonic

    def watch() -> Reason | None:
        if interrupted is not None and interrupted():
            return "interrupted"
        return "max_time" if monotonic() >= end else None

    return watch


def run_epoch(
    step: Step,
    batches: Source,
    before: History | None = None,
    *,
    most: int | None = None,
    watch: Watch | None = None,
    after_step: AfterStep | None = None,
    position: Position | None = None,
) -> Epoch:
    """Make one step on each batch.

    Parameters
    ----------
    step : callable
        As in `train`.
    batches : Source
        The training rows.
    before : History, optional
        What came before.
    most : int, optional
        The most steps, those before included.
    watch : callable, optional
        Asked after each step; gives the reason to break off, or ``None``.
    after_step : callable, optional
        Called after each step with the number of steps, the batch's loss, and the sum of the
        losses of the rows seen in this epoch.
    position : Position, optional
        Where the epoch goes on; `before` is its history.

    Returns
    -------
    Epoch

    Raises
    ------
    NanLossDuringTrainingError
        If a loss is not finite.
    """
    before = History() if before is None else before
    rows, size, isfinite = batches.rows, batches.size, math.isfinite
    full, rest = divmod(rows, size)
    counts = itertools.chain(itertools.repeat(size, full), [rest] * bool(rest))
    total, number, made = 0.0, before.steps, 0
    if position is not None:
        total, number, made = position.total, position.step, position.step - before.steps
    seen = min(made * size, rows)
    parts: Iterator[Any] = itertools.islice(zip(batches, counts, strict=True), made, None)
    most = -1 if most is None else most
    reason: Reason | None = None
    if number == most:
        next(parts, None)  # the order of the rows is drawn all the same
        parts, reason = iter(()), "steps"
    # This is all that a step costs beside its own work.
    for batch, count in parts:
        loss = float(step(*batch)[0])
        number += 1
        if not isfinite(loss):
            raise not_finite(loss, number, f" (epoch {before.n_iter + 1})")
        total += loss * count
        seen += count
        if after_step is not None:
            after_step(number, loss, total)
        if watch is not None and (reason := watch()) is not None:
            break
        if number == most:
            reason = "steps"
            break
    return Epoch(total / seen, number - before.steps, seen == rows, reason)


def _record(
    history: History, epoch: Epoch, score: Score | None, rate: Callable[[], float] | None
) -> None:
    history.steps += epoch.steps
    history.losses.append(epoch.loss)
    if score is not None:
        history.scores.append(float(score()))
    if rate is not None:
        history.rates.append(float(rate()))


def _reason(
    epoch: Epoch, history: History, patience: _Patience, watch: Watch | None, told: bool
) -> Reason | None:
    """Why training ends here, if it does.

    What happened while the epoch was scored counts as well: no epoch is begun in vain.
    """
    reason = epoch.reason
    if reason is None and watch is not None:
        reason = watch()
    over = epoch.complete and patience.is_over(history)
    if over and reason != "interrupted":
        return "converged"
    return reason or ("callback" if told else None)


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
    return NanLossDuringTrainingError(f"The loss is {loss} at step {step}{where}. {_TOO_LARGE}")
