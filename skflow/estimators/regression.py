"""What regressors share: targets, losses and their predictions."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_y, check_array

from skflow.estimators.base import NetworkEstimator
from skflow.estimators.heads import Head
from skflow.estimators.losses import REGRESSION
from skflow.estimators.models import Targets
from skflow.estimators.validation import validated
from skflow.graph.lazy import LazyModule

if TYPE_CHECKING:
    from skflow.estimators import regression_head
else:
    regression_head = LazyModule("skflow.estimators.regression_head")

Array = NDArray[Any]

# Losses that are only there for targets of some sign, and scikit-learn's names for them.
_POSITIVE: Final = {"poisson": "HalfPoissonLoss", "gamma": "HalfGammaLoss"}


def _predicts_quantiles(estimator: Any) -> bool:
    loss = estimator._model.head.loss if estimator.__sklearn_is_fitted__() else estimator.loss
    if not isinstance(loss, str) or loss != "quantile":
        raise AttributeError(
            f"predict_quantiles is only available with loss='quantile', got loss={loss!r}."
        )
    return True


def _steps_on_batches(estimator: Any) -> bool:
    return bool(estimator._steps_on_batches())


@dataclass(kw_only=True, eq=False, repr=False)
class NetworkRegressor(RegressorMixin, NetworkEstimator):  # type: ignore[misc]
    """An estimator of quantities."""

    loss: Any = "squared"
    quantile: Any = 0.5

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "loss": [StrOptions({*REGRESSION, "quantile"}), callable],
        "quantile": [Interval(Real, 0, 1, closed="neither"), "array-like"],
    }

    def predict(self, X: Any) -> Array:
        """Predict the targets.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            As many dimensions as the `y` that was fitted. Of several quantiles it is the median.
        """
        outputs = self._outputs(X)
        quantities: Array = self._model.head.quantities(outputs)
        return quantities[:, 0] if self._target_ndim == 1 else quantities

    @available_if(_predicts_quantiles)  # type: ignore[untyped-decorator]
    def predict_quantiles(self, X: Any) -> Array:
        """Predict the quantiles asked for by `quantile`.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples, n_quantiles) or (n_samples, n_outputs, n_quantiles)
            In the order of `quantile`; a larger one is never below a smaller one.
        """
        outputs = self._outputs(X)
        matrix: Array = self._model.head.quantile_matrix(outputs)
        return matrix[:, 0] if self._target_ndim == 1 else matrix

    @available_if(_steps_on_batches)  # type: ignore[untyped-decorator]
    @validated
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Make one pass over some rows, going on where the last call ended.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            The features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        sample_weight : array-like of shape (n_samples,), optional
            How many times each row counts; by default once.

        Returns
        -------
        self : object
            The estimator, which keeps the optimizer's state for the next call.
        """
        known = self._model.head if self.__sklearn_is_fitted__() else None
        return self._partial_fit(X, y, sample_weight, lambda dtype: self._targets(y, dtype, known))

    def _targets(self, y: Any, dtype: Any, known: Head | None) -> Targets:
        y = _check_y(y, multi_output=True, y_numeric=True, estimator=self)
        y = check_array(y, dtype=dtype, order="C", ensure_2d=False, input_name="y")
        labels = np.asarray(y.reshape(len(y), -1))
        self._check_signs(labels)
        quantiles = self._quantiles() if self.loss == "quantile" else ()
        head = regression_head.RegressionHead(self.loss, labels.shape[1], quantiles)
        if known is not None and known.outputs != head.outputs:
            raise ValueError(
                f"y has {labels.shape[1]} outputs, but {type(self).__name__} was fitted with "
                f"{self.n_outputs_}."
            )
        return Targets(head, labels, {"n_outputs_": labels.shape[1], "_target_ndim": y.ndim})

    def _labels(self, y: Any, dtype: Any, targets: Targets) -> Array:
        further = self._targets(y, dtype, None)
        if further.labels.shape[1] != targets.labels.shape[1]:
            raise ValueError(
                f"y_val has {further.labels.shape[1]} outputs, but y has {targets.labels.shape[1]}."
            )
        return further.labels

    def _check_signs(self, labels: Array) -> None:
        name = _POSITIVE.get(self.loss) if isinstance(self.loss, str) else None
        if name is None:
            return
        wrong = labels < 0 if self.loss == "poisson" else labels <= 0
        if wrong.any() or not labels.any():
            raise ValueError(f"Some value(s) of y are out of the valid range of the loss '{name}'.")

    def _quantiles(self) -> tuple[float, ...]:
        chosen = np.atleast_1d(np.asarray(self.quantile, dtype=float))
        if chosen.ndim != 1 or not chosen.size or not ((chosen > 0) & (chosen < 1)).all():
            raise ValueError(
                "quantile must be a number or a list of numbers between 0 and 1, got "
                f"{self.quantile!r}."
            )
        return tuple(chosen.tolist())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
