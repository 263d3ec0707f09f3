"""Rows stay whole however they are taken, weights are checked, and predictions come in blocks."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split

from skflow.estimators import inputs
from skflow.estimators.columns import Columns
from skflow.estimators.features import Features
from skflow.estimators.inputs import Rows, check_validation_data, check_weights, in_blocks
from skflow.train.batches import Batches


def numbered(n: int, *, sparse: bool = False, weighted: bool = True, outputs: int = 0) -> Rows:
    """Rows each part of which tells the row's number."""
    number = np.arange(1.0, n + 1)
    numeric: Any = np.column_stack([number, np.zeros(n), -number])
    codes = number.astype(np.int64).reshape(-1, 1)
    features = Features(csr_array(numeric) if sparse else numeric, codes, (n + 1,))
    labels = np.column_stack([number] * outputs) if outputs else number
    return Rows(features, labels, number if weighted else None)


def numbers(rows: Rows) -> list[int]:
    """The numbers of rows; fails if any were torn apart."""
    features = rows.features.in_form(False)
    assert features.codes is not None
    found = features.codes[:, 0]
    assert (features.numeric == np.column_stack([found, 0 * found, -found])).all()
    assert (found == rows.labels.T).all()
    assert rows.weight is None or (rows.weight == found).all()
    assert len(rows) == len(found)
    return [int(v) for v in found]


kinds = st.fixed_dictionaries(
    {"sparse": st.booleans(), "weighted": st.booleans(), "outputs": st.integers(0, 2)}
)


@given(st.integers(4, 12), kinds, st.data())
def test_what_is_taken_stays_together(n: int, kind: Any, data: Any) -> None:
    rows = numbered(n, **kind)
    chosen = data.draw(st.lists(st.integers(0, n - 1), min_size=1))
    assert numbers(rows.take(np.array(chosen))) == [place + 1 for place in chosen]


@given(st.integers(4, 12), kinds, st.integers(0, 100))
def test_rows_set_aside_are_scikit_learns_choice(n: int, kind: Any, seed: int) -> None:
    rows = numbered(n, **kind)
    training, validation = rows.split(0.4, np.random.RandomState(seed))
    expected = train_test_split(
        np.arange(1, n + 1), test_size=0.4, random_state=np.random.RandomState(seed)
    )
    assert [numbers(training), numbers(validation)] == [part.tolist() for part in expected]


def test_classes_are_shared_out_equally() -> None:
    classes = np.repeat([0, 1], [30, 10])
    _, validation = numbered(40).split(0.2, np.random.RandomState(0), classes)
    assert sum(number > 30 for number in numbers(validation)) == 2
    with pytest.raises(ValueError, match="The least populated class"):
        numbered(3).split(0.5, np.random.RandomState(0), np.array([0, 0, 1]))


def test_too_few_rows_to_set_aside() -> None:
    with pytest.raises(ValueError, match="The validation set is too small. Increase 'validation"):
        numbered(10).split(0.1, np.random.RandomState(0))
    assert len(numbered(10).split(0.11, np.random.RandomState(0))[1]) == 2


@given(st.integers(1, 12), kinds, st.integers(1, 13))
def test_batches_are_fed_as_all_rows_are(n: int, kind: Any, size: int) -> None:
    rows = numbered(n, **kind)
    batches = list(Batches(rows.columns(), size))
    if size >= n:
        for found, expected in zip(batches[0], rows.arrays(), strict=True):
            assert found.tolist() == expected.tolist()
    position = -2 if kind["weighted"] else -1
    labels = np.concatenate([batch[position] for batch in batches])
    assert labels.tolist() == rows.labels.tolist()


def test_weights_are_fed_with_mean_one_in_the_features_type() -> None:
    features = Features(np.ones((3, 1), np.float32))
    rows = Rows(features, np.zeros(3), np.array([1.0, 2.0, 3.0]))
    *_, weight = rows.arrays()
    assert weight.tolist() == [0.5, 1.0, 1.5]
    assert weight.dtype == np.float32
    assert rows.total == 6.0
    plain = Rows(features, np.zeros(3))
    assert plain.total == 3.0
    assert plain.scaled_weight() is None
    assert len(plain.arrays()) == 2


def test_a_sum_of_many_weights_is_exact() -> None:
    weight = np.ones((1 << 24) + 1, np.float32)
    rows = Rows(Features(np.empty((len(weight), 0), np.float32)), weight, weight)
    assert rows.total == (1 << 24) + 1


@given(st.lists(st.sampled_from([0.0, 1.0, 2.5]), min_size=1, max_size=8), st.booleans())
def test_rows_without_weight_are_left_out(weights: list[float], sparse: bool) -> None:
    rows = numbered(len(weights), sparse=sparse, weighted=False)
    weight = np.array(weights)
    if not weight.any():
        with pytest.raises(ValueError, match="at least one non-zero number"):
            Rows.of(rows.features, rows.labels, weight)
        return
    found = Rows.of(rows.features, rows.labels, weight)
    assert found.weight is not None
    assert found.weight.tolist() == [w for w in weights if w]
    counted = [place + 1 for place, w in enumerate(weights) if w]
    assert numbers(Rows(found.features, found.labels)) == counted
    if weight.all():
        assert found.features is rows.features


@pytest.mark.parametrize(
    "weight", [[1.0], [[1.0, 2.0]], [1.0, np.nan], [1.0, np.inf], ["a", "b"], np.ones((2, 2))]
)
def test_wrong_weights_are_refused_as_by_scikit_learn(weight: Any) -> None:
    with pytest.raises(ValueError) as expected:
        Ridge().fit([[1.0], [2.0]], [1.0, 2.0], sample_weight=weight)
    with pytest.raises(ValueError) as found:
        check_weights(weight, 2, np.float64)
    assert str(found.value) == str(expected.value)


def test_weights() -> None:
    assert check_weights(None, 2, np.float64) is None
    found = check_weights([1, 0], 2, np.float32)
    assert found is not None
    assert (found.tolist(), found.dtype) == ([1.0, 0.0], np.float32)
    assert check_weights(2, 3, np.float64).tolist() == [2.0, 2.0, 2.0]
    with pytest.raises(ValueError, match="Negative values in data passed to `sample_weight`"):
        check_weights([1.0, -1.0], 2, np.float64)
    for nothing in ([0.0, 0.0], 0):
        with pytest.raises(ValueError, match="must contain at least one non-zero number"):
            check_weights(nothing, 2, np.float64)


def test_rows_to_validate_on_come_with_their_targets() -> None:
    X, y = [[1.0], [2.0]], [1.0, 2.0]
    assert check_validation_data(None, None) is False
    assert check_validation_data(X, y, y) is True
    model = HistGradientBoostingRegressor(early_stopping=True)
    for half in ({"X_val": X}, {"y_val": y}):
        with pytest.raises(ValueError) as expected:
            model.fit(X, y, **half)
        with pytest.raises(ValueError) as found:
            check_validation_data(half.get("X_val"), half.get("y_val"))
        assert str(found.value) == str(expected.value)
    with pytest.raises(ValueError, match="sample_weight_val is provided, but X_val was not"):
        check_validation_data(None, None, y)


# ---- blocks --------------------------------------------------------------------------------


@given(st.integers(1, 12), st.integers(0, 40), st.booleans(), st.booleans())
def test_blocks_are_bounded_and_in_order(n: int, width: int, sparse: bool, wanted: bool) -> None:
    sizes = []

    def function(block: Features) -> np.ndarray:
        assert block.sparse == wanted
        assert block.codes is not None
        sizes.append(len(block))
        return np.column_stack([block.in_form(False).numeric[:, 0], block.codes])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs, "_BLOCK", 30)
        found = in_blocks(function, numbered(n, sparse=sparse).features, width, sparse=wanted)
    assert found.tolist() == [[number, number] for number in range(1, n + 1)]
    # A block of another form is copied, three columns wide.
    width = max(1, width, 0 if sparse == wanted else 3)
    assert max(sizes) <= max(1, 30 // width)
    assert len(sizes) == -(-n // max(1, 30 // width))


def test_a_wide_sparse_matrix_never_becomes_dense_as_a_whole() -> None:
    rows = csr_array((np.ones(400), (np.arange(400), np.arange(400) * 300)), shape=(400, 130_000))
    dense_bytes = rows.shape[0] * rows.shape[1] * 8
    tracemalloc.start()
    try:
        found = in_blocks(lambda block: block.numeric.sum(axis=1), Features(rows), 1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.tolist() == [1.0] * 400
    assert peak < dense_bytes / 20


# ---- files ---------------------------------------------------------------------------------


class Probe(BaseEstimator):  # type: ignore[misc]
    """An estimator that keeps what it is told of its columns."""


def test_a_file_of_numbers_streams(tmp_path: Any) -> None:
    """Nothing as long as the file comes into memory but the order of the rows."""
    n, d = 50_000, 40
    np.lib.format.open_memmap(tmp_path / "X.npy", mode="w+", dtype=np.float32, shape=(n, d))[:] = 1
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    y = np.zeros(n, np.float32)
    probe = Probe()
    tracemalloc.start()
    try:
        _, features = Columns.fit(probe, X, "from_dtype", None)
        rows = Rows.of(features, y, None)
        total = sum(
            float(numeric.sum())
            for numeric, _ in Batches(rows.columns(), 200, np.random.RandomState(0))
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == n * d
    assert peak < 3 * 8 * n  # the permutation, and a little
    assert peak < X.nbytes / 4
