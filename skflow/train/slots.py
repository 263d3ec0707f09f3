"""Slots: variables that an optimizer keeps beside each variable it trains."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from skflow.graph.dtypes import DType, as_dtype
from skflow.graph.functions import array as array_functions
from skflow.graph.initializers import zeros_initializer
from skflow.graph.nodes import Tensor
from skflow.graph.scopes import colocate_with
from skflow.graph.shapes import TensorShape, is_full
from skflow.graph.variable_scope import get_variable, get_variable_scope, variable_scope
from skflow.graph.variables import Variable


def _slot_variable(
    primary: Any,
    initializer: Any,
    validate_shape: bool,
    shape: TensorShape | None,
    dtype: DType | None,
) -> Variable:
    """Make the variable of the present variable scope's own name, never in slices."""
    scope = get_variable_scope()
    partitioner = scope.partitioner
    scope.set_partitioner(None)
    try:
        slot: Variable = get_variable(
            "",
            initializer=initializer,
            trainable=False,
            shape=shape,
            dtype=dtype,
            validate_shape=validate_shape,
        )
    finally:
        scope.set_partitioner(partitioner)
    place = primary._get_save_slice_info() if isinstance(primary, Variable) else None
    if place is not None:
        own_name = slot.op.name.removeprefix(f"{primary.op.name}/")
        slot._set_save_slice_info(
            Variable.SaveSliceInfo(
                f"{place.full_name}/{own_name}", place.full_shape, place.var_offset, place.var_shape
            )
        )
    return slot


def _beside(primary: Any, colocate_with_primary: bool) -> AbstractContextManager[None]:
    return colocate_with(primary) if colocate_with_primary else nullcontext()


def create_slot(
    primary: Any, val: Tensor, name: str, colocate_with_primary: bool = True
) -> Variable:
    """Make a slot that starts from a tensor.

    Parameters
    ----------
    primary : Variable or Tensor
        What it belongs to.
    val : Tensor
        The first value.
    name : str
        Its name after that of `primary`.
    colocate_with_primary : bool
        Record that the two share a device.

    Returns
    -------
    Variable
        Not trainable.
    """
    validate_shape = is_full(val.spec.shape)
    with variable_scope(None, f"{primary.op.name}/{name}"), _beside(primary, colocate_with_primary):
        return _slot_variable(primary, val, validate_shape, None, None)


def create_slot_with_initializer(
    primary: Any,
    initializer: Any,
    shape: TensorShape,
    dtype: Any,
    name: str,
    colocate_with_primary: bool = True,
) -> Variable:
    """Make a slot that an initializer fills.

    Parameters
    ----------
    primary : Variable or Tensor
        What it belongs to.
    initializer : Initializer
        Makes the first value.
    shape : TensorShape
        The slot's shape.
    dtype : DType
        The slot's type.
    name : str
        Its name after that of `primary`.
    colocate_with_primary : bool
        Record that the two share a device.

    Returns
    -------
    Variable
        Not trainable.
    """
    with variable_scope(None, f"{primary.op.name}/{name}"), _beside(primary, colocate_with_primary):
        return _slot_variable(
            primary, initializer, shape.is_fully_defined(), shape, as_dtype(dtype).base_dtype
        )


def create_zeros_slot(
    primary: Any, name: str, dtype: Any = None, colocate_with_primary: bool = True
) -> Variable:
    """Make a slot of zeros of the shape of what it belongs to.

    Parameters
    ----------
    primary : Variable or Tensor
        What it belongs to.
    name : str
        Its name after that of `primary`.
    dtype : DType, optional
        The slot's type; by default that of `primary`.
    colocate_with_primary : bool
        Record that the two share a device.

    Returns
    -------
    Variable
        Not trainable.
    """
    kind = (primary.dtype if dtype is None else as_dtype(dtype)).base_dtype
    shape = primary.get_shape()
    if shape.is_fully_defined():
        return create_slot_with_initializer(
            primary, zeros_initializer(kind), shape, kind, name, colocate_with_primary
        )
    sizes = array_functions.shape(primary.initialized_value())
    zeros = array_functions.zeros(sizes, dtype=kind)
    return create_slot(primary, zeros, name, colocate_with_primary)
