"""The directories of trainings under a `model_dir`, and the checkpoints in them."""

from __future__ import annotations

import json
import math
import os
import re
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from skflow import errors
from skflow.io import commit, files
from skflow.io.bundle_reader import BundleReader
from skflow.io.bundle_writer import BundleWriter
from skflow.train.checkpoint_state import (
    V2,
    read_state,
    remove_checkpoint,
    state_filename,
    update_checkpoint_state,
)

Array = NDArray[Any]
Facts = dict[str, Any]

FORMAT: Final = 1

_BASE: Final = "model.ckpt"
_META: Final = ".meta"
_LOCK: Final = "lock"
_CHECKPOINT: Final = re.compile(re.escape(_BASE) + r"-\d+(?=\.)")
# No operation's name begins with an underscore, and so no variable's.
_OURS: Final = "_fit/"
_FACTS: Final = _OURS + "facts"


_locks: weakref.WeakSet[files.Writer] = weakref.WeakSet()


def _forget_locks() -> None:
    """Close the copies of openings that a fork has made: a lock lasts as long as one is open."""
    for lock in list(_locks):
        lock.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_locks)


@dataclass(frozen=True)
class Policy:
    """When checkpoints are written, and how many stay.

    Attributes
    ----------
    seconds : float, optional
        The time from one to the next.
    steps : int, optional
        The number of steps from one to the next, in its place.
    keep : int
        How many stay.
    """

    seconds: float | None
    steps: int | None
    keep: int


@dataclass(frozen=True)
class Stored:
    """What a checkpoint holds.

    Attributes
    ----------
    values : dict of str to ndarray
        The variables' values by name.
    extras : dict of str to ndarray
        What else there is to go on with.
    facts : dict
        What is no array.
    """

    values: dict[str, Array]
    extras: dict[str, Array]
    facts: Facts

    @property
    def finished(self) -> bool:
        """Whether the training had come to its end."""
        return bool(self.facts["finished"])


class Run:
    """One training's directory, which nobody else writes to meanwhile; use it with ``with``.

    Parameters
    ----------
    model_dir : str
        The directory of all runs.
    name : str
        What trainings of the same parameters and data are called. If there are finished ones, or
        one is under way elsewhere, this one gets a number.
    policy : Policy
        When checkpoints are due.

    Attributes
    ----------
    directory : str
        Its own directory.
    stored : Stored, optional
        Where a training that was broken off shall go on.

    Raises
    ------
    OpError
        If the directory cannot be made or its checkpoint is damaged; the message names the path.
    """

    def __init__(self, model_dir: str, name: str, policy: Policy) -> None:
        self._policy = policy
        self.stored: Stored | None = None
        self._step = 0
        self._kept: list[str] = []
        for number in count(1):
            self.directory = _join(model_dir, name if number == 1 else f"{name}-{number}")
            _make(self.directory)
            self._lock = files.current().create(_join(self.directory, _LOCK))
            _locks.add(self._lock)
            try:
                if self._lock.try_lock() is not False and self._is_open():
                    break
            except BaseException:
                self._lock.close()
                raise
            self._lock.close()
        self._due = math.inf
        self._plan(self._step)

    def _is_open(self) -> bool:
        """Whether the training here has not come to its end; read where it was broken off."""
        # The directory may have been moved since they were written down.
        self._kept = [os.path.split(path)[1] for path in _written(self.directory)]
        if not self._kept:
            return True
        found = read(_join(self.directory, self._kept[-1]))
        if not found.finished:
            self.stored, self._step = found, found.facts["step"]
        return not found.finished

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.close()

    def _plan(self, step: int) -> None:
        """Decide when the next checkpoint is due."""
        policy = self._policy
        self._step = step
        if policy.steps is None and policy.seconds is not None:
            self._due = time.monotonic() + policy.seconds

    def is_due(self, step: int) -> bool:
        """Whether to write a checkpoint after so many steps."""
        if self._policy.steps is not None:
            return step - self._step >= self._policy.steps
        return time.monotonic() >= self._due

    def write(
        self,
        step: int,
        values: Mapping[str, Array],
        extras: Mapping[str, Array],
        facts: Facts,
        meta: bytes,
    ) -> None:
        """Write a checkpoint, and remove the oldest one if there are too many.

        Parameters
        ----------
        step : int
            How many steps were made.
        values, extras, facts
            As `Stored` has them.
        meta : bytes
            The meta graph that the values belong to.

        Raises
        ------
        OpError
            If that is not possible: what was written before is still there.
        """
        base = f"{_BASE}-{step}"
        content = json.dumps({**facts, "format": FORMAT, "step": step})
        with commit.commit(_join(self.directory, base)) as transaction:
            bundle = BundleWriter(transaction)
            for name, value in values.items():
                bundle.add(name, value)
            for name, value in extras.items():
                bundle.add(_OURS + name, value)
            bundle.add(_FACTS, np.array(content.encode(), dtype=object))
            bundle.finish()
            transaction.create(_META).write(meta)
        self._keep(base)
        self._plan(step)

    def _keep(self, base: str) -> None:
        """Say what was written last, then remove all that is not to be kept."""
        kept = [*(k for k in self._kept if k != base), base][-self._policy.keep :]
        paths = [_join(self.directory, k) for k in kept]
        update_checkpoint_state(self.directory, paths[-1], paths)
        self._kept = kept
        names = map(_CHECKPOINT.match, files.current().list_directory(self.directory))
        for old in sorted({name[0] for name in names if name} - set(kept)):
            path = _join(self.directory, old)
            remove_checkpoint(path, V2, path + _META)


def _make(directory: str) -> None:
    """Make a directory that would survive a loss of power, and those it lies in."""
    if directory and not files.current().is_directory(directory):
        parent = os.path.split(directory.rstrip(os.sep))[0]
        _make(parent)
        files.current().make_directories(directory)
        files.current().sync_directory(parent)


def _written(directory: str) -> list[str]:
    """The checkpoints that there are in a directory, the last one last."""
    path = state_filename(directory, None)
    if not files.current().exists(path):
        return []
    try:
        state = read_state(path)
    except ValueError as error:
        raise _strange(path) from error
    if not state.model_checkpoint_path:
        raise _strange(path)
    last = state.model_checkpoint_path
    return [*(path for path in state.all_model_checkpoint_paths if path != last), last]


def read(prefix: str) -> Stored:
    """Read a checkpoint that `Run.write` wrote.

    Parameters
    ----------
    prefix : str
        What its files' names begin with.

    Returns
    -------
    Stored
        Only the facts if the training had come to its end.

    Raises
    ------
    OpError
        If it is damaged, or was written otherwise.
    """
    values: dict[str, Array] = {}
    extras: dict[str, Array] = {}
    with BundleReader(prefix) as bundle:
        names = bundle.names()
        if _FACTS not in names:
            raise _strange(prefix)
        facts = _facts(bundle.read(_FACTS), prefix)
        names.remove(_FACTS)
        for name in () if facts["finished"] else names:
            ours = name.startswith(_OURS)
            (extras if ours else values)[name.removeprefix(_OURS)] = bundle.read(name)
    return Stored(values, extras, facts)


def _facts(content: Array, prefix: str) -> Facts:
    """What is no array, as far as every checkpoint has it."""
    try:
        facts = json.loads(content.item())
        known = facts["format"] == FORMAT and isinstance(facts["finished"], bool)
        if known and type(facts["step"]) is int and facts["step"] >= 0:
            return dict(facts)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise _strange(prefix) from error
    raise _strange(prefix)


def _strange(prefix: str) -> errors.DataLossError:
    return errors.DataLossError(
        None, None, f"{prefix}: this is no checkpoint that fit can go on from; remove its directory"
    )


def _join(directory: str, name: str) -> str:
    return os.path.join(directory, name)  # noqa: PTH118  # of text, which stays as it is
