"""What is fed becomes an array of the tensor's type, or a clear refusal; it is never changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import skflow as tf
from skflow.runtime.feed import Feeder, Feeders, feed_items


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def feeder(dtype: Any, shape: Any = None) -> Feeder:
    return Feeder(tf.placeholder(dtype, shape))


@pytest.mark.parametrize("value", ["a", b"a", ["a", b"b"], [["a"], ["b"]]], ids=repr)
def test_text_becomes_bytes(value: Any) -> None:
    """Also where it comes in an object array, which is the type that text has in a run."""
    feed = feeder(tf.string)
    for given_value in (value, np.array(value, dtype=object)):
        found = feed(given_value)
        assert found.dtype == object
        assert all(type(item) is bytes for item in found.reshape(-1))
        assert found.shape == np.shape(value)


@pytest.mark.parametrize(
    "value",
    [2.5, np.nan, np.inf, -np.inf, 1e30, 2**31, -(2**31) - 1, np.float32(3e9), 1 + 1j, [1, 2.5]],
    ids=repr,
)
def test_what_no_integer_tensor_holds(value: Any) -> None:
    with pytest.raises(TypeError, match="is not compatible with Tensor type"):
        feeder(tf.int32)(value)


@pytest.mark.parametrize(
    "value",
    [3, 3.0, True, np.uint8(3), 3 + 0j, -(2**31), 2**31 - 1],
    ids=lambda v: f"{type(v).__name__}={v}",
)
def test_whole_numbers(value: Any) -> None:
    found = feeder(tf.int32)(value)
    assert found.dtype == np.int32
    assert found == value


def test_unsigned_numbers_do_not_wrap() -> None:
    feed = feeder(tf.int64)
    assert feed(np.uint64(2**63 - 1)) == 2**63 - 1
    with pytest.raises(TypeError, match="larger type"):
        feed(np.uint64(2**63))


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.floats(width=64), st.sampled_from(["int8", "uint8", "int16", "int32", "int64"]))
def test_integers_are_exact_or_refused(value: float, kind: str) -> None:
    try:
        found = feeder(kind)(value)
    except TypeError:
        limits = np.iinfo(kind)
        assert not (value == np.floor(value) and limits.min <= value <= float(limits.max) / 2)
    else:
        assert int(found) == value


def test_shapes_are_checked_each_time() -> None:
    feed = feeder(tf.float32, [None, 2])
    for rows in (3, 3, 0):
        assert feed(np.ones((rows, 2), np.float32)).shape == (rows, 2)
    for bad in (np.ones((2, 3)), np.ones(2), 1.0):
        with pytest.raises(ValueError, match="Cannot feed value of shape"):
            feed(bad)


def test_an_array_that_fits_is_not_copied() -> None:
    array = np.ones((2, 2), np.float32)
    assert feeder(tf.float32)(array) is array


@pytest.mark.parametrize("order", ["C", "F"])
def test_feeds_are_never_written_to(order: Any) -> None:
    """Read-only arrays will do, and in-place steps leave fed memory alone."""
    array = np.array([[1.0, -2.0], [3.0, -4.0]], np.float32, order=order)
    array.setflags(write=False)
    x = tf.placeholder(tf.float32, [2, 2])
    view = tf.reshape(x, [4])
    v = tf.Variable(np.zeros((2, 2), np.float32))
    step = tf.train.GradientDescentOptimizer(1.0).apply_gradients([(x, v)])
    with tf.Session() as session:
        session.run(v.initializer)
        found = session.run([tf.nn.relu(x), tf.exp(view), step, tf.transpose(x)], {x: array})
        assert not any(np.shares_memory(f, array) for f in found if f is not None)
        np.testing.assert_array_equal(session.run(v), -array)


def test_all_that_is_fed_is_as_each_alone() -> None:
    """Whether it comes as an array of the right type, which is passed on, or as something else."""
    kinds = [tf.float32, tf.int64, tf.string, tf.bool]
    given_values = [
        [np.ones(2, np.float32), np.ones(2, np.int64), np.array(["a"], object), np.array(True)],
        [[1, 2], np.ones(2, np.int32), "a", 1],
        [
            np.ones(2, ">f4"),
            np.ones(2, np.int64).view(np.recarray),
            np.array(["a"]),
            np.bool_(True),
        ],
        [np.float32(1), 3.0, b"a", [True, False]],
    ]
    feeders = Feeders([tf.placeholder(k) for k in kinds])
    for values in given_values:
        found = feeders.arrays(values)
        for kind, value, array in zip(kinds, values, found, strict=True):
            wanted = feeder(kind)(value)
            assert array.dtype == kind.np_dtype
            np.testing.assert_array_equal(array, wanted)
    first = given_values[0]
    assert feeders.arrays(first)[0] is first[0]
    with pytest.raises(TypeError, match="is not compatible with Tensor type"):
        feeders.arrays([1.0, 2.5, "a", True])
    with pytest.raises(ValueError, match="zip"):
        feeders.arrays([1.0])


def test_shapes_are_checked_for_every_call() -> None:
    """Also beside plans for other shapes, and for a value that was right a run before."""
    x, y = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [3])
    with tf.Session() as session:
        call = session.make_callable([x * 2.0, y], [x, y])
        for rows in (1, 2, 3, 4, 1):
            assert call(np.ones((rows, 2), np.float32), np.ones(3))[0].shape == (rows, 2)
            for wrong in ((rows,), (rows, 3), (rows, 2, 1), ()):
                with pytest.raises(ValueError, match="Cannot feed value of shape"):
                    call(np.ones(wrong, np.float32), np.ones(3, np.float32))
            with pytest.raises(ValueError, match=r"shape \(4,\) for Tensor 'Placeholder_1:0'"):
                session.run(y, {x: np.ones((rows, 2)), y: np.ones(4)})


# ---- keys ---------------------------------------------------------------------------------


def test_tuples_of_tensors_are_fed_by_tuples() -> None:
    a, b = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    with tf.Session() as session:
        assert session.run(a - b, {(a, b): (3, 1)}) == 2.0
        assert session.run(a - b, {(a, (b,)): [3, [1]]}) == 2.0
        for value in (1, (1,), (1, 2, 3)):
            with pytest.raises(ValueError, match="Could not flatten dictionary. Key had 2 elem"):
                session.run(a - b, {(a, b): value})


def test_parts_of_composites() -> None:
    sparse = tf.SparseTensor([[0]], [1.0], [2])
    value = tf.SparseTensorValue([[1]], [2.0], [3])
    items = feed_items(tf.get_default_graph(), {sparse: value})
    assert [t for t, _ in items] == [sparse.indices, sparse.values, sparse.dense_shape]
    assert [v for _, v in items] == list(value)
    slices = tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([0]))
    items = feed_items(tf.get_default_graph(), {slices: ([[2.0]], [1])})
    assert [t for t, _ in items] == [slices.values, slices.indices]
