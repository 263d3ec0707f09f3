"""Classifiers: targets of every kind, probabilities, scores, losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

import skflow as tf
from skflow.estimators import (
    DNNClassifier,
    DNNLinearCombinedClassifier,
    GraphClassifier,
    LinearClassifier,
)
from tests.estimators.cases import FRAME, LABELS, SEVERAL, THREE, TWO, WEIGHT, X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CLASSIFIERS: dict[str, Any] = {
    "linear": LinearClassifier(),
    "deep": DNNClassifier((20,), learning_rate=0.05, random_state=0),
    "combined": DNNLinearCombinedClassifier((20,), dnn_learning_rate=0.05, random_state=0),
    "graph": GraphClassifier(learning_rate=0.1, random_state=0),
}
every = pytest.mark.parametrize("model", CLASSIFIERS.values(), ids=CLASSIFIERS)

NAMED = np.array(["low", "mid", "high"])[THREE]

VECTORS: dict[str, Any] = {
    "words": TWO,
    "three words": NAMED,
    "objects": NAMED.astype(object),
    "numbers": THREE,
    "negative numbers": THREE - 5,
    "far numbers": np.array([-7, 0, 10**9])[THREE],
    "whole floats": THREE.astype(float),
    "small integers": (Y > 3).astype(np.uint8),
    "booleans": Y > 3,
    "list": NAMED.tolist(),
    "series": pd.Series(NAMED),
    "categories": pd.Series(pd.Categorical(NAMED, ["mid", "low", "high"])),
    "string type": pd.Series(NAMED, dtype="string"),
}

MATRICES: dict[str, Any] = {
    "labels": LABELS,
    "boolean labels": LABELS.astype(bool),
    "float labels": LABELS.astype(float),
    "sparse labels": csr_array(LABELS),
    "frame of labels": pd.DataFrame(LABELS, columns=["a", "b"]),
    "three labels": np.column_stack([LABELS, LABELS[:, 0]]),
    "several": SEVERAL,
    "several words": np.array([["u", "v", "w"]])[0][SEVERAL % 3],
    "two other numbers": np.where(LABELS, 2, 0),
}


def dense(y: Any) -> Any:
    """Targets as an ndarray."""
    return y.toarray() if isinstance(y, csr_array) else np.asarray(y)


# ---- targets ------------------------------------------------------------------------------------


@every
@pytest.mark.parametrize("name", VECTORS)
def test_one_target(model: Any, name: str) -> None:
    y = VECTORS[name]
    fitted = clone(model).fit(X, y)
    assert_array_equal(fitted.classes_, np.unique(dense(y)))
    predicted = fitted.predict(X)
    assert predicted.shape == (60,)
    assert set(predicted) <= set(fitted.classes_)
    assert accuracy_score(dense(y).tolist(), predicted.tolist()) > 0.8
    assert fitted.score(X, y) == accuracy_score(dense(y).tolist(), predicted.tolist())
    chances = fitted.predict_proba(X)
    assert chances.shape == (60, len(fitted.classes_))
    assert_array_equal(fitted.classes_[chances.argmax(axis=1)], predicted)
    assert fitted.n_outputs_ == 1


@every
@pytest.mark.parametrize("name", MATRICES)
def test_several_targets(model: Any, name: str) -> None:
    y = MATRICES[name]
    fitted = clone(model).fit(X, y)
    predicted = fitted.predict(X)
    assert predicted.shape == dense(y).shape
    right = (predicted == dense(y)).all(axis=1).mean()
    assert right > 0.6
    assert fitted.score(X, y) == pytest.approx(right)
    assert fitted.n_outputs_ == dense(y).shape[1]
    if "labels" in name:
        assert fitted.classes_.tolist() == list(range(dense(y).shape[1]))
        assert predicted.dtype.kind == "i"
        assert_array_equal(fitted.predict_proba(X) > 0.5, predicted)
    else:
        for known, column, chances, guess in zip(
            fitted.classes_, dense(y).T, fitted.predict_proba(X), predicted.T, strict=True
        ):
            assert_array_equal(known, np.unique(column))
            assert_array_equal(known[chances.argmax(axis=1)], guess)


@every
def test_a_score_may_be_weighted(model: Any) -> None:
    for y in (TWO, THREE, LABELS, SEVERAL):
        fitted = clone(model).fit(X, y, WEIGHT)
        right = fitted.predict(X) == y
        expected = np.average(right if y.ndim == 1 else right.all(axis=1), weights=WEIGHT)
        assert fitted.score(X, y, WEIGHT) == pytest.approx(expected)


@every
def test_each_target_is_fitted_as_if_alone(model: Any) -> None:
    """Where they share no layer."""
    if not isinstance(model, LinearClassifier):
        return
    both = clone(model).fit(X, SEVERAL)
    for column, chances in zip(SEVERAL.T, both.predict_proba(X), strict=True):
        alone = clone(model).fit(X, column)
        # Two classes have one output alone, and two beside others: their penalties differ.
        if len(alone.classes_) > 2:
            assert_allclose(chances, alone.predict_proba(X), atol=1e-5)
    marks = clone(model).fit(X, LABELS).predict_proba(X)
    for column, chances in zip(LABELS.T, marks.T, strict=True):
        assert_allclose(chances, clone(model).fit(X, column).predict_proba(X)[:, 1], atol=1e-5)


# ---- probabilities ------------------------------------------------------------------------------


@every
@pytest.mark.parametrize("y", [TWO, THREE, LABELS, SEVERAL], ids=["two", "three", "labels", "many"])
def test_probabilities_follow_from_the_decisions(model: Any, y: Any) -> None:
    fitted = clone(model).fit(FRAME, y)
    odds, chances = fitted.decision_function(FRAME), fitted.predict_proba(FRAME)
    logs = fitted.predict_log_proba(FRAME)
    if y is TWO:
        assert odds.shape == (60,)
        assert_allclose(chances, np.column_stack([expit(-odds), expit(odds)]), rtol=1e-10)
    elif y is THREE:
        assert_allclose(chances, softmax(odds, axis=1), rtol=1e-10)
    elif y is LABELS:
        assert_allclose(chances, expit(odds), rtol=1e-10)
    for found, log, given in zip(
        *(v if y is SEVERAL else [v] for v in (chances, logs, odds)), strict=True
    ):
        assert_allclose(np.log(found), log, rtol=1e-6, atol=1e-12)
        assert ((found >= 0) & (found <= 1)).all()
        if y is SEVERAL:
            assert_allclose(found, softmax(given, axis=1), rtol=1e-10)
        if y is not LABELS:
            assert_allclose(found.sum(axis=1), 1)


def test_logarithms_do_not_underflow() -> None:
    far = 1e4 * np.sign(X)
    for y in (TWO, THREE):
        fitted = LinearClassifier().fit(X, y)
        logs = fitted.predict_log_proba(far)
        assert np.isfinite(logs).all()
        assert logs.min() < -1000
        assert (fitted.predict_proba(far) == 0).any()


def test_probabilities_rank_well() -> None:
    for model in CLASSIFIERS.values():
        fitted = clone(model).fit(X, TWO)
        assert roc_auc_score(TWO == "yes", fitted.predict_proba(X)[:, 1]) > 0.95
        assert log_loss(TWO, fitted.predict_proba(X)) < 0.4


@every
def test_the_hinge_gives_no_probabilities(model: Any) -> None:
    hinge = clone(model).set_params(loss="hinge")
    for method in ("predict_proba", "predict_log_proba"):
        assert not hasattr(hinge, method)
    hinge.fit(X, THREE)
    assert hinge.score(X, THREE) > 0.7
    with pytest.raises(AttributeError, match="has no attribute 'predict_proba'") as caught:
        hinge.predict_proba(X)
    assert "not available for loss='hinge'" in str(caught.value.__cause__)
    assert_array_equal(hinge.decision_function(X).argmax(axis=1), hinge.predict(X))
    # What was fitted decides, not what the next fit would do.
    hinge.set_params(loss="log")
    assert not hasattr(hinge, "predict_proba")
    assert hasattr(hinge.fit(X, THREE).set_params(loss="hinge"), "predict_proba")


@every
@pytest.mark.parametrize("y", [TWO, THREE, LABELS], ids=["two", "three", "labels"])
def test_a_loss_may_be_a_function(model: Any, y: Any) -> None:
    def brier(labels: Any, outputs: Any) -> Any:
        if labels.dtype == tf.int32:
            labels = tf.one_hot(labels, 3, dtype=outputs.dtype)
            return tf.reduce_sum(tf.square(labels - tf.nn.softmax(outputs)), 1)
        return tf.square(labels - tf.sigmoid(outputs))

    fitted = clone(model).set_params(loss=brier, l2_regularization_strength=0.01).fit(X, y)
    assert fitted.score(X, y) > 0.8
    assert hasattr(fitted, "predict_proba")


# ---- which classes are predicted ----------------------------------------------------------------


def test_classes_are_in_order_whatever_came_first() -> None:
    order = np.random.RandomState(0).permutation(60)
    first, second = LinearClassifier().fit(X, NAMED), LinearClassifier().fit(X[order], NAMED[order])
    assert first.classes_.tolist() == second.classes_.tolist() == ["high", "low", "mid"]
    assert_allclose(first.predict_proba(X), second.predict_proba(X), atol=1e-6)


def test_rows_without_weight_may_be_all_of_a_class() -> None:
    weight = (THREE != 1).astype(float)
    fitted = DNNClassifier((5,), max_iter=100, random_state=0).fit(X, THREE, weight)
    assert fitted.classes_.tolist() == [0, 1, 2]
    assert fitted.predict_proba(X).shape == (60, 3)


def test_what_is_drawn_aside_has_all_classes() -> None:
    y = np.where(np.arange(60) % 6 == 0, "rare", TWO)
    fitted = DNNClassifier((5,), early_stopping=True, validation_fraction=0.2, random_state=0)
    fitted.fit(X, y)
    assert len(fitted.validation_scores_) == fitted.n_iter_


@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
def test_a_linear_model_shows_its_weights_as_scikit_learns_do(y: Any) -> None:
    fitted = LinearClassifier().fit(X, y)
    outputs = 1 if y is TWO else 3
    assert fitted.coef_.shape == (outputs, 4)
    assert fitted.intercept_.shape == (outputs,)
    odds = X @ fitted.coef_.T + fitted.intercept_
    assert_allclose(fitted.decision_function(X), odds[:, 0] if y is TWO else odds, rtol=1e-9)
    frame = LinearClassifier().fit(FRAME, y)
    assert frame.coef_names_.tolist() == [
        *"abcd",
        "color_blue",
        "color_green",
        "color_red",
        "size_large",
        "size_small",
    ]
    marks = pd.get_dummies(FRAME[["color", "size"]]).to_numpy(float)
    odds = np.hstack([X, marks]) @ frame.coef_.T + frame.intercept_
    assert_allclose(frame.decision_function(FRAME), odds[:, 0] if y is TWO else odds, rtol=1e-9)
