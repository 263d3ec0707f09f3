"""The file named `checkpoint`, which says what was saved last and what is still kept."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Final

from skflow import errors, logging, proto
from skflow.io import commit, files, snapshot
from skflow.io.bundle_format import INDEX_ENDING, is_data_ending
from skflow.io.commit_record import directory_of
from skflow.proto.text import parse_text, to_text

DEFAULT_NAME: Final = "checkpoint"
V1: Final = 1
V2: Final = 2
_MOST_BYTES: Final = 1 << 24


def state_filename(save_dir: str, latest_filename: str | None) -> str:
    return _joined(save_dir, DEFAULT_NAME if latest_filename is None else latest_filename)


def _joined(directory: str, path: str) -> str:
    """A path as seen from where its directory is, as the caller wrote both."""
    return os.path.join(directory, path)  # noqa: PTH118


def _is_absolute(path: str) -> bool:
    return os.path.isabs(path)  # noqa: PTH117  # of text, which stays as it is


# ---- writing ----------------------------------------------------------------------------


def generate_checkpoint_state_proto(
    save_dir: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
) -> proto.CheckpointState:
    """Make the message that says what was saved last and what is still kept.

    Parameters
    ----------
    save_dir : str
        The directory of the file that it is meant for. If it is relative, so are the paths in
        the message, to it.
    model_checkpoint_path : str
        What was saved last.
    all_model_checkpoint_paths : list of str, optional
        All that is kept, the newest last; it is appended if it is missing there.

    Returns
    -------
    CheckpointState
    """
    kept = list(all_model_checkpoint_paths or ())
    if not kept or kept[-1] != model_checkpoint_path:
        logging.info(
            "%s is not in all_model_checkpoint_paths. Manually adding it.", model_checkpoint_path
        )
        kept.append(model_checkpoint_path)
    paths = [_seen_from(save_dir, p) for p in (model_checkpoint_path, *kept)]
    return proto.CheckpointState(
        model_checkpoint_path=paths[0], all_model_checkpoint_paths=paths[1:]
    )


def _seen_from(save_dir: str, path: str) -> str:
    if _is_absolute(save_dir) or _is_absolute(path):
        return path
    return os.path.relpath(path, save_dir or os.curdir)


def update_checkpoint_state(
    save_dir: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    latest_filename: str | None = None,
) -> None:
    """Write the file that says what was saved last, in one step.

    Parameters
    ----------
    save_dir : str
        The file's directory.
    model_checkpoint_path, all_model_checkpoint_paths : str, list of str
        As in `generate_checkpoint_state_proto`.
    latest_filename : str, optional
        The file's name, by default ``checkpoint``.

    Raises
    ------
    RuntimeError
        If the checkpoint has the file's own name.
    OpError
        If it cannot be written; the old file is then still there.
    """
    path = state_filename(save_dir, latest_filename)
    state = generate_checkpoint_state_proto(
        save_dir, model_checkpoint_path, all_model_checkpoint_paths
    )
    if path == state.model_checkpoint_path:
        raise RuntimeError(
            f"Save path '{model_checkpoint_path}' conflicts with path used for checkpoint state.  "
            "Please use a different save path."
        )
    commit.write_atomically(path, to_text(state).encode())


# ---- reading ----------------------------------------------------------------------------


def get_checkpoint_state(
    checkpoint_dir: str, latest_filename: str | None = None
) -> proto.CheckpointState | None:
    """Read the file that says what was saved last.

    Parameters
    ----------
    checkpoint_dir : str
        The file's directory, to which relative paths in it are taken to belong.
    latest_filename : str, optional
        The file's name, by default ``checkpoint``.

    Returns
    -------
    CheckpointState or None
        ``None`` if there is no such file or, with a warning, it is not one.

    Raises
    ------
    ValueError
        If the file does not say what was saved last.
    """
    path = state_filename(checkpoint_dir, latest_filename)
    try:
        if not files.current().exists(path):
            return None
        state = read_state(path)
    except (errors.OpError, ValueError) as error:
        logging.warning("%s", error)
        logging.warning("%s: Checkpoint ignored", path)
        return None
    if not state.model_checkpoint_path:
        raise ValueError(f"Invalid checkpoint state loaded from {checkpoint_dir}")
    state.model_checkpoint_path = _joined(checkpoint_dir, state.model_checkpoint_path)
    for i, kept in enumerate(state.all_model_checkpoint_paths):
        state.all_model_checkpoint_paths[i] = _joined(checkpoint_dir, kept)
    return state


def read_state(path: str) -> proto.CheckpointState:
    """Read the message in a file as it is.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    CheckpointState

    Raises
    ------
    ValueError
        If that is something else.
    OpError
        If it cannot be read.
    """
    content = files.read_whole(path, _MOST_BYTES)
    # Here, because protobuf is imported when it is first needed.
    from google.protobuf.text_format import ParseError

    try:
        return parse_text(content.decode(), proto.CheckpointState)
    except ParseError as error:
        raise ValueError(str(error)) from error


def latest_checkpoint(checkpoint_dir: str, latest_filename: str | None = None) -> str | None:
    """Find what was saved last in a directory.

    Parameters
    ----------
    checkpoint_dir : str
        The directory.
    latest_filename : str, optional
        The name of the file that says so, by default ``checkpoint``.

    Returns
    -------
    str or None
        The checkpoint's prefix, for `Saver.restore`; ``None`` if there is none.

    Raises
    ------
    ValueError
        If the file does not say what was saved last.
    OpError
        If the system does not let it look for the checkpoint.
    """
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state is None:
        return None
    if not _files_of(state.model_checkpoint_path):
        logging.error("Couldn't match files for checkpoint %s", state.model_checkpoint_path)
        return None
    return state.model_checkpoint_path


def checkpoint_exists(checkpoint_prefix: str) -> bool:
    """Tell whether there is a checkpoint of a name.

    Parameters
    ----------
    checkpoint_prefix : str
        What `Saver.save` or `latest_checkpoint` returned.

    Returns
    -------
    bool
    """
    return bool(_files_of(checkpoint_prefix))


def get_checkpoint_mtimes(checkpoint_prefixes: Iterable[str]) -> list[float]:
    """Tell when checkpoints were written.

    Parameters
    ----------
    checkpoint_prefixes : list of str
        What `Saver.save` returned.

    Returns
    -------
    list of float
        For each of those that exist the time, in seconds since 1970.
    """
    found = [_files_of(prefix) for prefix in checkpoint_prefixes]
    times = [files.current().status(paths[0]) for paths in found if paths]
    return [status.modified for status in times if status is not None]


def _files_of(prefix: str) -> list[str]:
    """The files that show that a checkpoint exists: its index, or those of the first format."""
    if not files.current().is_directory(directory_of(prefix)):
        return []
    if snapshot.exists(prefix, INDEX_ENDING):
        return [prefix + INDEX_ENDING]
    return files.current().matching(prefix)


# ---- removing ---------------------------------------------------------------------------


def remove_checkpoint(prefix: str, version: int, graph_file: str) -> None:
    """Remove a checkpoint's files, the one without which the others mean nothing first.

    Parameters
    ----------
    prefix : str
        What `Saver.save` returned.
    version : int
        The format, ``SaverDef.V1`` or ``SaverDef.V2``.
    graph_file : str
        The file of its graph, if there is one.

    Raises
    ------
    OpError
        If a file cannot be removed.
    """
    layer = files.current()
    if version == V2:
        directory, base = os.path.split(prefix)
        commit.finish(prefix)
        names = [n for n in layer.list_directory(directory) if n.startswith(base)]
        endings = [n[len(base) :] for n in names if is_data_ending(n[len(base) :])]
        commit.remove_files(prefix, [INDEX_ENDING, *endings])
    else:
        for path in layer.matching(prefix):
            layer.remove(path, missing_ok=True)
    layer.remove(graph_file, missing_ok=True)
