"""One choice of fetches and feeds: its compiled plans for the shapes that have come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from math import inf
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from skflow import errors
from skflow.graph.dtypes import Array
from skflow.graph.lazy import LazyModule
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.shapes import Shape, is_full, shape_brackets
from skflow.runtime import passes
from skflow.runtime.blocked import join_large
from skflow.runtime.collector import at_rest
from skflow.runtime.effects import (
    PYTHON,
    VARIABLES,
    has_type,
    needed_operations,
    written_variables,
)
from skflow.runtime.emit import Code
from skflow.runtime.feed import Feeders
from skflow.runtime.frame import Frame, Unfit
from skflow.runtime.locks import ReentrantLock
from skflow.runtime.plan import Lowering
from skflow.runtime.state import State
from skflow.runtime.steps import Node, Plan
from skflow.runtime.threads import blas_guard

if TYPE_CHECKING:
    from skflow.runtime import tracing
    from skflow.runtime.jit import fused, hot
    from skflow.runtime.jit.fused import FusedCode
    from skflow.runtime.tracing import Recorder, TracedCode
else:
    tracing = LazyModule("skflow.runtime.tracing")
    fused = LazyModule("skflow.runtime.jit.fused")
    hot = LazyModule("skflow.runtime.jit.hot")

_IMMEDIATE: Final = 1  # shapes that get a plan of their own at once
_FAMILIAR: Final = 3  # times after which a shape gets one, if its memory is small
_VERY_FAMILIAR: Final = 64  # times after which any shape does
_SMALL: Final = 1 << 18  # bytes
_MOST_PLANS: Final = 512  # plans kept; the one made first goes first
_MOST_MEMORY: Final = 1 << 26  # bytes of one run's memory of each, beyond which it goes too
_PRIMES: Final = (1_000_003, 1_000_033, 1_000_037, 1_000_039, 1_000_081, 1_000_099)
_MOST_FRAMES: Final = 8  # frames kept for runs at the same time
_LARGE_RUN: Final = 1 << 25  # bytes of a run's memory from which the first one's is not kept
_LARGE_PRODUCT: Final = 20_000  # multiply-adds from which BLAS would use threads of its own
_LARGE_PROGRAM: Final = 2000  # operations from which collecting garbage would slow compiling down
_WARM: Final = 32  # runs after which a plan may be worth compiling
_HOT: Final = 0.1  # seconds of runs that make it so: compiling takes some of another core
# By a session's level of compiling: the runs after which a plan is looked at.
_HEATED: Final = {-1: inf, 0: _WARM, 1: 1, 2: 1}
_LARGE_FEED: Final = 4096  # elements fed from which the same is assumed of open dimensions

ContextMaker = Callable[[Operation], Any]


class Executable:
    """A compiled plan with the memory of its runs."""

    def __init__(
        self, program: Program, shapes: Sequence[Shape], probes: Sequence[Shape] | None = None
    ) -> None:
        self._state = program.state
        self._program = program
        self._shapes = shapes
        self._probes = probes
        self._has_run = False
        self._most = _MOST_FRAMES
        self._runs = 0
        self._since = 0.0
        self._heated = inf if probes else _HEATED[program.state.jit]
        self._compile()
        self._state.add_plan(self)

    @property
    def nbytes(self) -> int:
        """Memory of one run, variables aside."""
        return self._code.nbytes

    @property
    def code(self) -> Code:
        """The compiled plan as it fits the variables now."""
        if self._code.stale:
            self._compile()
        return self._code

    def _compile(self) -> None:
        program = self._program
        with at_rest() if program.size >= _LARGE_PROGRAM else nullcontext():
            self._compile_all(program)

    def _plan(self, program: Program) -> Plan:
        lowering = Lowering(program.state)
        plan = lowering.lower(program.fetches, program.feeds, self._shapes, self._probes)
        join_large(plan)
        passes.merge_updates(plan)
        passes.schedule(plan)
        plan.alone = program.lock is program.state.lock.writing and not program.inner
        return plan

    def _compile_all(self, program: Program) -> None:
        plan = self._plan(program)
        self._code = self._running = Code(plan, program.state, program.context)
        self._guarded = self._code.products >= _LARGE_PRODUCT
        self._frames: list[Frame] = []

    def _frame(self) -> Frame:
        """Memory that no other run uses, bound to where the variables lie now."""
        try:
            frame = self._frames.pop()
        except IndexError:
            frame = None
        state = self._state
        if frame is not None and frame.layout == state.layout:
            if not frame.shares or not state.lock.nested:
                return frame
            frame = None
        if self._code.stale:
            self._compile()
        try:
            return self._bound(frame, self._running)
        except Unfit:  # as it was compiled for the second tier
            self._running = self._code
            return self._bound(None, self._code)

    def _bound(self, frame: Frame | None, code: Code) -> Frame:
        if frame is None or frame.code is not code:
            # What runs once, as initializers do, need not keep the memory of a large run.
            self._most = _MOST_FRAMES if self._has_run or code.held < _LARGE_RUN else 0
            self._has_run = True
            frame = code.frame()
        else:
            code.bind(frame)
        if not (self._program.inner or code.silent):
            # As a decorator it takes half the time that it takes in a `with` of each run.
            frame.step = np.errstate(all="ignore")(frame.step)
        return frame

    def release(self, above: int) -> None:
        """Let go of the memory of runs if it is more than so many bytes."""
        if self._running.held > above:
            self._frames.clear()

    # ---- the second tier --------------------------------------------------------------

    def _heat(self) -> None:
        """See whether it is worth compiling: after some runs, and some time."""
        self._heated = inf
        compiling = hot.compiling
        if not compiling.available:
            return
        now = perf_counter()
        if self._runs == _WARM:
            compiling.note(self)
            self._since = now
        if self._program.state.jit > 0 or now - self._since > _HOT:
            compiling.request(self)
        else:
            self._heated = self._runs + _WARM

    def sources(self) -> FusedCode | None:
        """The plan with kernels in the place of steps, for the second tier to compile."""
        program, base = self._program, self._code
        used = [*program._plans.values(), *[plan for _, plan in program._open]]
        if self._running is not base or self not in used:
            return None  # it is compiled already, or will not run any more
        code = fused.FusedCode(self._plan(program), program.state, program.context, base)
        return code if code.sources else None

    def adopt(self, code: FusedCode) -> None:
        """Run the kernels from now on, unless the plan has changed meanwhile."""
        with self._program._lock:
            if code.base is self._code:
                self._running, self._frames = code, []

    def run(self, arrays: Sequence[Array]) -> tuple[Any, ...]:
        """Run once on fed arrays; the results are the caller's own."""
        self._runs += 1
        if self._runs >= self._heated:
            self._heat()
        frame = self._frame()
        try:
            if self._guarded and (self._probes is None or _elements(arrays) >= _LARGE_FEED):
                with blas_guard:
                    return frame.step(*arrays)  # type: ignore[no-any-return]
            return frame.step(*arrays)  # type: ignore[no-any-return]
        except Exception as error:
            explained = _explained(error, frame.code)
            if explained is error:
                raise
            raise explained from error
        finally:
            if frame.code is self._running and len(self._frames) < self._most:
                self._frames.append(frame)

    def run_traced(self, arrays: Sequence[Array], recorder: Recorder) -> tuple[Any, ...]:
        """Run once, as `run` does, and take note of each step."""
        program = self._program
        frame = self._frame()
        if frame.code is not self._code:
            frame = self._bound(None, self._code)  # the steps of the graph are those in NumPy
        # What goes in and out of a body is neither fed nor copied.
        outside = ((), ()) if program.inner else (program.fetches, program.feeds)
        traced = tracing.traced_code(frame.code, *outside)
        step = traced.bind(frame, recorder)
        if not program.inner:
            step = np.errstate(all="ignore")(step)
        guarded = self._guarded and (self._probes is None or _elements(arrays) >= _LARGE_FEED)
        try:
            with blas_guard if guarded else nullcontext():
                return step(*arrays)  # type: ignore[no-any-return]
        except Exception as error:
            explained = _explained(error, traced)
            if explained is error:
                raise
            raise explained from error
        finally:
            if frame.code is self._running and len(self._frames) < self._most:
                self._frames.append(frame)


def _explained(error: Exception, code: Code | TracedCode) -> Exception:
    """The error with the operation at which it happened."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != "<plan>":
        trace = trace.tb_next
    node = None if trace is None else code.node_at(trace.tb_lineno)
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
    # What a kernel says in such brackets comes after them: the sentence is TensorFlow's.
    sentence, bracket, rest = message.partition("\n\t [[")
    node_text = f"[[Node: {op.name} = {op.type}[{_attributes(op)}]({_inputs(op)})]]"
    text = f"{sentence}\n\t {node_text}{bracket}{rest}"
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
    code: Code | TracedCode | None = trace.tb_frame.f_globals.get("plan_code")
    if code is None:
        return None
    line = code.text.splitlines()[trace.tb_lineno - 1]
    inner = line[line.index("(") + 1 : line.rindex(")")]
    names = [n.strip() for n in inner.split(",")][:count]
    found = trace.tb_frame.f_locals
    if not all(n.removesuffix(".T") in found for n in names):
        return None
    # A product takes its operands turned; what is wrong is said of the operands themselves.
    return [found[n].T if n[0] == "t" else found[n.removesuffix(".T")] for n in names]


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
    inner : bool
        Whether it runs a body, within a run of a session's own: what comes is not checked then,
        and NumPy is told already not to warn.
    """

    def __init__(
        self,
        state: State,
        fetches: Sequence[Tensor | Operation],
        feeds: Sequence[Tensor],
        context: ContextMaker,
        inner: bool = False,
    ) -> None:
        self.state = state
        self.inner = inner
        self.feeders = Feeders(feeds)
        self.fetches = list(fetches)
        self.feeds = list(feeds)
        self.context = context
        self._plans: dict[tuple[Shape, ...], Executable] = {}
        self._seen: dict[tuple[Shape, ...], int] = {}
        self._open: list[tuple[Pattern, Executable]] = []
        self._patience = _FAMILIAR
        self._lock = ReentrantLock()
        self.size = 0  # operations
        self.lock = self._state_lock()

    def _state_lock(self) -> AbstractContextManager[Any] | None:
        """How a run holds the session's variables: not at all, with other readers, or alone."""
        targets = [f.op if isinstance(f, Tensor) else f for f in self.fetches]
        fed: dict[Tensor, Any] = dict.fromkeys(self.feeds)
        ops = needed_operations(targets, fed)
        self.size = len(ops)
        if any(has_type(op, PYTHON) for op in ops):  # it may run the session, in any thread
            return None
        if written_variables(ops):
            return self.state.lock.writing
        if any(has_type(op, VARIABLES) for op in ops):
            return self.state.lock.reading
        return None

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
            plan = self.executable(arrays)
        return plan.run(arrays)

    def executable(self, arrays: Sequence[Array]) -> Executable:
        """The compiled plan that runs on such arrays."""
        shapes = tuple([a.shape for a in arrays])
        plan = self._plans.get(shapes)
        if plan is None:
            if not self.inner:
                self.feeders.check(arrays)
            plan = self._choose(shapes)
        return plan

    def plan_for(self, shapes: tuple[Shape, ...]) -> Executable | None:
        """The plan for shapes; if they are not all known, one that has run, should there be one."""
        with self._lock:
            if all(is_full(s) for s in shapes):
                return self._plans.get(shapes) or self._choose(shapes)
            known = [*self._plans.values(), *[plan for _, plan in self._open]]
            return known[-1] if known else None

    def release(self, above: int, most: int) -> None:
        """Let go of the memory of runs that is more than so many bytes, and of the oldest plans.

        Parameters
        ----------
        above : int
            Bytes of a run's memory up to which it is kept.
        most : int
            How many plans are kept.
        """
        with self._lock:
            for shapes in list(self._plans)[: max(0, len(self._plans) - most)]:
                del self._plans[shapes]
            for plan in [*self._plans.values(), *[plan for _, plan in self._open]]:
                plan.release(above)

    def close(self) -> None:
        """Let go of everything, at once: plans know their program, so that nobody else would."""
        with self._lock:
            self._plans.clear()
            self._open.clear()

    def _choose(self, shapes: tuple[Shape, ...]) -> Executable:
        with self._lock:
            found = self._plans.get(shapes)
            if found is not None:
                return found
            count = self._seen[shapes] = self._seen.get(shapes, 0) + 1
            if len(self._plans) < _IMMEDIATE or count >= self._patience:
                return self._specialised(shapes)
            if len(self._seen) > 64 * _MOST_PLANS:
                self._seen.clear()
            for pattern, plan in self._open:
                if fits(pattern, shapes):
                    return plan
            pattern = opened([*self._plans, shapes])
            plan = Executable(self, *_with_primes(pattern))
            self._open.insert(0, (pattern, plan))
            del self._open[4:]
            return plan

    def _specialised(self, shapes: tuple[Shape, ...]) -> Executable:
        plan = Executable(self, shapes)
        self._plans[shapes] = plan
        self._seen.pop(shapes, None)
        self._patience = _FAMILIAR if plan.nbytes <= _SMALL else _VERY_FAMILIAR
        held = sum(p.nbytes for p in self._plans.values())
        while len(self._plans) > _IMMEDIATE and (
            len(self._plans) > _MOST_PLANS or held > _MOST_MEMORY
        ):
            held -= self._plans.pop(next(iter(self._plans))).nbytes
        return plan


def _elements(arrays: Sequence[Array]) -> int:
    return sum([a.size for a in arrays])


Pattern = tuple[tuple[int, ...] | None, ...]
"""Shapes in which a negative number stands for an open dimension, the same for equal ones."""


def opened(known: Sequence[tuple[Shape, ...]]) -> Pattern:
    """What shapes that came have in common; dimensions that always agreed share a number.

    The pattern fits the last of them: a dimension of one, which broadcasts, stays one.
    """
    symbols: dict[tuple[int | None, ...], int] = {}
    pattern: list[tuple[int, ...] | None] = []
    for versions in zip(*known, strict=True):
        if len({len(v) for v in versions}) > 1:
            pattern.append(None)
            continue
        dims = []
        for sizes in zip(*versions, strict=True):
            same = len(set(sizes)) == 1 or sizes[-1] == 1
            dims.append(sizes[-1] if same else symbols.setdefault(sizes, -1 - len(symbols)))
        pattern.append(tuple(dims))
    return tuple(pattern)


def fits(pattern: Pattern, shapes: Sequence[Shape]) -> bool:
    """Whether shapes are of a pattern; a dimension of one, which broadcasts, is never open."""
    symbols: dict[int, int] = {}
    for wanted, shape in zip(pattern, shapes, strict=True):
        if wanted is None or shape is None:
            continue
        if len(wanted) != len(shape):
            return False
        for p, d in zip(wanted, shape, strict=True):
            if p < 0 and d is not None:
                if d == 1 or symbols.setdefault(p, d) != d:
                    return False
            elif p != d:
                return False
    return True


def _with_primes(pattern: Pattern) -> tuple[list[Shape], list[Shape]]:
    """The shapes of a pattern, with unknown dimensions and with primes in their place."""
    plain: list[Shape] = []
    primes: list[Shape] = []
    for dims in pattern:
        few = dims is not None and min(dims, default=0) >= -len(_PRIMES)
        plain.append(None if dims is None else tuple([d if d >= 0 else None for d in dims]))
        primes.append(
            tuple([d if d >= 0 else _PRIMES[-1 - d] for d in dims]) if dims and few else None
        )
    return plain, primes
