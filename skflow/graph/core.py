"""The graph being built: its operations, names, scopes and collections."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, Final, Self

from skflow.graph.device import merge_device, to_recorded
from skflow.graph.dtypes import DType, as_dtype
from skflow.graph.nodes import LATE, Operation, Tensor, TensorSpec, user_frames
from skflow.graph.shapes import Shape
from skflow.graph.stacks import GraphStack, graphs

_ROOT_NAME: Final = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\-/]*$")
_SCOPE_NAME: Final = re.compile(r"^[A-Za-z0-9_.\-/]*$")


class _ControlDependencies:
    """A block in which every new operation waits for some others."""

    def __init__(self, graph: Graph, ops: list[Operation], fresh: bool) -> None:
        self.graph = graph
        self.ops = ops
        self.fresh = fresh
        self.seen: set[Operation] = set()
        self.outer: list[_ControlDependencies] = []

    def __enter__(self) -> Self:
        self.outer = self.graph._control_stack
        self.graph._control_stack = [] if self.fresh else [*self.outer, self]
        return self

    def __exit__(self, *exc: object) -> None:
        self.graph._control_stack = self.outer


class Graph:
    """A set of operations and the tensors that flow between them."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._operations: list[Operation] = []
        self._by_name: dict[str, Operation] = {}
        self._names_in_use: dict[str, int] = {}
        self._last_id = 0
        self._name_stack = ""
        self._control_stack: list[_ControlDependencies] = []
        self._device_stack: list[Any] = []
        self._colocation_stack: list[Operation] = []
        self._gradient_overrides: dict[str, str] = {}
        self._op_labels: dict[str, str] = {}
        self._original_op: Operation | None = None
        self._collections: dict[Any, list[Any]] = {}
        self._seed: int | None = None
        self._finalized = False
        self._container = ""
        self._unfeedable: set[Tensor] = set()
        self._unfetchable: set[Operation] = set()
        self._plans: dict[Any, Any] = {}
        self.outer: Graph | None = None
        self._default_stack: list[AbstractContextManager[Graph]] = []

    # ---- operations -------------------------------------------------------------------

    def add_operation(
        self,
        definition: Any,
        name: str,
        inputs: tuple[Tensor, ...],
        attrs: dict[str, Any],
        outputs: Sequence[tuple[DType, Shape]],
        frames: list[tuple[Any, int]] | None = None,
    ) -> Operation:
        """Append an operation whose name is unique and whose outputs are known.

        Everything that builds a graph ends here; inputs have been checked by the registry.
        """
        self._check_not_finalized()
        if name in self._by_name:
            raise ValueError(f"cannot add op with name {name} as that name is already used")
        op = Operation.__new__(Operation)
        op.graph = self
        op.definition = definition
        op.type = definition.type
        op.name = name
        op.inputs = inputs
        op.attrs = attrs
        op._device = ""
        op._original_op = self._original_op
        op._frames = user_frames() if frames is None else frames
        op._control_inputs = self._control_inputs_for(inputs) if self._control_stack else []
        tensors = op.outputs = []
        for i, (dtype, shape) in enumerate(outputs):
            tensor = Tensor.__new__(Tensor)
            tensor._op = op
            tensor.value_index = i
            tensor.dtype = dtype
            tensor._consumers = []
            tensor._spec = TensorSpec(tensor, shape)
            tensors.append(tensor)
        for tensor in inputs:
            tensor._consumers.append(op)
        if self._gradient_overrides and op.type in self._gradient_overrides:
            attrs["_gradient_op_type"] = self._gradient_overrides[op.type]
        if self._device_stack:
            self._apply_devices(op)
        if self._colocation_stack:
            self._colocate(op)
        with self._lock:
            self._last_id += 1
            op._id = self._last_id
            self._operations.append(op)
            self._by_name[name] = op
        for block in self._control_stack:
            block.seen.add(op)
        return op

    def create_op(
        self,
        op_type: str,
        inputs: Sequence[Tensor],
        dtypes: Sequence[Any],
        input_types: Any = None,
        name: str | None = None,
        attrs: dict[str, Any] | None = None,
        op_def: Any = None,
        compute_shapes: bool = True,
        compute_device: bool = True,
    ) -> Operation:
        """Append an operation by its type's name.

        Parameters
        ----------
        op_type : str
            A registered type, such as ``"MatMul"``.
        inputs : list of Tensor
            What it computes from.
        dtypes : list of DType
            The types of what it computes.
        input_types : list of DType, optional
            Ignored: the types follow from the inputs.
        name : str, optional
            The name; by default the type.
        attrs : dict, optional
            The attributes, as Python values or ``AttrValue`` messages.
        op_def, compute_shapes, compute_device : object
            Ignored: shapes are always inferred and devices recorded.

        Returns
        -------
        Operation
        """
        del input_types, op_def, compute_shapes, compute_device  # TensorFlow's, of no use here
        for i, tensor in enumerate(inputs):
            if not isinstance(tensor, Tensor):
                raise TypeError(f"Input #{i} is not a tensor: {tensor}")
        return LATE["create_op"](  # type: ignore[no-any-return]
            self, op_type, tuple(inputs), [as_dtype(d) for d in dtypes], name, attrs or {}
        )

    def _control_inputs_for(self, inputs: tuple[Tensor, ...]) -> list[Operation]:
        """The operations to wait for, less those that an input has waited for already."""
        producers = {t._op for t in inputs}
        wait: dict[Operation, None] = {}
        for block in self._control_stack:
            if producers.isdisjoint(block.seen):
                for op in block.ops:
                    if op not in producers:
                        wait[op] = None
        return list(wait)

    def _colocate(self, op: Operation) -> None:
        groups: list[bytes] = []
        for other in self._colocation_stack:
            groups.extend(g for g in other.colocation_groups() if g not in groups)
            op._device = op._device or other._device
        mine = list(op.attrs.get("_class") or ())
        op.attrs["_class"] = sorted({*mine, *groups})

    def _apply_devices(self, op: Operation) -> None:
        for function in reversed(self._device_stack):
            if function is None:
                break
            op._device = to_recorded(function(op))

    def get_operations(self) -> list[Operation]:
        """Return the operations in the order they were made."""
        return list(self._operations)

    @property
    def version(self) -> int:
        """A number that grows with every operation made."""
        return self._last_id

    @property
    def graph_def_versions(self) -> Any:
        """The versions recorded in a ``GraphDef`` of this graph."""
        return LATE["graph_def"](Graph()).versions

    @property
    def seed(self) -> int | None:
        """The graph-level random seed."""
        return self._seed

    @seed.setter
    def seed(self, seed: int | None) -> None:
        self._seed = seed

    @property
    def building_function(self) -> bool:
        """Whether this graph is the body of a ``cond`` or ``while_loop``."""
        return self.outer is not None

    @property
    def finalized(self) -> bool:
        """Whether the graph is closed to new operations."""
        return self._finalized

    def finalize(self) -> None:
        """Close the graph to new operations."""
        self._finalized = True

    def _check_not_finalized(self) -> None:
        if self._finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")

    def _unsafe_unfinalize(self) -> None:
        self._finalized = False

    def as_graph_def(self, from_version: int | None = None, add_shapes: bool = False) -> Any:
        """Return the graph as a ``GraphDef`` message.

        Parameters
        ----------
        from_version : int, optional
            Leave out the operations made up to this version.
        add_shapes : bool
            Record the output shapes in the attribute ``_output_shapes``.
        """
        return LATE["graph_def"](self, from_version, add_shapes)

    def _repr_html_(self) -> str:
        """Show the graph in a notebook, with its name scopes folded."""
        return str(LATE["graph_html"](self))

    # ---- names ------------------------------------------------------------------------

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """Return `name` in the present scope, with a number if it is taken.

        Parameters
        ----------
        name : str
            The wanted name.
        mark_as_used : bool
            Whether the returned name counts as taken from now on.
        """
        if self._name_stack:
            name = f"{self._name_stack}/{name}"
        used = self._names_in_use
        i = used.get(name, 0)
        if mark_as_used:
            used[name] = i + 1
        if i == 0:
            return name
        base = name
        while name in used:
            name = f"{base}_{i}"
            i += 1
        if mark_as_used:
            used[name] = 1
        return name

    def operation_name(self, name: str) -> str:
        """Return the unique name of a new operation that asks to be called `name`.

        Raises
        ------
        ValueError
            If it is not a valid name.
        """
        full = name[:-1] if name.endswith("/") else self.unique_name(name)
        if not _ROOT_NAME.match(full):
            raise ValueError(f"'{full}' is not a valid node name")
        return full

    def enter_name_scope(self, name: str | None) -> str:
        """Enter a scope and return the one to go back to."""
        old = self._name_stack
        if name:
            if not (_SCOPE_NAME if old else _ROOT_NAME).match(name):
                raise ValueError(f"'{name}' is not a valid scope name")
            self._name_stack = name[:-1] if name.endswith("/") else self.unique_name(name)
        else:
            self._name_stack = ""
        return old

    @contextmanager
    def name_scope(self, name: str | None) -> Iterator[str]:
        """Enter a name scope.

        Parameters
        ----------
        name : str or None
            The scope's name, made unique; ``"x/"`` re-enters ``x``; ``None`` or ``""`` goes
            back to the root.

        Yields
        ------
        str
            The full name with a slash at its end.

        Raises
        ------
        ValueError
            If it is not a valid scope name.
        """
        old = self.enter_name_scope(name)
        try:
            yield f"{self._name_stack}/" if self._name_stack else ""
        finally:
            self._name_stack = old

    # ---- looking things up ------------------------------------------------------------

    def as_graph_element(
        self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True
    ) -> Tensor | Operation:
        """Find the tensor or operation that `obj` is or names.

        Parameters
        ----------
        obj : str, Tensor, Operation or Variable
            A name such as ``"x"`` or ``"x:0"``, or the thing itself.
        allow_tensor, allow_operation : bool
            What may be returned.

        Raises
        ------
        TypeError
            If it cannot name anything.
        ValueError
            If the name is malformed, or the thing is of another kind or graph.
        KeyError
            If the graph has nothing of that name.
        """
        if allow_tensor and allow_operation:
            wanted = "Tensor or Operation"
        elif allow_tensor:
            wanted = "Tensor"
        elif allow_operation:
            wanted = "Operation"
        else:
            raise ValueError("allow_tensor and allow_operation can't both be False.")
        convert = getattr(obj, "_as_graph_element", None)
        obj = convert() if convert is not None else obj
        if isinstance(obj, bytes):
            obj = obj.decode()
        if isinstance(obj, str):
            return self._named(obj, allow_tensor, allow_operation)
        if isinstance(obj, Tensor) and allow_tensor:
            if obj.graph is not self:
                raise ValueError(f"Tensor {obj} is not an element of this graph.")
            return obj
        if isinstance(obj, Operation) and allow_operation:
            if obj.graph is not self:
                raise ValueError(f"Operation {obj} is not an element of this graph.")
            return obj
        raise TypeError(f"Can not convert a {type(obj).__name__} into a {wanted}.")

    def _named(self, name: str, allow_tensor: bool, allow_operation: bool) -> Tensor | Operation:
        if ":" not in name or not allow_tensor:
            return self._named_operation(name, allow_tensor, allow_operation)
        op_name, _, number = name.partition(":")
        try:
            index = int(number)
        except ValueError:
            raise ValueError(
                f"The name {name!r} looks a like a Tensor name, but is not a valid one. Tensor "
                'names must be of the form "<op_name>:<output_index>".'
            ) from None
        op = self._by_name.get(op_name)
        if op is None:
            raise KeyError(
                f"The name {name!r} refers to a Tensor which does not exist. The operation, "
                f"{op_name!r}, does not exist in the graph."
            )
        if not -len(op.outputs) <= index < len(op.outputs):
            raise KeyError(
                f"The name {name!r} refers to a Tensor which does not exist. The operation, "
                f"{op_name!r}, exists but only has {len(op.outputs)} outputs."
            )
        return op.outputs[index]

    def _named_operation(self, name: str, allow_tensor: bool, allow_operation: bool) -> Operation:
        op = self._by_name.get(name)
        if not allow_operation:
            form = 'Tensor names must be of the form "<op_name>:<output_index>".'
            if op is not None:
                raise ValueError(f"The name {name!r} refers to an Operation, not a Tensor. {form}")
            raise ValueError(
                f"The name {name!r} looks like an (invalid) Operation name, not a Tensor. {form}"
            )
        if ":" in name and not allow_tensor:
            raise ValueError(f"Name {name!r} appears to refer to a Tensor, not a Operation.")
        if op is None:
            raise KeyError(f"The name {name!r} refers to an Operation not in the graph.")
        return op

    def get_operation_by_name(self, name: str) -> Operation:
        """Return the operation called `name`; KeyError if there is none."""
        if not isinstance(name, str):
            raise TypeError(f"Operation names are strings (or similar), not {type(name).__name__}.")
        found = self.as_graph_element(name, allow_tensor=False, allow_operation=True)
        assert isinstance(found, Operation)
        return found

    def get_tensor_by_name(self, name: str) -> Tensor:
        """Return the tensor called `name`, such as ``"x:0"``; KeyError if there is none."""
        if not isinstance(name, str):
            raise TypeError(f"Tensor names are strings (or similar), not {type(name).__name__}.")
        found = self.as_graph_element(name, allow_tensor=True, allow_operation=False)
        assert isinstance(found, Tensor)
        return found

    # ---- collections ------------------------------------------------------------------

    def add_to_collection(self, name: Any, value: Any) -> None:
        """Append `value` to the collection called `name`."""
        self._check_not_finalized()
        self._root()._collections.setdefault(name, []).append(value)

    def add_to_collections(self, names: Any, value: Any) -> None:
        """Append `value` to every collection in `names` (one name or several)."""
        for name in dict.fromkeys((names,) if isinstance(names, str) else names):
            self.add_to_collection(name, value)

    def get_collection_ref(self, name: Any) -> list[Any]:
        """Return the collection itself, which the caller may change."""
        return self._root()._collections.setdefault(name, [])

    def get_collection(self, name: Any, scope: str | None = None) -> list[Any]:
        """Return what is in a collection.

        Parameters
        ----------
        name : str
            The collection's name.
        scope : str, optional
            A regular expression; only items whose name begins with it are returned.
        """
        items = self._root()._collections.get(name, [])
        if scope is None or not items:
            return list(items)
        pattern = re.compile(scope)
        return [i for i in items if hasattr(i, "name") and pattern.match(i.name)]

    def get_all_collection_keys(self) -> list[Any]:
        """Return the names of the collections."""
        return [k for k in self._root()._collections if isinstance(k, str)]

    def clear_collection(self, name: Any) -> None:
        """Empty a collection."""
        self._check_not_finalized()
        self._root()._collections.pop(name, None)

    def _root(self) -> Graph:
        graph = self
        while graph.outer is not None:
            graph = graph.outer
        return graph

    # ---- scopes -----------------------------------------------------------------------

    def control_dependencies(self, control_inputs: Any) -> AbstractContextManager[Any]:
        """Make every operation built in the block wait for `control_inputs`.

        Parameters
        ----------
        control_inputs : list of Operation or Tensor, or None
            What to wait for; ``None`` forgets the blocks around this one.
        """
        if control_inputs is None:
            return _ControlDependencies(self, [], fresh=True)
        known = {op for block in self._control_stack for op in block.ops}
        ops: dict[Operation, None] = {}
        for item in control_inputs:
            found = self._capture_control(
                getattr(item, "values", item) if _is_slices(item) else item
            )
            if found is not None and found not in known:
                ops[found] = None
        return _ControlDependencies(self, list(ops), fresh=False)

    def _capture_control(self, item: Any) -> Operation | None:
        """The operation to wait for; one outside a body has run before the body does."""
        convert = getattr(item, "_as_graph_element", None)
        item = convert() if convert is not None else item
        if self.outer is not None and getattr(item, "graph", self) is not self:
            return None
        found = self.as_graph_element(item)
        return found.op if isinstance(found, Tensor) else found

    @contextmanager
    def device(self, device_name_or_function: Any) -> Iterator[None]:
        """Record a device for the operations built in the block.

        Parameters
        ----------
        device_name_or_function : str, DeviceSpec, callable or None
            A device, a function of the operation that returns one, or ``None`` to ignore the
            blocks around this one.
        """
        given = device_name_or_function
        self._device_stack.append(
            given if given is None or callable(given) else merge_device(given)
        )
        try:
            yield
        finally:
            self._device_stack.pop()

    @contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:
        """Record that the operations built in the block share a device with `op`.

        Parameters
        ----------
        op : Operation, Tensor, Variable or None
            What to share the device with, whatever the `device` blocks around this one say.
        ignore_existing : bool
            Forget the blocks of this kind around this one; needed if `op` is ``None``.

        Raises
        ------
        ValueError
            If `op` is ``None`` and `ignore_existing` is not set.
        """
        if op is None and not ignore_existing:
            raise ValueError(
                "Trying to reset colocation (op is None) but ignore_existing is not True"
            )
        saved, devices = self._colocation_stack, self._device_stack
        outer = [] if ignore_existing else saved
        self._colocation_stack = outer if op is None else [*outer, _operation_of(op)]
        self._device_stack = []
        try:
            yield
        finally:
            self._colocation_stack, self._device_stack = saved, devices

    @contextmanager
    def container(self, container_name: str) -> Iterator[str]:
        """Record a resource container for the stateful operations built in the block."""
        old, self._container = self._container, container_name
        try:
            yield container_name
        finally:
            self._container = old

    @contextmanager
    def gradient_override_map(self, op_type_map: dict[str, str]) -> Iterator[None]:
        """Use other gradient functions for the operations built in the block.

        Parameters
        ----------
        op_type_map : dict of str to str
            From an operation type to a name given to `RegisterGradient`.
        """
        if not isinstance(op_type_map, dict):
            raise TypeError("op_type_map must be a dictionary mapping strings to strings")
        for item in (*op_type_map, *op_type_map.values()):
            if not isinstance(item, str):
                raise TypeError("op_type_map must be a dictionary mapping strings to strings")
        old = self._gradient_overrides
        self._gradient_overrides = {**old, **op_type_map}
        try:
            yield
        finally:
            self._gradient_overrides = old

    @contextmanager
    def original_op(self, op: Operation) -> Iterator[None]:
        """Record that the operations built in the block were made for `op`."""
        old, self._original_op = self._original_op, op
        try:
            yield
        finally:
            self._original_op = old

    # ---- what may be fed and fetched --------------------------------------------------

    def prevent_feeding(self, tensor: Tensor) -> None:
        """Forbid feeding `tensor`."""
        self._unfeedable.add(tensor)

    def is_feedable(self, tensor: Tensor) -> bool:
        """Whether `tensor` may be fed."""
        return tensor not in self._unfeedable

    def prevent_fetching(self, op: Operation) -> None:
        """Forbid fetching `op`."""
        self._unfetchable.add(op)

    def is_fetchable(self, tensor_or_op: Any) -> bool:
        """Whether a tensor or operation may be fetched."""
        op = tensor_or_op.op if isinstance(tensor_or_op, Tensor) else tensor_or_op
        return op not in self._unfetchable

    # ---- the default graph ------------------------------------------------------------

    def as_default(self) -> AbstractContextManager[Graph]:
        """Make this the default graph of the block, in this thread."""
        return graphs.entered(self)

    def __enter__(self) -> Graph:  # noqa: PYI034  # the default graph, which is this one
        block = self.as_default()
        self._default_stack.append(block)
        return block.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._default_stack.pop().__exit__(kind, error, trace)


def _operation_of(item: Any) -> Operation:
    """The operation that `item` is, or that computes it."""
    if isinstance(item, Operation):
        return item
    found: Operation = getattr(item, "op", None) or LATE["convert"](item, as_ref=True).op
    return found


def _is_slices(item: Any) -> bool:
    return hasattr(item, "indices") and hasattr(item, "values") and not callable(item.values)


GraphStack.make = Graph


def get_default_graph() -> Graph:
    """Return the graph that operations are added to in this thread.

    Returns
    -------
    Graph
        The innermost graph entered, else the process's own.
    """
    return graphs.top()  # type: ignore[no-any-return]


def reset_default_graph() -> None:
    """Replace the process's own default graph by an empty one.

    Raises
    ------
    AssertionError
        Inside a block that entered another graph.
    """
    graphs.reset()
