"""Products with sparse patterns: right in every order, type and place, and prepared once."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import skflow as tf
from skflow.errors import InvalidArgumentError
from skflow.graph.lazy import LazyModule
from skflow.graph.ops import _csr
from skflow.graph.ops._csr import Pattern, constant_pattern

KINDS = [np.float16, np.float32, np.float64, np.complex64, np.complex128, np.int32, np.int64]


@st.composite
def problems(draw: Any) -> Any:
    """A pattern with entries in any order, some of them in parts, and a dense factor."""
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    count = draw(st.integers(0, 12))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    indices = rng.integers(0, shape, (count, 2))
    if draw(st.booleans()):
        indices = indices[np.argsort(indices[:, 0], kind="stable")]
    adjoint = draw(st.booleans())
    kind = np.dtype(draw(st.sampled_from(KINDS)))
    width = draw(st.integers(0, 3))
    values, dense = _numbers(rng, (count,), kind), _numbers(rng, (shape[1 - adjoint], width), kind)
    return indices, shape, values, dense, adjoint


def _numbers(rng: np.random.Generator, size: tuple[int, ...], kind: np.dtype[Any]) -> Any:
    """Small whole numbers: their products are exact in every type."""
    real = rng.integers(-4, 5, size)
    return (real + 1j * rng.integers(-4, 5, size) if kind.kind == "c" else real).astype(kind)


def filled_in(indices: Any, shape: Any, values: Any, adjoint: bool) -> Any:
    matrix = np.zeros(shape, np.complex128 if values.dtype.kind == "c" else np.float64)
    np.add.at(matrix, (indices[:, 0], indices[:, 1]), values)
    return matrix.conj().T if adjoint else matrix


@pytest.mark.parametrize("kernels", ["scipy.sparse._sparsetools", "scipy.sparse._elsewhere"])
@pytest.mark.parametrize("lasting", [False, True])
@settings(max_examples=80, deadline=None)
@given(problem=problems(), place=st.sampled_from(["", "C", "F"]), held=st.booleans())
def test_products(kernels: str, lasting: bool, problem: Any, place: str, held: bool) -> None:
    """Whatever SciPy does to its private parts."""
    indices, shape, values, dense, adjoint = problem
    wanted = filled_in(indices, shape, values, adjoint) @ dense
    pattern = Pattern(indices, shape, lasting)
    if held:
        pattern.hold(values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_csr, "_kernels", LazyModule(kernels))
        for _ in range(2):
            out = np.full(wanted.shape, 77, values.dtype, order=place or "C") if place else None  # type: ignore[call-overload]
            found = pattern.product(values, dense, adjoint, out)
            assert found.dtype == values.dtype
            assert out is None or found is out
            np.testing.assert_array_equal(found, wanted)


def test_held_entries_are_told_by_identity() -> None:
    indices, dense = np.array([[1, 0], [0, 1]]), np.eye(2)
    pattern = Pattern(indices, (2, 2), lasting=True)
    first, second = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    pattern.hold(first)
    for values in (first, second, first):
        found = pattern.product(values, dense, False)
        assert found.tolist() == [[0, values[1]], [values[0], 0]]
    pattern.hold(second)
    assert pattern.product(first, dense, False).tolist() == [[0, 2], [1, 0]]


@pytest.mark.parametrize("lasting", [False, True])
@pytest.mark.parametrize("adjoint", [False, True])
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("kind", [np.float32, np.complex64, np.float16])
def test_long_sums_among_short_ones(lasting: bool, adjoint: bool, wide: bool, kind: Any) -> None:
    """In single precision 3,000 terms of 0.1 are off by 1e-6, after 2048 of 1.0 a half is lost."""
    rng = np.random.default_rng(0)
    count, short = 3000, 500 if not wide else 7000
    sums, terms = (0, 1) if not adjoint else (1, 0)
    shape, places = [0, 0], np.zeros((count + 2 * short, 2), np.int64)
    shape[sums], shape[terms] = short + 1, max(count, short)
    places[:count, sums], places[:count, terms] = short // 2, rng.permutation(count)
    places[count:, sums] = np.tile(np.delete(np.arange(short + 1), short // 2), 2)
    places[count:, terms] = rng.integers(0, count, 2 * short)
    places = places[rng.permutation(len(places))]
    values = np.full(len(places), 0.1 if kind != np.float16 else 1.0, kind)
    dense = np.ones((shape[terms], 2), kind)
    found = Pattern(places, (shape[0], shape[1]), lasting).product(values, dense, adjoint)
    counts = np.bincount(places[:, sums], minlength=short + 1)
    wanted = (counts * float(values[0].real)).astype(kind)
    assert counts.max() == count
    np.testing.assert_allclose(found, np.stack([wanted] * 2, axis=1), rtol=1.2e-7)


def test_a_place_of_another_shape() -> None:
    pattern = Pattern(np.array([[0, 1]]), (2, 3))
    with pytest.raises(InvalidArgumentError, match=r"shape \[3,4\], but its place has shape \[2"):
        pattern.product(np.ones(1), np.ones((2, 4)), True, np.empty((2, 4)))


def product(parts: Any, w: Any, d: Any) -> list[Any]:
    """A product and the gradient of its dense factor."""
    y = tf.sparse_tensor_dense_matmul(tf.SparseTensor(*parts), w)
    return [y, tf.gradients(y, w, d)[0]]


@pytest.fixture
def preparations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows whenever entries are checked and ordered."""
    found: list[int] = []
    plain = _csr._by_row

    def counted(*arguments: Any) -> Any:
        found.append(1)
        return plain(*arguments)

    monkeypatch.setattr(_csr, "_by_row", counted)
    return found


def test_fed_entries_are_prepared_once_a_run(preparations: list[int]) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        parts = [tf.placeholder(t) for t in (tf.int64, tf.float64, tf.int64)]
        w, d = (tf.placeholder(tf.float64, [None, 2]) for _ in range(2))
        call = session.make_callable(product(parts, w, d), [*parts, w, d])
        indices, values, shape = np.array([[0, 1], [1, 3]]), np.array([2.0, 3.0]), np.array([2, 4])
        factors = np.arange(8.0).reshape(4, 2), np.arange(4.0).reshape(2, 2)
        for run in range(1, 4):
            y, dw = call(indices, values, shape, *factors)
            matrix = filled_in(indices, (2, 4), values, False)
            np.testing.assert_array_equal(y, matrix @ factors[0])
            np.testing.assert_array_equal(dw, matrix.T @ factors[1])
            assert len(preparations) == run
            indices[0] = 1, run  # the caller's array may have changed since the last run


def test_constant_entries_are_prepared_once(preparations: list[int]) -> None:
    """For all plans of all sessions, and forgotten with the last of them."""
    gc.collect()
    before = len(_csr._constants)
    with tf.Graph().as_default():
        parts = [
            tf.constant(np.array([[0, 5], [1, 3]] + [[2, 0]] * 70)),
            tf.constant(np.ones(72)),
            tf.constant(np.array([3, 9])),
        ]
        w, d = tf.placeholder(tf.float64, [9, 2]), tf.placeholder(tf.float64, [3, 2])
        y, dw = product(parts, w, d)
        feed = {w: np.ones((9, 2)), d: np.ones((3, 2))}
        with tf.Session() as one, tf.Session() as other:
            for session in (one, other):
                assert session.run(y, feed)[:, 0].tolist() == [1, 1, 70]
                assert session.run(dw, feed)[:, 0].tolist() == [70, 0, 0, 1, 0, 1, 0, 0, 0]
                assert session.run([y, dw], feed)[1][0, 0] == 70
            assert len(preparations) == 1
            assert len(_csr._constants) == before + 1
    gc.collect()
    assert len(_csr._constants) == before


def test_patterns_are_told_apart() -> None:
    indices, other = np.array([[0, 0]]), np.array([[0, 0]])
    first = constant_pattern(indices, (1, 2))
    assert constant_pattern(indices, (1, 2)) is first
    assert constant_pattern(indices, (1, 3)) is not first
    assert constant_pattern(other, (1, 2)) is not first


def test_a_step_finds_its_gradient_in_place() -> None:
    """The shape of a fed matrix is not known, that of the gradient is."""
    with tf.Graph().as_default(), tf.Session() as session:
        parts = [tf.placeholder(t) for t in (tf.int64, tf.float32, tf.int64)]
        w = tf.Variable(np.ones((6, 2), np.float32))
        y = tf.sparse_tensor_dense_matmul(tf.SparseTensor(*parts), w)
        (dw,) = tf.gradients(y, [w])
        assert dw.get_shape().as_list() == [6, 2]
        step = tf.train.GradientDescentOptimizer(0.5).minimize(tf.reduce_sum(y))
        session.run(tf.global_variables_initializer())
        fed = np.array([[0, 4], [1, 4], [1, 0]]), np.array([1, 2, 3], np.float32), np.array([2, 6])
        session.run(step, dict(zip(parts, fed, strict=True)))
        assert session.run(w)[:, 0].tolist() == [-0.5, 1, 1, 1, -0.5, 1]
        wrong = {**dict(zip(parts, fed, strict=True)), parts[2]: np.array([2, 7])}
        with pytest.raises(InvalidArgumentError, match="inner dimension does not match: 7 vs. 6"):
            session.run(step, wrong)


def test_nothing_is_filled_in() -> None:
    """A hundred thousand entries in a matrix of 3 gigabytes, as constants and fed."""
    rng = np.random.default_rng(0)
    rows, columns, count = 4000, 100_000, 100_000
    indices = np.stack([np.sort(rng.integers(0, rows, count)), rng.integers(0, columns, count)], 1)
    given = indices, np.ones(count), np.array([rows, columns])
    w, d = np.ones((columns, 2)), np.ones((rows, 2))
    tracemalloc.start()
    try:
        with tf.Graph().as_default(), tf.Session() as session:
            parts = [tf.constant(g) for g in given]
            session.run(product(parts, tf.constant(w), tf.constant(d)))
            fed = [tf.placeholder(tf.as_dtype(g.dtype)) for g in given]
            both = product(fed, tf.constant(w), tf.constant(d))
            session.run(both, dict(zip(fed, given, strict=True)))
            peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 60e6
