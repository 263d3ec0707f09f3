"""The heads of classifications: outputs are log odds."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, log_softmax, logit

import skflow as tf
from skflow.estimators import losses
from skflow.estimators.heads import Head, Scales

Array = NDArray[Any]

# Losses by the logarithms of probabilities.
_LOGARITHMIC: Final = ("log", "focal")


@dataclass(frozen=True)
class ClassificationHead(Head):
    """Targets that are classes."""

    @abstractmethod
    def codes(self, outputs: Array) -> Array:
        """The numbers of the likeliest classes, of shape (n,) or (n, targets)."""

    @abstractmethod
    def probabilities(self, outputs: Array) -> Any:
        """The probabilities of the classes, of shape (n, classes), or a list of such arrays."""

    @abstractmethod
    def log_probabilities(self, outputs: Array) -> Any:
        """Their logarithms, which do not underflow."""

    @abstractmethod
    def decision(self, outputs: Array) -> Any:
        """The outputs in the shape that scikit-learn gives decisions in."""

    @abstractmethod
    def marks(self, labels: Array) -> Array:
        """One for each output that stands for a row's class, else zero: (n, outputs)."""

    @abstractmethod
    def chances(self, outputs: Array) -> Array:
        """The probability of what each output stands for, of shape (n, outputs)."""

    @abstractmethod
    @abstractmethod
    def units(self, shares: Array) -> tuple[Array, Array]:
        """The best constant outputs for some shares of the rows, and how far log losses go."""

    def scales(self, labels: Array, weight: Array | None) -> Scales:
        """For log losses the outputs of the classes' shares, and what bends their losses by one."""
        ones = super().scales(labels, weight)
        if self.loss not in _LOGARITHMIC:
            return ones
        shares = np.average(self.marks(labels), axis=0, weights=weight)
        least = 0.25 / len(labels)  # no class is impossible
        center, spread = self.units(np.clip(shares.astype(np.float64), least, 1 - least))
        return Scales(center, spread, ones.cost)

    def curvature(self, labels: Array, outputs: Array, smoothing: float | None) -> Array | None:
        """The second derivatives of log losses; for the hinge as of `losses.kink_curvature`."""
        if self.loss in _LOGARITHMIC:
            chances = self.chances(outputs)
            return np.asarray(chances * (1 - chances))
        if self.loss != "hinge" or smoothing is None:
            return None
        short = 1 - (2 * self.marks(labels) - 1) * outputs
        return 0.5 * losses.kink_curvature(short, smoothing)

    def score(self, labels: Array, outputs: Array, weight: Array | None) -> float:
        """The accuracy; with several targets all of a row's must be right."""
        # An overflow is for the loss to report.
        if not np.isfinite(outputs).all():
            return float("nan")
        right = self.codes(outputs) == labels.reshape(self.codes(outputs).shape)
        right = right.reshape(len(right), -1).all(axis=1)
        return float(np.average(right, weights=weight))


@dataclass(frozen=True)
class BinaryHead(ClassificationHead):
    """One of two classes: a single output, the log odds of the second."""

    @property
    def outputs(self) -> int:
        """One."""
        return 1

    @property
    def label_shape(self) -> tuple[int, ...]:
        """0 or 1."""
        return (1,)

    @property
    def separate(self) -> bool:
        """All losses with names are."""
        return isinstance(self.loss, str)

    def row_losses(self, labels: tf.Tensor, outputs: tf.Tensor, smoothing: Any) -> tf.Tensor:
        """The losses, of shape (n, 1)."""
        return _yes_or_no(str(self.loss), labels, outputs, smoothing)

    def strata(self, labels: Array) -> Array:
        """The classes."""
        return labels.reshape(-1)

    def marks(self, labels: Array) -> Array:
        """The labels."""
        return labels

    def chances(self, outputs: Array) -> Array:
        """Of the second class."""
        return np.asarray(expit(outputs))

    def units(self, shares: Array) -> tuple[Array, Array]:
        """The log odds."""
        return logit(shares), 1 / np.sqrt(shares * (1 - shares))

    def codes(self, outputs: Array) -> Array:
        """0 or 1, of shape (n,)."""
        return (outputs[:, 0] > 0).astype(np.intp)

    def probabilities(self, outputs: Array) -> Array:
        """Of both classes."""
        # One minus the other would lose the digits of small ones.
        return np.stack([expit(-outputs[:, 0]), expit(outputs[:, 0])], axis=1)

    def log_probabilities(self, outputs: Array) -> Array:
        """Of both classes."""
        return np.stack([log_expit(-outputs[:, 0]), log_expit(outputs[:, 0])], axis=1)

    def decision(self, outputs: Array) -> Array:
        """The log odds of the second class, of shape (n,)."""
        return outputs[:, 0]


@dataclass(frozen=True)
class MulticlassHead(ClassificationHead):
    """One of several classes: an output for each.

    Attributes
    ----------
    classes : int
        How many there are.
    """

    classes: int

    @property
    def outputs(self) -> int:
        """One a class."""
        return self.classes

    @property
    def label_shape(self) -> tuple[int, ...]:
        """The class's number."""
        return ()

    @property
    def whole_labels(self) -> bool:
        """Numbers of classes."""
        return True

    @property
    def separate(self) -> bool:
        """The hinge is: there each class stands against the rest."""
        return self.loss == "hinge"

    def row_losses(self, labels: tf.Tensor, outputs: tf.Tensor, smoothing: Any) -> tf.Tensor:
        """The losses of shape (n,), or for the hinge of each class against the rest."""
        return _one_of(str(self.loss), labels, outputs, smoothing)

    def strata(self, labels: Array) -> Array:
        """The classes."""
        return labels.reshape(-1)

    def marks(self, labels: Array) -> Array:
        """One for the class."""
        return np.asarray(np.eye(self.classes)[labels])

    def chances(self, outputs: Array) -> Array:
        """Of each class."""
        return self.probabilities(outputs)

    def units(self, shares: Array) -> tuple[Array, Array]:
        """The logarithms."""
        return _choice_units(shares)

    def balanced(self, biases: Array) -> Array:
        """Those with a mean of zero, where only differences matter."""
        return biases if self.loss not in _LOGARITHMIC else biases - biases.mean()

    def codes(self, outputs: Array) -> Array:
        """The number of the class with the largest output."""
        return np.asarray(np.argmax(outputs, axis=1))

    def probabilities(self, outputs: Array) -> Array:
        """Of each class."""
        return _softmax(outputs)

    def log_probabilities(self, outputs: Array) -> Array:
        """Of each class."""
        return np.asarray(log_softmax(outputs, axis=1))

    def decision(self, outputs: Array) -> Array:
        """The outputs."""
        return outputs


@dataclass(frozen=True)
class MultilabelHead(ClassificationHead):
    """Any number of labels: for each an output, its log odds.

    Attributes
    ----------
    columns : int
        How many labels there are.
    """

    columns: int

    @property
    def outputs(self) -> int:
        """One a label."""
        return self.columns

    @property
    def label_shape(self) -> tuple[int, ...]:
        """0 or 1 for each."""
        return (self.columns,)

    @property
    def separate(self) -> bool:
        """All losses with names are."""
        return isinstance(self.loss, str)

    def row_losses(self, labels: tf.Tensor, outputs: tf.Tensor, smoothing: Any) -> tf.Tensor:
        """The losses of each label."""
        return _yes_or_no(str(self.loss), labels, outputs, smoothing)

    def marks(self, labels: Array) -> Array:
        """The labels."""
        return labels

    def chances(self, outputs: Array) -> Array:
        """Of each label."""
        return np.asarray(expit(outputs))

    def units(self, shares: Array) -> tuple[Array, Array]:
        """The log odds."""
        return logit(shares), 1 / np.sqrt(shares * (1 - shares))

    def codes(self, outputs: Array) -> Array:
        """0 or 1 for each label."""
        return (outputs > 0).astype(np.intp)

    def probabilities(self, outputs: Array) -> Array:
        """Of each label."""
        return np.asarray(expit(outputs))

    def log_probabilities(self, outputs: Array) -> Array:
        """Of each label."""
        return np.asarray(log_expit(outputs))

    def decision(self, outputs: Array) -> Array:
        """The outputs."""
        return outputs


@dataclass(frozen=True)
class MultioutputHead(ClassificationHead):
    """Several targets, each one of its own classes: their outputs lie side by side.

    Attributes
    ----------
    sizes : tuple of int
        The number of classes of each target.
    """

    sizes: tuple[int, ...]

    @property
    def outputs(self) -> int:
        """One a class."""
        return sum(self.sizes)

    @property
    def label_shape(self) -> tuple[int, ...]:
        """The class's number for each target."""
        return (len(self.sizes),)

    @property
    def whole_labels(self) -> bool:
        """Numbers of classes."""
        return True

    @property
    def separate(self) -> bool:
        """The hinge is: there each class stands against the rest."""
        return self.loss == "hinge"

    def row_losses(self, labels: tf.Tensor, outputs: tf.Tensor, smoothing: Any) -> tf.Tensor:
        """The sum of the targets' losses."""
        wanted = tf.unstack(labels, axis=1)
        given = tf.split(outputs, list(self.sizes), axis=1)
        found = [
            _one_of(str(self.loss), target, part, smoothing)
            for target, part in zip(wanted, given, strict=True)
        ]
        return tf.add_n([tf.reduce_sum(f, 1) if f.get_shape().ndims == 2 else f for f in found])

    def _parts(self, outputs: Array) -> list[Array]:
        return np.split(outputs, np.cumsum(self.sizes)[:-1], axis=1)

    def marks(self, labels: Array) -> Array:
        """One for the class of each target."""
        return np.concatenate([np.eye(k)[labels[:, i]] for i, k in enumerate(self.sizes)], axis=1)

    def chances(self, outputs: Array) -> Array:
        """Of each target's classes."""
        return np.concatenate(self.probabilities(outputs), axis=1)

    def units(self, shares: Array) -> tuple[Array, Array]:
        """The logarithms for each target."""
        parts = np.split(shares, np.cumsum(self.sizes)[:-1])
        centers, spreads = zip(*map(_choice_units, parts), strict=True)
        return np.concatenate(centers), np.concatenate(spreads)

    def balanced(self, biases: Array) -> Array:
        """Those with a mean of zero for each target, where only differences matter."""
        if self.loss not in _LOGARITHMIC:
            return biases
        parts = np.split(biases, np.cumsum(self.sizes)[:-1])
        return np.concatenate([part - part.mean() for part in parts])

    def codes(self, outputs: Array) -> Array:
        """The number of the class with the largest output, for each target."""
        return np.stack([np.argmax(part, axis=1) for part in self._parts(outputs)], axis=1)

    def probabilities(self, outputs: Array) -> list[Array]:
        """Of each target's classes."""
        return [_softmax(part) for part in self._parts(outputs)]

    def log_probabilities(self, outputs: Array) -> list[Array]:
        """Of each target's classes."""
        return [np.asarray(log_softmax(part, axis=1)) for part in self._parts(outputs)]

    def decision(self, outputs: Array) -> list[Array]:
        """The outputs of each target."""
        return self._parts(outputs)


def _softmax(outputs: Array) -> Array:
    """The probabilities of each row's classes."""
    # Class by class, since NumPy reduces short rows slowly.
    work = np.array(outputs.T, order="C")
    work -= work.max(axis=0)
    np.exp(work, out=work)
    work /= work.sum(axis=0)
    return np.ascontiguousarray(work.T)


def _choice_units(shares: Array) -> tuple[Array, Array]:
    """The logarithms of shares, and one spread for all.

    Outputs only matter by their differences. A search that begins with a mean of zero and takes
    all of them alike never moves their mean, along which the loss is flat.
    """
    logs = np.log(shares)
    spread = 1 / np.sqrt(np.mean(shares * (1 - shares)))
    return logs - logs.mean(), np.full_like(logs, spread)


def _yes_or_no(loss: str, labels: tf.Tensor, outputs: tf.Tensor, smoothing: Any) -> tf.Tensor:
    """The losses of answers yes or no, of the shape of the outputs."""
    if loss == "hinge":
        return losses.hinge(labels, outputs, smoothing)
    found = losses.log_of_yes(labels, outputs)
    return losses.focal(found) if loss == "focal" else found


def _one_of(loss: str, labels: tf.Tensor, outputs: tf.Tensor, smoothing: Any) -> tf.Tensor:
    """The losses of choices among classes: (n,), or (n, classes) for the hinge."""
    if loss == "hinge":
        count = outputs.get_shape()[1].value
        return losses.hinge(tf.one_hot(labels, count, dtype=outputs.dtype), outputs, smoothing)
    found = losses.log_of_class(labels, outputs)
    return losses.focal(found) if loss == "focal" else found
