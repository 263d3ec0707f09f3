"""Loops whose condition and body are built by functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from skflow.graph.body import BodyGraph, share_captures
from skflow.graph.core import get_default_graph
from skflow.graph.dtypes import string
from skflow.graph.functions._results import (
    Parts,
    boolean,
    components,
    dereferenced,
    named_results,
    result_names,
    split,
)
from skflow.graph.nest import assert_same_structure, flatten, is_sequence, pack_sequence_as
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._replay import are_pure, record
from skflow.graph.registry import REGISTRY, own
from skflow.graph.scopes import control_dependencies, name_scope
from skflow.graph.shapes import Shape, TensorShape
from skflow.graph.sparse_types import (
    IndexedSlices,
    SparseTensor,
    convert_n_to_tensor_or_indexed_slices,
)


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
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
            raise ValueError(  # noqa: TRY004  # TensorFlow's choice
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
        self._values: list[Parts] = convert_n_to_tensor_or_indexed_slices(flatten(loop_vars))
        self._parts = [t for v in self._values for t in components(v)]
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
        args = [
            body.add_variable_input(t, shape, self._graph.unique_name(base))
            for t, shape in zip(self._parts, self._shapes, strict=True)
        ]
        with body.as_default(), body.uncounted():
            inner = split(self._values, args)
        return list(pack_sequence_as(self._structure, inner))

    def build_condition(self, function: Callable[..., Any], scope: str) -> None:
        """Build the body that tells whether to go on."""
        args = self._enter(self._cond, "Merge")
        with self._cond.as_default():
            found = boolean(function(*args), scope, "LoopCond", "LoopCond", "input", 1)
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
            sizes = [len(components(v)) for v in values]
            if sizes != [len(components(v)) for v in self._values]:
                raise TypeError("A loop variable must stay of one kind: dense or sparse.")
            self._results = [dereferenced(self._body, t) for v in values for t in components(v)]
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
        names = result_names(self._graph, self._values, "Exit")
        op = self._operation(f"{names[0]}/", parallel_iterations, back_prop)
        return split(self._values, named_results(op, names))

    def _operation(self, name: str, parallel_iterations: int, back_prop: bool) -> Operation:
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
        self._cond.close()
        self._body.close()
        attrs: dict[str, Any] = {
            "Tout": types,
            "cond": self._cond,
            "body": self._body,
            "output_shapes": shapes,
            "parallel_iterations": parallel_iterations,
            "_varying": varying,
            "_back_prop": bool(back_prop),
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


def _invariants(values: Sequence[Parts], given: Sequence[Any]) -> list[Shape]:
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


def _first_of(value: Parts) -> tuple[Tensor, str]:
    """The component that a shape invariant is about, and what to call it."""
    if isinstance(value, IndexedSlices):
        return value.values, "values tensor of this IndexedSlices"
    if isinstance(value, SparseTensor):
        return value.dense_shape, "shape tensor of this SparseTensor"
    return value, "loop variable"


def _component_shapes(value: Parts, shape: Shape) -> list[Shape]:
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
