"""What the file layer asks of the operating system: a few calls that raise OSError."""

from __future__ import annotations

import errno
import os
import stat
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_BINARY: Final[int] = getattr(os, "O_BINARY", 0)
_POSIX: Final = os.name == "posix"


@dataclass(frozen=True)
class Status:
    """What the system knows about a file.

    Attributes
    ----------
    size : int
        Bytes.
    identity : tuple of int
        Equal for two names, or two moments, if the file is the same.
    is_directory : bool
        Whether it is a directory.
    modified : float
        When it was last written to, in seconds since 1970.
    """

    size: int
    identity: tuple[int, int]
    is_directory: bool
    modified: float = 0.0


class System(Protocol):
    """The calls of an operating system, one to one; each may raise OSError.

    Numbers returned by `open_*` and `create` stand for open files, as in `os`.
    """

    def open_file(self, path: str) -> int:
        """Open a file for reading."""

    def open_directory(self, path: str) -> int:
        """Open a directory, to sync or lock it."""

    def create(self, path: str, *, exclusive: bool, append: bool) -> int:
        """Open a file for writing; an old one is emptied, unless it is an error or appended to."""

    def close(self, fd: int) -> None:
        """Close an open file."""

    def read_into(self, fd: int, view: memoryview, offset: int) -> int:
        """Fill the view from an offset on, perhaps only its beginning; return how many bytes."""

    def write(self, fd: int, view: memoryview) -> int:
        """Write the view, perhaps only its beginning; return how many bytes."""

    def start_sync(self, fd: int, offset: int, length: int) -> None:
        """Begin to bring written bytes to the disk, and do not wait."""

    def fsync(self, fd: int) -> None:
        """Return when the file or directory would survive a loss of power."""

    def status(self, fd: int) -> Status:
        """What is known about an open file."""

    def status_of(self, path: str) -> Status:
        """What is known about a name."""

    def try_lock(self, fd: int) -> bool:
        """Lock an open file for this opening alone, or return False if another holds it."""

    def unlock(self, fd: int) -> None:
        """Give a lock back."""

    def replace(self, source: str, target: str) -> None:
        """Rename a file, over an old one if there is one."""

    def unlink(self, path: str) -> None:
        """Remove a file's name."""

    def mkdir(self, path: str) -> None:
        """Make one directory."""

    def rmdir(self, path: str) -> None:
        """Remove an empty directory."""

    def listdir(self, path: str) -> list[str]:
        """The names in a directory, in no order."""


class OperatingSystem:
    """The real `System`."""

    def __init__(self) -> None:
        self._seek_lock = threading.Lock()

    def open_file(self, path: str) -> int:
        """Open a file for reading; a directory is refused here rather than at the first read."""
        fd = os.open(path, os.O_RDONLY | _BINARY)
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            os.close(fd)
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        return fd

    def open_directory(self, path: str) -> int:
        """Open a directory, to sync or lock it."""
        if not _POSIX:
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP), path)
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY)

    def create(self, path: str, *, exclusive: bool, append: bool) -> int:
        """Open a file for writing."""
        how = os.O_EXCL if exclusive else os.O_APPEND if append else os.O_TRUNC
        return os.open(path, os.O_WRONLY | os.O_CREAT | how | _BINARY, 0o666)

    def close(self, fd: int) -> None:
        """Close an open file."""
        os.close(fd)

    def read_into(self, fd: int, view: memoryview, offset: int) -> int:
        """Fill the view from an offset on, perhaps only its beginning."""
        if hasattr(os, "preadv"):
            return os.preadv(fd, [view], offset)
        # Where reading at an offset takes two calls, nothing may come between them.
        with self._seek_lock:
            os.lseek(fd, offset, os.SEEK_SET)
            data = os.read(fd, len(view))
        view[: len(data)] = data
        return len(data)

    def write(self, fd: int, view: memoryview) -> int:
        """Write the view, perhaps only its beginning."""
        return os.write(fd, view)

    def start_sync(self, fd: int, offset: int, length: int) -> None:
        """Begin to bring written bytes to the disk, where there is a call for it.

        Told that bytes are not needed, Linux starts to write those that are not on the disk yet,
        and forgets the others: of what has just been written there are none.
        """
        if sys.platform == "linux":
            os.posix_fadvise(fd, offset, length, os.POSIX_FADV_DONTNEED)

    def fsync(self, fd: int) -> None:
        """Return when the file or directory would survive a loss of power."""
        os.fsync(fd)

    def status(self, fd: int) -> Status:
        """What is known about an open file."""
        return _status(os.fstat(fd))

    def status_of(self, path: str) -> Status:
        """What is known about a name."""
        return _status(Path(path).stat())

    def try_lock(self, fd: int) -> bool:
        """Lock an open file for this opening alone; the lock ends with the process."""
        if fcntl is None:
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def unlock(self, fd: int) -> None:
        """Give a lock back, also for copies of the opening that a fork has made."""
        if fcntl is not None:
            fcntl.flock(fd, fcntl.LOCK_UN)

    def replace(self, source: str, target: str) -> None:
        """Rename a file, over an old one if there is one."""
        Path(source).replace(target)

    def unlink(self, path: str) -> None:
        """Remove a file's name."""
        Path(path).unlink()

    def mkdir(self, path: str) -> None:
        """Make one directory."""
        Path(path).mkdir()

    def rmdir(self, path: str) -> None:
        """Remove an empty directory."""
        Path(path).rmdir()

    def listdir(self, path: str) -> list[str]:
        """The names in a directory, in no order."""
        return [found.name for found in Path(path).iterdir()]


def _status(found: os.stat_result) -> Status:
    identity = found.st_dev, found.st_ino
    return Status(found.st_size, identity, stat.S_ISDIR(found.st_mode), found.st_mtime)
