"""What kinds of values the text of a saved estimator can hold.

What JSON has no kind for is an object of one key that begins with ``$``: ``{"$tuple": [1, 2]}``.
Larger arrays lie beside the text, as bytes under a number that the text gives.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

# Arrays with more bytes lie beside the text. What is read from the text can thus not say that a
# few letters are a large array.
MOST_INLINE: Final = 512

DEEPEST: Final = 32  # values within one another

# The types of arrays.
DTYPE: Final = re.compile(r"[<>|=]?(b1|[iufc][0-9]{1,2}|U[0-9]{1,9}|[mM]8(\[[0-9]*[a-zA-Z]+\])?)")

# Types of numbers that a parameter may hold as a class.
TYPES: Final[Mapping[str, Any]] = {
    "float": float,
    "numpy.float32": np.float32,
    "numpy.float64": np.float64,
}

DAY_TIMES: Final[Mapping[str, Any]] = {"date": dt.date, "datetime": dt.datetime, "time": dt.time}

# The fields of `Columns` that are written as they are.
COLUMNS: Final = ("spec", "numeric", "categorical", "inputs", "dtype")
