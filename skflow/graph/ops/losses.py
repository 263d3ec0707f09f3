"""Softmax, the cross-entropies of it, and half the squared norm."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from skflow.graph.conversion import constant
from skflow.graph.dtypes import FLOATS, INDEX, Array, int32, int64
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, equal_dims, merged, shape_brackets
from skflow.graph.spec import Spec

_NARROW: Final = 48  # classes up to which it pays to work on the transposed matrix
_BLOCK: Final = 1024  # squares added one after the other before partial sums are taken


# ---- rows of exponentials -----------------------------------------------------------------
# All of these shift a row by its largest entry first, so that nothing overflows. With few
# classes the work is done class by class (`axis` 0), since NumPy reduces short rows slowly.


def _shifted(x: Array) -> tuple[Array, int]:
    """A fresh copy of the rows less their maxima, and the axis the classes lie along."""
    axis = 0 if x.shape[1] <= _NARROW else 1
    kind = np.float32 if x.dtype == np.float16 else x.dtype
    work = np.array(x if axis else x.T, dtype=kind, order="C")
    if work.size:
        work -= np.maximum.reduce(work, axis=axis, keepdims=True)
    return work, axis


def _placed(work: Array, axis: int, like: Array, out: Array | None) -> Array:
    """`work` the way its rows came, of their type."""
    if out is None and axis and work.dtype == like.dtype:
        return work
    if out is None:
        out = np.empty(like.shape, dtype=like.dtype)
    out[...] = work if axis else work.T
    return out


def _check_matrix(x: Array) -> None:
    if x.ndim != 2:
        raise invalid("logits must be 2-dimensional")


def _softmax(x: Array, *, out: Array | None = None) -> Array:
    _check_matrix(x)
    work, axis = _shifted(x)
    np.exp(work, out=work)
    work /= np.add.reduce(work, axis=axis, keepdims=True)
    return _placed(work, axis, x, out)


def _log_softmax(x: Array, *, out: Array | None = None) -> Array:
    _check_matrix(x)
    work, axis = _shifted(x)
    work -= np.log(np.add.reduce(np.exp(work), axis=axis, keepdims=True))
    return _placed(work, axis, x, out)


def _row_sum(x: Tensor, name: str | None = None) -> Tensor:
    axis = constant(1, int32, name="Sum/reduction_indices")
    return raw.Sum(x, axis, keep_dims=True, name=name)  # type: ignore[no-any-return]


def _softmax_product(softmax: Tensor, dy: Tensor, name: str | None = None) -> Tensor:
    """The Jacobian of a softmax, diag(p) - p p', times a gradient."""
    weighted = _row_sum(raw.Mul(dy, softmax, name="mul"))
    return raw.Mul(  # type: ignore[no-any-return]
        raw.Sub(dy, weighted, name="sub"), softmax, name=name or "mul_1"
    )


def _log_softmax_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    softmax = raw.Exp(op.outputs[0])
    return [raw.Sub(dy, raw.Mul(_row_sum(dy), softmax, name="mul"), name="sub")]


define(
    "Softmax",
    "logits: T -> softmax: T",
    kernel=_softmax,
    out=True,
    types={"T": FLOATS},
    infer=lambda x: x.require_rank_at_least(1),
    grad=lambda op, dy: [_softmax_product(op.outputs[0], dy)],
)
define(
    "LogSoftmax",
    "logits: T -> logsoftmax: T",
    kernel=_log_softmax,
    out=True,
    types={"T": FLOATS},
    infer=lambda x: x.require_rank_at_least(1),
    grad=_log_softmax_grad,
)


# ---- cross-entropies ----------------------------------------------------------------------


def _finish_loss(x: Array, work: Array, axis: int, scale: Array | None, chosen: Array) -> Array:
    """Turn shifted logits into probabilities in place and return the rows' losses."""
    np.exp(work, out=work)
    total = np.add.reduce(work, axis=axis)
    work /= total if axis == 0 else total[:, None]
    loss: Array = np.log(total, out=total)
    if scale is not None:
        loss *= scale
    loss -= chosen
    return loss.astype(x.dtype, copy=False)


def _check_xent(features: Array, labels: Array) -> None:
    if features.shape != labels.shape:
        raise invalid(
            f"logits and labels must be same size: logits_size={shape_brackets(features.shape)} "
            f"labels_size={shape_brackets(labels.shape)}"
        )
    _check_matrix(features)


def _xent(features: Array, labels: Array) -> tuple[Array, Array]:
    _check_xent(features, labels)
    if not features.shape[1]:
        return np.zeros(len(features), features.dtype), np.zeros_like(features)
    work, axis = _shifted(features)
    kind = work.dtype
    if axis:
        chosen = np.einsum("ij,ij->i", labels, work, dtype=kind, casting="same_kind")
        scale = np.add.reduce(labels, axis=1, dtype=kind)
    else:
        chosen = np.einsum("ij,ji->i", labels, work, dtype=kind, casting="same_kind")
        scale = np.einsum("ij->i", labels, dtype=kind, casting="same_kind")
    loss = _finish_loss(features, work, axis, scale, chosen)
    backprop = np.empty(features.shape, dtype=features.dtype)
    np.subtract(work if axis else work.T, labels, out=backprop, casting="same_kind")
    return loss, backprop


def _xent_infer(features: Spec, labels: Spec) -> list[Shape]:
    shape = merged(features.require_rank(2), labels.require_rank(2))
    assert shape is not None
    return [shape[:1], shape]


def _times_rows(dy: Tensor, rows: Tensor) -> Tensor:
    column = raw.ExpandDims(dy, constant(-1, int32, name="ExpandDims/dim"))
    return raw.Mul(column, rows, name="mul")  # type: ignore[no-any-return]


def _xent_grad(op: Operation, dloss: Any, dbackprop: Any) -> list[Any]:
    """Gradients of both outputs, as in TensorFlow; none flows into the labels.

    The second output is softmax(logits) - labels, so what flows into it gives derivatives of
    second order (for the sparse form, TensorFlow 1.1.0 refuses them).
    """
    first = None if dloss is None else _times_rows(dloss, op.outputs[1])
    if dbackprop is None:
        return [first, None]
    second = _softmax_product(raw.Softmax(op.inputs[0], name="Softmax"), dbackprop)
    return [second if first is None else raw.Add(first, second, name="add"), None]


define(
    "SoftmaxCrossEntropyWithLogits",
    "features: T, labels: T -> loss: T, backprop: T",
    types={"T": FLOATS},
    infer=_xent_infer,
    kernel=_xent,
    grad=_xent_grad,
)


def _check_sparse_xent(features: Array, labels: Array) -> None:
    if features.ndim != 2:
        raise invalid(f"logits must be 2-D, but got shape {shape_brackets(features.shape)}")
    if labels.ndim != 1:
        raise invalid(f"labels must be 1-D, but got shape {shape_brackets(labels.shape)}")
    if len(features) != len(labels):
        raise invalid(
            "logits and labels must have the same first dimension, got logits shape "
            f"{shape_brackets(features.shape)} and labels shape "
            f"{shape_brackets(labels.shape)}"
        )
    if not features.shape[1]:
        raise invalid(
            f"Must have at least one class, but got logits shape {shape_brackets(features.shape)}"
        )
    classes = features.shape[1]
    # Seen as unsigned, negative labels are too large as well.
    if labels.size and np.maximum.reduce(labels.view(f"u{labels.itemsize}")) >= classes:
        low, high = labels.min(), labels.max()
        raise invalid(
            f"Received a label value of {low if low < 0 else high} which is outside "
            f"the valid range of [0, {classes}).  Label values: "
            f"{' '.join(map(str, labels.tolist()))}"
        )


def _positions(work: Array, axis: int, labels: Array) -> tuple[Array, Array]:
    """The rows' numbers in one flat array, and where in it those of the labels are."""
    rows = np.arange(len(labels))
    if axis:
        at = rows * work.shape[1]
        at += labels
    else:
        at = np.multiply(labels, work.shape[1], dtype=rows.dtype)
        at += rows
    return work.reshape(-1), at


def _sparse_xent(features: Array, labels: Array) -> tuple[Array, Array]:
    _check_sparse_xent(features, labels)
    work, axis = _shifted(features)
    flat, at = _positions(work, axis, labels)
    loss = _finish_loss(features, work, axis, None, flat[at])
    flat[at] -= 1
    return loss, _placed(work, axis, features, None)


def sparse_xent_backprop(features: Array, labels: Array, *, out: Array | None = None) -> Array:
    """The second output of ``SparseSoftmaxCrossEntropyWithLogits``, where nobody wants the first.

    Parameters
    ----------
    features : numpy.ndarray, shape (n_rows, n_classes)
        The logits.
    labels : numpy.ndarray, shape (n_rows,)
        The classes' numbers.
    out : numpy.ndarray, shape (n_rows, n_classes), optional
        Where to put the result.

    Returns
    -------
    numpy.ndarray, shape (n_rows, n_classes)
        The probabilities of all classes, less one for the rows' own.
    """
    _check_sparse_xent(features, labels)
    work, axis = _shifted(features)
    np.exp(work, out=work)
    work /= np.add.reduce(work, axis=axis, keepdims=True)
    flat, at = _positions(work, axis, labels)
    flat[at] -= 1
    return _placed(work, axis, features, out)


def _sparse_xent_infer(features: Spec, labels: Spec) -> list[Shape]:
    rows, classes = features.require_rank(2) or (None, None)
    (count,) = labels.require_rank(1) or (None,)
    rows = equal_dims(rows, count)
    return [(rows,), (rows, classes)]


define(
    "SparseSoftmaxCrossEntropyWithLogits",
    "features: T, labels: Tlabels -> loss: T, backprop: T",
    attrs={"Tlabels": int64},
    types={"T": FLOATS, "Tlabels": INDEX},
    infer=_sparse_xent_infer,
    kernel=_sparse_xent,
    grad=_xent_grad,
)


# ---- half the squared norm ----------------------------------------------------------------


def _l2_loss(t: Array) -> Array:
    flat = t.reshape(-1)
    if flat.dtype == np.float16:
        flat = flat.astype(np.float32)
    whole = flat.size - flat.size % _BLOCK
    rest = flat[whole:]
    total = np.dot(rest, rest)
    if whole:
        blocks = flat[:whole].reshape(-1, 1, _BLOCK)
        squares = np.matmul(blocks, blocks.reshape(-1, _BLOCK, 1))
        total += np.add.reduce(squares, axis=None)
    return np.asarray(total / 2, dtype=t.dtype)


define(
    "L2Loss",
    "t: T -> output: T",
    types={"T": FLOATS},
    infer=lambda _: (),
    kernel=_l2_loss,
    grad=lambda op, dy: [raw.Mul(op.inputs[0], dy, name="mul")],
)
