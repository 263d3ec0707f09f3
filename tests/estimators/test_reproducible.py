"""A seed alone decides the model: here, in a worker, in a thread, and whatever was fitted before."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from skflow.estimators import DNNRegressor
from tests.estimators.cases import CASES, STEPPERS, WEIGHT, Case, X, Y, outputs

every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# Dropout, rows set aside and shuffling draw numbers.
DRAWING: dict[str, Any] = {"early_stopping": True, "validation_fraction": 0.3}


def values(model: Any) -> dict[str, bytes]:
    """All that was learnt, to the bit."""
    return {n: model.get_variable_value(n).tobytes() for n in model.get_variable_names()}


def learn(model: Any, y: Any) -> dict[str, bytes]:
    """Fit a model with weights and say what it learnt."""
    return values(model.fit(X, y, WEIGHT))


@every
def test_a_seed_decides_everything(case: Case) -> None:
    first, second = case.make(**DRAWING), case.make(**DRAWING)
    assert learn(first, case.y) == learn(second, case.y)
    assert first.loss_curve_ == second.loss_curve_
    assert first.validation_scores_ == second.validation_scores_
    assert learn(first, case.y) == values(second)


@every
def test_a_random_state_may_be_an_object(case: Case) -> None:
    given = case.make(**DRAWING, random_state=np.random.RandomState(3))
    assert learn(given, case.y) == learn(case.make(**DRAWING, random_state=3), case.y)


@pytest.mark.parametrize("case", STEPPERS.values(), ids=STEPPERS)
def test_another_seed_gives_another_model(case: Case) -> None:
    first, second = (case.make(random_state=seed) for seed in (0, 1))
    assert learn(first, case.y) != learn(second, case.y)


def test_without_a_seed_every_fit_differs() -> None:
    model = DNNRegressor((5,), max_iter=2)
    assert learn(model, Y) != learn(model, Y)
    before = np.random.get_state()  # noqa: NPY002
    first = learn(model, Y)
    np.random.set_state(before)  # noqa: NPY002
    assert learn(model, Y) == first


def test_what_was_fitted_before_does_not_matter() -> None:
    """A graph that was used before begins as a new one does."""
    cases = list(CASES.values())
    alone = [learn(case.make(**DRAWING), case.y) for case in cases]
    for case in cases:
        case.make(**DRAWING, random_state=5).fit(X, case.y)
    assert [learn(c.make(**DRAWING), c.y) for c in reversed(cases)][::-1] == alone


PROGRAM = """
import pickle, sys
X, jobs = pickle.load(open(sys.argv[1], "rb"))
found = [[m.get_variable_value(n).tobytes() for n in m.fit(X, *rest).get_variable_names()]
         for m, *rest in jobs]
pickle.dump(found, open(sys.argv[1], "wb"))
"""


def test_a_new_process_fits_bitwise_the_same_models(tmp_path: Path) -> None:
    jobs = [(case.make(**DRAWING), case.y, WEIGHT) for case in CASES.values()]
    place = tmp_path / "jobs"
    place.write_bytes(pickle.dumps((X, jobs)))
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, str(place)], check=True, timeout=100
    )
    expected = [list(learn(model, y).values()) for model, y, _ in jobs]
    assert pickle.loads(place.read_bytes()) == expected


@pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading"])
def test_workers_fit_bitwise_the_same_models(backend: str) -> None:
    models = [(case.make(**DRAWING), case.y) for case in CASES.values()]
    expected = [learn(clone(model), y) for model, y in models]
    jobs = [joblib.delayed(clone(model).fit)(X, y, WEIGHT) for model, y in models]
    with joblib.parallel_backend(backend, n_jobs=2):
        fitted = joblib.Parallel()(jobs)
    assert [values(model) for model in fitted] == expected


def test_eight_threads_fit_bitwise_the_same_models() -> None:
    models = [
        case.make(**DRAWING, random_state=seed) for case in STEPPERS.values() for seed in range(3)
    ]
    targets = [case.y for case in STEPPERS.values() for _ in range(3)]
    expected = [learn(clone(m), y) for m, y in zip(models, targets, strict=True)]
    jobs = [joblib.delayed(learn)(m, y) for m, y in zip(models, targets, strict=True)]
    assert joblib.Parallel(n_jobs=8, backend="threading")(jobs) == expected


def test_one_model_predicts_in_eight_threads() -> None:
    for case in CASES.values():
        model = case.fitted()
        blocks = [X[: 5 + i] for i in range(16)]
        jobs = [joblib.delayed(outputs)(model, rows) for rows in blocks]
        found = joblib.Parallel(n_jobs=8, backend="threading")(jobs)
        for rows, result in zip(blocks, found, strict=True):
            assert (result == outputs(model, rows)).all()
