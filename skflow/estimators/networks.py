"""The networks that estimators fit: functions from a tensor of features to one of outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import skflow as tf
from skflow.nn.layers import Activation, dense


class Network(Protocol):
    """Builds a network into the default graph.

    It must be hashable, and equal ones must build equal graphs: predictions of all models of one
    architecture share a compiled plan, which is fed their weights.
    """

    @property
    def inputs(self) -> int:
        """The number of features."""

    @property
    def outputs(self) -> int:
        """The number of outputs of a row."""

    @property
    def dtype(self) -> str:
        """What everything is computed in: ``"float32"`` or ``"float64"``."""

    @property
    def width(self) -> int:
        """The most numbers that one row becomes on its way."""

    def __call__(self, features: tf.Tensor) -> tf.Tensor:
        """Make the variables and return the outputs, of shape (n, outputs)."""


ACTIVATIONS: Final[Mapping[str, Activation | None]] = {
    "identity": None,
    "elu": tf.nn.elu,
    "logistic": tf.nn.sigmoid,
    "relu": tf.nn.relu,
    "relu6": tf.nn.relu6,
    "sigmoid": tf.nn.sigmoid,
    "softplus": tf.nn.softplus,
    "softsign": tf.nn.softsign,
    "tanh": tf.nn.tanh,
}

# Units that are off half of the time need twice the variance to pass it on.
_HALVING: Final = ("elu", "relu", "relu6")


@dataclass(frozen=True)
class FeedForward:
    """Dense layers one after the other; without hidden ones a linear model.

    Attributes
    ----------
    inputs, outputs : int
        The numbers of features and of outputs.
    dtype : str
        ``"float32"`` or ``"float64"``.
    scope : str
        The name before those of the layers, ``hiddenlayer_0`` and so on and ``logits``.
    hidden_units : tuple of int
        The sizes of the hidden layers.
    activation : str or callable
        The hidden layers' activation: a name in `ACTIVATIONS` or a function of a tensor.

    References
    ----------
    K. He, X. Zhang, S. Ren and J. Sun, Delving deep into rectifiers, ICCV 2015, for the first
    weights of rectifiers; X. Glorot and Y. Bengio, Understanding the difficulty of training deep
    feedforward neural networks, AISTATS 2010, for the others.
    """

    inputs: int
    outputs: int
    dtype: str
    scope: str
    hidden_units: tuple[int, ...] = ()
    activation: str | Callable[..., Any] | None = None

    @property
    def width(self) -> int:
        """The widest layer, the features included."""
        return max(self.inputs, self.outputs, *self.hidden_units)

    def __call__(self, features: tf.Tensor) -> tf.Tensor:
        """Make the variables and return the outputs."""
        with tf.variable_scope(self.scope):
            values = features
            for i, units in enumerate(self.hidden_units):
                values = dense(values, units, self._activation(), name=f"hiddenlayer_{i}",
                               initializer=self._hidden_initializer())
            return dense(values, self.outputs, name="logits",
                         initializer=self._output_initializer())

    def _activation(self) -> Activation | None:
        chosen = self.activation
        return ACTIVATIONS[chosen] if isinstance(chosen, str) else chosen

    def _hidden_initializer(self) -> Any:
        if self.activation in _HALVING:
            return tf.variance_scaling_initializer(2.0, "fan_in", "uniform", dtype=self.dtype)
        return tf.glorot_uniform_initializer(dtype=self.dtype)

    def _output_initializer(self) -> Any:
        if not self.hidden_units:
            return tf.zeros_initializer(self.dtype)
        return tf.glorot_uniform_initializer(dtype=self.dtype)
