"""Numbers as bytes, and back."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from skflow.io import coding
from skflow.proto import BundleEntryProto
from tests.io.examples import steady

UNSIGNED = st.integers(0, 2**64 - 1)


@steady
@given(UNSIGNED, st.binary(max_size=3), st.binary(max_size=3))
def test_varint_round_trip(number: int, before: bytes, after: bytes) -> None:
    data = before + coding.varint(number) + after
    end = len(data) - len(after)
    assert coding.read_varint(data, len(before), len(data)) == (number, end)
    with pytest.raises(ValueError, match="cut short"):
        coding.read_varint(data, len(before), end - 1)


@steady
@given(st.integers(1, 2**63 - 1))
def test_varint_is_protobufs(number: int) -> None:
    assert b"\x20" + coding.varint(number) == BundleEntryProto(offset=number).SerializeToString()


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 10 + b"\x01", b"\xff" * 9 + b"\x02"])
def test_no_varint(data: bytes) -> None:
    with pytest.raises(ValueError, match="cut short or too long"):
        coding.read_varint(data, 0, len(data))


@steady
@given(UNSIGNED)
def test_fixed_round_trip(number: int) -> None:
    assert coding.read_fixed64(b"x" + coding.fixed64(number), 1) == number
    low = number & 0xFFFFFFFF
    assert coding.read_fixed32(b"xy" + coding.fixed32(low) + b"z", 2) == low
