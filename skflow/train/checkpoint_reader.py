"""Looking into checkpoints: what they hold, and single tensors, without a graph."""

from __future__ import annotations

import os
import weakref
from types import TracebackType
from typing import Any, Self

from skflow import compat
from skflow.graph.dtypes import DType, as_dtype
from skflow.io import files
from skflow.io.bundle_format import Entry
from skflow.io.checkpoint_files import open_checkpoint
from skflow.train.checkpoint_state import latest_checkpoint


class CheckpointReader:
    """An open checkpoint; see `NewCheckpointReader`.

    Parameters
    ----------
    filepattern : str
        The checkpoint's prefix.

    Notes
    -----
    Only the index is read at first, and of the data what is asked for. The files stay open, so
    that what is read is of one checkpoint even if another is saved over it, until the reader is
    closed or forgotten.
    """

    def __init__(self, filepattern: str) -> None:
        self._checkpoint = open_checkpoint(compat.as_str(filepattern))
        self._closing = weakref.finalize(self, self._checkpoint.close)

    def close(self) -> None:
        """Close the files."""
        self._closing()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def has_tensor(self, tensor_str: str) -> bool:
        """Tell whether the checkpoint has a tensor of a name.

        Parameters
        ----------
        tensor_str : str
            The name, which is that of the variable's operation.

        Returns
        -------
        bool
        """
        return compat.as_str(tensor_str) in self._checkpoint

    def get_tensor(self, tensor_str: str) -> Any:
        """Read a tensor.

        Parameters
        ----------
        tensor_str : str
            Its name. The slices of a partitioned variable come as one.

        Returns
        -------
        numpy.ndarray or scalar
            The values; strings as `bytes` in an array of objects. Types that NumPy lacks, such
            as ``bfloat16``, come as the integers of their bits.

        Raises
        ------
        NotFoundError
            If there is no such tensor.
        DataLossError
            If its file is damaged.
        """
        return self._checkpoint.read(compat.as_str(tensor_str))[()]

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """Return the shapes of all tensors by name."""
        return {entry.name: list(entry.shape) for entry in self._checkpoint.entries()}

    def get_variable_to_dtype_map(self) -> dict[str, DType | None]:
        """Return the types of all tensors by name; ``None`` for types of later versions."""
        return {entry.name: _dtype(entry) for entry in self._checkpoint.entries()}

    def debug_string(self) -> bytes:
        """Return names, types and shapes, one tensor to a line."""
        lines = [
            f"{e.name} ({e.type_name}) [{','.join(map(str, e.shape))}]\n"
            for e in self._checkpoint.entries()
        ]
        return "".join(lines).encode(errors="surrogateescape")


def _dtype(entry: Entry) -> DType | None:
    try:
        return as_dtype(entry.dtype)
    except TypeError:
        return None


def NewCheckpointReader(filepattern: str) -> CheckpointReader:
    """Open a checkpoint to see what it holds and to read single tensors.

    Parameters
    ----------
    filepattern : str
        The checkpoint's prefix, as `Saver.save` and `latest_checkpoint` return it.

    Returns
    -------
    CheckpointReader

    Raises
    ------
    NotFoundError
        If there is no such checkpoint.
    InvalidArgumentError
        If there is no such directory.
    DataLossError
        If the index is damaged.

    Examples
    --------
    >>> import skflow as tf, tempfile, os
    >>> with tf.Graph().as_default(), tempfile.TemporaryDirectory() as directory:
    ...     weights = tf.Variable([1.0, 2.0], name="weights")
    ...     with tf.Session() as session:
    ...         session.run(weights.initializer)
    ...         path = tf.train.Saver().save(session, os.path.join(directory, "model"))
    ...     with tf.train.NewCheckpointReader(path) as reader:
    ...         print(reader.get_variable_to_shape_map(), reader.get_tensor("weights"))
    {'weights': [2]} [1. 2.]
    """
    return CheckpointReader(filepattern)


def load_checkpoint(ckpt_dir_or_file: str) -> CheckpointReader:
    """Open a checkpoint, the last one saved if a directory is given.

    Parameters
    ----------
    ckpt_dir_or_file : str
        A directory or a checkpoint's prefix.

    Returns
    -------
    CheckpointReader

    Raises
    ------
    ValueError
        If the directory has none.
    OpError
        As `NewCheckpointReader` does.
    """
    path: str | None = os.fspath(ckpt_dir_or_file)
    if files.current().is_directory(ckpt_dir_or_file):
        path = latest_checkpoint(ckpt_dir_or_file)
    if path is None:
        raise ValueError(
            f"Couldn't find 'checkpoint' file or checkpoints in given directory {ckpt_dir_or_file}"
        )
    return CheckpointReader(path)


def load_variable(ckpt_dir_or_file: str, name: str) -> Any:
    """Read one variable from a checkpoint.

    Parameters
    ----------
    ckpt_dir_or_file : str
        A directory or a checkpoint's prefix.
    name : str
        The variable's name, with or without ``:0``.

    Returns
    -------
    numpy.ndarray or scalar
        Its value.

    Raises
    ------
    NotFoundError
        If there is no such variable.
    ValueError
        If the directory has no checkpoint.
    OpError
        As `NewCheckpointReader` and `CheckpointReader.get_tensor` do.
    """
    with load_checkpoint(ckpt_dir_or_file) as reader:
        return reader.get_tensor(name.removesuffix(":0"))


def list_variables(ckpt_dir_or_file: str) -> list[tuple[str, list[int]]]:
    """List names and shapes of the variables in a checkpoint.

    Parameters
    ----------
    ckpt_dir_or_file : str
        A directory or a checkpoint's prefix.

    Returns
    -------
    list of (str, list of int)
        Sorted by name.

    Raises
    ------
    ValueError
        If the directory has no checkpoint.
    OpError
        As `NewCheckpointReader` does.
    """
    with load_checkpoint(ckpt_dir_or_file) as reader:
        return sorted(reader.get_variable_to_shape_map().items())
