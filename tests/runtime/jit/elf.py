"""Small object files for tests, written by hand: sections, symbols and relocations as given."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

X86_64, AARCH64 = 62, 183
LOADED, WRITABLE = 2, 3  # flags of sections that are loaded
UNDEFINED, COMMON = 0, 0xFFF2  # where a symbol is that stands in no section


@dataclass
class Part:
    """A section with what is to be put into it: places, kinds, numbers of symbols, addends."""

    name: str
    body: bytes
    align: int = 16
    kind: int = 1
    flags: int = LOADED
    relocations: Sequence[tuple[int, int, int, int]] = field(default_factory=list)


def object_file(
    machine: int, parts: Sequence[Part], symbols: Sequence[tuple[str, int, int]]
) -> bytes:
    """An ELF file.

    Parameters
    ----------
    machine : int
        The machine's number.
    parts : sequence of Part
        The sections, which count from one.
    symbols : sequence of tuple
        Names, numbers of sections and places in them; they count from one, too.

    Returns
    -------
    bytes
        The file.
    """
    names, strings = bytearray(b"\0"), bytearray(b"\0")
    table = bytearray(24)
    for name, section, value in symbols:
        table += struct.pack("<IBBHQQ", len(strings), 0x12, 0, section, value, 0)
        strings += name.encode() + b"\0"
    body = bytearray(64)
    headers = [bytes(64)]

    def add(part: Part, link: int = 0, info: int = 0) -> None:
        body.extend(bytes(-len(body) % 16))
        place = (len(body), len(part.body))
        header = (len(names), part.kind, part.flags, 0, *place, link, info, part.align, 24)
        headers.append(struct.pack("<IIQQQQIIQQ", *header))
        names.extend(part.name.encode() + b"\0")
        body.extend(part.body)

    for part in parts:
        add(part)
    count = len(parts) + 1
    add(Part(".symtab", bytes(table), kind=2, flags=0), link=count + 1, info=1)
    add(Part(".strtab", bytes(strings), kind=3, flags=0))
    for number, part in enumerate(parts):
        entries = [struct.pack("<QQq", a, s << 32 | k, x) for a, k, s, x in part.relocations]
        if entries:
            add(Part(f".rela{part.name}", b"".join(entries), 8, 4, 0), count, number + 1)
    names.extend(b".shstrtab\0")
    add(Part("", bytes(names), kind=3, flags=0))
    head = (b"\x7fELF\x02\x01\x01".ljust(16, b"\0"), 1, machine, 1, 0, 0, len(body))
    rest = (0, 64, 0, 0, 64, len(headers), len(headers) - 1)
    body[:64] = struct.pack("<16sHHIQQQIHHHHHH", *head, *rest)
    return bytes(body) + b"".join(headers)
