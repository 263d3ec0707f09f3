"""One row of the op-case table: how an operation is called and what it must compute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_rng = np.random.default_rng(20170215)


def real(*shape: int, scale: float = 1.0) -> np.ndarray:
    """Normal numbers."""
    return scale * _rng.standard_normal(shape)


def between(low: float, high: float, *shape: int) -> np.ndarray:
    """Uniform numbers of an interval."""
    return _rng.uniform(low, high, shape)


def positive(*shape: int) -> np.ndarray:
    """Numbers from 0.5 to 3."""
    return between(0.5, 3.0, *shape)


def apart(*shape: int, gap: float = 0.1) -> np.ndarray:
    """Shuffled numbers no two of which (nor any and zero) are closer than `gap`: no ties."""
    n = int(np.prod(shape))
    values = (np.arange(n) - n // 2 + 0.5) * gap * 2
    return _rng.permutation(values).reshape(shape)


def integers(low: int, high: int, *shape: int) -> np.ndarray:
    """Integers from `low` up to `high`, exclusive."""
    return _rng.integers(low, high, shape)


def booleans(*shape: int) -> np.ndarray:
    """Fair coins."""
    return _rng.random(shape) < 0.5


def complexes(*shape: int) -> np.ndarray:
    """Complex normal numbers."""
    return real(*shape) + 1j * real(*shape)


@dataclass(frozen=True)
class Case:
    """A row.

    Parameters
    ----------
    op : str
        The operation's type.
    inputs : sequence
        One value for each argument: float64, complex128, integer, bool or object (bytes) arrays;
        a list of arrays for a list argument. Rectangular: squares hide swapped axes.
    reference : callable
        ``reference(*inputs, **attrs)`` in float64 by NumPy or SciPy; a tuple for several outputs.
        Never the operation's own kernel.
    attrs : dict
        The attributes that are not inferred from the inputs.
    grad : sequence of int, optional
        Arguments to differentiate by; by default every one of a floating type, if the operation
        has a gradient.
    second : bool
        Check second-order gradients too (``False`` needs a `why`).
    analytic : bool
        The complex step applies: the kernel computes the analytic continuation for complex input.
    special : sequence of tuples
        More inputs whose values (not gradients) are compared: infinities, NaN, ties, empty.
    tolerance : dict
        From a dtype's name to a relative tolerance that replaces the driver's default.
    dtypes : sequence of str, optional
        The dtypes to sweep instead of all that the operation claims (needs a `why`).
    why : str
        The reason for anything left out.
    """

    op: str
    inputs: Sequence[Any]
    reference: Callable[..., Any]
    attrs: dict[str, Any] = field(default_factory=dict)
    grad: Sequence[int] | None = None
    second: bool = True
    analytic: bool = False
    special: Sequence[tuple[Any, ...]] = ()
    tolerance: dict[str, float] = field(default_factory=dict)
    dtypes: Sequence[str] | None = None
    why: str = ""


@dataclass(frozen=True)
class Elsewhere:
    """A row for an operation that a table cannot hold: state, randomness, side effects.

    Parameters
    ----------
    op : str
        The operation's type.
    test : str
        The test that holds it, as ``tests/graph/ops/test_state.py::test_assign``.
    why : str
        Why the table cannot.
    """

    op: str
    test: str
    why: str
