"""Traced runs: the same steps over the same memory, each between two looks at the clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from skflow.graph.dtypes import Array
from skflow.graph.nodes import Operation, Tensor
from skflow.runtime.emit import Code, Step
from skflow.runtime.frame import Frame
from skflow.runtime.state import Variable
from skflow.runtime.steps import Node
from skflow.runtime.written import Written

_EXTRA: Final = ("_now", "_note")  # no name of a plan begins with an underscore

# The address of a piece of memory, in a third of the time that an array's `ctypes` takes.
_INTERFACE: Final = "__array_interface__"


class Output(NamedTuple):
    """What one output of a step was: its place among the operation's, and its memory."""

    slot: int
    number: int  # of its type, in TensorFlow's `DataType`
    shape: tuple[int, ...]
    nbytes: int
    address: int


class Record(NamedTuple):
    """One step that has run; times are nanoseconds since the epoch."""

    name: str
    label: str
    ready: int
    begin: int
    end: int
    own: int  # bytes of the outputs that lie in no memory of an input
    outputs: list[Output]


class Recorder:
    """What one traced run of a session has done so far.

    Attributes
    ----------
    records : list of Record
        The steps in the order in which they ended.
    thread : int
        The operating system's number for the thread that runs.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.thread = threading.get_native_id()
        # Clocks of the day jump: one look at them serves the whole run.
        self._zero = time.time_ns() - time.perf_counter_ns()

    def note(
        self, labels: tuple[str, str], times: tuple[int, int, int], own: int, outputs: list[Output]
    ) -> None:
        """Take note of a step that became ready, began and ended at some times."""
        ready, begin, end = [t + self._zero for t in times]
        self.records.append(Record(*labels, ready, begin, end, own, outputs))


class _Traced(NamedTuple):
    """A step of a traced function: its label, and the slots and types of what it gives."""

    labels: tuple[str, str]
    outputs: list[tuple[int, int]]


class TracedCode:
    """The function of a plan with the clock read before and after each step.

    Parameters
    ----------
    code : Code
        The compiled plan.
    fetches : sequence of Tensor or Operation
        What the session fetches, whose copying is a step here; nothing for a body.
    feeds : collection of Tensor
        What is fed.
    """

    def __init__(
        self, code: Code, fetches: Sequence[Tensor | Operation], feeds: Collection[Tensor]
    ) -> None:
        self._code = code
        self._lines: list[tuple[str, Node | None]] = []
        self._steps: list[_Traced] = []
        self._results: list[str] = []
        self._write(fetches, feeds)
        inputs = [f"f{i}" for i in range(len(code.plan.feeds))]
        lines = [line for line, _ in self._lines]
        bound = [*code.bound_names, *_EXTRA]
        self._written = Written(lines, self._results, bound, inputs, self)
        self.text = self._written.text

    def node_at(self, line: int) -> Node | None:
        """The node whose step stands at a line of the function."""
        index = self._written.index(line)
        return self._lines[index][1] if 0 <= index < len(self._lines) else None

    def bind(self, frame: Frame, recorder: Recorder) -> Callable[..., Any]:
        """The function over the memory of a frame; what it does is noted by a recorder."""
        items = [
            # What a kernel asks of the run, it asks of the traced one: bodies are traced too.
            item.traced(recorder) if name[0] == "x" else item
            for name, item in frame.names.items()
        ]
        notes = _Notes(self._steps, recorder)
        return self._written.bind([*items, time.perf_counter_ns, notes])

    def _write(self, fetches: Sequence[Tensor | Operation], feeds: Collection[Tensor]) -> None:
        lines = self._code.lines
        at = 0
        for step in self._code.steps():
            self._lines.extend(lines[at : step.start])
            self._write_step(step, lines[step.start : step.end], feeds)
            at = step.end
        self._lines.extend(lines[at:-1])
        results = [
            self._write_result(fetch, expression, feeds)
            for fetch, expression in zip(fetches, self._code.results, strict=False)
        ]
        results.extend(self._code.results[len(results) :])
        self._results = results

    def _write_step(
        self, step: Step, lines: list[tuple[str, Node | None]], feeds: Collection[Tensor]
    ) -> None:
        node = step.node
        op = shown_operation(node)
        outputs = []
        names = []
        # Of joined updates the first one's output is shown: it stands under that one's name.
        for slot, (value, name) in enumerate(zip(node.outputs, step.outputs, strict=True)):
            if name is not None and slot < len(op.outputs):
                outputs.append((slot, value.dtype.base_dtype.as_datatype_enum))
                names.append(name)
        fresh = any(v.variable is None for v in node.outputs)
        inputs = [n for n in step.inputs if n is not None] if fresh else []
        self._steps.append(_Traced((op.name, label(op, feeds, fused_operations(node))), outputs))
        self._between(lines, names, list(dict.fromkeys(inputs)))

    def _write_result(
        self, fetch: Tensor | Operation, expression: str, feeds: Collection[Tensor]
    ) -> str:
        """Copy a result as a step of its own, unless it is the caller's own already."""
        if isinstance(fetch, Operation) or expression.isidentifier():
            return expression
        result = f"_r{len(self._steps)}"
        name = sent_name(fetch)
        shown = f"{name} = _Send({input_label(fetch, feeds)})"
        kind = fetch.dtype.base_dtype.as_datatype_enum
        self._steps.append(_Traced((name, shown), [(0, kind)]))
        self._between([(f"{result} = {expression}", None)], [result], [])
        return result

    def _between(
        self, lines: list[tuple[str, Node | None]], outputs: list[str], inputs: list[str]
    ) -> None:
        out = "".join([f"{n}, " for n in outputs])
        taken = "".join([f"{n}, " for n in inputs])
        self._lines.append(("_t0 = _now()", None))
        self._lines.extend(lines)
        self._lines.append(("_t1 = _now()", None))
        self._lines.append((f"_note({len(self._steps) - 1}, _t0, _t1, ({out}), ({taken}))", None))


def traced_code(
    code: Code, fetches: Sequence[Tensor | Operation], feeds: Collection[Tensor]
) -> TracedCode:
    """The traced form of a compiled plan, made at its first use."""
    if code.traced is None:
        code.traced = TracedCode(code, fetches, feeds)
    found: TracedCode = code.traced
    return found


class _Notes:
    """Turns what a traced function says of its steps into records."""

    __slots__ = ("_ready", "_recorder", "_steps")

    def __init__(self, steps: list[_Traced], recorder: Recorder) -> None:
        self._steps = steps
        self._recorder = recorder
        self._ready = time.perf_counter_ns()

    def __call__(
        self, index: int, begin: int, end: int, outputs: Sequence[Any], inputs: Sequence[Any]
    ) -> None:
        step = self._steps[index]
        taken = [a for a in inputs if isinstance(a, np.ndarray)]
        found = []
        own = 0
        for (slot, number), item in zip(step.outputs, outputs, strict=True):
            if isinstance(item, Variable):
                array = item.value
            elif isinstance(item, (np.ndarray, np.generic)):
                array = np.asarray(item)
                if not any(np.may_share_memory(array, a) for a in taken):
                    own += array.nbytes
            else:  # a value that still lies in a file
                found.append(Output(slot, number, tuple(np.shape(item)), 0, 0))
                continue
            found.append(Output(slot, number, array.shape, array.nbytes, _address(array)))
        self._recorder.note(step.labels, (self._ready, begin, end), own, found)
        self._ready = end


def _address(array: Array) -> int:
    return int(getattr(array, _INTERFACE)["data"][0])


# ---- names as TensorFlow shows them -----------------------------------------------------------


def label(op: Operation, feeds: Collection[Tensor], fused: Sequence[Operation] = ()) -> str:
    """An operation as a timeline shows it: ``name = Op(inputs)``, and what runs within it."""
    inputs = [input_label(t, feeds) for t in op.inputs]
    inputs += [f"^{c.name}" for c in op._control_inputs]
    text = f"{op.name} = {op.type}({', '.join(inputs)})"
    return f"{text} with {', '.join([o.name for o in fused])}" if fused else text


def input_label(tensor: Tensor, feeds: Collection[Tensor]) -> str:
    """A tensor as an input of a node: what is fed comes by a node of TensorFlow's name for it."""
    if tensor in feeds:
        return received_name(tensor)
    index = tensor.value_index
    return f"{tensor.op.name}:{index}" if index else str(tensor.op.name)


def received_name(tensor: Tensor) -> str:
    """The node that TensorFlow puts in the place of a tensor that is fed."""
    return f"_recv_{tensor.op.name}_{tensor.value_index}"


def sent_name(tensor: Tensor) -> str:
    """The node that TensorFlow adds for a tensor that is fetched."""
    return f"_send_{tensor.op.name}_{tensor.value_index}"


def shown_operation(node: Node) -> Operation:
    """The operation whose output a step gives."""
    if node.kind == "read" and node.op.type != "Identity":
        # Read by an operation that takes a reference: what it took was the variable's value.
        return next(t.op for t in node.op.inputs if t.dtype.is_ref_dtype)
    return node.op


def fused_operations(node: Node) -> list[Operation]:
    """The other operations that a step stands for: joined updates, and equal computations."""
    return [*[m.op for m in node.members[1:]], *node.same]
