"""A compiled plan with the memory of its runs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from math import inf
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from skflow.graph.dtypes import Array
from skflow.graph.lazy import LazyModule
from skflow.graph.shapes import Shape
from skflow.runtime import passes
from skflow.runtime.blocked import join_large
from skflow.runtime.collector import at_rest
from skflow.runtime.emit import Code
from skflow.runtime.failures import explained
from skflow.runtime.frame import Frame, Unfit
from skflow.runtime.plan import Lowering
from skflow.runtime.steps import Plan
from skflow.runtime.threads import blas_guard

if TYPE_CHECKING:
    from skflow.runtime import tracing
    from skflow.runtime.jit import fused, hot
    from skflow.runtime.jit.fused import FusedCode
    from skflow.runtime.program import Program
    from skflow.runtime.tracing import Recorder, TracedCode
else:
    tracing = LazyModule("skflow.runtime.tracing")
    fused = LazyModule("skflow.runtime.jit.fused")
    hot = LazyModule("skflow.runtime.jit.hot")

_MOST_FRAMES: Final = 8  # frames kept for runs at the same time
_LARGE_RUN: Final = 1 << 25  # bytes of a run's memory from which the first one's is not kept
_LARGE_PRODUCT: Final = 20_000  # multiply-adds from which BLAS would use threads of its own
_LARGE_PROGRAM: Final = 2000  # operations from which collecting garbage would slow compiling down
_WARM: Final = 16  # runs after which a plan may be worth compiling
_HOT: Final = 0.1  # seconds in use that make it so: compiling takes some of another core
# By a session's level of compiling: the runs after which a plan is looked at.
_HEATED: Final = {-1: inf, 0: _WARM, 1: 1, 2: 1}
_LARGE_FEED: Final = 4096  # elements fed from which the same is assumed of open dimensions


class Executable:
    """A compiled plan with the memory of its runs.

    Parameters
    ----------
    program : Program
        What it computes, and for whom.
    shapes : sequence of Shape
        Those of what is fed.
    probes : sequence of Shape, optional
        If some of these are open: the same with large primes in the place of open dimensions.
    """

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
        self._since = perf_counter()
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
        with self._quiet():
            self._code = self._running = Code(self._plan(), program.state, program.context)
        self._guarded = self._code.products >= _LARGE_PRODUCT
        self._frames: list[Frame] = []
        self._spare: list[Frame] = []  # those of the steps in NumPy, while kernels run

    def _quiet(self) -> AbstractContextManager[None]:
        """A block in which many objects are made, all of which will live."""
        return at_rest() if self._program.size >= _LARGE_PROGRAM else nullcontext()

    def _plan(self) -> Plan:
        program = self._program
        lowering = Lowering(program.state)
        plan = lowering.lower(program.fetches, program.feeds, self._shapes, self._probes)
        join_large(plan)
        passes.merge_updates(plan)
        passes.schedule(plan)
        plan.alone = program.lock is program.state.lock.writing and not program.inner
        return plan

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
            with self._quiet():
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
            self._spare.clear()

    # ---- the second tier --------------------------------------------------------------

    def _heat(self) -> None:
        """See whether it is worth compiling: after some runs, and some time."""
        self._heated = inf
        compiling = hot.compiling
        if not compiling.available:
            return
        if self._runs == _WARM:
            compiling.note(self)
        if self._program.state.jit > 0 or perf_counter() - self._since > _HOT:
            compiling.request(self)
        else:
            self._heated = self._runs + _WARM

    def sources(self) -> FusedCode | None:
        """The plan with kernels in the place of steps, for the second tier to compile."""
        program, base = self._program, self._code
        if self._running is not base or not program.serves_with(self):
            return None  # it is compiled already, or will not run any more
        code = fused.FusedCode(self._plan(), program.state, program.context, base)
        return code if code.sources else None

    def adopt(self, code: FusedCode) -> None:
        """Run the kernels from now on, unless the plan has changed meanwhile."""
        with self._program.choosing:
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
        except Unfit:
            pass  # nothing has been done yet
        except Exception as error:
            told = explained(error, frame.code)
            if told is error:
                raise
            raise told from error
        finally:
            if frame.code is self._running and len(self._frames) < self._most:
                self._frames.append(frame)
        return self._run_steps(arrays)

    def _run_steps(self, arrays: Sequence[Array]) -> tuple[Any, ...]:
        """Run the steps in NumPy, on arrays that do not lie as kernels want them."""
        state = self._state
        try:
            frame = self._spare.pop()
        except IndexError:
            frame = None
        if frame is not None and frame.shares and state.lock.nested:
            frame = None
        if frame is None or frame.layout != state.layout:
            frame = self._bound(frame, self._code)
        try:
            return self._carefully(frame.step, arrays, frame.code)
        finally:
            if frame.code is self._code and len(self._spare) < self._most:
                self._spare.append(frame)

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
        try:
            return self._carefully(step, arrays, traced)
        finally:
            if frame.code is self._running and len(self._frames) < self._most:
                self._frames.append(frame)

    def _carefully(
        self, step: Any, arrays: Sequence[Array], code: Code | TracedCode
    ) -> tuple[Any, ...]:
        """Run a function with the threads of BLAS as they should be, and explain its errors."""
        guarded = self._guarded and (self._probes is None or _elements(arrays) >= _LARGE_FEED)
        try:
            with blas_guard if guarded else nullcontext():
                return step(*arrays)  # type: ignore[no-any-return]
        except Exception as error:
            told = explained(error, code)
            if told is error:
                raise
            raise told from error


def _elements(arrays: Sequence[Array]) -> int:
    return sum([a.size for a in arrays])
