"""The file layer on the real system and on one in memory: whole calls, and TensorFlow's errors."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from skflow import errors
from skflow.io import files
from skflow.io.files import Files, current, read_whole, using
from tests.io.memory_files import Fault, MemorySystem


@pytest.fixture(params=["real", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A directory, on either system, to which the current layer belongs."""
    if request.param == "real":
        yield str(tmp_path)
        return
    with using(Files(MemorySystem())) as layer:
        layer.make_directories("folder")
        yield "folder"


def put(path: str, content: bytes) -> None:
    with current().create(path) as file:
        file.write(content)


def test_writing_and_reading(folder: str) -> None:
    path = f"{folder}/file"
    with current().create(path) as file:
        file.write(b"abc")
        file.write(memoryview(b"defg")[::1])
        file.write(b"")
        file.start_sync(0, 7)
        file.sync()
    with current().open(path) as reader:
        assert reader.size() == current().size(path) == 7
        assert reader.pread(2, 3) == b"cde"
        assert reader.pread(5, 100) == b"fg"
        assert reader.pread(7, 1) == b""
        buffer = bytearray(3)
        assert reader.read_into(buffer, 6) == 1
        assert buffer == b"g\0\0"
    put(path, b"new")
    assert read_whole(path, 3) == b"new"
    with pytest.raises(errors.ResourceExhaustedError, match="3 bytes, more than the 2 it may"):
        read_whole(path, 2)


def test_appending_and_refusing(folder: str) -> None:
    path = f"{folder}/file"
    put(path, b"one")
    with current().create(path, append=True) as file:
        file.write(b"two")
    assert read_whole(path, 100) == b"onetwo"
    with pytest.raises(errors.AlreadyExistsError, match=f"^{path}; File exists$"):
        current().create(path, exclusive=True)


def test_names(folder: str) -> None:
    layer = current()
    layer.make_directories(f"{folder}/a/b/c")
    layer.make_directories(f"{folder}/a/b/c")
    layer.make_directories("")
    put(f"{folder}/a/x", b"1")
    layer.replace(f"{folder}/a/x", f"{folder}/a/b/y")
    assert layer.list_directory(f"{folder}/a") == ["b"]
    assert layer.list_directory(f"{folder}/a/b") == ["c", "y"]
    assert layer.exists(f"{folder}/a/b/y")
    assert not layer.exists(f"{folder}/a/x")
    assert not layer.exists(f"{folder}/a/b/y/z")
    assert layer.is_directory(f"{folder}/a")
    assert not layer.is_directory(f"{folder}/a/b/y")
    layer.remove(f"{folder}/a/b/y")
    layer.remove(f"{folder}/a/b/y", missing_ok=True)
    layer.remove_directory(f"{folder}/a/b/c")
    assert layer.list_directory(f"{folder}/a/b") == []
    layer.sync_directory(f"{folder}/a")
    layer.sync_directory("")


def test_identity_is_the_files_not_the_names(folder: str) -> None:
    first, second = f"{folder}/first", f"{folder}/second"
    put(first, b"1")
    with current().open(first) as file:
        current().replace(first, second)
        put(first, b"2")
        status = current().status(second)
        assert status is not None
        assert file.identity == status.identity
        other = current().status(first)
        assert other is not None
        assert other.identity != file.identity
        assert file.pread(0, 9) == b"1"


def test_patterns(folder: str) -> None:
    for name in ("a-1", "a-2", "b-1", "a[1]"):
        put(f"{folder}/{name}", b"")
    assert current().matching(f"{folder}/a-?") == [f"{folder}/a-1", f"{folder}/a-2"]
    assert current().matching(f"{folder}/*-1") == [f"{folder}/a-1", f"{folder}/b-1"]
    assert current().matching(f"{folder}/a[1]") == [f"{folder}/a[1]"]
    assert current().matching(f"{folder}/a[1*") == [f"{folder}/a[1]"]
    assert current().matching(f"{folder}/c") == []
    assert current().matching(f"{folder}/none/*") == []


def test_what_is_not_there(folder: str) -> None:
    layer, path = current(), f"{folder}/none"
    for call in (
        lambda: layer.open(path),
        lambda: layer.size(path),
        lambda: layer.remove(path),
        lambda: layer.list_directory(path),
        lambda: layer.remove_directory(path),
        lambda: layer.open_directory(path),
    ):
        with pytest.raises(errors.NotFoundError, match=f"^{path}; No such file or directory$"):
            call()
    with pytest.raises(errors.NotFoundError, match=f"^{folder}/x; No such file.*renaming {path}"):
        layer.replace(path, f"{folder}/x")
    with pytest.raises(errors.NotFoundError):
        layer.create(f"{path}/file")


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 5000])
def test_names_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    folder, layer = str(tmp_path), current()
    path = f"{folder}/{name}"
    assert not layer.exists(path)
    assert not layer.is_directory(path)
    for call in (layer.open, layer.create, layer.size, layer.remove, layer.make_directories):
        with pytest.raises(errors.InvalidArgumentError):
            call(path)
    with layer.create(f"{folder}/sound") as file:
        file.write(b"1")
    for source, target in ((f"{folder}/sound", path), (path, f"{folder}/sound")):
        with pytest.raises(errors.InvalidArgumentError):
            layer.replace(source, target)


def test_what_is_of_another_kind(folder: str) -> None:
    put(f"{folder}/file", b"")
    current().make_directories(f"{folder}/sub")
    with pytest.raises(errors.FailedPreconditionError, match="Is a directory"):
        current().open(f"{folder}/sub")
    with pytest.raises(errors.FailedPreconditionError, match="Not a directory"):
        current().open(f"{folder}/file/x")
    with pytest.raises(errors.FailedPreconditionError, match="Not a directory"):
        current().open_directory(f"{folder}/file")
    put(f"{folder}/sub/x", b"")
    with pytest.raises(errors.FailedPreconditionError, match="Directory not empty"):
        current().remove_directory(f"{folder}/sub")


def test_locks(folder: str) -> None:
    path = f"{folder}/file"
    put(path, b"")
    with current().open(path) as first, current().open(path) as second:
        assert first.try_lock()
        assert second.try_lock() is False
        first.unlock()
        assert second.try_lock()
    with current().open(path) as third:
        assert third.try_lock()


def test_directories_are_locked(folder: str) -> None:
    first, second = current().open_directory(folder), current().open_directory(folder)
    assert first is not None
    assert second is not None
    with first, second:
        assert first.try_lock()
        assert second.try_lock() is False


def test_a_closed_file_says_so(folder: str) -> None:
    path = f"{folder}/file"
    file = current().create(path)
    file.close()
    file.close()
    with pytest.raises(errors.FailedPreconditionError, match=f"^{path}; the file is closed$"):
        file.write(b"x")


@pytest.fixture
def system() -> Iterator[MemorySystem]:
    system = MemorySystem()
    system.put("file", b"x" * 1000)
    with using(Files(system)):
        yield system


def fail(system: MemorySystem, code: int, lasting: str = "all") -> None:
    system.fault = Fault(len(system.calls), code, lasting)


CALLS = {
    "open": lambda: current().open("file").close(),
    "create": lambda: current().create("file").close(),
    "size": lambda: current().size("file"),
    "status": lambda: current().status("file"),
    "replace": lambda: current().replace("file", "file"),
    "remove": lambda: current().remove("file"),
    "directory": lambda: current().make_directories("file"),
    "list": lambda: current().list_directory(""),
    "sync": lambda: current().sync_directory(""),
}


@pytest.mark.parametrize("call", CALLS)
def test_interrupted_calls_are_repeated(system: MemorySystem, call: str) -> None:
    fail(system, errno.EINTR, "once")
    CALLS[call]()
    fail(system, errno.EINTR)
    with pytest.raises(errors.UnavailableError, match="; Interrupted system call"):
        CALLS[call]()
    system.fault = None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOSPC, errors.ResourceExhaustedError),
        (errno.EIO, errors.UnknownError),
        (errno.EACCES, errors.PermissionDeniedError),
        (errno.EROFS, errors.PermissionDeniedError),
        (errno.EMFILE, errors.ResourceExhaustedError),
    ],
)
@pytest.mark.parametrize("call", CALLS)
def test_errors_name_the_path(
    system: MemorySystem, call: str, code: int, kind: type[errors.OpError]
) -> None:
    fail(system, code)
    with pytest.raises(kind, match=f"^(file|\\.); {os.strerror(code)}") as raised:
        CALLS[call]()
    assert isinstance(raised.value.__cause__, OSError)
    system.fault = None


def test_short_writes_go_on(system: MemorySystem) -> None:
    fail(system, 0)
    with current().create("new") as file:
        file.write(bytes(range(256)))
    system.fault = None
    assert system.content("new") == bytes(range(256))


def test_writes_that_get_nowhere_end() -> None:
    class Full(MemorySystem):
        def write(self, _fd: int, _view: memoryview) -> int:
            return 0

    with using(Files(Full())), current().create("new") as file:
        with pytest.raises(errors.UnknownError, match="new; no byte can be written"):
            file.write(b"x")


def test_short_reads_go_on(system: MemorySystem) -> None:
    with current().open("file") as file:
        fail(system, 0)
        assert file.pread(1, 900) == b"x" * 900
        system.fault = None


def test_reading_and_writing_fail(system: MemorySystem) -> None:
    with current().open("file") as reader, current().create("new") as writer:
        fail(system, errno.EIO)
        for call in (lambda: reader.pread(0, 1), reader.size, writer.sync):
            with pytest.raises(errors.UnknownError, match="; Input/output error"):
                call()
        fail(system, errno.ENOSPC)
        with pytest.raises(errors.ResourceExhaustedError, match="new; No space left on device"):
            writer.write(b"x")
        system.fault = None


def test_a_close_that_fails_has_closed(system: MemorySystem) -> None:
    for code in (errno.EIO, errno.EINTR):
        file = current().create("new")
        fail(system, code)
        if code == errno.EIO:
            with pytest.raises(errors.UnknownError, match="new; Input/output error"):
                file.close()
        else:
            file.close()
        system.fault = None
        assert system.open_paths == []


def test_an_error_in_the_block_is_not_hidden_by_one_of_closing(system: MemorySystem) -> None:
    with pytest.raises(KeyError):
        with current().create("new"):
            fail(system, errno.EIO)
            raise KeyError
    system.fault = None


def test_a_file_that_nobody_closes_does_not_stay_open(system: MemorySystem) -> None:
    current().open("file")
    assert system.open_paths == []


def test_file_systems_without_locks_or_directory_syncs(system: MemorySystem) -> None:
    with current().open("file") as file:
        fail(system, errno.ENOTSUP)
        assert file.try_lock() is None
        fail(system, errno.EIO)
        with pytest.raises(errors.UnknownError):
            file.try_lock()
        system.fault = None
    assert current().open_directory("") is not None
    directory = current().open_directory("")
    assert directory is not None
    with directory:
        fail(system, errno.EINVAL, "once")
        directory.sync()
    fail(system, errno.ENOTSUP, "once")
    assert current().open_directory("") is None


def test_a_layer_is_every_threads() -> None:
    before, seen = current(), []
    with using(Files(MemorySystem())) as layer:
        thread = threading.Thread(target=lambda: seen.append(current()))
        thread.start()
        thread.join()
    assert seen == [layer]
    assert current() is before
    assert files.current() is before
