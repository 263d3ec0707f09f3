"""Classes are numbered, found again, and may become more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator
from sklearn.exceptions import DataConversionWarning

from skflow.estimators.classes import Classes, checked
from skflow.estimators.classification_heads import (
    BinaryHead,
    MulticlassHead,
    MultilabelHead,
    MultioutputHead,
)

NUMBERS = st.integers(-3, 9)
WORDS = st.sampled_from(["", "a", "b", "ab", "abc", "é"])
VECTORS = st.one_of(
    st.lists(NUMBERS, min_size=2, max_size=20).map(np.array),
    st.lists(WORDS, min_size=2, max_size=20).map(np.array),
    st.lists(WORDS, min_size=2, max_size=20).map(lambda v: np.array(v, dtype=object)),
    st.lists(NUMBERS, min_size=2, max_size=20).map(lambda v: np.array(v, dtype=float)),
    st.lists(st.booleans(), min_size=2, max_size=20).map(np.array),
)
MATRICES = st.tuples(st.integers(1, 9), st.integers(2, 4)).flatmap(
    lambda shape: st.lists(NUMBERS, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]).map(
        lambda values: np.array(values).reshape(shape)
    )
)


@given(st.one_of(VECTORS, MATRICES))
def test_numbers_stand_for_classes(y: Any) -> None:
    classes = Classes.of(y)
    codes = classes.codes(y, np.float64)
    whole = codes.astype(int)
    if classes.single:
        whole = whole.reshape(-1)
        assert_array_equal(classes.attribute(), np.unique(y))
    else:
        assert len(classes.attribute()) == y.shape[1]
    assert_array_equal(classes.decoded(whole), y)
    assert len(codes) == len(y)


@given(VECTORS, st.randoms(use_true_random=False))
def test_classes_that_come_later_keep_the_order(y: Any, random: Any) -> None:
    known = np.unique(y)
    first = np.array(random.sample(known.tolist(), random.randint(1, len(known))), dtype=y.dtype)
    before = Classes.of(first)
    after = before.with_those_of(y)
    assert_array_equal(after.known[0], known)
    assert before.expecting(y).known[0].tolist() == known.tolist()
    places = before.places(after)
    if len(known) == len(np.unique(first)):
        assert places is None
    else:
        assert places is not None
        assert_array_equal(after.known[0][places], before.known[0])


@given(MATRICES, MATRICES)
def test_several_targets_have_classes_of_their_own(first: Any, second: Any) -> None:
    before = Classes.of(first)
    if before.multilabel or first.shape[1] != second.shape[1]:
        return
    after = before.with_those_of(second)
    both = np.vstack([first, second])
    assert [k.tolist() for k in after.known] == [np.unique(c).tolist() for c in both.T]
    places = before.places(after)
    if places is not None:
        ends = np.cumsum((0, *after.sizes))
        named = np.concatenate(after.known)[places]
        assert_array_equal(named, np.concatenate(before.known))
        assert (np.diff(ends) == after.sizes).all()


def test_which_head_they_get() -> None:
    for y, head in [
        (np.array(["a", "b"]), BinaryHead("log")),
        (np.array([True, False]), BinaryHead("log")),
        (np.array([3, 1, 2]), MulticlassHead("log", 3)),
        (np.array([[0, 1], [1, 1]]), MultilabelHead("log", 2)),
        (np.array([[0.0, 1.0], [1.0, 1.0]]), MultilabelHead("log", 2)),
        (np.array([[True, False, True]]), MultilabelHead("log", 3)),
        (np.array([[0, 2], [2, 0]]), MultioutputHead("log", (2, 2))),
        (np.array([[5, 1], [6, 1]]), MultioutputHead("log", (2, 1))),
        (np.array([["a", "x"], ["b", "y"], ["b", "z"]]), MultioutputHead("log", (2, 3))),
    ]:
        assert Classes.of(y).head("log") == head
    with pytest.raises(ValueError, match="the data contains only one class: .*3"):
        Classes.of(np.array([3, 3])).head("log")


def test_codes_are_what_the_head_takes() -> None:
    assert_array_equal(Classes.of(np.array(["a", "b"])).codes(np.array(["b"]), "f4"), [[1]])
    two = Classes.of(np.array(["a", "b"])).codes(np.array(["b", "a"]), np.float32)
    assert (two.dtype, two.shape) == (np.float32, (2, 1))
    three = Classes.of(np.arange(3)).codes(np.array([2, 0]), np.float32)
    assert (three.dtype, three.tolist()) == (np.int32, [2, 0])
    marks = Classes.of(np.eye(2, dtype=int)).codes(np.ones((3, 2), bool), np.float64)
    assert (marks.dtype, marks.shape) == (np.float64, (3, 2))
    several = Classes.of(np.array([[5, 1], [6, 2]])).codes(np.array([[6, 1]]), np.float64)
    assert (several.dtype, several.tolist()) == (np.int32, [[1, 0]])


WORD, NUMBER = Classes.of(np.array(["no", "yes"])), Classes.of(np.array([1, 2]))
MARKS = Classes.of(np.array([[0, 1], [1, 0]]))
PAIRS = Classes.of(np.array([[5, 1], [6, 2]]))


@pytest.mark.parametrize(
    ("classes", "y", "message"),
    [
        (WORD, np.array(["yes", "yesterday"]), r"previously unseen labels: \['yesterday'\]"),
        (WORD, np.array(["maybe"]), r"previously unseen labels: \['maybe'\]"),
        (WORD, np.array([1]), "Mix of label input types"),
        (NUMBER, np.array(["1"]), "Mix of label input types"),
        (NUMBER, np.array([1, 3, 0]), r"previously unseen labels: \[0, 3\]"),
        (NUMBER, np.array([[1, 2]]), r"y has the shape \(1, 2\), but the classifier was fitted"),
        (MARKS, np.array([1, 0]), r"y has the shape \(2,\), but the classifier was fitted with 2"),
        (MARKS, np.array([[0, 2], [1, 1]]), r"previously unseen labels: \[2\]"),
        (MARKS, np.array([[0, 1, 1]]), r"y has the shape \(1, 3\)"),
        (PAIRS, np.array([[5, 3]]), r"previously unseen labels: \[3\]"),
        (PAIRS, np.array([5, 6]), r"y has the shape \(2,\), but the classifier was fitted with 2"),
    ],
)
def test_what_is_not_known(classes: Classes, y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        classes.codes(y, np.float64)


def test_what_cannot_come_later() -> None:
    for classes, y, message in [
        (WORD, np.array([1, 2]), "Mix of label input types"),
        (NUMBER, np.array(["a"]), "Mix of label input types"),
        (WORD, np.array([["a", "b"]]), "y has the shape"),
        (MARKS, np.array([[1, 2]]), "previously unseen"),
        (PAIRS, np.array([[1, 2, 3]]), "y has the shape"),
    ]:
        with pytest.raises(ValueError, match=message):
            classes.with_those_of(y)
    with pytest.raises(ValueError, match="y should be a 1d array"):
        WORD.expecting([["a", "b"]])
    with pytest.raises(ValueError, match="classes has 3 entries, but y has 2 targets"):
        PAIRS.expecting([[1], [2], [3]])
    assert MARKS.expecting([0, 1]) is MARKS
    assert MARKS.with_those_of(np.ones((1, 2))) is MARKS
    assert WORD.expecting(["b", "a", "b"]).known[0].tolist() == ["a", "b", "no", "yes"]


def test_targets_are_checked() -> None:
    class Model(BaseEstimator):  # type: ignore[misc]
        """Anything."""

    model = Model()
    assert_array_equal(checked(model, csr_array(np.eye(2, dtype=int))), np.eye(2))
    assert_array_equal(checked(model, pd.Series(["a", "b"])), ["a", "b"])
    assert_array_equal(checked(model, pd.Categorical(["a", "b"])), ["a", "b"])
    with pytest.warns(DataConversionWarning):
        assert checked(model, [[1], [2]]).tolist() == [1, 2]
    for y, message in [
        ([0.5, 1.5], "Unknown label type: continuous"),
        ([np.nan, 1.0], "Input y contains NaN"),
        (np.zeros((2, 2, 2)), "Found array with dim 3"),
        ([[0.5, 1.0], [2.0, 3.0]], "Unknown label type: continuous-multioutput"),
    ]:
        with pytest.raises(ValueError, match=message):
            checked(model, y)
