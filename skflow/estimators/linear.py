"""Linear models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from skflow.estimators.base import OneOptimizer
from skflow.estimators.classification import NetworkClassifier
from skflow.estimators.columns import Columns
from skflow.estimators.documentation import documented
from skflow.estimators.fitting import Fitting
from skflow.estimators.heads import Head
from skflow.estimators.inputs import Rows
from skflow.estimators.linear_search import LinearSearch
from skflow.estimators.networks import Linear
from skflow.estimators.recipes import FULL_BATCH
from skflow.estimators.regression import NetworkRegressor
from skflow.estimators.training import Values
from skflow.train.loop import History

Array = NDArray[Any]


@dataclass(kw_only=True, eq=False, repr=False)
class LinearModel(OneOptimizer):
    """An estimator whose outputs are weighted sums of the features."""

    optimizer: Any = FULL_BATCH
    learning_rate: Any = 0.01
    l2_regularization_strength: float = 0.0
    max_iter: int = 1000
    tol: float = 1e-10

    def _network(self, columns: Columns, head: Head) -> Linear:
        return Linear(columns.spec, head.outputs)

    def _search(self, fitting: Fitting, rows: Rows, start: Values) -> tuple[Values, History]:
        """The optimum, found in standardised units."""
        network, setting = fitting.setting.network, fitting.setting
        assert isinstance(network, Linear)
        search = LinearSearch(network.spec, setting.head, rows, setting.penalty)
        before = (network.weights(start), start["linear/biases"]) if start else None
        (weights, biases), history = search.run(
            before,
            **fitting.search_options(lambda found: network.values(*found)),
        )
        return network.values(weights, biases), history

    @property
    def coef_(self) -> Array:
        """The weights of the numeric features, and then of each category."""
        model = self._for_attribute("coef_")
        weights: Array = model.network.weights(model.values)
        return weights[:, 0] if self._is_flat() else weights.T

    @property
    def intercept_(self) -> Any:
        """The constant terms."""
        biases = self._for_attribute("intercept_").values["linear/biases"]
        return biases[0] if self._is_flat() else biases

    @property
    def coef_names_(self) -> Array:
        """What the weights belong to."""
        return self._for_attribute("coef_names_").columns.names()

    def _is_flat(self) -> bool:
        """Whether there is no axis of outputs, as scikit-learn has it for a vector of targets."""
        return getattr(self, "_target_ndim", 2) == 1 and self._model.head.outputs == 1


@documented()
@dataclass(kw_only=True, eq=False, repr=False)
class LinearRegressor(LinearModel, NetworkRegressor):
    """Linear regression.

    With the defaults it is ordinary least squares. On all rows at once the optimum of any loss is
    reached, whatever the units of features and targets: they are standardised inside.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_outputs, n_features)
        The weights; those of the categories come after those of the numeric features.
    intercept_ : float or ndarray of shape (n_outputs,)
        The constant terms.
    coef_names_ : ndarray of str
        What the weights belong to.
    {attributes}

    See Also
    --------
    DNNRegressor : With hidden layers.
    LinearClassifier : For classes.

    Examples
    --------
    >>> from skflow.estimators import LinearRegressor
    >>> model = LinearRegressor().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
    >>> model.predict([[3.0]]).round(6)
    array([7.])
    """


@documented()
@dataclass(kw_only=True, eq=False, repr=False)
class LinearClassifier(LinearModel, NetworkClassifier):
    """Logistic regression, or with ``loss="hinge"`` a linear support vector machine.

    With the defaults it is scikit-learn's `LogisticRegression` with its own.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {classes}
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        The weights; those of the categories come after those of the numeric features.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        The constant terms.
    coef_names_ : ndarray of str
        What the weights belong to.
    {attributes}

    See Also
    --------
    DNNClassifier : With hidden layers.
    LinearRegressor : For quantities.

    Examples
    --------
    >>> from skflow.estimators import LinearClassifier
    >>> model = LinearClassifier().fit([[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"])
    >>> model.predict([[0.5], [2.5]])
    array(['no', 'yes'], dtype='<U3')
    """

    l2_regularization_strength: float = 1.0
