"""What is done in a second thread is done in order, and over when its block is."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skflow import errors
from skflow.io import crc, stored_tensor
from skflow.io.bundle_reader import BundleReader
from skflow.io.bundle_writer import write_bundle
from skflow.io.files import Files, using
from skflow.io.helper import Helper
from tests.io.memory_files import Fault, MemorySystem

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_thread_stays() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


@pytest.fixture(params=["together", "sum later"])
def small_pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small tensors be read with help too, whether or not two threads can sum at once."""
    monkeypatch.setattr(stored_tensor, "WORTH_HELP", 32)
    monkeypatch.setattr(stored_tensor, "_PIECE", 96)
    monkeypatch.setattr(crc, "is_parallel", lambda: request.param == "together")


# ---- the thread ---------------------------------------------------------------------------------


def test_one_thing_after_another() -> None:
    done: list[int] = []
    threads = set()

    def work(number: int) -> None:
        time.sleep(0.001 * (number % 3))
        threads.add(threading.get_ident())
        done.append(number)

    with Helper() as helper:
        for number in range(20):
            helper.start(work, number)
            assert done in (list(range(number)), list(range(number + 1)))
        helper.wait()
        assert done == list(range(20))
        helper.start(len, done)
        assert helper.wait() == 20
        assert helper.wait() is None
    assert len(threads) == 1
    assert threads != {threading.get_ident()}


@pytest.mark.parametrize("kind", [errors.DataLossError, MemoryError, SystemExit])
def test_errors_come_to_the_caller(kind: Any) -> None:
    error = kind(None, None, "x") if kind is errors.DataLossError else kind("x")

    def work() -> None:
        raise error

    for wait in (lambda helper: helper.wait(), lambda helper: helper.start(work)):
        with pytest.raises(kind) as raised, Helper() as helper:
            helper.start(work)
            wait(helper)
        assert raised.value is error


def test_an_error_keeps_nothing_alive() -> None:
    class Large(list[int]):
        """Something that can be watched."""

    def work(_large: Large) -> None:
        raise OSError

    gc.collect()
    gc.disable()
    try:
        large = Large()
        watched = weakref.ref(large)
        try:
            with Helper() as helper:
                helper.start(work, large)
                helper.wait()
        except OSError:
            pass
        del large, helper
        assert watched() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("presses", [1, 3])
def test_ctrl_c_waits_for_what_is_being_done(presses: int) -> None:
    done = threading.Event()

    def work() -> None:
        for _ in range(presses):
            time.sleep(0.05)
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
        done.set()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), Helper() as helper:
            helper.start(work)
            helper.wait()
        assert done.is_set()
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("small_pieces")
def test_no_thread_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_thread: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    values, system = np.arange(1000.0), MemorySystem()
    with using(Files(system)):
        write_bundle("m", [("a", values)])
        with BundleReader("m") as reader:
            reader.verify("a")
            assert reader.read("a").tolist() == values.tolist()


AT_EXIT = """
import atexit, sys
import numpy as np
from skflow.io import helper
from skflow.io.bundle_reader import BundleReader
from skflow.io.bundle_writer import write_bundle

def late():
    values = np.arange(3 * helper.WORTH_HELP, dtype=np.uint8)
    write_bundle(sys.argv[1], [("a", values)])
    with BundleReader(sys.argv[1]) as reader:
        assert (reader.read("a") == values).all()
    print("saved")

with helper.Helper() as early:
    early.start(int)
atexit.register(late)
"""


def test_saving_when_the_interpreter_ends(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AT_EXIT, str(tmp_path / "m")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("saved\n", "")


# ---- reading with it ----------------------------------------------------------------------------


def arrays() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    block = rng.normal(size=(9, 14))
    return {
        "a": rng.normal(size=100),
        "bytes": rng.integers(0, 255, 97).astype(np.uint8),
        "columns": np.asfortranarray(block),
        "part": block[::2, 1:9],
        "reversed": block.astype(">f8"),
        "truth": rng.normal(size=70) > 0,
    }


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize("size", [1 << 22, 32])
@pytest.mark.parametrize("piece", [1 << 20, 40])
def test_the_same_values_with_help_and_without(
    size: int, piece: int, parallel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_tensor, "WORTH_HELP", size)
    monkeypatch.setattr(stored_tensor, "_PIECE", piece)
    monkeypatch.setattr(crc, "is_parallel", lambda: parallel)
    with using(Files(MemorySystem())):
        write_bundle("m", arrays().items())
        with BundleReader("m") as reader:
            for name, array in arrays().items():
                reader.verify(name)
                assert reader.read(name).tolist() == array.tolist()
                assert reader.read(name, check=False).tolist() == array.tolist()


@pytest.mark.usefixtures("small_pieces")
def test_every_flipped_byte_is_found_with_help() -> None:
    system = MemorySystem()
    with using(Files(system)):
        write_bundle("m", [("a", np.arange(25.0))])
        sound = system.content("m.data-00000-of-00001")
        for place in range(len(sound)):
            changed = bytearray(sound)
            changed[place] ^= 4
            system.put("m.data-00000-of-00001", bytes(changed))
            with BundleReader("m") as reader:
                for look in (reader.read, reader.verify):
                    with pytest.raises(errors.DataLossError, match="Checksum does not match"):
                        look("a")


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("lasting", ["once", "same", "all"])
@pytest.mark.parametrize("code", [5, 28, 4, 0])
def test_every_call_failing_with_help(code: int, lasting: str) -> None:
    """Whichever thread meets with the error, it is raised; no wrong value is read."""
    values, system = np.arange(90.0), MemorySystem()
    at = struck = 0
    with using(Files(system)):
        write_bundle("m", [("a", values)])
        while True:
            system.calls.clear()
            system.fault = Fault(at, code, lasting)
            found, raised = None, None
            try:
                with BundleReader("m") as reader:
                    reader.verify("a")
                    found = reader.read("a")
            except errors.OpError as error:
                raised = error
            if raised is not None:
                assert code not in (0, 4) or lasting != "once"
                assert "m" in raised.message
            else:
                assert found is not None
                assert found.tolist() == values.tolist()
            assert system.open_paths == []
            if len(system.calls) <= at:
                break
            struck += 1
            at += 1
    assert struck > 10


class Interrupted(MemorySystem):
    """Ctrl-C comes while the thread that helps still has much to read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: int | None = None

    def read_into(self, fd: int, view: memoryview, offset: int) -> int:
        if self.reads is not None:
            if threading.current_thread() is threading.main_thread():
                raise KeyboardInterrupt
            self.reads += 1
            time.sleep(0.005)
        return super().read_into(fd, view, offset)


@pytest.mark.usefixtures("small_pieces")
def test_what_is_broken_off_ends_soon() -> None:
    system = Interrupted()
    with using(Files(system)):
        write_bundle("m", [("a", np.arange(5000.0))])
        with BundleReader("m") as reader:
            system.reads = 0
            with pytest.raises(KeyboardInterrupt):
                reader.read("a")
            assert system.reads < 20
            system.reads = None
            assert reader.read("a").tolist() == list(range(5000))
