"""Kernels on disk, so that the next process need not compile them.

Machine code is run when it is found, so it is only taken from a directory that nobody but the user
can write to. A file holds a checksum of it: what a crash has torn is compiled again.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
from pathlib import Path
from typing import Any, Final

from skflow import errors
from skflow.io import files
from skflow.runtime.jit.messages import read_message, write_message

VARIABLE: Final = "SKFLOW_CACHE_DIR"
_MOST_FILES: Final = 1000  # about 20 MB; beyond them the oldest go
_MOST_BYTES: Final = 1 << 26  # of a file
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


def directory() -> Path:
    """Where kernels are kept.

    Returns
    -------
    pathlib.Path
        ``$SKFLOW_CACHE_DIR``, or ``skflow`` in ``$XDG_CACHE_HOME``, which is ``~/.cache`` if it is
        not set.
    """
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given)
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "skflow"


def key_of(text: str, facts: dict[str, str]) -> str:
    """The name of what a text becomes under some circumstances.

    Parameters
    ----------
    text : str
        A region's text.
    facts : dict of str to str
        Versions, and the processor.

    Returns
    -------
    str
        A digest.
    """
    parts = [*(f"{k}={facts[k]}" for k in sorted(facts)), "", text]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]


def read(key: str) -> tuple[bytes, dict[str, Any]] | None:
    """Look a kernel up.

    Parameters
    ----------
    key : str
        See `key_of`.

    Returns
    -------
    tuple of bytes and dict, or None
        Machine code, and what is to be known of it; ``None`` if there is none to be trusted.
    """
    try:
        path = directory() / f"{key}.kernel"
        if not (_private(path.parent) and _private(path)):
            return None
        found = read_message(io.BytesIO(files.read_whole(path, _MOST_BYTES)))
    except (errors.OpError, OSError, ValueError, RuntimeError):  # no home directory, for example
        return None
    if found is None or not isinstance(found[0], dict):
        return None
    head, code = found
    facts: Any = head.get("facts")
    return (code, facts) if head.get("sum") == _sum(code, facts) else None


def write(key: str, code: bytes, facts: dict[str, Any]) -> None:
    """Keep a kernel; if that is not possible, nothing happens.

    Parameters
    ----------
    key : str
        See `key_of`.
    code : bytes
        Machine code.
    facts : dict
        What is to be known of it, as JSON can hold it.
    """
    try:
        _write(key, code, facts)
    except (errors.OpError, OSError, RuntimeError):
        return  # a full disk, a directory that is read-only or somebody else's


def _sum(code: bytes, facts: Any) -> str:
    known = json.dumps(facts, sort_keys=True).encode()
    return hashlib.sha256(known + b"\n" + code).hexdigest()


def _write(key: str, code: bytes, facts: dict[str, Any]) -> None:
    place = directory()
    layer = files.current()
    if not layer.is_directory(place):
        layer.make_directories(place)
        place.chmod(stat.S_IRWXU)
    if not _private(place):
        return
    body = io.BytesIO()
    write_message(body, {"facts": facts, "sum": _sum(code, facts)}, code)
    temporary = place / f"{key}.{os.getpid()}.new"
    with layer.create(temporary) as file:
        file.write(body.getvalue())
    temporary.chmod(stat.S_IRUSR | stat.S_IWUSR)
    layer.replace(temporary, place / f"{key}.kernel")
    _tidy(place)


def _private(path: Path) -> bool:
    """Whether nobody else can have written here."""
    found = path.stat()
    if os.name != "posix":
        return True
    return found.st_uid == os.getuid() and not found.st_mode & _OTHERS_WRITE


def _tidy(place: Path) -> None:
    """Remove the oldest kernels if there are too many."""
    known = sorted(place.glob("*.kernel"), key=lambda p: p.stat().st_mtime)
    for path in known[:-_MOST_FILES]:
        files.current().remove(path, missing_ok=True)
