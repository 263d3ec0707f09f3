"""The examples run, on fewer rows, and say what they should."""

from __future__ import annotations

from pathlib import Path

import california_housing
import linear_regression_graph
import numpy as np
import pytest
from housing_data import load_california_housing
from sklearn.linear_model import LinearRegression

from skflow.estimators import DNNRegressor, LinearRegressor


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
