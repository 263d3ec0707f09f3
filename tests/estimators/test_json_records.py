"""Whether values are of the kinds that type hints say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from skflow.estimators.features import FeatureSpec
from skflow.estimators.json_records import RECORDS, conforms, fields_of, make_record
from skflow.estimators.networks import FeedForward, Linear
from skflow.estimators.schedules import PolynomialDecay

HOLD: list[tuple[Any, Any]] = [
    (1, int),
    (np.int32(1), int),
    (1, float),
    (np.float32(1), float),
    (float("nan"), float),
    (True, bool),
    (np.True_, bool),
    ("a", str),
    (None, None),
    (object(), Any),
    (None, str | None),
    ("a", str | Callable[..., Any] | None),
    (len, str | Callable[..., Any] | None),
    ((), tuple[int, ...]),
    ((1, 2), tuple[int, ...]),
    (((1,), ()), tuple[tuple[int, ...], tuple[int, ...]]),
    ([1.5, 2], Sequence[float]),
    ((1.5, 2), Sequence[float]),
    ({"a": 1}, Mapping[str, Any]),
    ({"a": [1]}, dict[str, list[float]]),
    ([np.ones(2)], list[NDArray[Any]]),
    (FeatureSpec(1), FeatureSpec),
]
DO_NOT: list[tuple[Any, Any]] = [
    (True, int),
    (np.True_, float),
    (1.0, int),
    (1, bool),
    (1, str),
    (0, None),
    (1, str | None),
    ("ab", Sequence[float]),
    ([1], tuple[int, ...]),
    ((1, "a"), tuple[int, ...]),
    (((1,),), tuple[tuple[int, ...], tuple[int, ...]]),
    ({1: 1}, Mapping[str, Any]),
    ({"a": ["x"]}, dict[str, list[float]]),
    ([[1.0]], list[NDArray[Any]]),
    ("spec", FeatureSpec),
]


@pytest.mark.parametrize(("value", "hint"), HOLD, ids=map(str, range(len(HOLD))))
def test_it_holds(value: Any, hint: Any) -> None:
    assert conforms(value, hint)


@pytest.mark.parametrize(("value", "hint"), DO_NOT, ids=map(str, range(len(DO_NOT))))
def test_it_does_not_hold(value: Any, hint: Any) -> None:
    assert not conforms(value, hint)


@pytest.mark.parametrize(
    "record", [FeedForward(FeatureSpec(3, (2, 2)), 1, (4,)), PolynomialDecay(0.1, 7, cycle=True)]
)
def test_records_are_made_of_their_fields(record: Any) -> None:
    assert make_record(type(record).__name__, fields_of(record)) == record


@pytest.mark.parametrize(
    ("name", "fields", "complaint"),
    [
        ("Any", {}, "there is no record called 'Any'"),
        ("Linear", {"outputs": 1}, "missing 1 required positional argument: 'spec'"),
        ("Linear", {"spec": FeatureSpec(1), "outputs": "1"}, "outputs of Linear is '1'"),
        ("Linear", {"spec": FeatureSpec(1), "outputs": 1, "more": 1}, "unexpected keyword"),
    ],
)
def test_other_fields_are_refused(name: str, fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(complaint)):
        make_record(name, fields)


def test_all_records_can_be_made() -> None:
    assert RECORDS["Linear"] is Linear
    assert all(name == kind.__name__ for name, kind in RECORDS.items())
