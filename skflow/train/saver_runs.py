"""What the saving and restoring operations of one run share."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from skflow.io.bundle_reader import BundleReader
from skflow.io.checkpoint_files import open_checkpoint
from skflow.io.commit import Transaction, write_atomically
from skflow.io.commit_record import is_ending
from skflow.io.old_reader import OldReader

Checkpoint = BundleReader | OldReader


@dataclass
class _Run:
    """What the operations of one run of a saver share, in the thread that runs them."""

    prefix: str = ""
    companions: dict[str, bytes] = field(default_factory=dict)
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    shares: bool = False


class _Runs(threading.local):
    """The run of each thread."""

    now = _Run()


_RUNS: Final = _Runs()


@contextmanager
def saving_together(prefix: str, companions: Mapping[str, bytes]) -> Iterator[None]:
    """Let other files come and go with the checkpoint that is saved in the block.

    Parameters
    ----------
    prefix : str
        What the checkpoint's files' names begin with.
    companions : dict of str to bytes
        The contents of the files, by their paths.

    Raises
    ------
    OpError
        If a file cannot be written.
    """
    before, _RUNS.now = _RUNS.now, _Run(prefix, dict(companions))
    try:
        yield
        # What no operation of the block has taken.
        for path, content in _RUNS.now.companions.items():
            write_atomically(path, content)
    finally:
        _RUNS.now = before


def add_companions(prefix: str, transaction: Transaction) -> None:
    """Make the files that belong to a checkpoint part of it."""
    run = _RUNS.now
    if run.prefix != prefix:
        return
    for path in list(run.companions):
        ending = path[len(prefix) :]
        if path.startswith(prefix) and is_ending(ending):
            transaction.create(ending).write(run.companions.pop(path))


@contextmanager
def reading_together() -> Iterator[None]:
    """Open each checkpoint that is read in the block once, for all operations."""
    run = _Run(shares=True)
    before, _RUNS.now = _RUNS.now, run
    try:
        yield
    finally:
        _RUNS.now = before
        for checkpoint in run.checkpoints.values():
            checkpoint.close()


@contextmanager
def opened(prefix: str) -> Iterator[tuple[Checkpoint, bool]]:
    """A checkpoint, and whether it stays open."""
    run = _RUNS.now
    if not run.shares:
        with open_checkpoint(prefix) as checkpoint:
            yield checkpoint, False
        return
    if prefix not in run.checkpoints:
        run.checkpoints[prefix] = open_checkpoint(prefix)
    yield run.checkpoints[prefix], True
