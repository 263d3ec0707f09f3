"""The Adult file against the copy it was made from and the counts its source publishes."""

from __future__ import annotations

import bz2
import csv
import hashlib
import re

import pandas as pd
import pytest
from adult_data import CATEGORICAL, DATA_FILE, NUMERIC, TARGET, load_adult

# SHA-256 of the source's table written as text: to_csv(index=False, lineterminator="\n").
TEXT_SHA256 = "2a974e047fea771e7c773b66db2ec9e3403d68b33c9532e26e714d42610dae20"

# The first row of each of the two parts that the archive publishes, the test part first here.
FIRST_TEST = (
    "25,Private,226802,11th,7,Never-married,Machine-op-inspct,Own-child,Black,Male,"
    "0,0,40,United-States,<=50K"
)
FIRST_TRAINING = (
    "39,State-gov,77516,Bachelors,13,Never-married,Adm-clerical,Not-in-family,White,Male,"
    "2174,0,40,United-States,<=50K"
)
LAST = (
    "52,Self-emp-inc,287927,HS-grad,9,Married-civ-spouse,Exec-managerial,Wife,White,Female,"
    "15024,0,40,United-States,>50K"
)
TEST_ROWS = 16_281

Adult = tuple[pd.DataFrame, pd.Series]


@pytest.fixture(scope="module")
def adult() -> Adult:
    return load_adult()


@pytest.fixture(scope="module")
def text() -> bytes:
    return bz2.decompress(DATA_FILE.read_bytes())


def test_the_file_is_the_source_s_table(text: bytes) -> None:
    assert hashlib.sha256(text).hexdigest() == TEXT_SHA256


def test_loading_loses_nothing(adult: Adult) -> None:
    X, y = adult
    again = X.assign(**{TARGET: y}).to_csv(index=False, lineterminator="\n")
    assert hashlib.sha256(again.encode("ascii")).hexdigest() == TEXT_SHA256


def test_the_standard_library_reads_the_same(adult: Adult, text: bytes) -> None:
    X, y = adult
    header, *rows = csv.reader(text.decode("ascii").splitlines())
    assert header == [*X.columns, TARGET]
    for name, column in zip(header, zip(*rows, strict=True), strict=True):
        values = y if name == TARGET else X[name]
        assert list(column) == values.astype(str).tolist()


def test_the_docstring_gives_the_checksum() -> None:
    assert re.findall(r"[0-9a-f]{64}", str(load_adult.__doc__)) == [TEXT_SHA256]


def test_columns_and_types(adult: Adult) -> None:
    X, y = adult
    assert X.shape == (48_842, 14)
    assert y.shape == (48_842,)
    assert y.name == "income"
    assert sorted(X.columns) == sorted(NUMERIC + CATEGORICAL)
    assert [name for name in X.columns if X[name].dtype == "int64"] == list(NUMERIC)
    categorical = [name for name in X.columns if isinstance(X[name].dtype, pd.CategoricalDtype)]
    assert categorical == list(CATEGORICAL)


def test_categories_are_sorted_and_all_in_use(adult: Adult) -> None:
    X, _ = adult
    for name in CATEGORICAL:
        categories = X[name].cat.categories.tolist()
        assert categories == sorted(set(X[name].tolist()))
        assert not X[name].cat.ordered
    counts = {name: X[name].nunique() for name in CATEGORICAL}
    assert counts == {
        "workclass": 9,
        "education": 16,
        "marital-status": 7,
        "occupation": 15,
        "relationship": 6,
        "race": 5,
        "gender": 2,
        "native-country": 42,
    }


def test_class_balance_of_both_parts(adult: Adult) -> None:
    _, y = adult
    assert y.value_counts().to_dict() == {"<=50K": 37_155, ">50K": 11_687}
    assert (y[:TEST_ROWS] == ">50K").sum() == 3_846
    assert (y[TEST_ROWS:] == ">50K").sum() == 7_841


def test_what_is_missing_is_a_category(adult: Adult) -> None:
    X, _ = adult
    unknown = X == "?"
    counts = unknown.sum()
    assert counts[counts > 0].to_dict() == {
        "workclass": 2_799,
        "occupation": 2_809,
        "native-country": 857,
    }
    assert unknown.any(axis=1).sum() == 3_620
    assert not X.isna().any(axis=None)


@pytest.mark.parametrize(
    ("row", "expected"), [(0, FIRST_TEST), (TEST_ROWS, FIRST_TRAINING), (-1, LAST)]
)
def test_rows(adult: Adult, row: int, expected: str) -> None:
    X, y = adult
    one = X.iloc[[row]].assign(income=y.iloc[[row]])
    assert one.to_csv(header=False, index=False).strip() == expected


def test_education_and_its_number_go_together(adult: Adult) -> None:
    X, _ = adult
    pairs = X[["education", "educational-num"]].drop_duplicates()
    assert len(pairs) == 16
    assert sorted(pairs["educational-num"]) == list(range(1, 17))


def test_ranges(adult: Adult) -> None:
    X, _ = adult
    ranges = {name: (X[name].min(), X[name].max()) for name in NUMERIC}
    assert ranges == {
        "age": (17, 90),
        "fnlwgt": (12_285, 1_490_400),
        "educational-num": (1, 16),
        "capital-gain": (0, 99_999),
        "capital-loss": (0, 4_356),
        "hours-per-week": (1, 99),
    }
