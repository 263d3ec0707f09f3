"""Estimators whose network a function of the user's builds."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from skflow.estimators.base import OneOptimizer
from skflow.estimators.classification import NetworkClassifier
from skflow.estimators.columns import Columns
from skflow.estimators.documentation import documented
from skflow.estimators.heads import Head
from skflow.estimators.model_function import GraphNetwork
from skflow.estimators.networks import Linear, Network
from skflow.estimators.regression import NetworkRegressor


@dataclass(kw_only=True, eq=False, repr=False)
class GraphModel(OneOptimizer):
    """An estimator whose network a function builds."""

    model_fn: Callable[..., Any] | None = None
    params: Mapping[str, Any] | None = None
    learning_rate: Any = 0.01
    l2_regularization_strength: float = 0.0

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "model_fn": [callable, None],
        "params": [dict, None],
    }

    def _network(self, columns: Columns, head: Head) -> Network:
        if self.model_fn is None:
            return Linear(columns.spec, head.outputs)
        params = copy.deepcopy(dict(self.params or {}))
        return GraphNetwork.of(columns.spec, head, self.model_fn, params)


@documented()
@dataclass(kw_only=True, eq=False, repr=False)
class GraphRegressor(GraphModel, NetworkRegressor):
    """Regression by a graph of one's own.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    GraphClassifier : For classes.

    Notes
    -----
    `model_fn` is called as ``model_fn(features, labels, mode, params)`` when a graph is needed, in
    which it makes its variables, and returns an `EstimatorSpec`:

    - `features` is a tensor of shape (n, n_features), for sparse `X` a `SparseTensor`; where
      there are categories a dict of such a tensor ``"numeric"`` and of the categories' numbers
      ``"codes"``, int64 of shape (n, n_categorical).
    - `labels` is a tensor of shape (n, n_outputs), or ``None`` for predictions.
    - `mode` is ``ModeKeys.TRAIN`` or ``ModeKeys.PREDICT``.
    - `params` are the estimator's, and beside them ``"n_outputs"``, the number of outputs wanted.

    If it has a parameter `weights`, it is also given the weights of the rows, of shape (n,) and
    one on average, or ``None``. The penalties apply to the variables that it puts into the
    collection ``tf.GraphKeys.WEIGHTS``.

    Examples
    --------
    >>> import numpy as np
    >>> import skflow as tf
    >>> from skflow.estimators import EstimatorSpec, GraphRegressor
    >>> def squares(features, labels, mode, params):
    ...     w = tf.get_variable("w", (1, params["n_outputs"]), features.dtype)
    ...     return EstimatorSpec(mode, predictions=tf.matmul(tf.square(features), w))
    >>> X = np.linspace(-2, 2, 50).reshape(-1, 1)
    >>> model = GraphRegressor(model_fn=squares, optimizer="L-BFGS", random_state=0)
    >>> model.fit(X, 3 * X[:, 0] ** 2).get_variable_value("w").round(2)
    array([[3.]])
    """


@documented()
@dataclass(kw_only=True, eq=False, repr=False)
class GraphClassifier(GraphModel, NetworkClassifier):
    """Classification by a graph of one's own.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {classes}
    {attributes}

    See Also
    --------
    GraphRegressor : For quantities; its notes say how `model_fn` is called.

    Notes
    -----
    `labels` are 0 and 1 of shape (n, 1) for two classes and of shape (n, n_labels) for labels
    that are there or not; else they are the classes' numbers, int32 of shape (n,), for several
    targets of shape (n, n_outputs). The outputs are log odds.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> import skflow as tf
    >>> from skflow.estimators import EstimatorSpec, GraphClassifier
    >>> def two_layers(features, labels, mode, params):
    ...     w = tf.get_variable("w", (4, 10), features.dtype)
    ...     v = tf.get_variable("v", (10, params["n_outputs"]), features.dtype)
    ...     return EstimatorSpec(mode, predictions=tf.matmul(tf.tanh(tf.matmul(features, w)), v))
    >>> X, y = load_iris(return_X_y=True)
    >>> model = GraphClassifier(model_fn=two_layers, steps=300, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.95)
    True
    """
