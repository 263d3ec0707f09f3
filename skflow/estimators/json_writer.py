"""Parameters and fitted facts as what the `json` module writes: no code, no pickle."""

from __future__ import annotations

import datetime as dt
import math
import pathlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import skflow as tf
from skflow.estimators import public_functions
from skflow.estimators.columns import Columns
from skflow.estimators.json_kinds import COLUMNS, DAY_TIMES, DEEPEST, DTYPE, MOST_INLINE, TYPES
from skflow.estimators.json_records import RECORDS, fields_of

Array = NDArray[Any]

_INLINE: Final = ("b1", "f2", "f4", "f8")  # beside integers, texts and times


class JsonWriter:
    """Makes what the `json` module writes from values.

    Attributes
    ----------
    arrays : list of ndarray
        Those that belong beside the text, in the order of their numbers there.
    """

    def __init__(self) -> None:
        self.arrays: list[Array] = []
        self._places: dict[int, int] = {}
        self._custom: dict[str, Any] = {}

    def write(self, value: Any, what: str, depth: int = 0) -> Any:
        """What stands for a value.

        Parameters
        ----------
        value : object
            A number, string, time, array, list, tuple, dict, data type, optimizer or one of the
            records that estimators are made of. A function or class is written as its name:
            whoever reads that must have it, unless it is one of this package.
        what : str
            What it is, for messages: ``"the parameter 'loss'"``.
        depth : int
            Within how many other values it lies.

        Returns
        -------
        object
            Of dicts with strings as keys, lists, strings, finite numbers and None.

        Raises
        ------
        TypeError
            If there is no way to write it.
        """
        if depth > DEEPEST:
            raise TypeError(f"{what} cannot be saved: it holds more than {DEEPEST} values deep.")
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"$float": repr(value)}
        if type(value) is list:
            return self._all(value, what, depth)
        write = _WRITERS.get(type(value))
        if write is not None:
            return write(self, value, what, depth + 1)
        if isinstance(value, (np.generic, np.dtype, pathlib.PurePath)):
            return _written_plainly(value, what)
        return self._written_object(value, what, depth + 1)

    def columns(self, value: Columns, what: str) -> dict[str, Any]:
        """What stands for the columns of a model.

        Parameters
        ----------
        value : Columns
            The columns.
        what : str
            As in `write`.

        Returns
        -------
        dict of str to object
        """
        encoder = value.encoder
        fields = {name: getattr(value, name) for name in COLUMNS}
        fields["categories"] = None if encoder is None else list(encoder.categories_)
        return {name: self.write(v, what) for name, v in fields.items()}

    def _all(self, values: Any, what: str, depth: int) -> list[Any]:
        return [self.write(v, what, depth + 1) for v in values]

    def _tuple(self, value: Any, what: str, depth: int) -> Any:
        return {"$tuple": self._all(value, what, depth)}

    def _dict(self, value: Any, what: str, depth: int) -> Any:
        return {"$dict": [self._all(pair, what, depth) for pair in value.items()]}

    def _array(self, value: Array, what: str, depth: int) -> Any:
        dtype, shape = value.dtype, list(value.shape)
        if dtype.kind == "O":
            return {"$array": ["object", shape, self._all(value.reshape(-1), what, depth)]}
        if not DTYPE.fullmatch(dtype.str):
            raise TypeError(f"{what} cannot be saved: it is an array of type {dtype}.")
        if value.nbytes <= MOST_INLINE and (dtype.kind in "iuUmM" or dtype.str[1:] in _INLINE):
            flat = value.reshape(-1)
            plain = (flat.view(np.int64) if dtype.kind in "mM" else flat).tolist()
            return {"$array": [dtype.str, shape, self._all(plain, what, depth)]}
        return {"$stored": [dtype.str, shape, self._place(value)]}

    def _place(self, value: Array) -> int:
        """The number of an array among those beside the text; the same one has one number."""
        if id(value) not in self._places:
            self._places[id(value)] = len(self.arrays)
            self.arrays.append(value)
        return self._places[id(value)]

    def _random_state(self, value: np.random.RandomState, what: str, depth: int) -> Any:
        state = value.get_state(legacy=False)
        if state["bit_generator"] != "MT19937":
            raise TypeError(f"{what} cannot be saved: its bit generator is not MT19937.")
        rest = [state["state"]["pos"], state["has_gauss"], float(state["gauss"])]
        # Within the text, however long: a few letters shall not stand for a large object.
        keys = state["state"]["key"].tolist()
        return {"$random_state": [keys, *self._all(rest, what, depth)]}

    def _written_object(self, value: Any, what: str, depth: int) -> Any:
        name = type(value).__name__
        if RECORDS.get(name) is type(value):
            fields = {k: self.write(v, what, depth) for k, v in fields_of(value).items()}
            return {"$record": [name, fields]}
        if isinstance(value, tf.train.Optimizer):
            settings = public_functions.arguments_of(value)
            if settings is not None:
                written = {k: self.write(v, what, depth) for k, v in settings.items()}
                return {"$optimizer": [name, written]}
        if type(value).__module__.partition(".")[0] == "pandas":
            return {"$pandas": [name, self._all(_parts_of_pandas(value, what), what, depth)]}
        public = public_functions.name_of(value)
        return {"$public": public} if public is not None else {"$custom": self.name(value, what)}

    def name(self, value: Any, what: str) -> str:
        """The name under which a function or class of the user's is asked for.

        Parameters
        ----------
        value : object
            A function or class.
        what : str
            What it is, for messages.

        Returns
        -------
        str

        Raises
        ------
        TypeError
            If it has none, or two have the same.
        """
        name = getattr(value, "__name__", None)
        if not callable(value):
            raise TypeError(f"{what} cannot be saved: it is or holds {_shown(value)}.")
        if not isinstance(name, str) or not name.isidentifier():
            raise TypeError(
                f"{what} cannot be saved: {_shown(value)} has no name. Give a function made by "
                "`def`, or a class; whoever loads the estimator passes it again by its name."
            )
        if self._custom.setdefault(name, value) is not value:
            raise TypeError(f"{what} cannot be saved: two different functions are called {name!r}.")
        return name


def _written_plainly(value: Any, what: str) -> Any:
    """NumPy's scalars and types, and paths."""
    if isinstance(value, pathlib.PurePath):
        return {"$path": str(value)}
    if isinstance(value, np.dtype):
        if not DTYPE.fullmatch(value.str):
            raise TypeError(f"{what} cannot be saved: it is or holds the type {value}.")
        return {"$dtype": value.str}
    written = JsonWriter()._array(np.asarray(value), what, 0)
    if "$array" not in written or written["$array"][0] == "object":
        raise TypeError(f"{what} cannot be saved: it is or holds {_shown(value)}.")
    dtype, _, [content] = written["$array"]
    return {"$scalar": [dtype, content]}


def _written_time(name: str, _: JsonWriter, value: Any, what: str, __: int) -> Any:
    zone = getattr(value, "tzinfo", None)
    if zone is not None and type(zone) is not dt.timezone:
        raise TypeError(f"{what} cannot be saved: it is or holds a time in the zone {zone}.")
    return {f"${name}": value.isoformat()}


def _written_type(writer: JsonWriter, value: type, what: str, _: int) -> Any:
    known = next((name for name, kind in TYPES.items() if kind is value), None)
    if known is not None:
        return {"$type": known}
    public = public_functions.name_of(value)
    return {"$public": public} if public is not None else {"$custom": writer.name(value, what)}


def _parts_of_pandas(value: Any, what: str) -> tuple[Any, ...]:
    """What pandas's times and intervals, which categories may be, are made of."""
    name = type(value).__name__
    if name == "Interval":
        return value.left, value.right, value.closed
    if name == "Timedelta" or (name == "Timestamp" and value.tz is None):
        return (value.asm8,)
    raise TypeError(f"{what} cannot be saved: it is or holds {_shown(value)}.")


def _shown(value: Any) -> str:
    return f"an object of type {type(value).__module__}.{type(value).__qualname__}"


_WRITERS: Final[Mapping[type, Callable[[JsonWriter, Any, str, int], Any]]] = {
    tuple: JsonWriter._tuple,
    dict: JsonWriter._dict,
    OrderedDict: JsonWriter._dict,
    np.ndarray: JsonWriter._array,
    np.random.RandomState: JsonWriter._random_state,
    **{kind: partial(_written_time, name) for name, kind in DAY_TIMES.items()},
    dt.timedelta: lambda _, v, *__: {"$timedelta": [v.days, v.seconds, v.microseconds]},
    type: _written_type,
}
