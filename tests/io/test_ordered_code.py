"""Keys of parts sort as what they stand for, and are TensorFlow's."""

from __future__ import annotations

from hypothesis import given, strategies as st

from skflow.io import ordered_code
from tests.io.examples import steady
from tests.io.golden import FOLDER

SIGNED = st.integers(-(2**63), 2**63 - 1)
# What is near a change of length is where mistakes hide.
EDGES = st.builds(
    lambda sign, power, by: max(-(2**63), min(2**63 - 1, sign * 2**power + by)),
    st.sampled_from((-1, 1)),
    st.integers(0, 63),
    st.integers(-1, 1),
)


@steady
@given(SIGNED | EDGES, SIGNED | EDGES)
def test_signed_numbers_sort(first: int, second: int) -> None:
    codes = ordered_code.encode_signed(first), ordered_code.encode_signed(second)
    assert (codes[0] < codes[1]) == (first < second)
    assert (codes[0] == codes[1]) == (first == second)


@steady
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_numbers_sort(first: int, second: int) -> None:
    codes = ordered_code.encode_number(first), ordered_code.encode_number(second)
    assert (codes[0] < codes[1]) == (first < second)


@steady
@given(st.binary(), st.binary())
def test_texts_sort(first: bytes, second: bytes) -> None:
    codes = ordered_code.encode_text(first), ordered_code.encode_text(second)
    assert (codes[0] < codes[1]) == (first < second)


def test_texts_of_special_bytes_sort() -> None:
    texts = sorted(bytes([a, b]) for a in (0, 1, 254, 255) for b in (0, 1, 254, 255))
    assert sorted(map(ordered_code.encode_text, texts)) == [
        ordered_code.encode_text(text) for text in texts
    ]


def test_documented_examples() -> None:
    """The two examples in the description of the format, and the borders of one byte."""
    assert ordered_code.encode_signed(0x424242) == bytes.fromhex("f0424242")
    assert ordered_code.encode_signed(-0x800) == bytes.fromhex("3800")
    assert [ordered_code.encode_signed(n).hex() for n in (-65, -64, -1, 0, 63, 64)] == [
        "3fbf", "40", "7f", "80", "bf", "c040"
    ]  # fmt: skip


def test_keys_in_a_real_index() -> None:
    index = (FOLDER / "tf1_parts.index").read_bytes()
    assert ordered_code.part_key("far\0\xff".encode(), [(0, 990), (0, 1)]) in index
    old = (FOLDER / "tf1_old").read_bytes()
    assert ordered_code.part_key(b"bool", [(0, -1), (0, -1)]) in old
