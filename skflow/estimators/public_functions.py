"""Names of the package's own functions and optimizers, by which files may speak of them."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from numbers import Real
from typing import Any, Final

import skflow as tf

# Modules of functions that build graph of tensors and do nothing else.
_BUILDERS: Final = tuple(
    f"skflow.graph.functions.{name}" for name in ("arithmetic", "elementary", "nn", "special")
)

# Parameters of optimizers that are kept under other names than their own.
_KEPT_AS: Final[Mapping[str, tuple[str, ...]]] = {
    "learning_rate": ("_learning_rate", "_lr"),
    "l2_shrinkage_regularization_strength": ("_l2_shrinkage",),
}


@lru_cache(maxsize=1)
def functions() -> dict[str, Callable[..., Any]]:
    """All functions and classes that a file may name: activations, elementwise ones, optimizers.

    Returns
    -------
    dict of str to callable
        By the names that programs use: ``"tf.nn.relu"``.
    """
    found: dict[str, Callable[..., Any]] = {"tf.identity": tf.identity}
    made = {
        name: function
        for home in _BUILDERS
        for name, function in vars(importlib.import_module(home)).items()
        if inspect.isfunction(function) and function.__module__ == home
    }
    for start, module in (("tf.nn.", tf.nn), ("tf.", tf)):
        for name in sorted(made.keys() & set(dir(module))):
            if getattr(module, name) is made[name]:
                found[start + name] = made[name]
    return {**found, **{f"tf.train.{name}": kind for name, kind in optimizers().items()}}


@lru_cache(maxsize=1)
def optimizers() -> dict[str, type[tf.train.Optimizer]]:
    """The classes of optimizers by name."""
    names = [name for name in dir(tf.train) if name.endswith("Optimizer")]
    return {name: getattr(tf.train, name) for name in names if name != "Optimizer"}


def name_of(function: Any) -> str | None:
    """The name of one of `functions`.

    Parameters
    ----------
    function : object
        Anything.

    Returns
    -------
    str or None
        ``None`` for all else.
    """
    return next((name for name, known in functions().items() if known is function), None)


def arguments_of(optimizer: tf.train.Optimizer) -> dict[str, Any] | None:
    """The call that makes an optimizer like another one.

    Parameters
    ----------
    optimizer : Optimizer
        The other one.

    Returns
    -------
    dict of str to object, or None
        Numbers and names by keyword; ``None`` if it is not one of `optimizers` made from such,
        or has been used in a graph.
    """
    kind = type(optimizer)
    if optimizers().get(kind.__name__) is not kind:
        return None
    state, found = vars(optimizer), {}
    for name in inspect.signature(kind).parameters:
        place = next((p for p in _KEPT_AS.get(name, (f"_{name}",)) if p in state), None)
        if place is None or not is_setting(state[place]):
            return None
        found[name] = state[place]
    return found if vars(kind(**found)) == state else None


def is_setting(value: Any) -> bool:
    """Whether something is a number, a truth value or a string."""
    return isinstance(value, (str, Real))
