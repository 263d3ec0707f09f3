"""Looking out for another thread for a short while, before going to sleep over it."""

from __future__ import annotations

import ctypes
import sys
from typing import Any, Final

# A look takes 1.5 nanoseconds, so that all take a tenth of a millisecond. To be woken takes a
# thread a third of that.
_LOOKS: Final = 64_000
# To compare them takes two microseconds, in which whoever has given a signal lets go of Python's
# lock. Who finds that lock taken goes to sleep after all.
_GIVEN: Final = b"1" * 1000
# What a function without Python's lock puts at a signal's address to give it.
GIVEN: Final = int.from_bytes(_GIVEN[:8], sys.byteorder)
_NO_SIZE: Final = ctypes.c_size_t(0)


def _search() -> tuple[Any, Any] | None:
    """C's linear search, and a comparison of texts; ``None`` where they are not."""
    try:
        library = ctypes.CDLL(None)
        search, compare = library.lfind, getattr(library, "strverscmp", library.strcmp)
    except (AttributeError, OSError, TypeError):  # as on Windows
        return None
    search.restype = ctypes.c_void_p
    return search, ctypes.cast(compare, ctypes.c_void_p)


class Signal:
    """Something that other threads can look out for without holding Python's lock.

    Python itself can only sleep without that lock. But ``lfind`` of the C library compares a key
    with one element after another until they are equal, and elements of no size are all the same
    one. So it looks at a text in this object again and again, until that is as a signal makes it.
    ``strverscmp`` compares a character at a time, and does so slowly, which is wanted here.
    """

    __slots__ = ("_search", "_text")

    def __init__(self) -> None:
        self._text = ctypes.create_string_buffer(_GIVEN)
        self._search = _search()

    @property
    def address(self) -> int:
        """Where a number of 64 bits is that is odd while the signal is given."""
        return ctypes.addressof(self._text)

    def give(self) -> None:
        """Have those that look return."""
        self._text[0] = b"1"

    def clear(self) -> None:
        """Forget what was given: to be called before what it stands for is looked at."""
        self._text[0] = b"0"

    def look(self) -> None:
        """Return when the signal is given, or after a tenth of a millisecond.

        It may also be cleared by another thread before this one has seen it; that costs no more
        than the same time.
        """
        if self._search is not None:
            search, compare = self._search
            looks = ctypes.byref(ctypes.c_size_t(_LOOKS))
            search(_GIVEN, self._text, looks, _NO_SIZE, compare)
