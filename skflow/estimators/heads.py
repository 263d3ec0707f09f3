"""Heads: what kind of target a network's outputs stand for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import skflow as tf

Array = NDArray[Any]

# Losses with kinks, which a search over all rows has to round off.
KINKED: Final = ("absolute", "quantile", "hinge")


@dataclass(frozen=True)
class Scales:
    """In which units outputs are best searched for; all arrays have the shape (outputs,).

    One unit away from the best constant outputs a loss has grown by about half a unit of cost.

    Attributes
    ----------
    center : ndarray
        Where the outputs lie.
    spread : ndarray
        What counts as one unit of an output.
    cost : ndarray
        What counts as one unit of a column's losses; the same for all if outputs share losses.
    """

    center: Array
    spread: Array
    cost: Array


@dataclass(frozen=True)
class Head(ABC):
    """What a network's outputs stand for, and by which loss they are judged.

    Heads are hashable, and equal ones build equal graphs.

    Attributes
    ----------
    loss : str or callable
        The name of a loss; or a function from labels and outputs to the losses of the rows, of
        shape (n,) or (n, k), that builds graph.
    """

    loss: str | Callable[..., Any]

    @property
    @abstractmethod
    def outputs(self) -> int:
        """How many numbers the network gives for a row."""

    @property
    @abstractmethod
    def label_shape(self) -> tuple[int, ...]:
        """The shape of one row's labels."""

    @property
    def whole_labels(self) -> bool:
        """Whether labels are the numbers of classes (int32), not quantities."""
        return False

    @property
    @abstractmethod
    def separate(self) -> bool:
        """Whether a row's loss is a sum of terms of one output each."""

    @abstractmethod
    def row_losses(self, labels: tf.Tensor, outputs: tf.Tensor, smoothing: Any) -> tf.Tensor:
        """The losses of the rows by a loss with a name."""

    @abstractmethod
    def score(self, labels: Array, outputs: Array, weight: Array | None) -> float:
        """How good outputs are, the higher the better."""

    def placeholder(self, dtype: Any, name: str = "labels") -> tf.Tensor:
        """Where labels of any number of rows are fed."""
        kind = tf.int32 if self.whole_labels else dtype
        return tf.placeholder(kind, (None, *self.label_shape), name)

    def losses(self, labels: tf.Tensor, outputs: tf.Tensor, smoothing: Any = None) -> tf.Tensor:
        """The losses of the rows.

        Parameters
        ----------
        labels : Tensor of shape (n, *label_shape)
            What is wanted.
        outputs : Tensor of shape (n, outputs)
            What the network says.
        smoothing : float or Tensor of shape (), optional
            As in `losses.size`; only for the losses in `KINKED`.

        Returns
        -------
        Tensor of shape (n,) or (n, columns)
            A row's loss is the sum over its columns.

        Raises
        ------
        ValueError
            If a function given as the loss returns anything else.
        """
        if isinstance(self.loss, str):
            return self.row_losses(labels, outputs, smoothing)
        found = tf.convert_to_tensor(self.loss(labels, outputs), dtype=outputs.dtype)
        if found.get_shape().ndims not in (1, 2):
            raise ValueError(
                "The function given as `loss` must return the loss of each row, of shape (n,) or "
                f"(n, k), got shape {found.get_shape()}."
            )
        return found

    def mean_loss(
        self, labels: tf.Tensor, outputs: tf.Tensor, weights: tf.Tensor | None
    ) -> tf.Tensor:
        """The mean loss of a row.

        Parameters
        ----------
        labels, outputs : Tensor
            As in `losses`.
        weights : Tensor of shape (n,), optional
            How much each row counts, one on average.

        Returns
        -------
        Tensor of shape ()
        """
        found = self.losses(labels, outputs)
        columns = 1
        if found.get_shape().ndims == 2:
            columns = found.get_shape()[1].value
            if columns is None:
                found, columns = tf.reduce_sum(found, 1), 1
            elif columns == 1:
                found = tf.reshape(found, [-1])
            elif weights is not None:
                weights = tf.expand_dims(weights, 1)
        if weights is not None:
            found = found * weights
        mean: tf.Tensor = tf.reduce_mean(found)
        return mean if columns == 1 else mean * float(columns)

    def first_outputs(self, labels: Array, weight: Array | None) -> Array | None:
        """The best constant outputs, at which training begins, or ``None`` for zeros.

        Parameters
        ----------
        labels : ndarray of shape (n, *label_shape)
            The labels of the training rows.
        weight : ndarray of shape (n,), optional
            How many times each row counts.

        Returns
        -------
        ndarray of shape (outputs,) or None
        """
        del labels, weight
        return None

    def strata(self, labels: Array) -> Array | None:
        """The classes that validation rows shall have in equal shares, if there are any."""
        del labels
        return None

    def scales(self, labels: Array, weight: Array | None) -> Scales:
        """The units to search in.

        Parameters
        ----------
        labels, weight : ndarray
            As in `first_outputs`.

        Returns
        -------
        Scales
        """
        del labels, weight
        ones = np.ones(self.outputs)
        return Scales(np.zeros(self.outputs), ones, ones)

    def in_units(self, labels: Array, scales: Scales) -> Array | None:
        """The labels as losses take them that are given outputs in units.

        Parameters
        ----------
        labels : ndarray of shape (n, *label_shape)
            The labels.
        scales : Scales
            The units.

        Returns
        -------
        ndarray of shape (n, *label_shape) or None
            With these the losses of outputs in units are the losses in units of cost; ``None``
            if there are no such labels.
        """
        del labels, scales
        return None

    def balanced(self, biases: Array) -> Array:
        """Of all biases that give the same predictions those of least size.

        Parameters
        ----------
        biases : ndarray of shape (outputs,)
            The outputs' constant terms.

        Returns
        -------
        ndarray of shape (outputs,)
        """
        return biases

    def curvature(self, labels: Array, outputs: Array, smoothing: float | None) -> Array | None:
        """How strongly the rows' losses bend.

        Parameters
        ----------
        labels, outputs : ndarray
            As in `losses`.
        smoothing : float, optional
            As in `losses`.

        Returns
        -------
        ndarray of shape (n, outputs) or None
            The second derivatives by the outputs, or what bounds them from above; ``None`` if
            they are one wherever the outputs are, or not known.
        """
        del labels, outputs, smoothing
        return None
