"""Small models of every kind, and rows to fit them to."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning

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

ROWS: Final = 60
RNG = np.random.RandomState(0)
X: Final = RNG.normal(size=(ROWS, 4))
Y: Final = X @ [1.0, -2.0, 0.5, 0.0] + np.sin(X[:, 0]) + 3.0
PAIR: Final = np.column_stack([Y, X[:, 3] - Y])  # two quantities
TWO: Final = np.where(Y > 3, "yes", "no")
THREE: Final = np.digitize(Y, [2.0, 4.0])
LABELS: Final = (PAIR > [3.0, -2.0]).astype(int)  # labels that are there or not
SEVERAL: Final = np.column_stack([THREE, THREE % 2 + 5])  # two targets of their own classes
WEIGHT: Final = RNG.randint(0, 4, ROWS).astype(float)

FRAME: Final = pd.DataFrame(X, columns=["a", "b", "c", "d"])
FRAME["color"] = pd.Categorical(RNG.choice(["red", "green", "blue"], ROWS))
FRAME["size"] = RNG.choice(["small", "large"], ROWS)


class Case(NamedTuple):
    """A kind of model.

    Attributes
    ----------
    make : callable
        Makes one, unfitted; it takes parameters that shall not be as they are here.
    y : ndarray of shape (ROWS,)
        Targets for it.
    """

    make: Callable[..., Any]
    y: Any

    @property
    def classifies(self) -> bool:
        """Whether it is a classifier."""
        return self.y is not Y

    def fitted(self, **settings: Any) -> Any:
        """A fitted model; that it is fitted for a moment only is no surprise."""
        return quietly(self.make(**settings).fit, X, self.y)


SHORT: Final[dict[str, Any]] = {"batch_size": 16, "max_iter": 5, "random_state": 0}
DEEP: Final[dict[str, Any]] = {**SHORT, "hidden_units": (6,), "learning_rate": 0.01}
COMBINED: Final[dict[str, Any]] = {**SHORT, "dnn_hidden_units": (6,), "dnn_learning_rate": 0.01}

# Those that search over all rows at once.
SEARCHES: Final[dict[str, Case]] = {
    "linear-regressor": Case(LinearRegressor, Y),
    "linear-classifier": Case(LinearClassifier, TWO),
    "dnn-regressor-search": Case(partial(DNNRegressor, **DEEP, optimizer="L-BFGS"), Y),
    "combined-classifier-search": Case(
        partial(
            DNNLinearCombinedClassifier,
            **COMBINED,
            dnn_optimizer="L-BFGS",
            linear_optimizer="L-BFGS",
        ),
        THREE,
    ),
}

# Those that make steps on batches.
STEPPERS: Final[dict[str, Case]] = {
    "linear-regressor-steps": Case(
        partial(LinearRegressor, **SHORT, optimizer="Ftrl", learning_rate=0.1), Y
    ),
    "linear-classifier-steps": Case(
        partial(LinearClassifier, **SHORT, optimizer="Adam", learning_rate=0.1), THREE
    ),
    "dnn-regressor": Case(partial(DNNRegressor, **DEEP, dropout=0.1), Y),
    "dnn-classifier": Case(partial(DNNClassifier, **DEEP, dropout=0.1), TWO),
    "combined-regressor": Case(partial(DNNLinearCombinedRegressor, **COMBINED, dnn_dropout=0.1), Y),
    "combined-classifier": Case(
        partial(DNNLinearCombinedClassifier, **COMBINED, dnn_dropout=0.1), THREE
    ),
    "graph-regressor": Case(partial(GraphRegressor, **SHORT), Y),
    "graph-classifier": Case(partial(GraphClassifier, **SHORT), TWO),
}

CASES: Final[dict[str, Case]] = {**SEARCHES, **STEPPERS}


def quietly(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call something that ends before it has converged."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return call(*args, **kwargs)


def outputs(model: Any, rows: Any) -> Any:
    """What a model says of rows in the finest form that it has."""
    return model.decision_function(rows) if hasattr(model, "classes_") else model.predict(rows)


def values(model: Any) -> dict[str, bytes]:
    """All that a model has learnt, to the bit."""
    return {n: model.get_variable_value(n).tobytes() for n in model.get_variable_names()}
