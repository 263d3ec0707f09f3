"""A traced run as a Chrome trace, which ``chrome://tracing`` and https://ui.perfetto.dev draw."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from skflow.proto.text import to_text

_LABEL: Final = re.compile(r"(.*) = (.*)\((.*)\)")
_GPU_DEVICES: Final = ("/stream:", "/memcpy")
_RECEIVE: Final = "RecvTensor"  # a node that has no label

Event = dict[str, Any]


class AllocationMaximum(NamedTuple):
    """The most memory that an allocator's tensors took at a time.

    Attributes
    ----------
    timestamp : int
        When that was, in microseconds since the epoch.
    num_bytes : int
        How much it was.
    tensors : set of str
        The tensors that lay in it.
    """

    timestamp: int
    num_bytes: int
    tensors: set[str]


class StepStatsAnalysis(NamedTuple):
    """What `Timeline.analyze_step_stats` finds.

    Attributes
    ----------
    chrome_trace : ChromeTrace
        The events.
    allocator_maximums : dict of str to AllocationMaximum
        By the allocator's name.
    """

    chrome_trace: ChromeTrace
    allocator_maximums: dict[str, AllocationMaximum]


class ChromeTrace:
    """Events of a trace, those that name processes before all others."""

    def __init__(self) -> None:
        self._names: list[Event] = []
        self._events: list[Event] = []

    def name_process(self, name: str, pid: int) -> None:
        """Give a process its name."""
        self._names.append({"name": "process_name", "ph": "M", "pid": pid, "args": {"name": name}})

    def add(
        self, kind: str, category: str, name: str, place: tuple[int, int], time: int, **rest: Any
    ) -> None:
        """Add an event of a kind, at a process and thread and a time in microseconds."""
        pid, tid = place
        event = {"ph": kind, "cat": category, "name": name, "pid": pid, "tid": tid, "ts": time}
        self._events.append({**event, **rest})

    def format_to_string(self, pretty: bool = False) -> str:
        """Return the trace as JSON.

        Parameters
        ----------
        pretty : bool
            Whether to indent it.
        """
        trace = {"traceEvents": self._names + self._events}
        if pretty:
            return json.dumps(trace, indent=4, separators=(",", ": "))
        return json.dumps(trace, separators=(",", ":"))


@dataclass
class _Tensor:
    """A tensor's life: from the beginning of what makes it to the last end of what takes it."""

    number: int
    created: int
    pid: int
    allocator: str
    nbytes: int
    last: int
    flows_from: tuple[int, tuple[int, int]]


class _Step(NamedTuple):
    """A node that ran, the processes that show it and its tensors, and its lane."""

    stats: Any
    pid: int
    tensors_pid: int
    lane: int
    on_gpu: bool

    @property
    def start(self) -> int:
        return int(self.stats.all_start_micros)

    @property
    def end(self) -> int:
        return int(self.stats.all_start_micros + self.stats.all_end_rel_micros)


class Timeline:
    """What a run did and when, for Chrome's tracing view.

    Parameters
    ----------
    step_stats : StepStats
        ``run_metadata.step_stats`` of a run with ``trace_level=RunOptions.FULL_TRACE``.
    graph : Graph, optional
        Accepted for TensorFlow's sake; the statistics hold all that is shown.

    Examples
    --------
    >>> import skflow as tf
    >>> from skflow import timeline
    >>> with tf.Graph().as_default(), tf.Session() as session:
    ...     options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    ...     run_metadata = tf.RunMetadata()
    ...     y = tf.square(tf.random_normal([3]), name="y")
    ...     _ = session.run(y, options=options, run_metadata=run_metadata)
    >>> trace = timeline.Timeline(run_metadata.step_stats).generate_chrome_trace_format()
    >>> '"name": "Square"' in trace
    True

    Notes
    -----
    The trace is that of TensorFlow 1.1.0's ``tensorflow.python.client.timeline`` event by event,
    but for two things: the statistics are left as they are (TensorFlow writes its lanes into
    them), and each call makes a trace of its own.
    """

    def __init__(self, step_stats: Any, graph: Any = None) -> None:
        self._step_stats = step_stats
        self._graph = graph

    def analyze_step_stats(
        self, show_dataflow: bool = True, show_memory: bool = True
    ) -> StepStatsAnalysis:
        """Turn the statistics into events, and find where memory peaks.

        Parameters
        ----------
        show_dataflow : bool
            Whether arrows lead from what makes a tensor to what takes it.
        show_memory : bool
            Whether tensors and the memory that they take are shown; the maxima are empty if not.

        Returns
        -------
        StepStatsAnalysis
            The events and the maxima.
        """
        return _Analysis(self._step_stats).run(show_dataflow, show_memory)

    def generate_chrome_trace_format(
        self, show_dataflow: bool = True, show_memory: bool = False
    ) -> str:
        """Return the run as a trace in Chrome's format.

        Parameters
        ----------
        show_dataflow, show_memory : bool
            As for `analyze_step_stats`.

        Returns
        -------
        str
            JSON; save it to a file and load that in ``chrome://tracing``.
        """
        found = self.analyze_step_stats(show_dataflow, show_memory)
        return found.chrome_trace.format_to_string(pretty=True)


class _Analysis:
    """One pass over statistics."""

    def __init__(self, step_stats: Any) -> None:
        self._trace = ChromeTrace()
        self._tensors: dict[str, _Tensor] = {}
        self._flows = 0
        self._trace.name_process("Allocators", 0)
        self._steps = list(self._numbered(step_stats))

    def _numbered(self, step_stats: Any) -> Iterator[_Step]:
        """The steps of all devices, each device with a process for steps and one for tensors."""
        for i, device in enumerate(step_stats.dev_stats):
            pid, tensors_pid = 2 * i + 1, 2 * i + 2
            self._trace.name_process(f"{device.device} Compute", pid)
            self._trace.name_process(f"{device.device} Tensors", tensors_pid)
            on_gpu = any(part in device.device for part in _GPU_DEVICES)
            for stats, lane in zip(device.node_stats, _lanes(device.node_stats), strict=True):
                yield _Step(stats, pid, tensors_pid, lane, on_gpu)

    def run(self, show_dataflow: bool, show_memory: bool) -> StepStatsAnalysis:
        for step in self._steps:
            for index, output in enumerate(step.stats.output):
                self._make_tensor(step, index, output, show_memory)
        for step in self._steps:
            self._show(step, show_dataflow)
        maximums = self._show_allocators() if show_memory else {}
        return StepStatsAnalysis(self._trace, maximums)

    def _make_tensor(self, step: _Step, index: int, output: Any, show: bool) -> None:
        name = f"{step.stats.node_name}:{index}" if index else str(step.stats.node_name)
        memory = output.tensor_description.allocation_description
        tensor = _Tensor(
            len(self._tensors),
            step.start,
            step.tensors_pid,
            memory.allocator_name,
            memory.requested_bytes,
            step.end,
            (step.end, (step.pid, step.lane)),
        )
        self._tensors[name] = tensor
        if show:
            place = (step.tensors_pid, step.lane)
            text = to_text(output.tensor_description).replace('"', "")
            snapshot = {"snapshot": {"tensor_description": text}}
            self._trace.add("N", "Tensor", name, place, step.start, id=tensor.number)
            self._trace.add(
                "O", "Tensor", name, place, step.end - 1, id=tensor.number, args=snapshot
            )

    def _show(self, step: _Step, show_dataflow: bool) -> None:
        name = step.stats.node_name
        op, inputs = _parsed(step.stats.timeline_label)
        if step.on_gpu:  # such names read "name:op"
            name, op = [*name.split(":"), "unknown"][:2]
            inputs = []
        elif name == _RECEIVE:
            op, inputs = _RECEIVE, []
        args = {"name": name, "op": op}
        args.update({f"input{i}": given for i, given in enumerate(inputs)})
        place = (step.pid, step.lane)
        self._trace.add(
            "X", "Op", op, place, step.start, dur=step.stats.all_end_rel_micros, args=args
        )
        for given in inputs:
            self._take(step, given, place, show_dataflow)

    def _take(self, step: _Step, given: str, place: tuple[int, int], show: bool) -> None:
        if given not in self._tensors and given.rfind("/_") > 0:
            given = given[: given.rfind("/_")]  # a copy from another device: its origin
        tensor = self._tensors.get(given)
        if tensor is None:
            return
        tensor.last = max(tensor.last, step.end - 1)
        time, source = tensor.flows_from
        if show and source != place:  # an arrow within a lane would hide behind it
            self._trace.add("s", "DataFlow", given, source, time, id=self._flows)
            self._trace.add("t", "DataFlow", given, place, step.start, id=self._flows)
            self._flows += 1

    def _show_allocators(self) -> dict[str, AllocationMaximum]:
        """Show how much memory tensors take as time goes by."""
        changes: dict[str, list[tuple[int, int, str]]] = {}
        for name, tensor in self._tensors.items():
            self._trace.add("D", "Tensor", name, (tensor.pid, 0), tensor.last, id=tensor.number)
            found = changes.setdefault(tensor.allocator, [])
            found.append((tensor.created, tensor.nbytes, name))
            found.append((tensor.last, -tensor.nbytes, name))
        return {allocator: self._count(allocator, found) for allocator, found in changes.items()}

    def _count(self, allocator: str, changes: list[tuple[int, int, str]]) -> AllocationMaximum:
        total = 0
        present: set[str] = set()
        most = AllocationMaximum(0, 0, set())
        for time, change, name in sorted(changes):
            total += change
            if change < 0:
                present.discard(name)
            else:
                present.add(name)
            if total > most.num_bytes:
                most = AllocationMaximum(time, total, set(present))
            self._trace.add("C", "Memory", allocator, (0, 0), time, args={allocator: total})
        return most


def _lanes(nodes: Any) -> list[int]:
    """A lane for each node, such that nodes of one lane follow each other."""
    ends = [0]
    found = []
    for stats in nodes:
        start, end = stats.all_start_micros, stats.all_start_micros + stats.all_end_rel_micros
        lane = next((i for i, e in enumerate(ends) if start > e), len(ends))
        ends[lane : lane + 1] = [end]
        found.append(lane)
    return found


def _parsed(label: str) -> tuple[str, list[str]]:
    """The type and the inputs that a label ``name = Op(inputs)`` tells."""
    match = _LABEL.match(label)
    if match is None:
        return "unknown", []
    _, op, inputs = match.groups()
    return op, inputs.split(", ") if inputs else []
