"""Object files are linked as the machines' manuals have it, or not at all."""

from __future__ import annotations

import struct

import pytest
from hypothesis import example, given, strategies as st

from skflow.runtime.jit.linking import UnknownObjectError, linked
from tests.runtime.jit.elf import (
    AARCH64,
    COMMON,
    LOADED,
    UNDEFINED,
    WRITABLE,
    X86_64,
    Part,
    object_file,
)

RUN = {"run": "f"}
CODE = bytes(range(64))


def link_one(
    machine: int, kind: int, addend: int = 0, word: int = 0, at: int = 8, gap: int = 4096
) -> bytes:
    """The code after one reference from it to constants, which begin at `gap` in the block."""
    code = bytearray(gap)
    struct.pack_into("<I", code, at, word)
    parts = [
        Part(".text", bytes(code), relocations=[(at, kind, 2, addend)]),
        Part(".rodata", bytes(range(64))),
    ]
    block, _ = linked(object_file(machine, parts, [("f", 1, 0), ("c", 2, 16)]), RUN)
    assert block[gap:] == bytes(range(64))
    assert block[:at] == bytes(at)
    return block


def test_sections_are_laid_one_behind_the_other() -> None:
    parts = [
        Part(".text", b"\x01" * 5),
        Part(".rodata.cst4", b"\x02" * 4, align=4),
        Part(".note", b"\x03", flags=0),
        Part(".eh_frame", b"\x04" * 8, kind=0x70000001),
        Part(".empty", b""),
        Part(".rodata.cst32", b"\x05" * 32, align=32),
    ]
    symbols = [("f", 1, 0), ("g", 1, 3), ("h", 6, 1)]
    block, facts = linked(object_file(X86_64, parts, symbols), {"run": "g", "help": "h"})
    assert block == b"\x01" * 5 + bytes(3) + b"\x02" * 4 + bytes(20) + b"\x05" * 32
    assert facts == {"entries": {"run": 3, "help": 33}, "imports": {}}


@pytest.mark.parametrize(
    ("machine", "kind", "form"),
    [
        (X86_64, 2, "<i"),
        (X86_64, 4, "<i"),
        (X86_64, 24, "<q"),
        (AARCH64, 260, "<q"),
        (AARCH64, 261, "<i"),
    ],
)
def test_distances(machine: int, kind: int, form: str) -> None:
    for addend in (-4, 0, 7):
        block = link_one(machine, kind, addend, at=24)
        assert struct.unpack_from(form, block, 24) == (4096 + 16 + addend - 24,)


# Instructions before and after, as an assembler writes them; the reference is from place 8 to
# place 4096 + 16 of the block.
ARM = {
    "bl": (283, 0x94000000, 0, 0x94000402),
    "b": (282, 0x14000000, 0, 0x14000402),
    "b backwards": (282, 0x14000000, -4112, 0x17FFFFFE),
    "adrp x0": (275, 0x90000000, 0, 0xB0000000),
    "adrp x0, four pages on": (275, 0x90000000, 3 * 4096, 0x90000020),
    "adrp x0, the page before": (275, 0x90000000, -2 * 4096, 0xF0FFFFE0),
    "add x0, x0": (277, 0x91000000, 0, 0x91004000),
    "ldrb w0, [x0]": (278, 0x39400000, 1, 0x39404400),
    "ldrh w0, [x0]": (284, 0x79400000, 0, 0x79402000),
    "ldr s0, [x0]": (285, 0xBD400000, 4, 0xBD401400),
    "ldr d0, [x0]": (286, 0xFD400000, 0, 0xFD400800),
    "ldr q0, [x0]": (299, 0x3DC00000, 16, 0x3DC00800),
}


@pytest.mark.parametrize("name", ARM)
def test_instructions_of_aarch64(name: str) -> None:
    kind, before, addend, after = ARM[name]
    assert struct.unpack_from("<I", link_one(AARCH64, kind, addend, before), 8) == (after,)


def test_functions_of_the_library() -> None:
    references = [(1, 4, 2, -4), (9, 4, 3, -4), (17, 4, 2, -4)]
    parts = [Part(".text", bytes(24), relocations=references)]
    symbols = [("f", 1, 0), ("memset", UNDEFINED, 0), ("memcpy", UNDEFINED, 0)]
    block, facts = linked(object_file(X86_64, parts, symbols), RUN)
    assert facts["imports"] == {"memset": 40, "memcpy": 56}
    jump = bytes.fromhex("ff2502000000").ljust(16, b"\0")
    assert block[32:] == jump * 2
    places = [at + 4 + struct.unpack_from("<i", block, at)[0] for at, *_ in references]
    assert places == [32, 48, 32]


REFUSED = {
    "an address that is written down": ({"relocations": [(0, 1, 1, 0)]}, []),
    "a table of addresses": ({"relocations": [(0, 9, 1, -4)]}, []),
    "another function": ({"relocations": [(0, 4, 2, -4)]}, [("free", UNDEFINED, 0)]),
    "a name in no section": ({"relocations": [(0, 2, 2, 0)]}, [("x", COMMON, 8)]),
    "a symbol that is not there": ({"relocations": [(0, 2, 9, 0)]}, []),
    "a place outside": ({"relocations": [(62, 2, 1, 0)]}, []),
    "too far": ({"relocations": [(0, 2, 1, 1 << 31)]}, []),
    "memory to write to": ({"flags": WRITABLE}, []),
    "memory without content": ({"kind": 8}, []),
    "larger than a page": ({"align": 8192}, []),
    "no function": ({"flags": LOADED - LOADED}, []),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_understood(name: str) -> None:
    changed, symbols = REFUSED[name]
    part = Part(".text", CODE, **changed)  # type: ignore[arg-type]
    with pytest.raises(UnknownObjectError):
        linked(object_file(X86_64, [part], [("f", 1, 0), *symbols]), RUN)


@pytest.mark.parametrize(
    ("kind", "addend"),
    [(283, 1 << 27), (283, -(1 << 28)), (282, 2), (275, 1 << 32), (299, 8), (286, 4), (311, 0)],
)
def test_what_aarch64_cannot_reach(kind: int, addend: int) -> None:
    with pytest.raises(UnknownObjectError):
        link_one(AARCH64, kind, addend)


def test_other_files() -> None:
    whole = object_file(X86_64, [Part(".text", CODE)], [("f", 1, 0)])
    assert linked(whole, RUN)[0] == CODE
    for other in (b"", b"\xcf\xfa\xed\xfe" + bytes(60), b"MZ" + bytes(100), whole[:-1]):
        with pytest.raises(UnknownObjectError):
            linked(other, RUN)
    for at in (4, 5, 16, 18):  # bits, order of bytes, type, machine
        changed = bytearray(whole)
        changed[at] += 2
        with pytest.raises(UnknownObjectError):
            linked(bytes(changed), RUN)
    with pytest.raises(UnknownObjectError):
        linked(whole, {"run": "g"})


WHOLE = object_file(
    X86_64,
    [Part(".text", CODE, relocations=[(8, 2, 2, -4), (16, 4, 3, -4)]), Part(".rodata", CODE)],
    [("f", 1, 0), ("c", 2, 4), ("memcpy", UNDEFINED, 0)],
)


@example([(47, 128)])  # the table of sections would begin at 2**63
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=4))
def test_damaged_files(changes: list[tuple[int, int]]) -> None:
    changed = bytearray(WHOLE)
    for at, value in changes:
        changed[at] = value
    try:
        block, facts = linked(bytes(changed), RUN)
    except UnknownObjectError:
        return
    assert len(block) < 20_000
    assert facts["entries"].keys() == {"run"}


@pytest.mark.parametrize("end", range(0, len(WHOLE), 7))
def test_torn_files(end: int) -> None:
    with pytest.raises(UnknownObjectError):
        linked(WHOLE[:end], RUN)
