"""A graph of one's own: house prices as a sum of curves, one for each feature."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from housing_data import load_california_housing
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import QuantileTransformer

import skflow as tf
from skflow.estimators import DNNRegressor, EstimatorSpec, GraphRegressor

Array = NDArray[np.float64]


def sum_of_curves(
    features: tf.Tensor, labels: tf.Tensor | None, mode: str, params: Mapping[str, Any]
) -> EstimatorSpec:
    """Give each feature a small network of its own, and add what they say.

    Such a model can be read: what a feature adds to the price does not hang on the others.
    """
    del labels  # the estimator's own loss will do
    dtype, shape = features.dtype, (features.get_shape()[1].value, params["bends"])
    slopes = tf.get_variable("slopes", shape, dtype, tf.random_normal_initializer())
    starts = tf.get_variable("starts", shape, dtype, tf.random_uniform_initializer(-1.0, 1.0))
    heights = tf.get_variable("heights", shape, dtype)
    base = tf.get_variable("base", (params["n_outputs"],), dtype, tf.zeros_initializer())
    bent = tf.nn.relu(tf.expand_dims(features, 2) * slopes + starts)
    total = tf.reduce_sum(bent * heights, [1, 2])
    return EstimatorSpec(mode, predictions=tf.expand_dims(total, 1) + base)


def with_even_features(regressor: Any) -> Pipeline:
    """Let a regressor see ranks, as those of a normal distribution: no value lies far out."""
    ranks = QuantileTransformer(
        n_quantiles=200, output_distribution="normal", subsample=None, random_state=0
    )
    return make_pipeline(ranks, regressor)


def curves(**settings: Any) -> GraphRegressor:
    """The estimator; it clones, pickles and goes through searches like any other."""
    return GraphRegressor(
        model_fn=sum_of_curves,
        params={"bends": 16},
        learning_rate=0.01,
        early_stopping=True,
        random_state=0,
        **settings,
    )


def effect(model: Pipeline, X: Array, column: int, levels: list[float]) -> Array:
    """What some quantiles of a feature add to the price that its median gives."""
    rows = np.tile(np.median(X, axis=0), (len(levels) + 1, 1))
    rows[1:, column] = np.quantile(X[:, column], levels)
    median, *others = model.predict(rows)
    added: Array = np.array(others) - median
    return added


def main() -> None:
    """Fit it beside a linear model and a network; it takes less than a minute on two cores."""
    X, y, names = load_california_housing()
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    own = with_even_features(curves())
    models = {
        "scikit-learn's LinearRegression": with_even_features(LinearRegression()),
        "a sum of curves": own,
        "skflow's DNNRegressor": with_even_features(
            DNNRegressor(early_stopping=True, random_state=0)
        ),
    }
    for name, model in models.items():
        began = time.perf_counter()
        r2 = model.fit(X_train, y_train).score(X_test, y_test)
        print(f"{name:<32} R2 {r2:.3f}  ({time.perf_counter() - began:.1f} seconds)")

    levels = [0.05, 0.25, 0.75, 0.95]
    print("\nWhat it adds to a price, in dollars, to be at these quantiles and not at the median:")
    print(" " * 10 + "".join(f"{level:>10}" for level in levels))
    for column, name in enumerate(names):
        added = 1e5 * effect(own, X_train, column, levels)
        print(f"{name:<10}" + "".join(f"{dollars:>+10,.0f}" for dollars in added))


if __name__ == "__main__":
    main()
