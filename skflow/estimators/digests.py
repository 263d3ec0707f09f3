"""Digests of values: equal in any process for equal values, and for nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set as AbstractSet
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Final

import numpy as np
from scipy.sparse import issparse

_SIZE: Final = 10  # bytes: two of a million runs agree by chance once in 10**12 times


def digest(*values: Any) -> str:
    """A short name for some values.

    Parameters
    ----------
    *values : object
        Numbers, text, arrays, sparse matrices, containers, records, functions (by what they are
        compiled to and refer to, so that a changed one counts as another) and objects with
        attributes.

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

    def read(self, value: Any) -> None:
        """Take a value into account."""
        if value is None or isinstance(value, (bool, int, float, complex, str, bytes, np.dtype)):
            self._add(type(value).__name__, repr(value).encode())
        elif isinstance(value, (np.ndarray, np.generic)):
            self._array(np.asarray(value))
        elif issparse(value):
            self._add("sparse", repr(value.shape).encode())
            rows = value.tocsr()
            self._all([rows.indptr, rows.indices, rows.data])
        elif isinstance(value, (tuple, AbstractSet, CodeType)):
            self._object(value)  # which of these are one object is up to Python
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
        else:
            self.sum.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)

    def _all(self, values: Sequence[Any]) -> None:
        self._add("values", str(len(values)).encode())
        for value in values:
            self.read(value)

    def _object(self, value: Any) -> None:
        if isinstance(value, Mapping):
            self._named("mapping", list(value.items()))
        elif isinstance(value, AbstractSet):
            self._add("set", "".join(sorted(digest(v) for v in value)).encode())
        elif isinstance(value, (list, tuple)):
            self._add(type(value).__name__, b"")
            self._all(value)
        elif isinstance(value, CodeType):
            self._add("code", value.co_code)
            self._all([value.co_name, value.co_names, value.co_varnames, value.co_consts])
        elif isinstance(value, FunctionType):
            self._function(value)
        elif isinstance(value, MethodType):
            self._all([value.__func__, value.__self__])
        elif isinstance(value, (type, ModuleType, BuiltinFunctionType)):
            self._name(value)
        elif isinstance(value, np.random.RandomState):
            self.read(value.get_state(legacy=False))
        else:
            self._name(type(value))
            self._named("attributes", list(_attributes(value).items()))

    def _function(self, function: Any) -> None:
        if str(function.__module__).partition(".")[0] == __name__.partition(".")[0]:
            self._name(function)  # one of our own is what it is called
            return
        cells = [_held(cell) for cell in function.__closure__ or ()]
        self._all([function.__code__, function.__defaults__, function.__kwdefaults__, cells])

    def _named(self, kind: str, items: list[tuple[Any, Any]]) -> None:
        """Take pairs into account, whatever their order."""
        self._add(kind, str(len(items)).encode())
        for _, key, value in sorted(
            ((digest(k), k, v) for k, v in items), key=lambda item: item[0]
        ):
            self.read(key)
            self.read(value)

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


def _attributes(value: Any) -> dict[str, Any]:
    """All attributes of an object, those in slots too."""
    slots = (name for kind in type(value).__mro__ for name in _slots(kind))
    found = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    return {**found, **getattr(value, "__dict__", {})}


def _slots(kind: type) -> tuple[str, ...]:
    slots = vars(kind).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)
