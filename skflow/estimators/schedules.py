"""Learning rates that change with the steps, as values: kept in parameters, built at fit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from itertools import pairwise
from numbers import Integral, Real
from typing import Any, ClassVar, Final

import numpy as np
from sklearn.utils._param_validation import Interval, validate_parameter_constraints

import skflow as tf

_POSITIVE: Final = [Interval(Real, 0, None, closed="neither")]
_NOT_NEGATIVE: Final = [Interval(Real, 0, None, closed="left")]
_FRACTION: Final = [Interval(Real, 0, 1, closed="both")]


class Schedule(ABC):
    """Base of learning rates that depend on the global step.

    A schedule is compared, hashed, copied and pickled by its values. It is called by `fit` with
    the global step of the graph being built; its values are checked then.
    """

    _constraints: ClassVar[Mapping[str, list[Any]]] = {}

    def __call__(self, step: Any, dtype: Any = tf.float32) -> tf.Tensor:
        """Build the rate as graph.

        Parameters
        ----------
        step : Tensor or Variable of shape ()
            How many steps were made.
        dtype : DType
            The floating type to compute in.

        Returns
        -------
        Tensor of shape ()

        Raises
        ------
        ValueError
            If a value is not as it must be.
        """
        self._validate()
        return self._rate(tf.convert_to_tensor(step), tf.as_dtype(dtype))

    @abstractmethod
    def _rate(self, step: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
        """The rate after so many steps."""

    def _validate(self) -> None:
        """Raise unless the values are as they must be."""
        validate_parameter_constraints(self._constraints, vars(self), type(self).__name__)

    def _constants(self, dtype: tf.DType, *names: str) -> list[tf.Tensor]:
        """Some of the values in the rate's type; a Python number would be rounded to float32."""
        return [tf.constant(float(getattr(self, name)), dtype) for name in names]

    def __repr__(self) -> str:
        """The call that makes it, without what is so by default."""
        shown = [
            f"{f.name}={getattr(self, f.name)!r}"
            for f in fields(self)  # type: ignore[arg-type]
            if f.default is MISSING or getattr(self, f.name) != f.default
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


@dataclass(frozen=True, repr=False)
class _Decay(Schedule):
    """A rate that decays by the same law all the time."""

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool = False

    _build: ClassVar[Callable[..., tf.Tensor]]
    _constraints: ClassVar[Mapping[str, list[Any]]] = {
        "initial_learning_rate": _POSITIVE,
        "decay_steps": _POSITIVE,
        "decay_rate": _NOT_NEGATIVE,
        "staircase": ["boolean"],
    }

    def _rate(self, step: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
        names = ("initial_learning_rate", "decay_steps", "decay_rate")
        rate, steps, decay = self._constants(dtype, *names)
        return self._build(rate, step, steps, decay, bool(self.staircase))


@dataclass(frozen=True, repr=False)
class ExponentialDecay(_Decay):
    """A rate that is multiplied again and again.

    After n steps it is ``initial_learning_rate * decay_rate ** (n / decay_steps)``.

    Parameters
    ----------
    initial_learning_rate : float
        The first rate.
    decay_steps : float
        After how many steps the rate has been multiplied once.
    decay_rate : float
        What it is multiplied by.
    staircase : bool, default=False
        Change the rate only every `decay_steps` steps.

    See Also
    --------
    skflow.train.exponential_decay : Builds the same as graph.

    Examples
    --------
    >>> ExponentialDecay(0.1, decay_steps=1000, decay_rate=0.96)
    ExponentialDecay(initial_learning_rate=0.1, decay_steps=1000, decay_rate=0.96)
    """

    _build = staticmethod(tf.train.exponential_decay)
    _constraints: ClassVar[Mapping[str, list[Any]]] = {
        **_Decay._constraints,
        "decay_rate": _POSITIVE,
    }


@dataclass(frozen=True, repr=False)
class NaturalExpDecay(_Decay):
    """A rate that decays exponentially, to the base e.

    After n steps it is ``initial_learning_rate * exp(-decay_rate * n / decay_steps)``.

    Parameters
    ----------
    initial_learning_rate : float
        The first rate.
    decay_steps : float
        In how many steps the exponent falls by `decay_rate`.
    decay_rate : float
        How fast the rate decays.
    staircase : bool, default=False
        Change the rate only every `decay_steps` steps.

    See Also
    --------
    skflow.train.natural_exp_decay : Builds the same as graph.
    """

    _build = staticmethod(tf.train.natural_exp_decay)


@dataclass(frozen=True, repr=False)
class InverseTimeDecay(_Decay):
    """A rate that decays like one over the time.

    After n steps it is ``initial_learning_rate / (1 + decay_rate * n / decay_steps)``.

    Parameters
    ----------
    initial_learning_rate : float
        The first rate.
    decay_steps : float
        In how many steps the denominator grows by `decay_rate`.
    decay_rate : float
        How fast the rate decays.
    staircase : bool, default=False
        Change the rate only every `decay_steps` steps.

    See Also
    --------
    skflow.train.inverse_time_decay : Builds the same as graph.
    """

    _build = staticmethod(tf.train.inverse_time_decay)


@dataclass(frozen=True, repr=False)
class PolynomialDecay(Schedule):
    """A rate that goes to another one along a polynomial.

    After n steps, with n at most `decay_steps`, it is ``(initial_learning_rate -
    end_learning_rate) * (1 - n / decay_steps) ** power + end_learning_rate``.

    Parameters
    ----------
    initial_learning_rate : float
        The first rate.
    decay_steps : float
        After how many steps the last rate is reached.
    end_learning_rate : float, default=0.0001
        The last rate.
    power : float, default=1.0
        The degree of the polynomial.
    cycle : bool, default=False
        Start again, from less and less, with `decay_steps` stretched to the next multiple.

    See Also
    --------
    skflow.train.polynomial_decay : Builds the same as graph, but for a cycle at step 0, where
        TensorFlow's formula divides zero by zero; here that is the first rate.
    """

    initial_learning_rate: float
    decay_steps: float
    end_learning_rate: float = 0.0001
    power: float = 1.0
    cycle: bool = False

    _constraints: ClassVar[Mapping[str, list[Any]]] = {
        "initial_learning_rate": _POSITIVE,
        "decay_steps": _POSITIVE,
        "end_learning_rate": _NOT_NEGATIVE,
        "power": _POSITIVE,
        "cycle": ["boolean"],
    }

    def _rate(self, step: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
        names = ("initial_learning_rate", "decay_steps", "end_learning_rate", "power")
        rate, steps, end, power = self._constants(dtype, *names)
        decayed = tf.train.polynomial_decay(rate, step, steps, end, power, bool(self.cycle))
        return tf.where(tf.equal(step, 0), rate, decayed) if self.cycle else decayed


@dataclass(frozen=True, repr=False)
class PiecewiseConstantDecay(Schedule):
    """A rate that changes at given steps.

    Parameters
    ----------
    boundaries : sequence of int
        Increasing. Up to the first one, itself included, the rate is ``values[0]``, then up to
        the second one ``values[1]``, and so on.
    values : sequence of float
        The rates, one more than there are boundaries.

    See Also
    --------
    skflow.train.piecewise_constant : Builds the same as graph.

    Examples
    --------
    >>> PiecewiseConstantDecay([1000, 2000], [0.1, 0.01, 0.001])
    PiecewiseConstantDecay(boundaries=(1000, 2000), values=(0.1, 0.01, 0.001))
    """

    boundaries: Sequence[int]
    values: Sequence[float]

    def __post_init__(self) -> None:
        for f in fields(self):
            given = getattr(self, f.name)
            if isinstance(given, np.ndarray):
                given = given.tolist()
            if isinstance(given, Iterable) and not isinstance(given, str):
                object.__setattr__(self, f.name, tuple(given))

    def _validate(self) -> None:
        of = f"parameter of {type(self).__name__} must be"
        boundaries, values = self.boundaries, self.values
        if not (_all(boundaries, Integral) and _is_increasing(boundaries)):
            raise ValueError(
                f"The 'boundaries' {of} increasing integers that are at least 0. "
                f"Got {boundaries!r} instead."
            )
        if not _all(values, Real):
            raise ValueError(
                f"The 'values' {of} finite numbers that are at least 0. Got {values!r} instead."
            )
        if len(values) != len(boundaries) + 1:
            raise ValueError(
                f"The 'values' {of} one more than the boundaries. Got {len(values)} values and "
                f"{len(boundaries)} boundaries instead."
            )

    def _rate(self, step: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
        boundaries = [tf.constant(int(b), step.dtype) for b in self.boundaries]
        values = [tf.constant(float(v), dtype) for v in self.values]
        return tf.train.piecewise_constant(step, boundaries, values)


def _all(given: Any, kind: type) -> bool:
    """Whether something is a tuple of numbers of a kind, finite and at least 0, not empty."""
    return (
        isinstance(given, tuple)
        and len(given) > 0
        and all(isinstance(g, kind) and not isinstance(g, bool) for g in given)
        and all(0 <= g < np.inf for g in given)
    )


def _is_increasing(given: Sequence[int]) -> bool:
    return all(first < second for first, second in pairwise(given))


@dataclass(frozen=True, repr=False)
class CosineDecay(Schedule):
    """A rate that falls along half a cosine wave.

    After n steps, with n at most `decay_steps`, it is ``initial_learning_rate * ((1 - alpha) * (1 +
    cos(pi * n / decay_steps)) / 2 + alpha)``.

    Parameters
    ----------
    initial_learning_rate : float
        The first rate.
    decay_steps : float
        After how many steps the last rate is reached.
    alpha : float, default=0.0
        The last rate as a fraction of the first.

    See Also
    --------
    skflow.train.cosine_decay : Builds the same as graph.

    References
    ----------
    I. Loshchilov and F. Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR
    2017, arXiv:1608.03983.
    """

    initial_learning_rate: float
    decay_steps: float
    alpha: float = 0.0

    _constraints: ClassVar[Mapping[str, list[Any]]] = {
        "initial_learning_rate": _POSITIVE,
        "decay_steps": _POSITIVE,
        "alpha": _FRACTION,
    }

    def _rate(self, step: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
        rate, steps, alpha = self._constants(dtype, "initial_learning_rate", "decay_steps", "alpha")
        return tf.train.cosine_decay(rate, step, steps, alpha)


def rate_tensor(learning_rate: Any, step: Any, dtype: Any) -> tf.Tensor:
    """Build a learning rate of any kind as graph.

    Parameters
    ----------
    learning_rate : float, Schedule or callable
        A number; or a schedule; or a function that is given the global step as a tensor and
        returns a number or a tensor.
    step : Variable or Tensor of shape ()
        The global step.
    dtype : DType
        The floating type of the rate.

    Returns
    -------
    Tensor of shape ()

    Raises
    ------
    TypeError
        If the rate is not a single number.
    ValueError
        If a schedule's value is not as it must be.
    """
    dtype = tf.as_dtype(dtype)
    if isinstance(learning_rate, Schedule):
        return learning_rate(step, dtype)
    if callable(learning_rate):
        found = learning_rate(tf.convert_to_tensor(step))
        return _scalar(found, dtype, "The function given as `learning_rate` must return")
    return _scalar(learning_rate, dtype, "`learning_rate` must be")


def _scalar(found: Any, dtype: tf.DType, must: str) -> tf.Tensor:
    """A number or a tensor as a tensor of a type."""
    if isinstance(found, np.ndarray) and found.ndim == 0:
        found = found[()]
    if not isinstance(found, bool) and isinstance(found, Real):
        return tf.constant(float(found), dtype)
    if isinstance(found, (tf.Tensor, tf.Variable)):
        kind = found.dtype.base_dtype
        if found.get_shape().ndims in (0, None) and (kind.is_floating or kind.is_integer):
            return tf.cast(found, dtype)
    raise TypeError(f"{must} a number or a tensor of one number, got {found!r}.")
