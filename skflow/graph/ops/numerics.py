"""Looking for what is not finite."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.graph.declaration import Attr
from skflow.graph.dtypes import FLOATS, Array
from skflow.graph.ops._elementwise import into, invalid
from skflow.graph.registry import NOT_DIFFERENTIABLE, define, raw

for _name, _ufunc in (("IsNan", np.isnan), ("IsInf", np.isinf), ("IsFinite", np.isfinite)):
    define(
        _name,
        "x: T -> y: bool",
        kernel=_ufunc,
        grad=NOT_DIFFERENTIABLE,
        types={"T": FLOATS},
        elementwise=True,
    )


def _check_numerics(x: Array, *, message: str, out: Array | None = None) -> Any:
    if not np.all(np.isfinite(x)):
        found = [name for name, seen in (("Inf", np.isinf), ("NaN", np.isnan)) if np.any(seen(x))]
        raise invalid(f"{message} : Tensor had {' and '.join(found)} values")
    return into(x.copy() if out is None else x, out)


define(
    "CheckNumerics",
    "tensor: T -> output: T",
    kernel=_check_numerics,
    grad=lambda _, dy: [
        raw.CheckNumerics(
            dy, message="Not a number (NaN) or infinity (Inf) values detected in gradient."
        )
    ],
    attrs={"message": Attr("string")},
    types={"T": FLOATS},
    elementwise=True,
    out=True,
)
