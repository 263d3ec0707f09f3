"""What the graph alone says of a tensor's value, for shape inference."""

from __future__ import annotations

import threading
from typing import Any, Final

import numpy as np

from skflow.graph.nodes import Tensor
from skflow.graph.shapes import Shape, num_elements

_here: Final = threading.local()
_DEEP: Final = 50  # tensors that hang on each other: at that depth no more recursion
_FOLDABLE: Final = 4096  # elements: larger values are not worked out while the graph is built


def static_value(tensor: Tensor) -> tuple[Any, Shape]:
    """What the graph alone says of a tensor's value, and of a shape it holds.

    Only small tensors are worked out: this serves shape inference.

    Returns
    -------
    value : numpy.ndarray or None
        The value, if constants determine it.
    partial : tuple or None
        The entries of a vector that describes a shape, ``None`` where unknown.
    """
    _here.depth = depth = getattr(_here, "depth", 0) + 1
    try:
        if depth % _DEEP == 0:
            _work_out_before(tensor)
        return _static_value(tensor)
    finally:
        _here.depth = depth - 1


def _work_out_before(tensor: Tensor) -> None:
    """Work out what a tensor may hang on, one by one: a long chain is too deep to recurse."""
    stack = [t for t in tensor.op.inputs if _is_small(t)]
    seen: set[Tensor] = set()
    while stack:
        found = stack[-1]
        missing = [] if found in seen else [t for t in found.op.inputs if _is_small(t)]
        if missing:
            seen.add(found)
            stack.extend(missing)
        else:
            stack.pop()
            _ = found._spec.value


def _is_small(tensor: Tensor) -> bool:
    """Whether a tensor may be worked out and has not been."""
    count = num_elements(tensor._spec.shape)
    known = getattr(tensor._spec, "_known", True)
    return not known and count is not None and count <= _FOLDABLE


def _static_value(tensor: Tensor) -> tuple[Any, Shape]:
    op = tensor.op
    definition = op.definition
    if op.type == "Const":
        value = op.attrs["value"]
        # One number that stands for millions is no shape, and takes no memory until it is read.
        return (None if value.size > _FOLDABLE and 0 in value.strides else value), None
    if definition.stateful or definition.context or tensor.dtype.is_ref_dtype:
        return None, None
    if op.type == "PlaceholderWithDefault":  # a feed may replace its default
        return None, None
    partial = None
    if definition.partial is not None:
        partial = definition.partial(op)
        rank = tensor._spec.rank
        whole = tensor.dtype.base_dtype.is_integer and rank is not None and rank <= 1
        if whole and partial is not None and None not in partial:
            known = np.array(partial, dtype=tensor.dtype.base_dtype.np_dtype)
            return known.reshape((len(partial),) if rank else ()), None
    size = num_elements(tensor._spec.shape)
    if not op.inputs or size is None or size > _FOLDABLE:
        return None, partial
    values = []
    for t in op.inputs:
        count = num_elements(t._spec.shape)
        value = None if count is None or count > _FOLDABLE else t._spec.value
        if value is None:
            return None, partial
        values.append(value)
    try:
        return definition.compute(values, op.attrs)[tensor.value_index], None
    except Exception:  # noqa: BLE001  # the run reports it, at the operation
        return None, partial
