"""Memory of a plan: pieces that one value uses after the other."""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from math import inf
from typing import Final

import numpy as np

from skflow.graph.dtypes import Array

_ALIGNMENT: Final = 64  # bytes: a cache line, and the widest vector registers
_MOST_WASTE: Final = 4  # a piece serves values down to this fraction of its size


class Slot:
    """A piece of memory and the last position at which its present value is used."""

    __slots__ = ("index", "nbytes", "until")

    def __init__(self, index: int, nbytes: int, until: float) -> None:
        self.index = index
        self.nbytes = nbytes
        self.until = until


class Allocator:
    """Hands out slots by liveness: a slot is free again after its value's last use."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self._expiring: list[tuple[float, int]] = []
        self._free: dict[int, list[Slot]] = {}
        self._sizes: list[int] = []  # of the free ones, in order

    def take(self, nbytes: int, position: int, until: float) -> Slot:
        """A slot of at least `nbytes`, held from `position` to `until`."""
        self._collect(position)
        slot = self._fitting(nbytes)
        if slot is None:
            slot = Slot(len(self.slots), nbytes, until)
            self.slots.append(slot)
        self.keep(slot, until)
        return slot

    def own(self, nbytes: int) -> Slot:
        """A slot of `nbytes` that nothing else ever uses."""
        slot = Slot(len(self.slots), nbytes, inf)
        self.slots.append(slot)
        return slot

    def keep(self, slot: Slot, until: float) -> None:
        """Hold a slot until another position."""
        slot.until = until
        heapq.heappush(self._expiring, (until, slot.index))

    def _collect(self, position: int) -> None:
        while self._expiring and self._expiring[0][0] < position:
            until, index = heapq.heappop(self._expiring)
            slot = self.slots[index]
            if slot.until == until:  # else it was kept for longer
                slot.until = -1.0
                free = self._free.setdefault(slot.nbytes, [])
                if not free:
                    insort(self._sizes, slot.nbytes)
                free.append(slot)

    def _fitting(self, nbytes: int) -> Slot | None:
        at = bisect_left(self._sizes, nbytes)
        if at == len(self._sizes) or self._sizes[at] > _MOST_WASTE * nbytes:
            return None
        free = self._free[self._sizes[at]]
        slot = free.pop()
        if not free:
            del self._sizes[at]
        return slot


def aligned(nbytes: int) -> Array:
    """Fresh memory of `nbytes` that begins at a cache line."""
    raw = np.empty(nbytes + _ALIGNMENT, np.uint8)
    shift = -raw.__array_interface__["data"][0] % _ALIGNMENT
    return raw[shift : shift + nbytes]
