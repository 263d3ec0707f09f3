"""How an estimator's `optimizer` parameter becomes an optimizer of one fit's graph."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import skflow as tf

Recipe = str | tf.train.Optimizer | Callable[[float], tf.train.Optimizer]

# TensorFlow's learn package gave these names; its momentum was 0.9.
OPTIMIZERS: Final[Mapping[str, Callable[[float], tf.train.Optimizer]]] = {
    "Adadelta": tf.train.AdadeltaOptimizer,
    "Adagrad": tf.train.AdagradOptimizer,
    "Adam": tf.train.AdamOptimizer,
    "Ftrl": tf.train.FtrlOptimizer,
    "Momentum": partial(tf.train.MomentumOptimizer, momentum=0.9),
    "RMSProp": tf.train.RMSPropOptimizer,
    "SGD": tf.train.GradientDescentOptimizer,
}

# Not a step on a batch but a search over all rows at once.
FULL_BATCH: Final = "L-BFGS"


def make_optimizer(recipe: Any, learning_rate: float) -> tf.train.Optimizer:
    """Make an optimizer that belongs to the graph being built.

    Parameters
    ----------
    recipe : str, Optimizer, or callable
        A name in `OPTIMIZERS`; or a class or function that is given the learning rate; or an
        optimizer, whose own learning rate counts and which is copied, never used itself.
    learning_rate : float
        The learning rate.

    Returns
    -------
    Optimizer

    Raises
    ------
    TypeError
        If a function returns something else.
    """
    if isinstance(recipe, tf.train.Optimizer):
        return copy.deepcopy(recipe)
    make = OPTIMIZERS[recipe] if isinstance(recipe, str) else recipe
    optimizer = make(learning_rate)
    if not isinstance(optimizer, tf.train.Optimizer):
        raise TypeError(
            f"The function given as `optimizer` must return an Optimizer, got {optimizer!r}."
        )
    return optimizer
