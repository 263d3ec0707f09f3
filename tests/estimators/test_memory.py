"""However many estimators are fitted in a process, its memory stays as large as it was."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from skflow.estimators import (
    DNNClassifier,
    DNNLinearCombinedClassifier,
    DNNRegressor,
    GraphRegressor,
    LinearClassifier,
    LinearRegressor,
)
from tests.estimators.cases import FRAME, THREE, TWO, X, Y

STATUS = Path("/proc/self/status")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def resident() -> int:
    """The memory of this process, in bytes."""
    gc.collect()
    line = next(s for s in STATUS.read_text().splitlines() if s.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def fit_one(number: int) -> None:
    """Fit a model of one kind after the other, of ever other architectures, and predict."""
    units, epochs = (3 + number % 40,), {"max_iter": 2, "random_state": number}
    deep: dict[str, Any] = {"hidden_units": units, **epochs}
    kinds: list[Callable[[], Any]] = [
        lambda: LinearRegressor().fit(X, Y),
        lambda: LinearClassifier().fit(FRAME, THREE).predict_proba(FRAME),
        lambda: DNNRegressor(**deep, dropout=0.1, batch_size=20).fit(X, Y).predict(X),
        lambda: DNNRegressor(**deep, optimizer="L-BFGS").fit(X, Y).predict(X),
        lambda: DNNClassifier(**deep, activation_fn=lambda x: x).fit(X, TWO).predict(X),
        lambda: DNNClassifier(**deep).partial_fit(X, THREE).partial_fit(X, THREE + 1).predict(X),
        lambda: DNNLinearCombinedClassifier(units, **epochs).fit(FRAME, TWO).predict(FRAME),
        lambda: GraphRegressor(**epochs).fit(X, Y).graph_,
    ]
    kinds[number % len(kinds)]()


def growth(warm_up: int, count: int) -> int:
    """By how many bytes a process grows while it fits so many estimators."""
    for number in range(warm_up):
        fit_one(number)
    before = resident()
    for number in range(warm_up, warm_up + count):
        fit_one(number)
    return resident() - before


if STATUS.exists():

    def test_a_hundred_estimators_leave_nothing_behind() -> None:
        # The caches are full by the time that counting begins.
        assert growth(80, 100) < 4e6

    @pytest.mark.soak
    def test_a_thousand_estimators_leave_nothing_behind() -> None:
        assert growth(100, 1000) < 20e6
