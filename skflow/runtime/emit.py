"""A plan becomes one straight-line Python function over local names, bound to memory of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from skflow.graph.dtypes import Array
from skflow.graph.ops.sparse_products import pattern_of
from skflow.graph.registry import OpDef
from skflow.graph.shapes import Shape, num_elements
from skflow.graph.spec import Spec
from skflow.runtime import passes
from skflow.runtime.memory import Allocator, Slot, aligned
from skflow.runtime.products import is_blas, is_outer, laid_out, parts_of
from skflow.runtime.state import State, Variable
from skflow.runtime.steps import Node, Plan, Value
from skflow.runtime.threads import pool
from skflow.runtime.updates import FlatUpdate

_LARGE: Final = 1 << 14  # elements: larger values without a buffer are let go after their last use
_KEYWORD_ONLY: Final = (np.maximum, np.minimum)  # NumPy wants their `out` by name
# By an operation's type: the function of some of its inputs whose result the kernel takes last.
_PREPARED: Final = {"SparseTensorDenseMatMul": (pattern_of, (0, 2))}

Binder = Callable[["Frame"], Any]


class Step(NamedTuple):
    """The lines of the function that stand for a node, and the names of what they take and give.

    A name is ``None`` where the function has none for the value.
    """

    node: Node
    start: int
    end: int
    inputs: list[str | None]
    outputs: list[str | None]


class Frame:
    """The memory of one run: runs at the same time have frames of their own."""

    def __init__(self, code: Code, sizes: Sequence[int], state: State) -> None:
        self.code = code
        self.state = state
        self.memory = [aligned(n) for n in sizes]
        self.layout = -1
        self.gradients: dict[Node, Array] = {}
        self.updates: dict[Node, FlatUpdate] = {}
        self.names: dict[str, Any] = {}
        self.step: Any = None


class Code:
    """The compiled form of a plan.

    Parameters
    ----------
    plan : Plan
        A plan whose nodes are in order.
    state : State
        The session's memory.
    context : callable
        Gives the `OpContext` of an operation.
    """

    def __init__(self, plan: Plan, state: State, context: Callable[[Any], Any]) -> None:
        self.state = state
        self._plan = plan
        self._context = context
        self._lines: list[str] = []
        self._line_nodes: list[Node | None] = []
        self._ranges: list[tuple[Node, int, int]] = []
        self._bindings: list[tuple[str, Binder]] = []
        self._early: list[Binder] = []
        self._names: dict[Value, str] = {}
        self._shared: dict[Any, str] = {}
        self._static: set[Value] = set()
        self._places: set[str] = set()  # the names of variables' storages
        self._strided: set[Value] = set()
        self._allocator = Allocator()
        self._slot_of: dict[Value, Slot] = {}
        self._arena_of: dict[Value, tuple[Node, int]] = {}
        self._fetched = {v for v in plan.results if v is not None}
        self._copied = passes.protect_reads(plan)
        self._assumed: dict[Variable, Shape] = {}
        self._checked: set[Variable] = set()
        self.products = passes.count_products(plan)
        self.traced: Any = None  # the form that takes times, made at its first use
        self._emit()
        self.nbytes = sum(s.nbytes for s in self._allocator.slots)
        self.nodes = self._line_nodes

    # ---- the whole --------------------------------------------------------------------

    def _emit(self) -> None:
        feeds = [f"f{i}" for i in range(len(self._plan.feeds))]
        for name, value in zip(feeds, self._plan.feeds, strict=True):
            self._names[value] = name
        self._place_gradients()
        for node in self._plan.nodes:
            start = len(self._lines)
            _EMITTERS[node.kind](self, node)
            self._ranges.append((node, start, len(self._lines)))
            self._release(node)
        self.results = [self._result(v) for v in self._plan.results]
        self._line(f"return ({''.join(r + ', ' for r in self.results)})", None)
        names = ", ".join(name for name, _ in self._bindings)
        head = [f"def bind({names}):", f"    def step({', '.join(feeds)}):"]
        text = "\n".join([*head, *(f"        {line}" for line in self._lines), "    return step"])
        self._first_line = len(head) + 1
        space: dict[str, Any] = {"plan_code": self}
        exec(compile(text, "<plan>", "exec"), space)
        self._bind = space["bind"]
        self.text = text

    def frame(self) -> Frame:
        """Memory for one run, with the function bound to it."""
        frame = Frame(self, [s.nbytes for s in self._allocator.slots], self.state)
        self.bind(frame)
        return frame

    @property
    def stale(self) -> bool:
        """Whether a variable has another shape now than the plan was made for."""
        return any(v.value.shape != shape for v, shape in self._assumed.items())

    def bind(self, frame: Frame) -> None:
        """Bind the function to a frame and to the places where the variables now lie."""
        layout = -1
        while layout != frame.state.layout:  # laying out one optimizer's may move another's
            layout = frame.state.layout
            for early in self._early:
                early(frame)
        found = frame.names = {}
        for name, binder in self._bindings:
            found[name] = binder(frame)
        frame.step = self._bind(**found)
        frame.layout = frame.state.layout

    def node_at(self, line: int) -> Node | None:
        """The node whose step stands at a line of the function."""
        index = line - self._first_line
        return self._line_nodes[index] if 0 <= index < len(self._line_nodes) else None

    # ---- looked at from outside -------------------------------------------------------

    @property
    def plan(self) -> Plan:
        """The plan that was compiled."""
        return self._plan

    @property
    def bound_names(self) -> list[str]:
        """The names that the function finds bound."""
        return [name for name, _ in self._bindings]

    @property
    def lines(self) -> list[tuple[str, Node | None]]:
        """The function's lines, the last of which returns, with the node that each is part of."""
        return list(zip(self._lines, self._line_nodes, strict=True))

    def steps(self) -> list[Step]:
        """The nodes that have lines of their own, in the order they run.

        A view of memory that lies still has none, nor has a variable that is read where it lies:
        at most it is seen to have a value.
        """
        found = []
        for node, start, end in self._ranges:
            outputs = [self.known_name(v) for v in node.outputs]
            in_place = node.kind == "read" and outputs[0] in self._places
            if start < end and not in_place:
                inputs = [self.known_name(v) for v in node.inputs]
                found.append(Step(node, start, end, inputs, outputs))
        return found

    def known_name(self, value: Value) -> str | None:
        """The name that a value, or the variable it refers to, has in the function; or ``None``."""
        found = self._names.get(value)
        if found is None and value.variable is not None:
            found = self._shared.get(("handle", value.variable))
        return found

    def place(self, value: Value) -> str:
        """Where a value lies, in words."""
        if value.variable is not None:
            return "variable"
        if value in self._arena_of:
            return "gradients"
        slot = self._slot_of.get(value)
        return "new" if slot is None else f"buffer {slot.index}"

    # ---- names ------------------------------------------------------------------------

    def _line(self, text: str, node: Node | None) -> None:
        self._lines.append(text)
        self._line_nodes.append(node)

    def _bound(self, prefix: str, binder: Binder, key: Any = None) -> str:
        """A name of the enclosing scope for what `binder` gives."""
        if key is not None and key in self._shared:
            return self._shared[key]
        name = f"{prefix}{len(self._bindings)}"
        self._bindings.append((name, binder))
        if key is not None:
            self._shared[key] = name
        return name

    def _constant(self, prefix: str, item: Any) -> str:
        return self._bound(prefix, lambda _: item, ("constant", prefix, id(item), _Keep(item)))

    def _function(self, function: Any) -> str:
        return self._constant("k", function)

    def _handle(self, variable: Variable) -> str:
        return self._bound("h", lambda _: variable, ("handle", variable))

    def name(self, value: Value) -> str:
        """The name that a value has in the function."""
        found = self._names.get(value)
        if found is None:
            if value.variable is not None:
                found = self._handle(value.variable)
            else:
                assert value.const is not None
                array = laid_out(value)
                found = self._bound("c", lambda _: array)
                self._static.add(value)
            self._names[value] = found
        return found

    def _local(self, value: Value) -> str:
        name = f"v{len(self._names)}"
        self._names[value] = name
        return name

    # ---- memory -----------------------------------------------------------------------

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
        if not self._may_be_placed(value):
            return
        self._arena_of[value] = place
        node = value.node
        assert node is not None
        if not _works_in_place(node):
            return
        for v in dict.fromkeys(node.inputs):
            alike = v.shape == value.shape and v.dtype is value.dtype
            viewed = any(u.kind != "op" or u.definition.view for u in v.uses)
            if alike and not viewed and passes._last_use(v, self._fetched) == node.position:
                self._place(v, place)
                if v in self._arena_of:
                    return

    def _may_be_placed(self, gradient: Value) -> bool:
        node = gradient.node
        return (
            node is not None
            and node.kind == "op"
            and gradient not in self._arena_of
            and gradient not in self._fetched
            and _takes_out(node.definition)
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
        until = passes._last_use(value, self._fetched)
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
            if max((u.position for u in value.uses), default=-1) == node.position:
                self._line(f"{name} = None", None)

    # ---- steps ------------------------------------------------------------------------

    def emit_read(self, node: Node) -> None:
        """Read a variable: its storage itself, or a copy where a write follows too soon."""
        value, reference = node.outputs[0], node.inputs[0]
        variable = reference.variable
        assert variable is not None
        handle = self._handle(variable)
        copied = node in self._copied
        if value.static:
            self._assumed[variable] = value.shape
        if not value.static or variable in self._plan.moved:
            self._line(f"{self._local(value)} = {handle}.read(){'.copy()' if copied else ''}", node)
            return
        self._check(variable, node)
        place = self._bound("w", lambda _: variable.value, ("place", variable))
        if copied:
            self._line(f"{self._local(value)} = {place}.copy()", node)
        else:
            self._names[value] = place
            self._places.add(place)
            self._static.add(value)

    def _check(self, variable: Variable, node: Node) -> None:
        """Raise TensorFlow's error if a variable holds no value."""
        if variable not in self._checked:
            self._checked.add(variable)
            handle = self._handle(variable)
            self._line(f"if not {handle}.initialized: {handle}.read()", node)

    def emit_op(self, node: Node) -> None:
        """Emit the call of an operation's kernel in the quickest form that fits."""
        definition = node.definition
        if definition.type == "MatMul" and is_blas(node):
            self._matmul(node)
        elif definition.view:
            self._view(node)
        elif _takes_out(definition) and len(node.outputs) == 1:
            self._into(node)
        else:
            self._call(node)

    def _arguments(self, node: Node) -> str:
        return ", ".join([self.name(v) for v in node.inputs])

    def _kernel(self, node: Node) -> tuple[Any, str]:
        """The kernel and what it is given."""
        definition, arguments = node.definition, self._arguments(node)
        if definition.specialize is not None and all(v.static for v in node.inputs):
            specs = [Spec(v.dtype, v.shape, v.const) for v in node.inputs]
            special = definition.specialize(specs, node.attrs)
            if special is not None:
                return special, arguments
        if definition.type in _PREPARED:
            arguments = f"{arguments}, {self._prepared(node)}"
        return definition.bind_kernel(node.attrs), arguments

    def _prepared(self, node: Node) -> str:
        """What steps that prepare the same inputs in the same way share within a run."""
        prepare, places = _PREPARED[node.definition.type]
        inputs = [node.inputs[i] for i in places]
        key = ("prepared", prepare, *inputs)
        if key not in self._shared:
            arguments = ", ".join([self.name(v) for v in inputs])
            name = self._shared[key] = f"s{len(self._lines)}"
            self._line(f"{name} = {self._function(prepare)}({arguments})", node)
        return self._shared[key]

    def _into(self, node: Node) -> None:
        """A kernel that can be told where to write."""
        kernel, arguments = self._kernel(node)
        function = self._function(kernel)
        out = self._destination(node, node.outputs[0])
        if out is None:
            self._line(f"{self._local(node.outputs[0])} = {function}({arguments})", node)
        elif isinstance(kernel, np.ufunc) and kernel not in _KEYWORD_ONLY:
            self._line(f"{function}({arguments}, {out})", node)
        else:
            self._line(f"{function}({arguments}, out={out})", node)

    def _call(self, node: Node) -> None:
        definition = node.definition
        kernel, arguments = self._kernel(node)
        if definition.context:
            context = self._constant("x", self._context(node.op))
            arguments = f"{context}, {arguments}" if arguments else context
        call = f"{self._function(kernel)}({arguments})"
        outputs = [v for v in node.outputs if v.variable is None]
        if not node.outputs or not outputs:
            self._line(call, node)
            return
        if len(definition.outputs) > 1 and any(a.is_list for a in definition.outputs):
            call = f"{self._function(_flattener(definition, node.attrs))}({call})"
        targets = ", ".join([self._local(v) for v in node.outputs])
        single = len(node.outputs) == 1 and not definition.outputs[0].is_list
        self._line(f"{targets} = {call}" if single else f"{targets}, = {call}", node)

    def _view(self, node: Node) -> None:
        """A view of static memory is taken once, when the function is bound."""
        base, value = node.inputs[0], node.outputs[0]
        self.name(base)
        fixed = all(v.const is not None for v in node.inputs[1:])
        turns = node.definition.type == "Transpose"
        lasting = base in self._static and fixed and value.static and len(node.outputs) == 1
        if not lasting or (base in self._strided and not turns):
            self._call(node)
            return
        kernel, rest = self._kernel(node)[0], [v.const for v in node.inputs[1:]]
        source = self._names[base]
        self._names[value] = self._bound("a", lambda frame: kernel(frame.names[source], *rest))
        self._static.add(value)
        if turns or base in self._strided:
            self._strided.add(value)
        if base in self._slot_of:
            self._slot_of[value] = self._slot_of[base]

    def _matmul(self, node: Node) -> None:
        a = self._operand(node.inputs[0], node.attrs["transpose_a"])
        b = self._operand(node.inputs[1], node.attrs["transpose_b"])
        value = node.outputs[0]
        matmul = self._function(np.multiply if is_outer(node) else np.matmul)
        parts = parts_of(node) if value.static and pool.workers else None
        if parts is None:
            out = self._destination(node, value)
            if out is None:
                self._line(f"{self._local(value)} = {matmul}({a}, {b})", node)
            else:
                self._line(f"{matmul}({a}, {b}, {out})", node)
            return
        out = self._destination(node, value)
        if out is None:
            out = self._local(value)
            empty, dtype = self._function(np.empty), self._constant("d", value.dtype.np_dtype)
            self._line(f"{out} = {empty}({value.shape}, {dtype})", node)
        by_rows, at = parts
        calls = []
        for cut in (f":{at}", f"{at}:"):
            left, right = (self._cut(a, cut), b) if by_rows else (a, self._cut(b, f":, {cut}"))
            target = self._cut(out, cut if by_rows else f":, {cut}")
            calls.append(f"({left}, {right}, {target})")
        self._line(f"{self._function(pool.both)}({matmul}, {calls[0]}, {calls[1]})", node)

    def _operand(self, value: Value, transposed: bool) -> str:
        name = self.name(value)
        if not transposed:
            return name
        if value in self._static:
            return self._bound("t", lambda frame: frame.names[name].T, ("turned", name))
        return f"{name}.T"

    def _cut(self, name: str, where: str) -> str:
        """A part of an array, taken when the function is bound if the array lies still."""
        if name[0] in "vf":
            return f"{name}[{where}]"
        key = tuple(
            slice(*[int(p) if p.strip() else None for p in part.split(":")])
            for part in where.split(",")
        )
        return self._bound("p", lambda frame: frame.names[name][key], ("part", name, where))

    def emit_update(self, node: Node) -> None:
        """Emit the joined update of an optimizer's variables."""
        sizes = [num_elements(m.inputs[0].shape) or 0 for m in node.members]
        dtype = node.members[0].inputs[0].dtype.np_dtype
        total = sum(sizes)

        def arrange(frame: Frame) -> None:
            if node not in frame.gradients:
                frame.gradients[node] = np.empty(total, dtype)
            known = [s.const for s in scalars]
            frame.updates[node] = FlatUpdate(node, frame.state, frame.gradients[node], known)

        self._early.append(arrange)
        at = 0
        scalars = passes.roles(node.members[0])[1]
        for member, size in zip(node.members, sizes, strict=True):
            variables, _, gradient = passes.roles(member)
            for value in variables:
                assert value.variable is not None
                self._assumed[value.variable] = value.shape
                self._check(value.variable, member)
            if self._arena_of.get(gradient) != (node, at):
                self._copy_gradient(node, gradient, at, size, member)
            at += size
        update = self._bound("u", lambda frame: frame.updates[node])
        known = all(s.const is not None for s in scalars)
        arguments = "" if known else ", ".join([self.name(s) for s in scalars])
        self._line(f"{update}({arguments})", node)

    def _copy_gradient(self, node: Node, gradient: Value, at: int, size: int, member: Node) -> None:
        shape = gradient.shape

        def binder(frame: Frame) -> Array:
            return frame.gradients[node][at : at + size].reshape(shape)  # type: ignore[arg-type]

        target = self._bound("g", binder)
        self._line(f"{self._function(np.copyto)}({target}, {self.name(gradient)})", member)

    def _result(self, value: Value | None) -> str:
        """An array of the caller's own; scalars come as NumPy scalars."""
        if value is None:
            return "None"
        if value.variable is not None:
            return f"{self._function(_owned)}({self._handle(value.variable)}.read())"
        name = self.name(value)
        fresh = name[0] == "v" and value.node is not None and not value.node.definition.view
        once = sum(v is value for v in self._plan.results) == 1
        unviewed = not any(u.definition.view for u in value.uses)
        if fresh and once and unviewed and value.node.kind == "op":  # type: ignore[union-attr]
            return (
                name
                if value.shape is not None and value.shape
                else f"{self._function(_scalar)}({name})"
            )
        return f"{self._function(_owned)}({name})"


class _Keep:
    """Keeps an object alive beside its id in a key."""

    __slots__ = ("item",)

    def __init__(self, item: Any) -> None:
        self.item = item

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keep) and other.item is self.item


def _owned(array: Any) -> Any:
    return np.array(array)[()]


def _scalar(value: Any) -> Any:
    return value if np.ndim(value) else np.asarray(value)[()]


def _takes_out(definition: OpDef) -> bool:
    return (
        definition.out
        and not definition.context
        and (definition.simple or definition.type == "AddN")
    )


def _works_in_place(node: Node) -> bool:
    """Whether the kernel may write over one of its inputs."""
    return node.definition.elementwise or (node.definition.type == "AddN" and len(node.inputs) == 2)


def _flattener(definition: OpDef, attrs: dict[str, Any]) -> Callable[[Any], list[Any]]:
    return lambda found: definition.as_outputs(found, attrs)


_EMITTERS: Final = {
    "read": Code.emit_read,
    "op": Code.emit_op,
    "update": Code.emit_update,
}
