"""Variables kept in slices along one axis, and functions that choose the number of slices."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from skflow.graph.conversion import register_tensor_conversion_function
from skflow.graph.dtypes import DType, string
from skflow.graph.functions import array as array_functions
from skflow.graph.nodes import Tensor
from skflow.graph.scopes import control_dependencies, name_scope
from skflow.graph.shapes import TensorShape
from skflow.graph.variables import Variable, check_conversion

Partitioner = Callable[..., list[int]]


@dataclass(frozen=True, slots=True)
class PartitionInfo:
    """The place of a slice in the variable it is part of.

    Parameters
    ----------
    full_shape : list of int
        The whole variable's shape.
    var_offset : list of int
        Where the slice begins.
    """

    full_shape: list[int]
    var_offset: list[int]

    def single_offset(self, shape: Sequence[int]) -> int:
        """Return where a slice of this shape begins along the axis that is cut."""
        axis = self.single_slice_dim(shape)
        return 0 if axis is None else self.var_offset[axis]

    def single_slice_dim(self, shape: Sequence[int]) -> int | None:
        """Return the axis along which a slice of this shape is smaller than the whole.

        Raises
        ------
        ValueError
            If the slice does not lie within the whole, or there are several such axes.
        """
        if len(shape) != len(self.full_shape):
            raise ValueError(
                f"Expected equal length, but received shape={shape} of length {len(shape)} while "
                f"self.full_shape={self.full_shape} is of length {len(self.full_shape)}."
            )
        axes = []
        for i, (offset, size, whole) in enumerate(
            zip(self.var_offset, shape, self.full_shape, strict=True)
        ):
            if offset + size > whole:
                raise ValueError(
                    f"With self.var_offset={self.var_offset}, a partition of shape={shape} would "
                    f"exceed self.full_shape={self.full_shape} in dimension {i}."
                )
            if size != whole:
                axes.append(i)
        if len(axes) > 1:
            raise ValueError(
                f"Cannot use single_slice_dim() with shape={shape} and "
                f"self.full_shape={self.full_shape} since slice dim could be either dimension "
                f"{axes[1]} or {axes[0]}."
            )
        return axes[0] if axes else None


def slices_of(shape: Sequence[int], partitions: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    """Cut a shape along one axis into parts of nearly equal size, the larger ones first.

    Parameters
    ----------
    shape : sequence of int
        The whole.
    partitions : sequence of int
        The number of parts along each axis, all but one of them 1.

    Returns
    -------
    list of (offset, shape)
        Where each part begins, and its shape.

    Raises
    ------
    ValueError
        If that is impossible.
    """
    for size, count in zip(shape, partitions, strict=True):
        if count <= 0 or size < count:
            raise ValueError(
                f"Cannot create {count} slices for size {size}. shape: {list(shape)}, "
                f"slicing: {list(partitions)}"
            )
    cut = [i for i, count in enumerate(partitions) if count != 1]
    if len(cut) > 1:
        raise ValueError(
            f"Can only slice a variable along one dimension: shape: {list(shape)}, "
            f"slicing: {list(partitions)}"
        )
    axis = cut[0] if cut else 0
    least, excess = divmod(shape[axis], partitions[axis])
    found, at = [], 0
    for i in range(partitions[axis]):
        offset, part = [0] * len(shape), list(shape)
        offset[axis], part[axis] = at, least + (i < excess)
        found.append((offset, part))
        at += part[axis]
    return found


class PartitionedVariable:
    """A variable kept in slices; as a tensor it is their concatenation.

    Parameters
    ----------
    name : str
        The whole variable's name.
    shape : TensorShape
        Its shape.
    dtype : DType
        Its type.
    variable_list : list of Variable
        The slices, each with a `Variable.SaveSliceInfo`.
    partitions : list of int
        The number of slices along each axis.

    Raises
    ------
    TypeError, ValueError
        If the arguments do not fit one another.
    """

    def __init__(
        self, name: str, shape: Any, dtype: DType, variable_list: Any, partitions: Any
    ) -> None:
        if not isinstance(variable_list, (list, tuple)):
            raise TypeError(f"variable_list is not a list or tuple: {variable_list}")
        if not isinstance(partitions, (list, tuple)):
            raise TypeError(f"partitions is not a list or tuple: {partitions}")
        if any(p < 1 for p in partitions):
            raise ValueError(f"partition values must be positive: {partitions}")
        if not variable_list:
            raise ValueError("variable_list may not be empty")
        if len(shape) != len(partitions):
            raise ValueError(f"len(shape) != len(partitions): {shape} vs. {partitions}")
        self._variable_list = sorted(variable_list, key=_offset_in(shape, variable_list))
        self._name = name
        self._shape = TensorShape(shape)
        self._dtype = dtype
        self._partitions = list(partitions)

    def __iter__(self) -> Iterator[Variable]:
        return iter(self._variable_list)

    def __len__(self) -> int:
        axes = self._partition_axes()
        if len(axes) > 1:
            raise ValueError(f"Cannot get a length for {len(axes)} > 1 partition axes")
        return len(self._variable_list)

    def _partition_axes(self) -> list[int]:
        return [i for i, p in enumerate(self._partitions) if p > 1] or [0]

    def as_tensor(self) -> Tensor:
        """Return the slices' values as one tensor.

        Raises
        ------
        NotImplementedError
            If the variable is cut along several axes.
        """
        with control_dependencies(None):
            whole: Any = self._variable_list[0]
            if len(self._variable_list) > 1:
                whole = self._concatenation()
            with name_scope(None):
                return array_functions.identity(whole, name=self._name)

    def _concatenation(self) -> Tensor:
        axes = self._partition_axes()
        if len(axes) > 1:
            raise NotImplementedError(
                f"Cannot concatenate along more than one dimension: {axes}.  Multi-axis partition "
                "concat is not supported"
            )
        with name_scope(f"{self._name}/ConcatPartitions/"):
            return array_functions.concat(self._variable_list, axes[0])

    @property
    def name(self) -> str:
        """The whole variable's name."""
        return self._name

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        """The whole variable's shape."""
        return self._shape

    def get_shape(self) -> TensorShape:
        """Return the whole variable's shape."""
        return self._shape

    def _get_variable_list(self) -> list[Variable]:
        return self._variable_list

    def _get_partitions(self) -> list[int]:
        return self._partitions

    def assign(self, value: Any, use_locking: bool = False) -> NoReturn:
        """Raise NotImplementedError: assign to the slices."""
        raise NotImplementedError("assign() has not been implemented for PartitionedVariable.")


def _offset_in(shape: Any, variables: Sequence[Variable]) -> Callable[[Variable], list[int]]:
    """Where a slice begins; ValueError unless all are slices of one variable of that shape."""
    places = [v._get_save_slice_info() for v in variables]
    if any(place is None for place in places):
        raise ValueError(
            f"All variables must have a save_slice_info available: {[v.name for v in variables]}"
        )
    shapes = [place.full_shape for place in places if place is not None]
    whole = TensorShape(shape).as_list()
    if any(s != whole for s in shapes):
        raise ValueError(
            f"All variables' full shapes must match shape: {shape}; but full shapes were: {shapes}"
        )

    def offset(variable: Variable) -> list[int]:
        place = variable._get_save_slice_info()
        return [] if place is None else place.var_offset

    return offset


def _convert(
    value: PartitionedVariable,
    dtype: DType | None = None,
    name: str | None = None,
    as_ref: bool = False,
) -> Tensor:
    del name
    check_conversion(value, dtype)
    if as_ref:
        raise NotImplementedError("PartitionedVariable doesn't support being used as a reference.")
    return value.as_tensor()


register_tensor_conversion_function(PartitionedVariable, _convert)


# ---- partitioners -----------------------------------------------------------------------


def fixed_size_partitioner(num_shards: int, axis: int = 0) -> Partitioner:
    """Cut every variable into the same number of slices.

    Parameters
    ----------
    num_shards : int
        The number; fewer where the axis is shorter.
    axis : int
        The axis to cut.

    Returns
    -------
    callable
        A `partitioner` for `get_variable`.
    """

    def partitioner(shape: TensorShape, **_: Any) -> list[int]:
        sizes = _full(shape)
        partitions = [1] * len(sizes)
        partitions[axis] = min(num_shards, sizes[axis])
        return partitions

    return partitioner


def variable_axis_size_partitioner(
    max_shard_bytes: int,
    axis: int = 0,
    bytes_per_string_element: int = 16,
    max_shards: int | None = None,
) -> Partitioner:
    """Cut variables so that no slice is larger than a number of bytes.

    Parameters
    ----------
    max_shard_bytes : int
        The number of bytes; a slice has at least one row nevertheless.
    axis : int
        The axis to cut.
    bytes_per_string_element : int
        What a string is reckoned to take.
    max_shards : int, optional
        The most slices.

    Returns
    -------
    callable
        A `partitioner` for `get_variable`.

    Raises
    ------
    ValueError
        If a number is not positive.
    """
    if max_shard_bytes < 1 or bytes_per_string_element < 1:
        raise ValueError("Both max_shard_bytes and bytes_per_string_element must be positive.")
    if max_shards and max_shards < 1:
        raise ValueError("max_shards must be positive.")

    def partitioner(shape: TensorShape, dtype: DType) -> list[int]:
        sizes = _full(shape)
        partitions = [1] * len(sizes)
        row = math.prod(sizes) / sizes[axis] * _bytes(dtype, bytes_per_string_element)
        rows = max(1, math.floor(max_shard_bytes / row))
        count = math.ceil(sizes[axis] / rows)
        partitions[axis] = min(max_shards, count) if max_shards else count
        return partitions

    return partitioner


def min_max_variable_partitioner(
    max_partitions: int = 1,
    axis: int = 0,
    min_slice_size: int = 256 << 10,
    bytes_per_string_element: int = 16,
) -> Partitioner:
    """Cut variables into slices of at least a number of bytes each.

    Parameters
    ----------
    max_partitions : int
        The most slices.
    axis : int
        The axis to cut.
    min_slice_size : int
        The number of bytes.
    bytes_per_string_element : int
        What a string is reckoned to take.

    Returns
    -------
    callable
        A `partitioner` for `get_variable`.
    """

    def partitioner(shape: TensorShape, dtype: DType) -> list[int]:
        sizes = _full(shape)
        if axis >= len(sizes):
            raise ValueError(
                f"Can not partition variable along axis {axis} when shape is only {shape}"
            )
        total = math.prod(sizes) * _bytes(dtype, bytes_per_string_element)
        partitions = [1] * len(sizes)
        wanted = math.ceil(total / min_slice_size)
        partitions[axis] = max(1, min(sizes[axis], max_partitions, wanted))
        return partitions

    return partitioner


def _bytes(dtype: DType, for_strings: int) -> int:
    return for_strings if dtype.base_dtype is string else dtype.size


def _full(shape: TensorShape) -> list[int]:
    sizes = TensorShape(shape).as_list()
    found = [d for d in sizes if d is not None]
    if len(found) != len(sizes):
        raise ValueError(f"shape is not fully defined: {shape}")
    return found
