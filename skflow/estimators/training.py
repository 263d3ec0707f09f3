"""A network with its loss in a graph and session of its own, for the length of one fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import skflow as tf
from skflow.estimators.networks import Network
from skflow.estimators.objectives import Penalty
from skflow.estimators.recipes import make_optimizer

Array = NDArray[Any]
Loss = Callable[[tf.Tensor, tf.Tensor, tf.Tensor | None], tf.Tensor]

_MOST_PREDICTORS: Final = 64


@dataclass(frozen=True)
class Feeds:
    """The placeholders of a training graph, in the order of `Rows.arrays`."""

    features: tf.Tensor
    labels: tf.Tensor
    weights: tf.Tensor | None

    @classmethod
    def build(cls, network: Network, weighted: bool) -> Feeds:
        """Make placeholders for any number of rows."""
        dtype = tf.as_dtype(network.dtype)
        features = tf.placeholder(dtype, (None, network.inputs), "features")
        labels = tf.placeholder(dtype, (None, network.outputs), "labels")
        # Made in any case: the network's random numbers hang on how many operations there are.
        weights = tf.placeholder(dtype, (None, 1), "weights")
        return cls(features, labels, weights if weighted else None)

    def tensors(self) -> list[tf.Tensor]:
        """Those that there are."""
        found = [self.features, self.labels, self.weights]
        return [t for t in found if t is not None]


class TrainingGraph:
    """A network and its objective.

    Parameters
    ----------
    network : Network
        Builds the network.
    loss : callable
        Takes labels, outputs and weights (or ``None``) and returns the mean loss of a row.
    penalty : Penalty
        The charge for large weights.
    weighted : bool
        Whether rows have weights.
    seed : int
        The graph's seed, from which the first weights follow.
    """

    def __init__(
        self, network: Network, loss: Loss, penalty: Penalty, *, weighted: bool, seed: int
    ) -> None:
        self.graph = tf.Graph()
        with self.graph.as_default():
            tf.set_random_seed(seed)
            self.feeds = Feeds.build(network, weighted)
            outputs = network(self.feeds.features)
            mean_loss = loss(self.feeds.labels, outputs, self.feeds.weights)
            charge = penalty(tf.get_collection(tf.GraphKeys.WEIGHTS))
            self.loss = mean_loss if charge is None else mean_loss + charge
            self.variables = tf.trainable_variables()
        self.session = tf.Session(graph=self.graph)
        self.read: Callable[[], list[Array]] = self.session.make_callable(self.variables)

    def initialise(self, start: Sequence[Array] | None) -> None:
        """Give all variables their first values, those to be trained `start` if it is given."""
        with self.graph.as_default():
            self.session.run(tf.global_variables_initializer())
        for variable, value in zip(self.variables, start or (), strict=False):
            variable.load(value, self.session)

    def stepper(self, recipe: Any, learning_rate: float) -> Callable[..., Sequence[Any]]:
        """A function of a batch's arrays that makes one optimizer step.

        Parameters
        ----------
        recipe : str, Optimizer or callable
            As in `make_optimizer`.
        learning_rate : float
            The learning rate.

        Returns
        -------
        callable
            Returns the loss before the step, and ``None``.
        """
        # A plain Python number would become a float32 constant.
        rate = self.loss.dtype.as_numpy_dtype(learning_rate)
        with self.graph.as_default():
            update = make_optimizer(recipe, rate).minimize(self.loss)
        return self.session.make_callable([self.loss, update], self.feeds.tensors())

    def close(self) -> None:
        """Free the session's memory."""
        self.session.close()


@lru_cache(maxsize=_MOST_PREDICTORS)
def predictor(network: Network) -> Callable[..., Array]:
    """The compiled network, to be called with features and then its variables' values.

    Parameters
    ----------
    network : Network
        Builds the network.

    Returns
    -------
    callable
        ``f(X, *arrays)``, which gives an array of shape (n, outputs).

    Notes
    -----
    The weights are fed, so that models of one architecture share one plan and none can be out of
    date.
    """
    graph = tf.Graph()
    with graph.as_default():
        features = tf.placeholder(tf.as_dtype(network.dtype), (None, network.inputs), "features")
        outputs = network(features)
        weights = [v.value() for v in tf.trainable_variables()]
    return tf.Session(graph=graph).make_callable(outputs, [features, *weights])


def all_finite(arrays: Sequence[Array]) -> bool:
    """Whether no number is infinite or not a number."""
    return all(bool(np.isfinite(a).all()) for a in arrays)
