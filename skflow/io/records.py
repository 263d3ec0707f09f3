"""Files of records, each with its length and checksums around it: TensorFlow's TFRecord framing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from skflow import errors
from skflow.io import crc
from skflow.io.coding import fixed32, fixed64, read_fixed32, read_fixed64
from skflow.io.files import Reader, Writer

# Eight bytes for the length and four for its checksum; four for the checksum of the record.
HEADER_SIZE: Final = 12
FOOTER_SIZE: Final = 4


def framed(record: bytes) -> bytes:
    """Put a record's length and checksums around it.

    Parameters
    ----------
    record : bytes
        Anything.

    Returns
    -------
    bytes
        What stands in a file.
    """
    length = fixed64(len(record))
    return b"".join((length, fixed32(crc.masked(length)), record, fixed32(crc.masked(record))))


class RecordWriter:
    """Records being written to a file.

    Parameters
    ----------
    file : Writer
        The file, which the caller syncs and closes.
    """

    def __init__(self, file: Writer) -> None:
        self._file = file

    def write(self, record: Any) -> None:
        """Write a record, in one piece.

        Parameters
        ----------
        record : bytes-like object
            Anything.

        Raises
        ------
        OpError
            If the file cannot be written.
        """
        self._file.write(framed(bytes(record)))


class RecordReader:
    """Records being read from a file.

    Parameters
    ----------
    file : Reader
        The file, which may still grow and which the caller closes.
    """

    def __init__(self, file: Reader) -> None:
        self._file = file

    def read(self, offset: int, growing: bool = False) -> tuple[bytes, int] | None:
        """Return the record at a place.

        Parameters
        ----------
        offset : int
            Where the record begins, in bytes from the file's start.
        growing : bool, optional
            Whether the file may end within a record, whose rest is not yet there or never came.

        Returns
        -------
        record, next : (bytes, int) or None
            The record and where the one after it begins. None where the file ends, or has no
            more than part of a header, as it may while it is being written; TensorFlow 1.1.0
            does not complain of that either. None too, if `growing`, where a record is cut short.

        Raises
        ------
        DataLossError
            If the record is damaged or cut short. No memory is taken for a length that reaches
            beyond the file.
        OpError
            If the file cannot be read.
        """
        header = self._file.pread(offset, HEADER_SIZE)
        if len(header) < HEADER_SIZE:
            return None
        if crc.value(header[:8]) != crc.unmask(read_fixed32(header, 8)):
            raise self._damaged("corrupted record", offset)
        length = read_fixed64(header, 0)
        start = offset + HEADER_SIZE
        if start + length + FOOTER_SIZE > self._file.size():
            if growing:
                return None
            raise self._damaged("truncated record", offset)
        data = self._file.pread(start, length + FOOTER_SIZE)
        if len(data) < length + FOOTER_SIZE:
            raise self._damaged("truncated record", offset)
        record = data[:length]
        if crc.value(record) != crc.unmask(read_fixed32(data, length)):
            raise self._damaged("corrupted record", start)
        return record, start + length + FOOTER_SIZE

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the records from the first on, up to the end or the first damage."""
        offset = 0
        while (found := self.read(offset)) is not None:
            record, offset = found
            yield record

    def _damaged(self, what: str, offset: int) -> errors.DataLossError:
        return errors.DataLossError(None, None, f"{what} at {offset}: {self._file.path}")
