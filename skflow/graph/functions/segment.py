"""Functions that reduce the rows which carry the same number: segments, sorted or not."""

from __future__ import annotations

from typing import Any

from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw


def segment_sum(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Sum the rows of each segment.

    Parameters
    ----------
    data : Tensor of numbers, shape (n, ...)
        The rows.
    segment_ids : Tensor of int32 or int64, shape (n,)
        Each row's segment, in increasing order.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (last id + 1, ...)
        A row for each segment; 0 where a segment has no rows.

    Raises
    ------
    InvalidArgumentError
        At run time, if the ids are not sorted natural numbers, one for each row.
    """
    return raw.SegmentSum(data, segment_ids, name=name)  # type: ignore[no-any-return]


def segment_mean(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Average the rows of each segment.

    Parameters
    ----------
    data : Tensor of a real type, shape (n, ...)
        The rows.
    segment_ids : Tensor of int32 or int64, shape (n,)
        Each row's segment, in increasing order.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (last id + 1, ...)
        A row for each segment; 0 where a segment has no rows.

    Raises
    ------
    InvalidArgumentError
        At run time, if the ids are not sorted natural numbers, one for each row.
    """
    return raw.SegmentMean(data, segment_ids, name=name)  # type: ignore[no-any-return]


def segment_prod(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Multiply the rows of each segment.

    Parameters
    ----------
    data : Tensor of numbers, shape (n, ...)
        The rows.
    segment_ids : Tensor of int32 or int64, shape (n,)
        Each row's segment, in increasing order.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (last id + 1, ...)
        A row for each segment; 1 where a segment has no rows. It has no gradient.

    Raises
    ------
    InvalidArgumentError
        At run time, if the ids are not sorted natural numbers, one for each row.
    """
    return raw.SegmentProd(data, segment_ids, name=name)  # type: ignore[no-any-return]


def segment_max(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Find the greatest elements of each segment's rows.

    Parameters
    ----------
    data : Tensor of a real type, shape (n, ...)
        The rows.
    segment_ids : Tensor of int32 or int64, shape (n,)
        Each row's segment, in increasing order.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (last id + 1, ...)
        A row for each segment; 0 where a segment has no rows. NaN is passed over.

    Raises
    ------
    InvalidArgumentError
        At run time, if the ids are not sorted natural numbers, one for each row.
    """
    return raw.SegmentMax(data, segment_ids, name=name)  # type: ignore[no-any-return]


def segment_min(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Find the least elements of each segment's rows.

    Parameters
    ----------
    data : Tensor of a real type, shape (n, ...)
        The rows.
    segment_ids : Tensor of int32 or int64, shape (n,)
        Each row's segment, in increasing order.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (last id + 1, ...)
        A row for each segment; 0 where a segment has no rows. NaN is passed over.

    Raises
    ------
    InvalidArgumentError
        At run time, if the ids are not sorted natural numbers, one for each row.
    """
    return raw.SegmentMin(data, segment_ids, name=name)  # type: ignore[no-any-return]


def unsorted_segment_sum(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """Sum the slices that carry the same number, in any order.

    Parameters
    ----------
    data : Tensor of numbers, shape (*s, ...)
        The slices.
    segment_ids : Tensor of int32 or int64, shape s
        Each slice's segment, below `num_segments`.
    num_segments : int
        The number of segments.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (num_segments, ...)
        A slice for each segment; 0 where a segment has none.

    Raises
    ------
    InvalidArgumentError
        At run time, if an id is out of range.
    """
    return raw.UnsortedSegmentSum(  # type: ignore[no-any-return]
        data, segment_ids, num_segments, name=name
    )


def unsorted_segment_max(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """Find the greatest elements of the slices that carry the same number, in any order.

    Parameters
    ----------
    data : Tensor of a real type, shape (*s, ...)
        The slices.
    segment_ids : Tensor of int32 or int64, shape s
        Each slice's segment, below `num_segments`.
    num_segments : int
        The number of segments.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (num_segments, ...)
        A slice for each segment; the type's least finite number where a segment has none.

    Raises
    ------
    InvalidArgumentError
        At run time, if an id is out of range.
    """
    return raw.UnsortedSegmentMax(  # type: ignore[no-any-return]
        data, segment_ids, num_segments, name=name
    )
