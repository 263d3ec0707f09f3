"""In which directions, and by which steps, a search among the weights of columns goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from skflow.estimators.scaling import centered_blocks, moments, shares

Array = NDArray[Any]

_TINY: Final = float(np.finfo(np.float64).tiny)
_EPS: Final = float(np.finfo(np.float64).eps)
_ROUNDINGS: Final = 16  # that a difference of sums may be made of


@dataclass(frozen=True)
class Metric:
    """Coordinates of weights in which an objective bends by one in all directions.

    All outputs share them (m is one), or each has its own (m is the number of outputs).

    Attributes
    ----------
    forward : ndarray of shape (m, d, d) or (d, m)
        From coordinates to weights: matrices, or a factor for each column.
    backward : ndarray of the same shape
        From weights to coordinates.
    center : ndarray of shape (d, m)
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
        shared: bool,
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
        ridge : ndarray of shape (d, outputs)
            How strongly the penalties on the weights bend.
        turned : bool
            Whether coordinates are mixtures of columns, for which the objective must be
            measured along all pairs of them.
        shared : bool
            Whether all outputs have the same, which fit their mean.

        Returns
        -------
        Metric

        References
        ----------
        J. Nocedal and S. J. Wright, Numerical Optimization, 2nd ed. (2006), section 5.1, for
        preconditioning by a factor of the Hessian.
        """
        share = shares(weight, len(curvature))
        strength = np.maximum(share @ curvature.astype(np.float64, copy=False), _TINY)
        if shared:
            curvature = curvature.mean(axis=1, keepdims=True)
            ridge = ridge.mean(axis=1, keepdims=True)
        measure = _turned if turned else _straight
        found = []
        for bend, penalty in zip(curvature.T, ridge.T, strict=True):
            part = share * bend
            total = max(float(part.sum()), _TINY)
            shift, forward, backward = measure(columns, middle, part / total, penalty / total)
            found.append((middle + shift, forward / np.sqrt(total), backward * np.sqrt(total)))
        axis = 0 if turned else 1
        centers, forwards, backwards = zip(*found, strict=True)
        return cls(
            np.stack(forwards, axis),
            np.stack(backwards, axis),
            np.stack(centers, 1),
            1 / np.sqrt(strength),
        )

    @property
    def turned(self) -> bool:
        """Whether coordinates are mixtures of columns."""
        return self.forward.ndim == 3

    def matrices(self) -> Array:
        """`forward` as matrices of shape (m, d, d)."""
        if self.turned:
            return self.forward
        return np.asarray(self.forward.T[:, :, np.newaxis] * np.eye(len(self.forward)))

    def weights(self, coordinates: Array) -> Array:
        """The weights that coordinates stand for, of shape (d, outputs)."""
        return self._apply(self.forward, coordinates)

    def coordinates(self, weights: Array) -> Array:
        """The coordinates of weights, of shape (d, outputs)."""
        return self._apply(self.backward, weights)

    def _apply(self, factors: Array, values: Array) -> Array:
        if not self.turned:
            return np.asarray(factors * values)
        if len(factors) == 1:
            return np.asarray(factors[0] @ values)
        return np.asarray((factors @ values.T[:, :, np.newaxis])[:, :, 0].T)


def _straight(
    columns: Any, middle: Array, share: Array, ridge: Array
) -> tuple[Array, Array, Array]:
    """The columns' means, and how to divide each column by its root mean square, and back."""
    center, variance = moments(columns, share)
    roots = _roots(variance + ridge)
    return center - middle, 1 / roots, roots


def _turned(columns: Any, middle: Array, share: Array, ridge: Array) -> tuple[Array, Array, Array]:
    """The columns' means, and how to get to principal axes of length one, and back."""
    mean, covariance = np.zeros(len(middle)), np.zeros((len(middle), len(middle)))
    halves = np.sqrt(share)
    for rows, block in centered_blocks(columns, middle):
        half = np.multiply(block, halves[rows, np.newaxis], out=block)
        mean += halves[rows] @ half
        covariance += half.T @ half
    rounding = _ROUNDINGS * _EPS * np.diag(covariance)
    covariance -= np.outer(mean, mean)
    squares = np.diag(covariance)
    squares = np.where(squares > rounding, squares, 0.0) + ridge
    np.fill_diagonal(covariance, squares)
    roots = _roots(squares)
    sizes, axes = eigh(covariance / roots / roots[:, np.newaxis], overwrite_a=True)
    # What is less is rounding: such directions are as good as not there.
    lengths = np.sqrt(np.where(sizes > len(sizes) * _EPS * sizes[-1], sizes, 1.0))
    return mean, axes / lengths / roots[:, np.newaxis], (axes * lengths).T * roots


def _roots(squares: Array) -> Array:
    """Square roots, with one in the place of zero."""
    return np.sqrt(np.where(squares > 0, squares, 1.0))
