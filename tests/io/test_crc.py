"""Checksums equal published ones, however the bytes come."""

from __future__ import annotations

import array
import ctypes
import threading
from collections.abc import Iterator
from typing import Any

import google_crc32c
import numpy as np
import pytest
from hypothesis import given, strategies as st

from skflow.io import crc
from tests.io.examples import steady


@pytest.fixture
def _looked_for_anew() -> Iterator[None]:
    crc._without_lock.cache_clear()
    yield
    crc._without_lock.cache_clear()


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


# ---- much at once, for which Python's lock is let go -------------------------------------------


@pytest.mark.parametrize("length", [crc._LONG - 1, crc._LONG, crc._LONG + 1, 5 * crc._LONG + 3])
@pytest.mark.parametrize("start", [0, 1, 13])
def test_long_parts(length: int, start: int) -> None:
    whole = np.random.default_rng(length).integers(0, 256, length + start).astype(np.uint8)
    data = whole[start:]
    expected = google_crc32c.extend(77, data.tobytes())
    for buffer in (data, data.tobytes(), bytearray(data), memoryview(data)):
        assert crc.extend(77, buffer) == expected
    data.flags.writeable = False
    assert crc.extend(77, data) == expected


def test_threads_sum_at_once() -> None:
    if not crc.is_parallel():  # the library's functions hide here
        assert crc._without_lock() is None or google_crc32c.implementation != "c"
        return
    data = np.random.default_rng(0).integers(0, 256, 1 << 24).astype(np.uint8)
    expected, found = google_crc32c.value(data.tobytes()), []
    threads = [threading.Thread(target=lambda: found.append(crc.value(data))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


class _Library:
    """What `ctypes` finds behind a path."""

    def __init__(self, **functions: Any) -> None:
        vars(self).update(functions)


def _wrong(*_: Any) -> int:
    return 1


@pytest.mark.usefixtures("_looked_for_anew")
@pytest.mark.parametrize(
    "found", [OSError("no such library"), _Library(), _Library(crc32c_extend=_wrong)]
)
def test_a_library_whose_functions_cannot_be_called(
    found: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(_path: str) -> Any:
        if isinstance(found, OSError):
            raise found
        return found

    monkeypatch.setattr(ctypes, "CDLL", load)
    data = np.random.default_rng(0).integers(0, 256, 3 * crc._LONG).astype(np.uint8)
    assert not crc.is_parallel()
    assert crc.value(data) == google_crc32c.value(data.tobytes())


@steady
@given(st.binary(min_size=1), st.lists(st.integers(0, 1 << 17), max_size=6))
def test_joined_at_any_places(seed: bytes, places: list[int]) -> None:
    """What the parts of an array make together, cut anywhere, is the whole's."""
    data = np.resize(np.frombuffer(seed, np.uint8), 1 << 17)
    ends = sorted({*places, len(data)})
    total = 0
    for start, end in zip([0, *ends], ends, strict=False):
        total = crc.joined(total, crc.value(data[start:end]), end - start)
    assert total == google_crc32c.value(data.tobytes())
