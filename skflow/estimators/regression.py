"""What regressors share: the squared loss, R2 as validation score, and `predict`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from skflow.estimators.base import NetworkEstimator
from skflow.estimators.inputs import Rows
from skflow.estimators.objectives import half_squared_error
from skflow.estimators.training import Loss

Array = NDArray[Any]


class NetworkRegressor(RegressorMixin, NetworkEstimator):  # type: ignore[misc]
    """An estimator whose network's outputs are the predictions."""

    def predict(self, X: Any) -> Array:
        """Predict the targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            As many dimensions as the `y` that was fitted.
        """
        outputs = self._decide(X)
        return outputs[:, 0] if self._target_ndim == 1 else outputs

    def _loss(self) -> Loss:
        return half_squared_error

    def _validation_score(self, rows: Rows, outputs: Array) -> float:
        # An overflow is for the loss to report.
        if not np.isfinite(outputs).all():
            return float("nan")
        return float(r2_score(rows.y, outputs, sample_weight=rows.weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
