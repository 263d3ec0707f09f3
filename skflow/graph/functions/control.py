"""Functions that decide what runs, and when: conditionals, loops, groups and joins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import Any, Final

import numpy as np

import skflow.graph.ops.control
import skflow.graph.ops.loops  # noqa: F401  (declares the operations)
from skflow import logging
from skflow.graph.body import BodyGraph, share_captures
from skflow.graph.core import (
    Graph,
    Operation,
    Tensor,
    colocate_with,
    control_dependencies,
    device,
    get_default_graph,
    name_scope,
)
from skflow.graph.functions.debug import Assert
from skflow.graph.nest import assert_same_structure, flatten, is_sequence, pack_sequence_as
from skflow.graph.ops._branches import build_if
from skflow.graph.ops._replay import are_pure, record
from skflow.graph.registry import REGISTRY, constant, convert, own, raw
from skflow.graph.sparse_types import (
    IndexedSlices,
    SparseTensor,
    convert_n_to_tensor_or_indexed_slices,
    convert_to_tensor_or_indexed_slices,
)
from skflow.graph.spec import Shape, TensorShape, bool_, int32, shape_brackets, string

_Parts = Tensor | IndexedSlices | SparseTensor
_tuple: Final = tuple


# ---- order ------------------------------------------------------------------------------


def no_op(name: str | None = None) -> Operation:
    """Do nothing, which other operations can wait for.

    Parameters
    ----------
    name : str, optional
        The operation's name.

    Returns
    -------
    Operation
    """
    return raw.NoOp(name=name)  # type: ignore[no-any-return]


def _same(value: Any, name: str | None = None) -> Any:
    """The same tensor once more; a reference stays one."""
    if isinstance(value, IndexedSlices):
        values = _same(value.values, name)
        return IndexedSlices(values, value.indices, value.dense_shape)
    if value.dtype.is_ref_dtype:
        return raw.RefIdentity(value, name=name)
    return raw.Identity(value, name=name)


def with_dependencies(dependencies: Iterable[Any], output_tensor: Any, name: str | None = None
                      ) -> Any:
    """Give a tensor's value only after some operations have run.

    Parameters
    ----------
    dependencies : iterable of Operation or Tensor
        What to wait for.
    output_tensor : Tensor or IndexedSlices
        What to return.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor or IndexedSlices
        Equal to `output_tensor`.
    """
    waits = list(dependencies)
    with name_scope(name, "control_dependency", [*waits, output_tensor]) as scope:
        with colocate_with(output_tensor), control_dependencies(waits):
            found = convert_to_tensor_or_indexed_slices(output_tensor)
            return _same(found, scope)


def _no_op_after(place: str | None, waits: Sequence[Any], name: str | None = None) -> Operation:
    with control_dependencies(waits):
        with nullcontext() if place is None else device(place):
            return no_op(name)


def group(*inputs: Any, **kwargs: Any) -> Operation:
    """Make one operation that runs several.

    Parameters
    ----------
    *inputs : Operation or Tensor
        What to run.
    name : str, optional
        The operation's name.

    Returns
    -------
    Operation
        It has run when all of them have.

    Raises
    ------
    ValueError
        If there is another keyword.
    """
    name = kwargs.pop("name", None)
    if kwargs:
        raise ValueError(f"Unknown keyword arguments: {', '.join(kwargs)}")
    with name_scope(name, "group_deps", inputs) as scope:
        if not inputs:
            return no_op(scope)
        by_device: dict[str, list[Any]] = {}
        for item in inputs:
            by_device.setdefault(item.device, []).append(item)
        if len(by_device) == 1:
            return _no_op_after(*next(iter(by_device.items())), name=scope)
        parts = [_no_op_after(place, by_device[place]) for place in sorted(by_device)]
        with control_dependencies(parts):
            return no_op(scope)


def tuple(tensors: Sequence[Any], name: str | None = None,  # noqa: A001  # TensorFlow's name
          control_inputs: Sequence[Any] | None = None) -> list[Any]:
    """Give some tensors' values only after all of them have been computed.

    Parameters
    ----------
    tensors : list of Tensor, IndexedSlices or None
        The tensors.
    name : str, optional
        The name scope of the operations.
    control_inputs : list of Operation or Tensor, optional
        What else to wait for.

    Returns
    -------
    list of Tensor, IndexedSlices or None
        Equal to `tensors`.

    Raises
    ------
    ValueError
        If there is no tensor.
    TypeError
        If a control input is neither an operation nor a tensor.
    """
    with name_scope(name, "tuple", tensors):
        gates = [t.op for t in tensors if t is not None]
        for item in control_inputs or ():
            op = item.op if isinstance(item, Tensor) else item
            if not isinstance(op, Operation):
                raise TypeError(f"Control input must be Operation or Tensor: {item}")
            gates.append(op)
        if not gates:
            raise ValueError(f"Must have at least one Tensor: {tensors}")
        gate = group(*sorted(set(gates), key=lambda op: op._id))
        return [None if t is None else with_dependencies([gate], t) for t in tensors]


# ---- what bodies return -----------------------------------------------------------------


def _components(value: _Parts) -> list[Tensor]:
    """The tensors that a value consists of: its values first."""
    if isinstance(value, Tensor):
        return [value]
    parts = [value.values, value.indices, value.dense_shape]
    return [p for p in parts if p is not None]


def _assembled(like: _Parts, parts: Sequence[Tensor]) -> Any:
    """A value of the same form from its components."""
    if isinstance(like, Tensor):
        return parts[0]
    shape = parts[2] if len(parts) > 2 else None
    if isinstance(like, SparseTensor):
        return SparseTensor(parts[1], parts[0], shape)
    return IndexedSlices(parts[0], parts[1], shape)


def _split(values: Sequence[_Parts], parts: Sequence[Tensor]) -> list[Any]:
    """Values of the same forms from the components of all."""
    found, at = [], 0
    for value in values:
        count = len(_components(value))
        found.append(_assembled(value, parts[at : at + count]))
        at += count
    return found


def _result_names(graph: Graph, values: Sequence[_Parts], base: str) -> list[str]:
    """The names of the operations that give results, as TensorFlow has them."""
    names: list[str] = []
    for value in values:
        first = graph.unique_name(base)
        names.append(first)
        if not isinstance(value, Tensor):
            names.append(f"{first}/indices")
            names.extend([f"{first}/dense_shape"] if value.dense_shape is not None else [])
    return names


def _named_results(op: Operation, names: Sequence[str]) -> list[Tensor]:
    """The results of an operation that has the first name, each under its own name."""
    rest = [raw.Identity(t, name=f"{n}/")
            for t, n in zip(op.outputs[1:], names[1:], strict=False)]
    return [op.outputs[0], *rest]


# ---- conditionals -----------------------------------------------------------------------


def _boolean(value: Any, scope: str, node: str, op_type: str, argument: str, count: int
             ) -> Tensor:
    """A scalar of truth values, with TensorFlow's sentences if it is none."""
    tensor = convert(value)
    if tensor.dtype.base_dtype is not bool_:
        raise TypeError(
            f"Input '{argument}' of '{op_type}' Op has type {tensor.dtype.base_dtype.name} that "
            "does not match expected type of bool."
        )
    if tensor.spec.rank:
        shapes = ", ".join([shape_brackets(tensor.spec.shape)] * count)
        raise ValueError(
            f"Shape must be rank 0 but is rank {tensor.spec.rank} for '{scope}{node}' "
            f"(op: '{op_type}') with input shapes: {shapes}."
        )
    return tensor


def _branch(graph: Graph, function: Callable[[], Any], taken: bool
            ) -> _tuple[BodyGraph, Any, list[_Parts]]:
    """A body with what `function` builds, what it returned, and that as tensors."""
    body = BodyGraph(graph)
    with body.as_default():
        result = function()
        structure = result if isinstance(result, (list, _tuple)) else [result]
        if result is None:
            structure = []
        values = [_branch_value(body, v, taken) for v in flatten(structure)]
        for value in values:
            body.outputs.extend(_dereferenced(body, t) for t in _components(value))
    return body, structure, values


def _branch_value(body: BodyGraph, value: Any, taken: bool) -> _Parts:
    """One result of a branch as a tensor; an operation's is whether its branch was taken."""
    if isinstance(value, Operation):
        with control_dependencies([value]):
            return constant(taken, bool_, name="control_dependency")
    if not isinstance(value, (Tensor, IndexedSlices, SparseTensor)):
        body._last_id += hasattr(value, "_as_graph_element")
    return convert_to_tensor_or_indexed_slices(value)


def _dereferenced(body: BodyGraph, tensor: Tensor) -> Tensor:
    """A component of a result, of the body itself and no reference."""
    inner = own(body, tensor)
    if not inner.dtype.is_ref_dtype:
        return inner
    with body.uncounted():
        return raw.Identity(inner)  # type: ignore[no-any-return]


def _check_branches(then: Sequence[_Parts], other: Sequence[_Parts]) -> None:
    if len(then) != len(other):
        raise ValueError("fn1 and fn2 must return the same number of results.")
    if not then:
        raise ValueError("fn1 and fn2 must return at least one result.")
    for x, y in zip(then, other, strict=True):
        if type(x) is not type(y) or len(_components(x)) != len(_components(y)):
            raise TypeError(f"Outputs of fn1 and fn2 must be of the same kind: {x}, {y}")
        a, b = _components(x)[0].dtype, _components(y)[0].dtype
        if a.base_dtype is not b.base_dtype:
            raise ValueError(
                f"Outputs of fn1 and fn2 must have the same type: {a.name}, {b.name}"
            )


def cond(pred: Any, fn1: Callable[[], Any], fn2: Callable[[], Any], name: str | None = None
         ) -> Any:
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
        choice = _boolean(pred, scope, "Switch", "Switch", "pred", 2)
        own(graph, choice)
        # TensorFlow has a Switch and three copies of the condition here.
        graph._last_id += 4
        then, structure, then_values = _branch(graph, fn1, taken=True)
        other, _, other_values = _branch(graph, fn2, taken=False)
        _check_branches(then_values, other_values)
        names = _result_names(graph, then_values, "Merge")
        op = build_if(choice, then, other, f"{names[0]}/")
        results = _split(then_values, _named_results(op, names))
        return results[0] if len(results) == 1 else list(pack_sequence_as(structure, results))


# ---- case -------------------------------------------------------------------------------


def _check_case(pairs: Any, default: Any) -> list[Any]:
    """The pairs of a `case` as a list, with TensorFlow's sentences if something is amiss."""
    if not isinstance(pairs, (list, _tuple, dict)):
        raise TypeError("fns must be a list, tuple, or dict")
    items = list(pairs.items()) if isinstance(pairs, dict) else list(pairs)
    for item in items:
        if not isinstance(item, _tuple) or len(item) != 2:
            raise TypeError("Each entry in pred_fn_pairs must be a 2-tuple")
        pred, function = item
        if pred.dtype != bool_:
            raise TypeError("pred must be of type bool: %s", pred.name)
        if not callable(function):
            raise TypeError(f"fn for pred {pred.name} must be callable.")
    if not callable(default):
        raise TypeError("default must be callable.")
    return items


def case(pred_fn_pairs: Any, default: Callable[[], Any], exclusive: bool = False,
         name: str | None = "case") -> Any:
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
            "conditional tests is not guaranteed.", name
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


def _build_case(choices: Sequence[Tensor], functions: Sequence[Callable[[], Any]],
                empty: Callable[[], Any]) -> Any:
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


# ---- loops ------------------------------------------------------------------------------


def while_loop(cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any,
               shape_invariants: Any = None, parallel_iterations: int = 10,
               back_prop: bool = True, swap_memory: bool = False, name: str | None = None
               ) -> Any:
    """Repeat what a function builds while a condition holds.

    Parameters
    ----------
    cond : callable
        Builds the condition, a scalar of truth values, from the loop variables.
    body : callable
        Builds the loop variables' next values, in the nesting of `loop_vars`, from their values.
    loop_vars : (nested) list or tuple
        The loop variables' first values.
    shape_invariants : (nested) list or tuple of TensorShape, optional
        What is true of the loop variables' shapes before and after each iteration; by default
        what is known of the first ones.
    parallel_iterations : int
        Recorded only.
    back_prop : bool
        Whether gradients flow through the loop.
    swap_memory : bool
        Accepted for TensorFlow's sake.
    name : str, optional
        The prefix of the names of the results.

    Returns
    -------
    Tensor or (nested) list or tuple of Tensor
        The last values, in the nesting that `body` returns; the value alone if there is one.

    Raises
    ------
    TypeError
        If `cond` or `body` is not callable, or types change in an iteration.
    ValueError
        If there are no loop variables, the nesting changes, or a shape is no invariant.

    Notes
    -----
    What both functions take from outside is computed once, before the loop. The first-order
    gradient runs the loop again, keeping the loop variables of each iteration, and then its
    body's gradient from the last iteration to the first; it has no gradient itself.
    """
    del swap_memory
    iter(loop_vars)
    with name_scope(name, "while", loop_vars) as scope:
        if not loop_vars:
            raise ValueError("No loop variables provided")
        if not callable(cond):
            raise TypeError("cond must be callable.")
        if not callable(body):
            raise TypeError("body must be callable.")
        if parallel_iterations < 1:
            raise TypeError("parallel_iterations must be a positive integer.")
        if shape_invariants is not None:
            assert_same_structure(loop_vars, shape_invariants)
        if not isinstance(parallel_iterations, int):
            raise ValueError(
                f"`parallel_iterations` must be a positive integer: {parallel_iterations}"
            )
        loop = _Loop(loop_vars, shape_invariants)
        loop.build_condition(cond, scope)
        structure = loop.build_body(body)
        results = loop.finish(parallel_iterations, back_prop)
        packed = pack_sequence_as(structure, results)
        return packed[0] if len(results) == 1 else packed


class _Loop:
    """A loop being built.

    The numbers that TensorFlow gives to the operations around its bodies are skipped, so that
    what is built next has the same number as there.

    Parameters
    ----------
    loop_vars : (nested) list or tuple
        The loop variables' first values.
    shape_invariants : (nested) list or tuple of TensorShape, optional
        What their shapes have in common.
    """

    def __init__(self, loop_vars: Any, shape_invariants: Any) -> None:
        self._structure = loop_vars
        self._graph = get_default_graph()
        self._values: list[_Parts] = convert_n_to_tensor_or_indexed_slices(flatten(loop_vars))
        self._parts = [t for v in self._values for t in _components(v)]
        for tensor in self._parts:
            own(self._graph, tensor)
        self._shapes = [t.spec.shape for t in self._parts]
        self._graph._last_id += len(self._parts)
        if shape_invariants is not None:
            self._shapes = _invariants(self._values, flatten(shape_invariants))
        self._graph._last_id += len(self._parts)
        counted: set[Tensor] = set()
        self._cond = BodyGraph(self._graph, counted)
        self._body = BodyGraph(self._graph, counted)

    def _enter(self, body: BodyGraph, base: str) -> list[Any]:
        """The loop variables as a body sees them."""
        args = [body.add_variable_input(t, shape, self._graph.unique_name(base))
                for t, shape in zip(self._parts, self._shapes, strict=True)]
        with body.as_default(), body.uncounted():
            inner = _split(self._values, args)
        return list(pack_sequence_as(self._structure, inner))

    def build_condition(self, function: Callable[..., Any], scope: str) -> None:
        """Build the body that tells whether to go on."""
        args = self._enter(self._cond, "Merge")
        with self._cond.as_default():
            found = _boolean(function(*args), scope, "LoopCond", "LoopCond", "input", 1)
            self._cond.outputs = [own(self._cond, found)]
        self._graph._last_id += 1 + len(self._parts)

    def build_body(self, function: Callable[..., Any]) -> Any:
        """Build the body of an iteration; returns what `function` returned."""
        args = self._enter(self._body, "Identity")
        self._graph._last_id += len(self._parts)
        with self._body.as_default():
            result = function(*args)
            structure = result if is_sequence(result) else [result]
            assert_same_structure(args, list(structure))
            values = convert_n_to_tensor_or_indexed_slices(flatten(structure))
            if any(v is None for v in values):
                raise ValueError("None values not supported.")
            if [len(_components(v)) for v in values] != [len(_components(v)) for v in self._values]:
                raise TypeError("A loop variable must stay of one kind: dense or sparse.")
            self._results = [
                _dereferenced(self._body, t) for v in values for t in _components(v)
            ]
        self._graph._last_id += len(self._parts)
        return structure

    def _check_results(self) -> None:
        for before, after in zip(self._cond.inputs, self._results, strict=False):
            if before.dtype.base_dtype is not after.dtype.base_dtype:
                raise TypeError(
                    f"The type of {before.name} is not an invariant for the loop. It enters the "
                    f"loop with type {before.dtype.name}, but has type {after.dtype.name} after "
                    "one iteration."
                )
            if not _within(after.spec.shape, before.spec.shape):
                raise ValueError(
                    f"The shape for {before.name} is not an invariant for the loop. It enters "
                    f"the loop with shape {before.get_shape()}, but has shape "
                    f"{after.get_shape()} after one iteration. Provide shape invariants using "
                    "either the `shape_invariants` argument of tf.while_loop or set_shape() on "
                    "the loop variables."
                )

    def finish(self, parallel_iterations: int, back_prop: bool) -> list[Any]:
        """Add the operation and return the results."""
        self._check_results()
        names = _result_names(self._graph, self._values, "Exit")
        op = self._operation(f"{names[0]}/", parallel_iterations)
        results = _named_results(op, names)
        if not back_prop:
            results = [raw.StopGradient(t) for t in results]
        return _split(self._values, results)

    def _operation(self, name: str, parallel_iterations: int) -> Operation:
        args = self._body.inputs[: len(self._parts)]
        varying = [i for i, t in enumerate(self._results) if t is not args[i]]
        self._body.outputs = [self._results[i] for i in varying]
        types = [t.dtype.base_dtype for t in self._parts]
        shapes: list[Shape] = list(self._shapes)
        pure = are_pure(self._cond, self._body)
        if not pure:
            self._body.outputs.extend(record(self._body))
            types.append(string)
            shapes.append(None)
        captured = share_captures((self._cond, self._body))
        attrs: dict[str, Any] = {
            "Tout": types, "cond": self._cond, "body": self._body, "output_shapes": shapes,
            "parallel_iterations": parallel_iterations, "_varying": varying,
        }
        definition = REGISTRY["StatelessWhile" if pure else "While"]
        with control_dependencies([*self._cond.waits, *self._body.waits]):
            return definition.build(([*self._parts, *captured],), attrs, name)


def _within(shape: Shape, invariant: Shape) -> bool:
    """Whether all that `invariant` says is known of `shape`."""
    if invariant is None:
        return True
    if shape is None or len(shape) != len(invariant):
        return False
    return all(q is None or p == q for p, q in zip(shape, invariant, strict=True))


def _invariants(values: Sequence[_Parts], given: Sequence[Any]) -> list[Shape]:
    """The shapes of the components of loop variables, from what the caller says of them."""
    if not all(isinstance(s, TensorShape) for s in given):
        raise ValueError("`shapes` must be a (possibly nested) list of shapes.")
    found: list[Shape] = []
    for value, shape in zip(values, given, strict=True):
        first, kind = _first_of(value)
        if not _within(first.spec.shape, shape._dims):
            raise ValueError(
                f"The shape invariant specified for {first.name} is not compatible with the "
                f"initial shape of the {kind}. It enters the loop with shape "
                f"{first.get_shape()}, but the specified shape invariant is {shape}."
            )
        found.extend(_component_shapes(value, shape._dims))
    return found


def _first_of(value: _Parts) -> _tuple[Tensor, str]:
    """The component that a shape invariant is about, and what to call it."""
    if isinstance(value, IndexedSlices):
        return value.values, "values tensor of this IndexedSlices"
    if isinstance(value, SparseTensor):
        return value.dense_shape, "shape tensor of this SparseTensor"
    return value, "loop variable"


def _component_shapes(value: _Parts, shape: Shape) -> list[Shape]:
    if isinstance(value, Tensor):
        return [shape]
    if isinstance(value, SparseTensor):
        rank = None if shape is None else shape[0]
        return [(None,), (None, rank), shape]
    rows = None if shape is None else shape[0]
    sizes: list[Shape] = [shape, (rows,)]
    if value.dense_shape is not None:
        sizes.append((None if shape is None else len(shape),))
    return sizes
