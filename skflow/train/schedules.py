"""Learning rates that change with the number of steps taken."""

from __future__ import annotations

import math
from typing import Any

from skflow.graph.conversion import constant, convert_to_tensor
from skflow.graph.dtypes import int32, int64
from skflow.graph.functions import array as array_functions, math as math_functions
from skflow.graph.nodes import Tensor
from skflow.graph.scopes import name_scope


def _required(global_step: Any, name: str) -> None:
    if global_step is None:
        raise ValueError(f"global_step is required for {name}.")


def _progress(
    learning_rate: Any, global_step: Any, decay_steps: Any, decay_rate: Any, staircase: bool
) -> tuple[Tensor, Tensor, Any]:
    """The rate as a tensor, how often it has decayed, and the decay in the rate's type."""
    rate = convert_to_tensor(learning_rate, name="learning_rate")
    dtype = rate.dtype.base_dtype
    step = math_functions.cast(global_step, dtype)
    steps = math_functions.cast(decay_steps, dtype)
    decay = math_functions.cast(decay_rate, dtype)
    times = step / steps
    return rate, math_functions.floor(times) if staircase else times, decay


def exponential_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """Multiply a rate again and again: ``learning_rate * decay_rate ** (step / decay_steps)``.

    Parameters
    ----------
    learning_rate : float or Tensor
        The first rate.
    global_step : Tensor
        The number of steps taken.
    decay_steps : int or Tensor
        After how many steps the rate has been multiplied once.
    decay_rate : float or Tensor
        What it is multiplied by.
    staircase : bool
        Change the rate only every `decay_steps` steps.
    name : str, optional
        The name of the result.

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    ValueError
        If there is no `global_step`.
    """
    _required(global_step, "exponential_decay")
    values = [learning_rate, global_step, decay_steps, decay_rate]
    with name_scope(name, "ExponentialDecay", values) as scope:
        rate, times, decay = _progress(
            learning_rate, global_step, decay_steps, decay_rate, staircase
        )
        return math_functions.multiply(rate, math_functions.pow(decay, times), name=scope)


def natural_exp_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """Let a rate decay like ``learning_rate * exp(-decay_rate * step / decay_steps)``.

    Parameters
    ----------
    learning_rate, global_step, decay_steps, staircase, name
        As in `exponential_decay`.
    decay_rate : float or Tensor
        How fast the rate decays.

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    ValueError
        If there is no `global_step`.
    """
    _required(global_step, "natural_exp_decay")
    values = [learning_rate, global_step, decay_rate]
    with name_scope(name, "NaturalExpDecay", values) as scope:
        rate, times, decay = _progress(
            learning_rate, global_step, decay_steps, decay_rate, staircase
        )
        exponent = math_functions.multiply(math_functions.negative(decay), times)
        return math_functions.multiply(rate, math_functions.exp(exponent), name=scope)


def inverse_time_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """Let a rate decay like ``learning_rate / (1 + decay_rate * step / decay_steps)``.

    Parameters
    ----------
    learning_rate, global_step, decay_steps, staircase, name
        As in `exponential_decay`.
    decay_rate : float or Tensor
        How fast the rate decays.

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    ValueError
        If there is no `global_step`.
    """
    _required(global_step, "inverse_time_decay")
    values = [learning_rate, global_step, decay_rate]
    with name_scope(name, "InverseTimeDecay", values) as scope:
        rate, times, decay = _progress(
            learning_rate, global_step, decay_steps, decay_rate, staircase
        )
        one = math_functions.cast(constant(1), rate.dtype.base_dtype)
        denominator = math_functions.add(one, math_functions.multiply(decay, times))
        return math_functions.div(rate, denominator, name=scope)


def polynomial_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    end_learning_rate: Any = 0.0001,
    power: Any = 1.0,
    cycle: bool = False,
    name: str | None = None,
) -> Tensor:
    """Lower a rate to another one along a polynomial.

    Parameters
    ----------
    learning_rate : float or Tensor
        The first rate.
    global_step : Tensor
        The number of steps taken.
    decay_steps : int or Tensor
        After how many steps the last rate is reached.
    end_learning_rate : float or Tensor
        The last rate.
    power : float or Tensor
        The degree of the polynomial.
    cycle : bool
        Start again, from less and less, with `decay_steps` stretched to the next multiple.
    name : str, optional
        The name of the result.

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    ValueError
        If there is no `global_step`.
    """
    _required(global_step, "polynomial_decay")
    values = [learning_rate, global_step, decay_steps, end_learning_rate, power]
    with name_scope(name, "PolynomialDecay", values) as scope:
        rate = convert_to_tensor(learning_rate, name="learning_rate")
        dtype = rate.dtype.base_dtype
        step = math_functions.cast(global_step, dtype)
        steps = math_functions.cast(decay_steps, dtype)
        end = math_functions.cast(end_learning_rate, dtype)
        degree = math_functions.cast(power, dtype)
        if cycle:
            steps = math_functions.multiply(steps, math_functions.ceil(step / steps))
        else:
            step = math_functions.minimum(step, steps)
        part = math_functions.div(step, steps)
        height = rate - end
        left = math_functions.multiply(height, math_functions.pow(1 - part, degree))
        return math_functions.add(left, end, name=scope)


def piecewise_constant(x: Any, boundaries: Any, values: Any, name: str | None = None) -> Tensor:
    """Take one value up to a boundary and the next one beyond.

    Parameters
    ----------
    x : Tensor, shape ()
        The number of steps taken.
    boundaries : list of number or Tensor
        Increasing; one belongs to the value before it.
    values : list of number or Tensor
        One more than there are boundaries.
    name : str, optional
        The name of the result.

    Returns
    -------
    Tensor
        Of the shape of one value.

    Raises
    ------
    ValueError
        If types differ, or the numbers of boundaries and values do not fit.
    """
    with name_scope(name, "PiecewiseConstant", [x, *boundaries, *values]) as scope:
        x = convert_to_tensor(x)
        limits = [_boundary(b, x) for b in boundaries]
        options = [convert_to_tensor(v) for v in values]
        for option in options[1:]:
            if option.dtype.base_dtype != options[0].dtype.base_dtype:
                raise ValueError(
                    "Values must have elements all with the same dtype "
                    f"({options[0].dtype.base_dtype} vs {option.dtype.base_dtype})."
                )
        if len(options) != len(limits) + 1:
            raise ValueError(
                f"There must be one value more than boundaries, got {len(options)} and "
                f"{len(limits)}"
            )
        beyond = math_functions.cast(x > array_functions.stack(limits), int32)
        index = math_functions.reduce_sum(beyond)
        return array_functions.gather(array_functions.stack(options), index, name=scope)


def _boundary(value: Any, x: Tensor) -> Tensor:
    found = convert_to_tensor(value)
    kind, wanted = found.dtype.base_dtype, x.dtype.base_dtype
    if kind is int32 and wanted is int64:
        return math_functions.cast(found, int64)
    if kind is not wanted:
        raise ValueError(f"Boundaries ({kind}) must have the same dtype as x ({wanted}).")
    return found


def cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    alpha: Any = 0.0,
    name: str | None = None,
) -> Tensor:
    """Lower a rate along half a cosine wave.

    Parameters
    ----------
    learning_rate : float or Tensor
        The first rate.
    global_step : Tensor
        The number of steps taken.
    decay_steps : int or Tensor
        After how many steps the last rate is reached.
    alpha : float or Tensor
        The last rate as a part of the first.
    name : str, optional
        The name scope of the operations.

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    ValueError
        If there is no `global_step`.

    References
    ----------
    I. Loshchilov and F. Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR
    2017, arXiv:1608.03983.
    """
    _required(global_step, "cosine_decay")
    with name_scope(name, "CosineDecay", [learning_rate, global_step]):
        rate = convert_to_tensor(learning_rate, name="learning_rate")
        dtype = rate.dtype.base_dtype
        steps = math_functions.cast(decay_steps, dtype)
        step = math_functions.minimum(math_functions.cast(global_step, dtype), steps)
        angle = constant(math.pi, dtype=dtype) * (step / steps)
        wave = 0.5 * (1.0 + math_functions.cos(angle))
        return math_functions.multiply(rate, (1 - alpha) * wave + alpha)
