"""Looking into checkpoints under the names of TensorFlow 1.x: `tf.contrib.framework`."""

from __future__ import annotations

from typing import Any

from skflow.train import checkpoint_reader
from skflow.train.checkpoint_reader import CheckpointReader

__all__ = ["list_variables", "load_checkpoint", "load_variable"]


def load_checkpoint(filepattern: str) -> CheckpointReader:
    """Open a checkpoint (see `tf.train.load_checkpoint`).

    Parameters
    ----------
    filepattern : str
        A directory or a checkpoint's prefix.

    Returns
    -------
    CheckpointReader
    """
    return checkpoint_reader.load_checkpoint(filepattern)


def load_variable(checkpoint_dir: str, name: str) -> Any:
    """Read one variable from a checkpoint (see `tf.train.load_variable`).

    Parameters
    ----------
    checkpoint_dir : str
        A directory or a checkpoint's prefix.
    name : str
        The variable's name, with or without ``:0``.

    Returns
    -------
    numpy.ndarray or scalar
    """
    return checkpoint_reader.load_variable(checkpoint_dir, name)


def list_variables(checkpoint_dir: str) -> list[tuple[str, list[int]]]:
    """List names and shapes of the variables in a checkpoint (see `tf.train.list_variables`).

    Parameters
    ----------
    checkpoint_dir : str
        A directory or a checkpoint's prefix.

    Returns
    -------
    list of (str, list of int)
    """
    return checkpoint_reader.list_variables(checkpoint_dir)
