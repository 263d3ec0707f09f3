"""Strings as a bundle stores them, and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from skflow.io import crc, string_data
from skflow.io.coding import fixed32
from tests.io.examples import steady

STRINGS = st.lists(st.binary(max_size=200), max_size=20)


def stored(strings: list[bytes]) -> tuple[bytes, int]:
    lengths, total = string_data.encode_lengths(strings)
    return lengths + b"".join(strings), crc.extend(total, b"".join(strings))


@steady
@given(STRINGS)
def test_round_trip(strings: list[bytes]) -> None:
    data, total = stored(strings)
    out = np.empty(len(strings), dtype=object)
    assert string_data.decode(data, len(strings), out) == total
    assert out.tolist() == strings


@steady
@given(STRINGS, st.integers(0, 300), st.integers(0, 25))
def test_cut_short_or_counted_wrong(strings: list[bytes], end: int, count: int) -> None:
    data, _ = stored(strings)
    if end >= len(data) and count == len(strings):
        return
    out = np.empty(count, dtype=object)
    try:
        string_data.decode(data[:end], count, out)
    except ValueError:
        return
    # What is left may be the lengths of fewer strings, or none at all.
    assert count == 0
    assert end == 0


def test_problems_are_named() -> None:
    out = np.empty(1, dtype=object)
    with pytest.raises(ValueError, match="length checksum does not match: expected 2\\d* but"):
        string_data.decode(b"\x01" + fixed32(0) + b"a", 1, out)
    data, _ = stored([b"abc"])
    with pytest.raises(ValueError, match="do not add up"):
        string_data.decode(data + b"x", 1, out)


def test_a_length_of_more_than_32_bits_is_summed_as_64() -> None:
    assert string_data._summed(2**32 - 1) == b"\xff" * 4
    assert string_data._summed(2**32) == b"\0\0\0\0\1\0\0\0"


def test_what_counts_as_a_string() -> None:
    values = np.array(["\xe9", b"b", bytearray(b"c")], dtype=object)
    assert string_data.as_bytes(values) == [b"\xc3\xa9", b"b", b"c"]
    with pytest.raises(TypeError, match="an element is no string but int"):
        string_data.as_bytes(np.array([b"a", 1], dtype=object))
