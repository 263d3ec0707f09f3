"""Values of many kinds to take digests of; run as a program it prints those digests."""

from __future__ import annotations

import collections
import datetime as dt
import enum
import functools
import sys
import threading
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

import skflow as tf
from skflow.estimators.digests import digest
from skflow.estimators.features import FeatureSpec
from skflow.estimators.schedules import ExponentialDecay


class Place(enum.Enum):
    HERE = 1
    THERE = 2


@dataclass(frozen=True)
class Record:
    a: Any
    b: Any = 0


class Slots:
    __slots__ = ("a",)

    def __init__(self, a: Any) -> None:
        self.a = a


class Callable1:
    def __init__(self, a: Any) -> None:
        self.a = a

    def __call__(self, x: Any) -> Any:
        return x * self.a


DIFFERENT: list[Callable[[], Any]] = [
    lambda: functools.partial(min, 1),
    lambda: functools.partial(min, 2),
    lambda: functools.partial(min, 1, key=abs),
    lambda: functools.partial(max, 1),
    lambda: min,
    lambda: [].append,
    lambda: [1].append,
    lambda: np.tanh,
    lambda: np.sinh,
    lambda: tf.tanh,
    lambda: tf.sigmoid,
    lambda: tf.train.AdamOptimizer,
    lambda: tf.train.AdamOptimizer(0.1),
    lambda: tf.train.AdamOptimizer(0.2),
    lambda: tf.train.MomentumOptimizer(0.2, 0.9),
    lambda: tf.train.MomentumOptimizer(0.2, 0.8),
    lambda: ExponentialDecay(0.1, 10, 0.9),
    lambda: ExponentialDecay(0.1, 10, 0.8),
    lambda: FeatureSpec(3, (), False, "float64"),
    lambda: FeatureSpec(3, (2,), False, "float64"),
    lambda: np.random.RandomState(0),
    lambda: np.random.RandomState(1),
    lambda: np.random.RandomState(np.random.PCG64(0)),
    lambda: np.random.default_rng(0),
    lambda: np.random.default_rng(1),
    lambda: csr_array([[0.0, 1.0]]),
    lambda: csr_array([[1.0, 0.0]]),
    lambda: csr_array([[0.0, 1.0, 0.0]]),
    lambda: np.array([[1], "a", None], dtype=object),
    lambda: np.array([[2], "a", None], dtype=object),
    lambda: np.ma.masked_array([1, 2], [True, False]),
    lambda: np.ma.masked_array([1, 2], [False, True]),
    lambda: np.array([1, 2]),
    lambda: np.array([], "U0"),
    lambda: np.dtype("f"),
    lambda: np.dtype("d"),
    lambda: np.float32,
    lambda: float,
    lambda: pd.DataFrame({"a": [1.0, 2.0]}),
    lambda: pd.DataFrame({"a": [1.0, 3.0]}),
    lambda: pd.DataFrame({"b": [1.0, 2.0]}),
    lambda: pd.Series(["x", "y"], dtype="category"),
    lambda: pd.Series(["x", "z"], dtype="category"),
    lambda: collections.deque([1]),
    lambda: collections.deque([2]),
    lambda: collections.OrderedDict(a=1),
    lambda: collections.OrderedDict(a=2),
    lambda: range(3),
    lambda: range(4),
    lambda: slice(3),
    lambda: slice(4),
    lambda: dt.date(2020, 1, 1),
    lambda: dt.date(2020, 1, 2),
    lambda: Path("a"),
    lambda: Path("b"),
    lambda: Place.HERE,
    lambda: Place.THERE,
    lambda: Record(1),
    lambda: Record(2),
    lambda: Record(1, 1),
    lambda: Slots(1),
    lambda: Slots(2),
    lambda: Callable1(1),
    lambda: Callable1(2),
    lambda: Callable1(1).__call__,
    lambda: Callable1(2).__call__,
    lambda: threading,
    lambda: types,
    lambda: ...,
    lambda: NotImplemented,
]

EXAMPLES: list[Any] = [
    {"b": {1, 2, "x"}, "a": frozenset({"long", "words", "in", "a", "set"}), 3: None},
    [1.5, float("nan"), float("inf"), "ä", b"\x00", (1, [2, {3: 4}])],
    {("t", i): np.full(i, i, "f") for i in range(5)},
    {f"word{i}" for i in range(20)},
]

PROGRAM = """
import numpy as np
SIZE = 3
TABLE = {"a": np.arange(3)}
NOISE = object

def helper(x, twice=True):
    return x + SIZE

def further(x):
    return further(x - 1) if x > 0 else helper(x)

class Base:
    def shift(self):
        return 1

class Model(Base):
    def __call__(self, x):
        return [x + v for v in (1, 2)]

    @staticmethod
    def one(x):
        return x

    @property
    def two(self):
        return 2

def maker(rate):
    def inner(step, base=0.5, *, floor=1e-3):
        try:
            value = max(base * rate**step, floor)
        except ValueError:
            value = TABLE["a"]
        return value, further(step), Model()
    return inner

value = maker(0.9)
"""


def program(source: str = PROGRAM, name: str = "a_program") -> Any:
    """What a program calls its value."""
    known: dict[str, Any] = {"__name__": name}
    exec(compile(source, f"/home/{name}.py", "exec"), known)
    return known["value"]


def digests() -> list[str]:
    """Those of all of them."""
    return [digest(v) for v in [*EXAMPLES, *(make() for make in DIFFERENT), program()]]


if __name__ == "__main__":
    # Classes made here would be called otherwise.
    from tests.estimators.digest_values import digests as found

    sys.stdout.write("\n".join(found()))
