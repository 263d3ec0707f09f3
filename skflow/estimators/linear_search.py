"""Linear models fitted at once: L-BFGS on standardised features and targets."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import skflow as tf
from skflow.estimators.inputs import Rows
from skflow.estimators.networks import Network
from skflow.estimators.objectives import Penalty
from skflow.estimators.search import search
from skflow.estimators.training import Feeds
from skflow.train.loop import History, Report

Array = NDArray[Any]


@dataclass(frozen=True)
class Scaling:
    """Where the columns of features or targets lie and how far they spread, in float64.

    Attributes
    ----------
    center : ndarray of shape (columns,)
        The weighted means.
    spread : ndarray of shape (columns,)
        The weighted standard deviations; one for constant columns.
    """

    center: Array
    spread: Array

    @classmethod
    def of(cls, columns: Array, weight: Array | None, ridge: float = 0.0) -> Scaling:
        """Measure columns.

        Parameters
        ----------
        columns : ndarray of shape (n, columns)
            The values.
        weight : ndarray of shape (n,), optional
            How many times each row counts.
        ridge : float
            What a penalty adds to each variance: with it a linear model's loss is curved alike
            along all its weights, however small some features are.

        Returns
        -------
        Scaling
        """
        share = (
            np.full(len(columns), 1 / len(columns))
            if weight is None
            else weight / np.sum(weight, dtype=np.float64)
        )
        center = np.einsum("i,ij->j", share, columns, dtype=np.float64)
        moved = columns - center
        variance = np.einsum("i,ij,ij->j", share, moved, moved)
        variance[_is_constant(variance, center, len(columns))] = 0.0
        spread = np.sqrt(variance + ridge)
        return cls(center, np.where(spread > 0, spread, 1.0))

    def apply(self, columns: Array) -> Array:
        """The columns around zero and spread alike, in their own type."""
        moved = np.empty_like(columns, order="C")
        np.subtract(columns, self.center, out=moved, dtype=np.float64, casting="same_kind")
        np.divide(moved, self.spread, out=moved, dtype=np.float64, casting="same_kind")
        return moved


def _is_constant(variance: Array, center: Array, n: int) -> Array:
    """Whether what variance there is comes from rounding the mean."""
    eps = np.finfo(np.float64).eps
    found: Array = variance <= n * eps * variance + (n * center * eps) ** 2
    return found


class LinearSearch:
    """Finds the weights of a linear model on standardised columns.

    Parameters
    ----------
    network : Network
        Only its numbers count.
    rows : Rows
        The training rows.
    penalty : Penalty
        The charge for large weights, in the original units.

    Notes
    -----
    With an l1 penalty each weight is the difference of two that are not negative, which makes
    the objective smooth and its solution exactly sparse.
    """

    def __init__(self, network: Network, rows: Rows, penalty: Penalty) -> None:
        self._penalty = penalty
        self._features = Scaling.of(rows.X, rows.weight, penalty.l2 / penalty.rows)
        self._targets = Scaling.of(rows.y, rows.weight)
        self._rows = Rows(self._features.apply(rows.X), self._targets.apply(rows.y), rows.weight)
        self._dtype = network.dtype
        self._graph = tf.Graph()
        with self._graph.as_default():
            self._build(network)

    def _build(self, network: Network) -> None:
        shape = (network.inputs, network.outputs)
        zeros = tf.zeros_initializer(self._dtype)
        parts = ["weights", "negative_weights"] if self._penalty.l1 else ["weights"]
        self._parts = [tf.get_variable(n, shape, self._dtype, zeros) for n in parts]
        self._biases = tf.get_variable("biases", shape[1:], self._dtype, zeros)
        self._feeds = Feeds.build(network, self._rows.weight is not None)
        weights = self._parts[0].value()
        if self._penalty.l1:
            weights = weights - self._parts[1]
        outputs = tf.nn.bias_add(tf.matmul(self._feeds.features, weights), self._biases)
        errors = tf.squared_difference(outputs, self._feeds.labels)
        if self._feeds.weights is not None:
            errors = errors * self._feeds.weights
        losses = 0.5 * tf.reduce_mean(errors, 0) + self._charge(weights)
        self._objective = tf.reduce_sum(losses)
        self._loss = tf.reduce_sum(losses * self._constant(self._targets.spread**2))

    def _charge(self, weights: tf.Tensor) -> tf.Tensor:
        """The penalty on each output's weights, in units of that output's variance."""
        scale = self._constant(1 / self._features.spread[:, np.newaxis])
        ridge = 0.5 * self._penalty.l2 / self._penalty.rows
        charge = ridge * tf.reduce_sum(tf.square(weights * scale), 0)
        if self._penalty.l1:
            lasso = self._constant(self._penalty.l1 / self._penalty.rows / self._targets.spread)
            charge += lasso * tf.reduce_sum(tf.add_n([p.value() for p in self._parts]) * scale, 0)
        return charge

    def _constant(self, values: Array) -> tf.Tensor:
        return tf.constant(values, dtype=self._dtype)

    def run(
        self, start: Sequence[Array] | None, *, tol: float, max_iter: int, report: Report | None
    ) -> tuple[list[Array], History]:
        """Search for the minimum.

        Parameters
        ----------
        start : [weights, biases], optional
            Where to begin, in the original units; by default at zero.
        tol, max_iter, report
            As in `search`.

        Returns
        -------
        [weights, biases] : list of ndarray
            In the original units.
        history : History
            The course, with losses in the original units.
        """
        with closing(tf.Session(graph=self._graph)) as session:
            with self._graph.as_default():
                session.run(tf.global_variables_initializer())
            if start is not None:
                self._load(session, *start)
            feed = dict(zip(self._feeds.tensors(), self._rows.arrays(), strict=True))
            history = search(
                session,
                self._objective,
                feed,
                tol=tol,
                max_iter=max_iter,
                shown=self._loss,
                bounds=self._bounds(),
                report=report,
            )
            parts = session.run(self._parts)
            biases = session.run(self._biases)
        return self._original(parts, biases), history

    def _bounds(self) -> dict[tf.Variable, tuple[float, float]] | None:
        return dict.fromkeys(self._parts, (0.0, np.inf)) if self._penalty.l1 else None

    def _load(self, session: tf.Session, weights: Array, biases: Array) -> None:
        x, y = self._features, self._targets
        scaled = weights * x.spread[:, np.newaxis] / y.spread
        halves = [np.maximum(scaled, 0), np.maximum(-scaled, 0)] if self._penalty.l1 else [scaled]
        for variable, half in zip(self._parts, halves, strict=True):
            variable.load(half, session)
        self._biases.load((biases + x.center @ weights - y.center) / y.spread, session)

    def _original(self, parts: Sequence[Array], biases: Array) -> list[Array]:
        x, y = self._features, self._targets
        scaled = parts[0].astype(np.float64)
        if self._penalty.l1:
            scaled -= parts[1]
        weights = scaled * y.spread / x.spread[:, np.newaxis]
        shift = biases * y.spread + y.center - x.center @ weights
        return [weights.astype(self._dtype), shift.astype(self._dtype)]
