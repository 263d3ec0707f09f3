"""The examples run, some on fewer rows, and say what they should."""

from __future__ import annotations

import pickle
import tracemalloc
from pathlib import Path
from typing import Any

import california_housing
import linear_regression_graph
import numpy as np
import own_model
import pytest
import quantiles
import text
import wide_and_deep
from adult_data import load_adult
from housing_data import load_california_housing
from sklearn.base import clone
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split

from skflow.estimators import DNNClassifier, DNNRegressor, LinearClassifier, LinearRegressor


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    X, y, _ = load_california_housing()
    some = np.random.RandomState(0).permutation(len(X))[:1500]
    return X[some], y[some]


def test_the_linear_model_is_scikit_learns(rows: tuple[np.ndarray, np.ndarray]) -> None:
    ours = california_housing.cross_validated_r2(LinearRegressor(), *rows)
    theirs = california_housing.cross_validated_r2(LinearRegression(), *rows)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_search_and_the_plot(rows: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    X, y = rows
    grid = {"dnnregressor__hidden_units": [(20,)], "dnnregressor__learning_rate": [0.003, 0.01]}
    search = california_housing.grid_search(X, y, grid, cv=2)
    assert isinstance(search.best_estimator_[-1], DNNRegressor)
    assert search.score(X, y) > 0.6
    file = tmp_path / "deep" / "plot.png"
    california_housing.plot_predictions(y, search.predict(X), "title", file)
    assert file.read_bytes().startswith(b"\x89PNG")
    assert file.stat().st_size > 10_000


def test_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    linear_regression_graph.main()
    assert capsys.readouterr().out.startswith("y = 2.9")


# ---- quantiles --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bands() -> dict[str, Any]:
    X, y = quantiles.deliveries(10_000, seed=0)
    models = {"linear": quantiles.linear_quantiles(), "deep": quantiles.deep_quantiles(len(X))}
    return {name: model.fit(X, y) for name, model in models.items()}


@pytest.mark.parametrize("name", ["linear", "deep"])
def test_quantiles_cover_what_they_say(bands: dict[str, Any], name: str) -> None:
    X, y = quantiles.deliveries(10_000, seed=1)
    found = quantiles.predicted_quantiles(bands[name], X)
    np.testing.assert_allclose(quantiles.coverage(y, found), quantiles.QUANTILES, atol=0.02)
    assert (np.diff(found, axis=1) >= 0).all()
    assert (bands[name].predict(X) == found[:, 1]).all()


def test_deep_quantiles_cover_where_linear_ones_do_not(bands: dict[str, Any]) -> None:
    X, y = quantiles.deliveries(40_000, seed=2)
    rush = np.abs(X[:, 1] - 18) < 0.5
    covered = {
        name: quantiles.coverage(y[rush], quantiles.predicted_quantiles(model, X[rush]))
        for name, model in bands.items()
    }
    np.testing.assert_allclose(covered["deep"], quantiles.QUANTILES, atol=0.06)
    assert covered["linear"][2] < 0.6


# ---- wide and deep ----------------------------------------------------------------------------


def test_wide_and_deep_beats_logistic_regression() -> None:
    X, y = load_adult()
    some = train_test_split(X, y, train_size=10_500, test_size=8000, stratify=y, random_state=0)
    baseline = wide_and_deep.roc_auc(wide_and_deep.logistic_regression(), some)
    assert wide_and_deep.roc_auc(wide_and_deep.wide_and_deep(), some) > baseline


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_wide_and_deep_beats_logistic_regression_on_all_rows(seed: int) -> None:
    parts = wide_and_deep.split(*load_adult())
    baseline = wide_and_deep.roc_auc(wide_and_deep.logistic_regression(), parts)
    assert baseline == pytest.approx(0.904229, abs=1e-4)
    model = wide_and_deep.wide_and_deep()
    model.set_params(dnnlinearcombinedclassifier__random_state=seed)
    found = wide_and_deep.roc_auc(model, parts)
    print(f"Adult, seed {seed}: ROC AUC {found:.4f}")  # noqa: T201
    assert found > baseline + 0.003


# ---- text -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def docstrings() -> tuple[list[str], list[str]]:
    return text.load_docstrings(["datetime", "email", "tarfile"])


def test_docstrings_are_told_apart(docstrings: tuple[list[str], list[str]]) -> None:
    texts, held, modules, held_modules = train_test_split(*docstrings, random_state=0)
    theirs = text.words_and(LogisticRegression(C=10.0, tol=1e-6, max_iter=1000))
    ours = text.words_and(LinearClassifier(l2_regularization_strength=0.1)).fit(texts, modules)
    wanted = theirs.fit(texts, modules).predict_proba(held)
    np.testing.assert_allclose(ours.predict_proba(held), wanted, atol=0.01)
    deep = text.words_and(DNNClassifier((20,), learning_rate=0.01, steps=60, random_state=0))
    assert deep.fit(texts, modules).score(held, held_modules) > 0.85


@pytest.mark.parametrize("model", [LinearClassifier(), DNNClassifier((8,), steps=20)])
def test_no_text_becomes_dense(model: Any, docstrings: tuple[list[str], list[str]]) -> None:
    texts, modules = docstrings
    X = HashingVectorizer(n_features=130_000, dtype=np.float32).fit_transform(texts)
    tracemalloc.start()
    try:
        model.fit(X, np.array(modules) == "email").predict(X)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    dense = X.shape[0] * X.shape[1] * X.dtype.itemsize
    assert peak < dense / 2


# ---- a graph of one's own ---------------------------------------------------------------------


def test_a_sum_of_curves_has_effects_that_add_up(rows: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = rows
    model = clone(own_model.with_even_features(own_model.curves())).fit(X, y)
    linear = own_model.with_even_features(LinearRegression()).fit(X, y)
    assert model.score(X, y) > linear.score(X, y) + 0.05
    assert (pickle.loads(pickle.dumps(model)).predict(X) == model.predict(X)).all()
    # What a row's features add one by one is what they add together.
    levels = [0.1, 0.4, 0.9]
    together = np.quantile(X, levels, axis=0)
    middle = model.predict(np.median(X, axis=0, keepdims=True))
    added = sum(own_model.effect(model, X, column, levels) for column in range(X.shape[1]))
    np.testing.assert_allclose(middle + added, model.predict(together), rtol=1e-9)
