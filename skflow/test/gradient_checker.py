"""Gradients against difference quotients, Jacobian by Jacobian."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from skflow.graph.conversion import constant
from skflow.graph.dtypes import INEXACT, Array, as_dtype
from skflow.graph.gradients import gradients
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.sparse_types import IndexedSlices
from skflow.graph.stacks import get_default_session

Jacobians = tuple[Array, Array]


class _Place(NamedTuple):
    """Where a Jacobian is taken: at what value of which x, for which y."""

    x: Tensor
    x_data: Array
    y: Tensor
    y_shape: tuple[int, ...]
    feeds: Mapping[Any, Any]

    @property
    def x_parts(self) -> np.dtype[Any]:
        """The type of the real numbers that x consists of."""
        return self.x.dtype.base_dtype.real_dtype.np_dtype

    @property
    def y_parts(self) -> np.dtype[Any]:
        """The type of the real numbers that y consists of."""
        return self.y.dtype.base_dtype.real_dtype.np_dtype

    @property
    def rows(self) -> int:
        """How many real numbers x consists of."""
        return self.x_data.size * (2 if self.x.dtype.is_complex else 1)

    @property
    def columns(self) -> int:
        """How many real numbers y consists of."""
        return math.prod(self.y_shape) * (2 if self.y.dtype.is_complex else 1)

    def run(self, fetches: Any, feeds: Mapping[Any, Any]) -> Any:
        """Run in the default session, with `feeds` before the caller's."""
        return get_default_session().run(fetches, {**self.feeds, **feeds})


def compute_gradient(
    x: Any,
    x_shape: Any,
    y: Any,
    y_shape: Any,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Any = None,
    extra_feed_dict: Any = None,
) -> Any:
    """Compute the Jacobian of `y` by `x` twice: from the graph's gradients and numerically.

    Parameters
    ----------
    x : Tensor or list of Tensor
        What to differentiate by; it will be fed.
    x_shape : sequence of int, or a list of them
        The shape of x.
    y : Tensor
        What to differentiate.
    y_shape : sequence of int
        The shape of y.
    x_init_value : numpy.ndarray or list of numpy.ndarray, optional
        Where to differentiate; by default at uniform random numbers from 0 to 1.
    delta : float
        The step of the central differences.
    init_targets : list of Operation, optional
        What to run first, such as initializers.
    extra_feed_dict : dict, optional
        More values to feed in each run.

    Returns
    -------
    theoretical, numerical : numpy.ndarray
        Jacobians with a row for each element of x and a column for each of y; a list of such
        pairs if x is a list. A complex element counts as two real ones, real part first.

    Raises
    ------
    AssertionError
        If a type is neither floating nor complex, or `x_init_value` has another shape.
    ValueError
        If y is empty and its gradient is not.

    Notes
    -----
    The operations are added to the graph and run in the default session.
    """
    several = isinstance(x, list)
    xs, shapes = (x, x_shape) if several else ([x], [x_shape])
    values = (
        [None] * len(xs) if x_init_value is None else (x_init_value if several else [x_init_value])
    )
    for one in xs:
        _check_type(one, "x")
    _check_type(y, "y")
    pairs = [_gradient_and_seed(one, y, y_shape) for one in xs]
    for target in init_targets or ():
        target.run()
    found = []
    for one, shape, value, (dx, dy) in zip(xs, shapes, values, pairs, strict=True):
        data = _starting_point(one, shape, value)
        place = _Place(one, data, y, tuple(y_shape), dict(extra_feed_dict or {}))
        found.append((_theoretical(place, dx, dy), _numerical(place, delta)))
    return found if several else found[0]


def compute_gradient_error(
    x: Any,
    x_shape: Any,
    y: Any,
    y_shape: Any,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Any = None,
    extra_feed_dict: Any = None,
) -> Any:
    """Compute how far the graph's gradients and difference quotients are apart at most.

    Parameters
    ----------
    x, x_shape, y, y_shape, x_init_value, delta, init_targets, extra_feed_dict
        As for `compute_gradient`.

    Returns
    -------
    float
        The largest absolute difference of two entries of the Jacobians; 0 if they are empty.
    """
    found = compute_gradient(
        x, x_shape, y, y_shape, x_init_value, delta, init_targets, extra_feed_dict
    )
    pairs: list[Jacobians] = found if isinstance(found, list) else [found]
    return max((np.abs(t - n).max() for t, n in pairs if t.size), default=0)


def _check_type(tensor: Tensor, name: str) -> None:
    dtype = as_dtype(tensor.dtype)
    if dtype.base_dtype not in INEXACT:
        raise AssertionError(f"Don't support type {dtype.name} for {name}")


def _gradient_and_seed(x: Tensor, y: Tensor, y_shape: Sequence[int]) -> tuple[Any, Tensor]:
    """The gradient of y by x, and the tensor to feed the gradient that flows into y for."""
    with x.graph.as_default():
        seed = constant(1.0, y.dtype.base_dtype, shape=y_shape)
        # A tensor of its own: of an addition the gradient is what flows in, and what is fed
        # could not be told from what is fetched.
        flowing = raw.Identity(seed)
    (dx,) = gradients(y, x, flowing)
    return dx, seed


def _starting_point(x: Tensor, shape: Sequence[int], given: Any) -> Array:
    if given is not None:
        if list(shape) != list(given.shape):
            raise AssertionError(f"x_shape = {shape}, init_data shape = {list(given.shape)}")
        return np.asarray(given, dtype=x.dtype.base_dtype.np_dtype)
    data = np.asarray(np.random.random_sample(shape))  # noqa: NPY002  # the seed users set
    if x.dtype.is_complex:
        data = data + 1j * np.random.random_sample(shape)  # noqa: NPY002
    return data.astype(x.dtype.base_dtype.np_dtype)


def _theoretical(place: _Place, dx: Any, dy: Tensor) -> Array:
    """The Jacobian from the gradient: a column for each unit that flows into y."""
    jacobian = np.zeros((place.rows, place.columns), place.x_parts)
    flowing = np.zeros(place.y_shape, place.y.dtype.base_dtype.np_dtype)
    for column in range(place.columns):
        flowing.reshape(-1).view(place.y_parts)[column] = 1
        found = _dense(place, place.run(dx, {place.x: place.x_data, dy: flowing}), dx)
        jacobian[:, column] = np.ascontiguousarray(found).reshape(-1).view(place.x_parts)
        flowing.reshape(-1).view(place.y_parts)[column] = 0
    if not place.columns:
        _check_empty(
            _dense(place, place.run(dx, {place.x: place.x_data, dy: flowing}), dx), place.x_data
        )
    return jacobian


def _dense(place: _Place, value: Any, dx: Any) -> Array:
    if not isinstance(dx, IndexedSlices):
        return np.asarray(value)
    total = np.zeros_like(place.x_data)
    np.add.at(total, value.indices, value.values)
    return total


def _check_empty(gradient: Array, x_data: Array) -> None:
    if gradient.shape != x_data.shape:
        raise ValueError(
            f"Empty gradient has wrong shape: expected {x_data.shape}, got {gradient.shape}"
        )
    if np.any(gradient):
        raise ValueError("Empty tensor with nonzero gradients")


def _numerical(place: _Place, delta: float) -> Array:
    """The Jacobian from central differences: a row for each number of x that is moved."""
    jacobian = np.zeros((place.rows, place.columns), place.x_parts)
    scale = place.y_parts.type(2 * delta)
    for row in range(place.rows):
        ahead, behind = (_moved(place, row, step) for step in (delta, -delta))
        difference = np.asarray((ahead - behind) / scale)
        jacobian[row] = np.ascontiguousarray(difference).reshape(-1).view(place.y_parts)
    return jacobian


def _moved(place: _Place, row: int, step: float) -> Any:
    data = place.x_data.copy()
    data.reshape(-1).view(place.x_parts)[row] += step
    return place.run(place.y, {place.x: data})
