"""An object file becomes one block of machine code that may lie anywhere.

The process that compiles does all the linking, so that the one that runs kernels need not load a
linker, which alone is larger than a small model. An object file is taken only if every piece of it
is understood: code and constants, references between them relative to where they stand, and calls
of a few functions of the C library. The pieces are laid one behind the other; each function of the
library gets a jump at the end, with a place beside it for the function's address.

References: System V Application Binary Interface, AMD64 Architecture Processor Supplement, and ELF
for the Arm 64-bit Architecture.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, NamedTuple

from skflow.runtime.jit.mapping import IMPORTS

_FILE: Final = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION: Final = struct.Struct("<IIQQQQIIQQ")
_SYMBOL: Final = struct.Struct("<IBBHQQ")
_RELOCATION: Final = struct.Struct("<QQq")
_KIND: Final = b"\x7fELF\x02\x01\x01"  # 64 bits, the lowest byte first
_PROGRAM, _SYMBOLS, _RELOCATIONS = 1, 2, 4
_WRITE, _LOADED = 1, 2  # flags of sections
_PAGE: Final = 4096
_STUB: Final = 16  # bytes: a jump to the address in its second half


class UnknownObjectError(ValueError):
    """An object file that holds something else than what is understood here."""


class Section(NamedTuple):
    """A section of an object file: its header, and what is in it."""

    name: str
    kind: int
    flags: int
    link: int
    info: int
    align: int
    size: int
    body: bytes


class Symbol(NamedTuple):
    """A name, and where in which section it stands; in none if it is to be found elsewhere."""

    name: str
    section: int
    value: int


class Reference(NamedTuple):
    """Bytes that are to hold where something lies: all places count from the block's beginning."""

    block: bytearray
    at: int
    target: int


def linked(code: bytes, names: dict[str, str]) -> tuple[bytes, dict[str, dict[str, int]]]:
    """Link an object file.

    Parameters
    ----------
    code : bytes
        An ELF file for x86-64 or AArch64.
    names : dict of str to str
        The functions to be called: what they are, and their names in the file.

    Returns
    -------
    bytes
        A block to lie at the beginning of a page.
    dict
        ``"entries"``, where those functions begin, and ``"imports"``, where the addresses of
        functions of the C library are expected, by their names.

    Raises
    ------
    UnknownObjectError
        If there is anything in the file that is not understood.
    """
    try:
        return _linked(code, names)
    except (struct.error, LookupError, OverflowError, UnicodeDecodeError) as error:
        raise UnknownObjectError(f"a damaged object file: {error!r}") from error


def _linked(code: bytes, names: dict[str, str]) -> tuple[bytes, dict[str, dict[str, int]]]:
    machine, sections = _sections(code)
    symbols = _symbols(sections)
    block, places = _laid_out(sections)
    imports: dict[str, int] = {}
    for section in sections:
        if section.kind == _RELOCATIONS and section.info in places:
            for at, info, addend in _RELOCATION.iter_unpack(section.body):
                target = symbols[info >> 32]
                if target.section == 0:
                    where = _imported(block, imports, target.name, machine)
                else:
                    where = places[target.section] + target.value
                kind = info & 0xFFFFFFFF
                patch = machine.patches.get(kind)
                if patch is None:
                    raise UnknownObjectError(f"relocation {kind}")
                patch(Reference(block, places[section.info] + at, where + addend))
    known = {s.name: s for s in symbols if s.section in places}
    found = {k: places[known[v].section] + known[v].value for k, v in names.items()}
    slots = {name: at + _STUB // 2 for name, at in imports.items()}
    return bytes(block), {"entries": found, "imports": slots}


def _sections(code: bytes) -> tuple[Machine, list[Section]]:
    head = _FILE.unpack_from(code)
    machine = _MACHINES.get(head[2])
    if not head[0].startswith(_KIND) or head[1] != 1 or machine is None:
        raise UnknownObjectError("not a relocatable ELF file for a known machine")
    offset, count, names = head[6], head[12], head[13]
    headers = [_SECTION.unpack_from(code, offset + i * _SECTION.size) for i in range(count)]
    strings = _body(code, headers[names])
    return machine, [
        Section(_text(strings, h[0]), h[1], h[2], h[6], h[7], h[8], h[5], _body(code, h))
        for h in headers
    ]


def _body(code: bytes, header: tuple[int, ...]) -> bytes:
    start, size = header[4], header[5]
    return code[start : start + size]


def _text(strings: bytes, at: int) -> str:
    return strings[at : strings.find(b"\0", at)].decode()


def _symbols(sections: list[Section]) -> list[Symbol]:
    found = []
    for section in sections:
        if section.kind == _SYMBOLS:
            strings = sections[section.link].body
            found += [
                Symbol(_text(strings, name), index, value)
                for name, _, _, index, value, _ in _SYMBOL.iter_unpack(section.body)
            ]
    return found


def _laid_out(sections: list[Section]) -> tuple[bytearray, dict[int, int]]:
    """The sections one behind the other, and where each begins."""
    block = bytearray()
    places = {}
    for number, section in enumerate(sections):
        # How to unwind the stack is nobody's question: kernels raise nothing.
        if not section.flags & _LOADED or not section.size or section.name == ".eh_frame":
            continue
        plain = section.kind == _PROGRAM and not section.flags & _WRITE
        if not plain or section.align > _PAGE or len(section.body) != section.size:
            raise UnknownObjectError(f"section {section.name}")
        block += bytes(-len(block) % max(section.align, 1))
        places[number] = len(block)
        block += section.body
    return block, places


def _imported(block: bytearray, imports: dict[str, int], name: str, machine: Machine) -> int:
    """Where the jump to a function of the C library stands, which is added at the first call."""
    if name not in IMPORTS:
        raise UnknownObjectError(f"symbol {name}")
    if name not in imports:
        block += bytes(-len(block) % _STUB)
        imports[name] = len(block)
        block += machine.jump + bytes(_STUB - len(machine.jump))
    return imports[name]


# ---- what the machines have -------------------------------------------------------------------


class Machine(NamedTuple):
    """A machine's jump to the address eight bytes from its beginning, and its references."""

    jump: bytes
    patches: dict[int, Callable[[Reference], None]]


def _distance(form: str) -> Callable[[Reference], None]:
    """How far it is from here, as a number."""

    def patch(reference: Reference) -> None:
        block, at, target = reference
        struct.pack_into(form, block, at, target - at)

    return patch


def _field(bits: int, shift: int, number: Callable[[Reference], int]) -> Callable[..., None]:
    """A number in some bits of an instruction."""

    def patch(reference: Reference) -> None:
        block, at, _ = reference
        (word,) = struct.unpack_from("<I", block, at)
        mask = ((1 << bits) - 1) << shift
        struct.pack_into("<I", block, at, word & ~mask | (number(reference) << shift) & mask)

    return patch


def _branch(reference: Reference) -> int:
    distance = reference.target - reference.at
    if distance % 4 or not -(1 << 27) <= distance < 1 << 27:
        raise UnknownObjectError("a branch too far")
    return distance >> 2


def _pages(reference: Reference) -> None:
    """How many pages it is from here, in two fields."""
    pages = (reference.target // _PAGE) - (reference.at // _PAGE)
    if not -(1 << 20) <= pages < 1 << 20:
        raise UnknownObjectError("a page too far")
    _field(2, 29, lambda _: pages)(reference)
    _field(19, 5, lambda _: pages >> 2)(reference)


def _in_page(scale: int) -> Callable[[Reference], None]:
    """The place in its page, counted in what is loaded or stored."""

    def number(reference: Reference) -> int:
        place = reference.target % _PAGE
        if place % (1 << scale):
            raise UnknownObjectError("what is not aligned")
        return place >> scale

    return _field(12, 10, number)


_MACHINES: Final = {
    62: Machine(  # x86-64
        jump=bytes.fromhex("ff2502000000"),  # jmp [rip + 2]
        patches={2: _distance("<i"), 4: _distance("<i"), 24: _distance("<q")},
    ),
    183: Machine(  # AArch64
        jump=bytes.fromhex("5000005800021fd6"),  # ldr x16, #8; br x16
        patches={
            260: _distance("<q"),
            261: _distance("<i"),
            275: _pages,
            277: _in_page(0),
            278: _in_page(0),
            282: _field(26, 0, _branch),
            283: _field(26, 0, _branch),
            284: _in_page(1),
            285: _in_page(2),
            286: _in_page(3),
            299: _in_page(4),
        },
    ),
}
