"""Looking out for another thread: what is given is seen, and nobody looks for long."""

from __future__ import annotations

import ctypes
import threading
import time
from typing import Any

import pytest

from skflow.runtime import lookout
from skflow.runtime.lookout import Signal


def test_a_signal_that_is_given_ends_the_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were it not seen, the look would take a minute."""
    monkeypatch.setattr(lookout, "_LOOKS", 1 << 35)
    begun, ended, signal = threading.Event(), threading.Event(), Signal()

    def work() -> None:
        signal.clear()
        begun.set()
        signal.look()
        ended.set()

    looker = threading.Thread(target=work)
    looker.start()
    assert begun.wait(30)
    time.sleep(0.01)  # the other thread needs no lock of Python's to look
    assert not ended.is_set()
    signal.give()
    assert ended.wait(20)
    looker.join()


def test_a_look_ends_by_itself() -> None:
    signal = Signal()
    for _ in range(3):
        signal.clear()
        signal.look()


def test_what_was_given_before_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout, "_LOOKS", 1 << 35)
    signal = Signal()
    signal.clear()
    signal.give()
    signal.look()


def test_what_a_kernel_gives_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """It puts a number at the signal's address."""
    monkeypatch.setattr(lookout, "_LOOKS", 1 << 35)
    signal = Signal()
    signal.clear()
    number = ctypes.c_uint64.from_address(signal.address)
    assert number.value % 2 == 0
    number.value = lookout.GIVEN
    assert number.value % 2 == 1
    signal.look()


@pytest.mark.parametrize("error", [OSError, AttributeError, TypeError])
def test_where_there_is_nothing_to_look_with(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Any) -> None:
        raise error

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    signal = Signal()
    signal.clear()
    signal.look()
    signal.give()
