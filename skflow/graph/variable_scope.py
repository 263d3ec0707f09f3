"""Variables by name: `get_variable` makes or shares them, `variable_scope` says where and how."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, Final

from skflow.graph.collections import GraphKeys, get_collection, get_collection_ref
from skflow.graph.conversion import convert_to_tensor
from skflow.graph.core import get_default_graph
from skflow.graph.dtypes import DType, as_dtype, float32
from skflow.graph.scopes import control_dependencies, graph_of, name_scope
from skflow.graph.variable_store import AUTO_REUSE, VariableStore, must_exist

_STORE_KEY: Final = ("__variable_store",)
_SCOPE_KEY: Final = ("__varscope",)


class VariableScope:
    """What `get_variable` goes by: a prefix of names, and defaults for its parameters.

    Parameters
    ----------
    reuse : bool, AUTO_REUSE or None
        Whether variables must exist (``True``), must not (``False``), or may (``AUTO_REUSE``,
        ``None``).
    name : str
        The prefix of the names.
    initializer, regularizer, caching_device, partitioner, custom_getter, dtype, use_resource
        Defaults for `get_variable`.
    name_scope : str
        The name scope that was opened with it.
    """

    def __init__(
        self,
        reuse: Any,
        name: str = "",
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        name_scope: str = "",
        dtype: Any = float32,
        use_resource: bool | None = None,
    ) -> None:
        self._name = name
        self._initializer = initializer
        self._regularizer = regularizer
        self._reuse = reuse
        self._caching_device = caching_device
        self._partitioner = partitioner
        self._custom_getter = custom_getter
        self._name_scope = name_scope
        self._dtype = dtype
        self._use_resource = use_resource

    @property
    def name(self) -> str:
        """The prefix of the names."""
        return self._name

    @property
    def original_name_scope(self) -> str:
        """The name scope that was opened with it."""
        return self._name_scope

    @property
    def reuse(self) -> Any:
        """Whether variables must exist, must not, or may."""
        return self._reuse

    @property
    def initializer(self) -> Any:
        """The default initializer."""
        return self._initializer

    @property
    def dtype(self) -> Any:
        """The default type."""
        return self._dtype

    @property
    def use_resource(self) -> bool | None:
        """Recorded only: every variable is of the one kind there is."""
        return self._use_resource

    @property
    def regularizer(self) -> Any:
        """The default regularizer."""
        return self._regularizer

    @property
    def caching_device(self) -> Any:
        """The default device recorded for readers."""
        return self._caching_device

    @property
    def partitioner(self) -> Any:
        """The default partitioner."""
        return self._partitioner

    @property
    def custom_getter(self) -> Any:
        """The default getter."""
        return self._custom_getter

    def reuse_variables(self) -> None:
        """Insist from now on that variables exist."""
        self._reuse = True

    def set_initializer(self, initializer: Any) -> None:
        """Set the default initializer."""
        self._initializer = initializer

    def set_dtype(self, dtype: Any) -> None:
        """Set the default type."""
        self._dtype = dtype

    def set_use_resource(self, use_resource: bool | None) -> None:
        """Record the wish for another kind of variable, which has no effect."""
        self._use_resource = use_resource

    def set_regularizer(self, regularizer: Any) -> None:
        """Set the default regularizer."""
        self._regularizer = regularizer

    def set_caching_device(self, caching_device: Any) -> None:
        """Set the default device recorded for readers."""
        self._caching_device = caching_device

    def set_partitioner(self, partitioner: Any) -> None:
        """Set the default partitioner."""
        self._partitioner = partitioner

    def set_custom_getter(self, custom_getter: Any) -> None:
        """Set the default getter."""
        self._custom_getter = custom_getter

    def get_collection(self, name: Any) -> list[Any]:
        """Return what is in a collection and under this prefix."""
        return get_collection(name, f"{self._name}/" if self._name else "")

    def trainable_variables(self) -> list[Any]:
        """Return the trainable variables under this prefix."""
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def global_variables(self) -> list[Any]:
        """Return the global variables under this prefix."""
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def get_variable(
        self,
        var_store: VariableStore,
        name: str,
        shape: Any = None,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool = True,
        collections: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        validate_shape: bool = True,
        use_resource: bool | None = None,
        custom_getter: Any = None,
    ) -> Any:
        """Return the variable of a name under this prefix (see `get_variable`)."""
        # No variable lives in the body of a conditional or a loop.
        body = get_default_graph().building_function
        with control_dependencies(None) if body else nullcontext(), name_scope(None):
            if dtype is not None and initializer is not None and not callable(initializer):
                _check_value_type(initializer, as_dtype(dtype))
            return var_store.get_variable(
                f"{self._name}/{name}" if self._name else name,
                shape=shape,
                dtype=self._dtype if dtype is None else dtype,
                initializer=self._initializer if initializer is None else initializer,
                regularizer=self._regularizer if regularizer is None else regularizer,
                reuse=self._reuse,
                trainable=trainable,
                collections=collections,
                caching_device=self._caching_device if caching_device is None else caching_device,
                partitioner=self._partitioner if partitioner is None else partitioner,
                validate_shape=validate_shape,
                use_resource=self._use_resource if use_resource is None else use_resource,
                custom_getter=self._custom_getter if custom_getter is None else custom_getter,
            )


def _check_value_type(initializer: Any, dtype: DType) -> None:
    found = convert_to_tensor(initializer).dtype.base_dtype
    if found is not dtype.base_dtype:
        raise ValueError(f"Initializer type '{found}' and explicit dtype '{dtype}' don't match.")


def get_variable_scope() -> VariableScope:
    """Return the variable scope of the present block.

    Returns
    -------
    VariableScope
    """
    return _only(_SCOPE_KEY, partial(VariableScope, False))  # type: ignore[no-any-return]


def default_variable_store() -> VariableStore:
    """Return the store of the default graph."""
    return _only(_STORE_KEY, VariableStore)  # type: ignore[no-any-return]


def _only(key: tuple[str], make: Callable[[], Any]) -> Any:
    """The one item of a collection of the default graph, made at first use."""
    items = get_collection_ref(key)
    if not items:
        items.append(make())
    return items[0]


def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
) -> Any:
    """Make a variable in the present variable scope, or share the one of that name.

    Parameters
    ----------
    name : str
        The name within the scope.
    shape : sequence of int, optional
        The shape; a new variable needs it unless `initializer` is a value.
    dtype : DType, optional
        The type; by default the scope's, which is float32.
    initializer : Initializer, class of it, callable, Tensor or value, optional
        The first value, or what makes it from a shape. By default the scope's, else
        `glorot_uniform_initializer` for floats and zeros for integers.
    regularizer : callable, optional
        ``regularizer(variable)`` returns a penalty (or ``None``), which is added to the
        collection of regularization losses.
    trainable : bool
        Whether optimizers change it unless told otherwise.
    collections : list, optional
        The collections it is added to; by default that of all global variables.
    caching_device : str or callable, optional
        The device recorded for the reader.
    partitioner : callable, optional
        ``partitioner(shape, dtype)`` returns the number of slices along each axis.
    validate_shape : bool
        Whether the first value's shape must be known and is kept.
    use_resource : bool, optional
        Ignored: every variable is of the one kind there is.
    custom_getter : callable, optional
        ``custom_getter(getter, name, ...)`` is called instead, to do something around
        ``getter(name, ...)``.

    Returns
    -------
    Variable or PartitionedVariable

    Raises
    ------
    ValueError
        If a variable of that name exists and may not be shared, does not exist and should, or
        is at odds with the arguments.
    """
    return get_variable_scope().get_variable(
        default_variable_store(),
        name,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=trainable,
        collections=collections,
        caching_device=caching_device,
        partitioner=partitioner,
        validate_shape=validate_shape,
        use_resource=use_resource,
        custom_getter=custom_getter,
    )


def get_local_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
) -> Any:
    """Make or share a variable that is neither trained nor saved; see `get_variable`.

    Parameters
    ----------
    trainable : bool
        Ignored: it never is.
    collections : list, optional
        Collections beside that of the local variables.
    name, shape, dtype, initializer, regularizer, caching_device, partitioner, validate_shape, \
use_resource, custom_getter
        As in `get_variable`.

    Returns
    -------
    Variable or PartitionedVariable
    """
    del trainable
    return get_variable(
        name,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=False,
        collections=[*(collections or ()), GraphKeys.LOCAL_VARIABLES],
        caching_device=caching_device,
        partitioner=partitioner,
        validate_shape=validate_shape,
        use_resource=use_resource,
        custom_getter=custom_getter,
    )


def no_regularizer(_: Any) -> None:
    """Return ``None``: the regularizer that stops an outer scope's."""


# ---- entering a scope -------------------------------------------------------------------


@contextmanager
def _entered(scope: VariableScope, counts: dict[str, int] | None) -> Iterator[VariableScope]:
    """Make a scope the present one; `counts` are put back at the end."""
    store = default_variable_store()
    present = get_collection_ref(_SCOPE_KEY)
    old = get_variable_scope()
    store.open_variable_scope(scope.name)
    present[0] = scope
    try:
        yield scope
    finally:
        store.close_variable_subscopes(scope.name)
        if counts is not None:
            store.variable_scopes_count = counts
        present[0] = old


def _with_settings(
    base: VariableScope, reuse: Any, name: str, scope: str, settings: dict[str, Any]
) -> VariableScope:
    """A scope with another's settings, where they are not given."""
    found = VariableScope(
        reuse,
        name=name,
        initializer=base.initializer,
        regularizer=base.regularizer,
        caching_device=base.caching_device,
        partitioner=base.partitioner,
        custom_getter=base.custom_getter,
        name_scope=scope,
        dtype=base.dtype,
        use_resource=base.use_resource,
    )
    for key, value in settings.items():
        if value is None:
            continue
        if key == "custom_getter" and base.custom_getter is not None:
            value = _nested_getter(value, base.custom_getter)  # noqa: PLW2901
        setattr(found, f"_{key}", value)
    return found


def _nested_getter(inner: Callable[..., Any], outer: Callable[..., Any]) -> Callable[..., Any]:
    """A getter that calls the inner one, whose getter is the outer one."""

    def getter(getter: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return inner(partial(outer, getter), *args, **kwargs)

    return getter


def _open_again(scope: VariableScope, reuse: Any, settings: dict[str, Any]) -> Any:
    """Enter a scope that was made before."""
    counts = dict(default_variable_store().variable_scopes_count)
    counts[scope.name] = counts.get(scope.name, 0) + 1
    mode = scope.reuse if reuse is None else reuse
    again = _with_settings(scope, mode, scope.name, scope.original_name_scope, settings)
    return _entered(again, counts)


def _open_new(name: str, reuse: Any, opened: str, settings: dict[str, Any]) -> Any:
    """Enter a scope inside the present one."""
    old = get_variable_scope()
    full = f"{old.name}/{name}" if old.name else name
    made = _with_settings(old, reuse or old.reuse, full, opened or name, settings)
    return _entered(made, None)


def _unique_default(prefix: str) -> str:
    """A name for a scope that has not been opened in the present one."""
    store, present = default_variable_store(), get_variable_scope().name
    full = f"{present}/{prefix}" if present else prefix
    if not store.variable_scope_count(full):
        return prefix
    i = 1
    while store.variable_scope_count(f"{full}_{i}"):
        i += 1
    return f"{prefix}_{i}"


@contextmanager
def variable_scope(
    name_or_scope: Any,
    default_name: str | None = None,
    values: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    reuse: Any = None,
    dtype: Any = None,
    use_resource: bool | None = None,
) -> Iterator[VariableScope]:
    """Open a scope for `get_variable`, and a name scope of the same name.

    Parameters
    ----------
    name_or_scope : str, VariableScope or None
        A name within the present scope, a scope to open again, or ``None``.
    default_name : str, optional
        The name if `name_or_scope` is ``None``, made unique.
    values : list, optional
        Tensors that must be of one graph, which becomes the default one.
    initializer, regularizer, caching_device, partitioner, custom_getter, dtype, use_resource
        Defaults for `get_variable`; those of the scope around unless given.
    reuse : bool, AUTO_REUSE or None
        ``True``: variables must exist. ``AUTO_REUSE``: those that do not exist are made.
        Otherwise it is as in the scope around.

    Yields
    ------
    VariableScope

    Raises
    ------
    TypeError, ValueError
        If the arguments are not what they should be.
    """
    if default_name is None and name_or_scope is None:
        raise TypeError("If default_name is None then name_or_scope is required")
    if not (reuse is True or reuse is False or reuse is None or reuse is AUTO_REUSE):
        raise ValueError("The reuse parameter must be True or False or None.")
    settings = {
        "initializer": initializer,
        "regularizer": regularizer,
        "caching_device": caching_device,
        "partitioner": partitioner,
        "custom_getter": custom_getter,
        "dtype": dtype,
        "use_resource": use_resource,
    }
    with graph_of(values or ()).as_default():
        if name_or_scope is None:
            with _default_scope(default_name or "", reuse, settings) as scope:
                yield scope
        elif isinstance(name_or_scope, (str, VariableScope)):
            with _named_scope(name_or_scope, reuse or None, settings) as scope:
                yield scope
        else:
            raise TypeError("VariableScope: name_or_scope must be a string or VariableScope.")


@contextmanager
def _default_scope(name: str, reuse: Any, settings: dict[str, Any]) -> Iterator[VariableScope]:
    if must_exist(reuse):
        raise ValueError("reuse=True cannot be used without a name_or_scope")
    with (
        name_scope(name) as opened,
        _open_new(_unique_default(name), reuse or None, opened, settings) as scope,
    ):
        yield scope


@contextmanager
def _named_scope(
    given: str | VariableScope, reuse: Any, settings: dict[str, Any]
) -> Iterator[VariableScope]:
    name = given.name.split("/")[-1] if isinstance(given, VariableScope) else given
    with name_scope(name) if name else nullcontext("") as opened:
        if isinstance(given, VariableScope):
            inner = _open_again(given, reuse, settings)
        else:
            inner = _open_new(given, reuse, opened, settings)
        with inner as scope:
            yield scope


@contextmanager
def variable_op_scope(
    values: Any,
    name_or_scope: Any,
    default_name: str | None = None,
    initializer: Any = None,
    regularizer: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    reuse: Any = None,
    dtype: Any = None,
    use_resource: bool | None = None,
) -> Iterator[VariableScope]:
    """Open a variable scope; an old order of `variable_scope`'s parameters, which see."""
    with variable_scope(
        name_or_scope,
        default_name,
        values,
        initializer,
        regularizer,
        caching_device,
        partitioner,
        custom_getter,
        reuse,
        dtype,
        use_resource,
    ) as scope:
        yield scope
