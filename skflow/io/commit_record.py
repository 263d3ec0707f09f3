"""The record that names a set of files which is to replace an older set.

While a prefix has a record, the files the record names are those of the prefix, whether they lie
under their own names yet or still under temporary ones.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import Final

from skflow import errors
from skflow.io import crc, files

RECORD_ENDING: Final = ".skflow-commit"
_TEMPORARY: Final = re.compile(r"\.skflow-([0-9a-f]{16})\Z")
_TOKEN: Final = re.compile(r"[0-9a-f]{16}")
_ENDING: Final = re.compile(r"\.[^/\\\x00-\x1f]{1,200}")
_LARGEST: Final = 1 << 24


def new_token() -> str:
    """Return what tells the temporary files of one save from those of all others."""
    return os.urandom(8).hex()


def temporary_path(path: str, token: str) -> str:
    """Return where a file is written before it replaces an older one."""
    return f"{path}.skflow-{token}"


def token_in(name: str) -> str | None:
    """Return the token in a temporary file's name, None for other files."""
    found = _TEMPORARY.search(name)
    return found[1] if found else None


def record_path(prefix: str) -> str:
    """Return where a prefix's record lies."""
    return prefix + RECORD_ENDING


def directory_of(prefix: str) -> str:
    """Return the directory of a prefix's files."""
    return os.path.split(prefix)[0] or os.curdir


def base_of(prefix: str) -> str:
    """Return what the names of a prefix's files begin with in their directory."""
    return os.path.split(prefix)[1]


def path_in(directory: str, name: str) -> str:
    """Return the path of a file in a directory."""
    return directory.removesuffix(os.sep) + os.sep + name


@dataclass(frozen=True)
class Record:
    """A set of files that is complete.

    Attributes
    ----------
    token : str
        What is in the files' temporary names.
    endings : tuple of str
        What each file's name has after the prefix, such as ``".index"``.
    obsolete : tuple of str
        The same of older files that the set leaves no place for.
    """

    token: str
    endings: tuple[str, ...]
    obsolete: tuple[str, ...]

    def encoded(self) -> bytes:
        """Return the record as it is stored: a line of JSON, and its checksum."""
        fields = {
            "format": 1,
            "token": self.token,
            "files": list(self.endings),
            "obsolete": list(self.obsolete),
        }
        line = json.dumps(fields).encode()
        return line + b"\n%08x\n" % crc.masked(line)

    @classmethod
    def decoded(cls, content: bytes) -> Record:
        """Return the record that is stored.

        Raises
        ------
        ValueError
            If there is none.
        """
        line, _, rest = content.partition(b"\n")
        if rest != b"%08x\n" % crc.masked(line):
            raise ValueError("its checksum does not match")
        fields = json.loads(line)
        if not isinstance(fields, dict) or fields.get("format") != 1:
            raise ValueError("it has another format")
        lists = fields.get("files"), fields.get("obsolete")
        if not all(_are_endings(endings) for endings in lists):
            raise ValueError("it names files that are not the prefix's")
        token = fields.get("token")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise ValueError("it has no token")
        return cls(token, tuple(fields["files"]), tuple(fields["obsolete"]))


def _are_endings(value: object) -> bool:
    return isinstance(value, list) and all(is_ending(item) for item in value)


def is_ending(value: object) -> bool:
    """Whether a value can stand after a prefix in a file's name, in the prefix's directory."""
    if not isinstance(value, str) or not _ENDING.fullmatch(value):
        return False
    return value != RECORD_ENDING and token_in(value) is None


def read_record(path: str) -> Record | None:
    """Return the record in a file.

    Parameters
    ----------
    path : str
        As `record_path` gives it.

    Returns
    -------
    Record or None
        None if there is no such file.

    Raises
    ------
    DataLossError
        If the file holds no record, which no interrupted save and no loss of power brings about.
    OpError
        If it cannot be read.
    """
    try:
        content = files.read_whole(path, _LARGEST)
    except errors.NotFoundError:
        return None
    try:
        return Record.decoded(content)
    except (ValueError, RecursionError) as error:
        message = f"{path}; the record of an unfinished save is damaged: {error}"
        raise errors.DataLossError(None, None, message) from error
