"""Programs of every kind that a plan may be made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

import skflow as tf

Draw = Callable[[np.random.Generator], np.ndarray]
Parts = tuple[list[Any], dict[Any, Draw]]


def normal(*shape: int, dtype: Any = np.float32) -> Draw:
    """Draws normal numbers; a negative dimension is another one each time."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        sizes = [n if n >= 0 else int(rng.integers(1, 1 - n)) for n in shape]
        return np.asarray(rng.standard_normal(sizes), dtype)

    return draw


def whole(high: int, *shape: int, dtype: Any = np.int32) -> Draw:
    """Draws whole numbers from zero to `high`, which is left out."""
    return lambda rng: np.asarray(rng.integers(0, high, shape), dtype)


def words(*shape: int) -> Draw:
    """Draws texts."""
    return lambda rng: rng.choice([b"a", b"bc", b"\x00d"], shape).astype(object)


def fed(draw: Draw, dtype: Any, shape: Any, feeds: dict[Any, Draw]) -> Any:
    """A placeholder for what is drawn."""
    x = tf.placeholder(dtype, shape)
    feeds[x] = draw
    return x


# ---- programs -----------------------------------------------------------------------------


def elementwise() -> Parts:
    feeds: dict[Any, Draw] = {}
    x = fed(normal(7, 5), tf.float32, [7, 5], feeds)
    y = fed(normal(5), tf.float32, [5], feeds)
    chain = x
    for k in range(8):
        chain = tf.tanh(chain * (0.5 + k)) + y
    fetches = [
        tf.nn.relu(x * 2.0 + y),
        tf.tanh(x) - tf.sigmoid(y),
        tf.where(x > 0.5, x, y + tf.zeros_like(x)),
        tf.cast(x > y, tf.int32),
        tf.cast(x, tf.float64) * 3.0,
        chain,
        x,
        tf.identity(x),
        x > y,
    ]
    return fetches, feeds


def scalars() -> Parts:
    feeds: dict[Any, Draw] = {}
    a, b = (fed(normal(), tf.float32, [], feeds) for _ in range(2))
    v = tf.Variable(0.25)
    chain = a
    for _ in range(20):
        chain = tf.minimum(chain * 0.5 + b, 3.0)
    count = tf.assign_add(tf.Variable(0), 1)
    return [a * b + tf.exp(a), chain, a < b, v * a, tf.floor(b), a, count], feeds


def whole_numbers() -> Parts:
    feeds: dict[Any, Draw] = {}
    m = fed(whole(50, 6), tf.int32, [6], feeds)
    n = fed(whole(9, 6, dtype=np.int64), tf.int64, [6], feeds)
    k = tf.cast(n, tf.int32) + 1
    return [m // k, m % k, m * m - k, tf.bincount(m), tf.reduce_sum(n), n, m > k], feeds


def products() -> Parts:
    feeds: dict[Any, Draw] = {}
    rng = np.random.default_rng(1)
    x = fed(normal(6, 8), tf.float32, [6, 8], feeds)
    w = tf.constant(rng.standard_normal((8, 4)), tf.float32)
    tall = tf.constant(rng.standard_normal((2000, 6)), tf.float32)
    v = tf.Variable(rng.standard_normal((8, 1)).astype(np.float32))
    fetches = [
        tf.matmul(x, w),
        tf.matmul(x, x, transpose_b=True),
        tf.matmul(x, x, transpose_a=True),
        tf.matmul(tall, x)[:3],
        tf.matmul(x, v),
        tf.matmul(x[:, :1], x[:1]),
        tf.matmul(tf.stack([x, x]), tf.stack([w, w])),
    ]
    return fetches, feeds


def large_products() -> Parts:
    """Large enough that cores share them."""
    feeds: dict[Any, Draw] = {}
    x = fed(normal(256, 256), tf.float32, [256, 256], feeds)
    w = tf.constant(np.random.default_rng(1).standard_normal((256, 256)), tf.float32)
    first = tf.matmul(x, w)
    return [first, tf.matmul(first, x, transpose_a=True), tf.transpose(first)], feeds


def reductions() -> Parts:
    feeds: dict[Any, Draw] = {}
    x = fed(normal(5, 6, 3), tf.float32, [5, 6, 3], feeds)
    means = [tf.reduce_mean(x, axis=a, keep_dims=k) for a in (None, 0, [1, 2]) for k in (0, 1)]
    fetches = [
        *means,
        tf.reduce_sum(x * x, axis=1),
        tf.reduce_max(x, axis=2),
        tf.reduce_prod(x, axis=0),
        tf.argmax(x, 1),
        tf.reduce_all(x > -1.0, axis=2),
        tf.nn.softmax(x[0]),
        tf.nn.log_softmax(x[:, 0]),
        tf.reduce_logsumexp(x),
        tf.cumsum(x, 1),
        *tf.nn.moments(x, [0]),
    ]
    return fetches, feeds


def layouts() -> Parts:
    feeds: dict[Any, Draw] = {}
    x = fed(normal(6, 4), tf.float32, [6, 4], feeds)
    at = fed(whole(6, 5), tf.int32, [5], feeds)
    v = tf.Variable(np.arange(24, dtype=np.float32).reshape(6, 4))
    fetches = [
        tf.transpose(x),
        tf.reshape(x, [-1]),
        x[1:4, ::2],
        tf.expand_dims(x, 0),
        tf.concat([x, x], 1),
        tf.unstack(x)[2],
        tf.gather(x, at),
        tf.nn.embedding_lookup(v, at),
        tf.transpose(v),
        v[2:],
        tf.reverse(x, [0]),
        tf.tile(x, [1, 2]),
        tf.one_hot(at, 6),
        tf.convert_to_tensor(v),
        v.read_value(),
        tf.constant([[1.0, 2.0]]),
        tf.zeros([2, 3]),
    ]
    return fetches, feeds


def losses() -> Parts:
    feeds: dict[Any, Draw] = {}
    x = fed(normal(9, 4), tf.float32, [9, 4], feeds)
    labels = fed(whole(4, 9), tf.int32, [9], feeds)
    dense = fed(normal(9, 4), tf.float32, [9, 4], feeds)
    w = tf.Variable(np.random.default_rng(1).standard_normal((4, 4)).astype(np.float32))
    logits = tf.matmul(x, w)
    sparse = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    soft = tf.nn.softmax_cross_entropy_with_logits(labels=tf.nn.softmax(dense), logits=logits)
    two = tf.losses.sigmoid_cross_entropy(tf.cast(dense > 0, tf.float32), logits)
    total = sparse + tf.reduce_mean(soft) + two
    return [sparse, soft, two, *tf.gradients(total, [w, x])], feeds


def training(optimizer: Callable[[], Any], rows: Any = 16) -> Callable[[], Parts]:
    """A network's step with an optimizer; a negative number of rows is another one each time."""

    def make() -> Parts:
        feeds: dict[Any, Draw] = {}
        known = rows if rows >= 0 else None
        rng = np.random.default_rng(1)
        x = fed(normal(rows, 3), tf.float32, [known, 3], feeds)
        w1 = tf.Variable(rng.standard_normal((3, 8)).astype(np.float32))
        b1 = tf.Variable(np.zeros(8, np.float32))
        w2 = tf.Variable(rng.standard_normal((8, 2)).astype(np.float32))
        hidden = tf.nn.relu(tf.matmul(x, w1) + b1)
        out = tf.matmul(hidden, w2)
        loss = tf.reduce_mean(tf.square(out - tf.sin(x[:, :2])))
        step = tf.Variable(0, trainable=False)
        train = optimizer().minimize(loss, global_step=step)
        # Values, not what merely passes a variable on: that may show the update.
        return [loss, out, w1 * 1.0, step * 1, train], feeds

    return make


def large_update() -> Parts:
    """Large enough that cores share it."""
    feeds: dict[Any, Draw] = {}
    x = fed(normal(300_000), tf.float32, [300_000], feeds)
    v = tf.Variable(np.zeros(300_000, np.float32))
    train = tf.train.MomentumOptimizer(0.1, 0.9).apply_gradients([(x, v)])
    with tf.control_dependencies([train]):
        after = v.read_value()
    return [after, v * 2.0], feeds


def assigning() -> Parts:
    feeds: dict[Any, Draw] = {}
    x = fed(normal(4, 3), tf.float32, [4, 3], feeds)
    at = fed(whole(4, 2), tf.int32, [2], feeds)
    v, w, u = (tf.Variable(np.ones((4, 3), np.float32)) for _ in range(3))
    before = [v * 1.0, w + 0.0, tf.reduce_sum(u)]
    fetches = [
        *before,
        tf.assign(v, x),
        tf.assign_add(w, tf.tanh(x)),
        tf.scatter_update(u, at, tf.nn.relu(x[:2])),
    ]
    return fetches, feeds


def randoms() -> Parts:
    feeds: dict[Any, Draw] = {}
    x = fed(normal(3, 4), tf.float32, [3, 4], feeds)
    looped = tf.while_loop(
        lambda i, _: i < 3,
        lambda i, total: (i + 1, total + tf.random_uniform([2])),
        [tf.constant(0), tf.zeros([2])],
    )
    noise = tf.random_normal([3, 4])
    fetches = [
        noise,
        noise * 2.0,
        tf.random_uniform([5], maxval=9, dtype=tf.int32),
        tf.truncated_normal([4]),
        tf.nn.dropout(x, 0.5),
        tf.random_shuffle(x),
        tf.multinomial(x, 3),
        looped[1],
        x + tf.random_normal([4]),
        tf.random_normal([2], seed=5) - tf.random_normal([2], seed=5),
    ]
    return fetches, feeds


def branches() -> Parts:
    feeds: dict[Any, Draw] = {}
    x = fed(normal(3, 2), tf.float32, [3, 2], feeds)
    count = fed(whole(5), tf.int32, [], feeds)
    v = tf.Variable(np.full((3, 2), 0.5, np.float32))
    chosen = tf.cond(tf.reduce_sum(x) > 0.0, lambda: x * v, lambda: tf.tanh(x) - v)
    passed_on = tf.cond(count > 2, lambda: x, lambda: tf.zeros([3, 2]))
    _, power = tf.while_loop(
        lambda i, _: i < count, lambda i, y: (i + 1, tf.tanh(y) + v), [tf.constant(0), x]
    )
    (slope,) = tf.gradients(tf.reduce_sum(power * chosen), [x])
    read = v * 1.0
    with tf.control_dependencies([chosen, power, slope, read]):
        more = tf.assign_add(v, tf.tanh(x))
    return [chosen, passed_on, power, slope, read, more.op], feeds


def functions() -> Parts:
    """Python functions that give back what they were given, or the same array each time."""
    feeds: dict[Any, Draw] = {}
    x = fed(normal(3, 2), tf.float32, [3, 2], feeds)
    v = tf.Variable(np.ones((3, 2), np.float32))
    same = np.zeros((3, 2), np.float32)

    def spoil(a: Any) -> Any:
        a *= -1.0
        return a

    def always(a: Any) -> Any:
        same[...] = np.tanh(a)
        return same

    first = tf.py_func(lambda a: a, [x], tf.float32)
    second = tf.py_func(lambda a: a, [v], tf.float32)
    third = tf.py_func(always, [x], tf.float32)
    fetches = [
        first,
        second,
        third,
        third * 2.0,
        tf.py_func(spoil, [x], tf.float32),
        tf.py_func(spoil, [v], tf.float32),
        x,
        v * 1.0,
    ]
    return fetches, feeds


def controlled() -> Parts:
    """Assignments and reads in a chain of control dependencies."""
    feeds: dict[Any, Draw] = {}
    x = fed(normal(4), tf.float32, [4], feeds)
    v, w = tf.Variable(np.zeros(4, np.float32)), tf.Variable(np.ones(4, np.float32))
    fetches: list[Any] = []
    last: list[Any] = []
    for k in range(4):
        with tf.control_dependencies(last):
            read = v.read_value() + 0.0
        with tf.control_dependencies([read]):
            more = w.read_value()
            changed = tf.assign(v, read * 0.5 + x) if k % 2 else tf.assign_add(v, more)
        with tf.control_dependencies([changed]):
            other = tf.assign(w, tf.tanh(v.read_value()))
        last = [other]
        fetches += [read]
    with tf.control_dependencies(last):
        fetches += [v.read_value() * 1.0, tf.identity(w.read_value())]
    return fetches, feeds


def texts() -> Parts:
    feeds: dict[Any, Draw] = {}
    x = fed(words(3), tf.string, [3], feeds)
    v = tf.Variable(np.array([b"x", b"y", b"z"], object))
    after = tf.assign(v, x)
    return [tf.identity(x), tf.equal(x, "a"), tf.stack([x, x]), after], feeds


KINDS: Final[dict[str, Callable[[], Parts]]] = {
    "elementwise": elementwise,
    "scalars": scalars,
    "whole numbers": whole_numbers,
    "products": products,
    "large products": large_products,
    "reductions": reductions,
    "layouts": layouts,
    "losses": losses,
    "gradient descent": training(lambda: tf.train.GradientDescentOptimizer(0.05)),
    "momentum": training(lambda: tf.train.MomentumOptimizer(0.02, 0.9, use_nesterov=True)),
    "Adam": training(lambda: tf.train.AdamOptimizer(0.01)),
    "RMSProp": training(lambda: tf.train.RMSPropOptimizer(0.01)),
    "open shapes": training(lambda: tf.train.AdagradOptimizer(0.05), -40),
    "large update": large_update,
    "assigning": assigning,
    "randoms": randoms,
    "branches": branches,
    "functions": functions,
    "controlled": controlled,
    "texts": texts,
}
