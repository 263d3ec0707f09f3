"""One block of a sorted-string table: entries, and places at which reading may begin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from skflow.io.coding import read_fixed32, read_varint
from skflow.io.table_format import RESTART_INTERVAL

# An entry: where it begins and ends, how much of the key before it shares, the key, its value.
_Entry = tuple[int, int, bytes, memoryview]

_EMPTY: Final = b""


class Block:
    """The contents of a block.

    Parameters
    ----------
    data : bytearray
        The contents, unpacked; they are the block's from now on.

    Raises
    ------
    ValueError
        If the places at which reading may begin do not fit in.
    """

    def __init__(self, data: bytearray) -> None:
        if len(data) < 4:
            raise ValueError("the block is too short")
        self._count = read_fixed32(data, len(data) - 4)
        self._end = len(data) - 4 * (self._count + 1)
        if self._end < 0:
            raise ValueError("the block is too short for its restarts")
        self._data = data

    def check(self) -> tuple[bytes, bytes]:
        """Go through all entries.

        Returns
        -------
        first, last : bytes
            The first and the last key; both empty if there are no entries.

        Raises
        ------
        ValueError
            If an entry does not fit in, keys are not in order, reading could not begin where
            the block says, or the keys' shared beginnings unfold to more than they may.
        """
        first: bytes | None = None
        last, position, restart, unfolded = _EMPTY, 0, 0, 0
        # Between two restarts every key may have all but a byte from the one before.
        most = RESTART_INTERVAL * len(self._data)
        while position < self._end:
            start = position
            shared, key, _, position = self._entry(start, last)
            if first is not None and key <= last:
                raise ValueError("the keys are not in order")
            if restart < self._count and self._restart(restart) == start:
                restart += 1
                if shared:
                    raise ValueError("a key has no beginning")
            first, last = key if first is None else first, key
            unfolded += len(key)
            if unfolded > most:
                raise ValueError("the keys are longer than the block allows")
        if restart != self._count and not (self._end == 0 and self._restarts_at_zero()):
            raise ValueError("a restart is not at an entry")
        if self._end and not self._count:
            raise ValueError("there is nowhere to begin")
        return first or _EMPTY, last

    def around(self, key: bytes) -> Iterator[tuple[bytes | None, bytes, memoryview]]:
        """Iterate over the entries from the first whose key is not below `key`.

        The block must have passed `check`.

        Yields
        ------
        before : bytes or None
            The key of the entry before, None for the first.
        found : bytes
            The entry's key.
        value : memoryview
            Its value.
        """
        if self._end == 0:
            return
        low, high = 0, self._count - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self._entry(self._restart(middle), _EMPTY)[1] < key:
                low = middle
            else:
                high = middle - 1
        position = self._restart(low)
        before: bytes | None = None
        last = _EMPTY
        while position < self._end:
            _, last, value, position = self._entry(position, last)
            if last >= key:
                yield before, last, value
            before = last

    def _entry(self, start: int, before: bytes) -> tuple[int, bytes, memoryview, int]:
        """Return how much an entry's key shares with the one before, key, value, and its end."""
        data, end = self._data, self._end
        lengths = data[start : start + 3]
        if start + 3 <= end and max(lengths) < 0x80:
            (shared, own, length), position = lengths, start + 3
        else:
            shared, position = read_varint(data, start, end)
            own, position = read_varint(data, position, end)
            length, position = read_varint(data, position, end)
        middle = position + own
        if shared > len(before) or middle + length > end:
            raise ValueError("an entry does not fit in")
        key = before[:shared] + data[position:middle]
        return shared, key, memoryview(data)[middle : middle + length], middle + length

    def _restart(self, number: int) -> int:
        return read_fixed32(self._data, self._end + 4 * number)

    def _restarts_at_zero(self) -> bool:
        return not any(self._data[: 4 * self._count])
