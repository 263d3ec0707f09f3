"""Graphs come back from files, with their savers."""

from __future__ import annotations

import os
from typing import Any

from skflow import logging, proto
from skflow.graph.collections import GraphKeys, get_collection
from skflow.graph.core import get_default_graph
from skflow.graph.serialize.collection_defs import ProtoFunctions, register_proto_function
from skflow.graph.serialize.meta_graph import import_scoped_meta_graph
from skflow.train.meta_graph import read_meta_graph_file
from skflow.train.saver import Saver

register_proto_function(
    GraphKeys.SAVERS, ProtoFunctions("SaverDef", Saver.to_proto, Saver.from_proto)
)


def import_meta_graph(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    import_scope: str | None = None,
    **kwargs: Any,
) -> Saver | None:
    """Add a stored graph and its collections to the default graph.

    Parameters
    ----------
    meta_graph_or_file : MetaGraphDef, str or path-like
        The message, or a file that holds it as bytes or as text, such as a checkpoint's
        ``.meta``.
    clear_devices : bool
        Forget the recorded devices.
    import_scope : str, optional
        The name scope of all that is added; by default none.
    **kwargs : object
        `input_map` (see `import_graph_def`), `graph`, and `unbound_inputs_col_name`, the
        collection that names what an exported scope took from outside.

    Returns
    -------
    Saver or None
        What saves and restores the variables; ``None`` if there are none.

    Raises
    ------
    OSError
        If the file does not exist or holds no meta graph.
    OpError
        If it cannot be read.
    TypeError, ValueError, KeyError
        If what is stored is damaged or needs what is not here.

    Notes
    -----
    Nothing in the file is trusted, and nothing that it holds is run or unpickled. Variables and
    collections are restored; other objects of the program that wrote it are not.

    Source: the behaviour of TensorFlow 1.1.0.
    """
    message = meta_graph_or_file
    if isinstance(message, str | os.PathLike):
        message = read_meta_graph_file(message)
    import_scoped_meta_graph(
        message, clear_devices=clear_devices, import_scope=import_scope, **kwargs
    )
    with (kwargs.get("graph") or get_default_graph()).as_default():
        return _saver_of(message, import_scope)


def _saver_of(message: proto.MetaGraphDef, import_scope: str | None) -> Saver | None:
    if message.HasField("saver_def"):
        return Saver(saver_def=message.saver_def, name=import_scope)
    if get_collection(GraphKeys.GLOBAL_VARIABLES) or get_collection(GraphKeys.SAVEABLE_OBJECTS):
        return Saver()
    logging.info("Saver not created because there are no variables in the graph to restore")
    return None
