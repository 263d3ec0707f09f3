"""Functions of sparse tensors."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from skflow.graph.conversion import constant, convert
from skflow.graph.dtypes import DType, float32, float64, int8, int16, int32, int64, uint8, uint16
from skflow.graph.functions import array
from skflow.graph.functions.casting import cast
from skflow.graph.nodes import LATE, Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope
from skflow.graph.sparse_types import SparseTensor, sparse_or_error


def sparse_placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> SparseTensor:
    """Declare a sparse tensor that each run is fed.

    Parameters
    ----------
    dtype : DType
        The type of the values.
    shape : sequence of int or Tensor, optional
        The shape of the tensor it stands for; without it, it is fed too.
    name : str, optional
        The prefix of the three parts' names.

    Returns
    -------
    SparseTensor
        To be fed a `SparseTensorValue` or a tuple of indices, values and dense shape.
    """

    def part(which: str) -> str | None:
        return None if name is None else f"{name}/{which}"

    if isinstance(shape, Tensor) or (shape is not None and None not in list(shape)):
        known = convert(shape, int64, part("shape"))
    else:
        known = array.placeholder(int64, shape=[None], name=part("shape"))
    values = array.placeholder(dtype, shape=[None], name=part("values"))
    indices = array.placeholder(int64, shape=[None, None], name=part("indices"))
    return SparseTensor(indices, values, known)


def sparse_tensor_dense_matmul(
    sp_a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: str | None = None
) -> Tensor:
    """Multiply a sparse matrix by a dense one.

    Parameters
    ----------
    sp_a : SparseTensor, shape (n, m)
        The sparse matrix; it is never filled in. It is quickest with its entries in row-major
        order.
    b : Tensor, shape (m, k)
        The dense matrix, of the same type.
    adjoint_a, adjoint_b : bool
        Take a factor's conjugate transpose.
    name : str, optional
        The name scope.

    Returns
    -------
    Tensor, shape (n, k)

    Raises
    ------
    TypeError
        If `sp_a` is not sparse.
    """
    sp_a = sparse_or_error(sp_a)
    with name_scope(name, "SparseTensorDenseMatMul", [sp_a.indices, sp_a.values, b]):
        b = convert(b, name="b")
        return raw.SparseTensorDenseMatMul(  # type: ignore[no-any-return]
            sp_a.indices,
            sp_a.values,
            sp_a.dense_shape,
            b,
            adjoint_a=adjoint_a,
            adjoint_b=adjoint_b,
        )


def sparse_matmul(
    a: Any,
    b: Any,
    transpose_a: bool | None = None,
    transpose_b: bool | None = None,
    a_is_sparse: bool | None = None,
    b_is_sparse: bool | None = None,
    name: str | None = None,
) -> Tensor:
    """Multiply two dense matrices of which at least one is said to hold many zeros.

    Parameters
    ----------
    a, b : Tensor of float32, rank 2
        The factors.
    transpose_a, transpose_b : bool, optional
        Take a factor's transpose.
    a_is_sparse, b_is_sparse : bool, optional
        Recorded: a dense product is taken in any case.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of float32
    """
    flags = {
        "transpose_a": transpose_a,
        "transpose_b": transpose_b,
        "a_is_sparse": a_is_sparse,
        "b_is_sparse": b_is_sparse,
    }
    given = {k: v for k, v in flags.items() if v is not None}
    return raw.SparseMatMul(a, b, name=name, **given)  # type: ignore[no-any-return]


def sparse_to_dense(
    sparse_indices: Any,
    output_shape: Any,
    sparse_values: Any,
    default_value: Any = 0,
    validate_indices: bool = True,
    name: str | None = None,
) -> Tensor:
    """Fill a dense tensor from single entries.

    Parameters
    ----------
    sparse_indices : Tensor of int32 or int64, shape (), (N,) or (N, ndims)
        Where the values belong.
    output_shape : Tensor of the same type, shape (ndims,)
        The dense tensor's shape.
    sparse_values : Tensor, shape () or (N,)
        The values, or one for all places.
    default_value : Tensor, shape ()
        The value everywhere else.
    validate_indices : bool
        Insist that the indices are in ascending order without repetition.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape `output_shape`
    """
    return raw.SparseToDense(  # type: ignore[no-any-return]
        sparse_indices,
        output_shape,
        sparse_values,
        default_value,
        validate_indices=validate_indices,
        name=name,
    )


def sparse_tensor_to_dense(
    sp_input: Any, default_value: Any = 0, validate_indices: bool = True, name: str | None = None
) -> Tensor:
    """Fill a sparse tensor in.

    Parameters
    ----------
    sp_input : SparseTensor
        The entries.
    default_value : Tensor, shape ()
        The value everywhere else.
    validate_indices : bool
        Insist that the indices are in ascending order without repetition.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor

    Raises
    ------
    TypeError
        If `sp_input` is not sparse.
    """
    given = sparse_or_error(sp_input)
    return sparse_to_dense(
        given.indices,
        given.dense_shape,
        given.values,
        default_value=default_value,
        validate_indices=validate_indices,
        name=name,
    )


def sparse_reorder(sp_input: Any, name: str | None = None) -> SparseTensor:
    """Put the entries of a sparse tensor in row-major order.

    Parameters
    ----------
    sp_input : SparseTensor
        The entries, in any order.
    name : str, optional
        The operation's name.

    Returns
    -------
    SparseTensor

    Raises
    ------
    TypeError
        If `sp_input` is not sparse.
    """
    given = sparse_or_error(sp_input)
    indices, values = raw.SparseReorder(given.indices, given.values, given.dense_shape, name=name)
    return SparseTensor(indices, values, array.identity(given.dense_shape))


def sparse_reduce_sum(
    sp_input: SparseTensor, axis: Any = None, keep_dims: bool = False, reduction_axes: Any = None
) -> Tensor:
    """Sum a sparse tensor along axes into a dense one.

    Parameters
    ----------
    sp_input : SparseTensor of numbers
        The entries.
    axis : int, sequence of int or Tensor, optional
        The axes; by default all.
    keep_dims : bool
        Keep the summed axes, with size 1.
    reduction_axes : optional
        The old name of `axis`.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If both `axis` and `reduction_axes` are given.
    """
    if reduction_axes is not None:
        if axis is not None:
            raise ValueError("Can't specify both axis' and 'reduction_indices'.")
        axis = reduction_axes
    if axis is None:
        rank = sp_input.dense_shape.get_shape()[0].value
        axis = (
            array.range(0, array.rank(sp_input))
            if rank is None
            else constant(np.arange(rank), dtype=int32)
        )
    return raw.SparseReduceSum(  # type: ignore[no-any-return]
        sp_input.indices, sp_input.values, sp_input.dense_shape, axis, keep_dims=keep_dims
    )


def sparse_segment_sum(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None
) -> Tensor:
    """Look rows up and sum them by segment.

    Parameters
    ----------
    data : Tensor of a real type, shape (n_rows, ...)
        The rows.
    indices : Tensor of int32 or int64, shape (N,)
        The rows' numbers.
    segment_ids : Tensor of int32, shape (N,)
        The segment of each, in ascending order. Segments left out are zero.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (n_segments, ...)
    """
    return raw.SparseSegmentSum(  # type: ignore[no-any-return]
        data, indices, segment_ids, name=name
    )


def sparse_segment_mean(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None
) -> Tensor:
    """Look rows up and average them by segment.

    Parameters
    ----------
    data : Tensor of float32 or float64, shape (n_rows, ...)
        The rows.
    indices : Tensor of int32 or int64, shape (N,)
        The rows' numbers.
    segment_ids : Tensor of int32, shape (N,)
        The segment of each, in ascending order. Segments left out are zero.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (n_segments, ...)
    """
    return raw.SparseSegmentMean(  # type: ignore[no-any-return]
        data, indices, segment_ids, name=name
    )


def sparse_segment_sqrt_n(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None
) -> Tensor:
    """Look rows up and divide their sum by segment by the root of how many there are.

    Parameters
    ----------
    data : Tensor of float32 or float64, shape (n_rows, ...)
        The rows.
    indices : Tensor of int32 or int64, shape (N,)
        The rows' numbers.
    segment_ids : Tensor of int32, shape (N,)
        The segment of each, in ascending order. Segments left out are zero.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (n_segments, ...)
    """
    return raw.SparseSegmentSqrtN(  # type: ignore[no-any-return]
        data, indices, segment_ids, name=name
    )


# ---- operators ----------------------------------------------------------------------------

_QUOTIENTS: Final = {
    int8: float32,
    uint8: float32,
    int16: float32,
    uint16: float32,
    int32: float64,
    int64: float64,
}


def _operator(name: str, build: Any, quotient: bool = False) -> None:
    """Let an operator work on the entries of a sparse tensor and the dense ones beside them."""

    def operator(x: SparseTensor, y: Any) -> SparseTensor:
        with name_scope(None, name, [x.values, y]) as scope:
            values = x.values
            y = convert(y, x.dtype.base_dtype, "y")
            wider: DType | None = _QUOTIENTS.get(x.dtype.base_dtype) if quotient else None
            if wider is not None:
                values, y = cast(values, wider), cast(y, wider)
            found = build(x.indices, values, x.dense_shape, y, name=scope)
            return SparseTensor(x.indices, found, x.dense_shape)

    LATE[f"sparse__{name}__"] = operator


_operator("mul", lambda *parts, name: raw.SparseDenseCwiseMul(*parts, name=name))
_operator("div", lambda *parts, name: raw.SparseDenseCwiseDiv(*parts, name=name))
_operator("truediv", lambda *parts, name: raw.SparseDenseCwiseDiv(*parts, name=name), True)
