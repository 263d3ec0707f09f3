"""Functions on arrays build TensorFlow 1.1.0's graphs, compute its values, make its complaints."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import skflow as tf
from skflow import errors
from skflow.graph.registry import raw
from tests.golden import array_programs as programs

GOLDEN: dict[str, Any] = json.loads(
    gzip.decompress((Path(__file__).parents[2] / "golden" / "graphs_array.json.gz").read_bytes())
)
EXPRESSIONS = programs.expressions()


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def run(fetches: Any, feed_dict: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(fetches, feed_dict)


# ---- against TensorFlow 1.1.0 -------------------------------------------------------------


def test_the_golden_file_is_whole() -> None:
    assert GOLDEN["graphs"].keys() == {p.__name__ for p in programs.PROGRAMS}
    assert GOLDEN["gradients"].keys() == programs.DIFFERENTIATED.keys()
    assert GOLDEN["expressions"].keys() == set(EXPRESSIONS)


@pytest.mark.parametrize("program", programs.PROGRAMS, ids=lambda p: p.__name__)
def test_operations(program: Any) -> None:
    """Ids, names, types, inputs and control inputs, in the order they were made."""
    assert programs.observe(tf, program) == GOLDEN["graphs"][program.__name__]


@pytest.mark.parametrize("name", programs.DIFFERENTIATED)
def test_gradients(name: str) -> None:
    """Names and values of the results."""
    names, values = programs.gradient(tf, name)
    expected_names, expected = GOLDEN["gradients"][name]
    assert names == expected_names
    for actual, wanted in zip(values, expected, strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=1e-6)


@pytest.mark.parametrize("block", range(0, len(EXPRESSIONS), 50))
def test_expressions(block: int) -> None:
    """Values bit for bit; else the class of what is raised, when, and the sentence."""
    for expression in EXPRESSIONS[block : block + 50]:
        found = json.loads(json.dumps(programs.result(tf, raw, expression)))
        assert found == GOLDEN["expressions"][expression], expression


# ---- where TensorFlow 1.1.0 is not the measure --------------------------------------------


def test_split_counts_axes_from_the_end_too() -> None:
    x = tf.constant([[1, 2, 3, 4]])
    first, second = run(tf.split(x, 2, -1))
    np.testing.assert_array_equal(first, [[1, 2]])
    np.testing.assert_array_equal(second, [[3, 4]])
    assert [t.shape.as_list() for t in tf.split(x, [1, 3], axis=-1)] == [[1, 1], [1, 3]]


def test_split_needs_the_number_of_pieces() -> None:
    with pytest.raises(ValueError, match="Cannot infer num from shape"):
        tf.split([1, 2], tf.placeholder(tf.int32, [None]))


def test_strings_and_booleans_are_padded_and_set_on_diagonals() -> None:
    a = tf.pad(tf.constant(["a"]), [[1, 1]])
    b = tf.matrix_band_part([[True, True], [True, True]], 0, 0)
    c = tf.matrix_diag(["x", "y"])
    found = run([a, b, c])
    assert found[0].tolist() == [b"", b"a", b""]
    assert found[1].tolist() == [[True, False], [False, True]]
    assert found[2].tolist() == [[b"x", b""], [b"", b"y"]]


def test_unique_takes_every_type_and_long_numbers() -> None:
    y, idx = run(tf.unique([True, False, True], out_idx=tf.int64))
    assert y.tolist() == [True, False]
    assert idx.tolist() == [0, 1, 0]
    assert idx.dtype == np.int64
    assert run(tf.unique(np.array([1 + 2j, 1 + 1j, 1 + 2j])))[0].tolist() == [1 + 2j, 1 + 1j]


def test_range_says_which_types_it_takes() -> None:
    with pytest.raises(AssertionError, match="range takes int32, int64, float32, float64, not"):
        tf.range(True)


def test_scatter_nd_takes_numbers_only() -> None:
    with pytest.raises(TypeError, match="Value passed to parameter 'updates' has DataType bool"):
        tf.scatter_nd([[0]], [True], [3])


# ---- shapes that are known ----------------------------------------------------------------


def test_shapes_through_arithmetic_on_shapes() -> None:
    x = tf.placeholder(tf.float32, [None, 3, 4])
    dims = tf.shape(x)
    assert tf.reshape(x, [-1, dims[1] * dims[2]]).shape.as_list() == [None, 12]
    assert tf.zeros([dims[0], dims[2]]).shape.as_list() == [None, 4]
    assert tf.fill(tf.concat([dims[:1], [7]], 0), 0.0).shape.as_list() == [None, 7]
    assert tf.tile(x, [2, dims[1], 1]).shape.as_list() == [None, 9, 4]
    assert tf.slice(x, [0, 0, 1], [-1, dims[1], -1]).shape.as_list() == [None, 3, 3]


def test_a_default_does_not_decide_a_shape() -> None:
    dims = tf.placeholder_with_default([2, 1], [2])
    x = tf.reshape([1.0, 2.0], dims)
    assert x.shape.as_list() == [None, None]
    assert run(x, {dims: [1, 2]}).shape == (1, 2)


@pytest.mark.parametrize(
    ("shape_x", "shape_y", "expected"),
    [
        ([None, 1], [3], [None, 3]),
        ([None], [1], [None]),
        ([2, 1], [1, None], [2, None]),
        ([], [4], [4]),
        ([None], [5], [5]),
        (None, [1], None),
        ([0], [1], [0]),
    ],
)
def test_broadcast_static_shape(shape_x: Any, shape_y: Any, expected: Any) -> None:
    found = tf.broadcast_static_shape(tf.TensorShape(shape_x), tf.TensorShape(shape_y))
    assert found == tf.TensorShape(expected)


# ---- square brackets ----------------------------------------------------------------------

BOUND = st.none() | st.integers(-6, 6)
SLICE = st.builds(slice, BOUND, BOUND, st.none() | st.sampled_from([1, 2, 3, -1, -2]))


@st.composite
def keys(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[Any, ...]]:
    """A shape, and a key that suits it."""
    shape = tuple(draw(st.lists(st.integers(1, 4), max_size=4)))
    entries: list[Any] = []
    for size in shape[: draw(st.integers(0, len(shape)))]:
        if draw(st.integers(0, 4)) == 0:
            entries.append(None)
        entries.append(draw(SLICE | st.integers(-size, size - 1)))
    if draw(st.booleans()):
        at = draw(st.integers(0, len(entries)))
        rest = len(shape) - sum(e is not None for e in entries[:at])
        after = [draw(SLICE) for _ in range(draw(st.integers(0, rest)))]
        entries = [*entries[:at], ..., *after]
    return shape, tuple(entries)


@settings(max_examples=150, deadline=None)
@given(keys())
def test_brackets_do_what_numpy_does(case: tuple[tuple[int, ...], tuple[Any, ...]]) -> None:
    """With the shape known, and with the shape and every bound fed."""
    shape, key = case
    array = np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)
    expected = array[key]
    with tf.Graph().as_default(), tf.Session() as session:
        known = tf.constant(array)[key]
        assert known.shape.as_list() == list(expected.shape)
        np.testing.assert_array_equal(session.run(known), expected)
        x = tf.placeholder(tf.float32)
        vague = x[key]
        op = vague.op
        feeds: dict[Any, Any] = {x: array}
        feeds |= {t: session.run(t) for t in op.inputs[1:] if t.graph.is_feedable(t)}
        found = session.run(vague, feeds)
        assert found.shape == expected.shape
        np.testing.assert_array_equal(found, expected)


@settings(max_examples=60, deadline=None)
@given(keys())
def test_gradients_of_brackets_put_back_what_was_taken(
    case: tuple[tuple[int, ...], tuple[Any, ...]],
) -> None:
    shape, key = case
    array = np.zeros(shape, dtype=np.float64)
    marks = np.arange(1.0, array[key].size + 1).reshape(array[key].shape)
    expected = array.copy()
    expected[key] = marks
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float64)
        (dx,) = tf.gradients(x[key], x, tf.constant(marks))
        np.testing.assert_array_equal(session.run(dx, {x: array}), expected)


def test_brackets_with_tensors() -> None:
    x, i = tf.constant([[1, 2], [3, 4], [5, 6]]), tf.placeholder(tf.int32, [])
    assert run(x[i], {i: -1}).tolist() == [5, 6]
    assert run(x[i:, 0], {i: 1}).tolist() == [3, 5]
    assert run(x[:i, i], {i: 1}).tolist() == [2]
    with pytest.raises(errors.InvalidArgumentError, match="slice index 3 of dimension 0 out of"):
        run(x[i], {i: 3})


def test_a_fetched_slice_is_the_callers_own() -> None:
    x = tf.placeholder(tf.float32, [2, 2])
    fed = np.ones((2, 2), np.float32)
    found = run(x[0], {x: fed})
    found[:] = 7
    assert fed.tolist() == [[1, 1], [1, 1]]


# ---- placeholders -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "shape", "ending"),
    [
        (tf.float32, [2, 3], "dtype float and shape [2,3]"),
        (tf.float32, None, "dtype float"),
        (tf.float64, [], "dtype double"),
        (tf.float16, [None, 3], "dtype half"),
        (tf.int64, [1], "dtype int64 and shape [1]"),
        (tf.bool, None, "dtype bool"),
    ],
)
def test_unfed_placeholders(dtype: Any, shape: Any, ending: str) -> None:
    x = tf.placeholder(dtype, shape, name="A")
    with pytest.raises(errors.InvalidArgumentError) as caught:
        run(tf.identity(x))
    sentence = f"You must feed a value for placeholder tensor 'A' with {ending}"
    assert caught.value.message.split("\n")[0] == sentence


# ---- large tables -------------------------------------------------------------------------


def test_a_look_up_costs_its_rows_alone() -> None:
    """The gradient of a look-up in a table of a million rows has as many rows as were looked up."""
    table = tf.placeholder(tf.float32, [1_000_000, 8])
    rows = tf.gather(table, [5, 999_999, 5])
    (found,) = tf.gradients(rows, [table])
    assert isinstance(found, tf.IndexedSlices)
    assert found.values.shape.as_list() == [3, 8]
    assert run(found.indices).tolist() == [5, 999_999, 5]
    assert run(found.dense_shape).tolist() == [1_000_000, 8]


def test_rows_that_nothing_is_stitched_into_are_zeros() -> None:
    rows = tf.dynamic_stitch([[0, 3], [1]], [[1.0, 3.0], [2.0]])
    assert run(rows).tolist() == [1, 2, 0, 3]
