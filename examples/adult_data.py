"""Load the Adult (census income) data that lies beside the examples; it needs pandas."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

DATA_FILE = Path(__file__).parent / "data" / "adult.csv.bz2"

NUMERIC = (
    "age",
    "fnlwgt",
    "educational-num",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
)
CATEGORICAL = (
    "workclass",
    "education",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "gender",
    "native-country",
)
TARGET = "income"


def load_adult() -> tuple[pd.DataFrame, pd.Series]:
    """Return 48,842 people of the 1994 census, and whether they earned over 50,000 dollars.

    Returns
    -------
    X : DataFrame of shape (48842, 14)
        One row a person, in the file's order: the test part of the archive (16,281 rows), then
        its training part. The columns of `NUMERIC` are int64: age and education in years and
        steps, the number of people whom the row stands for, capital gain and loss (dollars) and
        hours of work a week. Those of `CATEGORICAL` are categorical, their categories sorted by
        name. What is not known (in ``workclass``, ``occupation`` and ``native-country``) is the
        category ``"?"``, as in the source; no value is NaN.
    y : Series of shape (48842,), strings
        ``"<=50K"`` (37,155 people) or ``">50K"`` (11,687).

    Notes
    -----
    UCI Machine Learning Repository, "Adult", extracted by B. Becker from the census of 1994,
    doi:10.24432/C5XW20, licensed under CC BY 4.0; R. Kohavi, "Scaling up the accuracy of
    naive-Bayes classifiers: a decision-tree hybrid", KDD 1996, 202-207. ``data/README.md`` says
    where the file is from. The SHA-256 of its text is
    2a974e047fea771e7c773b66db2ec9e3403d68b33c9532e26e714d42610dae20.

    Examples
    --------
    >>> X, y = load_adult()
    >>> X.shape, X["native-country"].nunique()
    ((48842, 14), 42)
    >>> y.value_counts().to_dict()
    {'<=50K': 37155, '>50K': 11687}
    """
    types = dict.fromkeys(NUMERIC, "int64") | dict.fromkeys(CATEGORICAL, "category")
    X = pd.read_csv(DATA_FILE, dtype=types, keep_default_na=False)
    y = X.pop(TARGET)
    return X, y
