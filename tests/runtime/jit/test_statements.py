"""Compiled statements compute what the steps in NumPy do, bit by bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.runtime.jit import sums
from skflow.runtime.jit.hot import compiling
from tests.compiled import SECOND, Beside, assert_bitwise, compiled_types

FLOATS = (tf.float32, tf.float64)
EACH = (
    pytest.param(tf.float32, id="float32"),
    pytest.param(tf.float64, id="float64", marks=pytest.mark.soak),
)
SPECIAL = (0.0, -0.0, np.inf, -np.inf, np.nan, 1e-42, -3e38, 1.0)


class Many:
    """Many small programs in one graph, so that they are compiled at once."""

    def __init__(self) -> None:
        self.graph = tf.Graph()
        self.fetches: list[Any] = []
        self.feeds: dict[Any, Any] = {}
        self.rng = np.random.default_rng(0)

    def fed(self, dtype: Any, *shape: int) -> Any:
        """A placeholder for numbers that `draw` draws."""
        x = tf.placeholder(dtype, shape)
        self.feeds[x] = None
        return x

    def draw(self, special: float = 0.0) -> dict[Any, Any]:
        """New numbers for all that is fed, some of which may be special ones."""
        for x in self.feeds:
            shape, kind = x.shape.as_list(), x.dtype.as_numpy_dtype
            values = np.asarray(self.rng.standard_normal(shape) * 3)
            if np.dtype(kind).kind == "f":
                chosen = self.rng.random(shape) < special
                values = np.where(chosen, self.rng.choice(SPECIAL, shape), values)
            self.feeds[x] = np.asarray(values).astype(kind)
        return dict(self.feeds)

    def check(self, special: float = 0.0) -> None:
        """Run often enough for kernels to be compared."""
        with Beside(self.graph) as beside:
            beside.train(self.fetches, [self.draw(special) for _ in range(4)])


TURNS = ((0, 0), (0, 1), (1, 1), (1, 0))
SIZES = [
    (1, 1, 1), (1, 5, 1), (4, 1, 3), (1, 7, 3), (6, 5, 1), (3, 4, 5), (1, 64, 1), (2, 300, 1),
    (1, 300, 33), (17, 31, 13), (64, 64, 64), (5, 1, 1), (1, 1, 6), (9, 9, 9),
]  # fmt: skip


@pytest.mark.parametrize("dtype", EACH)
def test_products(dtype: Any) -> None:
    many = Many()
    with many.graph.as_default():
        for m, k, n in SIZES:
            for ta, tb in TURNS[(m * k * n) % 2 :: 2]:
                a = many.fed(dtype, *((k, m) if ta else (m, k)))
                b = many.fed(dtype, *((n, k) if tb else (k, n)))
                many.fetches.append(tf.matmul(a, b, transpose_a=bool(ta), transpose_b=bool(tb)))
    many.check(0.05)


SHAPES = [(130,), (3, 5), (300, 7), (3, 300), (1, 40), (40, 1), (2, 3, 4), (5, 1, 6), (1, 1, 9)]


def reduce(many: Many, dtype: Any, shape: tuple[int, ...]) -> None:
    """Sums and means along all axes."""
    x = many.fed(dtype, *shape)
    for d, axes in enumerate([None, [0], [-1], [0, 1]][: len(shape) + 1]):
        find = tf.reduce_mean if d % 2 else tf.reduce_sum
        many.fetches.append(find(x, axes, keep_dims=len(shape) == 2))
    if len(shape) == 2:
        bias = tf.Variable(tf.zeros(shape[-1:], dtype))
        many.fetches += tf.gradients(tf.nn.bias_add(x, bias), [bias], grad_ys=[x])


def test_reductions() -> None:
    many = Many()
    with many.graph.as_default():
        for i, shape in enumerate([*SHAPES, (600, 3), (100, 101), (2, 20_000)]):
            reduce(many, FLOATS[i % 2], shape)
        many.fetches += [tf.reduce_sum(-0.0 * tf.abs(many.fed(d, 9, 5)), 1) for d in FLOATS]
    many.check()


def test_sums_of_so_many_numbers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels go on in blocks where NumPy does, as older versions do."""
    most = 500
    monkeypatch.setattr(sums, "summed_at_once", lambda: most)
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [3, 1200]), tf.placeholder(tf.float64, [20, 30])
        fetches = [tf.reduce_sum(x * 1.0, 1), tf.reduce_mean(y), tf.reduce_sum(y * 2.0, 1)]
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((3, 1200)).astype(np.float32), rng.standard_normal((20, 30))
    with SECOND.session(graph) as session:
        session.run(fetches, {x: a, y: b})
        tf.wait_until_compiled()
        found = session.run(fetches, {x: a, y: b})
        compiled = compiled_types(session)
    if compiling.available:
        assert set(compiled) == {"Mul", "Sum", "Mean"}
        parts = [np.add.reduce(a[:, i : i + most], axis=1) for i in range(0, 1200, most)]
        assert_bitwise(found[0], parts[0] + parts[1] + parts[2])
        flat = b.reshape(-1)
        total = np.add.reduce(flat[:most]) + np.add.reduce(flat[most:])
        assert_bitwise(found[1], total / b.size)
        assert_bitwise(found[2], np.matmul(b * 2.0, np.ones(30)))


@pytest.mark.soak
def test_reductions_of_all_kinds() -> None:
    many = Many()
    with many.graph.as_default():
        for shape in [
            *SHAPES,
            (7,),
            (8,),
            (1000,),
            (600, 3),
            (257, 130),
            (70000, 2),
            (256, 2),
            (3, 30000),
        ]:
            for dtype in FLOATS:
                reduce(many, dtype, shape)
    many.check()


def test_softmax() -> None:
    many = Many()
    with many.graph.as_default():
        for i, (rows, columns) in enumerate([(1, 20), (2, 1), (2, 9), (33, 17), (9, 60)]):
            x = many.fed(FLOATS[i % 2], rows, columns)
            labels = tf.constant(np.arange(rows) % columns, tf.int32)
            many.fetches += [tf.nn.softmax(x), tf.nn.log_softmax(x)]
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=x)
            many.fetches += [loss, *tf.gradients(loss, [x])]
    many.check(0.05)


@pytest.mark.parametrize("dtype", EACH)
def test_elements(dtype: Any) -> None:
    """Special numbers, single numbers, broadcasting and types of all kinds."""
    unary = [
        tf.negative, tf.abs, tf.square, tf.nn.relu, tf.sqrt, tf.reciprocal, tf.rsqrt, tf.exp,
        tf.log, tf.log1p, tf.expm1, tf.sin, tf.cos, tf.tanh, tf.sigmoid, tf.ones_like,
    ]  # fmt: skip
    binary = [
        tf.add, tf.subtract, tf.multiply, tf.divide, tf.maximum, tf.minimum,
        tf.squared_difference, tf.greater, tf.less_equal, tf.equal, tf.not_equal,
    ]  # fmt: skip
    many = Many()
    with many.graph.as_default():
        for shape in ((), (4, 5, 3)):
            x, y = many.fed(dtype, *shape), many.fed(dtype, *shape)
            row, column = many.fed(dtype, 3), many.fed(dtype, 5, 1)
            found = [f(x) for f in unary]
            found += [f(x, y) for f in binary]
            found += [f(x, row if i % 2 else column) for i, f in enumerate(binary)]
            found += tf.gradients([tf.nn.relu(x), tf.nn.elu(y), tf.sigmoid(y), tf.tanh(x)], [x, y])
            whole = tf.cast(x > y, tf.int32) - 3 * tf.cast(y > 0.5, tf.int32)
            found += [whole, tf.maximum(whole, -1), tf.square(whole) * 2**30, whole > -2]
            found += [tf.cast(whole, dtype) * 0.5, tf.cast(x, tf.bool), tf.cast(whole, tf.uint8)]
            found += [tf.cast(x, tf.float64 if dtype is tf.float32 else tf.float32) * 3.0]
            found += [tf.logical_or(x > y, tf.logical_not(y > 0.0)), tf.add_n([x, y, x])]
            found += [tf.where(x > y, x, y), tf.where(x > y, x > 0.0, y > 0.0)]
            many.fetches += found
    many.check(0.2)
