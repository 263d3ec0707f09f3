"""Reductions beyond the op-case table: later keywords, accuracy, delicate values."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.graph.ops._sums import SumPlan

KEEPERS = (
    "reduce_sum",
    "reduce_mean",
    "reduce_prod",
    "reduce_max",
    "reduce_min",
    "reduce_all",
    "reduce_any",
    "reduce_logsumexp",
    "count_nonzero",
    "norm",
)


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def evaluated(tensor: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(tensor, feeds)


@pytest.mark.parametrize("name", KEEPERS)
def test_keepdims(name: str) -> None:
    """The later keyword works, and the signature is TensorFlow 1.1.0's all the same."""
    function = getattr(tf, name)
    kind = np.bool_ if name in ("reduce_all", "reduce_any") else np.float32
    x = np.array([[1, 0, 2], [3, 4, 0]]).astype(kind)
    assert "keepdims" not in inspect.signature(function).parameters
    assert function(x, axis=1, keepdims=True).get_shape().as_list() == [2, 1]
    assert function(x, axis=1, keep_dims=True).get_shape().as_list() == [2, 1]
    assert function(x, axis=1, keepdims=False).get_shape().as_list() == [2]
    kept, lost = evaluated([function(x, axis=1, keepdims=True), function(x, axis=1)])
    np.testing.assert_array_equal(kept[:, 0], lost)


def test_both_spellings_that_disagree() -> None:
    with pytest.raises(ValueError, match="Cannot specify both 'keep_dims' and 'keepdims'"):
        tf.reduce_sum([[1.0]], 0, keep_dims=True, keepdims=False)


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1), (0, 2), (1, 2), (0, 1, 2)])
def test_float32_sums_are_accurate(axes: tuple[int, ...]) -> None:
    """Naive summation of a hundred thousand tenths is off by 1e-4 and more."""
    x = np.full((500, 400, 3), 0.1, np.float32)
    x += np.random.default_rng(0).uniform(0, 1e-3, x.shape).astype(np.float32)
    expected = x.astype(np.float64).sum(axis=axes)
    feeds = tf.placeholder(tf.float32, x.shape)
    total, average = evaluated(
        [tf.reduce_sum(feeds, list(axes)), tf.reduce_mean(feeds, list(axes))], {feeds: x}
    )
    np.testing.assert_allclose(total, expected, rtol=1e-6)
    np.testing.assert_allclose(average, x.astype(np.float64).mean(axis=axes), rtol=1e-6)


def test_float32_sum_over_many_rows() -> None:
    """NumPy's own sum of so many rows is off in the third digit."""
    x = np.full((2**21, 2), 0.1, np.float32)
    naive = np.add.reduce(x, axis=0)
    expected = x.astype(np.float64).sum(axis=0)
    assert abs(naive[0] / expected[0] - 1) > 1e-4
    np.testing.assert_allclose(SumPlan(x.shape, (0,))(x), expected, rtol=1e-6)


def test_sums_of_arrays_that_are_not_contiguous() -> None:
    x = np.arange(4 * 5 * 6, dtype=np.float32).reshape(4, 5, 6)
    for view in (x.transpose(2, 0, 1), x[::-1, ::2], x.T, np.asfortranarray(x)):
        for axes in ((), (0,), (1,), (2,), (0, 2), (0, 1, 2)):
            found = SumPlan(view.shape, axes, True)(view)
            np.testing.assert_allclose(found, view.sum(axis=axes, keepdims=True))
            assert not np.shares_memory(found, x)


def test_float16_means_do_not_overflow() -> None:
    x = np.full(5000, 60.0, np.float16)
    total, average = evaluated([tf.reduce_sum(x[:1000]), tf.reduce_mean(x)])
    assert (total, average) == (60000.0, 60.0)
    assert average.dtype == np.float16


def test_integer_means_lose_their_fraction() -> None:
    """As TensorFlow's: towards zero, and the sum wraps around in its own type."""
    values = evaluated(
        [
            tf.reduce_mean(np.array(v, kind))
            for v, kind in (
                ([1, 2, 4], "int32"),
                ([-1, -2], "int32"),
                ([-7, -8], "int64"),
                ([200, 200], "uint8"),
            )
        ]
    )
    assert values == [2, -1, -7, 72]


def test_nan_is_passed_over_by_extremes() -> None:
    """TensorFlow 1.1.0 compares with ``>``, so that NaN is never chosen."""
    x = np.array([[1.0, math.nan], [math.nan, math.nan], [math.nan, 2.0]], np.float32)
    greatest, least, at, least_at = evaluated(
        [tf.reduce_max(x, 1), tf.reduce_min(x, 1), tf.argmax(x, 1), tf.argmin(x, 0)]
    )
    np.testing.assert_array_equal(greatest, np.array([1, -math.inf, 2], np.float32))
    np.testing.assert_array_equal(least, np.array([1, math.inf, 2], np.float32))
    np.testing.assert_array_equal(at, [0, 0, 1])
    np.testing.assert_array_equal(least_at, [0, 2])


def test_extremes_of_nothing() -> None:
    for kind, low, high in (("float32", -math.inf, math.inf), ("int32", -(2**31), 2**31 - 1)):
        x = np.zeros((0, 2), kind)
        found = evaluated([tf.reduce_max(x, 0), tf.reduce_min(x, 0)])
        np.testing.assert_array_equal(found, [[low, low], [high, high]])


def test_ties_share_the_gradient() -> None:
    x = tf.constant([[1.0, 2.0, 2.0], [3.0, 3.0, 3.0]])
    grad = evaluated(tf.gradients(tf.reduce_max(x, 1), x)[0])
    np.testing.assert_allclose(grad, [[0, 0.5, 0.5], [1 / 3, 1 / 3, 1 / 3]], rtol=1e-6)


@pytest.mark.parametrize("op_type", ["Max", "Min", "ArgMax", "ArgMin"])
def test_complex_numbers_have_no_order(op_type: str) -> None:
    function = {
        "Max": tf.reduce_max,
        "Min": tf.reduce_min,
        "ArgMax": tf.argmax,
        "ArgMin": tf.argmin,
    }[op_type]
    sentence = f"No OpKernel was registered to support Op '{op_type}' with these attrs."
    with pytest.raises(tf.errors.InvalidArgumentError, match=sentence):
        evaluated(function(np.array([1j, 2.0]), 0))


def test_logsumexp() -> None:
    x = np.array([[1000.0, 1000.0], [-1000.0, -1000.0], [0.0, 1.0]], np.float32)
    found = evaluated(tf.reduce_logsumexp(x, 1))
    expected = [1000 + math.log(2), -1000 + math.log(2), math.log(1 + math.e)]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert math.isnan(evaluated(tf.reduce_logsumexp(np.array([-math.inf, -math.inf]))))


def test_gradients_where_the_graph_knows_no_shape() -> None:
    """Rank and axes come with the run."""
    x, axes = tf.placeholder(tf.float64), tf.placeholder(tf.int32)
    y = np.random.default_rng(1).uniform(1, 2, (2, 3, 4))
    functions = (tf.reduce_sum, tf.reduce_mean, tf.reduce_prod, tf.reduce_max)
    tensors = [tf.gradients(f(x, axes), x)[0] for f in functions]
    for given in ([0], [1, -1], [2, 0, 1], 1, [-3]):
        by = tuple(np.reshape(given, -1).tolist())
        total, average, product, greatest = evaluated(tensors, {x: y, axes: np.array(given)})
        count = math.prod(y.shape[a] for a in by)
        np.testing.assert_allclose(total, np.ones_like(y))
        np.testing.assert_allclose(average, np.ones_like(y) / count)
        np.testing.assert_allclose(product, y.prod(axis=by, keepdims=True) / y)
        np.testing.assert_array_equal(greatest, y == y.max(axis=by, keepdims=True))


def test_the_gradient_of_a_product_with_zeros() -> None:
    x = tf.constant([[2.0, 0.0, 3.0], [0.0, 0.0, 5.0]])
    grad = evaluated(tf.gradients(tf.reduce_prod(x, 1), x)[0])
    np.testing.assert_array_equal(grad, [[0, 6, 0], [0, 0, 0]])


def test_the_gradient_of_running_products_with_zeros() -> None:
    """TensorFlow 1.1.0 gives NaN here."""
    x = tf.constant([2.0, 0.0, 3.0, 0.0, 5.0])
    grad = evaluated(tf.gradients(tf.cumprod(x), x)[0])
    np.testing.assert_array_equal(grad, [1, 2 + 6, 0, 0, 0])


def test_an_axis_fed_at_run_time() -> None:
    x, axis = tf.placeholder(tf.float32), tf.placeholder(tf.int32, [])
    total, at = tf.reduce_sum(x, axis), tf.argmax(x, axis)
    y = np.array([[1.0, 5.0], [4.0, 2.0]])
    with tf.Session() as session:
        for given in (0, 1, -1):
            found = session.run([total, at], {x: y, axis: given})
            np.testing.assert_array_equal(found[0], y.sum(axis=given))
            np.testing.assert_array_equal(found[1], y.argmax(axis=given))


def test_moments_keep_digits_far_from_zero() -> None:
    rng = np.random.default_rng(2)
    x = (1e4 + rng.standard_normal((1000, 2))).astype(np.float32)
    mean, variance = evaluated(list(tf.nn.moments(tf.constant(x), [0])))
    np.testing.assert_allclose(mean, x.astype(np.float64).mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(variance, x.astype(np.float64).var(axis=0), rtol=1e-4)


def test_moments_of_other_kinds() -> None:
    rng = np.random.default_rng(3)
    x, w = rng.standard_normal((6, 2)), rng.integers(1, 5, (6, 1)).astype(float)
    weighted = evaluated(list(tf.nn.weighted_moments(x, [0], w, keepdims=True)))
    repeated = np.repeat(x, w[:, 0].astype(int), axis=0)
    np.testing.assert_allclose(weighted[0], repeated.mean(axis=0, keepdims=True))
    np.testing.assert_allclose(weighted[1], repeated.var(axis=0, keepdims=True))
    half = evaluated(list(tf.nn.moments(tf.constant(x.astype(np.float16)), [0, 1])))
    assert [h.dtype for h in half] == [np.float16, np.float16]
    assert evaluated(tf.nn.zero_fraction([0.0, 1.0, 0.0, 2.0])) == 0.5
    assert math.isnan(evaluated(tf.nn.zero_fraction(np.zeros(0))))
