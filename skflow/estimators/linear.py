"""Linear models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skflow.estimators.inputs import Rows
from skflow.estimators.linear_search import LinearSearch
from skflow.estimators.networks import FeedForward, Network
from skflow.estimators.recipes import FULL_BATCH
from skflow.estimators.regression import NetworkRegressor

Array = NDArray[Any]


class LinearRegressor(NetworkRegressor):
    """Linear regression by least squares.

    Parameters
    ----------
    optimizer : str, Optimizer or callable, default="L-BFGS"
        ``"L-BFGS"`` searches over all rows at once, on features and targets that it standardises
        itself, and reaches the optimum. ``"Adadelta"``, ``"Adagrad"``, ``"Adam"``, ``"Ftrl"``,
        ``"Momentum"``, ``"RMSProp"`` and ``"SGD"`` make steps on batches, as do an optimizer of
        `skflow.train`, which is copied, and a class or function that is given the learning rate
        and returns one.
    learning_rate : float, default=0.01
        The step size of optimizers on batches.
    l1_regularization_strength : float, default=0.0
        The charge for the sum of the weights' sizes; ``n_samples`` times the `alpha` of
        scikit-learn's `Lasso`.
    l2_regularization_strength : float, default=0.0
        The charge for half the sum of the weights' squares: the `alpha` of scikit-learn's
        `Ridge`.
    batch_size : int or "auto", default="auto"
        The rows of a step; ``"auto"`` is ``min(200, n_samples)``.
    max_iter : int, default=1000
        The most iterations of L-BFGS, or epochs.
    tol : float, default=1e-9
        L-BFGS ends when no component of the gradient, in standardised units, is larger. Training
        on batches ends when for `n_iter_no_change` epochs the training loss, or with
        `early_stopping` the validation score, has not improved by this much.
    n_iter_no_change : int, default=10
        How many epochs without improvement are borne.
    early_stopping : bool, default=False
        Whether to set rows aside and stop on their R2; L-BFGS does not.
    validation_fraction : float, default=0.1
        The part of the rows to set aside.
    restore_best : bool, default=True
        Whether training on batches ends with the weights of the epoch with the best validation
        score, or without one with the lowest training loss.
    shuffle : bool, default=True
        Whether each epoch takes the rows in a new order.
    warm_start : bool, default=False
        Whether `fit` starts from the weights of the last one.
    dtype : {None, "float32", "float64"}, default=None
        What to compute in; ``None`` keeps float32 and makes all else float64.
    random_state : int, RandomState instance or None, default=None
        Chooses validation rows and the order of the batches; an int makes `fit` repeatable.
    verbose : bool or int, default=0
        Whether to print the loss of each epoch.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_outputs, n_features)
        The weights.
    intercept_ : float or ndarray of shape (n_outputs,)
        The constant terms.
    n_iter_ : int
        The iterations or epochs made.
    loss_ : float
        The last loss: half the mean squared error, summed over outputs, plus the penalties
        divided by the number of rows.
    loss_curve_ : list of float
        The loss of each iteration or epoch.
    validation_scores_ : list of float or None
        R2 on the rows set aside after each epoch.
    best_iter_ : int
        The epoch, counted from 1, with the best validation score or else lowest loss.
    n_outputs_ : int
        The number of outputs.
    n_features_in_ : int
        The number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if `X` had any.

    See Also
    --------
    DNNRegressor : With hidden layers.

    Examples
    --------
    >>> from skflow.estimators import LinearRegressor
    >>> model = LinearRegressor().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
    >>> model.predict([[3.0]]).round(6)
    array([7.])
    """

    def __init__(
        self,
        *,
        optimizer: Any = FULL_BATCH,
        learning_rate: float = 0.01,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        batch_size: int | str = "auto",
        max_iter: int = 1000,
        tol: float = 1e-9,
        n_iter_no_change: int = 10,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        restore_best: bool = True,
        shuffle: bool = True,
        warm_start: bool = False,
        dtype: Any = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.restore_best = restore_best
        self.shuffle = shuffle
        self.warm_start = warm_start
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose

    def _network(self, inputs: int, outputs: int, dtype: str) -> Network:
        return FeedForward(inputs, outputs, dtype, "linear")

    def _arrays(self) -> list[Array]:
        weights, biases = np.atleast_2d(self.coef_).T, np.atleast_1d(self.intercept_)
        return [weights, biases.astype(weights.dtype, copy=False)]

    def _set_arrays(self, arrays: Sequence[Array]) -> None:
        weights, biases = arrays
        flat = self._target_ndim == 1
        self.coef_ = weights[:, 0].copy() if flat else np.ascontiguousarray(weights.T)
        self.intercept_ = biases[0] if flat else biases

    def _fit_at_once(
        self, network: Network, rows: Rows, start: Sequence[Array] | None
    ) -> list[Array]:
        arrays, history = LinearSearch(network, rows, self._penalty(rows)).run(
            start,
            tol=self.tol,
            max_iter=self.max_iter,
            report=print if self.verbose else None,
        )
        self._keep(history)
        return arrays
