"""The graph being built: operations, tensors, names, scopes, collections, default stacks."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, Self

from skflow.graph import spec as specs
from skflow.graph.device import merge_device, to_device_string
from skflow.graph.spec import DType, Shape, Spec, TensorShape

_ROOT_NAME: Final = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\-/]*$")
_SCOPE_NAME: Final = re.compile(r"^[A-Za-z0-9_.\-/]*$")
_OWN_CODE: Final = str(Path(__file__).parent.parent)
_MAX_FRAMES: Final = 32

LATE: Final[dict[str, Callable[..., Any]]] = {}
"""What layers above supply: operator overloads, ``create_op``, ``node_def``, ``graph_def``."""


class SessionLike(Protocol):
    """What `Tensor.eval` and `Operation.run` ask of a session."""

    graph: Graph

    def run(self, fetches: Any, feed_dict: Any = None) -> Any:
        """Run and fetch."""


def user_frames() -> list[tuple[Any, int]]:
    """Where the caller stands, innermost first: (code, instruction) outside this package."""
    frame: Any = sys._getframe(1)
    found: list[tuple[Any, int]] = []
    while frame is not None and len(found) < _MAX_FRAMES:
        code = frame.f_code
        if found or not code.co_filename.startswith(_OWN_CODE):
            found.append((code, frame.f_lasti))
        frame = frame.f_back
    return found


def _line_number(code: Any, instruction: int) -> int:
    for start, end, line in code.co_lines():
        if start <= instruction < end and line is not None:
            return int(line)
    return int(code.co_firstlineno)


class Operators:
    """What arithmetic on tensors, and on what stands for one, means to a type checker."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __div__(self, other: Any) -> Tensor: ...
        def __rdiv__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __rfloordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __rmod__(self, other: Any) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __rand__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __ror__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __rxor__(self, other: Any) -> Tensor: ...
        def __getitem__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...


class Tensor(Operators):
    """One output of an operation: a value that exists while a session runs.

    Parameters
    ----------
    op : Operation
        The operation that computes it.
    value_index : int
        Which of the operation's outputs it is.
    dtype : DType
        The type of its elements.
    """

    __slots__ = ("__weakref__", "_consumers", "_op", "_spec", "assign", "dtype", "value_index")
    __array_priority__: ClassVar[int] = 100

    _op: Operation
    _spec: Spec
    assign: Callable[[Any], Tensor]  # what a slice of a variable has: it writes to the variable

    def __init__(self, op: Operation, value_index: int, dtype: Any) -> None:
        if not isinstance(op, Operation):
            raise TypeError(f"op needs to be an Operation: {op}")
        self._op = op
        self.value_index = value_index
        self.dtype: DType = specs.as_dtype(dtype)
        self._spec = TensorSpec(self, None)
        self._consumers: list[Operation] = []

    @property
    def op(self) -> Operation:
        """The operation that computes this tensor."""
        return self._op

    @property
    def graph(self) -> Graph:
        """The graph this tensor is part of."""
        return self._op.graph

    @property
    def name(self) -> str:
        """The operation's name, a colon, and the output's index."""
        return f"{self._op.name}:{self.value_index}"

    @property
    def device(self) -> str:
        """The device recorded for the operation."""
        return self._op.device

    @property
    def spec(self) -> Spec:
        """What is known of the value before the run."""
        return self._spec

    @property
    def shape(self) -> TensorShape:
        """The partially known shape."""
        return TensorShape(self._spec.shape)

    def get_shape(self) -> TensorShape:
        """Return the partially known shape."""
        return TensorShape(self._spec.shape)

    def set_shape(self, shape: Any) -> None:
        """Add what the caller knows of the shape.

        Parameters
        ----------
        shape : TensorShape or sequence
            A shape compatible with the known one.

        Raises
        ------
        ValueError
            If the two disagree.
        """
        self._spec.shape = self.shape.merge_with(shape)._dims

    def consumers(self) -> list[Operation]:
        """Return the operations that take this tensor as an input."""
        return list(dict.fromkeys(self._consumers))

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """Compute this tensor in a session.

        Parameters
        ----------
        feed_dict : dict, optional
            Values for tensors, as in `Session.run`.
        session : Session, optional
            The session; by default the innermost one entered.

        Returns
        -------
        numpy.ndarray or scalar
            The value.

        Raises
        ------
        ValueError
            If there is no session, or it runs another graph.
        """
        return _session_for(self.graph, session, "evaluate tensor", "eval()", "tensor").run(
            self, feed_dict
        )

    def __iter__(self) -> Iterator[Any]:
        raise TypeError("'Tensor' object is not iterable.")

    def __bool__(self) -> bool:
        raise TypeError(
            "Using a `tf.Tensor` as a Python `bool` is not allowed. Use `if t is not None:` "
            "instead of `if t:` to test if a tensor is defined, and use TensorFlow ops such as "
            "tf.cond to execute subgraphs conditioned on the value of a tensor."
        )

    __nonzero__ = __bool__

    def _as_node_def_input(self) -> str:
        return self._op.name if self.value_index == 0 else self.name

    def __str__(self) -> str:
        shape = "" if self._spec.shape is None else f", shape={self.get_shape()}"
        device = f", device={self.device}" if self.device else ""
        return f'Tensor("{self.name}"{shape}, dtype={self.dtype.name}{device})'

    def __repr__(self) -> str:
        return f"<tf.Tensor '{self.name}' shape={self.get_shape()} dtype={self.dtype.name}>"


def _overload(name: str) -> Callable[..., Any]:
    def operator(self: Tensor, *args: Any) -> Any:
        return LATE[name](self, *args)

    operator.__name__ = operator.__qualname__ = name
    operator.__doc__ = f"Build the operation behind ``{name}``."
    return operator


OVERLOADABLE_OPERATORS: Final = [
    "__add__",
    "__radd__",
    "__sub__",
    "__rsub__",
    "__mul__",
    "__rmul__",
    "__div__",
    "__rdiv__",
    "__truediv__",
    "__rtruediv__",
    "__floordiv__",
    "__rfloordiv__",
    "__mod__",
    "__rmod__",
    "__lt__",
    "__le__",
    "__gt__",
    "__ge__",
    "__and__",
    "__rand__",
    "__or__",
    "__ror__",
    "__xor__",
    "__rxor__",
    "__getitem__",
    "__pow__",
    "__rpow__",
    "__invert__",
    "__neg__",
    "__abs__",
    "__matmul__",
    "__rmatmul__",
]
for _name in OVERLOADABLE_OPERATORS:
    setattr(Tensor, _name, _overload(_name))


class TensorSpec(Spec):
    """The spec of a tensor in a graph: its value is worked out when somebody asks."""

    __slots__ = ("_known", "_tensor")

    def __init__(self, tensor: Tensor, shape: Shape) -> None:
        self.dtype = tensor.dtype.base_dtype
        self.shape = shape
        self._tensor = tensor
        self._known = False
        self._value = None
        self._partial = None

    def _work_out(self) -> None:
        self._known = True
        self._value, self._partial = LATE["static_value"](self._tensor)

    @property
    def value(self) -> Any:
        """The value, if constants alone determine it."""
        if not self._known:
            self._work_out()
        return self._value

    @property
    def partial(self) -> Shape:
        """The known entries of a vector that describes a shape."""
        if not self._known:
            self._work_out()
        return self._partial


class Operation:
    """A node of the graph: it takes tensors and computes tensors.

    Parameters
    ----------
    node_def : NodeDef
        Name, type and attributes.
    g : Graph
        The graph it becomes part of.
    inputs : list of Tensor, optional
        What it computes from.
    output_types : list of DType, optional
        The types of what it computes.
    control_inputs : list of Operation, optional
        What must have run before.
    input_types : list of DType, optional
        The types it reads its inputs as.
    original_op : Operation, optional
        The operation this one was made for, such as the one it is the gradient of.
    op_def : OpDef, optional
        Ignored: the registry knows the declaration.
    """

    __slots__ = (
        "__weakref__",
        "_control_inputs",
        "_device",
        "_frames",
        "_id",
        "_original_op",
        "attrs",
        "definition",
        "graph",
        "inputs",
        "name",
        "outputs",
        "type",
    )

    _control_inputs: list[Operation]
    _device: str
    _frames: list[tuple[Any, int]]
    _id: int
    _original_op: Operation | None
    attrs: dict[str, Any]
    definition: Any
    graph: Graph
    inputs: tuple[Tensor, ...]
    name: str
    outputs: list[Tensor]
    type: str

    def __init__(
        self,
        node_def: Any,
        g: Graph,
        inputs: Any = None,
        output_types: Any = None,
        control_inputs: Any = None,
        input_types: Any = None,
        original_op: Any = None,
        op_def: Any = None,
    ) -> None:
        if not isinstance(g, Graph):
            raise TypeError("g needs to be a Graph.")
        LATE["operation_from_node_def"](
            self, node_def, g, list(inputs or ()), output_types, list(control_inputs or ())
        )
        self._original_op = original_op

    @property
    def control_inputs(self) -> list[Operation]:
        """The operations that must have run before this one."""
        return list(self._control_inputs)

    def _add_control_inputs(self, ops: Sequence[Operation]) -> None:
        self._control_inputs.extend(op for op in ops if op not in self._control_inputs)

    @property
    def device(self) -> str:
        """The device recorded for this operation; everything runs on the CPU."""
        return self._device

    def _set_device(self, device: Any) -> None:
        self._device = to_device_string(device)

    @property
    def node_def(self) -> Any:
        """This operation as a ``NodeDef`` message."""
        return LATE["node_def"](self)

    @property
    def op_def(self) -> Any:
        """The declaration of this operation's type."""
        return self.definition

    @property
    def traceback(self) -> list[tuple[str, int, str, str]]:
        """Where the user built this operation, outermost first: file, line, function, text."""
        frames = [(c.co_filename, _line_number(c, i), c.co_name) for c, i in self._frames]
        return [(f, n, w, _source_line(f, n)) for f, n, w in reversed(frames)]

    def colocation_groups(self) -> list[bytes]:
        """Return the groups of operations this one is to share a device with."""
        groups = self.attrs.get("_class")
        return list(groups) if groups else [f"loc:@{self.name}".encode()]

    def get_attr(self, name: str) -> Any:
        """Return the attribute called `name`; ValueError if there is none."""
        if name not in self.attrs:
            raise ValueError(f"No attr named '{name}' in {self}")
        return self.attrs[name]

    def values(self) -> tuple[Tensor, ...]:
        """Return the outputs."""
        return tuple(self.outputs)

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Run this operation in a session.

        Parameters
        ----------
        feed_dict : dict, optional
            Values for tensors, as in `Session.run`.
        session : Session, optional
            The session; by default the innermost one entered.

        Raises
        ------
        ValueError
            If there is no session, or it runs another graph.
        """
        _session_for(self.graph, session, "execute operation", "run()", "operation").run(
            self, feed_dict
        )

    def __str__(self) -> str:
        return str(LATE["node_text"](self))

    def __repr__(self) -> str:
        return f"<tf.Operation '{self.name}' type={self.type}>"


def _source_line(filename: str, line: int) -> str:
    lookup = LATE.get("source_line")
    return "" if lookup is None else str(lookup(filename, line))


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
        if self._finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")
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
        if self._colocation_stack:
            self._colocate(op)
        with self._lock:
            self._last_id += 1
            op._id = self._last_id
            self._operations.append(op)
            self._by_name[name] = op
        if self._device_stack and not op._device:
            self._apply_devices(op)
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
        return LATE["create_op"](  # type: ignore[no-any-return]
            self, op_type, tuple(inputs), [specs.as_dtype(d) for d in dtypes], name, attrs or {}
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
            op._device = other._device or op._device
        mine = list(op.attrs.get("_class") or ())
        op.attrs["_class"] = sorted({*mine, *groups})

    def _apply_devices(self, op: Operation) -> None:
        for function in reversed(self._device_stack):
            if function is None:
                break
            op._device = to_device_string(function(op))

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
        if name.endswith("/"):
            return name[:-1]
        if not _ROOT_NAME.match(name):
            raise ValueError(f"'{name}' is not a valid node name")
        return self.unique_name(name)

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
        op_name, _, index = name.partition(":")
        if not index.isdigit():
            raise ValueError(
                f"The name {name!r} looks a like a Tensor name, but is not a valid one. Tensor "
                'names must be of the form "<op_name>:<output_index>".'
            )
        op = self._by_name.get(op_name)
        if op is None:
            raise KeyError(
                f"The name {name!r} refers to a Tensor which does not exist. The operation, "
                f"{op_name!r}, does not exist in the graph."
            )
        if int(index) >= len(op.outputs):
            raise KeyError(
                f"The name {name!r} refers to a Tensor which does not exist. The operation, "
                f"{op_name!r}, exists but only has {len(op.outputs)} outputs."
            )
        return op.outputs[int(index)]

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
        if self._finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")
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
        if scope is None:
            return list(items)
        pattern = re.compile(scope)
        return [i for i in items if hasattr(i, "name") and pattern.match(i.name)]

    def get_all_collection_keys(self) -> list[Any]:
        """Return the names of the collections."""
        return [k for k in self._root()._collections if isinstance(k, str)]

    def clear_collection(self, name: Any) -> None:
        """Empty a collection."""
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
        ops: dict[Operation, None] = {}
        for item in control_inputs:
            found = self._capture_control(
                getattr(item, "values", item) if _is_slices(item) else item
            )
            if found is not None:
                ops[found] = None
        return _ControlDependencies(self, list(ops), fresh=False)

    def _capture_control(self, item: Any) -> Operation | None:
        """The operation to wait for; one outside a body has run before the body does."""
        convert = getattr(item, "_as_graph_element", None)
        item = convert() if convert is not None else item
        if self.outer is not None and isinstance(item, (Tensor, Operation)):
            if item.graph is not self:
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
        """Record that the operations built in the block share a device with `op`."""
        op = getattr(op, "op", op)
        saved, devices = self._colocation_stack, self._device_stack
        if ignore_existing or op is None:
            self._colocation_stack = []
            self._device_stack = []
        if op is not None:
            self._colocation_stack = [*self._colocation_stack, op]
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
        return _graphs.entered(self)

    def __enter__(self) -> Self:
        block = self.as_default()
        self._default_stack.append(block)
        return block.__enter__()

    def __exit__(self, *exc: object) -> None:
        self._default_stack.pop().__exit__(*exc)


def _is_slices(item: Any) -> bool:
    return hasattr(item, "indices") and hasattr(item, "values") and not callable(item.values)


class _Stack(threading.local):
    """A thread's innermost default object."""

    def __init__(self) -> None:
        self.items: list[Any] = []

    @contextmanager
    def entered(self, item: Any) -> Iterator[Any]:
        self.items.append(item)
        try:
            yield item
        finally:
            # An item may have been left out of order: a session closed inside a block.
            for i in range(len(self.items) - 1, -1, -1):
                if self.items[i] is item:
                    del self.items[i]
                    break


class _GraphStack(_Stack):
    """The default graphs: one for the whole process, and each thread's own above it."""

    shared: ClassVar[Graph | None] = None

    def top(self) -> Graph:
        if self.items:
            return self.items[-1]  # type: ignore[no-any-return]
        if _GraphStack.shared is None:
            _GraphStack.shared = Graph()
        return _GraphStack.shared

    def reset(self) -> None:
        if self.items:
            raise AssertionError(
                "Do not use tf.reset_default_graph() to clear nested graphs. If you need a "
                "cleared graph, exit the nesting and create a new graph."
            )
        _GraphStack.shared = None


_graphs: Final = _GraphStack()
_sessions: Final = _Stack()


def get_default_graph() -> Graph:
    """Return the graph that operations are added to in this thread.

    Returns
    -------
    Graph
        The innermost graph entered, else the process's own.
    """
    return _graphs.top()


def reset_default_graph() -> None:
    """Replace the process's own default graph by an empty one.

    Raises
    ------
    AssertionError
        Inside a block that entered another graph.
    """
    _graphs.reset()


def get_default_session() -> Any:
    """Return the innermost session entered in this thread, or ``None``."""
    return _sessions.items[-1] if _sessions.items else None


def default_session(session: Any) -> AbstractContextManager[Any]:
    """Make `session` the default session of a block."""
    return _sessions.entered(session)


def _session_for(graph: Graph, session: Any, what: str, how: str, kind: str) -> SessionLike:
    """The session to evaluate in, or TensorFlow's sentence about why there is none."""
    chosen = get_default_session() if session is None else session
    if chosen is None:
        colon = "" if kind == "tensor" else ":"
        raise ValueError(
            f"Cannot {what} using `{how}`: No default session is registered. Use `with "
            f"sess.as_default(){colon}` or pass an explicit session to "
            f"`{how[:-1]}session=sess)`"
        )
    if chosen.graph is not graph:
        if session is None:
            raise ValueError(
                f"Cannot use the default session to {what}: the {kind}'s graph is different "
                f"from the session's graph. Pass an explicit session to `{how[:-1]}session=sess)`."
            )
        raise ValueError(
            f"Cannot use the given session to {what}: the {kind}'s graph is different from the "
            "session's graph."
        )
    return chosen  # type: ignore[no-any-return]


def graph_of(items: Sequence[Any]) -> Graph:
    """The graph that tensors among `items` are in, else the default graph.

    Raises
    ------
    ValueError
        If they are not all in one graph.
    """
    top = _graphs.top()
    if top.outer is not None:
        return top
    first: Any = None
    for item in items:
        if not isinstance(item, (Tensor, Operation)):
            convert = getattr(item, "_as_graph_element", None)
            if convert is None:
                continue
            item = convert()
        if first is None:
            first = item
        elif first.graph is not item.graph:
            raise ValueError(f"{item} must be from the same graph as {first}.")
    return top if first is None else first.graph  # type: ignore[no-any-return]


@contextmanager
def name_scope(
    name: str | None, default_name: str | None = None, values: Sequence[Any] | None = None
) -> Iterator[str]:
    """Open a name scope in the graph of some values.

    Parameters
    ----------
    name : str or None
        The scope's name, made unique; ``"x/"`` re-enters ``x``.
    default_name : str, optional
        The name if `name` is ``None``.
    values : list, optional
        Tensors that must be of one graph, which becomes the default one.

    Yields
    ------
    str
        The full name with a slash at its end.

    Raises
    ------
    ValueError
        If the values are of several graphs, or the name is not valid.
    """
    chosen = default_name if name is None else name
    if name is None and default_name is None and values is not None:
        raise ValueError("At least one of name (None) and default_name (None) must be provided.")
    graph = graph_of(values or ())
    entered = nullcontext() if graph is _graphs.top() else graph.as_default()
    with entered, graph.name_scope(chosen) as scope:
        yield scope


def control_dependencies(control_inputs: Any) -> AbstractContextManager[Any]:
    """Make what is built in the block, in the default graph, wait for `control_inputs`.

    Parameters
    ----------
    control_inputs : list of Operation or Tensor, or None
        What to wait for; ``None`` forgets the blocks around this one.
    """
    return get_default_graph().control_dependencies(control_inputs)


def device(device_name_or_function: Any) -> AbstractContextManager[None]:
    """Record a device for what is built in the block in the default graph.

    Parameters
    ----------
    device_name_or_function : str, DeviceSpec, callable or None
        See `Graph.device`. Devices are recorded only: everything runs on the CPU.
    """
    return get_default_graph().device(device_name_or_function)


def colocate_with(op: Any, ignore_existing: bool = False) -> AbstractContextManager[None]:
    """Record that what is built in the block shares a device with `op`."""
    return get_default_graph().colocate_with(op, ignore_existing)


def container(container_name: str) -> AbstractContextManager[str]:
    """Record a resource container for what is built in the block."""
    return get_default_graph().container(container_name)


def add_to_collection(name: Any, value: Any) -> None:
    """Append `value` to a collection of the default graph."""
    get_default_graph().add_to_collection(name, value)


def get_collection(key: Any, scope: str | None = None) -> list[Any]:
    """Return what is in a collection of the default graph (see `Graph.get_collection`)."""
    return get_default_graph().get_collection(key, scope)


def get_collection_ref(key: Any) -> list[Any]:
    """Return a collection of the default graph itself."""
    return get_default_graph().get_collection_ref(key)


class GraphKeys:
    """Names of the collections that the library itself uses."""

    GLOBAL_VARIABLES = "variables"
    LOCAL_VARIABLES = "local_variables"
    MODEL_VARIABLES = "model_variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    SUMMARIES = "summaries"
    QUEUE_RUNNERS = "queue_runners"
    TABLE_INITIALIZERS = "table_initializer"
    ASSET_FILEPATHS = "asset_filepaths"
    MOVING_AVERAGE_VARIABLES = "moving_average_variables"
    REGULARIZATION_LOSSES = "regularization_losses"
    CONCATENATED_VARIABLES = "concatenated_variables"
    SAVERS = "savers"
    WEIGHTS = "weights"
    BIASES = "biases"
    ACTIVATIONS = "activations"
    UPDATE_OPS = "update_ops"
    LOSSES = "losses"
    SAVEABLE_OBJECTS = "saveable_objects"
    RESOURCES = "resources"
    LOCAL_RESOURCES = "local_resources"
    TRAINABLE_RESOURCE_VARIABLES = "trainable_resource_variables"
    INIT_OP = "init_op"
    LOCAL_INIT_OP = "local_init_op"
    READY_OP = "ready_op"
    READY_FOR_LOCAL_INIT_OP = "ready_for_local_init_op"
    SUMMARY_OP = "summary_op"
    GLOBAL_STEP = "global_step"
    EVAL_STEP = "eval_step"
    TRAIN_OP = "train_op"
    COND_CONTEXT = "cond_context"
    WHILE_CONTEXT = "while_context"
    VARIABLES = "variables"
