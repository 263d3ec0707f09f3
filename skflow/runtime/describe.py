"""A compiled plan in words: its steps, their shapes and bytes, and the user's lines behind them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from skflow.graph.core import Graph
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.shapes import is_full, num_elements
from skflow.runtime.emit import Code, Step
from skflow.runtime.steps import Value
from skflow.runtime.tracing import fused_operations, label, shown_operation

_UNITS: Final = ("B", "kB", "MB", "GB", "TB")
_UNIT: Final = 1000
_TIME: Final = "us"
_HEAD: Final = ("step", "operation", "output", "bytes", _TIME, "memory", "where it comes from")
_NUMBERS: Final = ("bytes", _TIME)
_NANOS: Final = 1000  # in a microsecond
_LONGEST_TEXT: Final = 60


@dataclass(frozen=True)
class PlanStep:
    """One step of a compiled plan.

    Attributes
    ----------
    name : str
        The operation whose outputs the step gives.
    op_type : str
        Its type.
    label : str
        ``name = Op(inputs)``, and the other operations that the step stands for.
    outputs : tuple of str
        Type and shape of each output, such as ``"float32[5,3]"``; ``?`` for what is open.
    nbytes : int or None
        The bytes of the outputs; ``None`` if they are not known before the run.
    memory : str
        Where the first output lies: ``"new"`` memory, a ``"buffer"`` that lasts from run to run
        and serves one step after the other, the ``"gradients"`` of an optimizer, a
        ``"variable"``, or nowhere (``""``). ``"over ..."`` stands for the memory of an input.
    source : str
        The user's line that built the operation: file, line, function and text.
    bodies : tuple of CompiledPlan
        The plans of what the operation runs itself: branches, or condition and body of a loop.
    """

    name: str
    op_type: str
    label: str
    outputs: tuple[str, ...]
    nbytes: int | None
    memory: str
    source: str
    bodies: tuple[CompiledPlan, ...]


class CompiledPlan:
    """What a session runs for some fetches, feeds and shapes (see `Session.plan`).

    Parameters
    ----------
    code : Code
        The compiled plan.
    body : callable
        Gives the program of a body.
    feeds : sequence of Tensor
        What is fed.
    title : str
        What the plan is of.

    Attributes
    ----------
    steps : tuple of PlanStep
        The steps in the order they run.
    nbytes : int
        The bytes of memory that are kept for a run, bodies and variables aside.

    Notes
    -----
    Some operations of a graph have no step: what constants and shapes determine is computed when
    the plan is made, operations that change nothing vanish, and views of memory that lies still,
    variables included, are taken once.
    """

    def __init__(
        self,
        code: Code,
        body: Callable[[Any], Any],
        feeds: Sequence[Tensor],
        title: str = "plan",
    ) -> None:
        self._body = body
        self._code = code
        self._feeds = dict.fromkeys(feeds)
        self._title = title
        self.nbytes = code.nbytes
        self.steps = tuple([self._step(step) for step in code.steps()])

    def describe(self, run_metadata: Any = None, file: TextIO | None = None) -> None:
        """Print the steps with their shapes and bytes, and where in the program they come from.

        Parameters
        ----------
        run_metadata : RunMetadata, optional
            The report of a traced run: then the microseconds that each step took are shown too,
            all turns together where it ran more than once.
        file : file object, optional
            Where to print; by default standard output.
        """
        text = self._text(None if run_metadata is None else _times(run_metadata))
        print(text, file=sys.stdout if file is None else file)

    def __str__(self) -> str:
        return self._text(None)

    def __repr__(self) -> str:
        return f"<CompiledPlan of {len(self.steps)} steps>"

    def _text(self, times: Counter[str] | None) -> str:
        rows = [_HEAD, *self._rows(times or Counter())]
        shown = [i for i, name in enumerate(_HEAD) if name != _TIME or times is not None]
        widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
        return "\n".join([self._summary(), *[_aligned(row, widths, shown) for row in rows]])

    def _summary(self) -> str:
        count = len(self.steps)
        steps = f"{count} step{'' if count == 1 else 's'}"
        return f"{self._title}: {steps}, {_size(self.nbytes)} of memory kept for a run"

    def _rows(self, times: Counter[str], before: str = "") -> Iterator[tuple[str, ...]]:
        for i, step in enumerate(self.steps):
            number = f"{before}{i}"
            size = "" if not step.outputs else "?" if step.nbytes is None else f"{step.nbytes:,}"
            yield (
                number,
                _shortened(step.label),
                ", ".join(step.outputs),
                size,
                f"{times[step.name] / _NANOS:,.1f}" if step.name in times else "",
                step.memory,
                _shortened(step.source),
            )
            for j, inner in enumerate(step.bodies):
                letter = chr(ord("a") + j)
                yield number + letter, f"-- {inner._summary()}", "", "", "", "", ""
                yield from inner._rows(times, f"{number}{letter}.")

    # ---- one step ---------------------------------------------------------------------

    def _step(self, step: Step) -> PlanStep:
        node = step.node
        op = shown_operation(node)
        values = node.outputs[: len(op.outputs)]
        sizes = [_nbytes(v) for v in values]
        return PlanStep(
            op.name,
            op.type,
            label(op, self._feeds, fused_operations(node)),
            tuple([_typed(v) for v in values]),
            None if None in sizes else sum([s for s in sizes if s is not None]),
            self._memory(step),
            user_line(op),
            tuple(self._bodies(op)),
        )

    def _memory(self, step: Step) -> str:
        outputs = step.node.outputs
        if not outputs:
            return ""
        place = self._code.place(outputs[0])
        lasts = place not in ("new", "variable")
        if lasts and any(self._code.place(v) == place for v in step.node.inputs):
            return f"over {place}"
        return place

    def _bodies(self, op: Operation) -> Iterator[CompiledPlan]:
        for name, body in op.attrs.items():
            if not isinstance(body, Graph) or name[0] == "_":
                continue
            inputs: list[Tensor] = body.inputs  # type: ignore[attr-defined]
            program = self._body(body)
            shapes = tuple([t._spec.shape for t in inputs])
            plan = program.plan_for(shapes)
            if plan is not None:
                yield CompiledPlan(plan.code, self._body, (), name)


def user_line(op: Operation) -> str:
    """The user's line that built an operation: file, line, function and text."""
    trace = op.traceback
    if not trace:
        return ""
    file, line, function, text = trace[-1]
    place = f"{Path(file).name}:{line}"
    inside = "" if function.startswith("<") else f" in {function}"
    return f"{place}{inside}: {text}" if text else f"{place}{inside}"


def _typed(value: Value) -> str:
    if value.shape is None:
        return f"{value.dtype.base_dtype.name}[...]"
    return f"{value.dtype.base_dtype.name}[{','.join(map(_dimension, value.shape))}]"


def _dimension(size: int | None) -> str:
    return "?" if size is None else str(size)


def _nbytes(value: Value) -> int | None:
    if not is_full(value.shape):
        return None
    return (num_elements(value.shape) or 0) * value.dtype.base_dtype.np_dtype.itemsize


def _size(nbytes: float) -> str:
    for unit in _UNITS[:-1]:
        if nbytes < _UNIT:
            return f"{nbytes:.3g} {unit}"
        nbytes /= _UNIT
    return f"{nbytes:.3g} {_UNITS[-1]}"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 3]}..."


def _times(run_metadata: Any) -> Counter[str]:
    """Nanoseconds by the node's name."""
    found: Counter[str] = Counter()
    for device in run_metadata.step_stats.dev_stats:
        for stats in device.node_stats:
            found[stats.node_name] += stats.op_end_rel_nanos or stats.op_end_rel_micros * _NANOS
    return found


def _aligned(row: Sequence[str], widths: Sequence[int], shown: Sequence[int]) -> str:
    cells = [
        row[i].rjust(widths[i]) if _HEAD[i] in _NUMBERS else row[i].ljust(widths[i]) for i in shown
    ]
    return "  ".join(cells).rstrip()
