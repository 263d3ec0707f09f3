"""Clipping: by value, and by the norm of one tensor or of several together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skflow.graph.conversion import constant, convert
from skflow.graph.dtypes import float32
from skflow.graph.functions.casting import cast
from skflow.graph.functions.elementary import rsqrt, sqrt
from skflow.graph.functions.filling import range as range_of
from skflow.graph.functions.joining import stack
from skflow.graph.functions.placeholders import identity
from skflow.graph.functions.reduction import reduce_sum
from skflow.graph.functions.shapes import rank, size
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope
from skflow.graph.sparse_types import IndexedSlices


def clip_by_value(
    t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None
) -> Tensor:
    """Move what lies outside an interval to its nearer end.

    Parameters
    ----------
    t : Tensor of a signed real number type
        The numbers.
    clip_value_min, clip_value_max : Tensor of the type of `t`
        The ends of the interval, scalars or of the shape of `t`.
    name : str, optional
        The name of the result.

    Returns
    -------
    Tensor of the type and shape of `t`
    """
    with name_scope(name, "clip_by_value", [t, clip_value_min, clip_value_max]) as scope:
        tensor = convert(t, name="t")
        below = raw.Minimum(tensor, clip_value_max)
        return raw.Maximum(below, clip_value_min, name=scope)  # type: ignore[no-any-return]


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """Shrink a tensor whose Euclidean norm is above a limit to that norm.

    Parameters
    ----------
    t : Tensor of a floating type
        The numbers.
    clip_norm : Tensor of the type of `t`, shape ()
        The largest norm allowed, above 0.
    axes : sequence of int, optional
        The axes to take norms along, each for itself; by default all together.
    name : str, optional
        The name of the result.

    Returns
    -------
    Tensor of the type and shape of `t`
    """
    with name_scope(name, "clip_by_norm", [t, clip_norm]) as scope:
        tensor: Any = convert(t, name="t")
        inverse = rsqrt(reduce_sum(tensor * tensor, axes, keep_dims=True))
        scaled = tensor * clip_norm
        one: Any = constant(1.0, tensor.dtype.base_dtype)
        limit = one / clip_norm
        return identity(scaled * raw.Minimum(inverse, limit), name=scope)


def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Tensor:
    """Shrink a tensor whose Euclidean norm per element is above a limit.

    Parameters
    ----------
    t : Tensor of float32
        The numbers.
    clip_norm : Tensor of float32, shape ()
        The largest norm per element allowed, above 0.
    name : str, optional
        The name of the result.

    Returns
    -------
    Tensor of the type and shape of `t`
    """
    with name_scope(name, "clip_by_average_norm", [t, clip_norm]) as scope:
        tensor: Any = convert(t, name="t")
        count = cast(size(tensor), float32)
        inverse: Any = rsqrt(reduce_sum(tensor * tensor, range_of(rank(tensor))))
        scaled = tensor * clip_norm
        average = inverse * count
        one: Any = constant(1.0)
        return identity(scaled * raw.Minimum(average, one / clip_norm), name=scope)


def _listed(t_list: Any) -> list[Any]:
    if not isinstance(t_list, Sequence) or isinstance(t_list, (str, bytes)):
        raise TypeError("t_list should be a sequence")
    return list(t_list)


def _values(items: list[Any]) -> list[Tensor | None]:
    """The numbers of each item; of slices the slices themselves."""
    return [
        None
        if t is None
        else convert(t.values if isinstance(t, IndexedSlices) else t, name=f"t_{i}")
        for i, t in enumerate(items)
    ]


def global_norm(t_list: Any, name: str | None = None) -> Tensor:
    """Take the Euclidean norm of several tensors together.

    Parameters
    ----------
    t_list : sequence of Tensor, IndexedSlices or None
        The tensors, of one floating type; ``None`` is passed over.
    name : str, optional
        The name scope of what is built.

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    TypeError
        If `t_list` is not a sequence.
    """
    items = _listed(t_list)
    with name_scope(name, "global_norm", items):
        halves = []
        for value in _values(items):
            if value is not None:
                with value.graph.colocate_with(value):
                    halves.append(raw.L2Loss(value))
        half: Any = reduce_sum(stack(halves))
        return sqrt(half * constant(2.0, half.dtype.base_dtype), name="global_norm")


def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list[Any], Tensor]:
    """Shrink several tensors by one factor if their norm together is above a limit.

    Parameters
    ----------
    t_list : sequence of Tensor, IndexedSlices or None
        The tensors, of one floating type.
    clip_norm : Tensor, shape ()
        The largest norm allowed, above 0.
    use_norm : Tensor, shape (), optional
        The norm, if it is known already.
    name : str, optional
        The name scope of what is built.

    Returns
    -------
    list_clipped : list of Tensor, IndexedSlices or None
        What each became.
    global_norm : Tensor, shape ()
        The norm before.

    Raises
    ------
    TypeError
        If `t_list` is not a sequence.

    Notes
    -----
    Pascanu, Mikolov, Bengio (2013), "On the difficulty of training recurrent neural networks",
    `arXiv:1211.5063 <https://arxiv.org/abs/1211.5063>`_.
    """
    items = _listed(t_list)
    norm: Any = global_norm(items, name) if use_norm is None else use_norm
    with name_scope(name, "clip_by_global_norm", [*items, clip_norm]) as scope:
        inverse = 1.0 / norm
        one: Any = constant(1.0, norm.dtype.base_dtype)
        factor = clip_norm * raw.Minimum(inverse, one / clip_norm)
        clipped: list[Any] = []
        for i, (item, value) in enumerate(zip(items, _values(items), strict=True)):
            clipped.append(None if value is None else _scaled(item, value, factor, f"{scope}_{i}"))
    return clipped, norm


def _scaled(item: Any, value: Any, factor: Tensor, name: str) -> Any:
    """One item times the factor, as slices if it came as slices."""
    with value.graph.colocate_with(value):
        found = identity(value * factor, name=name)
    if isinstance(item, IndexedSlices):
        return IndexedSlices(found, item.indices, item.dense_shape)
    return found
