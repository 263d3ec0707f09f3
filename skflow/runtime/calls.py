"""Calls of `run`: a program, how values come in and out, and the run as its kernels see it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skflow.graph.core import Graph
from skflow.graph.dtypes import Array
from skflow.graph.lazy import LazyModule
from skflow.graph.nodes import Operation
from skflow.graph.philox import PhiloxStream
from skflow.runtime.fetch import Rebuild
from skflow.runtime.program import Program

if TYPE_CHECKING:
    from skflow.runtime import run_metadata as reports, tracing
    from skflow.runtime.session import BaseSession
    from skflow.runtime.tracing import Recorder
else:
    reports = LazyModule("skflow.runtime.run_metadata")
    tracing = LazyModule("skflow.runtime.tracing")


class Context:
    """The run that an operation is part of (see `skflow.graph.context.OpContext`)."""

    __slots__ = ("_session", "op")

    def __init__(self, op: Operation, session: BaseSession) -> None:
        self.op = op
        self._session = session

    @property
    def threads(self) -> int:
        """How many threads the session's runs may use."""
        return self._session._state.threads

    def reference(self) -> Any:
        """The session's variable behind this operation."""
        return self._session._state.variable(self.op)

    def resource(self, make: Callable[[], Any]) -> Any:
        """This operation's own object in this session, made at first use."""
        return self._session._state.resource(self.op, make)

    def stream(self) -> PhiloxStream:
        """This operation's random stream in this session."""
        return self._session._state.streams.of(self.op)

    def call(self, body: Any, arguments: Sequence[Any]) -> list[Any]:
        """Run a body graph on values and return its outputs."""
        return self._session._call_body(body, arguments)

    def traced(self, recorder: Recorder) -> TracedContext:
        """The same of a run that is traced."""
        return TracedContext(self.op, self._session, recorder)


class TracedContext(Context):
    """A traced run that an operation is part of: what its bodies do is noted too."""

    __slots__ = ("_recorder",)

    def __init__(self, op: Operation, session: BaseSession, recorder: Recorder) -> None:
        super().__init__(op, session)
        self._recorder = recorder

    def call(self, body: Any, arguments: Sequence[Any]) -> list[Any]:
        """Run a body graph on values and return its outputs."""
        program = TracedProgram(self._session._body(body), self._recorder)
        return list(program.run([np.asarray(a) for a in arguments]))


class TracedProgram:
    """A program for one traced run."""

    __slots__ = ("_program", "_recorder", "feeders", "lock", "state")

    def __init__(self, program: Program, recorder: Recorder) -> None:
        self.feeders = program.feeders
        self.lock = program.lock
        self.state = program.state
        self._program = program
        self._recorder = recorder

    def run(self, arrays: Sequence[Array]) -> tuple[Any, ...]:
        """Run once and take note of each step."""
        return self._program.executable(arrays).run_traced(arrays, self._recorder)


class Call:
    """What is remembered of a call of `run`: its program and how values come in and out."""

    __slots__ = ("lock", "program", "rebuild")

    def __init__(self, program: Program | TracedProgram, rebuild: Rebuild) -> None:
        self.program = program
        self.rebuild = rebuild
        self.lock = program.lock

    def __call__(self, values: Collection[Any]) -> Any:
        """Run on the values to feed."""
        program, lock = self.program, self.lock
        arrays = program.feeders.arrays(values)
        if lock is None:
            return self.rebuild(program.run(arrays))
        try:
            with lock:
                found = program.run(arrays)
        except BaseException:
            program.state.lock.forget()
            raise
        return self.rebuild(found)


def run_reporting(
    call: Call, values: Collection[Any], graph: Graph, options: Any, run_metadata: Any
) -> Any:
    """Run and report what was asked for; a run that fails reports what it did until then.

    Parameters
    ----------
    call : Call
        What is run.
    values : collection
        What to feed it.
    graph : Graph
        The session's graph.
    options : RunOptions or None
        What to report.
    run_metadata : RunMetadata or None
        Takes the report.
    """
    reports.check_messages(options, run_metadata)
    if run_metadata is None:
        return call(values)
    program = call.program
    assert isinstance(program, Program)
    run_metadata.Clear()
    if reports.wants_graph(options):
        reports.add_partition_graph(run_metadata, graph, program.fetches, program.feeds)
    if not reports.is_traced(options):
        return call(values)
    recorder = tracing.Recorder()
    try:
        return Call(TracedProgram(program, recorder), call.rebuild)(values)
    finally:
        reports.add_step_stats(run_metadata, recorder)
