"""Reverse-mode differentiation, graph to graph: gradients are operations like any other."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final

from skflow.graph.conversion import constant, convert
from skflow.graph.core import Graph
from skflow.graph.dtypes import bool_, string
from skflow.graph.nodes import LATE, Operation, Tensor
from skflow.graph.registry import NOT_DIFFERENTIABLE, REGISTRY, raw
from skflow.graph.scopes import graph_of, name_scope
from skflow.graph.shapes import Shape, is_full
from skflow.graph.signature import later_keywords
from skflow.graph.sparse_types import IndexedSlices

Gradient = Tensor | IndexedSlices
_REGISTERED: Final[dict[str, Any]] = {}
# What TensorFlow calls the gradients of a broadcasting operation, where it is not Reshape and
# Reshape_1.
_RESULTS: Final = {
    "SquaredDifference": ("Reshape", "Neg"),
    "Igamma": ("Reshape", "Reshape"),
    "Igammac": ("Reshape", "mul_2"),
    "Zeta": ("Reshape", "Reshape"),
    "Polygamma": ("Reshape", "Reshape"),
}


class AggregationMethod:
    """Ways to add up the gradients that reach one tensor; all of them give the same sum."""

    ADD_N = 0
    DEFAULT = ADD_N
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2


def _register(op_type: str, function: Any) -> None:
    known = REGISTRY.get(op_type)
    if op_type in _REGISTERED or (known is not None and known.grad is not None):
        raise KeyError(f"Registering two gradient with name '{op_type}' !")
    _REGISTERED[op_type] = function


class RegisterGradient:
    """A decorator that gives an operation type, or a name for overrides, its gradient function.

    Parameters
    ----------
    op_type : str
        An operation type without a gradient, or a new name to be used with
        `Graph.gradient_override_map`.

    Raises
    ------
    TypeError
        If `op_type` is not a string.
    """

    def __init__(self, op_type: str) -> None:
        if not isinstance(op_type, str):
            raise TypeError("op_type must be a string")
        self._op_type = op_type

    def __call__(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """Register ``f(op, *grads)``; KeyError if the type has a gradient already."""
        _register(self._op_type, f)
        return f


def NotDifferentiable(op_type: str) -> None:  # TensorFlow's name
    """Declare that no gradient flows through an operation type.

    Parameters
    ----------
    op_type : str
        The operation type.

    Raises
    ------
    TypeError
        If `op_type` is not a string.
    """
    if not isinstance(op_type, str):
        raise TypeError("op_type must be a string")
    _register(op_type, NOT_DIFFERENTIABLE)


NoGradient = NotDifferentiable


def _gradient_function(op: Operation) -> Any:
    """The gradient function of an operation, and whether a user supplied it."""
    name = op.attrs.get("_gradient_op_type", op.type)
    function = _REGISTERED.get(name)
    if function is None:
        function = REGISTRY[name].grad if name in REGISTRY else None
    if function is None:
        raise LookupError(f"No gradient defined for operation '{op.name}' (op type: {op.type})")
    return function


def _is_trainable(tensor: Tensor) -> bool:
    return tensor.dtype.base_dtype.np_dtype.kind in "fc"


class _Between:
    """The operations on paths from `xs` to `ys`, and how many gradients each still waits for."""

    def __init__(self, ys: Sequence[Tensor], xs: Sequence[Tensor], stop: set[Operation]) -> None:
        reached = self._forward([x.op for x in xs])
        self.ops: set[Operation] = set()
        order: list[Operation] = []
        queue = deque(y.op for y in ys)
        while queue:
            op = queue.popleft()
            if op not in reached or op in self.ops:
                continue
            self.ops.add(op)
            order.append(op)
            if op not in stop:
                queue.extend(t._op for t in reversed(op.inputs))
        self.pending: dict[Operation, int] = dict.fromkeys(order, 0)
        for op in order:
            if op not in stop:
                for t in op.inputs:
                    if t._op in self.ops:
                        self.pending[t._op] += 1
        self.stop = stop | {x.op for x in xs if not any(t._op in self.ops for t in x.op.inputs)}

    @staticmethod
    def _forward(sources: list[Operation]) -> set[Operation]:
        reached: set[Operation] = set()
        stack = sources
        while stack:
            op = stack.pop()
            if op not in reached:
                reached.add(op)
                for t in op.outputs:
                    stack.extend(t._consumers)
        return reached


class _Accumulator:
    """Gradients on their way: a list for each tensor, summed once all have come.

    A gradient may carry the name that TensorFlow gives it; it is only applied to results.
    """

    def __init__(self, method: int) -> None:
        self._method = method
        self._lists: dict[Tensor, list[Gradient]] = {}
        self._labels: dict[Tensor, str] = {}

    def add(self, tensor: Tensor, grad: Gradient, label: str | None = None) -> None:
        """Let `grad` flow into `tensor`."""
        self._lists.setdefault(tensor, []).append(grad)
        if label is not None:
            self._labels[tensor] = label

    def total(self, tensor: Tensor) -> Gradient | None:
        """The sum of what has come, or ``None``; the sum replaces its terms."""
        found = self._lists.get(tensor)
        if not found:
            return None
        if len(found) > 1:
            found[:] = [_sum(tensor, found, self._method)]
            self._labels.pop(tensor, None)
        return found[0]

    def label(self, tensor: Tensor) -> str | None:
        """The name that TensorFlow gives what has come, if it is another than its own."""
        return self._labels.get(tensor)

    def result(self, tensor: Tensor) -> Gradient | None:
        """The sum, under the name TensorFlow gives it."""
        grad = self.total(tensor)
        label = self._labels.get(tensor)
        if grad is None or label is None:
            return grad
        first = grad.values if isinstance(grad, IndexedSlices) else grad
        if first.op.name == label or label in tensor.graph._by_name:
            return grad
        named = raw.Identity(first, name=f"{label}/")
        if isinstance(grad, IndexedSlices):
            return IndexedSlices(named, grad.indices, grad.dense_shape)
        return named  # type: ignore[no-any-return]


def _sum(tensor: Tensor, grads: Sequence[Gradient], method: int) -> Gradient:
    """The sum of the gradients by a tensor, under the name it has in TensorFlow."""
    slices = [g for g in grads if isinstance(g, IndexedSlices)]
    if len(slices) == len(grads):
        zero = constant(0, name="concat/axis")
        values = raw.ConcatV2([g.values for g in slices], zero, name="concat")
        indices = raw.ConcatV2([g.indices for g in slices], zero, name="concat_1")
        return IndexedSlices(values, indices, slices[0].dense_shape)
    terms = [convert(g) for g in grads]
    if method == AggregationMethod.ADD_N or slices:
        return raw.AddN(terms, name="AddN")  # type: ignore[no-any-return]
    full = any(is_full(t.spec.shape) for t in terms)
    if method == AggregationMethod.EXPERIMENTAL_ACCUMULATE_N and len(terms) > 2 and full:
        return raw.AddN(terms, name="AccumulateN")  # type: ignore[no-any-return]
    with name_scope(f"{tensor.op.name}_gradient_sum"):  # of as many sums of two as needed
        last = f"AddN_{len(terms) - 2}" if len(terms) > 2 else "AddN"
        return raw.AddN(terms, name=last)  # type: ignore[no-any-return]


@later_keywords
def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
    *,
    stop_gradients: Any = None,
) -> list[Any]:
    """Build the gradient of the sum of `ys` with respect to each of `xs`.

    Parameters
    ----------
    ys : Tensor or list of Tensor
        What to differentiate.
    xs : Tensor, Variable or list of them
        What to differentiate by.
    grad_ys : list of Tensor, optional
        Gradients that flow into `ys`, each of its y's shape; ones by default.
    name : str
        The name scope of what is built.
    colocate_gradients_with_ops : bool
        Record that gradients share a device with their operations.
    gate_gradients : bool
        Results are named as TensorFlow's gated ones; no gate is needed here, since within a run
        reads of a variable come before its updates.
    aggregation_method : int, optional
        One of `AggregationMethod`; they differ in the sum's name alone.
    stop_gradients : Tensor or list of Tensor, optional
        Tensors to take for constants: no gradient flows through them.

    Returns
    -------
    list of Tensor, IndexedSlices or None
        For each x the gradient, of its shape; ``None`` if no y depends on it.

    Raises
    ------
    LookupError
        If an operation on the way has no gradient.
    ValueError
        If the lengths or shapes of `grad_ys` do not fit, or there is no such method.

    Notes
    -----
    Reverse accumulation over the operations between `xs` and `ys`, in the order TensorFlow
    1.1.0 visits them (first in, first out), so that sums are numbered as its are.
    """
    method = AggregationMethod.DEFAULT if aggregation_method is None else aggregation_method
    if method not in range(3):
        raise ValueError(f"Invalid aggregation_method specified {aggregation_method}.")
    y_list, x_list = _as_list(ys), _as_list(xs)
    s_list = [] if stop_gradients is None else _as_list(stop_gradients)
    g_list = [None] * len(y_list) if grad_ys is None else _as_list(grad_ys)
    if len(g_list) != len(y_list):
        raise ValueError(f"Passed {len(g_list)} grad_ys for {len(y_list)} ys")
    with name_scope(name, "gradients", [*y_list, *x_list]):
        graph = graph_of([*y_list, *x_list])
        y_tensors = [convert(y) for y in y_list]
        x_tensors = [_differentiable(x) for x in x_list]
        stop = {_differentiable(s).op for s in s_list}
        between = _Between(y_tensors, x_tensors, stop)
        grads = _Accumulator(method)
        for y, g in zip(y_tensors, g_list, strict=True):
            if y.op in between.ops:
                grads.add(y, _initial(y, g))
        with _sweeping(between):
            _sweep(graph, between, grads, y_tensors, gate_gradients, colocate_gradients_with_ops)
        return [grads.result(x) for x in x_tensors]


class _Sweeps(threading.local):
    """The calls of `gradients` that a thread is in: a body's is inside that of its operation."""

    def __init__(self) -> None:
        self.stack: list[_Between] = []


_sweeps: Final = _Sweeps()


@contextmanager
def _sweeping(between: _Between) -> Iterator[None]:
    _sweeps.stack.append(between)
    try:
        yield
    finally:
        _sweeps.stack.pop()


def _reaches(tensor: Tensor) -> bool:
    """Whether the gradient being built is one by `tensor` or by something it depends on."""
    return not _sweeps.stack or tensor._op in _sweeps.stack[-1].ops


LATE["gradients"] = gradients
LATE["gradient_reaches"] = _reaches


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _differentiable(x: Any) -> Tensor:
    """The tensor behind an x: a variable's own one, not its copy."""
    if isinstance(x, IndexedSlices):
        return x.values
    return convert(x, as_ref=True)


def _initial(y: Tensor, grad: Any) -> Gradient:
    dtype = y.dtype.base_dtype
    if grad is None:
        if dtype.is_complex:
            raise TypeError(f"Gradients of complex tensors must set grad_ys (y.dtype = {dtype!r})")
        shape = y.spec.shape
        dims = (
            constant(list(shape or ()), raw_int32(), name="Shape")
            if is_full(shape)
            else (raw.Shape(y, name="Shape"))
        )
        one = constant(1, y.dtype.base_dtype, name="Const")
        return raw.Fill(dims, one, name="Fill")  # type: ignore[no-any-return]
    if isinstance(grad, IndexedSlices):
        return grad
    if not dtype.is_numeric:
        raise TypeError(
            f"Tensor {y} with type {dtype.name} must be numeric to obtain a default gradient"
        )
    given = convert(grad, None if isinstance(grad, Tensor) else dtype)
    if given.dtype.base_dtype is not dtype:
        owner = "complex-valued" if dtype.is_complex else "real or integer-valued"
        wanted = "complex" if dtype.is_complex else "real or integer"
        raise TypeError(
            f"Gradient type {given.dtype.base_dtype.name} generated for {owner} tensor {y} with "
            f"type {dtype.name} must be {wanted}"
        )
    given.get_shape().assert_is_compatible_with(y.get_shape())
    return given


def raw_int32() -> Any:
    """The type of shapes."""
    return REGISTRY["Shape"].attrs["out_type"].default


def _sweep(
    graph: Graph,
    between: _Between,
    grads: _Accumulator,
    ys: Sequence[Tensor],
    gate: bool,
    colocate: bool,
) -> None:
    """Visit the operations from `ys` backwards, each once all its gradients have come."""
    queue = deque(op for op in dict.fromkeys(y.op for y in ys) if between.pending.get(op) == 0)
    while queue:
        op = queue.popleft()
        dys = [grads.total(t) for t in op.outputs]
        if op not in between.stop and any(dy is not None for dy in dys):
            place: AbstractContextManager[Any] = (
                graph.colocate_with(op) if colocate else nullcontext()
            )
            with place:
                _differentiate(graph, op, dys, grads, gate)
        if op in between.stop:
            continue
        for t in op.inputs:
            source = t._op
            if source in between.pending:
                between.pending[source] -= 1
                if between.pending[source] == 0:
                    queue.append(source)


def _differentiate(
    graph: Graph, op: Operation, dys: list[Any], grads: _Accumulator, gate: bool
) -> None:
    function = _gradient_function(op)
    if function is NOT_DIFFERENTIABLE:
        return
    # A gradient that only passes through keeps the name it came with.
    passing = {id(dy): grads.label(t) for t, dy in zip(op.outputs, dys, strict=True)}
    old, original = graph._name_stack, graph._original_op
    graph.enter_name_scope(f"{op.name}_grad")
    graph._original_op = op
    try:
        scope = graph._name_stack
        if op.type in _REGISTERED or "_gradient_op_type" in op.attrs:
            dys = [
                _zeros_like(t) if dy is None and _is_trainable(t) else dy
                for t, dy in zip(op.outputs, dys, strict=True)
            ]
        elif len(dys) == 1 and isinstance(dys[0], IndexedSlices) and op.type != "Identity":
            dys = [convert(dys[0])]
        found = function(op, *dys)
        found = list(found) if isinstance(found, (list, tuple)) else [found]
        if len(found) != len(op.inputs):
            raise ValueError(
                f"Num gradients {len(found)} generated for op {op.node_def} do not match num "
                f"inputs {len(op.inputs)}"
            )
        labels = [passing.get(id(g)) for g in found]
        if op.definition.broadcast:
            found = _unbroadcast(op, found)
            labels = [f"{scope}/{n}" for n in _RESULTS.get(op.type, ("Reshape", "Reshape_1"))]
        if gate and sum(g is not None for g in found) > 1:
            labels = _gated_labels(scope, found)
    finally:
        graph._name_stack, graph._original_op = old, original
    for t, g, label in zip(op.inputs, found, labels, strict=True):
        if g is None or t.dtype.base_dtype in (bool_, string):
            continue
        if isinstance(g, Tensor):
            g.set_shape(t.spec.shape)
        grads.add(t, g, label)


def _gated_labels(scope: str, found: Sequence[Any]) -> list[str | None]:
    labels: list[str | None] = []
    count = 0
    for g in found:
        suffix = f"_{count}" if count else ""
        labels.append(None if g is None else f"{scope}/tuple/control_dependency{suffix}")
        count += g is not None
    return labels


def _zeros_like(tensor: Tensor) -> Tensor:
    return raw.ZerosLike(tensor, name="zeros_like")  # type: ignore[no-any-return]


# ---- broadcasting is undone here and nowhere else ----------------------------------------


def _unbroadcast(op: Operation, found: list[Any]) -> list[Any]:
    """Sum gradients of a broadcasting operation over the axes that were stretched."""
    x, y = op.inputs
    xs, ys = x.spec.shape, y.spec.shape
    if xs is not None and xs == ys and None not in xs:
        return found
    axes = [_stretched(xs, ys), _stretched(ys, xs)]
    dynamic: Any = None
    out: list[Any] = []
    for i, grad in enumerate(found):
        known = axes[i]
        if grad is None or known == ():
            out.append(grad)
        elif known is not None and is_full(op.inputs[i].spec.shape):
            summed = raw.Sum(grad, constant(list(known), name="axes"), name="Sum")
            dims = constant(list(op.inputs[i].spec.shape or ()), raw_int32(), name="Shape")
            out.append(raw.Reshape(summed, dims, name=("Reshape", "Reshape_1")[i]))
        else:
            if dynamic is None:
                shapes = raw.Shape(x, name="Shape"), raw.Shape(y, name="Shape_1")
                dynamic = shapes, raw.BroadcastGradientArgs(*shapes, name="BroadcastGradientArgs")
            shapes, reduce = dynamic
            summed = raw.Sum(grad, reduce[i], name="Sum")
            out.append(raw.Reshape(summed, shapes[i], name=("Reshape", "Reshape_1")[i]))
    return out


def _stretched(mine: Shape, other: Shape) -> tuple[int, ...] | None:
    """The axes of the result along which `mine` was repeated, or ``None`` if unknown.

    An axis of size 1 counts even where it may not have been repeated: summing over it is free.
    """
    if mine is None or other is None:
        return None
    rank = max(len(mine), len(other))
    padded: tuple[int | None, ...] = (0,) * (rank - len(mine)) + mine
    theirs: tuple[int | None, ...] = (1,) * (rank - len(other)) + other
    axes = []
    for axis, (m, t) in enumerate(zip(padded, theirs, strict=True)):
        if axis < rank - len(mine) or (m == 1 and t != 1):
            axes.append(axis)
        elif m is None and t != 1:
            return None
    return tuple(axes)


def hessians(
    ys: Any,
    xs: Any,
    name: str = "hessians",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
) -> list[Tensor]:
    """Build the matrix of second derivatives of the sum of `ys` for each of `xs`.

    Parameters
    ----------
    ys : Tensor or list of Tensor
        What to differentiate.
    xs : Tensor or list of Tensor
        Vectors to differentiate by, of a known length.
    name : str
        The name of the results.
    colocate_gradients_with_ops, gate_gradients, aggregation_method : object
        See `gradients`.

    Returns
    -------
    list of Tensor
        For each x of length n a matrix of shape ``(n, n)``.

    Raises
    ------
    ValueError
        If an x is not a vector, its length is unknown, or no y depends on it.
    """
    options: dict[str, Any] = {
        "colocate_gradients_with_ops": colocate_gradients_with_ops,
        "gate_gradients": gate_gradients,
        "aggregation_method": aggregation_method,
    }
    found = []
    for i, x in enumerate(_as_list(xs)):
        shape = _differentiable(x).spec.shape
        if shape is None:
            raise ValueError(
                "Cannot compute Hessian because the dimensionality of element number "
                f"{i} of `xs` cannot be determined"
            )
        if len(shape) != 1:
            raise ValueError(
                "Computing hessians is currently only supported for one-dimensional tensors. "
                f"Element number {i} of `xs` has {len(shape)} dimensions."
            )
        if shape[0] is None:
            raise ValueError(
                f"Cannot compute Hessian because the length of element {i} of `xs` "
                "is not known before the run"
            )
        with name_scope(f"{name}_first_derivative"):
            first = gradients(ys, x, **options)[0]
        if first is None:
            raise ValueError(
                f"Cannot compute Hessian because `ys` does not depend on element {i} of `xs`"
            )
        entries = raw.Unpack(convert(first), num=shape[0], axis=0)
        with name_scope(f"{name}_second_derivative"):
            rows = [gradients(entry, x, **options)[0] for entry in entries]
            filled = [raw.ZerosLike(convert(x)) if r is None else convert(r) for r in rows]
            found.append(raw.Pack(filled, axis=0, name=name))
    return found
