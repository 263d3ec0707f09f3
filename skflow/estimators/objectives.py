"""What estimators minimise, as graph: the mean loss of a row and the penalty on the weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import skflow as tf


@dataclass(frozen=True)
class Penalty:
    """How large weights are charged.

    The objective is the sum over all rows of their losses, plus ``l2 / 2`` times the sum of the
    squared weights and ``l1`` times the sum of their sizes, all of it divided by the number of
    rows (the sum of their weights, where they have any). Biases are free.

    Attributes
    ----------
    l1, l2 : float
        The strengths.
    rows : float
        The number of training rows, or the sum of their weights.
    """

    l1: float
    l2: float
    rows: float

    def __call__(self, weights: Sequence[Any]) -> tf.Tensor | None:
        """The charge for some variables, ``None`` if there is none."""
        terms = []
        if self.l2:
            terms += [tf.nn.l2_loss(w) * (self.l2 / self.rows) for w in weights]
        if self.l1:
            terms += [tf.reduce_sum(tf.abs(w)) * (self.l1 / self.rows) for w in weights]
        return tf.add_n(terms) if terms else None


def half_squared_error(
    labels: tf.Tensor, outputs: tf.Tensor, weights: tf.Tensor | None
) -> tf.Tensor:
    """The mean over rows of half the squared errors, summed over a row's outputs.

    Parameters
    ----------
    labels, outputs : Tensor of shape (n, k)
        What is wanted and what the network says.
    weights : Tensor of shape (n, 1), optional
        How much each row counts, one on average.

    Returns
    -------
    Tensor of shape ()
    """
    errors = tf.squared_difference(outputs, labels)
    if weights is not None:
        errors = errors * weights
    columns = labels.get_shape()[1].value
    loss: tf.Tensor = tf.reduce_mean(errors) * (0.5 * columns)
    return loss
