"""Full-batch search: SciPy's course exactly, and an end at an iterate whenever it is asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import optimize

import skflow as tf
from skflow.estimators.search import Read, Search, search
from skflow.train.loop import History, NanLossDuringTrainingError

RNG = np.random.RandomState(0)
ROWS = RNG.normal(size=(40, 3)) * [1.0, 3.0, 0.3]
TARGETS = (ROWS @ [[1.0, -1.0], [0.5, 2.0], [0.0, 1.0]] + 0.3 * RNG.normal(size=(40, 2))) > 0


class Problem:
    """Two logistic regressions in a graph of their own, and the same loss in NumPy."""

    def __init__(self, dtype: Any = np.float64) -> None:
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.rows = tf.placeholder(dtype, (None, 3))
            targets = tf.constant(TARGETS, dtype)
            self.weights = tf.Variable(np.zeros((3, 2), dtype))
            self.biases = tf.Variable(np.zeros(2, dtype))
            tf.Variable(np.zeros(4, dtype), trainable=False)
            outputs = tf.matmul(self.rows, self.weights) + self.biases
            losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=outputs)
            charge = 0.01 * tf.reduce_sum(tf.square(self.weights))
            self.loss = tf.reduce_mean(tf.reduce_sum(losses, 1)) + charge
            self.session = tf.Session()
            self.session.run(tf.global_variables_initializer())

    def search(self, **settings: Any) -> History:
        feed = {self.rows: ROWS}
        settings = {"tol": 1e-9, "max_iter": 100, **settings}
        return search(self.session, self.loss, feed, **settings)

    def values(self) -> list[Any]:
        return self.session.run([self.weights, self.biases])

    def loss_at(self, weights: Any, biases: Any) -> float:
        outputs = ROWS @ weights + biases
        losses = np.logaddexp(0, outputs) - TARGETS * outputs
        return float(losses.sum(axis=1).mean() + 0.01 * np.sum(weights**2))


@pytest.fixture
def problem() -> Iterator[Problem]:
    problem = Problem()
    with problem.session:
        yield problem


def gradient(vector: Any) -> Any:
    weights, biases = vector[:6].reshape(3, 2), vector[6:]
    errors = (1 / (1 + np.exp(-ROWS @ weights - biases)) - TARGETS) / len(ROWS)
    return np.concatenate([(ROWS.T @ errors + 0.02 * weights).ravel(), errors.sum(axis=0)])


def flat(values: list[Any]) -> Any:
    return np.concatenate([np.ravel(v) for v in values])


def test_the_course_is_scipys_own(problem: Problem) -> None:
    expected: list[Any] = []
    result = optimize.minimize(
        lambda x: problem.loss_at(x[:6].reshape(3, 2), x[6:]),
        np.zeros(8),
        jac=gradient,
        method="L-BFGS-B",
        callback=expected.append,
        options={"maxcor": 20, "gtol": 1e-9, "ftol": 0.0},
    )
    seen: list[Any] = []
    history = problem.search(after_iteration=lambda _, read: seen.append(flat(read())))
    assert (history.n_iter, history.steps, history.best_iter) == (result.nit,) * 3
    assert history.converged
    np.testing.assert_allclose(seen, expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(flat(problem.values()), result.x, rtol=1e-7)
    losses = [problem.loss_at(x[:6].reshape(3, 2), x[6:]) for x in seen]
    np.testing.assert_allclose(history.losses, losses, rtol=1e-12)
    assert len(history.seconds) == history.n_iter
    assert history.seconds == sorted(history.seconds)


# ---- an end before the minimum ------------------------------------------------------------


def stopped_by_callback(at: int) -> dict[str, Any]:
    return {"after_iteration": lambda history, _: history.n_iter == at}


def stopped_by_interrupt(at: int) -> dict[str, Any]:
    made = iter(range(1, 100))
    return {"interrupted": lambda: next(made) == at}


def stopped_by_limit(at: int) -> dict[str, Any]:
    return {"max_iter": at}


@pytest.mark.parametrize("at", [1, 2, 5])
@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (stopped_by_callback, "callback"),
        (stopped_by_interrupt, "interrupted"),
        (stopped_by_limit, "max_iter"),
    ],
)
def test_the_variables_are_those_of_the_last_iteration(
    problem: Problem, stop: Callable[[int], dict[str, Any]], reason: str, at: int
) -> None:
    course: list[Any] = []
    Problem().search(after_iteration=lambda _, read: course.append(flat(read())))
    history = problem.search(**stop(at))
    assert (history.n_iter, history.steps, history.reason) == (at, at, reason)
    np.testing.assert_allclose(flat(problem.values()), course[at - 1], rtol=1e-12, atol=1e-15)
    assert problem.loss_at(*problem.values()) == pytest.approx(history.losses[-1], rel=1e-12)


@pytest.mark.parametrize(("max_time", "made"), [(0.0, 1), (2.5, 3), (3.0, 3), (1e9, None)])
def test_time_ends_it_after_the_iteration_in_progress(
    problem: Problem, monkeypatch: pytest.MonkeyPatch, max_time: float, made: int | None
) -> None:
    now = SimpleNamespace(seconds=500.0)
    clock = SimpleNamespace(monotonic=lambda: now.seconds)
    monkeypatch.setattr("skflow.estimators.search.time", clock)

    def one_second_later() -> None:
        now.seconds += 1.0

    history = problem.search(max_time=max_time, before_iteration=one_second_later)
    assert history.reason == ("converged" if made is None else "max_time")
    assert history.n_iter == (made or Problem().search().n_iter)
    assert history.seconds == [float(n) for n in range(1, history.n_iter + 1)]


def test_an_error_in_a_callback_comes_through(problem: Problem) -> None:
    def fail(*_: Any) -> bool:
        raise LookupError("the callback's own")

    with pytest.raises(LookupError, match="the callback's own"):
        problem.search(after_iteration=fail)


def test_evaluations_are_limited_too(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skflow.estimators.search._EVALUATIONS", 0)
    history = problem.search()
    assert (history.n_iter, history.reason) == (1, "max_iter")


def test_several_runs_have_one_course(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    found = Search(
        problem.session,
        problem.loss,
        before_iteration=lambda: calls.append("begin"),
        after_iteration=lambda history, _: calls.append("end") or history.n_iter == 7,
    )
    feed = {problem.rows: ROWS}
    assert found.run(feed, tol=1e-9, max_iter=5) == "max_iter"
    assert found.run(feed, tol=1e-9, max_iter=5) == "callback"
    assert (found.history.n_iter, found.history.steps, found.history.best_iter) == (7, 7, 7)
    assert found.history.losses == sorted(found.history.losses, reverse=True)
    assert found.run(feed, tol=1e3, max_iter=7) == found.history.reason == "converged"
    assert found.history.n_iter == 7
    assert found.run(feed, tol=1e-3, max_iter=7) == "converged"
    made = found.history.n_iter
    assert 7 < made < 14
    assert found.run(feed, tol=1e-3, max_iter=5) == found.history.reason == "converged"
    assert found.history.n_iter == made
    assert calls == ["begin", "end"] * made
    monkeypatch.setattr("skflow.estimators.search._EVALUATIONS", 1)
    assert found.run(feed, tol=1e-3, max_iter=1) == "converged"


# ---- what it tells -------------------------------------------------------------------------


def test_iterations_begin_and_end_in_turn(problem: Problem) -> None:
    calls: list[str] = []
    history = problem.search(
        before_iteration=lambda: calls.append("begin"),
        after_iteration=lambda *_: calls.append("end"),
    )
    assert calls == ["begin", "end"] * history.n_iter


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_read_is_in_the_variables_form_and_stays_as_it_is(dtype: Any) -> None:
    problem = Problem(dtype)
    read_at: list[list[Any]] = []
    readers: list[Read] = []

    def after(_: History, read: Read) -> None:
        read_at.append(read())
        readers.append(read)

    problem.search(after_iteration=after, max_iter=6)
    for values, read in zip(read_at, readers, strict=True):
        assert [(v.shape, v.dtype) for v in values] == [((3, 2), dtype), ((2,), dtype)]
        assert flat(values).tolist() == flat(read()).tolist()
    assert flat(read_at[-1]).tolist() == flat(problem.values()).tolist()
    assert flat(read_at[0]).tolist() != flat(read_at[1]).tolist()
    read_at[-1][0][:] = 7.0
    assert flat(readers[-1]()).tolist() == flat(problem.values()).tolist()


def test_nothing_is_read_unless_it_is_asked_for(
    problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skflow.estimators.search._parts", None)
    assert problem.search(after_iteration=lambda *_: None).converged
    with pytest.raises(TypeError, match="not callable"):
        Problem().search(after_iteration=lambda _, read: bool(read()))


def test_the_reason_stands_only_at_the_end(problem: Problem) -> None:
    seen: list[Any] = []
    problem.search(after_iteration=lambda history, _: seen.append(history.reason))
    assert set(seen) == {None}


def test_where_nothing_can_be_improved(problem: Problem) -> None:
    problem.search()
    calls: list[Any] = []
    history = problem.search(
        tol=1e-6, before_iteration=lambda: calls.append(1), after_iteration=calls.append
    )
    assert not calls
    assert (history.n_iter, history.steps, history.best_iter) == (1, 0, 1)
    assert history.losses == [pytest.approx(problem.loss_at(*problem.values()))]
    assert (len(history.seconds), history.reason) == (1, "converged")


def test_another_loss_may_be_shown_and_reported(problem: Problem) -> None:
    lines: list[str] = []
    with problem.graph.as_default():
        shown = 2 * problem.loss
    history = problem.search(
        shown=shown, report=lambda history: lines.append(history.line()), max_iter=3
    )
    assert history.losses[-1] == pytest.approx(2 * problem.loss_at(*problem.values()))
    assert lines == [
        f"Iteration {n}, loss = {loss:.8f}" for n, loss in enumerate(history.losses, 1)
    ]


def test_bounds_hold_at_every_iterate(problem: Problem) -> None:
    lowest: list[float] = []
    problem.search(
        bounds={problem.weights: (0.0, np.inf)},
        after_iteration=lambda _, read: lowest.append(read()[0].min()),
    )
    weights, biases = problem.values()
    assert min(lowest) >= 0.0
    assert weights.min() == 0.0
    assert biases.min() < 0.0 or biases.max() > 0.0


def test_a_loss_that_is_no_number_names_the_evaluation(problem: Problem) -> None:
    with problem.graph.as_default():
        bad = problem.loss + tf.sqrt(0.5 - tf.reduce_sum(tf.square(problem.weights)))
        feed = {problem.rows: ROWS}
        with pytest.raises(NanLossDuringTrainingError, match=r"The loss is nan at step [2-9]\."):
            search(problem.session, -bad, feed, tol=1e-9, max_iter=50)
    assert math.isfinite(problem.loss_at(*problem.values()))


# ---- round losses ----------------------------------------------------------------------


def test_the_first_step_is_as_long_as_the_gradient_if_the_loss_is_round() -> None:
    """With a Hessian of one it is Newton's, and the search is over."""
    minimum = 1e-6 * np.array([3.0, -2.0, 1.0])
    read: list[Any] = []

    def after(_: History, values: Read) -> None:
        read.extend(values())

    evaluations = []
    for is_round in (True, False):
        with tf.Graph().as_default(), tf.Session() as session:
            place = tf.Variable(np.zeros(3))
            loss = 0.5 * tf.reduce_sum(tf.square(place - tf.constant(minimum)))
            session.run(tf.global_variables_initializer())
            found = Search(session, loss, round=is_round, after_iteration=after)
            assert found.run({}, tol=1e-15, max_iter=50) == "converged"
            np.testing.assert_allclose(session.run(place), minimum, rtol=1e-8)
            evaluations.append(found._course.evaluations)
    np.testing.assert_allclose(read[0], minimum, rtol=1e-12)
    assert evaluations[0] == 2 < evaluations[1]


def test_a_round_search_heeds_tolerance_and_bounds(problem: Problem) -> None:
    found = Search(problem.session, problem.loss, round=True)
    found.run({problem.rows: ROWS}, tol=1e-3, max_iter=100)
    with problem.graph.as_default():
        gradients = tf.gradients(problem.loss, [problem.weights, problem.biases])
    slopes = problem.session.run(gradients, {problem.rows: ROWS})
    assert max(np.abs(s).max() for s in slopes) <= 1e-3
    bounds = {problem.weights: (0.0, np.inf)}
    found = Search(problem.session, problem.loss, round=True, bounds=bounds)
    found.run({problem.rows: ROWS}, tol=1e-9, max_iter=100)
    assert problem.values()[0].min() == 0.0


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_a_round_search_goes_on_where_losses_agree_to_rounding(
    problem: Problem, offset: float
) -> None:
    """The smaller the part of a loss that can still fall, the earlier its rounding hides it."""
    with problem.graph.as_default():
        loss = problem.loss + offset
    for is_round, least, most in ((False, 1e-15, 1e-2), (True, 0.0, 1e-12)):
        problem.session.run(tf.global_variables_initializer())
        found = Search(problem.session, loss, round=is_round)
        assert found.run({problem.rows: ROWS}, tol=1e-13, max_iter=500) == "converged"
        vector = np.concatenate([value.ravel() for value in problem.values()])
        assert least <= np.abs(gradient(vector)).max() <= most


# ---- told what it was told before ------------------------------------------------------


class Teller:
    """Remembers all values that searches were told; tells those that it knows again."""

    def __init__(self, known: list[Any] | None = None) -> None:
        self.told = [] if known is None else list(known)
        self.asked = self.computed = 0

    def __call__(self, evaluate: Callable[[], Any]) -> Any:
        self.asked += 1
        if self.asked > len(self.told):
            self.computed += 1
            self.told.append([np.array(value) for value in evaluate()])
        return [np.array(value)[()] for value in self.told[self.asked - 1]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("is_round", [False, True])
def test_told_what_it_knew_it_goes_the_same_way(dtype: Any, is_round: bool) -> None:
    def go(tell: Any) -> tuple[History, list[Any]]:
        problem = Problem(dtype)
        found = Search(problem.session, problem.loss, round=is_round, tell=tell)
        for tol in (1e-2, 1e-5):
            found.run({problem.rows: ROWS}, tol=tol, max_iter=60)
        return found.history, problem.values()

    whole = Teller()
    (plain, expected), (told, same) = go(None), go(whole)
    assert whole.computed == len(whole.told) > 5
    assert (told.losses, flat(same).tolist()) == (plain.losses, flat(expected).tolist())
    for known in range(0, len(whole.told) + 1, 3):
        part = Teller(whole.told[:known])
        history, values = go(part)
        assert part.computed == len(whole.told) - known
        assert (history.losses, history.steps) == (plain.losses, plain.steps)
        assert [v.tobytes() for v in values] == [v.tobytes() for v in expected]


def test_what_is_told_is_loss_gradient_and_what_is_shown(problem: Problem) -> None:
    with problem.graph.as_default():
        shown = 2.0 * problem.loss
    tell = Teller()
    history = problem.search(shown=shown, tell=tell, max_iter=3)
    first = tell.told[0]
    assert [part.shape for part in first] == [(), (8,), ()]
    assert first[2] == 2.0 * first[0]
    np.testing.assert_allclose(first[1], gradient(np.zeros(8)), rtol=1e-9)
    assert history.losses[-1] in [float(parts[2]) for parts in tell.told]
