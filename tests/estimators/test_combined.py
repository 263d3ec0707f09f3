"""Wide and deep estimators: which columns and which optimizer go with which part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_array

from skflow.estimators import (
    DNNLinearCombinedClassifier,
    DNNLinearCombinedRegressor,
    DNNRegressor,
    LinearRegressor,
)
from tests.estimators.cases import FRAME, LABELS, PAIR, SEVERAL, THREE, TWO, X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

STILL = 1e-12  # a learning rate at which nothing is learnt


def model(**settings: Any) -> DNNLinearCombinedRegressor:
    settings = {"max_iter": 20, "batch_size": 16, "random_state": 0, **settings}
    return DNNLinearCombinedRegressor((5,), **settings)


def wide(fitted: Any, rows: Any) -> Any:
    """The outputs of the linear part, written by hand."""
    return rows @ fitted.linear_coef_.T + fitted.linear_intercept_


def deep(fitted: Any, rows: Any) -> Any:
    """The outputs of the dense layers, written by hand."""
    (first, last), (hidden, top) = fitted.dnn_coefs_, fitted.dnn_intercepts_
    return np.maximum(rows @ first + hidden, 0) @ last + top


def one_hot(frame: pd.DataFrame) -> Any:
    """The linear part's columns of the categories."""
    return pd.get_dummies(frame[["color", "size"]]).to_numpy(float)


@pytest.mark.parametrize(
    ("kind", "y"),
    [
        (DNNLinearCombinedRegressor, Y),
        (DNNLinearCombinedRegressor, PAIR),
        (DNNLinearCombinedClassifier, TWO),
        (DNNLinearCombinedClassifier, THREE),
        (DNNLinearCombinedClassifier, LABELS),
    ],
    ids=["quantity", "quantities", "two", "three", "labels"],
)
def test_outputs_are_the_sum_of_both_parts(kind: Any, y: Any) -> None:
    fitted = kind((5,), max_iter=5, random_state=0).fit(X, y)
    total = wide(fitted, X) + deep(fitted, X)
    found = fitted.decision_function(X) if hasattr(fitted, "classes_") else fitted.predict(X)
    assert_allclose(found, total[:, 0] if found.ndim == 1 else total, rtol=1e-10)
    outputs = total.shape[1]
    assert fitted.linear_coef_.shape == (outputs, 4)
    assert fitted.linear_intercept_.shape == (outputs,)
    assert [w.shape for w in fitted.dnn_coefs_] == [(4, 5), (5, outputs)]
    assert [b.shape for b in fitted.dnn_intercepts_] == [(5,), (outputs,)]


def test_several_targets_of_many_classes() -> None:
    fitted = DNNLinearCombinedClassifier((20,), dnn_learning_rate=0.05, random_state=0)
    fitted.fit(X, SEVERAL)
    assert fitted.score(X, SEVERAL) > 0.8
    assert [p.shape for p in fitted.predict_proba(X)] == [(60, 3), (60, 2)]


def test_each_part_has_an_optimizer_and_a_rate_of_its_own() -> None:
    begin = model(dnn_learning_rate=STILL, linear_learning_rate=STILL, max_iter=1).fit(X, Y)
    wide_only = model(dnn_learning_rate=STILL).fit(X, Y)
    deep_only = model(linear_learning_rate=STILL).fit(X, Y)
    for still, moved in (("dnn_coefs_", wide_only), ("linear_coef_", deep_only)):
        for found, first in zip(_list(moved, still), _list(begin, still), strict=True):
            assert_allclose(found, first, atol=1e-9)
    assert np.abs(wide_only.linear_coef_).max() > 0.01
    assert np.abs(deep_only.dnn_coefs_[0] - begin.dnn_coefs_[0]).max() > 0.01
    names = set(model(dnn_optimizer="Adam", linear_optimizer="Ftrl").partial_fit(X, Y)._state.slots)
    assert {"linear/linear/weights/Ftrl", "dnn/dnn/logits/weights/Adam"} <= {
        f"{name.split('/')[0]}/{name}" for name in names
    }


def _list(fitted: Any, name: str) -> list[Any]:
    value = getattr(fitted, name)
    return value if isinstance(value, list) else [value]


def test_a_wide_part_alone_is_a_linear_model() -> None:
    rates: dict[str, Any] = {"dnn_learning_rate": STILL, "dnn_feature_columns": [3]}
    both = model(**rates, linear_learning_rate=0.5, max_iter=300, batch_size=60).fit(X, Y)
    rest = Y - deep(both, X[:, [3]])[:, 0]
    alone = LinearRegressor().fit(X, rest)
    assert_allclose(both.linear_coef_[0], alone.coef_, atol=0.02)


def test_a_deep_part_alone_is_a_network() -> None:
    both = model(linear_learning_rate=STILL, dnn_learning_rate=0.01, max_iter=100)
    both.fit(X, Y - Y.mean())
    alone = DNNRegressor((5,), learning_rate=0.01, max_iter=100, batch_size=16, random_state=0)
    alone.fit(X, Y - Y.mean())
    assert_allclose(both.predict(X), alone.predict(X), atol=1e-6)


# ---- columns ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "chosen", [[0, 2], np.array([True, False, True, False]), (2, 0), np.array([2, 0])]
)
def test_parts_see_the_columns_chosen_for_them(chosen: Any) -> None:
    for rows in (X, csr_array(X)):
        fitted = model(linear_feature_columns=chosen, dnn_feature_columns=[1, 3, 2]).fit(rows, Y)
        assert fitted.linear_coef_.shape == (1, 2)
        assert fitted.dnn_coefs_[0].shape == (3, 5)
        expected = wide(fitted, X[:, [0, 2]]) + deep(fitted, X[:, [1, 2, 3]])
        assert_allclose(fitted.predict(rows), expected[:, 0], rtol=1e-9)


def test_sparse_columns_may_be_empty_or_all_there() -> None:
    rows = np.zeros((60, 4))
    rows[:, 2] = X[:, 2]
    rows[::3, 0] = 1.0
    for chosen in ([1, 3], [0, 2], [0, 1, 2, 3]):
        for y in (Y, THREE):
            kind = DNNLinearCombinedRegressor if y is Y else DNNLinearCombinedClassifier
            make: Any = lambda k=kind, c=chosen: k(
                (5,),
                linear_feature_columns=c,
                dnn_feature_columns=[2, 3],
                max_iter=3,
                random_state=0,
            )
            sparse, dense = make().fit(csr_array(rows), y), make().fit(rows, y)
            assert_allclose(sparse.linear_coef_, dense.linear_coef_, rtol=1e-6, atol=1e-12)
            assert_allclose(sparse.dnn_coefs_[0], dense.dnn_coefs_[0], rtol=1e-6, atol=1e-12)


def test_columns_may_be_chosen_by_name() -> None:
    fitted = model(linear_feature_columns=["color", "a"], dnn_feature_columns=["b", "d", "size"])
    fitted.fit(FRAME, Y)
    colors = one_hot(FRAME)[:, :3]
    assert fitted.linear_coef_.shape == (1, 4)
    tables = [fitted.get_variable_value(n) for n in fitted.get_variable_names() if "embedd" in n]
    assert [len(t) for t in tables] == [3]
    codes = (FRAME["size"] == "small").to_numpy(int)
    expected = wide(fitted, np.column_stack([FRAME["a"], colors]))
    expected += deep(fitted, np.column_stack([FRAME[["b", "d"]], tables[0][codes]]))
    assert_allclose(fitted.predict(FRAME), expected[:, 0], rtol=1e-9)


def test_categories_are_weights_here_and_embeddings_there() -> None:
    fitted = model().fit(FRAME, Y)
    assert fitted.linear_coef_.shape == (1, 9)
    tables = [fitted.get_variable_value(f"dnn/embedding_{j}") for j in (0, 1)]
    assert [len(t) for t in tables] == [4, 3]
    codes = [one_hot(FRAME)[:, :3].argmax(axis=1), (FRAME["size"] == "small").to_numpy(int)]
    embedded = [t[c] for t, c in zip(tables, codes, strict=True)]
    expected = wide(fitted, np.hstack([X, one_hot(FRAME)])) + deep(
        fitted, np.hstack([X, *embedded])
    )
    assert_allclose(fitted.predict(FRAME), expected[:, 0], rtol=1e-9)


@pytest.mark.parametrize("name", ["linear_feature_columns", "dnn_feature_columns"])
def test_columns_that_are_not_there(name: str) -> None:
    for chosen, message in [
        ([7], r"all features must be in \[0, 3\]"),
        ([True, False], r"all features must be in \[0, 3\]"),
        (["a"], "without feature names"),
        ([], f"{name} must choose one column at least"),
        ([False] * 4, f"{name} must choose one column at least"),
    ]:
        with pytest.raises(ValueError, match=message):
            model(**{name: chosen}).fit(X, Y)
    with pytest.raises(ValueError, match="not a valid feature name of the training data"):
        model(**{name: ["z"]}).fit(FRAME, Y)


# ---- all rows at once ---------------------------------------------------------------------------


def test_both_parts_are_searched_for_together() -> None:
    search: dict[str, Any] = {"linear_optimizer": "L-BFGS", "dnn_optimizer": "L-BFGS"}
    fitted = model(**search, batch_size="auto", max_iter=300).fit(X, Y)
    assert (np.diff(fitted.loss_curve_) <= 0).all()
    assert fitted.score(X, Y) > 0.99
    assert not hasattr(fitted, "partial_fit")
    with pytest.raises(ValueError, match=r"'L-BFGS' searches for all weights at once"):
        model(linear_optimizer="L-BFGS").fit(X, Y)


def test_wide_and_deep_learn_what_one_of_them_cannot() -> None:
    rng = np.random.RandomState(0)
    rows = rng.normal(size=(600, 3))
    names = rng.choice(list("abcdefgh"), 600)
    offsets = {name: 3.0 * number for number, name in enumerate("abcdefgh")}
    frame = pd.DataFrame(rows, columns=["x", "y", "z"]).assign(name=names)
    y = np.abs(rows[:, 0]) * 2 + frame["name"].map(offsets).to_numpy()
    fitted = DNNLinearCombinedRegressor(
        (20,),
        dnn_learning_rate=0.01,
        linear_learning_rate=0.5,
        linear_feature_columns=["name"],
        dnn_feature_columns=["x", "y", "z"],
        max_iter=200,
        batch_size=50,
        random_state=0,
    ).fit(frame, y)
    assert fitted.score(frame, y) > 0.99
    assert LinearRegressor().fit(frame, y).score(frame, y) < 0.98
