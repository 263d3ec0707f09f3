"""How an estimator's `optimizer` parameter becomes an optimizer of a training graph."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import skflow as tf
from skflow.graph.lazy import LazyModule

if TYPE_CHECKING:
    from skflow.estimators import schedules
else:
    schedules = LazyModule("skflow.estimators.schedules")

# Names of `tf.train`, and what they are given beside the learning rate. TensorFlow's learn package
# gave these names; its momentum was 0.9.
OPTIMIZERS: Final[Mapping[str, tuple[str, dict[str, float]]]] = {
    "Adadelta": ("AdadeltaOptimizer", {}),
    "Adagrad": ("AdagradOptimizer", {}),
    "Adam": ("AdamOptimizer", {}),
    "Ftrl": ("FtrlOptimizer", {}),
    "Momentum": ("MomentumOptimizer", {"momentum": 0.9}),
    "RMSProp": ("RMSPropOptimizer", {}),
    "SGD": ("GradientDescentOptimizer", {}),
}

# Not a step on a batch but a search over all rows at once.
FULL_BATCH: Final = "L-BFGS"


@dataclass(frozen=True)
class Recipe:
    """An optimizer to be made for some of a network's variables.

    Attributes
    ----------
    optimizer : str, Optimizer or callable
        A name in `OPTIMIZERS`; or a class or function that is given the learning rate; or an
        optimizer, whose own learning rate counts and which is copied, never used itself.
    learning_rate : float or callable
        A number, or a function of the global step that builds graph.
    scope : str
        The start of the names of the variables that it changes.
    """

    optimizer: Any
    learning_rate: Any
    scope: str = ""

    def rate(self, dtype: tf.DType) -> tf.Tensor:
        """The learning rate, as a tensor of the graph being built."""
        rate = self.learning_rate
        if isinstance(rate, (int, float)) and not isinstance(rate, bool):
            return tf.constant(float(rate), dtype)
        step = tf.train.get_or_create_global_step() if callable(rate) else None
        return schedules.rate_tensor(rate, step, dtype)

    def make(self, rate: tf.Tensor) -> tf.train.Optimizer:
        """Make an optimizer that belongs to the graph being built.

        Parameters
        ----------
        rate : Tensor of shape ()
            The learning rate.

        Returns
        -------
        Optimizer

        Raises
        ------
        TypeError
            If a function returns something else.
        """
        recipe = self.optimizer
        if isinstance(recipe, tf.train.Optimizer):
            return copy.deepcopy(recipe)
        options: dict[str, float] = {}
        if isinstance(recipe, str):
            name, options = OPTIMIZERS[recipe]
            recipe = getattr(tf.train, name)
        optimizer = recipe(rate, **options)
        if not isinstance(optimizer, tf.train.Optimizer):
            raise TypeError(
                f"The function given as `optimizer` must return an Optimizer, got {optimizer!r}."
            )
        return optimizer

    def rate_of(self, optimizer: tf.train.Optimizer, given: tf.Tensor) -> float | tf.Tensor:
        """The learning rate that an optimizer goes by.

        Parameters
        ----------
        optimizer : Optimizer
            What `make` gave.
        given : Tensor of shape ()
            What `make` was given.

        Returns
        -------
        float or Tensor of shape ()
            Not a number if it is a secret of the optimizer's.
        """
        found = getattr(optimizer, "_learning_rate", getattr(optimizer, "_lr", math.nan))
        if found is given and not callable(self.learning_rate):
            return float(self.learning_rate)
        return found if isinstance(found, tf.Tensor) else float(found)

    def changes(self, variable: tf.Variable) -> bool:
        """Whether the optimizer shall change a variable."""
        return bool(variable.name.startswith(self.scope))
