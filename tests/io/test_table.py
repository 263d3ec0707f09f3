"""Tables: TensorFlow's bytes, and everything found again that was written."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from skflow import errors
from skflow.io import crc
from skflow.io.bundle_writer import write_bundle
from skflow.io.coding import fixed32, varint
from skflow.io.files import Files, current, using
from skflow.io.table_block import Block
from skflow.io.table_format import BLOCK_SIZE, BlockHandle, footer
from skflow.io.table_reader import TableReader
from skflow.io.table_writer import TableWriter
from tests.golden.bundles import make_bundles
from tests.io.examples import steady
from tests.io.golden import FOLDER
from tests.io.memory_files import MemorySystem
from tests.io.snappy_writer import compress

DIGESTS = json.loads((FOLDER / "digests.json").read_text())

TABLES = st.dictionaries(st.binary(max_size=8), st.binary(max_size=20), max_size=60)


def written(entries: dict[bytes, bytes]) -> bytes:
    out = bytearray()

    class Memory:
        def write(self, data: bytes) -> None:
            out.extend(data)

    writer = TableWriter(Memory())
    for key in sorted(entries):
        writer.add(key, entries[key])
    assert writer.finish() == len(out)
    return bytes(out)


@contextmanager
def opened(content: bytes) -> Iterator[TableReader]:
    system = MemorySystem()
    system.put("table", content)
    with using(Files(system)), current().open("table") as file:
        yield TableReader(file)


def framed(contents: bytes, kind: int = 0) -> bytes:
    return contents + bytes([kind]) + fixed32(crc.masked(contents + bytes([kind])))


def table_of(*blocks: tuple[bytes, bytes, int], index: bytes | None = None) -> bytes:
    """A table of finished blocks, each with its key in the index and its type."""
    out, entries = b"", b""
    for key, contents, kind in blocks:
        handle = BlockHandle(len(out), len(contents)).encoded()
        entries += varint(0) + varint(len(key)) + varint(len(handle)) + key + handle
        out += framed(contents, kind)
    index = entries + fixed32(0) + fixed32(1) if index is None else index
    meta = BlockHandle(len(out), 8)
    out += framed(fixed32(0) + fixed32(1))
    last = BlockHandle(len(out), len(index))
    return out + framed(index) + footer(meta, last)


def entry(shared: int, key: bytes, value: bytes) -> bytes:
    return varint(shared) + varint(len(key)) + varint(len(value)) + key + value


def block(*entries: bytes, restarts: tuple[int, ...] = (0,)) -> bytes:
    return b"".join(entries) + b"".join(map(fixed32, restarts)) + fixed32(len(restarts))


@pytest.mark.parametrize("case", DIGESTS)
def test_many_and_long_keys_are_tensorflows(case: str) -> None:
    """Where blocks end, how index keys are shortened, restarts: of tables of several blocks."""
    system = MemorySystem()
    names = make_bundles.large_cases()[case]
    with using(Files(system)):
        # TensorFlow was given Latin-1 here: bytes that are no UTF-8.
        decoded = [name.encode("latin-1").decode("utf-8", "surrogateescape") for name in names]
        write_bundle("large", zip(decoded, np.arange(len(names), dtype=np.int32), strict=True))
    for ending, digest in DIGESTS[case].items():
        assert hashlib.sha256(system.content(f"large.{ending}")).hexdigest() == digest


@steady
@given(TABLES, st.binary(max_size=8))
def test_round_trip(entries: dict[bytes, bytes], start: bytes) -> None:
    keys = sorted(entries)
    with opened(written(entries)) as table:
        assert [(key, bytes(value)) for key, value in table.items()] == sorted(entries.items())
        assert [key for key, _ in table.items(start)] == keys[bisect_left(keys, start) :]
        for key in [*keys, start]:
            found = table.get(key)
            assert (None if found is None else bytes(found)) == entries.get(key)


@settings(steady, max_examples=20)
@given(st.integers(1, 4), st.integers(0, 2**32))
def test_round_trip_over_several_blocks(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, BLOCK_SIZE // 2 * size, 9)
    entries = {rng.bytes(3): rng.bytes(int(length)) for length in lengths}
    entries |= {key + b"x" * 1000: b"" for key in list(entries)[:3]}
    with opened(written(entries)) as table:
        assert dict(table.items()) == entries
        for key, value in entries.items():
            assert table.get(key) == value
            assert table.get(key + b"\0") is None


@steady
@given(TABLES)
def test_snappy_blocks(entries: dict[bytes, bytes]) -> None:
    """The same table with its block compressed."""
    data = block(*(entry(0, key, entries[key]) for key in sorted(entries)))
    last = max(entries, default=b"")
    with opened(table_of((last, compress(data), 1))) as table:
        assert dict(table.items()) == entries


def test_keys_must_come_in_order() -> None:
    writer = TableWriter(open_nothing())
    writer.add(b"b", b"")
    for key in (b"a", b"b"):
        with pytest.raises(ValueError, match="does not come after b'b'"):
            writer.add(key, b"")


def open_nothing() -> Any:
    with using(Files(MemorySystem())) as layer:
        return layer.create("nothing")


GOOD = block(entry(0, b"a", b"1"), entry(1, b"b", b"2"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "file is too short to be an sstable"),
        (bytes(48), "not an sstable"),
        (b"\xff" * 40 + footer(BlockHandle(0, 0), BlockHandle(0, 0))[40:], "bad block handle"),
        (footer(BlockHandle(0, 0), BlockHandle(0, 2**60)), "truncated block read"),
        (footer(BlockHandle(0, 0), BlockHandle(2**60, 1)), "truncated block read"),
        (table_of((b"b", GOOD, 0), index=b"abc"), "bad block contents"),
        (table_of((b"b", GOOD, 0), index=fixed32(2**31)), "bad block contents"),
        (table_of((b"b", GOOD, 0), index=entry(0, b"b", b"\xff") + GOOD[-8:]), "bad block handle"),
        (table_of((b"b", GOOD, 2)), "bad block type"),
        (table_of((b"b", b"\xff\xff\xff\xff\x7f", 1)), "corrupted compressed block contents"),
        (table_of((b"b", GOOD + b"\x00", 1)), "corrupted compressed block contents"),
        (table_of((b"a", GOOD, 0)), "bad entry in block"),
        (table_of((b"b", GOOD, 0), (b"c", GOOD, 0)), "bad entry in block"),
        (table_of((b"b", block(entry(1, b"b", b"")), 0)), "bad entry in block"),
        (table_of((b"b", block(entry(0, b"b", b""), entry(0, b"a", b"")), 0)), "bad entry"),
        (table_of((b"b", block(entry(0, b"a", b""), entry(0, b"a", b"")), 0)), "bad entry"),
        (table_of((b"b", block(b"\x00\x05\x00a"), 0)), "bad entry in block"),
        (table_of((b"b", block(b"\x00\x01\x05a"), 0)), "bad entry in block"),
        (table_of((b"b", block(entry(0, b"a", b""), restarts=(1,)), 0)), "bad entry in block"),
        (table_of((b"b", block(entry(0, b"a", b""), restarts=(0, 0)), 0)), "bad entry in block"),
        (table_of((b"b", block(entry(0, b"a", b""), restarts=()), 0)), "bad entry in block"),
        (table_of((b"b", block(entry(0, b"ab", b""), entry(1, b"c", b""), restarts=(0, 5)), 0)), "bad"),
    ],
)  # fmt: skip
def test_what_is_damaged(content: bytes, problem: str) -> None:
    with pytest.raises(errors.DataLossError, match=problem) as raised:
        with opened(content) as table:
            list(table.items())
    assert ": table, at byte " in str(raised.value)


def test_checksum() -> None:
    content = bytearray(written({b"a": b"value"}))
    content[4] ^= 1
    with pytest.raises(errors.DataLossError, match="block checksum mismatch: table, at byte 0"):
        with opened(bytes(content)) as table:
            table.get(b"a")


def test_index_that_names_one_block_twice() -> None:
    """The second entry's keys would be the first's again."""
    handle = BlockHandle(0, len(GOOD)).encoded()
    index = block(entry(0, b"b", handle), entry(0, b"c", handle))
    with opened(table_of((b"b", GOOD, 0), index=index)) as table:
        items = table.items()
        assert [next(items)[0], next(items)[0]] == [b"a", b"ab"]
        with pytest.raises(errors.DataLossError, match="bad entry in block"):
            next(items)


def test_keys_that_unfold_without_end_are_refused() -> None:
    """Each shares all but its last byte: the keys are a thousand times as long as the block."""
    length = 6000
    entries = [entry(0, b"\x01", b"")] + [entry(k, b"\x01", b"") for k in range(1, length)]
    data = bytearray(block(*entries))
    with pytest.raises(ValueError, match="longer than the block allows"):
        Block(data).check()


def test_empty_table() -> None:
    with opened(written({})) as table:
        assert list(table.items()) == []
        assert table.get(b"") is None


def test_only_what_is_asked_is_read() -> None:
    """Of a table of many blocks, the index and one."""
    entries = {b"%03d" % k: bytes(BLOCK_SIZE) for k in range(20)}
    system = MemorySystem()
    system.put("table", written(entries))
    with using(Files(system)), current().open("table") as file:
        table = TableReader(file)
        before = len(system.calls)
        assert table.get(b"011") == bytes(BLOCK_SIZE)
        assert [kind for kind, _ in system.calls[before:]] == ["read_into"]
        assert table.get(b"011x") is None


def test_a_packed_block_larger_than_its_file_is_refused() -> None:
    """Copies of zeros: the largest block that so few bytes can hold."""
    packed = compress(bytes(2_000_000))
    content = table_of((b"b", packed, 1))
    tracemalloc.start()
    try:
        with pytest.raises(errors.DataLossError, match="no block of this table has 2000000 bytes"):
            with opened(content) as table:
                table.get(b"b")
        assert tracemalloc.get_traced_memory()[1] < 3 * len(content) + (1 << 18)
    finally:
        tracemalloc.stop()
