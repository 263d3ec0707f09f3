"""The one layer through which the package reads and writes files.

Everything that opens, writes, renames or removes a file asks `current()` to do so. Tests put
another layer in its place with `using`, to make operations fail or the power go out.
"""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import os
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Final, ParamSpec, Self, TypeAlias, TypeVar

from skflow import errors
from skflow.io.file_errors import from_os_error
from skflow.io.system import OperatingSystem, Status, System

Path: TypeAlias = "str | os.PathLike[str]"
Identity: TypeAlias = tuple[int, int]

_P = ParamSpec("_P")
_T = TypeVar("_T")

# A call that is interrupted this often in a row never gets through.
_ATTEMPTS: Final = 100
# How a file system says that it cannot do what is asked, ever.
_UNABLE: Final = frozenset(
    getattr(errno, name)
    for name in ("EBADF", "EINVAL", "ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP")
    if hasattr(errno, name)
)


def _persist(function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Call until the call is not interrupted."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return function(*args, **kwargs)
        except InterruptedError:
            continue
    return function(*args, **kwargs)


class _Handle:
    """An open file, closed at the end of a `with` block."""

    def __init__(self, system: System, fd: int, path: str) -> None:
        self._system = system
        self._fd: int | None = fd
        self.path = path

    def _call(self, function: Callable[..., _T], *args: Any) -> _T:
        if self._fd is None:
            raise errors.FailedPreconditionError(None, None, f"{self.path}; the file is closed")
        try:
            return _persist(function, self._fd, *args)
        except OSError as error:
            raise from_os_error(error, self.path) from error

    def close(self) -> None:
        """Close the file, once.

        Raises
        ------
        OpError
            If the system says that something written earlier has failed.
        """
        if self._fd is None:
            return
        fd, self._fd = self._fd, None
        try:
            self._system.close(fd)
        except InterruptedError:
            # It is closed all the same: closing again could hit a file opened since.
            return
        except OSError as error:
            raise from_os_error(error, self.path) from error

    def status(self) -> Status:
        """What the system knows about the file now."""
        return self._call(self._system.status)

    @property
    def identity(self) -> Identity:
        """What tells the file from others, whatever its name has become."""
        return self.status().identity

    def try_lock(self) -> bool | None:
        """Lock the file for this opening alone, until it is closed or its process ends.

        Returns
        -------
        bool or None
            Whether the lock was free; None where the file system has no locks.
        """
        try:
            return self._call(self._system.try_lock)
        except errors.OpError as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in _UNABLE:
                return None
            raise

    def unlock(self) -> None:
        """Give the lock back."""
        self._call(self._system.unlock)

    def __del__(self) -> None:
        # Only so that what nobody closes does not stay open for ever.
        if self._fd is not None:
            with contextlib.suppress(errors.OpError):
                self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
            return
        with contextlib.suppress(errors.OpError):
            self.close()


class Reader(_Handle):
    """A file open for reading at any offset, by many threads at once."""

    def size(self) -> int:
        """The file's length in bytes, now."""
        return self.status().size

    def read_into(self, buffer: Any, offset: int) -> int:
        """Fill a buffer with the bytes from an offset on.

        Parameters
        ----------
        buffer : bytes-like object
            Writable and contiguous.
        offset : int
            Bytes from the file's start.

        Returns
        -------
        int
            How many bytes there were: fewer than the buffer has only where the file ends.

        Raises
        ------
        OpError
            If the system cannot read.
        """
        view, done = memoryview(buffer).cast("B"), 0
        while done < len(view):
            count = self._call(self._system.read_into, view[done:], offset + done)
            if count == 0:
                break
            done += count
        return done

    def pread(self, offset: int, length: int) -> bytes:
        """Return the bytes from an offset on, fewer than asked only where the file ends.

        Parameters
        ----------
        offset, length : int
            Bytes. Memory is taken for all of `length`, so compare it with `size` before.

        Returns
        -------
        bytes
            What was read.

        Raises
        ------
        OpError
            If the system cannot read.
        """
        buffer = bytearray(length)
        return bytes(memoryview(buffer)[: self.read_into(buffer, offset)])


class Writer(_Handle):
    """A file open for writing at its end."""

    def write(self, data: Any) -> None:
        """Write all of the data.

        Parameters
        ----------
        data : bytes-like object
            Contiguous.

        Raises
        ------
        OpError
            If the system cannot write; part of the data may have been written.
        """
        view, idle = memoryview(data).cast("B"), 0
        while view:
            count = self._call(self._system.write, view)
            idle = 0 if count else idle + 1
            if idle == _ATTEMPTS:
                raise errors.UnknownError(None, None, f"{self.path}; no byte can be written")
            view = view[count:]

    def start_sync(self, offset: int, length: int) -> None:
        """Let the disk begin with bytes that were written, so that `sync` has less to wait for.

        Parameters
        ----------
        offset, length : int
            Which bytes.

        Notes
        -----
        Nothing hangs on it: what cannot be written now is `sync`'s to report.
        """
        with contextlib.suppress(errors.OpError):
            self._call(self._system.start_sync, offset, length)

    def sync(self) -> None:
        """Return when what was written would survive a loss of power.

        Raises
        ------
        OpError
            If it may not; the data may then be lost, so that syncing again proves nothing.
        """
        self._call(self._system.fsync)


class Directory(_Handle):
    """A directory open to be synced and locked."""

    def sync(self) -> None:
        """Return when the names made and removed in it would survive a loss of power."""
        try:
            self._call(self._system.fsync)
        except errors.OpError as error:
            if not (isinstance(error.__cause__, OSError) and error.__cause__.errno in _UNABLE):
                raise


class Files:
    """The file layer: calls of the operating system, made whole.

    Short reads and writes are continued, interrupted calls repeated, and errors are TensorFlow's
    classes with the path in their message.

    Parameters
    ----------
    system : System, optional
        What makes the calls; the operating system if not given.
    """

    def __init__(self, system: System | None = None) -> None:
        self._system: System = OperatingSystem() if system is None else system

    def open(self, path: Path) -> Reader:
        """Open a file for reading.

        Raises
        ------
        NotFoundError
            If there is no such file.
        OpError
            If it cannot be opened for another reason.
        """
        name = os.fspath(path)
        return Reader(self._system, self._call(name, self._system.open_file, name), name)

    def create(self, path: Path, *, exclusive: bool = False, append: bool = False) -> Writer:
        """Open a file for writing.

        Parameters
        ----------
        path : str or path-like
            The file, which is emptied if it exists.
        exclusive : bool, optional
            Whether an existing file is an error instead.
        append : bool, optional
            Whether to write after what an existing file holds instead.

        Returns
        -------
        Writer
            The open file.

        Raises
        ------
        AlreadyExistsError
            If `exclusive` and the file exists.
        NotFoundError
            If its directory does not exist.
        OpError
            If it cannot be opened for another reason.
        """
        name = os.fspath(path)
        how = {"exclusive": exclusive, "append": append}
        fd = self._call(name, lambda: self._system.create(name, **how))
        return Writer(self._system, fd, name)

    def open_directory(self, path: Path) -> Directory | None:
        """Open a directory to sync or lock it; None where the system opens no directories."""
        name = os.fspath(path) or os.curdir
        try:
            fd = self._call(name, self._system.open_directory, name)
        except errors.UnimplementedError:
            return None
        return Directory(self._system, fd, name)

    def sync_directory(self, path: Path) -> None:
        """Return when the names made and removed in a directory would survive a loss of power."""
        directory = self.open_directory(path)
        if directory is not None:
            with directory:
                directory.sync()

    def status(self, path: Path) -> Status | None:
        """What the system knows about a name; None if there is no such file."""
        name = os.fspath(path) or os.curdir
        try:
            return self._call(name, self._system.status_of, name)
        except errors.NotFoundError:
            return None
        except (errors.FailedPreconditionError, errors.InvalidArgumentError):
            # A file stands where the path has a directory, or no file can have that name.
            return None

    def exists(self, path: Path) -> bool:
        """Whether there is a file or directory of that name."""
        return self.status(path) is not None

    def is_directory(self, path: Path) -> bool:
        """Whether there is a directory of that name."""
        found = self.status(path)
        return found is not None and found.is_directory

    def size(self, path: Path) -> int:
        """A file's length in bytes.

        Raises
        ------
        NotFoundError
            If there is no such file.
        """
        name = os.fspath(path)
        return self._call(name, self._system.status_of, name).size

    def replace(self, source: Path, target: Path) -> None:
        """Rename a file, in one step over an old one if there is one."""
        old, new = os.fspath(source), os.fspath(target)
        try:
            _persist(self._system.replace, old, new)
        except OSError as error:
            raise from_os_error(error, new, f"renaming {old}") from error
        except ValueError as error:
            raise _no_name(new, error) from error

    def remove(self, path: Path, *, missing_ok: bool = False) -> None:
        """Remove a file; that there is none is an error unless `missing_ok`."""
        name = os.fspath(path)
        try:
            self._call(name, self._system.unlink, name)
        except errors.NotFoundError:
            if not missing_ok:
                raise

    def remove_directory(self, path: Path) -> None:
        """Remove an empty directory."""
        name = os.fspath(path)
        self._call(name, self._system.rmdir, name)

    def make_directories(self, path: Path) -> None:
        """Make a directory and those it lies in, as far as they do not exist."""
        name = os.fspath(path)
        if not name or self.is_directory(name):
            return
        parent = os.path.split(name.rstrip(os.sep))[0]
        if parent != name:
            self.make_directories(parent)
        with contextlib.suppress(errors.AlreadyExistsError):
            self._call(name, self._system.mkdir, name)

    def list_directory(self, path: Path) -> list[str]:
        """The names in a directory, sorted."""
        name = os.fspath(path) or os.curdir
        return sorted(self._call(name, self._system.listdir, name))

    def matching(self, pattern: Path) -> list[str]:
        """The paths that a pattern stands for, sorted.

        Parameters
        ----------
        pattern : str or path-like
            A path, in whose last component ``?`` and ``*`` may stand for other text. One that
            exists as it is written stands for itself.

        Returns
        -------
        list of str
            Existing paths; none if the directory does not exist.
        """
        path = os.fspath(pattern)
        directory, name = os.path.split(path)
        if self.exists(path):
            return [path]
        if not {"?", "*"} & set(name) or not self.is_directory(directory):
            return []
        wanted = name.replace("[", "[[]")
        found = self.list_directory(directory)
        return [path.removesuffix(name) + n for n in found if fnmatch.fnmatchcase(n, wanted)]

    def _call(self, path: str, function: Callable[..., _T], *args: Any) -> _T:
        try:
            return _persist(function, *args)
        except OSError as error:
            raise from_os_error(error, path) from error
        except ValueError as error:
            raise _no_name(path, error) from error


def _no_name(path: str, error: ValueError) -> errors.InvalidArgumentError:
    """What is raised for a path that the system cannot be told: one with a zero byte, say."""
    return errors.InvalidArgumentError(None, None, f"{path!r}; {error}")


_current = Files()
_swap_lock = threading.Lock()


def current() -> Files:
    """Return the file layer in use, in every thread."""
    return _current


@contextlib.contextmanager
def using(files: Files) -> Iterator[Files]:
    """Use another file layer, in every thread, until the block ends.

    Parameters
    ----------
    files : Files
        The layer, usually ``Files(system)`` with a system made for a test.

    Yields
    ------
    Files
        The layer.
    """
    global _current  # noqa: PLW0603
    with _swap_lock:
        before, _current = _current, files
    try:
        yield files
    finally:
        with _swap_lock:
            _current = before


def read_whole(path: Path, limit: int) -> bytes:
    """Return all that a small file holds.

    Parameters
    ----------
    path : str or path-like
        The file.
    limit : int
        The most bytes it may have.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    ResourceExhaustedError
        If it is larger than `limit`.
    OpError
        If it cannot be read.
    """
    with current().open(path) as file:
        return content(file, limit)


def content(file: Reader, limit: int) -> bytes:
    """Return all that an open file holds, if it has at most `limit` bytes: see `read_whole`."""
    size = file.size()
    if size > limit:
        message = f"{file.path}; the file has {size} bytes, more than the {limit} it may have"
        raise errors.ResourceExhaustedError(None, None, message)
    return file.pread(0, size)
