"""Bad rows and targets are refused in scikit-learn's words, and no fitted model changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.exceptions import DataConversionWarning, NotFittedError

from skflow.estimators import LinearClassifier, LinearRegressor
from tests.estimators.cases import (
    CASES,
    FRAME,
    LABELS,
    PAIR,
    THREE,
    TWO,
    WEIGHT,
    Case,
    X,
    Y,
    quietly,
)
from tests.estimators.unchanged import nothing_changes

every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
classifying = {name: case for name, case in CASES.items() if case.classifies}
quantifying = {name: case for name, case in CASES.items() if not case.classifies}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def with_value(value: Any) -> Any:
    """The rows with one number replaced."""
    rows = X.copy()
    rows[3, 1] = value
    return rows


# ---- rows ---------------------------------------------------------------------------------------

BAD_ROWS: dict[str, tuple[Any, str]] = {
    "nan": (with_value(np.nan), "Input X contains NaN"),
    "inf": (with_value(np.inf), "Input X contains infinity or a value too large"),
    "sparse nan": (csr_array(with_value(np.nan)), "Input X contains NaN"),
    "vector": (X[:, 0], "Expected 2D array, got 1D array instead"),
    "three dimensions": (X[np.newaxis], "Found array with dim 3"),
    "no rows": (X[:0], r"Found array with 0 sample\(s\)"),
    "no columns": (X[:, :0], r"0 feature\(s\)"),
    "words": (np.array([["a"] * 4] * 60, dtype=object), "could not convert string to float"),
    "complex": (X + 1j, "Complex data not supported"),
}


@every
def test_bad_rows(case: Case) -> None:
    model = case.fitted()
    for name, (rows, message) in BAD_ROWS.items():
        with nothing_changes(model):
            with pytest.raises(ValueError, match=message):
                model.fit(rows, case.y[: len(rows)] if name == "no rows" else case.y)
            for method in ("predict", "predict_proba", "decision_function"):
                if name != "no columns" and hasattr(model, method):
                    with pytest.raises(ValueError, match=message):
                        getattr(model, method)(rows)
            if hasattr(model, "partial_fit") and name not in ("no rows", "no columns"):
                with pytest.raises(ValueError, match=message):
                    model.partial_fit(rows, case.y)


@every
def test_other_columns(case: Case) -> None:
    model = case.fitted()
    message = f"X has 3 features, but {type(model).__name__} is expecting 4 features as input"
    with nothing_changes(model):
        for method in ("predict", "predict_proba", "decision_function"):
            if hasattr(model, method):
                with pytest.raises(ValueError, match=message):
                    getattr(model, method)(X[:, :3])
        with pytest.raises(ValueError, match=message):
            model.score(X[:, :3], case.y)
        if hasattr(model, "partial_fit"):
            with pytest.raises(ValueError, match=message):
                model.partial_fit(X[:, :3], case.y)
    warm = case.fitted(warm_start=True)
    with nothing_changes(warm), pytest.raises(ValueError, match=message):
        warm.fit(X[:, :3], case.y)
    named = quietly(case.make().fit, FRAME, case.y)
    with pytest.raises(ValueError, match=r"Feature names seen at fit time, yet now missing:\n- a"):
        named.predict(FRAME.drop(columns="a"))
    with pytest.raises(ValueError, match=r"Feature names unseen at fit time:\n- z"):
        named.predict(FRAME.rename(columns={"a": "z"}))


@every
def test_missing_rows_targets_and_weights(case: Case) -> None:
    model = case.fitted()
    name = type(model).__name__
    hole = np.ones(60)
    hole[3] = np.nan
    with nothing_changes(model):
        for args, message in [
            ((X, case.y[:-1]), r"inconsistent numbers of samples: \[60, 59\]"),
            ((X, None), f"This {name} estimator requires y to be passed, but the target y is None"),
            ((X, case.y, np.ones(3)), r"sample_weight.shape == \(3,\), expected \(60,\)!"),
            ((X, case.y, np.ones((60, 1))), "Sample weights must be 1D array or scalar"),
            ((X, case.y, np.zeros(60)), "Sample weights must contain at least one non-zero"),
            ((X, case.y, -np.ones(60)), "Negative values in data passed to `sample_weight`"),
            ((X, case.y, hole), "Input sample_weight contains NaN"),
            ((X, case.y, ["a"] * 60), "could not convert string to float"),
        ]:
            with pytest.raises(ValueError, match=message):
                model.fit(*args)
            if hasattr(model, "partial_fit") and args[1] is not None:
                weight = args[2] if len(args) > 2 else None
                with pytest.raises(ValueError, match=message):
                    model.partial_fit(*args[:2], sample_weight=weight)


@every
def test_rows_to_validate_on(case: Case) -> None:
    model = case.fitted()
    with nothing_changes(model):
        for given, message in [
            ({"X_val": X}, "X_val is provided, but y_val was not provided"),
            ({"y_val": case.y}, "y_val is provided, but X_val was not provided"),
            ({"sample_weight_val": WEIGHT}, "sample_weight_val is provided, but X_val was not"),
            ({"X_val": X[:, :3], "y_val": case.y}, "X has 3 features, but"),
            ({"X_val": with_value(np.nan), "y_val": case.y}, "Input X contains NaN"),
            ({"X_val": X, "y_val": case.y[:5]}, "inconsistent numbers of samples"),
            ({"X_val": X[:0], "y_val": case.y[:0]}, r"0 sample\(s\)"),
            (
                {"X_val": X, "y_val": case.y, "sample_weight_val": np.zeros(60)},
                "at least one non-zero number",
            ),
        ]:
            with pytest.raises(ValueError, match=message):
                model.fit(X, case.y, **given)


# ---- targets ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", classifying.values(), ids=classifying)
def test_targets_that_are_no_classes(case: Case) -> None:
    model = case.fitted()
    fractions = "Unknown label type: continuous"
    hole = np.where(np.arange(60) == 3, np.nan, 1.0)
    with nothing_changes(model):
        for y, message in [
            (Y, fractions),
            (PAIR, fractions),
            (hole, "Input y contains NaN"),
            (np.zeros((60, 2, 2)), "Found array with dim 3"),
            (np.full(60, "one"), "needs samples of at least 2 classes in the data, but the data"),
            (np.zeros((60, 0)), r"0 feature\(s\)"),
        ]:
            with pytest.raises(ValueError, match=message):
                model.fit(X, y)
        for held, message in [
            (_strange(case.y), r"y contains previously unseen labels: \['?(yes)?9'?\]"),
            (_other_kind(case.y), "Mix of label input types"),
            (Y, fractions),
            (LABELS, r"y has the shape \(60, 2\), but the classifier was fitted with 1 targets"),
        ]:
            with pytest.raises(ValueError, match=message):
                model.fit(X, case.y, X_val=X, y_val=held)
    warm = case.fitted(warm_start=True)
    other = (THREE + 1).astype(str)
    with nothing_changes(warm), pytest.raises(ValueError, match="same classes as in the previous"):
        warm.fit(X, other)


def _strange(y: Any) -> Any:
    """Classes of which one is not known, whose name begins like a known one's."""
    return np.append(y[:-1], "yes9" if y.dtype.kind == "U" else 9)


def _other_kind(y: Any) -> Any:
    """Numbers in the place of words, or the other way round."""
    return (y == "yes").astype(int) if y.dtype.kind == "U" else y.astype(str)


def test_labels_in_columns_are_refused_where_they_are_fitted_as_a_vector() -> None:
    with pytest.warns(DataConversionWarning, match="column-vector y was passed"):
        LinearClassifier().fit(X, TWO[:, np.newaxis])


@pytest.mark.parametrize("case", quantifying.values(), ids=quantifying)
def test_targets_that_are_no_quantities(case: Case) -> None:
    model = case.fitted()
    with nothing_changes(model):
        for y, message in [
            (TWO, "could not convert string to float"),
            (np.where(Y > 3, np.inf, Y), "Input y contains infinity"),
            (np.where(Y > 3, np.nan, Y), "Input y contains NaN"),
            (np.zeros((60, 2, 2)), "Found array with dim 3"),
        ]:
            with pytest.raises(ValueError, match=message):
                model.fit(X, y)
            with pytest.raises(ValueError, match=message):
                model.fit(X, Y, X_val=X, y_val=y)
        with pytest.raises(ValueError, match="y_val has 2 outputs, but y has 1"):
            model.fit(X, Y, X_val=X, y_val=PAIR)
    warm = case.fitted(warm_start=True)
    with nothing_changes(warm), pytest.raises(ValueError, match="y has 2 outputs, but"):
        warm.fit(X, PAIR)


@pytest.mark.parametrize("case", quantifying.values(), ids=quantifying)
@pytest.mark.parametrize(
    ("loss", "title", "wrong"),
    [
        ("poisson", "HalfPoissonLoss", -np.arange(60.0)),
        ("poisson", "HalfPoissonLoss", np.zeros(60)),
        ("gamma", "HalfGammaLoss", np.arange(60.0)),
        ("gamma", "HalfGammaLoss", -np.ones(60)),
    ],
)
def test_targets_of_the_wrong_sign(case: Case, loss: str, title: str, wrong: Any) -> None:
    model = case.fitted()
    model.set_params(loss=loss)
    message = rf"Some value\(s\) of y are out of the valid range of the loss '{title}'"
    with nothing_changes(model):
        with pytest.raises(ValueError, match=message):
            model.fit(X, wrong)
        with pytest.raises(ValueError, match=message):
            model.fit(X, np.exp(Y), X_val=X, y_val=wrong)


# ---- the rest of the user's world ------------------------------------------------------------


@every
def test_a_model_that_could_not_be_fitted_is_unfitted(case: Case) -> None:
    model = case.make()
    before = dict(vars(model))
    for call in (
        lambda: model.fit(with_value(np.nan), case.y),
        lambda: model.fit(FRAME, case.y[:-1]),
        lambda: model.fit(X, case.y, X_val=X, y_val=case.y[:3]),
    ):
        with pytest.raises(ValueError, match="NaN|inconsistent"):
            call()
        assert vars(model) == before
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_the_rows_of_the_user_are_not_written_to() -> None:
    for case in CASES.values():
        rows, y, weight = X.copy(), case.y.copy(), WEIGHT.copy()
        case.make().fit(rows, y, weight, X_val=rows, y_val=y, sample_weight_val=weight + 1)
        model = LinearRegressor().fit(rows, Y)
        model.predict(rows)[...] = 0
        assert (rows == X).all()
        assert (y == case.y).all()
        assert (weight == WEIGHT).all()
