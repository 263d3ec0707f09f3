"""Operations that later versions of TensorFlow write where 1.1.0 has others."""

from __future__ import annotations

import numpy as np

from skflow.graph.dtypes import NUMBERS
from skflow.graph.registry import define

# The loops of TensorFlow 2 count with it; texts are left to "Add".
define(
    "AddV2",
    "x: T, y: T -> z: T",
    kernel=np.add,
    grad=lambda _, dy: [dy, dy],
    types={"T": NUMBERS},
    broadcast=True,
    commutative=True,
)
