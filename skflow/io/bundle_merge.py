"""Joining bundles into one of several data files, as a save from several devices does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from skflow import errors, proto
from skflow.io import files
from skflow.io.bundle_format import (
    HEADER_KEY,
    INDEX_ENDING,
    data_ending,
    header_message,
    is_data_ending,
    name_of,
    parse_entry,
    parse_header,
)
from skflow.io.commit import Transaction, commit
from skflow.io.commit_record import directory_of
from skflow.io.snapshot import open_together
from skflow.io.table_reader import TableReader
from skflow.io.table_writer import TableWriter


def merge_bundles(
    prefixes: Sequence[str],
    target: str,
    *,
    delete_old_directories: bool = True,
    finally_add: Callable[[Transaction], None] | None = None,
) -> None:
    """Make one bundle of several, over the one that a prefix may have.

    Parameters
    ----------
    prefixes : sequence of str
        The bundles to join. Their data files are moved, their index files removed.
    target : str
        The prefix of what they are joined to, on the same file system.
    delete_old_directories : bool, optional
        Whether the bundles' directories go too, as far as they are empty then.
    finally_add : callable, optional
        Adds other files to the set that takes the old one's place.

    Raises
    ------
    InvalidArgumentError
        If two bundles have a tensor of one name, or parts of one that do not belong together.
    NotFoundError
        If a bundle does not exist.
    DataLossError
        If an index is damaged.
    OpError
        If files cannot be read, moved or written; the target's old bundle is as it was.

    Notes
    -----
    The entries and the numbering of the data files are those of TensorFlow's ``MergeBundles``
    (core/util/tensor_bundle/tensor_bundle.cc).
    """
    merge = _Merge()
    for prefix in prefixes:
        merge.add(prefix)
    with commit(target) as transaction:
        merge.write(transaction)
        if finally_add is not None:
            finally_add(transaction)
    for prefix in prefixes:
        with contextlib.suppress(errors.OpError):
            files.current().remove(prefix + INDEX_ENDING, missing_ok=True)
    if delete_old_directories:
        for directory in {directory_of(prefix) for prefix in prefixes}:
            with contextlib.suppress(errors.OpError):
                files.current().remove_directory(directory)


class _Merge:
    """The entries of the bundles seen so far."""

    def __init__(self) -> None:
        self._entries: dict[bytes, Any] = {}
        # The data files' paths; their numbers in the joined bundle are their places here.
        self._shards: dict[str, int] = {}

    def add(self, prefix: str) -> None:
        with open_together(prefix, lambda opener: opener.open(INDEX_ENDING)) as index:
            items = TableReader(index).items()
            key, value = next(items, (None, memoryview(b"")))
            if key != HEADER_KEY:
                message = f"{index.path}: failed to seek to header entry"
                raise errors.DataLossError(None, None, message)
            header = parse_header(value.tobytes(), index.path)
            for key, value in items:
                parse_entry(name_of(key), value.tobytes(), index.path)
                entry = proto.BundleEntryProto.FromString(value.tobytes())
                self._add_entry(key, entry, prefix, header.shards)

    def _add_entry(self, key: bytes, message: Any, prefix: str, shards: int) -> None:
        known = self._entries.get(key)
        if known is None:
            path = prefix + data_ending(message.shard_id, shards)
            message.shard_id = self._shards.setdefault(path, len(self._shards))
            self._entries[key] = message
            return
        if not known.slices or not message.slices:
            text = f"Duplicate tensor keyed by {name_of(key)} encountered, when merging prefix: "
            raise errors.InvalidArgumentError(None, None, text + prefix)
        if known.dtype != message.dtype or known.shape != message.shape:
            text = f"Parts of {name_of(key)} differ in type or shape of the whole in {prefix}"
            raise errors.InvalidArgumentError(None, None, text)
        known.slices.extend(message.slices)

    def write(self, transaction: Transaction) -> None:
        names = [data_ending(k, len(self._shards)) for k in range(len(self._shards))]
        for ending, path in zip(names, self._shards, strict=True):
            transaction.adopt(ending, path)
        for old in transaction.existing:
            if is_data_ending(old) and old not in names:
                transaction.remove(old)
        table = TableWriter(transaction.create(INDEX_ENDING))
        table.add(HEADER_KEY, header_message(len(names)).SerializeToString(deterministic=True))
        for key in sorted(self._entries):
            table.add(key, self._entries[key].SerializeToString(deterministic=True))
        table.finish()
