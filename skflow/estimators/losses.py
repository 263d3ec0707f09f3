"""The losses of single rows, as graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import skflow as tf

Array = NDArray[Any]
Loss = Callable[..., tf.Tensor]

# Where the Huber loss turns from a square into a line, in units of the target.
HUBER_DELTA: Final = 1.0

# How strongly the focal loss turns away from rows that are right already.
FOCAL_GAMMA: Final = 2.0


def size(errors: tf.Tensor, smoothing: Any = None) -> tf.Tensor:
    """The sizes of some errors.

    Parameters
    ----------
    errors : Tensor
        Of any shape.
    smoothing : float or Tensor of shape (), optional
        The size up to which a parabola rounds off the kink at zero, where `tf.abs` has no
        derivative; without it nothing is rounded.

    Returns
    -------
    Tensor
        Of the same shape; at zero with smoothing it is half of it.
    """
    sizes = tf.abs(errors)
    if smoothing is None:
        return sizes
    near = tf.minimum(sizes, smoothing)
    rounded: tf.Tensor = sizes + (tf.square(near) / (2.0 * smoothing) + 0.5 * smoothing - near)
    return rounded


def kink_curvature(errors: Array, smoothing: float) -> Array:
    """How strongly `size` bends, and near where it does a bit of that.

    The second derivative itself, one divided by the width inside the parabola and zero outside,
    says nothing of what lies a step away.

    Parameters
    ----------
    errors : ndarray
        Of any shape.
    smoothing : float
        As in `size`.

    Returns
    -------
    ndarray
        Of the same shape; far outside it falls with the square of the distance.
    """
    ratio = np.minimum(smoothing / np.maximum(np.abs(errors), smoothing), 1.0)
    return np.asarray(np.square(ratio) / smoothing)


# ---- regression: labels and outputs of shape (n, k), as are the losses ------------------------


def squared(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Half the squared errors."""
    loss: tf.Tensor = 0.5 * tf.squared_difference(outputs, labels)
    return loss


def absolute(labels: tf.Tensor, outputs: tf.Tensor, smoothing: Any = None) -> tf.Tensor:
    """The sizes of the errors."""
    return size(outputs - labels, smoothing)


def huber(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Half the squared errors up to `HUBER_DELTA`, and beyond it a line of the same slope.

    References
    ----------
    P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35
    (1964), 73-101.
    """
    sizes = tf.abs(outputs - labels)
    near = tf.minimum(sizes, HUBER_DELTA)
    loss: tf.Tensor = near * (sizes - 0.5 * near)
    return loss


def poisson(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Half the Poisson deviance but for what labels alone decide; outputs are log means."""
    loss: tf.Tensor = tf.exp(outputs) - labels * outputs
    return loss


def gamma(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Half the gamma deviance but for what labels alone decide; outputs are log means."""
    loss: tf.Tensor = outputs + labels * tf.exp(-outputs)
    return loss


def pinball(
    labels: tf.Tensor, outputs: tf.Tensor, quantiles: Sequence[float], smoothing: Any = None
) -> tf.Tensor:
    """The pinball losses, whose minima are quantiles.

    Parameters
    ----------
    labels : Tensor of shape (n, k)
        The targets.
    outputs : Tensor of shape (n, k * q)
        For each target its quantiles, side by side.
    quantiles : sequence of float
        Which they are.
    smoothing : float or Tensor of shape (), optional
        As in `size`.

    Returns
    -------
    Tensor of shape (n, k * q)

    References
    ----------
    R. Koenker and G. Bassett, Regression quantiles, Econometrica 46 (1978), 33-50.
    """
    columns = labels.get_shape()[1].value
    if len(quantiles) > 1:
        repeated = tf.tile(tf.expand_dims(labels, 2), [1, 1, len(quantiles)])
        labels = tf.reshape(repeated, [-1, columns * len(quantiles)])
    errors = labels - outputs
    tilt = tf.constant([q - 0.5 for q in quantiles] * columns, dtype=outputs.dtype)
    loss: tf.Tensor = 0.5 * size(errors, smoothing) + tilt * errors
    return loss


REGRESSION: Final[Mapping[str, Loss]] = {
    "squared": squared,
    "absolute": absolute,
    "huber": huber,
    "poisson": poisson,
    "gamma": gamma,
}


# ---- classification ---------------------------------------------------------------------------


def log_of_yes(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Minus the log probability of yes or no; labels are 1 and 0, all of shape (n, k)."""
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=outputs)


def log_of_class(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Minus the log probability of the class; labels of shape (n,), outputs (n, classes)."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=outputs)


def hinge(labels: tf.Tensor, outputs: tf.Tensor, smoothing: Any = None) -> tf.Tensor:
    """How far outputs fall short of 1 on the right side; labels are 1 and 0."""
    short = 1.0 - (2.0 * labels - 1.0) * outputs
    loss: tf.Tensor = 0.5 * (size(short, smoothing) + short)
    return loss


def focal(log_loss: tf.Tensor) -> tf.Tensor:
    """A log loss with less weight on rows that are right already.

    References
    ----------
    T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollár, Focal loss for dense object detection,
    ICCV 2017.
    """
    loss: tf.Tensor = tf.pow(-tf.expm1(-log_loss), FOCAL_GAMMA) * log_loss
    return loss
