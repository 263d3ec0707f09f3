"""Learning-rate schedules: values against formulas in double precision, and as parameters."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn.base import BaseEstimator, clone
from sklearn.utils._param_validation import InvalidParameterError

import skflow as tf
from skflow.estimators.schedules import (
    CosineDecay,
    ExponentialDecay,
    InverseTimeDecay,
    NaturalExpDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
    Schedule,
    rate_tensor,
)

STEPS = np.array([0, 1, 2, 99, 100, 101, 250, 499, 500, 501, 900, 12_345])
Formula = Callable[[Any], Any]


def exponential(s: Schedule, n: Any) -> Any:
    times = n / s.decay_steps
    return s.initial_learning_rate * s.decay_rate ** (np.floor(times) if s.staircase else times)


def natural(s: Schedule, n: Any) -> Any:
    times = n / s.decay_steps
    times = np.floor(times) if s.staircase else times
    return s.initial_learning_rate * np.exp(-s.decay_rate * times)


def inverse(s: Schedule, n: Any) -> Any:
    times = n / s.decay_steps
    times = np.floor(times) if s.staircase else times
    return s.initial_learning_rate / (1 + s.decay_rate * times)


def polynomial(s: Schedule, n: Any) -> Any:
    if s.cycle:
        steps = s.decay_steps * np.maximum(1, np.ceil(n / s.decay_steps))
    else:
        steps, n = s.decay_steps, np.minimum(n, s.decay_steps)
    height = s.initial_learning_rate - s.end_learning_rate
    return height * (1 - n / steps) ** s.power + s.end_learning_rate


def piecewise(s: Schedule, n: Any) -> Any:
    return np.array(s.values)[np.searchsorted(s.boundaries, n, side="left")]


def cosine(s: Schedule, n: Any) -> Any:
    wave = (1 + np.cos(np.pi * np.minimum(n, s.decay_steps) / s.decay_steps)) / 2
    return s.initial_learning_rate * ((1 - s.alpha) * wave + s.alpha)


LAWS: dict[type[Schedule], Callable[[Any, Any], Any]] = {
    ExponentialDecay: exponential,
    NaturalExpDecay: natural,
    InverseTimeDecay: inverse,
    PolynomialDecay: polynomial,
    PiecewiseConstantDecay: piecewise,
    CosineDecay: cosine,
}

SCHEDULES = [
    ExponentialDecay(0.1, 100, 0.96),
    ExponentialDecay(0.1, 100, 0.96, staircase=True),
    ExponentialDecay(0.1, 333.3, 1.01),
    NaturalExpDecay(0.1, 100, 0.05),
    NaturalExpDecay(0.1, 100, 0.05, staircase=True),
    InverseTimeDecay(0.1, 100, 0.7),
    InverseTimeDecay(0.1, 100, 0.7, staircase=True),
    PolynomialDecay(0.1, 500),
    PolynomialDecay(0.1, 500, 0.3, power=2.5),
    PolynomialDecay(0.1, 300, 0.001, cycle=True),
    PiecewiseConstantDecay([100, 500], [0.1, 0.05, 0.01]),
    PiecewiseConstantDecay([0], [0.3, 0.1]),
    CosineDecay(0.1, 500),
    CosineDecay(0.1, 500, alpha=0.2),
]
DTYPES = {tf.float32: 2e-5, tf.float64: 1e-12}


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as graph:
        yield graph


def values(rate: tf.Tensor, step: tf.Tensor, steps: Any = STEPS) -> Any:
    with tf.Session() as session:
        return np.array([session.run(rate, {step: n}) for n in steps])


# ---- values --------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("step_dtype", [tf.int32, tf.int64], ids=lambda dtype: dtype.name)
def test_values_follow_the_formula(schedule: Any, dtype: Any, step_dtype: Any) -> None:
    step = tf.placeholder(step_dtype, ())
    rate = rate_tensor(schedule, step, dtype)
    assert (rate.dtype, rate.get_shape().as_list()) == (dtype, [])
    found = values(rate, step)
    expected = LAWS[type(schedule)](schedule, STEPS.astype(np.float64))
    rounding = np.finfo(found.dtype).eps * expected.max()
    np.testing.assert_allclose(found, expected, rtol=DTYPES[dtype], atol=rounding)
    assert found.dtype == dtype.as_numpy_dtype


@given(
    initial=st.floats(1e-6, 10),
    steps=st.integers(1, 1000),
    decay=st.floats(0.01, 1),
    staircase=st.booleans(),
    step=st.integers(0, 5000),
)
def test_decays_at_random_places(
    initial: float, steps: int, decay: float, staircase: bool, step: int
) -> None:
    with tf.Graph().as_default():
        counted = tf.placeholder(tf.int64, ())
        for kind in (ExponentialDecay, NaturalExpDecay, InverseTimeDecay):
            schedule = kind(initial, steps, decay, staircase)
            found = values(schedule(counted, tf.float64), counted, [step])
            expected = LAWS[kind](schedule, np.float64(step))
            np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-300)


def test_a_schedule_alone_is_in_float32() -> None:
    step = tf.train.create_global_step()
    assert {schedule(step).dtype for schedule in SCHEDULES} == {tf.float32}


def test_the_rate_follows_the_global_step_as_it_is_trained() -> None:
    counter = tf.train.create_global_step()
    rate = rate_tensor(ExponentialDecay(1.0, 1, 0.5), counter, tf.float64)
    weight = tf.Variable(np.float64(0.0))
    update = tf.train.GradientDescentOptimizer(rate).minimize(weight.value(), counter)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        seen = []
        for _ in range(4):
            session.run(update)
            seen.append(float(session.run(weight)))
    assert seen == [-1.0, -1.5, -1.75, -1.875]


# ---- as parameters -------------------------------------------------------------------------


class Model(BaseEstimator):  # type: ignore[misc]
    """Has a learning rate."""

    def __init__(self, learning_rate: Any = 0.1) -> None:
        self.learning_rate = learning_rate


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_copies_are_equal(schedule: Any) -> None:
    copies = [
        pickle.loads(pickle.dumps(schedule)),
        copy.deepcopy(schedule),
        clone(Model(schedule)).learning_rate,
        eval(repr(schedule)),
    ]
    assert all(again == schedule and hash(again) == hash(schedule) for again in copies)
    others = [other for other in SCHEDULES if other is not schedule]
    assert schedule not in others
    assert len({schedule, *copies, *others}) == len(SCHEDULES)
    with pytest.raises(FrozenInstanceError):
        setattr(schedule, next(iter(vars(schedule))), 7)


def test_schedules_of_different_kinds_differ() -> None:
    kinds = (ExponentialDecay, NaturalExpDecay, InverseTimeDecay)
    assert len({kind(0.1, 10, 0.5) for kind in kinds}) == len(kinds)


def test_they_are_shown_as_scikit_learn_shows_estimators() -> None:
    shown = {
        ExponentialDecay(0.1, 10, 0.5): (
            "ExponentialDecay(initial_learning_rate=0.1, decay_steps=10, decay_rate=0.5)"
        ),
        PolynomialDecay(0.1, 10, power=2): (
            "PolynomialDecay(initial_learning_rate=0.1, decay_steps=10, power=2)"
        ),
        PiecewiseConstantDecay(np.array([3]), [0.1, 0.2]): (
            "PiecewiseConstantDecay(boundaries=(3,), values=(0.1, 0.2))"
        ),
    }
    for schedule, expected in shown.items():
        assert repr(schedule) == expected


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (
            ExponentialDecay(0.0, 10, 0.5),
            (
                "The 'initial_learning_rate' parameter of ExponentialDecay must be a float in the "
                "range (0.0, inf). Got 0.0 instead."
            ),
        ),
        (ExponentialDecay(0.1, 0, 0.5), "The 'decay_steps' parameter of ExponentialDecay must"),
        (ExponentialDecay(0.1, 10, 0), "The 'decay_rate' parameter of ExponentialDecay must"),
        (ExponentialDecay(0.1, 10, 0.5, "no"), "The 'staircase' parameter of ExponentialDecay"),
        (NaturalExpDecay(0.1, 10, -1), "The 'decay_rate' parameter of NaturalExpDecay must"),
        (InverseTimeDecay("a", 10, 1), "The 'initial_learning_rate' parameter of InverseTime"),
        (PolynomialDecay(0.1, 10, -1), "The 'end_learning_rate' parameter of PolynomialDecay"),
        (PolynomialDecay(0.1, 10, power=0), "The 'power' parameter of PolynomialDecay must be"),
        (PolynomialDecay(0.1, 10, cycle=2), "The 'cycle' parameter of PolynomialDecay must be"),
        (CosineDecay(0.1, 10, alpha=1.5), "The 'alpha' parameter of CosineDecay must be a float"),
        (CosineDecay(np.nan, 10), "The 'initial_learning_rate' parameter of CosineDecay must"),
    ],
)
def test_wrong_values_are_refused_when_called(schedule: Schedule, message: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        rate_tensor(schedule, tf.train.create_global_step(), tf.float32)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("boundaries", "rates", "message"),
    [
        ([], [0.1], "The 'boundaries' parameter of PiecewiseConstantDecay must be increasing"),
        (5, [0.1, 0.2], "integers that are at least 0. Got 5 instead."),
        ("12", [0.1, 0.2], "integers that are at least 0. Got '12' instead."),
        ([2, 2], [0.1, 0.2, 0.3], "Got (2, 2) instead."),
        ([2.5], [0.1, 0.2], "Got (2.5,) instead."),
        ([True], [0.1, 0.2], "Got (True,) instead."),
        ([-1], [0.1, 0.2], "Got (-1,) instead."),
        ([1], [0.1, -0.2], "The 'values' parameter of PiecewiseConstantDecay must be finite"),
        ([1], [0.1, np.inf], "numbers that are at least 0. Got (0.1, inf) instead."),
        ([1], 0.1, "numbers that are at least 0. Got 0.1 instead."),
        ([1, 2], [0.1, 0.2], "one more than the boundaries. Got 2 values and 2 boundaries"),
    ],
)
def test_wrong_pieces_are_refused_when_called(boundaries: Any, rates: Any, message: str) -> None:
    schedule = PiecewiseConstantDecay(boundaries, rates)
    with pytest.raises(ValueError) as caught:
        schedule(tf.train.create_global_step())
    assert message in str(caught.value)


# ---- rates of any kind ---------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize(
    "number",
    [0.1, 1, np.float32(0.1), np.float64(0.1), np.int64(2), np.array(0.1), Fraction(1, 3)],
    ids=lambda number: type(number).__name__,
)
def test_numbers_become_constants(number: Any, dtype: Any) -> None:
    for given_rate in (number, lambda _: number):
        rate = rate_tensor(given_rate, tf.train.get_or_create_global_step(), dtype)
        assert (rate.dtype, rate.get_shape().as_list()) == (dtype, [])
        with tf.Session() as session:
            assert session.run(rate) == dtype.as_numpy_dtype(float(number))


def halved(step: Any) -> Any:
    return 0.5 / (1.0 + tf.cast(step, tf.float32))


RECIPES: dict[str, tuple[Callable[[Any], Any], Formula]] = {
    "function": (halved, lambda n: 0.5 / (1 + n)),
    "lambda": (lambda step: 1.0 / tf.cast(step + 2, tf.float64), lambda n: 1 / (n + 2)),
    "partial": (
        partial(tf.train.exponential_decay, 0.1, decay_steps=10, decay_rate=0.5),
        lambda n: 0.1 * 0.5 ** (n / 10),
    ),
    "integer": (lambda step: step + 1, lambda n: n + 1),
}


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.name)
def test_callables_are_given_the_step(name: str, dtype: Any) -> None:
    make, formula = RECIPES[name]
    step = tf.placeholder(tf.int64, ())
    rate = rate_tensor(make, step, dtype)
    assert rate.dtype == dtype
    steps = np.arange(6)
    np.testing.assert_allclose(values(rate, step, steps), formula(steps), rtol=1e-6)


def test_the_step_is_a_tensor_also_where_it_is_a_variable() -> None:
    seen: list[Any] = []
    counter = tf.train.create_global_step()
    rate_tensor(lambda step: seen.append(step) or 0.1, counter, tf.float32)
    assert [type(step) for step in seen] == [tf.Tensor]


def test_a_variable_may_be_the_rate() -> None:
    rate = rate_tensor(lambda _: tf.Variable(0.25), tf.train.create_global_step(), tf.float64)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(rate) == 0.25


@pytest.mark.parametrize(
    "wrong",
    [None, "fast", True, 1j, [0.1], np.array([0.1]), np.array(True), {}],
    ids=repr,
)
def test_what_is_no_rate_is_refused(wrong: Any) -> None:
    step = tf.train.create_global_step()
    with pytest.raises(TypeError, match="given as `learning_rate` must return a number or a"):
        rate_tensor(lambda _: wrong, step, tf.float32)
    with pytest.raises(TypeError, match="^`learning_rate` must be a number or a tensor of one"):
        rate_tensor(wrong, step, tf.float32)


@pytest.mark.parametrize("wrong", [[0.1], True, "fast", 1j], ids=repr)
def test_a_tensor_that_is_no_rate_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="must return a number or a tensor of one number, got"):
        rate_tensor(lambda _: tf.constant(wrong), tf.train.create_global_step(), tf.float32)
