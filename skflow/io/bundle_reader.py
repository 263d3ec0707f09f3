"""Reading tensor bundles, one tensor at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Final, NoReturn, Self

from skflow import errors
from skflow.io import files
from skflow.io.bundle_format import (
    HEADER_KEY,
    INDEX_ENDING,
    Entry,
    data_ending,
    is_part_key,
    key_of,
    name_of,
    parse_entry,
    parse_header,
)
from skflow.io.ordered_code import part_key
from skflow.io.slices import TensorSlice, common, count, relative
from skflow.io.snapshot import Opener, open_together
from skflow.io.stored_tensor import StoredTensor, allocate, overlapping
from skflow.io.system import Status
from skflow.io.table_reader import TableReader

# So many data files are opened with the index; a bundle with more of them opens the others when
# they are asked for, and then makes sure that they still belong to the index.
_OPENED_AT_ONCE: Final = 128


class BundleReader:
    """A bundle open for reading, by many threads at once.

    Parameters
    ----------
    prefix : str
        What the files' names begin with.
    companions : sequence of str
        The endings of other files of the prefix that are wanted as the same save has left them.

    Attributes
    ----------
    prefix : str
        The same.
    companions : dict of str to Reader
        These files by their endings.

    Raises
    ------
    NotFoundError
        If there is no such bundle, or no such file.
    DataLossError
        If its index is damaged.
    InvalidArgumentError
        If it was written for readers of later versions only.
    OpError
        If it cannot be read.

    Notes
    -----
    The files stay open: a bundle that is saved anew is read as it was when it was opened. What
    the index says of a tensor is compared with the files before memory is taken for it.
    """

    def __init__(self, prefix: str, companions: Sequence[str] = ()) -> None:
        self.prefix = prefix
        self.companions: dict[str, files.Reader] = {}
        self._wanted = tuple(companions)
        self._shards: dict[int, files.Reader | errors.NotFoundError] = {}
        self._lock = threading.Lock()
        self._opener = open_together(prefix, self._open)

    def _open(self, opener: Opener) -> Opener:
        try:
            index = opener.open(INDEX_ENDING)
        except errors.NotFoundError as error:
            message = (
                "Unsuccessful TensorSliceReader constructor: Failed to find any matching files "
                f"for {self.prefix}: {error.message}"
            )
            raise errors.NotFoundError(None, None, message) from error
        self._index_path = index.path
        self._table = TableReader(index)
        value = self._table.get(HEADER_KEY)
        if value is None:
            message = f"{index.path}: failed to seek to header entry"
            raise errors.DataLossError(None, None, message)
        self._header = parse_header(value.tobytes(), index.path)
        self._shards = {}
        for shard in range(min(self._header.shards, _OPENED_AT_ONCE)):
            self._open_shard(opener, shard)
        self.companions = {ending: opener.open(ending) for ending in self._wanted}
        return opener

    def _open_shard(self, opener: Opener, shard: int) -> None:
        # That a data file is missing matters only to those who want a tensor in it.
        try:
            self._shards[shard] = opener.open(data_ending(shard, self._header.shards))
        except errors.NotFoundError as error:
            self._shards[shard] = error

    def close(self) -> None:
        """Close the files."""
        self._opener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def entries(self) -> Iterator[Entry]:
        """Iterate over what the index says of each tensor, in the order of names.

        Yields
        ------
        Entry
            Name, type, shape and place; of a tensor in parts the whole one's.

        Raises
        ------
        DataLossError
            At the first that makes no sense.
        """
        for key, value in self._table.items():
            if key != HEADER_KEY and not is_part_key(key):
                yield parse_entry(name_of(key), value.tobytes(), self._index_path)

    def names(self) -> list[str]:
        """Return the tensors' names, sorted by their bytes."""
        keys = (key for key, _ in self._table.items())
        return [name_of(key) for key in keys if key != HEADER_KEY and not is_part_key(key)]

    def __contains__(self, name: str) -> bool:
        return name != "" and self._table.get(key_of(name)) is not None

    def entry(self, name: str) -> Entry:
        """Return what the index says of a tensor.

        Raises
        ------
        NotFoundError
            If there is no such tensor.
        DataLossError
            If what it says makes no sense.
        """
        return self._entry(key_of(name), name)

    def _entry(self, key: bytes, name: str) -> Entry:
        value = self._table.get(key) if key else None
        if value is None:
            message = f"Key {name} not found in checkpoint {self.prefix}"
            raise errors.NotFoundError(None, None, message)
        return parse_entry(name, value.tobytes(), self._index_path)

    def read(
        self,
        name: str,
        out: Any | None = None,
        part: TensorSlice | None = None,
        *,
        check: bool = True,
    ) -> Any:
        """Return a tensor or a part of it.

        Parameters
        ----------
        name : str
            The tensor's name.
        out : ndarray, optional
            Where its elements go: of the shape and type of what is read, in the machine's byte
            order. A new array if not given.
        part : TensorSlice, optional
            Which part; the whole tensor if not given.
        check : bool, optional
            Whether to compare the checksum of all that is stored in one piece, though it be more
            than what is asked for. It is gone through in small steps.

        Returns
        -------
        ndarray
            The elements; strings as `bytes` in an array of objects; elements of types that NumPy
            lacks as integers with their bits (see `skflow.io.dtypes`).

        Raises
        ------
        NotFoundError
            If there is no such tensor, or its data file is missing.
        DataLossError
            If what is stored is damaged.
        InvalidArgumentError
            If the stored parts do not make up what is asked for.
        InternalError
            If `part` does not lie in the tensor.
        UnimplementedError
            If tensors of its type cannot be read.
        ValueError
            If `out` has another shape or type.
        """
        entry = self.entry(name)
        wanted = (part or TensorSlice.full(len(entry.shape))).bounds(entry.shape)
        pieces = list(self._pieces(entry, wanted))
        if out is None:
            out = allocate(entry, wanted)
        entry.check_target(out, wanted)
        for stored, inside, target in pieces:
            stored.read(inside, out[(*target, ...)], check=check)
        return out

    def verify(self, name: str, part: TensorSlice | None = None) -> None:
        """Compare the checksums of all that `read` would go through, keeping nothing of it.

        Parameters
        ----------
        name : str
            The tensor's name.
        part : TensorSlice, optional
            Which part; the whole tensor if not given.

        Raises
        ------
        OpError
            What `read` would raise.
        """
        entry = self.entry(name)
        wanted = (part or TensorSlice.full(len(entry.shape))).bounds(entry.shape)
        for stored, _, _ in list(self._pieces(entry, wanted)):
            stored.verify()

    def statuses(self) -> list[Status]:
        """What the system knows about the data files now, those that are open."""
        with self._lock:
            opened = list(self._shards.values())
        return [file.status() for file in opened if isinstance(file, files.Reader)]

    def _pieces(
        self, entry: Entry, wanted: Sequence[slice]
    ) -> Iterator[tuple[StoredTensor, tuple[slice, ...], tuple[slice, ...]]]:
        """Yield what is stored of a part: where, which range of it, and which of the result."""
        if not entry.parts:
            inside = tuple(wanted)
            yield self._stored(entry), inside, relative(inside, inside)
            return
        needed = [
            (part, bound, ranges)
            for part in entry.parts
            if (ranges := common(bound := part.bounds(entry.shape), wanted)) is not None
        ]
        shared = [ranges for _, _, ranges in needed]
        if sum(map(count, shared)) != count(wanted) or overlapping(shared):
            message = (
                f"Does not have sufficient slices for partitioned tensor {entry.name} to restore "
                f"in slice_spec: {_spec(wanted)}: {self._index_path}"
            )
            raise errors.InvalidArgumentError(None, None, message)
        total = 0
        for part, bound, ranges in needed:
            stored = self._stored(self._part(entry, part))
            total += stored.entry.size
            if total > self._data_size():
                self._damaged(f"The parts of {entry.name} are larger than all data files")
            yield stored, relative(ranges, bound), relative(ranges, wanted)

    def _part(self, entry: Entry, part: TensorSlice) -> Entry:
        key = part_key(key_of(entry.name), part.extents)
        found = self._entry(key, f"{entry.name}[{part}]")
        shape = part.shape_in(entry.shape)
        if found.dtype != entry.dtype or found.shape != shape or found.parts:
            self._damaged(f"Part {part} of {entry.name} is not what the whole tensor says")
        return found

    def _damaged(self, what: str) -> NoReturn:
        raise errors.DataLossError(None, None, f"{what}: {self._index_path}")

    def _data_size(self) -> int:
        opened = [file for file in self._shards.values() if isinstance(file, files.Reader)]
        return sum(file.size() for file in opened)

    def _stored(self, entry: Entry) -> StoredTensor:
        return StoredTensor(entry, self._shard(entry), self._header.is_big_endian)

    def _shard(self, entry: Entry) -> files.Reader:
        if entry.shard >= max(self._header.shards, 1):
            self._damaged(f"Tensor {entry.name} lies in a data file that there is not")
        with self._lock:
            if entry.shard not in self._shards:
                self._open_later(entry.shard)
            found = self._shards[entry.shard]
        if isinstance(found, errors.NotFoundError):
            raise errors.NotFoundError(None, None, found.message)
        return found

    def _open_later(self, shard: int) -> None:
        self._open_shard(self._opener, shard)
        if not self._opener.is_current():
            del self._shards[shard]
            message = f"{self.prefix}; the checkpoint was replaced while it was read"
            raise errors.AbortedError(None, None, message)


def _spec(ranges: Sequence[slice]) -> str:
    return ":".join(f"{bound.start},{bound.stop - bound.start}" for bound in ranges)
