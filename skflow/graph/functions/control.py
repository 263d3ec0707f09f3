"""Functions that decide what runs: conditionals, and loops beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from skflow import logging
from skflow.graph.body import BodyGraph
from skflow.graph.conversion import constant, convert
from skflow.graph.core import Graph, get_default_graph
from skflow.graph.dtypes import bool_, int32, string
from skflow.graph.functions._results import (
    Parts,
    boolean,
    components,
    dereferenced,
    named_results,
    result_names,
    split,
)
from skflow.graph.functions.debug import Assert
from skflow.graph.functions.loops import while_loop as while_loop  # noqa: PLC0414  # found here
from skflow.graph.functions.order import no_op
from skflow.graph.nest import flatten, is_sequence, pack_sequence_as
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._branches import build_if
from skflow.graph.registry import own, raw
from skflow.graph.scopes import control_dependencies, name_scope
from skflow.graph.sparse_types import (
    IndexedSlices,
    SparseTensor,
    convert_to_tensor_or_indexed_slices,
)

# ---- conditionals -----------------------------------------------------------------------


def _branch(
    graph: Graph, function: Callable[[], Any], taken: bool
) -> tuple[BodyGraph, Any, list[Parts]]:
    """A body with what `function` builds, what it returned, and that as tensors."""
    body = BodyGraph(graph)
    with body.as_default():
        result = function()
        structure = result if isinstance(result, (list, tuple)) else [result]
        if result is None:
            structure = []
        values = [_branch_value(body, v, taken) for v in flatten(structure)]
        for value in values:
            body.outputs.extend(dereferenced(body, t) for t in components(value))
    return body, structure, values


def _branch_value(body: BodyGraph, value: Any, taken: bool) -> Parts:
    """One result of a branch as a tensor; an operation's is whether its branch was taken."""
    if isinstance(value, Operation):
        with control_dependencies([value]):
            return constant(taken, bool_, name="control_dependency")
    if not isinstance(value, (Tensor, IndexedSlices, SparseTensor)):
        body._last_id += hasattr(value, "_as_graph_element")
    return convert_to_tensor_or_indexed_slices(value)


def _check_branches(then: Sequence[Parts], other: Sequence[Parts]) -> None:
    if len(then) != len(other):
        raise ValueError("fn1 and fn2 must return the same number of results.")
    if not then:
        raise ValueError("fn1 and fn2 must return at least one result.")
    for x, y in zip(then, other, strict=True):
        if type(x) is not type(y) or len(components(x)) != len(components(y)):
            raise TypeError(f"Outputs of fn1 and fn2 must be of the same kind: {x}, {y}")
        a, b = components(x)[0].dtype, components(y)[0].dtype
        if a.base_dtype is not b.base_dtype:
            raise ValueError(f"Outputs of fn1 and fn2 must have the same type: {a.name}, {b.name}")


def cond(pred: Any, fn1: Callable[[], Any], fn2: Callable[[], Any], name: str | None = None) -> Any:
    """Run what one of two functions builds.

    Parameters
    ----------
    pred : Tensor of bool, shape ()
        Which: `fn1`'s if it is true.
    fn1, fn2 : callable
        Functions of no argument that build tensors. Both return as many, of the same types:
        one, or a (nested) list of them; an operation stands for one that tells the branch taken.
    name : str, optional
        The prefix of the names of the results.

    Returns
    -------
    Tensor, IndexedSlices, SparseTensor or list
        What the chosen function's tensors are in a run; without the list if there is one only.

    Raises
    ------
    TypeError
        If `fn1` or `fn2` is not callable, or `pred` not a boolean tensor.
    ValueError
        If the numbers or types of the results differ, or `pred` is not a scalar.

    Notes
    -----
    The functions build bodies of their own: what is built there cannot be fetched or fed. What
    they take from outside is computed whatever `pred` is, as in TensorFlow. A gradient computes
    the chosen branch again.
    """
    with name_scope(name, "cond", [pred]) as scope:
        if not callable(fn1):
            raise TypeError("fn1 must be callable.")
        if not callable(fn2):
            raise TypeError("fn2 must be callable.")
        if isinstance(pred, bool):
            raise TypeError("pred must not be a Python bool")
        graph = get_default_graph()
        graph._last_id += 0 if isinstance(pred, Tensor) else 2
        given = convert(pred, name="Switch/data")
        choice = boolean(given, scope, "Switch", "Switch", "pred", 2)
        own(graph, choice)
        # TensorFlow has a Switch and three copies of the condition here.
        graph._last_id += 4
        then, structure, then_values = _branch(graph, fn1, taken=True)
        other, _, other_values = _branch(graph, fn2, taken=False)
        _check_branches(then_values, other_values)
        names = result_names(graph, then_values, "Merge")
        op = build_if(choice, then, other, f"{names[0]}/")
        results = split(then_values, named_results(op, names))
        return results[0] if len(results) == 1 else list(pack_sequence_as(structure, results))


# ---- case -------------------------------------------------------------------------------


def _check_case(pairs: Any, default: Any) -> list[Any]:
    """The pairs of a `case` as a list, with TensorFlow's sentences if something is amiss."""
    if not isinstance(pairs, (list, tuple, dict)):
        raise TypeError("fns must be a list, tuple, or dict")
    items = list(pairs.items()) if isinstance(pairs, dict) else list(pairs)
    for item in items:
        if not isinstance(item, tuple) or len(item) != 2:
            raise TypeError("Each entry in pred_fn_pairs must be a 2-tuple")
        pred, function = item
        if pred.dtype != bool_:
            raise TypeError("pred must be of type bool: %s", pred.name)
        if not callable(function):
            raise TypeError(f"fn for pred {pred.name} must be callable.")
    if not callable(default):
        raise TypeError("default must be callable.")
    return items


def case(
    pred_fn_pairs: Any,
    default: Callable[[], Any],
    exclusive: bool = False,
    name: str | None = "case",
) -> Any:
    """Run what the first function with a true condition builds.

    Parameters
    ----------
    pred_fn_pairs : list of pairs, or dict
        Scalars of truth values and functions as `cond` takes them.
    default : callable
        The function for the case that no condition is true.
    exclusive : bool
        Whether a run fails if more than one condition is true.
    name : str
        The name scope of the operations.

    Returns
    -------
    Tensor or list of Tensor
        As `cond` returns.

    Raises
    ------
    TypeError
        If the pairs are not pairs of a boolean tensor and a callable.
    """
    if isinstance(pred_fn_pairs, dict) and not exclusive:
        logging.warn(
            "%s: Provided dictionary of predicate/fn pairs, but exclusive=False.  Order of "
            "conditional tests is not guaranteed.",
            name,
        )
    items = _check_case(pred_fn_pairs, default)
    preds, functions = [p for p, _ in items], [f for _, f in items]
    with name_scope(name, "case", preds):
        if not preds:
            return default()
        choices = _exclusive_choices(preds)
        with name_scope("case_create_empty", None):
            empty = _empty_like(default())
        if not exclusive:
            return _build_case(choices, [*functions, default], empty)
        with control_dependencies([_at_most_one(preds)]):
            return _build_case(choices, [*functions, default], empty)


def _exclusive_choices(preds: Sequence[Tensor]) -> list[Tensor]:
    """For each condition whether it is the first true one; then whether none is."""
    negated = []
    for i, pred in enumerate(preds):
        with name_scope(f"not_{i}", None):
            negated.append(raw.LogicalNot(pred))
    none_yet = [constant(True, name="always_true")]
    for i, pred in enumerate(negated):
        with name_scope(f"and_not_{i}", None):
            none_yet.append(raw.LogicalAnd(none_yet[-1], pred))
    choices = []
    for i, pred in enumerate(preds):
        with name_scope(f"case_{i}", None):
            choices.append(raw.LogicalAnd(pred, none_yet[i]))
    with name_scope("case_none_are_true", None):
        return [*choices, none_yet[-1]]


def _empty_like(result: Any) -> Callable[[], Any]:
    """A function that returns placeholders of a result's types."""

    def empty(value: Any) -> Any:
        if isinstance(value, Operation):
            return no_op()
        dtype = value.dtype.base_dtype
        return constant("") if dtype is string else constant(dtype.as_numpy_dtype())

    if is_sequence(result):
        return lambda: type(result)([empty(v) for v in result])
    return lambda: empty(result)


def _build_case(
    choices: Sequence[Tensor], functions: Sequence[Callable[[], Any]], empty: Callable[[], Any]
) -> Any:
    otherwise = empty
    found: Any = None
    for i, (choice, function) in enumerate(reversed([*zip(choices, functions, strict=True)])):
        found = cond(choice, function, otherwise, name=f"If_{i}")
        otherwise = _returning(found)
    return found


def _returning(value: Any) -> Callable[[], Any]:
    return lambda: value


def _at_most_one(preds: Sequence[Tensor]) -> Operation:
    """The assertion that no two conditions are true."""
    stacked = raw.Pack(list(preds), axis=0, name="preds_c")
    with name_scope(None, "Cast", [stacked]) as scope:
        numbers = raw.Cast(stacked, DstT=int32, name=scope)
    axes = constant(np.zeros(1, np.int32), name="Const")
    count = raw.Sum(numbers, axes, keep_dims=False, name="num_true_conds")
    few = raw.Less(count, constant(2, name="two_true_conds"), name="Less")
    names = ", ".join(p.name for p in preds)
    said = f"More than one condition evaluated as True but exclusive=True.  Conditions: ({names})"
    return Assert(condition=few, data=[f"{said}, Values:", stacked], summarize=len(preds))
