"""One choice of fetches and feeds: its compiled plans for the shapes that have come."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

from skflow.graph.dtypes import Array
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.shapes import Shape, is_full
from skflow.runtime.effects import (
    PYTHON,
    VARIABLES,
    has_type,
    needed_operations,
    written_variables,
)
from skflow.runtime.emit_ops import ContextMaker
from skflow.runtime.executable import Executable
from skflow.runtime.feed import Feeders
from skflow.runtime.locks import ReentrantLock
from skflow.runtime.patterns import Pattern, fits, opened, with_primes
from skflow.runtime.state import State

_IMMEDIATE: Final = 1  # shapes that get a plan of their own at once
_FAMILIAR: Final = 3  # times after which a shape gets one, if its memory is small
_VERY_FAMILIAR: Final = 64  # times after which any shape does
_SMALL: Final = 1 << 18  # bytes
_MOST_PLANS: Final = 512  # plans kept; the one made first goes first
_MOST_MEMORY: Final = 1 << 26  # bytes of one run's memory of each, beyond which it goes too


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

    Attributes
    ----------
    feeders : Feeders
        Make arrays of what is fed.
    lock : context manager or None
        What a run has to hold.
    size : int
        How many operations the fetches need.
    choosing : ReentrantLock
        Held while plans are made, or let go of.
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
        self.choosing = ReentrantLock()
        targets = [f.op if isinstance(f, Tensor) else f for f in self.fetches]
        needed = needed_operations(targets, dict.fromkeys(self.feeds))
        self.size = len(needed)
        self.lock = self._state_lock(needed)

    def _state_lock(self, ops: Sequence[Operation]) -> AbstractContextManager[Any] | None:
        """How a run holds the session's variables: not at all, with other readers, or alone."""
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
        with self.choosing:
            if all(is_full(s) for s in shapes):
                return self._plans.get(shapes) or self._choose(shapes)
            known = self._known()
            return known[-1] if known else None

    def _known(self) -> list[Executable]:
        return [*self._plans.values(), *[plan for _, plan in self._open]]

    def serves_with(self, plan: Executable) -> bool:
        """Whether a plan of this program may run again."""
        return any(known is plan for known in self._known())

    def release(self, above: int, most: int) -> None:
        """Let go of the memory of runs that is more than so many bytes, and of the oldest plans.

        Parameters
        ----------
        above : int
            Bytes of a run's memory up to which it is kept.
        most : int
            How many plans are kept.
        """
        with self.choosing:
            for shapes in list(self._plans)[: max(0, len(self._plans) - most)]:
                del self._plans[shapes]
            for plan in self._known():
                plan.release(above)

    def close(self) -> None:
        """Let go of everything, at once: plans know their program, so that nobody else would."""
        with self.choosing:
            self._plans.clear()
            self._open.clear()

    def _choose(self, shapes: tuple[Shape, ...]) -> Executable:
        with self.choosing:
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
            plan = Executable(self, *with_primes(pattern))
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
