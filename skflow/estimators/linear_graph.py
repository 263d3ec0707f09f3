"""The objective of a linear model as graph, in units in which it is searched well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

import skflow as tf
from skflow.estimators.features import SparseRows
from skflow.estimators.heads import KINKED, Head, Scales
from skflow.estimators.inputs import Rows
from skflow.estimators.metric import Metric
from skflow.estimators.objectives import Penalty
from skflow.estimators.scaling import Scaling

Array = NDArray[Any]

# How little a row's curvature may be, as a part of the mean one, and in units.
_LEAST: Final = 1e-3
_FLATTEST: Final = 1e-12


@dataclass(frozen=True, eq=False)
class Problem:
    """What a linear model is fitted to, in units in which columns and outputs are alike.

    Attributes
    ----------
    columns : ndarray or csr_array, shape (n, d)
        The scaled features.
    scaling : Scaling
        Where the features lie and how far they spread.
    head : Head
        What the outputs stand for.
    scales : Scales
        The units of outputs and losses.
    labels : ndarray
        The labels for losses of `given` outputs.
    in_units : bool
        Whether losses are given outputs in units.
    weight : ndarray of shape (n,), optional
        How many times each row counts, one on average.
    penalty : Penalty
        The charge for large weights, in the original units.
    total : float
        The number of rows, or the sum of their weights.
    """

    columns: Any
    scaling: Scaling
    head: Head
    scales: Scales
    labels: Array
    in_units: bool
    weight: Array | None
    penalty: Penalty
    total: float

    @classmethod
    def of(cls, head: Head, rows: Rows, penalty: Penalty) -> Problem:
        """Measure and scale what a model is to be fitted to.

        Parameters
        ----------
        head : Head
            What the outputs stand for.
        rows : Rows
            The training rows.
        penalty : Penalty
            The charge for large weights.

        Returns
        -------
        Problem
        """
        columns = rows.features.encoded().numeric
        scaling = Scaling.of(columns, rows.weight)
        scales = head.scales(rows.labels, rows.weight)
        moved = head.in_units(rows.labels, scales)
        return cls(
            scaling.apply(columns),
            scaling,
            head,
            scales,
            rows.labels if moved is None else moved,
            moved is not None,
            rows.scaled_weight(),
            penalty,
            rows.total,
        )

    @property
    def dtype(self) -> Any:
        """The type to compute in."""
        return self.columns.dtype

    @property
    def shape(self) -> tuple[int, int]:
        """Of the weights: columns and outputs."""
        return self.columns.shape[1], self.head.outputs

    @property
    def kinked(self) -> bool:
        """Whether the loss has kinks."""
        return self.head.loss in KINKED

    @property
    def middle(self) -> Array:
        """The means of the scaled columns, of shape (d,)."""
        if issparse(self.columns):
            return self.scaling.center / self.scaling.spread
        return np.zeros(self.columns.shape[1])

    @property
    def factors(self) -> Array:
        """The original weights that weights of one stand for, of shape (d, outputs)."""
        return np.asarray(self.scales.spread / self.scaling.spread[:, np.newaxis])

    @property
    def ridge(self) -> Array:
        """How strongly penalties bend the objective, of shape (d, outputs)."""
        return np.asarray(self.penalty.l2 / self.total * self.factors**2 / self.scales.cost)

    def given(self, outputs: Any) -> Any:
        """What losses are given of outputs in units."""
        if self.in_units:
            return outputs
        kind = self.dtype.type
        return outputs * self.scales.spread.astype(kind) + self.scales.center.astype(kind)

    def first(self, start: Sequence[Array] | None) -> tuple[Array, Array]:
        """Weights and outputs at the columns' means to begin with, in units.

        Parameters
        ----------
        start : [weights, biases], optional
            In the original units; by default the best constant.
        """
        scales = self.scales
        if start is not None:
            weights, biases = (np.asarray(a, np.float64) for a in start)
            factors = self.factors
            units = np.divide(weights, factors, np.zeros(self.shape), where=factors > 0)
            return units, (biases + self.scaling.center @ weights - scales.center) / scales.spread
        constant = self.head.first_outputs(self.labels, self.weight)
        if constant is None:
            return np.zeros(self.shape), np.zeros(self.shape[1])
        if not self.in_units:
            constant = (constant - scales.center) / scales.spread
        return np.zeros(self.shape), constant.astype(np.float64)

    def original(self, weights: Array, middle: Array) -> list[Array]:
        """Weights and biases in the original units.

        Parameters
        ----------
        weights : ndarray of shape (d, outputs)
            The weights in units.
        middle : ndarray of shape (outputs,)
            The outputs at the columns' means, in units.
        """
        weights = weights * self.factors
        biases = self.scales.center + self.scales.spread * middle - self.scaling.center @ weights
        biases = self.head.balanced(biases)
        return [weights.astype(self.dtype), biases.astype(self.dtype)]

    def curvature(self, weights: Array, middle: Array, smoothing: float | None) -> Array | None:
        """How strongly the rows' losses bend, in units, as `Head.curvature` says it."""
        products = self.columns @ weights.astype(self.dtype)
        outputs = self.given(products + (middle - self.middle @ weights).astype(self.dtype))
        found = self.head.curvature(self.labels, outputs, smoothing)
        if found is None:
            return None
        if not self.in_units:
            found = found * (self.scales.spread**2 / self.scales.cost)
        if self.kinked:
            return found
        # Rows far from where a loss bends may come there on the way.
        return np.asarray(np.maximum(found, np.maximum(_LEAST * found.mean(axis=0), _FLATTEST)))


class LinearGraph:
    """The objective and all that it needs, in a graph of its own.

    Parameters
    ----------
    problem : Problem
        What is fitted.
    turned : bool
        Whether a metric's coordinates may be mixtures of columns.
    metrics : int
        The number of outputs if each has coordinates of its own, else one.

    Attributes
    ----------
    graph : Graph
        Where all this stands.
    objective : Tensor of shape ()
        What to minimise; losses with kinks are rounded off.
    loss : Tensor of shape ()
        The objective in the original units and with its kinks.
    variables : list of Variable
        The weights' coordinates, and the biases.

    Notes
    -----
    With an l1 penalty each weight is the difference of two that are not negative, which makes
    the objective smooth and its solution exactly sparse.
    """

    def __init__(self, problem: Problem, *, turned: bool, metrics: int) -> None:
        self._problem, self._turned = problem, turned
        self._split = bool(problem.penalty.l1)
        self._dtype = tf.as_dtype(problem.dtype)
        self._feed: dict[tf.Tensor, Any] = {}
        self.graph = tf.Graph()
        with self.graph.as_default():
            self._make_inputs(metrics)
            self._make_variables()
            self._make_objective()

    def _constant(self, values: Any) -> tf.Tensor:
        return tf.constant(values, dtype=self._dtype)

    def _fed(self, values: Array) -> tf.Tensor:
        """A placeholder for values that stay the same."""
        fed = tf.placeholder(values.dtype, values.shape)
        self._feed[fed] = values
        return fed

    def _make_inputs(self, metrics: int) -> None:
        """What the objective is computed from beside the variables."""
        columns, outputs = self._problem.shape
        if issparse(self._problem.columns):
            # The pattern of a constant is put in order once.
            self._columns: Any = tf.SparseTensor(
                *map(tf.constant, SparseRows(self._problem.columns).part(slice(None)))
            )
        else:
            self._columns = self._fed(self._problem.columns)
        self._labels = self._problem.head.placeholder(self._dtype)
        self._feed[self._labels] = self._problem.labels
        weight = self._problem.weight
        self._weight = None if weight is None else self._fed(weight)
        shape = (metrics, columns, columns) if self._turned else (columns, metrics)
        self._forward = tf.placeholder(self._dtype, shape)
        self._center = tf.placeholder(self._dtype, (columns, metrics))
        self._unit = tf.placeholder(self._dtype, (outputs,))
        self._smoothing = tf.placeholder(self._dtype, ()) if self._problem.kinked else None

    def _make_variables(self) -> None:
        zeros = tf.zeros_initializer(self._dtype)
        names = ["weights", "negative_weights"] if self._split else ["weights"]
        shape = self._problem.shape
        self._parts = [tf.get_variable(n, shape, self._dtype, zeros) for n in names]
        self._biases = tf.get_variable("biases", shape[1:], self._dtype, zeros)
        self.variables = [*self._parts, self._biases]

    def _make_objective(self) -> None:
        weights = self._weights()
        outputs = self._problem.given(self._outputs(weights))
        charges = self._charges(weights)
        cost = self._problem.scales.cost
        losses = self._mean_losses(outputs, self._smoothing)
        # Costs only differ where each output has a column of losses.
        per_column = cost if np.ptp(cost) else cost[0]
        unit = 1.0 if self._problem.in_units else 1 / per_column
        self.objective = tf.reduce_sum(losses * self._constant(unit))
        whole = losses if self._smoothing is None else self._mean_losses(outputs, None)
        self.loss = tf.reduce_sum(whole * self._constant(per_column * unit))
        if charges:
            charge = tf.add_n(charges)
            self.objective += tf.reduce_sum(charge)
            self.loss += tf.reduce_sum(charge * self._constant(cost))

    def _weights(self) -> tf.Tensor:
        coordinates: tf.Tensor = self._parts[0].value()
        if self._split:
            coordinates = coordinates - self._parts[1]
        if not self._turned:
            return self._forward * coordinates
        if self._forward.get_shape()[0].value == 1:
            found = tf.matmul(tf.squeeze(self._forward, [0]), coordinates)
        else:
            columns = tf.expand_dims(tf.transpose(coordinates), 2)
            found = tf.transpose(tf.squeeze(tf.matmul(self._forward, columns), [2]))
        return found

    def _outputs(self, weights: tf.Tensor) -> tf.Tensor:
        if isinstance(self._columns, tf.SparseTensor):
            products = tf.sparse_tensor_dense_matmul(self._columns, weights)
        else:
            products = tf.matmul(self._columns, weights)
        centers = tf.reduce_sum(self._center * weights, 0)
        return tf.nn.bias_add(products, self._biases * self._unit - centers)

    def _mean_losses(self, outputs: tf.Tensor, smoothing: tf.Tensor | None) -> tf.Tensor:
        """The mean loss of a row, or that of each column if there are several."""
        losses = self._problem.head.losses(self._labels, outputs, smoothing)
        if self._weight is not None:
            columns = losses.get_shape().ndims == 2
            losses = losses * (tf.expand_dims(self._weight, 1) if columns else self._weight)
        mean: tf.Tensor = tf.reduce_mean(losses, 0)
        return mean

    def _charges(self, weights: tf.Tensor) -> list[tf.Tensor]:
        """The penalties on each output's weights, in units of its losses."""
        problem, scales = self._problem, self._problem.scales
        factor = self._constant(1 / problem.scaling.spread[:, np.newaxis])
        found = []
        if problem.penalty.l2:
            strength = 0.5 * problem.penalty.l2 / problem.total * scales.spread**2 / scales.cost
            squares = tf.reduce_sum(tf.square(weights * factor), 0)
            found.append(squares * self._constant(strength))
        if self._split:
            strength = problem.penalty.l1 / problem.total * scales.spread / scales.cost
            sizes = tf.add_n([p.value() for p in self._parts]) * (self._forward * factor)
            found.append(tf.reduce_sum(sizes, 0) * self._constant(strength))
        return found

    # ---- running -----------------------------------------------------------------------

    @property
    def bounds(self) -> dict[tf.Variable, tuple[float, float]] | None:
        """The ranges of variables that have any."""
        return dict.fromkeys(self._parts, (0.0, np.inf)) if self._split else None

    def feed(self, metric: Metric, smoothing: float | None) -> dict[tf.Tensor, Any]:
        """All that is fed.

        Parameters
        ----------
        metric : Metric
            The weights' coordinates.
        smoothing : float, optional
            How far kinks are rounded off, where there are any.
        """
        dtype = self._problem.dtype
        forward = metric.matrices() if self._turned else metric.forward
        feed = {
            **self._feed,
            self._forward: forward.astype(dtype),
            self._center: metric.center.astype(dtype),
            self._unit: metric.unit.astype(dtype),
        }
        return feed if self._smoothing is None else {**feed, self._smoothing: smoothing}

    def load(self, session: tf.Session, metric: Metric, weights: Array, middle: Array) -> None:
        """Set the variables; weights and outputs at the columns' means are in units."""
        found = metric.coordinates(weights)
        halves = [np.maximum(found, 0), np.maximum(-found, 0)] if self._split else [found]
        shift = self._shift(metric, weights)
        for variable, value in zip(
            self.variables, [*halves, (middle + shift) / metric.unit], strict=True
        ):
            variable.load(value.astype(self._problem.dtype), session)

    def values(self, variables: Sequence[Array], metric: Metric) -> tuple[Array, Array]:
        """The inverse of `load`: weights and outputs at the columns' means, in units."""
        *parts, biases = (v.astype(np.float64) for v in variables)
        weights = metric.weights(parts[0] - parts[1] if self._split else parts[0])
        shift = self._shift(metric, weights)
        return weights, biases * metric.unit - shift

    def _shift(self, metric: Metric, weights: Array) -> Array:
        """By how much outputs at a metric's center are above those at the columns' means."""
        moved = metric.center - self._problem.middle[:, np.newaxis]
        return np.asarray(np.sum(moved * weights, axis=0))
