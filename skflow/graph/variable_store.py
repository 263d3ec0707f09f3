"""The variables that `get_variable` made: found by name, or made and remembered."""

from __future__ import annotations

import enum
import inspect
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from skflow.graph.collections import GraphKeys, add_to_collection
from skflow.graph.conversion import convert_to_tensor
from skflow.graph.dtypes import DType, as_dtype, float32
from skflow.graph.functions import array as array_functions
from skflow.graph.initializers import (
    Initializer,
    glorot_uniform_initializer,
    zeros_initializer,
)
from skflow.graph.lazy import LazyModule
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.scopes import colocate_with, name_scope
from skflow.graph.shapes import TensorShape, as_shape
from skflow.graph.variables import Variable

if TYPE_CHECKING:
    from skflow.graph import partitioned
    from skflow.graph.partitioned import PartitionedVariable, PartitionInfo
else:
    partitioned = LazyModule("skflow.graph.partitioned")

_OWN_CODE: Final = str(Path(__file__).parent.parent)
_LISTED: Final = 3  # lines of the user's code shown where a variable was defined first


class _ReuseMode(enum.Enum):
    """Ways of sharing variables beside always and never."""

    AUTO_REUSE = 1


AUTO_REUSE: Final = _ReuseMode.AUTO_REUSE
"""Given as ``reuse``: share the variables that exist and make those that do not."""


def must_be_new(reuse: Any) -> bool:
    """Whether a variable may not exist yet."""
    return reuse is not None and not reuse


def must_exist(reuse: Any) -> bool:
    """Whether a variable may not be made."""
    return bool(reuse) and reuse is not AUTO_REUSE


def _definition(op: Operation) -> str:
    """The lines of the user's code that made an operation, innermost first."""
    frames = [f for f in reversed(op.traceback) if not f[0].startswith(_OWN_CODE)]
    return "".join(
        traceback.format_list(
            [
                traceback.FrameSummary(file, line, function, line=text or None)
                for file, line, function, text in frames[:_LISTED]
            ]
        )
    )


def _default_initializer(name: str, shape: TensorShape, dtype: DType) -> Any:
    """What a variable starts from if nobody says: an initializer, or the value itself."""
    if dtype.is_floating:
        return glorot_uniform_initializer()
    if dtype.is_integer or dtype.is_bool:
        return zeros_initializer()(shape=shape, dtype=dtype.base_dtype)
    raise ValueError(f"An initializer for variable {name} of {dtype.base_dtype} is required")


class VariableStore:
    """The variables of a graph that `get_variable` made, by their full names."""

    def __init__(self) -> None:
        self._vars: dict[str, Variable] = {}
        self._partitioned_vars: dict[str, PartitionedVariable] = {}
        self.variable_scopes_count: dict[str, int] = {}

    # ---- how often a scope was opened: default names are made unique by it --------------

    def open_variable_scope(self, scope_name: str) -> None:
        """Count that a scope is opened."""
        self.variable_scopes_count[scope_name] = self.variable_scope_count(scope_name) + 1

    def close_variable_subscopes(self, scope_name: str) -> None:
        """Forget how often the scopes inside one were opened."""
        for name in self.variable_scopes_count:
            if not scope_name or name.startswith(f"{scope_name}/"):
                self.variable_scopes_count[name] = 0

    def variable_scope_count(self, scope_name: str) -> int:
        """Return how often a scope was opened."""
        return self.variable_scopes_count.get(scope_name, 0)

    # ---- getting ------------------------------------------------------------------------

    def get_variable(self, name: str, custom_getter: Any = None, **wanted: Any) -> Any:
        """Return the variable of a full name, existing or new.

        Parameters
        ----------
        name : str
            The full name.
        custom_getter : callable, optional
            Called instead, with a function that does the work as ``getter``.
        **wanted : object
            The other parameters of `get_variable`, and ``reuse``.
        """
        if custom_getter is None:
            return self._get(name, **wanted)
        if not callable(custom_getter):
            raise ValueError(  # noqa: TRY004  # TensorFlow's class
                f"Passed a custom_getter which is not callable: {custom_getter}"
            )
        return custom_getter(getter=self._get, name=name, **wanted)

    def _get(
        self,
        name: str,
        shape: Any = None,
        dtype: Any = float32,
        initializer: Any = None,
        regularizer: Any = None,
        reuse: Any = None,
        trainable: bool = True,
        collections: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        validate_shape: bool = True,
        use_resource: bool | None = None,
    ) -> Any:
        del use_resource  # every variable is of the one kind there is
        rest = {
            "regularizer": regularizer,
            "trainable": trainable,
            "collections": collections,
            "caching_device": caching_device,
            "validate_shape": validate_shape,
        }
        if partitioner is not None and not _is_scalar(shape):
            if not callable(partitioner):
                raise ValueError(f"Partitioner must be callable, but received: {partitioner}")
            with name_scope(None):
                return self.get_partitioned(
                    name, shape, dtype, initializer, reuse, partitioner, **rest
                )
        if must_exist(reuse) and partitioner is None and name in self._partitioned_vars:
            return self.get_partitioned(name, shape, dtype, initializer, reuse, None, **rest)
        if f"{name}/part_0" in self._vars:
            raise ValueError(
                "No partitioner was provided, but a partitioned version of the variable was "
                f"found: {name}/part_0. Perhaps a variable of the same name was already created "
                "with partitioning?"
            )
        return self._get_single(name, shape, dtype, initializer, reuse, **rest)

    def _get_single(
        self,
        name: str,
        shape: Any,
        dtype: Any,
        initializer: Any,
        reuse: Any,
        partition_info: PartitionInfo | None = None,
        **rest: Any,
    ) -> Variable:
        from_value = initializer is not None and not callable(initializer)
        if shape is not None and from_value:
            raise ValueError("If initializer is a constant, do not specify shape.")
        dtype, shape = as_dtype(dtype), as_shape(shape)
        if name in self._vars:
            return self._shared(name, shape, dtype, reuse)
        if must_exist(reuse):
            raise ValueError(
                f"Variable {name} does not exist, or was not created with tf.get_variable(). Did "
                "you mean to set reuse=None in VarScope?"
            )
        if not shape.is_fully_defined() and not from_value:
            raise ValueError(
                f"Shape of a new variable ({name}) must be fully defined, but instead was {shape}."
            )
        if initializer is None:
            initializer = _default_initializer(name, shape, dtype)
        return self._make(name, shape, dtype, initializer, partition_info, **rest)

    def _shared(self, name: str, shape: TensorShape, dtype: DType, reuse: Any) -> Variable:
        found = self._vars[name]
        if must_be_new(reuse):
            raise ValueError(
                f"Variable {name} already exists, disallowed. Did you mean to set reuse=True in "
                f"VarScope? Originally defined at:\n\n{_definition(found.op)}"
            )
        if not shape.is_compatible_with(found.get_shape()):
            raise ValueError(
                f"Trying to share variable {name}, but specified shape {shape} and found shape "
                f"{found.get_shape()}."
            )
        if not dtype.is_compatible_with(found.dtype):
            raise ValueError(
                f"Trying to share variable {name}, but specified dtype {dtype.name} and found "
                f"dtype {found.dtype.name}."
            )
        return found

    def _make(
        self,
        name: str,
        shape: TensorShape,
        dtype: DType,
        initializer: Any,
        partition_info: PartitionInfo | None,
        regularizer: Any = None,
        **rest: Any,
    ) -> Variable:
        if not callable(initializer):
            made = Variable(initializer, name=name, **rest)
        else:
            if isinstance(initializer, type) and issubclass(initializer, Initializer):
                initializer = initializer(dtype=dtype)  # type: ignore[call-arg]
            first = _bound(initializer, shape.as_list(), dtype, partition_info)
            made = Variable(first, name=name, dtype=dtype.base_dtype, **rest)
        self._vars[name] = made
        if regularizer:
            with colocate_with(made.op), name_scope(f"{name}/Regularizer/"):
                loss = regularizer(made)
            if loss is not None:
                add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)
        return made

    # ---- in slices ----------------------------------------------------------------------

    def get_partitioned(
        self,
        name: str,
        shape: Any,
        dtype: Any,
        initializer: Any,
        reuse: Any,
        partitioner: Any,
        **rest: Any,
    ) -> PartitionedVariable:
        """Return the variable of a full name that is kept in slices, existing or new.

        Parameters
        ----------
        name : str
            The full name.
        shape, dtype, initializer, partitioner
            As in `get_variable`.
        reuse : bool, AUTO_REUSE or None
            As in `variable_scope`.
        **rest : object
            The other parameters of `get_variable`.

        Raises
        ------
        ValueError
            If a variable of that name is at odds with the arguments, or there is none and
            should be one.
        """
        if name in self._vars:
            raise ValueError(
                "A partitioner was provided, but an unpartitioned version of the variable was "
                f"found: {name}.  Perhaps a variable of the same name was already created without "
                "partitioning?"
            )
        dtype, shape = as_dtype(dtype), as_shape(shape)
        if isinstance(initializer, Tensor):
            shape = shape.merge_with(initializer.get_shape())
        cut = None if partitioner is None else _partitions(name, shape, dtype, partitioner)
        if name in self._partitioned_vars:
            return self._shared_partitioned(name, shape, dtype, reuse, cut)
        if must_exist(reuse):
            raise ValueError(
                f"PartitionedVariable {name} does not exist, or was not created with "
                "tf.get_variable(). Did you mean to set reuse=None in VarScope?"
            )
        if cut is None:
            raise ValueError("No partitioner was specified")
        made = self._make_partitioned(name, shape, dtype, initializer, reuse, cut, rest)
        self._partitioned_vars[name] = made
        return made

    def _shared_partitioned(
        self, name: str, shape: TensorShape, dtype: DType, reuse: Any, cut: list[int] | None
    ) -> PartitionedVariable:
        found = self._partitioned_vars[name]
        if must_be_new(reuse):
            raise ValueError(
                f"Partitioned variable with name {name} already exists. Did you mean to set "
                "reuse=True in VarScope?"
            )
        pairs = (
            ("shape", shape, found.get_shape(), shape.is_compatible_with(found.get_shape())),
            ("dtype", dtype.name, found.dtype.name, dtype.is_compatible_with(found.dtype)),
            (
                "partitions",
                cut,
                found._get_partitions(),
                cut is None or cut == found._get_partitions(),
            ),
        )
        for what, wanted, had, fits in pairs:
            if not fits:
                raise ValueError(
                    f"Trying to reuse partitioned variable {name}, but specified {what} {wanted} "
                    f"and found {what} {had}."
                )
        return found

    def _make_partitioned(
        self,
        name: str,
        shape: TensorShape,
        dtype: DType,
        initializer: Any,
        reuse: Any,
        cut: list[int],
        rest: dict[str, Any],
    ) -> PartitionedVariable:
        sizes = [d or 0 for d in shape.as_list()]
        parts = partitioned.slices_of(sizes, cut)
        self._check_parts(name, len(parts))
        variables = []
        for i, (offset, size) in enumerate(parts):
            part = f"{name}/part_{i}"
            with name_scope(f"{part}/PartitionedInitializer"):
                first, size_wanted = _part_of(initializer, part, dtype, offset, size)
            with name_scope(None):
                variable = self._get_single(
                    part,
                    size_wanted,
                    dtype,
                    first,
                    reuse,
                    partition_info=partitioned.PartitionInfo(sizes, offset),
                    **rest,
                )
            variable._set_save_slice_info(Variable.SaveSliceInfo(name, sizes, offset, size))
            variables.append(variable)
        return partitioned.PartitionedVariable(
            name, shape, variables[0].dtype.base_dtype, variables, cut
        )

    def _check_parts(self, name: str, count: int) -> None:
        """Raise ValueError if other slices of that name exist."""
        if f"{name}/part_0" not in self._vars:
            return
        said = (
            "Partitioner returned a different partitioning than what was already found.  "
            f"Partitioner returned {count} shards, and shard {name}/part_0 was found, but"
        )
        if f"{name}/part_{count - 1}" not in self._vars:
            raise ValueError(f"{said} {name}/part_{count - 1} was not.")
        if f"{name}/part_{count}" in self._vars:
            raise ValueError(f"{said} so was the extra shard {name}/part_{count}.")


def _bound(
    initializer: Callable[..., Any],
    shape: list[int | None],
    dtype: DType,
    partition_info: PartitionInfo | None,
) -> Callable[[], Any]:
    """An initializer as a function without arguments; it need not know of slices."""
    if not isinstance(initializer, Initializer):
        known = inspect.signature(initializer).parameters.values()
        if not any(p.name == "partition_info" or p.kind is p.VAR_KEYWORD for p in known):
            return partial(initializer, shape, dtype=dtype)
    return partial(initializer, shape, dtype=dtype, partition_info=partition_info)


def _is_scalar(shape: Any) -> bool:
    return shape is not None and TensorShape(shape).ndims == 0


def _partitions(name: str, shape: TensorShape, dtype: DType, partitioner: Any) -> list[int]:
    """Ask a partitioner for the number of slices along each axis."""
    if not shape.is_fully_defined():
        raise ValueError(
            f"Shape of a new partitioned variable ({name}) must be fully defined, but instead was "
            f"{shape}."
        )
    if not shape.ndims:
        raise ValueError(f"A partitioned Variable must have rank at least 1, shape: {shape}")
    found = partitioner(shape=shape, dtype=dtype)
    if not isinstance(found, Sequence):
        raise ValueError(  # noqa: TRY004  # TensorFlow's class
            f"Partitioner must return a sequence, but saw: {found}"
        )
    if len(found) != shape.ndims:
        raise ValueError(
            "Partitioner returned a partition list that does not match the Variable's rank: "
            f"{found} vs. {shape}"
        )
    if any(p < 1 for p in found):
        raise ValueError(f"Partitioner returned zero partitions for some axes: {found}")
    return list(found)


def _part_of(
    initializer: Any, name: str, dtype: DType, offset: list[int], size: list[int]
) -> tuple[Any, list[int] | None]:
    """The initializer of a slice, and its shape unless that follows from the value."""
    if initializer is None and not dtype.is_floating:
        return _default_initializer(name, TensorShape(size), dtype), None
    if initializer is None or callable(initializer):
        return initializer, size
    whole = convert_to_tensor(initializer, dtype=None if isinstance(initializer, Tensor) else dtype)
    return array_functions.slice(whole, offset, size), None
