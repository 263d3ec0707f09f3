"""The collector of cycles rests while large plans are made, and is found as it was."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.runtime import executable
from skflow.runtime.collector import at_rest


@pytest.fixture(autouse=True)
def _collecting() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_it_rests_in_blocks_within_blocks() -> None:
    with at_rest():
        with at_rest():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_stays_off_if_it_was() -> None:
    gc.disable()
    with at_rest():
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_it_wakes_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), at_rest():
        1 / 0  # noqa: B018
    assert gc.isenabled()


def test_the_last_thread_wakes_it() -> None:
    inside, leave = threading.Event(), threading.Event()

    def rest() -> None:
        with at_rest():
            inside.set()
            leave.wait()

    thread = threading.Thread(target=rest)
    thread.start()
    inside.wait()
    with at_rest():
        pass
    assert not gc.isenabled()
    leave.set()
    thread.join()
    assert gc.isenabled()


def test_nothing_is_collected_while_a_large_plan_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    states = []
    make = executable.Code

    def spy(*arguments: Any) -> Any:
        states.append(gc.isenabled())
        return make(*arguments)

    monkeypatch.setattr(executable, "Code", spy)
    monkeypatch.setattr(executable, "_LARGE_PROGRAM", 20)
    with tf.Graph().as_default(), tf.Session() as session:
        x = y = tf.placeholder(tf.float32, (2,))
        for _ in range(30):
            y = tf.sin(y)
        session.run(tf.sin(x), {x: np.ones(2)})
        session.run(y, {x: np.ones(2)})
    assert states == [True, False]
    assert gc.isenabled()
