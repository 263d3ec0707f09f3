"""Files of one prefix are opened as one save has left them."""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
from pathlib import Path

import pytest

from skflow import errors
from skflow.io import snapshot
from skflow.io.commit import commit
from skflow.io.commit_record import Record, record_path, temporary_path
from skflow.io.files import Files, using
from skflow.io.snapshot import Opener, exists, open_together, read_together
from tests.io.memory_files import MemorySystem

TOKEN = "7" * 16
ENDINGS = (".index", ".data", ".meta")


def save(prefix: str, number: int) -> None:
    with commit(prefix) as transaction:
        for ending in ENDINGS:
            transaction.create(ending).write(b"%d " % number * 5)


def load(prefix: str) -> set[bytes]:
    """The contents of all files: one, if they are of one save."""

    def read_all(opener: Opener) -> tuple[Opener, set[bytes]]:
        return opener, {(file := opener.open(e)).pread(0, file.size()) for e in ENDINGS}

    opener, found = open_together(prefix, read_all)
    opener.close()
    return found


def unfinished(renamed: int) -> MemorySystem:
    """A save killed when it had given some of the files their names."""
    system = MemorySystem()
    for number, ending in enumerate(ENDINGS):
        system.put("model" + ending, b"new" if number < renamed else b"old")
        if number >= renamed:
            system.put(temporary_path("model" + ending, TOKEN), b"new")
    system.put(record_path("model"), Record(TOKEN, ENDINGS, ()).encoded())
    return system


@pytest.mark.parametrize("renamed", range(4))
@pytest.mark.parametrize("read_only", [False, True])
def test_an_interrupted_save_is_read_as_complete(renamed: int, read_only: bool) -> None:
    system = unfinished(renamed)
    system.read_only = read_only
    before = system.names("")
    with using(Files(system)):
        assert load("model") == {b"new"}
        assert read_together("model", ".meta", 10) == b"new"
    whole = sorted("model" + ending for ending in ENDINGS)
    assert system.names("") == (before if read_only else whole)
    assert system.open_paths == []


def test_a_living_save_is_left_to_finish_itself() -> None:
    """Its directory is locked; what it has not named yet is read all the same."""
    system = unfinished(1)
    before = system.names("")
    with using(Files(system)) as layer:
        directory = layer.open_directory(".")
        assert directory is not None
        with directory:
            assert directory.try_lock()
            assert load("model") == {b"new"}
    assert system.names("") == before


def test_messages_name_files_as_they_are_known() -> None:
    system = unfinished(0)
    system.read_only = True
    with using(Files(system)):
        with open_together("model", lambda opener: opener.open(".index")) as file:
            assert file.path == "model.index"
        with pytest.raises(errors.ResourceExhaustedError, match="^model.meta; the file has 3"):
            read_together("model", ".meta", 2)


def test_what_is_not_there() -> None:
    with using(Files(unfinished(2))):
        assert exists("model", ".data")
        assert not exists("model", ".none")
        assert not exists("none", ".index")
        with pytest.raises(errors.NotFoundError, match="^model.none; No such file or directory$"):
            read_together("model", ".none", 9)


def test_a_damaged_record_is_an_error() -> None:
    system = unfinished(1)
    system.put(record_path("model"), b"damaged")
    with using(Files(system)):
        with pytest.raises(errors.DataLossError, match="model.skflow-commit; the record of an"):
            load("model")
    assert system.open_paths == []


@pytest.mark.parametrize("point", range(40))
def test_a_save_at_any_moment_of_opening(point: int) -> None:
    """Between any two calls of the reader a whole other save takes place."""

    class Intruded(MemorySystem):
        at = -1

        def _begin(self, *what: object) -> bool:
            if len(self.calls) == self.at:
                self.at = -1
                save("model", 2)
            return super()._begin(*what)  # type: ignore[arg-type]

    system = Intruded()
    with using(Files(system)):
        save("model", 1)
        system.at = len(system.calls) + point
        assert load("model") in ({b"1 " * 5}, {b"2 " * 5})
    assert system.open_paths == []


class Killed(BaseException):
    """The end of the other save."""


def test_a_save_that_dies_at_any_moment_of_opening() -> None:
    """Between any two calls of the reader another save gets as far as any of its calls."""

    class Intruded(MemorySystem):
        at = stop = limit = -1

        def _begin(self, *what: object) -> bool:
            if len(self.calls) == self.at:
                self.at, self.limit = -1, len(self.calls) + self.stop
                with contextlib.suppress(Killed):
                    save("model", 2)
                self.limit = -1
            if len(self.calls) >= self.limit > 0:
                raise Killed
            return super()._begin(*what)  # type: ignore[arg-type]

        def close(self, fd: int) -> None:
            with contextlib.suppress(Killed):
                super().close(fd)

    for point in range(24):
        for stop in range(1, 60):
            system = Intruded()
            with using(Files(system)):
                save("model", 1)
                system.at, system.stop = len(system.calls) + point, stop
                assert load("model") in ({b"1 " * 5}, {b"2 " * 5}), (point, stop)


def test_a_file_that_was_missing_and_has_come_is_looked_for_again() -> None:
    found = []

    def open_all(opener: Opener) -> Opener:
        try:
            found.append(opener.open(".data").size())
        except errors.NotFoundError:
            save("model", 2)
        opener.open(".index")
        return opener

    with using(Files(MemorySystem())):
        open_together("model", open_all).close()
    assert found


def test_errors_of_a_mixture_are_not_told() -> None:
    """What looks damaged because a save came in between is opened again."""
    system, seen = MemorySystem(), []

    def open_all(opener: Opener) -> Opener:
        seen.append(opener.open(".index").size())
        if len(seen) == 1:
            save("model", 2)
            raise errors.DataLossError(None, None, "a mixture")
        return opener

    with using(Files(system)):
        save("model", 1)
        open_together("model", open_all).close()
        assert len(seen) == 2
        with pytest.raises(errors.DataLossError, match="damage"):
            open_together("model", lambda _: _raise(errors.DataLossError(None, None, "damage")))
        with pytest.raises(KeyError):
            open_together("model", lambda opener: (opener.open(".index"), _raise(KeyError())))
    assert system.open_paths == []


def _raise(error: Exception) -> None:
    raise error


def test_files_that_never_stay_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "_ATTEMPTS", 3)

    def open_all(opener: Opener) -> None:
        opener.open(".index")
        save("model", 2)

    with using(Files(MemorySystem())):
        save("model", 1)
        with pytest.raises(errors.AbortedError, match="^model; its files are replaced faster"):
            open_together("model", open_all)


def _save_often(prefix: str, stop: multiprocessing.synchronize.Event) -> None:
    number = 1
    while not stop.is_set():
        number += 1
        save(prefix, number)


def test_readers_beside_a_saving_process(tmp_path: Path) -> None:
    prefix = str(tmp_path / "model")
    save(prefix, 1)
    context = multiprocessing.get_context("spawn")
    stop, found, failures = context.Event(), set(), []

    def read() -> None:
        try:
            while len(found) < 5 and saver.is_alive():
                (content,) = load(prefix)
                found.add(content)
        except BaseException as error:
            failures.append(error)
            raise

    saver = context.Process(target=_save_often, args=(prefix, stop))
    saver.start()
    try:
        threads = [threading.Thread(target=read) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        stop.set()
        saver.join()
    assert failures == []
    assert len(found) >= 5
