"""What each optimizer does to a variable: one rule each, elementwise and in place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from skflow.graph.dtypes import Array

BLOCK: Final = 1 << 16
"""Elements updated at a time: the few arrays of a block stay in a core's cache."""

_local: Final = threading.local()


def scratch(dtype: np.dtype[Any], count: int) -> list[Array]:
    """This thread's scratch arrays of one block each, whose content is undefined."""
    kept: dict[str, list[Array]] = _local.__dict__.setdefault("arrays", {})
    found = kept.setdefault(dtype.char, [])
    while len(found) < count:
        found.append(np.empty(BLOCK, dtype))
    return found[:count]


@dataclass(frozen=True, slots=True)
class Rule:
    """The update that an ``Apply...`` operation makes.

    Parameters
    ----------
    slots : tuple of str
        The arguments after the variable that are variables too.
    gradient : str
        The argument that is the gradient.
    scalars : tuple of str
        The other arguments, all scalars, in the order that `constants` takes them.
    constants : callable
        ``constants(one, *scalars)`` works out the numbers that the update needs, in the
        variable's precision, of which `one` is the 1.
    update : callable
        ``update(var, *slots, grad, *constants, *work)`` changes `var` and the slots in place.
        All arrays have one shape, whichever it is; the gradient is left alone.
    work : int
        How many scratch arrays of that shape `update` takes.
    flags : tuple of str
        The attributes that `constants` takes as keywords.
    """

    slots: tuple[str, ...]
    gradient: str
    scalars: tuple[str, ...]
    constants: Callable[..., tuple[Any, ...]]
    update: Callable[..., None]
    work: int = 1
    flags: tuple[str, ...] = ()

    def apply(
        self, var: Array, slots: Sequence[Array], grad: Array, scalars: Sequence[Any], **flags: Any
    ) -> None:
        """Update a variable and its slots.

        Parameters
        ----------
        var : numpy.ndarray
            The variable's storage.
        slots : sequence of numpy.ndarray
            The slots' storages, of the variable's shape.
        grad : numpy.ndarray
            The gradient, of the variable's shape.
        scalars : sequence of numpy scalars
            The hyperparameters in the order of `Rule.scalars`.
        **flags : bool
            The attributes named in `Rule.flags`.
        """
        kind = var.dtype.type
        constants = self.constants(kind(1), *[_number(s, kind) for s in scalars], **flags)
        if not all(a.flags.c_contiguous for a in (var, *slots)):
            self._whole(var, slots, grad, constants)
            return
        arrays = [a.reshape(-1) for a in (var, *slots)]
        gradient = grad.reshape(-1)
        work = scratch(var.dtype, self.work)
        for at in range(0, gradient.size, BLOCK):
            block = slice(at, at + BLOCK)
            piece = gradient[block]
            extra = [w[: piece.size] for w in work]
            self.update(*[a[block] for a in arrays], piece, *constants, *extra)

    def _whole(
        self, var: Array, slots: Sequence[Array], grad: Array, constants: tuple[Any, ...]
    ) -> None:
        """Update storages that are not contiguous in one go."""
        work = [np.empty(var.shape, var.dtype) for _ in range(self.work)]
        self.update(var, *slots, grad, *constants, *work)


def _number(value: Any, kind: Any) -> Any:
    """A hyperparameter in the variable's precision; whole numbers stay as they are."""
    value = np.asarray(value)[()]
    return value if value.dtype.kind in "iu" else kind(value)


UPDATE_RULES: Final[dict[str, Rule]] = {}
"""The rule of every ``Apply...`` operation, by the operation's type."""


def _plain(_: Any, *scalars: Any) -> tuple[Any, ...]:
    return scalars


# ---- gradient descent and momentum ------------------------------------------------------


def gradient_descent(var: Array, grad: Array, rate: Any, t: Array) -> None:
    """``var -= rate * grad``."""
    np.multiply(grad, rate, t)
    np.subtract(var, t, var)


UPDATE_RULES["ApplyGradientDescent"] = Rule((), "delta", ("alpha",), _plain, gradient_descent)


def momentum(
    var: Array, accum: Array, grad: Array, rate: Any, decay: Any, nesterov: Any, t: Array
) -> None:
    """Polyak's momentum, or Nesterov's look ahead along the new direction."""
    np.multiply(accum, decay, out=accum)
    np.add(accum, grad, out=accum)
    if nesterov:
        np.multiply(accum, decay, out=t)
        np.add(t, grad, out=t)
        np.multiply(t, rate, out=t)
    else:
        np.multiply(accum, rate, out=t)
    np.subtract(var, t, out=var)


def _momentum_constants(
    _: Any, rate: Any, decay: Any, use_nesterov: bool = False
) -> tuple[Any, ...]:
    return rate, decay, use_nesterov


UPDATE_RULES["ApplyMomentum"] = Rule(
    ("accum",), "grad", ("lr", "momentum"), _momentum_constants, momentum, flags=("use_nesterov",)
)


# ---- rates of their own for every weight ------------------------------------------------


def adagrad(var: Array, accum: Array, grad: Array, rate: Any, t: Array) -> None:
    """Duchi, Hazan and Singer (2011): the rate shrinks with the squares seen so far."""
    np.multiply(grad, grad, out=t)
    np.add(accum, t, out=accum)
    np.sqrt(accum, out=t)
    np.divide(grad, t, out=t)
    np.multiply(t, rate, out=t)
    np.subtract(var, t, out=var)


UPDATE_RULES["ApplyAdagrad"] = Rule(("accum",), "grad", ("lr",), _plain, adagrad)


def adadelta(
    var: Array,
    accum: Array,
    accum_update: Array,
    grad: Array,
    rate: Any,
    rho: Any,
    rest: Any,
    epsilon: Any,
    step_first: bool,
    t: Array,
    u: Array,
) -> None:
    """Zeiler (2012) if `step_first`; else by a step taken with the *new* ``accum_update``.

    The latter is what TensorFlow 1.1.0 does.
    """
    np.multiply(grad, grad, out=t)
    np.multiply(t, rest, out=t)
    np.multiply(accum, rho, out=accum)
    np.add(accum, t, out=accum)
    np.add(accum, epsilon, out=t)
    np.sqrt(t, out=t)
    np.divide(grad, t, out=t)  # what the square root of accum_update is multiplied by
    np.add(accum_update, epsilon, out=u)
    np.sqrt(u, out=u)
    np.multiply(u, t, out=u)
    if step_first:
        np.multiply(u, rate, out=t)
        np.subtract(var, t, out=var)
    np.multiply(u, u, out=u)
    np.multiply(u, rest, out=u)
    np.multiply(accum_update, rho, out=accum_update)
    np.add(accum_update, u, out=accum_update)
    if not step_first:
        np.add(accum_update, epsilon, out=u)
        np.sqrt(u, out=u)
        np.multiply(u, t, out=u)
        np.multiply(u, rate, out=u)
        np.subtract(var, u, out=var)


def _adadelta_constants(
    one: Any, rate: Any, rho: Any, epsilon: Any, _step_first: bool | None = None
) -> tuple[Any, ...]:
    return rate, rho, one - rho, epsilon, bool(_step_first)


UPDATE_RULES["ApplyAdadelta"] = Rule(
    ("accum", "accum_update"),
    "grad",
    ("lr", "rho", "epsilon"),
    _adadelta_constants,
    adadelta,
    2,
    ("_step_first",),
)


def rmsprop(
    var: Array,
    ms: Array,
    mom: Array,
    grad: Array,
    rate: Any,
    rest: Any,
    decay: Any,
    epsilon: Any,
    t: Array,
) -> None:
    """Tieleman and Hinton (2012), with the momentum of the scaled gradient."""
    np.multiply(grad, grad, out=t)
    np.subtract(t, ms, out=t)
    np.multiply(t, rest, out=t)
    np.add(ms, t, out=ms)
    np.add(ms, epsilon, out=t)
    np.sqrt(t, out=t)
    np.divide(grad, t, out=t)
    np.multiply(t, rate, out=t)
    np.multiply(mom, decay, out=mom)
    np.add(mom, t, out=mom)
    np.subtract(var, mom, out=var)


def _rmsprop_constants(one: Any, rate: Any, rho: Any, decay: Any, epsilon: Any) -> tuple[Any, ...]:
    return rate, one - rho, decay, epsilon


UPDATE_RULES["ApplyRMSProp"] = Rule(
    ("ms", "mom"), "grad", ("lr", "rho", "momentum", "epsilon"), _rmsprop_constants, rmsprop
)


def centered_rmsprop(
    var: Array,
    mg: Array,
    ms: Array,
    mom: Array,
    grad: Array,
    rate: Any,
    rest: Any,
    decay: Any,
    epsilon: Any,
    t: Array,
) -> None:
    """RMSProp with the variance of the gradient in the place of its second moment."""
    np.multiply(grad, grad, out=t)
    np.subtract(t, ms, out=t)
    np.multiply(t, rest, out=t)
    np.add(ms, t, out=ms)
    np.subtract(grad, mg, out=t)
    np.multiply(t, rest, out=t)
    np.add(mg, t, out=mg)
    np.multiply(mg, mg, out=t)
    np.subtract(ms, t, out=t)
    np.add(t, epsilon, out=t)
    np.sqrt(t, out=t)
    np.divide(grad, t, out=t)
    np.multiply(t, rate, out=t)
    np.multiply(mom, decay, out=mom)
    np.add(mom, t, out=mom)
    np.subtract(var, mom, out=var)


UPDATE_RULES["ApplyCenteredRMSProp"] = Rule(
    ("mg", "ms", "mom"),
    "grad",
    ("lr", "rho", "momentum", "epsilon"),
    _rmsprop_constants,
    centered_rmsprop,
)


def adam(
    var: Array,
    m: Array,
    v: Array,
    grad: Array,
    rate: Any,
    beta1: Any,
    rest1: Any,
    rest2: Any,
    epsilon: Any,
    nesterov: Any,
    t: Array,
) -> None:
    """Kingma and Ba (2015), in the form of their section 2; Dozat's (2016) with `nesterov`."""
    np.subtract(grad, m, out=t)
    np.multiply(t, rest1, out=t)
    np.add(m, t, out=m)
    np.multiply(grad, grad, out=t)
    np.subtract(t, v, out=t)
    np.multiply(t, rest2, out=t)
    np.add(v, t, out=v)
    np.sqrt(v, out=t)
    np.add(t, epsilon, out=t)
    if nesterov:
        u = np.divide(grad, t)
        np.multiply(u, rest1, out=u)
        np.divide(m, t, out=t)
        np.multiply(t, beta1, out=t)
        np.add(t, u, out=t)
    else:
        np.divide(m, t, out=t)
    np.multiply(t, rate, out=t)
    np.subtract(var, t, out=var)


def _adam_constants(
    one: Any,
    beta1_power: Any,
    beta2_power: Any,
    rate: Any,
    beta1: Any,
    beta2: Any,
    epsilon: Any,
    use_nesterov: bool = False,
) -> tuple[Any, ...]:
    rate = rate * np.sqrt(one - beta2_power) / (one - beta1_power)
    return rate, beta1, one - beta1, one - beta2, epsilon, use_nesterov


UPDATE_RULES["ApplyAdam"] = Rule(
    ("m", "v"),
    "grad",
    ("beta1_power", "beta2_power", "lr", "beta1", "beta2", "epsilon"),
    _adam_constants,
    adam,
    1,
    ("use_nesterov",),
)


# ---- rules that keep weights at zero ----------------------------------------------------


def ftrl(
    var: Array,
    accum: Array,
    linear: Array,
    grad: Array,
    rate: Any,
    l1: Any,
    l2: Any,
    shrinkage: Any,
    power: Any,
    t: Array,
    u: Array,
) -> None:
    """McMahan and others (2013): follow the regularized leader, one weight at a time."""
    np.multiply(grad, grad, out=t)
    np.add(accum, t, out=t)  # the new accum
    _power(t, power, u)
    _power(accum, power, accum)
    np.subtract(u, accum, out=u)
    np.divide(u, rate, out=u)
    np.multiply(u, var, out=u)
    np.add(linear, grad, out=linear)
    np.subtract(linear, u, out=linear)
    if shrinkage:
        np.multiply(var, shrinkage + shrinkage, out=u)
        np.add(linear, u, out=linear)
    np.copyto(accum, t)
    _power(accum, power, t)
    np.divide(t, rate, out=t)
    np.add(t, l2 + l2, out=t)
    np.clip(linear, -l1, l1, out=var)
    np.subtract(var, linear, out=var)  # 0 where l1 outweighs linear
    np.divide(var, t, out=var)


def _power(values: Array, power: Any, out: Array) -> None:
    if power == 0.5:
        np.sqrt(values, out=out)
    else:
        np.power(values, power, out=out)


def _ftrl_constants(_: Any, rate: Any, l1: Any, l2: Any, power: Any) -> tuple[Any, ...]:
    return rate, l1, l2, 0, -power


def _ftrl_v2_constants(
    _: Any, rate: Any, l1: Any, l2: Any, shrinkage: Any, power: Any
) -> tuple[Any, ...]:
    return rate, l1, l2, shrinkage, -power


UPDATE_RULES["ApplyFtrl"] = Rule(
    ("accum", "linear"), "grad", ("lr", "l1", "l2", "lr_power"), _ftrl_constants, ftrl, 2
)
UPDATE_RULES["ApplyFtrlV2"] = Rule(
    ("accum", "linear"),
    "grad",
    ("lr", "l1", "l2", "l2_shrinkage", "lr_power"),
    _ftrl_v2_constants,
    ftrl,
    2,
)


def proximal_gradient_descent(
    var: Array, grad: Array, rate: Any, l1: Any, denominator: Any, t: Array
) -> None:
    """Duchi and Singer (2009): a gradient step, then the penalty's own solution."""
    gradient_descent(var, grad, rate, t)
    if l1 > 0:
        np.clip(var, -rate * l1, rate * l1, out=t)
        np.subtract(var, t, out=var)
    np.divide(var, denominator, out=var)


def _proximal_constants(one: Any, rate: Any, l1: Any, l2: Any) -> tuple[Any, ...]:
    return rate, l1, one + rate * l2


UPDATE_RULES["ApplyProximalGradientDescent"] = Rule(
    (), "delta", ("alpha", "l1", "l2"), _proximal_constants, proximal_gradient_descent
)


def proximal_adagrad(
    var: Array,
    accum: Array,
    grad: Array,
    rate: Any,
    l1: Any,
    l2: Any,
    one: Any,
    t: Array,
    u: Array,
    w: Array,
) -> None:
    """Adagrad's step, then the penalty's own solution at Adagrad's rates."""
    np.multiply(grad, grad, out=t)
    np.add(accum, t, out=accum)
    np.sqrt(accum, out=t)
    np.divide(rate, t, out=t)
    np.multiply(grad, t, out=u)
    np.subtract(var, u, out=var)
    if l1 > 0:
        np.multiply(t, l1, out=u)
        np.negative(u, out=w)
        np.maximum(w, var, out=w)
        np.minimum(w, u, out=w)
        np.subtract(var, w, out=var)
    np.multiply(t, l2, out=t)
    np.add(t, one, out=t)
    np.divide(var, t, out=var)


def _proximal_adagrad_constants(one: Any, rate: Any, l1: Any, l2: Any) -> tuple[Any, ...]:
    return rate, l1, l2, one


UPDATE_RULES["ApplyProximalAdagrad"] = Rule(
    ("accum",), "grad", ("lr", "l1", "l2"), _proximal_adagrad_constants, proximal_adagrad, 3
)


def adagrad_da(
    var: Array, gradients: Array, squares: Array, grad: Array, rate: Any, l1: Any, l2: Any, t: Array
) -> None:
    """Duchi, Hazan and Singer (2011): dual averaging of all gradients so far."""
    np.add(gradients, grad, out=gradients)
    np.multiply(grad, grad, out=t)
    np.add(squares, t, out=squares)
    np.sqrt(squares, out=t)
    np.add(t, l2, out=t)
    if l1 > 0:
        np.clip(gradients, -l1, l1, out=var)
        np.subtract(var, gradients, out=var)
    else:
        np.negative(gradients, out=var)
    np.multiply(var, rate, out=var)
    np.divide(var, t, out=var)


def _adagrad_da_constants(
    one: Any, rate: Any, l1: Any, l2: Any, global_step: Any
) -> tuple[Any, ...]:
    step = type(one)(global_step)
    return rate, l1 * step, l2 * step * rate


UPDATE_RULES["ApplyAdagradDA"] = Rule(
    ("gradient_accumulator", "gradient_squared_accumulator"),
    "grad",
    ("lr", "l1", "l2", "global_step"),
    _adagrad_da_constants,
    adagrad_da,
)
