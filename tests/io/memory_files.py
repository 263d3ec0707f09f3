"""A file system in memory: it counts its calls, lets them fail, and can lose its power.

What was written or renamed and not synced is at the mercy of the loss: it may be kept, dropped,
torn, and in any order.
"""

from __future__ import annotations

import copy
import errno
import os
import posixpath
import random
import threading
from dataclasses import dataclass, field

from skflow.io.system import Status


class PowerLoss(BaseException):
    """The machine is off; nothing that a program does from now on has an effect."""


@dataclass
class Node:
    """A file or directory: what programs see, and what would be left of it without power."""

    number: int
    is_directory: bool = False
    data: bytearray = field(default_factory=bytearray)
    synced: bytes = b""
    writes: list[tuple[int, bytes]] = field(default_factory=list)
    names: dict[str, Node] = field(default_factory=dict)
    synced_names: dict[str, Node] = field(default_factory=dict)
    changes: list[tuple[str, str, str, Node]] = field(default_factory=list)


@dataclass
class Opening:
    """An open file."""

    path: str
    node: Node
    append: bool = False
    offset: int = 0


@dataclass(frozen=True)
class Fault:
    """What goes wrong, from which call on, and for how long.

    Attributes
    ----------
    at : int
        The number of the first call that fails.
    code : int
        The error's number; 0 means that reading and writing stop short.
    lasting : str
        "once", "same" for every later call of that kind on that path, or "all" for every call.
    """

    at: int
    code: int
    lasting: str = "once"


class MemorySystem:
    """A `skflow.io.system.System` in memory.

    Attributes
    ----------
    calls : list of (str, str)
        Each call made, and the path it was about.
    fault : Fault or None
        What goes wrong.
    power_until : int or None
        The number of the call at which the power goes.
    read_only : bool
        Whether nothing can be changed.
    """

    def __init__(self) -> None:
        self._root = Node(0, is_directory=True)
        self._numbers = 1
        self._open: dict[int, Opening] = {}
        self._locks: dict[int, int] = {}
        self._next_fd = 100
        self._mutex = threading.RLock()
        self._struck: tuple[str, str] | None = None
        self.calls: list[tuple[str, str]] = []
        self.fault: Fault | None = None
        self.power_until: int | None = None
        self.read_only = False

    @property
    def open_paths(self) -> list[str]:
        """The paths of files that are open."""
        return sorted(opening.path for opening in self._open.values())

    def put(self, path: str, content: bytes) -> None:
        """Have a file, safely stored, without a call."""
        parent, name = self._parent(path)
        node = self._node(data=bytearray(content), synced=content)
        parent.names[name] = parent.synced_names[name] = node

    def content(self, path: str) -> bytes:
        """What a file holds, without a call."""
        return bytes(self._find(path).data)

    def names(self, path: str) -> list[str]:
        """What a directory has, without a call."""
        return sorted(self._find(path).names)

    def after_kill(self) -> MemorySystem:
        """What the next process finds when this one is killed."""
        return self._next_life(self._root)

    def after_power_loss(self, seed: int) -> MemorySystem:
        """What is found when the power is back.

        Parameters
        ----------
        seed : int
            Of the many things that may be found: 0 for what was synced and no more, 1 for
            everything, others at random.

        Returns
        -------
        MemorySystem
            A system of its own; this one can still lose its power otherwise.
        """
        rng = random.Random(seed)
        copies: dict[int, Node] = {}
        root = _survivor(self._root, seed if seed < 2 else None, rng, copies)
        return self._next_life(root)

    def __deepcopy__(self, memo: dict[int, object]) -> MemorySystem:
        system = MemorySystem()
        system._root = copy.deepcopy(self._root, memo)
        system._numbers, system.calls = self._numbers, list(self.calls)
        return system

    def _next_life(self, root: Node) -> MemorySystem:
        system = MemorySystem()
        system._root, system._numbers = root, self._numbers
        return system

    # The calls.

    def open_file(self, path: str) -> int:
        with self._call("open_file", path):
            node = self._find(path)
            if node.is_directory:
                raise _error(errno.EISDIR, path)
            return self._opened(Opening(path, node))

    def open_directory(self, path: str) -> int:
        with self._call("open_directory", path):
            node = self._find(path)
            if not node.is_directory:
                raise _error(errno.ENOTDIR, path)
            return self._opened(Opening(path, node))

    def create(self, path: str, *, exclusive: bool, append: bool) -> int:
        with self._call("create", path, changing=True):
            parent, name = self._parent(path)
            node = parent.names.get(name)
            if node is not None and exclusive:
                raise _error(errno.EEXIST, path)
            if node is not None and node.is_directory:
                raise _error(errno.EISDIR, path)
            if node is None:
                node = self._node()
                parent.names[name] = node
                parent.changes.append(("link", "", name, node))
            elif not append:
                # Emptying is a write like others: it may be lost, or come before its time.
                node.data.clear()
                node.writes.append((-1, b""))
            return self._opened(Opening(path, node, append))

    def close(self, fd: int) -> None:
        opening = self._open.pop(fd)
        if self._locks.get(opening.node.number) == fd:
            del self._locks[opening.node.number]
        if self.power_until is None or len(self.calls) < self.power_until:
            with self._call("close", opening.path):
                return

    def read_into(self, fd: int, view: memoryview, offset: int) -> int:
        opening = self._open[fd]
        with self._call("read_into", opening.path) as short:
            with memoryview(opening.node.data)[offset : offset + len(view)] as data:
                size = len(data) // 2 if short and len(data) > 1 else len(data)
                view[:size] = data[:size]
            return size

    def write(self, fd: int, view: memoryview) -> int:
        opening = self._open[fd]
        with self._call("write", opening.path, changing=True) as short:
            data = bytes(view[: max(1, len(view) // 2)] if short else view)
            node = opening.node
            start = len(node.data) if opening.append else opening.offset
            node.data[start : start + len(data)] = data
            node.writes.append((start, data))
            opening.offset = start + len(data)
            return len(data)

    def start_sync(self, fd: int, offset: int, length: int) -> None:
        opening = self._open[fd]
        with self._call("start_sync", opening.path):
            assert 0 <= offset < offset + length

    def fsync(self, fd: int) -> None:
        opening = self._open[fd]
        with self._call("fsync", opening.path):
            node = opening.node
            node.synced, node.writes = bytes(node.data), []
            node.synced_names, node.changes = dict(node.names), []

    def status(self, fd: int) -> Status:
        opening = self._open[fd]
        with self._call("status", opening.path):
            return _status(opening.node)

    def status_of(self, path: str) -> Status:
        with self._call("status_of", path):
            return _status(self._find(path))

    def try_lock(self, fd: int) -> bool:
        opening = self._open[fd]
        with self._call("try_lock", opening.path):
            return self._locks.setdefault(opening.node.number, fd) == fd

    def unlock(self, fd: int) -> None:
        opening = self._open[fd]
        with self._call("unlock", opening.path):
            if self._locks.get(opening.node.number) == fd:
                del self._locks[opening.node.number]

    def replace(self, source: str, target: str) -> None:
        with self._call("replace", target, changing=True):
            old_parent, old_name = self._parent(source)
            new_parent, new_name = self._parent(target)
            if old_name not in old_parent.names:
                raise _error(errno.ENOENT, source)
            node = old_parent.names.pop(old_name)
            new_parent.names[new_name] = node
            if old_parent is new_parent:
                new_parent.changes.append(("rename", old_name, new_name, node))
            else:
                old_parent.changes.append(("unlink", "", old_name, node))
                new_parent.changes.append(("link", "", new_name, node))

    def unlink(self, path: str) -> None:
        with self._call("unlink", path, changing=True):
            parent, name = self._parent(path)
            if name not in parent.names:
                raise _error(errno.ENOENT, path)
            node = parent.names.pop(name)
            parent.changes.append(("unlink", "", name, node))

    def mkdir(self, path: str) -> None:
        with self._call("mkdir", path, changing=True):
            parent, name = self._parent(path)
            if name in parent.names:
                raise _error(errno.EEXIST, path)
            node = self._node(is_directory=True)
            parent.names[name] = node
            parent.changes.append(("link", "", name, node))

    def rmdir(self, path: str) -> None:
        with self._call("rmdir", path, changing=True):
            parent, name = self._parent(path)
            if self._find(path).names:
                raise _error(errno.ENOTEMPTY, path)
            node = parent.names.pop(name)
            parent.changes.append(("unlink", "", name, node))

    def listdir(self, path: str) -> list[str]:
        with self._call("listdir", path):
            return list(self._find(path).names)

    # What the calls are made of.

    def _call(self, kind: str, path: str, changing: bool = False) -> _Call:
        return _Call(self, kind, path, changing)

    def _begin(self, kind: str, path: str, changing: bool) -> bool:
        """Count a call; raise what it meets with, or return whether it stops short."""
        number = len(self.calls)
        if self.power_until is not None and number >= self.power_until:
            raise PowerLoss
        self.calls.append((kind, path))
        if changing and self.read_only:
            raise _error(errno.EROFS, path)
        fault = self.fault
        if fault is None or number < fault.at:
            return False
        if number == fault.at:
            self._struck = kind, path
        elif fault.lasting == "once" or (fault.lasting == "same" and self._struck != (kind, path)):
            return False
        if fault.code:
            raise _error(fault.code, path)
        return True

    def _opened(self, opening: Opening) -> int:
        self._next_fd += 1
        self._open[self._next_fd] = opening
        return self._next_fd

    def _node(self, **fields: object) -> Node:
        self._numbers += 1
        return Node(self._numbers, **fields)  # type: ignore[arg-type]

    def _find(self, path: str) -> Node:
        node = self._root
        for name in _parts(path):
            if not node.is_directory:
                raise _error(errno.ENOTDIR, path)
            if name not in node.names:
                raise _error(errno.ENOENT, path)
            node = node.names[name]
        return node

    def _parent(self, path: str) -> tuple[Node, str]:
        if not _parts(path):
            raise _error(errno.EINVAL, path)
        *parents, name = _parts(path)
        node = self._find("/".join(parents))
        if not node.is_directory:
            raise _error(errno.ENOTDIR, path)
        return node, name


class _Call:
    """One call: counted when it begins, undisturbed by other threads until it ends."""

    def __init__(self, system: MemorySystem, kind: str, path: str, changing: bool) -> None:
        self._system, self._what = system, (kind, path, changing)

    def __enter__(self) -> bool:
        self._system._mutex.acquire()
        try:
            return self._system._begin(*self._what)
        except BaseException:
            self._system._mutex.release()
            raise

    def __exit__(self, *_: object) -> None:
        self._system._mutex.release()


def _parts(path: str) -> list[str]:
    return [part for part in posixpath.normpath("/" + path).split("/") if part]


def _error(code: int, path: str) -> OSError:
    return OSError(code, os.strerror(code), path)


def _status(node: Node) -> Status:
    return Status(len(node.data), (1, node.number), node.is_directory)


def _survivor(node: Node, keep: int | None, rng: random.Random, copies: dict[int, Node]) -> Node:
    """What is left of a file or directory; `keep` is 0 for the least, 1 for the most."""
    if node.number in copies:
        return copies[node.number]
    copy = copies[node.number] = Node(node.number, node.is_directory)
    if node.is_directory:
        names = dict(node.synced_names)
        for change in node.changes:
            if keep == 1 or (keep is None and rng.random() < 0.5):
                _change(names, *change, torn=keep is None and rng.random() < 0.25)
        copy.names = {name: _survivor(sub, keep, rng, copies) for name, sub in names.items()}
        copy.synced_names = dict(copy.names)
        return copy
    data = bytearray(node.synced)
    for start, written in node.writes:
        fate = ("none", "all")[keep] if keep is not None else rng.choice(FATES)
        _write(data, start, written, fate, rng)
    copy.data, copy.synced = data, bytes(data)
    return copy


FATES = ("none", "all", "head", "tail")


def _change(
    names: dict[str, Node], kind: str, source: str, name: str, node: Node, torn: bool
) -> None:
    if kind == "unlink":
        if names.get(name) is node:
            del names[name]
        return
    names[name] = node
    # A rename that is torn leaves both names.
    if kind == "rename" and not torn and names.get(source) is node:
        del names[source]


def _write(data: bytearray, start: int, written: bytes, fate: str, rng: random.Random) -> None:
    if fate == "none":
        return
    if start < 0:
        data.clear()
        return
    cut = rng.randrange(len(written) + 1)
    if fate == "head":
        written = written[:cut]
    elif fate == "tail":
        start, written = start + cut, written[cut:]
    if written:
        data.extend(bytes(max(0, start - len(data))))
        data[start : start + len(written)] = written
