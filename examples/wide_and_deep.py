"""Who earns over 50,000 dollars a year: a wide and deep model beside logistic regression."""

from __future__ import annotations

import time

import pandas as pd
from adult_data import load_adult
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skflow.estimators import DNNLinearCombinedClassifier

Split = tuple[pd.DataFrame, pd.DataFrame, pd.Series, pd.Series]


def split(X: pd.DataFrame, y: pd.Series) -> Split:
    """Return two thirds of the rows to fit and one third to score, always the same ones."""
    parts: Split = tuple(train_test_split(X, y, test_size=1 / 3, stratify=y, random_state=0))
    return parts


def scaled_numbers_and(categories: OneHotEncoder | str) -> ColumnTransformer:
    """Standardise the numeric columns, and give the categorical ones to `categories`."""
    return ColumnTransformer(
        [
            ("numbers", StandardScaler(), make_column_selector(dtype_include="number")),
            ("categories", categories, make_column_selector(dtype_include="category")),
        ],
        verbose_feature_names_out=False,
    )


def logistic_regression() -> Pipeline:
    """Logistic regression, which needs a column of zeros and ones for each category."""
    encoder = OneHotEncoder(handle_unknown="ignore")
    return make_pipeline(scaled_numbers_and(encoder), LogisticRegression(max_iter=1000))


def wide_and_deep() -> Pipeline:
    """A linear model and a network fitted together, which take the categories as they are.

    The data frame's categorical columns become weights on the wide side and embeddings on the
    deep one; ``set_output`` makes the scaler hand on a data frame.
    """
    columns = scaled_numbers_and("passthrough").set_output(transform="pandas")
    return make_pipeline(columns, DNNLinearCombinedClassifier(random_state=0))


def roc_auc(model: Pipeline, parts: Split) -> float:
    """Fit `model` to the first part of the rows and return its ROC AUC on the other."""
    X_train, X_test, y_train, y_test = parts
    model.fit(X_train, y_train)
    return float(roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]))


def main() -> None:
    """Compare the two; it takes less than a minute on two cores."""
    X, y = load_adult()
    parts = split(X, y)
    print(f"Adult: {len(X):,} people, {X.shape[1]} columns; {len(parts[0]):,} rows to fit")
    models = {
        "scikit-learn's LogisticRegression": logistic_regression(),
        "skflow's DNNLinearCombinedClassifier": wide_and_deep(),
    }
    for name, model in models.items():
        began = time.perf_counter()
        auc = roc_auc(model, parts)
        print(f"{name:<37} ROC AUC {auc:.4f}  ({time.perf_counter() - began:.1f} seconds)")


if __name__ == "__main__":
    main()
