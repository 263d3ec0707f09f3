"""Functions that look entries up, put them in their places, choose or group them."""

from __future__ import annotations

from typing import Any

from skflow.graph.conversion import convert
from skflow.graph.dtypes import as_dtype, float32
from skflow.graph.functions._common import index_type
from skflow.graph.functions.joining import concat
from skflow.graph.functions.shapes import reshape, shape, squeeze
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope
from skflow.graph.shapes import TensorShape, num_elements


def gather(
    params: Any, indices: Any, validate_indices: bool | None = None, name: str | None = None
) -> Tensor:
    """Look rows up: ``params[indices]``.

    Parameters
    ----------
    params : Tensor, shape (n, ...)
        The rows.
    indices : Tensor of int32 or int64
        The rows' numbers, of any shape.
    validate_indices : bool, optional
        Recorded only: indices out of range always raise.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (*indices.shape, ...)

    Raises
    ------
    InvalidArgumentError
        At run time, if an index is not in ``[0, n)``.
    """
    validate = True if validate_indices is None else validate_indices
    return raw.Gather(  # type: ignore[no-any-return]
        params, indices, validate_indices=validate, name=name
    )


def gather_nd(params: Any, indices: Any, name: str | None = None) -> Tensor:
    """Look entries up by their coordinates: ``params[tuple(indices[i])]``.

    Parameters
    ----------
    params : Tensor of rank n
        The entries.
    indices : Tensor of int32 or int64, shape (..., k)
        Coordinates along the first k axes, k not above n.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (*indices.shape[:-1], *params.shape[k:])

    Raises
    ------
    InvalidArgumentError
        At run time, if coordinates are out of range.
    """
    return raw.GatherNd(params, indices, name=name)  # type: ignore[no-any-return]


def scatter_nd(indices: Any, updates: Any, shape: Any, name: str | None = None) -> Tensor:
    """Add entries up at their coordinates in a tensor of zeros.

    Parameters
    ----------
    indices : Tensor of int32 or int64, shape (..., k)
        Coordinates along the first k axes of the result.
    updates : Tensor, shape (*indices.shape[:-1], *shape[k:])
        The entries.
    shape : Tensor of the type of `indices`, shape (n,)
        The shape of the result.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of shape `shape`

    Raises
    ------
    InvalidArgumentError
        At run time, if coordinates are out of range.
    """
    return raw.ScatterNd(indices, updates, shape, name=name)  # type: ignore[no-any-return]


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Tensor:
    """Write numbers as vectors with one entry set.

    Parameters
    ----------
    indices : Tensor of uint8, int32 or int64
        Which entry to set; none is for a number outside ``[0, depth)``.
    depth : Tensor of int32, shape ()
        The length of the vectors.
    on_value, off_value : Tensor, shape (), optional
        The entries; 1 and 0 by default.
    axis : int, optional
        Where the new axis is in the result; the last by default.
    dtype : DType, optional
        The type of the result; by default that of the entries, else float32.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        Of one more dimension, of size `depth`, than `indices`.

    Raises
    ------
    TypeError
        If the types given do not match.
    """
    wanted = None if dtype is None else as_dtype(dtype)
    with name_scope(name, "one_hot", [indices, depth, on_value, off_value, axis, dtype]) as scope:
        kinds = {
            word: convert(value).dtype.base_dtype
            for word, value in (("on_value", on_value), ("off_value", off_value))
            if value is not None
        }
        for word, kind in kinds.items():
            if wanted is not None and kind != wanted:
                raise TypeError(f"dtype {kind} of {word} does not match dtype parameter {wanted}")
        chosen = wanted or next(iter(kinds.values()), float32)
        if on_value is None:
            on_value = convert(1, chosen, "on_value")
        if off_value is None:
            off_value = convert(0, chosen, "off_value")
        if len(set(kinds.values())) > 1:
            raise TypeError(
                f"dtype {kinds['on_value']} of on_value does not match dtype "
                f"{kinds['off_value']} of off_value"
            )
        return raw.OneHot(  # type: ignore[no-any-return]
            indices, depth, on_value, off_value, axis=-1 if axis is None else axis, name=scope
        )


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """Find where a condition holds, or choose between two tensors by it.

    Parameters
    ----------
    condition : Tensor of bool
        The condition; if `x` is given, of its shape, or a vector that chooses among its rows,
        or a scalar.
    x, y : Tensor, optional
        What to take where the condition holds, and where it does not; of one shape.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        Of int64 and shape (n, rank), the coordinates of the n true entries; or of the shape of
        `x`.

    Raises
    ------
    ValueError
        If only one of `x` and `y` is given, or the shapes do not fit.
    """
    if x is None and y is None:
        return raw.Where(condition, name=name)  # type: ignore[no-any-return]
    if x is None or y is None:
        raise ValueError("x and y must both be non-None or both be None.")
    return raw.Select(condition, x, y, name=name)  # type: ignore[no-any-return]


def boolean_mask(tensor: Any, mask: Any, name: str = "boolean_mask") -> Tensor:
    """Keep the rows of a tensor where a mask is true: NumPy's ``tensor[mask]``.

    Parameters
    ----------
    tensor : Tensor of rank n
        The tensor.
    mask : Tensor of bool, of rank k from 1 to n
        The mask; its shape is that of the tensor's first k dimensions.
    name : str
        The name scope.

    Returns
    -------
    Tensor of rank n - k + 1

    Raises
    ------
    ValueError
        If the mask is a scalar or of unknown rank, or the shapes do not fit.
    """
    with name_scope(name, values=[tensor, mask]):
        tensor = convert(tensor, name="tensor")
        mask = convert(mask, name="mask")
        count = mask.spec.rank
        if count == 0:
            raise ValueError("mask cannot be scalar.")
        if count is None:
            raise ValueError(
                "Number of mask dimensions must be specified, even if some dimensions are None.  "
                "E.g. shape=[None] is ok, but shape=None is not."
            )
        known: TensorShape = tensor.get_shape()
        known[:count].assert_is_compatible_with(mask.get_shape())
        sizes: Any = shape(tensor)
        leading = raw.Prod(sizes[:count], [0])
        sizes = shape(tensor)
        flat = reshape(tensor, concat([[leading], sizes[count:]], 0))
        first = num_elements(known[:count]._dims)
        flat.set_shape(TensorShape([first]).concatenate(known[count:]))
        kept = squeeze(where(reshape(mask, [-1])), squeeze_dims=[1])
        return gather(flat, kept)


def dynamic_partition(
    data: Any, partitions: Any, num_partitions: int, name: str | None = None
) -> list[Tensor]:
    """Sort the rows of a tensor into groups.

    Parameters
    ----------
    data : Tensor, shape (*partitions.shape, ...)
        The rows.
    partitions : Tensor of int32
        The group of each row, in ``[0, num_partitions)``.
    num_partitions : int
        The number of groups.
    name : str, optional
        The operation's name.

    Returns
    -------
    list of Tensor
        The rows of each group, in order.

    Raises
    ------
    InvalidArgumentError
        At run time, if there is no such group.
    """
    if num_partitions < 1:
        raise ValueError(
            f"Attr 'num_partitions' of 'DynamicPartition' Op passed {num_partitions} "
            "less than minimum 1."
        )
    return raw.DynamicPartition(  # type: ignore[no-any-return]
        data, partitions, num_partitions=num_partitions, name=name
    )


def dynamic_stitch(indices: Any, data: Any, name: str | None = None) -> Tensor:
    """Put groups of rows together: ``merged[indices[m][i]] = data[m][i]``.

    Parameters
    ----------
    indices : list of Tensor of int32
        Where each row goes; of rows that go to the same place the last one stays.
    data : list of Tensor, data[m] of shape (*indices[m].shape, ...)
        The rows.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        As many rows as the largest index asks for; rows without an index are zero.
    """
    for part in (indices, data):
        if isinstance(part, (list, tuple)) and not part:
            raise ValueError(
                "List argument 'indices' to 'DynamicStitch' Op with length 0 shorter "
                "than minimum length 1."
            )
    if len(indices) != len(data):
        raise ValueError(
            f"List argument 'data' to 'DynamicStitch' Op with length {len(data)} "
            f"must match length {len(indices)} of argument 'indices'."
        )
    return raw.DynamicStitch(indices, data, name=name)  # type: ignore[no-any-return]


def unique(x: Any, out_idx: Any = None, name: str | None = None) -> Any:
    """Find the distinct entries of a vector, in the order of their first occurrence.

    Parameters
    ----------
    x : Tensor, shape (n,)
        The vector.
    out_idx : DType, optional
        The type of the numbers: int32 (the default) or int64.
    name : str, optional
        The operation's name.

    Returns
    -------
    y : Tensor, shape (m,)
        The distinct entries.
    idx : Tensor, shape (n,)
        For each entry its number in `y`.
    """
    options = {} if out_idx is None else {"out_idx": index_type(out_idx, "out_idx")}
    return raw.Unique(x, name=name, **options)


def unique_with_counts(x: Any, out_idx: Any = None, name: str | None = None) -> Any:
    """Find the distinct entries of a vector and how often each occurs.

    Parameters
    ----------
    x : Tensor, shape (n,)
        The vector.
    out_idx : DType, optional
        The type of the numbers: int32 (the default) or int64.
    name : str, optional
        The operation's name.

    Returns
    -------
    y : Tensor, shape (m,)
        The distinct entries, in the order of their first occurrence.
    idx : Tensor, shape (n,)
        For each entry its number in `y`.
    count : Tensor, shape (m,)
        How often each occurs.
    """
    options = {} if out_idx is None else {"out_idx": index_type(out_idx, "out_idx")}
    return raw.UniqueWithCounts(x, name=name, **options)
