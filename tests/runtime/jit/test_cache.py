"""Kernels on disk are taken only as they were written, and only where nobody else can write."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from skflow.runtime.jit import cache

CODE = bytes(range(256)) * 10
NAMES = {"run": "cfunc.run$1", "help": "cfunc.help$2"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "kernels"))
    return tmp_path / "kernels"


def test_what_is_written_is_found(place: Path) -> None:
    key = cache.key_of("text", {"a": "1"})
    assert cache.read(key) is None
    cache.write(key, CODE, NAMES)
    assert cache.read(key) == (CODE, NAMES)
    assert [f.name for f in place.iterdir()] == [f"{key}.kernel"]


def test_keys_tell_texts_and_circumstances_apart() -> None:
    keys = {
        cache.key_of(text, facts)
        for text in ("a", "b", "")
        for facts in ({"x": "1", "y": "2"}, {"x": "1"}, {"x": "2"}, {})
    }
    assert len(keys) == 12
    assert cache.key_of("a", {"x": "1", "y": "2"}) == cache.key_of("a", {"y": "2", "x": "1"})


def test_what_is_torn_or_altered_is_not_taken(place: Path) -> None:
    key = cache.key_of("text", {})
    cache.write(key, CODE, NAMES)
    path = place / f"{key}.kernel"
    whole = path.read_bytes()
    for end in (*range(0, len(whole), 97), len(whole) - 1):
        path.write_bytes(whole[:end])
        assert cache.read(key) is None
    for at in (*range(0, 200, 7), len(whole) - 1):
        changed = bytearray(whole)
        changed[at] ^= 1
        path.write_bytes(bytes(changed))
        assert cache.read(key) is None
    path.write_bytes(b"")
    assert cache.read(key) is None
    path.write_bytes(whole + b"more")  # is never looked at
    assert cache.read(key) == (CODE, NAMES)


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_nothing_is_taken_from_where_others_can_write(place: Path) -> None:
    key = cache.key_of("text", {})
    cache.write(key, CODE, NAMES)
    path = place / f"{key}.kernel"
    assert path.stat().st_mode & 0o777 == 0o600
    assert place.stat().st_mode & 0o777 == 0o700
    for mode in (0o620, 0o602, 0o666):
        path.chmod(mode)
        assert cache.read(key) is None
    path.chmod(0o600)
    for mode in (0o770, 0o707, 0o777):
        place.chmod(mode)
        assert cache.read(key) is None
        cache.write(cache.key_of("other", {}), CODE, NAMES)
        assert [f.name for f in place.iterdir()] == [path.name]
    place.chmod(0o700)
    assert cache.read(key) == (CODE, NAMES)


def test_places_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for where in (file, file / "below", tmp_path / ("x" * 300)):
        monkeypatch.setattr(cache, "directory", lambda where=where: where)
        cache.write("key", CODE, NAMES)
        assert cache.read("key") is None


def test_the_oldest_go(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_MOST_FILES", 3)
    keys = [cache.key_of(str(i), {}) for i in range(6)]
    for i, key in enumerate(keys):
        cache.write(key, CODE, NAMES)
        os.utime(place / f"{key}.kernel", (time.time() - 100 + i,) * 2)
    cache.write(keys[5], CODE, NAMES)
    found = [cache.read(key) is not None for key in keys]
    assert found == [False, False, False, True, True, True]
