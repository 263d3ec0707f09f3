"""Run the notebook's cells in order and print, as JSON, which ran and which printed the same.

``python tests/seed_cells.py CELLS`` works in the present directory, which takes the files that
cells write. The housing data come from `examples/housing_data.py`, which must be importable.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import housing_data
import matplotlib as mpl
import numpy as np
import sklearn.datasets
from sklearn.utils import Bunch

import skflow

NUMBER = re.compile(r"(?<![A-Za-z_\d])[-+]?\d+\.?\d*(?:e[-+]?\d+)?(?![A-Za-z_\d])")
# What is printed of the notebook's machine, and not compared.
NOT_COMPARED = ("INFO", "Exception ignored", "{'DESCR'")
# The single-precision normal equation: its condition leaves the sixth coefficient hardly a digit.
# What is printed is 6.5% off the exact solution; arithmetic in single precision lands nearer.
LOOSE = {123: 6e-2}


def fetch_california_housing() -> Bunch:
    X, y, names = housing_data.load_california_housing()
    return Bunch(data=X, target=y, feature_names=names, DESCR="California housing")


def normalized(text: str) -> str:
    """Text without what newer versions of Python and NumPy print in another way."""
    text = re.sub(r"np\.float(?:32|64)\((.*?)\)", r"\1", text).replace("...,", " ")
    text = re.sub(r", shape=\(\d+, \d+\)\)", ")", text)
    text = text.replace("<class 'list'>", "list").replace("'y_1:0'", "'y:0'")
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r" ?([\[\](),]) ?", r"\1", text)


def last_digit(number: str) -> float:
    """What one unit of a printed number's last digit is worth."""
    mantissa, _, exponent = number.partition("e")
    digits = len(mantissa.partition(".")[2])
    return float(10.0 ** (int(exponent or 0) - digits))


def same_number(got: str, wanted: str, relative: float) -> bool:
    allowed = relative * abs(float(wanted))
    if "." in wanted:
        allowed = max(2 * max(last_digit(got), last_digit(wanted)), allowed)
    return abs(float(got) - float(wanted)) <= allowed


def same(got: str, wanted: str, relative: float) -> bool:
    """Equal text, numbers compared at the precision they are printed with."""
    got, wanted = normalized(got), normalized(wanted)
    if NUMBER.sub("#", got) != NUMBER.sub("#", wanted):
        return False
    pairs = zip(NUMBER.findall(got), NUMBER.findall(wanted), strict=True)
    return all(same_number(g, w, relative) for g, w in pairs)


def execute(cell: dict[str, Any], namespace: dict[str, Any]) -> str:
    """What a cell prints, its last expression's value included."""
    source = cell["source"].replace("/tmp/", f"{Path.cwd()}/")
    tree = ast.parse(source)
    printed = io.StringIO()
    label = f"In [{cell['tag']}]"
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            last = ast.Expression(tree.body.pop().value)  # type: ignore[attr-defined]
        exec(compile(tree, label, "exec"), namespace)
        value = None if last is None else eval(compile(last, label, "eval"), namespace)
        if value is not None:
            printed.write(f"{value!r}\n")
    return printed.getvalue()


def run(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The outcome of every cell: its tag, what it printed, and the error if it did not run."""
    namespace: dict[str, Any] = {"__name__": "__main__", "m": 20640}  # read before it is set
    results = []
    for cell in cells:
        error = None
        printed = ""
        try:
            printed = execute(cell, namespace)
        except Exception as caught:  # noqa: BLE001
            error = f"{type(caught).__name__}: {caught}"
        wanted = cell["expected"]
        compared = bool(wanted) and not wanted.startswith(NOT_COMPARED)
        matches = error is None and same(printed, wanted, LOOSE.get(cell["tag"], 2e-5))
        results.append(
            {
                "tag": cell["tag"],
                "line": cell["line"],
                "error": error,
                "compared": compared,
                "matches": matches,
                "printed": printed,
                "wanted": wanted,
            }
        )
    return results


if __name__ == "__main__":
    mpl.use("Agg")
    np.set_printoptions(legacy=False)
    sys.modules["tensorflow"] = skflow
    sklearn.datasets.fetch_california_housing = fetch_california_housing
    json.dump(run(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), sys.stdout)
