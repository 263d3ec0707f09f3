"""Functions that decide what runs after what: groups, joins, and nothing at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import Any

from skflow.graph.nodes import Operation, Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import colocate_with, control_dependencies, device, name_scope
from skflow.graph.sparse_types import IndexedSlices, convert_to_tensor_or_indexed_slices


def no_op(name: str | None = None) -> Operation:
    """Do nothing, which other operations can wait for.

    Parameters
    ----------
    name : str, optional
        The operation's name.

    Returns
    -------
    Operation
    """
    return raw.NoOp(name=name)  # type: ignore[no-any-return]


def _same(value: Any, name: str | None = None) -> Any:
    """The same tensor once more; a reference stays one."""
    if isinstance(value, IndexedSlices):
        values = _same(value.values, name)
        return IndexedSlices(values, value.indices, value.dense_shape)
    if value.dtype.is_ref_dtype:
        return raw.RefIdentity(value, name=name)
    return raw.Identity(value, name=name)


def with_dependencies(
    dependencies: Iterable[Any], output_tensor: Any, name: str | None = None
) -> Any:
    """Give a tensor's value only after some operations have run.

    Parameters
    ----------
    dependencies : iterable of Operation or Tensor
        What to wait for.
    output_tensor : Tensor or IndexedSlices
        What to return.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor or IndexedSlices
        Equal to `output_tensor`.
    """
    waits = list(dependencies)
    with (
        name_scope(name, "control_dependency", [*waits, output_tensor]) as scope,
        colocate_with(output_tensor),
        control_dependencies(waits),
    ):
        return _same(convert_to_tensor_or_indexed_slices(output_tensor), scope)


def _no_op_after(place: str | None, waits: Sequence[Any], name: str | None = None) -> Operation:
    with control_dependencies(waits), nullcontext() if place is None else device(place):
        return no_op(name)


def group(*inputs: Any, **kwargs: Any) -> Operation:
    """Make one operation that runs several.

    Parameters
    ----------
    *inputs : Operation or Tensor
        What to run.
    name : str, optional
        The operation's name.

    Returns
    -------
    Operation
        It has run when all of them have.

    Raises
    ------
    ValueError
        If there is another keyword.
    """
    name = kwargs.pop("name", None)
    if kwargs:
        raise ValueError(f"Unknown keyword arguments: {', '.join(kwargs)}")
    with name_scope(name, "group_deps", inputs) as scope:
        if not inputs:
            return no_op(scope)
        by_device: dict[str, list[Any]] = {}
        for item in inputs:
            by_device.setdefault(item.device, []).append(item)
        if len(by_device) == 1:
            return _no_op_after(*next(iter(by_device.items())), name=scope)
        parts = [_no_op_after(place, by_device[place]) for place in sorted(by_device)]
        with control_dependencies(parts):
            return no_op(scope)


def tuple(
    tensors: Sequence[Any],
    name: str | None = None,  # TensorFlow's name
    control_inputs: Sequence[Any] | None = None,
) -> list[Any]:
    """Give some tensors' values only after all of them have been computed.

    Parameters
    ----------
    tensors : list of Tensor, IndexedSlices or None
        The tensors.
    name : str, optional
        The name scope of the operations.
    control_inputs : list of Operation or Tensor, optional
        What else to wait for.

    Returns
    -------
    list of Tensor, IndexedSlices or None
        Equal to `tensors`.

    Raises
    ------
    ValueError
        If there is no tensor.
    TypeError
        If a control input is neither an operation nor a tensor.
    """
    with name_scope(name, "tuple", tensors):
        gates = [t.op for t in tensors if t is not None]
        for item in control_inputs or ():
            op = item.op if isinstance(item, Tensor) else item
            if not isinstance(op, Operation):
                raise TypeError(f"Control input must be Operation or Tensor: {item}")
            gates.append(op)
        if not gates:
            raise ValueError(f"Must have at least one Tensor: {tensors}")
        gate = group(*sorted(set(gates), key=lambda op: op._id))
        return [None if t is None else with_dependencies([gate], t) for t in tensors]
