"""Features keep their rows whole, whatever is taken of them, and reach the graph as they are."""

from __future__ import annotations

import pickle
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from scipy.sparse import csr_array

import skflow as tf
from skflow.estimators.features import Features, FeatureSpec, FeatureTensors, SparseRows
from skflow.train.batches import Batches


@st.composite
def features(draw: Any) -> Features:
    """Few rows with anything that features may have; many numbers are zero."""
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    n, d = draw(st.integers(1, 7)), draw(st.integers(0, 4))
    numeric: Any = rng.integers(-2, 3, (n, d)) * rng.integers(0, 2, (n, d))
    numeric = numeric.astype(draw(st.sampled_from(["float32", "float64"])))
    if draw(st.booleans()):
        numeric = csr_array(numeric)
    categories = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    if not categories:
        return Features(numeric)
    codes = np.column_stack([rng.integers(0, known + 1, n) for known in categories])
    return Features(numeric, codes.astype(np.int64), categories)


def dense(given: Features) -> np.ndarray:
    """All that the features say, a row each."""
    numeric = given.numeric.toarray() if given.sparse else given.numeric
    return np.hstack([numeric, np.empty((len(given), 0)) if given.codes is None else given.codes])


def fetched(spec: FeatureSpec, arrays: Any) -> np.ndarray:
    """What a graph makes of arrays that are fed."""
    with tf.Graph().as_default(), tf.Session() as session:
        tensors = FeatureTensors.placeholders(spec)
        numeric = tensors.numeric
        if spec.sparse:
            numeric = tf.sparse_tensor_to_dense(numeric)
        feed = dict(zip(tensors.feeds(), arrays, strict=True))
        found = session.run(numeric, feed)
        assert found.dtype == spec.dtype
        if tensors.codes is None:
            return found
        return np.hstack([found, session.run(tensors.codes, feed)])


@given(features())
def test_what_is_fed_arrives(rows: Features) -> None:
    assert fetched(rows.spec, rows.arrays()).tolist() == dense(rows).tolist()


@given(features(), st.data())
def test_rows_stay_whole(rows: Features, data: Any) -> None:
    places = st.integers(0, len(rows) - 1)
    chosen = np.array(data.draw(st.lists(places, min_size=1)), dtype=np.intp)
    start, stop = data.draw(places), data.draw(places)
    for part, expected in [
        (rows.take(chosen), dense(rows)[chosen]),
        (rows.rows(slice(start, stop)), dense(rows)[start:stop]),
        (rows.rows(slice(start, 100)), dense(rows)[start:]),
    ]:
        assert part.spec == rows.spec
        assert dense(part).tolist() == expected.tolist()


@given(features(), st.integers(1, 8), st.booleans())
def test_batches_are_fed_as_the_rows_are(rows: Features, size: int, shuffle: bool) -> None:
    rng = np.random.RandomState(0) if shuffle else None
    numbers = np.arange(len(rows))
    batches = Batches([*rows.columns(), numbers], size, rng)
    seen = []
    for *arrays, chosen in batches:
        seen += chosen.tolist()
        assert fetched(rows.spec, arrays).tolist() == dense(rows)[chosen].tolist()
    assert sorted(seen) == numbers.tolist()


@given(features())
def test_both_forms_say_the_same(rows: Features) -> None:
    for sparse in (True, False):
        other = rows.in_form(sparse)
        assert other.sparse == other.spec.sparse == sparse
        assert other.numeric.dtype == rows.numeric.dtype
        assert dense(other).tolist() == dense(rows).tolist()
        assert (other is rows) == (rows.sparse == sparse)


@given(features())
def test_encoded_categories_have_columns_of_their_own(rows: Features) -> None:
    found = rows.encoded()
    assert found.spec == rows.spec.encoded()
    assert found.spec.numeric == rows.spec.encoded_columns
    expected = []
    for row in dense(rows):
        numbers, codes = np.split(row, [rows.spec.numeric])
        marks = [
            float(code == known)
            for code, count in zip(codes, rows.categories, strict=True)
            for known in range(count)
        ]
        expected.append([*numbers, *marks])
    assert dense(found).tolist() == expected
    if rows.categories:
        assert found.numeric.has_canonical_format


def test_sparse_rows_are_int64_coordinates_in_order() -> None:
    matrix = csr_array(np.array([[0, 1, 2], [0, 0, 0], [3, 0, 4]], dtype=np.float32))
    rows = SparseRows(matrix)
    assert len(rows) == 3
    for found in (rows.part(slice(1, 3)), rows.take(np.array([1, 2]))):
        coordinates, values, shape = found
        assert coordinates.dtype == shape.dtype == np.int64
        assert coordinates.tolist() == [[1, 0], [1, 2]]
        assert values.dtype == np.float32
        assert values.tolist() == [3, 4]
        assert shape.tolist() == [2, 3]
    assert np.shares_memory(rows.part(slice(0, 2))[1], matrix.data)
    assert [a.tolist() for a in rows.part(slice(2, 1))] == [[], [], [0, 3]]


def test_slices_are_views_and_what_is_taken_is_a_copy() -> None:
    rows = Features(np.ones((4, 2)), np.zeros((4, 1), np.int64), (1,))
    part, copy = rows.rows(slice(1, 3)), rows.take(np.arange(4))
    for name in ("numeric", "codes"):
        assert np.shares_memory(getattr(part, name), getattr(rows, name))
        assert not np.shares_memory(getattr(copy, name), getattr(rows, name))


@pytest.mark.parametrize("sparse", [False, True])
def test_the_graph_knows_the_number_of_columns(sparse: bool) -> None:
    with tf.Graph().as_default():
        spec = FeatureSpec(5, (2, 3), sparse, "float32")
        tensors = FeatureTensors.placeholders(spec, "wide")
        assert tensors.spec == spec
        assert tensors.numeric.get_shape().as_list() == [None, 5]
        assert tensors.numeric.dtype == tf.float32
        assert tensors.codes is not None
        assert tensors.codes.get_shape().as_list() == [None, 2]
        assert tensors.codes.dtype == tf.int64
        names = [t.op.name for t in tensors.feeds()]
    first = ["wide/indices", "wide/values", "wide/shape"] if sparse else ["wide"]
    assert names == [*first, "wide/codes"]


def test_specs_are_keys() -> None:
    spec = FeatureSpec(2, (3,), True, "float32")
    assert {spec: 1}[pickle.loads(pickle.dumps(spec))] == 1
    assert len({spec, FeatureSpec(2, (3,), False, "float32"), FeatureSpec(2, (4,), True)}) == 3
    assert FeatureSpec(2, (3, 4)).encoded() == FeatureSpec(9, (), True)
    assert FeatureSpec(2).encoded() == FeatureSpec(2)


# ---- rows of a large array --------------------------------------------------------------------


@pytest.fixture
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skflow.estimators.features._LARGE", 0)


@pytest.mark.usefixtures("_small_is_large")
@given(features(), st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_rows_that_are_not_copied(given: Features, data: st.DataObject) -> None:
    """They look like a copy of them, and so do rows of theirs."""
    rows = dense(given)
    for _ in range(2):
        places = np.array(data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1)))
        given, rows = given.take(places), rows[places]
        assert (given.chosen is None) == given.sparse
    assert len(given) == len(rows)
    assert np.array_equal(dense(given.rows(slice(None))), rows)
    assert np.array_equal(dense(given.rows(slice(1, 3))), rows[1:3])
    assert np.array_equal(fetched(given.spec, given.arrays()), rows)
    spec, other = given.in_form(True).spec, given.in_form(True)
    assert np.array_equal(fetched(spec, other.arrays()), rows)
    (batch,) = Batches([*given.columns()], len(given))
    assert np.array_equal(fetched(given.spec, batch), rows)
    assert len(given.encoded()) == len(rows)


@pytest.mark.usefixtures("_small_is_large")
def test_rows_set_aside_leave_the_others_where_they_are() -> None:
    numeric = np.random.RandomState(0).rand(50_000, 40)
    tracemalloc.start()
    try:
        training = Features(numeric).take(np.arange(0, 50_000, 2))
        for _ in Batches(training.columns(), 100, np.random.RandomState(0)):
            pass
        assert tracemalloc.get_traced_memory()[1] < numeric.nbytes / 10
    finally:
        tracemalloc.stop()
