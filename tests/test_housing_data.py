"""The California housing file against the values scikit-learn distributes."""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from housing_data import DATA_FILE, load_california_housing

if TYPE_CHECKING:
    from numpy.typing import NDArray

# SHA-256 of the little-endian float64 values, in C order, that scikit-learn 1.9.1's
# fetch_california_housing() returned.
FEATURES_SHA256 = "c8f43774aa27b7ec034e60db31b6124e12b4a0d42b55b0c8eb1320089e2ebc37"
TARGET_SHA256 = "ae80bb98487c04d7383ed8aecda8e207583dfd3e66f6679fded97597c3f6c87e"

Housing = tuple["NDArray[np.float64]", "NDArray[np.float64]", list[str]]


@pytest.fixture(scope="module")
def housing() -> Housing:
    return load_california_housing()


def sha256(values: NDArray[np.float64]) -> str:
    return hashlib.sha256(values.astype("<f8").tobytes(order="C")).hexdigest()


def test_values_are_bitwise_those_of_scikit_learn(housing: Housing) -> None:
    X, y, _ = housing
    assert sha256(X) == FEATURES_SHA256
    assert sha256(y) == TARGET_SHA256


def test_shapes_and_types(housing: Housing) -> None:
    X, y, names = housing
    assert X.shape == (20640, 8)
    assert y.shape == (20640,)
    assert X.dtype == y.dtype == np.float64
    assert len(names) == 8


def test_first_row(housing: Housing) -> None:
    X, y, names = housing
    row = dict(zip(names, X[0].tolist(), strict=True))
    assert row == {
        "MedInc": 8.3252,
        "HouseAge": 41.0,
        "AveRooms": 880 / 126,
        "AveBedrms": 129 / 126,
        "Population": 322.0,
        "AveOccup": 322 / 126,
        "Latitude": 37.88,
        "Longitude": -122.23,
    }
    assert y[0] == 4.526


def test_the_file_holds_counts_not_averages() -> None:
    with gzip.open(DATA_FILE, "rt", encoding="ascii") as file:
        header, *rows = file.read().splitlines()
    counts = [header.split(",").index(name) for name in ("total_rooms", "households")]
    assert len(rows) == 20640
    assert all(row.split(",")[column].isdigit() for row in rows for column in counts)
