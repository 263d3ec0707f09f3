"""The operation that everything known while a graph is built becomes."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.graph.dtypes import as_dtype
from tests.op_cases.case import Case, real


def _constant(value: Any) -> Case:
    array = np.array(value)
    array.flags.writeable = False
    return Case(
        "Const",
        [],
        lambda value, **_: value,
        {"value": array, "dtype": as_dtype(array.dtype)},
    )


CASES = [
    _constant(real(2, 3)),
    _constant(np.float32(1.5)),
    _constant(np.zeros((0, 2), np.int32)),
    _constant([True, False]),
    _constant(np.array([b"a", b""], dtype=object)),
]
