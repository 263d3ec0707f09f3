"""Bodies: the graphs inside operations such as ``If`` and ``While``."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from skflow.graph.core import Graph
from skflow.graph.dtypes import DType
from skflow.graph.nodes import LATE, Operation, Tensor, TensorSpec
from skflow.graph.registry import REGISTRY, own
from skflow.graph.shapes import Shape


class BodyGraph(Graph):
    """A graph that an operation of another graph runs.

    It names and numbers its operations in one sequence with the graphs around it, as if they
    stood in the outermost one: so names agree with TensorFlow's, whose bodies stand there, and
    operations without a seed of their own get different random streams.

    Parameters
    ----------
    outer : Graph
        The graph that the body is built in.
    counted : set of Tensor, optional
        The tensors from outside that have been given a number, shared by bodies of one loop.

    Attributes
    ----------
    inputs, outputs : list of Tensor
        What the body is called with, and what it returns.
    captures : dict of Tensor to Tensor
        From tensors of the outer graph to what stands for them here.
    waits : list of Operation
        Operations of the outer graph that must have run before.
    recorded : list of Tensor
        What differs from run to run: with values for these the outputs can be computed again.
    """

    _shared: Graph | None = None

    def __init__(self, outer: Graph, counted: set[Tensor] | None = None) -> None:
        super().__init__()
        root = outer._root()
        self.outer = outer
        self.inputs: list[Tensor] = []
        self.outputs: list[Tensor] = []
        self.captures: dict[Tensor, Tensor] = {}
        self.waits: list[Operation] = []
        self.recorded: list[Tensor] = []
        self._closed = False
        self._counted: set[Tensor] = set() if counted is None else counted
        self._shared = root
        self._names_in_use = root._names_in_use
        self._name_stack = outer._name_stack
        self._device_stack = list(outer._device_stack)
        self._colocation_stack = list(outer._colocation_stack)
        self._gradient_overrides = outer._gradient_overrides
        self._original_op = outer._original_op
        self._container = outer._container
        self._finalized = root._finalized

    # ---- what is the outermost graph's ------------------------------------------------

    @property
    def _last_id(self) -> int:
        return 0 if self._shared is None else self._shared._last_id

    @_last_id.setter
    def _last_id(self, number: int) -> None:
        if self._shared is not None:
            self._shared._last_id = number

    @property
    def seed(self) -> int | None:
        """The outermost graph's random seed."""
        return self._root().seed

    @seed.setter
    def seed(self, seed: int | None) -> None:
        self._root().seed = seed

    def as_graph_element(
        self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True
    ) -> Tensor | Operation:
        """Find the tensor or operation that `obj` is or names, here or in a graph around.

        Parameters
        ----------
        obj : str, Tensor, Operation or Variable
            A name or the thing itself.
        allow_tensor, allow_operation : bool
            What may be returned.

        Raises
        ------
        TypeError, ValueError, KeyError
            See `Graph.as_graph_element`.
        """
        assert self.outer is not None
        try:
            return super().as_graph_element(obj, allow_tensor, allow_operation)
        except (KeyError, ValueError):
            return self.outer.as_graph_element(obj, allow_tensor, allow_operation)

    def control_dependencies(self, control_inputs: Any) -> AbstractContextManager[Any]:
        """Make every operation built in the block wait for `control_inputs`.

        Parameters
        ----------
        control_inputs : list of Operation or Tensor, or None
            What to wait for; ``None`` leaves the bodies around the block, as in TensorFlow.
        """
        if control_inputs is None:
            return self._outside()
        return super().control_dependencies(control_inputs)

    @contextmanager
    def _outside(self) -> Iterator[Graph]:
        root = self._root()
        scope = f"{self._name_stack}/" if self._name_stack else None
        with root.as_default(), root.control_dependencies(None), root.name_scope(scope):
            yield root

    # ---- what comes from outside ------------------------------------------------------

    def _capture_control(self, item: Any) -> Operation | None:
        convert = getattr(item, "_as_graph_element", None)
        item = convert() if convert is not None else item
        op = item.op if isinstance(item, Tensor) else item
        if isinstance(op, Operation) and op.graph is not self:
            self.wait_for(op)
            return None
        return super()._capture_control(item)

    def add_operation(
        self,
        definition: Any,
        name: str,
        inputs: tuple[Tensor, ...],
        attrs: dict[str, Any],
        outputs: Sequence[tuple[DType, Shape]],
        frames: list[tuple[Any, int]] | None = None,
    ) -> Operation:
        """Append an operation (see `Graph.add_operation`); ValueError once the body is closed."""
        if self._closed:
            raise ValueError(
                f"Cannot build '{name}': it takes a tensor that was built inside a conditional or "
                "a loop, which only operations built there can take. Let the function that built "
                "it return it."
            )
        return super().add_operation(definition, name, inputs, attrs, outputs, frames)

    def close(self) -> None:
        """Take no more operations: the one that runs the body has been built."""
        self._closed = True

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        """Build operations that TensorFlow has no counterpart of: numbers go on as before."""
        number = self._last_id
        try:
            yield
        finally:
            self._last_id = number

    def copy(self, op: Operation, inputs: Sequence[Tensor]) -> Operation:
        """Append an operation like one of another body, without what it waits for."""
        return self.add_operation(
            op.definition,
            self._free_name(op.name),
            tuple(inputs),
            dict(op.attrs),
            [(t.dtype, t._spec.shape) for t in op.outputs],
            op._frames,
        )

    def wait_for(self, op: Operation) -> None:
        """Let an operation of a graph around run before the body does."""
        outer = self.outer
        assert outer is not None
        if op.graph is outer:
            if op not in self.waits:
                self.waits.append(op)
        elif isinstance(outer, BodyGraph):
            outer.wait_for(op)
        else:
            raise ValueError(f"Operation {op!r} is not an element of this graph.")

    def capture(self, tensor: Tensor) -> Tensor:
        """What stands in this body for a tensor of a graph around it.

        Raises
        ------
        ValueError
            If the tensor is of no graph around it.
        """
        found = self.captures.get(tensor)
        if found is None:
            assert self.outer is not None
            nearest = own(self.outer, tensor)
            self.count(tensor)
            if tensor.dtype.is_ref_dtype:
                found = self._alias(tensor)
            else:
                found = self.captures.get(nearest) or self.add_input(nearest)
                self.captures[nearest] = found
            self.captures[tensor] = found
        return found

    def count(self, tensor: Tensor) -> None:
        """Skip the number that TensorFlow gives to the operation that brings a tensor in."""
        if tensor not in self._counted:
            self._counted.add(tensor)
            self._last_id += 1

    def _alias(self, reference: Tensor) -> Tensor:
        """The same variable, declared once more: a session finds it by its name."""
        op = reference.op
        while op.type not in ("VariableV2", "Variable"):
            self.wait_for(op)
            op = next(t for t in op.inputs if t.dtype.is_ref_dtype).op
        attrs = {**op.attrs, "shared_name": op.attrs.get("shared_name") or op.name}
        return self._add_source(op.type, op.name, attrs, reference.dtype, reference._spec.shape)

    def _add_source(
        self, kind: str, name: str, attrs: dict[str, Any], dtype: DType, shape: Shape
    ) -> Tensor:
        """An operation that takes nothing and waits for nothing, with one output.

        It shares the number of the operation before it.
        """
        saved = self._control_stack, self._device_stack, self._colocation_stack
        self._control_stack, self._device_stack, self._colocation_stack = [], [], []
        self._last_id -= 1
        try:
            op = self.add_operation(
                REGISTRY[kind], self._free_name(name), (), attrs, [(dtype, shape)]
            )
        finally:
            self._control_stack, self._device_stack, self._colocation_stack = saved
        return op.outputs[0]

    def _free_name(self, name: str) -> str:
        """A name like that of a tensor outside, which only this body needs to know."""
        found, i = name, 0
        while found in self._by_name:
            i += 1
            found = f"{name}_{i}"
        return found

    def add_input(self, like: Tensor, name: str | None = None) -> Tensor:
        """Append an argument for which a tensor of the outer graph is passed.

        Parameters
        ----------
        like : Tensor
            That tensor: what is known of it is known of the argument.
        name : str, optional
            The argument's name; by default like the tensor's.
        """
        found = self.add_typed_input(like.dtype, like._spec.shape, name or like.op.name)
        spec = found._spec
        spec._value, spec._partial = like._spec.value, like._spec.partial
        return found

    def add_variable_input(self, like: Tensor, shape: Shape, name: str) -> Tensor:
        """Append an argument of a tensor's type whose value differs from call to call.

        Parameters
        ----------
        like : Tensor
            A tensor of the outer graph.
        shape : tuple or None
            What is known of the shape of all that will be passed.
        name : str
            The argument's name.
        """
        return self.add_typed_input(like.dtype, shape, name)

    def add_typed_input(self, dtype: DType, shape: Shape, name: str) -> Tensor:
        """Append an argument of which no more than its type and shape is known.

        Parameters
        ----------
        dtype : DType
            The type; an argument is no reference.
        shape : tuple or None
            What is known of the shape.
        name : str
            The argument's name.
        """
        base = dtype.base_dtype
        attrs = {"T": base, "index": len(self.inputs)}
        found = self._add_source("_Arg", name, attrs, base, shape)
        spec = found._spec
        assert isinstance(spec, TensorSpec)
        spec._known = True
        self.inputs.append(found)
        return found

    def arrange(self, tensors: Sequence[Tensor]) -> None:
        """Let `tensors` be passed, in this order, after what is no capture."""
        captured = set(self.captures.values())
        self.inputs = [t for t in self.inputs if t not in captured]
        for tensor in tensors:
            found = self.captures.get(tensor)
            if found is None:
                self.captures[tensor] = self.add_input(tensor)
            else:
                self.inputs.append(found)
        for i, tensor in enumerate(self.inputs):
            tensor.op.attrs["index"] = i

    def captured(self) -> list[Tensor]:
        """The tensors of the outer graph that are passed in and used, in the order they came."""
        used = {t for op in needed(self.outputs) for t in op.outputs} | set(self.outputs)
        return [
            t
            for t, inner in self.captures.items()
            if t.graph is self.outer and inner in used and inner.op.type == "_Arg"
        ]


def needed(
    targets: Iterable[Tensor], known: Container[Tensor] = (), control: bool = True
) -> list[Operation]:
    """The operations of a body that some of its tensors depend on, in the order they were made.

    Parameters
    ----------
    targets : iterable of Tensor
        The tensors.
    known : container of Tensor
        Tensors that depend on nothing.
    control : bool
        Whether operations that others wait for count too.
    """
    found: set[Operation] = set()
    stack = [t.op for t in targets if t not in known]
    while stack:
        op = stack.pop()
        if op in found:
            continue
        found.add(op)
        stack.extend(t._op for t in op.inputs if t not in known)
        if control:
            stack.extend(op._control_inputs)
    return [] if not found else [op for op in next(iter(found)).graph._operations if op in found]


def share_captures(bodies: Sequence[BodyGraph]) -> list[Tensor]:
    """What at least one of several bodies captures: from now on it is passed to each."""
    tensors = list(dict.fromkeys(t for body in bodies for t in body.captured()))
    for body in bodies:
        body.arrange(tensors)
    return tensors


def _capture(graph: Graph, tensor: Tensor) -> Tensor:
    assert isinstance(graph, BodyGraph)
    return graph.capture(tensor)


LATE["capture"] = _capture
