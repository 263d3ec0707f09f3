"""Specs: types, partial shapes and values that are known before anything runs."""

from __future__ import annotations

import numpy as np
import pytest

from skflow.graph.dtypes import float32, int32
from skflow.graph.spec import Spec, WatchedSpec


def test_ranks() -> None:
    assert Spec(float32, None).rank is None
    assert Spec(float32, (None, 3)).rank == 2
    assert repr(Spec(float32, (None, 3))) == "Spec(float32, (?, 3))"


def test_requirements() -> None:
    known, unknown = Spec(float32, (2, None)), Spec(float32, None)
    assert known.require_rank(2) == known.require_rank_at_least(1) == (2, None)
    assert unknown.require_rank(2) == (None, None)
    assert unknown.require_rank_at_least(2) is None
    with pytest.raises(ValueError, match="^Shape must be rank 3 but is rank 2$"):
        known.require_rank(3)
    with pytest.raises(ValueError, match="^Shape must be at least rank 3 but is rank 2$"):
        known.require_rank_at_least(3)


def test_a_tensor_read_as_a_shape() -> None:
    assert Spec(int32, (2,), np.array([3, -1], np.int32)).as_shape() == (3, None)
    assert Spec(int32, (), np.array(4, np.int32)).as_shape() == (4,)
    assert Spec(int32, (2,), partial=(None, 5)).as_shape() == (None, 5)
    assert Spec(int32, (2,)).as_shape() == (None, None)
    assert Spec(int32, (None,)).as_shape() is None
    assert Spec(int32, None).as_shape() is None


def test_watched_specs_note_the_first_question() -> None:
    value = np.array([[1, 2], [3, 4]], np.int32)
    watched = WatchedSpec(Spec(int32, (2, 2), value))
    assert watched.asked == ""
    assert watched.value is value
    assert (watched.asked, watched.answer) == ("value", "<[1 2][3 4]>")
    watched = WatchedSpec(Spec(int32, (2,), partial=(None, 5)))
    assert watched.as_shape() == watched.partial == (None, 5)
    assert (watched.asked, watched.answer) == ("shape", "[?,5]")
    watched = WatchedSpec(Spec(int32, None))
    assert watched.value is None
    assert watched.asked == ""
