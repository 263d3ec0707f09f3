"""Lists of types in the order in which TensorFlow's messages give them."""

from __future__ import annotations

from typing import Final

from skflow.graph.dtypes import (
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
)

REAL_NUMBERS: Final = (float32, float64, int32, int64, uint8, int16, int8, uint16, float16)
ANY_NUMBERS: Final = (
    float32,
    float64,
    int64,
    int32,
    uint8,
    uint16,
    int16,
    int8,
    complex64,
    complex128,
    float16,
)
