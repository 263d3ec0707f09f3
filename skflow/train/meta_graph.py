"""Graphs and meta graphs in files."""

from __future__ import annotations

import os
from typing import Any, Final

from skflow import errors, proto
from skflow.graph.core import Graph
from skflow.graph.serialize.meta_graph import export_scoped_meta_graph
from skflow.io import commit, files, snapshot
from skflow.io.commit_record import is_ending
from skflow.proto.stored import parse_stored
from skflow.proto.text import parse_text, to_text

_MOST_BYTES: Final = 1 << 31
# Text is read by a parser in Python: far larger texts are no graphs that anybody wrote as such.
_MOST_TEXT: Final = 1 << 26


def write_graph(
    graph_or_graph_def: Any, logdir: str | os.PathLike[str], name: str, as_text: bool = True
) -> str:
    """Write a graph to a file, in one step.

    Parameters
    ----------
    graph_or_graph_def : Graph or GraphDef
        The graph, or a message.
    logdir : str or path-like
        The directory, which is made if it does not exist.
    name : str
        The file's name.
    as_text : bool
        Write protobuf's text format rather than its bytes.

    Returns
    -------
    str
        The file's path.

    Raises
    ------
    OpError
        If it cannot be written.

    Source: the behaviour of TensorFlow 1.1.0.
    """
    is_graph = isinstance(graph_or_graph_def, Graph)
    message = graph_or_graph_def.as_graph_def() if is_graph else graph_or_graph_def
    directory = os.fspath(logdir)
    files.current().make_directories(directory)
    path = os.path.join(directory, name)  # noqa: PTH118  # as the caller wrote it
    data = to_text(message).encode() if as_text else message.SerializeToString()
    commit.write_atomically(path, data)
    return path


def export_meta_graph(
    filename: str | os.PathLike[str] | None = None,
    meta_info_def: Any = None,
    graph_def: Any = None,
    saver_def: Any = None,
    collection_list: Any = None,
    as_text: bool = False,
    graph: Graph | None = None,
    export_scope: str | None = None,
    clear_devices: bool = False,
    **kwargs: Any,
) -> proto.MetaGraphDef:
    """Gather a graph, its collections and its saver in one message, and write it to a file.

    Parameters
    ----------
    filename : str or path-like, optional
        The file; by default none is written.
    meta_info_def : MetaInfoDef, optional
        Tags and versions to record.
    graph_def : GraphDef, optional
        The graph's message; by default that of `graph`.
    saver_def : SaverDef, optional
        The operations that save and restore variables.
    collection_list : list of str, optional
        The collections; by default all.
    as_text : bool
        Write protobuf's text format rather than its bytes.
    graph : Graph, optional
        The graph, by default the default one.
    export_scope : str, optional
        Only what is in this name scope is exported, without the scope.
    clear_devices : bool
        Leave out the recorded devices.
    **kwargs : object
        `unbound_inputs_col_name`: the collection that names what the scope takes from outside.

    Returns
    -------
    MetaGraphDef

    Raises
    ------
    TypeError
        If an argument is of another class.
    ValueError
        If the graph is larger than 2 GB, or has an operation that is not declared.
    OpError
        If the file cannot be written.

    Notes
    -----
    TensorFlow 1.1.0 loads what holds no ``If`` or ``While``, later versions that too, but for
    gradients of loops. What `tf.py_func` calls is not stored.

    Source: the behaviour of TensorFlow 1.1.0.
    """
    found, _ = export_scoped_meta_graph(
        meta_info_def=meta_info_def,
        graph_def=graph_def,
        saver_def=saver_def,
        collection_list=collection_list,
        graph=graph,
        export_scope=export_scope,
        clear_devices=clear_devices,
        **kwargs,
    )
    if filename is not None:
        directory, name = os.path.split(os.fspath(filename))
        write_graph(found, directory, name, as_text=as_text)
    return found


def _content(path: str) -> bytes:
    """What a file holds, be it still on its way to its name as part of a checkpoint."""
    prefix, dot, rest = path.rpartition(".")
    ending = dot + rest
    if is_ending(ending):
        return snapshot.read_together(prefix, ending, _MOST_BYTES)
    return files.read_whole(path, _MOST_BYTES)


def read_meta_graph_file(filename: str | os.PathLike[str]) -> proto.MetaGraphDef:
    """Read a file that holds a meta graph, as bytes or as text.

    Parameters
    ----------
    filename : str or path-like
        The file.

    Returns
    -------
    MetaGraphDef

    Raises
    ------
    OSError
        If the file does not exist or holds no meta graph.
    OpError
        If it cannot be read.
    """
    path = os.fspath(filename)
    try:
        data = _content(path)
    except errors.NotFoundError:
        raise OSError(f"File {path} does not exist.") from None
    try:
        return parse_stored(data, proto.MetaGraphDef)
    except proto.DecodeError as error:
        return _from_text(path, data, error)


def _from_text(path: str, data: bytes, binary: Exception) -> proto.MetaGraphDef:
    from google.protobuf.text_format import ParseError

    if len(data) > _MOST_TEXT:
        raise OSError(f"Cannot parse file {path}: {len(data)} bytes that are no message: {binary}")
    try:
        return parse_text(data.decode(), proto.MetaGraphDef)
    except (ParseError, ValueError, RecursionError) as error:
        raise OSError(
            f"Cannot parse file {path}: {error} (Nor is it a message's bytes: {binary})."
        ) from None
