"""Opening the files of one prefix so that all are of one set, however many saves go on meanwhile.

What a reader has opened it keeps, though another file takes the name. So it opens everything, and
then looks whether in the meantime nothing has moved: no other record has come, and each name still
means the file that was opened. If something has, it opens everything again.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Final, Self, TypeVar

from skflow import errors
from skflow.io import files
from skflow.io.commit import finish
from skflow.io.commit_record import Record, read_record, record_path, temporary_path

_T = TypeVar("_T")

# Someone who saves in an endless loop leaves gaps of some milliseconds.
_ATTEMPTS: Final = 200
_PAUSE: Final = 0.005


class Opener:
    """Opens files of one prefix, as one save has left them: see `open_together`.

    Parameters
    ----------
    prefix : str
        What the files' names begin with.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._record = read_record(record_path(prefix))
        self._opened: dict[str, files.Reader] = {}
        self._missing: list[str] = []

    def open(self, ending: str) -> files.Reader:
        """Open one of the files.

        Parameters
        ----------
        ending : str
            What follows the prefix in its name.

        Returns
        -------
        Reader
            The file.

        Raises
        ------
        NotFoundError
            If there is none.
        OpError
            If it cannot be opened.
        """
        for path in self._paths(ending):
            with contextlib.suppress(errors.NotFoundError):
                file = files.current().open(path)
                # Errors should name the file by the name it is known under.
                file.path = self.prefix + ending
                self._opened[ending] = file
                return file
        self._missing.append(ending)
        message = f"{self.prefix + ending}; No such file or directory"
        raise errors.NotFoundError(None, None, message)

    def is_current(self) -> bool:
        """Whether what was opened, and found missing, is what the prefix still has."""
        try:
            record = read_record(record_path(self.prefix))
        except errors.DataLossError:
            # It was whole, or not there, when the opener was made; opening again will tell.
            return False
        if record is not None and record.token != _token(self._record):
            return False
        return all(
            self._identity(ending) == file.identity for ending, file in self._opened.items()
        ) and all(self._identity(ending) is None for ending in self._missing)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close everything that was opened."""
        for file in self._opened.values():
            with contextlib.suppress(errors.OpError):
                file.close()

    def _paths(self, ending: str) -> list[str]:
        """Where a file may lie: while there is a record, first under its temporary name."""
        path = self.prefix + ending
        if self._record is None or ending not in self._record.endings:
            return [path]
        return [temporary_path(path, self._record.token), path]

    def _identity(self, ending: str) -> files.Identity | None:
        for path in self._paths(ending):
            status = files.current().status(path)
            if status is not None:
                return status.identity
        return None


def _token(record: Record | None) -> str | None:
    return None if record is None else record.token


def open_together(prefix: str, open_all: Callable[[Opener], _T]) -> _T:
    """Open files of one prefix as one save has left them.

    A save that was interrupted after its files were complete is finished first, where the
    directory may be written to.

    Parameters
    ----------
    prefix : str
        What the files' names begin with.
    open_all : callable
        Opens what it needs with the `Opener` it is given, and returns what is wanted. It is
        called again if a save has come in between; what it opened before is closed then, and not
        earlier: while a file is open, no other can be taken for it.

    Returns
    -------
    object
        What `open_all` returned. The files are its own to close.

    Raises
    ------
    NotFoundError
        If a file does not exist.
    DataLossError
        If a file is damaged.
    AbortedError
        If the files never stay the same for long enough.
    OpError
        If the system says so, or `open_all`.
    """
    with contextlib.suppress(errors.OpError):
        if files.current().exists(record_path(prefix)):
            finish(prefix, patience=0)
    for _ in range(_ATTEMPTS):
        opener = Opener(prefix)
        try:
            try:
                result = open_all(opener)
            except errors.OpError:
                # The mixture of two sets may look like damage.
                if opener.is_current():
                    raise
            else:
                if opener.is_current():
                    return result
        except BaseException:
            opener.close()
            raise
        opener.close()
        time.sleep(_PAUSE)
    message = f"{prefix}; its files are replaced faster than they can be opened"
    raise errors.AbortedError(None, None, message)


def exists(prefix: str, ending: str) -> bool:
    """Whether a prefix has a file, under its own name or named by the record of a save."""
    try:
        open_together(prefix, lambda opener: opener.open(ending)).close()
    except (errors.NotFoundError, errors.InvalidArgumentError):
        # None, or none that can have such a name.
        return False
    return True


def read_together(prefix: str, ending: str, limit: int) -> bytes:
    """Return the content of one file of a prefix.

    Parameters
    ----------
    prefix : str
        What the files' names begin with.
    ending : str
        What follows it in this one's.
    limit : int
        The most bytes it may have.

    Returns
    -------
    bytes
        The content.

    Raises
    ------
    NotFoundError
        If there is no such file.
    ResourceExhaustedError
        If it is larger than `limit`.
    OpError
        If it cannot be read.
    """
    with open_together(prefix, lambda opener: opener.open(ending)) as file:
        return files.content(file, limit)
