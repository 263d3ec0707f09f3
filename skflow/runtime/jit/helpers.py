"""Worker threads that help with the runs of a kernel."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from skflow.graph.dtypes import Array
from skflow.runtime.jit.source import ARE_CALLED, ARE_THERE
from skflow.runtime.threads import Task, pool

_forks: Final[list[int]] = [0]


class Helpers:
    """The workers that help one kernel over one frame.

    A worker that has helped stays for a moment: if another run follows, it need not be woken.

    Parameters
    ----------
    helps : callable
        The kernel's function for helpers, which takes the address of the table.
    address : int
        The table's.
    inside : numpy.ndarray, shape (1,)
        The counter of helpers in it.
    number : int
        How many workers help at most.
    """

    def __init__(
        self, helps: Callable[[int], int], address: int, inside: Array, number: int
    ) -> None:
        self._helps = helps
        self._address = address
        self._inside = inside
        self._number = number
        self._forks = _forks[0]
        self._tasks: list[Task] = []

    def _help(self) -> None:
        self._helps(self._address)

    def come(self) -> int:
        """Have the workers come that are not there already.

        Returns
        -------
        int
            What the kernel is told: `ARE_THERE`; or `ARE_CALLED`, so that it tells them. Who came
            before Python's lock is free would fall asleep over it.
        """
        if self._forks != _forks[0]:  # a forked child's counter counts its parent's helpers
            self._forks = _forks[0]
            self._inside[0] = 0
        missing = self._number - int(self._inside[0])
        if missing <= 0:
            return ARE_THERE
        self._tasks = [pool.begin(self._help, signal=False) for _ in range(missing)]
        return ARE_CALLED

    def go(self) -> None:
        """Let those that have not come yet stay away."""
        for task in self._tasks:
            task.drop()
        self._tasks = []


def _after_fork() -> None:
    _forks[0] += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
