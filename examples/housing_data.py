"""Load the California housing data that lies beside the examples."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DATA_FILE = Path(__file__).parent / "data" / "california_housing.csv.gz"

FEATURE_NAMES = (
    "MedInc",
    "HouseAge",
    "AveRooms",
    "AveBedrms",
    "Population",
    "AveOccup",
    "Latitude",
    "Longitude",
)


def load_california_housing() -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """Return the census block groups of California in 1990 and their median house values.

    The file holds what the census counted; the averages per household are divided here, which
    makes every number bitwise that of scikit-learn's ``fetch_california_housing``.

    Returns
    -------
    X : ndarray of shape (20640, 8), float64
        One row a block group: median income (10,000 dollars), median house age (years), rooms,
        bedrooms and people per household, population, latitude and longitude (degrees), in
        the order of the names.
    y : ndarray of shape (20640,), float64
        Median house value, in 100,000 dollars; the census cut it off at 500,001 dollars.
    feature_names : list of str
        The names of the columns of `X`, as scikit-learn gives them.

    Notes
    -----
    R. K. Pace and R. Barry, "Sparse spatial autoregressions", Statistics and Probability
    Letters 33 (1997), 291-297. ``data/README.md`` says where the file is from.

    Examples
    --------
    >>> X, y, names = load_california_housing()
    >>> X.shape, y.shape, names[0]
    ((20640, 8), (20640,), 'MedInc')
    """
    with gzip.open(DATA_FILE, "rt", encoding="ascii") as file:
        table = np.loadtxt(file, delimiter=",", skiprows=1, unpack=True)
    longitude, latitude, age, rooms, bedrooms, population, households, income, value = table
    X = np.column_stack(
        [
            income,
            age,
            rooms / households,
            bedrooms / households,
            population,
            population / households,
            latitude,
            longitude,
        ]
    )
    return X, value / 100_000.0, list(FEATURE_NAMES)
