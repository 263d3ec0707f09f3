"""Functions that make tensors from few numbers: filled ones, sequences, grids and masks."""

from __future__ import annotations

from typing import Any

from skflow.graph.conversion import constant, convert
from skflow.graph.dtypes import DType, as_dtype, bool_, float32, float64, int32, int64, string
from skflow.graph.functions._common import cast_if_needed
from skflow.graph.functions.joining import stack
from skflow.graph.functions.shapes import reshape, shape_internal, size
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope
from skflow.graph.shapes import as_shape


def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """Make a tensor all of whose elements are equal.

    Parameters
    ----------
    dims : Tensor of int32, shape (n,)
        The shape.
    value : Tensor, shape ()
        The element.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of rank n
    """
    return raw.Fill(dims, value, name=name)  # type: ignore[no-any-return]


def _filled(shape: Any, value: Any, dtype: DType, name: str | None, default: str) -> Tensor:
    with name_scope(name, default, [shape]) as scope:
        try:
            shape = as_shape(shape)
            return constant(value, shape=shape, dtype=dtype, name=scope)
        except (TypeError, ValueError):
            dims = convert(shape, int32, "shape")
            element = constant(value, dtype=dtype)
            return raw.Fill(dims, element, name=scope)  # type: ignore[no-any-return]


def zeros(shape: Any, dtype: Any = float32, name: str | None = None) -> Tensor:
    """Make a tensor of zeros (of ``False``, of empty strings).

    Parameters
    ----------
    shape : sequence of int, TensorShape or Tensor of int32
        The shape; if it is known now, the result is a constant.
    dtype : DType
        The type of the elements.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
    """
    kind = as_dtype(dtype).base_dtype
    zero: Any = False if kind is bool_ else "" if kind is string else 0
    return _filled(shape, zero, kind, name, "zeros")


def ones(shape: Any, dtype: Any = float32, name: str | None = None) -> Tensor:
    """Make a tensor of ones (of ``True``).

    Parameters
    ----------
    shape : sequence of int, TensorShape or Tensor of int32
        The shape; if it is known now, the result is a constant.
    dtype : DType
        The type of the elements, not string.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
    """
    kind = as_dtype(dtype).base_dtype
    return _filled(shape, True if kind is bool_ else 1, kind, name, "ones")


def zeros_like(
    tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True
) -> Tensor:
    """Make zeros in the shape of a tensor.

    Parameters
    ----------
    tensor : Tensor
        The tensor.
    dtype : DType, optional
        The type of the elements; by default the tensor's.
    name : str, optional
        The operation's name.
    optimize : bool
        Make a constant of a shape that is known.

    Returns
    -------
    Tensor
    """
    with name_scope(name, "zeros_like", [tensor]) as scope:
        tensor = convert(tensor, name="tensor")
        if dtype is None or tensor.dtype == dtype:
            return raw.ZerosLike(tensor, name=scope)  # type: ignore[no-any-return]
        found = zeros(shape_internal(tensor, optimize=optimize), dtype, name=scope)
        found.set_shape(tensor.spec.shape)
        return found


def ones_like(
    tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True
) -> Tensor:
    """Make ones in the shape of a tensor.

    Parameters
    ----------
    tensor : Tensor
        The tensor.
    dtype : DType, optional
        The type of the elements; by default the tensor's.
    name : str, optional
        The operation's name.
    optimize : bool
        Make a constant of a shape that is known.

    Returns
    -------
    Tensor
    """
    with name_scope(name, "ones_like", [tensor]) as scope:
        tensor = convert(tensor, name="tensor")
        dims = shape_internal(tensor, optimize=optimize)
        found = ones(dims, tensor.dtype if dtype is None else dtype, name=scope)
        found.set_shape(tensor.spec.shape)
        return found


def eye(
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = float32,
    name: str | None = None,
) -> Tensor:
    """Make an identity matrix, or a batch of them.

    Parameters
    ----------
    num_rows : int or Tensor of int32
        The number of rows.
    num_columns : int or Tensor of int32, optional
        The number of columns; by default that of rows.
    batch_shape : sequence of int or Tensor of int32, optional
        The leading dimensions.
    dtype : DType
        The type of the elements.
    name : str, optional
        The name scope.

    Returns
    -------
    Tensor, shape (*batch_shape, num_rows, num_columns)
    """
    with name_scope(name, "eye", [num_rows, num_columns, batch_shape]):
        batch = convert([] if batch_shape is None else batch_shape, int32, "shape")
        count = num_rows if num_columns is None else raw.Minimum(num_rows, num_columns)
        diagonal = ones(raw.ConcatV2((batch, [count]), 0, name="concat"), dtype=dtype)
        if num_columns is None:
            return raw.MatrixDiag(diagonal)  # type: ignore[no-any-return]
        shape = raw.ConcatV2((batch, [num_rows, num_columns]), 0, name="concat")
        return raw.MatrixSetDiag(  # type: ignore[no-any-return]
            zeros(shape, dtype=dtype), diagonal
        )


def range(
    start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range"
) -> Tensor:
    """Make a sequence of evenly spaced numbers up to, but without, a limit.

    Parameters
    ----------
    start : Tensor, shape ()
        The first number; the limit if no other is given, and the first number is then 0.
    limit : Tensor, shape (), optional
        The end of the range.
    delta : Tensor, shape ()
        The step, which may be negative.
    dtype : DType, optional
        int32, int64, float32 or float64; by default the widest of the arguments' types.
    name : str
        The operation's name.

    Returns
    -------
    Tensor of rank 1
    """
    if limit is None:
        start, limit = 0, start
    given = None if dtype is None else as_dtype(dtype)
    with name_scope(name, "Range", [start, limit, delta]) as scope:
        args = [
            convert(value, given, part)
            for value, part in ((start, "start"), (limit, "limit"), (delta, "delta"))
        ]
        if given is None:
            widest = _widest(args)
            args = [cast_if_needed(a, widest) for a in args]
        return raw.Range(*args, name=scope)  # type: ignore[no-any-return]


def _widest(args: list[Tensor]) -> DType:
    order = (int32, int64, float32, float64)
    kinds = [a.dtype for a in args]
    for kind in kinds:
        if kind not in order:
            raise AssertionError(f"range takes {', '.join(d.name for d in order)}, not {kind.name}")
    return max(kinds, key=order.index)


def lin_space(start: Any, stop: Any, num: Any, name: str | None = None) -> Tensor:
    """Make a sequence of evenly spaced numbers from one number to another.

    Parameters
    ----------
    start, stop : Tensor of float32 or float64, shape ()
        The first and the last number.
    num : Tensor of int32 or int64, shape ()
        How many numbers there are.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (num,)
    """
    return raw.LinSpace(start, stop, num, name=name)  # type: ignore[no-any-return]


linspace = lin_space


def meshgrid(*args: Any, **kwargs: Any) -> list[Tensor]:
    """Spread vectors out over the grid that they span.

    Parameters
    ----------
    *args : Tensor of rank 1
        The coordinates along each axis.
    **kwargs : object
        ``indexing``: ``"xy"`` (the default, the first two axes exchanged) or ``"ij"``;
        ``name``: the name scope.

    Returns
    -------
    list of Tensor
        For each vector its value at every point of the grid.

    Raises
    ------
    ValueError, TypeError
        If `indexing` is neither, or there is another keyword.
    """
    indexing = kwargs.pop("indexing", "xy")
    name = kwargs.pop("name", "meshgrid")
    for key in kwargs:
        raise TypeError(f"'{key}' is an invalid keyword argument for this function")
    if indexing not in ("xy", "ij"):
        raise ValueError("indexing parameter must be either 'xy' or 'ij'")
    with name_scope(name, "meshgrid", args):
        count = len(args)
        ones_before = (1,) * count
        output = [
            reshape(stack(x), (*ones_before[:i], -1, *ones_before[i + 1 :]))
            for i, x in enumerate(args)
        ]
        sizes = [size(x) for x in args]
        kind = convert(args[0]).dtype.base_dtype
        if indexing == "xy" and count > 1:
            rest = (1,) * (count - 2)
            output[0] = reshape(output[0], (1, -1, *rest))
            output[1] = reshape(output[1], (-1, 1, *rest))
            sizes[0], sizes[1] = sizes[1], sizes[0]
        factor = ones(sizes, kind)
        return [raw.Mul(x, factor, name="mul") for x in output]


def sequence_mask(
    lengths: Any, maxlen: Any = None, dtype: Any = bool_, name: str | None = None
) -> Tensor:
    """Mark the first entries of rows: ``mask[i, j] = j < lengths[i]``.

    Parameters
    ----------
    lengths : Tensor of integers, shape (n,)
        How many entries of each row to mark.
    maxlen : Tensor of integers, shape (), optional
        The length of the rows; by default the largest of the lengths.
    dtype : DType
        The type of the mask.
    name : str, optional
        The name scope.

    Returns
    -------
    Tensor, shape (n, maxlen)

    Raises
    ------
    ValueError
        If the ranks are others.
    """
    with name_scope(name, "SequenceMask", [lengths, maxlen]):
        lengths = convert(lengths)
        if lengths.spec.rank != 1:
            raise ValueError("lengths must be 1D for sequence_mask")
        maxlen = raw.Max(lengths, [0]) if maxlen is None else convert(maxlen)
        if maxlen.spec.rank != 0:
            raise ValueError("maxlen must be scalar for sequence_mask")
        kind = maxlen.dtype.base_dtype
        positions = raw.Range(constant(0, kind), maxlen, constant(1, kind))
        columns = raw.Cast(raw.ExpandDims(lengths, 1), DstT=kind)
        mask: Tensor = raw.Less(positions, columns)
        if dtype is None or as_dtype(dtype).base_dtype is bool_:
            return mask
        return raw.Cast(mask, DstT=as_dtype(dtype))  # type: ignore[no-any-return]
