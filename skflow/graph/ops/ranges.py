"""Operations that make sequences of evenly spaced numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.graph.dtypes import INDEX, Array, float32, float64, int32, int64
from skflow.graph.ops._arrays import as_int, constant_int, invalid, require_scalar
from skflow.graph.registry import NOT_DIFFERENTIABLE, define
from skflow.graph.shapes import Shape, shape_brackets
from skflow.graph.spec import Spec


def _check_scalars(**given: Array) -> None:
    for name, value in given.items():
        if value.ndim:
            raise invalid(f"{name} must be a scalar, not shape {shape_brackets(value.shape)}")


def _range_size(start: Any, limit: Any, delta: Any) -> int:
    """How many numbers a range has, in the arithmetic of its own type.

    Raises
    ------
    ValueError
        With TensorFlow's sentences, if it never gets to its limit.
    """
    if delta == 0:
        raise ValueError("Requires delta != 0")
    if delta > 0 and start > limit:
        raise ValueError(f"Requires start <= limit when delta > 0: {start:g}/{limit:g}")
    if delta < 0 and start < limit:
        raise ValueError(f"Requires start >= limit when delta < 0: {start:g}/{limit:g}")
    if isinstance(start, int):
        return int((abs(limit - start) + abs(delta) - 1) // abs(delta))
    return int(np.ceil(np.abs((limit - start) / delta)))


def _numbers(*arrays: Array) -> list[Any]:
    """The values of scalars: Python's integers, which do not overflow, or NumPy's floats."""
    return [a.item() if a.dtype.kind == "i" else a[()] for a in arrays]


def _range_kernel(start: Array, limit: Array, delta: Array) -> Array:
    _check_scalars(start=start, limit=limit, delta=delta)
    first, last, step = _numbers(start, limit, delta)
    try:
        size = _range_size(first, last, step)
    except ValueError as error:
        zero = f": {step:g}" if step == 0 else ""
        raise invalid(f"{error}{zero}") from None
    if isinstance(first, int):
        whole: Array = first + step * np.arange(size, dtype=np.int64)
        return whole.astype(start.dtype)
    # One addition after the other, as in TensorFlow: the last digits of floats depend on it.
    steps = np.full(size, step, start.dtype)
    steps[:1] = first
    found: Array = np.add.accumulate(steps)
    return found


def _range_infer(start: Spec, limit: Spec, delta: Spec) -> Shape:
    for name, spec in (("start", start), ("limit", limit), ("delta", delta)):
        require_scalar(spec, name)
    first, last, step = start.value, limit.value, delta.value
    if first is None or last is None or step is None:
        return (None,)
    return (_range_size(*_numbers(first, last, step)),)


define(
    "Range",
    "start: Tidx, limit: Tidx, delta: Tidx -> output: Tidx",
    attrs={"Tidx": int32},
    types={"Tidx": (float32, float64, int32, int64)},
    kernel=_range_kernel,
    infer=_range_infer,
    grad=NOT_DIFFERENTIABLE,
)


def _lin_space_kernel(start: Array, stop: Array, num: Array) -> Array:
    _check_scalars(start=start, stop=stop, num=num)
    count = as_int(num)
    if count <= 0:
        raise invalid(f"Requires num > 0: {count}")
    if count == 1:
        return start.reshape(1).copy()
    step = (stop - start) / start.dtype.type(count - 1)
    found: Array = start + step * np.arange(count, dtype=start.dtype)
    return found


def _lin_space_infer(start: Spec, stop: Spec, num: Spec) -> Shape:
    for name, spec in (("start", start), ("stop", stop), ("num", num)):
        require_scalar(spec, name)
    count = constant_int(num)
    if count is not None and count <= 0:
        raise ValueError(f"Requires num > 0: {count}")
    return (count,)


define(
    "LinSpace",
    "start: T, stop: T, num: Tidx -> output: T",
    attrs={"Tidx": int32},
    types={"T": (float32, float64), "Tidx": INDEX},
    kernel=_lin_space_kernel,
    infer=_lin_space_infer,
    grad=NOT_DIFFERENTIABLE,
)
