"""Learning rates over the steps, against formulas in double precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from skflow.graph.conversion import constant
from skflow.graph.core import Graph
from skflow.graph.dtypes import float32, float64, int32, int64
from skflow.graph.functions import array
from skflow.graph.variables import Variable
from skflow.runtime.session import Session
from skflow.train import schedules

STEPS = np.array([0, 1, 99, 100, 101, 250, 499, 500, 501, 900])
POLYNOMIAL = lambda s: (0.1 - 0.001) * (1 - np.minimum(s, 500) / 500) ** 2 + 0.001  # noqa: E731
CYCLE = np.where(STEPS == 0, np.nan, 300 * np.ceil(STEPS / 300))

Schedule = Callable[..., Any]
CASES: dict[str, tuple[Schedule, Any]] = {
    "exponential": (
        lambda s: schedules.exponential_decay(0.1, s, 100, 0.5),
        0.1 * 0.5 ** (STEPS / 100),
    ),
    "exponential_stairs": (
        lambda s: schedules.exponential_decay(0.1, s, 100, 0.5, staircase=True),
        0.1 * 0.5 ** (STEPS // 100),
    ),
    "natural": (
        lambda s: schedules.natural_exp_decay(0.1, s, 100, 0.5),
        0.1 * np.exp(-STEPS / 200),
    ),
    "natural_stairs": (
        lambda s: schedules.natural_exp_decay(0.1, s, 100, 0.5, staircase=True),
        0.1 * np.exp(-(STEPS // 100) / 2),
    ),
    "inverse": (
        lambda s: schedules.inverse_time_decay(0.1, s, 100, 0.5),
        0.1 / (1 + STEPS / 200),
    ),
    "inverse_stairs": (
        lambda s: schedules.inverse_time_decay(0.1, s, 100, 0.5, staircase=True),
        0.1 / (1 + (STEPS // 100) / 2),
    ),
    "polynomial": (
        lambda s: schedules.polynomial_decay(0.1, s, 500, 0.001, power=2.0),
        POLYNOMIAL(STEPS),
    ),
    "polynomial_cycle": (
        lambda s: schedules.polynomial_decay(0.1, s, 300, 0.001, cycle=True),
        (0.1 - 0.001) * (1 - STEPS / CYCLE) + 0.001,
    ),
    "piecewise": (
        lambda s: schedules.piecewise_constant(s, [100, 500], [0.1, 0.05, 0.01]),
        np.select([STEPS <= 100, STEPS <= 500], [0.1, 0.05], 0.01),
    ),
    "cosine": (
        lambda s: schedules.cosine_decay(0.1, s, 500, alpha=0.2),
        0.1 * (0.8 * 0.5 * (1 + np.cos(np.pi * np.minimum(STEPS, 500) / 500)) + 0.2),
    ),
}


@pytest.fixture(autouse=True)
def graph() -> Any:
    with Graph().as_default() as graph:
        yield graph


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", [int32, int64])
def test_schedule(name: str, dtype: Any) -> None:
    make, expected = CASES[name]
    step = array.placeholder(dtype, [])
    rate = make(step)
    assert (rate.dtype, rate.get_shape().as_list()) == (float32, [])
    with Session() as session:
        found = [session.run(rate, {step: s}) for s in STEPS]
    np.testing.assert_allclose(found, expected, rtol=3e-6)


def test_types_follow_the_rate() -> None:
    step = Variable(7, name="step")
    for make in (
        schedules.exponential_decay,
        schedules.inverse_time_decay,
        schedules.natural_exp_decay,
    ):
        assert make(constant(0.1, float64), step, 10, 0.5).dtype is float64
    assert schedules.polynomial_decay(np.float64(0.1), step, 10).dtype is float64
    assert schedules.cosine_decay(np.float64(0.1), step, 10).dtype is float64
    assert schedules.piecewise_constant(step, [3], [np.float64(1), np.float64(2)]).dtype is float64


def test_names() -> None:
    step = array.placeholder(int32, [], name="step")
    made = [
        schedules.exponential_decay(0.1, step, 10, 0.5),
        schedules.natural_exp_decay(0.1, step, 10, 0.5),
        schedules.inverse_time_decay(0.1, step, 10, 0.5),
        schedules.polynomial_decay(0.1, step, 10),
        schedules.piecewise_constant(step, [3], [0.1, 0.2]),
        schedules.exponential_decay(0.1, step, 10, 0.5, name="rate"),
    ]
    assert [t.op.name for t in made] == [
        "ExponentialDecay",
        "NaturalExpDecay",
        "InverseTimeDecay",
        "PolynomialDecay",
        "PiecewiseConstant",
        "rate",
    ]


def test_pieces_may_have_a_shape() -> None:
    step = array.placeholder(float32, [])
    rate = schedules.piecewise_constant(step, [1.5], [[1.0, 2.0], [3.0, 4.0]])
    with Session() as session:
        assert session.run(rate, {step: 1.5}).tolist() == [1.0, 2.0]
        assert session.run(rate, {step: 1.6}).tolist() == [3.0, 4.0]


@pytest.mark.parametrize(
    "name",
    [
        "exponential_decay",
        "natural_exp_decay",
        "inverse_time_decay",
        "polynomial_decay",
        "cosine_decay",
    ],
)
def test_a_step_is_needed(name: str) -> None:
    rest = (0.5,) if name not in ("polynomial_decay", "cosine_decay") else ()
    with pytest.raises(ValueError, match=f"^global_step is required for {name}\\.$"):
        getattr(schedules, name)(0.1, None, 10, *rest)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ([1.5], [0.1, 0.2]),
            "Boundaries (<dtype: 'float32'>) must have the same dtype as x (<dtype: 'int32'>).",
        ),
        (
            ([1], [0.1, 2]),
            (
                "Values must have elements all with the same dtype (<dtype: 'float32'> vs <dtype: "
                "'int32'>)."
            ),
        ),
        (([1], [0.1]), "There must be one value more than boundaries, got 1 and 1"),
    ],
)
def test_mistakes_in_pieces(given: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        schedules.piecewise_constant(array.placeholder(int32, []), *given)
    assert str(caught.value) == message
