"""Files of records are read up to the first damage, with TensorFlow 1.1.0's words for it."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given, strategies as st

from skflow import errors
from skflow.io.coding import fixed32, fixed64
from skflow.io.crc import masked
from skflow.io.files import Files, current, using
from skflow.io.records import RecordReader, RecordWriter
from tests.golden.bundles import make_bundles
from tests.io.examples import steady
from tests.io.golden import FOLDER
from tests.io.memory_files import MemorySystem


def written(records: list[bytes]) -> bytes:
    system = MemorySystem()
    with using(Files(system)) as layer, layer.create("records") as file:
        writer = RecordWriter(file)
        for record in records:
            writer.write(record)
    return system.content("records")


def read(content: bytes) -> tuple[list[bytes], errors.OpError | None]:
    """The records before the end or the first damage, and the error it ends with."""
    system = MemorySystem()
    system.put("records", content)
    found = []
    with using(Files(system)), current().open("records") as file:
        try:
            for record in RecordReader(file):
                found.append(record)  # noqa: PERF402  # those before the error are wanted too
        except errors.OpError as error:
            return found, error
    return found, None


def test_bytes_are_tensorflows() -> None:
    content = (FOLDER / "records").read_bytes()
    assert written(make_bundles.records()) == content
    assert read(content) == (make_bundles.records(), None)


def test_damaged_files_end_as_in_tensorflow() -> None:
    """Cut short and with a bit changed, at every seventh byte."""
    content = (FOLDER / "records").read_bytes()
    expected = json.loads((FOLDER / "records_damaged.json").read_text())
    for changed, (number, error) in zip(make_bundles.damaged(content), expected, strict=True):
        found, raised = read(changed)
        assert found == make_bundles.records()[:number]
        if error is None:
            assert raised is None
        else:
            assert [type(raised).__name__, str(raised)] == [error[0], f"{error[1]}: records"]


@steady
@given(st.lists(st.binary(max_size=50)))
def test_round_trip(records: list[bytes]) -> None:
    assert read(written(records)) == (records, None)


def test_reading_goes_on_where_it_ended() -> None:
    """As when a file of events grows while it is watched."""
    whole, first = written([b"one", b"two"]), len(written([b"one"]))
    system = MemorySystem()
    system.put("records", whole[: first + 5])
    with using(Files(system)), current().open("records") as file:
        reader = RecordReader(file)
        assert reader.read(0) == (b"one", first)
        assert reader.read(first) is None
        with current().create("records", append=True) as more:
            more.write(whole[first + 5 :])
        assert reader.read(first) == (b"two", len(whole))
        assert reader.read(len(whole)) is None


def test_no_memory_for_a_length_beyond_the_file() -> None:
    length = fixed64(2**62)
    content = length + fixed32(masked(length)) + b"short"
    tracemalloc.start()
    try:
        found, error = read(content)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert found == []
    assert isinstance(error, errors.DataLossError)
    assert str(error) == "truncated record at 0: records"


@pytest.mark.parametrize("record", [bytearray(b"ab"), memoryview(b"ab")])
def test_any_buffer_can_be_written(record: bytearray | memoryview) -> None:
    assert written([record]) == written([b"ab"])  # type: ignore[list-item]
