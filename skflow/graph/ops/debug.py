"""Looking at values in a run: print them, or fail unless something is true."""

from __future__ import annotations

import itertools
import sys
from typing import Any, Final

import numpy as np

from skflow.graph.context import OpContext
from skflow.graph.dtypes import Array
from skflow.graph.nodes import Operation
from skflow.graph.ops._arrays import invalid
from skflow.graph.registry import define
from skflow.graph.shapes import Shape, shape_brackets
from skflow.graph.spec import Spec

_ESCAPES: Final = {9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 39: "\\'", 92: "\\\\"}


def _element(value: Any) -> str:
    """One element the way TensorFlow's kernels write it: floats to 6 or else 8 (17) digits."""
    if isinstance(value, bytes):
        return "".join(
            _ESCAPES.get(b) or (chr(b) if 32 <= b < 127 else f"\\{b:03o}") for b in value
        )
    if isinstance(value, np.bool_):
        return str(int(value))
    if isinstance(value, np.complexfloating):
        return f"({_element(value.real)},{_element(value.imag)})"
    if not isinstance(value, np.floating):
        return str(value)
    if isinstance(value, np.float16):
        value = np.float32(value)
    short, long = (15, 17) if isinstance(value, np.float64) else (6, 8)
    text = f"{value:.{short}g}"
    return text if type(value)(text) == value or np.isnan(value) else f"{value:.{long}g}"


def _rows(values: list[str], shape: tuple[int, ...]) -> str:
    """The first elements of an array, each row in brackets."""
    if len(shape) <= 1:
        return " ".join(values)
    step = int(np.prod(shape[1:], dtype=np.int64))
    parts = [values[i : i + step] for i in range(0, len(values), max(step, 1))]
    return "".join(f"[{_rows(part, shape[1:])}]" for part in parts)


def summary(array: Array, most: int) -> str:
    """An array in brackets: its first elements, and dots if there are more.

    Parameters
    ----------
    array : ndarray
        The array.
    most : int
        How many elements to show.
    """
    shown = array.reshape(-1)[: max(most, 0)]
    rest = "..." if array.size > shown.size else ""
    return f"[{_rows([_element(v) for v in shown], array.shape)}{rest}]"


# ---- Print ------------------------------------------------------------------------------


def _same_shape(input: Spec, _data: list[Spec]) -> Shape:
    return input.shape


def _print(
    context: OpContext,
    input: Array,
    data: list[Array],
    *,
    message: str,
    first_n: int,
    summarize: int,
) -> Array:
    if first_n < 0 or next(context.resource(itertools.count)) < first_n:
        text = message + "".join(summary(np.asarray(d), summarize) for d in data)
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    return np.array(input)


def _print_grad(op: Operation, dy: Any) -> list[Any]:
    return [dy] + [None] * (len(op.inputs) - 1)


define(
    "Print",
    "input: T, data: U... -> output: T",
    attrs={"message": "", "first_n": -1, "summarize": 3},
    infer=_same_shape,
    kernel=_print,
    grad=_print_grad,
    stateful=True,
    context=True,
)


# ---- Assert -----------------------------------------------------------------------------


def _assert(condition: Array, data: list[Array], *, summarize: int) -> None:
    if condition.ndim:
        raise invalid(f"In[0] should be a scalar: {shape_brackets(condition.shape)}")
    if not condition:
        values = " ".join(summary(np.asarray(d), summarize) for d in data)
        raise invalid(f"assertion failed: {values}")


define(
    "Assert",
    "condition: bool, data: T... ->",
    attrs={"summarize": 3},
    kernel=_assert,
    stateful=True,
)
