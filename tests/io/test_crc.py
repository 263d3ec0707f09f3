"""Checksums equal published ones, however the bytes come."""

from __future__ import annotations

import array

import google_crc32c
import numpy as np
import pytest
from hypothesis import given, strategies as st

from skflow.io import crc
from tests.io.examples import steady


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # RFC 3720, appendix B.4.
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_published_values(data: bytes, expected: int) -> None:
    assert crc.value(data) == expected


def test_mask_of_nothing_is_tensorflows() -> None:
    assert crc.masked(b"") == 0xA282EAD8


@steady
@given(st.integers(0, 2**32 - 1))
def test_mask_is_undone(number: int) -> None:
    masked = crc.mask(number)
    assert 0 <= masked < 2**32
    assert masked != number
    assert crc.unmask(masked) == number


@steady
@given(st.binary(), st.binary())
def test_extend_is_the_sum_of_the_whole(first: bytes, second: bytes) -> None:
    assert crc.extend(crc.value(first), second) == crc.value(first + second)


@pytest.mark.parametrize("implementation", ["c", "python"])
@steady
@given(data=st.binary(max_size=100))
def test_any_buffer(implementation: str, data: bytes) -> None:
    """Both ways of handing bytes to the library, which takes only some buffers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(google_crc32c, "implementation", implementation)
        expected = google_crc32c.value(data)
        for buffer in (bytearray(data), memoryview(data), array.array("B", data)):
            assert crc.value(buffer) == expected
        assert crc.value(np.frombuffer(data, np.uint8)) == expected


def test_longer_than_a_chunk() -> None:
    data = np.random.default_rng(0).integers(0, 256, 3 * crc.CHUNK + 5).astype(np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(google_crc32c, "implementation", "python")
        assert crc.value(data) == google_crc32c.value(data.tobytes())


@given(st.binary(), st.binary(), st.sampled_from([0, 1, 255, 256, 4097]))
def test_checksums_are_joined(first: bytes, second: bytes, more: int) -> None:
    second += bytes(more)
    total = crc.joined(crc.value(first), crc.value(second), len(second))
    assert total == crc.value(first + second)
