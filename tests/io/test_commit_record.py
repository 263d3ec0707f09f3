"""Records of unfinished saves: read as written, or refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from skflow import errors
from skflow.io import crc
from skflow.io.commit_record import (
    Record,
    is_ending,
    new_token,
    path_in,
    read_record,
    record_path,
    temporary_path,
    token_in,
)
from skflow.io.files import Files, using
from tests.io.examples import steady
from tests.io.memory_files import MemorySystem

ENDINGS = st.lists(st.sampled_from([".index", ".meta", ".data-00000-of-00001", ".\xe9"]))
GOOD = {"format": 1, "token": "0" * 16, "files": [".index"], "obsolete": []}


@steady
@given(ENDINGS, ENDINGS)
def test_round_trip(endings: list[str], obsolete: list[str]) -> None:
    record = Record(new_token(), tuple(endings), tuple(obsolete))
    assert Record.decoded(record.encoded()) == record


@steady
@given(st.integers(0), st.integers(0, 7))
def test_every_change_is_noticed(position: int, bit: int) -> None:
    content = bytearray(Record(new_token(), (".index",), ()).encoded())
    content[position % len(content)] ^= 1 << bit
    with pytest.raises(ValueError, match=r"."):
        Record.decoded(bytes(content))


def test_names() -> None:
    token = new_token()
    assert token_in(temporary_path("a/model.index", token)) == token
    assert token_in("model.index") is None
    assert token_in(record_path("model")) is None
    assert path_in(".", "x") == "./x"
    assert path_in("/", "x") == "/x"


@pytest.mark.parametrize(
    "ending",
    ["", "index", "./x", ".a/b", ".a\\b", ".a\0", ".a\n", ".skflow-commit", 7, None,
     ".index.skflow-" + "0" * 16, "." + "a" * 300],
)  # fmt: skip
def test_endings_that_would_lead_elsewhere(ending: object) -> None:
    assert not is_ending(ending)


@pytest.mark.parametrize(
    "fields",
    [
        [],
        {},
        GOOD | {"format": 2},
        GOOD | {"token": "../../etc/passwd"},
        GOOD | {"token": 5},
        GOOD | {"files": [".index", "/../x"]},
        GOOD | {"files": ".index"},
        GOOD | {"obsolete": [1]},
    ],
)
def test_records_that_nobody_wrote(fields: object) -> None:
    line = json.dumps(fields).encode()
    with pytest.raises(ValueError, match=r"."):
        Record.decoded(line + b"\n%08x\n" % crc.masked(line))


def test_a_damaged_record_is_named() -> None:
    system = MemorySystem()
    system.put("model.skflow-commit", b"x")
    with using(Files(system)):
        assert read_record(record_path("other")) is None
        with pytest.raises(errors.DataLossError, match="^model.skflow-commit; the record of an"):
            read_record(record_path("model"))
