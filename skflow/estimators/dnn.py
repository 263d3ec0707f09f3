"""Deep neural networks: dense layers with activations between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any, ClassVar

from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions

from skflow.estimators.base import NetworkEstimator
from skflow.estimators.networks import ACTIVATIONS, FeedForward, Network
from skflow.estimators.regression import NetworkRegressor

Array = NDArray[Any]


class DNNRegressor(NetworkRegressor):
    """Regression by a network of dense layers, trained on the squared error.

    Parameters
    ----------
    hidden_units : sequence of int, default=(100,)
        The sizes of the hidden layers.
    activation_fn : str or callable, default="relu"
        The hidden layers' activation: ``"identity"``, ``"elu"``, ``"logistic"``, ``"relu"``,
        ``"relu6"``, ``"sigmoid"``, ``"softplus"``, ``"softsign"``, ``"tanh"``, or a function
        from a tensor to a tensor.
    optimizer : str, Optimizer or callable, default="Adam"
        ``"Adadelta"``, ``"Adagrad"``, ``"Adam"``, ``"Ftrl"``, ``"Momentum"``, ``"RMSProp"`` or
        ``"SGD"`` for steps on batches; an optimizer of `skflow.train`, which is copied; a class
        or function that is given the learning rate and returns one; or ``"L-BFGS"`` for a search
        over all rows at once.
    learning_rate : float, default=0.001
        The step size of optimizers on batches.
    l1_regularization_strength : float, default=0.0
        The charge for the sum of the weights' sizes.
    l2_regularization_strength : float, default=0.0001
        The charge for half the sum of the weights' squares: the `alpha` of scikit-learn's
        `MLPRegressor` when a batch has all rows.
    batch_size : int or "auto", default="auto"
        The rows of a step; ``"auto"`` is ``min(200, n_samples)``.
    max_iter : int, default=200
        The most epochs, or iterations of L-BFGS.
    tol : float, default=1e-4
        Training ends when for `n_iter_no_change` epochs the training loss, or with
        `early_stopping` the validation score, has not improved by this much; L-BFGS ends when
        no component of the gradient is larger.
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
        Chooses the first weights, validation rows and the order of the batches; an int makes
        `fit` repeatable.
    verbose : bool or int, default=0
        Whether to print the loss of each epoch.

    Attributes
    ----------
    coefs_ : list of ndarray
        The weights of each layer, of shape (inputs, outputs).
    intercepts_ : list of ndarray
        The biases of each layer, of shape (outputs,).
    n_iter_ : int
        The epochs or iterations made.
    loss_ : float
        The last loss: half the mean squared error, summed over outputs, plus the penalties
        divided by the number of rows.
    loss_curve_ : list of float
        The loss of each epoch or iteration.
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
    LinearRegressor : Without hidden layers.

    Examples
    --------
    >>> import numpy as np
    >>> from skflow.estimators import DNNRegressor
    >>> X = np.linspace(-3, 3, 400).reshape(-1, 1)
    >>> model = DNNRegressor((20, 20), learning_rate=0.01, batch_size=20, random_state=0)
    >>> bool(model.fit(X, X[:, 0] ** 2).score(X, X[:, 0] ** 2) > 0.99)
    True
    """

    _parameter_constraints: ClassVar[Mapping[str, list[Any]]] = {
        **NetworkEstimator._parameter_constraints,
        "hidden_units": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation_fn": [StrOptions(set(ACTIVATIONS)), callable],
    }

    def __init__(
        self,
        hidden_units: Sequence[int] = (100,),
        *,
        activation_fn: Any = "relu",
        optimizer: Any = "Adam",
        learning_rate: float = 0.001,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0001,
        batch_size: int | str = "auto",
        max_iter: int = 200,
        tol: float = 1e-4,
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
        self.hidden_units = hidden_units
        self.activation_fn = activation_fn
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
        units = layer_sizes(self.hidden_units)
        return FeedForward(inputs, outputs, dtype, "dnn", units, self.activation_fn)

    def _arrays(self) -> list[Array]:
        layers = zip(self.coefs_, self.intercepts_, strict=True)
        return [array for layer in layers for array in layer]

    def _set_arrays(self, arrays: Sequence[Array]) -> None:
        self.coefs_ = list(arrays[::2])
        self.intercepts_ = list(arrays[1::2])


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
