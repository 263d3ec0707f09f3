"""Where the values of a plan lie: in buffers, where an optimizer reads them, or fresh."""

from __future__ import annotations

from typing import Final

from skflow.graph.dtypes import Array
from skflow.graph.registry import OpDef
from skflow.graph.shapes import num_elements
from skflow.runtime import passes
from skflow.runtime.frame import Frame
from skflow.runtime.lines import Lines
from skflow.runtime.memory import Allocator, Slot
from skflow.runtime.products import is_column_sum
from skflow.runtime.state import State
from skflow.runtime.steps import Node, Plan, Value, is_number

_LARGE: Final = 1 << 14  # elements: larger values without a buffer are let go after their last use


class Placement(Lines):
    """Gives values memory by liveness, and names to that memory.

    Parameters
    ----------
    plan : Plan
        A plan whose nodes are in order.
    state : State
        The session's memory.
    """

    def __init__(self, plan: Plan, state: State) -> None:
        super().__init__(plan, state)
        self._allocator = Allocator()
        self._slot_of: dict[Value, Slot] = {}
        self._arena_of: dict[Value, tuple[Node, int]] = {}
        self._strided: set[Value] = set()
        self._fetched = {v for v in plan.results if v is not None}
        self._last_use = passes.last_uses(plan)
        self._ends: dict[Value, int] = {}

    def _place_gradients(self) -> None:
        """Let gradients be computed where the update of their optimizer reads them."""
        for node in self._plan.nodes:
            if node.kind != "update":
                continue
            at = 0
            for member in node.members:
                gradient = passes.roles(member)[2]
                self._place(gradient, (node, at))
                at += num_elements(gradient.shape) or 0

    def _place(self, value: Value, place: tuple[Node, int]) -> None:
        """Compute a value there, and what it may overwrite, and so on."""
        found: Value | None = value if self._may_be_placed(value) else None
        while found is not None:
            self._arena_of[found] = place
            found = self._overwritten(found)

    def _overwritten(self, value: Value) -> Value | None:
        """What a value may be computed over: an input that nobody needs any more."""
        node = value.node
        assert node is not None
        if not _works_in_place(node):
            return None
        for v in dict.fromkeys(node.inputs):
            alike = v.shape == value.shape and v.dtype is value.dtype
            ends = alike and self._last_use.get(v) == node.position
            if ends and self._may_be_placed(v) and not _is_viewed(v):
                return v
        return None

    def _may_be_placed(self, gradient: Value) -> bool:
        node = gradient.node
        return (
            node is not None
            and node.kind == "op"
            and gradient not in self._arena_of
            and gradient not in self._fetched
            and not is_number(gradient)
            and (takes_out(node.definition) or is_column_sum(node))
        )

    def _arena_view(self, value: Value) -> str:
        node, at = self._arena_of[value]
        shape = value.shape
        size = num_elements(shape) or 0

        def binder(frame: Frame) -> Array:
            return frame.gradients[node][at : at + size].reshape(shape)  # type: ignore[arg-type]

        return self._bound("g", binder)

    def _destination(self, node: Node, value: Value) -> str | None:
        """Memory for an output, or ``None`` if it must be fresh."""
        if value in self._arena_of:
            name = self._arena_view(value)
        elif value in self._fetched or not value.static or value.dtype.np_dtype.kind == "O":
            return None
        else:
            self._slot_of[value] = self._slot(node, value)
            name = self._buffer(value)
        self._names[value] = name
        self._static.add(value)
        return name

    def _slot(self, node: Node, value: Value) -> Slot:
        until = self._last_use.get(value, -1.0)
        nbytes = max((num_elements(value.shape) or 0) * value.dtype.np_dtype.itemsize, 1)
        if _works_in_place(node):
            slot = self._dying(node, value)
            if slot is not None:
                self._allocator.keep(slot, until)
                return slot
        return self._allocator.take(nbytes, node.position, until)

    def _dying(self, node: Node, value: Value) -> Slot | None:
        """The memory of an input that is used here for the last time and may be overwritten."""
        for candidate in node.inputs:
            slot = self._slot_of.get(candidate)
            if slot is None or slot.until != node.position or candidate in self._strided:
                continue
            if candidate.shape != value.shape or candidate.dtype is not value.dtype:
                continue
            if all(self._slot_of.get(v) is not slot or v is candidate for v in node.inputs):
                return slot
        return None

    def _buffer(self, value: Value) -> str:
        slot, dtype, shape = self._slot_of[value].index, value.dtype.np_dtype, value.shape
        nbytes = (num_elements(shape) or 0) * dtype.itemsize

        def binder(frame: Frame) -> Array:
            return frame.memory[slot][:nbytes].view(dtype).reshape(shape)  # type: ignore[arg-type]

        return self._bound("b", binder)

    def _release(self, node: Node) -> None:
        """Let go of large values without a buffer after their last use."""
        for value in dict.fromkeys(node.inputs):
            name = self._names.get(value, "")
            if name[:1] not in "vf" or not name or value in self._fetched:
                continue
            size = num_elements(value.shape)
            if size is not None and size < _LARGE:
                continue
            if value not in self._ends:
                self._ends[value] = max((u.position for u in value.uses), default=-1)
            if self._ends[value] == node.position:
                self._line(f"{name} = None", None)


def _is_viewed(value: Value) -> bool:
    return any(u.kind != "op" or u.definition.view for u in value.uses)


def takes_out(definition: OpDef) -> bool:
    return (
        definition.out
        and not definition.context
        and (definition.simple or definition.type == "AddN")
    )


def _works_in_place(node: Node) -> bool:
    """Whether the kernel may write over one of its inputs."""
    return node.definition.elementwise or (node.definition.type == "AddN" and len(node.inputs) == 2)
