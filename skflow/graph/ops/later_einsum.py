"""Einsum as later versions of TensorFlow write it: an operation of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from skflow.graph.declaration import Attr
from skflow.graph.dtypes import INEXACT, Array, int32, int64
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid, shape_of
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, broadcast, shape_brackets
from skflow.graph.spec import Spec

_SUBSCRIPT: Final = re.compile(r"[a-zA-Z]*(\.\.\.)?[a-zA-Z]*")
_MOST_INPUTS: Final = 2  # TensorFlow's kernel takes no more; its function makes pairs


class _Equation(NamedTuple):
    """The labels of each input, and of the output; ``...`` for axes without labels."""

    inputs: tuple[str, ...]
    output: str


@lru_cache(maxsize=256)
def _parsed(equation: str, count: int) -> _Equation:
    """Take an equation apart; ValueError with TensorFlow's sentences if it is none."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    if not arrow or "->" in right:
        raise ValueError(f"Expecting exactly one '->' in einsum equation: {equation}")
    inputs = tuple(left.split(","))
    if len(inputs) > _MOST_INPUTS:
        raise ValueError(
            f"Expecting 1 or 2 input subscripts in equation '{equation}' but got: {len(inputs)}"
        )
    if len(inputs) != count:
        raise ValueError(f"Expected {len(inputs)} inputs but got: {count}")
    for subscript in (*inputs, right):
        if not _SUBSCRIPT.fullmatch(subscript):
            raise ValueError(f"Invalid subscript {subscript!r} in einsum equation: {equation}")
    labels = _labels(right)
    unknown = sorted(set(labels) - set("".join(map(_labels, inputs))))
    if unknown:
        raise ValueError(f"Output label {unknown[0]!r} is in no input of '{equation}'")
    if len(set(labels)) != len(labels):
        raise ValueError(f"An output label of '{equation}' stands twice, which is not supported")
    return _Equation(inputs, right)


def _labels(subscript: str) -> str:
    return subscript.replace("...", "")


# ---- values and shapes ------------------------------------------------------------------------


def _kernel(inputs: Sequence[Array], *, equation: str) -> Array:
    try:
        parsed = _parsed(equation, len(inputs))
        _fit(parsed, [x.shape for x in inputs])
    except ValueError as error:
        raise invalid(str(error)) from None
    dtype = inputs[0].dtype
    # In half precision NumPy would add one by one.
    wide = [x.astype(np.float32) if dtype == np.float16 else x for x in inputs]
    return np.array(np.einsum(equation, *wide, optimize=True), dtype)


def _fit(parsed: _Equation, shapes: Sequence[Shape]) -> Shape:
    """The output's shape; ValueError if the inputs' do not fit the labels or one another."""
    sizes: dict[str, int | None] = {}
    free: Shape = ()
    for i, (subscript, shape) in enumerate(zip(parsed.inputs, shapes, strict=True)):
        if shape is None:
            free = None if "..." in subscript else free
            continue
        front, dots, back = subscript.partition("...")
        named = len(front) + len(back)
        if len(shape) < named or (not dots and len(shape) > named):
            raise ValueError(f"Expected input {i} to have rank {named} but got: {len(shape)}")
        end = len(shape) - len(back)
        if dots:
            free = broadcast(free, shape[len(front) : end])
        for label, size in zip(front + back, shape[: len(front)] + shape[end:], strict=True):
            known = sizes.get(label)
            if None not in {size, known} and size != known:
                raise ValueError(
                    f"Expected dimension {known} for label {label!r} of the input shaped "
                    f"{shape_brackets(shape)} but got dimension {size}"
                )
            sizes[label] = known if size is None else size
    return _output(parsed.output, sizes, free)


def _output(subscript: str, sizes: dict[str, int | None], free: Shape) -> Shape:
    front, dots, back = subscript.partition("...")
    if free and not dots:
        raise ValueError(
            f"Output contains {len(free)} broadcasting dimension(s) but no ellipsis (...) was "
            "found in the output subscripts."
        )
    if free is None and dots:
        return None
    before, after = [tuple(sizes.get(s) for s in part) for part in (front, back)]
    return before + (free or ()) + after


def _infer(inputs: Sequence[Spec], *, equation: str) -> Shape:
    return _fit(_parsed(equation, len(inputs)), [x.shape for x in inputs])


# ---- its gradient -----------------------------------------------------------------------------


def _grad(op: Operation, dy: Tensor) -> list[Tensor]:
    parsed = _parsed(op.attrs["equation"], len(op.inputs))
    plain = all("..." not in s and len(set(s)) == len(s) for s in parsed.inputs)
    if not plain:
        raise LookupError(
            f"No gradient defined for operation '{op.name}' (op type: Einsum) with the equation "
            f"'{op.attrs['equation']}', which has an ellipsis or a label twice in one input"
        )
    return [_for_input(op, dy, parsed, i) for i in range(len(op.inputs))]


def _for_input(op: Operation, dy: Tensor, parsed: _Equation, i: int) -> Tensor:
    """The gradient for one input: a product with the other one, if there is another.

    An axis that the input alone has, and that is summed, gets the same everywhere.
    """
    x, mine = op.inputs[i], parsed.inputs[i]
    others = [
        (s, t) for j, (s, t) in enumerate(zip(parsed.inputs, op.inputs, strict=True)) if j != i
    ]
    known = parsed.output + "".join(s for s, _ in others)
    kept = "".join(label for label in mine if label in known)
    equation = f"{','.join([parsed.output, *[s for s, _ in others]])}->{kept}"
    factors = [raw.Conj(t) if t.dtype.is_complex else t for _, t in others]
    found = raw.Einsum([dy, *factors], equation=equation)
    if kept == mine:
        return found  # type: ignore[no-any-return]
    for axis, label in enumerate(mine):
        if label not in known:
            found = raw.ExpandDims(found, axis)
    return raw.BroadcastTo(found, shape_of(x))  # type: ignore[no-any-return]


define(
    "Einsum",
    "inputs: N * T -> output: T",
    attrs={"equation": Attr("string")},
    types={"T": (*INEXACT, int32, int64)},
    kernel=_kernel,
    infer=_infer,
    grad=_grad,
)
