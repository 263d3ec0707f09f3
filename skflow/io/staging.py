"""Temporary files: made so that none of a living save is ever taken for one left behind.

A file is made and locked while its directory is locked, and stays locked as long as the save
lives; the system gives the locks of a killed process back. Whoever cleans up holds the directory's
lock, so a temporary file that can be locked then has no owner any more. Where the file system has
no locks nothing is cleaned up.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Final

from skflow import errors
from skflow.io import files
from skflow.io.commit_record import (
    RECORD_ENDING,
    path_in,
    read_record,
    temporary_path,
    token_in,
)

# Locks are held for a few system calls; a system that hangs for this long will not recover.
PATIENCE: Final = 60.0

_without_locks = threading.Lock()


@contextlib.contextmanager
def locked(directory: str, patience: float = PATIENCE) -> Iterator[bool]:
    """Hold a directory's lock.

    Parameters
    ----------
    directory : str
        The directory.
    patience : float, optional
        How long to wait for others, in seconds; 0 means not at all, and no error.

    Yields
    ------
    bool
        Whether the lock is held: False only if `patience` is 0.

    Raises
    ------
    UnavailableError
        If others hold the lock for longer than `patience`.
    OpError
        If the directory cannot be opened.
    """
    handle = files.current().open_directory(directory)
    if handle is None:
        with _without_locks:
            yield True
        return
    with handle:
        state = _lock(handle, patience)
        if state is None:
            with _without_locks:
                yield True
            return
        try:
            yield state
        finally:
            # Closing gives it back as well, but not from copies of the opening in a fork.
            if state:
                with contextlib.suppress(errors.OpError):
                    handle.unlock()


def _lock(handle: files.Directory, patience: float) -> bool | None:
    deadline, delay = time.monotonic() + patience, 0.001
    while (state := handle.try_lock()) is False:
        if patience == 0:
            return False
        if time.monotonic() > deadline:
            message = f"{handle.path}; another process has been saving here for {patience:g} s"
            raise errors.UnavailableError(None, None, message)
        time.sleep(delay)
        delay = min(2 * delay, 0.05)
    return state


def create_locked(path: str, token: str) -> files.Writer:
    """Make a temporary file that is known to be alive; the caller holds the directory's lock.

    Parameters
    ----------
    path : str
        Where the file will go in the end.
    token : str
        What tells it from others.

    Returns
    -------
    Writer
        The file, locked until it is closed.

    Raises
    ------
    OpError
        If it cannot be made.
    """
    file = files.current().create(temporary_path(path, token), exclusive=True)
    try:
        file.try_lock()
    except BaseException:
        discard([file])
        raise
    return file


def discard(opened: list[files.Writer]) -> None:
    """Close and remove temporary files, as far as that is possible."""
    for file in opened:
        with contextlib.suppress(errors.OpError):
            file.close()
        with contextlib.suppress(errors.OpError):
            files.current().remove(file.path, missing_ok=True)


def clean(directory: str, names: list[str]) -> None:
    """Remove the temporary files that killed saves have left; the caller holds the lock.

    Parameters
    ----------
    directory : str
        Where to clean up.
    names : list of str
        What it has.
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        if token := token_in(name):
            groups.setdefault(token, []).append(path_in(directory, name))
    if not groups:
        return
    try:
        needed = _tokens_of_records(directory, names)
        left = [paths for token, paths in groups.items() if token not in needed and _dead(paths)]
        if left:
            # A record that was taken back must not return once its files are gone.
            files.current().sync_directory(directory)
    except errors.OpError:
        return
    for path in (path for paths in left for path in paths):
        with contextlib.suppress(errors.OpError):
            files.current().remove(path, missing_ok=True)


def _tokens_of_records(directory: str, names: list[str]) -> set[str]:
    paths = [path_in(directory, name) for name in names if name.endswith(RECORD_ENDING)]
    return {record.token for path in paths if (record := read_record(path)) is not None}


def _dead(paths: list[str]) -> bool:
    """Whether no living process holds the lock of any of a save's files."""
    for path in paths:
        try:
            with files.current().open(path) as file:
                if not file.try_lock():
                    return False
        except errors.NotFoundError:
            continue
    return True
