"""Operations that cut a box, or a strided one, out of a tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from skflow.errors import InvalidArgumentError, UnimplementedError
from skflow.graph.context import Reference
from skflow.graph.dtypes import INDEX, Array
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import entries, if_valid, invalid, shape_from, shape_of, zeros
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, merged, shape_brackets
from skflow.graph.spec import Spec

_MASKS: Final = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


# ---- strided slices ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Axis:
    """What a strided slice does to one axis of its input; unknown bounds are ``None``."""

    begin: int | None = None
    end: int | None = None
    stride: int = 1
    masks: tuple[bool, bool] = (True, True)
    shrink: bool = False

    def check(self, axis: int, size: int | None) -> None:
        """Raise ValueError with TensorFlow's sentence if it cannot be applied."""
        if self.stride == 0:
            raise ValueError(f"strides[{axis}] must be non-zero")
        if not self.shrink:
            return
        if self.stride < 0:
            raise ValueError("only stride 1 allowed on non-range indexing.")
        if size is not None and self.begin is not None and not -size <= self.begin < size:
            at = self.begin + size if self.begin < 0 else self.begin
            raise ValueError(f"slice index {at} of dimension {axis} out of bounds.")

    def selector(self) -> Any:
        """The NumPy index for the axis."""
        if self.shrink:
            return self.begin
        begin, end = (
            None if masked else bound
            for bound, masked in zip((self.begin, self.end), self.masks, strict=True)
        )
        return slice(begin, end, self.stride)

    def length(self, size: int | None) -> int | None:
        """How many of `size` positions are taken, if that is known."""
        known = all(
            masked or bound is not None
            for bound, masked in zip((self.begin, self.end), self.masks, strict=True)
        )
        if size is None or not known:
            return None
        return len(range(*self.selector().indices(size)))


def _axes_of(
    rank: int,
    begin: Sequence[int | None],
    end: Sequence[int | None],
    strides: Sequence[int],
    masks: dict[str, int],
) -> list[_Axis | None]:
    """Spell out a slice axis by axis; ``None`` stands for a new axis.

    Raises
    ------
    ValueError
        With TensorFlow's sentences, if there are two ellipses or too many axes.
    """
    count = len(strides)
    bits = {name: [bool(masks[name] >> i & 1) for i in range(count)] for name in _MASKS}
    if masks["ellipsis_mask"] & (masks["ellipsis_mask"] - 1):
        raise ValueError("Multiple ellipses in slice spec not allowed")
    new = [n and not e for n, e in zip(bits["new_axis_mask"], bits["ellipsis_mask"], strict=True)]
    used = count - sum(new) - sum(bits["ellipsis_mask"])
    if used > rank:
        raise ValueError(f"Index out of range using input dim {rank}; input has only {rank} dims")
    rest: list[_Axis | None] = [_Axis()] * (rank - used)
    found: list[_Axis | None] = []
    for i in range(count):
        if bits["ellipsis_mask"][i]:
            found.extend(rest)
            rest = []
        elif new[i]:
            found.append(None)
        else:
            found.append(
                _Axis(
                    begin[i],
                    end[i],
                    strides[i],
                    (bits["begin_mask"][i], bits["end_mask"][i]),
                    bits["shrink_axis_mask"][i],
                )
            )
    return found + rest


def _index(
    shape: Sequence[int], begin: Array, end: Array, strides: Array, masks: dict[str, int]
) -> tuple[Any, ...]:
    """The NumPy index that takes a strided slice out of an array of a known shape."""
    for given in (begin, end):
        if given.shape != strides.shape or given.ndim != 1:
            shapes = ",".join(shape_brackets(a.shape) for a in (begin, end, strides))
            raise invalid(
                "Expected begin, end, and strides to be 1D equal size tensors, but got "
                f"shapes {shapes} instead."
            )
    try:
        axes = _axes_of(len(shape), begin.tolist(), end.tolist(), strides.tolist(), masks)
        old = [a for a in axes if a is not None]
        for i, axis in enumerate(old):
            axis.check(i, shape[i])
    except ValueError as error:
        raise invalid(str(error)) from None
    # The ellipsis makes NumPy return an array even where every axis is dropped.
    return (*(None if a is None else a.selector() for a in axes), ...)


def _taken(x: Array, index: Any, out: Array | None) -> Array:
    """A copy of a part: a view would be strided, which products and reshapes pay for again."""
    if out is None:
        return np.array(x[index])
    np.copyto(out, x[index])
    return out


def _taker(index: Any) -> Callable[..., Array]:
    """A kernel that always takes the same part."""

    def take(x: Array, *_: Array, out: Array | None = None) -> Array:
        return _taken(x, index, out)

    return take


def _strided_slice_kernel(
    x: Array,
    begin: Array,
    end: Array,
    strides: Array,
    *,
    begin_mask: int,
    end_mask: int,
    ellipsis_mask: int,
    new_axis_mask: int,
    shrink_axis_mask: int,
    out: Array | None = None,
) -> Array:
    masks = (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    index = _index(x.shape, begin, end, strides, dict(zip(_MASKS, masks, strict=True)))
    return _taken(x, index, out)


def _bounds(spec: Spec, count: int) -> Sequence[int | None]:
    value = spec.value
    return [None] * count if value is None else value.tolist()


def _strided_slice_infer(
    x: Spec,
    begin: Spec,
    end: Spec,
    strides: Spec,
    *,
    begin_mask: int,
    end_mask: int,
    ellipsis_mask: int,
    new_axis_mask: int,
    shrink_axis_mask: int,
) -> Shape:
    counts = begin.require_rank(1)
    for spec in (end, strides):
        counts = merged(counts, spec.require_rank(1))
    steps = strides.value
    if x.shape is None or steps is None:
        return None
    values = (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    masks = dict(zip(_MASKS, values, strict=True))
    axes = _axes_of(
        len(x.shape), _bounds(begin, steps.size), _bounds(end, steps.size), steps.tolist(), masks
    )
    return _sliced_shape(x.shape, axes)


def _sliced_shape(shape: Sequence[int | None], axes: Sequence[_Axis | None]) -> Shape:
    found: list[int | None] = []
    at = 0
    for axis in axes:
        if axis is None:
            found.append(1)
            continue
        axis.check(at, shape[at])
        if not axis.shrink:
            found.append(axis.length(shape[at]))
        at += 1
    return tuple(found)


@if_valid
def _strided_slice_specialize(
    specs: Sequence[Spec], attrs: dict[str, Any]
) -> Callable[..., Any] | None:
    x, *bounds = specs
    begin, end, strides = (s.value for s in bounds)
    if x.shape is None or begin is None or end is None or strides is None:
        return None
    full = [d for d in x.shape if d is not None]
    if len(full) < len(x.shape):
        return None
    index = _index(full, begin, end, strides, {k: attrs[k] for k in _MASKS})
    return _taker(index)


def _strided_slice_partial(op: Operation) -> Shape:
    """The known entries of a piece of a shape."""
    x, *bounds = (t.spec for t in op.inputs)
    begin, end, strides = (s.value for s in bounds)
    known = None if x.rank != 1 else entries(x)
    if known is None or begin is None or end is None or strides is None:
        return None
    held = np.empty(len(known), dtype=object)
    held[:] = known
    try:
        index = _index(held.shape, begin, end, strides, {k: op.attrs[k] for k in _MASKS})
    except InvalidArgumentError:  # the run reports it, at the operation
        return None
    found = tuple(held[index].reshape(-1).tolist())
    return None if op.outputs[0].spec.rank == 0 and found == (None,) else found


def _strided_slice_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    x, begin, end, strides = op.inputs
    shape = shape_of(x, begin.dtype)
    masks = {k: op.attrs[k] for k in _MASKS}
    return [raw.StridedSliceGrad(shape, begin, end, strides, dy, **masks), None, None, None]


define(
    "StridedSlice",
    "input: T, begin: Index, end: Index, strides: Index -> output: T",
    attrs=dict.fromkeys(_MASKS, 0),
    types={"Index": INDEX},
    kernel=_strided_slice_kernel,
    infer=_strided_slice_infer,
    specialize=_strided_slice_specialize,
    partial=_strided_slice_partial,
    grad=_strided_slice_grad,
    out=True,
)


def _place(shape: Sequence[int], index: tuple[Any, ...], dy: Array, out: Array | None) -> Array:
    """Zeros, but for `dy` where `index` points."""
    found = zeros(shape, dy.dtype, out)
    box = found[index]
    if box.shape != dy.shape:
        raise invalid(
            f"shape of dy was {shape_brackets(dy.shape)} instead of {shape_brackets(box.shape)}"
        )
    box[...] = dy
    return found


def _strided_slice_grad_kernel(
    shape: Array,
    begin: Array,
    end: Array,
    strides: Array,
    dy: Array,
    *,
    begin_mask: int,
    end_mask: int,
    ellipsis_mask: int,
    new_axis_mask: int,
    shrink_axis_mask: int,
    out: Array | None = None,
) -> Array:
    masks = (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    dims = shape.tolist()
    index = _index(dims, begin, end, strides, dict(zip(_MASKS, masks, strict=True)))
    return _place(dims, index, dy, out)


@if_valid
def _strided_slice_grad_specialize(
    specs: Sequence[Spec], attrs: dict[str, Any]
) -> Callable[..., Any] | None:
    shape, begin, end, strides = (s.value for s in specs[:4])
    if shape is None or begin is None or end is None or strides is None:
        return None
    dims = tuple(shape.tolist())
    index = _index(dims, begin, end, strides, {k: attrs[k] for k in _MASKS})
    return lambda *arrays, out=None: _place(dims, index, arrays[-1], out)


def _strided_slice_grad_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    masks = {k: op.attrs[k] for k in _MASKS}
    return [None, None, None, None, raw.StridedSlice(dy, *op.inputs[1:4], **masks)]


define(
    "StridedSliceGrad",
    "shape: Index, begin: Index, end: Index, strides: Index, dy: T -> output: T",
    attrs=dict.fromkeys(_MASKS, 0),
    types={"Index": INDEX},
    kernel=_strided_slice_grad_kernel,
    infer=lambda shape, *_: shape_from(shape),
    specialize=_strided_slice_grad_specialize,
    grad=_strided_slice_grad_grad,
    out=True,
)


def _strided_slice_assign_kernel(
    ref: Reference,
    begin: Array,
    end: Array,
    strides: Array,
    value: Array,
    *,
    begin_mask: int,
    end_mask: int,
    ellipsis_mask: int,
    new_axis_mask: int,
    shrink_axis_mask: int,
) -> Reference:
    masks = (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    storage = ref.read()
    index = _index(storage.shape, begin, end, strides, dict(zip(_MASKS, masks, strict=True)))
    box = storage[index]
    if box.shape != value.shape:
        raise UnimplementedError(
            None,
            None,
            f"sliced l-value shape {shape_brackets(box.shape)} does not match r-value shape "
            f"{shape_brackets(value.shape)}. Automatic broadcasting not yet implemented.",
        )
    box[...] = value
    return ref


define(
    "StridedSliceAssign",
    "ref: Ref(T), begin: Index, end: Index, strides: Index, value: T -> output_ref: Ref(T)",
    attrs=dict.fromkeys(_MASKS, 0),
    types={"Index": INDEX},
    kernel=_strided_slice_assign_kernel,
    infer=lambda ref, *_: ref.shape,
    stateful=True,
)


# ---- boxes -------------------------------------------------------------------------------


def _box(shape: Sequence[int], begin: Array, size: Array) -> tuple[slice, ...]:
    """The NumPy index of a box; InvalidArgumentError if it does not lie within `shape`."""
    if begin.shape != (len(shape),) or size.shape != (len(shape),):
        raise invalid(
            f"Expected begin and size arguments to be 1-D tensors of size {len(shape)}, "
            f"but got shapes {shape_brackets(begin.shape)} and "
            f"{shape_brackets(size.shape)} instead."
        )
    found = []
    for i, (dim, first, given) in enumerate(zip(shape, begin.tolist(), size.tolist(), strict=True)):
        count = dim - first if given == -1 else given
        if dim == 0:
            if first or count:
                raise invalid(
                    f"Expected begin[{i}] == 0 (got {first}) and size[{i}] == 0 (got "
                    f"{count}) when input.dim_size({i}) == 0"
                )
        elif not 0 <= first <= dim:
            raise invalid(f"Expected begin[{i}] in [0, {dim}], but got {first}")
        elif not 0 <= count <= dim - first:
            raise invalid(f"Expected size[{i}] in [0, {dim - first}], but got {count}")
        found.append(slice(first, first + count))
    return tuple(found)


def _slice_kernel(x: Array, begin: Array, size: Array, *, out: Array | None = None) -> Array:
    return _taken(x, (*_box(x.shape, begin, size), ...), out)


def _slice_infer(x: Spec, begin: Spec, size: Spec) -> Shape:
    (count,) = merged(begin.require_rank(1), size.require_rank(1)) or (None,)
    shape = x.shape if count is None else x.require_rank(count)
    first = shape_from(begin)
    sizes = size.value
    if sizes is None:
        known = entries(size)
        return known if known is not None or shape is None else (None,) * len(shape)
    found: list[int | None] = []
    for i, given in enumerate(sizes.tolist()):
        dim = None if shape is None else shape[i]
        start = None if first is None else first[i]
        if given < -1:
            raise ValueError(
                f"Out of bounds slicing on dimension {i} of length "
                f"{'?' if dim is None else dim}: sizes vector cannot be < -1, but "
                f"was {given}"
            )
        found.append(given if given >= 0 else _remainder(dim, start))
    return tuple(found)


def _remainder(dim: int | None, start: int | None) -> int | None:
    if dim is None or start is None:
        return None
    if start > dim:
        raise ValueError(f"Negative dimension size caused by subtracting {start} from {dim}")
    return dim - start


@if_valid
def _slice_specialize(specs: Sequence[Spec], _: dict[str, Any]) -> Callable[..., Any] | None:
    x, begin, size = specs
    if x.shape is None or begin.value is None or size.value is None or None in x.shape:
        return None
    box = _box([d for d in x.shape if d is not None], begin.value, size.value)
    return _taker((*box, ...))


def _slice_partial(op: Operation) -> Shape:
    x, begin, size = (t.spec for t in op.inputs)
    known = None if x.rank != 1 else entries(x)
    first, count = begin.value, size.value
    if known is None or first is None or count is None or first.size != 1 or first[0] < 0:
        return None
    return known[int(first[0]) :][: None if count[0] == -1 else int(count[0])]


def _slice_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    x, begin, _ = op.inputs
    after = raw.Sub(raw.Sub(shape_of(x, begin.dtype), shape_of(dy, begin.dtype)), begin)
    return [raw.Pad(dy, raw.Pack([begin, after], axis=1)), None, None]


define(
    "Slice",
    "input: T, begin: Index, size: Index -> output: T",
    types={"Index": INDEX},
    kernel=_slice_kernel,
    infer=_slice_infer,
    specialize=_slice_specialize,
    partial=_slice_partial,
    grad=_slice_grad,
    out=True,
)
