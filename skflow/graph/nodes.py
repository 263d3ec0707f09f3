"""Operations and tensors: the nodes of a graph and what flows between them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from skflow.graph.device import to_recorded
from skflow.graph.dtypes import DType, as_dtype
from skflow.graph.lazy import LazyModule, LazyTable
from skflow.graph.shapes import Shape, TensorShape
from skflow.graph.spec import Spec
from skflow.graph.stacks import get_default_session

_OWN_CODE: Final = str(Path(__file__).parent.parent)
_MAX_FRAMES: Final = 32
_linecache: Final = LazyModule("linecache")

LATE: Final[LazyTable[Callable[..., Any]]] = LazyTable(
    {
        "graph.conversion": "convert",
        "graph.registry": "create_op static_value Const",
        "graph.body": "capture",
        "graph.gradients": "gradients gradient_reaches",
        "graph.functions.operators": (
            "__add__ __radd__ __sub__ __rsub__ __mul__ __rmul__ __div__ __rdiv__ __truediv__ "
            "__rtruediv__ __floordiv__ __rfloordiv__ __mod__ __rmod__ __pow__ __rpow__ __and__ "
            "__rand__ __or__ __ror__ __xor__ __rxor__ __neg__ __abs__ __invert__ __lt__ __le__ "
            "__gt__ __ge__"
        ),
        "graph.functions.linalg": "__matmul__ __rmatmul__",
        "graph.functions.slicing": "__getitem__",
        "graph.functions.sparse": "sparse__mul__ sparse__div__ sparse__truediv__",
        "graph.serialize": (
            "message node_def graph_def node_text operation_from_node_def attr_value"
        ),
        "graph.drawing": "graph_html",
    }
)
"""What layers above supply: operator overloads, ``create_op``, ``node_def``, ``graph_def``."""


class SessionLike(Protocol):
    """What `Tensor.eval` and `Operation.run` ask of a session."""

    graph: Any

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
        self.dtype: DType = as_dtype(dtype)
        self._spec = TensorSpec(self, None)
        self._consumers: list[Operation] = []

    @property
    def op(self) -> Operation:
        """The operation that computes this tensor."""
        return self._op

    @property
    def graph(self) -> Any:
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
        """Return the operations that take this tensor, once for each input that it is."""
        return list(self._consumers)

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
        return session_for(self.graph, session, "evaluate tensor", "eval()", "tensor").run(
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

    def __getattr__(self, name: str) -> Any:
        # Python 3.13 writes the class of an unset slot with its module.
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

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
    graph: Any
    inputs: tuple[Tensor, ...]
    name: str
    outputs: list[Tensor]
    type: str

    def __init__(
        self,
        node_def: Any,
        g: Any,
        inputs: Any = None,
        output_types: Any = None,
        control_inputs: Any = None,
        input_types: Any = None,
        original_op: Any = None,
        op_def: Any = None,
    ) -> None:
        del op_def  # TensorFlow's, of no use here
        if not hasattr(g, "add_operation"):
            raise TypeError(f"g needs to be a Graph: {g}")
        inputs = [] if inputs is None else inputs
        if not isinstance(inputs, list):
            raise TypeError(f"inputs needs to be a list of Tensors: {inputs}")
        LATE["operation_from_node_def"](
            self, node_def, g, inputs, output_types, list(control_inputs or ())
        )
        given = zip(inputs, input_types or (), strict=False)
        if not all(as_dtype(d).is_compatible_with(t.dtype) for t, d in given):
            raise TypeError("Inputs are not compatible with input types")
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
        self._device = to_recorded(device)

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
        groups = [g for g in self.attrs.get("_class") or () if g.startswith(b"loc:@")]
        return groups or [f"loc:@{self.name}".encode()]

    def get_attr(self, name: str) -> Any:
        """Return the attribute called `name`, text as bytes; ValueError if there is none."""
        if name not in self.attrs:
            raise ValueError(f"No attr named '{name}' in {self}")
        value = self.attrs[name]
        if isinstance(value, list):
            return [v.encode() if isinstance(v, str) else v for v in value]
        return value.encode() if isinstance(value, str) else value

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
        session_for(self.graph, session, "execute operation", "run()", "operation").run(
            self, feed_dict
        )

    def __str__(self) -> str:
        return str(LATE["node_text"](self))

    def __repr__(self) -> str:
        return f"<tf.Operation '{self.name}' type={self.type}>"


def _source_line(filename: str, line: int) -> str:
    return str(_linecache.getline(filename, line)).strip()


def session_for(graph: Any, session: Any, what: str, how: str, kind: str) -> SessionLike:
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
            tick = "`" if kind == "tensor" else ""
            raise ValueError(
                f"Cannot use the default session to {what}: the {kind}'s graph is different from "
                f"the session's graph. Pass an explicit session to {tick}{how[:-1]}session=sess)"
                f"{tick}."
            )
        raise ValueError(
            f"Cannot use the given session to {what}: the {kind}'s graph is different from the "
            "session's graph."
        )
    return chosen  # type: ignore[no-any-return]
