"""Ways of damaging a bundle: blindly, or so that every checksum is right again."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from skflow.io import crc
from skflow.io.coding import fixed32, varint
from skflow.io.ordered_code import part_key
from skflow.io.table_format import BlockHandle, footer
from skflow.proto import BundleEntryProto
from tests.io.bundle_parts import Parts, joined, taken_apart
from tests.io.snappy_writer import compress

Bundle = dict[str, bytes]

SIZES = (
    0,
    1,
    2,
    3,
    5,
    8,
    23,
    24,
    25,
    127,
    128,
    2**16,
    2**31 - 1,
    2**31,
    2**32,
    2**53,
    2**62,
    2**63 - 1,
)


def size(rng: random.Random) -> int:
    """A number of the kind that breaks things."""
    number = rng.choice(SIZES)
    return rng.choice((number, number, -1, -number, rng.randrange(40)))


def damaged_bytes(data: bytes, rng: random.Random) -> bytes:
    """Bytes with some changed, left out, repeated or put in."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        start = rng.randrange(len(out) + 1)
        stop = min(len(out), start + rng.choice((1, 1, 4, 40)))
        how = rng.randrange(6)
        if how == 0:
            out[start:stop] = bytes(b ^ (1 << rng.randrange(8)) for b in out[start:stop])
        elif how == 1:
            out[start:stop] = rng.randbytes(stop - start)
        elif how == 2:
            del out[start:stop]
        elif how == 3:
            out[start:start] = out[start:stop] or rng.randbytes(3)
        elif how == 4:
            out[start:stop] = varint(abs(size(rng)))
        else:
            del out[start:]
    return bytes(out)


def blind(files: Bundle, rng: random.Random) -> Bundle:
    """Damage a file as it is; the checksums tell."""
    ending = rng.choice(sorted(files))
    return {**files, ending: damaged_bytes(files[ending], rng)}


def in_data(files: Bundle, rng: random.Random) -> Bundle:
    """Change a tensor's bytes, and its checksum with them."""
    parts = taken_apart(files)
    entry = parts.entries[rng.choice([k for k, e in parts.entries.items() if not e.slices])]
    data = parts.data.get(entry.shard_id, b"")
    changed = damaged_bytes(data[entry.offset : entry.offset + entry.size], rng)
    end = entry.offset + entry.size
    parts.data[entry.shard_id] = data[: entry.offset] + changed + data[end:]
    if rng.random() < 0.8:
        entry.size = len(changed)
    _repair(parts)
    return joined(parts)


def in_entries(files: Bundle, rng: random.Random) -> Bundle:
    """Change what the index says of tensors."""
    parts = taken_apart(files)
    for _ in range(rng.choice((1, 1, 2, 4))):
        key = rng.choice(sorted(parts.entries))
        rng.choice(ENTRY_CHANGES)(parts, key, rng)
    if rng.random() < 0.7:
        _repair(parts)
    return joined(parts)


def in_header(files: Bundle, rng: random.Random) -> Bundle:
    """Change what the index says of all."""
    parts = taken_apart(files)
    how = rng.randrange(5)
    if how == 0:
        parts.header.num_shards = _int32(size(rng))
    elif how == 1:
        parts.header.endianness = rng.choice((1, 1, 2, 7))
    elif how == 2:
        parts.header.version.min_consumer = _int32(size(rng))
    elif how == 3:
        parts.header.version.bad_consumers.append(rng.randrange(3))
    else:
        parts.header = damaged_bytes(parts.header.SerializeToString(), rng)
    return joined(parts)


def in_values(files: Bundle, rng: random.Random) -> Bundle:
    """Damage the messages of an index whose checksums are right."""
    parts = taken_apart(files)
    for _ in range(rng.choice((1, 1, 3))):
        key = rng.choice(sorted(parts.entries))
        value = parts.entries[key]
        raw = value if isinstance(value, bytes) else value.SerializeToString()
        parts.entries[key] = damaged_bytes(raw, rng)
    if rng.random() < 0.3:
        key = rng.choice(sorted(parts.entries))
        parts.entries[damaged_bytes(key, rng) or b"x"] = parts.entries.pop(key)
    return joined(parts)


def in_blocks(files: Bundle, rng: random.Random) -> Bundle:
    """Damage the index's blocks, compressed or not, and put right checksums after them."""
    content = files[".index"]
    blocks = _blocks_of(content)
    which = rng.randrange(len(blocks))
    kind = 0
    if rng.random() < 0.4:
        kind, blocks[which] = 1, compress(blocks[which])
    if rng.random() < 0.9:
        blocks[which] = damaged_bytes(blocks[which], rng)
    return {**files, ".index": _table_of(blocks, which, kind, rng)}


def _blocks_of(content: bytes) -> list[bytes]:
    """The contents of the data block, the meta block and the index block of a small table."""
    start = len(content) - 48
    meta, position = BlockHandle.decoded(content, start)
    index, _ = BlockHandle.decoded(content, position)
    ends = ((0, meta.offset - 5), (meta.offset, index.offset - 5), (index.offset, start - 5))
    return [content[begin:end] for begin, end in ends]


def _table_of(blocks: list[bytes], which: int, kind: int, rng: random.Random) -> bytes:
    out, handles = b"", []
    for number, block in enumerate(blocks):
        contents = block
        if number == 2 and which == 0:
            # The index still names a block of the old length.
            handle = handles[0].encoded()
            contents = b"\0\1" + varint(len(handle)) + b"\xff" + handle + fixed32(0) + fixed32(1)
        handles.append(BlockHandle(len(out), len(contents)))
        trailer = bytes([kind if number == which else 0])
        out += contents + trailer + fixed32(crc.masked(contents + trailer))
    if rng.random() < 0.1:
        handles[2] = BlockHandle(abs(size(rng)), abs(size(rng)))
    return out + footer(handles[1], handles[2])


def _repair(parts: Parts) -> None:
    """Make the checksum of each entry that of the bytes it names."""
    for entry in parts.entries.values():
        data = parts.data.get(entry.shard_id, b"")
        start = max(entry.offset, 0)
        found = data[start : start + max(entry.size, 0)]
        entry.crc32c = crc.masked(found)
        if entry.dtype == 7:
            _repair_strings(parts, entry, found)


def _repair_strings(parts: Parts, entry: Any, found: bytes) -> None:
    """The sum of strings is over the lengths in four bytes each: try to parse them."""
    position, lengths = 0, []
    for _ in range(_count(entry)):
        if position >= len(found) or len(lengths) > 1000:
            return
        number = shift = 0
        while position < len(found):
            byte = found[position]
            number |= (byte & 0x7F) << shift
            shift, position = shift + 7, position + 1
            if byte < 0x80:
                break
        lengths.append(number)
    if position + 4 > len(found) or any(length >> 32 for length in lengths):
        return
    total = crc.value(b"".join(map(fixed32, lengths)))
    stored = fixed32(crc.mask(total))
    start = entry.offset + position
    data = parts.data[entry.shard_id]
    parts.data[entry.shard_id] = data[:start] + stored + data[start + 4 :]
    entry.crc32c = crc.mask(crc.extend(crc.extend(total, stored), found[position + 4 :]))


def _count(entry: Any) -> int:
    count = 1
    for dim in entry.shape.dim:
        count *= max(dim.size, 0)
    return min(count, 10_000)


def _int32(number: int) -> int:
    return max(-(2**31), min(2**31 - 1, number))


def _int64(number: int) -> int:
    return max(-(2**63), min(2**63 - 1, number))


def _dtype(parts: Parts, key: bytes, rng: random.Random) -> None:
    parts.entries[key].dtype = rng.choice((*range(35), 101, 107, 2**31 - 1, -1))


def _place(parts: Parts, key: bytes, rng: random.Random) -> None:
    entry = parts.entries[key]
    entry.offset = _int64(rng.choice((size(rng), entry.offset + rng.randrange(-9, 9))))


def _size(parts: Parts, key: bytes, rng: random.Random) -> None:
    entry = parts.entries[key]
    entry.size = _int64(rng.choice((size(rng), entry.size + rng.randrange(-9, 9))))


def _shard(parts: Parts, key: bytes, rng: random.Random) -> None:
    parts.entries[key].shard_id = _int32(rng.choice((size(rng), rng.randrange(3))))


def _shape(parts: Parts, key: bytes, rng: random.Random) -> None:
    shape = parts.entries[key].shape
    how = rng.randrange(5)
    if how == 0 and shape.dim:
        shape.dim[rng.randrange(len(shape.dim))].size = _int64(size(rng))
    elif how == 1:
        for _ in range(rng.choice((1, 2, 30, 40, 70, 260))):
            shape.dim.add(size=rng.choice((1, 1, 1, _int64(size(rng)))))
    elif how == 2 and shape.dim:
        shape.dim.pop()
    elif how == 3:
        shape.unknown_rank = True
    else:
        # As many elements, otherwise shaped.
        count = _count(parts.entries[key])
        del shape.dim[:]
        for dim in (count // 2 or 1, 2) if count % 2 == 0 else (count, 1):
            shape.dim.add(size=dim)


def _slices(parts: Parts, key: bytes, rng: random.Random) -> None:
    entry = parts.entries[key]
    how = rng.randrange(4)
    if how == 0 or not entry.slices:
        extents = [{"start": _int64(size(rng)), "length": _int64(size(rng))} for _ in range(2)]
        entry.slices.add(extent=extents[: rng.randrange(3)])
    elif how == 1:
        entry.slices.pop(rng.randrange(len(entry.slices)))
    elif how == 2:
        entry.slices.append(rng.choice(entry.slices))
    else:
        extent = rng.choice(rng.choice(entry.slices).extent or [None])
        if extent is not None:
            extent.start = rng.randrange(4)
            extent.length = _int64(size(rng))


def _swap(parts: Parts, key: bytes, rng: random.Random) -> None:
    other = rng.choice(sorted(parts.entries))
    parts.entries[key], parts.entries[other] = parts.entries[other], parts.entries[key]


def _remove(parts: Parts, key: bytes, rng: random.Random) -> None:
    if rng.random() < 0.5 and len(parts.entries) > 1:
        del parts.entries[key]
        return
    copy = BundleEntryProto()
    copy.CopyFrom(parts.entries[key])
    parts.entries[part_key(b"rows", [(rng.randrange(9), rng.randrange(1, 4)), (0, 2)])] = copy


ENTRY_CHANGES = (_dtype, _place, _size, _shard, _shape, _slices, _swap, _remove)
REPAIRING: tuple[Callable[[Bundle, random.Random], Bundle], ...] = (
    in_data,
    in_entries,
    in_entries,
    in_header,
    in_values,
    in_blocks,
)
