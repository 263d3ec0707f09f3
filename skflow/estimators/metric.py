"""In which directions, and by which steps, a search among the weights of columns goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from skflow.estimators.scaling import centered_blocks, moments, shares

Array = NDArray[Any]

# How little a row's curvature may be, as a part of the mean one: rows far away from where a loss
# bends may come there on the way.
_LEAST: Final = 1e-3

_TINY: Final = float(np.finfo(np.float64).tiny)
_EPS: Final = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Metric:
    """Coordinates of weights in which an objective bends alike in all directions.

    Attributes
    ----------
    forward : ndarray of shape (d, d) or (d, 1)
        From coordinates to weights: a matrix, or a factor for each column.
    backward : ndarray of the same shape
        From weights to coordinates.
    center : ndarray of shape (d,)
        The columns' means, by how strongly the losses of the rows bend.
    unit : ndarray of shape (outputs,)
        What counts as one unit of a bias.
    """

    forward: Array
    backward: Array
    center: Array
    unit: Array

    @classmethod
    def of(
        cls,
        columns: Any,
        middle: Array,
        weight: Array | None,
        curvature: Array,
        ridge: Array,
        *,
        turned: bool,
    ) -> Metric:
        """Measure how an objective bends.

        Parameters
        ----------
        columns : ndarray or csr_array, shape (n, d)
            The scaled features.
        middle : ndarray of shape (d,)
            Their means.
        weight : ndarray of shape (n,), optional
            How many times each row counts.
        curvature : ndarray of shape (n, outputs)
            How strongly the losses of the rows bend.
        ridge : ndarray of shape (d,)
            How strongly the penalties on the weights bend.
        turned : bool
            Whether coordinates are mixtures of columns, for which the objective must be
            measured along all pairs of them.

        Returns
        -------
        Metric

        References
        ----------
        J. Nocedal and S. J. Wright, Numerical Optimization, 2nd ed. (2006), section 5.1, for
        preconditioning by a factor of the Hessian; this one's is the mean over all outputs.
        """
        share = shares(weight, len(curvature))
        strength = np.maximum(share @ curvature.astype(np.float64, copy=False), _TINY)
        bend = share * np.maximum(curvature.mean(axis=1), _LEAST * strength.mean())
        total = float(bend.sum())
        measure = _turned if turned else _straight
        shift, forward, backward = measure(columns, middle, bend / total, ridge / total)
        factor = np.sqrt(total)
        return cls(forward / factor, backward * factor, middle + shift, 1 / np.sqrt(strength))

    def weights(self, coordinates: Array) -> Array:
        """The weights that coordinates stand for, of shape (d, outputs)."""
        return _apply(self.forward, coordinates)

    def coordinates(self, weights: Array) -> Array:
        """The coordinates of weights, of shape (d, outputs)."""
        return _apply(self.backward, weights)


def _apply(factor: Array, values: Array) -> Array:
    return np.asarray(factor * values if factor.shape[1] == 1 < len(factor) else factor @ values)


def _straight(
    columns: Any, middle: Array, share: Array, ridge: Array
) -> tuple[Array, Array, Array]:
    """The columns' means, and how to divide each by its root mean square."""
    center, variance = moments(columns, share)
    roots = _roots(variance + ridge)[:, np.newaxis]
    return center - middle, 1 / roots, roots


def _turned(columns: Any, middle: Array, share: Array, ridge: Array) -> tuple[Array, Array, Array]:
    """The columns' means, and how to get to principal axes of length one, and back."""
    mean, covariance = np.zeros(len(middle)), np.zeros((len(middle), len(middle)))
    halves = np.sqrt(share)
    for rows, block in centered_blocks(columns, middle):
        half = np.multiply(block, halves[rows, np.newaxis], out=block)
        mean += halves[rows] @ half
        covariance += half.T @ half
    covariance -= np.outer(mean, mean)
    covariance[np.diag_indices_from(covariance)] += ridge
    roots = _roots(np.diag(covariance))
    sizes, axes = eigh(covariance / roots / roots[:, np.newaxis], overwrite_a=True)
    # What is less is rounding.
    lengths = np.sqrt(np.maximum(sizes, len(sizes) * _EPS * max(sizes[-1], _TINY)))
    return mean, axes / lengths / roots[:, np.newaxis], (axes * lengths).T * roots


def _roots(squares: Array) -> Array:
    """Square roots, with one in the place of zero."""
    return np.sqrt(np.where(squares > 0, squares, 1.0))
