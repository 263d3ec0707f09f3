"""A plan in which regions of steps are calls of compiled kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from skflow import errors
from skflow.graph.dtypes import Array
from skflow.graph.shapes import Shape, num_elements, shape_brackets
from skflow.runtime import passes
from skflow.runtime.emit import Code
from skflow.runtime.emit_ops import ContextMaker
from skflow.runtime.frame import Frame, Unfit
from skflow.runtime.jit.addresses import address_of, binder
from skflow.runtime.jit.helpers import Helpers
from skflow.runtime.jit.loader import Kernel, machine
from skflow.runtime.jit.partition import Partition
from skflow.runtime.jit.regions import Region
from skflow.runtime.jit.source import ALONE, INSIDE, OTHER_LAYOUT, OTHER_SHAPE, WRONG, Source
from skflow.runtime.jit.statements import Statement
from skflow.runtime.jit.table import CONTROL, Entry, Table
from skflow.runtime.state import State, Variable
from skflow.runtime.steps import Node, Plan, Value
from skflow.runtime.updates import columns_of

_QUICK: Final = 20.0  # microseconds up to which a kernel keeps the interpreter's lock
_WORTH_HELP: Final = 100.0  # microseconds from which a helper is woken


class _RegionNode(Node):
    """A region among the nodes of a plan."""

    __slots__ = ("region",)

    def __init__(self, region: Region) -> None:
        first = region.nodes[0]
        super().__init__(first.op, [], "region")
        self.region = region
        self.members = region.nodes
        self.position = region.nodes[-1].position
        inside = set(region.nodes)
        self.inputs = list(
            dict.fromkeys(v for n in region.nodes for v in n.inputs if v.node not in inside)
        )
        self.writes = [v for n in region.nodes for v in n.writes]


class FusedCode(Code):
    """The compiled form of a plan, with kernels in the place of most steps.

    Parameters
    ----------
    plan : Plan
        A plan of its own, scheduled; it is changed.
    state : State
        The session's memory.
    context : callable
        Gives the `OpContext` of an operation.
    base : Code
        The same plan with all steps in NumPy.

    Attributes
    ----------
    sources : list of tuple of str and int
        The text of each region and how many objects its function takes, to be compiled.
    kernels : list of Kernel
        What became of them; to be filled in before the first frame is made.
    """

    def __init__(self, plan: Plan, state: State, context: ContextMaker, base: Code) -> None:
        self.base = base
        self._machine = machine()
        self._partition = Partition(plan, self._machine)
        self.sources: list[tuple[str, int]] = []
        self.kernels: list[Kernel] = []
        super().__init__(plan, state, context)
        self.silent = all(
            isinstance(item, Region) or item.kind in ("read", "wait")
            for item in self._partition.items
        )

    @property
    def compiled(self) -> list[Node]:
        """The nodes that kernels compute."""
        return [n for s in self._statements() for n in s.nodes]

    def _statements(self) -> list[Statement]:
        return [s for region in self._partition.regions for s in region.statements]

    # ---- memory -----------------------------------------------------------------------

    def _emit(self) -> None:
        self._members = {n for region in self._partition.regions for n in region.nodes}
        nodes = [
            _RegionNode(item) if isinstance(item, Region) else item
            for item in self._partition.items
        ]
        whole = self._plan
        self._plan = Plan(nodes, whole.results, whole.feeds, whole.moved)
        self._first = _first_region(nodes)
        self._check_feeds()
        super()._emit()

    def _check_feeds(self) -> None:
        """Leave a run to NumPy if what is fed does not lie row by row.

        NumPy multiplies and sums such arrays in other orders than kernels do. The first region
        finds out by itself in which order its own feeds lie, before anything has been changed.
        """
        found = [] if self._first is None else self._first.inputs
        for i, value in enumerate(self._plan.feeds):
            if value.uses and value not in found and _rounds(value):
                self._line(f"{self._function(_leave)}(f{i})", None)

    def _place_gradients(self) -> None:
        super()._place_gradients()
        for update in self._members:
            if update.kind != "update":
                continue
            at = 0
            for member in update.members:
                gradient = passes.roles(member)[2]
                if self._partition.placeable(gradient):
                    self._arena_of[gradient] = (update, at)
                at += num_elements(gradient.shape) or 0

    def _overwritten(self, value: Value) -> Value | None:
        """Nothing in a region: others may read it while the value is computed."""
        return None if value.node in self._members else super()._overwritten(value)

    def _memory(self, statement: Statement, value: Value) -> None:
        """Give a value memory from its phase to the last phase that uses it."""
        if value in self._arena_of:
            self._names[value] = self._arena_view(value)
        else:
            first, last = self._span(statement)
            until = self._until(value, last)
            nbytes = max((num_elements(value.shape) or 0) * value.dtype.np_dtype.itemsize, 1)
            self._slot_of[value] = self._allocator.take(nbytes, first, until)
            self._names[value] = self._buffer(value)
        self._static.add(value)

    def _span(self, statement: Statement) -> tuple[int, int]:
        for node in statement.nodes:
            found = self._partition.spans.get(node)
            if found is not None:
                return found
        return 0, 0

    def _until(self, value: Value, least: int) -> float:
        """The end of the last phase in which a value, or a view of it, is used."""
        if value in self._fetched:
            return float("inf")
        last: float = least
        for node in value.uses:
            last = max(last, self._partition.spans.get(node, (0, node.position))[1])
            if node.kind == "op" and node.definition.view:
                last = max([last, *[self._until(v, least) for v in node.outputs]])
        return last

    def _check(self, variable: Variable, node: Node) -> None:
        """Whether a variable has a value is looked at once, since a hot plan's variables do."""
        del node
        self._checked.add(variable)

    def bind(self, frame: Frame) -> None:
        """Bind the function to a frame, if all variables have values."""
        if self.stale or not all(v.initialized for v in self._checked):
            raise Unfit
        super().bind(frame)

    # ---- regions ----------------------------------------------------------------------

    def emit_region(self, node: Node) -> None:
        """Emit the call of a region's kernel."""
        assert isinstance(node, _RegionNode)
        region = node.region
        blas = self._machine.blas
        table = Table(blas is not None and blas.wide)
        self._check_variables(region)
        given = self._given(node)
        for value, statement in self._made(region):
            if statement is None:
                assert value.node is not None
                self._view(value.node)
                if self._names[value][0] == "v":  # of a variable that was copied
                    given.append(value)
            else:
                self._memory(statement, value)
        source = Source(region, table, self._used_outside(region), given)
        index = len(self.sources)
        self.sources.append((source.text, len(given)))
        scratch = self._scratch(table)
        bound = self._bound("t", binder(table, scratch, self._names, self._machine))
        self._call_kernel(node, index, bound, given, source)

    def _check_variables(self, region: Region) -> None:
        for node in region.nodes:
            for value in node.inputs if node.writes else ():
                if value.variable is not None:
                    self._assumed[value.variable] = value.shape
                    self._check(value.variable, node)
                    self.name(value)
            if node.kind == "update":
                self._arrange(node)

    def _given(self, node: _RegionNode) -> list[Value]:
        """The inputs that come as objects; single numbers are put into memory that lies still."""
        found = []
        for value in node.inputs:
            if value.variable is not None:
                continue
            # What has memory keeps it: an earlier region may find it there, too.
            name = self._names.get(value)
            if name is None:
                number = None if value.const is not None else self._numbers.get(value)
                name = number or self.name(value)
            if name[0] not in "vfn":
                continue
            if value.shape == ():
                place = self._bound("m", _single(value.dtype.np_dtype))
                self._line(f"{place}[()] = {name}", node)
                self._names[value] = place
            else:
                found.append(value)
        return found

    def _made(self, region: Region) -> list[tuple[Value, Statement | None]]:
        """What a region computes or views, in order; with the statement that stores it."""
        by_node = {n: s for s in region.statements for n in s.nodes}
        found: list[tuple[Value, Statement | None]] = []
        for node in region.nodes:
            statement = by_node.get(node)
            if statement is None:
                found.extend((v, None) for v in node.outputs)
            else:
                stored = set(statement.writes)
                found.extend(
                    (v, statement) for v in node.outputs if v.variable is None and v in stored
                )
        return found

    def _used_outside(self, region: Region) -> Callable[[Value], bool]:
        inside = {n for s in region.statements for n in s.nodes}

        def used(value: Value) -> bool:
            return value in self._fetched or any(u not in inside for u in value.uses)

        return used

    def _scratch(self, table: Table) -> dict[Entry, int]:
        """Memory that a statement has for itself."""
        found = {}
        for entry in table.entries:
            if entry.kind == "scratch":
                # Slots are handed out in the order of phases, and its phase has gone by.
                found[entry] = self._allocator.own(entry.number).index
        return found

    def _arrange(self, node: Node) -> None:
        """Have an optimizer's variables laid side by side whenever a frame is bound."""
        sizes = [num_elements(passes.roles(m)[2].shape) or 0 for m in node.members]
        dtype = node.members[0].inputs[0].dtype.np_dtype
        total = sum(sizes)

        def arrange(frame: Frame) -> None:
            gradients = frame.gradient_memory(node, total, dtype)
            columns = columns_of(node, frame.state, gradients)
            if len(columns) > 1:
                raise Unfit  # variables that another optimizer has laid out differently
            frame.columns[node] = columns[0]

        self._early.append(arrange)

    def _call_kernel(
        self, node: Node, index: int, table: str, given: list[Value], source: Source
    ) -> None:
        region = node.region  # type: ignore[attr-defined]
        quick = region.cost < _QUICK
        shared = bool(source.phases) and region.cost >= _WORTH_HELP and self._threads > 1
        shared = shared and bool(self._machine.sleep)
        kernel = self._bound("k", lambda _: _run_of(self.kernels[index], quick))
        address = self._bound("i", lambda frame: address_of(frame.names[table]))
        threads = str(ALONE)
        if shared:
            helpers = self._bound("y", lambda frame: self._helpers(index, frame.names[table]))
            threads = f"{helpers}.come()"
        names = ", ".join([address, threads, *[self.name(v) for v in given]])
        status = f"e{index}"
        self._line(f"{status} = {kernel}({names})", node)
        if shared:
            self._line(f"{helpers}.go()", node)
        summed = [self.name(v) for v in given if _rounds(v)]
        if summed and node is self._first:
            leave = f"{self._function(_leave)}({', '.join(summed)})"
            self._line(f"if {status} == {OTHER_LAYOUT}: {leave}", node)
        if given:
            plain = [f"{self._function(_row_by_row)}({self.name(v)})" for v in given]
            again = ", ".join([address, str(ALONE), *plain])
            retried = f"{kernel}({again}) if {status} == {OTHER_LAYOUT} else {status}"
            self._line(f"{status} = {retried}", node)
        if any(v.feed is None for v in given):
            taken = ", ".join([self.name(v) for v in given])
            complain = self._constant("k", _complainer([v.shape for v in given]))
            self._line(f"if {status} == {OTHER_SHAPE}: {complain}({taken})", node)
        for i, phase in enumerate(region.phases):
            for statement in phase:
                if statement.checks:  # the kernel in NumPy says what is wrong
                    member = statement.nodes[0]
                    check = self._function(member.definition.bind_kernel(member.attrs))
                    arguments = self._arguments(member)
                    self._line(f"if {status} == {WRONG + i}: {check}({arguments})", member)

    def _helpers(self, index: int, table: Array) -> Helpers:
        helps = self.kernels[index].help
        assert helps is not None
        address = address_of(table)
        counter = (int(table[CONTROL]) - address + INSIDE) // table.itemsize
        return Helpers(helps, address, table[counter : counter + 1], self._threads - 1)


def _first_region(nodes: list[Node]) -> _RegionNode | None:
    """The region that comes first in a run, if nothing before it does anything for good."""
    for node in nodes:
        if isinstance(node, _RegionNode):
            return node
        if node.writes or (node.kind == "op" and node.definition.stateful):
            return None
    return None


def _rounds(value: Value) -> bool:
    """Whether it makes a difference in which order the elements of a value are added."""
    return value.shape != () and value.dtype.np_dtype.kind in "fc"


def _leave(*arrays: Array) -> None:
    """Leave a run to NumPy if some arrays do not lie row by row."""
    if not all(a.flags.c_contiguous and a.flags.aligned for a in arrays):
        raise Unfit


def _single(dtype: np.dtype[Any]) -> Callable[[Frame], Array]:
    return lambda _: np.zeros((), dtype)


def _row_by_row(array: Array) -> Array:
    """A copy that is aligned, too: NumPy's own functions for the order leave that as it is."""
    return np.array(array, order="C")


def _complainer(shapes: list[Shape]) -> Callable[..., None]:
    """What says which array has another shape than its operation had announced."""

    def complain(*arrays: Array) -> None:
        for array, shape in zip(arrays, shapes, strict=True):
            if array.shape != shape:
                raise errors.InvalidArgumentError(
                    None,
                    None,
                    f"Incompatible shapes: {shape_brackets(array.shape)} vs. "
                    f"{shape_brackets(shape)}, which was announced",
                )

    return complain


def _run_of(kernel: Kernel, quick: bool) -> Callable[..., int]:
    return kernel.quick if quick else kernel.run
