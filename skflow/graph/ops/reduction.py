"""Reductions along axes: sums, means, products, extremes, logical ones, positions of extremes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from skflow.graph.conversion import constant
from skflow.graph.dtypes import INDEX, Array, DType, int32
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid
from skflow.graph.ops._sums import SumPlan, reduce, reduced_shape
from skflow.graph.ops._types import ANY_NUMBERS
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, shape_brackets
from skflow.graph.spec import Spec

_SHORT_ROW, _MANY_ROWS = 32, 64  # such rows are reduced column by column

# ---- axes -------------------------------------------------------------------------------


def _distinct(axes: Any, rank: int) -> tuple[int, ...]:
    """Axes counted from the front, each once, in order; IndexError(axis) if one is out of range."""
    found = set()
    for axis in np.asarray(axes).reshape(-1).tolist():
        if not -rank <= axis < rank:
            raise IndexError(axis)
        found.add(axis % rank)
    return tuple(sorted(found))


def _given_axes(x: Array, axes: Array) -> tuple[int, ...]:
    """The axes at run time."""
    try:
        return _distinct(axes, x.ndim)
    except IndexError as error:
        raise invalid(
            f"Invalid reduction dimension ({error.args[0]} for input with {x.ndim} dimension(s)"
        ) from None


def _known_axes(x: Spec, axes: Spec) -> tuple[int, ...] | None:
    """The axes, if the rank and they are known before the run; ValueError if out of range."""
    if x.rank is None:
        return None
    value = axes.value
    if value is None:
        return None
    try:
        return _distinct(value, x.rank)
    except IndexError as error:
        raise ValueError(
            f"Invalid reduction dimension {error.args[0]} for input with {x.rank} dimensions."
        ) from None


def _infer(x: Spec, axes: Spec, *, keep_dims: bool) -> Shape:
    if axes.rank is not None and axes.rank > 1:
        raise ValueError(f"Shape must be at most rank 1 but is rank {axes.rank}")
    known = _known_axes(x, axes)
    if known is not None and x.shape is not None:
        return reduced_shape(x.shape, known, keep_dims)
    return (None,) * x.rank if keep_dims and x.rank is not None else None


Reduction = Callable[[Array, tuple[int, ...], bool], Any]


def _kernel(reduction: Reduction) -> Callable[..., Any]:
    def kernel(x: Array, axes: Array, *, keep_dims: bool) -> Any:
        return reduction(x, _given_axes(x, axes), keep_dims)

    return kernel


def _specialize(reduction: Reduction) -> Callable[..., Any]:
    def specialize(specs: Sequence[Spec], attrs: dict[str, Any]) -> Callable[..., Any] | None:
        known, keep_dims = _known_axes(specs[0], specs[1]), attrs["keep_dims"]
        if known is None:
            return None
        return lambda x, axes: reduction(x, known, keep_dims)  # noqa: ARG005

    return specialize


# ---- kernels ----------------------------------------------------------------------------


def _sum(x: Array, axes: tuple[int, ...], keep_dims: bool) -> Any:
    return SumPlan(x.shape, axes, keep_dims)(x)


def _planned_sum(specs: Sequence[Spec], attrs: dict[str, Any]) -> Callable[..., Any] | None:
    known, shape = _known_axes(specs[0], specs[1]), specs[0].shape
    if known is None or shape is None or None in shape:
        return None
    plan = SumPlan([d for d in shape if d is not None], known, attrs["keep_dims"])
    return lambda x, axes: plan(x)  # noqa: ARG005


def _mean(x: Array, axes: tuple[int, ...], keep_dims: bool) -> Any:
    plan = SumPlan(x.shape, axes, keep_dims)
    return _divided(plan, x, math.prod(x.shape[a] for a in axes))


def _planned_mean(specs: Sequence[Spec], attrs: dict[str, Any]) -> Callable[..., Any] | None:
    known, shape = _known_axes(specs[0], specs[1]), specs[0].shape
    if known is None or shape is None or None in shape:
        return None
    dims = [d for d in shape if d is not None]
    plan, count = SumPlan(dims, known, attrs["keep_dims"]), math.prod(dims[a] for a in known)
    return lambda x, axes: _divided(plan, x, count)  # noqa: ARG005


def _divided(plan: SumPlan, x: Array, count: int) -> Any:
    """A sum over a count: integers lose their fraction, as in TensorFlow."""
    kind = x.dtype
    if kind.kind in "iu":
        return _truncated(plan(x), count)
    if kind.itemsize == 2:
        return (plan(x.astype(np.float32)) / np.float32(count)).astype(kind)
    return plan(x) / kind.type(count)


def _truncated(total: Any, count: int) -> Any:
    """An integer quotient rounded towards zero; 0 of nothing."""
    total = np.asarray(total)
    if count == 0 or count > np.iinfo(total.dtype).max:
        return np.zeros_like(total)
    quotient = total // total.dtype.type(count)
    exact = quotient * total.dtype.type(count) == total
    return (quotient + ((total < 0) & ~exact)).astype(total.dtype)


def _prod(x: Array, axes: tuple[int, ...], keep_dims: bool) -> Any:
    if x.dtype == np.float16:
        return _folded(np.multiply, x.astype(np.float32), axes, keep_dims).astype(x.dtype)
    return _folded(np.multiply, x, axes, keep_dims, dtype=x.dtype)


def _folded(
    ufunc: np.ufunc, x: Array, axes: tuple[int, ...], keep_dims: bool, **options: Any
) -> Any:
    """``ufunc.reduce``; many short rows are reduced column by column, where NumPy is slow."""
    if (
        axes == (x.ndim - 1,)
        and x.shape[-1] <= _SHORT_ROW
        and (x.size >= _MANY_ROWS * x.shape[-1] > 0)
    ):
        columns = np.ascontiguousarray(x.reshape(-1, x.shape[-1]).T)
        found = ufunc.reduce(columns, axis=0, **options)
        return found.reshape(reduced_shape(x.shape, axes, keep_dims))
    return reduce(ufunc, x, axes, keep_dims, **options)


def _largest(x: Array, axes: tuple[int, ...], keep_dims: bool) -> Any:
    return _extreme("Max", np.maximum, np.fmax, x, axes, keep_dims)


def _smallest(x: Array, axes: tuple[int, ...], keep_dims: bool) -> Any:
    return _extreme("Min", np.minimum, np.fmin, x, axes, keep_dims)


def _extreme(
    op_type: str,
    exact: np.ufunc,
    inexact: np.ufunc,
    x: Array,
    axes: tuple[int, ...],
    keep_dims: bool,
) -> Any:
    """The extreme along axes; NaN is passed over, and of nothing it is the opposite extreme."""
    kind = x.dtype.kind
    _refuse_complex(op_type, x)
    if kind == "f":
        limit = x.dtype.type(-math.inf if inexact is np.fmax else math.inf)
        return _folded(inexact, x, axes, keep_dims, initial=limit)
    info = np.iinfo(x.dtype)
    return _folded(
        exact,
        x,
        axes,
        keep_dims,
        initial=x.dtype.type(info.min if exact is np.maximum else info.max),
    )


def _refuse_complex(op_type: str, x: Array) -> None:
    if x.dtype.kind == "c":
        raise invalid(f"No OpKernel was registered to support Op '{op_type}' with these attrs.")


def _all(x: Array, axes: tuple[int, ...], keep_dims: bool) -> Any:
    return reduce(np.logical_and, x, axes, keep_dims)


def _any(x: Array, axes: tuple[int, ...], keep_dims: bool) -> Any:
    return reduce(np.logical_or, x, axes, keep_dims)


# ---- gradients --------------------------------------------------------------------------


def _kept_and_repeats(op: Operation) -> tuple[Tensor, Tensor]:
    """The output's shape with the reduced axes kept, and how often it is repeated along each.

    Both are int32 vectors, constant as far as the graph determines them.
    """
    x = op.inputs[0]
    axes = _known_axes(x.spec, op.inputs[1].spec)
    if axes is None or x.spec.shape is None:
        return _dynamic_kept_and_repeats(op)
    dims = x.spec.shape
    kept = [1 if i in axes else d for i, d in enumerate(dims)]
    repeats = [d if i in axes else 1 for i, d in enumerate(dims)]
    if kept.count(None) == 1 and 0 not in kept:
        kept[kept.index(None)] = -1
    shape = raw.Shape(x) if None in kept or None in repeats else None
    return _filled(kept, dims, shape), _filled(repeats, dims, shape)


def _filled(dims: list[int | None], full: Sequence[int | None], shape: Tensor | None) -> Tensor:
    """A vector of dimensions; the unknown ones are taken from a shape at run time."""
    if None not in dims:
        return constant(dims, int32)
    if dims == list(full) and shape is not None:
        return shape
    unknown = constant([int(d is None) for d in dims], int32)
    known = constant([d or 0 for d in dims], int32)
    return raw.Add(raw.Mul(shape, unknown), known)  # type: ignore[no-any-return]


def _dynamic_kept_and_repeats(op: Operation) -> tuple[Tensor, Tensor]:
    one, zero = constant(1, int32), constant(0, int32)
    shape = raw.Shape(op.inputs[0])
    rank = raw.Size(shape)
    axes = op.inputs[1]
    if axes.dtype is not int32:
        axes = raw.Cast(axes, DstT=int32)
    axes = raw.FloorMod(raw.Add(axes, rank), rank)
    kept = raw.DynamicStitch(
        [raw.Range(zero, rank, one), axes], [shape, raw.Fill(raw.Shape(axes), one)]
    )
    return kept, raw.FloorDiv(shape, raw.Maximum(kept, one))


def _sum_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    kept, repeats = _kept_and_repeats(op)
    return [raw.Tile(raw.Reshape(dy, kept), repeats, name="Tile"), None]


def _mean_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    kept, repeats = _kept_and_repeats(op)
    dims = repeats.spec.value
    if dims is None:
        total = raw.Prod(repeats, constant([0], int32))
        count = raw.Cast(total, DstT=dy.dtype.base_dtype)
    else:
        count = constant(int(math.prod(dims.tolist())), dy.dtype.base_dtype)
    # TensorFlow repeats first and divides then: the same numbers, at a greater cost. The last
    # operation goes by the name of its division.
    share = raw.RealDiv(dy, count, name="share")
    return [raw.Tile(raw.Reshape(share, kept), repeats, name="truediv"), None]


def _extreme_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    """Extremes that tie share the gradient evenly."""
    x, axes = op.inputs
    kept, _ = _kept_and_repeats(op)
    chosen = raw.Equal(raw.Reshape(op.outputs[0], kept), x)
    chosen = raw.Cast(chosen, DstT=dy.dtype.base_dtype)
    count = raw.Sum(chosen, axes, keep_dims=True)
    share = raw.RealDiv(raw.Reshape(dy, kept), count)
    return [raw.Mul(chosen, share, name="mul"), None]


def _prod_grad(op: Operation, dy: Tensor) -> list[Tensor | None]:
    """The product of all other entries, without a division: entries may be zero."""
    kept, _ = _kept_and_repeats(op)
    grad = raw.Mul(raw.Reshape(dy, kept), _other_entries(op), name="product")
    return [raw.Identity(grad, name="Reshape_4"), None]


def _other_entries(op: Operation) -> Tensor:
    """For each entry the product of the others that are reduced with it."""
    x = op.inputs[0]
    axes = _known_axes(x.spec, op.inputs[1].spec)
    if axes is not None and len(axes) == 1:
        return _product_of_others(x, axes[0])
    if axes is not None and len(axes) == x.spec.rank:
        flat = raw.Reshape(x, constant([-1], int32))
        return raw.Reshape(  # type: ignore[no-any-return]
            _product_of_others(flat, 0), raw.Shape(x)
        )
    reduced, others = _divided_axes(op, axes)
    first, shape = constant([0], int32), raw.Shape(x)
    sizes = [raw.Prod(raw.Gather(shape, a), first) for a in (reduced, others)]
    order = raw.ConcatV2([reduced, others], constant(0, int32))
    moved = raw.Transpose(x, order)
    flat = raw.Reshape(moved, raw.Pack(sizes))
    product = raw.Reshape(_product_of_others(flat, 0), raw.Shape(moved))
    return raw.Transpose(product, raw.InvertPermutation(order))  # type: ignore[no-any-return]


def _divided_axes(op: Operation, axes: tuple[int, ...] | None) -> tuple[Tensor, Tensor]:
    """The axes that are reduced and those that are not, as int32 vectors."""
    rank = op.inputs[0].spec.rank
    if axes is not None and rank is not None:
        rest = [a for a in range(rank) if a not in axes]
        return constant(list(axes), int32), constant(rest, int32)
    given = raw.Reshape(op.inputs[1], constant([-1], int32))
    if given.dtype is not int32:
        given = raw.Cast(given, DstT=int32)
    count = raw.Rank(op.inputs[0])
    given = raw.Unique(raw.FloorMod(raw.Add(given, count), count))[0]
    every = raw.Range(constant(0, int32), count, constant(1, int32))
    return given, raw.ListDiff(every, given)[0]


def _product_of_others(x: Tensor, axis: int) -> Tensor:
    """Along one axis: the product of what comes before times that of what comes after."""
    at = constant(axis, int32)
    if x.dtype.is_complex:
        x = raw.Conj(x)
    before = raw.Cumprod(x, at, exclusive=True)
    return raw.Mul(  # type: ignore[no-any-return]
        before, raw.Cumprod(x, at, exclusive=True, reverse=True)
    )


# ---- declarations -----------------------------------------------------------------------


def _define(
    op_type: str,
    reduction: Reduction,
    grad: Any,
    specialize: Any = None,
    dtypes: tuple[DType, ...] = ANY_NUMBERS,
) -> None:
    define(
        op_type,
        "input: T, reduction_indices: Tidx -> output: T",
        attrs={"keep_dims": False, "Tidx": int32},
        types={"T": dtypes, "Tidx": INDEX},
        infer=_infer,
        kernel=_kernel(reduction),
        specialize=specialize or _specialize(reduction),
        grad=grad,
    )


def _define_logical(op_type: str, reduction: Reduction) -> None:
    define(
        op_type,
        "input: bool, reduction_indices: Tidx -> output: bool",
        attrs={"keep_dims": False, "Tidx": int32},
        types={"Tidx": INDEX},
        infer=_infer,
        kernel=_kernel(reduction),
        specialize=_specialize(reduction),
    )


_define("Sum", _sum, _sum_grad, _planned_sum)
_define("Mean", _mean, _mean_grad, _planned_mean)
_define("Prod", _prod, _prod_grad)
_define("Max", _largest, _extreme_grad)
_define("Min", _smallest, _extreme_grad)
_define_logical("All", _all)
_define_logical("Any", _any)

# ---- positions of extremes --------------------------------------------------------------


def _position_infer(x: Spec, axis: Spec) -> Shape:
    axis.require_rank(0)
    if x.shape is None:
        return None
    rank = len(x.shape)
    if rank <= 1:
        return ()
    value = axis.value
    if value is None:
        return (None,) * (rank - 1)
    at = int(value)
    if not -rank <= at < rank:
        raise ValueError(
            f"Dimension ({at}) must be in the range [{-rank}, {rank}), where {rank} is the "
            "number of dimensions in the input."
        )
    return reduced_shape(x.shape, (at % rank,), False)


def _position(op_type: str, pick: Callable[..., Any], worst: float, x: Array, axis: Array) -> Any:
    _refuse_complex(op_type, x)
    if np.ndim(axis) != 0:
        raise invalid(
            f"dim must be a scalar, but received tensor of shape: {shape_brackets(axis.shape)}"
        )
    at = int(axis)
    if not -x.ndim <= at < x.ndim:
        raise invalid(f"Expected dimension in the range [{-x.ndim}, {x.ndim}), but got {at}")
    if x.shape[at] == 0:
        raise invalid(
            f"Reduction axis {at} is empty in shape {shape_brackets(x.shape)}",
        )
    if x.dtype.kind == "f" and x.size and np.isnan(np.maximum.reduce(x, axis=None)):
        x = np.where(np.isnan(x), x.dtype.type(worst), x)  # NaN is never the extreme
    return pick(x, axis=at)


def _argmax(x: Array, axis: Array) -> Any:
    return _position("ArgMax", np.argmax, -math.inf, x, axis)


def _argmin(x: Array, axis: Array) -> Any:
    return _position("ArgMin", np.argmin, math.inf, x, axis)


for _type, _function in (("ArgMax", _argmax), ("ArgMin", _argmin)):
    define(
        _type,
        "input: T, dimension: Tidx -> output: int64",
        attrs={"Tidx": int32},
        types={"T": ANY_NUMBERS, "Tidx": INDEX},
        infer=_position_infer,
        kernel=_function,
    )
