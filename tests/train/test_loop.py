"""The training loop stops when it should and keeps the best."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from skflow.train.batches import Batches
from skflow.train.loop import NanLossDuringTrainingError, Patience, run_epoch, train

ROWS = np.arange(5.0).reshape(5, 1)


class Steps:
    """Gives losses one by one; each is also the state that a snapshot sees."""

    def __init__(self, losses: Iterable[float]) -> None:
        self._losses = iter(losses)
        self.made = 0
        self.last = math.nan

    def __call__(self, *_: Any) -> list[Any]:
        self.made += 1
        self.last = next(self._losses)
        return [self.last, None]

    def snapshot(self) -> list[Any]:
        return [self.last]


def whole() -> Batches:
    return Batches([ROWS], 5)


def test_the_loss_of_an_epoch_is_the_mean_over_rows() -> None:
    assert run_epoch(Steps([1.0, 2.0, 4.0]), Batches([ROWS], 2)) == (2 * 1 + 2 * 2 + 1 * 4) / 5


def test_it_stops_for_lack_of_epochs() -> None:
    history = train(Steps([3.0, 2.0, 1.0, 0.0]), whole(), Patience(3, 0.1, 1))
    assert history.losses == [3.0, 2.0, 1.0]
    assert (history.n_iter, history.best_iter, history.converged) == (3, 3, False)


def test_it_stops_for_lack_of_progress() -> None:
    losses = [3.0, 2.0, 1.75, 1.625, 1.5, 0.0]
    history = train(Steps(losses), whole(), Patience(10, 0.5, 2))
    assert history.losses == losses[:5]
    assert history.converged


def test_progress_renews_patience() -> None:
    losses = [3.0, 2.0, 2.0, 1.0, 1.0, 1.0, 0.5]
    history = train(Steps(losses), whole(), Patience(7, 0.1, 2))
    assert history.n_iter == 7


def test_endless_patience() -> None:
    history = train(Steps([1.0] * 30), whole(), Patience(30, 0.1, math.inf))
    assert history.n_iter == 30
    assert not history.converged


def test_the_best_snapshot_is_of_the_lowest_loss() -> None:
    steps = Steps([3.0, 1.0, 2.0])
    history = train(steps, whole(), Patience(3, 0.0, 10), snapshot=steps.snapshot)
    assert history.best_iter == 2
    assert history.best == [1.0]


def test_scores_decide_if_there_are_any() -> None:
    steps = Steps([3.0, 2.0, 1.0, 0.5, 0.25])
    scores = iter([0.1, 0.9, 0.2, 0.3, 0.4])
    history = train(
        steps, whole(), Patience(9, 0.0, 2), score=lambda: next(scores), snapshot=steps.snapshot
    )
    assert history.scores == [0.1, 0.9, 0.2, 0.3, 0.4]
    assert (history.best_iter, history.best, history.converged) == (2, [2.0], True)


def test_a_score_that_is_no_number_is_no_progress() -> None:
    history = train(Steps([1.0] * 9), whole(), Patience(9, 0.0, 1), score=lambda: math.nan)
    assert history.n_iter == 2


def test_it_reports() -> None:
    lines: list[str] = []
    scores = iter([0.25, 0.75])
    train(
        Steps([2.0, 1.0]),
        whole(),
        Patience(2, 0.0, 5),
        score=lambda: next(scores),
        report=lines.append,
    )
    assert lines == [
        "Iteration 1, loss = 2.00000000, validation score = 0.250000",
        "Iteration 2, loss = 1.00000000, validation score = 0.750000",
    ]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_stops_at_once(bad: float) -> None:
    steps = Steps([3.0, 2.0, 1.0, 1.0, bad, 0.0, 0.0])
    with pytest.raises(NanLossDuringTrainingError, match=r"at step 5 \(epoch 2\)"):
        train(steps, Batches([ROWS], 2), Patience(3, 0.0, 5))
    assert steps.made == 5


def test_the_error_is_what_both_worlds_catch() -> None:
    assert issubclass(NanLossDuringTrainingError, ValueError)
    assert issubclass(NanLossDuringTrainingError, RuntimeError)
