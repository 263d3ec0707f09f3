"""Parameters that cannot be are refused by `fit`, and what was not fitted says so."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import skflow as tf
from skflow.estimators import (
    DNNClassifier,
    DNNLinearCombinedClassifier,
    DNNRegressor,
    LinearClassifier,
    schedules,
)
from tests.estimators.cases import CASES, FRAME, TWO, Case, X, Y
from tests.estimators.unchanged import nothing_changes

every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


BAD_PARAMETERS: list[tuple[str, Any]] = [
    ("optimizer", "sgd"),
    ("optimizer", 3),
    ("learning_rate", 0.0),
    ("learning_rate", np.nan),
    ("learning_rate", "fast"),
    ("hidden_units", 0),
    ("hidden_units", None),
    ("hidden_units", "20"),
    ("activation_fn", "step"),
    ("dropout", 1.0),
    ("batch_size", 0),
    ("batch_size", 1.5),
    ("max_iter", 0),
    ("steps", 0),
    ("max_time", 0),
    ("tol", -1.0),
    ("n_iter_no_change", 0),
    ("validation_fraction", 1.0),
    ("early_stopping", "yes"),
    ("gradient_clip_norm", 0),
    ("l1_regularization_strength", -1.0),
    ("l2_regularization_strength", np.nan),
    ("loss", "cubic"),
    ("quantile", 1.0),
    ("class_weight", "equal"),
    ("random_state", "seed"),
    ("dtype", "float16"),
    ("verbose", -1),
    ("model_fn", "linear"),
    ("params", [1]),
]


@every
def test_parameters_that_cannot_be(case: Case) -> None:
    model = case.fitted()
    names = model.get_params()
    for part, value in BAD_PARAMETERS:
        for name in names.keys() & {part, f"dnn_{part}", f"linear_{part}"}:
            changed = copy.copy(model).set_params(**{name: value})
            message = f"The '{name}' parameter of {type(model).__name__} must be"
            with nothing_changes(changed), pytest.raises(ValueError, match=message):
                changed.fit(X, case.y)
            if hasattr(model, "partial_fit"):
                for again in (changed, clone(changed)):
                    with pytest.raises(ValueError, match=message):
                        again.partial_fit(X, case.y)


def failing(_: Any) -> Any:
    raise LookupError("the user's own")


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        ({"hidden_units": (3, 0)}, ValueError, "hidden_units must be integers greater than 0"),
        ({"hidden_units": (2.5,)}, ValueError, "hidden_units must be integers greater than 0"),
        ({"hidden_units": ((3,),)}, ValueError, "hidden_units must be integers greater than 0"),
        ({"activation_fn": lambda _: 3.0}, TypeError, "`activation_fn` must return a tensor"),
        ({"activation_fn": failing}, LookupError, "the user's own"),
        ({"categorical_features": [4]}, ValueError, r"must be in \[0, n_features - 1\]"),
        ({"categorical_features": [True]}, ValueError, "boolean mask must have shape"),
        ({"categorical_features": ["a"]}, ValueError, "without feature names"),
        ({"categorical_features": [1.5]}, ValueError, "array-like of bool, int or str"),
        ({"dtype": np.int32}, ValueError, "dtype must be None, float32 or float64"),
        (
            {"learning_rate": lambda _: "fast"},
            TypeError,
            "The function given as `learning_rate` must return a number or a tensor",
        ),
        ({"learning_rate": failing}, LookupError, "the user's own"),
        (
            {"learning_rate": schedules.ExponentialDecay(-0.1, 10, 0.5)},
            ValueError,
            "The 'initial_learning_rate' parameter of ExponentialDecay must be",
        ),
        (
            {"learning_rate": schedules.PiecewiseConstantDecay([3, 2], [1.0, 2.0, 3.0])},
            ValueError,
            "The 'boundaries' parameter of PiecewiseConstantDecay must be increasing",
        ),
        ({"optimizer": lambda rate: rate}, TypeError, "`optimizer` must return an Optimizer"),
        ({"optimizer": failing}, LookupError, "the user's own"),
        ({"loss": lambda *_: 3.0}, ValueError, r"must return the loss of each row, of shape \(n,"),
        ({"loss": lambda *_: None}, ValueError, "None values not supported"),
        ({"loss": lambda y, _: tf.reduce_mean(y)}, ValueError, r"each row, .* got shape \(\)"),
        ({"loss": lambda _: 3.0}, TypeError, "positional argument"),
        ({"loss": failing}, TypeError, "positional argument"),
        (
            {"optimizer": "L-BFGS", "l1_regularization_strength": 1.0},
            ValueError,
            "needs a smooth objective",
        ),
        (
            {"early_stopping": True, "validation_fraction": 0.01},
            ValueError,
            "The validation set is too small. Increase 'validation_fraction'",
        ),
        ({"loss": "quantile", "quantile": []}, ValueError, "quantile must be a number or a list"),
        ({"loss": "quantile", "quantile": [0.5, 1.0]}, ValueError, "numbers between 0 and 1"),
        ({"loss": "quantile", "quantile": [[0.5]]}, ValueError, "numbers between 0 and 1"),
    ],
)
def test_parameters_that_show_later_that_they_cannot_be(
    settings: Any, kind: type[Exception], message: str
) -> None:
    model = DNNRegressor((6,), max_iter=3, random_state=0).fit(X, Y)
    model.set_params(**settings)
    with nothing_changes(model):
        with pytest.raises(kind, match=message):
            model.fit(X, Y)
        if hasattr(model, "partial_fit") and "early_stopping" not in settings:
            with pytest.raises(kind, match=message):
                DNNRegressor(**model.get_params()).partial_fit(X, Y)


@pytest.mark.parametrize("make", [LinearClassifier, lambda: DNNClassifier((6,), max_iter=3)])
@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"strange": 1.0}, r"The classes, .* are not in class_weight"),
        ({"yes": -1.0, "no": 1.0}, "Negative values in data passed to `class_weight`"),
        ({"yes": np.nan, "no": 1.0}, "Input class_weight contains NaN"),
        ({"yes": np.inf, "no": 1.0}, "Input class_weight contains infinity"),
        ({"yes": 0.0, "no": 0.0}, "at least one non-zero number"),
        ({"yes": "many", "no": 1.0}, "could not convert string to float"),
        ([1.0, 2.0], "For a single target class_weight should be a dict or the string 'balanced'"),
    ],
)
def test_class_weights_that_cannot_be(make: Callable[[], Any], weights: Any, message: str) -> None:
    model = make().fit(X, TWO)
    model.set_params(class_weight=weights)
    with nothing_changes(model), pytest.raises(ValueError, match=message):
        model.fit(X, TWO)


def test_one_part_cannot_search_while_the_other_makes_steps() -> None:
    model = DNNLinearCombinedClassifier(linear_optimizer="L-BFGS")
    with pytest.raises(ValueError, match="give it as linear_optimizer and as dnn_optimizer"):
        model.fit(X, TWO)
    with pytest.raises(ValueError, match="not a valid feature name"):
        DNNLinearCombinedClassifier(dnn_feature_columns=["z"]).fit(FRAME, TWO)


# ---- not fitted ---------------------------------------------------------------------------------


@every
def test_what_was_not_fitted(case: Case) -> None:
    model = case.make()
    message = f"This {type(model).__name__} instance is not fitted yet. Call 'fit' with"
    methods: dict[str, tuple[Any, ...]] = {
        "predict": (X,),
        "score": (X, case.y),
        "get_variable_names": (),
        "get_variable_value": ("w",),
    }
    if case.classifies:
        names = ("predict_proba", "predict_log_proba", "decision_function")
        methods |= dict.fromkeys(names, (X,))
    else:
        model.set_params(loss="quantile")
        methods["predict_quantiles"] = (X,)
    for name, args in methods.items():
        with pytest.raises(NotFittedError, match=message):
            getattr(model, name)(*args)
    attributes = [n for n in dir(type(model)) if n.endswith("_") and not n.startswith("_")]
    assert "graph_" in attributes
    for name in {*attributes, *(n for n in dir(model) if n.endswith("_") and n[0] != "_")}:
        with pytest.raises(AttributeError, match=f"has no attribute {name!r}: it is not fitted"):
            getattr(model, name)
