"""Data and models that this project and scikit-learn both have: the same work for both sides."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))

from housing_data import load_california_housing

Data = tuple[Any, np.ndarray]

SIDES = ("ours", "theirs")
SETTINGS: dict[str, Any] = {"batch_size": 200, "tol": 0.0, "n_iter_no_change": 10_000}
RATE, L2 = 0.001, 1e-4  # Adam's other numbers are those of both by default


@cache
def housing(dtype: str) -> Data:
    """California housing, standardised: 20,640 x 8."""
    X, y, _ = load_california_housing()
    X -= X.mean(axis=0)
    X /= X.std(axis=0)
    return X.astype(dtype), y.astype(dtype)


@cache
def digits(path: Path, dtype: str) -> Data:
    """The training images of MNIST between 0 and 1; scikit-learn's small ones without the file."""
    if not path.exists():
        from sklearn.datasets import load_digits

        X, y = load_digits(return_X_y=True)
        return (X / 16).astype(dtype), y
    with np.load(path) as file:
        X, y = file["x_train"], file["y_train"]
    X = X.reshape(len(X), -1).astype(dtype)
    X /= 255
    return X, y


@cache
def text() -> Data:
    """Rows as of counted words: 20,000 x 130,000, 70 entries a row on average, two classes."""
    from scipy.sparse import random_array

    rng = np.random.default_rng(0)
    X = random_array((20_000, 130_000), density=70 / 130_000, format="csr", rng=rng)
    return X, (X @ rng.standard_normal(130_000) > 0).astype(int)


def data(kind: str, dtype: str, mnist: Path) -> Data:
    """Housing for regressors, digits for classifiers."""
    return housing(dtype) if kind == "regressor" else digits(mnist, dtype)


def network(side: str, kind: str, units: tuple[int, ...], **parameters: Any) -> Any:
    """A network of one side, which trains for as long as it is told."""
    parameters = {**SETTINGS, **parameters}
    # Only one side is loaded: the other one would count where memory is measured.
    if side == "ours":
        from skflow.estimators import DNNClassifier, DNNRegressor

        ours = DNNRegressor if kind == "regressor" else DNNClassifier
        return ours(units, learning_rate=RATE, l2_regularization_strength=L2, **parameters)
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    theirs = MLPRegressor if kind == "regressor" else MLPClassifier
    return theirs(hidden_layer_sizes=units, learning_rate_init=RATE, alpha=L2, **parameters)
