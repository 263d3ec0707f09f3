"""Messages from files are read as they are; only what nobody would save is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from skflow.proto import (
    AttrValue,
    DecodeError,
    Event,
    GraphDef,
    MetaGraphDef,
    SavedTensorSlices,
    TensorProto,
    stored,
)
from skflow.proto.stored import parse_stored


def varint(number: int) -> bytes:
    rest = number >> 7
    return bytes([number & 127 | 128]) + varint(rest) if rest else bytes([number])


def field(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def within(path: tuple[int, ...], data: bytes) -> bytes:
    for number in reversed(path):
        data = field(number, data)
    return data


@pytest.fixture
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few be too many, so that small messages are looked through."""
    monkeypatch.setattr(stored, "_MOST_EMPTY", 10)


# Where a list of tensors can lie, from the outermost message on.
PLACES: list[tuple[Any, tuple[int, ...], int]] = [
    (AttrValue, (1,), 8),
    (AttrValue, (8, 15), 3),
    (GraphDef, (1, 5, 2, 1), 8),
    (GraphDef, (1, 5, 2, 10, 2, 2, 1), 8),
    (GraphDef, (2, 1, 3, 5, 2, 1), 8),
    (GraphDef, (2, 1, 7, 2, 1, 2, 1), 8),
    (MetaGraphDef, (2, 1, 5, 2, 1), 8),
    (MetaGraphDef, (1, 2, 1, 4, 3, 1), 8),
    (MetaGraphDef, (1, 2, 1, 4, 7, 1), 8),
    (Event, (5, 1, 8, 15), 3),
    (SavedTensorSlices, (2, 3, 15), 3),
    (TensorProto, (15, 3, 15), 3),
]


@pytest.mark.usefixtures("_few")
@pytest.mark.parametrize(("class_", "path", "number"), PLACES)
def test_empty_tensors(class_: Any, path: tuple[int, ...], number: int) -> None:
    """In one list or many, each is counted."""
    for count in (9, 10):
        data = within(path, field(number, b"") * count)
        assert parse_stored(data, class_) == class_.FromString(data)
    for data in (within(path, field(number, b"") * 11), within(path, field(number, b"") * 6) * 2):
        assert class_.FromString(data).ByteSize() > 0
        with pytest.raises(DecodeError, match="More than 10 tensors have neither type nor content"):
            parse_stored(data, class_)


@pytest.mark.usefixtures("_few")
def test_the_same_bytes_elsewhere() -> None:
    """In texts and in numbers they are no tensors; neither are tensors that have a type."""
    graph = GraphDef()
    node = graph.node.add(name="B\0" * 20, op="\x1a\0" * 20, input=["B\0", "\x1a\0"] * 20)
    node.attr["a"].tensor.tensor_content = np.full(100, 32.0, np.float32).tobytes()
    node.attr["b"].list.s.extend([b"B\0" * 20] * 20)
    node.attr["c"].list.i.extend([0x42] * 50)
    node.attr["d"].list.f.extend([32.0] * 50)
    node.attr["e"].i = 1 << 63 - 1
    node.attr["f"].f = 32.0
    node.attr["g"].list.tensor.extend([TensorProto(dtype=1)] * 50)
    node.attr["h"].list.tensor.extend([TensorProto(double_val=[1.5], string_val=[b"B\0"])] * 50)
    # Fields that are not known here, of every kind.
    more = within((1,), field(6000, b"B\0" * 9) + varint(6001 << 3 | 1) + bytes(8))
    more += varint(6002 << 3 | 5) + b"B\0B\0" + varint(6003 << 3) + varint(2**64 - 1)
    data = graph.SerializeToString() + more
    assert sum(map(data.count, stored._SHORTEST)) > 100
    assert parse_stored(data, GraphDef) == GraphDef.FromString(data)


@pytest.mark.usefixtures("_few")
@pytest.mark.parametrize(
    ("end", "sentence"),
    [
        (b"\x0a\x50", "cut short"),
        (b"\x0a", "A number has no end"),
        (b"\x80" * 40, "A number has no end"),
        (b"\x08", "A number has no end"),
        (b"\x0d\0\0", "cut short"),
        (b"\x0b\x0c", "a part of an unknown kind"),
        (b"\x0f", "a part of an unknown kind"),
    ],
)
def test_what_is_no_message(end: bytes, sentence: str) -> None:
    start = field(9, b"B\0" * 20)
    with pytest.raises(DecodeError, match=sentence):
        parse_stored(start + end, GraphDef)
    with pytest.raises(DecodeError):
        parse_stored(end[:1], GraphDef)


@pytest.mark.usefixtures("_few")
def test_messages_in_each_other() -> None:
    data = b"B\0" * 11
    for _ in range(60):
        data = within((15, 3), data)
    with pytest.raises(DecodeError, match="more than 100 deep"):
        parse_stored(data, TensorProto)


@pytest.mark.usefixtures("_few")
@given(st.binary(max_size=40), st.integers(0, 40), st.sampled_from([AttrValue, GraphDef, Event]))
def test_any_bytes(other: bytes, place: int, class_: Any) -> None:
    """What is looked through and let pass is read as it is without."""
    graph = within((1, 5, 2, 1), field(8, b"\x08\x01") * 3) + field(99, b"B\0" * 11)
    data = graph[:place] + other + graph[place:]
    try:
        found = parse_stored(data, class_)
    except DecodeError:
        return
    assert found == class_.FromString(data)


def test_many_tensors_are_refused() -> None:
    data = within((2, 1, 5, 2, 1), field(8, b"") * 500_000)
    with pytest.raises(DecodeError, match="More than 131072 tensors"):
        parse_stored(data, MetaGraphDef)
