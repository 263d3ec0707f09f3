"""Wide and deep: a linear model and dense layers, trained together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skflow.estimators.base import LEARNING_RATE, OPTIMIZER, NetworkEstimator
from skflow.estimators.classification import NetworkClassifier
from skflow.estimators.columns import Columns
from skflow.estimators.dnn import ACTIVATION_FN, DROPOUT, HIDDEN_UNITS, layer_sizes, layer_values
from skflow.estimators.documentation import documented
from skflow.estimators.heads import Head
from skflow.estimators.networks import FeedForward, Linear, WideAndDeep, chosen_spec
from skflow.estimators.recipes import FULL_BATCH, Recipe
from skflow.estimators.regression import NetworkRegressor

Array = NDArray[Any]


@dataclass(kw_only=True, eq=False, repr=False)
class DNNLinearCombined(NetworkEstimator):
    """An estimator whose outputs are the sum of a linear model's and of dense layers'."""

    dnn_hidden_units: Sequence[int] = field(default=(100,), kw_only=False)
    dnn_activation_fn: Any = "relu"
    dnn_dropout: float = 0.0
    dnn_optimizer: Any = "Adam"
    dnn_learning_rate: Any = 0.001
    dnn_feature_columns: Any = None
    linear_optimizer: Any = "Ftrl"
    linear_learning_rate: Any = 0.01
    linear_feature_columns: Any = None
    # Many weights for single categories learn the training rows by heart when it goes on.
    early_stopping: bool | str = "auto"

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "dnn_hidden_units": HIDDEN_UNITS,
        "dnn_activation_fn": ACTIVATION_FN,
        "dnn_dropout": DROPOUT,
        "dnn_optimizer": OPTIMIZER,
        "dnn_learning_rate": LEARNING_RATE,
        "dnn_feature_columns": ["array-like", None],
        "linear_optimizer": OPTIMIZER,
        "linear_learning_rate": LEARNING_RATE,
        "linear_feature_columns": ["array-like", None],
    }

    def _network(self, columns: Columns, head: Head) -> WideAndDeep:
        spec = columns.spec
        wide = self._places(columns, "linear_feature_columns")
        deep = self._places(columns, "dnn_feature_columns")
        return WideAndDeep(
            spec,
            head.outputs,
            Linear(chosen_spec(spec, wide), head.outputs),
            FeedForward(
                chosen_spec(spec, deep),
                head.outputs,
                layer_sizes(self.dnn_hidden_units),
                self.dnn_activation_fn,
                float(self.dnn_dropout),
            ),
            wide,
            deep,
        )

    def _places(self, columns: Columns, name: str) -> Any:
        """Where the columns that a parameter chooses are among the features."""
        chosen = getattr(self, name)
        found = ((), ()) if np.size(chosen) == 0 else columns.places(chosen, name)
        if found == ((), ()):
            raise ValueError(f"{name} must choose one column at least, got {chosen!r}.")
        return found

    def _recipes(self) -> tuple[Recipe, ...]:
        searches = [
            isinstance(o, str) and o == FULL_BATCH
            for o in (self.linear_optimizer, self.dnn_optimizer)
        ]
        if all(searches):
            return ()
        if any(searches):
            raise ValueError(
                f"{FULL_BATCH!r} searches for all weights at once: give it as linear_optimizer and "
                f"as dnn_optimizer, got {self.linear_optimizer!r} and {self.dnn_optimizer!r}."
            )
        return (
            Recipe(self.dnn_optimizer, self.dnn_learning_rate, "dnn/"),
            Recipe(self.linear_optimizer, self.linear_learning_rate, "linear/"),
        )

    @property
    def linear_coef_(self) -> Array:
        """The weights of the linear part, for numeric features and then for each category."""
        model = self._for_attribute("linear_coef_")
        weights: Array = model.network.wide.weights(model.values)
        return weights.T

    @property
    def linear_intercept_(self) -> Array:
        """The constant terms of the linear part."""
        return self._for_attribute("linear_intercept_").values["linear/biases"]

    @property
    def dnn_coefs_(self) -> list[Array]:
        """The weights of each dense layer."""
        return layer_values(self._for_attribute("dnn_coefs_").values, "weights")

    @property
    def dnn_intercepts_(self) -> list[Array]:
        """The biases of each dense layer."""
        return layer_values(self._for_attribute("dnn_intercepts_").values, "biases")


@documented()
@dataclass(kw_only=True, eq=False, repr=False)
class DNNLinearCombinedRegressor(DNNLinearCombined, NetworkRegressor):
    """Wide and deep regression: the sum of a linear model and a network of dense layers.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    linear_coef_ : ndarray of shape (n_outputs, n_features)
        The weights of the linear part; those of the categories come last.
    linear_intercept_ : ndarray of shape (n_outputs,)
        Its constant terms.
    dnn_coefs_ : list of ndarray
        The weights of each layer, of shape (inputs, outputs).
    dnn_intercepts_ : list of ndarray
        The biases of each layer, of shape (outputs,).
    {attributes}

    See Also
    --------
    LinearRegressor : The wide part alone.
    DNNRegressor : The deep part alone.

    References
    ----------
    H.-T. Cheng et al., Wide & deep learning for recommender systems, 1st Workshop on Deep Learning
    for Recommender Systems, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from skflow.estimators import DNNLinearCombinedRegressor
    >>> X = np.linspace(-3, 3, 400).reshape(-1, 1)
    >>> y = 10 * X[:, 0] + np.sin(3 * X[:, 0])
    >>> model = DNNLinearCombinedRegressor(
    ...     (20,), dnn_learning_rate=0.01, batch_size=50, steps=1000, random_state=0
    ... )
    >>> bool(model.fit(X, y).score(X, y) > 0.99)
    True
    """


@documented()
@dataclass(kw_only=True, eq=False, repr=False)
class DNNLinearCombinedClassifier(DNNLinearCombined, NetworkClassifier):
    """Wide and deep classification: the sum of a linear model and a network of dense layers.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {classes}
    linear_coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        The weights of the linear part; those of the categories come last.
    linear_intercept_ : ndarray of shape (1,) or (n_classes,)
        Its constant terms.
    dnn_coefs_ : list of ndarray
        The weights of each layer, of shape (inputs, outputs).
    dnn_intercepts_ : list of ndarray
        The biases of each layer, of shape (outputs,).
    {attributes}

    See Also
    --------
    LinearClassifier : The wide part alone.
    DNNClassifier : The deep part alone.

    References
    ----------
    H.-T. Cheng et al., Wide & deep learning for recommender systems, 1st Workshop on Deep Learning
    for Recommender Systems, 2016.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skflow.estimators import DNNLinearCombinedClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = DNNLinearCombinedClassifier((20,), dnn_learning_rate=0.05, random_state=0)
    >>> bool(model.fit(X, y).score(X, y) > 0.95)
    True
    """
