"""Images from tensors of any range: TensorFlow's rules for scaling and for what is not finite."""

from __future__ import annotations

from typing import Final

import numpy as np

from skflow.graph.dtypes import Array

_NEARLY_ZERO: Final = np.float32(1e-6)


def to_bytes(image: Array, bad_color: Array) -> Array:
    """Scale an image to what eight bits hold.

    Parameters
    ----------
    image : ndarray of float32 or float16, shape (height, width, channels)
        Without negative values, the largest becomes 255; with them, zero becomes 128 and the one
        farthest from it 1 or 255.
    bad_color : ndarray of uint8, shape (channels,)
        The colour of pixels that hold an infinity or NaN.

    Returns
    -------
    ndarray of uint8, shape (height, width, channels)

    Source: the behaviour of TensorFlow 1.1.0.
    """
    finite = np.isfinite(image).all(axis=2)
    pixels = image[finite]
    low = pixels.min(initial=np.inf).astype(np.float32)
    high = pixels.max(initial=-np.inf).astype(np.float32)
    scale, offset = _line(low, high)
    kind = image.dtype.type
    found = np.empty(image.shape, np.uint8)
    with np.errstate(over="ignore"):
        found[finite] = _truncated(pixels * kind(scale) + kind(offset))
    found[~finite] = bad_color
    return found


def _line(low: np.float32, high: np.float32) -> tuple[np.float32, np.float32]:
    """The factor and the term that bring values to 0..255."""
    if low < 0:
        largest = max(abs(low), abs(high))
        scale = np.float32(0) if largest < _NEARLY_ZERO else np.float32(127) / largest
        return scale, np.float32(128)
    scale = np.float32(0) if high < _NEARLY_ZERO else np.float32(255) / high
    return scale, np.float32(0)


def _truncated(values: Array) -> Array:
    """Integers towards zero, kept in range, where rounding of half precision leaves it."""
    return np.clip(values, 0, 255).astype(np.uint8)
