"""One choice of fetches and feeds: its compiled plans for the shapes that have come."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

import numpy as np

from skflow import errors
from skflow.graph.core import Graph
from skflow.graph.dtypes import Array
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.shapes import Shape, shape_brackets
from skflow.runtime import passes
from skflow.runtime.emit import Code, Frame
from skflow.runtime.plan import Lowering, Node, needed_operations, written_variables
from skflow.runtime.state import State
from skflow.runtime.threads import blas_guard

_IMMEDIATE: Final = 2  # shapes that get a plan of their own at once
_FAMILIAR: Final = 64  # runs after which any shape gets one
_MOST_PLANS: Final = 64  # plans kept; the one made first goes first
_MOST_FRAMES: Final = 8  # frames kept for runs at the same time
_LARGE_PRODUCT: Final = 20_000  # multiply-adds from which BLAS would use threads of its own
_UNLOCKED: Final = ("PyFunc", "PyFuncStateless")

ContextMaker = Callable[[Operation], Any]


class Executable:
    """A compiled plan with the memory of its runs."""

    def __init__(self, program: Program, shapes: Sequence[Shape]) -> None:
        self._state = program.state
        self._program = program
        self._shapes = shapes
        self._compile()

    def _compile(self) -> None:
        program = self._program
        plan = Lowering(program.state).lower(program.fetches, program.feeds, self._shapes)
        passes.merge_updates(plan)
        passes.schedule(plan)
        self._code = Code(plan, program.state, program.context)
        self._guarded = self._code.products >= _LARGE_PRODUCT
        self._frames: list[Frame] = []

    def _frame(self) -> Frame:
        """Memory that no other run uses, bound to where the variables lie now."""
        try:
            frame = self._frames.pop()
        except IndexError:
            frame = None
        if frame is not None and frame.layout == self._state.layout:
            return frame
        if self._code.stale:
            self._compile()
        if frame is None or frame.code is not self._code:
            return self._code.frame()
        self._code.bind(frame)
        return frame

    def run(self, arrays: Sequence[Array]) -> tuple[Any, ...]:
        """Run once on fed arrays; the results are the caller's own."""
        frame = self._frame()
        try:
            with np.errstate(all="ignore"):
                if self._guarded:
                    with blas_guard:
                        return frame.step(*arrays)  # type: ignore[no-any-return]
                return frame.step(*arrays)  # type: ignore[no-any-return]
        except Exception as error:
            raise self._explained(error) from error
        finally:
            if frame.code is self._code and len(self._frames) < _MOST_FRAMES:
                self._frames.append(frame)

    def _explained(self, error: Exception) -> Exception:
        """The error with the operation at which it happened."""
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename != "<plan>":
            trace = trace.tb_next
        node = None if trace is None else self._code.node_at(trace.tb_lineno)
        if node is None or trace is None:
            return error
        if isinstance(error, errors.OpError):
            if error.op is not None:
                return error
            return _at(type(error), node, error.message, error)
        if isinstance(error, (ValueError, FloatingPointError, np.linalg.LinAlgError)):
            return _at(errors.InvalidArgumentError, node, _sentence(node, error, trace), error)
        return error


def _at(kind: type[errors.OpError], node: Node, message: str, error: Exception) -> Exception:
    op = node.op
    text = f"{message}\n\t [[Node: {op.name} = {op.type}[{_attributes(op)}]({_inputs(op)})]]"
    if kind is errors.OpError:
        found = errors.OpError(op.node_def, op, text, getattr(error, "error_code", 2))
    else:
        found = kind(op.node_def, op, text)  # type: ignore[call-arg]
    return found


def _attributes(op: Operation) -> str:
    shown = []
    for key in sorted(op.attrs):
        value = op.attrs[key]
        if isinstance(value, (bool, int, float)):
            shown.append(f"{key}={str(value).lower()}")
        elif isinstance(value, str):
            shown.append(f'{key}="{value}"')
        elif hasattr(value, "as_datatype_enum"):
            shown.append(f"{key}=DT_{_proto_name(value.name)}")
    return ", ".join(shown)


def _proto_name(name: str) -> str:
    return {"float32": "FLOAT", "float64": "DOUBLE", "float16": "HALF"}.get(name, name.upper())


def _inputs(op: Operation) -> str:
    names = [t._as_node_def_input() for t in op.inputs]
    return ", ".join([*names, *(f"^{c.name}" for c in op._control_inputs)])


def _sentence(node: Node, error: Exception, trace: Any) -> str:
    """TensorFlow's sentence for arrays that do not fit."""
    definition = node.definition
    arrays = _arguments_at(trace, len(node.inputs))
    if arrays is not None and definition.explain is not None:
        return str(definition.explain(*arrays))
    if arrays is not None and definition.broadcast:
        shapes = [shape_brackets(np.shape(a)) for a in arrays]
        return f"Incompatible shapes: {' vs. '.join(shapes)}"
    return str(error)


def _arguments_at(trace: Any, count: int) -> list[Any] | None:
    """The arrays that the failing line was given, read off its text and frame."""
    code: Code | None = trace.tb_frame.f_globals.get("plan_code")
    if code is None:
        return None
    line = code.text.splitlines()[trace.tb_lineno - 1]
    inner = line[line.index("(") + 1 : line.rindex(")")]
    names = [n.strip() for n in inner.split(",")][:count]
    found = trace.tb_frame.f_locals
    return [found[n] for n in names] if all(n in found for n in names) else None


class Program:
    """What a session runs for one choice of fetches and feeds.

    A plan is specialised on the shapes that are fed. The first shapes get plans of their own at
    once; when more come (every batch of another size), a plan in which the varying dimensions
    are left open serves them, until a shape has come often enough to deserve its own.

    Parameters
    ----------
    state : State
        The session's memory.
    fetches : list of Tensor or Operation
        What to compute.
    feeds : list of Tensor
        What comes with each run.
    context : callable
        Gives the `OpContext` of an operation.
    """

    def __init__(
        self,
        state: State,
        fetches: Sequence[Tensor | Operation],
        feeds: Sequence[Tensor],
        context: ContextMaker,
    ) -> None:
        self.state = state
        self.fetches = list(fetches)
        self.feeds = list(feeds)
        self.context = context
        self._plans: dict[tuple[Shape, ...], Executable] = {}
        self._seen: dict[tuple[Shape, ...], int] = {}
        self._open: list[tuple[tuple[Shape, ...], Executable]] = []
        self._lock = threading.RLock()
        self.lock = self._state_lock()

    def _state_lock(self) -> AbstractContextManager[Any]:
        """How a run holds the session's variables: not at all, with other readers, or alone."""
        targets = [f.op if isinstance(f, Tensor) else f for f in self.fetches]
        fed: dict[Tensor, Any] = dict.fromkeys(self.feeds)
        ops = needed_operations(targets, fed)
        if any(_has_type(op, _UNLOCKED) for op in ops):
            return nullcontext()
        if written_variables(ops):
            return self.state.lock.writing
        if any(_has_type(op, ("VariableV2",)) for op in ops):
            return self.state.lock.reading
        return nullcontext()

    def run(self, arrays: Sequence[Array]) -> tuple[Any, ...]:
        """Run once on arrays of the feeds' types.

        Returns
        -------
        tuple
            For each fetch an array of the caller's own, ``None`` for an operation.
        """
        shapes = tuple([a.shape for a in arrays])
        plan = self._plans.get(shapes)
        if plan is None:
            plan = self._choose(shapes)
        return plan.run(arrays)

    def _choose(self, shapes: tuple[Shape, ...]) -> Executable:
        with self._lock:
            found = self._plans.get(shapes)
            if found is not None:
                return found
            count = self._seen[shapes] = self._seen.get(shapes, 0) + 1
            if len(self._plans) < _IMMEDIATE or count >= _FAMILIAR:
                return self._specialised(shapes)
            if len(self._seen) > 64 * _MOST_PLANS:
                self._seen.clear()
            for pattern, plan in self._open:
                if all(_fits(p, s) for p, s in zip(pattern, shapes, strict=True)):
                    return plan
            pattern = tuple(
                _opened([known[i] for known in (*self._plans, shapes)]) for i in range(len(shapes))
            )
            plan = Executable(self, pattern)
            self._open.insert(0, (pattern, plan))
            del self._open[4:]
            return plan

    def _specialised(self, shapes: tuple[Shape, ...]) -> Executable:
        plan = Executable(self, shapes)
        self._plans[shapes] = plan
        self._seen.pop(shapes, None)
        while len(self._plans) > _MOST_PLANS:
            del self._plans[next(iter(self._plans))]
        return plan


def _has_type(op: Operation, types: tuple[str, ...]) -> bool:
    if op.type in types:
        return True
    bodies = [v for v in op.attrs.values() if isinstance(v, Graph)]
    return any(_has_type(inner, types) for body in bodies for inner in body._operations)


def _opened(shapes: list[Shape]) -> Shape:
    """The dimensions that shapes have in common; the others are left open."""
    first = shapes[0]
    if first is None or any(s is None or len(s) != len(first) for s in shapes):
        return None
    return tuple(
        d if all(s[i] == d for s in shapes if s is not None) else None for i, d in enumerate(first)
    )


def _fits(pattern: Shape, shape: Shape) -> bool:
    if pattern is None or shape is None:
        return pattern is None
    return len(pattern) == len(shape) and all(
        p is None or p == d for p, d in zip(pattern, shape, strict=True)
    )
