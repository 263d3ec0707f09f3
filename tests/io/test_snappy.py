"""Blocks compressed with Snappy come out as they went in, or are refused."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given, strategies as st

from skflow.io import snappy
from skflow.io.coding import varint
from tests.golden.bundles import make_snappy
from tests.io.examples import steady
from tests.io.snappy_writer import compress

RECORDED = [
    bytes.fromhex(text) for text in json.loads((make_snappy.HERE / "snappy.json").read_text())
]


@pytest.mark.parametrize("number", range(len(RECORDED)))
def test_blocks_that_the_library_made(number: int) -> None:
    assert snappy.decompress(RECORDED[number]) == make_snappy.contents()[number]


@steady
@given(st.lists(st.binary(max_size=80) | st.sampled_from([b"abcd" * 30, b"x" * 70]), max_size=30))
def test_round_trip(pieces: list[bytes]) -> None:
    data = b"".join(pieces + pieces)
    assert snappy.decompress(compress(data)) == data


@steady
@given(st.binary(max_size=60), st.integers(0, 400))
def test_damage_is_refused_or_gives_the_declared_length(data: bytes, length: int) -> None:
    try:
        found = snappy.decompress(varint(length) + data)
    except ValueError:
        return
    assert len(found) == length


@pytest.mark.parametrize("number", range(len(RECORDED)))
def test_truncated(number: int) -> None:
    block = RECORDED[number]
    for end in range(0, len(block), max(1, len(block) // 40)):
        with pytest.raises(ValueError, match=r"."):
            snappy.decompress(block[:end])


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        (b"\x05\x00a\x05\x00", "reaches back before the beginning"),
        (b"\x05\x00a\x05\x02", "reaches back before the beginning"),
        (b"\x05\x0cab", "a literal is cut short"),
        (b"\x05\x00a\x06\x01", "a copy is cut short"),
        (b"\x02\x00a", "another length than the declared 2"),
        (b"\x01\x04ab", "another length than the declared 1"),
        (b"\xff\xff\xff\xff\x0f" + b"\x00a" * 9, "cannot hold 4294967295"),
    ],
)
def test_what_is_wrong(block: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        snappy.decompress(block)


def test_no_memory_for_what_cannot_be() -> None:
    """A short block that promises much, and one that holds more than it promises."""
    promising = varint(2**40) + bytes(1000)
    overflowing = varint(100) + b"\x00a" + b"\xfe\x01\x00" * 100000
    tracemalloc.start()
    try:
        for block in (promising, overflowing):
            with pytest.raises(ValueError, match=r"."):
                snappy.decompress(block)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()
