"""Rules for operations that vanish once shapes are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from skflow import errors
from skflow.graph.dtypes import Array
from skflow.graph.nodes import Operation
from skflow.graph.shapes import num_elements
from skflow.runtime.steps import Value, probe_of

_MOST_GROWTH: Final = 2.0**20  # of a factor that is joined with another
_LEAST_FACTOR: Final = 2.0**-40  # that is joined with such a one
_SPLAT_MINIMUM: Final = 2  # elements: a single one is compared as it is

Constant = Callable[[Array], Value]
"""Makes a value that is known now."""

Rule = Callable[[Constant, Operation, list[Value]], Value | list[Value] | None]


def _pass_through(_: Constant, _op: Operation, inputs: list[Value]) -> Value | None:
    return inputs[0]


def _shape(constant: Constant, op: Operation, inputs: list[Value]) -> Value | None:
    if not inputs[0].static:
        return None
    return constant(np.array(inputs[0].shape, op.attrs["out_type"].np_dtype))


def _size(constant: Constant, op: Operation, inputs: list[Value]) -> Value | None:
    if not inputs[0].static:
        return None
    count = num_elements(inputs[0].shape)
    return constant(np.array(count, op.attrs["out_type"].np_dtype))


def _rank(constant: Constant, _op: Operation, inputs: list[Value]) -> Value | None:
    shape = inputs[0].shape
    return None if shape is None else constant(np.array(len(shape), np.int32))


def _reshape(_: Constant, _op: Operation, inputs: list[Value]) -> Value | None:
    x, shape = probe_of(inputs[0]), probe_of(inputs[1])
    if x is None or shape is None or shape.value is None:
        return None
    return inputs[0] if tuple(shape.value.reshape(-1).tolist()) == x.shape else None


def _gradient_axes(constant: Constant, op: Operation, inputs: list[Value]) -> list[Value] | None:
    """The axes to sum over depend on which dimensions are equal, not on how large they are."""
    shapes = [probe_of(v) for v in inputs]
    arrays = [s.value for s in shapes if s is not None and s.value is not None]
    if len(arrays) < len(inputs):
        return None
    try:
        found = op.definition.compute(arrays, op.attrs)
    except errors.OpError:  # they do not fit, or do so because an open dimension is one
        return None
    return [constant(a) for a in found]


def _transpose(_: Constant, _op: Operation, inputs: list[Value]) -> Value | None:
    perm, shape = inputs[1].const, inputs[0].shape
    if perm is None or shape is None:
        return None
    return inputs[0] if perm.tolist() == list(range(len(shape))) else None


def _reduction(_: Constant, _op: Operation, inputs: list[Value]) -> Value | None:
    axes = inputs[1].const
    return inputs[0] if axes is not None and axes.size == 0 else None


def _tile(_: Constant, _op: Operation, inputs: list[Value]) -> Value | None:
    repeats, shape = inputs[1].const, inputs[0].shape
    if repeats is None or shape is None:
        return None
    return inputs[0] if repeats.tolist() == [1] * len(shape) else None


def _cast(_: Constant, op: Operation, inputs: list[Value]) -> Value | None:
    return inputs[0] if inputs[0].dtype is op.attrs["DstT"] else None


def _add_n(_: Constant, _op: Operation, inputs: list[Value]) -> Value | None:
    return inputs[0] if len(inputs) == 1 else None


def _elementwise(_: Constant, _op: Operation, inputs: list[Value]) -> None:
    """What repeats one number need not be written out beside something of its shape."""
    for i in (0, 1):
        inputs[i] = _unrepeated(inputs[i], inputs[1 - i])


def _unrepeated(value: Value, other: Value) -> Value:
    node = value.node
    if node is None or node.kind != "op" or node.definition.type != "Tile":
        return value
    one = node.inputs[0]
    if not value.static or value.shape != other.shape or num_elements(one.shape) != 1:
        return value
    before = one.node
    if before is not None and before.kind == "op" and before.definition.type == "Reshape":
        return before.inputs[0] if before.inputs[0].shape == () else one
    return one


def _multiply(constant: Constant, op: Operation, inputs: list[Value]) -> Value | None:
    """A constant of equal elements is a number; multiplying by one does nothing.

    Doubling and then multiplying by a number is one multiplication, exactly.
    """
    _elementwise(constant, op, inputs)
    for i in (0, 1):
        c, x = inputs[i], inputs[1 - i]
        if c.const is None or x.const is not None or not x.static or not c.static:
            continue
        if not c.const.size or (c.const.size >= _SPLAT_MINIMUM and not _is_splat(c, x)):
            continue
        first = c.const.reshape(-1)[0]
        if c.const.ndim > len(x.shape or ()):
            continue
        if first == 1:
            return x
        if c.const.ndim:
            inputs[i] = constant(np.array(first, dtype=c.const.dtype))
        _join_factors(constant, inputs, i)
    return None


def _join_factors(constant: Constant, inputs: list[Value], i: int) -> None:
    """Multiply by one number what has been multiplied by another, if one is a power of two."""
    number, node = inputs[i].const, inputs[1 - i].node
    assert number is not None
    if node is None or node.kind != "op" or node.definition.type != "Mul" or node.after:
        return
    for factor, x in (node.inputs, reversed(node.inputs)):
        other = factor.const
        if other is None or other.ndim or number.dtype.char not in "fd" or not x.static:
            continue
        # The other one must not be so small that products with it lose digits, or vanish.
        exact = any(_is_growth(f) for f in (number, other))
        product = number * other
        if exact and min(abs(number), abs(other)) >= _LEAST_FACTOR and abs(product) < np.inf:
            inputs[i], inputs[1 - i] = constant(np.asarray(product)), x
        return


def _is_growth(factor: Any) -> bool:
    """Whether a factor is a power of two of at least one, and no digit is lost by it."""
    return bool(1 <= abs(factor) <= _MOST_GROWTH and abs(np.frexp(factor)[0]) == 0.5)


def _is_splat(c: Value, x: Value) -> bool:
    """Whether all elements are equal, and dropping the constant's shape changes no other."""
    assert c.const is not None
    shape, wanted = c.const.shape, x.shape or ()
    padded = (1,) * (len(wanted) - len(shape)) + shape
    if any(p not in (1, q) for p, q in zip(padded, wanted, strict=False)):
        return False
    flat = c.const.reshape(-1)
    return bool((flat == flat[0]).all())


def _divide(constant: Constant, op: Operation, inputs: list[Value]) -> Value | None:
    _elementwise(constant, op, inputs)
    x, c = inputs
    if c.const is None or x.const is not None or not x.static or not c.const.size:
        return None
    if c.const.ndim > len(x.shape or ()) or not _is_splat(c, x):
        return None
    first = c.const.reshape(-1)[0]
    if first == 1:
        return x
    if c.const.ndim:
        inputs[1] = constant(np.array(first, dtype=c.const.dtype))
    return None


RULES: Final[dict[str, Rule]] = {
    "Identity": _pass_through,
    "StopGradient": _pass_through,
    "PreventGradient": _pass_through,
    "PlaceholderWithDefault": _pass_through,
    "Shape": _shape,
    "Size": _size,
    "Rank": _rank,
    "BroadcastGradientArgs": _gradient_axes,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Sum": _reduction,
    "Mean": _reduction,
    "Max": _reduction,
    "Min": _reduction,
    "Prod": _reduction,
    "Tile": _tile,
    "Cast": _cast,
    "AddN": _add_n,
    "Add": _elementwise,
    "Sub": _elementwise,
    "Mul": _multiply,
    "RealDiv": _divide,
}
