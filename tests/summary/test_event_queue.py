"""Events reach the file in order, whatever the disk, the process and its threads do."""

from __future__ import annotations

import errno
import gc
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import skflow as tf
from skflow import errors
from skflow.io.files import Files, using
from skflow.io.records import RecordReader
from skflow.summary import event_queue
from skflow.summary.event_queue import EventQueue
from tests.io.memory_files import Fault, MemorySystem

SECONDS = 20.0


@pytest.fixture
def system() -> Iterator[MemorySystem]:
    memory = MemorySystem()
    with using(Files(memory)) as files:
        files.make_directories("log")
        yield memory
        for queue in list(event_queue._live):
            queue.end(SECONDS)


def events_in(system: MemorySystem) -> list[list[bytes]]:
    """The events of each file of the directory, in the order of names, without the first."""
    found = []
    with using(Files(system)) as files:
        for name in system.names("log"):
            with files.open(f"log/{name}") as file:
                first, *rest = list(RecordReader(file))
            assert first.endswith(b"brain.Event:2")
            found.append(rest)
    return found


def numbered(count: int, prefix: bytes = b"") -> list[bytes]:
    return [prefix + b"%d" % i for i in range(count)]


class Gate(MemorySystem):
    """A disk whose writes of events wait until they are let through."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = threading.Event()
        self.reached = threading.Event()

    def write(self, fd: int, view: memoryview) -> int:
        if b"brain.Event:2" not in bytes(view):
            self.reached.set()
            assert self.opened.wait(SECONDS)
        return super().write(fd, view)


# ---- the usual course -------------------------------------------------------------------------


def test_events_come_in_order(system: MemorySystem) -> None:
    queue = EventQueue("log", 3, 120)
    assert system.names("log") == []  # no file before the first event
    for event in numbered(500):
        queue.put(event)
    queue.flush()
    assert events_in(system) == [numbered(500)]
    queue.put(b"last")
    queue.close()
    assert events_in(system) == [[*numbered(500), b"last"]]
    assert not system.open_paths
    assert ("fsync", f"log/{system.names('log')[0]}") in system.calls


def test_events_of_a_moment_are_written_together(
    system: MemorySystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three quarters of what may wait, or what somebody waits for, is written at once."""
    monkeypatch.setattr(event_queue, "_GATHER", 10 * SECONDS)
    queue = EventQueue("log", 200, 120)
    begun = time.monotonic()
    queue.put(b"first")
    queue.flush()
    for flushed, count in enumerate((3, 149, 1)):
        for event in numbered(count):
            queue.put(event)
        queue.flush()
        assert len(events_in(system)[0]) == (4, 153, 154)[flushed]
    # One write for the line that begins a file, and one for each flush.
    assert len([c for c in system.calls if c[0] == "write"]) == 1 + 4
    for event in numbered(150):
        queue.put(event)
    while len(events_in(system)[0]) < 304:
        time.sleep(0.001)
    queue.put(b"last")
    queue.close()
    assert len(events_in(system)[0]) == 305
    assert time.monotonic() - begun < SECONDS


def test_a_file_is_made_of_the_first_event_at_once(
    system: MemorySystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lists the directory soon after finds it, before events are gathered."""
    monkeypatch.setattr(event_queue, "_GATHER", 10 * SECONDS)
    queue = EventQueue("log", 200, 120)
    for file in range(2):
        begun = time.monotonic()
        queue.put(b"x")
        while len(system.names("log")) <= file or events_in(system)[-1] != [b"x"]:
            assert time.monotonic() - begun < SECONDS
            time.sleep(0.001)
        queue.close()


def test_a_full_queue_is_emptied_without_turning_round(
    system: MemorySystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread has nothing to do while those that it has made room for are still waking up."""
    turns = []
    drain = EventQueue._drain
    monkeypatch.setattr(EventQueue, "_drain", lambda self: (turns.append(1), drain(self)))
    queue = EventQueue("log", 10, 120)
    for event in numbered(2000):
        queue.put(event)
    queue.close()
    assert events_in(system) == [numbered(2000)]
    assert len(turns) <= 2000


def test_what_comes_alone_is_written_soon(system: MemorySystem) -> None:
    queue = EventQueue("log", 10, 120)
    queue.put(b"x")
    limit = time.monotonic() + SECONDS
    while not system.names("log") or events_in(system) != [[b"x"]]:
        assert time.monotonic() < limit
        time.sleep(0.001)
    queue.close()


def test_many_threads(system: MemorySystem) -> None:
    queue = EventQueue("log", 5, 120)

    def add(prefix: bytes) -> None:
        for event in numbered(200, prefix):
            queue.put(event)

    threads = [threading.Thread(target=add, args=(p,)) for p in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue.close()
    ((*found,),) = events_in(system)
    for prefix in (b"a", b"b", b"c"):
        assert [e for e in found if e[:1] == prefix] == numbered(200, prefix)
    assert len(found) == 600


def test_opening_again_begins_a_file(system: MemorySystem) -> None:
    queue = EventQueue("log", 10, 120)
    for event in (b"a", b"b", b"c"):
        queue.put(event)
        queue.close()
    assert events_in(system) == [[b"a"], [b"b"], [b"c"]]
    queue.close()
    queue.flush()


def test_the_next_second_if_the_name_is_taken(system: MemorySystem) -> None:
    """Nothing that another writer has begun is overwritten."""
    queues = [EventQueue("log", 10, 120) for _ in range(3)]
    for queue in queues:
        queue.put(b"x")
        queue.flush()
    for queue in queues:
        queue.close()
    assert events_in(system) == [[b"x"]] * 3


@pytest.mark.parametrize("most", [0, -1])
def test_no_bound(most: int) -> None:
    gate = Gate()
    with using(Files(gate)) as files:
        files.make_directories("log")
        queue = EventQueue("log", most, 120)
        for event in numbered(100):
            queue.put(event)
        gate.opened.set()
        queue.close()
        assert events_in(gate) == [numbered(100)]


def test_a_full_queue_makes_callers_wait() -> None:
    gate = Gate()
    with using(Files(gate)) as files:
        files.make_directories("log")
        queue = EventQueue("log", 2, 120)
        queue.put(b"0")
        assert gate.reached.wait(SECONDS)  # the thread has taken it
        queue.put(b"1")
        queue.put(b"2")
        waiting = threading.Thread(target=queue.put, args=(b"3",))
        waiting.start()
        waiting.join(0.1)
        assert waiting.is_alive()
        gate.opened.set()
        waiting.join(SECONDS)
        assert not waiting.is_alive()
        queue.close()
        assert events_in(gate) == [numbered(4)]


def test_synced_every_so_often(system: MemorySystem) -> None:
    queue = EventQueue("log", 10, 0.01)
    queue.put(b"a")
    queue.flush()
    (name,) = system.names("log")
    limit = time.monotonic() + SECONDS
    while ("fsync", f"log/{name}") not in system.calls:
        assert time.monotonic() < limit
        time.sleep(0.005)
    queue.close()


# ---- disks that fail --------------------------------------------------------------------------


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_an_error_reaches_the_caller(system: MemorySystem, code: int) -> None:
    """At the next call, with the path; nothing hangs, and what was not written is kept."""
    queue = EventQueue("log", 2, 120)
    queue.put(b"0")
    queue.flush()
    (name,) = system.names("log")
    system.fault = Fault(len(system.calls), code, "all")
    with pytest.raises(errors.OpError, match=name):
        for event in numbered(100):
            queue.put(event)
            time.sleep(0.001)
    for call in (queue.flush, lambda: queue.put(b"more")):
        with pytest.raises(errors.OpError, match=name):
            call()
    with pytest.raises(errors.OpError, match=name):
        queue.close()
    system.fault = None
    queue.put(b"last")
    queue.close()
    first, second = events_in(system)
    assert first == [b"0"]
    assert second[-1] == b"last"
    assert second[:-1] == numbered(len(second) - 1)
    assert len(second) >= 2


def test_a_file_that_cannot_be_made(system: MemorySystem) -> None:
    queue = EventQueue("missing", 2, 120)
    queue.put(b"0")
    with pytest.raises(errors.NotFoundError, match="missing/events.out.tfevents"):
        queue.flush()
    with pytest.raises(errors.NotFoundError):
        queue.close()
    with using(Files(system)) as files:
        files.make_directories("missing")
    queue.close()
    (name,) = system.names("missing")
    assert system.content(f"missing/{name}").count(b"0") >= 1


def course(memory: MemorySystem, failing: int | None) -> bool:
    """Write some events; whether an error was seen."""
    seen = False
    with using(Files(memory)) as files:
        files.make_directories("log")
        if failing is not None:
            memory.fault = Fault(len(memory.calls) + failing, errno.EIO)
        queue = EventQueue("log", 2, 120)
        for event in numbered(4):
            try:
                queue.put(event)
                queue.flush()
            except errors.OpError:
                seen = True
        try:
            queue.close()
        except errors.OpError:
            seen = True
        assert not memory.open_paths
    return seen


def test_every_call_failing_once() -> None:
    """An error for each, at the latest from `close`; the whole events before it can be read."""
    clean = MemorySystem()
    assert not course(clean, None)
    kinds = [kind for kind, _ in clean.calls]
    first = kinds.index("create")
    assert {"create", "write", "fsync", "close"} <= set(kinds[first:])
    for at in range(len(kinds) - first):
        memory = MemorySystem()
        assert course(memory, at), kinds[first + at]
        for name in memory.names("log"):
            with using(Files(memory)) as files, files.open(f"log/{name}") as file:
                found = list(RecordReader(file))
            assert found[1:] == numbered(len(found[1:]))


def test_a_write_cut_short_leaves_whole_events(system: MemorySystem) -> None:
    queue = EventQueue("log", 10, 120)
    queue.put(b"0")
    queue.flush()
    system.fault = Fault(len(system.calls), 0)  # half of it is written
    queue.put(b"1")
    queue.flush()
    assert events_in(system) == [[b"0", b"1"]]
    queue.close()


# ---- the end of writers and of processes ------------------------------------------------------


def test_a_writer_that_is_forgotten(system: MemorySystem) -> None:
    queue = EventQueue("log", 10, 120)
    queue.put(b"a")
    queue.leave()
    limit = time.monotonic() + SECONDS
    while queue in event_queue._live:
        assert time.monotonic() < limit
        time.sleep(0.002)
    del queue
    gc.collect()
    assert events_in(system) == [[b"a"]]
    assert not system.open_paths


PROGRAM = """
import os, sys, time
import skflow as tf
writer = tf.summary.FileWriter(sys.argv[1], max_queue=0)
value = tf.Summary.Value
def add(i):
    writer.add_summary(tf.Summary(value=[value(tag="a", simple_value=i)]), i)
for i in range(300):
    add(i)
"""


def run(folder: Path, more: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM + more, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[2],
    )


def steps(folder: Path) -> list[list[int]]:
    return [[e.step for e in tf.train.summary_iterator(p)][1:] for p in sorted(folder.iterdir())]


def test_the_interpreter_exits(tmp_path: Path) -> None:
    """What waits is written, though nobody has closed the writer; events added at exit too."""
    done = run(tmp_path / "a")
    assert (done.returncode, done.stderr) == (0, "")
    assert steps(tmp_path / "a") == [list(range(300))]
    done = run(tmp_path / "b", "import atexit; atexit.register(add, 300)")
    assert (done.returncode, done.stderr) == (0, "")
    assert steps(tmp_path / "b")[0] == list(range(301))


def test_an_exception_ends_the_program(tmp_path: Path) -> None:
    done = run(tmp_path, "raise SystemExit(3)")
    assert done.returncode == 3
    assert steps(tmp_path) == [list(range(300))]


def test_a_forked_process_has_a_file_of_its_own(tmp_path: Path) -> None:
    more = """
import warnings
warnings.simplefilter("ignore")
child = os.fork()
for i in range(1000 if child else 2000, 1000 + 5 if child else 2000 + 5):
    add(i)
writer.close()
if child:
    assert os.waitpid(child, 0)[1] == 0
else:
    os._exit(0)
"""
    done = run(tmp_path, more)
    assert (done.returncode, done.stderr) == (0, "")
    found = steps(tmp_path)
    assert sorted(found) == [[*range(300), *range(1000, 1005)], list(range(2000, 2005))]


def test_a_process_that_is_killed(tmp_path: Path) -> None:
    """Its file reads to the last whole event, in order and with no gap."""
    more = """
writer.flush()
while True:
    i += 1
    add(i)
    print(i, flush=True)
"""
    for delay in (0.0, 0.02, 0.05):
        folder = tmp_path / str(delay)
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM + more, str(folder)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(delay)
            process.kill()
        (found,) = steps(folder)
        assert found == list(range(len(found)))
        assert len(found) >= 300
