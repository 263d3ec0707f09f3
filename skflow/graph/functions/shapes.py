"""Functions that ask for a tensor's shape or give its elements another one."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.graph.conversion import constant, convert
from skflow.graph.dtypes import int32
from skflow.graph.functions._common import index_type
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope
from skflow.graph.shapes import TensorShape, is_full, num_elements
from skflow.graph.sparse_types import SparseTensor, SparseTensorValue


def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Tensor:
    """Compute the shape that two shapes broadcast to.

    Parameters
    ----------
    shape_x, shape_y : Tensor of int32 or int64, shape (n,) and (m,)
        The shapes.

    Returns
    -------
    Tensor, shape (max(n, m),)

    Raises
    ------
    InvalidArgumentError
        At run time, if the shapes do not broadcast.
    """
    return raw.BroadcastArgs(shape_x, shape_y)  # type: ignore[no-any-return]


def broadcast_static_shape(shape_x: TensorShape, shape_y: TensorShape) -> TensorShape:
    """Work out the shape that two partially known shapes broadcast to.

    Parameters
    ----------
    shape_x, shape_y : TensorShape
        The shapes.

    Returns
    -------
    TensorShape

    Raises
    ------
    ValueError
        If they do not broadcast.
    """
    xs, ys = shape_x._dims, shape_y._dims
    if xs is None or ys is None:
        return TensorShape(None)
    rank = max(len(xs), len(ys))
    xs = (1,) * (rank - len(xs)) + xs
    ys = (1,) * (rank - len(ys)) + ys
    found: list[int | None] = []
    for x, y in zip(xs, ys, strict=True):
        if x is not None and y is not None and x != y and 1 not in (x, y):
            raise ValueError(f"Incompatible shapes for broadcasting: {shape_x} and {shape_y}")
        known = [d for d in (x, y) if d is not None and d != 1]
        found.append(known[0] if known else None if None in (x, y) else 1)
    return TensorShape(found)


def shape(input: Any, name: str | None = None, out_type: Any = int32) -> Tensor:
    """Return a tensor's shape as a vector.

    Parameters
    ----------
    input : Tensor or SparseTensor
        The tensor.
    name : str, optional
        The operation's name.
    out_type : DType
        int32 or int64.

    Returns
    -------
    Tensor, shape (rank,)
        A constant if the shape is fully known.
    """
    return shape_internal(input, name, out_type=out_type)


def shape_internal(
    input: Any, name: str | None = None, optimize: bool = True, out_type: Any = int32
) -> Tensor:
    """Do as `shape`; unless `optimize` is set, never make a constant of a known shape."""
    kind = index_type(out_type, "out_type")
    with name_scope(name, "Shape", [input]) as scope:
        if isinstance(input, (SparseTensor, SparseTensorValue)):
            return raw.Cast(input.dense_shape, DstT=kind)  # type: ignore[no-any-return]
        tensor = convert(input)
        dims = tensor.spec.shape
        if optimize and dims is not None and is_full(dims):
            return constant(list(dims), kind, name=scope)
        return raw.Shape(tensor, out_type=kind, name=scope)  # type: ignore[no-any-return]


def shape_n(input: Any, out_type: Any = None, name: str | None = None) -> list[Tensor]:
    """Return the shapes of several tensors.

    Parameters
    ----------
    input : list of Tensor
        Tensors of one type.
    out_type : DType, optional
        int32 (the default) or int64.
    name : str, optional
        The operation's name.

    Returns
    -------
    list of Tensor
    """
    if isinstance(input, (list, tuple)) and not input:
        raise ValueError(
            "List argument 'input' to 'ShapeN' Op with length 0 shorter than minimum length 1."
        )
    kind = int32 if out_type is None else index_type(out_type, "out_type")
    return raw.ShapeN(input, out_type=kind, name=name)  # type: ignore[no-any-return]


def size(input: Any, name: str | None = None, out_type: Any = int32) -> Tensor:
    """Return the number of a tensor's elements.

    Parameters
    ----------
    input : Tensor or SparseTensor
        The tensor.
    name : str, optional
        The operation's name.
    out_type : DType
        int32 or int64.

    Returns
    -------
    Tensor, shape ()
        A constant if the shape is fully known.
    """
    kind = index_type(out_type, "out_type")
    with name_scope(name, "Size", [input]) as scope:
        if isinstance(input, (SparseTensor, SparseTensorValue)):
            dims = raw.Cast(input.dense_shape, DstT=kind)
            return raw.Prod(dims, 0, name=scope)  # type: ignore[no-any-return]
        tensor = convert(input)
        count = num_elements(tensor.spec.shape)
        if count is not None:
            return constant(count, kind, name=scope)
        return raw.Size(tensor, out_type=kind, name=scope)  # type: ignore[no-any-return]


def rank(input: Any, name: str | None = None) -> Tensor:
    """Return the number of a tensor's dimensions.

    Parameters
    ----------
    input : Tensor or SparseTensor
        The tensor.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of int32, shape ()
        A constant if the rank is known.
    """
    with name_scope(name, "Rank", [input]) as scope:
        if isinstance(input, (SparseTensor, SparseTensorValue)):
            return raw.Size(input.dense_shape, name=scope)  # type: ignore[no-any-return]
        tensor = convert(input)
        known = tensor.spec.rank
        if known is not None:
            return constant(known, int32, name=scope)
        return raw.Rank(tensor, name=scope)  # type: ignore[no-any-return]


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """Give a tensor's elements, in row-major order, another shape.

    Parameters
    ----------
    tensor : Tensor
        The tensor.
    shape : Tensor of int32 or int64, shape (n,)
        The new shape; one entry may be -1 and is worked out.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If the number of elements differs, as far as that is known.
    """
    return raw.Reshape(tensor, shape, name=name)  # type: ignore[no-any-return]


def squeeze(
    input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None
) -> Tensor:
    """Drop axes of size 1.

    Parameters
    ----------
    input : Tensor
        The tensor.
    axis : int or list of int, optional
        The axes, all of size 1; negative ones count from the end. By default every axis of
        size 1.
    name : str, optional
        The operation's name.
    squeeze_dims : int or list of int, optional
        An older name for `axis`.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If both names are given, or an axis is not of size 1.
    """
    if squeeze_dims is not None:
        if axis is not None:
            raise ValueError("Cannot specify both 'squeeze_dims' and 'axis'")
        axis = squeeze_dims
    axes = [axis] if np.isscalar(axis) else axis
    return raw.Squeeze(  # type: ignore[no-any-return]
        input, squeeze_dims=[] if axes is None else axes, name=name
    )


def expand_dims(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """Insert an axis of size 1.

    Parameters
    ----------
    input : Tensor of rank n
        The tensor.
    axis : int or Tensor
        Where the new axis is in the result, from ``-n - 1`` to ``n``.
    name : str, optional
        The operation's name.
    dim : int or Tensor, optional
        An older name for `axis`.

    Returns
    -------
    Tensor of rank n + 1

    Raises
    ------
    ValueError
        If both names are given, or the axis is out of range.
    """
    if dim is not None:
        if axis is not None:
            raise ValueError("can't specify both 'dim' and 'axis'")
        axis = dim
    return raw.ExpandDims(input, axis, name=name)  # type: ignore[no-any-return]


def transpose(a: Any, perm: Any = None, name: str = "transpose") -> Tensor:
    """Permute the axes of a tensor.

    Parameters
    ----------
    a : Tensor of rank n
        The tensor.
    perm : Tensor of int32 or int64, shape (n,), optional
        For each axis of the result the axis of `a` it is; by default they are reversed.
    name : str
        The operation's name.

    Returns
    -------
    Tensor of rank n
    """
    with name_scope(name, "transpose", [a]) as scope:
        if perm is not None:
            return raw.Transpose(a, perm, name=scope)  # type: ignore[no-any-return]
        count = raw.Rank(a)
        last = raw.Sub(count, 1, name="sub")
        perm = raw.Sub(last, raw.Range(0, count, 1), name="sub")
        found: Tensor = raw.Transpose(a, perm, name=scope)
        dims = found.op.inputs[0].spec.shape
        if dims is not None:
            found.set_shape(dims[::-1])
        return found


def matrix_transpose(a: Any, name: str = "matrix_transpose") -> Tensor:
    """Exchange the last two axes.

    Parameters
    ----------
    a : Tensor, shape (..., n, m)
        A matrix or a batch of matrices.
    name : str
        The name scope.

    Returns
    -------
    Tensor, shape (..., m, n)

    Raises
    ------
    ValueError
        If the rank is below 2.
    """
    with name_scope(name, values=[a]):
        a = convert(a, name="a")
        count = a.spec.rank
        if count is not None:
            if count < 2:
                raise ValueError(
                    "Argument 'a' should be a (batch) matrix, with rank >= 2.  "
                    f"Found: {a.get_shape()}"
                )
            perm: Any = [*range(count - 2), count - 1, count - 2]
        else:
            found = rank(a)
            batch = raw.Range(0, raw.Sub(found, 2, name="sub"), 1)
            last = [raw.Sub(found, i, name="sub") for i in (1, 2)]
            perm = raw.ConcatV2([batch, last], 0, name="concat")
        return transpose(a, perm=perm)


def invert_permutation(x: Any, name: str | None = None) -> Tensor:
    """Invert a permutation: ``y[x[i]] = i``.

    Parameters
    ----------
    x : Tensor of int32 or int64, shape (n,)
        The numbers from 0 to ``n - 1`` in some order.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (n,)

    Raises
    ------
    InvalidArgumentError
        At run time, if it is no permutation.
    """
    return raw.InvertPermutation(x, name=name)  # type: ignore[no-any-return]
