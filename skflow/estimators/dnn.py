"""Deep neural networks: dense layers with activations between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, ClassVar

from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions

from skflow.estimators.base import OneOptimizer
from skflow.estimators.classification import NetworkClassifier
from skflow.estimators.columns import Columns
from skflow.estimators.documentation import documented
from skflow.estimators.heads import Head
from skflow.estimators.networks import ACTIVATIONS, FeedForward
from skflow.estimators.regression import NetworkRegressor

Array = NDArray[Any]

HIDDEN_UNITS: Any = ["array-like", Interval(Integral, 1, None, closed="left")]
ACTIVATION_FN: Any = [StrOptions(set(ACTIVATIONS)), callable]
DROPOUT: Any = [Interval(Real, 0, 1, closed="left")]


@dataclass(kw_only=True, eq=False, repr=False)
class DNN(OneOptimizer):
    """An estimator with hidden layers."""

    hidden_units: Sequence[int] = field(default=(100,), kw_only=False)
    activation_fn: Any = "relu"
    dropout: float = 0.0

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_units": HIDDEN_UNITS,
        "activation_fn": ACTIVATION_FN,
        "dropout": DROPOUT,
    }

    def _network(self, columns: Columns, head: Head) -> FeedForward:
        units = layer_sizes(self.hidden_units)
        return FeedForward(
            columns.spec, head.outputs, units, self.activation_fn, float(self.dropout)
        )

    @property
    def coefs_(self) -> list[Array]:
        """The weights of each layer."""
        return layer_values(self._for_attribute("coefs_").values, "weights")

    @property
    def intercepts_(self) -> list[Array]:
        """The biases of each layer."""
        return layer_values(self._for_attribute("intercepts_").values, "biases")


@documented()
@dataclass(kw_only=True, eq=False, repr=False)
class DNNRegressor(DNN, NetworkRegressor):
    """Regression by a network of dense layers.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    coefs_ : list of ndarray
        The weights of each layer, of shape (inputs, outputs).
    intercepts_ : list of ndarray
        The biases of each layer, of shape (outputs,).
    {attributes}

    See Also
    --------
    LinearRegressor : Without hidden layers.
    DNNLinearCombinedRegressor : With a linear model beside them.

    Examples
    --------
    >>> import numpy as np
    >>> from skflow.estimators import DNNRegressor
    >>> X = np.linspace(-3, 3, 400).reshape(-1, 1)
    >>> model = DNNRegressor((20, 20), learning_rate=0.01, batch_size=20, random_state=0)
    >>> bool(model.fit(X, X[:, 0] ** 2).score(X, X[:, 0] ** 2) > 0.99)
    True
    """


@documented()
@dataclass(kw_only=True, eq=False, repr=False)
class DNNClassifier(DNN, NetworkClassifier):
    """Classification by a network of dense layers.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {classes}
    coefs_ : list of ndarray
        The weights of each layer, of shape (inputs, outputs).
    intercepts_ : list of ndarray
        The biases of each layer, of shape (outputs,).
    {attributes}

    See Also
    --------
    LinearClassifier : Without hidden layers.
    DNNLinearCombinedClassifier : With a linear model beside them.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skflow.estimators import DNNClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = DNNClassifier((20,), learning_rate=0.05, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.95)
    True
    """


def layer_sizes(hidden_units: Any) -> tuple[int, ...]:
    """The sizes of hidden layers as a tuple.

    Parameters
    ----------
    hidden_units : int or sequence of int
        The sizes.

    Returns
    -------
    tuple of int

    Raises
    ------
    ValueError
        If there is a size that is not a positive integer.
    """
    sizes = list(hidden_units) if isinstance(hidden_units, Iterable) else [hidden_units]
    if not all(isinstance(s, Integral) and int(s) > 0 for s in sizes):
        raise ValueError(f"hidden_units must be integers greater than 0, got {hidden_units!r}.")
    return tuple(int(s) for s in sizes)


def layer_values(values: Mapping[str, Array], kind: str) -> list[Array]:
    """The values of all dense layers, the first one first.

    Parameters
    ----------
    values : dict of str to ndarray
        The network's variables by name.
    kind : "weights" or "biases"
        Which of a layer's two variables.

    Returns
    -------
    list of ndarray
    """
    return [v for n, v in values.items() if n.startswith("dnn/") and n.endswith(f"/{kind}")]
