"""Replacing a set of files as one.

A save over a prefix writes its files under temporary names beside the old ones and syncs them.
Then it puts a record of them in place, syncs the directory, and from that moment the new files are
the prefix's, whatever happens: readers find them through the record (`skflow.io.snapshot`). Only
then are they renamed, and when the directory is synced again the record goes. A save that ends
anywhere in between leaves the old set whole, or the new one whole under its record, which the next
save over the prefix, or the next reader that may write there, finishes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from skflow import errors
from skflow.io import files
from skflow.io.commit_record import (
    Record,
    base_of,
    directory_of,
    is_ending,
    new_token,
    read_record,
    record_path,
    temporary_path,
)
from skflow.io.staging import PATIENCE, clean, create_locked, discard, locked


class Transaction:
    """A set of files on its way to replace an older one: see `commit`.

    Parameters
    ----------
    prefix : str
        What all the files' names begin with, directory included.

    Attributes
    ----------
    prefix : str
        The same.
    existing : tuple of str
        The endings of the files that the prefix had when the transaction began.

    Raises
    ------
    NotFoundError
        If the directory does not exist.
    OpError
        If nothing can be written there.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._directory = directory_of(prefix)
        self._token = new_token()
        self._endings: list[str] = []
        self._obsolete: list[str] = []
        self._writers: list[files.Writer] = []
        # Whether the record may be in place, so that the files must stay.
        self._placed = False
        opened: list[files.Writer] = []
        try:
            with locked(self._directory):
                _finish_pending(prefix)
                names = files.current().list_directory(self._directory)
                clean(self._directory, names)
                # Its lock is what tells others that this save lives.
                opened.append(create_locked(record_path(prefix), self._token))
        except BaseException:
            discard(opened)
            raise
        self._record = opened[0]
        base = base_of(prefix)
        endings = (name[len(base) :] for name in names if name.startswith(base + "."))
        self.existing = tuple(ending for ending in endings if is_ending(ending))

    def create(self, ending: str) -> files.Writer:
        """Open a new file of the set for writing.

        Parameters
        ----------
        ending : str
            What follows the prefix in its name: ``".index"``.

        Returns
        -------
        Writer
            The file, under a temporary name; the transaction syncs and closes it.

        Raises
        ------
        OpError
            If it cannot be made.
        """
        path = self._claim(ending)
        writer = files.current().create(path, exclusive=True)
        self._writers.append(writer)
        return writer

    def adopt(self, ending: str, source: str) -> None:
        """Take a file that lies elsewhere, on the same file system and synced, into the set.

        Parameters
        ----------
        ending : str
            What follows the prefix in its name from now on.
        source : str
            Where it lies; it is moved from there at once.

        Raises
        ------
        OpError
            If it cannot be moved.
        """
        files.current().replace(source, self._claim(ending))

    def remove(self, ending: str) -> None:
        """Let an older file of the prefix, which the set does not replace, go with the old set."""
        self._obsolete.append(self._checked(ending))

    def _claim(self, ending: str) -> str:
        self._endings.append(self._checked(ending))
        return temporary_path(self.prefix + ending, self._token)

    def _checked(self, ending: str) -> str:
        if not is_ending(ending) or ending in self._endings or ending in self._obsolete:
            raise ValueError(f"{ending!r} cannot be one more file of {self.prefix}")
        return ending

    def close(self) -> None:
        """Put the new files in the place of the old ones; `commit` does so at its block's end."""
        try:
            record = self._prepare()
            with locked(self._directory):
                _finish_pending(self.prefix)
                self._place()
                _finish(self.prefix, record)
            self._record.close()
        except BaseException:
            self.abort()
            raise

    def abort(self) -> None:
        """Remove the new files, unless they have become the prefix's already."""
        for writer in self._writers:
            with contextlib.suppress(errors.OpError):
                writer.close()
        if self._placed:
            with contextlib.suppress(errors.OpError):
                self._record.close()
            return
        for ending in self._endings:
            path = temporary_path(self.prefix + ending, self._token)
            with contextlib.suppress(errors.OpError):
                files.current().remove(path, missing_ok=True)
        discard([self._record])

    def _prepare(self) -> Record:
        """Make sure that all the files, and what will be their record, outlast a loss of power."""
        for writer in self._writers:
            writer.sync()
            writer.close()
        record = Record(self._token, tuple(self._endings), tuple(self._obsolete))
        self._record.write(record.encoded())
        self._record.sync()
        # The record must not reach the disk before the names that it holds.
        files.current().sync_directory(self._directory)
        return record

    def _place(self) -> None:
        """Put the record in place, or take it back if it is not known to last."""
        # Said before it is done: an interrupt just after must not remove the files.
        self._placed = True
        path = record_path(self.prefix)
        try:
            files.current().replace(self._record.path, path)
            files.current().sync_directory(self._directory)
        except errors.OpError:
            with contextlib.suppress(errors.OpError):
                files.current().remove(path, missing_ok=True)
                files.current().sync_directory(self._directory)
                self._placed = False
            raise


@contextlib.contextmanager
def commit(prefix: str) -> Iterator[Transaction]:
    """Replace the files of a prefix by new ones, all or none of them.

    Parameters
    ----------
    prefix : str
        What all the files' names begin with, directory included: ``"run/model.ckpt-7"``.

    Yields
    ------
    Transaction
        Makes the new files. When the block ends they are synced and take their places; when it
        raises they are removed and the old files are as they were.

    Raises
    ------
    OpError
        If a file cannot be written, synced or renamed; the message names it. The old files are
        as they were, unless the error came while the new files, all safe on disk, were renamed:
        then they stand for the prefix from now on.

    Notes
    -----
    Saves over one prefix at the same time, by threads or processes, end with the files of one of
    them. Temporary files of killed saves in the same directory are removed.
    """
    transaction = Transaction(prefix)
    try:
        yield transaction
    except BaseException:
        transaction.abort()
        raise
    transaction.close()


def write_atomically(path: str, data: Any) -> None:
    """Replace one file, so that it holds either what it held or all of the new data.

    Parameters
    ----------
    path : str
        The file.
    data : bytes-like object
        Its new content.

    Raises
    ------
    OpError
        If it cannot be written, synced or renamed; unless it is the last sync of the directory
        that fails, the old content stays.
    """
    directory = directory_of(path)
    opened: list[files.Writer] = []
    try:
        with locked(directory):
            opened.append(create_locked(path, new_token()))
        with opened[0] as file:
            file.write(data)
            file.sync()
            files.current().replace(file.path, path)
    except BaseException:
        discard(opened)
        raise
    files.current().sync_directory(directory)


def remove_files(prefix: str, endings: Sequence[str]) -> None:
    """Remove files of a prefix so that, whenever this ends, the first goes before the others.

    Parameters
    ----------
    prefix : str
        What the files' names begin with.
    endings : sequence of str
        What follows the prefix, that of the file without which the others mean nothing first.
        Files that do not exist are passed over.

    Raises
    ------
    OpError
        If a file cannot be removed.
    """
    directory = directory_of(prefix)
    with locked(directory):
        _finish_pending(prefix)
        for position, ending in enumerate(endings):
            files.current().remove(prefix + ending, missing_ok=True)
            if position == 0:
                files.current().sync_directory(directory)


def finish(prefix: str, patience: float = PATIENCE) -> None:
    """Finish what an interrupted save over a prefix has left to do.

    Parameters
    ----------
    prefix : str
        What the files' names begin with.
    patience : float, optional
        How long to wait for other saves in the directory, in seconds; with 0 they are left to it.

    Raises
    ------
    OpError
        If a file cannot be renamed, for instance because the directory may not be written to.
    """
    with locked(directory_of(prefix), patience) as held:
        if held:
            _finish_pending(prefix)


def _finish_pending(prefix: str) -> None:
    """Finish the set that the prefix's record names; the caller holds the directory's lock."""
    try:
        record = read_record(record_path(prefix))
    except errors.DataLossError:
        # Nobody knows what it named; a new set's record goes over it.
        return
    if record is not None:
        _finish(prefix, record)


def _finish(prefix: str, record: Record) -> None:
    try:
        _rename(prefix, record)
    except errors.OpError:
        # All that it does may be done twice.
        try:
            _rename(prefix, record)
        except errors.OpError as error:
            message = f"{error.message}; the new files are safe and stand for {prefix} all the same"
            raise type(error)(None, None, message) from error  # type: ignore[call-arg]


def _rename(prefix: str, record: Record) -> None:
    """Give a complete set its names and let the record go."""
    layer = files.current()
    for ending in record.endings:
        # A file that is not there has its name already: it was there when the record was placed.
        with contextlib.suppress(errors.NotFoundError):
            layer.replace(temporary_path(prefix + ending, record.token), prefix + ending)
    layer.sync_directory(directory_of(prefix))
    for ending in record.obsolete:
        layer.remove(prefix + ending, missing_ok=True)
    layer.remove(record_path(prefix), missing_ok=True)
