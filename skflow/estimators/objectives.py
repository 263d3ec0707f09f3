"""The penalty on large weights, as graph."""

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
    rows (the sum of their weights, where they have any). Biases and embeddings are free.

    Attributes
    ----------
    l1, l2 : float
        The strengths.
    """

    l1: float = 0.0
    l2: float = 0.0

    def __bool__(self) -> bool:
        """Whether anything is charged."""
        return bool(self.l1 or self.l2)

    def __call__(self, weights: Sequence[Any], share: Any) -> tf.Tensor:
        """The charge for some variables.

        Parameters
        ----------
        weights : sequence of Variable
            What is charged.
        share : float or Tensor of shape ()
            One divided by the number of training rows, or by the sum of their weights.

        Returns
        -------
        Tensor of shape ()
        """
        terms = []
        if self.l2:
            terms += [tf.nn.l2_loss(w) * (self.l2 * share) for w in weights]
        if self.l1:
            terms += [tf.reduce_sum(tf.abs(w)) * (self.l1 * share) for w in weights]
        return tf.add_n(terms)
