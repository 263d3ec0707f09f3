"""Sound in WAV files: sixteen bits a sample, little-endian."""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

from skflow import errors
from skflow.graph.dtypes import Array

_MOST_CHANNELS: Final = 0xFFFF
_MOST_HERTZ: Final = 0xFFFFFFFF
_BYTES: Final = 2
_HEADER: Final = 44


def encode(samples: Array, rate: int) -> bytes:
    """Pack sound.

    Parameters
    ----------
    samples : ndarray of float32, shape (frames, channels)
        From -1 to 1; what lies outside is clipped.
    rate : int
        Frames a second (Hz).

    Returns
    -------
    bytes
        The file's content.

    Raises
    ------
    InvalidArgumentError
        If there is no frame or no channel, or more channels or hertz than the format can hold.

    Source: the behaviour of TensorFlow 1.1.0.
    """
    frames, channels = samples.shape
    _check(frames, channels, rate)
    data = _integers(samples).tobytes()
    # TensorFlow counts one channel for the bytes of a second, which no player reads.
    a_second = rate * _BYTES & _MOST_HERTZ
    return (
        b"RIFF"
        + struct.pack("<I", _HEADER - 8 + len(data))
        + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, channels, rate, a_second, channels * _BYTES, 16)
        + b"data"
        + struct.pack("<I", len(data))
        + data
    )


def _check(frames: int, channels: int, rate: int) -> None:
    if not frames * channels:
        raise _invalid("audio is null")
    if not 0 < rate <= _MOST_HERTZ:
        raise _invalid(f"sample_rate must be in (0, 2^32), got: {rate}")
    if channels > _MOST_CHANNELS:
        raise _invalid(f"num_channels must be in (0, 2^16), got: {channels}")
    if _HEADER + frames * channels * _BYTES > _MOST_HERTZ:
        raise _invalid("Provided channels and frames cannot be encoded as a WAV.")


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _integers(samples: Array) -> Array:
    """Round halves away from zero and clip; what is no number is silence."""
    scaled = np.where(np.isnan(samples), np.float32(0), samples) * np.float32(1 << 15)
    rounded = np.copysign(np.floor(np.abs(scaled.astype(np.float64)) + 0.5), scaled)
    return np.clip(rounded, -32768, 32767).astype("<i2")
