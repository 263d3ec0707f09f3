"""Scikit-learn's own checks: none fails, none is skipped, and only one kind may be expected to."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any, Final
from unittest import SkipTest

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import estimator_checks

from skflow import estimators
from skflow.estimators import (
    DNNClassifier,
    DNNLinearCombinedClassifier,
    DNNLinearCombinedRegressor,
    DNNRegressor,
    GraphClassifier,
    GraphRegressor,
    LinearClassifier,
    LinearRegressor,
)

Check = Callable[[Any], None]

DEFAULTS: Final[list[Any]] = [
    LinearRegressor(),
    LinearClassifier(),
    DNNRegressor(),
    DNNClassifier(),
    DNNLinearCombinedRegressor(),
    DNNLinearCombinedClassifier(),
    GraphRegressor(),
    GraphClassifier(),
]

# The penalty keeps probabilities away from 1, where the checks would find ties. It also makes
# short searches: a long one among networks takes rounding to another minimum.
STEADY: Final[dict[str, Any]] = {"l2_regularization_strength": 1.0, "random_state": 0}
SEARCH: Final[dict[str, Any]] = {**STEADY, "optimizer": "L-BFGS"}
DEEP_SEARCH: Final[dict[str, Any]] = {
    **SEARCH,
    "hidden_units": (5,),
    "activation_fn": "tanh",
}
COMBINED_SEARCH: Final[dict[str, Any]] = {
    **STEADY,
    "linear_optimizer": "L-BFGS",
    "dnn_optimizer": "L-BFGS",
    "dnn_hidden_units": (5,),
    "dnn_activation_fn": "tanh",
}
FULL_BATCH: Final[list[Any]] = [
    LinearRegressor(**SEARCH),
    LinearClassifier(**{**SEARCH, "l2_regularization_strength": 0.1}),
    DNNRegressor(**DEEP_SEARCH),
    DNNClassifier(**DEEP_SEARCH),
    DNNLinearCombinedRegressor(**COMBINED_SEARCH),
    DNNLinearCombinedClassifier(**COMBINED_SEARCH),
    GraphRegressor(**SEARCH),
    GraphClassifier(**SEARCH),
]

# A check wants a class that counts 10 million times as much as another to be predicted everywhere,
# and the accuracy on a few rows is as good as it gets long before: large steps take them there.
BATCHES: Final[dict[str, Any]] = {**STEADY, "batch_size": 16}
SHORT: Final[dict[str, Any]] = {**BATCHES, "max_iter": 100, "tol": 1e-4}
STOPPING: Final[dict[str, Any]] = {
    **BATCHES,
    "early_stopping": True,
    "validation_fraction": 0.3,
}
DEEP_BATCHES: Final[dict[str, Any]] = {
    **STOPPING,
    "hidden_units": (20,),
    "dropout": 0.1,
    "learning_rate": 0.1,
}
COMBINED_BATCHES: Final[dict[str, Any]] = {
    **STOPPING,
    "dnn_hidden_units": (10,),
    "dnn_dropout": 0.1,
    "dnn_learning_rate": 0.1,
    "linear_learning_rate": 0.1,
}
MINI_BATCH: Final[list[Any]] = [
    LinearRegressor(optimizer="Adam", learning_rate=0.1, **SHORT),
    LinearClassifier(optimizer="Ftrl", learning_rate=0.5, **SHORT),
    DNNRegressor(**DEEP_BATCHES),
    DNNClassifier(**DEEP_BATCHES),
    DNNLinearCombinedRegressor(**COMBINED_BATCHES),
    DNNLinearCombinedClassifier(**COMBINED_BATCHES),
    GraphRegressor(**BATCHES),
    GraphClassifier(**BATCHES),
]

# Batches of rows that count twice are not batches of these rows twice.
EXPECTED_TO_FAIL: Final = frozenset(
    {
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
    }
)

# What `estimator_checks_generator` leaves out of what scikit-learn asks of its own estimators.
BESIDE: Final = (
    "check_dataframe_column_names_consistency",
    "check_inplace_ensure_writeable",
    "check_param_validation",
)


def title(check: Any) -> str:
    """What to call one of scikit-learn's checks."""
    settings = [f"{key}={value}" for key, value in check.keywords.items()]
    return "-".join([*check.args, check.func.__name__, *settings])


def checks(models: list[Any]) -> dict[str, tuple[Any, Check]]:
    """The checks of some estimators by name.

    This is what `parametrize_with_checks` gives, but each check once and in a list: pytest wants
    one, and it is a generator before scikit-learn 1.8, where one check comes twice.
    """
    return {
        title(check): (estimator, check)
        for model in models
        for estimator, check in estimator_checks.estimator_checks_generator(model)
    }


def cases(kind: str, models: list[Any], expected: frozenset[str] = frozenset()) -> Iterator[Any]:
    """Test cases of all checks but those that are expected to fail."""
    for name, (estimator, check) in checks(models).items():
        if check.func.__name__ not in expected:  # type: ignore[attr-defined]
            yield pytest.param(estimator, check, id=f"{kind}-{name}")


ALL: Final = [
    *cases("defaults", DEFAULTS),
    *cases("full", FULL_BATCH),
    *cases("batches", MINI_BATCH, EXPECTED_TO_FAIL),
]
FAILING: Final = [
    pytest.param(estimator, check, id=name)
    for name, (estimator, check) in checks(MINI_BATCH).items()
    if check.func.__name__ in EXPECTED_TO_FAIL  # type: ignore[attr-defined]
]

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Got `batch_size` 16, larger than the sample size"),
]


def run(check: Check, estimator: Any) -> None:
    """Run a check that must not be skipped."""
    try:
        check(estimator)
    except SkipTest as reason:
        pytest.fail(f"skipped: {reason} (`make test` sets what the checks need)")


@pytest.mark.parametrize(("estimator", "check"), ALL)
def test_scikit_learns_checks(estimator: Any, check: Check) -> None:
    run(check, estimator)


@pytest.mark.parametrize(("estimator", "check"), FAILING)
def test_what_is_expected_to_fail_does(estimator: Any, check: Check) -> None:
    with pytest.raises(AssertionError, match="`sample_weight` is not equivalent"):
        run(check, estimator)


@pytest.mark.parametrize("models", [DEFAULTS, FULL_BATCH, MINI_BATCH])
def test_every_public_estimator_is_checked(models: list[Any]) -> None:
    public = [getattr(estimators, name) for name in estimators.__all__]
    wanted = {kind for kind in public if hasattr(kind, "fit")}
    assert {type(model) for model in models} == wanted
    assert len(wanted) == 8
    for model in models:
        found = [
            check.func.__name__ for _, check in estimator_checks.estimator_checks_generator(model)
        ]
        assert len(found) >= 60
        assert set(found) >= EXPECTED_TO_FAIL


@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.parametrize("model", [*DEFAULTS, *FULL_BATCH, *MINI_BATCH])
def test_the_checks_that_the_list_leaves_out(model: Any, name: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(lambda m: getattr(estimator_checks, name)(type(m).__name__, m), model)
    assert {w.category for w in caught} <= {ConvergenceWarning}


@pytest.mark.parametrize("model", [DEFAULTS[1], FULL_BATCH[1], MINI_BATCH[1]])
def test_balanced_weights_of_a_linear_classifier(model: Any) -> None:
    estimator_checks.check_class_weight_balanced_linear_classifier(type(model).__name__, model)


@pytest.mark.parametrize("model", [m for m in DEFAULTS if hasattr(m, "class_weight")])
def test_balanced_weights_help_where_classes_are_rare(model: Any) -> None:
    rng = np.random.RandomState(0)
    rows: list[Any] = []
    for part in (0.1, 0.5):
        y = (rng.uniform(size=400) < part).astype(int)
        rows += [rng.normal(size=(400, 2)) + y[:, np.newaxis], y]
    estimator_checks.check_class_weight_balanced_classifiers(
        type(model).__name__, model, *rows, None
    )
