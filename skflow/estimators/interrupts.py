"""Ctrl-C while a model is fitted: taken note of at once, obeyed between two steps."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType


class Interrupts:
    """Whether Ctrl-C was pressed.

    Attributes
    ----------
    requested : bool
        True from the first Ctrl-C on.
    """

    __slots__ = ("requested",)

    def __init__(self) -> None:
        self.requested = False


@contextmanager
def deferred_interrupts() -> Iterator[Interrupts]:
    """Let the first Ctrl-C (SIGINT) within a block set a flag instead of raising.

    The second one raises `KeyboardInterrupt` at once, and so does any later one.

    Yields
    ------
    Interrupts
        The flag. A signal that comes after the training loop has asked for the last time still
        sets it, so `fit` reads it once more after the block to know whether to warn.

    Notes
    -----
    Python's own handler would raise between any two instructions, such as between the updates of
    two variables. It is put back when the block is left, however that happens.

    Where that handler is not in place, or may not be replaced, nothing is done and the flag stays
    down: in threads other than the main one, in a block within another one (the outer one has the
    flag), and where an application has a handler of its own or ignores the signal. In a process
    that was forked off within the block, the signal raises as ever.

    Examples
    --------
    >>> with deferred_interrupts() as interrupts:
    ...     for step in range(1000):
    ...         if interrupts.requested:
    ...             break
    >>> interrupts.requested
    False
    """
    interrupts, owner = Interrupts(), os.getpid()

    def take_note(number: int, frame: FrameType | None) -> None:
        if not interrupts.requested and os.getpid() == owner:
            interrupts.requested = True
            return
        # Before raising, so that not even an exception between two instructions of the block's
        # end could leave this handler behind.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.default_int_handler(number, frame)

    try:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            with suppress(ValueError):  # Not the main thread.
                signal.signal(signal.SIGINT, take_note)
        yield interrupts
    finally:
        # Whoever has put another handler there meanwhile wants to keep it.
        if signal.getsignal(signal.SIGINT) is take_note:
            signal.signal(signal.SIGINT, signal.default_int_handler)
