"""The calls of the operating system, where they are more than one function's name."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from skflow.io import system
from skflow.io.system import OperatingSystem


def test_reading_at_an_offset_without_a_call_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"abcdef")
    if hasattr(os, "preadv"):
        monkeypatch.delattr(os, "preadv")
    calls = OperatingSystem()
    fd = calls.open_file(str(tmp_path / "file"))
    buffer = bytearray(3)
    assert calls.read_into(fd, memoryview(buffer), 2) == 3
    assert buffer == b"cde"
    assert calls.read_into(fd, memoryview(buffer), 5) == 1
    calls.close(fd)


def test_a_directory_is_no_file_and_is_not_left_open(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        OperatingSystem().open_file(str(tmp_path))


def test_systems_without_locks_or_open_directories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "fcntl", None)
    monkeypatch.setattr(system, "_POSIX", False)
    calls = OperatingSystem()
    with pytest.raises(OSError) as raised:
        calls.open_directory(str(tmp_path))
    assert raised.value.errno == errno.ENOTSUP
    fd = calls.create(str(tmp_path / "file"), exclusive=True, append=False)
    with pytest.raises(OSError):
        calls.try_lock(fd)
    calls.unlock(fd)
    calls.close(fd)
