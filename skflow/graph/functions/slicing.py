"""Functions that cut pieces out of tensors, and what square brackets do."""

from __future__ import annotations

import builtins
import sys
from typing import Any

from skflow.graph.conversion import constant
from skflow.graph.dtypes import int32
from skflow.graph.functions.filling import ones_like
from skflow.graph.functions.joining import stack
from skflow.graph.nodes import LATE, Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope

newaxis = None
"""In square brackets: a new axis of size 1."""


def slice(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """Cut a box out of a tensor.

    Parameters
    ----------
    input_ : Tensor of rank n
        The tensor.
    begin : Tensor of int32 or int64, shape (n,)
        Where the box begins.
    size : Tensor of int32 or int64, shape (n,)
        Its size; -1 stands for all that is left.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of rank n
    """
    return raw.Slice(input_, begin, size, name=name)  # type: ignore[no-any-return]


def strided_slice(
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Tensor:
    """Take every so many entries along each axis: NumPy's ``x[begin:end:stride, ...]``.

    Parameters
    ----------
    input_ : Tensor
        The tensor.
    begin, end : Tensor of int32 or int64, shape (n,)
        Where to begin and where to stop; negative numbers count from the end of the axis.
    strides : Tensor, shape (n,), optional
        The steps, not zero; by default ones.
    begin_mask, end_mask : int
        Bit i set: take the i-th axis from its beginning, or to its end.
    ellipsis_mask : int
        Bit i set: the i-th entry stands for all axes that the others leave.
    new_axis_mask : int
        Bit i set: the i-th entry is a new axis of size 1.
    shrink_axis_mask : int
        Bit i set: take the entry at ``begin[i]`` and drop the axis.
    var : Variable, optional
        The variable that `input_` is the value of; the result's ``assign`` then writes to it.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If a stride is zero, there are too many axes, or an index is out of range.
    """
    if strides is None:
        strides = ones_like(begin)
    masks = {
        "begin_mask": begin_mask,
        "end_mask": end_mask,
        "ellipsis_mask": ellipsis_mask,
        "new_axis_mask": new_axis_mask,
        "shrink_axis_mask": shrink_axis_mask,
    }
    found: Tensor = raw.StridedSlice(input_, begin, end, strides, name=name, **masks)

    def assign(value: Any) -> Tensor:
        """Write `value` to this part of the variable."""
        if var is None:
            raise ValueError("Sliced assignment is only supported for variables")
        label = f"{found.op.name if name is None else name}_assign"
        return raw.StridedSliceAssign(  # type: ignore[no-any-return]
            var, begin, end, strides, value, name=label, **masks
        )

    found.assign = assign
    return found


class _Bounds:
    """The arguments of a strided slice, gathered entry by entry."""

    def __init__(self, key: Any) -> None:
        self.begin: list[Any] = []
        self.end: list[Any] = []
        self.strides: list[Any] = []
        self.masks = dict.fromkeys(
            ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"), 0
        )
        for entry in key if isinstance(key, (list, tuple)) else [key]:
            self._add(entry)

    def _add(self, entry: Any) -> None:
        bit = 1 << len(self.begin)
        if isinstance(entry, builtins.slice):
            self._add_range(entry, bit)
        elif entry is Ellipsis or entry is newaxis:
            which = "ellipsis_mask" if entry is Ellipsis else "new_axis_mask"
            self.masks[which] |= bit
            self._append(0, 0, 1)
        else:
            self.masks["shrink_axis_mask"] |= bit
            self._append(entry, entry + 1, 1)

    def _add_range(self, entry: Any, bit: int) -> None:
        begin, end = entry.start, entry.stop
        if begin is None or begin is sys.maxsize:
            self.masks["begin_mask"] |= bit
            begin = 0
        if end is None or (isinstance(end, int) and end == sys.maxsize):
            self.masks["end_mask"] |= bit
            end = 0
        self._append(begin, end, 1 if entry.step is None else entry.step)

    def _append(self, begin: Any, end: Any, stride: Any) -> None:
        self.begin.append(begin)
        self.end.append(end)
        self.strides.append(stride)


def slice_helper(tensor: Any, slice_spec: Any, var: Any = None) -> Tensor:
    """Build ``tensor[slice_spec]``.

    Parameters
    ----------
    tensor : Tensor
        The tensor.
    slice_spec : int, slice, Ellipsis, None, Tensor, or a tuple of them
        What stands in the brackets.
    var : Variable, optional
        The variable that `tensor` is the value of.

    Returns
    -------
    Tensor
    """
    bounds = _Bounds(slice_spec)
    values = [tensor, *bounds.begin, *bounds.end, *bounds.strides]
    with name_scope(None, "strided_slice", values) as scope:
        if bounds.begin:
            begin, end, strides = map(stack, (bounds.begin, bounds.end, bounds.strides))
        else:
            begin = end = strides = constant([], dtype=int32)
        options: dict[str, Any] = {**bounds.masks, "var": var, "name": scope}
        return strided_slice(tensor, begin, end, strides, **options)


LATE["__getitem__"] = slice_helper
