"""How long does a delivery take, at most? Quantiles, where the spread grows with the distance."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skflow.estimators import DNNRegressor, LinearRegressor
from skflow.estimators.schedules import PolynomialDecay

Array = NDArray[np.float64]

QUANTILES = [0.1, 0.5, 0.9]
EPOCHS = 30


def deliveries(rows: int, seed: int) -> tuple[Array, Array]:
    """Draw deliveries, and the minutes that they took.

    Parameters
    ----------
    rows : int
        How many.
    seed : int
        Which ones.

    Returns
    -------
    X : ndarray of shape (rows, 2)
        Distance (km) and time of day (hours).
    y : ndarray of shape (rows,)
        Minutes: longer and less certain the farther it is, and in the rush hours around 8 and 18.
    """
    rng = np.random.RandomState(seed)
    distance, hour = rng.uniform(0.5, 15, rows), rng.uniform(6, 22, rows)
    rush = np.exp(-0.5 * (hour - 8) ** 2) + np.exp(-0.5 * (hour - 18) ** 2)
    delay = rng.standard_gamma(1.5, rows)
    minutes = 5 + distance * (2 + rush) + 0.5 * distance * (0.5 + rush) * delay
    return np.column_stack([distance, hour]), minutes


def linear_quantiles() -> LinearRegressor:
    """Straight lines, each at its optimum."""
    return LinearRegressor(loss="quantile", quantile=QUANTILES)


def deep_quantiles(rows: int, seed: int = 0) -> Pipeline:
    """One network for all quantiles.

    The learning rate falls to nothing by the last step, so that the end is not a matter of which
    batches came last.
    """
    steps = EPOCHS * rows // 200
    network = DNNRegressor(
        (50, 50),
        loss="quantile",
        quantile=QUANTILES,
        learning_rate=PolynomialDecay(0.01, decay_steps=steps, end_learning_rate=1e-5),
        steps=steps,
        n_iter_no_change=np.inf,
        random_state=seed,
    )
    return make_pipeline(StandardScaler(), network)


def predicted_quantiles(model: LinearRegressor | Pipeline, X: Array) -> Array:
    """The quantiles of each row, of shape (n, 3); pipelines only hand on scikit-learn's methods."""
    if isinstance(model, Pipeline):
        X, model = model[:-1].transform(X), model[-1]
    found: Array = model.predict_quantiles(X)
    return found


def coverage(y: Array, quantiles: Array) -> Array:
    """The part of the rows below each quantile."""
    covered: Array = (y[:, np.newaxis] <= quantiles).mean(axis=0)
    return covered


def main() -> None:
    """Fit both models and say how often they are right; it takes a few seconds."""
    X, y = deliveries(10_000, seed=0)
    held_X, held_y = deliveries(10_000, seed=1)
    models = {"Linear": linear_quantiles(), "Deep": deep_quantiles(len(X))}
    rush = np.array([[10.0, 18.0], [10.0, 13.0]])
    for name, model in models.items():
        began = time.perf_counter()
        model.fit(X, y)
        seconds = time.perf_counter() - began
        covered = coverage(held_y, predicted_quantiles(model, held_X))
        wanted = ", ".join(f"{c:.1%} below {q}" for c, q in zip(covered, QUANTILES, strict=True))
        print(f"{name} ({seconds:.1f} seconds), of 10,000 held-out rows: {wanted}")
        for (distance, hour), (low, middle, high) in zip(
            rush, predicted_quantiles(model, rush), strict=True
        ):
            print(
                f"  {distance:.0f} km at {hour:.0f}:00: {middle:.0f} minutes, in four of five "
                f"cases from {low:.0f} to {high:.0f}"
            )


if __name__ == "__main__":
    main()
