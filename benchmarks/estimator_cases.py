"""The work that this project's estimators and scikit-learn's are timed on, the same for both."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array, random_array
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

from skflow.estimators import DNNClassifier, DNNRegressor, LinearClassifier, LinearRegressor

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))

from housing_data import load_california_housing

Data = tuple[Any, np.ndarray]
Work = Callable[[], float | None]  # gives the loss reached, where there is one to compare

MNIST = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "mnist.npz"
RATE, BATCH = 0.001, 200  # the same for both, as are Adam's other settings and the l2 penalty


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Attributes
    ----------
    make : callable
        Given the path of the MNIST file, gives our work and theirs.
    calls : int
        How many calls are timed together.
    least : float
        How many times as fast ours has to be; zero where nothing is asked.
    """

    make: Callable[[Path], tuple[Work, Work]]
    calls: int = 1
    least: float = 0.0


# ---- data -------------------------------------------------------------------------------------


@cache
def housing(dtype: str) -> Data:
    """California housing, standardised."""
    X, y, _ = load_california_housing()
    return StandardScaler().fit_transform(X).astype(dtype), y.astype(dtype)


@cache
def digits(path: Path, dtype: str) -> Data:
    """The training images of MNIST between 0 and 1; scikit-learn's small ones without the file."""
    if not path.exists():
        X, y = load_digits(return_X_y=True)
        return (X / 16).astype(dtype), y
    with np.load(path) as file:
        X, y = file["x_train"], file["y_train"]
    return X.reshape(len(X), -1).astype(dtype) / np.dtype(dtype).type(255), y


@cache
def text() -> tuple[csr_array, np.ndarray]:
    """Rows as of counted words: 20,000 x 130,000, about 70 entries a row, of two classes."""
    rng = np.random.default_rng(0)
    X = random_array((20_000, 130_000), density=70 / 130_000, format="csr", rng=rng)
    return X, (X @ rng.standard_normal(130_000) > 0).astype(int)


# ---- pairs ------------------------------------------------------------------------------------


def nets(kind: str, units: tuple[int, ...], **parameters: Any) -> tuple[Any, Any]:
    """Two networks alike, ours and scikit-learn's, that train as long as they are told."""
    ours, theirs = (DNNRegressor, MLPRegressor) if kind == "r" else (DNNClassifier, MLPClassifier)
    parameters = {
        "batch_size": BATCH,
        "max_iter": 5,
        "tol": 0.0,
        "n_iter_no_change": 10_000,
        "random_state": 0,
        **parameters,
    }
    return (
        ours(units, learning_rate=RATE, l2_regularization_strength=1e-4, **parameters),
        theirs(hidden_layer_sizes=units, learning_rate_init=RATE, alpha=1e-4, **parameters),
    )


def fitting(model: Any, X: Any, y: Any) -> Work:
    """Fit a clone; gives the mean loss of its last epoch."""
    return lambda: getattr(clone(model).fit(X, y), "loss_", None)


def fits(pair: tuple[Any, Any], data: Data) -> tuple[Work, Work]:
    """Fits of both models to the same data."""
    return fitting(pair[0], *data), fitting(pair[1], *data)


def in_a_row(pair: tuple[Any, Any], data: Data, count: int) -> tuple[Work, Work]:
    """Many fits of the same architecture, as a grid search makes them."""
    X, y = data

    def work(model: Any) -> None:
        for i in range(count):
            clone(model).set_params(random_state=i).fit(X, y)

    return partial(work, pair[0]), partial(work, pair[1])


def passes(pair: tuple[Any, Any], data: Data) -> tuple[Work, Work]:
    """Calls of `partial_fit` that follow each other, on one batch."""
    X, y = data[0][:BATCH], data[1][:BATCH]
    classes = (np.unique(data[1]),) if isinstance(pair[0], DNNClassifier) else ()

    def work(model: Any) -> Work:
        model = clone(model).partial_fit(X, y, *classes)
        return lambda: void(model.partial_fit(X, y, *classes))

    return work(pair[0]), work(pair[1])


def predictions(
    pair: tuple[Any, Any], data: Data, rows: int, method: str = "predict"
) -> tuple[Work, Work]:
    """Predictions of so many rows by both models."""
    X, y = data
    some = np.ascontiguousarray(np.resize(X, (rows, X.shape[1])))

    def work(model: Any) -> Work:
        call = getattr(clone(model).set_params(max_iter=1).fit(X[:2000], y[:2000]), method)
        return lambda: void(call(some))

    return work(pair[0]), work(pair[1])


def void(result: object) -> None:
    """Nothing, whatever was found."""
    del result


# ---- the rows of the table --------------------------------------------------------------------


def fit_cases() -> dict[str, Case]:
    """Fits at equal data, types, epochs, batches and settings."""
    table = {}
    for dtype in ("float32", "float64"):
        for units in ((100,), (100, 100)):
            name = f"housing {'-'.join(map(str, units))} {dtype}"
            table[name] = Case(
                lambda _, u=units, d=dtype: fits(nets("r", u, max_iter=10), housing(d)), least=1.2
            )
        for units in ((100,), (300, 100)):
            name = f"mnist {'-'.join(map(str, units))} {dtype}"
            table[name] = Case(
                lambda path, u=units, d=dtype: fits(nets("c", u, max_iter=1), digits(path, d)),
                least=1.2,
            )
    return table


def predict_cases() -> dict[str, Case]:
    """Predictions of one row, of a thousand, and of a hundred thousand."""
    table = {}
    for rows, calls in ((1, 1000), (1000, 30), (100_000, 1)):
        for kind, method in (("r", "predict"), ("c", "predict"), ("c", "predict_proba")):
            for dtype in ("float32", "float64"):

                def make(
                    path: Path, rows: int = rows, k: str = kind, m: str = method, d: str = dtype
                ) -> tuple[Work, Work]:
                    data = housing(d) if k == "r" else digits(path, d)
                    return predictions(nets(k, (100,)), data, rows, m)

                label = "housing" if kind == "r" else "mnist"
                table[f"{label} {method} {rows} {dtype}"] = Case(make, calls, 1.0)
    return table


def small_cases() -> dict[str, Case]:
    """Fits so small that preparing them counts."""
    iris, diabetes = load_iris(return_X_y=True), load_diabetes(return_X_y=True)
    few, many = {"max_iter": 10}, {"max_iter": 200}
    return {
        "iris 200 epochs": Case(lambda _: fits(nets("c", (100,), **many), iris)),
        "diabetes 200 epochs": Case(lambda _: fits(nets("r", (100,), **many), diabetes)),
        "iris 50 fits": Case(lambda _: in_a_row(nets("c", (20,), **few), iris, 50)),
        "diabetes 50 fits": Case(lambda _: in_a_row(nets("r", (20,), **few), diabetes, 50)),
        "housing partial_fit": Case(lambda _: passes(nets("r", (100,)), housing("float64")), 50),
        "mnist partial_fit": Case(lambda p: passes(nets("c", (100,)), digits(p, "float32")), 50),
    }


def linear_cases() -> dict[str, Case]:
    """Linear models at their defaults, which converge."""
    iris = load_iris(return_X_y=True)
    ridge = LinearRegressor(l2_regularization_strength=1.0)
    return {
        "housing LinearRegression": Case(
            lambda _: fits(
                (LinearRegressor(l2_regularization_strength=0.0), LinearRegression()),
                housing("float64"),
            )
        ),
        "housing Ridge": Case(lambda _: fits((ridge, Ridge()), housing("float64"))),
        "iris LogisticRegression": Case(
            lambda _: fits(
                (LinearClassifier(l2_regularization_strength=1.0), LogisticRegression()), iris
            )
        ),
        "mnist LogisticRegression": Case(
            lambda path: fits(
                (
                    LinearClassifier(l2_regularization_strength=1.0),
                    LogisticRegression(max_iter=100),
                ),
                (digits(path, "float32")[0][:10_000], digits(path, "float32")[1][:10_000]),
            )
        ),
    }


def sparse_cases() -> dict[str, Case]:
    """One epoch on a matrix of counted words."""
    linear = LinearClassifier(optimizer="SGD", learning_rate=0.1, batch_size=BATCH, max_iter=1)
    sgd = SGDClassifier(loss="log_loss", max_iter=1, tol=None)
    return {
        "text 20": Case(lambda _: fits(nets("c", (20,), max_iter=1), text())),
        "text linear": Case(lambda _: fits((linear, sgd), text())),
    }


GROUPS: dict[str, Callable[[], dict[str, Case]]] = {
    "fit": fit_cases,
    "predict": predict_cases,
    "small": small_cases,
    "linear": linear_cases,
    "sparse": sparse_cases,
}
