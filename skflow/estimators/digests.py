"""Digests of values: equal in any process for equal values, and for nothing else."""

from __future__ import annotations

import dis
import hashlib
import re
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Final

import numpy as np
from scipy.sparse import issparse

_SIZE: Final = 10  # bytes: two of a million runs agree by chance once in 10**12 times

_PLAIN: Final = frozenset({type(None), bool, int, float, complex, str, bytes, type(...)})
_CONTAINERS: Final = frozenset({dict, list, tuple, set, frozenset, CodeType})

# What tells one piece of code from another, but not where it stands.
_OF_CODE: Final = (
    "co_code",
    "co_exceptiontable",
    "co_flags",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_name",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_consts",
)
_GLOBAL: Final = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})

# Where libraries lie.
_LIBRARY: Final = re.compile(
    rf"[/\\](site|dist)-packages[/\\]|^<frozen|^{re.escape(sysconfig.get_path('stdlib'))}"
)


def digest(*values: Any) -> str:
    """A short name for some values.

    Parameters
    ----------
    *values : object
        Numbers, text, arrays, sparse matrices, containers, and any objects that can be copied.
        Functions and classes of a program are what they are compiled to and refer to, so that a
        changed one counts as another; those of libraries are taken as they stand, without what
        they call.

    Returns
    -------
    str
        20 hexadecimal digits.

    References
    ----------
    M.-J. Saarinen and J.-P. Aumasson, The BLAKE2 cryptographic hash and message authentication
    code, RFC 7693 (2015).
    """
    reader = _Reader()
    for value in values:
        reader.read(value)
    return reader.sum.hexdigest()


class _Reader:
    """Reads values into a sum, each with its kind and length, so that no two run into another."""

    def __init__(self) -> None:
        self.sum = hashlib.blake2b(digest_size=_SIZE)
        self._met: dict[int, int] = {}
        self._kept: list[Any] = []
        self._above: list[int] = []

    def read(self, value: Any) -> None:
        """Take a value into account."""
        if type(value) in _PLAIN or isinstance(value, np.dtype):
            self._add(type(value).__name__, repr(value).encode())
        elif isinstance(value, (np.ndarray, np.generic)) and not np.ma.isMaskedArray(value):
            self._array(np.asarray(value))
        elif issparse(value):
            self._add("sparse", repr(value.shape).encode())
            rows = value.tocsr()
            self._all([rows.indptr, rows.indices, rows.data])
        elif type(value) in _CONTAINERS:
            self._container(value)
        elif id(value) in self._met:
            self._add("again", str(self._met[id(value)]).encode())
        else:
            self._met[id(value)] = len(self._met)
            self._kept.append(value)  # no other object gets its address meanwhile
            self._object(value)

    def _add(self, kind: str, content: Any) -> None:
        self.sum.update(f"{kind} {len(content)}\n".encode())
        self.sum.update(content)

    def _array(self, array: Any) -> None:
        self._add("array", repr((array.dtype, array.shape)).encode())
        if array.dtype.hasobject:
            self._all(array.reshape(-1).tolist())
        elif array.nbytes:
            self.sum.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)

    def _all(self, values: Sequence[Any]) -> None:
        self._add("values", str(len(values)).encode())
        for value in values:
            self.read(value)

    def _container(self, value: Any) -> None:
        """Take into account what is in a container, not which object it is."""
        if id(value) in self._above:
            self._add("within", str(self._above[::-1].index(id(value))).encode())
            return
        self._above.append(id(value))
        self._add(type(value).__name__, b"")
        if isinstance(value, dict):
            self._named(value)
        elif isinstance(value, (list, tuple)):
            self._all(value)
        elif isinstance(value, CodeType):
            self._all([getattr(value, name) for name in _OF_CODE])
        else:
            self._add("set", "".join(sorted(map(digest, value))).encode())
        self._above.pop()

    def _object(self, value: Any) -> None:
        if isinstance(value, FunctionType):
            self._function(value)
        elif isinstance(value, MethodType):
            self._all([value.__func__, value.__self__])
        elif isinstance(value, (ModuleType, np.ufunc)):
            self._name(value)
        elif isinstance(value, type):
            self._name(value)
            self._named({name: f for name, f in _functions(value).items() if _is_users(f)})
            self._all(value.__bases__)
        elif isinstance(value, np.random.RandomState):
            self.read(value.get_state(legacy=False))
        else:
            self.read(type(value))
            self._state(value)

    def _function(self, function: Any) -> None:
        if _is_ours(function):
            self._name(function)
            return
        cells = [_held(cell) for cell in function.__closure__ or ()]
        self._all([function.__code__, function.__defaults__, function.__kwdefaults__, cells])
        if _is_users(function):
            known = function.__globals__
            names = _globals_of(function.__code__)
            self._named({name: known[name] for name in names if name in known})

    def _state(self, value: Any) -> None:
        """What an object consists of, as it says when it is copied."""
        try:
            parts = value.__reduce_ex__(4)
        except Exception:  # noqa: BLE001  # whatever says that it cannot be copied
            parts = "", getattr(value, "__dict__", {})
        if isinstance(parts, str):
            self._add("called", parts.encode())
            return
        maker, arguments, state, items, pairs = (*parts, None, None, None)[:5]
        self._all([maker, arguments, state, list(items or ()), dict(pairs or ())])

    def _named(self, values: Mapping[Any, Any]) -> None:
        """Take pairs into account, whatever their order."""
        self._add("pairs", str(len(values)).encode())
        for _, key in sorted(((digest(key), key) for key in values), key=lambda item: item[0]):
            self.read(key)
            self.read(values[key])

    def _name(self, value: Any) -> None:
        module = getattr(value, "__module__", None)
        name = getattr(value, "__qualname__", getattr(value, "__name__", None))
        self._add("name", f"{module}.{name}".encode())


def _held(cell: Any) -> Any:
    """What a function refers to; nothing if that does not exist yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _functions(kind: type) -> dict[str, Any]:
    """The functions that a class is made of, by name."""
    found = {}
    for name, value in vars(kind).items():
        inner = getattr(value, "__func__", getattr(value, "fget", value))
        if isinstance(inner, FunctionType):
            found[name] = inner
    return found


def _is_ours(function: Any) -> bool:
    """Whether a function is this package's: then it is what it is called."""
    return str(function.__module__).partition(".")[0] == __name__.partition(".")[0]


def _is_users(function: Any) -> bool:
    """Whether a function comes with a program, not with a library."""
    module = sys.modules.get(str(function.__module__))
    paths = [function.__code__.co_filename, getattr(module, "__file__", None) or ""]
    return not (_is_ours(function) or any(_LIBRARY.search(path) for path in paths))


def _globals_of(code: CodeType) -> set[str]:
    """The global names that code asks for."""
    found = {i.argval for i in dis.get_instructions(code) if i.opname in _GLOBAL}
    inner = (_globals_of(c) for c in code.co_consts if isinstance(c, CodeType))
    return found.union(*inner)
