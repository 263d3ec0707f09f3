"""SciPy at first use: importing it takes longer than all of this package."""

from __future__ import annotations

import importlib
from typing import Any


class LazyModule:
    """A module that is imported when its first attribute is asked for.

    Parameters
    ----------
    name : str
        The module's full name, such as ``"scipy.special"``.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, found)
        return found


special = LazyModule("scipy.special")
linalg = LazyModule("scipy.linalg")
sparse = LazyModule("scipy.sparse")
