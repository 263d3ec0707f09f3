"""Digests: equal for equal values wherever they are computed, and for nothing else."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import threading
import types
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, strategies as st

from skflow.estimators.digests import digest
from tests.estimators.digest_values import DIFFERENT, PROGRAM, Record, digests, program

ROOT = Path(__file__).parents[2]

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.binary(max_size=3)
    | st.sampled_from([np.float32(1), np.int64(1), np.arange(3), np.arange(3.0), np.array("a")])
)
HASHABLE = st.recursive(
    st.integers(-2, 2) | st.text(max_size=2) | st.floats(allow_nan=False),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=3,
)
VALUES = st.recursive(
    LEAVES | st.frozensets(HASHABLE, max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(HASHABLE, inner, max_size=3)
    ),
    max_leaves=8,
)


def plain(value: Any) -> Any:
    """A value such that two are equal if and only if they are of one kind and content."""
    if isinstance(value, dict):
        return "dict", frozenset((plain(k), plain(v)) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return type(value), tuple(map(plain, value))
    if isinstance(value, (set, frozenset)):
        return type(value), frozenset(map(plain, value))
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        return array.dtype.str, array.shape, array.tobytes()
    return type(value), repr(value)


@given(VALUES, VALUES)
@example([1, 2], (1, 2))
@example([[1], [2]], [[1, 2]])
@example([1, [2]], [[1], 2])
@example({1: 2}, {2: 1})
@example([True], [1])
@example(0.0, -0.0)
@example("1", b"1")
@example(["ab", "c"], ["a", "bc"])
@example(np.zeros((2, 3)), np.zeros((3, 2)))
@example(np.zeros(2, "f"), np.zeros(1, "d"))
@example({"a": None}, {})
def test_two_values_are_one_if_and_only_if_their_digests_are(one: Any, other: Any) -> None:
    assert (digest(one) == digest(other)) == (plain(one) == plain(other))
    assert digest(one, other) != digest([one, other])


@given(VALUES)
def test_a_copy_counts_as_the_value(value: Any) -> None:
    assert digest(copy.deepcopy(value)) == digest(value)
    assert digest([value, value]) == digest([value, copy.deepcopy(value)])


def test_containers_within_themselves() -> None:
    def knot(*values: Any) -> Any:
        made: list[Any] = [*values]
        made.append({"self": made})
        return made

    assert digest(knot(1)) == digest(knot(1))
    assert digest(knot(1)) != digest(knot(2))
    assert digest(knot(1)) != digest([1, {"self": 1}])


def test_objects_of_all_kinds() -> None:
    found = [digest(make()) for make in DIFFERENT]
    assert found == [digest(make()) for make in DIFFERENT]
    assert len(set(found)) == len(found)


def test_what_cannot_be_copied_is_its_kind_and_attributes() -> None:
    assert digest(threading.Lock()) == digest(threading.Lock())
    assert digest(threading.Lock()) != digest(iter(()))


def test_an_object_met_again_is_known() -> None:
    """Else shared parts would be read as often as there are ways to them."""
    linked: Any = None
    for _ in range(60):
        linked = Record(linked, linked)
    other: Any = Record(None, 1)
    for _ in range(59):
        other = Record(other, other)
    assert digest(linked) != digest(other)
    assert digest(linked) == digest(copy.deepcopy(linked))


def test_looking_at_a_value_does_not_change_its_digest() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0]}, index=["x", "y"])
    before = digest(frame)
    frame.index.get_loc("y")
    frame["a"].mean()
    assert digest(frame) == before


# ---- programs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("base * rate", "base + rate"),
        ("base=0.5", "base=0.6"),
        ("floor=1e-3", "floor=1e-4"),
        ("*, floor", "floor"),
        ("maker(0.9)", "maker(0.8)"),
        ("SIZE = 3", "SIZE = 4"),
        ("np.arange(3)", "np.arange(4)"),
        ("x + SIZE", "x - SIZE"),
        ("twice=True", "twice=False"),
        ("helper(x)", "helper(-x)"),
        ("x - 1", "x - 2"),
        ("x + v", "x - v"),
        ("(1, 2)", "(1, 3)"),
        ("        return x\n", "        return -x\n"),
        ("return 2\n", "return 3\n"),
        ("return 1\n", "return 0\n"),
        ("Model(Base)", "Model"),
        ("except ValueError", "except KeyError"),
    ],
)
def test_a_change_in_a_program_is_another_function(old: str, new: str) -> None:
    assert PROGRAM.count(old) == 1
    assert digest(program(PROGRAM.replace(old, new))) != digest(program())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("NOISE = object", "NOISE = 1"),
        ("import numpy as np\n", "import numpy as np\n\n# A comment.\n\n"),
        ("def helper", "def nobody(x): return x\n\ndef helper"),
    ],
)
def test_what_is_not_used_does_not_count(old: str, new: str) -> None:
    assert PROGRAM.count(old) == 1
    assert digest(program(PROGRAM.replace(old, new))) == digest(program())


def test_what_a_function_has_yet_to_refer_to() -> None:
    def make(*, late: bool) -> Any:
        def early() -> Any:
            return later

        if late:
            later = 1
        return early

    assert digest(make(late=False)) == digest(make(late=False))
    assert digest(make(late=False)) != digest(make(late=True))


def test_libraries_are_not_searched() -> None:
    """Only what is given of them counts, not all that it may call."""
    source = "import json\ndef value(x): return json.dumps(x)\n"
    assert digest(program(source)) == digest(program(source))
    names: list[Any] = []

    class Watching(dict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            names.append(name)
            return super().__getitem__(name)

    function = types.FunctionType(
        pickle._dumps.__code__,  # type: ignore[attr-defined]
        Watching(pickle.__dict__),
    )
    digest(function)
    assert names == []


# ---- elsewhere ----------------------------------------------------------------------------------


def test_other_processes_find_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.estimators.digest_values"],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "77"},
    )
    assert done.stdout.decode().split() == digests()
