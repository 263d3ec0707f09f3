"""Machine code becomes memory that can be executed; nothing but the C library is needed for it.

What is mapped is one block of code and constants that may lie anywhere (see `linking`). It is
copied into memory of its own, which then can be executed and no longer be written to. It is never
given back: a thread may be inside for as long as the process lives.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import platform
import struct
import sys
from contextlib import suppress
from typing import Any, Final

MACHINES: Final = ("x86_64", "aarch64")
IMPORTS: Final = ("memcpy", "memmove", "memset")  # what LLVM makes of loops that copy or fill
_SLOT: Final = struct.Struct("<Q")


def possible() -> bool:
    """Whether this is a system whose kernels are such blocks."""
    wide = struct.calcsize("P") == _SLOT.size  # the machine's name is that of the kernel's
    return sys.platform == "linux" and wide and platform.machine() in MACHINES


def mapped(code: bytes, entries: dict[str, int], imports: dict[str, int]) -> dict[str, int]:
    """Make code executable.

    Parameters
    ----------
    code : bytes
        Machine code and constants, to lie at the beginning of a page.
    entries : dict of str to int
        Where its functions begin.
    imports : dict of str to int
        Where it expects the addresses of functions of the C library.

    Returns
    -------
    dict of str to int
        The addresses of its functions.

    Raises
    ------
    ValueError
        If places lie outside of the code, or a function is not one of `IMPORTS`.
    OSError
        If the system does not allow it.
    """
    filled = bytearray(code)
    if not all(_inside(at, 1, code) for at in entries.values()):
        raise ValueError("functions outside of their code")
    for name, at in imports.items():
        if name not in IMPORTS or not _inside(at, _SLOT.size, code):
            raise ValueError("code that asks for what it cannot have")
        _SLOT.pack_into(filled, at, _address_of(name))
    start = _executable(bytes(filled))
    return {name: start + at for name, at in entries.items()}


def _inside(at: Any, size: int, code: bytes) -> bool:
    return isinstance(at, int) and 0 <= at <= len(code) - size


@functools.cache
def _library() -> Any:
    library = ctypes.CDLL(None, use_errno=True)
    word, number = ctypes.c_size_t, ctypes.c_int
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = [ctypes.c_void_p, word, number, number, number, ctypes.c_long]
    library.mprotect.argtypes = [ctypes.c_void_p, word, number]
    library.munmap.argtypes = [ctypes.c_void_p, word]
    return library


def _address_of(name: str) -> int:
    return ctypes.cast(getattr(_library(), name), ctypes.c_void_p).value or 0


def _executable(code: bytes) -> int:
    """The address of a copy that can be executed."""
    library = _library()
    size = max(-(-len(code) // mmap.PAGESIZE), 1) * mmap.PAGESIZE
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    start = library.mmap(None, size, mmap.PROT_READ | mmap.PROT_WRITE, flags, -1, 0)
    if start in (None, ctypes.c_void_p(-1).value):
        raise _failure(ctypes.get_errno())
    ctypes.memmove(start, code, len(code))
    if library.mprotect(start, size, mmap.PROT_READ | mmap.PROT_EXEC):
        number = ctypes.get_errno()
        library.munmap(start, size)
        raise _failure(number)
    _tell_processor(start, size)
    return int(start)


def _failure(number: int) -> OSError:
    return OSError(number, "memory that cannot be executed")


def _tell_processor(start: int, size: int) -> None:
    """Have instructions fetched anew; x86 does so by itself, and Linux for memory just mapped."""
    if platform.machine() != "x86_64":
        with suppress(OSError, AttributeError):
            clear = ctypes.CDLL("libgcc_s.so.1").__clear_cache
            clear(ctypes.c_void_p(start), ctypes.c_void_p(start + size))
