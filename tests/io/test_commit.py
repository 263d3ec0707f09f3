"""A set of files takes the place of another, whole, and an aborted one leaves no trace."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from skflow import errors
from skflow.io.commit import Transaction, commit, finish, remove_files, write_atomically
from skflow.io.commit_record import Record, record_path, temporary_path
from skflow.io.files import Files, current, using
from tests.io.memory_files import Fault, MemorySystem

TOKEN = "5" * 16


def save(prefix: str, **contents: bytes) -> None:
    with commit(prefix) as transaction:
        for ending, content in contents.items():
            transaction.create("." + ending).write(content)


def contents(system: MemorySystem) -> dict[str, bytes]:
    return {name: system.content(name) for name in system.names("")}


def test_files_are_replaced_and_others_stay() -> None:
    system = MemorySystem()
    system.put("model.old", b"stays")
    system.put("model.gone", b"goes")
    system.put("model2.index", b"another prefix's")
    with using(Files(system)):
        save("model", index=b"1", meta=b"2")
        with commit("model") as transaction:
            assert transaction.existing == (".gone", ".index", ".meta", ".old")
            transaction.create(".index").write(b"3")
            transaction.remove(".gone")
    assert contents(system) == {
        "model.index": b"3", "model.meta": b"2", "model.old": b"stays",
        "model2.index": b"another prefix's",
    }  # fmt: skip
    assert system.open_paths == []


def test_nothing_shows_before_the_end() -> None:
    system = MemorySystem()
    system.put("model.index", b"old")
    with using(Files(system)), commit("model") as transaction:
        transaction.create(".index").write(b"new")
        assert system.content("model.index") == b"old"


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_an_error_in_the_block_leaves_all_as_it_was(kind: type[BaseException]) -> None:
    system = MemorySystem()
    system.put("model.index", b"old")
    system.put("elsewhere", b"moved")
    with using(Files(system)):
        with pytest.raises(kind):
            with commit("model") as transaction:
                transaction.create(".index").write(b"new")
                transaction.adopt(".data", "elsewhere")
                raise kind
    assert contents(system) == {"model.index": b"old"}
    assert system.open_paths == []


def test_files_from_elsewhere() -> None:
    system = MemorySystem()
    system.put("elsewhere", b"moved")
    with using(Files(system)), commit("model") as transaction:
        transaction.adopt(".data", "elsewhere")
    assert contents(system) == {"model.data": b"moved"}


def test_endings_that_cannot_be() -> None:
    with using(Files(MemorySystem())), commit("model") as transaction:
        transaction.create(".index")
        for ending in ("", ".index", "./x", ".skflow-commit"):
            with pytest.raises(ValueError, match="cannot be one more file of model"):
                transaction.create(ending)
            with pytest.raises(ValueError, match="cannot be one more file of model"):
                transaction.remove(ending)


def test_no_directory() -> None:
    with using(Files(MemorySystem())):
        with pytest.raises(errors.NotFoundError, match="^none; No such file or directory"):
            save("none/model", index=b"")


def test_a_damaged_record_is_saved_over() -> None:
    system = MemorySystem()
    system.put(record_path("model"), b"damaged")
    with using(Files(system)):
        save("model", index=b"new")
    assert contents(system) == {"model.index": b"new"}


def raised_by(call: Callable[[], None]) -> str | None:
    """What the error says that a call ends with."""
    try:
        call()
    except errors.OpError as error:
        return error.message
    return None


def unfinished() -> MemorySystem:
    """Killed after the first rename."""
    system = MemorySystem()
    system.put("model.index", b"new")
    system.put("model.data", b"old")
    system.put("model.more", b"obsolete")
    system.put(temporary_path("model.data", TOKEN), b"new")
    record = Record(TOKEN, (".index", ".data"), (".more",))
    system.put(record_path("model"), record.encoded())
    return system


def test_an_interrupted_save_is_finished() -> None:
    system = unfinished()
    with using(Files(system)):
        finish("model")
        finish("model")
    assert contents(system) == {"model.index": b"new", "model.data": b"new"}


def test_an_interrupted_save_is_finished_by_the_next_before_it_begins() -> None:
    system = unfinished()
    with using(Files(system)), commit("model") as transaction:
        assert transaction.existing == (".data", ".index")
        transaction.create(".index").write(b"newer")
    assert contents(system) == {"model.index": b"newer", "model.data": b"new"}


def test_a_save_that_died_meanwhile_is_finished_before_its_record_goes() -> None:
    system = MemorySystem()
    with using(Files(system)), commit("model") as transaction:
        transaction.create(".index").write(b"newest")
        system.put("model.data", b"old")
        system.put(temporary_path("model.data", TOKEN), b"new")
        system.put(record_path("model"), Record(TOKEN, (".index", ".data"), ()).encoded())
    assert contents(system) == {"model.index": b"newest", "model.data": b"new"}


def test_names_are_given_under_the_directorys_lock() -> None:
    system = MemorySystem()
    with using(Files(system)):
        save("model", index=b"1", data=b"2")
    held = False
    for kind, path in system.calls:
        if path == "." and kind in {"try_lock", "unlock"}:
            held = kind == "try_lock"
        assert held or kind not in {"replace", "unlink"}


def test_files_are_removed_together_with_what_is_unfinished() -> None:
    system = unfinished()
    with using(Files(system)):
        remove_files("model", [".index", ".data", ".none"])
    assert contents(system) == {}


def test_the_first_of_removed_files_is_gone_before_the_others() -> None:
    """However the power goes: there is never an index without its data."""
    at = 0
    while True:
        system = MemorySystem()
        system.put("model.index", b"1")
        system.put("model.data", b"2")
        system.power_until = at
        try:
            with using(Files(system)):
                remove_files("model", [".index", ".data"])
        except BaseException as error:
            if type(error).__name__ != "PowerLoss":
                raise
        for seed in range(8):
            names = system.after_power_loss(seed).names("")
            assert "model.index" not in names or "model.data" in names
        if "model.data" not in system.after_kill().names(""):
            break
        at += 1
    assert at > 5


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EINTR, 0])
@pytest.mark.parametrize("lasting", ["once", "same", "all"])
def test_every_call_of_an_atomic_write_failing(code: int, lasting: str) -> None:
    at = 0
    while True:
        system = MemorySystem()
        system.put("state", b"old")
        system.fault = Fault(at, code, lasting)
        with using(Files(system)):
            raised = raised_by(lambda: write_atomically("state", b"newer"))
            struck = len(system.calls) > at
            system.fault = None
            assert system.open_paths == []
            assert system.content("state") in ({b"old", b"newer"} if raised else {b"newer"})
            assert raised is None or raised.startswith(("state", "."))
            write_atomically("state", b"again")
            save("model")
        assert contents(system) == {"state": b"again"}
        if not struck:
            break
        at += 1
    assert at > 8


def test_what_fails_while_names_are_given_says_that_nothing_is_lost() -> None:
    system = MemorySystem()
    system.put("model.index", b"old")

    class Stuck(MemorySystem):
        def replace(self, source: str, target: str) -> None:
            if target == "model.index":
                raise OSError(errno.EIO, "stuck")
            super().replace(source, target)

    stuck = Stuck()
    with using(Files(stuck)):
        with pytest.raises(errors.UnknownError, match="^model.index; Input.*stand for model all"):
            save("model", index=b"new")
    with using(Files(stuck.after_kill())):
        finish("model")
        assert current().matching("model*") == ["model.index"]


def test_saves_at_the_same_time_end_with_one_of_them(tmp_path: Path) -> None:
    prefix, failures = str(tmp_path / "model"), []

    def saver(number: int) -> None:
        try:
            for _ in range(15):
                save(prefix, index=b"%d" % number, data=b"%d" % number)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=saver, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.data", "model.index"]
    assert (tmp_path / "model.data").read_bytes() == (tmp_path / "model.index").read_bytes()


KILLED = """
import sys
from skflow.io.commit import commit
number = 0
while True:
    number += 1
    with commit(sys.argv[1]) as transaction:
        for ending in (".index", ".data"):
            transaction.create(ending).write(b"%d" % number * 20)
    print(number, flush=True)
"""


@pytest.mark.parametrize("delay", [0.01, 0.02, 0.03, 0.05])
def test_killed_saves_leave_a_whole_set(tmp_path: Path, delay: float) -> None:
    prefix = str(tmp_path / "model")
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, prefix], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        last = int(process.stdout.readline())
        threading.Timer(delay, process.send_signal, [signal.SIGKILL]).start()
        last = max([last, *map(int, process.stdout.read().split())])
    finish(prefix)
    index, data = ((tmp_path / f"model{ending}").read_bytes() for ending in (".index", ".data"))
    assert index == data
    assert index in {b"%d" % number * 20 for number in (last, last + 1)}
    save(prefix, index=b"", data=b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.data", "model.index"]


def test_an_interrupt_at_any_call_leaves_one_of_both() -> None:
    """Control-C comes where it wants: the cleaning up goes on after it."""

    class Interrupted(MemorySystem):
        at = -1

        def _begin(self, *what: object) -> bool:
            short = super()._begin(*what)  # type: ignore[arg-type]
            if len(self.calls) == self.at:
                raise KeyboardInterrupt
            return short

    at = 1
    while True:
        system = Interrupted()
        system.put("model.index", b"old")
        system.put("model.data", b"old")
        system.at = at
        with using(Files(system)):
            try:
                save("model", index=b"new", data=b"new")
            except KeyboardInterrupt:
                interrupted = True
            else:
                interrupted = False
            system.at = -1
            finish("model")
            assert system.content("model.index") == system.content("model.data")
            save("model", index=b"newer", data=b"newer")
        assert contents(system) == {"model.index": b"newer", "model.data": b"newer"}
        if not interrupted:
            break
        at += 1
    assert at > 25


def test_a_transaction_may_be_ended_by_hand() -> None:
    system = MemorySystem()
    with using(Files(system)):
        transaction = Transaction("model")
        transaction.create(".index").write(b"1")
        transaction.close()
        Transaction("model").abort()
    assert contents(system) == {"model.index": b"1"}
