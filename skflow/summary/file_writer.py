"""`tf.summary.FileWriter`: events from a program to a file that TensorBoard reads."""

from __future__ import annotations

import os
import struct
import threading
import time
import weakref
from types import TracebackType
from typing import Any, ClassVar, Final, Self

from skflow import logging, proto
from skflow.graph.core import Graph, get_default_graph
from skflow.graph.serialize.meta_graph import create_meta_graph_def
from skflow.io import files
from skflow.io.coding import varint
from skflow.summary.event_queue import EventQueue
from skflow.summary.run_metadata import with_later_devices

_WALL_TIME: Final = struct.Struct("<cd")
_MOST: Final = 1 << 63


def _event(field: bytes, content: bytes, global_step: Any) -> bytes:
    """A serialized `Event` of the present time around a serialized message or bytes."""
    step = 0 if global_step is None else int(global_step)
    if not 0 <= step < _MOST:
        # Negative numbers have a form of their own, and too large ones an error.
        numbered = proto.Event(step=step).SerializeToString()
    else:
        numbered = b"\x10" + varint(step) if step else b""
    start = _WALL_TIME.pack(b"\x09", time.time())
    return b"".join((start, numbered, field, varint(len(content)), content))


def _serialized(message: Any, kind: Any) -> bytes:
    """A message's bytes; TypeError if it is of another kind."""
    if not isinstance(message, kind):
        given = getattr(type(message), "DESCRIPTOR", None)
        found = type(message).__name__ if given is None else given.full_name
        raise TypeError(
            "Parameter to MergeFrom() must be instance of same class: expected "
            f"{kind.DESCRIPTOR.full_name} got {found}."
        )
    return message.SerializeToString()  # type: ignore[no-any-return]


# Keys of the fields of an Event: their numbers and that a length follows.
_GRAPH_DEF: Final = b"\x22"
_SUMMARY: Final = b"\x2a"
_SESSION_LOG: Final = b"\x3a"
_RUN_METADATA: Final = b"\x42"
_META_GRAPH_DEF: Final = b"\x4a"


class FileWriter:
    """A writer of event files, which TensorBoard shows.

    What is added goes into a queue, from which a thread writes it: the program does not wait for
    the disk. The file is made when the first event is added.

    Parameters
    ----------
    logdir : str or path-like
        The directory, which is made if it does not exist. TensorBoard takes it for a run.
    graph : Graph, optional
        A graph to add at once, with shapes and devices.
    max_queue : int
        How many events may wait; while there are as many, adding waits too. 0 or less for any
        number.
    flush_secs : float
        How often what was written is synced to the disk, in seconds. Other programs see it
        before, and it survives if this one is killed.
    graph_def : GraphDef, optional
        A graph as a message, in place of `graph`.

    Raises
    ------
    OpError
        If the directory cannot be made. What goes wrong later is raised by the calls that
        follow, until the writer is closed; what could not be written is kept for `reopen`.

    Notes
    -----
    The calls may come from any threads. A forked process writes to a file of its own. When the
    interpreter exits, open writers write what waits.

    Source: the behaviour of TensorFlow 1.1.0.
    """

    def __init__(
        self,
        logdir: str | os.PathLike[str],
        graph: Any = None,
        max_queue: int = 10,
        flush_secs: float = 120,
        graph_def: Any = None,
    ) -> None:
        self._logdir = os.fspath(logdir)
        files.current().make_directories(self._logdir)
        self._queue = EventQueue(self._logdir, max_queue, flush_secs)
        # What waits is written even if nobody closes the writer.
        weakref.finalize(self, self._queue.leave).atexit = False
        self._closed = False
        self._tags: set[str] = set()
        if graph is not None or graph_def is not None:
            self.add_graph(graph, graph_def=graph_def)
            message = graph.as_graph_def(add_shapes=True) if isinstance(graph, Graph) else graph
            self.add_meta_graph(create_meta_graph_def(graph_def=graph_def or message))

    def get_logdir(self) -> str:
        """Return the directory of the event files."""
        return self._logdir

    def add_summary(self, summary: Any, global_step: Any = None) -> None:
        """Add a summary.

        Parameters
        ----------
        summary : bytes or Summary
            What running a summary operation gives, or a message.
        global_step : int, optional
            The step that it belongs to.

        Raises
        ------
        DecodeError
            If the bytes are no summary.
        TypeError
            If it is something else.
        OpError
            If an event before it could not be written.
        """
        if isinstance(summary, bytes):
            proto.Summary.FromString(summary)
            content = summary
        else:
            content = _serialized(summary, proto.Summary)
        self._put(_event(_SUMMARY, content, global_step))

    def add_session_log(self, session_log: proto.SessionLog, global_step: Any = None) -> None:
        """Add a session's log entry: that it has started or stopped, or saved a checkpoint.

        Parameters
        ----------
        session_log : SessionLog
            The entry.
        global_step : int, optional
            The step that it belongs to.

        Raises
        ------
        TypeError
            If it is something else.
        OpError
            If an event before it could not be written.
        """
        content = _serialized(session_log, proto.SessionLog)
        self._put(_event(_SESSION_LOG, content, global_step))

    def add_graph(self, graph: Any, global_step: Any = None, graph_def: Any = None) -> None:
        """Add a graph, which TensorBoard draws.

        Parameters
        ----------
        graph : Graph
            The graph, which is added with the shapes of its tensors.
        global_step : int, optional
            The step that it belongs to.
        graph_def : GraphDef, optional
            A message in place of `graph`.

        Raises
        ------
        ValueError
            If both are given.
        TypeError
            If neither is given, or something else is.
        OpError
            If an event before it could not be written.
        """
        if graph is not None and graph_def is not None:
            raise ValueError("Please pass only graph, or graph_def (deprecated), but not both.")
        given = graph if graph is not None else graph_def
        if isinstance(given, Graph):
            if graph is None:
                logging.warning(
                    "When passing a `Graph` object, please use the `graph` named argument instead "
                    "of `graph_def`."
                )
            message = given.as_graph_def(add_shapes=True)
        elif isinstance(given, proto.GraphDef):
            logging.warning(
                "Passing a `GraphDef` to the SummaryWriter is deprecated. Pass a `Graph` object "
                "instead, such as `sess.graph`."
            )
            message = given
        else:
            raise TypeError(
                "The passed graph must be an instance of `Graph` or the deprecated `GraphDef`"
            )
        self._put(_event(_GRAPH_DEF, message.SerializeToString(), global_step))

    def add_meta_graph(self, meta_graph_def: proto.MetaGraphDef, global_step: Any = None) -> None:
        """Add a graph with its collections.

        Parameters
        ----------
        meta_graph_def : MetaGraphDef
            Such as `tf.train.export_meta_graph` returns.
        global_step : int, optional
            The step that it belongs to.

        Raises
        ------
        TypeError
            If it is something else.
        OpError
            If an event before it could not be written.
        """
        if not isinstance(meta_graph_def, proto.MetaGraphDef):
            raise TypeError(
                f"meta_graph_def must be type MetaGraphDef, saw type: {type(meta_graph_def)}"
            )
        self._put(_event(_META_GRAPH_DEF, meta_graph_def.SerializeToString(), global_step))

    def add_run_metadata(
        self, run_metadata: proto.RunMetadata, tag: str, global_step: Any = None
    ) -> None:
        """Add what a traced run reports: TensorBoard shows times and memory in the graph.

        Parameters
        ----------
        run_metadata : RunMetadata
            What `Session.run` has filled.
        tag : str
            A name for the run, which must be new.
        global_step : int, optional
            The step that it belongs to.

        Raises
        ------
        ValueError
            If the tag was used before.
        OpError
            If an event before it could not be written.
        """
        if tag in self._tags:
            raise ValueError("The provided tag was already used for this event type")
        shown = with_later_devices(run_metadata).SerializeToString()
        content = proto.TaggedRunMetadata(tag=tag, run_metadata=shown)
        self._tags.add(tag)
        self._put(_event(_RUN_METADATA, content.SerializeToString(), global_step))

    def add_event(self, event: proto.Event) -> None:
        """Add an event as it is.

        Parameters
        ----------
        event : Event
            With its time and step.

        Raises
        ------
        OpError
            If an event before it could not be written.
        """
        self._put(event.SerializeToString())

    def flush(self) -> None:
        """Return when all events are written: other programs see them then.

        Raises
        ------
        OpError
            If one could not be written.
        """
        self._queue.flush()

    def close(self) -> None:
        """Write all events, sync and close the file; what is added later is dropped.

        Raises
        ------
        OpError
            If an event could not be written.
        """
        if not self._closed:
            self._closed = True
            self._queue.close()

    def reopen(self) -> None:
        """Let a closed writer write again, to a new file in the same directory."""
        self._closed = False

    def _put(self, event: bytes) -> None:
        if self._closed:
            logging.warning("The writer of %s is closed: an event is dropped.", self._logdir)
            return
        self._queue.put(event)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class FileWriterCache:
    """One `FileWriter` for each directory, whoever asks."""

    _cache: ClassVar[dict[str, FileWriter]] = {}
    _lock: ClassVar[Any] = threading.RLock()

    @staticmethod
    def clear() -> None:
        """Forget the writers, which write what waits."""
        with FileWriterCache._lock:
            FileWriterCache._cache.clear()

    @staticmethod
    def get(logdir: str) -> FileWriter:
        """Return the writer of a directory, made with the default graph at the first call.

        Parameters
        ----------
        logdir : str
            The directory.

        Returns
        -------
        FileWriter
        """
        with FileWriterCache._lock:
            found = FileWriterCache._cache.get(logdir)
            if found is None:
                found = FileWriter(logdir, graph=get_default_graph())
                FileWriterCache._cache[logdir] = found
            return found
