"""Random numbers: each operation draws from a stream of its own, kept from run to run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from skflow.graph import dtypes, philox
from skflow.graph.context import OpContext
from skflow.graph.declaration import Attr
from skflow.graph.dtypes import FLOATS, INDEX, Array, DType
from skflow.graph.ops._arrays import as_int, constant_int, invalid, require_scalar, shape_from
from skflow.graph.registry import NOT_DIFFERENTIABLE, define
from skflow.graph.shapes import Shape, shape_brackets
from skflow.graph.spec import Spec

_SEEDS: Final[dict[str, Any]] = {"seed": 0, "seed2": 0}
# TensorFlow's order, which its message shows.
_LOGITS: Final = (
    dtypes.float32,
    dtypes.float64,
    dtypes.int32,
    dtypes.int64,
    dtypes.uint8,
    dtypes.int16,
    dtypes.int8,
    dtypes.uint16,
    dtypes.float16,
)


def _dims(shape: Array) -> tuple[int, ...]:
    """The shape that a vector holds."""
    if shape.ndim != 1:
        raise invalid(
            f"shape must be a vector of {{int32,int64}}, got shape {shape_brackets(shape.shape)}"
        )
    dims = tuple(shape.tolist())
    for size in dims:
        if size < 0:
            raise invalid(f"Dimension {size} must be >= 0")
    return dims


# ---- real numbers -----------------------------------------------------------------------


def _real_shape(shape: Spec, *, dtype: DType) -> Shape:
    if dtype not in FLOATS:
        raise TypeError(
            f"Value passed to parameter 'dtype' has DataType {dtype.name} not in list of "
            f"allowed values: {', '.join(d.name for d in FLOATS)}"
        )
    return shape_from(shape)


def _real_kernel(draw: Callable[..., Array]) -> Callable[..., Array]:
    def kernel(context: OpContext, shape: Array, *, dtype: DType) -> Array:
        dims = _dims(shape)
        return draw(context.stream(), dims, dtype.np_dtype)

    return kernel


for _type, _draw in (
    ("RandomUniform", philox.uniform),
    ("RandomStandardNormal", philox.standard_normal),
    ("TruncatedNormal", philox.truncated_normal),
):
    define(
        _type,
        "shape: T -> output: dtype",
        attrs={**_SEEDS, "dtype": Attr("type")},
        types={"T": INDEX},
        infer=_real_shape,
        kernel=_real_kernel(_draw),
        grad=NOT_DIFFERENTIABLE,
        stateful=True,
        context=True,
    )


# ---- whole numbers ----------------------------------------------------------------------


def _int_shape(shape: Spec, _minval: Spec, _maxval: Spec) -> Shape:
    return shape_from(shape)


def _bound(value: Array, name: str) -> int:
    if value.ndim:
        raise invalid(f"{name} must be 0-D, got shape {shape_brackets(value.shape)}")
    return as_int(value)


def _random_int(
    context: OpContext, shape: Array, minval: Array, maxval: Array, *, Tout: DType
) -> Array:
    low, high = _bound(minval, "minval"), _bound(maxval, "maxval")
    dims = _dims(shape)
    if low >= high:
        raise invalid(f"Need minval < maxval, got {low} >= {high}")
    return philox.uniform_int(context.stream(), dims, low, high, Tout.np_dtype)


define(
    "RandomUniformInt",
    "shape: T, minval: Tout, maxval: Tout -> output: Tout",
    attrs=_SEEDS,
    types={"Tout": INDEX, "T": INDEX},
    infer=_int_shape,
    kernel=_random_int,
    grad=NOT_DIFFERENTIABLE,
    stateful=True,
    context=True,
)


# ---- orders and classes -----------------------------------------------------------------


def _same_shape(value: Spec) -> Shape:
    return value.shape


def _shuffle(context: OpContext, value: Array) -> Array:
    return philox.random_shuffle(context.stream(), value)


# TensorFlow 1.1.0 knows no gradient of it, and says so.
define(
    "RandomShuffle",
    "value: T -> output: T",
    attrs=_SEEDS,
    infer=_same_shape,
    kernel=_shuffle,
    stateful=True,
    context=True,
)


def _samples_shape(logits: Spec, num_samples: Spec) -> Shape:
    rows = logits.require_rank(2)
    require_scalar(num_samples)
    count = constant_int(num_samples)
    if count is not None and count < 0:
        raise ValueError(
            f"Dimension size, given by scalar input 1, must be non-negative but is {count}"
        )
    return (None if rows is None else rows[0], count)


def _multinomial(context: OpContext, logits: Array, num_samples: Array) -> Array:
    if num_samples.ndim:
        shape = shape_brackets(num_samples.shape)
        raise invalid(f"num_samples should be a scalar, got shape {shape}")
    try:
        return philox.multinomial(context.stream(), logits, as_int(num_samples))
    except ValueError as error:
        raise invalid(str(error)) from None


define(
    "Multinomial",
    "logits: T, num_samples: int32 -> output: int64",
    attrs=_SEEDS,
    types={"T": _LOGITS},
    infer=_samples_shape,
    kernel=_multinomial,
    grad=NOT_DIFFERENTIABLE,
    stateful=True,
    context=True,
)
