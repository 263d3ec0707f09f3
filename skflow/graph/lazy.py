"""What is imported at first use: modules of SciPy, names of packages, entries of tables."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, TypeVar

ROOT = __name__.partition(".")[0]
Value = TypeVar("Value")


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


def _by_name(homes: Mapping[str, str]) -> dict[str, str]:
    """The home of each name, from the names of each home."""
    return {name: home for home, names in homes.items() for name in names.split()}


def _imported(home: str) -> Any:
    """A module of this package, by its name without the package's."""
    return importlib.import_module(f"{ROOT}.{home}")


def attach(
    module: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Give a module names that are imported from where they are made when they are first used.

    Parameters
    ----------
    module : str
        The module's full name, ``__name__``.
    homes : mapping of str to str
        For modules of this package, without its name, the names to take from them, separated by
        blanks. The names at ``""`` are submodules of the module itself. Types are for a stub file
        beside the module, since type checkers don't read this.

    Returns
    -------
    tuple
        ``__getattr__``, ``__dir__`` and ``__all__`` for the module.

    Notes
    -----
    This is how Python (PEP 562) and Scientific Python (SPEC 1) have it. A name is kept in the
    module once it has been found, so that later uses cost nothing.

    No submodule may have the name of a function of another module: Python would put it in that
    function's place when it is imported.
    """
    lazily = _by_name(homes)

    def __getattr__(name: str) -> Any:
        home = lazily.get(name)
        if home is None:
            message = f"module {module!r} has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=sys.modules[module])
        if home:
            found = getattr(_imported(home), name)
        else:
            found = importlib.import_module(f"{module}.{name}")
        setattr(sys.modules[module], name, found)
        return found

    def __dir__() -> list[str]:
        return sorted({*vars(sys.modules[module]), *lazily})

    return __getattr__, __dir__, sorted(lazily)


class LazyTable(MutableMapping[str, Value]):
    """A table that modules fill in when they are imported, which is when an entry is asked for.

    Parameters
    ----------
    homes : mapping of str to str
        For modules of this package, without its name, the entries they make, separated by blanks.
    """

    def __init__(self, homes: Mapping[str, str]) -> None:
        self._homes = _by_name(homes)
        self._made: dict[str, Value] = {}

    def __getitem__(self, name: str) -> Value:
        if name not in self._made:
            self._make(self._homes[name])
        return self._made[name]

    def __setitem__(self, name: str, value: Value) -> None:
        self._made[name] = value

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._homes, **self._made})

    def __len__(self) -> int:
        return len(self._homes.keys() | self._made.keys())

    def __contains__(self, name: object) -> bool:
        return name in self._made or name in self._homes

    def is_taken(self, name: str) -> bool:
        """Whether an entry is made already, or is for a module to make that was never begun."""
        if name in self._made:
            return True
        home = self._homes.get(name)
        return home is not None and f"{ROOT}.{home}" not in sys.modules

    def _make(self, home: str) -> None:
        """Import a module; an interrupted one leaves nothing, so that it can be imported again."""
        try:
            _imported(home)
        except BaseException:
            for name in [n for n in self._made if self._homes.get(n) == home]:
                del self._made[name]
            raise
