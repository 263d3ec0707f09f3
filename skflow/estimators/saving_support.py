"""The method that saves a fitted estimator; how it does so is imported when it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skflow.graph.lazy import LazyModule

if TYPE_CHECKING:
    import os

    from skflow.estimators import saving
else:
    saving = LazyModule("skflow.estimators.saving")


class SavingSupport:
    """Base of estimators that can be saved."""

    def save(self, path: str | os.PathLike[str]) -> str:
        """Save the fitted estimator, for `skflow.estimators.load`.

        Parameters
        ----------
        path : str or path-like
            What the names of the files begin with, in a directory that exists: the checkpoint
            ``path.index`` and ``path.data-00000-of-00001``, the graph ``path.meta`` and the rest,
            ``path.json``. All of them replace those that are there, or none does.

        Returns
        -------
        str
            The path.

        Raises
        ------
        NotFittedError
            If it is not fitted.
        TypeError
            If a parameter holds something that a file cannot, as functions without a name.
        ValueError
            If a parameter is not as it must be, or there is no such directory.
        OpError
            If a file cannot be written; an older save is as it was.
        """
        return saving.save(self, path)
