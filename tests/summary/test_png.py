"""PNG files hold the pixels they were made of, whoever reads them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from hypothesis import given, strategies as st

from skflow.summary import png
from tests.io.examples import steady


def decoded(data: bytes) -> Any:
    """The pixels, by the specification's words."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed, names = 8, b"", []
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length)[0] == zlib.crc32(name + body)
        names.append(name)
        packed += body if name == b"IDAT" else b""
        if name == b"IHDR":
            width, height, depth, color, *rest = struct.unpack(">IIBBBBB", body)
        at += length + 12
    assert names == [b"IHDR", *[b"IDAT"] * (len(names) - 2), b"IEND"]
    assert (depth, rest) == (8, [0, 0, 0])
    channels = {0: 1, 4: 2, 2: 3, 6: 4}[color]
    rows = zlib.decompress(packed)
    step = width * channels + 1
    assert len(rows) == height * step
    found: list[list[int]] = []
    above = [0] * (step - 1)
    for y in range(height):
        row = list(rows[y * step : (y + 1) * step])
        above = unfiltered(row[0], row[1:], above, channels)
        found.append(above)
    return np.array(found, np.uint8).reshape(height, width, channels)


def unfiltered(kind: int, row: list[int], above: list[int], channels: int) -> list[int]:
    for i, value in enumerate(row):
        a = row[i - channels] if i >= channels else 0
        b, c = above[i], above[i - channels] if i >= channels else 0
        p = a + b - c
        paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
        row[i] = value + [0, a, b, (a + b) // 2, paeth][kind] & 255
    return row


@steady
@given(
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(1, 4)),
    seed=st.integers(0, 2**32 - 1),
    smooth=st.booleans(),
)
def test_pixels(shape: tuple[int, int, int], seed: int, smooth: bool) -> None:
    image = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    if smooth:
        image = np.cumsum(image // 32, axis=1, dtype=np.uint8)
    np.testing.assert_array_equal(decoded(png.encode(image)), image)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_another_reader(channels: int) -> None:
    """Larger than a window and than a chunk."""
    rng = np.random.default_rng(channels)
    image = rng.integers(0, 256, (130, 210, channels), np.uint8)
    found = matplotlib.image.imread(io.BytesIO(png.encode(image)))
    wanted = image if channels > 1 else image[:, :, 0]
    np.testing.assert_array_equal(np.rint(found * 255).astype(np.uint8), wanted)


def test_filters_make_smooth_images_small() -> None:
    y, x = np.mgrid[:200, :200]
    image = ((x + 2 * y) % 256).astype(np.uint8)[:, :, None]
    assert len(png.encode(image)) < len(zlib.compress(image.tobytes()))
    assert len(png.encode(image)) < 1000
