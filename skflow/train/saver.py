"""`Saver`: variables go to files and come back from them."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from skflow import compat, errors, logging, proto
from skflow.graph.collections import GraphKeys, get_collection
from skflow.graph.slice_info import prepend_scope, strip_scope
from skflow.io import files
from skflow.runtime.session import BaseSession
from skflow.train.checkpoint_state import (
    DEFAULT_NAME,
    V2,
    get_checkpoint_mtimes,
    remove_checkpoint,
    update_checkpoint_state,
)
from skflow.train.global_step import global_step as value_of_step
from skflow.train.meta_graph import export_meta_graph
from skflow.train.saver_builder import BaseSaverBuilder
from skflow.train.saver_runs import reading_together, saving_together

_SECONDS_PER_HOUR: Final = 3600
_NAMES: Final = ("filename_tensor_name", "save_tensor_name", "restore_op_name")
_SHARDS: Final = re.compile(r"-[\d?]+-of-\d+$")

Kept = tuple[str, float]
"""A checkpoint's prefix and when it was written, in seconds since 1970."""


class Saver:
    """Saves variables to files and restores them.

    Parameters
    ----------
    var_list : list or dict, optional
        The variables, in a dict by the names to save them under; by default all global ones and
        what is in the collection ``saveable_objects``.
    reshape : bool
        Let what is restored have another shape of as many elements.
    sharded : bool
        Write what is on each device to a file of its own.
    max_to_keep : int or None
        How many checkpoints to keep; older ones are removed. ``None`` or 0 keeps all.
    keep_checkpoint_every_n_hours : float
        Keep one more for good whenever so many hours have passed.
    name : str, optional
        The name scope of the operations, by default ``"save"``.
    restore_sequentially : bool
        Restore one variable after the other.
    saver_def : SaverDef, optional
        Use the operations that a message names; nothing is added to the graph.
    builder : BaseSaverBuilder, optional
        What adds the operations.
    defer_build : bool
        Add the operations when `build` is called, not now.
    allow_empty : bool
        Do nothing, rather than raise, if there are no variables.
    write_version : int
        The format, ``SaverDef.V2`` or ``SaverDef.V1``; both are read.
    pad_step_number : bool
        Write step numbers with eight digits at least.

    Raises
    ------
    TypeError
        If something in `var_list` is no variable.
    ValueError
        If there is nothing to save, or the arguments contradict each other.

    Notes
    -----
    Formats, names and the operations in the graph are those of TensorFlow 1.1.0. A checkpoint
    appears as a whole or not at all, whatever interrupts `save`, and older ones are removed only
    once it is there to stay.

    Examples
    --------
    >>> import skflow as tf, tempfile, os
    >>> with tf.Graph().as_default(), tempfile.TemporaryDirectory() as directory:
    ...     weights = tf.Variable([1.0, 2.0], name="weights")
    ...     saver = tf.train.Saver()
    ...     with tf.Session() as session:
    ...         session.run(weights.initializer)
    ...         path = saver.save(session, os.path.join(directory, "model"), global_step=3)
    ...     with tf.Session() as session:
    ...         saver.restore(session, path)
    ...         print(os.path.basename(path), session.run(weights))
    model-3 [1. 2.]
    """

    def __init__(
        self,
        var_list: Any = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        saver_def: proto.SaverDef | None = None,
        builder: Any = None,
        defer_build: bool = False,
        allow_empty: bool = False,
        write_version: int = V2,
        pad_step_number: bool = False,
    ) -> None:
        if defer_build and var_list:
            raise ValueError(
                "If `var_list` is provided then build cannot be deferred. Either set "
                "defer_build=False or var_list=None."
            )
        self._var_list = var_list
        self._options = {
            "reshape": reshape,
            "sharded": sharded,
            "max_to_keep": max_to_keep,
            "keep_checkpoint_every_n_hours": keep_checkpoint_every_n_hours,
            "name": name,
            "restore_sequentially": restore_sequentially,
        }
        self._name = name
        self.saver_def = saver_def
        self._builder = builder
        self._is_built = False
        self._allow_empty = allow_empty
        self._is_empty = False
        self._write_version = write_version
        self._pad_step_number = pad_step_number
        self._last_checkpoints: list[Kept] = []
        self._next_checkpoint_time = float("inf")
        self._lock = threading.Lock()
        if not defer_build:
            self.build()
        if self.saver_def is not None:
            _check(self.saver_def)
            self._write_version = self.saver_def.version

    def build(self) -> None:
        """Add the operations to the graph, once.

        Raises
        ------
        TypeError, ValueError
            As the constructor does.
        """
        if self._is_built:
            return
        self._is_built = True
        if self.saver_def is None:
            if not self._add_operations():
                return
        elif self._name:
            scope = self._name
            self.saver_def = _renamed(self.saver_def, lambda name: prepend_scope(name, scope))
        _check(self.saver_def)
        assert self.saver_def is not None
        hours = self.saver_def.keep_checkpoint_every_n_hours
        self._next_checkpoint_time = time.time() + hours * _SECONDS_PER_HOUR

    def _add_operations(self) -> bool:
        """Whether there was anything to save."""
        if self._builder is None:
            self._builder = BaseSaverBuilder(self._write_version)
        if self._var_list is None:
            self._var_list = _everything()
        if not self._var_list:
            if not self._allow_empty:
                raise ValueError("No variables to save")
            self._is_empty = True
            return False
        self.saver_def = self._builder.build(self._var_list, **self._options)
        return True

    # ---- as a message -----------------------------------------------------------------

    def as_saver_def(self) -> proto.SaverDef | None:
        """Return the message that names the operations; ``None`` before they are added."""
        return self.saver_def

    def to_proto(self, export_scope: str | None = None) -> proto.SaverDef | None:
        """Return the message that names the operations.

        Parameters
        ----------
        export_scope : str, optional
            A name scope to leave out of the names.

        Returns
        -------
        SaverDef or None
            ``None`` if the operations are not in that scope.
        """
        if export_scope is None or self.saver_def is None:
            return self.saver_def
        scope = export_scope
        if not all(getattr(self.saver_def, f).startswith(scope) for f in _NAMES):
            return None
        return _renamed(self.saver_def, lambda name: strip_scope(name, scope))

    @staticmethod
    def from_proto(saver_def: proto.SaverDef, import_scope: str | None = None) -> Saver:
        """Return a saver for the operations that a message names.

        Parameters
        ----------
        saver_def : SaverDef
            The message.
        import_scope : str, optional
            A name scope to put before the names.
        """
        return Saver(saver_def=saver_def, name=import_scope)

    def export_meta_graph(
        self,
        filename: str | None = None,
        collection_list: Sequence[str] | None = None,
        as_text: bool = False,
        export_scope: str | None = None,
        clear_devices: bool = False,
    ) -> proto.MetaGraphDef:
        """Return the default graph, with this saver, as a message.

        The parameters, and what is raised, are those of `tf.train.export_meta_graph`.
        """
        return export_meta_graph(
            filename=filename,
            saver_def=self.saver_def,
            collection_list=collection_list,
            as_text=as_text,
            export_scope=export_scope,
            clear_devices=clear_devices,
        )

    # ---- what is kept -----------------------------------------------------------------

    @property
    def last_checkpoints(self) -> list[str]:
        """The prefixes of the checkpoints that are kept, the oldest first."""
        return [prefix for prefix, _ in self._last_checkpoints]

    def set_last_checkpoints(self, last_checkpoints: list[str]) -> None:
        """Say which checkpoints there are; use `set_last_checkpoints_with_time` instead.

        Parameters
        ----------
        last_checkpoints : list of str
            Their prefixes, the oldest first.
        """
        assert isinstance(last_checkpoints, list)
        self._last_checkpoints = [(prefix, float("inf")) for prefix in last_checkpoints]

    def set_last_checkpoints_with_time(self, last_checkpoints_with_time: list[Kept]) -> None:
        """Say which checkpoints there are.

        Parameters
        ----------
        last_checkpoints_with_time : list of (str, float)
            Their prefixes and when they were written, in seconds since 1970, the oldest first.
        """
        assert isinstance(last_checkpoints_with_time, list)
        self._last_checkpoints = last_checkpoints_with_time

    def recover_last_checkpoints(self, checkpoint_paths: list[str]) -> None:
        """Take over the checkpoints of an earlier program, to be removed in their turn.

        Parameters
        ----------
        checkpoint_paths : list of str
            Their prefixes, the oldest first; those that do not exist are left out.
        """
        found = [(path, get_checkpoint_mtimes([path])) for path in checkpoint_paths]
        self.set_last_checkpoints_with_time([(path, times[0]) for path, times in found if times])

    # ---- saving and restoring ---------------------------------------------------------

    def save(
        self,
        sess: BaseSession,
        save_path: str | os.PathLike[str],
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
    ) -> str | None:
        """Save the variables of a session.

        Parameters
        ----------
        sess : Session
            The session.
        save_path : str or path-like
            What the files' names begin with.
        global_step : int, Tensor or Variable, optional
            A number to append to it.
        latest_filename : str, optional
            The name of the file that tells what was saved last, by default ``checkpoint``.
        meta_graph_suffix : str
            The suffix of the graph's file.
        write_meta_graph : bool
            Whether to write the graph too.
        write_state : bool
            Whether to write that file, and to remove what is not to be kept any more.

        Returns
        -------
        str or None
            The prefix, for `restore`; ``None`` if there is nothing to save.

        Raises
        ------
        TypeError
            If `sess` is no session.
        ValueError
            If the directory does not exist, or names collide.
        RuntimeError
            If the operations are not built yet.
        OpError
            If a variable holds no value, or a file cannot be written: what was saved before is
            still there.
        """
        if not self._is_built:
            raise RuntimeError("`build()` should be called before save if defer_build==True")
        save_path = compat.as_str(os.fspath(save_path))
        latest = DEFAULT_NAME if latest_filename is None else latest_filename
        prefix = self._prefix(sess, save_path, global_step, latest)
        directory = os.path.split(save_path)[0]
        if not files.current().is_directory(directory):
            raise ValueError(f"Parent directory of {save_path} doesn't exist, can't save.")
        if not isinstance(sess, BaseSession):
            raise TypeError(f"'sess' must be a Session; {sess}")
        companions: dict[str, bytes] = {}
        if write_meta_graph:
            with sess.graph.as_default():
                graph = self.export_meta_graph()
            companions[_graph_file(prefix, meta_graph_suffix)] = graph.SerializeToString()
        saved = self._run_save(sess, prefix, companions)
        if saved is not None and write_state:
            self._keep(directory, saved, latest, meta_graph_suffix)
        return saved

    def _run_save(
        self, sess: BaseSession, prefix: str, companions: Mapping[str, bytes]
    ) -> str | None:
        """Write the checkpoint, with other files as part of it."""
        with saving_together(prefix, companions):
            if self.saver_def is None:
                return None
            feed = {self.saver_def.filename_tensor_name: prefix}
            return compat.as_str(sess.run(self.saver_def.save_tensor_name, feed))

    def _keep(self, directory: str, saved: str, latest: str, meta_graph_suffix: str) -> None:
        """Say what was saved last, then remove what is not to be kept any more."""
        assert self.saver_def is not None
        with self._lock:
            kept = list(self._last_checkpoints)
            excess: list[Kept] = []
            if self.saver_def.max_to_keep:
                kept = [*(k for k in kept if k[0] != saved), (saved, time.time())]
                excess = kept[:1] if len(kept) > self.saver_def.max_to_keep else []
                kept = kept[len(excess) :]
            update_checkpoint_state(directory, saved, [prefix for prefix, _ in kept], latest)
            self._last_checkpoints = kept
            for prefix, written in excess:
                if written > self._next_checkpoint_time:
                    hours = self.saver_def.keep_checkpoint_every_n_hours
                    self._next_checkpoint_time += hours * _SECONDS_PER_HOUR
                else:
                    self._remove(prefix, meta_graph_suffix)

    def _remove(self, prefix: str, meta_graph_suffix: str) -> None:
        assert self.saver_def is not None
        try:
            graph_file = _graph_file(prefix, meta_graph_suffix)
            remove_checkpoint(prefix, self.saver_def.version, graph_file)
        except errors.OpError as error:
            logging.warning("Ignoring: %s", error)

    def _prefix(self, sess: Any, save_path: str, global_step: Any, latest: str) -> str:
        """The checkpoint's prefix, with the number of steps if that is wanted."""
        if os.path.split(latest)[0]:
            raise ValueError("'latest_filename' must not contain path components")
        if global_step is None:
            sharded = self.saver_def is not None and self.saver_def.sharded
            if os.path.split(save_path)[1] == latest and not sharded:
                raise ValueError(
                    f"'latest_filename' collides with 'save_path': '{latest}' and '{save_path}'"
                )
            return save_path
        if not isinstance(global_step, compat.integral_types):
            global_step = value_of_step(sess, global_step)
        if self._pad_step_number:
            return f"{save_path}-{int(global_step):08d}"
        return f"{save_path}-{int(global_step)}"

    def restore(self, sess: BaseSession, save_path: str | os.PathLike[str]) -> None:
        """Give the variables of a session the values that were saved.

        Parameters
        ----------
        sess : Session
            The session; its variables need not be initialized.
        save_path : str or path-like
            What `save` or `latest_checkpoint` returned.

        Raises
        ------
        NotFoundError
            If there is no such checkpoint, or it lacks a variable.
        InvalidArgumentError
            If a shape or a type differs.
        DataLossError
            If the files are damaged.
        """
        if self._is_empty:
            return
        assert self.saver_def is not None
        logging.info("Restoring parameters from %s", save_path)
        feed = {self.saver_def.filename_tensor_name: os.fspath(save_path)}
        with reading_together():
            sess.run(self.saver_def.restore_op_name, feed)


def _check(saver_def: Any) -> None:
    if not isinstance(saver_def, proto.SaverDef):
        raise ValueError(  # noqa: TRY004  # TensorFlow's class
            f"saver_def must be a saver_pb2.SaverDef: {saver_def}"
        )
    for field in ("save_tensor_name", "restore_op_name"):
        if not getattr(saver_def, field):
            raise ValueError(f"saver_def must specify the {field}: {saver_def}")


def _renamed(saver_def: proto.SaverDef, rename: Callable[[str], str]) -> proto.SaverDef:
    copy = proto.SaverDef()
    copy.CopyFrom(saver_def)
    for field in _NAMES:
        setattr(copy, field, rename(getattr(saver_def, field)))
    return copy


def _graph_file(prefix: str, suffix: str) -> str:
    """The name of the graph's file: shards of a checkpoint share one."""
    return f"{_SHARDS.sub('', prefix)}.{suffix}"


def _everything() -> list[Any]:
    """All that a saver saves unless told otherwise."""
    keys = (GraphKeys.GLOBAL_VARIABLES, GraphKeys.SAVEABLE_OBJECTS)
    return [item for key in keys for item in get_collection(key)]
