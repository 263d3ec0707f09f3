"""Variables: values that a session keeps from run to run, each with a reader and an initializer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn

from skflow.graph.collections import GraphKeys
from skflow.graph.conversion import convert_to_tensor, register_tensor_conversion_function
from skflow.graph.core import Graph, get_default_graph
from skflow.graph.dtypes import DType
from skflow.graph.functions import (
    array as array_functions,
    state as state_functions,
)
from skflow.graph.lazy import LazyModule
from skflow.graph.nodes import LATE, OVERLOADABLE_OPERATORS, Operation, Operators, Tensor
from skflow.graph.scopes import colocate_with, control_dependencies, device, name_scope
from skflow.graph.shapes import TensorShape, is_full
from skflow.graph.slice_info import SliceInfo, prepend_scope, strip_scope
from skflow.graph.sparse_types import IndexedSlices
from skflow.graph.stacks import get_default_session

if TYPE_CHECKING:
    from skflow.graph.functions import control
else:
    control = LazyModule("skflow.graph.functions.control")


class _OwnGroup:
    """Stands for an operation yet to be made, with which others are to share a device."""

    _device: Final = ""

    def __init__(self, name: str) -> None:
        self.name = name

    def colocation_groups(self) -> list[bytes]:
        """The group named after it."""
        return [f"loc:@{self.name}".encode()]


@contextmanager
def _own_group(name: str) -> Iterator[None]:
    """Let operations share the device of one not made yet, unless another's is asked for."""
    graph = get_default_graph()
    saved: list[Any] = graph._colocation_stack
    graph._colocation_stack = saved or [_OwnGroup(name)]
    try:
        yield
    finally:
        graph._colocation_stack = saved


class Variable(Operators):
    """A value that a session keeps and operations may change.

    It must be initialized before it is read: run its `initializer`, or that of all variables
    (`global_variables_initializer`).

    Parameters
    ----------
    initial_value : Tensor, anything convertible to one, or callable
        The first value; a callable takes no argument and needs `dtype`.
    trainable : bool
        Whether optimizers change it unless told otherwise.
    collections : list, optional
        The collections it is added to; by default that of all global variables.
    validate_shape : bool
        Whether its shape is that of the first value, which must then be known, for good.
    caching_device : str or callable, optional
        The device recorded for the reader.
    name : str, optional
        Its name, made unique; by default ``"Variable"``.
    variable_def : VariableDef, optional
        A message instead of all else: find the operations of this variable in the graph.
    dtype : DType, optional
        Its type; by default the first value's.
    expected_shape : object
        Ignored.
    import_scope : str, optional
        A name scope to put before the names in `variable_def`.

    Raises
    ------
    ValueError
        If there is no first value or its shape is not known.
    """

    SaveSliceInfo: ClassVar[type[SliceInfo]] = SliceInfo
    __array_priority__ = 100

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool = True,
        collections: Any = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        expected_shape: Any = None,
        import_scope: str | None = None,
    ) -> None:
        del expected_shape
        self._save_slice_info: SliceInfo | None = None
        self._caching_device = caching_device
        self._initial_value: Tensor
        self._initializer_op: Operation
        self._snapshot: Tensor
        self._variable: Tensor
        if variable_def is not None:
            if initial_value is not None:
                raise ValueError("variable_def and initial_value are mutually exclusive.")
            self._find(variable_def, import_scope)
            return
        if initial_value is None:
            raise ValueError("initial_value must be specified.")
        wanted = _collections(collections, trainable)
        with control_dependencies(None):
            self._build(initial_value, validate_shape, name, dtype)
        self.graph.add_to_collections(wanted, self)

    def _build(
        self, initial_value: Any, validate_shape: bool, name: str | None, dtype: Any
    ) -> None:
        """Make the operations: first value, storage, assignment, reader."""
        late = callable(initial_value)
        with name_scope(name, "Variable", [] if late else [initial_value]) as scope:
            if late:
                with _own_group(scope.rstrip("/")):
                    with name_scope("Initializer"), device(None):
                        first = convert_to_tensor(
                            initial_value(), name="initial_value", dtype=dtype
                        )
                    self._declare(first, validate_shape, scope)
            else:
                first = convert_to_tensor(initial_value, name="initial_value", dtype=dtype)
                self._declare(first, validate_shape, scope)
            if validate_shape and not is_full(first.spec.shape):
                raise ValueError(f"initial_value must have a shape specified: {first}")
            self._initial_value = first
            self._initializer_op = state_functions.assign(
                self._variable, first, validate_shape=validate_shape
            ).op
            with self._reader_place():
                self._snapshot = array_functions.identity(self._variable, name="read")

    def _declare(self, first: Tensor, validate_shape: bool, scope: str) -> None:
        self._variable = state_functions.variable_op_v2(
            first.spec.shape if validate_shape else None,
            first.dtype.base_dtype,
            name=scope,
            container=get_default_graph()._container,
        )

    def _reader_place(self) -> AbstractContextManager[None]:
        if self._caching_device is not None:
            return device(self._caching_device)
        return colocate_with(self._variable.op)

    def _find(self, variable_def: Any, import_scope: str | None) -> None:
        """Take the operations that a message names from the default graph."""
        graph = get_default_graph()

        def element(name: str) -> Any:
            return graph.as_graph_element(prepend_scope(name, import_scope))

        self._variable = element(variable_def.variable_name)
        self._initializer_op = element(variable_def.initializer_name)
        self._snapshot = element(variable_def.snapshot_name)
        _check_parts(self._variable, self._initializer_op, self._snapshot)
        self._initial_value = self._initializer_op.inputs[1]
        if variable_def.HasField("save_slice_info_def"):
            self._save_slice_info = SliceInfo(
                save_slice_info_def=variable_def.save_slice_info_def, import_scope=import_scope
            )

    # ---- as a tensor ------------------------------------------------------------------

    def _as_graph_element(self) -> Tensor:
        return self._variable

    def _ref(self) -> Tensor:
        """The reference, which operations that change the variable take."""
        return self._variable

    def _AsTensor(self) -> Tensor:
        return self._snapshot

    def value(self) -> Tensor:
        """Return the tensor that reads the variable.

        Within one run it is read before it is changed, unless control dependencies say
        otherwise.
        """
        return self._snapshot

    def read_value(self) -> Tensor:
        """Return a new tensor that reads the variable under the control dependencies here."""
        return array_functions.identity(self._variable, name="read")

    def initialized_value(self) -> Tensor:
        """Return the variable's value, or its first value while it has none.

        Returns
        -------
        Tensor
            For the first values of other variables.
        """
        with control_dependencies(None):
            known = state_functions.is_variable_initialized(self)
            return control.cond(  # type: ignore[no-any-return]
                known, self.read_value, lambda: self.initial_value
            )

    def eval(self, session: Any = None) -> Any:
        """Return the value in a session.

        Parameters
        ----------
        session : Session, optional
            The session; by default the innermost one entered.

        Returns
        -------
        numpy.ndarray or scalar
            The value.
        """
        return self._variable.eval(session=session)

    def __getitem__(self, key: Any) -> Tensor:
        """Build the slice of the value; its ``assign`` writes to the variable."""
        return LATE["__getitem__"](self.value(), key, self)  # type: ignore[no-any-return]

    def __iter__(self) -> NoReturn:
        raise TypeError("'Variable' object is not iterable.")

    # ---- changing it ------------------------------------------------------------------

    def assign(self, value: Any, use_locking: bool = False) -> Tensor:
        """Return an operation's tensor that gives the variable a new value (see `tf.assign`)."""
        return state_functions.assign(self._variable, value, use_locking=use_locking)

    def assign_add(self, delta: Any, use_locking: bool = False) -> Tensor:
        """Return an operation's tensor that adds `delta` (see `tf.assign_add`)."""
        return state_functions.assign_add(self._variable, delta, use_locking=use_locking)

    def assign_sub(self, delta: Any, use_locking: bool = False) -> Tensor:
        """Return an operation's tensor that subtracts `delta` (see `tf.assign_sub`)."""
        return state_functions.assign_sub(self._variable, delta, use_locking=use_locking)

    def scatter_sub(self, sparse_delta: IndexedSlices, use_locking: bool = False) -> Tensor:
        """Return an operation's tensor that subtracts from some rows.

        Parameters
        ----------
        sparse_delta : IndexedSlices
            The rows and what to subtract from them; repeated rows add up.
        use_locking : bool
            Recorded only: a run that changes variables has them for itself.

        Returns
        -------
        Tensor
            The reference, to be used where the new value is wanted.

        Raises
        ------
        ValueError
            If `sparse_delta` is not an `IndexedSlices`.
        """
        if not isinstance(sparse_delta, IndexedSlices):
            raise ValueError(  # noqa: TRY004  # TensorFlow's class
                f"sparse_delta is not IndexedSlices: {sparse_delta}"
            )
        return state_functions.scatter_sub(
            self._variable, sparse_delta.indices, sparse_delta.values, use_locking=use_locking
        )

    def count_up_to(self, limit: int) -> Tensor:
        """Return the value and add 1 to it, up to a limit (see `tf.count_up_to`)."""
        return state_functions.count_up_to(self._variable, limit=limit)

    def load(self, value: Any, session: Any = None) -> None:
        """Give the variable a value in a session, without adding to the graph.

        Parameters
        ----------
        value : numpy.ndarray
            The value, of the variable's shape.
        session : Session, optional
            The session; by default the innermost one entered.

        Raises
        ------
        ValueError
            If there is no session.
        """
        chosen = get_default_session() if session is None else session
        if chosen is None:
            raise ValueError(
                "Either session argument should be provided or default session should be "
                "established"
            )
        chosen.run(self._initializer_op, {self._initializer_op.inputs[1]: value})

    # ---- what it is -------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name of the reference: the variable's name, a colon and 0."""
        return self._variable.name

    @property
    def initializer(self) -> Operation:
        """The operation that gives the variable its first value."""
        return self._initializer_op

    @property
    def initial_value(self) -> Tensor:
        """The first value."""
        return self._initial_value

    @property
    def device(self) -> str:
        """The device recorded for the variable."""
        return self._variable.device

    @property
    def dtype(self) -> DType:
        """The type of the reference, such as ``float32_ref``."""
        return self._variable.dtype

    @property
    def op(self) -> Operation:
        """The operation that declares the variable."""
        return self._variable.op

    @property
    def graph(self) -> Graph:
        """The graph the variable is part of."""
        found: Graph = self._variable.graph
        return found

    @property
    def shape(self) -> TensorShape:
        """The shape, as far as it is known."""
        return self._variable.get_shape()

    def get_shape(self) -> TensorShape:
        """Return the shape, as far as it is known."""
        return self._variable.get_shape()

    def set_shape(self, shape: Any) -> None:
        """Add what the caller knows of the shape; ValueError if it cannot be so."""
        self._variable.set_shape(shape)
        self._snapshot.set_shape(shape)

    def __repr__(self) -> str:
        return f"<tf.Variable '{self.name}' shape={self.get_shape()} dtype={self.dtype.name}>"

    # ---- as a message -----------------------------------------------------------------

    def to_proto(self, export_scope: str | None = None) -> Any:
        """Return the names of the variable's operations as a ``VariableDef`` message.

        Parameters
        ----------
        export_scope : str, optional
            A name scope to leave out of the names.

        Returns
        -------
        VariableDef or None
            ``None`` if the variable is not in that scope.
        """
        if export_scope is not None and not self.name.startswith(export_scope):
            return None
        place = self._save_slice_info
        return LATE["message"](
            "VariableDef",
            variable_name=strip_scope(self.name, export_scope),
            initializer_name=strip_scope(self.initializer.name, export_scope),
            snapshot_name=strip_scope(self._snapshot.name, export_scope),
            save_slice_info_def=None if place is None else place.to_proto(export_scope),
        )

    @staticmethod
    def from_proto(variable_def: Any, import_scope: str | None = None) -> Variable:
        """Return the variable that a ``VariableDef`` message names in the default graph.

        Parameters
        ----------
        variable_def : VariableDef
            The message.
        import_scope : str, optional
            A name scope to put before the names.
        """
        return Variable(variable_def=variable_def, import_scope=import_scope)

    def _set_save_slice_info(self, save_slice_info: SliceInfo) -> None:
        self._save_slice_info = save_slice_info

    def _get_save_slice_info(self) -> SliceInfo | None:
        return self._save_slice_info


def _check_parts(variable: Any, initializer: Any, snapshot: Any) -> None:
    """Raise ValueError unless what a message names can be the parts of a variable."""
    if not (isinstance(variable, Tensor) and variable.dtype.is_ref_dtype):
        raise ValueError(f"VariableDef names {variable!r} as a variable, which is none")
    if not (isinstance(initializer, Operation) and len(initializer.inputs) == 2):
        raise ValueError(f"VariableDef names {initializer!r} as an initializer, which is none")
    if not isinstance(snapshot, Tensor):
        raise ValueError(f"VariableDef names {snapshot!r} as a value, which is none")  # noqa: TRY004


def _overload(name: str) -> Callable[..., Any]:
    def operator(self: Variable, *args: Any) -> Any:
        return LATE[name](self.value(), *args)

    operator.__name__ = operator.__qualname__ = name
    operator.__doc__ = f"Build the operation behind ``{name}`` on the variable's value."
    return operator


for _name in OVERLOADABLE_OPERATORS:
    if _name not in vars(Variable):
        setattr(Variable, _name, _overload(_name))


def check_conversion(variable: Any, dtype: DType | None) -> None:
    """Raise ValueError unless a variable may stand where a type is wanted."""
    if dtype is not None and not dtype.is_compatible_with(variable.dtype):
        raise ValueError(
            f"Incompatible type conversion requested to type '{dtype.name}' for variable of "
            f"type '{variable.dtype.name}'"
        )


def _convert(
    value: Variable, dtype: DType | None = None, name: str | None = None, as_ref: bool = False
) -> Tensor:
    del name
    check_conversion(value, dtype)
    return value._ref() if as_ref else value.value()


register_tensor_conversion_function(Variable, _convert)


def _collections(given: Any, trainable: bool) -> list[Any]:
    if given is None:
        given = [GraphKeys.GLOBAL_VARIABLES]
    if not isinstance(given, (list, tuple, set)):
        raise ValueError(  # noqa: TRY004  # TensorFlow's class
            "collections argument to Variable constructor must be a list, tuple, or set. Got "
            f"{given} of type {type(given)}"
        )
    found = list(given)
    if trainable and GraphKeys.TRAINABLE_VARIABLES not in found:
        found.append(GraphKeys.TRAINABLE_VARIABLES)
    return found
