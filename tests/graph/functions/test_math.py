"""The functions of mathematics build TensorFlow 1.1.0's graphs and refuse what it refuses."""

from __future__ import annotations

import json
import operator
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf
from tests.golden import math_programs as programs

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "golden" / "graphs_math.json").read_text(encoding="utf-8")
)
NAN = np.nan


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def run(fetches: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(fetches, feeds)


# ---- against TensorFlow 1.1.0 -------------------------------------------------------------


def test_the_golden_file_is_whole() -> None:
    assert GOLDEN["graphs"].keys() == {p.__name__ for p in programs.PROGRAMS}
    assert GOLDEN["gradients"].keys() == {p.__name__ for p in programs.GRADIENTS}
    assert list(GOLDEN["building"]) == programs.BUILDING
    assert list(GOLDEN["running"]) == programs.RUNNING


@pytest.mark.parametrize("program", programs.PROGRAMS, ids=lambda p: p.__name__)
def test_operations(program: Any) -> None:
    """Ids, names, types, inputs and control inputs, in the order they were made."""
    assert programs.observe(tf, program) == GOLDEN["graphs"][program.__name__]


@pytest.mark.parametrize("program", programs.GRADIENTS, ids=lambda p: p.__name__)
def test_gradients(program: Any) -> None:
    """The names of the results: what is inside may be leaner."""
    assert programs.names(tf, program) == GOLDEN["gradients"][program.__name__]


@pytest.mark.parametrize("mistake", programs.BUILDING)
def test_mistakes_in_building(mistake: str) -> None:
    assert programs.mistake(tf, mistake, running=False) == GOLDEN["building"][mistake]


@pytest.mark.parametrize("mistake", programs.RUNNING)
def test_mistakes_in_running(mistake: str) -> None:
    assert programs.mistake(tf, mistake, running=True) == GOLDEN["running"][mistake]


# ---- operators ----------------------------------------------------------------------------


@pytest.mark.parametrize("function", [*programs.ARITHMETIC, *programs.ORDER])
def test_operators_compute(function: Any) -> None:
    x = tf.constant([2.0, -3.0, 0.5])
    y = np.array([1.5, 2.0, -4.0], np.float32)
    a = np.array([2.0, -3.0, 0.5], np.float32)
    with np.errstate(invalid="ignore"):
        expected = [function(a, y), function(a, np.float32(2)), function(np.float32(2), a)]
    for found, wanted in zip(
        run([function(x, y), function(x, 2), function(2, x)]), expected, strict=True
    ):
        np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_numpy_on_the_left_leaves_the_work_to_the_tensor() -> None:
    found = np.array([1.0, 2.0], np.float32) * tf.constant([3.0, 4.0])
    assert isinstance(found, tf.Tensor)
    assert run(found).tolist() == [3.0, 8.0]


def test_logic() -> None:
    b = np.array([True, True, False, False])
    c = np.array([True, False, True, False])
    x, y = tf.constant(b), tf.constant(c)
    found = run([x & y, x | y, x ^ y, ~x, tf.logical_xor(x, y)])
    wanted = [b & c, b | c, b ^ c, ~b, b ^ c]
    assert [f.tolist() for f in found] == [w.tolist() for w in wanted]


def test_dense_times_sparse_is_sparse() -> None:
    sparse = tf.SparseTensor([[0, 1], [1, 2]], [2.0, 3.0], [2, 3])
    found = tf.constant([[1.0, 10.0, 1.0], [1.0, 1.0, 100.0]]) * sparse
    assert isinstance(found, tf.SparseTensor)
    assert found.values.op.type == "SparseDenseCwiseMul"
    assert run(found.values).tolist() == [20.0, 300.0]


# ---- values that the golden file does not hold --------------------------------------------


def test_division_in_three_languages() -> None:
    x, y = tf.constant([7, -7, 7, -7]), tf.constant([2, 2, -2, -2])
    found = run([tf.div(x, y), tf.truncatediv(x, y), tf.floormod(x, y), tf.truncatemod(x, y)])
    assert [f.tolist() for f in found] == [
        [3, -4, -4, 3],
        [3, -3, -3, 3],
        [1, 1, -1, -1],
        [1, -1, 1, -1],
    ]
    assert tf.truediv(x, y).dtype is tf.float64
    assert tf.truediv(tf.cast(x, tf.int16), tf.cast(y, tf.int16)).dtype is tf.float32
    assert tf.divide(7, 2) == 3.5
    assert run(tf.divide(7, 2, name="q")) == 3.5


def test_accumulate_n_is_one_sum_and_differentiable() -> None:
    x, y = tf.placeholder(tf.float32), tf.placeholder(tf.float32, [2])
    found = tf.accumulate_n([x, y, y], shape=[2])
    assert (found.name, found.get_shape().as_list()) == ("AccumulateN:0", [2])
    grads = tf.gradients(found, [x, y])
    values = run([found, *grads], {x: [1.0, 2.0], y: [10.0, 20.0]})
    assert [v.tolist() for v in values] == [[21.0, 42.0], [1.0, 1.0], [2.0, 2.0]]
    with pytest.raises(TypeError, match="tensor_dtype is int32, but the inputs are of type float"):
        tf.accumulate_n([y, y], tensor_dtype=tf.int32)


def test_log_sigmoid() -> None:
    found = tf.log_sigmoid(tf.constant([-1e4, -1.0, 0.0, 1e4]))
    assert found.name == "LogSigmoid:0"
    np.testing.assert_allclose(run(found), [-1e4, -1.3132616, -0.6931472, 0.0], rtol=1e-6)


def test_saturate_cast() -> None:
    x = tf.constant([-1e9, -1.5, 3.7, 255.4, 1e9])
    assert run(tf.saturate_cast(x, tf.uint8)).tolist() == [0, 0, 3, 255, 255]
    wide = tf.constant([-1000, 5, 1000])
    assert run(tf.saturate_cast(wide, tf.int8)).tolist() == [-128, 5, 127]


@pytest.mark.parametrize(
    ("values", "rising", "strictly"),
    [
        ([], True, True),
        ([3.0], True, True),
        ([1.0, 2.0, 2.0], True, False),
        ([[1.0, 2.0], [3.0, 4.0]], True, True),
        ([1.0, 3.0, 2.0], False, False),
    ],
)
def test_order(values: Any, rising: bool, strictly: bool) -> None:
    x = tf.placeholder(tf.float32)
    found = [tf.is_non_decreasing(x), tf.is_strictly_increasing(x, name="s")]
    assert [f.name for f in found] == ["is_non_decreasing/All:0", "s/All:0"]
    assert run(found, {x: values}) == [rising, strictly]


def test_is_numeric_tensor() -> None:
    assert tf.is_numeric_tensor(tf.constant(1))
    assert not tf.is_numeric_tensor(tf.constant("a"))
    assert not tf.is_numeric_tensor(tf.constant(True))
    assert not tf.is_numeric_tensor(1.0)


def test_check_numerics_ops_name_the_first_culprit() -> None:
    x = tf.placeholder(tf.float32, name="x")
    with tf.control_dependencies(None):
        tf.exp(tf.log(x, name="logarithm"), name="power")
    check = tf.add_check_numerics_ops()
    run(check, {x: 1.0})
    with pytest.raises(tf.errors.InvalidArgumentError, match="logarithm:0 : Tensor had NaN"):
        run(check, {x: -1.0})


def test_check_numerics_looks_at_every_run() -> None:
    x = tf.placeholder(tf.float32, [2])
    checked = tf.check_numerics(x, "bad") * 1.0
    with tf.Session() as session:
        assert session.run(checked, {x: [1, 2]}).tolist() == [1, 2]
        with pytest.raises(tf.errors.InvalidArgumentError, match="bad : Tensor had NaN values"):
            session.run(checked, {x: [NAN, 1]})
        assert session.run(checked, {x: [3, 4]}).tolist() == [3, 4]


# ---- clipping -----------------------------------------------------------------------------


def test_clip_by_value() -> None:
    x = tf.constant([-2.0, 0.5, 2.0, np.inf, -np.inf, NAN])
    found = run(tf.clip_by_value(x, -1.0, 1.0))
    np.testing.assert_array_equal(found, [-1.0, 0.5, 1.0, 1.0, -1.0, NAN])


def test_clip_by_norm() -> None:
    x = np.array([[3.0, 4.0], [0.3, 0.4]], np.float32)
    found = run(
        [tf.clip_by_norm(x, 1.0), tf.clip_by_norm(x, 1.0, axes=[1]), tf.clip_by_norm(x, 100.0)]
    )
    np.testing.assert_allclose(found[0], x / np.linalg.norm(x), rtol=1e-6)
    np.testing.assert_allclose(found[1], [[0.6, 0.8], [0.3, 0.4]], rtol=1e-6)
    np.testing.assert_allclose(found[2], x, rtol=1e-6)


def test_clip_by_average_norm() -> None:
    x = np.array([3.0, 4.0], np.float32)
    found = run([tf.clip_by_average_norm(x, 1.0), tf.clip_by_average_norm(x, 9.0)])
    np.testing.assert_allclose(found[0], x / 5 * 2, rtol=1e-6)
    np.testing.assert_allclose(found[1], x, rtol=1e-6)


def test_clip_by_global_norm() -> None:
    slices = tf.IndexedSlices(tf.constant([[0.0, 12.0]]), tf.constant([1]), tf.constant([5, 2]))
    clipped, norm = tf.clip_by_global_norm([tf.constant([3.0, 4.0]), None, slices], 6.5)
    assert clipped[1] is None
    assert isinstance(clipped[2], tf.IndexedSlices)
    first, values, length = run([clipped[0], clipped[2].values, norm])
    assert length == 13.0
    np.testing.assert_allclose(first, [1.5, 2.0], rtol=1e-6)
    np.testing.assert_allclose(values, [[0.0, 6.0]], rtol=1e-6)
    assert run(tf.global_norm([])) == 0.0


# ---- types ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int8", "uint16", "uint32", "uint64"])
def test_integers_of_later_versions(dtype: str) -> None:
    """What TensorFlow 1.1.0's lists leave out computes; its messages list what it did."""
    kind = tf.as_dtype(dtype)
    x, y = tf.constant([7, 3], kind), tf.constant([2, 5], kind)
    found = run(
        [
            function(x, y)
            for function in (
                operator.add,
                operator.sub,
                operator.mul,
                operator.floordiv,
                operator.mod,
                operator.pow,
                operator.lt,
                tf.maximum,
                tf.minimum,
                tf.equal,
                tf.squared_difference,
            )
        ]
    )
    a, b = np.array([7, 3], dtype), np.array([2, 5], dtype)
    with np.errstate(over="ignore"):
        wanted = [
            a + b,
            a - b,
            a * b,
            a // b,
            a % b,
            a**b,
            a < b,
            np.maximum(a, b),
            np.minimum(a, b),
            a == b,
            (a - b) ** 2,
        ]
    for actual, expected in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(actual, expected)
        assert actual.dtype == expected.dtype
    assert run(tf.add_n([x, y])).tolist() == [9, 8]
    with pytest.raises(TypeError, match="float64, int32, int64, complex64, complex128$"):
        tf.square(True)


def test_complex_parts_keep_what_is_not_finite() -> None:
    found = run(tf.complex([np.inf, 1.0], [1.0, NAN]))
    assert found[0] == complex(np.inf, 1.0)
    assert found[1].real == 1.0
    assert np.isnan(found[1].imag)
