"""A kernel's table for one frame: the addresses of all that it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from skflow.graph.dtypes import Array
from skflow.graph.summation import FEW_ROWS, ones_of
from skflow.runtime.frame import Frame, Unfit
from skflow.runtime.jit.loader import Machine
from skflow.runtime.jit.source import CLOSED, CONTROL_BYTES, TICKET
from skflow.runtime.jit.table import CALLED, CONTROL, FIRST, SLEEP, Entry, Table
from skflow.runtime.memory import aligned
from skflow.runtime.steps import Value
from skflow.runtime.threads import pool


def binder(
    table: Table, scratch: Mapping[Entry, int], names: Mapping[Value, str], machine: Machine
) -> Callable[[Frame], Array]:
    """A function that makes the table of a frame.

    Parameters
    ----------
    table : Table
        What its entries stand for.
    scratch : mapping of Entry to int
        The numbers of the frame's pieces of memory that statements have for themselves.
    names : mapping of Value to str
        The names of values in the frame.
    machine : Machine
        What kernels can call.
    """

    def bind(frame: Frame) -> Array:
        control = -(-(FIRST + len(table.entries)) // 8) * 64
        memory = aligned(control + CONTROL_BYTES).view(np.int64)
        memory[:] = 0
        memory[CONTROL] = address_of(memory) + control
        memory[SLEEP] = machine.sleep
        memory[CALLED] = pool.called.address
        memory[(control + TICKET) // memory.itemsize] = CLOSED << 16
        for i, entry in enumerate(table.entries):
            memory[FIRST + i] = resolve(entry, frame)
        return memory

    def resolve(entry: Entry, frame: Frame) -> int:
        item: Any = entry.item
        if entry.kind == "blas":
            assert machine.blas is not None
            return machine.blas.addresses[item]
        if entry.kind in ("loop", "data"):
            return machine.loops[item][entry.kind == "data"]
        if entry.kind == "ones":
            return address_of(ones_of(np.dtype(item), FEW_ROWS))
        if entry.kind == "scratch":
            return address_of(frame.memory[scratch[entry]])
        if entry.kind == "gradients":
            return address_of(frame.gradients[item])
        if entry.kind == "column":
            return _address_by_rows(frame.columns[item][entry.number])
        if item.variable is not None:
            return _address_by_rows(item.variable.value)
        name = names[item]
        if name[0] in "vf":
            return 0  # comes with each call
        found = frame.names[name]
        either = item.const is not None and found.flags.f_contiguous
        return address_of(found) if either else _address_by_rows(found)

    return bind


def address_of(array: Array) -> int:
    """Where an array's memory begins."""
    return int(array.__array_interface__["data"][0])


def _address_by_rows(array: Array) -> int:
    if not array.flags.c_contiguous:
        raise Unfit
    return address_of(array)
