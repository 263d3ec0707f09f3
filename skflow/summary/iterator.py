"""Reading event files."""

from __future__ import annotations

import os
from collections.abc import Iterator

from skflow import errors, proto
from skflow.io import files
from skflow.io.records import RecordReader
from skflow.proto.stored import parse_stored


def summary_iterator(path: str | os.PathLike[str]) -> Iterator[proto.Event]:
    """Iterate over the events of a file.

    Parameters
    ----------
    path : str or path-like
        An event file, which may still be written to.

    Yields
    ------
    Event
        Up to the last whole one: a program that writes, or was killed while it wrote, leaves
        part of a record behind it.

    Raises
    ------
    NotFoundError
        If there is no such file.
    DataLossError
        If the file is damaged, after the whole events before. The message names the file and the
        place, in bytes from its start.

    Source: the behaviour of TensorFlow 1.1.0, which raises DataLossError at a last event that is
    cut short.
    """
    with files.current().open(path) as file:
        reader, offset = RecordReader(file), 0
        while (found := reader.read(offset, growing=True)) is not None:
            record, following = found
            try:
                event = parse_stored(record, proto.Event)
            except proto.DecodeError as error:
                message = f"no event in the record at {offset}: {file.path}"
                raise errors.DataLossError(None, None, message) from error
            yield event
            offset = following
