"""Blocks of code run where they are mapped, and nobody can write there."""

from __future__ import annotations

import ctypes
import mmap
import platform
from pathlib import Path
from typing import Any

import pytest

from skflow.runtime.jit import mapping
from skflow.runtime.jit.linking import linked
from tests.runtime.jit.elf import AARCH64, UNDEFINED, X86_64, Part, object_file

SIZE = 10_000  # of what stands before the code: it need not begin a page

# For each machine a function that returns a constant (two references to it at most), one that goes
# on to `memset`, and where and how these refer to others.
CODES: dict[str, tuple[int, str, list[tuple[int, int, int, int]]]] = {
    "x86_64": (X86_64, "8b0500000000c300e900000000", [(2, 2, 3, -4), (9, 4, 4, -4)]),
    "aarch64": (
        AARCH64,
        "00000090000040b9c0035fd600000014",
        [(0, 275, 3, 0), (4, 285, 3, 0), (12, 282, 4, 0)],
    ),
}
# Nothing is mapped on other systems.
GIVEN = [platform.machine()] if mapping.possible() else []


def block(machine: str) -> tuple[bytes, dict[str, Any]]:
    """A linked block with the machine's functions."""
    number, text, references = CODES[machine]
    places = [(SIZE + at, *rest) for at, *rest in references]
    code = bytes(SIZE) + bytes.fromhex(text)
    parts = [
        Part(".text", code, relocations=places),  # type: ignore[arg-type]
        Part(".rodata", b"\0" * 4 + (42).to_bytes(4, "little"), align=4),
    ]
    second = SIZE + (8 if number == X86_64 else 12)
    symbols = [("get", 1, SIZE), ("fill", 1, second), ("c", 2, 4), ("memset", UNDEFINED, 0)]
    return linked(object_file(number, parts, symbols), {"run": "get", "help": "fill"})


def permissions(address: int) -> str:
    """What may be done with the memory at an address."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, may, *_ = line.split()
        low, high = (int(end, 16) for end in span.split("-"))
        if low <= address < high:
            return may
    return ""


def test_code_runs() -> None:
    for machine in GIVEN:
        code, facts = block(machine)
        found = mapping.mapped(code, facts["entries"], facts["imports"])
        assert ctypes.CFUNCTYPE(ctypes.c_int)(found["run"])() == 42
        memory = ctypes.create_string_buffer(10)
        fill = ctypes.CFUNCTYPE(*[ctypes.c_size_t] * 4)(found["help"])
        start = ctypes.addressof(memory)
        assert fill(start + 1, ord("x"), 5) == start + 1
        assert memory.raw == b"\0xxxxx\0\0\0\0"


def test_nobody_can_write_to_it() -> None:
    for machine in GIVEN:
        code, facts = block(machine)
        found = mapping.mapped(code, facts["entries"], facts["imports"])
        assert {permissions(found["run"]), permissions(found["help"])} == {"r-xp"}


def test_code_is_copied() -> None:
    for machine in GIVEN:
        code, facts = block(machine)
        first, second = (mapping.mapped(code, facts["entries"], facts["imports"]) for _ in "ab")
        assert first["run"] != second["run"]
        assert ctypes.CFUNCTYPE(ctypes.c_int)(second["run"])() == 42


@pytest.mark.parametrize(
    ("entries", "imports"),
    [
        ({"run": 64}, {}),
        ({"run": -1}, {}),
        ({"run": "0"}, {}),
        ({"run": 1 << 80}, {}),
        ({"run": 0}, {"memset": 57}),
        ({"run": 0}, {"memset": -8}),
        ({"run": 0}, {"memset": None}),
        ({"run": 0}, {"system": 0}),
    ],
)
def test_places_outside_of_the_code(entries: dict[str, Any], imports: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        mapping.mapped(bytes(64), entries, imports)


def test_no_code() -> None:
    with pytest.raises(ValueError):
        mapping.mapped(b"", {"run": 0}, {})


def size() -> int:
    """How many bytes of addresses this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * mmap.PAGESIZE


@pytest.mark.parametrize("function", ["mmap", "mprotect"])
def test_a_system_that_does_not_allow_it(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Strict:
        """A library whose function fails; the others are the real ones."""

        def __getattr__(self, name: str) -> Any:
            if name != function:
                return getattr(library, name)
            return lambda *_: -1 if name == "mprotect" else ctypes.c_void_p(-1).value

    if mapping.possible():
        library = mapping._library()
        monkeypatch.setattr(mapping, "_library", Strict)
        code = bytes(1 << 20)
        before = size()
        for _ in range(20):
            with pytest.raises(OSError, match="cannot be executed"):
                mapping.mapped(code, {"run": 0}, {})
        assert size() < before + 10 * len(code)
