"""The training loop stops when it should, keeps the best and tells what happened."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, strategies as st
from sklearn.neural_network import MLPRegressor

from skflow.train.batches import Batches
from skflow.train.loop import (
    History,
    Limits,
    NanLossDuringTrainingError,
    Position,
    run_epoch,
    train,
)

ROWS = np.arange(5.0).reshape(5, 1)
COARSE = st.integers(-8, 8).map(lambda n: n / 4)


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


class Clock:
    """A clock that advances whenever it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("skflow.train.loop.time", clock)
    return clock


def whole() -> Batches:
    """One batch an epoch."""
    return Batches([ROWS], 5)


def pairs() -> Batches:
    """Three batches an epoch, of two, two and one row."""
    return Batches([ROWS], 2)


def constant() -> Iterator[float]:
    return itertools.repeat(1.0)


# ---- when it stops -----------------------------------------------------------------------


def stops_by_scikit_learn(values: list[float], limits: Limits) -> int:
    """After how many epochs scikit-learn's networks would stop."""
    followed = SimpleNamespace(
        tol=limits.tol,
        verbose=False,
        loss_curve_=[],
        best_loss_=math.inf,
        validation_scores_=[],
        best_validation_score_=-math.inf,
        coefs_=[],
        intercepts_=[],
        _no_improvement_count=0,
    )
    for number, value in enumerate(values, 1):
        followed.loss_curve_.append(value)
        followed._score = lambda *_, value=value, **__: value
        MLPRegressor._update_no_improvement_count(followed, limits.stop_on_score, None, None, None)
        if followed._no_improvement_count > limits.n_iter_no_change:
            return number
    return len(values)


@given(
    st.lists(COARSE, min_size=1, max_size=20),
    st.sampled_from([0.0, 0.25, 0.5]),
    st.integers(1, 4),
    st.booleans(),
)
def test_progress_is_judged_as_in_scikit_learn(
    values: list[float], tol: float, patience: int, by_score: bool
) -> None:
    limits = Limits(len(values), tol, patience, stop_on_score=by_score)
    scores = iter(values)
    losses = constant() if by_score else values
    score = (lambda: next(scores)) if by_score else None
    history = train(Steps(losses), whole(), limits, score=score)
    assert history.n_iter == stops_by_scikit_learn(values, limits)
    curve = history.scores if by_score else history.losses
    best = (max if by_score else min)(curve)
    assert history.best_iter == curve.index(best) + 1


@given(
    rows=st.integers(1, 12),
    size=st.integers(1, 12),
    steps=st.integers(1, 40),
    losses=st.lists(COARSE, min_size=40, max_size=40),
)
def test_steps_are_counted_across_epochs(
    rows: int, size: int, steps: int, losses: list[float]
) -> None:
    made = Steps(losses)
    batches = Batches([np.zeros((rows, 1))], size)
    history = train(made, batches, Limits(1, steps=steps), interrupted=lambda: False)
    assert history.reason == "steps"
    assert history.steps == made.made == steps
    per_epoch = len(batches)
    counts = [len(b[0]) for b in batches]
    expected = []
    for start in range(0, steps, per_epoch):
        part = losses[start : min(start + per_epoch, steps)]
        expected.append(np.average(part, weights=counts[: len(part)]))
    np.testing.assert_allclose(history.losses, expected, atol=1e-12)
    complete = steps // per_epoch or 1
    assert history.best_iter == 1 + int(np.argmin(np.array(history.losses)[:complete]))


def test_it_stops_for_lack_of_epochs() -> None:
    history = train(Steps([3.0, 2.0, 1.0, 0.0]), whole(), Limits(3, 0.1, 1))
    assert history.losses == [3.0, 2.0, 1.0]
    assert (history.n_iter, history.best_iter, history.reason) == (3, 3, "max_iter")
    assert not history.converged


def test_it_stops_for_lack_of_progress() -> None:
    losses = [3.0, 2.0, 1.75, 1.625, 1.5, 0.0]
    history = train(Steps(losses), whole(), Limits(10, 0.5, 2))
    assert history.losses == losses[:5]
    assert history.reason == "converged"
    assert history.converged


def test_endless_patience() -> None:
    history = train(Steps(constant()), whole(), Limits(30, 0.1))
    assert (history.n_iter, history.reason) == (30, "max_iter")


def test_patience_ends_steps_without_a_last_epoch() -> None:
    history = train(Steps(constant()), pairs(), Limits(tol=0.1, n_iter_no_change=2, steps=100))
    assert (history.n_iter, history.steps, history.reason) == (4, 12, "converged")


def test_lack_of_progress_at_the_last_step_is_convergence() -> None:
    history = train(Steps(constant()), pairs(), Limits(None, 0.1, 2, steps=12))
    assert history.reason == "converged"


def test_an_epoch_broken_off_is_no_lack_of_progress() -> None:
    history = train(Steps(constant()), pairs(), Limits(None, 0.1, 2, steps=11))
    assert (history.n_iter, history.reason) == (4, "steps")


def test_without_a_limit_only_patience_ends_it() -> None:
    history = train(Steps(constant()), whole(), Limits(tol=0.1, n_iter_no_change=7))
    assert (history.n_iter, history.reason) == (9, "converged")


def test_scores_that_do_not_decide_are_kept() -> None:
    steps = Steps([3.0, 2.0, 1.0, 0.5])
    scores = iter([0.1, 0.9, 0.9, 0.3])
    history = train(
        steps, whole(), Limits(4, 0.1, 1), score=lambda: next(scores), snapshot=steps.snapshot
    )
    assert history.scores == [0.1, 0.9, 0.9, 0.3]
    assert (history.best_iter, history.best, history.reason) == (2, [2.0], "max_iter")


def test_scores_that_are_no_numbers_are_no_progress() -> None:
    steps = Steps([1.0, 0.5, 0.25])
    limits = Limits(9, 0.0, 1, stop_on_score=True)
    history = train(steps, whole(), limits, score=lambda: math.nan, snapshot=steps.snapshot)
    assert (history.n_iter, history.best_iter, history.best) == (2, 2, [0.5])


def test_mistaken_limits() -> None:
    with pytest.raises(ValueError, match="training needs a `score`"):
        train(Steps([1.0]), whole(), Limits(1, stop_on_score=True))
    for wrong in ({"max_iter": 0}, {"steps": 0}):
        with pytest.raises(ValueError, match="must be at least 1, got 0"):
            Limits(**wrong)


@pytest.mark.parametrize("max_time", [4.5, 5.0])
def test_time_ends_training_after_the_step_in_progress(clock: Clock, max_time: float) -> None:
    steps = Steps([4.0, 2.0, 6.0, 1.0, 2.0, 0.0])

    def step(*batch: Any) -> list[Any]:
        clock.now += 1.0
        return steps(*batch)

    limits = Limits(9, max_time=max_time)
    history = train(step, pairs(), limits, snapshot=steps.snapshot)
    assert (history.steps, history.reason) == (5, "max_time")
    assert history.losses == [(2 * 4 + 2 * 2 + 6) / 5, (2 * 1 + 2 * 2) / 4]
    assert history.seconds == [3.0, 5.0]
    # The second epoch's loss is lower, but it was broken off.
    assert (history.best_iter, history.best) == (1, [6.0])


def test_at_least_one_step_is_made() -> None:
    steps = Steps([3.0, 2.0])
    history = train(steps, pairs(), Limits(9, max_time=0.0), snapshot=steps.snapshot)
    assert (history.steps, history.n_iter, history.reason) == (1, 1, "max_time")
    assert (history.losses, history.best_iter, history.best) == ([3.0], 1, [3.0])


def test_no_epoch_is_begun_when_scoring_took_the_time(clock: Clock) -> None:
    def score() -> float:
        clock.now += 10.0
        return 0.5

    history = train(Steps(constant()), pairs(), Limits(9, max_time=5.0), score=score)
    assert (history.steps, history.reason, history.seconds) == (3, "max_time", [10.0])


@pytest.mark.parametrize("stop", range(1, 10))
def test_an_interrupt_ends_training_at_a_completed_step(stop: int) -> None:
    steps = Steps([1.0, 0.5, 0.25, 0.125, 2.0, 2.0, 2.0, 2.0, 2.0])
    history = train(
        steps,
        pairs(),
        Limits(3, 10.0, 1),
        score=lambda: -steps.last,
        interrupted=lambda: steps.made >= stop,
    )
    assert (history.steps, steps.made, history.reason) == (stop, stop, "interrupted")
    assert history.n_iter == len(history.scores) == -(-stop // 3)


def test_an_interrupt_while_scoring_counts() -> None:
    flag = SimpleNamespace(up=False)

    def score() -> float:
        flag.up = True
        return 0.0

    history = train(Steps(constant()), pairs(), Limits(3), score=score, interrupted=lambda: flag.up)
    assert (history.steps, history.reason) == (3, "interrupted")


def test_a_callback_ends_training() -> None:
    seen: list[tuple[int, int, Any]] = []

    def after(history: History) -> bool:
        seen.append((history.n_iter, history.best_iter, history.reason))
        return history.n_iter == 2

    history = train(Steps([3.0, 1.0, 2.0]), whole(), Limits(9), after_epoch=after)
    assert (history.n_iter, history.reason) == (2, "callback")
    assert seen == [(1, 1, None), (2, 2, None)]


def test_epochs_begin_and_end_in_turn_also_the_one_broken_off() -> None:
    calls: list[str] = []

    def called(name: str) -> Callable[..., None]:
        return lambda *_: calls.append(name)

    train(
        Steps(constant()),
        pairs(),
        Limits(steps=4),
        before_epoch=called("begin"),
        after_epoch=called("end"),
    )
    assert calls == ["begin", "end"] * 2


# ---- what it tells -----------------------------------------------------------------------


def test_the_loss_of_an_epoch_is_the_mean_over_rows() -> None:
    epoch = run_epoch(Steps([1.0, 2.0, 4.0]), pairs())
    assert epoch == ((2 * 1 + 2 * 2 + 1 * 4) / 5, 3, True, None)


def test_batches_need_not_be_rows_of_arrays() -> None:
    """A sparse batch's first array has an entry's, not a row's, length."""

    class Sparse:
        rows, size = 3, 2

        def __iter__(self) -> Iterator[list[Any]]:
            return iter([[np.zeros((17, 2))], [np.zeros((1, 2))]])

    assert run_epoch(Steps([1.0, 4.0]), Sparse()).loss == (2 * 1 + 4) / 3


def test_the_best_snapshot_is_of_the_lowest_loss() -> None:
    steps = Steps([3.0, 1.0, 2.0])
    history = train(steps, whole(), Limits(3, 0.0, 10), snapshot=steps.snapshot)
    assert (history.best_iter, history.best) == (2, [1.0])


def test_only_improvements_are_copied() -> None:
    steps, copies = Steps([3.0, 3.5, 1.0, 2.0, 1.0]), []
    train(steps, whole(), Limits(5), snapshot=lambda: copies.append(steps.last) or [])
    assert copies == [3.0, 1.0]


def test_a_table_has_a_column_for_what_was_recorded() -> None:
    steps, rates = Steps([3.0, 1.0, 2.0]), iter([0.1, 0.05, 0.025])
    plain = train(Steps([3.0, 1.0]), whole(), Limits(2))
    assert list(pd.DataFrame(plain.table()).columns) == ["epoch", "loss", "seconds"]
    history = train(steps, whole(), Limits(3), score=lambda: -steps.last, rate=lambda: next(rates))
    table = pd.DataFrame(history.table())
    assert table["epoch"].tolist() == [1, 2, 3]
    assert table["loss"].tolist() == [3.0, 1.0, 2.0]
    assert table["validation_score"].tolist() == [-3.0, -1.0, -2.0]
    assert table["learning_rate"].tolist() == [0.1, 0.05, 0.025]
    assert table["seconds"].is_monotonic_increasing
    history.table()["loss"].clear()
    assert history.n_iter == 3


def test_it_reports() -> None:
    lines: list[str] = []
    scores = iter([0.25, 0.75])
    train(
        Steps([2.0, 1.0]),
        whole(),
        Limits(2, 0.0, 5),
        score=lambda: next(scores),
        report=lambda history: lines.append(history.line()),
    )
    assert lines == [
        "Iteration 1, loss = 2.00000000, validation score = 0.250000",
        "Iteration 2, loss = 1.00000000, validation score = 0.750000",
    ]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_stops_at_once(bad: float) -> None:
    steps = Steps([3.0, 2.0, 1.0, 1.0, bad, 0.0, 0.0])
    with pytest.raises(NanLossDuringTrainingError, match=r"at step 5 \(epoch 2\)"):
        train(steps, pairs(), Limits(3, 0.0, 5))
    assert steps.made == 5


def test_the_error_is_what_both_worlds_catch() -> None:
    assert issubclass(NanLossDuringTrainingError, ValueError)
    assert issubclass(NanLossDuringTrainingError, RuntimeError)


# ---- going on where it was broken off ----------------------------------------------------


class Course:
    """A training whose losses, scores and weights hang on all the rows that it has seen."""

    def __init__(self, size: int, *, shuffle: bool) -> None:
        self.rng = np.random.RandomState(3)
        self.batches = Batches([np.arange(7.0)], size, self.rng if shuffle else None)
        self.weight = 1.0
        self.seen: list[list[float]] = []
        self.order: Any = None
        self.kept: Any = None

    def step(self, rows: Any) -> list[Any]:
        self.seen.append(rows.tolist())
        loss = math.sin(self.weight) + 1.5
        self.weight = 3.7 * self.weight * (1.0 - self.weight / 5) + 0.01 * float(rows[0])
        return [loss, None]

    def keep(self, position: Position) -> None:
        history = dataclasses.replace(
            position.history, **{n: list(getattr(position.history, n)) for n in COLUMNS}
        )
        self.kept = position._replace(history=history), self.weight, self.order

    def before_epoch(self) -> None:
        self.order = self.rng.get_state()

    def go_on(self, kept: Any) -> Position:
        position, self.weight, order = kept
        self.rng.set_state(order)
        return position

    def train(self, limits: Limits, **settings: Any) -> History:
        return train(
            self.step,
            self.batches,
            limits,
            score=lambda: math.cos(self.weight),
            snapshot=lambda: [self.weight],
            rate=lambda: 1.0 / (1.0 + self.weight),
            before_epoch=self.before_epoch,
            **settings,
        )


COLUMNS = ("losses", "scores", "rates", "seconds")


@given(
    size=st.integers(1, 8),
    shuffle=st.booleans(),
    limits=st.builds(
        Limits,
        max_iter=st.integers(1, 6),
        tol=st.sampled_from([0.0, 0.3]),
        n_iter_no_change=st.integers(1, 3),
        steps=st.none() | st.integers(1, 20),
        stop_on_score=st.booleans(),
    ),
    stops=st.lists(st.integers(1, 12), min_size=1, max_size=3),
)
@example(size=2, shuffle=True, limits=Limits(steps=5), stops=[5])
@example(size=2, shuffle=True, limits=Limits(max_iter=2), stops=[4, 4])
def test_broken_off_anywhere_it_goes_on_as_if_nothing_had_happened(
    size: int, shuffle: bool, limits: Limits, stops: list[int]
) -> None:
    whole = Course(size, shuffle=shuffle)
    expected = whole.train(limits)
    seen: list[list[float]] = []
    position, kept = None, None
    for stop in [*stops, None]:
        course = Course(size, shuffle=shuffle)
        if kept is not None:
            position = course.go_on(kept)
        history = course.train(
            limits,
            after_step=course.keep,
            position=position,
            interrupted=None if stop is None else lambda c=course, s=stop: len(c.seen) >= s,
        )
        seen += course.seen
        kept = course.kept or kept
        if history.reason != "interrupted":
            break
    assert seen == whole.seen
    assert (history.reason, course.weight) == (expected.reason, whole.weight)
    assert course.rng.get_state()[2] == whole.rng.get_state()[2]
    for name in ("losses", "scores", "rates", "steps", "best_iter", "best"):
        assert getattr(history, name) == getattr(expected, name)
    assert len(history.seconds) == len(expected.seconds)


def test_what_is_told_after_a_step(clock: Clock) -> None:
    told: list[Any] = []

    def after(position: Position) -> None:
        clock.now += 1.0
        told.append((position.history.n_iter, *position[1:]))

    steps = Steps([1.0, 2.0, 4.0, 8.0])
    train(steps, pairs(), Limits(steps=4), after_step=after)
    assert told == [
        (0, 1, 1.0, 2.0, 0.0),
        (0, 2, 2.0, 6.0, 1.0),
        (0, 3, 4.0, 10.0, 2.0),
        (1, 4, 8.0, 16.0, 3.0),
    ]


def test_the_time_before_counts(clock: Clock) -> None:
    def step(*_: Any) -> list[Any]:
        clock.now += 1.0
        return [1.0]

    position = Position(History([1.0], seconds=[3.0], steps=3), 5, 1.0, 4.0, 5.0)
    history = train(step, pairs(), Limits(9, max_time=7.0), position=position)
    assert (history.steps, history.reason, history.seconds) == (7, "max_time", [3.0, 6.0, 7.0])


def test_a_position_is_known_before_an_interrupt_is_asked_for() -> None:
    calls: list[str] = []

    def interrupted() -> bool:
        calls.append("asked")
        return len(calls) > 3

    train(
        Steps(constant()),
        pairs(),
        Limits(9),
        after_step=lambda _: calls.append("told"),
        interrupted=interrupted,
    )
    assert calls[:4] == ["told", "asked"] * 2
