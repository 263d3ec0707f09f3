"""Slots of memory: no two values that are alive at the same time share one."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings, strategies as st

from skflow.runtime.memory import Allocator, Slot, aligned

LIVES = st.lists(st.tuples(st.integers(1, 5000), st.integers(-1, 8)), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(LIVES)
def test_lives_in_one_slot_do_not_overlap(lives: list[tuple[int, int]]) -> None:
    allocator = Allocator()
    held: dict[int, float] = {}
    for position, (nbytes, length) in enumerate(lives):
        until = float(position + length) if length > 0 else -1.0
        slot = allocator.take(nbytes, position, until)
        assert held.get(slot.index, -1.0) < position
        assert nbytes <= slot.nbytes <= 4 * nbytes
        held[slot.index] = max(until, position)
    assert [s.index for s in allocator.slots] == list(range(len(allocator.slots)))


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(LIVES, st.data())
def test_kept_slots_stay_taken(lives: list[tuple[int, int]], data: st.DataObject) -> None:
    """A slot that goes from a dying value to the next is not free in between."""
    allocator = Allocator()
    held: dict[int, float] = {}
    live: list[Slot] = []
    for position, (nbytes, length) in enumerate(lives):
        until = float(position + max(length, 1))
        dying = [s for s in live if s.until == position]
        if dying and data.draw(st.booleans()):
            slot = dying[0]
            allocator.keep(slot, until)
        else:
            slot = allocator.take(nbytes, position, until)
            assert held.get(slot.index, -1.0) < position
            live.append(slot)
        held[slot.index] = until


def test_memory_is_used_again() -> None:
    allocator = Allocator()
    first = allocator.take(1000, 0, 1.0)
    assert allocator.take(1000, 1, 2.0) is not first
    assert allocator.take(900, 2, 3.0) is first
    assert allocator.take(10, 4, 5.0).nbytes == 10  # not a piece many times its size


def test_values_fetched_hold_their_slot_for_ever() -> None:
    allocator = Allocator()
    kept = allocator.take(8, 0, float("inf"))
    assert all(allocator.take(8, p, p + 1.0) is not kept for p in range(1, 10))


def test_alignment() -> None:
    for nbytes in (0, 1, 63, 64, 1000):
        memory = aligned(nbytes)
        assert memory.nbytes == nbytes
        assert memory.dtype == np.uint8
        if nbytes:
            assert memory.__array_interface__["data"][0] % 64 == 0
