"""Python's and NumPy's values become constants of TensorFlow's types."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

import skflow as tf
from skflow.graph.dtypes import NUMBERS
from skflow.graph.literals import to_array
from tests.golden import core_snippets


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


@pytest.mark.parametrize("source", core_snippets.recorded("literals"))
def test_answers_are_tensorflows(source: str) -> None:
    core_snippets.check(tf, "literals", source)


@pytest.mark.parametrize(
    "value",
    [1e300, -1e39, [1.0, 1e300], np.float64(1e300), [[1e39]]],
    ids=lambda v: f"{type(v).__name__}={v}",
)
def test_too_large_for_single_precision_is_infinite_without_a_warning(value: Any) -> None:
    found = to_array(value, tf.float32)
    assert found.dtype == np.float32
    assert np.isinf(found).any()


@pytest.mark.parametrize(
    ("value", "dtype"), [(2**31, tf.int32), (300, tf.uint8), (-1, tf.uint8), ([1, 2**40], tf.int32)]
)
def test_integers_out_of_range_are_refused(value: Any, dtype: Any) -> None:
    """TensorFlow 1.1.0 lets some of them wrap round."""
    with pytest.raises(TypeError, match="which is out of range"):
        tf.constant(value, dtype)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ([np.array([1.0]), np.array([2.0])], "float64"),
        ([np.arange(2), [3, 4]], "int64"),
        ([np.array([1, 2], np.float32)], "float32"),
        (range(3), "int32"),
        (2**63, "uint64"),
    ],
    ids=str,
)
def test_more_is_taken_than_in_tensorflow(value: Any, dtype: str) -> None:
    found = to_array(value)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, np.array(value))


@pytest.mark.parametrize("dtype", [None, tf.float32, tf.int32, tf.string, tf.bool], ids=str)
@pytest.mark.parametrize(
    "value", [[[1, 2], [3]], [[1], 2], [["a"], ["b", "c"]], [[], [1]]], ids=str
)
def test_ragged_lists_are_refused(value: Any, dtype: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="dense tensor|Expected|sequence"):
        tf.constant(value, dtype)


@given(
    hnp.arrays(
        st.sampled_from([d.np_dtype for d in NUMBERS]), hnp.array_shapes(min_dims=0, min_side=0)
    )
)
def test_arrays_are_copied_as_they_are(array: Any) -> None:
    found = to_array(array)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert not np.shares_memory(found, array)
    np.testing.assert_array_equal(found, array)


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1))
def test_integers_take_64_bits_only_if_they_must(values: list[int]) -> None:
    found = to_array(values)
    assert found.tolist() == values
    small = all(-(2**31) <= v < 2**31 for v in values)
    assert found.dtype == ("int32" if small else "int64")


def test_a_large_array_is_copied_once() -> None:
    """No text, no message, no list of its elements on the way to the graph."""
    array = np.zeros((300_000, 2), np.int64)
    tracemalloc.start()
    try:
        with tf.Graph().as_default():
            found = tf.constant(array)
            assert found.op.name == "Const"
            peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert array.nbytes <= peak < 1.1 * array.nbytes
