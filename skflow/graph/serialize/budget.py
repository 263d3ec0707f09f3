"""How much memory a graph may take for the bytes it was stored in."""

from __future__ import annotations

from typing import Final

_FREE_ITEMS: Final = 4096
_BYTES_PER_ITEM: Final = 16
_FREE_MEMORY: Final = 4 << 20
_MEMORY_PER_BYTE: Final = 16


class Budget:
    """What may be made beyond what a file holds piece by piece.

    A few bytes can ask for a tensor that repeats one number, for thousands of outputs, or for a
    function's body wherever it is called. Honest graphs need little of that for their size.

    Parameters
    ----------
    stored : int
        The size of the file, in bytes.
    """

    def __init__(self, stored: int) -> None:
        self._items = _FREE_ITEMS + stored // _BYTES_PER_ITEM
        self._memory = _FREE_MEMORY + stored * _MEMORY_PER_BYTE

    def make(self, items: int) -> None:
        """Make operations or tensors that the file does not hold one by one.

        Raises
        ------
        ValueError
            If that is more than a file of this size may ask for.
        """
        self._items -= items
        if self._items < 0:
            raise ValueError("The graph asks for far more operations and tensors than it holds")

    def allow(self, size: int) -> bool:
        """Whether an array of some size in bytes may be made; if so, it counts."""
        if size > self._memory:
            return False
        self._memory -= size
        return True
