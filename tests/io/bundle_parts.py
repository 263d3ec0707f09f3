"""Bundles taken apart into messages and bytes, and put together again with right checksums."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from skflow.io.bundle_format import HEADER_KEY, data_ending
from skflow.io.files import Files, current, using
from skflow.io.table_reader import TableReader
from skflow.io.table_writer import TableWriter
from skflow.proto import BundleEntryProto, BundleHeaderProto
from tests.io.memory_files import MemorySystem


@dataclass
class Parts:
    """What a bundle's files hold.

    Attributes
    ----------
    header : BundleHeaderProto or bytes or None
        The index's first entry.
    entries : dict of bytes to BundleEntryProto or bytes
        The others.
    data : dict of int to bytes
        The data files.
    """

    header: Any
    entries: dict[bytes, Any]
    data: dict[int, bytes]


def taken_apart(files: dict[str, bytes]) -> Parts:
    """Return what the files of a sound bundle hold, by their endings."""
    system = MemorySystem()
    system.put("index", files[".index"])
    with using(Files(system)), current().open("index") as file:
        items = {key: bytes(value) for key, value in TableReader(file).items()}
    header = BundleHeaderProto.FromString(items.pop(HEADER_KEY))
    data = {
        int(found[1]): content
        for ending, content in files.items()
        if (found := re.match(r"\.data-(\d+)-of", ending))
    }
    entries = {key: BundleEntryProto.FromString(value) for key, value in items.items()}
    return Parts(header, entries, data)


def joined(parts: Parts) -> dict[str, bytes]:
    """Return the files, by their endings, that hold what they are to."""
    values = {key: _bytes_of(value) for key, value in parts.entries.items()}
    if parts.header is not None:
        values[HEADER_KEY] = _bytes_of(parts.header)
    index = bytearray()

    class Memory:
        def write(self, data: bytes) -> None:
            index.extend(data)

    table = TableWriter(Memory())
    for key in sorted(values):
        table.add(key, values[key])
    table.finish()
    count = getattr(parts.header, "num_shards", len(parts.data))
    named = {data_ending(shard, count): content for shard, content in parts.data.items()}
    return {".index": bytes(index), **named}


def _bytes_of(value: Any) -> bytes:
    return value if isinstance(value, bytes) else value.SerializeToString(deterministic=True)
