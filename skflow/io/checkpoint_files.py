"""Opening a checkpoint, of whichever of TensorFlow's two formats it is."""

from __future__ import annotations

import os

from skflow import errors
from skflow.io import files
from skflow.io.bundle_format import INDEX_ENDING
from skflow.io.bundle_reader import BundleReader
from skflow.io.old_reader import OldReader
from skflow.io.snapshot import exists


def open_checkpoint(prefix: str) -> BundleReader | OldReader:
    """Open a checkpoint for reading.

    Parameters
    ----------
    prefix : str
        What the files' names begin with; of the older format the file, or a pattern.

    Returns
    -------
    BundleReader or OldReader
        The open checkpoint, for the caller to close.

    Raises
    ------
    NotFoundError
        If there is none.
    InvalidArgumentError
        If its directory does not exist, or it was written for readers of later versions only.
    DataLossError
        If it is damaged.
    OpError
        If it cannot be read.
    """
    directory = os.path.split(prefix)[0]
    if not files.current().is_directory(directory):
        raise errors.InvalidArgumentError(
            None,
            None,
            "Unsuccessful TensorSliceReader constructor: Failed to get matching files on "
            f"{prefix}: Not found: {directory}",
        )
    return BundleReader(prefix) if exists(prefix, INDEX_ENDING) else OldReader(prefix)
