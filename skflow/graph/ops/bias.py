"""Adding a vector to every row, and the sum over rows that is its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.graph.dtypes import Array
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid
from skflow.graph.ops._types import ANY_NUMBERS
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, equal_dims, shape_brackets
from skflow.graph.spec import Spec
from skflow.graph.summation import column_sum


def _channel_axis(rank: int, data_format: str) -> int:
    """Where the channels are: last, or before height and width."""
    return -3 if data_format == "NCHW" and rank >= 4 else -1


def _check_format(op: str, data_format: str) -> None:
    if data_format not in ("NHWC", "NCHW"):
        raise ValueError(
            f"Attr 'data_format' of '{op}' Op passed string '{data_format}' not in: "
            '"NHWC", "NCHW".'
        )


def _check_bias(value: Array, bias: Array, axis: int) -> None:
    if value.ndim < 2:
        said = f"Input tensor must be at least 2D: {shape_brackets(value.shape)}"
    elif bias.ndim != 1:
        said = f"Biases must be 1D: {shape_brackets(bias.shape)}"
    elif bias.shape[0] != value.shape[axis]:
        said = (
            "Must provide as many biases as the last dimension of the input tensor: "
            f"{shape_brackets(bias.shape)} vs. {shape_brackets(value.shape)}"
        )
    else:
        return
    raise invalid(said)


def _bias_add(value: Array, bias: Array, *, data_format: str, out: Array | None = None) -> Array:
    axis = _channel_axis(value.ndim, data_format)
    if bias.shape != value.shape[axis:] or value.ndim < 2:
        _check_bias(value, bias, axis)
        if axis == -3:
            bias = bias[:, None, None]
    found: Array = np.add(value, bias, out=out)
    return found


def _bias_add_v1(value: Array, bias: Array, *, out: Array | None = None) -> Array:
    return _bias_add(value, bias, data_format="NHWC", out=out)


def _bias_add_infer(value: Spec, bias: Spec, *, data_format: str) -> Shape:
    _check_format("BiasAdd", data_format)
    shape = value.require_rank_at_least(2)
    (width,) = bias.require_rank(1) or (None,)
    if shape is None:
        return None
    at = len(shape) + _channel_axis(len(shape), data_format)
    return (*shape[:at], equal_dims(shape[at], width), *shape[at + 1 :])


def _bias_add_v1_infer(value: Spec, bias: Spec) -> Shape:
    return _bias_add_infer(value, bias, data_format="NHWC")


def _bias_add_gradient(op: Operation, dy: Tensor) -> list[Tensor]:
    return [dy, raw.BiasAddGrad(dy, data_format=op.attrs["data_format"])]


define(
    "BiasAdd",
    "value: T, bias: T -> output: T",
    attrs={"data_format": "NHWC"},
    types={"T": ANY_NUMBERS},
    infer=_bias_add_infer,
    kernel=_bias_add,
    elementwise=True,
    out=True,
    grad=_bias_add_gradient,
)
define(
    "BiasAddV1",
    "value: T, bias: T -> output: T",
    types={"T": ANY_NUMBERS},
    infer=_bias_add_v1_infer,
    kernel=_bias_add_v1,
    elementwise=True,
    out=True,
    grad=lambda _, dy: [dy, raw.BiasAddGrad(dy, name="Sum")],
)


def _bias_add_grad(dy: Array, *, data_format: str, out: Array | None = None) -> Array:
    if dy.ndim != 2:
        axis = _channel_axis(dy.ndim, data_format)
        if dy.ndim < 2:
            raise invalid(f"Input tensor must be at least 2D: {shape_brackets(dy.shape)}")
        dy = np.moveaxis(dy, axis, -1)
        dy = dy.reshape(-1, dy.shape[-1]) if dy.size else np.zeros((0, dy.shape[-1]), dy.dtype)
    return column_sum(dy, out)


def _bias_add_grad_infer(dy: Spec, *, data_format: str) -> Shape:
    _check_format("BiasAddGrad", data_format)
    shape = dy.require_rank_at_least(2)
    return (None,) if shape is None else (shape[_channel_axis(len(shape), data_format)],)


def _bias_add_grad_gradient(op: Operation, dy: Tensor) -> list[Any]:
    everywhere = raw.ZerosLike(op.inputs[0])
    return [raw.BiasAdd(everywhere, dy, data_format=op.attrs["data_format"], name="Tile")]


define(
    "BiasAddGrad",
    "out_backprop: T -> output: T",
    attrs={"data_format": "NHWC"},
    types={"T": ANY_NUMBERS},
    infer=_bias_add_grad_infer,
    kernel=_bias_add_grad,
    out=True,
    grad=_bias_add_grad_gradient,
)
