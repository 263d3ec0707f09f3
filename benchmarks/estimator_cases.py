"""The rows of the table that `estimators.py` prints: the same work for both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from estimator_data import SETTINGS, SIDES, Data, data, digits, housing, network, text
from sklearn.base import clone, is_regressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV

from skflow.estimators import LinearClassifier, LinearRegressor

Work = Callable[[int], float | None]  # takes a seed; gives the loss reached, if there is one
Pair = tuple[Any, Any]  # our model and theirs


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


def nets(kind: str, units: tuple[int, ...], **parameters: Any) -> Pair:
    """Networks alike, ours and theirs."""
    ours, theirs = (network(side, kind, units, **parameters) for side in SIDES)
    return ours, theirs


def fits(pair: Pair, rows: Data) -> tuple[Work, Work]:
    """Fits of both models to the same data; they give the mean loss of the last epoch."""

    def work(model: Any) -> Work:
        def fit(seed: int) -> float | None:
            fitted = clone(model)
            if "random_state" in fitted.get_params():
                fitted.set_params(random_state=seed)
            return getattr(fitted.fit(*rows), "loss_", None)

        return fit

    return work(pair[0]), work(pair[1])


def in_a_row(pair: Pair, rows: Data, count: int) -> tuple[Work, Work]:
    """Many fits of the same architecture, as a grid search makes them."""
    once = fits(pair, rows)

    def work(fit: Work) -> Work:
        return lambda seed: void([fit(seed + i) for i in range(count)])

    return work(once[0]), work(once[1])


def passes(pair: Pair, rows: Data) -> tuple[Work, Work]:
    """Calls of `partial_fit` that follow each other, on one batch."""
    X, y = rows[0][: SETTINGS["batch_size"]], rows[1][: SETTINGS["batch_size"]]
    classes = () if is_regressor(pair[0]) else (np.unique(rows[1]),)

    def work(model: Any) -> Work:
        model = clone(model)
        return lambda _: void(model.partial_fit(X, y, *classes))

    return work(pair[0]), work(pair[1])


def predictions(pair: Pair, rows: Data, count: int, method: str) -> tuple[Work, Work]:
    """Predictions of so many rows by both models."""
    X, y = rows
    some = np.ascontiguousarray(np.resize(X, (count, X.shape[1])))

    def work(model: Any) -> Work:
        call = getattr(clone(model).fit(X[:2000], y[:2000]), method)
        return lambda _: void(call(some))

    return work(pair[0]), work(pair[1])


def void(result: object) -> None:
    """Nothing, whatever was found."""
    del result


# ---- the rows of the table --------------------------------------------------------------------


def fit_cases() -> dict[str, Case]:
    """Fits at equal data, types, epochs, batches and settings."""
    table = {}
    for kind, units, epochs in (
        ("regressor", (100,), 10),
        ("regressor", (100, 100), 10),
        ("classifier", (100,), 2),
        ("classifier", (300, 100), 2),
    ):
        for dtype in ("float32", "float64"):

            def make(
                mnist: Path,
                kind: str = kind,
                units: tuple[int, ...] = units,
                epochs: int = epochs,
                dtype: str = dtype,
            ) -> tuple[Work, Work]:
                return fits(nets(kind, units, max_iter=epochs), data(kind, dtype, mnist))

            name = "housing" if kind == "regressor" else "mnist"
            table[f"{name} {'-'.join(map(str, units))} {dtype}"] = Case(make, least=1.5)
    return table


def predict_cases() -> dict[str, Case]:
    """Predictions of one row, of a thousand, and of a hundred thousand."""
    table = {}
    for rows, calls in ((1, 1000), (1000, 100), (100_000, 1)):
        for kind, method in (
            ("regressor", "predict"),
            ("classifier", "predict"),
            ("classifier", "predict_proba"),
        ):
            for dtype in ("float32", "float64"):

                def make(
                    mnist: Path,
                    rows: int = rows,
                    kind: str = kind,
                    method: str = method,
                    dtype: str = dtype,
                ) -> tuple[Work, Work]:
                    pair = nets(kind, (100,), max_iter=1)
                    return predictions(pair, data(kind, dtype, mnist), rows, method)

                name = "housing" if kind == "regressor" else "mnist"
                table[f"{name} {method} {rows} {dtype}"] = Case(make, calls, 1.0)
    return table


def small_cases() -> dict[str, Case]:
    """Fits so small that preparing them counts."""
    iris, diabetes = load_iris(return_X_y=True), load_diabetes(return_X_y=True)
    one, other = "classifier", "regressor"
    return {
        "iris 200 epochs": Case(lambda _: fits(nets(one, (100,), max_iter=200), iris)),
        "diabetes 200 epochs": Case(lambda _: fits(nets(other, (100,), max_iter=200), diabetes)),
        "iris 50 fits": Case(lambda _: in_a_row(nets(one, (20,), max_iter=10), iris, 50)),
        "diabetes 50 fits": Case(lambda _: in_a_row(nets(other, (20,), max_iter=10), diabetes, 50)),
        "housing partial_fit": Case(lambda _: passes(nets(other, (100,)), housing("float64")), 50),
        "mnist partial_fit": Case(lambda p: passes(nets(one, (100,)), digits(p, "float32")), 50),
    }


def linear_cases() -> dict[str, Case]:
    """Linear models to their optimum."""
    iris = load_iris(return_X_y=True)
    plain = LinearRegressor(l2_regularization_strength=0.0), LinearRegression()
    ridge = LinearRegressor(l2_regularization_strength=1.0), Ridge()
    logistic = LinearClassifier(l2_regularization_strength=1.0), LogisticRegression(max_iter=1000)
    return {
        "housing LinearRegression": Case(lambda _: fits(plain, housing("float64"))),
        "housing Ridge": Case(lambda _: fits(ridge, housing("float64"))),
        "iris LogisticRegression": Case(lambda _: fits(logistic, iris)),
        "mnist LogisticRegression": Case(
            lambda p: fits(logistic, tuple(part[:5000] for part in digits(p, "float64")))
        ),
    }


def sparse_cases() -> dict[str, Case]:
    """One epoch on a matrix of counted words."""
    linear = LinearClassifier(optimizer="SGD", learning_rate=0.1, max_iter=1, batch_size=200)
    sgd = SGDClassifier(loss="log_loss", max_iter=1, tol=None)
    return {
        "text 20": Case(lambda _: fits(nets("classifier", (20,), max_iter=1), text())),
        "text linear": Case(lambda _: fits((linear, sgd), text())),
    }


def search_cases() -> dict[str, Case]:
    """Grid searches of 5 rates by 5 penalties in two processes, which begin with the first one."""
    rates, penalties = np.geomspace(1e-4, 1e-2, 5), np.geomspace(1e-5, 1e-1, 5)
    grids = (
        {"learning_rate": rates, "l2_regularization_strength": penalties},
        {"learning_rate_init": rates, "alpha": penalties},
    )

    def make(mnist: Path) -> tuple[Work, Work]:
        rows = data("regressor", "float32", mnist)
        pair = nets("regressor", (100,), max_iter=3, random_state=0)

        def work(model: Any, grid: dict[str, Any]) -> Work:
            search = GridSearchCV(model, grid, cv=3, n_jobs=2)
            return lambda _: void(search.fit(*rows))

        return work(pair[0], grids[0]), work(pair[1], grids[1])

    return {"housing 100 float32, 75 fits": Case(make, least=1.5)}


GROUPS: dict[str, Callable[[], dict[str, Case]]] = {
    "fit": fit_cases,
    "predict": predict_cases,
    "small": small_cases,
    "linear": linear_cases,
    "sparse": sparse_cases,
    "search": search_cases,
}
