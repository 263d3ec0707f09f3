"""WAV files hold the samples they were made of, whoever reads them."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from skflow import errors
from skflow.summary import wav


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_another_reader(channels: int) -> None:
    samples = np.random.default_rng(channels).uniform(-1, 1, (50, channels)).astype(np.float32)
    with wave.open(io.BytesIO(wav.encode(samples, 22050))) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (
            channels,
            22050,
            2,
        )
        data = np.frombuffer(file.readframes(50), "<i2").reshape(50, channels)
    assert np.abs(data / 32768 - samples).max() <= 0.5 / 32768 + 1e-9


def test_rounding_and_clipping() -> None:
    values = np.array([0.5, -0.5, 1.5, -1.5, 2.49, 40000, -40000, 32767, np.nan, np.inf, -np.inf])
    samples = (values / 32768).astype(np.float32).reshape(-1, 1)
    found = np.frombuffer(wav.encode(samples, 8000)[44:], "<i2")
    assert found.tolist() == [1, -1, 2, -2, 2, 32767, -32768, 32767, 0, 32767, -32768]


@pytest.mark.parametrize(
    ("shape", "rate", "said"),
    [
        ((0, 1), 8000, "audio is null"),
        ((3, 1), 0, r"sample_rate must be in \(0, 2\^32\), got: 0"),
        ((3, 1), 1 << 32, r"sample_rate must be in \(0, 2\^32\), got: 4294967296"),
        ((1, 1 << 16), 8000, r"num_channels must be in \(0, 2\^16\), got: 65536"),
    ],
)
def test_what_cannot_be_written(shape: tuple[int, int], rate: int, said: str) -> None:
    with pytest.raises(errors.InvalidArgumentError, match=said):
        wav.encode(np.zeros(shape, np.float32), rate)
