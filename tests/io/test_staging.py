"""Temporary files of killed saves go, those of living ones stay."""

from __future__ import annotations

import errno
import threading

import pytest

from skflow import errors
from skflow.io.commit import commit
from skflow.io.commit_record import Record, record_path, temporary_path
from skflow.io.files import Files, current, using
from skflow.io.staging import clean, create_locked, locked
from tests.io.memory_files import Fault, MemorySystem

DEAD, LIVING = "d" * 16, "a" * 16


def leftovers() -> MemorySystem:
    system = MemorySystem()
    for name in ("model.index", "other.data"):
        system.put(temporary_path(name, DEAD), b"")
    system.put("model.index", b"")
    return system


def test_the_next_save_cleans_up() -> None:
    system = leftovers()
    with using(Files(system)), commit("model") as transaction:
        transaction.create(".meta")
    assert system.names("") == ["model.index", "model.meta"]


def test_a_living_save_keeps_all_its_files() -> None:
    """Of which only one is locked."""
    system = leftovers()
    with using(Files(system)):
        with commit("living") as transaction:
            transaction.create(".index").write(b"1")
            before = set(system.names(""))
            with commit("model") as other:
                other.create(".meta")
            assert set(system.names("")) - {"model.meta"} == before
    assert system.content("living.index") == b"1"


def test_files_that_a_record_names_stay() -> None:
    system = leftovers()
    system.put(record_path("other"), Record(DEAD, (".data",), ()).encoded())
    with using(Files(system)):
        clean(".", system.names(""))
    assert temporary_path("other.data", DEAD) in system.names("")


def test_nothing_goes_while_a_record_cannot_be_read() -> None:
    system = leftovers()
    system.put(record_path("other"), b"damaged")
    before = system.names("")
    with using(Files(system)):
        clean(".", before)
    assert system.names("") == before


@pytest.mark.parametrize("code", [errno.ENOTSUP, errno.EIO])
def test_nothing_goes_where_locks_do_not_tell(code: int) -> None:
    system = leftovers()

    def no_lock(_fd: int) -> bool:
        raise OSError(code, "no locks")

    system.try_lock = no_lock  # type: ignore[method-assign]
    before = system.names("")
    with using(Files(system)):
        clean(".", before)
    assert system.names("") == before


def test_saving_works_without_locks() -> None:
    system = MemorySystem()

    def no_lock(_fd: int) -> bool:
        raise OSError(errno.ENOLCK, "no locks")

    system.try_lock = no_lock  # type: ignore[method-assign]
    with using(Files(system)), commit("model") as transaction:
        transaction.create(".index").write(b"1")
    assert system.content("model.index") == b"1"


def test_saving_works_where_directories_cannot_be_opened() -> None:
    system = MemorySystem()

    def no_directory(_path: str) -> int:
        raise OSError(errno.ENOTSUP, "no directories")

    system.open_directory = no_directory  # type: ignore[method-assign]
    with using(Files(system)), commit("model") as transaction:
        transaction.create(".index").write(b"1")
    assert system.content("model.index") == b"1"


def test_a_file_that_is_locked_is_made_or_not_at_all() -> None:
    system = MemorySystem()
    with using(Files(system)):
        system.fault = Fault(1, errno.EIO)
        with pytest.raises(errors.UnknownError):
            create_locked("model", LIVING)
    assert system.names("") == []


def test_locks_are_waited_for() -> None:
    with using(Files(MemorySystem())):
        entered, leave, seen = threading.Event(), threading.Event(), []

        def hold() -> None:
            with locked("."):
                entered.set()
                leave.wait()
                seen.append("held")

        thread = threading.Thread(target=hold)
        thread.start()
        entered.wait()
        with locked(".", patience=0) as held:
            assert held is False
        with pytest.raises(errors.UnavailableError, match="^.; another process has been saving"):
            with locked(".", patience=0.01):
                pass
        threading.Timer(0.02, leave.set).start()
        with locked("."):
            assert seen == ["held"]
        thread.join()
        assert current().open_directory("") is not None
