"""One event file: its name, its first record and records appended to it."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from collections.abc import Iterable
from typing import Final

from skflow import errors
from skflow.io import files
from skflow.io.records import framed

_VERSION: Final = b"brain.Event:2"
_ATTEMPTS: Final = 10_000


def first_event(seconds: int) -> bytes:
    """The event that every file begins with.

    Parameters
    ----------
    seconds : int
        The time, since 1970.

    Returns
    -------
    bytes
        A serialized `Event`.
    """
    return b"\x09" + struct.pack("<d", seconds) + b"\x1a" + bytes([len(_VERSION)]) + _VERSION


class EventFile:
    """An event file being written.

    It is named ``events.out.tfevents.SECONDS.HOST`` after the time. A file of another writer that
    began in the same second is left alone: this one then bears the next second that is free.

    Parameters
    ----------
    directory : str
        Where the file is made.

    Raises
    ------
    OpError
        If it cannot be made or written.
    """

    def __init__(self, directory: str) -> None:
        seconds = int(time.time())
        host = socket.gethostname()
        for later in range(_ATTEMPTS):
            path = os.path.join(directory, f"events.out.tfevents.{seconds + later:010d}.{host}")  # noqa: PTH118  # as the caller wrote it
            try:
                self._file = files.current().create(path, exclusive=True)
            except errors.AlreadyExistsError:
                continue
            break
        else:
            message = f"{directory}; it has {_ATTEMPTS} event files of this time"
            raise errors.AlreadyExistsError(None, None, message)
        self.path = path
        try:
            self.write([first_event(seconds)])
        except errors.OpError:
            with contextlib.suppress(errors.OpError):
                self.close()
            raise

    def write(self, records: Iterable[bytes]) -> None:
        """Append records, all in one piece.

        Parameters
        ----------
        records : iterable of bytes
            Serialized `Event` messages.

        Raises
        ------
        OpError
            If they cannot be written. The file may then end within a record: nothing must be
            appended to it any more.
        """
        self._file.write(b"".join([framed(r) for r in records]))

    def sync(self) -> None:
        """Return when what was written would survive a loss of power."""
        self._file.sync()

    def close(self) -> None:
        """Close the file; OpError if the system says that something has failed."""
        self._file.close()
