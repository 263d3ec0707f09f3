"""Loops over a body, and their gradient: the body's own, iteration by iteration, backwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from skflow.graph.body import BodyGraph
from skflow.graph.context import OpContext
from skflow.graph.conversion import convert
from skflow.graph.core import get_default_graph
from skflow.graph.declaration import Attr
from skflow.graph.dtypes import Array, DType
from skflow.graph.nodes import LATE, Operation, Tensor
from skflow.graph.ops._arrays import invalid
from skflow.graph.ops._replay import pure_loop, rebuild
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, shape_brackets
from skflow.graph.sparse_types import IndexedSlices
from skflow.graph.spec import Spec

_LOOP_ATTRS: dict[str, Any] = {
    "Tout": Attr("list(type)"),
    "cond": Attr("func"),
    "body": Attr("func"),
    "output_shapes": Attr("list(shape)", []),
    "parallel_iterations": 10,
    # The loop variables that the body changes: its outputs, before what it records.
    "_varying": Attr("list(int)"),
    "_back_prop": True,
}


def _declared_shapes(_input: list[Spec], *, output_shapes: list[Shape]) -> list[Shape]:
    return list(output_shapes)


def _holds(context: OpContext, cond: BodyGraph, values: Sequence[Array]) -> bool:
    found = context.call(cond, values)[0]
    if np.ndim(found):
        raise invalid(
            f"The second input must be a scalar, but it has shape {shape_brackets(found.shape)}"
        )
    return bool(found)


class _Run:
    """The iterations of a loop, which are those of its record if there is one.

    Parameters
    ----------
    context : OpContext
        The run.
    values : list of ndarray
        First values of the loop variables, what the bodies capture, and the record if `replays`.
    cond, body : BodyGraph
        The bodies.
    varying : list of int
        The loop variables that the body changes.
    replays : bool
        Whether the last value is the record.
    """

    def __init__(
        self,
        context: OpContext,
        values: Sequence[Array],
        cond: BodyGraph,
        body: BodyGraph,
        varying: Sequence[int],
        replays: bool,
    ) -> None:
        self.values = list(values)
        self.record = list(self.values.pop()) if replays else None
        self._context = context
        self._cond = cond
        self._body = body
        self._varying = varying

    def __iter__(self) -> Iterator[list[Array]]:
        """Run the loop; what the body is called with comes before each iteration."""
        if self.record is None:
            while _holds(self._context, self._cond, self.values):
                yield self.values
                self.step(())
        else:
            for row in self.record:
                yield [*self.values, *row]
                self.step(row)

    def step(self, row: Sequence[Array]) -> list[Array]:
        """Run the body once; returns what it records."""
        found = self._context.call(self._body, [*self.values, *row])
        count = len(self._varying)
        self.values = list(self.values)
        for i, value in zip(self._varying, found[:count], strict=True):
            self.values[i] = np.asarray(value, self.values[i].dtype)
        return found[count:]


def _owned(values: Sequence[Array], given: Sequence[Array]) -> list[Array]:
    """Values as results: those that are still the given ones are copied."""
    return [v.copy() if any(v is g for g in given) else v for v in values]


# ---- loops ------------------------------------------------------------------------------


def _while_record(
    context: OpContext,
    input: list[Array],
    *,
    cond: BodyGraph,
    body: BodyGraph,
    Tout: list[DType],
    _varying: list[int],
) -> list[Array]:
    run = _Run(context, input, cond, body, _varying, replays=False)
    keep = context.op.attrs.get("_keeps_record", False)
    rows = []
    while _holds(context, cond, run.values):
        row = run.step(())
        if keep:
            rows.append(row)
    results = _owned(run.values[: len(Tout) - 1], input)
    return [*results, _table(rows, len(body.outputs) - len(_varying))]


def _table(rows: Sequence[Sequence[Array]], width: int) -> Array:
    """What iterations record, as an array of arrays."""
    table = np.empty((len(rows), width), dtype=object)
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            table[i, j] = np.asarray(value)
    return table


def _while(
    context: OpContext,
    input: list[Array],
    *,
    cond: BodyGraph,
    body: BodyGraph,
    Tout: list[DType],
    _varying: list[int],
    _replays: bool,
) -> list[Array]:
    run = _Run(context, input, cond, body, _varying, _replays)
    for _ in run:
        pass
    return _owned(run.values[: len(Tout)], input)


# ---- gradient ---------------------------------------------------------------------------


def _while_grad(op: Operation, *dys: Any) -> list[Any]:
    """The gradient of a loop, by one operation that runs it again and then backwards."""
    if not op.attrs["_back_prop"]:
        return [None] * len(op.inputs)
    attrs = pure_loop(op)
    inputs = list(op.inputs)
    if op.type == "While":
        inputs.append(op.outputs[-1])
    count = len(attrs["Tout"])
    back = _Backward(attrs, inputs, [dys[i] if i < count else None for i in range(len(op.inputs))])
    if not back.worthwhile:
        return back.passed_on
    wrapped = _as_function(attrs, inputs)
    found = raw.SymbolicGradient(
        [*inputs, *back.arriving],
        Tout=[d for d, _ in back.outputs],
        f=wrapped,
        _backward=back.body,
        _flows=back.flows,
        _forms=back.forms,
        _shapes=[s for _, s in back.outputs],
        name="SymbolicGradient",
    )
    return back.unpack(found)


def _as_function(attrs: dict[str, Any], inputs: Sequence[Tensor]) -> BodyGraph:
    """The loop alone in a body: the function that is differentiated."""
    body = BodyGraph(get_default_graph())
    args = [body.add_input(t) for t in inputs]
    with body.as_default():
        body.outputs = raw.StatelessWhile(args, **attrs)
    return body


class _Backward:
    """One iteration backwards: from the gradients after it to those before.

    The body takes what the forward body takes, then a gradient for each loop variable that
    varies and is real. It returns the new gradients of these, then what the iteration adds to
    the gradient of each other input whose gradient is wanted.

    Parameters
    ----------
    attrs : dict
        The attributes of a pure loop.
    inputs : list of Tensor
        Its inputs.
    dys : list of Tensor or None
        For each input the gradient that flows into the result in its place.
    """

    def __init__(self, attrs: dict[str, Any], inputs: Sequence[Tensor], dys: Sequence[Any]) -> None:
        forward: BodyGraph = attrs["body"]
        varying: list[int] = attrs["_varying"]
        self._inputs = inputs
        self._dys = dys
        self.flows = [i for i in varying if _is_real(inputs[i])]
        others = [i for i, _ in enumerate(dys) if i not in varying]
        self._others = [
            i for i in others if _is_real(inputs[i]) and LATE["gradient_reaches"](inputs[i])
        ]
        self.worthwhile = any(dys[i] is not None for i in self.flows)
        self.passed_on = [None if i in varying else dy for i, dy in enumerate(dys)]
        if self.worthwhile:
            self._build(forward, varying)

    def _build(self, forward: BodyGraph, varying: Sequence[int]) -> None:
        inputs = self._inputs
        self.arriving = [
            raw.ZerosLike(inputs[i], name="zeros_like")
            if self._dys[i] is None
            else convert(self._dys[i])
            for i in self.flows
        ]
        self.body = BodyGraph(get_default_graph())
        args = [self.body.add_input(t) for t in forward.inputs]
        results = [forward.outputs[varying.index(i)] for i in self.flows]
        dys = [self.body.add_variable_input(t, t._spec.shape, "grad_ys") for t in results]
        with self.body.as_default():
            outputs = rebuild(results, dict(zip(forward.inputs, args, strict=True)))
            sources = [args[i] for i in (*self.flows, *self._others)]
            grads = LATE["gradients"](outputs, sources, dys)
            count = len(self.flows)
            for arg, grad in zip(sources[:count], grads[:count], strict=True):
                zeros = raw.ZerosLike(arg, name="zeros_like") if grad is None else convert(grad)
                self.body.outputs.append(zeros)
            self._collect(grads[count:])

    def _collect(self, grads: Sequence[Any]) -> None:
        """What an iteration adds: an array, or rows and their indices."""
        self.forms: list[str] = []
        self.outputs: list[tuple[DType, Shape]] = [
            (self._inputs[i].dtype.base_dtype, a._spec.shape)
            for i, a in zip(self.flows, self.arriving, strict=True)
        ]
        for i, grad in zip(self._others, grads, strict=True):
            like = self._inputs[i]
            if isinstance(grad, IndexedSlices):
                rows = like._spec.shape and (None, *like._spec.shape[1:])
                self.body.outputs.extend([grad.values, grad.indices])
                self.outputs.append((like.dtype.base_dtype, rows))
                self.outputs.append((grad.indices.dtype.base_dtype, (None,)))
                self.forms.append(f"slices:{i}")
            elif grad is not None:
                self.body.outputs.append(grad)
                self.outputs.append((like.dtype.base_dtype, like._spec.shape))
                self.forms.append(f"dense:{i}")

    def unpack(self, found: Sequence[Tensor]) -> list[Any]:
        """The gradients of the loop's inputs, from the outputs of the operation."""
        grads = list(self.passed_on)
        outputs = iter(found)
        for i in self.flows:
            grads[i] = next(outputs)
        for form in self.forms:
            kind, _, index = form.partition(":")
            i = int(index)
            grad: Any = next(outputs)
            if kind == "slices":
                grad = IndexedSlices(grad, next(outputs), raw.Shape(self._inputs[i], name="Shape"))
            direct = self.passed_on[i]
            grads[i] = grad if direct is None else raw.AddN([convert(grad), convert(direct)])
        return grads


def _is_real(tensor: Tensor) -> bool:
    return tensor.dtype.base_dtype.np_dtype.kind in "fc"


def _gradient_shapes(_input: list[Spec], *, _shapes: list[Shape]) -> list[Shape]:
    return list(_shapes)


def _gradient_kernel(
    context: OpContext,
    input: list[Array],
    *,
    f: BodyGraph,
    _backward: BodyGraph,
    _flows: list[int],
    _forms: list[str],
    Tout: list[DType],
) -> list[Array]:
    loop = f.outputs[0].op
    given, dys = input[: len(f.inputs)], list(input[len(f.inputs) :])
    keys = ("cond", "body", "_varying", "_replays")
    run = _Run(context, given, *[loop.attrs[k] for k in keys])
    states = list(run)
    sums = _Sums(_forms, given, Tout[len(_flows) :])
    while states:
        found = context.call(_backward, [*states.pop(), *dys])
        dys = [np.asarray(v, d.dtype) for v, d in zip(found, dys, strict=False)]
        sums.add(found[len(_flows) :])
    return [*_owned(dys, input), *sums.results()]


class _Sums:
    """Gradients of what is the same in all iterations: arrays are summed, slices gathered."""

    def __init__(
        self, forms: Sequence[str], inputs: Sequence[Array], dtypes: Sequence[DType]
    ) -> None:
        self._parts: list[list[Array]] = []
        for form in forms:
            kind, _, index = form.partition(":")
            like = inputs[int(index)]
            if kind == "dense":
                self._parts.append([np.zeros_like(like)])
            else:
                dtype = dtypes[len(self._parts) + 1].np_dtype
                self._parts.append([np.empty((0, *like.shape[1:]), like.dtype)])
                self._parts.append([np.empty(0, dtype)])
        self._kinds = [k for form in forms for k in _kinds(form)]

    def add(self, found: Sequence[Array]) -> None:
        """Add what one iteration, the last one not added yet, contributes."""
        for kind, parts, value in zip(self._kinds, self._parts, found, strict=True):
            if kind == "dense":
                np.add(parts[0], value, out=parts[0])
            else:
                parts.append(value)

    def results(self) -> list[Array]:
        """The sums, and the slices in the order of the iterations."""
        return [
            p[0] if kind == "dense" else np.concatenate([p[0], *p[:0:-1]])
            for kind, p in zip(self._kinds, self._parts, strict=True)
        ]


def _kinds(form: str) -> list[str]:
    return ["dense"] if form.startswith("dense") else ["rows", "rows"]


# ---- declarations -----------------------------------------------------------------------

# Changes variables or draws numbers. The last output is the record of the iterations: what a
# gradient needs to go through them again; empty unless there is a gradient.
define(
    "While",
    "input: T... -> output: Tout...",
    attrs={**_LOOP_ATTRS, "_keeps_record": False},
    infer=_declared_shapes,
    kernel=_while_record,
    grad=_while_grad,
    stateful=True,
    context=True,
)


define(
    "StatelessWhile",
    "input: T... -> output: Tout...",
    attrs={**_LOOP_ATTRS, "_replays": False},
    infer=_declared_shapes,
    kernel=_while,
    grad=_while_grad,
    context=True,
)


def _no_second_order(_op: Operation, *_dys: Any) -> list[Any]:
    raise TypeError("Second-order gradient for while loops not supported.")


# The gradient of a function that holds a loop: its inputs, then the gradients that arrive.
define(
    "SymbolicGradient",
    "input: Tin... -> output: Tout...",
    attrs={
        "Tout": Attr("list(type)"),
        "f": Attr("func"),
        "_backward": Attr("func"),
        "_flows": Attr("list(int)"),
        "_forms": Attr("list(string)"),
        "_shapes": Attr("list(shape)"),
    },
    infer=_gradient_shapes,
    kernel=_gradient_kernel,
    grad=_no_second_order,
    context=True,
)
