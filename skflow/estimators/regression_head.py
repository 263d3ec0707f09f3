"""The head of regressions: outputs are quantities, their logarithms, or quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import skflow as tf
from skflow.estimators import losses
from skflow.estimators.heads import Head, Scales
from skflow.graph.lazy import LazyModule

Array = NDArray[Any]

_metrics = LazyModule("sklearn.metrics")  # of 40 modules, to score with

# Losses whose outputs are the logarithms of means.
_LOGARITHMIC: Final = ("poisson", "gamma")

_HALVINGS: Final = 40  # of an interval around the best constant, which leave 1e-12 of it


@dataclass(frozen=True)
class RegressionHead(Head):
    """Targets that are quantities.

    Attributes
    ----------
    columns : int
        The number of targets of a row.
    quantiles : tuple of float
        Which quantiles of each target are the outputs; empty for losses but ``"quantile"``.
    """

    columns: int
    quantiles: tuple[float, ...] = ()

    @property
    def outputs(self) -> int:
        """One output a target and quantile."""
        return self.columns * max(1, len(self.quantiles))

    @property
    def label_shape(self) -> tuple[int, ...]:
        """The targets themselves."""
        return (self.columns,)

    @property
    def separate(self) -> bool:
        """All losses with names are."""
        return isinstance(self.loss, str)

    def row_losses(self, labels: tf.Tensor, outputs: tf.Tensor, smoothing: Any) -> tf.Tensor:
        """The losses of each target and quantile."""
        if self.loss == "quantile":
            return losses.pinball(labels, outputs, self.quantiles, smoothing)
        if self.loss == "absolute":
            return losses.absolute(labels, outputs, smoothing)
        return losses.REGRESSION[str(self.loss)](labels, outputs)

    # ---- from outputs to predictions ---------------------------------------------------

    def quantities(self, outputs: Array) -> Array:
        """Predictions, of shape (n, columns): of several quantiles the median."""
        if self.loss in _LOGARITHMIC:
            return np.exp(outputs)
        if len(self.quantiles) < 2:
            return outputs
        return _median(self.quantile_matrix(outputs), self.quantiles)

    def quantile_matrix(self, outputs: Array) -> Array:
        """Predicted quantiles in ascending order, of shape (n, columns, quantiles).

        References
        ----------
        V. Chernozhukov, I. Fernández-Val and A. Galichon, Quantile and probability curves
        without crossing, Econometrica 78 (2010), 1093-1125, for putting them in order.
        """
        order = np.argsort(self.quantiles, kind="stable")
        found = np.sort(outputs.reshape(len(outputs), self.columns, -1), axis=2)
        matrix = np.empty_like(found)
        matrix[:, :, order] = found
        return matrix

    def score(self, labels: Array, outputs: Array, weight: Array | None) -> float:
        """The part of the deviance that is explained (D2); for squares it is R2."""
        # An overflow is for the loss to report.
        if not np.isfinite(outputs).all():
            return float("nan")
        if self.loss == "quantile":
            matrix = self.quantile_matrix(outputs)
            scores = [
                _metrics.d2_pinball_score(labels, matrix[:, :, i], sample_weight=weight, alpha=q)
                for i, q in enumerate(self.quantiles)
            ]
            return float(np.mean(scores))
        if self.loss in _LOGARITHMIC:
            # Tweedie deviances want means that a float can hold and that are not zero.
            limits = np.finfo(outputs.dtype)
            outputs = np.clip(outputs, np.log(limits.tiny), np.log(limits.max))
        predictions = self.quantities(outputs)
        if self.loss in _LOGARITHMIC:
            return _tweedie(labels, predictions, weight, 1 if self.loss == "poisson" else 2)
        metric = _metrics.d2_absolute_error_score if self.loss == "absolute" else _metrics.r2_score
        return float(metric(labels, predictions, sample_weight=weight))

    # ---- where training begins ---------------------------------------------------------

    def first_outputs(self, labels: Array, weight: Array | None) -> Array | None:
        """The constants of least loss: the mean, its logarithm, the median or the quantiles."""
        if not isinstance(self.loss, str):
            return None
        if self.loss == "absolute":
            return weighted_quantile(labels, weight, 0.5)
        if self.loss == "huber":
            return _huber_location(labels, weight)
        if self.loss == "quantile":
            found = [weighted_quantile(labels, weight, q) for q in self.quantiles]
            return np.stack(found, axis=1).reshape(-1)
        mean = _mean(labels, weight)
        if self.loss in _LOGARITHMIC:
            return np.asarray(np.log(np.maximum(mean, np.finfo(labels.dtype).tiny)))
        return mean

    # ---- units of a search over all rows -----------------------------------------------

    def scales(self, labels: Array, weight: Array | None) -> Scales:
        """Where the targets lie and how far they spread, or the logarithms of their means."""
        units = super().scales(labels, weight)
        if not isinstance(self.loss, str):
            return units
        mean = _mean(labels, weight)
        if self.loss in _LOGARITHMIC:
            mean = np.maximum(mean, np.finfo(labels.dtype).tiny)
            return Scales(
                np.log(mean), units.spread, mean if self.loss == "poisson" else units.cost
            )
        if self.loss == "squared":
            spread = np.sqrt(_mean(np.square(labels - mean), weight))
        else:
            spread = _mean(np.abs(labels - weighted_quantile(labels, weight, 0.5)), weight)
        # What is left of equal targets is the rounding of their mean.
        spread[spread <= len(labels) * np.abs(mean) * np.finfo(np.float64).eps] = 1.0
        spread = np.repeat(spread, self._copies)
        cost = {"squared": spread**2, "huber": spread * np.minimum(spread, losses.HUBER_DELTA)}
        return Scales(np.repeat(mean, self._copies), spread, cost.get(self.loss, spread))

    @property
    def _copies(self) -> int:
        """How many outputs a target has."""
        return self.outputs // self.columns

    def in_units(self, labels: Array, scales: Scales) -> Array | None:
        """Labels around zero and spread alike, for losses that follow when all is stretched."""
        if self.loss not in ("squared", "absolute", "quantile"):
            return None
        moved = (labels - scales.center[:: self._copies]) / scales.spread[:: self._copies]
        return np.asarray(moved.astype(labels.dtype))

    def curvature(self, labels: Array, outputs: Array, smoothing: float | None) -> Array | None:
        """The second derivatives; for losses with kinks as of `losses.kink_curvature`."""
        if self.loss == "poisson":
            return np.asarray(np.exp(outputs))
        if self.loss == "gamma":
            return np.asarray(labels * np.exp(-outputs))
        errors = np.repeat(labels, self._copies, axis=1) - outputs
        if self.loss == "huber":
            return losses.HUBER_DELTA * losses.kink_curvature(errors, losses.HUBER_DELTA)
        if self.loss not in ("absolute", "quantile") or smoothing is None:
            return None
        slope = 0.5 if self.loss == "quantile" else 1.0
        return slope * losses.kink_curvature(errors, smoothing)


def weighted_quantile(values: Array, weight: Array | None, q: float) -> Array:
    """The quantile of each column, as of rows that stand as often as they count.

    Parameters
    ----------
    values : ndarray of shape (n, k)
        The columns.
    weight : ndarray of shape (n,), optional
        How many times each row counts.
    q : float
        Which quantile.

    Returns
    -------
    ndarray of shape (k,)
    """
    weight = np.ones(len(values)) if weight is None else weight.astype(np.float64)
    order = np.argsort(values, axis=0, kind="stable")
    summed = np.cumsum(weight[order], axis=0)
    places = (summed >= q * summed[-1]).argmax(axis=0)
    return np.asarray(values[np.take_along_axis(order, places[np.newaxis], 0)[0], _each(values)])


def _each(values: Array) -> Array:
    return np.arange(values.shape[1])


def _mean(values: Array, weight: Array | None) -> Array:
    """The weighted mean of each column, in float64."""
    return np.asarray(np.average(values.astype(np.float64, copy=False), axis=0, weights=weight))


def _huber_location(labels: Array, weight: Array | None) -> Array:
    """The constants of least Huber loss, by halving intervals.

    A constant is at most `HUBER_DELTA` away from the median: at that distance half of the rows
    pull it back with all their force.
    """
    center = weighted_quantile(labels, weight, 0.5).astype(np.float64)
    low, high = center - losses.HUBER_DELTA, center + losses.HUBER_DELTA
    for _ in range(_HALVINGS):
        center = 0.5 * (low + high)
        pull = _mean(np.clip(labels - center, -losses.HUBER_DELTA, losses.HUBER_DELTA), weight)
        low, high = np.where(pull > 0, center, low), np.where(pull > 0, high, center)
    return center


def _median(matrix: Array, quantiles: Sequence[float]) -> Array:
    """The medians between quantiles, or the nearest one if all lie on one side."""
    order = np.argsort(quantiles)
    place = float(np.interp(0.5, np.take(quantiles, order), np.arange(len(order))))
    low = int(place)
    high = min(low + 1, len(order) - 1)
    part = matrix.dtype.type(place - low)
    found: Array = matrix[:, :, order[low]] * (1 - part) + matrix[:, :, order[high]] * part
    return found


def _tweedie(labels: Array, predictions: Array, weight: Array | None, power: int) -> float:
    score = partial(_metrics.d2_tweedie_score, sample_weight=weight, power=power)
    columns = zip(labels.T, predictions.T, strict=True)
    return float(np.mean([score(wanted, found) for wanted, found in columns]))
