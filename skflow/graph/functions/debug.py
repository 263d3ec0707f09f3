"""Functions that look at values in a run: print them, or fail unless something is true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skflow.graph.conversion import convert
from skflow.graph.dtypes import bool_, int32, string
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import control_dependencies, graph_of, name_scope
from skflow.graph.shapes import shape_brackets


def _given(**attrs: Any) -> dict[str, Any]:
    """The attributes that are not left to their defaults."""
    return {k: v for k, v in attrs.items() if v is not None}


def Print(
    input_: Any,
    data: Any,
    message: str | None = None,  # TensorFlow's name
    first_n: int | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Return a tensor that prints others whenever it is computed.

    Parameters
    ----------
    input_ : Tensor
        What to return.
    data : list of Tensor
        What to print to the standard error stream.
    message : str, optional
        What to print before.
    first_n : int, optional
        Print in the first so many runs of a session only.
    summarize : int, optional
        How many elements of each tensor to print; 3 by default.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        Equal to `input_`.

    Raises
    ------
    TypeError
        If `data` is not a list.
    ValueError
        If `data` is empty.
    """
    if isinstance(data, (list, tuple)) and not data:
        raise ValueError("Attr 'U' of 'Print' Op passed list of length 0 less than minimum 1.")
    attrs = _given(message=message, first_n=first_n, summarize=summarize)
    return raw.Print(input_, data, **attrs, name=name)  # type: ignore[no-any-return]


def Assert(
    condition: Any, data: Any, summarize: int | None = None, name: str | None = None
) -> Operation:
    """Make an operation that fails unless a condition holds.

    Parameters
    ----------
    condition : Tensor of bool, shape ()
        The condition.
    data : list of Tensor
        What to print in the error's message.
    summarize : int, optional
        How many elements of each tensor to print; 3 by default.
    name : str, optional
        The name scope of the operations.

    Returns
    -------
    Operation
        Running it raises InvalidArgumentError if the condition is false.

    Raises
    ------
    TypeError
        If the condition is not boolean or `data` is not a list.
    ValueError
        If the condition is not a scalar or `data` is empty.
    """
    with name_scope(name, "Assert", [condition, data]) as scope:
        if not isinstance(data, Sequence):
            raise TypeError("values must be a list.")
        values = [convert(v) for v in data]
        if not values:
            raise ValueError("Attr 'T' of 'Assert' Op passed list of length 0 less than minimum 1.")
        if all(v.dtype in (string, int32) for v in values):
            return _plain_assert(condition, data, summarize)
        return _guarded_assert(
            convert(condition, name="Condition"),
            data,
            values,
            summarize,
            f"{scope}AssertGuard/Switch",
        )


def _plain_assert(condition: Any, data: Sequence[Any], summarize: int | None) -> Operation:
    attrs = _given(summarize=summarize)
    return raw.Assert(condition, list(data), **attrs, name="Assert")  # type: ignore[no-any-return]


def _guarded_assert(
    condition: Tensor,
    data: Sequence[Any],
    values: Sequence[Tensor],
    summarize: int | None,
    node: str,
) -> Operation:
    """The assertion under the names it has in TensorFlow, which runs it in a conditional.

    There is nothing to be saved by that here. The numbers of the operations left out are
    skipped, so that what is built next has the same number as there.
    """
    if condition.dtype.base_dtype is not bool_:
        raise TypeError(
            f"Input 'pred' of 'Switch' Op has type {condition.dtype.base_dtype.name} that does "
            "not match expected type of bool."
        )
    if condition.spec.rank:
        shape = shape_brackets(condition.spec.shape)
        raise ValueError(
            f"Shape must be rank 0 but is rank {condition.spec.rank} for '{node}' "
            f"(op: 'Switch') with input shapes: {shape}, {shape}."
        )
    graph = graph_of([condition])
    outside = {
        v
        for v, d in zip(values, data, strict=True)
        if isinstance(d, Tensor) or hasattr(d, "_as_graph_element")
    }
    with name_scope("AssertGuard"):
        graph._last_id += 6 + len(outside | {condition})
        check = _plain_assert(condition, data, summarize)
        graph._last_id += 1
        with control_dependencies([check]):
            return raw.NoOp(name="Merge")  # type: ignore[no-any-return]
