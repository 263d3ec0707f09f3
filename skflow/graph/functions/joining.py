"""Functions that join tensors or take them apart; lists that hold tensors become tensors too."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.graph.conversion import constant, convert, register_tensor_conversion_function
from skflow.graph.dtypes import INDEX, DType, int32
from skflow.graph.functions._common import data_type
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope
from skflow.graph.shapes import Dimension, TensorShape


def stack(values: Any, axis: int = 0, name: str = "stack") -> Tensor:
    """Join tensors of one shape along a new axis.

    Parameters
    ----------
    values : list of Tensor of rank n
        The tensors.
    axis : int
        Where the new axis is in the result; negative numbers count from the end.
    name : str
        The operation's name.

    Returns
    -------
    Tensor of rank n + 1

    Raises
    ------
    ValueError
        If the axis is out of range or the shapes differ.
    """
    if axis == 0:
        try:
            return convert(values, name=name)
        except (TypeError, ValueError):
            pass  # the list holds tensors that the conversion could not pack
    rank = convert(values[0], name=name).spec.rank
    if rank is not None and not -rank - 1 <= axis < rank + 1:
        raise ValueError(f"axis = {axis} not in [{-rank - 1}, {rank + 1})")
    return raw.Pack(values, axis=axis, name=name)  # type: ignore[no-any-return]


def unstack(
    value: Any, num: int | None = None, axis: int = 0, name: str = "unstack"
) -> list[Tensor]:
    """Take a tensor apart along an axis.

    Parameters
    ----------
    value : Tensor of rank n
        The tensor.
    num : int, optional
        The size of the axis; by default what is known of it.
    axis : int
        The axis; negative numbers count from the end.
    name : str
        The operation's name.

    Returns
    -------
    list of Tensor of rank n - 1

    Raises
    ------
    ValueError
        If the axis is out of range, or its size is neither given nor known.
    """
    if num is None:
        value = convert(value)
        shape = value.spec.shape
        if shape is not None:
            if not -len(shape) <= axis < len(shape):
                raise ValueError(f"axis = {axis} not in [{-len(shape)}, {len(shape)})")
            num = shape[axis]
        if num is None:
            raise ValueError(f"Cannot infer num from shape {value.get_shape()}")
    return raw.Unpack(value, num=num, axis=axis, name=name)  # type: ignore[no-any-return]


def concat(values: Any, axis: Any, name: str = "concat") -> Tensor:
    """Join tensors along an axis that they have.

    Parameters
    ----------
    values : list of Tensor, or a Tensor
        The tensors; their shapes agree but along the axis.
    axis : Tensor of int32 or int64, shape ()
        The axis; negative numbers count from the end.
    name : str
        The operation's name.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If the shapes do not agree.
    """
    if not isinstance(values, (list, tuple)):
        values = [values]
    if not values:
        raise ValueError(
            "List argument 'values' to 'ConcatV2' Op with length 0 shorter than minimum length 2."
        )
    if len(values) == 1:
        with name_scope(name) as scope:
            at = convert(axis, int32, "concat_dim")
            at.get_shape().assert_is_compatible_with(TensorShape([]))
            return raw.Identity(values[0], name=scope)  # type: ignore[no-any-return]
    return raw.ConcatV2(values, axis, name=name)  # type: ignore[no-any-return]


def split(
    value: Any, num_or_size_splits: Any, axis: Any = 0, num: int | None = None, name: str = "split"
) -> list[Tensor]:
    """Cut a tensor into pieces along an axis.

    Parameters
    ----------
    value : Tensor
        The tensor.
    num_or_size_splits : int, or Tensor of int32 or int64 and shape (n,)
        The number of equal pieces, or the size of each (one of them may be -1).
    axis : Tensor of int32, shape ()
        The axis; unlike TensorFlow 1.1.0's, it may be counted from the end too.
    num : int, optional
        The number of pieces, where the length of the sizes is not known.
    name : str
        The operation's name.

    Returns
    -------
    list of Tensor

    Raises
    ------
    ValueError
        If the pieces do not fit, or their number is neither given nor known.
    """
    if isinstance(num_or_size_splits, (int, np.integer)):
        if num_or_size_splits < 1:
            raise ValueError(
                f"Attr 'num_split' of 'Split' Op passed {num_or_size_splits} less than minimum 1."
            )
        return raw.Split(  # type: ignore[no-any-return]
            axis, value, num_split=num_or_size_splits, name=name
        )
    sizes = convert(num_or_size_splits)
    if num is None:
        (num,) = sizes.get_shape().with_rank(1).as_list()
        if num is None:
            raise ValueError(f"Cannot infer num from shape {num_or_size_splits}")
    return raw.SplitV(value, sizes, axis, num_split=num, name=name)  # type: ignore[no-any-return]


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """Repeat a tensor along its axes.

    Parameters
    ----------
    input : Tensor of rank n
        The tensor.
    multiples : Tensor of int32 or int64, shape (n,)
        How often to repeat it along each axis.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of rank n
    """
    return raw.Tile(input, multiples, name=name)  # type: ignore[no-any-return]


def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", name: str | None = None) -> Tensor:
    """Put margins around a tensor.

    Parameters
    ----------
    tensor : Tensor of rank n
        The tensor.
    paddings : Tensor of int32 or int64, shape (n, 2)
        How many entries to add before and after each axis.
    mode : str
        ``"CONSTANT"`` adds zeros; ``"REFLECT"`` and ``"SYMMETRIC"`` mirror the tensor, without
        and with its outermost entries.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of rank n

    Raises
    ------
    ValueError
        If the mode is none of these, or a margin is negative.
    """
    mode = mode.upper()
    if mode == "CONSTANT":
        return raw.Pad(tensor, paddings, name=name)  # type: ignore[no-any-return]
    if mode in ("REFLECT", "SYMMETRIC"):
        return raw.MirrorPad(  # type: ignore[no-any-return]
            tensor, paddings, mode=mode, name=name
        )
    raise ValueError(f"Unknown padding mode: {mode}")


def reverse_v2(tensor: Any, axis: Any, name: str | None = None) -> Tensor:
    """Turn axes of a tensor round.

    Parameters
    ----------
    tensor : Tensor of rank n
        The tensor.
    axis : Tensor of int32 or int64, shape (m,)
        The axes; negative numbers count from the end.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of rank n
    """
    return raw.ReverseV2(tensor, axis, name=name)  # type: ignore[no-any-return]


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Tensor:
    """Turn axes of a tensor round; see `reverse_v2`."""
    return reverse_v2(tensor, axis, name)


def reverse_sequence(
    input: Any,
    seq_lengths: Any,
    seq_axis: int | None = None,
    batch_axis: int | None = None,
    name: str | None = None,
    seq_dim: int | None = None,
    batch_dim: int | None = None,
) -> Tensor:
    """Turn the first entries of each sequence of a batch round.

    Parameters
    ----------
    input : Tensor
        The sequences.
    seq_lengths : Tensor of int32 or int64, shape (n,)
        How many entries of each sequence to turn round.
    seq_axis : int
        The axis along the sequences.
    batch_axis : int, optional
        The axis of the batch, of size n; 0 by default.
    name : str, optional
        The operation's name.
    seq_dim, batch_dim : int, optional
        Older names for `seq_axis` and `batch_axis`.

    Returns
    -------
    Tensor of the shape of `input`

    Raises
    ------
    ValueError
        If both names of an axis are given, or the shapes do not fit.
    """
    along = _renamed("seq_axis", seq_axis, "seq_dim", seq_dim)
    batch = _renamed("batch_axis", batch_axis, "batch_dim", batch_dim)
    if along is None:
        raise TypeError("Expected int for argument 'seq_dim' not None.")
    return raw.ReverseSequence(  # type: ignore[no-any-return]
        input, seq_lengths, seq_dim=along, batch_dim=0 if batch is None else batch, name=name
    )


def _renamed(name: str, value: Any, old_name: str, old_value: Any) -> Any:
    if old_value is None:
        return value
    if value is not None:
        raise ValueError(f"Cannot specify both '{old_name}' and '{name}'")
    return old_value


# ---- what converts to a tensor -----------------------------------------------------------


def _is_tensor(value: Any) -> bool:
    """Whether `value` is a tensor or, as a variable does, stands for one."""
    return isinstance(value, Tensor) or hasattr(type(value), "_as_graph_element")


def _type_within(values: Any) -> DType | None:
    """The type of the first tensor in nested lists, if there is one."""
    for item in values:
        if _is_tensor(item):
            return item.dtype.base_dtype  # type: ignore[no-any-return]
        if isinstance(item, (list, tuple)):
            found = _type_within(item)
            if found is not None:
                return found
    return None


def _packed(values: Any, dtype: DType, name: str) -> Any:
    """Pack nested lists that hold tensors; a list without any is returned as it is."""
    with name_scope(name) as scope:
        items: list[Any] = []
        for i, item in enumerate(values):
            if _is_tensor(item) and item.dtype.base_dtype is not dtype:
                raise TypeError(
                    f"Cannot convert a list containing a tensor of dtype {item.dtype} "
                    f"to {dtype} (Tensor is: {item!r})"
                )
            nested = isinstance(item, (list, tuple))
            items.append(_packed(item, dtype, str(i)) if nested else item)
        if not any(_is_tensor(item) for item in items):
            return items
        tensors = [
            item if _is_tensor(item) else constant(item, dtype=dtype, name=str(i))
            for i, item in enumerate(items)
        ]
        return raw.Pack(tensors, name=scope)


def _packed_if_needed(
    value: Any, dtype: DType | None = None, name: str | None = None, as_ref: bool = False
) -> Any:
    """Convert a list that holds tensors; leave any other to the conversion of constants."""
    if as_ref:
        return NotImplemented
    found = _type_within(value)
    if found is None or (dtype is not None and dtype != found):
        return NotImplemented
    return _packed(value, found, name or "packed")


def _shape_type(dtype: Any) -> DType:
    kind = int32 if dtype is None else data_type(dtype, "dtype")
    if kind not in INDEX:
        raise TypeError(f"Cannot convert a TensorShape to dtype: {kind}")
    return kind


def _shape_converted(
    value: TensorShape, dtype: Any = None, name: str | None = None, as_ref: bool = False
) -> Tensor:
    del as_ref
    if not value.is_fully_defined():
        raise ValueError(f"Cannot convert a partially known TensorShape to a Tensor: {value}")
    return constant(value.as_list(), _shape_type(dtype), name=name or "shape_as_tensor")


def _dimension_converted(
    value: Dimension, dtype: Any = None, name: str | None = None, as_ref: bool = False
) -> Tensor:
    del as_ref
    if value.value is None:
        raise ValueError(f"Cannot convert an unknown Dimension to a Tensor: {value}")
    return constant(value.value, _shape_type(dtype), name=name or "shape_as_tensor")


# Before the conversion of lists to constants, which would refuse the tensors in them.
register_tensor_conversion_function((list, tuple), _packed_if_needed, 99)
register_tensor_conversion_function(TensorShape, _shape_converted)
register_tensor_conversion_function(Dimension, _dimension_converted)
