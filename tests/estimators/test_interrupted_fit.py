"""Interrupts in `fit`: a usable model at a completed step, or the one from before."""

from __future__ import annotations

import copy
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from sklearn.base import clone

import skflow as tf
from skflow.estimators import (
    DNNClassifier,
    DNNRegressor,
    LinearClassifier,
    LinearRegressor,
    training,
)
from skflow.runtime.threads import blas_guard
from tests.estimators.cases import CASES, DEEP, STEPPERS, THREE, Case, X, Y, outputs, values

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SENTENCE = "Training interrupted by user"

every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    """Python's own handler, which is also there when all is over."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    after = signal.signal(signal.SIGINT, before)
    assert after is signal.default_int_handler


class Presses:
    """Presses Ctrl-C when so many functions have been called within a fit.

    Parameters
    ----------
    *moments : int
        At which calls.
    """

    def __init__(self, *moments: int) -> None:
        self.calls = 0
        self._moments = set(moments)

    def __enter__(self) -> Self:
        sys.setprofile(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _count(self, frame: Any, event: str, what: Any) -> None:
        if event not in ("call", "c_call") or "interrupts.py" in frame.f_code.co_filename:
            return
        # Python heeds signals after a call of C, never before: it always gives locks back.
        if event == "c_call" and what.__name__ in ("__exit__", "release"):
            return
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            return
        self.calls += 1
        if self.calls in self._moments:
            signal.raise_signal(signal.SIGINT)


def calls_of(fit: Callable[[], object]) -> int:
    """How many functions are called within a fit, when it is not the first one."""
    for _ in range(2):
        fit()
    with Presses() as presses:
        fit()
    return presses.calls


def pressed(fit: Callable[[], Any], *moments: int) -> Any:
    """Fit with Ctrl-C pressed at some moments; the warning is told of the line here."""
    with pytest.warns(UserWarning, match=SENTENCE) as caught, Presses(*moments):
        found = fit()
    told = [w.filename for w in caught if SENTENCE in str(w.message)]
    assert [Path(name).name for name in told] == [Path(__file__).name]
    return found


# ---- at any moment ------------------------------------------------------------------------------


def stages(model: Any, y: Any) -> list[Any]:
    """The models after each step, or each iteration of a search."""
    most = clone(model).fit(X, y).n_iter_ * (-(-len(X) // 16) if model._recipes() else 1)
    return [clone(model).set_params(steps=k).fit(X, y) for k in range(1, most + 1)]


def check_moments(case: Case, count: int, seed: int, *, build: bool = False) -> None:
    """Interrupt fits at random moments, and compare with those of so many steps."""
    model = case.make(max_iter=2, restore_best=False)
    expected = stages(model, case.y)
    learnt = [values(stage) for stage in expected]

    def fit() -> Any:
        if build:
            training._waiting.clear()
        return clone(model).fit(X, case.y)

    total = calls_of(fit)
    rng, reached = random.Random(seed), []
    for moment in sorted(rng.randint(1, total) for _ in range(count)):
        found = pressed(fit, moment)
        steps = learnt.index(values(found))
        assert found.loss_curve_ == expected[steps].loss_curve_
        assert found.n_iter_ == expected[steps].n_iter_
        assert (outputs(found, X) == outputs(expected[steps], X)).all()
        reached.append(steps)
    assert reached == sorted(reached)


@every
def test_it_ends_at_a_completed_step(case: Case) -> None:
    check_moments(case, 2, seed=1)


@pytest.mark.parametrize("name", ["dnn-regressor", "linear-classifier-steps"])
def test_it_ends_at_a_completed_step_though_the_graph_was_being_built(name: str) -> None:
    check_moments(CASES[name], 3, seed=2, build=True)


@pytest.mark.soak
@every
@pytest.mark.parametrize("build", [True, False])
def test_it_ends_at_a_completed_step_at_many_moments(case: Case, build: bool) -> None:
    check_moments(case, 12, seed=100, build=build)


def rate_that_counts(step: Any) -> Any:
    """A learning rate from which one can tell how many steps were made."""
    return 0.001 + 1e-9 * tf.cast(step, tf.float64)


def check_signals(model: Any, y: Any, delays: list[float]) -> None:
    """Send signals from another thread while endless fits go on."""
    endless = clone(model).set_params(
        learning_rate=rate_that_counts,
        max_iter=10**9,
        tol=0,
        n_iter_no_change=np.inf,
        restore_best=False,
        shuffle=True,
        random_state=0,
    )
    pid = os.getpid()
    for delay in delays:

        def send(delay: float = delay) -> None:
            time.sleep(delay)
            os.kill(pid, signal.SIGINT)

        found = clone(endless)
        thread = threading.Thread(target=send)
        try:
            with pytest.warns(UserWarning, match=SENTENCE):
                thread.start()
                found.fit(X, y)
        except KeyboardInterrupt:  # before it had begun
            assert not found.__sklearn_is_fitted__()
            continue
        finally:
            thread.join()
        steps = round((found.history_["learning_rate"][-1] - 0.001) / 1e-9)
        whole = clone(endless).set_params(steps=steps).fit(X, y)
        assert values(found) == values(whole)
        assert found.loss_curve_ == whole.loss_curve_


SIGNALLED: dict[str, tuple[Any, Any]] = {
    "linear": (LinearClassifier(optimizer="Momentum", batch_size=20), THREE),
    "deep": (DNNRegressor((10,), dropout=0.3, batch_size=16), Y),
}
signalled = pytest.mark.parametrize(("model", "y"), SIGNALLED.values(), ids=SIGNALLED)


@signalled
def test_signals_from_outside(model: Any, y: Any) -> None:
    rng = random.Random(3)
    check_signals(model, y, [0.0] + [rng.uniform(0, 0.1) for _ in range(4)])


@pytest.mark.soak
@signalled
def test_a_hundred_signals_from_outside(model: Any, y: Any) -> None:
    rng = random.Random(4)
    check_signals(model, y, [rng.uniform(0, 0.5) for _ in range(100)])


@pytest.mark.parametrize("early_stopping", [False, True])
def test_the_best_epoch_is_what_is_left(early_stopping: bool) -> None:
    """That of the epochs completed; the first one is taken as far as it went."""
    y, settings = np.square(Y), {**DEEP, "learning_rate": 0.3, "early_stopping": early_stopping}
    model = DNNRegressor(**settings, validation_fraction=0.3, dropout=0.5)
    whole = [clone(model).set_params(max_iter=k).fit(X, y) for k in range(1, 6)]
    total = calls_of(lambda: clone(model).fit(X, y))
    for moment in np.linspace(total * 0.6, total, 5).astype(int):
        found = pressed(lambda: clone(model).fit(X, y), int(moment))
        passed = found.n_iter_
        if found.loss_curve_ != whole[passed - 1].loss_curve_:  # in the middle of an epoch
            passed -= 1
        if passed:
            assert values(found) == values(whole[passed - 1])
            assert found.best_iter_ == whole[passed - 1].best_iter_
        else:
            assert found.best_iter_ == found.n_iter_ == 1


def test_an_interrupt_while_the_graph_is_built_leaves_one_step() -> None:
    built: list[int] = []

    def activation(values: Any) -> Any:
        if not built:
            signal.raise_signal(signal.SIGINT)
        built.append(1)
        return tf.nn.relu(values)

    model = DNNRegressor(**{**DEEP, "activation_fn": activation, "restore_best": False})
    found = pressed(lambda: clone(model).fit(X, Y))
    assert values(found) == values(clone(model).set_params(steps=1).fit(X, Y))
    assert found.n_iter_ == 1


def test_an_interrupt_after_the_last_step_is_told_of_too() -> None:
    for optimizer in ("Adam", "L-BFGS"):
        model = LinearRegressor(optimizer=optimizer, steps=3)
        fit = partial(model.fit, X, Y)
        fit()  # the first one imports and builds more than those that follow
        found = None
        for _ in range(20):
            # What the collector of garbage calls in some fits and not in others does not count.
            moment = min(calls_of(fit) for _ in range(3))
            with suppress(pytest.fail.Exception):  # this time there were fewer calls than ever
                found = pressed(fit, moment)
                break
        assert found is not None
        learnt = values(found)
        assert learnt == values(model.fit(X, Y))


# ---- partial_fit --------------------------------------------------------------------------------


@pytest.mark.parametrize("case", STEPPERS.values(), ids=STEPPERS)
def test_an_interrupted_call_has_seen_some_batches(case: Case) -> None:
    model = case.make(shuffle=False, l2_regularization_strength=0.0).partial_fit(X, case.y)
    expected = [
        copy.deepcopy(model).partial_fit(X[:rows], case.y[:rows]) for rows in (16, 32, 48, 60)
    ]
    learnt = [values(model) for model in expected]

    def go_on() -> Any:
        return copy.deepcopy(model).partial_fit(X, case.y)

    total = calls_of(go_on)
    for moment in (total // 2, total * 3 // 4, total):
        found = pressed(go_on, moment)
        same = expected[learnt.index(values(found))]
        assert found.loss_curve_ == pytest.approx(same.loss_curve_, rel=1e-12)
        assert found.n_iter_ == 2
    assert values(found.partial_fit(X, case.y)) == values(same.partial_fit(X, case.y))


# ---- and again ----------------------------------------------------------------------------------


def check_second(case: Case, before: Any, moments: tuple[int, int]) -> None:
    """Press Ctrl-C twice, and see that nothing has changed."""
    attributes = dict(vars(before))
    learnt = values(before) if before.__sklearn_is_fitted__() else None
    with pytest.raises(KeyboardInterrupt), Presses(*moments):
        before.fit(X, case.y)
    assert vars(before).keys() == attributes.keys()
    assert all(vars(before)[name] is value for name, value in attributes.items())
    if learnt is not None:
        assert values(before) == learnt
        outputs(before, X)


def moments_of(fit: Callable[[], Any], rng: random.Random) -> tuple[int, int]:
    """Two random moments of a fit, the second before it ends for the first one."""
    first = rng.randint(1, int(0.9 * calls_of(fit)))
    with pytest.warns(UserWarning, match=SENTENCE), Presses(first) as presses:
        fit()
    return first, rng.randint(first + 1, first + 1 + int(0.8 * (presses.calls - first - 1)))


@pytest.mark.parametrize(
    "name", ["linear-regressor", "linear-classifier-steps", "dnn-regressor", "graph-classifier"]
)
def test_the_second_interrupt_ends_it_at_once(name: str) -> None:
    case = CASES[name]
    expected = values(case.fitted())
    moments = moments_of(lambda: case.make().fit(X, case.y), random.Random(5))
    check_second(case, case.fitted(random_state=1), moments)
    assert blas_guard._inside == 0
    assert values(case.fitted()) == expected


@pytest.mark.soak
@every
def test_the_second_interrupt_at_many_moments(case: Case) -> None:
    expected = values(case.fitted())
    fitted, rng = case.fitted(random_state=1), random.Random(6)
    for _ in range(4):
        check_second(case, fitted, moments_of(lambda: case.make().fit(X, case.y), rng))
        check_second(case, case.make(), moments_of(lambda: case.make().fit(X, case.y), rng))
        assert values(case.fitted()) == expected


def test_both_interrupts_while_the_graph_is_built() -> None:
    pressing = [1, 1]

    def activation(values: Any) -> Any:
        while pressing:
            pressing.pop()
            signal.raise_signal(signal.SIGINT)
        return tf.nn.relu(values)

    model = DNNRegressor(**{**DEEP, "activation_fn": activation})
    with pytest.raises(KeyboardInterrupt):
        model.partial_fit(X, Y)
    assert not pressing
    assert not model.__sklearn_is_fitted__()
    assert values(model.fit(X, Y)) == values(DNNRegressor(**DEEP).fit(X, Y))


# ---- elsewhere ----------------------------------------------------------------------------------


def test_in_another_thread_nothing_is_installed() -> None:
    inside, go_on = threading.Event(), threading.Event()

    def activation(values: Any) -> Any:
        inside.set()
        go_on.wait(20)
        return tf.nn.relu(values)

    model = DNNClassifier(**{**DEEP, "activation_fn": activation})
    thread = threading.Thread(target=model.fit, args=(X, THREE))
    thread.start()
    assert inside.wait(20)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    go_on.set()
    thread.join(20)
    assert values(model) == values(DNNClassifier(**DEEP).fit(X, THREE))
