"""What kernels compute, and what is left to NumPy because they would not compute the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.runtime.jit.choice import Choice
from skflow.runtime.jit.loader import Blas, Machine, machine
from tests.planned import planned

LOOPS = {(name, char): (1, 0) for name in ("exp", "log", "tanh") for char in "fd"}
WHOLE = Machine(Blas(dict.fromkeys(("sgemm", "dgemm", "sgemv", "dgemv"), 1), True), LOOPS, 1)
Maker = Callable[..., Any]


def kinds(fetch: Any, feeds: dict[Any, Any], known: Machine = WHOLE) -> dict[str, str]:
    """The statements that compute operations, by the operations' names."""
    choice = Choice(planned([fetch], feeds), known)
    return {n.op.name: kind.__name__ for n, kind in choice.kinds.items()}


def kind_of(make: Maker, *shapes: Any, known: Machine = WHOLE, dtype: Any = tf.float32) -> Any:
    """The statement that computes what is made of placeholders; ``None`` if there is none."""
    with tf.Graph().as_default():
        given = [tf.placeholder(dtype, s) for s in shapes]
        made = make(*given)
        found = kinds(made, dict(zip(given, shapes, strict=True)), known)
        return found.get(made.op.name)


def labelled(x: Any) -> Any:
    labels = tf.constant(np.zeros(x.shape[0].value, np.int32))
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=x)


TAKEN: list[tuple[str, Maker, tuple[Any, ...]]] = [
    ("Loop", tf.add, ((4, 3), (4, 3))),
    ("Loop", tf.add, ((4, 3), (3,))),
    ("Loop", tf.nn.relu, ((4, 3),)),
    ("Loop", lambda x: tf.where(x > 0, x, -x), ((4, 3),)),
    ("Mapped", tf.tanh, ((4, 3),)),
    ("Scalar", tf.tanh, ((),)),
    ("Scalar", tf.multiply, ((), ())),
    ("Product", tf.matmul, ((4, 3), (3, 5))),
    ("Product", tf.matmul, ((4, 3), (3, 1))),
    ("Outer", tf.matmul, ((4, 1), (1, 5))),
    ("Softmax", tf.nn.softmax, ((4, 48),)),
    ("Softmax", labelled, ((4, 5),)),
    ("Reduction", tf.reduce_sum, ((4, 5),)),
    ("Reduction", lambda x: tf.reduce_mean(x, 1), ((4, 5),)),
    ("Reduction", lambda x: tf.reduce_sum(x, 0), ((600, 5),)),
    ("Reduction", lambda x: tf.reduce_sum(x, [0, 1]), ((4, 5, 6),)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "make", "shapes"), TAKEN)
def test_what_is_compiled(kind: str, make: Maker, shapes: Any) -> None:
    assert kind_of(make, *shapes) == kind


LEFT: dict[str, tuple[Maker, tuple[Any, ...]]] = {
    "the dot product of two vectors": (tf.matmul, ((1, 5), (5, 1))),
    "a matrix and its own transpose": (lambda x: tf.matmul(x, x, transpose_b=True), ((4, 3),)),
    "a narrow product that is cut": (tf.matmul, ((3_000_000, 2), (2, 1))),
    "softmax of many classes": (tf.nn.softmax, ((4, 49),)),
    "softmax of one row": (tf.nn.softmax, ((1, 9),)),
    "labels for one row": (labelled, ((1, 9),)),
    "dimensions in turn": (lambda x: tf.reduce_sum(x, [0, 2]), ((4, 5, 6),)),
    "middle dimensions": (lambda x: tf.reduce_sum(x, 1), ((4, 5, 6),)),
    "a single sum that is not of all": (lambda x: tf.reduce_sum(x, 1), ((1, 9),)),
    "sums of very many blocks": (lambda x: tf.reduce_sum(x, 0), ((200_000, 200),)),
    "a transposed operand": (lambda x: tf.transpose(x) * 2.0, ((4, 3),)),
    "a product of what was transposed": (
        lambda x, y: tf.matmul(tf.reverse(tf.transpose(x), [0]), y), ((3, 4), (3, 5)),
    ),
    "a sum over what einsum gives": (
        lambda x: tf.reduce_sum(tf.einsum("ij->ji", x), 1), ((3, 4),),
    ),
    "a sum over what bodies give": (
        lambda x: tf.reduce_sum(tf.cond(x[0, 0] > 0, lambda: x, lambda: tf.transpose(x)), 0),
        ((4, 4),),
    ),
    "empty arrays": (tf.nn.relu, ((0, 3),)),
    "a sum over nothing": (tf.reduce_sum, ((0, 3),)),
    "what chooses whole rows": (lambda x: tf.where(x[:, 0] > 0, x, -x), ((4, 3),)),
    "numbers cut off": (lambda x: tf.cast(x, tf.int32), ((4, 3),)),
    "what is not in the table": (tf.nn.softplus, ((4, 3),)),
    "a shape that was promised": (lambda x: promised(x) * 2.0, ((4, 3),)),
    "what takes what was promised": (lambda x: tf.reshape(promised(x), [12]) * 2.0, ((4, 3),)),
}  # fmt: skip


def promised(x: Any) -> Any:
    y = tf.py_func(lambda a: a, [x], tf.float32)
    y.set_shape([4, 3])
    return y


@pytest.mark.parametrize("why", LEFT)
def test_what_is_left_to_numpy(why: str) -> None:
    make, shapes = LEFT[why]
    assert kind_of(make, *shapes) is None


def test_whole_numbers() -> None:
    assert kind_of(tf.add, (4,), (4,), dtype=tf.int32) == "Loop"
    for divide in (tf.floordiv, tf.truncatediv, tf.mod):
        assert kind_of(divide, (4,), (4,), dtype=tf.int32) is None
    assert kind_of(tf.reduce_sum, (4,), dtype=tf.int32) is None
    assert kind_of(tf.matmul, (4, 3), (3, 4), dtype=tf.int32) is None


@pytest.mark.parametrize("dtype", [tf.complex64, tf.float16])
def test_other_numbers(dtype: Any) -> None:
    assert kind_of(tf.multiply, (4, 3), (4, 3), dtype=dtype) is None
    assert kind_of(tf.matmul, (4, 3), (3, 4), dtype=dtype) is None


def test_what_is_not_there_is_not_called() -> None:
    without = WHOLE._replace(blas=None)
    assert kind_of(tf.matmul, (4, 3), (3, 5), known=without) is None
    assert kind_of(tf.reduce_sum, (4, 3), known=without) is None
    assert kind_of(tf.nn.relu, (4, 3), known=without) == "Loop"
    without = WHOLE._replace(loops={})
    for call in (tf.tanh, tf.exp, tf.sigmoid, tf.nn.softmax):
        assert kind_of(call, (4, 3), known=without) is None
    assert kind_of(tf.tanh, (), known=without) is None
    assert machine() is machine()


def test_what_has_memory_of_its_own_lies_row_by_row() -> None:
    """As long as nobody fetches it, which takes a fresh array."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, (3, 4))
        y = tf.add(tf.transpose(x), 1.0, name="y")
        z = tf.reduce_sum(y, 1, name="z")
        assert kinds(z, {x: (3, 4)}) == {"z": "Reduction"}
        choice = Choice(planned([y, z], {x: (3, 4)}), WHOLE)
        assert not choice.kinds


def test_open_shapes() -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, (None, 4))
        assert kinds(tf.exp(x * 2.0), {x: (None, 4)}) == {}


# ---- variables ------------------------------------------------------------------------------


def test_assignments() -> None:
    """Of variables that are read, so that they hold values."""
    with tf.Graph().as_default():
        v = tf.Variable(np.ones((4, 3), np.float32))
        x = tf.placeholder(tf.float32, (4, 3))
        alone = tf.assign(v, x, name="alone")
        assert kinds(alone, {x: (4, 3)}) == {}
        written = tf.assign_add(v, v.read_value() * x, name="written")
        assert kinds(written, {x: (4, 3)}) == {"mul": "Loop", "written": "Store"}


@pytest.mark.parametrize(
    ("optimizer", "compiled"),
    [
        (tf.train.GradientDescentOptimizer, True),
        (lambda r: tf.train.MomentumOptimizer(r, 0.9), True),
        (tf.train.AdamOptimizer, True),
        (tf.train.AdagradOptimizer, True),
        (tf.train.RMSPropOptimizer, True),
        (tf.train.FtrlOptimizer, False),
        (tf.train.AdadeltaOptimizer, False),
    ],
)
def test_optimizers(optimizer: Any, compiled: bool) -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, (4, 3))
        w = tf.Variable(np.ones((3, 2), np.float32))
        step = optimizer(0.1).minimize(tf.reduce_mean(tf.square(tf.matmul(x, w))))
        choice = Choice(planned([step], {x: (4, 3)}), WHOLE)
    steps = [kind.__name__ for node, kind in choice.kinds.items() if node.kind == "update"]
    assert steps == ["FlatStep"] * compiled
