"""Values from the text of a saved estimator: a closed set of kinds, each looked at before use."""

from __future__ import annotations

import datetime as dt
import math
import pathlib
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import skflow as tf
from skflow.estimators import public_functions
from skflow.estimators.columns import Columns, encoder_of
from skflow.estimators.json_kinds import COLUMNS, DAY_TIMES, DEEPEST, DTYPE, MOST_INLINE, TYPES
from skflow.estimators.json_records import make_record

Array = NDArray[Any]

_LAST_CODE_POINT: Final = 0x10FFFF
_KEYS: Final = 624  # of the Mersenne twister


# What comes of values that are not as they must be.
UNREADABLE: Final = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    MemoryError,
)


class JsonReader:
    """Makes values from what `JsonWriter` made of them.

    Parameters
    ----------
    custom : dict of str to object
        Functions and classes of the user's by name.
    where : str
        Where the text comes from, for messages.
    stored : callable
        Gives the bytes, as an array of uint8, that lie beside the text under a number.
    """

    def __init__(
        self, custom: Mapping[str, Any], where: str, stored: Callable[[int], Array]
    ) -> None:
        self._custom, self._where, self._stored = custom, where, stored
        self._arrays: dict[int, Array] = {}

    def read(self, value: Any, depth: int = 0) -> Any:
        """The value that something stands for.

        Parameters
        ----------
        value : object
            What the `json` module read.
        depth : int
            Within how many others it lies.

        Returns
        -------
        object

        Raises
        ------
        ValueError
            If it is nothing that `JsonWriter` makes, or `custom` lacks a name.
        """
        if depth > DEEPEST:
            raise self.wrong(f"more than {DEEPEST} values within one another")
        if isinstance(value, list):
            return [self.read(v, depth + 1) for v in value]
        if not isinstance(value, dict):
            return value
        if len(value) != 1:
            raise self.wrong(f"an object with the keys {sorted(value)[:10]}")
        ((kind, content),) = value.items()
        if kind not in _READERS:
            raise self.wrong(f"a value of the kind {kind!r}")
        try:
            return _READERS[kind](self, content, depth + 1)
        except UNREADABLE as error:
            if str(error).startswith(self._where):
                raise
            raise self.wrong(
                f"a value of the kind {kind!r} that makes no sense ({error})"
            ) from error

    def columns(self, content: Any) -> Columns:
        """The columns of a model, of which a text holds one.

        Parameters
        ----------
        content : object
            What the `json` module read.

        Returns
        -------
        Columns

        Raises
        ------
        ValueError
            If it is nothing that `JsonWriter.columns` makes.
        """
        if not isinstance(content, dict) or content.keys() != {*COLUMNS, "categories"}:
            raise self.wrong("something else where columns should be")
        fields = {name: self.read(value) for name, value in content.items()}
        known = fields.pop("categories")
        return Columns(**fields, encoder=None if known is None else encoder_of(known))

    def wrong(self, what: str) -> ValueError:
        """The error that the text holds what it cannot hold."""
        return ValueError(f"{self._where} holds {what}: it is damaged or no saved estimator.")

    def _dict(self, content: Any, depth: int) -> dict[Any, Any]:
        pairs = [(self.read(k, depth + 1), self.read(v, depth + 1)) for k, v in content]
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("two entries have one key")
        return found

    def _array(self, content: Any, depth: int) -> Array:
        kind, shape, data = content
        shape = _shape(shape)
        if type(data) is not list or math.prod(shape) != len(data):
            raise ValueError(f"{shape} is not its shape")
        values = [self.read(v, depth + 1) for v in data]
        if kind == "object":
            found = np.empty(len(values), dtype=object)
            found[:] = values
            return found.reshape(shape)
        dtype = _dtype(kind)
        if len(data) * dtype.itemsize > MOST_INLINE:
            raise ValueError("it is larger than such arrays are")
        wanted = {"b": (bool,), "f": (int, float), "U": (str,)}.get(dtype.kind, (int,))
        if not all(type(v) in wanted for v in values):
            raise ValueError(f"its entries are not all of type {dtype}")
        if dtype.kind in "iu" and not _in_range(values, dtype):
            raise ValueError(f"its entries are too large for {dtype}")
        if dtype.kind in "mM":
            return np.array(values, np.int64).view(dtype).reshape(shape)
        return np.array(values, dtype).reshape(shape)

    def _stored_array(self, content: Any, _: int) -> Array:
        kind, shape, number = content
        if number not in self._arrays:
            dtype = _dtype(kind)
            self._arrays[number] = self._from_bytes(dtype, _shape(shape), number)
        return self._arrays[number]

    def _from_bytes(self, dtype: np.dtype[Any], shape: tuple[int, ...], number: int) -> Array:
        stored = self._stored(number)
        if math.prod(shape) * dtype.itemsize != len(stored):
            raise ValueError(f"{len(stored)} bytes are not an array of shape {shape} and {dtype}")
        if dtype.kind == "b" and stored.max(initial=0) > 1:
            raise ValueError("its bytes are no truth values")
        if dtype.kind == "U" and len(stored):
            points = stored.view(np.dtype(np.uint32).newbyteorder(dtype.byteorder))
            if points.max() > _LAST_CODE_POINT:
                raise ValueError("its bytes are no text")
        return stored.view(dtype).reshape(shape)

    def _scalar(self, content: Any, depth: int) -> Any:
        dtype, value = content
        return self._array([dtype, [], [value]], depth)[()]

    def _random_state(self, content: Any, depth: int) -> np.random.RandomState:
        keys, *rest = content
        place, has_gauss, gauss = self.read(rest, depth)
        # NumPy would read wherever the place says, and draw from zeros for ever.
        sound = (
            len(keys) == _KEYS
            and all(type(key) is int for key in keys)
            and _in_range(keys, np.dtype(np.uint32))
            and (keys[0] >> 31 or any(keys[1:]))
            and type(place) is int
            and 0 <= place <= _KEYS
            and has_gauss in (0, 1)
            and type(gauss) is float
        )
        if not sound:
            raise ValueError("it cannot be drawn from")
        state = np.random.RandomState(0)
        state.set_state(("MT19937", np.array(keys, np.uint32), place, int(has_gauss), gauss))
        return state

    def _record(self, content: Any, depth: int) -> Any:
        name, fields = content
        return make_record(name, {k: self.read(v, depth + 1) for k, v in fields.items()})

    def _optimizer(self, content: Any, depth: int) -> tf.train.Optimizer:
        name, settings = content
        given = {k: self.read(v, depth + 1) for k, v in settings.items()}
        if not all(map(public_functions.is_setting, given.values())):
            raise ValueError("its settings are not numbers")
        found: tf.train.Optimizer = public_functions.optimizers()[name](**given)
        return found

    def _pandas(self, content: Any, depth: int) -> Any:
        name, parts = content
        parts = [self.read(part, depth + 1) for part in parts]
        if name not in ("Interval", "Timedelta", "Timestamp"):
            raise ValueError(f"there is no {name!r}")
        if name != "Interval" and not isinstance(parts[0], (np.datetime64, np.timedelta64)):
            raise ValueError(f"{parts[0]!r} is no time")
        import pandas as pd

        return getattr(pd, name)(*parts)

    def _custom_object(self, content: Any, _: int) -> Any:
        if content not in self._custom:
            raise self.wrong(f"{content!r}, which is not among the custom objects")
        return self._custom[content]


_READERS: Final[Mapping[str, Callable[[JsonReader, Any, int], Any]]] = {
    "$array": JsonReader._array,
    "$custom": JsonReader._custom_object,
    "$dict": JsonReader._dict,
    "$dtype": lambda _, content, __: _dtype(content),
    "$float": lambda _, content, __: {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}[content],
    "$optimizer": JsonReader._optimizer,
    "$pandas": JsonReader._pandas,
    "$path": lambda _, content, __: pathlib.Path(content),
    "$public": lambda _, content, __: public_functions.functions()[content],
    "$random_state": JsonReader._random_state,
    "$record": JsonReader._record,
    "$scalar": JsonReader._scalar,
    "$stored": JsonReader._stored_array,
    "$timedelta": lambda _, content, __: dt.timedelta(*content),
    "$tuple": lambda reader, content, depth: tuple(reader.read(v, depth) for v in content),
    "$type": lambda _, content, __: TYPES[content],
    **{
        f"${name}": lambda _, content, __, kind=kind: kind.fromisoformat(content)  # type: ignore[misc]
        for name, kind in DAY_TIMES.items()
    },
}


def _dtype(text: Any) -> np.dtype[Any]:
    if not DTYPE.fullmatch(text):
        raise ValueError(f"{text!r} is not the type of an array")
    found: np.dtype[Any] = np.dtype(text)
    return found


def _in_range(values: list[int], dtype: np.dtype[Any]) -> bool:
    """Whether integers fit into a type; some versions of NumPy would cut them to fit."""
    limits = np.iinfo(dtype)
    return all(limits.min <= value <= limits.max for value in values)


def _shape(value: Any) -> tuple[int, ...]:
    if not all(type(size) is int and 0 <= size <= sys.maxsize for size in value):
        raise ValueError(f"{value!r} is no shape")
    return tuple(value)


def custom_names(value: Any) -> set[str]:
    """The names of the functions and classes of the user's that a text asks for.

    Parameters
    ----------
    value : object
        What the `json` module read.

    Returns
    -------
    set of str
    """
    found, waiting = set(), [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            name = part.get("$custom")
            if isinstance(name, str):
                found.add(name)
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return found
