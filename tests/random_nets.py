"""Random networks with their training, and how far rounding may drive their results apart."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from hypothesis import strategies as st

import skflow as tf
from skflow.graph.nodes import Operation
from tests.interpreter import Interpreter

Optimizer = Callable[[Any], Any]

OPTIMIZERS: Final[dict[str, Optimizer]] = {
    "gradient descent": tf.train.GradientDescentOptimizer,
    "momentum": lambda r: tf.train.MomentumOptimizer(r, 0.9),
    "Nesterov": lambda r: tf.train.MomentumOptimizer(r, 0.8, use_nesterov=True),
    "Adam": lambda r: tf.train.AdamOptimizer(r, 0.8, 0.95),
    "Adagrad": tf.train.AdagradOptimizer,
    "Adadelta": lambda r: tf.train.AdadeltaOptimizer(r, 0.9, 1e-2),
    "RMSProp": lambda r: tf.train.RMSPropOptimizer(r, 0.9, 0.5, epsilon=1e-3),
    "centered RMSProp": lambda r: tf.train.RMSPropOptimizer(r, centered=True, epsilon=1e-1),
    "Ftrl": lambda r: tf.train.FtrlOptimizer(r, l1_regularization_strength=1e-3),
    "proximal": lambda r: tf.train.ProximalGradientDescentOptimizer(
        r, l1_regularization_strength=1e-3, l2_regularization_strength=1e-2
    ),
    "proximal Adagrad": lambda r: tf.train.ProximalAdagradOptimizer(
        r, l2_regularization_strength=1e-2
    ),
}


class Designer:
    """Designs a network, choosing by what hypothesis draws.

    Parameters
    ----------
    data : hypothesis data object
        Where choices come from.
    optimizer : str, optional
        One of `OPTIMIZERS`, if that is no choice.
    """

    def __init__(self, data: Any, optimizer: str | None = None) -> None:
        self.data = data
        self.optimizer = optimizer
        self.rng = np.random.default_rng(self.number(0, 1 << 16))
        self.dtype = tf.float32 if self.flag() else tf.float64
        self.kind = self.dtype.as_numpy_dtype
        self.inputs = self.number(1, 5)
        self.words = self.number(2, 6)
        self.classes = self.number(2, 4)
        rows = None if self.number(0, 3) else 6
        self.sizes = [6, 6, self.number(1, 12), 6, 3, 6] if rows is None else [rows] * 4
        self.x = tf.placeholder(self.dtype, [rows, self.inputs], "x")
        self.at = tf.placeholder(tf.int32, [rows], "at")
        self.labels = tf.placeholder(tf.int32, [rows], "labels")
        self.goal = tf.placeholder(self.dtype, [rows, self.classes], "goal")

    # ---- choices ----------------------------------------------------------------------

    def choose(self, options: Any) -> Any:
        return self.data.draw(st.sampled_from(list(options)))

    def number(self, low: int, high: int) -> int:
        return int(self.data.draw(st.integers(low, high)))

    def flag(self) -> bool:
        return bool(self.data.draw(st.booleans()))

    def variable(self, *shape: int) -> Any:
        scale = 1.0 / np.sqrt(max(shape[0], 1)) if shape else 1.0
        return tf.Variable(np.asarray(self.rng.standard_normal(shape) * scale, self.kind))

    # ---- the network ------------------------------------------------------------------

    def design(self) -> list[Any]:
        """Build it; what to fetch: results, the loss, a gradient and the training step."""
        h, width = self.x, self.inputs
        if self.flag():
            table = self.variable(self.words, 3)
            h, width = tf.concat([h, tf.nn.embedding_lookup(table, self.at)], 1), width + 3
        for _ in range(self.number(1, 4)):
            h, width = self.choose(LAYERS)(self, h, width)
        out = self.dense(h, width, self.classes)
        loss = self.choose(LOSSES)(self, out)
        variables = tf.trainable_variables()
        if self.flag():
            loss += 0.01 * tf.add_n([tf.nn.l2_loss(v) for v in variables])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # slices of unknown shape made dense
            slopes = tf.gradients(loss, [variables[-1], self.x])
            train = self.step(loss)
        fetches = [out, loss, tf.reduce_max(h), *[s for s in slopes if s is not None]]
        return [*fetches, train]

    def step(self, loss: Any) -> Any:
        """The step of some optimizer."""
        step = tf.Variable(0, trainable=False)
        rate: Any = 0.05
        if self.flag():
            rate = tf.train.exponential_decay(0.05, step, 2, 0.5)
        optimizer = OPTIMIZERS[self.optimizer or self.choose(OPTIMIZERS)](rate)
        pairs = optimizer.compute_gradients(loss)
        pairs = [(g, v) for g, v in pairs if g is not None]
        if not self.number(0, 3):
            slopes, _ = tf.clip_by_global_norm([g for g, _ in pairs], 0.5)
            pairs = [(g, v) for g, (_, v) in zip(slopes, pairs, strict=True)]
        return optimizer.apply_gradients(pairs, step)

    def dense(self, h: Any, width: int, outputs: int) -> Any:
        w, b = self.variable(width, outputs), self.variable(outputs)
        form = self.number(0, 2)
        if form == 0:
            return tf.nn.xw_plus_b(h, w, b)
        if form == 1:
            return tf.nn.bias_add(tf.matmul(h, w), b)
        return tf.transpose(tf.matmul(w, h, transpose_a=True, transpose_b=True)) + b

    def feeds(self, rows: int) -> dict[Any, Any]:
        """New values to train on."""
        goal = self.rng.random((rows, self.classes))
        return {
            self.x: self.rng.standard_normal((rows, self.inputs)).astype(self.kind),
            self.at: self.rng.integers(0, self.words, rows).astype(np.int32),
            self.labels: self.rng.integers(0, self.classes, rows).astype(np.int32),
            self.goal: (goal / goal.sum(1, keepdims=True)).astype(self.kind),
        }


Layer = Callable[[Designer, Any, int], tuple[Any, int]]
ACTIVATIONS: Final = (
    tf.nn.relu,
    tf.tanh,
    tf.sigmoid,
    tf.nn.elu,
    tf.nn.softplus,
    tf.nn.softmax,
    tf.nn.relu6,
    tf.nn.softsign,
    lambda t: tf.log(1.0 + tf.square(t)),
    lambda t: tf.exp(-tf.square(t)),
)


def hidden(d: Designer, h: Any, width: int) -> tuple[Any, int]:
    outputs = d.number(1, 7)
    return d.choose(ACTIVATIONS)(d.dense(h, width, outputs)), outputs


def skip(d: Designer, h: Any, width: int) -> tuple[Any, int]:
    return h + 0.5 * tf.tanh(d.dense(h, width, width)), width


def normalized(d: Designer, h: Any, width: int) -> tuple[Any, int]:
    axis = d.number(0, 1)
    mean, variance = tf.nn.moments(h, [axis], keep_dims=True)
    scaled = (h - mean) / tf.sqrt(variance + 0.5)
    return scaled * d.variable(width) + d.variable(), width


def chosen(d: Designer, h: Any, width: int) -> tuple[Any, int]:
    limit = d.choose((0.0, 0.3))
    return tf.where(h > limit, h, 0.25 * h - 0.1), width


def narrowed(d: Designer, h: Any, width: int) -> tuple[Any, int]:
    """Through the other precision and back."""
    other = tf.float64 if d.dtype == tf.float32 else tf.float32
    return tf.cast(tf.tanh(tf.cast(h, other)), d.dtype), width


def clipped(d: Designer, h: Any, width: int) -> tuple[Any, int]:
    del d
    return tf.clip_by_value(h, -0.9, 1.1), width


def rearranged(d: Designer, h: Any, width: int) -> tuple[Any, int]:
    at = [d.number(0, width - 1) for _ in range(d.number(1, 5))]
    return tf.transpose(tf.gather(tf.transpose(h), at)), len(at)


def joined(d: Designer, h: Any, width: int) -> tuple[Any, int]:
    if d.flag():
        return tf.concat([h, tf.sigmoid(h)], 1), 2 * width
    return tf.concat([h[:, width // 2 :], -h], 1), width - width // 2 + width


def weighed(d: Designer, h: Any, width: int) -> tuple[Any, int]:
    """Each row by what it makes of itself: reductions that are broadcast back."""
    reduce = d.choose((tf.reduce_mean, tf.reduce_sum, tf.reduce_max))
    gate = tf.sigmoid(reduce(h, 1, keep_dims=True) * d.variable())
    return h * gate + tf.reduce_mean(h, 0), width


def dropped(d: Designer, h: Any, width: int) -> tuple[Any, int]:
    return tf.nn.dropout(h, 0.75, seed=d.number(0, 9)), width


LAYERS: Final[tuple[Layer, ...]] = (
    hidden,
    hidden,
    hidden,
    skip,
    normalized,
    chosen,
    narrowed,
    clipped,
    rearranged,
    joined,
    weighed,
    dropped,
)


def squares(d: Designer, out: Any) -> Any:
    return tf.reduce_mean(tf.square(out - d.goal))


def sparse(d: Designer, out: Any) -> Any:
    if d.flag():
        return tf.losses.sparse_softmax_cross_entropy(d.labels, out)
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=d.labels, logits=out)
    return tf.reduce_mean(loss)


def soft(d: Designer, out: Any) -> Any:
    loss = tf.nn.softmax_cross_entropy_with_logits(labels=d.goal, logits=out)
    return tf.reduce_mean(loss * tf.cast(d.labels + 1, d.dtype))


def two_sided(d: Designer, out: Any) -> Any:
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=d.goal, logits=out))


def absolute(d: Designer, out: Any) -> Any:
    return tf.reduce_mean(tf.reduce_sum(tf.abs(out - d.goal), 1))


def logarithmic(d: Designer, out: Any) -> Any:
    shares = tf.clip_by_value(tf.nn.softmax(out), 1e-3, 1.0)
    return -tf.reduce_sum(tf.one_hot(d.labels, d.classes, dtype=d.dtype) * tf.log(shares))


LOSSES: Final[tuple[Callable[[Designer, Any], Any], ...]] = (
    squares,
    sparse,
    sparse,
    soft,
    two_sided,
    absolute,
    logarithmic,
)


# ---- rounding -----------------------------------------------------------------------------


# Operations that move, choose or compare numbers: nothing is rounded.
# fmt: off
EXACT: Final = frozenset({
    "Max", "Min", "Maximum", "Minimum", "ArgMax", "ArgMin", "Equal", "NotEqual", "Greater",
    "GreaterEqual", "Less", "LessEqual", "Select", "Relu", "ReluGrad", "Relu6", "Relu6Grad",
    "Neg", "Abs", "Sign", "Floor", "Identity", "StopGradient", "Reshape", "Transpose",
    "ConcatV2", "Slice", "StridedSlice", "StridedSliceGrad", "Gather", "Pack", "Unpack",
    "ExpandDims", "Squeeze", "Tile", "Fill", "ZerosLike", "OnesLike", "Shape", "Size", "Rank",
    "Pad", "Assign",
})
# fmt: on


class Shaken(Interpreter):
    """An interpreter whose operations get inputs that are wrong by what rounding may do.

    An operation that works out a number from n others in any order gives what the exact one
    gives of inputs each of which is changed by at most n roundings (Higham, *Accuracy and
    Stability of Numerical Algorithms*, chapter 3). No operation here takes more numbers for one
    than its largest input has; an elementwise one takes one of each, and rounds a few times.

    Parameters
    ----------
    seed : int
        Of the changes.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.rng = np.random.default_rng(seed)

    def given(self, op: Operation, value: Any) -> Any:
        """The value with every number changed at random."""
        is_number = isinstance(value, (np.ndarray, np.floating)) and value.dtype.kind == "f"
        if not is_number or op.type in EXACT:
            return value
        roundings = 4 if op.definition.elementwise else max(4, value.size)
        size = roundings * np.finfo(value.dtype).eps
        change = self.rng.uniform(-size, size, value.shape).astype(value.dtype)
        return np.asarray(value * (1 + change), value.dtype)


def bound_of(expected: np.ndarray, shaken: list[np.ndarray]) -> float:
    """How far results may lie from the interpreter's: some times what shaking it does.

    A rounding of the largest number is always allowed.
    """
    away = max(float(np.abs(s - expected).max(initial=0.0)) for s in shaken)
    largest = float(np.abs(expected).max(initial=0.0))
    return 8.0 * away + 8.0 * float(np.finfo(expected.dtype).eps) * largest
